/* What a plan knows of versions: between two that the session had, which old and which new thing have one
 * line, and where values come from that MOLT_MOVED takes elsewhere; and, once it is compiled, the lines of
 * a version that the session has not had yet. It must never know live objects. */
#ifndef MOLT_PLAN_TRACE_H
#define MOLT_PLAN_TRACE_H

#include "plan_ops.h"
#include "version.h"

typedef enum MoltSide { MOLT__OLD, MOLT__NEW } MoltSide;

/* Of one side of a plan, in the order of its tables. */
typedef struct MoltTraceSide {
    uint32_t *lines; /* of types, fields, enumerators */
    uint32_t *paths; /* per field: index into the text + 1, 0 for none */
} MoltTraceSide;

typedef struct MoltTrace {
    MoltTraceSide sides[2];
    char *text;
    uint32_t text_size, text_slots;
} MoltTrace;

static inline const MoltSchema *molt__trace_schema(const MoltPlan *plan, MoltSide side)
{
    return side == MOLT__OLD ? plan->before : plan->after;
}

/* Line of a thing of one side; 0 when the plan is not between known versions. */
uint32_t molt__trace_type(const MoltPlan *plan, MoltSide side, MoltTypeId type);
uint32_t molt__trace_field(const MoltPlan *plan, MoltSide side, uint32_t field);
uint32_t molt__trace_enumerator(const MoltPlan *plan, MoltSide side, uint32_t enumerator);

/* The path that a field's MOLT_MOVED names in the other side's schema, or NULL. Between known versions it
 * is what all the notes on the way made of it. */
const char *molt__trace_moved(const MoltPlan *plan, MoltSide side, uint32_t field);
/* At least one field of that side has one. */
bool molt__trace_moves(const MoltPlan *plan, MoltSide side);
/* Between the two versions the field's values waited in the attic for a while: what one side has there may
 * be nothing that the other's type could hold. Either field may be MOLT__NO_FIELD. */
bool molt__trace_waited(const MoltPlan *plan, uint32_t before, uint32_t after);
/* The enum that says where the elements of an array lie, by its MOLT_INDEX or, between known versions, by
 * one that an earlier version had; MOLT_NO_TYPE when there is none. */
MoltTypeId molt__trace_index(const MoltPlan *plan, MoltSide side, uint32_t field);

/* Makes plan->trace of plan->from and plan->to, if both are known and differ. False when memory is out. */
bool molt__trace_begin(MoltPlan *plan);
void molt__trace_free(MoltPlan *plan);

static inline size_t molt__trace_line_count(const MoltSchema *schema)
{
    return (size_t)schema->tables.type_count + schema->tables.field_count +
           schema->tables.enumerator_count + 1;
}
/* The lines of a schema, which is that of the version, in the order of its own tables; `lines` are 0. */
void molt__trace_fill(const MoltSchema *schema, const MoltVersion *version, uint32_t *lines);
/* The enum that a field's MOLT_INDEX names, or MOLT_NO_TYPE. */
MoltTypeId molt__trace_noted_index(const MoltSchema *schema, const MoltField *field);

/* plan_version.c: the version that the compiled plan leads to, from plan->from, of which `running` knows the
 * ancestors. NULL, with plan->failed set, when memory is out. */
MoltVersion *molt__plan_next_version(MoltPlan *plan, const MoltSchema *running);

#endif
