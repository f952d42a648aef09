/* The metadata of one library: constant tables that molt-codegen writes and the library exports as
 * `molt_module`. The tables are position-independent: everything refers to everything else by index
 * or by offset into one string pool. A MoltSchema is a deep copy of the same tables, so this header
 * also defines the schema's data. It must never know how tables are made, read or migrated.
 *
 *   MoltModule -> MoltTables -> types[]  --first,count--> fields[] / enumerators[] / refs[]
 *                                 each   --note_first,note_count--> notes[] (annotations)
 */
#ifndef MOLT_META_H
#define MOLT_META_H

#include <stdint.h>

#include "hook.h"

#define MOLT_META_VERSION 1u

typedef uint32_t MoltTypeId;
#define MOLT_NO_TYPE UINT32_MAX
#define MOLT_NO_STRING 0u /* offset 0 of every string pool is "" */

/* X(name, identifier in JSON) */
#define MOLT_KIND_LIST(X)                                                                          \
    X(VOID, "void")                                                                                \
    X(BOOL, "bool")                                                                                \
    X(INT, "int")           /* every integer but bool and enum, plain char included */             \
    X(FLOAT, "float")       /* float, double, long double */                                       \
    X(ENUM, "enum")         /* first,count: enumerators[]; elem: the integer type that stores it */\
    X(STRUCT, "struct")     /* first,count: fields[] */                                            \
    X(UNION, "union")       /* first,count: fields[]; all at offset 0 */                           \
    X(ARRAY, "array")       /* elem: element type; length: elements, 0 when flexible */            \
    X(POINTER, "pointer")   /* elem: pointee */                                                    \
    X(FUNCTION, "function") /* elem: result; first,count: refs[] with the parameters' types */     \
    X(OPAQUE, "opaque")     /* declared, never defined, or not followed: only a name */            \
    X(ATOMIC, "atomic")     /* elem: type of the value, which has the same size; length: 1 */      \
    X(COMPLEX, "complex")   /* elem: type of both parts, the real one first; length: 2 */          \
    X(VECTOR, "vector")     /* elem: number type; length: elements; may end in padding */

typedef enum MoltKind {
#define X(name, id) MOLT_KIND_##name,
    MOLT_KIND_LIST(X)
#undef X
    MOLT_KIND_COUNT
} MoltKind;

enum { /* MoltType.flags */
    MOLT_TYPE_SIGNED = 1u << 0,   /* INT, and ENUM with signed storage */
    MOLT_TYPE_CHAR = 1u << 1,     /* INT spelled plain `char`: text in char[N] and char * */
    MOLT_TYPE_FLAGS = 1u << 2,    /* ENUM annotated MOLT_FLAGS */
    MOLT_TYPE_VARIADIC = 1u << 3, /* FUNCTION with ... */
    MOLT_TYPE_BINARY_FLOAT = 1u << 4, /* FLOAT whose bits are IEEE-754 of its size */
    MOLT_TYPE_FLEXIBLE = 1u << 5, /* ARRAY of as many elements as its object's block has: the last
                                     member of a struct, which no other type holds by value */
    MOLT_TYPE_GLOBALS = 1u << 6, /* STRUCT of the library's variables, which lie apart in its image
                                    (globals.h); its fields are called "score", "ground.c:rain" and
                                    "ground.c:grow():calls". None is at its start or touches
                                    another, so that addresses in it mean one of them */
    MOLT_TYPE_UNTYPED = 1u << 7 /* INT of one byte: plain memory (malloc) of which no type is known.
                                   At most one of a schema */
};

/* The name of that struct, which no C type can have, and of the root that leads to its one object. */
#define MOLT_GLOBALS_TYPE "(globals)"
#define MOLT_GLOBALS_ROOT "globals"

typedef struct MoltType {
    uint32_t name; /* string; "Ant", "int", "Ant *", "int[4][3]"; unique in a schema. Struct, union and
                      enum: tag, else typedef name; unnamed ones inside P as field f: "P::f". Where
                      sources have different ones of a name for themselves: "ground.c:Cell" */
    uint16_t kind; /* MoltKind */
    uint16_t flags;
    uint64_t size; /* bytes; 0 for VOID, FUNCTION, OPAQUE */
    uint32_t align;
    MoltTypeId elem;
    uint64_t length;
    uint32_t first, count;
    uint32_t note_first, note_count;
    uint32_t file, line; /* of the definition; 0 where there is none */
    uint64_t hash;       /* layout hash: everything by value, pointees by name only */
} MoltType;

enum { /* MoltField.flags */
    MOLT_FIELD_BITS = 1u << 0, /* bit-field: bit_width is valid */
    MOLT_FIELD_TRANSIENT = 1u << 1,
    MOLT_FIELD_EXTERNAL = 1u << 2,
    MOLT_FIELD_REQUIRED = 1u << 3
};

/* Members of anonymous structs stand in the table of the struct that holds them, with the offsets
 * they have there; unnamed bit-fields do not stand in it. An anonymous union is one field whose name
 * is its members' names in angle brackets, "<i,f>". */
typedef struct MoltField {
    uint32_t name;
    MoltTypeId type;
    uint64_t bit_offset; /* from the start of the struct */
    uint32_t bit_width;  /* bit-fields only, else 0 */
    uint32_t flags;
    uint32_t note_first, note_count;
    uint32_t line;
    uint32_t reserved;
} MoltField;

typedef struct MoltEnumerator {
    uint32_t name;
    uint32_t flags; /* 1: MOLT_FALLBACK */
    uint64_t value; /* sign-extended to 64 bits */
    uint32_t note_first, note_count;
} MoltEnumerator;

#define MOLT_ENUMERATOR_FALLBACK 1u

/* X(name, word in the annotation and in JSON) */
#define MOLT_NOTE_LIST(X)                                                                          \
    X(WAS, "was")           /* text: one earlier name; several notes, oldest first */              \
    X(DEFAULT, "default")   /* constant: the value; text: as written */                            \
    X(REQUIRED, "required")                                                                        \
    X(TRANSIENT, "transient")                                                                      \
    X(EXTERNAL, "external")                                                                        \
    X(FLAGS, "flags")                                                                              \
    X(FALLBACK, "fallback")                                                                        \
    X(CONVERT, "convert")   /* text: trunc, round, saturate or truncate */                         \
    X(COUNT, "count")       /* text: the field beside it that counts the elements */               \
    X(TAG, "tag")           /* on a union member; text: the enum field beside it that selects */   \
    X(ARM, "arm")           /* on a union's arm; text: its enumerator, if not that of its place */ \
    X(MOVED, "moved")       /* text: the path that the value comes from, "^.a.b[1]" */             \
    X(INDEX, "index")       /* on an array; text: name of the enum whose values are its indices */ \
    X(VERSION, "version")   /* text: the number; of a struct, part of its layout's hash */         \
    X(MIGRATE, "migrate")   /* a struct that has a hook; made by the hook, not by an annotation */ \
    X(POOL, "pool")         /* text: the type that plain memory is cut up into */                  \
    X(ERASED, "erased")     /* of a struct, union or enum whose values may lie in memory without a \
                               type; found in the sources. text: "file.c:9", where it is put there \
                               or taken out; "file.c:9 in Node.bytes": in that array of numbers */ \
    X(REMOVED, "removed")   /* of a type; text: a name whose values may go; several notes */       \
    X(HOLDS, "holds")       /* of a pointer without a type; found in the sources. text: "Ant \
                               game.c:9", a type that may lie in memory without a type to which it \
                               leads, and where it is put there or taken out; several notes */       \
    X(SIZED, "sized")       /* of an integer that may be computed from a layout, as the sources \
                               show. text: "Ant game.c:9", the size of that type, from there; \
                               "Ant.hp", the offset of that field; several notes */                   \
    X(HASHED, "hashed")     /* of a struct, union or enum whose addresses select elements, as keys of \
                               a hash table; found in the sources. text: "game.c:9", where */          \
    X(ALONG, "along")       /* beside INDEX on an array of several dimensions; found in the sources. \
                               text: one of those that the enum indexes, "0" for the outermost;      \
                               several notes */

typedef enum MoltNoteKind {
#define X(name, id) MOLT_NOTE_##name,
    MOLT_NOTE_LIST(X)
#undef X
    MOLT_NOTE_KIND_COUNT
} MoltNoteKind;

/* DEFAULT constants are bytes in the layout of the field's type. Two exceptions: for a bit-field an
 * 8-byte integer; for a `char *` field the string with its NUL, allocated anew for each object. */
typedef struct MoltNote {
    uint32_t kind; /* MoltNoteKind */
    uint32_t text;
    uint32_t constant; /* offset into constants[] */
    uint32_t constant_size;
} MoltNote;

typedef struct MoltRoot {
    uint32_t name; /* "state" for what start_up() returns, "globals" for the library's variables */
    MoltTypeId type; /* the object's type, not the pointer's */
} MoltRoot;

/* How molt_new(T) spells a type, sorted by spelling (strcmp); "ground.c:Cell" for what the source
 * ground.c means by Cell when others mean something else. */
typedef struct MoltSpelling {
    uint32_t text;
    MoltTypeId type;
} MoltSpelling;

/* What the type of plain memory without a known type is called; no C type is spelled so. */
#define MOLT_UNTYPED_NAME "untyped memory"

typedef struct MoltHash {
    uint64_t low, high;
} MoltHash;

typedef struct MoltAbi {
    uint8_t pointer_size;
    uint8_t long_size;
    uint8_t char_signed;
    uint8_t little_endian;
    uint8_t max_align;
    uint8_t reserved[3];
} MoltAbi;

typedef struct MoltTables {
    uint32_t size; /* sizeof(MoltTables) of the writer */
    uint32_t version; /* MOLT_META_VERSION */
    MoltAbi abi;
    MoltHash hash; /* of all layouts, roots and spellings: equal hashes, nothing to migrate */
    uint32_t type_count, field_count, enumerator_count, ref_count;
    uint32_t note_count, root_count, spelling_count, constant_size, string_size;
    uint32_t reserved;
    const MoltType *types;
    const MoltField *fields;
    const MoltEnumerator *enumerators;
    const MoltTypeId *refs;
    const MoltNote *notes;
    const MoltRoot *roots;
    const MoltSpelling *spellings;
    const unsigned char *constants;
    const char *strings;
} MoltTables;

enum { /* MoltAllocation.flags */
    MOLT_ALLOCATION_WRAPPER = 1u << 0, /* `function` gives the block on: its callers say the type */
    MOLT_ALLOCATION_POOL = 1u << 1 /* MOLT_POOL: the block's rest may be shorter than an element */
};

/* A call in the sources that makes or grows plain memory: of malloc and the like, or of a function
 * that gives on what it got from one of them. */
typedef struct MoltAllocation {
    uint32_t file; /* strings in MoltModule.allocation_text; relative to the schema's base */
    uint32_t line, column;
    uint32_t callee;   /* "malloc", "xmalloc" */
    uint32_t function; /* that calls */
    uint32_t reason;   /* why no type is known; "" otherwise */
    MoltTypeId type;   /* MOLT_NO_TYPE: not known */
    uint32_t flags;
} MoltAllocation;

/* A constant of the library with static storage that has a name: a table, mostly. Pointers into it are
 * turned to the same rows of the next library's constant of that name. */
typedef struct MoltConstant {
    uint32_t name; /* string in MoltModule.constant_text, as variables are called: "ground.c:castes" */
    MoltTypeId type;        /* of an element, which is no array */
    uint32_t rows, per_row; /* elements of the outermost array, and of those in each of them; 1: none */
    uint32_t keys; /* of the first row in constant_keys: strings, what the source calls the rows;
                      0: it gives them no names */
    uint32_t was; /* names of MOLT_WAS, as full as `name`: strings, each with its NUL, and an empty one behind
                     the last; 0: none */
} MoltConstant;

/* What the hook of a struct does, as the generator read it: an edited hook has another hash. */
typedef struct MoltHookCode {
    MoltTypeId type;
    uint32_t reserved;
    uint64_t code;
} MoltHookCode;

/* What a game library exports as `molt_module` (default visibility). */
typedef struct MoltModule {
    uint32_t size;    /* sizeof(MoltModule) of the writer */
    uint32_t version; /* MOLT_META_VERSION */
    const MoltTables *tables;
    const MoltHeapApi **heap; /* where the host stores its heap */
    MoltSite *sites, *sites_end; /* NULL, NULL when the game allocates nothing */
    const char *generator; /* "molt-codegen 0.1.0" */
    const char *compiler;  /* __VERSION__ of the compiler that built the library */
    MoltHook *hooks, *hooks_end; /* NULL, NULL when the game has none */
    const MoltAllocation *allocations; /* in order of file, line and column */
    const char *allocation_text;       /* their strings; offset 0 is "" */
    uint32_t allocation_count;
    uint32_t reserved;
    const char *sources; /* those of the game, each with its NUL, and an empty one behind the last */
    const MoltConstant *constants; /* NULL when the state can lead into none */
    const uint32_t *constant_keys;
    const char *constant_text; /* offset 0 is "": a row without a name */
    uint32_t constant_count;
    uint32_t apart_count;
    /* Structs and unions of which the sources put no object into the library, in order; no pointer to one
     * leads there. NULL when there is none. */
    const MoltTypeId *apart_types;
    const MoltHookCode *hook_codes;
    uint32_t hook_code_count;
    uint32_t split_text_count;
    /* String literals of the sources with a NUL inside, one behind the other, and the bytes of each with the
     * NUL at its end. NULL when there is none. */
    const unsigned char *split_texts;
    const uint32_t *split_text_sizes;
} MoltModule;

#define MOLT_MODULE_SYMBOL "molt_module"
/* Exported by a library whose calls of malloc and its relatives go to the heap. */
#define MOLT_PLAIN_MEMORY_SYMBOL "molt_plain_memory"

#endif
