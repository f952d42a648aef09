"""What a migration under policy live must make of a program's state, from the declarations of both
versions, the origins that the edits kept, and the values that the generator chose.

It is written from the evolution rules. It reads neither schema nor dump, so that a wrong table of the
code generator shows as well as a wrong step of the engine.
"""

from copy import copy

from declarations import (CHAR, VOID, Arm, Array, Enum, Field, Float, Function, Int, Pointer, Struct, Union, Variant,
                          c_declare, innermost, is_number, is_special, is_text, kind_name, lengths, matches,
                          rank, same_type, signature)
from live_state import UNKNOWN, Code, Copied, Dangling, Data, Foreign, Literal, Ref, zero_value
from number_rules import convert_number, survivors


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


class Gone(Exception):
    """A place that the new version does not have."""


class Site:
    """The field whose value is converted, for reports."""

    def __init__(self, path, old_field=None, new_field=None):
        self.path = path
        self.old = old_field
        self.new = new_field


class Expectation:
    def __init__(self, old, new, state, coverage=None):
        self.old = old
        self.new = new
        self.state = state
        self.coverage = coverage
        self.structs = {s.origin: s for s in new.structs if s.origin}
        self.enums = {e.origin: e for e in new.enums if e.origin}
        self.types = {}          # object -> new type of its elements
        self.values = {}         # object -> values of its elements
        self.losses = {}         # (rule, path) -> {object and element: whether strict refuses it}
        self.optional = set()    # (rule, path) that may be reported
        self.refusals = {}       # path -> rules of which one must be reported
        self.plan_refusals = {}  # the same, whatever the values are
        self.unnamed = {}        # key -> (element's type, Place), whose offsets the compiler tells
        self.depth = 0           # of structs in each other
        self.embedded = set()    # objects that became a part of another one
        self.lasting = True      # what becomes of it in later versions is modelled too
        self.open = False        # the rules say nothing of something here: not to be run
        self.here = None
        self.lost = False        # see loses(); also what is no loss, but would not come back by itself
        self._plan()
        self._find_embedded()
        for obj in state.objects:
            if not obj.freed and obj not in self.embedding:  # of those only the first element goes on
                self._convert_object(obj)
        self.open |= self.embedded != self.embedding

    @property
    def outcome(self):
        """"migrated", "values" or "plan" for what refuses, "open" for what the rules leave open."""
        if self.open:
            return "open"
        return "plan" if self.plan_refusals else "values" if self.refusals else "migrated"

    any = ANY
    either = Either

    # ---- findings

    def cover(self, rule, type_, field=None):
        if self.coverage is not None:
            self.coverage.hit(rule, kind_name(type_, field.width if field else None))

    def loss(self, rule, site, strict=True):
        self.lost = True
        allowed = {"saturate": ["number-out-of-range", "bool-collapsed"], "trunc": ["number-fraction"],
                   "round": ["number-fraction", "number-rounded"],
                   "truncate": ["elements-dropped", "string-truncated"]}
        convert = site.new.convert if site.new else None
        if rule in allowed.get(convert, ()):
            return
        if convert == "saturate" and rule == "number-rounded":
            self.optional.add((rule, site.path))
            return
        objects = self.losses.setdefault((rule, site.path), {})
        objects[self.here] = strict or objects.get(self.here, False)

    def may_lose(self, rule, site):
        self.lost = True
        self.optional.add((rule, site.path))

    def refuse(self, site, *rules):
        self.refusals.setdefault(site.path, set()).update(rules)
        return ANY

    def loses(self, old, new, value, old_field, new_field):
        """Whether a single value of an old field, or a part of it, loses something on its way."""
        alone = copy(self)
        alone.losses, alone.refusals, alone.optional, alone.unnamed = {}, {}, set(), {}
        alone.coverage, alone.lost = None, False
        alone.convert(old, new, value, Site("", old_field, new_field))
        return alone.lost or bool(alone.refusals)

    def _plan(self):
        for struct in self.new.structs:
            old_names = {f.name for f in struct.origin.fields} if struct.origin else ()
            claimed = {f.origin.name for f in struct.fields if f.origin}
            for field in struct.fields if struct.origin else ():
                path = f"{struct.name}.{field.name}"
                if field.required and field.origin is None:
                    self.plan_refusals[path] = {"field-without-source"}
                    self.cover("required without source", field.type, field)
                if field.name in old_names and field.name not in claimed:
                    # its own old value and the one that its MOLT_WAS names want the place
                    self.plan_refusals[path] = {"rename-ambiguous"}
                    self.cover("ambiguous rename", field.type, field)

    # ---- objects

    def map_type(self, type_):
        """The new type, None when it is gone."""
        if isinstance(type_, Struct):
            return self.structs.get(type_)
        if isinstance(type_, Enum):
            return self.enums.get(type_)
        if isinstance(type_, Pointer) and type_.to is not CHAR:
            to = self.map_type(type_.to)
            return Pointer(to) if to else None
        return type_

    def _convert_object(self, obj):
        type_ = self.map_type(obj.type)
        path = c_declare(obj.type, "")
        if type_ is None:
            for i in range(len(obj.values)):
                self.here = (obj.index, i)
                self.loss("type-removed", Site(path))
            self.cover("type removed", obj.type)
            return
        if isinstance(obj.type, Struct) and obj.type.name != type_.name:
            self.cover("type renamed", obj.type)
        self.types[obj] = type_
        if obj.text:
            self.values[obj] = Text(obj.string())
            return
        values = self.values[obj] = []
        for i, value in enumerate(obj.values):
            self.here = (obj.index, i)
            values.append(self.convert(obj.type, type_, value, Site(path)))

    # ---- defaults and what is worth a line when it goes

    def default(self, type_, field=None):
        if field is not None and field.default is not None:
            if isinstance(type_, Pointer):
                return FreshText(field.default)
            return as_expected(type_, field.default)
        if isinstance(type_, Struct):
            return {f: self.default(f.type, f) for f in type_.fields}
        if isinstance(type_, Array) and not is_text(type_):
            return [self.default(type_.elem) for _ in range(type_.length)]
        return as_expected(type_, zero_value(type_))

    def is_live(self, type_, value, field=None, transient=True):
        """Whether the value differs from its default."""
        if value is UNKNOWN:
            return False
        if field is not None and field.transient and not transient:
            return False
        if isinstance(type_, Variant):
            return value.number != 0 or self.is_live(value.field.type, value.value)
        if isinstance(type_, Pointer):
            return value is not None
        if field is not None and field.default is not None:
            return repr(value) != repr(field.default)
        if isinstance(type_, Struct):
            return any(self.is_live(f.type, each, f, transient) for f, each in value.items())
        if isinstance(type_, Array) and not is_text(type_):
            return any(self.is_live(type_.elem, each, None, transient) for each in value)
        if isinstance(type_, Float):
            return not value.is_zero()
        return any(value) if is_text(type_) or isinstance(type_, Union) else value != 0

    def drop(self, rule, type_, value, site, field=None):
        if self.is_live(type_, value, field, transient=False):
            self.loss(rule, site)
        elif self.is_live(type_, value, field):
            self.may_lose(rule, site)

    # ---- values

    def convert(self, old, new, value, site):
        """`site.old` and `site.new` are fields only where the value is the whole field."""
        old_field, new_field = site.old, site.new
        if value is UNKNOWN:
            return ANY
        if isinstance(old, Struct) and isinstance(new, Struct) and new.origin is old:
            return self._struct(old, new, value)
        if isinstance(old, Union) and isinstance(new, Union):
            return self._union(old, new, value, site)
        if isinstance(old, Variant) and isinstance(new, Variant) and new.origin is old:
            return self._variant(old, new, value)
        if is_number(old) and is_number(new):
            return self._scalar(old, new, value, site, old_field and old_field.width,
                                new_field and new_field.width)
        if isinstance(old, Pointer) and isinstance(new, Pointer):
            return self._pointer(old, new, value, site)
        if is_text(old) or is_text(new):
            return self._text(old, new, value, site)
        if isinstance(old, Array) or isinstance(new, Array):
            return self._array(old, new, value, site)
        return self._kind_changed(old, new, value, site)

    def _union(self, old, new, value, site):
        if new.origin is old and new.same(old):
            self.cover("union kept", old)
            return value
        self.cover("union changed, live" if any(value) else "union changed, default", old)
        if any(value):
            return self.refuse(site, "untagged-union-changed")
        return bytes(new.size())

    def _variant(self, old, new, value):
        """The arm goes by its enumerator's name, its value by the rules for its type."""
        arm, entry = next((arm, entry) for arm, entry in new.arms if arm.origin is value.field)
        if new.shape() != old.shape():
            self.lasting = False  # what an arm loses may return or not
            self.cover("arm renamed" if arm.name != value.field.name else "arm kept", new)
            if entry.value != value.number:
                self.cover("tag renumbered", new)
            if not same_type(value.field.type, arm.type):
                self.cover("arm retyped", new)
        site = Site(f"{new.name}::u.{arm.name}", value.field, arm)
        return Arm(arm, entry.value, self.convert(value.field.type, arm.type, value.value, site))

    def _allocated(self, old, new, value):
        self.cover("struct to block", old)
        self.lasting = False
        return Owned(new.to, self.convert(old, new.to, value, Site("")))

    def _embedded(self, old, new, value, site):
        """The block that the pointer alone has becomes a part of what holds the pointer."""
        self.lasting = False
        if value is None:
            self.cover("block to struct, NULL", old)
            return self.default(new)
        if not isinstance(value, Ref) or value.steps or value.element:
            self.open = True
            return ANY
        self.cover("block to struct", old)
        self.embedded.add(value.obj)
        for each in value.obj.values[1:]:
            self.drop("elements-dropped", old.to, each, site)
        return self.convert(old.to, new, value.obj.values[0], Site(site.path))

    def _find_embedded(self):
        """Blocks that a pointer's field takes in: what else points at them would point at nothing."""
        found = []

        def look(old, value):
            if isinstance(old, Struct) and old in self.structs:
                for field in self.structs[old].fields:
                    if field.origin in value:
                        was, target = field.origin.type, value[field.origin]
                        if isinstance(was, Pointer) and isinstance(field.type, Struct) and isinstance(
                                target, Ref) and self.map_type(was.to) is field.type:
                            found.append(target.obj)
                        look(was, target)
            elif isinstance(old, Array) and isinstance(value, list):
                for each in value:
                    look(old.elem, each)
        for obj in self.state.objects:
            if not obj.freed and not obj.text:
                for value in obj.values:
                    look(obj.type, value)
        self.embedding = set(found)
        self.open |= len(found) > len(self.embedding) or any(obj.index == 0 for obj in found)

    def _kind_changed(self, old, new, value, site):
        if isinstance(old, Struct) and isinstance(new, Pointer) and self.map_type(old) is new.to:
            return self._allocated(old, new, value)
        if isinstance(old, Pointer) and isinstance(new, Struct) and self.map_type(old.to) is new:
            return self._embedded(old, new, value, site)
        live = self.is_live(old, value)
        self.cover("kind changed, live" if live else "kind changed, default", old)
        return self.refuse(site, "kind-changed") if live else self.default(new)

    def _struct(self, old, new, value):
        changed = ([f.name for f in old.fields] != [f.name for f in new.fields] or
                   any(f.origin is None or f.width != f.origin.width or
                       not same_type(f.origin.type, f.type) or index_targets(f) for f in new.fields))
        result = {}
        self.depth += 1
        for field in new.fields:
            site = Site(f"{new.name}.{field.name}", field.origin, field)
            if field.origin is None:
                self._cover_added(field)
                result[field] = self.default(field.type, field)
                continue
            kept = self._field(field, value[field.origin], site)
            if isinstance(kept, Foreign) and field.external:
                self.cover("external", field.type, field)
                kept = External()
            if field.transient:
                reset = self.default(field.type, field)
                kept = reset if changed else Either(kept, reset)
                self.cover("transient", field.type, field)
            result[field] = kept
            if old.packing != new.packing:
                self.cover("packing", field.type, field)
            if self.depth > 2 and changed:
                self.cover("three structs deep", field.type, field)
        self.depth -= 1
        sources = {f.origin for f in new.fields}
        for field in old.fields:
            if field not in sources and not field.transient:
                live = self.is_live(field.type, value[field], field)
                self.cover("removed, live" if live else "removed, default", field.type, field)
                self.drop("field-removed", field.type, value[field],
                          Site(f"{old.name}.{field.name}"), field)
        self._cover_order(old, new)
        return result

    def _cover_added(self, field):
        rule = "added" if field.default is None else "added with default"
        self.cover(rule, field.type, field)

    def _cover_order(self, old, new):
        order = [old.fields.index(f.origin) for f in new.fields if f.origin]
        if order != sorted(order):
            for field in new.fields:
                if field.origin:
                    self.cover("reordered", field.type, field)

    def _field(self, field, value, site):
        old = field.origin
        if old.name != field.name:
            self.cover("renamed", field.type, field)
        for rule, differs in (("wrapped or unwrapped", (old.group is None) != (field.group is None)),
                              ("alignment", old.align != field.align),
                              ("unnamed bit-field", old.gap != field.gap),
                              ("atomic", old.atomic != field.atomic)):
            if differs:
                self.cover(rule, field.type, field)
        if field.transient:
            # its losses and refusals are nobody's: the value is not kept
            kept = self.losses, self.refusals, self.optional
            self.losses, self.refusals, self.optional = {}, {}, set()
            result = self.convert(old.type, field.type, value, site)
            self.losses, self.refusals, self.optional = kept
            return result
        targets = index_targets(field)
        if targets is not None:
            return self._indexed(old.type, field.type, value, site, targets)
        return self.convert(old.type, field.type, value, site)

    def _indexed(self, old, new, value, site, targets):
        """Elements of an array go where their enumerators went."""
        self.lasting = False
        self.cover("elements follow names", old.elem)
        inner = Site(site.path, None, site.new)
        result = [self.default(new.elem) for _ in range(new.length)]
        for each, target in zip(value, targets):
            if target is None:
                self.cover("element without a name", old.elem)
                self.drop("elements-dropped", old.elem, each, site)
            else:
                result[target] = self.convert(old.elem, new.elem, each, inner)
        return result

    # ---- numbers

    def _scalar(self, old, new, value, site, old_width, new_width):
        if old_width and not new_width or new_width and not old_width:
            self.cover("bit-field to plain" if old_width else "plain to bit-field", new)
        return convert_number(self, old, new, value, site, new_width)

    # ---- arrays and texts

    def _array(self, old, new, value, site):
        if not isinstance(old, Array):
            self.cover("scalar to array", old, site.old)
            first = self.convert(old, new.elem, value, Site(site.path, None, site.new))
            return [first] + [self.default(new.elem) for _ in range(new.length - 1)]
        if not isinstance(new, Array):
            self.cover("array to scalar", innermost(old), site.new)
            for each in value[1:]:
                self.drop("elements-dropped", old.elem, each, site)
            return self.convert(old.elem, new, value[0], Site(site.path, None, site.new))
        if is_reshape(old, new):
            live = self.is_live(old, value)
            self.cover("reshaped, live" if live else "reshaped, default", old)
            return self.refuse(site, "shape-changed") if live else self.default(new)
        if old.length != new.length:
            self.cover("grown" if old.length < new.length else "shrunk", old)
        inner = Site(site.path, None, site.new)
        result = [self.convert(old.elem, new.elem, each, inner) for each in value[:new.length]]
        for each in value[new.length:]:
            self.drop("elements-dropped", old.elem, each, site)
        return result + [self.default(new.elem) for _ in range(new.length - len(result))]

    def _text(self, old, new, value, site):
        if is_text(old) and is_text(new):
            return self._resized_text(old, new, value, site)
        if is_text(old) and isinstance(new, Pointer):
            if new.to is not CHAR:
                return self._kind_changed(old, new, value, site)
            text = value.split(b"\0")[0]
            self.lost |= len(text) == old.length  # the array had no room for its NUL
            self.cover("char[N] to char *", old)
            if any(value[len(text):]):
                self.loss("elements-dropped", site)
            return FreshText(text)
        if isinstance(old, Pointer) and old.to is CHAR and is_text(new):
            return self._pointed_text(new, value, site)
        if is_text(old):
            if not isinstance(new, Array):
                return self._array(old, new, [b - 256 if b > 127 else b for b in value], site)
            self.cover("char[N] to numbers", old)
            signed = [b - 256 if b > 127 else b for b in value]
            return self._array(old, new, signed, site)
        converted = self._array(old, new, value, site)
        if converted is ANY or any(each is ANY for each in converted):
            return ANY
        self.cover("numbers to char[N]", new)
        return Text(bytes(each & 0xff for each in converted))

    def _resized_text(self, old, new, value, site):
        if old.length == new.length:
            return Text(value)
        text = value.split(b"\0")[0]
        self.lost |= len(text) == old.length
        if len(text) < new.length or old.length < new.length:
            self.cover("text resized", new)
            if any(value[new.length:]):
                self.loss("elements-dropped", site)
            return Text(value[:new.length].ljust(new.length, b"\0"))
        self.cover("text cut", new)
        return self._cut(text, new, site)

    def _cut(self, text, new, site):
        self.loss("string-truncated", site)
        cut = text[:new.length - 1]
        whole = cut.decode("utf-8", "ignore").encode()
        cut, whole = (Text(each.ljust(new.length, b"\0")) for each in (cut, whole))
        return cut if whole.data == cut.data else Either(cut, whole)

    def _pointed_text(self, new, value, site):
        self.cover("char * to char[N]", new)
        self.lost = True  # the text is there, what it pointed at is not
        if value is None:
            return Text(bytes(new.length))
        if isinstance(value, (Literal, Copied)):
            text = value.text
        elif value.obj.text:
            text = value.obj.string()[value.element:]
        else:
            text = self._text_at(value)
        text = text.split(b"\0")[0]
        if len(text) >= new.length:
            return self._cut(text, new, site)
        return Text(text.ljust(new.length, b"\0"))

    @staticmethod
    def _text_at(ref):
        """The text that a char * into a char[N] field shows."""
        value = ref.obj.values[ref.element]
        for step in ref.steps:
            value = value[step:] if isinstance(value, bytes) else value[step]
        return value if isinstance(value, bytes) else bytes([value & 0xff])

    # ---- pointers

    def _pointer(self, old, new, value, site):
        if value is None:
            return None
        if isinstance(value, Code):
            return self._code(old, new, value, site)
        if isinstance(value, Dangling):
            self.may_lose("dangling-pointer", site)
            self.cover("dangling", old)
            return Either(None, value)
        if isinstance(value, Literal):
            here = value.text in self.new.literals
            self.cover("literal" if here else "literal copied", old)
            return value if here else FreshText(value.text, shared=True)
        if isinstance(value, Copied):
            return FreshText(value.text, value.shared)
        if isinstance(value, Foreign):
            self.cover("foreign", old)
            external = site.new is not None and site.new.external
            self.open |= old.to is not VOID and not external and not (
                isinstance(new.to, Struct) and signature(new.to) == signature(old.to))
            return value
        if isinstance(value, Data):
            return self._data(old, new, value, site)
        if old.to is VOID and new.to is not VOID:
            return self._from_void(new, value, site)
        if new.to is not VOID and not same_type(old.to, new.to):
            self.cover("pointee changed, live", old)
            return self._refuse_target(site, value, "pointee-type-changed", "type-missing")
        return self._place(old, new, value, site)

    def _refuse_target(self, site, ref, *rules):
        """A type that is gone although a pointer leads to an object of it has a line of its own."""
        if isinstance(ref, Ref) and self.map_type(ref.obj.type) is None:
            self.refuse(Site(c_declare(ref.obj.type, "")), "type-missing")
        return self.refuse(site, *rules)

    def _data(self, old, new, value, site):
        if new.to is not VOID and old.to is not VOID and not same_type(old.to, new.to):
            self.cover("pointee changed, live", old)
            return self.refuse(site, "pointee-type-changed", "type-missing", "library-data-missing")
        if old.to is VOID and new.to is not VOID:
            self.open = True
            return ANY
        was, now = self.old.tables[value.name], self.new.tables.get(value.name)
        keeps = self._keeps(was, now, old)
        self.open |= keeps is None or old.to is VOID and not keeps
        if not keeps:
            self.cover("constant gone", old)
            return self.refuse(site, "library-data-missing")
        self.cover("constant", old)
        return value

    @staticmethod
    def _keeps(was, now, pointer):
        """Whether a table is there with the same layout, and the same content if it has numbers; None
        where the rules do not say what the same is. Bytes go by the table's name alone."""
        if now is None or len(was[1]) != len(now[1]):
            return False
        if isinstance(pointer.to, Int) and pointer.to.bits == 8:
            return now[0] is was[0]
        if not isinstance(was[0], Struct) or not isinstance(now[0], Struct):
            return now[0] is was[0] and now[1] == was[1]
        if signature(was[0]) == signature(now[0]):
            return True
        same = [f.name for f in was[0].fields] == [f.name for f in now[0].fields] and all(
            same_type(old.type, new.type) for old, new in zip(was[0].fields, now[0].fields))
        return None if same else False

    def _code(self, old, new, value, site):
        if new.to is not VOID and not (isinstance(new.to, Function) and repr(old.to) == repr(new.to)):
            self.cover("signature changed, live", old)
            return self.refuse(site, "signature-changed", "pointee-type-changed")
        if value.name not in self.new.functions:
            self.cover("function missing", old)
            return self.refuse(site, "function-missing")
        self.cover("function by name", old)
        return value

    def _from_void(self, new, value, site):
        if value.steps or self.map_type(value.obj.type) is not new.to:
            self.cover("void * to another type, live", new)
            return self._refuse_target(site, value, "pointee-type-changed", "type-missing")
        self.cover("void * to its type", new)
        return Place(value.obj, value.element, ())

    def _place(self, old, new, ref, site):
        if old.to is VOID and not is_end(ref.steps):  # it means the outermost that begins there
            ref = Ref(ref.obj, ref.element, tuple(trimmed(ref.obj.type, ref.steps)))
        untyped = old.to is VOID or isinstance(old.to, Int) and old.to.bits == 8
        if untyped and (new.to is VOID or isinstance(new.to, Int)):
            # where the place and its first member part; the table of edits shows when
            self.optional.add(("pointer-ambiguous", site.path))
        try:
            place, there = self.place(ref)
        except Gone:
            self.cover("target removed", old)
            return self._refuse_target(site, ref, "interior-target-removed", "type-missing",
                                       "pointee-type-changed")
        if place.steps and isinstance(place.steps[-1], Field):
            self.open |= place.steps[-1].atomic != place.steps[-1].origin.atomic
        if new.to is not VOID and not matches(there, new.to):
            self.cover("target retyped", old)
            return self.refuse(site, "pointee-type-changed", "interior-target-removed")
        if ref.obj in self.embedding:
            self.cover("alias lost", old)
            return self.refuse(site, "alias-lost")
        self.cover(self._place_rule(ref), old)
        if place.steps and (is_end(place.steps) or isinstance(there, Int) and there is not new.to):
            self.tell_place(self.map_type(ref.obj.type), place)
        return place

    def tell_place(self, type_, place):
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s.name}" for s in place.steps)
        place.key = f"{type_.name}{steps}"
        self.unnamed[place.key] = type_, place

    @staticmethod
    def _place_rule(ref):
        if ref.element == len(ref.obj.values):
            return "one past the end"
        if ref.steps:
            return "interior"
        return "element" if ref.element else "object"

    def place(self, ref):
        """(Place, the type there) of what an old reference points at; raises Gone."""
        old, new = ref.obj.type, self.map_type(ref.obj.type)
        if new is None:
            raise Gone
        steps = []
        for step in ref.steps:
            targets = index_targets(steps[-1]) if steps and isinstance(steps[-1], Field) else None
            if targets and isinstance(step, int) and step < old.length:
                step = targets[step]
                if step is None:
                    raise Gone
                steps.append(step)
                old, new = old.elem, new.elem
            else:
                old, new = self._step(old, new, step, steps)
        self.open |= kind_of_place(old) != kind_of_place(new)  # whether it is the same place is open
        while isinstance(new, Array) and not isinstance(old, Array):
            self.open |= is_special(new)
            new = new.elem
            steps.append(0)
        return Place(ref.obj, ref.element, tuple(steps)), new

    def _step(self, old, new, step, steps):
        if isinstance(step, int):
            if not isinstance(new, Array):
                if step or isinstance(new, Pointer) and not isinstance(old.elem, Pointer):
                    raise Gone
                return old.elem, new
            self.open |= is_reshape(old, new)
            if step == old.length:
                step = new.length  # the end follows the end
            elif step >= new.length:
                raise Gone
            steps.append(step)
            return old.elem, new.elem
        while isinstance(new, Array) and not isinstance(old, Array):
            new = new.elem
            steps.append(0)
        self.open |= isinstance(old, Struct) and isinstance(new, Pointer)  # it follows into the block
        found = [f for f in new.fields if f.origin is step] if isinstance(new, Struct) else []
        if not found or found[0].width:
            raise Gone
        steps.append(found[0])
        return step.type, found[0].type


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
    while steps and (steps[-1] == 0 or isinstance(types[-1], Struct) and
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
        isinstance(steps[-2].type, Array) and steps[-1] == steps[-2].type.length)


def following(type_, steps):
    """The field behind the array that `steps` end at, in the struct that holds both; None: the last."""
    for step in steps[:-2]:
        type_ = type_.elem if isinstance(step, int) else step.type
    at = type_.fields.index(steps[-2]) + 1
    return type_.fields[at] if at < len(type_.fields) and not type_.fields[at].width else None


def is_text_moved(old, new):
    """Text to or from the heap, as deep as both are arrays: the text is one value there."""
    while isinstance(old, Array) and isinstance(new, Array):
        old, new = old.elem, new.elem
    return any(is_text(text) and isinstance(pointer, Pointer) and pointer.to is CHAR
               for text, pointer in ((old, new), (new, old)))


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


def as_expected(type_, value):
    if isinstance(type_, Variant):
        return Arm(value.field, value.number, as_expected(value.field.type, value.value))
    if is_text(type_):
        return Text(value)
    if isinstance(type_, Array):
        return [as_expected(type_.elem, each) for each in value]
    return value
