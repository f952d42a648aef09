#include "schema_findings.h"

#include <stdlib.h>
#include <string.h>

#include "path_pattern.h"

/* A finding's place in the sources; file "" when the schema does not tell. */
typedef struct Place {
    const char *file;
    uint32_t line;
    MoltTypeId type; /* that the path begins with */
} Place;

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
        *out = (Place){molt_string(schema, type->file), type->line, id};
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

/* A hook takes over what the rules would lose or refuse, as far as it asks for it: nobody knows without
 * running it. */
static void leave_to_hook(const MoltSchema *after, MoltFinding *finding)
{
    Place place;
    if (finding->severity == MOLT_INFO || finding->path == NULL ||
        !place_in(after, finding->path, &place)) {
        return;
    }
    const MoltType *type = molt_type(after, place.type);
    if (molt_schema_note(after, type->note_first, type->note_count, MOLT_NOTE_MIGRATE) != NULL) {
        finding->severity = MOLT_INFO;
        finding->possible = true;
    }
}

MoltStatus molt__schema_findings(const MoltSchema *before, const MoltSchema *after,
                                 const MoltChain *chain, uint32_t from, MoltSchemaFindings *out,
                                 MoltError *error)
{
    MoltPlan *plan = NULL;
    MoltSchemaFindings findings = {.before = before, .after = after};
    molt_report_init(&findings.report, NULL);
    MoltStatus status =
        molt_plan_build(before, after, MOLT_POLICY_STRICT, NULL, &plan, &findings.report, error);
    if (status == MOLT_REFUSED) {
        status = molt_plan_sketch(before, after, NULL, &plan, error);
    }
    if (status == MOLT_OK &&
        (molt_plan_foresee(plan, &findings.report) != MOLT_OK ||
         (chain != NULL && molt_chain_foresee(chain, from, plan, &findings.report) != MOLT_OK))) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory to compare the schemas");
    }
    if (status == MOLT_OK) {
        findings.accepted = calloc(findings.report.count + 1, sizeof *findings.accepted);
        status = findings.accepted != NULL
                     ? MOLT_OK
                     : molt_error(error, MOLT_OUT_OF_MEMORY, "no memory to compare the schemas");
    }
    for (uint32_t i = 0; status == MOLT_OK && i < findings.report.count; i++) {
        leave_to_hook(after, &findings.report.findings[i]);
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
    free(findings->accepted);
}

void molt__schema_findings_accept(MoltSchemaFindings *findings, MoltAccepted *accepted,
                                  uint32_t older)
{
    for (uint32_t i = 0; i < findings->report.count; i++) {
        const MoltFinding *finding = &findings->report.findings[i];
        findings->accepted[i] = (finding->severity != MOLT_INFO || finding->possible) &&
                                molt__accepted_takes(accepted, older, finding);
    }
}

MoltFindingTotals molt__schema_findings_total(const MoltSchemaFindings *findings)
{
    const MoltReport *report = &findings->report;
    MoltFindingTotals totals = {.bad = report->left_out[MOLT_LOSS] + report->left_out[MOLT_REFUSE]};
    for (uint32_t i = 0; i < report->count; i++) {
        const MoltFinding *finding = &report->findings[i];
        totals.accepted += findings->accepted[i];
        totals.bad += finding->severity != MOLT_INFO && !findings->accepted[i];
        totals.notes += finding->possible && !findings->accepted[i];
    }
    return totals;
}

/* ---- text and JSON ----------------------------------------------------------------------------- */

/* In today's sources: of the declaration, or of the struct that has it no longer, where its note belongs.
 * Where the struct is gone, in the older ones: *old. */
static Place place_of(const MoltSchemaFindings *findings, const MoltFinding *finding, bool frozen,
                      bool *old)
{
    const MoltSchema *today = frozen ? findings->before : findings->after;
    const MoltSchema *older = frozen ? findings->after : findings->before;
    Place place = {"", 0, MOLT_NO_TYPE};
    *old = finding->path != NULL && !place_in(today, finding->path, &place);
    if (*old) {
        place_in(older, finding->path, &place);
    }
    return place;
}

static bool is_ignored(const MoltFinding *finding, const MoltFindingView *view)
{
    return finding->path != NULL && molt__path_matches(view->ignore, finding->path);
}

uint32_t molt__schema_findings_ignored(const MoltSchemaFindings *findings,
                                       const MoltFindingView *view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < findings->report.count; i++) {
        count += is_ignored(&findings->report.findings[i], view);
    }
    return count;
}

static bool is_shown(const MoltSchemaFindings *findings, uint32_t i, const MoltFindingView *view)
{
    const MoltFinding *finding = &findings->report.findings[i];
    if (is_ignored(finding, view)) {
        return false;
    }
    if (findings->accepted[i]) {
        return view->infos;
    }
    return finding->possible ? view->notes : finding->severity != MOLT_INFO || view->infos;
}

static const char *severity_of(const MoltFinding *finding)
{
    return finding->possible ? "note" : molt_severity_id(finding->severity);
}

/* Old code reads new states as it is: only today's declarations can still change. */
static void write_frozen_ways(const MoltFinding *finding, const MoltFindingView *view, char *buffer,
                              size_t size)
{
    const char *keep = finding->before != NULL && finding->after == NULL
                           ? "leave it out of today's sources"
                           : "declare it in today's sources as it does";
    snprintf(buffer, size,
             "version v%04u is recorded and takes no annotation: %s, or accept it with the line "
             "`v%04u %s %s` in %s, or stop asking for that version: delete %s/v%04u.json and all older ones",
             view->older, keep, view->older, molt_rule_id(finding->rule), finding->path,
             view->acceptance, view->folder, view->older);
}

/* What the finding's remedy is for the present declarations, and how a team says that none of its saves has
 * such a value, as an annotation may be in the way of another version. NULL when there is nothing to say. */
static const char *remedy_of(const MoltFinding *finding, const MoltFindingView *view, char *buffer,
                             size_t size)
{
    const char *remedy = finding->remedy != NULL ? finding->remedy : "";
    if (finding->severity == MOLT_INFO || view->acceptance == NULL || finding->path == NULL) {
        return finding->remedy;
    }
    if (view->frozen) {
        write_frozen_ways(finding, view, buffer, size);
    } else if (finding->rule == MOLT_RULE_NOTE_DROPPED && strstr(remedy, "MOLT_") != NULL) {
        snprintf(buffer, size,
                 "%s, or where that is in the way of another version take such saves from one to the "
                 "next, with molt migrate --to %s, and accept it with the line `v%04u %s %s` in %s",
                 remedy, view->folder, view->older, molt_rule_id(finding->rule), finding->path,
                 view->acceptance);
    } else {
        snprintf(buffer, size, "%s%saccept it with the line `v%04u %s %s` in %s", remedy,
                 remedy[0] != '\0' ? ", or " : "", view->older, molt_rule_id(finding->rule),
                 finding->path, view->acceptance);
    }
    return buffer;
}

static void print_finding(const MoltSchemaFindings *findings, uint32_t i,
                          const MoltFindingView *view, FILE *out)
{
    char text[6144], remedy[2048];
    MoltFinding finding = findings->report.findings[i];
    bool old;
    Place place = place_of(findings, &finding, view->frozen, &old);
    finding.remedy = remedy_of(&finding, view, remedy, sizeof remedy);
    molt_finding_text(&finding, text, sizeof text);
    if (place.line > 0 && old && view->older > 0) {
        fprintf(out, "%s:%u in v%04u: ", place.file, place.line, view->older);
    } else if (place.line > 0) {
        fprintf(out, "%s:%u: ", place.file, place.line);
    }
    fprintf(out, "%s%s\n", findings->accepted[i] ? "accepted: " : "", text);
}

/* Refusals and losses, then what is possible, then the rest. */
void molt__schema_findings_print(const MoltSchemaFindings *findings, const MoltFindingView *view,
                                 FILE *out)
{
    static const char *const order[] = {"refuse", "loss", "note", "info"};
    for (size_t o = 0; o < sizeof order / sizeof order[0]; o++) {
        for (uint32_t i = 0; i < findings->report.count; i++) {
            if (is_shown(findings, i, view) &&
                strcmp(severity_of(&findings->report.findings[i]), order[o]) == 0) {
                print_finding(findings, i, view, out);
            }
        }
    }
    for (int severity = MOLT_REFUSE; severity >= (view->infos ? MOLT_INFO : MOLT_LOSS);
         severity--) {
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

cJSON *molt__schema_findings_json(const MoltSchemaFindings *findings, const MoltFindingView *view)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; list != NULL && i < findings->report.count; i++) {
        const MoltFinding *finding = &findings->report.findings[i];
        char remedy[2048];
        if (!is_shown(findings, i, view)) {
            continue;
        }
        bool old;
        Place place = place_of(findings, finding, view->frozen, &old);
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(list, item);
        add_text(item, "file", place.file);
        cJSON_AddNumberToObject(item, "line", place.line);
        if (place.line > 0 && old && view->older > 0) {
            cJSON_AddNumberToObject(item, "version", view->older);
        }
        add_text(item, "severity", severity_of(finding));
        add_text(item, "rule", molt_rule_id(finding->rule));
        add_text(item, "path", finding->path);
        add_text(item, "before", finding->before);
        add_text(item, "after", finding->after);
        add_text(item, "value", finding->value);
        add_text(item, "remedy", remedy_of(finding, view, remedy, sizeof remedy));
        if (findings->accepted[i]) {
            cJSON_AddTrueToObject(item, "accepted");
        }
    }
    return list;
}
