#include "variables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <molt/globals.h>

#include "debug_variables.h"

#define KEPT_WHOLE                                                                                 \
    "molt_add_game() has the flags that keep variables whole (-fno-toplevel-reorder "              \
    "-fno-ipa-reference-addressable for gcc, -include molt/keep_statics.h for clang); else make "  \
    "it const, say MOLT_TRANSIENT, or compile with -O0 and link without -flto"

/* "game/ground.c:grow():calls#2" in its parts. */
typedef struct Key {
    char *text; /* cut up; the parts lie in it */
    const char *file, *function, *name;
    unsigned number; /* among those of one name in a function, from 1 */
} Key;

typedef struct Search {
    const MoltSchema *schema;
    const MoltSymbols *symbols;
    const MoltDebugVariables *debug;
    const char *path;
    uintptr_t base;
    MoltError *error;
} Search;

static unsigned number_of(const char *name)
{
    const char *number = strchr(name, '#');
    return number != NULL ? (unsigned)strtoul(number + 1, NULL, 10) : 1;
}

static bool split(const MoltSchema *schema, const MoltField *field, Key *key)
{
    *key = (Key){.file = "", .function = "", .number = 1};
    key->text = strdup(molt_string(schema, field->name));
    if (key->text == NULL) {
        return false;
    }
    key->number = number_of(key->text);
    key->text[strcspn(key->text, "#")] = 0;
    char *name = strrchr(key->text, ':');
    key->name = name != NULL ? name + 1 : key->text;
    if (name == NULL) {
        return true;
    }
    *name = 0;
    key->file = key->text;
    size_t length = strlen(key->text);
    if (length > 2 && strcmp(key->text + length - 2, "()") == 0) {
        key->text[length - 2] = 0;
        char *function = strrchr(key->text, ':');
        if (function != NULL) {
            *function = 0;
            key->function = function + 1;
        }
    }
    return true;
}

/* ---- in the debug information -------------------------------------------------------------- */

static const MoltSymbol *symbol_at(const MoltSymbols *symbols, uintptr_t address)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        if (symbol->address == address && symbol->kind == MOLT_CODE_DATA) {
            return symbol;
        }
    }
    return NULL;
}

/* "grow.calls" or "grow.calls.2" for the static of a function whose name the compiler forgot. */
static bool is_symbol_of(const Search *search, const Key *key, const MoltDebugVariable *variable)
{
    const MoltSymbol *symbol = symbol_at(search->symbols, search->base + (uintptr_t)variable->at);
    size_t length = strlen(key->function);
    if (symbol == NULL || strncmp(symbol->raw, key->function, length) != 0 ||
        symbol->raw[length] != '.') {
        return false;
    }
    const char *rest = symbol->raw + length + 1;
    length = strlen(key->name);
    return strncmp(rest, key->name, length) == 0 && (rest[length] == 0 || rest[length] == '.');
}

static bool is_meant(const Search *search, const Key *key, const MoltDebugVariable *variable)
{
    if (strcmp(variable->name, key->name) != 0) {
        return false;
    }
    if (strcmp(variable->function, MOLT_DEBUG_UNNAMED) == 0
            ? key->function[0] == 0 || !is_symbol_of(search, key, variable)
            : strcmp(variable->function, key->function) != 0) {
        return false;
    }
    return key->file[0] == 0
               ? variable->external
               : !variable->external && molt__debug_same_file(variable->file, key->file);
}

/* Statics of one name in blocks of one function are told apart by their lines, and on one line, where a
 * macro has put them, by their order. */
typedef struct Twins {
    uint32_t others; /* of that name in the function */
    uint32_t before, on_line; /* on the line of this one: earlier ones; all, with it */
} Twins;

static Twins count_twins(const Search *search, const MoltField *field)
{
    const MoltTables *tables = &search->schema->tables;
    const MoltType *globals = molt_type(search->schema, molt_schema_globals(search->schema));
    const char *name = molt_string(search->schema, field->name);
    size_t length = strcspn(name, "#");
    Twins twins = {0};
    for (uint32_t i = 0; i < globals->count; i++) {
        const MoltField *each = &tables->fields[globals->first + i];
        const char *other = tables->strings + each->name;
        if (strncmp(other, name, length) != 0 || (other[length] != '#' && other[length] != 0)) {
            continue;
        }
        twins.others += each != field;
        twins.on_line += each->line == field->line;
        twins.before += each->line == field->line && number_of(other) < number_of(name);
    }
    return twins;
}

static MoltStatus refuse(const Search *search, const MoltField *field, const char *why)
{
    return molt_error(search->error, MOLT_INVALID, "The variable '%s' %s. %s.",
                      molt_string(search->schema, field->name), why, KEPT_WHOLE);
}

static bool same_place(const MoltDebugVariable *a, const MoltDebugVariable *b)
{
    return a->at == b->at && a->place == b->place;
}

static bool stands_behind(const MoltDebugVariable *variable, const MoltDebugVariable *other)
{
    return other == NULL ||
           (!same_place(variable, other) &&
            (variable->entry != other->entry ? variable->entry > other->entry
                                             : variable->at > other->at));
}

/* Among the variables that a name and its line may mean, the first of those behind `after` in the source;
 * NULL: none. */
static const MoltDebugVariable *next_meant(const Search *search, const MoltField *field,
                                           const Key *key, bool by_line,
                                           const MoltDebugVariable *after)
{
    const MoltDebugVariable *next = NULL, *variable;
    for (uint32_t i = 0; (variable = molt__debug_variable(search->debug, i)) != NULL; i++) {
        bool placed = variable->place == MOLT_DEBUG_AT || variable->place == MOLT_DEBUG_THREAD;
        if (placed && is_meant(search, key, variable) &&
            (!by_line || variable->line == field->line) &&
            stands_behind(variable, after) && (next == NULL || stands_behind(next, variable))) {
            next = variable;
        }
    }
    return next;
}

/* Whether what has no place of its own is meant. */
static MoltStatus check_places(const Search *search, const MoltField *field, const Key *key,
                               bool by_line, bool *nowhere)
{
    const MoltDebugVariable *variable;
    for (uint32_t i = 0; (variable = molt__debug_variable(search->debug, i)) != NULL; i++) {
        if (!is_meant(search, key, variable) || (by_line && variable->line != field->line)) {
            continue;
        }
        if (variable->place == MOLT_DEBUG_PIECES) {
            return refuse(search, field,
                          "has no place of its own: the compiler split or shrank it");
        }
        *nowhere = *nowhere || variable->place == MOLT_DEBUG_NOWHERE;
    }
    return MOLT_OK;
}

static MoltStatus find_debug(const Search *search, const MoltField *field, const Key *key,
                             MoltVariable *out)
{
    Twins twins = count_twins(search, field);
    bool by_line = twins.others > 0, nowhere = false;
    MoltStatus status = check_places(search, field, key, by_line, &nowhere);
    if (status != MOLT_OK) {
        return status;
    }
    const MoltDebugVariable *found = NULL, *variable = NULL;
    uint32_t count = 0;
    while ((variable = next_meant(search, field, key, by_line, variable)) != NULL) {
        found = count++ == twins.before ? variable : found;
    }
    if (count > twins.on_line) {
        return refuse(search, field, "is in several places, and nothing tells which is meant");
    }
    if (count > 0 && count < twins.on_line) {
        return refuse(search, field,
                      "is one of several on its line, and some have no place; write them on lines of "
                      "their own");
    }
    if (found == NULL) {
        return nowhere ? refuse(search, field, "has no place: the compiler left it out") : MOLT_OK;
    }
    *out = (MoltVariable){.found = true,
                          .thread_local = found->place == MOLT_DEBUG_THREAD,
                          .at = (uintptr_t)found->at};
    if (!out->thread_local) {
        out->at += search->base;
    }
    return MOLT_OK;
}

/* ---- in the symbol table ------------------------------------------------------------------- */

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* clang calls a function's static "grow.calls", gcc "calls.3" with a number that means nothing. */
static MoltSymbolMatch find_static(const Search *search, const Key *key, const MoltSymbol **symbol)
{
    const char *file = last_component(key->file);
    size_t size = strlen(key->function) + strlen(key->name) + 2;
    char *name = malloc(size);
    if (name == NULL) {
        return MOLT_SYMBOL_MISSING;
    }
    memcpy(name, key->function, strlen(key->function));
    name[strlen(key->function)] = '.';
    memcpy(name + strlen(key->function) + 1, key->name, strlen(key->name) + 1);
    MoltSymbolMatch match =
        molt__symbols_find(search->symbols, MOLT_CODE_DATA, file, name, false, symbol);
    free(name);
    return match != MOLT_SYMBOL_MISSING
               ? match
               : molt__symbols_find(search->symbols, MOLT_CODE_DATA, file, key->name, true, symbol);
}

static MoltStatus find_symbol(const Search *search, const MoltField *field, const Key *key,
                              MoltVariable *out)
{
    const MoltSymbol *symbol = NULL;
    MoltSymbolMatch match;
    if (key->function[0] == 0) {
        match = molt__symbols_find(search->symbols, MOLT_CODE_DATA, last_component(key->file),
                                   key->name, false, &symbol);
    } else if (key->number == 1 && count_twins(search, field).others == 0) {
        match = find_static(search, key, &symbol);
    } else {
        match = MOLT_SYMBOL_AMBIGUOUS;
    }
    if (match != MOLT_SYMBOL_FOUND) {
        return molt_error(search->error, MOLT_INVALID,
                          "The variable '%s' cannot be found: the library has no debug "
                          "information for it, and its symbol table does not say which symbol it "
                          "is. Compile with -g, without -gsplit-dwarf, and do not strip the library.",
                          molt_string(search->schema, field->name));
    }
    *out = (MoltVariable){.found = true, .at = symbol->address};
    return MOLT_OK;
}

static bool is_described(const Search *search, uintptr_t address)
{
    const MoltDebugVariable *variable;
    for (uint32_t i = 0; (variable = molt__debug_variable(search->debug, i)) != NULL; i++) {
        if (variable->place == MOLT_DEBUG_AT && search->base + (uintptr_t)variable->at == address) {
            return true;
        }
    }
    return false;
}

/* Compilers describe all that they keep but for defects of theirs: then there is a symbol that nothing
 * describes. */
static MoltStatus find_forgotten(const Search *search, const MoltField *field, const Key *key,
                                 MoltVariable *out)
{
    const MoltSymbol *symbol = NULL;
    MoltSymbolMatch match =
        key->function[0] == 0
            ? molt__symbols_find(search->symbols, MOLT_CODE_DATA, last_component(key->file),
                                 key->name, false, &symbol)
            : find_static(search, key, &symbol);
    if (match != MOLT_SYMBOL_FOUND || is_described(search, symbol->address) ||
        symbol->size != molt_type(search->schema, field->type)->size ||
        (key->file[0] != 0 && strcmp(symbol->file, last_component(key->file)) != 0)) {
        return MOLT_OK;
    }
    if (count_twins(search, field).others > 0) {
        return refuse(search, field, "is one of several, and nothing tells which is meant");
    }
    *out = (MoltVariable){.found = true, .at = symbol->address};
    return MOLT_OK;
}

/* ---- all of them --------------------------------------------------------------------------- */

/* The debug information of what a linker threw away leads to no symbol. An object file that was not
 * compiled again after an edit has the variable in its old size. */
static MoltStatus check_symbol(const Search *search, const MoltField *field, MoltVariable *at)
{
    uint64_t size = molt_type(search->schema, field->type)->size;
    if (!at->found || at->thread_local || !search->symbols->available) {
        return MOLT_OK;
    }
    const MoltSymbol *symbol = symbol_at(search->symbols, at->at);
    if (symbol == NULL) {
        at->found = false;
    } else if (symbol->size != size) {
        return molt_error(search->error, MOLT_INVALID,
                          "The variable '%s' has %" PRIu64 " bytes, the metadata says %" PRIu64
                          ": an object file is stale. Build the game again from clean.",
                          molt_string(search->schema, field->name), symbol->size, size);
    }
    return MOLT_OK;
}

static MoltStatus locate(const Search *search, const MoltField *field, MoltVariable *out)
{
    Key key;
    if (!split(search->schema, field, &key)) {
        return molt_error(search->error, MOLT_OUT_OF_MEMORY,
                          "No memory to find the variables of %s.", search->path);
    }
    MoltStatus status = find_debug(search, field, &key, out);
    bool described = key.file[0] == 0 ? molt__debug_variable(search->debug, 0) != NULL
                                      : molt__debug_knows(search->debug, key.file);
    if (status == MOLT_OK && !out->found) {
        status = described ? find_forgotten(search, field, &key, out)
                           : find_symbol(search, field, &key, out);
    }
    free(key.text);
    return status == MOLT_OK ? check_symbol(search, field, out) : status;
}

MoltStatus molt__variables_locate(const char *path, uintptr_t base, const MoltSymbols *symbols,
                                  const MoltSchema *schema, MoltVariable *variables,
                                  MoltError *error)
{
    const MoltType *globals = molt_type(schema, molt_schema_globals(schema));
    MoltDebugVariables *debug = NULL;
    MoltStatus status =
        globals->count > 0 ? molt__debug_variables_open(path, &debug, error) : MOLT_OK;
    Search search = {.schema = schema,
                     .symbols = symbols,
                     .debug = debug,
                     .path = path,
                     .base = base,
                     .error = error};
    for (uint32_t i = 0; i < globals->count && status == MOLT_OK; i++) {
        variables[i] = (MoltVariable){0};
        status = locate(&search, &schema->tables.fields[globals->first + i], &variables[i]);
    }
    molt__debug_variables_close(debug);
    return status;
}
