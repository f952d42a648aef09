/* The variables of a source that change: globals, file statics, function statics, thread-locals. Each
 * becomes a field of one struct, called by file, function and name, never by a number that compilers
 * give. It must never know where a library has its variables. */
#ifndef MOLT_CODEGEN_GLOBALS_H
#define MOLT_CODEGEN_GLOBALS_H

#include "type_reader.h"
#include "unit.h"

/* Adds the variable to the model's globals, or if it is const to the unit's constants, unless it is
 * transient or only declared here. `function`: the one that it is a static of, or NULL. `source` is the
 * name of the source in the schema. */
void molt__global_read(MoltTypeReader *reader, MoltUnit *out, CXCursor variable,
                       const char *source, const char *function);

/* Nothing stands at the start of the struct: a `void *` there would mean the whole of it. */
enum { MOLT_GLOBALS_START = 1 };

/* Where the next field goes in the struct of globals that ends at `*end`: apart from the one before,
 * so that one past its end is not the other. Moves `*end`. */
uint64_t molt__global_place(uint64_t *end, uint64_t size, uint32_t align);

/* Size of the struct that ends there, a multiple of `align`. */
uint64_t molt__globals_size(uint64_t end, uint32_t align);

#endif
