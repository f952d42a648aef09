"""Variables that change are fields of one struct, called by file, function and name."""
import json
import unittest

from fixture import GameTest

GAME = "typedef struct Game { int a; } Game;\n"


class Globals(GameTest):
    def fields(self, schema):
        found = next((t for t in schema["types"] if t["name"] == "(globals)"), None)
        return {field["name"]: field for field in found["fields"]} if found else {}

    def globals_of(self, text, *arguments):
        self.schema_of(GAME + text, *arguments)
        schema = json.loads((self.folder / "schema.json").read_text())
        return self.fields(schema), schema

    def test_names_are_of_the_source(self):
        fields, schema = self.globals_of("""
int score;
extern int elsewhere;
extern int both; int both = 1;
static int hidden, hidden_again;
static int hidden;
static const char *name;
const char *names[2];
_Thread_local int local;
static const int table[] = {1, 2};
const char *const fixed[] = {"a"};
static int cache MOLT_TRANSIENT;
int f(void);
int f(void) {
    static const int once = 1; static int seen MOLT_TRANSIENT; int i = 0;
    static int calls;
    { static int calls; { static short calls; calls++; } calls++; }
    return once + seen + table[i] + cache + ++calls;
}
static inline int g(void) { static int calls; return ++calls; }
""")
        self.assertEqual(
            {name: field["type"] for name, field in fields.items()},
            {"score": "int", "both": "int", "game.c:hidden": "int", "game.c:hidden_again": "int",
             "game.c:name": "char *", "names": "char *[2]", "local": "int",
             "game.c:f():calls": "int", "game.c:f():calls#2": "int", "game.c:f():calls#3": "short",
             "game.c:g():calls": "int"})
        self.assertEqual(list(fields), sorted(fields), "the order does not depend on the source")
        self.assertEqual(schema["roots"]["globals"], "(globals)")

    def test_no_two_fields_touch(self):
        fields, schema = self.globals_of("""
typedef struct Wide { _Alignas(64) int x; } Wide;
static char a; static Wide b; static char c[16]; static double d;
""")
        sizes = {t["name"]: (t["size"], t["align"]) for t in schema["types"] if "size" in t}
        end = -1
        for field in sorted(fields.values(), key=lambda field: field["offset"]):
            size, align = sizes[field["type"]]
            self.assertGreater(field["offset"], end)
            self.assertEqual(field["offset"] % align, 0)
            end = field["offset"] + size
        self.assertGreaterEqual(sizes["(globals)"][0], end)
        self.assertEqual(sizes["(globals)"][1], 64)

    def test_a_game_without_variables_has_no_such_struct(self):
        fields, schema = self.globals_of("static const int one = 1;\n")
        self.assertEqual(fields, {})
        self.assertEqual(list(schema["roots"]), ["state"])

    def test_earlier_names_are_of_the_same_scope(self):
        fields, _ = self.globals_of("""
static int points MOLT_WAS("score", "hits");
int shown MOLT_WAS("game.c:hidden");
static int own MOLT_WAS(":shared");
void f(void);
void f(void) { static int turns MOLT_WAS("rounds"); turns++; }
""")
        self.assertEqual({name: field["was"] for name, field in fields.items()},
                         {"game.c:points": ["game.c:score", "game.c:hits"],
                          "shown": ["game.c:hidden"], "game.c:own": ["shared"],
                          "game.c:f():turns": ["game.c:f():rounds"]})

    def test_sources_have_statics_of_their_own_and_share_globals(self):
        self.write("shared.h", "static inline int step(void) { static int n; return ++n; }\n")
        head = "#include <molt/molt.h>\n#include \"shared.h\"\nextern int score;\n"
        self.write("a.c", head + GAME + "MOLT_ROOT(Game);\nint score; static int n;\n")
        self.write("b.c", head + "static int n;\nint f(void);\n"
                   "int f(void) { return score + n + step(); }\n")
        for cached in range(2):  # the second time from the cache of units
            self.generate("a.c", "b.c", "--cache", "cache", "--schema", "schema.json")
            fields = self.fields(json.loads((self.folder / "schema.json").read_text()))
            self.assertEqual(list(fields), ["a.c:n", "a.c:step():n", "b.c:n", "b.c:step():n",
                                            "score"], cached)

    def test_metadata_refers_to_what_sources_share(self):
        """So that an optimiser that sees the sources at once does not see all uses."""
        self.write("a.c", "#include <molt/molt.h>\n" + GAME + """MOLT_ROOT(Game);
int score; static int hidden; const int fixed = 1; int cache MOLT_TRANSIENT; extern int elsewhere;
_Thread_local int local; static _Thread_local int own; int named __asm__("another");
int f(void); int f(void) { static int calls; return ++calls + hidden + own + elsewhere; }
""")
        self.write("b.c", "int score; extern int named; float b;\n")
        for cached in range(2):  # the second time from the cache of units
            self.generate("a.c", "b.c", "--cache", "cache", "--metadata", "metadata.c")
            text = (self.folder / "metadata.c").read_text()
            kept = [line.split('"')[1:-1] for line in text.splitlines() if ".quad" in line]
            self.assertEqual(["".join(line) for line in kept],
                             [r".quad \score\\n", r".quad \another\\n", r".quad \b\\n",
                              r".quad \local\@dtpoff\n"], cached)

    def test_one_global_has_one_type(self):
        self.write("a.c", "#include <molt/molt.h>\n" + GAME + "MOLT_ROOT(Game);\nint score;\n")
        self.write("b.c", "short score;\n")
        result = self.run_tool("a.c", "b.c", "--schema", "schema.json", "--", "-I",
                               *[flag[2:] for flag in self.includes()])
        self.assertEqual(result.returncode, 1)
        self.assertIn("'score' is another type here", result.stderr)

    def includes(self):
        from fixture import FLAGS
        return [flag for flag in FLAGS if flag.startswith("-I")][:1]


if __name__ == "__main__":
    unittest.main()
