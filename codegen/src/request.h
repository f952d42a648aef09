/* A run of the generator as one process asks another one for it: the command line, the environment and the
 * folder it would have run in itself, and where to print to. It must never know what a run does.
 *
 * On the socket: a MoltRequestHead with three descriptors (folder, standard output, standard error), then
 * `bytes` bytes of words that each end in NUL, the arguments first, then the environment. The answer is an
 * int32_t, the exit status, after as many MOLT_REQUEST_ALIVE as it takes, one a second. A connection that
 * ends without an answer, or says nothing for MOLT_REQUEST_PATIENCE_S, means: do it yourself. */
#ifndef MOLT_CODEGEN_REQUEST_H
#define MOLT_CODEGEN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The variable of the environment that holds the path of the socket. */
#define MOLT_REQUEST_VARIABLE "MOLT_CODEGEN_SOCKET"
/* The program that does the work, beside the one that asks for it. */
#define MOLT_REQUEST_WORKER "molt-generate"

#define MOLT_REQUEST_ALIVE (-1)
enum { MOLT_REQUEST_BEAT_MS = 1000, MOLT_REQUEST_PATIENCE_S = 10 };

/* Which file a program is: one that was built again is another one. */
typedef struct MoltProgramId {
    uint64_t device, inode, size, seconds, nanoseconds;
} MoltProgramId;

/* False when there is no such file. */
bool molt__program_id(const char *path, MoltProgramId *out);

/* Words point into `text`, lists end in NULL. Zero-initialised: holds nothing. */
typedef struct MoltRequest {
    MoltProgramId program; /* that must do it */
    uint32_t mask;         /* umask */
    char *text;
    char **arguments, **environment;
    int argument_count;
    int folder, output, error; /* descriptors; -1: none */
} MoltRequest;

/* False when the other side is gone, or takes nothing for MOLT_REQUEST_PATIENCE_S. */
bool molt__request_send(int socket, const MoltRequest *request);
/* False when what comes is no request, or nothing does within two seconds. Release *out in either case. */
bool molt__request_receive(int socket, MoltRequest *out);
void molt__request_release(MoltRequest *request); /* closes the descriptors */

/* Waits for the exit status. False when the other side is gone, or *hung, that it has said nothing for
 * MOLT_REQUEST_PATIENCE_S. */
bool molt__request_await(int socket, int *status, bool *hung);

/* A socket that listens at `path`, or one connected to what listens there; -1 when that fails. What is sent
 * through the latter, and to connect it, waits for MOLT_REQUEST_PATIENCE_S at most. */
int molt__request_listen(const char *path);
int molt__request_connect(const char *path);
/* The process at the other side of a connected socket; 0 when it cannot be told. */
pid_t molt__request_peer(int socket);

#endif
