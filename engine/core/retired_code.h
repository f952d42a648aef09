/* Where libraries were that have left the process: their addresses stay taken, without access, and the names
 * of their functions known. Whoever still calls one, a signal handler, a timer or another library that nobody
 * can look through, stops there and not in whatever would lie there by then, and the message says what it
 * called. It must never know why a library left, or what is done about the call.
 *
 * One list a process, because addresses are the process's. The oldest go first when there are too many, but
 * the very first of them, which is mostly the library whose start_up() ran. */
#ifndef MOLT_CORE_RETIRED_CODE_H
#define MOLT_CORE_RETIRED_CODE_H

#include <stdbool.h>
#include <stdint.h>

struct MoltSymbols;

typedef struct MoltRetiredNames MoltRetiredNames;

/* No pointers, so that it can go to a file as it is. Texts are "" where nobody knows any more. */
typedef struct MoltRetiredPlace {
    bool known; /* false: all else means nothing */
    char library[64], function[64], file[64];
} MoltRetiredPlace;

/* The names of a library's functions, and `file`'s own, without the folder: while the symbols are there. NULL
 * when memory is out, or for more names than are worth it. */
MoltRetiredNames *molt__retired_names(const struct MoltSymbols *symbols, const char *file);

/* Right after the image [begin, end) has left: takes its addresses, unless somebody else has them by now, and
 * `names` (NULL allowed). From any thread. */
void molt__retired_code_keep(uintptr_t begin, uintptr_t end, MoltRetiredNames *names);

/* What was at `address`; false when that was never a library's, or has been given up since.
 * Async-signal-safe: it finds nothing while the list is being changed, which takes a moment. */
bool molt__retired_code_find(uintptr_t address, MoltRetiredPlace *out);

#endif
