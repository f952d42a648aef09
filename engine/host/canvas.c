#include "canvas.h"

#include <SDL2_gfxPrimitives.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ATLAS_COLUMNS 16
#define ATLAS_SIZE (ATLAS_COLUMNS * MOLT__GLYPH)
#define RECTS_PER_CALL 1024
/* SDL2_gfx counts in 16-bit integers and draws circles row by row. */
#define RADIUS_MAX 4000.0f

/* MoltVertex is handed to SDL as it is. */
_Static_assert(sizeof(MoltColor) == sizeof(SDL_Color) &&
                   offsetof(MoltColor, a) == offsetof(SDL_Color, a),
               "MoltColor and SDL_Color must have the same layout");
_Static_assert(sizeof(MoltRect) == sizeof(SDL_FRect) && offsetof(MoltRect, h) == offsetof(SDL_FRect, h),
               "MoltRect and SDL_FRect must have the same layout");

typedef struct PixelSlot {
    SDL_Texture *texture; /* NULL until used */
    int width, height;
} PixelSlot;

struct MoltCanvas {
    SDL_Renderer *renderer; /* borrowed */
    SDL_Texture *font;      /* 16 x 16 white glyphs */
    PixelSlot slots[MOLT__PIXEL_SLOTS];
    int quad_indices[RECTS_PER_CALL * 6];
    SDL_Vertex quads[RECTS_PER_CALL * 4];
};

/* Draws the character set of SDL2_gfx once; scaled text is then a textured copy for each glyph. */
static SDL_Texture *create_font(SDL_Renderer *renderer)
{
    SDL_Texture *font = NULL;
    SDL_Renderer *painter = NULL;
    SDL_Surface *atlas =
        SDL_CreateRGBSurfaceWithFormat(0, ATLAS_SIZE, ATLAS_SIZE, 32, SDL_PIXELFORMAT_RGBA32);
    if (!atlas)
        goto cleanup;
    painter = SDL_CreateSoftwareRenderer(atlas);
    if (!painter)
        goto cleanup;
    for (int c = 1; c < 256; c++)
        characterRGBA(painter, (Sint16)(c % ATLAS_COLUMNS * MOLT__GLYPH),
                      (Sint16)(c / ATLAS_COLUMNS * MOLT__GLYPH), (char)c, 255, 255, 255, 255);
    SDL_RenderPresent(painter);
    font = SDL_CreateTextureFromSurface(renderer, atlas);
    if (font)
        SDL_SetTextureBlendMode(font, SDL_BLENDMODE_BLEND);
cleanup:
    /* SDL2_gfx keeps a texture of each character it drew: forgotten here, or they would dangle. */
    gfxPrimitivesSetFont(NULL, 0, 0);
    if (painter)
        SDL_DestroyRenderer(painter);
    SDL_FreeSurface(atlas);
    return font;
}

MoltStatus molt__canvas_create(SDL_Renderer *renderer, MoltCanvas **out, MoltError *error)
{
    static const int corners[6] = {0, 1, 2, 0, 2, 3};
    MoltCanvas *canvas = calloc(1, sizeof *canvas);
    if (!canvas)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the canvas.");
    canvas->renderer = renderer;
    canvas->font = create_font(renderer);
    if (!canvas->font) {
        molt__canvas_destroy(canvas);
        return molt_error(error, MOLT_SYSTEM, "Cannot make the font texture: %s.", SDL_GetError());
    }
    for (int i = 0; i < RECTS_PER_CALL * 6; i++)
        canvas->quad_indices[i] = i / 6 * 4 + corners[i % 6];
    *out = canvas;
    return MOLT_OK;
}

void molt__canvas_destroy(MoltCanvas *canvas)
{
    if (!canvas)
        return;
    for (int i = 0; i < MOLT__PIXEL_SLOTS; i++)
        if (canvas->slots[i].texture)
            SDL_DestroyTexture(canvas->slots[i].texture);
    if (canvas->font)
        SDL_DestroyTexture(canvas->font);
    free(canvas);
}

/* SDL2_gfx changes colour and blend mode behind our back, so every primitive sets its own. */
static void set_color(MoltCanvas *canvas, MoltColor color)
{
    SDL_SetRenderDrawBlendMode(canvas->renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(canvas->renderer, color.r, color.g, color.b, color.a);
}

static bool finite_rect(MoltRect r)
{
    return isfinite(r.x) && isfinite(r.y) && isfinite(r.w) && isfinite(r.h);
}

/* Whether the box from (x0, y0) to (x1, y1) can be seen; false for anything that is not finite. */
static bool in_view(float x0, float y0, float x1, float y1)
{
    return x1 >= 0 && y1 >= 0 && x0 <= MOLT_VIEW_WIDTH && y0 <= MOLT_VIEW_HEIGHT;
}

void molt__canvas_clear(MoltCanvas *canvas, MoltColor color)
{
    SDL_SetRenderDrawColor(canvas->renderer, color.r, color.g, color.b, 255);
    SDL_RenderClear(canvas->renderer);
}

void molt__canvas_rect(MoltCanvas *canvas, MoltRect rect, MoltColor color)
{
    if (!finite_rect(rect) || rect.w <= 0 || rect.h <= 0)
        return;
    set_color(canvas, color);
    SDL_RenderFillRectF(canvas->renderer, &(SDL_FRect){rect.x, rect.y, rect.w, rect.h});
}

void molt__canvas_rects(MoltCanvas *canvas, const MoltRect *rects, const MoltColor *colors, int count)
{
    set_color(canvas, (MoltColor){0, 0, 0, 0});
    for (int next = 0; next < count;) {
        int used = 0;
        for (; next < count && used < RECTS_PER_CALL; next++) {
            MoltRect r = rects[next];
            if (!finite_rect(r) || r.w <= 0 || r.h <= 0)
                continue;
            SDL_Color color = {colors[next].r, colors[next].g, colors[next].b, colors[next].a};
            SDL_Vertex *v = canvas->quads + 4 * used++;
            v[0] = (SDL_Vertex){{r.x, r.y}, color, {0, 0}};
            v[1] = (SDL_Vertex){{r.x + r.w, r.y}, color, {0, 0}};
            v[2] = (SDL_Vertex){{r.x + r.w, r.y + r.h}, color, {0, 0}};
            v[3] = (SDL_Vertex){{r.x, r.y + r.h}, color, {0, 0}};
        }
        if (used)
            SDL_RenderGeometry(canvas->renderer, NULL, canvas->quads, used * 4,
                               canvas->quad_indices, used * 6);
    }
}

void molt__canvas_line(MoltCanvas *canvas, float x0, float y0, float x1, float y1, MoltColor color)
{
    /* Clipped first, so that what reaches SDL2_gfx fits its 16-bit coordinates. */
    static const SDL_FRect view = {-8, -8, MOLT_VIEW_WIDTH + 16, MOLT_VIEW_HEIGHT + 16};
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1) ||
        !SDL_IntersectFRectAndLine(&view, &x0, &y0, &x1, &y1))
        return;
    Sint16 ix0 = (Sint16)lrintf(x0), iy0 = (Sint16)lrintf(y0);
    Sint16 ix1 = (Sint16)lrintf(x1), iy1 = (Sint16)lrintf(y1);
    if (ix0 == ix1 || iy0 == iy1) {
        set_color(canvas, color);
        SDL_RenderDrawLine(canvas->renderer, ix0, iy0, ix1, iy1);
    } else {
        aalineRGBA(canvas->renderer, ix0, iy0, ix1, iy1, color.r, color.g, color.b, color.a);
    }
}

void molt__canvas_circle(MoltCanvas *canvas, float x, float y, float radius, MoltColor color,
                         bool filled)
{
    if (!(radius > 0) || radius > RADIUS_MAX ||
        !in_view(x - radius, y - radius, x + radius, y + radius))
        return;
    if (radius < 1) {
        molt__canvas_rect(canvas, (MoltRect){x - radius, y - radius, 2 * radius, 2 * radius}, color);
        return;
    }
    Sint16 ix = (Sint16)lrintf(x), iy = (Sint16)lrintf(y), ir = (Sint16)lrintf(radius);
    if (filled)
        filledCircleRGBA(canvas->renderer, ix, iy, ir, color.r, color.g, color.b, color.a);
    /* The smooth rim would show as a ring where it doubles a translucent disc's edge. */
    if (!filled || color.a == 255)
        aacircleRGBA(canvas->renderer, ix, iy, ir, color.r, color.g, color.b, color.a);
}

void molt__canvas_triangles(MoltCanvas *canvas, const MoltVertex *vertices, int count)
{
    count -= count % 3;
    if (count <= 0)
        return;
    set_color(canvas, (MoltColor){0, 0, 0, 0});
    SDL_RenderGeometryRaw(canvas->renderer, NULL, &vertices->x, sizeof *vertices,
                          (const SDL_Color *)&vertices->color, sizeof *vertices, NULL, 0, count,
                          NULL, 0, 0);
}

static SDL_Texture *slot_texture(MoltCanvas *canvas, int slot, int width, int height)
{
    PixelSlot *held = &canvas->slots[slot];
    if (held->texture && (held->width != width || held->height != height)) {
        SDL_DestroyTexture(held->texture);
        held->texture = NULL;
    }
    if (!held->texture) {
        *held = (PixelSlot){SDL_CreateTexture(canvas->renderer, SDL_PIXELFORMAT_ABGR8888,
                                              SDL_TEXTUREACCESS_STREAMING, width, height),
                            width, height};
        if (held->texture)
            SDL_SetTextureBlendMode(held->texture, SDL_BLENDMODE_BLEND);
    }
    return held->texture;
}

void molt__canvas_pixels(MoltCanvas *canvas, int slot, int width, int height, const uint32_t *rgba,
                         MoltRect dst)
{
    if (slot < 0 || slot >= MOLT__PIXEL_SLOTS || width <= 0 || height <= 0 || !finite_rect(dst))
        return;
    SDL_Texture *texture = slot_texture(canvas, slot, width, height);
    if (!texture || SDL_UpdateTexture(texture, NULL, rgba, width * (int)sizeof *rgba) != 0)
        return;
    SDL_RenderCopyF(canvas->renderer, texture, NULL, &(SDL_FRect){dst.x, dst.y, dst.w, dst.h});
}

void molt__canvas_text_part(MoltCanvas *canvas, float x, float y, float scale, MoltColor color,
                            const char *text, int length)
{
    float advance = MOLT__GLYPH * scale;
    if (!text || !(scale > 0) || !isfinite(x) || !in_view(0, y, 0, y + advance))
        return;
    SDL_SetTextureColorMod(canvas->font, color.r, color.g, color.b);
    SDL_SetTextureAlphaMod(canvas->font, color.a);
    for (int i = 0; i < length && text[i] && x <= MOLT_VIEW_WIDTH; i++, x += advance) {
        unsigned char c = (unsigned char)text[i];
        if (c == ' ' || x + advance < 0)
            continue;
        if (c < ' ' || c > '~')
            c = '?';
        SDL_Rect src = {c % ATLAS_COLUMNS * MOLT__GLYPH, c / ATLAS_COLUMNS * MOLT__GLYPH, MOLT__GLYPH,
                        MOLT__GLYPH};
        SDL_RenderCopyF(canvas->renderer, canvas->font, &src, &(SDL_FRect){x, y, advance, advance});
    }
}

void molt__canvas_text(MoltCanvas *canvas, float x, float y, float scale, MoltColor color,
                       const char *text)
{
    molt__canvas_text_part(canvas, x, y, scale, color, text, INT32_MAX);
}

void molt__canvas_clip(MoltCanvas *canvas, const MoltRect *rect)
{
    if (!rect) {
        SDL_RenderSetClipRect(canvas->renderer, NULL);
        return;
    }
    SDL_Rect clip = {(int)rect->x, (int)rect->y, (int)rect->w, (int)rect->h};
    SDL_RenderSetClipRect(canvas->renderer, &clip);
}
