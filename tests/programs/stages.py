"""The state of a later version, as the migration left it and as the program then plays on with it; and
what becomes of values over several edits.

A value is as it was last written: by version 1, by the default that a field began with, or by play. What
an edit makes of it meanwhile is not written, so that it returns as soon as a version has a type for it.
"""

from declarations import CHAR, VOID, Arm, Array, Flexible, Pointer, Struct, Variant, is_text, kind_name, rank, signature
from expectation import Expectation
from expected_values import ANY, Either, External, FreshText, Place, Text
from live_state import (UNKNOWN, Copied, Data, Foreign, Literal, Object, Ref, initial_value,
                        tells_end)
from origins import history, relinked
from places import is_end


class Stage:
    """`objects` by index; `played` has what the program wrote: (index, element, path)."""

    def __init__(self, program, next_index):
        self.program = program
        self.version = program.version
        self.next_index = next_index
        self.hides_end = False  # an address that was one past an array is something else as well
        self.made_by = None  # the expectation that it is
        self.by_index = {}
        self.played = set()
        self.writes = []   # (object, element, path, type, width, value)
        self.freed = []    # objects
        self.created = []

    @staticmethod
    def first(program, state):
        stage = Stage(program, len(state.objects))
        stage.by_index = {obj.index: obj for obj in state.objects if not obj.freed}
        return stage

    @staticmethod
    def after(expectation, next_index):
        stage = Stage(expectation.new, next_index)
        stage.made_by = expectation
        stage._take(expectation)
        return stage

    def _take(self, expectation):
        for obj in expectation.values:
            made = Object(obj.index, expectation.types[obj], [], obj.single, obj.text, obj.plain)
            self.by_index[obj.index] = made
        for obj, values in expectation.values.items():
            made = self.by_index[obj.index]
            if obj.text:
                made.values = list(values.data)
            else:
                made.values = [self._raw(made.type, each) for each in values]

    @property
    def objects(self):
        return list(self.by_index.values())

    def add(self, obj):
        self.by_index[obj.index] = obj
        self.created.append(obj)
        self.next_index = obj.index + 1

    def _raw(self, type_, value):
        if value is ANY or isinstance(value, Either):
            return UNKNOWN
        if isinstance(type_, Struct):
            return {field: self._raw(field.type, value[field]) for field in type_.fields}
        if isinstance(type_, Variant):
            return Arm(value.field, value.number, self._raw(value.field.type, value.value))
        if is_text(type_):
            return value.data
        if isinstance(type_, Array):
            return [self._raw(type_.elem, each) for each in value]
        if isinstance(value, Place):
            target = self.by_index.get(value.obj.index)
            self.hides_end |= target is not None and hides_end(target.type, value.steps)
            return Ref(target, value.element, value.steps) if target else UNKNOWN
        if isinstance(value, External):
            return Foreign(0)
        if isinstance(value, FreshText):
            return Copied(value.data, value.shared)
        return value

    def value(self, index, element, path):
        value = self.by_index[index].values[element]
        for step in path:
            if value is UNKNOWN:
                return value
            is_char = isinstance(value, bytes)
            value = value[step]
            if is_char and value > 127:
                value -= 256
        return value

    def wrote(self, index, element, path):
        """Whether play wrote the place, a part of it, or what it is a part of."""
        return any(i == index and e == element and all(one is other for one, other in zip(p, path))
                   for i, e, p in self.played)


class Return(Expectation):
    """What the next version makes of the last stage, and of what earlier edits took away. `stages` are
    all up to then."""

    moved = "moved value returns"

    def __init__(self, stages, target, coverage=None, undoes=False):
        self.undoes = undoes
        self.stages = {stage.version: stage for stage in stages}
        super().__init__(stages[-1].program, target, stages[-1], coverage)
        self.last = stages[-1].version
        self.direct = {}  # version -> (Expectation of a straight way from there, copies of items)
        for stage in stages[:-1]:
            memo = {}
            copy = relinked(target, stage.version, memo)
            self.direct[stage.version] = Expectation(stage.program, copy, stage), memo
        self.named = {copy: was for _, memo in self.direct.values() for was, copy in memo.items()}
        self.revived = {}  # index -> object
        self._revive()
        for obj in list(self.values):
            if not obj.text:
                self._overlay(obj)

    def _revive(self):
        """Objects whose type was gone and is there again."""
        lost = {}
        for before, after in zip(self.direct, list(self.direct)[1:] + [self.last]):
            step = self.stages[after].made_by
            for obj in self.stages[before].objects:
                if obj not in step.types and step.map_type(obj.type) is None:
                    lost[obj.index] = before, obj
        for index, (version, obj) in lost.items():
            straight = self.direct[version][0]
            if obj in straight.values:
                again = Object(index, self._now(straight.types[obj]), [], obj.single, obj.text, obj.plain)
                self.revived[index] = again
                self.types[again] = again.type
        for index, again in self.revived.items():
            version, obj = lost[index]
            values = self.direct[version][0].values[obj]
            self.values[again] = values if again.text else [self._translated(each) for each in values]

    def _now(self, type_):
        """A type of a straight way's declarations, in those of the new version."""
        if isinstance(type_, Pointer):
            return Pointer(self._now(type_.to)) if type_.to not in (VOID, CHAR) else type_
        return self.named.get(type_, type_)

    def never_set(self, field):
        was = history(field, max(self.stages))
        for version, each in was.items():
            values = next(o.values[0] for o in self.stages[version].objects if o.is_variables)
            if repr(values[each]) != repr(initial_value(each)):
                return False
        return True

    def _overlay(self, obj):
        there = {version: stage.by_index[obj.index] for version, stage in self.stages.items()
                 if obj.index in stage.by_index}
        for element, value in enumerate(self.values[obj]):
            self.place_of = obj.index, element
            ways = {version: each.type for version, each in there.items()}
            direct = {}
            for version, (straight, _) in self.direct.items():
                if version in there and there[version] in straight.values:
                    direct[version] = straight.values[there[version]][element]
            self.values[obj][element] = self._walk(
                self.types[obj], value, {v: (t, ()) for v, t in ways.items()}, direct)

    def _walk(self, type_, value, ways, direct, field=None):
        """`ways`: version -> (type, path) of the place then; `direct`: version -> value from there."""
        if isinstance(value, Either) and field is not None and field.scope is not None:
            kept = [self._translated(each) for each in direct.values()]
            return ANY if any(each is ANY for each in kept) else Either(value, *kept)
        if value is ANY or field is not None and field.transient or isinstance(value, Either):
            return value
        if isinstance(type_, Struct) and all(isinstance(t, Struct) for t, _ in ways.values()):
            then = history(type_, self.new.version)
            if any(then.get(version) is not t for version, (t, _) in ways.items()):
                return value  # another struct in some version: only a default goes that way
            return {each: value[each] if (id(value), each) in self.settled else
                    self._member(each, value[each], ways, direct) for each in type_.fields}
        if self._mixes_texts(type_, ways):
            return self._chars(type_, value, ways, direct)
        if isinstance(type_, Array) and not is_text(type_):
            if all(self._steps_alike(type_, t) for t, _ in ways.values()):
                return [each if (id(value), i) in self.settled else
                        self._walk(type_.elem, each, self._elements(ways, i), _at(direct, i))
                        for i, each in enumerate(value)]
        elif not is_text(type_) and any(isinstance(t, Array) and rank(t) == 1 and not is_text(t)
                                        for t, _ in ways.values()):
            ways = {v: (t.elem, path + (0,)) if isinstance(t, Array) else (t, path)
                    for v, (t, path) in ways.items()}
            if isinstance(type_, Struct) and all(isinstance(t, Struct) for t, _ in ways.values()):
                return self._walk(type_, value, ways, direct, field)
        return self._leaf(type_, value, ways, direct)

    def _member(self, field, value, ways, direct):
        was = history(field, self.new.version)
        ways = {v: (was[v].type, path + (was[v],)) for v, (_, path) in ways.items() if v in was}
        inner = {}
        for version, tree in direct.items():
            if version in ways and isinstance(tree, dict):
                inner[version] = tree[self.direct[version][1][field]]
        return self._walk(field.type, value, ways, inner, field)

    @staticmethod
    def _mixes_texts(type_, ways):
        types = [type_, *(t for t, _ in ways.values())]
        return any(map(is_text, types)) and all(
            isinstance(t, Array) and rank(t) == 1 for t in types) and not all(map(is_text, types))

    def _chars(self, type_, value, ways, direct):
        """A text that is an array of numbers in some version goes element by element, as chars."""
        whole = {v: numbers_of(d) for v, d in direct.items()}
        result = [self._walk(type_.elem, each, self._elements(ways, i), _at(whole, i))
                  for i, each in enumerate(numbers_of(value))]
        return Text(bytes(each & 0xff for each in result)) if is_text(type_) else result

    @staticmethod
    def _steps_alike(now, then):
        if not isinstance(then, Array):
            return rank(now) == 1
        return rank(now) == rank(then) and is_text(then) == is_text(now)

    @staticmethod
    def _elements(ways, i):
        result = {}
        for version, (type_, path) in ways.items():
            if isinstance(type_, Array):
                if i < type_.length or isinstance(type_, Flexible):
                    result[version] = type_.elem, path + (i,)
            elif i == 0:
                result[version] = type_, path
        return result

    def _leaf(self, type_, value, ways, direct):
        origin = self._origin(ways)
        if origin == self.last or origin not in direct:
            return value
        stays = self.last in ways
        late = stays and not is_linked(ways, origin, self.last)
        if not late and isinstance(type_, Pointer) and stays and isinstance(ways[self.last][0], Pointer):
            return self._followed(value, direct[origin], ways, origin)
        then = ways[origin][0]
        if isinstance(then, Pointer) and is_text(type_) and any(s.writes for s in self.stages.values()):
            # the text that it points at may be another one by now
            return value if same_type_text(ways, self.last, type_) else ANY
        kept = self._translated(direct[origin])
        if kept is ANY or isinstance(kept, list) and open_in(kept):  # no way on from there
            return value
        if kept is None and direct[origin] is not None and stays and is_text(ways[self.last][0]):
            return value  # the object that it pointed into was freed, the text was not
        if any(direct.get(v) is ANY for v in ways if origin < v < self.last):
            return Either(kept, value)  # of the versions between, one had it in a type with no way on
        pointer = kept.value if isinstance(kept, Arm) else kept
        void = isinstance(kept, Arm) and isinstance(kept.field.type, Pointer) and kept.field.type.to is VOID
        options = returning(pointer, void or any(isinstance(t, Pointer) and t.to is VOID
                                                 for t, _ in ways.values()))
        if options:
            allowed = Either(pointer, *options)
            return Arm(kept.field, kept.number, allowed) if isinstance(kept, Arm) else allowed
        if self.coverage is not None and not same(kept, value):
            rule = ("late rename" if late else "kept value" if stays else "removed field") + " returns"
            self.coverage.hit(rule, kind_name(type_))
        return kept

    def _followed(self, value, kept, ways, origin):
        """A pointer that is alive, unless the way from an earlier version was another one: a void * to what
        became a first member means what that begins, until the layout of then is there again."""
        kept = self._translated(kept)
        if not (isinstance(value, Place) and isinstance(kept, Place) and value.obj is kept.obj and
                ways[origin][0].to is VOID) or value.steps == kept.steps:
            return value
        was = self.stages[origin].by_index[value.obj.index].type
        return kept if signature(was) == signature(self.types[value.obj]) else Either(value, kept)

    def _origin(self, ways):
        """The version that has the value as it counts: the last that wrote it, and from there on as long
        as nothing of it is lost."""
        wrote = [v for v, (_, path) in ways.items() if self.stages[v].wrote(*self.place_of, path)]
        origin = max(wrote) if wrote else min(ways, default=self.last)
        while origin + 1 in ways and is_linked(ways, origin, origin + 1):
            (old, path), (new, after) = ways[origin], ways[origin + 1]
            step = self.stages[origin + 1].made_by
            fields = [p[-1] if p and not isinstance(p[-1], int) else None for p in (path, after)]
            if step.loses(old, new, self.stages[origin].value(*self.place_of, path), *fields):
                break
            origin += 1
        return origin

    def _translated(self, value):
        """What a straight way gives, in the declarations and objects of the new version."""
        if isinstance(value, Either):
            options = [self._translated(each) for each in value.options]
            return ANY if any(each is ANY for each in options) else Either(*options)
        if isinstance(value, dict):
            return {self.named[field]: self._translated(each) for field, each in value.items()}
        if isinstance(value, list):
            return [self._translated(each) for each in value]
        if isinstance(value, Arm):
            return Arm(self.named[value.field], value.number, self._translated(value.value))
        if not isinstance(value, Place):
            return value
        index = value.obj.index
        target = self.revived.get(index) or self.state.by_index.get(index)
        if target is None or target not in self.types:
            return None
        place = Place(target, value.element,
                      tuple(s if isinstance(s, int) else self.named[s] for s in value.steps))
        if value.key:
            self.tell_place(self.types[target], place)
        return place


def returning(pointer, void):
    """What may stand for a kept pointer when it returns."""
    if isinstance(pointer, Place) and (pointer.steps or void):
        # to a part of an object: an edit between may have taken the part away, and what a void * meant may
        # have begun where something larger does
        return [None] + [Place(pointer.obj, pointer.element, pointer.steps[:i])
                         for i in range(len(pointer.steps))]
    if isinstance(pointer, Data):
        return [None]
    if isinstance(pointer, Literal):  # which an edit between may have copied
        return [FreshText(pointer.text, shared=True)]
    return []


def is_linked(ways, first, last):
    """Whether the place went on through each version between: a field that a note claims later began
    anew once."""
    for version in range(first, last):
        fields = [[step for step in ways[v][1] if not isinstance(step, int)] if v in ways else []
                  for v in (version, version + 1)]
        if any(now.origin is not was for was, now in zip(*fields)):
            return False
    return True


def texts_without_return(stage):
    """Texts on the heap for fields that were text in an earlier version and that version 1 did not
    have, or not there: where these go the attic keeps them."""
    found = set()

    def look(value, fresh):
        if isinstance(value, list):
            for each in value:
                look(each, fresh)
        elif isinstance(value, dict):
            for field, each in value.items():
                was = history(field, stage.version)
                is_fresh = fresh or 1 not in was
                if isinstance(each, Copied) and is_fresh and any(is_text(f.type) for f in was.values()):
                    found.add(each.text + b"\0")
                look(each, is_fresh)
    for obj in stage.objects:
        look(obj.values, False)
    return found


def _at(direct, i):
    return {v: tree[i] for v, tree in direct.items() if isinstance(tree, list) and i < len(tree)}


def hides_end(type_, steps):
    """Whether the place is one past an array and its address cannot be told from what follows."""
    if not is_end(steps):
        return False
    for step in steps[:-2]:
        type_ = type_.elem if isinstance(step, int) else step.type
    return not tells_end(type_, type_.fields.index(steps[-2]))


def numbers_of(value):
    """The chars of a text as numbers."""
    return [b - 256 if b > 127 else b for b in value.data] if isinstance(value, Text) else value


def same_type_text(ways, version, type_):
    then = ways[version][0] if version in ways else None
    return is_text(then) and then.length == type_.length


def same(one, other):
    return repr(one) == repr(other)


def open_in(value):
    """Whether the rules leave open an expected value or an element of it."""
    if isinstance(value, list):
        return any(open_in(each) for each in value)
    return value is ANY


def unknown_in(value):
    """Whether the rules leave open some part of a raw value."""
    if isinstance(value, dict):
        return any(unknown_in(each) for each in value.values())
    if isinstance(value, list):
        return any(unknown_in(each) for each in value)
    return value is UNKNOWN
