#include "aim_map.h"

#include "migration.h"

/* Beyond some gigabytes rows fall together, and the last one counts: the map would be out of the
 * caches. */
enum { SLOTS_MAX = 1 << 17 };

static bool has_row(const MoltMigration *m, uint32_t span)
{
    const MoltAim *aim = &m->aims[span];
    return aim->type != MOLT_NO_TYPE && aim->to != aim->base && !aim->counts;
}

static uint64_t granules(const MoltSpan *span)
{
    return span->bytes >> MOLT__GRANULE_SHIFT;
}

/* Rows for all granules from the lowest to the highest that has one. */
static uint64_t count_slots(const MoltMigration *m)
{
    uintptr_t low = UINTPTR_MAX, high = 0;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        if (!has_row(m, s))
            continue;
        low = span->base < low ? span->base : low;
        high = span->base + span->bytes > high ? span->base + span->bytes : high;
    }
    uint64_t slots = 1;
    while (low < high && slots < (high - low) >> MOLT__GRANULE_SHIFT && slots < SLOTS_MAX)
        slots *= 2;
    return slots;
}

/* Of an odd number modulo 2^64: each round doubles the bits that are right, of which there are
 * three to begin with. */
static uint64_t inverse_of(uint64_t odd)
{
    uint64_t inverse = odd;
    for (unsigned right = 3; right < 64; right *= 2)
        inverse *= 2 - odd * inverse;
    return inverse;
}

static bool fits_step(MoltAimStep *step, const MoltAim *aim)
{
    uint32_t turn = (uint32_t)__builtin_ctzll(aim->stride);
    uint64_t inverse = inverse_of(aim->stride >> turn);
    if (!step->known)
        *step = (MoltAimStep){inverse, aim->to_stride, turn, 1};
    return step->inverse == inverse && step->turn == turn && step->to_stride == aim->to_stride;
}

void molt__aim_map_make(MoltMigration *m)
{
    MoltAimMap *map = &m->aim_map;
    if (!m->aims || m->plan->converter_count == 0)
        return;
    map->slots = count_slots(m);
    map->rows = molt__migration_table(m, map->slots, sizeof *map->rows);
    map->steps = molt__migration_table(m, m->plan->before->tables.type_count, sizeof *map->steps);
    if (!map->rows || !map->steps)
        return;
    for (uint64_t r = 0; r < map->slots; r++)
        map->rows[r].type = MOLT_NO_TYPE;
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        const MoltAim *aim = &m->aims[s];
        if (!has_row(m, s) || !fits_step(&map->steps[aim->type], aim))
            continue;
        uint64_t first = span->base >> MOLT__GRANULE_SHIFT;
        for (uint64_t g = first; g < first + granules(span); g++)
            map->rows[g & (map->slots - 1)] =
                (MoltAimRow){aim->base, aim->to, aim->live_bits, aim->type, aim->blocks};
    }
}

void molt__aim_map_free(MoltMigration *m)
{
    MoltAimMap *map = &m->aim_map;
    molt__migration_free(m, map->rows, map->slots, sizeof *map->rows);
    molt__migration_free(m, map->steps, m->plan->before->tables.type_count, sizeof *map->steps);
    *map = (MoltAimMap){0};
}
