/* One translation unit's share of a library's metadata, in memory and as a file: the schema of what
 * it reaches, and what the generated source needs to name those types. It must never know how the
 * share was read or how shares are merged. */
#ifndef MOLT_CODEGEN_UNIT_H
#define MOLT_CODEGEN_UNIT_H

#include <molt/schema.h>

#include "diagnostics.h"
#include "flow.h"

/* A record that generated code can name once `header` is included. */
typedef struct MoltUnitCheck {
    const char *type;     /* name in the schema */
    const char *spelling; /* "struct Ant" */
    bool system; /* of a system header: its members' names are the business of each compiler */
} MoltUnitCheck;

/* A MOLT_MIGRATE. */
typedef struct MoltUnitHook {
    const char *type; /* name in the schema; of a library by the name that it has there */
    MoltPlace place;
    uint64_t code; /* molt__hook_code() */
} MoltUnitHook;

/* A call that allocates plain memory, or that does if its callee turns out to be a wrapper. Files of
 * static functions tell those of one name apart; "" for all others. */
typedef struct MoltUnitAllocation {
    MoltPlace place;
    const char *callee, *callee_file;
    const char *function, *function_file; /* that calls */
    const char *type;                     /* name in the schema; "" when not known */
    const char *reason; /* why not; when a note says the type, the note: "MOLT_POOL(T) on f" */
    bool libc;     /* the callee is C's own */
    bool gives_on; /* the function returns the block, whose size came from its parameters */
    bool adds;     /* to what its parameters say, where it gives the block on */
    bool pool;     /* MOLT_POOL says the type */
    bool sized;    /* so does the size */
    const char *view; /* with MOLT_POOL: the struct that the noted pointer is to; "" for none */
    bool by_pointer; /* nothing but the pointer that takes the block says the type */
} MoltUnitAllocation;

/* A named constant with static storage. */
typedef struct MoltUnitConstant {
    const char *name;  /* as variables are called: "ground.c:castes" */
    const char *type;  /* of an element; of a library by the name that it has there */
    const char *file;  /* of a struct, union or enum: where its body is, as schemas record it */
    uint32_t line;     /* of that */
    uint32_t size;     /* of an element */
    uint32_t rows, per_row; /* elements of the outermost array, and of those in each of them */
    const char **keys; /* what the source calls the rows, "" for some; NULL: none has a name */
    const char **was;  /* what MOLT_WAS says it was called, NULL behind the last; NULL: nothing */
} MoltUnitConstant;

/* A string literal with NULs inside. */
typedef struct MoltUnitText {
    const char *bytes;
    uint32_t size; /* with the NUL behind it */
} MoltUnitText;

/* A variable that all sources share. */
typedef struct MoltUnitKept {
    const char *symbol; /* as the linker knows it */
    bool thread_local;
} MoltUnitKept;

/* A place where a function names a member of a struct (member_use.h). */
typedef struct MoltUnitUse {
    const char *type; /* name in the schema */
    const char *member, *function;
    uint32_t line; /* molt_usage_line() */
} MoltUnitUse;

/* A type whose values may lie in memory without a type. */
typedef struct MoltUnitErased {
    const char *type; /* name in the library */
    const char *text; /* of its note: the place, and what it lies in */
} MoltUnitErased;

/* What the sources show of a pointer or a number of the state. */
typedef struct MoltUnitHeld {
    const char *owner; /* name in the library, MOLT_GLOBALS_TYPE for a variable */
    const char *field; /* its own name */
    const char *text;  /* of its note */
} MoltUnitHeld;

typedef struct MoltUnit {
    const char *source; /* absolute */
    const char *base;   /* absolute; the schema's file names are relative to it */
    MoltSchema *schema; /* owned */
    const char **headers; /* absolute, in the order in which the source includes them */
    uint32_t header_count, header_capacity;
    MoltUnitCheck *checks;
    uint32_t check_count, check_capacity;
    MoltPlace *roots; /* every MOLT_ROOT seen */
    uint32_t root_count, root_capacity;
    MoltUnitHook *hooks; /* of a library: one for each type */
    uint32_t hook_count, hook_capacity;
    MoltUnitAllocation *allocations; /* of a library: those that allocate, each place once */
    uint32_t allocation_count, allocation_capacity;
    MoltUnitConstant *constants;
    uint32_t constant_count, constant_capacity;
    MoltUnitText *split_texts; /* each once */
    uint32_t split_text_count, split_text_capacity;
    MoltUnitKept *kept; /* of a library: each once */
    uint32_t kept_count, kept_capacity;
    MoltUnitUse *uses;
    uint32_t use_count, use_capacity;
    MoltFlows flows; /* of a source; types under the schema's names */
    MoltFlows image; /* of a source: what lies in the library (image_types.h) */
    const char **apart; /* of a library: types that never do, and not part of the file */
    uint32_t apart_count;
    MoltUnitErased *erased; /* of a library, sorted by type; not part of the file */
    uint32_t erased_count, erased_capacity;
    /* Likewise, in no order: what pointers lead to; integers that may be a size or an offset; and types
     * with a number that an address goes into, later with the text of their note. */
    MoltUnitHeld *held, *sized;
    uint32_t held_count, held_capacity, sized_count, sized_capacity;
    MoltUnitErased *hashed;
    uint32_t hashed_count, hashed_capacity;
    const char **files; /* all that were read, the source first; not part of the file */
    uint32_t file_count;
    const char **sources; /* of a library: as the schema records them */
    uint32_t source_count;
} MoltUnit;

/* Frees the schema; the rest belongs to the arena. */
void molt__unit_release(MoltUnit *unit);

/* The unit as text for a file, or NULL with *error filled. */
const char *molt__unit_write(MoltArena *arena, const MoltUnit *unit, MoltError *error);

/* Reads what molt__unit_write wrote; refuses anything else by the name of the file. */
bool molt__unit_read(MoltDiagnostics *diagnostics, const char *path, MoltUnit *out);

#endif
