/* What the symbol table leaves out of a library's functions and of its variables at file scope, from DWARF:
 * the source files of those that link-time optimisation took over, the names that a linker dropped
 * when it folded equal functions, and types of functions. It must never know why somebody asks. */
#ifndef MOLT_CORE_SYMBOL_SOURCE_H
#define MOLT_CORE_SYMBOL_SOURCE_H

#include "symbols.h"

/* Adds all that to the symbols of the library file `path`, whose addresses are still those of the file. A
 * file without debug information says nothing. MOLT_OUT_OF_MEMORY is the only failure. */
MoltStatus molt__symbol_sources(MoltSymbols *symbols, const char *path);

#endif
