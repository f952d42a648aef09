/* Filing: from the losses of a running migration to pages of the attic. */
#include <stdio.h>
#include <string.h>

#include "attic_blank.h"
#include "attic_box.h"
#include "attic_column.h"
#include "attic_draft.h"
#include "attic_hook.h"
#include "attic_null.h"
#include "attic_pool.h"
#include "attic_retype.h"
#include "code_target.h"
#include "descent.h"
#include "kept_types.h"
#include "migration.h"
#include "molt/globals.h"

/* ---- marks ---------------------------------------------------------------------------------- */

static bool is_of_plan(const MoltPlan *plan, const MoltOp *op)
{
    uintptr_t first = (uintptr_t)plan->ops, at = (uintptr_t)op;
    return at - first < (uintptr_t)plan->op_count * sizeof *op;
}

static void note_lossy(MoltAtticWork *work, uint64_t op)
{
    work->lossy_count += !work->lossy[op];
    work->lossy[op] = true;
}

void molt__attic_lose_one(MoltMigration *m, const MoltOp *op, const MoltLoss *place)
{
    MoltAtticWork *work = &m->attic;
    if (!work->lossy)
        work->lossy = molt__migration_table(m, m->plan->op_count, sizeof *work->lossy);
    if (!work->lossy)
        return;
    note_lossy(work, (uint64_t)(op - m->plan->ops));
    uint64_t at = 0; /* the first one that begins behind it */
    uint64_t end = work->loss_count - work->pool_losses;
    while (at < end) {
        uint64_t middle = at + (end - at) / 2;
        const MoltLoss *loss = &work->losses[middle];
        bool behind = loss->span != place->span     ? loss->span > place->span
                      : loss->block != place->block ? loss->block > place->block
                      : loss->tail != place->tail   ? loss->tail
                                                    : loss->element > place->element;
        if (behind)
            end = middle;
        else
            at = middle + 1;
    }
    const MoltLoss *last = at > 0 ? &work->losses[at - 1] : NULL;
    if ((last && last->span == place->span && place->block - last->block < last->blocks &&
         last->tail == place->tail && last->element == place->element) ||
        !molt__migration_grow(m, (void **)&work->losses, &work->loss_slots, work->loss_count, 1,
                              sizeof *work->losses))
        return;
    memmove(work->losses + at + 1, work->losses + at,
            (work->loss_count++ - at) * sizeof *work->losses);
    work->losses[at] = *place;
}

/* Whether what an operation loses is kept; makes room to note it. */
static bool may_mark(MoltMigration *m, const MoltOp *op)
{
    bool stays = m->scanning && op->code != MOLT__OP_POINTER;
    if (m->mode != MOLT__RUN_STATE || stays || !m->batch_span ||
        m->plan->policy != MOLT_POLICY_LIVE || m->heap->attic.none || m->apart || op->unkept)
        return false;
    if (!m->attic.lossy)
        m->attic.lossy = molt__migration_table(m, m->plan->op_count, sizeof *m->attic.lossy);
    return m->attic.lossy != NULL;
}

void molt__attic_mark(MoltMigration *m, const MoltOp *op, uint64_t i)
{
    MoltAtticWork *work = &m->attic;
    if (m->mode == MOLT__RUN_VALUE)
        m->value_lost = true;
    if (!is_of_plan(m->plan, op))
        op = m->op; /* a pointer to a variable is looked at as one of its type */
    if (molt__attic_box_keeps(m, op))
        molt__attic_box_mark(m, op);
    if (!may_mark(m, op))
        return;
    uint64_t element = molt__batch_index(m, i);
    note_lossy(work, (uint64_t)(op - m->plan->ops));
    work->marks[element / 64] |= (uint64_t)1 << (element % 64);
}

void molt__attic_mark_bits(MoltMigration *m, const MoltOp *op, uint64_t at, uint64_t bits)
{
    if (molt__attic_box_keeps(m, op))
        molt__attic_box_mark(m, op);
    if (!may_mark(m, op))
        return;
    note_lossy(&m->attic, (uint64_t)(op - m->plan->ops));
    m->attic.marks[at / 64] |= bits;
}

void molt__attic_mark_all(MoltMigration *m, const MoltOp *op, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        molt__attic_mark(m, op, i);
    if (!m->attic.lossy || m->apart)
        return;
    for (const MoltOp *inner = op + 1; inner <= op + op->size; inner++) {
        bool apart = inner->code == MOLT__OP_BOX || inner->code == MOLT__OP_EMBED;
        if (!inner->unkept)
            note_lossy(&m->attic, (uint64_t)(inner - m->plan->ops));
        if (apart)
            inner += inner->body;
    }
}

/* Elements [from, end) of the batch, whose first one is `first`, lose values. */
static bool add_losses(MoltMigration *m, uint64_t first, uint64_t from, uint64_t end)
{
    MoltAtticWork *work = &m->attic;
    bool of_blocks = m->batch_of_blocks && !m->in_tail;
    uint32_t span = (uint32_t)(m->batch_span - m->heap->spans);
    uint32_t block = m->batch_block + (of_blocks ? (uint32_t)from : 0);
    if (of_blocks)
        molt__attic_draft_keep(m, block, (uint32_t)(end - from));
    MoltLoss *last = work->loss_count > 0 ? &work->losses[work->loss_count - 1] : NULL;
    if (of_blocks && last && last->span == span && !last->tail && last->element == 0 &&
        last->block + last->blocks == block) {
        last->blocks += (uint32_t)(end - from);
        return true;
    }
    for (uint64_t i = from; i < end; i++) {
        uint64_t element = of_blocks ? 0 : first + i;
        if (element > UINT32_MAX) { /* records number elements with 32 bits */
            work->beyond++;
            continue;
        }
        if (!molt__migration_grow(m, (void **)&work->losses, &work->loss_slots, work->loss_count, 1,
                                  sizeof *work->losses))
            return false;
        work->losses[work->loss_count++] = (MoltLoss){
            span,       block,  of_blocks ? (uint32_t)(end - from) : 1, (uint32_t)element,
            m->in_tail, m->pool};
        work->pool_losses += m->pool != MOLT__POOL_NONE;
        if (of_blocks)
            break;
    }
    return true;
}

/* The end of the marks that are `set` or not from `i` on, at most `n`. */
static uint64_t end_of_marks(const uint64_t *marks, uint64_t i, uint64_t n, bool set)
{
    while (i < n) {
        uint64_t word = set ? ~marks[i / 64] : marks[i / 64];
        word >>= i % 64;
        if (word != 0) {
            i += (uint64_t)__builtin_ctzll(word);
            break;
        }
        i = (i / 64 + 1) * 64;
    }
    return i < n ? i : n;
}

void molt__attic_flush(MoltMigration *m, uint64_t first, uint64_t n)
{
    MoltAtticWork *work = &m->attic;
    if (!work->lossy)
        return;
    for (uint64_t i = end_of_marks(work->marks, 0, n, false); i < n;) {
        uint64_t end = end_of_marks(work->marks, i, n, true);
        if (!add_losses(m, first, i, end))
            break;
        i = end_of_marks(work->marks, end, n, false);
    }
    memset(work->marks, 0, sizeof work->marks);
}

/* ---- what a page keeps ---------------------------------------------------------------------- */

typedef struct Collect {
    MoltMigration *m;
    MoltAtticPage *page;
    MoltTypeId type;
} Collect;

static bool collect_run(Collect *collect, const MoltLeaf *leaf);

/* Where it depends on a tag what becomes of values, those of each arm are a run of their own. */
static bool collect_by_tag(Collect *collect, const MoltLeaf *leaf, const MoltRoute *route)
{
    if (leaf->guard_count == MOLT__LEAF_GUARDS || route->op->code != MOLT__OP_UNION) {
        collect->page->partial = true;
        return true;
    }
    const MoltOp *end = route->op + 1 + route->op->body;
    for (const MoltOp *arm = route->op + 1; arm < end; arm += 1 + arm->body) {
        MoltLeaf guarded = *leaf;
        MoltLeafGuard *guard = &guarded.guards[guarded.guard_count++];
        *guard = route->tag;
        guard->value = arm->tag;
        guarded.count = route->count;
        if (!arm->otherwise && !collect_run(collect, &guarded))
            return false;
    }
    return true;
}

static bool add_run(Collect *collect, const MoltLeaf *was, const MoltRoute *route, MoltTypeId whole)
{
    MoltMigration *m = collect->m;
    MoltAtticPage *page = collect->page;
    if (!molt__migration_grow(m, (void **)&page->runs, &page->run_slots, page->run_count, 1,
                              sizeof *page->runs))
        return false;
    MoltAtticRun *run = &page->runs[page->run_count++];
    *run = (MoltAtticRun){.was = *was, .is = route->leaf, .placed = route->placed, .op = route->op};
    run->hooked = whole != MOLT_NO_TYPE ? whole + 1 : 0;
    run->aims = route->placed && route->op->code == MOLT__OP_POINTER && run->hooked == 0 &&
                !molt__plan_keeps(m->plan, collect->type);
    run->was.count = run->is.count = route->count;
    MoltTypeId after = m->plan->types[collect->type].after;
    molt__attic_watch(m->plan->after, molt__leaf_root(m->plan->after, after, page->tail), run);
    return true;
}

/* The value of which a kept one is a copy stands for it as long as the copy has no place. */
static void add_original(Collect *collect, const MoltRoute *route)
{
    MoltAtticPage *page = collect->page;
    MoltAtticRun *run = &page->runs[page->run_count - 1];
    MoltLeaf original = run->was;
    MoltRoute other;
    original.at += (uint64_t)route->op->twin;
    if (run->hooked != 0 ||
        !molt__leaf_work(collect->m->plan, collect->type, page->tail, &original, &other) ||
        !other.placed || other.varies || other.count < run->was.count)
        return;
    run->is = other.leaf;
    run->is.count = run->was.count;
    run->placed = run->copy = true;
}

static bool collect_run(Collect *collect, const MoltLeaf *leaf)
{
    MoltMigration *m = collect->m;
    MoltTypeId root = molt__leaf_root(m->plan->before, collect->type, collect->page->tail);
    for (MoltLeaf rest = *leaf; rest.count > 0;) {
        MoltRoute route;
        bool found = molt__leaf_work(m->plan, collect->type, collect->page->tail, &rest, &route);
        MoltTypeId whole = molt__attic_whole_at(m, collect->type, root, rest.at);
        bool fixed = found && !route.varies && route.op;
        bool kept = fixed && (m->attic.lossy[route.op - m->plan->ops] ||
                              (whole != MOLT_NO_TYPE && !route.op->unkept));
        if (!found && molt__attic_null_collect(m, collect->page, &rest))
            route.count = 1;
        if (found && route.varies && !collect_by_tag(collect, &rest, &route))
            return false;
        if (whole != MOLT_NO_TYPE && !kept && !(found && route.varies))
            collect->page->partial = true;
        if (kept && !add_run(collect, &rest, &route, whole))
            return false;
        if (kept && route.op->twin != 0)
            add_original(collect, &route);
        rest = molt__leaf_from(&rest, route.count);
    }
    return true;
}

/* A text that goes element by element, as into a single number, is kept so. */
static bool collect_leaf(void *context, const MoltLeaf *leaf)
{
    Collect *collect = context;
    MoltRoute route;
    if (leaf->kind != MOLT__LEAF_TEXT ||
        molt__leaf_work(collect->m->plan, collect->type, collect->page->tail, leaf, &route))
        return collect_run(collect, leaf);
    for (uint64_t i = 0; i < leaf->count; i++) {
        MoltLeaf chars = molt__leaf_from(leaf, i);
        for (unsigned g = 0; g < chars.guard_count; g++)
            chars.guards[g].stride = 0;
        chars.stride = chars.size = 1;
        chars.count = leaf->size;
        chars.kind = MOLT__LEAF_BYTES;
        chars.type = molt_type(collect->m->plan->before, leaf->type)->elem;
        if (!collect_run(collect, &chars))
            return false;
    }
    return true;
}

bool molt__attic_collect(MoltMigration *m, MoltAtticPage *page)
{
    Collect collect = {m, page, page->type};
    MoltTypeId walked = molt__leaf_root(m->plan->before, page->type, page->tail);
    return molt__leaf_walk(m->plan->before, walked, collect_leaf, &collect);
}

/* ---- fields that a migration adds ----------------------------------------------------------- */

typedef struct Fresh {
    MoltMigration *m;
    MoltTypeId type;
    bool tail;
    const unsigned char *defaults; /* an element of the new type */
    MoltAtticFreshList *list;
} Fresh;

static bool has_source(const Fresh *fresh, const MoltLeaf *leaf, uint64_t *count)
{
    MoltRoute route;
    bool found =
        molt__leaf_route(fresh->m->plan, fresh->type, fresh->tail, MOLT__AFTER, leaf, leaf, &route);
    *count = route.count;
    if (!found && leaf->kind == MOLT__LEAF_TEXT) { /* its first char may come from somewhere */
        MoltLeaf first = {.at = leaf->at, .count = 1, .size = 1, .type = MOLT_NO_TYPE};
        found = molt__leaf_route(fresh->m->plan, fresh->type, fresh->tail, MOLT__AFTER, &first,
                                 &first, &route);
    }
    return found && (route.placed || route.varies);
}

/* Adds as much of a run as has one value; returns its length, 0 when memory is out. */
static uint64_t add_uniform(const Fresh *fresh, const MoltLeaf *leaf)
{
    MoltMigration *m = fresh->m;
    MoltAtticFreshList *list = fresh->list;
    uint64_t size = molt__leaf_sample_size(leaf), count = 1;
    const unsigned char *first = fresh->defaults + leaf->at;
    while (count < leaf->count && memcmp(first, first + count * leaf->stride, size) == 0)
        count++;
    if (!molt__migration_grow(m, (void **)&list->items, &list->slots, list->count, 1,
                              sizeof *list->items) ||
        !molt__migration_grow(m, (void **)&list->samples, &list->sample_slots, list->sample_count,
                              size, 1))
        return 0;
    MoltAtticFresh *item = &list->items[list->count++];
    *item = (MoltAtticFresh){*leaf, list->sample_count};
    item->leaf.count = count;
    unsigned char *sample = list->samples + list->sample_count;
    list->sample_count += size;
    if (leaf->kind == MOLT__LEAF_STRING)
        memcpy(sample, first, size); /* a sample already: defaults hold no addresses */
    else
        molt__leaf_sample(m->heap, leaf, first, sample);
    return count;
}

static bool add_fresh_leaf(void *context, const MoltLeaf *leaf)
{
    const Fresh *fresh = context;
    for (MoltLeaf rest = *leaf; rest.count > 0;) {
        uint64_t count;
        if (!has_source(fresh, &rest, &count)) {
            MoltLeaf part = rest;
            part.count = count;
            count = add_uniform(fresh, &part);
            if (count == 0)
                return false;
        }
        rest = molt__leaf_from(&rest, count);
    }
    return true;
}

void molt__attic_add_fresh(MoltMigration *m, MoltTypeId before, bool tail, MoltAtticFreshList *list)
{
    const MoltTypePlan *plan = &m->plan->types[before];
    if (plan->fate != MOLT_FATE_CHANGED || m->failed)
        return;
    MoltTypeId was = molt__leaf_root(m->plan->before, before, tail);
    MoltTypeId is = molt__leaf_root(m->plan->after, plan->after, tail);
    uint64_t old_size = molt_type(m->plan->before, was)->size;
    uint64_t new_size = molt_type(m->plan->after, is)->size;
    unsigned char *zero = molt__migration_table(m, old_size + new_size, 1);
    if (!zero)
        return;
    unsigned char *defaults = zero + old_size;
    m->mode = MOLT__RUN_DEFAULTS;
    molt__execute(m, tail ? plan->first_tail : plan->first_op,
                  tail ? plan->tail_count : plan->op_count, zero, old_size, defaults, new_size, 1);
    m->mode = MOLT__RUN_STATE;
    molt__migrate_globals_defaults(m, before, defaults);
    Fresh fresh = {m, before, tail, defaults, list};
    molt__leaf_walk_flat(m->plan->after, is, add_fresh_leaf, &fresh);
    molt__migration_free(m, zero, old_size + new_size, 1);
}

/* ---- pointers ------------------------------------------------------------------------------- */

static uint32_t add_symbol(MoltMigration *m, MoltAtticStep *step, uintptr_t address,
                           const MoltCodeTarget *target)
{
    if (!molt__migration_grow(m, (void **)&step->symbols, &step->symbol_slots, step->symbol_count,
                              1, sizeof *step->symbols))
        return UINT32_MAX;
    MoltAtticSymbol symbol = {.target = *target, .address = address};
    const char *file = target->file ? target->file : "", *name = target->name ? target->name : "";
    uint64_t bytes = target->bytes ? target->size : 0;
    symbol.size = strlen(file) + strlen(name) + 3 + bytes;
    symbol.text = molt__migration_table(m, symbol.size, 1);
    if (!symbol.text)
        return UINT32_MAX;
    char *at = symbol.text;
    symbol.target.file = strcpy(at, file);
    at += strlen(file) + 1;
    symbol.target.name = strcpy(at, name);
    at += strlen(name) + 1;
    symbol.target.bytes = at; /* the NUL behind them is there */
    if (bytes > 0)
        memcpy(at, target->bytes, bytes);
    step->symbols[step->symbol_count] = symbol;
    return (uint32_t)step->symbol_count++;
}

static bool make_code_ref(MoltMigration *m, MoltAtticStep *step, MoltTypeId pointee,
                          uintptr_t value, MoltAtticRef *ref)
{
    MoltCodeTarget target = {.kind = MOLT_CODE_FUNCTION};
    ref->kind = MOLT__REF_CODE;
    for (uint64_t s = step->symbol_count; s-- > 0;) {
        if (step->symbols[s].address == value) {
            ref->index = (uint32_t)s;
            return true;
        }
    }
    if (!molt__code_describe(m->code, m->plan->before, pointee, value, &target))
        return false;
    ref->index = add_symbol(m, step, value, &target);
    return ref->index != UINT32_MAX;
}

typedef uintptr_t Relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i);

/* Where a pointer leads in the new state, without a word in the report. */
static uintptr_t relocate_value(MoltMigration *m, Relocate *relocate, const MoltOp *op,
                                uintptr_t value)
{
    bool scanning = m->scanning, keeping = m->keeping;
    m->mode = MOLT__RUN_VALUE;
    m->scanning = false;
    m->keeping = true; /* what the attic has may lead to what is kept */
    uintptr_t moved = relocate(m, op, value, 0);
    m->scanning = scanning;
    m->keeping = keeping;
    m->mode = MOLT__RUN_STATE;
    return moved;
}

bool molt__attic_block_ref(MoltMigration *m, MoltTypeId pointee, uintptr_t value, MoltAtticRef *ref)
{
    const MoltHeap *heap = m->heap;
    uint32_t s = heap->granules[(value - heap->base) >> MOLT__GRANULE_SHIFT] - 1;
    if (s == UINT32_MAX)
        return false;
    const MoltSpan *span = &heap->spans[s];
    uint32_t block = (uint32_t)((value - span->base) / span->stride);
    const MoltRetyped *item = molt__attic_retyped(m, s, block);
    if (!item && m->plan->types[span->type].fate == MOLT_FATE_GONE)
        return false;
    const MoltTypePlan *types = m->plan->types;
    bool gone = types[pointee].after == MOLT_NO_TYPE; /* then the block's type is what is known */
    MoltOp op = {.code = MOLT__OP_POINTER,
                 .check = MOLT__NO_CHECK,
                 .before = pointee,
                 .after = types[gone ? span->type : pointee].after,
                 .pointee_ok = true};
    bool number = item && item->to != MOLT_NO_TYPE;
    uintptr_t moved = number ? 0 : relocate_value(m, molt__relocate_mirrored, &op, value);
    if (item) {
        *ref = (MoltAtticRef){.kind = MOLT__REF_BLOCK, .index = s, .block = block};
        ref->offset = molt__attic_retyped_place(m, item, value - item->block, moved);
        return ref->offset != MOLT__NO_PLACE;
    }
    if (moved == 0)
        return false;
    const MoltSpan *next = m->spans[s].bytes > 0 ? &m->spans[s] : span;
    if (moved - (uintptr_t)molt__span_block(next, block) > next->stride)
        return false; /* it became a block of its own, which has no number yet */
    *ref = (MoltAtticRef){.kind = MOLT__REF_BLOCK,
                          .index = s,
                          .block = block,
                          .offset = moved - (uintptr_t)molt__span_block(next, block)};
    return true;
}

/* The same, with where it points in the old layout, which may be all that is known. */
static bool file_block(MoltMigration *m, MoltTypeId pointee, uintptr_t value, MoltAtticRef *ref)
{
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK)
        return false;
    const MoltRetyped *item = molt__attic_retyped(m, place.block.span, place.block.index);
    if ((!item && m->plan->types[place.block.type].fate == MOLT_FATE_GONE) ||
        molt__ownership_is_claimed(m, place.block.type, (uintptr_t)place.block.start))
        return false;
    if (!molt__attic_block_ref(m, pointee, value, ref))
        *ref = (MoltAtticRef){.kind = MOLT__REF_BLOCK,
                              .index = place.block.span,
                              .block = place.block.index,
                              .offset = MOLT__NO_PLACE};
    ref->becomes = item ? (uint32_t)(item - m->retypes.items) + 1 : 0;
    ref->type = place.block.type;
    ref->made = molt__made_is(&m->heap->spans[place.block.span], place.block.index);
    ref->origin = value - (uintptr_t)place.block.start;
    return true;
}

/* The index + 1 of a reference to what a pointer of the old state points at, 0 for nothing. */
static uint64_t file_pointer(MoltMigration *m, MoltAtticPage *page, MoltTypeId type,
                             uintptr_t value)
{
    const MoltHeap *heap = m->heap;
    MoltAtticRef ref = {.kind = MOLT__REF_FOREIGN, .offset = value};
    if (value == 0)
        return 0;
    uintptr_t mirror =
        m->globals.next ? molt_heap_mirror(heap, value, molt_type(m->plan->before, type)->elem) : 0;
    value = mirror != 0 ? mirror : value;
    if (value - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT) {
        if (!file_block(m, molt_type(m->plan->before, type)->elem, value, &ref))
            return 0;
        if (!molt__attic_number_span(m->heap, ref.index)) {
            m->failed = true;
            return 0;
        }
    } else if (m->code && value - m->code->begin < m->code->end - m->code->begin) {
        if (!make_code_ref(m, page->step, molt_type(m->plan->before, type)->elem, value, &ref))
            return 0;
        page->functions =
            page->functions || page->step->symbols[ref.index].target.kind == MOLT_CODE_FUNCTION;
    } else if (!m->code) {
        page->raw = true;
    }
    if (!molt__migration_grow(m, (void **)&page->refs, &page->ref_slots, page->ref_count, 1,
                              sizeof *page->refs))
        return 0;
    page->refs[page->ref_count++] = ref;
    return page->ref_count;
}

/* ---- pages ---------------------------------------------------------------------------------- */

/* What stands in the new state is not what this edit makes of the value: an older page returned its own
 * value there, which counts more than the one that it replaced. */
static bool is_replaced(MoltMigration *m, MoltTypeId type, const MoltAtticRun *run,
                        const unsigned char *value, const unsigned char *now)
{
    if (molt__plan_keeps(m->plan, type) || !run->placed || run->copy ||
        m->attic.returned_count == 0 || run->hooked != 0)
        return false; /* what a hook carries is itself again when its layout is */
    if (run->is.kind == MOLT__LEAF_STRING || run->is.kind == MOLT__LEAF_POINTER) {
        uintptr_t address, was;
        memcpy(&address, now, sizeof address);
        memcpy(&was, value, sizeof was);
        if (run->op->code == MOLT__OP_POINTER)
            return address != relocate_value(m, molt__relocate, run->op, was) &&
                   molt__way_takes_back(m, run->op, was, address);
        return !molt__migration_made(m, address);
    }
    unsigned char *made = molt__attic_scratch(m, &run->is);
    return made && molt__attic_convert(m, m->plan, run->op, value, made, false) &&
           !molt__leaf_is_equal(&run->is, made, now);
}

/* Tells of a pointer that is kept while what it points at goes with the same edit. */
static void lose_target(MoltMigration *m, const MoltAtticPage *page, const MoltAtticRun *run,
                        uintptr_t value)
{
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK || run->hooked != 0 || run->aims ||
        m->plan->types[place.block.type].fate != MOLT_FATE_GONE)
        return;
    const MoltSpan *span = &m->heap->spans[place.block.span];
    MoltAtticLost lost = {.schema = m->plan->before,
                          .rule = MOLT_RULE_TYPE_REMOVED,
                          .told = true,
                          .unnamed = molt_type(m->plan->before, place.block.type)->kind !=
                                     MOLT_KIND_STRUCT,
                          .last_object = page->count};
    snprintf(lost.target, sizeof lost.target, "%.60s:%llu",
             molt_type_name(m->plan->before, place.block.type),
             (unsigned long long)(span->first_serial + place.block.index));
    molt__attic_field(m->plan->before, page->type, page->tail, &run->was, &lost.owner, &lost.field);
    molt__attic_lose(m, &lost);
}

static void file_record(MoltMigration *m, MoltAtticPage *page, const MoltLoss *loss, uint32_t block)
{
    const MoltSpan *span = &m->heap->spans[loss->span];
    bool stays = m->spans[loss->span].bytes == 0;
    const MoltSpan *next = stays ? span : &m->spans[loss->span];
    const unsigned char *element = molt__attic_element(span, block, loss->element, page->tail);
    const unsigned char *now = molt__attic_element(next, block, loss->element, page->tail);
    MoltCarryObject object;
    if (loss->pool != MOLT__POOL_NONE && molt__attic_pool_stand(m, loss, page->type, &object)) {
        stays = object.stays;
        element = object.live;
        now = object.next;
    }
    unsigned char *record = page->records + page->count++ * page->stride;
    uint32_t head[2] = {0, loss->element};
    memcpy(record, head, sizeof head);
    memset(record + MOLT__RECORD_HEAD, 0xff, page->kept_at - MOLT__RECORD_HEAD);
    if (page->watched_count > 0) /* there is a digest from commit on */
        memset(record + page->digest_at, 0xff, sizeof(uint64_t));
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        const MoltLeaf *was = &run->was;
        unsigned char *kept = record + run->kept_at;
        bool pointer = was->kind == MOLT__LEAF_POINTER || was->kind == MOLT__LEAF_STRING;
        for (uint64_t i = 0; i < was->count; i++, kept += was->size) {
            const unsigned char *value = element + was->at + i * was->stride;
            const unsigned char *made = now + run->is.at + i * run->is.stride;
            bool active = molt__leaf_is_active(was, i, element);
            /* the bytes of an arm that its tag does not select are another arm's */
            bool replaced =
                active && !stays && !run->null && is_replaced(m, page->type, run, value, made);
            if (active && run->op->keeps)
                replaced = !molt__attic_keeps_waited(m, page, run, value, made, replaced);
            if (!active || replaced)
                molt__record_close(record, run->open_at + i);
            if (!active)
                continue;
            if (pointer) {
                uintptr_t address;
                memcpy(&address, value, sizeof address);
                uint64_t ref = run->null ? 0 : file_pointer(m, page, was->type, address);
                memcpy(kept, &ref, sizeof ref);
                /* to a block that becomes a part of its owner: the rules take it there and back */
                if (run->null ? !molt__ownership_is_null(m, (uintptr_t)made)
                              : ref == 0 && address != 0 && run->aims)
                    molt__record_close(record, run->open_at + i);
                if (ref == 0 && address != 0 && !m->failed)
                    lose_target(m, page, run, address);
                if (ref == 0 && address != 0 && run->hooked != 0) /* not all of it can return */
                    memset(record + page->digest_at, 0, sizeof(uint64_t));
            } else {
                memcpy(kept, value, was->size);
            }
        }
    }
}

static MoltAtticStep *make_step(MoltMigration *m)
{
    MoltAtticStep *step = molt__migration_table(m, 1, sizeof *step);
    if (!step)
        return NULL;
    step->shares = 1;
    if (molt__schema_clone(m->plan->before, &m->allocator, &step->schema, NULL) != MOLT_OK) {
        m->failed = true;
        molt__migration_free(m, step, 1, sizeof *step);
        return NULL;
    }
    return step;
}

void molt__attic_report_full(MoltMigration *m, const char *type, uint64_t objects)
{
    m->attic.dropped += objects;
    molt_report_add(m->report,
                    &(MoltFinding){.severity = MOLT_LOSS,
                                   .rule = MOLT_RULE_ATTIC_FULL,
                                   .path = type,
                                   .remedy = "values that edits took away are kept up to a limit "
                                             "of memory, and these are kept no longer: raise "
                                             "the limit if undoing edits has to reach that far",
                                   .objects = objects});
}

static MoltAtticPage *drop_new(MoltMigration *m, MoltAtticPage *page, MoltAtticSlot *slot)
{
    slot->page = page;
    molt__attic_slot_free(&m->allocator, slot);
    molt__attic_page_drop(&m->allocator, page);
    return NULL;
}

/* A page for `losses` objects of a type, without records yet but where they are columns; NULL when there is
 * nothing to keep, no memory, or more than the attic may hold. */
static MoltAtticPage *make_page(MoltMigration *m, MoltAtticStep *step, MoltTypeId type,
                                unsigned sort, uint64_t losses, MoltAtticSlot *slot)
{
    bool tail = sort == 1;
    MoltAtticPage *page = sort != 0 ? NULL : molt__attic_draft_take(m, type, losses);
    bool drafted = page != NULL;
    page = drafted ? page : molt__migration_table(m, 1, sizeof *page);
    if (!page)
        return NULL;
    page->shares = 1;
    page->step = step;
    page->type = type;
    page->tail = tail;
    page->pool = (uint8_t)(sort > 1 ? sort - 1 : MOLT__POOL_NONE);
    page->filed = true;
    step->shares++;
    uint64_t bytes;
    if ((drafted || molt__attic_collect(m, page)) && page->run_count > 0) {
        molt__attic_watch_hooked(m, page, m->plan->types[type].after);
        molt__attic_page_layout(page);
        bool columns = molt__attic_columns_fit(m, page);
        uint64_t each = columns ? molt__attic_columns_width(page) : page->stride;
        if (__builtin_mul_overflow(losses, each, &bytes) || bytes > m->heap->attic.limit) {
            molt__attic_report_full(m, molt_type_name(m->plan->before, type), losses);
            m->attic.keeps = false;
        } else if (columns) {
            if (molt__attic_columns_fill(m, page, losses, slot))
                molt__attic_add_fresh(m, type, tail, &page->fresh);
        } else {
            page->records = molt__migration_table(m, bytes, 1);
            page->record_bytes = page->records ? bytes : 0;
            molt__attic_add_fresh(m, type, tail, &page->fresh);
        }
    }
    if (!page->records || m->failed)
        return drop_new(m, page, slot);
    return page;
}

static void make_pages(MoltMigration *m, MoltAtticStep *step, const uint64_t *losses)
{
    MoltAtticWork *work = &m->attic;
    uint64_t places = molt__attic_filed_at(m->plan->before->tables.type_count, false, 0);
    for (uint64_t p = 0; p < places && !m->failed; p++) {
        MoltTypeId type = (MoltTypeId)(p / 4), after = m->plan->types[type].after;
        MoltAtticSlot slot = {.type = after};
        MoltAtticPage *page =
            losses[p] > 0 ? make_page(m, step, type, (unsigned)(p % 4), losses[p], &slot) : NULL;
        if (!page)
            continue;
        slot.page = page;
        if (molt__migration_grow(m, (void **)&work->pages, &work->page_slots, work->page_count, 1,
                                 sizeof *work->pages)) {
            work->filed[molt__attic_filed_at(after, page->tail, page->pool)] = page;
            work->pages[work->page_count++] = slot;
        } else {
            drop_new(m, page, &slot);
        }
    }
}

static void file_records(MoltMigration *m)
{
    const MoltAtticWork *work = &m->attic;
    for (uint64_t l = 0; l < work->loss_count && !m->failed; l++) {
        const MoltLoss *loss = &work->losses[l];
        MoltTypeId type = m->plan->types[molt__attic_loss_type(m, loss)].after;
        MoltAtticPage *page = work->filed[molt__attic_filed_at(type, loss->tail, loss->pool)];
        if (!page || page->columns)
            continue;
        if (!(loss->pool != MOLT__POOL_NONE ? molt__attic_pool_make_number(m, loss)
                                            : molt__attic_number_span(m->heap, loss->span)))
            m->failed = true;
        for (uint32_t b = 0; b < loss->blocks && !m->failed; b++)
            file_record(m, page, loss, loss->block + b);
    }
}

void molt__attic_file(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    uint64_t old_places = molt__attic_filed_at(m->plan->before->tables.type_count, false, 0);
    uint64_t new_places = molt__attic_filed_at(m->plan->after->tables.type_count, false, 0);
    work->keeps = work->beyond == 0 && !m->heap->attic.none;
    if (work->beyond > 0)
        molt__attic_report_full(m, NULL, work->beyond);
    bool blanks = !m->failed && molt__attic_has_blank(m);
    bool boxes = !m->failed && molt__attic_has_boxes(m);
    if ((work->loss_count == 0 && !blanks && !boxes) || m->failed)
        return;
    uint64_t *losses = molt__migration_table(m, old_places, sizeof *losses);
    MoltAtticStep *step = losses ? make_step(m) : NULL;
    work->filed = molt__migration_table(m, new_places, sizeof *work->filed);
    if (step && work->filed) {
        for (uint64_t l = 0; l < work->loss_count; l++) {
            const MoltLoss *loss = &work->losses[l];
            MoltTypeId type = molt__attic_loss_type(m, loss);
            losses[molt__attic_filed_at(type, loss->tail, loss->pool)] += loss->blocks;
        }
        make_pages(m, step, losses);
        file_records(m);
        if (boxes && !m->failed)
            molt__attic_file_boxes(m, step);
        if (blanks && !m->failed)
            molt__attic_file_blank(m, step);
    }
    molt__attic_step_drop(&m->allocator, step);
    molt__migration_free(m, losses, old_places, sizeof *losses);
}
