/* Number conversion by value: every integer, floating and bool type and every bit-field to every
 * other one, with the loss named. It must never know schemas, fields or reports. */
#ifndef MOLT_CONVERT_H
#define MOLT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MoltNumberClass {
    MOLT__SIGNED,
    MOLT__UNSIGNED,
    MOLT__FLOAT,
    MOLT__BOOL
} MoltNumberClass;

/* Where a number lies and how it is encoded. With `width` > 0 it is a bit-field: `width` bits from
 * bit `shift` (0 to 7) of the addressed byte on, little-endian bit order. */
typedef struct MoltNumberForm {
    MoltNumberClass class;
    uint32_t size; /* bytes of the declared type: 1, 2, 4, 8, 16; long double has its own */
    uint32_t shift;
    uint32_t width;
} MoltNumberForm;

typedef enum MoltNumberLoss {
    MOLT__EXACT,
    MOLT__OUT_OF_RANGE, /* saturated */
    MOLT__ROUNDED,      /* nearest representable value */
    MOLT__FRACTION,     /* cut towards zero, or rounded when asked */
    MOLT__NAN,          /* became 0 */
    MOLT__COLLAPSED     /* neither 0 nor 1 became true */
} MoltNumberLoss;

/* Converts one number. With `round`, a fraction goes to the nearest integer instead of being cut.
 * Bits around a destination bit-field stay as they are. */
MoltNumberLoss molt__number_convert(const MoltNumberForm *from, const void *source,
                                    const MoltNumberForm *to, void *destination, bool round);

bool molt__number_is_nan(const MoltNumberForm *form, const void *source);
bool molt__number_is_zero(const MoltNumberForm *form, const void *source);
/* A bool whose bits are neither 0 nor 1: it is true, and only a bool can hold them. */
bool molt__number_is_odd_bool(const MoltNumberForm *form, const void *source);

/* Integer value of an integer, bool or bit-field of at most 64 bits, sign-extended. */
uint64_t molt__number_bits(const MoltNumberForm *form, const void *source);
/* Stores an integer of at most 64 bits; false when it does not fit (the low bits are stored). */
bool molt__number_store(const MoltNumberForm *form, uint64_t value, bool is_signed,
                        void *destination);

/* Decimal text of a number for messages. */
void molt__number_text(const MoltNumberForm *form, const void *source, char *buffer, size_t size);

/* Called for the value at index `i` of a batch that a kernel could not convert exactly. */
typedef void MoltNumberSlow(void *context, uint64_t i, const void *source, void *destination);

/* Converts `n` numbers from forms[0] to forms[1], for which it was chosen, one each `stride` bytes; values
 * that are not exact go to `slow`. */
typedef void MoltNumberKernel(const MoltNumberForm *forms, const unsigned char *source,
                              uint64_t source_stride, unsigned char *destination,
                              uint64_t destination_stride, uint64_t n, MoltNumberSlow *slow,
                              void *context);

/* The kernel for a pair of forms; one that sends every value to `slow` where no faster one exists
 * (128-bit integers, long double, floats into bit-fields). Never NULL. */
MoltNumberKernel *molt__number_kernel(const MoltNumberForm *from, const MoltNumberForm *to);

#endif
