/* Drawing on the logical 1280x720 canvas through an SDL renderer: the primitives of the platform API
 * and what the overlay needs beside them. It must never know windows, games or reloads.
 *
 * All coordinates are logical pixels. Coordinates that are not finite draw nothing. */
#ifndef MOLT_HOST_CANVAS_H
#define MOLT_HOST_CANVAS_H

#include <SDL.h>

#include <molt/platform_api.h>
#include <molt/status.h>

#define MOLT__GLYPH 8 /* width and height of a character at scale 1 */
#define MOLT__PIXEL_SLOTS 8

typedef struct MoltCanvas MoltCanvas;

/* Borrows `renderer`, which must outlive the canvas. */
MoltStatus molt__canvas_create(SDL_Renderer *renderer, MoltCanvas **out, MoltError *error);
void molt__canvas_destroy(MoltCanvas *canvas); /* NULL allowed */

void molt__canvas_clear(MoltCanvas *canvas, MoltColor color);
void molt__canvas_rect(MoltCanvas *canvas, MoltRect rect, MoltColor color);
void molt__canvas_rects(MoltCanvas *canvas, const MoltRect *rects, const MoltColor *colors,
                        int count);
void molt__canvas_line(MoltCanvas *canvas, float x0, float y0, float x1, float y1, MoltColor color);
void molt__canvas_circle(MoltCanvas *canvas, float x, float y, float radius, MoltColor color,
                         bool filled);
void molt__canvas_triangles(MoltCanvas *canvas, const MoltVertex *vertices, int count);
/* As `pixels` in the platform API; a slot outside 0..7 draws nothing. */
void molt__canvas_pixels(MoltCanvas *canvas, int slot, int width, int height, const uint32_t *rgba,
                         MoltRect dst);
/* Bytes outside printable ASCII are drawn as '?'. */
void molt__canvas_text(MoltCanvas *canvas, float x, float y, float scale, MoltColor color,
                       const char *text);
/* At most `length` bytes of `text`. */
void molt__canvas_text_part(MoltCanvas *canvas, float x, float y, float scale, MoltColor color,
                            const char *text, int length);

/* Nothing is drawn outside `rect` until the clip is set to NULL. */
void molt__canvas_clip(MoltCanvas *canvas, const MoltRect *rect);

#endif
