/* The library's file in a trial's own folder, and the ways in which it is replaced. It must never know
 * who loads it. Whatever the system refuses ends the process. */
#ifndef MOLT_TEST_LIBRARY_FILE_H
#define MOLT_TEST_LIBRARY_FILE_H

#include "trial.h"

typedef struct LibraryFile {
    char folder[300];
    char path[320];
} LibraryFile;

void library_file_make(LibraryFile *file, const char *library);
void library_file_remove(const LibraryFile *file);
/* As the trial says; of TRIAL_IN_PLACE the first half of it, the file emptied; of TRIAL_TWICE the first
 * of both times. */
void library_file_replace(const LibraryFile *file, const Trial *trial);
/* Writes the library into the file as it is, as a linker does. */
void library_file_fill(const LibraryFile *file, const char *library);
/* Puts `library` there with a time of `nanoseconds` after a fixed second. */
void library_file_put(const LibraryFile *file, const char *library, long nanoseconds);

#endif
