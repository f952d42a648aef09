/* A generator that stays in memory, with libclang loaded: it listens at a socket and does each run
 * that it is asked for in a process of its own, a copy of itself, so that no run can leave anything
 * behind for the next one. It must never know what a run does.
 *
 * It lives as long as its standard input is open, and writes to its standard output one line for
 * each run: "asked A answered B memory K", so many runs asked for and done since its start, and its
 * own memory in KiB. */
#ifndef MOLT_CODEGEN_RESIDENT_H
#define MOLT_CODEGEN_RESIDENT_H

typedef struct MoltResidentWork {
    /* One run, in a process that ends after it; its exit status. */
    int (*run)(void *context, int argc, char **argv);
    /* After a run that succeeded, in the resident, which works in the folder of that run: keeps what the next
     * one can use. */
    void (*keep)(void *context, int argc, char **argv);
    /* The same later and beside everything else, in a process of its own that gives way to others
     * and is killed as soon as the next run is asked for: keeps what takes longer in files. */
    void (*prepare)(void *context, int argc, char **argv);
    void *context;
} MoltResidentWork;

/* Serves at `path` until standard input ends or the program's file is another one; exit status of the
 * process. */
int molt__resident_serve(const char *path, const MoltResidentWork *work);

#endif
