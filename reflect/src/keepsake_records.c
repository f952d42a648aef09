/* The values of a page. A record is its bytes as they are in memory, whose layout follows from the
 * runs, and for each value a bit that says whether its place still holds what the edits left.
 * Addresses among what they left mean nothing elsewhere, so where the bit is set that is taken anew
 * from the state. */
#include "keepsake_parts.h"

#include <string.h>

#include "attic_column.h"
#include "attic_hook.h"
#include "attic_pool.h"

/* ---- where a record's element is -------------------------------------------------------------- */

static const unsigned char *find_pooled(MoltKeepsakes *keep, const MoltAtticSlot *slot,
                                        const unsigned char *start, uint64_t element)
{
    const MoltAtticPage *page = slot->page;
    const MoltPoolBlock *pool = molt__pool_block(&keep->pools, (uintptr_t)start);
    if (!pool)
        return NULL;
    if (page->pool == MOLT__POOL_HEADER)
        return pool->header == slot->type && pool->head > 0 ? start : NULL;
    uint64_t size = molt_type(keep->schema, slot->type)->size;
    return pool->type == slot->type && element < pool->count ? start + pool->head + element * size
                                                             : NULL;
}

/* NULL where it is gone, or no such object. */
static const unsigned char *find_element(MoltKeepsakes *keep, const MoltAtticSlot *slot,
                                         const unsigned char *record)
{
    const MoltAttic *attic = molt__coder_reads(&keep->coder) ? &keep->attic : &keep->heap->attic;
    const MoltAtticPage *page = slot->page;
    const MoltAtticBlock *block = &attic->blocks[molt__record_word(record, 0)];
    uint64_t element = molt__record_word(record, 1);
    if (block->span == MOLT__NO_SPAN)
        return NULL;
    const MoltSpan *span = &keep->heap->spans[block->span];
    if (page->pool != MOLT__POOL_NONE)
        return find_pooled(keep, slot, molt__span_block(span, block->index), element);
    bool counts = page->tail || span->header == 0;
    if (span->type != slot->type || (counts && element >= block->count) ||
        (page->tail && span->header == 0))
        return NULL;
    return molt__attic_element(span, block->index, element, page->tail);
}

/* ---- what the edits left ---------------------------------------------------------------------- */

static uint64_t bit_bytes(const MoltAtticPage *page)
{
    return (page->open_bits + 7) / 8;
}

static bool is_left(const MoltHeap *heap, const MoltAtticRun *run, uint64_t i,
                    const unsigned char *element, const unsigned char *record)
{
    const MoltLeaf *is = &run->is;
    return molt__leaf_equals(heap, is, element + is->at + i * is->stride,
                             record + run->left_at + i * molt__leaf_sample_size(is)) &&
           molt__attic_watch_equals(run, i, element, record);
}

/* Sets the bits of a record that is written. */
static void compare(MoltKeepsakes *keep, const MoltAtticPage *page, const unsigned char *element,
                    const unsigned char *record, unsigned char *same)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        for (uint64_t i = 0; run->placed && i < run->was.count; i++) {
            uint64_t bit = run->open_at + i;
            if (molt__record_is_open(record, bit) && is_left(keep->heap, run, i, element, record))
                same[bit / 8] |= (unsigned char)(1u << (bit % 8));
        }
    }
}

/* Takes what a record that was read leaves from its object; a pointer that the game wrote since is
 * known by nothing any more. */
static void sample(MoltKeepsakes *keep, const MoltAtticPage *page, const unsigned char *element,
                   unsigned char *record, const unsigned char *same)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        const MoltLeaf *is = &run->is;
        bool pointer = is->kind == MOLT__LEAF_POINTER || is->kind == MOLT__LEAF_STRING;
        for (uint64_t i = 0; run->placed && i < run->was.count; i++) {
            uint64_t bit = run->open_at + i;
            if (((unsigned)same[bit / 8] >> (bit % 8) & 1u) != 0 && element) {
                molt__leaf_sample(keep->heap, is, element + is->at + i * is->stride,
                                  record + run->left_at + i * molt__leaf_sample_size(is));
                molt__attic_watch_sample(run, i, element, record);
            } else if (pointer) {
                molt__record_close(record, bit);
            }
        }
    }
}

/* ---- records ---------------------------------------------------------------------------------- */

static uint64_t digest_of(const MoltAtticPage *page, const unsigned char *record)
{
    uint64_t digest = 0;
    if (page->watched_count > 0)
        memcpy(&digest, record + page->digest_at, sizeof digest);
    return digest;
}

static void write_record(MoltKeepsakes *keep, const MoltAtticSlot *slot,
                         const unsigned char *record, unsigned char *same)
{
    const MoltAtticPage *page = slot->page;
    const unsigned char *element = find_element(keep, slot, record);
    uint64_t digest = digest_of(page, record);
    bool unwritten =
        element && digest != 0 && molt__attic_digest(keep->heap, page, element) == digest;
    memset(same, 0, bit_bytes(page) + 1);
    if (element)
        compare(keep, page, element, record, same);
    molt__code_bytes(&keep->coder, (void *)(uintptr_t)record, page->stride); /* only read */
    molt__code_bytes(&keep->coder, same, bit_bytes(page));
    molt__code_bool(&keep->coder, &unwritten);
}

/* Kept pointers are references. */
static void check_refs(MoltKeepsakes *keep, const MoltAtticPage *page, const unsigned char *record)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        bool pointer = run->was.kind == MOLT__LEAF_POINTER || run->was.kind == MOLT__LEAF_STRING;
        for (uint64_t i = 0; pointer && i < run->was.count; i++) {
            uint64_t ref;
            memcpy(&ref, record + run->kept_at + i * run->was.size, sizeof ref);
            molt__coder_check(&keep->coder,
                              ref <= page->ref_count ||
                                  !molt__record_is_open(record, run->open_at + i),
                              "a pointer is not there");
        }
    }
}

static void read_record(MoltKeepsakes *keep, const MoltAtticSlot *slot, unsigned char *record,
                        unsigned char *same)
{
    MoltCoder *coder = &keep->coder;
    MoltAttic *attic = &keep->attic;
    const MoltAtticPage *page = slot->page;
    bool unwritten = false;
    molt__code_bytes(coder, record, page->stride);
    molt__code_bytes(coder, same, bit_bytes(page));
    molt__code_bool(coder, &unwritten);
    uint32_t number = molt__record_word(record, 0);
    if (!molt__coder_check(coder, number < attic->block_count, "a record is of no object"))
        return;
    attic->blocks[number].uses++;
    attic->blocks[number].records++;
    check_refs(keep, page, record);
    const unsigned char *element = find_element(keep, slot, record);
    sample(keep, page, element, record, same);
    if (page->watched_count > 0) {
        uint64_t digest = unwritten && element ? molt__attic_digest(keep->heap, page, element) : 0;
        memcpy(record + page->digest_at, &digest, sizeof digest);
    }
}

static void code_records(MoltKeepsakes *keep, MoltAtticSlot *slot)
{
    MoltCoder *coder = &keep->coder;
    MoltAtticPage *page = slot->page;
    uint64_t each = page->stride + bit_bytes(page) + 1, bits = bit_bytes(page) + 1;
    molt__code_count(coder, &page->count, each);
    if (molt__coder_reads(coder)) {
        page->records = molt__code_table(coder, page->count, page->stride);
        page->record_bytes = page->records ? page->count * page->stride : 0;
        page->count = page->records ? page->count : 0;
    }
    unsigned char *same = coder->allocator.resize(coder->allocator.context, NULL, 0, bits);
    if (!same)
        molt__coder_starve(coder);
    for (uint64_t r = 0; r < page->count && molt__coder_good(coder); r++) {
        unsigned char *record = page->records + r * page->stride;
        if (molt__coder_reads(coder))
            read_record(keep, slot, record, same);
        else
            write_record(keep, slot, record, same);
    }
    molt__code_free(coder, same, bits, 1);
}

/* One record that speaks of all. */
static void code_blank(MoltKeepsakes *keep, MoltAtticPage *page)
{
    MoltCoder *coder = &keep->coder;
    if (molt__coder_reads(coder)) {
        molt__coder_check(coder, page->stride <= coder->size - coder->at, "a record is missing");
        page->records = molt__code_table(coder, page->stride, 1);
        page->record_bytes = page->records ? page->stride : 0;
    }
    if (!page->records || !molt__coder_good(coder))
        return;
    molt__code_bytes(coder, page->records, page->stride);
    if (molt__coder_reads(coder) && molt__coder_good(coder))
        check_refs(keep, page, page->records);
}

static void code_columns(MoltKeepsakes *keep, MoltAtticPage *page)
{
    MoltCoder *coder = &keep->coder;
    uint64_t width = molt__attic_columns_width(page);
    molt__coder_check(coder, width > 0, "columns are empty");
    molt__code_count(coder, &page->count, width > 0 ? width : 1);
    if (molt__coder_reads(coder)) {
        page->records = molt__code_table(coder, page->count, width);
        page->record_bytes = page->records ? page->count * width : 0;
        page->count = page->records ? page->count : 0;
        molt__attic_columns_lay_out(page, page->count);
    }
    for (uint64_t r = 0; r < page->run_count && molt__coder_good(coder); r++) {
        const MoltAtticRun *run = &page->runs[r];
        molt__code_bytes(coder, page->records + run->kept_column,
                         page->count * molt__attic_kept_size(&run->was));
        molt__code_bytes(coder, page->records + run->left_column,
                         page->count * molt__attic_column_left_size(run));
    }
}

void molt__keep_records(MoltKeepsakes *keep, MoltAtticSlot *slot)
{
    MoltAtticPage *page = slot->page;
    if (!molt__coder_good(&keep->coder))
        return;
    if (page->columns)
        code_columns(keep, page);
    else if (page->edit != 0)
        code_blank(keep, page);
    else
        code_records(keep, slot);
}
