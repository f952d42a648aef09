"""What becomes of values that MOLT_MOVED takes to another place of their object, and of those that go
back when the edit is undone. A struct's `moves` are pairs of places: in the new struct, in the old one."""

from expected_values import Site


class MoveRules:
    """A part of Expectation."""

    moved = "moved"

    def _take_moving(self, new, value):
        """What moves is no loss where it was."""
        for _, was in new.moves:
            self.taken.add(_parent(value, was))

    def _move(self, new, value, result):
        """Over what stands there as a new field's value."""
        for now, was in new.moves:
            source, target = was[-1], now[-1]
            fields = [each for each in was if not isinstance(each, int)]
            old = source.type if not isinstance(source, int) else fields[-1].type.elem
            to = target.type if not isinstance(target, int) else now[-2].type.elem
            holder = now[-2].type if len(now) > 1 and not isinstance(target, int) else new
            site = Site((target if not isinstance(target, int) else now[-2]).path(holder))
            self.live = self.is_live(old, at(value, was))
            self.cover(self.moved, to)
            put(result, now, self.convert(old, to, at(value, was), site))
            self.settled.add(_parent(result, now))

    @staticmethod
    def _moved_place(new, steps):
        """(how many of the steps moved, to which) of an old place in what became `new`."""
        for now, was in getattr(new, "moves", ()):
            if len(steps) >= len(was) and all(one is other or one == other for one, other in zip(was, steps)):
                return len(was), now
        return 0, ()


def at(value, steps):
    for step in steps:
        value = value[step]
    return value


def put(value, steps, moved):
    at(value, steps[:-1])[steps[-1]] = moved


def _parent(value, steps):
    """What holds the value there, and where in it."""
    return id(at(value, steps[:-1])), steps[-1]
