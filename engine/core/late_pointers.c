#include "late_pointers.h"

#include <molt/migrate.h>

#include "code_pair.h"

MoltStatus molt__late_pointers_follow(const MoltLibrary *left, const MoltLibrary *current,
                                      MoltHeap *heap, MoltError *error)
{
    const MoltSchema *schema = current->schema;
    MoltCodePair *pair = NULL;
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status = molt__code_pair_create(left->symbols, current->symbols, &pair, error);
    if (status == MOLT_OK) {
        status = molt_plan_build(schema, schema, MOLT_POLICY_LIVE, NULL, &plan, &report, error);
    }
    if (status == MOLT_OK) {
        MoltCodeMap map = *molt__code_pair_map(pair);
        map.constants = NULL; /* with types of a schema that may be another one: names are enough */
        map.next_constants = NULL;
        map.next_apart = current->apart;
        status = molt_migrate_prepare(heap, plan, &map, &migration, &report, error);
    }
    if (status == MOLT_OK) {
        if (!molt_migrate_repoint(migration)) {
            status = molt_error(error, MOLT_REFUSED, "What they lead to is not in the new library.");
        }
        molt_heap_scatter_globals(heap); /* of which the heap has a copy, that was followed as well */
    }
    molt_plan_free(plan);
    molt__code_pair_free(pair);
    molt_report_clear(&report);
    return status;
}
