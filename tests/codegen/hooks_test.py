"""MOLT_MIGRATE and MOLT_VERSION as the generator reads them."""
import itertools
import re
import unittest

from fixture import FLAGS, GameTest

GAME = """#include <molt/hook.h>
typedef struct Vec { float x, y; } Vec;
typedef struct Game { Vec pos; int hp; } Game;
"""
HOOK = """MOLT_MIGRATE(Game)(const MoltOld *old, Game *now)
{
    now->hp = (int)molt_old_int(old, "hp");
    return true;
}
"""


class Hooks(GameTest):
    def test_a_struct_with_a_hook_says_so_in_the_schema(self):
        schema = self.schema_of(GAME + HOOK)
        self.assertTrue(schema.types["Game"]["migrate"])
        self.assertNotIn("migrate", schema.types["Vec"])
        self.assertEqual(schema.json["spellings"]["Game"], "Game")

    def test_a_hook_changes_no_layout(self):
        """Equal layouts are found by their hash, with and without a hook."""
        with_hook = self.header_of(self.schema_of(GAME + HOOK), "Game")
        without = self.header_of(self.schema_of(GAME), "Game")
        self.assertEqual(with_hook, without)

    def test_a_version_changes_the_layout(self):
        marked = GAME.replace("} Game;", "} MOLT_VERSION(2) Game;")
        schema = self.schema_of(marked)
        self.assertEqual(schema.types["Game"]["version"], "2")
        first = self.header_of(schema, "Game")
        second = self.header_of(self.schema_of(marked.replace("(2)", "(3)")), "Game")
        self.assertNotEqual(first, second)

    def test_one_hook_for_each_struct(self):
        second = HOOK.replace("hp = ", "hp = 2 * ")
        self.assert_refused(GAME + HOOK + second, "10:1", "a second hook for Game", "into one")

    def test_one_hook_for_each_struct_of_the_game(self):
        self.write("game.h", "#include <molt/molt.h>\n" + GAME)
        self.write("game.c", '#include "game.h"\n' + HOOK + "MOLT_ROOT(Game);\n")
        self.write("other.c", '#include "game.h"\n\n' + HOOK)
        result = self.run_tool("game.c", "other.c", "--schema", "schema.json", "--", *FLAGS)
        self.assertEqual(result.returncode, 1)
        self.assertIn("other.c:3:1: error: a second hook for Game; the first is at", result.stderr)

    def test_a_hook_in_a_header_is_one(self):
        self.write("game.h", "#pragma once\n#include <molt/molt.h>\n" + GAME + HOOK)
        self.write("game.c", '#include "game.h"\nMOLT_ROOT(Game);\n')
        self.write("other.c", '#include "game.h"\n')
        self.generate("game.c", "other.c", "--schema", "schema.json")

    def test_hooks_are_for_structs(self):
        text = GAME + "enum Kind { A };\n" + HOOK.replace("Game", "enum Kind").replace(
            'now->hp = (int)molt_old_int(old, "hp");', "(void)now; (void)old;")
        self.assert_refused(text, "6:1", "hooks are for structs", "the struct that holds")

    def test_a_wrong_parameter_is_an_error_that_names_both_types(self):
        said = self.refusal_of(GAME + HOOK.replace("Game *now", "Vec *now").replace("now->hp", "now->x"))
        self.assertIn("conflicting types", said)

    def test_units_carry_hooks(self):
        self.write("game.c", "#include <molt/molt.h>\n" + GAME + HOOK + "MOLT_ROOT(Game);\n")
        self.assertEqual(self.run_tool("--unit", "game.c", "-o", "game.unit", "--", *FLAGS).stderr, "")
        self.assertEqual(self.run_tool("--link", "game.unit", "--schema", "linked.json").stderr, "")
        self.generate("game.c", "--schema", "whole.json")
        self.assertEqual((self.folder / "linked.json").read_text(),
                         (self.folder / "whole.json").read_text())

    def test_versions_are_plain_numbers(self):
        for wrong in ("two", "-1", "01", "1.5", ""):
            with self.subTest(wrong):
                self.assert_refused(GAME.replace("} Game;", "} MOLT_VERSION(%s) Game;" % wrong), "4:16",
                                    "is no number", "MOLT_VERSION(2)")

    def test_a_version_is_of_a_struct(self):
        self.assert_refused(GAME.replace("hp;", "hp MOLT_VERSION(2);"), "4:36",
                            "MOLT_VERSION means nothing here", "after the } of a struct or union")

    def test_a_hook_is_known_by_what_it_does(self):
        head = "#define RATE 3\nenum { OFFSET = 4 };\nstatic const int table[1] = {5};\n"
        helper = "static int scaled(int hp) { return hp * RATE + OFFSET + table[0]; }\n"
        hook = HOOK.replace('(int)molt_old_int(old, "hp")', 'scaled((int)molt_old_int(old, "hp"))')
        code = self.code_of(head + helper + hook)
        self.assertEqual(code, self.code_of(head + helper.replace("{", "{ /* why */\n\n") + hook))
        self.assertEqual(code, self.code_of(head + "int other(void) { return 1; }\n" + helper + hook))
        for was, becomes in (("RATE 3", "RATE 2"), ("= 4", "= 1"), ("{5}", "{6}"), ("+ OFF", "- OFF"),
                             ("scaled((int)", "scaled(1 + (int)")):
            with self.subTest(was):
                self.assertNotEqual(code, self.code_of((head + helper + hook).replace(was, becomes)))

    def code_of(self, text):
        self.write("game.c", "#include <molt/molt.h>\n" + GAME + text + "MOLT_ROOT(Game);\n")
        self.generate("game.c", "--metadata", "metadata.c")
        return re.search(r"\.code = (\w+)", (self.folder / "metadata.c").read_text())[1]

    def header_of(self, _schema, *types):
        names = list(itertools.chain.from_iterable(("--type", name) for name in types))
        result = self.run_tool("--old-header", "schema.json", *names, "-o", "old.h")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return (self.folder / "old.h").read_text()


if __name__ == "__main__":
    unittest.main()
