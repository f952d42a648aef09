/* JSON read value by value from a text in memory, without a tree: a tree of a large state costs many
 * times its text, and a library's numbers are doubles. Any text is safe: nothing recurses, depth is
 * bounded, and the first error stays, with line, column and path. It must never know what is read.
 *
 *   molt__json_enter(r, MOLT__JSON_OBJECT);          {"a": 1, "b": [..]}
 *   while (molt__json_next(r)) ... r->key ...          one value is read, or skipped, in each round
 *
 * Calls after a failure do nothing and return false, so that only the end need be checked. */
#ifndef MOLT__JSON_READER_H
#define MOLT__JSON_READER_H

#include <stdbool.h>

#include "molt/status.h"

/* Values inside of values at most; a schema allows 64, the document around them adds a few. */
#define MOLT__JSON_DEPTH 256u

typedef enum MoltJsonKind {
    MOLT__JSON_NONE, /* there is no value: the reader has failed */
    MOLT__JSON_NULL,
    MOLT__JSON_BOOL,
    MOLT__JSON_NUMBER,
    MOLT__JSON_STRING,
    MOLT__JSON_LIST,
    MOLT__JSON_OBJECT
} MoltJsonKind;

/* A piece of the input, or of a buffer of the reader until the next string (keys: the next key) is
 * read. Not NUL-terminated; strings may hold NUL. */
typedef struct MoltJsonText {
    const char *bytes;
    size_t length;
} MoltJsonText;

/* An object or list that is open. */
typedef struct MoltJsonFrame {
    bool object, started;
    uint64_t index;            /* of the current element */
    size_t key_at, key_length; /* of the current key as it stands in the text */
} MoltJsonFrame;

typedef struct MoltJsonBuffer {
    char *bytes;
    size_t size;
} MoltJsonBuffer;

typedef struct MoltJsonReader {
    MoltAllocator allocator;
    const char *text;
    size_t length, at;
    size_t mark;      /* where the value starts that was looked at last: the place of errors */
    MoltJsonText key; /* of the current member */
    size_t key_at;    /* where it stands */
    uint32_t depth;
    MoltJsonFrame frames[MOLT__JSON_DEPTH];
    MoltJsonBuffer key_buffer, string_buffer;
    const char *name; /* of the file, for errors; NULL: none */
    MoltStatus status;
    MoltError *error;
    size_t placed_at; /* a place whose line and column are known */
    uint64_t placed_line, placed_column;
} MoltJsonReader;

/* `text` and `name` must outlive the reader. Release it in any case. */
void molt__json_open(MoltJsonReader *reader, const char *text, size_t length, const char *name,
                     const MoltAllocator *allocator, MoltError *error);
void molt__json_release(MoltJsonReader *reader);

/* What the next value is; reads nothing but space. */
MoltJsonKind molt__json_peek(MoltJsonReader *reader);
/* "a string", for messages. */
const char *molt__json_kind_text(MoltJsonKind kind);

/* Opens the object or list that is next. */
bool molt__json_enter(MoltJsonReader *reader, MoltJsonKind kind);
/* Goes to the next element, or to the next member and sets `key`; false at the end, which is then
 * behind the reader, and on failure. */
bool molt__json_next(MoltJsonReader *reader);

bool molt__json_null(MoltJsonReader *reader);
bool molt__json_bool(MoltJsonReader *reader, bool *out);
/* The number as it is written. */
bool molt__json_number(MoltJsonReader *reader, MoltJsonText *out);
bool molt__json_string(MoltJsonReader *reader, MoltJsonText *out);
/* Any value; *elements (NULL allowed) is the length of a list, else 0. */
bool molt__json_skip(MoltJsonReader *reader, uint64_t *elements);
/* Nothing but space follows. */
bool molt__json_end(MoltJsonReader *reader);

bool molt__json_is(MoltJsonText text, const char *word);

/* Ends reading with an error at the value that was looked at last: "FILE:LINE:COLUMN: PATH: ..." */
bool molt__json_fail(MoltJsonReader *reader, MoltStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same at the current member's key. */
bool molt__json_fail_key(MoltJsonReader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "$.objects[3].value.hp": where the reader is, cut in the middle when it does not fit. */
void molt__json_path(const MoltJsonReader *reader, char *buffer, size_t size);
/* Line and column, from 1, of a place in the text; columns count characters. */
void molt__json_place(MoltJsonReader *reader, size_t at, uint64_t *line, uint64_t *column);

#endif
