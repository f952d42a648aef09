/* The numbers at the right and the toolbar at the bottom. */
#include "actions.h"
#include "canvas.h"

#include <stdio.h>

enum {
    PANEL_X = FIELD_WIDTH,
    PANEL_WIDTH = MOLT_VIEW_WIDTH - FIELD_WIDTH,
    TEXT_X = PANEL_X + 14,
    PLOT_WIDTH = 192,
    LOG_LINES = 11
};

static const MoltColor back = {20, 16, 14, 255};
static const MoltColor well = {10, 8, 7, 255};
static const MoltColor dim = {140, 126, 112, 255};
static const MoltColor plain = {216, 206, 194, 255};
static const MoltColor gold = {246, 200, 104, 255};
static const MoltColor green = {124, 206, 106, 255};
static const MoltColor blue = {112, 178, 255, 255};

static void draw_heading(Canvas *canvas, float y, const char *text)
{
    canvas_text(canvas, TEXT_X, y, 1, gold, "%s", text);
    canvas_rect(canvas, TEXT_X, y + 11, PLOT_WIDTH, 1, (MoltColor){246, 200, 104, 70});
}

static void draw_summary(Canvas *canvas, const Colony *colony)
{
    const Nest *nest = colony->nest;
    unsigned minutes = (unsigned)(colony->sky.hour * 60);
    canvas_text(canvas, TEXT_X, 16, 2, gold, "ANT COLONY");
    canvas_text(canvas, TEXT_X, 40, 1, plain, "%s", nest->queen->name);
    canvas_text(canvas, TEXT_X + 128, 40, 1, dim, "d%u %02u:%02u", colony->sky.days + 1,
                minutes / 60, minutes % 60);
    canvas_text(canvas, TEXT_X, 56, 1, dim, "ants   %6u", colony->ant_count);
    canvas_text(canvas, TEXT_X, 68, 1, dim, "brood  %6d", nest->brood_count);
    canvas_text(canvas, TEXT_X, 80, 1, nest->famine ? (MoltColor){255, 90, 80, 255} : dim,
                "store  %6.0f", nest->food);
    canvas_text(canvas, TEXT_X + 112, 56, 1, dim, "eggs %5llu",
                (unsigned long long)colony->nest->queen->eggs.laid);
    canvas_text(canvas, TEXT_X + 112, 68, 1, dim, "dead %5llu",
                (unsigned long long)colony->stats.deaths);
    canvas_text(canvas, TEXT_X + 112, 80, 1, dim, "seen %4d%%",
                colony->map->explored * 100 / (MAP_WIDTH * MAP_HEIGHT));
}

static void draw_castes(Canvas *canvas, const Colony *colony, float y)
{
    const Nest *nest = colony->nest;
    draw_heading(canvas, y, "CASTES");
    for (int i = 0; i < CASTE_COUNT; i++) {
        float line = y + 18 + (float)i * 13;
        float part = (float)nest->census[i] / (float)(colony->ant_count + 1);
        canvas_rect(canvas, TEXT_X, line - 1, PLOT_WIDTH, 10, well);
        canvas_rect(canvas, TEXT_X, line - 1, PLOT_WIDTH * part, 10,
                    color_fade(caste_color((Caste)i), 0.55f));
        canvas_flush(canvas);
        canvas_text(canvas, TEXT_X + 4, line, 1, plain, "%-9s", caste_name((Caste)i));
        canvas_text(canvas, TEXT_X + 152, line, 1, plain, "%5d", nest->census[i]);
    }
}

/* ---- plots ---------------------------------------------------------------------------------- */

typedef float SampleValue(const Sample *sample);

static float sample_food(const Sample *sample)
{
    return sample->food;
}

static float sample_ants(const Sample *sample)
{
    return (float)(sample->ants + sample->brood);
}

static float sample_delivered(const Sample *sample)
{
    return (float)sample->delivered;
}

/* Columns from old to new; the tallest one fills the height. */
static void draw_history(Canvas *canvas, const Stats *stats, float y, float height,
                         const char *name, SampleValue *value, MoltColor color)
{
    uint32_t known = stats->seconds < SAMPLE_COUNT ? stats->seconds : SAMPLE_COUNT;
    float most = 1;
    for (uint32_t i = 0; i < known; i++)
        most = most > value(&stats->samples[(stats->seconds - i) % SAMPLE_COUNT])
                   ? most
                   : value(&stats->samples[(stats->seconds - i) % SAMPLE_COUNT]);
    canvas_rect(canvas, TEXT_X, y, PLOT_WIDTH, height, well);
    for (uint32_t i = 0; i < known; i++) {
        float part = value(&stats->samples[(stats->seconds - i) % SAMPLE_COUNT]) / most;
        float x = TEXT_X + PLOT_WIDTH - 1 - (float)i;
        float top = y + height - part * (height - 12);
        canvas_rect(canvas, x, top, 1, y + height - top, color_fade(color, 0.35f));
        canvas_rect(canvas, x, top, 1, 2, color);
    }
    canvas_flush(canvas);
    canvas_text(canvas, TEXT_X + 3, y + 3, 1, color, "%s %.0f", name, value(stats->latest));
}

static void draw_trace(Canvas *canvas, const Stats *stats, float y, float height)
{
    float most = 0.001f;
    for (int i = 0; i < TRACE_LENGTH; i++)
        most = stats->trace[i] > most ? stats->trace[i] : most;
    canvas_rect(canvas, TEXT_X, y, PLOT_WIDTH, height, well);
    for (int i = 0; i < TRACE_LENGTH; i++) {
        float top = y + height - 2 - stats->trace[i] / most * (height - 14);
        canvas_rect(canvas, TEXT_X + (float)i, top, 1, 2, blue);
    }
    canvas_flush(canvas);
    canvas_text(canvas, TEXT_X + 3, y + 3, 1, blue, "%s %.2f", watch_name(stats->watch),
                (double)*stats->watched);
}

static void draw_plots(Canvas *canvas, const Colony *colony, float y)
{
    const Stats *stats = &colony->stats;
    draw_heading(canvas, y, "LAST MINUTES");
    draw_history(canvas, stats, y + 18, 44, "ants+brood", sample_ants, gold);
    draw_history(canvas, stats, y + 66, 44, "store", sample_food, green);
    draw_history(canvas, stats, y + 114, 44, "crumbs/s", sample_delivered, plain);
    draw_trace(canvas, stats, y + 162, 44);
}

/* ---- names and news ------------------------------------------------------------------------- */

static void draw_notables(Canvas *canvas, const Colony *colony, float y)
{
    draw_heading(canvas, y, "NAMES OF NOTE");
    int line = 0;
    for (const Notable *notable = colony->nest->notables; notable; notable = notable->next) {
        float at = y + 18 + (float)line++ * 11;
        char full[48];
        snprintf(full, sizeof full, "%s %s", notable->name, notable->title);
        canvas_text(canvas, TEXT_X, at, 1, plain, "%.20s", full);
        canvas_text(canvas, TEXT_X + 168, at, 1, dim, "%3u", (unsigned)notable->ant->trips);
    }
}

static void draw_log(Canvas *canvas, const Colony *colony, float y)
{
    draw_heading(canvas, y, "NEWS");
    int skip = colony->events.count - LOG_LINES, line = 0;
    for (const Event *event = colony->events.oldest; event; event = event->next) {
        if (skip-- > 0)
            continue;
        char text[48];
        event_text(event, text, sizeof text);
        canvas_text(canvas, TEXT_X, y + 18 + (float)line++ * 11, 1, event_color(event), "%.25s",
                    text);
    }
}

/* ---- toolbar -------------------------------------------------------------------------------- */

static void draw_toolbar(Canvas *canvas, const Colony *colony)
{
    static const char *const hints[TOOL_COUNT] = {
        [TOOL_LOOK] = "click an ant to follow it",
        [TOOL_FOOD] = "hold the left button to pour sugar",
        [TOOL_WALL] = "hold the left button to build a wall",
        [TOOL_DIG] = "hold the left button to dig rock away",
        [TOOL_SPIDER] = "click to let a spider loose",
    };
    const Player *player = &colony->player;
    canvas_rect(canvas, 0, FIELD_HEIGHT, FIELD_WIDTH, MOLT_VIEW_HEIGHT - FIELD_HEIGHT, back);
    canvas_rect(canvas, 0, FIELD_HEIGHT, FIELD_WIDTH, 1, (MoltColor){246, 200, 104, 90});
    for (int i = 0; i < TOOL_COUNT; i++) {
        MoltRect button = tool_button((Tool)i);
        bool chosen = player->tool == (Tool)i;
        canvas_rect(canvas, button.x, button.y, button.w, button.h,
                    chosen ? gold : (MoltColor){52, 42, 34, 255});
        canvas_flush(canvas);
        canvas_text(canvas, button.x + 12, button.y + 12, 1, chosen ? well : plain, "%d %s", i + 1,
                    tool_name((Tool)i));
    }
    canvas_text(canvas, 500, FIELD_HEIGHT + 12, 1, plain, "%s", hints[player->tool]);
    canvas_text(canvas, 500, FIELD_HEIGHT + 28, 1, dim, "wheel: brush %.1f   tab: plot   space: %s",
                (double)player->brush, player->paused ? "go on" : "pause");
    if (player->paused)
        canvas_text(canvas, FIELD_WIDTH / 2.0f - 72, FIELD_HEIGHT - 40, 3, gold, "PAUSED");
}

static void draw_stepped(Canvas *canvas, const Colony *colony)
{
    canvas_text(canvas, FIELD_WIDTH - 190, FIELD_HEIGHT + 12, 1, dim, "walked %10.0f",
                colony->stats.distance);
    const uint64_t *deaths = colony->stats.deaths_by;
    canvas_text(canvas, FIELD_WIDTH - 190, FIELD_HEIGHT + 28, 1, dim, "eaten %4llu hungry %4llu",
                (unsigned long long)colony->stats.eaten, (unsigned long long)deaths[CAUSE_HUNGER]);
}

void draw_panel(const Colony *colony)
{
    Canvas canvas;
    canvas_begin(&canvas, colony->api);
    canvas_rect(&canvas, PANEL_X, 0, PANEL_WIDTH, MOLT_VIEW_HEIGHT, back);
    canvas_rect(&canvas, PANEL_X, 0, 1, MOLT_VIEW_HEIGHT, (MoltColor){246, 200, 104, 90});
    canvas_flush(&canvas);
    draw_summary(&canvas, colony);
    draw_castes(&canvas, colony, 102);
    draw_plots(&canvas, colony, 182);
    draw_notables(&canvas, colony, 404);
    draw_log(&canvas, colony, 520);
    draw_toolbar(&canvas, colony);
    draw_stepped(&canvas, colony);
    canvas_flush(&canvas);
}
