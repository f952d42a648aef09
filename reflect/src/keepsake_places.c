/* Where the objects of a page are that have no numbers: those of columns, and those of which a blank
 * page does not speak. */
#include "keepsake_parts.h"

#include <stdlib.h>
#include <string.h>

#include "attic_column.h"
#include "attic_pool.h"

/* ---- of blank pages --------------------------------------------------------------------------- */

static int compare_losses(const void *a, const void *b)
{
    const MoltLoss *x = a, *y = b;
    if (x->span != y->span)
        return x->span < y->span ? -1 : 1;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    return x->element < y->element ? -1 : x->element > y->element;
}

void molt__keep_others(MoltKeepsakes *keep, MoltAtticPage *page)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &page->other_count, 18);
    if (reads)
        page->others = molt__code_table(coder, page->other_count, sizeof *page->others);
    if (reads)
        page->other_count = page->others ? page->other_count : 0;
    for (uint64_t o = 0; o < page->other_count && molt__coder_good(coder); o++) {
        MoltLoss loss = page->others[o];
        molt__keep_span(keep, &loss.span);
        molt__code_u32(coder, &loss.block);
        molt__code_u32(coder, &loss.blocks);
        molt__code_u32(coder, &loss.element);
        molt__code_bool(coder, &loss.tail);
        molt__code_u8(coder, &loss.pool);
        molt__coder_check(coder, loss.pool <= MOLT__POOL_HEADER && loss.blocks > 0,
                          "a place is none");
        if (reads)
            page->others[o] = loss;
    }
    if (reads && page->other_count > 1)
        qsort(page->others, page->other_count, sizeof *page->others, compare_losses);
}

/* ---- of columns ------------------------------------------------------------------------------- */

static int compare_stretches(const void *a, const void *b)
{
    const MoltAtticStretch *x = a, *y = b;
    if (x->span != y->span)
        return x->span < y->span ? -1 : 1;
    return x->block < y->block ? -1 : x->block > y->block;
}

/* The objects of the stretch are single ones of the page's type, as far as they are there. */
static bool is_there(const MoltKeepsakes *keep, const MoltAtticSlot *slot,
                     const MoltAtticStretch *stretch)
{
    const MoltHeap *heap = keep->into;
    const MoltSpan *span = stretch->span < heap->span_count ? &heap->spans[stretch->span] : NULL;
    return span && span->bytes > 0 && span->type == slot->type && !span->counts &&
           span->header == 0 && stretch->block < span->blocks &&
           stretch->blocks <= span->blocks - stretch->block;
}

/* Takes the records of those that live. */
static void settle_stretch(MoltKeepsakes *keep, MoltAtticSlot *slot,
                           const MoltAtticStretch *stretch, const uint64_t *alive)
{
    for (uint32_t b = 0; b < stretch->blocks; b++) {
        uint64_t record = stretch->first + b, bit = (uint64_t)1 << (record % 64);
        if ((alive[record / 64] & bit) == 0 ||
            !molt__keep_is_block(keep->into, stretch->span, stretch->block + b))
            continue;
        slot->alive[record / 64] |= bit;
        slot->live++;
    }
    keep->marks[stretch->span].in_columns = true;
}

/* Leaves out stretches of spans that are empty by now, and in no file. */
static void drop_missing(MoltKeepsakes *keep, MoltAtticSlot *slot)
{
    MoltAtticPage *page = slot->page;
    uint64_t count = 0, all = page->stretch_count;
    MoltAtticStretch *old = page->stretches, *kept;
    for (uint64_t s = 0; s < all; s++) {
        if (is_there(keep, slot, &old[s]))
            old[count++] = old[s];
    }
    kept = molt__code_table(&keep->coder, count, sizeof *kept);
    if (kept)
        memcpy(kept, old, count * sizeof *kept);
    molt__code_free(&keep->coder, old, all, sizeof *old);
    page->stretches = kept;
    page->stretch_count = kept ? count : 0;
}

static void settle_stretches(MoltKeepsakes *keep, MoltAtticSlot *slot, const uint64_t *bits)
{
    MoltCoder *coder = &keep->coder;
    MoltAtticPage *page = slot->page;
    uint64_t bytes = molt__attic_alive_bytes(page->count), next = 0;
    uint64_t *alive = molt__code_table(coder, bytes, 1);
    slot->alive = molt__code_table(coder, bytes, 1);
    if (alive && bits)
        memcpy(alive, bits, bytes);
    for (uint64_t s = 0; s < page->stretch_count && molt__coder_good(coder); s++) {
        const MoltAtticStretch *at = &page->stretches[s];
        if (molt__coder_check(
                coder, at->first == next && at->blocks > 0 && at->blocks <= page->count - next,
                "columns have gaps"))
            next += at->blocks;
    }
    molt__coder_check(coder, next == page->count, "columns have gaps");
    drop_missing(keep, slot);
    if (page->stretch_count > 1)
        qsort(page->stretches, page->stretch_count, sizeof *page->stretches, compare_stretches);
    for (uint64_t s = 0; s < page->stretch_count && slot->alive && molt__coder_good(coder); s++) {
        const MoltAtticStretch *at = &page->stretches[s], *before = s > 0 ? at - 1 : NULL;
        bool apart = !before || before->span != at->span ||
                     (uint64_t)before->block + before->blocks <= at->block;
        if (molt__coder_check(coder, apart, "columns overlap"))
            settle_stretch(keep, slot, at, alive);
    }
    molt__code_free(coder, alive, bytes, 1);
}

void molt__keep_stretches(MoltKeepsakes *keep, MoltAtticSlot *slot)
{
    MoltCoder *coder = &keep->coder;
    MoltAtticPage *page = slot->page;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &page->stretch_count, 20);
    if (reads)
        page->stretches = molt__code_table(coder, page->stretch_count, sizeof *page->stretches);
    if (reads)
        page->stretch_count = page->stretches ? page->stretch_count : 0;
    for (uint64_t s = 0; s < page->stretch_count && molt__coder_good(coder); s++) {
        MoltAtticStretch stretch = page->stretches[s];
        molt__keep_span(keep, &stretch.span);
        molt__code_u32(coder, &stretch.block);
        molt__code_u32(coder, &stretch.blocks);
        molt__code_u64(coder, &stretch.first);
        if (reads)
            page->stretches[s] = stretch;
    }
    uint64_t bytes = molt__attic_alive_bytes(page->count);
    if (!reads) {
        molt__code_bytes(coder, slot->alive, bytes);
        return;
    }
    const void *bits = molt__code_view(coder, bytes);
    molt__coder_check(coder, page->count > 0 && page->stretch_count > 0 && bits,
                      "columns are empty");
    if (molt__coder_good(coder))
        settle_stretches(keep, slot, bits);
}

/* ---- what moved ------------------------------------------------------------------------------- */

void molt__keep_moved(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    const MoltAttic *from = &keep->heap->attic;
    MoltAttic *attic = &keep->attic;
    bool reads = molt__coder_reads(coder);
    uint64_t count = from->moved_count;
    molt__code_count(coder, &count, 20);
    if (reads) {
        attic->moved = molt__code_table(coder, count, sizeof *attic->moved);
        attic->moved_slots = attic->moved_count = attic->moved ? count : 0;
    }
    for (uint64_t i = 0; i < count && molt__coder_good(coder); i++) {
        MoltAtticMoved moved = {0};
        uint64_t page = 0;
        if (!reads)
            moved = from->moved[i];
        while (!reads && from->pages[page].page != moved.page)
            page++;
        molt__code_u64(coder, &page);
        molt__code_u64(coder, &moved.record);
        molt__code_u32(coder, &moved.number);
        if (!reads)
            continue;
        const MoltAtticSlot *slot = page < attic->page_count ? &attic->pages[page] : NULL;
        if (!molt__coder_check(coder,
                               slot && slot->alive && moved.record < slot->page->count &&
                                   !molt__attic_column_is_alive(slot, moved.record) &&
                                   moved.number < attic->block_count,
                               "what moved is of no page"))
            return;
        moved.page = slot->page;
        attic->blocks[moved.number].uses++;
        attic->blocks[moved.number].records++;
        attic->moved[i] = moved;
    }
}
