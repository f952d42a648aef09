/* The last generations of the game's code, kept as files so that a host can go back to one. It must
 * never know how code is loaded or what becomes of the state.
 *
 * Like the undo of an editor: a new generation comes after the running one, and what had been undone is
 * forgotten. */
#ifndef MOLT_CORE_HISTORY_H
#define MOLT_CORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>

typedef struct MoltKeptGeneration {
    uint32_t number;
    char *path; /* of a file of its own, gone with this */
} MoltKeptGeneration;

/* Invariant: count is 0 or `at` < count <= most; items[at] is the running generation, or, where that
 * could not be kept, the last one before it. */
typedef struct MoltHistory {
    MoltKeptGeneration *items; /* oldest first */
    uint32_t count, at, most;
} MoltHistory;

/* `most` of 0 keeps nothing. MOLT_OUT_OF_MEMORY. */
MoltStatus molt__history_init(MoltHistory *history, uint32_t most, MoltError *error);
void molt__history_clear(MoltHistory *history); /* removes the files */

/* The running generation is `number` from now on, whose library lies in the file `copy`: takes a hard
 * link of it, or a copy where there are none, to a file in `directory`. On failure, which costs nothing
 * but the way back to this one, the history is as it was. */
MoltStatus molt__history_add(MoltHistory *history, uint32_t number, const char *copy,
                             const char *directory, MoltError *error);

/* Takes over what a process before kept in its folder `from`: of the numbers, oldest first, those
 * whose files are there, into `directory`, in the place of what is kept here. The one whose file is
 * also `running` runs; false, with nothing done, when none is that. */
bool molt__history_adopt(MoltHistory *history, const char *from, const uint32_t *numbers, uint32_t count,
                         const char *running, const char *directory);

/* The generation so many steps away, back below 0; NULL when none is kept there. */
const MoltKeptGeneration *molt__history_look(const MoltHistory *history, int32_t steps);
/* Generation `number` runs again; where it is not kept, the one before the running one. */
void molt__history_find(MoltHistory *history, uint32_t number);
/* That generation, which molt__history_look gave, runs now. */
void molt__history_go(MoltHistory *history, int32_t steps);

#endif
