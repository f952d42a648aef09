/* The objects of an import: their ids and counts, and the spans they get.
 *
 * An id ends in the number of its block among those of the type, so a span is made for each run of
 * numbers that lie close together. Spans get the sizes that they would have come to by growing one by
 * one: what is allocated later then mostly gets the numbers that it would have got in the state that
 * was dumped. */
#include <stdlib.h>
#include <string.h>

#include "heap_plain.h"
#include "import_state.h"
#include "molt/globals.h"
#include "tables.h"

/* Free blocks before an object that are worth less than a span of its own. */
#define GAP_BLOCKS 65536u
#define GAP_BYTES ((uint64_t)16 << 20)
/* A block has at most so many times the room it needs: numbers of short and long texts alternate. */
#define ROOM_FACTOR 8u

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct Head {
    MoltTypeId type;
    uint64_t serial, count, tail, elements, align;
    uint32_t origin;
    bool has_id, has_type, has_count, has_tail, has_value, has_align, has_from, value_is_list;
} Head;

static bool read_whole(MoltImport *import, uint64_t *out)
{
    MoltJsonText text;
    if (!molt__json_number(&import->reader, &text))
        return false;
    *out = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9' || __builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(text.bytes[i] - '0'), out))
            return molt__json_fail(&import->reader, MOLT_INVALID, "this must be a count, not %.*s",
                                   text.length > 40 ? 40 : (int)text.length, text.bytes);
    }
    return true;
}

static MoltTypeId find_type(MoltImport *import, MoltJsonText name)
{
    uint64_t last = import->object_count;
    if (last > 0 &&
        molt__json_is(name, molt_type_name(import->schema, import->objects[last - 1].type)))
        return import->objects[last - 1].type;
    const char *copy = molt__import_copy(import, &import->name, &import->name_slots, name);
    if (!copy)
        return MOLT_NO_TYPE;
    /* A NUL in the middle would hide what follows. */
    MoltTypeId type =
        strlen(copy) == name.length ? molt_schema_find(import->schema, copy) : MOLT_NO_TYPE;
    if (type == MOLT_NO_TYPE || molt_type(import->schema, type)->size == 0) {
        molt__json_fail(&import->reader, MOLT_INVALID,
                        "the schema has no type called %.200s whose objects could lie on the heap",
                        copy);
        return MOLT_NO_TYPE;
    }
    return type;
}

/* "Ant:17". Type names may hold colons, numbers cannot. */
static bool split_id(MoltImport *import, MoltJsonText id, MoltTypeId *type, uint64_t *serial)
{
    size_t colon = id.length;
    while (colon > 0 && id.bytes[colon - 1] != ':')
        colon--;
    size_t digits = id.length - colon;
    bool good = colon > 1 && digits > 0 && (digits == 1 || id.bytes[colon] != '0');
    *serial = 0;
    for (size_t i = colon; good && i < id.length; i++)
        good = id.bytes[i] >= '0' && id.bytes[i] <= '9' &&
               !__builtin_mul_overflow(*serial, 10, serial) &&
               !__builtin_add_overflow(*serial, (uint64_t)(id.bytes[i] - '0'), serial);
    if (!good || *serial > UINT64_MAX / 2)
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "an id is a type's name, a colon and a number, such as Ant:17, not "
                               "\"%.*s\"",
                               id.length > 200 ? 200 : (int)id.length, id.bytes);
    *type = find_type(import, (MoltJsonText){id.bytes, colon - 1});
    return *type != MOLT_NO_TYPE;
}

static bool read_type(MoltImport *import, const Head *head)
{
    MoltJsonText text;
    if (!molt__json_string(&import->reader, &text))
        return false;
    /* An object's type is in its id; where both stand they must agree. */
    if (!head->has_id)
        return molt__json_fail_key(&import->reader, "the id stands before the type");
    if (!molt__json_is(text, molt_type_name(import->schema, head->type)))
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "the type is not the one that the id names, %.200s",
                               molt_type_name(import->schema, head->type));
    return true;
}

/* Once each. */
static bool first_time(MoltImport *import, bool *has)
{
    if (*has)
        return molt__json_fail_key(&import->reader, "this member stands here twice");
    *has = true;
    return true;
}

static bool read_align(MoltImport *import, uint64_t *align)
{
    if (!read_whole(import, align))
        return false;
    if (*align > 0 && *align <= MOLT__GRANULE && (*align & (*align - 1)) == 0)
        return true;
    return molt__json_fail(&import->reader, MOLT_INVALID, "blocks cannot be aligned to %llu bytes",
                           (unsigned long long)*align);
}

/* "list.c:31 (push)"; any other text is no place. Why no type is known the text does not say. */
static bool read_origin(MoltImport *import, uint32_t *origin)
{
    MoltJsonText text;
    if (!molt__json_string(&import->reader, &text))
        return false;
    const char *copy = molt__import_copy(import, &import->name, &import->name_slots, text);
    if (!copy)
        return false;
    char *file = import->name, *end = NULL;
    char *colon = strrchr(file, ':'), *open = strrchr(file, '(');
    size_t length = strlen(file);
    unsigned long line = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (!colon || !open || end == colon + 1 || open != end + 1 || *end != ' ' ||
        line > UINT32_MAX || file[length - 1] != ')')
        return true;
    *colon = file[length - 1] = '\0';
    const MoltOrigin place = {
        .file = file, .function = open + 1, .reason = "", .line = (uint32_t)line};
    *origin = molt__origins_add(&import->allocator, &import->heap->origins, place);
    return true;
}

static bool read_head_member(MoltImport *import, Head *head)
{
    MoltJsonReader *reader = &import->reader;
    MoltJsonText text;
    if (molt__json_is(reader->key, "id"))
        return first_time(import, &head->has_id) && molt__json_string(reader, &text) &&
               split_id(import, text, &head->type, &head->serial);
    if (molt__json_is(reader->key, "type"))
        return first_time(import, &head->has_type) && read_type(import, head);
    if (molt__json_is(reader->key, "count"))
        return first_time(import, &head->has_count) && read_whole(import, &head->count);
    if (molt__json_is(reader->key, "tail"))
        return first_time(import, &head->has_tail) && read_whole(import, &head->tail);
    if (molt__json_is(reader->key, "value")) {
        head->value_is_list = molt__json_peek(reader) == MOLT__JSON_LIST;
        return first_time(import, &head->has_value) && molt__json_skip(reader, &head->elements);
    }
    if (molt__json_is(reader->key, "align"))
        return first_time(import, &head->has_align) && read_align(import, &head->align);
    if (molt__json_is(reader->key, "from"))
        return first_time(import, &head->has_from) && read_origin(import, &head->origin);
    if (molt__json_is(reader->key, "addr"))
        return molt__json_string(reader, &text);
    return molt__json_fail_key(reader,
                               "an object has no such member; it has id, type, align, from, "
                               "count, tail and value");
}

static bool is_char_type(const MoltImport *import, MoltTypeId id)
{
    const MoltType *type = molt_type(import->schema, id);
    return type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0;
}

/* What the head says of the block: one element, or as many as counted, or a flexible struct. */
static bool check_head(MoltImport *import, const Head *head, MoltImportObject *object)
{
    MoltJsonReader *reader = &import->reader;
    bool flexible = head->has_id && molt_schema_tail(import->schema, head->type) != NULL;
    if (!head->has_id || !head->has_value)
        return molt__json_fail(reader, MOLT_INVALID, "the object has no %s",
                               head->has_id ? "value" : "id");
    if (flexible != head->has_tail || (flexible && head->has_count))
        return molt__json_fail(reader, MOLT_INVALID,
                               flexible ? "a struct with a flexible array has \"tail\", the number "
                                          "of its elements, and no \"count\""
                                        : "only a struct with a flexible array has \"tail\"");
    bool text = is_char_type(import, head->type);
    if (text && !head->has_count)
        return molt__json_fail(reader, MOLT_INVALID, "a block of char has \"count\"");
    object->list = head->has_count && !text;
    object->count = flexible ? head->tail : head->has_count ? head->count : 1;
    if (object->count == 0 && !flexible)
        return molt__json_fail(reader, MOLT_INVALID, "a block has at least one element");
    if (object->list && (!head->value_is_list || head->elements != object->count))
        return molt__json_fail(reader, MOLT_INVALID,
                               "the object has a count of %llu, and a value of %llu elements",
                               (unsigned long long)object->count,
                               (unsigned long long)(head->value_is_list ? head->elements : 1));
    return true;
}

static void tell_limited(const MoltImport *import)
{
    if (import->desc.limited)
        *import->desc.limited = true;
}

static bool add_bytes(MoltImport *import, const MoltImportObject *object)
{
    const MoltField *tail = molt_schema_tail(import->schema, object->type);
    MoltTypeId elem = tail ? molt_type(import->schema, tail->type)->elem : object->type;
    uint64_t bytes, base = tail ? molt_type(import->schema, object->type)->size : 0;
    if (__builtin_mul_overflow(object->count, molt_type(import->schema, elem)->size, &bytes) ||
        __builtin_add_overflow(bytes, base, &bytes) ||
        __builtin_add_overflow(import->bytes, bytes, &import->bytes) ||
        import->bytes > import->desc.limit) {
        tell_limited(import);
        return molt__json_fail(&import->reader, MOLT_OUT_OF_MEMORY,
                               "the objects up to here take more than the %llu bytes that are "
                               "allowed",
                               (unsigned long long)import->desc.limit);
    }
    return true;
}

bool molt__import_collect(MoltImport *import)
{
    MoltJsonReader *reader = &import->reader;
    MoltImportObject object = {.position = import->object_count};
    Head head = {.type = MOLT_NO_TYPE};
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    object.at = reader->mark;
    memcpy(import->frames, reader->frames, sizeof import->frames);
    while (molt__json_next(reader)) {
        if (!read_head_member(import, &head))
            return false;
    }
    if (reader->status != MOLT_OK)
        return false;
    reader->mark = object.at;
    if (!check_head(import, &head, &object))
        return false;
    object.type = head.type;
    object.serial = head.serial;
    object.align = (uint32_t)head.align;
    object.origin = head.origin;
    MoltImportObject *grown = molt__import_grow(import, import->objects, &import->object_slots,
                                                import->object_count + 1, sizeof *grown);
    if (!grown)
        return false;
    import->objects = grown;
    if (!add_bytes(import, &object))
        return false;
    import->objects[import->object_count++] = object;
    return true;
}

/* ---- spans ----------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const MoltImportObject *a = left, *b = right;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->serial < b->serial ? -1 : a->serial > b->serial;
}

/* Ends reading at an object that was read long ago. */
static bool fail_at_object(MoltImport *import, const MoltImportObject *object, MoltStatus status,
                           const char *what)
{
    MoltJsonReader *reader = &import->reader;
    memcpy(reader->frames, import->frames, sizeof import->frames);
    reader->frames[1].index = object->position;
    reader->depth = 2;
    reader->mark = object->at;
    return molt__json_fail(reader, status, "%s%s:%llu", what,
                           molt_type_name(import->schema, object->type),
                           (unsigned long long)object->serial);
}

/* Dumps stand in this order already. */
static bool sort(MoltImport *import)
{
    MoltImportObject *objects = import->objects;
    uint64_t count = import->object_count;
    bool sorted = true;
    for (uint64_t i = 1; i < count && sorted; i++)
        sorted = compare(&objects[i - 1], &objects[i]) <= 0;
    if (!sorted)
        qsort(objects, count, sizeof *objects, compare);
    for (uint64_t i = 0; i < count; i++) {
        import->order[objects[i].position] = i;
        if (i > 0 && compare(&objects[i - 1], &objects[i]) == 0)
            return fail_at_object(import,
                                  objects[i - 1].position > objects[i].position ? &objects[i - 1]
                                                                                : &objects[i],
                                  MOLT_INVALID, "another object is called ");
    }
    return true;
}

/* The capacity that a block of so many elements gets when it is allocated. */
static uint64_t capacity_of(const MoltImportObject *object)
{
    uint64_t capacity = molt__capacity_for(object->count);
    return object->list && capacity == 1 ? 2 : capacity;
}

/* The spans of one type on their way. */
typedef struct Layout {
    const MoltImport *import;
    uint64_t from;      /* numbers below are taken */
    uint64_t sums[130]; /* blocks so far by capacity, see class_of */
} Layout;

/* The objects [first, end) that one span from number `start` on holds, and their capacity. */
typedef struct Run {
    uint64_t first, end;
    uint64_t start, blocks;
    uint64_t capacity, least;
} Run;

/* Capacities are powers of two, or such a power and a half. */
static size_t class_of(uint64_t capacity)
{
    size_t power = 63 - (size_t)__builtin_clzll(capacity);
    return 2 * power + (capacity != (uint64_t)1 << power);
}

/* Bytes of a block of this capacity, more or less; small enough to be multiplied by GAP_BLOCKS. */
static uint64_t stride_for(const MoltImport *import, const MoltImportObject *object,
                           uint64_t capacity)
{
    uint64_t stride, size = molt_type(import->schema, object->type)->size;
    const MoltField *tail = molt_schema_tail(import->schema, object->type);
    uint64_t elem = size;
    if (tail)
        elem = molt_type(import->schema, molt_type(import->schema, tail->type)->elem)->size;
    if (__builtin_mul_overflow(elem, capacity, &stride) ||
        __builtin_add_overflow(stride, size, &stride))
        return UINT64_MAX / GAP_BLOCKS;
    return stride < UINT64_MAX / GAP_BLOCKS ? stride : UINT64_MAX / GAP_BLOCKS;
}

/* Blocks that a run has at least and that spans of its capacity would come to, growing one by one:
 * each doubles what is there. */
static uint64_t natural_blocks(const Layout *layout, const Run *run)
{
    uint64_t sum = layout->sums[class_of(run->capacity)];
    uint64_t total = sum + run->blocks, full = MOLT__SPAN_BLOCKS_MIN;
    if (run->capacity > MOLT__LONE_CAPACITY)
        return run->blocks;
    while (full < total && full < MOLT__SPAN_BLOCKS_MAX)
        full *= 2;
    if (full < total)
        full = (total + MOLT__SPAN_BLOCKS_MAX - 1) / MOLT__SPAN_BLOCKS_MAX * MOLT__SPAN_BLOCKS_MAX;
    return full - sum;
}

/* Whether the run's span can hold this object, too. A block that is written as one value has room for
 * one; arrays that have a span of their own have no others beside them. Another capacity is that of
 * a block that was longer once, if the number lies where the span would have it anyway. */
static bool joins(const Layout *layout, const Run *run, const MoltImportObject *object)
{
    const MoltImport *import = layout->import;
    const MoltImportObject *first = &import->objects[run->first];
    uint64_t capacity = capacity_of(object);
    uint64_t most = capacity > run->capacity ? capacity : run->capacity;
    uint64_t least = capacity < run->least ? capacity : run->least;
    uint64_t gap = object->serial - (run->start + run->blocks);
    bool single = molt__import_is_one(import, first) || molt__import_is_one(import, object);
    if (object->type != first->type || object->align != first->align ||
        most > MOLT__LONE_CAPACITY || gap >= GAP_BLOCKS ||
        gap * stride_for(import, first, most) > GAP_BYTES ||
        object->serial - run->start >= MOLT__SPAN_BLOCKS_MAX)
        return false;
    return most == least || (!single && most / least <= ROOM_FACTOR &&
                             object->serial - run->start < natural_blocks(layout, run));
}

static void take(const Layout *layout, Run *run)
{
    const MoltImportObject *object = &layout->import->objects[run->end++];
    uint64_t capacity = capacity_of(object);
    run->capacity = capacity > run->capacity ? capacity : run->capacity;
    run->least = capacity < run->least ? capacity : run->least;
    run->blocks = object->serial - run->start + 1;
}

/* The run that begins at object `first`. */
static Run find_run(Layout *layout, uint64_t first)
{
    const MoltImport *import = layout->import;
    const MoltImportObject *objects = import->objects;
    uint64_t capacity = capacity_of(&objects[first]);
    Run run = {.first = first,
               .end = first,
               .start = layout->from,
               .capacity = capacity,
               .least = capacity};
    if (!joins(layout, &run, &objects[first]))
        run.start = objects[first].serial;
    do
        take(layout, &run);
    while (run.end < import->object_count && joins(layout, &run, &objects[run.end]));

    uint64_t blocks = natural_blocks(layout, &run);
    bool more = run.end < import->object_count && objects[run.end].type == objects[first].type;
    if (more && objects[run.end].serial - run.start < blocks)
        blocks = objects[run.end].serial - run.start;
    if (blocks > MOLT__SPAN_BLOCKS_MAX)
        blocks = MOLT__SPAN_BLOCKS_MAX;
    if ((blocks - run.blocks) * stride_for(import, &objects[first], run.capacity) <= GAP_BYTES)
        run.blocks = blocks;
    layout->sums[class_of(run.capacity)] += run.blocks;
    layout->from = run.start + run.blocks;
    return run;
}

/* Whether there may be a span like this: few objects need much where their numbers are far apart. */
static bool allows(MoltImport *import, const Run *run, const MoltImportObject *first)
{
    MoltSpan span;
    if (!molt__span_shape(&span, import->schema, first->type, run->capacity, (uint32_t)run->blocks,
                          first->align))
        return true; /* which fails when it is made */
    uint64_t counts = run->capacity > 1 || span.header > 0 ? run->blocks * sizeof *span.counts : 0;
    return !__builtin_add_overflow(import->placed, span.bytes + counts, &import->placed) &&
           import->placed <= import->desc.limit;
}

static bool make_span(MoltImport *import, const Run *run)
{
    const MoltImportObject *first = &import->objects[run->first];
    if (!allows(import, run, first)) {
        tell_limited(import);
        return fail_at_object(import, first, MOLT_OUT_OF_MEMORY,
                              "more memory than is allowed would be needed from here on, by ");
    }
    MoltSpan *spans = molt__import_grow(import, import->spans, &import->span_slots,
                                        import->span_count + 1u, sizeof *spans);
    if (!spans)
        return false;
    import->spans = spans;
    MoltSpan *span = &import->spans[import->span_count];
    if (!molt__span_make_of(import->heap, span, import->schema, first->type, run->capacity,
                            (uint32_t)run->blocks, first->align))
        return fail_at_object(import, first, MOLT_OUT_OF_MEMORY,
                              "the heap has no room for the objects from here on, ");
    span->first_serial = run->start;
    for (uint64_t i = run->first; i < run->end; i++) {
        MoltImportObject *object = &import->objects[i];
        uint64_t index = object->serial - run->start;
        object->span = import->span_count;
        span->live_bits[index / 64] |= (uint64_t)1 << index % 64;
        span->live++;
        if (span->counts)
            span->counts[index] = object->count;
        memset(molt__span_block(span, (uint32_t)index), 0, molt__span_bytes(span, object->count));
        if (!molt__plain_note(&import->allocator, span, (uint32_t)index, object->origin))
            return fail_at_object(import, object, MOLT_OUT_OF_MEMORY,
                                  "no memory for the place of ");
    }
    import->span_count++;
    return true;
}

bool molt__import_place(MoltImport *import)
{
    uint32_t types = import->schema->tables.type_count;
    Layout layout = {.import = import};
    MoltTypeId type = 0;
    if (!sort(import))
        return false;
    for (uint64_t i = 0; i < import->object_count;) {
        if (import->objects[i].type != type)
            layout = (Layout){.import = import};
        while (type < import->objects[i].type)
            import->type_spans[++type] = import->span_count;
        Run run = find_run(&layout, i);
        if (!make_span(import, &run))
            return false;
        i = run.end;
    }
    while (type < types)
        import->type_spans[++type] = import->span_count;
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

unsigned char *molt__import_block(const MoltImport *import, const MoltImportObject *object)
{
    const MoltSpan *span = &import->spans[object->span];
    return molt__span_block(span, (uint32_t)(object->serial - span->first_serial));
}

uint64_t molt__import_bytes(const MoltImport *import, const MoltImportObject *object)
{
    return molt__span_bytes(&import->spans[object->span], object->count);
}

const MoltImportObject *molt__import_find(MoltImport *import, MoltJsonText id,
                                          unsigned char **block)
{
    MoltImportObject wanted = {0};
    if (!split_id(import, id, &wanted.type, &wanted.serial))
        return NULL;
    const MoltImportObject *found =
        bsearch(&wanted, import->objects, import->object_count, sizeof wanted, compare);
    if (!found) {
        molt__json_fail(&import->reader, MOLT_INVALID, "no object is called %.*s",
                        id.length > 200 ? 200 : (int)id.length, id.bytes);
        return NULL;
    }
    *block = molt__import_block(import, found);
    return found;
}

/* ---- a library without variables ------------------------------------------------------------- */

/* Dumps leave its globals out, and the heap needs them. */
bool molt__import_add_vacant(MoltImport *import)
{
    MoltImportObject object = {.position = import->object_count, .count = 1};
    const MoltTables *tables = &import->schema->tables;
    object.type = molt_schema_globals(import->schema);
    if (object.type == MOLT_NO_TYPE || !molt__is_vacant(&tables->types[object.type]))
        return true;
    MoltImportObject *grown = molt__import_grow(import, import->objects, &import->object_slots,
                                                import->object_count + 1, sizeof *grown);
    if (!grown)
        return false;
    import->objects = grown;
    import->objects[import->object_count++] = object;
    return true;
}

void *molt__import_vacant(MoltImport *import, MoltTypeId type)
{
    const MoltImportObject wanted = {.type = type};
    const MoltImportObject *found =
        bsearch(&wanted, import->objects, import->object_count, sizeof wanted, compare);
    return found ? molt__import_block(import, found) : NULL;
}

/* ---- texts of defaults ----------------------------------------------------------------------- */

char *molt__import_text(MoltImport *import, const char *text, uint64_t size)
{
    MoltTypeId type = import->heap->char_type;
    uint32_t first = import->type_spans[import->schema->tables.type_count];
    uint64_t capacity = molt__capacity_for(size);
    uint32_t index = first;
    while (index < import->span_count && (import->spans[index].capacity != capacity ||
                                          import->spans[index].live == import->spans[index].blocks))
        index++;
    if (index == import->span_count) {
        MoltSpan *spans = molt__import_grow(import, import->spans, &import->span_slots, index + 1u,
                                            sizeof *spans);
        if (!spans)
            return NULL;
        import->spans = spans;
        uint32_t blocks = capacity > MOLT__LONE_CAPACITY ? 1 : 4096;
        if (type == MOLT_NO_TYPE || !molt__span_make_of(import->heap, &spans[index], import->schema,
                                                        type, capacity, blocks, 0)) {
            molt__json_fail(&import->reader, MOLT_OUT_OF_MEMORY,
                            "no memory for the text of a default");
            return NULL;
        }
        import->span_count++;
    }
    MoltSpan *span = &import->spans[index];
    uint32_t block = span->live++;
    span->live_bits[block / 64] |= (uint64_t)1 << block % 64;
    if (span->counts)
        span->counts[block] = size;
    char *copy = (char *)molt__span_block(span, block);
    memcpy(copy, text, size);
    return copy;
}
