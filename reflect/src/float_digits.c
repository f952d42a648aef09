/* The algorithm is Schubfach, of Raffaele Giulietti: "The Schubfach way to render doubles" (2020), which
 * has the proofs. In short: the decimals that read back to a number are those between its neighbours,
 * an interval (lower, upper). It is scaled by a power of ten so that it spans more than one and less than
 * ten integers or so; then there is at most one multiple of ten in it, which is shorter, or else the
 * integer nearest to the number. The scaled bounds are needed only to two bits behind the point and one
 * more that says whether anything follows, and a power of ten to 128 bits gives these exactly. */
#include "float_digits.h"

#include <stdbool.h>

#include "decimal_powers.h"

/* ISO C has no integer of 128 bits; both compilers have one wherever Molt runs. */
__extension__ typedef unsigned __int128 Product;

/* Rounded down, for any exponent of a double: x * log2(10), x * log10(2) and, with `closer`,
 * x * log10(2) + log10(3/4). */
static int32_t log2_of_power(int32_t ten)
{
    return (ten * 1741647) >> 19;
}

static int32_t log10_of_power(int32_t two, bool closer)
{
    return (two * 1262611 - (closer ? 524031 : 0)) >> 22;
}

/* A number c * 2^q and its neighbourhood. */
typedef struct Binary {
    uint64_t c;
    int32_t q;
    bool closer; /* the lower neighbour is half as far as the upper one */
} Binary;

/* The scaled number and its bounds, in quarters; odd when something follows. */
typedef struct Scaled {
    uint64_t lower, value, upper;
    int32_t exponent; /* of ten */
} Scaled;

static uint64_t multiply(MoltDecimalPower power, uint64_t factor)
{
    Product low = (Product)power.low * factor, high = (Product)power.high * factor;
    Product sum = high + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

static uint64_t multiply_short(uint64_t power, uint64_t factor)
{
    Product product = (Product)power * factor;
    return (uint64_t)(product >> 64) | ((uint64_t)(product >> 32 & UINT32_MAX) > 1);
}

static MoltDecimal shortest(const Scaled *scaled, bool even)
{
    uint64_t lower = scaled->lower + !even, upper = scaled->upper - !even;
    uint64_t whole = scaled->value / 4;
    if (whole >= 10) {
        uint64_t tens = whole / 10;
        bool below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;
        if (below != above)
            return (MoltDecimal){tens + above, scaled->exponent + 1};
    }
    bool below = lower <= 4 * whole, above = 4 * whole + 4 <= upper;
    if (below != above)
        return (MoltDecimal){whole + above, scaled->exponent};
    uint64_t middle = 4 * whole + 2;
    bool up = scaled->value > middle || (scaled->value == middle && (whole & 1u) != 0);
    return (MoltDecimal){whole + up, scaled->exponent};
}

static bool is_integer(const Binary *number, int32_t bits)
{
    return number->q <= 0 && -number->q < bits &&
           (number->c & (((uint64_t)1 << -number->q) - 1)) == 0;
}

MoltDecimal molt__decimal_of_double(uint64_t bits)
{
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int32_t biased = (int32_t)(bits >> 52 & 0x7ffu);
    Binary number = {.c = biased > 0 ? fraction | (uint64_t)1 << 52 : fraction,
                     .q = (biased > 0 ? biased : 1) - 1075,
                     .closer = fraction == 0 && biased > 1};
    if (is_integer(&number, 53))
        return (MoltDecimal){number.c >> -number.q, 0};
    int32_t k = log10_of_power(number.q, number.closer);
    int32_t shift = number.q + log2_of_power(-k) + 1;
    MoltDecimalPower power = molt__decimal_powers[-k - MOLT__DECIMAL_LEAST];
    const Scaled scaled = {.lower = multiply(power, (4 * number.c - 2 + number.closer) << shift),
                           .value = multiply(power, 4 * number.c << shift),
                           .upper = multiply(power, (4 * number.c + 2) << shift),
                           .exponent = k};
    return shortest(&scaled, number.c % 2 == 0);
}

MoltDecimal molt__decimal_of_float(uint32_t bits)
{
    uint32_t fraction = bits & ((1u << 23) - 1);
    int32_t biased = (int32_t)(bits >> 23 & 0xffu);
    Binary number = {.c = biased > 0 ? fraction | 1u << 23 : fraction,
                     .q = (biased > 0 ? biased : 1) - 150,
                     .closer = fraction == 0 && biased > 1};
    if (is_integer(&number, 24))
        return (MoltDecimal){number.c >> -number.q, 0};
    int32_t k = log10_of_power(number.q, number.closer);
    int32_t shift = number.q + log2_of_power(-k) + 1;
    uint64_t power = molt__decimal_powers[-k - MOLT__DECIMAL_LEAST].high + 1;
    const Scaled scaled = {.lower =
                               multiply_short(power, (4 * number.c - 2 + number.closer) << shift),
                           .value = multiply_short(power, 4 * number.c << shift),
                           .upper = multiply_short(power, (4 * number.c + 2) << shift),
                           .exponent = k};
    return shortest(&scaled, number.c % 2 == 0);
}
