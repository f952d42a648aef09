#include "attic_box.h"

#include <string.h>

#include "attic_carry.h"
#include "attic_pool.h"

/* ---- marks ------------------------------------------------------------------------------------ */

static bool is_pointer(const MoltLeaf *leaf)
{
    return leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
}

/* Stops at the first pointer. */
static bool find_pointer(void *context, const MoltLeaf *leaf)
{
    bool *found = context;
    *found = *found || is_pointer(leaf);
    return !*found;
}

static bool is_plain(const MoltMigration *m, const MoltOp *op)
{
    bool pointers = op->before == MOLT_NO_TYPE;
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_NUMBER:
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS:
    case MOLT__OP_STRING: return !op->unkept && !op->keeps;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER:
        if (!pointers)
            molt__leaf_walk_flat(m->plan->before, op->before, find_pointer, &pointers);
        return !op->unkept && !pointers;
    default: return false;
    }
}

/* The next operation, from `o` on, that does to a block of the struct what one in its BOX does: checks are of
 * fields, so both have the same. UINT32_MAX when there is none. */
static uint32_t find_alike(const MoltMigration *m, const MoltOp *op, uint32_t o)
{
    const MoltTypePlan *type = &m->plan->types[m->box->type];
    for (; o < type->first_op + type->op_count; o++) {
        if (m->plan->ops[o].check == op->check && m->plan->ops[o].code == op->code)
            return o;
    }
    return UINT32_MAX;
}

bool molt__attic_box_keeps(const MoltMigration *m, const MoltOp *op)
{
    return m->box && m->mode == MOLT__RUN_STATE && m->plan->policy == MOLT_POLICY_LIVE &&
           !m->heap->attic.none && !m->plan->hooked && op->check != MOLT__NO_CHECK &&
           is_plain(m, op) &&
           find_alike(m, op, m->plan->types[m->box->type].first_op) != UINT32_MAX;
}

void molt__attic_box_mark(MoltMigration *m, const MoltOp *op)
{
    MoltAtticWork *work = &m->attic;
    if (!work->lossy)
        work->lossy = molt__migration_table(m, m->plan->op_count, sizeof *work->lossy);
    uint32_t alike = m->plan->types[m->box->type].first_op;
    while (work->lossy && (alike = find_alike(m, op, alike)) != UINT32_MAX) {
        work->lossy_count += !work->lossy[alike];
        work->lossy[alike++] = true;
    }
    m->box->loses = work->lossy != NULL;
}

bool molt__attic_has_boxes(const MoltMigration *m)
{
    for (uint64_t b = 0; b < m->owned.box_count; b++) {
        if (m->owned.boxes[b].loses)
            return true;
    }
    return false;
}

/* ---- pages ------------------------------------------------------------------------------------ */

/* The new block has the value, or begins with what it was. */
static bool is_there(MoltMigration *m, const MoltAtticRun *run, const unsigned char *value)
{
    uint64_t zeros = 0;
    while (zeros < run->was.size && value[zeros] == 0)
        zeros++;
    if (molt__op_drops(run->op))
        return zeros == run->was.size && run->op->constant == MOLT__NO_CONSTANT;
    unsigned char *made = molt__attic_scratch(m, &run->is);
    return made && molt__attic_convert(m, m->plan, run->op, value, made, false) && !m->value_lost;
}

static void file_one(MoltMigration *m, MoltAtticPage *page, const MoltBox *box)
{
    MoltSpan *span = &m->owned.spans[box->span];
    const unsigned char *old = (const unsigned char *)box->before; /* NOLINT: of the old state */
    unsigned char *record = page->records + page->count * page->stride;
    if (!span->kept)
        span->kept = molt__migration_table(m, span->blocks, sizeof *span->kept);
    if (!span->kept)
        return;
    page->places[page->count++] = (MoltLoss){box->span, box->block, 1, 0, false, MOLT__POOL_NONE};
    memset(record + MOLT__RECORD_HEAD, 0xff, page->kept_at - MOLT__RECORD_HEAD);
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        for (uint64_t i = 0; i < run->was.count; i++) {
            unsigned char *kept = record + run->kept_at + i * run->was.size;
            memcpy(kept, old + run->was.at + i * run->was.stride, run->was.size);
            if (!molt__leaf_is_active(&run->was, i, old) || is_there(m, run, kept))
                molt__record_close(record, run->open_at + i);
        }
    }
}

/* Runs of pointers do not stay: what they point at would have to be said in the layout of a block. */
static void leave_plain_runs(MoltAtticPage *page)
{
    uint64_t kept = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        if (!is_pointer(&page->runs[r].was) && page->runs[r].hooked == 0)
            page->runs[kept++] = page->runs[r];
    }
    page->run_count = kept;
}

static void fill(MoltMigration *m, MoltAtticPage *page, uint64_t boxes)
{
    uint64_t bytes;
    leave_plain_runs(page);
    molt__attic_page_layout(page);
    if (page->run_count == 0)
        return;
    if (__builtin_mul_overflow(boxes, page->stride, &bytes) || bytes > m->heap->attic.limit) {
        molt__attic_report_full(m, molt_type_name(m->plan->before, page->type), boxes);
        m->attic.keeps = false;
        return;
    }
    page->places = molt__migration_table(m, boxes, sizeof *page->places);
    page->place_slots = page->places ? boxes : 0;
    page->records = molt__migration_table(m, bytes, 1);
    page->record_bytes = page->records ? bytes : 0;
    for (uint64_t b = 0; b < m->owned.box_count && !m->failed; b++) {
        const MoltBox *box = &m->owned.boxes[b];
        if (box->loses && box->type == page->type)
            file_one(m, page, box);
    }
    molt__attic_add_fresh(m, page->type, false, &page->fresh);
}

static void file_type(MoltMigration *m, MoltAtticStep *step, MoltTypeId type, uint64_t boxes)
{
    MoltAtticWork *work = &m->attic;
    MoltAtticPage *page = molt__migration_table(m, 1, sizeof *page);
    if (!page)
        return;
    page->shares = 1;
    page->step = step;
    page->type = type;
    page->filed = page->boxes = true;
    step->shares++;
    if (molt__attic_collect(m, page))
        fill(m, page, boxes);
    if (page->count > 0 && !m->failed &&
        molt__migration_grow(m, (void **)&work->pages, &work->page_slots, work->page_count, 1,
                             sizeof *work->pages))
        work->pages[work->page_count++] =
            (MoltAtticSlot){.page = page, .type = m->plan->types[type].after};
    else
        molt__attic_page_drop(&m->allocator, page);
}

void molt__attic_file_boxes(MoltMigration *m, MoltAtticStep *step)
{
    uint32_t types = m->plan->before->tables.type_count;
    uint64_t *boxes = molt__migration_table(m, types, sizeof *boxes);
    for (uint64_t b = 0; boxes && b < m->owned.box_count; b++)
        boxes[m->owned.boxes[b].type] += m->owned.boxes[b].loses;
    for (MoltTypeId t = 0; boxes && t < types && !m->failed; t++) {
        if (boxes[t] > 0)
            file_type(m, step, t, boxes[t]);
    }
    molt__migration_free(m, boxes, types, sizeof *boxes);
}

void molt__attic_place_boxes(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    for (uint64_t p = 0; p < work->page_count; p++) {
        MoltAtticPage *page = work->pages[p].page;
        for (uint64_t r = 0; page->boxes && r < page->count; r++)
            page->places[r].span = m->owned.spans[page->places[r].span].next;
        page->boxes = false;
    }
}
