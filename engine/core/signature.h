/* Types of functions as text, from DWARF, and whether two of them are the same. It must never know
 * where a function is, or who calls it. */
#ifndef MOLT_CORE_SIGNATURE_H
#define MOLT_CORE_SIGNATURE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#include <molt/schema.h>

enum { MOLT_SIGNATURE_ROOM = 512 };

/* Writes the type of the function as C has it, "bool (void *)": typedefs looked through, without const
 * and the like, which no call depends on, and without the keyword before a tag. A function without a
 * prototype is "int ()". False, with nothing useful written, where it does not fit. */
bool molt__signature_write(Dwarf_Die *function, char *text, size_t size);

/* The two texts say the same type, where a struct, union or enum is the same one under a new name if
 * MOLT_WAS says so in either schema; NULL: nothing is known to be renamed. */
bool molt__signature_same(const char *before, const char *after, const MoltSchema *schema_before,
                          const MoltSchema *schema_after);

#endif
