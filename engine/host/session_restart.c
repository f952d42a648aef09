#include "session_parts.h"

void molt__session_go_on(Session *session)
{
    const KeptState *kept = &session->kept;
    session->platform.frame = kept->frame;
    session->platform.frames_before = kept->state.frame - kept->frame;
    session->platform.seed = kept->state.seed;
    molt__display_take_over(session->display, molt_reload_kept(session->reload));
    session->restarted = molt_reload_crash_ns(session->reload) != 0;
    session->times.restored = molt__session_ns();
}

bool molt__session_settle_display(Session *session)
{
    MoltError error;
    molt__canvas_destroy(session->canvas);
    session->canvas = session->platform.canvas = NULL;
    MoltStatus status = molt__display_settle(session->display, &error);
    if (status == MOLT_OK)
        status = molt__canvas_create(molt__display_renderer(session->display), &session->canvas, &error);
    if (status)
        molt__session_complain(&error);
    session->platform.canvas = session->canvas;
    return status == MOLT_OK;
}

void molt__session_say_restarted(Session *session)
{
    uint64_t crash = molt_reload_crash_ns(session->reload), now = molt__session_ns();
    const RestartTimes *times = &session->times;
    const MoltRestartParts parts = {
        .process_ns = times->begun - crash,
        .display_ns = times->open - times->begun,
        .state_ns = times->restored - times->open,
        .picture_ns = now - times->restored,
    };
    session->restarted = false;
    fprintf(stderr,
            "molt-host: started again within %.0f ms: %.0f to the new program, %.0f for the %s, %.0f for "
            "code and state, %.0f for the first picture\n",
            (double)(now - crash) / 1e6, (double)parts.process_ns / 1e6, (double)parts.display_ns / 1e6,
            session->options->headless ? "canvas" : "window", (double)parts.state_ns / 1e6,
            (double)parts.picture_ns / 1e6);
    molt__events_restarted(session->events, &parts, session->platform.frame);
}
