/* Watches files and source trees through inotify and tells which were written or replaced, as soon as
 * their writer has finished. It must never know what the files are for. */
#ifndef MOLT_CORE_WATCH_H
#define MOLT_CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <molt/status.h>

typedef struct MoltWatch MoltWatch;

typedef struct MoltWatchChange {
    const char *path;  /* valid until the next call on the watch */
    int tag;           /* as given when the file or tree was added */
    uint64_t first_ns; /* molt__clock_ns() of its first event */
} MoltWatchChange;

/* A change is told once no event of its path came for `settle_ms`; with 0 at the next poll. A file that
 * was closed after writing or renamed into its place is taken for complete; one that was merely found,
 * in a directory that appeared or after events were lost, waits for 15 ms at least, and so does one whose
 * name appeared without a writer, as link() makes it. A file that is gone by then is not told. */
MoltStatus molt__watch_create(uint32_t settle_ms, MoltWatch **out, MoltError *error);
void molt__watch_destroy(MoltWatch *watch); /* NULL allowed */

/* One file, which need not exist yet, nor its directory, and what it leads to when it is a link: the
 * directory is watched, so that a file that is replaced by renaming, or vanishes for a while with its
 * directory, stays watched. */
MoltStatus molt__watch_add_file(MoltWatch *watch, const char *path, int tag, MoltError *error);

/* Every file below `directory`, new subdirectories and what links lead to included. Not
 * told: temporary files of editors, hidden files and directories, object files and libraries, and build
 * trees (subdirectories that hold a CMakeCache.txt). The directory need not exist yet. */
MoltStatus molt__watch_add_tree(MoltWatch *watch, const char *directory, int tag, MoltError *error);

/* Files of what is watched so far that were written, or put into their places, at `since` or later, by the
 * clock that the file system stamps them with, count as changes: nobody watched then. */
void molt__watch_tell_since(MoltWatch *watch, const struct timespec *since);

/* Takes one settled change; false when there is none now. Never waits. */
bool molt__watch_poll(MoltWatch *watch, MoltWatchChange *out);

/* True while an event waits for its quiet time: more will come soon. */
bool molt__watch_pending(const MoltWatch *watch);
/* When the first of them can be told, molt__clock_ns(); UINT64_MAX: none waits. */
uint64_t molt__watch_due_ns(const MoltWatch *watch);

/* Becomes readable when there is an event to be polled for. Not to be read or closed. */
int molt__watch_descriptor(const MoltWatch *watch);

#endif
