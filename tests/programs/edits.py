"""Random edits of the second version. Each is a function of (Editor) that changes the declarations and
their origins, and returns what it did in words, or None where it does not apply.

A field's type is edited at most once, so that the words say what the expectation must be about.
"""

from declarations import (BOOL, CHAR, DOUBLE, FLOAT, FLOATS, INTS, LONG_DOUBLE, TEXT, VOID, Array, Bool, Enum,
                          Field, Flexible, Float, Function, Int, Pointer, Struct, innermost,
                          is_function, is_special, is_text, keeps_note, kind_name, mentions,
                          rank)
from edits_enums import ENUM_EDITS
from edits_layout import LAYOUT_EDITS
from edits_moved import MOVING_EDITS
from random_declarations import (LEAF_LIMIT, SIGNATURES, can_be_atomic, can_be_indexed, can_default, index_fits,
                                 leaves, random_default, random_field, random_number, random_struct,
                                 random_variable, random_width, struct_to_hold, weighted)

RESPELLED = {"signed char": "int8_t", "unsigned char": "uint8_t", "short": "int16_t",
             "unsigned short": "uint16_t", "int": "volatile int", "unsigned int": "uint32_t",
             "long": "int64_t", "unsigned long": "size_t", "float": "const float",
             "double": "volatile double"}


class Editor:
    def __init__(self, rng, program, namer):
        self.rng = rng
        self.program = program
        self.namer = namer
        self.retyped = set()
        self.touched = set()  # enums with an edit
        self.kind = None      # of declarations that are preferred
        self.notes_go = False # earlier notes may be taken away
        self.claimed = False  # one ambiguous rename is told for a struct, so one is made

    # ---- choosing

    def field(self, accept, fresh=False):
        """(struct, field) with an old value and a type that no edit touched, or None."""
        found = [(s, f) for s in self.program.holders for f in s.fields
                 if (f.origin or fresh) and f not in self.retyped and accept(f)]
        found = [(s, f) for s, f in found if kind_name(f.type, f.width) == self.kind] or found
        return self.rng.choice(found) if found else None

    def enum(self, accept):
        found = [e for e in self.program.enums if e.origin and e not in self.touched and accept(e)]
        return self.rng.choice(found) if found else None

    def name(self, struct, stem):
        """A name that a field of it has never had."""
        name = self.namer(stem)
        return f"{self.program.prefix}_{name}" if struct.is_variables else name

    # ---- changing

    def retype(self, chosen, type_, width=None, convert=()):
        struct, field = chosen
        before = repr(field)
        room = LEAF_LIMIT * 2 - sum(leaves(f.type) for f in struct.fields)
        if leaves(type_) > leaves(field.type) and leaves(type_) > room:
            return None
        self.retyped.add(field)
        field.type, field.width = type_, width
        field.default, field.respell, field.convert, field.pool = None, None, None, None
        field.align = None if width else field.align
        field.index = field.index if can_be_indexed(field) else None
        field.atomic, field.external = field.atomic and can_be_atomic(field), False
        if not isinstance(innermost(type_), (Int, Float, Enum)):
            convert = [loss for loss in convert if loss == "truncate"]
        if convert and self.rng.random() < 0.25:
            field.convert = self.rng.choice(convert)
        note = f" MOLT_CONVERT({field.convert})" if field.convert else ""
        return f"{struct.name}: {before} -> {field!r}{note}"

    def insert(self, struct, field):
        rng = self.rng
        end = len(struct.fields) - (struct.tail is not None)
        at = end if rng.random() < 0.25 else rng.randint(0, end)
        struct.fields.insert(at, field)
        before = struct.fields[at - 1].group if at else None
        after = struct.fields[at + 1].group if at + 1 < len(struct.fields) else None
        if before and before == after:
            field.group = before  # an anonymous struct is not cut in two


def _plain(field):
    """Without an annotated default, which would leave open what an untouched value is."""
    return (field.default is None and field.origin.default is None and not field.transient and
            not field.external)


# ---- fields -------------------------------------------------------------------------------------

def add(ed):
    if ed.rng.random() < 0.1:
        return add_variable(ed)
    struct = ed.rng.choice(ed.program.structs)
    field = random_field(ed.rng, ed.program, struct, ed.namer, "n")
    if field.default is None and ed.rng.random() < 0.4:
        field.default = random_default(ed.rng, field.type, field.width)
    ed.insert(struct, field)
    return f"{struct.name}: + {field!r}{' with a default' if field.default is not None else ''}"


def add_variable(ed):
    field = random_variable(ed.rng, ed.program, ed.namer, "n")
    ed.program.variables.fields.append(field)
    return f"+ variable {field!r}{' with an initialiser' if field.default is not None else ''}"


def edit_initialiser(ed):
    found = [f for f in ed.program.variables.fields if f.origin and f not in ed.retyped and
             can_default(f.type) and f.type is not TEXT and not f.atomic]
    if not found:
        return None
    field = ed.rng.choice(found)
    ed.retyped.add(field)
    field.default = random_default(ed.rng, field.type, None)
    return f"variable {field!r}: another initialiser"


def add_struct(ed):
    struct = random_struct(ed.rng, ed.program, ed.namer, ed.rng.randint(1, 4))
    for field in struct.fields:
        field.required = False
        if field.default is None and ed.rng.random() < 0.5:
            field.default = random_default(ed.rng, field.type, field.width)
    holder = ed.rng.choice([s for s in ed.program.structs if s is not struct])
    type_ = ed.rng.choice([Pointer(struct), struct, Array(struct, 2)])
    if not isinstance(type_, Pointer) and ed.program.holds(struct, holder):
        type_ = Pointer(struct)
    field = Field(ed.namer("n"), type_)
    ed.insert(holder, field)
    return f"+ {struct!r}; {holder.name}: + {field!r}"


def remove(ed):
    chosen = ed.field(lambda f: True)
    if not chosen or len(chosen[0].fields) < (3 if chosen[0].tail else 2) and not chosen[0].is_variables:
        return None
    struct, field = chosen
    struct.fields.remove(field)
    return f"{struct.name}: - {field!r}"


def claim(struct, field, name):
    """One field of a struct may have a note of the name: an earlier one had its day."""
    for other in struct.fields:
        other.was = [each for each in other.was if each != name]
    field.was = field.was + [name]


def renamed(ed, struct, field):
    """Gives the field another name, with a note; the old name, or None where an earlier note has to stay."""
    if not ed.notes_go and any(field.name in other.was for other in struct.fields):
        return None
    old, field.name = field.name, ed.name(struct, "r")
    claim(struct, field, old)
    return old


def forget_notes(ed):
    """The notes of earlier versions go, as they may once their edit is done."""
    if not ed.notes_go:
        return None
    holders = [struct for struct in ed.program.holders if any(f.was and not f.late for f in struct.fields)]
    holders += [item for item in ed.program.structs + ed.program.enums if item.was]
    if not holders:
        return None
    chosen = ed.rng.choice(holders)
    if isinstance(chosen, Struct):
        for field in chosen.fields:
            field.was = field.was if field.late else []
    chosen.was = []
    return f"{chosen!r}: its notes go"


def rename(ed):
    chosen = ed.field(lambda f: f.name == f.origin.name and not f.is_unnamed)
    if not chosen:
        return None
    struct, field = chosen
    old = renamed(ed, struct, field)
    return f"{struct.name}: {old} -> {field!r} with MOLT_WAS" if old else None


def rename_without(ed):
    chosen = ed.field(lambda f: not f.required and f.name == f.origin.name and not f.is_unnamed)
    if not chosen:
        return None
    struct, field = chosen
    old, field.name = field.name, ed.name(struct, "r")
    if keeps_note(struct, field):
        return f"{struct.name}: {old} -> {field!r} with an earlier MOLT_WAS"
    field.origin, field.left = None, field.origin
    return f"{struct.name}: {old} -> {field!r} without MOLT_WAS"


def annotate_late(ed):
    """The note that the version before should have had, for a field that holds no struct."""
    found = []
    for struct in ed.program.structs:
        taken = {f.name for f in struct.fields} | {f.name for f in struct.origin.fields} if (
            struct.origin) else set()
        for field in struct.fields if struct.origin else ():
            left = field.origin.left if field.origin else None
            if left is not None and field.late is None and left.name not in taken and not (
                    field is struct.tail or field.transient or field.external or isinstance(innermost(field.type), Struct)):
                found.append((struct, field, left))
    if not found:
        return None
    struct, field, left = ed.rng.choice(found)
    field.late = ed.program.version - 2, left
    claim(struct, field, left.name)
    return f"{struct.name}: {field!r} now says MOLT_WAS of {left.name}"


def rename_and_retype(ed):
    chosen = ed.field(lambda f: f.name == f.origin.name and not f.is_unnamed and isinstance(f.type, (Int, Float))
                      and not f.width)
    if not chosen:
        return None
    struct, field = chosen
    words = _number(ed, chosen, random_number(ed.rng, ed.program))
    old = renamed(ed, struct, field) if words else None
    return f"{words}; {old} renamed to {field.name} with MOLT_WAS" if old else words


def swap_names(ed):
    first = ed.field(lambda f: f.name == f.origin.name and not f.is_unnamed and not f.was)
    if not first:
        return None
    struct, one = first
    others = [f for f in struct.fields if f is not one and f.origin and f.name == f.origin.name and not f.is_unnamed
              and not f.was]
    if not others:
        return None
    two = ed.rng.choice(others)
    if not ed.notes_go and any(f.name in other.was for other in struct.fields for f in (one, two)):
        return None
    one.name, two.name = two.name, one.name
    claim(struct, one, two.name)
    claim(struct, two, one.name)
    return f"{struct.name}: {one.name} and {two.name} swap their names with MOLT_WAS"


def reuse_name(ed):
    chosen = ed.field(lambda f: f.name == f.origin.name and not f.is_unnamed and not f.was)
    if not chosen:
        return None
    struct, field = chosen
    old = renamed(ed, struct, field)
    if not old:
        return None
    if struct.is_variables:
        added = random_variable(ed.rng, ed.program, ed.namer)
    else:
        added = random_field(ed.rng, ed.program, struct, ed.namer)
    added.name = old
    ed.insert(struct, added)
    return f"{struct.name}: {old} -> {field!r} with MOLT_WAS, and a new {added!r}"


def claim_twice(ed):
    """Refused: the field's own value and the one its note claims both want the place."""
    first = ed.field(lambda f: f.name == f.origin.name and not f.is_unnamed and not f.was and f.scope is None and
                     not isinstance(f.type, Flexible))
    if not first:
        return None
    struct, kept = first
    others = [f for f in struct.fields if f is not kept and f.origin and f.name == f.origin.name and not f.is_unnamed and
              f is not struct.tail]
    if not others or ed.claimed:
        return None
    ed.claimed = True
    gone = ed.rng.choice(others)
    struct.fields.remove(gone)
    kept.was, kept.origin = [gone.name], gone.origin
    ed.retyped.add(kept)
    return f"{struct.name}: - {gone!r}, and {kept.name} says MOLT_WAS of it"


def add_required(ed):
    struct = ed.rng.choice([s for s in ed.program.structs if s.origin])
    field = Field(ed.namer("n"), random_number(ed.rng, ed.program))
    field.required = True
    ed.insert(struct, field)
    return f"{struct.name}: + {field!r} MOLT_REQUIRED"


def reorder(ed):
    struct = ed.rng.choice(ed.program.structs)
    if len(struct.fields) < 2:
        return None
    tail = [struct.fields.pop()] if struct.tail else []
    ed.rng.shuffle(struct.fields)
    struct.fields += tail
    for i, field in enumerate(struct.fields):  # neighbours only: members of a group stay one struct
        near = [f.group for f in struct.fields[max(i - 1, 0):i]]
        if field.group and field.group not in near and any(
                f.group == field.group for f in struct.fields[:i]):
            field.group = ed.namer("g")
    return f"{struct.name}: reordered to {', '.join(f.name for f in struct.fields)}"


def respell(ed):
    chosen = ed.field(lambda f: isinstance(f.type, (Int, Float)) and not f.atomic and
                      f.type.spelling in RESPELLED)
    if not chosen:
        return None
    struct, field = chosen
    field.respell = RESPELLED[field.type.spelling]
    if struct.is_variables:  # a constant would be no variable
        field.respell = field.respell.replace("const", "volatile")
    return f"{struct.name}: {field.name} spelled {field.respell}"


def wrap(ed):
    struct = ed.rng.choice(ed.program.structs)
    if any(f.group for f in struct.fields):
        for field in struct.fields:
            field.group = None
        return f"{struct.name}: anonymous structs unwrapped"
    if len(struct.fields) < 2:
        return None
    first = ed.rng.randrange(len(struct.fields) - 1)
    group = ed.namer("g")
    for field in struct.fields[first:first + 3]:
        field.group = group if field is not struct.tail else None
    return f"{struct.name}: fields from {struct.fields[first].name} on in an anonymous struct"


# ---- numbers ------------------------------------------------------------------------------------

def _with_element(type_, inner):
    return Array(_with_element(type_.elem, inner), type_.length) if isinstance(type_, Array) else inner


def _number(ed, chosen, number, width=None):
    _, field = chosen
    if not _plain(field):
        return None
    old = innermost(field.type)
    losses = ["saturate"]
    if isinstance(old, Float) and not isinstance(number, Float):
        losses = ["saturate", "trunc", "round"]
    elif isinstance(number, Float):
        losses = ["round", "saturate"]
    return ed.retype(chosen, _with_element(field.type, number), width, losses)


def _has(kinds, flat=False):
    return lambda f: not is_special(f.type) and isinstance(innermost(f.type), kinds) and not f.width and not is_text(f.type) and not (
        isinstance(f.type, Array) and (flat or is_text(f.type.elem))) and _plain(f)


def _retype_int(ed, accept):
    chosen = ed.field(_has(Int))
    if not chosen:
        return None
    old = innermost(chosen[1].type)
    fits = [each for each in INTS if accept(old, each)]
    return _number(ed, chosen, ed.rng.choice(fits)) if fits else None


def widen(ed):
    return _retype_int(ed, lambda old, new: new.bits > old.bits and (new.signed or not old.signed))


def narrow(ed):
    return _retype_int(ed, lambda old, new: new.bits < old.bits)


def change_sign(ed):
    return _retype_int(ed, lambda old, new: new.bits == old.bits and new.signed != old.signed)


def int_to_float(ed):
    chosen = ed.field(_has((Int, Bool)))
    return _number(ed, chosen, ed.rng.choice(FLOATS)) if chosen else None


def float_to_int(ed):
    chosen = ed.field(_has(Float))
    return _number(ed, chosen, ed.rng.choice(INTS)) if chosen else None


def float_to_float(ed):
    chosen = ed.field(_has(Float))
    if not chosen:
        return None
    old = innermost(chosen[1].type)
    return _number(ed, chosen, ed.rng.choice([each for each in FLOATS if each is not old]))


def to_bool(ed):
    chosen = ed.field(_has((Int, Float, Enum)))
    return _number(ed, chosen, BOOL) if chosen else None


def bool_to_int(ed):
    chosen = ed.field(_has(Bool))
    return _number(ed, chosen, ed.rng.choice(INTS)) if chosen else None


def enum_to_number(ed):
    chosen = ed.field(_has(Enum))
    return _number(ed, chosen, random_number_without_enum(ed)) if chosen else None


def random_number_without_enum(ed):
    return ed.rng.choice(INTS[1:11] + [FLOAT, DOUBLE, LONG_DOUBLE])


def number_to_enum(ed):
    chosen = ed.field(_has((Int, Bool, Float)))
    enums = [e for e in ed.program.enums if e.origin]
    return _number(ed, chosen, ed.rng.choice(enums)) if chosen and enums else None


def resize_bits(ed):
    chosen = ed.field(lambda f: f.width and isinstance(f.type, (Int, Enum)) and _plain(f))
    if not chosen:
        return None
    field = chosen[1]
    width = random_width(ed.rng, field.type)
    return ed.retype(chosen, field.type, width, ["saturate"]) if width and width != field.width else None


def to_bits(ed):
    chosen = ed.field(lambda f: not f.width and isinstance(f.type, (Int, Bool, Enum)) and _plain(f) and
                      f.scope is None and getattr(f.type, "bits", 32) <= 64)
    if not chosen:
        return None
    type_ = chosen[1].type
    if isinstance(type_, Int) and type_.is_char:
        return None
    width = random_width(ed.rng, type_)
    return ed.retype(chosen, type_, width, ["saturate"]) if width else None


def from_bits(ed):
    chosen = ed.field(lambda f: f.width and _plain(f))
    if not chosen:
        return None
    new = ed.rng.choice([chosen[1].type, random_number_without_enum(ed), BOOL])
    return ed.retype(chosen, new, None, ["saturate"])


# ---- arrays and texts ---------------------------------------------------------------------------

def _is_array(field):
    return isinstance(field.type, Array) and not is_text(field.type) and not is_special(
        field.type) and _plain(field)


def _near(rng, length, least=1):
    return max(least, rng.choice([length - 2, length - 1, length + 1, length + 2, length + 5]))


def resize_array(ed):
    chosen = ed.field(_is_array)
    if not chosen:
        return None
    type_ = chosen[1].type
    new = Array(type_.elem, _near(ed.rng, type_.length))
    if rank(type_) > 1 and not is_text(type_.elem) and ed.rng.random() < 0.6:
        inner = Array(type_.elem.elem, _near(ed.rng, type_.elem.length))
        new = Array(inner, ed.rng.choice([type_.length, new.length]))
    return ed.retype(chosen, new, None, ["truncate"])


def reshape(ed):
    chosen = ed.field(lambda f: _is_array(f) and not is_text(f.type.elem))
    if not chosen:
        return None
    type_ = chosen[1].type
    inner = innermost(type_)
    if rank(type_) == 1:
        new = Array(Array(inner, ed.rng.randint(1, 3)), ed.rng.randint(1, 3))
    elif ed.rng.random() < 0.5:
        new = Array(inner, ed.rng.randint(1, 6))
    else:
        new = Array(Array(inner, type_.length), type_.elem.length)
        if type_.length == type_.elem.length:
            return None
    return ed.retype(chosen, new)


def scalar_to_array(ed):
    chosen = ed.field(lambda f: isinstance(f.type, (Int, Bool, Float, Enum, Struct, Pointer)) and
                      not f.width and _plain(f) and leaves(f.type) <= 8)
    if not chosen:
        return None
    type_ = chosen[1].type
    return ed.retype(chosen, Array(type_, ed.rng.randint(1, 4)))


def array_to_scalar(ed):
    chosen = ed.field(lambda f: _is_array(f) and rank(f.type) == 1)
    return ed.retype(chosen, chosen[1].type.elem, None, ["truncate"]) if chosen else None


def resize_text(ed):
    chosen = ed.field(lambda f: (is_text(f.type) or is_text(getattr(f.type, "elem", None))) and _plain(f))
    if not chosen:
        return None
    type_ = chosen[1].type
    if is_text(type_):
        new = Array(CHAR, _near(ed.rng, type_.length))
    else:
        rows = ed.rng.choice([type_.length, type_.length + 1, max(1, type_.length - 1)])
        new = Array(Array(CHAR, _near(ed.rng, type_.elem.length)), rows)
    return ed.retype(chosen, new, None, ["truncate"])


def text_to_heap(ed):
    chosen = ed.field(lambda f: is_text(f.type) and _plain(f))
    return ed.retype(chosen, TEXT) if chosen else None


def heap_to_text(ed):
    chosen = ed.field(lambda f: f.type is TEXT and _plain(f))
    return ed.retype(chosen, Array(CHAR, ed.rng.choice([1, 4, 8, 16, 64])), None,
                     ["truncate"]) if chosen else None


def text_to_numbers(ed):
    chosen = ed.field(lambda f: is_text(f.type) and _plain(f))
    if not chosen:
        return None
    return ed.retype(chosen, Array(ed.rng.choice([INTS[1], INTS[2], INTS[5]]), chosen[1].type.length))


# ---- pointers and structs -----------------------------------------------------------------------

def _points_at_struct(field):
    return isinstance(field.type, Pointer) and isinstance(field.type.to, Struct) and _plain(field)


def retype_pointer(ed):
    chosen = ed.field(_points_at_struct)
    others = [s for s in ed.program.structs if chosen and s is not chosen[1].type.to]
    return ed.retype(chosen, Pointer(ed.rng.choice(others))) if others else None


def to_void_pointer(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Pointer) and not is_function(f.type) and
                      f.type.to is not VOID and _plain(f))
    return ed.retype(chosen, Pointer(VOID)) if chosen else None


def from_void_pointer(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Pointer) and f.type.to is VOID and _plain(f))
    structs = [s for s in ed.program.structs if s.origin]
    return ed.retype(chosen, Pointer(ed.rng.choice(structs))) if chosen else None


def pointer_to_value(ed):
    chosen = ed.field(_points_at_struct)
    if not chosen:
        return None
    struct = chosen[1].type.to
    if struct.tail or ed.program.holds(struct, chosen[0]) or leaves(struct) > LEAF_LIMIT / 4 or ed.rng.random() < 0.1:
        struct = struct_to_hold(ed.rng, ed.program, chosen[0])
    return ed.retype(chosen, struct) if struct else None


def value_to_pointer(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Struct) and _plain(f))
    return ed.retype(chosen, Pointer(chosen[1].type)) if chosen else None


def number_to_pointer(ed):
    chosen = ed.field(lambda f: isinstance(f.type, (Int, Float)) and not f.width and _plain(f))
    return ed.retype(chosen, ed.rng.choice([TEXT, Pointer(VOID), Pointer(ed.program.state)])) if chosen else None


def swap_struct_type(ed):
    chosen = ed.field(lambda f: isinstance(f.type, Struct) and _plain(f))
    if not chosen:
        return None
    other = struct_to_hold(ed.rng, ed.program, chosen[0])
    return ed.retype(chosen, other) if other and other is not chosen[1].type else None


def change_signature(ed):
    chosen = ed.field(lambda f: is_function(f.type) and _plain(f))
    if not chosen:
        return None
    others = [s for s in SIGNATURES if s is not chosen[1].type.to]
    return ed.retype(chosen, Pointer(ed.rng.choice(others)))


def remove_function(ed):
    name = ed.rng.choice(list(ed.program.functions))
    del ed.program.functions[name]
    return f"- function {name}"


def shuffle_functions(ed):
    items = list(ed.program.functions.items())
    ed.rng.shuffle(items)
    ed.program.functions = {f"{ed.program.prefix}_{ed.namer('act')}": Function("void", ["void *"])}
    ed.program.functions.update(items)
    return "functions in another order, one added"


def rename_struct(ed):
    struct = ed.rng.choice([s for s in ed.program.structs if s.origin])
    if struct.was or struct.name != struct.origin.name:
        return None
    old, struct.name = struct.name, f"{ed.program.prefix}_{ed.namer('S')}"
    struct.was = struct.was + [old]
    return f"{old} -> {struct!r} with MOLT_WAS"


def rename_struct_without(ed):
    structs = [s for s in ed.program.structs if s.origin and s is not ed.program.state and not s.was]
    if not structs:
        return None
    struct = ed.rng.choice(structs)
    old, struct.name = struct.name, f"{ed.program.prefix}_{ed.namer('S')}"
    struct.origin = None
    forget_pools(ed, struct)
    for field in struct.fields:
        field.origin, field.required = None, False
    return f"{old} -> {struct!r} without MOLT_WAS"


def forget_pools(ed, struct):
    for field in ed.program.state.fields:
        field.pool = field.pool if field.pool is not struct else None


def remove_struct(ed):
    structs = [s for s in ed.program.structs if s.origin and s is not ed.program.state]
    if not structs:
        return None
    struct = ed.rng.choice(structs)
    if any(mentions(variant, struct) for variant in ed.program.variants):
        return None
    for other in ed.program.structs:
        kept = [f for f in other.fields if not mentions(f.type, struct) and f is not other.tail]
        if not kept and other is not struct:
            return None
    for other in ed.program.holders:
        other.fields = [f for f in other.fields if not mentions(f.type, struct)]
    ed.program.structs.remove(struct)
    forget_pools(ed, struct)
    ed.program.tables = {name: table for name, table in ed.program.tables.items() if table[0] is not struct}
    return f"- {struct!r} and all fields that mention it"


# (weight, edit); the common ones as the histories of real programs have them
EDITS = [
    (56, add), (4, add_struct), (23, remove), (7, rename), (2, rename_without), (2, rename_and_retype),
    (1, swap_names), (1, reuse_name), (4, reorder), (1, respell), (1, wrap),
    (2, widen), (1, narrow), (2, change_sign), (1, int_to_float), (1, float_to_int), (1, float_to_float),
    (1, to_bool), (0.5, bool_to_int), (0.7, enum_to_number), (0.3, number_to_enum),
    (0.5, resize_bits), (0.5, to_bits), (0.5, from_bits),
    (2, resize_array), (0.2, reshape), (1, scalar_to_array), (1, array_to_scalar),
    (1, resize_text), (0.5, text_to_heap), (0.5, heap_to_text), (0.2, text_to_numbers),
    (0.4, retype_pointer), (0.5, to_void_pointer), (0.2, from_void_pointer), (1, pointer_to_value),
    (1, value_to_pointer), (0.1, number_to_pointer), (0.2, swap_struct_type),
    (0.2, change_signature), (0.3, remove_function), (0.5, shuffle_functions),
    (1, rename_struct), (0.1, rename_struct_without), (0.3, remove_struct),
    (0.6, edit_initialiser), (0.1, claim_twice), (0.1, add_required), *ENUM_EDITS, *LAYOUT_EDITS,
    *MOVING_EDITS,
]


def settle_names(ed):
    """A new field takes an old name only while a MOLT_WAS claims that name's value: an edit may have
    removed the claim, and the name alone would then claim it."""
    for struct in ed.program.holders:
        if not struct.origin:
            continue
        claimed = {f.origin.name for f in struct.fields if f.origin}
        for field in struct.fields:
            if not field.origin and field.name not in claimed and any(
                    f.name == field.name for f in struct.origin.fields):
                field.name = ed.name(struct, "n")


def settle_indices(ed):
    """The note goes from an array that an edit of its enum has made too short for it."""
    for struct in ed.program.structs:
        for field in struct.fields:
            if field.index and not index_fits(field.index, field.type):
                field.index = None


def edit_at_random(ed):
    return weighted(ed.rng, EDITS)(ed)
