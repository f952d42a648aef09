/* The host's use of snapshot files: quick saves, autosaves, and the state that a session left which its
 * player did not end. It must never know keys, options or how a file looks.
 *
 * Files stand in the current folder, named after the library (NAME of libNAME.so): NAME.save.molt,
 * NAME.autosave.molt, which goes when a session ends in order, NAME.crashed.molt, an autosave that the
 * next session found, and NAME.ended.molt, the last state of a session that a signal or exit() ended.
 * Sessions that autosave lock NAME.autosave.lock, so that one that still runs is not taken for one that
 * crashed. */
#ifndef MOLT_HOST_SAVES_H
#define MOLT_HOST_SAVES_H

#include <molt/reload.h>

#include "events.h"
#include "overlay.h"
#include "platform.h"

#define MOLT__SAVE_PATH 256

/* What belongs to a state beside the heap, as it stands in a file. */
typedef struct MoltHostState {
    uint64_t frame; /* that the game sees */
    uint64_t seed;
} MoltHostState;

/* All pointers are borrowed; set before molt__saves_open. */
typedef struct MoltSaves {
    MoltReload *reload;
    MoltPlatform *platform;
    MoltOverlay *overlay;
    MoltEvents *events; /* NULL allowed */
    uint64_t every;     /* frames between autosaves; 0: none */
    bool trust;
    bool opening; /* a failure ends the session, and whoever opens it says so */
    int lock;     /* -1: not held */
    const char *recovered; /* `crashed` or `ended` when the session began with it, else NULL */
    bool kept;             /* what the session was at its end is in `ended` */
    char quick[MOLT__SAVE_PATH], autosave[MOLT__SAVE_PATH];
    char crashed[MOLT__SAVE_PATH], ended[MOLT__SAVE_PATH];
    char lock_path[MOLT__SAVE_PATH];
} MoltSaves;

/* Names the files after the library. */
void molt__saves_init(MoltSaves *saves, const char *library);
/* Looks for what sessions before left, and begins with the newest when `recover`; else says that it is
 * there. `now` for the overlay, here and below. Fails only when there is something to recover that cannot be
 * loaded. */
MoltStatus molt__saves_open(MoltSaves *saves, bool recover, uint64_t now, MoltError *error);
/* Between two frames: an autosave where it is due. */
void molt__saves_frame(MoltSaves *saves, uint64_t now);
/* Shows and tells the outcome, which is returned, too. `quiet`: only when it fails. */
MoltStatus molt__saves_save(MoltSaves *saves, const char *path, bool quiet, uint64_t now,
                            MoltError *error);
MoltStatus molt__saves_load(MoltSaves *saves, const char *path, uint64_t now, MoltError *error);
/* A signal ends the session: its state is kept for the next one. False, with a line, when it is not. */
bool molt__saves_keep(MoltSaves *saves, uint64_t now);
/* The same when the process ends at once, on whatever thread: the state of the last checkpoint, which is
 * *age_ns old. */
MoltStatus molt__saves_keep_checkpoint(MoltSaves *saves, uint64_t *age_ns, MoltError *error);
/* `in_order`: the autosave has served, and what the session began with, too. */
void molt__saves_close(MoltSaves *saves, bool in_order);

#endif
