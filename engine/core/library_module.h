/* The type metadata that a loaded library exports, as a schema. It must never know where the library lies
 * or who loaded it. */
#ifndef MOLT_CORE_LIBRARY_MODULE_H
#define MOLT_CORE_LIBRARY_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/plan.h>

/* `module` as the library `name` exports it, NULL when it does not. `routed`: its calls of malloc go to the
 * heap. *out is the caller's, also after the library is gone. MOLT_NOT_FOUND, MOLT_VERSION, MOLT_INVALID;
 * *out is untouched then. */
MoltStatus molt__library_module_read(const char *name, const MoltModule *module, bool routed,
                                     MoltSchema **out, MoltError *error);

/* The tables of the module, and the names that the engine reads by itself, lie in the image [begin, end); a
 * module of another version has none. To be asked before anything in it is read. */
bool molt__library_module_fits(const MoltModule *module, uintptr_t begin, uintptr_t end);

#endif
