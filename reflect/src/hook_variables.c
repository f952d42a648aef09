/* The library's variables while hooks run: they hold what the new state says, and what hooks write to
 * them becomes part of it. A library that comes is thrown away with them when the migration is refused;
 * one that stays, as in the load of a file, has its own values back when the hooks have run, because
 * whether the state is taken is decided later. */
#include <string.h>

#include "globals_aim.h"
#include "globals_map.h"
#include "migration.h"

/* Those that hooks see, or NULL. */
static const MoltGlobals *variables_of(const MoltMigration *m)
{
    const MoltGlobals *globals = m->globals.next ? m->globals.next : m->plan->hook_globals;
    return globals && globals->type == molt_schema_globals(m->plan->after) ? globals : NULL;
}

/* The new mirror; NULL where the state says nothing about variables. */
static unsigned char *mirror_of(const MoltMigration *m)
{
    const MoltTables *after = &m->plan->after->tables;
    if (m->globals.next)
        return (unsigned char *)m->globals.aim; /* NOLINT: of the new state */
    for (uint32_t r = 0; r < after->root_count; r++) {
        if (after->types[after->roots[r].type].flags & MOLT_TYPE_GLOBALS)
            return m->roots[r];
    }
    return NULL;
}

static uint64_t offset_of(const MoltGlobals *globals, uint32_t index)
{
    return molt__globals_field(globals, index)->bit_offset / 8;
}

static uint64_t size_of(const MoltGlobals *globals, uint32_t index)
{
    return molt_type(globals->schema, molt__globals_field(globals, index)->type)->size;
}

static void write_all(const MoltGlobals *globals, const unsigned char *values)
{
    for (uint32_t g = 0; g < globals->count; g++) {
        if (globals->places[g])
            memcpy(globals->places[g], values + offset_of(globals, g), size_of(globals, g));
    }
}

static bool keep_running(MoltMigration *m, const MoltGlobals *globals)
{
    MoltGlobalsWork *work = &m->globals;
    uint64_t size = molt_type(globals->schema, globals->type)->size;
    work->kept = molt__migration_table(m, size, 1);
    work->kept_size = work->kept ? size : 0;
    for (uint32_t g = 0; work->kept && g < globals->count; g++) {
        if (globals->places[g])
            memcpy(work->kept + offset_of(globals, g), globals->places[g], size_of(globals, g));
    }
    return work->kept != NULL;
}

void molt__hook_variables_lend(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    const MoltGlobals *globals = variables_of(m);
    unsigned char *mirror = mirror_of(m);
    if (!globals)
        return;
    work->new_count = globals->count;
    work->hooked = molt__migration_table(m, globals->count + 1u, sizeof *work->hooked);
    if (!work->hooked || (!work->next && !keep_running(m, globals)))
        return;
    if (work->next)
        molt__migrate_globals_start_unset(m, mirror);
    else if (mirror)
        molt__globals_start_added(mirror, m->plan, globals);
    molt__attic_write(&m->attic);
    write_all(globals, mirror ? mirror : globals->initial);
}

void molt__hook_variables_take(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    const MoltGlobals *globals = variables_of(m);
    unsigned char *mirror = mirror_of(m);
    for (uint32_t g = 0; work->hooked && mirror && g < globals->count; g++) {
        unsigned char *at = mirror + offset_of(globals, g);
        uint64_t size = size_of(globals, g);
        if (!globals->places[g] || memcmp(at, globals->places[g], size) == 0)
            continue;
        work->hooked[g] = true;
        memcpy(at, globals->places[g], size);
    }
    if (work->kept)
        write_all(globals, work->kept);
}

bool molt__hook_variables_had(const MoltMigration *m)
{
    return m->globals.hooked != NULL;
}

void molt__hook_variables_free(MoltMigration *m)
{
    MoltGlobalsWork *work = &m->globals;
    molt__migration_free(m, work->hooked, work->new_count + 1, sizeof *work->hooked);
    molt__migration_free(m, work->kept, work->kept_size, 1);
}
