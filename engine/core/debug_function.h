/* What the DWARF of a library file says about one function. It must never know who calls it. */
#ifndef MOLT_CORE_DEBUG_FUNCTION_H
#define MOLT_CORE_DEBUG_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the type of the function that begins at `address` (before relocation) of `path` as C has it,
 * "bool (void *)". False, with nothing written, where the file does not say. */
bool molt__debug_function_type(const char *path, uint64_t address, char *text, size_t size);

#endif
