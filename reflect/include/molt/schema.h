/* A schema: all types reachable from the persistent roots plus the ABI, owned and immutable, so
 * that it outlives the library it came from. It must never know live objects, files or libraries. */
#ifndef MOLT_SCHEMA_H
#define MOLT_SCHEMA_H

#include <stdbool.h>

#include "meta.h"
#include "status.h"

/* How deep types of a schema hold each other by value (structs in arrays in structs ...) at most:
 * what reads a schema may recurse over that. */
#define MOLT_SCHEMA_DEPTH_MAX 64

/* How many versions a session is remembered by. */
enum { MOLT_SCHEMA_VERSIONS = 16 };

typedef struct MoltSchema {
    MoltTables tables; /* pointers into storage that the schema owns */
    MoltAllocator allocator;
    void *storage;
    size_t storage_size;
    uint32_t *name_index; /* open-addressing hash of type names -> id + 1; power-of-two slots */
    uint32_t name_slots;
    uint32_t source_types; /* the first type that the sources lack (kept_types.h), or type_count */
    uint32_t kept_types;   /* the first of those that is in no dump */
    uint32_t kept_numbers; /* from there on so many are numbers */
    uint32_t kept_notes; /* the first note of those */
    struct MoltVersion *versions[MOLT_SCHEMA_VERSIONS]; /* of the running state: those that its session had,
                                                           this one first, then the last ones */
    uint32_t version_count;
} MoltSchema;

/* Deep copy of a library's tables after checking every index, offset and string in them, so that
 * whatever reads a schema afterwards may trust it. MOLT_VERSION for another version or ABI size,
 * MOLT_INVALID with the first inconsistency otherwise; *out is untouched on failure. */
MoltStatus molt_schema_copy(const MoltTables *tables, const MoltAllocator *allocator,
                            MoltSchema **out, MoltError *error);

/* The same with the type of plain memory (MOLT_TYPE_UNTYPED) after all others, which keep their ids. For
 * libraries whose malloc goes to the heap: their sources need not name that type. */
MoltStatus molt_schema_copy_plain(const MoltTables *tables, const MoltAllocator *allocator,
                                  MoltSchema **out, MoltError *error);

/* NULL allowed. */
void molt_schema_free(MoltSchema *schema);

/* Type by name ("Ant", "int", "Ant *"); MOLT_NO_TYPE when there is none. */
MoltTypeId molt_schema_find(const MoltSchema *schema, const char *name);

/* Type as molt_new(T) spells it; MOLT_NO_TYPE when no site of the library spells it so. */
MoltTypeId molt_schema_find_spelling(const MoltSchema *schema, const char *spelling);

/* Index into tables.fields of the field of struct or union `type` called `name`, or UINT32_MAX. */
uint32_t molt_schema_find_field(const MoltSchema *schema, MoltTypeId type, const char *name);

/* What a path such as "pos[1].x" names in a struct. */
typedef struct MoltFieldPlace {
    MoltTypeId type;     /* of the field, or of the element when the path ends in an index */
    uint64_t bit_offset; /* from the start of the struct */
    uint32_t field;      /* index into tables.fields of the last field named */
    MoltTypeId holder;   /* struct that declares it */
} MoltFieldPlace;

/* Follows a path of field names and constant indices from struct `type` on. False, with *out
 * undefined, when the struct has no such place or the path is malformed; what lies in a union has no
 * place, because the union may hold something else. */
bool molt_schema_find_path(const MoltSchema *schema, MoltTypeId type, const char *path,
                           MoltFieldPlace *out);

/* First note of a kind in [note_first, note_first + note_count), or NULL. */
const MoltNote *molt_schema_note(const MoltSchema *schema, uint32_t note_first, uint32_t note_count,
                                 MoltNoteKind kind);

/* Writes the declaration of a field as C would ("float pos[2]", "unsigned carrying : 1") into
 * `buffer`, cut at `size`. For messages. */
void molt_schema_declare(const MoltSchema *schema, const MoltField *field, char *buffer,
                         size_t size);

/* Computes every type's hash and the hash of the whole (XXH3; the order of types does not matter).
 * `types` is tables->types, writable. The tables must be sound: molt_builder_finish and
 * molt_schema_copy check first, then call this. */
void molt_tables_hash(MoltTables *tables, MoltType *types);

/* The hash of the whole without the type that molt_schema_copy_plain adds: what schemas of sources have, and
 * recorded ones, so that the same types have one hash in all of them and in saved states. */
MoltHash molt_schema_source_hash(const MoltSchema *schema);

/* Canonical JSON text (UTF-8, two-space indent, ends in a newline): equal schemas give equal text,
 * and file paths are written as the schema has them. The caller frees it with `free`. */
MoltStatus molt_schema_to_json(const MoltSchema *schema, char **out, MoltError *error);

/* Reads what molt_schema_to_json wrote. Anything malformed is MOLT_INVALID and says where. */
MoltStatus molt_schema_from_json(const char *text, size_t length, const MoltAllocator *allocator,
                                 MoltSchema **out, MoltError *error);

/* Kinds that hold `length` values of type `elem` one after the other. */
static inline bool molt_kind_is_sequence(uint16_t kind)
{
    return kind == MOLT_KIND_ARRAY || kind == MOLT_KIND_ATOMIC || kind == MOLT_KIND_COMPLEX ||
           kind == MOLT_KIND_VECTOR;
}

static inline const MoltType *molt_type(const MoltSchema *schema, MoltTypeId id)
{
    return &schema->tables.types[id];
}

/* The type of the value: what an _Atomic type holds, any other type itself. */
static inline MoltTypeId molt_value_type(const MoltSchema *schema, MoltTypeId id)
{
    return molt_type(schema, id)->kind == MOLT_KIND_ATOMIC ? molt_type(schema, id)->elem : id;
}

/* The flexible array at the end of a struct; NULL for any other type. */
static inline const MoltField *molt_schema_tail(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    if (type->kind != MOLT_KIND_STRUCT || type->count == 0)
        return NULL;
    const MoltField *last = &schema->tables.fields[type->first + type->count - 1];
    return (molt_type(schema, last->type)->flags & MOLT_TYPE_FLEXIBLE) != 0 &&
                   molt_type(schema, last->type)->kind == MOLT_KIND_ARRAY
               ? last
               : NULL;
}

static inline const char *molt_string(const MoltSchema *schema, uint32_t offset)
{
    return schema->tables.strings + offset;
}

static inline const char *molt_type_name(const MoltSchema *schema, MoltTypeId id)
{
    return molt_string(schema, schema->tables.types[id].name);
}

#endif
