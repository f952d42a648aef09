/* The messages in what a build printed, in its order: those of gcc and clang, of the linkers bfd, gold, lld
 * and mold, of the assembler, molt-codegen, CMake, Ninja and make. It must never know who ran the build. */
#ifndef MOLT_CORE_DIAGNOSTIC_LIST_H
#define MOLT_CORE_DIAGNOSTIC_LIST_H

#include <stddef.h>

#include <molt/diagnostic.h>

/* Messages that are kept; of more than that the first ones. */
#define MOLT__DIAGNOSTICS_MOST 64u

/* Zero-initialised: empty. */
typedef struct MoltDiagnosticList {
    MoltDiagnostic items[MOLT__DIAGNOSTICS_MOST];
    uint32_t count;
    char *texts; /* that the items point into */
} MoltDiagnosticList;

/* Replaces what `list` holds by the messages in `text`, which was cleaned by molt__diagnostics_clean. A
 * message that was printed before, such as one about a header for its second source, is left out with its
 * notes. Without memory the list is empty. */
void molt__diagnostic_list_read(MoltDiagnosticList *list, const char *text);
void molt__diagnostic_list_clear(MoltDiagnosticList *list);

#endif
