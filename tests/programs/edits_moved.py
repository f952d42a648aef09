"""Edits that move a value to another place of the same object, with MOLT_MOVED. As those of edits.py.

What moves keeps its type and is a single value, a text or an array of such: what becomes of it when the
edit is undone is then known without a path through the versions between."""

from declarations import CHAR, Array, Bool, Field, Float, Int, Pointer, Struct, Vector, innermost, is_special


def _can_move(field):
    whole = not is_special(field.type) or isinstance(field.type, Vector)
    return (field.origin and whole and isinstance(innermost(field.type), (Int, Bool, Float, Pointer)) and
            field.default is None and field.origin.default is None and
            not (field.width or field.transient or field.external or field.index or field.respell or
                 field.atomic or field.late))


def _same_type_as_before(ed, field):
    return field not in ed.retyped


def _can_begin(ed):
    """A session with a move goes from the first version to the second and back."""
    return ed.program.version == 2


def move_out(ed):
    """A field of an inner struct becomes one of the struct around; the inner one goes, or loses it."""
    found = [(s, sub, x) for s in ed.program.structs if s.origin for sub in s.fields
             if sub.origin and isinstance(sub.type, Struct) and sub.type.origin and not sub.atomic and
             sub.default is None and not sub.transient and sub not in ed.retyped
             for x in sub.type.fields if _can_move(x) and _same_type_as_before(ed, x)]
    if not found or not _can_begin(ed):
        return None
    struct, sub, x = ed.rng.choice(found)
    inner = sub.type
    if len(inner.fields) > 1 and x is not inner.tail and ed.rng.random() < 0.5:
        inner.fields.remove(x)
        words = f"{inner.name}: - {x!r}"
    elif len(struct.fields) > 1:
        struct.fields.remove(sub)
        words = f"{struct.name}: - {sub!r}"
    else:
        return None
    ed.retyped.add(sub)
    field = Field(ed.namer("n"), x.type)
    field.moved = f"{sub.origin.name}.{x.origin.name}"
    ed.insert(struct, field)
    struct.moves.append(((field,), (sub.origin, x.origin)))
    return f"{words}; {struct.name}: + {field!r} MOLT_MOVED({field.moved})"


def move_element(ed):
    """The last elements of an array go, and the first of them becomes a field."""
    found = [(s, f) for s in ed.program.structs if s.origin for f in s.fields
             if _can_move(f) and isinstance(f.type, Array) and not is_special(f.type) and f.type.length > 1 and
             not isinstance(f.type.elem, Array) and _same_type_as_before(ed, f) and
             f.type.elem is not CHAR]
    if not found or not _can_begin(ed):
        return None
    struct, array = ed.rng.choice(found)
    at = ed.rng.randint(1, array.type.length - 1)
    field = Field(ed.namer("n"), array.type.elem)
    field.moved = f"{array.origin.name}[{at}]"
    ed.retyped.add(array)
    array.type = Array(array.type.elem, at)
    ed.insert(struct, field)
    struct.moves.append(((field,), (array.origin, at)))
    return f"{struct.name}: {array!r}; + {field!r} MOLT_MOVED({field.moved})"


def move_in(ed):
    """Fields become those of a new struct that is held in their place."""
    found = [(s, f) for s in ed.program.structs if s.origin for f in s.fields
             if _can_move(f) and _same_type_as_before(ed, f)]
    if not found or not _can_begin(ed):
        return None
    struct = ed.rng.choice(found)[0]
    chosen = [f for s, f in found if s is struct]
    chosen = ed.rng.sample(chosen, min(len(chosen), ed.rng.randint(1, 3)))
    made = Struct(f"{ed.program.prefix}_{ed.namer('S')}", [])
    made.only_held = True
    holder = Field(ed.namer("n"), made)
    for was in chosen:
        field = Field(ed.namer("n"), was.type)
        field.moved = f"^.{was.origin.name}"
        made.fields.append(field)
        struct.fields.remove(was)
        struct.moves.append(((holder, field), (was.origin,)))
    if ed.rng.random() < 0.3:
        made.fields.insert(0, Field(ed.namer("n"), Pointer(struct)))
    ed.program.structs.append(made)
    ed.insert(struct, holder)
    return f"+ {made!r}; {struct.name}: {', '.join(f.name for f in chosen)} in {holder!r} MOLT_MOVED"


MOVING_EDITS = [(0.5, move_out), (0.4, move_element), (0.5, move_in)]
