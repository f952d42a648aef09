#include "molt/report.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stubs in one report; the code that somebody edits is rarely about more. */
#define STUB_LIMIT 4u
#define STUB_TITLE                                                                                 \
    "\nA hook can settle this; paste it below the struct and say what becomes of the values:\n\n"
/* Longer strings are cut: they come from declarations and live values, which have no bound. */
#define STRING_LIMIT 480u
#define STRINGS 5u
/* What the text holds beside the findings: the totals and what was left out. */
#define FRAME_BYTES 1024u

/* The strings of each finding are one allocation, so that a finding can be pushed out. `used` is
 * what the findings take in the text for people; it is what MOLT_REPORT_LIMIT bounds. */
typedef struct Entry {
    char *strings;
    size_t size; /* of strings */
    size_t line; /* bytes in the text, newline included */
} Entry;

struct MoltReportText {
    Entry *entries; /* parallel to the report's findings */
    uint32_t slots; /* of both */
    size_t used;
};

const char *molt_rule_id(MoltRule rule)
{
    static const char *const ids[] = {
#define X(name, id) [MOLT_RULE_##name] = id,
        MOLT_RULE_LIST(X)
#undef X
    };
    return (unsigned)rule < MOLT_RULE_COUNT ? ids[rule] : "unknown";
}

const char *molt_severity_id(MoltSeverity severity)
{
    static const char *const ids[] = {"info", "loss", "refuse"};
    return (unsigned)severity <= MOLT_REFUSE ? ids[severity] : "unknown";
}

/* ---- text ---------------------------------------------------------------------------------- */

/* Text cut at a size, with the length that it would have without a cut. */
typedef struct Line {
    char *buffer;
    size_t size;
    size_t length;
} Line;

static void append(Line *line, const char *text)
{
    size_t length = strlen(text);
    if (line->length + 1 < line->size) {
        size_t room = line->size - 1 - line->length;
        size_t part = length < room ? length : room;
        memcpy(line->buffer + line->length, text, part);
        line->buffer[line->length + part] = '\0';
    }
    line->length += length;
}

static void append_padded(Line *line, const char *text, size_t width)
{
    append(line, text);
    for (size_t i = strlen(text); i < width; i++)
        append(line, " ");
}

static bool has(const char *text)
{
    return text && text[0] != '\0';
}

static bool ends_sentence(const char *text)
{
    char last = text[strlen(text) - 1];
    return last == '.' || last == '!' || last == '?';
}

/* `before -> after`, then number of objects and first value, each only where there is one. Returns
 * the last part, NULL when there is none. */
static const char *append_facts(Line *line, const MoltFinding *finding, char *number, size_t size)
{
    const char *last = NULL;
    if (has(finding->before) && has(finding->after) &&
        strcmp(finding->before, finding->after) == 0) {
        append(line, last = finding->after);
    } else if (has(finding->before) && has(finding->after)) {
        append(line, finding->before);
        append(line, " -> ");
        append(line, last = finding->after);
    } else if (has(finding->before)) {
        append(line, "was ");
        append(line, last = finding->before);
    } else if (has(finding->after)) {
        append(line, "now ");
        append(line, last = finding->after);
    }
    bool added = finding->rule == MOLT_RULE_FIELD_ADDED; /* the value is the field's default */
    if (has(finding->value) && added) {
        append(line, " = ");
        append(line, last = finding->value);
    }
    if (finding->objects > 0) {
        snprintf(number, size, "%llu object%s", (unsigned long long)finding->objects,
                 finding->objects == 1 ? "" : "s");
        append(line, last ? ", " : "");
        append(line, last = number);
    }
    if (has(finding->value) && !added) {
        append(line, last ? ", " : "");
        append(line, finding->objects > 1 ? "first " : "");
        append(line, last = finding->value);
    }
    return last;
}

/* Returns the length of the whole line, cut or not. */
static size_t write_finding(const MoltFinding *finding, char *buffer, size_t size)
{
    Line line = {buffer, size, 0};
    char number[40];
    append_padded(&line, finding->possible ? "note" : molt_severity_id(finding->severity), 7);
    append_padded(&line, molt_rule_id(finding->rule), 22);
    append(&line, " ");
    append(&line, has(finding->path) ? finding->path : "(all)");
    bool facts =
        has(finding->before) || has(finding->after) || has(finding->value) || finding->objects > 0;
    append(&line, facts ? ": " : ".");
    const char *last = append_facts(&line, finding, number, sizeof number);
    if (last && !ends_sentence(last))
        append(&line, ".");
    if (has(finding->remedy)) {
        char initial[2] = {(char)toupper((unsigned char)finding->remedy[0]), '\0'};
        append(&line, " ");
        append(&line, initial);
        append(&line, finding->remedy + 1);
        append(&line, ends_sentence(finding->remedy) ? "" : ".");
    }
    return line.length;
}

void molt_finding_text(const MoltFinding *finding, char *buffer, size_t size)
{
    if (size == 0)
        return;
    buffer[0] = '\0';
    write_finding(finding, buffer, size);
}

/* ---- findings ------------------------------------------------------------------------------ */

static void *resize(const MoltReport *report, void *block, size_t old_size, size_t size)
{
    return report->allocator.resize(report->allocator.context, block, old_size, size);
}

/* Both strings are one allocation, the type first. */
static size_t stub_size(const MoltStub *stub)
{
    return strlen(stub->type) + strlen(stub->code) + 2;
}

void molt_report_init(MoltReport *report, const MoltAllocator *allocator)
{
    *report = (MoltReport){.allocator = allocator ? *allocator : *molt_allocator_default()};
}

void molt_report_clear(MoltReport *report)
{
    const MoltAllocator allocator = report->allocator;
    struct MoltReportText *text = report->text;
    for (uint32_t i = 0; i < report->stub_count; i++)
        resize(report, (char *)report->stubs[i].type, stub_size(&report->stubs[i]), 0);
    if (report->stubs)
        resize(report, report->stubs, STUB_LIMIT * sizeof *report->stubs, 0);
    if (text) {
        for (uint32_t i = 0; i < report->count; i++)
            resize(report, text->entries[i].strings, text->entries[i].size, 0);
        if (text->entries)
            resize(report, text->entries, text->slots * sizeof *text->entries, 0);
        if (report->findings)
            resize(report, report->findings, text->slots * sizeof *report->findings, 0);
        resize(report, text, sizeof *text, 0);
    }
    molt_report_init(report, &allocator);
}

/* Bytes of the UTF-8 character at `text`; 0 when it is none, or a control character. */
static size_t character_length(const unsigned char *text)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    size_t length = lead >= 0xf5   ? 0u
                    : lead >= 0xf0 ? 4u
                    : lead >= 0xe0 ? 3u
                    : lead >= 0xc2 ? 2u
                                   : 0u;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (lead == 0xe0 && text[1] < 0xa0) || (lead == 0xf0 && text[1] < 0x90);
    bool surrogate = lead == 0xed && text[1] >= 0xa0;
    bool beyond = lead == 0xf4 && text[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

/* Copies at most STRING_LIMIT bytes as one line of valid UTF-8: strings from live objects may hold
 * anything, and a report goes to terminals and into JSON. Returns the length. */
static size_t copy_clean(char *out, const char *text)
{
    size_t length = 0;
    while (*text != '\0') {
        size_t bytes = character_length((const unsigned char *)text);
        if (length + (bytes > 0 ? bytes : 1) + 3 > STRING_LIMIT) {
            memcpy(out + length, "...", 3);
            length += 3;
            break;
        }
        if (bytes > 0)
            memcpy(out + length, text, bytes);
        else
            out[length] = '?';
        text += bytes > 0 ? bytes : 1;
        length += bytes > 0 ? bytes : 1;
    }
    out[length] = '\0';
    return length;
}

/* A finding whose strings lie in `storage`, which holds STRINGS * (STRING_LIMIT + 1) bytes; returns
 * the bytes it took. */
static size_t clean_finding(const MoltFinding *finding, char *storage, MoltFinding *out)
{
    *out = *finding;
    const char **strings[STRINGS] = {&out->path, &out->before, &out->after, &out->value,
                                     &out->remedy};
    size_t used = 0;
    for (size_t i = 0; i < STRINGS; i++) {
        if (!*strings[i])
            continue;
        size_t length = copy_clean(storage + used, *strings[i]);
        *strings[i] = storage + used;
        used += length + 1;
    }
    return used;
}

static void move_strings(MoltFinding *finding, const char *from, const char *to)
{
    const char **strings[STRINGS] = {&finding->path, &finding->before, &finding->after,
                                     &finding->value, &finding->remedy};
    for (size_t i = 0; i < STRINGS; i++)
        if (*strings[i])
            *strings[i] = to + (*strings[i] - from);
}

/* Both tables grow or none. */
static bool make_slot(MoltReport *report)
{
    struct MoltReportText *text = report->text;
    if (!text) {
        text = resize(report, NULL, 0, sizeof *text);
        if (!text)
            return false;
        *text = (struct MoltReportText){0};
        report->text = text;
    }
    if (report->count < text->slots)
        return true;
    uint32_t slots = text->slots + text->slots / 2 + 16;
    MoltFinding *findings = resize(report, NULL, 0, slots * sizeof *findings);
    Entry *entries = resize(report, NULL, 0, slots * sizeof *entries);
    if (!findings || !entries) {
        if (findings)
            resize(report, findings, slots * sizeof *findings, 0);
        if (entries)
            resize(report, entries, slots * sizeof *entries, 0);
        return false;
    }
    if (report->count > 0) {
        memcpy(findings, report->findings, report->count * sizeof *findings);
        memcpy(entries, text->entries, report->count * sizeof *entries);
    }
    if (text->slots > 0) {
        resize(report, report->findings, text->slots * sizeof *findings, 0);
        resize(report, text->entries, text->slots * sizeof *entries, 0);
    }
    report->findings = findings;
    text->entries = entries;
    text->slots = slots;
    return true;
}

/* Drops the last finding of a severity; false when there is none. */
static bool push_out(MoltReport *report, MoltSeverity severity)
{
    uint32_t index = report->count;
    while (index > 0 && report->findings[index - 1].severity != severity)
        index--;
    if (index == 0)
        return false;
    index--;
    struct MoltReportText *text = report->text;
    Entry *entry = &text->entries[index];
    text->used -= entry->line;
    resize(report, entry->strings, entry->size, 0);
    report->count--;
    memmove(entry, entry + 1, (report->count - index) * sizeof *entry);
    memmove(&report->findings[index], &report->findings[index + 1],
            (report->count - index) * sizeof *report->findings);
    report->left_out[severity]++;
    return true;
}

/* Bytes that findings of lesser severity take. */
static size_t lesser_bytes(const MoltReport *report, MoltSeverity severity)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < report->count; i++)
        if (report->findings[i].severity < severity)
            bytes += report->text->entries[i].line;
    return bytes;
}

/* Pushes out findings of lesser severity, the least and latest first, until `line` bytes fit.
 * Pushes out nothing when that would not be enough. */
static bool make_room(MoltReport *report, MoltSeverity severity, size_t line)
{
    const size_t limit = MOLT_REPORT_LIMIT - FRAME_BYTES;
    if (report->text->used + line <= limit)
        return true;
    if (severity == MOLT_INFO || report->text->used - lesser_bytes(report, severity) + line > limit)
        return false;
    MoltSeverity victim = MOLT_INFO;
    while (report->text->used + line > limit)
        if (!push_out(report, victim))
            victim = MOLT_LOSS;
    return true;
}

void molt_report_add(MoltReport *report, const MoltFinding *finding)
{
    char storage[STRINGS * (STRING_LIMIT + 1)];
    MoltFinding clean;
    size_t size = clean_finding(finding, storage, &clean);
    size_t line = write_finding(&clean, NULL, 0) + 1;
    char *strings = NULL;

    if (!make_slot(report))
        goto left_out;
    if (size > 0) {
        strings = resize(report, NULL, 0, size);
        if (!strings)
            goto left_out;
        memcpy(strings, storage, size);
        move_strings(&clean, storage, strings);
    }
    if (!make_room(report, clean.severity, line))
        goto left_out;
    report->text->entries[report->count] = (Entry){strings, size, line};
    report->text->used += line;
    report->findings[report->count++] = clean;
    return;

left_out:
    if (strings)
        resize(report, strings, size, 0);
    report->left_out[finding->severity]++;
}

void molt_report_add_stub(MoltReport *report, const char *type, const char *code)
{
    MoltStub stub = {type, code};
    size_t size = stub_size(&stub), used = sizeof STUB_TITLE + strlen(code) + 1;
    for (uint32_t i = 0; i < report->stub_count; i++) {
        if (strcmp(report->stubs[i].type, type) == 0)
            return;
    }
    if (report->stub_count == STUB_LIMIT || !make_slot(report) ||
        report->text->used + used > MOLT_REPORT_LIMIT - FRAME_BYTES)
        return;
    if (!report->stubs)
        report->stubs = resize(report, NULL, 0, STUB_LIMIT * sizeof *report->stubs);
    char *strings = report->stubs ? resize(report, NULL, 0, size) : NULL;
    if (!strings)
        return;
    memcpy(strings, type, strlen(type) + 1);
    memcpy(strings + strlen(type) + 1, code, strlen(code) + 1);
    report->stubs[report->stub_count++] = (MoltStub){strings, strings + strlen(type) + 1};
    report->text->used += used;
}

uint32_t molt_report_total(const MoltReport *report, MoltSeverity severity)
{
    uint32_t total = report->left_out[severity];
    for (uint32_t i = 0; i < report->count; i++)
        if (report->findings[i].severity == severity)
            total++;
    return total;
}

const MoltFinding *molt_report_refusal(const MoltReport *report)
{
    for (uint32_t i = 0; i < report->count; i++)
        if (report->findings[i].severity == MOLT_REFUSE)
            return &report->findings[i];
    return NULL;
}

/* ---- the whole report ---------------------------------------------------------------------- */

static const char *plural(uint64_t number)
{
    return number == 1 ? "" : "s";
}

static void append_totals(Line *line, const MoltReport *report)
{
    char text[FRAME_BYTES / 2];
    uint32_t refusals = molt_report_total(report, MOLT_REFUSE);
    if (refusals > 0) {
        snprintf(text, sizeof text, "nothing was changed: %lu rule%s refuse%s this edit\n",
                 (unsigned long)refusals, plural(refusals), refusals == 1 ? "s" : "");
        append(line, text);
        return;
    }
    snprintf(text, sizeof text,
             "%lu type%s changed, %llu object%s migrated (%llu -> %llu bytes), %llu visited, "
             "%llu pointer%s changed\n",
             (unsigned long)report->types_changed, plural(report->types_changed),
             (unsigned long long)report->objects_migrated, plural(report->objects_migrated),
             (unsigned long long)report->bytes_before, (unsigned long long)report->bytes_after,
             (unsigned long long)report->objects_visited,
             (unsigned long long)report->pointers_changed, plural(report->pointers_changed));
    append(line, text);
    if (report->attic_objects == 0)
        return;
    snprintf(text, sizeof text,
             "kept for when their fields return: values of %llu object%s (%llu KiB)\n",
             (unsigned long long)report->attic_objects, plural(report->attic_objects),
             (unsigned long long)((report->attic_bytes + 1023) / 1024));
    append(line, text);
}

static void append_left_out(Line *line, const MoltReport *report)
{
    const char *separator = "left out: ";
    for (int severity = MOLT_REFUSE; severity >= MOLT_INFO; severity--) {
        if (report->left_out[severity] == 0)
            continue;
        char text[64];
        snprintf(text, sizeof text, "%s%lu %s", separator,
                 (unsigned long)report->left_out[severity],
                 molt_severity_id((MoltSeverity)severity));
        append(line, text);
        separator = ", ";
    }
    if (separator[0] == ',')
        append(line, "\n");
}

static char *to_text(const MoltReport *report, bool totals)
{
    size_t size = FRAME_BYTES + (report->text ? report->text->used : 0) + 1;
    char *buffer = malloc(size);
    if (!buffer)
        return NULL;
    buffer[0] = '\0';
    Line line = {buffer, size, 0};
    if (totals)
        append_totals(&line, report);
    for (int severity = MOLT_REFUSE; severity >= MOLT_INFO; severity--)
        for (uint32_t i = 0; i < report->count; i++)
            if (report->findings[i].severity == (MoltSeverity)severity) {
                line.length +=
                    write_finding(&report->findings[i], buffer + line.length, size - line.length);
                append(&line, "\n");
            }
    append_left_out(&line, report);
    for (uint32_t i = 0; i < report->stub_count; i++) {
        append(&line, STUB_TITLE);
        append(&line, report->stubs[i].code);
    }
    return buffer;
}

char *molt_report_to_text(const MoltReport *report)
{
    return to_text(report, true);
}

char *molt_report_findings_to_text(const MoltReport *report)
{
    return to_text(report, false);
}

static bool add_number(cJSON *object, const char *name, uint64_t number)
{
    return cJSON_AddNumberToObject(object, name, (double)number) != NULL;
}

/* Absent where there is nothing to say. */
static bool add_string(cJSON *object, const char *name, const char *text)
{
    return !text || cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool add_finding(cJSON *array, const MoltFinding *finding)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return false;
    }
    return add_string(object, "severity", molt_severity_id(finding->severity)) &&
           add_string(object, "rule", molt_rule_id(finding->rule)) &&
           add_string(object, "path", finding->path) &&
           add_string(object, "before", finding->before) &&
           add_string(object, "after", finding->after) &&
           add_string(object, "value", finding->value) &&
           add_string(object, "remedy", finding->remedy) &&
           add_number(object, "objects", finding->objects);
}

static bool add_stub(cJSON *array, const MoltStub *stub)
{
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return false;
    }
    return add_string(object, "type", stub->type) && add_string(object, "code", stub->code);
}

static bool add_totals(cJSON *root, const MoltReport *report)
{
    cJSON *left_out;
    return add_number(root, "types_changed", report->types_changed) &&
           add_number(root, "objects_migrated", report->objects_migrated) &&
           add_number(root, "objects_visited", report->objects_visited) &&
           add_number(root, "pointers_changed", report->pointers_changed) &&
           add_number(root, "bytes_before", report->bytes_before) &&
           add_number(root, "bytes_after", report->bytes_after) &&
           add_number(root, "attic_objects", report->attic_objects) &&
           add_number(root, "attic_bytes", report->attic_bytes) &&
           (left_out = cJSON_AddObjectToObject(root, "left_out")) != NULL &&
           add_number(left_out, "refuse", report->left_out[MOLT_REFUSE]) &&
           add_number(left_out, "loss", report->left_out[MOLT_LOSS]) &&
           add_number(left_out, "info", report->left_out[MOLT_INFO]);
}

char *molt_report_to_json(const MoltReport *report)
{
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    if (!root || !add_totals(root, report))
        goto cleanup;
    cJSON *findings = cJSON_AddArrayToObject(root, "findings");
    if (!findings)
        goto cleanup;
    for (int severity = MOLT_REFUSE; severity >= MOLT_INFO; severity--)
        for (uint32_t i = 0; i < report->count; i++)
            if (report->findings[i].severity == (MoltSeverity)severity &&
                !add_finding(findings, &report->findings[i]))
                goto cleanup;
    cJSON *stubs = report->stub_count > 0 ? cJSON_AddArrayToObject(root, "stubs") : NULL;
    for (uint32_t i = 0; i < report->stub_count; i++) {
        if (!add_stub(stubs, &report->stubs[i]))
            goto cleanup;
    }
    text = cJSON_Print(root);

cleanup:
    cJSON_Delete(root);
    return text;
}
