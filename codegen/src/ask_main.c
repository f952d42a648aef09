/* molt-codegen as builds call it: asks the resident generator of the host that drives the build, where there
 * is one, and is replaced by the generator itself everywhere else. It must never link libclang, which takes
 * longer to load than all that a resident has to do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "request.h"

enum { PATH_ROOM = 4096, EXIT_CANNOT_START = 127 };

extern char **environ;

/* The generator stands beside this program. */
static bool find_worker(char *path)
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_ROOM - sizeof MOLT_REQUEST_WORKER);
    if (length <= 0) {
        return false;
    }
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    memcpy(slash + 1, MOLT_REQUEST_WORKER, sizeof MOLT_REQUEST_WORKER);
    return true;
}

/* What it may have begun must not write beside this run: its runs end with it. */
static void end_hung(int socket)
{
    pid_t resident = molt__request_peer(socket);
    fprintf(stderr,
            "molt-codegen: the generator in memory (process %d) has said nothing for %d s; it is "
            "ended, and this run does the work\n",
            (int)resident, MOLT_REQUEST_PATIENCE_S);
    if (resident > 0) {
        kill(resident, SIGKILL);
    }
}

/* False when nobody did it. */
static bool ask(char **argv, const char *worker, int *status)
{
    const char *path = getenv(MOLT_REQUEST_VARIABLE);
    MoltRequest request = {.arguments = argv, .environment = environ, .folder = -1,
                           .output = STDOUT_FILENO, .error = STDERR_FILENO};
    if (path == NULL || path[0] == '\0' || !molt__program_id(worker, &request.program)) {
        return false;
    }
    int socket = molt__request_connect(path);
    request.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    mode_t mask = umask(0);
    umask(mask);
    request.mask = (uint32_t)mask;
    bool hung = false, done = false;
    if (socket >= 0 && request.folder >= 0) {
        errno = 0;
        done = molt__request_send(socket, &request);
        hung = !done && (errno == EAGAIN || errno == EWOULDBLOCK);
        done = done && molt__request_await(socket, status, &hung);
    }
    if (hung) {
        end_hung(socket);
    }
    if (request.folder >= 0) {
        close(request.folder);
    }
    if (socket >= 0) {
        close(socket);
    }
    return done;
}

int main(int argc, char **argv)
{
    char worker[PATH_ROOM];
    int status = 0;
    (void)argc;
    if (!find_worker(worker)) {
        fprintf(stderr, "molt-codegen: cannot tell where it lies: is /proc there?\n");
        return EXIT_CANNOT_START;
    }
    if (ask(argv, worker, &status)) {
        return status;
    }
    execv(worker, argv);
    fprintf(stderr, "molt-codegen: cannot run %s: %s\nInstall it beside molt-codegen.\n", worker,
            strerror(errno));
    return EXIT_CANNOT_START;
}
