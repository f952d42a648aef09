#include "converter_rest.h"

#include <string.h>

#include "converter_text.h"

/* ---- what operations write -------------------------------------------------------------------- */

/* Objects up to this size are gone through byte by byte. */
enum { SIZE_MAX_KNOWN = 1 << 16 };

typedef bool Visit(void *context, uint64_t offset, uint64_t size);

static uint64_t written_size(const MoltOp *op)
{
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY:
    case MOLT__OP_CONSTANT: return op->size;
    case MOLT__OP_NUMBER: return op->forms[1].size;
    case MOLT__OP_POINTER: return sizeof(uintptr_t);
    default: return 0; /* what converters stand for writes nothing else */
    }
}

static bool write_any(const MoltPlan *plan, uint32_t first, uint32_t count)
{
    for (uint32_t index = first; index < first + count; index++) {
        if (written_size(&plan->ops[index]) > 0)
            return true;
    }
    return false;
}

/* The bytes of each operation, loops element by element; their depth is that of types. False when a visit
 * ended it. */
static bool visit_written(const MoltPlan *plan, uint32_t first, uint32_t count, uint64_t base,
                          Visit *visit, void *context)
{
    for (uint32_t index = first; index < first + count; index += 1 + plan->ops[index].body) {
        const MoltOp *op = &plan->ops[index];
        uint64_t at = base + op->destination, size = written_size(op);
        if (size > 0 && !visit(context, at, size))
            return false;
        bool loops = op->code == MOLT__OP_LOOP && write_any(plan, index + 1, op->body);
        for (uint64_t i = 0; loops && i < op->length; i++) {
            if (!visit_written(plan, index + 1, op->body, at + i * op->destination_stride, visit,
                               context))
                return false;
        }
    }
    return true;
}

static bool clear_bytes(void *context, uint64_t offset, uint64_t size)
{
    memset((unsigned char *)context + offset, 0, size);
    return true;
}

void molt__converter_clear(const MoltPlan *plan, uint32_t index, unsigned char *destination)
{
    visit_written(plan, index, 1 + plan->ops[index].body, 0, clear_bytes, destination);
}

/* ---- holes ------------------------------------------------------------------------------------ */

typedef struct Cover {
    uint64_t size;
    uint8_t bytes[SIZE_MAX_KNOWN / 8]; /* one bit for each byte */
} Cover;

static bool is_covered(const Cover *cover, uint64_t at)
{
    return ((unsigned)cover->bytes[at / 8] >> (at % 8) & 1u) != 0;
}

/* False where two operations write a byte: then their order matters, which values left for later upset. */
static bool cover_bytes(void *context, uint64_t offset, uint64_t size)
{
    Cover *cover = context;
    for (uint64_t at = offset; at < offset + size; at++) {
        if (at >= cover->size || is_covered(cover, at))
            return false;
        cover->bytes[at / 8] |= (uint8_t)(1u << (at % 8));
    }
    return true;
}

static bool list_holes(const Cover *cover, MoltConverterRest *rest)
{
    for (uint64_t at = 0; at < cover->size; at++) {
        if (is_covered(cover, at))
            continue;
        uint32_t last = rest->hole_count - 1;
        if (rest->hole_count > 0 && rest->holes[last].offset + rest->holes[last].size == at) {
            rest->holes[last].size++;
            continue;
        }
        if (rest->hole_count == MOLT__HOLES_MAX)
            return false;
        rest->holes[rest->hole_count].offset = (uint32_t)at;
        rest->holes[rest->hole_count++].size = 1;
    }
    return true;
}

static bool find_holes(const MoltPlan *plan, const MoltTypePlan *type, MoltConverterRest *rest)
{
    Cover cover = {.size = molt_type(plan->after, type->after)->size};
    uint32_t index = type->first_op, end = type->first_op + type->op_count;
    if (cover.size > SIZE_MAX_KNOWN)
        return false;
    while (index < end) {
        uint32_t span = molt__converter_span(plan, index, end);
        if (span > 0 && !visit_written(plan, index, span, 0, cover_bytes, &cover))
            return false;
        index += span > 0 ? span : 1 + plan->ops[index].body;
    }
    return list_holes(&cover, rest);
}

/* ---- integers --------------------------------------------------------------------------------- */

/* Lists those of a value at `offset`, of the same kinds as stale_integer.c; false when they are too many.
 * Recurses over what types hold by value. */
static bool list_integers(const MoltSchema *schema, MoltTypeId id, uint64_t offset,
                          MoltConverterRest *rest)
{
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_INT && type->size == sizeof(uintptr_t)) {
        if (rest->integer_count == MOLT__INTEGERS_MAX)
            return false;
        rest->integers[rest->integer_count++] = offset;
    } else if (type->kind == MOLT_KIND_ARRAY) {
        uint64_t size = molt_type(schema, type->elem)->size;
        for (uint64_t i = 0; i < type->length; i++) {
            uint32_t before = rest->integer_count;
            if (!list_integers(schema, type->elem, offset + i * size, rest))
                return false;
            if (rest->integer_count == before)
                break; /* there are none in it */
        }
    } else if (type->kind == MOLT_KIND_STRUCT) {
        for (uint32_t f = type->first; f < type->first + type->count; f++) {
            const MoltField *field = &schema->tables.fields[f];
            if ((field->flags & (MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT)) == 0 &&
                !list_integers(schema, field->type, offset + field->bit_offset / 8, rest))
                return false;
        }
    }
    return true;
}

void molt__converter_rest(const MoltPlan *plan, MoltTypeId id, MoltConverterRest *out)
{
    const MoltTypePlan *type = &plan->types[id];
    *out = (MoltConverterRest){.fills = false};
    if (type->op_count == 0 || molt_schema_tail(plan->before, id) ||
        molt_schema_tail(plan->after, type->after) ||
        molt__converter_span(plan, type->first_op, type->first_op + type->op_count) == 0)
        return;
    out->fills = find_holes(plan, type, out);
    if (!out->fills)
        out->hole_count = 0;
    out->looks = list_integers(plan->before, id, 0, out);
    if (!out->looks)
        out->integer_count = 0;
}
