"""--usage and --suggest: where the code uses which member, and what looks renamed from one schema to the
next."""
import unittest

from fixture import GameTest

GAME = """#include <molt/molt.h>
#include <molt/platform_api.h>
typedef struct Ant { int id; float hunger; float age; int unused; struct { int inner; }; } Ant;
typedef struct Game { Ant ant; } Game;
MOLT_ROOT(Game);
static void eat(Ant *ant)
{
    ant->hunger -= 1;
    if (ant->hunger < 0)
        ant->inner = ant->id;
}
static Ant hatched(void)
{
    return (Ant){.hunger = 1, .age = 0};
}
void grow(Ant *ant);
void grow(Ant *ant)
{
    eat(ant);
    *ant = hatched();
    ant->age += 1;
}
"""


class Usage(GameTest):
    def suggest(self, *files):
        return self.run_tool("--suggest", *files)

    def make(self, text):
        self.write("game.c", text)
        return self.generate("game.c", "--schema", "s.json", "--usage", "out/u.txt")

    def edited(self, *edits):
        text = GAME
        for before, after in edits:
            self.assertIn(before, text)
            text = text.replace(before, after)
        self.make(GAME)
        self.make(text)
        done = self.suggest("s.json.before", "s.json", "out/u.txt.before", "out/u.txt")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_every_use_is_listed_once(self):
        self.make(GAME)
        lines = (self.folder / "out/u.txt").read_text().splitlines()
        self.assertEqual(lines[0], "molt-usage 1")
        uses = sorted(tuple(line.split("\t")[:3]) for line in lines[1:])
        self.assertEqual([use[1:] for use in uses if use[0] == "Ant"],
                         [("age", "grow"), ("age", "hatched"), ("hunger", "eat"), ("hunger", "eat"),
                          ("hunger", "hatched"), ("id", "eat"), ("inner", "eat")])

    def test_renamed_member_is_declared_with_its_old_name(self):
        said = self.edited(("hunger", "appetite"))
        self.assertEqual(said, "game.c:3: Ant.hunger is gone; it looks renamed to appetite (3 of 3 uses "
                               "are alike, in eat, hatched):\n    float appetite MOLT_WAS(\"hunger\");\n")

    def test_renamed_variable_is_told_with_its_file_and_declared_with_its_full_name(self):
        game = GAME + "static int rain = 4;\nint score[2];\n"
        line = GAME.count("\n") + 1
        self.make(game)
        self.make(game.replace("rain", "water").replace("score", "points"))
        said = self.suggest("s.json.before", "s.json", "out/u.txt.before", "out/u.txt").stdout
        self.assertIn(f"game.c:{line}: game.c:rain is gone; ", said)
        self.assertIn("    int water MOLT_WAS(\"game.c:rain\");\n", said)
        self.assertIn(f"(a variable):{line + 1}: score is gone; ", said)
        self.assertIn("    int points[2] MOLT_WAS(\":score\");\n", said)

    def test_rename_with_another_type_is_recognised_by_its_uses(self):
        self.assertIn("double appetite MOLT_WAS(\"hunger\");",
                      self.edited(("float hunger", "double hunger"), ("hunger", "appetite")))

    def test_several_renames_are_told_apart_together(self):
        """All lines name several of the fields, the fields change places, and two lines are written anew."""
        game = """#include <molt/molt.h>
typedef struct Ant { float speed; int hunger; int mood; char name[8]; int energy; } Ant;
typedef struct Game { Ant ants[4]; } Game;
MOLT_ROOT(Game);
void eat(Ant *a); void eat(Ant *a) { if (a->hunger > 10) { a->hunger -= 5; a->speed *= 2; } }
void fight(Ant *a); void fight(Ant *a) { if (a->mood < 3) a->mood++; }
void rest(Ant *a); void rest(Ant *a) { a->energy += 3; if (a->energy > 100) a->energy = 100; }
int all(Ant *a); int all(Ant *a) { return a->hunger + a->mood + a->energy; }
"""
        self.make(game)
        renamed = game.replace("hunger; int mood; char name[8]; int energy", "temper; int vigour; char name[8]; int appetite")
        for was, now in (("mood", "temper"), ("energy", "vigour"), ("hunger", "appetite"), ("> 10)", "> 12)"),
                         ("+= 3;", "+= 4; a->speed += 1;")):
            renamed = renamed.replace(was, now)
        self.make(renamed)
        said = self.suggest("s.json.before", "s.json", "out/u.txt.before", "out/u.txt").stdout
        for was, now in (("mood", "temper"), ("energy", "vigour"), ("hunger", "appetite")):
            self.assertRegex(said, rf"Ant.{was} is gone; it (looks renamed to|may have become) {now} ")

    def test_unused_member_in_its_place_is_likely_and_elsewhere_is_not(self):
        self.assertIn("it looks renamed to spare (neither is used anywhere)",
                      self.edited(("int unused;", "int spare;")))
        self.assertIn("it may have become",
                      self.edited((" int unused;", ""), ("int id;", "int id; int x, y;")))

    def test_removal_and_addition_are_no_rename(self):
        said = self.edited(("int unused;", ""), ("float age;", "float age; double weight;"))
        self.assertEqual(said, "nothing looks renamed\n")

    def test_swapped_names_are_no_rename(self):
        said = self.edited(("float hunger; float age;", "float age; float hunger;"))
        self.assertEqual(said, "nothing looks renamed\n")

    def test_annotated_rename_is_not_suggested_again(self):
        said = self.edited(("float hunger;", "float appetite MOLT_WAS(\"hunger\");"),
                           ("->hunger", "->appetite"), (".hunger", ".appetite"))
        self.assertEqual(said, "nothing looks renamed\n")

    def test_without_usages_only_declarations_count(self):
        self.edited(("hunger", "appetite"))
        done = self.suggest("s.json.before", "s.json")
        self.assertIn("it may have become appetite. If it is one of them:", done.stdout)

    def test_damaged_files_are_named(self):
        self.edited(("hunger", "appetite"))
        self.write("u.bad", "molt-usage 1\nno tabs\n")
        done = self.suggest("s.json.before", "s.json", "u.bad", "out/u.txt")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"u\.bad.*line 2")
        done = self.suggest("s.json", "none.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.json", done.stderr)
        self.assertEqual(self.suggest("s.json").returncode, 2)

    def test_code_edit_keeps_the_usage_of_before_the_layout_edit(self):
        self.edited(("hunger", "appetite"))
        before = (self.folder / "out/u.txt.before").read_text()
        self.make(GAME.replace("hunger", "appetite").replace("+= 1", "+= 2"))
        self.assertEqual((self.folder / "out/u.txt.before").read_text(), before)


if __name__ == "__main__":
    unittest.main()
