#!/usr/bin/env python3
"""Compares two dumps object by object, whatever their ids are.

    compare_dumps.py [--common-fields] A.json B.json

Walks both graphs from their roots and relates objects one to one. With --common-fields only what
both sides have counts: fields by name, the shorter of two arrays, and numbers by value, so that a
widened or int-to-float field agrees. Exits with 0 when they agree, 1 with the differences listed, 2
when it cannot read its input.
"""

import argparse
import sys

from molt_numbers import LongFloat, exact, is_word, nearest_float32
from molt_schema import load_json

DIFFERENCE_LIMIT = 60


class Comparison:
    def __init__(self, left, right, common):
        self.left = {obj["id"]: obj for obj in left["objects"]}
        self.right = {obj["id"]: obj for obj in right["objects"]}
        self.documents = left, right
        self.common = common
        self.partner = {}
        self.owner = {}
        self.queue = []
        self.differences = []
        self.left_out = 0

    def run(self):
        left, right = self.documents
        if not self.common and left.get("schema") != right.get("schema"):
            self.differ("schema", left.get("schema"), right.get("schema"))
        self.value(left["roots"], right["roots"], "roots")
        self.drain()
        for id_ in self.left:
            if id_ not in self.partner and id_ in self.right and id_ not in self.owner:
                self.relate(id_, id_, "unreachable")
        self.drain()
        self.unmatched()
        if self.left_out:
            self.differences.append(f"... and {self.left_out} more differences")
        return self.differences

    def differ(self, path, left, right):
        if len(self.differences) < DIFFERENCE_LIMIT:
            self.differences.append(f"{path}: {_short(left)} | {_short(right)}")
        else:
            self.left_out += 1

    def relate(self, left_id, right_id, path):
        if self.partner.get(left_id) == right_id:
            return
        if left_id in self.partner or right_id in self.owner:
            self.differ(path, f"{left_id} (met as {self.partner.get(left_id)})",
                        f"{right_id} (met as {self.owner.get(right_id)})")
            return
        if left_id not in self.left or right_id not in self.right:
            self.differ(path, left_id, f"{right_id}: a reference to no object")
            return
        self.partner[left_id] = right_id
        self.owner[right_id] = left_id
        self.queue.append((left_id, right_id))

    def drain(self):
        while self.queue:
            left_id, right_id = self.queue.pop()
            left, right = self.left[left_id], self.right[right_id]
            path = left_id if left_id == right_id else f"{left_id} | {right_id}"
            if left["type"] != right["type"] and not self.common:
                self.differ(path, left["type"], right["type"])
            if left.get("count", 1) != right.get("count", 1):
                self.differ(f"{path}.count", left.get("count", 1), right.get("count", 1))
            self.value(left["value"], right["value"], path)

    def unmatched(self):
        """Objects of a side alone; with common fields they may be what a new field points at."""
        types = {obj["type"] for obj in self.left.values()}, {
            obj["type"] for obj in self.right.values()}
        for side, related, others in ((self.left, self.partner, types[1]),
                                      (self.right, self.owner, types[0])):
            for id_, obj in side.items():
                if id_ not in related and not (self.common and obj["type"] not in others):
                    here = side is self.left
                    self.differ(id_, "here" if here else "nothing", "nothing" if here else "here")

    def value(self, left, right, path):
        if isinstance(left, dict) and isinstance(right, dict):
            self.record(left, right, path)
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right) and not self.common:
                self.differ(path, f"{len(left)} elements", f"{len(right)} elements")
            for i, (one, other) in enumerate(zip(left, right)):
                self.value(one, other, f"{path}[{i}]")
        elif not (_equal(left, right) or self.common and _equal_number(left, right)):
            self.differ(path, left, right)

    def record(self, left, right, path):
        if isinstance(left.get("ref"), str) and isinstance(right.get("ref"), str):
            self.relate(left["ref"], right["ref"], path)
            if left.get("at") != right.get("at"):
                self.differ(f"{path} (at)", left.get("at"), right.get("at"))
            return
        for key in left:
            if key in right:
                self.value(left[key], right[key], f"{path}.{key}")
            elif not self.common:
                self.differ(f"{path}.{key}", left[key], "no such field")
        for key in right:
            if key not in left and not self.common:
                self.differ(f"{path}.{key}", "no such field", right[key])


def _equal(left, right):
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _equal_number(left, right):
    """By value; a float's shortest text and the same value as a double differ in their digits."""
    if not all(isinstance(each, (int, float, LongFloat)) or each == "-0.0"
               for each in (left, right)):
        return False
    one, other = exact(left), exact(right)
    if one == other:
        return True
    if is_word(left) or is_word(right):
        return False
    return nearest_float32(float(one)) == nearest_float32(float(other)) and (
        _is_float32(one) or _is_float32(other))


def _is_float32(number):
    return nearest_float32(float(number)) == float(number)


def _short(value):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 160 else text[:157] + "..."


def compare_dumps(left, right, common_fields=False):
    """Differences as texts; empty when the dumps agree."""
    return Comparison(left, right, common_fields).run()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--common-fields", action="store_true",
                        help="compare only what both sides have, numbers by value")
    parser.add_argument("left", metavar="A.json")
    parser.add_argument("right", metavar="B.json")
    options = parser.parse_args()
    try:
        left, right = load_json(options.left), load_json(options.right)
        differences = compare_dumps(left, right, options.common_fields)
    except (OSError, ValueError, KeyError) as error:
        print(f"compare_dumps: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for difference in differences:
        print(difference)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
