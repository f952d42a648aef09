#include "restart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fault_signals.h"
#include "game_timers.h"
#include "kept_file.h"
#include "lost_words.h"
#include "private_folder.h"
#include "saved_state.h"
#include "thread_record.h"
#include "transaction.h"
#include "word_record.h"

#define OPTION "--resume"
#define IDLE_MOST 3u /* a host that crashes by itself is not to begin again for ever */
/* How long a crash waits for files to be complete that are being written: for the first ones, without which
 * nothing goes on, and for later ones, which are of a moment nearer to it than those before. */
#define FIRST_FILES_MS 2000
#define LATER_FILES_MS 300
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
    char directory[MOLT__RESTART_PATH], ready[MOLT__RESTART_PATH], record_path[MOLT__RESTART_PATH],
        problem[MOLT__RESTART_PATH];
    char **command;
    MoltThreads *threads;
    CrashRecord record; /* all but the crash */
    const MoltLibrary *running;
    uint32_t number; /* of the files that were begun last */
    pid_t child;     /* that writes; 0: none */
    bool failing, told; /* the last child could not; and that has been told */
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
    path_in(desc->directory, "problem", restart->problem);
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
    unlink(numbered(restart->directory, number, "words", path));
    unlink(numbered(restart->directory, number, "kept", path));
    unlink(numbered(restart->directory, number, "lost", path));
}

/* True when no child writes any more. */
static bool reap(MoltRestart *restart, int flags)
{
    int status = 0;
    if (restart->child > 0 && waitpid(restart->child, &status, flags) != 0) {
        restart->child = 0;
        restart->failing = status != 0;
        restart->told &= restart->failing;
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
    unlink(restart->problem);
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

static bool read_ready(const char *path, unsigned *number, MoltRestartMoment *moment)
{
    FILE *file = fopen(path, "r");
    bool good = file != NULL &&
                fscanf(file, "%u %" SCNu64 " %" SCNu64 " %" SCNd64, number, &moment->taken_ns,
                       &moment->frames, &moment->built) == 4;
    if (file != NULL) {
        fclose(file);
    }
    return good;
}

bool molt__restart_newest(const MoltRestart *restart, char path[MOLT__RESTART_PATH])
{
    unsigned number = 0;
    MoltRestartMoment moment;
    if (!read_ready(restart->ready, &number, &moment)) {
        return false;
    }
    numbered(restart->directory, number, "molt", path);
    return true;
}

uint64_t molt__restart_cost_ns(const MoltRestart *restart)
{
    return restart->cost_ns;
}

static bool write_ready(const MoltRestart *restart, const MoltRestartState *state)
{
    char fresh[MOLT__RESTART_PATH];
    FILE *file = fopen(path_in(restart->directory, "restart.new", fresh), "w");
    bool good = file != NULL && fprintf(file, "%u %" PRIu64 " %" PRIu64 " %" PRId64 "\n", restart->number,
                                        state->taken_ns, state->frames, state->library->stamp.seconds) > 0;
    if (file != NULL) {
        good = fclose(file) == 0 && good;
    }
    return good && rename(fresh, restart->ready) == 0;
}

static void write_problem(const MoltRestart *restart, const MoltError *error)
{
    FILE *file = error->text[0] != 0 ? fopen(restart->problem, "w") : NULL;
    if (file != NULL) {
        fputs(error->text, file);
        fclose(file);
    }
}

/* The state as it is to be in the files. */
static bool reach_moment(const MoltRestartState *state)
{
    const MoltLibrary *library = state->library;
    if (state->go_back != NULL && !state->go_back(state->context)) {
        return false;
    }
    if (library->begin_reload != NULL && !state->stopped) {
        library->begin_reload(molt_heap_root(state->heap, molt__state_root(library->schema)));
    }
    return true;
}

/* The file is as good as any other: what it cannot keep is beside it. */
static bool write_state(const MoltRestart *restart, const MoltRestartState *state, MoltError *error)
{
    char path[MOLT__RESTART_PATH], words_path[MOLT__RESTART_PATH];
    MoltWordRecord words;
    MoltReport report;
    const MoltSaveDesc desc = {.policy = MOLT_POLICY_LIVE,
                               .host = state->host,
                               .host_size = state->host_size,
                               .aside = molt__word_record_add,
                               .aside_context = &words};
    numbered(restart->directory, restart->number, "words", words_path);
    if (!molt__word_record_open(&words, words_path, state->library, state->heap)) {
        molt_error(error, MOLT_SYSTEM, "Cannot write %s: %s.", words_path, strerror(errno));
        return false;
    }
    molt_report_init(&report, NULL);
    /* while the state is as the edits left it: the save takes addresses out of bytes */
    (void)molt__kept_file_write(numbered(restart->directory, restart->number, "kept", path), state->heap);
    bool good = molt__saved_state_write(state->library, state->heap,
                                        numbered(restart->directory, restart->number, "molt", path),
                                        &desc, &report, error) == MOLT_OK;
    good = good && molt__lost_words_write(numbered(restart->directory, restart->number, "lost", path),
                                          state->heap, &report);
    return molt__word_record_close(&words) && good;
}

/* In the child, which has the memory of the moment and one thread. */
static bool write_files(const MoltRestart *restart, const MoltRestartState *state)
{
    const MoltLibrary *library = state->library;
    char library_path[MOLT__RESTART_PATH], threads_path[MOLT__RESTART_PATH];
    MoltError error = {0};
    numbered(restart->directory, restart->number, "so", library_path);
    numbered(restart->directory, restart->number, "threads", threads_path);
    unlink(restart->problem);
    if (!reach_moment(state) || link(library->copy, library_path) != 0 ||
        !molt__thread_record_write(threads_path, restart->threads, state->threads, library,
                                   state->heap) ||
        !write_state(restart, state, &error)) {
        remove_numbered(restart, restart->number);
        write_problem(restart, &error);
        return false;
    }
    if (!write_ready(restart, state)) {
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

bool molt__restart_writes(MoltRestart *restart)
{
    return !reap(restart, WNOHANG);
}

bool molt__restart_write(MoltRestart *restart, const MoltRestartState *state)
{
    if (molt__restart_writes(restart)) {
        return false;
    }
    uint64_t start = molt__clock_ns();
    restart->number++;
    molt__threads_before_fork(restart->threads);
    molt__game_timers_before_fork();
    pid_t child = fork();
    molt__game_timers_after_fork();
    if (child == 0) {
        become_writer(restart);
        _exit(write_files(restart, state) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    molt__threads_after_fork(restart->threads, false);
    restart->child = child > 0 ? child : 0;
    restart->cost_ns = molt__clock_ns() - start;
    return child > 0;
}

bool molt__restart_problem(MoltRestart *restart, char *text, size_t size)
{
    char why[600] = "";
    reap(restart, WNOHANG);
    if (!restart->failing || restart->told) {
        return false;
    }
    restart->told = true;
    FILE *file = fopen(restart->problem, "r");
    size_t length = file != NULL ? fread(why, 1, sizeof why - 1, file) : 0;
    why[length] = 0;
    if (file != NULL) {
        fclose(file);
    }
    snprintf(text, size,
             "no state is written any more that a new process could go on with: a crash that cannot be ended "
             "in this one goes back to the last that was, or ends the host. %s",
             length > 0 ? why : "The process that writes it did not come to its end.");
    return true;
}

/* Interval timers go on in the next program, and handlers do not: what the game handles would end that
 * before end_reload() has its handlers set again. Those of the host are set as it begins. */
static void quieten_signals(void)
{
    static const struct itimerval off;
    struct sigaction action;
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    setitimer(ITIMER_REAL, &off, NULL);
    setitimer(ITIMER_VIRTUAL, &off, NULL);
    setitimer(ITIMER_PROF, &off, NULL);
    for (int number = 1; number < NSIG; number++) {
        bool hosts = number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGCHLD;
#define X(fault) hosts = hosts || number == fault;
        MOLT__FAULT_SIGNALS(X)
#undef X
        if (!hosts && sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
            action.sa_handler != SIG_IGN) {
            sigaction(number, &ignored, NULL);
        }
    }
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
    int most = access(restart->ready, R_OK) != 0 ? FIRST_FILES_MS : LATER_FILES_MS;
    for (int i = 0; i < most && !reap(restart, WNOHANG); i++) {
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
    quieten_signals();
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
    MoltRestartMoment moment = {0};
    if (!read_ready(path, &number, &moment)) {
        return molt_error(error, MOLT_INVALID, "%s does not say which files to go on with.", path);
    }
    *out = (MoltLeft){.moment = moment};
    numbered(directory, number, "so", out->library);
    numbered(directory, number, "molt", out->state);
    numbered(directory, number, "threads", out->threads);
    numbered(directory, number, "words", out->words);
    numbered(directory, number, "kept", out->kept_file);
    numbered(directory, number, "lost", out->lost);
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
