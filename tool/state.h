/* A saved state that the tool holds: the file and a heap with what is in it. It must never know what
 * is done with it. */
#ifndef MOLT_TOOL_STATE_H
#define MOLT_TOOL_STATE_H

#include "molt/snapshot_file.h"

/* How much address space a heap of the tool reserves: less than a game's where the process has a limit of it
 * (ulimit -v), so that two heaps, the files and their tables have room. 0: the default. */
uint64_t molt__tool_state_reserve(void);

typedef struct MoltToolState {
    MoltSnapshotFile *file;
    MoltHeap *heap;
    MoltSchema *schema; /* that it was migrated to, where the file made the given one larger */
    char *bytes;        /* of standard input */
} MoltToolState;

/* Opens a snapshot file ("-": standard input), checks all of it and makes its state, under the file's
 * own schema or, when `schema` is not NULL, migrated to that by `policy`, with the type of memory
 * without a type when the file has some, or an equal schema but for it; findings are added to
 * `report`. `schema` must outlive the
 * state. Errors name the file. */
MoltStatus molt__tool_state_open(const char *path, const MoltSchema *schema, MoltPolicy policy,
                                 MoltMissingFunctions missing,
                            MoltToolState *out, MoltReport *report, MoltError *error);
/* The same of a file that is in memory, which is freed with the state, or on failure, with free(); `name` is
 * its path, for errors. */
MoltStatus molt__tool_state_take(const char *name, char *bytes, size_t size, MoltToolState *out,
                                 MoltReport *report, MoltError *error);
/* Takes a state that was opened under the file's own schema, or one that it was taken to, on to `schema`, as
 * molt__tool_state_open would; after a failure it is as it was. */
MoltStatus molt__tool_state_step(MoltToolState *state, const MoltSchema *schema, MoltPolicy policy,
                                 MoltMissingFunctions missing, MoltReport *report, MoltError *error);
void molt__tool_state_close(MoltToolState *state);

/* Writes the state to a snapshot file; "-" is standard output. `code` names what it points at in a
 * library; `file` is where it comes from, for what a host kept there (NULL: nothing). */
MoltStatus molt__tool_state_save(const MoltHeap *heap, const MoltCodeMap *code,
                            const MoltSnapshotFile *file, const char *path, MoltReport *report,
                            MoltError *error);

/* The state as JSON, or the value at `path` when that is not NULL, to a file that is replaced as a whole, or
 * to standard output ("-"); of any size, for the text never stands in memory. */
MoltStatus molt__tool_state_write(const MoltToolState *state, const char *path, const char *out,
                                  MoltError *error);

#endif
