/* What a library's symbol table cannot tell, for people: said when the library is loaded, before anything
 * depends on it. It must never know the heap, or another library. */
#ifndef MOLT_CORE_SYMBOL_NOTE_H
#define MOLT_CORE_SYMBOL_NOTE_H

#include "symbols.h"

/* Sentences about a library without symbols, or about functions that a linker folded into one; "" when
 * all is well. `library` is its path. */
void molt__symbol_note(const MoltSymbols *symbols, const char *library, char *note, size_t room);

#endif
