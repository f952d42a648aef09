#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define VARIABLE "MOLT_CODEGEN_SOCKET"
#define GRACE_MS 200

extern char **environ;

/* Invariant: without a process both pipes are closed (-1). The process lives no longer than the pipe to it
 * is open, and the system closes that when the host ends, in whichever way. */
struct MoltResident {
    char *program, *socket, *variable;
    pid_t process;
    int input, output;
    unsigned asked, answered, before; /* of this process, and answers of those before it */
    unsigned long memory_kib;
    int signal; /* that ended one, until it is told */
    char line[256]; /* that has not come to its end */
    size_t length;
};

/* ---- the process --------------------------------------------------------------------------- */

/* It has nothing of the host's but its two pipes, and says what it has to say to nobody: it is a helper, and
 * the build prints what matters. */
static int spawn(MoltResident *resident, int input, int output)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    sigset_t none, all;
    char *const arguments[] = {resident->program, "--serve", resident->socket, NULL};
    int code = posix_spawnattr_init(&attributes);
    if (code != 0) {
        return code;
    }
    code = posix_spawn_file_actions_init(&files);
    if (code == 0) {
        sigemptyset(&none);
        sigfillset(&all);
        sigdelset(&all, SIGKILL);
        sigdelset(&all, SIGSTOP);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        code = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
        code = code != 0 ? code : posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
        code = code != 0 ? code
                         : posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null",
                                                            O_WRONLY, 0);
        code = code != 0 ? code
                         : posix_spawn(&resident->process, resident->program, &files, &attributes,
                                       arguments, environ);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return code;
}

static int start(MoltResident *resident)
{
    int input[2] = {-1, -1}, output[2] = {-1, -1};
    unlink(resident->socket);
    int code = pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0 ? errno : 0;
    if (code == 0) {
        code = spawn(resident, input[0], output[1]);
    }
    if (input[0] >= 0) {
        close(input[0]);
    }
    if (output[1] >= 0) {
        close(output[1]);
    }
    if (code != 0) {
        if (input[1] >= 0) {
            close(input[1]);
        }
        if (output[0] >= 0) {
            close(output[0]);
        }
        resident->process = 0;
        return code;
    }
    resident->input = input[1];
    resident->output = output[0];
    resident->asked = resident->answered = 0;
    resident->length = 0;
    return 0;
}

/* ---- what it tells --------------------------------------------------------------------------- */

static void take_line(MoltResident *resident)
{
    unsigned asked = 0, answered = 0;
    unsigned long memory_kib = 0;
    if (sscanf(resident->line, "asked %u answered %u memory %lu", &asked, &answered,
               &memory_kib) == 3) {
        resident->asked = asked;
        resident->answered = answered;
        resident->memory_kib = memory_kib;
    }
}

static void listen_to(MoltResident *resident)
{
    char byte;
    while (resident->process > 0 && read(resident->output, &byte, 1) == 1) {
        if (byte == '\n' || resident->length + 1 == sizeof resident->line) {
            resident->line[resident->length] = 0;
            take_line(resident);
            resident->length = 0;
        } else {
            resident->line[resident->length++] = byte;
        }
    }
}

static void forget(MoltResident *resident)
{
    close(resident->input);
    close(resident->output);
    resident->process = 0;
    resident->input = resident->output = -1;
    resident->before += resident->answered;
    resident->answered = 0;
    resident->memory_kib = 0;
}

static bool has_ended(MoltResident *resident)
{
    if (resident->process > 0) {
        int status = 0;
        pid_t ended = waitpid(resident->process, &status, WNOHANG);
        if (ended == 0 || (ended < 0 && errno == EINTR)) {
            return false;
        }
        if (ended > 0 && WIFSIGNALED(status)) {
            resident->signal = WTERMSIG(status);
        }
        listen_to(resident);
        forget(resident);
    }
    return true;
}

/* ---- from outside ---------------------------------------------------------------------------- */

MoltStatus molt__resident_create(const char *program, const char *folder, MoltResident **out,
                                 MoltError *error)
{
    MoltStatus status = MOLT_OK;
    MoltResident *resident = calloc(1, sizeof *resident);
    if (resident != NULL) {
        resident->input = resident->output = -1;
        resident->program = strdup(program);
        if (asprintf(&resident->socket, "%s/codegen.socket", folder) < 0) {
            resident->socket = NULL;
        }
        if (asprintf(&resident->variable, VARIABLE "=%s/codegen.socket", folder) < 0) {
            resident->variable = NULL;
        }
    }
    if (resident == NULL || resident->program == NULL || resident->socket == NULL ||
        resident->variable == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the resident generator.");
        goto cleanup;
    }
    int code = start(resident);
    if (code != 0) {
        status = molt_error(error, code == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                            "Cannot start %s: %s. Builds start a generator of their own.", program,
                            strerror(code));
        goto cleanup;
    }
    *out = resident;
    resident = NULL;
cleanup:
    molt__resident_destroy(resident);
    return status;
}

void molt__resident_refresh(MoltResident *resident)
{
    listen_to(resident);
    bool useful = resident->asked > 0;
    if (has_ended(resident) && useful) {
        (void)start(resident); /* without one the build does the work itself */
    }
}

void molt__resident_destroy(MoltResident *resident)
{
    if (resident == NULL) {
        return;
    }
    if (resident->process > 0) {
        struct timespec pause = {.tv_nsec = (long)MOLT__MILLISECOND};
        close(resident->input); /* it ends by that */
        resident->input = -1;
        pid_t ended = 0;
        for (int i = 0; i < GRACE_MS && ended == 0; i++) {
            ended = waitpid(resident->process, NULL, WNOHANG);
            if (ended == 0) {
                nanosleep(&pause, NULL);
            }
        }
        if (ended == 0) {
            kill(resident->process, SIGKILL);
            waitpid(resident->process, NULL, 0);
        }
        close(resident->output);
    }
    if (resident->socket != NULL) {
        unlink(resident->socket);
    }
    free(resident->program);
    free(resident->socket);
    free(resident->variable);
    free(resident);
}

pid_t molt__resident_process(const MoltResident *resident)
{
    return resident != NULL && resident->process > 0 ? resident->process : 0;
}

const char *molt__resident_variable(const MoltResident *resident)
{
    return resident->variable;
}

MoltResidentState molt__resident_state(MoltResident *resident)
{
    if (resident == NULL) {
        return (MoltResidentState){0};
    }
    listen_to(resident);
    (void)has_ended(resident);
    MoltResidentState state = {.answered = resident->before + resident->answered,
                               .memory_kib = resident->memory_kib,
                               .signal = resident->signal};
    resident->signal = 0;
    return state;
}
