/* A state of any schema out of a fuzzer's bytes: blocks of its types, filled with values and with
 * pointers to where pointers may lead, and to where they may not. It must never know what is done with
 * the state. */
#ifndef MOLT_TEST_FUZZ_STATE_H
#define MOLT_TEST_FUZZ_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fuzz_bytes.h"
#include "molt/heap.h"
#include "molt/molt.h"

enum { FUZZ_BLOCKS = 48 };

typedef struct FuzzState {
    MoltHeap *heap;
    const MoltSchema *schema;
    uintptr_t code, code_size; /* image of a library, which pointers may lead into */
    FuzzBytes *bytes;
    uintptr_t starts[FUZZ_BLOCKS]; /* of blocks that live and of some that do not */
    uint32_t count;
} FuzzState;

static inline uintptr_t fuzz_address(FuzzState *state)
{
    uint8_t how = fuzz_byte(state->bytes), which = fuzz_byte(state->bytes);
    uintptr_t start = state->count > 0 ? state->starts[which % state->count] : 0;
    switch (how % 16) {
    case 0:
    case 1: return 0;
    case 2: return start + fuzz_byte(state->bytes);
    case 3: return start + fuzz_byte(state->bytes) / 4u * 4u;
    case 4: return state->code && how > 200 ? state->code + which % state->code_size : 0;
    case 5: return state->code ? state->code + which / 16u % (state->code_size / 16) * 16 : 0;
    case 6: return how > 200 ? 0x1000u + which : start;
    default: return start;
    }
}

static inline void fuzz_value(FuzzState *state, MoltTypeId id, unsigned char *at, uint64_t tail);

static inline void fuzz_text(FuzzState *state, unsigned char *at, uint64_t size)
{
    uint8_t length = fuzz_byte(state->bytes);
    memset(at, 0, size);
    for (uint64_t i = 0; i < size && i < length % 32u; i++)
        at[i] = length > 240 ? fuzz_byte(state->bytes) : (unsigned char)('a' + i);
}

static inline void fuzz_record(FuzzState *state, const MoltType *type, unsigned char *at,
                               uint64_t tail)
{
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &state->schema->tables.fields[f];
        for (uint32_t b = 0; b < field->bit_width; b++) {
            uint64_t bit = field->bit_offset + b;
            unsigned char mask = (unsigned char)(1u << bit % 8);
            at[bit / 8] = (unsigned char)(fuzz_byte(state->bytes) % 2 ? at[bit / 8] | mask
                                                                      : at[bit / 8] & ~mask);
        }
        if (field->bit_width == 0)
            fuzz_value(state, field->type, at + field->bit_offset / 8, tail);
    }
}

static inline void fuzz_value(FuzzState *state, MoltTypeId id, unsigned char *at, uint64_t tail)
{
    const MoltType *type = molt_type(state->schema, id);
    uint8_t small = type->kind == MOLT_KIND_INT ? fuzz_byte(state->bytes) : 0;
    if (type->kind == MOLT_KIND_STRUCT) {
        fuzz_record(state, type, at, tail);
    } else if (type->kind == MOLT_KIND_UNION) {
        uint8_t arm = fuzz_byte(state->bytes);
        if (type->count > 0)
            fuzz_value(state, state->schema->tables.fields[type->first + arm % type->count].type,
                       at, 0);
    } else if (molt_kind_is_sequence(type->kind)) {
        const MoltType *elem = molt_type(state->schema, type->elem);
        uint64_t count = (type->flags & MOLT_TYPE_FLEXIBLE) != 0 ? tail : type->length;
        if ((elem->flags & MOLT_TYPE_CHAR) != 0 && elem->kind == MOLT_KIND_INT)
            fuzz_text(state, at, count);
        else
            for (uint64_t i = 0; i < count; i++)
                fuzz_value(state, type->elem, at + i * elem->size, 0);
    } else if (type->kind == MOLT_KIND_POINTER) {
        uintptr_t address = fuzz_address(state);
        memcpy(at, &address, sizeof address);
    } else if (type->kind == MOLT_KIND_ENUM) {
        uint8_t which = fuzz_byte(state->bytes);
        uint64_t value =
            type->count > 0 && which < 240
                ? state->schema->tables.enumerators[type->first + which % type->count].value
                : which;
        memcpy(at, &value, type->size);
    } else if (type->kind == MOLT_KIND_BOOL) {
        at[0] = fuzz_byte(state->bytes) % 2;
    } else {
        for (uint64_t i = 0; i < type->size; i++)
            at[i] = small % 3 == 1 && i > 0 ? 0 : fuzz_byte(state->bytes);
    }
}

/* Types of which a game could have blocks. */
static inline bool fuzz_has_blocks(const MoltType *type)
{
    return type->size > 0 && type->size < 65536 && type->kind != MOLT_KIND_FUNCTION &&
           (type->flags & (MOLT_TYPE_FLEXIBLE | MOLT_TYPE_GLOBALS)) == 0;
}

static inline void fuzz_blocks(FuzzState *state, MoltTypeId id)
{
    const MoltType *type = molt_type(state->schema, id);
    const MoltCaller caller = {0};
    uint8_t blocks = fuzz_byte(state->bytes), counts = fuzz_byte(state->bytes);
    uint32_t wanted = type->kind == MOLT_KIND_STRUCT ? 1u + blocks % 6u
                      : blocks < 64                  ? blocks % 4u
                                                     : 0;
    for (uint32_t b = 0; b < wanted && state->count < FUZZ_BLOCKS; b++) {
        uint64_t count = counts % 3 == 0 && b > 0 ? 1u + counts / 3u % 7u : 1;
        if (counts > 252 && type->size < 64)
            count = 300;
        void *block =
            (type->flags & MOLT_TYPE_UNTYPED) != 0
                ? molt_heap_api(state->heap)
                      ->plain_new(molt_heap_api(state->heap), &caller, (size_t)count * 24, 0)
                : molt_heap_new(state->heap, id, count);
        if (block)
            state->starts[state->count++] = (uintptr_t)block;
    }
}

/* Fills an empty heap that has the schema. */
static inline void fuzz_state(FuzzState *state)
{
    MoltBlock block;
    uint64_t cursor = 0;
    for (MoltTypeId t = 0; t < state->schema->tables.type_count; t++)
        if (fuzz_has_blocks(molt_type(state->schema, t)))
            fuzz_blocks(state, t);
    for (uint32_t i = 0; i < state->count; i++)
        if (fuzz_byte(state->bytes) % 16 == 1 && i > 0)
            molt_heap_delete(state->heap, (void *)state->starts[i]); /* NOLINT: a block */
    while (molt_heap_next(state->heap, MOLT_NO_TYPE, &cursor, &block)) {
        const MoltType *type = molt_type(state->schema, block.type);
        unsigned char *bytes = block.start;
        if (block.header > 0)
            fuzz_value(state, block.type, bytes, block.count);
        else if ((type->flags & MOLT_TYPE_CHAR) != 0)
            fuzz_text(state, bytes, block.count);
        else
            for (uint64_t i = 0; i < block.count; i++)
                fuzz_value(state, block.type, bytes + i * type->size, 0);
    }
    for (uint32_t r = 0; r < state->schema->tables.root_count; r++) {
        cursor = 0;
        if (molt_heap_next(state->heap, state->schema->tables.roots[r].type, &cursor, &block))
            molt_heap_set_root(state->heap, r, block.start);
    }
}

#endif
