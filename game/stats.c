/* Numbers over time: one sample a second, and one value that the player watches. */
#include "actions.h"

#include <string.h>

enum {
    TRACE_FRAMES = MOLT_FRAMES_PER_SECOND / 4, /* between two points of the trace */
    NEWS_SECONDS = 10                          /* between two counts of births and deaths */
};

bool stats_create(Stats *stats)
{
    stats->samples = molt_new_array(Sample, SAMPLE_COUNT);
    stats->latest = stats->samples;
    return stats->samples != NULL;
}

const char *watch_name(Watch watch)
{
    static const char *const names[WATCH_COUNT] = {
        [WATCH_VIGOUR] = "queen's vigour",
        [WATCH_SCENT] = "food scent at cursor",
        [WATCH_STAMINA] = "stamina of chosen ant",
        [WATCH_SELECTED] = "age of chosen ant",
    };
    return names[watch];
}

/* Points `watched` at the value itself; the queen's vigour stands in where there is none. */
void stats_watch(Colony *colony, Watch watch)
{
    Stats *stats = &colony->stats;
    Ant *selected = colony->player.selected;
    if (watch != stats->watch)
        memset(stats->trace, 0, sizeof stats->trace);
    stats->watch = watch;
    stats->watched = &colony->nest->queen->vigour;
    if (watch == WATCH_SCENT)
        stats->watched = pheromone_cell(colony->map, SCENT_FOOD, colony->player.cursor);
    if (watch == WATCH_STAMINA && selected)
        stats->watched = &selected->stamina;
    if (watch == WATCH_SELECTED && selected)
        stats->watched = &selected->age;
}

void stats_forget_ant(Colony *colony, const Ant *ant)
{
    if (colony->player.selected != ant)
        return;
    Watch watch = colony->stats.watch;
    colony->player.selected = NULL;
    stats_watch(colony, watch == WATCH_STAMINA || watch == WATCH_SELECTED ? WATCH_VIGOUR : watch);
}

/* Totals of all finished samples that are still there. */
static void stats_news(Colony *colony)
{
    Stats *stats = &colony->stats;
    int32_t births = 0, deaths = 0;
    for (uint32_t i = 0; i < NEWS_SECONDS; i++) {
        const Sample *sample = &stats->samples[(stats->seconds - i) % SAMPLE_COUNT];
        births += sample->births;
        deaths += sample->deaths;
    }
    if (births)
        event_post(colony, EVENT_BIRTHS, colony->nest->centre, births, NULL);
    if (deaths)
        event_post(colony, EVENT_DEATHS, colony->nest->centre, deaths, NULL);
}

/* Births, deaths and deliveries of the second are what the totals grew by. */
static void stats_sample(Colony *colony)
{
    Stats *stats = &colony->stats;
    const Nest *nest = colony->nest;
    stats->seconds++;
    stats->latest = &stats->samples[stats->seconds % SAMPLE_COUNT];
    *stats->latest = (Sample){
        .ants = (int32_t)colony->ant_count,
        .brood = nest->brood_count,
        .food = (float)nest->food,
        .births = (int32_t)(stats->births - stats->births_before),
        .deaths = (int32_t)(stats->deaths - stats->deaths_before),
        .delivered = (int32_t)(nest->delivered - stats->delivered_before),
    };
    stats->births_before = stats->births;
    stats->deaths_before = stats->deaths;
    stats->delivered_before = nest->delivered;
    if (stats->seconds % NEWS_SECONDS == 0)
        stats_news(colony);
}

void stats_step(Colony *colony)
{
    Stats *stats = &colony->stats;
    if (colony->frame % TRACE_FRAMES == 0) {
        memmove(stats->trace, stats->trace + 1, sizeof stats->trace - sizeof stats->trace[0]);
        stats->trace[TRACE_LENGTH - 1] = *stats->watched;
    }
    if (colony->frame % MOLT_FRAMES_PER_SECOND == MOLT_FRAMES_PER_SECOND - 1)
        stats_sample(colony);
}
