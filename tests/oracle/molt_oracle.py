#!/usr/bin/env python3
"""The oracle: what a live migration must leave, computed from a dump and two schemas.

It is written from the evolution rules (live policy), apart from the engine and in another language,
so that the two can disagree. `expected_dump` says what every object of the old state becomes;
`compare` walks that and the dump of what the engine made, side by side from the roots. Object ids are not
trusted to be equal: the walk builds a one-to-one relation and finds objects that were split, merged
or lost.

    molt_oracle.py BEFORE.json OLD.schema.json NEW.schema.json AFTER.json [BUILT.schema.json]

BUILT is the schema that the build of the new sources wrote; it is needed where a host wrote NEW beside a dump
that says untyped_memory. It exits with 0 when nothing differs, 1 with the differences listed, 2 when it cannot read its input.
"""

import math
import sys
from fractions import Fraction

from molt_expectation import ANY, CString, ExpectedObject, Expectation, Fresh, OneOf, Ref
from molt_mapping import SCALARS, Apart, Gone, Mapping
from molt_numbers import FLT_MAX, as_float, exact, is_nan, is_word
from molt_notes import Notes
from molt_schema import Schema, Slot, load_json, parse_path
from molt_walk import Walk

REFUSAL_LIMIT = 40


class Migration(Notes):
    def __init__(self, before, old, new):
        super().__init__()
        self.before = before
        self.old = old
        self.new = new
        self.map = Mapping(old, new)
        self.objects = {obj["id"]: obj for obj in before["objects"]}
        self.out = Expectation(new)
        self._new_place_memo = {}
        self._zero = {}
        self._defaults = {}

    # ---- findings

    def refuse(self, path, why):
        if len(self.out.refusals) < REFUSAL_LIMIT:
            self.out.refusals.append(f"{path}: {why}")

    def may_refuse(self, path, why):
        if len(self.out.may_refuse) < REFUSAL_LIMIT:
            self.out.may_refuse.append(f"{path}: {why}")

    def loss(self, rule, path):
        """Counted per declaration, not per index."""
        key = (rule, "".join(part.split("]", 1)[-1] for part in path.split("[")))
        self.out.losses[key] = self.out.losses.get(key, 0) + 1

    # ---- the whole

    def run(self):
        for name, target in self.before["roots"].items():
            if name in self.new.roots:
                self.out.roots[name] = self.reference(target, f"root {name}")
        for obj in self.before["objects"]:
            self.convert_object(obj)
        self.settle_ownership()
        return self.out

    def convert_object(self, obj):
        old_type = self.old.types[obj["type"]]
        new_name = self.map.type(obj["type"])
        if new_name is None:
            return  # freed; whoever still points at it refuses
        new_type = self.new.types[new_name]
        single = "count" not in obj
        count = obj.get("count", 1)
        kept = False
        if self.old.is_char(old_type):
            values, kept = obj["value"], self.new.is_char(new_type)
        else:
            values = [obj["value"]] if single else obj["value"]
            kept = self.map.is_same(old_type, new_type) and self.old.is_plain(old_type)
            if not kept:
                old_slot, new_slot = Slot(old_type), Slot(new_type)
                values = [self.convert(old_slot, new_slot, value, obj["type"]) for value in values]
        self.out.objects[obj["id"]] = ExpectedObject(new_name, count, single, values, kept)

    # ---- defaults

    def zero(self, type_):
        name = type_["name"]
        if name not in self._zero:
            self._zero[name] = self.old.zero(type_)
        return self._zero[name]

    def is_zero(self, old_type, value):
        if old_type["kind"] == "union" and isinstance(value, dict) and "bytes" not in value:
            return all(self.is_zero(self.old.types[old_type["by_name"][arm]["type"]], each)
                       for arm, each in value.items())
        if old_type["kind"] == "struct":
            return all(self.is_zero(self.old.types[field["type"]], value[field["name"]])
                       for field in old_type["fields"])
        return value == self.zero(old_type)

    def default(self, slot, path):
        """Value of something that has no source: its field's default, else its type's."""
        field, type_ = slot.field, slot.type
        if field is not None and field.get("required"):
            self.refuse(path, "MOLT_REQUIRED, and nothing it could come from")
        if field is not None and "default" in field:
            data = bytes.fromhex(field["default"]["bytes"])
            if type_["kind"] == "pointer":
                return Fresh(data.split(b"\0")[0].decode("utf-8", "surrogateescape"))
            if slot.width:
                return self.new.bits_value(type_, int.from_bytes(data, "little"), slot.width)
            return self.new.decode(type_, data)
        return self.type_default(type_, path)

    def type_default(self, type_, path):
        name = type_["name"]
        if self.has_moved(type_):
            self._defaults.pop(name, None)  # it depends on what is around it
        if name not in self._defaults:
            if type_["kind"] == "struct":
                self._defaults[name] = self.new_struct(type_, path)
            elif type_["kind"] == "array" and not self.new.is_text(type_):
                elem = self.new.elem(type_)
                self._defaults[name] = [self.type_default(elem, path)] * type_["length"]
            else:
                self._defaults[name] = self.new.zero(type_)
        return self._defaults[name]

    def new_struct(self, type_, path):
        self.frames.append(None)
        result, done = {}, set()
        for field in type_["fields"]:
            name, slot, place = field["name"], self.new.slot(field), self.find_moved(field)
            here = f"{path}.{name}"
            if place:
                done.add(name)
            result[name] = self.take(place, slot, here) if place else self.default(slot, here)
        self.new_unions(type_, result, done, path)
        self.frames.pop()
        return result

    # ---- values

    def convert(self, old_slot, new_slot, value, path):
        old_type, new_type = old_slot.type, new_slot.type
        old_kind, new_kind = old_type["kind"], new_type["kind"]
        if self.map.is_same(old_type, new_type) and old_slot.width == new_slot.width and (
                self.old.is_plain(old_type)):
            return value
        if old_kind in SCALARS and new_kind in SCALARS:
            return self.convert_scalar(old_slot, new_slot, value, path)
        if old_kind == new_kind == "struct":
            return self.convert_struct(old_slot, new_slot, value, path)
        if self.changes_ownership(old_type, new_type):
            return self.convert_ownership(old_slot, new_slot, value, path)
        if old_kind == new_kind == "pointer":
            return self.convert_pointer(old_slot, new_slot, value, path)
        if old_kind == "array" or new_kind == "array":
            return self.convert_array(old_slot, new_slot, value, path)
        if self.map.is_same(old_type, new_type):  # unions and opaque bytes
            return value
        if not self.is_zero(old_type, value):
            self.refuse(path, f"{old_type['name']} cannot become {new_type['name']}")
        return self.default(new_slot, path)

    def convert_struct(self, old_slot, new_slot, value, path):
        old_type, new_type = old_slot.type, new_slot.type
        if self.map.type(old_type["name"]) != new_type["name"]:
            self.may_refuse(path, f"{new_type['name']} is not what {old_type['name']} became")
        for name, was in self.map.ambiguous(old_type, new_type):
            self.refuse(f"{new_type['name']}.{name}",
                        f"MOLT_WAS(\"{was}\"), and {was} still stands")
        rebuilt = not self.map.is_same(old_type, new_type)
        chosen = self.map.sources(old_type, new_type)
        result, done = {}, set(chosen)
        self.frames.append((old_type, value))
        for field in new_type["fields"]:
            name = field["name"]
            here = f"{path}.{name}"
            slot = self.new.slot(field)
            was = chosen.get(name)
            moved, result[name] = self.convert_moved(old_type, new_type, was, field, here)
            if moved:
                done.add(name)
            elif was is None:
                # a variable starts with its initialiser, which no schema has
                result[name] = ANY if new_type.get("globals") else self.default(slot, here)
            else:
                old_field = old_type["by_name"][was]
                result[name] = self.convert_union((old_type, new_type), (old_field, field), value,
                                                  here)
                if result[name] is None:
                    result[name] = self.convert_field(old_field, slot, value[was], rebuilt, here)
        self.new_unions(new_type, result, done, path)
        self.frames.pop()
        self.count_drops(old_type, new_type, value, path)
        return result

    def convert_field(self, old_field, slot, value, rebuilt, path):
        field = slot.field
        if field.get("transient"):
            if rebuilt:
                return self.default(slot, path)
            return OneOf(self.convert(self.old.slot(old_field), slot, value, path),
                         self.default(slot, path))
        if field.get("external") and slot.type["kind"] == "pointer":
            return {"external": True}
        if old_field.get("external") and slot.type["kind"] == "pointer":
            return ANY
        indexed = self.convert_indexed(old_field, field, value, path)
        if indexed is not None:
            return indexed
        return self.convert(self.old.slot(old_field), slot, value, path)

    def count_drops(self, old_type, new_type, value, path):
        taken = set(self.map.sources(old_type, new_type).values())
        for field in old_type["fields"]:
            if field["name"] not in taken and field["name"] not in new_type.get("removed", ()) and (
                    id(value), field["name"]) not in self.moved and not self.is_zero(
                    self.old.types[field["type"]], value[field["name"]]):
                self.loss("field-removed", f"{path}.{field['name']}")

    # ---- numbers and enums

    def number(self, slot, value):
        """Old scalar as a number: int, float, LongFloat or word."""
        kind = slot.type["kind"]
        if kind == "enum":
            return self.old.enum_number(slot.type, value)
        if kind == "bool":
            return int(bool(value))  # a byte that is neither 0 nor 1 is true
        if kind == "float" and not is_word(value):
            return as_float(value, slot.type["size"])
        return value

    def convert_scalar(self, old_slot, new_slot, value, path):
        old_kind, new_kind = old_slot.type["kind"], new_slot.type["kind"]
        if old_kind == new_kind == "enum":
            return self.convert_enum(old_slot, new_slot, value, path)
        number = self.number(old_slot, value)
        if new_kind == "float":
            return self.to_float(old_slot, new_slot, number, path)
        if new_kind == "bool":
            if is_nan(number):
                return OneOf(True, False)
            return number == "Infinity" or number == "-Infinity" or exact(number) != 0
        if new_kind == "enum":
            return self.to_enum(new_slot, number, path)
        return self.to_integer(old_slot, new_slot, number, path)

    def to_float(self, old_slot, new_slot, number, path):
        size = new_slot.type["size"]
        if isinstance(number, dict):
            return ANY
        if old_slot.type["kind"] == "float" and size == old_slot.type["size"]:
            return number
        if is_nan(number):
            return ANY if number != "NaN" else OneOf("NaN", ANY)
        result = as_float(number, size)
        if result in ("Infinity", "-Infinity") and not is_word(number):
            self.loss("number-out-of-range", path)
            largest = FLT_MAX if size == 4 else sys.float_info.max
            return OneOf(result, math.copysign(largest, 1 if result == "Infinity" else -1))
        if not is_word(result) and exact(result) != exact(number):
            self.loss("number-rounded", path)
        return result

    def to_integer(self, old_slot, new_slot, number, path):
        low, high = self.new.range(new_slot)
        if is_nan(number):
            self.loss("number-nan", path)
            return 0
        if number in ("Infinity", "-Infinity"):
            self.loss("number-out-of-range", path)
            return high if number == "Infinity" else low
        number = exact(number)
        whole = self.whole_numbers(new_slot, number)
        if whole[0] != number:
            self.loss("number-fraction", path)
        fitted = [min(max(each, low), high) for each in whole]
        if fitted != whole:
            self.loss("number-out-of-range", path)
        return fitted[0] if len(set(fitted)) == 1 else OneOf(*fitted)

    @staticmethod
    def whole_numbers(new_slot, number):
        """A fraction's integer: towards zero, or the nearest by MOLT_CONVERT(round)."""
        if isinstance(number, int):
            return [number]
        convert = (new_slot.field or {}).get("convert", ())
        if "round" not in convert:
            return [math.trunc(number)]
        below = math.floor(number)
        twice = 2 * (number - below)
        if twice == 1:
            return [below, below + 1]
        return [below if twice < 1 else below + 1]

    def to_enum(self, new_slot, number, path):
        type_ = new_slot.type
        if is_word(number) or exact(number) != Fraction(exact(number)).numerator:
            self.refuse(path, f"{number} names no enumerator of {type_['name']}")
            return ANY
        number = int(exact(number))
        known = type_.get("flags") or any(
            int(entry["value"]) == number for entry in type_["enumerators"])
        if not known:
            self.refuse(path, f"{number} names no enumerator of {type_['name']}")
        return self.new.enum_value(type_, number)

    def convert_enum(self, old_slot, new_slot, value, path):
        old_type, new_type = old_slot.type, new_slot.type
        number = self.old.enum_number(old_type, value)
        values = self.map.values(old_type, new_type)
        if new_type.get("flags") and old_type.get("flags"):
            return self.convert_flags(old_type, new_type, number, path)
        named = any(int(entry["value"]) == number for entry in old_type["enumerators"]) or (
            old_type.get("flags") and any(bits and number & bits == bits and bits not in values for bits in
                                          (int(entry["value"]) for entry in old_type["enumerators"])))
        if number in values:
            result = values[number]
        elif not named:
            self.loss("enum-unnamed-value", path)
            result = number
        else:
            fallback = [e for e in new_type["enumerators"] if e.get("fallback")]
            if not fallback:
                self.refuse(path, f"{value} is live and {new_type['name']} no longer has it")
                return ANY
            if not {entry["name"] for entry in old_type["enumerators"]
                    if int(entry["value"]) == number} & set(new_type.get("removed", ())):
                self.loss("enumerator-removed", path)
            result = int(fallback[0]["value"])
        low, high = self.new.range(new_slot)
        if not low <= result <= high:
            self.loss("number-out-of-range", path)
            result = min(max(result, low), high)
        return self.new.enum_value(new_type, result)

    def convert_flags(self, old_type, new_type, number, path):
        if number == 0:
            return self.new.enum_value(new_type, 0)
        mask = (1 << old_type["size"] * 8) - 1
        rest, result = number & mask, 0
        for bits, becomes in self.map.values(old_type, new_type).items():
            bits &= mask
            if bits and bits & (bits - 1) == 0 and rest & bits:
                result |= becomes & ((1 << new_type["size"] * 8) - 1)
                rest &= ~bits
        if rest:
            self.loss("flag-removed", path)
            return OneOf(self.new.enum_value(new_type, result),
                         self.new.enum_value(new_type, result | rest))
        return self.new.enum_value(new_type, result)

    # ---- arrays and text

    def convert_array(self, old_slot, new_slot, value, path):
        old_type, new_type = old_slot.type, new_slot.type
        if self.old.is_text(old_type) or self.new.is_text(new_type):
            return self.convert_text(old_slot, new_slot, value, path)
        if old_type["kind"] != "array":
            return self.scalar_to_array(old_slot, new_slot, value, path)
        if new_type["kind"] != "array":
            return self.array_to_scalar(old_slot, new_slot, value, path)
        if self.rank(self.old, old_type) != self.rank(self.new, new_type):
            if not self.is_zero(old_type, value):
                self.refuse(path, f"{old_type['name']} cannot be reshaped to {new_type['name']}")
            return self.default(new_slot, path)
        result = [self.convert(self.old.elem_slot(old_slot, i), self.new.elem_slot(new_slot, i), each,
                               f"{path}[{i}]")
                  for i, each in enumerate(value[:new_type["length"]])]
        for i, each in enumerate(value[new_type["length"]:], new_type["length"]):
            self.drop_element(old_slot, i, each, path)
        result += self.new_elements(new_slot, len(result), path)
        return result

    def drop_element(self, old_slot, index, value, path):
        """A loss unless the element is as its array's field, or else its type, says that it begins."""
        begins = old_slot.begins
        untouched = (value == begins[index] if begins is not None else
                     self.is_zero(self.old.elem(old_slot.type), value))
        if not untouched:
            self.loss("elements-dropped", f"{path}[{index}]")

    @staticmethod
    def rank(schema, type_):
        rank = 0
        while type_["kind"] == "array":
            rank, type_ = rank + 1, schema.elem(type_)
        return rank

    def new_elements(self, new_slot, first, path):
        """Defaults of the elements from `first` on."""
        begins = new_slot.begins
        return (self.type_default(new_slot.type, path) if begins is None else begins)[first:]

    def scalar_to_array(self, old_slot, new_slot, value, path):
        elem = Slot(self.new.elem(new_slot.type))
        return [self.convert(old_slot, elem, value, f"{path}[0]")] + self.new_elements(
            new_slot, 1, path)

    def array_to_scalar(self, old_slot, new_slot, value, path):
        elem = self.old.elem_slot(old_slot, 0)
        for i, each in enumerate(value[1:], 1):
            self.drop_element(old_slot, i, each, path)
        return self.convert(elem, new_slot, value[0], f"{path}[0]")

    def convert_text(self, old_slot, new_slot, value, path):
        """char[N] to and from char[M], char * and arrays of other integers."""
        old_type, new_type = old_slot.type, new_slot.type
        from_text, to_text = self.old.is_text(old_type), self.new.is_text(new_type)
        if new_type["kind"] == "pointer" and self.new.is_char(self.new.elem(new_type)):
            text = self.old.text_bytes(value, old_type["size"]).split(b"\0")[0]
            fresh = Fresh(text.decode("utf-8", "surrogateescape"))
            return fresh if text else OneOf(None, fresh)
        if old_type["kind"] == "pointer" and self.old.is_char(self.old.elem(old_type)):
            return self.pointed_text(value, new_type, path)
        if from_text and to_text:
            return self.resize_text(old_type, new_type, value, path)
        if from_text:
            data = self.old.text_bytes(value, old_type["size"])
            numbers = [self.old.decode(self.old.elem(old_type), data[i:i + 1])
                       for i in range(len(data))]
            return self.convert_array_of_numbers(old_slot, new_slot, numbers, path)
        if old_type["kind"] == "array" and self.old.elem(old_type)["kind"] == "int":
            low, high = self.new.range(Slot(self.new.elem(new_type)))
            size = new_type["size"]
            data = bytes(min(max(each, low), high) & 0xFF for each in value[:size])
            return self.new.text_value(data.ljust(size, b"\0"))
        if not self.is_zero(old_type, value):
            self.refuse(path, f"{old_type['name']} cannot become {new_type['name']}")
        return self.default(new_slot, path)

    def convert_array_of_numbers(self, old_slot, new_slot, numbers, path):
        elem = Slot(self.old.elem(old_slot.type))
        if new_slot.type["kind"] != "array":
            return self.convert(elem, new_slot, numbers[0], path)
        new_elem = Slot(self.new.elem(new_slot.type))
        if self.rank(self.new, new_slot.type) != 1:
            self.may_refuse(path, "another shape")
            return ANY
        kept = [self.convert(elem, new_elem, each, path)
                for each in numbers[:new_slot.type["length"]]]
        return kept + self.new_elements(new_slot, len(kept), path)

    def resize_text(self, old_type, new_type, value, path):
        data = self.old.text_bytes(value, old_type["size"])
        size = new_type["size"]
        if old_type["size"] == size:
            return value
        text = data.split(b"\0")[0]
        if len(text) < size:
            return CString(text)
        self.loss("string-truncated", path)
        cut = text[:size - 1]
        whole = cut.decode("utf-8", "ignore").encode("utf-8")
        return CString(cut) if whole == cut else OneOf(CString(cut), CString(whole))

    def pointed_text(self, value, new_type, path):
        if value is None:
            return ""
        target = self.objects.get(value.get("ref")) if isinstance(value, dict) else None
        if "literal" in (value or {}):
            text = value["literal"].encode("utf-8")
        elif target and not value.get("at") and isinstance(target["value"], str):
            text = target["value"].encode("utf-8")
        else:
            self.may_refuse(path, "a char * whose text the dump does not show")
            return ANY
        if len(text) >= new_type["size"]:
            self.loss("string-truncated", path)
            text = text[:new_type["size"] - 1]
        return CString(text)

    # ---- pointers

    def convert_pointer(self, old_slot, new_slot, value, path):
        old_to = self.old.elem(old_slot.type)
        new_to = self.new.elem(new_slot.type)
        if value is None:
            return None
        if "ref" in value:
            return self.reference(value, path, old_to, new_to)
        if value.get("dangling"):
            self.loss("dangling-pointer", path)
            return OneOf(None, {"dangling": True})
        if "literal" in value:
            return OneOf(value, Fresh(value["literal"])) if isinstance(
                value["literal"], str) and not value.get("at") else ANY
        if "code" in value:
            file, _, name = value["code"].rpartition(":")
            self.out.file_of.setdefault(name, set()).add(file)
        elif self.map.type(old_to["name"]) != new_to["name"] and "void" not in (
                old_to["kind"], new_to["kind"]):
            self.refuse(path, f"a live {old_slot.type['name']} cannot become "
                              f"{new_slot.type['name']}")
        return value

    def reference(self, value, path, old_to=None, new_to=None):
        obj = self.objects[value["ref"]]
        self.pointed.setdefault(value["ref"], path)
        new_name = self.map.type(obj["type"])
        if new_name is None:
            self.refuse(path, f"points at {value['ref']}, whose type {obj['type']} is gone")
            return ANY
        try:
            element, offset, old_there, new_there = self.new_place(obj, value.get("at", ""))
        except Apart:
            return ANY
        except Gone as gone:
            self.refuse(path, f"points at {value['ref']}{value['at']}: {gone} is gone")
            return ANY
        if old_to is not None:
            self.check_pointee(path, old_to, new_to, old_there, new_there)
        return Ref(value["ref"], element, offset)

    def check_pointee(self, path, old_to, new_to, old_there, new_there):
        """A pointer whose type fitted its target must still fit it."""
        if "void" in (new_to["kind"], old_to["kind"]):
            return
        fitted = old_there is not None and old_there["name"] == old_to["name"]
        fits = new_there is not None and new_there["name"] == new_to["name"]
        moved_on = self.map.type(old_to["name"]) == new_to["name"]
        if (fitted and not fits) or (not fitted and not moved_on):
            self.refuse(path, f"its pointee {old_to['name']} cannot become {new_to['name']}")

    def new_place(self, obj, at):
        """(element, offset in it, old type, new type there) in the new schema; raises Gone."""
        single = "count" not in obj
        key = (obj["type"], single, at)
        if at == "":
            old_type = self.old.types[obj["type"]]
            return 0, 0, old_type, self.new.types[self.map.type(obj["type"])]
        if key not in self._new_place_memo:
            self._new_place_memo[key] = self._find_place(obj["type"], single, at)
        found = self._new_place_memo[key]
        if isinstance(found, (Gone, Apart)):
            raise found
        return found

    def _find_place(self, type_name, single, at):
        old_type = self.old.types[type_name]
        new_type = self.new.types[self.map.type(type_name)]
        parts = parse_path(at)
        element = 0
        if parts[0][0] == "index" and not (single and old_type["kind"] == "array"):
            element = parts.pop(0)[1]
        try:
            return (element,) + self.map.offset(old_type, new_type, parts)
        except (Gone, Apart) as gone:
            return gone


def expected_dump(before_dump, old_schema_json, new_schema_json):
    """What the state of `before_dump` must be under the new schema: an Expectation."""
    return Migration(before_dump, Schema(old_schema_json), Schema(new_schema_json)).run()


def compare(expected, actual_dump, earlier=(), sources=None):
    """Differences between an Expectation and a dump, as texts with paths; empty when it is met.
    `earlier` are dumps from before edits that took values away, the latest first: those values may
    have come back. `sources` is the hash of the schema that the build of the sources wrote, which dumps name:
    where the new schema is one that a host wrote beside the dump, it has the type for memory without a type,
    too, and so another hash."""
    return Walk(expected, actual_dump, earlier, sources).run()


def main(arguments):
    if len(arguments) not in (4, 5):
        print("usage: molt_oracle.py BEFORE.json OLD.schema.json NEW.schema.json AFTER.json "
              "[BUILT.schema.json]", file=sys.stderr)
        return 2
    try:
        before, old, new, after = map(load_json, arguments[:4])
        sources = load_json(arguments[4])["hash"] if len(arguments) == 5 else None
        expected = expected_dump(before, old, new)
    except (OSError, ValueError, KeyError) as error:
        print(f"molt_oracle: {error}", file=sys.stderr)
        return 2
    for why in expected.refusals:
        print(f"must be refused: {why}")
    differences = compare(expected, after, sources=sources)
    for difference in differences:
        print(difference)
    return 1 if differences or expected.refusals else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
