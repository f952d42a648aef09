#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "request.h"

/* As many runs at a time as one build has games; more wait in the socket's queue. */
enum { MOST_RUNS = 8, EXIT_NO_SOCKET = 1 };
enum { PREPARE_AFTER_NANOSECONDS = 100 * 1000 * 1000 };

extern char **environ;

/* A run under way. Free: `process` is 0. */
typedef struct Run {
    pid_t process;
    int client; /* connection; ends when whoever asked is gone */
    int alive;  /* pipe whose other end only the process has */
    MoltRequest request;
} Run;

typedef struct Resident {
    const MoltResidentWork *work;
    MoltProgramId program;
    int listening;
    Run runs[MOST_RUNS];
    unsigned asked, answered;
    pid_t preparing;     /* process that prepares the next run; 0: none */
    int preparing_alive; /* pipe whose other end only that process has */
    bool ending;
} Resident;

static long memory_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &pages, &resident) != 2) {
        resident = 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The reader may be slow or gone: a line that does not fit now is left out. */
static void tell(const Resident *resident)
{
    char line[128];
    int length = snprintf(line, sizeof line, "asked %u answered %u memory %ld\n", resident->asked,
                          resident->answered, memory_kib());
    ssize_t written = write(STDOUT_FILENO, line, (size_t)length);
    (void)written;
}

static void end_run(Run *run)
{
    close(run->client);
    close(run->alive);
    molt__request_release(&run->request);
    *run = (Run){0};
}

/* It makes nothing that a run waits for. */
static void stop_preparing(Resident *resident)
{
    if (resident->preparing != 0) {
        kill(resident->preparing, SIGKILL);
        while (waitpid(resident->preparing, NULL, 0) < 0 && errno == EINTR) {
        }
        close(resident->preparing_alive);
        resident->preparing = 0;
    }
}

/* ---- the process of a run -------------------------------------------------------------------- */

/* Descriptors of the resident and of other runs would keep their connections open. */
static void leave_resident(Resident *resident, const Run *own)
{
    close(resident->listening);
    for (int i = 0; i < MOST_RUNS; i++) {
        if (resident->runs[i].process != 0) {
            close(resident->runs[i].client);
            close(resident->runs[i].alive);
        }
    }
    close(own->client);
    close(own->alive);
}

_Noreturn static void do_run(Resident *resident, const Run *own, pid_t parent)
{
    const MoltRequest *request = &own->request;
    leave_resident(resident, own);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || fchdir(request->folder) != 0 ||
        dup2(request->output, STDOUT_FILENO) < 0 || dup2(request->error, STDERR_FILENO) < 0) {
        raise(SIGKILL); /* no answer: whoever asked does it */
    }
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    umask((mode_t)request->mask);
    signal(SIGPIPE, SIG_DFL);
    environ = request->environment;
    int status = resident->work->run(resident->work->context, request->argument_count,
                                     request->arguments);
    fflush(NULL);
    _exit(status);
}

static void start_run(Resident *resident, Run *run)
{
    int ends[2];
    resident->asked++;
    if (!molt__request_receive(run->client, &run->request) ||
        memcmp(&run->request.program, &resident->program, sizeof resident->program) != 0 ||
        pipe2(ends, O_CLOEXEC) != 0) {
        resident->ending = resident->ending || run->request.text != NULL;
        molt__request_release(&run->request);
        close(run->client);
        return;
    }
    pid_t parent = getpid();
    run->alive = ends[0];
    pid_t process = fork();
    if (process == 0) {
        do_run(resident, run, parent);
    }
    close(ends[1]);
    if (process < 0) {
        end_run(run);
        return;
    }
    run->process = process;
}

_Noreturn static void do_prepare(Resident *resident, const Run *own, pid_t parent)
{
    const MoltRequest *request = &own->request;
    leave_resident(resident, own);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() != parent || fchdir(request->folder) != 0 || nothing < 0) {
        raise(SIGKILL);
    }
    /* What whoever asked reads must end with the run. */
    close(request->output);
    close(request->error);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        dup2(nothing, i);
    }
    setpriority(PRIO_PROCESS, 0, 19);
    /* The build goes on with what the run made, and what was saved just now must be older than what is
     * made of it. */
    nanosleep(&(struct timespec){.tv_nsec = PREPARE_AFTER_NANOSECONDS}, NULL);
    umask((mode_t)request->mask);
    environ = request->environment;
    resident->work->prepare(resident->work->context, request->argument_count, request->arguments);
    _exit(0);
}

static void prepare_next(Resident *resident, const Run *run)
{
    for (int i = 0; i < MOST_RUNS; i++) {
        if (&resident->runs[i] != run && resident->runs[i].process != 0) {
            return; /* the last one to end prepares */
        }
    }
    stop_preparing(resident);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    pid_t parent = getpid();
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        do_prepare(resident, run, parent);
    }
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return;
    }
    resident->preparing = process;
    resident->preparing_alive = ends[0];
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void work_on(const Resident *resident, const Run *run)
{
    if (fchdir(run->request.folder) == 0) {
        resident->work->keep(resident->work->context, run->request.argument_count,
                             run->request.arguments);
    }
}

static void finish_run(Resident *resident, Run *run)
{
    int state = 0;
    while (waitpid(run->process, &state, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(state)) {
        int32_t status = WEXITSTATUS(state);
        resident->answered++;
        tell(resident);
        send(run->client, &status, sizeof status, MSG_NOSIGNAL);
        shutdown(run->client, SHUT_RDWR);
        if (status == 0) {
            work_on(resident, run);
            prepare_next(resident, run);
        }
    } else {
        tell(resident);
    }
    end_run(run);
}

/* Whoever asked is gone: its build has been overtaken, and the next one must not find anybody writing. */
static void abandon_run(Run *run)
{
    kill(run->process, SIGKILL);
    while (waitpid(run->process, NULL, 0) < 0 && errno == EINTR) {
    }
    end_run(run);
}

static void accept_run(Resident *resident)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    Run *run = resident->runs;
    while (run->process != 0) {
        run++; /* one is free, else nobody would have looked */
    }
    int client = accept4(resident->listening, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
        close(client);
        return;
    }
    stop_preparing(resident);
    *run = (Run){.client = client, .request = {.folder = -1, .output = -1, .error = -1}};
    start_run(resident, run);
}

/* ---- serving --------------------------------------------------------------------------------- */

enum { AT_INPUT, AT_LISTENING, AT_PREPARING, AT_RUNS, DESCRIPTORS = AT_RUNS + 2 * MOST_RUNS };

/* Whoever asks takes a resident that says nothing for hung. */
static void say_alive(const Resident *resident)
{
    const int32_t alive = MOLT_REQUEST_ALIVE;
    for (int i = 0; i < MOST_RUNS; i++) {
        if (resident->runs[i].process != 0) {
            send(resident->runs[i].client, &alive, sizeof alive, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
    }
}

static void wait_for_news(const Resident *resident, struct pollfd *polled)
{
    bool room = false, busy = false;
    for (int i = 0; i < MOST_RUNS; i++) {
        const Run *run = &resident->runs[i];
        room = room || run->process == 0;
        busy = busy || run->process != 0;
        polled[AT_RUNS + 2 * i] =
            (struct pollfd){.fd = run->process != 0 ? run->client : -1, .events = POLLIN};
        polled[AT_RUNS + 2 * i + 1] =
            (struct pollfd){.fd = run->process != 0 ? run->alive : -1, .events = POLLIN};
    }
    polled[AT_INPUT] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    polled[AT_LISTENING] =
        (struct pollfd){.fd = room ? resident->listening : -1, .events = POLLIN};
    polled[AT_PREPARING] = (struct pollfd){
        .fd = resident->preparing != 0 ? resident->preparing_alive : -1, .events = POLLIN};
    int news;
    while ((news = poll(polled, DESCRIPTORS, busy ? MOLT_REQUEST_BEAT_MS : -1)) <= 0 &&
           (news == 0 || errno == EINTR)) {
        say_alive(resident);
    }
}

static void serve(Resident *resident)
{
    struct pollfd polled[DESCRIPTORS];
    while (!resident->ending) {
        wait_for_news(resident, polled);
        if (polled[AT_PREPARING].revents != 0) {
            stop_preparing(resident); /* it has ended */
        }
        /* Those that have been given up end before the next one begins. */
        for (int i = 0; i < MOST_RUNS; i++) {
            if (polled[AT_RUNS + 2 * i].revents != 0) {
                abandon_run(&resident->runs[i]);
            } else if (polled[AT_RUNS + 2 * i + 1].revents != 0) {
                finish_run(resident, &resident->runs[i]);
            }
        }
        if (polled[AT_INPUT].revents != 0) {
            resident->ending = true;
        } else if (polled[AT_LISTENING].revents != 0) {
            accept_run(resident);
        }
    }
    stop_preparing(resident);
    for (int i = 0; i < MOST_RUNS; i++) {
        if (resident->runs[i].process != 0) {
            abandon_run(&resident->runs[i]);
        }
    }
}

int molt__resident_serve(const char *path, const MoltResidentWork *work)
{
    Resident resident = {.work = work};
    signal(SIGPIPE, SIG_IGN);
    /* What the host holds open must not stay open because of a helper. */
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0);
    if (!molt__program_id("/proc/self/exe", &resident.program)) {
        return EXIT_NO_SOCKET;
    }
    resident.listening = molt__request_listen(path);
    if (resident.listening < 0) {
        fprintf(stderr, "molt-codegen: cannot listen at %s: %s\n", path, strerror(errno));
        return EXIT_NO_SOCKET;
    }
    tell(&resident);
    serve(&resident);
    close(resident.listening);
    unlink(path);
    return 0;
}
