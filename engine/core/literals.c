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

/* A place of a text with NULs inside. */
typedef struct Split {
    uintptr_t begin, end, farthest; /* the last: the greatest end of this one and all before it */
} Split;

struct MoltLiterals {
    MoltByteRange *ranges;
    size_t range_count;
    char *storage;
    size_t storage_size;
    Slot *slots;
    size_t slot_count, used;
    Split *splits; /* by where they begin, and of those the longest first */
    size_t split_count, split_capacity;
    size_t zeros; /* the longest text of nothing but NULs; 0: there is none */
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
        free(literals->splits);
        free(literals);
    }
}

void molt__literals_move(MoltLiterals *literals, uintptr_t by)
{
    for (size_t i = 0; i < literals->range_count; i++) {
        literals->ranges[i].begin += by;
        literals->ranges[i].end += by;
    }
    for (size_t i = 0; i < literals->slot_count; i++) {
        literals->slots[i].address += literals->slots[i].text != NULL ? by : 0;
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

/* ---- texts with NULs inside ------------------------------------------------------------------ */

static MoltStatus add_split(MoltLiterals *literals, uintptr_t begin, uintptr_t end)
{
    if (literals->split_count == literals->split_capacity) {
        size_t capacity = literals->split_capacity != 0 ? literals->split_capacity * 2 : 16;
        Split *splits = realloc(literals->splits, capacity * sizeof *splits);
        if (splits == NULL) {
            return MOLT_OUT_OF_MEMORY;
        }
        literals->splits = splits;
        literals->split_capacity = capacity;
    }
    literals->splits[literals->split_count++] = (Split){.begin = begin, .end = end};
    return MOLT_OK;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* Nothing but NULs is wherever there are as many of them. */
static MoltStatus add_places(MoltLiterals *literals, const unsigned char *bytes, size_t size)
{
    MoltStatus status = MOLT_OK;
    if (size == 0 || is_zero(bytes, size)) {
        literals->zeros = size > literals->zeros ? size : literals->zeros;
        return MOLT_OK;
    }
    for (size_t i = 0; i < literals->range_count; i++) {
        const MoltByteRange *range = &literals->ranges[i];
        const char *end = range->bytes + (range->end - range->begin), *at = range->bytes;
        while (status == MOLT_OK && (at = memmem(at, (size_t)(end - at), bytes, size)) != NULL) {
            uintptr_t begin = range->begin + (uintptr_t)(at - range->bytes);
            status = add_split(literals, begin, begin + size);
            at++;
        }
    }
    return status;
}

static int compare_split(const void *left, const void *right)
{
    const Split *a = left, *b = right;
    int order = (a->begin > b->begin) - (a->begin < b->begin);
    return order != 0 ? order : (a->end < b->end) - (a->end > b->end);
}

/* The end of the text with NULs inside that holds the address, the farthest of several; 0: none does. */
static uintptr_t split_end(const MoltLiterals *literals, uintptr_t address)
{
    size_t low = 0, high = literals->split_count;
    while (low < high) { /* the first that begins behind the address */
        size_t middle = low + (high - low) / 2;
        if (literals->splits[middle].begin <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uintptr_t end = low > 0 ? literals->splits[low - 1].farthest : 0;
    return end > address ? end : 0;
}

/* A plain text goes by its own place, not by one that is a part of another. */
static MoltStatus index_apart(MoltLiterals *literals, const MoltByteRange *range)
{
    for (uintptr_t at = range->begin; at < range->end;) {
        const char *text = range->bytes + (at - range->begin);
        size_t size = text_size(range, at);
        if (size == 0) {
            break;
        }
        if (split_end(literals, at) == 0) {
            Slot *slot = find_slot(literals, text, size);
            slot->address = split_end(literals, slot->address) != 0 ? at : slot->address;
        }
        at += size;
    }
    return MOLT_OK;
}

MoltStatus molt__literals_split(MoltLiterals *literals, const unsigned char *bytes,
                                const uint32_t *sizes, uint32_t count, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    for (uint32_t i = 0; i < count && status == MOLT_OK; i++) {
        status = add_places(literals, bytes, sizes[i]);
        bytes += sizes[i];
    }
    if (status != MOLT_OK) {
        return molt_error(error, status, "No memory to index the library's string literals.");
    }
    if (literals->split_count == 0) {
        return MOLT_OK;
    }
    qsort(literals->splits, literals->split_count, sizeof *literals->splits, compare_split);
    uintptr_t farthest = 0;
    for (size_t i = 0; i < literals->split_count; i++) {
        farthest = literals->splits[i].end > farthest ? literals->splits[i].end : farthest;
        literals->splits[i].farthest = farthest;
    }
    for (size_t i = 0; i < literals->range_count; i++) {
        index_apart(literals, &literals->ranges[i]);
    }
    return MOLT_OK;
}

/* Bytes from the address to the end of the text with NULs inside; 0: it is none. */
static size_t split_size(const MoltLiterals *literals, const MoltByteRange *range, uintptr_t address)
{
    uintptr_t end = split_end(literals, address);
    size_t size = end != 0 && end <= range->end ? (size_t)(end - address) : 0, run = 0;
    const char *text = range->bytes + (address - range->begin);
    while (run < literals->zeros && run < range->end - address && text[run] == 0) {
        run++;
    }
    size = size > run ? size : run;
    return size > text_size(range, address) ? size : 0;
}

bool molt__literals_is_split(const MoltLiterals *literals, uintptr_t address)
{
    const MoltByteRange *range = range_of(literals, address);
    return range != NULL && split_size(literals, range, address) > 0;
}

/* Only those that end as a text of the sources does, for such bytes may stand anywhere, in a sanitizer's
 * zones between variables, too. NULs alone are wherever there are as many. */
static uintptr_t find_split(const MoltLiterals *literals, const char *bytes, size_t size)
{
    for (size_t i = 0; i < literals->split_count; i++) {
        const Split *split = &literals->splits[i];
        const MoltByteRange *range = range_of(literals, split->begin);
        const char *end = range->bytes + (split->end - range->begin);
        if (split->end - split->begin >= size && memcmp(end - size, bytes, size) == 0) {
            return split->end - size;
        }
    }
    for (size_t i = 0; i < literals->range_count && is_zero((const unsigned char *)bytes, size); i++) {
        const MoltByteRange *range = &literals->ranges[i];
        const char *at = memmem(range->bytes, range->end - range->begin, bytes, size);
        if (at != NULL) {
            return range->begin + (uintptr_t)(at - range->bytes);
        }
    }
    return 0;
}

const char *molt__literals_at(const MoltLiterals *literals, uintptr_t address, size_t *size)
{
    const MoltByteRange *range = range_of(literals, address);
    *size = range != NULL ? text_size(range, address) : 0;
    size_t split = *size > 0 ? split_size(literals, range, address) : 0;
    *size = split > 0 ? split : *size;
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
    if (width > 1) { /* or the bytes of a text with NULs inside, which may look like it */
        uintptr_t wide = find_wide(literals, bytes, size, width);
        return wide != 0 ? wide : find_split(literals, bytes, size);
    }
    if (strlen(bytes) + 1 != size) {
        return find_split(literals, bytes, size);
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
