/* The lines of a version that the session has not had yet: what the compiled plan maps keeps its line, what
 * an older version had goes on with that one's, and the rest begins lines. */
#include <stdio.h>
#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

/* ---- what MOLT_MOVED names ------------------------------------------------------------------ */

/* The version that a plan leads to, while its lines are found. */
typedef struct Next {
    MoltPlan *plan;
    MoltVersion *version;
    const uint32_t *old_lines; /* of plan->before */
    unsigned budget;           /* structs that a path may be tried from */
} Next;

static bool write_step(const Next *next, const MoltSchema *schema, MoltTypeId *type,
                       const char **path, char *buffer, size_t *length)
{
    const char *at = *path + (**path == '.');
    size_t name = strcspn(at, ".["), steps;
    uint32_t field = UINT32_MAX;
    for (uint32_t f = 0; f < molt_type(schema, *type)->count; f++) {
        uint32_t candidate = molt_type(schema, *type)->first + f;
        const char *known = molt_string(schema, schema->tables.fields[candidate].name);
        if (strncmp(known, at, name) == 0 && known[name] == '\0')
            field = candidate;
    }
    if (field == UINT32_MAX)
        return false;
    uint32_t line = next->old_lines[schema->tables.type_count + field];
    *type = schema->tables.fields[field].type;
    for (steps = name; at[steps] == '['; steps += strcspn(at + steps, "]") + 1)
        *type = molt_type(schema, *type)->elem;
    int used = snprintf(buffer + *length, MOLT__PATH_SIZE - *length, ".#%u%.*s", line,
                        (int)(steps - name), at + name);
    *length += used > 0 ? (size_t)used : MOLT__PATH_SIZE;
    *path = at + steps;
    return line != 0 && *length < MOLT__PATH_SIZE;
}

/* The path, which struct `type` of the old schema has, with lines for names. */
static bool write_lines(const Next *next, MoltTypeId type, const char *path, unsigned climbs,
                        char *buffer)
{
    size_t length = 0;
    for (; climbs > 0 && length + 2 < MOLT__PATH_SIZE; climbs--) {
        memcpy(buffer + length, "^.", 3);
        length += 2;
    }
    while (*path != '\0') {
        if (!write_step(next, next->plan->before, &type, &path, buffer, &length))
            return false;
    }
    return true;
}

static MoltTypeId in_arrays(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind))
        id = molt_type(schema, id)->elem;
    return id;
}

static bool find_birth(Next *next, MoltTypeId type, const char *path, unsigned climbs,
                       MoltFieldPlace *place, char *buffer);

/* The same from the structs that embed a type in the new schema. */
static bool find_around(Next *next, MoltTypeId type, const char *path, unsigned climbs,
                        MoltFieldPlace *place, char *buffer)
{
    const MoltSchema *schema = next->plan->after;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *around = molt_type(schema, t);
        for (uint32_t f = around->first;
             around->kind == MOLT_KIND_STRUCT && f < around->first + around->count; f++) {
            if (in_arrays(schema, schema->tables.fields[f].type) == type && next->budget > 0 &&
                find_birth(next, t, path, climbs, place, buffer))
                return true;
        }
    }
    return false;
}

/* The place of the old schema that a MOLT_MOVED path names, read in a struct of the new one, or on an arm
 * of a union of it: as it is found when the plan is emitted, but for structs that hold the type in several
 * places, of which the first one counts. */
static bool find_birth(Next *next, MoltTypeId type, const char *path, unsigned climbs,
                       MoltFieldPlace *place, char *buffer)
{
    const MoltPlan *plan = next->plan;
    MoltTypeId was = plan->origins[type];
    next->budget -= next->budget > 0;
    if (molt_type(plan->after, type)->kind == MOLT_KIND_UNION)
        return find_around(next, type, path, climbs, place, buffer);
    if (*path == '^')
        return find_around(next, type, path + (path[1] == '.' ? 2 : 1), climbs + 1, place, buffer);
    if (was == MOLT_NO_TYPE)
        return find_around(next, type, path, climbs + 1, place, buffer);
    return molt_schema_find_path(plan->before, was, path, place) &&
           write_lines(next, was, path, climbs, buffer);
}

/* MOLT_MOVED gives a field of new type `type` its value; `own` is the old field of its name. */
static bool is_born(Next *next, MoltTypeId type, uint32_t own, uint32_t field, char *buffer)
{
    const MoltPlan *plan = next->plan;
    const MoltField *is = &plan->after->tables.fields[field];
    const char *path = molt__trace_moved(plan, MOLT__NEW, field);
    MoltFieldPlace place;
    next->budget = 256;
    if (!path || is->flags & MOLT_FIELD_TRANSIENT ||
        (own != MOLT__NO_FIELD && !molt__plan_moves_over(plan, plan->origins[type], own, field)) ||
        !find_birth(next, type, path, 0, &place, buffer))
        return false;
    bool bits = (is->flags & MOLT_FIELD_BITS) ||
                (path[strlen(path) - 1] != ']' &&
                 plan->before->tables.fields[place.field].flags & MOLT_FIELD_BITS);
    return !bits || molt__emit_bits_fit(plan, place.type, is->type);
}

/* ---- the next version ----------------------------------------------------------------------- */

static bool is_record(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
}

static void carry_fields(Next *next, MoltTypeId t)
{
    MoltPlan *plan = next->plan;
    const MoltType *is = molt_type(plan->after, t);
    MoltTypeId was = plan->origins[t];
    bool same = was != MOLT_NO_TYPE && molt_type(plan->before, was)->kind == is->kind;
    uint32_t pair = same ? molt__plan_pair(plan, was, t) : UINT32_MAX;
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        char path[MOLT__PATH_SIZE] = "";
        uint32_t own = same ? plan->matches[plan->pairs[pair].match + f] : MOLT__NO_FIELD;
        uint32_t *line = molt__version_field(next->version, is->first + f);
        if (is_born(next, t, own, is->first + f, path)) {
            *line = next->version->line_end++;
            plan->failed |= !molt__version_add_birth(next->version, *line, path);
        } else if (own != MOLT__NO_FIELD) {
            *line = next->old_lines[plan->before->tables.type_count + own];
        }
    }
}

/* Things of one kind that get lines, each at most one and no line twice, nor one that `taken` has. */
typedef struct Given {
    uint32_t *lines;
    uint32_t count;
    const uint32_t *taken;
    uint32_t taken_count;
} Given;

static void give(const Given *given, uint32_t item, uint32_t line)
{
    if (given->lines[item] == 0 &&
        molt__version_find(given->lines, given->count, line) == UINT32_MAX &&
        molt__version_find(given->taken, given->taken_count, line) == UINT32_MAX)
        given->lines[item] = line;
}

/* Room for the matches of a type's members. */
static uint32_t *new_match(MoltPlan *plan, uint32_t count)
{
    uint32_t *match = plan->allocator.resize(plan->allocator.context, NULL, 0,
                                             ((size_t)count + 1) * sizeof *match);
    plan->failed |= !match;
    return match;
}

static void give_members(MoltPlan *plan, MoltTypeId was, MoltTypeId t, const uint32_t *olds,
                         const Given *given)
{
    const MoltType *from = molt_type(plan->before, was), *is = molt_type(plan->after, t);
    uint32_t *match = new_match(plan, is->count);
    if (!match)
        return;
    if (is->kind == MOLT_KIND_ENUM)
        molt__plan_match_enumerators(plan, was, t, match);
    else
        molt__plan_match_fields(plan, was, t, match);
    for (uint32_t m = 0; m < is->count && !plan->failed; m++) {
        if (match[m] != UINT32_MAX)
            give(given, is->first + m, olds[from->first + match[m]]);
    }
    plan->allocator.resize(plan->allocator.context, match, ((size_t)is->count + 1) * sizeof *match,
                           0);
}

static Given types_of(const Next *next)
{
    const MoltVersion *from = next->plan->from;
    return (Given){molt__version_type(next->version, 0), next->plan->after->tables.type_count,
                   molt__version_type(from, 0), from->schema->tables.type_count};
}

static Given fields_of(const Next *next)
{
    const MoltVersion *from = next->plan->from;
    return (Given){molt__version_field(next->version, 0), next->plan->after->tables.field_count,
                   molt__version_field(from, 0), from->schema->tables.field_count};
}

static Given enumerators_of(const Next *next)
{
    const MoltVersion *from = next->plan->from;
    return (Given){molt__version_enumerator(next->version, 0),
                   next->plan->after->tables.enumerator_count, molt__version_enumerator(from, 0),
                   from->schema->tables.enumerator_count};
}

/* What the plan maps keeps its line. */
static void carry_lines(Next *next)
{
    MoltPlan *plan = next->plan;
    const MoltTables *before = &plan->before->tables;
    Given enumerators = enumerators_of(next);
    enumerators.taken_count = 0;
    for (MoltTypeId t = 0; t < plan->after->tables.type_count && !plan->failed; t++) {
        const MoltType *is = molt_type(plan->after, t);
        MoltTypeId was = plan->origins[t];
        if (was != MOLT_NO_TYPE)
            *molt__version_type(next->version, t) = next->old_lines[was];
        if (is_record(is))
            carry_fields(next, t);
        else if (is->kind == MOLT_KIND_ENUM && was != MOLT_NO_TYPE &&
                 molt_type(plan->before, was)->kind == MOLT_KIND_ENUM)
            give_members(plan, was, t, next->old_lines + before->type_count + before->field_count,
                         &enumerators);
    }
}

static bool has_all(const Next *next, const MoltType *type, MoltTypeId t)
{
    const uint32_t *first = molt__version_field(next->version, type->first);
    if (*molt__version_type(next->version, t) == 0)
        return true; /* a new one, with all that it has */
    if (type->kind == MOLT_KIND_ENUM)
        first = molt__version_enumerator(next->version, type->first);
    else if (!is_record(type))
        return true;
    for (uint32_t m = 0; m < type->count; m++) {
        if (first[m] == 0)
            return false;
    }
    return true;
}

/* What the running version lacks but an older one had, and what has its name again or names it, goes on with
 * its line: the attic gives it its value back. */
static void revive(Next *next, const MoltVersion *past)
{
    MoltPlan *plan = next->plan, *match = NULL;
    const Given types = types_of(next), fields = fields_of(next),
                enumerators = enumerators_of(next);
    if (molt__plan_match_alone(past->schema, plan->after, &plan->allocator, &match) != MOLT_OK) {
        plan->failed = true;
        return;
    }
    for (MoltTypeId t = 0; t < plan->after->tables.type_count; t++) {
        if (match->origins[t] != MOLT_NO_TYPE)
            give(&types, t, *molt__version_type(past, match->origins[t]));
    }
    for (MoltTypeId t = 0; t < plan->after->tables.type_count && !match->failed; t++) {
        const MoltType *is = molt_type(plan->after, t);
        if (has_all(next, is, t))
            continue;
        MoltTypeId was =
            molt__version_find(molt__version_type(past, 0), past->schema->tables.type_count,
                               *molt__version_type(next->version, t));
        if (was == UINT32_MAX || molt_type(past->schema, was)->kind != is->kind)
            continue;
        if (is->kind == MOLT_KIND_ENUM)
            give_members(match, was, t, molt__version_enumerator(past, 0), &enumerators);
        else
            give_members(match, was, t, molt__version_field(past, 0), &fields);
    }
    plan->failed |= match->failed;
    molt_plan_free(match);
}

/* A field may go on with its own line and name a field of an older version nevertheless, which vanished
 * before it knew of that: its value goes there too. */
static void note_birth(Next *next, const MoltVersion *past, MoltTypeId was, uint32_t field)
{
    MoltPlan *plan = next->plan;
    const MoltTables *after = &plan->after->tables;
    const MoltField *is = &after->fields[field];
    const Given fields = fields_of(next);
    for (uint32_t n = is->note_first; n < is->note_first + is->note_count; n++) {
        const char *name = molt_string(plan->after, after->notes[n].text);
        uint32_t old = after->notes[n].kind == MOLT_NOTE_WAS
                           ? molt_schema_find_field(past->schema, was, name)
                           : UINT32_MAX;
        uint32_t line = old != UINT32_MAX ? *molt__version_field(past, old) : 0;
        char path[16];
        if (line == 0 || fields.lines[field] == 0 ||
            molt__version_has_birth(next->version, fields.lines[field]) ||
            molt__version_find(fields.lines, fields.count, line) != UINT32_MAX ||
            molt__version_find(fields.taken, fields.taken_count, line) != UINT32_MAX)
            continue;
        snprintf(path, sizeof path, "#%u", line);
        plan->failed |= !molt__version_add_birth(next->version, fields.lines[field], path) ||
                        !molt__version_add_revival(next->version, fields.lines[field]);
    }
}

static void note_births(Next *next, const MoltVersion *past)
{
    const MoltSchema *after = next->plan->after;
    for (MoltTypeId t = 0; t < after->tables.type_count; t++) {
        const MoltType *is = molt_type(after, t);
        MoltTypeId was =
            molt__version_find(molt__version_type(past, 0), past->schema->tables.type_count,
                               *molt__version_type(next->version, t));
        for (uint32_t f = 0; is->kind == MOLT_KIND_STRUCT && was != UINT32_MAX && f < is->count;
             f++)
            note_birth(next, past, was, is->first + f);
    }
}

/* Fields with lines that were there before `line_end`, but not in the running version. */
static void note_revivals(Next *next, uint32_t line_end)
{
    const Given fields = fields_of(next);
    for (uint32_t f = 0; f < fields.count; f++) {
        uint32_t line = fields.lines[f];
        if (line != 0 && line < line_end &&
            molt__version_find(fields.taken, fields.taken_count, line) == UINT32_MAX)
            next->plan->failed |= !molt__version_add_revival(next->version, line);
    }
}

static bool lacks_lines(const Next *next)
{
    for (MoltTypeId t = 0; t < next->plan->after->tables.type_count; t++) {
        if (*molt__version_type(next->version, t) == 0 ||
            !has_all(next, molt_type(next->plan->after, t), t))
            return true;
    }
    return false;
}

/* Enumerators of an enum have other values than in the version before. */
static bool is_renumbered(const Next *next, MoltTypeId was, MoltTypeId is)
{
    const MoltVersion *from = next->plan->from;
    const MoltType *old = molt_type(from->schema, was), *new = molt_type(next->plan->after, is);
    for (uint32_t e = new->first; e < new->first + new->count; e++) {
        uint32_t line = *molt__version_enumerator(next->version, e);
        uint32_t known =
            molt__version_find(molt__version_enumerator(from, old->first), old->count, line);
        if (known != UINT32_MAX && from->schema->tables.enumerators[old->first + known].value !=
                                       next->plan->after->tables.enumerators[e].value)
            return true;
    }
    return false;
}

/* Which arrays lie by an enum: those that say so, and those that did when its enumerators got their
 * values. */
static void find_indexed(Next *next)
{
    MoltPlan *plan = next->plan;
    MoltVersion *version = next->version;
    const MoltVersion *from = plan->from;
    for (uint32_t f = 0; f < plan->after->tables.field_count; f++) {
        uint32_t line = *molt__version_field(version, f), by = molt__version_index(from, line);
        MoltTypeId noted = molt__trace_noted_index(plan->after, &plan->after->tables.fields[f]);
        MoltTypeId was =
            molt__version_find(molt__version_type(from, 0), from->schema->tables.type_count, by);
        MoltTypeId is =
            molt__version_find(molt__version_type(version, 0), plan->after->tables.type_count, by);
        bool stays = was != UINT32_MAX && is != UINT32_MAX &&
                     molt_type(plan->after, is)->kind == MOLT_KIND_ENUM &&
                     molt_type(from->schema, was)->kind == MOLT_KIND_ENUM &&
                     !is_renumbered(next, was, is);
        if (noted != MOLT_NO_TYPE)
            by = *molt__version_type(version, noted);
        else if (by != 0 && !stays)
            by = MOLT__INDEX_LOST;
        if (by != 0)
            plan->failed |= !molt__version_add_indexed(version, line, by);
    }
}

static void find_lines(Next *next, const MoltSchema *running)
{
    MoltPlan *plan = next->plan;
    MoltVersion *version = next->version;
    uint32_t line_end = version->line_end;
    carry_lines(next);
    for (uint32_t a = 0; a < plan->from->ancestor_count; a++) {
        for (uint32_t v = 0; v < running->version_count && !plan->failed; v++) {
            if (running->versions[v]->serial != plan->from->ancestors[a])
                continue;
            if (lacks_lines(next))
                revive(next, running->versions[v]);
            note_births(next, running->versions[v]);
        }
    }
    note_revivals(next, line_end);
    for (uint32_t l = 0; l < molt__version_line_count(version); l++) {
        if (version->lines[l] == 0)
            version->lines[l] = version->line_end++;
    }
    find_indexed(next);
    plan->failed |= !molt__version_take_births(version, plan->from) ||
                    !molt__version_take_revivals(version, plan->from);
    for (uint32_t v = 0; v < running->version_count && !plan->failed; v++)
        plan->failed |= !molt__version_take_births(version, running->versions[v]);
}

MoltVersion *molt__plan_next_version(MoltPlan *plan, const MoltSchema *running)
{
    MoltVersion *version = molt__version_make(plan->after);
    size_t size = molt__trace_line_count(plan->before) * sizeof(uint32_t);
    uint32_t *old_lines = plan->allocator.resize(plan->allocator.context, NULL, 0, size);
    plan->failed |= !version || !old_lines;
    if (!plan->failed) {
        bool refused = plan->refused;
        memset(old_lines, 0, size);
        molt__trace_fill(plan->before, plan->from, old_lines);
        version->serial = plan->from->serial + 1;
        version->line_end = plan->from->line_end;
        for (uint32_t v = 0; v < running->version_count; v++) {
            const MoltVersion *known = running->versions[v];
            if (known->serial >= version->serial)
                version->serial = known->serial + 1;
            if (known->line_end > version->line_end)
                version->line_end = known->line_end;
        }
        version->ancestors[version->ancestor_count++] = plan->from->serial;
        for (uint32_t a = 0; a < plan->from->ancestor_count; a++) {
            if (version->ancestor_count < MOLT_SCHEMA_VERSIONS)
                version->ancestors[version->ancestor_count++] = plan->from->ancestors[a];
        }
        Next next = {.plan = plan, .version = version, .old_lines = old_lines};
        find_lines(&next, running);
        plan->refused = refused; /* matches that nothing is made of refuse nothing */
    }
    if (old_lines)
        plan->allocator.resize(plan->allocator.context, old_lines, size, 0);
    if (plan->failed) {
        molt__version_drop(version);
        return NULL;
    }
    return version;
}
