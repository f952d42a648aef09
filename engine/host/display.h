/* Where pictures appear: a window, or a surface in memory when headless. Owns the renderer. It must
 * never know what is drawn. */
#ifndef MOLT_HOST_DISPLAY_H
#define MOLT_HOST_DISPLAY_H

#include <SDL.h>
#include <stdbool.h>

#include <molt/status.h>

typedef struct MoltDisplay MoltDisplay;

/* A resizable window of `width` x `height` pixels that shows the logical canvas, letterboxed. SDL's
 * video must be initialised. `quick`: as soon as can be, although drawing on it takes longer: for somebody
 * who waits for the first picture of a game that stands still. */
MoltStatus molt__display_open_window(int width, int height, bool quick, MoltDisplay **out,
                                     MoltError *error);
/* Gives a window that was opened quickly what any other one has. Its renderer is another one then: canvases
 * on the old one have to go before. MOLT_SYSTEM: there is none any more. */
MoltStatus molt__display_settle(MoltDisplay *display, MoltError *error);
bool molt__display_is_quick(const MoltDisplay *display);
/* The same picture in memory; needs no video at all. */
MoltStatus molt__display_open_surface(int width, int height, MoltDisplay **out, MoltError *error);
void molt__display_close(MoltDisplay *display); /* NULL allowed */

SDL_Renderer *molt__display_renderer(MoltDisplay *display);
/* False for a surface and for a window that is minimised or hidden. */
bool molt__display_on_screen(const MoltDisplay *display);
/* True when presenting waits for a screen of about 60 Hz, so that the caller need not keep time. */
bool molt__display_keeps_time(const MoltDisplay *display);

/* Starts a black picture. */
void molt__display_begin(MoltDisplay *display);
/* Keeps a copy of the picture drawn since molt__display_begin(), in the place of an older one. Best
 * effort: without memory there is none. */
void molt__display_keep(MoltDisplay *display);
/* Draws the copy; nothing without one. */
void molt__display_draw_kept(MoltDisplay *display);
/* The descriptor of the copy, for the next program of this process; 0: none. */
int molt__display_kept_file(const MoltDisplay *display);
/* Takes over the copy of the program before, whose descriptor `file` was (kept_picture.h), and its window's
 * place. */
void molt__display_take_over(MoltDisplay *display, int file);
/* Writes the picture drawn since molt__display_begin() as PNG. Call before molt__display_present(). */
MoltStatus molt__display_capture(MoltDisplay *display, const char *path, MoltError *error);
/* Carries out what has been drawn so far, so that its cost is felt here and not in the present, which
 * may also wait for the screen. */
void molt__display_flush(MoltDisplay *display);
void molt__display_present(MoltDisplay *display);

void molt__display_set_title(MoltDisplay *display, const char *title);

#endif
