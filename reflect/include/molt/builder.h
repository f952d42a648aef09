/* Builds a schema piece by piece: the code generator, the JSON reader and tests fill tables through
 * it. It must never know where the pieces come from. Failure is sticky: after the first failed call
 * every further one does nothing, and molt_builder_finish reports it. */
#ifndef MOLT_BUILDER_H
#define MOLT_BUILDER_H

#include "schema.h"

typedef struct MoltBuilder MoltBuilder;

/* NULL when memory is out; every call but molt_builder_type takes such a NULL as a failed builder.
 * The ABI starts as this process's own. A NULL allocator is the default one. */
MoltBuilder *molt_builder_create(const MoltAllocator *allocator);
void molt_builder_destroy(MoltBuilder *builder); /* NULL allowed */

/* MOLT_OK until the first failure; MOLT_OUT_OF_MEMORY for NULL. */
MoltStatus molt_builder_status(const MoltBuilder *builder);

void molt_builder_set_abi(MoltBuilder *builder, MoltAbi abi);

/* Interns a string and returns its offset; equal strings share one offset, NULL and "" give 0. */
uint32_t molt_builder_string(MoltBuilder *builder, const char *text);

/* Appends a type whose `name` is already interned and returns its id. first, count, note_first,
 * note_count and hash are ignored: the setters below and finish fill them. */
MoltTypeId molt_builder_add_type(MoltBuilder *builder, const MoltType *type);
/* The type being built, to fill what was not known when it was added; valid until the next add. Its
 * name stays. For an id that no add_type returned, a scratch type. */
MoltType *molt_builder_type(MoltBuilder *builder, MoltTypeId id);
/* Id of the type with that name, or MOLT_NO_TYPE. */
MoltTypeId molt_builder_find_type(const MoltBuilder *builder, const char *name);

/* Appends the members of a type; called at most once per type. Notes of fields and enumerators are
 * kept as they stand: add them first with molt_builder_add_notes. */
void molt_builder_set_fields(MoltBuilder *builder, MoltTypeId type, const MoltField *fields,
                             uint32_t count);
void molt_builder_set_enumerators(MoltBuilder *builder, MoltTypeId type,
                                  const MoltEnumerator *enumerators, uint32_t count);
void molt_builder_set_params(MoltBuilder *builder, MoltTypeId type, const MoltTypeId *params,
                             uint32_t count);

/* Appends notes and returns the index of the first; texts interned, constants from add_constant. */
uint32_t molt_builder_add_notes(MoltBuilder *builder, const MoltNote *notes, uint32_t count);
void molt_builder_set_notes(MoltBuilder *builder, MoltTypeId type, uint32_t first, uint32_t count);
uint32_t molt_builder_add_constant(MoltBuilder *builder, const void *bytes, uint32_t size);

void molt_builder_add_root(MoltBuilder *builder, const char *name, MoltTypeId type);
void molt_builder_add_spelling(MoltBuilder *builder, const char *spelling, MoltTypeId type);

/* Sorts roots and spellings, sets the flags that notes imply (REQUIRED, TRANSIENT, EXTERNAL, FLAGS,
 * FALLBACK) and an enum's sign after its storage, clears what a kind does not use, hashes,
 * validates and copies into a schema; the builder stays usable. */
MoltStatus molt_builder_finish(MoltBuilder *builder, MoltSchema **out, MoltError *error);

#endif
