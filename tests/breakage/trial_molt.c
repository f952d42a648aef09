#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <molt/reload.h>

#include "library_file.h"
#include "trial.h"

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static int ask(MoltReload *reload, GuestRow row)
{
    GuestFront *front = molt_reload_state(reload);
    front->asked = (int32_t)row;
    front->answer = -1;
    molt_reload_frame(reload);
    front = molt_reload_state(reload);
    return front->answer;
}

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* Plays until the library that was saved runs. */
static bool wait_for_reload(MoltReload *reload, MoltReloadEvent *event)
{
    for (int i = 0; i < 5000; i++) {
        if (molt_reload_poll(reload, event) && event->outcome[0] != 0) {
            return event->kind == MOLT_EVENT_RELOADED;
        }
        ask(reload, GUEST_version);
        nap(1);
    }
    return false;
}

static void save_twice(MoltReload *reload, const LibraryFile *file, char text[static TRIAL_TEXT])
{
    MoltReloadEvent event;
    bool first = wait_for_reload(reload, &event) && ask(reload, GUEST_version) == 2;
    library_file_put(file, FIXTURE_GUEST_1, 900000000);
    bool second = first && wait_for_reload(reload, &event) && ask(reload, GUEST_version) == 1;
    snprintf(text, TRIAL_TEXT, second ? "both loaded" : "never loaded");
}

/* Rules of the findings with a severity, "a, b". */
static void rules(const MoltReport *report, MoltSeverity severity, const char *type,
                  char text[static TRIAL_TEXT])
{
    size_t length = 0;
    text[0] = 0;
    for (uint32_t i = 0; report != NULL && i < report->count; i++) {
        const MoltFinding *finding = &report->findings[i];
        const char *rule = molt_rule_id(finding->rule);
        if (finding->severity == severity && strncmp(finding->path, type, strlen(type)) == 0 &&
            strstr(text, rule) == NULL) {
            length += (size_t)snprintf(text + length, TRIAL_TEXT - length, "%s%s",
                                       length > 0 ? ", " : "", rule);
        }
    }
}

static void tell(MoltReload *reload, const Trial *trial, const MoltReloadEvent *event,
                 char text[static TRIAL_TEXT])
{
    char why[TRIAL_TEXT];
    MoltEventKind kind = event->kind;
    const char *type = trial->row == GUEST_unannotated ? "Unannotated" : "";
    rules(event->report, kind == MOLT_EVENT_REFUSED ? MOLT_REFUSE : MOLT_LOSS, type, why);
    if (kind == MOLT_EVENT_REFUSED && why[0] == 0) {
        snprintf(why, sizeof why, "%s", strstr(event->detail, "thread") ? "a thread runs" : "?");
    }
    bool right = ask(reload, trial->row) == 1;
    if (kind == MOLT_EVENT_RELOADED && right) {
        snprintf(text, TRIAL_TEXT, "right");
    } else if (kind == MOLT_EVENT_RELOADED && type[0] != 0 && why[0] != 0) {
        snprintf(text, TRIAL_TEXT, "set aside and told (%.60s)", why);
    } else if (kind == MOLT_EVENT_REFUSED) {
        snprintf(text, TRIAL_TEXT, "refused (%.60s); %s", why,
                 right ? "the old code goes on" : "the old code is wrong");
    } else if (kind == MOLT_EVENT_LOAD_FAILED) {
        snprintf(text, TRIAL_TEXT, "not loaded; %s",
                 right ? "the old code goes on" : "the old code is wrong");
    } else {
        snprintf(text, TRIAL_TEXT, "wrong value (%s)", event->outcome);
    }
}

/* The new code has run a frame; then a corrected library comes. */
static void tell_of_crash(MoltReload *reload, const Trial *trial, const LibraryFile *file,
                          char text[static TRIAL_TEXT])
{
    MoltReloadEvent event;
    ask(reload, trial->row);
    if (!molt_reload_poll(reload, &event) || event.kind != MOLT_EVENT_CRASHED) {
        snprintf(text, TRIAL_TEXT, "no crash (%s)", event.outcome);
        return;
    }
    const bool back = event.generation == 1;
    library_file_put(file, FIXTURE_GUEST_1, 0);
    molt_reload_force(reload, &event);
    const bool right = event.kind == MOLT_EVENT_RELOADED && ask(reload, trial->row) == 1;
    snprintf(text, TRIAL_TEXT, "%s; %s", back ? "back to the state before the reload" : "gone on",
             right ? "the next save goes on from there" : "wrong after the next save");
}

static void run(MoltReload *reload, const Trial *trial, const LibraryFile *file,
                char text[static TRIAL_TEXT])
{
    MoltReloadEvent event;
    GuestFront *front = molt_reload_state(reload);
    front->thread = trial->row == GUEST_thread;
    ask(reload, trial->row);
    if (front->thread) {
        nap(50);
    }
    if (ask(reload, trial->row) != 1) {
        snprintf(text, TRIAL_TEXT, "not started");
        return;
    }
    library_file_replace(file, trial);
    if (trial->kind == TRIAL_TWICE) {
        save_twice(reload, file, text);
        return;
    }
    if (trial->kind == TRIAL_IN_PLACE) {
        ask(reload, trial->row);
        library_file_fill(file, trial->library);
    }
    molt_reload_force(reload, &event);
    if (trial->kind == TRIAL_CRASH) {
        tell_of_crash(reload, trial, file, text);
        return;
    }
    if (front->thread) {
        nap(50);
    }
    tell(reload, trial, &event, text);
    front = molt_reload_state(reload);
    front->thread = 0;
    ask(reload, trial->row);
}

void trial_molt(const Trial *trial, char text[static TRIAL_TEXT])
{
    LibraryFile file;
    MoltReload *reload = NULL;
    MoltError error = {0};
    library_file_make(&file, FIXTURE_GUEST_1);
    const MoltReloadDesc desc = {
        .library = file.path, .api = &api, .no_watch = trial->kind != TRIAL_TWICE,
        .guard = trial->kind == TRIAL_CRASH, .hang_ms = 200};
    if (molt_reload_create(&desc, &reload, &error) == MOLT_OK &&
        molt_reload_start(reload, &error) == MOLT_OK) {
        if (desc.guard && *molt_reload_guard_problem(reload)) {
            snprintf(text, TRIAL_TEXT, "not measured"); /* as under a sanitizer */
        } else {
            run(reload, trial, &file, text);
        }
    } else {
        snprintf(text, TRIAL_TEXT, "not started: %.150s", error.text);
    }
    molt_reload_stop(reload);
    molt_reload_destroy(reload);
    library_file_remove(&file);
}
