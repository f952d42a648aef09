/* Integers that hold the address of an object which moves or goes: nobody can tell them from numbers,
 * so they are counted and told, and stay as they are. */
#include <stdio.h>
#include <string.h>

#include "dump_path.h"
#include "migration.h"

/* Runs of 64-bit integers in one element of a type; what does not fit is not looked at. */
enum { RUNS_MAX = 512 };

typedef struct Run {
    uint64_t offset, count;
    MoltTypeId type;
    uint64_t objects;  /* that hold an address */
    uintptr_t address; /* the first one, and where */
    MoltPlace place;
} Run;

/* Of one type. */
typedef struct MoltStaleSearch {
    MoltMigration *m;
    uintptr_t low, high; /* of all that moves or goes */
    uint32_t count;
    Run runs[RUNS_MAX]; /* few types have many: the others are not written */
} MoltStaleSearch;

typedef MoltStaleSearch Search;

/* Adds the integers of a value at `offset`. Recurses over what types hold by value. */
static void add_runs(Search *search, MoltTypeId id, uint64_t offset)
{
    const MoltSchema *schema = search->m->plan->before;
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_INT && type->size == sizeof(uintptr_t)) {
        if (search->count < RUNS_MAX)
            search->runs[search->count++] = (Run){.offset = offset, .count = 1, .type = id};
    } else if (type->kind == MOLT_KIND_ARRAY) {
        const MoltType *element = molt_type(schema, type->elem);
        bool numbers = element->kind == MOLT_KIND_INT && element->size == sizeof(uintptr_t);
        if (numbers && type->length > 0 && search->count < RUNS_MAX)
            search->runs[search->count++] =
                (Run){.offset = offset, .count = type->length, .type = type->elem};
        for (uint64_t i = 0; !numbers && i < type->length && search->count < RUNS_MAX; i++) {
            uint32_t before = search->count;
            add_runs(search, type->elem, offset + i * element->size);
            if (search->count == before)
                break; /* there are none in it */
        }
    } else if (type->kind == MOLT_KIND_STRUCT) {
        for (uint32_t f = type->first; f < type->first + type->count; f++) {
            const MoltField *field = &schema->tables.fields[f];
            if ((field->flags & (MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT)) == 0)
                add_runs(search, field->type, offset + field->bit_offset / 8);
        }
    }
}

static bool is_stale(const Search *search, uintptr_t value)
{
    const MoltMigration *m = search->m;
    if (value - search->low >= search->high - search->low)
        return false;
    uint32_t slot = m->heap->granules[(value - m->heap->base) >> MOLT__GRANULE_SHIFT];
    if (slot == 0)
        return false;
    const MoltSpan *span = &m->heap->spans[slot - 1];
    uint64_t index = (value - span->base) / span->stride;
    return index < span->blocks && molt__span_is_live(span, (uint32_t)index) &&
           (m->plan->types[span->type].fate != MOLT_FATE_SAME ||
            molt__retype_moves(m, span->base + span->stride * index));
}

/* The numbers of one run in an element. */
static void look_closely(Search *search, Run *run, const unsigned char *numbers)
{
    for (uint64_t i = 0; i < run->count; i++) {
        const unsigned char *at = numbers + i * sizeof(uintptr_t);
        uintptr_t value;
        memcpy(&value, at, sizeof value);
        if (!is_stale(search, value))
            continue;
        if (run->objects++ == 0) {
            run->address = value;
            molt_heap_locate(search->m->heap, at, &run->place);
        }
        return;
    }
}

static uint64_t is_near(const unsigned char *number, uintptr_t low, uintptr_t range)
{
    uintptr_t value;
    memcpy(&value, number, sizeof value);
    return value - low < range;
}

/* Some of the numbers of a run are in the range. Nothing is decided number by number. */
static bool any_near(const unsigned char *numbers, uint64_t count, uintptr_t low, uintptr_t range)
{
    enum { SIZE = sizeof(uintptr_t) };
    uint64_t near = 0;
    for (; count >= 4; count -= 4, numbers += (size_t)4 * SIZE)
        near |= is_near(numbers, low, range) | is_near(numbers + SIZE, low, range) |
                is_near(numbers + (size_t)2 * SIZE, low, range) |
                is_near(numbers + (size_t)3 * SIZE, low, range);
    for (; count > 0; count--, numbers += SIZE)
        near |= is_near(numbers, low, range);
    return near != 0;
}

/* `n` elements that are `stride` apart. Hardly a number is in the range of addresses. */
static void look_at(Search *search, const unsigned char *elements, uint64_t stride, uint64_t n)
{
    uintptr_t low = search->low, range = search->high - search->low;
    for (uint32_t r = 0; r < search->count; r++) {
        Run *run = &search->runs[r];
        const unsigned char *at = elements + run->offset;
        for (uint64_t i = 0; i < n; i++, at += stride) {
            if (any_near(at, run->count, low, range))
                look_closely(search, run, at);
        }
    }
}

static void report(const Search *search)
{
    MoltMigration *m = search->m;
    const MoltSchema *schema = m->plan->before;
    bool strict = m->plan->policy == MOLT_POLICY_STRICT;
    MoltSeverity severity = strict ? MOLT_REFUSE : MOLT_LOSS;
    for (uint32_t r = 0; r < search->count; r++) {
        const Run *run = &search->runs[r];
        char path[560], value[300];
        MoltPlace target;
        MoltDumpPath where;
        if (run->objects == 0)
            continue;
        m->refused = m->refused || strict;
        molt_heap_locate(m->heap, (const void *)run->address, &target); /* NOLINT: looked up */
        molt__dump_path(schema, &run->place, run->type, &where);
        const char *field = where.text;
        if (field[0] == '[' && strchr(field, ']'))
            field =
                strchr(field, ']') + 1; /* of the element, which differs from object to object */
        snprintf(path, sizeof path, "%.60s%s", molt_type_name(schema, run->place.block.type),
                 field);
        snprintf(value, sizeof value, "the address of %s:%llu in %s:%llu",
                 molt_type_name(schema, target.block.type), (unsigned long long)target.block.serial,
                 molt_type_name(schema, run->place.block.type),
                 (unsigned long long)run->place.block.serial);
        molt_report_add(m->report,
                        &(MoltFinding){.severity = severity,
                                       .rule = MOLT_RULE_ADDRESS_IN_INTEGER,
                                       .path = path,
                                       .value = value,
                                       .remedy = "keep a pointer there, or renew the number in "
                                                 "end_reload()",
                                       .objects = run->objects});
    }
}

/* Blocks from `b` on that are live, as many as stay in the first cache from run to run. */
static uint32_t count_live(const MoltSpan *span, uint32_t b)
{
    uint32_t most = span->blocks - b < MOLT__BATCH ? span->blocks - b : MOLT__BATCH, n = 0;
    while (n < most && molt__span_is_live(span, b + n))
        n++;
    return n;
}

static void search_span(Search *search, const MoltSpan *span, bool tail)
{
    bool elements = tail || span->header == 0, single = !tail && elements && !span->counts;
    for (uint32_t b = 0, n; single && b<span->blocks; b += n> 0 ? n : 1) {
        n = count_live(span, b);
        look_at(search, molt__span_block(span, b), span->stride, n);
    }
    for (uint32_t b = 0; !single && b < span->blocks; b++) {
        if (!molt__span_is_live(span, b))
            continue;
        const unsigned char *at = molt__span_block(span, b) + (tail ? span->header : 0);
        look_at(search, at, span->elem_size, elements ? molt__span_count(span, b) : 1);
    }
}

/* The elements, or of a flexible struct first what stands before its array, then that. */
static void search_type(Search *search, MoltTypeId id)
{
    const MoltHeap *heap = search->m->heap;
    const MoltSchema *schema = search->m->plan->before;
    const MoltField *tail = molt_schema_tail(schema, id);
    for (int part = 0; part < (tail ? 2 : 1); part++) {
        search->count = 0;
        add_runs(search, part == 1 ? molt_type(schema, tail->type)->elem : id, 0);
        for (uint32_t s = heap->types.first[id]; search->count > 0 && s != MOLT__NO_SPAN;
             s = heap->links[s].type_next)
            search_span(search, &heap->spans[s], part == 1);
        report(search);
    }
}

/* The addresses of all that moves or goes. */
static void bound(const MoltMigration *m, Search *search)
{
    search->low = UINTPTR_MAX;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes == 0 || (m->plan->types[span->type].fate == MOLT_FATE_SAME &&
                                 !molt__plan_loses(m->plan, span->type)))
            continue;
        search->low = span->base < search->low ? span->base : search->low;
        search->high =
            span->base + span->bytes > search->high ? span->base + span->bytes : search->high;
    }
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        search->low = item->block < search->low ? item->block : search->low;
        search->high =
            item->block + item->bytes > search->high ? item->block + item->bytes : search->high;
    }
    if (search->low > search->high)
        search->low = search->high;
}

static Search *make_search(MoltMigration *m)
{
    Search *search =
        m->failed ? NULL : m->allocator.resize(m->allocator.context, NULL, 0, sizeof *search);
    m->failed = m->failed || !search;
    if (search) {
        search->m = m;
        search->low = search->high = 0;
        search->count = 0;
        bound(m, search);
    }
    return search;
}

/* ---- types whose objects are looked at while they are converted ------------------------------- */

/* All of their objects pass molt__stale_integers_look. */
static bool passes_by(const MoltMigration *m, MoltTypeId id)
{
    return m->plan->types[id].fate == MOLT_FATE_CHANGED && !molt_schema_tail(m->plan->before, id) &&
           !(m->owned.claimed && m->owned.claimed[id]) && id != m->globals.before;
}

void molt__stale_integers_begin(MoltMigration *m)
{
    if (!m->moves || m->failed)
        return;
    Search *search = make_search(m);
    m->moving_low = search ? search->low : 0;
    m->moving_high = search ? search->high : 0;
    molt__migration_free(m, search, 1, sizeof *search);
    m->stale = molt__migration_table(m, m->plan->before->tables.type_count, sizeof *m->stale);
    for (MoltTypeId id = 0; m->stale && id < m->plan->before->tables.type_count; id++) {
        if (!passes_by(m, id) || m->heap->types.first[id] == MOLT__NO_SPAN)
            continue;
        m->stale[id] = make_search(m);
        if (m->stale[id])
            add_runs(m->stale[id], id, 0);
    }
}

void molt__stale_integers_look(MoltMigration *m, MoltTypeId type, const unsigned char *source,
                               uint64_t stride, uint64_t n)
{
    Search *search = m->stale ? m->stale[type] : NULL;
    if (search)
        look_at(search, source, stride, n);
}

bool molt__stale_integers_any(const MoltMigration *m, MoltTypeId type, const unsigned char *source,
                              uint64_t stride, uint64_t n)
{
    const Search *search = m->stale ? m->stale[type] : NULL;
    for (uint32_t r = 0; search && r < search->count; r++) {
        const Run *run = &search->runs[r];
        const unsigned char *at = source + run->offset;
        for (uint64_t i = 0; i < n; i++, at += stride) {
            if (any_near(at, run->count, search->low, search->high - search->low))
                return true;
        }
    }
    return false;
}

void molt__stale_integers_free(MoltMigration *m)
{
    for (MoltTypeId id = 0; m->stale && id < m->plan->before->tables.type_count; id++)
        molt__migration_free(m, m->stale[id], 1, sizeof *m->stale[id]);
    molt__migration_free(m, m->stale, m->plan->before->tables.type_count, sizeof *m->stale);
    m->stale = NULL;
}

void molt__stale_integers_report(MoltMigration *m)
{
    Search *search = m->stale && !m->failed ? make_search(m) : NULL;
    for (MoltTypeId id = 0; search && id < m->plan->before->tables.type_count; id++) {
        if (m->stale[id])
            report(m->stale[id]);
        else if (search->low < search->high && !molt_type_is_kept(m->plan->before, id))
            search_type(search, id);
    }
    molt__migration_free(m, search, 1, sizeof *search);
}
