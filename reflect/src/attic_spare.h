/* Memory of columns that went with their page, for those of a page that comes: edits are undone and
 * made again, and memory that the system gives anew costs as much as to fill it. It must never know
 * what was in it.
 *
 * Invariant: `bytes` is not NULL exactly where `size` is not 0, and nothing else refers to it. */
#ifndef MOLT_ATTIC_SPARE_H
#define MOLT_ATTIC_SPARE_H

#include "heap_span.h"

struct MoltAtticPage;

/* Room for at least `*size` bytes, of any content, which the caller has then; *size becomes what it
 * is. NULL, with nothing done, when memory is out. */
unsigned char *molt__attic_spare_take(MoltHeap *heap, uint64_t *size);
/* Takes the columns of a page that nobody else shares and that is about to be dropped, unless they
 * are small or the heap's spare memory is large enough. */
void molt__attic_spare_give(MoltHeap *heap, struct MoltAtticPage *page);
void molt__attic_spare_free(MoltHeap *heap);

#endif
