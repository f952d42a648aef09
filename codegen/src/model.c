#include "model.h"

#include <molt/builder.h>
#include <string.h>

#include "path.h"

MoltModelType *molt__model_find(const MoltModel *model, const char *name)
{
    for (uint32_t i = 0; i < model->type_count; i++) {
        if (strcmp(model->types[i]->name, name) == 0) {
            return model->types[i];
        }
    }
    return NULL;
}

MoltModelType *molt__model_add(MoltModel *model, const char *prefix, const char *suffix)
{
    MoltModelType *type = molt__arena_alloc(model->arena, sizeof *type);
    type->name = molt__arena_format(model->arena, "%s%s", prefix, suffix);
    type->prefix = molt__arena_copy(model->arena, prefix, strlen(prefix));
    type->suffix = molt__arena_copy(model->arena, suffix, strlen(suffix));
    type->cursor = clang_getNullCursor();
    type->id = MOLT_NO_TYPE;
    model->types = molt__arena_grow(model->arena, model->types, model->type_count,
                                    &model->type_capacity, sizeof *model->types);
    model->types[model->type_count++] = type;
    return type;
}

void molt__model_add_root(MoltModel *model, const char *name, MoltModelType *type)
{
    model->roots = molt__arena_grow(model->arena, model->roots, model->root_count,
                                    &model->root_capacity, sizeof *model->roots);
    model->roots[model->root_count++] = (MoltModelSpelling){name, type};
}

MoltModelField *molt__model_add_field(MoltModel *model, MoltModelType *owner)
{
    owner->fields = molt__arena_grow(model->arena, owner->fields, owner->field_count,
                                     &owner->field_capacity, sizeof *owner->fields);
    MoltModelField *field = &owner->fields[owner->field_count++];
    *field = (MoltModelField){0};
    return field;
}

MoltModelEnumerator *molt__model_add_enumerator(MoltModel *model, MoltModelType *owner)
{
    owner->enumerators =
        molt__arena_grow(model->arena, owner->enumerators, owner->enumerator_count,
                         &owner->enumerator_capacity, sizeof *owner->enumerators);
    MoltModelEnumerator *enumerator = &owner->enumerators[owner->enumerator_count++];
    *enumerator = (MoltModelEnumerator){0};
    return enumerator;
}

MoltModelNote *molt__model_add_note(MoltArena *arena, MoltModelNotes *notes, MoltNoteKind kind,
                                    const char *text)
{
    notes->items = molt__arena_grow(arena, notes->items, notes->count, &notes->capacity,
                                    sizeof *notes->items);
    MoltModelNote *note = &notes->items[notes->count++];
    *note = (MoltModelNote){.kind = kind, .text = text};
    return note;
}

MoltModelNote *molt__model_note(const MoltModelNotes *notes, MoltNoteKind kind)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        if (notes->items[i].kind == kind) {
            return &notes->items[i];
        }
    }
    return NULL;
}

/* ---- model to schema ------------------------------------------------------------------------- */

/* By kind, notes of one kind in the order of the source: a schema read back from JSON has them so,
 * and equal sources must give equal tables either way. */
static void sort_notes(const MoltModelNotes *notes)
{
    for (uint32_t i = 1; i < notes->count; i++) {
        MoltModelNote moved = notes->items[i];
        uint32_t k = i;
        for (; k > 0 && notes->items[k - 1].kind > moved.kind; k--) {
            notes->items[k] = notes->items[k - 1];
        }
        notes->items[k] = moved;
    }
}

static uint32_t build_notes(const MoltModel *model, MoltBuilder *builder,
                            const MoltModelNotes *notes)
{
    if (notes->count == 0) {
        return 0;
    }
    sort_notes(notes);
    MoltNote *built = molt__arena_alloc(model->arena, notes->count * sizeof *built);
    for (uint32_t i = 0; i < notes->count; i++) {
        const MoltModelNote *note = &notes->items[i];
        built[i].kind = (uint32_t)note->kind;
        built[i].text = molt_builder_string(builder, note->text);
        if (note->size > 0) {
            built[i].constant = molt_builder_add_constant(builder, note->bytes, note->size);
            built[i].constant_size = note->size;
        }
    }
    return molt_builder_add_notes(builder, built, notes->count);
}

static void build_fields(const MoltModel *model, MoltBuilder *builder, const MoltModelType *type)
{
    MoltField *fields = molt__arena_alloc(model->arena, type->field_count * sizeof *fields);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const MoltModelField *field = &type->fields[i];
        fields[i] = (MoltField){
            .name = molt_builder_string(builder, field->name),
            .type = field->type->id,
            .bit_offset = field->bit_offset,
            .bit_width = field->bit_width,
            .flags = field->flags,
            .note_first = build_notes(model, builder, &field->notes),
            .note_count = field->notes.count,
            .line = field->place.line,
        };
    }
    molt_builder_set_fields(builder, type->id, fields, type->field_count);
}

static void build_enumerators(const MoltModel *model, MoltBuilder *builder,
                              const MoltModelType *type)
{
    MoltEnumerator *enumerators =
        molt__arena_alloc(model->arena, type->enumerator_count * sizeof *enumerators);
    for (uint32_t i = 0; i < type->enumerator_count; i++) {
        const MoltModelEnumerator *enumerator = &type->enumerators[i];
        bool fallback = molt__model_note(&enumerator->notes, MOLT_NOTE_FALLBACK) != NULL;
        enumerators[i] = (MoltEnumerator){
            .name = molt_builder_string(builder, enumerator->name),
            .flags = fallback ? MOLT_ENUMERATOR_FALLBACK : 0,
            .value = enumerator->value,
            .note_first = build_notes(model, builder, &enumerator->notes),
            .note_count = enumerator->notes.count,
        };
    }
    molt_builder_set_enumerators(builder, type->id, enumerators, type->enumerator_count);
}

static void build_params(const MoltModel *model, MoltBuilder *builder, const MoltModelType *type)
{
    MoltTypeId *params = molt__arena_alloc(model->arena, type->param_count * sizeof *params);
    for (uint32_t i = 0; i < type->param_count; i++) {
        params[i] = type->params[i]->id;
    }
    molt_builder_set_params(builder, type->id, params, type->param_count);
}

static void build_members(const MoltModel *model, MoltBuilder *builder, const MoltModelType *type)
{
    molt_builder_type(builder, type->id)->elem =
        type->elem == NULL ? MOLT_NO_TYPE : type->elem->id;
    if (type->field_count > 0) {
        build_fields(model, builder, type);
    }
    if (type->enumerator_count > 0) {
        build_enumerators(model, builder, type);
    }
    if (type->param_count > 0) {
        build_params(model, builder, type);
    }
    if (type->notes.count > 0) {
        uint32_t first = build_notes(model, builder, &type->notes);
        molt_builder_set_notes(builder, type->id, first, type->notes.count);
    }
}

MoltStatus molt__model_to_schema(const MoltModel *model, const char *base, MoltSchema **out,
                                 MoltError *error)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    if (builder == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the schema.");
    }
    molt_builder_set_abi(builder, model->abi);
    for (uint32_t i = 0; i < model->type_count; i++) {
        MoltModelType *type = model->types[i];
        const char *file = molt__path_recorded(model->arena, base, type->place.file);
        type->id = molt_builder_add_type(
            builder, &(MoltType){
                         .name = molt_builder_string(builder, type->name),
                         .kind = (uint16_t)type->kind,
                         .flags = (uint16_t)type->flags,
                         .size = type->size,
                         .align = type->align,
                         .elem = MOLT_NO_TYPE,
                         .length = type->length,
                         .file = molt_builder_string(builder, file),
                         .line = type->place.file == NULL ? 0 : type->place.line,
                     });
    }
    for (uint32_t i = 0; i < model->type_count; i++) {
        build_members(model, builder, model->types[i]);
    }
    for (uint32_t i = 0; i < model->root_count; i++) {
        molt_builder_add_root(builder, model->roots[i].text, model->roots[i].type->id);
    }
    for (uint32_t i = 0; i < model->spelling_count; i++) {
        molt_builder_add_spelling(builder, model->spellings[i].text, model->spellings[i].type->id);
    }
    MoltStatus status = molt_builder_finish(builder, out, error);
    molt_builder_destroy(builder);
    return status;
}
