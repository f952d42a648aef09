/* One kept value, or one reference of a kept pointer, on its way into the new state. */
#include <string.h>

#include "attic_aim.h"
#include "attic_hook.h"
#include "attic_retype.h"
#include "fresh_block.h"

bool molt__attic_convert(MoltMigration *m, const MoltPlan *plan, const MoltOp *op,
                         const unsigned char *from, unsigned char *to, bool is_sample)
{
    const MoltPlan *main = m->plan;
    m->plan = plan;
    m->mode = is_sample ? MOLT__RUN_DEFAULTS : MOLT__RUN_VALUE;
    m->value_lost = m->value_refused = false;
    molt__execute_value(m, op, from, to);
    m->mode = MOLT__RUN_STATE;
    m->plan = main;
    return !m->value_refused;
}

unsigned char *molt__attic_scratch(MoltMigration *m, const MoltLeaf *leaf)
{
    MoltAtticWork *work = &m->attic;
    uint64_t size = leaf->size > 16 ? leaf->size : 16;
    if (!molt__migration_grow(m, (void **)&work->scratch, &work->scratch_slots, 0, size, 1))
        return NULL;
    memset(work->scratch, 0, size);
    return work->scratch;
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* The type that a kept pointer's target has in the running schema, as far as a name says it. */
static MoltTypeId pointee_now(const MoltCarry *carry, const MoltLeaf *was, MoltTypeId target)
{
    const MoltSchema *then = carry->from->step->schema, *now = carry->m->plan->before;
    if (was->type == MOLT_NO_TYPE)
        return target;
    MoltTypeId elem = molt_type(then, was->type)->elem;
    MoltTypeId found = molt_schema_find(now, molt_type_name(then, elem));
    return found != MOLT_NO_TYPE ? found : target;
}

/* Where a kept pointer points in the running state; 0 when that is gone. */
static uintptr_t address_now(const MoltMigration *m, const MoltAtticRef *ref)
{
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    if (block->span == MOLT__NO_SPAN)
        return 0;
    const MoltSpan *span = &m->heap->spans[block->span];
    uint64_t end = molt__span_bytes(span, block->count);
    bool as_long = block->count == molt__span_count(span, block->index);
    if (ref->offset > end || (ref->offset == end && !as_long))
        return 0; /* of a block that was cut and grew again it may be another element by now */
    return (uintptr_t)molt__span_block(span, block->index) + ref->offset;
}

/* Whether a kept pointer into constant data still means the same at its offset: an element of a struct
 * whose layout is what it was then, or a number in data of the same content. The rest goes by name. */
static bool means_the_same(const MoltCarry *carry, const MoltLeaf *was,
                           const MoltCodeTarget *target, uintptr_t now)
{
    const MoltSchema *then = carry->from->step->schema;
    if (target->kind != MOLT_CODE_DATA || was->type == MOLT_NO_TYPE || !carry->direct || now == 0)
        return true;
    MoltTypeId elem = molt_type(then, was->type)->elem;
    const MoltType *pointee = molt_type(then, elem);
    if (pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION)
        return carry->direct->types[elem].fate == MOLT_FATE_SAME && pointee->size > 0 &&
               target->offset % pointee->size == 0 && target->size % pointee->size == 0;
    bool number = pointee->kind == MOLT_KIND_INT || pointee->kind == MOLT_KIND_FLOAT ||
                  pointee->kind == MOLT_KIND_ENUM;
    if (!number || pointee->size == 1 || !target->bytes)
        return true;
    const char *bytes = (const char *)(now - target->offset); /* NOLINT: the new constant */
    return memcmp(target->bytes, bytes, target->size) == 0;
}

/* The place in the new state that a reference had before its edit, where the block has that layout
 * again; 0 elsewhere. */
static uintptr_t address_then(const MoltCarry *carry, const MoltAtticRef *ref)
{
    const MoltMigration *m = carry->m;
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    const MoltSpan *span = &m->heap->spans[block->span];
    const MoltTypePlan *type = carry->direct ? &carry->direct->types[ref->type] : NULL;
    const MoltRetyped *item = molt__attic_retyped(m, block->span, block->index);
    if (item)
        return type && type->fate == MOLT_FATE_SAME
                   ? molt__attic_retyped_then(m, item, ref, type->after)
                   : 0;
    if (!type || type->fate != MOLT_FATE_SAME || type->after != m->plan->types[span->type].after ||
        molt__ownership_is_claimed(m, span->type, (uintptr_t)molt__span_block(span, block->index)))
        return 0;
    const MoltSpan *next = m->spans[block->span].bytes > 0 ? &m->spans[block->span] : span;
    uint64_t end = molt__span_bytes(next, block->count);
    bool as_long = block->count == molt__span_count(span, block->index);
    if (ref->origin > end || (ref->origin == end && !as_long))
        return 0;
    return (uintptr_t)molt__span_block(next, block->index) + ref->origin;
}

/* A reference into the heap. False when its block is gone. */
static bool carry_block(MoltCarry *carry, const MoltLeaf *was, MoltAtticRef *ref,
                        uintptr_t *pointer, bool *exact)
{
    MoltMigration *m = carry->m;
    uint32_t number = ref->index;
    const MoltAtticBlock *block = &m->heap->attic.blocks[number];
    if (block->span == MOLT__NO_SPAN)
        return false;
    const MoltSpan *span = &m->heap->spans[block->span];
    const MoltRetyped *item = molt__attic_retyped(m, block->span, block->index);
    if (!item && m->plan->types[span->type].fate == MOLT_FATE_GONE)
        return false;
    uintptr_t value = address_now(m, ref), then = address_then(carry, ref);
    MoltAtticRef now = {.offset = MOLT__NO_PLACE};
    if (value != 0 && molt__attic_block_ref(m, pointee_now(carry, was, span->type), value, &now)) {
        const MoltSpan *next = m->spans[now.index].bytes > 0 ? &m->spans[now.index] : span;
        *pointer = (item ? item->after : (uintptr_t)molt__span_block(next, now.block)) + now.offset;
    }
    ref->offset = now.offset;
    *exact = then != 0;
    if (then != 0)
        *pointer = then;
    else if (*pointer == 0 && !item)
        *pointer = molt__attic_aim(carry, was, ref);
    if (*pointer != 0 && molt__migrate_globals_is(m, span)) {
        *pointer = molt__migrate_globals_image(m, *pointer);
        return *pointer != 0;
    }
    return true;
}

bool molt__carry_ref(MoltCarry *carry, const MoltLeaf *was, uint64_t kept, uint64_t *moved,
                     uintptr_t *pointer, bool *exact)
{
    MoltMigration *m = carry->m;
    MoltAtticPage *to = carry->to;
    MoltAtticRef ref = carry->from->refs[kept - 1];
    *pointer = 0;
    *exact = ref.kind != MOLT__REF_BLOCK;
    if (ref.kind == MOLT__REF_BLOCK) {
        if (!carry_block(carry, was, &ref, pointer, exact))
            return false;
    } else if (ref.kind == MOLT__REF_CODE) {
        const MoltCodeTarget *target = &carry->from->step->symbols[ref.index].target;
        if (m->code)
            *pointer = m->code->resolve(m->code->context, target);
        if (!means_the_same(carry, was, target, *pointer))
            *pointer = 0;
        if (m->code && *pointer == 0 && target->kind == MOLT_CODE_LITERAL)
            *pointer = (uintptr_t)target->bytes; /* copied where it is needed */
    } else {
        if (m->code && ref.offset - m->code->begin < m->code->end - m->code->begin)
            return false;
        *pointer = ref.offset;
    }
    if (!molt__migration_grow(m, (void **)&to->refs, &to->ref_slots, to->ref_count, 1,
                              sizeof *to->refs))
        return false;
    to->refs[to->ref_count++] = ref;
    *moved = to->ref_count;
    return true;
}

/* Where the text of a kept `char *` can be read now; 0 when it cannot. */
static uintptr_t text_now(const MoltCarry *carry, const MoltAtticRef *ref)
{
    if (ref->kind == MOLT__REF_BLOCK)
        return address_now(carry->m, ref);
    if (ref->kind == MOLT__REF_CODE)
        return (uintptr_t)carry->from->step->symbols[ref->index].target.bytes;
    return 0;
}

/* ---- one value ------------------------------------------------------------------------------- */

/* Whether the array that a kept `char *` became still shows the beginning of the text there. What it
 * points at may be another text by now. */
static bool still_shows(const MoltCarry *carry, const MoltCarryPart *part,
                        const MoltCarryObject *object, uint64_t i, uintptr_t text)
{
    const MoltAtticRun *run = &carry->from->runs[part->run];
    uint64_t length = 0;
    if (text == 0 || !run->placed || run->is.kind != MOLT__LEAF_TEXT)
        return true;
    const char *live = (const char *)object->live + run->is.at + (part->skip + i) * run->is.stride;
    uint64_t shown = molt__text_length(live, run->is.size);
    carry->m->mode = MOLT__RUN_VALUE;
    const char *now = molt__relocate_text(carry->m, text, &length);
    carry->m->mode = MOLT__RUN_STATE;
    return now && length >= shown && memcmp(now, live, shown) == 0;
}

static void write_later(MoltMigration *m, const MoltLeaf *leaf, const unsigned char *value,
                        unsigned char *destination)
{
    MoltAtticWork *work = &m->attic;
    MoltLeaf single = *leaf;
    uint64_t bytes = sizeof single + sizeof destination + leaf->size;
    if (!molt__migration_grow(m, (void **)&work->writes, &work->write_slots, work->write_bytes,
                              bytes, 1))
        return;
    unsigned char *at = work->writes + work->write_bytes;
    memcpy(at, &single, sizeof single);
    memcpy(at + sizeof single, &destination, sizeof destination);
    memcpy(at + sizeof single + sizeof destination, value, leaf->size);
    work->write_bytes += bytes;
}

void molt__carry_clear_later(MoltMigration *m, const MoltAtticRun *run, uint64_t i,
                             unsigned char *element)
{
    for (uint32_t w = 0; w < run->watch_count; w++) {
        MoltLeaf whole = {.kind = MOLT__LEAF_BYTES, .size = run->watches[w].size};
        const unsigned char *zeros = molt__attic_scratch(m, &whole);
        if (zeros)
            write_later(m, &whole, zeros, element + run->watches[w].at + i * run->is.stride);
    }
}

void molt__carry_count(MoltMigration *m, const MoltCarryPart *part)
{
    MoltReturned *returned = &m->attic.returned[part->returned];
    if (returned->last_object != m->attic.object)
        returned->objects++;
    returned->last_object = m->attic.object;
}

static void put(MoltMigration *m, const MoltCarryPart *part, const MoltLeaf *leaf,
                const MoltCarryObject *object, const unsigned char *value,
                unsigned char *destination)
{
    uintptr_t replaced = 0;
    if (object->late) {
        molt__attic_add_late(m, part, leaf, value, destination);
        return;
    }
    if (part->owns_string)
        memcpy(&replaced, destination, sizeof replaced);
    if (object->stays) {
        bool pointer = leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
        unsigned char *seen = object->seen + (destination - object->next);
        if (!pointer && molt__leaf_is_equal(leaf, value, seen))
            return; /* what a pointer is now may wait to be written as well */
        write_later(m, leaf, value, destination);
        if (seen != destination)
            molt__leaf_store(leaf, value, seen);
        molt__carry_count(m, part);
    } else if (molt__leaf_store(leaf, value, destination)) {
        molt__carry_count(m, part);
        if (replaced != 0)
            molt__migration_unstring(m, replaced);
    }
}

/* The block stays, even if it is a text that another value of this migration takes back. */
static void hold_text(MoltMigration *m, const MoltAtticRef *ref)
{
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    if (block->span != MOLT__NO_SPAN)
        molt__made_hold(m, block->span, block->index);
}

/* A pointer returns as a pointer. True when it is back. */
static bool return_pointer(MoltCarry *carry, const MoltCarryPart *part, const MoltLeaf *leaf,
                           const MoltCarryObject *object, uint64_t ref, uintptr_t pointer,
                           unsigned char *destination)
{
    MoltMigration *m = carry->m;
    if (ref != 0) {
        const MoltAtticRef *kept = &carry->from->refs[ref - 1];
        const char *bytes = kept->kind == MOLT__REF_CODE
                                ? carry->from->step->symbols[kept->index].target.bytes
                                : NULL;
        bool external = leaf->kind == MOLT__LEAF_BYTES;
        if (pointer == 0 || (external && kept->kind != MOLT__REF_FOREIGN))
            return false;
        if (kept->kind == MOLT__REF_BLOCK)
            hold_text(m, kept);
        if (bytes && pointer == (uintptr_t)bytes) {
            bool known = leaf->type != MOLT_NO_TYPE;
            pointer = molt__fresh_literal(
                m, &carry->from->step->symbols[kept->index].target,
                known ? molt_type(m->plan->after, leaf->type)->elem : MOLT_NO_TYPE);
        }
    }
    if (!m->failed)
        put(m, part, leaf, object, (const unsigned char *)&pointer, destination);
    return true;
}

/* True when the value is back as it was. */
static bool return_value(MoltCarry *carry, const MoltCarryPart *part, const MoltLeaf *leaf,
                         const MoltCarryObject *object, const unsigned char *kept,
                         unsigned char *destination)
{
    MoltMigration *m = carry->m;
    if (!part->op || part->op->code == MOLT__OP_COPY) {
        put(m, part, leaf, object, kept, destination);
        return true;
    }
    unsigned char *value = molt__attic_scratch(m, leaf);
    if (!value || !molt__attic_convert(m, carry->direct, part->op, kept, value, false))
        return false;
    bool lost = m->value_lost;
    if (!m->failed)
        put(m, part, leaf, object, value, destination);
    return !lost;
}

/* The array has its text again: the copy that an edit had made of it, where the running state has a
 * pointer, goes. */
static void take_copy(const MoltCarry *carry, const MoltCarryPart *part,
                      const MoltCarryObject *object, uint64_t i, const MoltLeaf *leaf,
                      const char *text)
{
    const MoltAtticRun *run = &carry->from->runs[part->run];
    uintptr_t copy = 0;
    if (!run->placed || run->is.kind != MOLT__LEAF_STRING || leaf->kind != MOLT__LEAF_TEXT)
        return;
    memcpy(&copy, object->live + run->is.at + (part->skip + i) * run->is.stride, sizeof copy);
    molt__made_replace(carry->m, copy, text, molt__text_length(text, leaf->size));
}

bool molt__carry_return(MoltCarry *carry, const MoltCarryPart *part, const MoltAtticRun *next,
                        const MoltCarryObject *object, uint64_t i, const unsigned char *kept,
                        uintptr_t pointer)
{
    unsigned char *destination = object->next + next->is.at + i * next->is.stride;
    const MoltLeaf *was = &next->was;
    if (was->kind != MOLT__LEAF_POINTER && was->kind != MOLT__LEAF_STRING) {
        bool whole = return_value(carry, part, &next->is, object, kept, destination);
        if (whole && was->kind == MOLT__LEAF_TEXT && !object->late)
            take_copy(carry, part, object, i, &next->is, (const char *)destination);
        return whole;
    }
    uint64_t ref;
    memcpy(&ref, kept, sizeof ref);
    if (next->is.kind != MOLT__LEAF_TEXT)
        return return_pointer(carry, part, &next->is, object, ref, pointer, destination);
    uintptr_t text = ref != 0 ? text_now(carry, &carry->from->refs[ref - 1]) : 0;
    if ((ref == 0 || text != 0) && still_shows(carry, part, object, i, text)) {
        return_value(carry, part, &next->is, object, (const unsigned char *)&text, destination);
        if (ref != 0 && carry->from->refs[ref - 1].kind == MOLT__REF_BLOCK)
            molt__made_replace(carry->m, text, (const char *)destination,
                               molt__text_length((const char *)destination, next->is.size));
    }
    return false; /* the text is back, what the pointer pointed at is not */
}

void molt__carry_take(MoltCarry *carry, const MoltCarryPart *part, const MoltCarryObject *object,
                      uint64_t i)
{
    MoltLeaf place = molt__leaf_from(&part->gate, i);
    unsigned char *destination = object->next + place.at;
    const unsigned char *value = carry->to->fresh.samples;
    uint64_t sample, count, is_text = 0;
    if (!molt__carry_find_fresh(carry->to, &place, &sample, &count)) {
        if (part->back.guard_count == 0 && part->gate.guard_count == 0)
            return;
        if (!molt__carry_find_fresh_union(carry->to, &place, &sample, &count))
            return;
        destination = object->next + place.at;
    }
    value += sample;
    if (place.kind == MOLT__LEAF_STRING)
        memcpy(&is_text, value, sizeof is_text);
    if (is_text != 0)
        return; /* the sample of a text is none */
    if (object->stays)
        write_later(carry->m, &place, value, destination);
    if (object->stays || molt__leaf_store(&place, value, destination))
        molt__carry_count(carry->m, part);
}
