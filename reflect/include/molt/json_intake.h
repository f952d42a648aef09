/* How much of a text is worth reading that should be JSON: one that is not is not read to its end, which
 * it may not have. It must never know where the bytes come from, nor say what is wrong with them: whoever
 * reads the piece that was taken does. */
#ifndef MOLT_JSON_INTAKE_H
#define MOLT_JSON_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects and lists inside of each other; a dump and a schema have fewer. */
#define MOLT_INTAKE_DEPTH 1024u

typedef enum MoltJsonIntakeState {
    MOLT_INTAKE_VALUE, /* a value must come, */
    MOLT_INTAKE_FIRST, /* or the end of the list that was opened */
    MOLT_INTAKE_KEY,   /* a member must come, */
    MOLT_INTAKE_KEYS,  /* or the end of the object that was opened */
    MOLT_INTAKE_COLON,
    MOLT_INTAKE_AFTER, /* a comma, or the end of what is open */
    MOLT_INTAKE_WORD,  /* in a number or a word */
    MOLT_INTAKE_TEXT,  /* in a string */
    MOLT_INTAKE_END    /* only space may come */
} MoltJsonIntakeState;

/* Begins as zeros. */
typedef struct MoltJsonIntake {
    MoltJsonIntakeState state;
    bool key, escaped; /* of the string */
    uint32_t depth;
    unsigned char objects[MOLT_INTAKE_DEPTH / 8]; /* a bit for each open one: no list */
} MoltJsonIntake;

/* The bytes of `text` that are JSON as far as its brackets, commas, strings and words go, and one more
 * where it ends being that; they follow those of the calls before. */
size_t molt_json_intake_take(MoltJsonIntake *intake, const char *text, size_t length);

#endif
