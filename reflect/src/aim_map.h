/* What an aim (aim.h) says, laid out for converters: for each type the rows of its spans, found by the
 * bits of the address, and the arithmetic that they have in common. It must never decide: what it has no
 * row for is left to the aims.
 *
 *     steps[type]                             -> offsets, mask, inverse, turn, to_stride
 *     offsets[address / granule % slots] * 8  -> where in `rows`
 *     row                                     -> span: base, to, blocks, live bits
 *
 * With stride = odd << turn and inverse * odd = 1 (mod 2^64), (address - base) * inverse turned
 * right by `turn` is less than `blocks` exactly for the addresses of the span's blocks, and then
 * the index of the block (Granlund and Montgomery, Division by Invariant Integers using
 * Multiplication, section 9). So whatever row was looked at, an address that passes is that of a
 * block of its span.
 *
 * Pointers lead anywhere: what is read for one has to stay in the nearest cache beside the objects that
 * stream through it. That is why a granule has two bytes, 2 KiB for 64 MiB, and a row is of a whole span.
 *
 * Invariant: the rows that the offsets of a type lead to are row 0, which has no blocks, and those of spans
 * with an aim of that type whose blocks hold one element each and lie as far apart as its step says. */
#ifndef MOLT_AIM_MAP_H
#define MOLT_AIM_MAP_H

#include "molt/schema.h"

struct MoltMigration;

typedef struct MoltAimRow {
    uintptr_t base, to;
    uint64_t all_live;         /* `blocks`, where all of them are; else 0 */
    const uint64_t *live_bits; /* NULL: all are, or there are none */
    uint64_t blocks;
} MoltAimRow;

/* Of a type that has no row all is 0, but `offsets`, which lead to row 0. */
typedef struct MoltAimStep {
    const uint16_t *offsets;
    uint64_t mask; /* of bytes in `offsets` */
    uint64_t inverse;
    uint64_t to_stride;
    uint32_t turn;
    uint32_t blocks; /* of the largest span, which says what the step is */
} MoltAimStep;

/* Bytes that an offset counts: what the processor multiplies by as it loads. */
enum { MOLT__AIM_OFFSET = 8 };

_Static_assert(sizeof(MoltAimRow) % MOLT__AIM_OFFSET == 0, "rows are found by offsets");

typedef struct MoltAimMap {
    MoltAimStep *steps; /* per old type */
    MoltAimRow *rows;
    uint16_t *offsets; /* of all types */
    uint64_t slots;    /* of them */
} MoltAimMap;

/* m->aim_map, from m->aims. */
void molt__aim_map_make(struct MoltMigration *m);
void molt__aim_map_free(struct MoltMigration *m);

#endif
