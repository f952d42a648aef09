/* Which members that appear in an edit may be one that vanished in it, under another name, ranked by
 * evidence. Nothing is moved by a guess: it becomes a line for people, who write MOLT_WAS. This must never
 * know how a plan carries values. */
#ifndef MOLT_RENAME_GUESS_H
#define MOLT_RENAME_GUESS_H

#include "plan.h"
#include "usage.h"

/* One that may be it. */
typedef struct MoltRenameGuess {
    uint32_t field; /* in the new schema's tables.fields */
    MoltLikeness likeness;
    bool same_type, same_place; /* declared alike; the same neighbours before or behind it */
    uint32_t rank;              /* higher is better */
    bool assigned; /* each of several that vanished takes one that appeared, with the highest sum of
                      ranks: the member takes this one */
    bool claimed;  /* the evidence that it is another one is far clearer */
} MoltRenameGuess;

enum { MOLT_RENAME_GUESSES = 4 };

/* A member of an old struct that no member of the new one takes its value from. */
typedef struct MoltVanished {
    MoltTypeId type_before, type_after;
    uint32_t field; /* in the old schema's tables.fields */
    MoltRenameGuess guesses[MOLT_RENAME_GUESSES]; /* best first */
    uint32_t count;
    bool likely; /* the first is it, as far as one can tell */
} MoltVanished;

/* What is known of the code on both sides, which the reports of the plan's migrations use from now on.
 * Either may be NULL, both must outlive the plan. */
void molt_plan_set_usage(MoltPlan *plan, const MoltUsage *before, const MoltUsage *after);

/* Guesses for old field `field` of struct `before` that becomes `after`; false when its value is taken by
 * another, or nothing appeared that could be it. */
bool molt_plan_guess(const MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field,
                     MoltVanished *out);

/* All of them, struct by struct; `each` may be called more than once for a struct that has two
 * successors. How many were likely. */
uint32_t molt_plan_guess_all(const MoltPlan *plan,
                             void (*each)(void *context, const MoltVanished *vanished),
                             void *context);

/* "appetite (12 of 13 uses are alike, in eat, walk and 3 more)". */
void molt_rename_guess_text(const MoltPlan *plan, const MoltRenameGuess *guess, char *buffer,
                            size_t size);

#endif
