/* As Andersen's analysis does it: objects are allocations, arrays of numbers, and what is copied to; a place
 * may point to those from which values come to it. A type is put into an object where a pointer that may
 * lead there becomes one to the type, or where a value of it is copied there.
 *
 * A miss in a block would garble values in silence, so there all counts that may be. An array of numbers
 * says what it holds, and its address may lie in a `void *` beside those of structs: that such a pointer
 * becomes one to a struct, of which it was given the address, says nothing of the array. */
#include "erased.h"

#include <stdlib.h>
#include <string.h>

#include "erased_solver.h"
#include "path.h"

enum { NOTES_MAX = 8 /* of one type */ };

typedef MoltErasedUse Use;
typedef MoltErasedCopy Copy;
typedef MoltErasedObject Object;
typedef MoltErasedHeld Held;
typedef MoltErasedSolver Solver;

/* ---- facts ----------------------------------------------------------------------------------- */

static const char *library_type(const Solver *solver, uint32_t unit, const char *name)
{
    MoltTypeId id = molt_schema_find(solver->names->units[unit].schema, name);
    return id != MOLT_NO_TYPE ? molt__library_name(solver->names, unit, id) : name;
}

static void add_use(Solver *solver, bool takes, uint32_t place, const char *type, MoltPlace at)
{
    solver->uses = molt__arena_grow(solver->arena, solver->uses, solver->use_count,
                                    &solver->use_capacity, sizeof *solver->uses);
    solver->uses[solver->use_count] = (Use){takes, place, solver->use_count, type, at};
    solver->use_count++;
}

static Object *add_object(Solver *solver, uint32_t place)
{
    solver->objects = molt__arena_grow(solver->arena, solver->objects, solver->object_count,
                                       &solver->object_capacity, sizeof *solver->objects);
    Object *object = &solver->objects[solver->object_count++];
    *object = (Object){.place = place, .next = solver->object_at[place]};
    solver->object_at[place] = solver->object_count;
    return object;
}

static void add_area(Solver *solver, uint32_t place, MoltFlow flow)
{
    for (uint32_t o = solver->object_at[place]; o != 0; o = solver->objects[o - 1].next) {
        if (strcmp(solver->objects[o - 1].area->b, flow.b) == 0) {
            return;
        }
    }
    MoltFlow *area = molt__arena_alloc(solver->arena, sizeof *area);
    *area = flow;
    add_object(solver, place)->area = area;
}

static void collect_unit(Solver *solver, uint32_t unit)
{
    const MoltFlows *flows = &solver->names->units[unit].flows;
    for (uint32_t i = 0; i < flows->count; i++) {
        MoltFlow flow = flows->items[i];
        uint32_t place = molt__place_find(&solver->graph, flow.a);
        if (flow.kind == MOLT_FLOW_GIVE || flow.kind == MOLT_FLOW_TAKE) {
            add_use(solver, flow.kind == MOLT_FLOW_TAKE, place, library_type(solver, unit, flow.b),
                    flow.place);
        } else if (flow.kind == MOLT_FLOW_VIEW) {
            flow.a = library_type(solver, unit, flow.a);
            flow.b = library_type(solver, unit, flow.b);
            solver->views = molt__arena_grow(solver->arena, solver->views, solver->view_count,
                                             &solver->view_capacity, sizeof *solver->views);
            solver->views[solver->view_count++] = flow;
        } else if (flow.kind == MOLT_FLOW_AREA) {
            flow.b = library_type(solver, unit, flow.b);
            add_area(solver, place, flow);
        } else if (flow.kind == MOLT_FLOW_FIELD) {
            flow.b = library_type(solver, unit, flow.b);
            solver->fields = molt__arena_grow(solver->arena, solver->fields, solver->field_count,
                                              &solver->field_capacity, sizeof *solver->fields);
            solver->field_at =
                molt__arena_grow(solver->arena, solver->field_at, solver->field_count,
                                 &solver->field_at_capacity, sizeof *solver->field_at);
            solver->field_at[solver->field_count] = place;
            solver->fields[solver->field_count++] = flow;
        } else if (flow.kind == MOLT_FLOW_HASH) {
            solver->hashes = molt__arena_grow(solver->arena, solver->hashes, solver->hash_count,
                                              &solver->hash_capacity, sizeof *solver->hashes);
            solver->hashes[solver->hash_count++] = flow;
        } else if (flow.kind == MOLT_FLOW_COPY) {
            solver->copies = molt__arena_grow(solver->arena, solver->copies, solver->copy_count,
                                              &solver->copy_capacity, sizeof *solver->copies);
            solver->copies[solver->copy_count++] =
                (Copy){place, molt__place_find(&solver->graph, flow.b), 0, 0};
        }
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Bytes by the pointer that took the block, not by sizeof. */
static bool is_of_bytes(const MoltUnitAllocation *call)
{
    static const char *const names[] = {"char", "signed char", "unsigned char"};
    for (size_t i = 0; call->by_pointer && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(call->type, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_used(const Solver *solver, uint32_t conversions, const char *type)
{
    for (uint32_t i = 0; i < conversions; i++) {
        if (strcmp(solver->uses[i].type, type) == 0) {
            return true;
        }
    }
    return false;
}

/* After all units: blocks that may hold structs are objects, those of structs give their type. */
static void collect_blocks(Solver *solver)
{
    uint32_t conversions = solver->use_count;
    for (uint32_t i = 0; i < solver->library->allocation_count; i++) {
        MoltUnitAllocation *call = &solver->library->allocations[i];
        const char *name = molt__arena_format(solver->arena, "l %s:%u:%u", call->place.file,
                                              call->place.line, call->place.column);
        uint32_t place = molt__place_find(&solver->graph, name);
        if (place == UINT32_MAX || call->gives_on) {
            continue;
        }
        bool text = solver->graph.nodes[place].takes_text;
        if (call->type[0] == '\0' || call->pool || (is_of_bytes(call) && !text)) {
            add_object(solver, place)->block = call;
        }
        if (call->type[0] != '\0' && is_used(solver, conversions, call->type)) {
            add_use(solver, false, place, call->type, call->place);
        }
    }
    for (uint32_t i = 0; i < solver->copy_count; i++) {
        if (solver->object_at[solver->copies[i].to] == 0) {
            add_object(solver, solver->copies[i].to);
        }
    }
}

/* ---- one type -------------------------------------------------------------------------------- */

static void mark(Solver *solver, uint32_t *marks, uint32_t place, uint32_t value)
{
    if (marks[place] == 0) {
        marks[place] = value;
        solver->queue[0] = place;
        molt__place_spread(&solver->graph, marks, solver->queue, 1);
    }
}

static bool put(Solver *solver, Object *object, const Use *use, bool takes)
{
    bool news = object->use == NULL || (takes && !object->taken);
    uint32_t value = (uint32_t)(use - solver->uses) + 1;
    if (news) {
        object->use = object->use != NULL ? object->use : use;
        object->taken = object->taken || takes;
        mark(solver, solver->has, object->place, value);
        if (takes) {
            mark(solver, solver->wants, object->place, value);
        }
    }
    return news;
}

/* Into all objects to which the place may point. Arrays of numbers are those whose address does not come
 * through a place that was given the address of a value. */
static bool put_behind(Solver *solver, uint32_t place, const Use *use, bool takes)
{
    bool news = false;
    for (int areas = 0; areas < 2; areas++) {
        uint32_t *found = solver->found;
        uint32_t count = molt__place_sources(
            &solver->graph, place, areas != 0 ? solver->given : NULL, solver->seen, found);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t o = solver->object_at[found[i]];
            for (; o != 0; o = solver->objects[o - 1].next) {
                Object *object = &solver->objects[o - 1];
                if ((object->area != NULL) == (areas != 0)) {
                    news = put(solver, object, use, takes) || news;
                }
            }
        }
    }
    return news;
}

static bool follow_copies(Solver *solver, uint32_t type)
{
    bool news = false;
    for (uint32_t i = 0; i < solver->copy_count; i++) {
        Copy *copy = &solver->copies[i];
        uint32_t has = solver->has[copy->from], wants = solver->wants[copy->to];
        if (has != 0 && copy->puts != type) {
            copy->puts = type;
            news = put_behind(solver, copy->to, &solver->uses[has - 1], false) || news;
        }
        if (wants != 0 && copy->takes != type) {
            copy->takes = type;
            news = put_behind(solver, copy->from, &solver->uses[wants - 1], true) || news;
        }
    }
    return news;
}

void molt__erased_hold(Solver *solver, const Object *object, const char *type, MoltPlace at)
{
    for (uint32_t i = 0; i < solver->held_count; i++) {
        if (solver->held[i].object == object && strcmp(solver->held[i].type, type) == 0) {
            return;
        }
    }
    solver->held = molt__arena_grow(solver->arena, solver->held, solver->held_count,
                                    &solver->held_capacity, sizeof *solver->held);
    solver->held[solver->held_count++] = (Held){object, type, at};
}

/* The type of the uses from `first` to before `end`. */
static void solve_type(Solver *solver, uint32_t first, uint32_t end)
{
    size_t size = solver->graph.count * sizeof *solver->given;
    memset(solver->given, 0, size);
    for (uint32_t i = first; i < end; i++) {
        if (!solver->uses[i].takes) {
            mark(solver, solver->given, solver->uses[i].place, i + 1);
        }
    }
    memcpy(solver->has, solver->given, size);
    for (uint32_t i = first; i < end; i++) {
        mark(solver, solver->has, solver->uses[i].place, i + 1);
    }
    memcpy(solver->wants, solver->has, size);
    for (uint32_t o = 0; o < solver->object_count; o++) {
        solver->objects[o].use = NULL;
        solver->objects[o].taken = false;
    }
    for (uint32_t i = first; i < end; i++) {
        if (solver->uses[i].takes) {
            put_behind(solver, solver->uses[i].place, &solver->uses[i], true);
        }
    }
    while (follow_copies(solver, end)) {
    }
    molt__pool_claims_follow(solver, first, end);
    for (uint32_t o = 0; o < solver->object_count; o++) {
        const Object *object = &solver->objects[o];
        if (object->use != NULL && (object->block != NULL || object->area != NULL)) {
            molt__erased_hold(solver, object, object->use->type, object->use->at);
        }
    }
}

static int compare_uses(const void *a, const void *b)
{
    const Use *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static void solve(Solver *solver)
{
    uint32_t end = 0;
    size_t size = (solver->graph.count + 1) * sizeof *solver->given;
    uint32_t **arrays[] = {&solver->given, &solver->has, &solver->wants, &solver->queue,
                           &solver->found};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = molt__arena_alloc(solver->arena, size);
    }
    solver->seen = molt__arena_alloc(solver->arena, size);
    memset(solver->seen, 0, size);
    if (solver->use_count > 0) {
        qsort(solver->uses, solver->use_count, sizeof *solver->uses, compare_uses);
    }
    for (uint32_t first = 0; first < solver->use_count; first = end) {
        while (end < solver->use_count &&
               strcmp(solver->uses[end].type, solver->uses[first].type) == 0) {
            end++;
        }
        solve_type(solver, first, end);
    }
}

/* A pointer to one struct that is cast to one of another: where the first may lie, the second may. */
static void add_views(Solver *solver)
{
    for (uint32_t i = 0; i < solver->held_count; i++) {
        for (uint32_t v = 0; v < solver->view_count; v++) {
            const MoltFlow *view = &solver->views[v];
            const Held item = solver->held[i];
            if (strcmp(item.type, view->a) == 0) {
                molt__erased_hold(solver, item.object, view->b, item.at);
            } else if (strcmp(item.type, view->b) == 0) {
                molt__erased_hold(solver, item.object, view->a, item.at);
            }
        }
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static void add_erased(const Solver *solver, const Held *held, const char *inside)
{
    MoltUnit *library = solver->library;
    uint32_t known = 0;
    for (uint32_t i = 0; i < library->erased_count; i++) {
        bool same = strcmp(library->erased[i].type, held->type) == 0;
        const char *in = strstr(library->erased[i].text, " in ");
        if (same && strcmp(in != NULL ? in + 4 : "", inside) == 0) {
            return;
        }
        known += same;
    }
    if (known == NOTES_MAX) {
        return;
    }
    const char *file = molt__path_recorded(solver->arena, library->base, held->at.file);
    library->erased = molt__arena_grow(solver->arena, library->erased, library->erased_count,
                                       &library->erased_capacity, sizeof *library->erased);
    library->erased[library->erased_count++] = (MoltUnitErased){
        held->type, molt__arena_format(solver->arena, "%s:%u%s%s", file, held->at.line,
                                       inside[0] != '\0' ? " in " : "", inside)};
}

static void list_erased(Solver *solver)
{
    for (uint32_t i = 0; i < solver->held_count; i++) {
        const Held *held = &solver->held[i];
        const MoltFlow *area = held->object->area;
        MoltUnitAllocation *block = held->object->block;
        if (held->type[0] == '(') {
            continue; /* no structs */
        }
        if (block != NULL && block->pool && block->type[0] != '\0') {
            block->reason = ""; /* it holds what its note says */
        } else if (block != NULL) {
            if (block->type[0] != '\0') {
                block->type = "";
                block->reason = "structs are put into it";
            }
            add_erased(solver, held, "");
        } else if (!solver->graph.nodes[held->object->place].text) {
            add_erased(solver, held,
                       molt__arena_format(solver->arena, "%s.%s", area->b, area->place.file));
        }
    }
}

static int compare_erased(const void *a, const void *b)
{
    const MoltUnitErased *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    return order != 0 ? order : strcmp(x->text, y->text);
}

void molt__erased_link(MoltArena *arena, const MoltLibraryNames *names,
                       const MoltWrappers *wrappers, MoltUnit *library)
{
    Solver solver = {.arena = arena,
                     .names = names,
                     .library = library,
                     .graph = molt__place_graph(arena, names, wrappers)};
    size_t size = (solver.graph.count + 1) * sizeof *solver.object_at;
    solver.object_at = molt__arena_alloc(arena, size);
    memset(solver.object_at, 0, size);
    for (uint32_t u = 0; u < names->unit_count; u++) {
        collect_unit(&solver, u);
    }
    collect_blocks(&solver);
    solve(&solver);
    molt__pool_claims_judge(&solver);
    add_views(&solver);
    list_erased(&solver);
    if (library->erased_count > 0) {
        qsort(library->erased, library->erased_count, sizeof *library->erased, compare_erased);
    }
}
