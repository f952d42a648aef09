/* The shortest decimals that read back to the same floating-point number; of those the nearest one. It
 * must never know how they are spelled. */
#ifndef MOLT__FLOAT_DIGITS_H
#define MOLT__FLOAT_DIGITS_H

#include <stdint.h>

/* digits * 10^exponent; digits may end in zeros. */
typedef struct MoltDecimal {
    uint64_t digits;
    int32_t exponent;
} MoltDecimal;

/* Of the bits of a binary64 or binary32 number that is finite and not zero; the sign is not looked
 * at. */
MoltDecimal molt__decimal_of_double(uint64_t bits);
MoltDecimal molt__decimal_of_float(uint32_t bits);

#endif
