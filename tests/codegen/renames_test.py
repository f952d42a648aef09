"""MOLT_WAS says one thing only."""
import unittest

from fixture import GameTest


class Renames(GameTest):
    def test_earlier_names_are_kept_in_order(self):
        schema = self.schema_of("""
enum Job { DIG MOLT_WAS("MINE", "HACK"), REST } MOLT_WAS("Work");
typedef struct Game { int health MOLT_WAS("life") MOLT_WAS("hp"); enum Job job; } Game;
""")
        self.assertLess(str(schema.field("Game", "health")).index("life"),
                        str(schema.field("Game", "health")).index("hp"))
        self.assertIn("HACK", str(schema.types["Job"]["enumerators"][0]))
        self.assertIn("Work", str(schema.types["Job"]))

    def test_swapped_names_are_fine(self):
        self.schema_of("""
typedef struct Game { int a MOLT_WAS("b"); int b MOLT_WAS("a"); } Game;
""")

    def test_new_member_may_take_over_the_old_name(self):
        self.schema_of("""
struct Old { int x; } MOLT_WAS("Older");
struct New { int x; } MOLT_WAS("Old");
enum Job { DIG, REST MOLT_WAS("DIG") };
typedef struct Game { float hp; int health MOLT_WAS("hp"); enum Job job;
                      struct Old o; struct New n; } Game;
""")

    def test_name_that_is_the_present_one_is_refused(self):
        self.assert_refused("""
typedef struct Game {
    int hp MOLT_WAS("hp");
} Game;
""", "4:9", "'Game.hp' has the earlier name it has now", "what it was called before")

    def test_name_claimed_twice_is_refused(self):
        self.assert_refused("""
typedef struct Game {
    int a MOLT_WAS("x");
    int b MOLT_WAS("x");
} Game;
""", "5:9", "'Game.a' and 'Game.b' both claim the earlier name 'x'", "keep MOLT_WAS on one")

    def test_name_that_no_recorded_schema_knows_is_refused(self):
        self.schema_of("typedef struct Hero { int hp; } Hero;\n"
                       "typedef struct Game { Hero h; } Game;")
        (self.folder / "schema.json").rename(self.folder / "known.json")
        known = ("--known", "known.json")
        self.assert_refused("""
typedef struct Hero {
    int health MOLT_WAS("hitpoints");
} Hero;
typedef struct Game { Hero h; } Game;
""", "4:9", "'Hero.health' was 'hitpoints', which no recorded schema knows", "spelling", *known)
        self.assert_refused("""
typedef struct Champion { int hp; } MOLT_WAS("Heron") Champion;
typedef struct Game { Champion h; } Game;
""", "3:16", "'Champion' was 'Heron', which no recorded schema knows", "spelling", *known)
        self.schema_of("""
typedef struct Champion { int health MOLT_WAS("hp"); } MOLT_WAS("Hero") Champion;
typedef struct Game { Champion h; } Game;
""", *known)

    def test_removed_names_are_recorded_and_gone(self):
        schema = self.schema_of("""
enum Job { DIG MOLT_FALLBACK, REST } MOLT_REMOVED("HACK");
typedef struct Game { int hp; enum Job job; } MOLT_REMOVED("mana", "struct Egg", ":score") Game;
""")
        self.assertEqual(schema.types["Game"]["removed"], ["mana", "struct Egg", ":score"])
        self.assertEqual(schema.types["Job"]["removed"], ["HACK"])

    def test_removed_name_that_is_there_is_refused(self):
        there = "it is still there"
        for note, fields, before in [("hp", "", ""), ("struct Egg", "struct Egg *egg;", "struct Egg { int x; };"),
                                     (":score", "", "int score;"), ("game.c:rain", "", "static int rain;")]:
            with self.subTest(note=note):
                use = f"{before.split()[-1]} = 1;".replace(";", "", 1) if before[-2:] in ("e;", "n;") else ""
                self.assert_refused(f"""{before}
typedef struct Game {{ int hp; {fields} }} MOLT_REMOVED("{note}") Game;
void f(void);
void f(void) {{ {use} }}
""", "3:16", f"'Game': {there}", "take the name out")
        self.assert_refused("""
enum Job { DIG MOLT_FALLBACK, REST } MOLT_REMOVED("DIG");
typedef struct Game { enum Job job; } Game;
""", "3:6", f"'Job': {there}", "take the name out")
        self.assert_refused("typedef struct Game {\n    int hp MOLT_REMOVED(\"mana\");\n} Game;", "3:9",
                            "MOLT_REMOVED means nothing here", "after the }")
        self.assert_refused("typedef struct Game {\n    int hp;\n} MOLT_REMOVED(mana) Game;", "2:16",
                            "MOLT_REMOVED(mana) does not list names", "as strings")

    def test_removed_name_that_no_recorded_schema_knows_is_refused(self):
        self.schema_of("int score;\ntypedef struct Hero { int hp; } MOLT_REMOVED(\"gold\") Hero;\n"
                       "typedef struct Game { Hero h; } Game;\n"
                       "void f(void);\nvoid f(void) { score = 1; }")
        (self.folder / "schema.json").rename(self.folder / "known.json")
        known = ("--known", "known.json")
        for note in "hitpoints", "struct Heron", ":scores":
            self.assert_refused(f"""
typedef struct Hero {{
    int mana;
}} MOLT_REMOVED("{note}") Hero;
typedef struct Game {{ Hero h; }} Game;
""", "3:16", f'MOLT_REMOVED("{note}") of \'Hero\': no recorded schema knows it', "spelling", *known)
        self.schema_of("""
typedef struct Person { int mana; } MOLT_WAS("Hero") MOLT_REMOVED("hp", "gold", ":score") Person;
typedef struct Game { Person p; } MOLT_REMOVED("h") Game;
""", *known)

    def test_paths_are_recorded(self):
        schema = self.schema_of("""
typedef struct Vec { float x MOLT_MOVED("^.x"); float y MOLT_MOVED(^^.list[2].y); } Vec;
typedef struct Body { Vec pos[2]; } Body;
typedef struct Game { Body body; int n MOLT_MOVED("old.n") MOLT_CONVERT(saturate); } Game;
""")
        self.assertEqual(schema.field("Vec", "x")["moved"], "^.x")
        self.assertEqual(schema.field("Vec", "y")["moved"], "^^.list[2].y")
        self.assertEqual(schema.field("Game", "n")["moved"], "old.n")

    def test_what_is_no_path_is_refused(self):
        for path in ['""', '"."', '"a."', '"a[x]"', '"[1]"', '"a b"', '"a->b"', "3"]:
            with self.subTest(path=path):
                self.assert_refused(f"typedef struct Game {{\n    int a MOLT_MOVED({path});\n}} Game;",
                                    "3:9", "is no path", "as in C")
        self.assert_refused("typedef struct Game {\n    int a MOLT_MOVED(\"b\") MOLT_MOVED(\"c\");\n"
                            "} Game;", "3:9", "MOLT_MOVED stands here twice", "keep one")

    def test_path_that_no_recorded_schema_has_is_refused(self):
        self.schema_of("typedef struct Vec { float x; } Vec;\n"
                       "typedef struct Game { Vec pos; int list[3]; float speed; } Game;")
        (self.folder / "schema.json").rename(self.folder / "known.json")
        known = ("--known", "known.json")
        for path in ["pos.y", "list[3]", "speeed", "^.sped"]:
            with self.subTest(path=path):
                self.assert_refused(f"""
typedef struct Game {{
    float x MOLT_MOVED("{path}");
}} Game;
""", "4:11", f"'Game.x' moved from '{path}', which no recorded schema has", "check the path", *known)
        self.schema_of("""
typedef struct Motion { float speed MOLT_MOVED("^.speed"); int last MOLT_MOVED("list[2]"); } Motion;
typedef struct Game { float x MOLT_MOVED("pos.x"); Motion motion; } Game;
""", *known)
        (self.folder / "schema.json").rename(self.folder / "known.json")
        self.schema_of("""
typedef struct Motion { float speed MOLT_MOVED("^.speed"); int last MOLT_MOVED("list[2]"); } Motion;
typedef struct Game { float x MOLT_MOVED("pos.x"); Motion motion; int more; } Game;
""", *known)


if __name__ == "__main__":
    unittest.main()
