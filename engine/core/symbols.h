/* The names of one loaded library, read from its own ELF .symtab, static functions and objects
 * included: address to name and name to address. It must never know the heap, or another
 * generation.
 *
 * Compilers rename what they duplicate or promote. `.lto_priv.N`, `.llvm.N` and the bare `.N` of
 * function statics are numbers that any edit shifts: such a symbol goes by the name in front, as
 * long as that is unique in its file. Parts and clones (`.part`, `.cold`, `.constprop`, `.isra`)
 * are not what a C pointer can mean and are left out. */
#ifndef MOLT_CORE_SYMBOLS_H
#define MOLT_CORE_SYMBOLS_H

#include <stdbool.h>

#include <molt/code_map.h>
#include <molt/schema.h>
#include <molt/status.h>

#include "literals.h"

typedef struct MoltSymbol {
    uintptr_t address;
    uint64_t size;     /* 0 when the symbol table does not say */
    const char *name;  /* as the source has it */
    const char *raw;   /* as the symbol table has it */
    const char *file;  /* of a local symbol, as the compiler recorded it; "" for a global one */
    bool local;
    MoltCodeKind kind; /* MOLT_CODE_FUNCTION or MOLT_CODE_DATA */
    uint32_t signature; /* of a function: offset in MoltSymbols.signatures; 0: nobody knows */
    bool numbered;     /* the table's name had a number that means nothing */
    bool ambiguous;    /* another symbol of the same file has the same name: never resolved to */
} MoltSymbol;

typedef struct MoltSymbols {
    bool available;    /* false: stripped, only literals are known */
    MoltSymbol *items; /* sorted by address, then globals first, then by name */
    uint32_t count;
    MoltSymbol **by_name; /* the items sorted by kind, name, numbered, file */
    MoltLiterals *literals;
    MoltByteRange *unnamed; /* constant arrays without a name: no text, whatever it looks like */
    uint32_t unnamed_count;
    char *strings;
    char *signatures; /* types of functions as texts (signature.h); NULL where nobody knows one */
    size_t signatures_size;
    char **sources; /* names of files that the symbol table does not have */
    uint32_t source_count;
    uintptr_t begin, end;
    const struct MoltConstants *constants; /* not owned; NULL while nobody has found them */
    const MoltSchema *schema; /* likewise: what says which structs had other names */
} MoltSymbols;

/* Reads the file `path`, whose image has the addresses [begin, end) in the file; those of the symbols are of
 * the file, too. A library without .symtab is no failure. MOLT_INVALID when it cannot be read as ELF. */
MoltStatus molt__symbols_open(const char *path, uintptr_t begin, uintptr_t end, MoltSymbols **out,
                              MoltError *error);
/* The file has been loaded at `base`: from now on addresses are those of the memory. Once, and before the
 * literals are split. */
void molt__symbols_load(MoltSymbols *symbols, uintptr_t base);
void molt__symbols_free(MoltSymbols *symbols); /* NULL allowed */

/* Names what lies at `address`: a function by its entry only, an object by the offset in it, a
 * literal by its text. False when nothing there has a name that is sure to mean it. */
bool molt__symbols_describe(const MoltSymbols *symbols, uintptr_t address, MoltCodeTarget *out);

/* The literal of characters of `width` bytes at `address`, or with 0 of what looks wide. False where an
 * object or a function is, and in a library without symbols, which could not tell. */
bool molt__symbols_wide_text(const MoltSymbols *symbols, uintptr_t address, uint32_t width,
                             MoltCodeTarget *out);

/* The address is in the code of a function, but not its entry: what only a stack has. */
bool molt__symbols_inside(const MoltSymbols *symbols, uintptr_t address);

typedef enum MoltSymbolMatch {
    MOLT_SYMBOL_FOUND,
    MOLT_SYMBOL_MISSING,
    MOLT_SYMBOL_AMBIGUOUS /* several fit and nothing tells which is meant */
} MoltSymbolMatch;

/* What the debug information says of a function's type; NULL: nothing. */
const char *molt__symbol_signature(const MoltSymbols *symbols, const MoltSymbol *symbol);

/* The symbol of `file` and `name`; where that file has none, the only one of any file. */
MoltSymbolMatch molt__symbols_find(const MoltSymbols *symbols, MoltCodeKind kind, const char *file,
                                   const char *name, bool numbered, const MoltSymbol **out);

#endif
