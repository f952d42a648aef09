/* A graph whose objects all grow: the pointers of each lead anywhere in it. Against the same conversion
 * that leaves the pointers as they are, and against the way a program does it that knows no more of its
 * memory than the pointers say: walk from the root, with a table of the addresses that were seen. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "edit.h"

enum { LINKS = 3 };

typedef struct Node {
    struct Node *links[LINKS];
    uint64_t id;
    double x, y;
    uint64_t born;
    float heat, light;
} Node;

typedef struct Grown {
    struct Grown *links[LINKS];
    uint64_t id;
    double x, y, z, mass, charge;
    uint64_t born;
    float heat, light;
} Grown;

_Static_assert(sizeof(Node) == 64 && sizeof(Grown) == 88, "the figures are stated for these sizes");

#define MEMBERS(Type)                                                                              \
    {"links", "Node *[3]", offsetof(Type, links)}, {"id", "unsigned long", offsetof(Type, id)},    \
        {"x", "double", offsetof(Type, x)}, {"y", "double", offsetof(Type, y)},                    \
        {"born", "unsigned long", offsetof(Type, born)}, {"heat", "float", offsetof(Type, heat)},  \
    {                                                                                              \
        "light", "float", offsetof(Type, light)                                                    \
    }

static const Member node_members[] = {MEMBERS(Node)};
static const Member grown_members[] = {MEMBERS(Grown),
                                       {"z", "double", offsetof(Grown, z)},
                                       {"mass", "double", offsetof(Grown, mass)},
                                       {"charge", "double", offsetof(Grown, charge)}};

static const Struct before_edit = BENCH_STRUCT("Node", node_members, Node);
static const Struct after_edit = BENCH_STRUCT("Node", grown_members, Grown);

/* Open addressing; a place without `old` is free. */
typedef struct Seen {
    const Node *old;
    Grown *now;
} Seen;

typedef struct Bench {
    uint64_t count, slots;
    Edit edit;
    MoltSchema *before, *after;
    MoltHeap *heap;
    Node *source;
    Grown *target;
    uint32_t *to; /* numbers of the nodes that each node's links lead to */
    Seen *seen;
    const Node **waiting;
    Samples ours, raw, walk;
} Bench;

/* ---- the graph ------------------------------------------------------------------------------ */

/* Two links lead anywhere; the third ones make one circle through all nodes, in an order by chance, so that
 * a walk gets everywhere. */
static void choose_links(Bench *bench)
{
    uint64_t chance = 88172645463325252u, count = bench->count;
    uint32_t *order = (uint32_t *)bench->seen; /* not in use yet */
    for (uint64_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
        for (int link = 0; link < LINKS - 1; link++)
            bench->to[i * LINKS + (uint64_t)link] = (uint32_t)(bench_chance(&chance) % count);
    }
    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t other = bench_chance(&chance) % (i + 1);
        uint32_t moved = order[i];
        order[i] = order[other];
        order[other] = moved;
    }
    for (uint64_t i = 0; i < count; i++)
        bench->to[(uint64_t)order[i] * LINKS + LINKS - 1] = order[(i + 1) % count];
}

static void fill_node(const Bench *bench, Node *const *nodes, Node *node, uint64_t number)
{
    *node = (Node){.id = number, .x = (double)number, .born = number * 17, .light = 1};
    for (uint64_t link = 0; link < LINKS; link++) {
        uint32_t to = bench->to[number * LINKS + link];
        node->links[link] = nodes ? nodes[to] : &bench->source[to];
    }
}

static bool fill(Bench *bench)
{
    MoltTypeId type = molt_schema_find(bench->before, "Node");
    Node **nodes = bench_map(bench->count * sizeof *nodes);
    bool ok = nodes != NULL;
    choose_links(bench);
    for (uint64_t i = 0; ok && i < bench->count; i++) {
        nodes[i] = molt_heap_new(bench->heap, type, 1);
        ok = nodes[i] != NULL;
        fill_node(bench, NULL, &bench->source[i], i);
    }
    for (uint64_t i = 0; ok && i < bench->count; i++)
        fill_node(bench, nodes, nodes[i], i);
    if (ok)
        molt_heap_set_root(bench->heap, 0, nodes[0]);
    bench_unmap(nodes, bench->count * sizeof *nodes);
    return ok;
}

static bool is_right(const Bench *bench)
{
    const Grown *node = molt_heap_root(bench->heap, 0);
    for (uint64_t i = 0, number = 0; i < bench->count; i++) {
        const uint32_t *to = &bench->to[number * LINKS];
        if (node->id != number || node->born != number * 17 || node->mass != 0)
            return false;
        for (int link = 0; link < LINKS; link++)
            if (node->links[link]->id != to[link])
                return false;
        number = to[LINKS - 1];
        node = node->links[LINKS - 1];
    }
    return true;
}

/* ---- what is compared ----------------------------------------------------------------------- */

static void convert_node(const Node *was, Grown *is)
{
    is->id = was->id;
    is->x = was->x;
    is->y = was->y;
    is->z = 0;
    is->mass = 0;
    is->charge = 0;
    is->born = was->born;
    is->heat = was->heat;
    is->light = was->light;
}

static void convert_raw(Bench *bench)
{
    uint64_t started = bench_now();
    for (uint64_t i = 0; i < bench->count; i++) {
        memcpy(bench->target[i].links, bench->source[i].links, sizeof bench->source[i].links);
        convert_node(&bench->source[i], &bench->target[i]);
    }
    __asm__ volatile("" : : "r"(bench->target) : "memory");
    bench_sample(&bench->raw, bench_now() - started);
}

/* The place of an object, which gets one and is put on the list when it was not seen before. */
static Grown *visit(Bench *bench, const Node *node, uint64_t *found)
{
    uint64_t slot = (uint64_t)(uintptr_t)node * 0x9e3779b97f4a7c15u >> 32 & (bench->slots - 1);
    while (bench->seen[slot].old && bench->seen[slot].old != node)
        slot = (slot + 1) & (bench->slots - 1);
    if (!bench->seen[slot].old) {
        bench->waiting[*found] = node;
        bench->seen[slot] = (Seen){node, &bench->target[(*found)++]};
    }
    return bench->seen[slot].now;
}

static bool walk(Bench *bench)
{
    uint64_t started = bench_now(), found = 0;
    memset(bench->seen, 0, bench->slots * sizeof *bench->seen);
    visit(bench, &bench->source[0], &found);
    for (uint64_t done = 0; done < found; done++) {
        const Node *was = bench->waiting[done];
        for (int link = 0; link < LINKS; link++)
            bench->target[done].links[link] = visit(bench, was->links[link], &found);
        convert_node(was, &bench->target[done]);
    }
    bench_sample(&bench->walk, bench_now() - started);
    return found == bench->count;
}

static bool run_rounds(Bench *bench, int rounds)
{
    convert_raw(bench);
    bench->raw.count = 0; /* the first one warms up */
    for (int round = -1; round < rounds; round++) {
        if (round >= 0)
            convert_raw(bench);
        if (!bench_migrate(bench->heap, &bench->edit, round < 0 ? NULL : &bench->ours))
            return false;
        bool right = is_right(bench);
        if (!right || !bench_migrate_back(bench->heap, &bench->edit)) {
            fputs("molt-bench: a node of the graph has wrong values\n", stderr);
            return false;
        }
        if (round >= 0 && round < 3 && !walk(bench))
            return false;
    }
    return true;
}

static bool open_bench(Bench *bench)
{
    for (bench->slots = 64; bench->slots < 2 * bench->count;)
        bench->slots *= 2;
    bench->before = bench_schema(&before_edit, 1);
    bench->after = bench_schema(&after_edit, 1);
    bench->source = bench_map(bench->count * sizeof *bench->source);
    bench->target = bench_map(bench->count * sizeof *bench->target);
    bench->to = bench_map(bench->count * LINKS * sizeof *bench->to);
    bench->seen = bench_map(bench->slots * sizeof *bench->seen);
    bench->waiting = bench_map(bench->count * sizeof *bench->waiting);
    bench->heap = bench->before ? bench_heap(bench->before) : NULL;
    return bench->source && bench->target && bench->to && bench->seen && bench->waiting &&
           bench->heap && bench_edit_make(bench->before, bench->after, true, &bench->edit) &&
           fill(bench);
}

bool bench_graph(Table *table, uint64_t count, int rounds)
{
    static Bench bench;
    char name[96], size[32];
    bench = (Bench){.count = count};
    bool ok = open_bench(&bench) && run_rounds(&bench, rounds);
    if (ok) {
        snprintf(name, sizeof name, "graph of %s nodes, 3 pointers each, 64 to 88 bytes",
                 bench_number(count, size));
        bench_add(table, name, &bench.ours, "the same by hand, pointers copied raw", &bench.raw,
                  (double)count, 1.4);
        bench_add(table, name, &bench.ours, "a walk with an address hash by hand", &bench.walk,
                  (double)count, 1.0 / 12);
    }
    molt_heap_destroy(bench.heap);
    bench_edit_free(&bench.edit);
    molt_schema_free(bench.before);
    molt_schema_free(bench.after);
    bench_unmap(bench.source, count * sizeof *bench.source);
    bench_unmap(bench.target, count * sizeof *bench.target);
    bench_unmap(bench.to, count * LINKS * sizeof *bench.to);
    bench_unmap(bench.seen, bench.slots * sizeof *bench.seen);
    bench_unmap(bench.waiting, count * sizeof *bench.waiting);
    return ok;
}
