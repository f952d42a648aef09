#include "private_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "molt-"
#define LOCK "lock"
#define FRESH "lock.new"
enum { RANDOM = 6 }; /* characters that mkdtemp() chooses */

static const char *base_folder(void)
{
    const char *base = getenv("TMPDIR");
    return base != NULL && base[0] != 0 ? base : "/tmp";
}

/* It has its name only once it is locked: one that anybody can lock has nobody. */
static int take_lock(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int lock = folder >= 0 ? openat(folder, FRESH, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool good = lock > 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 &&
                renameat(folder, FRESH, folder, LOCK) == 0;
    if (!good && lock >= 0) {
        unlinkat(folder, FRESH, 0);
        close(lock);
    }
    if (folder >= 0) {
        close(folder);
    }
    return good ? lock : 0;
}

MoltStatus molt__private_folder_make(MoltPrivateFolder *out, MoltError *error)
{
    const char *base = base_folder();
    size_t size = strlen(base) + sizeof "/" NAME + RANDOM;
    char *path = malloc(size);
    if (path == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
    }
    snprintf(path, size, "%s/" NAME "XXXXXX", base);
    if (mkdtemp(path) == NULL) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM,
                       "Cannot make a directory for library copies in %s: %s. Set TMPDIR "
                       "to a directory that can be written to and executed from.",
                       base, strerror(errno));
        free(path);
        return status;
    }
    *out = (MoltPrivateFolder){path, take_lock(path)};
    return MOLT_OK;
}

/* But for its lock; where nobody can look, it is not. */
static bool is_empty(int at)
{
    int again = dup(at);
    DIR *stream = again >= 0 ? fdopendir(again) : NULL;
    const struct dirent *entry;
    bool found = stream == NULL;
    if (stream == NULL && again >= 0) {
        close(again);
    }
    while (!found && (entry = readdir(stream)) != NULL) {
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                strcmp(entry->d_name, LOCK) != 0;
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return !found;
}

void molt__private_folder_remove(MoltPrivateFolder *folder)
{
    if (folder->path == NULL) {
        return;
    }
    int descriptor = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0 && is_empty(descriptor)) {
        unlinkat(descriptor, LOCK, 0);
        rmdir(folder->path);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (folder->lock > 0) {
        close(folder->lock);
    }
    free(folder->path);
    *folder = (MoltPrivateFolder){0};
}

bool molt__private_folder_is_lock(const char *path, int descriptor)
{
    struct stat mine, there;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is = folder >= 0 && descriptor > 0 && fstat(descriptor, &mine) == 0 &&
              fstatat(folder, LOCK, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
              mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
    if (folder >= 0) {
        close(folder);
    }
    return is;
}

/* ---- what others left ------------------------------------------------------------------------ */

static bool is_name(const char *name)
{
    return strncmp(name, NAME, strlen(NAME)) == 0 && strlen(name) == strlen(NAME) + RANDOM;
}

/* Of the folder `at`, opened as what it is and not through a link. */
static bool is_left(int at)
{
    struct stat status;
    if (fstat(at, &status) != 0 || status.st_uid != geteuid()) {
        return false;
    }
    int lock = openat(at, LOCK, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool left = lock >= 0 && fstat(lock, &status) == 0 && S_ISREG(status.st_mode) &&
                flock(lock, LOCK_EX | LOCK_NB) == 0;
    if (lock >= 0) {
        close(lock);
    }
    return left;
}

/* Files alone: nobody makes folders in one. The lock goes last, so that what an end in between leaves is
 * removed by the next one. */
static void empty(int at)
{
    int again = dup(at);
    DIR *stream = again >= 0 ? fdopendir(again) : NULL;
    struct dirent *entry;
    if (stream == NULL && again >= 0) {
        close(again);
    }
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, LOCK) != 0) {
            unlinkat(at, entry->d_name, 0);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    unlinkat(at, LOCK, 0);
}

void molt__private_folder_abandon(MoltPrivateFolder *folder)
{
    int at = folder->path != NULL ? open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (at >= 0) {
        empty(at);
        close(at);
    }
    molt__private_folder_remove(folder);
}

void molt__private_folder_sweep(const MoltPrivateFolder *folder)
{
    const char *base = base_folder(), *own = strrchr(folder->path, '/') + 1;
    DIR *stream = opendir(base);
    struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (!is_name(entry->d_name) || strcmp(entry->d_name, own) == 0) {
            continue;
        }
        int at = openat(dirfd(stream), entry->d_name,
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (at >= 0 && is_left(at)) {
            empty(at);
            unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
        }
        if (at >= 0) {
            close(at);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
}
