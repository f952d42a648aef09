#include "kept_globals.h"

#include <string.h>

static void add(MoltArena *arena, MoltUnit *unit, MoltUnitKept kept)
{
    for (uint32_t i = 0; i < unit->kept_count; i++) {
        if (strcmp(unit->kept[i].symbol, kept.symbol) == 0) {
            return;
        }
    }
    unit->kept = molt__arena_grow(arena, unit->kept, unit->kept_count, &unit->kept_capacity,
                                  sizeof *unit->kept);
    unit->kept[unit->kept_count++] = kept;
}

void molt__kept_global_read(MoltArena *arena, MoltUnit *out, CXCursor variable)
{
    if (clang_getCursorLinkage(variable) != CXLinkage_External) {
        return;
    }
    CXString symbol = clang_Cursor_getMangling(variable); /* an asm label, else the name */
    const char *text = clang_getCString(symbol);
    if (text != NULL && text[0] != '\0') {
        add(arena, out,
            (MoltUnitKept){.symbol = molt__arena_copy(arena, text, strlen(text)),
                           .thread_local = clang_getCursorTLSKind(variable) != CXTLS_None});
    }
    clang_disposeString(symbol);
}

/* ---- as text --------------------------------------------------------------------------------- */

cJSON *molt__kept_globals_to_json(const MoltUnit *unit)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < unit->kept_count; i++) {
        cJSON *kept = cJSON_CreateObject();
        cJSON_AddStringToObject(kept, "symbol", unit->kept[i].symbol);
        cJSON_AddBoolToObject(kept, "thread_local", unit->kept[i].thread_local);
        cJSON_AddItemToArray(list, kept);
    }
    return list;
}

bool molt__kept_globals_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out)
{
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(json) != 0;
    cJSON_ArrayForEach(item, json)
    {
        const char *symbol = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "symbol"));
        good = good && symbol != NULL;
        if (good) {
            bool local = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "thread_local")) != 0;
            add(arena, out,
                (MoltUnitKept){.symbol = molt__arena_copy(arena, symbol, strlen(symbol)),
                               .thread_local = local});
        }
    }
    return good;
}

/* ---- of a library ---------------------------------------------------------------------------- */

void molt__kept_globals_link(MoltArena *arena, const MoltUnit *unit, MoltUnit *library)
{
    for (uint32_t i = 0; i < unit->kept_count; i++) {
        add(arena, library, unit->kept[i]);
    }
}

/* A reference to a thread-local must say that it means one, which assemblers let be said in this way on
 * x86-64 alone. Elsewhere nothing refers to it: refused by name where the optimiser took it apart. */
static void write_references(MoltText *text, const MoltUnit *library, bool thread_local)
{
    for (uint32_t i = 0; i < library->kept_count; i++) {
        if (library->kept[i].thread_local == thread_local) {
            molt__text_add(text, "        \".quad \\\"%s\\\"%s\\n\"\n", library->kept[i].symbol,
                           thread_local ? "@dtpoff" : "");
        }
    }
}

void molt__kept_globals_write(MoltText *text, const MoltUnit *library)
{
    if (library->kept_count == 0) {
        return;
    }
    molt__text_add(text, "#if defined(__clang__)\n"
                         "/* What is named here stays whole when clang optimises at link time. */\n"
                         "__asm__(\".pushsection .molt_kept,\\\"\\\",@progbits\\n\"\n");
    write_references(text, library, false);
    molt__text_add(text, "#if defined(__x86_64__)\n");
    write_references(text, library, true);
    molt__text_add(text, "#endif\n        \".popsection\\n\");\n#endif\n\n");
}
