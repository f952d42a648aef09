/* A session as the files that make it up see it: session.c (frames, opening and closing),
 * session_assets.c (files that the game reads), session_exit.c (what becomes of it when the game calls
 * exit()), session_restart.c (going on after a crash) and commands.c (what is typed, or sent with --console).
 * Nothing else may look inside. */
#ifndef MOLT_HOST_SESSION_PARTS_H
#define MOLT_HOST_SESSION_PARTS_H

#include "session.h"

#include <molt/reload.h>

#include "console.h"
#include "display.h"
#include "dumps.h"
#include "events.h"
#include "overlay.h"
#include "platform.h"
#include "saves.h"

/* What a host that starts again after a crash needs beside the state. */
typedef struct KeptState {
    MoltHostState state; /* first, so that the file can be loaded as any save */
    uint64_t frame;      /* of the process */
} KeptState;

/* When a host that goes on after a crash was how far, CLOCK_MONOTONIC in ns. */
typedef struct RestartTimes {
    uint64_t begun, open, restored; /* this program; its window; code and state */
} RestartTimes;

/* Invariant: between frames nothing of the host points into the game library; only `reload` knows it. */
typedef struct Session {
    const MoltOptions *options;
    const volatile sig_atomic_t *interrupted; /* number of the signal that ends the session, or 0 */
    MoltPlatform platform;
    MoltDisplay *display;
    MoltCanvas *canvas;
    MoltSound *sound;   /* NULL when mute or headless */
    MoltEvents *events; /* NULL without --events */
    MoltThreads *threads;
    MoltAssets *assets;
    MoltPictures *pictures;
    MoltReload *reload;
    MoltOverlay overlay;
    MoltDumps dumps;
    MoltSaves saves;
    MoltConsole console;
    bool video;        /* SDL's video is initialised */
    bool console_open; /* commands are still read */
    bool closing;      /* its state has gone where it goes at the end */
    bool quitting;     /* the frame in progress is the last one */
    bool exit_shot_done;
    char shot[MOLT__DUMP_PATH]; /* picture to be taken of this frame; "" for none */
    char command[MOLT__CONSOLE_LINE]; /* that asked for it, answered when it is taken; or "" */
    KeptState kept; /* as it was before this frame */
    RestartTimes times;
    uint64_t since_ns; /* when the session began, by the clock that files are stamped with */
    bool restarted; /* after a crash, and no picture was shown yet */
    MoltReloadRecord started; /* new code whose first frame has not finished; sequence 0 for none */
    uint64_t deadline;        /* when the next frame is due */
    uint64_t busy_ns;         /* of the frame in progress */
    uint64_t keep_at;         /* when the next picture is to be kept */
    uint64_t rate_at, rate_frames, rate_busy_ns; /* frame rate since rate_at */
} Session;

uint64_t molt__session_ns(void);
uint64_t molt__session_ms(void);

/* Tells the terminal what went wrong. */
void molt__session_complain(const MoltError *error);

/* Goes `steps` generations back (negative) or on. NULL, or what is wrong when there is none. */
const char *molt__session_step(Session *session, int32_t steps);

/* ---- session_assets.c --------------------------------------------------------------------- */

MoltStatus molt__session_open_assets(Session *session, MoltError *error);
void molt__session_close_assets(Session *session);

/* Between two frames: takes what was saved, and says so. */
void molt__session_turn_assets(Session *session);

/* ---- session_restart.c -------------------------------------------------------------------- */

/* The state is that which the process before left: frames, seed and picture go on from there. */
void molt__session_go_on(Session *session);
/* The first picture after that is on the screen: says how long the user has seen none. */
void molt__session_say_restarted(Session *session);
/* That picture was on a window that could be there soon: it becomes one as any other. False, with a message,
 * when that cannot be: the session ends. */
bool molt__session_settle_display(Session *session);

/* ---- session_exit.c ----------------------------------------------------------------------- */

/* Until molt__session_unwatch_exit: whoever calls exit() ends the session, which says so, and leaves its
 * state for the next one. */
void molt__session_watch_exit(Session *session);
void molt__session_unwatch_exit(void);

/* ---- commands.c --------------------------------------------------------------------------- */

/* Runs what the console has to say. A command that asks for a picture holds back those behind it
 * until the picture is taken. */
void molt__session_run_commands(Session *session);

/* The commands that keys have too. `command` is the line to be answered, or NULL for a key. */
void molt__session_dump(Session *session, const char *path, const char *command);
void molt__session_save(Session *session, const char *path, const char *command);
void molt__session_load(Session *session, const char *path, const char *command);

/* Reads a dump back, and says on standard error what did not fit. */
MoltStatus molt__session_load_json(Session *session, const char *path, MoltError *error);

#endif
