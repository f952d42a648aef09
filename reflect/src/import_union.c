/* Tagged unions of an import. */
#include "import_state.h"

static uint32_t find_arm(const MoltImport *import, const MoltType *type, MoltJsonText name)
{
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        if (molt__json_is(name, molt_string(import->schema, import->schema->tables.fields[f].name)))
            return f;
    }
    return MOLT__NO_ARM;
}

/* Notes what was read; the tag that must agree with it may stand further on. */
static bool add_arm(MoltImport *import, const MoltField *field, uint32_t arm, size_t at)
{
    MoltImportArm *grown = molt__import_grow(import, import->arms, &import->arm_slots,
                                             import->arm_count + 1, sizeof *grown);
    if (!grown)
        return false;
    import->arms = grown;
    grown[import->arm_count++] = (MoltImportArm){field, arm, at};
    return true;
}

/* Whether the value that is next is {"bytes":"..."}, and that is no arm. */
static bool is_raw(MoltImport *import, const MoltType *type)
{
    MoltJsonReader ahead = import->reader;
    ahead.key_buffer = ahead.string_buffer = (MoltJsonBuffer){0};
    ahead.error = NULL;
    bool raw = molt__json_enter(&ahead, MOLT__JSON_OBJECT) && molt__json_next(&ahead) &&
               molt__json_is(ahead.key, "bytes") &&
               find_arm(import, type, ahead.key) == MOLT__NO_ARM;
    molt__json_release(&ahead);
    return raw;
}

static bool read_arm(MoltImport *import, const MoltType *type, unsigned char *bytes, uint32_t *arm)
{
    MoltJsonReader *reader = &import->reader;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    while (molt__json_next(reader)) {
        uint32_t found = find_arm(import, type, reader->key);
        if (found == MOLT__NO_ARM || *arm != MOLT__NO_ARM)
            return molt__json_fail_key(reader,
                                       found == MOLT__NO_ARM ? "%.200s has no such arm"
                                                             : "%.200s holds one arm only",
                                       molt_string(import->schema, type->name));
        *arm = found;
        if (!molt__import_field(import, type, &import->schema->tables.fields[found], bytes))
            return false;
    }
    return reader->status == MOLT_OK;
}

bool molt__import_union(MoltImport *import, const MoltField *field, unsigned char *object)
{
    MoltJsonReader *reader = &import->reader;
    const MoltType *type = molt_type(import->schema, field->type);
    unsigned char *bytes = object + field->bit_offset / 8;
    uint32_t arm = MOLT__NO_ARM;
    molt__json_peek(reader);
    size_t start = reader->mark;
    if (is_raw(import, type))
        return molt__import_raw(import, bytes, type->size) && add_arm(import, field, arm, start);
    if (!read_arm(import, type, bytes, &arm))
        return false;
    reader->mark = start;
    if (arm == MOLT__NO_ARM)
        return molt__json_fail(reader, MOLT_INVALID, "this must be {\"arm\":value}");
    return add_arm(import, field, arm, start);
}

static const char *arm_name(const MoltSchema *schema, uint32_t arm, const char *none)
{
    return arm == MOLT__NO_ARM ? none : molt_string(schema, schema->tables.fields[arm].name);
}

bool molt__import_check_arms(MoltImport *import, const MoltType *owner, uint64_t base,
                             const unsigned char *object)
{
    const MoltSchema *schema = import->schema;
    uint64_t end = import->arm_count;
    import->arm_count = base;
    for (uint64_t i = base; i < end; i++) {
        const MoltImportArm *arm = &import->arms[i];
        MoltUnionTag tag;
        if (!molt__union_tag(schema, owner, arm->field, &tag))
            continue;
        uint32_t active = molt__union_active(schema, &tag, arm->field, object);
        import->reader.mark = arm->at;
        if (active != arm->arm)
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "the tag %.100s selects %.100s of %.100s, not %.100s",
                                   molt_string(schema, schema->tables.fields[tag.field].name),
                                   arm_name(schema, active, "no arm"),
                                   molt_string(schema, arm->field->name),
                                   arm_name(schema, arm->arm, "bytes"));
    }
    return true;
}
