/* Batches for drawing. */
#include "canvas.h"

#include <stdarg.h>
#include <stdio.h>

#include "vec2.h"

void canvas_begin(Canvas *canvas, const MoltPlatformApi *api)
{
    canvas->api = api;
    canvas->vertex_count = 0;
    canvas->rect_count = 0;
}

static void flush_triangles(Canvas *canvas)
{
    if (canvas->vertex_count > 0)
        canvas->api->fill_triangles(canvas->api, canvas->vertices, canvas->vertex_count);
    canvas->vertex_count = 0;
}

static void flush_rects(Canvas *canvas)
{
    if (canvas->rect_count > 0)
        canvas->api->fill_rects(canvas->api, canvas->rects, canvas->colors, canvas->rect_count);
    canvas->rect_count = 0;
}

void canvas_flush(Canvas *canvas)
{
    flush_triangles(canvas);
    flush_rects(canvas);
}

static MoltVertex *three_vertices(Canvas *canvas)
{
    if (canvas->vertex_count > CANVAS_VERTICES - 3)
        flush_triangles(canvas);
    MoltVertex *vertices = &canvas->vertices[canvas->vertex_count];
    canvas->vertex_count += 3;
    return vertices;
}

void canvas_triangle(Canvas *canvas, Vec2 a, Vec2 b, Vec2 c, MoltColor color)
{
    MoltVertex *vertices = three_vertices(canvas);
    vertices[0] = (MoltVertex){a.x, a.y, color};
    vertices[1] = (MoltVertex){b.x, b.y, color};
    vertices[2] = (MoltVertex){c.x, c.y, color};
}

void canvas_stroke(Canvas *canvas, Vec2 from, Vec2 to, float width, MoltColor color)
{
    Vec2 way = vec2_toward(from, to, (Vec2){1, 0});
    Vec2 side = {-way.y * width * 0.5f, way.x * width * 0.5f};
    Vec2 a = vec2_add(from, side), b = vec2_sub(from, side);
    Vec2 c = vec2_add(to, side), d = vec2_sub(to, side);
    canvas_triangle(canvas, a, b, c, color);
    canvas_triangle(canvas, b, d, c, color);
}

void canvas_disc(Canvas *canvas, Vec2 centre, float radius, MoltColor inner, MoltColor outer)
{
    const int sides = radius > 60 ? 48 : radius > 12 ? 24 : 12;
    const Vec2 turn = vec2_direction(6.2831853f / (float)sides);
    Vec2 spoke = {radius, 0};
    for (int i = 0; i < sides; i++) {
        Vec2 next = vec2_rotate(spoke, turn);
        MoltVertex *vertices = three_vertices(canvas);
        vertices[0] = (MoltVertex){centre.x, centre.y, inner};
        vertices[1] = (MoltVertex){centre.x + spoke.x, centre.y + spoke.y, outer};
        vertices[2] = (MoltVertex){centre.x + next.x, centre.y + next.y, outer};
        spoke = next;
    }
}

void canvas_rect(Canvas *canvas, float x, float y, float w, float h, MoltColor color)
{
    if (canvas->rect_count == CANVAS_RECTS)
        flush_rects(canvas);
    canvas->rects[canvas->rect_count] = (MoltRect){x, y, w, h};
    canvas->colors[canvas->rect_count] = color;
    canvas->rect_count++;
}

void canvas_text(const Canvas *canvas, float x, float y, float scale, MoltColor color,
                 const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    canvas->api->text(canvas->api, x, y, scale, color, text);
}

MoltColor color_fade(MoltColor color, float alpha)
{
    float a = (float)color.a * alpha;
    color.a = (uint8_t)(a < 0 ? 0 : a > 255 ? 255 : a);
    return color;
}
