/* C literals as they stand in annotations: strings, characters and numbers. It must never know what
 * a literal is assigned to. */
#ifndef MOLT_CODEGEN_LITERAL_H
#define MOLT_CODEGEN_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

typedef enum MoltValueKind {
    MOLT_VALUE_NONE,
    MOLT_VALUE_INT,
    MOLT_VALUE_FLOAT,
    MOLT_VALUE_STRING,
    MOLT_VALUE_NULL
} MoltValueKind;

typedef struct MoltValue {
    MoltValueKind kind;
    bool negative;     /* INT: `bits` is the two's complement of a negative number */
    uint64_t bits;     /* INT */
    long double real;  /* FLOAT */
    const char *bytes; /* STRING: `length` bytes and a NUL */
    size_t length;
} MoltValue;

/* Reads adjacent string literals at *at and moves *at behind them; false when there is none or it
 * is malformed. Only plain strings: no prefix but u8. */
bool molt__literal_string(MoltArena *arena, const char **at, MoltValue *out);

/* Reads the whole text as one literal (a number with an optional sign, a character, strings, true,
 * false, a null pointer constant). False when it is anything else, which needs a compiler. */
bool molt__literal_read(MoltArena *arena, const char *text, MoltValue *out);

#endif
