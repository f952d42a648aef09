/* The command line of molt-host as data. It must never know what an option does. */
#ifndef MOLT_HOST_OPTIONS_H
#define MOLT_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <molt/status.h>

#include "swap.h"

#define MOLT__WATCHES_MAX 16

/* Strings point into argv; NULL where an option was not given. */
typedef struct MoltOptions {
    const char *library;
    const char *dump;         /* state as JSON at exit */
    const char *load_json;    /* state to start with */
    uint64_t max_memory;      /* bytes that the state of a dump may take; 0: the default */
    const char *screenshot;   /* picture at exit */
    const char *events;       /* JSON lines; "-" is standard output */
    const char *dump_reloads; /* folder for the dumps around each reload */
    const char *resume;       /* folder of a process that crashed */
    char **command;           /* the command line, as it was given, NULL at its end */
    const char *save;         /* snapshot at exit */
    const char *load;         /* snapshot to begin with */
    uint64_t autosave;        /* seconds; 0: never */
    uint64_t history;         /* generations to go back to; 0: none */
    uint64_t seed;
    uint64_t threads;      /* of parallel_for; 0: as many as there are processors */
    uint64_t frames;       /* 0: until told to quit */
    uint64_t reload_every; /* frames; 0: never */
    const char *build;     /* command in the place of the manifest's */
    const char *watch[MOLT__WATCHES_MAX + 1]; /* files and folders beside the manifest's; ends in NULL */
    uint32_t watch_count;
    const char *assets;    /* folder in the place of the manifest's */
    MoltSwap swaps[MOLT__SWAPS_MAX];
    uint32_t swap_count;
    int width, height;     /* of the window or the headless picture, in pixels */
    bool headless;
    bool dump_addresses;
    bool console;
    bool no_build;
    bool no_resident; /* builds start generators of their own */
    bool fps;
    bool mute;
    bool strict;
    bool null_functions; /* pointers to functions that are gone become NULL */
    bool recover;      /* begin with what a session that crashed left */
    bool load_live;    /* snapshots lose what the rules drop, for good, instead of being refused */
    bool trust;        /* snapshots are mapped and their content is not checked */
    bool no_guard;     /* a crash of the game ends the process */
    uint64_t watchdog; /* seconds of processor time of one frame; 0: it may take for ever */
    bool through_file; /* each reload takes the state through a snapshot file */
    bool help;    /* nothing else was looked at, library may be NULL */
    bool version; /* likewise */
} MoltOptions;

/* Fills `out` from the command line, defaults included. MOLT_INVALID names the argument that is wrong;
 * `out` is then unspecified. Reorders argv as getopt does. */
MoltStatus molt__options_parse(int argc, char **argv, MoltOptions *out, MoltError *error);

/* What `--help` prints; `brief` stops after the first line. */
void molt__options_usage(FILE *file, bool brief);

#endif
