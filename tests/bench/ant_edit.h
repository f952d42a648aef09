/* The edit that most rows are stated for: an ant of 96 bytes, linked by pointers, gets two fields more,
 * three in another order, an int as a long and a float as a double. And what somebody would write who
 * knows both structs. It must never know what is compared with it. */
#ifndef MOLT_BENCH_ANT_EDIT_H
#define MOLT_BENCH_ANT_EDIT_H

#include "ant.h"
#include "edit.h"

_Static_assert(sizeof(AntBefore) == 96, "the figures are stated for 96-byte objects");

extern const Struct bench_ant_before, bench_ant_after;

/* The values of ant `number`, without its pointers. */
AntBefore bench_ant(uint64_t number);
/* The values of ant `number` after the edit; pointers are not looked at. */
bool bench_ant_is(const AntAfter *ant, uint64_t number);

/* `count` objects of "Ant", each with pointers to the one before; the last is the root. */
bool bench_ants_fill(MoltHeap *heap, uint64_t count);
/* The same after the edit. */
bool bench_ants_right(const MoltHeap *heap, uint64_t count);

/* The same objects in one array. */
void bench_ants_fill_array(AntBefore *ants, uint64_t count);
void bench_ants_convert(const AntBefore *before, AntAfter *after, uint64_t count);

#endif
