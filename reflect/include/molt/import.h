/* The state from JSON: the text that dump.h writes, also after people or programs have edited it. It
 * must never know libraries beyond the MoltCodeMap that finds names for it, nor other formats.
 * docs/dump-format.md describes what is accepted. */
#ifndef MOLT_IMPORT_H
#define MOLT_IMPORT_H

#include "code_map.h"
#include "heap.h"
#include "progress.h"
#include "report.h"

/* Zero means the default. */
typedef struct MoltImportDesc {
    const MoltCodeMap
        *code;             /* whose `resolve` finds functions, constants and literals by name in the
                                library that stays, or takes the names as they are (code_names.h);
                                NULL: the text may hold none */
    MoltPolicy policy;     /* LIVE: what has no place is left out, what is missing gets its default,
                                both with a finding. STRICT: either is an error */
    const char *name;      /* of the file, for errors; NULL: none */
    bool roots_required;   /* a root that is null is an error */
    bool for_file; /* so is a pointer that no snapshot file can hold, such as one to a struct with pointers
                      that leads into a block of char */
    uint64_t limit;        /* bytes that the blocks may take; default molt_import_limit(length) */
    bool *limited; /* becomes true where that limit is what failed; NULL: nobody asks */
    MoltReport *report;    /* initialised; gets the findings of a success; NULL: nobody asks */
    MoltProgress progress; /* of the text, which is read twice */
} MoltImportDesc;

/* 256 MiB, and 64 bytes for each of the text: what any dump needs but one whose blocks of char are mostly
 * zeros, which take no room in a text. */
static inline uint64_t molt_import_limit(size_t length)
{
    return ((uint64_t)256 << 20) + 64 * (uint64_t)length;
}

/* Replaces all blocks and roots by those of the text, under the ids they have there, for the heap's
 * schema, which stays. `desc` may be NULL. Pointers in fields marked MOLT_EXTERNAL are kept where the
 * text has the running state's root under the same id, else NULL. The attic is emptied.
 *
 * On failure the heap is untouched, to the byte: MOLT_INVALID for whatever is wrong in the text, with
 * line, column and path of the place in `error`; MOLT_OUT_OF_MEMORY also where the limit or the heap's
 * range is too small. A dump that was read gives the same dump again, except for addresses of the process
 * (external, foreign, dangling, unnamed). */
MoltStatus molt_import_json(MoltHeap *heap, const char *text, size_t length,
                            const MoltImportDesc *desc, MoltError *error);

#endif
