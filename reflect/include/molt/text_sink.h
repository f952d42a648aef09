/* Where a long text goes, piece by piece: a file, a pipe, memory. It must never know what the text
 * says. */
#ifndef MOLT_TEXT_SINK_H
#define MOLT_TEXT_SINK_H

#include <stddef.h>

#include "status.h"

typedef struct MoltTextSink {
    /* Takes the next `length` bytes (not 0), which are only there for the length of the call. Anything
     * but MOLT_OK, with *error (NULL allowed) filled, ends the text; no call follows then. */
    MoltStatus (*write)(void *context, const char *text, size_t length, MoltError *error);
    void *context;
} MoltTextSink;

#endif
