#include "flat_image.h"

#include <string.h>

/* Larger objects are written operation by operation, which costs them little. */
#define FLAT_BYTES_MAX 4096u

/* Per byte of the object the bits that are values. */
typedef struct Maker {
    MoltFlatImages *all;
    MoltFlatImage *image;
    uint8_t kept[FLAT_BYTES_MAX];
    bool failed; /* there is no flat form, or, with all->failed, no memory for it */
} Maker;

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* ---- life ----------------------------------------------------------------------------------- */

bool molt__flat_images_make(MoltFlatImages *flat, MoltImages *images,
                            const MoltAllocator *allocator)
{
    uint32_t count = images->schema->tables.type_count + 1;
    *flat = (MoltFlatImages){.allocator = *allocator, .images = images, .count = count};
    flat->items = resize(allocator, NULL, 0, count * sizeof *flat->items);
    if (flat->items)
        memset(flat->items, 0, count * sizeof *flat->items);
    return flat->items != NULL;
}

static void clear(const MoltAllocator *allocator, MoltFlatImage *image)
{
    if (image->zeros)
        resize(allocator, image->zeros, image->zero_slots * sizeof *image->zeros, 0);
    if (image->bits)
        resize(allocator, image->bits, image->bits_slots * sizeof *image->bits, 0);
    if (image->pointers)
        resize(allocator, image->pointers, image->pointer_slots * sizeof *image->pointers, 0);
    *image = (MoltFlatImage){.ready = true};
}

void molt__flat_images_free(MoltFlatImages *flat)
{
    for (uint32_t t = 0; flat->items && t < flat->count; t++)
        clear(&flat->allocator, &flat->items[t]);
    if (flat->items)
        resize(&flat->allocator, flat->items, flat->count * sizeof *flat->items, 0);
    *flat = (MoltFlatImages){0};
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* Room for one more item; NULL when memory is out. */
static void *add(Maker *maker, void **items, uint32_t *slots, uint32_t *count, size_t size)
{
    if (*count == *slots) {
        uint32_t wanted = *slots ? *slots * 2 : 4;
        void *made = resize(&maker->all->allocator, *items, *slots * size, wanted * size);
        if (!made) {
            maker->failed = maker->all->failed = true;
            return NULL;
        }
        *items = made;
        *slots = wanted;
    }
    return (char *)*items + (size_t)(*count)++ * size;
}

static void add_pointer(Maker *maker, const MoltImageOp *op, uint64_t at)
{
    MoltFlatImage *image = maker->image;
    MoltFlatPointer *pointer = add(maker, (void **)&image->pointers, &image->pointer_slots,
                                   &image->pointer_count, sizeof *pointer);
    if (pointer)
        *pointer = (MoltFlatPointer){(uint32_t)at, op};
}

/* The runs of bytes that are no values, and the bytes that are in part. */
static void add_gaps(Maker *maker, uint32_t size)
{
    MoltFlatImage *image = maker->image;
    uint32_t end = 0;
    for (uint32_t at = 0; at < size && !maker->failed; at = end + (end == at)) {
        for (end = at; end < size && maker->kept[end] == 0;)
            end++;
        if (end > at) {
            MoltFlatZero *zero = add(maker, (void **)&image->zeros, &image->zero_slots,
                                     &image->zero_count, sizeof *zero);
            if (zero)
                *zero = (MoltFlatZero){at, end - at};
        } else if (maker->kept[at] != 0xff) {
            MoltFlatBits *bits = add(maker, (void **)&image->bits, &image->bits_slots,
                                     &image->bits_count, sizeof *bits);
            if (bits)
                *bits = (MoltFlatBits){at, maker->kept[at]};
        }
    }
}

/* ---- operations ----------------------------------------------------------------------------- */

static void run(Maker *maker, const MoltImageOp *ops, uint32_t count, uint64_t base)
{
    for (uint32_t i = 0; i < count && !maker->failed; i++) {
        const MoltImageOp *op = &ops[i];
        uint64_t at = base + op->at;
        switch ((MoltImageCode)op->code) {
        case MOLT__IMAGE_COPY: memset(maker->kept + at, 0xff, op->size); break;
        case MOLT__IMAGE_BITS: maker->kept[at] |= op->bits; break;
        case MOLT__IMAGE_POINTER:
            memset(maker->kept + at, 0xff, op->size);
            add_pointer(maker, op, at);
            break;
        case MOLT__IMAGE_ABSENT:
        case MOLT__IMAGE_EXTERNAL: break;
        case MOLT__IMAGE_LOOP:
            for (uint64_t k = 0; k < op->count && !maker->failed; k++)
                run(maker, op + 1, op->body, at + k * op->stride);
            i += op->body;
            break;
        case MOLT__IMAGE_SET:
        case MOLT__IMAGE_CONSTANT:
        case MOLT__IMAGE_STRING:
        case MOLT__IMAGE_UNTAGGED:
        case MOLT__IMAGE_UNION:
        case MOLT__IMAGE_ARM: maker->failed = true; break;
        }
    }
}

const MoltFlatImage *molt__flat_image(MoltFlatImages *flat, MoltTypeId type, const MoltImage *image)
{
    MoltFlatImage *made = &flat->items[type];
    const MoltType *of = molt_type(flat->images->schema, type);
    if (!made->ready && of->size <= FLAT_BYTES_MAX && !(of->flags & MOLT_TYPE_FLEXIBLE) &&
        !molt_schema_tail(flat->images->schema, type)) {
        Maker maker = {.all = flat, .image = made};
        run(&maker, image->ops, image->count, 0);
        if (!maker.failed)
            add_gaps(&maker, (uint32_t)of->size);
        if (maker.failed)
            clear(&flat->allocator, made);
        else
            made->flat = true;
    }
    made->ready = true;
    return made->flat ? made : NULL;
}
