#include "attic_column.h"

#include <string.h>

#include "migration.h"
#include "strided_copy.h"

/* ---- bits ------------------------------------------------------------------------------------ */

static uint64_t words(uint64_t records)
{
    return (records + 63) / 64;
}

static void clear(MoltAttic *attic, MoltAtticSlot *slot, uint64_t record)
{
    slot->alive[record / 64] &= ~((uint64_t)1 << (record % 64));
    slot->live--;
    attic->records--;
}

/* The first stretch that does not lie before a block. */
static uint64_t find_stretch(const MoltAtticPage *page, uint32_t span, uint32_t block)
{
    uint64_t low = 0, high = page->stretch_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const MoltAtticStretch *at = &page->stretches[middle];
        if (at->span < span || (at->span == span && at->block + at->blocks <= block))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The record of a block that is where it was; false when there is none. */
static bool find_record(const MoltAtticSlot *slot, uint32_t span, uint32_t block, uint64_t *record)
{
    const MoltAtticPage *page = slot->page;
    uint64_t s = find_stretch(page, span, block);
    const MoltAtticStretch *at = &page->stretches[s];
    if (s == page->stretch_count || at->span != span || block < at->block)
        return false;
    *record = at->first + (block - at->block);
    return molt__attic_column_is_alive(slot, *record);
}

/* ---- what happens to blocks while the game runs ----------------------------------------------- */

void molt__attic_columns_forget(MoltHeap *heap, uint32_t span, uint32_t block)
{
    MoltAttic *attic = &heap->attic;
    uint64_t record;
    for (uint64_t p = 0; p < attic->page_count; p++) {
        MoltAtticSlot *slot = &attic->pages[p];
        if (slot->alive && find_record(slot, span, block, &record))
            clear(attic, slot, record);
    }
}

void molt__attic_columns_forget_span(MoltHeap *heap, uint32_t span)
{
    MoltAttic *attic = &heap->attic;
    for (uint64_t p = 0; p < attic->page_count; p++) {
        MoltAtticSlot *slot = &attic->pages[p];
        const MoltAtticPage *page = slot->page;
        uint64_t s = slot->alive ? find_stretch(page, span, 0) : 0;
        for (; slot->alive && s < page->stretch_count && page->stretches[s].span == span; s++) {
            const MoltAtticStretch *at = &page->stretches[s];
            for (uint64_t r = at->first; r < at->first + at->blocks; r++) {
                if (molt__attic_column_is_alive(slot, r))
                    clear(attic, slot, r);
            }
        }
    }
}

static bool make_moved(MoltHeap *heap)
{
    MoltAttic *attic = &heap->attic;
    if (attic->moved_count < attic->moved_slots)
        return true;
    uint64_t slots = attic->moved_slots > 0 ? attic->moved_slots * 2 : 16;
    MoltAtticMoved *moved =
        heap->allocator.resize(heap->allocator.context, attic->moved,
                               attic->moved_slots * sizeof *moved, slots * sizeof *moved);
    if (!moved)
        return false;
    attic->moved = moved;
    attic->moved_slots = slots;
    return true;
}

/* Room for one number; more of them at a time, because blocks move one after the other. */
static bool make_number(MoltHeap *heap, uint32_t span)
{
    const MoltAttic *attic = &heap->attic;
    bool none = attic->free == MOLT__NO_SPAN && attic->block_count == attic->block_slots;
    return molt__attic_number_span(heap, span) &&
           (!none || molt__attic_make_numbers(heap, 16 + attic->block_count / 2));
}

bool molt__attic_columns_follow(MoltHeap *heap, uint32_t span, uint32_t block)
{
    MoltAttic *attic = &heap->attic;
    uint64_t record;
    for (uint64_t p = 0; p < attic->page_count; p++) {
        MoltAtticSlot *slot = &attic->pages[p];
        if (!slot->alive || !find_record(slot, span, block, &record))
            continue;
        if (!make_moved(heap) || !make_number(heap, span))
            return false;
        uint32_t number = molt__attic_number(heap, span, block);
        attic->moved[attic->moved_count++] = (MoltAtticMoved){slot->page, record, number};
        clear(attic, slot, record);
        molt__attic_use(heap, number, true);
    }
    return true;
}

/* ---- filing ---------------------------------------------------------------------------------- */

static bool is_plain(const MoltAtticRun *run)
{
    bool value = run->was.kind == MOLT__LEAF_BYTES || run->was.kind == MOLT__LEAF_BITS ||
                 run->was.kind == MOLT__LEAF_TEXT;
    return value && run->was.guard_count == 0 && run->is.guard_count == 0 &&
           run->watch_count == 0 && run->hooked == 0 && !run->aims && !run->copy && !run->op->keeps;
}

static bool is_of(const MoltMigration *m, const MoltAtticPage *page, const MoltLoss *loss)
{
    return m->heap->spans[loss->span].type == page->type && loss->tail == page->tail;
}

bool molt__attic_columns_plain(const MoltAtticPage *page)
{
    bool plain = !page->partial;
    for (uint64_t r = 0; r < page->run_count && plain; r++)
        plain = is_plain(&page->runs[r]);
    return plain;
}

bool molt__attic_columns_fit(const MoltMigration *m, const MoltAtticPage *page)
{
    bool plain = !page->tail && page->pool == 0 && m->attic.returned_count == 0 &&
                 molt__attic_columns_plain(page);
    for (uint64_t l = 0; l < m->attic.loss_count && plain; l++) {
        const MoltLoss *loss = &m->attic.losses[l];
        const MoltSpan *span = &m->heap->spans[loss->span];
        if (is_of(m, page, loss))
            plain = !span->counts && span->header == 0 && m->spans[loss->span].bytes > 0;
    }
    return plain;
}

uint64_t molt__attic_columns_width(const MoltAtticPage *page)
{
    uint64_t width = 0;
    for (uint64_t r = 0; r < page->run_count; r++)
        width += molt__attic_kept_size(&page->runs[r].was) +
                 molt__attic_column_left_size(&page->runs[r]);
    return width;
}

/* Values of a leaf in `n` objects, those of one object behind each other. */
static void gather_leaf(unsigned char *to, const unsigned char *objects, uint64_t stride,
                        const MoltLeaf *leaf, uint64_t n)
{
    const unsigned char *from = objects + leaf->at;
    if (leaf->count == 1 || leaf->stride == leaf->size) {
        uint64_t size = leaf->count * leaf->size;
        molt__strided_copy(to, size, from, stride, size, n);
        return;
    }
    for (uint64_t i = 0; i < n; i++, from += stride, to += leaf->count * leaf->size)
        molt__strided_copy(to, leaf->size, from, leaf->stride, leaf->size, leaf->count);
}

void molt__attic_columns_lay_out(MoltAtticPage *page, uint64_t records)
{
    uint64_t at = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        MoltAtticRun *run = &page->runs[r];
        run->kept_column = at;
        at += records * molt__attic_kept_size(&run->was);
        run->left_column = at;
        at += records * molt__attic_column_left_size(run);
    }
}

void molt__attic_columns_close_up(MoltAtticPage *page)
{
    uint64_t at = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        MoltAtticRun *run = &page->runs[r];
        uint64_t kept = page->count * molt__attic_kept_size(&run->was);
        uint64_t left = page->count * molt__attic_column_left_size(run);
        if (at != run->kept_column)
            memmove(page->records + at, page->records + run->kept_column, kept);
        if (at + kept != run->left_column)
            memmove(page->records + at + kept, page->records + run->left_column, left);
        run->kept_column = at;
        run->left_column = at + kept;
        at += kept + left;
    }
}

static bool add_stretches(MoltMigration *m, MoltAtticPage *page)
{
    uint64_t count = 0, first = 0;
    for (uint64_t l = 0; l < m->attic.loss_count; l++)
        count += is_of(m, page, &m->attic.losses[l]);
    page->stretches = molt__migration_table(m, count, sizeof *page->stretches);
    page->stretch_count = page->stretches ? count : 0;
    count = 0;
    for (uint64_t l = 0; l < m->attic.loss_count && page->stretches; l++) {
        const MoltLoss *loss = &m->attic.losses[l];
        if (!is_of(m, page, loss))
            continue;
        page->stretches[count++] = (MoltAtticStretch){loss->span, loss->block, loss->blocks, first};
        first += loss->blocks;
    }
    return page->stretches != NULL;
}

static bool is_filled(uint64_t filled, uint64_t run)
{
    return run < 64 && (filled >> run & 1) != 0;
}

void molt__attic_columns_keep(MoltAtticPage *page, uint64_t first, const unsigned char *objects,
                              uint64_t stride, uint64_t n, uint64_t filled)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        if (!is_filled(filled, r))
            gather_leaf(page->records + run->kept_column + first * molt__attic_kept_size(&run->was),
                        objects, stride, &run->was, n);
    }
}

void molt__attic_columns_leave_behind(MoltAtticPage *page, uint64_t first,
                                      const unsigned char *objects, uint64_t stride, uint64_t n,
                                      uint64_t filled)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        MoltLeaf is = run->is;
        is.count = run->was.count;
        if (run->placed && !is_filled(filled, r))
            gather_leaf(page->records + run->left_column +
                            first * molt__attic_column_left_size(run),
                        objects, stride, &is, n);
    }
}

bool molt__attic_columns_leave_bytes(const MoltAtticPage *page)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        if (page->runs[r].placed && page->runs[r].is.kind != MOLT__LEAF_BYTES)
            return false;
    }
    return true;
}

/* All values of as many objects as stay in the first cache, before the next ones. */
static void keep_all(const MoltMigration *m, MoltAtticPage *page)
{
    for (uint64_t s = 0; s < page->stretch_count; s++) {
        const MoltAtticStretch *stretch = &page->stretches[s];
        const MoltSpan *span = &m->heap->spans[stretch->span];
        for (uint32_t b = 0; b < stretch->blocks; b += MOLT__BATCH) {
            uint64_t n = stretch->blocks - b < MOLT__BATCH ? stretch->blocks - b : MOLT__BATCH;
            molt__attic_columns_keep(page, stretch->first + b,
                                     molt__span_block(span, stretch->block + b), span->stride, n, 0);
        }
    }
}

static bool make_columns(MoltMigration *m, MoltAtticPage *page)
{
    uint64_t bytes = page->count * molt__attic_columns_width(page);
    page->records = m->allocator.resize(m->allocator.context, NULL, 0, bytes); /* all is written */
    page->record_bytes = page->records ? bytes : 0;
    m->failed = m->failed || !page->records;
    return page->records != NULL;
}

bool molt__attic_columns_fill(MoltMigration *m, MoltAtticPage *page, uint64_t records,
                              MoltAtticSlot *slot)
{
    bool drafted = page->records != NULL;
    page->count = records;
    slot->alive = molt__migration_table(m, words(records), sizeof *slot->alive);
    if (!slot->alive || !add_stretches(m, page) || (!drafted && !make_columns(m, page)))
        return false;
    page->columns = true;
    slot->live = records;
    memset(slot->alive, 0xff, words(records) * sizeof *slot->alive);
    if (!drafted) {
        molt__attic_columns_lay_out(page, records);
        keep_all(m, page);
    }
    return true;
}

/* Where what the edit left is more than bytes. */
static void sample_run(const MoltHeap *heap, MoltAtticPage *page, const MoltAtticRun *run,
                       const MoltAtticStretch *stretch)
{
    const MoltSpan *span = &heap->spans[stretch->span];
    const MoltLeaf *is = &run->is;
    unsigned char *left =
        page->records + run->left_column + stretch->first * molt__attic_column_left_size(run);
    for (uint32_t b = 0; run->placed && b < stretch->blocks; b++) {
        const unsigned char *value = molt__span_block(span, stretch->block + b) + is->at;
        for (uint64_t i = 0; i < run->was.count; i++, value += is->stride) {
            molt__leaf_sample(heap, is, value, left);
            left += molt__leaf_sample_size(is);
        }
    }
}

void molt__attic_columns_sample(const MoltHeap *heap, MoltAtticPage *page)
{
    bool bytes = molt__attic_columns_leave_bytes(page);
    for (uint64_t s = 0; s < page->stretch_count && !page->sampled; s++) {
        const MoltAtticStretch *stretch = &page->stretches[s];
        const MoltSpan *span = &heap->spans[stretch->span];
        if (bytes) {
            molt__attic_columns_leave_behind(page, stretch->first,
                                             molt__span_block(span, stretch->block), span->stride,
                                             stretch->blocks, 0);
            continue;
        }
        for (uint64_t r = 0; r < page->run_count; r++)
            sample_run(heap, page, &page->runs[r], stretch);
    }
    page->sampled = true;
}

/* ---- the end of a page ------------------------------------------------------------------------- */

void molt__attic_columns_leave(MoltHeap *heap, MoltAtticSlot *slot)
{
    MoltAttic *attic = &heap->attic;
    uint64_t kept = 0;
    if (!slot->alive)
        return;
    attic->records -= slot->live;
    for (uint64_t i = 0; i < attic->moved_count; i++) {
        if (attic->moved[i].page == slot->page)
            molt__attic_unuse(heap, attic->moved[i].number, true);
        else
            attic->moved[kept++] = attic->moved[i];
    }
    attic->moved_count = kept;
    molt__attic_slot_free(&heap->allocator, slot);
}
