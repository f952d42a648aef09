#include "reload_step.h"

const char *molt_reload_step_id(MoltReloadStep step)
{
    static const char *const ids[] = {
#define X(name, id, does) id,
        MOLT_RELOAD_STEP_LIST(X)
#undef X
    };
    return (unsigned)step < sizeof ids / sizeof ids[0] ? ids[step] : "unknown";
}

MoltStatus molt__reload_step(const MoltReloadSteps *steps, MoltReloadStep step, MoltError *error)
{
    if (steps == NULL || steps->begin == NULL || steps->begin(steps->context, step)) {
        return MOLT_OK;
    }
    return molt_error(error, MOLT_SYSTEM, "The step %s of the reload failed.",
                      molt_reload_step_id(step));
}

static bool begin_migration_step(void *context, MoltMigrateStep step)
{
    const MoltReloadSteps *steps = context;
    return steps->begin(steps->context, (MoltReloadStep)((int)MOLT_STEP_CAPTURE + (int)step));
}

void molt__reload_step_watch(MoltReloadSteps *steps, MoltPlan *plan)
{
    if (steps->begin != NULL) {
        molt_plan_set_steps(plan, begin_migration_step, steps);
    }
}
