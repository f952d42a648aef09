#!/usr/bin/env python3
"""The oracle tested by itself: each rule on a hand-made state, and that it sees what goes wrong."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

from compare_dumps import compare_dumps
from molt_numbers import LongFloat, as_float, parse_float
from molt_oracle import compare, expected_dump
from molt_schema import Schema, parse_path

HERE = os.path.dirname(os.path.abspath(__file__))

BASE = {
    "char": {"kind": "int", "size": 1, "signed": True, "char": True},
    "bool": {"kind": "bool", "size": 1},
    "int8_t": {"kind": "int", "size": 1, "signed": True},
    "uint8_t": {"kind": "int", "size": 1},
    "short": {"kind": "int", "size": 2, "signed": True},
    "int": {"kind": "int", "size": 4, "signed": True},
    "unsigned": {"kind": "int", "size": 4},
    "long": {"kind": "int", "size": 8, "signed": True},
    "float": {"kind": "float", "size": 4, "ieee": True},
    "double": {"kind": "float", "size": 8, "ieee": True},
    "void": {"kind": "void"},
    "void ()": {"kind": "function"},
}


def make_schema(root, **types):
    """Types by name: a dict is an enum {name: value}, a list is a struct of (name, type, extras).
    "char[8]", "Ant *" and the like are made on the way; offsets follow one another."""
    made = {name: dict(type_, name=name) for name, type_ in BASE.items()}

    def need(name):
        if name in made:
            return made[name]
        if name.endswith("*"):
            made[name] = {"name": name, "kind": "pointer", "size": 8}
            made[name]["to"] = name[:-1].strip()
            if made[name]["to"] not in types:
                need(made[name]["to"])
        elif name.endswith("]") and not name.startswith("<"):
            head, _, rest = name.partition("[")
            count, _, inner = rest.partition("]")
            elem = need(head + inner)
            made[name] = {"name": name, "kind": "array", "of": elem["name"], "length": int(count),
                          "size": int(count) * elem["size"]}
        else:
            define(name, types[name])
        return made[name]

    def define(name, body):
        extras = {}
        if isinstance(body, tuple):
            body, extras = body
        if isinstance(body, dict):
            made[name] = dict({"name": name, "kind": "enum", "storage": "unsigned", "size": 4,
                               "enumerators": [entry if isinstance(entry, dict) else
                                               {"name": key, "value": entry}
                                               for key, entry in body.items()]}, **extras)
            return
        fields, offset = [], 0
        for field in body:
            more = field[2] if len(field) > 2 else {}
            type_ = need(field[1])
            entry = dict({"name": field[0], "type": field[1]}, **more)
            if "bits" not in entry:
                entry["offset"] = offset
            fields.append(entry)
            offset += 4 if "bits" in entry else type_["size"]
        made[name] = dict({"name": name, "kind": "struct", "size": offset, "fields": fields},
                          **extras)

    for name, body in types.items():
        if name not in made:
            define(name, body)
    need(f"{root} *")
    return {"molt_schema": 1, "hash": None, "roots": {"state": root},
            "types": list(made.values())}


def make_dump(*objects, root="G:0"):
    entries = []
    for id_, value, *count in objects:
        entry = {"id": id_, "type": id_.rpartition(":")[0], "value": value}
        if count:
            entry["count"] = count[0]
        entries.append(entry)
    return {"molt_dump": 1, "schema": None, "roots": {"state": {"ref": root}}, "objects": entries}


def default(text, data):
    return {"default": {"text": text, "bytes": data}}


class OracleCase(unittest.TestCase):
    def migrate(self, old, new, before, after):
        """Checks that `after` is exactly what the rules want; returns the expectation."""
        expected = expected_dump(copy.deepcopy(before), old, new)
        self.assertEqual([], expected.refusals)
        self.assertEqual([], compare(expected, copy.deepcopy(after)))
        return expected

    def one(self, old_fields, new_fields, value, result, **types):
        """A root struct G before and after."""
        old_types = types.pop("old_types", types)
        new_types = types.pop("new_types", types)
        return self.migrate(make_schema("G", G=old_fields, **old_types),
                            make_schema("G", G=new_fields, **new_types),
                            make_dump(("G:0", value)), make_dump(("G:0", result)))

    def refused(self, old, new, before):
        expected = expected_dump(before, old, new)
        self.assertTrue(expected.must_refuse)
        return expected.refusals[0]


class Fields(OracleCase):
    def test_added_fields_take_default_or_zero(self):
        self.one([("hp", "int")],
                 [("t", "double"), ("hp", "int"), ("lvl", "int", default("42", "2a000000"))],
                 {"hp": 7}, {"t": 0, "hp": 7, "lvl": 42})

    def test_added_struct_takes_its_fields_defaults(self):
        self.one([("hp", "int")], [("hp", "int"), ("s", "S")], {"hp": 7},
                 {"hp": 7, "s": {"a": 0, "b": 1.5}}, old_types={},
                 new_types={"S": [("a", "int"), ("b", "float", default("1.5f", "0000c03f"))]})

    def test_required_without_source_is_refused(self):
        why = self.refused(make_schema("G", G=[("hp", "int")]),
                           make_schema("G", G=[("hp", "int"), ("id", "int", {"required": True})]),
                           make_dump(("G:0", {"hp": 7})))
        self.assertIn("G.id", why)

    def test_reorder_goes_by_name(self):
        self.one([("a", "int"), ("b", "int")], [("b", "int"), ("a", "int")],
                 {"a": 1, "b": 2}, {"b": 2, "a": 1})

    def test_rename_with_retype(self):
        self.one([("hp", "int")], [("health", "float", {"was": ["hp"]})], {"hp": 7},
                 {"health": 7})

    def test_rename_without_was_is_drop_and_add(self):
        expected = self.one([("b", "double")], [("d", "double")], {"b": 2.5}, {"d": 0})
        self.assertEqual({("field-removed", "G.b"): 1}, expected.losses)

    def test_removed_with_a_note_is_no_loss(self):
        expected = self.one([("b", "double"), ("a", "int")], ([("a", "int")], {"removed": ["b"]}),
                            {"b": 2.5, "a": 1}, {"a": 1})
        self.assertEqual({}, expected.losses)

    def test_swapped_names(self):
        self.one([("a", "int"), ("b", "int")],
                 [("a", "int", {"was": ["b"]}), ("b", "int", {"was": ["a"]})],
                 {"a": 1, "b": 2}, {"a": 2, "b": 1})

    def test_applied_was_is_not_applied_again(self):
        swapped = [("a", "int", {"was": ["b"]}), ("b", "int", {"was": ["a"]})]
        self.one(swapped, swapped + [("c", "int")], {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 0})

    def test_old_name_reused_starts_from_default(self):
        self.one([("hp", "int")], [("health", "int", {"was": ["hp"]}), ("hp", "int",
                 {"was": ["never"]})], {"hp": 7}, {"health": 7, "hp": 0})

    def test_was_of_a_name_that_still_stands_is_refused(self):
        self.refused(make_schema("G", G=[("hp", "int")]),
                     make_schema("G", G=[("hp", "int"), ("x", "int", {"was": ["hp"]})]),
                     make_dump(("G:0", {"hp": 7})))

    def test_transient_takes_default_when_rebuilt(self):
        mark = {"transient": True, **default("3", "03000000")}
        self.one([("a", "int"), ("t", "int", mark)], [("b", "int"), ("t", "int", mark),
                 ("a", "int")], {"a": 1, "t": 9}, {"b": 0, "t": 3, "a": 1})

    def test_wrong_value_is_found_with_its_path(self):
        old = make_schema("G", G=[("p", "P[2]")], P=[("x", "int")])
        new = make_schema("G", G=[("p", "P[2]")], P=[("y", "int"), ("x", "int")])
        expected = expected_dump(make_dump(("G:0", {"p": [{"x": 1}, {"x": 2}]})), old, new)
        found = compare(expected, make_dump(("G:0", {"p": [{"y": 0, "x": 1}, {"y": 0, "x": 3}]})))
        self.assertEqual(["G:0.p[1].x: expected 2, found 3"], found)

    def test_dump_of_another_schema_is_found(self):
        """A host's schema has another hash than that of the sources, which dumps name."""
        schema, state = make_schema("G", G=[("a", "int")]), make_dump(("G:0", {"a": 1}))
        schema["hash"] = "host"
        expected = expected_dump(state, schema, schema)
        for named, sources, found in (("host", None, 0), ("built", None, 1), ("built", "built", 0),
                                      ("host", "built", 1)):
            for untyped in {}, {"untyped_memory": True}:
                self.assertEqual(found, len(compare(expected, {**state, "schema": named, **untyped},
                                                    sources=sources)))


class Numbers(OracleCase):
    def number(self, old, new, value, result, extra=None):
        return self.one([("a", old)], [("a", new, extra or {})], {"a": value}, {"a": result})

    def test_integers_saturate(self):
        self.number("long", "int", 5000000000, 2147483647)
        self.number("int", "uint8_t", 300, 255)
        self.number("int", "unsigned", -1, 0)
        self.number("unsigned", "int", 4294967295, 2147483647)

    def test_int_to_float_rounds(self):
        expected = self.number("int", "float", 16777217, 16777216)
        self.assertIn(("number-rounded", "G.a"), expected.losses)
        self.number("long", "double", 9007199254740993, 9007199254740992)

    def test_float_to_int(self):
        self.number("float", "int", -3.5, -3)
        self.number("double", "int", 1e300, 2147483647)
        self.number("double", "int", "NaN", 0)
        self.number("double", "int", 2.75, 3, {"convert": ["round"]})

    def test_float_text_is_the_floats_own_value(self):
        self.number("float", "double", 0.1, 0.10000000149011612)
        self.number("double", "float", 0.1, 0.1)

    def test_bits_of_zero_and_nan_survive(self):
        for value in ("-0.0", "NaN(0x7ff8000000000001)", "Infinity", 5e-324):
            self.one([("a", "double")], [("b", "int"), ("a", "double")], {"a": value},
                     {"b": 0, "a": value})

    def test_sign_of_zero_counts(self):
        old = make_schema("G", G=[("a", "double")])
        new = make_schema("G", G=[("a", "double"), ("b", "int")])
        expected = expected_dump(make_dump(("G:0", {"a": "-0.0"})), old, new)
        self.assertEqual(1, len(compare(expected, make_dump(("G:0", {"a": 0, "b": 0})))))

    def test_bool(self):
        self.number("int", "bool", 7, True)
        self.number("bool", "int", True, 1)

    def test_bit_fields_by_value(self):
        self.one([("a", "unsigned", {"bits": [0, 5]})], [("a", "unsigned", {"bits": [3, 3]})],
                 {"a": 5}, {"a": 5})
        self.one([("a", "unsigned", {"bits": [0, 5]})], [("a", "unsigned", {"bits": [0, 3]})],
                 {"a": 20}, {"a": 7})

    def test_rounding_helpers(self):
        self.assertIsInstance(parse_float("1.00000000000000000001"), LongFloat)
        self.assertEqual(2.5, parse_float("2.5"))
        self.assertEqual(16777216.0, as_float(16777217, 4))


class Enums(OracleCase):
    def enum(self, old, new, value, result, old_extra=None, new_extra=None):
        return self.one([("k", "K")], [("k", "K")], {"k": value}, {"k": result},
                        old_types={"K": (old, old_extra or {})},
                        new_types={"K": (new, new_extra or {})})

    def test_by_name(self):
        self.enum({"R": 0, "G": 1, "B": 2}, {"R": 0, "B": 1, "G": 2}, "G", "G")

    def test_rename_and_alias(self):
        self.enum({"A": 0, "B": 1}, {"A": 0, "BB": {"name": "BB", "value": 1, "was": ["B"]}},
                  "B", "BB")
        self.enum({"OLD": 3, "ALIAS": 3}, {"ALIAS": 5}, "OLD", "ALIAS")

    def test_removed_but_live(self):
        old = make_schema("G", G=[("k", "K")], K={"A": 0, "B": 1})
        new = make_schema("G", G=[("k", "K")], K={"A": 0})
        self.assertIn("B is live", self.refused(old, new, make_dump(("G:0", {"k": "B"}))))
        self.enum({"A": 0, "B": 1}, {"A": {"name": "A", "value": 0, "fallback": True}}, "B", "A")

    def test_flags_bit_by_bit(self):
        flags = {"flags": True}
        self.enum({"A": 1, "B": 2, "C": 4}, {"C": 1, "A": 2, "B": 8}, "A|C", "C|A", flags, flags)

    def test_flags_to_an_unrelated_enum(self):
        old = make_schema("G", G=[("k", "K")], K=({"A": 1, "C": 4}, {"flags": True}))
        new = make_schema("G", G=[("k", "K")], K={"E": 5})
        self.refused(old, new, make_dump(("G:0", {"k": "A|C"})))

    def test_enum_and_int(self):
        self.one([("k", "K")], [("k", "int")], {"k": "A"}, {"k": 3}, K={"A": 3})
        self.one([("k", "int")], [("k", "K")], {"k": 3}, {"k": "A"}, K={"A": 3})
        self.refused(make_schema("G", G=[("k", "int")], K={"A": 3}),
                     make_schema("G", G=[("k", "K")], K={"A": 3}), make_dump(("G:0", {"k": 4})))

    def test_unnamed_value_stays(self):
        self.enum({"A": 0}, {"A": 0, "B": 1}, 9, 9)


class Arrays(OracleCase):
    def test_resized_per_dimension(self):
        self.one([("m", "int[2][2]")], [("m", "int[3][3]")], {"m": [[1, 2], [3, 4]]},
                 {"m": [[1, 2, 0], [3, 4, 0], [0, 0, 0]]})
        self.one([("m", "int[4]")], [("m", "int[2]")], {"m": [1, 2, 3, 4]}, {"m": [1, 2]})

    def test_new_elements_take_the_default_of_their_array(self):
        def words(*values):
            return default("{...}", b"".join(value.to_bytes(4, "little") for value in values).hex())
        old = [("n", "int[2]", words(5, 6)), ("m", "int[1][1]"), ("one", "int")]
        new = [("n", "int[4]", words(5, 6, 7, 8)), ("m", "int[2][2]", words(1, 2, 3, 4)),
               ("one", "int[2]", words(1, 2))]
        before, after = {"n": [5, 9], "m": [[9]], "one": 9}, {"n": [5, 9, 7, 8], "m": [[9, 2], [3, 4]],
                                                              "one": [9, 2]}
        self.one(old, new, before, after)
        wrong = make_dump(("G:0", {**after, "n": [5, 9, 0, 0]}))
        expected = expected_dump(make_dump(("G:0", before)), make_schema("G", G=old),
                                 make_schema("G", G=new))
        self.assertNotEqual([], compare(expected, wrong))
        types = {"old_types": {"K": {"A": 0, "B": 1}}, "new_types": {"K": {"C": 0, "A": 1}}}
        lossy = self.one([("n", "int[2]", {"index": "K", **words(5, 6)})],
                         [("n", "int[2]", {"index": "K", **words(7, 8)})],
                         {"n": [9, 6]}, {"n": [7, 9]}, **types)
        self.assertEqual(0, len(lossy.losses))

    def test_reshape_is_refused_with_values(self):
        self.refused(make_schema("G", G=[("m", "int[4]")]),
                     make_schema("G", G=[("m", "int[2][2]")]),
                     make_dump(("G:0", {"m": [1, 0, 0, 0]})))

    def test_scalar_and_array(self):
        self.one([("b", "float")], [("b", "float[3]")], {"b": 1.5}, {"b": [1.5, 0, 0]})
        self.one([("b", "int[3]")], [("b", "int")], {"b": [5, 0, 0]}, {"b": 5})

    def test_text(self):
        self.one([("n", "char[16]")], [("n", "char[32]")], {"n": "grunt"}, {"n": "grunt"})
        self.one([("n", "char[16]")], [("n", "char[4]")], {"n": "grunt"}, {"n": "gru"})
        self.one([("n", "char[2]")], [("n", "char[4]")], {"n": {"bytes": "6162"}}, {"n": "ab"})

    def test_text_to_heap_and_back(self):
        old = make_schema("G", G=[("n", "char[16]")])
        new = make_schema("G", G=[("n", "char *")])
        self.migrate(old, new, make_dump(("G:0", {"n": "grunt"})),
                     make_dump(("G:0", {"n": {"ref": "char:0"}}), ("char:0", "grunt", 6)))
        self.migrate(new, old,
                     make_dump(("G:0", {"n": {"ref": "char:0"}}), ("char:0", "grunt", 6)),
                     make_dump(("G:0", {"n": "grunt"}), ("char:0", "grunt", 6)))


class Graph(OracleCase):
    OLD = make_schema("G", G=[("a", "E *"), ("b", "E *")], E=[("v", "int"), ("next", "E *")])
    NEW = make_schema("G", G=[("a", "E *"), ("b", "E *")],
                      E=[("t", "double"), ("v", "int"), ("next", "E *")])

    def test_sharing_and_cycles_whatever_the_ids(self):
        before = make_dump(("G:0", {"a": {"ref": "E:0"}, "b": {"ref": "E:0"}}),
                           ("E:0", {"v": 1, "next": {"ref": "E:1"}}),
                           ("E:1", {"v": 2, "next": {"ref": "E:0"}}))
        after = make_dump(("G:0", {"a": {"ref": "E:8"}, "b": {"ref": "E:8"}}),
                          ("E:8", {"t": 0, "v": 1, "next": {"ref": "E:3"}}),
                          ("E:3", {"t": 0, "v": 2, "next": {"ref": "E:8"}}))
        self.migrate(self.OLD, self.NEW, before, after)
        split = copy.deepcopy(after)
        split["objects"].append({"id": "E:9", "type": "E",
                                 "value": {"t": 0, "v": 1, "next": {"ref": "E:3"}}})
        split["objects"][0]["value"]["b"] = {"ref": "E:9"}
        self.assertTrue(compare(expected_dump(before, self.OLD, self.NEW), split))

    def test_lost_and_new_objects_are_found(self):
        before = make_dump(("G:0", {"a": None, "b": None}), ("E:0", {"v": 1, "next": None}))
        expected = expected_dump(before, self.OLD, self.NEW)
        self.assertTrue(compare(expected, make_dump(("G:0", {"a": None, "b": None}))))
        self.assertTrue(compare(expected, make_dump(
            ("G:0", {"a": None, "b": None}), ("E:0", {"t": 0, "v": 1, "next": None}),
            ("E:1", {"t": 0, "v": 1, "next": None}))))

    def test_long_list_does_not_recurse(self):
        count = 20000
        nodes = [(f"E:{i}", {"v": i, "next": {"ref": f"E:{i + 1}"} if i < count - 1 else None})
                 for i in range(count)]
        grown = [(id_, {"t": 0, **value}) for id_, value in nodes]
        head = ("G:0", {"a": {"ref": "E:0"}, "b": None})
        self.migrate(self.OLD, self.NEW, make_dump(head, *nodes), make_dump(head, *grown))

    def test_interior_and_element_pointers(self):
        old = make_schema("G", G=[("cur", "E *"), ("sel", "int *"), ("end", "E *")],
                          E=[("v", "int")])
        new = make_schema("G", G=[("cur", "E *"), ("sel", "int *"), ("end", "E *")],
                          E=[("t", "double"), ("w", "int", {"was": ["v"]})])
        head = {"cur": {"ref": "E:0", "at": "[3]"}, "sel": {"ref": "E:0", "at": "[1].v"},
                "end": {"ref": "E:0", "at": "[4]"}}
        done = copy.deepcopy({**head, "sel": {"ref": "E:0", "at": "[1].w"}})
        before = make_dump(("G:0", head), ("E:0", [{"v": i} for i in range(4)], 4))
        after = make_dump(("G:0", done), ("E:0", [{"t": 0, "w": i} for i in range(4)], 4))
        self.migrate(old, new, before, after)
        after["objects"][0]["value"]["cur"]["at"] = "[2]"
        self.assertEqual(1, len(compare(expected_dump(before, old, new), after)))

    def test_removed_target_is_refused(self):
        old = make_schema("G", G=[("sel", "int *"), ("hp", "int")])
        new = make_schema("G", G=[("sel", "int *")])
        why = self.refused(old, new, make_dump(("G:0", {"sel": {"ref": "G:0", "at": ".hp"},
                                                        "hp": 3})))
        self.assertIn("G.sel", why)

    def test_retargeted_pointer_is_refused_unless_null(self):
        old = make_schema("G", G=[("t", "A *"), ("u", "B *")], A=[("v", "int")], B=[("v", "int")])
        new = make_schema("G", G=[("t", "B *"), ("u", "B *")], A=[("v", "int")], B=[("v", "int")])
        self.refused(old, new, make_dump(("G:0", {"t": {"ref": "A:0"}, "u": None}),
                                         ("A:0", {"v": 1})))
        empty = make_dump(("G:0", {"t": None, "u": None}))
        self.migrate(old, new, empty, empty)

    def test_renamed_type_keeps_its_objects(self):
        old = make_schema("G", G=[("m", "Mob *")], Mob=[("hp", "int")])
        new = make_schema("G", G=[("m", "Enemy *")], Enemy=([("hp", "int")], {"was": ["Mob"]}))
        self.migrate(old, new, make_dump(("G:0", {"m": {"ref": "Mob:0"}}), ("Mob:0", {"hp": 9})),
                     make_dump(("G:0", {"m": {"ref": "Enemy:0"}}), ("Enemy:0", {"hp": 9})))

    def test_gone_type_with_live_objects_is_refused(self):
        old = make_schema("G", G=[("m", "Mob *")], Mob=[("hp", "int")])
        new = make_schema("G", G=[("m", "Foe *")], Foe=[("hp", "int")])
        self.refused(old, new, make_dump(("G:0", {"m": {"ref": "Mob:0"}}), ("Mob:0", {"hp": 9})))

    def test_functions_by_name(self):
        old = make_schema("G", G=[("f", "void () *")])
        new = make_schema("G", G=[("n", "int"), ("f", "void () *")])
        before = make_dump(("G:0", {"f": {"code": "ants.c:forage"}}))
        self.migrate(old, new, before,
                     make_dump(("G:0", {"n": 0, "f": {"code": "work.c:forage"}})))
        wrong = make_dump(("G:0", {"n": 0, "f": {"code": "ants.c:guard"}}))
        self.assertTrue(compare(expected_dump(before, old, new), wrong))

    def test_dangling_becomes_null(self):
        head = {"a": {"dangling": True}, "b": None}
        self.migrate(self.OLD, self.NEW, make_dump(("G:0", head)),
                     make_dump(("G:0", {"a": None, "b": None})))

    def test_default_text_is_a_block_of_its_own(self):
        old = make_schema("G", G=[("v", "int"), ("spare", "char *")])
        new = make_schema("G", G=[("v", "int"), ("spare", "char *"),
                                  ("name", "char *", default('"Ada"', "41646100"))])
        before = make_dump(("G:0", {"v": 1, "spare": None}))
        good = make_dump(("G:0", {"v": 1, "spare": None, "name": {"ref": "char:0"}}),
                         ("char:0", "Ada", 4))
        self.migrate(old, new, before, good)

    def test_copied_literal(self):
        old = make_schema("G", G=[("n", "char *")])
        new = make_schema("G", G=[("n", "char *"), ("v", "int")])
        before = make_dump(("G:0", {"n": {"literal": "hi"}}))
        self.migrate(old, new, before, make_dump(("G:0", {"n": {"literal": "hi"}, "v": 0})))
        self.migrate(old, new, before, make_dump(("G:0", {"n": {"ref": "char:0"}, "v": 0}),
                                                 ("char:0", "hi", 3)))


UNION = {"kind": "union"}


def tagged(tag="kind", **more):
    return dict({"tag": tag}, **more)


class Unions(OracleCase):
    """Unions whose tag says which arm is active."""

    OLD = {"K": {"I": 0, "F": 1},
           "U": ([("i", "int", {"arm": "I"}), ("f", "float", {"arm": "F"})], UNION)}
    STRUCT = [("kind", "K"), ("u", "U", tagged())]

    def test_active_arm_converts_by_name(self):
        new = {"K": {"NONE": 0, "F": 5, "I": 7},
               "U": ([("f", "double", {"arm": "F"}), ("i", "long", {"arm": "I"})], UNION)}
        self.one(self.STRUCT, [("u", "U", tagged()), ("kind", "K")],
                 {"kind": "F", "u": {"f": 2.5}}, {"u": {"f": 2.5}, "kind": "F"},
                 old_types=self.OLD, new_types=new)

    def test_arms_without_notes_go_by_place(self):
        types = {"K": {"I": 0, "F": 1}, "U": ([("i", "int"), ("f", "float")], UNION)}
        more = {"K": {"I": 0, "F": 1, "S": 2},
                "U": ([("i", "int"), ("f", "float"), ("s", "short")], UNION)}
        self.one(self.STRUCT, self.STRUCT, {"kind": "I", "u": {"i": 7}},
                 {"kind": "I", "u": {"i": 7}}, old_types=types, new_types=more)

    def test_unnamed_union_that_gains_an_arm_is_the_same_union(self):
        old = {"K": {"I": 0, "F": 1}, "G::<i,f>": ([("i", "int"), ("f", "float")], UNION)}
        new = {"K": {"I": 0, "S": 1, "F": 2},
               "G::<i,s,f>": ([("i", "int"), ("s", "short"), ("f", "float")], UNION)}
        self.one([("kind", "K"), ("<i,f>", "G::<i,f>", tagged())],
                 [("kind", "K"), ("<i,s,f>", "G::<i,s,f>", tagged())],
                 {"kind": "F", "<i,f>": {"f": 2.5}}, {"kind": "F", "<i,s,f>": {"f": 2.5}},
                 old_types=old, new_types=new)

    def test_removed_arm(self):
        only_i = ([("i", "int", dict(default("3", "03000000"), arm="I"))], UNION)
        fallback = {"I": {"name": "I", "value": 0, "fallback": True}}
        old = make_schema("G", G=self.STRUCT, **self.OLD)
        live = make_dump(("G:0", {"kind": "F", "u": {"f": 2.5}}))
        self.refused(old, make_schema("G", G=self.STRUCT, K={"I": 0, "F": 1}, U=only_i), live)
        self.refused(old, make_schema("G", G=self.STRUCT, K={"I": 0}, U=only_i), live)
        expected = self.migrate(old, make_schema("G", G=self.STRUCT, K=fallback, U=only_i), live,
                                make_dump(("G:0", {"kind": "I", "u": {"i": 3}})))
        self.assertIn(("union-arm-removed", "G.u.f"), expected.losses)

    def test_arm_that_shifts_refuses(self):
        swapped = ([("i", "int", {"arm": "F"}), ("f", "float", {"arm": "I"})], UNION)
        self.refused(make_schema("G", G=self.STRUCT, **self.OLD),
                     make_schema("G", G=self.STRUCT, K={"I": 0, "F": 1}, U=swapped),
                     make_dump(("G:0", {"kind": "I", "u": {"i": 7}})))

    def test_wrong_arm_is_seen(self):
        new = {"K": {"I": 0, "F": 1},
               "U": ([("i", "long", {"arm": "I"}), ("f", "float", {"arm": "F"})], UNION)}
        expected = expected_dump(make_dump(("G:0", {"kind": "I", "u": {"i": 7}})),
                                 make_schema("G", G=self.STRUCT, **self.OLD),
                                 make_schema("G", G=self.STRUCT, **new))
        for wrong in ({"f": 7.0}, {"i": 8}, {"bytes": "0700000000000000"}):
            self.assertTrue(compare(expected, make_dump(("G:0", {"kind": "I", "u": wrong}))))

    def test_without_a_tag_a_change_refuses_where_it_is_live(self):
        old = make_schema("G", G=[("u", "U")], U=([("i", "int")], UNION))
        new = make_schema("G", G=[("u", "U")], U=([("i", "int"), ("d", "double")], UNION))
        self.refused(old, new, make_dump(("G:0", {"u": {"bytes": "0000803f"}})))
        zero = new["types"][[t["name"] for t in new["types"]].index("U")]["size"] * "00"
        self.migrate(old, new, make_dump(("G:0", {"u": {"bytes": "00000000"}})),
                     make_dump(("G:0", {"u": {"bytes": zero}})))


class Moves(OracleCase):
    """MOLT_MOVED and MOLT_INDEX."""

    def test_into_a_struct(self):
        self.one([("x", "float"), ("y", "float")], [("pos", "V")], {"x": 1.5, "y": 2.5},
                 {"pos": {"x": 1.5, "y": 2.5}}, old_types={},
                 new_types={"V": [("x", "float", {"moved": "^.x"}),
                                  ("y", "double", {"moved": "y"})]})

    def test_out_of_structs_and_arrays(self):
        expected = self.one([("p", "P"), ("a", "int[3]")],
                            [("b", "long", {"moved": "p.b"}), ("c", "int", {"moved": "a[1]"})],
                            {"p": {"a": 0, "b": 4}, "a": [0, 5, 0]}, {"b": 4, "c": 5},
                            P=[("a", "int"), ("b", "int")])
        self.assertEqual({}, expected.losses)

    def test_exchange_once(self):
        new = [("a", "int", {"moved": "b"}), ("b", "int", {"moved": "a"})]
        self.one([("a", "int"), ("b", "int")], new, {"a": 1, "b": 2}, {"a": 2, "b": 1})
        self.one(new, new + [("c", "int")], {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 0})

    def test_ambiguous(self):
        self.refused(make_schema("G", G=[("a", "int"), ("b", "int")]),
                     make_schema("G", G=[("b", "int", {"moved": "a"}), ("c", "int")]),
                     make_dump(("G:0", {"a": 1, "b": 2})))

    def test_into_an_arm(self):
        new = {"K": {"N": 0, "V": 1},
               "U": ([("v", "int", {"arm": "V", "moved": "v"}), ("s", "short", {"arm": "N"})],
                     UNION)}
        self.one([("v", "int")], [("kind", "K"), ("u", "U", tagged())], {"v": 7},
                 {"kind": "V", "u": {"v": 7}}, old_types={}, new_types=new)

    def test_into_the_arm_that_an_old_tag_says(self):
        new = {"K": {"V": 0, "S": 1},
               "U": ([("v", "int", {"moved": "v"}), ("s", "short", {"moved": "s"})], UNION)}
        for kind, result in (("V", {"v": 7}), ("S", {"s": 8})):
            self.one([("kind", "K"), ("v", "int"), ("s", "short")],
                     [("kind", "K"), ("u", "U", tagged())], {"kind": kind, "v": 7, "s": 8},
                     {"kind": kind, "u": result}, old_types={"K": new["K"]}, new_types=new)

    def test_elements_follow_their_enumerators(self):
        expected = self.one([("n", "int[3]", {"index": "K"})], [("n", "int[4]", {"index": "K"})],
                            {"n": [1, 2, 3]}, {"n": [0, 2, 1, 0]},
                            old_types={"K": {"A": 0, "B": 1, "C": 2}},
                            new_types={"K": {"D": 0, "B": 1, "A": 2, "E": 3}})
        self.assertIn(("elements-dropped", "G.n"), expected.losses)

    def test_dimensions_follow_their_enumerators(self):
        along = {"index": "K", "along": ["0", "2"]}
        self.one([("n", "int[2][1][2]", along)], [("n", "int[3][1][3]", along)],
                 {"n": [[[1, 2]], [[3, 4]]]}, {"n": [[[0, 0, 0]], [[0, 4, 3]], [[0, 2, 1]]]},
                 old_types={"K": {"A": 0, "B": 1}}, new_types={"K": {"C": 0, "B": 1, "A": 2}})
        self.one([("n", "int[9][2]", {"index": "K"})], [("n", "int[9][2]", {"index": "K"})],
                 {"n": [[i, i + 1] for i in range(9)]}, {"n": [[i + 1, i] for i in range(9)]},
                 old_types={"K": {"A": 0, "B": 1}}, new_types={"K": {"B": 0, "A": 1}})

    def test_a_dimension_that_nothing_says(self):
        types = {"K": {"A": 0, "B": 1}, "G": [("n", "int[2][2]", {"index": "K"})]}
        self.refused(make_schema("G", **types), make_schema("G", **{**types, "K": {"B": 0, "A": 1}}),
                     make_dump(("G:0", {"n": [[1, 2], [3, 4]]})))


class Ownership(OracleCase):
    """Structs inline on one side and behind a pointer on the other."""

    INLINE = [("b", "B"), ("p", "B *")]
    BLOCK = [("b", "B *"), ("p", "B *")]

    def test_struct_becomes_a_block(self):
        types = {"B": [("v", "int")]}
        good = make_dump(("G:0", {"b": {"ref": "B:0"}, "p": {"ref": "B:0"}}), ("B:0", {"v": 5}))
        before = make_dump(("G:0", {"b": {"v": 5}, "p": {"ref": "G:0", "at": ".b"}}))
        old, new = (make_schema("G", G=each, **types) for each in (self.INLINE, self.BLOCK))
        self.migrate(old, new, before, good)
        expected = expected_dump(before, old, new)
        self.assertTrue(compare(expected, make_dump(("G:0", {"b": None, "p": None}))))
        good["objects"][1]["value"]["v"] = 6
        self.assertTrue(compare(expected, good))

    def test_block_becomes_part_of_its_owner(self):
        old = make_schema("G", G=self.BLOCK, B=[("v", "int")])
        new = make_schema("G", G=self.INLINE, B=[("w", "char"), ("v", "long", default("3", "03"))])
        before = make_dump(("G:0", {"b": {"ref": "B:4"}, "p": None}), ("B:4", {"v": 5}))
        self.migrate(old, new, before, make_dump(("G:0", {"b": {"w": 0, "v": 5}, "p": None})))
        before["objects"][0]["value"]["p"] = {"ref": "B:4"}
        self.refused(old, new, before)


class Dumps(unittest.TestCase):
    def test_equal_graphs_with_other_ids(self):
        left = make_dump(("G:0", {"e": {"ref": "E:0"}}), ("E:0", {"v": 1}))
        right = make_dump(("G:0", {"e": {"ref": "E:5"}}), ("E:5", {"v": 1}))
        self.assertEqual([], compare_dumps(left, right))
        right["objects"][1]["value"]["v"] = 2
        self.assertEqual(["E:0 | E:5.v: 1 | 2"], compare_dumps(left, right))

    def test_common_fields(self):
        left = make_dump(("G:0", {"a": 1, "f": 0.1, "m": [1, 2]}))
        right = make_dump(("G:0", {"f": 0.10000000149011612, "new": 3, "a": 1.0, "m": [1]}))
        self.assertEqual([], compare_dumps(left, right, common_fields=True))
        self.assertEqual(3, len(compare_dumps(left, right)))

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for i, value in enumerate((1, 1, 2)):
                paths.append(os.path.join(folder, f"{i}.json"))
                with open(paths[-1], "w", encoding="utf-8") as file:
                    json.dump(make_dump(("G:0", {"a": value})), file)
            for pair, code in ((paths[:2], 0), (paths[1:], 1), ([paths[0], "/none"], 2)):
                command = [sys.executable, os.path.join(HERE, "compare_dumps.py"), *pair]
                run = subprocess.run(command, capture_output=True, check=False)
                self.assertEqual(code, run.returncode, run.stderr)


class Paths(unittest.TestCase):
    def test_paths(self):
        self.assertEqual([("index", 5), ("field", "pos"), ("raw", 4)], parse_path("[5].pos+4"))
        with self.assertRaises(ValueError):
            parse_path("[x]")

    def test_places(self):
        schema = Schema(make_schema("G", G=[("a", "int"), ("p", "P[2]")],
                                    P=[("x", "int"), ("y", "int")]))
        obj = {"type": "G", "value": {}}
        self.assertEqual((0, 4 + 8 + 4), schema.place(obj, ".p[1].y")[:2])
        self.assertEqual((1, 0), schema.place(obj, "[1]")[:2])


if __name__ == "__main__":
    unittest.main()
