/* Where the values of a page go in a migration, before any object is looked at. */
#include <string.h>

#include "attic_hook.h"
#include "attic_null.h"

/* ---- where each value goes ------------------------------------------------------------------- */

static bool same_place(const MoltLeaf *a, const MoltLeaf *b)
{
    return a->at == b->at && a->kind == b->kind && a->size == b->size && a->shift == b->shift &&
           a->width == b->width && (a->stride == b->stride || a->count == 1 || b->count == 1);
}

bool molt__carry_find_fresh(const MoltAtticPage *page, const MoltLeaf *leaf, uint64_t *sample,
                            uint64_t *count)
{
    for (uint64_t f = 0; f < page->fresh.count; f++) {
        const MoltLeaf *fresh = &page->fresh.items[f].leaf;
        uint64_t index = 0;
        if (leaf->at < fresh->at || leaf->kind != fresh->kind || leaf->size != fresh->size)
            continue;
        if (leaf->at > fresh->at) {
            if (fresh->stride == 0 || (leaf->at - fresh->at) % fresh->stride != 0)
                continue;
            index = (leaf->at - fresh->at) / fresh->stride;
        }
        if (index >= fresh->count || leaf->shift != fresh->shift || leaf->width != fresh->width)
            continue;
        *sample = page->fresh.items[f].sample;
        *count = leaf->stride == fresh->stride ? fresh->count - index : 1;
        return true;
    }
    return false;
}

bool molt__carry_find_fresh_union(const MoltAtticPage *page, MoltLeaf *leaf, uint64_t *sample,
                                  uint64_t *count)
{
    for (uint64_t f = 0; f < page->fresh.count; f++) {
        const MoltLeaf *fresh = &page->fresh.items[f].leaf;
        uint64_t index = 0, room;
        if (fresh->kind != MOLT__LEAF_BYTES || leaf->at < fresh->at || leaf->size > fresh->size)
            continue;
        if (fresh->stride > 0)
            index = (leaf->at - fresh->at) / fresh->stride;
        room = index < fresh->count ? leaf->at - fresh->at - index * fresh->stride : UINT64_MAX;
        if (room > fresh->size - leaf->size)
            continue;
        bool each = leaf->stride == fresh->stride && fresh->count > 1;
        if (each)
            *count = fresh->count - index;
        else
            *count = leaf->stride > 0 ? (fresh->size - room - leaf->size) / leaf->stride + 1 : 1;
        *leaf = (MoltLeaf){.at = fresh->at + index * fresh->stride,
                           .stride = each ? fresh->stride : 0,
                           .count = *count,
                           .size = fresh->size,
                           .kind = MOLT__LEAF_BYTES,
                           .type = fresh->type};
        *sample = page->fresh.items[f].sample;
        return true;
    }
    return false;
}

/* Of a tag that began with its field: the unions that did so beside it. */
static void find_beside(const MoltCarry *carry, MoltCarryPart *part)
{
    const MoltSchema *schema = carry->m->plan->before;
    MoltAtticRun tag = {.is = part->gate, .placed = true};
    molt__attic_watch(schema, molt__leaf_root(schema, carry->type, carry->from->tail), &tag);
    for (uint32_t w = 0; tag.watch_count <= MOLT__WATCHES && w < tag.watch_count; w++) {
        MoltLeaf whole = {.at = tag.watches[w].at,
                          .stride = part->gate.stride,
                          .count = part->gate.count,
                          .size = tag.watches[w].size,
                          .kind = MOLT__LEAF_BYTES};
        uint64_t sample, count;
        if (molt__carry_find_fresh(carry->from, &whole, &sample, &count))
            part->beside[part->beside_count++] = (MoltCarryBeside){whole.at, whole.size, sample};
    }
}

/* A `void *` may return as a pointer with a type, and numbers may be of another type by now: what it leads
 * to in the new state says whether that is right. */
static bool fits(const MoltPlan *direct, const MoltLeaf *was, const MoltRoute *route)
{
    bool pointer = was->kind == MOLT__LEAF_POINTER || was->kind == MOLT__LEAF_STRING;
    if (!route->placed)
        return false;
    if (!route->op)
        return true;
    if (route->op->code == MOLT__OP_POINTER)
        return (route->op->pointee_ok ||
                molt_type(direct->before, route->op->before)->kind == MOLT_KIND_VOID ||
                molt__retype_converts(direct->before, route->op->before, direct->after,
                                      route->op->after)) &&
               (pointer || route->op->external);
    return true;
}

/* What a hook may have changed returns only to the layout that it came from. */
static bool may_return(const MoltCarry *carry, const MoltAtticRun *run)
{
    return run->hooked == 0 || molt__attic_same_layout(carry->from->step->schema, run->hooked - 1,
                                                       carry->m->plan->after);
}

/* A text whose copy is where a pointer leads, as long as that goes on as a pointer. */
static bool has_text_already(const MoltLeaf *was, const MoltLeaf *is, const MoltLeaf *next)
{
    return was->kind == MOLT__LEAF_TEXT && is->kind == MOLT__LEAF_STRING &&
           next->kind == MOLT__LEAF_STRING;
}

/* Nothing stands for the value now, but by its edit it has a place in the new layout: whether it may
 * return there, and what must be true then. Returns for how many elements. */
static uint64_t decide_return(MoltCarry *carry, const MoltLeaf *is, const MoltRoute *back,
                              uint64_t count, MoltAtticRun *next, MoltCarryPart *part)
{
    const MoltPlan *main = carry->m->plan;
    MoltRoute source;
    MoltLeaf tags = {.count = count};
    uint64_t alike = 1,
             same = molt__leaf_follow_guards(main, carry->type, carry->from->tail, is, &tags);
    count = same < count ? same : count;
    next->is = back->leaf;
    next->placed = part->has_value = true;
    if (is->guard_count > 0 && !molt__leaf_same_guards(&tags, &back->leaf))
        return count; /* what stands there now is another arm's, and goes with its tag */
    bool found = molt__leaf_route(main, carry->type, carry->from->tail, MOLT__AFTER, &back->leaf,
                                  is, &source);
    /* an arm of a union that began anew: where it would be if the tag selected it */
    if (found && source.varies &&
        molt__leaf_trace_guards(main, carry->type, carry->from->tail, &back->leaf, &tags))
        found = molt__leaf_route(main, carry->type, carry->from->tail, MOLT__AFTER, &back->leaf,
                                 &tags, &source);
    if (found && source.varies) {
        next->placed = part->has_value = false;
    } else if (found && source.placed) {
        part->gated = true;
        part->gate = source.leaf;
        next->placed = part->has_value =
            molt__carry_find_fresh(carry->from, &source.leaf, &part->sample, &alike) ||
            (back->leaf.guard_count > 0 &&
             molt__carry_find_fresh_union(carry->from, &part->gate, &part->sample, &alike));
        count = alike < count ? alike : count;
        if (part->has_value)
            find_beside(carry, part);
    }
    return source.count < count ? source.count : count;
}

/* An edit that goes back to a version without a place for a lent value: it had not returned there. */
static void decide_taken(MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *is,
                         const MoltRoute *follow, uint64_t *count, MoltAtticRun *next,
                         MoltCarryPart *part)
{
    uint64_t alike = 0, sample;
    MoltLeaf around = *is;
    bool text = is->kind == MOLT__LEAF_STRING && run->was.kind != MOLT__LEAF_STRING;
    if (!run->lent || !carry->direct || !carry->m->plan->undoes || text ||
        is->kind != follow->leaf.kind ||
        (!molt__carry_find_fresh(carry->from, is, &sample, &alike) &&
         (is->guard_count == 0 ||
          !molt__carry_find_fresh_union(carry->from, &around, &sample, &alike))))
        return;
    *count = alike < *count ? alike : *count;
    part->taken = true;
    part->gate = follow->leaf;
    next->is = (MoltLeaf){0};
    next->placed = false;
}

/* The value belongs to a struct that is a block of its own now, or was until now. True when that decides
 * where it goes. */
static bool decide_part(const MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *was,
                        const MoltLeaf *is, const MoltRoute *follow, bool follows,
                        MoltAtticRun *next, MoltCarryPart *part)
{
    const MoltPlan *main = carry->m->plan, *direct = carry->direct;
    bool tail = carry->from->tail;
    uint64_t pointer = 0, place;
    if (run->part && follows)
        pointer = follow->leaf.at;
    else if (run->part)
        part->closed =
            !molt__leaf_ownership(main, MOLT__OP_EMBED, carry->type, tail, is->at, &place);
    else if (!direct || carry->from->edit != 0 || run->hooked != 0 || run->aims || run->copy ||
             !molt__leaf_ownership(direct, MOLT__OP_BOX, carry->from->type, tail, was->at,
                                   &pointer) ||
             !molt__leaf_makes_box(main, carry->type, tail, pointer))
        return false;
    if (run->part && !follows)
        return false;                       /* as what has no place */
    part->told = run->placed && !run->part; /* nobody looks at what the block makes of that */
    part->closed = part->told;
    next->is = (MoltLeaf){.at = pointer,
                          .stride = sizeof(uintptr_t),
                          .count = 1,
                          .size = sizeof(uintptr_t),
                          .kind = MOLT__LEAF_BYTES,
                          .type = MOLT_NO_TYPE};
    next->placed = next->part = true;
    return true;
}

/* Decides about the first elements of a run; returns how many. `is` has guards also where it has no
 * place. */
static uint64_t decide(MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *was,
                       const MoltLeaf *is, MoltAtticRun *next, MoltCarryPart *part)
{
    bool placed = run->placed;
    MoltMigration *m = carry->m;
    const MoltPlan *main = m->plan, *direct = carry->direct;
    bool tail = carry->from->tail;
    MoltRoute follow = {.count = was->count}, back = {.count = was->count}, source;
    uint64_t count = was->count;
    bool follows = placed &&
                   molt__leaf_route(main, carry->type, tail, MOLT__BEFORE, is, is, &follow) &&
                   follow.placed;
    if (placed && follow.count < count)
        count = follow.count;
    bool fitting =
        direct && may_return(carry, run) &&
        molt__leaf_route(direct, carry->from->type, tail, MOLT__BEFORE, was, was, &back) &&
        fits(direct, was, &back);
    if (direct && back.count < count)
        count = back.count;
    if (run->null) {
        molt__attic_null_decide(carry, run, is, fitting ? &back : NULL, next, part);
        next->was = *was;
        next->was.count = next->is.count = 1;
        return 1;
    }
    *next = (MoltAtticRun){.was = *was, .hooked = run->hooked, .aims = run->aims};
    if (decide_part(carry, run, was, is, &follow, follows, next, part)) {
        count = 1;
    } else if (run->copy && fitting) {
        next->is = back.leaf;
        next->placed = part->has_value = true;
    } else if (run->copy) {
        next->is = follow.leaf;
        next->placed = next->copy = follows;
    } else if (follows) {
        next->is = follow.leaf;
        next->placed = true;
        part->has_value = fitting && same_place(&follow.leaf, &back.leaf) &&
                          !has_text_already(was, is, &follow.leaf);
        if (part->has_value && count > 1 && follow.leaf.stride != back.leaf.stride)
            count = 1;
        if (!fitting)
            decide_taken(carry, run, is, &follow, &count, next, part);
        next->lent = next->placed && run->lent;
    } else if (fitting) {
        count = decide_return(carry, is, &back, count, next, part);
        next->lent = part->gated && part->has_value && !main->undoes;
    }
    part->called = molt__attic_is_called(carry, run);
    if (part->called && fitting && !part->has_value) { /* its own place: the layout is the same */
        next->is = back.leaf;
        next->placed = part->has_value = part->forced = true;
        part->gated = false;
    }
    carry->called = carry->called || part->called;
    if (!next->placed && !part->taken) { /* a tag that is taken is no longer the arm's */
        next->is.count = count;
        uint64_t same = molt__leaf_follow_guards(main, carry->type, tail, is, &next->is);
        count = same < count ? same : count;
    }
    part->op = back.op;
    part->back = back.leaf;
    if (part->has_value && next->is.kind == MOLT__LEAF_STRING)
        part->owns_string =
            !molt__leaf_route(main, carry->type, tail, MOLT__AFTER, &next->is, is, &source) ||
            (source.op && source.op->code == MOLT__OP_STRING_TO_HEAP) ||
            (source.op && !source.placed && !source.varies); /* a default, or an edit's kept text */
    next->was.count = count;
    next->is.count = count;
    molt__attic_watch(main->after,
                      molt__leaf_root(main->after, main->types[carry->type].after, tail), next);
    return count;
}

void molt__attic_field(const MoltSchema *schema, MoltTypeId type, bool tail, const MoltLeaf *leaf,
                       MoltTypeId *owner, uint32_t *field)
{
    molt__leaf_field(schema, molt__leaf_root(schema, type, tail), leaf, owner, field);
    if (!tail || *field != MOLT__NO_FIELD)
        return;
    *owner = type;
    *field = (uint32_t)(molt_schema_tail(schema, type) - schema->tables.fields);
}

/* The counter of the field that a run returns to. */
static uint64_t counter_of(MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *place)
{
    MoltMigration *m = carry->m;
    MoltAtticWork *work = &m->attic;
    MoltReturned counter = {.step = carry->from->step, .last_object = UINT64_MAX};
    molt__attic_field(carry->from->step->schema, carry->from->type, carry->from->tail, &run->was,
                      &counter.owner_before, &counter.before);
    molt__attic_field(m->plan->after, m->plan->types[carry->type].after, carry->from->tail, place,
                      &counter.owner_after, &counter.after);
    for (uint64_t c = 0; c < work->returned_count; c++) {
        const MoltReturned *known = &work->returned[c];
        if (known->owner_after == counter.owner_after && known->after == counter.after)
            return c;
    }
    if (!molt__migration_grow(m, (void **)&work->returned, &work->returned_slots,
                              work->returned_count, 1, sizeof *work->returned))
        return 0;
    work->returned[work->returned_count] = counter;
    return work->returned_count++;
}

static void note_back(const MoltCarry *carry, const MoltLeaf *is)
{
    MoltMigration *m = carry->m;
    MoltAtticWork *work = &m->attic;
    if (molt__migration_grow(m, (void **)&work->backs, &work->back_slots, work->back_count, 1,
                             sizeof *work->backs))
        work->backs[work->back_count++] =
            (MoltAtticBack){m->plan->types[carry->type].after, carry->from->tail, *is};
}

void molt__carry_trace(MoltCarry *carry)
{
    MoltMigration *m = carry->m;
    MoltAtticPage *to = carry->to;
    bool same = m->plan->types[carry->type].fate == MOLT_FATE_SAME;
    for (uint64_t r = 0; r < carry->from->run_count; r++) {
        const MoltAtticRun *run = &carry->from->runs[r];
        for (uint64_t done = 0; done < run->was.count;) {
            MoltLeaf was = molt__leaf_from(&run->was, done), is = molt__leaf_from(&run->is, done);
            MoltAtticRun next;
            MoltCarryPart part = {.run = r, .skip = done};
            if (!molt__migration_grow(m, (void **)&to->runs, &to->run_slots, to->run_count, 1,
                                      sizeof *to->runs) ||
                !molt__migration_grow(m, (void **)&carry->parts, &carry->part_slots,
                                      carry->part_count, 1, sizeof *carry->parts))
                return;
            done += decide(carry, run, &was, &is, &next, &part);
            if (same && run->placed && !run->aims &&
                !molt_type_is_kept(m->plan->before, carry->type))
                part.has_value = false; /* nothing happened there */
            if (part.has_value || part.taken) {
                carry->returns = true;
                part.returned = counter_of(carry, &next, part.taken ? &part.gate : &next.is);
            }
            if (part.has_value && !part.gated)
                note_back(carry, &next.is);
            to->runs[to->run_count++] = next;
            carry->parts[carry->part_count++] = part;
        }
    }
}

/* ---- fresh fields ---------------------------------------------------------------------------- */

/* A union that began empty and goes on arm by arm is still empty, as long as it has its size. */
static bool follow_empty_union(const MoltCarry *carry, const MoltLeaf *leaf,
                               const unsigned char *sample, MoltRoute *route)
{
    const MoltPlan *plan = carry->m->plan;
    const MoltSchema *schema = plan->after;
    MoltRoute found;
    MoltTypeId owner;
    uint32_t field;
    if (leaf->kind != MOLT__LEAF_BYTES || leaf->size == 0 || sample[0] != 0 ||
        memcmp(sample, sample + 1, leaf->size - 1) != 0 ||
        !molt__leaf_union_route(plan, carry->type, carry->from->tail, leaf, &found))
        return false;
    molt__leaf_field(schema,
                     molt__leaf_root(schema, plan->types[carry->type].after, carry->from->tail),
                     &found.leaf, &owner, &field);
    if (field == MOLT__NO_FIELD)
        return false;
    const MoltType *type =
        molt_type(schema, molt_value_type(schema, schema->tables.fields[field].type));
    found.op = NULL;
    *route = found;
    return type->kind == MOLT_KIND_UNION && type->size == leaf->size;
}

/* What the main plan makes of the samples of fresh fields; a text that was a sample only, without its
 * characters, cannot become an array, and is known no longer. */
void molt__carry_fresh(MoltCarry *carry)
{
    MoltMigration *m = carry->m;
    MoltAtticFreshList *list = &carry->to->fresh;
    for (uint64_t f = 0; f < carry->from->fresh.count && !m->failed; f++) {
        const MoltAtticFresh *fresh = &carry->from->fresh.items[f];
        const unsigned char *sample = carry->from->fresh.samples + fresh->sample;
        for (MoltLeaf rest = fresh->leaf; rest.count > 0;) {
            MoltRoute route;
            bool placed = molt__leaf_route(m->plan, carry->type, carry->from->tail, MOLT__BEFORE,
                                           &rest, &rest, &route) &&
                          route.placed;
            placed = placed || follow_empty_union(carry, &rest, sample, &route);
            rest = molt__leaf_from(&rest, route.count);
            if (!placed)
                continue;
            uint64_t size = molt__leaf_sample_size(&route.leaf);
            unsigned char *value = molt__attic_scratch(m, &route.leaf);
            if (!value ||
                !molt__migration_grow(m, (void **)&list->items, &list->slots, list->count, 1,
                                      sizeof *list->items) ||
                !molt__migration_grow(m, (void **)&list->samples, &list->sample_slots,
                                      list->sample_count, size, 1))
                return;
            if (!route.op || route.op->code == MOLT__OP_COPY)
                memcpy(value, sample, size);
            else if (!molt__attic_convert(m, m->plan, route.op, sample, value, true))
                continue;
            memcpy(list->samples + list->sample_count, value, size);
            list->items[list->count++] = (MoltAtticFresh){route.leaf, list->sample_count};
            list->sample_count += size;
        }
    }
    molt__attic_add_fresh(m, carry->type, carry->from->tail, list);
}
