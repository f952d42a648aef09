#include "mapping.h"

#include <stdlib.h>
#include <string.h>

const char *molt__move_word(MoltMove move)
{
    static const char *const words[] = {
        [MOLT__MOVE_NONE] = "same",           [MOLT__MOVE_OFFSET] = "moved",
        [MOLT__MOVE_CONVERTED] = "converted", [MOLT__MOVE_RENAMED] = "renamed",
        [MOLT__MOVE_ADDED] = "added",         [MOLT__MOVE_DROPPED] = "dropped",
    };
    return words[move];
}

/* ---- moves of the plan ---------------------------------------------------------------------------- */

/* One of them, in bits from the start of the outermost structs. */
typedef struct Flow {
    MoltSpot from;
    uint64_t to;
    MoltPlanMove move;
} Flow;

typedef struct Mapper {
    MoltMapping *mapping;
    const MoltPlan *plan;
    const MoltSchema *from, *to;
    Flow *flows;
    uint32_t flow_count, flow_slots;
    bool failed; /* memory is out */
} Mapper;

static bool is_record(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
}

/* Room for one more item; false, with mapper->failed set, when memory is out. */
static bool grow(Mapper *mapper, void **items, uint32_t *slots, uint32_t count, size_t size)
{
    if (count < *slots) {
        return true;
    }
    uint32_t more = *slots * 2 + 16;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        mapper->failed = true;
        return false;
    }
    *items = grown;
    *slots = more;
    return true;
}

/* Two structs, at bits of the outermost ones, of which one becomes the other. */
typedef struct Pair {
    MoltTypeId before, after;
    uint64_t from, to;
} Pair;

static void collect(Mapper *mapper, Pair pair);

static bool is_known(const Mapper *mapper, uint64_t from, uint64_t to, const MoltPlanMove *move)
{
    for (uint32_t i = 0; i < mapper->flow_count; i++) {
        const Flow *flow = &mapper->flows[i];
        if (flow->from.bit_offset == from && flow->to == to &&
            flow->move.type_before == move->type_before &&
            flow->move.field_after == move->field_after && flow->move.apart == move->apart) {
            return true;
        }
    }
    return false;
}

static void add_flow(Mapper *mapper, Pair pair, const MoltPlanMove *move)
{
    Flow flow = {.to = move->apart ? move->destination : pair.to + move->destination,
                 .move = *move};
    uint64_t from = pair.from + move->source;
    if (is_known(mapper, from, flow.to, move) ||
        !molt__spot_find(mapper->from, mapper->mapping->before.type, from, move->field_before,
                         move->type_before, &flow.from) ||
        !grow(mapper, (void **)&mapper->flows, &mapper->flow_slots, mapper->flow_count,
              sizeof flow)) {
        return;
    }
    mapper->flows[mapper->flow_count++] = flow;
    if (!move->apart) {
        collect(mapper, (Pair){move->type_before, move->type_after, from, flow.to});
    }
}

static void collect_elements(Mapper *mapper, Pair pair)
{
    const MoltType *was = molt_type(mapper->from, pair.before),
                   *is = molt_type(mapper->to, pair.after);
    uint64_t count = was->length < is->length ? was->length : is->length;
    uint64_t old_bits = 8 * molt_type(mapper->from, was->elem)->size;
    uint64_t new_bits = 8 * molt_type(mapper->to, is->elem)->size;
    for (uint64_t i = 0; i < count && !mapper->failed; i++) {
        uint32_t known = mapper->flow_count;
        collect(mapper,
                (Pair){was->elem, is->elem, pair.from + i * old_bits, pair.to + i * new_bits});
        if (mapper->flow_count == known) { /* all elements are alike */
            return;
        }
    }
}

/* The moves within the pair and within what it holds. */
static void collect(Mapper *mapper, Pair pair)
{
    const MoltType *was = molt_type(mapper->from, pair.before),
                   *is = molt_type(mapper->to, pair.after);
    MoltPlanMove move;
    if (was->kind == MOLT_KIND_ARRAY && is->kind == MOLT_KIND_ARRAY) {
        collect_elements(mapper, pair);
    }
    if (!is_record(was) || !is_record(is)) {
        return;
    }
    for (uint32_t i = 0; molt_plan_move(mapper->plan, i, &move) && !mapper->failed; i++) {
        if (move.before == pair.before && move.after == pair.after) {
            add_flow(mapper, pair, &move);
        }
    }
    for (uint32_t f = is->first; f < is->first + is->count && !mapper->failed; f++) {
        uint32_t source = molt_plan_source(mapper->plan, pair.before, pair.after, f);
        if (source != MOLT__HOLE) {
            const MoltField *old = &mapper->from->tables.fields[source];
            const MoltField *new = &mapper->to->tables.fields[f];
            collect(mapper, (Pair){old->type, new->type, pair.from + old->bit_offset,
                                   pair.to + new->bit_offset});
        }
    }
}

/* ---- rows ------------------------------------------------------------------------------------------ */

static MoltMove move_of(const Mapper *mapper, const MoltSpot *before, const MoltSpot *after,
                        bool moved)
{
    char old[400], new[400];
    const MoltSchema *from = mapper->from, *to = mapper->to;
    const MoltField *source = &from->tables.fields[before->field];
    const MoltField *target = &to->tables.fields[after->field];
    molt_schema_declare(from, source, old, sizeof old);
    molt_schema_declare(to, target, new, sizeof new);
    bool renamed = strcmp(molt_string(from, source->name), molt_string(to, target->name)) != 0;
    bool whole = before->elements == 0 && after->elements == 0;
    bool retyped = molt_type(from, before->type)->hash != molt_type(to, after->type)->hash ||
                   before->bit_size != after->bit_size;
    if (retyped || (whole && !renamed && strcmp(old, new) != 0)) {
        return MOLT__MOVE_CONVERTED;
    }
    if (renamed && !moved) {
        return MOLT__MOVE_RENAMED;
    }
    return moved || before->bit_offset != after->bit_offset ? MOLT__MOVE_OFFSET : MOLT__MOVE_NONE;
}

static void add_row(Mapper *mapper, const MoltSpot *before, const MoltSpot *after, MoltMove move)
{
    MoltMapping *mapping = mapper->mapping;
    if (!grow(mapper, (void **)&mapping->rows, &mapping->row_slots, mapping->row_count,
              sizeof *mapping->rows)) {
        return;
    }
    MoltMapped row = {.was = before != NULL, .is = after != NULL, .move = move};
    if (before != NULL) {
        row.before = *before;
    }
    if (after != NULL) {
        row.after = *after;
    }
    mapping->rows[mapping->row_count++] = row;
}

static const Flow *flow_to(const Mapper *mapper, const MoltSpot *spot)
{
    for (uint32_t i = 0; i < mapper->flow_count; i++) {
        const Flow *flow = &mapper->flows[i];
        uint32_t field = flow->move.field_after;
        bool is_it = field != MOLT__HOLE
                         ? spot->elements == 0 && spot->field == field
                         : spot->elements == 1 && spot->type == flow->move.type_after;
        if (is_it && flow->to == spot->bit_offset && !flow->move.apart) {
            return flow;
        }
    }
    return NULL;
}

/* A value goes into a part of the place, beside `own`. */
static bool gets_parts(const Mapper *mapper, const Flow *own, const MoltSpot *after)
{
    for (uint32_t i = 0; i < mapper->flow_count; i++) {
        const Flow *flow = &mapper->flows[i];
        if (flow != own && !flow->move.apart && flow->to >= after->bit_offset &&
            flow->to - after->bit_offset < after->bit_size) {
            return true;
        }
    }
    return false;
}

/* A value goes out of the place (NULL: there is none), or out of a part of it. */
static bool gives(const Mapper *mapper, const MoltSpot *before, bool only_parts)
{
    for (uint32_t i = 0; before != NULL && i < mapper->flow_count; i++) {
        const MoltSpot *from = &mapper->flows[i].from;
        if (from->bit_offset >= before->bit_offset &&
            from->bit_offset + from->bit_size <= before->bit_offset + before->bit_size &&
            strlen(from->path) >= strlen(before->path) + (only_parts ? 1 : 0)) {
            return true;
        }
    }
    return false;
}

static void map_spot(Mapper *mapper, const MoltSpot *before, const MoltSpot *after);

static void map_members(Mapper *mapper, const MoltSpot *before, const MoltSpot *after)
{
    const MoltType *is = molt_type(mapper->to, after->type);
    for (uint32_t f = is->first; f < is->first + is->count && !mapper->failed; f++) {
        MoltSpot target = molt__spot_member(mapper->to, after, f), source;
        uint32_t own = MOLT__HOLE;
        if (before != NULL) {
            own = molt_plan_source(mapper->plan, before->type, after->type, f);
        }
        if (own != MOLT__HOLE) {
            source = molt__spot_member(mapper->from, before, own);
        }
        map_spot(mapper, own != MOLT__HOLE ? &source : NULL, &target);
    }
}

/* Elements of which nothing is to be told apart are one row. */
static void map_elements(Mapper *mapper, const MoltSpot *before, const MoltSpot *after)
{
    uint64_t had = before != NULL ? molt_type(mapper->from, before->type)->length : 0;
    uint64_t has = molt_type(mapper->to, after->type)->length, run = 0;
    for (uint64_t i = 0; i <= has && !mapper->failed; i++) {
        MoltSpot target, source;
        bool end = i == has;
        if (!end) {
            target = molt__spot_elements(mapper->to, after, i, 1);
        }
        if (!end && i < had) {
            source = molt__spot_elements(mapper->from, before, i, 1);
        }
        const MoltSpot *own = i < had && !end ? &source : NULL;
        bool single = !end && (gets_parts(mapper, NULL, &target) || gives(mapper, own, false));
        if ((end || single || i == had) && run < i) {
            MoltSpot to = molt__spot_elements(mapper->to, after, run, i - run);
            MoltSpot from;
            if (run < had) {
                from = molt__spot_elements(mapper->from, before, run, i - run);
            }
            map_spot(mapper, run < had ? &from : NULL, &to);
            run = i;
        }
        if (single) {
            map_spot(mapper, own, &target);
            run = i + 1;
        }
    }
}

/* `before` has what the place has by its own name; NULL: nothing. */
static void map_spot(Mapper *mapper, const MoltSpot *before, const MoltSpot *after)
{
    const MoltType *is = molt_type(mapper->to, after->type);
    const Flow *flow = flow_to(mapper, after);
    if (flow != NULL) {
        before = &flow->from;
    }
    uint16_t was = before != NULL && before->elements < 2
                       ? molt_type(mapper->from, before->type)->kind
                       : MOLT_KIND_VOID;
    bool alike = before == NULL || was == is->kind;
    bool parts = alike && after->elements < 2 &&
                 (gets_parts(mapper, flow, after) || gives(mapper, before, true));
    if (parts && is_record(is)) {
        map_members(mapper, before, after);
    } else if (parts && is->kind == MOLT_KIND_ARRAY) {
        map_elements(mapper, before, after);
    } else if (before != NULL) {
        add_row(mapper, before, after, move_of(mapper, before, after, flow != NULL));
    } else {
        add_row(mapper, NULL, after, MOLT__MOVE_ADDED);
    }
}

/* Where the bits of an old place are among those that the rows have: all, none, or some of them. */
typedef enum Kept { KEPT_NONE, KEPT_SOME, KEPT_ALL } Kept;

static Kept kept_of(const Mapper *mapper, const MoltSpot *spot)
{
    const MoltMapping *mapping = mapper->mapping;
    Kept kept = KEPT_NONE;
    uint64_t end = spot->bit_offset + spot->bit_size;
    for (uint32_t i = 0; i < mapping->row_count; i++) {
        const MoltSpot *row = &mapping->rows[i].before;
        if (!mapping->rows[i].was || mapping->rows[i].move == MOLT__MOVE_DROPPED) {
            continue;
        }
        uint64_t stop = row->bit_offset + row->bit_size;
        if ((row->bit_offset <= spot->bit_offset && stop >= end && spot->bit_size > 0) ||
            strcmp(row->path, spot->path) == 0) {
            return KEPT_ALL;
        }
        if (row->bit_offset < end && stop > spot->bit_offset) {
            kept = KEPT_SOME;
        }
    }
    return kept;
}

static void drop_spot(Mapper *mapper, const MoltSpot *spot);

static void drop_elements(Mapper *mapper, const MoltSpot *spot)
{
    uint64_t length = molt_type(mapper->from, spot->type)->length, run = 0;
    for (uint64_t i = 0; i <= length && !mapper->failed; i++) {
        MoltSpot element;
        Kept kept = KEPT_ALL;
        if (i < length) {
            element = molt__spot_elements(mapper->from, spot, i, 1);
            kept = kept_of(mapper, &element);
        }
        if (kept == KEPT_NONE) {
            continue;
        }
        if (run < i) {
            MoltSpot gone = molt__spot_elements(mapper->from, spot, run, i - run);
            add_row(mapper, &gone, NULL, MOLT__MOVE_DROPPED);
        }
        if (i < length) {
            drop_spot(mapper, &element);
        }
        run = i + 1;
    }
}

/* The rows of what no other row has. */
static void drop_spot(Mapper *mapper, const MoltSpot *spot)
{
    const MoltType *was = molt_type(mapper->from, spot->type);
    Kept kept = kept_of(mapper, spot);
    if (kept == KEPT_SOME && was->kind == MOLT_KIND_ARRAY) {
        drop_elements(mapper, spot);
    } else if (kept == KEPT_SOME && was->kind == MOLT_KIND_STRUCT) {
        for (uint32_t f = was->first; f < was->first + was->count && !mapper->failed; f++) {
            MoltSpot member = molt__spot_member(mapper->from, spot, f);
            drop_spot(mapper, &member);
        }
    } else if (kept == KEPT_NONE) {
        add_row(mapper, spot, NULL, MOLT__MOVE_DROPPED);
    }
}

static void add_apart(Mapper *mapper)
{
    for (uint32_t i = 0; i < mapper->flow_count && !mapper->failed; i++) {
        const Flow *flow = &mapper->flows[i];
        uint32_t field = flow->move.field_after;
        if (!flow->move.apart || field == MOLT__HOLE) {
            continue;
        }
        MoltSpot target = molt__spot_member(mapper->to, NULL, field);
        add_row(mapper, &flow->from, &target, move_of(mapper, &flow->from, &target, true));
        if (!mapper->failed) {
            mapper->mapping->rows[mapper->mapping->row_count - 1].apart = true;
        }
    }
}

static MoltStatus map_rows(MoltMapping *mapping, const MoltPlan *plan, MoltError *error)
{
    const MoltLayout *before = &mapping->before, *after = &mapping->after;
    Mapper mapper = {mapping, plan, before->schema, after->schema, NULL, 0, 0, false};
    collect(&mapper, (Pair){before->type, after->type, 0, 0});
    for (uint32_t i = 0; i < after->row_count && !mapper.failed; i++) {
        if (after->rows[i].field == MOLT__HOLE) {
            continue;
        }
        uint32_t field = after->rows[i].field;
        uint32_t own = molt_plan_source(plan, before->type, after->type, field);
        MoltSpot target = molt__spot_member(after->schema, NULL, field), source;
        if (own != MOLT__HOLE) {
            source = molt__spot_member(before->schema, NULL, own);
        }
        map_spot(&mapper, own != MOLT__HOLE ? &source : NULL, &target);
    }
    add_apart(&mapper);
    for (uint32_t i = 0; i < before->row_count && !mapper.failed; i++) {
        if (before->rows[i].field != MOLT__HOLE) {
            MoltSpot spot = molt__spot_member(before->schema, NULL, before->rows[i].field);
            drop_spot(&mapper, &spot);
        }
    }
    free(mapper.flows);
    return mapper.failed ? molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the mapping")
                         : MOLT_OK;
}

static MoltStatus find_after(MoltMapping *mapping, const MoltPlan *plan, const MoltSchema *after,
                             MoltError *error)
{
    const MoltSchema *before = mapping->before.schema;
    MoltTypeId became = molt_plan_type(plan, mapping->before.type);
    if (became == MOLT_NO_TYPE) {
        return molt_error(error, MOLT_NOT_FOUND,
                          "the second schema has nothing that '%s' became; a struct that was "
                          "renamed says so with MOLT_WAS",
                          molt_type_name(before, mapping->before.type));
    }
    return molt__layout_of(after, molt_type_name(after, became), &mapping->after, error);
}

MoltStatus molt__mapping_of(const MoltSchema *before, const MoltSchema *after, const char *name,
                            MoltMapping *out, MoltError *error)
{
    MoltMapping mapping = {0};
    MoltPlan *plan = NULL;
    molt_report_init(&mapping.report, NULL);
    MoltStatus status = molt__layout_of(before, name, &mapping.before, error);
    if (status != MOLT_OK) {
        goto cleanup;
    }
    status = molt_plan_build(before, after, MOLT_POLICY_LIVE, NULL, &plan, &mapping.report, error);
    mapping.refused = status == MOLT_REFUSED;
    if (mapping.refused) {
        status = molt_plan_sketch(before, after, NULL, &plan, error);
    }
    if (status == MOLT_OK) {
        status = find_after(&mapping, plan, after, error);
    }
    if (status != MOLT_OK) {
        goto cleanup;
    }
    status = map_rows(&mapping, plan, error);
    if (status == MOLT_OK) {
        *out = mapping;
    }

cleanup:
    molt_plan_free(plan);
    if (status != MOLT_OK) {
        molt__mapping_free(&mapping);
    }
    return status;
}

void molt__mapping_free(MoltMapping *mapping)
{
    molt__layout_free(&mapping->before);
    molt__layout_free(&mapping->after);
    free(mapping->rows);
    molt_report_clear(&mapping->report);
    *mapping = (MoltMapping){0};
}

/* ---- text --------------------------------------------------------------------------------------- */

static void describe(const MoltLayout *layout, const MoltSpot *spot, bool bytes, char *buffer,
                     size_t size)
{
    char declaration[300];
    if (spot == NULL) {
        snprintf(buffer, size, "%12s", "-");
        return;
    }
    molt__spot_declare(layout->schema, spot, declaration, sizeof declaration);
    if (!bytes) {
        snprintf(buffer, size, "%12s %s, in a block of its own", "", declaration);
        return;
    }
    snprintf(buffer, size, "%5llu %5llu  %s", (unsigned long long)(spot->bit_offset / 8),
             (unsigned long long)((spot->bit_size + 7) / 8), declaration);
}

const char *molt__mapped_from(const MoltMapping *mapping, const MoltMapped *row)
{
    const MoltSchema *schema = mapping->after.schema;
    if (row->move != MOLT__MOVE_ADDED || row->after.field >= schema->tables.field_count) {
        return NULL;
    }
    const MoltField *field = &schema->tables.fields[row->after.field];
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_MOVED);
    const char *path = note != NULL ? molt_string(schema, note->text) : NULL;
    return path != NULL && path[0] == '^' ? path : NULL;
}

void molt__mapping_print(const MoltMapping *mapping, FILE *out)
{
    const MoltLayout *before = &mapping->before, *after = &mapping->after;
    char old[400], new[400];
    snprintf(old, sizeof old, "%s, %llu bytes", molt_type_name(before->schema, before->type),
             (unsigned long long)molt_type(before->schema, before->type)->size);
    snprintf(new, sizeof new, "%s, %llu bytes", molt_type_name(after->schema, after->type),
             (unsigned long long)molt_type(after->schema, after->type)->size);
    fprintf(out, "%-46s    %s\n", old, new);
    fprintf(out, "%5s %5s  %-32s    %5s %5s\n", "at", "bytes", "", "at", "bytes");
    for (uint32_t i = 0; i < mapping->row_count; i++) {
        const MoltMapped *row = &mapping->rows[i];
        describe(before, row->was ? &row->before : NULL, true, old, sizeof old);
        describe(after, row->is ? &row->after : NULL, !row->apart, new, sizeof new);
        bool word = row->move != MOLT__MOVE_NONE;
        const char *from = molt__mapped_from(mapping, row);
        fprintf(out, word ? "%-45s %s %-46s  %s%s%s\n" : "%-45s %s %s%s%s%s\n", old,
                row->is ? "->" : "  ", new, word ? molt__move_word(row->move) : "",
                from != NULL ? ", takes " : "", from != NULL ? from : "");
    }
}
