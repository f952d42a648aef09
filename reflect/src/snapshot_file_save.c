/* Writing a state: first where everything goes, from the heap's tables alone; then the blocks, object
 * by object in the form of block_image.h; then the tables; the header last. */
#include "molt/snapshot_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "block_image.h"
#include "block_targets.h"
#include "code_target.h"
#include "flat_image.h"
#include "molt/globals.h"
#include "pool_blocks.h"
#include "snapshot_bytes.h"
#include "snapshot_findings.h"
#include "snapshot_output.h"
#include "snapshot_places.h"
#include "snapshot_symbols.h"
#include "snapshot_writer.h"
#include "tables.h"

#define CODE_CACHE 256u
/* Content from which on a thread of its own writes it. */
#define THREAD_BYTES ((uint64_t)4 << 20)

typedef struct CachedCode {
    uintptr_t address;
    MoltTypeId pointee;
    uint32_t symbol;
} CachedCode;

typedef struct Save {
    const MoltHeap *heap;
    const MoltCodeMap *code; /* NULL: none */
    MoltAllocator allocator;
    MoltFilePlaces places;
    MoltImages images;
    MoltFlatImages flat;
    MoltTargets targets; /* move: from an address to the file's */
    MoltOutput output;
    MoltWriter writer;
    MoltStream *streams; /* PAGES, PACKED; the first one then takes the other sections */
    MoltFileHeader header;
    MoltSymbolWriter symbols;
    MoltFileBytes slots, pool_slots; /* MoltFileSlot[]; those of pool_slots come last */
    MoltPoolBlocks pools;
    bool in_pool; /* so is the object that is being written */
    bool failed;  /* memory is out */
    MoltFileFindings findings;
    MoltProgress progress;
    const MoltSaveDesc *desc;
    CachedCode cache[CODE_CACHE];

    const MoltSpan *span; /* of the object that is being written */
    uint32_t block;
    uint64_t element, object;
} Save;

/* How objects of a type are written. */
typedef struct Form {
    const MoltImage *image;    /* NULL: there is no such type */
    const MoltFlatImage *flat; /* NULL: by the image's operations */
} Form;

static MoltStatus out_of_memory(MoltError *error)
{
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to write a snapshot.");
}

/* ---- what to say ---------------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6))) static void find(Save *save, const MoltImageOp *op,
                                                       MoltRule rule, MoltSeverity severity,
                                                       const char *format, ...)
{
    MoltFileFinding *item = molt__file_find(&save->findings, rule, severity, op, save->object);
    if (!item)
        return;
    const MoltSchema *schema = save->heap->schema;
    const char *type = molt_type_name(schema, save->span->type);
    unsigned long long serial = save->span->first_serial + save->block;
    if (op->owner != MOLT_NO_TYPE) {
        const MoltField *field = &schema->tables.fields[op->field];
        snprintf(item->path, sizeof item->path, "%s.%s", molt_type_name(schema, op->owner),
                 molt_string(schema, field->name));
        molt_schema_declare(schema, field, item->declaration, sizeof item->declaration);
    } else {
        snprintf(item->path, sizeof item->path, "%s", type);
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(item->value, sizeof item->value, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof item->value)
        return;
    size_t room = sizeof item->value - (size_t)length;
    if (save->span->counts && save->span->header == 0)
        snprintf(item->value + length, room, " in %.60s:%llu[%llu]", type, serial,
                 (unsigned long long)save->element);
    else
        snprintf(item->value + length, room, " in %.60s:%llu", type, serial);
}

/* ---- pointers ------------------------------------------------------------------------------- */

static void add_slot(Save *save, uint64_t position, uint32_t symbol)
{
    const MoltFileSlot slot = {.position = position, .symbol = symbol};
    unsigned char *room =
        molt__file_bytes_add(save->in_pool ? &save->pool_slots : &save->slots, sizeof slot);
    if (room)
        memcpy(room, &slot, sizeof slot);
}

/* True when the word is not the file's. */
static bool put_aside(Save *save, const unsigned char *at, uintptr_t value)
{
    if (save->desc->aside)
        save->desc->aside(save->desc->aside_context, at, value);
    return save->desc->aside != NULL;
}

static void write_code(Save *save, const MoltImageOp *op, const unsigned char *from,
                       uintptr_t value, uint64_t position)
{
    const MoltType *pointee = molt_type(save->heap->schema, op->pointee);
    CachedCode *cached = &save->cache[(value >> 4 ^ value >> 12) % CODE_CACHE];
    if (cached->address == value && cached->pointee == op->pointee) {
        add_slot(save, position, cached->symbol);
        return;
    }
    MoltCodeTarget target;
    bool function = pointee->kind == MOLT_KIND_FUNCTION;
    if (!molt__code_describe(save->code, save->heap->schema, op->pointee, value, &target)) {
        if (put_aside(save, from, value))
            return;
        find(save, op, function ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING, MOLT_REFUSE,
             "an address in the library that no symbol names (+0x%llx)",
             (unsigned long long)(value - save->code->begin));
        return;
    }
    if (!molt__code_may_mean(save->heap->schema, op->pointee, &target)) {
        if (put_aside(save, from, value))
            return;
        find(save, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE,
             "constant data of the library without a name");
        return;
    }
    const void *number = molt__code_value(pointee, &target);
    uint32_t symbol = molt__file_symbols_add(&save->symbols, &target, number,
                                             number ? (uint32_t)pointee->size : 0);
    *cached = (CachedCode){value, op->pointee, symbol};
    add_slot(save, position, symbol);
}

/* A struct with pointers in a block of bytes, which the game cut up itself: nothing translates its pointers
 * where no note says what lies in there. */
static bool is_pool(Save *save, MoltTypeId block, MoltTypeId pointee)
{
    const MoltSchema *schema = save->heap->schema;
    uint16_t kind = molt_type(schema, pointee)->kind;
    return molt_type(schema, block)->kind == MOLT_KIND_INT &&
           (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION) &&
           molt__image_holds_pointers(&save->images, pointee);
}

static void write_heap_pointer(Save *save, const MoltImageOp *op, const unsigned char *from,
                               uintptr_t value, unsigned char *to)
{
    MoltPlace place;
    molt_heap_locate(save->heap, (const void *)value, &place); /* NOLINT: an address of the state */
    if (place.kind != MOLT_PLACE_BLOCK) {
        find(save, op, MOLT_RULE_DANGLING_POINTER, MOLT_LOSS, "freed memory");
        return;
    }
    if (is_pool(save, place.block.type, op->pointee) &&
        !molt__pool_block(&save->pools, (uintptr_t)place.block.start)) {
        if (put_aside(save, from, value))
            return;
        find(save, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE,
             "a %.60s in a block that was allocated as %.60s and that no MOLT_POOL describes",
             molt_type_name(save->heap->schema, op->pointee),
             molt_type_name(save->heap->schema, place.block.type));
        return;
    }
    uint64_t written = MOLT__FILE_BASE + save->places.positions[place.block.span] +
                       (value - save->heap->spans[place.block.span].base);
    memcpy(to, &written, sizeof written);
}

static void write_pointer(Save *save, const MoltImageOp *op, const unsigned char *from,
                          unsigned char *to, uint64_t position)
{
    const MoltHeap *heap = save->heap;
    uintptr_t value;
    memcpy(&value, from, sizeof value);
    if (value == 0)
        return;
    uintptr_t mirror = molt_heap_mirror(heap, value, op->pointee);
    if (mirror != 0)
        value = mirror; /* a file knows variables as fields of an object */
    if (value - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT)
        write_heap_pointer(save, op, from, value, to);
    else if (save->code && value - save->code->begin < save->code->end - save->code->begin)
        write_code(save, op, from, value, position);
    else
        find(save, op, MOLT_RULE_FOREIGN_POINTER, MOLT_LOSS, "0x%llx, neither heap nor library",
             (unsigned long long)value);
}

/* ---- objects -------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Of a union, all that it holds: its size is that of its pointers, whole words. */
static bool put_words_aside(Save *save, const MoltImageOp *op, const unsigned char *from)
{
    for (uint64_t at = 0; save->desc->aside && at + sizeof(uintptr_t) <= op->size;
         at += sizeof(uintptr_t)) {
        uintptr_t value;
        memcpy(&value, from + at, sizeof value);
        if (value != 0)
            put_aside(save, from + at, value);
    }
    return save->desc->aside != NULL;
}

/* `to` is zero before. */
static void write_object(Save *save, const MoltImageOp *ops, uint32_t count,
                         const unsigned char *from, unsigned char *to, uint64_t position)
{
    const MoltTables *tables = &save->heap->schema->tables;
    for (uint32_t i = 0; i < count; i++) {
        const MoltImageOp *op = &ops[i];
        switch ((MoltImageCode)op->code) {
        case MOLT__IMAGE_COPY: memcpy(to + op->at, from + op->at, op->size); break;
        case MOLT__IMAGE_BITS: to[op->at] |= from[op->at] & op->bits; break;
        case MOLT__IMAGE_SET: to[op->at] |= op->bits; break;
        case MOLT__IMAGE_CONSTANT:
            memcpy(to + op->at, tables->constants + op->constant, op->size);
            break;
        case MOLT__IMAGE_STRING:
            add_slot(save, position + op->at,
                     molt__file_symbols_add_string(
                         &save->symbols, (const char *)tables->constants + op->constant, op->size));
            break;
        case MOLT__IMAGE_POINTER:
            write_pointer(save, op, from + op->at, to + op->at, position + op->at);
            break;
        case MOLT__IMAGE_ABSENT:
        case MOLT__IMAGE_EXTERNAL: break;
        case MOLT__IMAGE_UNTAGGED:
            if (!is_zero(from + op->at, op->size) && !put_words_aside(save, op, from + op->at))
                find(save, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE,
                     "a union that holds pointers");
            break;
        case MOLT__IMAGE_LOOP:
            for (uint64_t k = 0; k < op->count; k++) {
                uint64_t at = op->at + k * op->stride;
                write_object(save, op + 1, op->body, from + at, to + at, position + at);
            }
            i += op->body;
            break;
        case MOLT__IMAGE_UNION: {
            const MoltImageOp *arm = molt__image_arm(op, from);
            write_object(save, arm + 1, arm->body, from, to, position);
            i += op->body;
            break;
        }
        case MOLT__IMAGE_ARM: break; /* only inside of a union */
        }
    }
}

/* The pointers of `to`, a copy of the object at `from`. */
static void mend_pointers(Save *save, const MoltFlatImage *flat, const unsigned char *from,
                          unsigned char *to, uint64_t position)
{
    for (uint32_t i = 0; i < flat->pointer_count; i++) {
        const MoltFlatPointer *pointer = &flat->pointers[i];
        uint64_t value;
        memcpy(&value, to + pointer->at, sizeof value);
        if (value == 0)
            continue;
        const MoltTarget *target = molt__target(&save->targets, value);
        value = target ? value + target->move : 0;
        memcpy(to + pointer->at, &value, sizeof value);
        if (!target)
            write_pointer(save, pointer->op, from + pointer->at, to + pointer->at,
                          position + pointer->at);
    }
}

/* `count` objects that lie `stride` apart, of which each is a block or all are elements of one. */
static void write_run(Save *save, MoltStream *stream, const MoltFlatImage *flat,
                      const unsigned char *from, uint64_t size, uint64_t stride, uint64_t count,
                      uint64_t position, bool blocks)
{
    uint64_t group = stream->capacity / stride;
    for (uint64_t done = 0; done < count;) {
        uint64_t n = count - done < group ? count - done : group;
        uint64_t bytes = done + n < count ? n * stride : (n - 1) * stride + size;
        unsigned char *to = molt__stream_raw(stream, bytes);
        memcpy(to, from, bytes);
        for (uint64_t k = 0; k < n; k++) {
            uint64_t at = k * stride, end = k + 1 < n ? at + stride : bytes;
            save->object++;
            save->element = blocks ? 0 : done + k;
            molt__flat_mend(flat, to + at);
            mend_pointers(save, flat, from + at, to + at, position + at);
            for (at += size; at < end; at++)
                to[at] = 0;
            save->block += blocks;
        }
        from += n * stride;
        position += n * stride;
        done += n;
    }
}

/* `count` objects that lie one after the other. */
static void write_objects(Save *save, MoltStream *stream, const Form *form,
                          const unsigned char *from, uint64_t size, uint64_t count,
                          uint64_t position)
{
    const MoltImage *image = form->image;
    if (image->plain) {
        molt__stream_put(stream, from, size * count);
        return;
    }
    if (form->flat) {
        write_run(save, stream, form->flat, from, size, size, count, position, false);
        return;
    }
    uint64_t group = stream->capacity / size;
    for (uint64_t done = 0; done < count;) {
        uint64_t n = count - done < group ? count - done : group;
        unsigned char *to = molt__stream_room(stream, n * size);
        for (uint64_t k = 0; k < n; k++) {
            uint64_t at = (done + k) * size;
            save->element = done + k;
            save->object++;
            write_object(save, image->ops, image->count, from + at, to + k * size, position + at);
        }
        done += n;
    }
}

static MoltStatus form_of(Save *save, MoltTypeId type, Form *out, MoltError *error)
{
    out->image = molt__image(&save->images, type);
    out->flat = out->image ? molt__flat_image(&save->flat, type, out->image) : NULL;
    if (!out->image || save->flat.failed)
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "No memory to write objects of %s, or too many fields in it.",
                          molt_type_name(save->heap->schema, type));
    return MOLT_OK;
}

/* A block of bytes, by what a note says of it. */
static void write_pool(Save *save, MoltStream *stream, const MoltPoolBlock *pool, uint64_t position)
{
    const MoltSchema *schema = save->heap->schema;
    const unsigned char *from = (const unsigned char *)pool->block; /* NOLINT: of the heap */
    uint64_t begin = molt__stream_size(stream);
    Form head = {0}, form;
    save->failed |= (pool->head > 0 && form_of(save, pool->header, &head, NULL) != MOLT_OK) ||
                    form_of(save, pool->type, &form, NULL) != MOLT_OK;
    if (save->failed)
        return;
    save->in_pool = true;
    if (pool->head > 0)
        write_objects(save, stream, &head, from, pool->head, 1, position);
    write_objects(save, stream, &form, from + pool->head, molt_type(schema, pool->type)->size,
                  pool->count, position + pool->head);
    save->in_pool = false;
    molt__stream_pad(stream, begin + pool->bytes);
}

static void write_block(Save *save, MoltStream *stream, const Form *form, const Form *tail,
                        uint64_t position)
{
    const MoltSpan *span = save->span;
    const unsigned char *from = molt__span_block(span, save->block);
    uint64_t count = molt__span_count(span, save->block);
    const MoltPoolBlock *pool = molt__pool_block(&save->pools, (uintptr_t)from);
    if (pool) {
        write_pool(save, stream, pool, position);
        return;
    }
    if (!tail->image) {
        write_objects(save, stream, form, from, span->elem_size, count, position);
        return;
    }
    uint64_t begin = molt__stream_size(stream);
    save->object++;
    write_object(save, form->image->ops, form->image->count, from,
                 molt__stream_room(stream, span->header), position);
    if (span->elem_size > 0)
        write_objects(save, stream, tail, from + span->header, span->elem_size, count,
                      position + span->header);
    molt__stream_pad(stream, begin + molt__span_bytes(span, count));
}

/* From save->block on as many blocks as are live one after the other, written as one run; false where
 * that cannot be. */
static bool write_blocks_at_once(Save *save, MoltStream *stream, const Form *form,
                                 uint64_t position, uint32_t *next)
{
    const MoltSpan *span = save->span;
    uint32_t first = save->block, end = first;
    bool pools = save->pools.count > 0 &&
                 molt_type(save->heap->schema, span->type)->kind == MOLT_KIND_INT;
    if (!form->flat || span->counts || span->header > 0 || span->stride > stream->capacity || pools)
        return false;
    while (end < span->blocks && molt__span_is_live(span, end))
        end++;
    write_run(save, stream, form->flat, molt__span_block(span, first), span->elem_size,
              span->stride, end - first, position, true);
    *next = end;
    return true;
}

static MoltStatus write_span(Save *save, const MoltFilePlace *placed, MoltError *error)
{
    const MoltSpan *span = &save->heap->spans[placed->span];
    const MoltSchema *schema = save->heap->schema;
    const MoltField *tail_field = molt_schema_tail(schema, span->type);
    Form form = {0}, tail = {0};
    if (placed->content == 0)
        return MOLT_OK;
    MoltStatus status = form_of(save, span->type, &form, error);
    if (status == MOLT_OK && tail_field)
        status = form_of(save, molt_type(schema, tail_field->type)->elem, &tail, error);
    if (status != MOLT_OK)
        return status;

    MoltStream *stream = &save->streams[placed->content < MOLT__FILE_PAGED];
    uint64_t begin = molt__stream_size(stream);
    save->span = span;
    for (uint32_t block = 0; block < span->blocks;) {
        if (!molt__span_is_live(span, block)) {
            block++;
            continue;
        }
        uint64_t at = span->stride * block;
        save->block = block;
        molt__stream_pad(stream, begin + at);
        if (!write_blocks_at_once(save, stream, &form, placed->position + at, &block)) {
            write_block(save, stream, &form, &tail, placed->position + at);
            block++;
        }
    }
    molt__stream_pad(stream, begin + placed->content);
    return save->output.error == 0 ? MOLT_OK : MOLT_SYSTEM;
}

/* ---- sections ------------------------------------------------------------------------------- */

static void end_section(Save *save, MoltFileSection section)
{
    MoltStream *stream = &save->streams[0];
    molt__stream_pad(stream, (molt__stream_size(stream) + 7) / 8 * 8);
    save->header.sections[section].size = molt__stream_size(stream);
    save->header.sections[section].hash = molt__stream_next(stream);
}

static void write_blocks(Save *save, const MoltSpan *span)
{
    MoltStream *stream = &save->streams[0];
    molt__stream_put(stream, span->live_bits, ((uint64_t)span->blocks + 63) / 64 * 8);
    for (uint32_t word = 0; span->counts && word < (span->blocks + 63) / 64; word++)
        for (uint64_t bits = span->live_bits[word]; bits != 0; bits &= bits - 1)
            molt__stream_put(stream, &span->counts[word * 64 + (uint32_t)__builtin_ctzll(bits)],
                             sizeof *span->counts);
}

static void write_tables(Save *save)
{
    const MoltHeap *heap = save->heap;
    MoltStream *stream = &save->streams[0];
    for (MoltTypeId t = 0; t < save->places.schema->tables.type_count; t++) {
        const MoltFileType row = {.type = t, .serial = save->places.serials[t]};
        if (row.serial > 0)
            molt__stream_put(stream, &row, sizeof row);
    }
    end_section(save, MOLT__FILE_TYPES);
    for (uint32_t i = 0; i < save->places.placed_count; i++) {
        const MoltSpan *span = &heap->spans[save->places.placed[i].span];
        const MoltFileSpan row = {.type = save->places.placed[i].type,
                                  .blocks = span->blocks,
                                  .capacity = span->capacity,
                                  .first_serial = span->first_serial,
                                  .align = span->align};
        molt__stream_put(stream, &row, sizeof row);
    }
    end_section(save, MOLT__FILE_SPANS);
    for (uint32_t i = 0; i < save->places.placed_count; i++)
        write_blocks(save, &heap->spans[save->places.placed[i].span]);
    end_section(save, MOLT__FILE_BLOCKS);
}

static const void *root_called(const MoltHeap *heap, const char *name)
{
    const MoltTables *tables = &heap->schema->tables;
    for (uint32_t r = 0; r < tables->root_count; r++)
        if (strcmp(molt_string(heap->schema, tables->roots[r].name), name) == 0)
            return molt_heap_root(heap, r);
    return NULL;
}

/* Roots stand in the order of the file's schema, which leaves out a globals type without fields. */
static void write_roots(Save *save)
{
    const MoltHeap *heap = save->heap;
    const MoltFilePlaces *places = &save->places;
    const MoltRoot *rows = places->schema->tables.roots;
    for (uint32_t r = 0; r < places->schema->tables.root_count; r++) {
        MoltPlace place;
        const void *object = root_called(heap, molt_string(places->schema, rows[r].name));
        uint64_t written = 0;
        molt_heap_locate(heap, object, &place);
        if (place.kind == MOLT_PLACE_BLOCK)
            written = MOLT__FILE_BASE + save->places.positions[place.block.span] +
                      ((uintptr_t)object - heap->spans[place.block.span].base);
        molt__stream_put(&save->streams[0], &written, sizeof written);
    }
    end_section(save, MOLT__FILE_ROOTS);
}

static void write_rest(Save *save, const MoltSaveDesc *desc)
{
    MoltStream *stream = &save->streams[0];
    uint64_t count = save->symbols.count, host = desc->host ? desc->host_size : 0;
    molt__stream_put(stream, &count, sizeof count);
    molt__stream_put(stream, save->symbols.records.bytes, save->symbols.records.size);
    end_section(save, MOLT__FILE_SYMBOLS);
    molt__stream_put(stream, save->slots.bytes, save->slots.size);
    molt__stream_put(stream, save->pool_slots.bytes, save->pool_slots.size);
    end_section(save, MOLT__FILE_CODE);
    molt__stream_put(stream, save->places.schema_text, strlen(save->places.schema_text) + 1);
    end_section(save, MOLT__FILE_SCHEMA);
    molt__stream_put(stream, &host, sizeof host);
    molt__stream_put(stream, desc->host, host);
    end_section(save, MOLT__FILE_HOST);
}

static void write_header(Save *save)
{
    unsigned char region[MOLT__FILE_PAGE] = {0};
    MoltFileHeader *header = &save->header;
    memcpy(header->magic, MOLT__FILE_MAGIC, sizeof header->magic);
    header->abi = molt__own_abi();
    header->format = MOLT__FILE_FORMAT;
    header->version[0] = MOLT_VERSION_MAJOR;
    header->version[1] = MOLT_VERSION_MINOR;
    header->version[2] = MOLT_VERSION_PATCH;
    header->file_size = save->streams[0].offset;
    header->base = MOLT__FILE_BASE;
    memcpy(region, header, sizeof *header);
    header->hash = XXH3_64bits(region, header->size);
    memcpy(region, header, sizeof *header);
    molt__output_write(&save->output, 0, region, header->size);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Pointers into a block of numbers, which may be a pool, are looked at one by one. */
static bool make_targets(Save *save)
{
    const MoltHeap *heap = save->heap;
    if (!molt__targets_make(&save->targets, heap, &save->allocator))
        return false;
    for (uint32_t s = 0; s < heap->span_count; s++) {
        MoltTarget *target = &save->targets.items[s];
        target->move = MOLT__FILE_BASE + save->places.positions[s] - target->base;
        if (target->blocks > 0 &&
            molt_type(heap->schema, heap->spans[s].type)->kind == MOLT_KIND_INT)
            target->reciprocal = 0;
    }
    return true;
}

/* The room that one object takes. */
static uint64_t largest(const Save *save, const MoltPoolBlock *pool, uint64_t most)
{
    uint64_t size = molt_type(save->heap->schema, pool->type)->size;
    size = size > pool->head ? size : pool->head;
    return size > most ? size : most;
}

static bool check_bytes(Save *save)
{
    return molt__snapshot_bytes_check(save->heap, &save->pools, save->code, save->desc,
                                      &save->findings, &save->object);
}

static MoltStatus write_content(Save *save, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    const MoltAllocator *allocator = &save->allocator;
    uint64_t begin = save->header.size, end = begin + save->places.sizes[0];
    uint64_t most = save->places.most;
    MoltWriter *writer = NULL;
    if (!molt__pool_blocks_find(&save->pools, save->heap, 0, allocator))
        return out_of_memory(error);
    for (uint64_t i = 0; i < save->pools.count; i++)
        most = largest(save, &save->pools.items[i], most);
    if (save->places.sizes[0] + save->places.sizes[1] >= THREAD_BYTES) {
        writer = &save->writer;
        molt__writer_start(writer, &save->output);
    }
    if (!molt__images_make(&save->images, save->heap->schema, false, allocator) ||
        !molt__flat_images_make(&save->flat, &save->images, allocator) || !make_targets(save) ||
        !molt__stream_open(&save->streams[0], &save->output, writer, begin, most) ||
        !molt__stream_open(&save->streams[1], &save->output, writer, end, most))
        return out_of_memory(error);
    if (save->desc->aside && !check_bytes(save)) /* before they are written */
        return out_of_memory(error);
    for (uint32_t i = 0; i < save->places.placed_count && status == MOLT_OK; i++) {
        molt_progress_tell(&save->progress, i, save->places.placed_count);
        status = write_span(save, &save->places.placed[i], error);
    }
    if (!save->desc->aside && !check_bytes(save))
        return out_of_memory(error);
    if (status == MOLT_SYSTEM) /* molt__output_finish says why */
        status = MOLT_OK;
    if (status == MOLT_OK && (save->symbols.failed || save->slots.failed ||
                              save->pool_slots.failed || save->failed))
        status = out_of_memory(error);
    for (int i = 0; i < 2; i++) {
        save->header.sections[i].size = save->places.sizes[i];
        save->header.sections[i].hash = molt__stream_next(&save->streams[i]);
    }
    save->streams[0].begin = save->streams[0].offset = end + save->places.sizes[1];
    return status;
}

static MoltStatus write_file(Save *save, const char *path, const MoltSaveDesc *desc,
                             MoltReport *report, MoltError *error)
{
    MoltStream streams[2] = {{0}, {0}};
    save->streams = streams;
    save->header.size =
        save->places.sizes[0] > 0 ? (uint32_t)MOLT__FILE_PAGE : MOLT__FILE_HEADER_SMALL;
    MoltStatus status = molt__output_open(&save->output, path, &save->allocator, error);
    if (status != MOLT_OK)
        return status;
    status = write_content(save, error);
    if (status == MOLT_OK)
        status = molt__file_findings_report(&save->findings, report, error);
    if (status == MOLT_OK) {
        write_tables(save);
        write_roots(save);
        write_rest(save, desc);
        write_header(save);
    }
    molt__writer_end(&save->writer);
    molt__stream_close(&save->streams[0]);
    molt__stream_close(&save->streams[1]);
    if (status != MOLT_OK)
        molt__output_abandon(&save->output);
    else
        status = molt__output_finish(&save->output, error);
    return status;
}

static void release(Save *save)
{
    molt__targets_free(&save->targets);
    molt__flat_images_free(&save->flat);
    molt__images_free(&save->images);
    molt__file_symbols_writer_free(&save->symbols);
    molt__file_bytes_free(&save->slots);
    molt__file_bytes_free(&save->pool_slots);
    molt__pool_blocks_free(&save->pools);
    molt__file_findings_free(&save->findings);
    molt__file_places_free(&save->places);
}

MoltStatus molt_snapshot_file_save(const MoltHeap *heap, const char *path, const MoltSaveDesc *desc,
                                   MoltReport *report, MoltError *error)
{
    const MoltSaveDesc none = {0};
    const MoltAllocator *allocator = &heap->allocator;
    desc = desc ? desc : &none;
    if (!heap->schema)
        return molt_error(error, MOLT_INVALID, "A heap without a schema has no state to save.");
    if (desc->host && desc->host_size > MOLT_SNAPSHOT_HOST_MAX)
        return molt_error(error, MOLT_INVALID, "A host may add %u bytes to a snapshot, not %zu.",
                          MOLT_SNAPSHOT_HOST_MAX, desc->host_size);
    Save save = {.heap = heap,
                 .code = desc->code && desc->code->begin < desc->code->end ? desc->code : NULL,
                 .allocator = *allocator,
                 .symbols = {.allocator = *allocator},
                 .slots = {.allocator = *allocator},
                 .pool_slots = {.allocator = *allocator},
                 .findings = {.allocator = *allocator, .policy = desc->policy},
                 .progress = desc->progress,
                 .desc = desc};
    molt_heap_gather_globals(heap);
    MoltStatus status = molt__file_places_make(heap, &save.places, error);
    if (status == MOLT_OK)
        status = write_file(&save, path, desc, report, error);
    release(&save);
    return status;
}
