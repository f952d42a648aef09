#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "report_words.h"

/* The last recording with the layouts of the schema, UINT32_MAX without one. */
static uint32_t recording_of(const MoltRecordings *recordings, const MoltSchema *schema)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < recordings->count; i++) {
        if (molt__recorded_alike(recordings->items[i].schema, schema)) {
            found = i;
        }
    }
    return found;
}

static bool lacks_hook(const MoltReport *report)
{
    bool lacks = false;
    for (uint32_t i = 0; i < report->count && !lacks; i++) {
        lacks = report->findings[i].severity == MOLT_REFUSE &&
                report->findings[i].rule == MOLT_RULE_HOOK_MISSING;
    }
    return lacks;
}

MoltStatus molt__tool_steps_take(MoltToolState *state, const MoltRecordings *recordings,
                                 MoltPolicy policy, MoltMissingFunctions missing, bool before_hooks,
                                 MoltToolSteps *out, MoltError *error)
{
    uint32_t newest = recordings->count - 1;
    uint32_t at = recording_of(recordings, molt_snapshot_file_schema(state->file));
    uint32_t from = at != UINT32_MAX ? recordings->items[at].number : 0;
    uint32_t next = at == UINT32_MAX || at == newest ? newest : at + 1;
    MoltStatus status = MOLT_OK;
    out->items = calloc((size_t)recordings->count, sizeof *out->items);
    if (out->items == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the steps");
    }
    for (; next <= newest && status == MOLT_OK && !(before_hooks && next == newest); next++) {
        MoltToolStep *step = &out->items[out->count];
        *step = (MoltToolStep){.from = from, .to = recordings->items[next].number};
        molt_report_init(&step->report, NULL);
        status = molt__tool_state_step(state, recordings->items[next].schema, policy, missing,
                                       &step->report, error);
        if (status == MOLT_REFUSED && before_hooks && lacks_hook(&step->report)) {
            molt_report_clear(&step->report);
            return MOLT_OK;
        }
        out->count++;
        from = step->to;
    }
    return status;
}

void molt__tool_steps_free(MoltToolSteps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        molt_report_clear(&steps->items[i].report);
    }
    free(steps->items);
    *steps = (MoltToolSteps){0};
}

static void name_version(uint32_t number, char *buffer, size_t size)
{
    if (number > 0) {
        snprintf(buffer, size, "v%04u", number);
    } else {
        snprintf(buffer, size, "its own schema");
    }
}

void molt__tool_steps_print(const char *name, const MoltToolSteps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        const MoltToolStep *step = &steps->items[i];
        char from[32], to[32], place[4352];
        name_version(step->from, from, sizeof from);
        name_version(step->to, to, sizeof to);
        snprintf(place, sizeof place, "%.4096s: from %s to %s", name, from, to);
        molt__tool_report_print(place, &step->report);
    }
}

char *molt__tool_steps_json(const MoltToolSteps *steps)
{
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, "steps");
    bool good = list != NULL;
    for (uint32_t i = 0; good && i < steps->count; i++) {
        const MoltToolStep *step = &steps->items[i];
        char name[32], *text = molt__tool_report_json(&step->report);
        cJSON *item = text != NULL ? cJSON_Parse(text) : NULL;
        free(text);
        good = item != NULL && cJSON_AddItemToArray(list, item);
        name_version(step->from, name, sizeof name);
        good = good && (step->from == 0 ? cJSON_AddNullToObject(item, "from") != NULL
                                        : cJSON_AddStringToObject(item, "from", name) != NULL);
        name_version(step->to, name, sizeof name);
        good = good && cJSON_AddStringToObject(item, "to", name) != NULL;
    }
    char *text = good ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    return text;
}

uint32_t molt__tool_steps_total(const MoltToolSteps *steps, MoltSeverity severity)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < steps->count; i++) {
        total += molt_report_total(&steps->items[i].report, severity);
    }
    return total;
}
