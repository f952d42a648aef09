/* The allocation sites of one loaded library: which return address belongs to which call that the
 * generator listed, through the library's own code and its line tables. It must never know the heap,
 * or other generations.
 *
 * An address is given a type only when it follows a call of an allocating function whose line, and
 * where needed column, lead to one listed call; inlined functions are followed to where they were
 * inlined. Everything else stays unknown, with the place as far as it is known. */
#ifndef MOLT_CORE_CALL_TABLE_H
#define MOLT_CORE_CALL_TABLE_H

#include <molt/call_site.h>

/* Reads the file `path` that is loaded at `base` with image [begin, end) and whose module is `module`;
 * types are ids of its schema. *note is static text for the game's author, "" when all is well.
 * MOLT_SYSTEM and MOLT_INVALID when the file cannot be read, MOLT_OUT_OF_MEMORY. */
MoltStatus molt__call_table_open(const char *path, uintptr_t base, uintptr_t begin, uintptr_t end,
                                 const MoltModule *module, MoltCallSites **out, const char **note,
                                 MoltError *error);

#endif
