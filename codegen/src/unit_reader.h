/* Reads one source into a unit: walks its declarations and function bodies for roots, allocations
 * and what a reload would lose, and has their types followed. It must never know other sources. */
#ifndef MOLT_CODEGEN_UNIT_READER_H
#define MOLT_CODEGEN_UNIT_READER_H

#include "compile_command.h"
#include "translation_unit.h"
#include "unit.h"
#include "wanted.h"

typedef struct MoltUnitDesc {
    const char *source, *base; /* absolute */
    const MoltCommand *command;
    const MoltSchema *const *known; /* recorded schemas that know earlier names; may be empty */
    uint32_t known_count;
    const MoltWanted *wanted; /* instead of what a game holds */
    const MoltPrelude *prelude; /* the source's; NULL: parsed without */
    const MoltTranslationUnit *whole; /* has been parsed, with others and the prelude; NULL: it is not */
    bool strict;                /* a source that cannot be read with its prelude is refused */
} MoltUnitDesc;

/* The unit is the same with and without a prelude; a source that cannot be read with it is read
 * without. False when anything was refused; *out then holds only `files`. Release it in either case. */
bool molt__unit_from_source(MoltDiagnostics *diagnostics, const MoltUnitDesc *desc, MoltUnit *out);

#endif
