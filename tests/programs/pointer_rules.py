"""What becomes of pointers, and of the places that they lead to."""

from declarations import (VOID, Array, Bool, Enum, Field, Flexible, Float, Function, Int, Pointer, Struct,
                          c_declare, is_special, matches, same_type, signature)
from expected_values import ANY, Either, FreshText, Owned, Place, Site
from live_state import Code, Copied, Dangling, Data, Foreign, Literal, Ref, zero_value
from number_rules import convert_number
from places import Gone, index_targets, is_end, is_reshape, kind_of_place, trimmed


NUMBERS = (Bool, Enum, Float, Int)


def holds(type_, wanted):
    """A value of `type_` has one of `wanted` in it, or is one."""
    if type_ is wanted:
        return True
    if isinstance(type_, (Array, Flexible)):
        return holds(type_.elem, wanted)
    return isinstance(type_, Struct) and any(holds(field.type, wanted) for field in type_.fields)


class Losses:
    """Whether a number loses anything on its way."""

    lost = stuck = False

    def cover(self, *_):
        pass

    def loss(self, *_):
        self.lost = True


def all_exact(obj, old, new):
    """A block of numbers, each of which has an exact value of the other type."""
    if not (isinstance(old, (Int, Float)) and isinstance(new, (Int, Float)) and obj.type is old):
        return False
    losses = Losses()
    for value in obj.values:
        convert_number(losses, old, new, value, Site(""), None)
    return not losses.lost


class PointerRules:
    """A part of Expectation."""

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
        if isinstance(value, Copied) and value.shared and value.text in self.new.literals:
            return Literal(value.text)  # the copy stood in for it
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
            if isinstance(value, Ref) and all_exact(value.obj, old.to, new.to):
                self.open = True  # the block may become one of such numbers, if no other pointer is against it
                return ANY
            if isinstance(value, Ref) and isinstance(old.to, Pointer) and isinstance(new.to, Pointer):
                self.open = True  # the pointer that it leads to may have become just such a one
                return ANY
            if not self._became(value, old.to, new.to):
                self.cover("pointee changed, live", old)
                return self._refuse_target(site, value, "pointee-type-changed", "type-missing",
                                           *self._gone_as_well(value))
        return self._place(old, new, value, site)

    def _became(self, ref, old, new):
        """A number that a pointer leads to has become one of the very type that the pointer has now."""
        if not (isinstance(ref, Ref) and isinstance(old, NUMBERS) and isinstance(new, NUMBERS)):
            return False
        try:
            return self.place(ref)[1] is new
        except Gone:
            return False

    def _gone_as_well(self, ref):
        """The rule for a place that is gone, where that may be seen before the type is."""
        try:
            self.place(ref)
        except Gone:
            return ["interior-target-removed"]
        return []

    def _refuse_target(self, site, ref, *rules):
        """A type that is gone although a pointer leads to an object of it has a line of its own."""
        if isinstance(ref, Ref) and ref.obj in self.embedding:
            rules += ("alias-lost",)
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
        if not self._has_row(was, now, value):
            self.cover("constant gone", old)
            if old.to is VOID and isinstance(was[0], Struct) and self.map_type(was[0]) is None:
                return self.refuse(site, "library-data-missing")  # nothing that a copy could be
            if old.to is VOID:
                self.open = True  # the row goes on as a copy, where its type is known
                return ANY
            if isinstance(was[0], Struct):
                return self._row_copy(was[0], value, site)
            return self.refuse(site, "library-data-missing")
        # whether a void * is known to lead to numbers depends on what else the schema has
        self.open |= old.to is VOID and (len(was[1]) != len(now[1]) or was[1] != now[1])
        self.cover("constant", old)
        return value

    def _row_copy(self, struct, value, site):
        """One for all pointers to the row, which is all zeros."""
        self.loss("constant-copied", site)
        self.lasting = False
        key = value.name, value.index
        if key not in self.row_copies:
            to = self.map_type(struct)
            self.row_copies[key] = Owned(to, self.convert(struct, to, zero_value(struct), Site("")))
        return self.row_copies[key]

    def _has_row(self, was, now, value):
        """Rows are known by their index here: none begins with a text, and none is designated."""
        if now is None or value.index >= len(now[1]):
            return False
        if isinstance(was[0], Struct):
            return isinstance(now[0], Struct) and self.map_type(was[0]) is now[0]
        return now[0] is was[0]

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
        became = self.map_type(value.obj.type)
        if (value.steps or became is not new.to) and became is not None and (
                holds(became, new.to) or isinstance(new.to, Pointer)):
            self.open = True  # it goes on where such a one is at the very place
            return ANY
        if value.steps or became is not new.to:
            self.cover("void * to another type, live", new)
            return self._refuse_target(site, value, "pointee-type-changed", "type-missing")
        self.cover("void * to its type", new)
        return Place(value.obj, value.element, ())

    def _place(self, old, new, ref, site):
        if old.to is VOID and not is_end(ref.steps):  # it means the outermost that begins there
            short = tuple(trimmed(ref.obj.type, ref.steps))
            self.open |= short != ref.steps and any(s.moves for s in self.new.structs)
            ref = Ref(ref.obj, ref.element, short + self._first_indexed(ref, short))
        untyped = old.to is VOID or isinstance(old.to, Int) and old.to.bits == 8
        inside = ref.obj.plain == "pool" or trimmed(ref.obj.type, ref.steps)
        if untyped and inside and (new.to is VOID or isinstance(new.to, Int)):
            # where the place and its first member part; the table of edits shows when
            self.optional.add(("pointer-ambiguous", site.path))
        try:
            place, there = self.place(ref)
        except Gone:
            self.cover("target removed", old)
            return self._refuse_target(site, ref, "interior-target-removed", "type-missing",
                                       "pointee-type-changed")
        if place.steps and isinstance(place.steps[-1], Field):
            was = place.steps[-1].origin
            self.open |= was is not None and place.steps[-1].atomic != was.atomic
        if new.to is not VOID and not matches(there, new.to):
            self.cover("target retyped", old)
            return self.refuse(site, "pointee-type-changed", "interior-target-removed")
        if ref.obj in self.embedding:
            self.cover("alias lost", old)
            return self.refuse(site, "alias-lost")
        self.cover(self._place_rule(ref), old)
        # the first member means what it begins, so that the way back would lead there
        begins = trimmed(self.map_type(ref.obj.type), place.steps)
        self.lost |= old.to is VOID and len(begins) < len(place.steps)
        if place.steps and (is_end(place.steps) or isinstance(there, Int) and there is not new.to):
            self.tell_place(self.map_type(ref.obj.type), place)
        return place

    def _first_indexed(self, ref, steps):
        """(0,) where a place is a whole array whose first element goes elsewhere: an untyped pointer follows
        the element."""
        try:
            steps = self.place(Ref(ref.obj, ref.element, steps))[0].steps
        except Gone:
            return ()
        return (0,) if steps and isinstance(steps[-1], Field) and index_targets(steps[-1]) else ()

    def tell_place(self, type_, place):
        if type_.is_variables:  # these have no offsets
            self.open = self.untold = True
            return
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s.name}" for s in place.steps)
        place.key = f"{type_.name}{steps}"
        self.unnamed[place.key] = type_, place

    @staticmethod
    def _place_rule(ref):
        if ref.element == len(ref.obj.values):
            return "one past the end"
        if ref.obj.is_variables:
            return "variable pointed at"
        if ref.steps:
            return "interior"
        return "element" if ref.element else "object"

    def place(self, ref):
        """(Place, the type there) of what an old reference points at; raises Gone."""
        old, new = ref.obj.type, self.map_type(ref.obj.type)
        if new is None:
            raise Gone
        steps = []
        left = list(ref.steps)
        while left:
            count, to = self._moved_place(new, left)
            if count:
                last = left[count - 1]
                old = last.type if isinstance(last, Field) else left[count - 2].type.elem
                new = to[-1].type if isinstance(to[-1], Field) else to[-2].type.elem
                steps += to
                del left[:count]
                continue
            step = left.pop(0)
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
        if isinstance(old, Flexible):
            if not isinstance(new, Flexible):
                raise Gone
            steps.append(step)
            return old.elem, new.elem
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
