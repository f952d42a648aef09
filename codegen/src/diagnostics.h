/* What the generator refuses, collected and then printed as compilers do: place, message, the
 * declaration's own line and what to do about it. It must never know why something is refused. */
#ifndef MOLT_CODEGEN_DIAGNOSTICS_H
#define MOLT_CODEGEN_DIAGNOSTICS_H

#include <stdint.h>
#include <stdio.h>

#include "arena.h"

/* A place in a source file. `file` NULL: nowhere in particular. `column` 0: the whole line. */
typedef struct MoltPlace {
    const char *file; /* absolute */
    uint32_t line, column;
} MoltPlace;

typedef struct MoltDiagnostic {
    MoltPlace place;
    const char *message, *remedy;
} MoltDiagnostic;

typedef struct MoltDiagnostics {
    MoltArena *arena;
    MoltDiagnostic *items;
    uint32_t count, capacity;
} MoltDiagnostics;

/* Adds an error with its remedy (NULL when the message says all). The same message about the same
 * place, as every source that includes a header reports it, is kept once. */
void molt__refuse(MoltDiagnostics *diagnostics, MoltPlace place, const char *remedy,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Prints them in the order in which they were added, at most 50. */
void molt__diagnostics_print(const MoltDiagnostics *diagnostics, FILE *out);

#endif
