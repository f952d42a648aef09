"""molt layout: offsets, holes, cache lines, and the mapping onto another schema."""
import unittest
import xml.etree.ElementTree

from fixture import ToolTest

OLD = """typedef struct Vec { float x, y; } Vec;
typedef struct Player { int id; Vec pos; char name[24]; short hp; double gold;
                        unsigned a : 3, b : 5; struct Player *next; } Player;"""
NEW = """typedef struct Vec { float x, y; } Vec;
typedef struct Player { long id; char name[24]; Vec pos; short health MOLT_WAS("hp"); int mana;
                        unsigned a : 3, b : 5; struct Player *next; } Player;"""

# MOLT_MOVED out of and into structs at any depth, arrays and arms, of bit-fields, and into what becomes a block
SPREAD = """struct C { int k; float w; };
struct B { struct C c; int e; };
struct In { int q; int big; };
enum T { TA, TB };
typedef struct Player { struct B b; int v[6]; unsigned f : 3, g : 5, h : 4; int hx; float fy; struct In in;
                        struct C cs[3]; enum T tag; int s; int x, y; } Player;
struct All { Player one; Player *p; };"""
GATHERED = """struct C { float w; };
struct B { struct C c; int e; };
struct In { int big; int g MOLT_MOVED("^.g"); };
enum T { TA, TB };
struct D { int deep MOLT_MOVED("^.^.b.c.k"); };
struct E { struct D d; int other; };
union U { int hx MOLT_MOVED("hx") MOLT_ARM(TA); float fy MOLT_MOVED("fy") MOLT_ARM(TB); };
typedef struct Player { struct E e; struct B b; int v[6]; long copy MOLT_MOVED("v[2]"); unsigned f : 3;
                        int flag MOLT_MOVED("h"); long s; struct In *in; struct C cs[3];
                        int ck MOLT_MOVED("cs[1].k"); enum T tag; union U u MOLT_TAG(tag);
                        int y MOLT_MOVED("x"), x MOLT_MOVED("y"); } Player;
struct All { Player one; Player *p; };"""


class Layout(ToolTest):
    def rows(self, text):
        return [line.split("/*") for line in text.splitlines() if line.startswith("    ")]

    def test_text_has_each_field_at_its_offset_and_each_hole(self):
        text = self.molt("layout", self.schema("old", OLD), "struct Player")
        words = [" ".join(line.replace("/*", " ").replace("*/", " ").split())
                 for line in text.splitlines()]
        for row in ("int id; 0 4", "Vec pos; 4 8", "char name[24]; 12 24", "short hp; 36 2",
                    "hole 38 2", "double gold; 40 8", "unsigned int a : 3; 48 0.3",
                    "unsigned int b : 5; 48.3 0.5", "hole 49 7", "Player *next; 56 8"):
            self.assertIn(row, words)
        self.assertIn("64 bytes, aligned to 8; 8 fields, 2 holes of 9 bytes; 1 cache line", text)
        self.assertIn("old.h:3", text)

    def test_without_a_type_all_structs_are_shown(self):
        text = self.molt("layout", self.schema("old", OLD))
        self.assertIn("struct Player {", text)
        self.assertIn("struct Vec {", text)

    def test_cache_lines_are_marked(self):
        path = self.schema("lines", "typedef struct Player { char a[60]; int b; double c; } Player;")
        self.assertIn("cache line 1, byte 64", self.molt("layout", path, "Player"))

    def test_json_has_the_same_rows(self):
        value = self.molt_json("layout", self.schema("old", OLD), "Player")
        self.assertEqual(value["size"], 64)
        self.assertEqual(value["hole_bits"], 72)
        self.assertEqual([(row["field"]["name"], row["field"]["bit_offset"], row["field"]["bits"])
                          for row in value["rows"] if "field" in row],
                         [("id", 0, 32), ("pos", 32, 64), ("name", 96, 192), ("hp", 288, 16),
                          ("gold", 320, 64), ("a", 384, 3), ("b", 387, 5), ("next", 448, 64)])

    def test_a_type_that_is_not_there_names_those_that_are(self):
        said = self.molt("layout", self.schema("old", OLD), "Play", status=2)
        self.assertIn("no struct or union 'Play'; it has Player", said)

    def test_against_follows_names_and_says_what_moves(self):
        old, new = self.schema("old", OLD), self.schema("new", NEW)
        value = self.molt_json("layout", old, "Player", "--against", new, status=1)
        moves = {row.get("after", row.get("before"))["name"]: row["move"]
                 for row in value["fields"]}
        self.assertEqual(moves, {"id": "converted", "name": "moved", "pos": "moved",
                                 "health": "renamed", "mana": "added", "a": "same", "b": "same",
                                 "next": "same", "gold": "dropped"})
        text = self.molt("layout", old, "Player", "--against", new, status=1)
        self.assertRegex(text, r"36 +2  short hp +-> +40 +2  short health +renamed")
        self.assertRegex(text, r"-> +44 +4  int mana +added")

    def test_against_says_what_comes_out_of_a_struct_around(self):
        old = self.schema("old", "typedef struct P { int z; } P; typedef struct Player { int gold; P p; } Player;")
        new = self.schema("new", 'typedef struct P { int z; int c MOLT_MOVED("^.gold"); } P;'
                                 "typedef struct Player { P p; } Player;")
        text = self.molt("layout", old, "P", "--against", new, status=1)
        self.assertRegex(text, r"-> +4 +4  int c +added, takes \^\.gold\n")
        (row,) = [row for row in self.molt_json("layout", old, "P", "--against", new, status=1)["fields"]
                  if "takes" in row]
        self.assertEqual((row["takes"], row["after"]["name"]), ("^.gold", "c"))

    def mapping(self, old, new, name):
        """What the tool lists, as (old place, its bits, new place, its bits, word)."""
        value = self.molt_json("layout", old, name, "--against", new, status=1)
        place = lambda p: (p["name"], p.get("bit_offset")) if p else (None, None)
        return {(*place(row.get("before")), *place(row.get("after")), row["move"])
                for row in value["fields"]}

    def test_against_follows_moves_into_and_out_of_structs_arrays_and_arms(self):
        old, new = self.schema("old", SPREAD, "All"), self.schema("new", GATHERED, "All")
        self.assertEqual(self.mapping(old, new, "Player"), {
            ("b.c.k", 0, "e.d.deep", 0, "moved"), (None, None, "e.other", 32, "added"),
            ("b.c.w", 32, "b.c.w", 64, "moved"), ("b.e", 64, "b.e", 96, "moved"),
            ("v[0..1]", 96, "v[0..1]", 128, "moved"), ("v[2]", 160, "v[2]", 192, "moved"),
            ("v[3..5]", 192, "v[3..5]", 224, "moved"), ("v[2]", 160, "copy", 320, "converted"),
            ("f", 288, "f", 384, "moved"), ("h", 296, "flag", 416, "converted"),
            ("s", 672, "s", 448, "converted"), ("in", 384, "in", 512, "converted"),
            ("cs[0]", 448, "cs[0]", 576, "converted"), ("cs[1].w", 544, "cs[1].w", 608, "moved"),
            ("cs[2]", 576, "cs[2]", 640, "converted"), ("cs[1].k", 512, "ck", 672, "moved"),
            ("tag", 640, "tag", 704, "moved"), ("hx", 320, "u.hx", 736, "moved"),
            ("fy", 352, "u.fy", 736, "moved"), ("x", 704, "y", 768, "moved"),
            ("y", 736, "x", 800, "moved"), ("g", 291, "g", None, "converted")})
        inner = self.mapping(old, new, "All")
        self.assertIn(("one.b.c.k", 0, "one.e.d.deep", 0, "moved"), inner)
        self.assertNotIn("dropped", {row[4] for row in inner})
        text = self.molt("layout", old, "Player", "--against", new, status=1)
        self.assertRegex(text, r" 0 +4  int b\.c\.k +-> +0 +4  int e\.d\.deep +moved")
        self.assertRegex(text, r" 36 +1  unsigned int g : 5 +-> +int g, in a block of its own")

    def test_against_back_tells_what_comes_back_and_what_goes(self):
        old = self.schema("old", "typedef struct Player { int gold; int hp; int v[2]; } Player;")
        new = self.schema("new", 'struct Purse { int gold MOLT_MOVED("^.gold"); char owner[4]; };'
                                 "typedef struct Player { int hp; struct Purse purse;"
                                 'int first MOLT_MOVED("v[1]"); } Player;')
        self.assertEqual(self.mapping(old, new, "Player"), {
            ("hp", 32, "hp", 0, "moved"), ("gold", 0, "purse.gold", 32, "moved"),
            (None, None, "purse.owner", 64, "added"), ("v[1]", 96, "first", 96, "moved"),
            ("v[0]", 64, None, None, "dropped")})
        self.assertEqual(self.mapping(new, old, "Player"), {
            ("purse.gold", 32, "gold", 0, "moved"), ("hp", 0, "hp", 32, "moved"),
            (None, None, "v[0]", 64, "added"), ("first", 96, "v[1]", 96, "moved"),
            ("purse.owner", 64, None, None, "dropped")})

    def test_against_itself_nothing_differs(self):
        old = self.schema("old", OLD)
        value = self.molt_json("layout", old, "Player", "--against", old)
        self.assertEqual({row["move"] for row in value["fields"]}, {"same"})

    def test_against_follows_a_renamed_struct_and_names_a_missing_one(self):
        old = self.schema("old", "typedef struct Mob { int hp; } Mob;"
                                 "typedef struct Player { Mob *mob; } Player;")
        new = self.schema("new", 'typedef struct Enemy { long hp; } MOLT_WAS("Mob") Enemy;'
                                 "typedef struct Player { Enemy *mob; } Player;")
        gone = self.schema("gone", "typedef struct Player { int x; } Player;")
        value = self.molt_json("layout", old, "Mob", "--against", new, status=1)
        self.assertEqual(value["after"]["type"], "Enemy")
        self.assertIn("MOLT_WAS", self.molt("layout", old, "Mob", "--against", gone, status=2))

    def test_the_picture_holds_every_field_of_both(self):
        old, new = self.schema("old", OLD), self.schema("new", NEW)
        self.molt("layout", old, "Player", "--against", new, "--svg", "moves.svg", status=1)
        picture = xml.etree.ElementTree.parse(self.folder / "moves.svg").getroot()
        titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
        self.assertEqual(len(titles), 8 + 8)
        self.assertIn("double gold: byte 40, dropped", titles)
        self.assertIn("Player *next: byte 56, same", titles)
        bands = list(picture.iter("{http://www.w3.org/2000/svg}path"))
        self.assertEqual(len(bands), 7)
        old, new = self.schema("old", SPREAD, "All"), self.schema("new", GATHERED, "All")
        self.molt("layout", old, "Player", "--against", new, "--svg", "moves.svg", status=1)
        picture = xml.etree.ElementTree.parse(self.folder / "moves.svg").getroot()
        titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
        self.assertIn("int b.c.k: byte 0, moved", titles)
        self.assertIn("float u.fy: byte 92, moved", titles)
        self.assertEqual(len(list(picture.iter("{http://www.w3.org/2000/svg}path"))), 20)

    def test_standard_input_and_output(self):
        old = self.schema("old", OLD)
        self.assertIn("struct Vec", self.molt("layout", "-", "Vec", input=old.read_text()))
        drawn = self.molt("layout", old, "Vec", "--against", old, "--svg", "-")
        self.assertTrue(drawn.startswith("<svg"))


if __name__ == "__main__":
    unittest.main()
