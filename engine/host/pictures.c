#include "pictures.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MOST 8192

/* Pixels stay until a turn, because the game may look at them until its frame ends. */
typedef struct Picture {
    char *path;
    MoltImage image;
    SDL_Surface *surface;  /* holds the pixels; NULL: none */
    struct Picture *next;
} Picture;

typedef struct Replaced {
    SDL_Surface *surface;
    struct Replaced *next;
} Replaced;

struct MoltPictures {
    MoltAssets *assets;
    Picture *first;
    Replaced *replaced;
};

MoltStatus molt__pictures_create(MoltAssets *assets, MoltPictures **out, MoltError *error)
{
    MoltPictures *pictures = calloc(1, sizeof *pictures);
    if (!pictures)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the game's pictures.");
    pictures->assets = assets;
    *out = pictures;
    return MOLT_OK;
}

void molt__pictures_turn(MoltPictures *pictures)
{
    while (pictures->replaced) {
        Replaced *replaced = pictures->replaced;
        pictures->replaced = replaced->next;
        SDL_FreeSurface(replaced->surface);
        free(replaced);
    }
}

void molt__pictures_destroy(MoltPictures *pictures)
{
    if (!pictures)
        return;
    molt__pictures_turn(pictures);
    while (pictures->first) {
        Picture *picture = pictures->first;
        pictures->first = picture->next;
        SDL_FreeSurface(picture->surface);
        free(picture->path);
        free(picture);
    }
    free(pictures);
}

static Picture *find(MoltPictures *pictures, const char *path)
{
    Picture *picture = pictures->first;
    while (picture && strcmp(picture->path, path) != 0)
        picture = picture->next;
    if (picture)
        return picture;
    picture = calloc(1, sizeof *picture);
    if (!picture || !(picture->path = strdup(path))) {
        free(picture);
        return NULL;
    }
    picture->next = pictures->first;
    pictures->first = picture;
    return picture;
}

/* A little-endian number of a BMP's header, whose places have been the same since Windows 3. */
static int32_t number_at(const MoltAsset *asset, size_t at)
{
    const unsigned char *bytes = asset->bytes + at;
    return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                     (uint32_t)bytes[3] << 24);
}

static int32_t short_at(const MoltAsset *asset, size_t at)
{
    return asset->bytes[at] | asset->bytes[at + 1] << 8;
}

enum { PIXELS_AT = 10, HEADER_AT = 14, WIDTH_AT = 18, HEADER = 26, OS2_HEADER = 12 };

/* OS/2's first header has sides of two bytes, all later ones of four. Asked before decoding, which takes the
 * memory that the header asks for. */
static bool is_too_large(const MoltAsset *asset)
{
    bool os2 = number_at(asset, HEADER_AT) == OS2_HEADER;
    int32_t width = os2 ? short_at(asset, WIDTH_AT) : number_at(asset, WIDTH_AT);
    int32_t height = os2 ? short_at(asset, WIDTH_AT + 2) : number_at(asset, WIDTH_AT + 4);
    return width < 0 || width > SIDE_MOST || height < -SIDE_MOST || height > SIDE_MOST;
}

/* Of at most 8 bits a pixel, and the pixels begin before all colors are told. */
static bool lacks_palette(const MoltAsset *asset)
{
    enum { BITS_AT = 28, COLORS_AT = 46, COLORS_END = 50 };
    int64_t header = number_at(asset, HEADER_AT);
    if (asset->size < COLORS_END || header <= OS2_HEADER)
        return false;
    int32_t bits = short_at(asset, BITS_AT);
    int64_t colors = number_at(asset, COLORS_AT);
    if (bits < 1 || bits > 8)
        return false;
    if (colors <= 0)
        colors = INT64_C(1) << bits;
    return HEADER_AT + header + 4 * colors > number_at(asset, PIXELS_AT);
}

/* The pixels without gaps between the rows; NULL with a problem in words. */
static SDL_Surface *decode(const MoltAsset *asset, char *problem, size_t size)
{
    SDL_Surface *pixels = NULL;
    if (asset->size >= HEADER && memcmp(asset->bytes, "BM", 2) == 0) {
        if (is_too_large(asset)) {
            snprintf(problem, size, "it is no BMP of at most %d x %d pixels", SIDE_MOST, SIDE_MOST);
            return NULL;
        }
        if (lacks_palette(asset)) {
            snprintf(problem, size, "it is a BMP without all colors of its palette");
            return NULL;
        }
    }
    SDL_RWops *stream = asset->size <= INT32_MAX
                            ? SDL_RWFromConstMem(asset->bytes, (int)asset->size)
                            : NULL;
    SDL_Surface *surface = stream ? SDL_LoadBMP_RW(stream, 1) : NULL;
    if (!surface) {
        snprintf(problem, size, "it is no BMP that can be read: %s", SDL_GetError());
        return NULL;
    }
    if (surface->w < 1 || surface->h < 1)
        snprintf(problem, size, "it is no BMP with any pixels");
    else if (!(pixels = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_RGBA32, 0)))
        snprintf(problem, size, "it cannot be converted: %s", SDL_GetError());
    SDL_FreeSurface(surface);
    return pixels;
}

static bool replace(MoltPictures *pictures, Picture *picture, const MoltAsset *asset, SDL_Surface *pixels)
{
    Replaced *replaced = malloc(sizeof *replaced);
    if (!replaced)
        return false;
    *replaced = (Replaced){picture->surface, pictures->replaced};
    pictures->replaced = replaced;
    picture->surface = pixels;
    picture->image = (MoltImage){pixels->pixels, pixels->w, pixels->h, asset->version};
    return true;
}

const MoltImage *molt__pictures_get(MoltPictures *pictures, const char *path)
{
    char problem[256];
    Picture *picture = find(pictures, path);
    const MoltAsset *asset;
    while (picture && (asset = molt_assets_get(pictures->assets, path))) {
        if (picture->surface && picture->image.version == asset->version)
            return &picture->image;
        SDL_Surface *pixels = decode(asset, problem, sizeof problem);
        if (pixels && replace(pictures, picture, asset, pixels))
            return &picture->image;
        SDL_FreeSurface(pixels);
        if (pixels)
            return NULL; /* memory is out */
        molt_assets_refuse(pictures->assets, path, problem); /* and the content of before is decoded */
    }
    return NULL;
}
