#include "unit.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "kept_globals.h"
#include "member_use.h"
#include "output.h"
#include "split_texts.h"

#define FORMAT_NAME "molt-unit"
enum { FORMAT_VERSION = 11 };

void molt__unit_release(MoltUnit *unit)
{
    molt_schema_free(unit->schema);
    unit->schema = NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static cJSON *place_to_json(const MoltPlace *place)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "file", place->file == NULL ? "" : place->file);
    cJSON_AddNumberToObject(json, "line", place->line);
    cJSON_AddNumberToObject(json, "column", place->column);
    return json;
}

static void add_text(cJSON *json, const char *key, const char *text)
{
    if (text[0] != '\0') {
        cJSON_AddStringToObject(json, key, text);
    }
}

static cJSON *allocation_to_json(const MoltUnitAllocation *allocation)
{
    cJSON *json = place_to_json(&allocation->place);
    add_text(json, "callee", allocation->callee);
    add_text(json, "callee_file", allocation->callee_file);
    add_text(json, "function", allocation->function);
    add_text(json, "function_file", allocation->function_file);
    add_text(json, "type", allocation->type);
    add_text(json, "reason", allocation->reason);
    add_text(json, "view", allocation->view);
    cJSON_AddBoolToObject(json, "sized", allocation->sized);
    cJSON_AddBoolToObject(json, "libc", allocation->libc);
    cJSON_AddBoolToObject(json, "gives_on", allocation->gives_on);
    cJSON_AddBoolToObject(json, "adds", allocation->adds);
    cJSON_AddBoolToObject(json, "pool", allocation->pool);
    cJSON_AddBoolToObject(json, "by_pointer", allocation->by_pointer);
    return json;
}

static cJSON *unit_to_json(MoltArena *arena, const MoltUnit *unit, const char *schema)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "format", FORMAT_NAME);
    cJSON_AddNumberToObject(json, "version", FORMAT_VERSION);
    cJSON_AddStringToObject(json, "source", unit->source);
    cJSON_AddStringToObject(json, "base", unit->base);
    cJSON *headers = cJSON_AddArrayToObject(json, "headers");
    for (uint32_t i = 0; i < unit->header_count; i++) {
        cJSON_AddItemToArray(headers, cJSON_CreateString(unit->headers[i]));
    }
    cJSON *checks = cJSON_AddArrayToObject(json, "checks");
    for (uint32_t i = 0; i < unit->check_count; i++) {
        cJSON *check = cJSON_CreateObject();
        cJSON_AddStringToObject(check, "type", unit->checks[i].type);
        cJSON_AddStringToObject(check, "spelling", unit->checks[i].spelling);
        if (unit->checks[i].system) {
            cJSON_AddTrueToObject(check, "system");
        }
        cJSON_AddItemToArray(checks, check);
    }
    cJSON *roots = cJSON_AddArrayToObject(json, "roots");
    for (uint32_t i = 0; i < unit->root_count; i++) {
        cJSON_AddItemToArray(roots, place_to_json(&unit->roots[i]));
    }
    cJSON *hooks = cJSON_AddArrayToObject(json, "hooks");
    for (uint32_t i = 0; i < unit->hook_count; i++) {
        cJSON *hook = place_to_json(&unit->hooks[i].place);
        cJSON_AddStringToObject(hook, "type", unit->hooks[i].type);
        cJSON_AddStringToObject(hook, "code",
                                molt__arena_format(arena, "%" PRIx64, unit->hooks[i].code));
        cJSON_AddItemToArray(hooks, hook);
    }
    cJSON *allocations = cJSON_AddArrayToObject(json, "allocations");
    for (uint32_t i = 0; i < unit->allocation_count; i++) {
        cJSON_AddItemToArray(allocations, allocation_to_json(&unit->allocations[i]));
    }
    cJSON_AddItemToObject(json, "constants", molt__constants_to_json(unit));
    cJSON_AddItemToObject(json, "split_texts", molt__split_texts_to_json(arena, unit));
    cJSON_AddItemToObject(json, "kept", molt__kept_globals_to_json(unit));
    cJSON_AddItemToObject(json, "uses", molt__uses_to_json(arena, unit));
    cJSON_AddItemToObject(json, "flows", molt__flows_to_json(&unit->flows));
    cJSON_AddItemToObject(json, "image", molt__flows_to_json(&unit->image));
    /* The schema's own text, not its numbers read and written again. */
    cJSON_AddItemToObject(json, "schema", cJSON_CreateRaw(schema));
    return json;
}

const char *molt__unit_write(MoltArena *arena, const MoltUnit *unit, MoltError *error)
{
    char *schema = NULL;
    const char *text = NULL;
    if (molt_schema_to_json(unit->schema, &schema, error) != MOLT_OK) {
        return NULL;
    }
    cJSON *json = unit_to_json(arena, unit, schema);
    char *printed = cJSON_Print(json);
    if (printed == NULL) {
        molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the unit of '%s'.", unit->source);
    } else {
        text = molt__arena_format(arena, "%s\n", printed);
    }
    cJSON_free(printed);
    cJSON_Delete(json);
    free(schema);
    return text;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct Reading {
    MoltArena *arena;
    bool good;
} Reading;

static const char *get_string(Reading *reading, const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item)) {
        reading->good = false;
        return "";
    }
    return molt__arena_copy(reading->arena, item->valuestring, strlen(item->valuestring));
}

/* "" where the key is missing. */
static const char *get_text(Reading *reading, const cJSON *object, const char *key)
{
    return cJSON_HasObjectItem(object, key) ? get_string(reading, object, key) : "";
}

static bool get_bool(const cJSON *object, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key)) != 0;
}

static uint32_t get_number(Reading *reading, const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > UINT32_MAX) {
        reading->good = false;
        return 0;
    }
    return (uint32_t)item->valuedouble;
}

/* The array under `key` and its length; *count is 0 when it is missing. */
static const cJSON *get_array(Reading *reading, const cJSON *object, const char *key,
                              uint32_t *count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsArray(item)) {
        reading->good = false;
        *count = 0;
        return NULL;
    }
    *count = (uint32_t)cJSON_GetArraySize(item);
    return item;
}

static MoltPlace get_place(Reading *reading, const cJSON *object)
{
    return (MoltPlace){get_string(reading, object, "file"), get_number(reading, object, "line"),
                       get_number(reading, object, "column")};
}

static void read_lists(Reading *reading, const cJSON *json, MoltUnit *out)
{
    const cJSON *item = NULL;
    const cJSON *list = get_array(reading, json, "headers", &out->header_capacity);
    out->headers = molt__arena_alloc(reading->arena, out->header_capacity * sizeof *out->headers);
    cJSON_ArrayForEach(item, list) {
        reading->good = reading->good && cJSON_IsString(item);
        const char *header = cJSON_IsString(item) ? item->valuestring : "";
        out->headers[out->header_count++] =
            molt__arena_copy(reading->arena, header, strlen(header));
    }
    list = get_array(reading, json, "checks", &out->check_capacity);
    out->checks = molt__arena_alloc(reading->arena, out->check_capacity * sizeof *out->checks);
    cJSON_ArrayForEach(item, list) {
        out->checks[out->check_count++] =
            (MoltUnitCheck){get_string(reading, item, "type"),
                            get_string(reading, item, "spelling"),
                            cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "system"))};
    }
    list = get_array(reading, json, "roots", &out->root_capacity);
    out->roots = molt__arena_alloc(reading->arena, out->root_capacity * sizeof *out->roots);
    cJSON_ArrayForEach(item, list) {
        out->roots[out->root_count++] = get_place(reading, item);
    }
    list = get_array(reading, json, "hooks", &out->hook_capacity);
    out->hooks = molt__arena_alloc(reading->arena, out->hook_capacity * sizeof *out->hooks);
    cJSON_ArrayForEach(item, list) {
        out->hooks[out->hook_count++] =
            (MoltUnitHook){get_string(reading, item, "type"), get_place(reading, item),
                           strtoull(get_string(reading, item, "code"), NULL, 16)};
    }
}

static void read_allocations(Reading *reading, const cJSON *json, MoltUnit *out)
{
    const cJSON *item = NULL;
    const cJSON *list = get_array(reading, json, "allocations", &out->allocation_capacity);
    out->allocations =
        molt__arena_alloc(reading->arena, out->allocation_capacity * sizeof *out->allocations);
    cJSON_ArrayForEach(item, list) {
        out->allocations[out->allocation_count++] = (MoltUnitAllocation){
            .place = {get_string(reading, item, "file"), get_number(reading, item, "line"),
                      get_number(reading, item, "column")},
            .callee = get_text(reading, item, "callee"),
            .callee_file = get_text(reading, item, "callee_file"),
            .function = get_text(reading, item, "function"),
            .function_file = get_text(reading, item, "function_file"),
            .type = get_text(reading, item, "type"),
            .reason = get_text(reading, item, "reason"),
            .view = get_text(reading, item, "view"),
            .sized = get_bool(item, "sized"),
            .libc = get_bool(item, "libc"),
            .gives_on = get_bool(item, "gives_on"),
            .adds = get_bool(item, "adds"),
            .pool = get_bool(item, "pool"),
            .by_pointer = get_bool(item, "by_pointer")};
    }
}

static bool read_schema(MoltDiagnostics *diagnostics, const char *path, const cJSON *json,
                        MoltUnit *out)
{
    MoltError error = {0};
    char *text = cJSON_Print(cJSON_GetObjectItemCaseSensitive(json, "schema"));
    bool good = text != NULL && molt_schema_from_json(text, strlen(text), NULL, &out->schema,
                                                      &error) == MOLT_OK;
    if (!good) {
        molt__refuse(diagnostics, (MoltPlace){.file = path, .line = 1},
                     "delete the file and build again", "the unit's schema is damaged: %s",
                     error.text);
    }
    cJSON_free(text);
    return good;
}

bool molt__unit_read(MoltDiagnostics *diagnostics, const char *path, MoltUnit *out)
{
    MoltPlace place = {.file = path, .line = 1};
    size_t length = 0;
    const char *text = molt__output_read(diagnostics->arena, path, &length);
    *out = (MoltUnit){0};
    if (text == NULL) {
        molt__refuse(diagnostics, place, "make it with molt-codegen --unit", "cannot read: %s",
                     strerror(errno));
        return false;
    }
    cJSON *json = cJSON_ParseWithLength(text, length);
    Reading reading = {diagnostics->arena, json != NULL};
    if (reading.good) {
        reading.good = strcmp(get_string(&reading, json, "format"), FORMAT_NAME) == 0 &&
                       get_number(&reading, json, "version") == FORMAT_VERSION;
    }
    if (reading.good) {
        out->source = get_string(&reading, json, "source");
        out->base = get_string(&reading, json, "base");
        read_lists(&reading, json, out);
        read_allocations(&reading, json, out);
        reading.good = reading.good &&
                       molt__uses_from_json(reading.arena,
                                            cJSON_GetObjectItemCaseSensitive(json, "uses"), out);
        const cJSON *constants = cJSON_GetObjectItemCaseSensitive(json, "constants");
        reading.good = reading.good && molt__constants_from_json(reading.arena, constants, out);
        const cJSON *texts = cJSON_GetObjectItemCaseSensitive(json, "split_texts");
        reading.good = reading.good && molt__split_texts_from_json(reading.arena, texts, out);
        const cJSON *kept = cJSON_GetObjectItemCaseSensitive(json, "kept");
        reading.good = reading.good && molt__kept_globals_from_json(reading.arena, kept, out);
        const cJSON *flows = cJSON_GetObjectItemCaseSensitive(json, "flows");
        reading.good = reading.good && molt__flows_from_json(reading.arena, flows, &out->flows);
        const cJSON *image = cJSON_GetObjectItemCaseSensitive(json, "image");
        reading.good = reading.good && molt__flows_from_json(reading.arena, image, &out->image);
    }
    if (!reading.good) {
        molt__refuse(diagnostics, place, "delete the file and build again",
                     "not a unit that this molt-codegen wrote");
    }
    bool good = reading.good && read_schema(diagnostics, path, json, out);
    cJSON_Delete(json);
    return good;
}
