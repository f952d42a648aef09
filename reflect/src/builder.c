#include "molt/builder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tables.h"

/* A growing array; `size` and `capacity` in elements. */
typedef struct Rows {
    void *data;
    size_t count, capacity, element;
} Rows;

enum { ROWS_LIMIT = 1 << 28 }; /* elements; ids and offsets stay within 32 bits */

/* `strings` is the pool under construction. Both indices are open-addressing tables with a power of
 * two of slots, at most half full: string_slots hold offsets of strings (0: free), type_slots hold
 * ids + 1 keyed by the name's offset, which interning makes unique per name. */
struct MoltBuilder {
    MoltAllocator allocator;
    MoltError error; /* status MOLT_OK until the first failure */
    MoltAbi abi;
    Rows types, fields, enumerators, refs, notes, roots, spellings, constants, strings;
    uint32_t *string_slots, *type_slots;
    size_t string_slot_count, string_used, type_slot_count;
    MoltType nowhere; /* what molt_builder_type gives for an id that is none */
};

static bool failed(const MoltBuilder *builder)
{
    return !builder || builder->error.status != MOLT_OK;
}

static void out_of_memory(MoltBuilder *builder)
{
    molt_error(&builder->error, MOLT_OUT_OF_MEMORY, "No memory to build a schema of %zu types.",
               builder->types.count);
}

static const char *text_at(const MoltBuilder *builder, uint32_t offset)
{
    return (const char *)builder->strings.data + offset;
}

static MoltType *type_at(const MoltBuilder *builder, MoltTypeId id)
{
    return (MoltType *)builder->types.data + id;
}

/* ---- growing -------------------------------------------------------------------------------- */

/* Room for `more` elements at the end; false and a sticky failure when there is none. */
static bool reserve(MoltBuilder *builder, Rows *rows, size_t more)
{
    if (more > ROWS_LIMIT - rows->count) {
        molt_error(&builder->error, MOLT_INVALID,
                   "A schema is limited to %d rows in a table, but %zu more than %zu are wanted.",
                   ROWS_LIMIT, more, rows->count);
        return false;
    }
    size_t need = rows->count + more, capacity = rows->capacity ? rows->capacity : 16, bytes;
    if (need <= rows->capacity)
        return true;
    while (capacity < need)
        capacity *= 2;
    void *data = NULL;
    if (!__builtin_mul_overflow(capacity, rows->element, &bytes))
        data = builder->allocator.resize(builder->allocator.context, rows->data,
                                         rows->capacity * rows->element, bytes);
    if (!data) {
        out_of_memory(builder);
        return false;
    }
    rows->data = data;
    rows->capacity = capacity;
    return true;
}

/* Appends and returns the index of the first new element; 0 on failure, which is sticky. */
static uint32_t push(MoltBuilder *builder, Rows *rows, const void *elements, size_t count)
{
    if (!reserve(builder, rows, count))
        return 0;
    uint32_t first = (uint32_t)rows->count;
    if (count)
        memcpy((char *)rows->data + rows->count * rows->element, elements, count * rows->element);
    rows->count += count;
    return first;
}

static void release(MoltBuilder *builder, void *block, size_t size)
{
    if (block)
        builder->allocator.resize(builder->allocator.context, block, size, 0);
}

/* A zeroed table of `count` slots in place of *slots; on failure, which is sticky, false. */
static bool replace_slots(MoltBuilder *builder, uint32_t **slots, size_t *slot_count, size_t count)
{
    uint32_t *fresh =
        builder->allocator.resize(builder->allocator.context, NULL, 0, count * sizeof *fresh);
    if (!fresh) {
        out_of_memory(builder);
        return false;
    }
    memset(fresh, 0, count * sizeof *fresh);
    release(builder, *slots, *slot_count * sizeof **slots);
    *slots = fresh;
    *slot_count = count;
    return true;
}

/* ---- life ----------------------------------------------------------------------------------- */

MoltAbi molt__own_abi(void)
{
    const uint16_t probe = 1;
    MoltAbi abi = {
        .pointer_size = sizeof(void *),
        .long_size = sizeof(long),
        .char_signed = CHAR_MIN < 0,
        .little_endian = *(const uint8_t *)&probe,
        .max_align = _Alignof(max_align_t),
    };
    return abi;
}

MoltBuilder *molt_builder_create(const MoltAllocator *allocator)
{
    if (!allocator)
        allocator = molt_allocator_default();
    MoltBuilder *builder = allocator->resize(allocator->context, NULL, 0, sizeof *builder);
    if (!builder)
        return NULL;
    memset(builder, 0, sizeof *builder);
    builder->allocator = *allocator;
    builder->abi = molt__own_abi();
    builder->types.element = sizeof(MoltType);
    builder->fields.element = sizeof(MoltField);
    builder->enumerators.element = sizeof(MoltEnumerator);
    builder->refs.element = sizeof(MoltTypeId);
    builder->notes.element = sizeof(MoltNote);
    builder->roots.element = sizeof(MoltRoot);
    builder->spellings.element = sizeof(MoltSpelling);
    builder->constants.element = 1;
    builder->strings.element = 1;

    push(builder, &builder->strings, "", 1); /* MOLT_NO_STRING */
    if (failed(builder)) {
        molt_builder_destroy(builder);
        return NULL;
    }
    return builder;
}

void molt_builder_destroy(MoltBuilder *builder)
{
    if (!builder)
        return;
    Rows *const all[] = {&builder->types,     &builder->fields,    &builder->enumerators,
                         &builder->refs,      &builder->notes,     &builder->roots,
                         &builder->spellings, &builder->constants, &builder->strings};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        release(builder, all[i]->data, all[i]->capacity * all[i]->element);
    release(builder, builder->string_slots, builder->string_slot_count * sizeof(uint32_t));
    release(builder, builder->type_slots, builder->type_slot_count * sizeof(uint32_t));
    MoltAllocator allocator = builder->allocator;
    allocator.resize(allocator.context, builder, sizeof *builder, 0);
}

MoltStatus molt_builder_status(const MoltBuilder *builder)
{
    return builder ? builder->error.status : MOLT_OUT_OF_MEMORY;
}

void molt_builder_set_abi(MoltBuilder *builder, MoltAbi abi)
{
    if (failed(builder))
        return;
    memset(abi.reserved, 0, sizeof abi.reserved);
    builder->abi = abi;
}

/* ---- strings -------------------------------------------------------------------------------- */

/* Slot of `text`, or the free slot where it belongs. There is always a free one. */
static size_t find_string(const MoltBuilder *builder, const char *text, size_t length)
{
    size_t mask = builder->string_slot_count - 1;
    size_t slot = (size_t)XXH3_64bits(text, length) & mask;
    for (; builder->string_slots[slot]; slot = (slot + 1) & mask) {
        if (strcmp(text_at(builder, builder->string_slots[slot]), text) == 0)
            break;
    }
    return slot;
}

static bool grow_strings(MoltBuilder *builder)
{
    size_t count = builder->string_slot_count ? 2 * builder->string_slot_count : 64;
    if (!replace_slots(builder, &builder->string_slots, &builder->string_slot_count, count))
        return false;
    for (size_t offset = 1; offset < builder->strings.count;) {
        const char *text = text_at(builder, (uint32_t)offset);
        size_t length = strlen(text);
        builder->string_slots[find_string(builder, text, length)] = (uint32_t)offset;
        offset += length + 1;
    }
    return true;
}

uint32_t molt_builder_string(MoltBuilder *builder, const char *text)
{
    if (failed(builder) || !text || !*text)
        return MOLT_NO_STRING;
    if (2 * (builder->string_used + 1) > builder->string_slot_count && !grow_strings(builder))
        return MOLT_NO_STRING;

    size_t length = strlen(text);
    size_t slot = find_string(builder, text, length);
    if (builder->string_slots[slot])
        return builder->string_slots[slot];
    uint32_t offset = push(builder, &builder->strings, text, length + 1);
    if (failed(builder))
        return MOLT_NO_STRING;
    builder->string_slots[slot] = offset;
    builder->string_used++;
    return offset;
}

/* ---- types ---------------------------------------------------------------------------------- */

static size_t find_type_slot(const MoltBuilder *builder, uint32_t name)
{
    size_t mask = builder->type_slot_count - 1;
    size_t slot = (size_t)XXH3_64bits(&name, sizeof name) & mask;
    for (; builder->type_slots[slot]; slot = (slot + 1) & mask) {
        if (type_at(builder, builder->type_slots[slot] - 1)->name == name)
            break;
    }
    return slot;
}

static bool grow_types(MoltBuilder *builder)
{
    size_t count = builder->type_slot_count ? 2 * builder->type_slot_count : 64;
    if (!replace_slots(builder, &builder->type_slots, &builder->type_slot_count, count))
        return false;
    for (MoltTypeId id = 0; id < builder->types.count; id++)
        builder->type_slots[find_type_slot(builder, type_at(builder, id)->name)] = id + 1;
    return true;
}

MoltTypeId molt_builder_add_type(MoltBuilder *builder, const MoltType *type)
{
    if (failed(builder))
        return MOLT_NO_TYPE;
    if (type->name == MOLT_NO_STRING || type->name >= builder->strings.count) {
        molt_error(&builder->error, MOLT_INVALID, "Type %zu is added without a name.",
                   builder->types.count);
        return MOLT_NO_TYPE;
    }
    if (2 * (builder->types.count + 1) > builder->type_slot_count && !grow_types(builder))
        return MOLT_NO_TYPE;
    size_t slot = find_type_slot(builder, type->name);
    if (builder->type_slots[slot]) {
        molt_error(&builder->error, MOLT_INVALID, "Type \"%s\" is added twice.",
                   text_at(builder, type->name));
        return MOLT_NO_TYPE;
    }

    MoltType added = *type;
    added.first = added.count = added.note_first = added.note_count = 0;
    added.hash = 0;
    MoltTypeId id = push(builder, &builder->types, &added, 1);
    if (failed(builder))
        return MOLT_NO_TYPE;
    builder->type_slots[slot] = id + 1;
    return id;
}

MoltType *molt_builder_type(MoltBuilder *builder, MoltTypeId id)
{
    if (id < builder->types.count)
        return type_at(builder, id);
    memset(&builder->nowhere, 0, sizeof builder->nowhere);
    return &builder->nowhere;
}

MoltTypeId molt_builder_find_type(const MoltBuilder *builder, const char *name)
{
    if (failed(builder) || !name || builder->string_used == 0 || builder->types.count == 0)
        return MOLT_NO_TYPE;
    uint32_t offset = builder->string_slots[find_string(builder, name, strlen(name))];
    if (offset == 0)
        return MOLT_NO_TYPE;
    uint32_t found = builder->type_slots[find_type_slot(builder, offset)];
    return found ? found - 1 : MOLT_NO_TYPE;
}

/* ---- members and notes ---------------------------------------------------------------------- */

/* The type whose members are to be set, or NULL with a sticky failure. */
static MoltType *type_without_members(MoltBuilder *builder, MoltTypeId id)
{
    if (failed(builder))
        return NULL;
    if (id >= builder->types.count) {
        molt_error(&builder->error, MOLT_INVALID,
                   "Members are set for type %u, but only %zu types were added.", id,
                   builder->types.count);
        return NULL;
    }
    MoltType *type = type_at(builder, id);
    if (type->count) {
        molt_error(&builder->error, MOLT_INVALID, "The members of type \"%s\" are set twice.",
                   text_at(builder, type->name));
        return NULL;
    }
    return type;
}

static void set_members(MoltBuilder *builder, MoltTypeId id, Rows *rows, const void *members,
                        uint32_t count)
{
    MoltType *type = type_without_members(builder, id);
    if (!type)
        return;
    uint32_t first = push(builder, rows, members, count);
    if (failed(builder))
        return;
    type->first = first;
    type->count = count;
}

void molt_builder_set_fields(MoltBuilder *builder, MoltTypeId type, const MoltField *fields,
                             uint32_t count)
{
    if (!failed(builder))
        set_members(builder, type, &builder->fields, fields, count);
}

void molt_builder_set_enumerators(MoltBuilder *builder, MoltTypeId type,
                                  const MoltEnumerator *enumerators, uint32_t count)
{
    if (!failed(builder))
        set_members(builder, type, &builder->enumerators, enumerators, count);
}

void molt_builder_set_params(MoltBuilder *builder, MoltTypeId type, const MoltTypeId *params,
                             uint32_t count)
{
    if (!failed(builder))
        set_members(builder, type, &builder->refs, params, count);
}

uint32_t molt_builder_add_notes(MoltBuilder *builder, const MoltNote *notes, uint32_t count)
{
    return failed(builder) ? 0 : push(builder, &builder->notes, notes, count);
}

void molt_builder_set_notes(MoltBuilder *builder, MoltTypeId type, uint32_t first, uint32_t count)
{
    if (failed(builder))
        return;
    if (type >= builder->types.count) {
        molt_error(&builder->error, MOLT_INVALID,
                   "Notes are set for type %u, but only %zu types were added.", type,
                   builder->types.count);
        return;
    }
    MoltType *noted = type_at(builder, type);
    noted->note_first = first;
    noted->note_count = count;
}

uint32_t molt_builder_add_constant(MoltBuilder *builder, const void *bytes, uint32_t size)
{
    return failed(builder) ? 0 : push(builder, &builder->constants, bytes, size);
}

void molt_builder_add_root(MoltBuilder *builder, const char *name, MoltTypeId type)
{
    MoltRoot root = {molt_builder_string(builder, name), type};
    if (!failed(builder))
        push(builder, &builder->roots, &root, 1);
}

void molt_builder_add_spelling(MoltBuilder *builder, const char *spelling, MoltTypeId type)
{
    MoltSpelling added = {molt_builder_string(builder, spelling), type};
    if (!failed(builder))
        push(builder, &builder->spellings, &added, 1);
}

/* ---- finishing ------------------------------------------------------------------------------ */

/* Roots and spellings are both pairs of a string and a type. */
enum { PAIR_TEXT, PAIR_TYPE, PAIR };
_Static_assert(sizeof(MoltRoot) == PAIR * sizeof(uint32_t) &&
                   sizeof(MoltSpelling) == PAIR * sizeof(uint32_t) &&
                   offsetof(MoltRoot, name) == 0 && offsetof(MoltSpelling, text) == 0,
               "roots and spellings are sorted as pairs");

static int compare(const MoltBuilder *builder, const uint32_t *a, const uint32_t *b)
{
    return strcmp(text_at(builder, a[PAIR_TEXT]), text_at(builder, b[PAIR_TEXT]));
}

static void swap(uint32_t *a, uint32_t *b)
{
    for (int i = 0; i < PAIR; i++) {
        uint32_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Sinks pair `start` of the heap pairs[0..count). */
static void sink(const MoltBuilder *builder, uint32_t (*pairs)[PAIR], size_t start, size_t count)
{
    for (size_t child; (child = 2 * start + 1) < count; start = child) {
        if (child + 1 < count && compare(builder, pairs[child], pairs[child + 1]) < 0)
            child++;
        if (compare(builder, pairs[start], pairs[child]) >= 0)
            return;
        swap(pairs[start], pairs[child]);
    }
}

/* Heapsort, because the order needs the string pool, which qsort cannot pass on. */
static void sort_by_text(const MoltBuilder *builder, const Rows *rows)
{
    uint32_t(*pairs)[PAIR] = rows->data;
    for (size_t i = rows->count / 2; i-- > 0;)
        sink(builder, pairs, i, rows->count);
    for (size_t end = rows->count; end > 1;) {
        swap(pairs[0], pairs[--end]);
        sink(builder, pairs, 0, end);
    }
}

static bool is_noted(const MoltBuilder *builder, uint32_t first, uint32_t count, MoltNoteKind kind)
{
    size_t all = builder->notes.count;
    const MoltNote *notes = builder->notes.data;
    for (size_t i = first; i < all && i - first < count; i++) {
        if (notes[i].kind == (uint32_t)kind)
            return true;
    }
    return false;
}

/* Members that a kind does not use get one value, and flags that repeat a note follow the note, so
 * that equal declarations have equal hashes whoever built them. */
static void settle_type(const MoltBuilder *builder, MoltType *type)
{
    if (type->kind != MOLT_KIND_ENUM && !molt_kind_is_sequence(type->kind) &&
        type->kind != MOLT_KIND_POINTER && type->kind != MOLT_KIND_FUNCTION)
        type->elem = MOLT_NO_TYPE;
    if (type->kind == MOLT_KIND_ATOMIC)
        type->length = 1;
    else if (type->kind == MOLT_KIND_COMPLEX)
        type->length = 2;
    else if (!molt_kind_is_sequence(type->kind))
        type->length = 0;
    if (type->kind != MOLT_KIND_ENUM)
        return;
    if (is_noted(builder, type->note_first, type->note_count, MOLT_NOTE_FLAGS))
        type->flags |= MOLT_TYPE_FLAGS;
    if (type->elem < builder->types.count) {
        uint16_t sign = type_at(builder, type->elem)->flags & MOLT_TYPE_SIGNED;
        type->flags = (uint16_t)((type->flags & ~MOLT_TYPE_SIGNED) | sign);
    }
}

static void settle_members(const MoltBuilder *builder)
{
    MoltField *fields = builder->fields.data;
    for (size_t i = 0; i < builder->fields.count; i++) {
        MoltField *field = &fields[i];
        if (is_noted(builder, field->note_first, field->note_count, MOLT_NOTE_TRANSIENT))
            field->flags |= MOLT_FIELD_TRANSIENT;
        if (is_noted(builder, field->note_first, field->note_count, MOLT_NOTE_EXTERNAL))
            field->flags |= MOLT_FIELD_EXTERNAL;
        if (is_noted(builder, field->note_first, field->note_count, MOLT_NOTE_REQUIRED))
            field->flags |= MOLT_FIELD_REQUIRED;
    }
    MoltEnumerator *enumerators = builder->enumerators.data;
    for (size_t i = 0; i < builder->enumerators.count; i++) {
        MoltEnumerator *enumerator = &enumerators[i];
        if (is_noted(builder, enumerator->note_first, enumerator->note_count, MOLT_NOTE_FALLBACK))
            enumerator->flags |= MOLT_ENUMERATOR_FALLBACK;
    }
}

MoltStatus molt_builder_finish(MoltBuilder *builder, MoltSchema **out, MoltError *error)
{
    if (!builder)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to build a schema.");
    if (failed(builder))
        return molt_error(error, builder->error.status, "%s", builder->error.text);

    for (MoltTypeId id = 0; id < builder->types.count; id++)
        settle_type(builder, type_at(builder, id));
    settle_members(builder);
    sort_by_text(builder, &builder->roots);
    sort_by_text(builder, &builder->spellings);

    MoltTables tables = {
        .size = sizeof tables,
        .version = MOLT_META_VERSION,
        .abi = builder->abi,
        .type_count = (uint32_t)builder->types.count,
        .field_count = (uint32_t)builder->fields.count,
        .enumerator_count = (uint32_t)builder->enumerators.count,
        .ref_count = (uint32_t)builder->refs.count,
        .note_count = (uint32_t)builder->notes.count,
        .root_count = (uint32_t)builder->roots.count,
        .spelling_count = (uint32_t)builder->spellings.count,
        .constant_size = (uint32_t)builder->constants.count,
        .string_size = (uint32_t)builder->strings.count,
        .types = builder->types.data,
        .fields = builder->fields.data,
        .enumerators = builder->enumerators.data,
        .refs = builder->refs.data,
        .notes = builder->notes.data,
        .roots = builder->roots.data,
        .spellings = builder->spellings.data,
        .constants = builder->constants.data,
        .strings = builder->strings.data,
    };
    return molt__schema_make(&tables, false, &builder->allocator, out, error);
}
