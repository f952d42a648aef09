/* What hooks read they have handled: each value that a rule would lose or refuse, in each object for
 * itself. While the rules run, the places of such values are listed; while hooks run, the places that they
 * read; then the two are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_run.h"

/* ---- what may be settled -------------------------------------------------------------------- */

bool molt__hook_about_value(MoltRule rule)
{
    switch (rule) {
    case MOLT_RULE_FIELD_REMOVED:
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
    case MOLT_RULE_NUMBER_ROUNDED:
    case MOLT_RULE_NUMBER_FRACTION:
    case MOLT_RULE_NUMBER_NAN:
    case MOLT_RULE_BOOL_COLLAPSED:
    case MOLT_RULE_ENUM_RENUMBERED:
    case MOLT_RULE_ENUMERATOR_REMOVED:
    case MOLT_RULE_ENUM_NO_ROOM:
    case MOLT_RULE_ENUM_UNNAMED:
    case MOLT_RULE_FLAG_REMOVED:
    case MOLT_RULE_ELEMENTS_DROPPED:
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_STRING_TRUNCATED:
    case MOLT_RULE_KIND_CHANGED:
    case MOLT_RULE_UNION_CHANGED:
    case MOLT_RULE_UNION_ARM_REMOVED:
    case MOLT_RULE_UNION_ARM_CHANGED:
    case MOLT_RULE_UNION_UNSELECTED:
    case MOLT_RULE_ALIAS_LOST:
    case MOLT_RULE_POINTEE_CHANGED:
    case MOLT_RULE_TARGET_REMOVED:
    case MOLT_RULE_TARGET_AMBIGUOUS:
    case MOLT_RULE_TYPE_MISSING:
    case MOLT_RULE_SIGNATURE_CHANGED: return true;
    default: return false;
    }
}

bool molt__hook_may_settle(const MoltMigration *m, const MoltOp *op, MoltRule rule,
                           MoltSeverity severity)
{
    if (!m->plan->hooked || op->check == MOLT__NO_CHECK || m->scanning || severity == MOLT_INFO ||
        !molt__hook_about_value(rule) || m->plan->checks[op->check].before == MOLT__NO_FIELD)
        return false;
    return severity == MOLT_LOSS || op->hooked != 0;
}

/* The depth of types is bounded. */
bool molt__hook_holds(const MoltSchema *schema, MoltTypeId type, MoltTypeId wanted)
{
    const MoltType *t = molt_type(schema, type);
    if (type == wanted)
        return true;
    if (molt_kind_is_sequence(t->kind))
        return molt__hook_holds(schema, t->elem, wanted);
    bool found = false;
    bool record = t->kind == MOLT_KIND_STRUCT || t->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; record && f < t->count && !found; f++)
        found = molt__hook_holds(schema, schema->tables.fields[t->first + f].type, wanted);
    return found;
}

/* A page holds what a hook took from a layout that is back now, and that has such a struct in it. */
static bool page_is_of(const MoltMigration *m, const MoltAtticPage *page, MoltTypeId after)
{
    const MoltSchema *then = page->step->schema;
    uint32_t last = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        uint32_t hooked = page->runs[r].hooked;
        if (hooked == 0 || hooked == last)
            continue;
        last = hooked;
        if (!molt__attic_same_layout(then, hooked - 1, m->plan->after))
            continue;
        MoltTypeId now = molt_schema_find(m->plan->after, molt_type_name(then, hooked - 1));
        if (molt__hook_holds(m->plan->after, now, after))
            return true;
    }
    return false;
}

bool molt__hook_undoes(const MoltMigration *m, const MoltOp *op, MoltRule rule)
{
    if (m->plan->policy != MOLT_POLICY_LIVE || m->scanning || op->check == MOLT__NO_CHECK ||
        !(molt__hook_about_value(rule) || rule == MOLT_RULE_VERSION_CHANGED))
        return false;
    MoltTypeId after = m->plan->checks[op->check].type_after;
    for (uint64_t p = 0; after != MOLT_NO_TYPE && p < m->heap->attic.page_count; p++) {
        if (page_is_of(m, m->heap->attic.pages[p].page, after))
            return true;
    }
    return false;
}

/* ---- places --------------------------------------------------------------------------------- */

void molt__hook_note_loss(MoltMigration *m, uint32_t tally, uint64_t object, uintptr_t place)
{
    MoltHookWork *work = molt__hook_work(m);
    if (!work || !molt__migration_grow(m, (void **)&work->losses, &work->loss_slots,
                                       work->loss_count, 1, sizeof *work->losses))
        return;
    work->losses[work->loss_count++] = (MoltHookLoss){object, place, tally, false};
}

/* Which fields' places are worth listing. */
void molt__hook_settle_begin(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    for (uint64_t l = 0; l < work->loss_count; l++)
        work->wanted[m->plan->checks[m->tallies[work->losses[l].tally].check].before] = true;
}

static int compare_reads(const void *a, const void *b)
{
    const MoltHookRead *x = a, *y = b;
    if (x->field != y->field)
        return x->field < y->field ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->size < y->size) - (x->size > y->size); /* the longest first */
}

/* Sorted, and each place once. */
static void tidy_reads(MoltHookWork *work)
{
    uint64_t kept = 0;
    if (work->read_count == 0)
        return;
    qsort(work->reads, work->read_count, sizeof *work->reads, compare_reads);
    for (uint64_t r = 1; r < work->read_count; r++) {
        const MoltHookRead *last = &work->reads[kept], *read = &work->reads[r];
        if (read->field != last->field || read->at - last->at >= last->size)
            work->reads[++kept] = *read;
    }
    work->read_count = kept + 1;
}

static void add_read(MoltMigration *m, MoltHookRead read)
{
    MoltHookWork *work = m->hooks;
    const MoltHookRead *last = work->read_count > 0 ? &work->reads[work->read_count - 1] : NULL;
    if (last && memcmp(last, &read, sizeof read) == 0)
        return;
    if (work->read_count ==
        work->read_slots) { /* hooks that look at all others repeat themselves */
        tidy_reads(work);
        if (work->read_count >= work->read_slots / 2 &&
            !molt__migration_grow(m, (void **)&work->reads, &work->read_slots, work->read_count,
                                  work->read_count + 1, sizeof *work->reads))
            return;
    }
    work->reads[work->read_count++] = read;
}

void molt__hook_note_read(MoltMigration *m, uint32_t field, uintptr_t place, uint64_t size)
{
    if (m->hooks->wanted[field])
        add_read(m, (MoltHookRead){place, size > 0 ? size : 1, field});
}

void molt__hook_note_whole(MoltMigration *m, MoltTypeId type, uintptr_t place)
{
    uint64_t size = molt_type(m->plan->before, type)->size;
    add_read(m, (MoltHookRead){place, size > 0 ? size : 1, MOLT__HOOK_WHOLE});
}

void molt__hook_note_gone(MoltMigration *m, uintptr_t block, uint64_t size)
{
    add_read(m, (MoltHookRead){block, size > 0 ? size : 1, MOLT__HOOK_WHOLE});
}

void molt__hook_note_seen(MoltMigration *m, MoltTypeId type, uintptr_t place)
{
    if (molt__plan_loses(m->plan, type))
        add_read(m, (MoltHookRead){place, 1, MOLT__HOOK_SEEN + type});
}

static bool is_read(const MoltHookWork *work, uint64_t field, uintptr_t place)
{
    uint64_t low = 0, high = work->read_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const MoltHookRead *read = &work->reads[middle];
        if (read->field < field || (read->field == field && read->at <= place))
            low = middle + 1;
        else
            high = middle;
    }
    const MoltHookRead *found = low > 0 ? &work->reads[low - 1] : NULL;
    return found && found->field == field && place - found->at < found->size;
}

/* ---- the decision --------------------------------------------------------------------------- */

static int compare_losses(const void *a, const void *b)
{
    const MoltHookLoss *x = a, *y = b;
    if (x->tally != y->tally)
        return x->tally < y->tally ? -1 : 1;
    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Where an unread value is, for people. */
static void describe(const MoltMigration *m, MoltTally *tally, uintptr_t place)
{
    MoltPlace found;
    char where[64] = "a variable";
    molt_heap_locate(m->heap, (const void *)place, &found); /* NOLINT: of the old state */
    if (found.kind == MOLT_PLACE_BLOCK && found.block.count != 1 && found.block.header == 0)
        snprintf(where, sizeof where, "%.30s:%llu[%llu]",
                 molt_type_name(m->plan->before, found.block.type),
                 (unsigned long long)found.block.serial, (unsigned long long)found.element);
    else if (found.kind == MOLT_PLACE_BLOCK)
        snprintf(where, sizeof where, "%.30s:%llu",
                 molt_type_name(m->plan->before, found.block.type),
                 (unsigned long long)found.block.serial);
    snprintf(tally->value, sizeof tally->value,
             "the value in %s, which no hook read, though one did in %llu other%s", where,
             (unsigned long long)(tally->objects - tally->unread),
             tally->objects - tally->unread == 1 ? "" : "s");
}

/* Counts for each tally the objects in which some value was not read. */
static void count_unread(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    const MoltHookLoss *last = NULL;
    tidy_reads(work);
    if (work->loss_count > 0)
        qsort(work->losses, work->loss_count, sizeof *work->losses, compare_losses);
    for (uint64_t l = 0; l < work->loss_count; l++) {
        MoltHookLoss *loss = &work->losses[l];
        MoltTally *tally = &m->tallies[loss->tally];
        uint32_t field = m->plan->checks[tally->check].before;
        loss->read =
            is_read(work, field, loss->place) || is_read(work, MOLT__HOOK_WHOLE, loss->place);
        if (loss->read || (last && last->tally == loss->tally && last->object == loss->object))
            continue;
        if (tally->unread++ == 0)
            tally->first_unread = loss->place;
        last = loss;
    }
}

static void settle(MoltMigration *m, MoltTally *tally, bool ran)
{
    bool strict = m->plan->policy == MOLT_POLICY_STRICT;
    bool others = m->refused && !ran; /* something else refuses, so nobody asked the hook */
    tally->handled = ran && tally->unread == 0;
    if (tally->handled || others)
        tally->severity = tally->firm;
    else if (strict && tally->severity == MOLT_LOSS)
        tally->severity = MOLT_REFUSE;
    if (!ran || tally->handled || tally->unread == tally->objects)
        return;
    if (tally->firm == MOLT_INFO) {
        describe(m, tally, tally->first_unread);
        tally->objects = tally->unread;
    }
}

void molt__hook_settle(MoltMigration *m)
{
    bool ran = m->hooks && m->hooks->done;
    if (ran)
        count_unread(m);
    for (uint64_t t = 0; t < m->tally_count; t++) {
        if (m->tallies[t].deferred)
            settle(m, &m->tallies[t], ran);
    }
    for (uint64_t t = 0; t < m->tally_count; t++)
        m->refused = m->refused || m->tallies[t].severity == MOLT_REFUSE;
}

bool molt__hook_settled(const MoltMigration *m, uint32_t check)
{
    bool settled = m->hooks && m->hooks->done;
    for (uint64_t t = 0; t < m->tally_count && settled; t++) {
        const MoltTally *tally = &m->tallies[t];
        settled = tally->check != check || !tally->deferred || tally->unread == 0;
    }
    return settled;
}

uint64_t molt__hook_saw(const MoltMigration *m, MoltTypeId type)
{
    uint64_t count = 0;
    for (uint64_t r = 0; m->hooks && r < m->hooks->read_count; r++)
        count += m->hooks->reads[r].field == MOLT__HOOK_SEEN + type;
    return count;
}

void molt__hook_settle_free(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    molt__migration_free(m, work->losses, work->loss_slots, sizeof *work->losses);
    molt__migration_free(m, work->reads, work->read_slots, sizeof *work->reads);
}
