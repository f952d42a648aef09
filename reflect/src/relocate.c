#include <string.h>

#include "dump_path.h"
#include "globals_map.h"
#include "migration.h"

/* ---- offsets inside of a type that is rebuilt ------------------------------------------------- */

/* True when a value of `type` begins with a value of `pointee`. */
bool molt__type_begins_with(const MoltSchema *schema, MoltTypeId type, MoltTypeId pointee)
{
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        if (type == pointee)
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
            if (t->elem == pointee || t->length == 0)
                return t->elem == pointee;
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

/* A pointer to where an element begins means the end of the one before when only that fits it, or
 * when no element follows (`last`). */
static bool means_end_before(const MoltSchema *schema, MoltTypeId element, MoltTypeId pointee,
                             bool last)
{
    return element != pointee && molt_type(schema, pointee)->kind != MOLT_KIND_VOID &&
           (last || !molt__type_begins_with(schema, element, pointee)) &&
           molt__type_ends_with(schema, element, pointee);
}

/* The field at or over `offset`; an array that ends there wins over a field that begins there with
 * another type, because only one of them fits the pointer. */
static uint32_t field_at(const MoltSchema *schema, const MoltType *type, uint64_t offset,
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
    const unsigned char *object; /* bytes of the old element, for the tags of unions */
    const uint32_t *targets;     /* of this array's elements, NULL when they keep their indices */
    uintptr_t block; /* where `out` counts from when that is a block of its own by now, else 0 */
    uint32_t arm;    /* of the union at this place, MOLT__NO_ARM when there is none */
    bool varies;     /* with the object's tags */
} Descent;

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
        means_end_before(plan->before, was->elem, d->pointee, index == was->length))
        index--;
    bool end = index == was->length;
    if (molt_kind_is_sequence(is->kind)) {
        uint64_t place = end ? is->length : d->targets ? d->targets[index] : index;
        if (place > is->length || (place == is->length && !end))
            return STEP_GONE;
        d->out += place * molt_type(plan->after, is->elem)->size;
        d->after = is->elem;
    } else if (index > 0) {
        return STEP_GONE;
    }
    if (end)
        return found_if(was->elem != d->pointee || d->to_void || fits(plan, d->pointee, d->after));
    d->before = was->elem;
    d->targets = NULL;
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
    d->targets = molt__plan_index(d->plan, f, g);
    return STEP_FURTHER;
}

static Step step_struct(Descent *d, const MoltType *was, const MoltType *is)
{
    if (was->hash == is->hash && !molt__plan_is_shuffled(d->plan, d->before)) {
        d->out += d->offset;
        return STEP_FOUND;
    }
    uint32_t f = field_at(d->plan->before, was, d->offset, d->pointee);
    if (is->kind != MOLT_KIND_STRUCT || f == MOLT__NO_FIELD)
        return STEP_GONE;
    const MoltField *field = &d->plan->before->tables.fields[f];
    MoltUnionTag tag;
    if (molt__union_tag(d->plan->before, was, field, &tag)) {
        d->arm = molt__union_active(d->plan->before, &tag, field, d->object + d->at);
        d->varies = true;
    }
    return enter_field(d, f, new_field_of(d->plan, d->before, d->after, f));
}

/* An inline struct that became a block: the rest of the way is in there. */
static Step step_box(Descent *d, const MoltType *is)
{
    d->varies = true;
    d->block = molt__ownership_box(d->m, (uintptr_t)(d->object + d->at), d->before);
    d->out = 0;
    d->after = is->elem;
    return d->block ? STEP_FURTHER : STEP_GONE;
}

/* What MOLT_MOVED took out of this struct lies elsewhere in the new one. */
static bool step_moved(Descent *d)
{
    for (uint32_t i = 0; i < d->plan->move_count; i++) {
        const MoltMove *move = &d->plan->moves[i];
        uint64_t size = molt_type(d->plan->before, move->type_before)->size;
        if (move->before != d->before || move->after != d->after || d->offset < move->source ||
            d->offset - move->source >= size)
            continue;
        d->before = move->type_before;
        d->after = move->type_after;
        d->offset -= move->source;
        d->at += move->source;
        d->out += move->destination;
        d->targets = molt__plan_index(d->plan, move->field_before, move->field_after);
        return true;
    }
    return false;
}

/* Follows (path of fields and indices) from the old layout into the new one. False when the subobject
 * is gone or no longer one that the pointer may point at; one that becomes a `void *` may point at
 * anything. Iterates down the type, whose depth is bounded by C's by-value nesting. With `moved` the
 * first place that MOLT_MOVED took away is followed. */
static bool map_offset(Descent *d, bool moved)
{
    const MoltPlan *plan = d->plan;
    bool any = molt_type(plan->before, d->pointee)->kind == MOLT_KIND_VOID;
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
        } else if (type->after == d->after && type->fate == MOLT_FATE_SAME && !d->targets) {
            d->out += d->offset;
            step = STEP_FOUND;
        } else if (d->offset == 0 && (any || d->before == d->pointee)) {
            step = found_if(any || d->to_void || fits(plan, d->pointee, d->after));
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
            step = found_if(d->offset == 0 || was->hash == is->hash);
        }
    }
    return step == STEP_FOUND;
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

/* *out counts from *block, or from the new element when that is 0. */
static bool map_offset_cached(MoltMigration *m, MoltTypeId type, uint64_t offset,
                              MoltTypeId pointee, bool to_void, const unsigned char *object,
                              uintptr_t *block, uint64_t *out)
{
    uint64_t mix = ((offset * 31 + type) * 31 + pointee) * 2 + to_void;
    MoltOffsetEntry *entry = &m->offset_cache[mix % MOLT__OFFSET_CACHE];
    if (entry->valid && entry->type == type && entry->pointee == pointee &&
        entry->before == offset && entry->to_void == to_void) {
        *out = entry->after;
        return entry->found;
    }
    Descent d = {.m = m,
                 .plan = m->plan,
                 .before = type,
                 .after = m->plan->types[type].after,
                 .offset = offset,
                 .pointee = pointee,
                 .to_void = to_void,
                 .object = object,
                 .arm = MOLT__NO_ARM};
    bool found = follow(&d);
    *out = d.out;
    *block = d.block;
    if (!d.varies)
        *entry = (MoltOffsetEntry){.type = type,
                                   .pointee = pointee,
                                   .before = offset,
                                   .after = d.out,
                                   .to_void = to_void,
                                   .valid = true,
                                   .found = found};
    return found;
}

/* ---- the library ------------------------------------------------------------------------------ */

/* Unnamed read-only data is text only for a pointer that may point at text. */
static bool may_be_text(const MoltSchema *schema, MoltTypeId pointee)
{
    const MoltType *type = molt_type(schema, pointee);
    return type->kind == MOLT_KIND_VOID || (type->kind == MOLT_KIND_INT && type->size == 1);
}

/* Whether the same offset into a constant of the same size is the same value. Reflection knows the
 * pointer's type only, not the constant's: a struct of equal layout that divides the constant is an
 * element of it, and bytes are bytes; anything else is the same only in a constant of equal bytes,
 * where words that held addresses of the old library may differ. */
static bool same_place(const MoltMigration *m, const MoltOp *op, const MoltCodeTarget *target,
                       uintptr_t after)
{
    const MoltType *pointee = molt_type(m->plan->before, op->before);
    if (pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION)
        return m->plan->types[op->before].fate == MOLT_FATE_SAME &&
               target->offset % pointee->size == 0 && target->size % pointee->size == 0;
    if (pointee->kind == MOLT_KIND_INT && pointee->size == 1)
        return true; /* bytes and text by name */
    if (!target->bytes)
        return false;
    const char *bytes = (const char *)(after - target->offset); /* NOLINT: the new constant */
    for (size_t at = 0; at < target->size; at += sizeof(uintptr_t)) {
        uintptr_t word = 0;
        size_t rest = target->size - at < sizeof word ? target->size - at : sizeof word;
        if (memcmp(target->bytes + at, bytes + at, rest) == 0)
            continue;
        memcpy(&word, target->bytes + at, rest);
        if (rest < sizeof word || word - m->code->begin >= m->code->end - m->code->begin)
            return false;
    }
    return true;
}

static uintptr_t relocate_code(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    MoltCodeEntry *entry = &m->code_cache[(value >> 4 ^ value >> 12) % MOLT__CODE_CACHE];
    if (entry->before == value)
        return entry->after;
    MoltCodeTarget target;
    bool function = molt_type(m->plan->before, op->before)->kind == MOLT_KIND_FUNCTION;
    if (!m->code->describe(m->code->context, value, &target)) {
        molt__tally(m, op, function ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING,
                    MOLT_REFUSE, i, "an address in the library that no symbol names (+0x%llx)",
                    (unsigned long long)(value - m->code->begin));
        return 0;
    }
    if (target.kind == MOLT_CODE_LITERAL && !may_be_text(m->plan->before, op->before)) {
        molt__tally(m, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, i,
                    "constant data of the library without a name");
        return 0;
    }
    if (target.kind == MOLT_CODE_FUNCTION && !op->pointee_ok) { /* a void * that gets a type */
        molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "the function %s",
                    target.name);
        return 0;
    }
    uintptr_t after = m->code->resolve(m->code->context, &target);
    if (after != 0 && target.kind == MOLT_CODE_DATA && !same_place(m, op, &target, after)) {
        molt__tally(m, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, i,
                    "%s%s%s, whose layout or content changed,", target.name,
                    target.file[0] ? " of " : "", target.file);
        return 0;
    }
    if (after == 0 && target.kind == MOLT_CODE_LITERAL) {
        char *copy = molt__migration_string(m, target.bytes, target.size > 0 ? target.size - 1 : 0);
        after = (uintptr_t)copy;
        if (copy)
            molt__tally(m, op, MOLT_RULE_LITERAL_COPIED, MOLT_INFO, i, "\"%.60s\"", copy);
    } else if (after == 0) {
        molt__tally(
            m, op,
            target.kind == MOLT_CODE_FUNCTION ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING,
            MOLT_REFUSE, i, "%s%s%s", target.name, target.file[0] ? " of " : "", target.file);
        return 0;
    }
    *entry = (MoltCodeEntry){value, after};
    return after;
}

/* ---- pointers --------------------------------------------------------------------------------- */

static uintptr_t dangling(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                          const MoltSpan *span)
{
    /* where neither the pointer nor what it pointed at moves, nothing is decided about it */
    if (m->scanning && (!span || m->plan->types[span->type].fate == MOLT_FATE_SAME))
        return value;
    bool keep = molt__tally(m, op, MOLT_RULE_DANGLING_POINTER, MOLT_LOSS, i, "freed %s",
                            span ? molt_type_name(m->plan->before, span->type) : "memory");
    return keep ? 0 : value;
}

/* Offset in the new block of a flexible struct for an offset in the old one. */
static bool map_flexible(MoltMigration *m, const MoltOp *op, const MoltSpan *span,
                         const MoltSpan *moved, const unsigned char *block, uint64_t count,
                         uint64_t at, uintptr_t *box, uint64_t *out)
{
    const MoltPlan *plan = m->plan;
    bool to_void = molt_type(plan->after, op->after)->kind == MOLT_KIND_VOID;
    MoltTypeId after = plan->types[span->type].after;
    const MoltField *was = molt_schema_tail(plan->before, span->type);
    const MoltField *is = molt_schema_tail(plan->after, after);
    if (op->before == span->type && (at == 0 || at == molt__span_bytes(span, count))) {
        *out = at == 0 ? 0 : molt__span_bytes(moved, count);
        return true;
    }
    if (at < span->header)
        return map_offset_cached(m, span->type, at, op->before, to_void, block, box, out);
    uint64_t element = (at - span->header) / span->elem_size;
    uint64_t offset = (at - span->header) % span->elem_size, inner = 0;
    if (!was || !is || element > count || (element == count && offset > 0) ||
        !molt__plan_same_tail(plan, span->type, after))
        return false;
    if (element < count) {
        Descent d = {.m = m,
                     .plan = plan,
                     .before = molt_type(plan->before, was->type)->elem,
                     .after = molt_type(plan->after, is->type)->elem,
                     .offset = offset,
                     .pointee = op->before,
                     .to_void = to_void,
                     .object = block + (at - offset),
                     .arm = MOLT__NO_ARM};
        if (!follow(&d))
            return false;
        inner = d.out;
        *box = d.block;
    }
    if (*box) {
        *out = inner;
        return true;
    }
    *out = moved->header + element * moved->elem_size + inner;
    return true;
}

static uintptr_t relocate_heap(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    const MoltHeap *heap = m->heap;
    uint32_t slot = heap->granules[(value - heap->base) >> MOLT__GRANULE_SHIFT];
    if (slot == 0)
        return dangling(m, op, value, i, NULL);
    const MoltSpan *span = &heap->spans[slot - 1];
    uint64_t at = value - span->base, index = at / span->stride;
    if (index >= span->blocks || !molt__span_is_live(span, (uint32_t)index))
        return dangling(m, op, value, i, span);
    uint64_t count = molt__span_count(span, (uint32_t)index);
    if (span->made)
        molt__made_hold(m, slot - 1, (uint32_t)index);
    at -= index * span->stride;
    bool flexible = span->header > 0;
    uint64_t unit = flexible ? molt__span_bytes(span, count) : span->elem_size;
    uint64_t all = count;
    count = flexible ? 1 : count;
    uint64_t element = unit > 0 ? at / unit : 0;
    uint64_t offset = at - element * unit;
    if (element > count || (element == count && offset > 0))
        return dangling(m, op, value, i, span);

    if (molt__ownership_is_claimed(m, span->type, span->base + index * span->stride)) {
        molt__tally(m, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, i, "%s:%llu",
                    molt_type_name(m->plan->before, span->type),
                    (unsigned long long)(span->first_serial + index));
        return 0;
    }
    const MoltTypePlan *type = &m->plan->types[span->type];
    if (m->mode == MOLT__RUN_STATE && type->fate == MOLT_FATE_GONE)
        m->missing[span->type] = true;
    if (!molt__raw_reached(m, op, span, (uint32_t)index, flexible ? at : offset, i))
        return 0;
    if (!op->pointee_ok) {
        bool void_to_exact = molt_type(m->plan->before, op->before)->kind == MOLT_KIND_VOID &&
                             type->after == op->after && offset == 0;
        if (!void_to_exact) {
            molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "a pointer to %s",
                        molt_type_name(m->plan->before, span->type));
            return 0;
        }
    }
    if (type->fate == MOLT_FATE_SAME)
        return value;
    if (type->fate == MOLT_FATE_GONE) {
        molt__tally(m, op, MOLT_RULE_TYPE_MISSING, MOLT_REFUSE, i, "%s",
                    molt_type_name(m->plan->before, span->type));
        return 0;
    }
    const MoltSpan *moved = &m->spans[slot - 1];
    const unsigned char *block = molt__span_block(span, (uint32_t)index);
    uint64_t inner = 0;
    uintptr_t box = 0;
    if (flexible) {
        if (!map_flexible(m, op, span, moved, block, all, at, &box, &inner)) {
            molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i,
                        "a pointer into %s at byte %llu",
                        molt_type_name(m->plan->before, span->type), (unsigned long long)at);
            return 0;
        }
        return box ? box + inner : moved->base + index * moved->stride + inner;
    }
    if (offset == 0 && element > 0 &&
        means_end_before(m->plan->before, span->type, op->before, element == count)) {
        element--;
        offset = span->elem_size;
    }
    bool whole = element == count || (offset == 0 && op->before == span->type);
    bool to_void = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID;
    const unsigned char *object = block + element * span->elem_size;
    if (!whole &&
        !map_offset_cached(m, span->type, offset, op->before, to_void, object, &box, &inner)) {
        MoltPlace place;
        MoltDumpPath path;
        molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: an address from the state */
        molt__dump_path(m->plan->before, &place, op->before, &path);
        molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i, "&%s%s",
                    molt_type_name(m->plan->before, span->type), path.text);
        return 0;
    }
    if (box)
        return box + inner;
    return moved->base + index * moved->stride + element * moved->elem_size + inner;
}

uintptr_t molt__relocate_mirrored(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    bool inside = value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT;
    return inside ? relocate_heap(m, op, value, i) : value;
}

uintptr_t molt__relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    if (value == 0 || op->external)
        return value;
    if (value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT)
        return molt__migrate_globals_image(m, relocate_heap(m, op, value, i));
    uintptr_t global;
    if (molt__migrate_globals_relocate(m, op, value, i, &global))
        return global;
    const MoltType *pointee = molt_type(m->plan->before, op->before);
    if (!op->pointee_ok && pointee->kind != MOLT_KIND_VOID) {
        bool function = pointee->kind == MOLT_KIND_FUNCTION;
        molt__tally(m, op, function ? MOLT_RULE_SIGNATURE_CHANGED : MOLT_RULE_POINTEE_CHANGED,
                    MOLT_REFUSE, i, "a pointer to %s", molt_type_name(m->plan->before, op->before));
        return 0;
    }
    if (m->code && value - m->code->begin < m->code->end - m->code->begin)
        return relocate_code(m, op, value, i);
    /* foreign: kept bit for bit, unless it claims to point at something that is being rebuilt */
    bool ours = pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION;
    if (ours && m->plan->types[op->before].fate != MOLT_FATE_SAME) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i,
                    "0x%llx, neither heap nor library", (unsigned long long)value);
        return 0;
    }
    return value;
}

/* Bytes from `offset` to the end of the char array of a `type` that it lies in; 0 when there is none. */
static uint64_t text_room(const MoltSchema *schema, MoltTypeId type, uint64_t offset)
{
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        if (t->kind == MOLT_KIND_ARRAY && molt_type(schema, t->elem)->flags & MOLT_TYPE_CHAR)
            return t->size - offset;
        if (t->kind == MOLT_KIND_ARRAY && t->size > 0) {
            type = t->elem;
            offset %= molt_type(schema, type)->size;
        } else if (t->kind == MOLT_KIND_STRUCT) {
            uint32_t f = field_at(schema, t, offset, MOLT_NO_TYPE);
            if (f == MOLT__NO_FIELD)
                return 0;
            offset -= schema->tables.fields[f].bit_offset / 8;
            type = schema->tables.fields[f].type;
        } else {
            return t->flags & MOLT_TYPE_CHAR ? 1 : 0;
        }
    }
}

const char *molt__relocate_text(MoltMigration *m, uintptr_t value, uint64_t *length)
{
    uintptr_t mirror = m->globals.next ? molt_heap_mirror(m->heap, value, MOLT_NO_TYPE) : 0;
    value = mirror != 0 ? mirror : value;
    if (value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT) {
        MoltPlace place;
        molt_heap_locate(m->heap, (const void *)value,
                         &place); /* NOLINT: an address from the state */
        if (place.kind != MOLT_PLACE_BLOCK || place.element == place.block.count)
            return NULL;
        const char *text = (const char *)value; /* NOLINT: an address from the state */
        uint64_t room = place.block.count - place.element;
        if (molt_type(m->heap->schema, place.block.type)->size != 1)
            room = text_room(m->heap->schema, place.block.type, place.offset);
        *length = molt__text_length(text, room);
        return room > 0 ? text : NULL;
    }
    if (m->mode == MOLT__RUN_VALUE) { /* a literal's characters, kept in the attic */
        const char *text = (const char *)value; /* NOLINT: the address was made there */
        *length = strlen(text);
        return text;
    }
    MoltCodeTarget target;
    if (!m->code || value - m->code->begin >= m->code->end - m->code->begin ||
        !m->code->describe(m->code->context, value, &target) || !target.bytes)
        return NULL;
    uint64_t offset = target.kind == MOLT_CODE_DATA ? target.offset : 0;
    if (offset >= target.size)
        return NULL;
    *length = molt__text_length(target.bytes + offset, target.size - offset);
    return target.bytes + offset;
}

uint64_t molt__text_length(const char *text, uint64_t size)
{
    const char *end = memchr(text, '\0', size);
    return end ? (uint64_t)(end - text) : size;
}
