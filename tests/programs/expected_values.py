"""What an expectation says of a value where that is more than the value itself."""

from declarations import Arm, Array, Struct, Variant, is_text


class Either:
    """The rules allow each of these."""

    def __init__(self, *options):
        self.options = options

    def __repr__(self):
        return " or ".join(map(repr, self.options))


class Text:
    """char[N], with what stands behind its NUL."""

    def __init__(self, data):
        self.data = data

    def __repr__(self):
        return repr(self.data)


class FreshText:
    """A pointer to a string of its own, made by the migration."""

    def __init__(self, data, shared=False):
        self.data = data
        self.shared = shared  # copied from one literal: pointers to that may share the copy

    def __repr__(self):
        return f"new {self.data!r}"


class Place:
    """A pointer to what an old object became; fields of the new version."""

    def __init__(self, obj, element, steps):
        self.obj = obj
        self.element = element
        self.steps = steps
        self.key = None  # where no path of a dump may name it: how the library tells its offset

    def __repr__(self):
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s.name}" for s in self.steps)
        return f"&o{self.obj.index}[{self.element}]{steps}"


class External:
    """A pointer that is kept and not followed."""

    def __repr__(self):
        return "external"


class Owned:
    """A pointer to a block of its own, made by the migration for what the struct itself held."""

    def __init__(self, type_, value):
        self.type = type_
        self.value = value

    def __repr__(self):
        return "a block of its own"


class Anything:
    def __repr__(self):
        return "anything"


ANY = Anything()


class Site:
    """The field whose value is converted, for reports."""

    def __init__(self, path, old_field=None, new_field=None):
        self.path = path
        self.old = old_field
        self.new = new_field


def as_expected(type_, value):
    if isinstance(type_, Struct):
        return {field: as_expected(field.type, each) for field, each in value.items()}
    if isinstance(type_, Variant):
        return Arm(value.field, value.number, as_expected(value.field.type, value.value))
    if is_text(type_):
        return Text(value)
    if isinstance(type_, Array):
        return [as_expected(type_.elem, each) for each in value]
    return value
