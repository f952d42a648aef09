/* Which pages of a range were written since the last question, as the kernel knows it. It must never
 * know what the range holds. */
#ifndef MOLT_DIRTY_PAGES_H
#define MOLT_DIRTY_PAGES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct MoltDirtyPages {
    int faults;  /* a userfaultfd; -1: closed */
    int pagemap; /* of this process */
    uintptr_t base;
    uint64_t bytes;
} MoltDirtyPages;

#define MOLT__DIRTY_PAGES_CLOSED ((MoltDirtyPages){.faults = -1, .pagemap = -1})

/* From now on writes to the range are noticed, also where memory is mapped or opened later. False, with
 * `pages` closed, where the kernel cannot or the process may not. */
bool molt__dirty_pages_open(MoltDirtyPages *pages, uintptr_t base, uint64_t bytes);
/* Nothing is noticed any more. Closed ones are allowed. */
void molt__dirty_pages_close(MoltDirtyPages *pages);

/* Calls `visit` for each stretch among the bytes of the range from offset `first` to `last` that may
 * have been written since the last time, in order, and begins anew with it. False when the kernel does not
 * answer: then some stretches may be lost, and all must be taken for written. */
bool molt__dirty_pages_take(const MoltDirtyPages *pages, uint64_t first, uint64_t last,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context);

/* The same, without beginning anew. */
bool molt__dirty_pages_look(const MoltDirtyPages *pages, uint64_t first, uint64_t last,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context);

/* The pages of these bytes count as written, and writes to them have no faults. */
void molt__dirty_pages_expect(const MoltDirtyPages *pages, uintptr_t begin, uintptr_t end);

#endif
