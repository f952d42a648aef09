#include <stdlib.h>
#include <string.h>

#include "migration.h"

/* ---- lists ------------------------------------------------------------------------------------ */

static int compare_addresses(uintptr_t a, uintptr_t b)
{
    return (a > b) - (a < b);
}

static int compare_boxes(const void *a, const void *b)
{
    const MoltBox *x = a, *y = b;
    int order = compare_addresses(x->before, y->before);
    return order != 0 ? order : (x->type > y->type) - (x->type < y->type);
}

static int compare_claims(const void *a, const void *b)
{
    const MoltClaim *x = a, *y = b;
    int order = compare_addresses(x->block, y->block);
    return order != 0 ? order : compare_addresses(x->owner, y->owner);
}

static MoltBox *find_box(const MoltMigration *m, uintptr_t before, MoltTypeId type)
{
    MoltBox key = {.before = before, .type = type};
    return m->owned.box_count > 0
               ? bsearch(&key, m->owned.boxes, m->owned.box_count, sizeof key, compare_boxes)
               : NULL;
}

uintptr_t molt__ownership_box(const MoltMigration *m, uintptr_t before, MoltTypeId type)
{
    MoltBox *found = find_box(m, before, type);
    if (found && m->mode == MOLT__RUN_STATE) /* several threads may say so */
        __atomic_store_n(&found->aimed, true, __ATOMIC_RELAXED);
    return found ? found->after : 0;
}

/* The first of the boxes that begin at `before` or behind it. */
static uint64_t first_box(const MoltMigration *m, uintptr_t before)
{
    uint64_t low = 0, high = m->owned.box_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (m->owned.boxes[middle].before < before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool molt__ownership_is_alone(const MoltMigration *m, uintptr_t before, uint64_t size)
{
    uint64_t b = first_box(m, before);
    bool alone = b < m->owned.box_count && m->owned.boxes[b].before == before;
    for (; alone && b < m->owned.box_count && m->owned.boxes[b].before - before < size; b++)
        alone = !m->owned.boxes[b].aimed;
    return alone;
}

void molt__ownership_unbox(MoltMigration *m, uintptr_t before, MoltTypeId type, uint64_t size)
{
    const MoltBox *box = find_box(m, before, type);
    uint64_t b = first_box(m, before);
    if (box)
        memset((void *)box->holder, 0, sizeof(void *)); /* NOLINT: a pointer of the new state */
    for (; b < m->owned.box_count && m->owned.boxes[b].before - before < size; b++) {
        m->owned.boxes[b].gone = true;
        m->owned.boxes[b].loses = false;
    }
}

/* The first of the claims on a block, NULL when there is none. */
static const MoltClaim *find_claim(const MoltMigration *m, uintptr_t block)
{
    uint64_t low = 0, high = m->owned.claim_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (m->owned.claims[middle].block < block)
            low = middle + 1;
        else
            high = middle;
    }
    const MoltClaim *claim = &m->owned.claims[low];
    return low < m->owned.claim_count && claim->block == block ? claim : NULL;
}

bool molt__ownership_is_claimed(const MoltMigration *m, MoltTypeId type, uintptr_t block)
{
    return m->owned.claimed && m->owned.claimed[type] && find_claim(m, block);
}

uintptr_t molt__ownership_part(const MoltMigration *m, uintptr_t block, MoltTypeId *type)
{
    const MoltClaim *claim = m->owned.claim_count > 0 ? find_claim(m, block) : NULL;
    const MoltClaim *end = m->owned.claims + m->owned.claim_count;
    MoltPlace owner;
    if (!claim || (claim + 1 < end && claim[1].block == block))
        return 0;
    molt_heap_locate(m->heap, (const void *)claim->owner, &owner); /* NOLINT: it is only looked up */
    if (owner.kind == MOLT_PLACE_BLOCK && find_claim(m, (uintptr_t)owner.block.start))
        return 0;
    *type = claim->type;
    return claim->after;
}

/* ---- new blocks ------------------------------------------------------------------------------- */

/* A span with room for a block of a type of the new schema. They double as those of the heap do. */
static MoltSpan *open_span(MoltMigration *m, MoltTypeId type)
{
    MoltOwnership *owned = &m->owned;
    const MoltType *is = molt_type(m->plan->after, type);
    uint64_t blocks = 0;
    for (uint64_t s = owned->span_count; s-- > 0;) {
        if (owned->spans[s].type != type)
            continue;
        if (owned->spans[s].live < owned->spans[s].blocks)
            return &owned->spans[s];
        blocks += owned->spans[s].blocks;
    }
    if (blocks < MOLT__SPAN_BLOCKS_MIN)
        blocks = MOLT__SPAN_BLOCKS_MIN;
    if (blocks > MOLT__SPAN_BLOCKS_MAX)
        blocks = MOLT__SPAN_BLOCKS_MAX;
    if (!molt__migration_grow(m, (void **)&owned->spans, &owned->span_slots, owned->span_count, 1,
                              sizeof *owned->spans))
        return NULL;
    MoltSpan *span = &owned->spans[owned->span_count];
    if (!molt__span_make(m->heap, span, is->size, is->align, 1, (uint32_t)blocks)) {
        m->failed = true;
        return NULL;
    }
    span->type = type;
    owned->span_count++;
    return span;
}

/* The block of a struct of type `type` at `before`, a `made` then; NULL when memory is out. */
static MoltBox *add_box(MoltMigration *m, uintptr_t before, MoltTypeId type, MoltTypeId made)
{
    MoltOwnership *owned = &m->owned;
    MoltSpan *span = open_span(m, made);
    if (!span || !molt__migration_grow(m, (void **)&owned->boxes, &owned->box_slots,
                                       owned->box_count, 1, sizeof *owned->boxes))
        return NULL;
    uint32_t index = span->live;
    if (!molt__made_mark(&m->allocator, span, index)) {
        m->failed = true;
        return NULL;
    }
    span->live++;
    span->live_bits[index / 64] |= (uint64_t)1 << (index % 64);
    unsigned char *block = molt__span_block(span, index);
    memset(block, 0, span->elem_size);
    MoltBox *box = &owned->boxes[owned->box_count++];
    *box = (MoltBox){.before = before,
                     .after = (uintptr_t)block,
                     .type = type,
                     .span = (uint32_t)(span - owned->spans),
                     .block = index};
    return box;
}

/* ---- inline to block -------------------------------------------------------------------------- */

void molt__run_box(MoltMigration *m, uint32_t index, unsigned char *source, uint64_t source_stride,
                   unsigned char *destination, uint64_t destination_stride, uint64_t n)
{
    const MoltOp *op = &m->plan->ops[index];
    uint64_t run = m->run;
    bool apart = m->apart, surveying = m->owned.surveying;
    MoltBox *outer = m->box;
    m->apart = true;
    for (uint64_t i = 0; i < n && !m->failed; i++) {
        uintptr_t before = (uintptr_t)(source + op->tag);
        MoltBox *box =
            surveying ? add_box(m, before, op->before, op->after) : find_box(m, before, op->before);
        uintptr_t after = box ? box->after : 0;
        if (surveying && !box)
            break;
        if (!surveying && box) {
            box->holder = (uintptr_t)destination;
            memcpy(destination, &after, sizeof after);
        }
        m->box = surveying ? NULL : box;
        m->run = run + i;
        molt__execute(m, index + 1, op->body, source, source_stride, (unsigned char *)after, 0,
                      1); /* NOLINT: an address that new_block gave */
        source += source_stride;
        destination += destination_stride;
    }
    m->run = run;
    m->box = outer;
    m->apart = apart;
}

/* ---- block to inline -------------------------------------------------------------------------- */

static bool is_whole_block(const MoltPlace *place, MoltTypeId type)
{
    return place->kind == MOLT_PLACE_BLOCK && place->element == 0 && place->offset == 0 &&
           place->block.type == type;
}

static void add_claim(MoltMigration *m, const MoltOp *op, const MoltPlace *place,
                      const unsigned char *owner, const unsigned char *destination)
{
    MoltOwnership *owned = &m->owned;
    if (!molt__migration_grow(m, (void **)&owned->claims, &owned->claim_slots, owned->claim_count,
                              1, sizeof *owned->claims))
        return;
    owned->claims[owned->claim_count++] = (MoltClaim){.block = (uintptr_t)place->block.start,
                                                      .owner = (uintptr_t)owner,
                                                      .after = (uintptr_t)destination + op->length,
                                                      .type = op->after,
                                                      .span = place->block.span,
                                                      .index = place->block.index};
}

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* What cannot become part of the object that points at it is counted. False: take the default. */
static bool check_block(MoltMigration *m, const MoltOp *op, const MoltPlace *place, uint64_t i)
{
    if (place->kind == MOLT_PLACE_FREE) {
        molt__tally(m, op, MOLT_RULE_DANGLING_POINTER, MOLT_LOSS, i, "freed memory");
        return false;
    }
    if (place->kind == MOLT_PLACE_OUTSIDE) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i, "not a block of the heap");
        return false;
    }
    const char *type = molt_type_name(m->plan->before, place->block.type);
    if (!is_whole_block(place, op->before)) {
        molt__tally(m, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, i, "it points into %s", type);
        return false;
    }
    const MoltClaim *claim = find_claim(m, (uintptr_t)place->block.start);
    if (claim + 1 < m->owned.claims + m->owned.claim_count && claim[1].block == claim->block)
        molt__tally(m, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, i, "%s:%llu, which others point at",
                    type, (unsigned long long)place->block.serial);
    uint64_t size = molt_type(m->plan->before, op->before)->size;
    const unsigned char *bytes = place->block.start;
    if (!is_zero(bytes + size, (place->block.count - 1) * size))
        molt__tally(m, op, MOLT_RULE_ELEMENTS_DROPPED, MOLT_LOSS, i, "%llu elements",
                    (unsigned long long)place->block.count);
    return true;
}

/* The way back must know that there was no block; `struct_at` is what stands for it. */
static void keep_null(MoltMigration *m, const MoltOp *op, const unsigned char *struct_at)
{
    MoltOwnership *owned = &m->owned;
    if (m->plan->hooked || m->plan->policy != MOLT_POLICY_LIVE ||
        !molt__migration_grow(m, (void **)&owned->nulls, &owned->null_slots, owned->null_count, 1,
                              sizeof *owned->nulls))
        return;
    owned->nulls[owned->null_count++] = (uintptr_t)struct_at;
    m->apart = false; /* also of a pointer in a block that becomes a part itself */
    molt__attic_mark(m, op, 0);
    m->apart = true;
}

static int compare_nulls(const void *a, const void *b)
{
    return compare_addresses(*(const uintptr_t *)a, *(const uintptr_t *)b);
}

bool molt__ownership_is_null(MoltMigration *m, uintptr_t after)
{
    MoltOwnership *owned = &m->owned;
    if (owned->null_count == 0)
        return false;
    if (!owned->nulls_sorted)
        qsort(owned->nulls, owned->null_count, sizeof *owned->nulls, compare_nulls);
    owned->nulls_sorted = true;
    return bsearch(&after, owned->nulls, owned->null_count, sizeof after, compare_nulls) != NULL;
}

static void embed_one(MoltMigration *m, uint32_t index, unsigned char *source,
                      unsigned char *destination, bool boxed)
{
    const MoltOp *op = &m->plan->ops[index];
    const MoltOp *null = op + 1, *block = null + 1 + null->body;
    void *pointer;
    memcpy(&pointer, source + op->tag, sizeof pointer);
    MoltPlace place = {.kind = MOLT_PLACE_FREE};
    if (pointer)
        molt_heap_locate(m->heap, pointer, &place);
    if (m->owned.surveying) {
        if (is_whole_block(&place, op->before))
            add_claim(m, op, &place, source + op->tag, destination);
    } else if (pointer && check_block(m, op, &place, 0)) {
        molt__execute(m, (uint32_t)(block - m->plan->ops) + 1, block->body, pointer, 0, destination,
                      0, 1);
    } else {
        if (!pointer && !boxed)
            keep_null(m, op, destination + op->length);
        molt__execute(m, (uint32_t)(null - m->plan->ops) + 1, null->body, source, 0, destination, 0,
                      1);
    }
}

void molt__run_embed(MoltMigration *m, uint32_t index, unsigned char *source,
                     uint64_t source_stride, unsigned char *destination,
                     uint64_t destination_stride, uint64_t n)
{
    uint64_t run = m->run;
    bool apart = m->apart;
    MoltBox *box = m->box;
    m->apart = true;
    m->box = NULL;
    for (uint64_t i = 0; i < n && !m->failed; i++) {
        m->run = run + i;
        embed_one(m, index, source + i * source_stride, destination + i * destination_stride,
                  box != NULL);
    }
    m->run = run;
    m->box = box;
    m->apart = apart;
}

/* ---- survey, commit, discard ------------------------------------------------------------------ */

static bool any_changes_ownership(const MoltPlan *plan, uint32_t first, uint32_t count)
{
    for (uint32_t o = first; o < first + count; o++) {
        if (plan->ops[o].code == MOLT__OP_BOX || plan->ops[o].code == MOLT__OP_EMBED)
            return true;
    }
    return false;
}

static bool changes_ownership(const MoltPlan *plan, const MoltTypePlan *type)
{
    return any_changes_ownership(plan, type->first_op, type->op_count) ||
           any_changes_ownership(plan, type->first_tail, type->tail_count);
}

static void survey_block(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved,
                         uint32_t block)
{
    const MoltTypePlan *type = &m->plan->types[span->type];
    unsigned char *from = molt__span_block(span, block), *to = molt__span_block(moved, block);
    uint64_t count = molt__span_count(span, block);
    molt__execute(m, type->first_op, type->op_count, from, span->elem_size, to, moved->elem_size,
                  span->header > 0 ? 1 : count);
    if (span->header > 0)
        molt__execute(m, type->first_tail, type->tail_count, from + span->header, span->elem_size,
                      to + moved->header, moved->elem_size, count);
}

static void survey_span(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    for (uint32_t block = 0; block < span->blocks && !m->failed; block++) {
        if (molt__span_is_live(span, block))
            survey_block(m, span, moved, block);
    }
}

/* Types with claimed blocks. Pointers to them must be looked at even where nothing else moves. */
static void mark_claimed(MoltMigration *m)
{
    MoltOwnership *owned = &m->owned;
    uint64_t slots = 0;
    uint32_t types = m->plan->before->tables.type_count;
    if (!molt__migration_grow(m, (void **)&owned->claimed, &slots, 0, types < 16 ? 16 : types,
                              sizeof *owned->claimed))
        return;
    memset(owned->claimed, 0, slots * sizeof *owned->claimed);
    for (uint64_t c = 0; c < owned->claim_count; c++) {
        MoltTypeId type = m->heap->spans[owned->claims[c].span].type;
        owned->claimed[type] = true;
        m->contained[type] = true;
    }
    m->moves = true;
}

void molt__ownership_survey(MoltMigration *m)
{
    MoltOwnership *owned = &m->owned;
    owned->surveying = true;
    for (uint32_t i = 0; i < m->busy_count && !m->failed; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes > 0 && m->spans[s].bytes > 0 &&
            changes_ownership(m->plan, &m->plan->types[span->type]) &&
            !molt__migrate_globals_survey(m, span, &m->spans[s]))
            survey_span(m, span, &m->spans[s]);
    }
    owned->surveying = false;
    if (owned->box_count > 0)
        qsort(owned->boxes, owned->box_count, sizeof *owned->boxes, compare_boxes);
    if (owned->claim_count > 0) {
        qsort(owned->claims, owned->claim_count, sizeof *owned->claims, compare_claims);
        mark_claimed(m);
    }
}

void molt__ownership_commit(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->owned.span_count; s++) /* `next`: where the span is now */
        m->owned.spans[s].next =
            molt__heap_adopt(m->heap, &m->owned.spans[s], m->owned.spans[s].type);
}

void molt__ownership_free_claimed(MoltMigration *m)
{
    for (uint64_t c = 0; c < m->owned.claim_count; c++) {
        const MoltClaim *claim = &m->owned.claims[c];
        molt_heap_delete(m->heap, molt__span_block(&m->heap->spans[claim->span], claim->index));
    }
    for (uint64_t b = 0; b < m->owned.box_count; b++) {
        if (m->owned.boxes[b].gone)
            molt_heap_delete(m->heap, (void *)m->owned.boxes[b].after); /* NOLINT: our block */
    }
}

void molt__ownership_discard(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->owned.span_count; s++)
        molt__span_release(m->heap, &m->owned.spans[s]);
}

static void free_list(MoltMigration *m, void *list, uint64_t slots, size_t item_size)
{
    if (list)
        m->allocator.resize(m->allocator.context, list, slots * item_size, 0);
}

void molt__ownership_release(MoltMigration *m)
{
    uint32_t types = m->plan->before->tables.type_count;
    free_list(m, m->owned.boxes, m->owned.box_slots, sizeof *m->owned.boxes);
    free_list(m, m->owned.claims, m->owned.claim_slots, sizeof *m->owned.claims);
    free_list(m, m->owned.nulls, m->owned.null_slots, sizeof *m->owned.nulls);
    free_list(m, m->owned.spans, m->owned.span_slots, sizeof *m->owned.spans);
    free_list(m, m->owned.claimed, types < 16 ? 16 : types, sizeof *m->owned.claimed);
}
