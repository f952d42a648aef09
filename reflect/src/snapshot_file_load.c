/* From an open snapshot to a heap: spans are made where they were, their content read (or mapped) and
 * its checksum compared, every pointer checked and moved to where the heap is, names resolved; then the
 * ordinary plan carries the state into the running schema. Everything is built in a heap of its own. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_STATIC_LINKING_ONLY /* a hash state on the stack */
#include <xxhash.h>

#include "block_image.h"
#include "block_targets.h"
#include "code_target.h"
#include "dump_path.h"
#include "globals_aim.h"
#include "held_lock.h"
#include "migration.h"
#include "molt/migrate.h"
#include "molt/plan.h"
#include "pool_blocks.h"
#include "snapshot_findings.h"
#include "snapshot_reader.h"
#include "tables.h"

/* Invariant: until molt_snapshot_file_load returns, only `heap` is written, which is nobody else's;
 * span i of the file is span i of the heap until names are resolved. */
typedef struct Load {
    MoltSnapshotFile *file;
    MoltHeap *heap;
    const MoltCodeMap *code;
    bool nulls_functions;
    bool placeholders; /* `code` is the file's own */
    bool migrates;     /* into another schema than the file's */
    uintptr_t delta;   /* from an address in the file to one in the heap */
    MoltImages images; /* pointers only */
    MoltFileFindings findings;
    MoltError *error;
    MoltStatus status;

    MoltProgress progress;
    uint64_t done, content; /* bytes of objects: read, and in all */

    MoltTargets targets;
    const MoltFileSpanPlace *place; /* being walked */
    uint64_t slot;                  /* the next one that the walk has to meet, */
    uint64_t next;                  /* and its position; UINT64_MAX: there is none */
} Load;

/* Read at once: then its checksum is computed, and its pointers are looked at, while it is in a cache. */
#define PIECE ((uint64_t)256 << 10)

/* Content from which on it is read into small pages, which are still in a cache when the bytes come. A huge
 * one is zeroed as a whole before; that pays while the system has some at hand, and takes twice the time
 * where a virtual machine gets each from its host. They are joined later, beside the game. */
#define SMALL_PAGES ((uint64_t)512 << 20)

static MoltFileSection section_of(const MoltFileSpanPlace *place)
{
    return place->content < MOLT__FILE_PAGED ? MOLT__FILE_PACKED : MOLT__FILE_PAGES;
}

static MoltStatus out_of_memory(const Load *load)
{
    return molt_error(load->error, MOLT_OUT_OF_MEMORY, "No memory to load %s.", load->file->name);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static void take_blocks(const MoltFileSpanPlace *place, MoltSpan *span)
{
    uint64_t words = ((uint64_t)span->blocks + 63) / 64;
    const unsigned char *counts = place->blocks + words * 8;
    memcpy(span->live_bits, place->blocks, words * 8);
    span->live = place->shape.live;
    for (uint64_t w = 0; span->counts && w < words; w++) {
        for (uint64_t bits = span->live_bits[w]; bits != 0; bits &= bits - 1) {
            memcpy(&span->counts[w * 64 + (uint64_t)__builtin_ctzll(bits)], counts,
                   sizeof *span->counts);
            counts += sizeof *span->counts;
        }
    }
}

static MoltStatus make_spans(Load *load)
{
    const MoltSnapshotFile *file = load->file;
    MoltHeap *heap = load->heap;
    if (file->position > heap->granule_count << MOLT__GRANULE_SHIFT)
        return molt__file_damaged(file, MOLT__FILE_SPANS, 0, load->error,
                                  "the spans take %llu bytes of address space and the heap has "
                                  "reserved %llu (to be raised if the file is sound)",
                                  (unsigned long long)file->position,
                                  (unsigned long long)(heap->granule_count << MOLT__GRANULE_SHIFT));
    for (uint64_t i = 0; i < file->span_count; i++) {
        const MoltFileSpanPlace *place = &file->spans[i];
        MoltSpan span;
        if (!molt__span_make_of(heap, &span, file->schema, place->shape.type, place->shape.capacity,
                                place->shape.blocks, place->shape.align))
            return out_of_memory(load);
        take_blocks(place, &span);
        heap->types.serials[place->shape.type] = place->shape.first_serial;
        uint32_t index = molt__heap_adopt(heap, &span, place->shape.type);
        if (index == MOLT__NO_SPAN) {
            molt__span_release(heap, &span);
            return out_of_memory(load);
        }
        if (index != i || span.base != heap->base + place->position)
            return molt__file_damaged(file, MOLT__FILE_SPANS, i * sizeof(MoltFileSpan), load->error,
                                      "the span has another place in a heap");
    }
    for (MoltTypeId t = 0; t < file->schema->tables.type_count; t++)
        heap->types.serials[t] = file->serials[t];
    return MOLT_OK;
}

/* Pages of the file in the place of the span's own; false when the system refuses. */
static bool map_span(const MoltSnapshotFile *file, const MoltFileSpanPlace *place, void *to)
{
    uint64_t offset = file->begins[MOLT__FILE_PAGES] + place->offset;
    return mmap(to, place->content, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file->fd,
                (off_t)offset) == to;
}

/* ---- pointers ------------------------------------------------------------------------------- */

static void stop(Load *load, const unsigned char *at, const char *what)
{
    uint64_t offset = (uintptr_t)at - load->heap->base - load->place->position;
    if (load->status == MOLT_OK)
        load->status = molt__file_damaged(load->file, section_of(load->place),
                                          load->place->offset + offset, load->error, "%s", what);
}

static void aim_slot(Load *load)
{
    load->next = load->slot < load->file->slot_count
                     ? molt__file_slot(load->file, load->slot).position
                     : UINT64_MAX;
}

/* Pointers that molt__target() does not know of. */
static bool is_in_object_or_ends_it(const Load *load, uintptr_t address)
{
    MoltPlace place;
    molt_heap_locate(load->heap, (const void *)address, &place); /* NOLINT: an address */
    return place.kind == MOLT_PLACE_BLOCK;
}

static void take_pointer(Load *load, unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    if ((uintptr_t)at - load->heap->base == load->next) {
        if (value != 0)
            stop(load, at, "a pointer has a value and a name");
        load->slot++;
        aim_slot(load);
        return;
    }
    if (value == 0)
        return;
    uintptr_t address = value + load->delta;
    if (value - load->file->header.base >= load->file->position)
        stop(load, at, "a pointer leads out of the state");
    else if (!molt__target(&load->targets, address) && !is_in_object_or_ends_it(load, address))
        stop(load, at, "a pointer leads to no object");
    else if (load->delta != 0)
        memcpy(at, &address, sizeof address);
}

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static void walk_object(Load *load, const MoltImageOp *ops, uint32_t count, unsigned char *object)
{
    for (uint32_t i = 0; i < count; i++) {
        const MoltImageOp *op = &ops[i];
        if (op->code == MOLT__IMAGE_LOOP) {
            for (uint64_t k = 0; k < op->count && load->status == MOLT_OK; k++)
                walk_object(load, op + 1, op->body, object + op->at + k * op->stride);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_UNION) {
            const MoltImageOp *arm = molt__image_arm(op, object);
            walk_object(load, arm + 1, arm->body, object);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_POINTER || op->code == MOLT__IMAGE_STRING) {
            take_pointer(load, object + op->at);
        } else if (!is_zero(object + op->at, op->size)) {
            stop(load, object + op->at, "a pointer has a value that files leave out");
        }
    }
}

static void walk_objects(Load *load, const MoltImage *image, unsigned char *object, uint64_t size,
                         uint64_t count)
{
    for (uint64_t k = 0; k < count && image->pointers && load->status == MOLT_OK; k++)
        walk_object(load, image->ops, image->count, object + k * size);
}

/* What a walk over the objects of a span needs: where it is, and where it has to stop. */
typedef struct Walk {
    const MoltSpan *span;
    const MoltImage *image, *tail; /* tail: of a flexible struct, else NULL */
    uint32_t block;                /* the next one */
} Walk;

static MoltStatus begin_walk(Load *load, uint32_t index, Walk *walk)
{
    const MoltSchema *schema = load->file->schema;
    const MoltSpan *span = &load->heap->spans[index];
    const MoltField *field = molt_schema_tail(schema, span->type);
    *walk = (Walk){.span = span, .image = molt__image(&load->images, span->type)};
    if (walk->image && field)
        walk->tail = molt__image(&load->images, molt_type(schema, field->type)->elem);
    load->place = &load->file->spans[index];
    return walk->image && (!field || walk->tail) ? MOLT_OK : out_of_memory(load);
}

/* Goes on over the blocks that end in the first `ready` bytes of the span. */
static void go_on(Load *load, Walk *walk, uint64_t ready)
{
    const MoltSpan *span = walk->span;
    bool pointers = walk->image->pointers || (walk->tail && walk->tail->pointers);
    for (; pointers && walk->block < span->blocks && load->status == MOLT_OK; walk->block++) {
        if (!molt__span_is_live(span, walk->block))
            continue;
        unsigned char *block = molt__span_block(span, walk->block);
        uint64_t count = molt__span_count(span, walk->block);
        if (span->stride * walk->block + molt__span_bytes(span, count) > ready)
            return;
        walk_objects(load, walk->image, block, span->elem_size, walk->tail ? 1 : count);
        if (walk->tail && span->elem_size > 0)
            walk_objects(load, walk->tail, block + span->header, span->elem_size, count);
    }
}

/* ---- content -------------------------------------------------------------------------------- */

/* The content of span `index`, into `hash` unless that is NULL; its pointers are looked at when `walks`.
 * load->status says what is wrong with pointers: a wrong checksum says more, so all is read. */
static MoltStatus read_span(Load *load, uint32_t index, XXH3_state_t *hash, bool walks)
{
    const MoltSnapshotFile *file = load->file;
    const MoltFileSpanPlace *place = &file->spans[index];
    unsigned char *to = (unsigned char *)load->heap->spans[index].base; /* NOLINT: its range */
    uint64_t begin = file->begins[section_of(place)] + place->offset, part;
    MoltStatus status = MOLT_OK;
    Walk walk = {0};
    if (walks)
        status = begin_walk(load, index, &walk);
    for (uint64_t at = 0; at < place->content && status == MOLT_OK; at += part) {
        part = place->content - at < PIECE ? place->content - at : PIECE;
        status = molt__file_read(file, begin + at, to + at, part, load->error);
        if (status == MOLT_OK && hash)
            XXH3_64bits_update(hash, to + at, part);
        if (status == MOLT_OK && walks)
            go_on(load, &walk, at + part);
        load->done += part;
        molt_progress_tell(&load->progress, load->done, load->content);
    }
    return status;
}

static MoltStatus map_or_read(Load *load, uint32_t index, XXH3_state_t *hashes, bool walks)
{
    const MoltSnapshotFile *file = load->file;
    const MoltFileSpanPlace *place = &file->spans[index];
    bool map = file->trusted && section_of(place) == MOLT__FILE_PAGES && file->fd >= 0;
    Walk walk;
    if (place->content == 0)
        return MOLT_OK;
    if (!map || !map_span(file, place, (void *)load->heap->spans[index].base)) /* NOLINT */
        return read_span(load, index, map ? NULL : &hashes[section_of(place)], walks);
    MoltStatus status = walks ? begin_walk(load, index, &walk) : MOLT_OK;
    if (walks && status == MOLT_OK)
        go_on(load, &walk, place->content);
    return status;
}

/* The pointers in blocks of bytes that notes describe, which are named last, by address. */
static bool take_pools(Load *load)
{
    const MoltSchema *schema = load->file->schema;
    MoltPoolBlocks pools;
    bool found = molt__pool_blocks_find(&pools, load->heap, load->delta, &load->file->allocator);
    for (uint64_t i = 0; found && i < pools.count && load->status == MOLT_OK; i++) {
        const MoltPoolBlock *pool = &pools.items[i];
        unsigned char *block = (unsigned char *)pool->block; /* NOLINT: of the heap */
        const MoltImage *image = molt__image(&load->images, pool->type), *head = image;
        if (pool->head > 0)
            head = molt__image(&load->images, pool->header);
        found = image && head;
        load->place = &load->file->spans[pool->span];
        if (found && pool->head > 0)
            walk_objects(load, head, block, pool->head, 1);
        if (found)
            walk_objects(load, image, block + pool->head, molt_type(schema, pool->type)->size,
                         pool->count);
    }
    molt__pool_blocks_free(&pools);
    return found;
}

/* Checksums first: they tell of a file that was damaged, what comes after them of one that was forged. */
static MoltStatus judge(Load *load, const XXH3_state_t *hashes, bool walks)
{
    const MoltSnapshotFile *file = load->file;
    for (int s = 0; s < 2; s++) {
        bool map = file->trusted && s == MOLT__FILE_PAGES && file->fd >= 0;
        if (!map && XXH3_64bits_digest(&hashes[s]) != file->header.sections[s].hash)
            return molt__file_damaged(file, (MoltFileSection)s, 0, load->error,
                                      "the checksum does not match");
    }
    if (walks && load->status == MOLT_OK && !take_pools(load))
        return out_of_memory(load);
    if (walks && load->status == MOLT_OK && load->slot < file->slot_count)
        return molt__file_damaged(file, MOLT__FILE_CODE, load->slot * sizeof(MoltFileSlot),
                                  load->error, "no pointer is there");
    return load->status;
}

static MoltStatus take_content(Load *load)
{
    XXH3_state_t hashes[2]; /* by section */
    MoltStatus status = MOLT_OK;
    bool walks = !load->file->trusted || load->delta != 0;
    bool small = !load->file->trusted && load->file->position >= SMALL_PAGES;
    for (int s = 0; s < 2; s++)
        XXH3_64bits_reset(&hashes[s]);
    for (uint32_t i = 0; i < load->file->span_count; i++)
        load->content += load->file->spans[i].content;
    if (walks && !molt__targets_make(&load->targets, load->heap, &load->file->allocator))
        return out_of_memory(load);
    aim_slot(load);
    if (small)
        molt__range_small_pages(load->heap, load->file->position);
    for (uint32_t i = 0; i < load->file->span_count && status == MOLT_OK; i++)
        status = map_or_read(load, i, hashes, walks);
    for (uint32_t i = 0; small && i < load->heap->span_count; i++)
        molt__range_huge_pages(&load->heap->spans[i], true);
    return status == MOLT_OK ? judge(load, hashes, walks) : status;
}

static MoltStatus take_roots(Load *load)
{
    const MoltSnapshotFile *file = load->file;
    const MoltTables *tables = &file->schema->tables;
    for (uint32_t r = 0, row = 0; r < tables->root_count; r++) {
        uint64_t value;
        MoltPlace place;
        if (molt__is_vacant(&tables->types[tables->roots[r].type]))
            continue; /* of no file */
        memcpy(&value, molt__file_section(file, MOLT__FILE_ROOTS) + row++ * sizeof value,
               sizeof value);
        if (value == 0)
            continue;
        void *object = (void *)(value + load->delta); /* NOLINT: an address of the heap */
        molt_heap_locate(load->heap, object, &place);
        if (value - file->header.base >= file->position || place.kind != MOLT_PLACE_BLOCK)
            return molt__file_damaged(file, MOLT__FILE_ROOTS, r * sizeof value, load->error,
                                      "a root is no object");
        molt_heap_set_root(load->heap, r, object);
    }
    return MOLT_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The type of a copied text's characters; wide ones have that of the integer that is as large. */
static MoltTypeId character_of(const MoltHeap *heap, uint32_t width)
{
    static const char *const names[] = {"int", "unsigned int", "unsigned short"};
    for (size_t i = width == 4 ? 0 : 2; width > 1 && i < sizeof names / sizeof *names; i++) {
        MoltTypeId type = molt_schema_find(heap->schema, names[i]);
        if (type != MOLT_NO_TYPE && molt_type(heap->schema, type)->size == width)
            return type;
    }
    return heap->char_type;
}

static uintptr_t make_string(Load *load, const MoltFileTarget *symbol)
{
    MoltHeap *heap = load->heap;
    char *text = NULL;
    uint32_t width = molt_code_width(symbol->target.bytes, symbol->target.size);
    MoltTypeId type = character_of(heap, width);
    if (type != MOLT_NO_TYPE)
        text = molt_heap_new(heap, type, symbol->target.size / molt_type(heap->schema, type)->size);
    if (text)
        memcpy(text, symbol->target.bytes, symbol->target.size);
    else
        load->status = out_of_memory(load);
    return (uintptr_t)text;
}

/* A place in an object whose size the file does not tell: nobody would see that its elements have
 * another size than they had. */
static bool may_have_moved(const Load *load, const MoltFileTarget *symbol)
{
    return load->migrates && symbol->kind == MOLT_CODE_DATA && symbol->target.size == 0 &&
           symbol->target.offset > 0;
}

static void find(Load *load, const MoltFileTarget *symbol, MoltRule rule, MoltSeverity severity,
                 uint64_t position)
{
    MoltFileFinding *item = molt__file_find(&load->findings, rule, severity, symbol, position);
    MoltPlace place;
    MoltDumpPath path;
    if (!item)
        return;
    const void *at = (const void *)(load->heap->base + position); /* NOLINT: in the heap */
    molt_heap_locate(load->heap, at, &place);
    if (place.kind == MOLT_PLACE_BLOCK) {
        MoltTypeId anything = molt_schema_find(load->file->schema, "void");
        molt__dump_path(load->file->schema, &place,
                        anything != MOLT_NO_TYPE ? anything : place.block.type, &path);
        snprintf(item->path, sizeof item->path, "%.80s:%llu%.100s",
                 molt_type_name(load->file->schema, place.block.type),
                 (unsigned long long)place.block.serial, path.text);
    }
    if (symbol->kind == MOLT_CODE_LITERAL) {
        char text[MOLT__LITERAL_SHOWN];
        molt__code_text(&symbol->target, text, sizeof text);
        snprintf(item->value, sizeof item->value, "\"%s\"", text);
    } else {
        snprintf(
            item->value, sizeof item->value, "%s%.50s%s%.50s%s",
            may_have_moved(load, symbol) ? "a place in an object whose size is not known, " : "",
            symbol->target.name, symbol->target.file[0] ? " of " : "", symbol->target.file,
            rule == MOLT_RULE_CONSTANT_UNCHECKED ? ", of which the file tells the name only," : "");
    }
}

/* An offset into an object means the same only while the object has its size, and a number that
 * somebody points at only while it is the same. */
static bool is_same_object(const Load *load, const MoltFileTarget *symbol, uintptr_t address)
{
    MoltCodeTarget there;
    const MoltCodeMap *code = load->code;
    if (!code->describe(code->context, address - symbol->target.offset, &there) ||
        there.kind != MOLT_CODE_DATA)
        return false;
    bool known = symbol->target.size != 0;
    if (known ? there.size != symbol->target.size : there.size < symbol->target.offset)
        return false;
    uint32_t size = symbol->target.value_size;
    return size == 0 ||
           (there.bytes && size <= there.size - symbol->target.offset &&
            memcmp(there.bytes + symbol->target.offset, symbol->target.value, size) == 0);
}

/* Where the symbol is in the running library, 0 with a finding when it is not. */
static uintptr_t resolve(Load *load, MoltFileTarget *symbol, uint64_t position)
{
    if (symbol->kind == MOLT__FILE_STRING)
        return make_string(load, symbol);
    if (symbol->address != 0)
        return symbol->address;
    if (may_have_moved(load, symbol)) {
        find(load, symbol, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, position);
        return 0;
    }
    if (load->placeholders) {
        symbol->address =
            load->code->begin + (uintptr_t)(symbol - load->file->symbols) * MOLT__FILE_CODE_STEP;
        return symbol->address;
    }
    uintptr_t address = load->code->resolve(load->code->context, &symbol->target);
    if (symbol->kind == MOLT_CODE_DATA && address != 0 && !is_same_object(load, symbol, address))
        address = 0;
    if (address == 0 && symbol->kind == MOLT_CODE_LITERAL) {
        address = make_string(load, symbol);
        if (address != 0)
            find(load, symbol, MOLT_RULE_LITERAL_COPIED, MOLT_INFO, position);
    } else if (address == 0) {
        bool function = symbol->kind == MOLT_CODE_FUNCTION;
        find(load, symbol, function ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING,
             function && load->nulls_functions ? MOLT_LOSS : MOLT_REFUSE, position);
    } else if (symbol->kind == MOLT_CODE_DATA && symbol->target.size == 0) {
        find(load, symbol, MOLT_RULE_CONSTANT_UNCHECKED, MOLT_INFO, position);
    }
    symbol->address = address;
    return address;
}

/* Of a trusted file nobody has looked whether the slot is a pointer; it is in an object. */
static bool is_in_object(const Load *load, uint64_t position)
{
    MoltPlace first, last;
    const unsigned char *at =
        (const unsigned char *)(load->heap->base + position); /* NOLINT: in the heap */
    molt_heap_locate(load->heap, at, &first);
    molt_heap_locate(load->heap, at + sizeof(void *) - 1, &last);
    return first.kind == MOLT_PLACE_BLOCK && last.kind == MOLT_PLACE_BLOCK &&
           first.block.start == last.block.start &&
           (last.block.header > 0 || last.element < last.block.count);
}

static MoltStatus take_names(Load *load)
{
    MoltSnapshotFile *file = load->file;
    for (uint64_t i = 0; i < file->symbol_count; i++)
        file->symbols[i].address = 0;
    for (uint64_t i = 0; i < file->slot_count && load->status == MOLT_OK; i++) {
        MoltFileSlot slot = molt__file_slot(file, i);
        if (!is_in_object(load, slot.position))
            return molt__file_damaged(file, MOLT__FILE_CODE, i * sizeof slot, load->error,
                                      "a pointer is in no object");
        uintptr_t address = resolve(load, &file->symbols[slot.symbol], slot.position);
        unsigned char *at = (unsigned char *)(load->heap->base + slot.position); /* NOLINT: in it */
        memcpy(at, &address, sizeof address);
    }
    return load->status;
}

/* ---- into the running game ------------------------------------------------------------------ */

static bool changes(const MoltPlan *plan, const MoltHeap *heap)
{
    for (MoltTypeId t = 0; t < molt_plan_before(plan)->tables.type_count; t++)
        if (heap->types.first[t] != MOLT__NO_SPAN && molt_plan_fate(plan, t) != MOLT_FATE_SAME)
            return true;
    return false;
}

static unsigned char *mirror_of(const MoltHeap *heap)
{
    const MoltTables *tables = &heap->schema->tables;
    for (uint32_t r = 0; r < heap->root_count; r++) {
        if (tables->types[tables->roots[r].type].flags & MOLT_TYPE_GLOBALS)
            return heap->roots[r];
    }
    return NULL;
}

/* `code`: of the heap's pointers, which are right already where nothing moves. */
static MoltStatus migrate(MoltSnapshotFile *file, MoltHeap *heap, const MoltCodeMap *code,
                          const MoltLoadDesc *desc, MoltReport *report, MoltError *error)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status =
        molt_plan_build_with_hooks(heap->schema, desc->schema, desc->policy, desc->hooks,
                                   &file->allocator, &plan, report, error);
    if (status == MOLT_OK)
        molt_plan_set_missing_functions(plan, desc->missing_functions);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(heap, plan, changes(plan, heap) ? code : NULL, &migration,
                                      report, error);
    if (status == MOLT_OK) {
        bool started = molt__hook_variables_had(migration);
        molt_migrate_commit(migration);
        if (desc->globals && !started)
            molt__globals_start_added(mirror_of(heap), plan, desc->globals);
    }
    molt_plan_free(plan);
    return status;
}

MoltStatus molt_snapshot_file_step(MoltSnapshotFile *file, MoltHeap *heap, const MoltSchema *schema,
                                   MoltPolicy policy, MoltMissingFunctions missing,
                                   MoltReport *report, MoltError *error)
{
    const MoltLoadDesc desc = {.schema = schema, .policy = policy, .missing_functions = missing};
    const MoltCodeMap *code = molt_snapshot_file_code(file);
    return code ? migrate(file, heap, code, &desc, report, error)
                : molt_error(error, MOLT_OUT_OF_MEMORY, "no memory to take the state on");
}

static void keep_external(const MoltImageOp *ops, uint32_t count, const unsigned char *from,
                          unsigned char *to)
{
    for (uint32_t i = 0; i < count; i++) {
        const MoltImageOp *op = &ops[i];
        if (op->code == MOLT__IMAGE_LOOP) {
            for (uint64_t k = 0; k < op->count; k++)
                keep_external(op + 1, op->body, from + op->at + k * op->stride,
                              to + op->at + k * op->stride);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_UNION) {
            const MoltImageOp *arm = molt__image_arm(op, to);
            if (arm == molt__image_arm(op, from))
                keep_external(arm + 1, arm->body, from, to);
            i += op->body;
        } else if (op->code == MOLT__IMAGE_EXTERNAL) {
            memcpy(to + op->at, from + op->at, op->size);
        }
    }
}

/* The object that a root leads to, or NULL when it is not of the root's type. Schemas are equal with and
 * without a globals type that has no fields, so roots are told by name. */
static unsigned char *root_object(const MoltHeap *heap, const char *name)
{
    const MoltTables *tables = &heap->schema->tables;
    MoltPlace place;
    uint32_t root = 0;
    while (root < tables->root_count &&
           strcmp(molt_string(heap->schema, tables->roots[root].name), name) != 0)
        root++;
    void *object = molt_heap_root(heap, root);
    return object && molt__heap_find_start(heap, object, &place) &&
                   place.block.type == heap->schema->tables.roots[root].type
               ? object
               : NULL;
}

static MoltStatus take_external(Load *load, const MoltHeap *running)
{
    const MoltSchema *schema = load->heap->schema;
    MoltStatus status = MOLT_OK;
    MoltImages images;
    molt_heap_gather_globals(running);
    const MoltHash *left = &running->schema->tables.hash, *right = &schema->tables.hash;
    if (left->low != right->low || left->high != right->high)
        return molt_error(load->error, MOLT_INVALID,
                          "The running state has another schema than the one to load into.");
    if (!molt__images_make(&images, schema, true, &load->file->allocator))
        status = out_of_memory(load);
    for (uint32_t r = 0; r < schema->tables.root_count && status == MOLT_OK; r++) {
        const char *name = molt_string(schema, schema->tables.roots[r].name);
        const unsigned char *from = root_object(running, name);
        unsigned char *to = root_object(load->heap, name);
        const MoltImage *image = molt__image(&images, schema->tables.roots[r].type);
        if (!image)
            status = out_of_memory(load);
        else if (from && to)
            keep_external(image->ops, image->count, from, to);
    }
    molt__images_free(&images);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static MoltStatus fill_heap(Load *load, MoltReport *report)
{
    MoltStatus status = make_spans(load);
    load->delta = load->heap->base - (uintptr_t)load->file->header.base;
    if (status == MOLT_OK)
        status = take_content(load);
    if (status == MOLT_OK)
        status = take_roots(load);
    if (status == MOLT_OK)
        status = take_names(load);
    if (status == MOLT_OK && !molt__held_locks_release(load->heap))
        status = out_of_memory(load);
    MoltStatus found =
        molt__file_findings_report(&load->findings, report, status == MOLT_OK ? load->error : NULL);
    return status == MOLT_OK ? found : status;
}

/* Of a game without variables a file says nothing about them. Other types keep their ids. */
static MoltStatus add_globals(Load *load)
{
    MoltSnapshotFile *file = load->file;
    MoltSchema *more = NULL;
    MoltStatus status =
        molt_schema_with_globals(&file->schema->tables, &file->allocator, &more, load->error);
    if (status != MOLT_OK)
        return status;
    if (more->tables.type_count == file->schema->tables.type_count) {
        molt_schema_free(more);
        return MOLT_OK;
    }
    uint32_t count = file->schema->tables.type_count;
    uint64_t *serials = file->allocator.resize(file->allocator.context, file->serials,
                                               count > 0 ? count * sizeof *serials : 1,
                                               (count + 1u) * sizeof *serials);
    if (!serials) {
        molt_schema_free(more);
        return out_of_memory(load);
    }
    serials[count] = 0;
    file->serials = serials;
    molt_schema_free(file->schema);
    file->schema = more;
    return MOLT_OK;
}

static MoltStatus make_heap(Load *load, const MoltLoadDesc *desc)
{
    MoltHeapDesc heap = desc->heap;
    load->nulls_functions =
        desc->missing_functions == MOLT_MISSING_FUNCTIONS_NULL && desc->policy == MOLT_POLICY_LIVE;
    heap.allocator = heap.allocator ? heap.allocator : &load->file->allocator;
    MoltStatus status = desc->globals ? add_globals(load) : MOLT_OK;
    if (status == MOLT_OK)
        status = molt_heap_create(&heap, &load->heap, load->error);
    if (status == MOLT_OK && molt_heap_set_schema(load->heap, load->file->schema) != MOLT_OK)
        status = out_of_memory(load);
    if (status == MOLT_OK &&
        !molt__images_make(&load->images, load->file->schema, true, &load->file->allocator))
        status = out_of_memory(load);
    if (status == MOLT_OK && !load->code) {
        load->placeholders = true;
        load->code = molt_snapshot_file_code(load->file);
        status = load->code ? MOLT_OK : out_of_memory(load);
    }
    load->migrates =
        desc->schema &&
        memcmp(&desc->schema->tables.hash, &load->file->schema->tables.hash, sizeof(MoltHash)) != 0;
    return status;
}

MoltStatus molt_snapshot_file_load(MoltSnapshotFile *file, const MoltLoadDesc *desc, MoltHeap **out,
                                   MoltReport *report, MoltError *error)
{
    Load load = {.file = file,
                 .code = desc->code,
                 .progress = desc->progress,
                 .error = error,
                 .findings = {.allocator = file->allocator, .policy = desc->policy}};
    MoltStatus status = make_heap(&load, desc);
    if (status == MOLT_OK)
        status = fill_heap(&load, report);
    if (status == MOLT_OK && desc->schema)
        status = migrate(file, load.heap, load.code, desc, report, error);
    if (status == MOLT_OK && desc->globals)
        status = molt_heap_aim_globals(load.heap, desc->globals, error);
    if (status == MOLT_OK && desc->running)
        status = take_external(&load, desc->running);
    molt__targets_free(&load.targets);
    molt__images_free(&load.images);
    molt__file_findings_free(&load.findings);
    if (status == MOLT_OK)
        *out = load.heap;
    else
        molt_heap_destroy(load.heap);
    return status;
}
