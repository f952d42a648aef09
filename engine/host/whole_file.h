/* A file that the host writes whole, or not at all when the disk is full: dumps and pictures. It must never
 * know what is in it. */
#ifndef MOLT_HOST_WHOLE_FILE_H
#define MOLT_HOST_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include <molt/replaced_file.h>

typedef struct MoltWholeFile {
    MoltReplacedFile replaced;
    FILE *stream;
} MoltWholeFile;

/* MOLT_SYSTEM names path and reason; then there is nothing to close. */
MoltStatus molt__whole_file_open(MoltWholeFile *file, const char *path, MoltError *error);
/* With `keep` what was written takes its place, unless some of it could not be written: then, as without
 * `keep`, what was there before stays. */
MoltStatus molt__whole_file_close(MoltWholeFile *file, bool keep, MoltError *error);

#endif
