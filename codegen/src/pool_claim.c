#include <string.h>

#include "erased_solver.h"
#include "path.h"
#include "pool.h"

enum { NOTES_MAX = 8 /* of one pointer */ };

typedef MoltErasedUse Use;
typedef MoltErasedObject Object;
typedef MoltErasedHeld Held;
typedef MoltErasedSolver Solver;

/* ---- what pointers lead to ------------------------------------------------------------------- */

static void add_field_note(const Solver *solver, const char *owner, const char *field,
                           const char *type, const char *where)
{
    MoltUnit *library = solver->library;
    uint32_t known = 0;
    size_t length = strlen(type);
    for (uint32_t i = 0; i < library->held_count; i++) {
        const MoltUnitHeld *item = &library->held[i];
        bool same = strcmp(item->owner, owner) == 0 && strcmp(item->field, field) == 0;
        if (same && strncmp(item->text, type, length) == 0 && item->text[length] == ' ') {
            return;
        }
        known += same;
    }
    if (known == NOTES_MAX) {
        return;
    }
    library->held = molt__arena_grow(solver->arena, library->held, library->held_count,
                                     &library->held_capacity, sizeof *library->held);
    library->held[library->held_count++] =
        (MoltUnitHeld){owner, field, molt__arena_format(solver->arena, "%s %s", type, where)};
}

static void note_field(const Solver *solver, const MoltFlow *field, const char *type, MoltPlace at)
{
    const char *file = molt__path_recorded(solver->arena, solver->library->base, at.file);
    add_field_note(solver, field->b, field->place.file, type,
                   molt__arena_format(solver->arena, "%s:%u", file, at.line));
}

/* A pointer of the state that is given addresses of the type, or becomes a pointer to it, leads to one: in a
 * block of a known type or not, for a note on it speaks of all. Where the block that it takes has such a
 * note, that holds one. */
void molt__pool_claims_follow(Solver *solver, uint32_t first, uint32_t end)
{
    MoltUnit *library = solver->library;
    for (uint32_t h = 0; h < solver->hash_count; h++) {
        uint32_t given = solver->given[molt__place_find(&solver->graph, solver->hashes[h].b)];
        if (given != 0) {
            library->hashed =
                molt__arena_grow(solver->arena, library->hashed, library->hashed_count,
                                 &library->hashed_capacity, sizeof *library->hashed);
            library->hashed[library->hashed_count++] =
                (MoltUnitErased){solver->uses[given - 1].type, solver->hashes[h].a};
        }
    }
    for (uint32_t f = 0; f < solver->field_count; f++) {
        uint32_t given = solver->given[solver->field_at[f]];
        if (given != 0) {
            note_field(solver, &solver->fields[f], solver->uses[given - 1].type,
                       solver->uses[given - 1].at);
        }
    }
    for (uint32_t i = first; i < end; i++) {
        const Use *use = &solver->uses[i];
        uint32_t count = !use->takes ? 0
                                     : molt__place_sources(&solver->graph, use->place, NULL,
                                                           solver->seen, solver->found);
        for (uint32_t k = 0; k < count; k++) {
            solver->seen[solver->found[k]] = 1;
        }
        for (uint32_t f = 0; count > 0 && f < solver->field_count; f++) {
            if (solver->seen[solver->field_at[f]]) {
                note_field(solver, &solver->fields[f], use->type, use->at);
            }
        }
        for (uint32_t k = 0; k < count; k++) {
            solver->seen[solver->found[k]] = 0;
        }
    }
    for (uint32_t o = 0; o < solver->object_count; o++) {
        const Object *object = &solver->objects[o];
        uint32_t e = object->block != NULL && object->block->pool
                         ? solver->graph.nodes[object->place].out
                         : 0;
        for (; e != 0; e = solver->graph.edges[e - 1].next_out) {
            uint32_t given = solver->given[solver->graph.edges[e - 1].to];
            if (given != 0) {
                molt__erased_hold(solver, object, solver->uses[given - 1].type,
                                  solver->uses[given - 1].at);
            }
        }
    }
}

/* ---- notes that are wrong ---------------------------------------------------------------------- */

/* Structs and unions that a value of `type` begins with. */
static bool begins_with(const Solver *solver, const char *type, const char *first)
{
    for (uint32_t u = 0; u < solver->names->unit_count; u++) {
        const MoltSchema *schema = solver->names->units[u].schema;
        MoltTypeId id = 0;
        while (id < schema->tables.type_count &&
               strcmp(molt__library_name(solver->names, u, id), type) != 0) {
            id++;
        }
        for (int depth = 0; id < schema->tables.type_count && depth < MOLT_SCHEMA_DEPTH_MAX;
             depth++) {
            const MoltType *at = molt_type(schema, id);
            bool record = at->kind == MOLT_KIND_STRUCT || at->kind == MOLT_KIND_UNION;
            if (strcmp(molt__library_name(solver->names, u, id), first) == 0) {
                return true;
            }
            if (!molt_kind_is_sequence(at->kind) && (!record || at->count == 0)) {
                break;
            }
            id = record ? schema->tables.fields[at->first].type : at->elem;
        }
    }
    return false;
}

/* A struct that is nothing but a pointer to another of it, as free objects are linked by: a migration knows
 * those by what they hold. */
static bool is_link(const Solver *solver, const char *type)
{
    for (uint32_t u = 0; u < solver->names->unit_count; u++) {
        const MoltSchema *schema = solver->names->units[u].schema;
        for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
            const MoltType *at = molt_type(schema, id);
            if (at->kind != MOLT_KIND_STRUCT || at->count != 1 ||
                strcmp(molt__library_name(solver->names, u, id), type) != 0) {
                continue;
            }
            const MoltType *only = molt_type(schema, schema->tables.fields[at->first].type);
            if (only->kind == MOLT_KIND_POINTER && only->elem == id) {
                return true;
            }
        }
    }
    return false;
}

/* A struct that pointers to `type`, or to `view`, are cast to, so that it may lie where they lead: not one
 * that a `type` begins with anyway, nor the `header` before it, nor a link. NULL: there is none. */
static const char *seen_as(const Solver *solver, const char *type, const char *view,
                           const char *header)
{
    for (uint32_t v = 0; v < solver->view_count; v++) {
        const char *pair[2] = {solver->views[v].a, solver->views[v].b};
        for (int i = 0; i < 2; i++) {
            bool base = strcmp(pair[i], type) == 0 || strcmp(pair[i], view) == 0;
            const char *other = pair[1 - i];
            if (base && strcmp(other, type) != 0 && strcmp(other, view) != 0 &&
                strcmp(other, header) != 0 && !begins_with(solver, type, other) &&
                !is_link(solver, other)) {
                return other;
            }
        }
    }
    return NULL;
}

/* "MOLT_POOL(Ant) on Nest.ants" and what else the sources put where that note says there are Ants. A view on
 * a struct that begins like another one is no excuse: an array of one is not an array of the other. */
static void contradict_flow(Solver *solver)
{
    for (uint32_t i = 0; i < solver->held_count; i++) {
        const Held *held = &solver->held[i];
        MoltUnitAllocation *call = held->object->block;
        if (call == NULL || !call->pool || call->type[0] == '\0' ||
            strcmp(call->type, held->type) == 0 || strcmp(call->view, held->type) == 0) {
            continue;
        }
        const char *file = molt__path_recorded(solver->arena, solver->library->base, held->at.file);
        call->reason =
            molt__arena_format(solver->arena, "%s says %s, but %s is put there too, at %s:%u",
                               call->reason, call->type, held->type, file, held->at.line);
        call->type = "";
    }
}

static void contradict_views(Solver *solver)
{
    for (uint32_t i = 0; i < solver->library->allocation_count; i++) {
        MoltUnitAllocation *call = &solver->library->allocations[i];
        const char *view = call->view[0] != '\0' ? call->view : call->type;
        const char *other = call->pool && call->type[0] != '\0' && !call->sized
                                ? seen_as(solver, call->type, view, "")
                                : NULL;
        if (other != NULL) {
            call->reason = molt__arena_format(solver->arena,
                                              "%s says %s, but pointers are cast between %s and %s",
                                              call->reason, call->type, view, other);
            call->type = "";
        }
    }
}

/* What lies in the blocks to which a pointer of the state may lead. */
static void note_fields(Solver *solver)
{
    for (uint32_t f = 0; f < solver->field_count && solver->held_count > 0; f++) {
        uint32_t count = molt__place_sources(&solver->graph, solver->field_at[f], NULL,
                                             solver->seen, solver->found);
        for (uint32_t i = 0; i < count; i++) {
            solver->seen[solver->found[i]] = 1;
        }
        for (uint32_t h = 0; h < solver->held_count; h++) {
            const Held *held = &solver->held[h];
            if (held->object->block != NULL && solver->seen[held->object->place]) {
                note_field(solver, &solver->fields[f], held->type, held->at);
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            solver->seen[solver->found[i]] = 0;
        }
    }
}

/* A pointer with a note that says what the memory holds. */
static void note_view(Solver *solver, uint32_t unit, MoltTypeId owner, const MoltField *field)
{
    const MoltSchema *schema = solver->names->units[unit].schema;
    const MoltType *pointer = molt_type(schema, field->type);
    const MoltNote *pool =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_POOL);
    while (pointer->kind == MOLT_KIND_ARRAY) {
        pointer = molt_type(schema, pointer->elem);
    }
    bool counted =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_COUNT) != NULL;
    if (pointer->kind != MOLT_KIND_POINTER || (pool == NULL && !counted)) {
        return;
    }
    MoltPoolNames names =
        molt__pool_names(solver->arena, pool != NULL ? molt_string(schema, pool->text) : "");
    MoltTypeId type = pool != NULL ? molt_schema_find(schema, names.type) : pointer->elem;
    const MoltType *pointee = molt_type(schema, pointer->elem);
    bool record = pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION;
    const char *other = NULL;
    if (type != MOLT_NO_TYPE && (record || pool != NULL)) {
        const char *own = molt__library_name(solver->names, unit, type);
        MoltTypeId head = molt_schema_find(schema, names.header);
        const char *first =
            head != MOLT_NO_TYPE ? molt__library_name(solver->names, unit, head) : "";
        other = seen_as(solver, own,
                        record && first[0] == '\0'
                            ? molt__library_name(solver->names, unit, pointer->elem)
                            : own,
                        first);
    }
    if (other != NULL) {
        const char *name = molt_string(schema, field->name);
        const char *colon = strrchr(name, ':');
        add_field_note(solver, molt__library_name(solver->names, unit, owner),
                       colon != NULL ? colon + 1 : name, other, "a cast");
    }
}

static void note_views(Solver *solver)
{
    for (uint32_t u = 0; u < solver->names->unit_count && solver->view_count > 0; u++) {
        const MoltSchema *schema = solver->names->units[u].schema;
        for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
            const MoltType *type = molt_type(schema, id);
            bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
            for (uint32_t f = 0; record && f < type->count; f++) {
                note_view(solver, u, id, &schema->tables.fields[type->first + f]);
            }
        }
    }
}

/* The library's names of what MOLT_POOL(T, H) on a field says; false where it says none. */
static bool read_headed(const Solver *solver, uint32_t unit, const MoltField *field, const char **type,
                        const char **header)
{
    const MoltSchema *schema = solver->names->units[unit].schema;
    const MoltNote *pool =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_POOL);
    if (pool == NULL) {
        return false;
    }
    MoltPoolNames names = molt__pool_names(solver->arena, molt_string(schema, pool->text));
    MoltTypeId item = molt_schema_find(schema, names.type);
    MoltTypeId head = molt_schema_find(schema, names.header);
    if (item == MOLT_NO_TYPE || head == MOLT_NO_TYPE) {
        return false;
    }
    *type = molt__library_name(solver->names, unit, item);
    *header = molt__library_name(solver->names, unit, head);
    return true;
}

/* Moves them behind the others. */
static void put_last_between(Solver *solver, const char *type, const char *header)
{
    for (uint32_t v = solver->view_count; v-- > 0;) {
        const MoltFlow view = solver->views[v];
        if ((strcmp(view.a, type) == 0 && strcmp(view.b, header) == 0) ||
            (strcmp(view.a, header) == 0 && strcmp(view.b, type) == 0)) {
            solver->views[v] = solver->views[--solver->view_count];
            solver->views[solver->view_count] = view;
        }
    }
}

/* Where a MOLT_POOL(T, H) says that an H stands before Ts, casts between the two are the way from the one to
 * the other, and tell nothing against a note on Ts elsewhere. */
static void set_explained_views_apart(Solver *solver)
{
    const char *item, *head;
    for (uint32_t u = 0; u < solver->names->unit_count && solver->view_count > 0; u++) {
        const MoltSchema *schema = solver->names->units[u].schema;
        for (uint32_t f = 0; f < schema->tables.field_count; f++) {
            if (read_headed(solver, u, &schema->tables.fields[f], &item, &head)) {
                put_last_between(solver, item, head);
            }
        }
    }
}

void molt__pool_claims_judge(Solver *solver)
{
    uint32_t views = solver->view_count;
    set_explained_views_apart(solver);
    contradict_flow(solver);
    contradict_views(solver);
    note_fields(solver);
    note_views(solver);
    solver->view_count = views;
}
