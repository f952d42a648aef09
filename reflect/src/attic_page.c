#include "attic_page.h"

static void release(const MoltAllocator *allocator, void *block, uint64_t bytes)
{
    if (block)
        allocator->resize(allocator->context, block, bytes, 0);
}

uint64_t molt__attic_kept_size(const MoltLeaf *leaf)
{
    return leaf->count * leaf->size;
}

void molt__attic_page_layout(MoltAtticPage *page)
{
    page->open_bits = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        page->runs[r].open_at = page->open_bits;
        page->open_bits += page->runs[r].was.count;
    }
    page->kept_at = MOLT__RECORD_HEAD + (page->open_bits + 7) / 8;
    page->left_at = page->kept_at;
    for (uint64_t r = 0; r < page->run_count; r++) {
        page->runs[r].kept_at = page->left_at;
        page->left_at += molt__attic_kept_size(&page->runs[r].was);
    }
    page->stride = page->left_at;
    for (uint64_t r = 0; r < page->run_count; r++) {
        MoltAtticRun *run = &page->runs[r];
        run->left_at = page->stride;
        if (run->placed)
            page->stride += run->was.count * molt__leaf_sample_size(&run->is);
        run->watched_at = page->stride;
        if (run->placed)
            page->stride += run->was.count * molt__attic_watch_size(run);
    }
    page->digest_at = page->stride;
    if (page->watched_count > 0)
        page->stride += sizeof(uint64_t);
}

const MoltLoss *molt__attic_find_place(const MoltLoss *places, uint64_t count,
                                       const MoltLoss *place)
{
    uint64_t low = 0, high = count; /* the last one that does not begin behind it */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const MoltLoss *at = &places[middle];
        bool behind = at->span != place->span     ? at->span > place->span
                      : at->block != place->block ? at->block > place->block
                                                  : at->element > place->element;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    const MoltLoss *found = low > 0 ? &places[low - 1] : NULL;
    return found && found->span == place->span && place->block - found->block < found->blocks &&
                   found->element == place->element
               ? found
               : NULL;
}

void molt__attic_step_drop(const MoltAllocator *allocator, MoltAtticStep *step)
{
    if (!step || --step->shares > 0)
        return;
    for (uint64_t s = 0; s < step->symbol_count; s++)
        release(allocator, step->symbols[s].text, step->symbols[s].size);
    release(allocator, step->symbols, step->symbol_slots * sizeof *step->symbols);
    molt_schema_free(step->schema);
    release(allocator, step, sizeof *step);
}

void molt__attic_page_drop(const MoltAllocator *allocator, MoltAtticPage *page)
{
    if (!page || --page->shares > 0)
        return;
    release(allocator, page->runs, page->run_slots * sizeof *page->runs);
    release(allocator, page->fresh.items, page->fresh.slots * sizeof *page->fresh.items);
    release(allocator, page->fresh.samples, page->fresh.sample_slots);
    release(allocator, page->records, page->record_bytes);
    release(allocator, page->refs, page->ref_slots * sizeof *page->refs);
    release(allocator, page->others, page->other_count * sizeof *page->others);
    release(allocator, page->stretches, page->stretch_count * sizeof *page->stretches);
    release(allocator, page->places, page->place_slots * sizeof *page->places);
    release(allocator, page->watched, page->watched_slots * sizeof *page->watched);
    molt__attic_step_drop(allocator, page->step);
    release(allocator, page, sizeof *page);
}

void molt__attic_slot_free(const MoltAllocator *allocator, MoltAtticSlot *slot)
{
    if (slot->alive)
        release(allocator, slot->alive, molt__attic_alive_bytes(slot->page->count));
    slot->alive = NULL;
    slot->live = 0;
}

bool molt__attic_same_layout(const MoltSchema *then, MoltTypeId type, const MoltSchema *now)
{
    MoltTypeId found = molt_schema_find(now, molt_type_name(then, type));
    return found != MOLT_NO_TYPE && molt_type(now, found)->hash == molt_type(then, type)->hash;
}

uint64_t molt__attic_page_bytes(const MoltAtticPage *page)
{
    return sizeof *page + page->run_slots * sizeof *page->runs +
           page->fresh.slots * sizeof *page->fresh.items + page->fresh.sample_slots +
           page->record_bytes + page->ref_slots * sizeof *page->refs +
           page->other_count * sizeof *page->others + page->watched_slots * sizeof *page->watched +
           page->stretch_count * sizeof *page->stretches +
           (page->columns ? molt__attic_alive_bytes(page->count) : 0);
}

static uint64_t step_bytes(const MoltAtticStep *step)
{
    uint64_t bytes = sizeof *step + sizeof *step->schema + step->schema->storage_size +
                     step->schema->name_slots * sizeof *step->schema->name_index +
                     step->symbol_slots * sizeof *step->symbols;
    for (uint64_t s = 0; s < step->symbol_count; s++)
        bytes += step->symbols[s].size;
    return bytes;
}

/* Pages of one step stand next to each other. */
uint64_t molt__attic_pages_bytes(const MoltAtticSlot *pages, uint64_t count)
{
    uint64_t bytes = 0;
    for (uint64_t p = 0; p < count; p++) {
        bytes += molt__attic_page_bytes(pages[p].page);
        if (p == 0 || pages[p - 1].page->step != pages[p].page->step)
            bytes += step_bytes(pages[p].page->step);
    }
    return bytes;
}
