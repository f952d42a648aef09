/* Converters (molt/converter.h) for one plan, compiled and loaded: where much of the state is rebuilt, the
 * text of what the plan does goes to the C compiler before the game stops, and the pause is that of the
 * compiled code. Without a compiler, or when anything goes wrong, the plan does the work itself. It must
 * never know what a migration is. */
#ifndef MOLT_CORE_CONVERTERS_H
#define MOLT_CORE_CONVERTERS_H

#include <molt/converter.h>
#include <molt/heap.h>
#include <molt/reload.h>

typedef struct MoltConverters MoltConverters;

/* About the bytes of live blocks per type of the heap's schema; NULL when memory is out. The caller frees
 * it. */
uint64_t *molt__converters_weigh(MoltHeap *heap);

/* Makes the converters of the types that are worth it, by their `bytes`, in files in `directory` that are
 * gone when the call returns, and binds the plan to them. Waits for the compiler. NULL where there are
 * none. They have to stay until each plan that is bound to them is freed. */
MoltConverters *molt__converters_make(MoltPlan *plan, const uint64_t *bytes, MoltConverterUse use,
                                      const char *directory, uint32_t number);
/* Binds another plan, which would write the same text, to them; false where it writes another. */
bool molt__converters_bind(const MoltConverters *converters, MoltPlan *plan);
void molt__converters_free(MoltConverters *converters); /* NULL allowed */

#endif
