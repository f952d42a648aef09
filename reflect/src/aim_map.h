/* What an aim (aim.h) says, laid out for converters: one row for each granule of what moves, found
 * by the bits of the address, and the arithmetic of each type. It must never decide: what it has no
 * row for is left to the aims.
 *
 *     rows[address / granule % rows] -> span: base, to, blocks, live bits, type
 *     steps[type]                    -> inverse, turn, to_stride
 *
 * With stride = odd << turn and inverse * odd = 1 (mod 2^64), (address - base) * inverse turned
 * right by `turn` is less than `blocks` exactly for the addresses of the span's blocks, and then
 * the index of the block (Granlund and Montgomery, Division by Invariant Integers using
 * Multiplication, section 9). So whatever row was looked at, an address that passes is that of a
 * block of its span.
 *
 * Invariant: a row with a type is of a span with an aim of that type whose blocks hold one element
 * each and lie as far apart as steps[type] says. */
#ifndef MOLT_AIM_MAP_H
#define MOLT_AIM_MAP_H

#include "molt/schema.h"

struct MoltMigration;

typedef struct MoltAimRow {
    uintptr_t base, to;
    const uint64_t *live_bits; /* NULL: all blocks are live */
    MoltTypeId type;           /* MOLT_NO_TYPE: the row is of no span */
    uint32_t blocks;
} MoltAimRow;

typedef struct MoltAimStep {
    uint64_t inverse;
    uint64_t to_stride;
    uint32_t turn;
    uint32_t known; /* 0: no span of the type was met */
} MoltAimStep;

enum { MOLT__AIM_ROW_SHIFT = 5 };

_Static_assert(sizeof(MoltAimRow) == 1u << MOLT__AIM_ROW_SHIFT, "converters find rows by a shift");

typedef struct MoltAimMap {
    MoltAimRow *rows;
    MoltAimStep *steps; /* per old type */
    uint64_t slots;     /* of rows, a power of two */
} MoltAimMap;

/* m->aim_map, from m->aims. */
void molt__aim_map_make(struct MoltMigration *m);
void molt__aim_map_free(struct MoltMigration *m);

#endif
