/* Findings of an import that is not strict: one for each member of a type, however many objects it
 * concerns. */
#include <stdio.h>
#include <string.h>
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

static void describe(MoltImport *import, MoltImportNote *note, MoltTypeId type, MoltJsonText member)
{
    char path[160];
    uint64_t line, column;
    snprintf(note->path, sizeof note->path, "%.120s%s%.*s", molt_type_name(import->schema, type),
             member.length > 0 ? "." : "", member.length > 100 ? 100 : (int)member.length,
             member.bytes);
    molt__json_path(&import->reader, path, sizeof path);
    molt__json_place(&import->reader, import->reader.mark, &line, &column);
    snprintf(note->place, sizeof note->place, "at %llu:%llu, %s", (unsigned long long)line,
             (unsigned long long)column, path);
}

MoltImportNote *molt__import_note(MoltImport *import, MoltSeverity severity, MoltRule rule,
                                  MoltTypeId type, MoltJsonText member)
{
    MoltImportNote wanted = {.severity = severity,
                             .rule = rule,
                             .type = type,
                             .member = XXH3_64bits(member.bytes, member.length)};
    uint64_t object = import->object ? import->object->position + 1 : 0;
    MoltImportNote *note = find(import, &wanted);
    bool made = !note;
    if (made) {
        note = add(import, &wanted);
        if (!note)
            return NULL;
        describe(import, note, type, member);
    }
    if (object == 0 || note->last != object)
        note->objects++;
    note->last = object;
    return made ? note : NULL;
}

MoltImportNote *molt__import_note_here(MoltImport *import, MoltSeverity severity, MoltRule rule)
{
    const MoltField *field = import->field;
    if (!field)
        return molt__import_note(import, severity, rule, import->object->type,
                                 (MoltJsonText){"", 0});
    const char *name = molt_string(import->schema, field->name);
    MoltTypeId owner = (MoltTypeId)(import->owner - import->schema->tables.types);
    MoltImportNote *note =
        molt__import_note(import, severity, rule, owner, (MoltJsonText){name, strlen(name)});
    if (note)
        molt_schema_declare(import->schema, field, note->declaration, sizeof note->declaration);
    return note;
}

void molt__import_note_text(const MoltImport *import, MoltImportNote *note, size_t from, size_t to)
{
    enum { SHOWN = 80 };
    size_t used = 0;
    if (!note)
        return;
    for (; from < to && used < SHOWN; from++) {
        char c = import->reader.text[from];
        bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        if (!space || (used > 0 && note->value[used - 1] != ' '))
            note->value[used++] = space ? ' ' : c;
    }
    if (from < to) {
        while (used > 0 && ((unsigned char)import->reader.text[from] & 0xc0) == 0x80)
            used--, from--;
        memcpy(note->value + used, "...", 3);
        used += 3;
    }
    note->value[used] = '\0';
}

void molt__import_note_default(const MoltImport *import, MoltImportNote *note,
                               const MoltField *field)
{
    if (!note)
        return;
    const MoltType *type = molt_type(import->schema, molt_value_type(import->schema, field->type));
    const MoltNote *told =
        molt_schema_note(import->schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
    const char *text = told ? molt_string(import->schema, told->text) : "";
    if (text[0] == '\0')
        text = type->kind == MOLT_KIND_POINTER      ? "NULL"
               : type->kind == MOLT_KIND_STRUCT     ? "what its members have by default"
               : !molt_kind_is_sequence(type->kind) ? "0"
               : (molt_type(import->schema, type->elem)->flags & MOLT_TYPE_CHAR) != 0
                   ? "\"\""
                   : "what its elements have by default";
    snprintf(note->value, sizeof note->value, "%.110s", text);
    molt_schema_declare(import->schema, field, note->declaration, sizeof note->declaration);
}

static const char *remedy_of(const MoltImportNote *note)
{
    switch (note->rule) {
    case MOLT_RULE_FIELD_REMOVED:
        return "give the member the name in the text that the struct has for it";
    case MOLT_RULE_DANGLING_POINTER:
    case MOLT_RULE_UNKNOWN_TARGET: return "write null, or what it should point at";
    case MOLT_RULE_UNTYPED_MEMORY: return "name the type where the block is allocated";
    default: return NULL;
    }
}

void molt__import_report(const MoltImport *import)
{
    MoltReport *report = import->desc.report;
    if (!report)
        return;
    for (uint32_t n = 0; n < import->note_count; n++) {
        const MoltImportNote *note = &import->notes[n];
        char value[sizeof note->value + sizeof note->place + 16];
        bool added = note->rule == MOLT_RULE_FIELD_ADDED;
        const char *declaration = note->declaration[0] ? note->declaration : NULL;
        snprintf(value, sizeof value, "%s%s%s", note->value, added ? ", missing " : " ",
                 note->place);
        molt_report_add(report, &(MoltFinding){.severity = note->severity,
                                               .rule = note->rule,
                                               .path = note->path,
                                               .before = added ? NULL : declaration,
                                               .after = declaration,
                                               .value = value,
                                               .remedy = remedy_of(note),
                                               .objects = note->objects});
    }
    for (int severity = MOLT_INFO; severity <= MOLT_REFUSE; severity++)
        report->left_out[severity] += import->left_out[severity];
}
