"""What cannot be carried over a reload is refused with place, declaration and remedy."""
import unittest

from fixture import FLAGS, GameTest


def game(field, before=""):
    return f"{before}\ntypedef struct Game {{\n    {field}\n}} Game;\n"


class Refusals(GameTest):
    def test_fields_that_cannot_be_modelled(self):
        for field, column, message, remedy in [
                ("int n; int data[0]; int m;", 16, "'Game.data': an array without a length cannot "
                 "stand here", "the last of several members"),
                ("int data[0];", 9, "'Game.data': an array without a length cannot stand here",
                 "the last of several members"),
                ("int n; int (*data)[];", 18, "'Game.data': an array without elements is not "
                 "supported yet", "molt_new_flexible"),
                ("int n; int data[0] MOLT_COUNT(m);", 16, "MOLT_COUNT(m) of 'Game.data' names no "
                 "integer field of 'Game'", "the integer beside it"),
                ("int n; float m MOLT_COUNT(n);", 18, "MOLT_COUNT belongs on pointers and flexible "
                 "arrays; 'Game.m' is float", "remove it"),
                ("float n; int *data MOLT_COUNT(n);", 19, "MOLT_COUNT(n) of 'Game.data' names no "
                 "integer field", "the integer beside it"),
                ("_Atomic struct { char c[3]; } a;", 35, "'_Atomic(Game::a)', to which compilers "
                 "give different sizes, is not supported", "pad the struct"),
                ("_Atomic struct { int x, y, z; } a[2];", 37, "compilers give different sizes",
                 "pad the struct"),
                ("int a MOLT_EXTERNAL;", 9, "MOLT_EXTERNAL belongs on pointers; 'Game.a' is int",
                 "remove it"),
                ("char a[64] MOLT_POOL(Game);", 10, "MOLT_POOL belongs on pointers that take memory; "
                 "'Game.a' is char[64]", "declare it as an array of that type"),
                ("unsigned a : 3 __attribute__((aligned(8)));", 14, "'aligned' on a bit-field",
                 "align the field before it"),
                ("unsigned __int128 h : 70;", 23, "'Game.h': a bit-field of more than 64 bits is not "
                 "supported yet", "split it"),
                ("int a MOLT_FLAGS;", 9, "MOLT_FLAGS means nothing here", "after the } of an enum"),
                ("int a MOLT_CONVERT(chop);", 9, "names no known conversion", "saturate"),
                ("int a MOLT_WAS(old);", 9, "MOLT_WAS(old) does not list names", "as strings"),
                ("int a MOLT_DEFAULT(1) MOLT_DEFAULT(2);", 9, "MOLT_DEFAULT stands here twice",
                 "keep one"),
                ('int a __attribute__((annotate("molt:hoard x")));', 9,
                 'unknown annotation "molt:hoard x"', "macros of molt.h")]:
            with self.subTest(field=field):
                self.assert_refused(game(field), f"4:{column}", message, remedy)

    def test_numbers_in_another_order_than_the_machine_has(self):
        order = '__attribute__((scalar_storage_order("big-endian")))'
        for part in (f"struct {order} Part {{ int x; }}", f"struct Part {{ int x; }} {order}"):
            self.assert_refused(f"{part};\n" + game("struct Part p;"), f"2:{part.index('Part') + 1}",
                                "'Part': scalar_storage_order is not supported yet", "swap them in code")
        self.schema_of(f"struct {order} Packet {{ int x; }};\n" + game("int x;"))

    def test_one_enumerator_may_be_the_fallback(self):
        kinds = "enum K { A MOLT_FALLBACK, B, C MOLT_FALLBACK };"
        self.assert_refused(game("enum K k;", kinds), "2:30",
                            "'C' is MOLT_FALLBACK, and 'A' of the same enum is, too", "keep one")

    def test_flexible_arrays_and_their_allocation(self):
        bag = "typedef struct Bag { int n; int data[]; } Bag;\n"
        def source(call, field="Bag *bag;"):
            return (f"{bag}typedef struct Game {{ {field} }} Game;\nvoid *f(void);\n"
                    f"void *f(void) {{ return {call}; }}\n")
        lost = "'Bag' ends in a flexible array: without a count it has no room"
        remedy = "use molt_new_flexible(Bag, data, n)"
        self.assert_refused(source("molt_new(Bag)"), "5:24", lost, remedy)
        self.assert_refused(source("molt_new_array(Bag, 4)"), "5:24", lost, remedy)
        none = "is no flexible array member"
        self.assert_refused(source("molt_new_flexible(Bag, n, 4)"), "5:24", f"'Bag.n' {none}",
                            "at the end of a struct")
        self.assert_refused(source("molt_new_flexible(Game, bag, 4)"), "5:24", f"'Game.bag' {none}",
                            "at the end of a struct")
        for field, place in (("int n; Bag bag[2];", "3:34"), ("int n; Bag bag;", "3:34"),
                             ("union { int n; Bag bag; } u;", "3:42")):
            self.assert_refused(source("0", field), place, "holds 'Bag' by value", "hold a pointer")
        self.schema_of(source("molt_new_flexible(Bag, data, 4)"))

    def test_variables_that_cannot_be_modelled(self):
        game_type = "typedef struct Game { int a; } Game;\n"
        for variable, place, message, remedy in [
                ("static int once MOLT_DEFAULT(3);", "3:12", "MOLT_DEFAULT means nothing on a variable",
                 "that initialiser"),
                ("static int once MOLT_EXTERNAL;", "3:12", "MOLT_EXTERNAL belongs on pointers",
                 "MOLT_TRANSIENT"),
                ("static char arena[1 << 10] MOLT_POOL(Game);", "3:13",
                 "MOLT_POOL belongs on pointers that take memory; 'game.c:arena' is char[1024]",
                 "declare it as an array"),
                ("void f(void); void f(void) { static union { int *p; long n; } u; u.n++; }",
                 "3:63", "a union that holds pointers needs a tag", "annotate")]:
            with self.subTest(variable=variable):
                self.assert_refused(game_type + variable, place, message, remedy)

    def test_constants_and_accepted_variables_pass(self):
        self.schema_of("""typedef struct Game { int a; } Game;
extern int elsewhere;
static const int table[] = {1, 2};
const char *const names[] = {"a", "b"};
static int cache MOLT_TRANSIENT;
int f(void);
int f(void) { static const int once = 1; static int seen MOLT_TRANSIENT; int i = 0;
              return once + seen + table[i] + cache; }
""")

    def test_what_the_compiler_refuses_is_refused_in_its_words(self):
        self.assert_refused("typedef struct Game {\n    int a\n    int b;\n} Game;\n", "3:10",
                            "expected ';' at end of declaration list", "make the source compile")
        self.assert_refused('#include "missing.h"\ntypedef struct Game { int a; } Game;\n', "2:10",
                            "'missing.h' file not found", "make the source compile")

    def test_annotation_that_the_compiler_would_drop(self):
        self.assert_refused('MOLT_WAS("Old") struct Part { int x; };\n'
                            "typedef struct Game { struct Part p; } Game;\n", "2:1",
                            "annotate", "after its '}'")

    def test_warnings_are_no_refusal(self):
        self.schema_of("typedef struct Game { int a; } Game;\n"
                       "int f(void);\nint f(void) { int unused; }\n",
                       flags=["-Wall", "-Werror", "-Wlogical-op", "-fanalyzer"])

    def test_one_root_exactly(self):
        said = self.refusal_of("typedef struct Game { int a; } Game;\n", root="")
        self.assertIn("no source of the game has a MOLT_ROOT", said)
        self.assertIn("remedy: add MOLT_ROOT(Type);", said)
        self.assert_refused("typedef struct Game { int a; } Game;\nMOLT_ROOT(Game);\n", "5:1",
                            f"a second root; the first is at {self.folder}/game.c:3", "keep one")
        self.assert_refused("typedef struct Game Game;\n", "4:1", "'Game' has no size here",
                            "include the header")

    def test_two_bodies_under_one_name(self):
        self.write("part.h", "struct Part {\n    Number x;\n};\n")
        self.write("other.c", "#include <molt/molt.h>\n#define Number long\n#include \"part.h\"\n"
                              "void *other(void);\n"
                              "void *other(void) { return molt_new(struct Part); }\n")
        said = self.refusal_of('#define Number int\n#include "part.h"\n'
                               "typedef struct Game { struct Part p; } Game;\n", "other.c")
        self.assertIn(f"{self.folder}/part.h:1: error: two different bodies for 'Part'", said)
        self.assertIn(f"at {self.folder}/part.h:1 as {self.folder}/game.c sees it", said)
        self.assertIn("    1 | struct Part {\n", said)
        self.assertIn("remedy: include it under the same macros", said)

    def test_two_types_of_one_name_in_one_source(self):
        said = self.refusal_of("struct Part { int x; };\ntypedef struct { char c; } Part;\n"
                               "typedef struct Game { struct Part a; Part b; } Game;\n")
        self.assertIn("two different types are called 'Part'", said)

    def test_wrong_usage_is_told_apart(self):
        self.write("game.c", "")
        for arguments in [[], ["game.c"], ["--unit", "game.c", "-p", "."], ["--nonsense"],
                          ["game.c", "-p"], ["game.c", "-p", ".", "--", "-O2"]]:
            with self.subTest(arguments=arguments):
                result = self.run_tool(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn("--help", result.stderr)
        self.assertEqual(self.run_tool("--help").returncode, 0)
        self.assertEqual(self.run_tool("--version").stdout, "molt-codegen 0.1.0\n")
        missing = self.run_tool("nowhere.c", "--", *FLAGS)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("nowhere.c", missing.stderr)
        no_database = self.run_tool("game.c", "-p", ".")
        self.assertEqual(no_database.returncode, 1)
        self.assertIn("compile_commands.json", no_database.stderr)

    def test_failing_run_keeps_the_outputs_of_the_last_good_one(self):
        self.schema_of("typedef struct Game { int a; } Game;")
        before = (self.folder / "schema.json").read_bytes()
        self.write("game.c", "typedef struct Game { int a } Game;\n")
        self.assertEqual(self.run_tool("game.c", "--schema", "schema.json", "--", *FLAGS).returncode,
                         1)
        self.assertEqual((self.folder / "schema.json").read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
