#include "summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Rows of changes; what does not fit is counted in one more row. */
#define CHANGE_ROWS 5
#define NAMED_TYPES 4

/* ---- text ----------------------------------------------------------------------------------- */

void molt__summary_clean(const char *text, char *buffer, size_t size)
{
    static const struct { const char *from, *to; } signs[] = {
        {"\xE2\x80\x98", "'"}, {"\xE2\x80\x99", "'"},  {"\xE2\x80\x9C", "\""}, {"\xE2\x80\x9D", "\""},
        {"\xE2\x80\x93", "-"}, {"\xE2\x80\x94", "-"},  {"\xE2\x86\x92", "->"}, {"\xE2\x80\xA6", "..."},
        {"\xC3\x97", "x"},     {"\xE2\x89\xA4", "<="}, {"\xE2\x89\xA5", ">="},
    };
    size_t used = 0;
    while (*text && used + 1 < size) {
        unsigned char c = (unsigned char)*text;
        const char *put = (char[]){(char)(c < ' ' || c == 127 ? ' ' : c), '\0'};
        size_t length = 1;
        if (c >= 0x80) {
            put = "?";
            while (((unsigned char)text[length] & 0xC0) == 0x80)
                length++;
            for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
                if (strncmp(text, signs[i].from, strlen(signs[i].from)) == 0) {
                    put = signs[i].to;
                    length = strlen(signs[i].from);
                }
        }
        for (; *put && used + 1 < size; put++)
            buffer[used++] = *put;
        text += length;
    }
    buffer[used] = '\0';
}

/* 10240 as "10,240". */
static const char *with_commas(uint64_t value, char buffer[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    int used = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}

__attribute__((format(printf, 3, 4)))
static void add_row(MoltSummary *out, MoltMood mood, const char *format, ...)
{
    char text[1200];
    va_list arguments;
    if (out->row_count == MOLT__SUMMARY_ROWS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    MoltSummaryRow *row = &out->rows[out->row_count++];
    row->mood = mood;
    molt__summary_clean(text, row->text, sizeof row->text);
}

/* One row for each line of `text`, empty ones left out, until `rows` are used. Absolute paths at the
 * start of a line are cut to the file's name: what tells lines apart stands behind it. */
static void add_lines(MoltSummary *out, MoltMood mood, const char *text, int rows)
{
    for (; *text && rows; text += *text == '\n') {
        size_t length = strcspn(text, "\n");
        const char *start = text;
        if (*text == '/')
            for (size_t i = 0; i < length && text[i] != ':' && text[i] != ' '; i++)
                if (text[i] == '/')
                    start = text + i + 1;
        int kept = (int)(text + length - start);
        if (kept > 0 && (size_t)kept != strspn(start, " \t\r")) {
            add_row(out, mood, "%.*s", kept < 1000 ? kept : 1000, start);
            rows--;
        }
        text += length;
    }
}

/* ---- findings ------------------------------------------------------------------------------- */

/* "Ant" of "Ant.hp", "ground.c:Cell" of "ground.c:Cell.x", all of the variable "ground.c:rain". */
static int type_length(const char *path)
{
    const char *colon = strrchr(path, ':'), *name = colon ? colon + 1 : path;
    return (int)(name - path) + (int)strcspn(name, ".[");
}

static bool same_type(const char *a, const char *b)
{
    return type_length(a) == type_length(b) && strncmp(a, b, (size_t)type_length(a)) == 0;
}

/* Whether an earlier finding of the report names the same type. */
static bool named_before(const MoltReport *report, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (report->findings[i].path && same_type(report->findings[i].path,
                                                  report->findings[index].path))
            return true;
    return false;
}

/* "Ant, Tile and 3 more", in the order of the report. */
static void name_types(const MoltReport *report, MoltSummary *out)
{
    int named = 0, more = 0;
    size_t used = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        const char *path = report->findings[i].path;
        if (!path || named_before(report, i))
            continue;
        if (named == NAMED_TYPES) {
            more++;
            continue;
        }
        int wrote = snprintf(out->subject + used, sizeof out->subject - used, "%s%.*s",
                             named ? ", " : "", type_length(path) < 40 ? type_length(path) : 40, path);
        used += wrote > 0 ? (size_t)wrote : 0;
        named++;
    }
    if (more)
        snprintf(out->subject + used, sizeof out->subject - used, " and %d more", more);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* "Ant: int hp -> char hp: 300 (12 objects)" or "Ant: int hunger = 50", with what there is of it. */
static void add_change(MoltSummary *out, const MoltFinding *finding)
{
    const char *path = or_empty(finding->path);
    const char *before = or_empty(finding->before), *after = or_empty(finding->after);
    const char *sign = !*before && *after ? "+ " : *before && !*after ? "- " : "~ ";
    char objects[64] = "", number[32], named[128];
    bool declared = *before || *after;
    if (finding->objects)
        snprintf(objects, sizeof objects, " (%s object%s)", with_commas(finding->objects, number),
                 finding->objects == 1 ? "" : "s");
    /* A declaration holds the field's own name, so only the type is put before it. */
    snprintf(named, sizeof named, "%.*s", declared ? type_length(path) : (int)strlen(path), path);
    /* Equal declarations say nothing: the enum inside was renumbered, or a constant moved. */
    bool same = *before && strcmp(before, after) == 0;
    bool renumbered = finding->rule == MOLT_RULE_ENUM_RENUMBERED;
    add_row(out, finding->severity == MOLT_LOSS ? MOLT__MOOD_LOSS : MOLT__MOOD_GOOD,
            "%s%s%s%s%s%s%s%s%s%s", sign, named, declared ? ": " : " ", same ? "" : before,
            !same && *before && *after ? " -> " : "", after, renumbered ? ", renumbered" : "",
            !finding->value                          ? ""
            : finding->rule == MOLT_RULE_FIELD_ADDED ? " = "
                                                     : ": ",
            or_empty(finding->value), objects);
}

static bool is_noise(const MoltFinding *finding)
{
    return finding->severity == MOLT_INFO && finding->rule == MOLT_RULE_FIELD_MOVED;
}

static void add_changes(MoltSummary *out, const MoltReport *report)
{
    uint32_t left = 0, moved = 0;
    for (int severity = MOLT_LOSS; severity >= MOLT_INFO; severity--)
        for (uint32_t i = 0; i < report->count; i++) {
            const MoltFinding *finding = &report->findings[i];
            if ((int)finding->severity != severity)
                continue;
            if (is_noise(finding))
                moved++;
            else if (out->row_count < CHANGE_ROWS)
                add_change(out, finding);
            else
                left++;
        }
    for (int severity = MOLT_INFO; severity <= MOLT_LOSS; severity++)
        left += report->left_out[severity];
    if (left)
        add_row(out, MOLT__MOOD_QUIET, "and %" PRIu32 " more change%s", left, left == 1 ? "" : "s");
    if (moved)
        add_row(out, MOLT__MOOD_QUIET, "fields reordered in %" PRIu32 " type%s", moved,
                moved == 1 ? "" : "s");
}

/* ---- outcomes ------------------------------------------------------------------------------- */

static void write_reloaded(const MoltReloadEvent *event, MoltSummary *out)
{
    char number[32];
    bool migrated = strcmp(event->outcome, "migrated") == 0;
    bool lossy = event->report && molt_report_total(event->report, MOLT_LOSS) > 0;
    out->mood = lossy ? MOLT__MOOD_LOSS : MOLT__MOOD_GOOD;
    snprintf(out->word, sizeof out->word, "%s",
             event->steps < 0   ? "undone"
             : event->steps > 0 ? "redone"
             : migrated         ? "migrated"
                                : "new code");
    if (migrated)
        snprintf(out->facts, sizeof out->facts, "%s object%s   %.2f ms   generation %" PRIu32,
                 with_commas(event->objects, number), event->objects == 1 ? "" : "s",
                 (double)event->pause_ns / 1e6, event->generation);
    else
        snprintf(out->facts, sizeof out->facts, "%.2f ms   generation %" PRIu32,
                 (double)event->pause_ns / 1e6, event->generation);
    if (event->report) {
        if (migrated)
            name_types(event->report, out);
        add_changes(out, event->report);
    }
}

static void write_refused(const MoltReloadEvent *event, MoltSummary *out)
{
    const MoltFinding *why = event->report ? molt_report_refusal(event->report) : NULL;
    out->mood = MOLT__MOOD_BAD;
    snprintf(out->word, sizeof out->word, "refused");
    snprintf(out->facts, sizeof out->facts,
             "The game goes on with the old code and its state untouched.");
    if (!why) {
        add_row(out, MOLT__MOOD_BAD, "%s", event->headline);
        add_lines(out, MOLT__MOOD_PLAIN, event->detail, CHANGE_ROWS);
        return;
    }
    char rule[64], number[32];
    snprintf(out->subject, sizeof out->subject, "%s", or_empty(why->path));
    snprintf(rule, sizeof rule, "%s", molt_rule_id(why->rule));
    for (char *c = rule; *c; c++)
        *c = *c == '-' ? ' ' : *c;
    add_row(out, MOLT__MOOD_BAD, "%s%s%s", rule, why->value ? ": " : "", or_empty(why->value));
    bool same = why->before && why->after && strcmp(why->before, why->after) == 0;
    if (why->before && why->after && !same)
        add_row(out, MOLT__MOOD_PLAIN, "%s -> %s", why->before, why->after);
    else if (why->before || why->after)
        add_row(out, MOLT__MOOD_PLAIN, "%s %s", same ? "in" : why->before ? "was" : "is",
                why->before ? why->before : why->after);
    if (why->objects)
        add_row(out, MOLT__MOOD_PLAIN, "concerns %s object%s", with_commas(why->objects, number),
                why->objects == 1 ? "" : "s");
    if (why->remedy)
        add_row(out, MOLT__MOOD_LOSS, "What to do: %s", why->remedy);
    uint32_t others = molt_report_total(event->report, MOLT_REFUSE);
    if (others > 1)
        add_row(out, MOLT__MOOD_QUIET, "and %" PRIu32 " more reason%s", others - 1,
                others == 2 ? "" : "s");
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_diagnostic(MoltSummary *out, const MoltDiagnostic *diagnostic)
{
    char place[256] = "", included[256] = "";
    bool error = diagnostic->kind == MOLT_DIAGNOSTIC_ERROR;
    if (diagnostic->line)
        snprintf(place, sizeof place, "%s:%u: ", file_name(diagnostic->file), diagnostic->line);
    else if (*diagnostic->file)
        snprintf(place, sizeof place, "%s: ", file_name(diagnostic->file));
    if (*diagnostic->included)
        snprintf(included, sizeof included, " (included from %s)", file_name(diagnostic->included));
    add_row(out, error ? MOLT__MOOD_PLAIN : MOLT__MOOD_QUIET, "%s%.900s%s", place,
            diagnostic->message, included);
}

/* The first errors with the notes that belong to them. False when the build told of none. */
static bool add_errors(MoltSummary *out, const MoltReloadEvent *event)
{
    uint32_t errors = 0, shown = 0;
    bool of_error = false;
    for (uint32_t i = 0; i < event->diagnostic_count; i++) {
        const MoltDiagnostic *diagnostic = &event->diagnostics[i];
        bool error = diagnostic->kind == MOLT_DIAGNOSTIC_ERROR;
        of_error = error || (of_error && diagnostic->kind == MOLT_DIAGNOSTIC_NOTE);
        errors += error;
        if (of_error && out->row_count < MOLT__SUMMARY_ROWS - 1) {
            add_diagnostic(out, diagnostic);
            shown += error;
        }
    }
    if (errors > shown)
        add_row(out, MOLT__MOOD_QUIET, "and %u more error%s", errors - shown,
                errors - shown == 1 ? "" : "s");
    return errors > 0;
}

static void write_failed(const MoltReloadEvent *event, const char *word, MoltSummary *out)
{
    out->mood = MOLT__MOOD_BAD;
    snprintf(out->word, sizeof out->word, "%s", word);
    snprintf(out->facts, sizeof out->facts, "The game goes on with the old code.");
    if (event->kind == MOLT_EVENT_LOAD_FAILED)
        add_row(out, MOLT__MOOD_BAD, "%s", event->headline);
    if (!add_errors(out, event))
        add_lines(out, MOLT__MOOD_PLAIN, *event->detail ? event->detail : event->output,
                  MOLT__SUMMARY_ROWS - 1);
}

static void write_no_checkpoint(const MoltReloadEvent *event, MoltSummary *out)
{
    out->mood = MOLT__MOOD_LOSS;
    snprintf(out->word, sizeof out->word, "no checkpoint");
    snprintf(out->facts, sizeof out->facts, "The game goes on. Reloads work as before.");
    add_lines(out, MOLT__MOOD_PLAIN, event->detail, CHANGE_ROWS);
}

static void write_postponed(const MoltReloadEvent *event, MoltSummary *out)
{
    out->mood = MOLT__MOOD_LOSS;
    snprintf(out->word, sizeof out->word, "postponed");
    snprintf(out->facts, sizeof out->facts, "The game goes on with the old code until then.");
    add_row(out, MOLT__MOOD_LOSS, "%s", event->headline);
    add_lines(out, MOLT__MOOD_PLAIN, event->detail, CHANGE_ROWS);
}

/* The first line of the detail says where the game is now, the others how it got into the crash. */
static void write_crashed(const MoltReloadEvent *event, MoltSummary *out)
{
    const char *what = event->headline, *rest = strchr(event->detail, '\n');
    out->mood = MOLT__MOOD_BAD;
    snprintf(out->word, sizeof out->word, "crashed");
    snprintf(out->facts, sizeof out->facts, "The game stands still until new code comes.");
    add_row(out, MOLT__MOOD_BAD, "%s", what);
    add_row(out, MOLT__MOOD_PLAIN, "%.*s", (int)strcspn(event->detail, ";\n"), event->detail);
    if (rest)
        add_lines(out, MOLT__MOOD_QUIET, rest, CHANGE_ROWS);
}

void molt__summary_write(const MoltReloadEvent *event, MoltSummary *out)
{
    *out = (MoltSummary){0};
    if (event->kind == MOLT_EVENT_RELOADED)
        write_reloaded(event, out);
    else if (event->kind == MOLT_EVENT_REFUSED)
        write_refused(event, out);
    else if (event->kind == MOLT_EVENT_POSTPONED)
        write_postponed(event, out);
    else if (event->kind == MOLT_EVENT_NO_CHECKPOINT)
        write_no_checkpoint(event, out);
    else if (event->kind == MOLT_EVENT_CRASHED)
        write_crashed(event, out);
    else if (event->kind == MOLT_EVENT_BUILD_FAILED)
        write_failed(event, "build failed", out);
    else
        write_failed(event, "not loaded", out);
}

void molt__summary_write_file(const char *word, const char *path, uint64_t nanoseconds,
                              const MoltReport *report, const char *problem, MoltSummary *out)
{
    *out = (MoltSummary){0};
    molt__summary_clean(path, out->subject, sizeof out->subject);
    if (problem) {
        out->mood = MOLT__MOOD_BAD;
        snprintf(out->word, sizeof out->word, "not %s", word);
        snprintf(out->facts, sizeof out->facts, "The game goes on with its state untouched.");
        add_lines(out, MOLT__MOOD_PLAIN, problem, CHANGE_ROWS);
        return;
    }
    out->mood = molt_report_total(report, MOLT_LOSS) > 0 ? MOLT__MOOD_LOSS : MOLT__MOOD_GOOD;
    snprintf(out->word, sizeof out->word, "%s", word);
    snprintf(out->facts, sizeof out->facts, "%.2f ms", (double)nanoseconds / 1e6);
    add_changes(out, report);
}

void molt__summary_stand_still(MoltSummary *summary, const char *crash)
{
    int others = summary->row_count < MOLT__SUMMARY_ROWS ? summary->row_count : MOLT__SUMMARY_ROWS - 1;
    MoltSummaryRow *first = &summary->rows[0];
    snprintf(summary->facts, sizeof summary->facts,
             "The game stands still since a crash; the next good save goes on.");
    memmove(first + 1, first, (size_t)others * sizeof *first);
    first->mood = MOLT__MOOD_BAD;
    molt__summary_clean(crash, first->text, sizeof first->text);
    summary->row_count = others + 1;
}

void molt__summary_write_asset(const MoltAssetEvent *event, MoltSummary *out)
{
    *out = (MoltSummary){.mood = event->kept ? MOLT__MOOD_BAD : MOLT__MOOD_GOOD};
    snprintf(out->word, sizeof out->word, "%s", event->kept ? "not taken" : "asset");
    molt__summary_clean(event->path, out->subject, sizeof out->subject);
    if (event->kept) {
        snprintf(out->facts, sizeof out->facts, "The game goes on with what it had.");
        add_lines(out, MOLT__MOOD_PLAIN, event->problem, CHANGE_ROWS);
    }
}
