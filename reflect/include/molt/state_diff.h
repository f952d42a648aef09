/* Where two states differ, value by value: live ones, and dumps of states in JSON, in any pair. It must never
 * know how a difference is shown, nor files. */
#ifndef MOLT_STATE_DIFF_H
#define MOLT_STATE_DIFF_H

#include "code_map.h"
#include "heap.h"
#include "progress.h"

/* A heap, or else the text of a dump. */
typedef struct MoltDiffSide {
    const MoltHeap *heap; /* NULL: `text` */
    const MoltCodeMap
        *code;        /* names what the heap points at in a library; NULL: nothing is named */
    const char *text; /* in memory, as dump.h writes it, also with other space and order */
    size_t length;
    const char *name; /* of the text, for errors; NULL: none */
} MoltDiffSide;

/* A value as JSON, not NUL-terminated; it is gone after the call. */
typedef struct MoltDiffText {
    const char *bytes; /* NULL: this state does not have the value */
    size_t length;
} MoltDiffText;

typedef struct MoltDiffSink {
    /* False leaves the value out: "Ant:17.pos.x", "Ant:17" of an object that only one state has. */
    bool (*wants)(void *context, const char *path);
    void (*take)(void *context, const char *path, MoltDiffText a, MoltDiffText b);
    void *context;
    MoltProgress progress; /* of the objects of both */
} MoltDiffSink;

/* Hands each value that differs to the sink: roots first, then objects, which are paired by their ids, in
 * the order of the types' names and the objects' numbers. Values are equal when dumps show them as equal, so
 * to the last bit of a number. Heaps are compared as they lie, by their schemas, which may be two: that
 * needs memory for the text of the one value that differs. A dump costs 40 bytes for each of its objects;
 * against a heap it needs the text of one object at a time.
 *
 * MOLT_INVALID, before anything is handed over, for a text that is no dump, with line, column and path;
 * MOLT_OUT_OF_MEMORY at any time. */
MoltStatus molt_state_diff(const MoltDiffSide *a, const MoltDiffSide *b, const MoltDiffSink *sink,
                           MoltError *error);

#endif
