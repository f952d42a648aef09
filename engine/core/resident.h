/* The generator that a host keeps in memory for the builds it drives: starts it, says in a build's
 * environment where it listens, and ends it with the host, however that ends. A build does without
 * as well. It must never know what the generator does. */
#ifndef MOLT_CORE_RESIDENT_H
#define MOLT_CORE_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <molt/status.h>

typedef struct MoltResident MoltResident;

/* Starts `program` (a path), to listen at a socket in `folder`, which is private and outlives it. On failure
 * builds do without. */
MoltStatus molt__resident_create(const char *program, const char *folder, MoltResident **out,
                                 MoltError *error);
void molt__resident_destroy(MoltResident *resident); /* ends it; NULL allowed */

/* One that has ended is started anew, unless nobody ever asked it for anything. Never waits. */
void molt__resident_refresh(MoltResident *resident);

/* Its process; 0: there is none now, or `resident` is NULL. */
pid_t molt__resident_process(const MoltResident *resident);

/* "NAME=value" for the environment of builds; valid as long as the resident. */
const char *molt__resident_variable(const MoltResident *resident);

/* What it has told by now, and what became of it. Zeros for NULL. */
typedef struct MoltResidentState {
    uint32_t answered;   /* runs that it did, since the host began */
    uint64_t memory_kib; /* its own, of the process that there is now */
    int32_t signal;      /* that ended one since this was asked last; 0: none. A build ends one that hangs */
} MoltResidentState;

MoltResidentState molt__resident_state(MoltResident *resident);

#endif
