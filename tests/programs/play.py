"""How a program plays on with the state that an edit left: writes some fields, frees some objects and
makes others. Only what the rules say is played with, so that what follows is known too."""

from declarations import Arm, Array, Bool, Complex, Enum, Flexible, Float, Int, Pointer, Struct, Variant, is_text
from live_state import (UNKNOWN, WALK_LIMIT, Dangling, Object, Ref, chosen_arm, fill_tail, plain_form,
                        plain_value)
from random_values import random_value

WRITE_LIMIT = 8


class Place:
    """A scalar, text or pointer that play can write."""

    def __init__(self, obj, element, path, type_, width, holder):
        self.obj = obj
        self.element = element
        self.path = path
        self.type = type_
        self.width = width
        self.holder = holder  # the dict or list that has the value
        self.step = path[-1] if path else element

    def value(self):
        return self.holder[self.step]

    def write(self, stage, value):
        if repr(value) == repr(self.value()) or is_text(self.type) and (
                value.split(b"\0")[0] == self.value().split(b"\0")[0]):
            return  # what stands behind a text does not count as another text
        self.holder[self.step] = value
        stage.played.add((self.obj.index, self.element, self.path))
        stage.writes.append((self.obj, self.element, self.path, self.type, self.width, value))


def places(stage):
    """All of them, in the elements that pointers go into. Pointers to what is freed are among them."""
    result = []

    def walk(obj, element, path, type_, width, holder, step):
        value = holder[step]
        if value is UNKNOWN:
            return
        if isinstance(type_, Struct):
            for field in type_.fields:
                if not field.counts and not field.transient and not field.external and not isinstance(field.type, Complex):
                    walk(obj, element, path + (field,), field.type, field.width, value, field)
        elif isinstance(type_, Array) and not is_text(type_):
            for i in range(min(len(value), WALK_LIMIT) if isinstance(type_, Flexible) else type_.length):
                walk(obj, element, path + (i,), type_.elem, None, value, i)
        else:
            result.append(Place(obj, element, path, type_, width, holder))
    for obj in stage.objects:
        if not obj.text:
            for element in range(min(len(obj.values), WALK_LIMIT)):
                walk(obj, element, (), obj.type, None, obj.values, element)
    return result


def new_value(rng, stage, place):
    """Another value for the place, or UNKNOWN where play leaves it alone."""
    type_ = place.type
    if is_text(type_) or isinstance(type_, (Int, Bool, Float, Enum)):
        return random_value(rng, type_, place.width)
    if isinstance(type_, Pointer) and isinstance(type_.to, Struct):
        return pointer_to(rng, stage, type_.to)
    if isinstance(type_, Variant):
        arm = chosen_arm(rng, type_)
        to = arm.field.type.to if isinstance(arm.field.type, Pointer) else None
        return Arm(arm.field, arm.number, pointer_to(rng, stage, to)) if isinstance(to, Struct) else arm
    return UNKNOWN


def pointer_to(rng, stage, struct):
    starts = [obj for obj in stage.objects if obj.type is struct]
    return Ref(rng.choice(starts)) if starts and rng.random() < 0.7 else None


def play(rng, stage):
    """Plays; what was done is in stage.writes, .freed and .created."""
    every = places(stage)
    tidy = rng.random() < 0.7  # clears the pointers to what it frees, and may use the place again
    if rng.random() < 0.4:
        free_one(rng, stage, every, tidy)
        every = [place for place in every if place.obj.index in stage.by_index]
    for place in rng.sample(every, min(len(every), rng.randint(0, WRITE_LIMIT))):
        value = new_value(rng, stage, place)
        if value is not UNKNOWN:
            place.write(stage, value)
    if tidy and rng.random() < 0.5:
        make_one(rng, stage)


def free_one(rng, stage, every, tidy):
    fits = [obj for obj in stage.objects
            if obj.index > 0 and isinstance(obj.type, Struct) and not obj.is_variables]
    if not fits:
        return
    gone = rng.choice(fits)
    del stage.by_index[gone.index]
    stage.freed.append(gone)
    for place in every:
        value = place.value()
        arm = value if isinstance(value, Arm) else None
        value = arm.value if arm else value
        if isinstance(value, Ref) and value.obj is gone and place.obj is not gone:
            left = None if tidy else Dangling(gone)
            left = Arm(arm.field, arm.number, left) if arm else left
            if tidy:
                place.write(stage, left)
            else:
                place.holder[place.step] = left


def make_one(rng, stage):
    struct = rng.choice(stage.program.structs)
    single = rng.random() < 0.5 or struct.tail is not None
    values = [plain_value(rng, struct) for _ in range(1 if single else rng.randint(1, 3))]
    if struct.tail:
        fill_tail(rng, struct, values[0])
    stage.add(Object(stage.next_index, struct, values, single,
                     plain=plain_form(rng, struct, len(values))))
