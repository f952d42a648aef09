#include "layout.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- rows ------------------------------------------------------------------------------------- */

static int by_offset(const void *left, const void *right)
{
    const MoltLayoutRow *a = left, *b = right;
    if (a->bit_offset != b->bit_offset) {
        return a->bit_offset < b->bit_offset ? -1 : 1;
    }
    return a->field < b->field ? -1 : a->field > b->field;
}

static void add_hole(MoltLayout *layout, uint64_t from, uint64_t to)
{
    if (from < to) {
        layout->rows[layout->row_count++] = (MoltLayoutRow){MOLT__HOLE, from, to - from};
        layout->hole_count++;
        layout->hole_bits += to - from;
    }
}

static MoltStatus fill_rows(MoltLayout *layout, MoltError *error)
{
    const MoltSchema *schema = layout->schema;
    const MoltType *type = molt_type(schema, layout->type);
    layout->rows = calloc(2 * (size_t)type->count + 1, sizeof *layout->rows);
    MoltLayoutRow *fields = calloc((size_t)type->count + 1, sizeof *fields);
    if (layout->rows == NULL || fields == NULL) {
        free(fields);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the layout");
    }
    for (uint32_t i = 0; i < type->count; i++) {
        const MoltField *field = &schema->tables.fields[type->first + i];
        bool bits = (field->flags & MOLT_FIELD_BITS) != 0;
        uint64_t size = bits ? field->bit_width : 8 * molt_type(schema, field->type)->size;
        fields[i] = (MoltLayoutRow){type->first + i, field->bit_offset, size};
    }
    qsort(fields, type->count, sizeof *fields, by_offset);
    uint64_t end = 0;
    for (uint32_t i = 0; i < type->count; i++) {
        add_hole(layout, end, fields[i].bit_offset);
        layout->rows[layout->row_count++] = fields[i];
        uint64_t stop = fields[i].bit_offset + fields[i].bit_size;
        end = stop > end ? stop : end;
    }
    add_hole(layout, end, 8 * type->size);
    layout->field_count = type->count;
    free(fields);
    return MOLT_OK;
}

/* ---- finding the type -------------------------------------------------------------------------- */

static bool is_record(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION;
}

/* Names that hold the one asked for, or begin as it does, in any case of letters. */
static MoltStatus not_found(const MoltSchema *schema, const char *name, MoltError *error)
{
    char names[400] = "";
    size_t length = 0, prefix = strlen(name) < 3 ? strlen(name) : 3;
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const char *other = molt_type_name(schema, id);
        if (!is_record(schema, id) || strncasecmp(other, name, prefix) != 0 ||
            length + strlen(other) + 3 > sizeof names) {
            continue;
        }
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                   length > 0 ? ", " : "", other);
    }
    return molt_error(error, MOLT_NOT_FOUND, "the schema has no struct or union '%s'%s%s", name,
                      length > 0 ? "; it has " : "", names);
}

MoltStatus molt__layout_of(const MoltSchema *schema, const char *name, MoltLayout *out,
                           MoltError *error)
{
    static const char *const keywords[] = {"struct ", "union "};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strncmp(name, keywords[i], strlen(keywords[i])) == 0) {
            name += strlen(keywords[i]);
        }
    }
    MoltTypeId type = molt_schema_find(schema, name);
    if (type == MOLT_NO_TYPE) {
        type = molt_schema_find_spelling(schema, name);
    }
    if (type == MOLT_NO_TYPE || !is_record(schema, type)) {
        return not_found(schema, name, error);
    }
    MoltLayout layout = {.schema = schema, .type = type};
    MoltStatus status = fill_rows(&layout, error);
    if (status != MOLT_OK) {
        molt__layout_free(&layout);
        return status;
    }
    *out = layout;
    return MOLT_OK;
}

void molt__layout_free(MoltLayout *layout)
{
    free(layout->rows);
    *layout = (MoltLayout){0};
}

/* ---- text --------------------------------------------------------------------------------------- */

/* "12" and, for bit-fields, the bits of the byte: "12.3". */
static void print_number(uint64_t bits, char *buffer, size_t size)
{
    if (bits % 8 == 0) {
        snprintf(buffer, size, "%llu", (unsigned long long)(bits / 8));
    } else {
        snprintf(buffer, size, "%llu.%llu", (unsigned long long)(bits / 8),
                 (unsigned long long)(bits % 8));
    }
}

static void print_row(const MoltLayout *layout, const MoltLayoutRow *row, FILE *out)
{
    char offset[32], size[32];
    print_number(row->bit_offset, offset, sizeof offset);
    print_number(row->bit_size, size, sizeof size);
    if (row->field == MOLT__HOLE) {
        bool bits = row->bit_size % 8 != 0;
        fprintf(out, "    /* %-40s %6s %6s */\n",
                row->bit_offset + row->bit_size == 8 * molt_type(layout->schema, layout->type)->size
                    ? "padding"
                    : bits ? "unused bits" : "hole",
                offset, size);
        return;
    }
    char declaration[400];
    molt_schema_declare(layout->schema, &layout->schema->tables.fields[row->field], declaration,
                        sizeof declaration - 1);
    strcat(declaration, ";");
    fprintf(out, "    %-42s /* %6s %6s */\n", declaration, offset, size);
}

void molt__layout_print(const MoltLayout *layout, FILE *out)
{
    const MoltSchema *schema = layout->schema;
    const MoltType *type = molt_type(schema, layout->type);
    fprintf(out, "%s %s {", type->kind == MOLT_KIND_UNION ? "union" : "struct",
            molt_string(schema, type->name));
    if (type->line != 0) {
        fprintf(out, " /* %s:%u */", molt_string(schema, type->file), type->line);
    }
    fputs("\n    /* field                                  offset   size */\n", out);
    uint64_t line = 0;
    for (uint32_t i = 0; i < layout->row_count; i++) {
        uint64_t here = layout->rows[i].bit_offset / 8 / MOLT__CACHE_LINE;
        if (here > line && type->kind == MOLT_KIND_STRUCT) {
            fprintf(out, "    /* --- cache line %llu, byte %llu --- */\n", (unsigned long long)here,
                    (unsigned long long)(here * MOLT__CACHE_LINE));
            line = here;
        }
        print_row(layout, &layout->rows[i], out);
    }
    char holes[32];
    print_number(layout->hole_bits, holes, sizeof holes);
    fprintf(out, "}; /* %llu bytes, aligned to %u; %u field%s, %u hole%s of %s bytes; %llu cache line%s */\n",
            (unsigned long long)type->size, type->align, layout->field_count,
            layout->field_count == 1 ? "" : "s", layout->hole_count,
            layout->hole_count == 1 ? "" : "s", holes,
            (unsigned long long)((type->size + MOLT__CACHE_LINE - 1) / MOLT__CACHE_LINE),
            type->size <= MOLT__CACHE_LINE ? "" : "s");
}
