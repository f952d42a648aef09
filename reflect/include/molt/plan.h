/* A plan: the compiled field-by-field mapping from one schema to another. It decides everything that
 * does not depend on live values, once; migrate.h runs it. It must never know objects or libraries. */
#ifndef MOLT_PLAN_H
#define MOLT_PLAN_H

#include "parallel.h"
#include "report.h"
#include "schema.h"

typedef struct MoltPlan MoltPlan;

/* What happens to the objects of one old type. */
typedef enum MoltTypeFate {
    MOLT_FATE_SAME,    /* equal layout: objects stay where they are */
    MOLT_FATE_CHANGED, /* objects are rebuilt */
    MOLT_FATE_GONE     /* the new schema has no such type */
} MoltTypeFate;

/* Compiles the mapping. Findings that hold whatever the values are go to `report` (NULL allowed):
 * additions, renames, moved fields, hints. MOLT_REFUSED when a rule refuses regardless of values; the
 * report then has the reason and *out is untouched. Both schemas must outlive the plan. */
MoltStatus molt_plan_build(const MoltSchema *before, const MoltSchema *after, MoltPolicy policy,
                           const MoltAllocator *allocator, MoltPlan **out, MoltReport *report,
                           MoltError *error);
void molt_plan_free(MoltPlan *plan); /* NULL allowed */

/* The hooks of the new library, bound to its schema by molt_module_bind, and the place where its code
 * looks for the heap. Must outlive the plan. */
typedef struct MoltHooks {
    const MoltHook *items, *end;
    const MoltHeapApi **heap; /* set while hooks run, put back afterwards; NULL allowed */
    /* The library's variables: while hooks run they hold what the migration makes of them, and where it
     * does not carry them over (MoltCodeMap) what they held before is put back. NULL allowed. */
    const struct MoltGlobals *globals;
    /* Calls hook->run(old, now); who gives it may end the call otherwise, and has then to refuse with
     * molt_old_fail and give false. NULL: they are called directly. */
    bool (*run)(void *context, const MoltHook *hook, const MoltOld *old, void *now);
    void *run_context;
} MoltHooks;

/* The same with hooks (NULL allowed): the plan calls each for the objects of its struct when their
 * layout changes. */
MoltStatus molt_plan_build_with_hooks(const MoltSchema *before, const MoltSchema *after,
                                      MoltPolicy policy, const MoltHooks *hooks,
                                      const MoltAllocator *allocator, MoltPlan **out,
                                      MoltReport *report, MoltError *error);

/* A plan that only shows what becomes of what, also where molt_plan_build refuses: nothing may be
 * migrated by it. Fails only when memory is out. */
MoltStatus molt_plan_sketch(const MoltSchema *before, const MoltSchema *after,
                            const MoltAllocator *allocator, MoltPlan **out, MoltError *error);

/* Adds to `report` what some live value would lose or make the plan refuse: every check that a
 * migration by this plan makes, as if a value failed it, less what annotations allow. What takes a value
 * that the declarations do not call for is INFO and `possible`. Remedies are those for declarations that
 * are compared: ways that are each enough, with ", or " between them. For those who compare schemas
 * without a state. Fails only when memory is out. */
MoltStatus molt_plan_foresee(const MoltPlan *plan, MoltReport *report);

/* What a migration under the live policy makes of a pointer to a function that the new code lacks, or has
 * with another signature: it refuses, which is the default, or makes it NULL. Then that is a LOSS which names
 * the function, and the pointer returns with it. The strict policy refuses in any case. */
typedef enum MoltMissingFunctions {
    MOLT_MISSING_FUNCTIONS_REFUSE,
    MOLT_MISSING_FUNCTIONS_NULL
} MoltMissingFunctions;
void molt_plan_set_missing_functions(MoltPlan *plan, MoltMissingFunctions missing);

/* Lends migrations by the plan threads, as long as it lives: where converters (molt/converter.h) stand for
 * what it does, objects in large numbers are converted by all of them. */
void molt_plan_set_parallel(MoltPlan *plan, const MoltParallel *parallel);

const MoltSchema *molt_plan_before(const MoltPlan *plan);
const MoltSchema *molt_plan_after(const MoltPlan *plan);

MoltTypeFate molt_plan_fate(const MoltPlan *plan, MoltTypeId before);
/* New id of an old type, MOLT_NO_TYPE when it is gone. */
MoltTypeId molt_plan_type(const MoltPlan *plan, MoltTypeId before);
/* The old field (index into tables.fields) that field `field` of new struct `after` comes from when
 * old struct `before` becomes it; UINT32_MAX when the field is new. */
uint32_t molt_plan_source(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                          uint32_t field);

#endif
