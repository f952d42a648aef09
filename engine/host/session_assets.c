#include "session_parts.h"

#include <stdio.h>

MoltStatus molt__session_open_assets(Session *session, MoltError *error)
{
    const MoltAssetsDesc desc = {.library = session->options->library,
                                 .folder = session->options->assets};
    MoltStatus status = molt_assets_create(&desc, &session->assets, error);
    if (status == MOLT_OK)
        status = molt__pictures_create(session->assets, &session->pictures, error);
    session->platform.assets = session->assets;
    session->platform.pictures = session->pictures;
    return status;
}

void molt__session_close_assets(Session *session)
{
    molt__pictures_destroy(session->pictures);
    molt_assets_destroy(session->assets);
}

void molt__session_turn_assets(Session *session)
{
    MoltAssetEvent event;
    MoltSummary summary;
    molt__pictures_turn(session->pictures);
    if (molt_assets_turn(session->assets))
        molt_reload_go_on(session->reload); /* it may have been what the game crashed of */
    while (molt_assets_poll(session->assets, &event)) {
        /* What is missing from the start is no news of this session; nobody is there to mend it either. */
        if (!event.none || !session->options->headless) {
            molt__summary_write_asset(&event, &summary);
            molt__overlay_show(&session->overlay, &summary, molt__session_ms());
        }
        molt__events_asset(session->events, &event, session->platform.frame);
        if (event.kept)
            fprintf(stderr, "molt-host: %s is not taken: %s\n", event.path, event.problem);
    }
}
