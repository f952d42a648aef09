/* molt-host: runs a game library and reloads it live. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "session.h"

#define EXIT_USAGE 2

/* The one mutable global of the host: a signal handler can reach nothing else. */
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* The first signal ends the session in order, with its dumps and shut_down(); the second one kills a
 * game that hangs. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader of the events that goes away does not end the game */
}

int main(int argc, char **argv)
{
    MoltOptions options;
    MoltError error;
    if (molt__options_parse(argc, argv, &options, &error)) {
        fprintf(stderr, "molt-host: %s\n", error.text);
        molt__options_usage(stderr, true);
        return EXIT_USAGE;
    }
    if (options.help) {
        molt__options_usage(stdout, false);
        return EXIT_SUCCESS;
    }
    if (options.version) {
        puts("molt-host " MOLT_HOST_VERSION);
        return EXIT_SUCCESS;
    }
    catch_signals();
    return molt__session_run(&options, &interrupted);
}
