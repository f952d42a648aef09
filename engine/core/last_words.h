/* What is said before the process dies of a crash: what happened, in which function, file and line. It must
 * never know why the crash cannot be ended. */
#ifndef MOLT_CORE_LAST_WORDS_H
#define MOLT_CORE_LAST_WORDS_H

#include "guard.h"

/* Says it by `say`, one line, which must be async-signal-safe. So is this: to read debug information takes
 * memory, and somebody may have been in the middle of that, so a child tries it, for two seconds at most. */
void molt__last_words(const MoltCrash *crash, void (*say)(void *context, const char *text),
                      void *context);

#endif
