#include "descent.h"

/* A pointer to a `row` leads to a `type`: they are one, or the row is an array of them, in any number of
 * dimensions, that the program lays over a flat array. MOLT_NO_TYPE leads nowhere. */
static bool leads_to(const MoltSchema *schema, MoltTypeId row, MoltTypeId type)
{
    while (row != type && row != MOLT_NO_TYPE && molt_type(schema, row)->kind == MOLT_KIND_ARRAY)
        row = molt_type(schema, row)->elem;
    return row == type;
}

/* True when a value of `type` begins with what a pointer to `pointee` leads to. */
bool molt__type_begins_with(const MoltSchema *schema, MoltTypeId type, MoltTypeId pointee)
{
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        if (leads_to(schema, pointee, type))
            return true;
        if (molt_kind_is_sequence(t->kind) && t->length > 0)
            type = t->elem;
        else if (t->kind == MOLT_KIND_STRUCT && t->count > 0 &&
                 schema->tables.fields[t->first].bit_offset == 0)
            type = schema->tables.fields[t->first].type;
        else
            return false;
    }
}

/* True when a value of `type` ends, without padding, in an array of `pointee`, so that its end may be
 * what a pointer one past that array means. */
bool molt__type_ends_with(const MoltSchema *schema, MoltTypeId type, MoltTypeId pointee)
{
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        const MoltField *last = NULL;
        if (t->kind == MOLT_KIND_ARRAY) {
            if (leads_to(schema, pointee, t->elem) || t->length == 0)
                return leads_to(schema, pointee, t->elem);
            type = t->elem;
            continue;
        }
        for (uint32_t f = t->first; t->kind == MOLT_KIND_STRUCT && f < t->first + t->count; f++) {
            const MoltField *field = &schema->tables.fields[f];
            if (!(field->flags & MOLT_FIELD_BITS) &&
                field->bit_offset / 8 + molt_type(schema, field->type)->size == t->size)
                last = field;
        }
        if (!last)
            return false;
        type = last->type;
    }
}

bool molt__descent_means_end(const MoltSchema *schema, MoltTypeId element, MoltTypeId pointee,
                             bool last)
{
    return element != pointee && molt_type(schema, pointee)->kind != MOLT_KIND_VOID &&
           (last || !molt__type_begins_with(schema, element, pointee)) &&
           molt__type_ends_with(schema, element, pointee);
}

uint32_t molt__descent_field(const MoltSchema *schema, const MoltType *type, uint64_t offset,
                             MoltTypeId pointee)
{
    uint32_t over = MOLT__NO_FIELD, ending = MOLT__NO_FIELD;
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        const MoltType *t = molt_type(schema, field->type);
        uint64_t start = field->bit_offset / 8;
        if (field->flags & MOLT_FIELD_BITS)
            continue;
        if (offset >= start && offset < start + t->size)
            over = f;
        if (offset == start + t->size && molt__type_ends_with(schema, field->type, pointee))
            ending = f;
    }
    if (ending == MOLT__NO_FIELD)
        return over;
    if (over != MOLT__NO_FIELD) {
        const MoltField *field = &schema->tables.fields[over];
        if (offset > field->bit_offset / 8 || molt__type_begins_with(schema, field->type, pointee))
            return over;
    }
    return ending;
}

static uint32_t new_field_of(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                             uint32_t field)
{
    const MoltPair *pair = molt__plan_find_pair(plan, before, after);
    const MoltType *is = molt_type(plan->after, after);
    if (!pair)
        return MOLT__NO_FIELD;
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[pair->match + f] == field)
            return is->first + f;
    }
    return MOLT__NO_FIELD;
}

/* Whether a pointer to the old `pointee` may point at a `there` of the new layout: at what its pointee
 * became, or at a number of equal range and size. */
static bool fits(const MoltPlan *plan, MoltTypeId pointee, MoltTypeId there)
{
    const MoltType *was = molt_type(plan->before, pointee), *is = molt_type(plan->after, there);
    return plan->types[pointee].after == there ||
           (was->kind == MOLT_KIND_INT && is->kind == MOLT_KIND_INT && was->size == is->size &&
            ((was->flags ^ is->flags) & MOLT_TYPE_SIGNED) == 0);
}

/* A place on the way down a type, in the old layout and in the new one. */
typedef struct Descent {
    const MoltMigration *m;
    const MoltPlan *plan;
    MoltTypeId before, after;
    uint64_t offset; /* of the wanted place from here on, old */
    uint64_t out;    /* bytes passed so far, new */
    uint64_t at;     /* bytes passed so far, old */
    MoltTypeId pointee;
    bool to_void;                /* the pointer becomes a `void *`, which may point at anything */
    bool exact;                  /* it becomes one to `to`, and there must be one */
    MoltTypeId to;
    const unsigned char *object; /* bytes of the old element, for the tags of unions */
    MoltIndexPlaces indexed;     /* where this array's elements go */
    uintptr_t block; /* where `out` counts from when that is a block of its own by now, else 0 */
    uint32_t arm;    /* of the union at this place, MOLT__NO_ARM when there is none */
    uint32_t number; /* of the arm that unions have without an object, 0: it is not known */
    bool varies;     /* with the object's tags */
    MoltTypeId ambiguous; /* may be meant as well as its first member, which parts from it */
} Descent;

/* A pointer that gets another type means an old `type`: it says so, or it is a `void *`. */
static bool means_exactly(const Descent *d, MoltTypeId type)
{
    return d->pointee == type || molt_type(d->plan->before, d->pointee)->kind == MOLT_KIND_VOID;
}

bool molt__descent_has(const MoltSchema *schema, MoltTypeId type, uint64_t offset, MoltTypeId wanted)
{
    while (type != wanted || offset != 0) {
        const MoltType *t = molt_type(schema, type);
        uint64_t size = molt_kind_is_sequence(t->kind) ? molt_type(schema, t->elem)->size : 0;
        uint32_t f = MOLT__NO_FIELD;
        if (size > 0 && offset < t->size) {
            type = t->elem;
            offset %= size;
            continue;
        }
        if (t->kind == MOLT_KIND_STRUCT)
            f = molt__descent_field(schema, t, offset, wanted);
        if (f == MOLT__NO_FIELD || schema->tables.fields[f].bit_offset / 8 > offset)
            return false;
        offset -= schema->tables.fields[f].bit_offset / 8;
        type = schema->tables.fields[f].type;
    }
    return true;
}

/* What is laid out as before has nothing else where the pointer points, but a `void *` did not say what
 * that is. */
static bool keeps_exactly(const Descent *d)
{
    return !d->exact || (molt_type(d->plan->before, d->pointee)->kind == MOLT_KIND_VOID &&
                         molt__descent_has(d->plan->after, d->after, d->offset, d->to));
}

typedef enum Step { STEP_FURTHER, STEP_FOUND, STEP_GONE } Step;

static Step found_if(bool fitting)
{
    return fitting ? STEP_FOUND : STEP_GONE;
}

static Step step_array(Descent *d, const MoltType *was, const MoltType *is)
{
    const MoltPlan *plan = d->plan;
    uint64_t size = molt_type(plan->before, was->elem)->size;
    uint64_t index = size > 0 ? d->offset / size : 0;
    if (index > 0 && d->offset == index * size &&
        molt__descent_means_end(plan->before, was->elem, d->pointee, index == was->length))
        index--;
    bool end = index == was->length;
    const uint32_t *targets = molt__indexed_here(d->indexed);
    if (molt_kind_is_sequence(is->kind)) {
        uint64_t place = end ? is->length : targets ? targets[index] : index;
        if (place > is->length || (place == is->length && !end))
            return STEP_GONE;
        d->out += place * molt_type(plan->after, is->elem)->size;
        d->after = is->elem;
    } else if (index > 0) {
        return STEP_GONE;
    }
    if (end && d->exact)
        return found_if(means_exactly(d, was->elem) && d->after == d->to);
    if (end)
        return found_if(was->elem != d->pointee || d->to_void || fits(plan, d->pointee, d->after));
    d->before = was->elem;
    d->indexed = molt__indexed_elements(d->indexed);
    d->offset -= index * size;
    d->at += index * size;
    return STEP_FURTHER;
}

static Step enter_field(Descent *d, uint32_t f, uint32_t g)
{
    const MoltField *was = &d->plan->before->tables.fields[f];
    if (g == MOLT__NO_FIELD || d->plan->after->tables.fields[g].flags & MOLT_FIELD_BITS)
        return STEP_GONE;
    const MoltField *is = &d->plan->after->tables.fields[g];
    d->offset -= was->bit_offset / 8;
    d->at += was->bit_offset / 8;
    d->out += is->bit_offset / 8;
    d->before = was->type;
    d->after = is->type;
    d->indexed = molt__plan_index(d->plan, f, g);
    return STEP_FURTHER;
}

static Step step_struct(Descent *d, const MoltType *was, const MoltType *is)
{
    if (was->hash == is->hash && !molt__plan_is_shuffled(d->plan, d->before)) {
        d->out += d->offset;
        return found_if(keeps_exactly(d));
    }
    uint32_t f = molt__descent_field(d->plan->before, was, d->offset, d->pointee);
    if (is->kind != MOLT_KIND_STRUCT || f == MOLT__NO_FIELD)
        return STEP_GONE;
    const MoltField *field = &d->plan->before->tables.fields[f];
    MoltUnionTag tag;
    if (molt__union_tag(d->plan->before, was, field, &tag)) {
        const MoltType *arms = molt_type(d->plan->before, field->type);
        d->varies = d->number == 0;
        if (!d->object && (d->number == 0 || d->number > arms->count))
            return STEP_GONE;
        d->arm = d->object ? molt__union_active(d->plan->before, &tag, field, d->object + d->at)
                           : arms->first + d->number - 1;
    }
    return enter_field(d, f, new_field_of(d->plan, d->before, d->after, f));
}

/* An inline struct that became a block: the rest of the way is in there. */
static Step step_box(Descent *d, const MoltType *is)
{
    d->varies = d->number == 0;
    if (!d->object)
        return STEP_GONE;
    d->block = molt__ownership_box(d->m, (uintptr_t)(d->object + d->at), d->before);
    d->out = 0;
    d->after = is->elem;
    return d->block ? STEP_FURTHER : STEP_GONE;
}

/* The pointer means what moved, or a part of it, and not something larger that began there and stayed or
 * went. A `void *` means the outermost. */
static bool means_moved(const Descent *d, const MoltMove *move)
{
    const MoltSchema *schema = d->plan->before;
    uint16_t kind = molt_type(schema, d->pointee)->kind;
    if (d->offset != move->source)
        return true;
    if (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION)
        return molt__type_begins_with(schema, move->type_before, d->pointee);
    uint32_t f = molt__descent_field(schema, molt_type(schema, d->before), d->offset, d->pointee);
    return kind != MOLT_KIND_VOID || f == MOLT__NO_FIELD ||
           schema->tables.fields[f].type == move->type_before ||
           schema->tables.fields[f].bit_offset / 8 != d->offset;
}

/* The pointer leads to the end of the array that moved, and not to what begins there. */
static bool means_end_of(const Descent *d, const MoltMove *move, uint64_t size)
{
    const MoltSchema *schema = d->plan->before;
    uint32_t f = molt__descent_field(schema, molt_type(schema, d->before), d->offset, d->pointee);
    return size > 0 && d->offset - move->source == size && f != MOLT__NO_FIELD &&
           schema->tables.fields[f].bit_offset / 8 == move->source &&
           schema->tables.fields[f].type == move->type_before;
}

/* What MOLT_MOVED took out of this struct lies elsewhere in the new one. */
static bool step_moved(Descent *d)
{
    for (uint32_t i = 0; i < d->plan->move_count; i++) {
        if (!d->plan->moves[i].followed)
            continue;
        const MoltMove *move = &d->plan->moves[i];
        uint64_t size = molt_type(d->plan->before, move->type_before)->size;
        if (move->before != d->before || move->after != d->after || d->offset < move->source ||
            !(d->offset - move->source < size ? means_moved(d, move) : means_end_of(d, move, size)))
            continue;
        d->before = move->type_before;
        d->after = move->type_after;
        d->offset -= move->source;
        d->at += move->source;
        d->out += move->destination;
        d->indexed = molt__plan_index(d->plan, move->field_before, move->field_after);
        return true;
    }
    return false;
}

/* The struct is looked at as another one, by members that both begin with: nothing at its start is of the
 * pointer's type, so the object itself is meant, not its first member. */
static bool is_view(const Descent *d)
{
    const MoltSchema *schema = d->plan->before;
    MoltTypeId type = d->before;
    if (d->offset != 0 || molt_type(schema, d->pointee)->kind != MOLT_KIND_STRUCT)
        return false;
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        if (type == d->pointee || t->kind == MOLT_KIND_UNION)
            return false;
        if (molt_kind_is_sequence(t->kind) && t->length > 0)
            type = t->elem;
        else if (t->kind == MOLT_KIND_STRUCT && t->count > 0 &&
                 schema->tables.fields[t->first].bit_offset == 0)
            type = schema->tables.fields[t->first].type;
        else
            return true;
    }
}

/* A pointer without a type of its own, or to bytes, at the start of what begins with something else. */
static bool is_untyped(const Descent *d)
{
    const MoltSchema *schema = d->plan->before;
    const MoltType *pointee = molt_type(schema, d->pointee);
    if (pointee->kind == MOLT_KIND_VOID)
        return true;
    return pointee->kind == MOLT_KIND_INT && pointee->size == 1 &&
           molt_type(schema, d->before)->kind == MOLT_KIND_STRUCT &&
           !molt__type_begins_with(schema, d->before, d->pointee);
}

/* All variables together are no object that a pointer could mean. */
static bool is_mirror(const Descent *d)
{
    return d->m->globals.next && d->plan == d->m->plan && d->before == d->m->globals.before;
}

/* The struct, of those that begin at a place, that parts from its first member; MOLT_NO_TYPE when all of
 * them still begin at one address. */
static MoltTypeId parting_struct(const Descent *d)
{
    const MoltPlan *plan = d->plan;
    MoltTypeId before = d->before, after = d->after;
    for (;;) {
        const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
        if (was->kind == MOLT_KIND_ARRAY && is->kind == MOLT_KIND_ARRAY) {
            before = was->elem;
            after = is->elem;
            continue;
        }
        if (was->kind != MOLT_KIND_STRUCT || was->count == 0 ||
            (was->hash == is->hash && !molt__plan_is_shuffled(plan, before)))
            return MOLT_NO_TYPE;
        const MoltField *first = &plan->before->tables.fields[was->first];
        if (first->bit_offset > 0 || first->flags & MOLT_FIELD_BITS ||
            molt_type(plan->before, first->type)->size == 0)
            return MOLT_NO_TYPE;
        uint32_t now = is->kind == MOLT_KIND_STRUCT ? new_field_of(plan, before, after, was->first)
                                                    : MOLT__NO_FIELD;
        if (now == MOLT__NO_FIELD || plan->after->tables.fields[now].bit_offset > 0 ||
            plan->after->tables.fields[now].flags & MOLT_FIELD_BITS ||
            molt__indexed_moves_first(molt__plan_index(plan, was->first, now)))
            return before;
        before = first->type;
        after = plan->after->tables.fields[now].type;
    }
}

/* Follows (path of fields and indices) from the old layout into the new one. False when the subobject
 * is gone or no longer one that the pointer may point at; one that becomes a `void *` may point at
 * anything. Iterates down the type, whose depth is bounded by C's by-value nesting. With `moved` the
 * first place that MOLT_MOVED took away is followed. */
static bool map_offset(Descent *d, bool moved)
{
    const MoltPlan *plan = d->plan;
    Step step = STEP_FURTHER;
    while (step == STEP_FURTHER) {
        const MoltType *was = molt_type(plan->before, d->before);
        const MoltType *is = molt_type(plan->after, d->after);
        const MoltTypePlan *type = &plan->types[d->before];
        uint32_t arm = d->arm;
        d->arm = MOLT__NO_ARM;
        while (was->kind != MOLT_KIND_ARRAY && is->kind == MOLT_KIND_ARRAY) {
            d->after = is->elem; /* what was alone is the first element */
            is = molt_type(plan->after, d->after);
        }
        if (was->kind == MOLT_KIND_STRUCT && is->kind == MOLT_KIND_POINTER) {
            step = step_box(d, is);
        } else if (was->kind == MOLT_KIND_POINTER && is->kind == MOLT_KIND_STRUCT) {
            step = STEP_GONE; /* the pointer itself is no more */
        } else if (type->after == d->after && type->fate == MOLT_FATE_SAME && !d->indexed.targets) {
            d->out += d->offset;
            step = found_if(keeps_exactly(d));
        } else if (d->exact && d->offset == 0 && d->after == d->to && means_exactly(d, d->before)) {
            step = STEP_FOUND;
        } else if (!d->exact && d->offset == 0 && is_untyped(d) && !is_mirror(d) &&
                   !d->indexed.targets) {
            d->ambiguous = parting_struct(d);
            step = STEP_FOUND;
        } else if (!d->exact && d->offset == 0 && d->before == d->pointee) {
            step = found_if(d->to_void || fits(plan, d->pointee, d->after));
        } else if (!d->exact && d->offset == 0 &&
                   leads_to(plan->before, d->pointee, d->before)) {
            step = found_if(d->to_void || fits(plan, d->before, d->after));
        } else if (was->kind == MOLT_KIND_STRUCT && is->kind == MOLT_KIND_STRUCT && is_view(d)) {
            step = STEP_FOUND;
        } else if (was->kind == MOLT_KIND_ATOMIC || is->kind == MOLT_KIND_ATOMIC) {
            d->before = molt_value_type(plan->before, d->before);
            d->after = molt_value_type(plan->after, d->after);
        } else if (molt_kind_is_sequence(was->kind)) {
            step = step_array(d, was, is);
        } else if (moved && was->kind == MOLT_KIND_STRUCT && step_moved(d)) {
            moved = false;
        } else if (was->kind == MOLT_KIND_STRUCT) {
            step = step_struct(d, was, is);
        } else if (arm != MOLT__NO_ARM && is->kind == MOLT_KIND_UNION) {
            step = enter_field(d, arm, new_field_of(plan, d->before, d->after, arm));
        } else {
            /* a scalar seen through a pointer of another type: bytes of the same value only */
            d->out += d->offset;
            step = found_if(!d->exact && (d->offset == 0 || was->hash == is->hash));
        }
    }
    return step == STEP_FOUND;
}

static Descent start_at(const MoltMigration *m, const MoltPlan *plan, const MoltDescentWay *way)
{
    return (Descent){.m = m,
                     .plan = plan,
                     .before = way->before,
                     .after = way->after,
                     .offset = way->offset,
                     .pointee = way->pointee,
                     .to_void = way->to_void,
                     .exact = way->exact,
                     .to = way->to,
                     .object = way->object,
                     .arm = MOLT__NO_ARM,
                     .ambiguous = MOLT_NO_TYPE};
}

/* By the fields' own names first, then by MOLT_MOVED. */
static bool follow(Descent *d)
{
    Descent start = *d;
    bool found = map_offset(d, false);
    if (!found && d->plan->move_count > 0) {
        start.varies = d->varies;
        *d = start;
        found = map_offset(d, true);
    }
    return found;
}

bool molt__descent_map(const MoltMigration *m, const MoltDescentWay *way, uintptr_t *block,
                       uint64_t *out)
{
    Descent d = start_at(m, m->plan, way);
    bool found = follow(&d);
    *out = d.out;
    *block = d.block;
    return found;
}

bool molt__descent_map_element(MoltMigration *m, const MoltDescentWay *way, uintptr_t *block,
                               uint64_t *out, MoltTypeId *ambiguous)
{
    MoltTypeId to = way->exact ? way->to : MOLT_NO_TYPE;
    uint64_t mix = ((way->offset * 31 + way->before) * 31 + way->pointee) * 2 + way->to_void;
    MoltOffsetEntry *entry = &m->offset_cache[mix % MOLT__OFFSET_CACHE];
    if (entry->valid && entry->type == way->before && entry->pointee == way->pointee &&
        entry->before == way->offset && entry->to_void == way->to_void && entry->to == to) {
        *out = entry->after;
        *ambiguous = entry->ambiguous;
        return entry->found;
    }
    Descent d = start_at(m, m->plan, way);
    bool found = follow(&d);
    *out = d.out;
    *block = d.block;
    *ambiguous = d.ambiguous;
    if (!d.varies)
        *entry = (MoltOffsetEntry){.type = way->before,
                                   .pointee = way->pointee,
                                   .to = to,
                                   .before = way->offset,
                                   .after = d.out,
                                   .to_void = way->to_void,
                                   .valid = true,
                                   .found = found,
                                   .ambiguous = d.ambiguous};
    return found;
}

MoltDescentEnd molt__descent_end(const MoltMigration *m, const MoltPlan *plan,
                                 const MoltDescentWay *way, uint64_t *out)
{
    Descent d = start_at(m, plan, way);
    bool found = follow(&d);
    *out = d.out;
    if (d.varies)
        return MOLT__DESCENT_VARIES;
    return found ? MOLT__DESCENT_FOUND : MOLT__DESCENT_GONE;
}

bool molt__descent_arm(const MoltMigration *m, const MoltPlan *plan, const MoltDescentWay *way,
                       uint32_t number, uint64_t *out)
{
    Descent d = start_at(m, plan, way);
    d.number = number;
    bool found = follow(&d);
    *out = d.out;
    return found;
}
