/* Carrying: takes the pages of the attic over a migration, newest first, and lets values return. The
 * new state is built already and not yet in use; what returns to objects that stay where they are
 * waits in work->writes until commit.
 *
 * Of two pages that hold a value for one place the older one has the last word: it is still open only
 * if the younger edit found there what the older one had left. */
#include <stdio.h>
#include <string.h>

#include "attic_aim.h"
#include "attic_blank.h"
#include "attic_column.h"
#include "attic_hook.h"
#include "attic_null.h"
#include "attic_pool.h"
#include "attic_retype.h"
#include "descent.h"
#include "lineage.h"

/* ---- records --------------------------------------------------------------------------------- */

/* What a place began with is still there, and in the unions beside it if it is a tag. */
static bool is_as_begun(const MoltCarry *carry, const MoltCarryPart *part,
                        const MoltCarryObject *object, uint64_t i)
{
    const unsigned char *samples = carry->from->fresh.samples;
    uint64_t skip = i * part->gate.stride;
    for (uint32_t b = 0; b < part->beside_count; b++) {
        const MoltCarryBeside *beside = &part->beside[b];
        if (memcmp(object->live + beside->at + skip, samples + beside->sample, beside->size) != 0)
            return false;
    }
    return molt__leaf_equals(carry->m->heap, &part->gate, object->live + part->gate.at + skip,
                             samples + part->sample);
}

/* The pointer leads to a block that an edit made of a struct. One that the game made is not marked, also
 * where it has the address of one that was freed. */
static bool is_own_block(const MoltCarry *carry, const unsigned char *pointer)
{
    const MoltHeap *heap = carry->m->heap;
    MoltPlace place;
    void *block;
    memcpy(&block, pointer, sizeof block);
    molt_heap_locate(heap, block, &place);
    return place.kind == MOLT_PLACE_BLOCK && place.block.start == block &&
           molt__made_is(&heap->spans[place.block.span], place.block.index);
}

static bool is_untouched(const MoltCarry *carry, const MoltCarryPart *part,
                         const MoltCarryObject *object, uint64_t i)
{
    const MoltHeap *heap = carry->m->heap;
    const MoltAtticRun *run = &carry->from->runs[part->run];
    uint64_t e = part->skip + i;
    /* A hook may have written the tag. That is kept as well, and the arm goes with it. */
    if (!molt__leaf_is_active(&run->is, e, object->live))
        return run->hooked != 0;
    if (run->part && !is_own_block(carry, object->live + run->is.at + e * run->is.stride))
        return false;
    if (run->placed && !molt__attic_watch_equals(run, e, object->live, object->record))
        return false;
    if (run->placed &&
        !molt__leaf_equals(heap, &run->is, object->live + run->is.at + e * run->is.stride,
                           object->record + run->left_at + e * molt__leaf_sample_size(&run->is)))
        return false;
    if (part->unboxes && !molt__attic_null_is_alone(carry, &run->is, object->live))
        return false;
    return !part->gated || !part->has_value || is_as_begun(carry, part, object, i);
}

/* Returns a value; the unions beside a tag that changes with it are emptied, and wait for theirs. */
static bool return_or_clear(MoltCarry *carry, const MoltCarryPart *part, const MoltAtticRun *next,
                            const MoltCarryObject *object, uint64_t i, const unsigned char *kept,
                            uintptr_t address)
{
    unsigned char *place = object->seen + next->is.at + i * next->is.stride;
    uint64_t was = 0, is = 0, size = next->is.size < sizeof was ? next->is.size : sizeof was;
    if (next->watch_count == 0)
        return molt__carry_return(carry, part, next, object, i, kept, address);
    if (object->late || next->watch_count > MOLT__WATCHES)
        return false;
    memcpy(&was, place, size);
    bool returned = molt__carry_return(carry, part, next, object, i, kept, address);
    memcpy(&is, place, size);
    if (was != is)
        molt__attic_watch_clear(next, i, object->seen);
    if (was != is && object->stays)
        molt__carry_clear_later(carry->m, next, i, object->next);
    return returned;
}

/* A `char *` that is a text in the struct now and a pointer again then: it leads to a copy of that text. */
static bool returns_as_copy(const MoltCarry *carry, uint64_t index)
{
    const MoltAtticRun *run = &carry->from->runs[carry->parts[index].run];
    const MoltAtticRun *next = &carry->to->runs[index];
    return run->placed && run->is.kind == MOLT__LEAF_TEXT && next->placed &&
           next->is.kind == MOLT__LEAF_STRING;
}

/* Tells of a kept pointer whose target is gone, or has no place where the pointer's field is back. */
static void lose_pointer(MoltCarry *carry, uint64_t index, uint64_t kept, bool returns)
{
    MoltMigration *m = carry->m;
    const MoltAtticRef *ref = &carry->from->refs[kept - 1];
    const MoltAtticStep *step = carry->from->step;
    MoltTypeId after = m->plan->types[carry->type].after;
    MoltAtticLost lost = {.schema = returns ? m->plan->after : step->schema,
                          .returns = returns,
                          .last_object = m->attic.object};
    if (ref->kind == MOLT__REF_BLOCK) {
        const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
        bool freed = block->span == MOLT__NO_SPAN;
        if (freed &&
            (returns_as_copy(carry, index) || (ref->made && carry->parts[index].owns_string)))
            return; /* or its place has such a text again */
        const MoltSpan *span = freed ? NULL : &m->heap->spans[block->span];
        bool gone = span && m->plan->types[span->type].fate == MOLT_FATE_GONE &&
                    !molt__attic_retyped(m, block->span, block->index);
        lost.told = gone && molt__removal_of_type(m->plan, span->type);
        lost.unnamed = molt_type(step->schema, ref->type)->kind != MOLT_KIND_STRUCT;
        lost.rule = freed  ? MOLT_RULE_DANGLING_POINTER
                    : gone ? MOLT_RULE_TYPE_REMOVED
                           : MOLT_RULE_TARGET_REMOVED;
        if (!returns && !gone)
            return; /* the game let go of it, and it is not wanted now */
        snprintf(lost.target, sizeof lost.target, "%.60s:%llu",
                 molt_type_name(step->schema, ref->type),
                 span ? (unsigned long long)(span->first_serial + block->index) : 0);
        if (freed)
            snprintf(lost.target, sizeof lost.target, "a %.60s",
                     molt_type_name(step->schema, ref->type));
    } else if (ref->kind == MOLT__REF_CODE && returns && m->code) {
        const MoltCodeTarget *target = &step->symbols[ref->index].target;
        lost.rule = target->kind == MOLT_CODE_FUNCTION ? MOLT_RULE_FUNCTION_MISSING
                                                       : MOLT_RULE_DATA_MISSING;
        snprintf(lost.target, sizeof lost.target, "%.90s", target->name);
    } else {
        return;
    }
    if (returns)
        molt__attic_field(lost.schema, after, carry->from->tail, &carry->to->runs[index].is,
                          &lost.owner, &lost.field);
    else
        molt__attic_field(lost.schema, carry->from->type, carry->from->tail,
                          &carry->to->runs[index].was, &lost.owner, &lost.field);
    molt__attic_lose(m, &lost);
}

/* A pointer returns where an edit is undone, or done again, that had made another one of it. What it was
 * until now would not come of it by the rules on the way back, so that is kept in turn. */
static void keep_replaced(MoltCarry *carry, const MoltCarryPart *part,
                          const MoltCarryObject *object, uint64_t i, uintptr_t returned)
{
    MoltMigration *m = carry->m;
    const MoltAtticRun *run = &carry->from->runs[part->run];
    MoltLeaf was = molt__leaf_from(&run->is, part->skip + i);
    MoltRoute route;
    uintptr_t now;
    was.count = 1;
    memcpy(&now, object->live + was.at, sizeof now);
    if (object->place.pool != MOLT__POOL_NONE || !(m->plan->undoes || m->plan->redoes) ||
        now == 0 || m->plan->policy != MOLT_POLICY_LIVE ||
        !molt__leaf_work(m->plan, carry->type, carry->from->tail, &was, &route) || !route.op ||
        route.op->code != MOLT__OP_POINTER || molt__way_takes_back(m, route.op, now, returned))
        return;
    molt__attic_lose_one(m, route.op, &object->place);
}

/* Tells of a kept value that a change of ownership costs. */
static void lose_value(MoltCarry *carry, const MoltAtticRun *run, MoltRule rule)
{
    const MoltAtticPage *page = carry->from;
    MoltAtticLost lost = {
        .schema = page->step->schema, .rule = rule, .last_object = carry->m->attic.object};
    molt__attic_field(lost.schema, page->type, page->tail, &run->was, &lost.owner, &lost.field);
    molt__attic_lose(carry->m, &lost);
}

/* True while the value stays open. */
static bool carry_value(MoltCarry *carry, uint64_t index, const MoltCarryObject *object, uint64_t i)
{
    const MoltCarryPart *part = &carry->parts[index];
    const MoltAtticRun *next = &carry->to->runs[index];
    const MoltLeaf *was = &next->was;
    unsigned char *kept = object->copy + next->kept_at + i * was->size;
    const unsigned char *old =
        object->record + carry->from->runs[part->run].kept_at + (part->skip + i) * was->size;
    bool pointer = was->kind == MOLT__LEAF_POINTER || was->kind == MOLT__LEAF_STRING;
    bool exact = false;
    uint64_t ref = 0, moved = 0;
    uintptr_t address = 0;
    if (!object->restores && (part->forced || !is_untouched(carry, part, object, i)))
        return false;
    if (part->unboxes) {
        molt__attic_null_drop(carry, part, object->live);
        return false;
    }
    if (part->told)
        lose_value(carry, next, MOLT_RULE_STRUCT_ALLOCATED);
    if (part->closed)
        return false;
    if (pointer)
        memcpy(&ref, old, sizeof ref);
    bool points = part->has_value && !next->aims && !part->called &&
                  (next->is.kind == MOLT__LEAF_POINTER || next->is.kind == MOLT__LEAF_STRING) &&
                  molt__leaf_is_active(&part->back, i, object->next);
    if (ref != 0 && !molt__carry_ref(carry, was, ref, &moved, &address, &exact)) {
        if (!next->aims && !part->called)
            lose_pointer(carry, index, ref, points);
        return false;
    }
    if (address != 0 && points &&
        ((part->op && !molt__attic_leads_to(carry, ref, part->op, address)) ||
         !molt__attic_retype_suits(carry, part, was, ref)))
        address = 0;
    if (ref != 0 && address == 0 && points)
        lose_pointer(carry, index, ref, true);
    bool misses = next->aims && ref != 0 && !exact;
    if (part->has_value && !misses && molt__leaf_is_active(&part->back, i, object->seen) &&
        return_or_clear(carry, part, next, object, i, old, address)) {
        molt__awaited_return(carry->m, object->next + next->is.at + i * next->is.stride);
        /* what stood for something of the library is made anew where that goes again */
        if (next->aims && address != 0 && carry->from->refs[ref - 1].kind != MOLT__REF_CODE)
            keep_replaced(carry, part, object, i, address);
        if (!next->lent || object->late) {
            carry->to->ref_count -= moved != 0;
            return false;
        }
    }
    if (part->taken)
        molt__carry_take(carry, part, object, i);
    if (part->called) { /* whatever becomes of it, the struct has the layout again */
        carry->to->ref_count -= moved != 0;
        return false;
    }
    memcpy(kept, pointer ? (const unsigned char *)&moved : old, was->size);
    return true;
}

/* True while some of its values stay open. */
static bool carry_part(MoltCarry *carry, uint64_t index, const MoltCarryObject *object)
{
    const MoltAtticRun *next = &carry->to->runs[index];
    const MoltCarryPart *part = &carry->parts[index];
    MoltCarryObject own = *object;
    bool any = false;
    own.restores = object->restores && part->called;
    own.late = part->called && !object->restores;
    for (uint64_t i = 0; i < next->was.count && !carry->m->failed; i++) {
        uint64_t bit = carry->from->runs[part->run].open_at + part->skip + i;
        if (molt__record_is_open(object->record, bit) && carry_value(carry, index, &own, i))
            any = true;
        else
            molt__record_close(object->copy, next->open_at + i);
    }
    return any;
}

/* Where the object is that becomes a part of another one; NULL where it does not. */
static unsigned char *as_part(const MoltCarry *carry, const MoltSpan *span, const MoltLoss *place)
{
    const MoltMigration *m = carry->m;
    MoltTypeId type = MOLT_NO_TYPE;
    if (!m->owned.claimed || !m->owned.claimed[span->type] || place->element > 0 || place->tail)
        return NULL;
    uintptr_t block = (uintptr_t)molt__span_block(span, place->block);
    uintptr_t part = molt__ownership_part(m, block, &type);
    return type == m->plan->types[carry->type].after ? (unsigned char *)part : NULL; /* NOLINT */
}

void molt__carry_stand(const MoltCarry *carry, const MoltLoss *place, MoltCarryObject *object)
{
    const MoltMigration *m = carry->m;
    const MoltSpan *span = &m->heap->spans[place->span], *moved = &m->spans[place->span];
    unsigned char *part = as_part(carry, span, place);
    object->place = *place;
    object->part = part != NULL;
    object->stays = moved->bytes == 0 && !part;
    if (object->stays)
        moved = span;
    object->live = molt__attic_element(span, place->block, place->element, place->tail);
    object->next =
        part ? part : molt__attic_element(moved, place->block, place->element, place->tail);
}

static bool find_object(const MoltCarry *carry, const unsigned char *record,
                        MoltCarryObject *object)
{
    const MoltMigration *m = carry->m;
    const MoltAtticBlock *block = &m->heap->attic.blocks[molt__record_word(record, 0)];
    uint64_t element = molt__record_word(record, 1);
    if (block->span == MOLT__NO_SPAN)
        return false;
    if (carry->from->pool != MOLT__POOL_NONE) {
        const MoltLoss at = {block->span,       block->index, 1,
                             (uint32_t)element, false,        carry->from->pool};
        object->record = record;
        return molt__attic_pool_stand(m, &at, carry->type, object) &&
               molt__attic_pool_make_number(carry->m, &at);
    }
    const MoltSpan *span = &m->heap->spans[block->span];
    bool counts =
        carry->from->tail || span->header == 0; /* a flexible struct itself is one element */
    if (counts && element >= block->count)
        return false;
    MoltLoss place = {block->span,       block->index,      1,
                      (uint32_t)element, carry->from->tail, MOLT__POOL_NONE};
    object->record = record;
    molt__carry_stand(carry, &place, object);
    return true;
}

/* An object that stays is written at commit: whether an arm is the one that its tag selects is asked of
 * a copy, in which the tag has returned already. */
static bool see_tags(const MoltCarry *carry, MoltCarryObject *object)
{
    MoltMigration *m = carry->m;
    MoltAtticWork *work = &m->attic;
    const MoltSchema *schema = m->plan->before;
    bool tags = false;
    object->seen = object->next;
    for (uint64_t r = 0; object->stays && r < carry->to->run_count; r++)
        tags = tags || carry->to->runs[r].watch_count > 0;
    if (!tags)
        return true;
    MoltTypeId root = molt__leaf_root(schema, carry->type, carry->from->tail);
    uint64_t size = molt_type(schema, root)->size;
    if (!molt__migration_grow(m, (void **)&work->seen, &work->seen_slots, 0, size, 1))
        return false;
    object->seen = memcpy(work->seen, object->next, size);
    return true;
}

/* A digest of the running state says so; what is written once stays so. */
static bool is_unwritten(const MoltCarry *carry, const MoltCarryObject *object)
{
    const MoltAtticPage *page = carry->from;
    uint64_t digest = 0;
    if (page->watched_count > 0)
        memcpy(&digest, object->record + page->digest_at, sizeof digest);
    return digest != 0 && molt__attic_digest(carry->m->heap, page, object->live) == digest;
}

bool molt__carry_object(MoltCarry *carry, MoltCarryObject *object)
{
    MoltAtticPage *to = carry->to;
    bool any = false;
    if (!see_tags(carry, object))
        return false;
    carry->m->attic.object++;
    memcpy(object->copy, object->record, MOLT__RECORD_HEAD);
    memset(object->copy + MOLT__RECORD_HEAD, 0xff, to->kept_at - MOLT__RECORD_HEAD);
    object->unwritten = is_unwritten(carry, object);
    object->restores = molt__attic_may_restore(carry, object);
    if (to->watched_count > 0)
        memset(object->copy + to->digest_at, object->unwritten ? 0xff : 0, sizeof(uint64_t));
    for (unsigned guards = 0; guards <= MOLT__LEAF_GUARDS; guards++) { /* tags before arms */
        for (uint64_t p = 0; p < carry->part_count; p++) {
            if (carry->parts[p].back.guard_count == guards)
                any = carry_part(carry, p, object) || any;
        }
    }
    if (object->restores)
        molt__attic_note_restored(carry, object);
    return any;
}

/* Records are of blocks: what stays open of one that becomes a part of another object is told, and goes. */
static bool leaves_open(MoltCarry *carry, MoltCarryObject *object)
{
    const MoltAtticPage *to = carry->to;
    bool any = molt__carry_object(carry, object);
    for (uint64_t r = 0; any && object->part && r < to->run_count; r++) {
        const MoltAtticRun *run = &to->runs[r];
        bool open = false;
        for (uint64_t i = 0; i < run->was.count; i++)
            open = open || molt__record_is_open(object->copy, run->open_at + i);
        if (open)
            lose_value(carry, run, MOLT_RULE_STRUCT_EMBEDDED);
    }
    return any && !object->part;
}

static void carry_record(MoltCarry *carry, const unsigned char *record)
{
    MoltAtticPage *to = carry->to;
    MoltCarryObject object = {.copy = to->records + to->count * to->stride};
    if (find_object(carry, record, &object))
        to->count += leaves_open(carry, &object);
}

void molt__carry_place(MoltCarry *carry, const MoltLoss *place, const unsigned char *record)
{
    MoltMigration *m = carry->m;
    MoltAtticPage *to = carry->to;
    if (!molt__migration_grow(m, (void **)&to->records, &to->record_bytes, to->count * to->stride,
                              to->stride, 1) ||
        !molt__migration_grow(m, (void **)&to->places, &to->place_slots, to->count, 1,
                              sizeof *to->places))
        return;
    MoltCarryObject object = {.record = record, .copy = to->records + to->count * to->stride};
    memset(object.copy, 0, to->stride);
    molt__carry_stand(carry, place, &object);
    to->places[to->count] = *place;
    if (!leaves_open(carry, &object))
        return;
    to->count++;
    m->failed = m->failed || !molt__attic_number_span(m->heap, place->span);
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* Addresses of blocks are among what the edits left. */
static bool has_parts(const MoltAtticPage *page)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        if (page->runs[r].part)
            return true;
    }
    return false;
}

/* A page without changes is shared with the attic as it was. */
static bool must_rebuild(const MoltCarry *carry, const MoltAtticSlot *slot)
{
    const MoltMigration *m = carry->m;
    const MoltAttic *attic = &m->heap->attic;
    bool goes = slot->alive ? molt__attic_columns_is_sparse(slot)
                            : attic->cut || attic->dead > attic->records / 4;
    bool parts = m->owned.claimed && m->owned.claimed[carry->type];
    return carry->returns || m->plan->types[carry->type].fate == MOLT_FATE_CHANGED || goes ||
           parts || (m->moves && (carry->from->ref_count > 0 || has_parts(carry->from))) ||
           (carry->from->pool && m->retypes.span_count > 0) || (m->code && carry->from->raw) ||
           (carry->from->watched_count > 0 &&
            (m->moves || m->code)); /* addresses among it change */
}

static void push_page(MoltMigration *m, MoltAtticPage *page, MoltTypeId type)
{
    MoltAtticWork *work = &m->attic;
    if (molt__migration_grow(m, (void **)&work->pages, &work->page_slots, work->page_count, 1,
                             sizeof *work->pages))
        work->pages[work->page_count++] = (MoltAtticSlot){.page = page, .type = type};
    else
        molt__attic_page_drop(&m->allocator, page);
}

static void rebuild(MoltCarry *carry, const MoltAtticSlot *slot)
{
    MoltMigration *m = carry->m;
    MoltAtticPage *to = carry->to;
    to->partial = carry->from->partial;
    molt__attic_watch_hooked(m, to, m->plan->types[carry->type].after);
    molt__attic_page_layout(to);
    if (slot->alive) {
        molt__carry_fresh(carry);
        molt__attic_columns_carry(carry, slot);
        return;
    }
    to->record_bytes = carry->from->count * to->stride;
    to->records = molt__migration_table(m, to->record_bytes, 1);
    if (!to->records) {
        to->record_bytes = 0;
        return;
    }
    molt__carry_fresh(carry);
    carry->altered = molt__attic_is_altered(carry);
    for (uint64_t r = 0; r < carry->from->count && !m->failed; r++)
        carry_record(carry, carry->from->records + r * carry->from->stride);
}

static void carry_page(MoltMigration *m, const MoltAtticSlot *slot, const MoltPlan *direct)
{
    MoltTypeId after = m->plan->types[slot->type].after;
    if (after == MOLT_NO_TYPE)
        return; /* its objects go */
    if (slot->page->edit != 0) {
        molt__attic_carry_blank(m, slot, direct);
        return;
    }
    MoltCarry carry = {.m = m, .from = slot->page, .type = slot->type, .direct = direct};
    if ((direct && direct->types[slot->page->type].after != after) ||
        molt_type_is_kept(m->plan->after, after))
        carry.direct = NULL; /* nothing returns to where no code sees it */
    MoltAtticPage *to = carry.to = molt__migration_table(m, 1, sizeof *to);
    if (!to)
        return;
    *to = (MoltAtticPage){.shares = 1,
                          .step = slot->page->step,
                          .type = slot->page->type,
                          .tail = slot->page->tail,
                          .pool = slot->page->pool,
                          .rebuilt = true,
                          .functions = slot->page->functions,
                          .raw = slot->page->raw && !m->code};
    to->step->shares++;
    molt__carry_trace(&carry);
    bool kept = false;
    if (!m->failed && !must_rebuild(&carry, slot)) {
        slot->page->shares++;
        push_page(m, slot->page, after);
    } else if (!m->failed) {
        rebuild(&carry, slot);
        kept = to->count > 0 && !m->failed;
        if (kept)
            push_page(m, to, after);
    }
    if (!kept)
        molt__attic_page_drop(&m->allocator, to);
    if (carry.parts)
        m->allocator.resize(m->allocator.context, carry.parts,
                            carry.part_slots * sizeof(MoltCarryPart), 0);
}

/* Fields are as they were, and no page has a function, which may be back. */
bool molt__attic_is_quiet(const MoltMigration *m)
{
    const MoltAttic *attic = &m->heap->attic;
    const MoltVersionMark mark = molt__version_mark(m->plan->after);
    bool functions = false;
    for (uint64_t p = 0; m->code && p < attic->page_count; p++)
        functions = functions || attic->pages[p].page->functions;
    return !functions && molt__version_is(m->plan->from, &mark);
}

MoltPlan *molt__attic_direct_plan(MoltMigration *m, const MoltAtticStep *step)
{
    const MoltAttic *attic = &m->heap->attic;
    MoltPlan *plan = NULL;
    MoltForcedType *forced = molt__migration_table(m, attic->page_count, sizeof *forced);
    uint32_t count = 0;
    if (!forced)
        return NULL;
    for (uint64_t p = 0; p < attic->page_count; p++) {
        MoltTypeId after = m->plan->types[attic->pages[p].type].after;
        if (attic->pages[p].page->step == step && after != MOLT_NO_TYPE)
            forced[count++] = (MoltForcedType){attic->pages[p].page->type, after};
    }
    if (molt__plan_build_lenient(step->schema, m->plan->after, &m->allocator, m->plan, forced,
                                 count, &plan) != MOLT_OK)
        m->failed = true;
    molt__migration_free(m, forced, attic->page_count, sizeof *forced);
    return plan;
}

static void turn_round(MoltAtticSlot *slots, uint64_t count)
{
    for (uint64_t p = 0; p < count / 2; p++) {
        MoltAtticSlot slot = slots[p];
        slots[p] = slots[count - 1 - p];
        slots[count - 1 - p] = slot;
    }
}

void molt__attic_carry(MoltMigration *m)
{
    const MoltAttic *attic = &m->heap->attic;
    bool quiet = molt__attic_is_quiet(m);
    const MoltAtticStep *step = NULL;
    MoltPlan *direct = NULL;
    for (uint64_t p = attic->page_count; p-- > 0 && !m->failed;) {
        const MoltAtticSlot *slot = &attic->pages[p];
        if (slot->page->step != step && !quiet) {
            step = slot->page->step;
            molt_plan_free(direct);
            direct = molt__attic_direct_plan(m, step);
            if (!direct)
                break;
        }
        carry_page(m, slot, direct);
    }
    molt_plan_free(direct);
    turn_round(m->attic.pages, m->attic.page_count);
}
