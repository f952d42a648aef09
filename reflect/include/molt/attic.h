/* The attic: what live migrations dropped, clamped or cut, per object, until a later migration brings
 * the field back. It must never know files or libraries.
 *
 * A value returns when a plan from the layout that it was kept in gives it a place (the same name, a
 * MOLT_WAS that names it, the same or a convertible type) and the live value in that place, if there is
 * one, is still what the edits left there. A value that the game has written since is never replaced.
 * Values leave with their object. Pointers are kept by what they point at: they follow it, return NULL
 * when it was freed, and functions and constants of the library are found again by name.
 *
 * The memory is bounded: beyond the limit the oldest edits' values go, which the report of that
 * migration says (rule `attic-full`). Snapshots hold the attic of their moment. */
#ifndef MOLT_ATTIC_H
#define MOLT_ATTIC_H

#include "heap.h"

#define MOLT_ATTIC_LIMIT_DEFAULT ((uint64_t)64 << 20)

typedef struct MoltAtticStats {
    uint64_t objects; /* with kept values; one that lost values in two edits counts twice */
    uint64_t edits;   /* pairs of edit and type that values are kept from */
    uint64_t bytes;   /* all memory that the attic holds */
    uint64_t limit;   /* of MoltHeapDesc */
    uint64_t dropped_for_space; /* objects whose values went because of the limit, ever */
} MoltAtticStats;

void molt_attic_stats(const MoltHeap *heap, MoltAtticStats *out);

/* How many bytes it may hold; 0: it keeps nothing. */
uint64_t molt_attic_limit(const MoltHeap *heap);

/* Each field that values are kept of, as it was called when it was lost, oldest edits first; one that several
 * edits took away comes several times. `objects`: of how many; 0: of all that are older than the edit. */
typedef void MoltAtticVisit(void *context, const char *type, const char *field, uint64_t objects);
void molt_attic_fields(const MoltHeap *heap, MoltAtticVisit *visit, void *context);

/* Forgets every kept value, as if the edits before had kept none. */
void molt_attic_clear(MoltHeap *heap);

#endif
