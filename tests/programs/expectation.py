"""What a migration under policy live must make of a program's state, from the declarations of both
versions, the origins that the edits kept, and the values that the generator chose.

It is written from the evolution rules. It reads neither schema nor dump, so that a wrong table of the
code generator shows as well as a wrong step of the engine.
"""

from copy import copy

from declarations import (CHAR, Array, Enum, Flexible, Float, Pointer, Struct, Union, Variant,
                          c_declare, innermost, is_number, is_text, kind_name,
                          same_type, signature)
from expected_values import ANY, Either, External, FreshText, Owned, Place, Site, Text, as_expected
from live_state import UNKNOWN, Copied, Foreign, Literal, Ref, can_be_plain, initial_value, zero_value
from move_rules import MoveRules
from number_rules import convert_number
from places import index_targets, is_reshape, leaves_index
from pointer_rules import PointerRules
from union_rules import UnionRules


# Rules that say where a value goes or what it becomes.
NEEDS_VALUE = {
    "alignment", "arm kept", "arm renamed", "arm retyped", "array to scalar", "atomic", "bit-field to plain",
    "block to struct", "bool to int", "char * to char[N]", "char[N] to char *", "char[N] to numbers",
    "flexible array converted", "flexible array kept", "float to float", "float to number", "grown", "moved",
    "moved value returns", "narrowed", "number to bool", "number to enum", "number to float",
    "numbers to char[N]", "packing", "plain to bit-field", "renamed", "reordered", "scalar to array", "shrunk",
    "sign changed", "struct to block", "tag renumbered", "text resized", "three structs deep", "union kept",
    "unnamed bit-field", "variable converted", "variable kept", "variable renamed", "widened",
    "wrapped or unwrapped"}


def may_be(value, other):
    """Whether a value is another one, as far as the rules say what it is."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return all(may_be(each, other[field]) for field, each in value.items())
    if isinstance(value, list):
        return len(value) == len(other) and all(map(may_be, value, other))
    return repr(value) == repr(other)


def required_in(type_):
    """Whether a new value of the type has a MOLT_REQUIRED field without a source, at any depth."""
    if isinstance(type_, Flexible):
        return False
    if isinstance(type_, Array):
        return type_.length > 0 and required_in(type_.elem)
    return isinstance(type_, Struct) and any(
        field.required or required_in(field.type) for field in type_.fields
        if field.default is None and not field.transient and field.moved is None)


def more_elements(old, new):
    """The type of the elements that an array has more than before, in any dimension, or None."""
    if not isinstance(new, Array) or isinstance(new, Flexible):
        return None
    if new.length > (old.length if isinstance(old, Array) else 1):
        return new.elem
    return more_elements(old.elem, new.elem) if isinstance(old, Array) else None


class Expectation(PointerRules, UnionRules, MoveRules):
    undoes = False  # new values return from what an earlier version had

    def __init__(self, old, new, state, coverage=None):
        self.old = old
        self.new = new
        self.state = state
        self.coverage = coverage
        self.structs = {s.origin: s for s in new.holders if s.origin}
        self.enums = {e.origin: e for e in new.enums if e.origin}
        self.types = {}          # object -> new type of its elements
        self.values = {}         # object -> values of its elements
        self.losses = {}         # (rule, path) -> {object and element: whether strict refuses it}
        self.optional = set()    # (rule, path) that may be reported
        self.refusals = {}       # path -> rules of which one must be reported
        self.hidden = set()      # paths of refusals that another one of the same object may hide
        self.plan_refusals = {}  # the same, whatever the values are
        self.plan_losses = set()  # (rule, path), the same
        self.unnamed = {}        # key -> (element's type, Place), whose offsets the compiler tells
        self.depth = 0           # of structs in each other
        self.row_copies = {}     # (constant, row) -> the copy of a row that is gone
        self.apart = 0           # structs around the value that become a block, or stop being one
        self.embedded = set()    # objects that became a part of another one
        self.lasting = True      # what becomes of it in later versions is modelled too
        self.untold = False      # a place has no words that the check of a dump knows
        self.open = False        # the rules say nothing of something here: not to be run
        self.here = None
        self.live = True         # the value at hand is not the one of an empty object
        self.taken = set()       # (id of what holds a value, where) of values that move elsewhere
        self.settled = set()     # the same of places that such values came to
        self.in_variable = False  # in which what is zero is as it began, whatever its field's default is
        self.lost = False        # see loses(); also what is no loss, but would not come back by itself
        self.taken_texts = set()  # that pointers led to
        self.stuck = False       # a value went where policy strict does not let it come back from
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
        """A zero would look the same had the rule been left out."""
        if self.coverage is not None and (self.live or rule not in NEEDS_VALUE):
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
        for struct in self.new.holders:
            old_names = {f.name for f in struct.origin.fields} if struct.origin else ()
            claimed = {f.origin.name for f in struct.fields if f.origin}
            for field in struct.fields if struct.origin else ():
                path = field.path(struct)
                if field.origin and not self.undoes and leaves_index(
                        field, self.enums.get(field.origin.index)):
                    self.plan_losses.add(("elements-moved", path))
                if field.required and field.origin is None:
                    self.plan_refusals[path] = {"field-without-source"}
                    self.cover("required without source", field.type, field)
                elif not struct.is_variables and self._lacks_required(field):
                    self.plan_refusals[path] = {"field-without-source"}
                    self.cover("required in new struct", innermost(field.type))
                if field.name in old_names and field.name not in claimed:
                    # its own old value and the one that its MOLT_WAS names want the place
                    self.plan_refusals[path] = {"rename-ambiguous"}
                    if required_in(field.type):  # nothing is made of the value that MOLT_WAS names
                        self.plan_refusals[path].add("field-without-source")
                    self.cover("ambiguous rename", field.type, field)

    def _lacks_required(self, field):
        """New structs, of a field that is new or has more elements, lack a value that they must have."""
        if self.undoes or field.transient:
            return False
        if field.origin is not None:
            return required_in(more_elements(field.origin.type, field.type))
        return field.default is None and field.moved is None and required_in(field.type)

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
        self.live = True
        if obj.plain == "pool":
            self.cover("pool converted" if signature(obj.type) != signature(type_) else "pool kept", obj.type)
        elif obj.plain and not obj.is_variables:
            self.open |= not can_be_plain(obj.type)
            self.cover("plain block", obj.type)
        if obj.text:
            self.values[obj] = Text(obj.string())
            return
        values = self.values[obj] = []
        known = set(self.refusals)
        for i, value in enumerate(obj.values):
            self.here = (obj.index, i)
            values.append(self.convert(obj.type, type_, value, Site(path)))
        if isinstance(obj.type, Struct) and (obj.type.tail is None) != (type_.tail is None):
            shape = (type_.tail or obj.type.tail).path(type_ if type_.tail else obj.type)
            self.hidden |= set(self.refusals) - known - {shape}

    # ---- defaults and what is worth a line when it goes

    def default(self, type_, field=None):
        if field is not None and field.default is not None:
            if isinstance(type_, Pointer):
                return FreshText(field.default)
            return as_expected(type_, field.default)
        if isinstance(type_, Struct):
            self.open |= bool(type_.moves)  # its object is new, and has no place that they come from
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
            begun = self.in_variable and field.scope is None and repr(value) == repr(zero_value(type_))
            return not begun and repr(value) != repr(field.default)
        if isinstance(type_, Struct):
            return any(self.is_live(f.type, each, f, transient) for f, each in value.items()
                       if (id(value), f) not in self.taken)
        if isinstance(type_, Array) and not is_text(type_):
            return any(self.is_live(type_.elem, each, None, transient) for i, each in enumerate(value)
                       if (id(value), i) not in self.taken)
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
        self.live = self.is_live(old, value)
        if value is UNKNOWN:
            if isinstance(old, Pointer) != isinstance(new, Pointer):
                self.lasting = False  # a block may come or go with it
            return ANY
        if isinstance(old, Struct) and isinstance(new, Struct) and new.origin is old:
            return self._struct(old, new, value)
        if isinstance(old, Flexible) and isinstance(new, Flexible):
            self.cover("flexible array kept" if same_type(old, new) else "flexible array converted", old.elem)
            inner = Site(site.path, None, new_field)
            return [self.convert(old.elem, new.elem, each, inner) for each in value]
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

    def _allocated(self, old, new, value):
        self.cover("struct to block", old)
        self.lasting = False
        self.apart += 1
        block = Owned(new.to, self.convert(old, new.to, value, Site("")))
        self.apart -= 1
        return block

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
        self.apart += 1
        part = self.convert(old.to, new, value.obj.values[0], Site(site.path))
        self.apart -= 1
        return part

    def _find_embedded(self):
        """Blocks that a pointer's field takes in: what else points at them would point at nothing."""
        found = []

        def look(old, value):
            if isinstance(old, Struct) and old in self.structs and value is not UNKNOWN:
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

    def _variables(self, old, new, value):
        """Each as a field, but for what the program has not set: that begins as the new library says."""
        result = {}
        for field in new.fields:
            was = field.origin
            site = Site(field.path(new), was, field)
            if was is None or may_be(value[was], initial_value(was)):
                self.cover("variable added" if was is None else "variable not set", field.type)
                result[field] = as_expected(field.type, initial_value(field))
                if was is not None and (repr(value[was]) != repr(initial_value(was)) or not self.never_set(was)):
                    # the program set it to what an edit then made its initialiser
                    self.in_variable = True
                    result[field] = Either(result[field], self.convert(was.type, field.type, value[was], site))
                    self.in_variable = False
                continue
            self.live = self.is_live(was.type, value[was])
            self.cover("variable kept" if same_type(was.type, field.type) else "variable converted",
                       field.type)
            if was.name != field.name:
                self.cover("variable renamed", field.type)
            self.in_variable = True
            kept = self.convert(was.type, field.type, value[was], site)
            self.in_variable = False
            result[field] = External() if isinstance(kept, Foreign) and field.external else kept
        sources = {f.origin for f in new.fields}
        for field in old.fields:
            if field not in sources:
                self._variable_removed(old, field, value[field])
        return result

    @staticmethod
    def never_set(_field):
        """Whether a variable that looks as if it was not set has not been set before either."""
        return True

    def _variable_removed(self, old, field, value):
        site = Site(field.path(old))
        is_set = repr(value) != repr(initial_value(field))
        self.cover("variable removed, set" if is_set else "variable removed, not set", field.type)
        self.in_variable = True
        if is_set and self.is_live(field.type, value, field):
            self.loss("field-removed", site)
        elif is_set or self.is_live(field.type, value, field):
            self.may_lose("field-removed", site)
        self.in_variable = False

    def _struct(self, old, new, value):
        if new.is_variables:
            return self._variables(old, new, value)
        self._take_moving(new, value)
        changed = ([f.name for f in old.fields] != [f.name for f in new.fields] or
                   any(f.origin is None or f.width != f.origin.width or
                       not same_type(f.origin.type, f.type) or index_targets(f) for f in new.fields))
        result = {}
        self.depth += 1
        for field in new.fields:
            site = Site(field.path(new), field.origin, field)
            if field.origin is None and field is new.tail:
                result[field] = self._tail_added(old, field, value, site)
                continue
            if field.origin is None:
                self._cover_added(field)
                result[field] = self.default(field.type, field)
                continue
            kept = self._field(field, value[field.origin], site)
            if isinstance(kept, (Foreign, Place)) and field.external:
                self.cover("external", field.type, field)
                kept = External()
            if field.transient:
                reset = self.default(field.type, field)
                kept = reset if changed else Either(kept, reset)
                self.cover("transient", field.type, field)
            result[field] = kept
            self.live = self.is_live(field.origin.type, value[field.origin])
            if old.packing != new.packing:
                self.cover("packing", field.type, field)
            if self.depth > 2 and changed:
                self.cover("three structs deep", field.type, field)
        self.depth -= 1
        sources = {f.origin for f in new.fields}
        for field in old.fields:
            if field not in sources and field is old.tail and new.tail is None:
                self.cover("flexible array lost", field.type.elem)
                self.refuse(Site(field.path(old)), "shape-changed")
            elif field not in sources and not field.transient and (id(value), field) not in self.taken:
                live = self.is_live(field.type, value[field], field)
                self.cover("removed, live" if live else "removed, default", field.type, field)
                self.drop("field-removed", field.type, value[field],
                          Site(field.path(old)), field)
        self._cover_order(old, new, value)
        self._move(new, value, result)
        return result

    def _tail_added(self, old, field, value, site):
        """As many elements as the one that it takes the place of."""
        if old.tail is None:
            self.cover("flexible array gained", field.type.elem)
            self.refuse(site, "shape-changed")
            return []
        self.cover("flexible array replaced", field.type.elem)
        return [self.default(field.type.elem) for _ in value[old.tail]]

    def _cover_added(self, field):
        rule = "added" if field.default is None else "added with default"
        self.cover(rule, field.type, field)

    def _cover_order(self, old, new, value):
        order = [old.fields.index(f.origin) for f in new.fields if f.origin]
        if order != sorted(order):
            for field in new.fields:
                if field.origin:
                    self.live = self.is_live(field.origin.type, value[field.origin])
                    self.cover("reordered", field.type, field)

    def _field(self, field, value, site):
        old = field.origin
        self.live = self.is_live(old.type, value)
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
        for i, each in enumerate(value[new.length:], new.length):
            if (id(value), i) not in self.taken:
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
            if self.apart:  # it does not return
                self.loss("string-converted", site, strict=False)
            return self._pointed_text(new, value, site)
        if is_text(old):
            if not isinstance(new, Array):
                return self._array(old, new, [b - 256 if b > 127 else b for b in value], site)
            self.cover("char[N] to numbers", old)
            signed = [b - 256 if b > 127 else b for b in value]
            return self._array(old, new, signed, site)
        converted = self._array(old, new, value, site)
        if isinstance(converted, Text):  # of another shape, and empty
            return converted
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
        self.taken_texts.add(cut + b"\0")
        whole = cut.decode("utf-8", "ignore").encode()
        cut, whole = (Text(each.ljust(new.length, b"\0")) for each in (cut, whole))
        return cut if whole.data == cut.data else Either(cut, whole)

    def _pointed_text(self, new, value, site):
        self.cover("char * to char[N]", new)
        self.lost = True  # the text is there, what it pointed at is not
        if value is None:
            self.taken_texts.add(b"\0")
            return Text(bytes(new.length))
        if isinstance(value, (Literal, Copied)):
            text = value.text
        elif value.obj.text:
            text = value.obj.string()[value.element:]
        else:
            text = self._text_at(value)
        text = text.split(b"\0")[0]
        self.taken_texts.add(text + b"\0")
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
