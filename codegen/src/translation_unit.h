/* One source as libclang parsed it, with the compiler's own flags: places of cursors, the files
 * that were read, and values of constant expressions. It must never know what types mean to
 * Molt. */
#ifndef MOLT_CODEGEN_TRANSLATION_UNIT_H
#define MOLT_CODEGEN_TRANSLATION_UNIT_H

#include <clang-c/Index.h>

#include "compile_command.h"
#include "literal.h"

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

/* System headers that a source includes, precompiled, with which its parse begins. */
typedef struct MoltPrelude {
    const char *path;     /* absolute */
    MoltInclusions files; /* of the source when it is parsed without: also those in the prelude */
    /* Of all that is known of the prelude: equal ones mean equal lines of the preprocessor. */
    uint64_t digest;
} MoltPrelude;

typedef struct MoltTranslationUnit {
    MoltDiagnostics *diagnostics;
    MoltArena *arena;
    const char *path;      /* absolute */
    const char *directory; /* absolute; where relative names in the flags start */
    const char **flags;
    int flag_count;
    const MoltPrelude *prelude; /* NULL: parsed without */
    bool shared; /* parsed together with other sources, and another one's to close */
    CXIndex index;
    CXTranslationUnit handle;
    CXFile last_file; /* the path of the file asked for last: neighbours ask for the same one */
    const char *last_path;
    bool last_seen; /* the source reads that file */
} MoltTranslationUnit;

/* Parses `source` (absolute) and refuses every error that the compiler reports. False when it was
 * refused; close it in either case.
 *
 * `prelude` (NULL: none) stays the caller's while the unit is open. With it, a walk of the unit
 * meets no declaration of the system headers in it, though all of them can be reached from others,
 * and a source that turns out to read other files than the prelude says is refused. */
bool molt__translation_unit_open(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                 const char *source, const MoltCommand *command,
                                 const MoltPrelude *prelude);
/* Parses `text` as the file `path`, which need not exist, with the precompiled headers of `prelude`; its
 * inclusions are those of the text. */
bool molt__translation_unit_open_text(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                      const char *path, const char *text,
                                      const MoltCommand *command, const char *prelude);
/* `source` as a part of the open unit `whole`, which has been parsed with its flags and includes
 * it, with what `prelude` says of its files. `whole` outlives it. */
void molt__translation_unit_share(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                  const MoltTranslationUnit *whole, const char *source,
                                  const MoltPrelude *prelude);
/* The same of a header that is to be precompiled, and writes the result to a file. */
bool molt__translation_unit_precompile(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                       const char *header, const MoltCommand *command);
bool molt__translation_unit_save(const MoltTranslationUnit *unit, const char *path);
void molt__translation_unit_close(MoltTranslationUnit *unit);

/* Where the declaration stands; inside a macro, where the macro is used. */
MoltPlace molt__place_of(MoltTranslationUnit *unit, CXCursor cursor);

/* True for what lies in a system header or in no file at all. */
bool molt__is_system(CXCursor cursor);

/* False for what only other sources read that were parsed together with this one. */
bool molt__translation_unit_sees(MoltTranslationUnit *unit, CXCursor cursor);

/* True when the files that were read are those of the game in `lists`, the text itself, and system headers
 * that a prelude may meet again. */
bool molt__translation_unit_reads(MoltTranslationUnit *unit, const MoltInclusions *const *lists,
                                  uint32_t count);
bool molt__inclusions_list(const MoltInclusions *files, const char *path);

/* All files that were read or, with a prelude, would have been without. */
MoltInclusions molt__translation_unit_inclusions(MoltTranslationUnit *unit);

/* Values of constant expressions as if each stood at the end of the source. What is no constant
 * gets kind NONE and a reason in `problems`. */
void molt__translation_unit_evaluate(MoltTranslationUnit *unit, const char *const *texts,
                                     uint32_t count, MoltValue *values, const char **problems);

#endif
