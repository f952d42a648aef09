/* What MOLT_REMOVED settles. */
#include "plan_ops.h"

#include <string.h>

bool molt__removal_of_name(const MoltSchema *schema, MoltTypeId type, const char *name)
{
    const MoltType *of = molt_type(schema, type);
    for (uint32_t n = of->note_first; n < of->note_first + of->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        if (note->kind == MOLT_NOTE_REMOVED && strcmp(molt_string(schema, note->text), name) == 0)
            return true;
    }
    return false;
}

/* Any struct may say it, because the one that would is gone, and a variable is in none: the note reads
 * `prefix` and then the name. */
static bool is_named_anywhere(const MoltSchema *schema, const char *prefix, const char *name)
{
    const MoltTables *t = &schema->tables;
    size_t length = strlen(prefix);
    for (uint32_t n = 0; n < t->note_count; n++) {
        const char *text = molt_string(schema, t->notes[n].text);
        if (t->notes[n].kind == MOLT_NOTE_REMOVED && strncmp(text, prefix, length) == 0 &&
            strcmp(text + length, name) == 0)
            return true;
    }
    return false;
}

/* A union without a name cannot say it; the struct around it does. */
static bool is_named_around(const MoltSchema *schema, MoltTypeId type, const char *name)
{
    const MoltTables *t = &schema->tables;
    for (MoltTypeId s = 0; molt_type(schema, type)->kind == MOLT_KIND_UNION && s < t->type_count;
         s++) {
        const MoltType *of = molt_type(schema, s);
        for (uint32_t f = of->first; of->kind == MOLT_KIND_STRUCT && f < of->first + of->count;
             f++) {
            if (t->fields[f].type == type && molt__removal_of_name(schema, s, name))
                return true;
        }
    }
    return false;
}

static bool is_removed(const MoltPlan *plan, MoltTypeId after, const char *name)
{
    return molt__removal_of_name(plan->after, after, name) ||
           is_named_around(plan->after, after, name);
}

/* A union without a name is gone with each of its members. */
static bool are_members_removed(const MoltPlan *plan, const MoltField *field, MoltTypeId after)
{
    const MoltType *type = molt_type(plan->before, field->type);
    bool all = type->kind == MOLT_KIND_UNION && type->count > 0;
    for (uint32_t f = type->first; all && f < type->first + type->count; f++)
        all =
            is_removed(plan, after, molt_string(plan->before, plan->before->tables.fields[f].name));
    return all;
}

bool molt__removal_of_variable(const MoltPlan *plan, uint32_t before)
{
    const char *name = molt_string(plan->before, plan->before->tables.fields[before].name);
    return is_named_anywhere(plan->after, strchr(name, ':') ? "" : ":", name);
}

bool molt__removal_of_field(const MoltPlan *plan, uint32_t before, MoltTypeId after)
{
    const MoltField *field = &plan->before->tables.fields[before];
    const char *name = molt_string(plan->before, field->name);
    if (after == MOLT_NO_TYPE)
        return false;
    if (molt_type(plan->after, after)->flags & MOLT_TYPE_GLOBALS)
        return molt__removal_of_variable(plan, before);
    return is_removed(plan, after, name) ||
           (name[0] == '<' && are_members_removed(plan, field, after));
}

const char *molt__removal_prefix(const MoltType *type)
{
    switch (type->kind) {
    case MOLT_KIND_STRUCT: return "struct ";
    case MOLT_KIND_UNION: return "union ";
    case MOLT_KIND_ENUM: return "enum ";
    default: return ""; /* "Ant *", "int[4]" */
    }
}

bool molt__removal_of_type(const MoltPlan *plan, MoltTypeId before)
{
    return is_named_anywhere(plan->after, molt__removal_prefix(molt_type(plan->before, before)),
                             molt_type_name(plan->before, before));
}
