/* Runs the hooks of a migration: notes their calls while the rules make the new state, then calls them
 * on it, and decides what depends on what they read. */
#include "hook_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_stub.h"

/* ---- calls ---------------------------------------------------------------------------------- */

static MoltHookWork *work_of(MoltMigration *m)
{
    if (m->hooks)
        return m->hooks;
    uint32_t types = m->plan->before->tables.type_count;
    MoltHookWork *work = molt__migration_table(m, 1, sizeof *work);
    if (!work)
        return NULL;
    m->hooks = work;
    work->seen = molt__migration_table(m, types, sizeof *work->seen);
    work->read =
        molt__migration_table(m, m->plan->before->tables.field_count + 1, sizeof *work->read);
    work->ran = molt__migration_table(m, m->plan->after->tables.type_count, sizeof *work->ran);
    return work;
}

void molt__hook_note(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                     uint64_t source_stride, const unsigned char *destination,
                     uint64_t destination_stride, uint64_t n)
{
    molt__attic_mark_all(m, op, n);
    MoltHookWork *work = NULL;
    if (m->mode == MOLT__RUN_STATE && !m->failed && op->after != MOLT_NO_TYPE)
        work = work_of(m);
    if (!work || !molt__migration_grow(m, (void **)&work->calls, &work->call_slots,
                                       work->call_count, n, sizeof *work->calls))
        return;
    for (uint64_t i = 0; i < n; i++)
        work->calls[work->call_count++] =
            (MoltHookCall){(uintptr_t)(source + i * source_stride),
                           (uintptr_t)(destination + i * destination_stride), op};
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

static void sort_calls(MoltHookWork *work)
{
    for (uint64_t c = 1; c < work->call_count; c++) {
        if (compare_calls(&work->calls[c - 1], &work->calls[c]) > 0) {
            qsort(work->calls, work->call_count, sizeof *work->calls, compare_calls);
            return;
        }
    }
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

static void call_all(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    for (uint64_t c = 0; c < work->call_count && !work->refused && !m->failed; c++) {
        const MoltHookCall *call = &work->calls[c];
        const MoltHook *hook = m->plan->hooks[call->op->after];
        work->current = hook;
        work->current_type = call->op->after;
        work->call = call;
        const MoltOld *old = molt__hook_view(m, call->op->before, call->old);
        work->ran[call->op->after]++;
        if (old && !hook->run(old, (void *)call->now) && !m->failed) /* NOLINT: of the new side */
            refuse_without_reason(m, call);
        work->current = NULL;
        free_chunks(m, false);
    }
}

static void report_calls(MoltMigration *m)
{
    for (MoltTypeId t = 0; t < m->plan->after->tables.type_count; t++) {
        if (m->hooks->ran[t] > 0)
            molt_report_add(m->report, &(MoltFinding){.severity = MOLT_INFO,
                                                      .rule = MOLT_RULE_HOOK_RAN,
                                                      .path = molt_type_name(m->plan->after, t),
                                                      .objects = m->hooks->ran[t]});
    }
}

void molt__hook_run(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    const MoltHeapApi **slot = m->plan->hook_heap;
    if (!work || work->call_count == 0 || m->failed || !make_shadows(m))
        return;
    sort_calls(work);
    molt__migration_patch(m);
    molt__attic_write(&m->attic);
    molt__hook_make_api(m);
    const MoltHeapApi *heap = slot ? *slot : NULL;
    if (slot)
        *slot = &work->heap_api;
    m->scanning = false;
    protect(m, false);
    call_all(m);
    protect(m, true);
    if (slot)
        *slot = heap;
    if (!work->refused && !m->failed)
        molt__hook_verify(m);
    if (!work->refused && !m->failed)
        report_calls(m);
}

/* ---- what depends on them ------------------------------------------------------------------- */

/* What a rule does with one value; a hook that reads the value has done it. */
static bool is_about_value(MoltRule rule)
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
        !is_about_value(rule) || m->plan->checks[op->check].before == MOLT__NO_FIELD)
        return false;
    return severity == MOLT_LOSS || op->hooked != 0;
}

/* A value of `type` holds one of `wanted`; the depth of types is bounded. */
static bool holds(const MoltSchema *schema, MoltTypeId type, MoltTypeId wanted)
{
    const MoltType *t = molt_type(schema, type);
    if (type == wanted)
        return true;
    if (molt_kind_is_sequence(t->kind))
        return holds(schema, t->elem, wanted);
    bool found = false;
    bool record = t->kind == MOLT_KIND_STRUCT || t->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; record && f < t->count && !found; f++)
        found = holds(schema, schema->tables.fields[t->first + f].type, wanted);
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
        if (holds(m->plan->after, now, after))
            return true;
    }
    return false;
}

bool molt__hook_undoes(const MoltMigration *m, const MoltOp *op, MoltRule rule)
{
    if (m->plan->policy != MOLT_POLICY_LIVE || m->scanning || op->check == MOLT__NO_CHECK ||
        !(is_about_value(rule) || rule == MOLT_RULE_VERSION_CHANGED))
        return false;
    MoltTypeId after = m->plan->checks[op->check].type_after;
    for (uint64_t p = 0; after != MOLT_NO_TYPE && p < m->heap->attic.page_count; p++) {
        if (page_is_of(m, m->heap->attic.pages[p].page, after))
            return true;
    }
    return false;
}

void molt__hook_settle(MoltMigration *m)
{
    bool ran = m->hooks && m->hooks->shadows;
    for (uint64_t t = 0; t < m->tally_count; t++) {
        MoltTally *tally = &m->tallies[t];
        if (!tally->deferred)
            continue;
        bool strict = m->plan->policy == MOLT_POLICY_STRICT;
        bool others = m->refused && !ran; /* something else refuses, so nobody asked the hook */
        tally->handled = molt__hook_settled(m, tally->check);
        if (tally->handled || others)
            tally->severity = tally->firm;
        else if (strict && tally->severity == MOLT_LOSS)
            tally->severity = MOLT_REFUSE;
    }
    for (uint64_t t = 0; t < m->tally_count; t++)
        m->refused = m->refused || m->tallies[t].severity == MOLT_REFUSE;
}

bool molt__hook_settled(const MoltMigration *m, uint32_t check)
{
    return m->hooks && m->hooks->shadows && m->hooks->read[m->plan->checks[check].before];
}

bool molt__hook_saw(const MoltMigration *m, MoltTypeId type)
{
    return m->hooks && m->hooks->seen[type];
}

uint64_t molt__hook_spans(const MoltMigration *m)
{
    return m->hooks ? m->hooks->made_count : 0;
}

/* ---- hooks that could be written -------------------------------------------------------------- */

/* What a refused rule speaks of. */
static bool stub_wants(const void *context, uint32_t before, uint32_t after)
{
    const MoltMigration *m = context;
    for (uint64_t t = 0; t < m->tally_count; t++) {
        const MoltTally *tally = &m->tallies[t];
        if (tally->severity != MOLT_REFUSE || tally->check == MOLT__NO_CHECK)
            continue;
        const MoltCheck *check = &m->plan->checks[tally->check];
        if (before != MOLT__NO_FIELD ? check->before == before : check->after == after)
            return true;
    }
    return false;
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
                       (is_about_value(rule) && check->before != MOLT__NO_FIELD);
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
    molt__migration_free(m, work->deleted, work->deleted_slots, sizeof *work->deleted);
    molt__migration_free(m, work->read, before->field_count + 1, sizeof *work->read);
    molt__migration_free(m, work->seen, before->type_count, sizeof *work->seen);
    molt__migration_free(m, work->ran, after->type_count, sizeof *work->ran);
    molt__migration_free(m, work, 1, sizeof *work);
    m->hooks = NULL;
}

void molt__hook_commit(MoltMigration *m)
{
    if (!m->hooks)
        return;
    for (uint64_t d = 0; d < m->hooks->deleted_count; d++)
        molt_heap_delete(m->heap, m->hooks->deleted[d]);
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
