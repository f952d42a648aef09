/* Kept values that are lost: what is said of them, per field and reason. */
#include "attic_lost.h"

#include <stdio.h>
#include <string.h>

#include "migration.h"

/* `named`: the target is of a type that has a name in the sources. */
static const char *remedy_of(MoltRule rule, bool named)
{
    switch (rule) {
    case MOLT_RULE_DANGLING_POINTER:
        return "a value that an edit took away returns, but the object that it pointed at was "
               "freed "
               "meanwhile: it is NULL";
    case MOLT_RULE_TYPE_REMOVED:
        return named
                   ? "it is kept, but the object goes with this edit: it returns as NULL. Keep the "
                     "struct, "
                     "or annotate what it became with MOLT_WAS(\"old\")"
                   : "it is kept, but the object goes with this edit: it returns as NULL. Keep a "
                     "field or a variable of that type, or a pointer to it";
    case MOLT_RULE_TARGET_REMOVED:
        return "a value that an edit took away returns, but what it pointed at has no place in "
               "this "
               "layout: it is NULL, until an edit brings the place back";
    case MOLT_RULE_STRUCT_EMBEDDED:
        return "a value that an edit took away is kept by the block, which is a part of another "
               "object "
               "now: it is gone. Go back to the layout that has it before the block becomes a part";
    case MOLT_RULE_STRUCT_ALLOCATED:
        return "a value that an edit took away is kept by the object that held the struct, which "
               "is a block of its own now: it is gone. Undo that edit before this one";
    case MOLT_RULE_FUNCTION_MISSING:
        return "a value that an edit took away returns, but the function is gone: it is NULL, "
               "until "
               "an edit brings that back";
    default:
        return "a value that an edit took away returns, but the constant is gone, or is laid out "
               "otherwise: it is NULL, until an edit brings that back";
    }
}

void molt__attic_lose(MoltMigration *m, const MoltAtticLost *what)
{
    MoltAtticWork *work = &m->attic;
    for (uint64_t l = 0; l < work->lost_count; l++) {
        MoltAtticLost *known = &work->lost[l];
        if (known->schema == what->schema && known->owner == what->owner &&
            known->field == what->field && known->rule == what->rule) {
            known->objects += known->last_object != what->last_object;
            known->last_object = what->last_object;
            return;
        }
    }
    if (!molt__migration_grow(m, (void **)&work->lost, &work->lost_slots, work->lost_count, 1,
                              sizeof *work->lost))
        return;
    work->lost[work->lost_count] = *what;
    work->lost[work->lost_count++].objects = 1;
}

void molt__attic_report_lost(MoltMigration *m)
{
    for (uint64_t l = 0; l < m->attic.lost_count; l++) {
        const MoltAtticLost *lost = &m->attic.lost[l];
        char path[512], declared[512] = "", value[160];
        snprintf(path, sizeof path, "%s", molt_type_name(lost->schema, lost->owner));
        if (lost->field != MOLT__NO_FIELD) {
            molt__field_path(lost->schema, lost->owner, lost->field, path, sizeof path);
            molt_schema_declare(lost->schema, &lost->schema->tables.fields[lost->field], declared,
                                sizeof declared);
        }
        bool pointer = lost->target[0] != '\0';
        snprintf(value, sizeof value, pointer ? "a kept pointer to %.100s" : "a kept value%.100s",
                 lost->target);
        molt_report_add(m->report, &(MoltFinding){.severity = lost->told ? MOLT_INFO : MOLT_LOSS,
                                                  .rule = lost->rule,
                                                  .path = path,
                                                  .before = lost->returns ? NULL : declared,
                                                  .after = lost->returns ? declared : NULL,
                                                  .value = value,
                                                  .remedy = remedy_of(lost->rule, !lost->unnamed),
                                                  .objects = lost->objects});
    }
}
