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

    def test_standard_input_and_output(self):
        old = self.schema("old", OLD)
        self.assertIn("struct Vec", self.molt("layout", "-", "Vec", input=old.read_text()))
        drawn = self.molt("layout", old, "Vec", "--against", old, "--svg", "-")
        self.assertTrue(drawn.startswith("<svg"))


if __name__ == "__main__":
    unittest.main()
