/* How reflect asks about addresses in game libraries: functions, named constants and literals. The
 * engine answers (from the ELF symbol table); reflect itself never knows what a library is. */
#ifndef MOLT_CODE_MAP_H
#define MOLT_CODE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MoltCodeKind {
    MOLT_CODE_FUNCTION, /* name, file ("" when global) */
    MOLT_CODE_DATA,     /* name, file, offset into the object, its bytes and size */
    MOLT_CODE_LITERAL   /* bytes with the terminating NUL, unnamed; of wide text it is as wide. There may
                         * be NULs inside */
} MoltCodeKind;

/* A place in a library, named so that another build of it can be asked for the same. Strings and
 * bytes belong to the library it was described from; a copy of them names the place as well, also
 * when that library is gone. */
typedef struct MoltCodeTarget {
    MoltCodeKind kind;
    const char *file;
    const char *name;
    uint64_t offset;
    const char *bytes;
    size_t size; /* of bytes; DATA: of the object, 0 when not known */
    /* DATA: what a file kept of the number at the place, which has to stay equal. NULL and 0: nothing, as
     * in a library, where the object's bytes tell it. */
    const void *value;
    uint32_t value_size;
} MoltCodeTarget;

/* Bytes of one character of a literal of `size` bytes, its NUL among them: 1, 2 or 4. */
uint32_t molt_code_width(const char *bytes, size_t size);

typedef struct MoltCodeMap {
    void *context;
    uintptr_t begin, end; /* image of the library that the state points into; empty: none */
    /* Names what lies at an address in [begin, end); false when nothing there has a name. */
    bool (*describe)(void *context, uintptr_t address, MoltCodeTarget *out);
    /* The same in the library that comes; 0 when it has none. NULL: the library stays (dumps). */
    uintptr_t (*resolve)(void *context, const MoltCodeTarget *target);
    /* Whether resolve gives 0 because the function has another type there, and the types as C spells them,
     * which belong to the map. NULL: nobody knows types. */
    bool (*retyped)(void *context, const MoltCodeTarget *target, const char **was, const char **is);
    /* The literal of characters of `width` bytes, 2 or 4, at an address in the image that describe calls
     * a literal or an object's end; with 0 what looks like one of either width. False: there is none.
     * NULL: nobody knows of wide text. */
    bool (*wide_text)(void *context, uintptr_t address, uint32_t width, MoltCodeTarget *out);
    /* The address is inside of a function's code, not at its begin: no pointer of C means such a place.
     * NULL: nobody knows. */
    bool (*inside)(void *context, uintptr_t address);
    /* What named constants the library has, and the one that comes, with types of their schemas; NULL:
     * nobody knows. */
    const struct MoltConstants *constants, *next_constants;
    bool stays; /* the library that comes is this one, as in a load: its addresses are good */
    /* The variables of the library that comes, which a migration fills; NULL: they are no state. */
    struct MoltGlobals *globals;
    /* Per type of the schema before: no pointer to it leads into the library, as far as its sources show, so
     * that those of a state which stays as it is need not be looked at. NULL: nobody knows. */
    const bool *apart;
    /* The same of the library that comes, as its sources show it, per type of the schema after: a migration
     * that succeeds takes out those to which pointers of the state may lead there nevertheless. NULL: nobody
     * asks. */
    bool *next_apart;
    /* Where the library that comes calls malloc, for hooks that do; NULL: nothing is known of it. */
    const struct MoltCallSites *call_sites;
} MoltCodeMap;

#endif
