#include "mapping.h"

#include <stdlib.h>
#include <string.h>

const char *molt__move_word(MoltMove move)
{
    static const char *const words[] = {
        [MOLT__MOVE_NONE] = "same",       [MOLT__MOVE_OFFSET] = "moved",
        [MOLT__MOVE_CONVERTED] = "converted", [MOLT__MOVE_RENAMED] = "renamed",
        [MOLT__MOVE_ADDED] = "added",     [MOLT__MOVE_DROPPED] = "dropped",
    };
    return words[move];
}

/* NULL when there is none: `field` may be UINT32_MAX. */
static const MoltLayoutRow *row_of(const MoltLayout *layout, uint32_t field)
{
    for (uint32_t i = 0; i < layout->row_count && field != MOLT__HOLE; i++) {
        if (layout->rows[i].field == field) {
            return &layout->rows[i];
        }
    }
    return NULL;
}

static MoltMove move_of(const MoltMapping *mapping, const MoltLayoutRow *before,
                        const MoltLayoutRow *after)
{
    char old[400], new[400];
    const MoltSchema *from = mapping->before.schema, *to = mapping->after.schema;
    const MoltField *source = &from->tables.fields[before->field];
    const MoltField *target = &to->tables.fields[after->field];
    molt_schema_declare(from, source, old, sizeof old);
    molt_schema_declare(to, target, new, sizeof new);
    bool renamed = strcmp(molt_string(from, source->name), molt_string(to, target->name)) != 0;
    bool retyped = molt_type(from, source->type)->hash != molt_type(to, target->type)->hash ||
                   before->bit_size != after->bit_size;
    if (retyped || (!renamed && strcmp(old, new) != 0)) {
        return MOLT__MOVE_CONVERTED;
    }
    if (renamed) {
        return MOLT__MOVE_RENAMED;
    }
    return before->bit_offset != after->bit_offset ? MOLT__MOVE_OFFSET : MOLT__MOVE_NONE;
}

static void map_rows(MoltMapping *mapping, const MoltPlan *plan)
{
    const MoltLayout *before = &mapping->before, *after = &mapping->after;
    for (uint32_t i = 0; i < after->row_count; i++) {
        const MoltLayoutRow *row = &after->rows[i];
        if (row->field == MOLT__HOLE) {
            continue;
        }
        uint32_t source = molt_plan_source(plan, before->type, after->type, row->field);
        MoltMapped mapped = {row_of(before, source), row, MOLT__MOVE_ADDED};
        if (mapped.before != NULL) {
            mapped.move = move_of(mapping, mapped.before, row);
        }
        mapping->rows[mapping->row_count++] = mapped;
    }
    uint32_t kept = mapping->row_count;
    for (uint32_t i = 0; i < before->row_count; i++) {
        bool gone = before->rows[i].field != MOLT__HOLE;
        for (uint32_t k = 0; k < kept && gone; k++) {
            gone = mapping->rows[k].before != &before->rows[i];
        }
        if (gone) {
            mapping->rows[mapping->row_count++] =
                (MoltMapped){&before->rows[i], NULL, MOLT__MOVE_DROPPED};
        }
    }
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
    mapping.rows = calloc((size_t)mapping.before.row_count + mapping.after.row_count + 1,
                          sizeof *mapping.rows);
    if (mapping.rows == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the mapping");
        goto cleanup;
    }
    map_rows(&mapping, plan);
    *out = mapping;

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

static void describe(const MoltLayout *layout, const MoltLayoutRow *row, char *buffer, size_t size)
{
    char declaration[300];
    if (row == NULL) {
        snprintf(buffer, size, "%12s", "-");
        return;
    }
    molt_schema_declare(layout->schema, &layout->schema->tables.fields[row->field], declaration,
                        sizeof declaration);
    snprintf(buffer, size, "%5llu %5llu  %s", (unsigned long long)(row->bit_offset / 8),
             (unsigned long long)((row->bit_size + 7) / 8), declaration);
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
        describe(before, row->before, old, sizeof old);
        describe(after, row->after, new, sizeof new);
        bool word = row->move != MOLT__MOVE_NONE;
        fprintf(out, word ? "%-45s %s %-46s  %s\n" : "%-45s %s %s%s\n", old,
                row->after == NULL ? "  " : "->", new, word ? molt__move_word(row->move) : "");
    }
}
