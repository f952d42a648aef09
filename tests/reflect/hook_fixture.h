/* Ants that hooks carry from one layout to another, for the tests of hooks over the heap. */
#ifndef MOLT_TEST_HOOK_FIXTURE_H
#define MOLT_TEST_HOOK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attic_session.h"
#include "counting_allocator.h"

typedef struct World { /* the same in every version */
    long n;
    struct OldAnt *first;
    char tag[8];
} World;

typedef struct OldAnt {
    int hp;
    bool on;
    unsigned job; /* enum Job */
    double speed;
    char name[8];
    char *label;
    int m[2][2];
    struct OldAnt *next;
    World *world;
    unsigned low; /* 3 bits, 5 bits */
    long big;
} OldAnt;

typedef struct NewAnt {
    World *world;
    struct NewAnt *next;
    struct NewAnt *extra;
    int hp;
    int m[4];
    int calls;
} NewAnt;

typedef struct State {
    struct OldAnt *ants; /* an array */
    World *world;
} State;

static const EnumSpec jobs = {"Job", {"IDLE", "DIG", "CARRY"}};

#define WORLD_SPEC                                                                                 \
    {                                                                                              \
        "World", sizeof(World), _Alignof(World),                                                   \
            {FIELD(World, n, "long"), FIELD(World, first, "Ant *"), FIELD(World, tag, "char[8]")}, \
            NULL                                                                                   \
    }
#define STATE_SPEC                                                                                 \
    {                                                                                              \
        "State", sizeof(State), _Alignof(State),                                                   \
            {FIELD(State, ants, "Ant *"), FIELD(State, world, "World *")}, NULL                    \
    }

static const StructSpec old_specs[] = {
    STATE_SPEC,
    {"Ant",
     sizeof(OldAnt),
     _Alignof(OldAnt),
     {FIELD(OldAnt, hp, "int"),
      FIELD(OldAnt, on, "bool"),
      FIELD(OldAnt, job, "Job"),
      FIELD(OldAnt, speed, "double"),
      FIELD(OldAnt, name, "char[8]"),
      FIELD(OldAnt, label, "char *"),
      FIELD(OldAnt, m, "int[2][2]"),
      FIELD(OldAnt, next, "Ant *"),
      FIELD(OldAnt, world, "World *"),
      {.name = "low", .type = "unsigned int", .offset = offsetof(OldAnt, low), .bit_width = 3},
      {.name = "high",
       .type = "unsigned int",
       .offset = offsetof(OldAnt, low),
       .bit_shift = 3,
       .bit_width = 5},
      FIELD(OldAnt, big, "long")},
     NULL},
    WORLD_SPEC};

static const StructSpec new_specs[] = {
    STATE_SPEC,
    {"Ant",
     sizeof(NewAnt),
     _Alignof(NewAnt),
     {FIELD(NewAnt, world, "World *"), FIELD(NewAnt, next, "Ant *"), FIELD(NewAnt, extra, "Ant *"),
      FIELD(NewAnt, hp, "int"), FIELD(NewAnt, m, "int[4]"), FIELD(NewAnt, calls, "int")},
     NULL},
    WORLD_SPEC};

enum { ANTS = 300 }; /* more than a batch */

static const MoltHeapApi *heap_api; /* where the hooks find the heap */
static uint64_t ant_layout;         /* hash of the old one */
static MoltHook hook = {.spelling = "Ant", .file = "src/game.c", .from = "", .line = 7};

static inline void begin(Session *session, const MoltAllocator *allocator)
{
    start(session, old_specs, 3, &jobs, 0, allocator);
    const MoltSchema *schema = molt_heap_schema(session->heap);
    ant_layout = molt_type(schema, molt_schema_find(schema, "Ant"))->hash;
    State *state = molt_heap_new(session->heap, molt_schema_find(schema, "State"), 1);
    state->ants = molt_heap_new(session->heap, molt_schema_find(schema, "Ant"), ANTS);
    state->world = molt_heap_new(session->heap, molt_schema_find(schema, "World"), 1);
    state->world->first = &state->ants[1];
    for (int i = 0; i < ANTS; i++) {
        OldAnt *ant = &state->ants[i];
        *ant = (OldAnt){.hp = i, .on = true, .job = 2, .speed = 0.5, .name = "12345678"};
        memcpy(ant->name, "12345678", 8); /* no NUL */
        ant->m[1][0] = i + 3;
        ant->next = i + 1 < ANTS ? ant + 1 : NULL;
        ant->world = state->world;
        ant->low = 5u | 17u << 3;
        ant->big = -1;
        ant->label = molt_heap_new(session->heap, molt_schema_find(schema, "char"), 4);
        memcpy(ant->label, "abc", 4);
    }
    molt_heap_set_root(session->heap, 0, state);
}

static inline MoltStatus change_to(Session *session, MoltSchema *after, MoltPolicy policy,
                                   bool (*run)(const MoltOld *, void *))
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    hook.run = run;
    hook.type = molt_schema_find(after, "Ant");
    const MoltHooks hooks = {&hook, &hook + 1, &heap_api, NULL, NULL, NULL};
    molt_report_clear(&session->report);
    session->schemas[session->count++] = after;
    MoltStatus status =
        molt_plan_build_with_hooks(molt_heap_schema(session->heap), after, policy,
                                   run ? &hooks : NULL, NULL, &plan, &session->report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(session->heap, plan, session->code, &migration,
                                      &session->report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    assert_null(heap_api);
    return status;
}

static inline MoltStatus change(Session *session, MoltPolicy policy,
                                bool (*run)(const MoltOld *, void *))
{
    return change_to(session, spec_schema_with(new_specs, 3, &jobs, 1), policy, run);
}

/* Reading it settles the reshape that would refuse. */
static inline void settle(const MoltOld *old)
{
    (void)molt_old_int(old, "m[0][0]");
}

static inline void *make(const char *type, size_t count)
{
    MoltSite site = {.spelling = type, .file = "src/game.c", .type = hook.type};
    return heap_api->create(heap_api, &site, count);
}

static inline uint64_t live_blocks(const Session *session, const char *type)
{
    MoltHeapStats stats;
    molt_heap_stats(session->heap, molt_schema_find(molt_heap_schema(session->heap), type), &stats);
    return stats.blocks;
}

static int calls; /* of the hooks that count */

static inline bool count_calls(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    calls++;
    for (int i = 0; i < 4; i++)
        now->m[i] = (int)molt_old_int(old, "m[%d][%d]", i / 2, i % 2);
    return true;
}

static inline bool scale(const MoltOld *old, void *new)
{
    NewAnt *now = new;
    settle(old);
    now->hp = 100 * (int)molt_old_int(old, "hp");
    calls++;
    return true;
}

#endif
