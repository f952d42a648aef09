/* Status codes, error objects and the allocator hook that every fallible call of Molt shares.
 * This header must never know what a type, a heap or a library is. */
#ifndef MOLT_STATUS_H
#define MOLT_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* X(name, identifier in messages and JSON, one-line meaning) */
#define MOLT_STATUS_LIST(X)                                                                        \
    X(OK, "ok", "success")                                                                         \
    X(OUT_OF_MEMORY, "out-of-memory", "the allocator returned NULL")                               \
    X(INVALID, "invalid", "input is malformed or inconsistent")                                    \
    X(UNSUPPORTED, "unsupported", "this version cannot do that soundly")                           \
    X(VERSION, "version", "made by an incompatible version or for another ABI")                    \
    X(REFUSED, "refused", "a rule refuses this migration; the report says why")                    \
    X(NOT_FOUND, "not-found", "a file, symbol, type or field does not exist")                      \
    X(INCOMPLETE, "incomplete", "a file is still being written")                                   \
    X(SYSTEM, "system", "the operating system refused")                                            \
    X(BUSY, "busy", "what is wanted is in use; it may be free later")

typedef enum MoltStatus {
#define X(name, id, text) MOLT_##name,
    MOLT_STATUS_LIST(X)
#undef X
    MOLT_STATUS_COUNT
} MoltStatus;

/* Short stable identifier such as "out-of-memory". Never NULL; unknown codes give "unknown". */
const char *molt_status_id(MoltStatus status);

/* What went wrong, in words for people. Callers own the storage and may pass NULL wherever a
 * function takes a MoltError *. Filled only on failure; untouched on success. */
typedef struct MoltError {
    MoltStatus status;
    char text[1000]; /* complete sentence(s), NUL-terminated, cut at the end when too long */
} MoltError;

/* Fills `error` (NULL allowed) from a printf format and returns `status`, so that failing code can
 * write `return molt_error(error, MOLT_INVALID, "...", ...)`. */
MoltStatus molt_error(MoltError *error, MoltStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The one allocation hook. `resize(context, NULL, 0, n)` allocates, `resize(context, p, old, n)`
 * resizes, `resize(context, p, old, 0)` frees and returns NULL. `old` is the size that was asked
 * for. Returned memory is not zeroed. May return NULL for n > 0; the old block then stays valid.
 * Called from the thread that called into Molt. */
typedef struct MoltAllocator {
    void *(*resize)(void *context, void *block, size_t old_size, size_t new_size);
    void *context;
} MoltAllocator;

/* The allocator over realloc and free, used wherever a NULL allocator is passed. */
const MoltAllocator *molt_allocator_default(void);

#endif
