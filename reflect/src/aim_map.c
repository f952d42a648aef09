#include "aim_map.h"

#include "migration.h"

/* Of all types: beyond some gigabytes granules fall together, and the last one counts. The map would be
 * out of the caches. */
enum { SLOTS_MAX = 1 << 17 };
/* Row 0, and those that an offset of 16 bits leads to. */
enum { ROW_OFFSET = sizeof(MoltAimRow) / MOLT__AIM_OFFSET, ROWS_MAX = UINT16_MAX / ROW_OFFSET };

/* Where a type's rows are looked up while the map is made. */
typedef struct Extent {
    uint64_t low, end;     /* granules of its spans; none: end is 0 */
    uint64_t first, slots; /* in the offsets; 0, or a power of two */
} Extent;

static bool has_row(const MoltMigration *m, uint32_t span)
{
    const MoltAim *aim = &m->aims[span];
    return aim->type != MOLT_NO_TYPE && aim->to != aim->base && !aim->counts;
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

static MoltAimStep step_of(const MoltAim *aim)
{
    uint32_t turn = (uint32_t)__builtin_ctzll(aim->stride);
    return (MoltAimStep){.inverse = inverse_of(aim->stride >> turn),
                         .to_stride = aim->to_stride,
                         .turn = turn,
                         .blocks = aim->blocks};
}

static bool fits_step(const MoltAimStep *step, const MoltAim *aim)
{
    return aim->stride >> step->turn << step->turn == aim->stride &&
           (aim->stride >> step->turn) * step->inverse == 1 && step->to_stride == aim->to_stride;
}

static void make_steps(MoltMigration *m)
{
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltAim *aim = &m->aims[s];
        if (has_row(m, s) && aim->blocks > m->aim_map.steps[aim->type].blocks)
            m->aim_map.steps[aim->type] = step_of(aim);
    }
}

static uint64_t first_granule(const MoltSpan *span)
{
    return span->base >> MOLT__GRANULE_SHIFT;
}

static uint64_t end_granule(const MoltSpan *span)
{
    return (span->base + span->bytes) >> MOLT__GRANULE_SHIFT;
}

/* One slot for each granule from the lowest to the highest of the type's, as long as there are some. Slot 0
 * is that of the types that have no rows. */
static void make_extents(const MoltMigration *m, Extent *extents, uint64_t *slots)
{
    for (uint32_t s = 0; s < m->span_count; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        Extent *extent = has_row(m, s) ? &extents[m->aims[s].type] : NULL;
        if (!extent)
            continue;
        uint64_t first = first_granule(span), end = end_granule(span);
        extent->low = extent->end == 0 || first < extent->low ? first : extent->low;
        extent->end = end > extent->end ? end : extent->end;
    }
    *slots = 1;
    for (MoltTypeId id = 0; id < m->plan->before->tables.type_count; id++) {
        Extent *extent = &extents[id];
        uint64_t granules = extent->end - extent->low;
        if (granules == 0 || *slots == SLOTS_MAX)
            continue;
        extent->first = *slots;
        extent->slots = 1;
        while (extent->slots < granules && extent->slots * 2 <= SLOTS_MAX - *slots)
            extent->slots *= 2;
        *slots += extent->slots;
    }
}

static void make_rows(MoltMigration *m, const Extent *extents)
{
    MoltAimMap *map = &m->aim_map;
    uint32_t rows = 0;
    for (MoltTypeId id = 0; id < m->plan->before->tables.type_count; id++) {
        const Extent *extent = &extents[id];
        map->steps[id].offsets = map->offsets + extent->first;
        map->steps[id].mask = extent->slots > 0 ? (extent->slots - 1) * sizeof *map->offsets : 0;
    }
    for (uint32_t s = 0; s < m->span_count && rows < ROWS_MAX; s++) {
        const MoltSpan *span = &m->heap->spans[s];
        const MoltAim *aim = &m->aims[s];
        const Extent *extent = has_row(m, s) ? &extents[aim->type] : NULL;
        if (!extent || extent->slots == 0 || !fits_step(&map->steps[aim->type], aim))
            continue;
        map->rows[++rows] = (MoltAimRow){.base = aim->base,
                                         .to = aim->to,
                                         .all_live = aim->live_bits ? 0 : aim->blocks,
                                         .live_bits = aim->live_bits,
                                         .blocks = aim->blocks};
        for (uint64_t g = first_granule(span); g < end_granule(span); g++)
            map->offsets[extent->first + (g & (extent->slots - 1))] = (uint16_t)(rows * ROW_OFFSET);
    }
}

static uint64_t row_slots(const MoltMigration *m)
{
    return m->span_count < ROWS_MAX ? (uint64_t)m->span_count + 1 : ROWS_MAX + 1;
}

void molt__aim_map_make(MoltMigration *m)
{
    MoltAimMap *map = &m->aim_map;
    uint64_t types = m->plan->before->tables.type_count;
    if (!m->aims || m->plan->converter_count == 0)
        return;
    Extent *extents = molt__migration_table(m, types, sizeof *extents);
    map->steps = molt__migration_table(m, types, sizeof *map->steps);
    map->rows = molt__migration_table(m, row_slots(m), sizeof *map->rows);
    if (extents && map->steps && map->rows) {
        make_steps(m);
        make_extents(m, extents, &map->slots);
        map->offsets = molt__migration_table(m, map->slots, sizeof *map->offsets);
        if (map->offsets)
            make_rows(m, extents);
    }
    molt__migration_free(m, extents, types, sizeof *extents);
}

void molt__aim_map_free(MoltMigration *m)
{
    MoltAimMap *map = &m->aim_map;
    molt__migration_free(m, map->offsets, map->slots, sizeof *map->offsets);
    molt__migration_free(m, map->rows, row_slots(m), sizeof *map->rows);
    molt__migration_free(m, map->steps, m->plan->before->tables.type_count, sizeof *map->steps);
    *map = (MoltAimMap){0};
}
