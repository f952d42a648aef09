"""Edits of enums and sets of flags. As those of edits.py."""

from declarations import Enumerator, innermost


def _fresh_value(enum):
    taken = {e.value for e in enum.enumerators}
    if enum.flags:
        return next(1 << bit for bit in range(31) if 1 << bit not in taken)
    return max(max(taken), 0) + 1


def enum_insert(ed):
    """In the middle; what stands behind moves on, as C counts."""
    enum = ed.enum(lambda e: not e.flags)
    if not enum:
        return None
    ed.touched.add(enum)
    at = ed.rng.randrange(len(enum.enumerators))
    start = enum.enumerators[at].value
    for entry in enum.enumerators:
        if entry.value >= start:
            entry.value += 1
    name = f"{enum.name.upper()}_{ed.namer('N')}"
    enum.enumerators.insert(at, Enumerator(name, start))
    return _fit_bits(ed, enum, f"{enum!r}: + {name} = {start}, the rest renumbered")


def enum_append(ed):
    enum = ed.enum(lambda e: True)
    if not enum:
        return None
    ed.touched.add(enum)
    name = f"{enum.name.upper()}_{ed.namer('N')}"
    enum.enumerators.append(Enumerator(name, _fresh_value(enum)))
    return _fit_bits(ed, enum, f"{enum!r}: + {name}")


def enum_renumber(ed):
    enum = ed.enum(lambda e: not e.flags)
    if not enum:
        return None
    ed.touched.add(enum)
    old = sorted({e.value for e in enum.enumerators})
    new = list(old)
    ed.rng.shuffle(new)
    if ed.rng.random() < 0.3:
        new = [ed.rng.randint(-100, 500) * 7 + i for i, _ in enumerate(new)]
        if len(set(new)) != len(new):
            new = list(range(len(new)))
    moved = dict(zip(old, new))
    for entry in enum.enumerators:
        entry.value = moved[entry.value]
    ed.rng.shuffle(enum.enumerators)
    return _fit_bits(ed, enum, f"{enum!r}: renumbered")


def flags_move(ed):
    enum = ed.enum(lambda e: e.flags)
    if not enum:
        return None
    ed.touched.add(enum)
    bits = [e for e in enum.enumerators if e.value]
    places = ed.rng.sample(range(len(bits) + 3), len(bits))
    for entry, bit in zip(bits, places):
        entry.value = 1 << bit
    gone = None
    if ed.rng.random() < 0.4:
        gone = ed.rng.choice(bits)
        enum.enumerators.remove(gone)
    return _fit_bits(ed, enum, f"{enum!r}: bits moved" + (f", - {gone.name}" if gone else ""))


def enum_remove(ed):
    enum = ed.enum(lambda e: not e.flags and len(e.enumerators) > 2)
    if not enum:
        return None
    ed.touched.add(enum)
    gone = ed.rng.choice(enum.enumerators)
    enum.enumerators.remove(gone)
    words = f"{enum!r}: - {gone.name}"
    if ed.rng.random() < 0.6 and not any(e.fallback for e in enum.enumerators):
        fallback = ed.rng.choice(enum.enumerators)
        fallback.fallback = True
        words += f", {fallback.name} MOLT_FALLBACK"
    return _fit_bits(ed, enum, words)


def enum_rename(ed):
    enum = ed.enum(lambda e: True)
    if not enum:
        return None
    ed.touched.add(enum)
    entry = ed.rng.choice(enum.enumerators)
    old, entry.name = entry.name, f"{enum.name.upper()}_{ed.namer('N')}"
    entry.was = entry.was + [old]
    if not enum.flags and ed.rng.random() < 0.5:
        for each in enum.enumerators:
            each.value += 1
    return _fit_bits(ed, enum, f"{enum!r}: {old} -> {entry.name} with MOLT_WAS")


def enum_type_rename(ed):
    enum = ed.enum(lambda e: not e.was)
    if not enum:
        return None
    ed.touched.add(enum)
    old, enum.name = enum.name, f"{ed.program.prefix}_{ed.namer('E')}"
    enum.was = enum.was + [old]
    return f"{old} -> {enum!r} with MOLT_WAS"


def enum_storage(ed):
    enum = ed.enum(lambda e: True)
    if not enum:
        return None
    ed.touched.add(enum)
    enum.packed = not enum.packed
    return _fit_bits(ed, enum, f"{enum!r}: {'packed' if enum.packed else 'no longer packed'}")


def _fit_bits(ed, enum, words):
    """Bit-fields of the enum must hold its enumerators, or become plain fields."""
    for struct in ed.program.holders:
        for field in struct.fields:
            if field.type is enum and field.width:
                low, high = enum.range(field.width)
                signed = enum.storage()[1]
                if signed or field.width > enum.storage()[0] or not all(
                        low <= e.value <= high for e in enum.enumerators):
                    field.width = None
                    ed.retyped.add(field)
                    words += f"; {struct.name}.{field.name} no longer a bit-field"
            if innermost(field.type) is enum:
                field.default = None  # a default names enumerators of its own version
    return words


ENUM_EDITS = [
    (1, enum_insert), (0.7, enum_append), (1, enum_renumber), (0.7, flags_move), (0.6, enum_remove),
    (0.7, enum_rename), (0.3, enum_type_rename), (0.3, enum_storage),
]
