/* Plain memory: malloc and its relatives over the heap, typed by where they are called from. A block
 * that is not the heap's is libc's and goes back there. */
#include "molt/plain_memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "heap_block.h"
#include "heap_plain.h"

/* How many wrappers may call each other. */
enum { WRAPPERS_MAX = 8 };

/* ---- call sites ------------------------------------------------------------------------------ */

MoltStatus molt_heap_set_call_sites(MoltHeap *heap, const MoltCallSites *sites)
{
    molt__known_forget(heap);
    return molt__origins_use(&heap->allocator, &heap->origins, sites) ? MOLT_OK
                                                                      : MOLT_OUT_OF_MEMORY;
}

static uintptr_t word_at(uintptr_t address)
{
    uintptr_t word;
    memcpy(&word, (const void *)address, sizeof word); /* NOLINT: a place on the caller's stack */
    return word;
}

uint32_t molt__plain_site(const MoltCallSites *sites, MoltCaller at)
{
    uint32_t found = UINT32_MAX;
    for (int depth = 0; depth < WRAPPERS_MAX; depth++) {
        uint32_t next = molt_call_sites_find(sites, at.address);
        if (next == UINT32_MAX)
            break;
        found = next;
        const MoltCallSite *site = molt_call_sites_at(sites, next);
        const MoltFrameRule *rule = &site->frame;
        if (!site->wrapper || rule->base == MOLT_FRAME_NONE || at.stack == 0)
            break;
        at.stack = (rule->base == MOLT_FRAME_STACK ? at.stack : at.frame) + (uintptr_t)rule->offset;
        at.address = word_at(at.stack + (uintptr_t)rule->return_address);
        if (rule->frame_pointer != 0)
            at.frame = word_at(at.stack + (uintptr_t)rule->frame_pointer);
    }
    return found;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* Elements of `type` in a block of `size` bytes; false when it cannot be such a block. The elements
 * cover at least `size` bytes. */
static bool count_of(const MoltSchema *schema, MoltTypeId id, bool pool, uint64_t size,
                     uint64_t *count)
{
    const MoltType *type = molt_type(schema, id);
    const MoltField *tail = molt_schema_tail(schema, id);
    uint64_t header = tail ? tail->bit_offset / 8 : 0;
    uint64_t unit =
        tail ? molt_type(schema, molt_type(schema, tail->type)->elem)->size : type->size;
    if (unit == 0 || size < header || (!tail && (size == 0 || (!pool && size % unit != 0))))
        return false;
    *count = (size - header + unit - 1) / unit;
    return true;
}

MoltTypeId molt__plain_type(const MoltPlainTypes *types, uint32_t site, uint64_t size,
                            uint64_t *count)
{
    if (site != UINT32_MAX) {
        const MoltCallSite *known = molt_call_sites_at(types->sites, site);
        if (known->type < types->schema->tables.type_count &&
            count_of(types->schema, known->type, known->pool, size, count))
            return known->type;
    }
    *count = size > 0 ? size : 1;
    return types->untyped;
}

MoltTypeId molt__plain_resized_type(const MoltPlainTypes *types, MoltTypeId was, uint32_t site,
                                    uint64_t size, uint64_t *count)
{
    MoltTypeId said = molt__plain_type(types, site, size, count);
    uint64_t kept = 0;
    if (said == was || was == types->untyped)
        return said;
    if (said == types->untyped && count_of(types->schema, was, false, size, &kept)) {
        *count = kept;
        return was;
    }
    *count = size;
    return types->untyped;
}

static MoltPlainTypes types_of(const MoltHeap *heap)
{
    return (MoltPlainTypes){heap->schema, heap->origins.sites, heap->untyped};
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool in_range(const MoltHeap *heap, const void *block)
{
    return (uintptr_t)block - heap->base < heap->granule_count << MOLT__GRANULE_SHIFT;
}

bool molt__plain_note(const MoltAllocator *allocator, MoltSpan *span, uint32_t index,
                      uint32_t origin)
{
    if (!span->origins && span->origin == origin)
        return true;
    if (!span->origins && span->live <= (molt__span_is_live(span, index) ? 1u : 0u)) {
        span->origin = origin; /* nobody else is there */
        return true;
    }
    if (!span->origins) {
        span->origins = allocator->resize(allocator->context, NULL, 0,
                                          (uint64_t)span->blocks * sizeof *span->origins);
        if (!span->origins)
            return false;
        for (uint32_t i = 0; i < span->blocks; i++)
            span->origins[i] = span->origin;
    }
    span->origins[index] = origin;
    return true;
}

static bool note_origin(MoltHeap *heap, const void *block, uint32_t origin)
{
    MoltPlace place;
    molt_heap_locate(heap, block, &place);
    return molt__plain_note(&heap->allocator, &heap->spans[place.block.span], place.block.index,
                            origin);
}

static void *make(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align, uint32_t origin)
{
    void *block = molt__heap_new_aligned(heap, type, count, align);
    if (block && !note_origin(heap, block, origin)) {
        molt_heap_delete(heap, block);
        block = NULL;
    }
    return block;
}

static void *or_no_memory(void *block)
{
    if (!block)
        errno = ENOMEM;
    return block;
}

/* A block that the arena has room for, of any content; NULL: it takes all doors. */
__attribute__((always_inline)) static inline void *make_own(MoltHeap *heap, uint32_t arena,
                                                            const MoltKnownSite *site)
{
    MoltSpan *span;
    uint32_t index;
    void *block = molt__block_take(heap, site->bucket, site->count, &span, &index);
    if (!block || (!span->origins && span->origin == site->origin))
        return block;
    if (span->origins) {
        span->origins[index] = site->origin;
    } else if (span->live == 1) {
        span->origin = site->origin;
    } else { /* a table has to be made */
        molt__block_give(heap, arena, block);
        block = NULL;
    }
    return block;
}

/* What a call of the arena that its address does not tell, or that is new, leads to; false when that is not
 * there yet. */
static bool find_known(MoltHeap *heap, uint32_t arena, const MoltCaller *caller, size_t size,
                       uint32_t align, MoltKnownSite *out)
{
    uint32_t site = molt__plain_site(heap->origins.sites, *caller);
    MoltPlainTypes types = types_of(heap);
    MoltTypeId type = molt__plain_type(&types, site, size, &out->count);
    out->origin = site < heap->origins.site_count ? heap->origins.of_site[site] : 0;
    return (out->origin != 0 || site == UINT32_MAX) &&
           molt__known_aim(heap, arena, type, align, out);
}

/* Of a wrapper the address is the same for all who call it. */
static bool is_told_by_address(const MoltHeap *heap, const MoltCaller *caller)
{
    const MoltCallSites *sites = heap->origins.sites;
    uint32_t site = molt_call_sites_find(sites, caller->address);
    return site == UINT32_MAX || !molt_call_sites_at(sites, site)->wrapper;
}

/* A call that was not seen before, or for whose block no span has room. */
__attribute__((noinline)) static void *new_anew(MoltHeap *heap, const MoltCaller *caller,
                                                size_t size, size_t asked)
{
    MoltKnownSite known = {.address = caller->address, .size = size, .align = (uint32_t)asked};
    uint32_t align = (uint32_t)(asked < alignof(max_align_t) ? alignof(max_align_t) : asked);
    uint32_t arena = molt__gate_enter(heap->gate);
    void *block = NULL;
    if (find_known(heap, arena, caller, size, align, &known))
        block = make_own(heap, arena, &known);
    if (block && is_told_by_address(heap, caller))
        molt__known_add(heap, arena, &known);
    molt__gate_leave(heap->gate, arena);
    if (block)
        return memset(block, 0, known.bytes);

    molt__heap_lock(heap);
    molt__known_make(heap, heap->arena);
    uint32_t site = molt__plain_site(heap->origins.sites, *caller);
    MoltPlainTypes types = types_of(heap);
    uint64_t count = 0;
    MoltTypeId type = molt__plain_type(&types, site, size, &count);
    uint32_t origin = molt__origins_of(&heap->allocator, &heap->origins, site);
    block = make(heap, type, count, align, origin);
    molt__heap_unlock(heap);
    return block;
}

/* Memory of libc's, where the heap has no type or no place. */
static void *new_elsewhere(size_t size, size_t align)
{
    void *block = NULL;
    if (align < alignof(max_align_t))
        align = alignof(max_align_t);
    int wrong = posix_memalign(&block, align, size > 0 ? size : 1);
    return wrong ? NULL : memset(block, 0, size);
}

static void *plain_new(const MoltHeapApi *api, const MoltCaller *caller, size_t size, size_t align)
{
    MoltHeap *heap = api->heap;
    uint64_t bytes = 0;
    uint32_t arena = molt__gate_enter(heap->gate);
    const MoltKnownSite *known =
        molt__known_find(heap, arena, caller->address, size, (uint32_t)align);
    void *block = NULL;
    if (known) {
        bytes = known->bytes;
        block = make_own(heap, arena, known);
    }
    molt__gate_leave(heap->gate, arena);
    if (__builtin_expect(block != NULL, 1)) {
        molt__block_zero(block, bytes);
        return block;
    }
    if (size > PTRDIFF_MAX)
        return or_no_memory(NULL);
    if (heap->untyped == MOLT_NO_TYPE || align > MOLT__PLAIN_ALIGN_MAX)
        return or_no_memory(new_elsewhere(size, align));
    return or_no_memory(new_anew(heap, caller, size, align));
}

/* The type does not depend on the site; that only says where it was. */
static void *new_text(MoltHeap *heap, const MoltCaller *caller, MoltTypeId type, uint64_t size)
{
    const uint32_t align = alignof(max_align_t);
    MoltKnownSite known = {.count = size};
    void *block = NULL;
    uint32_t arena = molt__gate_enter(heap->gate);
    uint32_t site = molt__plain_site(heap->origins.sites, *caller);
    known.origin = site < heap->origins.site_count ? heap->origins.of_site[site] : 0;
    if ((known.origin != 0 || site == UINT32_MAX) &&
        molt__known_aim(heap, arena, type, align, &known))
        block = make_own(heap, arena, &known);
    molt__gate_leave(heap->gate, arena);
    if (block)
        return memset(block, 0, known.bytes);
    molt__heap_lock(heap);
    site = molt__plain_site(heap->origins.sites, *caller);
    uint32_t origin = molt__origins_of(&heap->allocator, &heap->origins, site);
    block = make(heap, type, size, align, origin);
    molt__heap_unlock(heap);
    return block;
}

static char *plain_text_at(const MoltHeapApi *api, const MoltCaller *caller, const char *text,
                           size_t length)
{
    MoltHeap *heap = api->heap;
    MoltTypeId type = heap->char_type != MOLT_NO_TYPE ? heap->char_type : heap->untyped;
    if (length >= PTRDIFF_MAX)
        return or_no_memory(NULL);
    char *copy = NULL;
    if (type == MOLT_NO_TYPE) {
        copy = malloc(length + 1);
    } else {
        copy = new_text(heap, caller, type, length + 1);
    }
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return or_no_memory(copy);
}

static char *plain_text(const MoltHeapApi *api, const char *text, size_t length)
{
    static const MoltCaller nobody;
    return plain_text_at(api, &nobody, text, length);
}

static uint64_t bytes_of(const MoltHeap *heap, const MoltBlock *block)
{
    return molt__span_bytes(&heap->spans[block->span], block->count);
}

static void *resize(MoltHeap *heap, const MoltBlock *old, uint32_t site, uint64_t size)
{
    uint64_t count = 0;
    uint32_t align = heap->spans[old->span].align;
    MoltPlainTypes types = types_of(heap);
    MoltTypeId type = molt__plain_resized_type(&types, old->type, site, size, &count);
    uint32_t origin = molt__origins_of(&heap->allocator, &heap->origins, site);
    if (origin == 0)
        origin = molt__span_origin(&heap->spans[old->span], old->index);
    if (type == old->type && align >= alignof(max_align_t)) {
        /* the attic follows; a block that moved takes its origin along */
        void *block = molt_heap_resize(heap, old->start, count);
        if (block)
            note_origin(heap, block, origin); /* without memory for it the place is not known */
        return block;
    }
    if (type == MOLT_NO_TYPE)
        return NULL;
    uint64_t kept = bytes_of(heap, old);
    void *block =
        make(heap, type, count,
             align > alignof(max_align_t) ? align : (uint32_t)alignof(max_align_t), origin);
    if (block) {
        memcpy(block, old->start, kept < size ? kept : size);
        molt_heap_delete(heap, old->start);
    }
    return block;
}

static void *plain_resize(const MoltHeapApi *api, const MoltCaller *caller, void *block,
                          size_t size)
{
    MoltHeap *heap = api->heap;
    MoltPlace place;
    if (!block)
        return plain_new(api, caller, size, 0);
    if (!in_range(heap, block))
        return realloc(block, size);
    if (size > PTRDIFF_MAX)
        return or_no_memory(NULL);
    molt__heap_lock(heap);
    if (!molt__heap_find_start(heap, block, &place)) {
        molt__heap_unlock(heap);
        molt__heap_fault_place(heap, "realloc", block);
    }
    void *result = NULL;
    if (size == 0)
        molt_heap_delete(heap, block); /* as glibc does */
    else
        result = resize(heap, &place.block, molt__plain_site(heap->origins.sites, *caller), size);
    molt__heap_unlock(heap);
    return size == 0 ? NULL : or_no_memory(result);
}

static void plain_free(const MoltHeapApi *api, void *block)
{
    MoltHeap *heap = api->heap;
    if (__builtin_expect(!in_range(heap, block), 0)) {
        free(block); /* or nothing, NULL */
        return;
    }
    if (!molt__heap_give(heap, block))
        molt__heap_fault_place(heap, "free", block);
}

static size_t plain_size(const MoltHeapApi *api, const void *block)
{
    MoltHeap *heap = api->heap;
    MoltPlace place;
    if (!block)
        return 0;
    if (!in_range(heap, block))
        return malloc_usable_size((void *)block); /* NOLINT: which does not write */
    uint64_t bytes;
    bool found = molt__heap_find_safely(heap, block, &place, &bytes);
    if (!found)
        molt__heap_fault_place(heap, "malloc_usable_size", block);
    return (size_t)bytes;
}

void molt__heap_make_plain_api(MoltHeapApi *api)
{
    api->plain_new = plain_new;
    api->plain_resize = plain_resize;
    api->plain_text = plain_text;
    api->plain_text_at = plain_text_at;
    api->plain_free = plain_free;
    api->plain_size = plain_size;
}

/* ---- what is known of blocks ----------------------------------------------------------------- */

uint32_t molt_heap_align(const MoltHeap *heap, const MoltBlock *block)
{
    return heap->spans[block->span].align;
}

const MoltOrigin *molt_heap_origin(const MoltHeap *heap, const MoltBlock *block)
{
    const MoltSpan *span = &heap->spans[block->span];
    if (span->align == 0)
        return NULL;
    uint32_t origin = molt__span_origin(span, block->index);
    static const MoltOrigin unknown = {.file = "", .function = "", .reason = ""};
    return origin < heap->origins.count ? &heap->origins.items[origin] : &unknown;
}

bool molt_heap_is_untyped(const MoltHeap *heap, const MoltBlock *block)
{
    return block->type == heap->untyped;
}
