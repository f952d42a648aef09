#include "hook_library.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

static void find_host(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - sizeof "molt-host");
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        strcpy(slash + 1, "molt-host");
    }
    if (slash == NULL || access(path, X_OK) != 0) {
        snprintf(path, size, "molt-host");
    }
}

/* Everything that the host is told goes in at once, so that no frame lies between the commands. */
static bool tell(int commands, const char *from, const char *to)
{
    char text[2 * PATH_MAX + 32];
    int length = snprintf(text, sizeof text, "load %s\nsave %s\nquit\n", from, to);
    return length > 0 && (size_t)length < sizeof text &&
           write(commands, text, (size_t)length) == length;
}

static void become_host(const MoltToolHooks *hooks, const char *events, const int commands[2])
{
    char host[PATH_MAX];
    find_host(host, sizeof host);
    dup2(commands[0], STDIN_FILENO);
    close(commands[0]);
    close(commands[1]);
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
        _exit(126);
    }
    const char *loads = hooks->policy == MOLT_POLICY_LIVE ? "--load-live" : NULL;
    bool nulls = loads != NULL && hooks->missing == MOLT_MISSING_FUNCTIONS_NULL;
    /* what a file cannot keep refuses, whatever the policy of the load */
    execlp(host, host, hooks->library, "--headless", "--mute", "--no-build", "--strict",
           "--console", "--events", events, loads, nulls ? "--missing-functions=null" : NULL,
           (char *)NULL);
    _exit(127);
}

static MoltStatus run_host(const MoltToolHooks *hooks, const char *from, const char *to,
                           const char *events, MoltError *error)
{
    int commands[2], status = 0;
    if (pipe(commands) != 0) {
        return molt_error(error, MOLT_SYSTEM, "molt-host: %s", strerror(errno));
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        become_host(hooks, events, commands);
    }
    close(commands[0]);
    bool told = child > 0 && tell(commands[1], from, to);
    close(commands[1]);
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        return molt_error(error, MOLT_SYSTEM, "molt-host: %s", strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return molt_error(error, MOLT_NOT_FOUND,
                          "molt-host, which runs hooks, is neither beside molt nor on the PATH");
    }
    if (!told || WIFSIGNALED(status)) {
        return molt_error(error, MOLT_SYSTEM, "molt-host ended while it ran %s", hooks->library);
    }
    return MOLT_OK;
}

/* ---- what the host says ---------------------------------------------------------------------------- */

/* NULL when there is none. */
static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static uint64_t number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

static bool is_word(const cJSON *object, const char *key, const char *word)
{
    const char *text = text_of(object, key);
    return text != NULL && strcmp(text, word) == 0;
}

/* A finding of another rule than this program knows is of another version of the host, and left out. */
static void take_finding(const cJSON *item, MoltReport *report)
{
    MoltFinding finding = {.path = text_of(item, "path"),
                           .before = text_of(item, "before"),
                           .after = text_of(item, "after"),
                           .value = text_of(item, "value"),
                           .remedy = text_of(item, "remedy"),
                           .objects = number_of(item, "objects")};
    for (int s = MOLT_INFO; s <= MOLT_REFUSE; s++) {
        if (is_word(item, "severity", molt_severity_id((MoltSeverity)s))) {
            finding.severity = (MoltSeverity)s;
        }
    }
    int rule = 0;
    while (rule < MOLT_RULE_COUNT && !is_word(item, "rule", molt_rule_id((MoltRule)rule))) {
        rule++;
    }
    if (rule < MOLT_RULE_COUNT) {
        finding.rule = (MoltRule)rule;
        molt_report_add(report, &finding);
    }
}

/* What the host keeps for undo is not taken: a file has none. */
static void take_report(const cJSON *from, MoltReport *report)
{
    const cJSON *item, *left_out = cJSON_GetObjectItemCaseSensitive(from, "left_out");
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(from, "findings"))
    {
        take_finding(item, report);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(from, "stubs"))
    {
        if (text_of(item, "type") != NULL && text_of(item, "code") != NULL) {
            molt_report_add_stub(report, text_of(item, "type"), text_of(item, "code"));
        }
    }
    for (int s = MOLT_INFO; s <= MOLT_REFUSE; s++) {
        report->left_out[s] += (uint32_t)number_of(left_out, molt_severity_id((MoltSeverity)s));
    }
    report->types_changed += (uint32_t)number_of(from, "types_changed");
    report->objects_migrated += number_of(from, "objects_migrated");
    report->objects_visited += number_of(from, "objects_visited");
    report->pointers_changed += number_of(from, "pointers_changed");
    report->bytes_before += number_of(from, "bytes_before");
    report->bytes_after += number_of(from, "bytes_after");
}

/* Hooks make the state of the library's version, so that is what --to has to name. */
static MoltStatus check_schema(const cJSON *started, const MoltToolHooks *hooks, MoltError *error)
{
    MoltHash hash = molt_schema_source_hash(hooks->schema);
    const char *built = text_of(started, "schema");
    char wanted[33];
    snprintf(wanted, sizeof wanted, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    if (built != NULL && strcmp(built, wanted) == 0) {
        return MOLT_OK;
    }
    return molt_error(
        error, MOLT_INVALID,
        "the library and --to are of two versions: %s was built under schema %s, and %s "
        "is schema %s; give the schema that the library was built under, or the "
        "library of that version",
        hooks->library, built != NULL ? built : "(unknown)", hooks->schema_name, wanted);
}

/* *saved when the last step went well. */
static MoltStatus take_event(const cJSON *event, const MoltToolHooks *hooks, bool *saved,
                             MoltReport *report, MoltError *error)
{
    bool load = is_word(event, "event", "loaded"), save = is_word(event, "event", "saved");
    if (is_word(event, "event", "started")) {
        return check_schema(event, hooks, error);
    }
    if (!load && !save) {
        return MOLT_OK;
    }
    take_report(cJSON_GetObjectItemCaseSensitive(event, "report"), report);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok"))) {
        *saved = *saved || save;
        return MOLT_OK;
    }
    const char *why = text_of(event, "error");
    return molt_error(error, molt_report_refusal(report) != NULL ? MOLT_REFUSED : MOLT_INVALID,
                      "with the hooks of %s: %s", hooks->library, why != NULL ? why : "");
}

MoltStatus molt__tool_run_hooks(const MoltToolHooks *hooks, const char *from, const char *to,
                                MoltReport *report, MoltError *error)
{
    char events[] = "/tmp/molt-events-XXXXXX";
    size_t length = 0;
    bool saved = false;
    char *text = NULL, *rest = NULL;
    int made = mkstemp(events);
    if (made < 0) {
        return molt_error(error, MOLT_SYSTEM, "%s: %s", events, strerror(errno));
    }
    close(made);
    MoltStatus status = run_host(hooks, from, to, events, error);
    if (status == MOLT_OK && (text = molt__tool_read_own(events, &length, error)) == NULL) {
        status = MOLT_SYSTEM;
    }
    char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL;
    for (; line != NULL && status == MOLT_OK; line = strtok_r(NULL, "\n", &rest)) {
        cJSON *event = cJSON_Parse(line);
        status = take_event(event, hooks, &saved, report, error);
        cJSON_Delete(event);
    }
    if (status == MOLT_OK && !saved) {
        status = molt_error(error, MOLT_INVALID,
                            "molt-host cannot start %s; molt-host %s --headless says why",
                            hooks->library, hooks->library);
    }
    free(text);
    unlink(events);
    return status;
}
