#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "library_file.h"
#include "plain_loader.h"
#include "trial.h"

enum { RIGHT, WRONG, NO_CODE, NEVER_LOADED, NOT_STARTED, SECONDS = 10 };

static int ask(PlainLoader *loader, GuestRow row)
{
    GuestFront *front = loader->state;
    front->asked = (int32_t)row;
    front->answer = -1;
    loader->main_loop(loader->state);
    return front->answer;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* Two saves with times in one second. */
static int save_twice(PlainLoader *loader, const LibraryFile *file)
{
    if (!plain_loader_poll(loader)) {
        return NO_CODE;
    }
    int first = ask(loader, GUEST_version);
    library_file_put(file, FIXTURE_GUEST_1, 900000000);
    if (!plain_loader_poll(loader)) {
        return NO_CODE;
    }
    return first == 2 && ask(loader, GUEST_version) == 1 ? RIGHT : NEVER_LOADED;
}

static int run(const Trial *trial, const LibraryFile *file)
{
    PlainLoader loader;
    if (!plain_loader_start(&loader, file->path)) {
        return NOT_STARTED;
    }
    GuestFront *front = loader.state;
    front->thread = trial->row == GUEST_thread;
    ask(&loader, trial->row);
    if (front->thread) {
        nap();
    }
    if (ask(&loader, trial->row) != 1) {
        return NOT_STARTED;
    }
    library_file_replace(file, trial);
    if (trial->kind == TRIAL_TWICE) {
        return save_twice(&loader, file);
    }
    if (trial->kind == TRIAL_IN_PLACE) {
        ask(&loader, trial->row);
        library_file_fill(file, trial->library);
    }
    if (!plain_loader_reload(&loader)) {
        return NO_CODE;
    }
    if (front->thread) {
        nap();
    }
    return ask(&loader, trial->row) == 1 ? RIGHT : WRONG;
}

void trial_plain(const Trial *trial, char text[static TRIAL_TEXT])
{
    static const char *const words[] = {"right", "wrong value", "no code left", "never loaded"};
    LibraryFile file;
    int status = 0;
    library_file_make(&file, FIXTURE_GUEST_1);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        alarm(trial->row == GUEST_endless ? 1 : SECONDS);
        _exit(run(trial, &file));
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        snprintf(text, TRIAL_TEXT, "not measured");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, TRIAL_TEXT, WTERMSIG(status) == SIGALRM ? "hangs" : "crash");
    } else if ((size_t)WEXITSTATUS(status) < sizeof words / sizeof words[0]) {
        snprintf(text, TRIAL_TEXT, "%s", words[WEXITSTATUS(status)]);
    } else {
        snprintf(text, TRIAL_TEXT, "not started (%d)", WEXITSTATUS(status));
    }
    library_file_remove(&file);
}
