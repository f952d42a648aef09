#include "execute_parts.h"

#include <stdio.h>
#include <string.h>

#include "value_text.h"

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

static void describe_dropped(const MoltMigration *m, const MoltOp *op, const unsigned char *from,
                             char *text, size_t size)
{
    if (op->code == MOLT__OP_DROP_NUMBER)
        molt__value_number(m, op->before, &op->forms[0], from, text, size);
    else
        molt__value_text(m, op->before, from, op->size, text, size);
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

/* Sets the bits of the values that are not zero. */
static void find_set(const MoltOp *op, const MoltBatch *b, uint64_t *set)
{
    uint64_t size = op->code == MOLT__OP_DROP_BYTES ? op->size : op->forms[0].size;
    const unsigned char *from = b->source;
    for (uint64_t i = 0; i < b->n; i++, from += b->source_stride) {
        uint64_t value = 0;
        switch (size) { /* constant sizes become single loads */
        case 1: memcpy(&value, from, 1); break;
        case 2: memcpy(&value, from, 2); break;
        case 4: memcpy(&value, from, 4); break;
        case 8: memcpy(&value, from, 8); break;
        default: /* a long double has bytes that belong to no value */
            value = op->code == MOLT__OP_DROP_NUMBER ? !molt__number_is_zero(&op->forms[0], from)
                                                     : !is_zero(from, size);
            break;
        }
        set[i / 64] |= (uint64_t)(value != 0) << (i % 64);
    }
}

static bool is_twin(const MoltOp *op, const unsigned char *from)
{
    uint64_t size = op->code == MOLT__OP_DROP_NUMBER ? op->forms[0].size : op->size;
    return op->twin != 0 && memcmp(from, from + op->twin, size) == 0;
}

static void run_one(MoltMigration *m, const MoltOp *op, const MoltBatch *b, uint64_t i)
{
    bool refuses = op->rule == MOLT_RULE_KIND_CHANGED || op->rule == MOLT_RULE_SHAPE_CHANGED ||
                   op->rule == MOLT_RULE_UNION_CHANGED;
    const unsigned char *from = b->source + i * b->source_stride;
    if (is_twin(op, from))
        return;
    bool goes = is_default(m, op, from);
    if (goes || (!refuses && is_untouched(m, op, from))) {
        if (op->keeps_default || !goes) /* it would return as the default */
            molt__attic_mark(m, op, i);
        return;
    }
    if (op->has_string)
        drop_made_text(m, op, from);
    char text[128] = "a value";
    if (molt__tally_wants_value(m, op, (MoltRule)op->rule))
        describe_dropped(m, op, from, text, sizeof text);
    molt__tally(m, op, (MoltRule)op->rule, refuses ? MOLT_REFUSE : MOLT_LOSS, i, "%s", text);
}

void molt__run_drop_set(MoltMigration *m, const MoltOp *op, const MoltBatch *b, const uint64_t *set)
{
    bool alike = op->twin == 0 && !op->has_string; /* nothing more is to be asked of any of them */
    for (uint64_t at = 0; at < b->n; at += 64) {
        for (uint64_t bits = set[at / 64]; bits != 0; bits &= bits - 1) {
            if (alike && molt__tally_all(m, op, (MoltRule)op->rule, at, bits))
                break;
            run_one(m, op, b, at + (uint64_t)__builtin_ctzll(bits));
        }
    }
}

void molt__run_drop(MoltMigration *m, const MoltOp *op, const MoltBatch *b)
{
    uint64_t set[MOLT__BATCH / 64] = {0};
    if (drops_zeros(m, op) && b->n <= MOLT__BATCH) {
        find_set(op, b, set);
        molt__run_drop_set(m, op, b, set);
        return;
    }
    for (uint64_t i = 0; i < b->n; i++)
        run_one(m, op, b, i);
}
