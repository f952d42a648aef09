/* A folder of this process alone, for copies of libraries and what else is not for others to see. It must
 * never know what is in it, but for the file `lock`, which its owner keeps locked as long as it lives: what a
 * process left that was killed is taken away by the next one. */
#ifndef MOLT_CORE_PRIVATE_FOLDER_H
#define MOLT_CORE_PRIVATE_FOLDER_H

#include <stdbool.h>

#include <molt/status.h>

typedef struct MoltPrivateFolder {
    char *path; /* NULL: none */
    int lock;   /* descriptor, closed by exec; 0: the file system has no locks, and the folder may be left */
} MoltPrivateFolder;

/* Makes one in TMPDIR, else in /tmp. MOLT_SYSTEM, MOLT_OUT_OF_MEMORY, with *out untouched. */
MoltStatus molt__private_folder_make(MoltPrivateFolder *out, MoltError *error);
/* Removes it; with files left in it, it stays with its lock, for the next sweep. Zero-initialised:
 * nothing is done. */
void molt__private_folder_remove(MoltPrivateFolder *folder);

/* Removes it with all its files. */
void molt__private_folder_abandon(MoltPrivateFolder *folder);

/* Removes those beside `folder` whose owners are gone: this user's alone, and none that anybody has locked or
 * that lacks its lock. What cannot be removed stays. */
void molt__private_folder_sweep(const MoltPrivateFolder *folder);

/* `descriptor` is the lock of the folder at `path`, perhaps one that a process before had. */
bool molt__private_folder_is_lock(const char *path, int descriptor);

#endif
