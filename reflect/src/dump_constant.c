#include "dump_constant.h"

#include <string.h>

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

void molt__dump_constants(MoltDump *dump, const MoltSymbolWriter *constants)
{
    const unsigned char *record = constants->records.bytes;
    for (uint32_t i = 0; i < constants->count && !molt__dump_failed(dump); i++) {
        MoltFileSymbol symbol;
        memcpy(&symbol, record, sizeof symbol);
        if (i == 0)
            molt__json_put_literal(&dump->out, ",\n\"constants\":[\n");
        else
            molt__json_put_literal(&dump->out, ",\n");
        put_constant(dump, &symbol, (const char *)record + sizeof symbol);
        record += molt__file_symbol_size(&symbol);
    }
    if (constants->count > 0)
        molt__json_put_literal(&dump->out, "\n]");
}
