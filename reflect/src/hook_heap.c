/* The heap as hooks see it: molt_new and its friends over blocks of the new state. The heap's own tables
 * are those of the old state until commit, so new blocks lie in spans that it does not know yet. */
#include <errno.h>
#include <malloc.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_plain.h"
#include "hook_run.h"

#define API_VERSION 1u

static void refuse(MoltMigration *m, const char *what, const char *remedy)
{
    char name[200], value[400];
    molt__hook_name(m, name, sizeof name);
    snprintf(value, sizeof value, "%s in %s", what, name);
    molt__hook_refuse(m,
                      &(MoltFinding){.severity = MOLT_REFUSE,
                                     .rule = MOLT_RULE_HOOK_FAILED,
                                     .path = molt_type_name(m->plan->after, m->hooks->current_type),
                                     .value = value,
                                     .remedy = remedy,
                                     .objects = 1});
}

/* ---- blocks that hooks made ----------------------------------------------------------------- */

/* The last span for such blocks, made so that spans double; NULL when memory is out. */
static MoltSpan *span_for(MoltMigration *m, MoltTypeId type, uint64_t capacity, uint32_t align)
{
    MoltHookWork *work = m->hooks;
    uint64_t blocks = 0;
    for (uint64_t s = work->made_count; s-- > 0;) {
        MoltSpan *span = &work->made[s];
        if (span->type != type || span->capacity != capacity || span->align != align)
            continue;
        if (span->live < span->blocks)
            return span;
        blocks += span->blocks;
    }
    if (capacity > MOLT__LONE_CAPACITY)
        blocks = 1;
    else if (blocks < MOLT__SPAN_BLOCKS_MIN)
        blocks = MOLT__SPAN_BLOCKS_MIN;
    else if (blocks > MOLT__SPAN_BLOCKS_MAX)
        blocks = MOLT__SPAN_BLOCKS_MAX;
    if (!molt__migration_grow(m, (void **)&work->made, &work->made_slots, work->made_count, 1,
                              sizeof *work->made))
        return NULL;
    MoltSpan *span = &work->made[work->made_count];
    if (!molt__span_make_of(m->heap, span, m->plan->after, type, capacity, (uint32_t)blocks,
                            align)) {
        m->failed = true;
        return NULL;
    }
    span->type = type;
    work->made_count++;
    return span;
}

static void *make(MoltMigration *m, MoltTypeId type, uint64_t count, uint32_t align)
{
    const MoltSchema *schema = m->plan->after;
    uint64_t capacity = molt__capacity_for(count);
    if (m->failed || capacity == 0 || molt_type(schema, type)->size == 0 ||
        (count == 0 && !molt_schema_tail(schema, type)))
        return NULL;
    MoltSpan *span = span_for(m, type, capacity, align);
    if (!span)
        return NULL;
    uint32_t index = molt__span_take(span);
    if (span->counts)
        span->counts[index] = count;
    return memset(molt__span_block(span, index), 0, molt__span_bytes(span, count));
}

/* The span of a block that a hook made and that starts at the address, or NULL. */
static MoltSpan *find_made(const MoltMigration *m, const void *block, uint32_t *index)
{
    uintptr_t address = (uintptr_t)block;
    for (uint64_t s = m->hooks->made_count; s-- > 0;) {
        MoltSpan *span = &m->hooks->made[s];
        if (address - span->base >= span->bytes)
            continue;
        uint64_t at = (address - span->base) / span->stride;
        *index = (uint32_t)at;
        return at < span->blocks && molt__span_is_live(span, *index) &&
                       (uintptr_t)molt__span_block(span, *index) == address
                   ? span
                   : NULL;
    }
    return NULL;
}

static void take_back(MoltSpan *span, uint32_t index)
{
    molt__span_let_go(span, index);
    if (span->counts)
        span->counts[index] = 0;
}

/* The new side of a block that the rules carried over, which starts at the address. */
static const MoltSpan *find_carried(MoltMigration *m, const void *block, uint32_t *index)
{
    MoltHookCarried found;
    if (!molt__hook_carried(m, (uintptr_t)block, &found) || found.start != (uintptr_t)block)
        return NULL;
    *index = found.index;
    return found.span;
}

static bool is_root(const MoltMigration *m, const MoltHookCarried *block)
{
    uint64_t size = molt__span_bytes(block->span, molt__span_count(block->span, block->index));
    for (uint32_t r = 0; r < m->plan->after->tables.root_count; r++) {
        if ((uintptr_t)m->roots[r] - block->start < size)
            return true;
    }
    return false;
}

/* The hook's own object is a part of the block only. */
static bool is_more_than_its_object(const MoltMigration *m, const MoltHookCarried *block)
{
    const MoltHookCall *call = m->hooks->call;
    bool many = block->span->header == 0 && molt__span_count(block->span, block->index) != 1;
    return call->now == block->start && (block->type != call->op->after || many);
}

static void delete_carried(MoltMigration *m, const void *block)
{
    MoltHookCarried found;
    if (!molt__hook_carried(m, (uintptr_t)block, &found) || found.start != (uintptr_t)block)
        refuse(m, "molt_delete of what is not the start of a block in the new state",
               "delete what molt_old_pointer or molt_old_now gave, or what the hook made");
    else if (molt__hook_is_deleted(m, found.start))
        refuse(m, "molt_delete of what a hook has deleted before",
               "delete an object once: molt_old_pointer and molt_old_now give NULL for it then");
    else if (is_root(m, &found))
        refuse(m, "molt_delete of the state's root", "keep the object, and empty it");
    else if (is_more_than_its_object(m, &found))
        refuse(m, "molt_delete of an object that is part of a block with more in it",
               "delete the whole block in the hook of what holds it, or keep the object");
    else
        molt__hook_delete(m, &found);
}

/* ---- the API -------------------------------------------------------------------------------- */

static void *create(const MoltHeapApi *api, const MoltSite *site, size_t count)
{
    MoltMigration *m = api->heap;
    return site->type < m->plan->after->tables.type_count ? make(m, site->type, count, 0) : NULL;
}

static void destroy(const MoltHeapApi *api, void *block)
{
    MoltMigration *m = api->heap;
    uint32_t index;
    MoltSpan *made = block ? find_made(m, block, &index) : NULL;
    if (made)
        take_back(made, index);
    else if (block)
        delete_carried(m, block);
}

static void *resize(const MoltHeapApi *api, void *block, size_t count)
{
    MoltMigration *m = api->heap;
    uint32_t index;
    MoltSpan *made = find_made(m, block, &index);
    if (!made) {
        refuse(m, "molt_resize of what no hook made",
               "make another array with molt_new_array, copy the elements, and delete the old one");
        return NULL;
    }
    MoltTypeId type = made->type;
    uint64_t before = molt__span_count(made, index);
    uint64_t kept = made->header + (before < count ? before : count) * made->elem_size;
    void *moved = make(m, type, count, made->align);
    if (!moved)
        return NULL;
    made = find_made(m, block, &index); /* the table of spans may have moved */
    memcpy(moved, block, kept);
    take_back(made, index);
    return moved;
}

/* The integer type that has a flag, or MOLT_NO_TYPE. */
static MoltTypeId find_flagged(const MoltMigration *m, uint16_t flag)
{
    const MoltTables *after = &m->plan->after->tables;
    for (MoltTypeId type = 0; type < after->type_count; type++)
        if (after->types[type].kind == MOLT_KIND_INT && (after->types[type].flags & flag) != 0)
            return type;
    return MOLT_NO_TYPE;
}

static char *duplicate(const MoltHeapApi *api, const char *text)
{
    MoltMigration *m = api->heap;
    MoltTypeId type = find_flagged(m, MOLT_TYPE_CHAR);
    uint64_t size = strlen(text) + 1;
    char *copy = type != MOLT_NO_TYPE ? make(m, type, size, 0) : NULL;
    return copy ? memcpy(copy, text, size) : NULL;
}

static size_t count(const MoltHeapApi *api, const void *block)
{
    MoltMigration *m = api->heap;
    uint32_t index;
    const MoltSpan *span = find_made(m, block, &index);
    if (!span)
        span = find_carried(m, block, &index);
    if (span)
        return molt__span_count(span, index);
    refuse(m, "molt_count of what is not the start of a block in the new state",
           "count what molt_old_pointer or molt_old_now gave, or ask molt_old_count");
    return 0;
}

/* ---- plain memory --------------------------------------------------------------------------- */

/* What a hook's malloc makes is of the library that comes, and what is not the heap's is libc's. */

static MoltPlainTypes plain_types(const MoltMigration *m)
{
    return (MoltPlainTypes){.schema = m->plan->after,
                            .sites = m->code ? m->code->call_sites : NULL,
                            .untyped = find_flagged(m, MOLT_TYPE_UNTYPED)};
}

static bool in_range(const MoltMigration *m, const void *block)
{
    return (uintptr_t)block - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT;
}

static void *or_no_memory(void *block)
{
    if (!block)
        errno = ENOMEM;
    return block;
}

static void *make_plain(MoltMigration *m, const MoltPlainTypes *types, uint32_t site,
                        MoltTypeId type, uint64_t count, size_t align)
{
    uint32_t index, origin = 0;
    void *block = make(m, type, count, (uint32_t)align);
    MoltSpan *made = block ? find_made(m, block, &index) : NULL;
    if (made && site != UINT32_MAX)
        origin = molt__origins_add(&m->allocator, &m->heap->origins,
                                   molt__origin_of(molt_call_sites_at(types->sites, site)));
    if (made && !molt__plain_note(&m->allocator, made, index, origin))
        m->failed = true;
    return or_no_memory(block);
}

static void *plain_new(const MoltHeapApi *api, const MoltCaller *caller, size_t size, size_t align)
{
    MoltMigration *m = api->heap;
    const MoltPlainTypes types = plain_types(m);
    uint64_t count;
    if (size > PTRDIFF_MAX)
        return or_no_memory(NULL);
    if (align < alignof(max_align_t))
        align = alignof(max_align_t);
    if (types.untyped == MOLT_NO_TYPE || align > MOLT__PLAIN_ALIGN_MAX) {
        void *block = NULL;
        int wrong = posix_memalign(&block, align, size > 0 ? size : 1);
        return or_no_memory(wrong ? NULL : memset(block, 0, size));
    }
    uint32_t site = molt__plain_site(types.sites, *caller);
    MoltTypeId type = molt__plain_type(&types, site, size, &count);
    return make_plain(m, &types, site, type, count, align);
}

static void plain_free(const MoltHeapApi *api, void *block)
{
    if (block && !in_range(api->heap, block))
        free(block);
    else
        destroy(api, block);
}

static void *plain_resize(const MoltHeapApi *api, const MoltCaller *caller, void *block,
                          size_t size)
{
    MoltMigration *m = api->heap;
    const MoltPlainTypes types = plain_types(m);
    uint64_t count;
    uint32_t index;
    if (!block)
        return plain_new(api, caller, size, 0);
    if (!in_range(m, block))
        return realloc(block, size);
    if (size > PTRDIFF_MAX)
        return or_no_memory(NULL);
    const MoltSpan *old = find_made(m, block, &index);
    if (!old)
        old = find_carried(m, block, &index);
    if (size == 0 || !old) {
        destroy(api, block); /* as glibc does; says what is wrong where nothing is */
        return NULL;
    }
    uint64_t kept = molt__span_bytes(old, molt__span_count(old, index));
    size_t align = old->align > alignof(max_align_t) ? old->align : alignof(max_align_t);
    bool made = find_made(m, block, &index) != NULL;
    MoltTypeId was = made ? old->type : m->plan->types[old->type].after;
    uint32_t site = molt__plain_site(types.sites, *caller);
    MoltTypeId type = molt__plain_resized_type(&types, was, site, size, &count);
    void *moved = make_plain(m, &types, site, type, count, align);
    if (moved) {
        memcpy(moved, block, kept < size ? kept : size);
        destroy(api, block);
    }
    return moved;
}

static char *plain_text_at(const MoltHeapApi *api, const MoltCaller *caller, const char *text,
                           size_t length)
{
    MoltMigration *m = api->heap;
    const MoltPlainTypes types = plain_types(m);
    MoltTypeId type = find_flagged(m, MOLT_TYPE_CHAR);
    char *copy = NULL;
    if (type == MOLT_NO_TYPE)
        type = types.untyped;
    if (length >= PTRDIFF_MAX)
        return or_no_memory(NULL);
    if (type != MOLT_NO_TYPE)
        copy = make_plain(m, &types, molt__plain_site(types.sites, *caller), type, length + 1,
                          alignof(max_align_t));
    else
        copy = or_no_memory(malloc(length + 1));
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

static char *plain_text(const MoltHeapApi *api, const char *text, size_t length)
{
    static const MoltCaller nobody;
    return plain_text_at(api, &nobody, text, length);
}

static size_t plain_size(const MoltHeapApi *api, const void *block)
{
    MoltMigration *m = api->heap;
    uint32_t index;
    if (!block)
        return 0;
    if (!in_range(m, block))
        return malloc_usable_size((void *)block); /* NOLINT: which does not write */
    const MoltSpan *span = find_made(m, block, &index);
    if (!span)
        span = find_carried(m, block, &index);
    return span ? molt__span_bytes(span, molt__span_count(span, index)) : count(api, block);
}

void molt__hook_make_api(MoltMigration *m)
{
    m->hooks->heap_api = (MoltHeapApi){.size = sizeof(MoltHeapApi),
                                       .version = API_VERSION,
                                       .heap = m,
                                       .create = create,
                                       .resize = resize,
                                       .destroy = destroy,
                                       .duplicate = duplicate,
                                       .count = count,
                                       .plain_new = plain_new,
                                       .plain_resize = plain_resize,
                                       .plain_text = plain_text,
                                       .plain_text_at = plain_text_at,
                                       .plain_free = plain_free,
                                       .plain_size = plain_size};
}

void molt__hook_adopt(MoltMigration *m)
{
    for (uint64_t s = 0; m->hooks && s < m->hooks->made_count; s++)
        molt__heap_adopt(m->heap, &m->hooks->made[s], m->hooks->made[s].type);
}
