/* A layout of a recorded schema as a C header: `Player_old` and what it holds by value, with the sizes
 * and offsets of then, whatever the structs are today. It must never know the sources of a game. */
#ifndef MOLT_CODEGEN_OLD_HEADER_H
#define MOLT_CODEGEN_OLD_HEADER_H

#include <molt/schema.h>

#include "diagnostics.h"

/* The header for these structs, or NULL when one was refused. `source` names the schema's file in
 * messages and in the header. */
const char *molt__old_header_write(MoltDiagnostics *diagnostics, const MoltSchema *schema,
                                   const char *source, const char *const *types, uint32_t count);

#endif
