#include "schema_findings.h"

#include <string.h>

/* A finding's place in the sources; file "" when the schema does not tell. */
typedef struct Place {
    const char *file;
    uint32_t line;
} Place;

MoltStatus molt__schema_findings(const MoltSchema *before, const MoltSchema *after,
                                 MoltSchemaFindings *out, MoltError *error)
{
    MoltPlan *plan = NULL;
    MoltSchemaFindings findings = {.before = before, .after = after};
    molt_report_init(&findings.report, NULL);
    MoltStatus status =
        molt_plan_build(before, after, MOLT_POLICY_STRICT, NULL, &plan, &findings.report, error);
    if (status == MOLT_REFUSED) {
        status = molt_plan_sketch(before, after, NULL, &plan, error);
    }
    if (status == MOLT_OK && molt_plan_foresee(plan, &findings.report) != MOLT_OK) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory to compare the schemas");
    }
    if (status == MOLT_OK) {
        *out = findings;
    } else {
        molt_report_clear(&findings.report);
    }
    molt_plan_free(plan);
    return status;
}

void molt__schema_findings_free(MoltSchemaFindings *findings)
{
    molt_report_clear(&findings->report);
}

uint32_t molt__schema_findings_count(const MoltSchemaFindings *findings, MoltSeverity least)
{
    uint32_t count = 0;
    for (MoltSeverity severity = least; severity <= MOLT_REFUSE; severity++) {
        count += molt_report_total(&findings->report, severity);
    }
    return count;
}

/* The type and field that a path begins with: "Ant.hp", "ground.c:Cell.kind", "Ant". Names of types
 * may hold dots themselves, so the longest name that fits is taken. */
static bool place_in(const MoltSchema *schema, const char *path, Place *out)
{
    size_t longest = 0;
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const MoltType *type = molt_type(schema, id);
        const char *name = molt_string(schema, type->name);
        size_t length = strlen(name);
        if (type->line == 0 || length <= longest || strncmp(path, name, length) != 0 ||
            (path[length] != '\0' && path[length] != '.')) {
            continue;
        }
        longest = length;
        *out = (Place){molt_string(schema, type->file), type->line};
        if (path[length] == '\0' ||
            (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)) {
            continue;
        }
        char field[256];
        snprintf(field, sizeof field, "%.*s", (int)strcspn(path + length + 1, ".["),
                 path + length + 1);
        uint32_t index = molt_schema_find_field(schema, id, field);
        if (index != UINT32_MAX && schema->tables.fields[index].line != 0) {
            out->line = schema->tables.fields[index].line;
        }
    }
    return longest > 0;
}

/* In the newer sources: of the declaration, or of the struct that has it no longer, where its note
 * belongs. Where the struct is gone, in the older ones. */
static Place place_of(const MoltSchemaFindings *findings, const MoltFinding *finding)
{
    Place place = {"", 0};
    if (finding->path != NULL && !place_in(findings->after, finding->path, &place)) {
        place_in(findings->before, finding->path, &place);
    }
    return place;
}

void molt__schema_findings_print(const MoltSchemaFindings *findings, MoltSeverity least, FILE *out)
{
    char text[4096];
    for (int severity = MOLT_REFUSE; severity >= (int)least; severity--) {
        for (uint32_t i = 0; i < findings->report.count; i++) {
            const MoltFinding *finding = &findings->report.findings[i];
            if ((int)finding->severity != severity) {
                continue;
            }
            Place place = place_of(findings, finding);
            molt_finding_text(finding, text, sizeof text);
            if (place.line > 0) {
                fprintf(out, "%s:%u: ", place.file, place.line);
            }
            fprintf(out, "%s\n", text);
        }
        if (findings->report.left_out[severity] > 0) {
            fprintf(out, "and %u more: %s\n", findings->report.left_out[severity],
                    molt_severity_id((MoltSeverity)severity));
        }
    }
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text != NULL) {
        cJSON_AddStringToObject(object, key, text);
    }
}

cJSON *molt__schema_findings_json(const MoltSchemaFindings *findings, MoltSeverity least)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; list != NULL && i < findings->report.count; i++) {
        const MoltFinding *finding = &findings->report.findings[i];
        if (finding->severity < least) {
            continue;
        }
        Place place = place_of(findings, finding);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        add_text(item, "file", place.file);
        cJSON_AddNumberToObject(item, "line", place.line);
        add_text(item, "severity", molt_severity_id(finding->severity));
        add_text(item, "rule", molt_rule_id(finding->rule));
        add_text(item, "path", finding->path);
        add_text(item, "before", finding->before);
        add_text(item, "after", finding->after);
        add_text(item, "value", finding->value);
        add_text(item, "remedy", finding->remedy);
    }
    return list;
}
