"""Compares a dump with an Expectation: every object, every field, every pointer. Objects are known by
the addresses that version 1 told, so nothing is paired by guessing."""

import json
import re

from declarations import Array, Bool, Enum, Float, Int, Pointer, Struct, Union, Variant, c_declare, is_text
from expected_values import ANY, Either, External, FreshText, Owned, Place
from live_state import Code, Dangling, Data, Foreign, Literal
from places import following, trimmed
from reals import agrees

STEP = re.compile(r'\[(\d+)\]|\.(?:"game\.c:(?:\w+\(\):)?)?([A-Za-z_]\w*)"?|(\+\d+)')
RAW = re.compile(r"(?:\[(\d+)\])?\+(\d+)$")
DIFFERENCE_LIMIT = 12  # per program


def load(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return json.load(file, parse_float=str)


class Dump:
    def __init__(self, path):
        data = load(path)
        self.objects = {obj["id"]: obj for obj in data["objects"]}
        self.by_address = {obj["addr"]: obj["id"] for obj in data["objects"]}
        self.root = data["roots"]["state"]["ref"]


def as_bytes(value, size):
    """The bytes of a dumped char array, or None."""
    if isinstance(value, dict) and "bytes" in value:
        return bytes.fromhex(value["bytes"])
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").ljust(size, b"\0")
    return None


def enum_number(enum, value):
    """A dumped enum as a number; None when it is no value of the enum."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    numbers = {e.name: e.value for e in enum.enumerators}
    total = 0
    for word in value.split("|"):
        if word in numbers:
            total |= numbers[word]
        elif enum.flags and re.match(r"0x[0-9a-f]+$", word):
            total |= int(word, 16)
        else:
            return None
    return total


class Check:
    """One program's expectation against one dump."""

    def __init__(self, expectation, ids, dump, taken, offsets):
        self.out = expectation
        self.ids = ids          # index of an object -> id in this dump
        self.dump = dump
        self.taken = taken      # ids that belong to something, over all programs of the dump
        self.offsets = offsets  # of places that no path names: (offset, size, offset behind)
        self.owned = {}         # id of what is expected of a new block -> id of the block
        self.copies = {}        # text of a literal -> id of its copy
        self.made = set()       # texts that migrations have made
        self.differences = []

    def run(self):
        for obj, values in self.out.values.items():
            found = self.dump.objects.get(self.ids[obj.index])
            if found is None:
                self.differ(self.ids[obj.index], "an object", "nothing")
                continue
            self.taken.add(self.ids[obj.index])
            self.object(obj, self.out.types[obj], values, found)
        return self.differences

    def differ(self, path, expected, found):
        if len(self.differences) < DIFFERENCE_LIMIT:
            self.differences.append((path, expected, found))

    def object(self, obj, type_, values, found):
        path = found["id"]
        if type_.__class__ is Struct and type_.is_variables:
            self.variables(type_, values[0], found["value"])
            return
        count = found.get("count", 1)
        if obj.text:
            if as_bytes(found["value"], count) != values.data or count != len(values.data):
                self.differ(path, values, found["value"])
            return
        if count != len(values):
            self.differ(path, f"{len(values)} elements", count)
            return
        whole = found["value"] if "count" in found else [found["value"]]
        for i, (expected, value) in enumerate(zip(values, whole)):
            self.value(type_, expected, value, f"{path}[{i}]" if "count" in found else path)

    def variables(self, type_, expected, found):
        """Those of the other programs of the dump stand among them."""
        prefix = self.out.new.prefix + "_"
        names = {name for name in found if name.removeprefix("game.c:").startswith(prefix)}
        for field in type_.fields:
            name = field.path(type_)
            if name in names:
                self.value(field.type, expected[field], found[name], name)
            else:
                self.differ(name, "a variable", "nothing")
            names.discard(name)
        for name in sorted(names):
            self.differ(name, "no variable", found[name])

    # ---- values

    def value(self, type_, expected, found, path):
        if not self.agrees(type_, expected, found, path):
            self.differ(path, expected, found)

    def agrees(self, type_, expected, found, path):
        """Whether they agree; parts that do not are told with their own path."""
        if expected is ANY:
            return True
        if isinstance(expected, Either):
            return any(self._silently(type_, option, found, path) for option in expected.options)
        if isinstance(type_, Struct):
            return self._struct(type_, expected, found, path)
        if is_text(type_):
            return self._text(type_, expected, found)
        if isinstance(type_, Variant):
            return self._variant(type_, expected, found, path)
        if isinstance(type_, Union):
            return as_bytes(found, type_.size()) == expected
        if isinstance(type_, Array):
            if not isinstance(found, list) or len(found) != len(expected):
                return False
            for i, each in enumerate(found):
                self.value(type_.elem, expected[i], each, f"{path}[{i}]")
            return True
        if isinstance(type_, Pointer):
            return self._pointer(expected, found)
        return self._number(type_, expected, found)

    def _silently(self, type_, option, found, path):
        said = len(self.differences)
        good = self.agrees(type_, option, found, path) and len(self.differences) == said
        del self.differences[said:]
        return good

    def _struct(self, type_, expected, found, path):
        names = [field.name for field in type_.fields]
        if not isinstance(found, dict) or list(found) != names:
            return False
        for field in type_.fields:
            part = self._outside(found[field.name]) if field.external else found[field.name]
            self.value(field.type, expected[field], part, f"{path}.{field.name}")
        return True

    @staticmethod
    def _outside(found):
        """Only an address tells an external pointer from NULL."""
        return None if found == {"external": True} else found or {}

    def _variant(self, type_, expected, found, path):
        name, part = expected.field.name, type_.part()
        if not isinstance(found, dict) or enum_number(type_.tag, found.get("kind")) != expected.number or (
                not isinstance(found.get(part), dict) or list(found[part]) != [name]):
            return False
        self.value(expected.field.type, expected.value, found[part][name], f"{path}.{part}.{name}")
        return True

    @staticmethod
    def _text(type_, expected, found):
        return as_bytes(found, type_.length) == expected.data

    @staticmethod
    def _number(type_, expected, found):
        if isinstance(type_, Float):
            return agrees(type_, expected, found)
        if isinstance(type_, Enum):
            return enum_number(type_, found) == expected
        if isinstance(type_, Bool):
            return isinstance(found, bool) and int(found) == expected
        assert isinstance(type_, Int)
        return isinstance(found, int) and not isinstance(found, bool) and found == expected

    # ---- pointers

    def _pointer(self, expected, found):
        if expected is None or found is None:
            return expected is found
        if not isinstance(found, dict):
            return False
        if isinstance(expected, Place):
            return self._place(expected, found)
        if isinstance(expected, Owned):
            return self._owned(expected, found)
        if isinstance(expected, FreshText):
            return self._fresh(expected, found)
        if isinstance(expected, Code):
            return found.get("code", "").rpartition(":")[2] == expected.name
        if isinstance(expected, External):
            return list(found) == ["external", "addr"] and found["external"] is True
        if isinstance(expected, Data):
            return found.get("data", "").rpartition(":")[2] == expected.name and (
                found.get("at", 0) > 0) == (expected.index > 0)
        if isinstance(expected, Literal):
            return found == {"literal": expected.text.decode()}
        if isinstance(expected, Dangling):
            return found == {"dangling": True}
        assert isinstance(expected, Foreign)
        return found == {"foreign": True}

    def _fresh(self, expected, found):
        target = self.dump.objects.get(found.get("ref"))
        data = expected.data + b"\0"
        if not target or "at" in found or target["type"] != "char" or (
                as_bytes(target["value"], target.get("count", 1)) != data):
            return False
        if expected.shared and self.copies.get(data) == target["id"]:
            return True
        if target["id"] in self.taken:
            return False
        if expected.shared:
            self.copies[data] = target["id"]
        self.taken.add(target["id"])
        self.made.add(data)
        return True

    def _owned(self, expected, found):
        target = self.dump.objects.get(found.get("ref"))
        if id(expected) in self.owned:  # several pointers to one row of a constant that is gone
            return "at" not in found and found.get("ref") == self.owned[id(expected)]
        if not target or "at" in found or target["type"] != expected.type.name or (
                target["id"] in self.taken):
            return False
        self.taken.add(target["id"])
        self.owned[id(expected)] = target["id"]
        self.value(expected.type, expected.value, target["value"], target["id"])
        return True

    def _place(self, expected, found):
        if found.get("ref") != self.ids.get(expected.obj.index):
            return False
        type_ = self.out.types[expected.obj]
        if expected.key and self._is_there(type_, expected, found.get("at", "")):
            return True
        steps = self._steps(expected.obj, found.get("at", ""))
        if steps is None or steps[0] != expected.element:
            return False
        return trimmed(type_, steps[1:]) == trimmed(type_, expected.steps)

    def _is_there(self, type_, expected, at):
        """Whether `at` names the address in the words that are left for such a place."""
        offset, size, behind = self.offsets.get(expected.key, (None, None, None))
        raw = RAW.match(at)
        if raw:
            return (int(raw.group(1) or 0), int(raw.group(2))) == (expected.element, offset)
        steps = self._steps(expected.obj, at)
        if steps and steps[0] == expected.element + 1 and not trimmed(type_, steps[1:]):
            return offset == size
        if steps is None or steps[0] != expected.element or offset != behind:
            return False
        field = following(type_, expected.steps)
        return trimmed(type_, steps[1:]) == trimmed(type_, expected.steps[:-2] + (field,))

    def _steps(self, obj, at):
        """[element, field or index, ...]; None when the path is none of the type."""
        parts, end = [], 0
        for match in STEP.finditer(at):
            if match.start() != end or match.group(3):
                return None
            parts.append(int(match.group(1)) if match.group(1) else match.group(2))
            end = match.end()
        if end != len(at):
            return None
        type_ = self.out.types[obj]
        array = "count" in self.dump.objects[self.ids[obj.index]]
        if parts and isinstance(parts[0], int) and (array or not isinstance(type_, Array)):
            result = [parts.pop(0)]
        else:
            result = [0]
        for part in parts:
            if isinstance(part, int):
                if not isinstance(type_, Array):
                    return None
                type_ = type_.elem
            else:
                fields = [f for f in type_.fields if f.name == part] if isinstance(type_, Struct) else []
                if not fields:
                    return None
                part, type_ = fields[0], fields[0].type
            result.append(part)
        return result


def new_ids(expectation, ids):
    """Ids after a migration: the number stays, the type's name may not."""
    return {obj.index: f"{c_declare(type_, '')}:{ids[obj.index].rpartition(':')[2]}"
            for obj, type_ in expectation.types.items()}
