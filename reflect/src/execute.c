#include <stdio.h>
#include <string.h>

#include "migration.h"
#include "number_text.h"
#include "value_text.h"

/* A batch as an operation sees it. */
typedef struct Batch {
    unsigned char *source;
    uint64_t source_stride;
    unsigned char *destination;
    uint64_t destination_stride;
    uint64_t n;
} Batch;

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    static const unsigned char zeros[64];
    for (uint64_t at = 0; at < size; at += sizeof zeros) {
        uint64_t rest = size - at < sizeof zeros ? size - at : sizeof zeros;
        if (memcmp(bytes + at, zeros, rest) != 0)
            return false;
    }
    return true;
}

static void copy_run(const Batch *b, uint64_t size)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    if (size == b->source_stride && size == b->destination_stride) {
        memcpy(to, from, size * b->n);
        return;
    }
    /* constant sizes become single moves */
#define EACH(bytes)                                                                                \
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride)     \
    memcpy(to, from, bytes)
    switch (size) {
    case 1: EACH(1); break;
    case 2: EACH(2); break;
    case 4: EACH(4); break;
    case 8: EACH(8); break;
    case 16: EACH(16); break;
    case 24: EACH(24); break;
    case 32: EACH(32); break;
    default: EACH(size); break;
    }
#undef EACH
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Both floats are written with the same shortest decimal: of 0.1 as a double 0.1f has other bits, but
 * is the number that somebody wrote. */
static bool is_same_decimal(const MoltOp *op, const void *source, const void *destination)
{
    const MoltNumberForm *from = &op->forms[0], *to = &op->forms[1];
    char was[MOLT__NUMBER_TEXT], is[MOLT__NUMBER_TEXT];
    size_t length;
    return from->class == MOLT__FLOAT && to->class == MOLT__FLOAT &&
           molt__float_text(source, from->size, was, &length) == MOLT__FLOAT_NUMBER &&
           molt__float_text(destination, to->size, is, &length) == MOLT__FLOAT_NUMBER &&
           strcmp(was, is) == 0;
}

static void convert_slow(void *context, uint64_t i, const void *source, void *destination)
{
    MoltMigration *m = context;
    const MoltOp *op = m->op;
    MoltNumberLoss loss =
        molt__number_convert(&op->forms[0], source, &op->forms[1], destination, op->round);
    if (loss == MOLT__EXACT) {
        /* -0.0 is 0 for an integer, but not for a float that it becomes again; a NaN leaves bits of
         * its payload behind in a smaller float */
        bool sign = molt__number_is_zero(&op->forms[1], destination) &&
                    !molt__number_is_zero(&op->forms[0], source);
        if (sign ||
            (op->forms[1].size < op->forms[0].size && molt__number_is_nan(&op->forms[0], source)))
            molt__attic_mark(m, op, i);
        return;
    }
    if (loss == MOLT__ROUNDED && m->plan->policy == MOLT_POLICY_STRICT &&
        is_same_decimal(op, source, destination))
        return;
    MoltRule rule = molt__number_rule(loss);
    char text[64] = "";
    if (molt__tally_wants_value(m, op, rule))
        molt__number_text(&op->forms[0], source, text, sizeof text);
    molt__tally(m, op, rule, MOLT_LOSS, i, "%s", text);
}

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
    } else if (!name && !op->names_only)
        molt__tally(m, op, MOLT_RULE_ENUM_UNNAMED, op->named_only ? MOLT_REFUSE : MOLT_LOSS, i,
                    "%lld", (long long)value);
    store_enum(m, op, value, &op->forms[0], to, i);
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

/* Of a number of more than 64 bits. */
static bool has_low_bits_only(const MoltOp *op, const unsigned char *from)
{
    uint64_t value;
    MoltNumberForm form = {.class = op->forms[0].class, .size = sizeof value};
    return molt__number_convert(&op->forms[0], from, &form, &value, false) == MOLT__EXACT;
}

static void run_enum(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uint64_t value;
        if (op->named_only && !as_enumerator(op, from, &value)) {
            tell_number(m, op, MOLT_RULE_ENUM_UNNAMED, MOLT_REFUSE, from, i);
            continue;
        }
        if (!op->named_only)
            value = molt__number_bits(&op->forms[0], from);
        const MoltValueMap *entry = find_value(m->plan, op, value);
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
            molt__tally(m, op, MOLT_RULE_ENUMERATOR_REMOVED, severity, i, "%s",
                        molt_string(m->plan->before, entry->name));
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

static void run_flags(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uint64_t lost;
        uint64_t value = molt__number_bits(&op->forms[0], from);
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

/* ---- pointers and strings ------------------------------------------------------------------- */

/* `place` is where the pointer will stand. */
static uintptr_t relocate_to(MoltMigration *m, const MoltOp *op, uintptr_t value,
                             const unsigned char *place, uint64_t i)
{
    m->op = op;
    m->awaited.place = place;
    uintptr_t moved = molt__relocate(m, op, value, i);
    m->awaited.place = NULL;
    return moved;
}

/* The aim of the span that an address lies in, where the span holds what the operation's pointers are
 * declared to lead to. NULL: relocate.c finds out. */
static inline const MoltAim *find_aim(const MoltMigration *m, const MoltOp *op, uintptr_t value)
{
    const MoltHeap *heap = m->heap;
    uint64_t granule = (value - heap->base) >> MOLT__GRANULE_SHIFT;
    uint32_t slot = granule < heap->granule_count ? heap->granules[granule] : 0;
    return slot != 0 && m->aims[slot - 1].type == op->before ? &m->aims[slot - 1] : NULL;
}

static bool add_patch(MoltMigration *m, unsigned char *at, uintptr_t value)
{
    if (m->patch_count == m->patch_slots &&
        !molt__migration_grow(m, (void **)&m->patches, &m->patch_slots, m->patch_count, 1,
                              sizeof *m->patches))
        return false;
    m->patches[m->patch_count++] = (MoltPatch){at, value};
    return true;
}

enum { AHEAD = 16 };

static uint8_t *begin_numbers(MoltMigration *m, const Batch *b)
{
    uint8_t *numbers = molt__code_patches_begin(&m->code_patches, &m->allocator, b->source,
                                                b->source_stride, b->n);
    m->failed = m->failed || !numbers;
    return numbers;
}

/* Pointers of objects that stay. While nothing in the heap moves, only those into the library change, and
 * many of them are the same few functions. */
static void scan_pointer(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    if (op->external)
        return;
    bool library_only = op->pointee_ok && !m->moves && !m->edits;
    uintptr_t begin = library_only ? m->library_begin : 0;
    uintptr_t size = library_only ? m->library_size : UINTPTR_MAX;
    bool aimed = m->aims && op->pointee_ok && !op->external;
    bool short_batch = b->n < MOLT__CODE_BATCH_LEAST;
    unsigned char *from = b->source;
    uint8_t *numbers = NULL;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride) {
        uintptr_t value, moved;
        /* the state is larger than the caches */
        __builtin_prefetch((const void *)((uintptr_t)from + AHEAD * b->source_stride)); /* NOLINT */
        memcpy(&value, from, sizeof value);
        if (value == 0 || value - begin >= size)
            continue;
        const MoltAim *aim = aimed ? find_aim(m, op, value) : NULL;
        const MoltCodeEntry *known = aim ? NULL : molt__relocate_known(m, op, value);
        if (known && known->number != 0 && !short_batch) {
            if (!numbers && !(numbers = begin_numbers(m, b)))
                return;
            numbers[i] = known->number;
            m->code_patches.pointers++;
            continue;
        }
        if (!aim || !molt__aim(aim, value, &moved))
            moved = known ? known->after : relocate_to(m, op, value, from, i);
        if (moved != value && !add_patch(m, from, moved))
            return;
    }
}

static void run_pointer(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    if (m->mode == MOLT__RUN_STATE && m->scanning) {
        scan_pointer(m, op, b);
        return;
    }
    bool followed = m->mode == MOLT__RUN_STATE; /* in another one, who runs this follows, or has none */
    bool aimed = followed && m->aims && op->pointee_ok && !op->external;
    uint64_t changed = 0;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uintptr_t value, moved;
        memcpy(&value, from, sizeof value);
        const MoltAim *aim = aimed && value != 0 ? find_aim(m, op, value) : NULL;
        if (!aim || !molt__aim(aim, value, &moved))
            moved = followed && value != 0 ? relocate_to(m, op, value, to, i) : value;
        changed += moved != value;
        memcpy(to, &moved, sizeof moved);
    }
    m->report->pointers_changed += changed;
}

static void cut_text(MoltMigration *m, const MoltOp *op, const char *text, uint64_t length,
                     unsigned char *to, uint64_t i)
{
    uint64_t most = op->length > 0 ? op->length - 1 : 0;
    if (length > most) {
        int shown = length < 40 ? (int)length : 40;
        molt__tally(m, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, i, "\"%.*s\" (%llu > %llu)",
                    shown, text, (unsigned long long)length, (unsigned long long)most);
        length = most;
    }
    memcpy(to, text, length);
}

/* Bytes behind the text that do not fit: a char[N] may hold more than text. */
static void report_behind(MoltMigration *m, const MoltOp *op, const unsigned char *bytes,
                          uint64_t size, uint64_t i)
{
    for (uint64_t b = 0; b < size; b++) {
        if (bytes[b] == 0)
            continue;
        molt__tally(m, op, MOLT_RULE_ELEMENTS_DROPPED, MOLT_LOSS, i, "a byte of %u behind the text",
                    bytes[b]);
        return;
    }
}

static void run_string(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    uint64_t both = op->size < op->length ? op->size : op->length;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uint64_t length = molt__text_length((const char *)from, op->size);
        if (length >= op->length && op->size > op->length) {
            cut_text(m, op, (const char *)from, length, to, i);
            continue;
        }
        if (length == op->size && op->length > op->size)
            molt__attic_mark(m, op, i); /* it fills an array of that size only without its NUL */
        memcpy(to, from, both);         /* what stands behind the NUL comes along where it fits */
        report_behind(m, op, from + both, op->size - both, i);
    }
}

static void run_string_to_heap(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        const char *text = (const char *)from;
        uint64_t length = molt__text_length(text, op->size);
        if (m->mode == MOLT__RUN_DEFAULTS) {
            uint64_t sample = molt__leaf_text_sample(text, length);
            memcpy(to, &sample, sizeof sample);
            continue;
        }
        char *copy = molt__migration_string(m, text, length);
        memcpy(to, &copy, sizeof copy);
        report_behind(m, op, from + length, op->size - length, i);
        if (length == op->size)
            molt__attic_mark(m, op, i); /* it fills an array of that size only without its NUL */
    }
}

static void run_string_from_heap(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uintptr_t value;
        uint64_t length = 0;
        memcpy(&value, from, sizeof value);
        molt__attic_mark(m, op, i); /* the text is copied, what the pointer points at is not */
        if (value == 0)
            continue; /* NULL becomes "" */
        if (m->mode == MOLT__RUN_DEFAULTS) {
            m->value_refused = true;
            continue;
        }
        const char *text = molt__relocate_text(m, value, &length);
        if (text && length < op->length) /* all of it stands in the struct now */
            molt__made_take(m, value, NULL, 0);
        if (text)
            cut_text(m, op, text, length, to, i);
        else
            molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i, "a pointer to no text");
    }
}

/* ---- constants and drops -------------------------------------------------------------------- */

static void run_constant(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    const unsigned char *bytes = m->plan->after->tables.constants + op->constant;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, to += b->destination_stride) {
        if (op->code == MOLT__OP_CONSTANT) {
            memcpy(to, bytes, op->size);
        } else if (op->code == MOLT__OP_CONSTANT_BITS) {
            uint64_t value;
            memcpy(&value, bytes, sizeof value);
            molt__number_store(&op->forms[1], value, op->forms[1].class == MOLT__SIGNED, to);
        } else if (m->mode == MOLT__RUN_DEFAULTS) {
            uint64_t length = molt__text_length((const char *)bytes, op->size);
            uint64_t sample = molt__leaf_text_sample((const char *)bytes, length);
            memcpy(to, &sample, sizeof sample);
        } else {
            char *copy = molt__migration_string(m, (const char *)bytes,
                                                molt__text_length((const char *)bytes, op->size));
            memcpy(to, &copy, sizeof copy);
        }
    }
}

static bool is_default(const MoltMigration *m, const MoltOp *op, const unsigned char *from)
{
    const unsigned char *constants = m->plan->before->tables.constants;
    const unsigned char *beginning = molt__migrate_globals_beginning(m, from);
    if (beginning) { /* a variable that was set and goes: it would begin so again */
        bool number = op->code == MOLT__OP_DROP_NUMBER;
        return number ? molt__number_is_zero(&op->forms[0], from) &&
                            molt__number_is_zero(&op->forms[0], beginning)
                      : is_zero(from, op->size) && is_zero(beginning, op->size);
    }
    if (op->code == MOLT__OP_DROP_NUMBER) {
        if (op->constant == MOLT__NO_CONSTANT)
            return molt__number_is_zero(&op->forms[0], from);
        uint64_t value;
        memcpy(&value, constants + op->constant, sizeof value);
        return molt__number_bits(&op->forms[0], from) == value;
    }
    if (op->constant != MOLT__NO_CONSTANT)
        return memcmp(from, constants + op->constant, op->size) == 0;
    return is_zero(from, op->size);
}

/* Part of a variable that is what its library starts with, whatever the default of its field is. */
static bool is_untouched(const MoltMigration *m, const MoltOp *op, const unsigned char *from)
{
    bool bits = op->code == MOLT__OP_DROP_NUMBER && op->constant != MOLT__NO_CONSTANT;
    const unsigned char *initial =
        bits || op->code == MOLT__OP_DROP_BYTES ? molt__migrate_globals_initial(m, from) : NULL;
    if (!initial)
        return false;
    return bits
               ? molt__number_bits(&op->forms[0], from) == molt__number_bits(&op->forms[0], initial)
               : memcmp(from, initial, op->size) == 0;
}

/* A dropped value, and the elements of the field that go when its array is cut. */
static void describe_dropped(const MoltMigration *m, const MoltOp *op, const unsigned char *from,
                             char *text, size_t size)
{
    const MoltCheck *check = op->check == MOLT__NO_CHECK ? NULL : &m->plan->checks[op->check];
    if (op->code == MOLT__OP_DROP_NUMBER)
        molt__value_number(m, op->before, &op->forms[0], from, text, size);
    else
        molt__value_text(m, op->before, from, op->size, text, size);
    if (op->rule != MOLT_RULE_ELEMENTS_DROPPED || !check || check->before == MOLT__NO_FIELD ||
        check->after == MOLT__NO_FIELD)
        return;
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    const MoltField *field = &before->tables.fields[check->before];
    const MoltType *was = molt_type(before, field->type);
    const MoltType *is = molt_type(after, after->tables.fields[check->after].type);
    uint64_t kept = molt_kind_is_sequence(is->kind) ? is->length : 1;
    size_t used = strlen(text);
    if (!molt_kind_is_sequence(was->kind) || was->length <= kept)
        return;
    const char *name = molt_string(before, field->name);
    if (was->length - kept == 1)
        snprintf(text + used, size - used, " at %.24s[%llu]", name, (unsigned long long)kept);
    else
        snprintf(text + used, size - used, " among %.24s[%llu..%llu]", name,
                 (unsigned long long)kept, (unsigned long long)(was->length - 1));
}

/* A text that a migration made as the default of the field goes with the field. */
static void drop_made_text(MoltMigration *m, const MoltOp *op, const unsigned char *from)
{
    const char *text = (const char *)m->plan->before->tables.constants + op->values;
    uintptr_t value;
    memcpy(&value, from, sizeof value);
    molt__made_take(m, value, text, molt__text_length(text, op->length));
}

/* A dropped value whose default is zero, as most are, in objects of the heap. */
static bool drops_zeros(const MoltMigration *m, const MoltOp *op)
{
    return op->constant == MOLT__NO_CONSTANT && !op->keeps_default && !molt__migrate_globals_name(m) &&
           (op->code == MOLT__OP_DROP_BYTES || op->forms[0].width == 0);
}

/* The first element from `i` on with a value that is not zero. */
static uint64_t skip_zeros(const MoltOp *op, const Batch *b, uint64_t i)
{
    uint64_t size = op->code == MOLT__OP_DROP_BYTES ? op->size : op->forms[0].size;
    const unsigned char *from = b->source + i * b->source_stride;
    for (; i < b->n; i++, from += b->source_stride) {
        uint64_t value = 0;
        switch (size) { /* constant sizes become single loads */
        case 1: memcpy(&value, from, 1); break;
        case 2: memcpy(&value, from, 2); break;
        case 4: memcpy(&value, from, 4); break;
        case 8: memcpy(&value, from, 8); break;
        default: value = !is_zero(from, size); break;
        }
        if (value != 0)
            break;
    }
    return i;
}

static bool is_twin(const MoltOp *op, const unsigned char *from)
{
    uint64_t size = op->code == MOLT__OP_DROP_NUMBER ? op->forms[0].size : op->size;
    return op->twin != 0 && memcmp(from, from + op->twin, size) == 0;
}

static void run_drop(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    bool zeros = drops_zeros(m, op);
    bool refuses = op->rule == MOLT_RULE_KIND_CHANGED || op->rule == MOLT_RULE_SHAPE_CHANGED ||
                   op->rule == MOLT_RULE_UNION_CHANGED;
    for (uint64_t i = 0; i < b->n; i++) {
        i = zeros ? skip_zeros(op, b, i) : i;
        if (i == b->n)
            break;
        const unsigned char *from = b->source + i * b->source_stride;
        if (is_twin(op, from))
            continue;
        bool goes = is_default(m, op, from);
        if (goes || (!refuses && is_untouched(m, op, from))) {
            if (op->keeps_default || !goes) /* it would return as the default */
                molt__attic_mark(m, op, i);
            continue;
        }
        if (op->has_string)
            drop_made_text(m, op, from);
        char text[128] = "a value";
        if (molt__tally_wants_value(m, op, (MoltRule)op->rule))
            describe_dropped(m, op, from, text, sizeof text);
        molt__tally(m, op, (MoltRule)op->rule, refuses ? MOLT_REFUSE : MOLT_LOSS, i, "%s", text);
    }
}

/* ---- operations ----------------------------------------------------------------------------- */

static void run_loop(MoltMigration *m, const MoltOp *op, uint32_t body, const Batch *b)
{
    unsigned char *from = b->source, *to = b->destination;
    bool outermost = !m->in_loop;
    for (uint64_t i = 0; i < b->n; i++) {
        if (outermost) {
            m->in_loop = true;
            m->loop_index = m->run + i;
        }
        molt__execute(m, body, op->body, from, op->source_stride, to, op->destination_stride,
                      op->length);
        from += b->source_stride;
        to += b->destination_stride;
    }
    if (outermost)
        m->in_loop = false;
}

static const MoltOp *select_arm(const MoltMigration *m, uint32_t index, uint64_t value)
{
    const MoltOp *op = &m->plan->ops[index], *end = op + 1 + op->body;
    for (const MoltOp *arm = op + 1; arm < end; arm += 1 + arm->body) {
        if (arm->otherwise || arm->tag == value)
            return arm;
    }
    return NULL;
}

/* Objects whose tag has no arm: nobody follows what is a pointer in there. */
static void note_unselected(MoltMigration *m, const MoltOp *op, const Batch *b, uint64_t first,
                            uint64_t n)
{
    for (uint64_t i = first; i < first + n && !m->texts.partial; i++) {
        const unsigned char *bytes = b->source + i * b->source_stride + op->length;
        for (uint64_t k = 0; k < op->size; k++)
            m->texts.partial |= bytes[k] != 0;
    }
}

/* Neighbours of one arm go together: most states have few kinds in long runs. */
static void run_union(MoltMigration *m, uint32_t index, const Batch *b)
{
    const MoltOp *op = &m->plan->ops[index];
    uint64_t run = m->run;
    for (uint64_t i = 0, n; i < b->n && !m->failed; i += n) {
        const unsigned char *tag = b->source + i * b->source_stride + op->tag;
        uint64_t value = molt__number_bits(&op->forms[0], tag);
        for (n = 1; i + n < b->n; n++) {
            tag += b->source_stride;
            if (molt__number_bits(&op->forms[0], tag) != value)
                break;
        }
        const MoltOp *arm = select_arm(m, index, value);
        m->run = run + i;
        if (!arm || arm->otherwise)
            note_unselected(m, op, b, i, n);
        if (arm)
            molt__execute(m, (uint32_t)(arm - m->plan->ops) + 1, arm->body,
                          b->source + i * b->source_stride, b->source_stride,
                          b->destination + i * b->destination_stride, b->destination_stride, n);
    }
    m->run = run;
}

static void run_tag(const MoltOp *op, const Batch *b)
{
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, to += b->destination_stride)
        molt__number_store(&op->forms[1], op->tag, op->forms[1].class == MOLT__SIGNED, to);
}

static void run_refuse(MoltMigration *m, const MoltOp *op, const Batch *b)
{
    for (uint64_t i = 0; i < b->n; i++)
        molt__tally(m, op, (MoltRule)op->rule, MOLT_REFUSE, i, "%s",
                    op->constant ? molt_string(m->plan->before, op->constant) : "an object");
}

static void run_op(MoltMigration *m, uint32_t index, const Batch *b)
{
    const MoltOp *op = &m->plan->ops[index];
    bool leads = op->code == MOLT__OP_LOOP || op->code == MOLT__OP_UNION ||
                 op->code == MOLT__OP_BOX || op->code == MOLT__OP_EMBED;
    if (m->owned.surveying && !leads)
        return;
    uintptr_t outer = m->value_at;
    uint64_t outer_stride = m->value_stride;
    m->value_at = (uintptr_t)b->source + (op->code == MOLT__OP_EMBED ? op->tag : 0);
    m->value_stride = b->source_stride;
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY: copy_run(b, op->size); break;
    case MOLT__OP_NUMBER:
        m->op = op;
        op->kernel(op->forms, b->source, b->source_stride, b->destination, b->destination_stride,
                   b->n, convert_slow, m);
        break;
    case MOLT__OP_ENUM: run_enum(m, op, b); break;
    case MOLT__OP_FLAGS: run_flags(m, op, b); break;
    case MOLT__OP_POINTER: run_pointer(m, op, b); break;
    case MOLT__OP_STRING: run_string(m, op, b); break;
    case MOLT__OP_STRING_TO_HEAP: run_string_to_heap(m, op, b); break;
    case MOLT__OP_STRING_FROM_HEAP: run_string_from_heap(m, op, b); break;
    case MOLT__OP_LOOP: run_loop(m, op, index + 1, b); break;
    case MOLT__OP_CONSTANT:
    case MOLT__OP_CONSTANT_BITS:
    case MOLT__OP_CONSTANT_STRING: run_constant(m, op, b); break;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER: run_drop(m, op, b); break;
    case MOLT__OP_UNION: run_union(m, index, b); break;
    case MOLT__OP_ARM: break; /* its UNION or EMBED runs it */
    case MOLT__OP_BOX:
        if (m->mode == MOLT__RUN_STATE)
            molt__run_box(m, index, b->source, b->source_stride, b->destination,
                          b->destination_stride, b->n);
        break;
    case MOLT__OP_HOOK:
        molt__hook_note(m, op, b->source, b->source_stride, b->destination, b->destination_stride,
                        b->n);
        break;
    case MOLT__OP_EMBED:
        if (m->mode == MOLT__RUN_STATE)
            molt__run_embed(m, index, b->source, b->source_stride, b->destination,
                            b->destination_stride, b->n);
        break;
    case MOLT__OP_TAG: run_tag(op, b); break;
    case MOLT__OP_REFUSE: run_refuse(m, op, b); break;
    }
    m->value_at = outer;
    m->value_stride = outer_stride;
}

void molt__execute(MoltMigration *m, uint32_t first, uint32_t count, unsigned char *source,
                   uint64_t source_stride, unsigned char *destination, uint64_t destination_stride,
                   uint64_t n)
{
    for (uint32_t index = first; index < first + count && !m->failed; index++) {
        const MoltOp *op = &m->plan->ops[index];
        Batch batch = {source + op->source, source_stride, destination + op->destination,
                       destination_stride, n};
        run_op(m, index, &batch);
        index += op->body;
    }
}

void molt__execute_value(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                         unsigned char *destination)
{
    /* operations only read their sources; scans, whose source is the destination, are not run here */
    Batch batch = {(unsigned char *)source, 0, destination, 0, 1};
    run_op(m, (uint32_t)(op - m->plan->ops), &batch);
}
