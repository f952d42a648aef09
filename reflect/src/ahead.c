#include "ahead.h"

#include <string.h>

#include "migration.h"

/* Threads are woken for a window, so it is long; what they note of it stays in the second cache. */
enum { WINDOW = 512 };
/* Below it one thread is as fast: waking the others takes tens of microseconds. */
#define LEAST ((uint64_t)1 << 20)

typedef struct Window {
    const MoltMigration *m;
    const MoltSpan *span, *moved;
    bool of_blocks;
} Window;

/* What a thread notes for the batch that it converts. */
typedef struct Note {
    MoltAheadPiece *piece;
    uint32_t first; /* operation of the converter */
    bool full;
} Note;

static void note_left(void *context, uint32_t op, uint64_t i)
{
    Note *note = context;
    MoltAheadPiece *piece = note->piece;
    note->full = note->full || piece->left_count == MOLT__LEFT_VALUES;
    if (!note->full)
        piece->left[piece->left_count++] = (MoltLeftValue){note->first + op, (uint32_t)i};
}

/* Converters of a type follow each other in the plan's table, those of an object's own operations first. */
static bool is_of(const MoltTypePlan *type, const MoltConverter *converter)
{
    return converter->first >= type->first_op && converter->first < type->first_op + type->op_count;
}

static void convert_piece(void *context, uint32_t index)
{
    const Window *window = context;
    const MoltMigration *m = window->m;
    const MoltSpan *span = window->span, *moved = window->moved;
    const MoltTypePlan *type = &m->plan->types[span->type];
    MoltAheadPiece *piece = &m->ahead.pieces[index];
    const MoltPiece *at = &piece->piece;
    Note note = {.piece = piece};
    MoltConverterBatch batch = molt__converter_batch(m);
    batch.source = molt__span_block(span, at->block) + at->element * span->elem_size;
    batch.destination = molt__span_block(moved, at->block) + at->element * moved->elem_size;
    batch.source_stride = window->of_blocks ? span->stride : span->elem_size;
    batch.destination_stride = window->of_blocks ? moved->stride : moved->elem_size;
    batch.n = at->n;
    batch.context = &note;
    batch.other = note_left;
    unsigned char unread[MOLT__BATCH * sizeof(uint64_t)];
    molt__converter_forget(&batch, unread);
    if (!type->fills)
        memset(batch.destination, 0, (at->n - 1) * batch.destination_stride + moved->elem_size);
    piece->left_count = 0;
    memset(piece->lost, 0, sizeof piece->lost);
    uint32_t notes = 0;
    for (uint32_t c = type->first_converter;
         c < m->plan->converter_count && is_of(type, &m->plan->converters[c]) && !note.full; c++) {
        const MoltConverter *converter = &m->plan->converters[c];
        note.first = converter->first;
        note.full = converter->notes > MOLT__AHEAD_OPS - notes;
        batch.lost = piece->lost + (uint64_t)notes * MOLT__LOST_WORDS;
        notes += converter->notes;
        if (!note.full)
            converter->run(&batch);
    }
    piece->changed = batch.changed;
    piece->done = !note.full;
    piece->integers = type->looks ? batch.near != 0
                                  : molt__stale_integers_any(m, span->type, batch.source,
                                                             batch.source_stride, at->n);
}

bool molt__ahead_begin(MoltMigration *m, const MoltSpan *span)
{
    const MoltParallel *parallel = &m->plan->parallel;
    const MoltTypePlan *type = &m->plan->types[span->type];
    uint64_t objects = span->counts ? 0 : span->live;
    for (uint32_t b = 0; span->counts && b < span->blocks; b++)
        objects += molt__span_is_live(span, b) ? span->counts[b] : 0;
    bool claimed = m->owned.surveying || (m->owned.claimed && m->owned.claimed[span->type]);
    if (parallel->threads < 2 || m->scanning || claimed || !m->aims ||
        objects * span->elem_size < (parallel->least > 0 ? parallel->least : LEAST) ||
        type->first_converter >= m->plan->converter_count ||
        !is_of(type, &m->plan->converters[type->first_converter]))
        return false;
    if (!m->ahead.pieces) {
        uint64_t bytes = WINDOW * sizeof *m->ahead.pieces;
        m->ahead.pieces = m->allocator.resize(m->allocator.context, NULL, 0, bytes);
        m->ahead.slots = m->ahead.pieces ? WINDOW : 0;
    }
    return m->ahead.pieces != NULL;
}

void molt__ahead_run(MoltMigration *m, const MoltSpan *span, const MoltSpan *moved)
{
    const MoltParallel *parallel = &m->plan->parallel;
    Window window = {m, span, moved, m->batch_of_blocks};
    parallel->run(parallel->context, m->ahead.count, convert_piece, &window);
}

void molt__ahead_free(MoltMigration *m)
{
    if (m->ahead.pieces)
        m->allocator.resize(m->allocator.context, m->ahead.pieces,
                            m->ahead.slots * sizeof *m->ahead.pieces, 0);
    m->ahead.pieces = NULL;
}
