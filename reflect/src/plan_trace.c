#include "plan_trace.h"

#include <string.h>

#include "plan_past.h"

static uint32_t *lines_of(const MoltPlan *plan, MoltSide side)
{
    return plan->trace ? plan->trace->sides[side].lines : NULL;
}

uint32_t molt__trace_type(const MoltPlan *plan, MoltSide side, MoltTypeId type)
{
    const uint32_t *lines = lines_of(plan, side);
    return lines ? lines[type] : 0;
}

uint32_t molt__trace_field(const MoltPlan *plan, MoltSide side, uint32_t field)
{
    const uint32_t *lines = lines_of(plan, side);
    return lines ? lines[molt__trace_schema(plan, side)->tables.type_count + field] : 0;
}

uint32_t molt__trace_enumerator(const MoltPlan *plan, MoltSide side, uint32_t enumerator)
{
    const uint32_t *lines = lines_of(plan, side);
    const MoltTables *tables = &molt__trace_schema(plan, side)->tables;
    return lines ? lines[tables->type_count + tables->field_count + enumerator] : 0;
}

const char *molt__trace_moved(const MoltPlan *plan, MoltSide side, uint32_t field)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    const MoltField *f = &schema->tables.fields[field];
    if (plan->trace) {
        uint32_t path = plan->trace->sides[side].paths[field];
        return path > 0 ? plan->trace->text + path - 1 : NULL;
    }
    const MoltNote *note = molt_schema_note(schema, f->note_first, f->note_count, MOLT_NOTE_MOVED);
    return note ? molt_string(schema, note->text) : NULL;
}

bool molt__trace_moves(const MoltPlan *plan, MoltSide side)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    for (uint32_t f = 0; f < schema->tables.field_count; f++) {
        if (molt__trace_moved(plan, side, f))
            return true;
    }
    return false;
}

bool molt__trace_waited(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    uint32_t was = before != MOLT__NO_FIELD ? molt__trace_field(plan, MOLT__OLD, before) : 0;
    uint32_t is = after != MOLT__NO_FIELD ? molt__trace_field(plan, MOLT__NEW, after) : 0;
    return plan->trace && !plan->lenient &&
           (molt__version_waited(plan->from, plan->to, was) ||
            molt__version_waited(plan->from, plan->to, is));
}

MoltTypeId molt__trace_noted_index(const MoltSchema *schema, const MoltField *field)
{
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_INDEX);
    MoltTypeId type =
        note ? molt_schema_find(schema, molt_string(schema, note->text)) : MOLT_NO_TYPE;
    return type != MOLT_NO_TYPE && molt_type(schema, type)->kind == MOLT_KIND_ENUM ? type
                                                                                   : MOLT_NO_TYPE;
}

MoltTypeId molt__trace_index(const MoltPlan *plan, MoltSide side, uint32_t field)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    const MoltVersion *version = side == MOLT__OLD ? plan->from : plan->to;
    MoltTypeId noted = molt__trace_noted_index(schema, &schema->tables.fields[field]);
    if (noted != MOLT_NO_TYPE || !plan->trace)
        return noted;
    uint32_t by = molt__version_index(version, molt__trace_field(plan, side, field));
    uint32_t type = molt__version_find(lines_of(plan, side), schema->tables.type_count, by);
    return type != UINT32_MAX && molt_type(schema, type)->kind == MOLT_KIND_ENUM ? type
                                                                                 : MOLT_NO_TYPE;
}

/* ---- between known versions ----------------------------------------------------------------- */

/* The type of a version that a type of an equal schema, which may have another order, is. */
static MoltTypeId type_in(const MoltVersion *version, const MoltSchema *schema, MoltTypeId type)
{
    const char *name = molt_type_name(schema, type);
    MoltTypeId found = type;
    if (type >= version->schema->tables.type_count ||
        strcmp(molt_type_name(version->schema, type), name) != 0)
        found = molt_schema_find(version->schema, name);
    bool same = found != MOLT_NO_TYPE &&
                molt_type(version->schema, found)->kind == molt_type(schema, type)->kind &&
                molt_type(version->schema, found)->count == molt_type(schema, type)->count;
    return same ? found : MOLT_NO_TYPE;
}

void molt__trace_fill(const MoltSchema *schema, const MoltVersion *version, uint32_t *lines)
{
    uint32_t *fields = lines + schema->tables.type_count;
    uint32_t *enumerators = fields + schema->tables.field_count;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        MoltTypeId known = type_in(version, schema, t);
        if (known == MOLT_NO_TYPE)
            continue;
        uint32_t first = molt_type(version->schema, known)->first;
        bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
        lines[t] = *molt__version_type(version, known);
        for (uint32_t m = 0; record && m < type->count; m++)
            fields[type->first + m] = *molt__version_field(version, first + m);
        for (uint32_t m = 0; type->kind == MOLT_KIND_ENUM && m < type->count; m++)
            enumerators[type->first + m] = *molt__version_enumerator(version, first + m);
    }
}

static bool add_path(MoltPlan *plan, uint32_t *path, const char *text)
{
    MoltTrace *trace = plan->trace;
    uint32_t size = (uint32_t)strlen(text) + 1;
    if (!molt__plan_grow(plan, (void **)&trace->text, &trace->text_slots, trace->text_size, size,
                         1))
        return false;
    memcpy(trace->text + trace->text_size, text, size);
    *path = trace->text_size + 1;
    trace->text_size += size;
    return true;
}

static void fill_side(MoltPlan *plan, MoltSide side)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    const MoltVersion *own = side == MOLT__OLD ? plan->from : plan->to;
    const MoltVersion *other = side == MOLT__OLD ? plan->to : plan->from;
    MoltTraceSide *trace = &plan->trace->sides[side];
    size_t lines = molt__trace_line_count(schema) * sizeof *trace->lines;
    size_t paths = ((size_t)schema->tables.field_count + 1) * sizeof *trace->paths;
    trace->lines = plan->allocator.resize(plan->allocator.context, NULL, 0, lines);
    trace->paths = plan->allocator.resize(plan->allocator.context, NULL, 0, paths);
    if (!trace->lines || !trace->paths) {
        plan->failed = true;
        return;
    }
    memset(trace->lines, 0, lines);
    memset(trace->paths, 0, paths);
    molt__trace_fill(schema, own, trace->lines);
    /* what is undone was moved on the old side's way, what is done again on the new one's */
    if (side == MOLT__OLD ? plan->redoes : plan->undoes)
        return;
    for (uint32_t f = 0; f < schema->tables.field_count && !plan->failed; f++) {
        char path[MOLT__PATH_SIZE];
        uint32_t line = trace->lines[schema->tables.type_count + f];
        uint32_t fields = other->schema->tables.field_count;
        if (molt__version_has_birth(own, line) &&
            molt__version_find(molt__version_field(other, 0), fields, line) == UINT32_MAX &&
            molt__version_path(own, line, other, path))
            add_path(plan, &trace->paths[f], path);
    }
}

bool molt__trace_begin(MoltPlan *plan)
{
    if (!plan->from || !plan->to || plan->from == plan->to)
        return molt__past_begin(plan);
    plan->undoes = molt__version_descends(plan->from, plan->to);
    plan->redoes = molt__version_descends(plan->to, plan->from);
    plan->trace = plan->allocator.resize(plan->allocator.context, NULL, 0, sizeof *plan->trace);
    if (!plan->trace) {
        plan->failed = true;
        return false;
    }
    *plan->trace = (MoltTrace){0};
    fill_side(plan, MOLT__OLD);
    fill_side(plan, MOLT__NEW);
    return !plan->failed;
}

void molt__trace_free(MoltPlan *plan)
{
    const MoltAllocator *allocator = &plan->allocator;
    for (int s = 0; plan->trace && s < 2; s++) {
        const MoltSchema *schema = molt__trace_schema(plan, (MoltSide)s);
        MoltTraceSide *side = &plan->trace->sides[s];
        if (side->lines)
            allocator->resize(allocator->context, side->lines,
                              molt__trace_line_count(schema) * sizeof *side->lines, 0);
        if (side->paths)
            allocator->resize(allocator->context, side->paths,
                              ((size_t)schema->tables.field_count + 1) * sizeof *side->paths, 0);
    }
    if (plan->trace && plan->trace->text)
        allocator->resize(allocator->context, plan->trace->text, plan->trace->text_slots, 0);
    if (plan->trace)
        allocator->resize(allocator->context, plan->trace, sizeof *plan->trace, 0);
    plan->trace = NULL;
    molt__past_free(plan);
    molt__version_drop(plan->from);
    molt__version_drop(plan->to);
    plan->from = plan->to = NULL;
}
