/* Fields that were away in a version between the two of a migration. The value on the one side need not have
 * come from the other: it may be what the field began with when it was back, while the older value waited for
 * a type that holds it. Undoing that puts the older value in its place, of which the younger cannot be made
 * again: so it is kept as well. */
#include "attic_page.h"
#include "descent.h"

void molt__attic_mark_waited(MoltMigration *m, const MoltOp *op, uint64_t n)
{
    bool marks = m->mode == MOLT__RUN_STATE;
    for (uint64_t i = 0; i < n && marks; i++)
        molt__attic_mark(m, op, i);
}

/* A way back from what stands in the new state is refused. */
static bool is_refused_back(MoltMigration *m, const MoltAtticPage *page, const MoltAtticRun *run,
                            const unsigned char *made)
{
    const MoltPlan *back = molt__way_back_plan(m);
    MoltTypeId after = m->plan->types[page->type].after;
    MoltLeaf is = run->is;
    MoltRoute route;
    is.count = 1;
    if (!run->placed || !back || back->types[after].after != page->type ||
        !molt__leaf_work(back, after, page->tail, &is, &route) || !route.op ||
        route.op->code != MOLT__OP_ENUM)
        return false;
    unsigned char *again = molt__attic_scratch(m, &run->was);
    return again && !molt__attic_convert(m, back, route.op, made, again, false);
}

bool molt__attic_keeps_waited(MoltMigration *m, const MoltAtticPage *page, const MoltAtticRun *run,
                              const unsigned char *value, const unsigned char *made, bool replaced)
{
    bool lost = false;
    if (run->placed) {
        unsigned char *is = molt__attic_scratch(m, &run->is);
        lost = is && (!molt__attic_convert(m, m->plan, run->op, value, is, false) || m->value_lost);
    }
    return (lost && !replaced) || is_refused_back(m, page, run, made);
}
