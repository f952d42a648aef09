"""What a program declares: types, fields, enums and structs, and their text in C.

A declaration of version 2 carries its `origin`, the declaration of version 1 that it comes from: the
edits set it, so that the expectation needs neither names nor notes. Nothing here knows values.
"""


class Type:
    """Base of all types; compared by identity or by `same_scalar`."""


class Void(Type):
    def __repr__(self):
        return "void"


class Int(Type):
    def __init__(self, spelling, bits, signed, is_char=False):
        self.spelling = spelling
        self.bits = bits
        self.signed = signed
        self.is_char = is_char

    def range(self, width=None):
        bits = width or self.bits
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)

    def __repr__(self):
        return self.spelling


class Bool(Type):
    spelling = "bool"
    bits = 8

    def range(self, _width=None):
        return 0, 1

    def __repr__(self):
        return "bool"


class Float(Type):
    def __init__(self, spelling, digits, lowest, largest):
        self.spelling = spelling
        self.digits = digits    # of the significand, in bits
        self.lowest = lowest    # exponent of the smallest denormal
        self.largest = largest  # exponent that the largest number does not reach

    def __repr__(self):
        return self.spelling


class Function(Type):
    """A signature; `params` are C texts with {prefix} where a program's own names stand."""

    def __init__(self, result, params):
        self.result = result
        self.params = params

    def __repr__(self):
        return f"{self.result}({', '.join(self.params)})"


class Pointer(Type):
    def __init__(self, to):
        self.to = to

    def __repr__(self):
        return f"{self.to!r} *"


class Array(Type):
    def __init__(self, elem, length):
        self.elem = elem
        self.length = length

    def __repr__(self):
        return f"{self.elem!r}[{self.length}]"


class Complex(Array):
    """Its real and imaginary part, as an array of two."""

    def __init__(self, part):
        super().__init__(part, 2)
        self.spelling = f"{part.spelling} _Complex"

    def __repr__(self):
        return self.spelling


class Vector(Array):
    def __init__(self, elem, length):
        super().__init__(elem, length)
        self.spelling = f"vector_{elem.spelling}_{length}"

    def __repr__(self):
        return self.spelling


class Flexible(Array):
    """The flexible array at the end of a struct. Only its values say how many elements it has."""

    def __init__(self, elem):
        super().__init__(elem, 0)

    def __repr__(self):
        return f"{self.elem!r}[]"


class Union(Type):
    """Without pointers; a value is its bytes."""

    def __init__(self, name, members):
        self.name = name
        self.members = members  # [(name, type)]
        self.unnamed = False    # declared where the one field that it has the type of is
        self.origin = None
        self.returns = None

    def size(self):
        sizes = [size_of(type_) for _, type_ in self.members]
        align = max(size_of(innermost(type_)) for _, type_ in self.members)
        return (max(sizes) + align - 1) // align * align

    def same(self, other):
        return [(n, repr(t)) for n, t in self.members] == [(n, repr(t)) for n, t in other.members]

    def __repr__(self):
        return f"union {self.name}"


class Variant(Type):
    """A struct of a tag and a union of arms; each is chosen by an enumerator of the tag. A value is an
    Arm."""

    def __init__(self, name, tag, arms, unnamed=False):
        self.name = name
        self.tag = tag
        self.arms = arms  # [(Field, Enumerator)]
        self.unnamed = unnamed  # the union in it is anonymous
        self.origin = None
        self.returns = None

    def shape(self):
        return [(a.name, repr(a.type), e.name, e.value) for a, e in self.arms]

    def same(self, other):
        """Whether it is what `other`, of the version before, was."""
        arms = {a.origin: (a, e) for a, e in self.arms}
        return len(arms) == len(other.arms) and all(
            was in arms and (arms[was][0].name, arms[was][1].name, arms[was][1].value) ==
            (was.name, entry.name, entry.value) and same_type(was.type, arms[was][0].type)
            for was, entry in other.arms)

    def part(self):
        """The name of its union in dumps."""
        return f"<{','.join(arm.name for arm, _ in self.arms)}>" if self.unnamed else "u"

    def __repr__(self):
        return f"tagged union {self.name}"


class Arm:
    def __init__(self, field, number, value):
        self.field = field
        self.number = number  # of the tag
        self.value = value

    def __repr__(self):
        return f"{self.field.name} = {self.value!r}"


class Enumerator:
    def __init__(self, name, value, origin=None):
        self.name = name
        self.value = value
        self.origin = origin
        self.returns = None
        self.was = []
        self.fallback = False


class Enum(Type):
    def __init__(self, name, enumerators, flags=False, packed=False):
        self.name = name
        self.enumerators = enumerators
        self.flags = flags
        self.packed = packed
        self.was = []
        self.origin = None
        self.returns = None

    def storage(self):
        """(bits, signed) as gcc and clang choose them."""
        low = min(e.value for e in self.enumerators)
        high = max(e.value for e in self.enumerators)
        for bits in ((8, 16, 32, 64) if self.packed else (32, 64)):
            signed = low < 0
            if low >= (-(1 << bits - 1) if signed else 0) and high < 1 << (bits - signed):
                return bits, signed
        raise ValueError(f"{self.name} fits no storage")

    def range(self, width=None):
        bits, signed = self.storage()
        return Int("", bits, signed).range(width)

    def named(self, value):
        return any(e.value == value for e in self.enumerators)

    def __repr__(self):
        return f"enum {self.name}"


class Field:
    def __init__(self, name, type_, width=None):
        self.own_name = name
        self.type = type_
        self.width = width      # of a bit-field
        self.was = []
        self.default = None     # a value
        self.convert = None
        self.required = False
        self.transient = False
        self.respell = None     # typedef or qualified spelling of the same type
        self.align = None       # of _Alignas
        self.atomic = False
        self.external = False
        self.pool = None        # the Struct that the block is cut up into
        self.index = None       # the Enum that says what each element of the array is for
        self.gap = None         # an unnamed bit-field in front of it
        self.group = None       # neighbours of one group stand in an anonymous struct
        self.scope = None       # of a variable, as its full name begins
        self.counts = False     # the elements of the flexible array
        self.moved = None       # the old place as MOLT_MOVED says it
        self.origin = None
        self.returns = None     # see origins.py
        self.late = None
        self.left = None        # the field that a rename without a note left behind

    @property
    def name(self):
        """That of an anonymous union is made of its members'."""
        if isinstance(self.type, Union) and self.type.unnamed:
            return f"<{','.join(name for name, _ in self.type.members)}>"
        return self.own_name

    @name.setter
    def name(self, name):
        self.own_name = name

    @property
    def inside(self):
        """The function that a static variable is declared in, or None."""
        return self.scope[len("game.c:"):-len("():")] if self.scope and self.scope.endswith("():") else None

    @property
    def is_unnamed(self):
        return self.name is not self.own_name

    def path(self, struct):
        """How reports name it."""
        return f"{struct.name}.{self.name}" if self.scope is None else self.scope + self.name

    def __repr__(self):
        width = f" : {self.width}" if self.width else ""
        return f"{self.type!r} {self.name}{width}"


VARIABLES = "(globals)"  # the struct whose fields a program's variables are


class Struct(Type):
    def __init__(self, name, fields):
        self.name = name
        self.fields = fields
        self.packing = None  # "packed", or the number of a #pragma pack
        self.moves = []      # [(place in it, place in its origin)], as steps
        self.only_held = False  # by the struct whose fields moved in
        self.was = []
        self.origin = None
        self.returns = None

    @property
    def is_variables(self):
        return self.name == VARIABLES

    @property
    def tail(self):
        """Its flexible array."""
        return self.fields[-1] if self.fields and isinstance(self.fields[-1].type, Flexible) else None

    def __repr__(self):
        return f"struct {self.name}"


VOID = Void()
BOOL = Bool()
CHAR = Int("char", 8, True, True)
INTS = [CHAR] + [Int(*each) for each in (
    ("signed char", 8, True), ("unsigned char", 8, False), ("short", 16, True),
    ("unsigned short", 16, False), ("int", 32, True), ("unsigned int", 32, False),
    ("long", 64, True), ("unsigned long", 64, False), ("long long", 64, True),
    ("unsigned long long", 64, False), ("__int128", 128, True),
    ("unsigned __int128", 128, False), ("wchar_t", 32, True), ("char16_t", 16, False))]
INT = INTS[5]
FLOAT = Float("float", 24, -149, 128)
DOUBLE = Float("double", 53, -1074, 1024)
LONG_DOUBLE = Float("long double", 64, -16445, 16384)
FLOATS = [FLOAT, DOUBLE, LONG_DOUBLE]
TEXT = Pointer(CHAR)


def is_text(type_):
    return isinstance(type_, Array) and type_.elem is CHAR


def size_of(type_):
    """Of the types that unions and tables are made of."""
    if isinstance(type_, Array):
        return type_.length * size_of(type_.elem)
    return {FLOAT: 4, DOUBLE: 8}.get(type_) or type_.bits // 8


def is_special(type_):
    """Whether it is one of the arrays that C does not call so, or goes as a whole in other ways."""
    return isinstance(type_, (Complex, Vector, Variant, Flexible))


def is_number(type_):
    return isinstance(type_, (Int, Bool, Float, Enum))


def is_function(type_):
    return isinstance(type_, Pointer) and isinstance(type_.to, Function)


def rank(type_):
    count = 0
    while isinstance(type_, Array):
        count, type_ = count + 1, type_.elem
    return count


def innermost(type_):
    while isinstance(type_, Array):
        type_ = type_.elem
    return type_


def lengths(type_):
    result = []
    while isinstance(type_, Array):
        result.append(type_.length)
        type_ = type_.elem
    return result


def by_value(type_):
    """The structs that a value of the type holds."""
    type_ = innermost(type_)
    return [type_] if isinstance(type_, Struct) else []


def signature(type_):
    """All that is declared of a type, but for what pointers lead to."""
    inner, dimensions = type_, []
    while isinstance(inner, Array) and (not is_special(inner) or isinstance(inner, Flexible)):
        dimensions.append(inner.length)
        inner = inner.elem
    if isinstance(inner, Enum):
        return dimensions, inner.name, inner.packed, [(e.name, e.value) for e in inner.enumerators]
    if isinstance(inner, Variant):
        return dimensions, inner.name, inner.shape()
    if isinstance(inner, Union):
        return dimensions, inner.name, [(name, repr(t)) for name, t in inner.members]
    if isinstance(inner, Struct):
        return dimensions, inner.name, inner.packing, [
            (f.name, f.width, f.align, f.atomic, f.gap, f.group, f.respell, f.transient, f.external,
             f.index and signature(f.index), signature(f.type)) for f in inner.fields]
    return dimensions, repr(inner)


def mentions(type_, what):
    if type_ is what:
        return True
    if isinstance(type_, Array):
        return mentions(type_.elem, what)
    if isinstance(type_, Pointer):
        return mentions(type_.to, what)
    if isinstance(type_, Variant):
        return any(mentions(arm.type, what) for arm, _ in type_.arms)
    return False


def kind_name(type_, width=None):
    """Row label of the coverage table."""
    if width:
        return "bit-field"
    if isinstance(type_, Int):
        return "char" if type_.is_char else "int128" if type_.bits == 128 else "int"
    if isinstance(type_, Bool):
        return "bool"
    if isinstance(type_, Float):
        return "long double" if type_ is LONG_DOUBLE else "float"
    if isinstance(type_, Enum):
        return "flags" if type_.flags else "enum"
    if isinstance(type_, Struct):
        return "struct"
    if isinstance(type_, Union):
        return "anonymous union" if type_.unnamed else "union"
    if isinstance(type_, Variant):
        return "tagged union"
    if isinstance(type_, Flexible):
        return "flexible array"
    if is_special(type_):
        return "complex" if isinstance(type_, Complex) else "vector"
    if isinstance(type_, Array):
        if is_text(type_):
            return "char[N]"
        return "2-D array" if rank(type_) > 1 else "array"
    if isinstance(type_, Pointer):
        if isinstance(type_.to, Function):
            return "function pointer"
        if type_.to is VOID:
            return "void *"
        if type_.to is CHAR:
            return "char *"
        return "pointer to pointer" if isinstance(type_.to, Pointer) else "pointer"
    return "other"


# ---- a program ----------------------------------------------------------------------------------

class Program:
    """One version of the declarations. `structs[0]` is the state."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.version = 1
        self.scope = ""       # of its variables: for the whole library, or for the source
        self.structs = []
        self.enums = []
        self.unions = []
        self.variants = []
        self.tables = {}      # name -> (type, values) of a constant table
        self.functions = {}   # name -> Function
        self.literals = set() # texts that this version's code has
        self.state = None
        self.variables = Struct(VARIABLES, [])

    @property
    def holders(self):
        """What has fields."""
        return self.structs + [self.variables]

    def clone(self):
        """A second version that is the first one; every declaration has its origin."""
        other = Program(self.prefix)
        other.version, other.scope = self.version + 1, self.scope
        memo = {}
        for enum in self.enums:
            memo[enum] = copy = Enum(enum.name, [], enum.flags, enum.packed)
            copy.origin, copy.was = enum, list(enum.was)
            for entry in enum.enumerators:
                made = Enumerator(entry.name, entry.value, entry)
                made.was, made.fallback = list(entry.was), entry.fallback
                copy.enumerators.append(made)
            other.enums.append(copy)
        for union in self.unions:
            memo[union] = copy = Union(union.name, list(union.members))
            copy.origin, copy.unnamed = union, union.unnamed
            other.unions.append(copy)
        for struct in self.structs:
            memo[struct] = copy = Struct(struct.name, [])
            copy.origin, copy.was, copy.packing = struct, list(struct.was), struct.packing
            other.structs.append(copy)
        for variant in self.variants:
            memo[variant] = copy = clone_variant(variant, memo)
            other.variants.append(copy)
        memo[self.variables] = other.variables
        other.variables.origin = self.variables
        for struct in self.holders:
            memo[struct].fields = [clone_field(field, memo) for field in struct.fields]
        other.functions = dict(self.functions)
        other.tables = {name: (memo.get(t, t), v) for name, (t, v) in self.tables.items()}
        other.literals = set(self.literals)
        other.state = memo[self.state]
        return other

    def ordered(self):
        """Structs with those that they hold by value first."""
        done, result = set(), []

        def visit(struct):
            if struct in done:
                return
            done.add(struct)
            for field in struct.fields:
                for inner in by_value(field.type):
                    visit(inner)
            result.append(struct)
        for struct in self.structs:
            visit(struct)
        return result

    def holds(self, outer, inner):
        """Whether `outer` holds `inner` by value, at any depth, or is it."""
        return outer is inner or any(self.holds(held, inner) for field in outer.fields
                                     for held in by_value(field.type))


def clone_variant(variant, memo):
    tag = Enum(variant.tag.name, [])
    tag.origin = variant.tag
    copy = Variant(variant.name, tag, [], variant.unnamed)
    copy.origin = variant
    for entry in variant.tag.enumerators:
        made = Enumerator(entry.name, entry.value, entry)
        made.was, made.fallback = list(entry.was), entry.fallback
        tag.enumerators.append(made)
    entries = {each.origin: each for each in tag.enumerators}
    copy.arms = [(clone_field(arm, memo), entries[entry]) for arm, entry in variant.arms]
    return copy


def clone_field(field, memo):
    copy = Field(field.name, clone_type(field.type, memo), field.width)
    copy.was = list(field.was)
    copy.default, copy.convert = field.default, field.convert
    copy.required, copy.transient, copy.group = field.required, field.transient, field.group
    copy.scope, copy.counts = field.scope, field.counts
    copy.respell, copy.align, copy.atomic = field.respell, field.align, field.atomic
    copy.external, copy.gap, copy.index = field.external, field.gap, memo.get(field.index)
    copy.pool = memo.get(field.pool)
    copy.origin = field
    return copy


def clone_type(type_, memo):
    if isinstance(type_, (Complex, Vector)):
        return type_
    if isinstance(type_, Flexible):
        return Flexible(clone_type(type_.elem, memo))
    if isinstance(type_, Array):
        return Array(clone_type(type_.elem, memo), type_.length)
    if isinstance(type_, Pointer) and not isinstance(type_.to, Function) and type_ is not TEXT:
        return Pointer(clone_type(type_.to, memo))
    return memo.get(type_, type_)


def same_type(old, new):
    """Whether a type of version 2 is what one of version 1 became, its representation unchanged."""
    if isinstance(old, (Struct, Enum)):
        return isinstance(new, (Struct, Enum)) and new.origin is old
    if isinstance(old, Variant):
        return isinstance(new, Variant) and new.origin is old and new.same(old)
    if isinstance(old, Union):
        return isinstance(new, Union) and new.origin is old and new.same(old)
    if isinstance(old, Array):
        return type(old) is type(new) and old.length == new.length and same_type(old.elem, new.elem)
    if isinstance(old, Pointer):
        return isinstance(new, Pointer) and same_type(old.to, new.to)
    if isinstance(old, Int):
        return isinstance(new, Int) and (old.bits, old.signed) == (new.bits, new.signed)
    if isinstance(old, Function):
        return isinstance(new, Function) and repr(old) == repr(new)
    return old is new


def matches(there, wanted):
    """Whether a pointer to `wanted` may point at a `there`; both of the new version."""
    if isinstance(there, Pointer) and isinstance(wanted, Pointer):
        return matches(there.to, wanted.to)
    if isinstance(there, Int) and isinstance(wanted, Int):
        return (there.bits, there.signed) == (wanted.bits, wanted.signed)
    return there is wanted


# ---- C ------------------------------------------------------------------------------------------

def c_base(type_):
    return getattr(type_, "spelling", None) or getattr(type_, "name", None) or "void"


def c_declare(type_, name):
    """`type_` with `name` inside, in C's inside-out syntax."""
    while True:
        if isinstance(type_, Array) and not is_special(type_):
            name = f"({name})" if name.startswith("*") else name
            name, type_ = f"{name}[{type_.length}]", type_.elem
        elif isinstance(type_, Flexible):
            name, type_ = f"{name}[]", type_.elem
        elif isinstance(type_, Pointer):
            name, type_ = f"*{name}", type_.to
        elif isinstance(type_, Function):
            name = f"({name})({', '.join(type_.params) or 'void'})"
            return f"{type_.result} {name}"
        else:
            return f"{c_base(type_)} {name}".rstrip()


def was_note(names):
    return f" MOLT_WAS({', '.join(chr(34) + name + chr(34) for name in names)})" if names else ""


def keeps_note(struct, field):
    """It keeps a note that its old field has, too, of a name that is gone: both were that."""
    olds = struct.origin.fields if struct.origin else []
    return any(name in field.origin.was and all(old.name != name for old in olds)
               and sum(name in old.was for old in olds) == 1 for name in field.was)
