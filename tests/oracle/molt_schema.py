"""The types of a schema JSON: what a value of each looks like in a dump, and what came from what.

Written from the evolution rules and the two file formats; it shares nothing with the engine.
"""

import json
import re
import struct

from molt_numbers import parse_float

_PATH = re.compile(r"\.(?:\"([^\"]+)\"|([A-Za-z_]\w*))|\[(\d+)\]|\+(\d+)")


def load_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=parse_float)


def parse_path(text):
    """".pos[2]+4" -> [("field", "pos"), ("index", 2), ("raw", 4)]"""
    parts, at = [], 0
    for match in _PATH.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        if match.group(1) or match.group(2):
            parts.append(("field", match.group(1) or match.group(2)))
        elif match.group(3) is not None:
            parts.append(("index", int(match.group(3))))
        else:
            parts.append(("raw", int(match.group(4))))
    if at != len(text):
        raise ValueError(f"path {text!r} is malformed at column {at + 1}")
    return parts


class Slot:
    """Where a value stands: a type, and the width when it is a bit-field."""

    __slots__ = ("type", "width", "field", "begins")

    def __init__(self, type_, width=None, field=None, begins=None):
        self.type = type_
        self.width = width
        self.field = field
        self.begins = begins  # of an array, a list: what the default of its field says of its elements


class Schema:
    def __init__(self, data):
        if data.get("molt_schema") != 1:
            raise ValueError("not a Molt schema of version 1")
        self.hash = data.get("hash")
        self.roots = data["roots"]
        self.char_signed = data.get("abi", {}).get("char_signed", True)
        self.types = {type_["name"]: type_ for type_ in data["types"]}
        for type_ in self.types.values():
            type_["by_name"] = {field["name"]: field for field in type_.get("fields", ())}
        self._keys = {}
        self._plain = {}

    def find(self, name):
        return self.types.get(name)

    def elem(self, type_):
        """Element of an array, pointee of a pointer, storage of an enum."""
        for key in ("of", "to", "storage"):
            if key in type_:
                return self.types[type_[key]]
        return None

    def held(self, type_):
        """What an _Atomic type holds, any other type itself."""
        return self.elem(type_) if type_["kind"] == "atomic" else type_

    def slot(self, field):
        bits = field.get("bits")
        type_ = self.types[field["type"]]
        begins = None
        if "default" in field and type_["kind"] == "array" and not self.is_text(type_):
            begins = self.decode(type_, bytes.fromhex(field["default"]["bytes"]))
        return Slot(type_, bits[1] if bits else None, field, begins)

    def elem_slot(self, slot, index):
        """Where an element of an array stands."""
        elem = self.elem(slot.type)
        rows = slot.begins is not None and elem["kind"] == "array" and not self.is_text(elem)
        return Slot(elem, begins=slot.begins[index] if rows and index < len(slot.begins) else None)

    @staticmethod
    def is_char(type_):
        return type_["kind"] == "int" and type_.get("char", False)

    def is_text(self, type_):
        return type_["kind"] == "array" and self.is_char(self.elem(type_))

    def is_signed(self, type_):
        return self.elem(type_).get("signed", False) if type_["kind"] == "enum" else type_.get(
            "signed", False)

    def range(self, slot):
        """(lowest, highest) of an integer, bool or enum, by width for a bit-field."""
        if slot.type["kind"] == "bool":
            return 0, 1
        bits = slot.width or slot.type["size"] * 8
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.is_signed(slot.type) else (
            0, (1 << bits) - 1)

    # ---- layouts

    def key(self, type_):
        """Equal keys, equal layout: names, offsets, widths, enumerators, recursively by value."""
        name = type_["name"]
        if name not in self._keys:
            self._keys[name] = self._make_key(type_)
        return self._keys[name]

    def _make_key(self, type_):
        kind = type_["kind"]
        head = (kind, type_["name"], type_.get("size"), type_.get("align"))
        if kind in ("struct", "union"):
            return head + tuple(
                (field["name"], field.get("offset"), tuple(field.get("bits", ())),
                 field.get("transient", False), field.get("external", False),
                 field.get("tag") and (field["tag"],) + tuple(
                     arm.get("arm") for arm in self.types[field["type"]]["fields"]),
                 self.key(self.types[field["type"]])) for field in type_["fields"])
        if kind == "enum":
            return head + (type_.get("flags", False), type_["storage"]) + tuple(
                (entry["name"], int(entry["value"])) for entry in type_["enumerators"])
        if kind == "array":
            return head + (type_["length"], self.key(self.elem(type_)))
        return head + (type_.get("signed"), type_.get("char"))

    def is_plain(self, type_):
        """Whether no pointer and nothing transient lies in it: equal layout, equal value."""
        name = type_["name"]
        if name not in self._plain:
            kind = type_["kind"]
            if kind == "pointer":
                plain = False
            elif kind == "array":
                plain = self.is_plain(self.elem(type_))
            elif kind in ("struct", "union"):
                plain = all(not field.get("transient") and self.is_plain(self.types[field["type"]])
                            for field in type_["fields"])
            else:
                plain = True
            self._plain[name] = plain
        return self._plain[name]

    # ---- enums

    def enum_number(self, type_, value):
        """Numeric value of a dumped enum: a name, flags joined by |, or a number."""
        if isinstance(value, bool) or not isinstance(value, str):
            return int(value)
        values = {entry["name"]: int(entry["value"]) for entry in reversed(type_["enumerators"])}
        if value in values:
            return values[value]
        number = 0
        for part in value.split("|"):
            number |= values[part] if part in values else int(part, 16)
        return number

    def enum_value(self, type_, number):
        """How a dump writes that number."""
        if type_.get("flags") and number != 0:
            return self._flags_value(type_, number)
        for entry in type_["enumerators"]:
            if int(entry["value"]) == number:
                return entry["name"]
        return number

    def _flags_value(self, type_, number):
        mask = (1 << type_["size"] * 8) - 1
        rest, names = number & mask, []
        for wants_single in (True, False):
            for entry in type_["enumerators"]:
                bits = int(entry["value"]) & mask
                single = bits != 0 and bits & (bits - 1) == 0
                if bits and single == wants_single and rest & bits == bits:
                    names.append(entry["name"])
                    rest &= ~bits
        if rest:
            names.append(hex(rest))
        return "|".join(names)

    # ---- values from bytes

    def text_value(self, data):
        """How a dump writes the bytes of a char[N]."""
        end = data.find(b"\0")
        if end >= 0 and not data[end:].strip(b"\0"):
            try:
                return data[:end].decode("utf-8")
            except UnicodeDecodeError:
                pass
        return {"bytes": data.hex()}

    def text_bytes(self, value, size):
        """The bytes behind a dumped char[N]."""
        if isinstance(value, dict):
            return bytes.fromhex(value["bytes"])
        return value.encode("utf-8").ljust(size, b"\0")

    def decode(self, type_, data):
        """Value of a type from its bytes, as a dump writes it; floats by value, not by text."""
        kind, size = type_["kind"], type_.get("size", 0)
        data = data[:size]
        if kind == "int":
            return int.from_bytes(data, "little", signed=type_.get("signed", False))
        if kind == "bool":
            return bool(data[0])
        if kind == "float":
            return self._decode_float(data)
        if kind == "enum":
            return self.enum_value(
                type_, int.from_bytes(data, "little", signed=self.is_signed(type_)))
        if kind == "pointer":
            return None
        if kind == "array":
            if self.is_text(type_):
                return self.text_value(data)
            elem = self.elem(type_)
            step = elem["size"]
            return [self.decode(elem, data[i * step:]) for i in range(type_["length"])]
        if kind == "struct":
            return {field["name"]: self._decode_field(field, data) for field in type_["fields"]}
        return {"bytes": data.hex()}

    @staticmethod
    def _decode_float(data):
        if len(data) not in (4, 8):
            return 0 if not data.strip(b"\0") else {"bytes": data.hex()}
        number = struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
        if number != number:
            bits = int.from_bytes(data, "little")
            plain = bits in (0x7FC00000, 0x7FF8000000000000)
            return "NaN" if plain else f"NaN(0x{bits:0{len(data) * 2}x})"
        if number in (float("inf"), float("-inf")):
            return "Infinity" if number > 0 else "-Infinity"
        return "-0.0" if number == 0 and data[-1] & 0x80 else number

    def _decode_field(self, field, data):
        type_ = self.types[field["type"]]
        if "bits" not in field:
            return self.decode(type_, data[field["offset"]:])
        start, width = field["bits"]
        return self.bits_value(type_, int.from_bytes(data, "little") >> start, width)

    def bits_value(self, type_, number, width):
        number &= (1 << width) - 1
        if self.is_signed(type_) and number >> (width - 1):
            number -= 1 << width
        if type_["kind"] == "bool":
            return bool(number)
        return self.enum_value(type_, number) if type_["kind"] == "enum" else number

    def zero(self, type_):
        return self.decode(type_, bytes(type_.get("size", 0)))

    # ---- places

    def place(self, obj, text):
        """(element, byte offset, type there) of a dumped pointer's "at" in its object."""
        type_ = self.types[obj["type"]]
        parts = parse_path(text)
        element, offset = 0, 0
        single = "count" not in obj
        if parts and parts[0][0] == "index" and not (single and type_["kind"] == "array"):
            element = parts.pop(0)[1]
        for what, value in parts:
            if what == "raw":
                offset, type_ = offset + value, None
            elif what == "index":
                type_ = self.elem(type_)
                offset += value * type_["size"]
            else:
                step, type_ = self.member(type_, value)
                offset += step
        return element, offset, type_

    def member(self, type_, name):
        """(byte offset, type) of a member by its C name, through anonymous unions."""
        field = type_["by_name"].get(name)
        if field:
            return field["offset"], self.types[field["type"]]
        for field in type_["fields"]:
            inner = self.types[field["type"]]
            if field["name"].startswith("<") and inner["kind"] == "union":
                try:
                    offset, found = self.member(inner, name)
                    return field["offset"] + offset, found
                except KeyError:
                    continue
        raise KeyError(f"{type_['name']} has no member {name}")
