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

static void become_host(const char *library, const char *events, const int commands[2])
{
    char host[PATH_MAX];
    find_host(host, sizeof host);
    dup2(commands[0], STDIN_FILENO);
    close(commands[0]);
    close(commands[1]);
    if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
        _exit(126);
    }
    execlp(host, host, library, "--headless", "--mute", "--no-build", "--console", "--events",
           events, (char *)NULL);
    _exit(127);
}

static MoltStatus run_host(const char *library, const char *from, const char *to,
                           const char *events, MoltError *error)
{
    int commands[2], status = 0;
    if (pipe(commands) != 0) {
        return molt_error(error, MOLT_SYSTEM, "molt-host: %s", strerror(errno));
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        become_host(library, events, commands);
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
        return molt_error(error, MOLT_SYSTEM, "molt-host ended while it ran %s", library);
    }
    return MOLT_OK;
}

static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text != NULL ? text : "";
}

/* What an event says of the load or the save; *saved when the last one went well. */
static MoltStatus take_event(const cJSON *event, const char *library, bool *saved, MoltError *error)
{
    const char *kind = text_of(event, "event");
    bool load = strcmp(kind, "loaded") == 0, save = strcmp(kind, "saved") == 0;
    if (!load && !save) {
        return MOLT_OK;
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok"))) {
        *saved = *saved || save;
        return MOLT_OK;
    }
    const cJSON *report = cJSON_GetObjectItemCaseSensitive(event, "report"), *finding;
    cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(report, "findings"))
    {
        if (strcmp(text_of(finding, "severity"), "refuse") == 0) {
            return molt_error(error, MOLT_REFUSED, "with the hooks of %s: %s %s: %s", library,
                              text_of(finding, "rule"), text_of(finding, "path"),
                              text_of(finding, "remedy"));
        }
    }
    return molt_error(error, MOLT_INVALID, "with the hooks of %s: %s", library,
                      text_of(event, "error"));
}

MoltStatus molt__tool_run_hooks(const char *library, const char *from, const char *to,
                                MoltError *error)
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
    MoltStatus status = run_host(library, from, to, events, error);
    if (status == MOLT_OK && (text = molt__tool_read_own(events, &length, error)) == NULL) {
        status = MOLT_SYSTEM;
    }
    char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL;
    for (; line != NULL && status == MOLT_OK; line = strtok_r(NULL, "\n", &rest)) {
        cJSON *event = cJSON_Parse(line);
        status = take_event(event, library, &saved, error);
        cJSON_Delete(event);
    }
    if (status == MOLT_OK && !saved) {
        status = molt_error(error, MOLT_INVALID,
                            "molt-host cannot start %s; molt-host %s --headless says why", library,
                            library);
    }
    free(text);
    unlink(events);
    return status;
}
