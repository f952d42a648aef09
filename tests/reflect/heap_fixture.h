/* A small schema for tests of the heap: sizes and alignments that a layout can get wrong. It must
 * never know fields: the heap does not look at them. */
#ifndef MOLT_TEST_HEAP_FIXTURE_H
#define MOLT_TEST_HEAP_FIXTURE_H

#include <stdlib.h>

#include "molt/builder.h"

/* Ids as heap_fixture_schema() adds the types. */
enum { TYPE_CHAR, TYPE_ANT, TYPE_ODD, TYPE_WIDE, TYPE_MAP, TYPE_OPAQUE, TYPE_COUNT };
#define LIVE_TYPES 5u

static inline MoltTypeId fixture_struct(MoltBuilder *builder, const char *name, uint64_t size,
                                        uint32_t align)
{
    MoltType type = {.name = molt_builder_string(builder, name),
                     .kind = MOLT_KIND_STRUCT,
                     .size = size,
                     .align = align,
                     .elem = MOLT_NO_TYPE};
    return molt_builder_add_type(builder, &type);
}

/* char, Ant (of `ant_size` bytes), Odd (5 bytes, align 1), Wide (64, align 64), Map (70,000),
 * Opaque; roots "spare" (Odd, index 0) and "state" (Ant, index 1). */
static inline MoltSchema *heap_fixture_schema(uint64_t ant_size)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    if (!builder)
        abort();
    MoltType text = {.name = molt_builder_string(builder, "char"),
                     .kind = MOLT_KIND_INT,
                     .flags = MOLT_TYPE_CHAR | MOLT_TYPE_SIGNED,
                     .size = 1,
                     .align = 1,
                     .elem = MOLT_NO_TYPE};
    molt_builder_add_type(builder, &text);
    MoltTypeId ant = fixture_struct(builder, "Ant", ant_size, 8);
    MoltTypeId odd = fixture_struct(builder, "Odd", 5, 1);
    fixture_struct(builder, "Wide", 64, 64);
    fixture_struct(builder, "Map", 70000, 4);
    MoltType opaque = {.name = molt_builder_string(builder, "Opaque"),
                       .kind = MOLT_KIND_OPAQUE,
                       .align = 1,
                       .elem = MOLT_NO_TYPE};
    molt_builder_add_type(builder, &opaque);
    molt_builder_add_root(builder, "spare", odd);
    molt_builder_add_root(builder, "state", ant);
    molt_builder_add_spelling(builder, "Ant", ant);
    molt_builder_add_spelling(builder, "struct Odd", odd);
    MoltSchema *schema = NULL;
    MoltError error;
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK)
        abort();
    molt_builder_destroy(builder);
    return schema;
}

/* Small and good enough; the same sequence everywhere. */
static inline uint64_t fixture_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

#endif
