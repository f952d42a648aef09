"""The calls that allocate plain memory, and the type that each has: what the source names, and nothing
that it does not."""
import re
import unittest

from fixture import GameTest

TYPES = """#include <stdlib.h>
#include <string.h>
#include <wchar.h>
typedef struct Node { struct Node *next; int value; } Node;
typedef struct Base { int kind; } Base;
typedef struct Ant { Base base; float x[3]; } Ant;
typedef struct Path { int count; Node *nodes[]; } Path;
typedef struct Game { Node *node; Base *base; Path *path; Node **table; char *text; float *reals;
    void *any; double (*matrix)[4]; wchar_t *wide; char *pool MOLT_POOL(Ant); } Game;
static void *checked(size_t size) { void *p = malloc(size); if (!p) abort(); return p; }
static void *twice(size_t n, size_t size) { return checked(n * size); }
static void *hidden(size_t size) { char *p = malloc(size + 16); return p + 16; }
static void *moved(size_t size) { char *p = malloc(size); p += 8; return p; }
typedef struct Bag { long n, more; double sizes[]; } Bag;
#define NEW(T) ((T *)malloc(sizeof(T)))
#define NEW_MANY(T, n) ((T *)malloc((n) * sizeof(T)))
#define NEW_MORE(T, extra) malloc(sizeof(T) + extra)
"""


class Allocations(GameTest):
    def allocations(self, *bodies, text=""):
        """(callee, type or None, reason, flags) for each listed call, by line of its body."""
        functions = "".join(
            f"void f{i}(Game *g, size_t n, size_t bytes);\n"
            f"void f{i}(Game *g, size_t n, size_t bytes) {{ (void)g; (void)n; (void)bytes; {body} }}\n"
            for i, body in enumerate(bodies))
        self.schema_of(TYPES + text + functions, "--metadata", "metadata.c")
        written = (self.folder / "metadata.c").read_text()
        names = dict(re.findall(r"/\* (\d+): (.+) \*/\n    \{\.name", written))
        table = written[written.index("MoltAllocation allocations[]"):]
        pool = dict(re.findall(r'/\* (\d+) \*/ "(.*?)"(?: "|;)', table))
        found = {}
        for callee, function, reason, kind, flags in re.findall(
                r"\.callee = (\d+), \.function = (\d+),\s+\.reason = (\d+), \.type = (\d+)u, "
                r"\.flags = (\d+)", table):
            found.setdefault(pool[function], []).append(
                (pool[callee], names.get(kind), pool[reason], int(flags)))
        return [found.get(f"f{i}", []) for i in range(len(bodies))], found

    def assert_types(self, *expected):
        calls, _ = self.allocations(*[body for body, _ in expected])
        for (body, name), listed in zip(expected, calls):
            with self.subTest(body=body):
                self.assertEqual([call[1] for call in listed], [name])
                self.assertEqual(bool(listed[0][2]), name is None)

    def test_sizeof_says_the_type(self):
        self.assert_types(
            ("g->node = malloc(sizeof(Node));", "Node"),
            ("g->node = malloc(sizeof *g->node);", "Node"),
            ("g->node = malloc(n * sizeof(*g->node));", "Node"),
            ("g->node = calloc(n, sizeof(Node));", "Node"),
            ("g->node = realloc(g->node, (n + 1) * sizeof(Node));", "Node"),
            ("g->node = reallocarray(g->node, n + 1, sizeof(Node));", "Node"),
            ("g->base = malloc(sizeof(Ant));", "Ant"),
            ("g->any = malloc(3 * sizeof(struct Node));", "Node"),
            ("g->any = aligned_alloc(64, sizeof(Ant));", "Ant"),
            ("posix_memalign(&g->any, 64, sizeof(Ant));", "Ant"),
            ("char *c = malloc(2 * sizeof(Node)); (void)c;", "Node"),
            ("if ((g->node = malloc(sizeof *g->node)) == NULL) abort();", "Node"),
            ("Node *many = malloc(sizeof(Node[4])); (void)many;", "Node"),
            ("g->node = NEW(Node);", "Node"),
            ("g->node = NEW_MANY(Node, n + 1);", "Node"))

    def test_pointer_says_the_type_of_numbers_and_pointers(self):
        self.assert_types(
            ("g->text = malloc(strlen(g->text) + 1);", "char"),
            ("g->reals = malloc(bytes);", "float"),
            ("g->table = malloc(n * sizeof(Node *));", "Node *"),
            ("g->table = calloc(n, sizeof *g->table);", "Node *"),
            ("g->matrix = malloc(n * sizeof *g->matrix);", "double[4]"),
            ('g->wide = wcsdup(L"x");', "int"),
            ("posix_memalign((void **)&g->reals, 64, bytes);", "float"),
            ("unsigned char *raw = (unsigned char *)malloc(bytes); (void)raw;", "unsigned char"),
            ("g->text = memcpy(malloc(n), g->text, n);", "char"),
            ("g->text = strdup(g->text);", "char"),
            ("g->any = strndup(g->text, n);", "char"))

    def test_flexible_arrays_take_what_is_added(self):
        self.assert_types(
            ("g->path = malloc(sizeof(Path) + n * sizeof(Node *));", "Path"),
            ("g->path = malloc(sizeof *g->path + n * sizeof g->path->nodes[0]);", "Path"),
            ("Bag *bag = malloc(sizeof(Bag) + n * sizeof(double)); (void)bag;", "Bag"),
            ("Bag *bag = malloc(n * sizeof(double) + sizeof *bag); (void)bag;", "Bag"),
            ("Bag *bag = calloc(1, sizeof(*bag) + n * sizeof bag->sizes[0]); (void)bag;", "Bag"),
            ("g->path = malloc(offsetof(Path, nodes) + n * sizeof(Node *));", "Path"),
            ("Bag *bag = malloc(offsetof(Bag, sizes) + n * sizeof *bag->sizes); (void)bag;", "Bag"),
            ("g->path = malloc(offsetof(Path, nodes) + n * sizeof(int));", None),
            ("g->path = malloc(offsetof(Path, nodes) + bytes);", "Path"))

    def test_what_is_not_named_is_not_guessed(self):
        self.assert_types(
            ("g->base = malloc(bytes);", None),
            ("g->any = malloc(bytes);", None),
            ("g->node = malloc(sizeof(Node) + bytes);", None),
            ("g->node = malloc(sizeof(Node) + sizeof(Ant));", None),
            ("g->node = malloc(sizeof(Node) - 4);", None),
            ("g->node = malloc(((Game *)g->any)->node->value);", None),
            ("size_t s = sizeof(Node); s = bytes; g->any = malloc(s);", None),
            ("Game *other = calloc(1, sizeof *other); g->any = other;", "Game"),
            ("g->node = NEW_MORE(Node, bytes);", None))

    def test_the_reason_is_what_stands_there(self):
        calls, _ = self.allocations("size_t s = n ? sizeof(Node) : sizeof(Ant); g->any = malloc(s);",
                                    "g->any = malloc(sizeof(Node) + sizeof(Ant));",
                                    "g->node = malloc(sizeof(Node) + 3 * sizeof(unsigned short));")
        self.assertEqual([call[0][2] for call in calls],
                         ["a condition chooses between the sizes of several types",
                          "the size adds up several types", "the size adds up several types"])

    def test_number_that_never_changes_is_followed(self):
        self.assert_types(
            ("size_t s = n * sizeof(Node); g->node = malloc(s);", "Node"),
            ("const size_t s = sizeof(Node); g->any = malloc(n * s);", "Node"))

    def test_wrappers_leave_the_type_to_their_callers(self):
        calls, found = self.allocations(
            "g->node = checked(sizeof(Node));", "g->any = twice(n, sizeof(Ant));",
            "g->node = hidden(sizeof(Node));", "g->node = moved(sizeof(Node));",
            "g->any = checked(bytes);")
        self.assertEqual([call[:2] for call in calls[0]], [("checked", "Node")])
        self.assertEqual([call[:2] for call in calls[1]], [("twice", "Ant")])
        self.assertEqual(calls[2:4], [[], []])
        self.assertEqual(calls[4][0][1], None)
        self.assertEqual([(call[0], call[3]) for call in found["checked"]], [("malloc", 1)])
        self.assertEqual([(call[0], call[3]) for call in found["twice"]], [("checked", 1)])
        self.assertEqual([call[3] for call in found["hidden"] + found["moved"]], [0, 0])

    def test_what_adds_to_a_size_leaves_room_for_more(self):
        functions = """
static void *extra(size_t size, size_t more) { return malloc(size + more); }
static void *again(size_t size) { return extra(size, 8); }
static void *even(size_t size) { size = (size + 15) / 16 * 16; return malloc(size); }
static void *counted(size_t size) { size += sizeof(long); return malloc(size); }
static void *never_empty(size_t size) { if (size == 0) size = 1; return malloc(size ? size : 1); }
static size_t with_header(size_t head, size_t n) { return head + n; }
static size_t of_many(size_t size, size_t n) { return (size_t)(size * n); }
"""
        bodies = ["g->node = extra(sizeof(Node), 8);", "g->node = again(sizeof(Node));",
                  "g->node = even(sizeof(Node));", "g->node = counted(sizeof(Node));",
                  "g->table = extra(n * sizeof(Node *), 8);", "g->path = extra(sizeof(Path), bytes);",
                  "g->text = extra(n, 1);", "g->node = never_empty(sizeof(Node));",
                  "g->node = malloc(with_header(sizeof(Node), 8));",
                  "g->node = checked(with_header(sizeof(Node), n));",
                  "g->path = checked(with_header(sizeof(Path), n * sizeof(Node *)));",
                  "g->node = malloc(of_many(sizeof(Node), n));",
                  "g->table = malloc(2 * sizeof(Node *) + bytes);"]
        calls, _ = self.allocations(*bodies, text=functions)
        self.assertEqual([call[0][1] for call in calls],
                         [None] * 5 + ["Path", "char", "Node", None, None, "Path", "Node", None])
        self.assertIn("larger than the size that extra is given", calls[0][0][2])

    def test_sizes_in_macros(self):
        macros = """
#define PUSH(T, v, n, x) do { if ((n) == 0) { (n)++; (v) = (T *)realloc((v), sizeof(T) * (n)); } \\
    (v)[(n)++] = (x); } while (0)
#define GROW(p, n) ((p) = realloc(p, ((n) << 1) * sizeof *(p)), (n) <<= 1)
#define MORE(T, p, n) ((p) = realloc(p, sizeof(T) * (n) + 16), (n)--)
#define LESS(T, p, n) ((p) = realloc(p, ((n) * sizeof(T)) - 8))
"""
        calls, _ = self.allocations("PUSH(Node, g->node, n, *g->node);", "GROW(g->node, n);",
                                    "MORE(Node, g->node, n);", "LESS(Node, g->node, n);", text=macros)
        self.assertEqual([call[0][1] for call in calls], ["Node", "Node", None, None])

    def test_wrapper_in_another_source(self):
        self.write("other.c", "#include <stdlib.h>\nvoid *take(size_t n);\n"
                              "void *take(size_t n) { void *p = malloc(n); return p; }\n")
        self.write("game.c", "#include <molt/molt.h>\n" + TYPES + "MOLT_ROOT(Game);\n"
                             "void *take(size_t n); void f(Game *g);\n"
                             "void f(Game *g) { g->node = take(sizeof(Node)); }\n")
        self.generate("game.c", "other.c", "--schema", "schema.json", "--metadata", "metadata.c")
        text = (self.folder / "metadata.c").read_text()
        self.assertIn('"take"', text)
        self.assertIn('"other.c"', text)

    def test_pool_says_the_type(self):
        calls, _ = self.allocations("g->pool = malloc(bytes);",
                                    "void *p MOLT_POOL(Node) = malloc(bytes); g->any = p;")
        self.assertEqual(calls, [[("malloc", "Ant", "", 2)], [("malloc", "Node", "", 2)]])

    def test_pool_of_an_unknown_type(self):
        self.assert_refused("#include <stdlib.h>\ntypedef struct Game { char *p MOLT_POOL(Cell); } Game;\n"
                            "void f(Game *g); void f(Game *g) { g->p = malloc(100); }\n", "3:29",
                            "MOLT_POOL(Cell): there is no such type", "name a struct")

    def test_pool_of_an_unknown_type_where_nothing_is_allocated(self):
        game = "typedef struct Game { char *p%s; } Game;\n%s"
        for field, variable, name in ((" MOLT_POOL(Cell)", "", "Cell"), (" MOLT_POOL(Game, Head)", "", "Head"),
                                      ("", "static void *at MOLT_POOL(struct Cell);\n", "Cell")):
            said = self.refusal_of(game % (field, variable))
            self.assertIn(f"MOLT_POOL({name}): there is no such type", said)
            self.assertIn("name a struct, union or typedef that a source of the game defines", said)

    def test_pool_of_a_type_that_another_source_defines(self):
        self.write("part.h", "#include <molt/molt.h>\ntypedef struct Game { void *cells MOLT_POOL(struct Cell); } "
                             "Game;\n")
        self.write("game.c", "#include \"part.h\"\nMOLT_ROOT(Game);\n")
        self.write("other.c", "#include \"part.h\"\n#include <stdlib.h>\nstruct Cell { int x; };\n"
                              "void fill(Game *g);\nvoid fill(Game *g) { g->cells = malloc(80); }\n")
        self.generate("game.c", "other.c", "--schema", "schema.json")
        self.assertIn('"pool":"Cell"', (self.folder / "schema.json").read_text())

    def test_calls_through_pointers_and_members_are_none(self):
        _, found = self.allocations(
            "struct { void *(*malloc)(size_t); void (*free)(void *); } hooks = {malloc, free};"
            "hooks.free(hooks.malloc(sizeof(Node)));")
        self.assertNotIn("f0", found)

    def test_game_without_calls_has_no_table(self):
        self.schema_of("typedef struct Game { int a; } Game;\n", "--metadata", "metadata.c")
        self.assertNotIn("allocation_count", (self.folder / "metadata.c").read_text())


if __name__ == "__main__":
    unittest.main()
