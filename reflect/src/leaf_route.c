#include "leaf.h"

static bool has_form(const MoltLeaf *leaf, const MoltNumberForm *form)
{
    if (form->width > 0)
        return leaf->kind == MOLT__LEAF_BITS && leaf->shift == form->shift &&
               leaf->width == form->width;
    return leaf->kind == MOLT__LEAF_BYTES &&
           leaf->size == molt__leaf_number_size(form->class == MOLT__FLOAT, form->size);
}

static bool is_pointer(const MoltLeaf *leaf)
{
    return leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
}

/* The operation reads (BEFORE) or writes (AFTER) the leaf at `at`. */
static bool touches(const MoltOp *op, MoltSide side, const MoltLeaf *leaf, uint64_t at)
{
    bool before = side == MOLT__BEFORE;
    uint64_t start = before ? op->source : op->destination;
    bool within = at >= start && at + leaf->size <= start + op->size;
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY: return within;
    case MOLT__OP_NUMBER:
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS: return at == start && has_form(leaf, &op->forms[side]);
    case MOLT__OP_POINTER:
        return at == start && (is_pointer(leaf) || leaf->size == sizeof(uintptr_t));
    case MOLT__OP_STRING:
        return at == start && leaf->kind == MOLT__LEAF_TEXT &&
               leaf->size == (before ? op->size : op->length);
    case MOLT__OP_STRING_TO_HEAP:
        return at == start && (before ? leaf->kind == MOLT__LEAF_TEXT : is_pointer(leaf));
    case MOLT__OP_STRING_FROM_HEAP:
        return at == start && (before ? is_pointer(leaf) : leaf->kind == MOLT__LEAF_TEXT);
    case MOLT__OP_LOOP:
    case MOLT__OP_UNION:
    case MOLT__OP_ARM:
    case MOLT__OP_BOX:
    case MOLT__OP_EMBED:
    case MOLT__OP_HOOK:
    case MOLT__OP_REFUSE: return false;
    case MOLT__OP_CONSTANT: return !before && within;
    case MOLT__OP_TAG:
    case MOLT__OP_CONSTANT_BITS: return !before && at == start && has_form(leaf, &op->forms[1]);
    case MOLT__OP_CONSTANT_STRING: return !before && at == start;
    case MOLT__OP_DROP_BYTES: return before && within;
    case MOLT__OP_DROP_NUMBER: return before && at == start && has_form(leaf, &op->forms[0]);
    }
    return false;
}

/* One value on the other side of an operation, at the place that the operation itself says. */
static MoltLeaf other_leaf(const MoltPlan *plan, const MoltOp *op, MoltSide side,
                           const MoltLeaf *leaf, uint64_t at)
{
    bool before = side == MOLT__BEFORE;
    const MoltSchema *schema = before ? plan->after : plan->before;
    MoltLeaf other = {.at = before ? op->destination : op->source,
                      .count = 1,
                      .size = sizeof(uintptr_t),
                      .type = MOLT_NO_TYPE};
    const MoltNumberForm *form = &op->forms[before ? 1 : 0];
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_NUMBER:
    case MOLT__OP_ENUM:
    case MOLT__OP_FLAGS:
        other.size = molt__leaf_number_size(form->class == MOLT__FLOAT, form->size);
        if (form->width > 0) {
            other.kind = MOLT__LEAF_BITS;
            other.shift = (uint8_t)form->shift;
            other.width = (uint8_t)form->width;
            other.size = (form->shift + form->width + 7) / 8;
        }
        break;
    case MOLT__OP_POINTER:
        if (!op->external)
            other.kind = molt_type(schema, before ? op->after : op->before)->flags & MOLT_TYPE_CHAR
                             ? MOLT__LEAF_STRING
                             : MOLT__LEAF_POINTER;
        break;
    case MOLT__OP_STRING:
        other.kind = MOLT__LEAF_TEXT;
        other.size = before ? op->length : op->size;
        break;
    case MOLT__OP_STRING_TO_HEAP:
        other.kind = before ? MOLT__LEAF_STRING : MOLT__LEAF_TEXT;
        other.size = before ? sizeof(uintptr_t) : op->size;
        break;
    case MOLT__OP_STRING_FROM_HEAP:
        other.kind = before ? MOLT__LEAF_TEXT : MOLT__LEAF_STRING;
        other.size = before ? op->length : sizeof(uintptr_t);
        break;
    default: /* bytes that are copied are the same leaf elsewhere */
        other = *leaf;
        other.at =
            before ? op->destination + (at - op->source) : op->source + (at - op->destination);
        other.count = 1;
        break;
    }
    return other;
}

static bool is_placed(const MoltOp *op)
{
    return op->code != MOLT__OP_CONSTANT && op->code != MOLT__OP_CONSTANT_BITS &&
           op->code != MOLT__OP_CONSTANT_STRING && op->code != MOLT__OP_TAG &&
           op->code != MOLT__OP_DROP_BYTES && op->code != MOLT__OP_DROP_NUMBER;
}

/* Elements of a run that lie in the same range of bytes as the first one. */
static uint64_t within_bytes(const MoltOp *op, MoltSide side, const MoltLeaf *leaf, uint64_t at)
{
    bool range = op->code == MOLT__OP_COPY || op->code == MOLT__OP_DROP_BYTES ||
                 op->code == MOLT__OP_CONSTANT;
    if (!range || leaf->count == 1 || leaf->stride == 0)
        return 1;
    uint64_t end = (side == MOLT__BEFORE ? op->source : op->destination) + op->size;
    uint64_t count = (end - at - leaf->size) / leaf->stride + 1;
    return count < leaf->count ? count : leaf->count;
}

/* One search for the first value of a run. */
typedef struct Search {
    const MoltPlan *plan;
    MoltSide side;
    const MoltLeaf *leaf, *tags;
    bool whole; /* the leaf is a union, of which operations see arms; side BEFORE */
} Search;

/* Where the operations that are looked at count from. */
typedef struct Origin {
    uint64_t at;     /* the leaf, on the side of the search */
    uint64_t source; /* bytes from the old element */
} Origin;

static bool find_route(const Search *search, uint32_t first, uint32_t count, Origin origin,
                       MoltRoute *out);

static bool find_in_loop(const Search *search, uint32_t index, Origin origin, MoltRoute *out)
{
    const MoltOp *op = &search->plan->ops[index];
    const MoltLeaf *leaf = search->leaf;
    bool before = search->side == MOLT__BEFORE;
    uint64_t start = before ? op->source : op->destination;
    uint64_t stride = before ? op->source_stride : op->destination_stride;
    uint64_t far_start = before ? op->destination : op->source;
    uint64_t far_stride = before ? op->destination_stride : op->source_stride;
    if (stride == 0 || origin.at < start || origin.at - start >= op->length * stride)
        return false;
    uint64_t i = (origin.at - start) / stride;
    Origin inner = {origin.at - start - i * stride,
                    origin.source + op->source + i * op->source_stride};
    if (!find_route(search, index + 1, op->body, inner, out))
        return false;
    out->leaf.at += far_start + i * far_stride;
    if (stride == leaf->stride && leaf->count > 1) {
        uint64_t rest = op->length - i;
        out->count = rest < leaf->count ? rest : leaf->count;
        out->leaf.stride = far_stride;
        out->tag.stride = op->source_stride;
    }
    return true;
}

static bool same_form(const MoltNumberForm *a, const MoltNumberForm *b)
{
    return a->size == b->size && a->shift == b->shift && a->width == b->width;
}

/* The guard that says which arm a UNION runs, NULL when that is not known. */
static const MoltLeafGuard *find_guard(const Search *search, const MoltOp *op, uint64_t at)
{
    for (unsigned g = 0; op->code == MOLT__OP_UNION && g < search->tags->guard_count; g++) {
        const MoltLeafGuard *guard = &search->tags->guards[g];
        if (guard->at == at && same_form(&guard->form, &op->forms[0]))
            return guard;
    }
    return NULL;
}

static bool find_in_arms(const Search *search, uint32_t index, Origin origin, MoltRoute *out)
{
    const MoltPlan *plan = search->plan;
    const MoltOp *op = &plan->ops[index];
    const MoltLeafGuard *guard = find_guard(search, op, origin.source + op->tag);
    for (uint32_t a = index + 1; a <= index + op->body; a += 1 + plan->ops[a].body) {
        const MoltOp *arm = &plan->ops[a];
        if (guard && !arm->otherwise && arm->tag != guard->value)
            continue;
        if (find_route(search, a + 1, arm->body, origin, out)) {
            if (guard || search->whole)
                return true;
            bool constant = !out->varies && !out->placed && search->side == MOLT__AFTER;
            *out = (MoltRoute){.op = op, .count = 1, .varies = true};
            out->tag = (MoltLeafGuard){.at = origin.source + op->tag, .form = op->forms[0]};
            if (!constant || op->code == MOLT__OP_UNION)
                return true;
        }
        if (guard)
            return false;
    }
    *out = (MoltRoute){.count = 1};
    return false;
}

static bool find_route(const Search *search, uint32_t first, uint32_t count, Origin origin,
                       MoltRoute *out)
{
    const MoltPlan *plan = search->plan;
    bool after = search->side == MOLT__AFTER;
    for (uint32_t index = first; index < first + count; index++) {
        const MoltOp *op = &plan->ops[index];
        if (op->code == MOLT__OP_LOOP) {
            if (find_in_loop(search, index, origin, out))
                return true;
        } else if (op->code == MOLT__OP_UNION || (op->code == MOLT__OP_EMBED && after)) {
            if (find_in_arms(search, index, origin, out))
                return true;
        } else if (search->whole) {
            if (op->body == 0 && op->source == origin.at && is_placed(op)) {
                *out = (MoltRoute){.op = op, .placed = true, .leaf = *search->leaf, .count = 1};
                out->leaf.at = op->destination;
                return true;
            }
        } else if (op->body == 0 && touches(op, search->side, search->leaf, origin.at)) {
            *out = (MoltRoute){.op = op, .placed = is_placed(op)};
            if (out->placed)
                out->leaf = other_leaf(plan, op, search->side, search->leaf, origin.at);
            out->leaf.guard_count = 0;
            out->leaf.stride = search->leaf->stride;
            out->count = within_bytes(op, search->side, search->leaf, origin.at);
            return true;
        }
        index += op->body; /* other bodies read or write other blocks */
    }
    return false;
}

/* How many elements of a run share it that nothing touches the first one. Operations on an array begin with
 * its first element, unless that one becomes a block. */
static uint64_t untouched_count(const Search *search, MoltTypeId before, bool tail)
{
    const MoltTypePlan *type = &search->plan->types[before];
    uint32_t first = tail ? type->first_tail : type->first_op;
    uint32_t count = tail ? type->tail_count : type->op_count;
    if (search->side == MOLT__AFTER || type->fate == MOLT_FATE_SAME)
        return search->leaf->count;
    for (uint32_t o = first; o < first + count; o++) {
        if (search->plan->ops[o].code == MOLT__OP_BOX)
            return 1;
    }
    return search->leaf->count;
}

static bool find_first(const Search *search, MoltTypeId before, bool tail, MoltRoute *out)
{
    const MoltTypePlan *type = &search->plan->types[before];
    bool stays = type->fate == MOLT_FATE_SAME;
    uint32_t first = stays ? type->first_scan : type->first_op;
    uint32_t count = stays ? type->scan_count : type->op_count;
    return find_route(search, tail ? type->first_tail : first, tail ? type->tail_count : count,
                      (Origin){search->leaf->at, 0}, out);
}

/* ---- guards --------------------------------------------------------------------------------- */

/* The new value of a tag that has one; false when objects with the old one are refused. */
static bool follow_value(const MoltPlan *plan, const MoltOp *op, uint64_t *value)
{
    for (uint32_t v = op->values; op->code == MOLT__OP_ENUM && v < op->values + op->value_count;
         v++) {
        const MoltValueMap *entry = &plan->values[v];
        if (entry->before != *value)
            continue;
        *value = entry->after;
        return entry->fate != MOLT__VALUE_GONE;
    }
    return op->code == MOLT__OP_ENUM || op->code == MOLT__OP_NUMBER || op->code == MOLT__OP_COPY;
}

static MoltLeaf tag_leaf(const MoltLeafGuard *guard, uint64_t count)
{
    MoltLeaf leaf = {.at = guard->at,
                     .stride = guard->stride,
                     .count = guard->stride > 0 ? count : 1,
                     .size = guard->form.size,
                     .kind = MOLT__LEAF_BYTES};
    if (guard->form.width > 0) {
        leaf.kind = MOLT__LEAF_BITS;
        leaf.shift = (uint8_t)guard->form.shift;
        leaf.width = (uint8_t)guard->form.width;
        leaf.size = (guard->form.shift + guard->form.width + 7) / 8;
    }
    return leaf;
}

uint64_t molt__leaf_follow_guards(const MoltPlan *plan, MoltTypeId before, bool tail,
                                  const MoltLeaf *leaf, MoltLeaf *to)
{
    uint64_t count = leaf->count;
    bool same = plan->types[before].fate == MOLT_FATE_SAME;
    to->guard_count = 0;
    for (unsigned g = 0; g < leaf->guard_count; g++) {
        MoltLeafGuard guard = leaf->guards[g];
        MoltLeaf tag = tag_leaf(&guard, count);
        MoltRoute route = {.count = 1};
        Search search = {plan, MOLT__BEFORE, &tag, leaf, false};
        if (!same && (!find_first(&search, before, tail, &route) || !route.placed ||
                      !follow_value(plan, route.op, &guard.value)))
            continue;
        if (!same) {
            guard.at = route.leaf.at;
            if (route.op->code != MOLT__OP_COPY)
                guard.form = route.op->forms[1];
            if (guard.stride > 0) {
                guard.stride = route.leaf.stride;
                count = route.count < count ? route.count : count;
            }
        }
        to->guards[to->guard_count++] = guard;
    }
    return count;
}

/* The value of the old tag from which a new one comes; false when several do, or none. */
static bool trace_value(const MoltOp *op, const MoltPlan *plan, uint64_t *value)
{
    uint64_t wanted = *value;
    uint32_t found = 0;
    for (uint32_t v = op->values; op->code == MOLT__OP_ENUM && v < op->values + op->value_count;
         v++) {
        const MoltValueMap *entry = &plan->values[v];
        if (entry->fate == MOLT__VALUE_GONE || entry->after != wanted)
            continue;
        *value = entry->before;
        found++;
    }
    return op->code == MOLT__OP_ENUM ? found == 1
                                     : op->code == MOLT__OP_NUMBER || op->code == MOLT__OP_COPY;
}

bool molt__leaf_trace_guards(const MoltPlan *plan, MoltTypeId before, bool tail,
                             const MoltLeaf *leaf, MoltLeaf *from)
{
    bool same = plan->types[before].fate == MOLT_FATE_SAME;
    from->guard_count = 0;
    for (unsigned g = 0; g < leaf->guard_count; g++) {
        MoltLeafGuard guard = leaf->guards[g];
        MoltLeaf tag = tag_leaf(&guard, leaf->count);
        MoltRoute route = {.count = 1};
        Search search = {plan, MOLT__AFTER, &tag, from, false};
        if (!same && (!find_first(&search, before, tail, &route) || !route.placed ||
                      !trace_value(route.op, plan, &guard.value)))
            return false;
        if (!same) {
            guard.at = route.leaf.at;
            guard.stride = guard.stride > 0 ? route.leaf.stride : 0;
            if (route.op->code != MOLT__OP_COPY)
                guard.form = route.op->forms[0];
        }
        from->guards[from->guard_count++] = guard;
    }
    return true;
}

bool molt__leaf_same_guards(const MoltLeaf *a, const MoltLeaf *b)
{
    bool same = a->guard_count == b->guard_count;
    for (unsigned g = 0; same && g < a->guard_count; g++)
        same = a->guards[g].at == b->guards[g].at && a->guards[g].value == b->guards[g].value;
    return same;
}

/* ---- routes --------------------------------------------------------------------------------- */

static void guard_route(const MoltPlan *plan, MoltTypeId before, bool tail, const MoltLeaf *leaf,
                        MoltRoute *out)
{
    uint64_t count = molt__leaf_follow_guards(plan, before, tail, leaf, &out->leaf);
    out->count = count < out->count ? count : out->count;
    out->placed = out->placed && out->leaf.guard_count == leaf->guard_count;
}

bool molt__leaf_route(const MoltPlan *plan, MoltTypeId before, bool tail, MoltSide side,
                      const MoltLeaf *leaf, const MoltLeaf *tags, MoltRoute *out)
{
    const MoltTypePlan *type = &plan->types[before];
    Search search = {plan, side, leaf, tags, false};
    *out = (MoltRoute){.count = 1};
    if (type->fate == MOLT_FATE_GONE)
        return false;
    if (type->fate == MOLT_FATE_SAME) {
        *out = (MoltRoute){.placed = true, .leaf = *leaf, .count = leaf->count};
        return true;
    }
    if (!find_first(&search, before, tail, out)) {
        out->count = untouched_count(&search, before, tail);
        return false;
    }
    if (side == MOLT__BEFORE)
        guard_route(plan, before, tail, leaf, out);
    out->leaf.count = out->count;
    return true;
}

/* The BOX that reads byte `at`, or the EMBED whose pointer is there. */
static bool find_ownership(const MoltPlan *plan, MoltOpCode code, uint32_t first, uint32_t count,
                           uint64_t at, uint64_t *destination)
{
    for (uint32_t index = first; index < first + count; index++) {
        const MoltOp *op = &plan->ops[index];
        uint64_t size = op->code == MOLT__OP_BOX ? molt_type(plan->before, op->before)->size : 1;
        uint64_t span = op->length * op->source_stride;
        if (op->code == code && at - op->tag < size) {
            *destination = code == MOLT__OP_BOX ? op->destination : op->length;
            return true;
        }
        if (op->code == MOLT__OP_LOOP && op->source_stride > 0 && at - op->source < span) {
            uint64_t i = (at - op->source) / op->source_stride;
            uint64_t inner = at - op->source - i * op->source_stride;
            if (find_ownership(plan, code, index + 1, op->body, inner, destination)) {
                *destination += op->destination + i * op->destination_stride;
                return true;
            }
        }
        index += op->body;
    }
    return false;
}

static const MoltOp *find_embed(const Search *search, uint32_t first, uint32_t count, Origin origin,
                                uint64_t *destination)
{
    const MoltPlan *plan = search->plan;
    const MoltOp *found = NULL;
    for (uint32_t index = first; index < first + count && !found; index++) {
        const MoltOp *op = &plan->ops[index];
        uint64_t span = op->length * op->source_stride;
        if (op->code == MOLT__OP_EMBED && origin.at == op->tag) {
            *destination = op->length;
            return op;
        }
        if (op->code == MOLT__OP_LOOP && op->source_stride > 0 && origin.at - op->source < span) {
            uint64_t i = (origin.at - op->source) / op->source_stride;
            uint64_t skip = op->source + i * op->source_stride;
            found = find_embed(search, index + 1, op->body,
                               (Origin){origin.at - skip, origin.source + skip}, destination);
            if (found)
                *destination += op->destination + i * op->destination_stride;
        }
        const MoltLeafGuard *guard = find_guard(search, op, origin.source + op->tag);
        for (uint32_t a = index + 1; guard && !found && a <= index + op->body;
             a += 1 + plan->ops[a].body) {
            if (!plan->ops[a].otherwise && plan->ops[a].tag == guard->value)
                found = find_embed(search, a + 1, plan->ops[a].body, origin, destination);
        }
        index += op->body;
    }
    return found;
}

const MoltOp *molt__leaf_embed(const MoltPlan *plan, MoltTypeId before, bool tail,
                               const MoltLeaf *leaf, uint64_t *destination)
{
    const MoltTypePlan *type = &plan->types[before];
    const Search search = {plan, MOLT__BEFORE, leaf, leaf, false};
    return type->fate == MOLT_FATE_CHANGED
               ? find_embed(&search, tail ? type->first_tail : type->first_op,
                            tail ? type->tail_count : type->op_count, (Origin){leaf->at, 0},
                            destination)
               : NULL;
}

/* A BOX makes the pointer at byte `at` of the new type. */
static bool makes_box(const MoltPlan *plan, uint32_t first, uint32_t count, uint64_t at)
{
    for (uint32_t index = first; index < first + count; index++) {
        const MoltOp *op = &plan->ops[index];
        uint64_t stride = op->destination_stride;
        if (op->code == MOLT__OP_BOX && op->destination == at)
            return true;
        if (op->code == MOLT__OP_LOOP && stride > 0 && at - op->destination < op->length * stride &&
            makes_box(plan, index + 1, op->body, (at - op->destination) % stride))
            return true;
        if ((op->code == MOLT__OP_UNION || op->code == MOLT__OP_ARM) &&
            makes_box(plan, index + 1, op->body, at))
            return true;
        index += op->body;
    }
    return false;
}

bool molt__leaf_makes_box(const MoltPlan *plan, MoltTypeId before, bool tail, uint64_t at)
{
    const MoltTypePlan *type = &plan->types[before];
    return type->fate == MOLT_FATE_CHANGED &&
           makes_box(plan, tail ? type->first_tail : type->first_op,
                     tail ? type->tail_count : type->op_count, at);
}

bool molt__leaf_ownership(const MoltPlan *plan, MoltOpCode code, MoltTypeId before, bool tail,
                          uint64_t at, uint64_t *destination)
{
    const MoltTypePlan *type = &plan->types[before];
    return type->fate == MOLT_FATE_CHANGED &&
           find_ownership(plan, code, tail ? type->first_tail : type->first_op,
                          tail ? type->tail_count : type->op_count, at, destination);
}

bool molt__leaf_union_route(const MoltPlan *plan, MoltTypeId before, bool tail,
                            const MoltLeaf *leaf, MoltRoute *out)
{
    Search search = {plan, MOLT__BEFORE, leaf, leaf, true};
    *out = (MoltRoute){.count = 1};
    if (plan->types[before].fate != MOLT_FATE_CHANGED || !find_first(&search, before, tail, out))
        return false;
    out->leaf.count = out->count;
    return true;
}

bool molt__leaf_work(const MoltPlan *plan, MoltTypeId before, bool tail, const MoltLeaf *leaf,
                     MoltRoute *out)
{
    Search search = {plan, MOLT__BEFORE, leaf, leaf, false};
    if (plan->types[before].fate != MOLT_FATE_SAME)
        return molt__leaf_route(plan, before, tail, MOLT__BEFORE, leaf, leaf, out);
    *out = (MoltRoute){.count = 1};
    if (!find_first(&search, before, tail, out)) {
        out->count = leaf->count;
        return false;
    }
    guard_route(plan, before, tail, leaf, out);
    out->leaf.count = out->count;
    return true;
}
