/* Which dimensions of an array the enum of its MOLT_INDEX indexes: those whose size the source writes with
 * the enum, else the one that has just an element for each enumerator. It must never know what becomes of
 * the elements. */
#ifndef MOLT_CODEGEN_INDEX_DIMENSION_H
#define MOLT_CODEGEN_INDEX_DIMENSION_H

#include "type_reader.h"

/* An array of that length has an element for each enumerator, of which the last may be the length. */
bool molt__index_has_room(const MoltModelType *index, uint64_t length);

/* Of an array in several dimensions whose INDEX note is resolved, adds an ALONG note for each dimension that
 * the enum indexes; refuses one of which the source does not say it. `declared` is the field or variable,
 * `path` names it. Does nothing for other types and without the note. */
void molt__index_dimensions_read(MoltTypeReader *reader, MoltPlace place, const char *path,
                                 CXCursor declared, const MoltModelType *type,
                                 MoltModelNotes *notes);

/* The array whose elements the enum indexes, by its notes: `type` itself, or what it is an array of. */
const MoltModelType *molt__index_followed(const MoltModelType *type, const MoltModelNotes *notes);

#endif
