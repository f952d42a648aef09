#include "annotation_check.h"

#include <string.h>

#include "index_dimension.h"
#include "pool.h"

/* Longer arrays do not follow the names of an enum. */
enum { INDEX_LIMIT = 65536 };

/* "Ant.speed"; a variable has no owner that the source names. */
static const char *path_of(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                           const MoltModelField *field)
{
    return (owner->flags & MOLT_TYPE_GLOBALS) != 0
               ? field->name
               : molt__arena_format(diagnostics->arena, "%s.%s", owner->name, field->name);
}

/* ---- pairs that exclude each other ----------------------------------------------------------- */

typedef struct Pair {
    MoltNoteKind one, other;
    const char *words, *remedy;
} Pair;

static const Pair PAIRS[] = {
    {MOLT_NOTE_REQUIRED, MOLT_NOTE_DEFAULT,
     "MOLT_REQUIRED refuses to make up a value, and MOLT_DEFAULT gives one",
     "keep the one that is meant"},
    {MOLT_NOTE_REQUIRED, MOLT_NOTE_TRANSIENT,
     "MOLT_REQUIRED asks for the old value, and MOLT_TRANSIENT never takes it",
     "keep the one that is meant"},
    {MOLT_NOTE_MOVED, MOLT_NOTE_WAS, "MOLT_MOVED and MOLT_WAS both say where the value comes from",
     "keep MOLT_MOVED, whose path has the earlier name in it, or MOLT_WAS when the field stayed in "
     "its struct"},
    {MOLT_NOTE_MOVED, MOLT_NOTE_TRANSIENT,
     "MOLT_MOVED says where the value comes from, and MOLT_TRANSIENT never takes it",
     "keep the one that is meant"},
    {MOLT_NOTE_EXTERNAL, MOLT_NOTE_POOL,
     "MOLT_EXTERNAL is for memory that is not the game's, MOLT_POOL for what its malloc gives",
     "keep the one that is meant"},
    {MOLT_NOTE_EXTERNAL, MOLT_NOTE_DEFAULT,
     "MOLT_EXTERNAL is never followed, so the text of its MOLT_DEFAULT would be lost",
     "leave the pointer NULL and set it in code"},
};

static void check_pairs(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                        const MoltModelField *field)
{
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        if (molt__model_note(&field->notes, PAIRS[i].one) != NULL &&
            molt__model_note(&field->notes, PAIRS[i].other) != NULL) {
            molt__refuse(diagnostics, field->place, PAIRS[i].remedy, "'%s': %s",
                         path_of(diagnostics, owner, field), PAIRS[i].words);
        }
    }
}

/* ---- notes and types ------------------------------------------------------------------------- */

static const MoltModelType *innermost(const MoltModelType *type)
{
    while (molt_kind_is_sequence((uint16_t)type->kind)) {
        type = type->elem;
    }
    return type;
}

/* "truncate" may stand on anything, because an array may have become its first element; the others
 * are about numbers, and "saturate" on what becomes a bool as well. An enum has no value between or
 * beyond its names, but a number may become one. */
static void check_convert(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                          const MoltModelField *field)
{
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_CONVERT);
    MoltKind kind = innermost(field->type)->kind;
    if (note == NULL || strcmp(note->text, "truncate") == 0 || kind == MOLT_KIND_INT ||
        kind == MOLT_KIND_FLOAT || kind == MOLT_KIND_ENUM ||
        (kind == MOLT_KIND_BOOL && strcmp(note->text, "saturate") == 0)) {
        return;
    }
    const char *remedy = "remove it";
    if (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION) {
        remedy = "put it on the field inside that changes";
    } else if (kind == MOLT_KIND_POINTER && innermost(field->type->elem)->kind != MOLT_KIND_VOID) {
        remedy = "remove it, or put it on what the pointer leads to";
    }
    molt__refuse(diagnostics, field->place, remedy,
                 "MOLT_CONVERT(%s) belongs on numbers; '%s' is %s", note->text,
                 path_of(diagnostics, owner, field), field->type->name);
}

static void check_pool(MoltDiagnostics *diagnostics, const MoltModelType *owner,
                       const MoltModelField *field)
{
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_POOL);
    const MoltModelType *holds = innermost(field->type);
    holds = holds->kind == MOLT_KIND_ATOMIC ? holds->elem : holds;
    if (note != NULL && holds->kind != MOLT_KIND_POINTER) {
        molt__refuse(
            diagnostics, field->place,
            "declare it as an array of that type, or allocate the memory and keep a pointer "
            "to it",
            "MOLT_POOL belongs on pointers that take memory; '%s' is %s",
            path_of(diagnostics, owner, field), field->type->name);
    }
}

/* ---- MOLT_INDEX ------------------------------------------------------------------------------ */

static bool is_negative(const MoltModelType *type, const MoltModelEnumerator *enumerator)
{
    return (type->flags & MOLT_TYPE_SIGNED) != 0 && (int64_t)enumerator->value < 0;
}

/* The last one may be the length: enum { FOOD, WOOD, GOOD_COUNT } and stock[GOOD_COUNT]. */
static bool counts_others(const MoltModelType *type, const MoltModelEnumerator *enumerator,
                          uint64_t length)
{
    return enumerator->value == length &&
           enumerator == &type->enumerators[type->enumerator_count - 1];
}

static void check_index(MoltDiagnostics *diagnostics, const MoltModel *model,
                        const MoltModelType *owner, const MoltModelField *field)
{
    const MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_INDEX);
    const MoltModelType *index = note == NULL ? NULL : molt__model_find(model, note->text);
    if (index == NULL) {
        return;
    }
    const char *path = path_of(diagnostics, owner, field);
    const MoltModelType *array = molt__index_followed(field->type, &field->notes);
    if (array != field->type && field->type->length == 0) {
        molt__refuse(diagnostics, field->place,
                     "make a struct of a row, whose array has the MOLT_INDEX, and a flexible array of "
                     "those",
                     "MOLT_INDEX(%s) of '%s': rows of a flexible array do not follow names", note->text,
                     path);
        return;
    }
    if (array->length == 0 || array->length > INDEX_LIMIT) {
        molt__refuse(diagnostics, field->place,
                     molt__arena_format(
                         diagnostics->arena,
                         "give the array one element for each enumerator, %d at most", INDEX_LIMIT),
                     "MOLT_INDEX(%s) of '%s': elements of %s do not follow names", note->text, path,
                     field->type->name);
        return;
    }
    for (uint32_t i = 0; i < index->enumerator_count; i++) {
        const MoltModelEnumerator *enumerator = &index->enumerators[i];
        if (is_negative(index, enumerator)) {
            molt__refuse(diagnostics, field->place,
                         "number the enumerators from 0, and make what stands for none a #define",
                         "MOLT_INDEX(%s) of '%s': %s is %lld, which is no index", note->text, path,
                         enumerator->name, (long long)enumerator->value);
            return;
        }
        if (enumerator->value >= array->length &&
            !counts_others(index, enumerator, array->length)) {
            molt__refuse(diagnostics, field->place,
                         "give the array an element for each enumerator; only the last one may be "
                         "its length",
                         "MOLT_INDEX(%s) of '%s': %s is %llu, and the array has %llu elements",
                         note->text, path, enumerator->name, (unsigned long long)enumerator->value,
                         (unsigned long long)array->length);
            return;
        }
    }
}

/* ---- whole types ----------------------------------------------------------------------------- */

/* MOLT_ARM says something only where the union has a tag. A union that nothing here holds may get
 * its tag in another source. */
static void check_arms(MoltDiagnostics *diagnostics, const MoltModel *model,
                       const MoltModelType *type)
{
    const MoltModelField *arm = NULL;
    bool held = false;
    for (uint32_t i = 0; i < type->field_count && arm == NULL; i++) {
        if (molt__model_note(&type->fields[i].notes, MOLT_NOTE_ARM) != NULL) {
            arm = &type->fields[i];
        }
    }
    for (uint32_t t = 0; arm != NULL && t < model->type_count; t++) {
        const MoltModelType *owner = model->types[t];
        for (uint32_t i = 0; i < owner->field_count; i++) {
            if (innermost(owner->fields[i].type) != type) {
                continue;
            }
            held = true;
            if (molt__model_note(&owner->fields[i].notes, MOLT_NOTE_TAG) != NULL) {
                return;
            }
        }
    }
    if (held) {
        molt__refuse(diagnostics, arm->place,
                     "say MOLT_TAG(kind) on the member that is the union, where kind is an enum "
                     "beside it",
                     "MOLT_ARM on '%s.%s', but the union has no tag", type->name, arm->name);
    }
}

static void check_type(MoltDiagnostics *diagnostics, const MoltModel *model,
                       const MoltModelType *type)
{
    if (type->kind == MOLT_KIND_UNION) {
        check_arms(diagnostics, model, type);
        if (molt__model_note(&type->notes, MOLT_NOTE_VERSION) != NULL) {
            molt__refuse(diagnostics, type->place, "put it on the struct that holds the union",
                         "MOLT_VERSION belongs on structs, which have hooks; '%s' is a union",
                         type->name);
        }
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        const MoltModelField *field = &type->fields[i];
        check_pairs(diagnostics, type, field);
        check_convert(diagnostics, type, field);
        check_pool(diagnostics, type, field);
        check_index(diagnostics, model, type, field);
    }
}

void molt__annotations_check(MoltDiagnostics *diagnostics, const MoltModel *model)
{
    for (uint32_t i = 0; i < model->payload_first; i++) {
        check_type(diagnostics, model, model->types[i]);
    }
}

/* ---- climbing ---------------------------------------------------------------------------------- */

static MoltTypeId innermost_of(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind)) {
        id = molt_type(schema, id)->elem;
    }
    return id;
}

static bool is_record(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
}

/* Whether one of that type may stand in a struct, which stands in another one, and so on. What a pointer
 * leads to counts: an edit may have made it a block of its own, and its old place is meant. */
static bool is_held(const MoltSchema *schema, MoltTypeId id, uint32_t levels)
{
    bool held = levels == 0;
    for (MoltTypeId t = 0; t < schema->tables.type_count && !held; t++) {
        const MoltType *type = molt_type(schema, t);
        bool holds = false;
        for (uint32_t f = 0; is_record(type) && f < type->count && !holds; f++) {
            MoltTypeId held_type =
                innermost_of(schema, schema->tables.fields[type->first + f].type);
            if (molt_type(schema, held_type)->kind == MOLT_KIND_POINTER) {
                held_type = innermost_of(schema, molt_type(schema, held_type)->elem);
            }
            holds = held_type == id;
        }
        held = holds && is_held(schema, t, levels - 1);
    }
    return held;
}

static void check_climb(MoltDiagnostics *diagnostics, const MoltSchema *schema, const char *base,
                        MoltTypeId id, const MoltField *field)
{
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_MOVED);
    const char *path = note == NULL ? "" : molt_string(schema, note->text);
    uint32_t climbs = 0;
    for (; *path == '^'; path += path[1] == '.' ? 2 : 1) {
        climbs++;
    }
    uint32_t depth = climbs;
    while (!is_held(schema, id, depth)) {
        depth--;
    }
    if (depth < climbs) {
        const char *file = molt_string(schema, molt_type(schema, id)->file);
        MoltPlace place = {.file = molt__arena_format(diagnostics->arena, "%s/%s", base, file),
                           .line = field->line};
        molt__refuse(diagnostics, place,
                     "each ^ leads to the struct that holds this one: write as many as "
                     "there are",
                     "MOLT_MOVED(%s) of '%s.%s' climbs %u times, but there %s around it",
                     molt_string(schema, note->text), molt_type_name(schema, id),
                     molt_string(schema, field->name), climbs,
                     depth == 0 ? "is no struct"
                     : depth == 1
                         ? "is one struct"
                         : molt__arena_format(diagnostics->arena, "are %u structs", depth));
    }
}

void molt__climbs_check(MoltDiagnostics *diagnostics, const MoltSchema *schema, const char *base)
{
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const MoltType *type = molt_type(schema, id);
        for (uint32_t f = 0; is_record(type) && f < type->count; f++) {
            check_climb(diagnostics, schema, base, id, &schema->tables.fields[type->first + f]);
        }
    }
}

/* ---- MOLT_POOL ------------------------------------------------------------------------------- */

/* Where a member is declared; of a variable, its name begins with its file. */
static MoltPlace place_of(MoltArena *arena, const MoltSchema *schema, const char *base,
                          const char *source, MoltTypeId id, const MoltField *field)
{
    const char *file = molt_string(schema, molt_type(schema, id)->file);
    const char *name = molt_string(schema, field->name);
    size_t length = strcspn(name, ":");
    if ((molt_type(schema, id)->flags & MOLT_TYPE_GLOBALS) != 0) {
        file = name[length] == ':' ? molt__arena_copy(arena, name, length) : "";
    }
    if (file[0] != '\0') {
        source = molt__arena_format(arena, "%s/%s", base, file);
    }
    return (MoltPlace){.file = source, .line = field->line};
}

/* Its size is needed: a struct that is only declared will not do. */
static bool is_defined(const MoltSchema *schema, const char *name)
{
    MoltTypeId id = molt_schema_find(schema, name);
    return name[0] == '\0' || (id != MOLT_NO_TYPE && molt_type(schema, id)->size > 0);
}

void molt__pools_check(MoltDiagnostics *diagnostics, const MoltSchema *schema, const char *base,
                       const char *source)
{
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const MoltType *type = molt_type(schema, id);
        for (uint32_t f = 0; is_record(type) && f < type->count; f++) {
            const MoltField *field = &schema->tables.fields[type->first + f];
            const MoltNote *note =
                molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_POOL);
            if (note == NULL) {
                continue;
            }
            MoltPoolNames names =
                molt__pool_names(diagnostics->arena, molt_string(schema, note->text));
            bool known = is_defined(schema, names.type);
            if (!known || !is_defined(schema, names.header)) {
                molt__refuse(
                    diagnostics, place_of(diagnostics->arena, schema, base, source, id, field),
                    "name a struct, union or typedef that a source of the game defines",
                    "MOLT_POOL(%s): there is no such type", known ? names.header : names.type);
            }
        }
    }
}
