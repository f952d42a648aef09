/* Follows the compiler's types into the model: names them, decides how far to follow, reads
 * enumerators, queues records whose fields are to be read, and refuses what cannot be modelled. It
 * must never know where in a source a type was met, only the place to blame. */
#ifndef MOLT_CODEGEN_TYPE_READER_H
#define MOLT_CODEGEN_TYPE_READER_H

#include "model.h"
#include "translation_unit.h"

/* An annotated typedef of a struct or enum without a tag of its own: its notes belong to the
 * type. */
typedef struct MoltAlias {
    CXCursor declaration; /* canonical, of the struct or enum */
    CXCursor alias;       /* the typedef */
} MoltAlias;

typedef struct MoltTypeReader {
    MoltTranslationUnit *unit;
    MoltDiagnostics *diagnostics;
    MoltModel *model;
    MoltModelType **pending; /* followed records whose fields are not read yet */
    uint32_t pending_count, pending_capacity;
    MoltAlias *aliases;
    uint32_t alias_count, alias_capacity;
    bool lenient; /* what cannot be modelled is bytes, and nothing is refused */
    bool tails;   /* while lenient: flexible arrays are read as such */
} MoltTypeReader;

/* Where a type was met. `owner` and `field` name it in messages and name types without a name. */
typedef struct MoltTypeContext {
    MoltPlace place;
    const char *owner, *field; /* NULL for roots and allocations */
    bool follow;               /* records are read; otherwise only named */
    bool signature;            /* in a function type: what cannot be modelled is opaque */
    bool flexible;             /* an array without a length, as a struct's last member may be */
} MoltTypeContext;

/* The model's type for what a root or an allocation holds, which must have a size; NULL after a
 * refusal. Records are queued, not read. */
MoltModelType *molt__type_read(MoltTypeReader *reader, CXType type, MoltPlace place);

/* The same for a type met anywhere. */
MoltModelType *molt__type_read_in(MoltTypeReader *reader, CXType type, MoltTypeContext context);

/* Refuses `what` ("_Atomic is") as not supported yet; returns NULL. */
MoltModelType *molt__type_refuse(MoltTypeReader *reader, MoltTypeContext context, const char *what,
                                 const char *remedy);

/* An array of no elements in place of a flexible one. */
MoltModelType *molt__type_without_tail(MoltTypeReader *reader, const MoltModelType *flexible);

/* As many bytes as the type has, of which nothing is known; NULL when memory or a size is missing. */
MoltModelType *molt__type_bytes(MoltTypeReader *reader, CXType type);

/* Makes a record a struct of nothing but its bytes, in one field of that name. */
void molt__type_conceal(MoltTypeReader *reader, MoltModelType *record, CXType type);

/* A type of numbers by the name that schemas give it, such as "float", where no declaration has it; NULL for
 * other names, and for numbers whose size the game's ABI does not tell (long double). */
MoltModelType *molt__type_read_number(MoltTypeReader *reader, const char *name);

/* The type char, which every game has: molt_strdup and migrations make texts, whoever points at them. */
MoltModelType *molt__type_read_char(MoltTypeReader *reader);

/* What a struct, union, enum or arithmetic type is called in a schema, without reading it; NULL for all
 * other types and for those without a name. */
const char *molt__type_name(MoltTypeReader *reader, CXType type);

/* Size and alignment from the compiler; 0 where there is none. */
void molt__type_measure(MoltModelType *into, CXType type);

#endif
