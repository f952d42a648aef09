#include "molt/converter.h"

#include <string.h>

#include "attic_draft.h"
#include "converter_text.h"
#include "migration.h"

/* ---- which operations ------------------------------------------------------------------------- */

/* Operations that a type's objects go through one after the other. */
typedef struct Range {
    uint32_t first, end;
} Range;

/* Those of an object, and those of an element of its flexible array. */
static Range range_of(const MoltTypePlan *type, int part)
{
    return part == 0 ? (Range){type->first_op, type->first_op + type->op_count}
                     : (Range){type->first_tail, type->first_tail + type->tail_count};
}

/* Finds the next operations of the range that a converter can stand for; false when there are no more. */
static bool next_converter(const MoltPlan *plan, Range *range, uint32_t *first, uint32_t *count)
{
    while (range->first < range->end) {
        *first = range->first;
        *count = molt__converter_span(plan, range->first, range->end);
        range->first += *count > 0 ? *count : 1 + plan->ops[range->first].body;
        if (*count > 0)
            return true;
    }
    return false;
}

static bool is_rebuilt(const MoltPlan *plan, MoltTypeId type)
{
    return plan->types[type].fate == MOLT_FATE_CHANGED;
}

static bool does_rest(const MoltTypePlan *type, int part, uint32_t first)
{
    return part == 0 && first == type->first_op;
}

/* ---- writing ---------------------------------------------------------------------------------- */

MoltStatus molt_converters_write(const MoltPlan *plan, const bool *wanted, const MoltTextSink *sink,
                                 uint32_t *count, MoltError *error)
{
    MoltConverterText text = {.allocator = &plan->allocator};
    uint32_t functions = 0, first, span;
    char name[MOLT__CONVERTER_NAME];
    MoltStatus status = MOLT_OK;
    molt__converter_prelude(&text);
    for (MoltTypeId id = 0; id < plan->before->tables.type_count; id++) {
        if (!is_rebuilt(plan, id) || (wanted && !wanted[id]))
            continue;
        MoltConverterRest rest;
        molt__converter_rest(plan, id, &rest);
        for (int part = 0; part < 2; part++) {
            Range range = range_of(&plan->types[id], part);
            for (; next_converter(plan, &range, &first, &span) && !text.failed; functions++)
                molt__converter_text(&text, plan, first, span,
                                     does_rest(&plan->types[id], part, first) ? &rest : NULL, name);
        }
    }
    if (text.failed)
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the text of converters");
    else if (functions > 0)
        status = sink->write(sink->context, text.bytes, text.length, error);
    if (count)
        *count = functions;
    molt__converter_text_free(&text);
    return status;
}

/* ---- binding ---------------------------------------------------------------------------------- */

/* Binds one converter; false where there is none, or no memory for it. */
static bool bind_one(MoltPlan *plan, uint32_t first, uint32_t count, const MoltConverterRest *rest,
                     MoltConverterFind *find, void *context)
{
    char name[MOLT__CONVERTER_NAME];
    MoltConverterText text = {.allocator = &plan->allocator};
    molt__converter_text(&text, plan, first, count, rest, name);
    void *found = text.failed ? NULL : find(context, name);
    molt__converter_text_free(&text);
    if (!found || !molt__plan_grow(plan, (void **)&plan->converters, &plan->converter_slots,
                                   plan->converter_count, 1, sizeof *plan->converters))
        return false;
    MoltConverter *converter = &plan->converters[plan->converter_count++];
    uint32_t notes = molt__converter_noting(plan, first, first + count);
    *converter = (MoltConverter){.first = first,
                                 .count = count,
                                 .notes = notes < MOLT__LOST_OPS ? notes : MOLT__LOST_OPS};
    memcpy(&converter->run, &found, sizeof found); /* C has no cast from object to function */
    return true;
}

/* Those of a part of the type's operations. Sets what the first of them takes over. */
static void bind_part(MoltPlan *plan, MoltTypeId id, int part, MoltConverterFind *find,
                      void *context)
{
    MoltTypePlan *type = &plan->types[id];
    Range range = range_of(type, part);
    MoltConverterRest rest;
    uint32_t first, count, own = plan->converter_count;
    bool all = part == 0;
    if (part == 0)
        molt__converter_rest(plan, id, &rest);
    while (next_converter(plan, &range, &first, &count)) {
        bool takes_rest = does_rest(type, part, first);
        bool bound = bind_one(plan, first, count, takes_rest ? &rest : NULL, find, context);
        type->looks = type->looks || (takes_rest && bound && rest.looks);
        all = all && bound;
    }
    type->fills = type->fills || (all && rest.fills);
    for (; own < plan->converter_count; own++)
        plan->converters[own].fills = part == 0 && type->fills;
}

uint32_t molt_converters_bind(MoltPlan *plan, MoltConverterFind *find, void *context)
{
    for (MoltTypeId id = 0; id < plan->before->tables.type_count; id++) {
        MoltTypePlan *type = &plan->types[id];
        if (!is_rebuilt(plan, id))
            continue;
        type->fills = type->looks = false;
        type->first_converter = plan->converter_count;
        bind_part(plan, id, 0, find, context);
        type->first_tail_converter = plan->converter_count;
        bind_part(plan, id, 1, find, context);
    }
    return plan->converter_count;
}

/* ---- running ---------------------------------------------------------------------------------- */

typedef struct Run {
    MoltMigration *m;
    uint32_t first;
    bool fills;
    unsigned char *source, *destination;
    uint64_t source_stride, destination_stride;
} Run;

static void run_other(void *context, uint32_t op, uint64_t i)
{
    const Run *run = context;
    MoltMigration *m = run->m;
    uint32_t index = run->first + op;
    unsigned char *destination = run->destination + i * run->destination_stride;
    if (run->fills)
        molt__converter_clear(m->plan, index, destination);
    m->run = i;
    molt__execute(m, index, 1 + m->plan->ops[index].body, run->source + i * run->source_stride,
                  run->source_stride, destination, run->destination_stride, 1);
    m->run = 0;
}

MoltConverterBatch molt__converter_batch(const MoltMigration *m)
{
    const MoltHeap *heap = m->heap;
    return (MoltConverterBatch){.aims = m->aims,
                                .rows = m->aim_map.rows,
                                .steps = m->aim_map.steps,
                                .granules = heap->granules,
                                .heap_base = heap->base,
                                .granule_count = heap->granule_count,
                                .low = m->moving_low,
                                .range = m->moving_high - m->moving_low};
}

void molt__converter_forget(MoltConverterBatch *batch, unsigned char *unread)
{
    for (int note = 0; note < MOLT__LOST_OPS; note++)
        batch->kept[note] = batch->left[note] = unread;
}

/* Integers that did not fit: the first one says what happens to such values. */
static void run_clamped(MoltMigration *m, Run *run, uint32_t index, const uint64_t *set)
{
    const MoltOp *op = &m->plan->ops[index];
    for (uint64_t word = 0; word < MOLT__LOST_WORDS; word++) {
        for (uint64_t bits = set[word]; bits != 0 && !m->failed; bits &= bits - 1) {
            if (molt__tally_all(m, op, MOLT_RULE_NUMBER_OUT_OF_RANGE, word * 64, bits))
                break;
            molt__attic_draft_spoil(m); /* whatever becomes of it */
            run_other(run, index - run->first, word * 64 + (uint64_t)__builtin_ctzll(bits));
        }
    }
}

/* The values that operations have noted. */
static void run_lost(MoltMigration *m, const MoltConverter *converter, Run *run, uint64_t n,
                     const uint64_t *lost)
{
    uint32_t index = converter->first, end = converter->first + converter->count, notes = 0;
    for (; converter->notes > 0 && index < end; index += 1 + m->plan->ops[index].body) {
        const MoltOp *op = &m->plan->ops[index];
        const uint64_t *set = lost + (uint64_t)notes * MOLT__LOST_WORDS;
        if (!molt__converter_notes(m->plan, index))
            continue;
        if (notes++ == converter->notes)
            break;
        if ((set[0] | set[1]) != 0 && molt__op_drops(op))
            molt__execute_drop_set(m, index, run->source, run->source_stride, n, set);
        else if ((set[0] | set[1]) != 0)
            run_clamped(m, run, index, set);
    }
}

/* The rest of what another thread did. */
static void run_left(MoltMigration *m, const MoltConverter *converter, Run *run, uint64_t n)
{
    const MoltAheadPiece *piece = m->ahead.now;
    for (; m->ahead.replayed < piece->left_count && !m->failed; m->ahead.replayed++) {
        const MoltLeftValue *left = &piece->left[m->ahead.replayed];
        if (left->op >= converter->first + converter->count)
            break;
        run_other(run, left->op - converter->first, left->i);
    }
    run_lost(m, converter, run, n, piece->lost + (uint64_t)m->ahead.notes * MOLT__LOST_WORDS);
    m->ahead.notes += converter->notes;
}

/* Where the values go that operations of the converter may take away: to the columns of the attic, where some
 * are being filled. */
static void aim_columns(MoltMigration *m, const MoltConverter *converter, MoltConverterBatch *batch)
{
    uint32_t index = converter->first, notes = 0;
    for (; m->attic.drafts && notes < converter->notes; index += 1 + m->plan->ops[index].body) {
        const MoltOp *op = &m->plan->ops[index];
        if (!molt__converter_notes(m->plan, index))
            continue;
        uint64_t kept = op->code == MOLT__OP_DROP_BYTES ? op->size : op->forms[0].size;
        uint64_t left = op->code == MOLT__OP_NUMBER ? op->forms[1].size : 0;
        if (kept == 1 || kept == 2 || kept == 4 || kept == 8)
            molt__attic_draft_column(m, op, kept, left, batch->n, &batch->kept[notes],
                                     &batch->left[notes]);
        notes++;
    }
}

static void run_converter(MoltMigration *m, const MoltConverter *converter, Run *run, uint64_t n)
{
    run->first = converter->first;
    run->fills = converter->fills;
    if (m->ahead.now) {
        run_left(m, converter, run, n);
        return;
    }
    uint64_t lost[MOLT__LOST_OPS * MOLT__LOST_WORDS];
    memset(lost, 0, converter->notes * MOLT__LOST_WORDS * sizeof *lost);
    MoltConverterBatch batch = molt__converter_batch(m);
    batch.source = run->source;
    batch.destination = run->destination;
    batch.source_stride = run->source_stride;
    batch.destination_stride = run->destination_stride;
    batch.n = n;
    batch.lost = lost;
    batch.context = run;
    batch.other = run_other;
    unsigned char unread[MOLT__BATCH * sizeof(uint64_t)];
    molt__converter_forget(&batch, unread);
    aim_columns(m, converter, &batch);
    converter->run(&batch);
    run_lost(m, converter, run, n, lost);
    m->integers_near = m->integers_near || batch.near != 0;
    m->report->pointers_changed += batch.changed;
}

void molt__convert(MoltMigration *m, uint32_t converter, uint32_t first, uint32_t count,
                   unsigned char *source, uint64_t source_stride, unsigned char *destination,
                   uint64_t destination_stride, uint64_t n)
{
    const MoltPlan *plan = m->plan;
    Run run = {m, 0, false, source, destination, source_stride, destination_stride};
    uint32_t index = first, end = first + count;
    while (index < end && !m->failed) {
        bool more = converter < plan->converter_count && m->aims;
        const MoltConverter *next = more ? &plan->converters[converter] : NULL;
        if (next && next->first == index) {
            run_converter(m, next, &run, n);
            index += next->count;
            converter++;
            continue;
        }
        uint32_t stop = next && next->first > index && next->first < end ? next->first : end;
        molt__execute(m, index, stop - index, source, source_stride, destination, destination_stride,
                      n);
        index = stop;
    }
}
