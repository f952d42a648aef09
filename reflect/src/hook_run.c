/* Runs the hooks of a migration: notes their calls while the rules make the new state, then calls them
 * on it. */
#include "hook_run.h"
#include "attic_hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_stub.h"

/* ---- calls ---------------------------------------------------------------------------------- */

MoltHookWork *molt__hook_work(MoltMigration *m)
{
    if (m->hooks)
        return m->hooks;
    MoltHookWork *work = molt__migration_table(m, 1, sizeof *work);
    if (!work)
        return NULL;
    m->hooks = work;
    work->wanted =
        molt__migration_table(m, m->plan->before->tables.field_count + 1, sizeof *work->wanted);
    work->ran = molt__migration_table(m, m->plan->after->tables.type_count, sizeof *work->ran);
    work->restored =
        molt__migration_table(m, m->plan->after->tables.type_count, sizeof *work->restored);
    return work;
}

void molt__hook_note(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                     uint64_t source_stride, const unsigned char *destination,
                     uint64_t destination_stride, uint64_t n)
{
    MoltHookWork *work = NULL;
    if (m->ways && m->ways[op->before].skips)
        return;
    molt__attic_mark_all(m, op, n);
    if (m->mode == MOLT__RUN_STATE && !m->failed && op->after != MOLT_NO_TYPE)
        work = molt__hook_work(m);
    if (!work || !molt__migration_grow(m, (void **)&work->calls, &work->call_slots,
                                       work->call_count, n, sizeof *work->calls))
        return;
    for (uint64_t i = 0; i < n; i++)
        work->calls[work->call_count++] =
            (MoltHookCall){(uintptr_t)(source + i * source_stride),
                           (uintptr_t)(destination + i * destination_stride), op, false};
}

/* Struct by struct; within one by address, where objects lie as they were allocated. The generator
 * sorts types by name. */
static int compare_calls(const void *a, const void *b)
{
    const MoltHookCall *x = a, *y = b;
    if (x->op->after != y->op->after)
        return x->op->after < y->op->after ? -1 : 1;
    return (x->old > y->old) - (x->old < y->old);
}

static int compare_now(const void *a, const void *b)
{
    const MoltHookNow *x = a, *y = b;
    return (x->now > y->now) - (x->now < y->now);
}

void molt__hook_sort(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    if (!work || work->call_count == 0 || m->failed)
        return;
    for (uint64_t c = 1; c < work->call_count; c++) {
        if (compare_calls(&work->calls[c - 1], &work->calls[c]) > 0) {
            qsort(work->calls, work->call_count, sizeof *work->calls, compare_calls);
            break;
        }
    }
    work->by_now = molt__migration_table(m, work->call_count, sizeof *work->by_now);
    for (uint64_t c = 0; work->by_now && c < work->call_count; c++) {
        uint64_t size = molt_type(m->plan->after, work->calls[c].op->after)->size;
        work->by_now[c] = (MoltHookNow){work->calls[c].now, c};
        work->largest = size > work->largest ? size : work->largest;
    }
    if (work->by_now)
        qsort(work->by_now, work->call_count, sizeof *work->by_now, compare_now);
}

/* How many calls, by their new objects, begin at or before `place`. */
static uint64_t calls_until(const MoltHookWork *work, uintptr_t place)
{
    uint64_t low = 0, high = work ? work->call_count : 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (work->by_now[middle].now <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void molt__hook_note_restored(MoltMigration *m, MoltTypeId type, uintptr_t place)
{
    MoltHookWork *work = m->hooks;
    const MoltSchema *after = m->plan->after;
    uint64_t low = calls_until(work, place);
    /* of the structs around the place, that one and those in it; they begin within its size */
    uint64_t reach = molt_type(after, type)->size;
    for (; low > 0 && place - work->by_now[low - 1].now < reach; low--) {
        MoltHookCall *call = &work->calls[work->by_now[low - 1].call];
        if (!call->restored && place - call->now < molt_type(after, call->op->after)->size &&
            molt__hook_holds(after, type, call->op->after))
            call->restored = true;
    }
}

bool molt__hook_owns(const MoltMigration *m, uintptr_t place, uint64_t size)
{
    const MoltHookWork *work = m->hooks;
    for (uint64_t c = calls_until(work, place); c > 0; c--) {
        const MoltHookCall *call = &work->calls[work->by_now[c - 1].call];
        uint64_t offset = place - call->now;
        if (offset >= work->largest)
            break;
        if (offset < molt_type(m->plan->after, call->op->after)->size &&
            (molt__lineage_alters(m, call->op->before) ||
             molt__lineage_touched(m, call->op->after, offset, size)))
            return true;
    }
    return false;
}

/* ---- the old state while hooks run ---------------------------------------------------------- */

static uint64_t used_bytes(const MoltSpan *span)
{
    uint32_t end = span->blocks;
    while (end > 0 && !molt__span_is_live(span, end - 1))
        end--;
    return end * span->stride;
}

static bool stays(const MoltMigration *m, const MoltSpan *span)
{
    return span->bytes > 0 && m->plan->types[span->type].fate == MOLT_FATE_SAME;
}

static bool make_shadows(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    work->shadows = molt__migration_table(m, m->span_count + 1u, sizeof *work->shadows);
    for (uint32_t s = 0; s < m->span_count && !m->failed; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        uint64_t size = stays(m, span) ? used_bytes(span) : 0;
        MoltHookShadow *shadow = &work->shadows[s];
        if (size == 0)
            continue;
        shadow->allocation =
            m->allocator.resize(m->allocator.context, NULL, 0, size + MOLT__SHADOW_ALIGN);
        if (!shadow->allocation) {
            m->failed = true;
            break;
        }
        uintptr_t start = (uintptr_t)shadow->allocation + MOLT__SHADOW_ALIGN - 1;
        shadow->bytes =
            (unsigned char *)shadow->allocation +
            (start / MOLT__SHADOW_ALIGN * MOLT__SHADOW_ALIGN - (uintptr_t)shadow->allocation);
        shadow->size = size;
        memcpy(shadow->bytes, molt__span_block(span, 0), size);
    }
    return !m->failed;
}

const unsigned char *molt__hook_bytes(const MoltMigration *m, uintptr_t address)
{
    const MoltHeap *heap = m->heap;
    const unsigned char *bytes = (const unsigned char *)address; /* NOLINT: of the old state */
    if (address - heap->base >= heap->granule_count << MOLT__GRANULE_SHIFT)
        return bytes;
    uint32_t slot = heap->granules[(address - heap->base) >> MOLT__GRANULE_SHIFT];
    if (slot == 0 || slot > m->span_count || !m->hooks->shadows[slot - 1].bytes)
        return bytes;
    return m->hooks->shadows[slot - 1].bytes + (address - heap->spans[slot - 1].base);
}

static void protect(MoltMigration *m, bool writable)
{
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes > 0 && span->live > 0 && !stays(m, span))
            molt__range_protect(span, writable);
    }
}

/* ---- memory of one call --------------------------------------------------------------------- */

void *molt__hook_alloc(MoltMigration *m, uint64_t size)
{
    MoltHookWork *work = m->hooks;
    size = (size + 15) / 16 * 16;
    MoltHookChunk *chunk = work->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        uint64_t room = size > MOLT__HOOK_CHUNK ? size : MOLT__HOOK_CHUNK;
        chunk = m->allocator.resize(m->allocator.context, NULL, 0, sizeof *chunk + room);
        if (!chunk) {
            m->failed = true;
            return NULL;
        }
        *chunk = (MoltHookChunk){work->chunks, room, 0};
        work->chunks = chunk;
    }
    unsigned char *memory = (unsigned char *)(chunk + 1) + chunk->used;
    chunk->used += size;
    memset(memory, 0, size);
    return memory;
}

/* Keeps the first chunk for the next call, unless `all`. */
static void free_chunks(MoltMigration *m, bool all)
{
    MoltHookWork *work = m->hooks;
    while (work->chunks && (all || work->chunks->next)) {
        MoltHookChunk *chunk = work->chunks;
        work->chunks = chunk->next;
        m->allocator.resize(m->allocator.context, chunk, sizeof *chunk + chunk->size, 0);
    }
    if (work->chunks)
        work->chunks->used = 0;
}

/* ---- running -------------------------------------------------------------------------------- */

void molt__hook_name(const MoltMigration *m, char *buffer, size_t size)
{
    const MoltHook *hook = m->hooks->current;
    if (!hook) {
        snprintf(buffer, size, "a hook");
        return;
    }
    const char *slash = strrchr(hook->file, '/');
    snprintf(buffer, size, "the hook of %s, %s:%u", hook->spelling, slash ? slash + 1 : hook->file,
             hook->line);
}

void molt__hook_refuse(MoltMigration *m, const MoltFinding *finding)
{
    if (m->hooks->refused)
        return;
    m->hooks->refused = m->refused = true;
    molt_report_add(m->report, finding);
}

static void refuse_without_reason(MoltMigration *m, const MoltHookCall *call)
{
    char name[200], value[240];
    molt__hook_name(m, name, sizeof name);
    snprintf(value, sizeof value, "%s gave false", name);
    molt__hook_refuse(m, &(MoltFinding){.severity = MOLT_REFUSE,
                                        .rule = MOLT_RULE_HOOK_FAILED,
                                        .path = molt_type_name(m->plan->after, call->op->after),
                                        .value = value,
                                        .remedy = "say why with molt_old_fail, or return true at "
                                                  "its end",
                                        .objects = 1});
}

static bool run_hook(const MoltPlan *plan, const MoltHook *hook, const MoltOld *old, void *now)
{
    return plan->hook_run ? plan->hook_run(plan->hook_run_context, hook, old, now)
                          : hook->run(old, now);
}

static void call_all(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    for (uint64_t c = 0; c < work->call_count && !work->refused && !m->failed; c++) {
        const MoltHookCall *call = &work->calls[c];
        if (call->restored || molt__hook_is_deleted(m, call->now))
            continue;
        if (!molt__migration_step(m, MOLT_MIGRATE_HOOK))
            break;
        const MoltHook *hook = m->plan->hooks[call->op->after];
        work->current = hook;
        work->current_type = call->op->after;
        work->call = call;
        const MoltOld *old = molt__hook_view(m, call->op->before, call->old);
        work->ran[call->op->after]++;
        void *now = (void *)call->now; /* NOLINT: of the new side */
        uint64_t size = molt_type(m->plan->after, call->op->after)->size;
        unsigned char *was = molt__hook_alloc(m, size);
        if (was)
            memcpy(was, now, size);
        if (old && was && !run_hook(m->plan, hook, old, now) && !m->failed)
            refuse_without_reason(m, call);
        if (was && !m->failed)
            molt__lineage_touch(m, call->op->after, was, now);
        work->current = NULL;
        free_chunks(m, false);
    }
}

static void report_count(MoltMigration *m, MoltRule rule, MoltTypeId type, uint64_t objects)
{
    if (objects > 0)
        molt_report_add(m->report, &(MoltFinding){.severity = MOLT_INFO,
                                                  .rule = rule,
                                                  .path = molt_type_name(m->plan->after, type),
                                                  .objects = objects});
}

static void report_calls(MoltMigration *m)
{
    for (MoltTypeId t = 0; t < m->plan->after->tables.type_count; t++) {
        report_count(m, MOLT_RULE_HOOK_RAN, t, m->hooks->ran[t]);
        report_count(m, MOLT_RULE_HOOK_RESTORED, t, m->hooks->restored[t]);
    }
}

/* Where values of before return, all that the object loses is handled. Gives the calls that are left. */
static uint64_t count_restored(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    uint64_t left = 0;
    molt__hook_settle_begin(m);
    for (uint64_t c = 0; c < work->call_count; c++) {
        const MoltHookCall *call = &work->calls[c];
        left += !call->restored;
        work->restored[call->op->after] += call->restored;
        if (call->restored)
            molt__hook_note_whole(m, call->op->before, call->old);
    }
    return left;
}

/* A hook for one old layout only, and an object that needs it has another. */
static bool check_layouts(MoltMigration *m)
{
    const MoltHookWork *work = m->hooks;
    for (uint64_t c = 0; c < work->call_count && !work->refused; c++) {
        const MoltOp *op = work->calls[c].op;
        const MoltHook *hook = m->plan->hooks[op->after];
        const MoltType *type = molt_type(m->plan->before, op->before);
        if (work->calls[c].restored || hook->from_layout == 0 || hook->from_layout == type->hash)
            continue;
        molt__hook_refuse(m, &(MoltFinding){.severity = MOLT_REFUSE,
                                            .rule = MOLT_RULE_HOOK_MISMATCH,
                                            .path = molt_type_name(m->plan->after, op->after),
                                            .value = hook->from,
                                            .remedy = "the hook is for another layout than the "
                                                      "live objects have: write one for this "
                                                      "layout, or remove it when its edit was "
                                                      "carried over before"});
    }
    return !work->refused;
}

void molt__hook_run(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    const MoltHeapApi **slot = m->plan->hook_heap;
    if (!work || work->call_count == 0 || m->failed)
        return;
    bool any = count_restored(m) > 0;
    if (any && (!check_layouts(m) || m->failed || !make_shadows(m)))
        return;
    work->done = true;
    if (!any) {
        report_calls(m);
        return;
    }
    molt__migration_patch(m);
    molt__hook_variables_lend(m);
    molt__attic_write(&m->attic);
    molt__hook_make_api(m);
    const MoltHeapApi *heap = slot ? *slot : NULL;
    if (slot)
        *slot = &work->heap_api;
    m->scanning = false;
    protect(m, false);
    molt__attic_begin_late(m);
    call_all(m);
    if (!work->refused && !m->failed)
        molt__attic_store_late(m);
    protect(m, true);
    molt__hook_variables_take(m);
    if (slot)
        *slot = heap;
    if (!work->refused && molt__migration_step(m, MOLT_MIGRATE_VERIFY))
        molt__hook_verify(m);
    if (!work->refused && !m->failed)
        report_calls(m);
}

uint64_t molt__hook_spans(const MoltMigration *m)
{
    return m->hooks ? m->hooks->made_count : 0;
}

/* ---- hooks that could be written -------------------------------------------------------------- */

/* What a refused rule speaks of, or a loss that the policy refuses. */
static MoltStubNeed stub_wants(const void *context, uint32_t before, uint32_t after)
{
    const MoltMigration *m = context;
    MoltStubNeed need = MOLT__STUB_NOTHING;
    for (uint64_t t = 0; t < m->tally_count; t++) {
        const MoltTally *tally = &m->tallies[t];
        if (tally->severity != MOLT_REFUSE || tally->check == MOLT__NO_CHECK)
            continue;
        const MoltCheck *check = &m->plan->checks[tally->check];
        if (before != MOLT__NO_FIELD ? check->before != before : check->after != after)
            continue;
        MoltRule rule = (MoltRule)tally->rule;
        bool none = rule == MOLT_RULE_SHAPE_CHANGED || rule == MOLT_RULE_KIND_CHANGED ||
                    rule == MOLT_RULE_UNION_CHANGED;
        if (!tally->broken)
            need = need == MOLT__STUB_NOTHING ? MOLT__STUB_LOSS : need;
        else if (!none)
            need = MOLT__STUB_SOME;
        else if (need != MOLT__STUB_SOME)
            need = MOLT__STUB_ALL;
    }
    return need;
}

void molt__hook_suggest(MoltMigration *m)
{
    for (uint64_t t = 0; t < m->tally_count; t++) {
        const MoltTally *tally = &m->tallies[t];
        if (tally->severity != MOLT_REFUSE || tally->check == MOLT__NO_CHECK)
            continue;
        const MoltCheck *check = &m->plan->checks[tally->check];
        MoltRule rule = (MoltRule)tally->rule;
        bool settles = rule == MOLT_RULE_VERSION_CHANGED ||
                       (molt__hook_about_value(rule) && check->before != MOLT__NO_FIELD);
        MoltTypeId after = check->type_after;
        if (settles && after != MOLT_NO_TYPE &&
            molt__plan_could_hook(m->plan, check->type_before, after))
            molt__hook_stub(m->plan, check->type_before, after, stub_wants, m, m->report);
    }
}

/* ---- the end -------------------------------------------------------------------------------- */

static void free_work(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    const MoltTables *before = &m->plan->before->tables, *after = &m->plan->after->tables;
    for (uint32_t s = 0; work->shadows && s < m->span_count; s++) {
        if (work->shadows[s].allocation)
            m->allocator.resize(m->allocator.context, work->shadows[s].allocation,
                                work->shadows[s].size + MOLT__SHADOW_ALIGN, 0);
    }
    free_chunks(m, true);
    molt__migration_free(m, work->shadows, m->span_count + 1u, sizeof *work->shadows);
    molt__migration_free(m, work->calls, work->call_slots, sizeof *work->calls);
    molt__migration_free(m, work->made, work->made_slots, sizeof *work->made);
    molt__migration_free(m, work->wanted, before->field_count + 1, sizeof *work->wanted);
    molt__hook_carried_free(m);
    molt__hook_settle_free(m);
    molt__migration_free(m, work->by_now, work->call_count, sizeof *work->by_now);
    molt__migration_free(m, work->ran, after->type_count, sizeof *work->ran);
    molt__migration_free(m, work->restored, after->type_count, sizeof *work->restored);
    molt__migration_free(m, work, 1, sizeof *work);
    m->hooks = NULL;
}

void molt__hook_commit(MoltMigration *m)
{
    if (!m->hooks)
        return;
    for (uint64_t d = 0; d < m->hooks->deleted_count; d++)
        molt_heap_delete(m->heap, (void *)m->hooks->deleted[d].block); /* NOLINT: an address */
    free_work(m);
}

void molt__hook_discard(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    if (!work)
        return;
    for (uint32_t s = 0; work->shadows && s < m->span_count; s++) {
        const MoltHookShadow *shadow = &work->shadows[s];
        if (shadow->bytes)
            memcpy(molt__span_block(&m->heap->spans[s], 0), shadow->bytes, shadow->size);
    }
    for (uint64_t s = 0; s < work->made_count; s++)
        molt__span_release(m->heap, &work->made[s]);
    free_work(m);
}
