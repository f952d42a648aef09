/* Where the values of a struct go from one schema to the next, as the plan has it: pairs of places. Fields
 * pair as a whole unless MOLT_MOVED takes a value into or out of one; then its members or elements do. It
 * must never know live values, nor how the pairs are shown. */
#ifndef MOLT_TOOL_MAPPING_H
#define MOLT_TOOL_MAPPING_H

#include "layout.h"
#include "molt/plan.h"
#include "spot.h"

typedef enum MoltMove {
    MOLT__MOVE_NONE,      /* same place, same declaration */
    MOLT__MOVE_OFFSET,    /* another place */
    MOLT__MOVE_CONVERTED, /* another declaration, whatever the place */
    MOLT__MOVE_RENAMED,   /* another name and the same type */
    MOLT__MOVE_ADDED,     /* no old place */
    MOLT__MOVE_DROPPED    /* no new place */
} MoltMove;

typedef struct MoltMapped {
    bool was, is; /* it has an old place, a new one; false: dropped or added */
    bool apart;   /* the new place is in a block of its own, and `after` has its declaration only */
    MoltSpot before, after;
    MoltMove move;
} MoltMapped;

typedef struct MoltMapping {
    MoltLayout before, after;
    MoltMapped *rows; /* new places by offset, then those of other blocks, then the dropped ones */
    uint32_t row_count, row_slots;
    MoltReport report; /* what the plan says about the whole of both schemas */
    bool refused;      /* no state can go from one to the other; the report says why */
} MoltMapping;

/* Maps the struct `name` of schema `before`, and what it became in schema `after`. Both schemas must
 * outlive it. MOLT_NOT_FOUND when `before` has no such struct or `after` has nothing it became. */
MoltStatus molt__mapping_of(const MoltSchema *before, const MoltSchema *after, const char *name,
                            MoltMapping *out, MoltError *error);
void molt__mapping_free(MoltMapping *mapping);

/* "moved", "converted", ...; "same" for what stays. */
const char *molt__move_word(MoltMove move);

/* The path, as in its MOLT_MOVED, by which a row without an old place takes its value out of a struct around
 * this one, "^.gold"; NULL where it takes none. */
const char *molt__mapped_from(const MoltMapping *mapping, const MoltMapped *row);

void molt__mapping_print(const MoltMapping *mapping, FILE *out);

/* Old bytes above, new bytes below, and where each field goes between them, as an SVG document of its
 * own. False when the stream fails. */
bool molt__mapping_draw(const MoltMapping *mapping, const char *before_name, const char *after_name,
                        FILE *out);

#endif
