"""Annotations that cannot be meant are refused where they stand; those beside them that can are not."""
import unittest

from fixture import GameTest

TYPES = """enum Kind { KIND_A, KIND_B };
enum Good { FOOD, WOOD, GOOD_COUNT };
enum Hole { LOW, HIGH = 9 };
enum Sign { NONE = -1, SOME };
enum Walls { NORTH = 1, EAST = 2 } MOLT_FLAGS;
struct Part { int x; };
"""

# What is declared, what is said about it, and the remedy; None: nothing is. The generator reads all
# annotations of a source before it looks at what they mean together: two lists.
READ = [
    ("struct { int n MOLT_WAS(\"1x y\"); } {v};", "'1x y' is no name", "the name alone"),
    ("struct { int n MOLT_WAS(\"a.b\"); } {v};", "'a.b' is no name", "the name alone"),
    ("struct { int n MOLT_WAS(\"a\", \"b c\"); } {v};", "'b c' is no name", "the name alone"),
    ("struct { int n MOLT_WAS(\"game.c:x\"); } {v};", "'game.c:x' is no name", "the name alone"),
    ("struct { union { int i; float f; } u MOLT_WAS(\"<i,f>\"); } {v};", None, None),
    ("struct { int n MOLT_MOVED(\"a[99999999999]\"); } {v};", "is no path", "as in C"),
    ("enum { {v}_A MOLT_WAS(\"two words\") } {v};", "'two words' is no name", "the name alone"),
    ("enum { {v}_A MOLT_WAS(\"<a>\") } {v};", "'<a>' is no name", "the name alone"),
    ("struct S{v} { int x; } MOLT_WAS(\"struct T\"); struct S{v} {v};", "'struct T' is no name",
     "the name alone"),
    ("struct S{v} { int x; } MOLT_WAS(\"other.c:T\"); struct S{v} {v};", None, None),
    ("static int {v} MOLT_WAS(\"other.c:f():m#2\", \":m\");", None, None),
    ("static int {v} MOLT_WAS(\"other.c:f():m#\");", "is no name", "the name alone"),
    ("static const int {v} MOLT_TRANSIENT = 1;", "MOLT_TRANSIENT means nothing here", "put it"),
    ("static const int {v} MOLT_WAS(\"old_one\") = 1;", None, None),
    ("extern int {v} MOLT_WAS(\"declared\"); int {v} = 1;", None, None),
    ("static int {v} MOLT_INDEX(Good);", "MOLT_INDEX belongs on arrays", "on an array"),
    ("static int {v}[2] MOLT_INDEX(Absent);", "there is no such enum", "name an enum"),
    ("static int {v} MOLT_DEFAULT(3);", "MOLT_DEFAULT means nothing on a variable", "that initialiser"),
    ("static int {v} MOLT_REQUIRED;", "MOLT_REQUIRED means nothing on a variable", "remove it"),
    ("static int {v} MOLT_MOVED(\"a\");", "MOLT_MOVED means nothing on a variable", "MOLT_WAS"),
    ("static int *{v} MOLT_COUNT(n);", "MOLT_COUNT means nothing on a variable", "beside it"),
    ("static union { int i; float f; } {v} MOLT_TAG(k);",
     "MOLT_TAG means nothing on a variable", "into a struct"),
    ("typedef int {v} MOLT_WAS(\"Num\");", "MOLT_WAS means nothing here", "put it"),
    ("int {v}(void) MOLT_WAS(\"g\");", "MOLT_WAS means nothing here", "put it"),
    ("int {v}(int n MOLT_DEFAULT(1));", "MOLT_DEFAULT means nothing here", "put it"),
    ("int {v}(void); int {v}(void) { int n MOLT_TRANSIENT = 0; return n; }",
     "MOLT_TRANSIENT means nothing here", "put it"),
    ("int {v}(void); int {v}(void) { typedef int N MOLT_FLAGS; N n = 0; return n; }",
     "MOLT_FLAGS means nothing here", "put it"),
    ("struct { int a[3][2] MOLT_INDEX(Good); } {v};", "dimension of int[3][2] it indexes", "[GOOD_COUNT]"),
    ("struct { int a[GOOD_COUNT][GOOD_COUNT + 1] MOLT_INDEX(Good); } {v};", "which dimension", "without it"),
    ("struct { int a[2][2] MOLT_INDEX(Good); } {v};", "nothing says which dimension", "[GOOD_COUNT + 1]"),
    ("struct { int a[7][8] MOLT_INDEX(Good); } {v};", "nothing says which dimension", "each enumerator"),
    ("struct { int a[1][1] MOLT_INDEX(Good); } {v};", "nothing says which dimension", "each enumerator"),
    ("static int {v}[3][2] MOLT_INDEX(Good);", "nothing says which dimension of int[3][2]", "[GOOD_COUNT]"),
    ("void *{v}(void *); void *{v}(void *m) { char *p MOLT_POOL(struct Part) = m; return p; }", None,
     None),
]

FIELDS = [
    ("enum Kind k MOLT_DEFAULT(7);", "'7' is no enumerator of Kind", "one of the enumerators"),
    ("enum Kind k : 4 MOLT_DEFAULT(7);", "'7' is no enumerator of Kind", "one of the enumerators"),
    ("enum Kind k[2] MOLT_DEFAULT({KIND_A, 2});", "'2' is no enumerator", "one of the enumerators"),
    ("enum Kind k MOLT_DEFAULT(KIND_A + 1);", None, None),
    ("enum Walls w MOLT_DEFAULT(NORTH | 4);", "'NORTH | 4' has bits that no enumerator of Walls names",
     "joined by |"),
    ("enum Walls w MOLT_DEFAULT(NORTH | EAST);", None, None),
    ("enum Walls w MOLT_DEFAULT(0);", None, None),
    ("int n MOLT_REQUIRED MOLT_DEFAULT(3);", "MOLT_DEFAULT gives one", "keep the one"),
    ("int n MOLT_TRANSIENT MOLT_REQUIRED;", "MOLT_TRANSIENT never takes it", "keep the one"),
    ("int n MOLT_MOVED(\"part.x\") MOLT_WAS(\"m\");", "both say where the value comes from",
     "keep MOLT_MOVED"),
    ("int n MOLT_MOVED(\"part.x\") MOLT_TRANSIENT;", "MOLT_TRANSIENT never takes it", "keep the one"),
    ("int n MOLT_MOVED(\"part.x\") MOLT_REQUIRED;", None, None),
    ("char *p MOLT_EXTERNAL MOLT_DEFAULT(\"x\");", "would be lost", "NULL"),
    ("char *p MOLT_EXTERNAL MOLT_DEFAULT(NULL);", None, None),
    ("char *p MOLT_EXTERNAL MOLT_POOL(struct Part);", "MOLT_POOL for what its malloc", "keep the one"),
    ("char *p MOLT_EXTERNAL MOLT_TRANSIENT;", None, None),
    ("char c[4] MOLT_POOL(struct Part);", "is char[4]",
     "keep a pointer to it"),
    ("char *p[4] MOLT_POOL(struct Part);", None, None),
    ("int *p MOLT_CONVERT(trunc);", "is int *", "leads to"),
    ("void *p MOLT_CONVERT(round);", "is void *", "remove it"),
    ("_Bool b MOLT_CONVERT(trunc);", "belongs on numbers;", "remove it"),
    ("_Bool b[3] MOLT_CONVERT(round);", "is bool[3]", "remove it"),
    ("_Bool b[3] MOLT_CONVERT(saturate);", None, None),
    ("struct Part s MOLT_CONVERT(round);", "is Part", "the field inside"),
    ("float f[3] MOLT_CONVERT(saturate);", None, None),
    ("_Complex float f MOLT_CONVERT(round);", None, None),
    ("enum Kind k MOLT_CONVERT(trunc);", None, None),
    # what was an array of these may lose all but its first element
    ("int n MOLT_CONVERT(truncate);", None, None),
    ("struct Part s MOLT_CONVERT(truncate);", None, None),
    ("int *p MOLT_CONVERT(truncate);", None, None),
    ("int a[2] MOLT_INDEX(Sign);", "NONE is -1, which is no index", "#define"),
    ("int a[2] MOLT_INDEX(Hole);", "HIGH is 9, and the array has 2 elements", "for each enumerator"),
    ("int a[1] MOLT_INDEX(Good);", "WOOD is 1, and the array has 1 elements", "for each enumerator"),
    ("int a[2] MOLT_INDEX(Good);", None, None),
    ("int a[1] MOLT_INDEX(Kind);", None, None), # the last one may be the length
    ("int a[3][GOOD_COUNT] MOLT_INDEX(Good);", None, None),
    ("int a[GOOD_COUNT][GOOD_COUNT] MOLT_INDEX(Good);", None, None),
    ("int a[7][2] MOLT_INDEX(Good);", None, None),
    ("struct F{v} { int n, a[][GOOD_COUNT] MOLT_INDEX(Good); } *f;", "rows of a flexible array", "struct of a row"),
    ("int a[1][2] MOLT_INDEX(Good);", None, None),
    ("char a[1][2] MOLT_INDEX(Good);", "WOOD is 1, and the array has 1 elements", "for each enumerator"),
    ("int a[70000] MOLT_INDEX(Good);", "elements of int[70000] do not follow names", "65536"),
    ("int n MOLT_MOVED(\"n\");", None, None), # of the struct around, where this one is new
    ("union { int i MOLT_ARM(KIND_B); float f; } u;", "but the union has no tag",
     "MOLT_TAG(kind)"),
    ("enum Kind kind; union { int i MOLT_ARM(KIND_B); float f MOLT_ARM(KIND_A); } u MOLT_TAG(kind);",
     None, None),
]

VARIABLES = [
    ("union S{v} { int x; float y; } MOLT_VERSION(2); union S{v} {v};", "is a union", "on the struct"),
    ("static int {v} MOLT_CONVERT(round);", None, None),
    ("static _Bool {v} MOLT_CONVERT(round);", "MOLT_CONVERT(round) belongs on numbers", "remove it"),
    ("static int {v}[2] MOLT_INDEX(Good);", None, None),
    ("extern int {v}[2] MOLT_INDEX(Good); int {v}[2];", None, None),
    ("static int {v}[1] MOLT_INDEX(Good);", "WOOD is 1, and the array has 1 elements", "for each enumerator"),
    ("static char *{v} MOLT_EXTERNAL MOLT_POOL(struct Part);", "MOLT_POOL for what", "keep the one"),
]


class Annotations(GameTest):
    """All rows are lines of one source; those that pass are read without the others, too."""

    def source(self, rows):
        return TYPES + "".join(declaration.replace("{v}", f"v{i}") + "\n"
                               for i, (declaration, _, _) in enumerate(rows)) + \
            "typedef struct Game { int a; } Game;\n"

    def check(self, rows):
        errors = {}
        for entry in self.refusal_of(self.source(rows)).split(f"{self.folder}/game.c:")[1:]:
            errors.setdefault(int(entry.split(":")[0]), []).append(entry)
        first = 2 + TYPES.count("\n")
        for line, (declaration, message, remedy) in enumerate(rows, first):
            with self.subTest(declaration=declaration):
                found = errors.pop(line, [])
                self.assertEqual(len(found), int(message is not None), found)
                if found:
                    self.assertIn(message, found[0])
                    self.assertIn(remedy, found[0].split("remedy: ")[1])
        self.assertEqual(errors, {})
        self.schema_of(self.source([row for row in rows if row[1] is None]))

    def test_each_one_is_read_alone(self):
        self.check(READ)

    def test_they_fit_what_they_stand_on_and_each_other(self):
        self.check([("struct { " + field + " } {v};", *rest) for field, *rest in FIELDS] + VARIABLES)

    def test_paths_climb_as_far_as_structs_are_held(self):
        """Which is known of all sources together: part.h knows of no struct around its own."""
        self.write("part.h", "typedef struct Speed { float x MOLT_MOVED(\"^.x\"); } Speed;\n")
        self.write("other.c", '#include <molt/molt.h>\n#include "part.h"\nint other;\n')
        self.schema_of('#include "part.h"\ntypedef struct Game { Speed speed[2]; } Game;\n', "other.c")
        self.schema_of('#include "part.h"\ntypedef struct Game { Speed *speed; } Game;\n', "other.c")
        (self.folder / "schema.json").unlink()
        for path, words in (("^^.x", "climbs 2 times, but there is one struct around it"),
                            ("^^^x", "climbs 3 times, but there is one struct around it")):
            self.write("part.h", f"typedef struct Speed {{\n    float x MOLT_MOVED(\"{path}\");\n}} Speed;\n")
            said = self.refusal_of('#include "part.h"\ntypedef struct Game { Speed speed; } Game;\n',
                                   "other.c")
            self.assertIn(f"{self.folder}/part.h:2: error: MOLT_MOVED({path}) of 'Speed.x' {words}", said)
            self.assertIn("remedy: each ^ leads to", said)
        said = self.refusal_of("typedef struct Game { int a MOLT_MOVED(\"^.b\"); } Game;\n")
        self.assertIn("game.c:2: error: MOLT_MOVED(^.b) of 'Game.a' climbs 1 times, but there is no struct",
                      said)


if __name__ == "__main__":
    unittest.main()
