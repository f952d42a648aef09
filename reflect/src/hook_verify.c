/* After the hooks: no pointer of the new state may lead into what goes, the blocks that were rebuilt and
 * the old library. The rules leave none, so one that is there was put there by a hook. Pointers to what
 * hooks deleted are those that the rules carried over as well; they become NULL. */
#include <stdio.h>
#include <string.h>

#include "hook_run.h"
#include "leaf.h"

/* The pointers of one type. */
typedef struct Pointers {
    MoltMigration *m;
    MoltLeaf *leaves;
    uint64_t count, slots;
} Pointers;

static bool add_pointer(void *context, const MoltLeaf *leaf)
{
    Pointers *pointers = context;
    if (leaf->kind != MOLT__LEAF_POINTER && leaf->kind != MOLT__LEAF_STRING)
        return true;
    if (!molt__migration_grow(pointers->m, (void **)&pointers->leaves, &pointers->slots,
                              pointers->count, 1, sizeof *leaf))
        return false;
    pointers->leaves[pointers->count++] = *leaf;
    return true;
}

static bool leads_back(const MoltMigration *m, uintptr_t value)
{
    const MoltHeap *heap = m->heap;
    if (m->code && !m->code->stays && value - m->code->begin < m->code->end - m->code->begin)
        return true;
    if (value - heap->base >= heap->granule_count << MOLT__GRANULE_SHIFT)
        return false;
    uint32_t slot = heap->granules[(value - heap->base) >> MOLT__GRANULE_SHIFT];
    MoltTypeId type = slot != 0 ? heap->spans[slot - 1].type : MOLT_NO_TYPE;
    return slot != 0 &&
           (m->plan->types[type].fate != MOLT_FATE_SAME || molt__plan_keeps(m->plan, type));
}

static void refuse(MoltMigration *m, MoltTypeId type, const MoltLeaf *leaf)
{
    const MoltSchema *schema = m->plan->after;
    MoltTypeId owner = type;
    uint32_t field = MOLT__NO_FIELD;
    char path[400], after[400] = "";
    molt__leaf_field(schema, type, leaf, &owner, &field);
    snprintf(path, sizeof path, "%s", molt_type_name(schema, owner));
    if (field != MOLT__NO_FIELD) {
        snprintf(path, sizeof path, "%s.%s", molt_type_name(schema, owner),
                 molt_string(schema, schema->tables.fields[field].name));
        molt_schema_declare(schema, &schema->tables.fields[field], after, sizeof after);
    }
    molt__hook_refuse(m,
                      &(MoltFinding){.severity = MOLT_REFUSE,
                                     .rule = MOLT_RULE_HOOK_FAILED,
                                     .path = path,
                                     .after = after[0] ? after : NULL,
                                     .value = "a hook stored an address of the old state",
                                     .remedy = "store what molt_old_pointer or molt_old_now gives",
                                     .objects = 1});
}

/* One element at `at`. `shadow` is what a block that stays held before: what was there already is not
 * the hook's doing. */
static void check_element(Pointers *pointers, MoltTypeId type, unsigned char *at,
                          const unsigned char *shadow)
{
    MoltMigration *m = pointers->m;
    for (uint64_t p = 0; p < pointers->count; p++) {
        const MoltLeaf *leaf = &pointers->leaves[p];
        bool counted = false;
        for (uint64_t i = 0; i < leaf->count; i++) {
            uint64_t offset = leaf->at + i * leaf->stride;
            uintptr_t value;
            if (!molt__leaf_is_active(leaf, i, at))
                continue;
            if (m->hooks->deleted_count > 0 &&
                molt__hook_clear_pointer(m, type, leaf, at + offset, counted))
                counted = true;
            memcpy(&value, at + offset, sizeof value);
            if (shadow && memcmp(at + offset, shadow + offset, sizeof value) == 0)
                continue;
            if (leads_back(m, value)) {
                refuse(m, type, leaf);
                return;
            }
        }
    }
}

/* The elements of a span, or with `tail` those of its flexible arrays. */
static void check_elements(MoltMigration *m, const MoltSpan *span, MoltTypeId type, bool tail,
                           const MoltHookShadow *shadow)
{
    MoltTypeId walked = molt__leaf_root(m->plan->after, type, tail);
    Pointers pointers = {.m = m};
    molt__leaf_walk(m->plan->after, walked, add_pointer, &pointers);
    uint64_t first = tail ? span->header : 0;
    for (uint32_t b = 0; b < span->blocks && pointers.count > 0 && !m->hooks->refused; b++) {
        unsigned char *block = molt__span_block(span, b);
        if (!molt__span_is_live(span, b) || molt__hook_is_deleted(m, (uintptr_t)block))
            continue;
        uint64_t count = span->header > 0 && !tail ? 1 : molt__span_count(span, b);
        for (uint64_t e = 0; e < count && !m->hooks->refused; e++) {
            unsigned char *at = block + first + e * span->elem_size;
            const unsigned char *old =
                shadow && shadow->bytes ? shadow->bytes + (at - molt__span_block(span, 0)) : NULL;
            check_element(&pointers, walked, at, old);
        }
    }
    molt__migration_free(m, pointers.leaves, pointers.slots, sizeof *pointers.leaves);
}

static void check_span(MoltMigration *m, const MoltSpan *span, MoltTypeId type,
                       const MoltHookShadow *shadow)
{
    if (span->bytes == 0 || span->live == 0 || type == MOLT_NO_TYPE || m->hooks->refused)
        return;
    check_elements(m, span, type, false, shadow);
    if (span->header > 0)
        check_elements(m, span, type, true, shadow);
}

void molt__hook_verify(MoltMigration *m)
{
    const MoltHookWork *work = m->hooks;
    for (uint32_t s = 0; s < m->span_count && !m->failed; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes == 0 || m->plan->types[span->type].fate == MOLT_FATE_GONE ||
            molt__plan_keeps(m->plan, span->type))
            continue;
        MoltTypeId after = m->plan->types[span->type].after;
        bool moved = m->spans[s].bytes > 0;
        check_span(m, moved ? &m->spans[s] : span, after, moved ? NULL : &work->shadows[s]);
    }
    for (uint64_t s = 0; s < m->owned.span_count && !m->failed; s++)
        check_span(m, &m->owned.spans[s], m->owned.spans[s].type, NULL);
    for (uint64_t s = 0; s < m->retypes.span_count && !m->failed; s++)
        check_span(m, &m->retypes.spans[s], m->retypes.spans[s].type, NULL);
    for (uint64_t s = 0; s < work->made_count && !m->failed; s++)
        check_span(m, &work->made[s], work->made[s].type, NULL);
    molt__hook_report_dangling(m);
}
