/* Blocks that the rules carried over, as hooks see them: where each lies in the new state, and which of
 * them hooks delete. The heap's own tables are those of the old state until commit, so the new sides are
 * found by a list of their own. Nothing is freed before commit: until then what is deleted is known, is
 * handed out to no hook any more, and leaves no pointer behind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook_run.h"

/* ---- where blocks are ------------------------------------------------------------------------ */

static uint64_t span_total(const MoltMigration *m)
{
    return m->span_count + m->fresh_count + m->owned.span_count + m->retypes.span_count;
}

/* Those of the heap, on their new sides, then those that only the new state has. */
static const MoltSpan *span_at(const MoltMigration *m, uint64_t number)
{
    if (number < m->span_count)
        return m->spans[number].bytes > 0 ? &m->spans[number] : &m->heap->spans[number];
    number -= m->span_count;
    if (number < m->fresh_count)
        return &m->fresh[number];
    number -= m->fresh_count;
    return number < m->owned.span_count ? &m->owned.spans[number]
                                        : &m->retypes.spans[number - m->owned.span_count];
}

static bool goes_on(const MoltMigration *m, uint64_t number)
{
    const MoltSpan *span = span_at(m, number);
    return span->bytes > 0 && (number >= m->span_count || (!molt__plan_loses(m->plan, span->type) &&
                                                           !molt__plan_keeps(m->plan, span->type)));
}

static int compare_spans(const void *a, const void *b)
{
    const MoltHookSpan *x = a, *y = b;
    return (x->base > y->base) - (x->base < y->base);
}

/* Lists the spans by address; again when hooks have brought copies of literals into the state. */
static bool list_spans(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    uint64_t total = span_total(m);
    if (work->spans && work->span_total == total)
        return true;
    molt__migration_free(m, work->spans, work->span_total + 1, sizeof *work->spans);
    work->span_total = total;
    work->span_count = 0;
    work->spans = molt__migration_table(m, total + 1, sizeof *work->spans);
    for (uint64_t s = 0; work->spans && s < total; s++) {
        if (goes_on(m, s))
            work->spans[work->span_count++] = (MoltHookSpan){span_at(m, s)->base, s};
    }
    if (work->spans)
        qsort(work->spans, work->span_count, sizeof *work->spans, compare_spans);
    return work->spans != NULL;
}

bool molt__hook_carried(MoltMigration *m, uintptr_t address, MoltHookCarried *out)
{
    const MoltHookWork *work = m->hooks;
    uint64_t low = 0;
    if (!list_spans(m))
        return false;
    for (uint64_t high = work->span_count; low < high;) {
        uint64_t middle = low + (high - low) / 2;
        if (work->spans[middle].base <= address)
            low = middle + 1;
        else
            high = middle;
    }
    uint64_t number = low > 0 ? work->spans[low - 1].number : 0;
    const MoltSpan *span = low > 0 ? span_at(m, number) : NULL;
    if (!span || address - span->base >= span->bytes ||
        (address - span->base) / span->stride >= span->blocks)
        return false;
    uint32_t index = (uint32_t)((address - span->base) / span->stride);
    const MoltSpan *old = number < m->span_count ? &m->heap->spans[number] : NULL;
    *out = (MoltHookCarried){.span = span,
                             .index = index,
                             .start = (uintptr_t)molt__span_block(span, index),
                             .type = old ? m->plan->types[old->type].after : span->type,
                             .before = old ? (uintptr_t)molt__span_block(old, index) : 0};
    if (old)
        out->size_before = molt__span_bytes(old, molt__span_count(old, index));
    return molt__span_is_live(span, index) &&
           !(old && molt__ownership_is_claimed(m, old->type, out->before));
}

/* ---- what is deleted ------------------------------------------------------------------------- */

/* The place in the table of the block's number + 1, or of 0 where it belongs. */
static uint64_t *find_slot(const MoltHookWork *work, uintptr_t block)
{
    uint64_t mask = work->deleted_room - 1;
    uint64_t at = (uint64_t)(block >> 4) * 0x9e3779b97f4a7c15u >> 32;
    while (work->deleted_at[at & mask] != 0 &&
           work->deleted[work->deleted_at[at & mask] - 1].block != block)
        at++;
    return &work->deleted_at[at & mask];
}

/* Half of the table is free at least. */
static bool make_room(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    if (work->deleted_count * 2 < work->deleted_room)
        return true;
    uint64_t room = work->deleted_room > 0 ? work->deleted_room * 2 : 64;
    uint64_t *table = molt__migration_table(m, room, sizeof *table);
    if (!table)
        return false;
    molt__migration_free(m, work->deleted_at, work->deleted_room, sizeof *work->deleted_at);
    work->deleted_at = table;
    work->deleted_room = room;
    for (uint64_t d = 0; d < work->deleted_count; d++)
        *find_slot(work, work->deleted[d].block) = d + 1;
    return true;
}

void molt__hook_delete(MoltMigration *m, const MoltHookCarried *block)
{
    MoltHookWork *work = m->hooks;
    if (!molt__migration_grow(m, (void **)&work->deleted, &work->deleted_slots, work->deleted_count,
                              1, sizeof *work->deleted) ||
        !make_room(m))
        return;
    work->deleted[work->deleted_count] =
        (MoltHookDeleted){block->start, block->type, work->current};
    *find_slot(work, block->start) = ++work->deleted_count;
    if (block->before != 0)
        molt__hook_note_gone(m, block->before, block->size_before);
}

/* The entry of the block that has the address in it, or at its end; NULL when it is not deleted. */
static const MoltHookDeleted *find_deleted(MoltMigration *m, uintptr_t address)
{
    const MoltHookWork *work = m->hooks;
    MoltHookCarried carried;
    if (work->deleted_count == 0 ||
        address - m->heap->base >= m->heap->granule_count << MOLT__GRANULE_SHIFT ||
        !molt__hook_carried(m, address, &carried))
        return NULL;
    uint64_t number = *find_slot(work, carried.start);
    return number > 0 ? &work->deleted[number - 1] : NULL;
}

bool molt__hook_is_deleted(MoltMigration *m, uintptr_t address)
{
    return find_deleted(m, address) != NULL;
}

/* ---- pointers to it -------------------------------------------------------------------------- */

bool molt__hook_clear_pointer(MoltMigration *m, MoltTypeId type, const MoltLeaf *leaf,
                              unsigned char *place, bool counted)
{
    MoltHookWork *work = m->hooks;
    uintptr_t value;
    memcpy(&value, place, sizeof value);
    const MoltHookDeleted *deleted = value != 0 ? find_deleted(m, value) : NULL;
    if (!deleted)
        return false;
    memset(place, 0, sizeof value);
    MoltHookDangling found = {.owner = type, .field = MOLT__NO_FIELD, .type = deleted->type};
    molt__leaf_field(m->plan->after, type, leaf, &found.owner, &found.field);
    for (uint64_t d = 0; d < work->dangling_count; d++) {
        MoltHookDangling *known = &work->dangling[d];
        if (known->owner != found.owner || known->field != found.field)
            continue;
        known->objects += !counted;
        return true;
    }
    found.objects = 1;
    found.hook = deleted->hook;
    if (molt__migration_grow(m, (void **)&work->dangling, &work->dangling_slots,
                             work->dangling_count, 1, sizeof *work->dangling))
        work->dangling[work->dangling_count++] = found;
    return true;
}

void molt__hook_report_dangling(MoltMigration *m)
{
    const MoltHookWork *work = m->hooks;
    const MoltSchema *schema = m->plan->after;
    bool strict = m->plan->policy == MOLT_POLICY_STRICT;
    for (uint64_t d = 0; d < work->dangling_count; d++) {
        const MoltHookDangling *dangling = &work->dangling[d];
        char path[400], after[400] = "", value[400];
        snprintf(path, sizeof path, "%.350s", molt_type_name(schema, dangling->owner));
        if (dangling->field != MOLT__NO_FIELD) {
            molt__field_path(schema, dangling->owner, dangling->field, path, sizeof path);
            molt_schema_declare(schema, &schema->tables.fields[dangling->field], after,
                                sizeof after);
        }
        snprintf(value, sizeof value, "%.150s that the hook of %.150s deleted",
                 dangling->type != MOLT_NO_TYPE ? molt_type_name(schema, dangling->type) : "a text",
                 dangling->hook ? dangling->hook->spelling : "a struct");
        MoltFinding finding = {.severity = strict ? MOLT_REFUSE : MOLT_LOSS,
                               .rule = MOLT_RULE_DANGLING_POINTER,
                               .path = path,
                               .after = after[0] ? after : NULL,
                               .value = value,
                               .remedy = "set the pointer to NULL, or to another object, in the "
                                         "hook that deletes",
                               .objects = dangling->objects};
        m->refused = m->refused || strict;
        molt_report_add(m->report, &finding);
    }
}

void molt__hook_carried_free(MoltMigration *m)
{
    MoltHookWork *work = m->hooks;
    molt__migration_free(m, work->spans, work->span_total + 1, sizeof *work->spans);
    molt__migration_free(m, work->deleted, work->deleted_slots, sizeof *work->deleted);
    molt__migration_free(m, work->deleted_at, work->deleted_room, sizeof *work->deleted_at);
    molt__migration_free(m, work->dangling, work->dangling_slots, sizeof *work->dangling);
}
