/* The heap: host-owned memory in which every persistent object lives. It knows type, element count
 * and liveness of each block, and maps any address to them. It must never know libraries, frames or
 * how a migration decides; it only holds blocks of the running schema's types.
 *
 * One range of addresses is reserved at creation and cut into spans. A span holds equal blocks of
 * one type, or one large array:
 *
 *   range:  | span 0 (Ant x1) | span 1 (char x8) | span 2 (Tile x4096) | free ...
 *   span:   | block 0 | block 1 | ... |        block: elements, then at least one byte of slack
 *
 * A struct that ends in a flexible array makes a block of its own: the struct up to its array, then the
 * elements. Such a block is one object of its type, and its count is that of the array.
 *
 * The slack keeps one-past-the-end apart from the next block. Allocation takes the lowest free
 * block of the lowest span, so that where objects lie follows from the calls alone: two runs that
 * make the same calls, with or without reloads between them, number their blocks alike. */
#ifndef MOLT_HEAP_H
#define MOLT_HEAP_H

#include <stdbool.h>

#include "schema.h"

typedef struct MoltHeap MoltHeap;

/* Zero means the default. */
typedef struct MoltHeapDesc {
    uint64_t reserve; /* bytes of address space; default 64 GiB; rounded up to 64 KiB */
    uintptr_t base;   /* wanted address; default a fixed one; another is taken where it is in use */
    const MoltAllocator *allocator; /* for bookkeeping, not for blocks */
    uint64_t attic_limit; /* bytes for values that edits took away (attic.h); default 64 MiB */
    bool no_attic; /* they are gone at once: nobody will undo an edit, as of the state in a file */
} MoltHeapDesc;

/* One live block. */
typedef struct MoltBlock {
    void *start;
    uint64_t count;    /* elements; of a flexible struct, of its array */
    uint64_t capacity; /* elements it can hold without moving */
    uint64_t header;   /* bytes before the elements of a flexible struct's array; else 0 */
    uint64_t serial;   /* number of the block among those of its type; stays through migrations */
    MoltTypeId type;   /* element type in the running schema */
    uint32_t span;
    uint32_t index; /* of the block in its span */
} MoltBlock;

typedef enum MoltPlaceKind {
    MOLT_PLACE_OUTSIDE, /* not in the reserved range */
    MOLT_PLACE_FREE,    /* in the range, but in no live block (never used, freed, or slack) */
    MOLT_PLACE_BLOCK
} MoltPlaceKind;

/* What lies at an address. For MOLT_PLACE_BLOCK: block, element and the byte offset in the element;
 * one past the end of the block's elements is element == count, offset 0. A flexible struct is one
 * element, its array included. */
typedef struct MoltPlace {
    MoltPlaceKind kind;
    MoltBlock block;
    uint64_t element;
    uint64_t offset;
} MoltPlace;

MoltStatus molt_heap_create(const MoltHeapDesc *desc, MoltHeap **out, MoltError *error);
void molt_heap_destroy(MoltHeap *heap); /* NULL allowed; every block is gone with it */

/* Exchanges all that two heaps of one allocator hold: blocks with their addresses, schema, roots and
 * kept values. API table and fault handler stay with each, so that whoever has the heap or its API
 * goes on with the other's contents. Cannot fail. */
void molt_heap_exchange(MoltHeap *a, MoltHeap *b);

/* The schema whose type ids the heap uses. Only valid on a heap without blocks; a migration changes
 * it from then on. The heap keeps the pointer and does not own it. */
MoltStatus molt_heap_set_schema(MoltHeap *heap, const MoltSchema *schema);
const MoltSchema *molt_heap_schema(const MoltHeap *heap);

/* A zeroed block of `count` elements, aligned for the type; NULL when memory is out, `count` is 0
 * or the size overflows. Of a flexible struct one object with `count` elements, which may be 0, in its
 * array. */
void *molt_heap_new(MoltHeap *heap, MoltTypeId type, uint64_t count);
/* Keeps the first min(old, new) elements, zeroes the others, may move the block. NULL on failure,
 * with the block untouched. `block` must be the start of a live block. */
void *molt_heap_resize(MoltHeap *heap, void *block, uint64_t count);
/* False, with nothing done, when `block` is not the start of a live block. */
bool molt_heap_delete(MoltHeap *heap, void *block);

/* Root objects by index in the running schema's roots; NULL until set. */
void molt_heap_set_root(MoltHeap *heap, uint32_t root, void *object);
void *molt_heap_root(const MoltHeap *heap, uint32_t root);

/* Classifies any address without touching it. A few nanoseconds. */
void molt_heap_locate(const MoltHeap *heap, const void *address, MoltPlace *out);

/* Live blocks of a type (MOLT_NO_TYPE: of all types) in order of type, then serial. Start with
 * *cursor = 0; false at the end. Nothing may be allocated or freed meanwhile. */
bool molt_heap_next(const MoltHeap *heap, MoltTypeId type, uint64_t *cursor, MoltBlock *out);

typedef struct MoltHeapStats {
    uint64_t blocks;      /* live */
    uint64_t elements;    /* in live blocks */
    uint64_t live_bytes;  /* of their elements */
    uint64_t block_bytes; /* from the start of each live block to that of the next one */
    uint64_t table_bytes; /* of bookkeeping for their spans */
    uint64_t span_bytes;  /* of address space in spans */
    uint64_t spans;
} MoltHeapStats;
void molt_heap_stats(const MoltHeap *heap, MoltTypeId type, MoltHeapStats *out); /* NO_TYPE: all */

/* About how many bytes the live blocks of each type of the schema take: bytes[] has an entry per type. Quick,
 * and safe while threads of the game allocate. */
void molt_heap_weigh(MoltHeap *heap, uint64_t *bytes);

/* Hash (XXH3, 128 bit) of all live bytes with padding, where they lie, their types and the roots:
 * equal before and after a refused migration. */
MoltHash molt_heap_digest(const MoltHeap *heap);

/* The game's side (molt.h): an API table over this heap, valid as long as the heap. create() on a
 * site whose type is not bound, and destroy(), resize() or count() on what is no live block, call
 * `fault` with a message; it must not return. Without a fault handler, and after one that returned,
 * the process is aborted. */
const MoltHeapApi *molt_heap_api(MoltHeap *heap);
void molt_heap_set_fault(MoltHeap *heap, void (*fault)(void *context, const char *text),
                         void *context);

/* Binds a library's allocation sites and hooks to the schema's type ids after checking each sizeof(T)
 * that the object files saw against the schema. MOLT_INVALID names file, line and both sizes when an
 * object file is stale; nothing is bound then. */
MoltStatus molt_module_bind(const MoltModule *module, const MoltSchema *schema, MoltError *error);

#endif
