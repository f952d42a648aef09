/* Texts that migrations made: blocks of char for a `char *` that was text in a struct, or that is new
 * and has a default. When an edit takes such a text back into the struct, or takes the field away
 * while it has its default, and nothing else leads to the block, it goes as it came, so that undoing an
 * edit leaves nothing behind. It must never know why a text was made.
 *
 * Invariants: span->made is NULL or has per block a bit, set from the migration that made the block
 * until it is freed or the game resizes it. Of a migration, `held` has per span with made blocks the
 * blocks that a pointer of the new state leads to, and `takes` the blocks that the edit takes back. */
#ifndef MOLT_MADE_TEXT_H
#define MOLT_MADE_TEXT_H

#include "heap_span.h"

struct MoltMigration;

typedef struct MoltTextTake {
    uint32_t span, block;
} MoltTextTake;

typedef struct MoltMadeTexts {
    uint64_t **held; /* per span of the heap; NULL while none has made blocks */
    MoltTextTake *takes;
    uint64_t take_count, take_slots;
    bool stand_ins; /* some stand in for literals, and give way where the new library has these */
    bool partial; /* not every pointer of the state was looked at: then nothing is freed */
} MoltMadeTexts;

/* A migration made the block. */
bool molt__made_is(const MoltSpan *span, uint32_t index);

static inline uint64_t molt__made_bytes(const MoltSpan *span)
{
    return ((uint64_t)span->blocks + 63) / 64 * sizeof *span->made;
}

/* Begin and end of the mark. The first fails when memory is out. */
bool molt__made_mark(const MoltAllocator *allocator, MoltSpan *span, uint32_t index);
void molt__made_unmark(MoltSpan *span, uint32_t index);

/* Makes m->texts.held where there are made blocks; m->failed when memory is out. */
void molt__made_begin(struct MoltMigration *m);
/* A pointer of the new state leads to the block. */
void molt__made_hold(struct MoltMigration *m, uint32_t span, uint32_t index);
/* The value of a `char *` that no longer points: a block that begins there is taken back. With `text`,
 * of `length` bytes, only one that holds that text. */
void molt__made_take(struct MoltMigration *m, uintptr_t value, const char *text, uint64_t length);
/* The same of a value that returns from the attic: what leads to the block may be that value itself. */
void molt__made_replace(struct MoltMigration *m, uintptr_t value, const char *text,
                        uint64_t length);
/* The block of a literal, at `index` of that span, is in the library that comes: what leads there now
 * does so no longer. */
void molt__made_give_way(struct MoltMigration *m, uint32_t span, uint32_t index);
/* Frees what was taken back and is not held; cannot fail. */
void molt__made_commit(struct MoltMigration *m);
void molt__made_discard(struct MoltMigration *m);

#endif
