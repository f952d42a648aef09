/* Snapshot files: the state on disk, with the schema it was made under, so that it can be read by a
 * later version of the game and by tools that have no game at all. It must never know windows, frames
 * or how a library is loaded; docs/snapshot-format.md describes the bytes.
 *
 * Equal states give equal files: a file holds no addresses, no padding and nothing of how the state
 * came to be. What is read may come from anybody: a file that is not sound is refused with the section
 * and the offset of the first thing that is wrong, and nothing is loaded. */
#ifndef MOLT_SNAPSHOT_FILE_H
#define MOLT_SNAPSHOT_FILE_H

#include "code_map.h"
#include "heap.h"
#include "plan.h"
#include "progress.h"
#include "report.h"

/* Bytes that a host may add. */
#define MOLT_SNAPSHOT_HOST_MAX 65536u

/* Zero means the default. */
typedef struct MoltSaveDesc {
    const MoltCodeMap *code; /* names functions and data of the library; NULL: there is none */
    /* LIVE: a pointer that cannot be kept is written as NULL and reported as a LOSS; STRICT: it refuses
     * the save. */
    MoltPolicy policy;
    const void *host; /* bytes that belong to the state but not to the heap; NULL: none */
    size_t host_size;
    MoltProgress progress; /* of the spans of objects */
    /* What refuses a save, an address that no file can keep: in bytes, in a union that nothing tells apart,
     * of what has no name. Where this is not NULL, `value` at `at` in the heap is handed over instead, one
     * word at a time, and zero is written; words in bytes become zero in the heap, too, so the state is
     * none to go on with. Whoever has the same library can put them back into what is loaded. */
    void (*aside)(void *context, const void *at, uintptr_t value);
    void *aside_context;
} MoltSaveDesc;

/* Writes the state to `path`. The file is written beside it ("PATH.saving"), flushed to the disk and
 * then renamed, so that whatever happens `path` is the old file or the new one, whole. The heap is
 * only read. `desc` may be NULL; findings are added to `report` (not NULL).
 *
 * MOLT_EXTERNAL pointers are left out and MOLT_TRANSIENT fields take their defaults. Pointers into the
 * library go by name, text in it as text. MOLT_REFUSED: something has no name, or the policy forbids a
 * loss; MOLT_SYSTEM names path and reason. On failure `path` is as it was. */
MoltStatus molt_snapshot_file_save(const MoltHeap *heap, const char *path, const MoltSaveDesc *desc,
                                   MoltReport *report, MoltError *error);

/* A file whose header, tables and schema have been read and checked. */
typedef struct MoltSnapshotFile MoltSnapshotFile;

/* Opens and checks all but the content of the blocks. `trusted`: the file is known to be one that
 * molt_snapshot_file_save wrote and that nobody writes into; the load then maps its pages instead of
 * reading and checking them. Renaming another file over it, as a save does, is no harm.
 *
 * MOLT_NOT_FOUND, MOLT_SYSTEM: it cannot be read. MOLT_VERSION: made for another ABI or by a newer
 * Molt. MOLT_INVALID: not a snapshot, or a damaged one. The text names file, section and offset. NULL
 * allocator: the default one. */
MoltStatus molt_snapshot_file_open(const char *path, bool trusted, const MoltAllocator *allocator,
                                   MoltSnapshotFile **out, MoltError *error);
/* The same of a file in memory, which must stay until close. Always checked in full. */
MoltStatus molt_snapshot_file_open_memory(const void *bytes, size_t size,
                                          const MoltAllocator *allocator, MoltSnapshotFile **out,
                                          MoltError *error);
void molt_snapshot_file_close(MoltSnapshotFile *file); /* NULL allowed */

/* How many bytes the snapshot has that begins with these, as its header says it; nothing is checked.
 * UINT64_MAX while too few are known to tell, 0 when no snapshot begins so. */
uint64_t molt_snapshot_file_size(const void *bytes, size_t known);

/* The schema that the state was saved under; owned by the file. */
const MoltSchema *molt_snapshot_file_schema(const MoltSnapshotFile *file);
/* How many blocks of a type of that schema the state ever had, also of those that it has no more. */
uint64_t molt_snapshot_file_blocks(const MoltSnapshotFile *file, MoltTypeId type);
/* What MoltSaveDesc.host was; owned by the file. NULL and 0 without. */
const void *molt_snapshot_file_host(const MoltSnapshotFile *file, size_t *size);
/* "0.1.0": the Molt that wrote it; owned by the file. */
const char *molt_snapshot_file_version(const MoltSnapshotFile *file);

/* Names for the pointers of a heap that was loaded without a code map: such a pointer holds an address
 * that nothing else has and that cannot be read. Serves dumps, migrations and saves without a library.
 * Owned by the file, which must stay as long as such a heap is used. NULL when memory is out. */
const MoltCodeMap *molt_snapshot_file_code(MoltSnapshotFile *file);

/* Zero means the default. */
typedef struct MoltLoadDesc {
    /* That the state is to have, of the running game; must outlive the heap. NULL: the file's own, and
     * then the file must. */
    const MoltSchema *schema;
    /* Finds names in the running library: describe() and resolve() speak of the same one. NULL:
     * molt_snapshot_file_code. */
    const MoltCodeMap *code;
    /* Of the running library, for the migration; used until the load returns. NULL: there are none, and
     * a file with objects that one is for is refused. */
    const MoltHooks *hooks;
    MoltPolicy policy; /* for the migration, when the schemas differ; STRICT is meant for files */
    MoltMissingFunctions missing_functions; /* under LIVE */
    /* State whose MOLT_EXTERNAL pointers in the root objects the loaded roots take over; its schema
     * must equal that of the state after the load. NULL: they are NULL, as all others are. */
    const MoltHeap *running;
    /* The variables of the running library, which is one of that schema: the new heap's pointers to
     * variables lead there, and variables that the file does not know have in the mirror what the library
     * starts with. None is written before molt_heap_take_globals. NULL: variables stay an object. */
    const struct MoltGlobals *globals;
    MoltHeapDesc heap;     /* of the new heap */
    MoltProgress progress; /* of the objects' bytes that are read, not of a migration */
} MoltLoadDesc;

/* Makes a heap with the file's state, migrated by the rules where the schemas differ. Nothing else is
 * touched, so that a caller who fails later only destroys it. MOLT_REFUSED: a rule refuses, a name is
 * missing in the library; the report (not NULL) says which. MOLT_INVALID: the content is damaged. */
MoltStatus molt_snapshot_file_load(MoltSnapshotFile *file, const MoltLoadDesc *desc, MoltHeap **out,
                                   MoltReport *report, MoltError *error);

/* Takes a heap that was loaded from the file without a code map on to the next of several versions, by the
 * rules of migrations without hooks. `schema` must outlive the heap. MOLT_REFUSED: the report (not NULL)
 * says why; then, and after any other failure, the heap is as it was. */
MoltStatus molt_snapshot_file_step(MoltSnapshotFile *file, MoltHeap *heap, const MoltSchema *schema,
                                   MoltPolicy policy, MoltMissingFunctions missing,
                                   MoltReport *report, MoltError *error);

#endif
