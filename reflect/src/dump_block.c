#include "dump_block.h"

#include <stdio.h>
#include <string.h>

#include "dump_path.h"
#include "heap_span.h"
#include "origin.h"
#include "tables.h"

void molt__dump_count(MoltDump *dump, const char *key, uint64_t count)
{
    molt__json_put_literal(&dump->out, ",\"");
    molt__json_put(&dump->out, key, strlen(key));
    molt__json_put_literal(&dump->out, "\":");
    molt__json_put_number(&dump->out, count, false);
}

static void put_elements(MoltDump *dump, const MoltBlock *block)
{
    const MoltType *type = molt_type(dump->schema, block->type);
    const MoltDumpValue *value = &dump->forms.types[block->type].value;
    const unsigned char *bytes = block->start;
    bool records = type->kind == MOLT_KIND_STRUCT || molt_kind_is_sequence(type->kind);
    molt__json_put_char(&dump->out, '[');
    for (uint64_t i = 0; i < block->count && !molt__dump_failed(dump); i++) {
        if (i > 0)
            molt__json_put_char(&dump->out, ',');
        if (records)
            molt__json_put_literal(&dump->out, "\n  ");
        molt__dump_value(dump, value, bytes + i * type->size);
    }
    molt__json_put_char(&dump->out, ']');
}

void molt__dump_list(MoltDump *dump, const MoltBlock *block)
{
    if (molt__dump_is_char(molt_type(dump->schema, block->type)))
        molt__dump_text(dump, block->start, block->count);
    else
        put_elements(dump, block);
}

void molt__dump_origin(MoltDump *dump, const MoltBlock *block)
{
    char place[300];
    const MoltOrigin *origin = molt_heap_origin(dump->heap, block);
    molt__origin_text(origin, place, sizeof place);
    molt__json_put_string(&dump->out, place, strlen(place));
}

void molt__dump_block(MoltDump *dump, const MoltBlock *block)
{
    MoltJsonWriter *out = &dump->out;
    const MoltDumpForm *form = &dump->forms.types[block->type];
    bool list =
        !molt__dump_is_single(block) || molt__dump_is_char(molt_type(dump->schema, block->type));
    dump->tail = block->count;
    molt__json_put_literal(out, "{\"id\":\"");
    molt__dump_put(dump, form->name);
    molt__json_put_char(out, ':');
    molt__json_put_number(out, block->serial, false);
    molt__json_put_literal(out, "\",\"type\":\"");
    molt__dump_put(dump, form->name);
    molt__json_put_char(out, '"');
    if (dump->addresses) {
        char address[40];
        int length = snprintf(address, sizeof address, ",\"addr\":\"0x%llx\"",
                              (unsigned long long)(uintptr_t)block->start);
        molt__json_put(out, address, (size_t)length);
    }
    if (molt_heap_align(dump->heap, block) > 0)
        molt__dump_count(dump, "align", molt_heap_align(dump->heap, block));
    if (molt_heap_is_untyped(dump->heap, block)) {
        molt__json_put_literal(out, ",\"from\":");
        molt__dump_origin(dump, block);
    }
    if (list)
        molt__dump_count(dump, "count", block->count);
    else if (block->header > 0)
        molt__dump_count(dump, "tail", block->count);
    molt__json_put_literal(out, ",\"value\":");
    if (list)
        molt__dump_list(dump, block);
    else
        molt__dump_value(dump, &form->value, block->start);
    molt__json_put_char(out, '}');
}

void molt__dump_roots(MoltDump *dump)
{
    const MoltTables *tables = &dump->schema->tables;
    bool any = false;
    molt__json_put_literal(&dump->out, "{");
    for (uint32_t i = 0; i < tables->root_count && !molt__dump_failed(dump); i++) {
        const char *name = molt_string(dump->schema, tables->roots[i].name);
        if (molt__is_vacant(&tables->types[tables->roots[i].type]))
            continue;
        if (any)
            molt__json_put_char(&dump->out, ',');
        any = true;
        molt__json_put_string(&dump->out, name, strlen(name));
        molt__json_put_char(&dump->out, ':');
        molt__dump_pointer(dump, molt_heap_root(dump->heap, i), tables->roots[i].type);
    }
    molt__json_put_char(&dump->out, '}');
}
