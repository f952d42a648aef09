#include "attic_hook.h"

#include "attic_retype.h"
#include "hook_run.h"

#include <string.h>
#include <xxhash.h>

/* ---- structs whose values are all kept ------------------------------------------------------- */

typedef bool IsWanted(const void *context, MoltTypeId type);

/* The outermost wanted struct in `type` that holds offset `at`. */
static MoltTypeId wanted_at(const MoltSchema *schema, MoltTypeId type, uint64_t at,
                            IsWanted *is_wanted, const void *context)
{
    const MoltType *t = molt_type(schema, type);
    MoltTypeId found = MOLT_NO_TYPE;
    if (t->kind == MOLT_KIND_STRUCT && is_wanted(context, type))
        return type;
    if (molt_kind_is_sequence(t->kind)) {
        uint64_t size = molt_type(schema, t->elem)->size;
        return size > 0 ? wanted_at(schema, t->elem, at % size, is_wanted, context) : MOLT_NO_TYPE;
    }
    if (t->kind != MOLT_KIND_STRUCT && t->kind != MOLT_KIND_UNION)
        return MOLT_NO_TYPE;
    for (uint32_t f = t->first; f < t->first + t->count && found == MOLT_NO_TYPE; f++) {
        const MoltField *field = &schema->tables.fields[f];
        uint64_t start = field->bit_offset / 8, size = molt_type(schema, field->type)->size;
        if (at >= start && at - start < size)
            found = wanted_at(schema, field->type, at - start, is_wanted, context);
    }
    return found;
}

static bool is_whole(const void *context, MoltTypeId type)
{
    const MoltMigration *m = context;
    return m->plan->types[type].fate == MOLT_FATE_CHANGED &&
           (m->ways[type].leaves || molt__lineage_calls(m, type));
}

MoltTypeId molt__attic_whole_at(const MoltMigration *m, MoltTypeId owner, MoltTypeId type,
                                uint64_t at)
{
    if (owner != type && is_whole(m, owner))
        return owner;
    return wanted_at(m->plan->before, type, at, is_whole, m);
}

/* A value of `type` has a struct in it that goes back past a hook; the depth of types is bounded. */
static bool leaves(const MoltMigration *m, MoltTypeId id)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    bool found = m->plan->types[id].fate == MOLT_FATE_CHANGED && m->ways[id].leaves;
    if (molt_kind_is_sequence(type->kind))
        return leaves(m, type->elem);
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; record && f < type->count && !found; f++)
        found = leaves(m, schema->tables.fields[type->first + f].type);
    return found;
}

void molt__attic_mark_leaving(MoltMigration *m, MoltTypeId type, uint64_t n)
{
    MoltAtticWork *work = &m->attic;
    if (m->plan->policy != MOLT_POLICY_LIVE || m->scanning || m->owned.surveying ||
        m->mode != MOLT__RUN_STATE)
        return;
    if (work->leaving_type != type + 1) {
        work->leaving_type = type + 1;
        work->leaving = leaves(m, type);
    }
    if (!work->leaving)
        return;
    if (!work->lossy)
        work->lossy = molt__migration_table(m, m->plan->op_count, sizeof *work->lossy);
    for (uint64_t i = 0; work->lossy && i < n; i++)
        work->marks[i / 64] |= (uint64_t)1 << (i % 64);
}

/* ---- what is watched ------------------------------------------------------------------------- */

typedef struct Watch {
    MoltMigration *m;
    MoltAtticPage *page;
    MoltTypeId type;
    bool all; /* some struct cannot be named any more */
} Watch;

/* A struct of the new schema that some kept values of the page were of. */
static bool is_watched(const void *context, MoltTypeId type)
{
    const Watch *watch = context;
    const MoltSchema *then = watch->page->step->schema;
    const char *name = molt_type_name(watch->m->plan->after, type);
    for (uint64_t r = 0; r < watch->page->run_count; r++) {
        uint32_t hooked = watch->page->runs[r].hooked;
        if (hooked != 0 && strcmp(molt_type_name(then, hooked - 1), name) == 0)
            return true;
    }
    return false;
}

static bool watch_leaf(void *context, const MoltLeaf *leaf)
{
    Watch *watch = context;
    MoltAtticPage *page = watch->page;
    if (!watch->all &&
        wanted_at(watch->m->plan->after, watch->type, leaf->at, is_watched, watch) == MOLT_NO_TYPE)
        return true;
    if (!molt__migration_grow(watch->m, (void **)&page->watched, &page->watched_slots,
                              page->watched_count, 1, sizeof *page->watched))
        return false;
    page->watched[page->watched_count++] = *leaf;
    return true;
}

void molt__attic_watch_hooked(MoltMigration *m, MoltAtticPage *page, MoltTypeId after)
{
    const MoltSchema *then = page->step->schema;
    MoltTypeId root = molt__leaf_root(m->plan->after, after, page->tail);
    Watch watch = {m, page, root, root != after};
    bool any = false;
    uint32_t last = 0;
    for (uint64_t r = 0; r < page->run_count; r++) {
        uint32_t hooked = page->runs[r].hooked;
        if (hooked == 0 || hooked == last)
            continue;
        last = hooked;
        any = true;
        if (molt_schema_find(m->plan->after, molt_type_name(then, hooked - 1)) == MOLT_NO_TYPE)
            watch.all = true;
    }
    if (any)
        molt__leaf_walk(m->plan->after, root, watch_leaf, &watch);
}

static uint64_t hash_value(const MoltHeap *heap, const MoltLeaf *leaf, const unsigned char *value,
                           uint64_t seed)
{
    unsigned char sample[16] = {0};
    if (leaf->kind == MOLT__LEAF_TEXT)
        return XXH3_64bits_withSeed(value, molt__text_length((const char *)value, leaf->size),
                                    seed);
    if (leaf->kind == MOLT__LEAF_STRING || leaf->kind == MOLT__LEAF_BITS) {
        molt__leaf_sample(heap, leaf, value, sample);
        return XXH3_64bits_withSeed(sample, molt__leaf_sample_size(leaf), seed);
    }
    return XXH3_64bits_withSeed(value, leaf->size, seed);
}

uint64_t molt__attic_digest(const MoltHeap *heap, const MoltAtticPage *page,
                            const unsigned char *element)
{
    uint64_t digest = 1;
    for (uint64_t w = 0; w < page->watched_count; w++) {
        const MoltLeaf *leaf = &page->watched[w];
        for (uint64_t i = 0; i < leaf->count; i++) {
            if (molt__leaf_is_active(leaf, i, element))
                digest = hash_value(heap, leaf, element + leaf->at + i * leaf->stride, digest);
        }
    }
    return digest > 0 ? digest : 1;
}

/* ---- giving back ----------------------------------------------------------------------------- */

bool molt__attic_is_called(const MoltCarry *carry, const MoltAtticRun *run)
{
    const MoltMigration *m = carry->m;
    const MoltSchema *then = carry->from->step->schema;
    if (run->hooked == 0 || !carry->direct ||
        !molt__attic_same_layout(then, run->hooked - 1, m->plan->after))
        return false;
    MoltTypeId after = molt_schema_find(m->plan->after, molt_type_name(then, run->hooked - 1));
    MoltTypeId before = m->plan->origins[after];
    return before != MOLT_NO_TYPE && molt__lineage_calls(m, before);
}

static bool is_there(const MoltMigration *m, const MoltAtticRef *ref)
{
    if (ref->kind != MOLT__REF_BLOCK)
        return true;
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    return block->span != MOLT__NO_SPAN &&
           (molt__attic_retyped(m, block->span, block->index) ||
            m->plan->types[m->heap->spans[block->span].type].fate != MOLT_FATE_GONE);
}

bool molt__attic_is_altered(const MoltCarry *carry)
{
    const MoltMigration *m = carry->m;
    const MoltAtticPage *page = carry->from;
    for (MoltTypeId t = 0; carry->called && t < m->plan->before->tables.type_count; t++) {
        if (!molt__lineage_alters(m, t))
            continue;
        for (uint64_t r = 0; r < page->run_count; r++) {
            uint32_t hooked = page->runs[r].hooked;
            MoltTypeId whole = MOLT_NO_TYPE;
            if (hooked != 0 && (r == 0 || hooked != page->runs[r - 1].hooked))
                whole = molt_schema_find(m->plan->after,
                                         molt_type_name(page->step->schema, hooked - 1));
            if (whole != MOLT_NO_TYPE &&
                molt__hook_holds(m->plan->after, whole, m->plan->types[t].after))
                return true;
        }
    }
    return false;
}

bool molt__attic_may_restore(const MoltCarry *carry, const MoltCarryObject *object)
{
    const MoltAtticPage *page = carry->from;
    if (!carry->called || carry->altered || page->partial || object->stays || !object->unwritten)
        return false;
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        bool pointer = run->was.kind == MOLT__LEAF_POINTER || run->was.kind == MOLT__LEAF_STRING;
        for (uint64_t i = 0; run->hooked != 0 && pointer && i < run->was.count; i++) {
            uint64_t ref;
            memcpy(&ref, object->record + run->kept_at + i * sizeof ref, sizeof ref);
            if (ref != 0 && molt__record_is_open(object->record, run->open_at + i) &&
                !is_there(carry->m, &page->refs[ref - 1]))
                return false;
        }
    }
    for (uint64_t p = 0; p < carry->part_count; p++) {
        if (carry->parts[p].called && !carry->parts[p].has_value)
            return false;
    }
    return true;
}

void molt__attic_note_restored(MoltCarry *carry, const MoltCarryObject *object)
{
    const MoltSchema *then = carry->from->step->schema;
    MoltMigration *m = carry->m;
    for (uint64_t p = 0; p < carry->part_count; p++) {
        const MoltAtticRun *next = &carry->to->runs[p];
        if (!carry->parts[p].called)
            continue;
        MoltTypeId type = molt_schema_find(m->plan->after, molt_type_name(then, next->hooked - 1));
        for (uint64_t i = 0; i < next->is.count; i++) {
            uintptr_t place = (uintptr_t)object->next + next->is.at + i * next->is.stride;
            molt__hook_note_restored(m, type, place);
        }
    }
}

/* ---- late values ----------------------------------------------------------------------------- */

static unsigned char *late_bytes(const MoltAtticWork *work, const MoltAtticLate *late)
{
    return work->late_bytes + late->bytes;
}

void molt__attic_add_late(MoltMigration *m, const MoltCarryPart *part, const MoltLeaf *leaf,
                          const unsigned char *value, unsigned char *destination)
{
    MoltAtticWork *work = &m->attic;
    if (!molt__migration_grow(m, (void **)&work->late, &work->late_slots, work->late_count, 1,
                              sizeof *work->late) ||
        !molt__migration_grow(m, (void **)&work->late_bytes, &work->late_bytes_slots,
                              work->late_size, 2 * leaf->size, 1))
        return;
    memcpy(work->late_bytes + work->late_size, value, leaf->size);
    work->late[work->late_count++] =
        (MoltAtticLate){*leaf, destination, work->late_size, part->returned, work->object};
    work->late_size += 2 * leaf->size;
}

void molt__attic_begin_late(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    for (uint64_t l = 0; l < work->late_count; l++) {
        const MoltAtticLate *late = &work->late[l];
        memcpy(late_bytes(work, late) + late->leaf.size, late->destination, late->leaf.size);
    }
}

void molt__attic_store_late(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    for (uint64_t l = 0; l < work->late_count; l++) {
        const MoltAtticLate *late = &work->late[l];
        const unsigned char *value = late_bytes(work, late);
        if (!molt__leaf_is_equal(&late->leaf, value + late->leaf.size, late->destination) ||
            molt__hook_owns(m, (uintptr_t)late->destination, late->leaf.size) ||
            !molt__leaf_store(&late->leaf, value, late->destination))
            continue;
        MoltReturned *returned = &work->returned[late->returned];
        returned->objects += returned->last_object != late->object;
        returned->last_object = late->object;
    }
}

void molt__attic_free_late(MoltMigration *m)
{
    MoltAtticWork *work = &m->attic;
    molt__migration_free(m, work->late, work->late_slots, sizeof *work->late);
    molt__migration_free(m, work->late_bytes, work->late_bytes_slots, 1);
}
