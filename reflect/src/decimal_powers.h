/* Powers of ten to 128 bits, for the way between binary and decimal numbers. It must never know floating
 * point. */
#ifndef MOLT__DECIMAL_POWERS_H
#define MOLT__DECIMAL_POWERS_H

#include <stdint.h>

#define MOLT__DECIMAL_LEAST (-292)
#define MOLT__DECIMAL_MOST 324
#define MOLT__DECIMAL_POWERS (MOLT__DECIMAL_MOST - MOLT__DECIMAL_LEAST + 1)

typedef struct MoltDecimalPower {
    uint64_t high, low;
} MoltDecimalPower;

/* Of 10^k, with k counted from MOLT__DECIMAL_LEAST: the first 128 bits, plus 1. That is one more than
 * the power multiplied by the power of two that brings it to 2^127 or above, rounded down. */
extern const MoltDecimalPower molt__decimal_powers[MOLT__DECIMAL_POWERS];

#endif
