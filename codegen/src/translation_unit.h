/* One source as libclang parsed it, with the compiler's own flags: places of cursors, the files
 * that were read, and values of constant expressions. It must never know what types mean to
 * Molt. */
#ifndef MOLT_CODEGEN_TRANSLATION_UNIT_H
#define MOLT_CODEGEN_TRANSLATION_UNIT_H

#include <clang-c/Index.h>

#include "compile_command.h"
#include "literal.h"

typedef struct MoltTranslationUnit {
    MoltDiagnostics *diagnostics;
    MoltArena *arena;
    const char *path;      /* absolute */
    const char *directory; /* absolute; where relative names in the flags start */
    const char *const *flags;
    int flag_count;
    CXIndex index;
    CXTranslationUnit handle;
    CXFile last_file; /* the path of the file asked for last: neighbours ask for the same one */
    const char *last_path;
} MoltTranslationUnit;

/* A file that the parse read. `direct`: the source itself includes it. */
typedef struct MoltInclusion {
    const char *path; /* absolute */
    const char *by;   /* header that the source includes itself and that leads here; NULL: source */
    bool direct, system;
    uint32_t times; /* how often it was entered */
} MoltInclusion;

typedef struct MoltInclusions {
    MoltInclusion *items; /* in the order of first inclusion; the source is the first */
    uint32_t count, capacity;
} MoltInclusions;

/* Parses `source` (absolute) and refuses every error that the compiler reports. False when it was
 * refused; close it in either case. */
bool molt__translation_unit_open(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                 const char *source, const MoltCommand *command);
void molt__translation_unit_close(MoltTranslationUnit *unit);

/* Where the declaration stands; inside a macro, where the macro is used. */
MoltPlace molt__place_of(MoltTranslationUnit *unit, CXCursor cursor);

/* True for what lies in a system header or in no file at all. */
bool molt__is_system(CXCursor cursor);

MoltInclusions molt__translation_unit_inclusions(MoltTranslationUnit *unit);

/* Values of constant expressions as if each stood at the end of the source. What is no constant
 * gets kind NONE and a reason in `problems`. */
void molt__translation_unit_evaluate(MoltTranslationUnit *unit, const char *const *texts,
                                     uint32_t count, MoltValue *values, const char **problems);

#endif
