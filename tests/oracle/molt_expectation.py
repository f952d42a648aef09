"""What a migration must leave: values that stand as they are in a dump, and these where the rules
say less than a value or more than a text can.
"""


class Any:
    """The rules leave this value open."""

    def __repr__(self):
        return "anything"


ANY = Any()


class OneOf:
    """The rules allow each of these."""

    def __init__(self, *options):
        self.options = options

    def __repr__(self):
        return " or ".join(map(repr, self.options))


class Fresh:
    """A pointer to a text that the migration allocates."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"a new block with {self.text!r}"


class Boxed:
    """A pointer to a block that the migration makes of an inline struct."""

    def __init__(self, type_, value):
        self.type = type_
        self.value = value

    def __repr__(self):
        return f"a new {self.type} of {self.value!r}"


class CString:
    """A char array of which the rules fix the text up to its NUL."""

    def __init__(self, data):
        self.data = data

    def __repr__(self):
        return f"text {self.data!r}"


class Ref:
    """A pointer to what an old object became; `offset` None is open."""

    def __init__(self, old_id, element, offset):
        self.old_id = old_id
        self.element = element
        self.offset = offset

    def __repr__(self):
        at = f"[{self.element}]+{self.offset}" if self.element or self.offset else ""
        return f"a pointer to what was {self.old_id}{at}"


class ExpectedObject:
    __slots__ = ("type", "count", "single", "values", "kept")

    def __init__(self, type_, count, single, values, kept):
        self.type = type_      # of its elements, in the new schema
        self.count = count
        self.single = single
        self.values = values   # one per element; the text itself for char blocks
        self.kept = kept       # values are equal as they stand


class Expectation:
    def __init__(self, new_schema):
        self.schema = new_schema
        self.roots = {}
        self.objects = {}
        self.refusals = []       # why the migration must be refused
        self.may_refuse = []     # why it may be
        self.losses = {}         # rule and field -> values concerned
        self.file_of = {}        # function name -> files it was seen in

    @property
    def must_refuse(self):
        return bool(self.refusals)
