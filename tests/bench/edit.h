/* An edit to measure: structs before and after it as schemas, and what the plans forth and back compile
 * to; and memory to set beside the heap's. It must never know what is measured. */
#ifndef MOLT_BENCH_EDIT_H
#define MOLT_BENCH_EDIT_H

#include <stddef.h>

#include <molt/checkpoint.h>
#include <molt/migrate.h>

#include "converters.h"
#include "measurement.h"

typedef struct Member {
    const char *name;
    const char *type; /* "int", "float"..., "Ant *" of a struct of the same list, or "int[4]" */
    size_t offset;
} Member;

typedef struct Struct {
    const char *name;
    const Member *members;
    uint32_t count;
    size_t size;
} Struct;

/* Initialises a Struct. */
#define BENCH_STRUCT(title, list, type)                                                            \
    {                                                                                              \
        title, list, sizeof(list) / sizeof *(list), sizeof(type)                                   \
    }

/* The first struct is the root, "state". NULL, with the reason on standard error, on failure. The caller
 * frees it. */
MoltSchema *bench_schema(const Struct *structs, uint32_t count);

/* Forth and back; both schemas must outlive it. */
typedef struct Edit {
    const MoltSchema *before, *after;
    MoltConverters *forth, *back; /* NULL: by the plan */
    const MoltParallel *parallel; /* of the way forth; NULL: one thread */
    MoltCheckpoint *checkpoint; /* of the way forth: its pointers are looked for before; NULL: in it */
    Samples *settled; /* then: how long pages take to be let go before the migration; may be NULL */
    bool room; /* of the way forth: its pages are asked for before it is timed, as a reload does */
} Edit;

/* False, with the reason on standard error, on failure; bench_edit_free is then still to be called.
 * `compiled` takes the C compiler, `cc`. */
bool bench_edit_make(const MoltSchema *before, const MoltSchema *after, bool compiled, Edit *edit);
void bench_edit_free(Edit *edit); /* one of zeros is allowed */

/* A heap of that schema without objects; NULL, with the reason on standard error, on failure. */
MoltHeap *bench_heap(const MoltSchema *schema);

/* One migration. Its plan is made before it is timed, as a reload does, and from the schema that the heap
 * runs: by the versions that a session had it is known what comes back. `samples` may be NULL. False, with
 * the reason on standard error, on failure. */
bool bench_migrate(MoltHeap *heap, const Edit *edit, Samples *samples);
bool bench_migrate_back(MoltHeap *heap, const Edit *edit);

/* Memory as the heap has it: zeroed by the system, in huge pages where there are any. None of it is there
 * before it is written. NULL when memory is out. */
void *bench_map(uint64_t bytes);
void bench_unmap(void *memory, uint64_t bytes); /* NULL allowed */

/* Numbers that look like chance and are the same in each run; *state starts as anything but 0. */
uint64_t bench_chance(uint64_t *state);

/* "1,000,000" in `out`, which is returned. */
char *bench_number(uint64_t number, char out[32]);

#endif
