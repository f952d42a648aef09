/* The form of objects in a file, compiled per type: which bytes are values, which are padding, where
 * the pointers are, and what is left out. Nothing else decides what of a block a file holds, so equal
 * objects give equal bytes. It must never know files, heaps or addresses.
 *
 * Invariants: offsets are relative to the element (inside of a loop: to the loop's element); LOOP, UNION
 * and ARM are followed by their `body` operations, those of a UNION are ARMs with theirs, the last of
 * which takes what no other does; what no operation names is zero in a file. */
#ifndef MOLT_BLOCK_IMAGE_H
#define MOLT_BLOCK_IMAGE_H

#include "convert.h"
#include "molt/schema.h"

typedef enum MoltImageCode {
    MOLT__IMAGE_COPY,     /* `size` bytes of values */
    MOLT__IMAGE_BITS,     /* the bits `bits` of one byte: bit-fields */
    MOLT__IMAGE_SET,      /* the bits `bits` of one byte are 1: the default of a bit-field */
    MOLT__IMAGE_CONSTANT, /* `size` bytes at constants[constant]: a default */
    MOLT__IMAGE_STRING,   /* a pointer to a string of its own, the text at constants[constant] */
    MOLT__IMAGE_POINTER,
    MOLT__IMAGE_EXTERNAL, /* a pointer that files leave out */
    MOLT__IMAGE_ABSENT,   /* the same of a field that takes its default; of pointers only */
    MOLT__IMAGE_UNTAGGED, /* a union of `size` bytes that holds pointers: nobody knows which */
    MOLT__IMAGE_LOOP,     /* `count` times the next `body` operations, `stride` apart */
    MOLT__IMAGE_UNION,    /* the one of its arms that the number at `at` selects */
    MOLT__IMAGE_ARM       /* of the tag's value `count` */
} MoltImageCode;

typedef struct MoltImageOp {
    uint8_t code, bits;
    uint32_t body;
    uint64_t at, size;
    uint64_t stride, count;
    MoltNumberForm tag; /* UNION */
    uint32_t constant;
    MoltTypeId pointee;
    MoltTypeId owner; /* struct that declares the field, MOLT_NO_TYPE for what is no field */
    uint32_t field;
} MoltImageOp;

typedef struct MoltImage {
    MoltImageOp *ops;
    uint32_t count, slots;
    bool ready;
    bool plain;    /* one COPY of everything, or, of pointers only, nothing */
    bool pointers; /* some POINTER, EXTERNAL, STRING or UNTAGGED */
} MoltImage;

/* What is compiled for the types of one schema, each on first use. */
typedef struct MoltImages {
    MoltAllocator allocator;
    const MoltSchema *schema;
    bool pointers_only; /* operations that name no pointer are left out */
    MoltImage *items;   /* per type */
    uint8_t *holds;     /* per type: 0 not known, 1 holds no pointer by value, 2 holds one */
} MoltImages;

/* False when memory is out; molt__images_free is allowed then, too. */
bool molt__images_make(MoltImages *images, const MoltSchema *schema, bool pointers_only,
                       const MoltAllocator *allocator);
void molt__images_free(MoltImages *images);

/* The operations for one element of `type`; of a flexible struct for what stands before its array,
 * whose elements are objects of their own type. NULL when memory is out or the type nests too much
 * to be unrolled. */
const MoltImage *molt__image(MoltImages *images, MoltTypeId type);

/* The ARM that is active in the object whose UNION `op` is. */
const MoltImageOp *molt__image_arm(const MoltImageOp *op, const unsigned char *object);

/* The type holds a pointer by value, followed or not, at any depth. */
bool molt__image_holds_pointers(MoltImages *images, MoltTypeId type);

#endif
