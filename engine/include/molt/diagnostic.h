/* One message of a compiler, linker or build tool, taken apart. It must never know which tool spoke. */
#ifndef MOLT_DIAGNOSTIC_H
#define MOLT_DIAGNOSTIC_H

#include <stdint.h>

typedef enum MoltDiagnosticKind {
    MOLT_DIAGNOSTIC_NOTE, /* belongs to the message before it */
    MOLT_DIAGNOSTIC_WARNING,
    MOLT_DIAGNOSTIC_ERROR
} MoltDiagnosticKind;

/* No string is NULL. */
typedef struct MoltDiagnostic {
    MoltDiagnosticKind kind;
    uint32_t line, column; /* from 1; 0: not said */
    const char *file;      /* as the tool printed it; "": the message is about no file */
    const char *message;
    const char *included; /* "b.c:5" when the file was read from there; else "" */
} MoltDiagnostic;

/* "error", "warning" or "note". */
const char *molt_diagnostic_id(MoltDiagnosticKind kind);

#endif
