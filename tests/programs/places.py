"""Places inside of objects, as lists of fields and indices: which are the same address, and where the
elements of an array go."""

from declarations import CHAR, Array, Field, Flexible, Pointer, Struct, Union, innermost, is_text, lengths, rank
from number_rules import survivors


class Gone(Exception):
    """A place that the new version does not have."""


def trimmed(type_, steps):
    """Without the steps at the end that stay at the same address."""
    types = []
    for step in steps:
        types.append(type_)
        if isinstance(step, int):
            type_ = type_.elem if isinstance(type_, Array) else None
        else:
            type_ = step.type
    steps = list(steps)
    while steps and (steps[-1] == 0 or isinstance(types[-1], Struct) and not types[-1].is_variables and
                     types[-1].fields[0] is steps[-1] and not steps[-1].width):
        steps.pop()
        types.pop()
    return steps


def kind_of_place(type_):
    type_ = innermost(type_)
    return next((kind for kind in (Struct, Pointer, Union) if isinstance(type_, kind)), None)


def is_end(steps):
    """Whether a place is one past the end of an array field."""
    return len(steps) > 1 and isinstance(steps[-1], int) and isinstance(steps[-2], Field) and (
        isinstance(steps[-2].type, Array) and not isinstance(steps[-2].type, Flexible) and
        steps[-1] == steps[-2].type.length)


def following(type_, steps):
    """The field behind the array that `steps` end at, in the struct that holds both; None: the last."""
    for step in steps[:-2]:
        type_ = type_.elem if isinstance(step, int) else step.type
    at = type_.fields.index(steps[-2]) + 1
    return type_.fields[at] if at < len(type_.fields) and not type_.fields[at].width else None


def index_targets(field):
    """Where the elements of a MOLT_INDEX array go, None for those that go; None: where they are."""
    if field.origin is None or field.index is None or field.transient:
        return None
    old, new = field.origin.type, field.type
    was, now = field.origin.index or field.index.origin, field.index
    if was is None or not isinstance(old, Array) or not isinstance(new, Array) or rank(old) != rank(new):
        return None
    targets = [i if i < new.length and not was.named(i) and not now.named(i) else None
               for i in range(old.length)]
    for value, target in sorted(survivors(was, now).items()):
        if 0 <= value < old.length and 0 <= target < new.length and target not in targets:
            targets[value] = target
    same = [i if i < new.length else None for i in range(old.length)]
    return targets if targets != same else None


def leaves_index(field, now):
    """Whether an array loses its MOLT_INDEX while what its enum became, `now`, has other values."""
    was = field.origin.index
    old, new = field.origin.type, field.type
    if was is None or field.index is not None or now is None or not (
            isinstance(old, Array) and isinstance(new, Array)):
        return False
    return any(value != target and 0 <= value < min(old.length, new.length) and 0 <= target < new.length
               for value, target in survivors(was, now).items())


def is_text_moved(old, new):
    """Text to or from the heap, as deep as both are arrays: the text is one value there."""
    while isinstance(old, Array) and isinstance(new, Array):
        old, new = old.elem, new.elem
    return any(is_text(text) and isinstance(pointer, Pointer) and pointer.to is CHAR
               for text, pointer in ((old, new), (new, old)))


def is_reshape(old, new):
    if is_text_moved(old, new):
        depth = min(rank(old), rank(new))
        was, now = lengths(old)[:depth], lengths(new)[:depth]
        return depth > 1 and was != now and _product(was) == _product(now)
    if rank(old) != rank(new):
        return True
    was, now = lengths(old), lengths(new)
    return rank(old) > 1 and was != now and _product(was) == _product(now)


def _product(numbers):
    result = 1
    for each in numbers:
        result *= each
    return result
