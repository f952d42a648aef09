/* The small JSON file that the build writes beside the library: how to build it again and what
 * it is built from. It must never know how building or watching is done.
 *
 *   {"library": "game.so", "build": ["cmake", "--build", "..."], "watch": ["../game"],
 *    "schema": "game.schema.json", "assets": "../game/assets", "generator": "molt-generate"}
 *
 * Relative paths are meant from the file's own directory, which is also where the command runs. */
#ifndef MOLT_CORE_MANIFEST_H
#define MOLT_CORE_MANIFEST_H

#include <stddef.h>

#include <molt/status.h>

/* Lists end in NULL and may be empty, but are not NULL; strings may be NULL when the file has
 * none. */
typedef struct MoltManifest {
    char *directory; /* of the file */
    char *library;
    char *schema;
    char *assets; /* folder of what the game reads while it runs */
    char *generator; /* program that can be kept in memory for the builds (resident.h) */
    char **build;
    char **watch;
} MoltManifest;

/* MOLT_NOT_FOUND: no such file. MOLT_INVALID names what is wrong in it. */
MoltStatus molt__manifest_read(const char *path, MoltManifest **out, MoltError *error);
void molt__manifest_free(MoltManifest *manifest); /* NULL allowed */

#endif
