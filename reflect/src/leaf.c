#include "leaf.h"

#include <string.h>
#include <xxhash.h>

#include "migration.h"

/* ---- the leaves of a type ------------------------------------------------------------------- */

typedef struct Walk {
    const MoltSchema *schema;
    MoltLeafVisit *visit;
    void *context;
} Walk;

/* Values of one type at the same place of `count` elements that are `stride` apart. */
typedef struct Place {
    uint64_t at, stride, count;
} Place;

static bool walk_type(const Walk *walk, MoltTypeId id, Place place, bool external);

/* long double of x87 has six bytes that mean nothing. */
static uint64_t number_size(bool is_float, uint64_t size)
{
    return is_float && size == 16 ? 10 : size;
}

static MoltLeaf scalar_leaf(const MoltSchema *schema, MoltTypeId id, Place place, bool external)
{
    const MoltType *type = molt_type(schema, id);
    MoltLeaf leaf = {.at = place.at,
                     .stride = place.stride,
                     .count = place.count,
                     .size = number_size(type->kind == MOLT_KIND_FLOAT, type->size),
                     .kind = MOLT__LEAF_BYTES,
                     .type = id};
    if (type->kind == MOLT_KIND_POINTER && !external)
        leaf.kind =
            molt__plan_is_char_pointer(schema, type) ? MOLT__LEAF_STRING : MOLT__LEAF_POINTER;
    return leaf;
}

static bool holds_others(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || molt_kind_is_sequence(type->kind);
}

static bool walk_array(const Walk *walk, MoltTypeId id, Place place, bool external)
{
    const MoltType *type = molt_type(walk->schema, id), *elem = molt_type(walk->schema, type->elem);
    if (type->length == 0)
        return true;
    if (type->kind == MOLT_KIND_ARRAY && (elem->flags & MOLT_TYPE_CHAR) != 0) {
        MoltLeaf leaf = {place.at, place.stride, place.count, type->size, MOLT__LEAF_TEXT, 0, 0,
                         id};
        return walk->visit(walk->context, &leaf);
    }
    /* a run has one stride: of arrays in arrays the outer ones are taken element by element */
    bool single = place.count == 1;
    for (uint64_t e = 0; e < place.count; e++) {
        Place inner = {place.at + e * place.stride, elem->size, type->length};
        if (molt_kind_is_sequence(elem->kind) && elem->kind != MOLT_KIND_ATOMIC) {
            for (uint64_t i = 0; i < type->length; i++) {
                Place row = {inner.at + i * elem->size, 0, 1};
                if (!walk_type(walk, type->elem, row, external))
                    return false;
            }
        } else if (!walk_type(walk, type->elem, inner, external)) {
            return false;
        }
        if (single)
            break;
    }
    return true;
}

static bool walk_struct(const Walk *walk, MoltTypeId id, Place place)
{
    const MoltType *type = molt_type(walk->schema, id);
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltField *field = &walk->schema->tables.fields[type->first + f];
        Place inner = {place.at + field->bit_offset / 8, place.stride, place.count};
        if (field->flags & MOLT_FIELD_BITS) {
            uint8_t shift = (uint8_t)(field->bit_offset % 8), width = (uint8_t)field->bit_width;
            MoltLeaf leaf = {inner.at,        inner.stride, inner.count, (shift + width + 7u) / 8,
                             MOLT__LEAF_BITS, shift,        width,       field->type};
            if (!walk->visit(walk->context, &leaf))
                return false;
        } else if (!walk_type(walk, field->type, inner,
                              (field->flags & MOLT_FIELD_EXTERNAL) != 0)) {
            return false;
        }
    }
    return true;
}

static bool walk_type(const Walk *walk, MoltTypeId id, Place place, bool external)
{
    const MoltType *type = molt_type(walk->schema, id);
    if (type->kind == MOLT_KIND_ATOMIC)
        return walk_type(walk, type->elem, place, external);
    if (molt_kind_is_sequence(type->kind))
        return walk_array(walk, id, place, external);
    if (type->kind == MOLT_KIND_STRUCT)
        return walk_struct(walk, id, place);
    if (type->size == 0)
        return true;
    MoltLeaf leaf = scalar_leaf(walk->schema, id, place, external);
    return walk->visit(walk->context, &leaf);
}

bool molt__leaf_walk(const MoltSchema *schema, MoltTypeId type, MoltLeafVisit *visit, void *context)
{
    Walk walk = {schema, visit, context};
    return walk_type(&walk, type, (Place){0, 0, 1}, false);
}

MoltLeaf molt__leaf_from(const MoltLeaf *leaf, uint64_t skip)
{
    MoltLeaf rest = *leaf;
    rest.at += skip * leaf->stride;
    rest.count -= skip;
    return rest;
}

void molt__leaf_field(const MoltSchema *schema, MoltTypeId type, const MoltLeaf *leaf,
                      MoltTypeId *owner, uint32_t *field)
{
    uint64_t at = leaf->at;
    *owner = type;
    *field = MOLT__NO_FIELD;
    for (const MoltType *t = molt_type(schema, type); holds_others(t);
         t = molt_type(schema, type)) {
        if (molt_kind_is_sequence(t->kind)) {
            uint64_t size = molt_type(schema, t->elem)->size;
            at = size > 0 ? at % size : 0;
            type = t->elem;
            continue;
        }
        uint32_t found = MOLT__NO_FIELD;
        for (uint32_t f = t->first; f < t->first + t->count; f++) {
            const MoltField *item = &schema->tables.fields[f];
            uint64_t start = item->bit_offset / 8;
            bool bits = (item->flags & MOLT_FIELD_BITS) != 0;
            if (bits ? leaf->kind == MOLT__LEAF_BITS && start == at &&
                           item->bit_offset % 8 == leaf->shift
                     : at >= start && at < start + molt_type(schema, item->type)->size)
                found = f;
        }
        if (found == MOLT__NO_FIELD)
            return;
        *owner = type;
        *field = found;
        at -= schema->tables.fields[found].bit_offset / 8;
        type = schema->tables.fields[found].type;
    }
}

/* ---- the way through a plan ----------------------------------------------------------------- */

static bool has_form(const MoltLeaf *leaf, const MoltNumberForm *form)
{
    if (form->width > 0)
        return leaf->kind == MOLT__LEAF_BITS && leaf->shift == form->shift &&
               leaf->width == form->width;
    return leaf->kind == MOLT__LEAF_BYTES &&
           leaf->size == number_size(form->class == MOLT__FLOAT, form->size);
}

static bool is_pointer(const MoltLeaf *leaf)
{
    return leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
}

/* The operation reads (BEFORE) or writes (AFTER) the leaf at `at`. */
static bool touches(const MoltOp *op, MoltSide side, const MoltLeaf *leaf, uint64_t at)
{
    bool before = side == MOLT__BEFORE;
    uint64_t start = before ? op->source : op->destination;
    bool within = at >= start && at + leaf->size <= start + op->size;
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY: return within;
    case MOLT__OP_NUMBER:
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS: return at == start && has_form(leaf, &op->forms[side]);
    case MOLT__OP_POINTER:
        return at == start && (is_pointer(leaf) || leaf->size == sizeof(uintptr_t));
    case MOLT__OP_STRING:
        return at == start && leaf->kind == MOLT__LEAF_TEXT &&
               leaf->size == (before ? op->size : op->length);
    case MOLT__OP_STRING_TO_HEAP:
        return at == start && (before ? leaf->kind == MOLT__LEAF_TEXT : is_pointer(leaf));
    case MOLT__OP_STRING_FROM_HEAP:
        return at == start && (before ? is_pointer(leaf) : leaf->kind == MOLT__LEAF_TEXT);
    case MOLT__OP_LOOP:
    case MOLT__OP_UNION:
    case MOLT__OP_ARM:
    case MOLT__OP_BOX:
    case MOLT__OP_EMBED:
    case MOLT__OP_HOOK:
    case MOLT__OP_REFUSE: return false;
    case MOLT__OP_CONSTANT: return !before && within;
    case MOLT__OP_TAG:
    case MOLT__OP_CONSTANT_BITS: return !before && at == start && has_form(leaf, &op->forms[1]);
    case MOLT__OP_CONSTANT_STRING: return !before && at == start;
    case MOLT__OP_DROP_BYTES: return before && within;
    case MOLT__OP_DROP_NUMBER: return before && at == start && has_form(leaf, &op->forms[0]);
    }
    return false;
}

/* One value on the other side of an operation, at the place that the operation itself says. */
static MoltLeaf other_leaf(const MoltPlan *plan, const MoltOp *op, MoltSide side,
                           const MoltLeaf *leaf, uint64_t at)
{
    bool before = side == MOLT__BEFORE;
    const MoltSchema *schema = before ? plan->after : plan->before;
    MoltLeaf other = {.at = before ? op->destination : op->source,
                      .count = 1,
                      .size = sizeof(uintptr_t),
                      .type = MOLT_NO_TYPE};
    const MoltNumberForm *form = &op->forms[before ? 1 : 0];
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_NUMBER:
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS:
        other.size = number_size(form->class == MOLT__FLOAT, form->size);
        if (form->width > 0) {
            other.kind = MOLT__LEAF_BITS;
            other.shift = (uint8_t)form->shift;
            other.width = (uint8_t)form->width;
            other.size = (form->shift + form->width + 7) / 8;
        }
        break;
    case MOLT__OP_POINTER:
        if (!op->external)
            other.kind = molt_type(schema, before ? op->after : op->before)->flags & MOLT_TYPE_CHAR
                             ? MOLT__LEAF_STRING
                             : MOLT__LEAF_POINTER;
        break;
    case MOLT__OP_STRING:
        other.kind = MOLT__LEAF_TEXT;
        other.size = before ? op->length : op->size;
        break;
    case MOLT__OP_STRING_TO_HEAP:
        other.kind = before ? MOLT__LEAF_STRING : MOLT__LEAF_TEXT;
        other.size = before ? sizeof(uintptr_t) : op->size;
        break;
    case MOLT__OP_STRING_FROM_HEAP:
        other.kind = before ? MOLT__LEAF_TEXT : MOLT__LEAF_STRING;
        other.size = before ? op->length : sizeof(uintptr_t);
        break;
    default: /* bytes that are copied are the same leaf elsewhere */
        other = *leaf;
        other.at =
            before ? op->destination + (at - op->source) : op->source + (at - op->destination);
        other.count = 1;
        break;
    }
    return other;
}

static bool is_placed(const MoltOp *op)
{
    return op->code != MOLT__OP_CONSTANT && op->code != MOLT__OP_CONSTANT_BITS &&
           op->code != MOLT__OP_CONSTANT_STRING && op->code != MOLT__OP_TAG &&
           op->code != MOLT__OP_DROP_BYTES && op->code != MOLT__OP_DROP_NUMBER;
}

/* Elements of a run that lie in the same range of bytes as the first one. */
static uint64_t within_bytes(const MoltOp *op, MoltSide side, const MoltLeaf *leaf, uint64_t at)
{
    bool range = op->code == MOLT__OP_COPY || op->code == MOLT__OP_DROP_BYTES ||
                 op->code == MOLT__OP_CONSTANT;
    if (!range || leaf->count == 1 || leaf->stride == 0)
        return 1;
    uint64_t end = (side == MOLT__BEFORE ? op->source : op->destination) + op->size;
    uint64_t count = (end - at - leaf->size) / leaf->stride + 1;
    return count < leaf->count ? count : leaf->count;
}

static bool find_route(const MoltPlan *plan, uint32_t first, uint32_t count, MoltSide side,
                       const MoltLeaf *leaf, uint64_t at, MoltRoute *out);

static bool find_in_loop(const MoltPlan *plan, uint32_t index, MoltSide side, const MoltLeaf *leaf,
                         uint64_t at, MoltRoute *out)
{
    const MoltOp *op = &plan->ops[index];
    bool before = side == MOLT__BEFORE;
    uint64_t start = before ? op->source : op->destination;
    uint64_t stride = before ? op->source_stride : op->destination_stride;
    uint64_t far_start = before ? op->destination : op->source;
    uint64_t far_stride = before ? op->destination_stride : op->source_stride;
    if (stride == 0 || at < start || at - start >= op->length * stride)
        return false;
    uint64_t i = (at - start) / stride;
    if (!find_route(plan, index + 1, op->body, side, leaf, at - start - i * stride, out))
        return false;
    out->leaf.at += far_start + i * far_stride;
    if (stride == leaf->stride && leaf->count > 1) {
        uint64_t rest = op->length - i;
        out->count = rest < leaf->count ? rest : leaf->count;
        out->leaf.stride = far_stride;
    }
    return true;
}

static bool find_route(const MoltPlan *plan, uint32_t first, uint32_t count, MoltSide side,
                       const MoltLeaf *leaf, uint64_t at, MoltRoute *out)
{
    for (uint32_t index = first; index < first + count; index++) {
        const MoltOp *op = &plan->ops[index];
        if (op->code == MOLT__OP_LOOP) {
            if (find_in_loop(plan, index, side, leaf, at, out))
                return true;
            index += op->body;
        } else if (op->body > 0) {
            index += op->body; /* of other blocks, or of arms that not every object has */
        } else if (touches(op, side, leaf, at)) {
            out->op = op;
            out->placed = is_placed(op);
            out->leaf = out->placed ? other_leaf(plan, op, side, leaf, at) : (MoltLeaf){0};
            out->leaf.stride = leaf->stride;
            out->count = within_bytes(op, side, leaf, at);
            return true;
        }
    }
    return false;
}

MoltTypeId molt__leaf_root(const MoltSchema *schema, MoltTypeId type, bool tail)
{
    const MoltField *field = tail ? molt_schema_tail(schema, type) : NULL;
    return field ? molt_type(schema, field->type)->elem : type;
}

bool molt__leaf_route(const MoltPlan *plan, MoltTypeId before, bool tail, MoltSide side,
                      const MoltLeaf *leaf, MoltRoute *out)
{
    const MoltTypePlan *type = &plan->types[before];
    *out = (MoltRoute){.count = 1};
    if (type->fate == MOLT_FATE_GONE)
        return false;
    if (type->fate == MOLT_FATE_SAME) {
        *out = (MoltRoute){.placed = true, .leaf = *leaf, .count = leaf->count};
        return true;
    }
    if (!find_route(plan, tail ? type->first_tail : type->first_op,
                    tail ? type->tail_count : type->op_count, side, leaf, leaf->at, out)) {
        out->count = leaf->count; /* operations on an array begin with its first element */
        return false;
    }
    out->leaf.count = out->count;
    return true;
}

/* ---- values --------------------------------------------------------------------------------- */

uint64_t molt__leaf_sample_size(const MoltLeaf *leaf)
{
    return is_pointer(leaf) ? sizeof(uint64_t) : leaf->size;
}

uint64_t molt__leaf_text_sample(const char *text, uint64_t length)
{
    return XXH3_64bits(text, length) | 1; /* 0 is NULL */
}

/* Texts outside of the heap are known by their address: nothing here may read them. */
static uint64_t string_sample(const MoltHeap *heap, const unsigned char *value)
{
    uintptr_t address;
    MoltPlace place;
    memcpy(&address, value, sizeof address);
    molt_heap_locate(heap, (const void *)address, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK || molt_type(heap->schema, place.block.type)->size != 1)
        return address;
    const char *text = (const char *)place.block.start + place.element;
    return molt__leaf_text_sample(text, molt__text_length(text, place.block.count - place.element));
}

static unsigned char bits_mask(const MoltLeaf *leaf, uint64_t byte)
{
    unsigned mask = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        uint64_t at = byte * 8 + bit;
        if (at >= leaf->shift && at < (uint64_t)leaf->shift + leaf->width)
            mask |= 1u << bit;
    }
    return (unsigned char)mask;
}

void molt__leaf_sample(const MoltHeap *heap, const MoltLeaf *leaf, const unsigned char *value,
                       unsigned char *sample)
{
    if (leaf->kind == MOLT__LEAF_STRING) {
        uint64_t text = string_sample(heap, value);
        memcpy(sample, &text, sizeof text);
        return;
    }
    memcpy(sample, value, leaf->size);
    for (uint64_t b = 0; leaf->kind == MOLT__LEAF_BITS && b < leaf->size; b++)
        sample[b] &= bits_mask(leaf, b);
}

bool molt__leaf_is_equal(const MoltLeaf *leaf, const unsigned char *a, const unsigned char *b)
{
    if (leaf->kind != MOLT__LEAF_BITS)
        return memcmp(a, b, leaf->size) == 0;
    for (uint64_t byte = 0; byte < leaf->size; byte++) {
        if (((a[byte] ^ b[byte]) & bits_mask(leaf, byte)) != 0)
            return false;
    }
    return true;
}

bool molt__leaf_equals(const MoltHeap *heap, const MoltLeaf *leaf, const unsigned char *value,
                       const unsigned char *sample)
{
    if (leaf->kind == MOLT__LEAF_STRING) {
        uint64_t text = string_sample(heap, value);
        return memcmp(&text, sample, sizeof text) == 0;
    }
    if (leaf->kind == MOLT__LEAF_TEXT) {
        uint64_t length = molt__text_length((const char *)sample, leaf->size);
        return molt__text_length((const char *)value, leaf->size) == length &&
               memcmp(value, sample, length) == 0;
    }
    return molt__leaf_is_equal(leaf, value, sample);
}

bool molt__leaf_store(const MoltLeaf *leaf, const unsigned char *value, unsigned char *destination)
{
    if (molt__leaf_is_equal(leaf, value, destination))
        return false;
    for (uint64_t b = 0; b < leaf->size; b++) {
        unsigned mask = leaf->kind == MOLT__LEAF_BITS ? bits_mask(leaf, b) : 0xffu;
        destination[b] = (unsigned char)((destination[b] & ~mask) | (value[b] & mask));
    }
    return true;
}
