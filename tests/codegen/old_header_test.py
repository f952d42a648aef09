"""Headers with the layouts of a recorded schema."""
import itertools
import json
import re
import subprocess
import unittest

from fixture import COMPILERS, FLAGS, GameTest


class OldHeaders(GameTest):
    KINDS = """#include <stdbool.h>
typedef struct Vec { float x, y; } Vec;
typedef struct Wallet { int gold; } Wallet;
typedef enum Kind { A, B = 5 } Kind;
typedef struct Player {
    char c;
    Vec pos[2];
    unsigned a : 3, b : 7;
    Kind kind;
    Wallet *wallet;
    const char *name;
    bool on;
    struct { int p; short q; };
    union { int i; float f; };
    struct { int u, v; } inner;
    long double ld;
    __int128 big;
    float _Complex z;
    float w __attribute__((vector_size(16)));
    _Atomic int atomic;
    char text[5];
    int m[2][3];
    struct Player *list[4];
    int (*act)(int);
} Player;
typedef struct Bag { int n; Vec items[]; } Bag;
#pragma pack(1)
typedef struct Packed { char c; int x; Vec v; } Packed;
#pragma pack()
typedef struct Game { Player *player; Bag *bag; Packed packed; } Game;
"""

    def write_header(self, *types):
        self.schema_of(self.KINDS)
        names = list(itertools.chain.from_iterable(("--type", name) for name in types))
        return self.run_tool("--old-header", "schema.json", *names, "-o", "old.h")

    def test_every_kind_compiles_with_the_layout_of_then(self):
        """The header asserts sizes and offsets itself; here a compiler that sees both compares them."""
        result = self.write_header("Player", "Bag", "Packed")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        fields = ["pos", "kind", "wallet", "name", "on", "p", "q", "i", "f", "inner", "ld", "big", "z",
                  "w", "atomic", "text", "m", "list", "act"]
        checks = "".join(
            f"_Static_assert(offsetof(Player, {f}) == offsetof(Player_old, {f}), \"{f}\");\n"
            for f in fields)
        values = """
int main(void)
{
    static Player now = {.a = 5, .b = 77, .q = 9, .m[1][2] = 6, .inner.v = 3, .on = true};
    static union { Player now; Player_old old; } both;
    both.now = now;
    return !(both.old.a == 5 && both.old.b == 77 && both.old.q == 9 && both.old.m[1][2] == 6 &&
             both.old.inner.v == 3 && both.old.on);
}
"""
        self.write("both.c", "#include <molt/molt.h>\n" + self.KINDS + '#include "old.h"\n'
                   '#include "old.h"\n' + checks +
                   "_Static_assert(sizeof(Bag) == sizeof(Bag_old), \"\");\n"
                   "_Static_assert(sizeof(Packed) == sizeof(Packed_old), \"\");\n" + values)
        self.assertTrue(COMPILERS)
        for compiler in COMPILERS:
            subprocess.run([compiler, *FLAGS, "-Wall", "-Wextra", "-Werror", "both.c", "-o", "both"],
                           cwd=self.folder, check=True)
            subprocess.run([self.folder / "both"], check=True)

    def test_two_layouts_of_one_struct_are_an_error(self):
        self.write_header("Vec")
        first = (self.folder / "old.h").read_text()
        self.write("twice.c", first + re.sub("0x[0-9a-f]+", "0x1234", first))
        result = subprocess.run([COMPILERS[0], "-fsyntax-only", "twice.c"], cwd=self.folder, text=True,
                                capture_output=True, check=False)
        self.assertIn("two old layouts of Vec", result.stderr)

    def test_a_struct_that_the_schema_does_not_have_is_refused(self):
        result = self.write_header("Playe")
        self.assertEqual(result.returncode, 1)
        self.assertIn("--type Playe: the schema has no such struct", result.stderr)
        self.assertFalse((self.folder / "old.h").exists())

    def test_wrong_usage(self):
        for words in (["--old-header", "s.json"], ["--old-header", "s.json", "--type", "A"],
                      ["--type", "A", "-o", "x.h"],
                      ["--old-header", "s.json", "--type", "A", "-o", "x.h", "game.c"]):
            self.assertEqual(self.run_tool(*words).returncode, 2, words)

    def test_a_damaged_schema_is_refused(self):
        self.write("schema.json", json.dumps({"molt_schema": 1}))
        result = self.run_tool("--old-header", "schema.json", "--type", "A", "-o", "old.h")
        self.assertEqual(result.returncode, 1)
        self.assertIn("schema.json", result.stderr)


if __name__ == "__main__":
    unittest.main()
