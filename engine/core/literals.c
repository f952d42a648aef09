#include "literals.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <molt/code_map.h>

enum { LAST_CHARACTER = 0x10ffff };

/* Invariant: `slot_count` is a power of two and at least twice `used`; a slot with text NULL is
 * empty. Ranges are sorted, do not overlap, and have their bytes in `storage`. */
typedef struct Slot {
    const char *text; /* in storage */
    uintptr_t address;
} Slot;

struct MoltLiterals {
    MoltByteRange *ranges;
    size_t range_count;
    char *storage;
    size_t storage_size;
    Slot *slots;
    size_t slot_count, used;
};

static size_t text_size(const MoltByteRange *range, uintptr_t address)
{
    const char *text = range->bytes + (address - range->begin);
    const char *end = memchr(text, 0, range->end - address);
    return end != NULL ? (size_t)(end - text) + 1 : 0;
}

/* The slot of the text, or the empty one where it belongs. */
static Slot *find_slot(const MoltLiterals *literals, const char *text, size_t size)
{
    size_t mask = literals->slot_count - 1;
    size_t at = (size_t)XXH3_64bits(text, size) & mask;
    while (literals->slots[at].text != NULL && strcmp(literals->slots[at].text, text) != 0) {
        at = (at + 1) & mask;
    }
    return &literals->slots[at];
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
        const char *text = literals->slots[i].text;
        if (text != NULL) {
            *find_slot(&bigger, text, strlen(text) + 1) = literals->slots[i];
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
        const char *text = range->bytes + (at - range->begin);
        size_t size = text_size(range, at);
        if (size == 0) {
            break;
        }
        if (literals->used * 2 >= literals->slot_count && grow(literals) != MOLT_OK) {
            return MOLT_OUT_OF_MEMORY;
        }
        Slot *slot = find_slot(literals, text, size);
        if (slot->text == NULL) {
            *slot = (Slot){text, at};
            literals->used++;
        }
        at += size;
    }
    return MOLT_OK;
}

static MoltStatus copy_ranges(MoltLiterals *literals, const MoltByteRange *ranges, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += ranges[i].end - ranges[i].begin;
    }
    literals->ranges = calloc(count + 1, sizeof *ranges);
    literals->storage = malloc(size + 1);
    if (literals->ranges == NULL || literals->storage == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    char *bytes = literals->storage;
    for (size_t i = 0; i < count; i++) {
        size_t length = ranges[i].end - ranges[i].begin;
        memcpy(bytes, ranges[i].bytes, length);
        literals->ranges[i] = (MoltByteRange){ranges[i].begin, ranges[i].end, bytes};
        bytes += length;
    }
    literals->range_count = count;
    literals->storage_size = size;
    return MOLT_OK;
}

MoltStatus molt__literals_create(const MoltByteRange *ranges, size_t count, MoltLiterals **out,
                                 MoltError *error)
{
    MoltLiterals *literals = calloc(1, sizeof *literals);
    MoltStatus status = literals != NULL ? grow(literals) : MOLT_OUT_OF_MEMORY;
    if (status == MOLT_OK) {
        status = copy_ranges(literals, ranges, count);
    }
    for (size_t i = 0; i < count && status == MOLT_OK; i++) {
        status = index_range(literals, &literals->ranges[i]);
    }
    if (status != MOLT_OK) {
        molt__literals_free(literals);
        return molt_error(error, status, "No memory to index the library's string literals.");
    }
    *out = literals;
    return MOLT_OK;
}

void molt__literals_free(MoltLiterals *literals)
{
    if (literals != NULL) {
        free(literals->ranges);
        free(literals->storage);
        free(literals->slots);
        free(literals);
    }
}

static const MoltByteRange *range_of(const MoltLiterals *literals, uintptr_t address)
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
            return range;
        }
    }
    return NULL;
}

const char *molt__literals_at(const MoltLiterals *literals, uintptr_t address, size_t *size)
{
    const MoltByteRange *range = range_of(literals, address);
    *size = range != NULL ? text_size(range, address) : 0;
    return *size > 0 ? range->bytes + (address - range->begin) : NULL;
}

/* ---- wide text ----------------------------------------------------------------------------- */

static const char no_character[4];

/* Bytes up to the wide NUL, with it; 0 when what is there cannot be text of that width. */
static size_t wide_size(const MoltByteRange *range, uintptr_t address, uint32_t width)
{
    const char *text = range->bytes + (address - range->begin);
    size_t room = range->end - address;
    for (size_t at = 0; at + width <= room; at += width) {
        uint32_t character = 0;
        memcpy(&character, text + at, width);
        if (character == 0) {
            return at + width;
        }
        if (character > LAST_CHARACTER) {
            return 0;
        }
    }
    return 0;
}

const char *molt__literals_wide_at(const MoltLiterals *literals, uintptr_t address, uint32_t width,
                                   size_t *size)
{
    const MoltByteRange *range = range_of(literals, address);
    *size = 0;
    if (range == NULL) {
        return NULL;
    }
    const char *text = range->bytes + (address - range->begin);
    for (uint32_t w = width != 0 ? width : 4; *size == 0 && w >= (width != 0 ? width : 2); w /= 2) {
        bool fits = address % w == 0 && range->end - address >= w;
        bool alike = fits && text[0] != 0 && memcmp(text + 1, no_character, w - 1) == 0;
        *size = fits && (width != 0 || alike) ? wide_size(range, address, w) : 0;
    }
    return *size > 0 ? text : NULL;
}

/* A whole text stands at the begin of a range or behind a character of zeros. */
static uintptr_t find_wide(const MoltLiterals *literals, const char *bytes, size_t size,
                           uint32_t width)
{
    uintptr_t part = 0;
    for (size_t i = 0; i < literals->range_count; i++) {
        const MoltByteRange *range = &literals->ranges[i];
        const char *end = range->bytes + (range->end - range->begin), *at = range->bytes;
        for (; (at = memmem(at, (size_t)(end - at), bytes, size)) != NULL; at++) {
            uintptr_t address = range->begin + (uintptr_t)(at - range->bytes);
            if (address % width != 0) {
                continue;
            }
            if ((size_t)(at - range->bytes) < width ||
                memcmp(at - width, no_character, width) == 0) {
                return address;
            }
            part = part != 0 ? part : address;
        }
    }
    return part;
}

bool molt__literals_owns(const MoltLiterals *literals, const char *text)
{
    uintptr_t at = (uintptr_t)text, begin = (uintptr_t)literals->storage;
    return at >= begin && at < begin + literals->storage_size;
}

uintptr_t molt__literals_find(const MoltLiterals *literals, const char *bytes, size_t size)
{
    if (size == 0 || bytes[size - 1] != 0) {
        return 0;
    }
    uint32_t width = molt_code_width(bytes, size);
    if (width > 1) {
        return find_wide(literals, bytes, size, width);
    }
    if (strlen(bytes) + 1 != size) {
        return 0;
    }
    const Slot *whole = find_slot(literals, bytes, size);
    if (whole->text != NULL) {
        return whole->address;
    }
    for (size_t i = 0; i < literals->range_count; i++) {
        const MoltByteRange *range = &literals->ranges[i];
        const char *tail = memmem(range->bytes, range->end - range->begin, bytes, size);
        if (tail != NULL) {
            return range->begin + (uintptr_t)(tail - range->bytes);
        }
    }
    return 0;
}
