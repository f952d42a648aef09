/* Blocks of numbers whose pointers all become pointers to another number type: each number is converted, and
 * each pointer goes to the element that it was at. Any other pointer to such a block would read numbers of
 * the wrong size, so it refuses the edit (relocate.c). */
#include "convert.h"
#include "heap_span.h"
#include "migration.h"

/* Text and untyped memory are left alone: they may be anything. Of other bytes an address among them says so
 * (byte_words.h). */
static bool is_number(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    bool number = type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_FLOAT ||
                  type->kind == MOLT_KIND_BOOL;
    return number && type->size > 0 && type->size <= 16 &&
           (type->flags & (MOLT_TYPE_CHAR | MOLT_TYPE_UNTYPED)) == 0;
}

bool molt__retype_converts(const MoltSchema *before, MoltTypeId from, const MoltSchema *after,
                           MoltTypeId to)
{
    return from != MOLT_NO_TYPE && to != MOLT_NO_TYPE && is_number(before, from) &&
           is_number(after, to) && molt_type(before, from)->size > 1 &&
           molt_type(after, to)->size > 1;
}

bool molt__retype_is_number(const MoltMigration *m, const MoltField *was, const MoltField *is,
                            MoltTypeId *from, MoltTypeId *to)
{
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    const MoltType *old = molt_type(before, was->type), *new = molt_type(after, is->type);
    while (old->kind == MOLT_KIND_ARRAY && new->kind == MOLT_KIND_ARRAY) {
        old = molt_type(before, old->elem);
        new = molt_type(after, new->elem);
    }
    if (old->kind != MOLT_KIND_POINTER || new->kind != MOLT_KIND_POINTER ||
        !is_number(before, old->elem) || !is_number(after, new->elem) ||
        m->plan->types[old->elem].after == new->elem)
        return false;
    *from = old->elem;
    *to = new->elem;
    return true;
}

/* An exact value may still be less than there was: the sign of -0.0, bits of a NaN. Nothing keeps those. */
static bool is_whole(const MoltNumberForm *from, const void *source, const MoltNumberForm *to,
                     const void *made)
{
    bool sign = molt__number_is_zero(to, made) && !molt__number_is_zero(from, source);
    return !sign && !(to->size < from->size && molt__number_is_nan(from, source));
}

/* False when some number has no exact value of the new type; `to` may be NULL. */
static bool convert(const MoltMigration *m, const MoltRetyped *item, unsigned char *to)
{
    const MoltNumberForm from_form = molt__plan_form(m->plan->before, item->type),
                         to_form = molt__plan_form(m->plan->after, item->to);
    const unsigned char *from =
        (const unsigned char *)item->block; /* NOLINT: a block of the heap */
    uint64_t unit = molt_type(m->plan->before, item->type)->size;
    uint64_t size = molt_type(m->plan->after, item->to)->size;
    unsigned char scratch[16];
    for (uint64_t i = 0; i < item->count; i++) {
        const unsigned char *number = from + i * unit;
        unsigned char *at = to ? to + i * size : scratch;
        if (molt__number_convert(&from_form, number, &to_form, at, false) != MOLT__EXACT ||
            !is_whole(&from_form, number, &to_form, at))
            return false;
    }
    return true;
}

bool molt__retype_number_fits(const MoltMigration *m, const MoltRetyped *item)
{
    return convert(m, item, NULL);
}

void molt__retype_number_run(const MoltMigration *m, const MoltRetyped *item)
{
    convert(m, item, (unsigned char *)item->after); /* NOLINT: the block made for it */
}

static void unmake_block(MoltMigration *m, const MoltRetyped *item)
{
    for (uint64_t s = 0; s < m->retypes.span_count; s++) {
        MoltSpan *span = &m->retypes.spans[s];
        if (item->after - span->base >= span->bytes)
            continue;
        uint64_t index = (item->after - span->base) / span->stride;
        span->live_bits[index / 64] &= ~((uint64_t)1 << (index % 64));
        if (span->counts)
            span->counts[index] = 0;
        span->live--;
    }
}

void molt__retype_settle_offers(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        if (item->held && !item->problem)
            unmake_block(m, item);
    }
    m->retypes.settled = true;
}

/* Items are sorted by address, and those of a span stand behind each other. */
static bool emptied(const MoltMigration *m, const MoltSpan *span)
{
    const MoltRetypes *all = &m->retypes;
    uint64_t at = 0, end = all->count;
    while (at < end) {
        uint64_t middle = at + (end - at) / 2;
        if (all->items[middle].block < span->base)
            at = middle + 1;
        else
            end = middle;
    }
    return span->live == 0 && at < all->count && all->items[at].block - span->base < span->bytes &&
           all->items[at].to != MOLT_NO_TYPE && !all->items[at].problem;
}

void molt__retype_number_trim(MoltMigration *m)
{
    MoltHeap *heap = m->heap;
    for (MoltTypeId t = 0; m->retypes.count > 0 && t < heap->types.count; t++) {
        uint32_t last = heap->types.last[t];
        while (last != MOLT__NO_SPAN && emptied(m, &heap->spans[last])) {
            heap->types.serials[t] = heap->spans[last].first_serial;
            molt__heap_drop(heap, last);
            last = heap->types.last[t];
        }
    }
}
