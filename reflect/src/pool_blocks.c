#include "pool_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "byte_runs.h"
#include "molt/schema.h"
#include "tables.h"

/* What a note on a pointer says. */
typedef struct Claim {
    MoltTypeId type, header;
    bool shown, contradicted; /* by what the sources put there */
} Claim;

/* ---- notes ------------------------------------------------------------------------------------ */

/* Of pointers to anything but structs the sources tell only that they are pointers. */
static bool says(const char *text, const MoltSchema *schema, MoltTypeId type)
{
    bool pointer = type != MOLT_NO_TYPE && molt_type(schema, type)->kind == MOLT_KIND_POINTER;
    const char *name = type != MOLT_NO_TYPE ? molt_type_name(schema, type) : "";
    size_t length = strlen(name);
    return (length > 0 && strncmp(text, name, length) == 0 && text[length] == ' ') ||
           (pointer && strncmp(text, "(pointers) ", strlen("(pointers) ")) == 0);
}

static void hear_sources(const MoltSchema *schema, const MoltField *field, Claim *claim)
{
    const MoltNote *notes = schema->tables.notes + field->note_first;
    for (uint32_t n = 0; n < field->note_count; n++) {
        const char *text = molt_string(schema, notes[n].text);
        if (notes[n].kind != MOLT_NOTE_HOLDS)
            continue;
        claim->shown |= says(text, schema, claim->type);
        claim->contradicted |=
            !says(text, schema, claim->type) && !says(text, schema, claim->header);
    }
}

/* False where the field has no such note, or one that says nothing here. */
static bool read_note(const MoltSchema *schema, const MoltField *field, Claim *claim)
{
    const MoltNote *pool =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_POOL);
    if (!pool)
        return false;
    const char *text = molt_string(schema, pool->text), *comma = strstr(text, ", ");
    *claim = (Claim){.header = MOLT_NO_TYPE};
    size_t length = comma ? (size_t)(comma - text) : strlen(text);
    claim->type = molt__schema_find_part(schema, text, length);
    if (comma)
        claim->header = molt_schema_find(schema, comma + 2);
    if (claim->type == MOLT_NO_TYPE || (comma && claim->header == MOLT_NO_TYPE))
        return false;
    MoltTypeId to = field->type;
    while (molt_type(schema, to)->kind == MOLT_KIND_ARRAY)
        to = molt_type(schema, to)->elem;
    if (molt_type(schema, to)->kind != MOLT_KIND_POINTER)
        return false;
    claim->shown = molt_type(schema, to)->elem == claim->type;
    hear_sources(schema, field, claim);
    return true;
}

/* ---- blocks ----------------------------------------------------------------------------------- */

static void *resized(MoltPoolBlocks *pools, void *list, uint64_t from, uint64_t to, size_t size)
{
    uint64_t bytes = 0;
    void *grown = NULL;
    if (!__builtin_mul_overflow(to, size, &bytes))
        grown = pools->allocator.resize(pools->allocator.context, list, from * size, bytes);
    pools->failed = pools->failed || !grown;
    return grown;
}

static void give_back(MoltPoolBlocks *pools, void *list, uint64_t slots, size_t size)
{
    if (list)
        pools->allocator.resize(pools->allocator.context, list, slots * size, 0);
}

/* Where an item of the block is, or would be. */
static uint64_t *place_of(const MoltPoolBlocks *pools, uintptr_t block)
{
    uint64_t key = (uint64_t)block * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t at = (key ^ key >> 29) & (pools->place_count - 1);
    while (pools->places[at] != 0 && pools->items[pools->places[at] - 1].block != block)
        at = (at + 1) & (pools->place_count - 1);
    return &pools->places[at];
}

static bool make_room(MoltPoolBlocks *pools)
{
    if (pools->count == pools->slots) {
        uint64_t slots = pools->slots > 0 ? pools->slots * 2 : 32;
        MoltPoolBlock *items =
            resized(pools, pools->items, pools->slots, slots, sizeof *pools->items);
        if (!items)
            return false;
        pools->items = items;
        pools->slots = slots;
    }
    if (pools->count * 2 < pools->place_count)
        return true;
    uint64_t wanted = pools->place_count > 0 ? pools->place_count * 2 : 64;
    uint64_t *places = resized(pools, NULL, 0, wanted, sizeof *places);
    if (!places)
        return false;
    memset(places, 0, wanted * sizeof *places);
    give_back(pools, pools->places, pools->place_count, sizeof *places);
    pools->places = places;
    pools->place_count = wanted;
    for (uint64_t i = 0; i < pools->count; i++)
        *place_of(pools, pools->items[i].block) = i + 1;
    return true;
}

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* `at` is where the pointer leads in the block. */
static bool is_wrong(const MoltSchema *schema, const Claim *claim, const MoltPoolBlock *item,
                     uint64_t at)
{
    const unsigned char *block = (const unsigned char *)item->block; /* NOLINT: of the heap */
    uint64_t unit = molt_type(schema, claim->type)->size;
    if (unit == 0 || claim->contradicted || molt_schema_tail(schema, claim->type) ||
        (claim->header != MOLT_NO_TYPE && molt_schema_tail(schema, claim->header)) ||
        item->bytes < item->head || (at != 0 && at != item->head) ||
        ((item->bytes - item->head) % unit != 0 && !claim->shown))
        return true;
    uint64_t rest = (item->bytes - item->head) % unit;
    return !is_zero(block + item->bytes - rest, rest);
}

/* A pointer with a note. */
static void take(MoltPoolBlocks *pools, const Claim *claim, uintptr_t value)
{
    const MoltHeap *heap = pools->heap;
    const MoltSchema *schema = heap->schema;
    MoltPlace place;
    value += value != 0 && pools->within > 0 ? pools->distance : 0;
    molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK || place.block.type == claim->type ||
        molt_type(schema, place.block.type)->kind != MOLT_KIND_INT ||
        heap->spans[place.block.span].align == 0 || !make_room(pools))
        return;
    const MoltSpan *span = &heap->spans[place.block.span];
    MoltPoolBlock item = {.block = (uintptr_t)place.block.start,
                          .bytes = molt__span_bytes(span, place.block.count),
                          .type = claim->type,
                          .header = claim->header,
                          .span = place.block.span,
                          .index = place.block.index,
                          .within = pools->within};
    item.head = claim->header != MOLT_NO_TYPE ? molt_type(schema, claim->header)->size : 0;
    item.wrong = is_wrong(schema, claim, &item, place.element * span->elem_size + place.offset);
    if (!item.wrong)
        item.count = (item.bytes - item.head) / molt_type(schema, claim->type)->size;
    uint64_t *known = place_of(pools, item.block);
    if (*known == 0) {
        pools->items[pools->count++] = item;
        *known = pools->count;
    } else if (pools->items[*known - 1].type != item.type ||
               pools->items[*known - 1].header != item.header) {
        pools->items[*known - 1].wrong = true;
    }
}

/* ---- where notes stand ------------------------------------------------------------------------ */

static void take_all(MoltPoolBlocks *pools, const Claim *claim, MoltTypeId id,
                     const unsigned char *value)
{
    const MoltSchema *schema = pools->heap->schema;
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_POINTER) {
        uintptr_t pointer;
        memcpy(&pointer, value, sizeof pointer);
        take(pools, claim, pointer);
    }
    for (uint64_t i = 0; type->kind == MOLT_KIND_ARRAY && i < type->length; i++)
        take_all(pools, claim, type->elem, value + i * molt_type(schema, type->elem)->size);
}

/* The pointers with a note in a value; with `value` NULL only whether there may be some. */
static bool walk(MoltPoolBlocks *pools, MoltTypeId id, const unsigned char *value)
{
    const MoltSchema *schema = pools->heap->schema;
    const MoltType *type = molt_type(schema, id);
    bool any = false;
    if (type->kind == MOLT_KIND_ARRAY) {
        any = walk(pools, type->elem, NULL);
        for (uint64_t i = 0; any && value && i < type->length; i++)
            walk(pools, type->elem, value + i * molt_type(schema, type->elem)->size);
    }
    for (uint32_t n = 0; type->kind == MOLT_KIND_STRUCT && n < type->count; n++) {
        const MoltField *field = &schema->tables.fields[type->first + n];
        const unsigned char *at = value ? value + field->bit_offset / 8 : NULL;
        Claim claim;
        if (field->flags & (MOLT_FIELD_TRANSIENT | MOLT_FIELD_EXTERNAL))
            continue;
        if (!read_note(schema, field, &claim)) {
            any = walk(pools, field->type, at) || any;
            continue;
        }
        any = true;
        if (at)
            take_all(pools, &claim, field->type, at);
    }
    return any;
}

static void walk_objects(MoltPoolBlocks *pools, MoltTypeId id)
{
    const MoltHeap *heap = pools->heap;
    for (uint32_t s = heap->types.first[id]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        const MoltSpan *span = &heap->spans[s];
        for (uint32_t b = 0; b < span->blocks && span->live > 0 && !pools->failed; b++) {
            uint64_t count = span->header > 0 ? 1 : molt__span_count(span, b);
            for (uint64_t e = 0; molt__span_is_live(span, b) && e < count; e++)
                walk(pools, id, molt__span_block(span, b) + e * span->elem_size);
        }
    }
}

static void walk_item(MoltPoolBlocks *pools, uint64_t i)
{
    const MoltPoolBlock item = pools->items[i];                     /* the list grows */
    const unsigned char *block = (const unsigned char *)item.block; /* NOLINT: of the heap */
    uint64_t unit = molt_type(pools->heap->schema, item.type)->size;
    if (item.wrong)
        return;
    pools->within = i + 1;
    if (item.header != MOLT_NO_TYPE)
        walk(pools, item.header, block);
    bool any = walk(pools, item.type, NULL);
    for (uint64_t k = 0; any && k < item.count && !pools->failed; k++)
        walk(pools, item.type, block + item.head + k * unit);
    pools->within = 0;
}

static int compare(const void *a, const void *b)
{
    const MoltPoolBlock *x = a, *y = b;
    return (x->block > y->block) - (x->block < y->block);
}

/* What an untrue note led to is not to be believed either. Items stand behind those that lead to them. */
static void settle(MoltPoolBlocks *pools)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < pools->count; i++) {
        MoltPoolBlock *item = &pools->items[i];
        item->wrong = item->wrong || (item->within > 0 && pools->items[item->within - 1].wrong);
    }
    for (uint64_t i = 0; i < pools->count; i++)
        if (!pools->items[i].wrong)
            pools->items[kept++] = pools->items[i];
    pools->count = kept;
    if (kept > 0)
        qsort(pools->items, kept, sizeof *pools->items, compare);
}

bool molt__pool_blocks_find(MoltPoolBlocks *pools, const MoltHeap *heap, uintptr_t distance,
                            const MoltAllocator *allocator)
{
    *pools = (MoltPoolBlocks){.heap = heap, .allocator = *allocator, .distance = distance};
    for (MoltTypeId id = 0; id < heap->types.count && !pools->failed; id++)
        if (heap->types.first[id] != MOLT__NO_SPAN && walk(pools, id, NULL))
            walk_objects(pools, id);
    for (uint64_t i = 0; i < pools->count && !pools->failed; i++)
        walk_item(pools, i);
    settle(pools);
    return !pools->failed;
}

void molt__pool_blocks_free(MoltPoolBlocks *pools)
{
    give_back(pools, pools->items, pools->slots, sizeof *pools->items);
    give_back(pools, pools->places, pools->place_count, sizeof *pools->places);
    *pools = (MoltPoolBlocks){0};
}

const MoltPoolBlock *molt__pool_block(const MoltPoolBlocks *pools, uintptr_t block)
{
    const MoltPoolBlock key = {.block = block};
    return pools->count > 0 ? bsearch(&key, pools->items, pools->count, sizeof key, compare) : NULL;
}
