"""Numbers of a dump by value: exact integers, and floats as the type that holds them sees them.

A float of a dump is one of: a Python float (exact for float and double), a LongFloat (text with
more digits than a double has), an int (integral text), or a word ("NaN", "NaN(0x..)", "Infinity",
"-Infinity", "-0.0"). Nothing here knows schemas or objects.
"""

import math
import struct
from fractions import Fraction

FLT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]


class LongFloat:
    """A decimal that a double may not hold."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return exact(self) == exact(other)

    def __hash__(self):
        return hash(exact(self))

    def __repr__(self):
        return self.text


def parse_float(text):
    """For json.loads: keeps the sign of zero, and every digit beyond the 17 that a double needs."""
    if len(text) > 17:
        digits = text.lower().split("e")[0].replace(".", "").lstrip("-0")
        if len(digits) > 17:
            return LongFloat(text)
    value = float(text)
    return "-0.0" if value == 0 and text[0] == "-" else value


def is_word(value):
    return isinstance(value, str)


def is_nan(value):
    return is_word(value) and value.startswith("NaN")


def exact(value):
    """The number as a Fraction or an int; words other than -0.0 have none."""
    if isinstance(value, LongFloat):
        return Fraction(value.text)
    if value == "-0.0":
        return 0
    if isinstance(value, float):
        return Fraction(value)
    return int(value)


def nearest_float32(value):
    """float -> the nearest float, as a Python float; overflow gives an infinity."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def _to_double(value):
    if isinstance(value, float):
        return value
    if isinstance(value, LongFloat):
        number = Fraction(value.text)
        return number.numerator / number.denominator
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def as_float(value, size):
    """`value` as a floating type of `size` bytes holds it: float, word, or a Fraction for long
    double. Rounds to the nearest; the caller decides what an overflow means."""
    if is_word(value):
        return value
    if size == 4:
        number = nearest_float32(_single_rounded(value))
    elif size == 8:
        number = _to_double(value)
    else:
        number = _round_to_bits(exact(value), 64)
        return number
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 and math.copysign(1, number) < 0:
        return "-0.0"
    return number


def _single_rounded(value):
    """An int beyond 2^53 must not be rounded twice on its way to a float."""
    if isinstance(value, int) and abs(value) >= 1 << 53:
        rounded = _round_to_bits(value, 24)
        return _to_double(int(rounded))
    return _to_double(value)


def _round_to_bits(value, bits):
    """Nearest Fraction with a mantissa of that many bits, ties to even; ignores exponent limits."""
    value = Fraction(value)
    if value == 0:
        return value
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    unit = Fraction(2) ** (exponent - bits + 1)
    return (1 if value > 0 else -1) * round(magnitude / unit) * unit


def same_float(expected, actual, size):
    """Whether a dumped float of that size holds the expected value, NaN payloads included."""
    if is_word(expected) or is_word(actual):
        return expected == actual or (is_word(actual) and actual == as_float(expected, size))
    return as_float(expected, size) == as_float(actual, size)
