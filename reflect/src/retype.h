/* Plain memory that gets its type late. A block keeps the type that the call which made it showed, so a
 * MOLT_POOL or MOLT_COUNT that somebody adds afterwards would help new blocks alone. A migration
 * therefore looks where the new schema's notes stand, or the old one's that go, and takes each block of bytes
 * that such a pointer begins for what its old bytes are: objects of the old type of that name. They are
 * converted into a block of the new type, which pointers follow to, and the old block goes at commit. A block
 * that begins with a header of another type, as MOLT_POOL(T, H) says, has no type of the heap's: it stays
 * bytes, and every migration converts what is in it. Blocks of numbers whose pointers all become pointers to
 * another number type are converted the same way, also where only kept pointers say so (attic_retype.h). It
 * must never know which rule refused the block as it was.
 *
 * The elements of such a block may have pointers with notes of their own, and so on to any depth.
 *
 * Invariants: items are sorted by address, one per block; until commit the old blocks are untouched. */
#ifndef MOLT_RETYPE_H
#define MOLT_RETYPE_H

#include "molt/heap.h"
#include "plan_ops.h"

struct MoltMigration;
struct MoltSpan;

typedef struct MoltRetyped {
    uintptr_t block, after; /* begin in the old and in the new state */
    uint64_t bytes, count;  /* of the old block; elements of both, the last one perhaps cut */
    MoltTypeId type;      /* old, of the elements; MOLT_NO_TYPE: the old schema does not know it */
    MoltTypeId
        to; /* new, of the numbers that those of `type` become; MOLT_NO_TYPE for any other type */
    MoltTypeId header;         /* old, of what lies before them; MOLT_NO_TYPE: nothing does */
    uint64_t head, head_after; /* its size in the old and in the new state */
    uint32_t span, index; /* of the old block */
    uint64_t room; /* of a new block: the span that it is in, of those of the new blocks */
    const char *problem;  /* why the block keeps its bytes; NULL: it gets the type */
    const char
        *other; /* "Vel game.c:9": what else may lie there, as the sources say; NULL: nothing */
    bool renumbered; /* the problem is one of every edit: its numbers would be read as others */
    MoltTypeId owner;     /* the new struct with the note, and its field */
    uint32_t field;
    bool offered; /* only a kept pointer says so (attic_retype.h), */
    bool held;    /* and something else leads to it, so that it keeps its bytes */
    uint32_t number; /* while it is committed: of the attic's for the block, + 1; 0: none */
    uint64_t within; /* while blocks are looked for: 1 + the item whose elements lead to it; 0: none */
} MoltRetyped;

typedef struct MoltRetypes {
    MoltRetyped *items;
    uint64_t count, slots;
    uint64_t *places; /* by address of the block: 1 + its item, open addressing; while they are looked for */
    uint64_t place_count;
    bool settled;    /* whether an offered block is held is known */
    uint64_t within; /* what is walked through, as in an item */
    struct MoltSpan *spans; /* of the new blocks; their types are those of the new schema */
    uint64_t span_count, span_slots;
} MoltRetypes;

/* Finds the blocks and makes the new ones. Before anything is converted. */
void molt__retype_find(struct MoltMigration *m);
/* Converts them. */
void molt__retype_run(struct MoltMigration *m);
/* Every pointer of the running state is known by now: offered blocks that none leads to are taken. */
void molt__retype_settle_offers(struct MoltMigration *m);
/* The block of the old state when a note says what it holds, or NULL. */
const MoltRetyped *molt__retyped(const struct MoltMigration *m, uintptr_t block);
/* The same for something that leads there, which holds an offered block. */
const MoltRetyped *molt__retype_reached(const struct MoltMigration *m, uintptr_t block);
/* It is one, and goes: what it holds is elsewhere in the new state. What asks leads there. */
bool molt__retype_moves(const struct MoltMigration *m, uintptr_t block);
/* How many elements of the old type lie in them. */
uint64_t molt__retype_elements(const struct MoltMigration *m, MoltTypeId type);
/* retype_number.c */
/* A pointer, or an array of them, to numbers of type *from that becomes one to numbers of type *to. */
bool molt__retype_is_number(const struct MoltMigration *m, const MoltField *was,
                            const MoltField *is, MoltTypeId *from, MoltTypeId *to);
/* Numbers of the one type are converted to the other one, also where a kept pointer alone says so: not those
 * of one byte. */
bool molt__retype_converts(const MoltSchema *before, MoltTypeId from, const MoltSchema *after,
                           MoltTypeId to);
/* Offers to make a block of numbers one of type `to`, for a kept pointer that returns to `field`. */
void molt__retype_offer(struct MoltMigration *m, uintptr_t block, MoltTypeId to, MoltTypeId owner,
                        uint32_t field);
bool molt__retype_number_fits(const struct MoltMigration *m, const MoltRetyped *item);
void molt__retype_number_run(const struct MoltMigration *m, const MoltRetyped *item);
/* Behind molt__retype_free_old: spans that this emptied go with their serials, where they are the last of
 * their type, so that undoing the edit names the blocks as before. */
void molt__retype_number_trim(struct MoltMigration *m);
/* A place in such a block as one in its whole objects; any other one stays. */
void molt__retype_place(const struct MoltMigration *m, MoltPlace *place);
void molt__retype_report(struct MoltMigration *m);
/* Registers the new blocks, after the heap has its new schema; then the old ones can be freed, once
 * nobody asks about the old state. Neither can fail. */
void molt__retype_commit(struct MoltMigration *m);
void molt__retype_free_old(struct MoltMigration *m);
void molt__retype_discard(struct MoltMigration *m);
void molt__retype_release(struct MoltMigration *m); /* the tables, after either */

#endif
