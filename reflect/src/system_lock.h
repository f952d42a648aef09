/* Locks of the C library by value: whether somebody has one or waits for it, and one as nobody has it.
 * molt-codegen describes each as a struct of that name with nothing but bytes. It must never know where
 * in a state a lock lies or what becomes of it. */
#ifndef MOLT_SYSTEM_LOCK_H
#define MOLT_SYSTEM_LOCK_H

#include "molt/schema.h"

typedef struct MoltLockClass MoltLockClass;

/* How locks of a type work; NULL when it is none, or not of this system's size. */
const MoltLockClass *molt__lock_class(const MoltSchema *schema, MoltTypeId type);

/* Why the lock at `bytes`, of any alignment, must stay where it is, as "locked"; NULL when nobody has it
 * and nobody waits. */
const char *molt__lock_use(const MoltLockClass *class, const unsigned char *bytes);

/* Writes what only its process knew out of the lock: nobody has it, nobody waits. What it was made as
 * (recursive, robust, which clock) stays, and so does a semaphore's value. */
void molt__lock_release(const MoltLockClass *class, unsigned char *bytes);

#endif
