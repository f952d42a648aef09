/* The outcome panel keeps to its box whatever it has to say, and goes when its time is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "display.h"
#include "overlay.h"

#define PIXEL_BYTES ((size_t)MOLT_VIEW_WIDTH * MOLT_VIEW_HEIGHT * 3)

typedef struct Screen {
    MoltDisplay *display;
    MoltCanvas *canvas;
    uint8_t *before, *after; /* RGB pictures */
} Screen;

static Screen screen;

static int open_screen(void **state)
{
    MoltError error;
    (void)state;
    assert_int_equal(molt__display_open_surface(MOLT_VIEW_WIDTH, MOLT_VIEW_HEIGHT, &screen.display,
                                                &error), MOLT_OK);
    assert_int_equal(molt__canvas_create(molt__display_renderer(screen.display), &screen.canvas,
                                         &error), MOLT_OK);
    screen.before = malloc(PIXEL_BYTES);
    screen.after = malloc(PIXEL_BYTES);
    return screen.before && screen.after ? 0 : -1;
}

static int close_screen(void **state)
{
    (void)state;
    free(screen.before);
    free(screen.after);
    molt__canvas_destroy(screen.canvas);
    molt__display_close(screen.display);
    return 0;
}

static void read_picture(uint8_t *rgb)
{
    assert_int_equal(SDL_RenderReadPixels(molt__display_renderer(screen.display), NULL,
                                          SDL_PIXELFORMAT_RGB24, rgb, MOLT_VIEW_WIDTH * 3), 0);
}

/* Draws the overlay on a coloured ground and returns how many pixels it changed; fails when one of them
 * lies outside `box`. */
static int draw_within(const MoltOverlay *overlay, uint64_t now, MoltRect box)
{
    int changed = 0;
    molt__canvas_clear(screen.canvas, (MoltColor){200, 40, 160, 255});
    read_picture(screen.before);
    molt__overlay_draw(overlay, screen.canvas, now);
    read_picture(screen.after);
    for (int y = 0; y < MOLT_VIEW_HEIGHT; y++)
        for (int x = 0; x < MOLT_VIEW_WIDTH; x++) {
            size_t at = ((size_t)y * MOLT_VIEW_WIDTH + (size_t)x) * 3;
            if (memcmp(screen.before + at, screen.after + at, 3) == 0)
                continue;
            changed++;
            if ((float)x < box.x || (float)y < box.y || (float)x >= box.x + box.w ||
                (float)y >= box.y + box.h)
                fail_msg("pixel %d, %d outside of the box %g, %g, %g x %g", x, y, (double)box.x,
                         (double)box.y, (double)box.w, (double)box.h);
        }
    return changed;
}

/* A summary in which every text is as long as it can be, in words of `word` letters. */
static MoltSummary longest(MoltMood mood, int word)
{
    MoltSummary summary = {.mood = mood, .row_count = MOLT__SUMMARY_ROWS};
    struct { char *text; size_t size; } texts[3 + MOLT__SUMMARY_ROWS] = {
        {summary.word, sizeof summary.word},
        {summary.subject, sizeof summary.subject},
        {summary.facts, sizeof summary.facts},
    };
    for (int i = 0; i < MOLT__SUMMARY_ROWS; i++) {
        texts[3 + i].text = summary.rows[i].text;
        texts[3 + i].size = sizeof summary.rows[i].text;
        summary.rows[i].mood = (MoltMood)(i % (MOLT__MOOD_QUIET + 1));
    }
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t i = 0; i + 1 < texts[t].size; i++)
            texts[t].text[i] = word && i % (size_t)(word + 1) == (size_t)word ? ' ' : 'W';
    return summary;
}

static void nothing_to_say_draws_nothing(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    assert_int_equal(draw_within(&overlay, 1000, (MoltRect){0, 0, 0, 0}), 0);
}

static void long_texts_stay_in_the_box(void **state)
{
    (void)state;
    for (int word = 0; word < 70; word += 7) {
        MoltOverlay overlay = {0};
        MoltSummary summary = longest(MOLT__MOOD_BAD, word);
        molt__overlay_show(&overlay, &summary, 0);
        molt__overlay_set_building(&overlay, true, 0);
        MoltRect box = molt__overlay_box(&overlay, 500);
        assert_true(box.w <= MOLT__OVERLAY_WIDTH && box.h <= MOLT__OVERLAY_HEIGHT_MAX);
        int changed = draw_within(&overlay, 500, box);
        assert_int_equal(changed, (int)(box.w * box.h));
    }
}

static void progress_of_a_build_grows_in_its_box(void **state)
{
    (void)state;
    int widths[3];
    for (uint32_t done = 0; done < 3; done++) {
        MoltOverlay overlay = {0};
        molt__overlay_set_building(&overlay, true, 0);
        molt__overlay_set_progress(&overlay, 10 * done, 20);
        MoltRect box = molt__overlay_box(&overlay, 500);
        draw_within(&overlay, 500, box);
        int blue = 0;
        for (size_t i = 0; i < PIXEL_BYTES; i += 3)
            blue += screen.after[i] == 96 && screen.after[i + 1] == 160 && screen.after[i + 2] == 250;
        widths[done] = blue;
    }
    assert_true(widths[1] - widths[0] > 50);
    assert_int_equal(widths[2] - widths[1], widths[1] - widths[0]);
}

static void short_text_makes_a_small_box(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    MoltSummary summary = {.mood = MOLT__MOOD_GOOD, .word = "migrated", .subject = "Ant"};
    molt__overlay_show(&overlay, &summary, 0);
    MoltRect box = molt__overlay_box(&overlay, 1);
    assert_true(box.h > 20 && box.h < 80);
    assert_true(draw_within(&overlay, 1, box) > 0);
}

static void rows_make_the_box_grow(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    MoltSummary summary = {.mood = MOLT__MOOD_GOOD, .word = "migrated"};
    molt__overlay_show(&overlay, &summary, 0);
    float bare = molt__overlay_box(&overlay, 1).h;
    summary.row_count = 1;
    memcpy(summary.rows[0].text, "+ Ant: int hunger", 18);
    molt__overlay_show(&overlay, &summary, 0);
    assert_true(molt__overlay_box(&overlay, 1).h > bare);
}

static void success_goes_and_failure_stays(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    MoltSummary good = {.mood = MOLT__MOOD_GOOD, .word = "migrated"};
    MoltSummary bad = {.mood = MOLT__MOOD_BAD, .word = "refused"};
    molt__overlay_show(&overlay, &good, 1000);
    assert_true(molt__overlay_box(&overlay, 6900).h > 0);
    assert_true(molt__overlay_box(&overlay, 7000).h <= 0);
    assert_int_equal(draw_within(&overlay, 7000, (MoltRect){0, 0, 0, 0}), 0);
    molt__overlay_show(&overlay, &bad, 8000);
    assert_true(molt__overlay_box(&overlay, 8000 + 3600 * 1000).h > 0);
    molt__overlay_show(&overlay, &good, 9000);
    assert_true(molt__overlay_box(&overlay, 20000).h <= 0);
}

static void crash_stays_while_the_game_stands_still(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    MoltSummary failed = {.mood = MOLT__MOOD_BAD, .word = "build failed",
                          .facts = "The game goes on with the old code."};
    MoltSummary good = {.mood = MOLT__MOOD_GOOD, .word = "asset"};
    failed.row_count = MOLT__SUMMARY_ROWS;
    for (int i = 0; i < MOLT__SUMMARY_ROWS; i++)
        snprintf(failed.rows[i].text, sizeof failed.rows[i].text, "row %d", i);
    molt__overlay_set_crash(&overlay, "crashed in main_loop() at ant.c:12");
    molt__overlay_show(&overlay, &failed, 0);
    assert_string_equal(overlay.summary.word, "build failed");
    assert_non_null(strstr(overlay.summary.facts, "stands still since"));
    assert_string_equal(overlay.summary.rows[0].text, "crashed in main_loop() at ant.c:12");
    assert_string_equal(overlay.summary.rows[MOLT__SUMMARY_ROWS - 1].text, "row 6");
    assert_int_equal(overlay.summary.row_count, MOLT__SUMMARY_ROWS);
    molt__overlay_show(&overlay, &good, 0);
    assert_int_equal(overlay.hide_at, UINT64_MAX);
    assert_int_equal(overlay.summary.row_count, 1);
    molt__overlay_set_crash(&overlay, "");
    molt__overlay_show(&overlay, &failed, 0);
    assert_string_equal(overlay.summary.facts, "The game goes on with the old code.");
    assert_string_equal(overlay.summary.rows[0].text, "row 0");
}

static void build_in_progress_is_shown_alone(void **state)
{
    (void)state;
    MoltOverlay overlay = {0};
    molt__overlay_set_building(&overlay, true, 1000);
    molt__overlay_set_building(&overlay, true, 2000); /* still the same build */
    assert_int_equal(overlay.building_since, 1000);
    MoltRect box = molt__overlay_box(&overlay, 3000);
    assert_true(box.h > 0);
    assert_true(draw_within(&overlay, 3000, box) > 0);
    molt__overlay_set_building(&overlay, false, 4000);
    assert_true(molt__overlay_box(&overlay, 4000).h <= 0);
}

static void frame_rate_makes_room_for_itself(void **state)
{
    (void)state;
    MoltOverlay overlay = {.rate = "60 fps"};
    MoltSummary bad = {.mood = MOLT__MOOD_BAD, .word = "refused"};
    molt__overlay_show(&overlay, &bad, 0);
    MoltRect box = molt__overlay_box(&overlay, 1);
    assert_true(box.y > MOLT__OVERLAY_MARGIN + 10);
    MoltRect both = {box.x, MOLT__OVERLAY_MARGIN, box.w, box.y + box.h - MOLT__OVERLAY_MARGIN};
    assert_true(draw_within(&overlay, 1, both) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_say_draws_nothing),
        cmocka_unit_test(long_texts_stay_in_the_box),
        cmocka_unit_test(progress_of_a_build_grows_in_its_box),
        cmocka_unit_test(short_text_makes_a_small_box),
        cmocka_unit_test(rows_make_the_box_grow),
        cmocka_unit_test(success_goes_and_failure_stays),
        cmocka_unit_test(crash_stays_while_the_game_stands_still),
        cmocka_unit_test(build_in_progress_is_shown_alone),
        cmocka_unit_test(frame_rate_makes_room_for_itself),
    };
    return cmocka_run_group_tests(tests, open_screen, close_screen);
}
