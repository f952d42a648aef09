#include <string.h>

#include "attic_page.h"

void molt__attic_watch(const MoltSchema *schema, MoltTypeId root, MoltAtticRun *run)
{
    MoltTypeId owner;
    uint32_t field;
    run->watch_count = 0;
    if (!run->placed || (run->is.kind != MOLT__LEAF_BYTES && run->is.kind != MOLT__LEAF_BITS))
        return;
    molt__leaf_field(schema, root, &run->is, &owner, &field);
    if (field == MOLT__NO_FIELD)
        return;
    const MoltType *type = molt_type(schema, owner);
    uint64_t start = run->is.at - schema->tables.fields[field].bit_offset / 8;
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *item = &schema->tables.fields[f];
        MoltUnionTag tag;
        if (!molt__union_tag(schema, type, item, &tag) || tag.field != field)
            continue;
        if (run->watch_count < MOLT__WATCHES)
            run->watches[run->watch_count] =
                (MoltAtticWatch){start + item->bit_offset / 8, molt_type(schema, item->type)->size};
        if (run->watch_count <= MOLT__WATCHES)
            run->watch_count++;
    }
}

uint64_t molt__attic_watch_size(const MoltAtticRun *run)
{
    uint64_t size = 0;
    for (uint32_t w = 0; run->watch_count <= MOLT__WATCHES && w < run->watch_count; w++)
        size += run->watches[w].size;
    return size;
}

void molt__attic_watch_sample(const MoltAtticRun *run, uint64_t i, const unsigned char *element,
                              unsigned char *record)
{
    unsigned char *sample = record + run->watched_at + i * molt__attic_watch_size(run);
    for (uint32_t w = 0; run->watch_count <= MOLT__WATCHES && w < run->watch_count; w++) {
        const MoltAtticWatch *watch = &run->watches[w];
        memcpy(sample, element + watch->at + i * run->is.stride, watch->size);
        sample += watch->size;
    }
}

bool molt__attic_watch_equals(const MoltAtticRun *run, uint64_t i, const unsigned char *element,
                              const unsigned char *record)
{
    const unsigned char *sample = record + run->watched_at + i * molt__attic_watch_size(run);
    for (uint32_t w = 0; run->watch_count <= MOLT__WATCHES && w < run->watch_count; w++) {
        const MoltAtticWatch *watch = &run->watches[w];
        if (memcmp(sample, element + watch->at + i * run->is.stride, watch->size) != 0)
            return false;
        sample += watch->size;
    }
    return run->watch_count <= MOLT__WATCHES;
}

void molt__attic_watch_clear(const MoltAtticRun *run, uint64_t i, unsigned char *element)
{
    for (uint32_t w = 0; run->watch_count <= MOLT__WATCHES && w < run->watch_count; w++)
        memset(element + run->watches[w].at + i * run->is.stride, 0, run->watches[w].size);
}
