/* What happens in a session as lines of JSON, for whoever drives or watches the host. Each line is
 * flushed as it is written. It must never know who reads it.
 *
 * Every function takes NULL as the stream and then does nothing. A write that fails is reported once
 * on standard error and ends the stream. */
#ifndef MOLT_HOST_EVENTS_H
#define MOLT_HOST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/assets.h>
#include <molt/leaks.h>
#include <molt/reload.h>

typedef struct MoltEvents MoltEvents;

/* What the host adds to a reload event of the core. */
typedef struct MoltReloadRecord {
    uint32_t sequence;     /* number of the attempt in this session, from 1 */
    uint64_t frame;        /* finished frames */
    uint64_t dump_ns;      /* spent writing dumps before the new code ran */
    const char *before;    /* path of the dump before, or NULL */
    const char *after;     /* path of the dump after, or NULL */
} MoltReloadRecord;

/* Appends to the file at `path`; "-" is standard output. */
MoltStatus molt__events_open(const char *path, MoltEvents **out, MoltError *error);
void molt__events_close(MoltEvents *events);

/* `schema`: of the library. */
void molt__events_started(MoltEvents *events, uint32_t generation, uint64_t frame, uint64_t objects,
                          const MoltSchema *schema);
void molt__events_build_started(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame);
void molt__events_build_cancelled(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame);
void molt__events_build(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame, bool ok);
void molt__events_reload(MoltEvents *events, const MoltReloadEvent *event,
                         const MoltReloadRecord *record);
/* An asset was saved: it is in place, or the one of before is kept and a problem says why. */
void molt__events_asset(MoltEvents *events, const MoltAssetEvent *event, uint64_t frame);
/* The game crashed, and what is shown is the state of before. */
void molt__events_no_checkpoint(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame);
void molt__events_crashed(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame);
/* This program goes on for one that crashed, and its first picture has been shown. Together the parts are the
 * time since the crash. */
typedef struct MoltRestartParts {
    uint64_t process_ns, display_ns, state_ns, picture_ns;
} MoltRestartParts;
void molt__events_restarted(MoltEvents *events, const MoltRestartParts *parts, uint64_t frame);
/* The first frame of the new code has finished. */
void molt__events_running(MoltEvents *events, const MoltReloadRecord *record);
/* `kind`: "saved" or "loaded"; `problem` is NULL when it was done. `report` may be NULL. */
void molt__events_state(MoltEvents *events, const char *kind, const char *path, uint64_t frame,
                        uint64_t nanoseconds, const MoltReport *report, const char *problem);
void molt__events_frame(MoltEvents *events, uint64_t frame);
/* The generations that are kept, oldest first, and the running one at index `at`. */
void molt__events_history(MoltEvents *events, const uint32_t *generations, uint32_t count, uint32_t at);
void molt__events_log(MoltEvents *events, uint64_t frame, const char *text);
/* What nothing reaches, one entry per type and allocation site. */
void molt__events_leaks(MoltEvents *events, const MoltHeap *heap, const MoltLeaks *leaks);
/* Answers a console command; `problem` is NULL when it was done. */
void molt__events_done(MoltEvents *events, const char *command, const char *problem);
/* A value of the state, as the JSON text that molt_reload_dump_path gives. */
void molt__events_value(MoltEvents *events, const char *json);
void molt__events_fault(MoltEvents *events, uint64_t frame, const char *text);
/* The process ends in the middle of it; `text` says by whom. */
void molt__events_exit(MoltEvents *events, int status, const char *text, uint64_t frame);
void molt__events_quit(MoltEvents *events, uint64_t frame);

#endif
