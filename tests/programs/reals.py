"""Floating-point numbers by value: exact, with the bits of a NaN, rounded as IEEE-754 wants.

A Real is finite (an exact fraction and the sign of zero), infinite, or not a number.
"""
import re
from decimal import Context, Decimal
from fractions import Fraction

from declarations import DOUBLE, FLOAT


class Real:
    __slots__ = ("kind", "value", "negative", "bits")

    def __init__(self, kind, value=Fraction(0), negative=False, bits=None):
        self.kind = kind          # "finite", "infinite", "nan"
        self.value = value
        self.negative = negative
        self.bits = bits          # of a NaN; None when any will do

    @staticmethod
    def of(value):
        value = Fraction(value)
        return Real("finite", value, value < 0)

    def is_zero(self):
        """-0.0 is a value of its own."""
        return self.kind == "finite" and self.value == 0 and not self.negative

    def __repr__(self):
        if self.kind == "nan":
            return f"NaN({self.bits:#x})" if self.bits is not None else "NaN"
        if self.kind == "infinite":
            return "-Infinity" if self.negative else "Infinity"
        if self.value == 0:
            return "-0.0" if self.negative else "0.0"
        digits = self.value.numerator.bit_length() - self.value.denominator.bit_length()
        if abs(digits) > 1000:
            return f"{'-' if self.negative else ''}2^{digits} * {hash(self.value):#x}"
        return f"{float(self.value)!r} ({self.value})"


NEGATIVE_ZERO = Real("finite", Fraction(0), True)


def infinity(negative=False):
    return Real("infinite", negative=negative)


def largest(type_):
    return (Fraction(2) - Fraction(1, 1 << type_.digits - 1)) * (1 << type_.largest - 1)


def round_to(type_, value):
    """The nearest number of the type, ties to even; overflow is the caller's."""
    if value == 0:
        return Fraction(0)
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - type_.digits + 1, type_.lowest)
    return round(value / unit) * unit


def shortest(type_, value):
    """The decimal with the fewest digits that reads back as the value, which the type has; not 0."""
    digits = 1
    while True:
        near = Context(prec=digits, Emin=-20000, Emax=20000).divide(
            Decimal(value.numerator), Decimal(value.denominator))
        if round_to(type_, Fraction(near)) == value:
            return Fraction(near)
        digits += 1


def nan_bits(type_):
    return 0x7fc00000 if type_ is FLOAT else 0x7ff8000000000000


def parse(text):
    """A number or word of the dump."""
    if isinstance(text, int):
        return Real.of(text)
    if text.startswith("NaN"):
        match = re.match(r"NaN\(0x([0-9a-f]+)\)$", text)
        return Real("nan", bits=int(match.group(1), 16) if match else None)
    if text in ("Infinity", "-Infinity"):
        return infinity(text[0] == "-")
    value = Fraction(text)
    return Real("finite", value, text[0] == "-")


def agrees(type_, expected, text):
    """Whether the dumped number reads back as the expected one in a variable of the type."""
    try:
        found = parse(text)
    except (ValueError, AttributeError, TypeError):
        return False
    if found.kind != expected.kind:
        return False
    if found.kind == "nan":
        if expected.bits is None:
            return True
        plain = found.bits is None
        return (nan_bits(type_) if plain else found.bits) == expected.bits
    if found.kind == "infinite":
        return found.negative == expected.negative
    return (round_to(type_, found.value) == expected.value and
            (expected.value != 0 or found.negative == expected.negative))


def c_literal(type_, real):
    """An expression of the type; a NaN with bits of its own has none and is copied in."""
    suffix = {FLOAT: "f", DOUBLE: ""}.get(type_, "L")
    if real.kind == "infinite":
        return f"{'-' if real.negative else ''}({type_.spelling})__builtin_inf()"
    if real.kind == "nan":
        return f"({type_.spelling})__builtin_nan(\"\")"
    sign = "-" if real.negative else ""
    value = abs(real.value)
    exponent = value.denominator.bit_length() - 1
    significand = value.numerator
    while significand and significand % 2 == 0 and significand.bit_length() > 64:
        significand //= 2
        exponent -= 1
    return f"{sign}0x{significand:x}p{-exponent}{suffix}"
