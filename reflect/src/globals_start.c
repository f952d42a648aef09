#include "globals_start.h"

#include <string.h>

#include "plan_trace.h"

typedef struct Start {
    const MoltPlan *plan;
    bool empty;
} Start;

static const MoltField *old_field(const Start *start, uint32_t index)
{
    return &start->plan->before->tables.fields[index];
}

static const MoltField *new_field(const Start *start, uint32_t index)
{
    return &start->plan->after->tables.fields[index];
}

static void take(const Start *start, const unsigned char *initial, unsigned char *to, uint64_t size)
{
    bool zero = true;
    for (uint64_t i = 0; start->empty && zero && i < size; i++)
        zero = to[i] == 0;
    if (zero)
        memcpy(to, initial, size);
}

static void take_bits(const unsigned char *initial, unsigned char *to, const MoltField *field)
{
    for (uint64_t bit = field->bit_offset; bit < field->bit_offset + field->bit_width; bit++) {
        unsigned char mask = (unsigned char)(1u << (bit % 8));
        to[bit / 8] = (unsigned char)((to[bit / 8] & ~mask) | (initial[bit / 8] & mask));
    }
}

/* ---- arrays ----------------------------------------------------------------------------------- */

static uint32_t rank_of(const MoltSchema *schema, MoltTypeId id)
{
    uint32_t rank = 0;
    while (molt_type(schema, id)->kind == MOLT_KIND_ARRAY) {
        id = molt_type(schema, id)->elem;
        rank++;
    }
    return rank;
}

static bool is_char(const MoltSchema *schema, MoltTypeId id)
{
    return (molt_type(schema, id)->flags & MOLT_TYPE_CHAR) != 0;
}

/* The old element that element `index` of the new array comes from; `had`: none. */
static uint64_t source_of(const uint32_t *targets, uint64_t had, uint64_t index)
{
    uint64_t i = targets ? 0 : index;
    while (targets && i < had && targets[i] != index)
        i++;
    return i < had ? i : had;
}

static void start_type(const Start *start, MoltTypeId before, MoltTypeId after,
                       MoltIndexPlaces indexed, const unsigned char *initial, unsigned char *to);

static bool has_parts(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_ARRAY;
}

/* Bytes of text mean something only together, and for another shape there is no rule. */
static void start_array(const Start *start, MoltTypeId before, MoltTypeId after,
                        MoltIndexPlaces indexed, const unsigned char *initial, unsigned char *to)
{
    const MoltSchema *old = start->plan->before, *new = start->plan->after;
    const MoltType *is = molt_type(new, after);
    bool was_array = molt_type(old, before)->kind == MOLT_KIND_ARRAY;
    uint64_t had = was_array ? molt_type(old, before)->length : 1;
    MoltTypeId elem = was_array ? molt_type(old, before)->elem : before;
    uint64_t size = molt_type(new, is->elem)->size;
    if (is_char(new, is->elem) || rank_of(new, after) != rank_of(old, before) + !was_array)
        return;
    for (uint64_t i = 0; i < is->length; i++) {
        if (source_of(molt__indexed_here(indexed), had, i) == had)
            take(start, initial + i * size, to + i * size, size);
        else if (has_parts(new, is->elem))
            start_type(start, elem, is->elem, molt__indexed_elements(indexed), initial + i * size,
                       to + i * size);
    }
}

/* ---- structs ---------------------------------------------------------------------------------- */

static void start_field(const Start *start, uint32_t before, uint32_t after,
                        const unsigned char *initial, unsigned char *to)
{
    const MoltSchema *schema = start->plan->after;
    const MoltField *is = new_field(start, after);
    uint64_t at = is->bit_offset / 8;
    bool moved = molt__trace_moved(start->plan, MOLT__NEW, after) != NULL;
    if (is->flags & MOLT_FIELD_TRANSIENT)
        return;
    if (before != MOLT__NO_FIELD && is->flags & MOLT_FIELD_BITS)
        return;
    if (before != MOLT__NO_FIELD)
        start_type(start, old_field(start, before)->type, is->type,
                   molt__plan_index(start->plan, before, after), initial + at, to + at);
    else if (moved || molt_schema_note(schema, is->note_first, is->note_count, MOLT_NOTE_DEFAULT))
        return; /* which has its value */
    else if (is->flags & MOLT_FIELD_BITS)
        take_bits(initial, to, is);
    else
        take(start, initial + at, to + at, molt_type(schema, is->type)->size);
}

/* Recurses along types that hold each other by value. */
static void start_type(const Start *start, MoltTypeId before, MoltTypeId after,
                       MoltIndexPlaces indexed, const unsigned char *initial, unsigned char *to)
{
    const MoltPlan *plan = start->plan;
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if (!indexed.targets && plan->types[before].after == after &&
        plan->types[before].fate == MOLT_FATE_SAME)
        return;
    if (is->kind == MOLT_KIND_ARRAY) {
        start_array(start, before, after, indexed, initial, to);
        return;
    }
    const MoltPair *pair = was->kind == MOLT_KIND_STRUCT && is->kind == MOLT_KIND_STRUCT
                               ? molt__plan_find_pair(plan, before, after)
                               : NULL;
    for (uint32_t f = 0; pair && f < is->count; f++)
        start_field(start, plan->matches[pair->match + f], is->first + f, initial, to);
}

void molt__globals_start_parts(const MoltPlan *plan, uint32_t before, uint32_t after,
                               const unsigned char *initial, unsigned char *to, bool empty)
{
    Start start = {plan, empty};
    start_type(&start, old_field(&start, before)->type, new_field(&start, after)->type,
               molt__plan_index(plan, before, after), initial, to);
}
