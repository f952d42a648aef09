#include "attic_null.h"

#include "attic_aim.h"

/* One pointer of an object, in which the struct `is` may stand for NULL. */
typedef struct Collect {
    MoltMigration *m;
    MoltAtticPage *page;
    MoltLeaf was, is;
    bool any;
} Collect;

static void add_run(Collect *collect, const MoltOp *op, uint64_t at)
{
    MoltMigration *m = collect->m;
    MoltAtticPage *page = collect->page;
    MoltLeaf is = collect->is;
    if (!m->attic.lossy[op - m->plan->ops] ||
        !molt__migration_grow(m, (void **)&page->runs, &page->run_slots, page->run_count, 1,
                              sizeof *page->runs))
        return;
    is.at = at;
    is.size = molt_type(m->plan->after, op->after)->size;
    is.type = op->after;
    page->runs[page->run_count++] =
        (MoltAtticRun){.was = collect->was, .is = is, .placed = true, .null = true, .op = op};
    collect->any = true;
}

/* The pointers in the block that becomes a part; `base` is what destinations count from. */
static void add_inner(Collect *collect, const MoltOp *first, const MoltOp *end, uint64_t base)
{
    for (const MoltOp *op = first; op < end; op += 1 + op->body) {
        if (op->code == MOLT__OP_EMBED) {
            const MoltOp *block = op + 2 + op[1].body;
            add_run(collect, op, base + op->length);
            add_inner(collect, block + 1, block + 1 + block->body, base);
        }
        for (uint64_t i = 0; op->code == MOLT__OP_LOOP && i < op->length; i++)
            add_inner(collect, op + 1, op + 1 + op->body,
                      base + op->destination + i * op->destination_stride);
    }
}

bool molt__attic_null_collect(MoltMigration *m, MoltAtticPage *page, const MoltLeaf *leaf)
{
    Collect collect = {.m = m, .page = page, .was = *leaf};
    uint64_t at;
    collect.was.count = 1;
    const MoltOp *op = leaf->kind == MOLT__LEAF_POINTER && page->pool == 0
                           ? molt__leaf_embed(m->plan, page->type, page->tail, leaf, &at)
                           : NULL;
    if (!op)
        return false;
    molt__leaf_follow_guards(m->plan, page->type, page->tail, &collect.was, &collect.is);
    collect.is.count = 1;
    collect.is.kind = MOLT__LEAF_BYTES;
    if (collect.is.guard_count == collect.was.guard_count)
        add_inner(&collect, op, op + 1, at - op->length);
    return collect.any;
}

/* Where the struct goes that stands for the pointer as long as the edit is not undone. */
static bool follow(const MoltCarry *carry, const MoltLeaf *is, MoltLeaf *to)
{
    const MoltPlan *plan = carry->m->plan;
    MoltTypeId root = molt__leaf_root(plan->before, carry->type, carry->from->tail);
    MoltTypeId next =
        molt__leaf_root(plan->after, plan->types[carry->type].after, carry->from->tail);
    MoltTypeId after = plan->types[is->type].after;
    const MoltDescentWay way = {
        .before = root, .after = next, .offset = is->at, .pointee = is->type};
    uint64_t at = is->at, box;
    *to = *is;
    if (after == MOLT_NO_TYPE)
        return false;
    to->type = after;
    if (plan->types[carry->type].fate == MOLT_FATE_SAME)
        return true;
    molt__leaf_follow_guards(plan, carry->type, carry->from->tail, is, to);
    if (to->guard_count != is->guard_count ||
        molt__leaf_ownership(plan, MOLT__OP_BOX, carry->type, carry->from->tail, is->at, &box) ||
        !molt__attic_descend(carry, plan, &way, &at))
        return false;
    to->at = at;
    to->size = molt_type(plan->after, after)->size;
    return true;
}

void molt__attic_null_decide(const MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *is,
                             const MoltRoute *back, MoltAtticRun *next, MoltCarryPart *part)
{
    const MoltMigration *m = carry->m;
    *next = (MoltAtticRun){.was = run->was, .null = true, .placed = true};
    if (back && back->leaf.kind == MOLT__LEAF_POINTER && !m->plan->hooked &&
        molt__leaf_makes_box(m->plan, carry->type, carry->from->tail, back->leaf.at)) {
        next->is = back->leaf;
        part->has_value = part->unboxes = true;
        part->back = back->leaf;
    } else {
        next->placed = follow(carry, is, &next->is);
        part->closed = !next->placed;
    }
}

bool molt__attic_null_is_alone(const MoltCarry *carry, const MoltLeaf *is,
                               const unsigned char *live)
{
    return molt__ownership_is_alone(carry->m, (uintptr_t)(live + is->at), is->size);
}

void molt__attic_null_drop(const MoltCarry *carry, const MoltCarryPart *part,
                           const unsigned char *live)
{
    const MoltLeaf *is = &carry->from->runs[part->run].is;
    molt__ownership_unbox(carry->m, (uintptr_t)(live + is->at), is->type, is->size);
    molt__carry_count(carry->m, part);
}
