"""Random declarations: the first version of a program, and new fields, enums and structs for its edits."""

from declarations import (BOOL, CHAR, DOUBLE, FLOAT, INT, INTS, LONG_DOUBLE, TEXT, VOID, Array,
                          Bool, Complex, Enum, Enumerator, Field, Flexible, Float, Function, Int, Pointer,
                          Program, Struct, Union, Variant, Vector, Void, is_special, is_text, lengths)
from random_values import random_value

LEAF_LIMIT = 60  # scalars that a struct may hold by value

SIGNATURES = [Function("void", ["void *"]), Function("int", ["int", "double"]),
              Function("float", ["const char *", "unsigned char"])]


VECTORS = [(FLOAT, 4), (DOUBLE, 2), (INT, 4), (INTS[3], 8)]


class Namer:
    """Names that no declaration of either version has had."""

    def __init__(self):
        self.count = 0

    def __call__(self, stem):
        self.count += 1
        return f"{stem}{self.count}"


def weighted(rng, table):
    """One of a list of (weight, value)."""
    return rng.choices([each for _, each in table], [weight for weight, _ in table])[0]


# ---- enums --------------------------------------------------------------------------------------

def random_enum(rng, program, namer):
    name = f"{program.prefix}_{namer('E')}"
    stem = name.upper()
    count = rng.randint(3, 6)
    if rng.random() < 0.35:
        bits = rng.sample(range(rng.choice([6, 10, 31])), count)
        entries = [Enumerator(f"{stem}_{i}", 1 << bit) for i, bit in enumerate(bits)]
        if rng.random() < 0.3:
            entries.insert(0, Enumerator(f"{stem}_NONE", 0))
        return Enum(name, entries, flags=True, packed=rng.random() < 0.2)
    style = weighted(rng, [(5, "plain"), (2, "gaps"), (2, "negative"), (1, "wide")])
    start = {"negative": -rng.randint(1, 300), "wide": rng.choice([1 << 33, -(1 << 40)])}.get(style, 0)
    entries, value = [], start
    for i in range(count):
        entries.append(Enumerator(f"{stem}_{i}", value))
        value += 1 if style == "plain" else rng.randint(1, 90)
    if start and rng.random() < 0.5:
        entries.append(Enumerator(f"{stem}_ZERO", 0) if style != "negative" or all(
            e.value != 0 for e in entries) else Enumerator(f"{stem}_ONE", 1))
    if rng.random() < 0.15:
        entries.append(Enumerator(f"{stem}_ALIAS", rng.choice(entries).value))
    return Enum(name, entries, packed=rng.random() < 0.25)


# ---- types of fields ----------------------------------------------------------------------------

def leaves(type_):
    if isinstance(type_, Array):
        return type_.length * leaves(type_.elem) if not is_text(type_) else 1
    if isinstance(type_, Struct):
        return sum(leaves(field.type) for field in type_.fields)
    return 1


def random_number(rng, program):
    return weighted(rng, [(50, rng.choice(INTS[1:11])), (3, CHAR), (3, rng.choice(INTS[11:])),
                          (8, BOOL), (9, FLOAT), (9, DOUBLE), (3, LONG_DOUBLE),
                          (18, rng.choice(program.enums) if program.enums else INT)])


def random_width(rng, type_):
    """Width of a bit-field of the type that holds its enumerators."""
    if isinstance(type_, Bool):
        return 1
    if isinstance(type_, Int):
        return rng.randint(2 if type_.signed else 1, min(type_.bits, 63))
    bits, signed = type_.storage()
    need = 1
    while not all(type_.range(need)[0] <= e.value <= type_.range(need)[1] for e in type_.enumerators):
        need += 1
    return min(bits, need + rng.randint(0, 2)) if not signed else None


def random_bits(rng, program):
    type_ = weighted(rng, [(4, INT), (4, INTS[6]), (5, rng.choice(INTS[1:11])), (2, BOOL),
                           (3, rng.choice(program.enums))])
    return type_, random_width(rng, type_)


def struct_to_hold(rng, program, holder):
    """A struct that `holder` may hold by value."""
    fits = [s for s in program.structs if s.fields and s is not program.state and not s.tail and not s.only_held and
            leaves(s) <= LEAF_LIMIT / 4 and (holder is None or not program.holds(s, holder))]
    return rng.choice(fits) if fits else None


def random_pointer(rng, program):
    structs = [s for s in program.structs if s.fields] or program.structs
    struct = rng.choice(structs)
    return weighted(rng, [
        (24, Pointer(struct)), (8, TEXT), (6, Pointer(VOID)),
        (5, Pointer(rng.choice([INT, DOUBLE, FLOAT, INTS[2], INTS[7]]))),
        (2, Pointer(rng.choice(program.enums))), (4, Pointer(Pointer(struct))),
        (6, Pointer(rng.choice(SIGNATURES)))])


def random_type(rng, program, holder):
    """(type, width) of a field; the width is None for all but bit-fields."""
    kind = weighted(rng, [(40, "number"), (9, "bits"), (8, "array"), (4, "2-D"), (6, "text"),
                          (2, "texts"), (9, "struct"), (4, "structs"), (24, "pointer"),
                          (2, "pointers"), (2, "complex"), (2, "vector"), (2, "union"),
                          (3, "variant")])
    struct = struct_to_hold(rng, program, holder) if kind in ("struct", "structs") else None
    if kind == "bits":
        type_, width = random_bits(rng, program)
        if width:
            return type_, width
    if kind == "array":
        return Array(random_number(rng, program), rng.randint(1, 6)), None
    if kind == "2-D":
        return Array(Array(random_number(rng, program), rng.randint(1, 4)), rng.randint(1, 4)), None
    if kind == "text":
        return Array(CHAR, rng.choice([1, 4, 8, 16, 33])), None
    if kind == "texts":
        return Array(Array(CHAR, rng.randint(2, 9)), rng.randint(1, 3)), None
    if kind == "structs" and struct and leaves(struct) <= LEAF_LIMIT / 8:
        array = Array(struct, rng.randint(1, 3))
        return (Array(array, 2) if rng.random() < 0.15 else array), None
    if kind in ("struct", "structs") and struct:
        return struct, None
    if kind == "complex":
        return Complex(rng.choice([FLOAT, DOUBLE, LONG_DOUBLE])), None
    if kind == "vector":
        return Vector(*rng.choice(VECTORS)), None
    named = [union for union in program.unions if not union.unnamed]
    if kind == "union" and named:
        return rng.choice(named), None
    if kind == "variant" and program.variants:
        return rng.choice(program.variants), None
    if kind == "pointers":
        return Array(random_pointer(rng, program), rng.randint(1, 3)), None
    if kind == "pointer":
        return random_pointer(rng, program), None
    return random_number(rng, program), None


def can_default(type_):
    if is_special(type_):
        return False
    inner = type_
    while isinstance(inner, Array):
        inner = inner.elem
    return isinstance(inner, (Int, Bool, Float, Enum)) and not (
        isinstance(inner, Int) and inner.bits == 128) or type_ is TEXT


def random_default(rng, type_, width):
    """A value for MOLT_DEFAULT, None where the generator takes none."""
    if not can_default(type_):
        return None
    if type_ is TEXT:
        return bytes(rng.choice(b"abcxyz ") for _ in range(rng.randint(0, 12)))
    return random_value(rng, type_, width, for_source=True)


def random_field(rng, program, holder, namer, stem="f"):
    type_, width = random_type(rng, program, holder)
    field = Field(namer(stem), type_, width)
    if rng.random() < 0.15:
        field.default = random_default(rng, type_, width)
    decorate(rng, field)
    enums = [e for e in program.enums if index_fits(e, Array(INT, 16))]
    if can_be_indexed(field) and enums and rng.random() < 0.3:
        field.index, field.default = rng.choice(enums), None
        least = max(field.type.length, 1 + max(e.value for e in field.index.enumerators))
        field.type = Array(field.type.elem, least + rng.randint(0, 6))
        if not index_fits(field.index, field.type):
            field.index = None
    return field


def random_variable(rng, program, namer, stem="v"):
    """What a field has and a variable cannot is left out. Its default is its initialiser."""
    type_, width = random_type(rng, program, None)
    while width:
        type_, width = random_type(rng, program, None)
    field = Field(f"{program.prefix}_{namer(stem)}", type_)
    if rng.random() < 0.25 and type_ is not TEXT:
        field.default = random_default(rng, type_, None)
    field.atomic = rng.random() < 0.05 and can_be_atomic(field)
    field.scope = program.scope
    if rng.random() < 0.3:
        field.scope = f"game.c:{program.prefix}_{namer('hold')}():"
    return field


def can_be_indexed(field):
    return isinstance(field.type, Array) and not is_text(field.type) and not is_special(
        field.type) and field.scope is None


def index_fits(enum, array):
    """Each enumerator has its element; the last one may be their number. No other dimension is as long:
    it would follow too, which the table of edits has."""
    values = [e.value for e in enum.enumerators]
    length = array.length
    if length in lengths(array)[1:]:
        return False
    return not enum.flags and min(values) >= 0 and max(values[:-1], default=0) < length and values[-1] <= length


def decorate(rng, field):
    """What says nothing of the value."""
    if can_be_atomic(field) and rng.random() < 0.05:
        field.atomic = True
    if not field.width and rng.random() < 0.04:
        field.align = rng.choice([16, 32])
    if rng.random() < 0.03:
        field.gap = rng.choice(["int : 0", "unsigned : 5", "long : 33"])
    if isinstance(field.type, Pointer) and isinstance(field.type.to, (Struct, Void)) and (
            rng.random() < 0.05):
        field.external, field.atomic = True, False


def can_be_atomic(field):
    """Other sizes than these need a library."""
    return (not field.width and field.default is None and not field.respell and not field.transient and
            (isinstance(field.type, (Bool, Enum, Pointer)) or field.type in (FLOAT, DOUBLE) or
             isinstance(field.type, Int) and field.type.bits <= 64))


# ---- programs -----------------------------------------------------------------------------------

def group_some(rng, fields, namer):
    """Puts some neighbours into an anonymous struct."""
    if len(fields) >= 3 and rng.random() < 0.3:
        first = rng.randrange(len(fields) - 1)
        group = namer("g")
        for field in fields[first:first + rng.randint(2, 3)]:
            field.group = group


def random_struct(rng, program, namer, count):
    struct = Struct(f"{program.prefix}_{namer('S')}", [])
    program.structs.append(struct)
    for _ in range(count):
        field = random_field(rng, program, struct, namer)
        if sum(map(leaves, (f.type for f in struct.fields))) + leaves(field.type) > LEAF_LIMIT:
            continue
        # a transient pointer that is kept, its struct being as it was, may still have to refuse
        if rng.random() < 0.03 and can_default(field.type) and field.type is not TEXT and (
                not field.atomic):
            field.transient = True
        if rng.random() < 0.05 and not field.transient and field.default is None:
            field.required = True
        if rng.random() < 0.04:
            field.was = [namer("ancient")]
        struct.fields.append(field)
    if not struct.fields:
        struct.fields.append(Field(namer("f"), INT))
    group_some(rng, struct.fields, namer)
    struct.packing = random_packing(rng)
    return struct


def random_packing(rng):
    return weighted(rng, [(20, None), (2, "packed"), (1, 1), (1, 2), (1, 4)])


def random_union(rng, program, namer):
    """A dump and a reload know its bytes only."""
    members = []
    for i in range(rng.randint(1, 3)):
        type_ = rng.choice(INTS[1:11] + [FLOAT, DOUBLE])
        members.append((f"m{i}", Array(type_, rng.randint(1, 3)) if rng.random() < 0.4 else type_))
    return Union(f"{program.prefix}_{namer('U')}", members)


def random_member(rng):
    type_ = rng.choice([INT, INTS[6], FLOAT])
    return Array(type_, rng.randint(1, 3)) if rng.random() < 0.4 else type_


def add_anonymous_union(rng, program, namer, struct):
    """Its members' names are members of the struct too. They are made of one size, so that the struct's
    packing leaves the union as it is."""
    union = Union(f"{program.prefix}_{namer('U')}", [])
    union.unnamed = True
    union.members = [(namer("m"), random_member(rng)) for _ in range(rng.randint(1, 3))]
    program.unions.append(union)
    field = Field(namer("f"), union)
    struct.fields.insert(rng.randint(0, len(struct.fields) - (struct.tail is not None)), field)
    return field


def random_arm(rng, program, namer):
    if program.structs and rng.random() < 0.4:
        to = weighted(rng, [(4, rng.choice(program.structs)), (1, VOID), (2, CHAR)])
        return Field(namer("a"), TEXT if to is CHAR else Pointer(to))
    type_ = rng.choice(INTS[1:11] + [FLOAT, DOUBLE, Array(CHAR, rng.choice([4, 8]))])
    if not isinstance(type_, Array) and type_ not in (FLOAT, DOUBLE) and rng.random() < 0.3:
        type_ = Array(type_, rng.randint(1, 3))
    return Field(namer("a"), type_)


def random_variant(rng, program, namer):
    """One enumerator is 0, so that the tag selects an arm in new memory too."""
    name = f"{program.prefix}_{namer('V')}"
    numbers = rng.sample(range(4), 4)[:rng.randint(1, 3)]
    numbers = numbers if 0 in numbers else [0] + numbers[1:]
    entries = [Enumerator(f"{name.upper()}_{i}", value) for i, value in enumerate(numbers)]
    arms = [(random_arm(rng, program, namer), entry) for entry in entries]
    return Variant(name, Enum(f"{name}_tag", entries), arms, rng.random() < 0.3)


def add_arm(rng, program, namer, variant):
    entries = variant.tag.enumerators
    entries.append(Enumerator(f"{variant.name.upper()}_{namer('N')}", max(e.value for e in entries) + 1))
    variant.arms.append((random_arm(rng, program, namer), entries[-1]))
    return variant.arms[-1][0]


def random_table(rng, program, namer):
    """Of a number, or of a struct with zeros."""
    name = f"{program.prefix}_{namer('table')}"
    length = rng.randint(2, 4)
    if rng.random() < 0.5:
        type_ = rng.choice([INT, DOUBLE, INTS[2], INTS[7]])
        program.tables[name] = type_, [rng.randint(0, 100) for _ in range(length)]
    else:
        program.tables[name] = rng.choice([s for s in program.structs if not s.tail]), [0] * length


def random_part(rng, program, namer):
    """A few numbers, such as a vector: what other structs hold by value and edits often leave alone."""
    struct = Struct(f"{program.prefix}_{namer('S')}", [])
    for _ in range(rng.randint(1, 4)):
        struct.fields.append(Field(namer("f"), random_number(rng, program)))
    program.structs.append(struct)


def random_flexible(rng, program, namer):
    """A struct that ends in a flexible array."""
    struct = random_struct(rng, program, namer, rng.randint(1, 2))
    count = Field(namer("f"), rng.choice(INTS[3:11]))
    count.counts = True
    struct.fields.append(count)
    kind, held = rng.random(), struct_to_hold(rng, program, struct)
    elem = random_number(rng, program)
    if kind < 0.3 and held:
        elem = held
    elif kind < 0.6:
        elem = Pointer(rng.choice(program.structs))
    struct.fields.append(Field(namer("f"), Flexible(INT if elem is CHAR else elem)))


def random_pool(rng, program, namer):
    """A pointer to memory that the program cuts up itself."""
    fits = [s for s in program.structs if s is not program.state and not s.tail]
    field = Field(namer("f"), Pointer(VOID))
    field.pool = rng.choice(fits)
    program.state.fields.insert(rng.randint(0, len(program.state.fields) - 1), field)


def random_program(rng, prefix, namer):
    program = Program(prefix)
    program.scope = rng.choice(["", "game.c:"])
    program.enums = [random_enum(rng, program, namer) for _ in range(rng.randint(1, 3))]
    program.unions = [random_union(rng, program, namer)]
    program.variants = [random_variant(rng, program, namer)]
    for _ in range(rng.randint(2, 4)):
        random_struct(rng, program, namer, rng.randint(2, 7))
        if rng.random() < 0.4:
            random_part(rng, program, namer)
    program.state = random_struct(rng, program, namer, rng.randint(4, 9))
    if rng.random() < 0.5:
        random_flexible(rng, program, namer)
    if rng.random() < 0.4:
        add_anonymous_union(rng, program, namer, rng.choice(program.structs))
    # what the fields before could not point at yet
    for struct in rng.sample(program.structs, 2):
        struct.fields.insert(0, Field(namer("f"), Pointer(rng.choice(program.structs))))
    if rng.random() < 0.3:
        random_pool(rng, program, namer)
    for _ in range(rng.choice([0, 1, 2, 4])):
        program.variables.fields.append(random_variable(rng, program, namer))
    for variant in program.variants:
        if rng.random() < 0.7:
            add_arm(rng, program, namer, variant)
    for _ in range(rng.randint(1, 2)):
        random_table(rng, program, namer)
    for signature in SIGNATURES:
        for _ in range(2):
            program.functions[f"{prefix}_{namer('act')}"] = signature
    return program
