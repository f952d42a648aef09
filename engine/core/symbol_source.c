#include "symbol_source.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug_variables.h"
#include "signature.h"

enum { ORIGINS = 16 }; /* of copies of copies; what is deeper is not looked at */

/* All symbols in order of their addresses, and what is to be added to them. */
typedef struct Search {
    MoltSymbols *symbols;
    uint32_t *order;
    uint32_t count;
    MoltSymbol *more;
    uint32_t more_count;
    size_t signatures_room;
    bool failed;
} Search;

static bool names_source(const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot != NULL && dot[1] == 'c';
}

static int compare(const void *left, const void *right, void *context)
{
    const MoltSymbol *items = context;
    uintptr_t a = items[*(const uint32_t *)left].address;
    uintptr_t b = items[*(const uint32_t *)right].address;
    return (a > b) - (a < b);
}

static bool sort(Search *search)
{
    MoltSymbols *symbols = search->symbols;
    search->order = malloc((symbols->count + 1u) * sizeof *search->order);
    for (uint32_t i = 0; search->order != NULL && i < symbols->count; i++) {
        search->order[search->count++] = i;
    }
    if (search->count > 0) {
        qsort_r(search->order, search->count, sizeof *search->order, compare, symbols->items);
    }
    return search->order != NULL;
}

/* Own storage, which goes with the symbols. */
static const char *keep(Search *search, const char *text)
{
    MoltSymbols *symbols = search->symbols;
    for (uint32_t i = 0; i < symbols->source_count; i++) {
        if (strcmp(symbols->sources[i], text) == 0) {
            return symbols->sources[i];
        }
    }
    char **sources =
        realloc(symbols->sources, (symbols->source_count + 1u) * sizeof *symbols->sources);
    char *copy = sources != NULL ? strdup(text) : NULL;
    symbols->sources = sources != NULL ? sources : symbols->sources;
    search->failed = search->failed || copy == NULL;
    if (copy != NULL) {
        symbols->sources[symbols->source_count++] = copy;
    }
    return copy != NULL ? copy : "";
}

static uint32_t first_at(const Search *search, uintptr_t address)
{
    uint32_t low = 0, high = search->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (search->symbols->items[search->order[middle]].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_function(Search *search, const MoltSymbol *like, const char *name, const char *file)
{
    MoltSymbol *more = realloc(search->more, (search->more_count + 1u) * sizeof *search->more);
    search->failed = search->failed || more == NULL;
    if (more != NULL) {
        search->more = more;
        more[search->more_count] = *like;
        more[search->more_count].signature = 0;
        more[search->more_count].name = more[search->more_count].raw = keep(search, name);
        more[search->more_count].file = keep(search, file);
        more[search->more_count++].local = true;
    }
}

/* A unit of `path`, "" for what other units may name too, has `name` at the address. Linkers that fold equal
 * functions may drop all their names but one; who asks for a name has to learn that there are several. */
static void tell(Search *search, MoltCodeKind kind, uint64_t address, const char *name,
                 const char *path)
{
    uintptr_t at = (uintptr_t)address;
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    const MoltSymbol *like = NULL;
    bool known = false;
    for (uint32_t i = first_at(search, at); i < search->count; i++) {
        MoltSymbol *symbol = &search->symbols->items[search->order[i]];
        if (symbol->address != at) {
            break;
        }
        if (symbol->kind != kind) {
            continue;
        }
        like = symbol;
        known = known || strcmp(symbol->name, name) == 0;
        if (symbol->local && !names_source(symbol->file)) {
            symbol->file = keep(search, file);
            symbol->numbered = false; /* the number kept it apart from that of another source */
        }
    }
    if (like != NULL && !known && kind == MOLT_CODE_FUNCTION && like->size > 0) {
        add_function(search, like, name, file);
    }
}

static bool append(Search *search)
{
    MoltSymbols *symbols = search->symbols;
    uint32_t count = symbols->count + search->more_count;
    if (search->more_count == 0) {
        return true;
    }
    MoltSymbol *items = realloc(symbols->items, count * sizeof *items);
    if (items == NULL) {
        return false;
    }
    memcpy(items + symbols->count, search->more, search->more_count * sizeof *items);
    symbols->items = items;
    symbols->count = count;
    return true;
}

/* What link-time optimisation makes refers to what the source's unit has. */
static const char *unit_of(Dwarf_Die *die)
{
    Dwarf_Die at = *die, next, unit;
    Dwarf_Attribute attribute;
    for (unsigned i = 0; i < ORIGINS; i++) {
        if (dwarf_attr(&at, DW_AT_abstract_origin, &attribute) == NULL ||
            dwarf_formref_die(&attribute, &next) == NULL) {
            break;
        }
        at = next;
    }
    return dwarf_diecu(&at, &unit, NULL, NULL) != NULL ? dwarf_diename(&unit) : NULL;
}

/* Hidden functions become local when the library is linked, and are of no file all the same. */
static bool is_external(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    bool external = false;
    return dwarf_attr_integrate(die, DW_AT_external, &attribute) != NULL &&
           dwarf_formflag(&attribute, &external) == 0 && external;
}

/* Offset of the text in the symbols' storage; 0 where there is no memory. */
static uint32_t keep_signature(Search *search, const char *text)
{
    MoltSymbols *symbols = search->symbols;
    size_t at = symbols->signatures_size > 0 ? symbols->signatures_size : 1;
    size_t size = strlen(text) + 1;
    if (at + size > search->signatures_room) {
        size_t room = 2 * (at + size);
        char *bigger = room < UINT32_MAX ? realloc(symbols->signatures, room) : NULL;
        if (bigger == NULL) {
            search->failed = true;
            return 0;
        }
        symbols->signatures = bigger;
        search->signatures_room = room;
    }
    memcpy(symbols->signatures + at, text, size);
    symbols->signatures_size = at + size;
    return (uint32_t)at;
}

static void tell_signature(Search *search, Dwarf_Die *function, uint64_t address, const char *name)
{
    uintptr_t at = (uintptr_t)address;
    char text[MOLT_SIGNATURE_ROOM];
    uint32_t signature = 0;
    for (uint32_t i = first_at(search, at); i < search->count; i++) {
        MoltSymbol *symbol = &search->symbols->items[search->order[i]];
        if (symbol->address != at) {
            break;
        }
        if (symbol->kind != MOLT_CODE_FUNCTION || strcmp(symbol->name, name) != 0) {
            continue;
        }
        if (signature == 0 && !molt__signature_write(function, text, sizeof text)) {
            break;
        }
        signature = signature != 0 ? signature : keep_signature(search, text);
        symbol->signature = signature;
    }
}

static void read_functions(Search *search, Dwarf_Die *unit)
{
    Dwarf_Die die;
    if (dwarf_child(unit, &die) != 0) {
        return;
    }
    do {
        Dwarf_Addr begin;
        const char *source = NULL, *name = NULL;
        if (dwarf_tag(&die) == DW_TAG_subprogram && dwarf_lowpc(&die, &begin) == 0) {
            source = is_external(&die) ? "" : unit_of(&die);
            name = dwarf_diename(&die);
        }
        if (source != NULL && name != NULL) {
            tell(search, MOLT_CODE_FUNCTION, begin, name, source);
            tell_signature(search, &die, begin, name);
        }
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void read_units(Search *search, Dwarf *dwarf)
{
    Dwarf_Off offset = 0, next = 0;
    size_t header = 0;
    while (dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header, &unit) != NULL) {
            read_functions(search, &unit);
        }
        offset = next;
    }
}

static void read_variables(Search *search, const char *path)
{
    MoltDebugVariables *variables = NULL;
    const MoltDebugVariable *variable;
    if (molt__debug_variables_open(path, &variables, NULL) != MOLT_OK) {
        return;
    }
    for (uint32_t i = 0; (variable = molt__debug_variable(variables, i)) != NULL; i++) {
        if (variable->place == MOLT_DEBUG_AT && variable->function[0] == 0) {
            tell(search, MOLT_CODE_DATA, variable->at, variable->name,
                 variable->external ? "" : variable->file);
        }
    }
    molt__debug_variables_close(variables);
}

static bool lacks_sources(const MoltSymbols *symbols)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        if (symbol->local && symbol->kind == MOLT_CODE_DATA && !names_source(symbol->file)) {
            return true;
        }
    }
    return false;
}

MoltStatus molt__symbol_sources(MoltSymbols *symbols, const char *path)
{
    Search search = {.symbols = symbols};
    int file = symbols->count > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    Dwarf *dwarf = file >= 0 ? dwarf_begin(file, DWARF_C_READ) : NULL;
    if (dwarf != NULL && sort(&search)) {
        read_units(&search, dwarf);
        if (lacks_sources(symbols)) {
            read_variables(&search, path);
        }
        search.failed = search.failed || !append(&search);
    }
    search.failed = search.failed || (dwarf != NULL && search.order == NULL);
    if (dwarf != NULL) {
        dwarf_end(dwarf);
    }
    if (file >= 0) {
        close(file);
    }
    free(search.order);
    free(search.more);
    return search.failed ? MOLT_OUT_OF_MEMORY : MOLT_OK;
}
