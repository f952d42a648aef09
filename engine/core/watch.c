#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define NO_TAG (-1)
#define RETRY_NS (50 * MOLT__MILLISECOND)
/* For files that were merely found: nothing says that their writer has finished. */
#define DOUBT_NS (15 * MOLT__MILLISECOND)
#define DOUBT_MAX_NS (500 * MOLT__MILLISECOND)

/* IN_CREATE is for new directories and links; a new file is told when it is closed. */
#define EVENTS                                                                                     \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR)

/* One watched directory. `wd` is -1 while it does not exist; it is then looked for again. Device and
 * inode are those of the directory that is watched: the path may lead to another one by now. */
typedef struct Directory {
    char *path;
    int wd;
    dev_t device;
    ino_t inode;
    int tag;     /* of the tree it belongs to, NO_TAG when only single files in it matter */
    bool wanted; /* asked for by the caller: outlives its deletion */
} Directory;

typedef struct File {
    char *path;
    int tag;
} File;

/* `doubt_ns` above 0: a file that came without a word of who writes it. While somebody does, it is looked
 * at again after that time. */
typedef struct Pending {
    char *path;
    int tag;
    uint64_t first_ns, due_ns, doubt_ns;
} Pending;

typedef enum Completeness {
    COMPLETE, /* its writer has closed it, or it was renamed into its place */
    FOUND,    /* nothing is known */
    APPEARED  /* a name was made, for a file that is being written or for one that was */
} Completeness;

/* Invariant: `directories` holds each path at most once. */
struct MoltWatch {
    int inotify;
    uint64_t settle_ns;
    uint64_t retry_ns; /* when missing directories are looked for again */
    Directory *directories;
    size_t directory_count, directory_capacity;
    File *files;
    size_t file_count, file_capacity;
    Pending *pending;
    size_t pending_count, pending_capacity;
    char *told; /* path of the change told last */
};

/* ---- growth and paths ---------------------------------------------------------------------- */

static bool reserve(void *array, size_t count, size_t *capacity, size_t item)
{
    if (count < *capacity) {
        return true;
    }
    void *items;
    memcpy(&items, array, sizeof items);
    size_t wanted = *capacity != 0 ? *capacity * 2 : 16;
    items = realloc(items, wanted * item);
    if (items == NULL) {
        return false;
    }
    memcpy(array, &items, sizeof items);
    *capacity = wanted;
    return true;
}

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL) {
        snprintf(path, size, "%s/%s", directory, name);
    }
    return path;
}

/* The directory part: "." where there is none, "/" for a file in the root. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), end = strlen(suffix);
    return length >= end && strcmp(name + length - end, suffix) == 0;
}

/* Names that editors and compilers make and nobody means to build from. "4913" is what vim
 * creates to try whether it may write. */
static bool is_noise(const char *name)
{
    static const char *const suffixes[] = {"~",    ".swp",  ".swo", ".swx", ".tmp",
                                           ".bak", ".orig", ".rej", ".o",   ".so",
                                           ".a",   ".d",    ".gch", ".pch", ".pyc"};
    if (name[0] == '.' || name[0] == '#' || strcmp(name, "4913") == 0 ||
        strstr(name, "___jb_") != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (has_suffix(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* ---- changes that wait --------------------------------------------------------------------- */

/* A change that cannot be noted for want of memory is lost; the next save brings another. */
static void add_pending(MoltWatch *watch, const char *path, int tag, Completeness how)
{
    uint64_t now = molt__clock_ns();
    bool doubt = how != COMPLETE && watch->settle_ns < DOUBT_NS;
    uint64_t quiet = doubt ? DOUBT_NS : watch->settle_ns;
    for (size_t i = 0; i < watch->pending_count; i++) {
        Pending *pending = &watch->pending[i];
        if (pending->tag == tag && strcmp(pending->path, path) == 0) {
            pending->due_ns = now + quiet;
            pending->doubt_ns = how == APPEARED ? pending->doubt_ns : 0;
            return;
        }
    }
    char *copy = strdup(path);
    if (copy == NULL || !reserve(&watch->pending, watch->pending_count, &watch->pending_capacity,
                                 sizeof *watch->pending)) {
        free(copy);
        return;
    }
    watch->pending[watch->pending_count++] =
        (Pending){copy, tag, now, now + quiet, how == APPEARED ? DOUBT_NS : 0};
}

/* A lease for reading is given while nobody has the file open for writing. Whoever opens it in that
 * moment waits until it is given back, and the signal that says so is one that does nothing. Where there are
 * no leases (a network, another owner's file) nothing is known. */
static bool is_being_written(const char *path)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    fcntl(file, F_SETSIG, SIGURG);
    bool busy = fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    close(file); /* with its lease */
    return busy;
}

static void watch_targets(MoltWatch *watch, const char *path, int tag);

/* A file that was asked for by name is told as that, else as part of its tree. */
static void file_changed(MoltWatch *watch, const Directory *directory, const char *name,
                         Completeness how)
{
    char *path = join(directory->path, name);
    int tree = is_noise(name) ? NO_TAG : directory->tag;
    bool known = false;
    if (path == NULL) {
        return;
    }
    for (size_t i = 0; i < watch->file_count; i++) {
        if (strcmp(watch->files[i].path, path) == 0) {
            add_pending(watch, path, watch->files[i].tag, how);
            watch_targets(watch, path, watch->files[i].tag);
            known = true;
        }
    }
    if (!known && tree != NO_TAG) {
        add_pending(watch, path, tree, how);
        watch_targets(watch, path, tree);
    }
    free(path);
}

/* ---- directories --------------------------------------------------------------------------- */

static Directory *find_directory(MoltWatch *watch, const char *path)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (strcmp(watch->directories[i].path, path) == 0) {
            return &watch->directories[i];
        }
    }
    return NULL;
}

/* Takes `path`. The directory is not watched yet. */
static MoltStatus insert_directory(MoltWatch *watch, char *path, int tag, bool wanted)
{
    Directory *known = path != NULL ? find_directory(watch, path) : NULL;
    if (known != NULL) {
        known->tag = tag != NO_TAG ? tag : known->tag;
        known->wanted = known->wanted || wanted;
        free(path);
        return MOLT_OK;
    }
    if (path == NULL || !reserve(&watch->directories, watch->directory_count,
                                 &watch->directory_capacity, sizeof *watch->directories)) {
        free(path);
        return MOLT_OUT_OF_MEMORY;
    }
    watch->directories[watch->directory_count++] = (Directory){path, -1, 0, 0, tag, wanted};
    return MOLT_OK;
}

/* A path that is not below `prefix` leads to the same directory. */
static bool is_shared(const MoltWatch *watch, int wd, const char *prefix)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        const Directory *directory = &watch->directories[i];
        if (directory->wd == wd && !is_below(directory->path, prefix)) {
            return true;
        }
    }
    return false;
}

/* Drops everything below `path`, itself included; what the caller asked for is only marked
 * missing. */
static void forget_tree(MoltWatch *watch, const char *path)
{
    char *prefix = strdup(path); /* may belong to an entry that goes */
    size_t kept = 0;
    if (prefix == NULL) {
        return;
    }
    for (size_t i = 0; i < watch->directory_count; i++) {
        Directory *directory = &watch->directories[i];
        if (directory->wd < 0 || !is_below(directory->path, prefix)) {
            continue;
        }
        if (!is_shared(watch, directory->wd, prefix)) {
            inotify_rm_watch(watch->inotify, directory->wd);
        }
        directory->wd = -1;
    }
    for (size_t i = 0; i < watch->directory_count; i++) {
        Directory directory = watch->directories[i];
        if (is_below(directory.path, prefix) && !directory.wanted) {
            free(directory.path);
        } else {
            watch->directories[kept++] = directory;
        }
    }
    watch->directory_count = kept;
    free(prefix);
}

static bool is_build_tree(const char *path)
{
    char *cache = join(path, "CMakeCache.txt");
    bool found = cache != NULL && access(cache, F_OK) == 0;
    free(cache);
    return found;
}

static bool is_watched(const MoltWatch *watch, const struct stat *status)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        const Directory *directory = &watch->directories[i];
        if (directory->wd >= 0 && directory->device == status->st_dev &&
            directory->inode == status->st_ino) {
            return true;
        }
    }
    return false;
}

typedef enum EntryKind { ENTRY_FILE, ENTRY_DIRECTORY, ENTRY_KNOWN } EntryKind;

/* A link to a directory is followed unless that is watched already: so a cycle has an end. */
static EntryKind kind_of_entry(const MoltWatch *watch, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return ENTRY_FILE;
    }
    if (!S_ISLNK(status.st_mode)) {
        return S_ISDIR(status.st_mode) ? ENTRY_DIRECTORY : ENTRY_FILE;
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return ENTRY_FILE;
    }
    return is_watched(watch, &status) ? ENTRY_KNOWN : ENTRY_DIRECTORY;
}

/* Adds the subdirectories of the tree directory at `index`; with `tell`, its files are changes,
 * because they may have been written before the watch stood. */
static MoltStatus scan_directory(MoltWatch *watch, size_t index, bool tell)
{
    MoltStatus status = MOLT_OK;
    int tag = watch->directories[index].tag;
    DIR *stream = opendir(watch->directories[index].path);
    struct dirent *entry;
    while (stream != NULL && status == MOLT_OK && (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char *path = join(watch->directories[index].path, entry->d_name);
        bool known_file = entry->d_type == DT_REG;
        EntryKind kind = known_file || path == NULL ? ENTRY_FILE : kind_of_entry(watch, path);
        if (path == NULL) {
            status = MOLT_OUT_OF_MEMORY;
        } else if (kind == ENTRY_FILE) {
            if (tell) {
                file_changed(watch, &watch->directories[index], entry->d_name, FOUND);
            } else if (!known_file && tag != NO_TAG && !is_noise(entry->d_name)) {
                watch_targets(watch, path, tag);
            }
        } else if (kind == ENTRY_DIRECTORY && tag != NO_TAG && !is_noise(entry->d_name) &&
                   !is_build_tree(path)) {
            status = insert_directory(watch, path, tag, false);
            path = NULL;
        }
        free(path);
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return status;
}

/* Watches every directory from `first` on that is not watched yet, and what appears below: the list
 * grows while it is walked. The watch is set before the scan, so nothing falls between. */
static MoltStatus attach(MoltWatch *watch, size_t first, bool tell, MoltError *error)
{
    for (size_t i = first; i < watch->directory_count; i++) {
        Directory *directory = &watch->directories[i];
        if (directory->wd >= 0) {
            continue;
        }
        directory->wd = inotify_add_watch(watch->inotify, directory->path, EVENTS);
        if (directory->wd < 0 && errno == ENOSPC) {
            return molt_error(error, MOLT_SYSTEM,
                              "Cannot watch %s: the limit of watches is reached. Raise "
                              "fs.inotify.max_user_watches with sysctl.",
                              directory->path);
        }
        struct stat found;
        if (directory->wd < 0 || stat(directory->path, &found) != 0) {
            continue; /* missing or unreadable now; looked for again by look_again */
        }
        directory->device = found.st_dev;
        directory->inode = found.st_ino;
        if ((directory->tag != NO_TAG || tell) && scan_directory(watch, i, tell) != MOLT_OK) {
            return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to watch the source files.");
        }
    }
    return MOLT_OK;
}

/* Events name a file by its directory's path, so it is kept in that form. */
static MoltStatus insert_file(MoltWatch *watch, const char *path, int tag)
{
    const char *slash = strrchr(path, '/');
    char *parent = parent_of(path);
    char *full = parent != NULL ? join(parent, slash != NULL ? slash + 1 : path) : NULL;
    bool known = false;
    if (full == NULL ||
        !reserve(&watch->files, watch->file_count, &watch->file_capacity, sizeof *watch->files) ||
        insert_directory(watch, strdup(parent), NO_TAG, true) != MOLT_OK) {
        free(parent);
        free(full);
        return MOLT_OUT_OF_MEMORY;
    }
    free(parent);
    for (size_t i = 0; i < watch->file_count; i++) {
        known = known || (watch->files[i].tag == tag && strcmp(watch->files[i].path, full) == 0);
    }
    if (known) {
        free(full);
    } else {
        watch->files[watch->file_count++] = (File){full, tag};
    }
    return MOLT_OK;
}

/* What a link to a file leads to is watched in its place, and so is each link on the way. */
static void watch_targets(MoltWatch *watch, const char *path, int tag)
{
    enum { HOPS_MOST = 8 };
    char at[PATH_MAX], link[PATH_MAX], next[2 * PATH_MAX];
    size_t first = watch->directory_count;
    snprintf(at, sizeof at, "%s", path);
    for (int hop = 0; hop < HOPS_MOST; hop++) {
        struct stat status;
        ssize_t length = readlink(at, link, sizeof link - 1);
        const char *slash = strrchr(at, '/');
        if (length <= 0) {
            break;
        }
        link[length] = 0;
        int folder = link[0] != '/' && slash != NULL ? (int)(slash - at) + 1 : 0;
        snprintf(next, sizeof next, "%.*s%s", folder, at, link);
        if ((stat(next, &status) == 0 && S_ISDIR(status.st_mode)) || strlen(next) >= sizeof at ||
            insert_file(watch, next, tag) != MOLT_OK) {
            break;
        }
        memcpy(at, next, strlen(next) + 1);
    }
    if (watch->directory_count > first) {
        attach(watch, first, false, NULL);
    }
}

/* The path leads to another directory than the one that is watched: a link was set anew, or a directory
 * above was exchanged. No event tells that. */
static bool leads_elsewhere(const Directory *directory)
{
    struct stat status;
    return directory->wd >= 0 && stat(directory->path, &status) == 0 && S_ISDIR(status.st_mode) &&
           (status.st_dev != directory->device || status.st_ino != directory->inode);
}

/* Looks for what was asked for and is missing, or has become another directory. */
static void look_again(MoltWatch *watch)
{
    uint64_t now = molt__clock_ns();
    if (now < watch->retry_ns) {
        return;
    }
    watch->retry_ns = now + RETRY_NS;
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (watch->directories[i].wanted && leads_elsewhere(&watch->directories[i])) {
            forget_tree(watch, watch->directories[i].path);
            i = SIZE_MAX; /* the list is another one now; what was forgotten leads nowhere */
        }
    }
    attach(watch, 0, true, NULL);
}

/* ---- events -------------------------------------------------------------------------------- */

/* A link appears complete and is never closed. One to a file whose other name is gone by now looks like a
 * file that somebody has begun to write. */
static void file_appeared(MoltWatch *watch, const Directory *directory, const char *name)
{
    struct stat status;
    char *path = join(directory->path, name);
    bool found = path != NULL && lstat(path, &status) == 0;
    free(path);
    if (found && (S_ISLNK(status.st_mode) || S_ISREG(status.st_mode))) {
        bool link = S_ISLNK(status.st_mode) || status.st_nlink > 1;
        file_changed(watch, directory, name, link ? COMPLETE : APPEARED);
    }
}

static void subdirectory_appeared(MoltWatch *watch, size_t index, const char *name)
{
    char *path = join(watch->directories[index].path, name);
    int tag = watch->directories[index].tag;
    Directory *known = path != NULL ? find_directory(watch, path) : NULL;
    if (known != NULL && leads_elsewhere(known)) {
        forget_tree(watch, path);
        known = find_directory(watch, path);
    }
    if (known != NULL && known->wanted) {
        known->wd = -1;
        attach(watch, 0, true, NULL);
    } else if (path != NULL && tag != NO_TAG && !is_noise(name) && !is_build_tree(path) &&
               kind_of_entry(watch, path) == ENTRY_DIRECTORY) {
        size_t first = watch->directory_count;
        if (insert_directory(watch, path, tag, false) == MOLT_OK) {
            attach(watch, known != NULL ? 0 : first, true, NULL);
        }
        path = NULL;
    }
    free(path);
}

static bool leads_to_directory(const Directory *directory, const char *name)
{
    struct stat status;
    char *path = join(directory->path, name);
    bool leads = path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    free(path);
    return leads;
}

static void handle_named(MoltWatch *watch, size_t index, const struct inotify_event *event)
{
    Directory *directory = &watch->directories[index];
    bool closed = (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0;
    if ((event->mask & IN_ISDIR) != 0) {
        if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
            subdirectory_appeared(watch, index, event->name);
        }
    } else if (strcmp(event->name, "CMakeCache.txt") == 0 && !directory->wanted) {
        forget_tree(watch, directory->path);
    } else if ((event->mask & IN_CLOSE_WRITE) == 0 && leads_to_directory(directory, event->name)) {
        subdirectory_appeared(watch, index, event->name); /* a link to one */
    } else if (closed) {
        file_changed(watch, directory, event->name, COMPLETE);
    } else {
        file_appeared(watch, directory, event->name);
    }
}

static void handle_self(MoltWatch *watch, const Directory *directory,
                        const struct inotify_event *event)
{
    if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) {
        forget_tree(watch, directory->path);
    }
}

/* Events were lost: everything watched may have changed. */
static void tell_all(MoltWatch *watch)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (watch->directories[i].wd >= 0) {
            inotify_rm_watch(watch->inotify, watch->directories[i].wd);
            watch->directories[i].wd = -1;
        }
    }
    attach(watch, 0, true, NULL);
}

static void handle_event(MoltWatch *watch, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        tell_all(watch);
        return;
    }
    /* Two paths may lead to one directory and then share its descriptor; handling one may drop
     * others. */
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (watch->directories[i].wd != event->wd) {
            continue;
        }
        if (event->len > 0) {
            handle_named(watch, i, event);
        } else {
            handle_self(watch, &watch->directories[i], event);
        }
    }
}

static void read_events(MoltWatch *watch)
{
    _Alignas(struct inotify_event) char buffer[16384];
    ssize_t size;
    while ((size = read(watch->inotify, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            handle_event(watch, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

/* ---- interface ----------------------------------------------------------------------------- */

MoltStatus molt__watch_create(uint32_t settle_ms, MoltWatch **out, MoltError *error)
{
    MoltWatch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the file watch.");
    }
    watch->settle_ns = settle_ms * MOLT__MILLISECOND;
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->inotify < 0) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM,
                       "Cannot watch files: %s. Raise fs.inotify.max_user_instances with "
                       "sysctl, or reload by hand.",
                       strerror(errno));
        free(watch);
        return status;
    }
    *out = watch;
    return MOLT_OK;
}

void molt__watch_destroy(MoltWatch *watch)
{
    if (watch == NULL) {
        return;
    }
    close(watch->inotify);
    for (size_t i = 0; i < watch->directory_count; i++) {
        free(watch->directories[i].path);
    }
    for (size_t i = 0; i < watch->file_count; i++) {
        free(watch->files[i].path);
    }
    for (size_t i = 0; i < watch->pending_count; i++) {
        free(watch->pending[i].path);
    }
    free(watch->directories);
    free(watch->files);
    free(watch->pending);
    free(watch->told);
    free(watch);
}

MoltStatus molt__watch_add_file(MoltWatch *watch, const char *path, int tag, MoltError *error)
{
    if (insert_file(watch, path, tag) != MOLT_OK) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to watch %s.", path);
    }
    watch_targets(watch, path, tag);
    return attach(watch, 0, false, error);
}

MoltStatus molt__watch_add_tree(MoltWatch *watch, const char *directory, int tag, MoltError *error)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/') {
        length--;
    }
    char *path = strndup(directory, length);
    Directory *known = path != NULL ? find_directory(watch, path) : NULL;
    if (known != NULL && known->tag == NO_TAG && known->wd >= 0) {
        known->wd = -1; /* watched for single files so far: attach scans it again as a tree */
    }
    if (insert_directory(watch, path, tag, true) != MOLT_OK) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to watch %s.", directory);
    }
    return attach(watch, 0, false, error);
}

static bool is_since(const struct stat *status, const struct timespec *since)
{
    const struct timespec *then = &status->st_ctim;
    return then->tv_sec != since->tv_sec ? then->tv_sec > since->tv_sec : then->tv_nsec >= since->tv_nsec;
}

void molt__watch_tell_since(MoltWatch *watch, const struct timespec *since)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        DIR *stream = opendir(watch->directories[i].path);
        struct dirent *entry;
        struct stat status;
        while (stream != NULL && (entry = readdir(stream)) != NULL) {
            if (fstatat(dirfd(stream), entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode) &&
                is_since(&status, since)) {
                file_changed(watch, &watch->directories[i], entry->d_name, FOUND);
            }
        }
        if (stream != NULL) {
            closedir(stream);
        }
    }
}

bool molt__watch_poll(MoltWatch *watch, MoltWatchChange *out)
{
    read_events(watch);
    look_again(watch);
    uint64_t now = molt__clock_ns();
    for (size_t i = 0; i < watch->pending_count;) {
        Pending pending = watch->pending[i];
        if (now < pending.due_ns) {
            i++;
            continue;
        }
        if (pending.doubt_ns > 0 && is_being_written(pending.path)) {
            /* Its end is told, or seen here. */
            Pending *later = &watch->pending[i++];
            later->doubt_ns = pending.doubt_ns < DOUBT_MAX_NS ? 2 * pending.doubt_ns : DOUBT_MAX_NS;
            later->due_ns = now + later->doubt_ns;
            continue;
        }
        watch->pending[i] = watch->pending[--watch->pending_count];
        if (access(pending.path, F_OK) != 0) {
            free(pending.path); /* `sed -i` and others write beside the file and rename that */
            continue;
        }
        free(watch->told);
        watch->told = pending.path;
        *out = (MoltWatchChange){watch->told, pending.tag, pending.first_ns};
        return true;
    }
    return false;
}

bool molt__watch_pending(const MoltWatch *watch)
{
    return watch->pending_count > 0;
}

uint64_t molt__watch_due_ns(const MoltWatch *watch)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < watch->pending_count; i++) {
        due = watch->pending[i].due_ns < due ? watch->pending[i].due_ns : due;
    }
    return due;
}

int molt__watch_descriptor(const MoltWatch *watch)
{
    return watch->inotify;
}
