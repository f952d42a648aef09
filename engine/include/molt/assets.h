/* The files that a game reads while it runs: levels, tuning, pictures. Each is read when the game first
 * asks for it, watched from then on, and read again between two frames when it was saved. A content that
 * cannot be read, or that the game refuses, leaves the one before in its place. It must never know what is
 * in a file. */
#ifndef MOLT_ASSETS_H
#define MOLT_ASSETS_H

#include <stdbool.h>

#include <molt/platform_api.h>
#include <molt/status.h>

typedef struct MoltAssets MoltAssets;

/* Zero means the default. */
typedef struct MoltAssetsDesc {
    const char *library; /* of the game; not NULL */
    const char *folder;  /* that paths are relative to; default: what the manifest beside the library names,
                            else the folder of the library */
} MoltAssetsDesc;

typedef struct MoltAssetEvent {
    bool kept;        /* the content is the one of before, or there is none; else a new one is in place */
    bool none;        /* there is none, and never was */
    const char *path; /* as the game names it; valid until the next call on the assets */
    const char *problem; /* why, in words; "" when not kept */
} MoltAssetEvent;

/* Reads no file yet. Without a system that tells of changes, files are read once. */
MoltStatus molt_assets_create(const MoltAssetsDesc *desc, MoltAssets **out, MoltError *error);
void molt_assets_destroy(MoltAssets *assets); /* NULL allowed */

/* What `path` holds, valid until the next molt_assets_turn; NULL when there is no content that was not
 * refused. The first call for a path reads it. `path` has to lie in the folder: no "..", not absolute. */
const MoltAsset *molt_assets_get(MoltAssets *assets, const char *path);

/* The content that molt_assets_get gives cannot be used, `problem` says why, for people: the one before it is
 * in place again, from the next molt_assets_get on. Nothing when there is none. */
void molt_assets_refuse(MoltAssets *assets, const char *path, const char *problem);

/* Between two frames: puts in place what was saved meanwhile, and frees what that replaces. True when
 * something new is there. */
bool molt_assets_turn(MoltAssets *assets);

/* Other code runs: what was refused is its own to judge. The same words about the same content are no
 * news. */
void molt_assets_ask_again(MoltAssets *assets);

/* Takes one thing that happened since; false when there is none. The first content of a file is no news. */
bool molt_assets_poll(MoltAssets *assets, MoltAssetEvent *out);

#endif
