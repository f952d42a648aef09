/* Matching of things by their names, by MOLT_WAS, and between known versions by their lines: types, fields of
 * two structs, enumerators of two enums. It must never know what they are. */
#ifndef MOLT_PLAN_NAMES_H
#define MOLT_PLAN_NAMES_H

#include "plan_ops.h"

/* Something with a name and MOLT_WAS notes: a type, a field or an enumerator. */
typedef struct MoltNamed {
    uint32_t name, note_first, note_count;
    uint32_t line;    /* of a plan between known versions, else 0 */
    bool taken;       /* claimed; of a new item: by its line */
    bool kept;        /* a kept type */
    const char *file; /* of a type's definition; NULL for what needs none to be told apart */
} MoltNamed;

/* Room for `count` items; NULL, with plan->failed set, when memory is out. */
MoltNamed *molt__named_table(MoltPlan *plan, uint32_t count);
void molt__named_free(MoltPlan *plan, MoltNamed *items, uint32_t count);

/* A MOLT_WAS of the item says that name. */
bool molt__name_was(const MoltSchema *schema, const MoltNamed *item, const char *name);

/* Fills match[] (per new item the old one or UINT32_MAX). `by_line`: the items have lines, which count
 * before names. Returns the first new item whose source is ambiguous, UINT32_MAX when none is. */
uint32_t molt__names_match(MoltPlan *plan, bool by_line, MoltNamed *olds, uint32_t old_count,
                           MoltNamed *news, uint32_t new_count, uint32_t *match);

#endif
