/* The form of an object in a file (block_image.h) as a copy of its bytes and a list of what is to be
 * mended in that: zeroes, single bits, pointers. A type has one when its form does not depend on its
 * values. It must never know files, heaps or addresses. */
#ifndef MOLT_FLAT_IMAGE_H
#define MOLT_FLAT_IMAGE_H

#include "block_image.h"

typedef struct MoltFlatZero {
    uint32_t at, size;
} MoltFlatZero;

typedef struct MoltFlatBits {
    uint32_t at;
    uint8_t bits; /* to be kept */
} MoltFlatBits;

typedef struct MoltFlatPointer {
    uint32_t at;
    const MoltImageOp *op;
} MoltFlatPointer;

typedef struct MoltFlatImage {
    bool ready;
    bool flat; /* else there is no such form, and nothing below */
    uint32_t zero_count, bits_count, pointer_count;
    uint32_t zero_slots, bits_slots, pointer_slots;
    MoltFlatZero *zeros;
    MoltFlatBits *bits;
    MoltFlatPointer *pointers; /* in order of their operations, into the image's */
} MoltFlatImage;

/* Those of the types of one schema, each made on first use. */
typedef struct MoltFlatImages {
    MoltAllocator allocator;
    MoltImages *images; /* not pointers only */
    MoltFlatImage *items;
    uint32_t count;
    bool failed; /* memory is out */
} MoltFlatImages;

/* False when memory is out; molt__flat_images_free is allowed then, too. The images must last. */
bool molt__flat_images_make(MoltFlatImages *flat, MoltImages *images,
                            const MoltAllocator *allocator);
void molt__flat_images_free(MoltFlatImages *flat); /* zeroed: nothing */

/* Of one element of `type`, whose image is `image`; NULL when it has none, or with flat->failed set. */
const MoltFlatImage *molt__flat_image(MoltFlatImages *flat, MoltTypeId type,
                                      const MoltImage *image);

/* Mends all but the pointers in a copy of an object. */
static inline void molt__flat_mend(const MoltFlatImage *flat, unsigned char *object)
{
    for (uint32_t i = 0; i < flat->bits_count; i++)
        object[flat->bits[i].at] &= flat->bits[i].bits;
    for (uint32_t i = 0; i < flat->zero_count; i++)
        for (uint32_t at = flat->zeros[i].at; at < flat->zeros[i].at + flat->zeros[i].size; at++)
            object[at] = 0;
}

#endif
