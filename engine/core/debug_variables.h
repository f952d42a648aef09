/* The variables that the DWARF of a library file describes. It must never know metadata. */
#ifndef MOLT_CORE_DEBUG_VARIABLES_H
#define MOLT_CORE_DEBUG_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>

/* clang forgets the name of a function that has statics and was inlined everywhere. */
#define MOLT_DEBUG_UNNAMED "?"

typedef enum MoltDebugPlace {
    MOLT_DEBUG_NOWHERE, /* described, but the compiler left it out */
    MOLT_DEBUG_AT,      /* `at` is the address before relocation */
    MOLT_DEBUG_THREAD,  /* `at` is the offset in the block of thread-locals */
    MOLT_DEBUG_PIECES   /* split up, shrunk, or computed */
} MoltDebugPlace;

typedef struct MoltDebugVariable {
    const char *file;     /* the source as the compiler was given it */
    const char *function; /* "" outside of functions, or MOLT_DEBUG_UNNAMED */
    const char *name;
    MoltDebugPlace place;
    uint64_t at;
    unsigned line;
    uint64_t entry; /* of its declaration: in one function they rise with the source */
    bool external;
} MoltDebugVariable;

typedef struct MoltDebugVariables MoltDebugVariables;

/* Reads `path`. A file without DWARF gives an empty list. MOLT_OUT_OF_MEMORY, MOLT_SYSTEM. */
MoltStatus molt__debug_variables_open(const char *path, MoltDebugVariables **out, MoltError *error);
void molt__debug_variables_close(MoltDebugVariables *variables); /* NULL allowed */

/* Variable `index`, or NULL behind the last one; valid until close. */
const MoltDebugVariable *molt__debug_variable(const MoltDebugVariables *variables, uint32_t index);

/* A source whose path ends in `file`, component by component, is described. */
bool molt__debug_knows(const MoltDebugVariables *variables, const char *file);
/* The two paths name one file: one of them ends in the other. */
bool molt__debug_same_file(const char *a, const char *b);

#endif
