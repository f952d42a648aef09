/* The end of a migration for the attic: the limit, what is said, and the swap. */
#include <stdio.h>
#include <string.h>

#include "attic_box.h"
#include "attic_column.h"
#include "attic_draft.h"
#include "attic_hook.h"
#include "attic_pool.h"
#include "attic_retype.h"
#include "attic_spare.h"
#include "migration.h"

/* The table of objects that moved is given back with the last of them only. */
static uint64_t moved_bytes(const MoltMigration *m)
{
    const MoltAttic *attic = &m->heap->attic;
    for (uint64_t i = 0; i < attic->moved_count; i++) {
        for (uint64_t p = 0; p < m->attic.page_count; p++) {
            if (m->attic.pages[p].page == attic->moved[i].page)
                return attic->moved_slots * sizeof *attic->moved;
        }
    }
    return 0;
}

static uint64_t bytes_after(const MoltMigration *m)
{
    const MoltAtticWork *work = &m->attic;
    if (work->page_count == 0)
        return 0;
    return m->heap->attic.block_slots * sizeof(MoltAtticBlock) + moved_bytes(m) +
           molt__attic_span_bytes(m->heap) + work->page_slots * sizeof *work->pages +
           molt__attic_pages_bytes(work->pages, work->page_count);
}

static bool has_number(const MoltHeap *heap, uint32_t span, uint32_t block)
{
    return heap->spans[span].kept[block] != 0;
}

/* Numbers that the new pages need, counted a little high where many pointers share their targets. */
static uint64_t new_numbers(const MoltMigration *m)
{
    const MoltAtticWork *work = &m->attic;
    const MoltLoss *last = NULL;
    uint64_t numbers = 0;
    for (uint64_t l = 0; l < work->loss_count; l++) {
        const MoltLoss *loss = &work->losses[l];
        bool same = last && last->span == loss->span && last->block == loss->block;
        MoltTypeId after = m->plan->types[molt__attic_loss_type(m, loss)].after;
        const MoltAtticPage *page =
            work->filed && after != MOLT_NO_TYPE
                ? work->filed[molt__attic_filed_at(after, loss->tail, loss->pool)]
                : NULL;
        last = loss;
        if (page && loss->pool != MOLT__POOL_NONE)
            numbers++; /* of the block that comes about */
        same = same || !page || page->columns;
        for (uint32_t b = 0; !same && m->heap->spans[loss->span].kept && b < loss->blocks; b++)
            numbers += !has_number(m->heap, loss->span, loss->block + b);
    }
    for (uint64_t p = 0; p < work->page_count; p++) {
        const MoltAtticPage *page = work->pages[p].page;
        const MoltAtticRef *refs = page->refs;
        numbers += page->places || (page->pool && page->rebuilt) ? page->count : 0;
        for (uint64_t r = 0; page->filed && r < page->ref_count; r++) {
            bool same = r > 0 && refs[r - 1].kind == MOLT__REF_BLOCK &&
                        refs[r].index == refs[r - 1].index && refs[r].block == refs[r - 1].block;
            if (refs[r].kind == MOLT__REF_BLOCK && !same)
                numbers += !has_number(m->heap, refs[r].index, refs[r].block);
        }
    }
    return numbers;
}

static void drop_oldest(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    MoltAtticPage *page = work->pages[0].page;
    if (page->count > 0)
        molt__attic_report_full(m, molt_type_name(page->step->schema, page->type), page->count);
    if (page->filed) {
        work->keeps = false;
        if (page->edit == 0 && !page->boxes)
            work->filed[molt__attic_filed_at(work->pages[0].type, page->tail, page->pool)] = NULL;
    }
    molt__attic_slot_free(&m->allocator, &work->pages[0]);
    molt__attic_page_drop(&m->allocator, page);
    work->page_count--;
    memmove(work->pages, work->pages + 1, work->page_count * sizeof *work->pages);
}

void molt__attic_reserve(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    work->active = work->page_count > 0 || m->heap->attic.page_count > 0;
    if (!work->active || m->failed)
        return;
    molt__attic_retype_reserve(m);
    if (!molt__attic_make_numbers(m->heap, new_numbers(m)))
        m->failed = true;
    while (!m->failed && work->page_count > 0 && bytes_after(m) > m->heap->attic.limit)
        drop_oldest(m);
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void report_return(MoltMigration *m, const MoltReturned *returned)
{
    const MoltSchema *then = returned->step->schema, *now = m->plan->after;
    char path[512], before[512] = "", after[512] = "";
    snprintf(path, sizeof path, "%s", molt_type_name(now, returned->owner_after));
    if (returned->after != MOLT__NO_FIELD) {
        const MoltField *field = &now->tables.fields[returned->after];
        molt__field_path(now, returned->owner_after, returned->after, path, sizeof path);
        molt_schema_declare(now, field, after, sizeof after);
    }
    if (returned->before != MOLT__NO_FIELD)
        molt_schema_declare(then, &then->tables.fields[returned->before], before, sizeof before);
    molt_report_add(m->report, &(MoltFinding){.severity = MOLT_INFO,
                                              .rule = MOLT_RULE_VALUE_RESTORED,
                                              .path = path,
                                              .before = before[0] ? before : NULL,
                                              .after = after[0] ? after : NULL,
                                              .objects = returned->objects});
}

void molt__attic_report(MoltMigration *m)
{
    const MoltAtticWork *work = &m->attic;
    if (m->refused)
        return;
    for (uint64_t c = 0; c < work->returned_count; c++) {
        if (work->returned[c].objects > 0)
            report_return(m, &work->returned[c]);
    }
    molt__attic_report_lost(m);
    for (uint64_t p = 0; p < work->page_count; p++)
        m->report->attic_objects += work->pages[p].page->count;
    m->report->attic_bytes += bytes_after(m);
}

/* ---- the swap -------------------------------------------------------------------------------- */

/* Losses stand in the order of their pages' records. */
static void number_records(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    MoltHeap *heap = m->heap;
    for (uint64_t l = 0; work->filed && l < work->loss_count; l++) {
        const MoltLoss *loss = &work->losses[l];
        bool pooled = loss->pool != MOLT__POOL_NONE;
        MoltTypeId type = pooled ? m->plan->types[molt__attic_loss_type(m, loss)].after
                                 : heap->spans[loss->span].type;
        MoltAtticPage *page = work->filed[molt__attic_filed_at(type, loss->tail, loss->pool)];
        for (uint32_t b = 0; page && !page->columns && b < loss->blocks; b++) {
            uint32_t number = pooled ? molt__attic_pool_number(m, loss->span, loss->block)
                                     : molt__attic_number(heap, loss->span, loss->block + b);
            memcpy(page->records + page->numbered++ * page->stride, &number, sizeof number);
        }
    }
    for (uint64_t p = 0; p < work->page_count; p++) {
        MoltAtticPage *page = work->pages[p].page;
        for (uint64_t r = 0; page->pool && page->rebuilt && r < page->count; r++) {
            unsigned char *record = page->records + r * page->stride;
            const MoltAtticBlock *block = &heap->attic.blocks[molt__record_word(record, 0)];
            uint32_t number = molt__attic_pool_number(m, block->span, block->index);
            memcpy(record, &number, sizeof number);
        }
        for (uint64_t r = 0; page->places && r < page->count; r++) {
            const MoltLoss *place = &page->places[r];
            uint32_t number = molt__attic_number(heap, place->span, place->block);
            memcpy(page->records + r * page->stride, &number, sizeof number);
        }
        for (uint64_t r = 0; page->filed && r < page->ref_count; r++) {
            MoltAtticRef *ref = &page->refs[r];
            if (ref->kind == MOLT__REF_BLOCK)
                ref->index = ref->becomes > 0 ? molt__attic_retype_number(m, ref)
                                              : molt__attic_number(heap, ref->index, ref->block);
            ref->becomes = 0;
        }
    }
}

static void count_uses(MoltHeap *heap, const MoltAtticPage *page,
                       void (*count)(MoltHeap *heap, uint32_t number, bool is_record))
{
    for (uint64_t r = 0; r < page->count && !page->columns; r++)
        count(heap, molt__record_word(page->records + r * page->stride, 0), true);
    for (uint64_t r = 0; r < page->ref_count; r++) {
        if (page->refs[r].kind == MOLT__REF_BLOCK)
            count(heap, page->refs[r].index, false);
    }
}

/* The page stays in the attic, and with it what is the slot's own. */
static bool hand_over(MoltAtticWork *work, MoltAtticSlot *slot)
{
    for (uint64_t p = 0; p < work->page_count; p++) {
        MoltAtticSlot *next = &work->pages[p];
        if (next->page != slot->page)
            continue;
        next->alive = slot->alive;
        next->live = slot->live;
        slot->alive = NULL;
        return true;
    }
    return false;
}

static void swap_pages(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    MoltHeap *heap = m->heap;
    MoltAttic *attic = &heap->attic;
    for (uint64_t p = 0; p < work->page_count; p++) {
        if (work->pages[p].page->filed || work->pages[p].page->rebuilt)
            count_uses(heap, work->pages[p].page, molt__attic_use);
        attic->records += work->pages[p].live; /* of columns that are filed just now */
    }
    attic->columns = 0;
    for (uint64_t p = 0; p < attic->page_count; p++) {
        if (!hand_over(work, &attic->pages[p])) {
            count_uses(heap, attic->pages[p].page, molt__attic_unuse);
            molt__attic_columns_leave(heap, &attic->pages[p]);
        }
        molt__attic_spare_give(heap, attic->pages[p].page);
        molt__attic_page_drop(&m->allocator, attic->pages[p].page);
    }
    if (attic->pages)
        m->allocator.resize(m->allocator.context, attic->pages,
                            attic->page_slots * sizeof *attic->pages, 0);
    for (uint64_t p = 0; p < work->page_count; p++) {
        const MoltAtticPage *page = work->pages[p].page;
        attic->columns += work->pages[p].alive != NULL;
        for (uint64_t s = 0; page->filed && s < page->stretch_count; s++)
            heap->spans[page->stretches[s].span].in_columns = true;
    }
    if (attic->moved && attic->moved_count == 0) {
        m->allocator.resize(m->allocator.context, attic->moved,
                            attic->moved_slots * sizeof *attic->moved, 0);
        attic->moved = NULL;
        attic->moved_slots = 0;
    }
    attic->pages = work->pages;
    attic->page_count = work->page_count;
    attic->page_slots = work->page_slots;
    work->pages = NULL;
    work->page_count = work->page_slots = 0;
}

void molt__attic_write(MoltAtticWork *work)
{
    for (uint64_t at = 0; at < work->write_bytes;) {
        MoltLeaf leaf;
        unsigned char *destination;
        const unsigned char *write = work->writes + at;
        memcpy(&leaf, write, sizeof leaf);
        memcpy(&destination, write + sizeof leaf, sizeof destination);
        molt__leaf_store(&leaf, write + sizeof leaf + sizeof destination, destination);
        at += sizeof leaf + sizeof destination + leaf.size;
    }
    work->write_bytes = 0;
}

static void sample_left(const MoltMigration *m, MoltAtticPage *page)
{
    const MoltHeap *heap = m->heap;
    uint64_t hint = 0;
    if (page->columns)
        molt__attic_columns_sample(heap, page);
    for (uint64_t r = 0; r < page->count && !page->columns; r++) {
        unsigned char *record = page->records + r * page->stride;
        const MoltAtticBlock *block = &heap->attic.blocks[molt__record_word(record, 0)];
        if (block->span == MOLT__NO_SPAN)
            continue;
        const MoltSpan *span = &heap->spans[block->span];
        const unsigned char *element =
            page->pool
                ? molt__attic_pool_element(m, page, record, &hint)
                : molt__attic_element(span, block->index, molt__record_word(record, 1), page->tail);
        if (!element)
            continue;
        for (uint64_t run = 0; run < page->run_count; run++) {
            const MoltLeaf *is = &page->runs[run].is;
            unsigned char *sample = record + page->runs[run].left_at;
            for (uint64_t i = 0; page->runs[run].placed && i < page->runs[run].was.count; i++) {
                molt__leaf_sample(heap, is, element + is->at + i * is->stride, sample);
                molt__attic_watch_sample(&page->runs[run], i, element, record);
                sample += molt__leaf_sample_size(is);
            }
        }
        uint64_t digest = 0;
        if (page->watched_count > 0)
            memcpy(&digest, record + page->digest_at, sizeof digest);
        if (digest != 0) {
            digest = molt__attic_digest(heap, page, element);
            memcpy(record + page->digest_at, &digest, sizeof digest);
        }
    }
}

void molt__attic_commit(MoltMigration *m)
{
    MoltHeap *heap = m->heap;
    MoltAttic *attic = &heap->attic;
    if (m->attic.active) {
        molt__attic_place_boxes(m);
        number_records(m);
        swap_pages(m);
        molt__attic_write(&m->attic);
        for (uint64_t p = 0; p < attic->page_count; p++) {
            MoltAtticPage *page = attic->pages[p].page;
            if (page->filed || page->rebuilt)
                sample_left(m, page);
            page->filed = page->rebuilt = false;
            if (page->places)
                m->allocator.resize(m->allocator.context, page->places,
                                    page->place_slots * sizeof *page->places, 0);
            page->places = NULL;
            page->place_slots = 0;
        }
        attic->cut = false;
        molt__attic_tidy(heap);
    }
    attic->dropped += m->attic.dropped;
    molt__attic_discard(m);
}

void molt__attic_discard(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    const MoltPlan *plan = m->plan;
    for (uint64_t p = 0; p < work->page_count; p++) {
        molt__attic_slot_free(&m->allocator, &work->pages[p]);
        molt__attic_page_drop(&m->allocator, work->pages[p].page);
    }
    molt__migration_free(m, work->pages, work->page_slots, sizeof *work->pages);
    molt__attic_drafts_free(m);
    molt__migration_free(m, work->lossy, plan->op_count, sizeof *work->lossy);
    molt__migration_free(m, work->losses, work->loss_slots, sizeof *work->losses);
    molt__migration_free(m, work->filed,
                         molt__attic_filed_at(plan->after->tables.type_count, false, 0),
                         sizeof *work->filed);
    molt__migration_free(m, work->writes, work->write_slots, 1);
    molt__migration_free(m, work->backs, work->back_slots, sizeof *work->backs);
    molt__migration_free(m, work->lost, work->lost_slots, sizeof *work->lost);
    molt__migration_free(m, work->returned, work->returned_slots, sizeof *work->returned);
    molt__migration_free(m, work->scratch, work->scratch_slots, 1);
    molt__migration_free(m, work->seen, work->seen_slots, 1);
    molt__attic_free_late(m);
    *work = (MoltAtticWork){0};
}
