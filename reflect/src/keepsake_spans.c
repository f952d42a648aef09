#include "keepsake_parts.h"

#include <string.h>

#include "made_text.h"
#include "molt/kept_types.h"

bool molt__keep_is_block(const MoltHeap *heap, uint32_t span, uint32_t block)
{
    return span < heap->span_count && heap->spans[span].bytes > 0 &&
           block < heap->spans[span].blocks && molt__span_is_live(&heap->spans[span], block);
}

/* ---- one span -------------------------------------------------------------------------------- */

/* By what a span is found again. */
typedef struct Shape {
    uint64_t first_serial, capacity;
    uint32_t type, blocks, align;
} Shape;

static void code_shape(MoltCoder *coder, Shape *shape)
{
    molt__code_u64(coder, &shape->first_serial);
    molt__code_u64(coder, &shape->capacity);
    molt__code_u32(coder, &shape->type);
    molt__code_u32(coder, &shape->blocks);
    molt__code_u32(coder, &shape->align);
}

static uint64_t words(uint32_t blocks)
{
    return ((uint64_t)blocks + 63) / 64;
}

/* A table that there may be. */
static void code_optional(MoltCoder *coder, void **table, uint64_t count, uint64_t size)
{
    bool some = *table != NULL;
    molt__code_bool(coder, &some);
    if (!some)
        return;
    if (molt__coder_reads(coder)) {
        const void *view = molt__code_view(coder, count * size);
        *table = molt__code_table(coder, count, size);
        if (*table && view)
            memcpy(*table, view, count * size);
    } else {
        molt__code_bytes(coder, *table, count * size);
    }
}

static void code_marks(MoltKeepsakes *keep, uint32_t blocks, MoltSpanMarks *marks)
{
    MoltCoder *coder = &keep->coder;
    molt__code_u32(coder, &marks->birth);
    molt__code_u32(coder, &marks->hooked_in);
    molt__code_bool(coder, &marks->stands_in);
    code_optional(coder, (void **)&marks->births, blocks, sizeof *marks->births);
    code_optional(coder, (void **)&marks->made, words(blocks), sizeof *marks->made);
}

static void free_marks(const MoltCoder *coder, MoltSpanMarks *marks, uint32_t blocks)
{
    molt__code_free(coder, marks->kept, blocks, sizeof *marks->kept);
    molt__code_free(coder, marks->births, blocks, sizeof *marks->births);
    molt__code_free(coder, marks->made, words(blocks), sizeof *marks->made);
    *marks = (MoltSpanMarks){0};
}

/* ---- objects that wait ----------------------------------------------------------------------- */

typedef struct Clear {
    unsigned char *element;
} Clear;

/* Their pointers are with the attic. */
static bool clear_pointer(void *context, const MoltLeaf *leaf)
{
    const Clear *clear = context;
    for (uint64_t i = 0; i < leaf->count; i++) {
        if (leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING)
            memset(clear->element + leaf->at + i * leaf->stride, 0, leaf->size);
    }
    return true;
}

static void clear_pointers(const MoltSchema *schema, const MoltSpan *span, uint32_t block)
{
    const MoltField *tail = molt_schema_tail(schema, span->type);
    uint64_t count = molt__span_count(span, block);
    Clear clear = {molt__span_block(span, block)};
    for (uint64_t e = 0; e < (tail ? 1 : count); e++, clear.element += span->elem_size)
        molt__leaf_walk_flat(schema, span->type, clear_pointer, &clear);
    clear.element = molt__span_block(span, block) + span->header;
    for (uint64_t e = 0; tail && e < count; e++, clear.element += span->elem_size)
        molt__leaf_walk_flat(schema, molt_type(schema, tail->type)->elem, clear_pointer, &clear);
}

/* Content of a live block, which a new span has not got yet. */
static void code_block(MoltKeepsakes *keep, MoltSpan *span, uint32_t block)
{
    MoltCoder *coder = &keep->coder;
    uint64_t count = molt__span_count(span, block);
    molt__code_u64(coder, &count);
    if (!molt__coder_check(coder, count <= span->capacity && (span->counts || count == 1),
                           "a block has more elements than room"))
        return;
    unsigned char *at = molt__span_block(span, block);
    if (!molt__coder_reads(coder)) {
        molt__code_bytes(coder, at, molt__span_bytes(span, count));
        return;
    }
    if (span->counts)
        span->counts[block] = count;
    molt__code_bytes(coder, at, molt__span_bytes(span, count));
    span->live_bits[block / 64] |= (uint64_t)1 << (block % 64);
    span->live++;
    clear_pointers(keep->schema, span, block);
}

static void code_content(MoltKeepsakes *keep, MoltSpan *span)
{
    MoltCoder *coder = &keep->coder;
    uint64_t *live = span->live_bits;
    const uint64_t *bits = molt__coder_reads(coder)
                               ? molt__code_view(coder, words(span->blocks) * sizeof *live)
                               : live;
    if (!molt__coder_reads(coder))
        molt__code_bytes(coder, live, words(span->blocks) * sizeof *live);
    for (uint32_t b = 0; b < span->blocks && bits && molt__coder_good(coder); b++) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)bits + b / 64 * sizeof word, sizeof word);
        if (word >> (b % 64) & 1u)
            code_block(keep, span, b);
    }
}

/* A span of a kept type, which the file of the state does not have. */
static uint32_t make_guest(MoltKeepsakes *keep, const Shape *shape)
{
    MoltCoder *coder = &keep->coder;
    MoltHeap *heap = keep->into;
    MoltSpan span;
    uint32_t index = MOLT__NO_SPAN;
    const MoltType *type = molt_type(keep->schema, shape->type);
    bool sound = shape->blocks > 0 && shape->blocks <= MOLT__SPAN_BLOCKS_MAX &&
                 shape->capacity > 0 && (shape->align & (shape->align - 1)) == 0 &&
                 shape->align <= 4096 && type->size > 0 &&
                 shape->first_serial >= heap->types.serials[shape->type];
    uint64_t room = 0;
    sound = sound && !__builtin_mul_overflow(shape->capacity, (uint64_t)shape->blocks, &room) &&
            !__builtin_mul_overflow(room, type->size, &room) &&
            room <= heap->granule_count << MOLT__GRANULE_SHIFT;
    if (!molt__coder_check(coder, sound, "objects that wait take no such room"))
        return MOLT__NO_SPAN;
    if (molt__span_make_of(heap, &span, keep->schema, shape->type, shape->capacity, shape->blocks,
                           shape->align)) {
        span.type = shape->type;
        code_content(keep, &span);
        heap->types.serials[shape->type] = shape->first_serial;
        index =
            molt__coder_good(coder) ? molt__heap_adopt(heap, &span, shape->type) : MOLT__NO_SPAN;
        if (index == MOLT__NO_SPAN)
            molt__span_release(heap, &span);
    }
    if (index == MOLT__NO_SPAN)
        molt__coder_starve(coder);
    else
        keep->guests[keep->guest_count++] = index;
    return index;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void write_span(MoltKeepsakes *keep, uint32_t index)
{
    MoltSpan span = keep->heap->spans[index];
    Shape shape = {span.first_serial, span.capacity, span.type, span.blocks, span.align};
    MoltSpanMarks marks = {.births = span.births,
                           .made = span.made,
                           .birth = span.birth,
                           .hooked_in = span.hooked_in,
                           .stands_in = span.stands_in};
    code_shape(&keep->coder, &shape);
    if (molt_type_is_kept(keep->schema, span.type))
        code_content(keep, &span);
    code_marks(keep, span.blocks, &marks);
}

/* The next span of the type that is not before the shape; *cursor is where the last one was found. */
static uint32_t match(const MoltHeap *heap, const Shape *shape, uint32_t *cursor)
{
    while (*cursor != MOLT__NO_SPAN && heap->spans[*cursor].first_serial < shape->first_serial)
        *cursor = heap->links[*cursor].type_next;
    const MoltSpan *span = *cursor != MOLT__NO_SPAN ? &heap->spans[*cursor] : NULL;
    return span && span->first_serial == shape->first_serial && span->blocks == shape->blocks &&
                   span->capacity == shape->capacity
               ? *cursor
               : MOLT__NO_SPAN;
}

static void read_span(MoltKeepsakes *keep, uint32_t *cursor, MoltTypeId *last, uint32_t *index)
{
    MoltCoder *coder = &keep->coder;
    const MoltHeap *heap = keep->into;
    Shape shape = {0};
    MoltSpanMarks marks = {0};
    code_shape(coder, &shape);
    if (!molt__coder_check(coder,
                           shape.type < keep->schema->tables.type_count && shape.type >= *last,
                           "a span is of no type"))
        return;
    if (shape.type != *last)
        *cursor = heap->types.first[shape.type];
    *last = shape.type;
    *index = molt_type_is_kept(keep->schema, shape.type) ? make_guest(keep, &shape)
                                                         : match(heap, &shape, cursor);
    code_marks(keep, shape.blocks, &marks);
    if (molt__coder_good(coder) && *index != MOLT__NO_SPAN && *index < keep->mark_count &&
        !keep->marks[*index].known) {
        keep->marks[*index] = marks;
        keep->marks[*index].known = true;
    } else {
        free_marks(coder, &marks, shape.blocks);
    }
}

static void write_spans(MoltKeepsakes *keep)
{
    const MoltHeap *heap = keep->heap;
    MoltCoder *coder = &keep->coder;
    uint64_t slots = (uint64_t)heap->span_count + 1;
    keep->spans =
        coder->allocator.resize(coder->allocator.context, NULL, 0, slots * sizeof *keep->spans);
    if (!keep->spans)
        molt__coder_starve(coder);
    for (uint32_t s = 0; keep->spans && s < heap->span_count; s++) {
        keep->spans[s] = MOLT__NO_SPAN;
        keep->span_count += heap->spans[s].bytes > 0;
    }
    uint32_t ordinal = 0, count = keep->span_count;
    molt__code_count32(coder, &count, 33);
    for (MoltTypeId t = 0; t < keep->schema->tables.type_count && keep->spans; t++) {
        for (uint32_t s = heap->types.first[t]; s != MOLT__NO_SPAN; s = heap->links[s].type_next) {
            keep->spans[s] = ordinal++;
            write_span(keep, s);
        }
    }
    molt__coder_check(coder, ordinal == count, "a span is of no type");
}

static void read_spans(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    MoltTypeId last = 0;
    for (MoltTypeId t = keep->schema->kept_types; t < keep->schema->tables.type_count; t++)
        molt__coder_check(coder, keep->into->types.first[t] == MOLT__NO_SPAN,
                          "objects wait already");
    uint32_t cursor =
        keep->schema->tables.type_count > 0 ? keep->into->types.first[0] : MOLT__NO_SPAN;
    molt__code_count32(coder, &keep->span_count, 33);
    keep->spans = molt__code_table(coder, keep->span_count, sizeof *keep->spans);
    keep->guests = molt__code_table(coder, keep->span_count, sizeof *keep->guests);
    uint64_t marks = (uint64_t)keep->into->span_count + keep->span_count;
    keep->marks = molt__code_table(coder, marks, sizeof *keep->marks);
    keep->mark_count = keep->marks ? (uint32_t)marks : 0;
    for (uint32_t s = 0; s < keep->span_count && keep->spans; s++)
        keep->spans[s] = MOLT__NO_SPAN;
    for (uint32_t s = 0; s < keep->span_count && molt__coder_good(coder); s++)
        read_span(keep, &cursor, &last, &keep->spans[s]);
}

void molt__keep_spans(MoltKeepsakes *keep)
{
    const MoltSchema *schema = keep->schema;
    if (molt__coder_reads(&keep->coder))
        read_spans(keep);
    else
        write_spans(keep);
    for (MoltTypeId t = schema->kept_types; t < schema->tables.type_count; t++) {
        uint64_t serial = keep->heap->types.serials[t];
        molt__code_u64(&keep->coder, &serial);
        if (molt__coder_reads(&keep->coder) && molt__coder_good(&keep->coder) &&
            serial > keep->heap->types.serials[t])
            keep->into->types.serials[t] = serial;
    }
}

void molt__keep_span(MoltKeepsakes *keep, uint32_t *span)
{
    uint32_t ordinal = molt__coder_reads(&keep->coder) || *span == MOLT__NO_SPAN
                           ? MOLT__NO_SPAN
                           : keep->spans[*span];
    molt__code_u32(&keep->coder, &ordinal);
    if (molt__coder_reads(&keep->coder))
        *span = ordinal < keep->span_count ? keep->spans[ordinal] : MOLT__NO_SPAN;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void code_number(MoltKeepsakes *keep, MoltAtticBlock *block)
{
    if (block->span == MOLT__NO_SPAN) /* what else it has is of the list of free ones */
        *block = (MoltAtticBlock){.span = MOLT__NO_SPAN};
    molt__keep_span(keep, &block->span);
    molt__code_u32(&keep->coder, &block->index);
    molt__code_u64(&keep->coder, &block->count);
    if (!molt__coder_reads(&keep->coder) || block->span == MOLT__NO_SPAN)
        return;
    if (!molt__keep_is_block(keep->into, block->span, block->index) ||
        block->count > molt__span_count(&keep->into->spans[block->span], block->index))
        block->span = MOLT__NO_SPAN;
}

void molt__keep_numbers(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    MoltAttic *attic = &keep->attic;
    uint64_t count = keep->heap->attic.block_count;
    molt__code_count(coder, &count, 16);
    if (molt__coder_reads(coder)) {
        attic->free = MOLT__NO_SPAN;
        molt__coder_check(coder, count < MOLT__NO_SPAN, "there are too many numbers");
        attic->blocks = molt__code_table(coder, count, sizeof *attic->blocks);
        attic->block_count = attic->block_slots = attic->blocks ? count : 0;
    }
    for (uint64_t n = 0; n < count && molt__coder_good(coder); n++) {
        MoltAtticBlock block = {.span = MOLT__NO_SPAN};
        if (!molt__coder_reads(coder))
            block = keep->heap->attic.blocks[n];
        code_number(keep, &block);
        if (molt__coder_reads(coder))
            attic->blocks[n] = block;
    }
}

/* A block has one number; a second one is as of a block that was freed. */
static bool take_number(MoltKeepsakes *keep, uint32_t number)
{
    MoltAtticBlock *block = &keep->attic.blocks[number];
    MoltSpanMarks *marks = &keep->marks[block->span];
    uint32_t blocks = keep->into->spans[block->span].blocks;
    if (!marks->kept)
        marks->kept = molt__code_table(&keep->coder, blocks, sizeof *marks->kept);
    if (!marks->kept || marks->kept[block->index] != 0)
        return false;
    marks->kept[block->index] = number + 1;
    return true;
}

void molt__keep_settle_numbers(MoltKeepsakes *keep)
{
    MoltAttic *attic = &keep->attic;
    for (uint64_t n = attic->block_count; n-- > 0 && molt__coder_good(&keep->coder);) {
        MoltAtticBlock *block = &attic->blocks[n];
        if (block->uses == 0) {
            *block = (MoltAtticBlock){.span = MOLT__NO_SPAN, .index = attic->free};
            attic->free = (uint32_t)n;
            continue;
        }
        if (block->span != MOLT__NO_SPAN && !take_number(keep, (uint32_t)n)) {
            block->span = MOLT__NO_SPAN;
            block->count = 0;
        }
        *(block->span == MOLT__NO_SPAN ? &attic->dead : &attic->records) += block->records;
    }
}

/* ---- the end --------------------------------------------------------------------------------- */

static void give_marks(const MoltHeap *heap, MoltSpan *span, MoltSpanMarks *marks)
{
    const MoltCoder own = {.allocator = heap->allocator};
    MoltSpanMarks old = {.kept = span->kept, .births = span->births, .made = span->made};
    free_marks(&own, &old, span->blocks);
    for (uint64_t w = 0; marks->made && w < words(span->blocks); w++)
        marks->made[w] &= span->live_bits[w];
    span->kept = marks->kept;
    span->births = marks->births;
    span->made = marks->made;
    span->birth = marks->birth;
    span->hooked_in = marks->hooked_in;
    span->stands_in = marks->stands_in;
    span->in_columns = marks->in_columns;
    *marks = (MoltSpanMarks){0};
}

void molt__keep_spans_commit(MoltKeepsakes *keep)
{
    MoltHeap *heap = keep->into;
    for (uint32_t s = 0; s < heap->span_count && s < keep->mark_count; s++) {
        if (heap->spans[s].bytes > 0)
            give_marks(heap, &heap->spans[s], &keep->marks[s]);
    }
    keep->guest_count = 0;
}

void molt__keep_spans_free(MoltKeepsakes *keep)
{
    const MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    for (uint32_t s = 0; s < keep->mark_count; s++) {
        if (s < keep->into->span_count)
            free_marks(coder, &keep->marks[s], keep->into->spans[s].blocks);
    }
    molt__code_free(coder, keep->marks, keep->mark_count, sizeof *keep->marks);
    while (keep->guest_count > 0)
        molt__heap_drop(keep->into, keep->guests[--keep->guest_count]);
    if (reads)
        molt__code_free(coder, keep->guests, keep->span_count, sizeof *keep->guests);
    molt__code_free(coder, keep->spans,
                    reads ? keep->span_count : (uint64_t)keep->heap->span_count + 1,
                    sizeof *keep->spans);
}
