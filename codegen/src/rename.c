#include "rename.h"

#include <string.h>

/* One declaration among its siblings: the fields of a record, the enumerators of an enum, the
 * types. */
typedef struct Member {
    const char *name;
    const MoltModelNotes *notes;
    MoltPlace place;
} Member;

/* Siblings in which names are looked up, and how messages call them. */
typedef struct Group {
    const Member *members;
    uint32_t count;
    const char *owner; /* "Ant.", or "" for types */
} Group;

static bool claims(const Member *member, const char *name)
{
    for (uint32_t i = 0; i < member->notes->count; i++) {
        const MoltModelNote *note = &member->notes->items[i];
        if (note->kind == MOLT_NOTE_WAS && strcmp(note->text, name) == 0) {
            return true;
        }
    }
    return false;
}

static const Member *find_member(const Group *group, const char *name)
{
    for (uint32_t i = 0; i < group->count; i++) {
        if (strcmp(group->members[i].name, name) == 0) {
            return &group->members[i];
        }
    }
    return NULL;
}

static void check_name(MoltDiagnostics *diagnostics, const Group *group, const Member *member,
                       const char *name)
{
    const Member *present = find_member(group, name);
    if (present == member) {
        molt__refuse(diagnostics, member->place, "name what it was called before",
                     "'%s%s' has the earlier name it has now", group->owner, name);
    }
    for (uint32_t i = 0; i < group->count && &group->members[i] != member; i++) {
        if (claims(&group->members[i], name)) {
            molt__refuse(diagnostics, member->place, "keep MOLT_WAS on one of them",
                         "'%s%s' and '%s%s' both claim the earlier name '%s'", group->owner,
                         group->members[i].name, group->owner, member->name, name);
        }
    }
}

static void check_group(MoltDiagnostics *diagnostics, const Group *group)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const Member *member = &group->members[i];
        for (uint32_t k = 0; k < member->notes->count; k++) {
            if (member->notes->items[k].kind == MOLT_NOTE_WAS) {
                check_name(diagnostics, group, member, member->notes->items[k].text);
            }
        }
    }
}

/* ---- groups of a model ----------------------------------------------------------------------- */

static uint32_t member_count(const MoltModelType *type)
{
    return type->kind == MOLT_KIND_ENUM ? type->enumerator_count : type->field_count;
}

static Group members_of(const MoltModel *model, const MoltModelType *type)
{
    Member *members = molt__arena_alloc(model->arena, member_count(type) * sizeof *members);
    for (uint32_t i = 0; i < member_count(type); i++) {
        if (type->kind == MOLT_KIND_ENUM) {
            const MoltModelEnumerator *enumerator = &type->enumerators[i];
            members[i] = (Member){enumerator->name, &enumerator->notes, enumerator->place};
        } else {
            const MoltModelField *field = &type->fields[i];
            members[i] = (Member){field->name, &field->notes, field->place};
        }
    }
    return (Group){members, member_count(type),
                   molt__arena_format(model->arena, "%s.", type->name)};
}

static bool is_declared(const MoltModelType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION ||
           type->kind == MOLT_KIND_ENUM;
}

static Group types_of(const MoltModel *model)
{
    Member *members = molt__arena_alloc(model->arena, model->type_count * sizeof *members);
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->type_count; i++) {
        const MoltModelType *type = model->types[i];
        if (is_declared(type)) {
            members[count++] = (Member){type->name, &type->notes, type->place};
        }
    }
    return (Group){members, count, ""};
}

/* ---- recorded schemas ------------------------------------------------------------------------ */

static bool schema_notes_name(const MoltSchema *schema, MoltNoteKind kind, uint32_t first,
                              uint32_t count, const char *name)
{
    for (uint32_t i = first; i < first + count; i++) {
        const MoltNote *note = &schema->tables.notes[i];
        if (note->kind == (uint32_t)kind && strcmp(molt_string(schema, note->text), name) == 0) {
            return true;
        }
    }
    return false;
}

/* A type that is, or was, called so. */
static bool schema_type_named(const MoltSchema *schema, MoltTypeId id, const char *name)
{
    const MoltType *type = molt_type(schema, id);
    const char *recorded = molt_type_name(schema, id);
    const char *file = molt_string(schema, type->file);
    size_t length = strlen(file);
    /* "ground.c:Cell" is what ground.c calls Cell. */
    if (length > 0 && strncmp(recorded, file, length) == 0 && recorded[length] == ':') {
        recorded += length + 1;
    }
    return strcmp(recorded, name) == 0 || strcmp(molt_type_name(schema, id), name) == 0 ||
           schema_notes_name(schema, MOLT_NOTE_WAS, type->note_first, type->note_count, name);
}

static bool schema_has_member(const MoltSchema *schema, MoltTypeId id, const char *name)
{
    const MoltType *type = molt_type(schema, id);
    if (schema_notes_name(schema, MOLT_NOTE_REMOVED, type->note_first, type->note_count, name)) {
        return true;
    }
    for (uint32_t i = type->first; i < type->first + type->count; i++) {
        if (type->kind == MOLT_KIND_ENUM) {
            const MoltEnumerator *e = &schema->tables.enumerators[i];
            if (strcmp(molt_string(schema, e->name), name) == 0 ||
                schema_notes_name(schema, MOLT_NOTE_WAS, e->note_first, e->note_count, name)) {
                return true;
            }
        } else if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
            const MoltField *field = &schema->tables.fields[i];
            if (strcmp(molt_string(schema, field->name), name) == 0 ||
                schema_notes_name(schema, MOLT_NOTE_WAS, field->note_first, field->note_count,
                                  name)) {
                return true;
            }
        }
    }
    return false;
}

/* What `type` was recorded as: by its name or one of its earlier names. */
static bool is_recorded_as(const MoltSchema *schema, MoltTypeId id, const MoltModelType *type)
{
    if (schema_type_named(schema, id, type->name)) {
        return true;
    }
    for (uint32_t i = 0; i < type->notes.count; i++) {
        const MoltModelNote *note = &type->notes.items[i];
        if (note->kind == MOLT_NOTE_WAS && schema_type_named(schema, id, note->text)) {
            return true;
        }
    }
    return false;
}

/* `type` NULL: a type of that name; else a member of what `type` is recorded as. */
static bool is_known(const MoltSchema *const *known, uint32_t count, const MoltModelType *type,
                     const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        for (MoltTypeId id = 0; id < known[i]->tables.type_count; id++) {
            if (type == NULL
                    ? schema_type_named(known[i], id, name)
                    : is_recorded_as(known[i], id, type) && schema_has_member(known[i], id, name)) {
                return true;
            }
        }
    }
    return false;
}

static void check_known(MoltDiagnostics *diagnostics, const Group *group, const MoltModelType *type,
                        const MoltSchema *const *known, uint32_t count)
{
    for (uint32_t i = 0; i < group->count; i++) {
        const Member *member = &group->members[i];
        for (uint32_t k = 0; k < member->notes->count; k++) {
            const MoltModelNote *note = &member->notes->items[k];
            if (note->kind == MOLT_NOTE_WAS && find_member(group, note->text) == NULL &&
                !is_known(known, count, type, note->text)) {
                molt__refuse(diagnostics, member->place,
                             "check the spelling against the recorded schema, or record the "
                             "schema that had it",
                             "'%s%s' was '%s', which no recorded schema knows", group->owner,
                             member->name, note->text);
            }
        }
    }
}

/* ---- removed names ---------------------------------------------------------------------------- */

static bool has_member(const MoltModelType *type, const char *name)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0) {
            return true;
        }
    }
    for (uint32_t i = 0; i < type->enumerator_count; i++) {
        if (strcmp(type->enumerators[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The type or the variable that a name means which is none of a member; NULL when it is. */
static const char *outside_name(const char *name, bool *is_variable)
{
    static const char *const words[] = {"struct ", "union ", "enum "};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
        if (strncmp(name, words[w], strlen(words[w])) == 0) {
            *is_variable = false;
            return name + strlen(words[w]);
        }
    }
    *is_variable = strchr(name, ':') != NULL;
    return !*is_variable ? NULL : name[0] == ':' ? name + 1 : name;
}

static bool is_removed_still_there(const MoltModel *model, const MoltModelType *type,
                                   const char *name)
{
    bool is_variable = false;
    const char *outside = outside_name(name, &is_variable);
    if (outside == NULL) {
        return has_member(type, name);
    }
    const MoltModelType *found = molt__model_find(model, is_variable ? MOLT_GLOBALS_TYPE : outside);
    return found != NULL && (!is_variable || has_member(found, outside));
}

/* Members of a union without a name count as those of the struct that holds it, so only what is about
 * the struct itself can be looked up. */
static bool is_removed_known(const MoltSchema *const *known, uint32_t count,
                             const MoltModelType *type, const char *name)
{
    bool is_variable = false;
    const char *outside = outside_name(name, &is_variable);
    for (uint32_t i = 0; i < type->field_count && outside == NULL; i++) {
        if (type->fields[i].name[0] == '<') {
            return true;
        }
    }
    if (outside == NULL) { /* a member, or a type without a name of its own such as "Ant *" */
        bool is_type = false;
        for (uint32_t i = 0; i < count && !is_type; i++) {
            is_type = molt_schema_find(known[i], name) != MOLT_NO_TYPE;
        }
        return is_type || is_known(known, count, type, name);
    }
    for (uint32_t i = 0; i < count; i++) {
        MoltTypeId id = molt_schema_find(known[i], is_variable ? MOLT_GLOBALS_TYPE : outside);
        for (uint32_t n = 0; n < known[i]->tables.note_count; n++) {
            const MoltNote *note = &known[i]->tables.notes[n];
            if (note->kind == MOLT_NOTE_REMOVED &&
                strcmp(molt_string(known[i], note->text), name) == 0) {
                return true;
            }
        }
        if (id != MOLT_NO_TYPE && (!is_variable || schema_has_member(known[i], id, outside))) {
            return true;
        }
    }
    return false;
}

static void check_removed(MoltDiagnostics *diagnostics, const MoltModel *model,
                          const MoltModelType *type, const MoltSchema *const *known, uint32_t count)
{
    for (uint32_t i = 0; i < type->notes.count; i++) {
        const MoltModelNote *note = &type->notes.items[i];
        if (note->kind != MOLT_NOTE_REMOVED) {
            continue;
        }
        if (is_removed_still_there(model, type, note->text)) {
            molt__refuse(diagnostics, type->place,
                         "take the name out of MOLT_REMOVED, or remove it",
                         "MOLT_REMOVED(\"%s\") of '%s': it is still there", note->text, type->name);
        } else if (count > 0 && !is_removed_known(known, count, type, note->text)) {
            molt__refuse(diagnostics, type->place,
                         "check the spelling against the recorded schema, or record the schema "
                         "that had it",
                         "MOLT_REMOVED(\"%s\") of '%s': no recorded schema knows it", note->text,
                         type->name);
        }
    }
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* The recorded schema has the path in what `type` was, or the note itself: then it was applied. A
 * path that climbs, and one in a struct that is new, starts in another struct: any may be it. */
static bool is_known_path(const MoltSchema *schema, const MoltModelType *type,
                          const MoltModelField *field, const char *path)
{
    const char *rest = path + strspn(path, "^.");
    bool recorded = false, found = false;
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        MoltFieldPlace place;
        bool is_it = is_recorded_as(schema, id, type);
        bool has = molt_schema_find_path(schema, id, rest, &place);
        if (is_it) {
            uint32_t same = molt_schema_find_field(schema, id, field->name);
            const MoltField *known = same == UINT32_MAX ? NULL : &schema->tables.fields[same];
            const MoltNote *note = known == NULL
                                       ? NULL
                                       : molt_schema_note(schema, known->note_first,
                                                          known->note_count, MOLT_NOTE_MOVED);
            if (note != NULL && strcmp(molt_string(schema, note->text), path) == 0) {
                return true;
            }
        }
        recorded = recorded || is_it;
        found = found || (has && (is_it || rest > path));
    }
    if (!recorded || type->kind == MOLT_KIND_UNION) {
        for (MoltTypeId id = 0; id < schema->tables.type_count && !found; id++) {
            MoltFieldPlace place;
            found = molt_schema_find_path(schema, id, rest, &place);
        }
    }
    return found;
}

static void check_path(MoltDiagnostics *diagnostics, const MoltModelType *type,
                       const MoltModelField *field, const MoltSchema *const *known, uint32_t count)
{
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_MOVED);
    for (uint32_t i = 0; note != NULL && i < count; i++) {
        if (is_known_path(known[i], type, field, note->text)) {
            return;
        }
    }
    if (note != NULL) {
        molt__refuse(diagnostics, field->place,
                     "check the path against the recorded schema, or record the schema that had "
                     "it",
                     "'%s.%s' moved from '%s', which no recorded schema has", type->name,
                     field->name, note->text);
    }
}

void molt__renames_check(MoltDiagnostics *diagnostics, const MoltModel *model,
                         const MoltSchema *const *known, uint32_t known_count)
{
    Group types = types_of(model);
    check_group(diagnostics, &types);
    if (known_count > 0) {
        check_known(diagnostics, &types, NULL, known, known_count);
    }
    for (uint32_t i = 0; i < model->type_count; i++) {
        if (is_declared(model->types[i])) {
            Group members = members_of(model, model->types[i]);
            check_group(diagnostics, &members);
            check_removed(diagnostics, model, model->types[i], known, known_count);
            if (known_count > 0) {
                check_known(diagnostics, &members, model->types[i], known, known_count);
                for (uint32_t k = 0; k < model->types[i]->field_count; k++) {
                    check_path(diagnostics, model->types[i], &model->types[i]->fields[k], known,
                               known_count);
                }
            }
        }
    }
}
