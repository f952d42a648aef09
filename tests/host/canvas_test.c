/* Every primitive of the canvas on a picture in memory, pixel by pixel where it matters. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"
#include "display.h"

typedef struct Picture {
    MoltDisplay *display;
    MoltCanvas *canvas;
} Picture;

static const MoltColor background = {10, 20, 30, 255};
static const MoltColor red = {255, 0, 0, 255}, green = {0, 255, 0, 255}, white = {255, 255, 255, 255};

static int open_picture(void **state)
{
    MoltError error;
    Picture *picture = calloc(1, sizeof *picture);
    assert_non_null(picture);
    assert_int_equal(molt__display_open_surface(MOLT_VIEW_WIDTH, MOLT_VIEW_HEIGHT, &picture->display,
                                                &error), MOLT_OK);
    assert_int_equal(molt__canvas_create(molt__display_renderer(picture->display), &picture->canvas,
                                         &error), MOLT_OK);
    molt__canvas_clear(picture->canvas, background);
    *state = picture;
    return 0;
}

static int close_picture(void **state)
{
    Picture *picture = *state;
    molt__canvas_destroy(picture->canvas);
    molt__display_close(picture->display);
    free(picture);
    return 0;
}

/* 0xRRGGBB */
static uint32_t pixel(const Picture *picture, int x, int y)
{
    uint8_t rgb[3];
    assert_int_equal(SDL_RenderReadPixels(molt__display_renderer(picture->display),
                                          &(SDL_Rect){x, y, 1, 1}, SDL_PIXELFORMAT_RGB24, rgb, 3), 0);
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

/* How many pixels of a box are not the background. */
static int count_drawn(const Picture *picture, SDL_Rect box)
{
    int count = 0;
    uint8_t *rgb = malloc((size_t)box.w * (size_t)box.h * 3);
    assert_non_null(rgb);
    assert_int_equal(SDL_RenderReadPixels(molt__display_renderer(picture->display), &box,
                                          SDL_PIXELFORMAT_RGB24, rgb, box.w * 3), 0);
    for (int i = 0; i < box.w * box.h; i++)
        count += rgb[3 * i] != background.r || rgb[3 * i + 1] != background.g ||
                 rgb[3 * i + 2] != background.b;
    free(rgb);
    return count;
}

static void assert_untouched(const Picture *picture)
{
    assert_int_equal(count_drawn(picture, (SDL_Rect){0, 0, MOLT_VIEW_WIDTH, MOLT_VIEW_HEIGHT}), 0);
}

static void clear_fills_the_picture(void **state)
{
    assert_int_equal(pixel(*state, 0, 0), 0x0A141E);
    assert_int_equal(pixel(*state, MOLT_VIEW_WIDTH - 1, MOLT_VIEW_HEIGHT - 1), 0x0A141E);
}

static void rectangle_covers_exactly_its_pixels(void **state)
{
    Picture *picture = *state;
    molt__canvas_rect(picture->canvas, (MoltRect){100, 100, 20, 10}, red);
    assert_int_equal(count_drawn(picture, (SDL_Rect){90, 90, 60, 60}), 200);
    assert_int_equal(pixel(picture, 100, 100), 0xFF0000);
    assert_int_equal(pixel(picture, 119, 109), 0xFF0000);
}

static void translucent_rectangle_blends(void **state)
{
    Picture *picture = *state;
    molt__canvas_rect(picture->canvas, (MoltRect){0, 0, 8, 8}, (MoltColor){255, 255, 255, 128});
    uint32_t color = pixel(picture, 4, 4);
    assert_in_range(color >> 16, 130, 134);
    assert_in_range(color & 0xFF, 140, 144);
}

static void rectangles_have_a_color_each(void **state)
{
    enum { COUNT = 2500 }; /* more than one call of the renderer takes */
    Picture *picture = *state;
    MoltRect *rects = calloc(COUNT, sizeof *rects);
    MoltColor *colors = calloc(COUNT, sizeof *colors);
    assert_true(rects && colors);
    for (int i = 0; i < COUNT; i++) {
        rects[i] = (MoltRect){(float)(i % 50 * 4), (float)(i / 50 * 4), 2, 2};
        colors[i] = i % 2 ? red : green;
    }
    molt__canvas_rects(picture->canvas, rects, colors, COUNT);
    assert_int_equal(count_drawn(picture, (SDL_Rect){0, 0, 200, 200}), COUNT * 4);
    assert_int_equal(pixel(picture, 0, 0), 0x00FF00);
    assert_int_equal(pixel(picture, 4, 0), 0xFF0000);
    assert_int_equal(pixel(picture, 49 * 4 + 1, 49 * 4 + 1), 0xFF0000);
    free(rects);
    free(colors);
}

static void line_joins_its_ends(void **state)
{
    Picture *picture = *state;
    molt__canvas_line(picture->canvas, 10, 50, 30, 50, white);
    assert_int_equal(pixel(picture, 10, 50), 0xFFFFFF);
    assert_int_equal(pixel(picture, 30, 50), 0xFFFFFF);
    assert_int_equal(count_drawn(picture, (SDL_Rect){0, 40, 60, 20}), 21);
    molt__canvas_line(picture->canvas, 100, 100, 140, 120, white);
    assert_true(count_drawn(picture, (SDL_Rect){100, 100, 41, 21}) >= 41);
}

static void line_far_outside_is_clipped(void **state)
{
    Picture *picture = *state;
    molt__canvas_line(picture->canvas, -1e7f, 360, 1e7f, 360, white);
    assert_int_equal(pixel(picture, 0, 360), 0xFFFFFF);
    assert_int_equal(pixel(picture, 1279, 360), 0xFFFFFF);
    molt__canvas_clear(picture->canvas, background);
    molt__canvas_line(picture->canvas, 1e6f, 1e6f, 2e6f, 3e6f, white);
    assert_untouched(picture);
}

static void filled_circle_is_round(void **state)
{
    Picture *picture = *state;
    molt__canvas_circle(picture->canvas, 200, 200, 20, red, true);
    assert_int_equal(pixel(picture, 200, 200), 0xFF0000);
    assert_int_equal(pixel(picture, 215, 200), 0xFF0000);
    assert_int_equal(pixel(picture, 218, 218), 0x0A141E); /* the corner of its box */
    int area = count_drawn(picture, (SDL_Rect){170, 170, 60, 60});
    assert_in_range(area, 1200, 1500); /* 1257 and a smooth rim */
}

static void outlined_circle_is_hollow(void **state)
{
    Picture *picture = *state;
    molt__canvas_circle(picture->canvas, 200, 200, 20, red, false);
    assert_int_equal(pixel(picture, 200, 200), 0x0A141E);
    assert_in_range(pixel(picture, 220, 200) >> 16, 250, 255);
}

static void tiny_circle_is_seen(void **state)
{
    Picture *picture = *state;
    molt__canvas_circle(picture->canvas, 200.5f, 200.5f, 0.5f, red, true);
    assert_true(count_drawn(picture, (SDL_Rect){195, 195, 10, 10}) >= 1);
}

static void triangles_take_the_colors_of_their_vertices(void **state)
{
    Picture *picture = *state;
    const MoltVertex vertices[7] = {{100, 100, red}, {160, 100, red}, {100, 160, red},
                                    {200, 100, green}, {260, 100, green}, {200, 160, green},
                                    {300, 100, white}}; /* the odd one out is ignored */
    molt__canvas_triangles(picture->canvas, vertices, 7);
    assert_int_equal(pixel(picture, 110, 110), 0xFF0000);
    assert_int_equal(pixel(picture, 210, 110), 0x00FF00);
    assert_int_equal(pixel(picture, 155, 155), 0x0A141E);
}

static void pixels_keep_the_order_of_their_bytes(void **state)
{
    Picture *picture = *state;
    const uint32_t image[4] = {0xFF0000FFu, 0xFF00FF00u, 0xFFFF0000u, 0x00FFFFFFu};
    molt__canvas_pixels(picture->canvas, 3, 2, 2, image, (MoltRect){100, 100, 40, 40});
    assert_int_equal(pixel(picture, 110, 110), 0xFF0000);
    assert_int_equal(pixel(picture, 130, 110), 0x00FF00);
    assert_int_equal(pixel(picture, 110, 130), 0x0000FF);
    assert_int_equal(pixel(picture, 130, 130), 0x0A141E); /* alpha 0 */
}

static void pixel_slot_takes_a_new_size(void **state)
{
    Picture *picture = *state;
    const uint32_t image[6] = {0xFF0000FFu, 0xFF0000FFu, 0xFF0000FFu, 0xFF0000FFu, 0xFF0000FFu,
                               0xFF00FF00u};
    molt__canvas_pixels(picture->canvas, 0, 1, 1, image, (MoltRect){0, 0, 8, 8});
    molt__canvas_pixels(picture->canvas, 0, 3, 2, image, (MoltRect){100, 100, 30, 20});
    assert_int_equal(pixel(picture, 125, 115), 0x00FF00);
    molt__canvas_clear(picture->canvas, background);
    molt__canvas_pixels(picture->canvas, -1, 1, 1, image, (MoltRect){0, 0, 8, 8});
    molt__canvas_pixels(picture->canvas, MOLT__PIXEL_SLOTS, 1, 1, image, (MoltRect){0, 0, 8, 8});
    assert_untouched(picture);
}

static void text_scales_with_the_font(void **state)
{
    Picture *picture = *state;
    molt__canvas_text(picture->canvas, 100, 100, 1, red, "Molt");
    int small = count_drawn(picture, (SDL_Rect){100, 100, 4 * MOLT__GLYPH, MOLT__GLYPH});
    assert_true(small > 20);
    assert_int_equal(count_drawn(picture, (SDL_Rect){90, 90, 100, 100}), small);
    molt__canvas_text(picture->canvas, 300, 100, 3, red, "Molt");
    assert_int_equal(count_drawn(picture, (SDL_Rect){300, 100, 12 * MOLT__GLYPH, 3 * MOLT__GLYPH}),
                     9 * small);
}

static void text_part_stops_at_its_length(void **state)
{
    Picture *picture = *state;
    molt__canvas_text_part(picture->canvas, 100, 100, 1, red, "MMMM", 2);
    assert_int_equal(count_drawn(picture, (SDL_Rect){100 + 2 * MOLT__GLYPH, 90, 100, 30}), 0);
    molt__canvas_text(picture->canvas, 100, 200, 1, red, "\xFF\x01");
    assert_true(count_drawn(picture, (SDL_Rect){100, 200, 16, 8}) > 0); /* shown as ?? */
}

static void nothing_is_drawn_outside_the_clip(void **state)
{
    Picture *picture = *state;
    molt__canvas_clip(picture->canvas, &(MoltRect){100, 100, 10, 10});
    molt__canvas_rect(picture->canvas, (MoltRect){0, 0, 500, 500}, red);
    molt__canvas_text(picture->canvas, 90, 100, 2, white, "wide");
    molt__canvas_clip(picture->canvas, NULL);
    assert_int_equal(count_drawn(picture, (SDL_Rect){0, 0, 600, 600}), 100);
}

static void wild_coordinates_draw_nothing(void **state)
{
    Picture *picture = *state;
    const float wild[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        float w = wild[i];
        const MoltRect rect = {w, 0, 10, 10};
        const uint32_t image = UINT32_MAX;
        molt__canvas_rect(picture->canvas, rect, red);
        molt__canvas_rects(picture->canvas, &rect, &red, 1);
        molt__canvas_line(picture->canvas, w, 0, 5, 5, red);
        molt__canvas_circle(picture->canvas, w, 5, 5, red, true);
        molt__canvas_circle(picture->canvas, 5, 5, w, red, true);
        molt__canvas_pixels(picture->canvas, 0, 1, 1, &image, rect);
        molt__canvas_text(picture->canvas, w, 5, 1, red, "text");
        molt__canvas_text(picture->canvas, 5, w, 1, red, "text");
        molt__canvas_text(picture->canvas, 5, 5, w, red, "text");
    }
    molt__canvas_rect(picture->canvas, (MoltRect){20, 20, -5, 5}, red);
    molt__canvas_rects(picture->canvas, NULL, NULL, 0);
    molt__canvas_triangles(picture->canvas, NULL, -3);
    molt__canvas_text(picture->canvas, 0, 0, 1, red, NULL);
    assert_untouched(picture);
}

static void triangle_with_a_wild_corner_is_left_out(void **state)
{
    Picture *picture = *state;
    const MoltVertex vertices[6] = {{NAN, 100, red}, {160, 100, red}, {100, INFINITY, red},
                                    {200, 100, green}, {260, 100, green}, {200, 160, green}};
    molt__canvas_triangles(picture->canvas, vertices, 6);
    assert_int_equal(pixel(picture, 210, 110), 0x00FF00);
    assert_int_equal(pixel(picture, 110, 110), 0x0A141E);
}

int main(void)
{
#define PICTURE_TEST(name) cmocka_unit_test_setup_teardown(name, open_picture, close_picture)
    const struct CMUnitTest tests[] = {
        PICTURE_TEST(clear_fills_the_picture),
        PICTURE_TEST(rectangle_covers_exactly_its_pixels),
        PICTURE_TEST(translucent_rectangle_blends),
        PICTURE_TEST(rectangles_have_a_color_each),
        PICTURE_TEST(line_joins_its_ends),
        PICTURE_TEST(line_far_outside_is_clipped),
        PICTURE_TEST(filled_circle_is_round),
        PICTURE_TEST(outlined_circle_is_hollow),
        PICTURE_TEST(tiny_circle_is_seen),
        PICTURE_TEST(triangles_take_the_colors_of_their_vertices),
        PICTURE_TEST(pixels_keep_the_order_of_their_bytes),
        PICTURE_TEST(pixel_slot_takes_a_new_size),
        PICTURE_TEST(text_scales_with_the_font),
        PICTURE_TEST(text_part_stops_at_its_length),
        PICTURE_TEST(nothing_is_drawn_outside_the_clip),
        PICTURE_TEST(wild_coordinates_draw_nothing),
        PICTURE_TEST(triangle_with_a_wild_corner_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
