/* How far a build is, read from the output of build tools. It must never know how output comes about. */
#ifndef MOLT_CORE_PROGRESS_H
#define MOLT_CORE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last line that begins as Ninja's "[3/22] ..." or as "[ 40%] ..." of Makefiles that CMake wrote; then
 * *done of *total, the latter not 0. False without one, nothing is written then. `text` has a NUL behind
 * its `length` bytes. */
bool molt__progress_read(const char *text, size_t length, uint32_t *done, uint32_t *total);

#endif
