"""Offsets, widths and sizes are those of the compilers."""
import json
import re
import subprocess
import unittest

from fixture import COMPILERS, FIXTURES, FLAGS, GameTest, Schema

# Fields of structs that C can name, and how. Groups such as "<i,f>" are named by their first member.
SPELLINGS = {"Vec2": "Vec2", "Kinds": "struct Kinds", "Packed": "struct Packed",
             "Aligned": "struct Aligned", "Pack2": "struct Pack2", "Bits": "struct Bits",
             "Tight": "struct Tight"}


def probe_source(schema):
    """A program that prints what its compiler knows about every struct and field of the schema."""
    lines = ['#include "kinds.h"', "#include <string.h>", "int main(void)", "{"]
    for name, spelling in SPELLINGS.items():
        lines.append(f'    printf("{name} %zu %zu\\n", sizeof({spelling}), _Alignof({spelling}));')
        for field in schema.types[name]["fields"]:
            member = re.sub(r"[<>]", "", field["name"]).split(",")[0]
            if "bits" in field:
                lines.append(f"    {{ static {spelling} o; memset(&o, 0, sizeof o); o.{member} = -1;"
                             f" size_t first = 0, count = 0;"
                             f" for (size_t i = 0; i < sizeof o * 8; i++)"
                             f" if (((unsigned char *)&o)[i / 8] >> i % 8 & 1)"
                             f" {{ if (!count) first = i; count++; }}"
                             f' printf("{name}.{field["name"]} bits %zu %zu\\n", first, count); }}')
            elif member != "low":
                lines.append(f'    printf("{name}.{field["name"]} %zu\\n",'
                             f" offsetof({spelling}, {member}));")
                if not field["name"].startswith("<"):
                    lines.append(f'    printf("{name}.{field["name"]} size %zu\\n",'
                                 f" sizeof((({spelling} *)0)->{member}));")
    return "\n".join(lines + ["    return 0;", "}", ""])


class Layout(GameTest):
    def setUp(self):
        super().setUp()
        self.write("kinds.h", (FIXTURES / "kinds.h").read_text())
        self.write("game.c", '#include "kinds.h"\nMOLT_ROOT(Kinds);\n')
        self.generate("game.c", "--schema", "schema.json")
        self.schema = Schema(json.loads((self.folder / "schema.json").read_text()))

    def test_every_field_stands_where_the_compilers_put_it(self):
        expected = []
        for name in SPELLINGS:
            record = self.schema.types[name]
            expected.append(f"{name} {record['size']} {record['align']}")
            for field in record["fields"]:
                path = f"{name}.{field['name']}"
                if "bits" in field:
                    expected.append(f"{path} bits {field['bits'][0]} {field['bits'][1]}")
                elif not field["name"].startswith("<low"):
                    if not field["name"].startswith("<<low"):
                        expected.append(f"{path} {field['offset']}")
                    if not field["name"].startswith("<"):
                        size = self.schema.types[field["type"]]["size"]
                        expected.append(f"{path} size {size}")
        self.write("probe.c", probe_source(self.schema))
        self.assertTrue(COMPILERS)
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                subprocess.run([compiler, *FLAGS, "-w", "probe.c", "-o", "probe"],
                               cwd=self.folder, check=True)
                said = subprocess.run(["./probe"], cwd=self.folder, check=True,
                                      capture_output=True, text=True).stdout.splitlines()
                self.assertEqual(said, expected)

    def test_no_field_is_missing(self):
        self.assertEqual(
            self.schema.fields("Kinds"),
            ["flag", "letter", "s8", "u8", "s16", "u16", "s32", "u32", "sl", "ul", "sll", "ull",
             "s128", "u128", "i8", "b8", "i64", "size", "f32", "f64", "f80", "colour", "level", "small", "wide",
             "local", "position", "path", "constant", "grid", "name", "lines", "text", "label",
             "next", "table", "corner", "anything", "stream", "hidden", "compare", "hooks", "make",
             "inner", "<as_int,as_float>", "colour_of", "<<low,high>,byte>", "nested", "twin",
             "packed", "aligned", "pack2", "bits", "tight", "atomic", "shared", "atomic_pair",
             "atomic_flags", "complex", "complexes", "vector", "vectors", "wide_text", "text16",
             "text32", "apart", "most", "level_signed", "by_enumerator", "find", "tail"])
        self.assertEqual(self.schema.fields("Tight"),
                         ["tag", "count", "low", "middle", "wide", "phase", "packed", "flag",
                          "level"])
        self.assertEqual(self.schema.fields("Bits"),
                         ["a", "b", "c", "d", "e", "colour", "whole", "f"])

    def test_types_of_fields(self):
        for field, wanted in {
                "flag": "bool", "letter": "char", "s8": "signed char", "b8": "unsigned char",
                "u128": "unsigned __int128",
                "i64": "long", "colour": "Colour", "local": "Kinds::local", "path": "Vec2[3]",
                "constant": "int", "grid": "int[4][3]", "lines": "char[2][8]", "label": "char *",
                "table": "Kinds **", "corner": "Vec2 (*)[4]", "anything": "void *",
                "stream": "_IO_FILE *", "hidden": "Hidden *",
                "compare": "int (*)(Kinds *, Kinds *)",
                "hooks": "void (*[2])(Kinds *, int *, char *, ...)",
                "make": "Kinds *(*)(void)", "nested": "Kinds::nested",
                "twin": "Kinds::nested[2]", "colour_of": "Kinds::colour_of", "atomic": "_Atomic(short)",
                "shared": "_Atomic(Kinds *)", "atomic_pair": "_Atomic(Vec2)",
                "atomic_flags": "_Atomic(bool)[3]", "complex": "_Complex double",
                "complexes": "_Complex long double[2]",
                "vector": "float __attribute__((vector_size(16)))",
                "vectors": "float __attribute__((vector_size(16)))[3]",
                "wide_text": "int[4]", "text16": "unsigned short[2]",
                "text32": "unsigned int[2]", "most": "max_align_t",
                "by_enumerator": "int[6][4]", "find": "Hidden *(*)(Hidden *, Kinds *)"}.items():
            self.assertEqual(self.schema.field("Kinds", field)["type"], wanted, field)
        self.assertEqual(self.schema.types["_IO_FILE"]["kind"], "opaque")
        self.assertEqual(self.schema.types["Hidden"]["kind"], "opaque")

    def test_kinds_that_are_made_of_others(self):
        for name, wanted in {
                "_Atomic(short)": {"kind": "atomic", "size": 2, "align": 2, "of": "short"},
                "_Atomic(Vec2)": {"kind": "atomic", "size": 8, "align": 8, "of": "Vec2"},
                "_Complex double": {"kind": "complex", "size": 16, "align": 8, "of": "double"},
                "float __attribute__((vector_size(16)))":
                    {"kind": "vector", "size": 16, "align": 16, "of": "float", "length": 4},
                }.items():
            self.assertEqual(self.schema.types[name], {"name": name, **wanted})

    def test_flexible_arrays_have_no_length(self):
        self.assertEqual(self.schema.types["short[][2]"],
                         {"name": "short[][2]", "kind": "array", "size": 0, "align": 2,
                          "flexible": True, "of": "short[2]", "length": 0})
        self.assertEqual(self.schema.types["Tail"]["size"], 16)
        field = self.schema.field("Tail", "data")
        self.assertEqual((field["type"], field["offset"], field["count"]),
                         ("short[][2]", 10, ["count"]))

    def test_unions_hold_their_members_at_offset_zero(self):
        union = self.schema.types["Kinds::colour_of"]
        self.assertEqual((union["kind"], union["size"]), ("union", 4))
        self.assertEqual(self.schema.fields("Kinds::colour_of"), ["<r,g,b,a>", "rgba"])
        self.assertEqual(self.schema.fields("Kinds::<as_int,as_float>"), ["as_int", "as_float"])
        self.assertTrue(all(f["offset"] == 0 for f in union["fields"]))

    def test_enumerators_have_their_values(self):
        def values(name):
            return {e["name"]: int(e["value"]) for e in self.schema.types[name]["enumerators"]}
        self.assertEqual(values("Colour"), {"RED": 0, "GREEN": 5, "BLUE": 6, "AZURE": 6})
        self.assertEqual(values("Level"), {"LOW": -2, "HIGH": 1000000})
        self.assertEqual(values("Small"), {"SMALL_A": 0, "SMALL_B": 200})
        self.assertEqual(values("Wide"), {"WIDE_TOP": 0xffffffffffffffff})
        self.assertEqual(values("Signed"), {"SIGNED_LOW": -1, "SIGNED_HIGH": 0x7fffffffffffffff})
        self.assertEqual([self.schema.types[n]["storage"] for n in ("Colour", "Level", "Small",
                                                                    "Wide")],
                         ["unsigned int", "int", "unsigned char", "unsigned long"])


if __name__ == "__main__":
    unittest.main()
