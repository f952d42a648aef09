/* Watches files and source trees through inotify and tells, after a quiet time, which were
 * written or replaced. It must never know what the files are for. */
#ifndef MOLT_CORE_WATCH_H
#define MOLT_CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>

typedef struct MoltWatch MoltWatch;

typedef struct MoltWatchChange {
    const char *path;  /* valid until the next call on the watch */
    int tag;           /* as given when the file or tree was added */
    uint64_t first_ns; /* molt__clock_ns() of its first event */
} MoltWatchChange;

/* A change is told once no event of its path came for `settle_ms`. */
MoltStatus molt__watch_create(uint32_t settle_ms, MoltWatch **out, MoltError *error);
void molt__watch_destroy(MoltWatch *watch); /* NULL allowed */

/* One file, which need not exist yet, nor its directory: the directory is watched, so that a
 * file that is replaced by renaming, or vanishes for a while with its directory, stays watched. */
MoltStatus molt__watch_add_file(MoltWatch *watch, const char *path, int tag, MoltError *error);

/* Every file below `directory`, new subdirectories included. Not told: temporary files of
 * editors, hidden files and directories, object files and libraries, and build trees
 * (subdirectories that hold a CMakeCache.txt). The directory need not exist yet. */
MoltStatus molt__watch_add_tree(MoltWatch *watch, const char *directory, int tag, MoltError *error);

/* Takes one settled change; false when there is none now. Never waits. */
bool molt__watch_poll(MoltWatch *watch, MoltWatchChange *out);

/* True while an event waits for its quiet time: more will come soon. */
bool molt__watch_pending(const MoltWatch *watch);

#endif
