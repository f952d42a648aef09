/* A crash in words for people: what, in which function, file and line, and called by whom. It must never
 * know what is done about it. */
#ifndef MOLT_CORE_CRASH_WORDS_H
#define MOLT_CORE_CRASH_WORDS_H

#include "code_place.h"
#include "guard.h"

/* "in step (ant.c:12): SIGSEGV (address 0x0)", "in strlen, called by step (ant.c:12): ..."; without places
 * what is left of that. Cut at `size`. */
void molt__crash_write(const MoltCrash *crash, const MoltCodePlace *places, char *text,
                       size_t size);
/* A line for each place: "in step (ant.c:12)", "called by main_loop (ant.c:40)". Appends, cut at `size`. */
void molt__crash_write_calls(const MoltCrash *crash, const MoltCodePlace *places, char *text,
                             size_t size);

#endif
