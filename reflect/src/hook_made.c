#include "hook_made.h"

#include <stdlib.h>
#include <string.h>

#include "hook_run.h"
#include "leaf.h"

static bool is_marked(const MoltSpan *span, uint32_t block)
{
    return span->made && (span->made[block / 64] >> (block % 64) & 1u) != 0;
}

void molt__hook_made_mark(MoltMigration *m)
{
    for (uint64_t s = 0; m->hooks && s < m->hooks->made_count && !m->failed; s++) {
        MoltSpan *span = &m->hooks->made[s];
        span->hooked_in = m->lineage.reloads;
        for (uint32_t b = 0; b < span->blocks && !m->failed; b++) {
            if (molt__span_is_live(span, b) && !molt__made_mark(&m->allocator, span, b))
                m->failed = true;
        }
    }
}

/* ---- what may go ---------------------------------------------------------------------------- */

static void add_block(MoltMigration *m, uint32_t s, uint32_t b)
{
    const MoltSpan *span = &m->heap->spans[s], *moved = &m->spans[s];
    const MoltTypePlan *plan = &m->plan->types[span->type];
    uint64_t count = molt__span_count(span, b);
    MoltHookBlock block = {.before = (uintptr_t)molt__span_block(span, b),
                           .size_before = molt__span_bytes(span, count),
                           .span = s,
                           .block = b};
    if (plan->fate != MOLT_FATE_GONE) {
        moved = moved->bytes > 0 ? moved : span;
        block.after = (uintptr_t)molt__span_block(moved, b);
        block.size_after = molt__span_bytes(moved, molt__span_count(moved, b));
    }
    if (molt__migration_grow(m, (void **)&m->made, &m->made_slots, m->made_count, 1,
                             sizeof *m->made))
        m->made[m->made_count++] = block;
}

static int compare_before(const void *a, const void *b)
{
    const MoltHookBlock *x = a, *y = b;
    return (x->before > y->before) - (x->before < y->before);
}

static int compare_after(const void *a, const void *b)
{
    const MoltHookAfter *x = a, *y = b;
    return (x->after > y->after) - (x->after < y->after);
}

static void list_blocks(MoltMigration *m)
{
    for (uint32_t i = 0; i < m->busy_count && !m->failed; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes == 0 || span->hooked_in == 0 || !molt__lineage_undoes(m, span->hooked_in))
            continue;
        for (uint32_t b = 0; b < span->blocks && !m->failed; b++) {
            if (molt__span_is_live(span, b) && is_marked(span, b) &&
                !molt__ownership_is_claimed(m, span->type, (uintptr_t)molt__span_block(span, b)))
                add_block(m, s, b);
        }
    }
    if (m->made_count == 0 || m->failed)
        return;
    qsort(m->made, m->made_count, sizeof *m->made, compare_before);
    m->made_after = molt__migration_table(m, m->made_count, sizeof *m->made_after);
    for (uint64_t i = 0; m->made_after && i < m->made_count; i++)
        m->made_after[i] = (MoltHookAfter){m->made[i].after, i};
    if (m->made_after)
        qsort(m->made_after, m->made_count, sizeof *m->made_after, compare_after);
}

/* ---- what leads to them --------------------------------------------------------------------- */

/* Everything that may be an address counts: memory without a type may hold pointers, too. */
typedef struct Search {
    MoltMigration *m;
    uint64_t *waiting; /* held blocks that have not been looked through */
    uint64_t waiting_count;
    uintptr_t low, high;
} Search;

static void hold(Search *search, uint64_t index)
{
    MoltHookBlock *block = &search->m->made[index];
    if (block->held)
        return;
    block->held = true;
    search->waiting[search->waiting_count++] = index;
}

static void look_at(Search *search, uintptr_t value)
{
    const MoltMigration *m = search->m;
    if (value - search->low > search->high - search->low)
        return;
    uint64_t low = 0, high = m->made_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (m->made[middle].before <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0 && value - m->made[low - 1].before <= m->made[low - 1].size_before)
        hold(search, low - 1);
    low = 0, high = m->made_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (m->made_after[middle].after <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || m->made_after[low - 1].after == 0)
        return;
    const MoltHookBlock *block = &m->made[m->made_after[low - 1].index];
    if (value - block->after <= block->size_after)
        hold(search, m->made_after[low - 1].index);
}

/* Packed structs align nothing. */
static bool find_unaligned(void *context, const MoltLeaf *leaf)
{
    bool *unaligned = context;
    bool pointer = leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING ||
                   leaf->size >= sizeof(uintptr_t);
    if (pointer && (leaf->at % sizeof(uintptr_t) != 0 ||
                    (leaf->count > 1 && leaf->stride % sizeof(uintptr_t) != 0)))
        *unaligned = true;
    return !*unaligned;
}

static uint64_t step_of(const MoltSchema *schema, const MoltSpan *span, MoltTypeId type)
{
    bool unaligned =
        span->elem_size % sizeof(uintptr_t) != 0 && span->elem_size > sizeof(uintptr_t);
    molt__leaf_walk_flat(schema, type, find_unaligned, &unaligned);
    if (span->header > 0)
        molt__leaf_walk_flat(schema, molt__leaf_root(schema, type, true), find_unaligned,
                             &unaligned);
    return unaligned ? 1 : sizeof(uintptr_t);
}

static void look_through(Search *search, const MoltSpan *span, uint32_t block, uint64_t step)
{
    const unsigned char *bytes = molt__span_block(span, block);
    uint64_t size = molt__span_bytes(span, molt__span_count(span, block));
    for (uint64_t at = 0; at + sizeof(uintptr_t) <= size; at += step) {
        uintptr_t value;
        memcpy(&value, bytes + at, sizeof value);
        look_at(search, value);
    }
}

/* Blocks that may go themselves wait until something leads to them. */
static void look_through_span(Search *search, const MoltSpan *span, MoltTypeId type,
                              const MoltSpan *old)
{
    MoltMigration *m = search->m;
    bool some = old && old->hooked_in != 0 && molt__lineage_undoes(m, old->hooked_in);
    if (span->bytes == 0 || span->live == 0 || type == MOLT_NO_TYPE)
        return;
    uint64_t step = step_of(m->plan->after, span, type);
    for (uint32_t b = 0; b < span->blocks; b++) {
        if (molt__span_is_live(span, b) && !(some && is_marked(old, b)))
            look_through(search, span, b, step);
    }
}

static void look_everywhere(Search *search)
{
    MoltMigration *m = search->m;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        const MoltTypePlan *plan = &m->plan->types[span->type];
        if (span->bytes > 0 && plan->fate != MOLT_FATE_GONE &&
            !molt__plan_keeps(m->plan, span->type))
            look_through_span(search, m->spans[s].bytes > 0 ? &m->spans[s] : span, plan->after,
                              span);
    }
    for (uint64_t s = 0; s < m->owned.span_count; s++)
        look_through_span(search, &m->owned.spans[s], m->owned.spans[s].type, NULL);
    for (uint64_t s = 0; m->hooks && s < m->hooks->made_count; s++)
        look_through_span(search, &m->hooks->made[s], m->hooks->made[s].type, NULL);
    for (uint64_t p = 0; p < m->patch_count; p++)
        look_at(search, m->patches[p].value);
    for (uint32_t r = 0; r < m->plan->after->tables.root_count; r++)
        look_at(search, (uintptr_t)m->roots[r]);
    while (search->waiting_count > 0) {
        const MoltHookBlock *block = &m->made[search->waiting[--search->waiting_count]];
        const MoltSpan *old = &m->heap->spans[block->span];
        const MoltSpan *span = m->spans[block->span].bytes > 0 ? &m->spans[block->span] : old;
        if (block->after != 0)
            look_through(search, span, block->block,
                         step_of(m->plan->after, span, m->plan->types[old->type].after));
    }
}

static void report_held(MoltMigration *m)
{
    for (MoltTypeId t = 0; t < m->plan->before->tables.type_count; t++) {
        uint64_t objects = 0;
        for (uint64_t i = 0; i < m->made_count; i++)
            objects += m->made[i].held && m->heap->spans[m->made[i].span].type == t;
        if (objects > 0 && m->plan->types[t].fate != MOLT_FATE_GONE)
            molt_report_add(m->report,
                            &(MoltFinding){.severity = MOLT_INFO,
                                           .rule = MOLT_RULE_HOOK_OBJECT_STAYS,
                                           .path = molt_type_name(m->plan->before, t),
                                           .value = "made by a hook of the edit that is undone, "
                                                    "and something still points at them",
                                           .objects = objects});
    }
}

void molt__hook_made_find(MoltMigration *m)
{
    list_blocks(m);
    if (m->made_count == 0 || m->failed)
        return;
    Search search = {.m = m, .low = UINTPTR_MAX};
    search.waiting = molt__migration_table(m, m->made_count, sizeof *search.waiting);
    for (uint64_t i = 0; i < m->made_count; i++) {
        const MoltHookBlock *block = &m->made[i];
        uintptr_t end = block->before + block->size_before;
        search.low = block->before < search.low ? block->before : search.low;
        search.high = end > search.high ? end : search.high;
        if (block->after == 0)
            continue;
        end = block->after + block->size_after;
        search.low = block->after < search.low ? block->after : search.low;
        search.high = end > search.high ? end : search.high;
    }
    if (search.waiting) {
        look_everywhere(&search);
        report_held(m);
    }
    molt__migration_free(m, search.waiting, m->made_count, sizeof *search.waiting);
}

uint64_t molt__hook_made_gone(const MoltMigration *m, MoltTypeId type)
{
    uint64_t objects = 0;
    for (uint64_t i = 0; i < m->made_count; i++) {
        const MoltHookBlock *block = &m->made[i];
        const MoltSpan *span = &m->heap->spans[block->span];
        if (span->type == type && !block->held)
            objects += span->header > 0 ? 1 : molt__span_count(span, block->block);
    }
    return objects;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Spans that hold nothing any more go with their serials, the last ones first: doing the edit again then
 * names its objects as before. */
static void drop_empty_spans(MoltHeap *heap, MoltTypeId type)
{
    while (heap->types.last[type] != MOLT__NO_SPAN) {
        uint32_t last = heap->types.last[type];
        if (heap->spans[last].hooked_in == 0 || heap->spans[last].live > 0)
            return;
        heap->types.serials[type] = heap->spans[last].first_serial;
        molt__heap_drop(heap, last);
    }
}

void molt__hook_made_commit(MoltMigration *m)
{
    MoltHeap *heap = m->heap;
    for (uint64_t i = 0; i < m->made_count; i++) {
        const MoltHookBlock *block = &m->made[i];
        const MoltSpan *span = &heap->spans[block->span];
        if (block->after != 0 && !block->held && span->bytes > 0 &&
            molt__span_is_live(span, block->block) && is_marked(span, block->block))
            molt_heap_delete(heap, molt__span_block(span, block->block));
    }
    for (MoltTypeId t = 0; m->made_count > 0 && t < heap->schema->tables.type_count; t++)
        drop_empty_spans(heap, t);
    molt__hook_made_discard(m);
}

void molt__hook_made_discard(MoltMigration *m)
{
    molt__migration_free(m, m->made_after, m->made_count, sizeof *m->made_after);
    molt__migration_free(m, m->made, m->made_slots, sizeof *m->made);
    m->made_after = NULL;
    m->made = NULL;
    m->made_count = m->made_slots = 0;
}
