/* The stack of a thread that a signal interrupted, or of one that misused the host: which of its frames are
 * the game's, and whether all of them are. It must never know what is done about a crash.
 *
 * All of it is for handlers of signals. It unwinds by the unwind tables, which takes no lock of libc
 * since libc has an index of its libraries. */
#ifndef MOLT_CORE_CRASHED_STACK_H
#define MOLT_CORE_CRASHED_STACK_H

#include <signal.h>

#include "guard.h"

enum { MOLT__ENDS = 8 };

/* Whose stack it is. */
typedef struct MoltStackOwner {
    uintptr_t begin, end; /* the game's image */
    uintptr_t boundary;   /* entry of the function below which the game was called */
    uintptr_t
        ends[MOLT__ENDS]; /* entries of libc functions by which a program ends itself; 0: none */
} MoltStackOwner;

/* Sets the unwinder up, which is not to be done in a handler. */
void molt__stack_prepare(void);

/* Every frame from the signal to the boundary is the game's; `sent`: by the program itself, so that the
 * function of libc that did it comes first. Fills in the frames of the crash. `context` is the handler's, and
 * as it was afterwards. */
bool molt__stack_is_games(const MoltStackOwner *owner, int number, const siginfo_t *info, bool sent,
                          void *context, MoltCrash *crash);
/* The same for the calling function, which the game called: the host's frames come first. */
bool molt__stack_is_games_here(const MoltStackOwner *owner, MoltCrash *crash);

/* The game's frames of any stack, for the message alone, and whether it was in other code that it was
 * interrupted. `context` NULL: of the calling function. Where nothing can be unwound, the first word of the
 * stack that is the address behind a call in the game's code. */
void molt__stack_name(const MoltStackOwner *owner, void *context, MoltCrash *crash);

/* Where it was interrupted, and its stack pointer then. */
uintptr_t molt__stack_counter(const void *context);
uintptr_t molt__stack_pointer(const void *context);

#endif
