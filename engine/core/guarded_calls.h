/* Calls of a library's entries between two frames, and of its hooks, inside of the guard's boundary where
 * this process has a guard. It must never know what becomes of a crash: it only puts it into words.
 *
 * All are to be called on the thread that runs the game. A crash that can be ended gives MOLT_REFUSED, with
 * where it was; what the call did to the state before stays. */
#ifndef MOLT_CORE_GUARDED_CALLS_H
#define MOLT_CORE_GUARDED_CALLS_H

#include "library.h"

/* *made is what it returned. */
MoltStatus molt__call_start_up(const MoltLibrary *library, const MoltPlatformApi *api, void **made,
                               MoltError *error);
/* MOLT_OK also when the game has none. */
MoltStatus molt__call_begin_reload(const MoltLibrary *library, void *state, MoltError *error);
MoltStatus molt__call_end_reload(const MoltLibrary *library, void *state, MoltError *error);
MoltStatus molt__call_shut_down(const MoltLibrary *library, void *state, MoltError *error);

/* The `run` of MoltHooks: `library` is that of the hook. A crash refuses the migration. */
bool molt__call_hook(void *library, const MoltHook *hook, const MoltOld *old, void *now);

#endif
