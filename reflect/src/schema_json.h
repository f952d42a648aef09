/* The JSON form of a schema: its keys, shared by the writer and the reader. It
 * must never know what a migration does with a schema.
 *
 * People review the text and git compares it, so every member of a type has a line of its own:
 *
 *   {
 *     "molt_schema": 1,
 *     "abi": {...},
 *     "hash": "32 hexadecimal digits",
 *     "roots": {
 *       "state": "Game"
 *     },
 *     "spellings": {...},
 *     "types": [
 *       {"name":"Ant","kind":"struct","size":16,"align":8,"fields":[
 *         {"name":"hp","type":"int","offset":0,"was":["life"]}
 *       ]},
 *       {"name":"int","kind":"int","size":4,"align":4,"signed":true}
 *     ]
 *   }
 *
 * JSON numbers are doubles to most readers, so integers from 2^53 on are strings of digits. */
#ifndef MOLT__SCHEMA_JSON_H
#define MOLT__SCHEMA_JSON_H

#include <stdbool.h>

#include "molt/schema.h"

#define MOLT__JSON_EXACT_LIMIT (UINT64_C(1) << 53) /* below it doubles hold every integer */

/* X(name, key): every key of every object, so that readers tell unknown ones. */
#define KEY_LIST(X)                                                                                \
    X(MOLT_SCHEMA, "molt_schema") X(ABI, "abi") X(HASH, "hash") X(ROOTS, "roots")                  \
    X(SPELLINGS, "spellings") X(TYPES, "types") X(POINTER_SIZE, "pointer_size")                    \
    X(LONG_SIZE, "long_size") X(CHAR_SIGNED, "char_signed") X(LITTLE_ENDIAN, "little_endian")      \
    X(MAX_ALIGN, "max_align") X(NAME, "name") X(KIND, "kind") X(SIZE, "size") X(ALIGN, "align")    \
    X(FILE, "file") X(LINE, "line") X(SIGNED, "signed") X(CHAR, "char") X(IEEE, "ieee")            \
    X(VARIADIC, "variadic") X(OF, "of") X(LENGTH, "length") X(TO, "to") X(STORAGE, "storage")      \
    X(RETURNS, "returns") X(PARAMS, "params") X(FIELDS, "fields") X(ENUMERATORS, "enumerators")    \
    X(TYPE, "type") X(OFFSET, "offset") X(BITS, "bits") X(VALUE, "value") X(WAS, "was")            \
    X(DEFAULT, "default") X(REQUIRED, "required") X(TRANSIENT, "transient")                        \
    X(EXTERNAL, "external") X(FLAGS, "flags") X(FALLBACK, "fallback") X(CONVERT, "convert")        \
    X(TAG, "tag") X(ARM, "arm") X(MOVED, "moved") X(INDEX, "index") X(TEXT, "text")                \
    X(BYTES, "bytes") X(FLEXIBLE, "flexible") X(COUNTED_BY, "count")                               \
    X(VERSION, "version") X(MIGRATE, "migrate") X(GLOBALS, "globals")                              \
    X(UNTYPED, "untyped") X(POOL, "pool") X(ERASED, "erased") X(REMOVED, "removed")  \
    X(HOLDS, "holds") X(SIZED, "sized") X(HASHED, "hashed") X(ALONG, "along")

typedef enum Key {
#define X(name, text) KEY_##name,
    KEY_LIST(X)
#undef X
        KEY_COUNT
} Key;

extern const char *const molt__key_texts[KEY_COUNT];
extern const char *const molt__kind_texts[MOLT_KIND_COUNT];

/* Notes that are a word only, and their keys. */
typedef struct Mark {
    MoltNoteKind kind;
    Key key;
} Mark;
enum { MARK_COUNT = 6 };
extern const Mark molt__marks[MARK_COUNT];

/* Notes that are one text, and their keys, in order of their kinds. */
enum { NAME_COUNT = 6 };
extern const Mark molt__names[NAME_COUNT];

/* The flags that belong to one kind of type, and their keys. */
typedef struct TypeFlag {
    uint16_t kind, flag;
    Key key;
} TypeFlag;
enum { TYPE_FLAG_COUNT = 7 };
extern const TypeFlag molt__type_flags[TYPE_FLAG_COUNT];

/* The key under which a kind keeps MoltType.elem, or KEY_COUNT. */
Key molt__elem_key(uint16_t kind);

/* Whether the length is written: that of _Atomic and complex types is always the same. */
static inline bool molt__has_length(uint16_t kind)
{
    return kind == MOLT_KIND_ARRAY || kind == MOLT_KIND_VECTOR;
}

/* Whether objects of the kind have a size. */
static inline bool molt__is_sized(uint16_t kind)
{
    return kind != MOLT_KIND_VOID && kind != MOLT_KIND_FUNCTION && kind != MOLT_KIND_OPAQUE;
}

#endif
