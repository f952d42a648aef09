/* Which changes below the sources ask for a build, and which of them at once. Most are saves of sources; but
 * builds write files into their own sources, and games and hosts write beside them: a build for each of those
 * would have no end. It must never know how files are watched, or what a build is. */
#ifndef MOLT_CORE_SOURCE_CHANGES_H
#define MOLT_CORE_SOURCE_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/status.h>

typedef struct MoltSourceChanges MoltSourceChanges;

typedef enum MoltChangeUse {
    MOLT__CHANGE_NONE,  /* asks for nothing */
    MOLT__CHANGE_WAITS, /* asks for a build, and lets the one that runs come to its end */
    MOLT__CHANGE_SAVED  /* asks for a build now */
} MoltChangeUse;

typedef enum MoltBuildEnd {
    MOLT__BUILD_OVERTAKEN, /* what it was for, the next one is for */
    MOLT__BUILD_BROKEN,
    MOLT__BUILD_VAIN, /* it changed nothing in the library */
    MOLT__BUILD_MADE
} MoltBuildEnd;

/* `library` is what the builds make: what is named like it and goes on, `game.so.new`, is theirs. */
MoltStatus molt__source_changes_create(const char *library, MoltSourceChanges **out,
                                       MoltError *error);
void molt__source_changes_destroy(MoltSourceChanges *changes); /* NULL allowed */

/* This process writes that file, or what is below that folder, itself, from now on. */
void molt__source_changes_own(MoltSourceChanges *changes, const char *path);

/* A file was written, `during` a build or while none ran, told while it runs or soon after. `named`: somebody
 * asked for this very file; one that was not, and does not look like a source, waits. Its content is read. */
MoltChangeUse molt__source_changes_take(MoltSourceChanges *changes, const char *path, bool named,
                                        bool during);

/* A build begins, for all that has asked. */
void molt__source_changes_begin(MoltSourceChanges *changes);
/* It has ended. A sentence about a file that builds write themselves, once for each, when it came to its
 * end; else NULL. Valid until the next call. */
const char *molt__source_changes_end(MoltSourceChanges *changes, MoltBuildEnd end);

/* True when something still asks for a build. */
bool molt__source_changes_ask(const MoltSourceChanges *changes);
/* The next build is not to begin before that, by molt__clock_ns(); 0: no reason to wait. Files that each
 * build writes anew, and others for which builds change nothing, get fewer and fewer of them. */
uint64_t molt__source_changes_hold_ns(const MoltSourceChanges *changes);

#endif
