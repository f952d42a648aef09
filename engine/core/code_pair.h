/* Answers reflect's questions about code addresses for a pair of libraries: what lies at an
 * address of the one that goes, and where the same is in the one that comes. It must never know
 * the heap. */
#ifndef MOLT_CORE_CODE_PAIR_H
#define MOLT_CORE_CODE_PAIR_H

#include "symbols.h"

typedef struct MoltCodePair MoltCodePair;

/* `after` NULL: the library stays, `resolve` is NULL (dumps). Both must outlive the pair. Every
 * name of `before` is looked up here, so that asking later is cheap. MOLT_OUT_OF_MEMORY is the
 * only failure. */
MoltStatus molt__code_pair_create(const MoltSymbols *before, const MoltSymbols *after,
                                  MoltCodePair **out, MoltError *error);
void molt__code_pair_free(MoltCodePair *pair); /* NULL allowed */

/* The questions, answered by `pair` as long as it lives; from one thread at a time. */
const MoltCodeMap *molt__code_pair_map(const MoltCodePair *pair);

/* Sentences about the first address that could not be named or found again, with what to do; ""
 * when there was none. */
const char *molt__code_pair_note(const MoltCodePair *pair);

#endif
