#include "leaf.h"

#include <string.h>
#include <xxhash.h>

#include "migration.h"

/* ---- the leaves of a type ------------------------------------------------------------------- */

typedef struct Walk {
    const MoltSchema *schema;
    MoltLeafVisit *visit;
    void *context;
    bool arms;
} Walk;

/* Values of one type at the same place of `count` elements that are `stride` apart. */
typedef struct Place {
    uint64_t at, stride, count;
    uint8_t guard_count;
    MoltLeafGuard guards[MOLT__LEAF_GUARDS];
} Place;

static MoltLeaf leaf_at(const Place *place)
{
    MoltLeaf leaf = {.at = place->at,
                     .stride = place->stride,
                     .count = place->count,
                     .guard_count = place->guard_count};
    memcpy(leaf.guards, place->guards, sizeof leaf.guards);
    return leaf;
}

static bool walk_type(const Walk *walk, MoltTypeId id, Place place, bool external);

uint64_t molt__leaf_number_size(bool is_float, uint64_t size)
{
    return is_float && size == 16 ? 10 : size;
}

static MoltLeaf scalar_leaf(const MoltSchema *schema, MoltTypeId id, Place place, bool external)
{
    const MoltType *type = molt_type(schema, id);
    MoltLeaf leaf = leaf_at(&place);
    leaf.size = molt__leaf_number_size(type->kind == MOLT_KIND_FLOAT, type->size);
    leaf.kind = MOLT__LEAF_BYTES;
    leaf.type = id;
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
        MoltLeaf leaf = leaf_at(&place);
        leaf.size = type->size;
        leaf.kind = MOLT__LEAF_TEXT;
        leaf.type = id;
        return walk->visit(walk->context, &leaf);
    }
    /* a run has one stride: of arrays in arrays the outer ones are taken element by element */
    bool single = place.count == 1;
    for (uint64_t e = 0; e < place.count; e++) {
        Place inner = place;
        inner.at = place.at + e * place.stride;
        inner.stride = elem->size;
        inner.count = type->length;
        for (unsigned g = 0; g < place.guard_count; g++) {
            inner.guards[g].at += e * place.guards[g].stride;
            inner.guards[g].stride = 0;
        }
        if (molt_kind_is_sequence(elem->kind) && elem->kind != MOLT_KIND_ATOMIC) {
            for (uint64_t i = 0; i < type->length; i++) {
                Place row = inner;
                row.at = inner.at + i * elem->size;
                row.stride = 0;
                row.count = 1;
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

static bool walk_field(const Walk *walk, const MoltField *field, Place place)
{
    place.at += field->bit_offset / 8;
    if (!(field->flags & MOLT_FIELD_BITS))
        return walk_type(walk, field->type, place, (field->flags & MOLT_FIELD_EXTERNAL) != 0);
    MoltLeaf leaf = leaf_at(&place);
    leaf.kind = MOLT__LEAF_BITS;
    leaf.shift = (uint8_t)(field->bit_offset % 8);
    leaf.width = (uint8_t)field->bit_width;
    leaf.size = (leaf.shift + leaf.width + 7u) / 8;
    leaf.type = field->type;
    return walk->visit(walk->context, &leaf);
}

static bool is_first_of_value(const MoltSchema *schema, const MoltType *type, uint32_t enumerator)
{
    const MoltEnumerator *items = schema->tables.enumerators;
    uint32_t e = type->first;
    while (items[e].value != items[enumerator].value)
        e++;
    return e == enumerator;
}

static bool walk_arms(const Walk *walk, const MoltField *field, const MoltUnionTag *tag,
                      Place place)
{
    const MoltSchema *schema = walk->schema;
    const MoltType *type = molt_type(schema, field->type), *tags = molt_type(schema, tag->type);
    MoltLeafGuard *guard = &place.guards[place.guard_count++];
    *guard =
        (MoltLeafGuard){.at = place.at + tag->offset, .stride = place.stride, .form = tag->form};
    place.at += field->bit_offset / 8;
    for (uint32_t e = tags->first; e < tags->first + tags->count; e++) {
        if (!is_first_of_value(schema, tags, e))
            continue;
        guard->value = schema->tables.enumerators[e].value;
        uint32_t arm = molt__union_arm_of_value(schema, type, tags, guard->value);
        bool more = arm == MOLT__NO_ARM ? walk_type(walk, field->type, place, false)
                                        : walk_field(walk, &schema->tables.fields[arm], place);
        if (!more)
            return false;
    }
    return true;
}

static bool walk_struct(const Walk *walk, MoltTypeId id, Place place)
{
    const MoltType *type = molt_type(walk->schema, id);
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltField *field = &walk->schema->tables.fields[type->first + f];
        MoltUnionTag tag;
        bool arms = walk->arms && place.guard_count < MOLT__LEAF_GUARDS &&
                    molt__union_tag(walk->schema, type, field, &tag);
        if (!(arms ? walk_arms(walk, field, &tag, place) : walk_field(walk, field, place)))
            return false;
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
    Walk walk = {schema, visit, context, true};
    return walk_type(&walk, type, (Place){.count = 1}, false);
}

bool molt__leaf_walk_flat(const MoltSchema *schema, MoltTypeId type, MoltLeafVisit *visit,
                          void *context)
{
    Walk walk = {schema, visit, context, false};
    return walk_type(&walk, type, (Place){.count = 1}, false);
}

MoltLeaf molt__leaf_from(const MoltLeaf *leaf, uint64_t skip)
{
    MoltLeaf rest = *leaf;
    for (unsigned g = 0; g < leaf->guard_count; g++)
        rest.guards[g].at += skip * leaf->guards[g].stride;
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

MoltTypeId molt__leaf_root(const MoltSchema *schema, MoltTypeId type, bool tail)
{
    const MoltField *field = tail ? molt_schema_tail(schema, type) : NULL;
    return field ? molt_type(schema, field->type)->elem : type;
}

bool molt__leaf_is_active(const MoltLeaf *leaf, uint64_t i, const unsigned char *element)
{
    for (unsigned g = 0; g < leaf->guard_count; g++) {
        const MoltLeafGuard *guard = &leaf->guards[g];
        if (molt__number_bits(&guard->form, element + guard->at + i * guard->stride) !=
            guard->value)
            return false;
    }
    return true;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool is_pointer(const MoltLeaf *leaf)
{
    return leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
}

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
