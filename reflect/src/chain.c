/* The lines of version.h, which a session gives to the things of its versions, given to recorded ones. */
#include "molt/chain.h"

#include <stdio.h>
#include <string.h>

#include "lineage.h"
#include "plan_names.h"
#include "plan_trace.h"

enum { NAMES_SIZE = 480 };

/* Things of versions of one segment are the same where their lines are. */
typedef struct Link {
    const MoltSchema *schema;
    MoltSchema *copy; /* that remembers the versions before it, as that of a running state does */
    MoltVersion *version; /* NULL until a plan has been made from it or to it */
    uint32_t *lines;      /* of the schema's types, then of its fields, then of its enumerators */
    uint32_t segment;
} Link;

struct MoltChain {
    MoltAllocator allocator;
    Link *links;
    uint32_t count;
};

static void *new_table(const MoltChain *chain, size_t size)
{
    void *table = chain->allocator.resize(chain->allocator.context, NULL, 0, size);
    if (table)
        memset(table, 0, size);
    return table;
}

/* ---- building ------------------------------------------------------------------------------- */

/* Plans the step and has the later version remember what became of the earlier one's things. */
static MoltStatus take_step(Link *from, Link *to, MoltError *error)
{
    MoltPlan *plan = NULL;
    MoltStatus status = molt_plan_build(from->copy, to->copy, MOLT_POLICY_STRICT,
                                        &from->copy->allocator, &plan, NULL, error);
    if (status == MOLT_OK) {
        molt__lineage_follow(from->copy, to->copy, plan->from, plan->to);
        if (!from->version)
            from->version = molt__version_share(plan->from);
        to->version = molt__version_share(plan->to);
        to->segment = from->segment;
    } else if (status != MOLT_OUT_OF_MEMORY) {
        to->segment = from->segment + 1;
        status = MOLT_OK;
    }
    molt_plan_free(plan);
    return status;
}

static MoltStatus find_lines(MoltChain *chain, Link *link)
{
    link->lines = new_table(chain, molt__trace_line_count(link->schema) * sizeof *link->lines);
    if (!link->lines)
        return MOLT_OUT_OF_MEMORY;
    if (link->version)
        molt__trace_fill(link->schema, link->version, link->lines);
    return MOLT_OK;
}

MoltStatus molt_chain_build(const MoltSchema *const *versions, uint32_t count,
                            const MoltAllocator *allocator, MoltChain **out, MoltError *error)
{
    if (!allocator)
        allocator = molt_allocator_default();
    MoltChain *chain = allocator->resize(allocator->context, NULL, 0, sizeof *chain);
    MoltStatus status = chain ? MOLT_OK : MOLT_OUT_OF_MEMORY;
    if (chain) {
        *chain = (MoltChain){.allocator = *allocator};
        chain->links = new_table(chain, ((size_t)count + 1) * sizeof *chain->links);
        chain->count = chain->links ? count : 0;
        status = chain->links ? MOLT_OK : MOLT_OUT_OF_MEMORY;
    }
    for (uint32_t v = 0; v < count && status == MOLT_OK; v++) {
        chain->links[v].schema = versions[v];
        status = molt_schema_copy(&versions[v]->tables, allocator, &chain->links[v].copy, error);
    }
    for (uint32_t v = 1; v < count && status == MOLT_OK; v++)
        status = take_step(&chain->links[v - 1], &chain->links[v], error);
    for (uint32_t v = 0; v < count && status == MOLT_OK; v++)
        status = find_lines(chain, &chain->links[v]);
    if (status == MOLT_OK) {
        *out = chain;
        return MOLT_OK;
    }
    molt_chain_free(chain);
    return molt_error(error, status, "no memory to follow the recorded schemas");
}

void molt_chain_free(MoltChain *chain)
{
    if (!chain)
        return;
    const MoltAllocator allocator = chain->allocator;
    for (uint32_t v = 0; v < chain->count; v++) {
        Link *link = &chain->links[v];
        if (link->lines)
            allocator.resize(allocator.context, link->lines,
                             molt__trace_line_count(link->schema) * sizeof *link->lines, 0);
        molt__version_drop(link->version);
        molt_schema_free(link->copy);
    }
    if (chain->links)
        allocator.resize(allocator.context, chain->links,
                         ((size_t)chain->count + 1) * sizeof *chain->links, 0);
    allocator.resize(allocator.context, chain, sizeof *chain, 0);
}

/* ---- comparing ------------------------------------------------------------------------------ */

typedef struct Comparison {
    const MoltChain *chain;
    uint32_t from;
    const Link *was, *is; /* the first and the last version */
    MoltPlan *plan;
    MoltReport *report;
} Comparison;

typedef enum Sort { TYPES, FIELDS, ENUMERATORS } Sort;

static uint32_t count_of(const MoltTables *tables, Sort sort)
{
    return sort == TYPES    ? tables->type_count
           : sort == FIELDS ? tables->field_count
                            : tables->enumerator_count;
}

static const uint32_t *lines_of(const Link *link, Sort sort)
{
    const MoltTables *tables = &link->schema->tables;
    return link->lines + (sort == TYPES    ? 0
                          : sort == FIELDS ? tables->type_count
                                           : tables->type_count + tables->field_count);
}

static const char *name_of(const Link *link, Sort sort, uint32_t index)
{
    const MoltTables *tables = &link->schema->tables;
    return molt_string(link->schema, sort == TYPES    ? tables->types[index].name
                                     : sort == FIELDS ? tables->fields[index].name
                                                      : tables->enumerators[index].name);
}

/* The thing of a version that has the line, UINT32_MAX when it has none. */
static uint32_t thing_of(const Link *link, Sort sort, uint32_t line)
{
    return line == 0 ? UINT32_MAX
                     : molt__version_find(lines_of(link, sort),
                                          count_of(&link->schema->tables, sort), line);
}

/* The thing of the last version says that it was called so. */
static bool is_noted(const Comparison *c, Sort sort, uint32_t index, const char *name)
{
    const MoltTables *tables = &c->is->schema->tables;
    uint32_t first = sort == TYPES    ? tables->types[index].note_first
                     : sort == FIELDS ? tables->fields[index].note_first
                                      : tables->enumerators[index].note_first;
    uint32_t count = sort == TYPES    ? tables->types[index].note_count
                     : sort == FIELDS ? tables->fields[index].note_count
                                      : tables->enumerators[index].note_count;
    const MoltNamed item = {.note_first = first, .note_count = count};
    return molt__name_was(c->is->schema, &item, name);
}

/* The struct, union or enum that has a field or an enumerator. */
static MoltTypeId owner_of(const MoltSchema *schema, Sort sort, uint32_t index)
{
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        bool has_such = sort == ENUMERATORS
                            ? type->kind == MOLT_KIND_ENUM
                            : type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
        if (has_such && index - type->first < type->count)
            return t;
    }
    return MOLT_NO_TYPE;
}

/* Some version has another thing of that name in the same place, which the last one has no longer or calls
 * something else: a note with the name would claim it, too. */
static bool is_anothers(const Comparison *c, Sort sort, uint32_t index, const char *name)
{
    uint32_t line = lines_of(c->is, sort)[index];
    MoltTypeId owner = sort == TYPES ? MOLT_NO_TYPE : owner_of(c->is->schema, sort, index);
    uint32_t around = owner == MOLT_NO_TYPE ? 0 : lines_of(c->is, TYPES)[owner];
    for (uint32_t v = 0; v < c->chain->count; v++) {
        const Link *link = &c->chain->links[v];
        MoltTypeId here = thing_of(link, TYPES, around);
        if (sort != TYPES && here == UINT32_MAX)
            continue;
        uint32_t first = sort == TYPES ? 0 : molt_type(link->schema, here)->first;
        uint32_t count = sort == TYPES ? count_of(&link->schema->tables, TYPES)
                                       : molt_type(link->schema, here)->count;
        for (uint32_t i = first; i < first + count; i++) {
            uint32_t other = lines_of(link, sort)[i];
            if (other == 0 || other == line || strcmp(name_of(link, sort, i), name) != 0)
                continue;
            uint32_t now = thing_of(c->is, sort, other);
            if (now == UINT32_MAX || strcmp(name_of(c->is, sort, now), name) != 0)
                return true;
        }
    }
    return false;
}

/* "\"a\", \"b\"": what a thing of the last version was called since `from`, oldest first, as MOLT_WAS takes
 * it. Names that do not fit are left out. False when it says so already, or a name is another thing's as
 * well: then notes are in each other's way. */
static bool write_names(const Comparison *c, Sort sort, uint32_t index, uint32_t first,
                        char buffer[NAMES_SIZE])
{
    bool more = false, clear = true;
    uint32_t line = lines_of(c->is, sort)[index];
    const char *now = name_of(c->is, sort, index);
    char quoted[NAMES_SIZE];
    size_t used = 0;
    buffer[0] = '\0';
    for (uint32_t v = c->from; v + 1 < c->chain->count; v++) {
        const Link *link = &c->chain->links[v];
        uint32_t thing = v == c->from ? first : thing_of(link, sort, line);
        const char *name = thing != UINT32_MAX ? name_of(link, sort, thing) : now;
        int length = snprintf(quoted, sizeof quoted, "\"%s\"", name);
        if (strcmp(name, now) == 0 || strstr(buffer, quoted) || length < 0 ||
            used + (size_t)length + 3 > NAMES_SIZE)
            continue;
        length = snprintf(buffer + used, NAMES_SIZE - used, "%s%s", used > 0 ? ", " : "", quoted);
        used += length > 0 ? (size_t)length : 0;
        more = more || !is_noted(c, sort, index, name);
        clear = clear && !is_anothers(c, sort, index, name);
    }
    return more && clear;
}

static const char stepwise[] = "no note serves every version: take such saves from one to the "
                               "next, with molt migrate --to and the "
                               "folder of the recorded ones";

/* What is told about the source of a thing has the cause that the thing's own finding names. */
static void settle_source(const Comparison *c, const char *path)
{
    for (uint32_t i = 0; i < c->report->count; i++) {
        MoltFinding *finding = &c->report->findings[i];
        bool gone = finding->rule == MOLT_RULE_FIELD_REMOVED ||
                    finding->rule == MOLT_RULE_POSSIBLE_RENAME ||
                    finding->rule == MOLT_RULE_TYPE_REMOVED;
        if (gone && finding->path && strcmp(finding->path, path) == 0) {
            finding->severity = MOLT_INFO;
            finding->remedy = NULL;
        }
    }
}

static void find(const Comparison *c, const char *path, const char *before, const char *after,
                 const char *remedy)
{
    molt_report_add(c->report, &(MoltFinding){.severity = MOLT_LOSS,
                                              .rule = MOLT_RULE_NOTE_DROPPED,
                                              .path = path,
                                              .before = before,
                                              .after = after,
                                              .remedy = remedy});
}

static void find_field(const Comparison *c, MoltTypeId type, uint32_t field, uint32_t source,
                       const char *remedy)
{
    char path[512], before[512], after[512];
    molt__field_path(c->is->schema, type, field, path, sizeof path);
    molt_schema_declare(c->was->schema, &c->was->schema->tables.fields[source], before,
                        sizeof before);
    molt_schema_declare(c->is->schema, &c->is->schema->tables.fields[field], after, sizeof after);
    find(c, path, before, after, remedy);
}

/* ---- fields --------------------------------------------------------------------------------- */

static bool has_note(const MoltSchema *schema, uint32_t field, MoltNoteKind kind)
{
    const MoltField *f = &schema->tables.fields[field];
    return molt_schema_note(schema, f->note_first, f->note_count, kind) != NULL;
}

static MoltTypeId in_arrays(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind))
        id = molt_type(schema, id)->elem;
    return id;
}

/* The field of the first version that the steps take the field's value from, or MOLT__NO_FIELD. What comes
 * out of another struct is told here: *moved. */
static uint32_t source_by_steps(const Comparison *c, MoltTypeId was, uint32_t field, bool *moved,
                                char path[MOLT__PATH_SIZE])
{
    uint32_t line = lines_of(c->is, FIELDS)[field], source = thing_of(c->was, FIELDS, line);
    *moved = false;
    if (source != UINT32_MAX || line == 0 || !c->is->version || !c->was->version ||
        !molt__version_path(c->is->version, line, c->was->version, path))
        return source;
    *moved = strpbrk(path, ".[^") != NULL;
    return *moved || was == MOLT_NO_TYPE ? MOLT__NO_FIELD
                                         : molt_schema_find_field(c->was->schema, was, path);
}

/* Where in the first version the value lies that MOLT_MOVED takes for a field of struct `is` by the path; of
 * several structs that hold one the first counts. */
static bool find_moved(const Comparison *c, MoltTypeId is, const char *path, MoltFieldPlace *place)
{
    const MoltTables *tables = &c->is->schema->tables;
    for (; *path == '^'; path += path[1] == '.' ? 2 : 1) {
        MoltTypeId around = MOLT_NO_TYPE;
        for (uint32_t f = 0; f < tables->field_count && around == MOLT_NO_TYPE; f++) {
            if (in_arrays(c->is->schema, tables->fields[f].type) == is)
                around = owner_of(c->is->schema, FIELDS, f);
        }
        if (around == MOLT_NO_TYPE)
            return false;
        is = around;
    }
    uint32_t was = thing_of(c->was, TYPES, lines_of(c->is, TYPES)[is]);
    return was != UINT32_MAX && molt_schema_find_path(c->was->schema, was, path, place);
}

/* Older versions have the value elsewhere, and a field has one MOLT_MOVED. */
static bool lies_elsewhere(const Comparison *c, uint32_t field, const char *path)
{
    char other[MOLT__PATH_SIZE];
    uint32_t line = lines_of(c->is, FIELDS)[field];
    for (uint32_t v = 0; v + 1 < c->chain->count; v++) {
        const Link *link = &c->chain->links[v];
        if (link->version && link->segment == c->is->segment &&
            thing_of(link, FIELDS, line) == UINT32_MAX &&
            molt__version_path(c->is->version, line, link->version, other) &&
            strcmp(path, other) != 0)
            return true;
    }
    return false;
}

static void find_dropped_move(const Comparison *c, MoltTypeId is, uint32_t field, const char *path)
{
    char remedy[MOLT__PATH_SIZE + 300], text[512];
    MoltFieldPlace place;
    if (lies_elsewhere(c, field, path))
        snprintf(remedy, sizeof remedy, "%s", stepwise);
    else
        snprintf(remedy, sizeof remedy, "keep MOLT_MOVED(\"%s\") on %.200s", path,
                 name_of(c->is, FIELDS, field));
    if (!find_moved(c, is, path, &place)) {
        molt__field_path(c->is->schema, is, field, text, sizeof text);
        find(c, text, path, NULL, remedy);
        return;
    }
    find_field(c, is, field, place.field, remedy);
    molt__field_path(c->was->schema, place.holder, place.field, text, sizeof text);
    settle_source(c, text);
}

/* Enumerators that two versions of an enum have in common have other numbers. */
static bool is_renumbered(const Link *was, MoltTypeId before, const Link *is, MoltTypeId after)
{
    const MoltType *old = molt_type(was->schema, before), *new = molt_type(is->schema, after);
    for (uint32_t e = new->first; e < new->first + new->count; e++) {
        uint32_t known = thing_of(was, ENUMERATORS, lines_of(is, ENUMERATORS)[e]);
        if (known - old->first < old->count &&
            was->schema->tables.enumerators[known].value != is->schema->tables.enumerators[e].value)
            return true;
    }
    return false;
}

/* An array that a step laid out by an enum, where neither end says so: elements stay where they are. */
static void compare_index(const Comparison *c, MoltTypeId is, uint32_t field, uint32_t source)
{
    uint32_t line = lines_of(c->is, FIELDS)[field], by = 0;
    char remedy[512];
    if (has_note(c->is->schema, field, MOLT_NOTE_INDEX) ||
        has_note(c->was->schema, source, MOLT_NOTE_INDEX))
        return;
    for (uint32_t v = c->from + 1; v + 1 < c->chain->count; v++) {
        const Link *link = &c->chain->links[v];
        uint32_t thing = thing_of(link, FIELDS, line);
        MoltTypeId noted =
            thing == UINT32_MAX
                ? MOLT_NO_TYPE
                : molt__trace_noted_index(link->schema, &link->schema->tables.fields[thing]);
        uint32_t type = noted == MOLT_NO_TYPE ? 0 : lines_of(link, TYPES)[noted];
        MoltTypeId before = thing_of(c->was, TYPES, type);
        if (before != UINT32_MAX && molt_type(c->was->schema, before)->kind == MOLT_KIND_ENUM &&
            is_renumbered(c->was, before, link, noted))
            by = type;
    }
    MoltTypeId index = thing_of(c->is, TYPES, by);
    if (index == UINT32_MAX)
        return;
    snprintf(remedy, sizeof remedy, "keep MOLT_INDEX(%.200s) on %.200s",
             molt_type_name(c->is->schema, index), name_of(c->is, FIELDS, field));
    find_field(c, is, field, source, remedy);
}

/* What the plan takes for the field was another thing: no later version of it has that line, and one had it
 * under another name. */
static bool is_stale(const Comparison *c, uint32_t source)
{
    uint32_t line = lines_of(c->was, FIELDS)[source];
    bool renamed = false;
    for (uint32_t v = c->from + 1; v + 1 < c->chain->count && !renamed; v++) {
        const Link *link = &c->chain->links[v];
        uint32_t thing = thing_of(link, FIELDS, line);
        renamed = thing != UINT32_MAX &&
                  strcmp(name_of(link, FIELDS, thing), name_of(c->was, FIELDS, source)) != 0;
    }
    return renamed && thing_of(c->is, FIELDS, line) == UINT32_MAX;
}

static void compare_field(const Comparison *c, MoltTypeId was, MoltTypeId is, uint32_t field)
{
    const MoltField *now = &c->is->schema->tables.fields[field];
    char path[MOLT__PATH_SIZE], names[NAMES_SIZE], remedy[MOLT__PATH_SIZE + 128];
    const char *name = molt_string(c->is->schema, now->name);
    bool moved;
    if (now->flags & MOLT_FIELD_TRANSIENT || name[0] == '<' ||
        has_note(c->is->schema, field, MOLT_NOTE_MOVED))
        return;
    uint32_t source = source_by_steps(c, was, field, &moved, path);
    uint32_t taken =
        was != MOLT_NO_TYPE ? molt_plan_source(c->plan, was, is, field) : MOLT__NO_FIELD;
    if (moved) {
        find_dropped_move(c, is, field, path);
    } else if (source != MOLT__NO_FIELD && source != taken &&
               owner_of(c->was->schema, FIELDS, source) == was) {
        bool helps = write_names(c, FIELDS, field, source, names);
        snprintf(remedy, sizeof remedy, "keep MOLT_WAS(%s) on %.100s", names, name);
        find_field(c, is, field, source, helps ? remedy : stepwise);
        molt__field_path(c->was->schema, was, source, path, sizeof path);
        settle_source(c, path);
    } else if (source == MOLT__NO_FIELD && taken != MOLT__NO_FIELD && is_stale(c, taken)) {
        find_field(c, is, field, taken, "give it a name that no recorded version has");
    } else if (source != MOLT__NO_FIELD && source == taken) {
        compare_index(c, is, field, source);
    }
}

/* ---- types and enumerators ------------------------------------------------------------------ */

static void compare_enumerators(const Comparison *c, MoltTypeId was, MoltTypeId is)
{
    const MoltSchema *before = c->was->schema, *after = c->is->schema;
    const MoltType *old = molt_type(before, was), *new = molt_type(after, is);
    uint32_t *match = new_table(c->chain, ((size_t) new->count + 1) * sizeof *match);
    char path[512], names[NAMES_SIZE], remedy[NAMES_SIZE + 300];
    if (!match) {
        c->plan->failed = true;
        return;
    }
    molt__plan_match_enumerators(c->plan, was, is, match);
    for (uint32_t e = 0; e < new->count && !c->plan->failed; e++) {
        uint32_t source =
            thing_of(c->was, ENUMERATORS, lines_of(c->is, ENUMERATORS)[new->first + e]);
        const char *name = name_of(c->is, ENUMERATORS, new->first + e);
        if (source - old->first >= old->count ||
            (match[e] != UINT32_MAX && before->tables.enumerators[old->first + match[e]].value ==
                                           before->tables.enumerators[source].value))
            continue;
        bool helps = write_names(c, ENUMERATORS, new->first + e, source, names);
        snprintf(remedy, sizeof remedy, "keep MOLT_WAS(%s) on %.200s", names, name);
        snprintf(path, sizeof path, "%.240s.%.240s", molt_type_name(after, is), name);
        find(c, path, name_of(c->was, ENUMERATORS, source), name, helps ? remedy : stepwise);
    }
    c->chain->allocator.resize(c->chain->allocator.context, match,
                               ((size_t) new->count + 1) * sizeof *match, 0);
}

static void find_type(const Comparison *c, MoltTypeId was, MoltTypeId is)
{
    char names[NAMES_SIZE], remedy[NAMES_SIZE + 300];
    const char *name = molt_type_name(c->is->schema, is);
    bool helps = write_names(c, TYPES, is, was, names);
    snprintf(remedy, sizeof remedy, "keep MOLT_WAS(%s) after the } of %.200s", names, name);
    find(c, name, molt_type_name(c->was->schema, was), name, helps ? remedy : stepwise);
    settle_source(c, molt_type_name(c->was->schema, was));
}

static void compare_type(const Comparison *c, MoltTypeId is)
{
    const MoltType *now = molt_type(c->is->schema, is);
    uint32_t was = thing_of(c->was, TYPES, lines_of(c->is, TYPES)[is]);
    bool record = now->kind == MOLT_KIND_STRUCT || now->kind == MOLT_KIND_UNION;
    bool same = was != UINT32_MAX && molt_type(c->was->schema, was)->kind == now->kind;
    if (!record && now->kind != MOLT_KIND_ENUM)
        return;
    if (same && molt_plan_type(c->plan, was) != is) {
        if (!strstr(molt_type_name(c->is->schema, is), "::"))
            find_type(c, was, is);
        return; /* what it has is told once the type is known */
    }
    for (uint32_t f = 0; record && f < now->count; f++)
        compare_field(c, same ? was : MOLT_NO_TYPE, is, now->first + f);
    if (same && now->kind == MOLT_KIND_ENUM)
        compare_enumerators(c, was, is);
}

MoltStatus molt_chain_foresee(const MoltChain *chain, uint32_t from, MoltPlan *plan,
                              MoltReport *report)
{
    const Link *was = &chain->links[from], *is = &chain->links[chain->count - 1];
    Comparison comparison = {chain, from, was, is, plan, report};
    bool refused = plan->refused;
    if (chain->count - from <= 2 || was->segment != is->segment)
        return MOLT_OK; /* a single step, or one that nobody can take */
    for (MoltTypeId t = 0; t < is->schema->tables.type_count && !plan->failed; t++)
        compare_type(&comparison, t);
    plan->refused = refused; /* matches that nothing is made of refuse nothing */
    return plan->failed ? MOLT_OUT_OF_MEMORY : MOLT_OK;
}
