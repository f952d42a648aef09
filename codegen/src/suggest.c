#include "suggest.h"

#include <errno.h>
#include <string.h>

#include <molt/rename_guess.h>
#include <molt/schema.h>

typedef struct Writing {
    const MoltPlan *plan;
    MoltText text;
} Writing;

static MoltSchema *read_schema(MoltDiagnostics *diagnostics, const char *path)
{
    MoltError error = {0};
    MoltSchema *schema = NULL;
    size_t length = 0;
    MoltPlace place = {.file = path, .line = 1};
    const char *text = molt__output_read(diagnostics->arena, path, &length);
    if (text == NULL) {
        molt__refuse(diagnostics, place, NULL, "cannot read: %s", strerror(errno));
    } else if (molt_schema_from_json(text, length, NULL, &schema, &error) != MOLT_OK) {
        molt__refuse(diagnostics, place, NULL, "%s", error.text);
    }
    return schema;
}

static MoltUsage *read_usage(MoltDiagnostics *diagnostics, const char *path)
{
    MoltError error = {0};
    MoltUsage *usage = NULL;
    size_t length = 0;
    MoltPlace place = {.file = path, .line = 1};
    const char *text = path != NULL ? molt__output_read(diagnostics->arena, path, &length) : NULL;
    if (path != NULL && text == NULL) {
        molt__refuse(diagnostics, place, "make it with --usage", "cannot read: %s",
                     strerror(errno));
    } else if (text != NULL && molt_usage_from_text(text, length, &usage, &error) != MOLT_OK) {
        molt__refuse(diagnostics, place, "delete the file and build again", "%s", error.text);
    }
    return usage;
}

static void add_declaration(Writing *writing, const MoltRenameGuess *guess, const char *was)
{
    const MoltSchema *after = molt_plan_after(writing->plan);
    char declared[512];
    molt_schema_declare(after, &after->tables.fields[guess->field], declared, sizeof declared);
    molt__text_add(&writing->text, "    %s MOLT_WAS(\"%s\");\n", declared, was);
}

/* Where it was declared. A variable's name tells, unless all sources share it: "ground.c:rain". */
static const char *file_of(const Writing *writing, const MoltType *type, const char *variable)
{
    const char *colon = variable != NULL ? strchr(variable, ':') : NULL;
    if (colon != NULL) {
        return molt__arena_format(writing->text.arena, "%.*s", (int)(colon - variable), variable);
    }
    const char *file = molt_string(molt_plan_after(writing->plan), type->file);
    return variable != NULL ? "(a variable)" : file[0] != '\0' ? file : "(unknown)";
}

static void add_vanished(void *context, const MoltVanished *vanished)
{
    Writing *writing = context;
    const MoltSchema *before = molt_plan_before(writing->plan);
    const MoltSchema *after = molt_plan_after(writing->plan);
    const MoltType *type = molt_type(after, vanished->type_after);
    const char *was = molt_string(before, before->tables.fields[vanished->field].name);
    const MoltField *now = &after->tables.fields[vanished->guesses[0].field];
    bool variable = (type->flags & MOLT_TYPE_GLOBALS) != 0;
    const char *file = file_of(writing, type, variable ? molt_string(after, now->name) : NULL);
    molt__text_add(&writing->text, "%s:%u: %s%s%s is gone; ", file, now->line,
                   variable ? "" : molt_type_name(before, vanished->type_before),
                   variable ? "" : ".", was);
    if (variable && strchr(was, ':') == NULL) { /* its full name, wherever it is written */
        was = molt__arena_format(writing->text.arena, ":%s", was);
    }
    for (uint32_t g = 0; g < (vanished->likely ? 1 : vanished->count); g++) {
        char text[192];
        molt_rename_guess_text(writing->plan, &vanished->guesses[g], text, sizeof text);
        molt__text_add(&writing->text, "%s%s",
                       vanished->likely ? "it looks renamed to "
                       : g == 0         ? "it may have become "
                                        : ", or ",
                       text);
    }
    molt__text_add(&writing->text, vanished->likely ? ":\n" : ". If it is one of them:\n");
    for (uint32_t g = 0; g < (vanished->likely ? 1 : vanished->count); g++) {
        add_declaration(writing, &vanished->guesses[g], was);
    }
}

const char *molt__suggest(MoltDiagnostics *diagnostics, const MoltSuggestDesc *desc)
{
    MoltError error = {0};
    MoltPlan *plan = NULL;
    Writing writing = {.text = {.arena = diagnostics->arena}};
    uint32_t wrong = diagnostics->count;
    MoltSchema *before = read_schema(diagnostics, desc->old_schema);
    MoltSchema *after = read_schema(diagnostics, desc->new_schema);
    MoltUsage *was = read_usage(diagnostics, desc->old_usage);
    MoltUsage *is = read_usage(diagnostics, desc->new_usage);
    if (diagnostics->count == wrong &&
        molt_plan_sketch(before, after, NULL, &plan, &error) != MOLT_OK) {
        molt__refuse(diagnostics, (MoltPlace){.file = desc->new_schema, .line = 1}, NULL, "%s",
                     error.text);
    }
    if (plan != NULL) {
        molt_plan_set_usage(plan, was, is);
        writing.plan = plan;
        molt__text_add(&writing.text, "%s", "");
        molt_plan_guess_all(plan, add_vanished, &writing);
    }
    molt_plan_free(plan);
    molt_schema_free(before);
    molt_schema_free(after);
    molt_usage_free(was);
    molt_usage_free(is);
    return diagnostics->count == wrong ? writing.text.bytes : NULL;
}
