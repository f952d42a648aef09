/* molt-host: runs a game library and reloads it live. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "session.h"

#define EXIT_USAGE 2

/* The one mutable global of the host: a signal handler can reach nothing else. */
static volatile sig_atomic_t interrupted;

/* What keeps the state stays: a Ctrl-C of somebody who waits for that is not to undo it. */
static void on_signal(int number)
{
    if (interrupted == 0 || interrupted == SIGINT)
        interrupted = number;
}

/* The first signal ends the session in order, with its dumps and shut_down(); the same one again kills a
 * game that hangs. What whoever started the host has it ignore, as nohup does, stays ignored. */
static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}, before;
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* a reader of the events that goes away does not end the game */
}

/* A game may change the current folder, and a process that goes on after a crash begins there: it is
 * given the library by a path that means the same everywhere. What is no folder stays as it was said. */
static void fix_library(MoltOptions *options)
{
    const char *slash = strrchr(options->library, '/');
    const char *name = slash ? slash + 1 : options->library;
    if (options->library[0] == '/')
        return;
    char *folder = slash ? strndup(options->library, (size_t)(slash - options->library)) : strdup(".");
    char *whole = folder ? realpath(folder, NULL) : NULL;
    size_t size = whole ? strlen(whole) + strlen(name) + 2 : 0;
    char *path = whole ? malloc(size) : NULL; /* for as long as the process lives */
    free(folder);
    if (path) {
        snprintf(path, size, "%s/%s", whole, name);
        for (char **word = options->command; *word; word++) {
            if (*word == options->library)
                *word = path;
        }
        options->library = path;
    }
    free(whole);
}

int main(int argc, char **argv)
{
    MoltOptions options;
    MoltError error;
    prctl(PR_SET_NAME, "molt-host"); /* a process that goes on after a crash is executed by another name */
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
    fix_library(&options);
    return molt__session_run(&options, &interrupted);
}
