/* The places of a library's flow of pointers and which of them are given what others point to. It must never
 * know what lies where they point. */
#ifndef MOLT_CODEGEN_PLACE_GRAPH_H
#define MOLT_CODEGEN_PLACE_GRAPH_H

#include "allocation_table.h"

/* The values of one place that go on to another. */
typedef struct MoltPlaceEdge {
    uint32_t to, from;
    uint32_t next_out, next_in; /* edge + 1 of the same place; 0: no more */
} MoltPlaceEdge;

typedef struct MoltPlaceNode {
    const char *name; /* as MoltFlow has it */
    uint32_t out, in; /* first edge + 1 */
    uint32_t put;     /* of a parameter: the place of what its function puts behind it, + 1 */
    bool text;        /* the place itself is text to C's functions */
    bool takes_text;  /* it is given to such a place, or from one */
    bool leads;       /* to a pointer */
} MoltPlaceNode;

typedef struct MoltPlaceGraph {
    MoltArena *arena;
    MoltPlaceNode *nodes;
    uint32_t count, capacity;
    MoltPlaceEdge *edges;
    uint32_t edge_count, edge_capacity;
    uint32_t *slots; /* index + 1 by name; twice as many as names at least */
    uint32_t slot_count;
} MoltPlaceGraph;

/* Of all units. What a wrapper returns goes nowhere: each of its calls is a place of its own. */
MoltPlaceGraph molt__place_graph(MoltArena *arena, const MoltLibraryNames *names,
                                 const MoltWrappers *wrappers);

/* UINT32_MAX when the flow has no such place. */
uint32_t molt__place_find(const MoltPlaceGraph *graph, const char *name);

/* Gives the mark of each place in `queue`, which is not 0, to all that its values come to and that have
 * none. `queue` has `count` places and room for all. */
void molt__place_spread(const MoltPlaceGraph *graph, uint32_t *marks, uint32_t *queue,
                        uint32_t count);

/* Fills `queue` with the place and all from which values come to it; the result is how many they are.
 * Nothing comes through places that have a mark in `stop`, but results and local variables; NULL: through
 * all. `seen` has a byte per place, all 0 before and after. */
uint32_t molt__place_sources(const MoltPlaceGraph *graph, uint32_t place, const uint32_t *stop,
                             unsigned char *seen, uint32_t *queue);

#endif
