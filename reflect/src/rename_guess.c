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

/* ---- all that vanished, and all that appeared ------------------------------------------------- */

enum { TOGETHER = 32 }; /* with more on a side each is looked at by itself */

/* What vanished from a struct and what appeared in it, each by the places in its type. Where several were
 * renamed in one edit each of them takes one place, so they are assigned together: the evidence for one
 * speaks against that name for the others. */
typedef struct Together {
    const MoltPlan *plan;
    const MoltPair *pair;
    uint32_t gone[TOGETHER], come[TOGETHER];
    uint32_t gone_count, come_count;
    uint32_t ranks[TOGETHER][TOGETHER], percents[TOGETHER][TOGETHER];
    uint32_t taker
        [TOGETHER]; /* per newcomer what becomes it, as far as all together say; TOGETHER: nothing */
} Together;

static bool is_newcomer(const MoltPlan *plan, const MoltPair *pair, uint32_t f)
{
    const MoltField *to =
        &plan->after->tables.fields[molt_type(plan->after, pair->after)->first + f];
    return plan->matches[pair->match + f] == MOLT__NO_FIELD &&
           molt_string(plan->after, to->name)[0] != '<' &&
           !molt_schema_note(plan->after, to->note_first, to->note_count, MOLT_NOTE_MOVED) &&
           !molt_schema_note(plan->after, to->note_first, to->note_count, MOLT_NOTE_WAS);
}

static bool is_vanished(const MoltPlan *plan, const MoltPair *pair, uint32_t field)
{
    const MoltType *is = molt_type(plan->after, pair->after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[pair->match + f] == field)
            return false;
    }
    return name_of(plan->before, field)[0] != '<';
}

/* May have become it at all: by its type, or since the code says so. */
static bool is_possible(const MoltRenameGuess *guess)
{
    return guess->same_type || guess->likeness.percent >= LIKELY;
}

/* False when there are too many. */
static bool list_together(Together *all)
{
    const MoltType *was = molt_type(all->plan->before, all->pair->before);
    const MoltType *is = molt_type(all->plan->after, all->pair->after);
    for (uint32_t f = was->first; f < was->first + was->count; f++) {
        if (!is_vanished(all->plan, all->pair, f))
            continue;
        if (all->gone_count == TOGETHER)
            return false;
        all->gone[all->gone_count++] = f;
    }
    for (uint32_t f = 0; f < is->count; f++) {
        if (!is_newcomer(all->plan, all->pair, f))
            continue;
        if (all->come_count == TOGETHER)
            return false;
        all->come[all->come_count++] = is->first + f;
    }
    for (uint32_t g = 0; g < all->gone_count; g++) {
        for (uint32_t c = 0; c < all->come_count; c++) {
            MoltRenameGuess guess = guess_of(all->plan, all->pair, all->gone[g], all->come[c]);
            all->ranks[g][c] = is_possible(&guess) ? guess.rank + 1 : 0;
            all->percents[g][c] = guess.likeness.percent;
        }
    }
    return true;
}

static int64_t cost_of(const Together *all, uint32_t row, uint32_t column)
{
    bool real = row < all->gone_count && column < all->come_count;
    return real ? -(int64_t)all->ranks[row][column] : 0;
}

/* One more row of the assignment: the cheapest way of changing what is assigned so that it has a column. Rows
 * and columns count from 1, and column 0 stands for the new row. */
static void assign_row(const Together *all, uint32_t n, uint32_t row, int64_t *of_row,
                       int64_t *of_column, uint32_t *row_of)
{
    int64_t least[TOGETHER + 1];
    uint32_t way[TOGETHER + 1], at = 0;
    bool used[TOGETHER + 1] = {false};
    for (uint32_t c = 0; c <= n; c++)
        least[c] = INT64_MAX;
    row_of[0] = row;
    do {
        uint32_t next = 0, r = row_of[at];
        int64_t step = INT64_MAX;
        used[at] = true;
        for (uint32_t c = 1; c <= n; c++) {
            if (used[c])
                continue;
            int64_t cost = cost_of(all, r - 1, c - 1) - of_row[r] - of_column[c];
            if (cost < least[c]) {
                least[c] = cost;
                way[c] = at;
            }
            if (least[c] < step) {
                step = least[c];
                next = c;
            }
        }
        for (uint32_t c = 0; c <= n; c++) {
            if (used[c]) {
                of_row[row_of[c]] += step;
                of_column[c] -= step;
            } else if (c > 0) {
                least[c] -= step;
            }
        }
        at = next;
    } while (row_of[at] != 0);
    for (; at != 0; at = way[at])
        row_of[at] = row_of[way[at]];
}

/* The assignment with the highest sum of ranks, by the method of Kuhn and Munkres with potentials. */
static void assign(Together *all)
{
    uint32_t n = all->gone_count > all->come_count ? all->gone_count : all->come_count;
    int64_t of_row[TOGETHER + 1] = {0}, of_column[TOGETHER + 1] = {0};
    uint32_t row_of[TOGETHER + 1] = {0};
    for (uint32_t row = 1; row <= n; row++)
        assign_row(all, n, row, of_row, of_column, row_of);
    for (uint32_t c = 0; c < all->come_count; c++) {
        uint32_t g = row_of[c + 1] - 1;
        all->taker[c] = g < all->gone_count && all->ranks[g][c] > 0 ? g : TOGETHER;
    }
}

/* ---- ranking -------------------------------------------------------------------------------- */

/* The code says of another one that it is this newcomer, and far more clearly. */
static bool is_claimed(const Together *all, uint32_t g, uint32_t c)
{
    uint32_t taker = all->taker[c];
    return taker != TOGETHER && taker != g && all->percents[taker][c] >= LIKELY &&
           all->ranks[taker][c] >= all->ranks[g][c] + LEAD;
}

/* Higher is better: what all together say, then the rank, then what another one claims. */
static uint64_t order_of(const MoltRenameGuess *guess)
{
    return ((uint64_t)guess->assigned << 33) + ((uint64_t)!guess->claimed << 32) + guess->rank;
}

static void insert(MoltVanished *out, const MoltRenameGuess *guess)
{
    uint32_t at = out->count;
    if (at < MOLT_RENAME_GUESSES)
        out->count++;
    else if (order_of(&out->guesses[--at]) >= order_of(guess))
        return;
    while (at > 0 && order_of(&out->guesses[at - 1]) < order_of(guess)) {
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
    bool ahead = true;
    for (uint32_t g = 1; g < vanished->count; g++)
        ahead = ahead &&
                (vanished->guesses[g].claimed || first->rank >= vanished->guesses[g].rank + LEAD);
    if (first->likeness.percent >= LIKELY)
        return ahead && !first->claimed;
    return plan->usage_before && plan->usage_after && says_declaration(vanished);
}

bool molt_plan_guess(const MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field,
                     MoltVanished *out)
{
    *out = (MoltVanished){.type_before = before, .type_after = after, .field = field};
    const MoltPair *pair = molt__plan_find_pair(plan, before, after);
    if (!pair || plan->undoes || plan->redoes || !is_vanished(plan, pair, field))
        return false; /* between known versions nothing is guessed */
    const MoltType *is = molt_type(plan->after, pair->after);
    Together all = {.plan = plan, .pair = pair};
    bool together = list_together(&all);
    uint32_t g = 0, c = 0;
    if (together)
        assign(&all);
    while (together && all.gone[g] != field)
        g++;
    for (uint32_t f = 0; f < is->count; f++) {
        if (!is_newcomer(plan, pair, f))
            continue;
        MoltRenameGuess guess = guess_of(plan, pair, field, is->first + f);
        guess.assigned = together && all.taker[c] == g;
        guess.claimed = together && is_claimed(&all, g, c);
        c++;
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
