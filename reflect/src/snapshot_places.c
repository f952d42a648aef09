#include "snapshot_places.h"

#include <stdlib.h>
#include <string.h>

static void *table(const MoltFilePlaces *places, uint64_t count, size_t size)
{
    void *made = NULL;
    uint64_t bytes;
    if (!__builtin_mul_overflow(count + 1, size, &bytes))
        made = places->allocator.resize(places->allocator.context, NULL, 0, bytes);
    if (made)
        memset(made, 0, bytes);
    return made;
}

static void free_table(const MoltFilePlaces *places, void *made, uint64_t count, size_t size)
{
    if (made)
        places->allocator.resize(places->allocator.context, made, (count + 1) * size, 0);
}

static MoltStatus out_of_memory(MoltError *error)
{
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to write a snapshot.");
}

static MoltStatus make_schema(MoltFilePlaces *places, MoltError *error)
{
    const MoltSchema *running = places->heap->schema;
    MoltStatus status = molt_schema_to_json(running, &places->schema_text, error);
    if (status == MOLT_OK)
        status = molt_schema_from_json(places->schema_text, strlen(places->schema_text),
                                       &places->allocator, &places->schema, error);
    if (status != MOLT_OK)
        return status;
    uint32_t count = places->schema->tables.type_count;
    places->types = table(places, count, sizeof *places->types);
    places->serials = table(places, count, sizeof *places->serials);
    if (!places->types || !places->serials)
        return out_of_memory(error);
    for (MoltTypeId t = 0; t < count; t++)
        places->types[t] = molt_schema_find(running, molt_type_name(places->schema, t));
    return MOLT_OK;
}

/* Bytes of content, 0 without live blocks. */
static uint64_t content_of(const MoltSpan *span)
{
    for (uint32_t word = (span->blocks + 63) / 64; word-- > 0;) {
        if (span->live_bits[word] == 0)
            continue;
        uint32_t last = word * 64 + 63 - (uint32_t)__builtin_clzll(span->live_bits[word]);
        return molt__file_content(span, last, molt__span_count(span, last));
    }
    return 0;
}

/* Empty spans at the end of a type that has blocks of one length only are left out: the next blocks
 * make them again, with the same numbers. Of other types they stay, for they keep the numbers of what
 * is allocated later as they would have been. */
static void trim(MoltFilePlaces *places, MoltTypeId type, uint32_t first)
{
    const MoltHeap *heap = places->heap;
    uint32_t bucket = heap->types.buckets[places->types[type]];
    if (bucket == MOLT__NO_SPAN || heap->buckets[bucket].next != MOLT__NO_SPAN)
        return;
    while (places->placed_count > first) {
        const MoltSpan *span = &heap->spans[places->placed[places->placed_count - 1].span];
        if (span->live > 0 || span->first_serial + span->blocks != places->serials[type])
            return;
        places->serials[type] = span->first_serial;
        places->placed_count--;
    }
}

static MoltStatus place_spans(MoltFilePlaces *places, MoltError *error)
{
    const MoltHeap *heap = places->heap;
    uint64_t position = 0;
    places->placed = table(places, heap->span_count, sizeof *places->placed);
    places->positions = table(places, heap->span_count, sizeof *places->positions);
    if (!places->placed || !places->positions)
        return out_of_memory(error);
    for (MoltTypeId t = 0; t < places->schema->tables.type_count; t++) {
        uint32_t first = places->placed_count;
        MoltTypeId type = places->types[t];
        places->serials[t] = heap->types.serials[type];
        for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = heap->links[s].type_next)
            places->placed[places->placed_count++] = (MoltFilePlace){.span = s, .type = t};
        trim(places, t, first);
    }
    for (uint32_t i = 0; i < places->placed_count; i++) {
        MoltFilePlace *placed = &places->placed[i];
        const MoltSpan *span = &heap->spans[placed->span];
        placed->position = places->positions[placed->span] = position;
        placed->content = content_of(span);
        position += span->bytes;
        places->sizes[placed->content < MOLT__FILE_PAGED] += placed->content;
        uint64_t size = span->header > span->elem_size ? span->header : span->elem_size;
        if (size > places->most)
            places->most = size;
    }
    return MOLT_OK;
}

MoltStatus molt__file_places_make(const MoltHeap *heap, MoltFilePlaces *places, MoltError *error)
{
    *places = (MoltFilePlaces){.heap = heap, .allocator = heap->allocator};
    MoltStatus status = make_schema(places, error);
    return status == MOLT_OK ? place_spans(places, error) : status;
}

void molt__file_places_free(MoltFilePlaces *places)
{
    uint32_t types = places->schema ? places->schema->tables.type_count : 0;
    if (!places->heap)
        return;
    free_table(places, places->types, types, sizeof *places->types);
    free_table(places, places->serials, types, sizeof *places->serials);
    free_table(places, places->placed, places->heap->span_count, sizeof *places->placed);
    free_table(places, places->positions, places->heap->span_count, sizeof *places->positions);
    molt_schema_free(places->schema);
    free(places->schema_text);
}
