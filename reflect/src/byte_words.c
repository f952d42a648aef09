#include "byte_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "byte_scan.h"
#include "code_target.h"
#include "dump_path.h"
#include "fresh_block.h"
#include "migration.h"
#include "molt/globals.h"

typedef struct Search {
    MoltByteScan scan;
    MoltMigration *m;
    uintptr_t heap_low, heap_size; /* of blocks that move or go */
    bool in_pool;                  /* in objects that a note says to lie in a block of bytes */
} Search;

/* ---- what was found --------------------------------------------------------------------------- */

static MoltByteFact *find(const Search *search, MoltByteWordKind kind, uint32_t run)
{
    const MoltByteScan *scan = &search->scan;
    MoltByteFacts *facts = &search->m->bytes;
    for (uint64_t f = 0; f < facts->count; f++) {
        MoltByteFact *known = &facts->items[f];
        if (known->kind == kind && known->type == scan->span->type &&
            known->variable == scan->variable && known->block == scan->bytes_only &&
            known->tail == scan->tail &&
            (scan->bytes_only ? known->origin == molt__byte_scan_origin(scan) : known->run == run))
            return known;
    }
    return NULL;
}

/* "Ant.payload" of an object in such a block. */
static void pool_path(const Search *search, uint32_t run, const unsigned char *begin, char *path,
                      size_t size)
{
    const MoltMigration *m = search->m;
    const MoltSchema *schema = m->plan->before;
    MoltPlace place;
    MoltDumpPath where;
    molt_heap_locate(m->heap, begin, &place);
    molt__retype_place(m, &place);
    molt__dump_path(schema, &place, search->scan.runs.items[run].type, &where);
    const char *field = where.text, *end = strchr(field, ']');
    if (field[0] == '[' && end)
        field = end + 1; /* of the element, which differs from object to object */
    snprintf(path, size, "%.60s%.170s", molt_type_name(schema, place.block.type), field);
}

/* One more word of a kind in a run that begins at `begin`; the format is for the first one. */
static void note(Search *search, MoltByteWordKind kind, uint32_t run, const unsigned char *begin,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void note(Search *search, MoltByteWordKind kind, uint32_t run, const unsigned char *begin,
                 const char *format, ...)
{
    MoltMigration *m = search->m;
    MoltByteFacts *facts = &m->bytes;
    const MoltByteScan *scan = &search->scan;
    MoltByteFact *fact = find(search, kind, run);
    m->refused = m->refused || kind == MOLT__WORD_STALE || kind == MOLT__WORD_LOST;
    if (!fact) {
        if (!molt__migration_grow(m, (void **)&facts->items, &facts->slots, facts->count, 1,
                                  sizeof *facts->items))
            return;
        fact = &facts->items[facts->count++];
        *fact = (MoltByteFact){.kind = kind,
                               .type = scan->span->type,
                               .variable = scan->variable,
                               .run = run,
                               .origin = molt__byte_scan_origin(scan),
                               .block = scan->bytes_only,
                               .tail = scan->tail};
        fact->untagged =
            molt_type(m->plan->before, scan->runs.items[run].type)->kind == MOLT_KIND_UNION;
        if (search->in_pool && !molt__is_bytes(m->plan->before, scan->span->type))
            pool_path(search, run, begin, fact->path, sizeof fact->path);
        else
            molt__byte_scan_path(scan, run, begin, fact->path, sizeof fact->path);
        va_list args;
        va_start(args, format);
        vsnprintf(fact->value, sizeof fact->value, format, args);
        va_end(args);
    }
    fact->objects += fact->last != scan->object;
    fact->last = scan->object;
}

/* ---- blocks that move ------------------------------------------------------------------------- */

static void look_at_heap(Search *search, uint32_t run, const unsigned char *begin,
                         const unsigned char *at, uintptr_t value)
{
    MoltMigration *m = search->m;
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: it is only looked up */
    if (place.kind != MOLT_PLACE_BLOCK)
        return;
    const MoltBlock *block = &place.block;
    if (m->heap->spans[block->span].made)
        molt__made_hold(m, block->span, block->index);
    const char *type = molt_type_name(m->plan->before, block->type);
    if (m->plan->types[block->type].fate != MOLT_FATE_SAME ||
        molt__plan_loses(m->plan, block->type) || molt__retype_moves(m, (uintptr_t)block->start) ||
        molt__ownership_is_claimed(m, block->type, (uintptr_t)block->start))
        note(search, MOLT__WORD_STALE, run, begin,
             "at byte %llu the address of a block of %s (%s:%llu), which moves or goes",
             (unsigned long long)(at - begin), type, type, (unsigned long long)block->serial);
}

/* ---- places in the library -------------------------------------------------------------------- */

/* Where the word at `at` is in the new state; NULL when the edit does not carry all of it over. */
static unsigned char *carried_to(Search *search, uint32_t run, const unsigned char *at)
{
    MoltMigration *m = search->m;
    const MoltSchema *schema = m->plan->before;
    MoltTypeId byte = search->scan.runs.items[run].type;
    while (molt_type(schema, byte)->kind == MOLT_KIND_ARRAY ||
           molt_type(schema, byte)->kind == MOLT_KIND_VECTOR)
        byte = molt_type(schema, byte)->elem;
    if (m->plan->types[byte].after == MOLT_NO_TYPE)
        return NULL;
    const MoltOp op = {.code = MOLT__OP_POINTER,
                       .check = MOLT__NO_CHECK,
                       .before = byte,
                       .after = m->plan->types[byte].after,
                       .pointee_ok = true};
    MoltRunMode mode = m->mode;
    m->mode = MOLT__RUN_VALUE; /* it is a question: nothing is told */
    uintptr_t first = molt__relocate_mirrored(m, &op, (uintptr_t)at, 0);
    uintptr_t last = molt__relocate_mirrored(m, &op, (uintptr_t)at + sizeof(uintptr_t) - 1, 0);
    m->mode = mode;
    return first != 0 && last == first + sizeof(uintptr_t) - 1
               ? (unsigned char *)first /* NOLINT: a place in the new state */
               : NULL;
}

/* The word becomes `value`: at once in a block that is new, at commit in one that stays. */
static bool put(Search *search, uint32_t run, const unsigned char *at, uintptr_t value)
{
    MoltMigration *m = search->m;
    unsigned char *to = carried_to(search, run, at);
    if (!to)
        return false;
    if (to != at) {
        memcpy(to, &value, sizeof value);
    } else if (molt__migration_grow(m, (void **)&m->patches, &m->patch_slots, m->patch_count, 1,
                                    sizeof *m->patches)) {
        m->patches[m->patch_count++] = (MoltPatch){to, value};
    }
    return true;
}

typedef struct Follow {
    uintptr_t after; /* 0: nobody knows */
    char what[120];
} Follow;

static Follow follow(MoltMigration *m, uintptr_t value)
{
    Follow way = {0};
    MoltCodeTarget target;
    const char *variable = molt__migrate_globals_follow(m, value, &way.after);
    if (variable) {
        snprintf(way.what, sizeof way.what, "the variable %s", variable);
        return way;
    }
    if (!molt__code_describe(m->code, m->plan->before, MOLT_NO_TYPE, value, &target)) {
        snprintf(way.what, sizeof way.what, "something in the library without a name");
        return way;
    }
    way.after = m->code->resolve(m->code->context, &target);
    if (target.kind == MOLT_CODE_LITERAL) {
        char text[MOLT__LITERAL_SHOWN];
        molt__code_text(&target, text, sizeof text);
        snprintf(way.what, sizeof way.what, "the text \"%s\"", text);
        if (way.after == 0 && target.size > 0)
            way.after = molt__fresh_literal(m, &target, MOLT_NO_TYPE);
    } else {
        snprintf(way.what, sizeof way.what, "%s%s", target.name,
                 target.kind == MOLT_CODE_FUNCTION ? "()" : "");
        if (target.kind == MOLT_CODE_DATA && target.offset != 0 && way.after != 0 &&
            !molt__relocate_same_content(m, &target, way.after))
            way.after = 0;
    }
    return way;
}

static void look_at_library(Search *search, uint32_t run, const unsigned char *begin,
                            const unsigned char *at, uintptr_t value)
{
    MoltMigration *m = search->m;
    unsigned long long byte = (unsigned long long)(at - begin);
    if (m->code->inside && m->code->inside(m->code->context, value)) {
        note(search, MOLT__WORD_INSIDE, run, begin,
             "at byte %llu a place inside of a function, which no pointer means: it stays", byte);
        return;
    }
    Follow way = follow(m, value);
    if (way.after != 0 && put(search, run, at, way.after))
        note(search, MOLT__WORD_FOLLOWS, run, begin,
             "at byte %llu the address of %s, which follows the library", byte, way.what);
    else
        note(search, MOLT__WORD_LOST, run, begin,
             "at byte %llu an address in the library, which is loaded anew: of %s, which %s", byte,
             way.what, way.after != 0 ? "this edit cuts" : "has no such place in the new one");
}

static void look_at(MoltByteScan *scan, uint32_t run, const unsigned char *begin,
                    const unsigned char *at, uintptr_t value)
{
    Search *search = scan->context;
    const MoltMigration *m = search->m;
    const MoltRetyped *item =
        scan->bytes_only ? molt__retyped(m, (uintptr_t)molt__span_block(scan->span, scan->block))
                         : NULL;
    if (item && item->to == MOLT_NO_TYPE)
        return; /* which are objects from here on */
    if (item) {
        note(search, MOLT__WORD_STALE, run, begin,
             "at byte %llu an address, and its bytes become numbers of another type",
             (unsigned long long)(at - begin));
        return;
    }
    if (value - search->heap_low < search->heap_size)
        look_at_heap(search, run, begin, at, value);
    else if (m->code && (value - m->code->begin < m->code->end - m->code->begin ||
                         molt_heap_mirror(m->heap, value, MOLT_NO_TYPE) != 0))
        look_at_library(search, run, begin, at, value);
    scan->stop = m->failed;
}

/* Objects in blocks of bytes have bytes of their own, which nothing else of the block is. */
static void look_into_pools(Search *search)
{
    MoltMigration *m = search->m;
    const MoltSchema *schema = m->plan->before;
    search->in_pool = true;
    for (uint64_t i = 0; i < m->retypes.count && !m->failed; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        const unsigned char *block = (const unsigned char *)item->block; /* NOLINT: of the heap */
        MoltSpan span = m->heap->spans[item->span];
        if (item->problem || item->to != MOLT_NO_TYPE)
            continue;
        search->scan.span = &span;
        search->scan.block = item->index;
        span.type = item->header;
        if (item->header != MOLT_NO_TYPE &&
            !molt__byte_scan_objects(&search->scan, item->header, block, 1))
            m->failed = true;
        span.type = item->type;
        uint64_t count = (item->bytes - item->head) / molt_type(schema, item->type)->size;
        if (!m->failed &&
            !molt__byte_scan_objects(&search->scan, item->type, block + item->head, count))
            m->failed = true;
    }
    search->in_pool = false;
}

/* ---- ranges ----------------------------------------------------------------------------------- */

static void widen(uintptr_t *low, uintptr_t *high, uintptr_t begin, uintptr_t end)
{
    if (begin >= end)
        return;
    *low = begin < *low ? begin : *low;
    *high = end > *high ? end : *high;
}

static void find_ranges(Search *search)
{
    const MoltMigration *m = search->m;
    uintptr_t low = UINTPTR_MAX, high = 0;
    for (uint32_t i = 0; i < m->busy_count; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        if (span->bytes > 0 && span->live > 0 &&
            (m->plan->types[span->type].fate != MOLT_FATE_SAME || span->made ||
             molt__plan_loses(m->plan, span->type) ||
             (m->owned.claimed && m->owned.claimed[span->type])))
            widen(&low, &high, span->base, span->base + span->bytes);
    }
    for (uint64_t i = 0; i < m->retypes.count; i++) /* one that keeps its type does no harm */
        widen(&low, &high, m->retypes.items[i].block,
              m->retypes.items[i].block + m->retypes.items[i].bytes + 1);
    search->heap_low = low;
    search->heap_size = high > low ? high - low : 0;
    if (m->code)
        widen(&low, &high, m->library_begin, m->library_begin + m->library_size);
    search->scan.low = low;
    search->scan.size = high > low ? high - low : 0;
}

void molt__byte_words(MoltMigration *m)
{
    Search search = {.m = m};
    uint32_t types = m->plan->before->tables.type_count;
    if ((!m->code && !m->edits) || m->failed || types == 0)
        return;
    bool *anew = molt__migration_table(m, types, sizeof *anew);
    for (MoltTypeId type = 0; anew && type < types; type++)
        anew[type] = m->plan->types[type].fate != MOLT_FATE_SAME;
    search.scan = (MoltByteScan){.heap = m->heap,
                                 .visit = look_at,
                                 .context = &search,
                                 .mirror = m->globals.next ? m->globals.mirror : NULL,
                                 .set = m->globals.set,
                                 .anew = anew};
    find_ranges(&search);
    if (anew && !molt__byte_scan(&search.scan))
        m->failed = true;
    if (anew && !m->failed)
        look_into_pools(&search);
    molt__migration_free(m, anew, types, sizeof *anew);
}

/* ---- report ----------------------------------------------------------------------------------- */

void molt__byte_words_report(MoltMigration *m)
{
    for (uint64_t f = 0; f < m->bytes.count; f++) {
        const MoltByteFact *fact = &m->bytes.items[f];
        bool info = fact->kind == MOLT__WORD_FOLLOWS || fact->kind == MOLT__WORD_INSIDE;
        const char *remedy =
            fact->block
                ? "say MOLT_POOL(T) on the field or variable that has the block's address, which "
                  "counts for this block too; or clear the bytes, in end_reload() of a save before "
                  "the "
                  "edit"
            : fact->untagged
                ? "nobody knows which member holds it: let a struct hold the union and its tag, "
                  "with "
                  "MOLT_TAG, or clear it in end_reload() of a save before the edit"
                : "keep the pointer in a field of its own beside the bytes, and clear them, in "
                  "end_reload() of a save before the edit";
        molt_report_add(m->report,
                        &(MoltFinding){.severity = info ? MOLT_INFO : MOLT_REFUSE,
                                       .rule = fact->block && !info ? MOLT_RULE_UNTYPED_MEMORY
                                                                    : MOLT_RULE_ADDRESS_IN_BYTES,
                                       .path = fact->path,
                                       .before = fact->block
                                                     ? molt_type_name(m->plan->before, fact->type)
                                                     : NULL,
                                       .value = fact->value,
                                       .remedy = info ? NULL : remedy,
                                       .objects = fact->objects});
    }
}

void molt__byte_words_free(MoltMigration *m)
{
    molt__migration_free(m, m->bytes.items, m->bytes.slots, sizeof *m->bytes.items);
    m->bytes = (MoltByteFacts){0};
}
