/* The layout of a struct as rows: its fields in the order of their bits, the holes between them, and
 * sums. Text, JSON and pictures are drawn from it. It must never know two schemas at once. */
#ifndef MOLT_TOOL_LAYOUT_H
#define MOLT_TOOL_LAYOUT_H

#include <stdio.h>

#include "molt/schema.h"

/* What cache lines are counted by; every machine that runs Molt has lines of that size. */
#define MOLT__CACHE_LINE 64u

#define MOLT__HOLE UINT32_MAX

typedef struct MoltLayoutRow {
    uint32_t field; /* index into tables.fields; MOLT__HOLE: unused bits */
    uint64_t bit_offset, bit_size;
} MoltLayoutRow;

typedef struct MoltLayout {
    const MoltSchema *schema;
    MoltTypeId type;
    MoltLayoutRow *rows;
    uint32_t row_count;
    uint32_t field_count, hole_count; /* the last hole is the padding at the end */
    uint64_t hole_bits;
} MoltLayout;

/* Fills *out for a struct or union of the schema, by its name as C spells it ("Ant", "struct Ant");
 * the schema must outlive it. MOLT_NOT_FOUND lists names that come close. */
MoltStatus molt__layout_of(const MoltSchema *schema, const char *name, MoltLayout *out,
                           MoltError *error);
void molt__layout_free(MoltLayout *layout);

/* As a declaration with offsets and sizes in bytes, holes and cache lines in comments. */
void molt__layout_print(const MoltLayout *layout, FILE *out);

#endif
