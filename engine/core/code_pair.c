#include "code_pair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signature.h"

#define CACHE_SLOTS 256u /* a power of two */

/* State points at few distinct places of a library, but from many objects, so both directions go
 * through small direct-mapped caches. Invariant: resolved[i] is where before->items[i] is in the
 * new library, 0 where that is not sure. */
struct MoltCodePair {
    const MoltSymbols *before, *after;
    MoltCodeMap map;
    uintptr_t *resolved;
    struct {
        uintptr_t address;
        MoltCodeTarget target;
    } described[CACHE_SLOTS];
    struct {
        uint32_t symbol; /* index + 1 into before->items; 0: empty */
    } named[CACHE_SLOTS];
    struct {
        const char *bytes; /* storage of `before`; NULL: empty */
        size_t size;       /* which tells wide text from narrow */
        uintptr_t address;
    } literals[CACHE_SLOTS];
    char note[400];
};

static uint32_t slot_of(uintptr_t key)
{
    return (uint32_t)((key ^ (key >> 8) ^ (key >> 16)) & (CACHE_SLOTS - 1));
}

/* Keeps the first: later ones usually follow from it. */
static void note(MoltCodePair *pair, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(MoltCodePair *pair, const char *format, ...)
{
    if (pair->note[0] == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(pair->note, sizeof pair->note, format, arguments);
        va_end(arguments);
    }
}

/* ---- old symbols in the new library -------------------------------------------------------- */

/* A symbol that is only found in another file has moved there, unless the old library had that one
 * too: then it is somebody else's of the same name. */
static bool is_namesake(const MoltSymbols *before, const MoltSymbol *old, const MoltSymbol *found)
{
    const MoltSymbol *twin = NULL;
    return strcmp(old->file, found->file) != 0 &&
           molt__symbols_find(before, old->kind, found->file, old->name, old->numbered, &twin) !=
               MOLT_SYMBOL_MISSING &&
           (twin == NULL || strcmp(twin->file, found->file) == 0);
}

static MoltSymbolMatch match_symbol(const MoltCodePair *pair, const MoltSymbol *old,
                                    const MoltSymbol **found)
{
    if (old->ambiguous) {
        return MOLT_SYMBOL_AMBIGUOUS;
    }
    MoltSymbolMatch match = molt__symbols_find(pair->after, old->kind, old->file, old->name,
                                               old->numbered, found);
    return match == MOLT_SYMBOL_FOUND && is_namesake(pair->before, old, *found)
               ? MOLT_SYMBOL_MISSING
               : match;
}

/* Both types are known, and differ: whoever stored the function would call it with the wrong arguments. */
static bool is_retyped(const MoltCodePair *pair, const MoltSymbol *old, const MoltSymbol *found)
{
    const char *was = molt__symbol_signature(pair->before, old);
    const char *is = molt__symbol_signature(pair->after, found);
    return was != NULL && is != NULL &&
           !molt__signature_same(was, is, pair->before->schema, pair->after->schema);
}

static uintptr_t resolve_symbol(const MoltCodePair *pair, const MoltSymbol *old)
{
    const MoltSymbol *found = NULL;
    if (match_symbol(pair, old, &found) != MOLT_SYMBOL_FOUND) {
        return 0;
    }
    if (old->kind == MOLT_CODE_FUNCTION && is_retyped(pair, old, found)) {
        return 0;
    }
    /* An offset into an object means the same element only while the object has the same size. */
    return old->kind == MOLT_CODE_DATA && old->size != found->size ? 0 : found->address;
}

/* Symbols that share an address (aliases, folded identical code) may be meant by any of their
 * names, so all of them must have gone to one place. */
static void resolve_all(MoltCodePair *pair)
{
    const MoltSymbols *before = pair->before;
    uint32_t first = 0;
    for (uint32_t i = 0; i < before->count; i++) {
        pair->resolved[i] = resolve_symbol(pair, &before->items[i]);
        if (before->items[i].address != before->items[first].address) {
            first = i;
        } else if (pair->resolved[i] != pair->resolved[first]) {
            for (uint32_t k = first; k <= i; k++) {
                pair->resolved[k] = 0;
            }
        }
    }
}

/* Says why the old symbol at `index` has no place in the new library. */
static void explain(MoltCodePair *pair, uint32_t index)
{
    const MoltSymbol *items = pair->before->items, *old = &items[index];
    const MoltSymbol *found = NULL;
    const char *what = old->kind == MOLT_CODE_FUNCTION ? "function" : "object";
    for (uint32_t i = 0; i < pair->before->count; i++) {
        if (i != index && items[i].address == old->address &&
            strcmp(items[i].name, old->name) != 0) {
            note(pair,
                 "%s and %s have one address in the old library (identical code was folded), so "
                 "which of them is meant is unknown. Link without --icf.",
                 old->name, items[i].name);
            return;
        }
    }
    switch (match_symbol(pair, old, &found)) {
    case MOLT_SYMBOL_AMBIGUOUS:
        note(pair,
             "Several %ss are called %s and nothing tells them apart. Give it a name of its own.",
             what, old->name);
        break;
    case MOLT_SYMBOL_MISSING:
        note(
            pair,
            pair->after->available
                ? "The new library has no %s called %s where the old one had it. Bring it back, or "
                  "change what points to it before you remove it."
                : "The new library has no symbol table, so the %s %s cannot be found in it. Link "
                  "without -s and do not strip it.",
            what, old->name);
        break;
    case MOLT_SYMBOL_FOUND:
        if (old->kind == MOLT_CODE_FUNCTION && is_retyped(pair, old, found)) {
            note(pair,
                 "%s is %s in the new library and was %s in the old one, which stored pointers would "
                 "call it as. Give the new function another name, or keep the type.",
                 old->name, molt__symbol_signature(pair->after, found),
                 molt__symbol_signature(pair->before, old));
            break;
        }
        note(pair,
             "The %s %s has %" PRIu64 " bytes in the old library and %" PRIu64
             " in the new one, so a pointer into it cannot be carried over.",
             what, old->name, old->size, found->size);
        break;
    }
}

static const char *target_name(const MoltSymbol *symbol)
{
    return symbol->ambiguous ? symbol->raw : symbol->name;
}

/* Index of the old symbol that a target names, or count. Names that molt__symbols_describe gave are
 * known by identity: they are storage of `before`. */
static uint32_t find_old(MoltCodePair *pair, const MoltCodeTarget *target)
{
    const MoltSymbols *before = pair->before;
    uint32_t slot = slot_of((uintptr_t)target->name ^ ((uintptr_t)target->file << 3));
    uint32_t known = pair->named[slot].symbol;
    if (known != 0 && before->items[known - 1].kind == target->kind &&
        target_name(&before->items[known - 1]) == target->name &&
        before->items[known - 1].file == target->file) {
        return known - 1;
    }
    for (uint32_t i = 0; i < before->count; i++) {
        const MoltSymbol *symbol = &before->items[i];
        if (symbol->kind == target->kind && strcmp(target_name(symbol), target->name) == 0 &&
            strcmp(symbol->file, target->file) == 0) {
            pair->named[slot].symbol = i + 1;
            return i;
        }
    }
    return before->count;
}

/* What a library before the old one had, which the old one has not. */
static uintptr_t find_kept(const MoltCodePair *pair, const MoltCodeTarget *target)
{
    const MoltSymbol *found = NULL;
    for (int numbered = 0; numbered < 2; numbered++) {
        if (molt__symbols_find(pair->after, target->kind, target->file, target->name, numbered != 0,
                               &found) != MOLT_SYMBOL_FOUND) {
            continue;
        }
        if (target->kind == MOLT_CODE_FUNCTION) {
            return found->address;
        }
        return found->size == target->size ? found->address + (uintptr_t)target->offset : 0;
    }
    return 0;
}

static uintptr_t find_named(MoltCodePair *pair, const MoltCodeTarget *target)
{
    uint32_t index = find_old(pair, target);
    if (index == pair->before->count ||
        (target->kind == MOLT_CODE_DATA && target->size != 0 &&
         target->size != pair->before->items[index].size)) {
        return find_kept(pair, target); /* of a library before the old one */
    }
    if (pair->resolved[index] == 0) {
        explain(pair, index);
        return 0;
    }
    uint64_t offset = target->kind == MOLT_CODE_DATA ? target->offset : 0;
    return pair->resolved[index] + (uintptr_t)offset;
}

static uintptr_t find_literal(MoltCodePair *pair, const MoltCodeTarget *target)
{
    uint32_t slot = slot_of((uintptr_t)target->bytes);
    if (target->bytes != NULL && pair->literals[slot].bytes == target->bytes &&
        pair->literals[slot].size == target->size) {
        return pair->literals[slot].address;
    }
    uintptr_t address = molt__literals_find(pair->after->literals, target->bytes, target->size);
    /* A caller's own buffer may hold something else next time. */
    if (molt__literals_owns(pair->before->literals, target->bytes)) {
        pair->literals[slot].bytes = target->bytes;
        pair->literals[slot].size = target->size;
        pair->literals[slot].address = address;
    }
    return address;
}

/* ---- the map ------------------------------------------------------------------------------- */

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    MoltCodePair *pair = context;
    uint32_t slot = slot_of(address);
    if (pair->described[slot].address == address && address != 0) {
        *out = pair->described[slot].target;
        return true;
    }
    if (!molt__symbols_describe(pair->before, address, out)) {
        if (!pair->before->available) {
            note(pair,
                 "The old library has no symbol table, so functions and objects in it have no "
                 "names. Link without -s and do not strip it.");
        } else {
            note(pair,
                 "A pointer goes to offset 0x%" PRIxPTR " of the library, where nothing has a name "
                 "that C code can mean.",
                 address - pair->before->begin);
        }
        return false;
    }
    pair->described[slot].address = address;
    pair->described[slot].target = *out;
    return true;
}

static bool wide_text(void *context, uintptr_t address, uint32_t width, MoltCodeTarget *out)
{
    const MoltCodePair *pair = context;
    return molt__symbols_wide_text(pair->before, address, width, out);
}

static bool inside(void *context, uintptr_t address)
{
    const MoltCodePair *pair = context;
    return molt__symbols_inside(pair->before, address);
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    MoltCodePair *pair = context;
    return target->kind == MOLT_CODE_LITERAL ? find_literal(pair, target)
                                             : find_named(pair, target);
}

static bool retyped(void *context, const MoltCodeTarget *target, const char **was, const char **is)
{
    MoltCodePair *pair = context;
    const MoltSymbol *found = NULL;
    if (target->kind != MOLT_CODE_FUNCTION) {
        return false;
    }
    uint32_t index = find_old(pair, target);
    const MoltSymbol *old = &pair->before->items[index];
    if (index == pair->before->count || match_symbol(pair, old, &found) != MOLT_SYMBOL_FOUND ||
        !is_retyped(pair, old, found)) {
        return false;
    }
    *was = molt__symbol_signature(pair->before, old);
    *is = molt__symbol_signature(pair->after, found);
    return true;
}

MoltStatus molt__code_pair_create(const MoltSymbols *before, const MoltSymbols *after,
                                  MoltCodePair **out, MoltError *error)
{
    MoltCodePair *pair = calloc(1, sizeof *pair);
    uintptr_t *resolved = calloc(before->count + 1u, sizeof *resolved);
    if (pair == NULL || resolved == NULL) {
        free(pair);
        free(resolved);
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "No memory to match the symbols of two libraries.");
    }
    pair->before = before;
    pair->after = after;
    pair->resolved = resolved;
    pair->map = (MoltCodeMap){.context = pair,
                              .begin = before->begin,
                              .end = before->end,
                              .describe = describe,
                              .wide_text = wide_text,
                              .inside = inside,
                              .resolve = after != NULL ? resolve : NULL,
                              .retyped = after != NULL ? retyped : NULL,
                              .constants = before->constants,
                              .next_constants = after != NULL ? after->constants : NULL,
                              .stays = after == before};
    if (after != NULL) {
        resolve_all(pair);
    }
    *out = pair;
    return MOLT_OK;
}

void molt__code_pair_free(MoltCodePair *pair)
{
    if (pair != NULL) {
        free(pair->resolved);
        free(pair);
    }
}

const MoltCodeMap *molt__code_pair_map(const MoltCodePair *pair)
{
    return &pair->map;
}

const char *molt__code_pair_note(const MoltCodePair *pair)
{
    return pair->note;
}
