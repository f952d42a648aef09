"""What the notes of a field say beyond its name: MOLT_TAG and MOLT_ARM, MOLT_MOVED, MOLT_INDEX; and
structs that are inline on one side and behind a pointer on the other.

Mixed into the oracle's Migration. A union with a tag is {"arm": value} in a dump, {"bytes": hex} where
the tag selects none.
"""

import re

from molt_expectation import ANY, Boxed
from molt_schema import Slot


def arm_of(schema, owner, field, number):
    """Name of the arm that a number of the tag selects, or None."""
    union = schema.types[field["type"]]
    tag = schema.held(schema.types[owner["by_name"][field["tag"]]["type"]])
    for place, entry in enumerate(tag["enumerators"]):
        if int(entry["value"]) != number:
            continue
        for arm in union["fields"]:
            if arm.get("arm") == entry["name"]:
                return arm["name"]
        if place < len(union["fields"]) and "arm" not in union["fields"][place]:
            return union["fields"][place]["name"]
    return None


class Place:
    """A value of the old state: what it is, and that it has the name that a path ends with."""

    def __init__(self, field, slot, value, way):
        self.field = field  # the last one on the way
        self.slot = slot
        self.value = value
        self.way = way      # (id of a container, name or index in it) from the outside in


class Notes:
    def __init__(self):
        self.frames = []   # structs around the value: (old type, old value), None for a new struct
        self.moved = set()  # ways of what went elsewhere
        self.embedded = {}  # id of a block that becomes part of another object -> path there
        self.pointed = {}   # id of an object -> path of a pointer to it that stays one

    # ---- MOLT_MOVED

    def find_moved(self, field):
        """The Place that the field's note names in the old object, or None."""
        path = field.get("moved")
        if path is None:
            return None
        climbs = len(re.match(r"(\^\.?)*", path).group().replace(".", ""))
        frames = self.frames[:len(self.frames) - climbs]
        while frames and frames[-1] is None:
            frames.pop()
        return self.follow(*frames[-1], path.lstrip("^.")) if frames else None

    def follow(self, type_, value, path):
        field, slot, way = None, Slot(type_), []
        for name, index in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path):
            step = name or int(index)
            if name:
                if slot.type["kind"] != "struct" or name not in slot.type["by_name"]:
                    return None
                field = slot.type["by_name"][name]
                slot = self.old.slot(field)
            else:
                if slot.type["kind"] != "array" or step >= slot.type["length"]:
                    return None
                slot = Slot(self.old.elem(slot.type))
            if isinstance(value, str):
                return Place(field, slot, ANY, way)  # a char of a text
            way.append((id(value), step))
            value = value[step]
        return Place(field, slot, value, way) if field else None

    def convert_moved(self, old_type, new_type, was, field, path):
        """(True, value) when MOLT_MOVED gives the field its value."""
        own = old_type["by_name"][was] if was else {}
        if "moved" not in field or own.get("moved") == field["moved"] or field.get("transient"):
            return False, None
        place = self.find_moved(field)
        if place is None or (was and place.field is own):
            return False, None
        if was and not any(other.get("moved") == was for other in new_type["fields"]):
            self.refuse(path, "its own old value and that of MOLT_MOVED claim the place")
        return True, self.take(place, self.new.slot(field), path)

    def take(self, place, slot, path):
        self.moved.update(place.way)
        return ANY if place.value is ANY else self.convert(place.slot, slot, place.value, path)

    def has_moved(self, type_):
        """Some field in it takes its value from around it."""
        if type_["kind"] == "array":
            return self.has_moved(self.new.elem(type_))
        return type_["kind"] == "struct" and any(
            "moved" in field or self.has_moved(self.new.types[field["type"]])
            for field in type_["fields"])

    # ---- MOLT_TAG, MOLT_ARM

    def tag_number(self, old_type, new_type, old_number):
        """(new number, whether the enumerator lives on) of a tag."""
        values = self.map.values(old_type, new_type)
        if old_number in values:
            return values[old_number], True
        if any(int(entry["value"]) == old_number for entry in old_type["enumerators"]):
            fallback = [e for e in new_type["enumerators"] if e.get("fallback")]
            return (int(fallback[0]["value"]) if fallback else None), False
        return old_number, True

    def convert_union(self, owners, fields, struct, path):
        """The tagged union of an old struct as the one of a new struct; None when either has no tag that
        says what became of the arms."""
        (old_owner, new_owner), (was, field) = owners, fields
        if "tag" not in was or "tag" not in field or self.map.sources(old_owner, new_owner).get(
                field["tag"]) != was["tag"]:
            same = self.map.is_same(self.old.types[was["type"]], self.new.types[field["type"]])
            return ANY if same and ("tag" in was or "tag" in field) else None
        old_tag = self.old.held(self.old.types[old_owner["by_name"][was["tag"]]["type"]])
        new_tag = self.new.held(self.new.types[new_owner["by_name"][field["tag"]]["type"]])
        old_union, new_union = self.old.types[was["type"]], self.new.types[field["type"]]
        value, number = struct[was["name"]], self.old.enum_number(old_tag, struct[was["tag"]])
        became, lives = self.tag_number(old_tag, new_tag, number)
        arm = arm_of(self.old, old_owner, was, number)
        selected = None if became is None else arm_of(self.new, new_owner, field, became)
        if became is None:
            return ANY  # its enumerator refuses
        if arm is None:
            return self.convert_bytes(old_union, new_union, selected, value, path)
        if not lives:
            if not self.is_zero(self.old.types[old_union["by_name"][arm]["type"]], value[arm]):
                self.loss("union-arm-removed", f"{path}.{arm}")
            return self.fresh_arm(new_union, selected, path, True)
        target = self.map.target(old_union, new_union, arm)
        if target is None or target != selected:
            self.refuse(f"{path}.{arm}", f"the tag selects {selected} now")
            return ANY
        return {target: self.convert_field(old_union["by_name"][arm],
                                           self.new.slot(new_union["by_name"][target]), value[arm],
                                           True, f"{path}.{target}")}

    def convert_bytes(self, old_union, new_union, selected, value, path):
        if selected is None and self.map.is_same(old_union, new_union):
            return value
        if not self.is_zero(old_union, value):
            self.loss("union-bytes-dropped", path)
        return self.fresh_arm(new_union, selected, path, True)

    def fresh_arm(self, union, arm, path, annotated):
        """A union that holds nothing old; a new one is zero whatever its arms' defaults."""
        if arm is None:
            return self.new.zero(union)
        slot = self.new.slot(union["by_name"][arm])
        return {arm: self.default(slot, path) if annotated else self.new.zero(slot.type)}

    def new_unions(self, type_, result, done, path):
        """Unions without a source: what MOLT_MOVED puts into an arm, or zero."""
        for field in type_["fields"]:
            name = field["name"]
            if "tag" not in field or name in done:
                continue
            tag = self.new.held(self.new.types[type_["by_name"][field["tag"]]["type"]])
            union = self.new.types[field["type"]]
            found = {arm["name"]: self.find_moved(arm) for arm in union["fields"]}
            found = {arm: place for arm, place in found.items() if place}
            if field["tag"] not in done and len(found) == 1:
                arm = next(iter(found))
                numbers = [int(entry["value"]) for entry in tag["enumerators"]]
                selecting = [n for n in numbers if arm_of(self.new, type_, field, n) == arm]
                result[field["tag"]] = self.new.enum_value(tag, selecting[0])
            elif field["tag"] not in done and found:
                self.refuse(f"{path}.{name}", "several arms have a source and no tag says which")
            try:
                number = self.new.enum_number(tag, result[field["tag"]])
            except (TypeError, KeyError, ValueError):
                result[name] = ANY
                continue
            arm = arm_of(self.new, type_, field, number)
            if arm in found:
                slot = self.new.slot(union["by_name"][arm])
                result[name] = {arm: self.take(found[arm], slot, f"{path}.{name}.{arm}")}
            else:
                result[name] = self.fresh_arm(union, arm, path, bool(found))

    # ---- ownership

    def changes_ownership(self, old_type, new_type):
        inline, pointer = old_type, new_type
        if old_type["kind"] == "pointer" and new_type["kind"] == "struct":
            return self.map.type(self.old.elem(old_type)["name"]) == new_type["name"]
        return inline["kind"] == "struct" and pointer["kind"] == "pointer" and (
            self.map.type(inline["name"]) == self.new.elem(pointer)["name"])

    def convert_ownership(self, old_slot, new_slot, value, path):
        if new_slot.type["kind"] == "pointer":
            to = Slot(self.new.elem(new_slot.type))
            return Boxed(to.type["name"], self.convert(old_slot, to, value, path))
        if value is None:
            return self.type_default(new_slot.type, path)
        block = Slot(self.old.elem(old_slot.type))
        obj = self.objects.get(value.get("ref"))
        if obj is None or value.get("at") or obj["type"] != block.type["name"]:
            self.refuse(path, "it does not point at a whole block")
            return ANY
        if value["ref"] in self.embedded:
            self.refuse(path, f"{value['ref']} becomes {self.embedded[value['ref']]} already")
        self.embedded[value["ref"]] = path
        elements = [obj["value"]] if "count" not in obj else obj["value"]
        if not all(self.is_zero(block.type, each) for each in elements[1:]):
            self.loss("elements-dropped", path)
        return self.convert(block, new_slot, elements[0], path)

    def settle_ownership(self):
        for id_, path in self.embedded.items():
            self.out.objects.pop(id_, None)
            if id_ in self.pointed:
                self.refuse(self.pointed[id_], f"points at {id_}, which becomes {path}")

    # ---- MOLT_INDEX

    def convert_indexed(self, old_field, new_field, value, path):
        """The array by the names of its indices; None when it goes by the indices themselves."""
        old_type = self.old.types[old_field["type"]]
        new_type = self.new.types[new_field["type"]]
        if "index" not in old_field or "index" not in new_field or not (
                old_type["kind"] == new_type["kind"] == "array") or isinstance(value, str):
            return None
        old_enum = self.old.types[old_field["index"]]
        new_enum = self.new.types[new_field["index"]]
        lengths = self.dimensions(self.old, old_type), self.dimensions(self.new, new_type)
        found = [sorted(map(int, field["along"])) for field in (old_field, new_field) if "along" in field]
        found = found or [d for d in (self.fitting(old_enum, lengths[0]), self.fitting(new_enum, lengths[1])) if d]
        if not found or found[0] != found[-1]:
            if any(was != becomes for was, becomes in self.map.values(old_enum, new_enum).items()):
                self.refuse(path, "nothing says which dimension follows the enum")
            return None
        along = found[0]
        targets = self.index_targets(old_enum, new_enum, *(each[along[0]] for each in lengths))
        slots = self.old.slot(old_field), self.new.slot(new_field)
        return self.convert_dimension(*slots, value, path, targets, set(along))

    @staticmethod
    def dimensions(schema, array):
        """Lengths from the outermost on, but not those of texts in arrays."""
        found = []
        while array["kind"] == "array" and not (found and schema.is_text(array)):
            found.append(array["length"])
            array = schema.elem(array)
        return found

    @staticmethod
    def fitting(enum, lengths):
        """The only dimension with just an element for each enumerator, or with room for all of them."""
        *values, last = [int(entry["value"]) for entry in enum["enumerators"]]
        roomy = [d for d, length in enumerate(lengths)
                 if all(value < length for value in values) and last <= length]
        exact = [d for d in roomy if max(values + [last]) in (lengths[d], lengths[d] - 1)]
        found = [0] if len(lengths) == 1 else exact or roomy
        return found if len(found) == 1 else []

    def index_targets(self, old_enum, new_enum, had, length):
        named = [{int(entry["value"]) for entry in each["enumerators"]}
                 for each in (old_enum, new_enum)]
        targets = {i: i for i in range(min(had, length))
                   if i not in named[0] and i not in named[1]}
        for was, becomes in sorted(self.map.values(old_enum, new_enum).items()):
            if 0 <= was < had and 0 <= becomes < length and becomes not in targets.values():
                targets[was] = becomes
        return targets

    def convert_dimension(self, old_slot, new_slot, value, path, targets, dimensions):
        """An array whose dimensions of those numbers go by the targets, others by the indices."""
        inner = {d - 1 for d in dimensions if d > 0}
        here = targets if 0 in dimensions else {i: i for i in range(new_slot.type["length"])}
        result = list(self.new_elements(new_slot, 0, path))
        for i, each in enumerate(value):
            if i not in here:
                self.drop_element(old_slot, i, each, path)
                continue
            slots = self.old.elem_slot(old_slot, i), self.new.elem_slot(new_slot, here[i])
            if inner:
                result[here[i]] = self.convert_dimension(*slots, each, f"{path}[{here[i]}]", targets, inner)
            else:
                result[here[i]] = self.convert(*slots, each, f"{path}[{here[i]}]")
        return result
