/* The fields of followed structs and unions: offsets, widths, notes, and where anonymous members
 * stand. It must never know how a field's type is named, only ask for it. */
#ifndef MOLT_CODEGEN_RECORD_READER_H
#define MOLT_CODEGEN_RECORD_READER_H

#include "type_reader.h"

/* Flags of a field that its notes imply: MOLT_FIELD_TRANSIENT and the like. */
uint32_t molt__field_flags(const MoltModelNotes *notes);

/* Refuses MOLT_EXTERNAL among `flags` on what is no pointer; `path` names it. */
bool molt__external_check(MoltTypeReader *reader, MoltPlace place, const char *path,
                          const MoltModelType *type, uint32_t flags);

/* The enum of that name that the source sees; of kind CXType_Invalid when there is none. */
CXType molt__index_find(MoltTypeReader *reader, const char *name);

/* MOLT_INDEX names an enum as the source does; the note gets the name that it has in the schema. Refuses
 * what is no such enum, and a `type` that is no array; `path` names what has the note. */
void molt__index_resolve(MoltTypeReader *reader, MoltTypeContext context, const char *path,
                         const MoltModelType *type, MoltModelNote *note);

/* Reads the fields of every record met so far and of all that they reach. */
void molt__records_follow(MoltTypeReader *reader);

#endif
