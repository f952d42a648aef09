/* What the library's constants are that a dumped state points at: the size of each and the numbers that
 * pointers mean in it, so that whoever reads the text can tell whether they are still what they were. It must
 * never know which pointers lead to them. */
#ifndef MOLT__DUMP_CONSTANT_H
#define MOLT__DUMP_CONSTANT_H

#include "dump_value.h"

/* Notes what a pointer to `pointee` leads to: DATA of a known size. */
void molt__dump_add_constant(MoltDump *dump, uintptr_t address, MoltTypeId pointee,
                             const MoltCodeTarget *target);
/* The member "constants" with a comma before it; nothing where there are none. */
void molt__dump_constants(MoltDump *dump, const MoltDumpConstants *constants);

#endif
