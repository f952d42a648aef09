#include "tagged_union.h"

#include <string.h>
#include <strings.h>

#include "translation_unit.h"

/* ---- unions that hold pointers --------------------------------------------------------------- */

static const MoltModelType *element_of(const MoltModelType *type)
{
    while (molt_kind_is_sequence((uint16_t)type->kind)) {
        type = type->elem;
    }
    return type;
}

/* Pointers that Molt follows; recurses along types that hold each other by value. */
static bool holds_pointer(const MoltModelType *type)
{
    type = element_of(type);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION) {
        return type->kind == MOLT_KIND_POINTER;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!(type->fields[i].flags & MOLT_FIELD_EXTERNAL) &&
            holds_pointer(type->fields[i].type)) {
            return true;
        }
    }
    return false;
}

static void check_untagged(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                           const MoltModelField *field)
{
    const MoltModelType *type = element_of(field->type);
    if (type->kind != MOLT_KIND_UNION || !holds_pointer(type)) {
        return;
    }
    const char *remedy = "annotate the member with MOLT_TAG(kind), where kind is an enum beside it";
    if (owner->kind == MOLT_KIND_UNION) {
        remedy = "put the inner union and its tag into a struct";
    } else if (field->type->kind == MOLT_KIND_ARRAY) {
        remedy = "make it an array of structs that hold the union and its tag";
    }
    molt__refuse(diagnostics, field->place, remedy,
                 "'%s.%s': a union that holds pointers needs a tag that says which arm is active",
                 owner->name, field->name);
}

/* Of a header that nobody can annotate: its layout stays, and so do blocks of it. */
static bool is_of_system(const MoltModelType *type)
{
    return !clang_Cursor_isNull(type->cursor) && molt__is_system(type->cursor);
}

static void check_allocated(MoltDiagnostics *diagnostics, const MoltModelType *type)
{
    const MoltModelType *element = element_of(type);
    if (element->kind == MOLT_KIND_UNION && holds_pointer(element) && !is_of_system(element)) {
        molt__refuse(diagnostics, element->place, "put it and its tag into a struct",
                     "'%s': objects of a union that holds pointers have no tag", element->name);
    }
}

/* ---- tags and arms --------------------------------------------------------------------------- */

static const MoltModelField *find_tag(const MoltModelType *owner, const char *name)
{
    for (uint32_t i = 0; i < owner->field_count; i++) {
        if (strcmp(owner->fields[i].name, name) == 0) {
            return &owner->fields[i];
        }
    }
    return NULL;
}

/* Place of an arm's enumerator in the enum; enumerator_count when it has none. */
static uint32_t enumerator_of(const MoltModelType *tag, const MoltModelType *type, uint32_t arm)
{
    const MoltModelNote *note = molt__model_note(&type->fields[arm].notes, MOLT_NOTE_ARM);
    if (note == NULL) {
        return arm < tag->enumerator_count ? arm : tag->enumerator_count;
    }
    uint32_t found = 0;
    while (found < tag->enumerator_count && strcmp(tag->enumerators[found].name, note->text) != 0) {
        found++;
    }
    return found;
}

static void check_arm(MoltDiagnostics *diagnostics, const MoltModelType *tag,
                      const MoltModelType *type, uint32_t arm)
{
    const MoltModelField *field = &type->fields[arm];
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_ARM);
    uint32_t place = enumerator_of(tag, type, arm);
    if (place == tag->enumerator_count) {
        if (note != NULL) {
            molt__refuse(diagnostics, field->place, "name an enumerator of the union's tag",
                         "MOLT_ARM(%s) of '%s.%s': %s has no such enumerator", note->text,
                         type->name, field->name, tag->name);
        } else {
            molt__refuse(diagnostics, field->place,
                         "add its enumerator, or name one with MOLT_ARM(ENUMERATOR)",
                         "'%s.%s' is arm %u, but %s has %u enumerators", type->name, field->name,
                         arm + 1, tag->name, tag->enumerator_count);
        }
        return;
    }
    for (uint32_t other = 0; other < arm; other++) {
        uint32_t taken = enumerator_of(tag, type, other);
        if (taken < tag->enumerator_count &&
            tag->enumerators[taken].value == tag->enumerators[place].value) {
            molt__refuse(diagnostics, field->place,
                         "name the enumerator of each arm with MOLT_ARM(ENUMERATOR)",
                         "'%s.%s' and '%s.%s' are both selected by %s", type->name,
                         type->fields[other].name, type->name, field->name,
                         tag->enumerators[place].name);
        }
    }
}

/* K_TEXT and TEXT are the names that an arm called text would be selected by. */
static bool is_called(const MoltModelEnumerator *enumerator, const char *arm)
{
    size_t length = strlen(enumerator->name), tail = strlen(arm);
    return tail > 1 && length >= tail &&
           (length == tail || enumerator->name[length - tail - 1] == '_') &&
           strcasecmp(enumerator->name + length - tail, arm) == 0;
}

/* A first enumerator for none, and each arm is selected by the one before its own: the live values would be
 * read as what they are not, and no later edit could tell. MOLT_ARM says what is meant. */
static void check_place(MoltDiagnostics *diagnostics, const MoltModelType *tag,
                        const MoltModelType *type, uint32_t arm)
{
    const MoltModelField *field = &type->fields[arm];
    if (molt__model_note(&field->notes, MOLT_NOTE_ARM) != NULL ||
        arm >= tag->enumerator_count || is_called(&tag->enumerators[arm], field->name)) {
        return;
    }
    for (uint32_t e = 0; e < tag->enumerator_count; e++) {
        if (is_called(&tag->enumerators[e], field->name)) {
            molt__refuse(diagnostics, field->place,
                         "name the enumerator of each arm with MOLT_ARM(ENUMERATOR)",
                         "'%s.%s' is selected by %s, by its place, but %s has its name",
                         type->name, field->name, tag->enumerators[arm].name,
                         tag->enumerators[e].name);
            return;
        }
    }
}

static void check_tagged(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                         const MoltModelField *field, const char *name)
{
    if (owner->kind != MOLT_KIND_STRUCT || field->type->kind != MOLT_KIND_UNION) {
        molt__refuse(diagnostics, field->place,
                     "put the union and its tag into a struct, and the annotation on the union",
                     "MOLT_TAG belongs on a union in a struct; '%s.%s' is %s", owner->name,
                     field->name, field->type->name);
        return;
    }
    const MoltModelField *tag = find_tag(owner, name);
    if (tag == NULL) {
        molt__refuse(diagnostics, field->place, "name a field of the struct that holds the union",
                     "MOLT_TAG(%s) of '%s.%s': there is no field '%s' beside it", name,
                     owner->name, field->name, name);
        return;
    }
    const MoltModelType *tags =
        tag->type->kind == MOLT_KIND_ATOMIC ? tag->type->elem : tag->type;
    if (tags->kind != MOLT_KIND_ENUM || (tags->flags & MOLT_TYPE_FLAGS)) {
        molt__refuse(diagnostics, field->place,
                     "declare the tag as an enum with one enumerator for each arm",
                     "MOLT_TAG(%s) of '%s.%s': '%s' is %s%s", name, owner->name, field->name, name,
                     tags->name, tags->kind == MOLT_KIND_ENUM ? ", a set of flags" : "");
        return;
    }
    for (uint32_t arm = 0; arm < field->type->field_count; arm++) {
        check_arm(diagnostics, tags, field->type, arm);
        check_place(diagnostics, tags, field->type, arm);
    }
}

/* ---- the model ------------------------------------------------------------------------------- */

static void check_field(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                        const MoltModelField *field)
{
    const MoltModelNote *tag = molt__model_note(&field->notes, MOLT_NOTE_TAG);
    if (tag != NULL) {
        check_tagged(diagnostics, owner, field, tag->text);
    } else {
        check_untagged(diagnostics, owner, field);
    }
    if (owner->kind == MOLT_KIND_STRUCT && molt__model_note(&field->notes, MOLT_NOTE_ARM) != NULL) {
        molt__refuse(diagnostics, field->place, "put it on a member of the union",
                     "MOLT_ARM belongs on the arms of a union; '%s.%s' is a field of a struct",
                     owner->name, field->name);
    }
}

void molt__unions_check(MoltDiagnostics *diagnostics, const MoltModel *model)
{
    for (uint32_t i = 0; i < model->payload_first; i++) {
        const MoltModelType *type = model->types[i];
        if ((type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION) ||
            is_of_system(type)) {
            continue;
        }
        for (uint32_t k = 0; k < type->field_count; k++) {
            check_field(diagnostics, type, &type->fields[k]);
        }
    }
    for (uint32_t i = 0; i < model->spelling_count; i++) {
        check_allocated(diagnostics, model->spellings[i].type);
    }
    for (uint32_t i = 0; i < model->root_count; i++) {
        check_allocated(diagnostics, model->roots[i].type);
    }
}
