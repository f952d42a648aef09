"""The live state of a program's first version: heap objects with random values that point at each other.

Values: int (also bool and enum), Real, bytes for char[N], list for other arrays, {field: value} for
structs, and for pointers None or one of the classes below.
"""

from declarations import (CHAR, VOID, Arm, Array, Flexible, Float, Function, Int, Pointer, Struct, Union, Variant,
                          innermost, is_special, is_text)
from random_declarations import weighted
from random_values import random_text, random_value
from reals import Real

BIG_BLOCK = 300   # more than one batch of the migration
WALK_LIMIT = 6    # elements of a block that pointers go into


class Ref:
    """Into a heap object; `steps` are fields and indices from the element on."""

    def __init__(self, obj, element=0, steps=()):
        self.obj = obj
        self.element = element
        self.steps = steps

    def __repr__(self):
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s.name}" for s in self.steps)
        return f"&o{self.obj.index}[{self.element}]{steps}"


class Code:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


class Literal:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return repr(self.text)


class Foreign:
    def __init__(self, address):
        self.address = address

    def __repr__(self):
        return hex(self.address)


class Data:
    """An element of a constant table."""

    def __init__(self, name, index):
        self.name = name
        self.index = index

    def __repr__(self):
        return f"&{self.name}[{self.index}]"


class Dangling:
    def __init__(self, obj):
        self.obj = obj

    def __repr__(self):
        return f"freed o{self.obj.index}"


class Copied:
    """A heap copy of a text that a migration made; `shared` by all that pointed at one literal."""

    def __init__(self, text, shared):
        self.text = text
        self.shared = shared

    def __repr__(self):
        return f"copy {self.text!r}"


class Unknown:
    """A value of a later version that the rules leave open."""

    def __repr__(self):
        return "unknown"


UNKNOWN = Unknown()


class Object:
    """Also the program's variables, all of them together."""

    def __init__(self, index, type_, values, single=False, text=False, plain=None):
        self.index = index
        self.plain = plain    # from malloc and its relatives: one of FORMS or TEXT_FORMS, or None
        self.type = type_
        self.values = values  # one per element
        self.single = single
        self.text = text      # a heap string: values are bytes as numbers
        self.freed = False
        self.holder = None    # of a pool: the object with the pointer that says so

    @property
    def is_variables(self):
        return isinstance(self.type, Struct) and self.type.is_variables

    def string(self):
        return bytes(self.values)


PLAIN = 0.4  # of the objects are plain memory
# How: in one call, in memory with other bytes before, grown twice, by a wrapper, with the size in a variable.
FORMS = ["calloc", "malloc", "realloc", "wrapper", "variable"]
TEXT_FORMS = ["strdup", "strndup", "malloc"]
FILLED = 4  # elements that are written field by field, whatever they are


def can_be_plain(type_):
    """A struct that begins with another one cannot be told from that, where it has nothing else."""
    return not isinstance(type_, Struct) or not type_.fields or not isinstance(
        innermost(type_.fields[0].type), Struct)


def plain_form(rng, type_, count):
    """How a block comes out of plain memory; None where it does not."""
    if rng.random() >= PLAIN or not can_be_plain(type_):
        return None
    forms = [form for form in FORMS if form != "malloc" or count <= FILLED]
    if isinstance(type_, Struct) and type_.tail:
        forms = ["calloc", "malloc", "wrapper"]
    return rng.choice(forms)


def initial_value(field):
    """What a variable begins with."""
    return zero_value(field.type) if field.default is None else field.default


def zero_value(type_):
    if isinstance(type_, Variant):
        arm, entry = next(each for each in type_.arms if each[1].value == 0)
        return Arm(arm, entry.value, zero_value(arm.type))
    if is_text(type_):
        return bytes(type_.length)
    if isinstance(type_, Union):
        return bytes(type_.size())
    if isinstance(type_, Array):
        return [zero_value(type_.elem) for _ in range(type_.length)]
    if isinstance(type_, Struct):
        return {field: zero_value(field.type) for field in type_.fields}
    if isinstance(type_, Float):
        return Real.of(0)
    return None if isinstance(type_, Pointer) else 0


def plain_value(rng, type_, live=True, field=None):
    """A value without its pointers, which come when there is something to point at."""
    if isinstance(type_, Variant):
        return chosen_arm(rng, type_) if live else zero_value(type_)
    if isinstance(type_, Struct):
        return {f: plain_value(rng, f.type, live, f) for f in type_.fields}
    if field is not None and field.default is not None and rng.random() < 0.3 and not isinstance(
            type_, Pointer):
        return field.default
    if isinstance(type_, Union):
        some = live and rng.random() < 0.8
        return bytes(rng.randrange(256) if some else 0 for _ in range(type_.size()))
    if is_text(type_):
        return random_text(rng, type_.length) if live else bytes(type_.length)
    if isinstance(type_, Array):
        if live and rng.random() < 0.12:
            return zero_value(type_)  # arrays that only hold zeros reshape
        return [plain_value(rng, type_.elem, live) for _ in range(type_.length)]
    if isinstance(type_, Pointer):
        return None
    if not live:
        return zero_value(type_)
    return random_value(rng, type_, field.width if field else None)


def fill_tail(rng, struct, value):
    """Gives the flexible array some elements."""
    length = BIG_BLOCK if rng.random() < 0.03 else rng.randint(0, 5)
    value[struct.tail] = [plain_value(rng, struct.tail.type.elem) for _ in range(length)]
    for field in struct.fields:
        if field.counts and isinstance(field.type, Int) and field.type.range(field.width)[1] >= length:
            value[field] = length


def chosen_arm(rng, variant):
    """Whole numbers only: what goes of it is told by bytes."""
    arm, entry = rng.choice(variant.arms)
    if isinstance(arm.type, Float):
        return Arm(arm, entry.value, Real.of(rng.randint(0, 1 << 20)))
    return Arm(arm, entry.value, plain_value(rng, arm.type))


def tells_end(struct, i):
    """Whether one past the end of the array at `i` can be told from the field that follows."""
    field = struct.fields[i]
    if not isinstance(field.type, Array) or is_text(field.type) or i + 1 == len(struct.fields):
        return False
    following = struct.fields[i + 1]
    if isinstance(following.type, Variant):
        return False
    if following.width or following.type is field.type.elem or isinstance(following.type, Union):
        return False
    starts, type_ = {repr(following.type)}, following.type
    while isinstance(type_, (Array, Struct)):
        type_ = type_.elem if isinstance(type_, Array) else type_.fields[0].type
        if isinstance(type_, Union):
            return False
        starts.add(repr(type_))
    return repr(field.type.elem) not in starts


class State:
    def __init__(self, rng, program):
        self.rng = rng
        self.program = program
        self.objects = []
        self.places = {}
        self.interiors = []
        self._make_objects()
        self._find_places()
        for obj in list(self.objects):
            self._point(obj)
        self.root = self.objects[0]

    # ---- objects

    def add(self, type_, count, single=False):
        if isinstance(type_, Struct) and type_.tail:
            count, single = 1, True
        values = [plain_value(self.rng, type_, i < WALK_LIMIT or i % 97 == 0) for i in range(count)]
        if isinstance(type_, Struct) and type_.tail:
            fill_tail(self.rng, type_, values[0])
        plain = plain_form(self.rng, type_, count)
        obj = Object(len(self.objects), type_, values, single, plain=plain)
        self.objects.append(obj)
        return obj

    def add_string(self, data):
        plain = self.rng.choice(TEXT_FORMS) if self.rng.random() < PLAIN else None
        obj = Object(len(self.objects), CHAR, list(data + b"\0"), text=True, plain=plain)
        self.objects.append(obj)
        return obj

    def _make_objects(self):
        rng, program = self.rng, self.program
        self.add(program.state, 1, single=True)
        for struct in program.structs:
            for _ in range(rng.randint(1, 2) if struct is not program.state else rng.randint(0, 1)):
                single = rng.random() < 0.5
                count = 1 if single else BIG_BLOCK if rng.random() < 0.02 else rng.randint(1, 4)
                self.add(struct, count, single)
        pointees = {}
        for struct in program.holders:
            for field in struct.fields:
                inner = field.type
                while isinstance(inner, Array):
                    inner = inner.elem
                if isinstance(inner, Pointer) and not isinstance(inner.to, (Struct, Function)):
                    if inner.to not in (VOID, CHAR):
                        pointees[repr(inner.to)] = inner.to
        for type_ in pointees.values():
            self.add(type_, rng.randint(1, 5))
        for field in program.state.fields:
            if field.pool:
                pool = self.add(field.pool, rng.randint(1, 5))
                pool.plain, pool.holder = "pool", self.objects[0]
                self.objects[0].values[0][field] = Ref(pool)
        variables = self.add(program.variables, 1, single=True)
        for field in program.variables.fields:
            if rng.random() < 0.3:
                variables.values[0][field] = initial_value(field)
        if rng.random() < 0.15:
            freed = self.add(rng.choice(program.structs), 1, single=True)
            freed.freed = freed is not self.objects[0]

    # ---- places that pointers may point at

    def _find_places(self):
        for obj in self.objects:
            if obj.freed:
                continue
            for element in range(min(len(obj.values), WALK_LIMIT)):
                self._walk(obj.type, Ref(obj, element), False)
            if not obj.single:
                self._place(obj.type, Ref(obj, len(obj.values)))

    def _place(self, type_, ref):
        self.places.setdefault(repr(type_), []).append(ref)

    def _walk(self, type_, ref, inside):
        variables = isinstance(type_, Struct) and type_.is_variables
        if not variables:
            self._place(type_, ref)
        if isinstance(type_, Struct):
            for i, field in enumerate(type_.fields):
                if field.width or field.atomic or field.is_unnamed or is_special(field.type) and not isinstance(
                        field.type, Flexible):
                    continue
                place = Ref(ref.obj, ref.element, ref.steps + (field,))
                if isinstance(field.type, Flexible) and not ref.obj.values[0][field]:
                    continue
                if i > 0 or variables:
                    self.interiors.append(place)
                self._walk(field.type, place, True)
                if not variables and tells_end(type_, i):
                    self._place(field.type.elem,
                                Ref(ref.obj, ref.element, place.steps + (field.type.length,)))
        elif isinstance(type_, Array):
            count = type_.length
            if isinstance(type_, Flexible):
                count = min(len(ref.obj.values[0][ref.steps[-1]]), WALK_LIMIT)
            for i in range(count):
                self._walk(type_.elem, Ref(ref.obj, ref.element, ref.steps + (i,)), inside)

    # ---- pointers

    def _point(self, obj):
        for i, value in enumerate(obj.values[:WALK_LIMIT]):
            obj.values[i] = self._pointed(obj.type, value, None)

    def _pointed(self, type_, value, field):
        if isinstance(type_, Struct):
            return {f: self._external() if f.external else value[f] if f.pool else
                    self._pointed(f.type, value[f], f)
                    for f in type_.fields}
        if isinstance(type_, Array) and not is_text(type_):
            last = WALK_LIMIT if isinstance(type_, Flexible) else len(value)
            return [self._pointed(type_.elem, each, None) for each in value[:last]] + value[last:]
        if isinstance(type_, Variant):
            return Arm(value.field, value.number, self._pointed(value.field.type, value.value, None))
        return self.random_pointer(type_.to) if isinstance(type_, Pointer) else value

    def _external(self):
        return Foreign(16 * self.rng.randint(1, 200)) if self.rng.random() < 0.8 else None

    def random_pointer(self, to):
        rng = self.rng
        if rng.random() < 0.15:
            return None
        tables = [(name, values) for name, (type_, values) in self.program.tables.items()
                  if type_ is to or to is VOID]
        if tables and rng.random() < 0.12:
            name, values = rng.choice(tables)
            return Data(name, rng.randrange(len(values)))
        if isinstance(to, Function):
            names = [name for name, each in self.program.functions.items() if repr(each) == repr(to)]
            return Code(rng.choice(names))
        if to is VOID:
            return self._void_pointer()
        if to is CHAR:
            return self._text_pointer()
        if isinstance(to, Struct):
            freed = [o for o in self.objects if o.freed and o.type is to]
            if freed and rng.random() < 0.2:
                return Dangling(freed[0])
            starts = [o for o in self.objects if o.type is to and not o.freed]
            if starts and rng.random() < 0.6:
                return Ref(rng.choice(starts))
        places = self.places.get(repr(to))
        return rng.choice(places) if places else None

    def _void_pointer(self):
        rng = self.rng
        kind = weighted(rng, [(5, "object"), (2, "element"), (3, "inside"), (1, "foreign"), (1, "code")])
        obj = rng.choice([o for o in self.objects if not o.freed and not o.is_variables])
        if kind == "element":
            return Ref(obj, rng.randint(0, min(len(obj.values), WALK_LIMIT) - 1))
        if kind == "inside" and self.interiors:
            place = rng.choice(self.interiors)
            # through the address of a field anything may be put there, which contradicts its MOLT_POOL
            return None if getattr(place.steps[-1], "pool", None) else place
        if kind == "foreign":
            return Foreign(16 * rng.randint(1, 200))
        if kind == "code":
            return Code(rng.choice(list(self.program.functions)))
        return Ref(obj)

    def _text_pointer(self):
        rng = self.rng
        kind = weighted(rng, [(6, "own"), (1, "shared"), (1, "inside"), (1, "field"), (2, "literal")])
        strings = [o for o in self.objects if o.text]
        if kind == "shared" and strings:
            return Ref(rng.choice(strings))
        if kind == "inside" and strings:
            obj = rng.choice(strings)
            return Ref(obj, rng.randrange(len(obj.values)))
        places = [p for p in self.places.get("char", ()) if p.steps]
        if kind == "field" and places:
            return rng.choice(places)
        length = rng.choice([0, 1, 3, 7, 8, 15, 16, 40, 200]) if rng.random() < 0.5 else rng.randint(0, 12)
        data = bytes(rng.choice(b"abcdefghij klmnopqrstuvwxyz\"\\?") for _ in range(length))
        if kind == "literal":
            text = f"{self.program.prefix} ".encode() + data
            self.program.literals.add(text)
            return Literal(text)
        return Ref(self.add_string(data))
