/* Globals in a migration: the mirror is the object that the plan converts. What differs from other
 * objects is that each of its fields is a variable with a life of its own. A variable that the game
 * never set takes what the new library starts with, so that an edited initialiser counts; operations
 * on such a field do not run, and nothing about its value is lost or refused. */
#include <string.h>

#include "attic_hook.h"
#include "byte_runs.h"
#include "globals_map.h"
#include "globals_start.h"
#include "migration.h"

static const MoltField *old_field(const MoltMigration *m, uint32_t index)
{
    const MoltSchema *schema = m->plan->before;
    return &schema->tables.fields[molt_type(schema, m->globals.before)->first + index];
}

static const MoltField *new_field(const MoltMigration *m, uint32_t index)
{
    const MoltSchema *schema = m->plan->after;
    return &schema->tables.fields[molt_type(schema, m->globals.after)->first + index];
}

static uint64_t size_of(const MoltSchema *schema, const MoltField *field)
{
    return molt_type(schema, field->type)->size;
}

/* ---- setting up ----------------------------------------------------------------------------- */

static void match_fields(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    const MoltPair *pair = molt__plan_find_pair(m->plan, work->before, work->after);
    for (uint32_t g = 0; g < work->new_count; g++) {
        uint32_t from = g; /* the same type: the same fields */
        if (pair) {
            from = m->plan->matches[pair->match + g];
            if (from != MOLT__NO_FIELD)
                from -= molt_type(m->plan->before, work->before)->first;
        }
        work->from[g] = from;
    }
}

static void find_set(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    const MoltGlobals *old = m->heap->globals;
    for (uint32_t g = 0; g < work->old_count; g++) {
        uint64_t at = old_field(m, g)->bit_offset / 8;
        uint64_t size = size_of(m->plan->before, old_field(m, g));
        work->set[g] = old->held[g] ||
                       (old->places[g] && memcmp(work->mirror + at, old->initial + at, size) != 0);
    }
}

bool molt__migrate_globals_make(MoltMigration *m, MoltGlobals *next)
{
    MoltGlobalsWork *work = &m->globals;
    work->running = MOLT__NO_FIELD;
    work->mirror = molt__globals_mirror(m->heap);
    if (!next || !work->mirror)
        return true;
    molt_heap_gather_globals(m->heap);
    work->before = m->heap->globals->type;
    work->after = next->type;
    work->old_count = m->heap->globals->count;
    work->new_count = next->count;
    work->set = molt__migration_table(m, work->old_count + 1, sizeof *work->set);
    work->from = molt__migration_table(m, work->new_count + 1, sizeof *work->from);
    work->written = molt__migration_table(m, work->new_count + 1, sizeof *work->written);
    if (m->failed)
        return false;
    work->next = next;
    match_fields(m);
    find_set(m);
    return true;
}

void molt__migrate_globals_bound(const MoltMigration *m, uintptr_t *begin, uintptr_t *end)
{
    const MoltGlobals *globals = m->heap->globals;
    for (uint32_t p = 0; m->globals.next && p < globals->placed; p++) {
        uint32_t field = globals->by_address[p];
        uintptr_t place = (uintptr_t)globals->places[field];
        uintptr_t past = place + size_of(m->plan->before, old_field(m, field)) + 1;
        *begin = place < *begin ? place : *begin;
        *end = past > *end ? past : *end;
    }
}

void molt__migrate_globals_free(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    molt__migration_free(m, work->set, work->old_count + 1, sizeof *work->set);
    molt__migration_free(m, work->from, work->new_count + 1, sizeof *work->from);
    molt__migration_free(m, work->written, work->new_count + 1, sizeof *work->written);
    molt__hook_variables_free(m);
}

bool molt__migrate_globals_is(const MoltMigration *m, const MoltSpan *span)
{
    return m->globals.next && span->type == m->globals.before;
}

/* ---- running -------------------------------------------------------------------------------- */

/* Operations of the outermost level, each with its body as one. */
static uint32_t next_op(const MoltMigration *m, uint32_t op)
{
    return op + 1 + m->plan->ops[op].body;
}

static bool is_composite(const MoltOp *op)
{
    return op->code == MOLT__OP_UNION || op->code == MOLT__OP_BOX || op->code == MOLT__OP_EMBED;
}

/* Whether it takes its value from the old object; *at is where. A loop over elements that an array
 * gains writes constants alone. */
static bool reads(const MoltMigration *m, uint32_t index, uint64_t *at)
{
    const MoltOp *ops = m->plan->ops, *op = &ops[index];
    uint32_t end = next_op(m, index);
    *at = op->source + (is_composite(op) ? op->tag : 0);
    while (op->code == MOLT__OP_LOOP || op->code == MOLT__OP_CONSTANT ||
           op->code == MOLT__OP_CONSTANT_BITS || op->code == MOLT__OP_CONSTANT_STRING ||
           op->code == MOLT__OP_TAG) {
        if (++index >= end)
            return false;
        op = &ops[index];
    }
    return true;
}

/* Whether it gives the new object a value; *at is where. A union and what is embedded write where the
 * first operation of their body does. */
static bool writes(const MoltMigration *m, uint32_t index, uint64_t *at)
{
    const MoltOp *ops = m->plan->ops, *op = &ops[index];
    uint32_t end = next_op(m, index);
    *at = op->destination;
    while ((op->code == MOLT__OP_UNION || op->code == MOLT__OP_EMBED || op->code == MOLT__OP_ARM ||
            op->code == MOLT__OP_DROP_BYTES || op->code == MOLT__OP_DROP_NUMBER ||
            op->code == MOLT__OP_REFUSE) &&
           ++index < end) {
        op = &ops[index];
        *at += op->destination;
    }
    return index < end && op->code != MOLT__OP_DROP_BYTES && op->code != MOLT__OP_DROP_NUMBER &&
           op->code != MOLT__OP_REFUSE;
}

static bool reads_set(const MoltMigration *m, uint64_t at, uint32_t *field)
{
    *field = molt__globals_over(m->plan->before, m->globals.before, at);
    return *field == MOLT__NO_FIELD || m->globals.set[*field];
}

static void start_parts(const MoltMigration *m, uint32_t from, uint32_t to, unsigned char *object,
                        bool empty)
{
    const MoltGlobalsWork *work = &m->globals;
    uint64_t at = new_field(m, to)->bit_offset / 8;
    molt__globals_start_parts(m->plan, molt_type(m->plan->before, work->before)->first + from,
                              molt_type(m->plan->after, work->after)->first + to,
                              work->next->initial + at, object + at, empty);
}

/* What gets a value begins as zeroes, which operations rely on; what it has more than the old variable
 * begins as in the new library. */
static void clear_written(MoltMigration *m, const MoltTypePlan *type, unsigned char *next)
{
    MoltGlobalsWork *work = &m->globals;
    for (uint32_t o = type->first_op; o < type->first_op + type->op_count; o = next_op(m, o)) {
        uint64_t source, destination;
        uint32_t from, to;
        if (!writes(m, o, &destination) || !reads(m, o, &source) || !reads_set(m, source, &from))
            continue;
        to = molt__globals_over(m->plan->after, work->after, destination);
        if (to == MOLT__NO_FIELD || work->written[to])
            continue;
        work->written[to] = true;
        memset(next + new_field(m, to)->bit_offset / 8, 0,
               size_of(m->plan->after, new_field(m, to)));
        if (work->from[to] != MOLT__NO_FIELD)
            start_parts(m, work->from[to], to, next, false);
    }
}

static bool must_run(MoltMigration *m, uint32_t index)
{
    MoltGlobalsWork *work = &m->globals;
    uint64_t source;
    uint32_t to;
    if (reads(m, index, &source))
        return reads_set(m, source, &work->running);
    to = molt__globals_over(m->plan->after, work->after, m->plan->ops[index].destination);
    work->running = to != MOLT__NO_FIELD ? work->from[to] : MOLT__NO_FIELD;
    return to != MOLT__NO_FIELD && work->written[to];
}

void molt__migrate_globals_run(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    MoltGlobalsWork *work = &m->globals;
    const MoltTypePlan *type = &m->plan->types[span->type];
    uint32_t block = (uint32_t)(((uintptr_t)work->mirror - span->base) / span->stride);
    unsigned char *next = m->scanning ? work->mirror : molt__span_block(moved, block);
    bool surveys = m->owned.surveying;
    uint32_t first = m->scanning ? type->first_scan : type->first_op;
    uint32_t count = m->scanning ? type->scan_count : type->op_count;
    m->batch_span = span;
    m->batch_block = block;
    m->batch_element = 0;
    m->batch_of_blocks = true;
    if (!m->scanning) {
        memcpy(next, work->next->initial, moved->elem_size);
        memset(work->written, 0, (work->new_count + 1) * sizeof *work->written);
        clear_written(m, type, next);
    }
    for (uint32_t o = first; o < first + count && !m->failed; o = next_op(m, o)) {
        if (must_run(m, o))
            molt__execute(m, o, next_op(m, o) - o, work->mirror, 0, next, 0, 1);
    }
    work->running = MOLT__NO_FIELD;
    if (!m->scanning && !surveys)
        molt__attic_mark_leaving(m, span->type, 1);
    if (!surveys)
        molt__attic_flush(m, 0, 1);
    if (!m->scanning && !surveys) {
        m->report->objects_migrated += work->old_count > 0 || work->new_count > 0;
        m->report->bytes_before += span->elem_size;
        m->report->bytes_after += moved->elem_size;
    }
    m->object += !surveys;
    m->batch_span = surveys ? NULL : span;
}

bool molt__migrate_globals_survey(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    if (!molt__migrate_globals_is(m, span))
        return false;
    molt__migrate_globals_run(m, span, moved);
    return true;
}

void molt__migrate_globals_defaults(const MoltMigration *m, MoltTypeId before,
                                    unsigned char *defaults)
{
    const MoltGlobalsWork *work = &m->globals;
    for (uint32_t g = 0; work->next && before == work->before && g < work->new_count; g++) {
        uint64_t at = new_field(m, g)->bit_offset / 8;
        if (work->from[g] == MOLT__NO_FIELD)
            memcpy(defaults + at, work->next->initial + at,
                   size_of(m->plan->after, new_field(m, g)));
        else
            start_parts(m, work->from[g], g, defaults, true);
    }
}

const unsigned char *molt__migrate_globals_initial(const MoltMigration *m,
                                                   const unsigned char *from)
{
    const MoltGlobalsWork *work = &m->globals;
    uint64_t offset = (uint64_t)((uintptr_t)from - (uintptr_t)work->mirror);
    if (!work->next || (uintptr_t)from < (uintptr_t)work->mirror ||
        offset >= molt_type(m->plan->before, work->before)->size)
        return NULL;
    uint32_t field = molt__globals_over(m->plan->before, work->before, offset);
    return field != MOLT__NO_FIELD && m->heap->globals->places[field]
               ? m->heap->globals->initial + offset
               : NULL;
}

static uint32_t to_of(const MoltMigration *m, uint32_t from)
{
    for (uint32_t g = 0; g < m->globals.new_count; g++) {
        if (m->globals.from[g] == from)
            return g;
    }
    return MOLT__NO_FIELD;
}

const unsigned char *molt__migrate_globals_beginning(const MoltMigration *m,
                                                     const unsigned char *value)
{
    const MoltGlobalsWork *work = &m->globals;
    if (!work->next || work->running == MOLT__NO_FIELD || m->mode != MOLT__RUN_STATE ||
        to_of(m, work->running) != MOLT__NO_FIELD)
        return NULL;
    uint64_t at = (uint64_t)(value - work->mirror);
    return m->heap->globals->initial + at;
}

/* A variable that follows its edited initialiser deserves a line. */
void molt__migrate_globals_report(MoltMigration *m)
{
    const MoltGlobalsWork *work = &m->globals;
    for (uint32_t g = 0; work->next && g < work->new_count; g++) {
        uint32_t from = work->from[g];
        if (from == MOLT__NO_FIELD || work->set[from])
            continue;
        const MoltField *was = old_field(m, from), *is = new_field(m, g);
        if (m->plan->types[was->type].after != is->type ||
            m->plan->types[was->type].fate != MOLT_FATE_SAME ||
            molt__plan_has_pointers(m->plan->after, is->type) || !m->heap->globals->places[from] ||
            !work->next->places[g])
            continue;
        if (memcmp(m->heap->globals->initial + was->bit_offset / 8,
                   work->next->initial + is->bit_offset / 8, size_of(m->plan->after, is)) == 0)
            continue;
        char declaration[512];
        molt_schema_declare(m->plan->after, is, declaration, sizeof declaration);
        molt_report_add(m->report, &(MoltFinding){.severity = MOLT_INFO,
                                                  .rule = MOLT_RULE_INITIALISER_TAKEN,
                                                  .path = molt_string(m->plan->after, is->name),
                                                  .before = declaration,
                                                  .after = declaration,
                                                  .objects = 1});
    }
}

const char *molt__migrate_globals_name(const MoltMigration *m)
{
    return m->globals.running != MOLT__NO_FIELD
               ? molt_string(m->plan->before, old_field(m, m->globals.running)->name)
               : NULL;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* A struct in bytes that the game cuts up itself: nothing converts it or follows its pointers, so it may
 * stay only while neither is needed. */
static bool is_cut_up(const MoltMigration *m, MoltTypeId type, MoltTypeId pointee)
{
    const MoltSchema *schema = m->plan->before;
    uint16_t kind = molt_type(schema, pointee)->kind;
    while (molt_kind_is_sequence(molt_type(schema, type)->kind))
        type = molt_type(schema, type)->elem;
    return molt_type(schema, type)->kind == MOLT_KIND_INT &&
           (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION) &&
           m->plan->types[pointee].fate != MOLT_FATE_SAME;
}

void molt__migrate_globals_aim(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    if (!work->next)
        return;
    uint32_t s =
        m->heap->granules[((uintptr_t)work->mirror - m->heap->base) >> MOLT__GRANULE_SHIFT] - 1;
    const MoltSpan *span = &m->heap->spans[s], *moved = &m->spans[s];
    uint32_t block = (uint32_t)(((uintptr_t)work->mirror - span->base) / span->stride);
    work->aim = (uintptr_t)molt__span_block(moved->bytes > 0 ? moved : span, block);
    work->aim_size = molt_type(m->plan->after, work->after)->size;
}

uintptr_t molt__migrate_globals_image(const MoltMigration *m, uintptr_t address)
{
    const MoltGlobalsWork *work = &m->globals;
    if (!work->next || address - work->aim >= work->aim_size)
        return address;
    uint32_t to = molt__globals_over(m->plan->after, work->after, address - work->aim);
    if (to == MOLT__NO_FIELD || !work->next->places[to])
        return 0;
    return (uintptr_t)work->next->places[to] + (address - work->aim) -
           new_field(m, to)->bit_offset / 8;
}

/* An array of bytes may get another length: its bytes are as before. */
static bool laid_out_alike(const MoltMigration *m, MoltTypeId before, MoltTypeId after)
{
    const MoltSchema *old = m->plan->before, *new = m->plan->after;
    const MoltTypePlan *type = &m->plan->types[before];
    return (type->fate == MOLT_FATE_SAME && type->after == after) ||
           (molt__is_bytes(old, before) && molt__is_bytes(new, after));
}

const char *molt__migrate_globals_follow(const MoltMigration *m, uintptr_t value, uintptr_t *out)
{
    const MoltGlobalsWork *work = &m->globals;
    uint32_t from;
    uint64_t offset;
    *out = 0;
    if (!work->next || !molt__globals_find(m->heap->globals, value, MOLT_NO_TYPE, &from, &offset))
        return NULL;
    uint32_t to = to_of(m, from);
    if (to != MOLT__NO_FIELD && work->next->places[to] &&
        laid_out_alike(m, old_field(m, from)->type, new_field(m, to)->type) &&
        offset <= size_of(m->plan->after, new_field(m, to)))
        *out = (uintptr_t)work->next->places[to] + offset;
    return molt_string(m->plan->before, old_field(m, from)->name);
}

static uintptr_t lost(MoltMigration *m, const MoltOp *op, uint64_t i, uint32_t from)
{
    molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i,
                "&%s, which the new library does not have,",
                molt_string(m->plan->before, old_field(m, from)->name));
    return 0;
}

bool molt__migrate_globals_relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                                    uintptr_t *out)
{
    const MoltGlobalsWork *work = &m->globals;
    uint32_t from;
    uint64_t offset;
    if (!work->next || !molt__globals_find(m->heap->globals, value, op->before, &from, &offset))
        return false;
    const MoltField *was = old_field(m, from);
    const MoltType *type = molt_type(m->plan->before, was->type);
    uint32_t to = to_of(m, from);
    MoltOp exact = *op;
    if (!op->pointee_ok && molt_type(m->plan->before, op->before)->kind == MOLT_KIND_VOID &&
        offset == 0 && m->plan->types[was->type].after == op->after)
        exact.pointee_ok = true;
    if (is_cut_up(m, was->type, op->before)) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i, "a %s in the %s %s",
                    molt_type_name(m->plan->before, op->before),
                    molt_type_name(m->plan->before, was->type),
                    molt_string(m->plan->before, was->name));
        *out = 0;
        return true;
    }
    if (to == MOLT__NO_FIELD || !work->next->places[to]) {
        *out = lost(m, op, i, from);
        return true;
    }
    bool end = offset == type->size && type->kind != MOLT_KIND_ARRAY;
    uintptr_t mirror = (uintptr_t)work->mirror + was->bit_offset / 8 + (end ? 0 : offset);
    uintptr_t moved = molt__relocate_mirrored(m, &exact, mirror, i);
    *out = moved != 0 ? molt__migrate_globals_image(m, moved) : 0;
    if (*out != 0 && end)
        *out += size_of(m->plan->after, new_field(m, to));
    if (moved != 0 && *out == 0)
        *out = lost(m, op, i, from);
    if (offset == type->size)
        molt__attic_mark(m, op, i); /* another variable may begin there in the new library */
    return true;
}

/* ---- the swap ------------------------------------------------------------------------------- */

void molt__migrate_globals_start_unset(const MoltMigration *m, unsigned char *mirror)
{
    const MoltGlobalsWork *work = &m->globals;
    if (m->plan->types[work->before].fate != MOLT_FATE_SAME)
        return; /* it was made anew */
    for (uint32_t g = 0; g < work->new_count; g++) {
        uint32_t from = work->from[g];
        uint64_t at = new_field(m, g)->bit_offset / 8;
        if (from == MOLT__NO_FIELD || !work->set[from])
            memcpy(mirror + at, work->next->initial + at, size_of(m->plan->after, new_field(m, g)));
    }
}

void molt__migrate_globals_switch(MoltMigration *m)
{
    const MoltGlobalsWork *work = &m->globals;
    if (!work->next)
        return;
    m->heap->globals = work->next;
    unsigned char *mirror = molt__globals_mirror(m->heap);
    if (!work->hooked)
        molt__migrate_globals_start_unset(m, mirror);
    for (uint32_t g = 0; g < work->new_count; g++) {
        uint32_t from = work->from[g];
        uint64_t at = new_field(m, g)->bit_offset / 8;
        uint64_t size = size_of(m->plan->after, new_field(m, g));
        bool set = (from != MOLT__NO_FIELD && work->set[from]) || (work->hooked && work->hooked[g]);
        work->next->held[g] = set && (!work->next->places[g] ||
                                      memcmp(mirror + at, work->next->initial + at, size) == 0);
    }
}
