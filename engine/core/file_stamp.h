/* What tells one content of a file from the next without reading it. It must never know what the
 * file holds. */
#ifndef MOLT_CORE_FILE_STAMP_H
#define MOLT_CORE_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* All zero: no file. */
typedef struct MoltFileStamp {
    uint64_t device, inode, size;
    int64_t seconds;
    int64_t nanoseconds;
} MoltFileStamp;

static inline MoltFileStamp molt__file_stamp_of(const struct stat *status)
{
    return (MoltFileStamp){(uint64_t)status->st_dev, (uint64_t)status->st_ino,
                           (uint64_t)status->st_size, (int64_t)status->st_mtim.tv_sec,
                           (int64_t)status->st_mtim.tv_nsec};
}

/* Of the file at `path`, links followed; all zero where there is none. */
static inline MoltFileStamp molt__file_stamp(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? molt__file_stamp_of(&status) : (MoltFileStamp){0};
}

static inline bool molt__file_stamp_equal(const MoltFileStamp *a, const MoltFileStamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->seconds == b->seconds && a->nanoseconds == b->nanoseconds;
}

#endif
