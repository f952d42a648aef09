#include "execute_parts.h"

#include <stdio.h>

#include "number_text.h"

/* ---- enums ------------------------------------------------------------------------------------ */

static const MoltValueMap *find_value(const MoltPlan *plan, const MoltOp *op, uint64_t value)
{
    uint32_t low = op->values, high = op->values + op->value_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (plan->values[middle].before == value)
            return &plan->values[middle];
        if (plan->values[middle].before < value)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* `form` tells the sign of `value`: the new enum's for its enumerators, the old one's for raw bits. */
static void store_enum(MoltMigration *m, const MoltOp *op, uint64_t value,
                       const MoltNumberForm *form, unsigned char *to, uint64_t i)
{
    if (molt__number_store(&op->forms[1], value, form->class == MOLT__SIGNED, to))
        return;
    /* an enumerator that is cut to fit would be another one */
    if (form == &op->forms[1])
        molt__tally(m, op, MOLT_RULE_ENUM_NO_ROOM, MOLT_REFUSE, i, "%lld", (long long)value);
    else
        molt__tally(m, op, MOLT_RULE_NUMBER_OUT_OF_RANGE, MOLT_LOSS, i, "%lld", (long long)value);
}

/* The first name that the new enum adds for a value; NULL when it has none, or one that stood for another
 * value before. */
static const char *new_name(const MoltPlan *plan, const MoltOp *op, uint64_t value)
{
    const MoltType *is = molt_type(plan->after, op->after);
    for (uint32_t v = op->values; v < op->values + op->value_count; v++) {
        if (plan->values[v].fate <= MOLT__VALUE_SPLIT && plan->values[v].after == value)
            return NULL;
    }
    for (uint32_t e = 0; e < is->count; e++) {
        const MoltEnumerator *item = &plan->after->tables.enumerators[is->first + e];
        if (item->value == value)
            return molt_string(plan->after, item->name);
    }
    return NULL;
}

/* What the flags of the new enum make of a value: "FB|0x8". */
static void write_flags(const MoltPlan *plan, const MoltOp *op, uint64_t value, char *buffer,
                        size_t size)
{
    const MoltType *is = molt_type(plan->after, op->after);
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t e = 0; e < is->count && used < size; e++) {
        const MoltEnumerator *item = &plan->after->tables.enumerators[is->first + e];
        if (item->value == 0 || (item->value & value) != item->value)
            continue;
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? "|" : "",
                                 molt_string(plan->after, item->name));
        value &= ~item->value;
    }
    if (used < size && (value != 0 || used == 0))
        snprintf(buffer + used, size - used, "%s0x%llx", used > 0 ? "|" : "",
                 (unsigned long long)value);
}

/* The new enum is a set of flags, the old one was none. */
static bool becomes_flags(const MoltPlan *plan, const MoltOp *op)
{
    return molt_type(plan->after, op->after)->flags & MOLT_TYPE_FLAGS &&
           molt_type(plan->before, op->before)->kind == MOLT_KIND_ENUM &&
           !(molt_type(plan->before, op->before)->flags & MOLT_TYPE_FLAGS);
}

/* A value that had no name stays as it is: a loss of its meaning, unless the new enum names it, which
 * somebody may have done for its sake, or it is the set without flags. */
static void keep_unnamed(MoltMigration *m, const MoltOp *op, uint64_t value, unsigned char *to,
                         uint64_t i)
{
    const char *name = op->named_only ? NULL : new_name(m->plan, op, value);
    if (name)
        molt__attic_mark(m, op, i); /* the old enum knows it only by its number */
    if (name && value != 0)
        molt__tally(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_INFO, i, "%lld, which is %s now,",
                    (long long)value, name);
    else if (!name && !op->names_only && becomes_flags(m->plan, op)) {
        char flags[80] = "";
        if (value != 0)
            write_flags(m->plan, op, value, flags, sizeof flags);
        if (value != 0)
            molt__tally(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_LOSS, i, "%lld, which reads as %s now,",
                        (long long)value, flags);
    } else if (!name && !op->names_only) {
        MoltSeverity severity = op->named_only ? MOLT_REFUSE : MOLT_LOSS;
        if (!molt__tally(m, op, MOLT_RULE_ENUM_UNNAMED, severity, i, "%lld", (long long)value) &&
            op->named_only)
            return;
    }
    store_enum(m, op, value, &op->forms[0], to, i);
}

/* Of flags that become an enum without them: the name that goes of a flag in the value, so that the value
 * loses its name with it whatever the new enum calls the number; NULL when there is none. */
static const MoltValueMap *find_lost_flag(const MoltPlan *plan, const MoltOp *op, uint64_t value)
{
    const MoltType *was = molt_type(plan->before, op->before);
    if (op->named_only || !(was->flags & MOLT_TYPE_FLAGS))
        return NULL;
    for (uint32_t v = op->values; v < op->values + op->value_count; v++) {
        const MoltValueMap *entry = &plan->values[v];
        if (entry->before != 0 && (value & entry->before) == entry->before &&
            entry->fate > MOLT__VALUE_SPLIT)
            return entry;
    }
    return NULL;
}

/* What MOLT_REMOVED lets go is no loss, but an edit that is undone brings it back like one. */
static MoltSeverity settle(MoltMigration *m, const MoltOp *op, bool loses, uint64_t i)
{
    if (!loses && m->mode == MOLT__RUN_STATE)
        molt__attic_mark(m, op, i);
    return loses ? MOLT_LOSS : MOLT_INFO;
}

static void tell_number(MoltMigration *m, const MoltOp *op, MoltRule rule, MoltSeverity severity,
                        const unsigned char *from, uint64_t i)
{
    char text[64] = "";
    if (molt__tally_wants_value(m, op, rule))
        molt__number_text(&op->forms[0], from, text, sizeof text);
    molt__tally(m, op, rule, severity, i, "%s", text);
}

/* A number as the new enum's enumerators are stored; false where none of them can be that large, or
 * have its sign. */
static bool as_enumerator(const MoltOp *op, const unsigned char *from, uint64_t *value)
{
    MoltNumberForm form = {.class = op->forms[1].class, .size = sizeof *value};
    return molt__number_convert(&op->forms[0], from, &form, value, false) == MOLT__EXACT;
}

/* -0.0 names the enumerator of 0, but it is another value where it becomes a float again. */
static void keep_sign_of_zero(MoltMigration *m, const MoltOp *op, const unsigned char *from,
                              uint64_t value, uint64_t i)
{
    if (value == 0 && op->forms[0].class == MOLT__FLOAT &&
        !molt__number_is_zero(&op->forms[0], from))
        molt__attic_mark(m, op, i);
}

/* Of a number of more than 64 bits. */
static bool has_low_bits_only(const MoltOp *op, const unsigned char *from)
{
    uint64_t value;
    MoltNumberForm form = {.class = op->forms[0].class, .size = sizeof value};
    return molt__number_convert(&op->forms[0], from, &form, &value, false) == MOLT__EXACT;
}

/* The old names of bits that go, and whose bits they are now where they had none. */
static void write_lost(const MoltPlan *plan, const MoltOp *op, uint64_t lost, char *buffer,
                       size_t size)
{
    size_t used = 0;
    for (uint32_t v = op->values; v < op->values + op->value_count && used < size; v++) {
        const MoltValueMap *entry = &plan->values[v];
        if (entry->before == 0 || (entry->before & lost) != entry->before)
            continue;
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? "|" : "",
                                 molt_string(plan->before, entry->name));
        lost &= ~entry->before;
    }
    if (used == 0) {
        char now[56];
        write_flags(plan, op, lost, now, sizeof now);
        snprintf(buffer, size, now[0] == '0' ? "without a name" : "without a name, %s now", now);
    }
}

/* A bool's byte that is neither 0 nor 1 counts as 1, whatever it becomes. */
static void tell_odd_bool(MoltMigration *m, const MoltOp *op, const unsigned char *from,
                          const unsigned char *to, uint64_t i)
{
    if (!molt__number_is_odd_bool(&op->forms[0], from))
        return;
    m->awaited.place = to;
    tell_number(m, op, MOLT_RULE_BOOL_COLLAPSED, MOLT_LOSS, from, i);
    m->awaited.place = NULL;
}

void molt__run_enum(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uint64_t value;
        tell_odd_bool(m, op, from, to, i);
        if (op->named_only && !as_enumerator(op, from, &value)) {
            tell_number(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_REFUSE, from, i);
            continue;
        }
        if (!op->named_only)
            value = molt__number_bits(&op->forms[0], from);
        keep_sign_of_zero(m, op, from, value, i);
        const MoltValueMap *entry = find_value(m->plan, op, value);
        if (!entry)
            entry = find_lost_flag(m->plan, op, value);
        m->awaited.place = to;
        if (entry && entry->fate <= MOLT__VALUE_SPLIT) {
            if (entry->fate == MOLT__VALUE_SPLIT)
                molt__tally(m, op, MOLT_RULE_ENUM_RENUMBERED, MOLT_LOSS, i,
                            "%s, one of several names for this value that part,",
                            molt_string(m->plan->before, entry->name));
            store_enum(m, op, entry->after, &op->forms[1], to, i);
        } else if (entry) {
            bool fallback = entry->fate == MOLT__VALUE_FALLBACK;
            MoltSeverity severity = !fallback ? MOLT_REFUSE : settle(m, op, !entry->settled, i);
            char name[80] = "";
            if (entry->before != value &&
                molt__tally_wants_value(m, op, MOLT_RULE_ENUMERATOR_REMOVED))
                write_lost(m->plan, op, value, name, sizeof name);
            molt__tally(m, op, MOLT_RULE_ENUMERATOR_REMOVED, severity, i, "%s",
                        name[0] ? name : molt_string(m->plan->before, entry->name));
            if (fallback)
                store_enum(m, op, entry->after, &op->forms[1], to, i);
        } else {
            keep_unnamed(m, op, value, to, i);
        }
    }
    m->awaited.place = NULL;
}

/* Single bits by name first; enumerators of several bits only for what is left then. */
static uint64_t map_flags(const MoltPlan *plan, const MoltOp *op, uint64_t value, uint64_t *lost)
{
    uint64_t result = 0, left = value;
    for (int several = 0; several < 2; several++) {
        for (uint32_t v = op->values; v < op->values + op->value_count; v++) {
            const MoltValueMap *entry = &plan->values[v];
            bool is_several = (entry->before & (entry->before - 1)) != 0;
            if (entry->before == 0 || is_several != (several == 1) ||
                (left & entry->before) != entry->before || entry->fate > MOLT__VALUE_SPLIT)
                continue;
            result |= entry->after;
            left &= ~entry->before;
        }
    }
    *lost = left;
    return result;
}

/* Of flags that MOLT_REMOVED names. */
static uint64_t settled_bits(const MoltPlan *plan, const MoltOp *op)
{
    uint64_t bits = 0;
    for (uint32_t v = op->values; v < op->values + op->value_count; v++)
        bits |= plan->values[v].settled ? plan->values[v].before : 0;
    return bits;
}

/* Bits without a name, of which the new enum names some. */
static void tell_named_bits(MoltMigration *m, const MoltOp *op, uint64_t value, uint64_t unnamed,
                            uint64_t i)
{
    const MoltType *is = molt_type(m->plan->after, op->after);
    for (uint32_t e = 0; e < is->count; e++) {
        const MoltEnumerator *item = &m->plan->after->tables.enumerators[is->first + e];
        if (item->value == 0 || (item->value & unnamed) != item->value)
            continue;
        molt__attic_mark(m, op, i); /* the old enum knows them only by their numbers */
        molt__tally(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_INFO, i,
                    "bits 0x%llx of 0x%llx, which are %s now,", (unsigned long long)item->value,
                    (unsigned long long)value, molt_string(m->plan->after, item->name));
        return;
    }
}

static uint64_t bits_with_room(const MoltNumberForm *form)
{
    uint64_t bits = form->width > 0 ? form->width : form->size * UINT64_C(8);
    return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

void molt__run_flags(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uint64_t lost;
        uint64_t value = molt__number_bits(&op->forms[0], from);
        tell_odd_bool(m, op, from, to, i);
        if (op->forms[0].class == MOLT__FLOAT && !as_enumerator(op, from, &value)) {
            tell_number(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_REFUSE, from, i);
            continue;
        }
        keep_sign_of_zero(m, op, from, value, i);
        if (op->named_only && op->forms[0].size > sizeof value && !has_low_bits_only(op, from))
            tell_number(m, op, MOLT_RULE_FLAG_REMOVED, MOLT_LOSS, from, i);
        uint64_t mapped = map_flags(m->plan, op, value, &lost);
        if (op->names_only) {
            uint64_t room = bits_with_room(&op->forms[1]);
            tell_named_bits(m, op, value, lost & room, i);
            mapped = value & ~(lost & ~room);
            lost &= ~room;
        }
        if (lost) {
            bool loses = (lost & ~settled_bits(m->plan, op)) != 0;
            char names[80] = "";
            if (molt__tally_wants_value(m, op, MOLT_RULE_FLAG_REMOVED))
                write_lost(m->plan, op, lost, names, sizeof names);
            molt__tally(m, op, MOLT_RULE_FLAG_REMOVED, settle(m, op, loses, i), i,
                        "bits 0x%llx of 0x%llx, %s,", (unsigned long long)lost,
                        (unsigned long long)value, names);
        }
        store_enum(m, op, mapped, &op->forms[1], to, i);
    }
}

void molt__keep_unnamed(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    const MoltType *was = molt_type(m->plan->before, op->before);
    const MoltEnumerator *items = m->plan->before->tables.enumerators + was->first;
    const unsigned char *from = b->source;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride) {
        uint64_t value = molt__number_bits(&op->forms[0], from), unknown = value;
        bool named = false;
        for (uint32_t e = 0; e < was->count && !named; e++) {
            named = items[e].value == value;
            if ((value & items[e].value) == items[e].value)
                unknown &= ~items[e].value;
        }
        if (!named && (unknown != 0 || !(was->flags & MOLT_TYPE_FLAGS)))
            molt__attic_mark(m, op, i);
    }
}
