#define _GNU_SOURCE /* on_exit, gettid */

#include "session_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* A handler of exit() can reach nothing else, and cannot be taken back. A fork of the process has it, too. */
static struct {
    Session *session; /* NULL: whoever calls exit() may */
    pid_t process;
    bool registered;
} watched;

/* What the session was goes on with the next one, as after a signal; a game that ends without complaint is
 * left by its player. */
static void keep_state(Session *session, int status, bool own)
{
    const MoltOptions *options = session->options;
    MoltSaves *saves = &session->saves;
    uint64_t age_ns = 0;
    MoltError error;
    if (!saves->reload || session->closing)
        return; /* it has not begun, or its end has been seen to */
    if (status == EXIT_SUCCESS) {
        fputs("molt-host: nothing is kept. A main_loop() that returns false ends in order, with shut_down() "
              "and what --save, --dump and --screenshot ask for\n", stderr);
    } else if (options->autosave > 0 || !options->headless) {
        if (molt__saves_keep_checkpoint(saves, &age_ns, &error))
            fprintf(stderr, "molt-host: no state is kept: %s\n", error.text);
        else
            fprintf(stderr,
                    "molt-host: the state of %.1f s before is in %s: start with --recover to go on with it\n",
                    (double)age_ns / 1e9, saves->ended);
    }
    if (own)
        molt__saves_close(saves, status == EXIT_SUCCESS || saves->kept);
}

static void on_exit_called(int status, void *context)
{
    Session *session = watched.session;
    char place[400] = "", text[500];
    (void)context;
    if (!session || getpid() != watched.process)
        return;
    watched.session = NULL;
    bool own = gettid() == getpid(); /* else the host still runs beside this */
    bool game = session->reload && molt_reload_exit_place(session->reload, place, sizeof place);
    if (game)
        snprintf(text, sizeof text, "the game called exit(%d) %s", status, place);
    else
        snprintf(text, sizeof text, "exit(%d) was called, and not by the game", status);
    fprintf(stderr, "molt-host: %s\n", text);
    if (own)
        molt__events_exit(session->events, status, text, session->platform.frame);
    keep_state(session, status, own);
    if (own)
        molt_reload_abandon(session->reload);
}

void molt__session_watch_exit(Session *session)
{
    if (!watched.registered && on_exit(on_exit_called, NULL) == 0)
        watched.registered = true;
    watched.session = session;
    watched.process = getpid();
}

void molt__session_unwatch_exit(void)
{
    watched.session = NULL;
}
