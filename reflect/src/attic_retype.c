#include "attic_retype.h"

#include <string.h>

#include "attic_hook.h"

const MoltRetyped *molt__attic_retyped(const MoltMigration *m, uint32_t span, uint32_t block)
{
    const MoltRetyped *item =
        molt__retyped(m, (uintptr_t)molt__span_block(&m->heap->spans[span], block));
    return item && item->after != item->block ? item : NULL;
}

uint64_t molt__attic_retyped_place(const MoltMigration *m, const MoltRetyped *item, uint64_t at,
                                   uintptr_t moved)
{
    const MoltSchema *after = m->plan->after;
    if (item->to != MOLT_NO_TYPE) {
        uint64_t unit = molt_type(m->plan->before, item->type)->size;
        return at % unit == 0 ? at / unit * molt_type(after, item->to)->size : MOLT__NO_PLACE;
    }
    uint64_t size = molt_type(after, m->plan->types[item->type].after)->size;
    bool inside = moved - item->after <= item->head_after + item->count * size;
    return moved != 0 && inside ? moved - item->after : MOLT__NO_PLACE;
}

uintptr_t molt__attic_retyped_then(const MoltMigration *m, const MoltRetyped *item,
                                   const MoltAtticRef *ref, MoltTypeId type)
{
    if (item->to == MOLT_NO_TYPE || item->to != type)
        return 0;
    uint64_t known = m->heap->attic.blocks[ref->index].count;
    uint64_t end = known * molt_type(m->plan->after, type)->size;
    bool inside = ref->origin < end || (ref->origin == end && known == item->count);
    return inside ? item->after + ref->origin : 0;
}

/* ---- what kept pointers say ------------------------------------------------------------------ */

/* The type that a kept pointer to numbers leads to where it returns; MOLT_NO_TYPE where it does not, or leads
 * to something else. */
static MoltTypeId wanted_type(const MoltPlan *direct, const MoltLeaf *was, const MoltOp *op)
{
    if (was->kind != MOLT__LEAF_POINTER || was->type == MOLT_NO_TYPE ||
        (op && op->code != MOLT__OP_POINTER))
        return MOLT_NO_TYPE;
    MoltTypeId elem = molt_type(direct->before, was->type)->elem;
    MoltTypeId to = op ? op->after : direct->types[elem].after;
    return molt__retype_converts(direct->before, elem, direct->after, to) ? to : MOLT_NO_TYPE;
}

bool molt__attic_retype_suits(const MoltCarry *carry, const MoltCarryPart *part,
                              const MoltLeaf *was, uint64_t kept)
{
    const MoltMigration *m = carry->m;
    const MoltAtticRef *ref = &carry->from->refs[kept - 1];
    MoltTypeId wanted = wanted_type(carry->direct, was, part->op);
    if (ref->kind != MOLT__REF_BLOCK || wanted == MOLT_NO_TYPE)
        return true;
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    const MoltRetyped *item = molt__attic_retyped(m, block->span, block->index);
    MoltTypeId was_type = m->heap->spans[block->span].type;
    MoltTypeId is = item && item->to != MOLT_NO_TYPE ? item->to : m->plan->types[was_type].after;
    return is == wanted || !molt__retype_converts(m->plan->before, was_type, m->plan->after, is);
}

/* One page whose pointers may return. */
typedef struct Offer {
    MoltMigration *m;
    const MoltAtticPage *page;
    const MoltPlan *direct;
    MoltTypeId after; /* of its objects in the new state */
} Offer;

/* The numbers of a running block of the attic's; MOLT_NO_TYPE when it is gone or holds something else. */
static MoltTypeId numbers_of(const MoltMigration *m, const MoltAtticRef *ref)
{
    const MoltHeap *heap = m->heap;
    if (ref->kind != MOLT__REF_BLOCK || heap->attic.blocks[ref->index].span == MOLT__NO_SPAN)
        return MOLT_NO_TYPE;
    MoltTypeId type = heap->spans[heap->attic.blocks[ref->index].span].type;
    const MoltSchema *before = m->plan->before;
    return molt__retype_converts(before, type, before, type) ? type : MOLT_NO_TYPE;
}

/* The blocks behind `count` values of a run, from `first` on, which return to `place`. */
static void offer_values(const Offer *offer, const MoltAtticRun *run, uint64_t first,
                         uint64_t count, MoltTypeId to, const MoltLeaf *place)
{
    MoltMigration *m = offer->m;
    const MoltAtticPage *page = offer->page;
    const MoltAtticBlock *blocks = m->heap->attic.blocks;
    MoltTypeId owner;
    uint32_t field;
    molt__attic_field(m->plan->after, offer->after, page->tail, place, &owner, &field);
    for (uint64_t r = 0; r < page->count && !m->failed; r++) {
        const unsigned char *record = page->records + r * page->stride;
        bool there = blocks[molt__record_word(record, 0)].span != MOLT__NO_SPAN;
        for (uint64_t i = first; there && i < first + count; i++) {
            uint64_t kept;
            memcpy(&kept, record + run->kept_at + i * run->was.size, sizeof kept);
            if (kept == 0 || !molt__record_is_open(record, run->open_at + i))
                continue;
            const MoltAtticRef *ref = &page->refs[kept - 1];
            MoltTypeId type = numbers_of(m, ref);
            const MoltAtticBlock *block = &blocks[ref->index];
            if (type != MOLT_NO_TYPE && m->plan->types[type].after != to)
                molt__retype_offer(
                    m, (uintptr_t)molt__span_block(&m->heap->spans[block->span], block->index), to,
                    owner, field);
        }
    }
}

static void offer_run(const Offer *offer, const MoltAtticRun *run)
{
    const MoltAtticPage *page = offer->page;
    for (uint64_t done = 0; done < run->was.count;) {
        MoltLeaf was = molt__leaf_from(&run->was, done);
        MoltRoute back = {.count = was.count};
        bool found = molt__leaf_route(offer->direct, page->type, page->tail, MOLT__BEFORE, &was,
                                      &was, &back);
        uint64_t count = back.count < was.count ? back.count : was.count;
        MoltTypeId to =
            found && back.placed ? wanted_type(offer->direct, &was, back.op) : MOLT_NO_TYPE;
        count = count > 0 ? count : 1;
        if (to != MOLT_NO_TYPE)
            offer_values(offer, run, done, count, to, &back.leaf);
        done += count;
    }
}

/* What a hook may have changed returns only to the layout that it came from, and what went on as a pointer is
 * told of by that. */
static bool may_offer(const MoltMigration *m, const MoltAtticPage *page, const MoltAtticRun *run)
{
    return run->was.kind == MOLT__LEAF_POINTER && !run->aims && !run->copy &&
           (run->hooked == 0 ||
            molt__attic_same_layout(page->step->schema, run->hooked - 1, m->plan->after));
}

/* Most pages have nothing to offer, and of those no plan is made. */
static bool has_numbers(const MoltMigration *m, const MoltAtticPage *page)
{
    bool any = false;
    for (uint64_t r = 0; r < page->run_count && !any; r++)
        any = may_offer(m, page, &page->runs[r]);
    for (uint64_t r = 0; any && r < page->ref_count; r++) {
        if (numbers_of(m, &page->refs[r]) != MOLT_NO_TYPE)
            return true;
    }
    return false;
}

void molt__attic_retype_offer(MoltMigration *m)
{
    const MoltAttic *attic = &m->heap->attic;
    const MoltAtticStep *step = NULL;
    MoltPlan *direct = NULL;
    bool quiet = attic->page_count == 0 || molt__attic_is_quiet(m);
    for (uint64_t p = attic->page_count; !quiet && p-- > 0 && !m->failed;) {
        const MoltAtticPage *page = attic->pages[p].page;
        MoltTypeId after = m->plan->types[attic->pages[p].type].after;
        if (after == MOLT_NO_TYPE || page->edit != 0 || page->columns ||
            molt_type_is_kept(m->plan->after, after) || !has_numbers(m, page))
            continue;
        if (page->step != step) {
            step = page->step;
            molt_plan_free(direct);
            direct = molt__attic_direct_plan(m, step);
        }
        if (!direct || direct->types[page->type].after != after)
            continue;
        const Offer offer = {m, page, direct, after};
        for (uint64_t r = 0; r < page->run_count; r++) {
            if (may_offer(m, page, &page->runs[r]))
                offer_run(&offer, &page->runs[r]);
        }
    }
    molt_plan_free(direct);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

void molt__attic_retype_reserve(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->retypes.span_count && !m->failed; s++) {
        MoltSpan *span = &m->retypes.spans[s];
        if (!span->kept)
            span->kept = molt__migration_table(m, span->blocks, sizeof *span->kept);
    }
}

void molt__attic_retype_leave(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        MoltRetyped *item = &m->retypes.items[i];
        uint32_t *kept = m->heap->spans[item->span].kept;
        if (item->problem || item->held || item->after == item->block || !kept)
            continue;
        item->number = kept[item->index];
        kept[item->index] = 0;
        if (item->number == 0)
            continue;
        MoltAtticBlock *block = &m->heap->attic.blocks[item->number - 1];
        bool whole = block->count == molt__span_count(&m->heap->spans[item->span], item->index);
        bool numbers = item->to != MOLT_NO_TYPE;
        if (whole)
            block->count = UINT64_MAX;
        else if (!numbers) /* it was cut, and bytes are no elements of the new block */
            block->count = 0;
    }
}

void molt__attic_retype_arrive(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        MoltPlace place;
        if (item->number == 0)
            continue;
        molt_heap_locate(m->heap, (const void *)item->after, &place); /* NOLINT: a block */
        MoltAtticBlock *block = &m->heap->attic.blocks[item->number - 1];
        m->heap->spans[place.block.span].kept[place.block.index] = item->number;
        block->span = place.block.span;
        block->index = place.block.index;
        if (block->count > place.block.count)
            block->count = place.block.count;
    }
}

uint32_t molt__attic_retype_number(MoltMigration *m, const MoltAtticRef *ref)
{
    const MoltRetyped *item = &m->retypes.items[ref->becomes - 1];
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)item->after, &place); /* NOLINT: a block */
    return molt__attic_number(m->heap, place.block.span, place.block.index);
}
