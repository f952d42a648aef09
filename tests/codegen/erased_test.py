"""Structs that the sources put into memory without a type, and those that only look so."""
import re
import unittest

from fixture import GameTest

HEAD = """#include <stdlib.h>
#include <string.h>
#include <stdio.h>
typedef enum Mood { CALM, ANGRY } Mood;
typedef struct Point { int x, y; } Point;
typedef struct Ant { int hp; Point at; } Ant;
typedef struct Shape { int kind; } Shape;
typedef struct Circle { Shape shape; float r; } Circle;
typedef struct Vec { void *data; size_t size, count; } Vec;
typedef struct Bytes { unsigned char *data; size_t used; } Bytes;
typedef struct Node { struct Node *next; void *payload; } Node;
typedef struct Box { int n; char bytes[32]; } Box;
typedef struct Game { Vec v; Bytes b; Node *list; Box box; char *name; Ant *ants; int (*call)(void *);
    const void *constant; float reals[4]; Mood mood; Circle *circle; } Game;
static void *xmalloc(size_t n) { void *p = malloc(n); if (!p) abort(); return p; }
static void xfree(void *p) { if (p) free(p); }
static void *grow(void *p, size_t n, size_t size) { p = realloc(p, n * size); if (!p) abort(); return p; }
static void *push(Vec *v) {
    if (!(v->count & (v->count - 1))) v->data = realloc(v->data, 2 * (v->count + 1) * v->size);
    return (char *)v->data + v->size * v->count++; }
static void put(Vec *v, const void *item) { memcpy(push(v), item, v->size); }
static void get(const Vec *v, size_t i, void *item) {
    memcpy(item, (const char *)v->data + i * v->size, v->size); }
static void list_add(Game *g, void *payload) {
    Node *n = xmalloc(sizeof *n); n->next = g->list; n->payload = payload; g->list = n; }
static unsigned hash(const void *key, size_t n) {
    const unsigned char *b = key; unsigned h = 0; while (n--) h = h * 31 + *b++; return h; }
static int by_hp(const void *a, const void *b) { const Ant *x = a, *y = b; return x->hp - y->hp; }
static void *any(int n) { return n ? malloc((size_t)n) : NULL; }
void use(Game *g);
"""


class Erased(GameTest):
    def erased(self, body, text=""):
        """Notes of each type that has some."""
        schema = self.schema_of(HEAD + text + "void use(Game *g) {\n" + body + "\n}\n")
        self.assertEqual(len(schema.types), len(set(schema.types)))
        return {name: schema.types[name]["erased"] for name in schema.types
                if "erased" in schema.types[name]}

    def assert_erased(self, body, *names, text=""):
        with self.subTest(body=body):
            self.assertEqual(sorted(self.erased(body, text)), sorted(names))

    def test_values_in_a_vector(self):
        self.assert_erased("Point *p = push(&g->v); p->x = 1;", "Point")
        self.assert_erased("put(&g->v, &(Point){1, 2});", "Point")
        self.assert_erased("Point p; get(&g->v, 0, &p); put(&g->v, &g->ants[0]);", "Point", "Ant")
        self.assert_erased("((Point *)g->v.data)[1].x = 3;", "Point")
        self.assert_erased("Mood m = ANGRY; put(&g->v, &m);", "Mood")
        self.assert_erased("Circle *c = (Circle *)(Shape *)push(&g->v); c->r = 1;", "Circle", "Shape")
        self.assert_erased("Point *p = any(3); p->x = 1;", "Point")
        self.assert_erased("Point *p = ({ void *at = push(&g->v); (Point *)at; }); p->x = 1;", "Point")
        self.assert_erased("Vec v = {.data = g->v.data}; put(&v, g->name ? g->ants : NULL);", "Ant")
        self.assert_erased("void **at = &g->v.data; Ant *a = *at; a->hp = 1;", "Ant")

    def test_the_place_is_told(self):
        notes = self.erased("Point *p =\n    push(&g->v); p->x = 1;")
        self.assertRegex(notes["Point"][0], r"^game\.c:\d+$")

    def test_bytes_that_structs_are_put_into_have_no_type(self):
        text = """static void *bytes_push(Bytes *b, size_t n) { b->data = realloc(b->data, b->used + n);
    b->used += n; return b->data + b->used - n; }\n"""
        self.assert_erased("Point *p = bytes_push(&g->b, sizeof *p); p->x = 1;", "Point", text=text)
        self.schema_of(HEAD + text + "void use(Game *g) { Point *p = bytes_push(&g->b, sizeof *p); p->x = 1; }"
                       "\n", "--metadata", "metadata.c")
        self.assertIn('"structs are put into it"', (self.folder / "metadata.c").read_text())

    def test_text_stays_text(self):
        body = ("g->name = malloc(20); strcpy(g->name, \"x\"); list_add(g, g->name); list_add(g, g->ants);"
                "Ant *a = g->list->payload; a->hp = 1;")
        self.assert_erased(body)

    def test_arrays_of_numbers(self):
        notes = self.erased("Point *p = (Point *)(void *)g->box.bytes; p->x = 1;")
        self.assertRegex(notes["Point"][0], r"^game\.c:\d+ in Box\.bytes$")
        notes = self.erased("memcpy(pool + 8, g->ants, sizeof *g->ants);", "static char pool[100];\n")
        self.assertRegex(notes["Ant"][0], r"^game\.c:\d+ in \(globals\)\.pool$")
        self.assert_erased("Point *p = (Point *)(void *)g->reals; p->x = 1;", "Point")
        self.assert_erased("char on_stack[9]; Point *p = (Point *)(void *)on_stack; p->x = 1;")
        self.assert_erased("snprintf(g->box.bytes, 9, \"x\"); list_add(g, g->box.bytes);"
                           "Ant *a = g->list->payload; a->hp = 1;")

    def test_what_keeps_nothing_erases_nothing(self):
        point = "Point *p = push(&g->v); p->x = 1;"
        for body in ("list_add(g, g->ants); Ant *a = g->list->payload; a->hp = 1;",
                     "xfree(g->ants); xfree(g->v.data);",
                     "g->ants = grow(g->ants, 3, sizeof *g->ants); g->v.data = grow(g->v.data, 3, g->v.size);",
                     "hash(g->ants, sizeof *g->ants); hash(g->v.data, 8);",
                     "qsort(g->ants, 2, sizeof *g->ants, by_hp); qsort(g->v.data, 2, 8, by_hp);",
                     "Ant a; memset(&a, 0, sizeof a); memcpy(&a, g->ants, sizeof a); fwrite(&a, 8, 1, stdout);",
                     "g->ants = xmalloc(sizeof *g->ants); g->v.data = xmalloc(g->v.size);"):
            self.assert_erased(point + body, "Point")

    def test_a_pointer_to_many_things_puts_nothing_anywhere(self):
        both = "list_add(g, g->ants); list_add(g, g->reals + 1); list_add(g, g->box.bytes);"
        self.assert_erased(both)
        self.assert_erased(both + "Ant *a = g->list->payload; a->hp = 1;")
        self.assert_erased(both + "memcpy(g->list->payload, g->ants, sizeof *g->ants);")
        self.assert_erased("g->list->payload = g->ants; g->constant = g->v.data; push(&g->v);"
                           "Ant *a = g->list->payload; a->hp = 1;")
        notes = self.erased(both + "Ant *a = (Ant *)(void *)g->box.bytes; a->hp = 1;")
        self.assertRegex(" ".join(notes["Ant"]), r"^game\.c:\d+ in Box\.bytes$")
        notes = self.erased(both + "memcpy(g->reals, g->ants, sizeof *g->ants);")
        self.assertRegex(" ".join(notes["Ant"]), r"^game\.c:\d+ in Game\.reals$")

    def test_a_block_counts_all_that_may_be(self):
        self.assert_erased("list_add(g, g->ants); list_add(g, g->v.data); Ant *a = g->list->payload; a->hp = 1;",
                           "Ant")
        self.assert_erased("void *at = any(3); list_add(g, at); Point *p = g->list->payload; p->x = 1;", "Point")
        self.assert_erased("char on_stack[9]; memcpy(on_stack, g->ants, 9); put(&g->v, on_stack);", "Ant")
        self.assert_erased("char on_stack[9]; get(&g->v, 0, on_stack); Point *p = (Point *)(void *)on_stack;"
                           "p->x = 1;", "Point")
        text = ("static void copy(void *to, const void *from, size_t n) {\n"
                "    char *t = to; const char *f = from; while (n--) *t++ = *f++; }\n")
        self.assert_erased("copy(g->v.data, g->ants, 8);", "Ant", text=text)
        self.assert_erased("copy(g->ants, g->v.data, 8);", "Ant", text=text)
        text = "static void make(void **out) { *out = malloc(random()); }\n"
        self.assert_erased("make(&g->v.data); Point *p = g->v.data; p->x = 1;", "Point", text=text)
        text = ("static char pool[90], *top; typedef struct Free { struct Free *next; } Free; static Free *unused;\n"
                "static void *take(size_t n) { void *at = unused ? (void *)unused : top ? top : pool; top += n;\n"
                "    return at; }\nstatic void back(void *p) { unused = p; }\n")
        notes = self.erased("Ant *a = take(sizeof *a); a->hp = 1; back(a);", text)
        self.assertRegex(" ".join(notes["Ant"]), r"^game\.c:\d+ in \(globals\)\.pool$")

    def test_initialisers(self):
        text = "typedef struct Pair { void *key; int n; void *value; } Pair; static Pair pair;\n"
        use = ("Ant *a = pair.value; a->hp = 1; Point *at = pair.key; at->x = 1;")
        self.assert_erased("pair = (Pair){.value = g->ants, .key = g->v.data};" + use, "Point", text=text)
        self.assert_erased("pair = (Pair){g->v.data, 1, g->ants};" + use, "Point", text=text)
        self.assert_erased("pair = (Pair){.key = g->ants, .value = g->v.data};" + use, "Ant", text=text)
        self.assert_erased("void *all[2] = {g->v.data}; Ant *a = all[0]; a->hp = 1; push(&g->v);", "Ant")

    def test_functions_that_are_called_through_pointers(self):
        text = "static int keep(void *p) { Vec v = {0}; v.data = p; return v.data != 0; }\n"
        self.assert_erased("g->call = keep; g->call(g->ants); put(&g->v, &(Point){1, 2});", "Ant", "Point",
                           text=text)
        self.assert_erased("g->call(g->ants); put(&g->v, &(Point){1, 2});", "Point")

    def test_over_several_sources(self):
        self.write("vec.h", "typedef struct Vec { void *data; unsigned long size, count; } Vec;\n"
                            "void vec_put(Vec *v, const void *item);\nvoid release(void *p);\n")
        self.write("vec.c", "#include <stdlib.h>\n#include <string.h>\n#include \"vec.h\"\n"
                   "void release(void *p) { free(p); }\n"
                   "void vec_put(Vec *v, const void *item) {\n"
                   "    v->data = realloc(v->data, ++v->count * v->size);\n"
                   "    memcpy((char *)v->data + (v->count - 1) * v->size, item, v->size); }\n")
        self.write("game.c", "#include <molt/molt.h>\n#include \"vec.h\"\n"
                   "typedef struct Point { int x; } Point;\ntypedef struct Ant { int x; } Ant;\n"
                   "typedef struct Game { Vec v; Ant *ant; } Game;\nMOLT_ROOT(Game);\n"
                   "void use(Game *g);\nvoid use(Game *g) { Point p = {1}; vec_put(&g->v, &p); release(g->ant); }\n")
        self.generate("game.c", "vec.c", "--schema", "whole.json")
        for source in ("game.c", "vec.c"):
            self.generate("--unit", source, "-o", source + ".unit")
        result = self.run_tool("--link", "game.c.unit", "vec.c.unit", "--schema", "linked.json")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        whole, linked = ((self.folder / name).read_text() for name in ("whole.json", "linked.json"))
        self.assertEqual(whole, linked)
        self.assertEqual(whole.count('"erased":["game.c:8"]'), 1)
        self.assertEqual(whole.count('"erased"'), 1)

    def found(self, kind, body, text=""):
        """Notes of that kind on fields, as {"Vec.data": what they say without the places}."""
        schema = self.schema_of(HEAD + text + "void use(Game *g) {\n" + body + "\n}\n")
        notes = {}
        for name, entry in schema.types.items():
            for field in entry.get("fields", []):
                if isinstance(field, dict) and kind in field:
                    notes[f"{name}.{field['name'].split(':')[-1]}"] = sorted(
                        note.split()[0] for note in field[kind])
        return notes

    def test_what_pointers_lead_to(self):
        self.assertEqual(self.found("holds", "put(&g->v, &(Point){1, 2}); Ant *a = push(&g->v); a->hp = 1;"),
                         {"Vec.data": ["Ant", "Point"]})
        self.assertEqual(self.found("holds", "list_add(g, g->ants); Ant *a = g->list->payload; a->hp = 1;"),
                         {"Node.payload": ["Ant"]})
        self.assertEqual(self.found("holds", "pool = malloc(80); ((Point *)pool)[1].x = 1;",
                                    "static void *pool;\n"), {"(globals).pool": ["Point"]})
        self.assertEqual(self.found("holds", "g->name = malloc(20); strcpy(g->name, \"x\");"), {})

    def test_pools_of_typed_pointers(self):
        text = "typedef struct Zoo { Shape *shapes MOLT_POOL(Circle); Ant *ants MOLT_COUNT(n); int n; } Zoo;\n"
        use = "Zoo *z = molt_new(Zoo); z->shapes = g->v.data; z->ants = NULL;"
        self.assertEqual(self.found("holds", use + "((Circle *)z->shapes)->r = 1;", text).get("Zoo.shapes"), None)
        self.assertEqual(self.found("holds", use + "((Box *)z->shapes)->n = 1;", text)["Zoo.shapes"], ["Box"])
        self.assertEqual(self.found("holds", use + "Point *p = (Point *)z->ants; p->x = 1;", text)["Zoo.ants"],
                         ["Point"])

    def pool_of(self, body, row="", more=""):
        """Type and reason of the block that a field with MOLT_POOL(Point) takes, beside a field of points."""
        text = f"{more}typedef struct Pool {{ void *at MOLT_POOL(Point); int kind, n; Point *row {row}; }} Pool;\n"
        self.schema_of(HEAD + text + "void fill(Pool *p);\nvoid fill(Pool *p) {\n" + body + "\n}\n"
                       "void use(Game *g) { fill(molt_new(Pool)); (void)g; }\n", "--metadata", "metadata.c")
        written = (self.folder / "metadata.c").read_text()
        entry = written[written.index("MoltAllocation allocations[]"):]
        pool = dict(re.findall(r'/\* (\d+) \*/ "(.*?)"(?: "|;)', entry))
        function = next(key for key, value in pool.items() if value == "fill")
        reason, known = re.search(r"\.function = " + function + r",\s+\.reason = (\d+), \.type = (\d+)u",
                                  entry).groups()
        return int(known) < 1 << 31, pool.get(reason, "")

    def test_what_contradicts_a_pool(self):
        point = "Point *q = p->at; q->x = 1;"
        self.assertEqual(self.pool_of("p->at = malloc(800);" + point), (True, ""))
        self.assertEqual(self.pool_of("p->at = malloc((size_t)p->n * sizeof(Point));" + point), (True, ""))
        for body, words in (
                ("p->at = malloc(800); Ant *a = p->at; a->hp = 1;", "but Ant is put there too, at game.c:"),
                ("p->at = malloc(800); Ant a; p->at = &a;", "but Ant is put there too, at game.c:"),
                ("p->at = malloc(800); long *l = p->at; l[0] = 1;", "but (numbers) is put there too, at game.c:"),
                ("p->at = malloc((size_t)p->n * (p->kind ? sizeof(Ant) : sizeof(Point)));",
                 "but its size measures Ant"),
                ("p->at = malloc(sizeof(Ant) + (size_t)p->n * sizeof(Point));", "but its size measures Ant"),
                ("p->at = malloc(sizeof(long) + (size_t)p->n * sizeof(Point));",
                 "but its size is no multiple of that"),
                ("p->at = malloc((size_t)p->n * sizeof(Point) + 12);", "but its size is no multiple of that")):
            with self.subTest(body=body):
                known, reason = self.pool_of(body + point)
                self.assertFalse(known)
                self.assertIn("MOLT_POOL(Point) on Pool.at says Point, " + words, reason)

    def test_a_header_elsewhere_does_not_contradict_a_pool(self):
        body = "p->at = malloc((size_t)p->n); ((Ant *)p->row - 1)->hp = 1; Point *q = p->at; q->x = 1;"
        known, reason = self.pool_of(body)
        self.assertFalse(known)
        self.assertIn("but pointers are cast between Point and Ant", reason)
        self.assertEqual(self.pool_of(body, "MOLT_POOL(Point, Ant)"), (True, ""))

    def test_links_of_free_objects_do_not_contradict_a_pool(self):
        for fields, known in (("struct Free *next;", True), ("struct Free *next; int n;", False)):
            more = f"struct Free {{ {fields} }};\nstatic struct Free *unused;\n"
            body = ("p->at = malloc((size_t)p->n); Point *q = p->at; q->x = 1;"
                    "struct Free *f = (struct Free *)q; f->next = unused; unused = f;")
            with self.subTest(fields=fields):
                self.assertEqual(self.pool_of(body, more=more)[0], known)

    def test_numbers_of_a_layout(self):
        sizes = """typedef struct Row { size_t size; unsigned short at, other; } Row;
static void init(Row *r, size_t size) { r->size = size; }
static size_t half(size_t n) { return n / 2; }
static size_t same(size_t n) { size_t m = n; return m; }
"""
        for body, wanted in (
                ("init(molt_new(Row), sizeof(Ant));", {"Row.size": ["Ant"]}),
                ("Row *r = molt_new(Row); r->size = same(sizeof *g->ants); init(r, sizeof(Ant));",
                 {"Row.size": ["Ant"]}),
                ("Row *r = molt_new(Row); *r = (Row){sizeof(Point), .other = 3};", {"Row.size": ["Point"]}),
                ("Row *r = molt_new(Row); r->at = __builtin_offsetof(Ant, at);", {"Row.at": ["Ant.at"]}),
                ("Row *r = molt_new(Row); r->size = half(sizeof(Ant)); r->other = sizeof(Ant *);", {}),
                ("Row *r = molt_new(Row); r->size = 2 * sizeof(Ant); r->size += sizeof(Ant);", {}),
                ("Row *r = molt_new(Row); r->size = sizeof g->reals; r->at = sizeof(int);", {})):
            with self.subTest(body=body):
                self.assertEqual(self.found("sized", body, sizes), wanted)
        self.assertEqual(self.found("sized", "(void)g; stride = sizeof(Ant);", "static unsigned stride;\n"),
                         {"(globals).stride": ["Ant"]})

    def test_addresses_that_select_elements(self):
        text = """#include <stdint.h>
static int table[64];
static unsigned mixed(const void *key) { uintptr_t h = (uintptr_t)key; h ^= h >> 9; return (unsigned)h; }
static int is_aligned(const void *p) { return ((uintptr_t)p & 7) == 0; }
"""
        for body, names in (
                ("table[mixed(g->ants) & 63]++;", ["Ant"]),
                ("unsigned slot = mixed(g->ants) % 64; table[slot] = is_aligned(g->circle);", ["Ant"]),
                ("int *at = table + ((uintptr_t)g->circle >> 4) % 64; *at = 1;", ["Circle"]),
                ("g->box.n = (int)mixed(g->ants); table[3] = is_aligned(g->ants);", []),
                ("for (int i = 0; i < 64; i++) table[i] = is_aligned(&g->ants[i]);", [])):
            with self.subTest(body=body):
                schema = self.schema_of(HEAD + text + "void use(Game *g) {\n" + body + "\n}\n")
                self.assertEqual(sorted(name for name in schema.types if "hashed" in schema.types[name]), names)

    def test_layouts_have_the_same_hash(self):
        one = self.schema_of(HEAD + "void use(Game *g) { put(&g->v, &(Point){1, 2}); }\n")
        two = self.schema_of(HEAD + "void use(Game *g) { put(&g->v, 0); }\n")
        self.assertEqual(one.json["hash"], two.json["hash"])


if __name__ == "__main__":
    unittest.main()
