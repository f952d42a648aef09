#include "place_graph.h"

#include <string.h>

/* ---- places ---------------------------------------------------------------------------------- */

static uint32_t slot_of(const MoltPlaceGraph *graph, const char *name)
{
    uint32_t slot = 2166136261u;
    for (const char *c = name; *c != '\0'; c++) {
        slot = (slot ^ (unsigned char)*c) * 16777619u;
    }
    slot &= graph->slot_count - 1;
    while (graph->slots[slot] != 0 &&
           strcmp(graph->nodes[graph->slots[slot] - 1].name, name) != 0) {
        slot = (slot + 1) & (graph->slot_count - 1);
    }
    return slot;
}

uint32_t molt__place_find(const MoltPlaceGraph *graph, const char *name)
{
    return graph->slots[slot_of(graph, name)] - 1; /* 0 becomes UINT32_MAX */
}

static uint32_t add_place(MoltPlaceGraph *graph, const char *name)
{
    uint32_t slot = slot_of(graph, name);
    if (graph->slots[slot] == 0) {
        graph->nodes = molt__arena_grow(graph->arena, graph->nodes, graph->count, &graph->capacity,
                                        sizeof *graph->nodes);
        graph->nodes[graph->count] = (MoltPlaceNode){.name = name};
        graph->slots[slot] = ++graph->count;
    }
    return graph->slots[slot] - 1;
}

static void connect(MoltPlaceGraph *graph, uint32_t from, uint32_t to)
{
    graph->edges = molt__arena_grow(graph->arena, graph->edges, graph->edge_count,
                                    &graph->edge_capacity, sizeof *graph->edges);
    MoltPlaceNode *source = &graph->nodes[from], *target = &graph->nodes[to];
    graph->edges[graph->edge_count++] = (MoltPlaceEdge){to, from, source->out, target->in};
    source->out = target->in = graph->edge_count;
}

/* Not for arguments: they are no news to who gave them. */
static void add_edge(MoltPlaceGraph *graph, uint32_t from, uint32_t to)
{
    connect(graph, from, to);
    if (graph->nodes[to].put != 0) {
        connect(graph, from, graph->nodes[to].put - 1);
    }
}

/* ---- facts ----------------------------------------------------------------------------------- */

/* "r take@file.c" or "p take@file.c#1" is of a wrapper. */
static bool is_of_wrapper(MoltArena *arena, const MoltWrappers *wrappers, const char *name)
{
    const char *function = name + 2;
    const char *file = strchr(function, '@');
    size_t length = strcspn(function, file != NULL ? "@" : "#");
    const char *in = file != NULL ? molt__arena_copy(arena, file + 1, strlen(file + 1)) : "";
    const char *number = name[0] == 'p' ? strrchr(in, '#') : NULL;
    in = number != NULL ? molt__arena_copy(arena, in, (size_t)(number - in)) : in;
    return molt__wrapper(wrappers, molt__arena_copy(arena, function, length), in) != NULL;
}

static void add_flow_places(MoltPlaceGraph *graph, const MoltWrappers *wrappers,
                            const MoltFlow *flow)
{
    if (flow->kind == MOLT_FLOW_HASH) {
        add_place(graph, flow->b);
    } else if (flow->kind != MOLT_FLOW_VIEW && flow->kind < MOLT_FLOW_NUMBER) {
        add_place(graph, flow->a);
    }
    if (flow->kind < MOLT_FLOW_GIVE) {
        uint32_t b = add_place(graph, flow->b);
        bool lends = flow->kind == MOLT_FLOW_LEND && graph->nodes[b].put == 0;
        if (lends && !is_of_wrapper(graph->arena, wrappers, flow->b)) {
            const char *name = molt__arena_format(graph->arena, "* %s", flow->b);
            uint32_t put = add_place(graph, name);
            graph->nodes[b].put = put + 1;
        }
    }
}

static void add_flow(MoltPlaceGraph *graph, const MoltWrappers *wrappers, const MoltFlow *flow)
{
    if (flow->kind >= MOLT_FLOW_NUMBER) {
        return; /* of numbers, which lead nowhere */
    }
    uint32_t a = molt__place_find(graph, flow->a), b = molt__place_find(graph, flow->b);
    switch (flow->kind) {
    case MOLT_FLOW_JOIN:
        graph->nodes[a].leads = graph->nodes[b].leads = true;
        add_edge(graph, a, b);
        add_edge(graph, b, a);
        break;
    case MOLT_FLOW_MOVE: add_edge(graph, b, a); break;
    case MOLT_FLOW_LEND:
        graph->nodes[a].leads = graph->nodes[b].leads = true;
        connect(graph, a, b);
        if (graph->nodes[b].put != 0) {
            add_edge(graph, graph->nodes[b].put - 1, a);
        }
        break;
    case MOLT_FLOW_PASS: connect(graph, a, b); break;
    case MOLT_FLOW_CALL:
        if (flow->b[0] == 's' || !is_of_wrapper(graph->arena, wrappers, flow->b)) {
            add_edge(graph, b, a);
        }
        break;
    case MOLT_FLOW_TEXT: graph->nodes[a].text = true; break;
    default: break;
    }
}

/* To a pointer leads, too, what is given a place that does. */
static bool spread_leads(MoltPlaceGraph *graph)
{
    bool news = false;
    for (uint32_t i = 0; i < graph->count; i++) {
        for (uint32_t e = graph->nodes[i].out; graph->nodes[i].leads && e != 0;
             e = graph->edges[e - 1].next_out) {
            MoltPlaceNode *to = &graph->nodes[graph->edges[e - 1].to];
            news = news || !to->leads;
            to->leads = true;
        }
    }
    return news;
}

typedef struct Units {
    MoltPlaceGraph *graph;
    const MoltLibraryNames *names;
} Units;

/* With a pointer that is copied as bytes goes what it points to. True: that made places lead to one. */
static bool add_copied_pointers(const Units *units)
{
    MoltPlaceGraph *graph = units->graph;
    bool news = false;
    for (uint32_t u = 0; u < units->names->unit_count; u++) {
        const MoltFlows *flows = &units->names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            if (flows->items[i].kind != MOLT_FLOW_COPY) {
                continue;
            }
            uint32_t a = molt__place_find(graph, flows->items[i].a),
                     b = molt__place_find(graph, flows->items[i].b);
            if (graph->nodes[a].leads != graph->nodes[b].leads) {
                graph->nodes[a].leads = graph->nodes[b].leads = news = true;
            }
        }
    }
    return news;
}

static void join_copied_pointers(const Units *units)
{
    MoltPlaceGraph *graph = units->graph;
    for (uint32_t u = 0; u < units->names->unit_count; u++) {
        const MoltFlows *flows = &units->names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            uint32_t a = flows->items[i].kind == MOLT_FLOW_COPY
                             ? molt__place_find(graph, flows->items[i].a)
                             : UINT32_MAX;
            if (a != UINT32_MAX && graph->nodes[a].leads) {
                add_edge(graph, molt__place_find(graph, flows->items[i].b), a);
            }
        }
    }
}

static void note_text(const Units *units)
{
    MoltPlaceGraph *graph = units->graph;
    for (uint32_t u = 0; u < units->names->unit_count; u++) {
        const MoltFlows *flows = &units->names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            const MoltFlow *flow = &flows->items[i];
            if (flow->kind == MOLT_FLOW_MOVE || flow->kind == MOLT_FLOW_JOIN ||
                flow->kind == MOLT_FLOW_COPY || flow->kind == MOLT_FLOW_CALL) {
                MoltPlaceNode *a = &graph->nodes[molt__place_find(graph, flow->a)],
                              *b = &graph->nodes[molt__place_find(graph, flow->b)];
                a->takes_text = a->takes_text || b->text;
                b->takes_text = b->takes_text || a->text;
            }
        }
    }
}

MoltPlaceGraph molt__place_graph(MoltArena *arena, const MoltLibraryNames *names,
                                 const MoltWrappers *wrappers)
{
    MoltPlaceGraph graph = {.arena = arena, .slot_count = 64};
    Units units = {&graph, names};
    uint32_t facts = 0;
    for (uint32_t u = 0; u < names->unit_count; u++) {
        facts += names->units[u].flows.count; /* each has two places at most, and a third lent */
    }
    while (graph.slot_count < facts * 6) {
        graph.slot_count *= 2;
    }
    graph.slots = molt__arena_alloc(arena, graph.slot_count * sizeof *graph.slots);
    memset(graph.slots, 0, graph.slot_count * sizeof *graph.slots);
    for (uint32_t i = 0; i < 2 * names->unit_count; i++) {
        const MoltFlows *flows = &names->units[i % names->unit_count].flows;
        for (uint32_t f = 0; f < flows->count; f++) {
            (i < names->unit_count ? add_flow_places : add_flow)(&graph, wrappers,
                                                                 &flows->items[f]);
        }
    }
    do {
        while (spread_leads(&graph)) {
        }
    } while (add_copied_pointers(&units));
    join_copied_pointers(&units);
    note_text(&units);
    return graph;
}

/* ---- reach ----------------------------------------------------------------------------------- */

void molt__place_spread(const MoltPlaceGraph *graph, uint32_t *marks, uint32_t *queue,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t e = graph->nodes[queue[i]].out; e != 0; e = graph->edges[e - 1].next_out) {
            uint32_t to = graph->edges[e - 1].to;
            if (marks[to] == 0) {
                marks[to] = marks[queue[i]];
                queue[count++] = to;
            }
        }
    }
}

static bool stops(const MoltPlaceGraph *graph, const uint32_t *stop, uint32_t node)
{
    const char kind = graph->nodes[node].name[0];
    return stop != NULL && stop[node] != 0 && kind != 'l' && kind != 'r';
}

uint32_t molt__place_sources(const MoltPlaceGraph *graph, uint32_t place, const uint32_t *stop,
                             unsigned char *seen, uint32_t *queue)
{
    uint32_t count = 0;
    queue[count++] = place;
    seen[place] = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t e = stops(graph, stop, queue[i]) ? 0 : graph->nodes[queue[i]].in;
        for (; e != 0; e = graph->edges[e - 1].next_in) {
            uint32_t from = graph->edges[e - 1].from;
            if (!seen[from]) {
                seen[from] = 1;
                queue[count++] = from;
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        seen[queue[i]] = 0;
    }
    return count;
}
