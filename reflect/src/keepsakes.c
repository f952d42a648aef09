#include "molt/keepsakes.h"

#include <string.h>

#include "hook_lineage.h"
#include "keepsake_parts.h"
#include "kept_types.h"
#include "lineage.h"
#include "molt/globals.h"

/* ---- the attic itself ------------------------------------------------------------------------- */

static void code_scalars(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    MoltAttic *attic = &keep->attic;
    if (!molt__coder_reads(coder)) {
        attic->edit = keep->heap->attic.edit;
        attic->dropped = keep->heap->attic.dropped;
        attic->cut = keep->heap->attic.cut;
    }
    molt__code_u32(coder, &attic->edit);
    molt__code_u64(coder, &attic->dropped);
    molt__code_bool(coder, &attic->cut);
}

/* ---- copies of rows --------------------------------------------------------------------------- */

static void code_row(MoltKeepsakes *keep, const MoltRowStands *rows, MoltRowStand *row)
{
    MoltCoder *coder = &keep->coder;
    molt__keep_span(keep, &row->span);
    molt__code_u32(coder, &row->block);
    molt__code_u32(coder, &row->constant);
    molt__code_u32(coder, &row->key);
    molt__code_u32(coder, &row->title);
    molt__code_u64(coder, &row->row);
    molt__code_u64(coder, &row->element);
    molt__coder_check(coder,
                      row->constant < rows->text_size && row->key < rows->text_size &&
                          row->title < rows->text_size,
                      "a row has no name");
}

/* Reading leaves out those whose copy is not there. */
static void code_rows_of(MoltKeepsakes *keep, MoltRowStands *rows)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    uint64_t kept = 0;
    molt__code_count(coder, &rows->text_size, 1);
    if (reads)
        rows->text = molt__code_table(coder, rows->text_size, 1);
    if (reads)
        rows->text_slots = rows->text_size = rows->text ? rows->text_size : 0;
    if (rows->text_size > 0)
        molt__code_bytes(coder, rows->text, rows->text_size);
    molt__coder_check(coder, rows->text_size == 0 || rows->text[rows->text_size - 1] == '\0',
                      "a text has no end");
    molt__code_count(coder, &rows->count, 36);
    if (reads)
        rows->items = molt__code_table(coder, rows->count, sizeof *rows->items);
    if (reads)
        rows->slots = rows->count = rows->items ? rows->count : 0;
    for (uint64_t r = 0; r < rows->count && molt__coder_good(coder); r++) {
        MoltRowStand row = {.made = 0};
        if (!reads)
            row = rows->items[r];
        code_row(keep, rows, &row);
        if (reads && row.span != MOLT__NO_SPAN &&
            molt__keep_is_block(keep->into, row.span, row.block))
            rows->items[kept++] = row;
    }
    if (reads)
        rows->count = kept;
}

static void code_rows(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    const MoltRowStands *from = keep->heap->attic.stands;
    bool some = !molt__coder_reads(coder) && from != NULL;
    molt__code_bool(coder, &some);
    if (!some)
        return;
    if (molt__coder_reads(coder)) {
        MoltRowStands *rows = keep->attic.stands = molt__code_table(coder, 1, sizeof *rows);
        if (!rows)
            return;
        rows->shares = 1;
        code_rows_of(keep, rows);
    } else {
        MoltRowStands copy = *from;
        code_rows_of(keep, &copy);
    }
}

/* ---- both ways -------------------------------------------------------------------------------- */

static void code_all(MoltKeepsakes *keep)
{
    molt__keep_versions(keep);
    molt__keep_spans(keep);
    if (molt__coder_good(&keep->coder) &&
        !molt__pool_blocks_find(&keep->pools, keep->heap, 0, &keep->coder.allocator))
        molt__coder_starve(&keep->coder);
    molt__keep_numbers(keep);
    code_scalars(keep);
    code_rows(keep);
    molt__keep_pages(keep);
    if (molt__coder_reads(&keep->coder))
        molt__keep_settle_numbers(keep);
}

MoltStatus molt_keepsakes_write(const MoltHeap *heap, const MoltTextSink *sink, MoltError *error)
{
    MoltKeepsakes keep = {.heap = heap, .schema = heap->schema};
    molt_heap_gather_globals(heap);
    molt__coder_write(&keep.coder, sink, &heap->allocator, error);
    molt__keep_schemas(&keep);
    code_all(&keep);
    MoltStatus status = molt__coder_finish(&keep.coder);
    molt__pool_blocks_free(&keep.pools);
    molt__keep_spans_free(&keep);
    molt__keep_schemas_free(&keep);
    return status;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* The first `count` types of both are the same, with the same ids. */
static bool begins_with(const MoltSchema *schema, const MoltSchema *source, uint32_t count)
{
    if (schema->tables.type_count < count || source->tables.type_count < count)
        return false;
    for (MoltTypeId t = 0; t < count; t++) {
        if (molt_type(schema, t)->hash != molt_type(source, t)->hash ||
            strcmp(molt_type_name(schema, t), molt_type_name(source, t)) != 0)
            return false;
    }
    return true;
}

MoltStatus molt_keepsakes_schema(const void *bytes, size_t size, const MoltSchema *source,
                                 MoltSchema **out, MoltError *error)
{
    MoltKeepsakes keep = {.schema = source};
    *out = NULL;
    molt__coder_read(&keep.coder, bytes, size, &source->allocator, error);
    molt__keep_schemas(&keep);
    MoltStatus status = keep.coder.status;
    if (status == MOLT_OK && !begins_with(keep.schemas[0], source, keep.schemas[0]->source_types))
        status = molt_error(error, MOLT_INVALID,
                            "What was kept is not of this library: its types are others.");
    if (status == MOLT_OK && keep.schemas[0]->tables.type_count > source->tables.type_count)
        status = molt__schema_clone(keep.schemas[0], &source->allocator, out, error);
    molt__keep_schemas_free(&keep);
    return status;
}

/* Nothing of it is the heap's yet. */
static void discard(MoltKeepsakes *keep)
{
    MoltAttic *attic = &keep->attic;
    const MoltAllocator *allocator = &keep->coder.allocator;
    molt__lineage_release(allocator, &attic->lineage);
    molt__row_stands_drop(allocator, attic->stands);
    attic->stands = NULL;
    molt__attic_release(allocator, attic);
}

static void commit(MoltKeepsakes *keep)
{
    MoltHeap *heap = keep->into;
    MoltSchema *schema = (MoltSchema *)(uintptr_t)heap->schema; /* the state's own */
    molt_attic_clear(heap);
    molt__lineage_release(&heap->allocator, &heap->attic.lineage);
    molt__row_stands_drop(&heap->allocator, heap->attic.stands);
    keep->attic.limit = heap->attic.limit;
    keep->attic.none = heap->attic.none;
    heap->attic = keep->attic;
    keep->attic = (MoltAttic){.free = MOLT__NO_SPAN};
    molt__keep_spans_commit(keep);
    molt__lineage_forget(schema);
    memcpy(schema->versions, keep->versions, keep->version_count * sizeof keep->versions[0]);
    schema->version_count = keep->version_count;
    keep->version_count = 0;
    molt__attic_tidy(heap);
}

MoltStatus molt_keepsakes_read(MoltHeap *heap, const void *bytes, size_t size, MoltError *error)
{
    MoltKeepsakes keep = {.heap = heap, .into = heap, .schema = heap->schema};
    molt_heap_gather_globals(heap);
    molt__coder_read(&keep.coder, bytes, size, &heap->allocator, error);
    keep.attic.free = MOLT__NO_SPAN;
    molt__keep_schemas(&keep);
    if (molt__coder_good(&keep.coder))
        molt__coder_check(
            &keep.coder,
            begins_with(keep.schemas[0], heap->schema, heap->schema->tables.type_count) &&
                keep.schemas[0]->tables.type_count == heap->schema->tables.type_count &&
                keep.schemas[0]->kept_types == heap->schema->kept_types,
            "its types are others");
    code_all(&keep);
    MoltStatus status = molt__coder_finish(&keep.coder);
    if (status == MOLT_OK)
        commit(&keep);
    discard(&keep);
    molt__pool_blocks_free(&keep.pools);
    molt__keep_spans_free(&keep);
    molt__keep_schemas_free(&keep);
    return status;
}
