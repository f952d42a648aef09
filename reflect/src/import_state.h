/* An import on its way, shared by import*.c only. It must never leak into a public header.
 *
 * The text is read twice. The first time collects the objects with their counts, so that spans can be
 * made beside the running state and every id has an address; the second time writes the values.
 * Then the new spans take the place of the old ones. No tree of the text is ever made.
 *
 * Invariants: objects[] is sorted by type and serial once the first reading has ended, and
 * order[position] is the index there of the object at that position of the text; spans of type t are
 * spans[type_spans[t]] up to spans[type_spans[t + 1]] in order of first_serial, their blocks are live
 * exactly for the objects; spans behind those hold texts of defaults. */
#ifndef MOLT__IMPORT_STATE_H
#define MOLT__IMPORT_STATE_H

#include "code_target.h"
#include "heap_span.h"
#include "json_reader.h"
#include "molt/import.h"
#include "tagged_union.h"

typedef struct MoltImportObject {
    uint64_t serial;
    uint64_t count;    /* elements; of a flexible struct, of its array */
    uint64_t position; /* in the list of objects */
    size_t at;         /* where it starts in the text */
    MoltTypeId type;
    uint32_t span;
    uint32_t align;  /* of its block, beside its type's; 0: none */
    uint32_t origin; /* where plain memory was allocated, 0: not known */
    bool list;       /* several elements, so that its block has room for more than one */
} MoltImportObject;

/* A finding that grows with each object it concerns. */
typedef struct MoltImportNote {
    MoltSeverity severity;
    MoltRule rule;
    MoltTypeId type;
    uint64_t member;        /* hash of the name */
    uint64_t objects, last; /* how many, and the object that was counted last */
    char path[256], declaration[200];
    char value[120], place[256]; /* of the first */
} MoltImportNote;

/* An arm of a tagged union that was read: the tag may stand behind it. */
typedef struct MoltImportArm {
    const MoltField *field; /* the union */
    uint32_t arm;           /* index into tables.fields, MOLT__NO_ARM for bytes */
    size_t at;              /* in the text */
} MoltImportArm;

/* Text to address of what was found in the library. */
typedef struct MoltImportName {
    uint64_t hash;
    uintptr_t address; /* 0: empty */
} MoltImportName;

/* What a text says of a place in a constant. Once all are read they are sorted by hash and offset. */
typedef struct MoltImportConstant {
    uint64_t hash; /* of the name, with its file */
    uint64_t offset, size;
    unsigned char value[MOLT__CODE_VALUE_MAX];
    uint32_t value_size;
} MoltImportConstant;

#define MOLT__IMPORT_NAMES 256u
#define MOLT__IMPORT_NOTES 128u

typedef struct MoltImport {
    MoltHeap *heap;
    const MoltSchema *schema;
    MoltImportDesc desc;
    MoltAllocator allocator;
    MoltJsonReader reader;

    MoltImportObject *objects;
    uint64_t object_count, object_slots;
    uint64_t *order;
    uint64_t bytes;          /* of all objects */
    uint64_t placed;         /* of the spans made for them, with their tables */
    MoltJsonFrame frames[2]; /* of the reader in the list of objects */
    MoltSpan *spans;
    uint32_t span_count;
    uint64_t span_slots;
    uint32_t *type_spans; /* one more than types */
    void **roots;         /* in order of the schema's roots */
    MoltTypeId *gone;     /* MOLT_NO_TYPE for each type: nothing of the old state stays */

    /* The object that is read, and the innermost field of it that is, NULL outside of all. */
    const MoltImportObject *object;
    unsigned char *block;
    const MoltType *owner; /* of the field */
    const MoltField *field;

    /* Growing scratch memory: members that the open structs have had, unknown ones by hash, a name
     * with its NUL, a pointer's target and path; and the arms of their tagged unions. */
    unsigned char *seen;
    uint64_t seen_count, seen_slots;
    MoltImportArm *arms;
    uint64_t arm_count, arm_slots;
    uint64_t *unknown;
    uint64_t unknown_count, unknown_slots;
    char *name, *target, *path;
    uint64_t name_slots, target_slots, path_slots;

    MoltImportName names[MOLT__IMPORT_NAMES];
    MoltImportConstant *constants;
    uint64_t constant_count, constant_slots;
    MoltImportNote *notes; /* MOLT__IMPORT_NOTES, made with the first */
    uint32_t note_count;
    uint32_t left_out[3];
} MoltImport;

/* The items with room for `need` of `size` bytes, which is not 0; NULL, with the reader failed and the
 * items as they were, when memory is out. */
void *molt__import_grow(MoltImport *import, void *items, uint64_t *slots, uint64_t need,
                        size_t size);
/* A copy of a text with its NUL in a growing buffer; NULL when memory is out. */
const char *molt__import_copy(MoltImport *import, char **buffer, uint64_t *slots,
                              MoltJsonText text);

/* ---- import_object.c ------------------------------------------------------------------------- */

/* Reads the object that is next, its value only as a length. */
bool molt__import_collect(MoltImport *import);
/* Adds the object of a globals type without fields, which no text has; false when memory is out. */
bool molt__import_add_vacant(MoltImport *import);
/* That object, or NULL. */
void *molt__import_vacant(MoltImport *import, MoltTypeId type);
/* Sorts the objects and makes zeroed blocks for them. */
bool molt__import_place(MoltImport *import);
/* The object called "Type:serial", with its block; NULL, with the reader failed, when there is none. */
const MoltImportObject *molt__import_find(MoltImport *import, MoltJsonText id,
                                          unsigned char **block);
unsigned char *molt__import_block(const MoltImport *import, const MoltImportObject *object);
/* Whether the object is written as one value, because its block has room for one element. */
static inline bool molt__import_is_one(const MoltImport *import, const MoltImportObject *object)
{
    const MoltType *type = molt_type(import->schema, object->type);
    return !object->list && (type->flags & MOLT_TYPE_CHAR) == 0 &&
           !molt_schema_tail(import->schema, object->type);
}
/* Bytes of the object's elements; of a flexible struct the struct included. */
uint64_t molt__import_bytes(const MoltImport *import, const MoltImportObject *object);
/* A char block with a copy of the text in it, NUL included in `size`; NULL when memory is out. */
char *molt__import_text(MoltImport *import, const char *text, uint64_t size);

/* ---- import_value.c -------------------------------------------------------------------------- */

/* Reads the value of the object that is being read into its block. */
bool molt__import_value(MoltImport *import);
/* A member of a struct, or an arm of a union. */
bool molt__import_field(MoltImport *import, const MoltType *owner, const MoltField *field,
                        unsigned char *object);
/* {"bytes":"..."} of exactly `size` bytes. */
bool molt__import_raw(MoltImport *import, unsigned char *bytes, uint64_t size);
/* char[size]: a string, or bytes. */
bool molt__import_chars(MoltImport *import, unsigned char *bytes, uint64_t size);

/* ---- import_number.c ------------------------------------------------------------------------- */

bool molt__import_integer(MoltImport *import, const MoltType *type, unsigned char *bytes);
bool molt__import_float(MoltImport *import, const MoltType *type, unsigned char *bytes);
bool molt__import_bool(MoltImport *import, unsigned char *bytes);
bool molt__import_enum(MoltImport *import, const MoltType *type, unsigned char *bytes);
bool molt__import_bit_field(MoltImport *import, const MoltField *field, unsigned char *object);
/* `width` bits of an object from bit `offset` on; the bits around them stay. */
void molt__import_store_bits(unsigned char *object, uint64_t offset, uint32_t width,
                             uint64_t value);

/* ---- import_pointer.c ------------------------------------------------------------------------ */

/* A pointer to `pointee` as the dump writes it, except one in an external field. */
bool molt__import_pointer(MoltImport *import, MoltTypeId pointee, unsigned char *bytes);
bool molt__import_external(MoltImport *import, unsigned char *bytes);
/* A root's object: NULL or the start of an element of `type`. */
bool molt__import_root(MoltImport *import, MoltTypeId type, void **out);

/* ---- import_constant.c ----------------------------------------------------------------------- */

/* Reads the list of constants. */
bool molt__import_constants(MoltImport *import);
/* To be called when it is read, if it is there. */
void molt__import_sort_constants(MoltImport *import);
/* Adds to a constant what the text says of it; `text` is its name with its file. */
void molt__import_tell_constant(const MoltImport *import, MoltJsonText text,
                                MoltCodeTarget *target);
/* Whether what the library has at the address is that; fails the reader otherwise. */
bool molt__import_check_constant(MoltImport *import, MoltJsonText text,
                                 const MoltCodeTarget *target, uintptr_t address);

/* ---- import_union.c -------------------------------------------------------------------------- */

/* {"arm": value}, or bytes, for the tagged union `field` of the struct that is being read. */
bool molt__import_union(MoltImport *import, const MoltField *field, unsigned char *object);
/* Whether the struct's tags select the arms from `base` on, which are then forgotten. */
bool molt__import_check_arms(MoltImport *import, const MoltType *owner, uint64_t base,
                             const unsigned char *object);

/* ---- import_default.c ------------------------------------------------------------------------ */

/* What a field has that the text does not have: its default, else those of what it holds, else
 * zero. The bytes are zero before. */
bool molt__import_default(MoltImport *import, const MoltField *field, unsigned char *object);

/* ---- import_note.c --------------------------------------------------------------------------- */

/* Counts the object that is read under a finding about the field that is being read, or `member`. The first
 * time it returns the finding, whose value is then to be told, else NULL. */
MoltImportNote *molt__import_note(MoltImport *import, MoltSeverity severity, MoltRule rule,
                                  MoltTypeId type, MoltJsonText member);
/* About the field that is being read, or the object where it is no struct. */
MoltImportNote *molt__import_note_here(MoltImport *import, MoltSeverity severity, MoltRule rule);
/* The finding's value is the text [from, to), or what the field has by default. NULL: nothing is done. */
void molt__import_note_text(const MoltImport *import, MoltImportNote *note, size_t from, size_t to);
void molt__import_note_default(const MoltImport *import, MoltImportNote *note,
                               const MoltField *field);
/* Hands the findings to the report, if there is one. */
void molt__import_report(const MoltImport *import);

#endif
