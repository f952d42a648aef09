/* A file that is replaced as a whole: written beside its place and renamed into it when all of it is there.
 * What is no file, as a device or a pipe, is written to as it is, and a link stays one. It must never know
 * what is in it. */
#ifndef MOLT_REPLACED_FILE_H
#define MOLT_REPLACED_FILE_H

#include <stdbool.h>

#include "molt/status.h"

/* Invariant: until molt_replaced_file_close keeps it, nothing of a file that was there changes. */
typedef struct MoltReplacedFile {
    int fd;       /* to write to; whoever hands it to another owner, as fdopen() does, sets it to -1 */
    char *path;   /* what is replaced: links followed */
    char *beside; /* NULL: no file, `fd` is the thing itself */
} MoltReplacedFile;

/* The file has the access rights of the one that it replaces. MOLT_SYSTEM names `path` and the reason;
 * then there is nothing to close. */
MoltStatus molt_replaced_file_open(MoltReplacedFile *file, const char *path, MoltError *error);
/* Closes `fd` unless it is -1, and frees. With `keep` the file takes its place; MOLT_SYSTEM when it cannot.
 * Without, or when it cannot, the old file stays and nothing is left beside it. It is not flushed to the
 * disk: who wants that calls fsync() before. */
MoltStatus molt_replaced_file_close(MoltReplacedFile *file, bool keep, MoltError *error);

/* Where a path leads when it is a link, also to a file that is not there yet; else a copy of it. Freed with
 * free(); NULL with errno set. */
char *molt_replaced_file_path(const char *path);

#endif
