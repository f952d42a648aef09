#include "retype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attic_pool.h"
#include "attic_retype.h"
#include "byte_runs.h"
#include "heap_plain.h"
#include "migration.h"
#include "pool_note.h"
#include "tables.h"

/* ---- which blocks ----------------------------------------------------------------------------- */

/* Structs become blocks of their own only where the survey saw them. Bytes are not the objects of a block,
 * but may well be what lies behind a header. */
static bool converts(const MoltMigration *m, MoltTypeId id, bool bytes)
{
    const MoltSchema *schema = m->plan->before;
    const MoltTypePlan *type = &m->plan->types[id];
    if (molt_type(schema, id)->size == 0 || molt_schema_tail(schema, id) ||
        (!bytes && molt__is_bytes(schema, id)) || type->fate == MOLT_FATE_GONE ||
        type->after == MOLT_NO_TYPE ||
        molt__plan_keeps(m->plan, id) || molt_schema_tail(m->plan->after, type->after))
        return false;
    for (uint32_t o = type->first_op; o < type->first_op + type->op_count; o++) {
        uint8_t code = m->plan->ops[o].code;
        if (type->fate != MOLT_FATE_SAME && (code == MOLT__OP_BOX || code == MOLT__OP_EMBED))
            return false;
    }
    return true;
}

/* A last element that is cut off has nothing in it that could be converted. */
static bool rest_is_zero(const unsigned char *block, uint64_t bytes, uint64_t unit)
{
    for (uint64_t at = bytes - bytes % unit; at < bytes; at++)
        if (block[at] != 0)
            return false;
    return true;
}

/* The objects begin where their type may: the header takes as much room in the new state as it needs. */
static uint64_t head_after(const MoltMigration *m, const MoltPoolNote *by)
{
    const MoltSchema *after = m->plan->after;
    return by->headed ? molt_type(after, m->plan->types[by->header].after)->size : 0;
}

/* Why a block of bytes cannot be taken for objects of the type; NULL: it can. `at` is where the pointer
 * leads in it. */
static const char *problem_of(const MoltMigration *m, const MoltPoolNote *by,
                              const unsigned char *block, uint64_t bytes, uint64_t at)
{
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    if (by->type == MOLT_NO_TYPE)
        return "the block stays as it is, for the running version does not know that type: save "
               "the note alone first, and then the edit";
    if (!converts(m, by->type, by->headed) || (by->headed && !converts(m, by->header, false)))
        return "the block has no type yet, and such an edit cannot give it that one: save the note "
               "alone first, and then the edit";
    uint64_t unit = molt_type(before, by->type)->size;
    uint64_t head = by->headed ? molt_type(before, by->header)->size : 0;
    if (by->renumbered)
        return "the note named another type of numbers before, and they are not converted: keep it";
    if (by->other)
        return "the block keeps its bytes";
    if (bytes < head || (at != 0 && at != head))
        return "the pointer leads neither to the header nor behind it";
    if (by->headed &&
        head_after(m, by) % molt_type(after, m->plan->types[by->type].after)->align != 0)
        return "the header's new size is no multiple of the alignment of what follows it";
    if ((bytes - head) % unit != 0 && !by->shown)
        return "the block's size is no multiple of that of the type, and nothing in the sources "
               "shows "
               "one there";
    return rest_is_zero(block + head, bytes - head, unit)
               ? NULL
               : "there is something behind the last whole one";
}

/* Blocks of bytes and of numbers, which a game may have cut up itself. */
static bool is_plain(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return molt__is_bytes(schema, id) || kind == MOLT_KIND_INT || kind == MOLT_KIND_FLOAT;
}

/* Where an item of the block is, or would be. */
static uint64_t *place_of(const MoltRetypes *all, uintptr_t block)
{
    uint64_t key = (uint64_t)block * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t at = (key ^ key >> 29) & (all->place_count - 1);
    while (all->places[at] != 0 && all->items[all->places[at] - 1].block != block)
        at = (at + 1) & (all->place_count - 1);
    return &all->places[at];
}

static bool grow_places(MoltMigration *m)
{
    MoltRetypes *all = &m->retypes;
    uint64_t wanted = all->place_count > 0 ? all->place_count * 2 : 64;
    uint64_t *places = molt__migration_table(m, wanted, sizeof *places);
    if (!places)
        return false;
    molt__migration_free(m, all->places, all->place_count, sizeof *all->places);
    all->places = places;
    all->place_count = wanted;
    for (uint64_t i = 0; i < all->count; i++)
        *place_of(all, all->items[i].block) = i + 1;
    return true;
}

/* One item per block: another pointer to it says the same, or the block keeps its bytes. */
static void add(MoltMigration *m, const MoltRetyped *item)
{
    MoltRetypes *all = &m->retypes;
    if (all->count * 2 >= all->place_count && !grow_places(m))
        return;
    uint64_t *at = place_of(all, item->block);
    if (*at != 0) {
        MoltRetyped *known = &all->items[*at - 1];
        if (item->offered && !known->offered)
            return; /* its pointers say what it is */
        if (known->type != item->type || known->header != item->header || known->to != item->to)
            known->problem = "another field says another type";
        return;
    }
    if (!molt__migration_grow(m, (void **)&all->items, &all->slots, all->count, 1,
                              sizeof *all->items))
        return;
    all->items[all->count] = *item;
    all->items[all->count++].within = all->within;
    *at = all->count;
}

static void take(MoltMigration *m, const MoltPoolNote *by, uintptr_t value)
{
    const MoltHeap *heap = m->heap;
    const MoltSchema *schema = m->plan->before;
    MoltPlace place;
    molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (value == 0 || place.kind != MOLT_PLACE_BLOCK ||
        (!by->headed && (place.element != 0 || place.offset != 0)) ||
        place.block.type == by->type || !is_plain(schema, place.block.type) ||
        heap->spans[place.block.span].align == 0)
        return;
    const MoltSpan *span = &heap->spans[place.block.span];
    uint64_t bytes = molt__span_bytes(span, place.block.count);
    uint64_t at = place.element * span->elem_size + place.offset;
    const char *problem = problem_of(m, by, place.block.start, bytes, at);
    uint64_t unit = problem ? 1 : molt_type(schema, by->type)->size;
    uint64_t head = problem || !by->headed ? 0 : molt_type(schema, by->header)->size;
    add(m, &(MoltRetyped){.block = (uintptr_t)place.block.start,
                          .bytes = bytes,
                          .count = (bytes - head + unit - 1) / unit,
                          .type = by->type,
                          .to = MOLT_NO_TYPE,
                          .header = by->header,
                          .head = head,
                          .head_after = problem ? 0 : head_after(m, by),
                          .problem = problem,
                          .other = problem && !by->renumbered ? by->other : NULL,
                          .renumbered = by->renumbered,
                          .span = place.block.span,
                          .index = place.block.index,
                          .owner = by->owner,
                          .field = by->field});
}

static void add_numbers(MoltMigration *m, const MoltPoolNote *by, const MoltBlock *block, bool offered)
{
    uint64_t bytes = molt__span_bytes(&m->heap->spans[block->span], block->count);
    add(m, &(MoltRetyped){.block = (uintptr_t)block->start,
                          .bytes = bytes,
                          .count = block->count,
                          .type = by->type,
                          .to = by->to,
                          .header = MOLT_NO_TYPE,
                          .span = block->span,
                          .index = block->index,
                          .owner = by->owner,
                          .field = by->field,
                          .offered = offered});
}

static void take_numbers(MoltMigration *m, const MoltPoolNote *by, uintptr_t value)
{
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (value != 0 && place.kind == MOLT_PLACE_BLOCK && place.block.type == by->type)
        add_numbers(m, by, &place.block, false);
}

void molt__retype_offer(MoltMigration *m, uintptr_t block, MoltTypeId to, MoltTypeId owner,
                        uint32_t field)
{
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)block, &place); /* NOLINT: a block */
    const MoltPoolNote by = {.owner = owner, .field = field, .type = place.block.type, .to = to};
    add_numbers(m, &by, &place.block, true);
}

static void take_all(MoltMigration *m, const MoltPoolNote *by, MoltTypeId id,
                     const unsigned char *value)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_POINTER) {
        uintptr_t pointer;
        memcpy(&pointer, value, sizeof pointer);
        if (by->to != MOLT_NO_TYPE)
            take_numbers(m, by, pointer);
        else
            take(m, by, pointer);
    }
    for (uint64_t i = 0; type->kind == MOLT_KIND_ARRAY && i < type->length; i++)
        take_all(m, by, type->elem, value + i * molt_type(schema, type->elem)->size);
}

/* The old field that a new one comes from; MOLT__NO_FIELD: none. */
static uint32_t source_of(const MoltMigration *m, MoltTypeId before, MoltTypeId after, uint32_t n)
{
    const MoltPair *pair = molt__plan_find_pair(m->plan, before, after);
    if (pair)
        return m->plan->matches[pair->match + n];
    return m->plan->types[before].fate == MOLT_FATE_SAME
               ? molt_type(m->plan->before, before)->first + n
               : MOLT__NO_FIELD;
}

/* The pointers with a note in an old value; with `value` NULL only whether there may be some. */
static bool walk(MoltMigration *m, MoltTypeId before, MoltTypeId after, const unsigned char *value)
{
    const MoltSchema *old = m->plan->before, *new = m->plan->after;
    const MoltType *was = molt_type(old, before), *is = molt_type(new, after);
    bool any = false;
    if (was->kind == MOLT_KIND_ARRAY && is->kind == MOLT_KIND_ARRAY) {
        any = walk(m, was->elem, is->elem, NULL);
        for (uint64_t i = 0; any && value && i < was->length; i++)
            walk(m, was->elem, is->elem, value + i * molt_type(old, was->elem)->size);
    }
    if (was->kind != MOLT_KIND_STRUCT || is->kind != MOLT_KIND_STRUCT)
        return any;
    for (uint32_t n = 0; n < is->count; n++) {
        const MoltField *field = &new->tables.fields[is->first + n];
        uint32_t from = source_of(m, before, after, n);
        if (from == MOLT__NO_FIELD)
            continue;
        const MoltField *source = &old->tables.fields[from];
        const unsigned char *at = value ? value + source->bit_offset / 8 : NULL;
        MoltPoolNote by = {.owner = after, .field = is->first + n};
        bool noted = molt__pool_note_read(m, source, field, &by);
        if (!noted && !molt__retype_is_number(m, source, field, &by.type, &by.to)) {
            any = walk(m, source->type, field->type, at) || any;
        } else {
            any = true;
            if (noted)
                molt__pool_note_hear(m, &by, source, field);
            if (at)
                take_all(m, &by, source->type, at);
        }
    }
    return any;
}

static void walk_blocks(MoltMigration *m, MoltTypeId before)
{
    const MoltHeap *heap = m->heap;
    MoltTypeId after = m->plan->types[before].after;
    for (uint32_t s = heap->types.first[before]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        const MoltSpan *span = &heap->spans[s];
        for (uint32_t b = 0; b < span->blocks && span->live > 0 && !m->failed; b++) {
            uint64_t count = span->header > 0 ? 1 : molt__span_count(span, b);
            for (uint64_t e = 0; molt__span_is_live(span, b) && e < count; e++)
                walk(m, before, after, molt__span_block(span, b) + e * span->elem_size);
        }
    }
}

/* The pointers with notes in the objects of a block that has one itself. */
static void walk_item(MoltMigration *m, uint64_t i)
{
    const MoltRetyped item = m->retypes.items[i]; /* the list grows */
    const unsigned char *block = (const unsigned char *)item.block; /* NOLINT: of the heap */
    if (item.problem || item.to != MOLT_NO_TYPE)
        return;
    m->retypes.within = i + 1;
    if (item.header != MOLT_NO_TYPE)
        walk(m, item.header, m->plan->types[item.header].after, block);
    MoltTypeId after = m->plan->types[item.type].after;
    uint64_t unit = molt_type(m->plan->before, item.type)->size;
    bool any = walk(m, item.type, after, NULL);
    for (uint64_t at = item.head; any && at + unit <= item.bytes && !m->failed; at += unit)
        walk(m, item.type, after, block + at);
    m->retypes.within = 0;
}

/* ---- new blocks ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const MoltRetyped *x = a, *y = b;
    return (x->block > y->block) - (x->block < y->block);
}

/* What an untrue note led to is not to be believed either. Items stand behind those that they lie in. */
static void settle(MoltMigration *m)
{
    MoltRetypes *all = &m->retypes;
    for (uint64_t i = 0; i < all->count; i++) {
        MoltRetyped *item = &all->items[i];
        if (item->within > 0 && all->items[item->within - 1].problem && !item->problem)
            item->problem = "the block that leads to it keeps its bytes";
    }
    if (all->count > 0)
        qsort(all->items, all->count, sizeof *all->items, compare);
    molt__migration_free(m, all->places, all->place_count, sizeof *all->places);
    all->places = NULL;
    all->place_count = 0;
}

/* What the heap takes the new block for: its elements, or behind a header the bytes that it was. */
static MoltTypeId new_type(const MoltMigration *m, const MoltRetyped *item)
{
    bool headed = item->header != MOLT_NO_TYPE;
    if (item->to != MOLT_NO_TYPE)
        return item->to;
    return m->plan->types[headed ? m->heap->spans[item->span].type : item->type].after;
}

static uint64_t new_count(const MoltMigration *m, const MoltRetyped *item)
{
    const MoltSchema *after = m->plan->after;
    if (item->header == MOLT_NO_TYPE)
        return item->count;
    uint64_t size = molt_type(after, m->plan->types[item->type].after)->size;
    uint64_t unit = molt_type(after, new_type(m, item))->size;
    return (item->head_after + item->count * size + unit - 1) / unit;
}

static MoltSpan *open_span(MoltMigration *m, const MoltRetyped *item)
{
    MoltRetypes *all = &m->retypes;
    MoltTypeId after = new_type(m, item);
    uint32_t align = m->heap->spans[item->span].align;
    uint64_t capacity = molt__capacity_for(new_count(m, item));
    for (uint64_t s = all->span_count; s-- > 0;) {
        MoltSpan *span = &all->spans[s];
        if (span->type == after && span->capacity == capacity && span->align == align &&
            span->live < span->blocks)
            return span;
    }
    if (!molt__migration_grow(m, (void **)&all->spans, &all->span_slots, all->span_count, 1,
                              sizeof *all->spans))
        return NULL;
    MoltSpan *span = &all->spans[all->span_count];
    uint32_t blocks = capacity > MOLT__LONE_CAPACITY ? 1 : MOLT__SPAN_BLOCKS_MIN;
    if (!molt__span_make_of(m->heap, span, m->plan->after, after, capacity, blocks, align)) {
        m->failed = true;
        return NULL;
    }
    span->type = after;
    all->span_count++;
    return span;
}

static void make_block(MoltMigration *m, MoltRetyped *item)
{
    const MoltSpan *old = &m->heap->spans[item->span];
    MoltSpan *span = open_span(m, item);
    if (!span)
        return;
    uint32_t index = span->live;
    item->room = (uint64_t)(span - m->retypes.spans);
    if (!molt__plain_note(&m->allocator, span, index, molt__span_origin(old, item->index))) {
        m->failed = true;
        return;
    }
    span->live++;
    span->live_bits[index / 64] |= (uint64_t)1 << (index % 64);
    if (span->counts)
        span->counts[index] = new_count(m, item);
    item->after = (uintptr_t)molt__span_block(span, index);
    memset(molt__span_block(span, index), 0, new_count(m, item) * span->elem_size);
}

/* The block and all in it may stay where they are: it is no type of the heap's that changes. */
static bool stays(const MoltMigration *m, const MoltRetyped *item)
{
    const MoltTypePlan *types = m->plan->types;
    return item->header != MOLT_NO_TYPE && types[item->type].fate == MOLT_FATE_SAME &&
           types[item->header].fate == MOLT_FATE_SAME;
}

/* The edit concerns what the block is said to hold. */
static bool changes(const MoltMigration *m, const MoltRetyped *item)
{
    const MoltTypePlan *types = m->plan->types;
    return item->renumbered ||
           (item->type != MOLT_NO_TYPE && types[item->type].fate != MOLT_FATE_SAME) ||
           (item->header != MOLT_NO_TYPE && types[item->header].fate != MOLT_FATE_SAME);
}

void molt__retype_find(MoltMigration *m)
{
    MoltRetypes *all = &m->retypes;
    for (MoltTypeId id = 0; id < m->heap->types.count && !m->failed; id++) {
        MoltTypeId after = m->plan->types[id].after;
        if (m->heap->types.first[id] != MOLT__NO_SPAN && after != MOLT_NO_TYPE &&
            !molt__plan_keeps(m->plan, id) && walk(m, id, after, NULL))
            walk_blocks(m, id);
    }
    for (uint64_t i = 0; i < all->count && !m->failed; i++)
        walk_item(m, i);
    molt__attic_retype_offer(m);
    settle(m);
    for (uint64_t i = 0; i < all->count && !m->failed; i++) {
        bool numbers = all->items[i].to != MOLT_NO_TYPE;
        if (numbers && !all->items[i].problem && !molt__retype_number_fits(m, &all->items[i]))
            all->items[i].problem = "a number in it does not fit";
        if (numbers && all->items[i].problem)
            continue; /* then the pointers to it are what refuses */
        if (all->items[i].problem) {
            m->refused = m->refused || changes(m, &all->items[i]);
            continue;
        }
        if (stays(m, &all->items[i])) {
            all->items[i].after = all->items[i].block;
            continue;
        }
        make_block(m, &all->items[i]);
        molt__migration_contains(m, all->items[i].type);
        if (all->items[i].header != MOLT_NO_TYPE)
            molt__migration_contains(m, all->items[i].header);
        molt__migration_contains(m, m->heap->spans[all->items[i].span].type);
        m->moves = m->edits = true; /* pointers to the block, of whatever type, follow it */
    }
}

/* ---- converting ------------------------------------------------------------------------------- */

/* `count` values of the old type, of which the last may be cut off behind `bytes`. */
static void run_values(MoltMigration *m, MoltTypeId id, unsigned char *from, unsigned char *to,
                       uint64_t bytes)
{
    const MoltTypePlan *type = &m->plan->types[id];
    uint64_t unit = molt_type(m->plan->before, id)->size;
    uint64_t size = molt_type(m->plan->after, type->after)->size;
    uint64_t whole = bytes / unit;
    m->scanning = type->fate == MOLT_FATE_SAME;
    if (m->scanning && from != to)
        memcpy(to, from, bytes);
    for (uint64_t e = 0; e < whole && !m->failed; e += MOLT__BATCH) {
        uint64_t n = whole - e < MOLT__BATCH ? whole - e : MOLT__BATCH;
        m->batch_element = e;
        if (m->scanning)
            molt__execute(m, type->first_scan, type->scan_count, to + e * size, size, to + e * size,
                          size, n);
        else
            molt__execute(m, type->first_op, type->op_count, from + e * unit, unit, to + e * size,
                          size, n);
        molt__attic_flush(m, e, n);
        m->object += n;
    }
    if (from != to)
        m->report->objects_migrated += whole;
}

static void run_one(MoltMigration *m, const MoltRetyped *item)
{
    unsigned char *from = (unsigned char *)item->block; /* NOLINT: blocks of the heap, */
    unsigned char *to = (unsigned char *)item->after;   /* NOLINT: as the next one */
    /* the attic knows a block that gets its type now only from here on */
    bool headed = item->header != MOLT_NO_TYPE;
    m->apart = !headed;
    m->pool = headed ? MOLT__POOL_HEADER : MOLT__POOL_NONE;
    if (headed)
        run_values(m, item->header, from, to, item->head);
    m->pool = headed ? MOLT__POOL_ITEMS : MOLT__POOL_NONE;
    if (item->to != MOLT_NO_TYPE) {
        molt__retype_number_run(m, item);
        m->report->objects_migrated += item->count;
    } else {
        run_values(m, item->type, from + item->head, to + item->head_after,
                   item->bytes - item->head);
    }
    if (from == to)
        return;
    m->report->bytes_before += item->bytes;
    m->report->bytes_after +=
        new_count(m, item) * molt_type(m->plan->after, new_type(m, item))->size;
}

void molt__retype_run(MoltMigration *m)
{
    bool apart = m->apart;
    m->batch_of_blocks = false;
    for (uint64_t i = 0; i < m->retypes.count && !m->failed; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        if (item->problem || item->held)
            continue;
        m->batch_span = &m->heap->spans[item->span];
        m->batch_block = item->index;
        run_one(m, item);
    }
    m->batch_span = NULL;
    m->apart = apart;
    m->pool = MOLT__POOL_NONE;
}

static MoltRetyped *find(const MoltMigration *m, uintptr_t block)
{
    const MoltRetyped key = {.block = block};
    MoltRetyped *found = NULL;
    if (m->retypes.count > 0)
        found = bsearch(&key, m->retypes.items, m->retypes.count, sizeof key, compare);
    return found && !found->problem ? found : NULL;
}

static bool is_taken(const MoltMigration *m, const MoltRetyped *item)
{
    return !item->offered || (m->retypes.settled && !item->held);
}

const MoltRetyped *molt__retyped(const MoltMigration *m, uintptr_t block)
{
    const MoltRetyped *item = find(m, block);
    return item && is_taken(m, item) ? item : NULL;
}

const MoltRetyped *molt__retype_reached(const MoltMigration *m, uintptr_t block)
{
    MoltRetyped *item = find(m, block);
    if (item && item->offered && !m->retypes.settled)
        item->held = true;
    return item && is_taken(m, item) ? item : NULL;
}

bool molt__retype_moves(const MoltMigration *m, uintptr_t block)
{
    const MoltRetyped *item = molt__retype_reached(m, block);
    return item && item->after != item->block;
}

uint64_t molt__retype_elements(const MoltMigration *m, MoltTypeId type)
{
    uint64_t elements = 0;
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        if (item->to != MOLT_NO_TYPE && item->type == type && !item->problem && !item->held)
            elements += item->count;
    }
    return elements;
}

void molt__retype_place(const MoltMigration *m, MoltPlace *place)
{
    MoltBlock *block = &place->block;
    const MoltRetyped *item =
        place->kind == MOLT_PLACE_BLOCK ? molt__retyped(m, (uintptr_t)block->start) : NULL;
    if (!item)
        return;
    uint64_t unit = molt_type(m->plan->before, item->type)->size;
    uint64_t at = place->element * m->heap->spans[item->span].elem_size + place->offset;
    bool head = at < item->head;
    unit = head ? item->head : unit;
    at -= head ? 0 : item->head;
    block->type = head ? item->header : item->type;
    block->start = (unsigned char *)block->start + (head ? 0 : item->head);
    block->count = head ? 1 : (item->bytes - item->head) / unit;
    place->element = at / unit;
    place->offset = at % unit;
    if (place->element >= block->count) { /* in the part that is cut off */
        place->element = block->count;
        place->offset = 0;
    }
}

/* ---- report, commit, discard ------------------------------------------------------------------ */

static bool same_line(const MoltRetyped *a, const MoltRetyped *b)
{
    return a->field == b->field && a->problem == b->problem && a->other == b->other &&
           a->held == b->held;
}

static bool told_before(const MoltRetypes *all, uint64_t i)
{
    for (uint64_t k = 0; k < i; k++)
        if (same_line(&all->items[k], &all->items[i]))
            return true;
    return false;
}

/* What the note on the pointer is contradicted by: the block's place, and both types. */
static void say_other(const MoltMigration *m, const MoltRetyped *item, char *text, size_t size)
{
    const MoltHeap *heap = m->heap;
    uint32_t origin = molt__span_origin(&heap->spans[item->span], item->index);
    char place[300] = "a place that is not known";
    int length = (int)strcspn(item->other, " ");
    if (origin != 0 && origin < heap->origins.count)
        molt__origin_text(&heap->origins.items[origin], place, sizeof place);
    snprintf(
        text, size,
        "the block of %s that it leads to may hold %.*s, not %s: %s puts one there or takes one "
        "out",
        place, length, item->other, molt_type_name(m->plan->before, item->type),
        item->other + length + (item->other[length] != '\0'));
}

static void add_line(MoltMigration *m, const MoltRetyped *item, uint64_t blocks)
{
    char path[300], value[700];
    const char *remedy =
        "name the type where the block is allocated, and copy what is there into a new "
        "block in end_reload(), in a save before the edit";
    bool known = item->type != MOLT_NO_TYPE;
    bool refused = item->problem && changes(m, item);
    bool numbers = item->to != MOLT_NO_TYPE;
    if ((item->problem && (numbers || (known && !refused))) || item->held ||
        (!item->problem && item->after == item->block))
        return; /* its bytes are what they were */
    if (item->field != MOLT__NO_FIELD)
        molt__field_path(m->plan->after, item->owner, item->field, path, sizeof path);
    else
        snprintf(path, sizeof path, "%s", molt_type_name(m->plan->after, item->owner));
    if (item->other) {
        say_other(m, item, value, sizeof value);
        remedy =
            "MOLT_POOL belongs on a pointer that leads to one type: name the type where each block "
            "is allocated, or keep the blocks of each type behind a field of its own, and copy "
            "what "
            "is there into new blocks in end_reload(), in a save before the edit";
    } else if (item->problem) {
        snprintf(value, sizeof value, "%s", item->problem);
    } else if (numbers) {
        snprintf(value, sizeof value, "the numbers that it leads to are %s from now on, not %s",
                 molt_type_name(m->plan->after, item->to),
                 molt_type_name(m->plan->before, item->type));
    } else if (item->header != MOLT_NO_TYPE && is_plain(m->plan->before, item->type)) {
        snprintf(value, sizeof value,
                 "the block that it leads to begins with a %s, and the numbers behind it stay",
                 molt_type_name(m->plan->after, m->plan->types[item->header].after));
    } else if (item->header != MOLT_NO_TYPE) {
        snprintf(value, sizeof value, "the block that it leads to holds %s behind a %s",
                 molt_type_name(m->plan->after, m->plan->types[item->type].after),
                 molt_type_name(m->plan->after, m->plan->types[item->header].after));
    } else {
        snprintf(value, sizeof value, "the block that it leads to holds %s from now on, not %s",
                 molt_type_name(m->plan->after, m->plan->types[item->type].after),
                 molt_type_name(m->plan->before, m->heap->spans[item->span].type));
    }
    molt_report_add(
        m->report,
        &(MoltFinding){.severity = refused ? MOLT_REFUSE : MOLT_INFO,
                       .rule = numbers ? MOLT_RULE_NUMBER_CONVERTED : MOLT_RULE_UNTYPED_MEMORY,
                       .path = path,
                       .value = value,
                       .remedy = refused ? remedy : NULL,
                       .objects = blocks});
}

void molt__retype_report(MoltMigration *m)
{
    const MoltRetypes *all = &m->retypes;
    for (uint64_t i = 0; i < all->count; i++) {
        uint64_t blocks = 0;
        if (told_before(all, i))
            continue;
        for (uint64_t k = i; k < all->count; k++)
            blocks += same_line(&all->items[k], &all->items[i]);
        add_line(m, &all->items[i], blocks);
    }
}

void molt__retype_commit(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->retypes.span_count; s++) {
        if (m->retypes.spans[s].live > 0)
            molt__heap_adopt(m->heap, &m->retypes.spans[s], m->retypes.spans[s].type);
        else
            molt__span_release(m->heap, &m->retypes.spans[s]);
    }
}

void molt__retype_free_old(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++)
        if (molt__retype_moves(m, m->retypes.items[i].block))
            molt_heap_delete(m->heap, (void *)m->retypes.items[i].block); /* NOLINT: a block */
    molt__retype_number_trim(m);
}

void molt__retype_discard(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->retypes.span_count; s++)
        molt__span_release(m->heap, &m->retypes.spans[s]);
}

void molt__retype_release(MoltMigration *m)
{
    molt__migration_free(m, m->retypes.items, m->retypes.slots, sizeof *m->retypes.items);
    molt__migration_free(m, m->retypes.spans, m->retypes.span_slots, sizeof *m->retypes.spans);
    m->retypes = (MoltRetypes){0};
}
