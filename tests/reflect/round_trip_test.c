/* Random graphs through files, through dumps and into a later version: whatever way a state takes, it is
 * the same state. A seed that fails is printed, and MOLT_TEST_SEED runs it alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "heap_fixture.h"
#include "molt/dump.h"
#include "molt/import.h"
#include "molt/migrate.h"
#include "molt/snapshot_file.h"
#include "schema_spec.h"

#define SEEDS 60
#define NODES 40

/* ---- two versions of the types --------------------------------------------------------------- */

typedef struct Leaf {
    short size;
    double weight;
} Leaf;

typedef struct Node Node;
struct Node {
    Node *left, *right; /* any nodes, also itself */
    short *into;        /* a number of some node */
    Leaf *leaves;       /* a block of some, shared now and then, an element of it at times */
    char *text;         /* on the heap */
    void *any;
    int count;
    unsigned kind; /* enum Kind */
    unsigned high : 11;
    short numbers[3];
    Leaf leaf;
};

typedef struct LaterNode {
    char name[12];
    Leaf leaf;
    short numbers[5];
    Node *right, *left;
    long total; /* was count; nothing points into it */
    void *any;
    unsigned kind;
    char *text;
    short *into;
    Leaf *leaves;
    unsigned high : 13;
} LaterNode;

static const EnumSpec kinds = {"Kind", {"NONE", "WORKER", "QUEEN", NULL}};
static const EnumSpec later_kinds = {"Kind", {"QUEEN", "NONE", "DRONE", "WORKER", NULL}};

static const StructSpec leaf_spec = {"Leaf",
                                     sizeof(Leaf),
                                     _Alignof(Leaf),
                                     {FIELD(Leaf, size, "short"), FIELD(Leaf, weight, "double")},
                                     NULL};

/* clang-format off */
static const StructSpec specs[] = {
    {"Node", sizeof(Node), _Alignof(Node),
     {FIELD(Node, left, "Node *"), FIELD(Node, right, "Node *"), FIELD(Node, into, "short *"),
      FIELD(Node, leaves, "Leaf *"), FIELD(Node, text, "char *"), FIELD(Node, any, "void *"),
      FIELD(Node, count, "int"), FIELD(Node, kind, "Kind"),
      {.name = "high", .type = "unsigned int", .offset = offsetof(Node, kind) + 4, .bit_width = 11},
      FIELD(Node, numbers, "short[3]"), FIELD(Node, leaf, "Leaf")},
     NULL}};

static const StructSpec later_specs[] = {
    {"Node", sizeof(LaterNode), _Alignof(LaterNode),
     {FIELD(LaterNode, name, "char[12]"), FIELD(LaterNode, leaf, "Leaf"),
      FIELD(LaterNode, numbers, "short[5]"), FIELD(LaterNode, right, "Node *"),
      FIELD(LaterNode, left, "Node *"),
      {.name = "total", .type = "long", .offset = offsetof(LaterNode, total), .was = "count"},
      FIELD(LaterNode, any, "void *"), FIELD(LaterNode, kind, "Kind"),
      FIELD(LaterNode, text, "char *"), FIELD(LaterNode, into, "short *"),
      FIELD(LaterNode, leaves, "Leaf *"),
      {.name = "high", .type = "unsigned int", .offset = offsetof(LaterNode, leaves) + 8,
       .bit_width = 13}},
     NULL}};
/* clang-format on */

/* ---- states ---------------------------------------------------------------------------------- */

typedef struct Trip {
    MoltSchema *first, *later;
    MoltReport report;
    uint64_t seed, chance;
    char path[64], other[64];
} Trip;

static unsigned below(Trip *trip, unsigned limit)
{
    return (unsigned)(fixture_random(&trip->chance) % limit);
}

static MoltSchema *schema_of(const StructSpec *node, const EnumSpec *kind)
{
    StructSpec both[2] = {*node, leaf_spec};
    return spec_schema_with(both, 2, kind, 1);
}

static int set_up(void **state)
{
    Trip *trip = calloc(1, sizeof *trip);
    trip->first = schema_of(&specs[0], &kinds);
    trip->later = schema_of(&later_specs[0], &later_kinds);
    molt_report_init(&trip->report, NULL);
    snprintf(trip->path, sizeof trip->path, "/tmp/molt-trip-test-%d-a.molt", (int)getpid());
    snprintf(trip->other, sizeof trip->other, "/tmp/molt-trip-test-%d-b.molt", (int)getpid());
    *state = trip;
    return 0;
}

static int tear_down(void **state)
{
    Trip *trip = *state;
    unlink(trip->path);
    unlink(trip->other);
    molt_report_clear(&trip->report);
    molt_schema_free(trip->first);
    molt_schema_free(trip->later);
    free(trip);
    return 0;
}

static MoltHeap *new_heap(const MoltSchema *schema)
{
    MoltHeap *heap = NULL;
    MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30};
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    return heap;
}

static void fill_node(Trip *trip, MoltHeap *heap, Node **nodes, unsigned count, Node *node)
{
    const MoltSchema *schema = trip->first;
    Node *other = nodes[below(trip, count)];
    node->left = below(trip, 4) ? nodes[below(trip, count)] : NULL;
    node->right = below(trip, 4) ? nodes[below(trip, count)] : NULL;
    node->into = below(trip, 2) ? &other->numbers[below(trip, 3)] : NULL;
    if (below(trip, 3) == 0) {
        unsigned length = 1 + below(trip, 9);
        node->leaves = molt_heap_new(heap, molt_schema_find(schema, "Leaf"), length);
        for (unsigned i = 0; i < length; i++)
            node->leaves[i] = (Leaf){(short)below(trip, 65536), (double)below(trip, 1000) / 7};
        other->leaves = node->leaves + below(trip, length);
    }
    if (below(trip, 2)) {
        unsigned length = below(trip, 20);
        node->text = molt_heap_new(heap, molt_schema_find(schema, "char"), length + 1);
        for (unsigned i = 0; i < length; i++)
            node->text[i] = (char)(1 + below(trip, 255));
    }
    node->any = below(trip, 2)   ? (void *)&other->leaf
                : below(trip, 2) ? (void *)other->text
                                 : &other->numbers[1];
    node->count = (int)fixture_random(&trip->chance);
    node->kind = below(trip, 3);
    node->high = below(trip, 2048) & 2047u;
    for (unsigned i = 0; i < 3; i++)
        node->numbers[i] = (short)below(trip, 65536);
    node->leaf = (Leaf){(short)below(trip, 65536), -1.0 / (1 + below(trip, 9))};
}

/* Blocks that are freed leave holes in the numbers, as a game that has played for a while does. */
static MoltHeap *make_state(Trip *trip)
{
    Node *nodes[NODES];
    MoltHeap *heap = new_heap(trip->first);
    MoltTypeId type = molt_schema_find(trip->first, "Node");
    unsigned count = 1 + below(trip, NODES);
    for (unsigned i = 0; i < count; i++) {
        nodes[i] = molt_heap_new(heap, type, 1);
        if (below(trip, 4) == 0)
            assert_true(molt_heap_delete(heap, molt_heap_new(heap, type, 1)));
    }
    for (unsigned i = 0; i < count; i++)
        fill_node(trip, heap, nodes, count, nodes[i]);
    molt_heap_set_root(heap, 0, nodes[0]);
    return heap;
}

/* ---- ways ------------------------------------------------------------------------------------ */

static char *dump(const MoltHeap *heap)
{
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(molt_dump_json(heap, NULL, &text, &length, NULL), MOLT_OK);
    return text;
}

static void expect(const Trip *trip, const MoltHeap *heap, const char *wanted, const char *way)
{
    char *text = dump(heap);
    if (strcmp(text, wanted) != 0)
        fail_msg("seed %llu: %s gives another state:\n%s\nthan\n%s", (unsigned long long)trip->seed,
                 way, text, wanted);
    free(text);
}

static void save(Trip *trip, const MoltHeap *heap, const char *path)
{
    MoltError error = {0};
    MoltSaveDesc desc = {.policy = MOLT_POLICY_STRICT};
    if (molt_snapshot_file_save(heap, path, &desc, &trip->report, &error) != MOLT_OK)
        fail_msg("seed %llu: save: %s", (unsigned long long)trip->seed, error.text);
}

static MoltHeap *load(Trip *trip, const char *path, const MoltSchema *schema, MoltPolicy policy)
{
    MoltHeap *heap = NULL;
    MoltSnapshotFile *file = NULL;
    MoltError error = {0};
    MoltLoadDesc desc = {.schema = schema, .policy = policy, .heap.reserve = (uint64_t)1 << 30};
    if (molt_snapshot_file_open(path, false, NULL, &file, &error) != MOLT_OK ||
        molt_snapshot_file_load(file, &desc, &heap, &trip->report, &error) != MOLT_OK)
        fail_msg("seed %llu: load: %s", (unsigned long long)trip->seed, error.text);
    molt_snapshot_file_close(file);
    return heap;
}

static void assert_same_files(const Trip *trip)
{
    FILE *a = fopen(trip->path, "rb"), *b = fopen(trip->other, "rb");
    int left, right;
    do {
        left = getc(a), right = getc(b);
        if (left != right)
            fail_msg("seed %llu: equal states, other files", (unsigned long long)trip->seed);
    } while (left != EOF);
    fclose(a);
    fclose(b);
}

static void through_a_file(Trip *trip, const char *wanted)
{
    MoltHeap *copy = load(trip, trip->path, trip->first, MOLT_POLICY_STRICT);
    expect(trip, copy, wanted, "a file");
    save(trip, copy, trip->other);
    assert_same_files(trip);
    molt_heap_destroy(copy);
}

static void through_a_dump(Trip *trip, const char *wanted)
{
    MoltHeap *copy = new_heap(trip->first);
    MoltError error = {0};
    MoltImportDesc desc = {.policy = MOLT_POLICY_STRICT};
    if (molt_import_json(copy, wanted, strlen(wanted), &desc, &error) != MOLT_OK)
        fail_msg("seed %llu: import: %s", (unsigned long long)trip->seed, error.text);
    expect(trip, copy, wanted, "a dump");
    molt_heap_destroy(copy);
}

static void migrate(Trip *trip, MoltHeap *heap)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltError error = {0};
    if (molt_plan_build(trip->first, trip->later, MOLT_POLICY_STRICT, NULL, &plan, &trip->report,
                        &error) != MOLT_OK ||
        molt_migrate_prepare(heap, plan, NULL, &migration, &trip->report, &error) != MOLT_OK)
        fail_msg("seed %llu: migration: %s", (unsigned long long)trip->seed, error.text);
    molt_migrate_commit(migration);
    molt_plan_free(plan);
}

/* The older file into the later version, and from there back into the older one. */
static void through_a_later_version(Trip *trip, MoltHeap *heap, const char *wanted)
{
    migrate(trip, heap);
    char *migrated = dump(heap);
    MoltHeap *copy = load(trip, trip->path, trip->later, MOLT_POLICY_STRICT);
    expect(trip, copy, migrated, "an older file");
    save(trip, copy, trip->other);
    molt_heap_destroy(copy);
    copy = load(trip, trip->other, trip->later, MOLT_POLICY_STRICT);
    expect(trip, copy, migrated, "a migrated file");
    molt_heap_destroy(copy);
    copy = load(trip, trip->other, trip->first, MOLT_POLICY_LIVE); /* takes the rename back */
    assert_int_equal(molt_report_total(&trip->report, MOLT_LOSS), 0);
    expect(trip, copy, wanted, "the way back");
    molt_heap_destroy(copy);
    free(migrated);
}

static void every_way_gives_the_same_state(void **state)
{
    Trip *trip = *state;
    const char *only = getenv("MOLT_TEST_SEED");
    uint64_t first = only ? strtoull(only, NULL, 10) : 1, last = only ? first : SEEDS;
    for (trip->seed = first; trip->seed <= last; trip->seed++) {
        trip->chance = trip->seed * 0x9E3779B97F4A7C15u | 1;
        MoltHeap *heap = make_state(trip);
        char *wanted = dump(heap);
        save(trip, heap, trip->path);
        through_a_file(trip, wanted);
        through_a_dump(trip, wanted);
        through_a_later_version(trip, heap, wanted);
        free(wanted);
        molt_heap_destroy(heap);
        molt_report_clear(&trip->report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_gives_the_same_state, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
