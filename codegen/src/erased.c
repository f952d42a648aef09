/* Places between which pointers pass are put into one class. A parameter that only looks at what it is
 * given, as that of a function which frees or compares, joins nothing: else all that a program ever frees
 * would be one class. What a wrapper returns is as many classes as it has calls. */
#include "erased.h"

#include <stdlib.h>
#include <string.h>

#include "path.h"

enum { NOTES_MAX = 8 /* of one type */ };

/* A place of the flow; of a class what its root has counts. */
typedef struct Node {
    const char *name;
    uint32_t parent;
    bool leaks;         /* what is given to it may stay somewhere */
    bool text;          /* the place itself is text to C's functions */
    bool takes_text;    /* some place that it joins is */
    bool stores;        /* an allocation of the class has no type */
    uint32_t parameter; /* a parameter of the class + 1 */
} Node;

typedef struct Graph {
    MoltArena *arena;
    const MoltLibraryNames *names;
    const MoltWrappers *wrappers;
    MoltUnit *library;
    Node *nodes;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1 by name; twice as many as names at least */
    uint32_t slot_count;
} Graph;

/* ---- places ---------------------------------------------------------------------------------- */

/* UINT32_MAX when there is none of that name and `add` is false. */
static uint32_t find(Graph *graph, const char *name, bool add)
{
    uint32_t slot = 2166136261u;
    for (const char *c = name; *c != '\0'; c++) {
        slot = (slot ^ (unsigned char)*c) * 16777619u;
    }
    for (slot &= graph->slot_count - 1; graph->slots[slot] != 0;
         slot = (slot + 1) & (graph->slot_count - 1)) {
        if (strcmp(graph->nodes[graph->slots[slot] - 1].name, name) == 0) {
            return graph->slots[slot] - 1;
        }
    }
    if (!add) {
        return UINT32_MAX;
    }
    graph->nodes = molt__arena_grow(graph->arena, graph->nodes, graph->count, &graph->capacity,
                                    sizeof *graph->nodes);
    graph->nodes[graph->count] = (Node){.name = name, .parent = graph->count};
    graph->slots[slot] = ++graph->count;
    return graph->count - 1;
}

static uint32_t root_of(Graph *graph, uint32_t node)
{
    while (graph->nodes[node].parent != node) {
        graph->nodes[node].parent = graph->nodes[graph->nodes[node].parent].parent;
        node = graph->nodes[node].parent;
    }
    return node;
}

static uint32_t class_of(Graph *graph, const char *name)
{
    return root_of(graph, find(graph, name, true));
}

static void join(Graph *graph, const char *a, const char *b)
{
    uint32_t left = class_of(graph, a), right = class_of(graph, b);
    if (left != right) {
        Node *into = &graph->nodes[left], *from = &graph->nodes[right];
        from->parent = left;
        /* what is handed from one parameter to another one stays there */
        into->leaks = into->leaks || from->leaks || (into->parameter != 0 && from->parameter != 0);
        into->stores = into->stores || from->stores;
        into->parameter = into->parameter != 0 ? into->parameter : from->parameter;
    }
}

/* "r take@file.c" or "p take@file.c#1" is of a wrapper. */
static bool is_of_wrapper(const Graph *graph, const char *name)
{
    const char *function = name + 2;
    const char *file = strchr(function, '@');
    size_t length = file != NULL ? (size_t)(file - function) : strlen(function);
    return molt__wrapper(graph->wrappers, molt__arena_copy(graph->arena, function, length),
                         file != NULL ? file + 1 : "") != NULL;
}

/* ---- facts ----------------------------------------------------------------------------------- */

typedef void Each(Graph *graph, uint32_t unit, const MoltFlow *flow);

static void for_each(Graph *graph, Each *each)
{
    for (uint32_t u = 0; u < graph->names->unit_count; u++) {
        const MoltFlows *flows = &graph->names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            each(graph, u, &flows->items[i]);
        }
    }
}

static void add_place(Graph *graph, const char *name)
{
    uint32_t node = find(graph, name, true);
    bool result = name[0] == 'r' && !is_of_wrapper(graph, name);
    graph->nodes[node].leaks = graph->nodes[node].leaks || result || name[0] == 'd';
    graph->nodes[node].parameter = name[0] == 'p' ? node + 1 : 0;
}

static void add_places(Graph *graph, uint32_t unit, const MoltFlow *flow)
{
    (void)unit;
    if (flow->kind == MOLT_FLOW_VIEW) {
        return;
    }
    add_place(graph, flow->a);
    if (flow->kind == MOLT_FLOW_JOIN || flow->kind == MOLT_FLOW_PASS ||
        flow->kind == MOLT_FLOW_CALL) {
        add_place(graph, flow->b);
    } else if (flow->kind == MOLT_FLOW_TEXT) {
        graph->nodes[find(graph, flow->a, true)].text = true;
    } else if (flow->kind == MOLT_FLOW_HOLD) {
        graph->nodes[find(graph, flow->a, true)].leaks = true;
    }
}

static void add_joins(Graph *graph, uint32_t unit, const MoltFlow *flow)
{
    (void)unit;
    bool call =
        flow->kind == MOLT_FLOW_CALL && (flow->b[0] == 's' || !is_of_wrapper(graph, flow->b));
    if (flow->kind == MOLT_FLOW_JOIN || call) {
        Node *a = &graph->nodes[find(graph, flow->a, true)];
        Node *b = &graph->nodes[find(graph, flow->b, true)];
        a->takes_text = a->takes_text || b->text;
        b->takes_text = b->takes_text || a->text;
        join(graph, flow->a, flow->b);
    }
}

/* What goes on to a place that leaks leaks; true when that is news. */
static bool spread(Graph *graph)
{
    bool news = false;
    for (uint32_t u = 0; u < graph->names->unit_count; u++) {
        const MoltFlows *flows = &graph->names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            if (flows->items[i].kind == MOLT_FLOW_PASS) {
                Node *from = &graph->nodes[class_of(graph, flows->items[i].a)];
                bool leaks = graph->nodes[class_of(graph, flows->items[i].b)].leaks;
                news = news || (leaks && !from->leaks);
                from->leaks = from->leaks || leaks;
            }
        }
    }
    return news;
}

static void add_passes(Graph *graph, uint32_t unit, const MoltFlow *flow)
{
    (void)unit;
    if (flow->kind == MOLT_FLOW_PASS && graph->nodes[class_of(graph, flow->b)].leaks) {
        join(graph, flow->a, flow->b);
    }
}

/* ---- types ----------------------------------------------------------------------------------- */

/* A type that what points to the class is used as. */
typedef struct Held {
    uint32_t class;
    const char *type;
    MoltPlace place;
} Held;

typedef struct HeldTypes {
    Graph *graph;
    Held *items; /* sorted by class and type, each once */
    uint32_t count, capacity;
    MoltFlow *views; /* under the library's names */
    uint32_t view_count, view_capacity;
    MoltFlow *areas;
    uint32_t area_count, area_capacity;
} HeldTypes;

static const char *library_type(const Graph *graph, uint32_t unit, const char *name)
{
    MoltTypeId id = molt_schema_find(graph->names->units[unit].schema, name);
    return id != MOLT_NO_TYPE ? molt__library_name(graph->names, unit, id) : name;
}

static void add_held(HeldTypes *held, uint32_t class, const char *type, MoltPlace place)
{
    for (uint32_t i = 0; i < held->count; i++) {
        if (held->items[i].class == class && strcmp(held->items[i].type, type) == 0) {
            return;
        }
    }
    held->items = molt__arena_grow(held->graph->arena, held->items, held->count, &held->capacity,
                                   sizeof *held->items);
    held->items[held->count++] = (Held){class, type, place};
}

static void collect_unit(HeldTypes *held, uint32_t unit)
{
    Graph *graph = held->graph;
    const MoltFlows *flows = &graph->names->units[unit].flows;
    for (uint32_t i = 0; i < flows->count; i++) {
        MoltFlow flow = flows->items[i];
        if (flow.kind == MOLT_FLOW_HOLD) {
            add_held(held, class_of(graph, flow.a), library_type(graph, unit, flow.b), flow.place);
        } else if (flow.kind == MOLT_FLOW_VIEW) {
            flow.a = library_type(graph, unit, flow.a);
            flow.b = library_type(graph, unit, flow.b);
            held->views = molt__arena_grow(graph->arena, held->views, held->view_count,
                                           &held->view_capacity, sizeof *held->views);
            held->views[held->view_count++] = flow;
        } else if (flow.kind == MOLT_FLOW_AREA) {
            flow.b = library_type(graph, unit, flow.b);
            held->areas = molt__arena_grow(graph->arena, held->areas, held->area_count,
                                           &held->area_capacity, sizeof *held->areas);
            held->areas[held->area_count++] = flow;
        }
    }
}

/* A pointer to one struct that is cast to one of another: where the first may lie, the second may. */
static void add_views(HeldTypes *held)
{
    for (uint32_t i = 0; i < held->count; i++) {
        for (uint32_t v = 0; v < held->view_count; v++) {
            const MoltFlow *view = &held->views[v];
            const Held item = held->items[i];
            if (strcmp(item.type, view->a) == 0) {
                add_held(held, item.class, view->b, item.place);
            } else if (strcmp(item.type, view->b) == 0) {
                add_held(held, item.class, view->a, item.place);
            }
        }
    }
}

static bool holds_any(const HeldTypes *held, uint32_t class)
{
    for (uint32_t i = 0; i < held->count; i++) {
        if (held->items[i].class == class) {
            return true;
        }
    }
    return false;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Bytes by the pointer that took the block, not by sizeof. */
static bool is_of_bytes(const MoltUnitAllocation *call)
{
    static const char *const names[] = {"char", "signed char", "unsigned char"};
    for (size_t i = 0; call->by_pointer && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(call->type, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void mark_blocks(HeldTypes *held)
{
    Graph *graph = held->graph;
    for (uint32_t i = 0; i < graph->library->allocation_count; i++) {
        MoltUnitAllocation *call = &graph->library->allocations[i];
        const char *name = molt__arena_format(graph->arena, "l %s:%u:%u", call->place.file,
                                              call->place.line, call->place.column);
        uint32_t node = find(graph, name, false);
        if (node == UINT32_MAX || call->gives_on) {
            continue;
        }
        uint32_t class = root_of(graph, node);
        if (is_of_bytes(call) && !graph->nodes[node].takes_text && holds_any(held, class)) {
            call->type = "";
            call->reason = "structs are put into it";
        }
        graph->nodes[class].stores = graph->nodes[class].stores || call->type[0] == '\0';
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static void add_erased(const Graph *graph, const Held *item, const char *inside)
{
    MoltUnit *library = graph->library;
    uint32_t known = 0;
    for (uint32_t i = 0; i < library->erased_count; i++) {
        bool same = strcmp(library->erased[i].type, item->type) == 0;
        const char *in = strstr(library->erased[i].text, " in ");
        if (same && strcmp(in != NULL ? in + 4 : "", inside) == 0) {
            return;
        }
        known += same;
    }
    if (known == NOTES_MAX) {
        return;
    }
    const char *file = molt__path_recorded(graph->arena, library->base, item->place.file);
    library->erased = molt__arena_grow(graph->arena, library->erased, library->erased_count,
                                       &library->erased_capacity, sizeof *library->erased);
    library->erased[library->erased_count++] = (MoltUnitErased){
        item->type, molt__arena_format(graph->arena, "%s:%u%s%s", file, item->place.line,
                                       inside[0] != '\0' ? " in " : "", inside)};
}

static void list_erased(HeldTypes *held)
{
    Graph *graph = held->graph;
    for (uint32_t i = 0; i < held->count; i++) {
        const Held *item = &held->items[i];
        if (graph->nodes[item->class].stores) {
            add_erased(graph, item, "");
        }
        for (uint32_t a = 0; a < held->area_count; a++) {
            const MoltFlow *area = &held->areas[a];
            uint32_t node = find(graph, area->a, true);
            if (root_of(graph, node) == item->class && !graph->nodes[node].text) {
                add_erased(graph, item,
                           molt__arena_format(graph->arena, "%s.%s", area->b, area->place.file));
            }
        }
    }
}

static int compare_erased(const void *a, const void *b)
{
    const MoltUnitErased *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    return order != 0 ? order : strcmp(x->text, y->text);
}

void molt__erased_link(MoltArena *arena, const MoltLibraryNames *names,
                       const MoltWrappers *wrappers, MoltUnit *library)
{
    Graph graph = {
        .arena = arena, .names = names, .wrappers = wrappers, .library = library, .slot_count = 64};
    HeldTypes held = {.graph = &graph};
    uint32_t facts = 0;
    for (uint32_t u = 0; u < names->unit_count; u++) {
        facts += names->units[u].flows.count;
    }
    while (graph.slot_count < facts * 4) {
        graph.slot_count *= 2;
    }
    graph.slots = molt__arena_alloc(arena, graph.slot_count * sizeof *graph.slots);
    memset(graph.slots, 0, graph.slot_count * sizeof *graph.slots);
    for_each(&graph, add_places);
    for_each(&graph, add_joins);
    while (spread(&graph)) {
    }
    for_each(&graph, add_passes);
    for (uint32_t u = 0; u < names->unit_count; u++) {
        collect_unit(&held, u);
    }
    add_views(&held);
    mark_blocks(&held);
    list_erased(&held);
    if (library->erased_count > 0) {
        qsort(library->erased, library->erased_count, sizeof *library->erased, compare_erased);
    }
}
