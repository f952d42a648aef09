#include "raw_memory.h"

#include <stdio.h>
#include <string.h>

#include "byte_runs.h"
#include "migration.h"
#include "molt/globals.h"

/* Lines about memory that is merely carried along. */
enum { LISTED_MAX = 16 };

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_record(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION;
}

/* Elements that are numbers: structs in such a block are the game's own doing. */
static bool is_raw(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return kind == MOLT_KIND_INT || kind == MOLT_KIND_FLOAT || kind == MOLT_KIND_BOOL ||
           kind == MOLT_KIND_ENUM;
}

/* What lies at `*offset` in a value of `type`, one step down, which moves `*offset` into it; MOLT_NO_TYPE
 * when nothing does or nobody knows. */
static MoltTypeId inner_at(const MoltSchema *schema, MoltTypeId type, uint64_t *offset)
{
    const MoltType *t = molt_type(schema, type);
    if (molt_kind_is_sequence(t->kind) && molt_type(schema, t->elem)->size > 0) {
        *offset %= molt_type(schema, t->elem)->size;
        return t->elem;
    }
    for (uint32_t f = t->first; t->kind == MOLT_KIND_STRUCT && f < t->first + t->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        uint64_t start = field->bit_offset / 8, size = molt_type(schema, field->type)->size;
        bool open = (molt_type(schema, field->type)->flags & MOLT_TYPE_FLEXIBLE) != 0;
        if (field->flags & MOLT_FIELD_BITS)
            continue; /* its bytes may be those of the next field, too */
        if (*offset >= start && (*offset - start < size || open)) {
            *offset -= start;
            return field->type;
        }
    }
    return MOLT_NO_TYPE;
}

/* A value of `type` has at `offset` one of `wanted`. */
static bool has_at(const MoltSchema *schema, MoltTypeId type, uint64_t offset, MoltTypeId wanted)
{
    for (int depth = 0; depth <= MOLT_SCHEMA_DEPTH_MAX && type != MOLT_NO_TYPE; depth++) {
        if ((type == wanted && offset == 0) || molt_type(schema, type)->kind == MOLT_KIND_UNION)
            return true; /* of a union nobody knows which member is meant */
        type = inner_at(schema, type, &offset);
    }
    return false;
}

/* One that begins there, or ends: then the pointer may be one past the end of an array. */
static bool has_or_ends_at(const MoltSchema *schema, MoltTypeId type, uint64_t offset,
                           MoltTypeId part)
{
    uint64_t size = molt_type(schema, part)->size;
    return has_at(schema, type, offset, part) ||
           (offset >= size && has_at(schema, type, offset - size, part));
}

/* A value of `type` has at `offset` an array of numbers, into which a `wanted` was put. Not where that
 * begins with such an array itself: then both structs may have their first members in common; nor where
 * the pointer may be to the end of what lies before. */
static bool has_room_at(const MoltSchema *schema, MoltTypeId type, uint64_t offset,
                        MoltTypeId wanted)
{
    if (has_or_ends_at(schema, type, offset, wanted))
        return false;
    for (int depth = 0; depth <= MOLT_SCHEMA_DEPTH_MAX && type != MOLT_NO_TYPE; depth++) {
        if (molt_kind_is_sequence(molt_type(schema, type)->kind) &&
            is_raw(schema, molt_type(schema, type)->elem))
            return !has_at(schema, wanted, 0, type);
        type = inner_at(schema, type, &offset);
    }
    return false;
}

static bool leads_on(const MoltSchema *schema, const bool *leads, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    if (molt_kind_is_sequence(type->kind) || type->kind == MOLT_KIND_POINTER)
        return leads[type->elem];
    for (uint32_t f = type->first; is_record(schema, id) && f < type->first + type->count; f++)
        if (leads[schema->tables.fields[f].type])
            return true;
    return false;
}

/* Per type whether it, what it holds or what its pointers lead to changes. */
static const bool *leading_types(MoltMigration *m)
{
    const MoltSchema *schema = m->plan->before;
    uint32_t count = schema->tables.type_count;
    if (m->raw.leads || count == 0)
        return m->raw.leads;
    bool *leads = molt__migration_table(m, count, sizeof *leads);
    if (!leads)
        return NULL;
    for (MoltTypeId id = 0; id < count; id++)
        leads[id] = is_record(schema, id) && m->plan->types[id].fate != MOLT_FATE_SAME;
    for (bool added = true; added;) {
        added = false;
        for (MoltTypeId id = 0; id < count; id++)
            if (!leads[id] && leads_on(schema, leads, id))
                leads[id] = added = true;
    }
    m->raw.leads = leads;
    return leads;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static uint64_t slot_for(const MoltRawFacts *facts, const MoltRawFact *fact)
{
    uint64_t key = ((uint64_t)fact->span << 32 | fact->index) * UINT64_C(0x9E3779B97F4A7C15) +
                   (uint64_t)fact->type * 31 + (uint64_t)fact->kind;
    uint64_t slot = (key ^ key >> 29) & (facts->slot_count - 1);
    for (; facts->slots[slot] != 0; slot = (slot + 1) & (facts->slot_count - 1)) {
        const MoltRawFact *known = &facts->items[facts->slots[slot] - 1];
        if (known->span == fact->span && known->index == fact->index && known->type == fact->type &&
            known->kind == fact->kind)
            break;
    }
    return slot;
}

static bool grow_slots(MoltMigration *m)
{
    MoltRawFacts *facts = &m->raw;
    uint64_t wanted = facts->slot_count > 0 ? facts->slot_count * 2 : 64;
    uint32_t *slots = molt__migration_table(m, wanted, sizeof *slots);
    if (!slots)
        return false;
    molt__migration_free(m, facts->slots, facts->slot_count, sizeof *facts->slots);
    facts->slots = slots;
    facts->slot_count = wanted;
    for (uint64_t i = 0; i < facts->count; i++)
        slots[slot_for(facts, &facts->items[i])] = (uint32_t)i + 1;
    return true;
}

void molt__raw_add(MoltMigration *m, MoltRawFact fact)
{
    MoltRawFacts *facts = &m->raw;
    if (facts->count >= UINT32_MAX / 2 || (facts->count * 2 >= facts->slot_count && !grow_slots(m)))
        return;
    uint64_t slot = slot_for(facts, &fact);
    if (facts->slots[slot] != 0 ||
        !molt__migration_grow(m, (void **)&facts->items, &facts->item_slots, facts->count, 1,
                              sizeof *facts->items))
        return;
    facts->items[facts->count++] = fact;
    facts->slots[slot] = (uint32_t)facts->count;
    m->refused = m->refused || fact.kind != MOLT__RAW_VISITED;
}

void molt__raw_free(MoltMigration *m)
{
    MoltRawFacts *facts = &m->raw;
    molt__migration_free(m, facts->items, facts->item_slots, sizeof *facts->items);
    molt__migration_free(m, facts->slots, facts->slot_count, sizeof *facts->slots);
    molt__migration_free(m, facts->leads, m->plan->before->tables.type_count, sizeof *facts->leads);
    *facts = (MoltRawFacts){0};
}

/* ---- pointers that lead to such memory ------------------------------------------------------- */

static bool reached_raw(MoltMigration *m, const MoltOp *op, MoltRawFact fact, bool plain,
                        uint64_t i)
{
    const MoltSchema *schema = m->plan->before;
    if (m->plan->types[fact.type].fate == MOLT_FATE_SAME) {
        if (molt__plan_has_pointers(schema, fact.type))
            molt__raw_add(m, fact);
        return true;
    }
    if (!plain) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i,
                    "a %s in a block that was allocated as %s", molt_type_name(schema, fact.type),
                    molt_type_name(schema, m->heap->spans[fact.span].type));
        return false;
    }
    fact.kind = MOLT__RAW_HOLDS;
    molt__raw_add(m, fact);
    return false;
}

/* A struct that takes all the room from `offset` on in another one, and so is no view on its first
 * members: the site and the pointer disagree. */
static bool fills(const MoltMigration *m, MoltTypeId type, MoltTypeId pointee, uint64_t offset)
{
    const MoltSchema *schema = m->plan->before;
    uint64_t size = molt_type(schema, type)->size;
    return is_record(schema, type) && offset < size &&
           molt_type(schema, pointee)->size >= size - offset;
}

bool molt__raw_fits(MoltMigration *m, const MoltOp *op, const MoltSpan *span, uint32_t index,
                    MoltTypeId type, uint64_t offset)
{
    const MoltTypePlan *types = m->plan->types;
    bool late = type != span->type; /* then a view on the first members is no excuse */
    if (!is_record(m->plan->before, op->before) || m->mode != MOLT__RUN_STATE ||
        (types[op->before].fate == MOLT_FATE_SAME && types[type].fate == MOLT_FATE_SAME) ||
        has_or_ends_at(m->plan->before, type, offset, op->before) ||
        (!late && !fills(m, type, op->before, offset)))
        return true;
    bool marked = offset % molt_type(m->plan->before, op->before)->align != 0;
    molt__raw_add(m, (MoltRawFact){.span = (uint32_t)(span - m->heap->spans),
                              .index = index,
                              .type = op->before,
                              .check = op->check,
                              .kind = marked ? MOLT__RAW_MARKED : MOLT__RAW_MISFIT});
    return false;
}

/* A pointer to pointers, of which some may lead to a struct that changes. */
static bool leads_to_pointers(MoltMigration *m, MoltTypeId pointee)
{
    if (molt_type(m->plan->before, pointee)->kind != MOLT_KIND_POINTER)
        return false;
    const bool *leads = leading_types(m);
    return leads && leads[pointee];
}

bool molt__raw_reached(MoltMigration *m, const MoltOp *op, const MoltSpan *span, uint32_t index,
                       uint64_t offset, uint64_t i)
{
    const MoltSchema *schema = m->plan->before;
    bool record = is_record(schema, op->before);
    if (m->mode != MOLT__RUN_STATE || m->keeping ||
        (!record && !(span->align != 0 && is_raw(schema, span->type) &&
                      leads_to_pointers(m, op->before))))
        return true;
    MoltRawFact fact = {.span = (uint32_t)(span - m->heap->spans),
                        .index = index,
                        .type = op->before,
                        .check = op->check,
                        .kind = MOLT__RAW_VISITED};
    if (!record) {
        molt__raw_add(m, fact);
        return true;
    }
    if (is_raw(schema, span->type))
        return reached_raw(m, op, fact, span->align != 0, i);
    if (m->plan->types[op->before].fate != MOLT_FATE_SAME &&
        has_room_at(schema, span->type, offset, op->before)) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i, "a %s in bytes of %s",
                    molt_type_name(schema, op->before), molt_type_name(schema, span->type));
        return false;
    }
    return span->align == 0 || molt__raw_fits(m, op, span, index, span->type, offset);
}

/* ---- words ----------------------------------------------------------------------------------- */

typedef struct Words {
    MoltMigration *m;
    MoltRawFact fact; /* of the block */
    bool chained;     /* what it holds leads to types that change */
    bool bytes;       /* addresses in it are byte_words.h's, but for those that lead on */
} Words;

/* Pointers and what they lead to are in one block, as of a table whose rows follow it. */
static void look_at_itself(Words *words)
{
    const MoltPlan *plan = words->m->plan;
    const MoltType *type = molt_type(plan->before, words->fact.type);
    MoltRawFact fact = words->fact;
    while (type->kind == MOLT_KIND_POINTER) {
        fact.type = type->elem;
        type = molt_type(plan->before, type->elem);
    }
    fact.kind = MOLT__RAW_HOLDS;
    if (fact.type != words->fact.type && is_record(plan->before, fact.type) &&
        plan->types[fact.type].fate != MOLT_FATE_SAME)
        molt__raw_add(words->m, fact);
}

static void look_at_heap(Words *words, uintptr_t value)
{
    MoltMigration *m = words->m;
    const MoltHeap *heap = m->heap;
    MoltPlace place;
    molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: it is only looked up */
    if (place.kind != MOLT_PLACE_BLOCK)
        return;
    MoltRawFact fact = words->fact;
    fact.type = place.block.type;
    fact.kind = MOLT__RAW_ADDRESS;
    if (m->plan->types[place.block.type].fate != MOLT_FATE_SAME ||
        molt__retype_moves(m, (uintptr_t)place.block.start) ||
        molt__ownership_is_claimed(m, place.block.type, (uintptr_t)place.block.start)) {
        if (!words->bytes)
            molt__raw_add(m, fact);
    } else if (words->chained && place.block.span == fact.span && place.block.index == fact.index) {
        look_at_itself(words);
    } else if (words->chained && is_raw(m->plan->before, place.block.type)) {
        fact.span = place.block.span;
        fact.index = place.block.index;
        fact.type = MOLT_NO_TYPE;
        fact.kind = MOLT__RAW_CHAIN;
        molt__raw_add(m, fact);
    }
}

static void scan_block(Words *words)
{
    MoltMigration *m = words->m;
    const MoltHeap *heap = m->heap;
    const MoltSpan *span = &heap->spans[words->fact.span];
    const unsigned char *start = molt__span_block(span, words->fact.index);
    uint64_t size = molt__span_bytes(span, molt__span_count(span, words->fact.index));
    uint64_t first = -(uintptr_t)start % sizeof(uintptr_t);
    uint64_t range = heap->granule_count << MOLT__GRANULE_SHIFT;
    for (uint64_t at = first; at + sizeof(uintptr_t) <= size && !m->failed;
         at += sizeof(uintptr_t)) {
        uintptr_t value;
        memcpy(&value, start + at, sizeof value);
        if (value - heap->base < range) {
            look_at_heap(words, value);
        } else if (!words->bytes && m->code &&
                   (value - m->code->begin < m->code->end - m->code->begin ||
                    molt_heap_mirror(heap, value, MOLT_NO_TYPE) != 0)) {
            MoltRawFact fact = words->fact;
            fact.kind = MOLT__RAW_CODE;
            fact.type = MOLT_NO_TYPE;
            molt__raw_add(m, fact);
        }
    }
}

void molt__raw_scan(MoltMigration *m)
{
    molt__raw_scan_erased(m);
    if (!m->code && !m->edits)
        return;
    const bool *leads = leading_types(m);
    for (uint64_t i = 0; leads && i < m->raw.count && !m->failed; i++) {
        const MoltRawFact fact = m->raw.items[i];
        Words words = {.m = m, .fact = fact};
        if (fact.kind != MOLT__RAW_VISITED)
            continue;
        words.chained = leads[fact.type];
        words.bytes = molt__is_bytes(m->plan->before, m->heap->spans[fact.span].type);
        if (!words.bytes || words.chained)
            scan_block(&words);
    }
}

/* ---- report ---------------------------------------------------------------------------------- */

/* Facts that make one line. */
typedef struct Group {
    uint32_t origin;
    MoltTypeId type, block;
    MoltRawKind kind;
    uint32_t check;
    uint64_t blocks;
} Group;

static uint32_t origin_of(const MoltHeap *heap, uint32_t span, uint32_t index)
{
    return molt__span_origin(&heap->spans[span], index);
}

static void count_in(MoltMigration *m, Group **groups, uint64_t *count, uint64_t *slots, Group fact)
{
    for (uint64_t g = 0; g < *count; g++) {
        Group *group = &(*groups)[g];
        if (group->origin == fact.origin && group->type == fact.type &&
            group->block == fact.block && group->kind == fact.kind) {
            group->blocks++;
            return;
        }
    }
    if (molt__migration_grow(m, (void **)groups, slots, *count, 1, sizeof **groups)) {
        (*groups)[*count] = fact;
        (*groups)[(*count)++].blocks = 1;
    }
}

static const char *path_of(const MoltMigration *m, uint32_t check_index, char *buffer, size_t size)
{
    if (check_index == MOLT__NO_CHECK)
        return "the root";
    const MoltCheck *check = &m->plan->checks[check_index];
    const MoltTables *tables = &m->plan->before->tables;
    if (check->before == MOLT__NO_FIELD)
        snprintf(buffer, size, "%s", molt_type_name(m->plan->before, check->type_before));
    else
        snprintf(buffer, size, "%s.%s", molt_type_name(m->plan->before, check->type_before),
                 tables->strings + tables->fields[check->before].name);
    return buffer;
}

static void say_what(const MoltMigration *m, const Group *group, char *text, size_t size)
{
    char path[200];
    const char *place;
    const MoltSchema *schema = m->plan->before;
    const char *name = group->type != MOLT_NO_TYPE ? molt_type_name(schema, group->type) : "";
    switch (group->kind) {
    case MOLT__RAW_VISITED: snprintf(text, size, "carried byte for byte"); return;
    case MOLT__RAW_HOLDS:
        snprintf(text, size, "it holds %s, as %s says", name,
                 path_of(m, group->check, path, sizeof path));
        return;
    case MOLT__RAW_MISFIT:
        snprintf(text, size, "its objects are %s, but %s leads to one as %s",
                 molt_type_name(schema, group->block), path_of(m, group->check, path, sizeof path),
                 name);
        return;
    case MOLT__RAW_MARKED:
        snprintf(text, size,
                 "%s leads to where no %s can begin, as where the game keeps a mark in the lowest "
                 "bits of a pointer",
                 path_of(m, group->check, path, sizeof path), name);
        return;
    case MOLT__RAW_ADDRESS:
        snprintf(text, size, "it has the address of a block of %s, which moves or goes", name);
        return;
    case MOLT__RAW_CODE:
        snprintf(text, size, "it has an address in the library, which is loaded anew");
        return;
    case MOLT__RAW_CHAIN:
        snprintf(text, size, "what leads to it may hold pointers to a struct that changes");
        return;
    case MOLT__RAW_ERASED:
    case MOLT__RAW_AREA:
        place = molt_string(schema, group->check);
        snprintf(text, size, "it may hold %s, which %.*s puts into such memory or takes out", name,
                 (int)strcspn(place, " "), place);
        return;
    }
}

/* Each of these settles the refusal in the running game: what the block holds is converted under its note, or
 * lies somewhere else when the edit comes. */
static void say_remedy(const Group *group, const char *reason, char *text, size_t size)
{
    static const char contradicted[] = "MOLT_POOL(";
    const char *remedy = "say MOLT_POOL(T) on the field or variable that has the block's address, "
                         "if T is all that it "
                         "leads to, or MOLT_POOL(T, H) if one H comes first, which counts for this "
                         "block too; or name "
                         "the type where it is allocated (sizeof(T), or a pointer to T that takes "
                         "it), and copy what is "
                         "there into a new block in end_reload(), in a save before the edit";
    if (group->kind == MOLT__RAW_MISFIT)
        remedy =
            "one of the two is wrong: correct the pointer, or what says the type of the block (its "
            "allocation or a note) and copy what is there into a new block in end_reload(), in a "
            "save before the edit";
    else if (group->kind == MOLT__RAW_MARKED)
        remedy = "keep the mark in a field of its own beside the pointer, and take it out of the "
                 "pointer in end_reload(), in a save before the edit";
    else if (group->kind == MOLT__RAW_AREA)
        remedy =
            "keep such objects under their own type, in an array of it or in blocks of "
            "malloc(sizeof(T)): move them there and clear this array in end_reload(), in a save "
            "before the edit";
    else if (strncmp(reason, contradicted, sizeof contradicted - 1) == 0)
        remedy =
            "that note belongs on a pointer that leads to one type: name the type where each block "
            "is "
            "allocated (sizeof(T)), or keep the blocks of each type behind a field of its own with "
            "such a note, and copy what is there into new blocks in end_reload(), in a save before "
            "the edit";
    if (group->kind == MOLT__RAW_MISFIT || group->kind == MOLT__RAW_MARKED ||
        group->kind == MOLT__RAW_AREA)
        reason = "";
    snprintf(text, size, "%s%s%s", reason, reason[0] ? ": " : "", remedy);
}

static void add_line(MoltMigration *m, const Group *group)
{
    const MoltHeap *heap = m->heap;
    char path[300], what[300], remedy[700];
    bool info = group->kind == MOLT__RAW_VISITED;
    const MoltOrigin *origin =
        group->origin < heap->origins.count ? &heap->origins.items[group->origin] : NULL;
    MoltTypeId type = group->block;
    bool inside = group->kind == MOLT__RAW_AREA &&
                  molt__raw_area(m->plan->before, molt_string(m->plan->before, group->check), path,
                                 sizeof path, &type);
    if (!inside && group->origin == 0)
        snprintf(path, sizeof path, "%s", molt_type_name(m->plan->before, group->block));
    else if (!inside)
        molt__origin_text(origin, path, sizeof path);
    say_what(m, group, what, sizeof what);
    say_remedy(group, origin ? origin->reason : "", remedy, sizeof remedy);
    molt_report_add(m->report, &(MoltFinding){.severity = info ? MOLT_INFO : MOLT_REFUSE,
                                              .rule = MOLT_RULE_UNTYPED_MEMORY,
                                              .path = path,
                                              .before = molt_type_name(m->plan->before, type),
                                              .value = what,
                                              .remedy = info ? NULL : remedy,
                                              .objects = group->blocks});
}

static Group group_of(const MoltMigration *m, const MoltRawFact *fact)
{
    const MoltSpan *span = &m->heap->spans[fact->span];
    const MoltRetyped *retyped = molt__retyped(m, (uintptr_t)molt__span_block(span, fact->index));
    return (Group){.origin = origin_of(m->heap, fact->span, fact->index),
                   .type = fact->type,
                   .block = retyped ? retyped->type : span->type,
                   .kind = fact->kind,
                   .check = fact->check};
}

/* Sites whose blocks have no type, while something else is rebuilt. */
static void list_untyped(MoltMigration *m, Group **groups, uint64_t *count, uint64_t *slots)
{
    MoltBlock block;
    uint64_t cursor = 0;
    while (m->heap->untyped != MOLT_NO_TYPE &&
           molt_heap_next(m->heap, m->heap->untyped, &cursor, &block)) {
        MoltRawFact fact = {.span = block.span,
                            .index = block.index,
                            .type = MOLT_NO_TYPE,
                            .check = MOLT__NO_CHECK,
                            .kind = MOLT__RAW_VISITED};
        if (molt__retyped(m, (uintptr_t)block.start))
            continue;
        count_in(m, groups, count, slots, group_of(m, &fact));
    }
}

/* A pointer says of such a block what the sources only let suppose. */
static bool is_known_better(const Group *groups, uint64_t count, const Group *group)
{
    for (uint64_t g = 0; group->kind == MOLT__RAW_ERASED && g < count; g++)
        if (groups[g].kind == MOLT__RAW_HOLDS && groups[g].origin == group->origin &&
            groups[g].type == group->type)
            return true;
    return false;
}

void molt__raw_report(MoltMigration *m)
{
    Group *groups = NULL;
    uint64_t count = 0, slots = 0;
    for (uint64_t i = 0; i < m->raw.count; i++)
        if (m->raw.items[i].kind != MOLT__RAW_VISITED)
            count_in(m, &groups, &count, &slots, group_of(m, &m->raw.items[i]));
    if (!m->refused && m->moves)
        list_untyped(m, &groups, &count, &slots);
    uint64_t shown = count;
    if (!m->refused && shown > LISTED_MAX)
        shown = LISTED_MAX;
    for (uint64_t g = 0; g < shown; g++)
        if (!is_known_better(groups, count, &groups[g]))
            add_line(m, &groups[g]);
    molt__migration_free(m, groups, slots, sizeof *groups);
}
