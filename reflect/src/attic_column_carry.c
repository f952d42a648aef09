/* Columns on their way over a migration. Where an edit is undone, every value of a page mostly returns as the
 * bytes that it was, or was written since: then no record is put together. */
#include <string.h>

#include "attic_column.h"
#include "migration.h"

bool molt__attic_columns_is_sparse(const MoltAtticSlot *slot)
{
    return slot->live < slot->page->count / 4;
}

/* ---- as bytes --------------------------------------------------------------------------------- */

/* Values of the part return as they are, to any object that is rebuilt and was not written since; nothing of
 * it waits for another edit. */
static bool is_quick(const MoltCarry *carry, uint64_t index)
{
    const MoltCarryPart *part = &carry->parts[index];
    const MoltAtticRun *run = &carry->from->runs[part->run], *next = &carry->to->runs[index];
    bool copies = !part->op || part->op->code == MOLT__OP_COPY;
    return part->has_value && copies && !part->gated && !part->taken && !part->called &&
           !part->forced && !part->owns_string && !next->lent && next->watch_count == 0 &&
           part->back.guard_count == 0 && next->is.guard_count == 0 &&
           run->was.kind == MOLT__LEAF_BYTES && next->is.kind == MOLT__LEAF_BYTES &&
           next->is.size == run->was.size && (!run->placed || run->is.kind == MOLT__LEAF_BYTES);
}

static bool all_quick(const MoltCarry *carry)
{
    bool quick = carry->part_count > 0;
    for (uint64_t p = 0; p < carry->part_count && quick; p++)
        quick = is_quick(carry, p);
    return quick;
}

static bool is_same(const unsigned char *a, const unsigned char *b, uint64_t size)
{
    switch (size) { /* constant sizes become single loads */
    case 1: return *a == *b;
    case 2: return memcmp(a, b, 2) == 0;
    case 4: return memcmp(a, b, 4) == 0;
    case 8: return memcmp(a, b, 8) == 0;
    default: return memcmp(a, b, size) == 0;
    }
}

static void return_part(MoltCarry *carry, uint64_t index, uint64_t record,
                        const unsigned char *live, unsigned char *now)
{
    MoltMigration *m = carry->m;
    const MoltAtticPage *page = carry->from;
    const MoltCarryPart *part = &carry->parts[index];
    const MoltAtticRun *run = &page->runs[part->run], *next = &carry->to->runs[index];
    const unsigned char *kept =
        page->records + run->kept_column + record * molt__attic_kept_size(&run->was);
    const unsigned char *left =
        page->records + run->left_column + record * molt__attic_column_left_size(run);
    for (uint64_t i = 0; i < next->was.count; i++) {
        uint64_t e = part->skip + i;
        unsigned char *place = now + next->is.at + i * next->is.stride;
        if (run->placed &&
            !is_same(live + run->is.at + e * run->is.stride, left + e * run->is.size, run->is.size))
            continue;
        if (!is_same(place, kept + e * run->was.size, run->was.size)) {
            MoltReturned *returned = &m->attic.returned[part->returned];
            memcpy(place, kept + e * run->was.size, run->was.size);
            returned->objects += returned->last_object != m->attic.object;
            returned->last_object = m->attic.object;
        }
        molt__awaited_return(m, place);
    }
}

/* ---- as records ------------------------------------------------------------------------------- */

/* The record as those of other pages are laid out; its bits are all open. */
static void put_together(const MoltAtticPage *page, uint64_t record, unsigned char *out)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        uint64_t kept = molt__attic_kept_size(&run->was), left = molt__attic_column_left_size(run);
        memcpy(out + run->kept_at, page->records + run->kept_column + record * kept, kept);
        memcpy(out + run->left_at, page->records + run->left_column + record * left, left);
    }
}

/* ---- both ------------------------------------------------------------------------------------- */

static void carry_stretch(MoltCarry *carry, const MoltAtticSlot *slot,
                          const MoltAtticStretch *stretch, bool quick, unsigned char *record)
{
    MoltMigration *m = carry->m;
    const MoltSpan *span = &m->heap->spans[stretch->span], *moved = &m->spans[stretch->span];
    quick = quick && moved->bytes > 0;
    for (uint32_t b = 0; b < stretch->blocks && !m->failed; b++) {
        uint32_t block = stretch->block + b;
        if (!molt__attic_column_is_alive(slot, stretch->first + b))
            continue;
        uintptr_t start = (uintptr_t)molt__span_block(span, block);
        if (!quick || molt__ownership_is_claimed(m, span->type, start)) {
            put_together(carry->from, stretch->first + b, record);
            molt__carry_place(carry, &(MoltLoss){stretch->span, block, 1, 0, false, 0}, record);
            continue;
        }
        m->attic.object++;
        for (uint64_t p = 0; p < carry->part_count; p++)
            return_part(carry, p, stretch->first + b, molt__span_block(span, block),
                        molt__span_block(moved, block));
    }
}

void molt__attic_columns_carry(MoltCarry *carry, const MoltAtticSlot *slot)
{
    MoltMigration *m = carry->m;
    const MoltAtticPage *page = carry->from;
    const MoltAttic *attic = &m->heap->attic;
    unsigned char *record = molt__migration_table(m, page->stride, 1);
    bool quick = all_quick(carry);
    if (!record)
        return;
    memset(record + MOLT__RECORD_HEAD, 0xff, page->kept_at - MOLT__RECORD_HEAD);
    for (uint64_t s = 0; s < page->stretch_count; s++)
        carry_stretch(carry, slot, &page->stretches[s], quick, record);
    for (uint64_t i = 0; i < attic->moved_count && !m->failed; i++) {
        const MoltAtticMoved *moved = &attic->moved[i];
        const MoltAtticBlock *block = &attic->blocks[moved->number];
        if (moved->page != page || block->span == MOLT__NO_SPAN || block->count == 0)
            continue;
        put_together(page, moved->record, record);
        molt__carry_place(carry, &(MoltLoss){block->span, block->index, 1, 0, false, 0}, record);
    }
    molt__migration_free(m, record, page->stride, 1);
}
