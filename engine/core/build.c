#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "diagnostics.h"
#include "process_session.h"
#include "progress.h"

#define CANCEL_GRACE_MS 300
/* A build tool takes what its compilers had begun away before it ends, which a loaded disk may delay. */
#define INTERRUPT_GRACE_NS (2000 * MOLT__MILLISECOND)
#define PIPE_SIZE (1 << 20)

extern char **environ;

/* Invariant: `process` and `pipe` are valid exactly while `state` is RUNNING, but for the pipe of an adopted
 * run, whose output went with who began it; `process` may have been waited for by then, when an interrupted
 * build has left processes behind. The output buffer has room for
 * twice the limit, so that old output is dropped in large pieces. */
struct MoltBuild {
    char **arguments;
    char *directory;
    const char *variable; /* NULL: the environment is the host's */
    MoltBuildState state;
    pid_t process;
    int pipe;
    int ended; /* readable once the process has ended; -1 where the kernel has no such descriptor */
    bool interrupted, reaped;
    uint64_t force_ns; /* when an interrupted build ends by force */
    char *output;      /* 2 * MOLT__BUILD_OUTPUT_LIMIT + 1 bytes */
    size_t length;
    uint64_t start_ns, end_ns;
    char ending[64];
};

MoltStatus molt__build_create(const char *const *arguments, const char *directory, MoltBuild **out,
                              MoltError *error)
{
    size_t count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    MoltBuild *build = calloc(1, sizeof *build);
    bool good = build != NULL;
    if (good) {
        build->pipe = build->ended = -1;
        build->arguments = calloc(count + 1, sizeof *build->arguments);
        build->output = calloc(1, 2 * MOLT__BUILD_OUTPUT_LIMIT + 1);
        build->directory = directory != NULL ? strdup(directory) : NULL;
        good = build->arguments != NULL && build->output != NULL &&
               (directory == NULL || build->directory != NULL);
    }
    for (size_t i = 0; good && i < count; i++) {
        build->arguments[i] = strdup(arguments[i]);
        good = build->arguments[i] != NULL;
    }
    if (!good) {
        molt__build_destroy(build);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the build command.");
    }
    *out = build;
    return MOLT_OK;
}

void molt__build_destroy(MoltBuild *build)
{
    if (build == NULL) {
        return;
    }
    molt__build_cancel(build);
    for (size_t i = 0; build->arguments != NULL && build->arguments[i] != NULL; i++) {
        free(build->arguments[i]);
    }
    free(build->arguments);
    free(build->directory);
    free(build->output);
    free(build);
}

/* ---- the process --------------------------------------------------------------------------- */

/* The build starts with default signals and an empty mask, whatever the host does with its own. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETSIGDEF);
    code = code != 0 ? code : posix_spawnattr_setsigmask(attributes, &none);
    return code != 0 ? code : posix_spawnattr_setsigdefault(attributes, &all);
}

static int set_files(posix_spawn_file_actions_t *files, const MoltBuild *build, int output)
{
    int code = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    code = code != 0 ? code : posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO);
    code = code != 0 ? code : posix_spawn_file_actions_adddup2(files, output, STDERR_FILENO);
    if (code == 0 && build->directory != NULL) {
        code = posix_spawn_file_actions_addchdir_np(files, build->directory);
    }
    return code;
}

void molt__build_set_variable(MoltBuild *build, const char *variable)
{
    build->variable = variable;
}

/* The host's variables with one more, or another value for one of them. The caller frees the list. */
static char **environment_of(const MoltBuild *build)
{
    size_t count = 0, used = 0;
    size_t length = strcspn(build->variable, "=") + 1;
    while (environ != NULL && environ[count] != NULL) { /* none after clearenv() */
        count++;
    }
    char **list = calloc(count + 2, sizeof *list);
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (strncmp(environ[i], build->variable, length) != 0) {
            list[used++] = environ[i];
        }
    }
    if (list != NULL) {
        list[used] = (char *)(uintptr_t)build->variable; /* posix_spawn does not write to it */
    }
    return list;
}

static int spawn(MoltBuild *build, int output)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    char **own = build->variable != NULL ? environment_of(build) : NULL;
    int code = posix_spawnattr_init(&attributes);
    if (code != 0) {
        free(own);
        return code;
    }
    code = posix_spawn_file_actions_init(&files);
    if (code == 0) {
        code = set_attributes(&attributes);
        code = code != 0 ? code : set_files(&files, build, output);
        if (code == 0) {
            code = posix_spawnp(&build->process, build->arguments[0], &files, &attributes,
                                build->arguments, own != NULL ? own : environ);
        }
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    free(own);
    return code;
}

/* The process runs, and nothing is known of it yet. */
static void begin(MoltBuild *build)
{
    build->interrupted = build->reaped = false;
    build->length = 0;
    build->output[0] = 0;
    build->ending[0] = 0;
    build->state = MOLT_BUILD_RUNNING;
    build->start_ns = molt__clock_ns();
    build->end_ns = 0;
}

MoltStatus molt__build_start(MoltBuild *build, MoltError *error)
{
    int ends[2];
    if (build->arguments[0] == NULL) {
        return molt_error(error, MOLT_INVALID, "The build command is empty.");
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return molt_error(error, MOLT_SYSTEM, "Cannot make a pipe for the build: %s.",
                          strerror(errno));
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    /* Room for what a compiler prints between two frames; a smaller pipe only slows the build. */
    fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE);
    int code = spawn(build, ends[1]);
    close(ends[1]);
    if (code != 0) {
        close(ends[0]);
        return molt_error(error, code == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                          "Cannot start the build command `%s`%s%s: %s.", build->arguments[0],
                          build->directory != NULL ? " in " : "",
                          build->directory != NULL ? build->directory : "", strerror(code));
    }
    build->pipe = ends[0];
    build->ended = (int)syscall(SYS_pidfd_open, build->process, 0);
    begin(build);
    return MOLT_OK;
}

pid_t molt__build_process(const MoltBuild *build)
{
    return build->state == MOLT_BUILD_RUNNING ? build->process : 0;
}

void molt__build_adopt(MoltBuild *build, pid_t process)
{
    build->process = process;
    begin(build);
    molt__build_interrupt(build);
}

/* ---- output -------------------------------------------------------------------------------- */

/* Keeps the last `limit` bytes, from the start of a line on where there is one. */
static void drop_old(MoltBuild *build, size_t limit)
{
    if (build->length <= limit) {
        return;
    }
    const char *from = build->output + (build->length - limit);
    const char *line = memchr(from, '\n', limit);
    if (line != NULL && line + 1 < build->output + build->length) {
        from = line + 1;
    }
    size_t kept = build->length - (size_t)(from - build->output);
    memmove(build->output, from, kept);
    build->length = kept;
    build->output[kept] = 0;
}

static void take_output(MoltBuild *build)
{
    for (; build->pipe >= 0;) {
        if (build->length == 2 * MOLT__BUILD_OUTPUT_LIMIT) {
            drop_old(build, MOLT__BUILD_OUTPUT_LIMIT);
        }
        ssize_t got = read(build->pipe, build->output + build->length,
                           2 * MOLT__BUILD_OUTPUT_LIMIT - build->length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        build->length += (size_t)got;
        build->output[build->length] = 0;
    }
}

static void finish(MoltBuild *build, MoltBuildState state)
{
    take_output(build);
    if (build->pipe >= 0) {
        close(build->pipe);
    }
    if (build->ended >= 0) {
        close(build->ended);
    }
    build->pipe = build->ended = -1;
    build->process = 0;
    build->state = state;
    build->end_ns = molt__clock_ns();
    drop_old(build, MOLT__BUILD_OUTPUT_LIMIT);
    for (size_t i = 0; i < build->length; i++) {
        if (build->output[i] == 0) {
            build->output[i] = ' ';
        }
    }
    build->length = molt__diagnostics_clean(build->output, build->length);
}

/* Waits for the command alone: it may leave servers behind, which keep their output to themselves. */
static void poll_command(MoltBuild *build)
{
    int status = 0;
    pid_t ended = waitpid(build->process, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
        return;
    }
    if (ended < 0) {
        /* A host that ignores SIGCHLD has no exit statuses. */
        snprintf(build->ending, sizeof build->ending, "its exit status was lost");
        finish(build, MOLT_BUILD_FAILED);
    } else if (WIFEXITED(status)) {
        snprintf(build->ending, sizeof build->ending, "exit status %d", WEXITSTATUS(status));
        finish(build, WEXITSTATUS(status) == 0 ? MOLT_BUILD_SUCCEEDED : MOLT_BUILD_FAILED);
    } else {
        snprintf(build->ending, sizeof build->ending, "killed by signal %d", WTERMSIG(status));
        finish(build, MOLT_BUILD_FAILED);
    }
}

/* Waits for all: whoever still writes an object would write it under the feet of the next build. */
static void poll_interrupted(MoltBuild *build)
{
    int status = 0;
    if (!build->reaped) {
        pid_t ended = waitpid(build->process, &status, WNOHANG);
        build->reaped = ended == build->process || (ended < 0 && errno != EINTR);
    }
    if (molt__clock_ns() >= build->force_ns) {
        molt__process_session_signal(build->process, SIGKILL);
    }
    if (build->reaped && !molt__process_session_alive(build->process)) {
        snprintf(build->ending, sizeof build->ending, "cancelled");
        finish(build, MOLT_BUILD_IDLE);
    }
}

MoltBuildState molt__build_poll(MoltBuild *build)
{
    if (build->state == MOLT_BUILD_RUNNING) {
        take_output(build);
        if (build->interrupted) {
            poll_interrupted(build);
        } else {
            poll_command(build);
        }
    }
    return build->state;
}

void molt__build_interrupt(MoltBuild *build)
{
    if (build->state == MOLT_BUILD_RUNNING && !build->interrupted) {
        build->interrupted = true;
        build->force_ns = molt__clock_ns() + INTERRUPT_GRACE_NS;
        kill(-build->process, SIGTERM);
    }
}

void molt__build_cancel(MoltBuild *build)
{
    struct timespec pause = {.tv_nsec = 5 * (long)MOLT__MILLISECOND};
    if (molt__build_poll(build) != MOLT_BUILD_RUNNING) {
        return;
    }
    molt__build_interrupt(build);
    uint64_t force_ns = molt__clock_ns() + CANCEL_GRACE_MS * MOLT__MILLISECOND;
    build->force_ns = build->force_ns < force_ns ? build->force_ns : force_ns;
    while (molt__build_poll(build) == MOLT_BUILD_RUNNING) {
        nanosleep(&pause, NULL);
    }
}

/* ---- results ------------------------------------------------------------------------------- */

const char *molt__build_output(const MoltBuild *build, size_t *length)
{
    if (length != NULL) {
        *length = build->length;
    }
    return build->output;
}

uint64_t molt__build_duration_ns(const MoltBuild *build)
{
    if (build->start_ns == 0) {
        return 0;
    }
    return (build->end_ns != 0 ? build->end_ns : molt__clock_ns()) - build->start_ns;
}

const char *molt__build_ending(const MoltBuild *build)
{
    return build->ending;
}

bool molt__build_progress(const MoltBuild *build, uint32_t *done, uint32_t *total)
{
    return build->state == MOLT_BUILD_RUNNING &&
           molt__progress_read(build->output, build->length, done, total);
}

size_t molt__build_descriptors(const MoltBuild *build, int *descriptors)
{
    size_t count = 0;
    if (build->state == MOLT_BUILD_RUNNING && !build->reaped) {
        if (build->ended >= 0) {
            descriptors[count++] = build->ended;
        } else if (build->pipe >= 0) {
            descriptors[count++] = build->pipe;
        }
    }
    return count;
}
