#include "layout_number.h"

#include <stdlib.h>
#include <string.h>

#include "path.h"

enum { NOTES_MAX = 8 /* of one field */ };

/* A place and what it may be: "Ant game.c:9" or "Ant.hp". */
typedef struct Fact {
    const char *place, *text;
} Fact;

typedef struct Search {
    MoltArena *arena;
    const MoltLibraryNames *names;
    MoltUnit *library;
    const MoltFlow **moves; /* sorted by what is handed on */
    uint32_t move_count, move_capacity;
    Fact *facts;
    uint32_t count, capacity;
} Search;

static const char *library_type(const Search *search, uint32_t unit, const char *name)
{
    MoltTypeId id = molt_schema_find(search->names->units[unit].schema, name);
    return id != MOLT_NO_TYPE ? molt__library_name(search->names, unit, id) : name;
}

/* The type and the offset's field, without the place. */
static bool means_same(const char *a, const char *b)
{
    size_t length = strcspn(a, " ");
    return length == strcspn(b, " ") && strncmp(a, b, length) == 0;
}

static void add(Search *search, const char *place, const char *text)
{
    for (uint32_t i = 0; i < search->count; i++) {
        if (strcmp(search->facts[i].place, place) == 0 && means_same(search->facts[i].text, text)) {
            return;
        }
    }
    search->facts = molt__arena_grow(search->arena, search->facts, search->count, &search->capacity,
                                     sizeof *search->facts);
    search->facts[search->count++] = (Fact){place, text};
}

static void collect(Search *search, uint32_t unit)
{
    const MoltFlows *flows = &search->names->units[unit].flows;
    for (uint32_t i = 0; i < flows->count; i++) {
        const MoltFlow *flow = &flows->items[i];
        if (flow->kind == MOLT_FLOW_NUMBER) {
            search->moves = molt__arena_grow(search->arena, search->moves, search->move_count,
                                             &search->move_capacity, sizeof *search->moves);
            search->moves[search->move_count++] = flow;
        } else if (flow->kind == MOLT_FLOW_SIZE) {
            const char *file =
                molt__path_recorded(search->arena, search->library->base, flow->place.file);
            add(search, flow->a,
                molt__arena_format(search->arena, "%s %s:%u", library_type(search, unit, flow->b),
                                   file, flow->place.line));
        } else if (flow->kind == MOLT_FLOW_SPOT) {
            add(search, flow->a,
                molt__arena_format(search->arena, "%s.%s", library_type(search, unit, flow->b),
                                   flow->place.file));
        }
    }
}

static int compare_moves(const void *a, const void *b)
{
    const MoltFlow *const *x = a, *const *y = b;
    return strcmp((*x)->b, (*y)->b);
}

/* To all that are given what the place is given. */
static void hand_on(Search *search, const Fact fact)
{
    uint32_t low = 0, high = search->move_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(search->moves[middle]->b, fact.place) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < search->move_count && strcmp(search->moves[low]->b, fact.place) == 0; low++) {
        add(search, search->moves[low]->a, fact.text);
    }
}

static void note(Search *search, const char *owner, const char *field, const char *text)
{
    MoltUnit *library = search->library;
    uint32_t known = 0;
    for (uint32_t i = 0; i < library->sized_count; i++) {
        const MoltUnitHeld *item = &library->sized[i];
        bool same = strcmp(item->owner, owner) == 0 && strcmp(item->field, field) == 0;
        if (same && means_same(item->text, text)) {
            return;
        }
        known += same;
    }
    if (known < NOTES_MAX) {
        library->sized = molt__arena_grow(search->arena, library->sized, library->sized_count,
                                          &library->sized_capacity, sizeof *library->sized);
        library->sized[library->sized_count++] = (MoltUnitHeld){owner, field, text};
    }
}

/* ---- addresses ------------------------------------------------------------------------------- */

typedef struct Derived {
    const char *from, *to;
} Derived;

typedef struct Reach {
    MoltArena *arena;
    Derived *steps; /* sorted by from */
    uint32_t step_count, step_capacity;
    const char **queue;
    uint32_t count, capacity;
} Reach;

static int compare_steps(const void *a, const void *b)
{
    return strcmp(((const Derived *)a)->from, ((const Derived *)b)->from);
}

static void reach(Reach *all, const char *place)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (strcmp(all->queue[i], place) == 0) {
            return;
        }
    }
    all->queue = molt__arena_grow(all->arena, (void *)all->queue, all->count, &all->capacity,
                                  sizeof *all->queue);
    all->queue[all->count++] = place;
}

/* Everything that is computed from the number. */
static void reach_all(Reach *all, const char *place)
{
    all->count = 0;
    reach(all, place);
    for (uint32_t i = 0; i < all->count; i++) {
        uint32_t low = 0, high = all->step_count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (strcmp(all->steps[middle].from, all->queue[i]) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (; low < all->step_count && strcmp(all->steps[low].from, all->queue[i]) == 0; low++) {
            reach(all, all->steps[low].to);
        }
    }
}

static Reach read_steps(MoltArena *arena, const MoltLibraryNames *names)
{
    Reach all = {.arena = arena};
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltFlows *flows = &names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            const MoltFlow *flow = &flows->items[i];
            if (flow->kind == MOLT_FLOW_NUMBER || flow->kind == MOLT_FLOW_DERIVE) {
                all.steps = molt__arena_grow(arena, all.steps, all.step_count, &all.step_capacity,
                                             sizeof *all.steps);
                all.steps[all.step_count++] = (Derived){flow->b, flow->a};
            }
        }
    }
    if (all.step_count > 0) {
        qsort(all.steps, all.step_count, sizeof *all.steps, compare_steps);
    }
    return all;
}

/* Where a number that was reached selects an element; NULL: nowhere. */
static const MoltFlow *find_slot(const Reach *all, const MoltLibraryNames *names)
{
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltFlows *flows = &names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            for (uint32_t k = 0; flows->items[i].kind == MOLT_FLOW_SLOT && k < all->count; k++) {
                if (strcmp(all->queue[k], flows->items[i].a) == 0) {
                    return &flows->items[i];
                }
            }
        }
    }
    return NULL;
}

static void link_hashed(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library)
{
    uint32_t kept = 0;
    if (library->hashed_count == 0) {
        return;
    }
    Reach all = read_steps(arena, names);
    for (uint32_t i = 0; i < library->hashed_count; i++) {
        const MoltUnitErased hashed = library->hashed[i];
        bool known = false;
        for (uint32_t k = 0; k < kept && !known; k++) {
            known = strcmp(library->hashed[k].type, hashed.type) == 0;
        }
        const MoltFlow *slot = NULL;
        if (!known) {
            reach_all(&all, hashed.text);
            slot = find_slot(&all, names);
        }
        if (slot != NULL) {
            const char *file = molt__path_recorded(arena, library->base, slot->place.file);
            library->hashed[kept++] = (MoltUnitErased){
                hashed.type, molt__arena_format(arena, "%s:%u", file, slot->place.line)};
        }
    }
    library->hashed_count = kept;
}

void molt__layout_numbers_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library)
{
    Search search = {.arena = arena, .names = names, .library = library};
    link_hashed(arena, names, library);
    for (uint32_t u = 0; u < names->unit_count; u++) {
        collect(&search, u);
    }
    if (search.move_count > 0) {
        qsort(search.moves, search.move_count, sizeof *search.moves, compare_moves);
    }
    for (uint32_t i = 0; i < search.count; i++) {
        hand_on(&search, search.facts[i]);
    }
    for (uint32_t u = 0; u < names->unit_count && search.count > 0; u++) {
        const MoltFlows *flows = &names->units[u].flows;
        for (uint32_t i = 0; i < flows->count; i++) {
            const MoltFlow *flow = &flows->items[i];
            for (uint32_t f = 0; flow->kind == MOLT_FLOW_COUNTER && f < search.count; f++) {
                if (strcmp(search.facts[f].place, flow->a) == 0) {
                    note(&search, library_type(&search, u, flow->b), flow->place.file,
                         search.facts[f].text);
                }
            }
        }
    }
}
