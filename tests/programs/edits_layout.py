"""Edits of what lies around values, and of the declarations beside plain fields: packing, alignment,
atomics, unnamed bit-fields, unions, complex and vector types, constant tables. As those of edits.py."""

from declarations import (DOUBLE, FLOAT, FLOATS, INTS, Array, Complex, Field, Flexible, Float, Int,
                          Pointer, Struct, Vector, by_value, is_number, is_special, keeps_note)
from random_declarations import (VECTORS, add_anonymous_union, add_arm, can_be_atomic, can_be_indexed, index_fits,
                                 random_member, random_packing,
                                 random_width)


def _plain(field):
    return (field.default is None and field.origin.default is None and not field.transient and
            not field.external)


# ---- around values ------------------------------------------------------------------------------

def change_packing(ed):
    struct = ed.rng.choice(ed.program.structs)
    packing = random_packing(ed.rng)
    if packing == struct.packing:
        packing = "packed" if packing is None else None
    struct.packing = packing
    return f"{struct!r}: packing {packing}"


def change_alignment(ed):
    chosen = ed.field(lambda f: not (f.width or f.is_unnamed or isinstance(f.type, Flexible)), fresh=True)
    if not chosen:
        return None
    struct, field = chosen
    field.align = None if field.align else ed.rng.choice([16, 32, 64])
    return f"{struct.name}.{field.name}: aligned to {field.align}"


def change_gap(ed):
    chosen = ed.field(lambda f: not f.gap and f.scope is None, fresh=True)
    if not chosen:
        return None
    struct, field = chosen
    field.gap = ed.rng.choice(["int : 0", "unsigned : 7", "long : 40", "_Bool : 1"])
    return f"{struct.name}: {field.gap} in front of {field.name}"


def change_atomic(ed):
    chosen = ed.field(can_be_atomic)
    if not chosen:
        return None
    struct, field = chosen
    ed.retyped.add(field)
    field.atomic = not field.atomic
    field.external = False if field.atomic else field.external
    return f"{struct.name}: {field!r} {'' if field.atomic else 'no longer '}atomic"


def no_longer_external(ed):
    chosen = ed.field(lambda f: f.external)
    if not chosen:
        return None
    struct, field = chosen
    ed.retyped.add(field)
    field.external = False
    return f"{struct.name}: {field!r} no longer external"


# ---- other kinds of declaration -----------------------------------------------------------------

def change_union(ed):
    unions = [u for u in ed.program.unions if u.origin]
    if not unions:
        return None
    union = ed.rng.choice(unions)
    type_ = random_member(ed.rng) if union.unnamed else ed.rng.choice(INTS[1:11] + [Array(FLOAT, 3)])
    union.members = union.members + [(ed.namer("m"), type_)]
    if union.unnamed and ed.rng.random() < 0.5:
        ed.rng.shuffle(union.members)
    return f"{union!r}: + {union.members[-1]}"


def add_union(ed):
    struct = ed.rng.choice(ed.program.structs)
    return f"{struct.name}: + {add_anonymous_union(ed.rng, ed.program, ed.namer, struct)!r}"


def change_variant(ed):
    """Arms are added, renamed, retyped and reordered, and the tag's enumerators get other numbers."""
    variants = [v for v in ed.program.variants if v.origin and v not in ed.touched]
    if not variants:
        return None
    variant, rng = ed.rng.choice(variants), ed.rng
    ed.touched.add(variant)
    words = []
    if rng.random() < 0.5:
        words.append(f"+ {add_arm(rng, ed.program, ed.namer, variant)!r}")
    if rng.random() < 0.5:
        arm = rng.choice([a for a, _ in variant.arms if a.origin])
        arm.was, arm.name = arm.was + [arm.name], ed.namer("a")
        words.append(f"{arm.was[-1]} -> {arm.name} with MOLT_WAS")
    if rng.random() < 0.5:
        arm = rng.choice([a for a, _ in variant.arms if a.origin])
        if isinstance(arm.type, (Int, Float)):
            before, arm.type = repr(arm), rng.choice(INTS[1:11] + [FLOAT, DOUBLE])
            words.append(f"{before} -> {arm!r}")
    if rng.random() < 0.5 or not words:
        entries = variant.tag.enumerators
        for entry, number in zip(entries, rng.sample(range(len(entries)), len(entries))):
            entry.value = number
        rng.shuffle(variant.arms)
        words.append("renumbered and reordered")
    return f"{variant!r}: {', '.join(words)}"


def remove_arm(ed):
    """With its enumerator, or alone."""
    found = [(v, arm, entry) for v in ed.program.variants if v.origin and v not in ed.touched
             for arm, entry in v.arms if entry.value]
    if not found:
        return None
    variant, arm, entry = ed.rng.choice(found)
    ed.touched.add(variant)
    variant.arms.remove((arm, entry))
    if ed.rng.random() < 0.25:
        return f"{variant!r}: - {arm!r}"
    variant.tag.enumerators.remove(entry)
    words = f"{variant!r}: - {arm!r} and {entry.name}"
    if ed.rng.random() < 0.6 and not any(e.fallback for e in variant.tag.enumerators):
        fallback = ed.rng.choice(variant.arms)[1]
        fallback.fallback = True
        words += f", {fallback.name} MOLT_FALLBACK"
    return words


def retype_tail(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Flexible) and is_number(f.type.elem))
    if not chosen:
        return None
    elem = ed.rng.choice([t for t in INTS[1:11] + [FLOAT, DOUBLE] if t is not chosen[1].type.elem])
    return ed.retype(chosen, Flexible(elem), None, ["saturate", "round"])


def replace_tail(ed):
    """Another flexible array stands there; nothing says that it is the old one."""
    chosen = ed.field(lambda f: isinstance(f.type, Flexible) and f.name == f.origin.name)
    if not chosen:
        return None
    struct, field = chosen
    before, field.name = repr(field), ed.namer("r")
    if keeps_note(struct, field):
        return f"{struct.name}: {before} -> {field!r} with an earlier MOLT_WAS"
    field.origin, field.left = None, field.origin
    return f"{struct.name}: {before} -> {field!r} without MOLT_WAS"


def gain_tail(ed):
    """Of a struct that nothing holds by value."""
    held = [by_value(f.type) for s in ed.program.holders for f in s.fields]
    held += [[type_] for type_, _ in ed.program.tables.values()]
    fits = [s for s in ed.program.structs if s.origin and not s.tail and s is not ed.program.state and
            not any(s in each for each in held)]
    if not fits:
        return None
    struct = ed.rng.choice(fits)
    struct.fields.append(Field(ed.namer("n"), Flexible(INTS[5])))
    return f"{struct.name}: + {struct.tail!r}"


def to_complex(ed):
    chosen = ed.field(lambda f: isinstance(f.type, (Int, Float)) and not f.width and _plain(f))
    return ed.retype(chosen, Complex(ed.rng.choice(FLOATS))) if chosen else None


def from_complex(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Complex) and _plain(f))
    if not chosen:
        return None
    to = ed.rng.choice([FLOAT, DOUBLE, INTS[5], Array(DOUBLE, 2), Complex(FLOAT), Complex(DOUBLE)])
    return ed.retype(chosen, to) if repr(to) != repr(chosen[1].type) else None


def vector_and_array(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Vector) and _plain(f))
    if not chosen:
        return None
    type_ = chosen[1].type
    others = [Vector(*each) for each in VECTORS if each[1] == type_.length and each[0] is not type_.elem]
    return ed.retype(chosen, ed.rng.choice([Array(type_.elem, type_.length), *others]))


def change_table(ed):
    name, (type_, values) = ed.rng.choice(list(ed.program.tables.items()) or [(None, (None, None))])
    if name is None:
        return None
    draw = ed.rng.random()
    if draw < 0.3:
        del ed.program.tables[name]
        return f"- constant {name}"
    if draw < 0.6 or isinstance(type_, Struct):
        ed.program.tables[name] = type_, values + [0]
        return f"constant {name} has one more"
    ed.program.tables[name] = type_, [each + 1 for each in values]
    return f"constant {name} has other numbers"


def point_elsewhere(ed):
    """A pointer to a number points to another kind of number."""
    chosen = ed.field(lambda f: isinstance(f.type, Pointer) and isinstance(f.type.to, (Int, Float)) and
                      f.type.to is not INTS[0] and _plain(f))
    if not chosen:
        return None
    others = [t for t in (INTS[5], DOUBLE, FLOAT, INTS[2]) if t is not chosen[1].type.to]
    return ed.retype(chosen, Pointer(ed.rng.choice(others)))


def bits_to_array(ed):
    chosen = ed.field(lambda f: f.width and _plain(f))
    return ed.retype(chosen, Array(chosen[1].type, ed.rng.randint(1, 3))) if chosen else None


def array_to_bits(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Array) and not is_special(f.type) and _plain(f) and
                      f.scope is None and isinstance(f.type.elem, Int) and 8 < f.type.elem.bits <= 64)
    if not chosen:
        return None
    type_ = chosen[1].type.elem
    return ed.retype(chosen, type_, random_width(ed.rng, type_), ["truncate"])


def index_by_enum(ed):
    """The note is as new as the change of the enum may be."""
    chosen = ed.field(lambda f: can_be_indexed(f) and not f.index and _plain(f))
    enums = [e for e in ed.program.enums if e.origin and chosen and index_fits(e, chosen[1].type)]
    if not enums:
        return None
    chosen[1].index = ed.rng.choice(enums)
    return f"{chosen[0].name}: {chosen[1]!r} MOLT_INDEX({chosen[1].index.name})"


LAYOUT_EDITS = [
    (0.6, change_packing), (0.6, change_alignment), (0.4, change_gap), (0.8, change_atomic),
    (0.3, no_longer_external), (0.2, change_union), (0.2, add_union), (0.6, change_variant), (0.5, remove_arm), (0.6, retype_tail), (0.3, replace_tail),
    (0.1, gain_tail), (0.5, to_complex), (0.5, from_complex),
    (0.5, vector_and_array), (0.3, change_table), (0.2, point_elsewhere), (0.3, bits_to_array), (0.3, array_to_bits),
    (0.3, index_by_enum),
]
