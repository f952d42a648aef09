#include "untracked.h"

#include <ctype.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug_variables.h"

typedef struct Item {
    const MoltSymbol *symbol;
    char *file;      /* of its source, as the compiler had it; "" when nothing says */
    bool literal;    /* an array or struct without a name */
    uint64_t at;     /* of its bytes in `start` */
    uint32_t holder; /* literal: field of the globals type that points at it, or UINT32_MAX */
} Item;

struct MoltUntracked {
    Item *items;
    uint32_t count;
    unsigned char *start; /* what they began with, one after the other */
    const MoltGlobals *globals;
};

/* ---- memory that code may write ------------------------------------------------------------- */

enum { RANGES = 8 };

/* The writable segments of an image, without what the loader makes read-only once it is filled. */
typedef struct Writable {
    uintptr_t base;
    struct {
        uintptr_t begin, end;
    } ranges[RANGES], sealed;
    uint32_t count;
} Writable;

static int match_image(struct dl_phdr_info *info, size_t size, void *context)
{
    Writable *writable = context;
    (void)size;
    if (info->dlpi_addr != writable->base) {
        return 0;
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + header->p_vaddr, end = begin + header->p_memsz;
        if (header->p_type == PT_GNU_RELRO) {
            writable->sealed.begin = begin;
            writable->sealed.end = end;
        } else if (header->p_type == PT_LOAD && (header->p_flags & PF_W) != 0 &&
                   writable->count < RANGES) {
            writable->ranges[writable->count].begin = begin;
            writable->ranges[writable->count++].end = end;
        }
    }
    return 1;
}

static bool may_change(const Writable *writable, const MoltSymbol *symbol)
{
    bool inside = false;
    for (uint32_t i = 0; i < writable->count; i++) {
        inside = inside || (symbol->address >= writable->ranges[i].begin &&
                            symbol->address + symbol->size <= writable->ranges[i].end);
    }
    return inside &&
           (symbol->address < writable->sealed.begin || symbol->address >= writable->sealed.end);
}

/* ---- which they are ------------------------------------------------------------------------- */

/* gcc and clang have names of their own for what has none in the source. */
static bool is_literal(const MoltSymbol *symbol)
{
    return strncmp(symbol->raw, "__compound_literal", 18) == 0 ||
           strncmp(symbol->raw, ".compoundliteral", 16) == 0;
}

/* Names that C keeps for the implementation belong to libc, sanitizers and coverage; the object that the
 * compiler adds to every library has a variable too. */
static bool is_foreign(const MoltSymbol *symbol)
{
    const char *name = symbol->raw;
    return strncmp(name, "molt_", 5) == 0 || strcmp(symbol->file, "crtstuff.c") == 0 ||
           (name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1]))) ||
           !(isalpha((unsigned char)name[0]) || name[0] == '_');
}

static bool is_tracked(const MoltSymbol *symbol, const MoltVariable *variables, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (variables[i].found && !variables[i].thread_local &&
            variables[i].at == symbol->address) {
            return true;
        }
    }
    return false;
}

static const char *described_file(const MoltDebugVariables *debug, uintptr_t address)
{
    const MoltDebugVariable *variable;
    for (uint32_t i = 0; (variable = molt__debug_variable(debug, i)) != NULL; i++) {
        if (variable->place == MOLT_DEBUG_AT && variable->at == address) {
            return variable->file;
        }
    }
    return NULL;
}

/* The symbol table has no folders. */
static bool is_source(const char *sources, const char *file, bool folders)
{
    for (const char *source = sources; *source != 0; source += strlen(source) + 1) {
        const char *slash = strrchr(source, '/');
        if (molt__debug_same_file(folders || slash == NULL ? source : slash + 1, file)) {
            return true;
        }
    }
    return false;
}

static bool add_item(MoltUntracked *all, const MoltSymbol *symbol, const char *file, bool literal)
{
    Item *item = &all->items[all->count];
    *item = (Item){.symbol = symbol, .literal = literal, .holder = UINT32_MAX};
    item->file = strdup(file);
    all->count += item->file != NULL;
    return item->file != NULL;
}

typedef struct Finder {
    const MoltSymbols *symbols;
    const char *path, *sources;
    uintptr_t base;
    const MoltVariable *variables;
    uint32_t variable_count;
    MoltDebugVariables *debug; /* opened when a symbol needs it */
} Finder;

/* Takes the symbol up unless its source is one of the game's. */
static MoltStatus consider(Finder *finder, MoltUntracked *all, const MoltSymbol *symbol,
                           MoltError *error)
{
    bool literal = is_literal(symbol);
    const char *file = symbol->file;
    if (!literal && is_foreign(symbol)) {
        return MOLT_OK;
    }
    if (!literal && is_tracked(symbol, finder->variables, finder->variable_count)) {
        return MOLT_OK;
    }
    if (!literal) {
        MoltStatus status = finder->debug != NULL
                                ? MOLT_OK
                                : molt__debug_variables_open(finder->path, &finder->debug, error);
        if (status != MOLT_OK) {
            return status;
        }
        const char *described = described_file(finder->debug, symbol->address - finder->base);
        if (is_source(finder->sources, described != NULL ? described : file, described != NULL)) {
            return MOLT_OK;
        }
        file = described != NULL ? described : file;
    }
    return add_item(all, symbol, file, literal)
               ? MOLT_OK
               : molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the variables of %s.",
                            finder->path);
}

MoltStatus molt__untracked_open(const char *path, uintptr_t base, const MoltSymbols *symbols,
                                const char *sources, const MoltVariable *variables, uint32_t count,
                                MoltUntracked **out, MoltError *error)
{
    Finder finder = {.symbols = symbols,
                     .path = path,
                     .sources = sources,
                     .base = base,
                     .variables = variables,
                     .variable_count = count};
    Writable writable = {.base = base};
    MoltStatus status = MOLT_OK;
    uint64_t size = 0;
    MoltUntracked *all = calloc(1, sizeof *all);
    if (all == NULL || (all->items = calloc(symbols->count + 1u, sizeof *all->items)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the variables of %s.", path);
        goto cleanup;
    }
    dl_iterate_phdr(match_image, &writable);
    for (uint32_t i = 0; i < symbols->count && status == MOLT_OK; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        bool alias = i > 0 && symbols->items[i - 1].address == symbol->address;
        if (symbol->kind == MOLT_CODE_DATA && symbol->size > 0 && !alias &&
            may_change(&writable, symbol)) {
            status = consider(&finder, all, symbol, error);
        }
    }
    for (uint32_t i = 0; i < all->count; i++) {
        all->items[i].at = size;
        size += all->items[i].symbol->size;
    }
    if (status == MOLT_OK && (all->start = calloc(1, size + 1)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the variables of %s.", path);
    }
cleanup:
    molt__debug_variables_close(finder.debug);
    if (status == MOLT_OK) {
        *out = all;
    } else {
        molt__untracked_close(all);
    }
    return status;
}

void molt__untracked_close(MoltUntracked *untracked)
{
    if (untracked == NULL) {
        return;
    }
    for (uint32_t i = 0; i < untracked->count; i++) {
        free(untracked->items[i].file);
    }
    free(untracked->items);
    free(untracked->start);
    free(untracked);
}

/* ---- what they hold ------------------------------------------------------------------------- */

static const void *bytes_of(const Item *item)
{
    return (const void *)item->symbol->address; /* NOLINT: in the loaded image */
}

static const MoltField *field_of(const MoltGlobals *globals, uint32_t index)
{
    const MoltType *type = molt_type(globals->schema, globals->type);
    return &globals->schema->tables.fields[type->first + index];
}

/* A variable whose initialiser has a pointer to it. */
static uint32_t find_holder(const MoltGlobals *globals, const Item *item)
{
    for (uint32_t g = 0; g < globals->count; g++) {
        const MoltField *field = field_of(globals, g);
        const unsigned char *at = globals->initial + field->bit_offset / 8;
        uint64_t size = molt_type(globals->schema, field->type)->size;
        uintptr_t word;
        for (uint64_t i = 0; globals->places[g] != NULL && i + sizeof word <= size;
             i += sizeof word) {
            memcpy(&word, at + i, sizeof word);
            if (word >= item->symbol->address &&
                word - item->symbol->address < item->symbol->size) {
                return g;
            }
        }
    }
    return UINT32_MAX;
}

void molt__untracked_settle(MoltUntracked *untracked, const MoltGlobals *globals)
{
    untracked->globals = globals;
    for (uint32_t i = 0; i < untracked->count; i++) {
        Item *item = &untracked->items[i];
        memcpy(untracked->start + item->at, bytes_of(item), item->symbol->size);
        item->holder = item->literal ? find_holder(globals, item) : UINT32_MAX;
    }
}

/* ---- telling -------------------------------------------------------------------------------- */

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void describe(const MoltUntracked *untracked, const Item *item, char *path, size_t size)
{
    const char *file = last_component(item->file);
    if (item->holder != UINT32_MAX) {
        const MoltField *field = field_of(untracked->globals, item->holder);
        const char *name = molt_string(untracked->globals->schema, field->name);
        snprintf(path, size, "what %s in line %" PRIu32 " points at", name, field->line);
    } else if (item->literal) {
        snprintf(path, size, "an array or struct without a name in %s", file);
    } else {
        snprintf(path, size, "%s%s%s", file, file[0] != 0 ? ":" : "", item->symbol->name);
    }
}

MoltStatus molt__untracked_report(const MoltUntracked *untracked, MoltPolicy policy,
                                  MoltReport *report, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    for (uint32_t i = 0; i < untracked->count; i++) {
        const Item *item = &untracked->items[i];
        char path[512];
        if (memcmp(untracked->start + item->at, bytes_of(item), item->symbol->size) == 0) {
            continue;
        }
        describe(untracked, item, path, sizeof path);
        MoltFinding finding = {
            .severity = policy == MOLT_POLICY_STRICT ? MOLT_REFUSE : MOLT_LOSS,
            .rule = MOLT_RULE_VARIABLE_UNTRACKED,
            .path = path,
            .value = "no type of it is known: it starts anew",
            .remedy = item->literal
                          ? "Give it a name: static int list[] = {...};"
                          : "Give its source to molt_add_game(), or keep the value in the state.",
            .objects = 1};
        molt_report_add(report, &finding);
        if (finding.severity == MOLT_REFUSE && status == MOLT_OK) {
            char text[900];
            molt_finding_text(&finding, text, sizeof text);
            status = molt_error(error, MOLT_REFUSED, "%s", text);
        }
    }
    return status;
}
