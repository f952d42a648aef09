/* A chain: schemas of one program, each recorded after the one before it. It knows what a state becomes
 * that takes all the steps, each with the notes of its version, and says where a plan that skips some takes
 * a value from elsewhere because a note is gone. It must never know objects, nor where schemas are
 * recorded. */
#ifndef MOLT_CHAIN_H
#define MOLT_CHAIN_H

#include "plan.h"
#include "report.h"

typedef struct MoltChain MoltChain;

/* `versions`, oldest first, must outlive the chain. A step that cannot be planned cuts it: nothing is known
 * of what lies on the other side. NULL allocator: the default one. MOLT_OUT_OF_MEMORY with *out untouched. */
MoltStatus molt_chain_build(const MoltSchema *const *versions, uint32_t count,
                            const MoltAllocator *allocator, MoltChain **out, MoltError *error);
void molt_chain_free(MoltChain *chain); /* NULL allowed */

/* Adds a finding, note-dropped, for each thing of the last version that `plan`, which leads there from
 * version `from` directly, does not take from where the steps take it; the remedy is the note that it lacks.
 * Findings that are there already about what such a thing was made of become INFO without a remedy: they
 * have the same cause. Fails only when memory is out. */
MoltStatus molt_chain_foresee(const MoltChain *chain, uint32_t from, MoltPlan *plan,
                              MoltReport *report);

#endif
