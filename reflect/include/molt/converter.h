/* Converters: what a plan does to a value of each kind, operation by operation over a batch of objects,
 * as straight-line C that does all of it to one object after the other. Compiled, it takes the place of
 * those operations; what is not as usual (a number that does not fit, a pointer into the middle of
 * something) goes back to the operation that it stands for, so that nothing is decided twice. It must never
 * know compilers, files or libraries.
 *
 * A converter is known by the hash of its own text, which is all that it depends on: a library of them
 * serves every plan that would write the same. */
#ifndef MOLT_CONVERTER_H
#define MOLT_CONVERTER_H

#include "plan.h"
#include "text_sink.h"

/* The function of that name in a compiled text, or NULL. */
typedef void *MoltConverterFind(void *context, const char *name);

/* Writes the converters of the old types for which `wanted` (NULL: all) is true, indexed by type, as one C
 * source that needs nothing but the compiler's own headers. *count (NULL allowed) is how many functions it
 * has; with none, nothing is written. MOLT_OUT_OF_MEMORY, or what the sink answered. */
MoltStatus molt_converters_write(const MoltPlan *plan, const bool *wanted, const MoltTextSink *sink,
                                 uint32_t *count, MoltError *error);

/* Makes migrations by the plan use those that `find` knows, as long as the plan lives; their library has to
 * stay loaded as long. Returns how many there are. Without memory there are none. */
uint32_t molt_converters_bind(MoltPlan *plan, MoltConverterFind *find, void *context);

#endif
