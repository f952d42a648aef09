#include "held_lock.h"

#include <stdio.h>
#include <string.h>

#include "dump_path.h"
#include "globals_map.h"
#include "migration.h"
#include "system_lock.h"

struct Walk;

/* A lock at `at`; `type` is its own. */
typedef void Visit(struct Walk *walk, MoltTypeId type, const MoltLockClass *class,
                   unsigned char *at);

typedef struct Walk {
    const MoltSchema *schema;
    bool *holds; /* per type: it is a lock, or a value of it may hold one */
    Visit *visit;
    MoltMigration *m; /* NULL: of no migration */
    MoltTypeId block; /* type of the blocks that are looked at */
    uint32_t field;   /* the innermost that holds what is looked at, or UINT32_MAX */
    const unsigned char *object;
} Walk;

/* ---- which types ------------------------------------------------------------------------------ */

static bool is_sequence_of(const MoltType *type, const bool *holds)
{
    return type->kind == MOLT_KIND_ARRAY && type->elem != MOLT_NO_TYPE && holds[type->elem];
}

static bool has_member(const MoltSchema *schema, const MoltType *type, const bool *holds)
{
    bool found = false;
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; record && f < type->count && !found; f++)
        found = holds[schema->tables.fields[type->first + f].type];
    return found;
}

/* Fills holds[]: as many rounds as locks lie deep in each other's holders. True when there are any. */
static bool find_holders(const MoltSchema *schema, bool *holds)
{
    bool any = false, grew = true;
    uint32_t types = schema->tables.type_count;
    for (MoltTypeId t = 0; t < types; t++)
        any |= holds[t] = molt__lock_class(schema, t) != NULL;
    while (any && grew) {
        grew = false;
        for (MoltTypeId t = 0; t < types; t++) {
            const MoltType *type = molt_type(schema, t);
            if (!holds[t] && (is_sequence_of(type, holds) || has_member(schema, type, holds)))
                grew = holds[t] = true;
        }
    }
    return any;
}

/* ---- values ----------------------------------------------------------------------------------- */

static void walk_value(Walk *walk, MoltTypeId id, unsigned char *at);

/* Of a tagged union the arm that is selected; one without a tag says nothing about its bytes. */
static void walk_fields(Walk *walk, const MoltType *type, unsigned char *at)
{
    const MoltField *fields = walk->schema->tables.fields;
    uint32_t around = walk->field;
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        MoltUnionTag tag;
        unsigned char *value = at + fields[f].bit_offset / 8;
        uint32_t held = f;
        if (!walk->holds[fields[f].type])
            continue;
        if (molt_type(walk->schema, fields[f].type)->kind == MOLT_KIND_UNION) {
            held = molt__union_tag(walk->schema, type, &fields[f], &tag)
                       ? molt__union_active(walk->schema, &tag, &fields[f], at)
                       : MOLT__NO_ARM;
            value += held != MOLT__NO_ARM ? fields[held].bit_offset / 8 : 0;
        }
        walk->field = held;
        if (held != MOLT__NO_ARM && walk->holds[fields[held].type])
            walk_value(walk, fields[held].type, value);
    }
    walk->field = around;
}

static void walk_value(Walk *walk, MoltTypeId id, unsigned char *at)
{
    const MoltType *type = molt_type(walk->schema, id);
    const MoltLockClass *class = molt__lock_class(walk->schema, id);
    if (class) {
        walk->visit(walk, id, class, at);
    } else if (type->kind == MOLT_KIND_ARRAY) {
        uint64_t stride = molt_type(walk->schema, type->elem)->size;
        for (uint64_t i = 0; i < type->length; i++)
            walk_value(walk, type->elem, at + i * stride);
    } else if (type->kind == MOLT_KIND_STRUCT) {
        walk_fields(walk, type, at);
    }
}

/* `count` elements behind a header, of which the type's flexible array is the rest. */
static void walk_block(Walk *walk, MoltTypeId id, uint64_t header, unsigned char *block,
                       uint64_t count)
{
    const MoltField *tail = molt_schema_tail(walk->schema, id);
    walk->object = block;
    walk->field = UINT32_MAX;
    if (tail)
        walk_value(walk, id, block);
    MoltTypeId elem = tail ? molt_type(walk->schema, tail->type)->elem : id;
    uint64_t stride = molt_type(walk->schema, elem)->size;
    if (tail)
        walk->field = (uint32_t)(tail - walk->schema->tables.fields);
    for (uint64_t i = 0; walk->holds[elem] && i < count; i++) {
        walk->object = tail ? block : block + i * stride;
        walk_value(walk, elem, block + header + i * stride);
    }
}

/* ---- migrations ------------------------------------------------------------------------------- */

static MoltLockFact *find(MoltMigration *m, MoltTypeId type, uint32_t field)
{
    MoltLockFacts *facts = &m->locks;
    for (uint64_t f = 0; f < facts->count; f++) {
        if (facts->items[f].type == type && facts->items[f].field == field)
            return &facts->items[f];
    }
    if (!molt__migration_grow(m, (void **)&facts->items, &facts->slots, facts->count, 1,
                              sizeof *facts->items))
        return NULL;
    MoltLockFact *fact = &facts->items[facts->count++];
    *fact = (MoltLockFact){.type = type, .field = field};
    return fact;
}

static void describe(const Walk *walk, MoltTypeId type, const unsigned char *at, const char *use,
                     MoltLockFact *fact)
{
    const MoltSchema *schema = walk->schema;
    const char *name = molt_type_name(schema, walk->block);
    MoltPlace place;
    MoltDumpPath where;
    if (walk->block == walk->m->globals.before && walk->m->globals.mirror) {
        uint32_t variable =
            molt__globals_over(schema, walk->block, (uint64_t)(at - walk->m->globals.mirror));
        uint32_t field = molt_type(schema, walk->block)->first + variable;
        snprintf(fact->path, sizeof fact->path, "%s",
                 variable == UINT32_MAX ? name
                                        : molt_string(schema, schema->tables.fields[field].name));
        snprintf(fact->value, sizeof fact->value, "%s", use);
        return;
    }
    molt_heap_locate(walk->m->heap, at, &place);
    if (place.kind != MOLT_PLACE_BLOCK || place.block.type != walk->block) { /* in a pool */
        snprintf(fact->path, sizeof fact->path, "%s", name);
        snprintf(fact->value, sizeof fact->value, "%s", use);
        return;
    }
    molt__dump_path(schema, &place, type, &where);
    const char *field = where.text, *end = strchr(field, ']');
    if (field[0] == '[' && end && place.block.header == 0)
        field = end + 1; /* of the element, which differs from object to object */
    snprintf(fact->path, sizeof fact->path, "%.60s%.170s", name, field);
    snprintf(fact->value, sizeof fact->value, "%s in %.100s:%llu", use, name,
             (unsigned long long)place.block.serial);
}

static void note(Walk *walk, MoltTypeId type, const MoltLockClass *class, unsigned char *at)
{
    const char *use = molt__lock_use(class, at);
    if (!use)
        return;
    MoltLockFact *fact = find(walk->m, walk->block, walk->field);
    if (!fact)
        return;
    walk->m->refused = true;
    if (fact->objects == 0)
        describe(walk, type, at, use, fact);
    fact->objects += fact->last != walk->object;
    fact->last = walk->object;
}

static void note_span(Walk *walk, const MoltSpan *span)
{
    MoltMigration *m = walk->m;
    bool goes =
        m->plan->types[span->type].fate != MOLT_FATE_SAME || molt__migrate_globals_is(m, span);
    walk->block = span->type;
    for (uint32_t b = 0; b < span->blocks && !m->failed; b++) {
        unsigned char *block = molt__span_block(span, b);
        if (molt__span_is_live(span, b) &&
            (goes || molt__ownership_is_claimed(m, span->type, (uintptr_t)block)))
            walk_block(walk, span->type, span->header, block, molt__span_count(span, b));
    }
}

static void note_pools(Walk *walk)
{
    MoltMigration *m = walk->m;
    for (uint64_t i = 0; i < m->retypes.count && !m->failed; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        if (item->problem || item->type == MOLT_NO_TYPE || !walk->holds[item->type] ||
            m->plan->types[item->type].fate == MOLT_FATE_SAME)
            continue;
        uint64_t size = molt_type(walk->schema, item->type)->size;
        uint64_t whole = size > 0 ? (item->bytes - item->head) / size : 0; /* the last may be cut */
        walk->block = item->type;
        walk_block(walk, item->type, 0, (unsigned char *)item->block + item->head, /* NOLINT */
                   item->count < whole ? item->count : whole);
    }
}

void molt__held_locks(MoltMigration *m)
{
    uint32_t types = m->plan->before->tables.type_count;
    if (m->failed || types == 0)
        return;
    Walk walk = {.schema = m->plan->before,
                 .holds = molt__migration_table(m, types, sizeof *walk.holds),
                 .visit = note,
                 .m = m};
    if (walk.holds && find_holders(walk.schema, walk.holds)) {
        for (uint32_t s = 0; s < m->span_count && !m->failed; s++) {
            const MoltSpan *span = &m->heap->spans[s];
            if (span->bytes > 0 && span->live > 0 && walk.holds[span->type])
                note_span(&walk, span);
        }
        note_pools(&walk);
    }
    molt__migration_free(m, walk.holds, types, sizeof *walk.holds);
}

void molt__held_locks_report(MoltMigration *m)
{
    for (uint64_t f = 0; f < m->locks.count; f++) {
        const MoltLockFact *fact = &m->locks.items[f];
        bool variable = fact->type == m->globals.before && m->globals.mirror;
        molt_report_add(
            m->report,
            &(MoltFinding){
                .severity = MOLT_REFUSE,
                .rule = MOLT_RULE_LOCK_HELD,
                .path = fact->path,
                .value = fact->value,
                .remedy = variable
                              ? "unlock it in begin_reload(), and lock it in end_reload(): a "
                                "variable moves with every library; or allocate the lock"
                              : "unlock it in begin_reload(), and lock it in end_reload(); or keep "
                                "what holds it as it is, or allocate the lock for itself",
                .objects = fact->objects});
    }
}

void molt__held_locks_free(MoltMigration *m)
{
    molt__migration_free(m, m->locks.items, m->locks.slots, sizeof *m->locks.items);
    m->locks = (MoltLockFacts){0};
}

/* ---- files ------------------------------------------------------------------------------------ */

static void release(Walk *walk, MoltTypeId type, const MoltLockClass *class, unsigned char *at)
{
    (void)walk;
    (void)type;
    molt__lock_release(class, at);
}

bool molt__held_locks_release(MoltHeap *heap)
{
    uint32_t types = heap->schema->tables.type_count;
    const MoltAllocator *allocator = &heap->allocator;
    if (types == 0)
        return true;
    bool *holds = allocator->resize(allocator->context, NULL, 0, types * sizeof *holds);
    if (!holds)
        return false;
    memset(holds, 0, types * sizeof *holds);
    Walk walk = {.schema = heap->schema, .holds = holds, .visit = release};
    bool any = find_holders(heap->schema, holds);
    for (uint32_t s = 0; any && s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        for (uint32_t b = 0; span->bytes > 0 && holds[span->type] && b < span->blocks; b++) {
            if (molt__span_is_live(span, b))
                walk_block(&walk, span->type, span->header, molt__span_block(span, b),
                           molt__span_count(span, b));
        }
    }
    allocator->resize(allocator->context, holds, types * sizeof *holds, 0);
    return true;
}
