#include "molt/rename_guess.h"

#include <stdio.h>
#include <string.h>

#include "plan_ops.h"

enum {
    LIKELY = 50, /* percent of likeness from which on the code speaks for itself */
    LEAD = 20,   /* ranks by which the first must be ahead of the second */
    SAME_TYPE = 15,
    SAME_PLACE = 10,
    SAME_NAME = 15,
};

void molt_plan_set_usage(MoltPlan *plan, const MoltUsage *before, const MoltUsage *after)
{
    plan->usage_before = before;
    plan->usage_after = after;
}

/* ---- evidence ------------------------------------------------------------------------------- */

static const char *name_of(const MoltSchema *schema, uint32_t field)
{
    return molt_string(schema, schema->tables.fields[field].name);
}

/* Pairs of neighbouring letters that both have, of those that either has, times `most`: Dice's
 * coefficient. */
static uint32_t name_likeness(const char *a, const char *b, uint32_t most)
{
    size_t a_length = strlen(a), b_length = strlen(b), same = 0;
    uint64_t taken = 0;
    if (a_length < 2 || b_length < 2 || a_length > 64 || b_length > 64)
        return 0;
    for (size_t i = 0; i + 1 < a_length; i++) {
        for (size_t k = 0; k + 1 < b_length; k++) {
            if (!(taken >> k & 1) && a[i] == b[k] && a[i + 1] == b[k + 1]) {
                taken |= (uint64_t)1 << k;
                same++;
                break;
            }
        }
    }
    return (uint32_t)(most * 2 * same / (a_length + b_length - 2));
}

/* The new field's neighbour on one side came from the old field's neighbour on that side; both at that
 * end of their structs counts as well. */
static bool same_neighbour(const MoltPlan *plan, const MoltPair *pair, uint32_t was, uint32_t is,
                           int side)
{
    const MoltType *from = molt_type(plan->before, pair->before);
    const MoltType *to = molt_type(plan->after, pair->after);
    bool was_end = side < 0 ? was == from->first : was + 1 == from->first + from->count;
    bool is_end = side < 0 ? is == to->first : is + 1 == to->first + to->count;
    if (was_end || is_end)
        return was_end && is_end;
    uint32_t next = side < 0 ? is - 1 : is + 1;
    return plan->matches[pair->match + next - to->first] == (side < 0 ? was - 1 : was + 1);
}

static MoltRenameGuess guess_of(const MoltPlan *plan, const MoltPair *pair, uint32_t was,
                                uint32_t is)
{
    const MoltField *from = &plan->before->tables.fields[was];
    const MoltField *to = &plan->after->tables.fields[is];
    const char *was_name = name_of(plan->before, was), *is_name = name_of(plan->after, is);
    MoltRenameGuess guess = {
        .field = is,
        .likeness = molt_usage_compare(
            plan->usage_before,
            molt_usage_member(molt_type_name(plan->before, pair->before), was_name),
            plan->usage_after,
            molt_usage_member(molt_type_name(plan->after, pair->after), is_name)),
        .same_type = molt__plan_same_type(plan, from->type, to->type) &&
                     from->bit_width == to->bit_width,
        .same_place = same_neighbour(plan, pair, was, is, -1) ||
                      same_neighbour(plan, pair, was, is, 1),
    };
    guess.rank = guess.likeness.percent + (guess.same_type ? SAME_TYPE : 0) +
                 (guess.same_place ? SAME_PLACE : 0) + name_likeness(was_name, is_name, SAME_NAME);
    return guess;
}

/* ---- ranking -------------------------------------------------------------------------------- */

static void insert(MoltVanished *out, const MoltRenameGuess *guess)
{
    uint32_t at = out->count;
    if (at < MOLT_RENAME_GUESSES)
        out->count++;
    else if (out->guesses[--at].rank >= guess->rank)
        return;
    while (at > 0 && out->guesses[at - 1].rank < guess->rank) {
        out->guesses[at] = out->guesses[at - 1];
        at--;
    }
    out->guesses[at] = *guess;
}

/* Used nowhere on both sides: then only what the declarations say is left. */
static bool says_declaration(const MoltVanished *vanished)
{
    const MoltRenameGuess *first = &vanished->guesses[0];
    return vanished->count == 1 && first->same_type && first->same_place &&
           first->likeness.before == 0 && first->likeness.after == 0;
}

static bool is_likely(const MoltPlan *plan, const MoltVanished *vanished)
{
    const MoltRenameGuess *first = &vanished->guesses[0];
    bool ahead = vanished->count < 2 || first->rank >= vanished->guesses[1].rank + LEAD;
    if (first->likeness.percent >= LIKELY)
        return ahead;
    return plan->usage_before && plan->usage_after && says_declaration(vanished);
}

/* May have become it at all: by its type, or since the code says so. */
static bool is_possible(const MoltRenameGuess *guess)
{
    return guess->same_type || guess->likeness.percent >= LIKELY;
}

bool molt_plan_guess(const MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field,
                     MoltVanished *out)
{
    *out = (MoltVanished){.type_before = before, .type_after = after, .field = field};
    const MoltPair *pair = molt__plan_find_pair(plan, before, after);
    if (!pair || plan->undoes || plan->redoes || name_of(plan->before, field)[0] == '<')
        return false; /* between known versions nothing is guessed */
    const MoltType *is = molt_type(plan->after, pair->after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[pair->match + f] == field)
            return false;
    }
    for (uint32_t f = 0; f < is->count; f++) {
        const MoltField *to = &plan->after->tables.fields[is->first + f];
        if (plan->matches[pair->match + f] != MOLT__NO_FIELD ||
            name_of(plan->after, is->first + f)[0] == '<' ||
            molt_schema_note(plan->after, to->note_first, to->note_count, MOLT_NOTE_MOVED) ||
            molt_schema_note(plan->after, to->note_first, to->note_count, MOLT_NOTE_WAS))
            continue;
        MoltRenameGuess guess = guess_of(plan, pair, field, is->first + f);
        if (is_possible(&guess))
            insert(out, &guess);
    }
    out->likely = out->count > 0 && is_likely(plan, out);
    return out->count > 0;
}

uint32_t molt_plan_guess_all(const MoltPlan *plan,
                             void (*each)(void *context, const MoltVanished *vanished),
                             void *context)
{
    uint32_t likely = 0;
    for (uint32_t p = 0; p < plan->pair_count; p++) {
        const MoltPair *pair = &plan->pairs[p];
        const MoltType *was = molt_type(plan->before, pair->before);
        if (was->kind != MOLT_KIND_STRUCT && was->kind != MOLT_KIND_UNION)
            continue;
        for (uint32_t f = 0; f < was->count; f++) {
            MoltVanished vanished;
            if (!molt_plan_guess(plan, pair->before, pair->after, was->first + f, &vanished))
                continue;
            likely += vanished.likely;
            each(context, &vanished);
        }
    }
    return likely;
}

void molt_rename_guess_text(const MoltPlan *plan, const MoltRenameGuess *guess, char *buffer,
                            size_t size)
{
    const MoltLikeness *like = &guess->likeness;
    uint32_t most = like->before > like->after ? like->before : like->after;
    const char *name = name_of(plan->after, guess->field);
    if (like->functions > 0)
        snprintf(buffer, size, "%s (%u of %u uses are alike%s%s)", name, like->same, most,
                 like->where[0] ? ", in " : "", like->where);
    else if (like->before > 0 || like->after > 0)
        snprintf(buffer, size, "%s (used otherwise)", name);
    else if (plan->usage_before && plan->usage_after)
        snprintf(buffer, size, "%s (neither is used anywhere)", name);
    else
        snprintf(buffer, size, "%s", name);
}
