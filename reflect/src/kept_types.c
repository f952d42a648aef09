/* A kept type is laid out anew where what it holds by value has another size by now: no code knows its layout
 * any more, so any place will do for a field. Its notes are those that say what its values mean, not those
 * that allow losses or tell what the sources do. */
#include "kept_types.h"

#include <string.h>

#include "tables.h"

/* Rows that are added behind those of a table. */
typedef struct Rows {
    void *items;
    uint32_t base, count, slots; /* base: rows of the table itself */
    size_t size;
} Rows;

typedef struct Keep {
    const MoltPlan *plan;
    const MoltSchema *from, *next;
    const MoltAllocator *allocator;
    MoltTypeId *ids;  /* per old type: its id in the new schema, once it is needed */
    MoltTypeId *olds; /* of the kept types, in order */
    uint32_t count;
    uint32_t shown, numbers; /* the first ones: numbers in sight, then other numbers */
    Rows types, fields, enumerators, refs, notes, strings;
    bool failed;     /* memory is out */
    bool impossible; /* what a type is made of cannot be part of it any more */
} Keep;

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* Room for `count` rows behind the others, zeroed; NULL for none, and when memory is out. */
static void *add_rows(Keep *keep, Rows *rows, uint32_t count)
{
    if (count == 0)
        return NULL;
    if (count > rows->slots - rows->count) {
        uint64_t wanted = (uint64_t)rows->slots * 2 + count;
        void *grown = wanted > UINT32_MAX - rows->base
                          ? NULL
                          : resize(keep->allocator, rows->items, rows->slots * rows->size,
                                   (size_t)wanted * rows->size);
        if (!grown) {
            keep->failed = true;
            return NULL;
        }
        rows->items = grown;
        rows->slots = (uint32_t)wanted;
    }
    unsigned char *first = (unsigned char *)rows->items + rows->count * rows->size;
    memset(first, 0, count * rows->size);
    rows->count += count;
    return first;
}

static uint32_t add_string(Keep *keep, uint32_t offset)
{
    const char *text = molt_string(keep->from, offset);
    uint32_t at = keep->strings.base + keep->strings.count;
    if (text[0] == '\0')
        return MOLT_NO_STRING;
    char *copy = add_rows(keep, &keep->strings, (uint32_t)strlen(text) + 1);
    if (!copy)
        return MOLT_NO_STRING;
    memcpy(copy, text, strlen(text) + 1);
    return at;
}

/* ---- which types ------------------------------------------------------------------------------ */

/* The new schema's id of an old type, which is kept if it has none of its kind. */
static MoltTypeId need(Keep *keep, MoltTypeId old)
{
    MoltTypeId after = keep->plan->types[old].after;
    if (keep->ids[old] != MOLT_NO_TYPE)
        return keep->ids[old];
    bool there = after != MOLT_NO_TYPE &&
                 molt_type(keep->next, after)->kind == molt_type(keep->from, old)->kind;
    if (after != MOLT_NO_TYPE && !there)
        keep->impossible = true; /* its name means something else now */
    if (!there)
        keep->olds[keep->count++] = old;
    keep->ids[old] = there ? after : keep->next->tables.type_count + keep->count - 1;
    return keep->ids[old];
}

static void need_parts(Keep *keep, const MoltType *type)
{
    const MoltTables *tables = &keep->from->tables;
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; record && f < type->count; f++)
        need(keep, tables->fields[type->first + f].type);
    for (uint32_t p = 0; type->kind == MOLT_KIND_FUNCTION && p < type->count; p++)
        need(keep, tables->refs[type->first + p]);
    if (molt_kind_is_sequence(type->kind) || type->kind == MOLT_KIND_ENUM ||
        type->kind == MOLT_KIND_POINTER || type->kind == MOLT_KIND_FUNCTION)
        need(keep, type->elem);
}

static bool has_own_objects(const MoltType *type)
{
    return type->kind != MOLT_KIND_VOID && type->kind != MOLT_KIND_FUNCTION &&
           type->kind != MOLT_KIND_OPAQUE &&
           !(type->kind == MOLT_KIND_STRUCT && type->flags & MOLT_TYPE_GLOBALS) &&
           !(type->kind == MOLT_KIND_INT && type->flags & MOLT_TYPE_UNTYPED);
}

typedef enum Sort { SHOWN, NUMBERS, OTHERS } Sort;

static Sort sort_of(const MoltSchema *schema, MoltTypeId id)
{
    if (!molt__is_number(molt_type(schema, id)))
        return OTHERS;
    return id >= schema->source_types && !molt_type_is_kept(schema, id) ? SHOWN : NUMBERS;
}

/* Lists the types of one sort that have objects and are to be kept; how much these take. */
static uint64_t list_sort(Keep *keep, const uint64_t *bytes, Sort sort)
{
    uint64_t all = 0;
    for (MoltTypeId t = 0; t < keep->from->tables.type_count; t++) {
        if (keep->plan->types[t].after != MOLT_NO_TYPE || bytes[t] == 0 ||
            !has_own_objects(molt_type(keep->from, t)) || sort_of(keep->from, t) != sort)
            continue;
        all += bytes[t];
        need(keep, t);
    }
    return all;
}

/* Lists the types to keep; false when there is none, or too much of them. */
static bool list_types(Keep *keep, const uint64_t *bytes, uint64_t limit)
{
    uint64_t all = list_sort(keep, bytes, SHOWN);
    keep->shown = keep->count;
    all += list_sort(keep, bytes, NUMBERS);
    keep->numbers = keep->count - keep->shown;
    all += list_sort(keep, bytes, OTHERS);
    for (uint32_t k = 0; k < keep->count; k++)
        need_parts(keep, molt_type(keep->from, keep->olds[k]));
    return keep->count > 0 && all <= limit && !keep->impossible;
}

/* ---- what they are like ----------------------------------------------------------------------- */

static bool is_taken_over(const MoltNote *note)
{
    return note->kind != MOLT_NOTE_MIGRATE && note->kind != MOLT_NOTE_REMOVED &&
           note->kind != MOLT_NOTE_ERASED && note->kind != MOLT_NOTE_HOLDS &&
           note->kind != MOLT_NOTE_SIZED && note->kind != MOLT_NOTE_HASHED &&
           note->kind != MOLT_NOTE_DEFAULT && note->kind != MOLT_NOTE_REQUIRED;
}

static void add_notes(Keep *keep, uint32_t *first, uint32_t *count)
{
    uint32_t from = *first, end = *first + *count;
    *first = keep->notes.base + keep->notes.count;
    *count = 0;
    for (uint32_t n = from; n < end && !keep->failed; n++) {
        const MoltNote *old = &keep->from->tables.notes[n];
        MoltNote *note = is_taken_over(old) ? add_rows(keep, &keep->notes, 1) : NULL;
        if (!note)
            continue;
        *count += 1;
        uint32_t at = keep->notes.count - 1, text = add_string(keep, old->text);
        note = (MoltNote *)keep->notes.items + at;
        *note = (MoltNote){.kind = old->kind, .text = text};
    }
}

static MoltType *kept_type(const Keep *keep, uint32_t index)
{
    return (MoltType *)keep->types.items + index;
}

/* A type of the schema that comes about. */
static const MoltType *made_type(const Keep *keep, MoltTypeId id)
{
    uint32_t visible = keep->next->tables.type_count;
    return id < visible ? molt_type(keep->next, id) : kept_type(keep, id - visible);
}

static void add_fields(Keep *keep, const MoltType *old, MoltType *type)
{
    MoltField *fields = add_rows(keep, &keep->fields, old->count);
    type->first = keep->fields.base + keep->fields.count - old->count;
    for (uint32_t f = 0; fields && f < old->count; f++) {
        fields[f] = keep->from->tables.fields[old->first + f];
        fields[f].type = keep->ids[fields[f].type];
        fields[f].flags &= ~(uint32_t)MOLT_FIELD_REQUIRED;
        fields[f].name = add_string(keep, fields[f].name);
        add_notes(keep, &fields[f].note_first, &fields[f].note_count);
    }
}

static void add_enumerators(Keep *keep, const MoltType *old, MoltType *type)
{
    MoltEnumerator *items = add_rows(keep, &keep->enumerators, old->count);
    type->first = keep->enumerators.base + keep->enumerators.count - old->count;
    for (uint32_t e = 0; items && e < old->count; e++) {
        items[e] = keep->from->tables.enumerators[old->first + e];
        items[e].name = add_string(keep, items[e].name);
        add_notes(keep, &items[e].note_first, &items[e].note_count);
    }
}

static void add_parameters(Keep *keep, const MoltType *old, MoltType *type)
{
    MoltTypeId *refs = add_rows(keep, &keep->refs, old->count);
    type->first = keep->refs.base + keep->refs.count - old->count;
    for (uint32_t p = 0; refs && p < old->count; p++)
        refs[p] = keep->ids[keep->from->tables.refs[old->first + p]];
}

static void add_type(Keep *keep, uint32_t index)
{
    const MoltType *old = molt_type(keep->from, keep->olds[index]);
    MoltType type = *old;
    type.name = add_string(keep, old->name);
    type.file = add_string(keep, old->file);
    type.hash = 0;
    if (molt_kind_is_sequence(old->kind) || old->kind == MOLT_KIND_ENUM ||
        old->kind == MOLT_KIND_POINTER || old->kind == MOLT_KIND_FUNCTION)
        type.elem = keep->ids[old->elem];
    if (old->kind == MOLT_KIND_STRUCT || old->kind == MOLT_KIND_UNION)
        add_fields(keep, old, &type);
    else if (old->kind == MOLT_KIND_ENUM)
        add_enumerators(keep, old, &type);
    else if (old->kind == MOLT_KIND_FUNCTION)
        add_parameters(keep, old, &type);
    add_notes(keep, &type.note_first, &type.note_count);
    *kept_type(keep, index) = type;
}

/* ---- layouts ---------------------------------------------------------------------------------- */

static bool has_same_size(const MoltType *a, const MoltType *b)
{
    return a->size == b->size && a->align == b->align;
}

static uint64_t round_up(uint64_t at, uint64_t align)
{
    return (at + align - 1) / align * align;
}

/* Places the fields one after the other; those of a union all at its start. */
static void place_fields(Keep *keep, MoltType *type)
{
    MoltField *fields = (MoltField *)keep->fields.items + (type->first - keep->fields.base);
    uint64_t at = 0, size = 0;
    uint32_t align = 1;
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltType *held = made_type(keep, fields[f].type);
        at = type->kind == MOLT_KIND_UNION ? 0 : round_up(at, held->align > 0 ? held->align : 1);
        fields[f].bit_offset = at * 8;
        at += held->size;
        size = at > size ? at : size;
        align = held->align > align ? held->align : align;
    }
    type->align = align;
    type->size = round_up(size, align);
}

static void lay_out(Keep *keep, MoltTypeId id);

/* Lays out what the type holds by value; false when all of that is as large as it was. */
static bool lay_out_held(Keep *keep, const MoltType *old)
{
    bool changed = false;
    for (uint32_t h = 0; h < molt__held_count(old); h++) {
        MoltTypeId was = molt__held(&keep->from->tables, old, h), is = keep->ids[was];
        lay_out(keep, is);
        changed = changed || !has_same_size(molt_type(keep->from, was), made_type(keep, is));
    }
    return changed;
}

/* Types hold each other at most MOLT_SCHEMA_DEPTH_MAX deep, and never themselves. A hash that is not 0 says
 * that the type is laid out. */
static void lay_out(Keep *keep, MoltTypeId id)
{
    uint32_t visible = keep->next->tables.type_count;
    MoltType *type = id < visible ? NULL : kept_type(keep, id - visible);
    if (!type || type->hash != 0)
        return;
    const MoltType *old = molt_type(keep->from, keep->olds[id - visible]);
    type->hash = 1;
    if (!lay_out_held(keep, old))
        return;
    if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
        place_fields(keep, type);
    } else {
        const MoltType *element = made_type(keep, type->elem);
        type->size = type->kind == MOLT_KIND_ARRAY ? element->size * type->length : element->size;
        type->align = element->align;
    }
}

/* ---- the schema ------------------------------------------------------------------------------- */

static const void *join(Keep *keep, const Rows *rows, const void *items, void **made)
{
    size_t own = rows->base * rows->size, more = rows->count * rows->size;
    *made = resize(keep->allocator, NULL, 0, own + more + 1);
    keep->failed = keep->failed || !*made;
    if (*made && own > 0)
        memcpy(*made, items, own);
    if (*made && more > 0)
        memcpy((unsigned char *)*made + own, rows->items, more);
    return *made;
}

static MoltStatus make(Keep *keep, MoltSchema **out)
{
    enum { PARTS = 6 };
    MoltTables tables = keep->next->tables;
    Rows *rows[PARTS] = {&keep->types, &keep->fields, &keep->enumerators,
                         &keep->refs,  &keep->notes,  &keep->strings};
    void *made[PARTS] = {0};
    MoltError why = {0};
    tables.types = join(keep, rows[0], tables.types, &made[0]);
    tables.fields = join(keep, rows[1], tables.fields, &made[1]);
    tables.enumerators = join(keep, rows[2], tables.enumerators, &made[2]);
    tables.refs = join(keep, rows[3], tables.refs, &made[3]);
    tables.notes = join(keep, rows[4], tables.notes, &made[4]);
    tables.strings = join(keep, rows[5], tables.strings, &made[5]);
    tables.type_count += keep->types.count;
    tables.field_count += keep->fields.count;
    tables.enumerator_count += keep->enumerators.count;
    tables.ref_count += keep->refs.count;
    tables.note_count += keep->notes.count;
    tables.string_size += keep->strings.count;
    MoltStatus status = keep->failed
                            ? MOLT_OUT_OF_MEMORY
                            : molt__schema_make(&tables, false, keep->allocator, out, &why);
    for (int p = 0; p < PARTS; p++) {
        if (made[p])
            resize(keep->allocator, made[p], (rows[p]->base + rows[p]->count) * rows[p]->size + 1,
                   0);
    }
    if (status == MOLT_OK) {
        (*out)->source_types = keep->next->source_types;
        (*out)->kept_types = keep->next->tables.type_count + keep->shown;
        (*out)->kept_numbers = keep->numbers;
        (*out)->kept_notes = keep->next->kept_notes;
        (*out)->tables.hash = keep->next->tables.hash;
    }
    return status;
}

static bool begin(Keep *keep)
{
    const MoltTables *next = &keep->next->tables;
    uint32_t count = keep->from->tables.type_count;
    keep->types = (Rows){.base = next->type_count, .size = sizeof(MoltType)};
    keep->fields = (Rows){.base = next->field_count, .size = sizeof(MoltField)};
    keep->enumerators = (Rows){.base = next->enumerator_count, .size = sizeof(MoltEnumerator)};
    keep->refs = (Rows){.base = next->ref_count, .size = sizeof(MoltTypeId)};
    keep->notes = (Rows){.base = next->note_count, .size = sizeof(MoltNote)};
    keep->strings = (Rows){.base = next->string_size, .size = 1};
    keep->ids = resize(keep->allocator, NULL, 0, (count + 1u) * sizeof *keep->ids);
    keep->olds = resize(keep->allocator, NULL, 0, (count + 1u) * sizeof *keep->olds);
    for (MoltTypeId t = 0; keep->ids && t < count; t++)
        keep->ids[t] = MOLT_NO_TYPE;
    return keep->ids && keep->olds;
}

static void end(Keep *keep)
{
    size_t count = keep->from->tables.type_count + 1u;
    Rows *rows[] = {&keep->types, &keep->fields, &keep->enumerators,
                    &keep->refs,  &keep->notes,  &keep->strings};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        if (rows[r]->items)
            resize(keep->allocator, rows[r]->items, rows[r]->slots * rows[r]->size, 0);
    }
    if (keep->ids)
        resize(keep->allocator, keep->ids, count * sizeof *keep->ids, 0);
    if (keep->olds)
        resize(keep->allocator, keep->olds, count * sizeof *keep->olds, 0);
}

MoltStatus molt_schema_keep(const MoltPlan *plan, const uint64_t *bytes, uint64_t limit,
                            MoltSchema **out, MoltError *error)
{
    Keep keep = {.plan = plan,
                 .from = plan->before,
                 .next = plan->after,
                 .allocator = &plan->after->allocator};
    MoltStatus status = MOLT_OK;
    *out = NULL;
    keep.failed = !begin(&keep);
    if (!keep.failed && list_types(&keep, bytes, limit) &&
        add_rows(&keep, &keep.types, keep.count)) {
        for (uint32_t k = 0; k < keep.count && !keep.failed; k++)
            add_type(&keep, k);
        for (uint32_t k = 0; k < keep.count && !keep.failed; k++)
            lay_out(&keep, keep.next->tables.type_count + k);
        status = keep.failed ? MOLT_OUT_OF_MEMORY : make(&keep, out);
    }
    end(&keep);
    if (keep.failed || status == MOLT_OUT_OF_MEMORY)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a schema of %u types.",
                          keep.next->tables.type_count + keep.count);
    return MOLT_OK; /* a schema that is not sound is none: then nothing is kept */
}

void molt__schema_show_numbers(const MoltSchema *schema)
{
    MoltSchema *now = (MoltSchema *)schema; /* the state's own from here on */
    now->kept_types += now->kept_numbers;
    now->kept_numbers = 0;
}

MoltStatus molt__schema_clone(const MoltSchema *schema, const MoltAllocator *allocator,
                              MoltSchema **out, MoltError *error)
{
    MoltStatus status = molt__schema_make(&schema->tables, false, allocator, out, error);
    if (status == MOLT_OK) {
        (*out)->source_types = schema->source_types;
        (*out)->kept_types = schema->kept_types;
        (*out)->kept_numbers = schema->kept_numbers;
        (*out)->kept_notes = schema->kept_notes;
        (*out)->tables.hash = schema->tables.hash;
    }
    return status;
}
