#include <string.h>

#include "code_target.h"
#include "constant_row.h"
#include "descent.h"
#include "dump_path.h"
#include "fresh_block.h"
#include "globals_map.h"
#include "migration.h"

/* ---- the library ------------------------------------------------------------------------------ */

/* Whether the same offset into a constant of the same size is the same value. Reflection knows the
 * pointer's type only, not the constant's: a struct of equal layout that divides the constant is an
 * element of it, and bytes are bytes; anything else is the same only in a constant of equal bytes,
 * where words that held addresses of the old library may differ. Where the library stays, also one whose
 * bytes nobody has, the constant is itself. */
static bool same_place(const MoltMigration *m, const MoltOp *op, const MoltCodeTarget *target,
                       uintptr_t before, uintptr_t after)
{
    const MoltType *pointee = molt_type(m->plan->before, op->before);
    if (pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION)
        return m->plan->types[op->before].fate == MOLT_FATE_SAME && pointee->size > 0 &&
               target->offset % pointee->size == 0 && target->size % pointee->size == 0;
    if (pointee->kind == MOLT_KIND_INT && pointee->size == 1)
        return true; /* bytes and text by name */
    return after == before || molt__relocate_same_content(m, target, after);
}

bool molt__relocate_same_content(const MoltMigration *m, const MoltCodeTarget *target,
                                 uintptr_t after)
{
    if (!target->bytes)
        return false;
    const char *bytes = (const char *)(after - target->offset); /* NOLINT: the new constant */
    for (size_t at = 0; at < target->size; at += sizeof(uintptr_t)) {
        uintptr_t word = 0;
        size_t rest = target->size - at < sizeof word ? target->size - at : sizeof word;
        if (memcmp(target->bytes + at, bytes + at, rest) == 0)
            continue;
        memcpy(&word, target->bytes + at, rest);
        if (rest < sizeof word || word - m->code->begin >= m->code->end - m->code->begin)
            return false;
    }
    return true;
}

/* What a pointer with a new type led to is a function, whose signature nobody knows, or no function where
 * the new type says one. */
static bool is_other_sort(MoltMigration *m, const MoltOp *op, const MoltCodeTarget *target,
                          uint64_t i)
{
    bool function = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_FUNCTION;
    char text[MOLT__LITERAL_SHOWN];
    if (target->kind == MOLT_CODE_FUNCTION) {
        molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "the function %s",
                    target->name);
    } else if (function && target->kind == MOLT_CODE_LITERAL) {
        molt__code_text(target, text, sizeof text);
        molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "the text \"%s\"", text);
    } else if (function) {
        molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "the constant %s",
                    target->name);
    }
    return function || target->kind == MOLT_CODE_FUNCTION;
}

/* A pointer gets a type that its pointee does not become; a `void *` merely says what it means. */
static bool is_unlike(const MoltMigration *m, const MoltOp *op)
{
    return !op->pointee_ok && molt_type(m->plan->before, op->before)->kind != MOLT_KIND_VOID;
}

static bool is_scalar(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = molt_type(schema, id)->kind;
    return kind == MOLT_KIND_INT || kind == MOLT_KIND_FLOAT || kind == MOLT_KIND_BOOL ||
           kind == MOLT_KIND_ENUM || kind == MOLT_KIND_POINTER;
}

/* A pointer with a new type follows a value that has become just that: a number another number, a pointer one
 * to something else, and a `void *` says at last what it leads to. */
static bool may_follow(const MoltMigration *m, const MoltOp *op)
{
    return !is_unlike(m, op) ||
           (is_scalar(m->plan->before, op->before) && is_scalar(m->plan->after, op->after));
}

static uintptr_t retyped_pointer(MoltMigration *m, const MoltOp *op, MoltTypeId to, uint64_t i)
{
    molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "a pointer to %s",
                molt_type_name(m->plan->before, to));
    return 0;
}

/* The function is still there, but what the state stores would call it with other arguments. */
static bool refuse_retyped(MoltMigration *m, const MoltOp *op, const MoltCodeTarget *target,
                           uint64_t i)
{
    const char *was = "", *is = "";
    if (!m->code->retyped || !m->code->retyped(m->code->context, target, &was, &is))
        return false;
    molt__tally(m, op, MOLT_RULE_SIGNATURE_CHANGED, MOLT_REFUSE, i,
                "%s%s%s, which was %s and is %s now", target->name,
                target->file[0] ? " of " : "", target->file, was, is);
    return true;
}

static uintptr_t relocate_code(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    MoltCodeEntry *entry = &m->code_cache[molt__relocate_slot(value)];
    bool known = entry->before == value && entry->pointee == op->before &&
                 entry->pointee_ok == op->pointee_ok && (op->pointee_ok || entry->to == op->after);
    if (known && entry->rule == MOLT_RULE_COUNT)
        return entry->after;
    if (known)
        return molt__tally(m, op, (MoltRule)entry->rule, MOLT_LOSS, i, "a row of a constant")
                   ? entry->after
                   : 0;
    if (!molt__migration_step(m, MOLT_MIGRATE_REPOINT))
        return 0;
    MoltCodeEntry constant = {.before = value,
                              .pointee = op->before,
                              .to = op->after,
                              .pointee_ok = op->pointee_ok,
                              .rule = MOLT_RULE_COUNT};
    if (molt__constant_relocate(m, op, i, &constant)) {
        if (constant.after != 0)
            *entry = constant;
        return constant.after;
    }
    if (is_unlike(m, op)) /* a constant that nobody describes */
        return retyped_pointer(m, op, op->before, i);
    MoltCodeTarget target;
    bool function = molt_type(m->plan->before, op->before)->kind == MOLT_KIND_FUNCTION;
    if (!molt__code_describe(m->code, m->plan->before, op->before, value, &target)) {
        molt__tally(m, op, function ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING,
                    MOLT_REFUSE, i, "an address in the library that no symbol names (+0x%llx)",
                    (unsigned long long)(value - m->code->begin));
        return 0;
    }
    if (!molt__code_may_mean(m->plan->before, op->before, &target)) {
        molt__tally(m, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, i,
                    "constant data of the library without a name");
        return 0;
    }
    if (!op->pointee_ok && is_other_sort(m, op, &target, i)) /* a void * that gets a type */
        return 0;
    uintptr_t after = m->code->resolve(m->code->context, &target);
    if (after != 0 && target.kind == MOLT_CODE_DATA && !same_place(m, op, &target, value, after)) {
        molt__tally(m, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, i,
                    "%s%s%s, whose layout or content changed,", target.name,
                    target.file[0] ? " of " : "", target.file);
        return 0;
    }
    if (after == 0 && target.kind == MOLT_CODE_LITERAL) {
        char text[MOLT__LITERAL_SHOWN];
        molt__code_text(&target, text, sizeof text);
        after = molt__fresh_literal(m, &target, op->after);
        if (after != 0)
            molt__tally(m, op, MOLT_RULE_LITERAL_COPIED, MOLT_INFO, i, "\"%s\"", text);
    } else if (after == 0 && refuse_retyped(m, op, &target, i)) {
        return 0;
    } else if (after == 0) {
        molt__tally(
            m, op,
            target.kind == MOLT_CODE_FUNCTION ? MOLT_RULE_FUNCTION_MISSING : MOLT_RULE_DATA_MISSING,
            MOLT_REFUSE, i, "%s%s%s", target.name, target.file[0] ? " of " : "", target.file);
        return 0;
    }
    uint8_t number = after != value ? molt__code_patches_place(&m->code_patches, after) : 0;
    *entry = (MoltCodeEntry){.before = value,
                             .after = after,
                             .pointee = op->before,
                             .to = op->after,
                             .pointee_ok = op->pointee_ok,
                             .number = number,
                             .rule = MOLT_RULE_COUNT};
    return after;
}

/* ---- pointers --------------------------------------------------------------------------------- */

static uintptr_t dangling(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                          const MoltSpan *span)
{
    const MoltSchema *before = m->plan->before;
    const MoltTypePlan *types = m->plan->types;
    bool same = (!span || types[span->type].fate == MOLT_FATE_SAME) &&
                types[op->before].fate == MOLT_FATE_SAME;
    /* where neither the pointer nor what it pointed at moves, nothing is decided about it */
    if (m->scanning && same)
        return value;
    bool other = span && span->type != op->before && /* such as before the first of an array */
                 molt_type(before, op->before)->kind != MOLT_KIND_VOID;
    bool keep = molt__tally(m, op, MOLT_RULE_DANGLING_POINTER, MOLT_LOSS, i, "%s %s",
                            other ? "no live" : "freed",
                            other  ? molt_type_name(before, op->before)
                            : span ? molt_type_name(before, span->type)
                                   : "memory");
    return keep ? 0 : value;
}

/* Offset in the new block of a flexible struct for an offset in the old one, and the way there. */
static bool map_flexible(MoltMigration *m, const MoltOp *op, const MoltSpan *span,
                         const MoltSpan *moved, const unsigned char *block, uint64_t count,
                         uint64_t at, uintptr_t *box, uint64_t *out, MoltTypeId *ambiguous,
                         MoltPointerWay *taken)
{
    const MoltPlan *plan = m->plan;
    bool to_void = molt_type(plan->after, op->after)->kind == MOLT_KIND_VOID;
    MoltTypeId after = plan->types[span->type].after;
    const MoltField *was = molt_schema_tail(plan->before, span->type);
    const MoltField *is = molt_schema_tail(plan->after, after);
    if (op->before == span->type && (at == 0 || at == molt__span_bytes(span, count))) {
        *out = at == 0 ? 0 : molt__span_bytes(moved, count);
        return true;
    }
    if (at < span->header) {
        MoltDescentWay way = {span->type, after, at,     op->before, to_void,
                              block,      !op->pointee_ok, op->after};
        bool found = molt__descent_map_element(m, &way, box, out, ambiguous);
        *taken = (MoltPointerWay){op, span->type, 1, 0, at, *out};
        return found;
    }
    uint64_t element = (at - span->header) / span->elem_size;
    uint64_t offset = (at - span->header) % span->elem_size, inner = 0;
    if (!was || !is || element > count || (element == count && offset > 0) ||
        !molt__plan_same_tail(plan, span->type, after) ||
        (element == count && !op->pointee_ok))
        return false;
    if (element < count) {
        MoltDescentWay way = {molt_type(plan->before, was->type)->elem,
                              molt_type(plan->after, is->type)->elem,
                              offset,
                              op->before,
                              to_void,
                              block + (at - offset),
                              !op->pointee_ok,
                              op->after};
        if (!molt__descent_map(m, &way, box, &inner))
            return false;
    }
    if (*box) {
        *out = inner;
        return true;
    }
    MoltTypeId elem = molt_type(plan->before, was->type)->elem;
    if (element < count && molt_type(plan->before, elem)->kind == MOLT_KIND_STRUCT)
        *taken =
            (MoltPointerWay){op, elem, count, element, offset, element * moved->elem_size + inner};
    *out = moved->header + element * moved->elem_size + inner;
    return true;
}

/* An object of a type that is gone is still pointed at, unless a hook says what becomes of the pointer,
 * or what a hook made of it is undone. */
static void note_missing(MoltMigration *m, const MoltOp *op, MoltTypeId type)
{
    if (m->missing[type] || molt__hook_undoes(m, op, MOLT_RULE_TYPE_MISSING) ||
        molt__tally_waits(m, op, MOLT_RULE_TYPE_MISSING))
        return;
    if (!molt__hook_may_settle(m, op, MOLT_RULE_TYPE_MISSING, MOLT_REFUSE)) {
        m->missing[type] = true;
        return;
    }
    for (uint64_t g = m->gone_count; g-- > 0;) {
        if (m->gone_pointers[g].type == type && m->gone_pointers[g].check == op->check)
            return;
    }
    if (molt__migration_grow(m, (void **)&m->gone_pointers, &m->gone_slots, m->gone_count, 1,
                             sizeof *m->gone_pointers))
        m->gone_pointers[m->gone_count++] = (MoltGonePointer){type, op->check};
}

/* MOLT_POOL on the field says which of two that begin there is meant. */
static bool is_noted(const MoltMigration *m, const MoltOp *op, MoltTypeId type)
{
    const MoltSchema *after = m->plan->after;
    const MoltCheck *check = op->check == MOLT__NO_CHECK ? NULL : &m->plan->checks[op->check];
    MoltTypeId to = m->plan->types[type].after;
    if (!check || check->after == MOLT__NO_FIELD || to == MOLT_NO_TYPE)
        return false;
    const MoltField *field = &after->tables.fields[check->after];
    const MoltNote *note =
        molt_schema_note(after, field->note_first, field->note_count, MOLT_NOTE_POOL);
    const char *text = note ? molt_string(after, note->text) : "",
               *name = molt_type_name(after, to);
    size_t length = strlen(name);
    return strncmp(text, name, length) == 0 && (text[length] == '\0' || text[length] == ',');
}

/* What is said and kept of a pointer into something that changes: the way there is known, but not what
 * is meant, or not the way back. Where an object `starts` that the heap knows by its type, that is
 * meant, and the beginning of one leads back to a beginning. */
static void note_way(MoltMigration *m, const MoltOp *op, uint64_t i, const MoltPointerWay *way,
                     uintptr_t box, MoltTypeId ambiguous, bool starts)
{
    const MoltSchema *before = m->plan->before;
    const MoltType *now = molt_type(m->plan->after, op->after);
    bool untyped = now->kind == MOLT_KIND_VOID || (now->kind == MOLT_KIND_INT && now->size == 1);
    if (ambiguous != MOLT_NO_TYPE && untyped && !is_noted(m, op, ambiguous)) {
        uint32_t first = molt_type(before, ambiguous)->first;
        const char *name = molt_string(before, before->tables.fields[first].name);
        molt__tally(m, op, MOLT_RULE_TARGET_AMBIGUOUS, starts ? MOLT_INFO : MOLT_LOSS, i,
                    "a %s or its %s", molt_type_name(before, ambiguous), name);
    }
    if (m->mode == MOLT__RUN_STATE && m->plan->policy == MOLT_POLICY_LIVE &&
        (box != 0 || (way->op && !molt__way_leads_back(m, way))))
        molt__attic_mark(m, op, i);
}

/* `at` is an offset in a block of numbers that become others, as all pointers to it must say. */
static uintptr_t relocate_number(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                                 const MoltRetyped *retyped, uint64_t at)
{
    uint64_t unit = molt_type(m->plan->before, retyped->type)->size;
    uint64_t size = molt_type(m->plan->after, retyped->to)->size;
    if (at > retyped->bytes)
        return dangling(m, op, value, i, &m->heap->spans[retyped->span]);
    bool was = op->before == retyped->type ||
               molt_type(m->plan->before, op->before)->kind == MOLT_KIND_VOID;
    bool is =
        op->after == retyped->to || molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID;
    if (was && is && at % unit == 0)
        return retyped->after + at / unit * size;
    molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i,
                "a pointer into %s that other pointers say is %s now",
                molt_type_name(m->plan->before, retyped->type),
                molt_type_name(m->plan->after, retyped->to));
    return 0;
}

/* `at` is an offset in a block of bytes that are objects of retyped->type, perhaps behind a header. */
static uintptr_t relocate_retyped(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i,
                                  const MoltRetyped *retyped, uint64_t at)
{
    bool head = at < retyped->head;
    MoltTypeId id = head ? retyped->header : retyped->type;
    uint64_t start = head ? 0 : retyped->head, start_after = head ? 0 : retyped->head_after;
    const MoltTypePlan *type = &m->plan->types[id];
    const MoltSpan *span = &m->heap->spans[retyped->span];
    uint64_t unit = molt_type(m->plan->before, id)->size;
    uint64_t size = molt_type(m->plan->after, type->after)->size;
    uint64_t element = (at - start) / unit, offset = (at - start) % unit, inner = 0;
    uintptr_t box = 0;
    if (at > retyped->bytes)
        return dangling(m, op, value, i, span);
    if (!molt__raw_fits(m, op, span, retyped->index, id, offset))
        return 0;
    bool exact = !op->pointee_ok && (type->after != op->after || offset != 0);
    if (!may_follow(m, op) || (exact && at == retyped->bytes))
        return retyped_pointer(m, op, id, i);
    if (type->fate == MOLT_FATE_SAME && !exact)
        return retyped->after + start_after + (at - start);
    bool whole = offset == 0 && (op->before == id || at == retyped->bytes);
    bool to_void = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID;
    const unsigned char *object =
        (const unsigned char *)retyped->block + start + element * unit; /* NOLINT */
    MoltDescentWay way = {id, type->after, offset, op->before, to_void, object, exact, op->after};
    MoltTypeId ambiguous = MOLT_NO_TYPE;
    if ((!whole || exact) && !molt__descent_map_element(m, &way, &box, &inner, &ambiguous)) {
        if (exact)
            return retyped_pointer(m, op, id, i);
        molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i,
                    "a pointer into %s at byte %llu", molt_type_name(m->plan->before, id),
                    (unsigned long long)offset);
        return 0;
    }
    if (!whole)
        note_way(m, op, i, &(MoltPointerWay){0}, box, ambiguous, false);
    return box ? box + inner : retyped->after + start_after + element * size + inner;
}

/* Where the new library has the literal or row that the block stands in for, `at` bytes into it; 0 where it
 * lacks it still, or where the block is another one. */
static uintptr_t give_way(MoltMigration *m, const MoltOp *op, uint32_t span_index, uint32_t index,
                          uint64_t at)
{
    const MoltSpan *span = &m->heap->spans[span_index];
    uint16_t kind = molt_type(m->plan->before, span->type)->kind;
    if (!span->stands_in || m->mode != MOLT__RUN_STATE || !m->code || !molt__made_is(span, index))
        return 0;
    if (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION)
        return molt__constant_row_again(m, op, span_index, index, at);
    const char *bytes = (const char *)molt__span_block(span, index);
    MoltCodeEntry *entry = &m->code_cache[molt__relocate_slot((uintptr_t)bytes)];
    if (entry->before != (uintptr_t)bytes) {
        MoltCodeTarget literal = {.kind = MOLT_CODE_LITERAL,
                                  .file = "",
                                  .name = "",
                                  .bytes = bytes,
                                  .size = molt__span_bytes(span, molt__span_count(span, index))};
        uintptr_t after = m->code->resolve(m->code->context, &literal);
        *entry = (MoltCodeEntry){.before = (uintptr_t)bytes,
                                 .after = after,
                                 .pointee = MOLT_NO_TYPE,
                                 .pointee_ok = true,
                                 .rule = MOLT_RULE_COUNT};
        if (after != 0)
            molt__made_give_way(m, span_index, index);
    }
    return entry->after != 0 ? entry->after + at : 0;
}

/* Where nothing of a block changes: what the pointer says anew is at that offset in an element, or in a
 * block with a flexible array. */
static bool stays_exact(MoltMigration *m, const MoltOp *op, const MoltSpan *span, uint64_t offset)
{
    const MoltSchema *before = m->plan->before;
    const MoltField *tail = molt_schema_tail(before, span->type);
    MoltTypeId type = span->type;
    if (span->header > 0 && offset >= span->header && tail && span->elem_size > 0) {
        type = molt_type(before, tail->type)->elem;
        offset = (offset - span->header) % span->elem_size;
    }
    MoltDescentWay way = {.before = type,
                          .after = m->plan->types[type].after,
                          .offset = offset,
                          .pointee = op->before,
                          .exact = true,
                          .to = op->after};
    uintptr_t box = 0;
    uint64_t out;
    return way.after != MOLT_NO_TYPE && molt__descent_map(m, &way, &box, &out);
}

/* Where an undone edit made a block of a struct, what points into the block goes back into the struct, as
 * long as one object alone takes it in. 0 where it has no place there, or nothing is undone. */
static uintptr_t into_owner(MoltMigration *m, const MoltOp *op, const MoltSpan *span, uint32_t index,
                            uint64_t offset)
{
    const unsigned char *block = molt__span_block(span, index);
    MoltTypeId type;
    uintptr_t part = m->plan->undoes ? molt__ownership_part(m, (uintptr_t)block, &type) : 0, box = 0;
    uint64_t inner = 0;
    if (part == 0 || !may_follow(m, op))
        return 0;
    MoltDescentWay way = {.before = span->type,
                          .after = type,
                          .offset = offset,
                          .pointee = op->before,
                          .to_void = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID,
                          .object = block,
                          .exact = !op->pointee_ok,
                          .to = op->after};
    bool whole = offset == 0 && op->before == span->type && op->pointee_ok;
    if (!whole && !molt__descent_map(m, &way, &box, &inner))
        return 0;
    return box ? box + inner : part + inner;
}

/* Numbers of a type that the new code has nothing of: what leads to them without a type says nothing else. */
static bool to_kept_number(const MoltMigration *m, const MoltOp *op, MoltTypeId type)
{
    return molt__plan_keeps(m->plan, type) && molt__is_number(molt_type(m->plan->before, type)) &&
           molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID;
}

static uintptr_t relocate_heap(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    const MoltHeap *heap = m->heap;
    uint32_t slot = heap->granules[(value - heap->base) >> MOLT__GRANULE_SHIFT];
    if (slot == 0)
        return dangling(m, op, value, i, NULL);
    const MoltSpan *span = &heap->spans[slot - 1];
    uint64_t at = value - span->base, index = at / span->stride;
    if (index >= span->blocks || !molt__span_is_live(span, (uint32_t)index))
        return dangling(m, op, value, i, span);
    uint64_t count = molt__span_count(span, (uint32_t)index);
    at -= index * span->stride;
    uintptr_t instead = give_way(m, op, slot - 1, (uint32_t)index, at);
    if (instead != 0)
        return instead;
    if (span->made)
        molt__made_hold(m, slot - 1, (uint32_t)index);
    const MoltRetyped *retyped =
        molt__retype_reached(m, span->base + index * span->stride);
    if (retyped)
        return (retyped->to != MOLT_NO_TYPE ? relocate_number : relocate_retyped)(m, op, value, i,
                                                                                  retyped, at);
    bool flexible = span->header > 0;
    uint64_t unit = flexible ? molt__span_bytes(span, count) : span->elem_size;
    uint64_t all = count;
    count = flexible ? 1 : count;
    uint64_t element = unit > 0 ? at / unit : 0;
    uint64_t offset = at - element * unit;
    if (element > count || (element == count && offset > 0))
        return dangling(m, op, value, i, span);

    if (molt__ownership_is_claimed(m, span->type, span->base + index * span->stride)) {
        uintptr_t part = element == 0 ? into_owner(m, op, span, (uint32_t)index, offset) : 0;
        if (part != 0)
            return part;
        molt__tally(m, op, MOLT_RULE_ALIAS_LOST, MOLT_REFUSE, i, "%s:%llu",
                    molt_type_name(m->plan->before, span->type),
                    (unsigned long long)(span->first_serial + index));
        return 0;
    }
    const MoltTypePlan *type = &m->plan->types[span->type];
    bool gone =
        type->fate == MOLT_FATE_GONE || (!m->keeping && molt__plan_keeps(m->plan, span->type));
    if (gone && to_kept_number(m, op, span->type)) {
        m->numbers_reached[span->type] = true;
        gone = false;
    }
    if (m->mode == MOLT__RUN_STATE && gone)
        note_missing(m, op, span->type);
    if (!molt__raw_reached(m, op, span, (uint32_t)index, flexible ? at : offset, i))
        return 0;
    bool exact = !op->pointee_ok && (type->after != op->after || offset != 0);
    if (!may_follow(m, op) || (exact && gone) ||
        (exact && element == count && type->after != op->after) ||
        (exact && type->fate == MOLT_FATE_SAME && !stays_exact(m, op, span, flexible ? at : offset)))
        return retyped_pointer(m, op, span->type, i);
    if (type->fate == MOLT_FATE_SAME && !gone)
        return value;
    if (gone) {
        molt__tally(m, op, MOLT_RULE_TYPE_MISSING, MOLT_REFUSE, i, "%s",
                    molt_type_name(m->plan->before, span->type));
        return 0;
    }
    const MoltSpan *moved = &m->spans[slot - 1];
    const unsigned char *block = molt__span_block(span, (uint32_t)index);
    uint64_t inner = 0;
    uintptr_t box = 0;
    MoltTypeId ambiguous = MOLT_NO_TYPE;
    if (flexible) {
        MoltPointerWay taken = {0};
        if (!map_flexible(m, op, span, moved, block, all, at, &box, &inner, &ambiguous, &taken)) {
            if (exact)
                return retyped_pointer(m, op, span->type, i);
            molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i,
                        "a pointer into %s at byte %llu",
                        molt_type_name(m->plan->before, span->type), (unsigned long long)at);
            return 0;
        }
        note_way(m, op, i, &taken, box, ambiguous, at == 0);
        return box ? box + inner : moved->base + index * moved->stride + inner;
    }
    if (offset == 0 && element > 0 &&
        molt__descent_means_end(m->plan->before, span->type, op->before, element == count)) {
        element--;
        offset = span->elem_size;
    }
    bool whole = element == count || (offset == 0 && op->before == span->type && !exact);
    bool to_void = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID;
    MoltDescentWay way = {.before = span->type,
                          .after = type->after,
                          .offset = offset,
                          .pointee = op->before,
                          .to_void = to_void,
                          .object = block + element * span->elem_size,
                          .exact = exact,
                          .to = op->after};
    if (!whole && !molt__descent_map_element(m, &way, &box, &inner, &ambiguous)) {
        if (exact)
            return retyped_pointer(m, op, span->type, i);
        MoltPlace place;
        MoltDumpPath path;
        molt_heap_locate(heap, (const void *)value, &place); /* NOLINT: an address from the state */
        molt__dump_path(m->plan->before, &place, op->before, &path);
        molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i, "&%s%s",
                    molt_type_name(m->plan->before, span->type), path.text);
        return 0;
    }
    if (!whole)
        note_way(m, op, i, &(MoltPointerWay){op, span->type, count, element, offset, inner}, box,
                 ambiguous, offset == 0);
    if (box)
        return box + inner;
    return moved->base + index * moved->stride + element * moved->elem_size + inner;
}

uintptr_t molt__relocate_mirrored(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    bool inside = value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT;
    return inside ? relocate_heap(m, op, value, i) : value;
}

/* A pointer leads into the library that goes, and what it becomes into the one that comes. */
static void note_into(MoltMigration *m, const MoltOp *op)
{
    if (m->mode == MOLT__RUN_STATE)
        m->into[op->before] = true;
    else
        m->into_unknown = true;
}

uintptr_t molt__relocate(MoltMigration *m, const MoltOp *op, uintptr_t value, uint64_t i)
{
    if (value == 0 || op->external)
        return value;
    if (value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT)
        return molt__migrate_globals_image(m, relocate_heap(m, op, value, i));
    uintptr_t global;
    if (molt__migrate_globals_relocate(m, op, value, i, &global)) {
        note_into(m, op);
        return global;
    }
    const MoltType *pointee = molt_type(m->plan->before, op->before);
    bool inside = m->code && value - m->code->begin < m->code->end - m->code->begin;
    if (!may_follow(m, op) || (is_unlike(m, op) && !inside)) {
        bool function = pointee->kind == MOLT_KIND_FUNCTION;
        molt__tally(m, op, function ? MOLT_RULE_SIGNATURE_CHANGED : MOLT_RULE_POINTEE_CHANGED,
                    MOLT_REFUSE, i, "a pointer to %s", molt_type_name(m->plan->before, op->before));
        return 0;
    }
    if (inside) {
        note_into(m, op);
        return relocate_code(m, op, value, i);
    }
    /* foreign: kept bit for bit, unless it claims to point at something that is being rebuilt */
    bool ours = pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION;
    if (ours && m->plan->types[op->before].fate != MOLT_FATE_SAME) {
        molt__tally(m, op, MOLT_RULE_UNKNOWN_TARGET, MOLT_REFUSE, i,
                    "0x%llx, neither heap nor library", (unsigned long long)value);
        return 0;
    }
    return value;
}

/* Bytes from `offset` to the end of the char array of a `type` that it lies in; 0 when there is none. */
static uint64_t text_room(const MoltSchema *schema, MoltTypeId type, uint64_t offset)
{
    for (;;) {
        const MoltType *t = molt_type(schema, type);
        if (t->kind == MOLT_KIND_ARRAY && molt_type(schema, t->elem)->flags & MOLT_TYPE_CHAR)
            return t->size - offset;
        if (t->kind == MOLT_KIND_ARRAY && t->size > 0) {
            type = t->elem;
            offset %= molt_type(schema, type)->size;
        } else if (t->kind == MOLT_KIND_STRUCT) {
            uint32_t f = molt__descent_field(schema, t, offset, MOLT_NO_TYPE);
            if (f == MOLT__NO_FIELD)
                return 0;
            offset -= schema->tables.fields[f].bit_offset / 8;
            type = schema->tables.fields[f].type;
        } else {
            return t->flags & MOLT_TYPE_CHAR ? 1 : 0;
        }
    }
}

/* The same of a place in a heap block. */
static uint64_t room_in_block(const MoltSchema *schema, const MoltPlace *place)
{
    const MoltType *type = molt_type(schema, place->block.type);
    const MoltField *tail =
        place->block.header > 0 ? molt_schema_tail(schema, place->block.type) : NULL;
    if (tail && place->offset >= place->block.header) {
        MoltTypeId elem = molt_type(schema, tail->type)->elem;
        uint64_t at = place->offset - place->block.header, size = molt_type(schema, elem)->size;
        if (at >= place->block.count * size)
            return 0;
        if (molt_type(schema, elem)->flags & MOLT_TYPE_CHAR)
            return place->block.count - at;
        return text_room(schema, elem, at % size);
    }
    if (tail || type->size != 1)
        return text_room(schema, place->block.type, place->offset);
    return place->block.count - place->element;
}

const char *molt__relocate_text(MoltMigration *m, uintptr_t value, uint64_t *length)
{
    uintptr_t mirror = m->globals.next ? molt_heap_mirror(m->heap, value, MOLT_NO_TYPE) : 0;
    value = mirror != 0 ? mirror : value;
    if (value - m->heap->base < m->heap->granule_count << MOLT__GRANULE_SHIFT) {
        MoltPlace place;
        molt_heap_locate(m->heap, (const void *)value,
                         &place); /* NOLINT: an address from the state */
        if (place.kind != MOLT_PLACE_BLOCK ||
            place.element == (place.block.header > 0 ? 1 : place.block.count))
            return NULL;
        const char *text = (const char *)value; /* NOLINT: an address from the state */
        uint64_t room = room_in_block(m->heap->schema, &place);
        *length = molt__text_length(text, room);
        return room > 0 ? text : NULL;
    }
    if (m->mode == MOLT__RUN_VALUE) {           /* a literal's characters, kept in the attic */
        const char *text = (const char *)value; /* NOLINT: the address was made there */
        *length = strlen(text);
        return text;
    }
    MoltCodeTarget target;
    if (!m->code || value - m->code->begin >= m->code->end - m->code->begin ||
        !m->code->describe(m->code->context, value, &target) || !target.bytes)
        return NULL;
    uint64_t offset = target.kind == MOLT_CODE_DATA ? target.offset : 0;
    if (offset >= target.size)
        return NULL;
    *length = molt__text_length(target.bytes + offset, target.size - offset);
    return target.bytes + offset;
}

uint64_t molt__text_length(const char *text, uint64_t size)
{
    const char *end = memchr(text, '\0', size);
    return end ? (uint64_t)(end - text) : size;
}
