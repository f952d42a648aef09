#include "dump_form.h"

#include <stdlib.h>
#include <string.h>

#include "json_writer.h"

static void *resize(MoltDumpForms *forms, void *block, size_t old_size, size_t size)
{
    return forms->allocator.resize(forms->allocator.context, block, old_size, size);
}

static void *table(MoltDumpForms *forms, uint32_t count, size_t size)
{
    return resize(forms, NULL, 0, ((size_t)count + 1) * size);
}

static void free_table(MoltDumpForms *forms, void *items, uint32_t count, size_t size)
{
    if (items)
        resize(forms, items, ((size_t)count + 1) * size, 0);
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool add_text(MoltDumpForms *forms, const char *before, const char *name, const char *after,
                     MoltDumpText *out)
{
    size_t length = strlen(name), ahead = strlen(before), behind = strlen(after);
    size_t wanted = forms->text_size + ahead + 6 * length + behind + MOLT__JSON_SLACK;
    if (wanted > forms->text_room) {
        size_t room = wanted + wanted / 2 + 4096;
        char *text = room <= UINT32_MAX ? resize(forms, forms->text, forms->text_room, room) : NULL;
        if (!text)
            return false;
        forms->text = text;
        forms->text_room = room;
    }
    char *to = forms->text + forms->text_size;
    memcpy(to, before, ahead);
    size_t size = ahead + molt__json_escape(to + ahead, name, length);
    memcpy(to + size, after, behind);
    size += behind;
    memset(to + size, 0, MOLT__JSON_SLACK);
    *out = (MoltDumpText){(uint32_t)forms->text_size, (uint32_t)size};
    forms->text_size += size;
    return true;
}

/* ---- enums ----------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    const MoltDumpEnumValue *left = a, *right = b;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return (left->enumerator > right->enumerator) - (left->enumerator < right->enumerator);
}

/* Of several names for one value the first one stays. */
static void sort_values(MoltDumpForms *forms, const MoltType *type, MoltDumpForm *form)
{
    MoltDumpEnumValue *values = forms->values + type->first;
    for (uint32_t i = 0; i < type->count; i++)
        values[i] = (MoltDumpEnumValue){forms->schema->tables.enumerators[type->first + i].value,
                                        type->first + i};
    if (type->count > 0)
        qsort(values, type->count, sizeof *values, compare_values);
    form->values = type->first;
    form->value_count = 0;
    for (uint32_t i = 0; i < type->count; i++)
        if (i == 0 || values[i].value != values[form->value_count - 1].value)
            values[form->value_count++] = values[i];
}

uint32_t molt__dump_enum_value(const MoltDumpForms *forms, const MoltDumpForm *form, uint64_t value)
{
    const MoltDumpEnumValue *values = forms->values + form->values;
    uint32_t low = 0, high = form->value_count;
    if (high > 0 && value - values[0].value < high &&
        values[value - values[0].value].value == value) /* most enums count up */
        return (uint32_t)(value - values[0].value);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (values[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < form->value_count && values[low].value == value ? low : UINT32_MAX;
}

/* ---- values ---------------------------------------------------------------------------------- */

static MoltDumpCode code_of(const MoltSchema *schema, const MoltType *type)
{
    switch (type->kind) {
    case MOLT_KIND_BOOL: return MOLT__DUMP_BOOL;
    case MOLT_KIND_INT:
        return type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8
                   ? MOLT__DUMP_INTEGER
                   : MOLT__DUMP_WIDE;
    case MOLT_KIND_FLOAT: return MOLT__DUMP_FLOAT;
    case MOLT_KIND_ENUM: return MOLT__DUMP_ENUM;
    case MOLT_KIND_STRUCT: return MOLT__DUMP_STRUCT;
    case MOLT_KIND_POINTER: return MOLT__DUMP_POINTER;
    case MOLT_KIND_ARRAY:
        return molt__dump_is_char(molt_type(schema, type->elem)) ? MOLT__DUMP_TEXT
                                                                 : MOLT__DUMP_LIST;
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return MOLT__DUMP_LIST;
    default: /* of unions without a tag and of what is opaque nothing says which bytes mean something */
        return MOLT__DUMP_BYTES;
    }
}

static MoltDumpValue value_of(const MoltSchema *schema, MoltTypeId id)
{
    MoltTypeId held = molt_value_type(schema, id);
    const MoltType *type = molt_type(schema, held);
    return (MoltDumpValue){.code = (uint8_t)code_of(schema, type),
                           .is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0,
                           .type = held,
                           .field = UINT32_MAX};
}

/* Table `items` with room for `more` items behind the first `count`. */
static bool grow(MoltDumpForms *forms, void **items, uint32_t *room, uint32_t count, uint32_t more,
                 size_t size)
{
    if (*room - count >= more)
        return true;
    uint32_t wanted = (count + more) * 2;
    void *grown = resize(forms, *items, *room * size, wanted * size);
    if (!grown)
        return false;
    *items = grown;
    *room = wanted;
    return true;
}

static bool add_choice(MoltDumpForms *forms, const MoltField *field, const MoltUnionTag *tag,
                       MoltDumpValue *out)
{
    const MoltSchema *schema = forms->schema;
    const MoltDumpForm *form = &forms->types[tag->type];
    if (!grow(forms, (void **)&forms->choices, &forms->choice_room, forms->choice_count, 1,
              sizeof *forms->choices) ||
        !grow(forms, (void **)&forms->arms, &forms->arm_room, forms->arm_count, form->value_count,
              sizeof *forms->arms))
        return false;
    forms->choices[forms->choice_count] = (MoltDumpChoice){*tag, forms->arm_count};
    for (uint32_t i = 0; i < form->value_count; i++)
        forms->arms[forms->arm_count++] = molt__union_arm_of_value(
            schema, molt_type(schema, field->type), molt_type(schema, tag->type),
            forms->values[form->values + i].value);
    out->code = MOLT__DUMP_UNION;
    out->choice = forms->choice_count++;
    return true;
}

static bool make_member(MoltDumpForms *forms, const MoltType *owner, uint32_t index)
{
    const MoltSchema *schema = forms->schema;
    const MoltField *field = &schema->tables.fields[index];
    MoltDumpMember *member = &forms->members[index];
    MoltUnionTag tag;
    member->value = value_of(schema, field->type);
    member->value.field = index;
    if ((field->flags & MOLT_FIELD_BITS) != 0) {
        member->value.code = MOLT__DUMP_BITS;
    } else {
        member->value.at = field->bit_offset / 8;
        if ((field->flags & MOLT_FIELD_EXTERNAL) != 0)
            molt__dump_make_external(&member->value);
        else if (molt__union_tag(schema, owner, field, &tag) &&
                 !add_choice(forms, field, &tag, &member->value))
            return false;
    }
    return add_text(forms, ",\"", molt_string(schema, field->name), "\":", &member->key);
}

static bool make_type(MoltDumpForms *forms, MoltTypeId id)
{
    const MoltSchema *schema = forms->schema;
    const MoltType *type = molt_type(schema, id);
    MoltDumpForm *form = &forms->types[id];
    *form = (MoltDumpForm){.value = value_of(schema, id)};
    if (!add_text(forms, "", molt_type_name(schema, id), "", &form->name))
        return false;
    if (type->kind != MOLT_KIND_ENUM)
        return true;
    for (uint32_t i = type->first; i < type->first + type->count; i++)
        if (!add_text(forms, "", molt_string(schema, schema->tables.enumerators[i].name), "",
                      &forms->names[i]))
            return false;
    sort_values(forms, type, form);
    return true;
}

static bool make_members(MoltDumpForms *forms, MoltTypeId id)
{
    const MoltType *type = molt_type(forms->schema, id);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return true;
    for (uint32_t f = type->first; f < type->first + type->count; f++)
        if (!make_member(forms, type, f))
            return false;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

bool molt__dump_forms_make(MoltDumpForms *forms, const MoltSchema *schema,
                           const MoltAllocator *allocator)
{
    const MoltTables *t = &schema->tables;
    *forms = (MoltDumpForms){.schema = schema, .allocator = *allocator};
    forms->types = table(forms, t->type_count, sizeof *forms->types);
    forms->members = table(forms, t->field_count, sizeof *forms->members);
    forms->names = table(forms, t->enumerator_count, sizeof *forms->names);
    forms->values = table(forms, t->enumerator_count, sizeof *forms->values);
    bool ok = forms->types && forms->members && forms->names && forms->values;
    for (MoltTypeId id = 0; id < t->type_count && ok; id++)
        ok = make_type(forms, id);
    for (MoltTypeId id = 0; id < t->type_count && ok;
         id++) /* tags are enums: their forms are there */
        ok = make_members(forms, id);
    return ok;
}

void molt__dump_forms_free(MoltDumpForms *forms)
{
    if (!forms->schema)
        return;
    const MoltTables *t = &forms->schema->tables;
    free_table(forms, forms->types, t->type_count, sizeof *forms->types);
    free_table(forms, forms->members, t->field_count, sizeof *forms->members);
    free_table(forms, forms->names, t->enumerator_count, sizeof *forms->names);
    free_table(forms, forms->values, t->enumerator_count, sizeof *forms->values);
    if (forms->choices)
        resize(forms, forms->choices, forms->choice_room * sizeof *forms->choices, 0);
    if (forms->arms)
        resize(forms, forms->arms, forms->arm_room * sizeof *forms->arms, 0);
    if (forms->text)
        resize(forms, forms->text, forms->text_room, 0);
    *forms = (MoltDumpForms){.schema = NULL};
}
