#include "free_links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent.h"
#include "globals_map.h"
#include "migration.h"
#include "molt/globals.h"

/* Of an old type. */
typedef struct Kind {
    bool known;
    bool linked;      /* such a struct may be linked */
    bool holds;       /* an array by value of what may be, at any depth */
    uint64_t links;   /* found */
    bool sure;        /* one of them leads to another place than where a span of objects begins */
    bool doubtful;    /* they make no list */
    MoltTypeId block; /* where the first one is */
    uint64_t serial;
} Kind;

typedef struct Link {
    MoltTypeId type;
    uintptr_t object, value, target; /* target: value, as the heap has it */
} Link;

typedef struct Search {
    MoltMigration *m;
    Kind *kinds;
    Link *links;
    uint64_t count, slots;
    uintptr_t low, range; /* of the variables of the game */
} Search;

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_word(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    return (type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_ENUM) &&
           type->size >= sizeof(uintptr_t);
}

/* Numbers, none of which is a word, begin within the first word of the struct. */
static bool has_numbers_first(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    uint16_t kind = type->kind;
    if (molt_kind_is_sequence(kind))
        return type->length > 0 && molt_type(schema, type->elem)->size > 1 &&
               has_numbers_first(schema, type->elem);
    if (kind != MOLT_KIND_STRUCT)
        return kind == MOLT_KIND_FLOAT || kind == MOLT_KIND_BOOL ||
               ((kind == MOLT_KIND_INT || kind == MOLT_KIND_ENUM) && !is_word(schema, id));
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        if (field->bit_offset / 8 < sizeof(uintptr_t) && !has_numbers_first(schema, field->type))
            return false;
    }
    return type->count > 0;
}

static const Kind *kind_of(Search *search, MoltTypeId id)
{
    const MoltSchema *schema = search->m->plan->before;
    const MoltType *type = molt_type(schema, id);
    Kind *kind = &search->kinds[id];
    if (kind->known)
        return kind;
    kind->known = true;
    if (type->kind == MOLT_KIND_ARRAY) {
        const Kind *elem = kind_of(search, type->elem);
        kind->holds = elem->linked || elem->holds;
    }
    if (type->kind != MOLT_KIND_STRUCT)
        return kind;
    for (uint32_t f = type->first; f < type->first + type->count; f++)
        kind->holds = kind_of(search, schema->tables.fields[f].type)->holds || kind->holds;
    kind->linked = type->size >= sizeof(uintptr_t) && !(type->flags & MOLT_TYPE_GLOBALS) &&
                   !molt_schema_tail(schema, id) && has_numbers_first(schema, id);
    return kind;
}

/* ---- links ----------------------------------------------------------------------------------- */

/* The address of a struct of the type; as the heap has it, where it is in a variable. */
static uintptr_t target_of(const Search *search, MoltTypeId type, uintptr_t value)
{
    const MoltMigration *m = search->m;
    const MoltHeap *heap = m->heap;
    MoltPlace place;
    if (value - search->low < search->range)
        value = molt_heap_mirror(heap, value, type);
    else if (value - heap->base >= heap->granule_count << MOLT__GRANULE_SHIFT)
        return 0;
    molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: it is only looked up */
    molt__retype_place(m, &place);
    if (place.kind != MOLT_PLACE_BLOCK || place.block.header > 0 ||
        place.element == place.block.count ||
        !molt__descent_has(m->plan->before, place.block.type, place.offset, type))
        return 0;
    return value;
}

/* Where a struct of the old state is in the new one; `mirrored`: as the heap has it. */
static uintptr_t new_place(const Search *search, MoltTypeId type, uintptr_t address, bool mirrored)
{
    MoltMigration *m = search->m;
    MoltTypeId after = m->plan->types[type].after;
    const MoltOp op = {.code = MOLT__OP_POINTER,
                       .check = MOLT__NO_CHECK,
                       .before = type,
                       .after = after,
                       .pointee_ok = true};
    uintptr_t moved = 0;
    bool scanning = m->scanning;
    m->mode = MOLT__RUN_VALUE; /* what a rule says of it is not for the report */
    m->scanning = m->value_lost = m->value_refused = false;
    if (after != MOLT_NO_TYPE && molt_type(m->plan->after, after)->size >= sizeof(uintptr_t))
        moved = (mirrored ? molt__relocate_mirrored : molt__relocate)(m, &op, address, 0);
    m->mode = MOLT__RUN_STATE;
    m->scanning = scanning;
    return m->value_lost || m->value_refused ? 0 : moved;
}

/* Writes the first word of what was at `address`: at once in a block that is new, at commit in one that
 * stays. */
static void put(const Search *search, MoltTypeId type, uintptr_t address, uintptr_t word)
{
    MoltMigration *m = search->m;
    uintptr_t to = new_place(search, type, address, true);
    if (to == 0)
        return;
    if (to != address)
        memcpy((void *)to, &word, sizeof word); /* NOLINT: in the new state */
    else if (molt__migration_grow(m, (void **)&m->patches, &m->patch_slots, m->patch_count, 1,
                                  sizeof *m->patches))
        m->patches[m->patch_count++] =
            (MoltPatch){(unsigned char *)to, word}; /* NOLINT: as above */
}

static void note(Search *search, MoltTypeId type, uintptr_t object, uintptr_t value)
{
    MoltMigration *m = search->m;
    Kind *kind = &search->kinds[type];
    const Link link = {type, object, value, target_of(search, type, value)};
    if (link.target == 0 || !molt__migration_grow(m, (void **)&search->links, &search->slots,
                                                  search->count, 1, sizeof *search->links))
        return;
    search->links[search->count++] = link;
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)link.target, &place); /* NOLINT: it is only looked up */
    kind->sure |= link.target != m->heap->spans[place.block.span].base;
    if (kind->links++ > 0)
        return;
    molt_heap_locate(m->heap, (const void *)object, &place); /* NOLINT: as above */
    kind->block = place.block.type;
    kind->serial = place.block.serial;
}

static void look_at(Search *search, MoltTypeId type, const unsigned char *object)
{
    const MoltHeap *heap = search->m->heap;
    uintptr_t word;
    memcpy(&word, object, sizeof word);
    if (word - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT ||
        word - search->low < search->range)
        note(search, type, (uintptr_t)object, word);
}

/* ---- lists ------------------------------------------------------------------------------------ */

static uintptr_t word_at(uintptr_t address)
{
    uintptr_t word;
    memcpy(&word, (const void *)address, sizeof word); /* NOLINT: in the old state */
    return word;
}

static int compare(const void *a, const void *b)
{
    const Link *x = a, *y = b;
    int order = (x->type > y->type) - (x->type < y->type);
    return order != 0 ? order : (x->target > y->target) - (x->target < y->target);
}

/* In a list each object has one before it at most, and begins with a link itself or ends it. Two numbers
 * that look like an address do not: 0 and 8192 may be the begin of the heap. */
static void judge(Search *search)
{
    if (search->count > 0)
        qsort(search->links, search->count, sizeof *search->links, compare);
    for (uint64_t i = 0; i < search->count; i++) {
        const Link *link = &search->links[i];
        uintptr_t word = word_at(link->target);
        bool twice = i > 0 && compare(link - 1, link) == 0;
        if (twice || link->object == link->target ||
            (word != 0 && target_of(search, link->type, word) == 0))
            search->kinds[link->type].doubtful = true;
    }
}

static bool is_list(const Kind *kind)
{
    return kind->links > 0 && kind->sure && !kind->doubtful;
}

static void follow(const Search *search, const Link *link)
{
    uintptr_t moved = new_place(search, link->type, link->value, false);
    if (moved == 0 || !is_list(&search->kinds[link->type]) ||
        (moved == link->value && search->m->plan->types[link->type].fate == MOLT_FATE_SAME))
        return;
    put(search, link->type, link->object, moved);
    if (word_at(link->target) == 0)
        put(search, link->type, link->target, 0); /* the end, which defaults must not hide */
}

/* ---- where they are -------------------------------------------------------------------------- */

static void look_for(Search *search, MoltTypeId id, const unsigned char *value, bool element)
{
    const MoltSchema *schema = search->m->plan->before;
    const MoltType *type = molt_type(schema, id);
    const Kind *kind = kind_of(search, id);
    if (kind->linked && element)
        look_at(search, id, value);
    if (!kind->holds)
        return;
    for (uint64_t i = 0; type->kind == MOLT_KIND_ARRAY && i < type->length; i++)
        look_for(search, type->elem, value + i * molt_type(schema, type->elem)->size, true);
    for (uint32_t f = type->first; type->kind == MOLT_KIND_STRUCT && f < type->first + type->count;
         f++)
        look_for(search, schema->tables.fields[f].type,
                 value + schema->tables.fields[f].bit_offset / 8, false);
}

static void look_in_span(Search *search, const MoltSpan *span)
{
    for (uint32_t b = 0; b < span->blocks && !search->m->failed; b++) {
        uint64_t count = span->header > 0 ? 1 : molt__span_count(span, b);
        const unsigned char *block = molt__span_block(span, b);
        for (uint64_t e = 0; molt__span_is_live(span, b) && e < count; e++)
            look_for(search, span->type, block + e * span->elem_size, span->header == 0);
    }
}

/* The objects of blocks that only a note describes. */
static void look_in_retyped(Search *search, const MoltRetyped *item)
{
    uint64_t unit = item->problem ? 0 : molt_type(search->m->plan->before, item->type)->size;
    const unsigned char *block = (const unsigned char *)item->block; /* NOLINT: of the heap */
    for (uint64_t at = item->head; unit > 0 && at + unit <= item->bytes; at += unit)
        look_for(search, item->type, block + at, true);
}

static void bound_variables(Search *search)
{
    const MoltGlobals *globals = search->m->heap->globals;
    if (!globals || globals->placed == 0)
        return;
    uint32_t last = globals->by_address[globals->placed - 1];
    const MoltField *field = molt__globals_field(globals, last);
    search->low = (uintptr_t)globals->places[globals->by_address[0]];
    search->range = (uintptr_t)globals->places[last] +
                    molt_type(globals->schema, field->type)->size - search->low;
}

static void report(const Search *search)
{
    const MoltSchema *before = search->m->plan->before;
    for (MoltTypeId t = 0; t < before->tables.type_count; t++) {
        const Kind *kind = &search->kinds[t];
        char value[300];
        if (!is_list(kind))
            continue;
        snprintf(value, sizeof value,
                 "in %.100s:%llu, which begins with the address of another, as in a list of free "
                 "ones: it "
                 "follows",
                 molt_type_name(before, kind->block), (unsigned long long)kind->serial);
        molt_report_add(search->m->report, &(MoltFinding){.severity = MOLT_INFO,
                                                          .rule = MOLT_RULE_ADDRESS_IN_BYTES,
                                                          .path = molt_type_name(before, t),
                                                          .value = value,
                                                          .objects = kind->links});
    }
}

void molt__free_links_run(MoltMigration *m)
{
    const MoltHeap *heap = m->heap;
    uint32_t types = m->plan->before->tables.type_count;
    Search search = {.m = m};
    if (!m->moves && !m->edits && !m->globals.next)
        return;
    search.kinds = molt__migration_table(m, types, sizeof *search.kinds);
    bound_variables(&search);
    for (uint32_t i = 0; search.kinds && i < m->busy_count && !m->failed; i++) {
        const MoltSpan *span = &heap->spans[m->busy[i]];
        bool moves = m->spans[m->busy[i]].bytes > 0 || molt__migrate_globals_is(m, span);
        const Kind *kind = moves ? kind_of(&search, span->type) : NULL;
        if (kind && (kind->linked || kind->holds))
            look_in_span(&search, span);
    }
    for (uint64_t i = 0; search.kinds && i < m->retypes.count; i++)
        if (m->retypes.items[i].to == MOLT_NO_TYPE)
            look_in_retyped(&search, &m->retypes.items[i]);
    judge(&search);
    for (uint64_t i = 0; i < search.count && !m->failed; i++)
        follow(&search, &search.links[i]);
    if (search.kinds)
        report(&search);
    molt__migration_free(m, search.links, search.slots, sizeof *search.links);
    molt__migration_free(m, search.kinds, types, sizeof *search.kinds);
}
