#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define MAGIC UINT32_C(0x4d4f4c31)

/* The words of a command line and of an environment; the system itself takes about as much. */
enum { MOST_BYTES = 16 * 1024 * 1024, PATIENCE_MS = 2000, DESCRIPTORS = 3, QUEUE = 16 };

typedef struct MoltRequestHead {
    uint32_t magic, mask;
    uint32_t argument_count, environment_count;
    uint64_t bytes;
    MoltProgramId program;
} MoltRequestHead;

bool molt__program_id(const char *path, MoltProgramId *out)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    *out = (MoltProgramId){status.st_dev, status.st_ino, (uint64_t)status.st_size,
                           (uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec};
    return true;
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool send_bytes(int socket, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_head(int socket, MoltRequestHead *head, const int *descriptors)
{
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {head, sizeof *head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                             .msg_controllen = sizeof room};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(DESCRIPTORS * sizeof(int));
    memcpy(CMSG_DATA(control), descriptors, DESCRIPTORS * sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *head;
}

/* Appends the words to *text, which is NULL while they are counted. */
static uint32_t put_words(char *const *words, char **text, uint64_t *bytes)
{
    uint32_t count = 0;
    for (; words[count] != NULL; count++) {
        size_t size = strlen(words[count]) + 1;
        if (*text != NULL) {
            memcpy(*text + *bytes, words[count], size);
        }
        *bytes += size;
    }
    return count;
}

bool molt__request_send(int socket, const MoltRequest *request)
{
    const int descriptors[DESCRIPTORS] = {request->folder, request->output, request->error};
    MoltRequestHead head = {.magic = MAGIC, .mask = request->mask, .program = request->program};
    char *text = NULL;
    head.argument_count = put_words(request->arguments, &text, &head.bytes);
    head.environment_count = put_words(request->environment, &text, &head.bytes);
    text = head.bytes <= MOST_BYTES ? malloc(head.bytes) : NULL;
    bool good = text != NULL;
    if (good) {
        uint64_t bytes = 0;
        put_words(request->arguments, &text, &bytes);
        put_words(request->environment, &text, &bytes);
        good = send_head(socket, &head, descriptors) && send_bytes(socket, text, bytes);
    }
    free(text);
    return good;
}

/* ---- the answer ------------------------------------------------------------------------------ */

bool molt__request_await(int socket, int *status, bool *hung)
{
    int32_t answer = MOLT_REQUEST_ALIVE;
    ssize_t got = sizeof answer;
    while (got == (ssize_t)sizeof answer && answer == MOLT_REQUEST_ALIVE) {
        do {
            got = recv(socket, &answer, sizeof answer, MSG_WAITALL);
        } while (got < 0 && errno == EINTR);
    }
    *hung = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    *status = answer;
    return got == (ssize_t)sizeof answer;
}

pid_t molt__request_peer(int socket)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Whoever asks sends all at once; to wait for one that does not would keep all others waiting. */
static bool can_read(int socket)
{
    struct pollfd polled = {.fd = socket, .events = POLLIN};
    return poll(&polled, 1, PATIENCE_MS) > 0;
}

static bool receive_bytes(int socket, char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = can_read(socket) ? recv(socket, bytes, size, 0) : 0;
        if (got <= 0) {
            return false;
        }
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

static bool receive_head(int socket, MoltRequestHead *head, MoltRequest *out)
{
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {head, sizeof *head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room,
                             .msg_controllen = sizeof room};
    if (!can_read(socket) ||
        recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *head) {
        return false;
    }
    const struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    if (control == NULL || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS ||
        control->cmsg_len != CMSG_LEN(DESCRIPTORS * sizeof(int))) {
        return false;
    }
    int descriptors[DESCRIPTORS];
    memcpy(descriptors, CMSG_DATA(control), sizeof descriptors);
    out->folder = descriptors[0];
    out->output = descriptors[1];
    out->error = descriptors[2];
    return head->magic == MAGIC && head->argument_count > 0 && head->bytes > 0 &&
           head->bytes <= MOST_BYTES && head->argument_count <= head->bytes &&
           head->environment_count <= head->bytes;
}

/* The next `count` words from *at on; NULL when the text has fewer. */
static char **take_words(char **at, const char *end, uint32_t count)
{
    char **words = calloc((size_t)count + 1, sizeof *words);
    for (uint32_t i = 0; words != NULL && i < count; i++) {
        char *nul = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;
        if (nul == NULL) {
            free(words);
            return NULL;
        }
        words[i] = *at;
        *at = nul + 1;
    }
    return words;
}

bool molt__request_receive(int socket, MoltRequest *out)
{
    MoltRequestHead head;
    *out = (MoltRequest){.folder = -1, .output = -1, .error = -1};
    if (!receive_head(socket, &head, out)) {
        return false;
    }
    out->text = malloc(head.bytes);
    if (out->text == NULL || !receive_bytes(socket, out->text, head.bytes)) {
        return false;
    }
    char *at = out->text;
    out->program = head.program;
    out->mask = head.mask;
    out->argument_count = (int)head.argument_count;
    out->arguments = take_words(&at, out->text + head.bytes, head.argument_count);
    out->environment = take_words(&at, out->text + head.bytes, head.environment_count);
    return out->arguments != NULL && out->environment != NULL && at == out->text + head.bytes;
}

static void close_descriptor(int descriptor)
{
    if (descriptor >= 0) {
        close(descriptor);
    }
}

void molt__request_release(MoltRequest *request)
{
    close_descriptor(request->folder);
    close_descriptor(request->output);
    close_descriptor(request->error);
    free(request->arguments);
    free(request->environment);
    free(request->text);
    *request = (MoltRequest){.folder = -1, .output = -1, .error = -1};
}

/* ---- sockets --------------------------------------------------------------------------------- */

static int open_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        return -1;
    }
    memcpy(address->sun_path, path, strlen(path));
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int molt__request_listen(const char *path)
{
    struct sockaddr_un address;
    int listening = open_socket(path, &address);
    if (listening >= 0 && (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 ||
                           listen(listening, QUEUE) != 0)) {
        close(listening);
        return -1;
    }
    return listening;
}

int molt__request_connect(const char *path)
{
    struct sockaddr_un address;
    const struct timeval patience = {.tv_sec = MOLT_REQUEST_PATIENCE_S};
    int connected = open_socket(path, &address);
    if (connected >= 0) {
        setsockopt(connected, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(connected, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    if (connected >= 0 && connect(connected, (struct sockaddr *)&address, sizeof address) != 0) {
        close(connected);
        return -1;
    }
    return connected;
}
