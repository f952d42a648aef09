/* Runs the build command beside the game, one run at a time, and keeps what it prints. It must
 * never know what is built. */
#ifndef MOLT_CORE_BUILD_H
#define MOLT_CORE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <molt/status.h>

/* Bytes of output that are kept, the last ones. */
#define MOLT__BUILD_OUTPUT_LIMIT ((size_t)256 * 1024)

typedef struct MoltBuild MoltBuild;

typedef enum MoltBuildState {
    MOLT_BUILD_IDLE, /* not run yet, or cancelled */
    MOLT_BUILD_RUNNING,
    MOLT_BUILD_SUCCEEDED, /* of the last run, until the next start */
    MOLT_BUILD_FAILED
} MoltBuildState;

/* `arguments` ends in NULL, its first item is the program, searched in PATH; it runs in `directory`
 * (NULL: the current one). Both are copied. */
MoltStatus molt__build_create(const char *const *arguments, const char *directory, MoltBuild **out,
                              MoltError *error);
void molt__build_destroy(MoltBuild *build); /* cancels; NULL allowed */

/* "NAME=value" for the environment of the runs that follow, beside the host's own; NULL: nothing. Must stay
 * as long as the build. */
void molt__build_set_variable(MoltBuild *build, const char *variable);

/* Starts a run, whose processes form a session of their own. Must not be called while one is running.
 * MOLT_NOT_FOUND or MOLT_SYSTEM when the program cannot be started. */
MoltStatus molt__build_start(MoltBuild *build, MoltError *error);

/* The leader of the session that runs; 0: none does. */
pid_t molt__build_process(const MoltBuild *build);
/* A run that another program has begun in this process, of which only its leader is known, is to end: as
 * molt__build_interrupt. Must not be called while one is running. */
void molt__build_adopt(MoltBuild *build, pid_t process);

/* Takes output and looks whether the run has ended. Never waits. */
MoltBuildState molt__build_poll(MoltBuild *build);

/* Asks the run to end and does not wait: polling says MOLT_BUILD_IDLE once all its processes are gone, by
 * force after 2 s. Nothing when none is running. */
void molt__build_interrupt(MoltBuild *build);

/* Ends the run with all its processes, by force after 300 ms, and waits for that. */
void molt__build_cancel(MoltBuild *build);

/* How far the run is, from what it prints (progress.h); false when that does not say. */
bool molt__build_progress(const MoltBuild *build, uint32_t *done, uint32_t *total);

/* Descriptors that become readable when there is something to be polled for; at most
 * MOLT__BUILD_DESCRIPTORS. Not to be read or closed, and valid until the next poll. */
#define MOLT__BUILD_DESCRIPTORS 1
size_t molt__build_descriptors(const MoltBuild *build, int *descriptors);

/* Output of the current or last run, cleaned by molt__diagnostics_clean once it has ended. Never
 * NULL; valid until the next call on the build. */
const char *molt__build_output(const MoltBuild *build, size_t *length);
uint64_t molt__build_duration_ns(const MoltBuild *build); /* so far, or of the run that ended */

/* How the last run ended, for people: "exit status 2", "killed by signal 9". Never NULL. */
const char *molt__build_ending(const MoltBuild *build);

#endif
