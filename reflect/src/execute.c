#include <stdio.h>
#include <string.h>

#include "execute_parts.h"
#include "number_text.h"
#include "strided_copy.h"

static void copy_run(const MoltBatch *b, uint64_t size)
{
    molt__strided_copy(b->destination, b->destination_stride, b->source, b->source_stride, size,
                       b->n);
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
    if (loss == MOLT__EXACT && molt__number_is_odd_bool(&op->forms[0], source))
        loss = MOLT__COLLAPSED;
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
    m->awaited.place = destination;
    molt__tally(m, op, rule, MOLT_LOSS, i, "%s", text);
    m->awaited.place = NULL;
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

/* The objects wait where no code sees them, while what they point at may go: the attic knows of that, so it
 * has their pointers meanwhile. */
static void set_aside(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    unsigned char *from = b->source, *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uintptr_t value;
        memcpy(&value, from, sizeof value);
        if (value == 0)
            continue;
        molt__attic_mark(m, op, i);
        if (m->scanning && !add_patch(m, from, 0))
            return;
    }
}

enum { AHEAD = 16 };

static uint8_t *begin_numbers(MoltMigration *m, const MoltBatch *b)
{
    uint8_t *numbers = molt__code_patches_begin(&m->code_patches, &m->allocator, b->source,
                                                b->source_stride, b->n);
    m->failed = m->failed || !numbers;
    return numbers;
}

/* Pointers of objects that stay. While nothing in the heap moves, only those into the library change, and
 * many of them are the same few functions. */
static void scan_pointer(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    if (op->external || molt__stays_apart(m, op))
        return;
    bool library_only = op->pointee_ok && !m->moves && !m->edits && !m->texts.stand_ins;
    uintptr_t begin = library_only ? m->library_begin : 0;
    uintptr_t size = library_only ? m->library_size : UINTPTR_MAX;
    bool aimed = m->aims && op->pointee_ok && !op->external;
    bool short_batch = b->n < MOLT__CODE_BATCH_LEAST;
    unsigned char *from = b->source;
    const uint64_t n = b->n, stride = b->source_stride;
    uint64_t alike = 0;
    uint8_t *numbers = NULL, last_number = 0;
    uintptr_t last = 0; /* a pointer that has a number: neighbours are often alike */
    for (uint64_t i = 0; i < n; i++, from += stride) {
        uintptr_t value, moved;
        /* the state is larger than the caches */
        __builtin_prefetch((const void *)((uintptr_t)from + AHEAD * stride)); /* NOLINT */
        memcpy(&value, from, sizeof value);
        if (value == 0 || value - begin >= size)
            continue;
        if (value == last) {
            numbers[i] = last_number;
            alike++;
            continue;
        }
        const MoltAim *aim = aimed ? find_aim(m, op, value) : NULL;
        const MoltCodeEntry *known = aim ? NULL : molt__relocate_known(m, op, value);
        if (known && known->number != 0 && !short_batch) {
            if (!numbers && !(numbers = begin_numbers(m, b)))
                return;
            numbers[i] = last_number = known->number;
            last = value;
            alike++;
            continue;
        }
        if (!aim || !molt__aim(aim, value, &moved))
            moved = known ? known->after : relocate_to(m, op, value, from, i);
        if (moved != value && !add_patch(m, from, moved))
            return;
    }
    m->code_patches.pointers += alike;
}

static void run_pointer(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    if (m->mode == MOLT__RUN_STATE && m->keeping && !op->external) {
        set_aside(m, op, b);
        return;
    }
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
        m->awaited.place = to;
        molt__tally(m, op, MOLT_RULE_STRING_TRUNCATED, MOLT_LOSS, i, "\"%.*s\" (%llu > %llu)",
                    shown, text, (unsigned long long)length, (unsigned long long)most);
        m->awaited.place = NULL;
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

static void run_string(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
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

static void run_string_to_heap(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
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

/* In a struct that becomes a block of its own, or stops being one, nothing is kept: undoing it copies. */
static void report_apart(MoltMigration *m, const MoltOp *op, const char *text, uint64_t length,
                         uint64_t i)
{
    if (!m->apart || m->plan->policy != MOLT_POLICY_LIVE)
        return;
    int shown = length < 40 ? (int)length : 40;
    if (text)
        molt__tally(m, op, MOLT_RULE_STRING_CONVERTED, MOLT_LOSS, i, "a pointer to \"%.*s\"", shown,
                    text);
    else
        molt__tally(m, op, MOLT_RULE_STRING_CONVERTED, MOLT_LOSS, i, "NULL, which is \"\" now,");
}

/* The copy that an edit made of an array without a NUL fits it all the same, where no attic has the array. */
static bool fills_again(const MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t length)
{
    MoltPlace place;
    if (length != op->length || !m->plan->undoes || m->plan->policy == MOLT_POLICY_LIVE)
        return false;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    return place.kind == MOLT_PLACE_BLOCK && (uintptr_t)place.block.start == value &&
           molt__made_is(&m->heap->spans[place.block.span], place.block.index);
}

static void run_string_from_heap(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    const unsigned char *from = b->source;
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride, to += b->destination_stride) {
        uintptr_t value;
        uint64_t length = 0;
        memcpy(&value, from, sizeof value);
        molt__attic_mark(m, op, i); /* the text is copied, what the pointer points at is not */
        if (value == 0) {
            report_apart(m, op, NULL, 0, i);
            continue; /* NULL becomes "" */
        }
        if (m->mode == MOLT__RUN_DEFAULTS) {
            m->value_refused = true;
            continue;
        }
        const char *text = molt__relocate_text(m, value, &length);
        if (text)
            report_apart(m, op, text, length, i);
        if (text && fills_again(m, op, value, length)) {
            memcpy(to, text, length);
            molt__made_take(m, value, NULL, 0);
            continue;
        }
        if (text && length < op->length) /* all of it stands in the struct now */
            molt__made_take(m, value, NULL, 0);
        if (text)
            cut_text(m, op, text, length, to, i);
        else
            molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i, "a pointer to no text");
    }
}

/* ---- constants ------------------------------------------------------------------------------ */

static void run_constant(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
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

/* ---- operations ----------------------------------------------------------------------------- */

static void run_loop(MoltMigration *m, const MoltOp *op, uint32_t body, const MoltBatch *b)
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
static void note_unselected(MoltMigration *m, const MoltOp *op, const MoltBatch *b, uint64_t first,
                            uint64_t n)
{
    for (uint64_t i = first; i < first + n && !m->texts.partial; i++) {
        const unsigned char *bytes = b->source + i * b->source_stride + op->length;
        for (uint64_t k = 0; k < op->size; k++)
            m->texts.partial |= bytes[k] != 0;
    }
}

/* Neighbours of one arm go together: most states have few kinds in long runs. */
static void run_union(MoltMigration *m, uint32_t index, const MoltBatch *b)
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

static void run_tag(const MoltOp *op, const MoltBatch *b)
{
    unsigned char *to = b->destination;
    for (uint64_t i = 0; i < b->n; i++, to += b->destination_stride)
        molt__number_store(&op->forms[1], op->tag, op->forms[1].class == MOLT__SIGNED, to);
}

static void run_refuse(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    for (uint64_t i = 0; i < b->n; i++)
        molt__tally(m, op, (MoltRule)op->rule, MOLT_REFUSE, i, "%s",
                    op->constant ? molt_string(m->plan->before, op->constant) : "an object");
}

static void run_op(MoltMigration *m, uint32_t index, const MoltBatch *b)
{
    const MoltOp *op = &m->plan->ops[index];
    bool leads = op->code == MOLT__OP_LOOP || op->code == MOLT__OP_UNION ||
                 op->code == MOLT__OP_BOX || op->code == MOLT__OP_EMBED;
    if (m->owned.surveying && !leads)
        return;
    if (op->keeps)
        molt__attic_mark_waited(m, op, b->n);
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
        if (op->named_only)
            molt__keep_unnamed(m, op, b);
        break;
    case MOLT__OP_ENUM: molt__run_enum(m, op, b); break;
    case MOLT__OP_FLAGS: molt__run_flags(m, op, b); break;
    case MOLT__OP_POINTER: run_pointer(m, op, b); break;
    case MOLT__OP_STRING: run_string(m, op, b); break;
    case MOLT__OP_STRING_TO_HEAP: run_string_to_heap(m, op, b); break;
    case MOLT__OP_STRING_FROM_HEAP: run_string_from_heap(m, op, b); break;
    case MOLT__OP_LOOP: run_loop(m, op, index + 1, b); break;
    case MOLT__OP_CONSTANT:
    case MOLT__OP_CONSTANT_BITS:
    case MOLT__OP_CONSTANT_STRING: run_constant(m, op, b); break;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER: molt__run_drop(m, op, b); break;
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
        MoltBatch batch = {source + op->source, source_stride, destination + op->destination,
                       destination_stride, n};
        run_op(m, index, &batch);
        index += op->body;
    }
}

void molt__execute_drop_set(MoltMigration *m, uint32_t index, unsigned char *source,
                            uint64_t source_stride, uint64_t n, const uint64_t *set)
{
    const MoltOp *op = &m->plan->ops[index];
    const MoltBatch batch = {source + op->source, source_stride, NULL, 0, n};
    uintptr_t outer = m->value_at;
    uint64_t outer_stride = m->value_stride;
    m->value_at = (uintptr_t)batch.source;
    m->value_stride = source_stride;
    molt__run_drop_set(m, op, &batch, set);
    m->value_at = outer;
    m->value_stride = outer_stride;
}

void molt__execute_value(MoltMigration *m, const MoltOp *op, const unsigned char *source,
                         unsigned char *destination)
{
    /* operations only read their sources; scans, whose source is the destination, are not run here */
    MoltBatch batch = {(unsigned char *)source, 0, destination, 0, 1};
    run_op(m, (uint32_t)(op - m->plan->ops), &batch);
}
