#include "value_run.h"

#include "tagged_union.h"

/* On the way down the types. Recursion follows types, never data. */
typedef struct Search {
    const MoltSchema *schema;
    const unsigned char *start; /* of the block */
    uint64_t tail;              /* elements of the block's flexible array */
    uint64_t offset;            /* of the wanted value */
    MoltTypeId wanted;
    MoltValueRun run;
} Search;

static bool fits(const Search *search, MoltTypeId id)
{
    MoltTypeId held = molt_value_type(search->schema, id);
    MoltTypeId wanted = molt_value_type(search->schema, search->wanted);
    const MoltType *is = molt_type(search->schema, held);
    const MoltType *asked = molt_type(search->schema, wanted);
    bool whole = is->kind == MOLT_KIND_INT || is->kind == MOLT_KIND_ENUM;
    bool number = asked->kind == MOLT_KIND_INT || asked->kind == MOLT_KIND_ENUM;
    return held == wanted || (whole && number && is->size == asked->size);
}

static bool find(Search *search, MoltTypeId id, uint64_t base);

static bool find_in_sequence(Search *search, MoltTypeId elem, uint64_t length, uint64_t base)
{
    const MoltSchema *schema = search->schema;
    uint64_t size = molt_type(schema, elem)->size, at = search->offset - base;
    if (size == 0 || at / size >= length)
        return false;
    MoltTypeId inner = elem;
    while (!fits(search, inner) && molt_kind_is_sequence(molt_type(schema, inner)->kind))
        inner = molt_type(schema, inner)->elem;
    uint64_t step = molt_type(schema, inner)->size;
    if (fits(search, inner) && step > 0 && at % step == 0) {
        search->run = (MoltValueRun){base, base + length * size};
        return true;
    }
    return find(search, elem, base + at / size * size);
}

/* Whether the bytes of a union may be its arm `index`; `object` is the struct that holds the union. */
static bool is_active(const Search *search, MoltTypeId owner, const MoltField *field,
                      uint64_t object, uint32_t index)
{
    MoltUnionTag tag;
    return !molt__union_tag(search->schema, molt_type(search->schema, owner), field, &tag) ||
           molt__union_active(search->schema, &tag, field, search->start + object) == index;
}

static bool find_in_field(Search *search, MoltTypeId owner, const MoltField *field, uint64_t base)
{
    const MoltSchema *schema = search->schema;
    const MoltType *type = molt_type(schema, field->type);
    uint64_t begin = base + field->bit_offset / 8;
    bool flexible = type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
    if ((field->flags & MOLT_FIELD_BITS) != 0 || search->offset < begin ||
        (search->offset - begin >= type->size && !flexible))
        return false;
    if (type->kind != MOLT_KIND_UNION || fits(search, field->type))
        return find(search, field->type, begin);
    for (uint32_t i = type->first; i < type->first + type->count; i++) {
        if (is_active(search, owner, field, base, i) &&
            find_in_field(search, field->type, &schema->tables.fields[i], begin))
            return true;
    }
    return false;
}

static bool find(Search *search, MoltTypeId id, uint64_t base)
{
    const MoltSchema *schema = search->schema;
    id = molt_value_type(schema, id);
    const MoltType *type = molt_type(schema, id);
    if (search->offset == base && fits(search, id)) {
        search->run = (MoltValueRun){base, base + type->size};
        return true;
    }
    if (molt_kind_is_sequence(type->kind)) {
        bool flexible = type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
        return find_in_sequence(search, type->elem, flexible ? search->tail : type->length, base);
    }
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return false;
    for (uint32_t i = type->first; i < type->first + type->count; i++) {
        if (find_in_field(search, id, &schema->tables.fields[i], base))
            return true;
    }
    return false;
}

/* Arenas: what lies in them only the pointers say. */
static bool holds_anything(const MoltType *type)
{
    return type->kind == MOLT_KIND_INT && type->size == 1;
}

bool molt__value_run(const MoltSchema *schema, const MoltBlock *block, uint64_t offset,
                     MoltTypeId wanted, MoltValueRun *out)
{
    Search search = {.schema = schema,
                     .start = block->start,
                     .tail = block->header > 0 ? block->count : 0,
                     .offset = offset,
                     .wanted = wanted};
    const MoltType *type = molt_type(schema, block->type);
    uint64_t size = molt_type(schema, wanted)->size;
    if (holds_anything(type) && size > 0) {
        uint64_t left = block->count > offset ? block->count - offset : 0;
        *out = (MoltValueRun){offset % size, offset + left / size * size};
        return left >= size;
    }
    bool found = block->header > 0 ? find(&search, block->type, 0)
                                   : find_in_sequence(&search, block->type, block->count, 0);
    *out = search.run;
    return found;
}
