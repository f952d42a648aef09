#!/usr/bin/env python3
"""A sample of a dump as debugger expressions: which places to read, and what the dump says of each.

    dump_sample.py DUMP SCHEMA SEED SCRIPT.gdb SAMPLE.json

Writes a gdb script that prints every place on a line of its own, `@number@text`, and a JSON list of
what was asked. Both come from the dump and the names in the schema alone: offsets, widths and types
are the debugger's to find.
"""

import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))

from molt_schema import Schema, load_json  # noqa: E402

PER_FIELD = 8    # places of one field of one type
PER_TYPE = 40    # objects that are looked at for them


class Sampler:
    def __init__(self, dump, schema, seed):
        self.schema = schema
        self.chance = random.Random(seed)
        self.objects = {obj["id"]: obj for obj in dump["objects"]}
        self.by_type = {}
        for obj in dump["objects"]:
            self.by_type.setdefault(obj["type"], []).append(obj)
        self.places = []

    def run(self):
        for type_name, objects in self.by_type.items():
            chosen = self.chance.sample(objects, min(PER_TYPE, len(objects)))
            found = {}
            for obj in chosen:
                for label, place in self.places_of(type_name, obj):
                    found.setdefault(label, []).append(place)
            for places in found.values():
                # NULL pointers and zeros say little: the others come first.
                self.chance.shuffle(places)
                places.sort(key=lambda place: place["dumped"] in (None, 0, False, ""))
                self.places += places[:PER_FIELD]
        return self.places

    def places_of(self, type_name, obj):
        """(label, place) of everything in one object; the label is the path without indices."""
        type_ = self.schema.types[type_name]
        block = f"(({type_name} *){obj['addr']})"
        if "count" not in obj:
            yield from self.walk(type_, f"(*{block})", obj["value"], "", ())
        elif isinstance(obj["value"], str):
            if obj["count"]:
                yield "", self.place("text of a char block", f"(char *){obj['addr']}", obj["value"])
        else:
            live = [i for i, value in enumerate(obj["value"]) if value is not None]
            for i in self.chance.sample(live, min(8, len(live))):
                yield from self.walk(type_, f"{block}[{i}]", obj["value"][i], "", ("in a block",))

    def walk(self, type_, expression, value, label, kinds):
        kind = type_["kind"]
        if kind == "struct":
            for field in type_["fields"]:
                if field["name"].startswith("<"):
                    yield from self.arm(field, expression, value[field["name"]], label, kinds)
                elif field["name"] in value and not field.get("external"):
                    yield from self.field(field, f"{expression}.{field['name']}",
                                          value[field["name"]], label, kinds)
        elif kind == "array" and not self.schema.is_text(type_):
            rank = "2-D array" if self.schema.elem(type_)["kind"] == "array" else "array"
            inner = kinds if "2-D array" in kinds else kinds + (rank,)
            i = self.chance.randrange(type_["length"])
            yield from self.walk(self.schema.elem(type_), f"{expression}[{i}]", value[i], label,
                                 inner)
        else:
            yield label, self.place(self.leaf(type_), expression, value, kinds)

    def field(self, field, expression, value, label, kinds):
        type_ = self.schema.types[field["type"]]
        label = f"{label}.{field['name']}"
        if "bits" in field:
            kinds += ("bit-field",)
        if label.count(".") > 1 and "nested struct" not in kinds:
            kinds += ("nested struct",)
        yield from self.walk(type_, expression, value, label, kinds)

    def arm(self, field, expression, value, label, kinds):
        """The active arm of an unnamed union with a tag, which C reaches without a name in between."""
        for name, held in value.items():
            union = self.schema.types[field["type"]]
            if name in union["by_name"]:
                yield from self.field(union["by_name"][name], f"{expression}.{name}", held, label,
                                      kinds + ("arm of a union",))

    def leaf(self, type_):
        kind = type_["kind"]
        if kind == "int":
            return f"{'' if self.schema.is_signed(type_) else 'u'}int{type_['size'] * 8}"
        if kind == "float":
            return "float" if type_["size"] == 4 else "double"
        if kind == "enum":
            return "flags" if type_.get("flags") else "enum"
        if kind == "array":
            return "char array"
        if kind == "pointer" and self.schema.elem(type_)["kind"] == "function":
            return "function pointer"
        return kind

    def place(self, leaf, expression, value, kinds=()):
        place = {"leaf": leaf, "kinds": list(kinds), "expression": expression, "dumped": value}
        if leaf == "pointer" and isinstance(value, dict) and "ref" in value:
            place["target"] = self.target(value)
            place["kinds"].append(f"pointer {'into' if 'at' in value else 'to'} an object")
        return place

    def target(self, reference):
        """Address of what a pointer points at, as an expression over the target's own type."""
        obj = self.objects[reference["ref"]]
        at = reference.get("at", "")
        block = f"(({obj['type']} *){obj['addr']})"
        if not at:
            return obj["addr"]
        return f"&{block}{at}" if "count" in obj else f"&(*{block}){at}"


COMMANDS = {"float": "output/x *(unsigned int *)&({0})",
            "double": "output/x *(unsigned long *)&({0})",
            "pointer": "output/x (unsigned long)({0})", "function pointer": "info symbol {0}"}


def script(places):
    for number, place in enumerate(places):
        yield f"echo \\n@{number}@"
        yield COMMANDS.get(place["leaf"], "output {0}").format(place["expression"])
        if "target" in place:
            yield "echo \\040"
            yield f"output/x (unsigned long)({place['target']})"
        if place["leaf"] == "function pointer" and place["dumped"]:
            yield f"info line *(unsigned long)({place['expression']})"
    yield "echo \\n"


def main():
    dump, schema, seed, script_path, sample_path = sys.argv[1:]
    places = Sampler(load_json(dump), Schema(load_json(schema)), seed).run()
    with open(script_path, "w", encoding="utf-8") as file:
        file.write("\n".join(script(places)) + "\n")
    with open(sample_path, "w", encoding="utf-8") as file:
        json.dump(places, file, default=repr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
