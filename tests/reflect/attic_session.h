/* A session with a game that is a table of structs: a heap, and live edits of its schema. */
#ifndef MOLT_TEST_ATTIC_SESSION_H
#define MOLT_TEST_ATTIC_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "molt/attic.h"
#include "molt/migrate.h"
#include "schema_spec.h"

typedef struct Session {
    MoltHeap *heap;
    MoltSchema *schemas[16];
    uint32_t count;
    MoltReport report;       /* of the last edit */
    const MoltCodeMap *code; /* for the next edit */
} Session;

static inline void start(Session *session, const StructSpec *specs, uint32_t count,
                         const EnumSpec *jobs, uint64_t limit, const MoltAllocator *allocator)
{
    *session = (Session){.count = 1};
    session->schemas[0] = spec_schema_with(specs, count, jobs, jobs != NULL);
    MoltHeapDesc desc = {
        .reserve = (uint64_t)4 << 30, .allocator = allocator, .attic_limit = limit};
    assert_int_equal(molt_heap_create(&desc, &session->heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(session->heap, session->schemas[0]), MOLT_OK);
    molt_report_init(&session->report, NULL);
}

static inline MoltStatus migrate(Session *session, MoltSchema *after, MoltPolicy policy)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    molt_report_clear(&session->report);
    session->schemas[session->count++] = after;
    MoltStatus status = molt_plan_build(molt_heap_schema(session->heap), after, policy, NULL, &plan,
                                        &session->report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(session->heap, plan, session->code, &migration,
                                      &session->report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static inline void edit_with(Session *session, const StructSpec *specs, uint32_t count,
                             const EnumSpec *jobs)
{
    MoltSchema *after = spec_schema_with(specs, count, jobs, jobs != NULL);
    assert_int_equal(migrate(session, after, MOLT_POLICY_LIVE), MOLT_OK);
}

static inline void edit(Session *session, const StructSpec *spec)
{
    edit_with(session, spec, 1, NULL);
}

static inline MoltAtticStats stats_of(const Session *session)
{
    MoltAtticStats stats;
    molt_attic_stats(session->heap, &stats);
    return stats;
}

static inline void stop(Session *session)
{
    molt_report_clear(&session->report);
    molt_heap_destroy(session->heap);
    for (uint32_t s = 0; s < session->count; s++)
        molt_schema_free(session->schemas[s]);
}

/* The objects with that finding; 0 without it. */
static inline uint64_t found(const Session *session, MoltRule rule, const char *path)
{
    for (uint32_t f = 0; f < session->report.count; f++) {
        const MoltFinding *finding = &session->report.findings[f];
        if (finding->rule == rule && strcmp(finding->path, path) == 0)
            return finding->objects;
    }
    return 0;
}

static inline void *root(const Session *session)
{
    return molt_heap_root(session->heap, 0);
}

#endif
