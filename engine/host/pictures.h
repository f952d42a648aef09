/* The pictures of a game's asset folder, decoded. It must never know who draws them. */
#ifndef MOLT_HOST_PICTURES_H
#define MOLT_HOST_PICTURES_H

#include <molt/assets.h>

typedef struct MoltPictures MoltPictures;

/* Borrows `assets`, which must outlive the pictures. */
MoltStatus molt__pictures_create(MoltAssets *assets, MoltPictures **out, MoltError *error);
void molt__pictures_destroy(MoltPictures *pictures); /* NULL allowed */

/* As `image` of the platform API: valid until the next molt__pictures_turn. A file that is no picture is
 * refused, and the picture of before stays. */
const MoltImage *molt__pictures_get(MoltPictures *pictures, const char *path);

/* Between two frames: frees pictures that newer ones have replaced. */
void molt__pictures_turn(MoltPictures *pictures);

#endif
