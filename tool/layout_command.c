#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "mapping.h"

static const char help[] =
    "molt layout SCHEMA.json [TYPE]           how a struct lies in memory; all of them without TYPE\n"
    "molt layout SCHEMA.json TYPE --against NEWER.json\n"
    "                                         and where its fields go in another schema\n"
    "\n"
    "  --against FILE   the schema to compare with; a struct that was renamed is followed\n"
    "  --svg FILE       with --against: draws old and new bytes and the moves between them\n"
    "  --json           print JSON instead of text\n"
    "\n"
    "Offsets and sizes are bytes; 12.3 is bit 3 of byte 12. A field out of which or into which\n"
    "MOLT_MOVED takes a value is shown by its members or elements: purse.gold, v[2], v[3..5].\n"
    "Schemas are what molt_add_game writes in the build folder (GAME.schema.json), what a project\n"
    "records, and what\n"
    "`molt-codegen --root TYPE header.h --schema FILE` makes from the headers of any C program.\n"
    "With --against, exit 1 says that the layouts differ.\n";

/* ---- JSON --------------------------------------------------------------------------------------- */

static void add_place(cJSON *object, const char *key, const MoltLayout *layout,
                      const MoltSpot *spot, bool apart)
{
    cJSON *place = cJSON_AddObjectToObject(object, key);
    char declaration[400];
    molt__spot_declare(layout->schema, spot, declaration, sizeof declaration);
    cJSON_AddStringToObject(place, "name", spot->path);
    cJSON_AddStringToObject(place, "declaration", declaration);
    if (apart) {
        cJSON_AddTrueToObject(place, "apart");
        return;
    }
    cJSON_AddNumberToObject(place, "bit_offset", (double)spot->bit_offset);
    cJSON_AddNumberToObject(place, "bits", (double)spot->bit_size);
}

static cJSON *layout_json(const MoltLayout *layout)
{
    const MoltType *type = molt_type(layout->schema, layout->type);
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", molt_string(layout->schema, type->name));
    cJSON_AddStringToObject(object, "file", molt_string(layout->schema, type->file));
    cJSON_AddNumberToObject(object, "line", type->line);
    cJSON_AddNumberToObject(object, "size", (double)type->size);
    cJSON_AddNumberToObject(object, "align", type->align);
    cJSON_AddNumberToObject(object, "hole_bits", (double)layout->hole_bits);
    cJSON *rows = cJSON_AddArrayToObject(object, "rows");
    for (uint32_t i = 0; i < layout->row_count; i++) {
        const MoltLayoutRow *row = &layout->rows[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(rows, item);
        if (row->field != MOLT__HOLE) {
            MoltSpot spot = molt__spot_member(layout->schema, NULL, row->field);
            add_place(item, "field", layout, &spot, false);
            continue;
        }
        cJSON *hole = cJSON_AddObjectToObject(item, "hole");
        cJSON_AddNumberToObject(hole, "bit_offset", (double)row->bit_offset);
        cJSON_AddNumberToObject(hole, "bits", (double)row->bit_size);
    }
    return object;
}

static cJSON *mapping_json(const MoltMapping *mapping)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "before", layout_json(&mapping->before));
    cJSON_AddItemToObject(object, "after", layout_json(&mapping->after));
    cJSON *rows = cJSON_AddArrayToObject(object, "fields");
    for (uint32_t i = 0; i < mapping->row_count; i++) {
        const MoltMapped *mapped = &mapping->rows[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(rows, item);
        cJSON_AddStringToObject(item, "move", molt__move_word(mapped->move));
        const char *from = molt__mapped_from(mapping, mapped);
        if (from != NULL) {
            cJSON_AddStringToObject(item, "takes", from);
        }
        if (mapped->was) {
            add_place(item, "before", &mapping->before, &mapped->before, false);
        }
        if (mapped->is) {
            add_place(item, "after", &mapping->after, &mapped->after, mapped->apart);
        }
    }
    return object;
}

static bool print_json(cJSON *value)
{
    char *text = cJSON_Print(value);
    cJSON_Delete(value);
    if (text == NULL) {
        fputs("molt layout: no memory for the JSON\n", stderr);
        return false;
    }
    puts(text);
    free(text);
    return true;
}

/* ---- the command --------------------------------------------------------------------------------- */

static int fail(const MoltError *error)
{
    fprintf(stderr, "molt layout: %s\n", error->text);
    return MOLT__EXIT_USAGE;
}

static int show_all(const MoltSchema *schema, bool json)
{
    cJSON *list = json ? cJSON_CreateArray() : NULL;
    bool first = true;
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        MoltLayout layout;
        MoltError error;
        const MoltType *type = molt_type(schema, id);
        if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION) {
            continue;
        }
        if (molt__layout_of(schema, molt_string(schema, type->name), &layout, &error) != MOLT_OK) {
            cJSON_Delete(list);
            return fail(&error);
        }
        if (json) {
            cJSON_AddItemToArray(list, layout_json(&layout));
        } else {
            fputs(first ? "" : "\n", stdout);
            molt__layout_print(&layout, stdout);
        }
        first = false;
        molt__layout_free(&layout);
    }
    return !json || print_json(list) ? MOLT__EXIT_OK : MOLT__EXIT_USAGE;
}

static int show_one(const MoltSchema *schema, const char *type, bool json)
{
    MoltLayout layout;
    MoltError error;
    if (molt__layout_of(schema, type, &layout, &error) != MOLT_OK) {
        return fail(&error);
    }
    bool good = true;
    if (json) {
        good = print_json(layout_json(&layout));
    } else {
        molt__layout_print(&layout, stdout);
    }
    molt__layout_free(&layout);
    return good ? MOLT__EXIT_OK : MOLT__EXIT_USAGE;
}

static bool draw(const MoltMapping *mapping, const char *const names[2], const char *path)
{
    MoltError error;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool good = out != NULL && molt__mapping_draw(mapping, names[0], names[1], out);
    good = (out == NULL || fclose(out) == 0) && good;
    if (!good) {
        molt_error(&error, MOLT_OUT_OF_MEMORY, "%s: no memory for the picture", path);
    }
    good = good && molt__tool_write(path, text, length, &error) == MOLT_OK;
    free(text);
    if (!good) {
        fail(&error);
    }
    return good;
}

static int compare(const MoltSchema *const schemas[2], const char *const names[2], const char *type,
                   const char *svg, bool json)
{
    MoltMapping mapping;
    MoltError error;
    if (molt__mapping_of(schemas[0], schemas[1], type, &mapping, &error) != MOLT_OK) {
        return fail(&error);
    }
    bool same = molt_type(schemas[0], mapping.before.type)->hash ==
                molt_type(schemas[1], mapping.after.type)->hash;
    bool good = svg == NULL || draw(&mapping, names, svg);
    bool drawn_here = svg != NULL && strcmp(svg, "-") == 0;
    if (good && json) {
        good = print_json(mapping_json(&mapping));
    } else if (good && !drawn_here) {
        molt__mapping_print(&mapping, stdout);
    }
    molt__mapping_free(&mapping);
    return !good ? MOLT__EXIT_USAGE : same ? MOLT__EXIT_OK : MOLT__EXIT_REFUSED;
}

static int run(int argc, char **argv)
{
    const char *names[2] = {NULL, NULL}, *svg = NULL;
    bool json = false;
    const MoltToolOption options[] = {{"--against", &names[1], NULL},
                                      {"--svg", &svg, NULL},
                                      {"--json", NULL, &json},
                                      {NULL, NULL, NULL}};
    int operands = molt__tool_words(&molt__command_layout, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands < 1 || operands > 2) {
        return molt__tool_misuse(&molt__command_layout, "a schema and at most one type are needed");
    }
    if (names[1] != NULL && operands < 2) {
        return molt__tool_misuse(&molt__command_layout, "--against needs a type to follow");
    }
    if (svg != NULL && names[1] == NULL) {
        return molt__tool_misuse(&molt__command_layout, "--svg draws a comparison: add --against");
    }
    names[0] = argv[0];
    if (!molt__tool_one_input(&molt__command_layout, names, 2) ||
        !molt__tool_one_output(&molt__command_layout, svg, json ? "-" : NULL) ||
        !molt__tool_spares(&molt__command_layout, names, 2, svg, NULL)) {
        return MOLT__EXIT_USAGE;
    }
    MoltSchema *schemas[2] = {NULL, NULL};
    MoltError error;
    int status;
    if (molt__tool_read_schema(names[0], &schemas[0], &error) != MOLT_OK ||
        (names[1] != NULL && molt__tool_read_schema(names[1], &schemas[1], &error) != MOLT_OK)) {
        status = fail(&error);
    } else if (names[1] != NULL) {
        status = compare((const MoltSchema *const[]){schemas[0], schemas[1]}, names, argv[1], svg,
                         json);
    } else {
        status = operands == 2 ? show_one(schemas[0], argv[1], json) : show_all(schemas[0], json);
    }
    molt_schema_free(schemas[0]);
    molt_schema_free(schemas[1]);
    return status;
}

const MoltToolCommand molt__command_layout = {
    "layout", "how a struct lies in memory, and where its fields go in another schema", help, run};
