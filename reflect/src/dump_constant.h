/* What the library's constants are that a dumped state points at: the size of each and the numbers that
 * pointers mean in it, so that whoever reads the text can tell whether they are still what they were. It must
 * never know which pointers lead to them. */
#ifndef MOLT__DUMP_CONSTANT_H
#define MOLT__DUMP_CONSTANT_H

#include "dump_value.h"

/* The member "constants" with a comma before it; nothing where there are none. */
void molt__dump_constants(MoltDump *dump, const MoltSymbolWriter *constants);

#endif
