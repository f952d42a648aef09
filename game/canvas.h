/* Batches of triangles and rectangles that go to the host a few hundred at a time. Lives on the
 * stack of whoever draws; must never know what is drawn. Shapes of one kind keep their order; call
 * canvas_flush() before anything else is drawn over them. */
#ifndef CANVAS_H
#define CANVAS_H

#include "colony.h"

enum { CANVAS_VERTICES = 3000, CANVAS_RECTS = 1000 };

typedef struct Canvas {
    const MoltPlatformApi *api;
    int vertex_count, rect_count;
    MoltVertex vertices[CANVAS_VERTICES];
    MoltRect rects[CANVAS_RECTS];
    MoltColor colors[CANVAS_RECTS]; /* of rects */
} Canvas;

void canvas_begin(Canvas *canvas, const MoltPlatformApi *api);
void canvas_triangle(Canvas *canvas, Vec2 a, Vec2 b, Vec2 c, MoltColor color);
/* A straight stroke `width` pixels wide. */
void canvas_stroke(Canvas *canvas, Vec2 from, Vec2 to, float width, MoltColor color);
/* A disc that fades from `inner` in the middle to `outer` at the rim. */
void canvas_disc(Canvas *canvas, Vec2 centre, float radius, MoltColor inner, MoltColor outer);
void canvas_rect(Canvas *canvas, float x, float y, float w, float h, MoltColor color);
void canvas_flush(Canvas *canvas);
/* `scale` times the 8 x 8 font; not batched. */
void canvas_text(const Canvas *canvas, float x, float y, float scale, MoltColor color,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));

MoltColor color_fade(MoltColor color, float alpha);

#endif
