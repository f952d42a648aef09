/* Whether the annotations of a model can be meant: each one against the type that it stands on, and
 * against the others beside it. It must never know cursors, nor what a note does to a value. */
#ifndef MOLT_CODEGEN_ANNOTATION_CHECK_H
#define MOLT_CODEGEN_ANNOTATION_CHECK_H

#include "model.h"

/* Refuses annotations that contradict each other or the declaration that has them, once fields are
 * read and defaults evaluated. Types that are only taken out of void pointers are not looked at. */
void molt__annotations_check(MoltDiagnostics *diagnostics, const MoltModel *model);

/* Refuses MOLT_MOVED paths of the whole library that climb above every struct that holds theirs.
 * `base` is the folder that the file names of the schema are relative to. */
void molt__climbs_check(MoltDiagnostics *diagnostics, const MoltSchema *schema, const char *base);

/* Refuses MOLT_POOL of a type that no source of the library defines. `source` is told of variables that
 * several sources have. */
void molt__pools_check(MoltDiagnostics *diagnostics, const MoltSchema *schema, const char *base,
                       const char *source);

#endif
