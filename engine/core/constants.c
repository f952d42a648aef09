#include "constants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "ground.c:castes", "ground.c:grow():castes" or "castes", taken apart in a copy. */
typedef struct Name {
    char *text;
    const char *file, *function, *name; /* "" where there is none; the file without its folders */
} Name;

static bool split(const char *whole, Name *name)
{
    *name = (Name){.text = strdup(whole), .file = "", .function = ""};
    if (name->text == NULL) {
        return false;
    }
    name->name = name->text;
    char *last = strrchr(name->text, ':');
    if (last == NULL) {
        return true;
    }
    name->name = last + 1;
    *last = 0;
    name->file = name->text;
    char *call = strstr(name->text, "()");
    char *function = call != NULL ? strrchr(name->text, ':') : NULL;
    if (function != NULL) {
        *call = 0;
        *function = 0;
        name->function = function + 1;
    }
    const char *slash = strrchr(name->text, '/');
    name->file = slash != NULL ? slash + 1 : name->text;
    return true;
}

/* Link-time optimisation makes globals local, and without debug information leaves them the linker's name
 * for a file: then the name has to be the only one. A static of another source is another constant. */
static bool is_meant(const MoltSymbol *symbol, const char *file)
{
    size_t length = strlen(symbol->file);
    bool source = length > 2 && strcmp(symbol->file + length - 2, ".c") == 0;
    return strcmp(symbol->file, file) == 0 || file[0] == 0 || !source;
}

static const MoltSymbol *look_up(const MoltSymbols *symbols, const Name *name, const char *spelling,
                                 bool numbered)
{
    const MoltSymbol *found = NULL;
    MoltSymbolMatch match =
        molt__symbols_find(symbols, MOLT_CODE_DATA, name->file, spelling, numbered, &found);
    return match == MOLT_SYMBOL_FOUND && is_meant(found, name->file) ? found : NULL;
}

/* clang calls a function's static "grow.castes", gcc "castes.3" with a number that means nothing. */
static const MoltSymbol *find(const MoltSymbols *symbols, const Name *name)
{
    char *joined = NULL;
    size_t size = strlen(name->function) + strlen(name->name) + 2;
    const MoltSymbol *found = NULL;
    if (name->function[0] == 0) {
        found = look_up(symbols, name, name->name, false);
    } else if ((joined = malloc(size)) != NULL) {
        snprintf(joined, size, "%s.%s", name->function, name->name);
        found = look_up(symbols, name, joined, false);
        free(joined);
    }
    return found != NULL || name->file[0] == 0 ? found : look_up(symbols, name, name->name, true);
}

static int compare(const void *left, const void *right)
{
    const MoltConstantPlace *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

MoltStatus molt__constants_locate(const MoltModule *module, const MoltSchema *schema,
                                  const MoltSymbols *symbols, MoltConstants *out, MoltError *error)
{
    *out = (MoltConstants){.keys = module->constant_keys,
                           .text = module->constant_text,
                           .begin = symbols->begin,
                           .end = symbols->end};
    out->items = calloc(module->constant_count + 1u, sizeof *out->items);
    for (uint32_t i = 0; out->items != NULL && i < module->constant_count; i++) {
        const MoltConstant *constant = &module->constants[i];
        const char *text = module->constant_text + constant->name;
        Name name;
        if (constant->type >= schema->tables.type_count) {
            continue;
        }
        if (!split(text, &name)) {
            molt__constants_free(out);
            break;
        }
        uint64_t size =
            molt_type(schema, constant->type)->size * constant->rows * constant->per_row;
        const MoltSymbol *symbol = find(symbols, &name);
        if (symbol != NULL && symbol->size == size) {
            out->items[out->count++] = (MoltConstantPlace){constant, text, symbol->address,
                                                           symbol->address + (uintptr_t)size};
        }
        free(name.text);
    }
    if (out->items == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to find the library's constants.");
    }
    if (out->count > 0) {
        qsort(out->items, out->count, sizeof *out->items, compare);
    }
    return MOLT_OK;
}

void molt__constants_free(MoltConstants *constants)
{
    free(constants->items);
    *constants = (MoltConstants){0};
}
