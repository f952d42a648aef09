/* The types of one translation unit as the generator sees them, before they become a schema: named,
 * linked by pointers, each declaration with its place in the source. It must never know libclang's
 * rules for reading them, only the cursor that tells two declarations apart. */
#ifndef MOLT_CODEGEN_MODEL_H
#define MOLT_CODEGEN_MODEL_H

#include <clang-c/Index.h>
#include <molt/schema.h>

#include "diagnostics.h"

typedef struct MoltModelType MoltModelType;

typedef struct MoltModelNote {
    MoltNoteKind kind;
    const char *text; /* never NULL */
    const unsigned char *bytes; /* DEFAULT, once evaluated */
    uint32_t size;
} MoltModelNote;

typedef struct MoltModelNotes {
    MoltModelNote *items;
    uint32_t count, capacity;
} MoltModelNotes;

typedef struct MoltModelField {
    const char *name;
    MoltModelType *type;
    uint64_t bit_offset;
    uint32_t bit_width;
    uint32_t flags; /* MOLT_FIELD_ */
    MoltModelNotes notes;
    MoltPlace place;
} MoltModelField;

typedef struct MoltModelEnumerator {
    const char *name;
    uint64_t value;
    MoltModelNotes notes;
    MoltPlace place;
} MoltModelEnumerator;

/* `prefix` and `suffix` stand around the place where C puts the name of a declared object, so that
 * derived types can be spelled from them: "void (*" and ")(int)". `name` is both joined. */
struct MoltModelType {
    const char *name, *prefix, *suffix;
    MoltKind kind; /* OPAQUE until a record is followed */
    uint32_t flags;
    uint64_t size;
    uint32_t align;
    MoltModelType *elem;
    uint64_t length;
    MoltModelField *fields; /* STRUCT, UNION */
    uint32_t field_count, field_capacity;
    MoltModelEnumerator *enumerators;
    uint32_t enumerator_count, enumerator_capacity;
    MoltModelType **params;
    uint32_t param_count;
    MoltModelNotes notes;
    MoltPlace place;      /* of the definition */
    CXCursor cursor;      /* records and enums: the canonical declaration */
    const char *spelling; /* records that a generated file can name: "struct Ant"; else NULL */
    bool followed;
    MoltTypeId id; /* set by molt__model_to_schema */
};

typedef struct MoltModelSpelling {
    const char *text;
    MoltModelType *type;
} MoltModelSpelling;

typedef struct MoltModel {
    MoltArena *arena;
    MoltModelType **types; /* in the order in which they were met */
    uint32_t type_count, type_capacity;
    uint32_t payload_first; /* types from here on are only taken out of void pointers */
    MoltModelSpelling *spellings; /* one per text */
    uint32_t spelling_count, spelling_capacity;
    MoltModelSpelling *roots; /* the text is the root's name */
    uint32_t root_count, root_capacity;
    MoltAbi abi;
} MoltModel;

/* Type by name, or NULL. */
MoltModelType *molt__model_find(const MoltModel *model, const char *name);

/* Appends a type under prefix + suffix; the caller knows that there is none of that name. */
MoltModelType *molt__model_add(MoltModel *model, const char *prefix, const char *suffix);

void molt__model_add_root(MoltModel *model, const char *name, MoltModelType *type);
MoltModelField *molt__model_add_field(MoltModel *model, MoltModelType *owner);
MoltModelEnumerator *molt__model_add_enumerator(MoltModel *model, MoltModelType *owner);
MoltModelNote *molt__model_add_note(MoltArena *arena, MoltModelNotes *notes, MoltNoteKind kind,
                                    const char *text);

/* First note of a kind, or NULL. */
MoltModelNote *molt__model_note(const MoltModelNotes *notes, MoltNoteKind kind);

/* The model as a schema that the caller frees; file names are recorded relative to `base`. */
MoltStatus molt__model_to_schema(const MoltModel *model, const char *base, MoltSchema **out,
                                 MoltError *error);

#endif
