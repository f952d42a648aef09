/* What a migration does with a lookout: for objects on pages that nobody wrote it goes through the
 * sightings, which become its patches where they are, and for the others it reads as without a lookout. */
#include <string.h>

#include "kept_types.h"
#include "lookout.h"
#include "migration.h"

#define PAGE_SHIFT 12u
/* Patches are written to memory that is in no cache. */
enum { AHEAD = 24 };

/* ---- whether it counts ----------------------------------------------------------------------- */

static bool is_same_span(const MoltLookoutSpan *was, const MoltSpan *span)
{
    return span->bytes == was->bytes && span->base == was->base && span->stride == was->stride &&
           span->type == was->type && span->blocks == was->blocks &&
           span->capacity == was->capacity && span->elem_size == was->elem_size;
}

/* Nothing lies there now. */
static bool is_free(const MoltHeap *heap, const MoltLookoutSpan *was)
{
    uint64_t first = (was->base - heap->base) >> MOLT__GRANULE_SHIFT;
    for (uint64_t g = first; g < first + (was->bytes >> MOLT__GRANULE_SHIFT); g++)
        if (heap->granules[g] != 0)
            return false;
    return true;
}

/* Pointers into the span that are no sightings stay as they are, and nothing is told of them. */
static bool may_rely(const MoltMigration *m, uint32_t s, const MoltLookoutSpan *was)
{
    if (s >= m->span_count || !is_same_span(was, &m->heap->spans[s]))
        return is_free(m->heap, was);
    return m->aims[s].type == was->type && m->aims[s].to == was->base;
}

/* Where hooks made something, an edit that undoes theirs looks for what leads there, in all patches as
 * well. */
static bool has_hooked(const MoltHeap *heap)
{
    for (uint32_t s = 0; s < heap->span_count; s++)
        if (heap->spans[s].bytes > 0 && heap->spans[s].hooked_in != 0)
            return true;
    return false;
}

static bool counts(const MoltMigration *m, MoltLookout *lookout)
{
    const MoltHeap *heap = m->heap;
    if (lookout->plan != m->plan || lookout->schema != m->plan->before ||
        lookout->base != heap->base || !m->aims || m->plan->hooked || has_hooked(heap) ||
        atomic_load(&lookout->spoiled))
        return false;
    for (uint32_t s = 0; s < lookout->span_count; s++) {
        MoltLookoutSpan *span = &lookout->spans[s];
        if (span->relied && !may_rely(m, s, span))
            return false;
        span->listed = span->listed && s < m->span_count && is_same_span(span, &heap->spans[s]) &&
                       !(m->owned.claimed && m->owned.claimed[span->type]);
    }
    return lookout->settled || molt__lookout_ask(lookout);
}

void molt__lookout_take(MoltMigration *m)
{
    MoltLookout *lookout = m->plan->lookout;
    if (!lookout || m->failed || !counts(m, lookout))
        return;
    lookout->plan = NULL; /* sightings become patches: nobody can use them again */
    m->lookout = lookout;
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Objects that are one behind the other: the blocks of a span, or the elements of a block. */
typedef struct Pass {
    MoltMigration *m;
    const MoltSpan *span;
    MoltLookoutSpan *seen;
    MoltLookoutPointer pointers[MOLT__LOOKOUT_POINTERS];
    uint64_t next, end; /* sightings that are not gone through */
    uint32_t block;     /* of the elements */
    uintptr_t base;
    uint64_t stride, reciprocal, count;
    uint64_t read; /* objects that were read although they are on pages that nobody wrote */
} Pass;

static bool is_live(const Pass *pass, uint64_t number)
{
    return !pass->m->batch_of_blocks || molt__span_is_live(pass->span, (uint32_t)number);
}

/* What the pointer becomes; false where relocate.c has to find out. */
static bool follow(const Pass *pass, const MoltSighting *sighting, uintptr_t *moved)
{
    const MoltMigration *m = pass->m;
    const MoltHeap *heap = m->heap;
    uint64_t kind = sighting->place >> MOLT__SIGHTING_SHIFT;
    if (kind == MOLT__SIGHTING_ODD)
        return false;
    uint32_t slot = heap->granules[(sighting->value - heap->base) >> MOLT__GRANULE_SHIFT];
    return slot != 0 && m->aims[slot - 1].type == pass->pointers[kind].op->before &&
           molt__aim(&m->aims[slot - 1], sighting->value, moved);
}

/* Reads the object of a sighting instead, and forgets what was made of others of it. */
static void read_object(Pass *pass, uint64_t number)
{
    MoltMigration *m = pass->m;
    const MoltSighting *sightings = m->lookout->sightings;
    MoltLookoutSpan *seen = pass->seen;
    uintptr_t begin = pass->base + number * pass->stride;
    while (seen->patches > 0 && sightings[seen->first + seen->patches - 1].place >= begin)
        seen->patches--;
    while (pass->next < pass->end &&
           molt__sighting_place(&sightings[pass->next]) < begin + pass->stride)
        pass->next++;
    molt__migration_look(m, pass->span, pass->block, number, number + 1);
    pass->read++;
}

static uint64_t number_of(const Pass *pass, uintptr_t place)
{
    return molt__divide(place - pass->base, pass->stride, pass->reciprocal);
}

/* The objects from number `first` to `end`, on pages that nobody wrote. */
static void pass_clean(Pass *pass, uint64_t first, uint64_t end)
{
    MoltMigration *m = pass->m;
    MoltSighting *sightings = m->lookout->sightings;
    MoltLookoutSpan *seen = pass->seen;
    const uintptr_t stop = pass->base + end * pass->stride;
    const bool all_live = !m->batch_of_blocks || pass->span->live == pass->span->blocks;
    uint64_t live = m->batch_of_blocks ? 0 : end - first;
    for (uint64_t b = first; m->batch_of_blocks && b < end; b = (b / 64 + 1) * 64) {
        uint64_t bits = pass->span->live_bits[b / 64] >> (b % 64);
        uint64_t rest = end - b;
        live +=
            (uint64_t)__builtin_popcountll(rest < 64 ? bits & (((uint64_t)1 << rest) - 1) : bits);
    }
    pass->read = 0;
    while (pass->next < pass->end && !m->failed) {
        const MoltSighting *sighting = &sightings[pass->next];
        uintptr_t place = molt__sighting_place(sighting), moved;
        if (place >= stop)
            break;
        if (!all_live && !is_live(pass, number_of(pass, place))) {
            pass->next++;
            continue;
        }
        if (!follow(pass, sighting, &moved)) {
            read_object(pass, number_of(pass, place));
            continue;
        }
        pass->next++;
        if (moved != sighting->value)
            sightings[seen->first + seen->patches++] = (MoltSighting){place, moved};
    }
    m->object += live - pass->read;
    m->report->objects_visited += live - pass->read;
}

/* The same, on pages that somebody wrote. */
static void pass_written(Pass *pass, uint64_t first, uint64_t end)
{
    const MoltSighting *sightings = pass->m->lookout->sightings;
    const uintptr_t stop = pass->base + end * pass->stride;
    while (pass->next < pass->end && molt__sighting_place(&sightings[pass->next]) < stop)
        pass->next++;
    molt__migration_look(pass->m, pass->span, pass->block, first, end);
}

/* The first page from `page` on, before `end`, that was written, or was not; else `end`. */
static uint64_t next_page(const MoltLookout *lookout, uint64_t page, uint64_t end, bool written)
{
    while (page < end) {
        uint64_t bits = lookout->written[page / 64];
        bits = (written ? bits : ~bits) >> (page % 64);
        if (bits != 0) {
            page += (uint64_t)__builtin_ctzll(bits);
            return page < end ? page : end;
        }
        page = (page / 64 + 1) * 64;
    }
    return end;
}

static void pass_objects(Pass *pass)
{
    const MoltMigration *m = pass->m;
    const uint64_t at = pass->base - m->heap->base;
    const uint64_t end = (at + pass->count * pass->stride + (1u << PAGE_SHIFT) - 1) >> PAGE_SHIFT;
    uint64_t done = 0, page = at >> PAGE_SHIFT;
    while (done < pass->count && !m->failed) {
        uint64_t from = next_page(m->lookout, page, end, true);
        page = next_page(m->lookout, from, end, false);
        uint64_t begins = from << PAGE_SHIFT, stops = page << PAGE_SHIFT;
        uint64_t first = begins > at ? (begins - at) / pass->stride : 0;
        uint64_t last = stops > at ? (stops - at + pass->stride - 1) / pass->stride : 0;
        first = from == end || first > pass->count ? pass->count : first;
        last = from == end || last > pass->count ? pass->count : last;
        if (first > done)
            pass_clean(pass, done, first);
        done = first > done ? first : done;
        if (last > done)
            pass_written(pass, done, last);
        done = last > done ? last : done;
    }
}

bool molt__lookout_scan(MoltMigration *m, uint32_t index)
{
    MoltLookout *lookout = m->lookout;
    const MoltSpan *span = &m->heap->spans[index];
    if (!lookout || index >= lookout->span_count || !lookout->spans[index].listed)
        return false;
    MoltLookoutSpan *seen = &lookout->spans[index];
    Pass pass = {.m = m,
                 .span = span,
                 .seen = seen,
                 .next = seen->first,
                 .end = seen->first + seen->count,
                 .base = span->base,
                 .stride = span->stride,
                 .reciprocal = m->heap->reciprocals[index].stride,
                 .count = span->blocks};
    molt__lookout_pointers(m->plan, span->type, pass.pointers);
    m->batch_span = span;
    m->batch_of_blocks = span->counts == NULL;
    if (m->batch_of_blocks) {
        pass_objects(&pass);
        return true;
    }
    pass.stride = span->elem_size;
    pass.reciprocal = m->heap->reciprocals[index].elem_size;
    for (pass.block = 0; pass.block < span->blocks && !m->failed; pass.block++) {
        pass.base = span->base + pass.block * span->stride;
        while (pass.next < pass.end &&
               molt__sighting_place(&lookout->sightings[pass.next]) < pass.base)
            pass.next++;
        pass.count = molt__span_is_live(span, pass.block) ? span->counts[pass.block] : 0;
        pass_objects(&pass);
    }
    return true;
}

/* ---- patches --------------------------------------------------------------------------------- */

uint64_t molt__lookout_patches(const MoltMigration *m)
{
    uint64_t sum = 0;
    for (uint32_t s = 0; m->lookout && s < m->lookout->span_count; s++)
        sum += m->lookout->spans[s].patches;
    return sum;
}

static void *address(uintptr_t at)
{
    return (void *)at; /* NOLINT: of an object of the heap */
}

void molt__lookout_patch(MoltMigration *m)
{
    for (uint32_t s = 0; m->lookout && s < m->lookout->span_count; s++) {
        const MoltLookoutSpan *seen = &m->lookout->spans[s];
        const MoltSighting *sightings = &m->lookout->sightings[seen->first];
        for (uint64_t i = 0; i < seen->patches; i++) {
            uint64_t ahead = i + AHEAD < seen->patches ? i + AHEAD : i;
            __builtin_prefetch(address(sightings[ahead].place), 1);
            memcpy(address(sightings[i].place), &sightings[i].value, sizeof sightings[i].value);
        }
    }
    m->lookout = NULL;
}

void molt__lookout_places(const MoltMigration *m, void (*visit)(void *context, uintptr_t at),
                          void *context)
{
    for (uint32_t s = 0; m->lookout && !m->lookout->settled && s < m->lookout->span_count; s++) {
        const MoltLookoutSpan *seen = &m->lookout->spans[s];
        for (uint64_t i = 0; i < seen->patches; i++)
            visit(context, m->lookout->sightings[seen->first + i].place);
    }
}
