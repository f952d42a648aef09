#include "symbol_note.h"

#include <stdio.h>
#include <string.h>

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* What Molt compiles into a game, which no pointer of the state leads to. */
static bool is_routing(const MoltSymbol *symbol)
{
    return strcmp(file_name(symbol->file), "plain_memory.c") == 0 ||
           strcmp(file_name(symbol->file), "game_threads.c") == 0 ||
           strncmp(symbol->name, "__", 2) == 0;
}

/* Symbols stand in order of their addresses. A function that is global and local at once is one. */
static bool is_folded(const MoltSymbol *a, const MoltSymbol *b)
{
    return a->kind == MOLT_CODE_FUNCTION && b->kind == MOLT_CODE_FUNCTION &&
           a->address == b->address && a->size > 0 && b->size > 0 && strcmp(a->name, b->name) != 0 &&
           !is_routing(a) && !is_routing(b);
}

/* A function that shares its name with another one, and nothing says which file either is of. */
static bool is_nameless(const MoltSymbol *symbol)
{
    return symbol->kind == MOLT_CODE_FUNCTION && symbol->ambiguous && symbol->raw[0] != '.';
}

void molt__symbol_note(const MoltSymbols *symbols, const char *library, char *note, size_t room)
{
    uint32_t folded = 0, first = 0;
    const MoltSymbol *nameless = NULL;
    note[0] = 0;
    if (!symbols->available) {
        snprintf(
            note, room,
            "%s has no symbol table: pointers to its functions and constants cannot be carried "
            "over, and a reload with one of them in the state is refused. Link without -s and do "
            "not strip it.",
            file_name(library));
        return;
    }
    for (uint32_t i = 0; i < symbols->count; i++) {
        nameless = is_nameless(&symbols->items[i]) ? &symbols->items[i] : nameless;
        if (i > 0 && is_folded(&symbols->items[i - 1], &symbols->items[i])) {
            first = folded == 0 ? i : first;
            folded++;
        }
    }
    if (folded > 0) {
        snprintf(
            note, room,
            "%s has %u function%s at the address of another one, %s() at that of %s(): the linker "
            "folded equal code. A pointer to such a function does not tell which one it means, and "
            "a reload after which they differ is refused. Link without --icf.",
            file_name(library), folded, folded == 1 ? "" : "s", symbols->items[first].name,
            symbols->items[first - 1].name);
    } else if (nameless != NULL) {
        snprintf(
            note, room,
            "%s has several functions called %s(), and nothing says which file each is of: a "
            "reload "
            "with a pointer to one of them in the state is refused. Compile with -g, or without "
            "-flto.",
            file_name(library), nameless->name);
    }
}
