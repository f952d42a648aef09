/* Several sources parsed as one, one behind the other: what libclang does once for each parse, and
 * the headers that they share, cost once. It must never know what is read out of them.
 *
 * C has one scope for a whole parse, so a source could see what another one declared. They are
 * taken together only where nothing of that can be seen: no name that a file declares at file
 * scope, and no macro that it defines, is a word of a source that does not read the file. The
 * exception are functions that both know from a header. One of them reads all the system headers
 * that the others do, and its prelude is that of all. */
#ifndef MOLT_CODEGEN_JOINT_H
#define MOLT_CODEGEN_JOINT_H

#include "prelude.h"

typedef struct MoltJointSource {
    const char *path; /* absolute */
    const MoltCommand *command;
    const MoltPrelude *prelude;
} MoltJointSource;

/* Zero-initialised: not open. */
typedef struct MoltJoint {
    MoltPreludes *preludes;
    const MoltJointSource *sources; /* the caller's while it is open */
    uint32_t count;
    MoltTranslationUnit unit;
    uint32_t base; /* the source whose prelude it is */
    struct MoltJointFile *files;
    uint32_t file_count, file_capacity;
    bool apart; /* no name was found that a source should not see */
} MoltJoint;

/* True when the two may stand in one parse as far as it can be told without one: equal flags,
 * and no header that one of them includes before and the other behind another one. */
bool molt__joint_fits(const MoltPreludes *preludes, const MoltJointSource *a,
                      const MoltJointSource *b);

/* The source that reads all the system headers that the others do; -1: there is none. */
long molt__joint_base(const MoltJointSource *sources, uint32_t count);

/* Parses them, of which any two fit. False when they have to be read one by one, also for an
 * error in any of them; close it in either case. */
bool molt__joint_open(MoltJoint *joint, MoltPreludes *preludes, const MoltJointSource *sources,
                      uint32_t count);
void molt__joint_close(MoltJoint *joint);

#endif
