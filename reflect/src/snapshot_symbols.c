#include "snapshot_symbols.h"

#include <string.h>
#include <xxhash.h>

#include "code_target.h"

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

unsigned char *molt__file_bytes_add(MoltFileBytes *bytes, uint64_t size)
{
    if (size > bytes->capacity - bytes->size && !bytes->failed) {
        uint64_t capacity = bytes->capacity ? bytes->capacity : 256;
        while (capacity - bytes->size < size)
            capacity *= 2;
        unsigned char *grown = resize(&bytes->allocator, bytes->bytes, bytes->capacity, capacity);
        bytes->failed = !grown;
        if (grown) {
            bytes->bytes = grown;
            bytes->capacity = capacity;
        }
    }
    if (bytes->failed)
        return NULL;
    unsigned char *added = bytes->bytes + bytes->size;
    memset(added, 0, size);
    bytes->size += size;
    return added;
}

void molt__file_bytes_free(MoltFileBytes *bytes)
{
    if (bytes->bytes)
        resize(&bytes->allocator, bytes->bytes, bytes->capacity, 0);
    bytes->bytes = NULL;
    bytes->size = bytes->capacity = 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

uint64_t molt__file_symbol_size(const MoltFileSymbol *symbol)
{
    uint64_t size = sizeof *symbol + (uint64_t)symbol->file_length + 1 +
                    (uint64_t)symbol->name_length + 1 + symbol->byte_count;
    return (size + 7) / 8 * 8;
}

/* Slots hold where a record begins, plus one. */
static uint64_t find_slot(const MoltSymbolWriter *writer, const unsigned char *record,
                          uint64_t size)
{
    uint64_t mask = writer->slot_count - 1, slot = XXH3_64bits(record, size) & mask;
    for (; writer->slots[slot] != 0; slot = (slot + 1) & mask) {
        const unsigned char *known = writer->records.bytes + writer->slots[slot] - 1;
        if (writer->records.size - (writer->slots[slot] - 1) >= size &&
            memcmp(known, record, size) == 0)
            break;
    }
    return slot;
}

static bool grow_slots(MoltSymbolWriter *writer)
{
    MoltSymbolWriter bigger = *writer;
    bigger.slot_count = writer->slot_count ? writer->slot_count * 2 : 64;
    bigger.slots = resize(&writer->allocator, NULL, 0, bigger.slot_count * sizeof *bigger.slots);
    bigger.numbers =
        resize(&writer->allocator, NULL, 0, bigger.slot_count * sizeof *bigger.numbers);
    if (!bigger.slots || !bigger.numbers) {
        if (bigger.slots)
            resize(&writer->allocator, bigger.slots, bigger.slot_count * sizeof *bigger.slots, 0);
        if (bigger.numbers)
            resize(&writer->allocator, bigger.numbers, bigger.slot_count * sizeof *bigger.numbers,
                   0);
        return false;
    }
    memset(bigger.slots, 0, bigger.slot_count * sizeof *bigger.slots);
    for (uint64_t s = 0; s < writer->slot_count; s++) {
        if (writer->slots[s] == 0)
            continue;
        MoltFileSymbol symbol;
        const unsigned char *record = writer->records.bytes + writer->slots[s] - 1;
        memcpy(&symbol, record, sizeof symbol);
        uint64_t slot = find_slot(&bigger, record, molt__file_symbol_size(&symbol));
        bigger.slots[slot] = writer->slots[s];
        bigger.numbers[slot] = writer->numbers[s];
    }
    if (writer->slots) {
        resize(&writer->allocator, writer->slots, writer->slot_count * sizeof *writer->slots, 0);
        resize(&writer->allocator, writer->numbers, writer->slot_count * sizeof *writer->numbers,
               0);
    }
    writer->slots = bigger.slots;
    writer->numbers = bigger.numbers;
    writer->slot_count = bigger.slot_count;
    return true;
}

/* The record's number; it is appended when it is new. */
static uint32_t add_record(MoltSymbolWriter *writer, const MoltFileSymbol *symbol, const char *file,
                           const char *name, const void *bytes)
{
    uint64_t size = molt__file_symbol_size(symbol), start = writer->records.size;
    if (writer->failed ||
        (((uint64_t)writer->count + 1) * 2 > writer->slot_count && !grow_slots(writer))) {
        writer->failed = true;
        return 0;
    }
    writer->records.allocator = writer->allocator;
    unsigned char *record = molt__file_bytes_add(&writer->records, size);
    if (!record) {
        writer->failed = true;
        return 0;
    }
    memcpy(record, symbol, sizeof *symbol);
    record += sizeof *symbol;
    memcpy(record, file, symbol->file_length);
    record += symbol->file_length + 1;
    memcpy(record, name, symbol->name_length);
    record += symbol->name_length + 1;
    if (symbol->byte_count > 0)
        memcpy(record, bytes, symbol->byte_count);

    writer->records.size = start; /* until it is known to be new */
    uint64_t slot = find_slot(writer, writer->records.bytes + start, size);
    if (writer->slots[slot] != 0)
        return writer->numbers[slot];
    writer->records.size = start + size;
    writer->slots[slot] = start + 1;
    writer->numbers[slot] = writer->count;
    return writer->count++;
}

uint32_t molt__file_symbols_add(MoltSymbolWriter *writer, const MoltCodeTarget *target,
                                const void *value, uint32_t value_size)
{
    bool literal = target->kind == MOLT_CODE_LITERAL, data = target->kind == MOLT_CODE_DATA;
    const char *file = target->file ? target->file : "", *name = target->name ? target->name : "";
    size_t file_length = literal ? 0 : strlen(file), name_length = literal ? 0 : strlen(name);
    size_t count = literal ? target->size : data ? value_size : 0;
    if (file_length > UINT32_MAX / 2 || name_length > UINT32_MAX / 2 || count > UINT32_MAX / 2) {
        writer->failed = true;
        return 0;
    }
    const MoltFileSymbol symbol = {.kind = (uint32_t)target->kind,
                                   .file_length = (uint32_t)file_length,
                                   .name_length = (uint32_t)name_length,
                                   .byte_count = (uint32_t)count,
                                   .offset = data ? target->offset : 0,
                                   .size = data ? target->size : 0};
    return add_record(writer, &symbol, file, name, literal ? target->bytes : value);
}

uint32_t molt__file_symbols_add_string(MoltSymbolWriter *writer, const char *text, size_t size)
{
    if (size > UINT32_MAX / 2) {
        writer->failed = true;
        return 0;
    }
    const MoltFileSymbol symbol = {.kind = MOLT__FILE_STRING, .byte_count = (uint32_t)size};
    return add_record(writer, &symbol, "", "", text);
}

void molt__file_symbols_writer_free(MoltSymbolWriter *writer)
{
    molt__file_bytes_free(&writer->records);
    if (writer->slots) {
        resize(&writer->allocator, writer->slots, writer->slot_count * sizeof *writer->slots, 0);
        resize(&writer->allocator, writer->numbers, writer->slot_count * sizeof *writer->numbers,
               0);
    }
    writer->slots = NULL;
    writer->numbers = NULL;
    writer->slot_count = 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Text of `length` characters and no NUL but the one behind them. */
static bool is_text(const unsigned char *bytes, uint64_t length)
{
    return memchr(bytes, 0, length + 1) == bytes + length;
}

static const char *parse_record(const unsigned char *bytes, uint64_t room, MoltFileTarget *out,
                                uint64_t *size)
{
    MoltFileSymbol symbol;
    if (room < sizeof symbol)
        return "a symbol is cut off";
    memcpy(&symbol, bytes, sizeof symbol);
    *size = molt__file_symbol_size(&symbol);
    if (*size > room)
        return "a symbol is longer than its section";
    const unsigned char *file = bytes + sizeof symbol;
    const unsigned char *name = file + symbol.file_length + 1;
    const unsigned char *content = name + symbol.name_length + 1;
    bool text = symbol.kind == MOLT_CODE_LITERAL || symbol.kind == MOLT__FILE_STRING;
    bool data = symbol.kind == MOLT_CODE_DATA;
    if (symbol.kind > MOLT__FILE_STRING)
        return "a symbol is of no known kind";
    if (!is_text(file, symbol.file_length) || !is_text(name, symbol.name_length))
        return "a name is no text";
    if (text ? symbol.name_length > 0 || symbol.file_length > 0 : symbol.name_length == 0)
        return "a symbol has a name where none belongs, or none";
    const MoltCodeTarget literal = {.bytes = (const char *)content, .size = symbol.byte_count};
    bool ends = symbol.kind == MOLT_CODE_LITERAL ? molt__code_ends_literal(&literal)
                                                 : !text || molt__code_is_literal(&literal);
    if (!ends)
        return "a text does not end";
    if (!data && (symbol.offset != 0 || symbol.size != 0))
        return "a symbol has a size where none belongs";
    if (data && ((symbol.size != 0 && symbol.offset > symbol.size) ||
                 symbol.byte_count > MOLT__CODE_VALUE_MAX))
        return "an offset is outside of its object";
    if (symbol.kind == MOLT_CODE_FUNCTION && symbol.byte_count > 0)
        return "a function has content";
    *out = (MoltFileTarget){.kind = symbol.kind,
                            .target = {.kind = text ? MOLT_CODE_LITERAL : (MoltCodeKind)symbol.kind,
                                       .file = (const char *)file,
                                       .name = (const char *)name,
                                       .offset = symbol.offset,
                                       .bytes = text ? (const char *)content : NULL,
                                       .size = text ? symbol.byte_count : symbol.size,
                                       .value = data && symbol.byte_count > 0 ? content : NULL,
                                       .value_size = data ? symbol.byte_count : 0}};
    return NULL;
}

MoltStatus molt__file_symbols_parse(const unsigned char *bytes, uint64_t size,
                                    const MoltAllocator *allocator, MoltFileTarget **out,
                                    uint64_t *count, uint64_t *offset, const char **what)
{
    uint64_t announced = 0, at = sizeof announced;
    *offset = 0;
    *what = "the number of symbols does not fit the section";
    if (size < sizeof announced)
        return MOLT_INVALID;
    memcpy(&announced, bytes, sizeof announced);
    if (announced > (size - at) / sizeof(MoltFileSymbol))
        return MOLT_INVALID;
    MoltFileTarget *targets = NULL;
    if (announced > 0) {
        targets = resize(allocator, NULL, 0, announced * sizeof *targets);
        if (!targets)
            return MOLT_OUT_OF_MEMORY;
    }
    for (uint64_t i = 0; i < announced; i++) {
        uint64_t length = 0;
        const char *problem = parse_record(bytes + at, size - at, &targets[i], &length);
        *offset = at;
        if (problem) {
            *what = problem;
            resize(allocator, targets, announced * sizeof *targets, 0);
            return MOLT_INVALID;
        }
        at += length;
    }
    if (at != size) {
        *offset = at;
        *what = "something follows the last symbol";
        if (targets)
            resize(allocator, targets, announced * sizeof *targets, 0);
        return MOLT_INVALID;
    }
    *out = targets;
    *count = announced;
    return MOLT_OK;
}
