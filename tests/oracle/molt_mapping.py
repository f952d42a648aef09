"""What in the new schema comes from what in the old one: types, fields, enumerators and paths.

The evolution rules' half about names: by name, MOLT_WAS first, never by position or type.
"""

SCALARS = ("int", "bool", "float", "enum")


class Gone(Exception):
    """A place of the old schema that the new one does not have."""


class Apart(Exception):
    """A place of the old schema that is in a block of its own in the new one."""


def sources(new_items, old_items):
    """{new name: old name} of fields or enumerators, from their names and MOLT_WAS.

    A WAS that the old declaration of the same name carries already was applied by an earlier
    migration and says nothing now. What a WAS claims is not available to its own name."""
    old = {item["name"]: item for item in old_items}
    claims = {}
    for item in new_items:
        done = set(old.get(item["name"], {}).get("was", ()))
        for name in reversed(item.get("was", ())):
            if name in old and name not in done:
                claims[item["name"]] = name
                break
    claimed = set(claims.values())
    result = dict(claims)
    for item in new_items:
        name = item["name"]
        if name not in result and name in old and name not in claimed:
            result[name] = name
    result.update(undone({item["name"] for item in new_items} - result.keys(), old_items,
                         claimed | {item["name"] for item in new_items}))
    return result


def undone(open_names, old_items, settled):
    """{new name: old name} where an annotated rename is taken back: the old item vanishes, and a name
    that only it was known by stands in the new schema again."""
    result = {}
    for item in old_items:
        if item["name"] in settled:
            continue
        for name in reversed(item.get("was", ())):
            others = [other for other in old_items
                      if other is not item and name in other.get("was", ())]
            if name in open_names and name not in result and not others:
                result[name] = item["name"]
                break
    return result


class Mapping:
    def __init__(self, old, new):
        self.old = old
        self.new = new
        self._fields = {}
        self._targets = {}
        self._values = {}
        self._same = {}
        named_old = [t for t in old.types.values() if t["kind"] in ("struct", "union", "enum")]
        named_new = [t for t in new.types.values() if t["kind"] in ("struct", "union", "enum")]
        self._new_of_named = {was: name for name, was in sources(named_new, named_old).items()}
        self._new_of = {}

    # ---- types

    def type(self, name):
        """Name of the new type that an old one became, or None."""
        if name not in self._new_of:
            self._new_of[name] = None  # ends cycles through function types
            self._new_of[name] = self._find_type(name)
        return self._new_of[name]

    def _find_type(self, name):
        if name in self._new_of_named:
            return self._new_of_named[name]
        old = self.old.types[name]
        if old["kind"] in ("struct", "union", "enum"):
            return self._find_unnamed(name)
        if old["kind"] in ("pointer", "array"):
            inner = self.type(self.old.elem(old)["name"])
            key = "to" if old["kind"] == "pointer" else "of"
            for new in self.new.types.values():
                if (new["kind"] == old["kind"] and inner and new.get(key) == inner and
                        new.get("length") == old.get("length")):
                    return new["name"]
            return None
        return name if name in self.new.types else None

    def _find_unnamed(self, name):
        """"P::f" follows P and f."""
        if "::" not in name:
            return None
        owner, _, field = name.rpartition("::")
        new_owner = self.type(owner) if owner in self.old.types else None
        if not new_owner:
            return None
        new_field = self.target(self.old.types[owner], self.new.types[new_owner], field)
        wanted = f"{new_owner}::{new_field}"
        return wanted if new_field and wanted in self.new.types else None

    def is_same(self, old_type, new_type):
        """Whether every value of the type stays what it is, pointers aside."""
        key = (old_type["name"], new_type["name"])
        if key not in self._same:
            self._same[key] = (self.type(old_type["name"]) == new_type["name"] and
                               self.old.key(old_type) == self.new.key(new_type) and
                               self._names_stay(old_type, new_type))
        return self._same[key]

    def _names_stay(self, old_type, new_type):
        """Two names that MOLT_WAS swaps leave the layout equal and no value where it was."""
        kind = new_type["kind"]
        if kind == "enum":
            return all(is_ == was for is_, was in self.values(old_type, new_type).items())
        if kind == "array":
            return self.is_same(self.old.elem(old_type), self.new.elem(new_type))
        if kind not in ("struct", "union"):
            return True
        if not all(self._notes_stay(old_type["by_name"].get(field["name"], {}), field)
                   for field in new_type["fields"]):
            return False
        return all(is_ == was for is_, was in self.sources(old_type, new_type).items()) and all(
            self.is_same(self.old.types[field["type"]],
                         self.new.types[new_type["by_name"][field["name"]]["type"]])
            for field in old_type["fields"]
            if self.old.types[field["type"]]["kind"] not in ("pointer", "int", "float", "bool"))

    def _notes_stay(self, old_field, new_field):
        """MOLT_MOVED that was applied before, and MOLT_INDEX of an enum that stays, move nothing."""
        if new_field.get("moved") not in (None, old_field.get("moved")):
            return False
        index = new_field.get("index")
        return not index or "index" not in old_field or self.is_same(
            self.old.types[old_field["index"]], self.new.types[index])

    # ---- fields

    def sources(self, old_type, new_type):
        """{new field name: old field name}"""
        key = (old_type["name"], new_type["name"])
        if key not in self._fields:
            self._fields[key] = sources(new_type["fields"], old_type["fields"])
            self._match_groups(old_type, new_type, self._fields[key])
            self._targets[key] = {was: name for name, was in self._fields[key].items()}
        return self._fields[key]

    def _match_groups(self, old_type, new_type, chosen):
        """An anonymous union is called after its members: what shares most of them is what it was."""
        for field in new_type["fields"]:
            if not field["name"].startswith("<") or field["name"] in chosen:
                continue
            members = {name for member in self.new.types[field["type"]]["fields"]
                       for name in (member["name"], *member.get("was", ()))}
            most = 0
            for old_field in old_type["fields"]:
                if not old_field["name"].startswith("<") or old_field["name"] in chosen.values():
                    continue
                old_members = self.old.types[old_field["type"]]["fields"]
                shared = sum(member["name"] in members for member in old_members)
                if shared > most:
                    most, chosen[field["name"]] = shared, old_field["name"]

    def target(self, old_type, new_type, old_field):
        """Name of the new field that takes the value of an old one, or None."""
        self.sources(old_type, new_type)
        return self._targets[(old_type["name"], new_type["name"])].get(old_field)

    def ambiguous(self, old_type, new_type):
        """Fields whose WAS names something that still stands in the new struct, unclaimed."""
        chosen = self.sources(old_type, new_type)
        for field in new_type["fields"]:
            was = chosen.get(field["name"])
            if was and was != field["name"] and was in new_type["by_name"] and not (
                    new_type["by_name"][was].get("was")) and was in old_type["by_name"]:
                yield field["name"], was

    # ---- enumerators

    def values(self, old_type, new_type):
        """{old number: new number} by name; aliases help a value whose first name is gone."""
        key = (old_type["name"], new_type["name"])
        if key not in self._values:
            chosen = sources(new_type["enumerators"], old_type["enumerators"])
            new_name = {was: name for name, was in chosen.items()}
            number = {entry["name"]: int(entry["value"]) for entry in new_type["enumerators"]}
            result = {}
            for entry in old_type["enumerators"]:
                if entry["name"] in new_name:
                    result.setdefault(int(entry["value"]), number[new_name[entry["name"]]])
            self._values[key] = result
        return self._values[key]

    # ---- paths

    def offset(self, old_type, new_type, parts):
        """(byte offset in the new element, old type, new type there) of a path in the old element.
        None for the offset where the rules leave it open. Raises Gone."""
        offset = 0
        for what, value in parts:
            if what == "raw":
                if not self.is_same(old_type, new_type):
                    return None, None, None
                return offset + value, None, None
            if what == "index":
                step, old_type, new_type = self._step_index(old_type, new_type, value)
            else:
                step, old_type, new_type = self._step_field(old_type, new_type, value)
            offset += step
        return offset, old_type, new_type

    def _step_index(self, old_type, new_type, index):
        old_elem = self.old.elem(old_type)
        if new_type["kind"] != "array":
            if index:
                raise Gone(f"[{index}]")
            return 0, old_elem, new_type
        if index > new_type["length"] or index == new_type["length"] < old_type["length"]:
            raise Gone(f"[{index}]")
        new_elem = self.new.elem(new_type)
        return index * new_elem["size"], old_elem, new_elem

    def _step_field(self, old_type, new_type, name):
        field = old_type["by_name"].get(name)
        if field is None:
            for outer in old_type["fields"]:  # a member of an anonymous union
                inner = self.old.types[outer["type"]]
                if outer["name"].startswith("<") and name in inner.get("by_name", ()):
                    if outer["name"] not in new_type["by_name"]:
                        raise Gone(f".{name}")
                    step, found = self.new.member(new_type, name)
                    return step, self.old.types[inner["by_name"][name]["type"]], found
            raise Gone(f".{name}")
        target = self.target(old_type, new_type, name) if "by_name" in new_type else None
        if target is None:
            raise Gone(f".{name}")
        new_field = new_type["by_name"][target]
        if "bits" in new_field:
            raise Gone(f".{name}")
        was, becomes = self.old.types[field["type"]], self.new.types[new_field["type"]]
        if was["kind"] == "struct" and becomes["kind"] == "pointer":
            raise Apart
        return new_field["offset"], was, becomes
