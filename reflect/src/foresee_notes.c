/* What the generator found in the sources of the older version: numbers computed from layouts, addresses as
 * keys of tables, values in memory without a type. A hook of the struct that has them sees to it. */
#include <stdio.h>
#include <string.h>

#include "foresight.h"

/* An integer that the sources compute from a layout which is another one now. */
static void foresee_sized(const MoltForesight *f, MoltTypeId owner, uint32_t field)
{
    const MoltPlan *plan = f->plan;
    const MoltField *member = &plan->before->tables.fields[field];
    uint32_t was, is;
    char path[300], value[400];
    for (uint32_t n = member->note_first; n < member->note_first + member->note_count; n++) {
        const MoltNote *note = &plan->before->tables.notes[n];
        const char *text = molt_string(plan->before, note->text);
        if (note->kind != MOLT_NOTE_SIZED || !molt__stored_size_read(plan, text, &was, &is))
            continue;
        molt__field_path(plan->before, owner, field, path, sizeof path);
        molt__stored_size_text(text, was, is, value, sizeof value);
        bool changes = plan->types[owner].fate == MOLT_FATE_CHANGED; /* else no hook is called */
        molt__foresee_type(f, MOLT_RULE_STORED_SIZE, MOLT_LOSS, path, value,
                           changes
                               ? "keep the layout, or let a hook of the struct that has the number "
                                 "compute it anew"
                               : "keep the layout");
    }
}

static void foresee_hashed(const MoltForesight *f, MoltTypeId id, const char *place)
{
    char value[300];
    if (f->plan->types[id].fate != MOLT_FATE_CHANGED)
        return;
    snprintf(value, sizeof value,
             "%s computes a place in a table from their addresses, which change", place);
    molt__foresee_type(f, MOLT_RULE_ADDRESS_HASHED, MOLT_LOSS, molt_type_name(f->plan->before, id),
                       value, "keep the layout, or let a hook of the struct see to the table");
}

/* Some pointer of the new code says that what it leads to is of that type. */
static bool is_pooled(const MoltSchema *schema, const char *name)
{
    size_t length = strlen(name);
    for (uint32_t n = 0; n < schema->tables.note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        const char *text = molt_string(schema, note->text);
        if (note->kind == MOLT_NOTE_POOL && strncmp(text, name, length) == 0 &&
            (text[length] == '\0' || text[length] == ','))
            return true;
    }
    return false;
}

static void foresee_erased(const MoltForesight *f, MoltTypeId id, const char *place)
{
    const MoltPlan *plan = f->plan;
    char value[300];
    if (!molt__raw_changes(plan, id) ||
        is_pooled(plan->after, molt_type_name(plan->after, plan->types[id].after)))
        return;
    snprintf(value, sizeof value,
             "memory without a type may hold one, which %s puts there or takes out", place);
    molt__foresee_possible(f, MOLT_RULE_UNTYPED_MEMORY, molt_type_name(plan->before, id), value,
                           "keep the layout, or annotate what leads to the memory with MOLT_POOL");
}

void molt__foresee_notes(const MoltForesight *f)
{
    const MoltSchema *before = f->plan->before;
    for (MoltTypeId id = 0; id < before->tables.type_count; id++) {
        const MoltType *type = molt_type(before, id);
        if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION &&
            type->kind != MOLT_KIND_ENUM)
            continue;
        bool hooked = molt__stored_size_is_hooked(f->plan, id);
        for (uint32_t i = type->first;
             type->kind == MOLT_KIND_STRUCT && !hooked && i < type->first + type->count; i++)
            foresee_sized(f, id, i);
        for (uint32_t n = type->note_first; n < type->note_first + type->note_count; n++) {
            const MoltNote *note = &before->tables.notes[n];
            if (note->kind == MOLT_NOTE_HASHED && !hooked)
                foresee_hashed(f, id, molt_string(before, note->text));
            if (note->kind == MOLT_NOTE_ERASED)
                foresee_erased(f, id, molt_string(before, note->text));
        }
    }
}
