#include "restart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fault_signals.h"
#include "private_folder.h"
#include "saved_state.h"
#include "thread_moment.h"
#include "thread_record.h"

#define OPTION "--resume"
#define IDLE_MOST 3u /* a host that crashes by itself is not to begin again for ever */
#define FIRST_FILES_MS 2000 /* how long a crash waits for the first files to be complete */
#define CHILD_SECONDS 60u /* a child that waits for a thread, which it does not have, ends */

/* The record `crash`, byte for byte; read by the same program. */
typedef struct CrashRecord {
    MoltCrash crash;
    uint64_t crash_ns;
    uint64_t base;
    uint32_t idle; /* processes in a row that crashed before a frame of the game */
    int32_t lock, kept;
    char file[MOLT__RESTART_PATH];
    MoltRestartWork work;
} CrashRecord;

struct MoltRestart {
    char directory[MOLT__RESTART_PATH], ready[MOLT__RESTART_PATH], record_path[MOLT__RESTART_PATH];
    char **command;
    MoltThreads *threads;
    CrashRecord record; /* all but the crash */
    const MoltLibrary *running;
    uint32_t number; /* of the files that were begun last */
    pid_t child;     /* that writes; 0: none */
    uint64_t cost_ns;
    uint32_t idle_before; /* processes, see CrashRecord */
};

static char *path_in(const char *directory, const char *name, char *buffer)
{
    snprintf(buffer, MOLT__RESTART_PATH, "%.400s/%.100s", directory, name);
    return buffer;
}

static char *numbered(const char *directory, uint32_t number, const char *suffix, char *buffer)
{
    char name[64];
    snprintf(name, sizeof name, "restart-%u.%s", number, suffix);
    return path_in(directory, name, buffer);
}

/* ---- in the process that may crash ----------------------------------------------------------- */

static char **make_command(char *const *command, char *directory)
{
    size_t count = 0, kept = 0;
    while (command[count] != NULL) {
        count++;
    }
    char **copy = calloc(count + 3, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        if (strcmp(command[i], OPTION) == 0 && i + 1 < count) {
            i++;
        } else {
            copy[kept++] = command[i];
        }
    }
    if (copy != NULL) {
        static char option[] = OPTION;
        copy[kept++] = option;
        copy[kept] = directory;
    }
    return copy;
}

MoltStatus molt__restart_create(const MoltRestartDesc *desc, MoltRestart **out, MoltError *error)
{
    MoltRestart *restart = calloc(1, sizeof *restart);
    if (restart == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for starting again after a crash.");
    }
    restart->threads = desc->threads;
    restart->record.lock = desc->lock;
    restart->record.kept = desc->kept;
    snprintf(restart->directory, sizeof restart->directory, "%s", desc->directory);
    path_in(desc->directory, "restart", restart->ready);
    path_in(desc->directory, "crash", restart->record_path);
    restart->command = make_command(desc->command, restart->directory);
    if (restart->command == NULL) {
        free(restart);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for starting again after a crash.");
    }
    *out = restart;
    return MOLT_OK;
}

static void remove_numbered(const MoltRestart *restart, uint32_t number)
{
    char path[MOLT__RESTART_PATH];
    unlink(numbered(restart->directory, number, "so", path));
    unlink(numbered(restart->directory, number, "molt", path));
    unlink(numbered(restart->directory, number, "threads", path));
}

/* True when no child writes any more. */
static bool reap(MoltRestart *restart, int flags)
{
    if (restart->child > 0 && waitpid(restart->child, NULL, flags) != 0) {
        restart->child = 0;
    }
    return restart->child == 0;
}

void molt__restart_destroy(MoltRestart *restart)
{
    if (restart == NULL) {
        return;
    }
    reap(restart, 0);
    for (uint32_t i = 0; i < 3 && i <= restart->number; i++) {
        remove_numbered(restart, restart->number - i);
    }
    unlink(restart->ready);
    free(restart->command);
    free(restart);
}

void molt__restart_running(MoltRestart *restart, const MoltLibrary *library)
{
    if (restart->running == library) {
        return;
    }
    restart->running = library;
    snprintf(restart->record.file, sizeof restart->record.file, "%s", library->copy);
    restart->record.base = library->base;
    restart->record.work.running = library->stamp;
}

MoltRestartWork *molt__restart_work(MoltRestart *restart)
{
    return &restart->record.work;
}

void molt__restart_go_on(MoltRestart *restart, const MoltLeft *left)
{
    restart->idle_before = left->idle;
    restart->record.work.running = left->work.running;
}

static bool read_ready(const char *path, unsigned *number)
{
    FILE *file = fopen(path, "r");
    bool good = file != NULL && fscanf(file, "%u", number) == 1;
    if (file != NULL) {
        fclose(file);
    }
    return good;
}

bool molt__restart_newest(const MoltRestart *restart, char path[MOLT__RESTART_PATH])
{
    unsigned number = 0;
    if (!read_ready(restart->ready, &number)) {
        return false;
    }
    numbered(restart->directory, number, "molt", path);
    return true;
}

uint64_t molt__restart_cost_ns(const MoltRestart *restart)
{
    return restart->cost_ns;
}

/* In the child, which has the memory of the moment and one thread. */
static bool write_files(const MoltRestart *restart, const MoltRestartState *state)
{
    const MoltLibrary *library = state->library;
    char library_path[MOLT__RESTART_PATH], state_path[MOLT__RESTART_PATH],
        threads_path[MOLT__RESTART_PATH], fresh[MOLT__RESTART_PATH];
    MoltReport report;
    molt_report_init(&report, NULL);
    numbered(restart->directory, restart->number, "so", library_path);
    numbered(restart->directory, restart->number, "molt", state_path);
    numbered(restart->directory, restart->number, "threads", threads_path);
    path_in(restart->directory, "restart.new", fresh);
    if (library->begin_reload != NULL && !state->stopped) {
        library->begin_reload(state->state);
    }
    if (link(library->copy, library_path) != 0 ||
        !molt__thread_record_write(threads_path, restart->threads, library, state->heap) ||
        molt__saved_state_write(library, state->heap, state_path, MOLT_POLICY_LIVE, state->host,
                                state->host_size, &report, NULL) != MOLT_OK) {
        remove_numbered(restart, restart->number);
        return false;
    }
    FILE *ready = fopen(fresh, "w");
    bool good = ready != NULL && fprintf(ready, "%u\n", restart->number) > 0;
    if (ready != NULL) {
        good = fclose(ready) == 0 && good;
    }
    if (!good || rename(fresh, restart->ready) != 0) {
        return false;
    }
    if (restart->number > 1) {
        remove_numbered(restart, restart->number - 1);
    }
    return true;
}

/* What the process that forked has open and waits for is its own. What game code says in the child, in
 * begin_reload(), nobody wants to read twice. */
static void become_writer(const MoltRestart *restart)
{
    const struct rlimit no_core = {0, 0};
#define X(number) signal(number, SIG_DFL);
    MOLT__FAULT_SIGNALS(X)
    X(SIGINT)
    X(SIGTERM) X(SIGHUP)
#undef X
        close_range(STDERR_FILENO + 1, ~0u, 0);
    int nowhere = open("/dev/null", O_RDWR);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(CHILD_SECONDS);
    molt__threads_after_fork(restart->threads, true);
}

void molt__restart_write(MoltRestart *restart, const MoltRestartState *state)
{
    if (!reap(restart, WNOHANG)) {
        return;
    }
    uint64_t start = molt__clock_ns();
    restart->number++;
    molt__threads_before_fork(restart->threads);
    pid_t child = fork();
    if (child == 0) {
        become_writer(restart);
        _exit(write_files(restart, state) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    molt__threads_after_fork(restart->threads, false);
    restart->child = child > 0 ? child : 0;
    restart->cost_ns = molt__clock_ns() - start;
}

/* Stays open in the next program. */
static void hand_on(int descriptor)
{
    if (descriptor > 0) {
        fcntl(descriptor, F_SETFD, 0);
    }
}

void molt__restart_now(void *context, const MoltCrash *crash)
{
    MoltRestart *restart = context;
    uint64_t crash_ns = molt__clock_ns();
    const struct timespec a_moment = {.tv_nsec = 1000000};
    sigset_t none;
    bool needed = access(restart->ready, R_OK) != 0;
    for (int i = 0; needed && i < FIRST_FILES_MS && !reap(restart, WNOHANG); i++) {
        nanosleep(&a_moment, NULL);
    }
    if (restart->child > 0) { /* what it has not finished by now is not missed */
        kill(restart->child, SIGKILL);
        reap(restart, 0);
    }
    restart->record.idle = restart->running == NULL ? restart->idle_before + 1 : 0;
    if (access(restart->ready, R_OK) != 0 || restart->record.idle > IDLE_MOST) {
        return;
    }
    restart->record.crash = *crash;
    restart->record.crash_ns = crash_ns;
    int file = open(restart->record_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file >= 0) {
        (void)!write(file, &restart->record, sizeof restart->record);
        close(file);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* a mask goes on in the next program */
    hand_on(restart->record.lock);
    hand_on(restart->record.kept);
    execve("/proc/self/exe", restart->command, environ);
}

/* ---- in the next one ------------------------------------------------------------------------- */

static void read_crash(const char *directory, MoltLeft *out)
{
    CrashRecord record;
    char path[MOLT__RESTART_PATH];
    FILE *file = fopen(path_in(directory, "crash", path), "rb");
    if (file == NULL) {
        return;
    }
    out->crashed = fread(&record, sizeof record, 1, file) == 1;
    fclose(file);
    if (out->crashed) {
        record.file[sizeof record.file - 1] = 0;
        record.crash.text[sizeof record.crash.text - 1] = 0;
        record.crash.file[sizeof record.crash.file - 1] = 0;
        if (record.crash.frame_count > MOLT__CRASH_FRAMES) {
            record.crash.frame_count = MOLT__CRASH_FRAMES;
        }
        out->crash = record.crash;
        out->base = record.base;
        out->idle = record.idle;
        out->work = record.work;
        out->work.saved[sizeof out->work.saved - 1] = 0;
        out->crash_ns = record.crash_ns;
        out->lock = record.lock;
        out->kept = record.kept;
        snprintf(out->file, sizeof out->file, "%s", record.file);
    }
}

MoltStatus molt__restart_left(const char *directory, MoltLeft *out, MoltError *error)
{
    char path[MOLT__RESTART_PATH];
    unsigned number = 0;
    if (access(path_in(directory, "restart", path), R_OK) != 0) {
        return molt_error(error, MOLT_NOT_FOUND, "%s has nothing to go on with: %s.", directory,
                          strerror(errno));
    }
    if (!read_ready(path, &number)) {
        return molt_error(error, MOLT_INVALID, "%s does not say which files to go on with.", path);
    }
    *out = (MoltLeft){0};
    numbered(directory, number, "so", out->library);
    numbered(directory, number, "molt", out->state);
    numbered(directory, number, "threads", out->threads);
    read_crash(directory, out);
    return MOLT_OK;
}

void molt__restart_clean(const char *directory, const MoltLeft *left)
{
    char path[MOLT__RESTART_PATH];
    DIR *folder = opendir(directory);
    struct dirent *entry;
    bool locked = molt__private_folder_is_lock(directory, left->lock);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            unlink(path_in(directory, entry->d_name, path));
        }
    }
    if (folder != NULL) {
        closedir(folder);
        rmdir(directory);
    }
    if (locked) {
        close(left->lock);
    }
}
