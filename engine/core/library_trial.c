#include "library_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"

/* What constructors print is printed when the library is loaded for good. */
static int set_files(posix_spawn_file_actions_t *files)
{
    int code = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    code = code != 0 ? code : posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDOUT_FILENO);
    return code != 0 ? code : posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDERR_FILENO);
}

/* Default signals and an empty mask, whatever this process does with its own. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    code = code != 0 ? code : posix_spawnattr_setsigmask(attributes, &none);
    return code != 0 ? code : posix_spawnattr_setsigdefault(attributes, &all);
}

bool molt__library_trial_begin(const char *program, const char *copy, pid_t *child)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    char *const arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)copy, NULL};
    if (posix_spawnattr_init(&attributes) != 0) {
        return false;
    }
    bool good = posix_spawn_file_actions_init(&files) == 0;
    if (good) {
        good = set_attributes(&attributes) == 0 && set_files(&files) == 0 &&
               posix_spawn(child, program, &files, &attributes, arguments, environ) == 0;
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return good;
}

static MoltStatus judge(const char *name, int status, bool stopped, MoltError *error)
{
    static const char remedy[] =
        "The file is damaged, or code that runs before start_up() is wrong. "
        "Build it again";
    if (stopped) {
        return molt_error(error, MOLT_INVALID,
                          "%s stops whoever loads it (SIGSTOP), as a trial in another process has "
                          "shown. %s.",
                          name, remedy);
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        return molt_error(error, MOLT_INVALID, "Loading %s has not ended after %d seconds. %s.",
                          name, MOLT__TRIAL_SECONDS, remedy);
    }
    if (WIFSIGNALED(status)) {
        return molt_error(error, MOLT_INVALID,
                          "%s crashes whoever loads it (%s), as a trial in another process has "
                          "shown. %s.",
                          name, molt__crash_signal_name(WTERMSIG(status)), remedy);
    }
    int code = WEXITSTATUS(status);
    if (code != MOLT__TRIAL_LOADED && code != MOLT__TRIAL_REFUSED) {
        return molt_error(
            error, MOLT_INVALID,
            "%s ends whoever loads it (exit status %d), as a trial in another process "
            "has shown. %s.",
            name, code, remedy);
    }
    return MOLT_OK;
}

/* Until the child has ended. What stops itself never ends, and no alarm rings for it. What is stopped from a
 * terminal goes on with the whole group. */
static bool wait_for(pid_t child, int *status, bool *stopped)
{
    for (;;) {
        if (waitpid(child, status, WUNTRACED) < 0) {
            if (errno != EINTR) {
                return false;
            }
        } else if (!WIFSTOPPED(*status)) {
            return true;
        } else {
            *stopped = *stopped || WSTOPSIG(*status) == SIGSTOP;
            kill(child, *stopped ? SIGKILL : SIGCONT);
        }
    }
}

MoltStatus molt__library_trial_end(pid_t child, const char *name, MoltError *error)
{
    int status = 0;
    bool stopped = false;
    return wait_for(child, &status, &stopped) ? judge(name, status, stopped, error) : MOLT_OK;
}
