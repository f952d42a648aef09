#include "attic_blank.h"

#include <string.h>

#include "attic_hook.h"

/* ---- what an edit drops ---------------------------------------------------------------------- */

typedef struct Collect {
    MoltMigration *m;
    MoltAtticPage *page;
    MoltTypeId type;
    MoltTypeId root;
    unsigned char *values; /* of all runs, one after the other */
    uint64_t value_count, value_slots;
} Collect;

/* A default that is dropped without a record. */
static bool drops_default(const MoltOp *op)
{
    return molt__op_drops(op) && !op->unkept && !op->keeps_default && op->twin == 0;
}

static bool is_in_loop(const MoltPlan *plan, const MoltOp *op, uint32_t first)
{
    uint32_t at = (uint32_t)(op - plan->ops);
    for (uint32_t o = first; o < at; o++) {
        if (plan->ops[o].code == MOLT__OP_LOOP && at - o <= plan->ops[o].body)
            return true;
    }
    return false;
}

/* The default that the operation compares one value with. False where it is not known. */
static bool find_default(const Collect *collect, const MoltOp *op, const MoltLeaf *leaf,
                         unsigned char *value)
{
    const MoltPlan *plan = collect->m->plan;
    const MoltTypePlan *type = &plan->types[collect->type];
    const unsigned char *constants = plan->before->tables.constants;
    uint64_t bits;
    memset(value, 0, leaf->size);
    if (op->constant == MOLT__NO_CONSTANT)
        return true;
    if (leaf->at < op->source ||
        is_in_loop(plan, op, collect->page->tail ? type->first_tail : type->first_op))
        return false;
    uint64_t offset = leaf->at - op->source;
    if (op->code == MOLT__OP_DROP_NUMBER) {
        memcpy(&bits, constants + op->constant, sizeof bits);
        return offset == 0 && molt__number_store(&op->forms[0], bits, true, value);
    }
    if (offset > op->size || leaf->size > op->size - offset)
        return false;
    if (leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING) /* no default is an address */
        return memcmp(value, constants + op->constant + offset, leaf->size) == 0;
    memcpy(value, constants + op->constant + offset, leaf->size);
    return true;
}

static bool add_run(Collect *collect, const MoltLeaf *leaf, const MoltRoute *route)
{
    MoltMigration *m = collect->m;
    MoltAtticPage *page = collect->page;
    uint64_t bytes = route->count * leaf->size;
    if (!molt__migration_grow(m, (void **)&page->runs, &page->run_slots, page->run_count, 1,
                              sizeof *page->runs) ||
        !molt__migration_grow(m, (void **)&collect->values, &collect->value_slots,
                              collect->value_count, bytes, 1))
        return false;
    for (uint64_t i = 0; i < route->count; i++) {
        MoltLeaf one = molt__leaf_from(leaf, i);
        unsigned char *value = collect->values + collect->value_count + i * leaf->size;
        if (!find_default(collect, route->op, &one, value))
            return true;
    }
    const bool *lossy = m->attic.lossy;
    MoltAtticRun *run = &page->runs[page->run_count++];
    *run = (MoltAtticRun){.was = *leaf, .mixed = lossy && lossy[route->op - m->plan->ops]};
    run->was.count = run->is.count = route->count;
    collect->value_count += bytes;
    return true;
}

static bool collect_leaf(void *context, const MoltLeaf *leaf)
{
    Collect *collect = context;
    MoltMigration *m = collect->m;
    if (leaf->guard_count > 0)
        return true; /* arms keep what they hold */
    for (MoltLeaf rest = *leaf; rest.count > 0;) {
        MoltRoute route;
        bool found = molt__leaf_work(m->plan, collect->type, collect->page->tail, &rest, &route);
        bool drops = found && !route.varies && route.op && drops_default(route.op) &&
                     molt__attic_whole_at(m, collect->type, collect->root, rest.at) == MOLT_NO_TYPE;
        if (drops && !add_run(collect, &rest, &route))
            return false;
        rest = molt__leaf_from(&rest, route.count);
    }
    return true;
}

/* ---- pages ------------------------------------------------------------------------------------ */

static bool has_objects(const MoltMigration *m, MoltTypeId type)
{
    const MoltHeap *heap = m->heap;
    for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        if (heap->spans[s].live > 0 && !molt__migrate_globals_is(m, &heap->spans[s]))
            return true;
    }
    return false;
}

static bool drops_defaults(const MoltPlan *plan, MoltTypeId type, bool tail)
{
    const MoltTypePlan *of = &plan->types[type];
    uint32_t first = tail ? of->first_tail : of->first_op;
    uint32_t count = tail ? of->tail_count : of->op_count;
    for (uint32_t o = first; o < first + count; o++) {
        if (drops_default(&plan->ops[o]))
            return true;
    }
    return false;
}

static bool is_concerned(const MoltMigration *m, MoltTypeId type, bool tail)
{
    return m->plan->types[type].fate == MOLT_FATE_CHANGED && drops_defaults(m->plan, type, tail) &&
           has_objects(m, type);
}

bool molt__attic_has_blank(const MoltMigration *m)
{
    const MoltPlan *plan = m->plan;
    for (MoltTypeId t = 0; plan->policy == MOLT_POLICY_LIVE && t < plan->before->tables.type_count;
         t++) {
        if (is_concerned(m, t, false) || is_concerned(m, t, true))
            return true;
    }
    return false;
}

static uint64_t count_elements(const MoltMigration *m, MoltTypeId type, bool tail)
{
    const MoltHeap *heap = m->heap;
    uint64_t count = 0;
    for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        const MoltSpan *span = &heap->spans[s];
        bool by_block = !span->counts || (span->header > 0 && !tail);
        count += by_block ? span->live : 0;
        for (uint32_t b = 0; !by_block && b < span->blocks; b++)
            count += molt__span_is_live(span, b) ? span->counts[b] : 0;
    }
    return count;
}

/* Elements of the page's type that have records; false when those are all. */
static bool list_others(MoltMigration *m, MoltAtticPage *page)
{
    const MoltAtticWork *work = &m->attic;
    uint64_t elements = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint64_t count = 0;
        elements = 0;
        for (uint64_t l = 0; l < work->loss_count; l++) {
            const MoltLoss *loss = &work->losses[l];
            if (m->heap->spans[loss->span].type != page->type || loss->tail != page->tail)
                continue;
            if (page->others)
                page->others[count] = *loss;
            elements += loss->blocks;
            count++;
        }
        if (count > 0 && !page->others)
            page->others = molt__migration_table(m, count, sizeof *page->others);
        page->other_count = page->others ? count : 0;
    }
    return elements < count_elements(m, page->type, page->tail);
}

/* Whether the page speaks of any element; lists those of which it does not. */
static bool settle_mixed(MoltMigration *m, MoltAtticPage *page)
{
    uint64_t mixed = 0;
    for (uint64_t r = 0; r < page->run_count; r++)
        mixed += page->runs[r].mixed;
    bool some = mixed == 0 || list_others(m, page);
    return !m->failed && page->run_count > 0 && (some || mixed < page->run_count);
}

/* Lays out the page and its one record; `values` are those of its runs. */
static bool fill(MoltMigration *m, MoltAtticPage *page, const unsigned char *values)
{
    molt__attic_page_layout(page);
    page->records = molt__migration_table(m, page->stride, 1);
    if (!page->records)
        return false;
    page->record_bytes = page->stride;
    memset(page->records + MOLT__RECORD_HEAD, 0xff, page->kept_at - MOLT__RECORD_HEAD);
    for (uint64_t r = 0; r < page->run_count; r++) {
        uint64_t size = molt__attic_kept_size(&page->runs[r].was);
        memcpy(page->records + page->runs[r].kept_at, values, size);
        values += size;
    }
    return true;
}

static void push(MoltMigration *m, MoltAtticPage *page, MoltTypeId type)
{
    MoltAtticWork *work = &m->attic;
    if (!m->failed && molt__migration_grow(m, (void **)&work->pages, &work->page_slots,
                                           work->page_count, 1, sizeof *work->pages))
        work->pages[work->page_count++] = (MoltAtticSlot){.page = page, .type = type};
    else
        molt__attic_page_drop(&m->allocator, page);
}

static MoltAtticPage *begin(MoltMigration *m, MoltAtticStep *step, MoltTypeId type, bool tail)
{
    MoltAtticPage *page = molt__migration_table(m, 1, sizeof *page);
    if (!page)
        return NULL;
    page->shares = 1;
    page->step = step;
    page->type = type;
    page->tail = tail;
    step->shares++;
    return page;
}

/* What an older page gave back is no newcomer, although it may be equal to one: a value that comes from
 * there by a note has the last word. */
static void leave_out_backs(const MoltMigration *m, MoltAtticPage *page, MoltTypeId after)
{
    MoltAtticFreshList *list = &page->fresh;
    uint64_t kept = 0;
    for (uint64_t f = 0; f < list->count; f++) {
        bool back = false;
        for (uint64_t b = 0; b < m->attic.back_count; b++) {
            const MoltAtticBack *known = &m->attic.backs[b];
            uint64_t at = list->items[f].leaf.at - known->leaf.at;
            uint64_t end = known->leaf.size + (known->leaf.count - 1) * known->leaf.stride;
            back = back || (known->after == after && known->tail == page->tail && at < end);
        }
        if (!back)
            list->items[kept++] = list->items[f];
    }
    list->count = kept;
}

static void file_page(MoltMigration *m, MoltAtticStep *step, MoltTypeId type, bool tail)
{
    MoltAtticPage *page = begin(m, step, type, tail);
    MoltTypeId root = molt__leaf_root(m->plan->before, type, tail);
    Collect collect = {.m = m, .page = page, .type = type, .root = root};
    if (!page)
        return;
    page->edit = m->heap->attic.edit + 1;
    molt__leaf_walk(m->plan->before, root, collect_leaf, &collect);
    if (!m->failed && settle_mixed(m, page) && fill(m, page, collect.values)) {
        molt__attic_add_fresh(m, type, tail, &page->fresh);
        leave_out_backs(m, page, m->plan->types[type].after);
        m->attic.blanks = true;
        push(m, page, m->plan->types[type].after);
    } else {
        molt__attic_page_drop(&m->allocator, page);
    }
    molt__migration_free(m, collect.values, collect.value_slots, 1);
}

void molt__attic_file_blank(MoltMigration *m, MoltAtticStep *step)
{
    for (MoltTypeId t = 0; t < m->plan->before->tables.type_count; t++) {
        for (int tail = 0; tail < 2; tail++) {
            if (!m->failed && is_concerned(m, t, tail != 0))
                file_page(m, step, t, tail != 0);
        }
    }
}

/* ---- over a migration ------------------------------------------------------------------------- */

/* What part `p` has is what stands in its place anyway: the default of the new layout. */
static bool is_default_now(const MoltCarry *carry, uint64_t p)
{
    MoltMigration *m = carry->m;
    const MoltCarryPart *part = &carry->parts[p];
    const MoltAtticRun *next = &carry->to->runs[p], *run = &carry->from->runs[part->run];
    const MoltLeaf *was = &run->was;
    const unsigned char *value = carry->from->records + run->kept_at + part->skip * was->size;
    uint64_t sample, count;
    bool converts = part->op && part->op->code != MOLT__OP_COPY;
    if (part->gated || next->lent || was->kind == MOLT__LEAF_STRING ||
        next->is.kind == MOLT__LEAF_STRING)
        return false;
    for (uint64_t i = 0; i < next->was.count; i++, value += was->size) {
        MoltLeaf place = molt__leaf_from(&next->is, i);
        unsigned char *made = molt__attic_scratch(m, &place);
        if (!made || !molt__carry_find_fresh(carry->to, &place, &sample, &count))
            return false;
        if (converts &&
            (!molt__attic_convert(m, carry->direct, part->op, value, made, false) || m->value_lost))
            return false;
        if (!molt__leaf_equals(m->heap, &place, converts ? made : value,
                               carry->to->fresh.samples + sample))
            return false;
    }
    return true;
}

/* A page of the parts that have no place yet. */
static void wait_on(MoltCarry *carry, MoltTypeId after)
{
    MoltMigration *m = carry->m;
    const MoltAtticPage *from = carry->from;
    MoltAtticPage *all = carry->to;
    MoltAtticPage *page = begin(m, from->step, from->type, from->tail);
    unsigned char *values = molt__migration_table(m, from->stride, 1);
    uint64_t used = 0;
    for (uint64_t p = 0; page && values && p < carry->part_count; p++) {
        const MoltCarryPart *part = &carry->parts[p];
        const MoltAtticRun *run = &from->runs[part->run], *next = &all->runs[p];
        if (part->has_value || !molt__migration_grow(m, (void **)&page->runs, &page->run_slots,
                                                     page->run_count, 1, sizeof *page->runs))
            continue;
        page->runs[page->run_count] = *next;
        page->runs[page->run_count++].mixed = run->mixed;
        uint64_t size = molt__attic_kept_size(&next->was);
        memcpy(values + used, from->records + run->kept_at + part->skip * run->was.size, size);
        used += size;
    }
    if (page && page->run_count > 0 && !m->failed && fill(m, page, values)) {
        page->edit = from->edit;
        if (from->other_count > 0)
            page->others = molt__migration_table(m, from->other_count, sizeof *page->others);
        if (page->others) {
            memcpy(page->others, from->others, from->other_count * sizeof *page->others);
            page->other_count = from->other_count;
        }
        carry->to = page;
        molt__carry_fresh(carry);
        carry->to = all;
        push(m, page, after);
    } else {
        molt__attic_page_drop(&m->allocator, page);
    }
    molt__migration_free(m, values, from->stride, 1);
}

static bool is_other(const MoltAtticPage *page, const MoltLoss *place)
{
    return molt__attic_find_place(page->others, page->other_count, place) != NULL;
}

/* One element gets a record, without what it had a record of its own for. */
static void carry_element(MoltCarry *carry, const MoltLoss *place, unsigned char *record)
{
    const MoltAtticPage *from = carry->from;
    memcpy(record, from->records, from->stride);
    memcpy(record + sizeof(uint32_t), &place->element, sizeof place->element);
    bool other = from->other_count > 0 && is_other(from, place);
    for (uint64_t r = 0; other && r < from->run_count; r++) {
        for (uint64_t i = 0; from->runs[r].mixed && i < from->runs[r].was.count; i++)
            molt__record_close(record, from->runs[r].open_at + i);
    }
    molt__carry_place(carry, place, record);
}

/* All elements that the page speaks of. */
static void carry_elements(MoltCarry *carry)
{
    MoltMigration *m = carry->m;
    const MoltHeap *heap = m->heap;
    const MoltAtticPage *from = carry->from;
    unsigned char *record = molt__migration_table(m, from->stride, 1);
    uint32_t s = record ? heap->types.first[carry->type] : MOLT__NO_SPAN;
    for (; s != MOLT__NO_SPAN && !m->failed; s = heap->links[s].type_next) {
        const MoltSpan *span = &heap->spans[s];
        for (uint32_t b = 0; b < span->blocks; b++) {
            if (!molt__span_is_live(span, b) || molt__attic_birth(span, b) >= from->edit)
                continue;
            bool one = span->header > 0 && !from->tail;
            uint64_t count = one ? 1 : molt__span_count(span, b);
            for (uint64_t e = 0; e < count && e <= UINT32_MAX && !m->failed; e++) {
                MoltLoss place = {s, b, 1, (uint32_t)e, from->tail, 0};
                carry_element(carry, &place, record);
            }
        }
    }
    molt__migration_free(m, record, from->stride, 1);
}

/* The parts that have a place get records where that is not the default anyway. */
static void give_back(MoltCarry *carry, MoltTypeId after)
{
    MoltMigration *m = carry->m;
    MoltAtticPage *to = carry->to;
    uint64_t parts = 0;
    molt__carry_fresh(carry);
    for (uint64_t p = 0; p < carry->part_count && !m->failed; p++) {
        if (!carry->parts[p].has_value || is_default_now(carry, p))
            continue;
        to->runs[parts] = to->runs[p];
        carry->parts[parts++] = carry->parts[p];
    }
    to->run_count = carry->part_count = parts;
    molt__attic_page_layout(to);
    if (parts > 0)
        carry_elements(carry);
    if (to->count == 0 || m->failed)
        return;
    to->shares++;
    push(m, to, after);
}

void molt__attic_carry_blank(MoltMigration *m, const MoltAtticSlot *slot, const MoltPlan *direct)
{
    MoltTypeId after = m->plan->types[slot->type].after;
    MoltAtticPage *from = slot->page;
    MoltCarry carry = {.m = m, .from = from, .type = slot->type, .direct = direct};
    if (after == MOLT_NO_TYPE || !has_objects(m, slot->type))
        return; /* nobody is left of whom it speaks */
    if (direct && direct->types[from->type].after != after)
        carry.direct = NULL;
    MoltAtticPage *to = carry.to = begin(m, from->step, from->type, from->tail);
    if (!to)
        return;
    to->rebuilt = true;
    molt__carry_trace(&carry);
    if (!m->failed && !carry.returns && m->plan->types[slot->type].fate != MOLT_FATE_CHANGED) {
        from->shares++;
        push(m, from, after);
    } else if (!m->failed) {
        wait_on(&carry, after);
        give_back(&carry, after);
    }
    molt__attic_page_drop(&m->allocator, to);
    if (carry.parts)
        m->allocator.resize(m->allocator.context, carry.parts,
                            carry.part_slots * sizeof(MoltCarryPart), 0);
}
