#include "overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_GOOD 6
#define SECONDS_LOSS 12
#define FADE_MS 400
#define BAR 5
#define PADDING 12
#define LINE (MOLT__GLYPH + 6)
#define HEAD_LINE (2 * MOLT__GLYPH + 8)
#define INDENT (2 * MOLT__GLYPH)
#define ROW_LINES_MAX 4
#define RATE_HEIGHT (MOLT__GLYPH + 10)
#define BUILDING_WIDTH 264 /* of the panel that shows nothing but the build */

static const MoltColor panel_color = {15, 18, 25, 226};
static const MoltColor edge_color = {255, 255, 255, 26};
static const MoltColor text_color = {222, 226, 234, 255};
static const MoltColor quiet_color = {139, 148, 165, 255};
static const MoltColor building_color = {96, 160, 250, 255};

static MoltColor mood_color(MoltMood mood)
{
    switch (mood) {
    case MOLT__MOOD_GOOD: return (MoltColor){92, 214, 130, 255};
    case MOLT__MOOD_LOSS: return (MoltColor){247, 190, 76, 255};
    case MOLT__MOOD_BAD: return (MoltColor){250, 105, 98, 255};
    case MOLT__MOOD_QUIET: return quiet_color;
    case MOLT__MOOD_PLAIN: break;
    }
    return text_color;
}

void molt__overlay_show(MoltOverlay *overlay, const MoltSummary *summary, uint64_t now)
{
    overlay->summary = *summary;
    if (overlay->crash[0])
        molt__summary_stand_still(&overlay->summary, overlay->crash);
    overlay->shown = true;
    overlay->shown_at = now;
    bool stays = summary->mood == MOLT__MOOD_BAD || overlay->crash[0];
    overlay->hide_at = stays                              ? UINT64_MAX
                       : summary->mood == MOLT__MOOD_LOSS ? now + SECONDS_LOSS * 1000
                                                          : now + SECONDS_GOOD * 1000;
}

void molt__overlay_set_crash(MoltOverlay *overlay, const char *crash)
{
    snprintf(overlay->crash, sizeof overlay->crash, "%s", crash);
}

void molt__overlay_set_building(MoltOverlay *overlay, bool building, uint64_t now)
{
    if (building && !overlay->building)
        overlay->building_since = now;
    overlay->building = building;
}

void molt__overlay_set_progress(MoltOverlay *overlay, uint32_t done, uint32_t steps)
{
    overlay->steps_done = done;
    overlay->steps = steps;
}

/* ---- layout --------------------------------------------------------------------------------- */

/* Lays text out downwards. Measuring and drawing run the same code, so that the box always fits what
 * is drawn in it; measuring has no canvas. */
typedef struct Pen {
    MoltCanvas *canvas; /* NULL: measure only */
    float left, right;
    float y;
    float alpha; /* 0..1, of everything */
} Pen;

static MoltColor faded(const Pen *pen, MoltColor color)
{
    color.a = (uint8_t)((float)color.a * pen->alpha);
    return color;
}

static void put(const Pen *pen, float x, float y, float scale, MoltColor color, const char *text,
                int length)
{
    if (pen->canvas)
        molt__canvas_text_part(pen->canvas, x, y, scale, faded(pen, color), text, length);
}

/* How many characters of `text` go on a line of `columns`: up to the last space that fits, or the whole
 * line of a word that is longer than one. */
static int line_length(const char *text, int columns)
{
    int length = (int)strlen(text);
    if (length <= columns)
        return length;
    for (int i = columns; i > columns / 2; i--)
        if (text[i] == ' ')
            return i;
    return columns;
}

/* Text wrapped between `x` and the right edge; what needs more than `lines` ends in dots. */
static void put_wrapped(Pen *pen, float x, float scale, float advance, MoltColor color,
                        const char *text, int lines)
{
    int columns = (int)((pen->right - x) / ((float)MOLT__GLYPH * scale));
    for (int line = 0; *text && line < lines; line++) {
        int length = line_length(text, columns);
        if (line == lines - 1 && text[length] && columns > 3) {
            length = length > columns - 3 ? columns - 3 : length;
            put(pen, x + (float)length * (float)MOLT__GLYPH * scale, pen->y, scale, color, "...", 3);
        }
        put(pen, x, pen->y, scale, color, text, length);
        pen->y += advance;
        text += length;
        text += strspn(text, " ");
    }
}

/* "migrated  Ant, Tile" in double size, the subject below the word when the line is too short. */
static void put_headline(Pen *pen, const MoltSummary *summary)
{
    float glyph = 2 * MOLT__GLYPH;
    float after_word = pen->left + (float)(strlen(summary->word) + 1) * glyph;
    bool beside = after_word + (float)strlen(summary->subject) * glyph <= pen->right;
    put(pen, pen->left, pen->y, 2, mood_color(summary->mood), summary->word, INT32_MAX);
    if (beside)
        put(pen, after_word, pen->y, 2, text_color, summary->subject, INT32_MAX);
    pen->y += HEAD_LINE;
    if (!beside)
        put_wrapped(pen, pen->left, 1, LINE, text_color, summary->subject, 2);
}

static void put_row(Pen *pen, const MoltSummaryRow *row)
{
    const char *text = row->text;
    bool marked = text[0] && text[1] == ' ' && strchr("+-~", text[0]);
    float x = pen->left;
    if (marked) {
        put(pen, x, pen->y, 1, mood_color(row->mood), text, 1);
        x += INDENT;
        text += 2;
    }
    bool plain = marked && row->mood == MOLT__MOOD_GOOD;
    put_wrapped(pen, x, 1, LINE, plain ? text_color : mood_color(row->mood), text, ROW_LINES_MAX);
}

static void put_summary(Pen *pen, const MoltSummary *summary)
{
    put_headline(pen, summary);
    put_wrapped(pen, pen->left, 1, LINE, quiet_color, summary->facts, 2);
    if (!summary->row_count)
        return;
    pen->y += 2;
    if (pen->canvas)
        molt__canvas_rect(pen->canvas,
                          (MoltRect){pen->left, pen->y, pen->right - pen->left, 1},
                          faded(pen, edge_color));
    pen->y += 7;
    for (int i = 0; i < summary->row_count; i++)
        put_row(pen, &summary->rows[i]);
}

/* A bar below the text, as far as the build is; it needs no line of its own. */
static void put_progress(const Pen *pen, const MoltOverlay *overlay)
{
    MoltRect bar = {pen->left + 20, pen->y + MOLT__GLYPH + 2, BUILDING_WIDTH - 60, 2};
    if (!pen->canvas || !overlay->steps)
        return;
    molt__canvas_rect(pen->canvas, bar, edge_color);
    bar.w *= (float)overlay->steps_done / (float)overlay->steps;
    molt__canvas_rect(pen->canvas, bar, building_color);
}

static void put_building(Pen *pen, const MoltOverlay *overlay, uint64_t elapsed)
{
    enum { DOTS = 8 };
    char text[64], steps[32] = "";
    uint64_t step = elapsed / 90;
    for (uint64_t i = 0; pen->canvas && i < DOTS; i++) {
        float turn = 6.2831853f * (float)i / DOTS;
        MoltColor dot = {120, 180, 255, (uint8_t)(40 + (i + DOTS - step % DOTS) % DOTS * 30)};
        molt__canvas_rect(pen->canvas,
                          (MoltRect){pen->left + 5 + 5 * cosf(turn) - 1, pen->y + 5 + 5 * sinf(turn) - 1,
                                     2, 2},
                          dot);
    }
    if (overlay->steps)
        snprintf(steps, sizeof steps, "   %u/%u", overlay->steps_done, overlay->steps);
    snprintf(text, sizeof text, "building%s   %.1f s", steps, (double)elapsed / 1000);
    put_progress(pen, overlay);
    put(pen, pen->left + 20, pen->y + 1, 1, (MoltColor){150, 196, 255, 255}, text, INT32_MAX);
    pen->y += LINE;
}

/* ---- panels --------------------------------------------------------------------------------- */

static bool outcome_visible(const MoltOverlay *overlay, uint64_t now)
{
    return overlay->shown && now < overlay->hide_at;
}

static float outcome_alpha(const MoltOverlay *overlay, uint64_t now)
{
    if (overlay->building || overlay->hide_at == UINT64_MAX || overlay->hide_at - now >= FADE_MS)
        return 1;
    return (float)(overlay->hide_at - now) / FADE_MS;
}

/* The content of the outcome panel from its top edge on; `pen` ends below the last line. */
static void put_outcome(Pen *pen, const MoltOverlay *overlay, uint64_t now)
{
    bool shown = outcome_visible(overlay, now);
    pen->y += PADDING - 1;
    if (shown)
        put_summary(pen, &overlay->summary);
    if (overlay->building) {
        pen->y += shown ? 4 : 0;
        put_building(pen, overlay, now - overlay->building_since);
    }
    pen->y += PADDING - 5;
}

MoltRect molt__overlay_box(const MoltOverlay *overlay, uint64_t now)
{
    MoltRect box = {MOLT__OVERLAY_MARGIN, MOLT__OVERLAY_MARGIN, 0, 0};
    if (overlay->rate[0])
        box.y += RATE_HEIGHT + 6;
    if (!outcome_visible(overlay, now) && !overlay->building)
        return box;
    box.w = outcome_visible(overlay, now) ? MOLT__OVERLAY_WIDTH : BUILDING_WIDTH;
    Pen pen = {.left = box.x + BAR + PADDING, .right = box.x + box.w - PADDING, .y = box.y};
    put_outcome(&pen, overlay, now);
    box.h = pen.y - box.y;
    if (box.h > MOLT__OVERLAY_HEIGHT_MAX)
        box.h = MOLT__OVERLAY_HEIGHT_MAX;
    return box;
}

static void draw_frame(MoltCanvas *canvas, MoltRect box, MoltColor bar, float alpha)
{
    Pen pen = {.alpha = alpha};
    MoltColor edge = faded(&pen, edge_color);
    molt__canvas_rect(canvas, box, faded(&pen, panel_color));
    molt__canvas_rect(canvas, (MoltRect){box.x, box.y, BAR, box.h}, faded(&pen, bar));
    molt__canvas_rect(canvas, (MoltRect){box.x + BAR, box.y, box.w - BAR, 1}, edge);
    molt__canvas_rect(canvas, (MoltRect){box.x + BAR, box.y + box.h - 1, box.w - BAR, 1}, edge);
    molt__canvas_rect(canvas, (MoltRect){box.x + box.w - 1, box.y + 1, 1, box.h - 2}, edge);
}

static void draw_outcome(const MoltOverlay *overlay, MoltCanvas *canvas, uint64_t now)
{
    MoltRect box = molt__overlay_box(overlay, now);
    if (box.h <= 0)
        return;
    bool shown = outcome_visible(overlay, now);
    float alpha = outcome_alpha(overlay, now);
    Pen pen = {canvas, box.x + BAR + PADDING, box.x + box.w - PADDING, box.y, alpha};
    molt__canvas_clip(canvas, &box);
    draw_frame(canvas, box, shown ? mood_color(overlay->summary.mood) : building_color,
               alpha);
    put_outcome(&pen, overlay, now);
    molt__canvas_clip(canvas, NULL);
}

static void draw_rate(const MoltOverlay *overlay, MoltCanvas *canvas)
{
    MoltRect box = {MOLT__OVERLAY_MARGIN, MOLT__OVERLAY_MARGIN,
                    (float)strlen(overlay->rate) * MOLT__GLYPH + 16, RATE_HEIGHT};
    molt__canvas_rect(canvas, box, panel_color);
    molt__canvas_text(canvas, box.x + 8, box.y + 5, 1, text_color, overlay->rate);
}

static void draw_help(MoltCanvas *canvas)
{
    static const char *const lines[][2] = {
        {"F1", "this help"},
        {"F5", "write the state to molt-dump-<frame>.json"},
        {"F6", "save the state"},
        {"F7", "back to the code before"},
        {"F8", "forward again"},
        {"F9", "load the state that F6 saved"},
        {"F12", "write the picture to molt-shot-<frame>.png"},
        {"Esc", "quit"},
        {"", ""},
        {"Save", "a source file of the game: it is built and"},
        {"", "reloaded, and the state goes on. A refused or"},
        {"", "broken edit leaves the old code running."},
    };
    enum { COUNT = sizeof lines / sizeof *lines };
    float height = HEAD_LINE + 10 + COUNT * (LINE + 2) + 2 * PADDING;
    MoltRect box = {(MOLT_VIEW_WIDTH - 480) / 2, (MOLT_VIEW_HEIGHT - height) / 2, 480, height};
    float x = box.x + BAR + PADDING, y = box.y + PADDING;
    molt__canvas_clip(canvas, &box);
    draw_frame(canvas, box, (MoltColor){96, 160, 250, 255}, 1);
    molt__canvas_text(canvas, x, y, 2, text_color, "Molt");
    y += HEAD_LINE + 10;
    for (int i = 0; i < COUNT; i++, y += LINE + 2) {
        molt__canvas_text(canvas, x, y, 1, (MoltColor){150, 196, 255, 255}, lines[i][0]);
        molt__canvas_text(canvas, x + 6 * MOLT__GLYPH, y, 1, text_color, lines[i][1]);
    }
    molt__canvas_clip(canvas, NULL);
}

void molt__overlay_draw(const MoltOverlay *overlay, MoltCanvas *canvas, uint64_t now)
{
    draw_outcome(overlay, canvas, now);
    if (overlay->rate[0])
        draw_rate(overlay, canvas);
    if (overlay->help)
        draw_help(canvas);
}
