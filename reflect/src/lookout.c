/* A lookout has a copy of what it needs of the heap's tables, so that it can read while others change them.
 * Blocks that nobody uses are read as well: what they seem to hold is left out in the pause. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, madvise */
#endif

#include "lookout.h"

#include <string.h>
#include <sys/mman.h>

#include "kept_types.h"

#define PAGE_SHIFT 12u
/* A sighting for that many bytes of objects, beyond which to read the objects is hardly more. */
#define BYTES_PER_SIGHTING ((uint64_t)512)
#define ODD_SHARE 8
/* Between pages that one call is made for. */
#define GAP ((uintptr_t)4096)
/* Objects between two looks at whether to go on. */
#define CHUNK ((uint64_t)16384)

/* ---- beginning ------------------------------------------------------------------------------- */

static void *table(const MoltAllocator *allocator, uint64_t count, size_t size)
{
    void *made = count > 0 ? allocator->resize(allocator->context, NULL, 0, count * size) : NULL;
    return made ? memset(made, 0, count * size) : NULL;
}

static void drop(const MoltAllocator *allocator, void *made, uint64_t count, size_t size)
{
    if (made)
        allocator->resize(allocator->context, made, count * size, 0);
}

static uint32_t end_of_live(const MoltSpan *span)
{
    uint32_t word = (span->blocks + 63) / 64;
    while (word > 0 && span->live_bits[word - 1] == 0)
        word--;
    return word > 0 ? word * 64 - (uint32_t)__builtin_clzll(span->live_bits[word - 1]) : 0;
}

static bool is_plain(const MoltHeap *heap, const MoltSpan *span)
{
    return span->bytes > 0 && span->header == 0 && span->elem_size > 0 && !span->made &&
           !span->stands_in && span->hooked_in == 0 &&
           !(molt_type(heap->schema, span->type)->flags & MOLT_TYPE_GLOBALS);
}

static void copy_span(MoltLookout *lookout, const MoltHeap *heap, uint32_t s)
{
    const MoltSpan *span = &heap->spans[s];
    MoltLookoutSpan *copy = &lookout->spans[s];
    *copy = (MoltLookoutSpan){.base = span->base,
                              .stride = span->stride,
                              .elem_size = span->elem_size,
                              .capacity = span->capacity,
                              .bytes = span->bytes,
                              .reciprocal = heap->reciprocals[s],
                              .type = span->type,
                              .blocks = span->blocks,
                              .counts = lookout->counts_count,
                              .plain = is_plain(heap, span)};
    if (span->bytes == 0)
        return;
    copy->end = end_of_live(span);
    if (!span->counts)
        return;
    memcpy(lookout->counts + lookout->counts_count, span->counts,
           span->blocks * sizeof *span->counts);
    lookout->counts_count += span->blocks;
}

static uint64_t counts_of(const MoltHeap *heap)
{
    uint64_t sum = 0;
    for (uint32_t s = 0; s < heap->span_count; s++)
        sum += heap->spans[s].bytes > 0 && heap->spans[s].counts ? heap->spans[s].blocks : 0;
    return sum;
}

static void free_lookout(MoltLookout *lookout)
{
    const MoltAllocator allocator = lookout->allocator;
    drop(&allocator, lookout->granules, lookout->opened, sizeof *lookout->granules);
    drop(&allocator, lookout->spans, lookout->span_count, sizeof *lookout->spans);
    drop(&allocator, lookout->counts, lookout->counts_count, sizeof *lookout->counts);
    drop(&allocator, lookout->written, lookout->written_words, sizeof *lookout->written);
    if (lookout->sightings)
        munmap(lookout->sightings, lookout->sighting_slots * sizeof *lookout->sightings);
    pthread_mutex_destroy(&lookout->reading);
    allocator.resize(allocator.context, lookout, sizeof *lookout, 0);
}

static bool copy_heap(MoltLookout *lookout, const MoltHeap *heap)
{
    const MoltAllocator *allocator = &lookout->allocator;
    const uint64_t counts = counts_of(heap);
    const uint64_t pages = lookout->opened << (MOLT__GRANULE_SHIFT - PAGE_SHIFT);
    lookout->granules = table(allocator, lookout->opened, sizeof *lookout->granules);
    lookout->spans = table(allocator, heap->span_count, sizeof *lookout->spans);
    lookout->span_count = heap->span_count;
    lookout->written_words = (pages + 63) / 64;
    lookout->written = table(allocator, lookout->written_words, sizeof *lookout->written);
    if (counts > 0 && !(lookout->counts = table(allocator, counts, sizeof *lookout->counts)))
        return false;
    if (!lookout->granules || !lookout->spans || !lookout->written) {
        lookout->counts_count = counts;
        return false;
    }
    memcpy(lookout->granules, heap->granules, lookout->opened * sizeof *lookout->granules);
    for (uint32_t s = 0; s < heap->span_count; s++)
        copy_span(lookout, heap, s);
    return true;
}

static MoltLookout *begin(MoltHeap *heap, MoltCheckpoint *checkpoint, uint64_t least)
{
    const MoltAllocator *allocator = &heap->allocator;
    if (!heap->schema || heap->opened << MOLT__GRANULE_SHIFT < least)
        return NULL;
    MoltLookout *lookout = table(allocator, 1, sizeof *lookout);
    if (!lookout)
        return NULL;
    lookout->allocator = *allocator;
    lookout->schema = heap->schema;
    lookout->base = heap->base;
    lookout->opened = heap->opened;
    lookout->least = least;
    atomic_init(&lookout->spoiled, false);
    if (pthread_mutex_init(&lookout->reading, NULL) != 0) {
        allocator->resize(allocator->context, lookout, sizeof *lookout, 0);
        return NULL;
    }
    if (!copy_heap(lookout, heap) || !molt__checkpoint_watch(checkpoint, lookout, heap->base)) {
        free_lookout(lookout);
        return NULL;
    }
    lookout->checkpoint = checkpoint;
    return lookout;
}

MoltLookout *molt_lookout_begin(MoltHeap *heap, MoltCheckpoint *checkpoint, uint64_t least)
{
    if (!checkpoint)
        return NULL;
    molt__heap_lock(heap);
    MoltLookout *lookout = begin(heap, checkpoint, least);
    molt__heap_unlock(heap);
    return lookout;
}

void molt__lookout_spoil(MoltLookout *lookout)
{
    atomic_store(&lookout->spoiled, true);
    pthread_mutex_lock(&lookout->reading);
    pthread_mutex_unlock(&lookout->reading);
}

void molt_lookout_stop(MoltLookout *lookout)
{
    if (lookout)
        molt__lookout_spoil(lookout);
}

void molt_lookout_end(MoltLookout *lookout)
{
    if (!lookout)
        return;
    if (lookout->checkpoint)
        molt__checkpoint_unwatch(lookout->checkpoint);
    free_lookout(lookout);
}

void molt__lookout_written(MoltLookout *lookout, uintptr_t begin, uintptr_t end)
{
    uint64_t last = lookout->opened << MOLT__GRANULE_SHIFT;
    uint64_t first = begin - lookout->base;
    last = end - lookout->base < last ? end - lookout->base : last;
    for (uint64_t page = first >> PAGE_SHIFT; page << PAGE_SHIFT < last; page++)
        lookout->written[page / 64] |= (uint64_t)1 << (page % 64);
}

static void note_written(void *context, uintptr_t begin, uintptr_t end)
{
    molt__lookout_written(context, begin, end);
}

bool molt__lookout_ask(MoltLookout *lookout)
{
    bool known = lookout->checkpoint != NULL;
    for (uint32_t s = 0; known && s < lookout->span_count; s++) {
        const MoltLookoutSpan *span = &lookout->spans[s];
        uint64_t first = span->base - lookout->base;
        known = !span->listed || molt__checkpoint_written(lookout->checkpoint, first,
                                                          first + span->stride * span->blocks,
                                                          note_written, lookout);
    }
    return known;
}

/* ---- what is looked for ---------------------------------------------------------------------- */

/* Adds the pointers of `count` operations from `first` on, whose elements are at `at`. */
static bool add_pointers(const MoltPlan *plan, uint32_t first, uint32_t count, uint64_t at,
                         MoltLookoutPointer *out, int *number)
{
    for (uint32_t o = first; o < first + count; o += 1 + plan->ops[o].body) {
        const MoltOp *op = &plan->ops[o];
        if (op->keeps || (op->code != MOLT__OP_POINTER && op->code != MOLT__OP_LOOP))
            return false;
        if (op->code == MOLT__OP_POINTER && op->external)
            continue;
        if (op->code == MOLT__OP_POINTER) {
            if (*number == MOLT__LOOKOUT_POINTERS || (at + op->source) % sizeof(uintptr_t) != 0)
                return false;
            out[(*number)++] = (MoltLookoutPointer){at + op->source, op};
            continue;
        }
        for (uint64_t i = 0; i < op->length; i++)
            if (!add_pointers(plan, o + 1, op->body, at + op->source + i * op->source_stride, out,
                              number))
                return false;
    }
    return true;
}

int molt__lookout_pointers(const MoltPlan *plan, MoltTypeId type,
                           MoltLookoutPointer out[MOLT__LOOKOUT_POINTERS])
{
    const MoltTypePlan *is = &plan->types[type];
    int number = 0;
    bool all = is->fate == MOLT_FATE_SAME && is->tail_count == 0 &&
               add_pointers(plan, is->first_scan, is->scan_count, 0, out, &number);
    return all ? number : -1;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Of the type whose objects are read. */
typedef struct Search {
    MoltLookout *lookout;
    MoltLookoutSpan *span;
    MoltLookoutPointer pointers[MOLT__LOOKOUT_POINTERS];
    int number;
    uint64_t slots; /* of sightings, for the span */
    uint64_t odd;   /* that may still be of pointers that nothing is known of: each costs a look */
} Search;

/* The game may write the word meanwhile: then its page counts as written, and what is read here does not. */
#if defined(__has_attribute)
#if __has_attribute(no_sanitize)
__attribute__((no_sanitize("thread")))
#endif
#endif
static uintptr_t
read_word(uintptr_t at)
{
    return __atomic_load_n((const uintptr_t *)at, __ATOMIC_RELAXED); /* NOLINT: of the heap */
}

/* Whether a migration does nothing about a pointer to an address in the span, whatever becomes of that. */
static bool stays(MoltLookoutSpan *to, const MoltOp *op, uintptr_t value)
{
    if (!to->stays || !op->pointee_ok || to->type != op->before || to->reciprocal.stride == 0 ||
        to->reciprocal.elem_size == 0)
        return false;
    uint64_t at = value - to->base;
    uint64_t index = molt__divide(at, to->stride, to->reciprocal.stride);
    uint64_t rest = at - index * to->stride;
    if (index >= to->blocks)
        return false;
    if (rest > 0 && (to->capacity == 1 || rest % to->elem_size != 0))
        return false;
    to->relied = true;
    return true;
}

/* False when there is no room for what was seen. */
static bool look_at(Search *search, uintptr_t place, unsigned number)
{
    MoltLookout *lookout = search->lookout;
    const MoltOp *op = search->pointers[number].op;
    uintptr_t value = read_word(place);
    if (value == 0)
        return true;
    uint64_t granule = (value - lookout->base) >> MOLT__GRANULE_SHIFT;
    uint32_t slot = granule < lookout->opened ? lookout->granules[granule] : 0;
    MoltLookoutSpan *to = slot != 0 ? &lookout->spans[slot - 1] : NULL;
    if (to && stays(to, op, value))
        return true;
    bool moves = to && to->changes && op->pointee_ok && to->type == op->before;
    if (search->span->count == search->slots || (!moves && search->odd == 0))
        return false;
    search->odd -= moves ? 0 : 1;
    uint64_t kind = moves ? number : MOLT__SIGHTING_ODD;
    search->span->count++;
    lookout->sightings[lookout->sighting_count++] =
        (MoltSighting){place | kind << MOLT__SIGHTING_SHIFT, value};
    return true;
}

static bool look_through(Search *search, uintptr_t at, uint64_t stride, uint64_t count)
{
    MoltLookout *lookout = search->lookout;
    bool room = true;
    for (uint64_t i = 0; room && i < count;) {
        uint64_t end = count - i < CHUNK ? count : i + CHUNK;
        pthread_mutex_lock(&lookout->reading);
        if (atomic_load(&lookout->spoiled)) {
            pthread_mutex_unlock(&lookout->reading);
            return false;
        }
        for (; room && i < end; i++)
            for (int p = 0; room && p < search->number; p++)
                room = look_at(search, at + i * stride + search->pointers[p].offset, (unsigned)p);
        pthread_mutex_unlock(&lookout->reading);
    }
    return room;
}

static uint64_t bytes_of(const MoltLookoutSpan *span)
{
    return span->stride * span->end;
}

static uint64_t slots_of(const MoltLookoutSpan *span)
{
    return bytes_of(span) / BYTES_PER_SIGHTING + 1;
}

static bool look_through_span(Search *search)
{
    const MoltLookoutSpan *span = search->span;
    if (span->capacity == 1)
        return look_through(search, span->base, span->stride, span->end);
    const uint64_t *counts = search->lookout->counts + span->counts;
    for (uint32_t b = 0; b < span->end; b++)
        if (!look_through(search, span->base + b * span->stride, span->elem_size, counts[b]))
            return false;
    return true;
}

/* Which spans are worth it; returns how many bytes they have. */
static uint64_t choose(MoltLookout *lookout, const MoltPlan *plan)
{
    MoltLookoutPointer pointers[MOLT__LOOKOUT_POINTERS];
    uint64_t bytes = 0, slots = 0;
    for (uint32_t s = 0; s < lookout->span_count; s++) {
        MoltLookoutSpan *span = &lookout->spans[s];
        if (!span->plain || molt__plan_keeps(plan, span->type))
            continue;
        MoltTypeFate fate = molt_plan_fate(plan, span->type);
        span->stays = fate == MOLT_FATE_SAME;
        span->changes = fate == MOLT_FATE_CHANGED;
        span->listed =
            span->stays && span->end > 0 && molt__lookout_pointers(plan, span->type, pointers) > 0;
        bytes += span->listed ? bytes_of(span) : 0;
        slots += span->listed ? slots_of(span) : 0;
    }
    lookout->sighting_slots = slots;
    return bytes;
}

static bool make_sightings(MoltLookout *lookout)
{
    uint64_t bytes = lookout->sighting_slots * sizeof *lookout->sightings;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    (void)!madvise(memory, bytes, MADV_HUGEPAGE); /* only advice */
    lookout->sightings = memory;
    return true;
}

uint64_t molt_lookout_run(MoltLookout *lookout, const MoltPlan *plan)
{
    Search search = {.lookout = lookout};
    if (!lookout || molt_plan_before(plan) != lookout->schema || plan->hooked ||
        choose(lookout, plan) < lookout->least || !make_sightings(lookout))
        return 0;
    uint64_t bytes = 0;
    for (uint32_t s = 0; s < lookout->span_count && !atomic_load(&lookout->spoiled); s++) {
        search.span = &lookout->spans[s];
        if (!search.span->listed)
            continue;
        search.number = molt__lookout_pointers(plan, search.span->type, search.pointers);
        search.slots = slots_of(search.span);
        search.odd = search.slots / ODD_SHARE + 1;
        search.span->first = lookout->sighting_count;
        search.span->listed = look_through_span(&search);
        if (search.span->listed)
            bytes += bytes_of(search.span);
        else
            lookout->sighting_count = search.span->first;
    }
    lookout->plan = plan;
    return bytes;
}

/* ---- before the migration -------------------------------------------------------------------- */

/* Of a span most of whose pages have sightings, all pages from the first to the last one: one call takes
 * less than many. */
static void expect_patches(const MoltLookout *lookout, const MoltLookoutSpan *span)
{
    const MoltSighting *sightings = &lookout->sightings[span->first];
    uint64_t all = bytes_of(span) >> PAGE_SHIFT;
    for (uint64_t i = 0; i < span->count;) {
        uintptr_t begin = molt__sighting_place(&sightings[i]), end = begin;
        if (span->count > all / 2) {
            end = molt__sighting_place(&sightings[span->count - 1]);
            i = span->count;
        }
        for (; i < span->count && molt__sighting_place(&sightings[i]) - end <= GAP; i++)
            end = molt__sighting_place(&sightings[i]);
        molt_checkpoint_expect(lookout->checkpoint, begin, end + sizeof(uintptr_t));
    }
}

void molt_lookout_settle(MoltLookout *lookout)
{
    if (!lookout || !lookout->plan || atomic_load(&lookout->spoiled))
        return;
    if (!molt__lookout_ask(lookout)) {
        molt__lookout_spoil(lookout);
        return;
    }
    for (uint32_t s = 0; s < lookout->span_count; s++)
        if (lookout->spans[s].listed && lookout->spans[s].count > 0)
            expect_patches(lookout, &lookout->spans[s]);
    lookout->settled = true;
}

void molt_plan_set_lookout(MoltPlan *plan, MoltLookout *lookout)
{
    plan->lookout = lookout;
}
