"""Compares an expectation with a dump: two graphs walked side by side from their roots.

Objects are related one to one as pointers meet them; whatever no root reaches is related by type
and order afterwards. Recursion follows types, never data.
"""

import re

from molt_numbers import same_float
from molt_expectation import ANY, Boxed, CString, Fresh, OneOf, Ref

DIFFERENCE_LIMIT = 60


class Walk:
    def __init__(self, expected, actual, earlier=(), sources=None):
        self.expected = expected
        self.earlier = [{obj["id"]: obj for obj in dump["objects"]} for dump in earlier]
        self.schema = expected.schema
        self.roots = actual["roots"]
        self.wanted_hash = sources or self.schema.hash
        self.actual_hash = actual.get("schema")
        self.objects = {obj["id"]: obj for obj in actual["objects"]}
        self.new_of = {}   # old id -> new id
        self.old_of = {}   # new id -> old id, or what was made for it
        self.related = []  # the same pairs in the order in which they were found
        self.queue = []
        self.differences = []
        self.left_out = 0

    def run(self):
        if self.wanted_hash != self.actual_hash:
            self.differ("the dump", f"schema {self.wanted_hash}", self.actual_hash)
        for name, value in self.expected.roots.items():
            if name not in self.roots:
                self.differ(f"root {name}", value, "nothing")
            else:
                self.value(None, value, self.roots[name], f"root {name}")
        self.drain()
        self.pair_unreached()
        self.drain()
        self.count_objects()
        if self.left_out:
            self.differences.append(f"... and {self.left_out} more differences")
        return self.differences

    def differ(self, path, expected, found):
        if self.came_back(path):
            return True
        if len(self.differences) < DIFFERENCE_LIMIT:
            self.differences.append(
                f"{path}: expected {_short(expected)}, found {_short(found)}")
        else:
            self.left_out += 1
        return False

    def came_back(self, path):
        """Whether the value is what an edit took away: that of the last dump that has the place."""
        for objects in self.earlier:
            try:
                value = look_up(objects, path)
            except (KeyError, IndexError, TypeError):
                continue
            try:
                return value == look_up(self.objects, path)
            except (KeyError, IndexError, TypeError):
                return False
        return False

    # ---- objects

    def relate(self, old_id, new_id, path):
        """False, with a difference, when one of them is related to another object already."""
        if self.new_of.get(old_id) == new_id:
            return True
        if old_id in self.new_of:
            return self.differ(path, f"what was {old_id}, which is {self.new_of[old_id]}", new_id)
        if new_id in self.old_of:
            return self.differ(path, f"what was {old_id}",
                               f"{new_id}, which is what was {self.old_of[new_id]}")
        if new_id not in self.objects:
            return self.differ(path, f"what was {old_id}", f"{new_id}, which is not in the dump")
        self.new_of[old_id] = new_id
        self.old_of[new_id] = old_id
        self.related.append((old_id, new_id))
        self.queue.append((old_id, new_id))
        return True

    def drain(self):
        while self.queue:
            old_id, new_id = self.queue.pop()
            self.object(self.expected.objects.get(old_id), self.objects[new_id], old_id)

    def object(self, expected, actual, old_id):
        path = actual["id"] if actual["id"] == old_id else f"{old_id} -> {actual['id']}"
        if expected is None:
            self.differ(path, "no object", "one")
            return
        if expected.type != actual["type"]:
            self.differ(path, f"type {expected.type}", actual["type"])
            return
        if actual.get("count", 1) != expected.count:
            self.differ(path, f"{expected.count} elements", actual.get("count", 1))
            return
        single = "count" not in actual
        values = [actual["value"]] if single else actual["value"]
        if expected.kept and expected.values == values:
            return
        type_ = self.schema.types[expected.type]
        if isinstance(values, (str, dict)) or isinstance(expected.values, (str, dict)):
            if values != expected.values:
                self.differ(path, expected.values, values)
            return
        for i, (want, got) in enumerate(zip(expected.values, values)):
            self.value(type_, want, got, path if single else f"{path}[{i}]")

    def pair_unreached(self):
        """What no root reaches has only its type and number to be known by."""
        spare = {}
        for new_id, obj in self.objects.items():
            if new_id not in self.old_of:
                spare.setdefault(obj["type"], {})[new_id] = True
        lost = []
        for old_id, expected in self.expected.objects.items():
            if old_id in self.new_of:
                continue
            same_id = f"{expected.type}:{old_id.rpartition(':')[2]}"
            if spare.get(expected.type, {}).pop(same_id, False):
                self.relate(old_id, same_id, "unreachable")
            else:
                lost.append((old_id, expected.type))
        for old_id, type_ in lost:
            ids = spare.get(type_)
            if ids:
                new_id = next(iter(ids))
                del ids[new_id]
                self.relate(old_id, new_id, "unreachable")
            else:
                self.differ(f"{old_id} (unreachable)", "to be kept", "nothing")

    def count_objects(self):
        for new_id, obj in self.objects.items():
            if new_id not in self.old_of:
                self.differ(new_id, "nothing", f"a new object of type {obj['type']}")

    # ---- values

    def value(self, type_, expected, actual, path):
        """Whether they agree; says where not. `type_` is the new type, None for pointers."""
        if expected is ANY:
            return True
        if isinstance(expected, OneOf):
            return self.one_of(type_, expected, actual, path)
        if isinstance(expected, Ref):
            return self.reference(expected, actual, path)
        if isinstance(expected, Fresh):
            return self.fresh(expected, actual, path)
        if isinstance(expected, Boxed):
            return self.boxed(expected, actual, path)
        if isinstance(expected, CString):
            return self.c_string(type_, expected, actual, path)
        kind = type_["kind"] if type_ else "pointer"
        if kind == "struct":
            return self.struct(type_, expected, actual, path)
        if kind == "union" and isinstance(expected, dict) and "bytes" not in expected:
            return self.union(type_, expected, actual, path)
        if kind == "array" and isinstance(expected, list):
            return self.array(type_, expected, actual, path)
        if kind == "float" and not isinstance(expected, dict) and not isinstance(actual, dict):
            return same_float(expected, actual, type_["size"]) or self.differ(
                path, expected, actual)
        if kind == "pointer" and isinstance(expected, dict) and "code" in expected:
            return self.function(expected, actual, path)
        if expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
            return self.differ(path, expected, actual)
        return True

    def struct(self, type_, expected, actual, path):
        if not isinstance(actual, dict) or expected.keys() != actual.keys():
            return self.differ(path, f"fields {list(expected)}",
                               list(actual) if isinstance(actual, dict) else actual)
        agree = True
        types = self.schema.types
        for field in type_["fields"]:
            name = field["name"]
            agree &= self.value(types[field["type"]], expected[name], actual[name],
                                f"{path}.{name}")
        return agree

    def union(self, type_, expected, actual, path):
        if not isinstance(actual, dict) or expected.keys() != actual.keys():
            return self.differ(path, f"arm {list(expected)}", actual)
        return all(self.value(self.schema.types[type_["by_name"][arm]["type"]], want, actual[arm],
                              f"{path}.{arm}") for arm, want in expected.items())

    def array(self, type_, expected, actual, path):
        if not isinstance(actual, list) or len(expected) != len(actual):
            return self.differ(path, f"{len(expected)} elements", actual)
        elem = self.schema.elem(type_)
        agree = True
        for i, (want, got) in enumerate(zip(expected, actual)):
            agree &= self.value(elem, want, got, f"{path}[{i}]")
        return agree

    def one_of(self, type_, expected, actual, path):
        """Tries each; what a failed try said, related or queued is undone."""
        said, left_out = len(self.differences), self.left_out
        related, queued = len(self.related), len(self.queue)
        for option in expected.options:
            if self.value(type_, option, actual, path):
                return True
            del self.differences[said:]
            del self.queue[queued:]
            self.left_out = left_out
            while len(self.related) > related:
                old_id, new_id = self.related.pop()
                self.new_of.pop(old_id, None)
                del self.old_of[new_id]
        return self.differ(path, expected, actual)

    def reference(self, expected, actual, path):
        if not isinstance(actual, dict) or "ref" not in actual:
            return self.differ(path, expected, actual)
        if not self.relate(expected.old_id, actual["ref"], path):
            return False
        if expected.offset is None:
            return True
        obj = self.objects[actual["ref"]]
        try:
            element, offset, _ = self.schema.place(obj, actual.get("at", ""))
        except (KeyError, TypeError, ValueError) as error:
            return self.differ(path, expected, f"{actual}, which is no place in it ({error})")
        size = self.schema.types[obj["type"]].get("size", 0)
        if element * size + offset != expected.element * size + expected.offset:
            return self.differ(path, expected, actual)
        return True

    def fresh(self, expected, actual, path):
        if not isinstance(actual, dict) or "ref" not in actual or actual.get("at"):
            return self.differ(path, expected, actual)
        obj = self.objects.get(actual["ref"])
        if obj is None or obj["value"] != expected.text or not self.schema.is_char(
                self.schema.types[obj["type"]]):
            return self.differ(path, expected, obj)
        if obj["id"] in self.old_of:
            return self.differ(path, expected, f"{obj['id']}, which has another owner")
        self.old_of[obj["id"]] = f"made for {path}"
        self.related.append((None, obj["id"]))
        return True

    def boxed(self, expected, actual, path):
        obj = self.objects.get(actual.get("ref")) if isinstance(actual, dict) else None
        if obj is None or actual.get("at") or obj["type"] != expected.type or "count" in obj or (
                obj["id"] in self.old_of):
            return self.differ(path, expected, actual)
        self.old_of[obj["id"]] = f"made for {path}"
        self.related.append((None, obj["id"]))
        return self.value(self.schema.types[expected.type], expected.value, obj["value"], path)

    def c_string(self, type_, expected, actual, path):
        data = self.schema.text_bytes(actual, type_["size"])
        return data.split(b"\0")[0] == expected.data or self.differ(path, expected, actual)

    def function(self, expected, actual, path):
        """By name; the file may change when the name was never in two."""
        if not isinstance(actual, dict) or "code" not in actual:
            return self.differ(path, expected, actual)
        name = expected["code"].rpartition(":")[2]
        same = actual["code"] == expected["code"] or (
            actual["code"].rpartition(":")[2] == name and
            len(self.expected.file_of.get(name, ())) == 1)
        return same or self.differ(path, expected, actual)


def look_up(objects, path):
    """The value at a path such as "Ant:7.cargo.kinds[2]"; raises where there is none."""
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    value = objects[re.match(r"[^.\[]*", path).group()]["value"]
    for name, index in steps:
        value = value[name] if name else value[int(index)]
    return value


def _short(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."
