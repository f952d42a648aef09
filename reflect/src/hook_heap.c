/* The heap as hooks see it: molt_new and its friends over blocks of the new state. The heap's own tables
 * are those of the old state until commit, so new blocks lie in spans that it does not know yet. */
#include <stdio.h>
#include <string.h>

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
static MoltSpan *span_for(MoltMigration *m, MoltTypeId type, uint64_t capacity)
{
    MoltHookWork *work = m->hooks;
    uint64_t blocks = 0;
    for (uint64_t s = work->made_count; s-- > 0;) {
        MoltSpan *span = &work->made[s];
        if (span->type != type || span->capacity != capacity)
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
    if (!molt__span_make_of(m->heap, span, m->plan->after, type, capacity, (uint32_t)blocks)) {
        m->failed = true;
        return NULL;
    }
    span->type = type;
    work->made_count++;
    return span;
}

static void *make(MoltMigration *m, MoltTypeId type, uint64_t count)
{
    const MoltSchema *schema = m->plan->after;
    uint64_t capacity = molt__capacity_for(count);
    if (m->failed || capacity == 0 || molt_type(schema, type)->size == 0 ||
        (count == 0 && !molt_schema_tail(schema, type)))
        return NULL;
    MoltSpan *span = span_for(m, type, capacity);
    if (!span)
        return NULL;
    uint32_t word = span->free_hint;
    while (span->live_bits[word] == UINT64_MAX)
        word++;
    uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(~span->live_bits[word]);
    span->live_bits[word] |= (uint64_t)1 << (index % 64);
    span->free_hint = word;
    span->live++;
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
    span->live_bits[index / 64] &= ~((uint64_t)1 << (index % 64));
    span->live--;
    if (span->counts)
        span->counts[index] = 0;
    if (index / 64 < span->free_hint)
        span->free_hint = index / 64;
}

/* The new side of a block that the rules carried over, which starts at the address. */
static const MoltSpan *find_carried(const MoltMigration *m, const void *block, uint32_t *index)
{
    uintptr_t address = (uintptr_t)block;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = m->spans[s].bytes > 0 ? &m->spans[s] : &m->heap->spans[s];
        if (span->bytes == 0 || address - span->base >= span->bytes ||
            m->plan->types[span->type].fate == MOLT_FATE_GONE)
            continue;
        uint64_t at = (address - span->base) / span->stride;
        *index = (uint32_t)at;
        return at < span->blocks && molt__span_is_live(span, *index) &&
                       (uintptr_t)molt__span_block(span, *index) == address
                   ? span
                   : NULL;
    }
    for (uint64_t s = 0; s < m->fresh_count + m->owned.span_count; s++) {
        const MoltSpan *span =
            s < m->fresh_count ? &m->fresh[s] : &m->owned.spans[s - m->fresh_count];
        if (address - span->base < span->bytes) {
            *index = (uint32_t)((address - span->base) / span->stride);
            return molt__span_is_live(span, *index) ? span : NULL;
        }
    }
    return NULL;
}

/* ---- the API -------------------------------------------------------------------------------- */

static void *create(const MoltHeapApi *api, const MoltSite *site, size_t count)
{
    MoltMigration *m = api->heap;
    return site->type < m->plan->after->tables.type_count ? make(m, site->type, count) : NULL;
}

static void destroy(const MoltHeapApi *api, void *block)
{
    MoltMigration *m = api->heap;
    MoltHookWork *work = m->hooks;
    uint32_t index;
    MoltSpan *made = block ? find_made(m, block, &index) : NULL;
    if (!block)
        return;
    if (made)
        take_back(made, index);
    else if (!find_carried(m, block, &index))
        refuse(m, "molt_delete of what is not the start of a block in the new state",
               "delete what molt_old_pointer or molt_old_now gave, or what the hook made");
    else if (molt__migration_grow(m, (void **)&work->deleted, &work->deleted_slots,
                                  work->deleted_count, 1, sizeof *work->deleted))
        work->deleted[work->deleted_count++] = block;
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
    void *moved = make(m, type, count);
    if (!moved)
        return NULL;
    made = find_made(m, block, &index); /* the table of spans may have moved */
    memcpy(moved, block, kept);
    take_back(made, index);
    return moved;
}

static char *duplicate(const MoltHeapApi *api, const char *text)
{
    MoltMigration *m = api->heap;
    const MoltTables *after = &m->plan->after->tables;
    MoltTypeId type = 0;
    while (type < after->type_count &&
           !(after->types[type].kind == MOLT_KIND_INT && after->types[type].flags & MOLT_TYPE_CHAR))
        type++;
    uint64_t size = strlen(text) + 1;
    char *copy = type < after->type_count ? make(m, type, size) : NULL;
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

void molt__hook_make_api(MoltMigration *m)
{
    m->hooks->heap_api = (MoltHeapApi){.size = sizeof(MoltHeapApi),
                                       .version = API_VERSION,
                                       .heap = m,
                                       .create = create,
                                       .resize = resize,
                                       .destroy = destroy,
                                       .duplicate = duplicate,
                                       .count = count};
}

void molt__hook_adopt(MoltMigration *m)
{
    for (uint64_t s = 0; m->hooks && s < m->hooks->made_count; s++)
        molt__heap_adopt(m->heap, &m->hooks->made[s], m->hooks->made[s].type);
}
