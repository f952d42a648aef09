#include <string.h>

#include "plan_emit.h"

/* ---- forms ---------------------------------------------------------------------------------- */

MoltNumberForm molt__plan_form(const MoltSchema *schema, MoltTypeId type)
{
    const MoltType *t = molt_type(schema, molt_value_type(schema, type));
    MoltNumberForm form = {MOLT__UNSIGNED, (uint32_t)t->size, 0, 0};
    if (t->kind == MOLT_KIND_FLOAT)
        form.class = MOLT__FLOAT;
    else if (t->kind == MOLT_KIND_BOOL)
        form.class = MOLT__BOOL;
    else if (t->flags & MOLT_TYPE_SIGNED)
        form.class = MOLT__SIGNED;
    return form;
}

MoltNumberForm molt__plan_field_form(const MoltSchema *schema, const MoltField *field)
{
    MoltNumberForm form = molt__plan_form(schema, field->type);
    if (field->flags & MOLT_FIELD_BITS) {
        form.width = field->bit_width;
        form.shift = (uint32_t)(field->bit_offset % 8);
    }
    return form;
}

static bool same_form(const MoltNumberForm *a, const MoltNumberForm *b)
{
    return a->class == b->class && a->size == b->size && a->shift == 0 && b->shift == 0 &&
           a->width == 0 && b->width == 0;
}

static bool is_char_array(const MoltSchema *schema, const MoltType *type)
{
    return type->kind == MOLT_KIND_ARRAY &&
           (molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR) != 0;
}

bool molt__plan_has_pointers(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    switch (type->kind) {
    case MOLT_KIND_POINTER: return true;
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC: return molt__plan_has_pointers(schema, type->elem);
    case MOLT_KIND_STRUCT:
        for (uint32_t f = 0; f < type->count; f++) {
            const MoltField *field = &schema->tables.fields[type->first + f];
            MoltUnionTag tag;
            if (field->flags & MOLT_FIELD_EXTERNAL)
                continue;
            if (molt__plan_has_pointers(schema, field->type) ||
                (molt__union_tag(schema, type, field, &tag) &&
                 molt__plan_arms_have_pointers(schema, field->type)))
                return true;
        }
        return false;
    default: return false; /* of a union without a tag nothing is known */
    }
}

bool molt__plan_arms_have_pointers(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *arm = &schema->tables.fields[f];
        if (!(arm->flags & MOLT_FIELD_EXTERNAL) && molt__plan_has_pointers(schema, arm->type))
            return true;
    }
    return false;
}

/* A struct on the way that has transient fields must be rebuilt field by field too. */
static bool has_transient(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    if (molt_kind_is_sequence(type->kind))
        return has_transient(schema, type->elem);
    if (type->kind != MOLT_KIND_STRUCT)
        return false;
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltField *field = &schema->tables.fields[type->first + f];
        if (field->flags & MOLT_FIELD_TRANSIENT || has_transient(schema, field->type))
            return true;
    }
    return false;
}

bool molt__emit_is_copy(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    bool same = was->kind == MOLT_KIND_UNION ? molt__emit_is_same_union(plan, before, after)
                                             : was->hash == is->hash;
    return same && !molt__plan_has_pointers(plan->before, before) &&
           !has_transient(plan->after, after) && !molt__plan_is_shuffled(plan, before);
}

static void emit_struct(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint64_t source,
                        uint64_t destination);

/* ---- one value ------------------------------------------------------------------------------ */

/* `was`: what the number is in the old schema. `named` is the enum that the values come from and would be of
 * again on the way back, else MOLT_NO_TYPE. */
static void emit_number(MoltPlan *plan, const MoltEmitSite *site, const MoltType *was, MoltTypeId named,
                        MoltNumberForm from, MoltNumberForm to, uint64_t source,
                        uint64_t destination)
{
    bool keeps = plan->waited && was->kind == MOLT_KIND_ENUM;
    if (plan->collecting)
        return;
    if (same_form(&from, &to) && named == MOLT_NO_TYPE && !keeps) {
        molt__emit_copy(plan, source, destination, from.size);
        return;
    }
    uint32_t check = molt__emit_check(plan, site);
    if (plan->failed)
        return;
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_NUMBER,
                                 .keeps = keeps,
                                 .round = (plan->checks[check].allow & MOLT__ALLOW_ROUND) != 0,
                                 .check = check,
                                 .source = source,
                                 .destination = destination,
                                 .forms = {from, to},
                                 .before = named,
                                 .named_only = named != MOLT_NO_TYPE,
                                 .kernel = molt__number_kernel(&from, &to)});
}

/* The new enum has a name for a value that had none. */
static bool names_more(const MoltPlan *plan, const MoltType *is, const MoltOp *op)
{
    for (uint32_t e = 0; e < is->count; e++) {
        uint64_t value = plan->after->tables.enumerators[is->first + e].value;
        bool known = false;
        for (uint32_t v = 0; v < op->value_count && !known; v++)
            known = plan->values[op->values + v].after == value;
        if (!known && value != 0)
            return true;
    }
    return false;
}

/* An enum, or a number that becomes one, in the forms that the fields have. */
static uint64_t bits_of(const MoltNumberForm *form)
{
    return form->width > 0 ? form->width : form->size * UINT64_C(8);
}

static void emit_enum(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      MoltNumberForm from, MoltNumberForm to, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    MoltOp op = {.code = MOLT__OP_ENUM,
                 .keeps = plan->waited && was->kind == MOLT_KIND_ENUM,
                 .source = source,
                 .destination = destination,
                 .forms = {from, to},
                 .before = before,
                 .after = after};
    if (plan->collecting)
        return;
    if (was->kind == MOLT_KIND_ENUM) {
        op.names_only = molt__plan_match_values(plan, before, after, &op);
        bool flags = (was->flags & is->flags & MOLT_TYPE_FLAGS) != 0;
        bool narrower = bits_of(&to) < bits_of(&from); /* the nearest number would be other flags */
        if (op.names_only && !names_more(plan, is, &op) && !(flags && narrower)) {
            emit_number(plan, site, was, MOLT_NO_TYPE, from, to, source, destination);
            return;
        }
        if (flags)
            op.code = MOLT__OP_FLAGS;
    } else { /* a number must name an enumerator: the enum mapped onto itself */
        if (!molt__plan_grow(plan, (void **)&plan->values, &plan->value_slots, plan->value_count,
                             is->count, sizeof *plan->values))
            return;
        op.values = plan->value_count;
        op.named_only = true;
        if (is->flags & MOLT_TYPE_FLAGS)
            op.code = MOLT__OP_FLAGS; /* any bits that have names name a value together */
        for (uint32_t e = 0; e < is->count; e++) {
            uint64_t value = plan->after->tables.enumerators[is->first + e].value;
            uint32_t at = plan->value_count;
            while (at > op.values && plan->values[at - 1].before > value)
                at--;
            memmove(&plan->values[at + 1], &plan->values[at],
                    (plan->value_count - at) * sizeof *plan->values);
            plan->values[at] = (MoltValueMap){value, value, MOLT__VALUE_KEPT, false, 0};
            plan->value_count++;
        }
        op.value_count = plan->value_count - op.values;
    }
    op.check = molt__emit_check(plan, site);
    molt__emit_op(plan, op);
}

static void emit_pointer(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                         MoltTypeId after, uint64_t source, uint64_t destination)
{
    MoltTypeId was = molt_type(plan->before, before)->elem;
    MoltTypeId is = molt_type(plan->after, after)->elem;
    bool external = false;
    if (site->after != MOLT__NO_FIELD && site->pair != UINT32_MAX)
        external = (plan->after->tables.fields[site->after].flags & MOLT_FIELD_EXTERNAL) != 0;
    bool to_void = molt_type(plan->after, is)->kind == MOLT_KIND_VOID;
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_POINTER,
                                 .external = external,
                                 .check = molt__emit_check(plan, site),
                                 .source = source,
                                 .destination = destination,
                                 .before = was,
                                 .after = is,
                                 .pointee_ok = to_void || molt__plan_same_type(plan, was, is)});
}

/* A vector is an array of its elements with an alignment of its own. A complex number has two parts
 * that C itself counts like elements; as the last dimension of arrays they are none. */
static bool is_indexed(const MoltType *type)
{
    return type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_VECTOR;
}

/* Text on one side is a `char *` on the other. */
static bool is_text_moved(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    return (is_char_array(plan->before, was) && molt__plan_is_char_pointer(plan->after, is)) ||
           (is_char_array(plan->after, is) && molt__plan_is_char_pointer(plan->before, was));
}

/* A reshape has other dimensions, or keeps the number of elements but not their indices; nothing says
 * which goes where. A text that moves to or from the heap is one value. */
static bool is_reshape(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    uint64_t had = 1, has = 1;
    unsigned depth = 0;
    bool same = true;
    for (; is_indexed(was) && is_indexed(is); depth++) {
        had *= was->length;
        has *= is->length;
        same = same && was->length == is->length;
        was = molt_type(plan->before, was->elem);
        is = molt_type(plan->after, is->elem);
    }
    if ((is_indexed(was) || is_indexed(is)) && !is_text_moved(plan, was, is))
        return true;
    return depth > 1 && had == has && !same;
}

void molt__emit_elements(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                         MoltTypeId after, uint64_t source, uint64_t destination, uint64_t count)
{
    uint64_t from = molt_type(plan->before, before)->size;
    uint64_t to = molt_type(plan->after, after)->size;
    uint64_t outer = plan->unrolled > 0 ? plan->unrolled : 1;
    if (molt__emit_is_copy(plan, before, after)) {
        if (count > 0)
            molt__emit_copy(plan, source, destination, count * from);
    } else if (count == 1 || (count <= MOLT__UNROLLED / outer &&
                              (plan->moves_elements || molt__emit_climbs(plan, after) ||
                               molt__emit_rows_differ(plan, before, after)))) {
        /* a loop's elements do not reach the struct around it; in longer arrays MOLT_MOVED that needs
           it finds nothing, and what it names is reported where it was; new elements of more rows are zero */
        uint64_t unrolled = plan->unrolled;
        plan->unrolled = outer * count;
        for (uint64_t i = 0; i < count && !plan->failed; i++)
            molt__emit_value(plan, site, before, after, source + i * from, destination + i * to);
        plan->unrolled = unrolled;
    } else {
        uint32_t body = molt__emit_loop(plan, count, source, from, destination, to);
        molt__emit_value(plan, site, before, after, 0, 0);
        molt__emit_loop_end(plan, body);
    }
}

static void emit_array(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                       MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    uint64_t from = molt_type(plan->before, was->elem)->size;
    uint64_t to = molt_type(plan->after, is->elem)->size;
    uint64_t both = was->length < is->length ? was->length : is->length;
    molt__emit_elements(plan, site, was->elem, is->elem, source, destination, both);
    if (was->length > both) {
        uint64_t at = source + both * from, size = (was->length - both) * from;
        molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem, at,
                                 was->length - both, molt__emit_old_default(plan, at, size));
    }
    if (is->length > both)
        molt__emit_default_elements(plan, is->elem, destination + both * to, is->length - both);
}

static void emit_scalar_to_array(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                                 MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *is = molt_type(plan->after, after);
    uint64_t stride = molt_type(plan->after, is->elem)->size;
    if (is->length == 0) {
        molt__emit_drop(plan, site, MOLT_RULE_ELEMENTS_DROPPED, before, source, MOLT__NO_CONSTANT);
        return;
    }
    molt__emit_value(plan, site, before, is->elem, source, destination);
    if (is->kind != MOLT_KIND_COMPLEX)
        molt__emit_default_elements(plan, is->elem, destination + stride, is->length - 1);
}

static void emit_array_to_scalar(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                                 MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before);
    uint64_t stride = molt_type(plan->before, was->elem)->size;
    if (was->length == 0) {
        molt__emit_default(plan, after, destination);
        return;
    }
    molt__emit_value(plan, site, was->elem, after, source, destination);
    uint32_t constant = molt__emit_old_default(plan, source + stride, (was->length - 1) * stride);
    molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem, source + stride,
                             was->length - 1, constant);
}

static void emit_string(MoltPlan *plan, const MoltEmitSite *site, uint8_t code, const MoltType *was,
                        const MoltType *is, uint64_t source, uint64_t destination)
{
    molt__emit_op(plan, (MoltOp){.code = code,
                                 .check = molt__emit_check(plan, site),
                                 .source = source,
                                 .destination = destination,
                                 .size = was->length,
                                 .length = is->length});
}

/* What an array consists of in all its dimensions; the type itself when it is none. */
static MoltTypeId element_of(const MoltSchema *schema, MoltTypeId id)
{
    id = molt_value_type(schema, id);
    while (is_indexed(molt_type(schema, id)))
        id = molt_value_type(schema, molt_type(schema, id)->elem);
    return id;
}

static bool is_record(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
}

/* Numbers on one side and a record on the other: no element is the other side's value, so the array goes
 * as a whole, and its first element, which may be zero, decides nothing. */
static bool is_unlike(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, element_of(plan->before, before));
    const MoltType *is = molt_type(plan->after, element_of(plan->after, after));
    return (is_record(is) && (molt__plan_is_number(was) || was->kind == MOLT_KIND_ENUM)) ||
           (is_record(was) && (molt__plan_is_number(is) || is->kind == MOLT_KIND_ENUM));
}

static void emit_reshape(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                         MoltTypeId after, uint64_t source, uint64_t destination)
{
    molt__emit_drop(plan, site, MOLT_RULE_SHAPE_CHANGED, before, source, MOLT__NO_CONSTANT);
    molt__emit_default(plan, after, destination);
}

static void emit_arrays_and_strings(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                                    MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    bool old_text = is_char_array(plan->before, was), new_text = is_char_array(plan->after, is);
    if (old_text && new_text)
        emit_string(plan, site, MOLT__OP_STRING, was, is, source, destination);
    else if (old_text && molt__plan_is_char_pointer(plan->after, is))
        emit_string(plan, site, MOLT__OP_STRING_TO_HEAP, was, is, source, destination);
    else if (new_text && molt__plan_is_char_pointer(plan->before, was))
        emit_string(plan, site, MOLT__OP_STRING_FROM_HEAP, was, is, source, destination);
    else if (is_indexed(was) && is_indexed(is)) {
        if (is_reshape(plan, was, is))
            emit_reshape(plan, site, before, after, source, destination);
        else
            emit_array(plan, site, before, after, source, destination);
    } else if (is_unlike(plan, before, after)) {
        molt__emit_drop(plan, site, MOLT_RULE_KIND_CHANGED, before, source, MOLT__NO_CONSTANT);
        molt__emit_default(plan, after, destination);
    } else if (is_indexed(was)) {
        emit_array_to_scalar(plan, site, before, after, source, destination);
    } else {
        emit_scalar_to_array(plan, site, before, after, source, destination);
    }
}

/* As in C: a real number is the real part, and the conversion to one drops the imaginary part. An
 * array of two is the same thing by another name; any other number of elements is not. */
static void emit_complex(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                         MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    bool parts = molt_kind_is_sequence(was->kind) && molt_kind_is_sequence(is->kind);
    if (parts && was->length == 2 && is->length == 2) {
        emit_array(plan, site, before, after, source, destination);
    } else if (molt__plan_is_number(is)) {
        emit_array_to_scalar(plan, site, before, after, source, destination);
    } else if (molt__plan_is_number(was)) {
        emit_scalar_to_array(plan, site, before, after, source, destination);
    } else {
        molt__emit_drop(plan, site, MOLT_RULE_KIND_CHANGED, before, source, MOLT__NO_CONSTANT);
        molt__emit_default(plan, after, destination);
    }
}

void molt__emit_value(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination)
{
    if (plan->failed)
        return;
    before = molt_value_type(plan->before, before);
    after = molt_value_type(plan->after, after);
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    bool old_number = molt__plan_is_number(was) || was->kind == MOLT_KIND_ENUM;
    bool new_number = molt__plan_is_number(is) || is->kind == MOLT_KIND_ENUM;
    if (molt__emit_is_copy(plan, before, after)) {
        molt__emit_copy(plan, source, destination, was->size);
    } else if (old_number && is->kind == MOLT_KIND_ENUM) {
        emit_enum(plan, site, before, after, molt__plan_form(plan->before, before),
                  molt__plan_form(plan->after, after), source, destination);
    } else if (old_number && new_number && is->kind != MOLT_KIND_ENUM) {
        emit_number(plan, site, was, was->kind == MOLT_KIND_ENUM ? before : MOLT_NO_TYPE,
                    molt__plan_form(plan->before, before), molt__plan_form(plan->after, after),
                    source, destination);
    } else if (was->kind == MOLT_KIND_STRUCT && is->kind == MOLT_KIND_STRUCT &&
               molt__plan_same_type(plan, before, after)) {
        emit_struct(plan, before, after, source, destination);
    } else if (molt__emit_ownership(plan, site, before, after, source, destination)) {
        return;
    } else if (was->kind == MOLT_KIND_POINTER && is->kind == MOLT_KIND_POINTER) {
        emit_pointer(plan, site, before, after, source, destination);
    } else if (was->kind == MOLT_KIND_COMPLEX || is->kind == MOLT_KIND_COMPLEX) {
        emit_complex(plan, site, before, after, source, destination);
    } else if (is_indexed(was) || is_indexed(is)) {
        emit_arrays_and_strings(plan, site, before, after, source, destination);
    } else {
        MoltRule rule = was->kind == MOLT_KIND_UNION && is->kind == MOLT_KIND_UNION
                            ? MOLT_RULE_UNION_CHANGED
                            : MOLT_RULE_KIND_CHANGED;
        molt__emit_drop(plan, site, rule, before, source, MOLT__NO_CONSTANT);
        molt__emit_default(plan, after, destination);
    }
}

/* ---- structs -------------------------------------------------------------------------------- */

/* The number that an array begins with; the type itself when it is none. */
static MoltTypeId first_number(const MoltSchema *schema, MoltTypeId id)
{
    id = molt_value_type(schema, id);
    while (molt_kind_is_sequence(molt_type(schema, id)->kind) && molt_type(schema, id)->length > 0)
        id = molt_value_type(schema, molt_type(schema, id)->elem);
    return id;
}

static bool is_numeric(const MoltType *type)
{
    return molt__plan_is_number(type) || type->kind == MOLT_KIND_ENUM;
}

/* What stands behind the first number of an array that became a bit-field, or that one became. */
static void emit_rest(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination)
{
    for (before = molt_value_type(plan->before, before);
         molt_kind_is_sequence(molt_type(plan->before, before)->kind);
         before = molt_value_type(plan->before, molt_type(plan->before, before)->elem)) {
        const MoltType *was = molt_type(plan->before, before);
        uint64_t stride = molt_type(plan->before, was->elem)->size;
        uint32_t constant =
            molt__emit_old_default(plan, source + stride, (was->length - 1) * stride);
        molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem, source + stride,
                                 was->length - 1, constant);
    }
    for (after = molt_value_type(plan->after, after);
         molt_kind_is_sequence(molt_type(plan->after, after)->kind);
         after = molt_value_type(plan->after, molt_type(plan->after, after)->elem)) {
        const MoltType *is = molt_type(plan->after, after);
        uint64_t stride = molt_type(plan->after, is->elem)->size;
        molt__emit_new_elements(plan, is->elem, destination + stride, is->length - 1);
    }
}

bool molt__emit_bits_fit(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    return is_numeric(molt_type(plan->before, first_number(plan->before, before))) &&
           is_numeric(molt_type(plan->after, first_number(plan->after, after)));
}

void molt__emit_bits(MoltPlan *plan, const MoltEmitSite *site, const MoltField *was,
                     const MoltField *is, uint64_t source, uint64_t destination)
{
    MoltTypeId before = first_number(plan->before, was->type);
    MoltTypeId after = first_number(plan->after, is->type);
    const MoltType *to = molt_type(plan->after, after);
    uint64_t at = source + was->bit_offset / 8, into = destination + is->bit_offset / 8;
    if (!molt__emit_bits_fit(plan, was->type, is->type)) {
        molt__emit_drop_field(plan, site, MOLT_RULE_KIND_CHANGED, was, source);
        molt__emit_plain_default(plan, is, destination); /* a MOLT_MOVED may have led here */
        return;
    }
    MoltNumberForm old_form = was->flags & MOLT_FIELD_BITS
                                  ? molt__plan_field_form(plan->before, was)
                                  : molt__plan_form(plan->before, before);
    MoltNumberForm new_form = is->flags & MOLT_FIELD_BITS ? molt__plan_field_form(plan->after, is)
                                                          : molt__plan_form(plan->after, after);
    if (to->kind == MOLT_KIND_ENUM)
        emit_enum(plan, site, before, after, old_form, new_form, at, into);
    else
        emit_number(plan, site, molt_type(plan->before, before),
                    molt_type(plan->before, before)->kind == MOLT_KIND_ENUM ? before : MOLT_NO_TYPE,
                    old_form, new_form, at, into);
    emit_rest(plan, site, was->type, is->type, at, into);
}

static bool is_flexible(const MoltSchema *schema, const MoltField *field)
{
    const MoltType *type = molt_type(schema, field->type);
    return type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
}

static void emit_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                       uint64_t destination)
{
    const MoltField *is = &plan->after->tables.fields[site->after];
    bool is_arm = molt_type(plan->after, site->type_after)->kind == MOLT_KIND_UNION;
    bool from_tail = site->before != MOLT__NO_FIELD &&
                     is_flexible(plan->before, &plan->before->tables.fields[site->before]);
    if (!is_arm && !(is->flags & MOLT_FIELD_TRANSIENT) &&
        molt__emit_moved(plan, site->after, site->before, destination))
        return;
    if (site->before == MOLT__NO_FIELD || from_tail || is->flags & MOLT_FIELD_TRANSIENT) {
        if (site->before == MOLT__NO_FIELD && !is_arm)
            molt__emit_tell_added(plan, site);
        molt__emit_field_default(plan, is, destination);
        return;
    }
    const MoltField *was = &plan->before->tables.fields[site->before];
    uint64_t from = source + was->bit_offset / 8, to = destination + is->bit_offset / 8;
    MoltEmitArray outer = molt__emit_array_begin(plan, was, is, from, to);
    if ((was->flags | is->flags) & MOLT_FIELD_BITS)
        molt__emit_bits(plan, site, was, is, source, destination);
    else if (!molt__emit_union(plan, site, source, destination) &&
             !molt__emit_indexed(plan, site, source, destination))
        molt__emit_value(plan, site, was->type, is->type, from, to);
    molt__emit_array_end(plan, outer);
}

void molt__emit_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination)
{
    bool around = molt__emit_waited(plan, site->before, site->after);
    emit_field(plan, site, source, destination);
    molt__emit_waited_end(plan, around);
}

static bool is_matched(const MoltPlan *plan, uint32_t pair, uint32_t before)
{
    const MoltType *is = molt_type(plan->after, plan->pairs[pair].after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[plan->pairs[pair].match + f] == before)
            return true;
    }
    return false;
}

static void emit_struct(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint64_t source,
                        uint64_t destination)
{
    uint32_t pair = molt__plan_pair(plan, before, after);
    if (plan->failed)
        return;
    molt__plan_report_pair(plan, pair);
    MoltEmitFrame frame;
    molt__emit_enter(plan, &frame, before, after, source, destination);
    uint32_t hook = molt__emit_hook(plan, before, after, source, destination);
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        MoltEmitSite site = {pair, before, after, plan->matches[plan->pairs[pair].match + f],
                             is->first + f};
        if (!is_flexible(plan->after, &plan->after->tables.fields[is->first + f]))
            molt__emit_field(plan, &site, source, destination);
    }
    molt__emit_leave(plan);
    for (uint32_t f = 0; f < was->count && !plan->failed; f++) {
        const MoltField *field = &plan->before->tables.fields[was->first + f];
        if (field->flags & MOLT_FIELD_TRANSIENT || is_matched(plan, pair, was->first + f) ||
            is_flexible(plan->before, field))
            continue;
        MoltEmitSite site = {pair, before, after, was->first + f, MOLT__NO_FIELD};
        uint32_t first = plan->op_count;
        int64_t twin = molt__emit_find_twin(plan, pair, was->first + f);
        if (molt__emit_is_scattered(plan, pair, was->first + f))
            molt__emit_drop(plan, &site, MOLT_RULE_UNION_CHANGED, field->type,
                            source + field->bit_offset / 8, MOLT__NO_CONSTANT);
        else
            molt__emit_drop_field(plan, &site, MOLT_RULE_FIELD_REMOVED, field, source);
        for (uint32_t o = first; o < plan->op_count; o++)
            plan->ops[o].twin = twin;
    }
    molt__emit_hook_end(plan, hook);
}

/* ---- types ---------------------------------------------------------------------------------- */

/* Rows of an array lie one after the other, so all of them are one loop; *length is multiplied. */
static MoltTypeId innermost(const MoltSchema *schema, const MoltType *type, uint64_t *length)
{
    MoltTypeId elem = type->elem;
    for (; molt_type(schema, elem)->kind == MOLT_KIND_ARRAY; elem = molt_type(schema, elem)->elem)
        *length *= molt_type(schema, elem)->length;
    return elem;
}

/* The pointers of a type that stays, in place. */
static void emit_scan(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId id, uint64_t at)
{
    const MoltType *type = molt_type(plan->before, id);
    MoltTypeId after = plan->types[id].after;
    if (plan->failed || after == MOLT_NO_TYPE)
        return;
    if (type->kind == MOLT_KIND_POINTER) {
        emit_pointer(plan, site, id, after, at, at);
    } else if (molt_kind_is_sequence(type->kind)) {
        uint64_t length = type->length;
        MoltTypeId elem = innermost(plan->before, type, &length);
        uint64_t stride = molt_type(plan->before, elem)->size;
        uint32_t body = molt__emit_loop(plan, length, at, stride, at, stride);
        emit_scan(plan, site, elem, 0);
        molt__emit_loop_end(plan, body);
    } else if (type->kind == MOLT_KIND_STRUCT && molt__plan_has_pointers(plan->before, id)) {
        uint32_t pair = molt__plan_pair(plan, id, after);
        const MoltType *is = molt_type(plan->after, after);
        for (uint32_t f = 0; f < type->count && !plan->failed; f++) {
            MoltEmitSite inner = {pair, id, after, type->first + f, is->first + f};
            molt__emit_scan_field(plan, &inner, at);
        }
    }
}

void molt__emit_scan_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t at)
{
    const MoltField *field = &plan->before->tables.fields[site->before];
    if (field->flags & (MOLT_FIELD_EXTERNAL | MOLT_FIELD_BITS) || is_flexible(plan->before, field))
        return;
    bool around = molt__emit_waited(plan, site->before, site->after);
    if (molt_type(plan->before, field->type)->kind == MOLT_KIND_UNION)
        molt__emit_scan_union(plan, site, at);
    else
        emit_scan(plan, site, field->type, at + field->bit_offset / 8);
    molt__emit_waited_end(plan, around);
}

/* ---- flexible arrays: operations on one element, after those of the struct -------------------- */

static uint32_t field_index(const MoltSchema *schema, const MoltField *field)
{
    return (uint32_t)(field - schema->tables.fields);
}

static void scan_tail(MoltPlan *plan, MoltTypeId before, const MoltField *was)
{
    MoltTypeId after = plan->types[before].after;
    const MoltType *is = molt_type(plan->after, after);
    uint32_t pair = molt__plan_pair(plan, before, after);
    MoltEmitSite site = {pair, before, after, field_index(plan->before, was),
                         is->first + is->count - 1};
    if (!plan->failed && !(was->flags & MOLT_FIELD_EXTERNAL))
        emit_scan(plan, &site, molt_type(plan->before, was->type)->elem, 0);
}

static void change_tail(MoltPlan *plan, MoltTypeId before, const MoltField *was,
                        const MoltField *is)
{
    MoltTypeId after = plan->types[before].after;
    uint32_t pair = molt__plan_pair(plan, before, after);
    MoltTypeId from = molt_type(plan->before, was->type)->elem;
    MoltTypeId to = molt_type(plan->after, is->type)->elem;
    MoltEmitSite site = {pair, before, after, field_index(plan->before, was), MOLT__NO_FIELD};
    if (plan->failed)
        return;
    uint32_t hook = molt__emit_hook_tail(plan, before, after);
    if (molt__plan_same_tail(plan, before, after) && !(is->flags & MOLT_FIELD_TRANSIENT)) {
        site.after = field_index(plan->after, is);
        molt__emit_value(plan, &site, from, to, 0, 0);
    } else {
        if (!(was->flags & MOLT_FIELD_TRANSIENT))
            molt__emit_drop(plan, &site, MOLT_RULE_FIELD_REMOVED, from, 0, MOLT__NO_CONSTANT);
        molt__emit_default(plan, to, 0);
    }
    molt__emit_hook_end(plan, hook);
}

/* A struct that gains or loses its flexible array changes what the count of its blocks means. */
static void emit_tail(MoltPlan *plan, MoltTypeId before)
{
    MoltTypePlan *type = &plan->types[before];
    const MoltField *was = molt_schema_tail(plan->before, before);
    const MoltField *is = molt_schema_tail(plan->after, type->after);
    if (!was && !is)
        return;
    plan->merge_floor = plan->op_count;
    type->first_tail = plan->op_count;
    if (was && is && type->fate == MOLT_FATE_SAME) {
        scan_tail(plan, before, was);
    } else if (was && is) {
        plan->taken_count = 0; /* of the struct before it */
        if (plan->moved_told) {
            plan->collecting = true;
            change_tail(plan, before, was, is);
            plan->collecting = false;
        }
        change_tail(plan, before, was, is);
    } else {
        const MoltEmitSite site = {UINT32_MAX, before, type->after,
                                   was ? field_index(plan->before, was) : MOLT__NO_FIELD,
                                   is ? field_index(plan->after, is) : MOLT__NO_FIELD};
        uint32_t check = molt__emit_check(plan, &site);
        molt__emit_op(plan, (MoltOp){.code = MOLT__OP_REFUSE,
                                     .check = check,
                                     .source = was ? was->bit_offset / 8 : 0,
                                     .rule = MOLT_RULE_SHAPE_CHANGED});
        type->op_count++;
        type->first_tail = plan->op_count;
    }
    type->tail_count = plan->op_count - type->first_tail;
}

void molt__plan_emit_type(MoltPlan *plan, MoltTypeId before)
{
    MoltTypePlan *type = &plan->types[before];
    MoltEmitSite site = {UINT32_MAX, before, type->after, MOLT__NO_FIELD, MOLT__NO_FIELD};
    uint16_t kind = molt_type(plan->before, before)->kind;
    plan->merge_floor = plan->op_count;
    if (type->after == MOLT_NO_TYPE || kind == MOLT_KIND_VOID || kind == MOLT_KIND_FUNCTION ||
        kind == MOLT_KIND_OPAQUE)
        return;
    if (type->fate == MOLT_FATE_SAME) {
        type->first_scan = plan->op_count;
        emit_scan(plan, &site, before, 0);
        type->scan_count = plan->op_count - type->first_scan;
    } else {
        type->first_op = plan->op_count;
        plan->taken_count = 0;
        plan->base = 0;
        if (plan->moved_told) { /* what is taken must be known before anything is dropped */
            plan->collecting = true;
            molt__emit_value(plan, &site, before, type->after, 0, 0);
            plan->collecting = false;
        }
        molt__emit_value(plan, &site, before, type->after, 0, 0);
        type->op_count = plan->op_count - type->first_op;
    }
    emit_tail(plan, before);
}
