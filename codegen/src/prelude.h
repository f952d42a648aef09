/* Preludes that are kept beside the units of the cache, so that a source of which only the game's
 * own files have changed is parsed without its system headers. It must never know how one is made,
 * or what a unit holds.
 *
 * * A prelude holds until something changes that could make it other than the headers themselves:
 * the generator, the command, a system header, or a line of the preprocessor in one of the game's
 * files. As these lines decide alone which macros there are where and what is included in which
 * order, an edit of anything else leaves the system headers what they were when the prelude was
 * made and tried. */
#ifndef MOLT_CODEGEN_PRELUDE_H
#define MOLT_CODEGEN_PRELUDE_H

#include "directives.h"
#include "translation_unit.h"
#include "unit_cache.h"

/* What a run has looked at already. Zero-initialised but for the cache. */
typedef struct MoltPreludes {
    const MoltUnitCache *cache;
    struct MoltScannedFile *scanned;
    uint32_t scanned_count, scanned_capacity;
    struct MoltSystemSet *sets;
    uint32_t set_count, set_capacity;
} MoltPreludes;

typedef enum MoltPreludeState {
    MOLT_PRELUDE_UNKNOWN, /* nothing that still holds */
    MOLT_PRELUDE_NONE,    /* the source is to be parsed without */
    MOLT_PRELUDE_FOUND,
} MoltPreludeState;

/* Looks for the prelude of `source`; *out is only filled when there is one. A file that changes
 * later may not be what the prelude was made for: whoever parses then must not keep the unit, as
 * for any other file. */
MoltPreludeState molt__prelude_find(MoltPreludes *preludes, const char *source,
                                    const MoltCommand *command, MoltPrelude *out);

/* The lines of the preprocessor in the file `path` as it is now; NULL when it cannot be read. */
const MoltDirectives *molt__prelude_directives(MoltPreludes *preludes, const char *path);

/* The name of the set that the system headers in `files` are as they are now, included as
 * `includes` (text of C) says, for `command`: equal names, equal headers. NULL when one cannot be
 * read. */
const char *molt__prelude_set(MoltPreludes *preludes, const MoltCommand *command,
                              const MoltInclusions *files, const char *includes);
/* Its files: "h" is what was compiled, "pch" the result, "names" what it declares. */
const char *molt__prelude_file(const MoltPreludes *preludes, const char *set, const char *ending);

/* Writes which prelude `source` has: that of `set` (NULL: it is to be parsed without), whose files
 * exist. False when it cannot. */
bool molt__prelude_store(MoltPreludes *preludes, const char *source, const MoltCommand *command,
                         const MoltInclusions *files, const char *set);

/* Deletes the sets that were not looked at. */
void molt__preludes_sweep(const MoltPreludes *preludes);

#endif
