/* One way of what a session keeps, out of a heap or into one, shared by keepsake_*.c. Each part is
 * coded by one function for both ways. It must never know where the bytes are.
 *
 *   schemas | versions | spans | numbers | the attic itself | rows | pages | what moved
 *
 * Spans are named by how many come before them, in order of types and numbers of blocks; types by
 * their ids, which are the same on both sides. Reading makes everything beside the heap; the last step
 * cannot fail.
 *
 * Invariant: what has been read is within the bounds of its types and tables, whoever wrote it. */
#ifndef MOLT_KEEPSAKE_PARTS_H
#define MOLT_KEEPSAKE_PARTS_H

#include "attic_page.h"
#include "keepsake_coder.h"
#include "pool_blocks.h"
#include "row_stand.h"
#include "version.h"

/* What a span of the heap gets. */
typedef struct MoltSpanMarks {
    uint32_t *kept;
    uint32_t *births;
    uint64_t *made;
    uint32_t birth, hooked_in;
    bool known, stands_in, in_columns;
} MoltSpanMarks;

typedef struct MoltKeepsakes {
    MoltCoder coder;
    const MoltHeap *heap; /* that is written */
    MoltHeap *into;       /* that is read into; until the end only its new spans are its own */
    const MoltSchema *schema;
    const MoltSchema **listed; /* writing: the schemas that are there, each once */
    MoltSchema **schemas;      /* reading: the same, made of the bytes */
    uint32_t schema_count;
    uint32_t *spans; /* writing: ordinals by span of the heap; reading: spans by ordinal */
    uint32_t span_count;
    uint32_t *guests; /* reading: spans that were made here, of kept types */
    uint32_t guest_count;
    MoltSpanMarks *marks; /* reading: by span of the heap */
    uint32_t mark_count;
    MoltPoolBlocks pools;
    MoltVersion *versions[MOLT_SCHEMA_VERSIONS];
    uint32_t version_count;
    MoltAttic attic; /* reading: what is made */
} MoltKeepsakes;

/* keepsake_schemas.c */
/* The schemas of versions and of the attic's edits; the first one is the heap's. */
void molt__keep_schemas(MoltKeepsakes *keep);
/* Which of them, of `schema`; reading: the one that was meant, which stays this list's, NULL
 * after a failure. */
const MoltSchema *molt__keep_schema(MoltKeepsakes *keep, const MoltSchema *schema);
/* The versions of the session, and which layouts had hooks. */
void molt__keep_versions(MoltKeepsakes *keep);
void molt__keep_schemas_free(MoltKeepsakes *keep);

/* keepsake_spans.c */
/* The spans, their marks, and the objects that wait for their type. */
void molt__keep_spans(MoltKeepsakes *keep);
/* A span of the heap; MOLT__NO_SPAN stays that, and so becomes one that the heap does not have. */
void molt__keep_span(MoltKeepsakes *keep, uint32_t *span);
/* Blocks with numbers; then, once it is known which are in use, the rest of them. */
void molt__keep_numbers(MoltKeepsakes *keep);
void molt__keep_settle_numbers(MoltKeepsakes *keep);
/* The heap has them now. Cannot fail. */
void molt__keep_spans_commit(MoltKeepsakes *keep);
/* Frees all; the heap is without new spans unless they were committed. */
void molt__keep_spans_free(MoltKeepsakes *keep);
/* A block of `span` is live; reading: no more than that is sure. */
bool molt__keep_is_block(const MoltHeap *heap, uint32_t span, uint32_t block);

/* keepsake_pages.c */
void molt__keep_pages(MoltKeepsakes *keep);
/* keepsake_places.c: of which objects a blank page does not speak, which ones columns are of, and
 * which of these have moved. */
void molt__keep_others(MoltKeepsakes *keep, MoltAtticPage *page);
void molt__keep_stretches(MoltKeepsakes *keep, MoltAtticSlot *slot);
void molt__keep_moved(MoltKeepsakes *keep);
/* keepsake_records.c: the values of a page. */
void molt__keep_records(MoltKeepsakes *keep, MoltAtticSlot *slot);
/* The sizes of its elements before the edit and now; false when it cannot have such. */
bool molt__keep_element_sizes(const MoltKeepsakes *keep, const MoltAtticSlot *slot, uint64_t *was,
                              uint64_t *is);

#endif
