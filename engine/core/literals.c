#include "literals.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Invariant: `slots` is a power of two and at most half full; an address of 0 is an empty slot.
 * Ranges are sorted and do not overlap. */
struct MoltLiterals {
    MoltByteRange *ranges;
    size_t range_count;
    uintptr_t *slots;
    size_t slot_count, used;
};

static size_t text_size(const MoltByteRange *range, uintptr_t address)
{
    const char *end = memchr((const char *)address, 0, range->end - address);
    return end != NULL ? (size_t)(end - (const char *)address) + 1 : 0;
}

/* The slot of the text, or the empty one where it belongs. */
static size_t find_slot(const MoltLiterals *literals, const char *bytes, size_t size)
{
    size_t mask = literals->slot_count - 1;
    size_t slot = (size_t)XXH3_64bits(bytes, size) & mask;
    while (literals->slots[slot] != 0 &&
           strcmp((const char *)literals->slots[slot], bytes) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static MoltStatus grow(MoltLiterals *literals)
{
    MoltLiterals bigger = *literals;
    bigger.slot_count = literals->slot_count != 0 ? literals->slot_count * 2 : 256;
    bigger.slots = calloc(bigger.slot_count, sizeof *bigger.slots);
    if (bigger.slots == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < literals->slot_count; i++) {
        const char *text = (const char *)literals->slots[i];
        if (text != NULL) {
            bigger.slots[find_slot(&bigger, text, strlen(text) + 1)] = (uintptr_t)text;
        }
    }
    free(literals->slots);
    *literals = bigger;
    return MOLT_OK;
}

static MoltStatus index_range(MoltLiterals *literals, const MoltByteRange *range)
{
    uintptr_t at = range->begin;
    while (at < range->end) {
        size_t size = text_size(range, at);
        if (size == 0) {
            break;
        }
        if (literals->used * 2 >= literals->slot_count && grow(literals) != MOLT_OK) {
            return MOLT_OUT_OF_MEMORY;
        }
        size_t slot = find_slot(literals, (const char *)at, size);
        if (literals->slots[slot] == 0) {
            literals->slots[slot] = at;
            literals->used++;
        }
        at += size;
    }
    return MOLT_OK;
}

MoltStatus molt__literals_create(const MoltByteRange *ranges, size_t count, MoltLiterals **out,
                                 MoltError *error)
{
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    MoltLiterals *literals = calloc(1, sizeof *literals);
    if (literals == NULL) {
        goto cleanup;
    }
    literals->ranges = calloc(count > 0 ? count : 1, sizeof *ranges);
    if (literals->ranges == NULL || grow(literals) != MOLT_OK) {
        goto cleanup;
    }
    if (count > 0) {
        memcpy(literals->ranges, ranges, count * sizeof *ranges);
    }
    literals->range_count = count;
    for (size_t i = 0; i < count; i++) {
        if (index_range(literals, &literals->ranges[i]) != MOLT_OK) {
            goto cleanup;
        }
    }
    *out = literals;
    literals = NULL;
    status = MOLT_OK;
cleanup:
    molt__literals_free(literals);
    return status == MOLT_OK
               ? status
               : molt_error(error, status, "No memory to index the library's string literals.");
}

void molt__literals_free(MoltLiterals *literals)
{
    if (literals != NULL) {
        free(literals->ranges);
        free(literals->slots);
        free(literals);
    }
}

size_t molt__literals_measure(const MoltLiterals *literals, uintptr_t address)
{
    size_t low = 0, high = literals->range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const MoltByteRange *range = &literals->ranges[middle];
        if (address < range->begin) {
            high = middle;
        } else if (address >= range->end) {
            low = middle + 1;
        } else {
            return text_size(range, address);
        }
    }
    return 0;
}

uintptr_t molt__literals_find(const MoltLiterals *literals, const char *bytes, size_t size)
{
    if (size == 0 || bytes[size - 1] != 0) {
        return 0;
    }
    uintptr_t whole = literals->slots[find_slot(literals, bytes, size)];
    if (whole != 0) {
        return whole;
    }
    for (size_t i = 0; i < literals->range_count; i++) {
        const MoltByteRange *range = &literals->ranges[i];
        const void *tail =
            memmem((const void *)range->begin, range->end - range->begin, bytes, size);
        if (tail != NULL) {
            return (uintptr_t)tail;
        }
    }
    return 0;
}
