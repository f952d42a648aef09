/* What some state could lose by a plan, for those who compare schemas without one. plan_foresee.c goes over
 * the operations, foresee_targets.c over what pointers may lead to, foresee_notes.c over what the sources
 * show, foresee_remedy.c says what settles each in declarations that are compared, not run. It must never
 * know objects.
 *
 * A finding is `possible` when only values meet it that the declarations do not call for: a number that no
 * enumerator names, a pointer into the middle of what goes. */
#ifndef MOLT_FORESIGHT_H
#define MOLT_FORESIGHT_H

#include "plan_ops.h"

enum { MOLT__TOLD_WORDS = (MOLT_RULE_COUNT + 63) / 64 };

/* Findings are told once per check and rule: loops and types that are held by several others come
 * here more than once. */
typedef struct MoltForesight {
    const MoltPlan *plan;
    MoltReport *report;
    uint64_t (*told)[MOLT__TOLD_WORDS]; /* per check, a bit for each rule */
} MoltForesight;

/* Adds a finding about a type, once for its rule and path; severity INFO and possible when `possible`. */
void molt__foresee_type(const MoltForesight *f, MoltRule rule, MoltSeverity severity,
                        const char *path, const char *value, const char *remedy);
void molt__foresee_possible(const MoltForesight *f, MoltRule rule, const char *path,
                            const char *value, const char *remedy);

/* foresee_targets.c */
/* Pointers into parts that go, to objects of types that are gone, and to structs that part from their first
 * members. */
void molt__foresee_targets(const MoltForesight *f);

/* foresee_notes.c */
/* Numbers computed from layouts, addresses as keys, values in memory without a type. */
void molt__foresee_notes(const MoltForesight *f);

/* foresee_remedy.c */
/* What settles the finding, whose rule and value (names of enumerators, or NULL) are given: ways that are
 * each enough, with ", or " between them; "" where there is none. `severity` is that of the check. */
void molt__foresee_remedy(const MoltPlan *plan, const MoltCheck *check, MoltRule rule,
                          MoltSeverity severity, const char *names, char *buffer, size_t size);
/* The same of a type that is gone, with objects of its own. */
void molt__foresee_remedy_of_type(const MoltPlan *plan, MoltTypeId type, char *buffer, size_t size);
/* Of a variable of the last library that had any. */
void molt__foresee_remedy_of_variable(const char *name, char *buffer, size_t size);

/* stored_size.c: what the note says a number may be, and what that is in the new layout. False when the edit
 * leaves it as it is, or takes its type or field away. */
bool molt__stored_size_read(const MoltPlan *plan, const char *text, uint32_t *was, uint32_t *is);
/* A hook of the struct that changes is there to renew what it holds. */
bool molt__stored_size_is_hooked(const MoltPlan *plan, MoltTypeId id);
/* The note's text and the two numbers, as reports say them. */
void molt__stored_size_text(const char *note, uint32_t was, uint32_t is, char *buffer, size_t size);

/* raw_erased.c: objects of the type are other bytes afterwards. */
bool molt__raw_changes(const MoltPlan *plan, MoltTypeId id);

#endif
