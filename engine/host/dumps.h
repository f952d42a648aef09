/* State and schema written to files: on demand, and as numbered pairs around every reload attempt; and
 * a state read back. It must never know when or why. */
#ifndef MOLT_HOST_DUMPS_H
#define MOLT_HOST_DUMPS_H

#include <stdbool.h>
#include <stdint.h>

#include <molt/reload.h>

#define MOLT__DUMP_PATH 4096

/* The pair of the attempt that is under way or was last. */
typedef struct MoltDumps {
    const char *folder; /* NULL: pairs are not written */
    bool addresses;
    uint32_t sequence; /* attempts begun */
    uint64_t nanoseconds; /* spent writing the pair */
    char before[MOLT__DUMP_PATH]; /* "" when it was not written */
    char after[MOLT__DUMP_PATH];
} MoltDumps;

/* Creates the folder when it is missing; `folder` NULL is fine and does nothing. The string is kept. */
MoltStatus molt__dumps_init(MoltDumps *dumps, const char *folder, bool addresses, MoltError *error);

/* Begins an attempt and writes NNN-before.json and NNN-before.schema.json. A failure leaves `before`
 * empty. */
MoltStatus molt__dumps_before(MoltDumps *dumps, const MoltReload *reload, MoltError *error);
/* Ends it: NNN-after.json and NNN-after.schema.json. */
MoltStatus molt__dumps_after(MoltDumps *dumps, const MoltReload *reload, MoltError *error);

/* The state as JSON in a file of its own, which is replaced as a whole or stays as it was. */
MoltStatus molt__dumps_write_state(const MoltReload *reload, bool addresses, const char *path,
                                   MoltError *error);
typedef struct MoltDumpsRead {
    const char *path;
    MoltPolicy policy;
    uint64_t most; /* bytes that the state may take, and a text that is in no file; 0: molt_import_limit(),
                      MOLT__DUMP_TEXT_MAX */
} MoltDumpsRead;

/* Puts the state of such a file in the place of the running one, or leaves that as it is. `report` is
 * initialised and gets what did not fit. */
MoltStatus molt__dumps_read_state(MoltReload *reload, const MoltDumpsRead *how, MoltReport *report,
                                  MoltError *error);

#endif
