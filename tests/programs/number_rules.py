"""How numbers become other numbers under policy live: by value, enums by name, flags bit by bit."""

from fractions import Fraction
from math import floor, trunc

from declarations import Bool, Enum, Float, Int
from reals import NEGATIVE_ZERO, Real, infinity, largest, round_to, shortest


def convert_number(out, old, new, value, site, width):
    """The new value; findings go to `out`, an Expectation. `width` is the new bit-field's or None."""
    if isinstance(old, Enum) and isinstance(new, Enum):
        return _enum(out, old, new, value, site, width)
    if isinstance(new, Enum):
        return _to_enum(out, old, new, value, site)
    _cover(out, old, new, site)
    if isinstance(old, Float):
        return _from_float(out, old, new, value, site, width)
    if isinstance(new, Float):
        result = _to_float(out, new, Fraction(value), site)
        number = result.value
    else:
        result = number = _to_integer(out, new, value, site, width)
    out.stuck |= isinstance(old, Enum) and not old.flags and not old.named(number)
    return result


def _cover(out, old, new, site):
    if isinstance(old, Int) and isinstance(new, Int):
        if old.bits == new.bits:
            rule = "sign changed" if old.signed != new.signed else None
        else:
            rule = "widened" if old.bits < new.bits else "narrowed"
    elif old is new:
        rule = None
    elif isinstance(old, Float):
        rule = "float to float" if isinstance(new, Float) else "float to number"
    elif isinstance(new, Float):
        rule = "number to float"
    elif isinstance(new, Bool):
        rule = "number to bool"
    else:
        rule = "bool to int" if isinstance(old, Bool) else "enum to int"
    if rule:
        out.cover(rule, new, site.new)


def _loss(out, rule, new, site, strict=True):
    out.cover(rule, new, site.new)
    out.loss(rule, site, strict)


def _to_integer(out, new, value, site, width):
    if isinstance(new, Bool):
        if value not in (0, 1):
            _loss(out, "bool-collapsed", new, site)
        return int(value != 0)
    low, high = new.range(width)
    fitted = min(max(value, low), high)
    if fitted != value:
        _loss(out, "number-out-of-range", new, site)
    return fitted


def _to_float(out, new, value, site, old=None):
    """`old`: of a float, whose decimal policy strict compares."""
    if abs(value) > largest(new):
        _loss(out, "number-out-of-range", new, site)
        return Real.of(largest(new) if value > 0 else -largest(new))
    rounded = round_to(new, value)
    if rounded != value:
        same = old is not None and rounded != 0 and shortest(old, value) == shortest(new, rounded)
        _loss(out, "number-rounded", new, site, not same)
    return Real("finite", rounded, value < 0)


def _from_float(out, old, new, value, site, width):
    if isinstance(new, Float):
        return _float_to_float(out, old, new, value, site)
    if value.kind == "nan":
        _loss(out, "number-nan", new, site)
        return 0
    if isinstance(new, Bool):
        out.lost |= value.negative and value.value == 0
        if value.kind == "infinite" or value.value not in (0, 1):
            _loss(out, "bool-collapsed", new, site)
        return int(value.kind == "infinite" or value.value != 0)
    low, high = new.range(width)
    if value.kind == "infinite":
        _loss(out, "number-out-of-range", new, site)
        return low if value.negative else high
    number = value.value
    out.lost |= value.negative and number == 0
    whole = trunc(number)
    if site.new is not None and site.new.convert == "round":
        whole = floor(abs(number) + Fraction(1, 2)) * (-1 if number < 0 else 1)
    if not low <= whole <= high:
        _loss(out, "number-out-of-range", new, site)
    elif whole != number:
        _loss(out, "number-fraction", new, site)
    return min(max(whole, low), high)


def _float_to_float(out, old, new, value, site):
    if old is new:
        return value
    if value.kind == "nan":
        out.lost |= new.digits < old.digits
        return Real("nan")
    if value.kind == "infinite":
        return infinity(value.negative)
    if value.value == 0:
        return NEGATIVE_ZERO if value.negative else value
    result = _to_float(out, new, value.value, site, old)
    return Real("finite", result.value, value.negative)


# ---- enums --------------------------------------------------------------------------------------

def _to_enum(out, old, new, value, site):
    out.cover("number to enum", new, site.new)
    if isinstance(old, Float):
        whole = value.kind == "finite" and trunc(value.value) == value.value
        if not whole or not -2 ** 63 <= value.value < 2 ** 64:
            out.cover("enum-unnamed-value", new, site.new)
            return out.refuse(site, "enum-unnamed-value")
        out.lost |= value.negative and value.value == 0
        value = trunc(value.value)
        low, high = new.range(site.new.width if site.new else None)
        if new.flags and not low <= value <= high:  # a number alone is taken bit by bit
            return out.refuse(site, "enum-unnamed-value")
    if new.flags:
        return _to_flags(out, new, value, site)
    if not new.named(value):
        out.cover("enum-unnamed-value", new, site.new)
        return out.refuse(site, "enum-unnamed-value")
    return value


def _to_flags(out, new, value, site):
    known = 0
    for entry in new.enumerators:
        known |= entry.value
    if value & ~known == 0:
        return value
    # the rules say nothing of bits without a name that come from a number
    out.may_lose("enum-unnamed-value", site)
    out.may_lose("flag-removed", site)
    out.may_lose("number-out-of-range", site)
    return out.any


def survivors(old, new):
    """{old value: new value} by name; several names of one value help each other."""
    values = {}
    for entry in old.enumerators:
        for each in new.enumerators:
            if each.origin is entry:
                values.setdefault(entry.value, each.value)
    return values


def _enum(out, old, new, value, site, width):
    values = survivors(old, new)
    unchanged = all(values.get(e.value) == e.value for e in old.enumerators)
    if old.flags and new.flags:
        return _flags(out, values, unchanged, new, value, site, width)
    if value in values:
        out.cover("enum kept" if values[value] == value else "enum renumbered", new, site.new)
        return values[value]
    if old.named(value) or old.flags and any(
            e.value and value & e.value == e.value and e.value not in values for e in old.enumerators):
        fallback = [e for e in new.enumerators if e.fallback]
        if not fallback:
            out.cover("enumerator removed", new, site.new)
            return out.refuse(site, "enumerator-removed")
        out.cover("fallback", new, site.new)
        out.loss("enumerator-removed", site)
        return fallback[0].value
    out.cover("value without a name", new, site.new)
    if unchanged:
        out.may_lose("enum-unnamed-value", site)
    else:
        out.loss("enum-unnamed-value", site)
    low, high = new.range(width)
    if not low <= value <= high:
        out.loss("number-out-of-range", site)
    return min(max(value, low), high)


def _flags(out, values, unchanged, new, value, site, width):
    mapped, rest = 0, value
    for was, now in values.items():
        if was and rest & was == was:
            mapped |= now
            rest &= ~was
    if unchanged:
        room = (1 << (width or new.storage()[0])) - 1
        if rest & ~room:  # the nearest number would be other flags
            out.loss("flag-removed", site)
            return out.either(value & room, mapped)
        if rest:
            out.may_lose("flag-removed", site)
            return out.either(value, mapped)
        return value
    out.cover("flags moved", new, site.new)
    if rest:
        out.cover("flag removed", new, site.new)
        out.loss("flag-removed", site)
        return out.either(mapped, mapped | rest)
    return mapped
