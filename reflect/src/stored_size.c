/* Numbers that were computed from a layout or an address which the edit changes: integers that hold the size
 * of a type or the offset of a field, and tables whose keys are addresses. The sources show which they may be
 * (MOLT_NOTE_SIZED, MOLT_NOTE_HASHED); an integer that has that very value is one. Whether the game means the
 * number or the layout is for it to say: they stay as they are, and are told. */
#include <stdio.h>
#include <string.h>

#include "foresight.h"
#include "migration.h"
#include "tables.h"

/* Notes in one element of a type; what does not fit is not looked at. */
enum { RUNS_MAX = 256 };

typedef struct Run {
    uint64_t offset, stride,
        count;        /* in an element: one integer, or those of an array of structs */
    uint32_t size;    /* bytes of the integer */
    uint32_t was, is; /* what it may hold, and what that is in the new layout */
    const char *what; /* the note's text */
    MoltTypeId owner;
    uint32_t field;
} Run;

/* What makes one line. */
typedef struct Line {
    Run run;
    uint64_t objects;
} Line;

typedef struct Search {
    MoltMigration *m;
    Run runs[RUNS_MAX];
    uint32_t count;
    Line *lines;
    uint64_t line_count, line_slots;
} Search;

/* ---- what numbers become --------------------------------------------------------------------- */

static const MoltField *field_called(const MoltSchema *schema, MoltTypeId id, const char *name)
{
    const MoltType *type = molt_type(schema, id);
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = type->first; record && f < type->first + type->count; f++)
        if (strcmp(molt_string(schema, schema->tables.fields[f].name), name) == 0)
            return &schema->tables.fields[f];
    return NULL;
}

bool molt__stored_size_read(const MoltPlan *plan, const char *text, uint32_t *was, uint32_t *is)
{
    const char *space = strchr(text, ' '), *dot = space ? NULL : strrchr(text, '.');
    const char *end = space ? space : dot;
    if (!end)
        return false;
    MoltTypeId before = molt__schema_find_part(plan->before, text, (size_t)(end - text));
    MoltTypeId after = before != MOLT_NO_TYPE ? plan->types[before].after : MOLT_NO_TYPE;
    if (after == MOLT_NO_TYPE)
        return false;
    if (space) {
        *was = (uint32_t)molt_type(plan->before, before)->size;
        *is = (uint32_t)molt_type(plan->after, after)->size;
        return *was != *is;
    }
    const MoltField *old = field_called(plan->before, before, dot + 1);
    const MoltField *new = field_called(plan->after, after, dot + 1);
    if (!old || !new)
        return false;
    *was = (uint32_t)(old->bit_offset / 8);
    *is = (uint32_t)(new->bit_offset / 8);
    return *was != *is;
}

/* ---- which numbers --------------------------------------------------------------------------- */

bool molt__stored_size_is_hooked(const MoltPlan *plan, MoltTypeId id)
{
    MoltTypeId after = plan->types[id].after;
    if (after == MOLT_NO_TYPE || plan->types[id].fate != MOLT_FATE_CHANGED)
        return false;
    const MoltType *type = molt_type(plan->after, after);
    return molt_schema_note(plan->after, type->note_first, type->note_count, MOLT_NOTE_MIGRATE) !=
           NULL;
}

static void add_field(Search *search, MoltTypeId owner, uint32_t field, uint64_t offset)
{
    const MoltPlan *plan = search->m->plan;
    const MoltSchema *schema = plan->before;
    const MoltField *member = &schema->tables.fields[field];
    const MoltType *type = molt_type(schema, member->type);
    for (uint32_t n = member->note_first; n < member->note_first + member->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        Run run = {.offset = offset, .stride = 0, .count = 1, .owner = owner, .field = field};
        if (note->kind != MOLT_NOTE_SIZED || type->kind != MOLT_KIND_INT || type->size > 8 ||
            search->count == RUNS_MAX)
            continue;
        run.size = (uint32_t)type->size;
        run.what = molt_string(schema, note->text);
        if (molt__stored_size_read(plan, run.what, &run.was, &run.is))
            search->runs[search->count++] = run;
    }
}

/* Adds the integers of a value at `offset`. Recurses over what types hold by value. */
static void add_runs(Search *search, MoltTypeId id, uint64_t offset)
{
    const MoltSchema *schema = search->m->plan->before;
    const MoltType *type = molt_type(schema, id);
    if (type->kind == MOLT_KIND_ARRAY) {
        uint32_t first = search->count;
        add_runs(search, type->elem, offset);
        for (uint32_t r = first; r < search->count; r++) {
            Run *run = &search->runs[r];
            if (run->count == 1) {
                run->count = type->length;
                run->stride = molt_type(schema, type->elem)->size;
            } /* of an array in an array the first row is looked at */
        }
        if (type->length == 0)
            search->count = first;
    } else if (type->kind == MOLT_KIND_STRUCT && !molt__stored_size_is_hooked(search->m->plan, id)) {
        for (uint32_t f = type->first; f < type->first + type->count; f++) {
            const MoltField *field = &schema->tables.fields[f];
            if (field->flags & (MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT))
                continue;
            add_field(search, id, f, offset + field->bit_offset / 8);
            add_runs(search, field->type, offset + field->bit_offset / 8);
        }
    }
}

/* ---- live values ----------------------------------------------------------------------------- */

static void count_in(Search *search, const Run *run)
{
    for (uint64_t i = 0; i < search->line_count; i++) {
        Line *line = &search->lines[i];
        if (line->run.owner == run->owner && line->run.field == run->field &&
            line->run.what == run->what) {
            line->objects++;
            return;
        }
    }
    if (molt__migration_grow(search->m, (void **)&search->lines, &search->line_slots,
                             search->line_count, 1, sizeof *search->lines))
        search->lines[search->line_count++] = (Line){*run, 1};
}

/* Part of a variable, and what its library starts with. */
static bool is_as_begun(const MoltMigration *m, const unsigned char *at, uint64_t size)
{
    const unsigned char *initial = molt__migrate_globals_initial(m, at);
    return initial && memcmp(at, initial, size) == 0;
}

static void look_at(Search *search, const unsigned char *element)
{
    for (uint32_t r = 0; r < search->count; r++) {
        const Run *run = &search->runs[r];
        for (uint64_t i = 0; i < run->count; i++) {
            uint64_t value = 0;
            const unsigned char *at = element + run->offset + i * run->stride;
            memcpy(&value, at, run->size);
            /* a variable that nobody set takes what its new initialiser computes */
            if (value == run->was && !is_as_begun(search->m, at, run->size))
                count_in(search, run);
        }
    }
}

static void search_span(Search *search, const MoltSpan *span, bool tail)
{
    bool elements = tail || span->header == 0;
    for (uint32_t b = 0; b < span->blocks; b++) {
        if (!molt__span_is_live(span, b))
            continue;
        const unsigned char *at = molt__span_block(span, b) + (tail ? span->header : 0);
        uint64_t count = elements ? molt__span_count(span, b) : 1;
        for (uint64_t e = 0; e < count; e++)
            look_at(search, at + e * span->elem_size);
    }
}

static void search_type(Search *search, MoltTypeId id)
{
    const MoltHeap *heap = search->m->heap;
    const MoltSchema *schema = search->m->plan->before;
    const MoltField *tail = molt_schema_tail(schema, id);
    for (int part = 0; part < (tail ? 2 : 1); part++) {
        search->count = 0;
        add_runs(search, part == 1 ? molt_type(schema, tail->type)->elem : id, 0);
        for (uint32_t s = heap->types.first[id]; search->count > 0 && s != MOLT__NO_SPAN;
             s = heap->links[s].type_next)
            search_span(search, &heap->spans[s], part == 1);
    }
}

void molt__stored_size_text(const char *note, uint32_t was, uint32_t is, char *buffer, size_t size)
{
    int length = (int)strcspn(note, " ");
    if (note[length] != '\0')
        snprintf(buffer, size, "%u, as %s puts sizeof(%.*s) there, which is %u now", was,
                 note + length + 1, length, note, is);
    else
        snprintf(buffer, size, "%u, the offset of %s, which is %u now", was, note, is);
}

static void report(const Search *search, const Line *line)
{
    MoltMigration *m = search->m;
    bool strict = m->plan->policy == MOLT_POLICY_STRICT;
    char path[300], value[400];
    const Run *run = &line->run;
    molt__field_path(m->plan->before, run->owner, run->field, path, sizeof path);
    molt__stored_size_text(run->what, run->was, run->is, value, sizeof value);
    m->refused = m->refused || strict;
    molt_report_add(m->report, &(MoltFinding){.severity = strict ? MOLT_REFUSE : MOLT_LOSS,
                                              .rule = MOLT_RULE_STORED_SIZE,
                                              .path = path,
                                              .value = value,
                                              .remedy = "it stays as it is: compute it anew in "
                                                        "end_reload(), or in a hook of the struct "
                                                        "that has it",
                                              .objects = line->objects});
}

/* ---- addresses that select elements ---------------------------------------------------------- */

/* A table whose places were computed from the addresses of what moves: each entry is right, and in the wrong
 * place. */
static void report_hashed(MoltMigration *m, MoltTypeId id)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    const MoltNote *note =
        molt_schema_note(schema, type->note_first, type->note_count, MOLT_NOTE_HASHED);
    bool strict = m->plan->policy == MOLT_POLICY_STRICT;
    char value[300];
    uint64_t objects = 0;
    if (!note || !m->contained[id] || molt__stored_size_is_hooked(m->plan, id))
        return;
    for (uint32_t s = m->heap->types.first[id]; s != MOLT__NO_SPAN; s = m->heap->links[s].type_next)
        for (uint32_t b = 0; b < m->heap->spans[s].blocks; b++)
            objects += molt__span_is_live(&m->heap->spans[s], b)
                           ? molt__span_count(&m->heap->spans[s], b)
                           : 0;
    if (objects == 0)
        return;
    snprintf(value, sizeof value,
             "%s computes a place in a table from their addresses, which change",
             molt_string(schema, note->text));
    m->refused = m->refused || strict;
    molt_report_add(m->report,
                    &(MoltFinding){.severity = strict ? MOLT_REFUSE : MOLT_LOSS,
                                   .rule = MOLT_RULE_ADDRESS_HASHED,
                                   .path = molt_type_name(schema, id),
                                   .value = value,
                                   .remedy = "fill the table anew in end_reload(), or hash "
                                             "what is in the object; a hook of the struct "
                                             "says that it sees to that",
                                   .objects = objects});
}

/* Whether any type is another size, or any field elsewhere. */
static bool may_concern(const MoltPlan *plan)
{
    for (uint32_t n = 0; n < plan->before->tables.note_count; n++) {
        uint32_t was, is;
        const MoltNote *note = &plan->before->tables.notes[n];
        if (note->kind == MOLT_NOTE_SIZED &&
            molt__stored_size_read(plan, molt_string(plan->before, note->text), &was, &is))
            return true;
    }
    return false;
}

void molt__stored_sizes_report(MoltMigration *m)
{
    for (MoltTypeId id = 0; m->moves && id < m->heap->types.count && !m->failed; id++)
        report_hashed(m, id);
    if (m->failed || !may_concern(m->plan))
        return;
    Search *search = molt__migration_table(m, 1, sizeof *search);
    if (!search)
        return;
    search->m = m;
    for (MoltTypeId id = 0; id < m->heap->types.count; id++) {
        if (!molt_type_is_kept(m->plan->before, id))
            search_type(search, id);
    }
    for (uint64_t i = 0; i < search->line_count; i++)
        report(search, &search->lines[i]);
    molt__migration_free(m, search->lines, search->line_slots, sizeof *search->lines);
    molt__migration_free(m, search, 1, sizeof *search);
}
