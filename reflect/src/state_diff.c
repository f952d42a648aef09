#include "molt/state_diff.h"

#include <stdlib.h>
#include <string.h>

#include "dump_block.h"
#include "dump_index.h"
#include "dump_path.h"
#include "heap_span.h"
#include "molt/globals.h"
#include "molt/kept_types.h"
#include "number_text.h"
#include "tables.h"
#include "text_diff.h"

#define NO_FIELD UINT32_MAX

/* One of the two states. Of a heap `dump` writes values, into its own buffer and, when they are longer,
 * into `text`. */
typedef struct Side {
    const MoltDiffSide *of;
    MoltAllocator allocator;
    MoltDump *dump;    /* NULL: a text, `index` */
    MoltTypeId *order; /* types of the heap, by name */
    uint32_t types, type;
    uint64_t cursor; /* in the type's blocks */
    MoltDumpIndex index;
    size_t at; /* in its objects */
    char *text;
    size_t length, room;
    uint64_t total;
    /* The object that it stands at. */
    const char *name; /* NULL: behind the last one */
    size_t name_length;
    uint64_t number;
    MoltBlock block;
} Side;

/* Which members of a struct are those of the other state's struct, by name: kept as long as both structs
 * meet only each other. */
typedef struct Match {
    MoltTypeId *partner[2]; /* by type */
    uint32_t *field[2];     /* by field: the other state's, or NO_FIELD */
} Match;

typedef struct Diff {
    Side sides[2];
    Match match;
    MoltDiffPath path;
    MoltAllocator allocator;
    uint64_t done;
} Diff;

static const MoltDiffText none = {NULL, 0};

/* ---- values as text -------------------------------------------------------------------------- */

static MoltStatus keep(void *context, const char *bytes, size_t length, MoltError *error)
{
    Side *side = context;
    if (side->room - side->length < length) {
        size_t room = 2 * (side->length + length);
        char *grown = side->allocator.resize(side->allocator.context, side->text, side->room, room);
        if (!grown)
            return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a value of %zu characters",
                              room);
        side->text = grown;
        side->room = room;
    }
    memcpy(side->text + side->length, bytes, length);
    side->length += length;
    return MOLT_OK;
}

static void start_text(Side *side)
{
    side->length = 0;
    side->dump->out.used = 0;
    side->dump->out.flushed = 0;
}

static MoltDiffText end_text(Side *side)
{
    MoltJsonWriter *out = &side->dump->out;
    if (out->flushed == 0)
        return (MoltDiffText){out->buffer, out->used};
    molt__json_flush(out);
    return (MoltDiffText){side->text, side->length};
}

static MoltDiffText value_text(Side *side, const MoltDumpValue *value, const unsigned char *object)
{
    start_text(side);
    molt__dump_value(side->dump, value, object);
    return end_text(side);
}

/* ---- members --------------------------------------------------------------------------------- */

static const char *field_name(const Side *side, uint32_t field)
{
    return molt_string(side->dump->schema, side->dump->schema->tables.fields[field].name);
}

static void match_from(Diff *diff, int from, MoltTypeId type, MoltTypeId other)
{
    const Side *a = &diff->sides[from], *b = &diff->sides[1 - from];
    const MoltType *left = molt_type(a->dump->schema, type);
    const MoltType *right = molt_type(b->dump->schema, other);
    for (uint32_t i = 0; i < left->count; i++) {
        uint32_t found = NO_FIELD;
        for (uint32_t k = 0; k < right->count && found == NO_FIELD; k++) {
            uint32_t field = right->first + (i + k) % right->count;
            if (strcmp(field_name(a, left->first + i), field_name(b, field)) == 0)
                found = field;
        }
        diff->match.field[from][left->first + i] = found;
    }
    diff->match.partner[from][type] = other;
}

static void match_members(Diff *diff, MoltTypeId a, MoltTypeId b)
{
    if (diff->match.partner[0][a] == b && diff->match.partner[1][b] == a)
        return;
    match_from(diff, 0, a, b);
    match_from(diff, 1, b, a);
}

static size_t push_member(Diff *diff, int side, uint32_t field)
{
    const Side *of = &diff->sides[side];
    MoltDumpText key = of->dump->forms.members[field].key; /* ,"name": */
    size_t was = molt__diff_push(&diff->path, ".", 1);
    molt__diff_push(&diff->path, of->dump->forms.text + key.at + 2, key.length - 4);
    return was;
}

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct Pair {
    const MoltDumpValue *value[2];
    const unsigned char *object[2];
} Pair;

static const MoltType *type_of(const Diff *diff, const Pair *pair, int side)
{
    return molt_type(diff->sides[side].dump->schema, pair->value[side]->type);
}

static void compare_texts(Diff *diff, const Pair *pair)
{
    MoltDiffText a = value_text(&diff->sides[0], pair->value[0], pair->object[0]);
    MoltDiffText b = value_text(&diff->sides[1], pair->value[1], pair->object[1]);
    molt__text_diff(&diff->path, a, b);
}

static void tell_one(Diff *diff, int side, const MoltDumpValue *value, const unsigned char *object)
{
    const MoltDiffSink *sink = diff->path.sink;
    if (!diff->path.text || !sink->wants(sink->context, diff->path.text))
        return;
    MoltDiffText text = value_text(&diff->sides[side], value, object);
    molt__diff_tell(&diff->path, side == 0 ? text : none, side == 1 ? text : none);
}

static void compare(Diff *diff, const Pair *pair);

/* Numbers of one form are equal when their bytes are. Of a long double some bytes say nothing, of an enum
 * the names may differ. */
static bool is_same_number(const Diff *diff, const Pair *pair)
{
    const MoltDumpValue *a = pair->value[0], *b = pair->value[1];
    const MoltType *left = type_of(diff, pair, 0), *right = type_of(diff, pair, 1);
    bool plain = a->code == MOLT__DUMP_INTEGER || a->code == MOLT__DUMP_FLOAT ||
                 a->code == MOLT__DUMP_BOOL || a->code == MOLT__DUMP_WIDE;
    return plain && a->code == b->code && left->size == right->size &&
           left->flags == right->flags &&
           memcmp(pair->object[0] + a->at, pair->object[1] + b->at, (size_t)left->size) == 0;
}

static void compare_structs(Diff *diff, const Pair *pair)
{
    const MoltType *types[2] = {type_of(diff, pair, 0), type_of(diff, pair, 1)};
    const unsigned char *bytes[2];
    uint32_t found = 0;
    for (int s = 0; s < 2; s++)
        bytes[s] = pair->object[s] + pair->value[s]->at;
    match_members(diff, pair->value[0]->type, pair->value[1]->type);
    for (int s = 0; s < 2; s++) {
        if (s == 1 && found == types[1]->count)
            return;
        for (uint32_t f = types[s]->first; f < types[s]->first + types[s]->count; f++) {
            uint32_t other = diff->match.field[s][f];
            if (s == 1 && other != NO_FIELD)
                continue;
            const MoltDumpValue *value = &diff->sides[s].dump->forms.members[f].value;
            Pair inner = {{value, NULL}, {bytes[0], bytes[1]}};
            if (other != NO_FIELD) {
                found++;
                inner.value[1] = &diff->sides[1].dump->forms.members[other].value;
                if (is_same_number(diff, &inner))
                    continue;
            }
            size_t was = push_member(diff, s, f);
            if (other == NO_FIELD)
                tell_one(diff, s, value, bytes[s]);
            else
                compare(diff, &inner);
            /* a struct in it may have met another partner */
            match_members(diff, pair->value[0]->type, pair->value[1]->type);
            molt__diff_pop(&diff->path, was);
        }
    }
}

/* Elements of a list that is a value, or of a block. */
static void compare_elements(Diff *diff, const Pair *elements, const uint64_t counts[2])
{
    uint64_t sizes[2], most = counts[0] > counts[1] ? counts[0] : counts[1];
    for (int s = 0; s < 2; s++)
        sizes[s] = type_of(diff, elements, s)->size;
    for (uint64_t i = 0; i < most && !diff->path.failed; i++) {
        const unsigned char *at[2] = {elements->object[0] + i * sizes[0],
                                      elements->object[1] + i * sizes[1]};
        Pair pair = {{elements->value[0], elements->value[1]}, {at[0], at[1]}};
        if (i < counts[0] && i < counts[1] && is_same_number(diff, &pair))
            continue;
        size_t was = molt__diff_push_index(&diff->path, i);
        if (i < counts[0] && i < counts[1])
            compare(diff, &pair);
        else
            tell_one(diff, i < counts[0] ? 0 : 1, pair.value[i < counts[0] ? 0 : 1],
                     at[i < counts[0] ? 0 : 1]);
        molt__diff_pop(&diff->path, was);
    }
}

static void compare_lists(Diff *diff, const Pair *pair)
{
    MoltDumpValue values[2];
    Pair elements;
    uint64_t counts[2];
    for (int s = 0; s < 2; s++) {
        const MoltDump *dump = diff->sides[s].dump;
        const MoltType *type = type_of(diff, pair, s);
        bool flexible = (type->flags & MOLT_TYPE_FLEXIBLE) != 0 && type->kind == MOLT_KIND_ARRAY;
        values[s] = dump->forms.types[type->elem].value;
        counts[s] = flexible && !pair->value[s]->external ? dump->tail : type->length;
        if (pair->value[s]->external)
            molt__dump_make_external(&values[s]);
        elements.value[s] = &values[s];
        elements.object[s] = pair->object[s] + pair->value[s]->at;
    }
    compare_elements(diff, &elements, counts);
}

/* Unions whose tags select arms of one name: false when they do not. */
static bool compare_arms(Diff *diff, const Pair *pair)
{
    uint32_t arms[2];
    for (int s = 0; s < 2; s++)
        arms[s] = molt__dump_arm(&diff->sides[s].dump->forms, pair->value[s], pair->object[s]);
    if (arms[0] == MOLT__NO_ARM || arms[1] == MOLT__NO_ARM ||
        strcmp(field_name(&diff->sides[0], arms[0]), field_name(&diff->sides[1], arms[1])) != 0)
        return false;
    Pair inner;
    for (int s = 0; s < 2; s++) {
        inner.value[s] = &diff->sides[s].dump->forms.members[arms[s]].value;
        inner.object[s] = pair->object[s] + pair->value[s]->at;
    }
    size_t was = push_member(diff, 0, arms[0]);
    compare(diff, &inner);
    molt__diff_pop(&diff->path, was);
    return true;
}

static void compare(Diff *diff, const Pair *pair)
{
    const MoltDumpValue *a = pair->value[0], *b = pair->value[1];
    void *zero = NULL;
    if (is_same_number(diff, pair))
        return;
    if (a->code != b->code)
        compare_texts(diff, pair);
    else if (a->code == MOLT__DUMP_STRUCT)
        compare_structs(diff, pair);
    else if (a->code == MOLT__DUMP_LIST)
        compare_lists(diff, pair);
    else if (a->code == MOLT__DUMP_UNION && compare_arms(diff, pair))
        return;
    else if (a->code == MOLT__DUMP_POINTER && a->external == b->external &&
             memcmp(pair->object[0] + a->at, &zero, sizeof zero) == 0 &&
             memcmp(pair->object[1] + b->at, &zero, sizeof zero) == 0)
        return;
    else
        compare_texts(diff, pair);
}

/* ---- objects --------------------------------------------------------------------------------- */

static bool is_list(const Side *side)
{
    return !molt__dump_is_single(&side->block) ||
           molt__dump_is_char(molt_type(side->dump->schema, side->block.type));
}

static MoltDiffText object_text(Side *side)
{
    if (!side->dump) {
        const MoltIndexedObject *object = &side->index.objects[side->at - 1];
        return (MoltDiffText){side->of->text + object->begin, object->end - object->begin};
    }
    start_text(side);
    molt__dump_block(side->dump, &side->block);
    return end_text(side);
}

static void compare_member(Diff *diff, const char *key, MoltDiffText a, MoltDiffText b)
{
    if (!a.bytes && !b.bytes)
        return;
    size_t was = molt__diff_push(&diff->path, ".(", 2);
    molt__diff_push(&diff->path, key, strlen(key));
    molt__diff_push(&diff->path, ")", 1);
    molt__text_diff(&diff->path, a, b);
    molt__diff_pop(&diff->path, was);
}

/* What of an object is its state: all members but the id. */
static void compare_object_texts(Diff *diff)
{
    static const char *const members[] = {"type", "value", "tail", "count", "from"};
    MoltDiffText a = object_text(&diff->sides[0]), b = object_text(&diff->sides[1]);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        MoltDiffText was = molt__text_member(a, members[i]), is = molt__text_member(b, members[i]);
        if (strcmp(members[i], "value") == 0)
            molt__text_diff(&diff->path, was, is);
        else if (strcmp(members[i], "type") != 0 || (was.bytes && is.bytes))
            compare_member(diff, members[i], was, is); /* the id has the type, too */
    }
}

static MoltDiffText number_text(Side *side, uint64_t number)
{
    start_text(side);
    molt__json_put_number(&side->dump->out, number, false);
    return end_text(side);
}

static void compare_heads(Diff *diff)
{
    MoltDiffText tails[2] = {none, none}, counts[2] = {none, none}, origins[2] = {none, none};
    bool untyped = false;
    for (int s = 0; s < 2; s++) {
        Side *side = &diff->sides[s];
        if (is_list(side))
            counts[s] = number_text(side, side->block.count);
        else if (side->block.header > 0)
            tails[s] = number_text(side, side->block.count);
        untyped = untyped || molt_heap_is_untyped(side->of->heap, &side->block);
    }
    compare_member(diff, "tail", tails[0], tails[1]);
    compare_member(diff, "count", counts[0], counts[1]);
    for (int s = 0; s < 2 && untyped; s++) {
        Side *side = &diff->sides[s];
        if (!molt_heap_is_untyped(side->of->heap, &side->block))
            continue;
        start_text(side);
        molt__dump_origin(side->dump, &side->block);
        origins[s] = end_text(side);
    }
    compare_member(diff, "from", origins[0], origins[1]);
}

static MoltDiffText list_text(Side *side)
{
    start_text(side);
    if (is_list(side))
        molt__dump_list(side->dump, &side->block);
    else
        molt__dump_value(side->dump, &side->dump->forms.types[side->block.type].value,
                         side->block.start);
    return end_text(side);
}

static void compare_blocks(Diff *diff)
{
    Pair pair;
    uint64_t counts[2];
    bool texts = false;
    for (int s = 0; s < 2; s++) {
        Side *side = &diff->sides[s];
        side->dump->tail = side->block.count;
        pair.value[s] = &side->dump->forms.types[side->block.type].value;
        pair.object[s] = side->block.start;
        counts[s] = side->block.count;
        texts = texts || molt__dump_is_char(molt_type(side->dump->schema, side->block.type));
    }
    bool lists = is_list(&diff->sides[0]);
    if (texts || lists != is_list(&diff->sides[1])) {
        MoltDiffText a = list_text(&diff->sides[0]), b = list_text(&diff->sides[1]);
        molt__text_diff(&diff->path, a, b);
    } else if (lists) {
        compare_elements(diff, &pair, counts);
    } else {
        compare(diff, &pair);
    }
    compare_heads(diff);
}

/* ---- both states ----------------------------------------------------------------------------- */

/* Goes to the side's next object. */
static void advance(Side *side)
{
    side->name = NULL;
    if (!side->dump) {
        if (side->at == side->index.count)
            return;
        const MoltIndexedObject *object = &side->index.objects[side->at++];
        side->name = object->id;
        side->name_length = object->name_length;
        side->number = object->number;
        return;
    }
    for (; side->type < side->types; side->type++, side->cursor = 0) {
        MoltTypeId type = side->order[side->type];
        if (molt__is_vacant(molt_type(side->dump->schema, type)) ||
            molt_type_is_kept(side->dump->schema, type) ||
            !molt_heap_next(side->of->heap, type, &side->cursor, &side->block))
            continue;
        MoltDumpText name = side->dump->forms.types[type].name;
        side->name = side->dump->forms.text + name.at;
        side->name_length = name.length;
        side->number = side->block.serial;
        return;
    }
}

static void push_id(Diff *diff, const Side *side)
{
    char digits[MOLT__NUMBER_TEXT];
    size_t length = molt__word_text(side->number, false, digits);
    molt__diff_push(&diff->path, side->name, side->name_length);
    molt__diff_push(&diff->path, ":", 1);
    molt__diff_push(&diff->path, digits, length);
}

/* An object that only one state has. */
static void tell_object(Diff *diff, int s)
{
    const MoltDiffSink *sink = diff->path.sink;
    if (!diff->path.text || !sink->wants(sink->context, diff->path.text))
        return;
    MoltDiffText text = object_text(&diff->sides[s]);
    molt__diff_tell(&diff->path, s == 0 ? text : none, s == 1 ? text : none);
}

static MoltStatus side_status(const Diff *diff)
{
    if (diff->path.failed)
        return MOLT_OUT_OF_MEMORY;
    for (int s = 0; s < 2; s++) {
        if (diff->sides[s].dump && molt__dump_failed(diff->sides[s].dump))
            return diff->sides[s].dump->out.status;
    }
    return MOLT_OK;
}

static void compare_all_objects(Diff *diff)
{
    Side *a = &diff->sides[0], *b = &diff->sides[1];
    const MoltDiffSink *sink = diff->path.sink;
    advance(a);
    advance(b);
    while ((a->name || b->name) && side_status(diff) == MOLT_OK) {
        int order = !a->name   ? 1
                    : !b->name ? -1
                               : molt__dump_order(a->name, a->name_length, a->number, b->name,
                                                  b->name_length, b->number);
        push_id(diff, order > 0 ? b : a);
        if (order != 0)
            tell_object(diff, order > 0);
        else if (a->dump && b->dump)
            compare_blocks(diff);
        else
            compare_object_texts(diff);
        molt__diff_pop(&diff->path, 0);
        if (order <= 0)
            advance(a);
        if (order >= 0)
            advance(b);
        diff->done += order == 0 ? 2 : 1;
        if ((diff->done & 1023u) <= 1)
            molt_progress_tell(&sink->progress, diff->done, a->total + b->total);
    }
}

static MoltDiffText roots_text(Side *side)
{
    if (!side->dump)
        return side->index.roots_end > side->index.roots_begin
                   ? (MoltDiffText){side->of->text + side->index.roots_begin,
                                    side->index.roots_end - side->index.roots_begin}
                   : none;
    start_text(side);
    molt__dump_roots(side->dump);
    return end_text(side);
}

static void compare_all(Diff *diff)
{
    molt__diff_push(&diff->path, "roots", 5);
    MoltDiffText a = roots_text(&diff->sides[0]), b = roots_text(&diff->sides[1]);
    molt__text_diff(&diff->path, a, b);
    molt__diff_pop(&diff->path, 0);
    compare_all_objects(diff);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void *table(const Diff *diff, uint32_t count, size_t size)
{
    return diff->allocator.resize(diff->allocator.context, NULL, 0, ((size_t)count + 1) * size);
}

static void free_table(const Diff *diff, void *items, uint32_t count, size_t size)
{
    if (items)
        diff->allocator.resize(diff->allocator.context, items, ((size_t)count + 1) * size, 0);
}

/* Sorted by insertion, because a comparison has no room for the schema: types are some hundreds. */
static void sort_types(Side *side)
{
    const MoltSchema *schema = side->dump->schema;
    for (MoltTypeId type = 0; type < side->types; type++) {
        uint32_t at = type;
        const char *name = molt_type_name(schema, type);
        for (; at > 0 && strcmp(molt_type_name(schema, side->order[at - 1]), name) > 0; at--)
            side->order[at] = side->order[at - 1];
        side->order[at] = type;
        MoltHeapStats stats;
        molt_heap_stats(side->of->heap, type, &stats);
        side->total += stats.blocks;
    }
}

static MoltStatus open_heap(Diff *diff, int s, MoltError *error)
{
    Side *side = &diff->sides[s];
    const MoltHeap *heap = side->of->heap;
    const MoltSchema *schema = molt_heap_schema(heap);
    const MoltTextSink sink = {keep, side};
    if (!schema)
        return molt_error(error, MOLT_INVALID,
                          "the heap has no schema yet, so nothing says what "
                          "its bytes mean");
    molt_heap_gather_globals(heap);
    side->types = schema->tables.type_count;
    side->order = table(diff, side->types, sizeof *side->order);
    side->dump = diff->allocator.resize(diff->allocator.context, NULL, 0, sizeof *side->dump);
    diff->match.partner[s] = table(diff, side->types, sizeof(MoltTypeId));
    diff->match.field[s] = table(diff, schema->tables.field_count, sizeof(uint32_t));
    bool good = side->order && side->dump && diff->match.partner[s] && diff->match.field[s];
    if (side->dump) {
        side->dump->heap = heap;
        side->dump->schema = schema;
        side->dump->code = side->of->code;
        side->dump->addresses = false;
        side->dump->constants = NULL;
        side->dump->tail = 0;
        molt__json_start(&side->dump->out, &sink, error);
        good = molt__dump_forms_make(&side->dump->forms, schema, &diff->allocator) && good;
    }
    if (!good)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a comparison");
    for (uint32_t type = 0; type < side->types; type++)
        diff->match.partner[s][type] = MOLT_NO_TYPE;
    sort_types(side);
    return MOLT_OK;
}

static void close_side(Diff *diff, int s)
{
    Side *side = &diff->sides[s];
    molt__dump_index_free(&side->index);
    if (side->dump) {
        const MoltSchema *schema = side->dump->schema;
        free_table(diff, diff->match.field[s], schema->tables.field_count, sizeof(uint32_t));
        molt__dump_forms_free(&side->dump->forms);
        diff->allocator.resize(diff->allocator.context, side->dump, sizeof *side->dump, 0);
    } else if (side->of->heap && molt_heap_schema(side->of->heap)) {
        free_table(diff, diff->match.field[s], molt_heap_schema(side->of->heap)->tables.field_count,
                   sizeof(uint32_t));
    }
    free_table(diff, diff->match.partner[s], side->types, sizeof(MoltTypeId));
    free_table(diff, side->order, side->types, sizeof *side->order);
    if (side->text)
        diff->allocator.resize(diff->allocator.context, side->text, side->room, 0);
}

MoltStatus molt_state_diff(const MoltDiffSide *a, const MoltDiffSide *b, const MoltDiffSink *sink,
                           MoltError *error)
{
    const MoltDiffSide *of[2] = {a, b};
    const MoltHeap *heap = a->heap ? a->heap : b->heap;
    Diff diff = {.allocator = heap ? heap->allocator : *molt_allocator_default()};
    MoltStatus status = MOLT_OK;
    diff.path = (MoltDiffPath){.sink = sink, .allocator = diff.allocator};
    for (int s = 0; s < 2; s++) {
        diff.sides[s].of = of[s];
        diff.sides[s].allocator = diff.allocator;
    }
    for (int s = 0; s < 2 && status == MOLT_OK; s++) {
        Side *side = &diff.sides[s];
        status = side->of->heap ? open_heap(&diff, s, error)
                                : molt__dump_index(&side->index, side->of->text, side->of->length,
                                                   side->of->name, &diff.allocator, error);
        if (!side->of->heap)
            side->total = side->index.count;
    }
    if (status == MOLT_OK) {
        compare_all(&diff);
        status = side_status(&diff);
        if (diff.path.failed)
            molt_error(error, status, "no memory for the path to a value");
    }
    for (int s = 0; s < 2; s++)
        close_side(&diff, s);
    if (diff.path.text)
        diff.allocator.resize(diff.allocator.context, diff.path.text, diff.path.room, 0);
    return status;
}
