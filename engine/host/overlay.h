/* The host's own panels over the game: the outcome of the last reload, the build in progress, help and
 * the frame rate. It must never know the game, and it never draws outside its boxes. */
#ifndef MOLT_HOST_OVERLAY_H
#define MOLT_HOST_OVERLAY_H

#include "canvas.h"
#include "summary.h"

#define MOLT__OVERLAY_WIDTH 520 /* of the outcome panel, logical pixels */
#define MOLT__OVERLAY_MARGIN 12
#define MOLT__OVERLAY_HEIGHT_MAX 360

/* Times are milliseconds of one clock that the caller chooses. All zero: nothing shown. */
typedef struct MoltOverlay {
    MoltSummary summary;
    bool shown;
    uint64_t shown_at;
    uint64_t hide_at; /* UINT64_MAX: stays until the next outcome */
    char crash[400];  /* what the game stands still since; "" while it runs */
    bool building;
    uint64_t building_since;
    uint32_t steps_done, steps; /* of the build; 0 of 0: not known */
    bool help;
    char rate[64]; /* "60 fps  3.1 ms"; "" hides it */
} MoltOverlay;

/* Replaces what is shown. Failures stay until the next call, the rest goes after some seconds. While the game
 * stands still everything stays, and says so with the crash. */
void molt__overlay_show(MoltOverlay *overlay, const MoltSummary *summary, uint64_t now);
/* The headline of the crash since which the game stands still, for what is shown from now on; "": it runs. */
void molt__overlay_set_crash(MoltOverlay *overlay, const char *crash);
void molt__overlay_set_building(MoltOverlay *overlay, bool building, uint64_t now);
/* `done` of `steps` that the build has; 0 steps: not known. */
void molt__overlay_set_progress(MoltOverlay *overlay, uint32_t done, uint32_t steps);

void molt__overlay_draw(const MoltOverlay *overlay, MoltCanvas *canvas, uint64_t now);
/* Where the outcome panel is drawn at `now`; w and h are 0 when it is not. */
MoltRect molt__overlay_box(const MoltOverlay *overlay, uint64_t now);

#endif
