#include "molt/replaced_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LINKS = 40, MOST_PATH = 4096, ATTEMPTS = 100 };

static MoltStatus fail(const char *path, MoltError *error)
{
    return molt_error(error, MOLT_SYSTEM, "%s: %s", path, strerror(errno));
}

/* The link's text, from the link's own folder. Freed with free(); NULL with errno set. */
static char *target_of(const char *link, const char *text)
{
    const char *slash = strrchr(link, '/');
    size_t folder = slash != NULL && text[0] != '/' ? (size_t)(slash - link) + 1 : 0;
    char *path = malloc(folder + strlen(text) + 1);
    if (path != NULL) {
        memcpy(path, link, folder);
        memcpy(path + folder, text, strlen(text) + 1);
    }
    return path;
}

char *molt_replaced_file_path(const char *path)
{
    char text[MOST_PATH], *at = strdup(path);
    for (int links = 0; at != NULL; links++) {
        ssize_t length = readlink(at, text, sizeof text);
        if (length < 0) {
            return at;
        }
        bool good = links < MOST_LINKS && (size_t)length < sizeof text;
        text[good ? length : 0] = '\0';
        char *next = good ? target_of(at, text) : NULL;
        free(at);
        at = next;
        errno = good ? errno : ELOOP;
    }
    return NULL;
}

/* A new file beside `path`, which no other process writes. */
static int open_beside(MoltReplacedFile *file)
{
    size_t room = strlen(file->path) + sizeof ".2147483648-100.tmp";
    file->beside = malloc(room);
    for (int i = 0; file->beside != NULL && i < ATTEMPTS; i++) {
        snprintf(file->beside, room, "%s.%ld-%d.tmp", file->path, (long)getpid(), i);
        int fd = open(file->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

MoltStatus molt_replaced_file_open(MoltReplacedFile *file, const char *path, MoltError *error)
{
    struct stat there;
    MoltStatus status = MOLT_OK;
    bool exists = stat(path, &there) == 0;
    *file = (MoltReplacedFile){.fd = -1, .path = molt_replaced_file_path(path)};
    if (file->path == NULL) {
        return fail(path, error);
    }
    if (exists && S_ISDIR(there.st_mode)) {
        free(file->path);
        errno = EISDIR;
        return fail(path, error);
    }
    if (exists && !S_ISREG(there.st_mode)) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        file->fd = open_beside(file);
    }
    if (file->fd < 0) {
        status = fail(path, error);
        free(file->beside);
        free(file->path);
    } else if (file->beside != NULL && exists && fchmod(file->fd, there.st_mode & 0777) != 0) {
        status = fail(path, error);
        MoltError ignored;
        molt_replaced_file_close(file, false, &ignored);
    }
    return status;
}

MoltStatus molt_replaced_file_close(MoltReplacedFile *file, bool keep, MoltError *error)
{
    bool good = file->fd < 0 || close(file->fd) == 0;
    if (file->beside != NULL && keep && good) {
        good = rename(file->beside, file->path) == 0;
    }
    MoltStatus status = keep && !good ? fail(file->path, error) : MOLT_OK;
    if (file->beside != NULL && (!keep || !good)) {
        unlink(file->beside);
    }
    free(file->beside);
    free(file->path);
    *file = (MoltReplacedFile){.fd = -1};
    return status;
}
