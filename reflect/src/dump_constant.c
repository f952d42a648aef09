#include "dump_constant.h"

#include <string.h>

#include "code_target.h"

void molt__dump_add_constant(MoltDump *dump, uintptr_t address, MoltTypeId pointee,
                             const MoltCodeTarget *target)
{
    MoltDumpConstants *constants = dump->constants;
    size_t slot = (address >> 2 ^ address >> 10) % MOLT__DUMP_SEEN;
    if (constants->seen[slot].address == address && constants->seen[slot].pointee == pointee)
        return;
    const MoltType *type = molt_type(dump->schema, pointee);
    const void *value = molt__code_value(type, target);
    molt__file_symbols_add(&constants->places, target, value, value ? (uint32_t)type->size : 0);
    constants->seen[slot].address = address;
    constants->seen[slot].pointee = pointee;
}

static void put_constant(MoltDump *dump, const MoltFileSymbol *symbol, const char *file)
{
    static const char digits[] = "0123456789abcdef";
    MoltJsonWriter *out = &dump->out;
    const char *name = file + symbol->file_length + 1;
    const unsigned char *bytes = (const unsigned char *)name + symbol->name_length + 1;
    molt__json_put_literal(out, "{\"data\":\"");
    molt__dump_name(dump, file, name);
    molt__json_put_char(out, '"');
    if (symbol->offset > 0) {
        molt__json_put_literal(out, ",\"at\":");
        molt__json_put_number(out, symbol->offset, false);
    }
    molt__json_put_literal(out, ",\"size\":");
    molt__json_put_number(out, symbol->size, false);
    if (symbol->byte_count > 0)
        molt__json_put_literal(out, ",\"holds\":\"");
    for (uint32_t i = 0; i < symbol->byte_count; i++) {
        molt__json_put_char(out, digits[bytes[i] >> 4]);
        molt__json_put_char(out, digits[bytes[i] & 15]);
    }
    if (symbol->byte_count > 0)
        molt__json_put_char(out, '"');
    molt__json_put_char(out, '}');
}

void molt__dump_constants(MoltDump *dump, const MoltDumpConstants *constants)
{
    const unsigned char *record = constants->places.records.bytes;
    for (uint32_t i = 0; i < constants->places.count && !molt__dump_failed(dump); i++) {
        MoltFileSymbol symbol;
        memcpy(&symbol, record, sizeof symbol);
        if (i == 0)
            molt__json_put_literal(&dump->out, ",\n\"constants\":[\n");
        else
            molt__json_put_literal(&dump->out, ",\n");
        put_constant(dump, &symbol, (const char *)record + sizeof symbol);
        record += molt__file_symbol_size(&symbol);
    }
    if (constants->places.count > 0)
        molt__json_put_literal(&dump->out, "\n]");
}
