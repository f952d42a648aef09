/* The words of some texts of C: identifiers and numbers outside of comments. It must never know
 * what they mean. */
#ifndef MOLT_CODEGEN_WORD_SET_H
#define MOLT_CODEGEN_WORD_SET_H

#include <stdbool.h>

#include "arena.h"

/* Zero-initialised but for the arena: empty. */
typedef struct MoltWordSet {
    MoltArena *arena;
    const char **slots;       /* open addressing; NULL: free */
    uint32_t count, capacity; /* a power of two */
} MoltWordSet;

void molt__word_set_add(MoltWordSet *set, const char *word, size_t length);
/* All words of a text that ends in NUL. */
void molt__word_set_add_text(MoltWordSet *set, const char *text);

bool molt__word_set_has(const MoltWordSet *set, const char *word);
/* True when `name` is a word of the set, or several of them pasted together, as ## does. */
bool molt__word_set_spells(const MoltWordSet *set, const char *name);

#endif
