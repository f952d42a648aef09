#include "flexible.h"

#include <string.h>

static bool is_flexible(const MoltModelType *type)
{
    return type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
}

const MoltModelField *molt__flexible_tail(const MoltModelType *type)
{
    if (type->kind != MOLT_KIND_STRUCT || type->field_count == 0) {
        return NULL;
    }
    const MoltModelField *last = &type->fields[type->field_count - 1];
    return is_flexible(last->type) ? last : NULL;
}

/* What an element, an _Atomic value or a field is in the end. */
static const MoltModelType *innermost(const MoltModelType *type)
{
    while (molt_kind_is_sequence((uint16_t)type->kind)) {
        type = type->elem;
    }
    return type;
}

static void check_count(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                        const MoltModelField *field)
{
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_COUNT);
    if (note == NULL) {
        return;
    }
    if (field->type->kind != MOLT_KIND_POINTER && !is_flexible(field->type)) {
        molt__refuse(diagnostics, field->place, "remove it",
                     "MOLT_COUNT belongs on pointers and flexible arrays; '%s.%s' is %s",
                     owner->name, field->name, field->type->name);
        return;
    }
    for (uint32_t i = 0; i < owner->field_count; i++) {
        const MoltModelType *type = owner->fields[i].type;
        type = type->kind == MOLT_KIND_ATOMIC ? type->elem : type;
        if (strcmp(owner->fields[i].name, note->text) == 0 && type->kind == MOLT_KIND_INT) {
            return;
        }
    }
    molt__refuse(diagnostics, field->place, "name the integer beside it that counts its elements",
                 "MOLT_COUNT(%s) of '%s.%s' names no integer field of '%s'", note->text,
                 owner->name, field->name, owner->name);
}

void molt__flexible_check_record(MoltDiagnostics *diagnostics, const MoltModelType *type)
{
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION) {
        return;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const MoltModelField *field = &type->fields[i];
        bool last = type->kind == MOLT_KIND_STRUCT && i + 1 == type->field_count;
        if (is_flexible(field->type) && (!last || field->bit_offset == 0)) {
            molt__refuse(diagnostics, field->place,
                         "make it the last of several members of a struct, or a pointer to "
                         "molt_new_array(T, n)",
                         "'%s.%s': an array without a length cannot stand here", type->name,
                         field->name);
        }
        const MoltModelType *held = innermost(field->type);
        if (molt__flexible_tail(held) != NULL) {
            molt__refuse(diagnostics, field->place,
                         "hold a pointer to what molt_new_flexible makes",
                         "'%s.%s' holds '%s' by value, whose flexible array would have no room",
                         type->name, field->name, held->name);
        }
        check_count(diagnostics, type, field);
    }
}

void molt__flexible_check_site(MoltDiagnostics *diagnostics, const MoltFlexibleSite *site)
{
    const MoltModelType *held = innermost(site->type);
    const MoltModelField *tail = molt__flexible_tail(held);
    if (site->member == NULL && tail != NULL) {
        molt__refuse(diagnostics, site->place,
                     molt__arena_format(diagnostics->arena, "use molt_new_flexible(%s, %s, n)",
                                        held->name, tail->name),
                     "'%s' ends in a flexible array: without a count it has no room", held->name);
    } else if (site->member != NULL &&
               (tail == NULL || held != site->type || strcmp(tail->name, site->member) != 0)) {
        molt__refuse(diagnostics, site->place,
                     "name the array without a length at the end of a struct; for arrays of "
                     "objects use molt_new_array(T, n)",
                     "'%s.%s' is no flexible array member", site->type->name, site->member);
    }
}
