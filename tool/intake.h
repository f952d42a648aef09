/* How much of an input is worth reading: one that cannot be what the tool reads is not read to its end,
 * which it may not have. It must never know where the bytes come from, nor say what is wrong with them:
 * whoever reads the piece that was taken does. */
#ifndef MOLT_TOOL_INTAKE_H
#define MOLT_TOOL_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects and lists inside of each other; a dump and a schema have fewer. */
#define MOLT__INTAKE_DEPTH 1024u

typedef enum MoltIntakeState {
    MOLT__INTAKE_VALUE, /* a value must come, */
    MOLT__INTAKE_FIRST, /* or the end of the list that was opened */
    MOLT__INTAKE_KEY,   /* a member must come, */
    MOLT__INTAKE_KEYS,  /* or the end of the object that was opened */
    MOLT__INTAKE_COLON,
    MOLT__INTAKE_AFTER, /* a comma, or the end of what is open */
    MOLT__INTAKE_WORD,  /* in a number or a word */
    MOLT__INTAKE_TEXT,  /* in a string */
    MOLT__INTAKE_END    /* only space may come */
} MoltIntakeState;

/* Begins as zeros. */
typedef struct MoltIntake {
    MoltIntakeState state;
    bool key, escaped; /* of the string */
    uint32_t depth;
    unsigned char objects[MOLT__INTAKE_DEPTH / 8]; /* a bit for each open one: no list */
} MoltIntake;

/* The bytes of `text` that are JSON as far as its brackets, commas, strings and words go, and one more
 * where it ends being that; they follow those of the calls before. */
size_t molt__intake_json(MoltIntake *intake, const char *text, size_t length);

#endif
