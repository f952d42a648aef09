"""Random values of plain types, weighted towards the edges on which conversions go wrong."""

from fractions import Fraction

from declarations import (DOUBLE, FLOAT, LONG_DOUBLE, Array, Bool, Enum, Float, Int, is_text)
from reals import NEGATIVE_ZERO, Real, infinity, largest, round_to

INT_EDGES = [0, 1, 2, 7, 100, 127, 128, 129, 255, 256, 32767, 32768, 65535, 65536, (1 << 24) + 1,
             (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 53, (1 << 53) + 1, (1 << 63) - 1,
             1 << 63, (1 << 63) + 1025, (1 << 100) + (1 << 76) + 1, (1 << 64) - 1, 1 << 64, (1 << 127) - 1, 1 << 127, (1 << 128) - 1]
REAL_EDGES = [Fraction(each) for each in (
    0, 1, 2, 0.5, 1.5, 2.5, 3.75, 100, 127, 127.5, 128, 128.5, 255, 255.5, 256, 32768, 65535, 65535.5,
    0.1, 1e10, 1e-300, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 53) + 1, 1 << 63, 1 << 64, 1 << 126,
    1 << 127, 1 << 128, (1 << 24) + 1)]


def _fits(edges, low, high):
    return [sign * each for each in edges for sign in (1, -1) if low <= sign * each <= high]


def random_int(rng, low, high):
    draw = rng.random()
    if draw < 0.15:
        return 0 if low <= 0 <= high else low
    if draw < 0.35:
        return rng.choice([low, high, max(low, -1), min(high, 1), low + 1, high - 1])
    if draw < 0.60:
        return rng.choice(_fits(INT_EDGES, low, high))
    if draw < 0.85:
        return rng.randint(max(low, -100), min(high, 120))
    return rng.randint(low, high)


def random_real(rng, type_, for_source):
    draw = rng.random()
    if draw < 0.15:
        return Real.of(0)
    if draw < 0.22:
        return NEGATIVE_ZERO
    if draw < 0.30 and not for_source:
        return rng.choice([infinity(), infinity(True), _random_nan(rng, type_)])
    if draw < 0.65:
        value = rng.choice(REAL_EDGES) * rng.choice([1, -1])
    elif draw < 0.72:
        value = rng.choice([largest(type_), largest(FLOAT), largest(DOUBLE), -largest(type_),
                            Fraction(2) ** type_.lowest, Fraction(2) ** (type_.lowest + 30)])
    elif draw < 0.85:
        value = Fraction(rng.randint(-100, 300))
    else:
        value = Fraction(rng.randint(-(1 << 64), 1 << 64), 1 << rng.randint(0, 70))
    value = round_to(type_, value)
    return Real.of(value) if abs(value) <= largest(type_) else Real.of(1)


def _random_nan(rng, type_):
    if type_ is LONG_DOUBLE or rng.random() < 0.4:
        return Real("nan")
    width = 22 if type_ is FLOAT else 51
    base = 0x7fc00000 if type_ is FLOAT else 0x7ff8000000000000
    sign = rng.getrandbits(1) << (31 if type_ is FLOAT else 63)
    return Real("nan", bits=base | sign | rng.getrandbits(width))


def random_enum_value(rng, enum, width, for_source):
    low, high = enum.range(width)
    named = [e.value for e in enum.enumerators if low <= e.value <= high]
    if enum.flags:
        value = 0
        for each in named:
            if rng.random() < 0.4:
                value |= each
        if rng.random() < 0.06 and not for_source:
            value |= 1 << rng.randrange(5)
        return value if low <= value <= high else 0
    draw = rng.random()
    if draw < 0.15 and low <= 0:
        return 0 if enum.named(0) else named[0]
    if draw > 0.97 and not for_source:
        return random_int(rng, low, high)
    return rng.choice(named)


def random_text(rng, size):
    """`size` bytes; mostly terminated."""
    draw = rng.random()
    length = size if draw < 0.10 else 0 if draw < 0.20 else rng.randint(0, max(size - 1, 0))
    if draw > 0.93:
        data = ("\u00e9\u20ac\U0001f41c" * size).encode()[:length]
    elif draw > 0.90:
        data = bytes(rng.randint(1, 255) for _ in range(length))
    else:
        # no space: 0x20 between zeros reads as an address in the heap, which bytes must not have
        data = bytes(rng.choice(b"abcdefghijklmnopqrstuvwxyz_\"\\%?") for _ in range(length))
    padded = data.ljust(size, b"\0")
    if 0 < length < size - 2 and rng.random() < 0.05:
        padded = padded[:-1] + b"J"  # what stands behind the NUL
    return padded


def random_value(rng, type_, width=None, for_source=False):
    """A value of a type without structs and pointers. `for_source`: as an initialiser can say it."""
    if is_text(type_):
        if for_source:
            text = bytes(rng.choice(b"abcdefghij") for _ in range(rng.randint(0, type_.length - 1)))
            return text.ljust(type_.length, b"\0")
        return random_text(rng, type_.length)
    if isinstance(type_, Array):
        return [random_value(rng, type_.elem, None, for_source) for _ in range(type_.length)]
    if isinstance(type_, Enum):
        return random_enum_value(rng, type_, width, for_source)
    if isinstance(type_, Float):
        return random_real(rng, type_, for_source)
    if isinstance(type_, Bool):
        return rng.getrandbits(1)
    assert isinstance(type_, Int), type_
    low, high = type_.range(width)
    if for_source:
        return rng.randint(max(low, -1000), min(high, 1000))
    return random_int(rng, low, high)
