/* A picture of before, shown while the game stands still, and where its window was. Both lie in memory of a
 * descriptor, so that the next program of this process can have them after a crash. It must never know why
 * the game stands still. */
#ifndef MOLT_HOST_KEPT_PICTURE_H
#define MOLT_HOST_KEPT_PICTURE_H

#include <SDL.h>
#include <stdbool.h>

/* Zero-initialised: none. */
typedef struct MoltKeptPicture {
    int file;    /* descriptor, closed by exec; 0: none */
    void *bytes; /* `size` of them, mapped; NULL: none */
    size_t size;
} MoltKeptPicture;

void molt__kept_picture_free(MoltKeptPicture *picture);

/* Opens `file` for what is kept from now on. Without memory, or where the system has no such files, nothing
 * is ever kept. */
void molt__kept_picture_open(MoltKeptPicture *picture);
/* Copies what was drawn on `renderer`, of `width` x `height` pixels, in the place of an older picture. */
void molt__kept_picture_take(MoltKeptPicture *picture, SDL_Renderer *renderer, int width, int height);
/* Draws it over the whole of `renderer`; nothing without one. */
void molt__kept_picture_draw(const MoltKeptPicture *picture, SDL_Renderer *renderer);

/* Keeps where the window is from now on. */
void molt__kept_picture_place(MoltKeptPicture *picture, SDL_Window *window);
/* Puts the window where the one was that was kept last; leaves it alone without one. */
void molt__kept_picture_put(const MoltKeptPicture *picture, SDL_Window *window);

/* Takes what the program before kept in `file`, which was its `file` and is closed then. One that is
 * something else is left alone. */
void molt__kept_picture_take_over(MoltKeptPicture *picture, int file);

#endif
