#include "pool_note.h"

#include <string.h>

#include "migration.h"
#include "tables.h"

/* The old type that has that name in one of the two schemas. */
static MoltTypeId old_type(const MoltMigration *m, const MoltSchema *schema, const char *name,
                           size_t length)
{
    MoltTypeId named = molt__schema_find_part(schema, name, length);
    return named != MOLT_NO_TYPE && schema == m->plan->after ? m->plan->origins[named] : named;
}

static const MoltNote *pool_note(const MoltSchema *schema, const MoltField *field)
{
    return molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_POOL);
}

static bool is_number(const MoltSchema *schema, MoltTypeId id)
{
    uint16_t kind = id != MOLT_NO_TYPE ? molt_type(schema, id)->kind : MOLT_KIND_VOID;
    return kind == MOLT_KIND_INT || kind == MOLT_KIND_FLOAT || kind == MOLT_KIND_BOOL;
}

/* What the note says lies behind the header, or in the whole block. */
static MoltTypeId named_type(const MoltSchema *schema, const MoltNote *pool)
{
    const char *text = molt_string(schema, pool->text), *comma = strstr(text, ", ");
    return molt__schema_find_part(schema, text, comma ? (size_t)(comma - text) : strlen(text));
}

/* Numbers are what their name says in every version, so those behind a header that one of the two has nowhere
 * else are carried along as the bytes they are. */
static void read_pool(const MoltMigration *m, const MoltSchema *schema, const MoltNote *pool,
                      MoltPoolNote *by)
{
    const char *text = molt_string(schema, pool->text), *comma = strstr(text, ", ");
    MoltTypeId named = named_type(schema, pool);
    by->type = old_type(m, schema, text, comma ? (size_t)(comma - text) : strlen(text));
    by->headed = comma != NULL;
    if (comma)
        by->header = old_type(m, schema, comma + 2, strlen(comma + 2));
    bool shared = by->type != MOLT_NO_TYPE && m->plan->types[by->type].after != MOLT_NO_TYPE;
    if (comma && !shared && is_number(schema, named))
        by->type = molt_schema_find(m->plan->before, "char");
    if (comma && by->header == MOLT_NO_TYPE)
        by->type = MOLT_NO_TYPE;
}

/* Both notes name numbers, and not the same ones. */
static bool is_renumbered(const MoltMigration *m, const MoltNote *was, const MoltNote *is)
{
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    MoltTypeId old = named_type(before, was), new = named_type(after, is);
    return is_number(before, old) && is_number(after, new) && m->plan->origins[new] != old;
}

/* What lies in a block that the heap has as bytes is known by the note alone, so one that comes off in this
 * edit is heeded once more. */
bool molt__pool_note_read(const MoltMigration *m, const MoltField *was, const MoltField *is,
                          MoltPoolNote *by)
{
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    const MoltType *type = molt_type(after, is->type);
    by->type = by->header = by->to = MOLT_NO_TYPE;
    by->renumbered = false;
    while (type->kind == MOLT_KIND_ARRAY)
        type = molt_type(after, type->elem);
    if (type->kind != MOLT_KIND_POINTER)
        return false;
    const MoltNote *pool = pool_note(after, is), *old = pool_note(before, was);
    bool counted = molt_schema_note(after, is->note_first, is->note_count, MOLT_NOTE_COUNT) != NULL;
    if (pool)
        read_pool(m, after, pool, by);
    else if (counted)
        by->type = m->plan->origins[type->elem];
    else if (old)
        read_pool(m, before, old, by);
    by->renumbered = pool && old && is_renumbered(m, old, pool);
    return pool || counted || old;
}

/* What the sources of one side say of the memory behind a pointer: of pointers to anything but structs
 * only that they are pointers. */
static bool is_told(const char *text, const MoltSchema *schema, MoltTypeId type)
{
    const char *name = type != MOLT_NO_TYPE ? molt_type_name(schema, type) : "";
    bool pointer = type != MOLT_NO_TYPE && molt_type(schema, type)->kind == MOLT_KIND_POINTER;
    size_t length = strlen(name);
    return (length > 0 && strncmp(text, name, length) == 0 && text[length] == ' ') ||
           (pointer && strncmp(text, "(pointers) ", strlen("(pointers) ")) == 0);
}

static void hear_sources(MoltPoolNote *by, const MoltSchema *schema, const MoltField *field,
                         MoltTypeId type, MoltTypeId header)
{
    const MoltNote *notes = schema->tables.notes + field->note_first;
    for (uint32_t n = 0; n < field->note_count; n++) {
        const char *text = molt_string(schema, notes[n].text);
        if (notes[n].kind != MOLT_NOTE_HOLDS)
            continue;
        if (is_told(text, schema, type))
            by->shown = true;
        else if (!is_told(text, schema, header))
            by->other = text;
    }
}

void molt__pool_note_hear(const MoltMigration *m, MoltPoolNote *by, const MoltField *was,
                          const MoltField *is)
{
    const MoltSchema *before = m->plan->before, *after = m->plan->after;
    if (by->type == MOLT_NO_TYPE)
        return;
    MoltTypeId to = was->type;
    while (molt_type(before, to)->kind == MOLT_KIND_ARRAY)
        to = molt_type(before, to)->elem;
    by->shown =
        molt_type(before, to)->kind == MOLT_KIND_POINTER && molt_type(before, to)->elem == by->type;
    hear_sources(by, before, was, by->type, by->header);
    MoltTypeId type = m->plan->types[by->type].after;
    MoltTypeId head = by->headed ? m->plan->types[by->header].after : MOLT_NO_TYPE;
    if (type != MOLT_NO_TYPE)
        hear_sources(by, after, is, type, head);
}
