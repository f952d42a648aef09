/* Which structs and unions of a game never lie in its library's image, so that no pointer of the state to
 * one leads there. One source says of which types it has objects with static storage, what is in those, and
 * which pointers it makes of others; the library's answer follows from all of them. It must never know what
 * the answer is used for.
 *
 *     static Nest home;                        LIES  Nest      PART  Nest has a Link
 *     (Brood *)((char *)link - offsetof(...))  SEEN  a pointer to a Link becomes one to a Brood
 *     Spider *s = context;                     LIES  Spider: nothing says where the void pointer leads
 *
 * Types are told apart by what libclang calls them in all sources. Not followed are pointers that are copied
 * as bytes, read through a member of a union that they were not written to, or made where no source is read:
 * who relies on the answer looks again later. */
#ifndef MOLT_CODEGEN_IMAGE_TYPES_H
#define MOLT_CODEGEN_IMAGE_TYPES_H

#include "library_names.h"
#include "model.h"
#include "output.h"
#include "unit.h"

/* Adds what a declaration or an expression says; any other cursor adds nothing. `top`: outside of
 * functions. */
void molt__image_types_see(MoltArena *arena, MoltFlows *out, CXCursor cursor, bool top);

/* Adds the names that types have in the model. */
void molt__image_types_name(MoltFlows *out, const MoltModel *model);

/* Fills library->apart: the names of the types that never lie there, once the others are all known. */
void molt__image_types_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library);

/* Writes the table of those for meta.h; how many the library's schema has. */
uint32_t molt__image_types_write(MoltText *text, const MoltUnit *library);

#endif
