/* Findings of an import that is not strict: one for each member of a type, however many objects it
 * concerns. */
#include <stdio.h>
#include <xxhash.h>

#include "import_state.h"

static MoltImportNote *find(MoltImport *import, const MoltImportNote *wanted)
{
    for (uint32_t n = 0; n < import->note_count; n++) {
        MoltImportNote *note = &import->notes[n];
        if (note->severity == wanted->severity && note->rule == wanted->rule &&
            note->type == wanted->type && note->member == wanted->member)
            return note;
    }
    return NULL;
}

static MoltImportNote *add(MoltImport *import, const MoltImportNote *note)
{
    if (!import->notes)
        import->notes = import->allocator.resize(import->allocator.context, NULL, 0,
                                                 MOLT__IMPORT_NOTES * sizeof *import->notes);
    if (!import->notes || import->note_count == MOLT__IMPORT_NOTES) {
        import->left_out[note->severity]++;
        return NULL;
    }
    import->notes[import->note_count] = *note;
    return &import->notes[import->note_count++];
}

void molt__import_note(MoltImport *import, MoltSeverity severity, MoltRule rule, MoltTypeId type,
                       MoltJsonText member, const char *value)
{
    MoltImportNote wanted = {.severity = severity,
                             .rule = rule,
                             .type = type,
                             .member = XXH3_64bits(member.bytes, member.length)};
    uint64_t object = import->object ? import->object->position + 1 : 0;
    MoltImportNote *note = find(import, &wanted);
    if (!note) {
        char path[160];
        uint64_t line, column;
        note = add(import, &wanted);
        if (!note)
            return;
        snprintf(note->path, sizeof note->path, "%.120s%s%.*s",
                 molt_type_name(import->schema, type), member.length > 0 ? "." : "",
                 member.length > 100 ? 100 : (int)member.length, member.bytes);
        molt__json_path(&import->reader, path, sizeof path);
        molt__json_place(&import->reader, import->reader.mark, &line, &column);
        snprintf(note->value, sizeof note->value, "%s%sat %llu:%llu, %s", value,
                 value[0] != '\0' ? " " : "", (unsigned long long)line, (unsigned long long)column,
                 path);
    }
    if (object == 0 || note->last != object)
        note->objects++;
    note->last = object;
}

void molt__import_report(const MoltImport *import)
{
    MoltReport *report = import->desc.report;
    if (!report)
        return;
    for (uint32_t n = 0; n < import->note_count; n++) {
        const MoltImportNote *note = &import->notes[n];
        molt_report_add(report, &(MoltFinding){.severity = note->severity,
                                               .rule = note->rule,
                                               .path = note->path,
                                               .value = note->value,
                                               .objects = note->objects});
    }
    for (int severity = MOLT_INFO; severity <= MOLT_REFUSE; severity++)
        report->left_out[severity] += import->left_out[severity];
}
