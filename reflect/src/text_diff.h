/* Two values as JSON text compared member by member, without a tree. The texts were read once before, so that
 * they are JSON; no memory is needed but for the path. It must never know what the values mean. */
#ifndef MOLT__TEXT_DIFF_H
#define MOLT__TEXT_DIFF_H

#include "molt/state_diff.h"

/* The path to what is compared, and who is told of differences. */
typedef struct MoltDiffPath {
    const MoltDiffSink *sink;
    MoltAllocator allocator;
    char *text; /* NUL-terminated */
    size_t length, room;
    bool failed; /* memory is out: paths are cut */
} MoltDiffPath;

/* Adds to the path; the length that molt__diff_pop takes to remove it. */
size_t molt__diff_push(MoltDiffPath *path, const char *text, size_t length);
size_t molt__diff_push_index(MoltDiffPath *path, uint64_t index);
void molt__diff_pop(MoltDiffPath *path, size_t length);

/* Tells the sink about the value at the path, when it wants it. */
void molt__diff_tell(MoltDiffPath *path, MoltDiffText a, MoltDiffText b);

/* Compares two values; any may be missing. Recursion follows the nesting, which their reader has bounded. */
void molt__text_diff(MoltDiffPath *path, MoltDiffText a, MoltDiffText b);

/* The value of a member of an object; missing when it has none. */
MoltDiffText molt__text_member(MoltDiffText object, const char *key);

#endif
