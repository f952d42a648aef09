#include "attic_draft.h"

#include <string.h>

#include "attic_column.h"
#include "attic_spare.h"
#include "migration.h"

/* With fewer objects all of them stay in the caches until their page is made. */
enum { LEAST = 4096 };

static void drop(MoltMigration *m, MoltAtticDraft *draft)
{
    molt__attic_page_drop(&m->allocator, draft->page);
    draft->page = NULL;
}

/* Single objects of a type. */
static uint64_t count_single(const MoltMigration *m, MoltTypeId type)
{
    const MoltHeap *heap = m->heap;
    uint64_t count = 0;
    for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
        const MoltSpan *span = &heap->spans[s];
        count += span->counts || span->header > 0 ? 0 : span->live;
    }
    return count;
}

/* Without memory there is no draft, and the page is made later. */
static void begin(MoltMigration *m, MoltAtticDraft *draft, MoltTypeId type)
{
    uint64_t bytes = 0, slots = count_single(m, type);
    draft->begun = true;
    draft->lossy = m->attic.lossy_count;
    if (slots < LEAST || m->plan->hooked || m->heap->attic.page_count > 0 ||
        m->plan->types[type].fate != MOLT_FATE_CHANGED || molt_schema_tail(m->plan->before, type))
        return;
    MoltAtticPage *page = m->allocator.resize(m->allocator.context, NULL, 0, sizeof *page);
    if (!page)
        return;
    *page = (MoltAtticPage){.shares = 1, .type = type, .filed = true};
    draft->page = page;
    draft->slots = slots;
    if (molt__attic_collect(m, page) && page->run_count > 0 && molt__attic_columns_plain(page) &&
        !__builtin_mul_overflow(slots, molt__attic_columns_width(page), &bytes) &&
        bytes <= m->heap->attic.limit)
        page->records = molt__attic_spare_take(m->heap, &bytes);
    if (!page->records) {
        drop(m, draft);
        return;
    }
    page->record_bytes = bytes;
    page->sampled = molt__attic_columns_leave_bytes(page);
    molt__attic_columns_lay_out(page, slots);
}

/* Another operation of the type has begun to lose values, which are in no column. */
static bool is_outgrown(const MoltMigration *m, MoltAtticDraft *draft, MoltTypeId type)
{
    const MoltTypePlan *plan = &m->plan->types[type];
    uint64_t columns = 0, lossy = 0;
    if (draft->lossy == m->attic.lossy_count)
        return false;
    for (uint32_t o = plan->first_op; o < plan->first_op + plan->op_count; o++) {
        bool has = false;
        for (uint64_t r = 0; r < draft->page->run_count; r++)
            has = has || draft->page->runs[r].op == &m->plan->ops[o];
        columns += has;
        lossy += m->attic.lossy[o];
    }
    draft->lossy = m->attic.lossy_count;
    return columns != lossy;
}

static MoltAtticDraft *draft_of(MoltMigration *m, MoltTypeId type)
{
    MoltAtticWork *work = &m->attic;
    if (!work->drafts)
        work->drafts =
            molt__migration_table(m, m->plan->before->tables.type_count, sizeof *work->drafts);
    return work->drafts ? &work->drafts[type] : NULL;
}

/* The draft of the running batch's type, where it has a page and the batch is of single objects. */
static MoltAtticDraft *running_draft(const MoltMigration *m)
{
    const MoltSpan *span = m->batch_span;
    bool single = span && m->attic.drafts && m->batch_of_blocks && !m->in_tail && !span->counts;
    MoltAtticDraft *draft = single ? &m->attic.drafts[span->type] : NULL;
    return draft && draft->page ? draft : NULL;
}

/* One value in each object, and the operation's own. */
static bool is_column_of(const MoltAtticPage *page, const MoltAtticRun *run, const MoltOp *op,
                         uint64_t kept_size, uint64_t left_size)
{
    bool kept = run->op == op && run->was.kind == MOLT__LEAF_BYTES && run->was.count == 1 &&
                run->was.at == op->source && molt__attic_kept_size(&run->was) == kept_size;
    return kept && (!run->placed ||
                    (page->sampled && run->is.kind == MOLT__LEAF_BYTES &&
                     run->is.at == op->destination && molt__attic_column_left_size(run) == left_size));
}

void molt__attic_draft_column(MoltMigration *m, const MoltOp *op, uint64_t kept_size,
                              uint64_t left_size, uint64_t n, unsigned char **kept,
                              unsigned char **left)
{
    MoltAtticDraft *draft = running_draft(m);
    if (!draft || n > draft->slots - draft->page->count)
        return;
    const MoltAtticPage *page = draft->page;
    if (draft->filled_object != m->object)
        draft->filled = 0;
    draft->filled_object = m->object;
    for (uint64_t r = 0; r < page->run_count && r < 64; r++) {
        const MoltAtticRun *run = &page->runs[r];
        if (!is_column_of(page, run, op, kept_size, left_size))
            continue;
        *kept = page->records + run->kept_column + page->count * kept_size;
        if (run->placed)
            *left = page->records + run->left_column + page->count * left_size;
        draft->filled |= (uint64_t)1 << r;
        return;
    }
}

void molt__attic_draft_spoil(MoltMigration *m)
{
    MoltAtticDraft *draft = running_draft(m);
    if (draft)
        draft->filled = 0;
}

void molt__attic_draft_keep(MoltMigration *m, uint32_t block, uint32_t n)
{
    const MoltSpan *span = m->batch_span;
    const MoltSpan *moved = &m->spans[span - m->heap->spans];
    MoltAtticDraft *draft = draft_of(m, span->type);
    if (!draft || span->counts || span->header > 0 || moved->bytes == 0)
        return;
    if (!draft->begun)
        begin(m, draft, span->type);
    if (!draft->page)
        return;
    MoltAtticPage *page = draft->page;
    if (is_outgrown(m, draft, span->type) || n > draft->slots - page->count) {
        drop(m, draft);
        return;
    }
    bool begins = block == m->batch_block && draft->filled_object == m->object;
    uint64_t filled = begins ? draft->filled : 0;
    draft->filled = 0;
    molt__attic_columns_keep(page, page->count, molt__span_block(span, block), span->stride, n,
                             filled);
    if (page->sampled)
        molt__attic_columns_leave_behind(page, page->count, molt__span_block(moved, block),
                                         moved->stride, n, filled);
    page->count += n;
}

MoltAtticPage *molt__attic_draft_take(MoltMigration *m, MoltTypeId type, uint64_t losses)
{
    MoltAtticDraft *draft = m->attic.drafts ? &m->attic.drafts[type] : NULL;
    MoltAtticPage *page = draft ? draft->page : NULL;
    if (!page)
        return NULL;
    if (page->count != losses || is_outgrown(m, draft, type) || !molt__attic_columns_fit(m, page)) {
        drop(m, draft);
        return NULL;
    }
    draft->page = NULL;
    molt__attic_columns_close_up(page);
    uint64_t bytes = losses * molt__attic_columns_width(page);
    void *less =
        bytes < page->record_bytes
            ? m->allocator.resize(m->allocator.context, page->records, page->record_bytes, bytes)
            : NULL;
    if (less) {
        page->records = less;
        page->record_bytes = bytes;
    }
    return page;
}

void molt__attic_drafts_free(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    uint32_t types = m->plan->before->tables.type_count;
    for (MoltTypeId t = 0; work->drafts && t < types; t++)
        drop(m, &work->drafts[t]);
    molt__migration_free(m, work->drafts, types, sizeof *work->drafts);
    work->drafts = NULL;
}
