#include "molt/migrate.h"

#include <stdio.h>
#include <string.h>

#include "attic_hook.h"
#include "attic_retype.h"
#include "busy_spans.h"
#include "constant_row.h"
#include "free_links.h"
#include "fresh_block.h"
#include "lineage.h"
#include "lookout.h"
#include "migration.h"
#include "molt/globals.h"

void molt_plan_set_steps(MoltPlan *plan, bool (*begin)(void *context, MoltMigrateStep step),
                         void *context)
{
    plan->step = begin;
    plan->step_context = context;
}

void molt_plan_set_parallel(MoltPlan *plan, const MoltParallel *parallel)
{
    plan->parallel = *parallel;
}

bool molt__migration_step(MoltMigration *m, MoltMigrateStep step)
{
    static const char *const ids[] = {
#define X(name, id, does) id,
        MOLT_MIGRATE_STEP_LIST(X)
#undef X
    };
    if (m->failed || !m->plan->step || m->plan->step(m->plan->step_context, step))
        return !m->failed;
    m->failed = true;
    m->stopped = ids[step];
    return false;
}

bool molt__migration_grow(MoltMigration *m, void **items, uint64_t *slots, uint64_t count,
                          uint64_t more, size_t item_size)
{
    if (more <= *slots - count)
        return true;
    uint64_t wanted = *slots * 2 > count + more ? *slots * 2 : count + more;
    if (wanted < 16)
        wanted = 16;
    void *grown = NULL;
    if (!m->failed && wanted <= SIZE_MAX / item_size)
        grown = m->allocator.resize(m->allocator.context, *items, *slots * item_size,
                                    wanted * item_size);
    if (!grown) {
        m->failed = true;
        return false;
    }
    *items = grown;
    *slots = wanted;
    return true;
}

void *molt__migration_table(MoltMigration *m, uint64_t count, size_t item_size)
{
    void *table = NULL;
    uint64_t size;
    if (!m->failed && !__builtin_mul_overflow(count, item_size, &size))
        table = m->allocator.resize(m->allocator.context, NULL, 0, size);
    if (table)
        memset(table, 0, size);
    else
        m->failed = true;
    return table;
}

void molt__migration_free(MoltMigration *m, void *table, uint64_t count, size_t item_size)
{
    if (table)
        m->allocator.resize(m->allocator.context, table, count * item_size, 0);
}

/* Of any content. */
static void *raw_table(MoltMigration *m, uint64_t count, size_t item_size)
{
    void *table = NULL;
    uint64_t slots = 0;
    molt__migration_grow(m, &table, &slots, 0, count < 16 ? 16 : count, item_size);
    return table;
}

static void *new_table(MoltMigration *m, uint64_t count, size_t item_size)
{
    void *table = raw_table(m, count, item_size);
    if (table)
        memset(table, 0, (count < 16 ? 16 : count) * item_size);
    return table;
}

static void free_table(MoltMigration *m, void *table, uint64_t count, size_t item_size)
{
    if (table)
        m->allocator.resize(m->allocator.context, table, (count < 16 ? 16 : count) * item_size, 0);
}

/* ---- what moves ----------------------------------------------------------------------------- */

void molt__migration_contains(MoltMigration *m, MoltTypeId id)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    if (m->contained[id])
        return;
    m->contained[id] = true;
    if (molt_kind_is_sequence(type->kind)) {
        molt__migration_contains(m, type->elem);
    } else if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
        for (uint32_t f = 0; f < type->count; f++)
            molt__migration_contains(m, schema->tables.fields[type->first + f].type);
    }
}

static bool make_new_spans(MoltMigration *m)
{
    for (uint32_t i = 0; i < m->busy_count; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes == 0)
            continue;
        const MoltTypePlan *type = &m->plan->types[span->type];
        if (type->fate == MOLT_FATE_SAME && !molt__plan_loses(m->plan, span->type))
            continue;
        m->moves = true;
        molt__migration_contains(m, span->type);
        if (type->fate != MOLT_FATE_CHANGED)
            continue;
        MoltSpan *moved = &m->spans[s];
        if (!molt__span_make_of(m->heap, moved, m->plan->after, type->after, span->capacity,
                                span->blocks, span->align)) {
            m->failed = true;
            return false;
        }
        memcpy(moved->live_bits, span->live_bits, (span->blocks + 63u) / 64u * sizeof(uint64_t));
        if (span->counts && moved->counts)
            memcpy(moved->counts, span->counts, span->blocks * sizeof *span->counts);
        moved->type = span->type;
        moved->bucket = span->bucket;
        moved->live = span->live;
        moved->first_serial = span->first_serial;
        moved->next = span->next;
    }
    return true;
}

/* A pointer of that type may have to change although its own type stays. */
static bool may_change(const MoltMigration *m, const MoltOp *op)
{
    if (op->external || molt__stays_apart(m, op))
        return false;
    if (m->code || !op->pointee_ok)
        return true;
    const MoltType *pointee = molt_type(m->plan->before, op->before);
    bool bytes =
        pointee->kind == MOLT_KIND_VOID || (pointee->kind == MOLT_KIND_INT && pointee->size == 1);
    bool raw = pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION;
    return (m->moves && (bytes || m->contained[op->before])) ||
           (raw && m->edits); /* it may lead to memory that nobody described */
}

static bool any_may_change(const MoltMigration *m, uint32_t first, uint32_t count)
{
    for (uint32_t o = first; o < first + count; o++) {
        if (m->plan->ops[o].code == MOLT__OP_POINTER && may_change(m, &m->plan->ops[o]))
            return true;
    }
    return false;
}

static bool must_scan(const MoltMigration *m, const MoltTypePlan *type)
{
    return any_may_change(m, type->first_scan, type->scan_count) ||
           any_may_change(m, type->first_tail, type->tail_count);
}

/* ---- batches -------------------------------------------------------------------------------- */

static void run_piece(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved,
                      const MoltPiece *piece)
{
    const MoltTypePlan *type = &m->plan->types[span->type];
    const MoltAheadPiece *ahead = m->ahead.now;
    uint32_t block = piece->block, n = piece->n;
    uint64_t element = piece->element;
    unsigned char *source = molt__span_block(span, block) + element * span->elem_size;
    uint64_t source_stride = m->batch_of_blocks ? span->stride : span->elem_size;
    m->batch_block = block;
    m->batch_element = element;
    if (m->scanning) {
        molt__execute(m, type->first_scan, type->scan_count, source, source_stride, source,
                      source_stride, n);
        molt__attic_flush(m, element, n);
        m->report->objects_visited += n;
    } else {
        unsigned char *destination = molt__span_block(moved, block) + element * moved->elem_size;
        uint64_t stride = m->batch_of_blocks ? moved->stride : moved->elem_size;
        bool looks = !ahead || ahead->integers;
        if (!ahead && !(m->aims && type->fills))
            memset(destination, 0, (n - 1) * stride + moved->elem_size);
        m->integers_near = false;
        molt__convert(m, type->first_converter, type->first_op, type->op_count, source,
                      source_stride, destination, stride, n);
        if (!ahead && m->aims && type->looks)
            looks = m->integers_near;
        if (looks)
            molt__stale_integers_look(m, span->type, source, source_stride, n);
        m->report->pointers_changed += ahead ? ahead->changed : 0;
        molt__attic_mark_leaving(m, span->type, n);
        molt__attic_flush(m, element, n);
        m->report->objects_migrated += n;
        m->report->bytes_before += n * span->elem_size;
        m->report->bytes_after += n * moved->elem_size;
    }
    m->object += n;
}

/* Blocks that become part of another object are converted there. */
static bool is_run(const MoltMigration *m, const MoltSpan *span, uint32_t block)
{
    return molt__span_is_live(span, block) &&
           (!m->owned.claimed ||
            !molt__ownership_is_claimed(m, span->type, span->base + span->stride * block));
}

/* Blocks from `block` on that are converted together. */
static uint32_t run_length(const MoltMigration *m, const MoltSpan *span, uint32_t block)
{
    uint32_t most = span->blocks - block < MOLT__BATCH ? span->blocks - block : MOLT__BATCH;
    uint32_t length = 0;
    if (m->owned.claimed && m->owned.claimed[span->type]) {
        while (length < most && is_run(m, span, block + length))
            length++;
        return length;
    }
    while (length < most) {
        uint32_t at = block + length, bit = at % 64;
        uint64_t gaps = ~(span->live_bits[at / 64] >> bit);
        uint32_t live = gaps == 0 ? 64 : (uint32_t)__builtin_ctzll(gaps);
        length += live < 64 - bit ? live : 64 - bit;
        if (live < 64 - bit)
            break;
    }
    return length < most ? length : most;
}

/* A flexible struct: what stands before its array, then the elements, which all belong to it. */
static void run_flexible(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved,
                         uint32_t block)
{
    const MoltTypePlan *type = &m->plan->types[span->type];
    unsigned char *source = molt__span_block(span, block);
    unsigned char *destination = m->scanning ? source : molt__span_block(moved, block);
    const MoltSpan *to = m->scanning ? span : moved;
    uint64_t count = molt__span_count(span, block);
    m->batch_block = block;
    m->batch_element = 0;
    if (m->scanning) {
        molt__execute(m, type->first_scan, type->scan_count, source, 0, source, 0, 1);
        molt__attic_flush(m, 0, 1);
        m->report->objects_visited++;
    } else {
        memset(destination, 0, molt__span_bytes(to, count));
        molt__convert(m, type->first_converter, type->first_op, type->op_count, source, 0,
                      destination, 0, 1);
        molt__attic_mark_leaving(m, span->type, 1);
        molt__attic_flush(m, 0, 1);
        m->report->objects_migrated++;
        m->report->bytes_before += molt__span_bytes(span, count);
        m->report->bytes_after += molt__span_bytes(to, count);
    }
    m->in_tail = true;
    for (uint64_t e = 0; type->tail_count > 0 && e < count && !m->failed; e += MOLT__BATCH) {
        uint64_t n = count - e < MOLT__BATCH ? count - e : MOLT__BATCH;
        molt__convert(m, type->first_tail_converter, type->first_tail, type->tail_count,
                      source + span->header + e * span->elem_size, span->elem_size,
                      destination + to->header + e * to->elem_size, to->elem_size, n);
        molt__attic_mark_leaving(m, span->type, n);
        molt__attic_flush(m, e, n);
    }
    m->in_tail = false;
    m->object++;
}

/* Objects from *at on that are converted together; false when there are no more. */
static bool next_piece(const MoltMigration *m, const MoltSpan *span, MoltPiece *at)
{
    while ((at->block = molt__span_next_live(span, at->block)) < span->blocks) {
        bool runs = is_run(m, span, at->block);
        if (runs && m->batch_of_blocks) {
            at->n = run_length(m, span, at->block);
            return true;
        }
        uint64_t count = runs ? molt__span_count(span, at->block) : 0;
        if (at->element < count) {
            at->n = (uint32_t)(count - at->element < MOLT__BATCH ? count - at->element : MOLT__BATCH);
            return true;
        }
        *at = (MoltPiece){.block = at->block + 1};
    }
    return false;
}

static void pass_piece(const MoltMigration *m, MoltPiece *at)
{
    at->block += m->batch_of_blocks ? at->n : 0;
    at->element += m->batch_of_blocks ? 0 : at->n;
}

static void run_pieces(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    for (MoltPiece at = {0}; !m->failed && next_piece(m, span, &at); pass_piece(m, &at))
        run_piece(m, span, moved, &at);
}

void molt__migration_look(MoltMigration *m, const MoltSpan *span, uint32_t block, uint64_t first,
                          uint64_t end)
{
    MoltPiece at = {.block = m->batch_of_blocks ? (uint32_t)first : block,
                    .element = m->batch_of_blocks ? 0 : first};
    while (!m->failed && next_piece(m, span, &at)) {
        uint64_t number = m->batch_of_blocks ? at.block : at.element;
        if (number >= end || (!m->batch_of_blocks && at.block != block))
            break;
        at.n = at.n < end - number ? at.n : (uint32_t)(end - number);
        run_piece(m, span, NULL, &at);
        pass_piece(m, &at);
    }
}

static void run_pieces_ahead(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    MoltAhead *ahead = &m->ahead;
    MoltPiece at = {0};
    do {
        for (ahead->count = 0; ahead->count < ahead->slots && next_piece(m, span, &at);
             pass_piece(m, &at))
            ahead->pieces[ahead->count++].piece = at;
        molt__ahead_run(m, span, moved);
        for (uint32_t p = 0; p < ahead->count && !m->failed; p++) {
            ahead->now = ahead->pieces[p].done ? &ahead->pieces[p] : NULL;
            ahead->replayed = ahead->notes = 0;
            run_piece(m, span, moved, &ahead->pieces[p].piece);
        }
        ahead->now = NULL;
    } while (ahead->count == ahead->slots && !m->failed);
}

static void run_span(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    bool flexible = span->header > 0 || (!m->scanning && moved->header > 0);
    m->batch_span = span;
    m->batch_of_blocks = span->counts == NULL || flexible;
    for (uint32_t block = 0; flexible && block < span->blocks && !m->failed; block++) {
        if (is_run(m, span, block))
            run_flexible(m, span, moved, block);
    }
    if (!flexible && molt__ahead_begin(m, span))
        run_pieces_ahead(m, span, moved);
    else if (!flexible)
        run_pieces(m, span, moved);
}

/* Counts a rebuilt type, and the changed structs that it holds by value, once each. */
static void count_changed(MoltMigration *m, MoltTypeId id, bool rebuilt)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    if (m->rebuilt[id] || m->plan->types[id].fate == MOLT_FATE_SAME)
        return;
    m->rebuilt[id] = true;
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    if (rebuilt || record)
        m->report->types_changed++;
    if (molt_kind_is_sequence(type->kind))
        count_changed(m, type->elem, false);
    for (uint32_t f = 0; record && f < type->count; f++)
        count_changed(m, schema->tables.fields[type->first + f].type, false);
}

static void run_spans(MoltMigration *m)
{
    for (uint32_t i = 0; i < m->busy_count && !m->failed; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes == 0 || span->live == 0)
            continue;
        const MoltTypePlan *type = &m->plan->types[span->type];
        m->scanning = type->fate == MOLT_FATE_SAME;
        m->keeping = molt__plan_keeps(m->plan, span->type);
        if (!molt__migration_step(m, MOLT_MIGRATE_CONVERT))
            break;
        if (molt__migrate_globals_is(m, span)) {
            molt__migrate_globals_run(m, span, &m->spans[s]);
            if (!m->scanning)
                count_changed(m, span->type, true);
            continue;
        }
        bool skipped = m->scanning &&
                       (m->keeping ? !molt__plan_loses(m->plan, span->type) : !must_scan(m, type));
        if (skipped && !m->keeping && type->scan_count + type->tail_count > 0)
            m->texts.partial = true;
        if (type->fate == MOLT_FATE_GONE || skipped)
            continue;
        if (!m->scanning || m->keeping || !molt__lookout_scan(m, s))
            run_span(m, span, &m->spans[s]);
        if (!m->scanning && !m->keeping)
            count_changed(m, span->type, true);
    }
    m->keeping = false;
    m->batch_span = NULL;
}

static void relocate_roots(MoltMigration *m)
{
    const MoltTables *after = &m->plan->after->tables;
    m->scanning = false;
    for (uint32_t r = 0; r < after->root_count; r++) {
        uint32_t from = m->plan->roots[r];
        if (from == UINT32_MAX)
            continue;
        MoltOp op = {.code = MOLT__OP_POINTER,
                     .check = MOLT__NO_CHECK,
                     .before = m->plan->before->tables.roots[from].type,
                     .after = after->roots[r].type,
                     .pointee_ok = true};
        uintptr_t value = (uintptr_t)molt_heap_root(m->heap, from);
        m->roots[r] = (void *)molt__relocate_mirrored(m, &op, value, 0); /* NOLINT: address */
    }
}

/* ---- prepare, commit, discard --------------------------------------------------------------- */

static void release_tables(MoltMigration *m)
{
    molt__migrate_globals_free(m);
    molt__lineage_discard(m);
    molt__hook_made_discard(m);
    free_table(m, m->spans, m->span_count, sizeof *m->spans);
    molt__busy_spans_free(m);
    free_table(m, m->roots, m->plan->after->tables.root_count, sizeof *m->roots);
    free_table(m, m->new_types, m->plan->before->tables.type_count, sizeof *m->new_types);
    free_table(m, m->rebuilt, m->plan->before->tables.type_count, sizeof *m->rebuilt);
    free_table(m, m->contained, m->plan->before->tables.type_count, sizeof *m->contained);
    free_table(m, m->into, m->plan->before->tables.type_count, sizeof *m->into);
    free_table(m, m->numbers_reached, m->plan->before->tables.type_count,
               sizeof *m->numbers_reached);
    free_table(m, m->missing, m->plan->before->tables.type_count, sizeof *m->missing);
    free_table(m, m->gone_pointers, m->gone_slots, sizeof *m->gone_pointers);
    free_table(m, m->fresh, m->fresh_slots, sizeof *m->fresh);
    free_table(m, m->patches, m->patch_slots, sizeof *m->patches);
    molt__code_patches_free(&m->code_patches, &m->allocator);
    free_table(m, m->tallies, m->tally_slots, sizeof *m->tallies);
    free_table(m, m->awaited.items, m->awaited.slots, sizeof *m->awaited.items);
    molt_plan_free(m->back);
    molt__constant_rows_release(m);
    molt__row_stands_discard(m);
    molt__ownership_release(m);
    molt__retype_release(m);
    molt__aim_map_free(m);
    molt__aims_free(m);
    molt__ahead_free(m);
    molt__stale_integers_free(m);
    molt__raw_free(m);
    molt__byte_words_free(m);
    molt__held_locks_free(m);
    MoltAllocator allocator = m->allocator;
    allocator.resize(allocator.context, m, sizeof *m, 0);
}

void molt_migrate_discard(MoltMigration *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; m->spans && i < m->busy_count; i++) {
        uint32_t s = m->busy[i];
        if (m->spans[s].bytes > 0)
            molt__span_release(m->heap, &m->spans[s]);
    }
    molt__fresh_discard(m);
    molt__attic_discard(m);
    molt__ownership_discard(m);
    molt__retype_discard(m);
    molt__made_discard(m);
    molt__hook_discard(m);
    release_tables(m);
}

/* Of spans that are not looked at it only has to be known that they stay: a state may have thousands. */
static void clear_new_sides(MoltMigration *m)
{
    for (uint32_t s = 0; m->spans && s < m->span_count; s++)
        m->spans[s].bytes = 0;
    for (uint32_t i = 0; m->spans && i < m->busy_count; i++)
        m->spans[m->busy[i]] = (MoltSpan){0};
}

static bool make_tables(MoltMigration *m)
{
    uint32_t types = m->plan->before->tables.type_count;
    m->spans = raw_table(m, m->span_count, sizeof *m->spans);
    m->roots = new_table(m, m->plan->after->tables.root_count, sizeof *m->roots);
    m->new_types = new_table(m, types, sizeof *m->new_types);
    m->rebuilt = new_table(m, types, sizeof *m->rebuilt);
    m->contained = new_table(m, types, sizeof *m->contained);
    m->into = new_table(m, types, sizeof *m->into);
    m->numbers_reached = new_table(m, types, sizeof *m->numbers_reached);
    m->missing = new_table(m, types, sizeof *m->missing);
    molt__busy_spans_find(m);
    clear_new_sides(m);
    if (m->failed)
        return false;
    for (MoltTypeId t = 0; t < types; t++) {
        uint16_t kind = molt_type(m->plan->before, t)->kind;
        m->new_types[t] = m->plan->types[t].after;
        m->edits = m->edits || ((kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION) &&
                                m->plan->types[t].fate != MOLT_FATE_SAME);
    }
    return true;
}

static void bound_library(MoltMigration *m)
{
    if (!m->code)
        return;
    uintptr_t end = m->code->end;
    m->library_begin = m->code->begin;
    molt__migrate_globals_bound(m, &m->library_begin, &end);
    m->library_size = end - m->library_begin;
}

/* Pointers to a type lead into the library that comes where its sources make some, or where some led into the
 * one that goes. What an edit makes of pointers, and brings back, is not gone into. */
static void settle_apart(const MoltMigration *m)
{
    bool *next = m->code ? m->code->next_apart : NULL;
    bool unknown = m->edits || m->moves || m->into_unknown;
    for (MoltTypeId t = 0; next && unknown && t < m->plan->after->tables.type_count; t++)
        next[t] = false;
    for (MoltTypeId t = 0; next && t < m->plan->before->tables.type_count; t++)
        if (m->into[t] && m->new_types[t] != MOLT_NO_TYPE)
            next[m->new_types[t]] = false;
}

static MoltStatus outcome(MoltMigration *m, MoltError *error)
{
    if (m->stopped)
        return molt_error(error, MOLT_SYSTEM,
                          "the step %s of the migration failed; the old state is untouched",
                          m->stopped);
    if (m->failed)
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "no memory to build the new state; the old one is untouched");
    if (!m->refused)
        return MOLT_OK;
    const MoltFinding *why = molt_report_refusal(m->report);
    char text[900] = "a rule refuses this edit";
    if (why)
        molt_finding_text(why, text, sizeof text);
    return molt_error(error, MOLT_REFUSED, "%s", text);
}

/* The plan knows another version of its old schema than the one that the state is of: its lines are others,
 * by which values that are kept would return to the wrong fields. */
static bool is_outdated(const MoltHeap *heap, const MoltPlan *plan)
{
    const MoltSchema *before = plan->before;
    return heap->attic.records > 0 && before->version_count > 0 &&
           plan->from != before->versions[0];
}

MoltStatus molt_migrate_prepare(MoltHeap *heap, const MoltPlan *plan, const MoltCodeMap *code,
                                MoltMigration **out, MoltReport *report, MoltError *error)
{
    if (molt_heap_schema(heap) != plan->before)
        return molt_error(error, MOLT_INVALID,
                          "the plan starts from another schema than the heap has");
    if (is_outdated(heap, plan))
        return molt_error(error, MOLT_INVALID,
                          "the plan was built before the state came to the schema that it starts "
                          "from, so it cannot tell what kept values belong to: build it anew");
    const MoltAllocator *allocator = &heap->allocator;
    MoltMigration *m = allocator->resize(allocator->context, NULL, 0, sizeof *m);
    if (!m)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory to build the new state");
    memset(m, 0, sizeof *m);
    m->heap = heap;
    m->plan = plan;
    m->code = code && code->begin < code->end && code->resolve ? code : NULL;
    m->report = report;
    m->allocator = *allocator;
    m->span_count = heap->span_count;
    if (molt__migration_step(m, MOLT_MIGRATE_CAPTURE) && make_tables(m) &&
        molt__migrate_globals_make(m, m->code ? m->code->globals : NULL) &&
        molt__migration_step(m, MOLT_MIGRATE_BLOCKS) && make_new_spans(m)) {
        bound_library(m);
        molt__migrate_globals_aim(m);
        molt__lineage_begin(m);
        molt__migration_step(m, MOLT_MIGRATE_SURVEY);
        molt__retype_find(m);
        molt__ownership_survey(m);
        molt__made_begin(m);
        molt__aims_make(m);
        molt__aim_map_make(m);
        molt__stale_integers_begin(m);
        molt__lookout_take(m);
        run_spans(m);
        molt__migration_step(m, MOLT_MIGRATE_ROOTS);
        molt__retype_run(m);
        molt__constant_rows_run(m);
        relocate_roots(m);
        report->pointers_changed +=
            m->patch_count + m->code_patches.pointers + molt__lookout_patches(m);
        molt__migration_step(m, MOLT_MIGRATE_BYTES);
        molt__raw_scan(m);
        molt__byte_words(m);
        molt__held_locks(m);
        molt__migration_step(m, MOLT_MIGRATE_ATTIC);
        if (!m->refused && !m->failed) {
            molt__hook_sort(m);
            molt__retype_settle_offers(m);
            molt__awaited_begin(m);
            molt__attic_carry(m);
            molt__awaited_settle(m);
            molt__attic_file(m);
            molt__attic_reserve(m);
        }
        if (!m->refused && !m->failed)
            molt__free_links_run(m);
        if (!m->refused && !m->failed)
            molt__hook_run(m);
        molt__hook_settle(m);
        molt__hook_made_mark(m);
        molt__row_stands_make(m);
        if (!m->refused && !m->failed)
            molt__hook_made_find(m);
        molt__migration_step(m, MOLT_MIGRATE_RESERVE);
        uint64_t spans = m->fresh_count + m->owned.span_count + m->retypes.span_count +
                         m->span_count + molt__hook_spans(m);
        if (!m->failed && !molt__heap_reserve(heap, (uint32_t)spans, plan->after))
            m->failed = true;
    }
    if (molt__migration_step(m, MOLT_MIGRATE_REPORT)) {
        molt__migrate_globals_report(m);
        molt__tally_report(m);
        molt__retype_report(m);
        molt__raw_report(m);
        molt__byte_words_report(m);
        molt__held_locks_report(m);
        if (!m->refused) {
            molt__stale_integers_report(m);
            molt__stored_sizes_report(m);
        }
        molt__attic_report(m);
        molt__hook_suggest(m);
        molt__gone_types_report(m);
    }
    MoltStatus status = outcome(m, error);
    if (status != MOLT_OK) {
        molt_migrate_discard(m);
        return status;
    }
    settle_apart(m);
    *out = m;
    return MOLT_OK;
}

void molt__migration_patch(MoltMigration *m)
{
    for (uint64_t p = 0; p < m->patch_count; p++)
        memcpy(m->patches[p].address, &m->patches[p].value, sizeof m->patches[p].value);
    m->patch_count = 0;
    molt__lookout_patch(m);
    molt__code_patches_write(&m->code_patches);
    molt__code_patches_free(&m->code_patches, &m->allocator);
}

bool molt_migrate_repoint(MoltMigration *m)
{
    bool alone = m->plan->before == m->plan->after && !m->edits && !m->moves &&
                 m->fresh_count == 0 && m->row_copies.count == 0;
    if (alone)
        molt__migration_patch(m);
    molt_migrate_discard(m);
    return alone;
}

/* Pointers that are not far apart are one stretch. */
typedef struct Stretch {
    uintptr_t begin, end;
    void (*visit)(void *context, uintptr_t begin, uintptr_t end);
    void *context;
} Stretch;

static void add_place(void *context, uintptr_t at)
{
    Stretch *stretch = context;
    if (at < stretch->end || at - stretch->end > MOLT__CODE_GAP) {
        if (stretch->end > stretch->begin)
            stretch->visit(stretch->context, stretch->begin, stretch->end);
        stretch->begin = at;
    }
    stretch->end = at + sizeof(uintptr_t);
}

void molt_migrate_stretches(const MoltMigration *m,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context)
{
    Stretch stretch = {.visit = visit, .context = context};
    for (uint64_t p = 0; p < m->patch_count; p++)
        add_place(&stretch, (uintptr_t)m->patches[p].address);
    molt__lookout_places(m, add_place, &stretch);
    if (stretch.end > stretch.begin)
        visit(context, stretch.begin, stretch.end);
    molt__code_patches_stretches(&m->code_patches, visit, context);
}

void molt_migrate_commit(MoltMigration *m)
{
    MoltHeap *heap = m->heap;
    heap->attic.edit += m->attic.blanks; /* before anything is born in the new state */
    molt__migration_patch(m);
    for (uint32_t i = 0; i < m->busy_count; i++) {
        uint32_t s = m->busy[i];
        if (m->spans[s].bytes == 0)
            continue;
        MoltSpan old = heap->spans[s];
        molt__span_map(heap, &old, MOLT__NO_SPAN);
        heap->spans[s] = m->spans[s];
        heap->spans[s].rank = old.rank;
        heap->spans[s].kept = old.kept; /* the blocks keep their places and their numbers */
        heap->spans[s].in_columns = old.in_columns;
        heap->spans[s].birth = old.birth;
        heap->spans[s].births = old.births;
        heap->spans[s].origin = old.origin;
        heap->spans[s].origins = old.origins;
        heap->spans[s].made = old.made;
        heap->spans[s].stands_in = old.stands_in;
        heap->spans[s].hooked_in = old.hooked_in;
        old.kept = NULL;
        old.births = NULL;
        old.made = NULL;
        old.origins = NULL;
        molt__span_map(heap, &heap->spans[s], s);
        molt__span_release(heap, &old);
    }
    molt__lineage_follow(m->plan->before, m->plan->after, m->plan->from, m->plan->to);
    molt__gone_types_commit(m);
    molt__attic_retype_leave(m);
    molt__heap_switch(heap, m->plan->after, m->new_types, m->roots);
    molt__fresh_commit(m);
    molt__row_stands_commit(m);
    molt__ownership_commit(m);
    molt__retype_commit(m);
    molt__attic_retype_arrive(m);
    molt__hook_adopt(m);
    molt__migrate_globals_switch(m);
    molt__attic_commit(m);
    molt__retype_free_old(m);
    molt__ownership_free_claimed(m); /* the attic forgets them with its new pages */
    molt__made_commit(m);
    molt__hook_commit(m);
    molt__lineage_commit(m);
    molt__hook_made_commit(m);
    if (m->globals.next)
        molt_heap_scatter_globals(heap);
    release_tables(m);
}
