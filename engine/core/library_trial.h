/* Loads a library in another process before this one does. The loader believes what it reads, and runs
 * constructors: a damaged file or a bad constructor ends the process that loads it, and no handler can
 * repair a loader that was interrupted. It must never know what a library is for.
 *
 * The other process is a program (trial_program.c), small so that it starts within a millisecond; a fork of
 * this one would take with it what the game has in memory. It ends with MOLT__TRIAL_LOADED, or with
 * MOLT__TRIAL_REFUSED when the library is refused in words: this process will find the same ones. */
#ifndef MOLT_CORE_LIBRARY_TRIAL_H
#define MOLT_CORE_LIBRARY_TRIAL_H

#include <stdbool.h>
#include <sys/types.h>

#include <molt/status.h>

#define MOLT__TRIAL_LOADED 112 /* not what a constructor that exits would choose */
#define MOLT__TRIAL_REFUSED 113
#define MOLT__TRIAL_SECONDS 10 /* it ends by SIGALRM then */

/* Starts the program, which loads `copy` while this process does something else; on any thread. False where
 * no process can be made: then nothing is known. */
bool molt__library_trial_begin(const char *program, const char *copy, pid_t *child);
/* Waits for the program. `name` stands in messages. MOLT_INVALID when it did not survive. */
MoltStatus molt__library_trial_end(pid_t child, const char *name, MoltError *error);

#endif
