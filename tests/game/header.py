"""Edits of a C header by the names of its structs and fields, so that a test names what it changes
and not on which line. It never knows what an edit is for."""

import random
import re


class HeaderError(Exception):
    """The header has not, or not once, what an edit names."""


class Header:
    """The text of a header; each declaration of a struct is one unit, a nested struct too."""

    def __init__(self, text):
        self.text = text

    def replace(self, old, new):
        if self.text.count(old) != 1:
            raise HeaderError(f"{old!r} stands {self.text.count(old)} times in the header")
        self.text = self.text.replace(old, new)

    def fields(self, struct):
        """The declarations of a struct, comments included."""
        begin, end = self._body(struct)
        return _units(self.text[begin:end])

    def retype(self, struct, field, declaration):
        """Puts `declaration` in the place of the one that declares the field."""
        units = self.fields(struct)
        units[self._find(struct, units, field)] = f"    {declaration}\n"
        self._set(struct, units)

    def insert(self, struct, after, declaration):
        """Adds a declaration behind the one of the field `after`."""
        units = self.fields(struct)
        units.insert(self._find(struct, units, after) + 1, f"    {declaration}\n")
        self._set(struct, units)

    def count(self, struct):
        """How many declarations a struct has."""
        return len(self.fields(struct))

    def insert_at(self, struct, index, declaration):
        """Adds a declaration in front of the one with that index."""
        units = self.fields(struct)
        units.insert(index, f"    {declaration}\n")
        self._set(struct, units)

    def set_at(self, struct, index, declaration):
        """Puts `declaration` in the place of the one with that index."""
        units = self.fields(struct)
        units[index] = f"    {declaration}\n"
        self._set(struct, units)

    def wrap(self, struct, first, last):
        """Puts the declarations from one field to another into an anonymous struct."""
        units = self.fields(struct)
        self.wrap_at(struct, self._find(struct, units, first), self._find(struct, units, last))

    def wrap_at(self, struct, low, high):
        """The same with their indices."""
        units = self.fields(struct)
        units[low:high + 1] = ["    struct {\n" + "".join(units[low:high + 1]) + "    };\n"]
        self._set(struct, units)

    def shuffle(self, struct, seed):
        """Another order of the same declarations; the last one never stays last."""
        units = self.fields(struct)
        last = units[-1]
        if len(units) < 2:
            raise HeaderError(f"struct {struct} has one order only")
        chance = random.Random(f"{seed} {struct}")
        while units[-1] is last:
            chance.shuffle(units)
        self._set(struct, units)

    def _body(self, struct):
        found = re.findall(rf"^(?:typedef )?struct {struct} \{{\n", self.text, re.MULTILINE)
        if len(found) != 1:
            raise HeaderError(f"struct {struct} is defined {len(found)} times")
        begin = self.text.index(found[0]) + len(found[0])
        return begin, self.text.index("\n}", begin) + 1

    def _set(self, struct, units):
        begin, end = self._body(struct)
        self.text = self.text[:begin] + "".join(units) + self.text[end:]

    @staticmethod
    def _find(struct, units, field):
        found = [i for i, unit in enumerate(units)
                 if re.search(rf"\b{field}\s*(\[|;|,|:)", re.sub(r"/\*.*?\*/", "", unit))]
        if len(found) != 1:
            raise HeaderError(f"{struct} declares {field} {len(found)} times")
        return found[0]


def _units(body):
    units, open_unit = [], ""
    for line in body.splitlines(keepends=True):
        open_unit += line
        code = re.sub(r"/\*.*?\*/", "", open_unit, flags=re.DOTALL)
        if code.count("{") == code.count("}") and code.rstrip().endswith(";"):
            units.append(open_unit)
            open_unit = ""
    if open_unit.strip():
        raise HeaderError(f"no declaration ends after {open_unit!r}")
    return units
