/* Addresses in bytes, in a migration: in blocks of bytes, in arrays of bytes that structs and variables
 * hold, and in memory without a type. A word there that is an address is taken for a pointer. One that
 * leads into the library follows it where a name says what is meant; any other one that would be stale
 * refuses the reload. It must never write to the old state.
 */
#ifndef MOLT_BYTE_WORDS_H
#define MOLT_BYTE_WORDS_H

#include "heap_span.h"

struct MoltMigration;

typedef enum MoltByteWordKind {
    MOLT__WORD_FOLLOWS, /* leads into the library, and to the same place in the one that comes */
    MOLT__WORD_INSIDE,  /* inside of a function, which no pointer of C means: stays as it is */
    MOLT__WORD_STALE,   /* a block that moves or goes: refuses */
    MOLT__WORD_LOST /* leads into the library, and nobody knows where in the one that comes: refuses */
} MoltByteWordKind;

/* Words of one kind at one place of the sources. */
typedef struct MoltByteFact {
    MoltByteWordKind kind;
    MoltTypeId type; /* of the blocks */
    uint32_t variable, run, origin;
    bool block;    /* the whole block is bytes */
    bool untagged; /* a union without a tag */
    bool tail;     /* in the array of a flexible struct */
    uint64_t objects;
    const unsigned char *last;  /* object that was counted last */
    char path[240], value[200]; /* of the first one */
} MoltByteFact;

typedef struct MoltByteFacts {
    MoltByteFact *items;
    uint64_t count, slots;
} MoltByteFacts;

/* After all pointers, while the old state is as it was and the new one is made. */
void molt__byte_words(struct MoltMigration *m);
void molt__byte_words_report(struct MoltMigration *m);
void molt__byte_words_free(struct MoltMigration *m);

#endif
