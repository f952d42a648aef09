"""MOLT_DEFAULT becomes the bytes that the compiler would store."""
import re
import struct
import subprocess
import unittest

from fixture import COMPILERS, FLAGS, GameTest

# declaration, its default, and the same as C so that the compiler computes the expected bytes
CASES = [
    ("int8_t f", "-128"),
    ("uint8_t f", "0xff"),
    ("int f", "60 * 5"),
    ("unsigned f", "1u << 31"),
    ("long f", "-1"),
    ("long long f", "-9223372036854775807 - 1"),
    ("unsigned long long f", "18446744073709551615u"),
    ("__int128 f", "-5"),
    ("unsigned __int128 f", "18446744073709551615u"),
    ("int f", "sizeof(struct Pair) + 1"),
    ("int f", "(uint8_t)3"),
    ("int f", "'\\n'"),
    ("char f", "'\\\\'"),
    ("int f", "-'a'"),
    ("int f", "LIMIT + 1"),
    ("int f", "0b101"),
    ("short f", "017"),
    ("int f", "5.0"),
    ("bool f", "true"),
    ("bool f", "1 < 2"),
    ("float f", "0.1f"),
    ("float f", "0.1"),
    ("double f", "0.1f"),
    ("double f", "-2.5e-3"),
    ("double f", "1.0 / 3"),
    ("double f", "0x1.8p3"),
    ("float f", "7"),
    ("long double f", "0.1L"),
    ("enum Mood f", "GLAD"),
    ("enum Mood f", "CALM + 2"),
    ("enum Walls f", "NORTH | SOUTH"),
    ("enum Walls f[2]", "{0, SOUTH}"),
    ("int f", "ANGRY"),
    ("int f[4]", "{1, 2, 3}"),
    ("int f[4]", "{[2] = 7, 8}"),
    ("int f[4]", "{[GLAD] = 9}"),
    ("int f[2][2]", "{{1}, {2, 3}}"),
    ("char f[8]", '"ant"'),
    ("char f[8]", '"a" "\\x62\\143\\n"'),
    ("char f[2][4]", '{"ab", "c"}'),
    ("struct Pair f", "{1, 2.5}"),
    ("struct Pair f", "{.b = 2.5}"),
    ("struct Pair f[2]", "{{1, 2}, {.a = -3}}"),
    ("struct Deep f", "{.pair = {4, 5}, .name = \"x,}\", .bits = 5, .top = -2}"),
    ("struct Deep f", "{.pair.b = 1.5, .grid[1] = 6, .i = 9}"),
    ("struct Deep f", "{.x = 3, .y = 4}"),
    ("union Either f", "{7}"),
    ("union Either f", "{.real = 1.5f}"),
]

PRELUDE = """#include <stdbool.h>
#define LIMIT 41
enum Mood { CALM, GLAD = 2, ANGRY = -5 };
enum Walls { NORTH = 1, SOUTH = 4 } MOLT_FLAGS;
struct Pair { int a; double b; };
union Either { int whole; float real; };
struct Deep {
    struct Pair pair; char name[6]; unsigned bits : 3; int top : 4; int grid[2];
    union { int i; float r; };
    struct { short x, y; };
};
"""


class Defaults(GameTest):
    def constants(self, schema):
        return {f["name"]: bytes.fromhex(f["default"]["bytes"])
                for f in schema.types["Game"]["fields"] if "default" in f}

    def test_bytes_are_those_of_the_compiler(self):
        fields = [d.replace(" f", f" f{i}", 1) for i, (d, _) in enumerate(CASES)]
        text = PRELUDE + "typedef struct Game {\n" + "".join(
            f"    {field} MOLT_DEFAULT({value});\n"
            for field, (_, value) in zip(fields, CASES)) + "} Game;\n"
        found = self.constants(self.schema_of(text))
        program = ["#include <molt/molt.h>", "#include <stdio.h>", PRELUDE, "int main(void) {"]
        for i, (field, (_, value)) in enumerate(zip(fields, CASES)):
            program.append(f"    {{ static {field} = {value}; for (size_t i = 0; i < sizeof f{i};"
                           f' i++) printf("%02x", ((unsigned char *)&f{i})[i]); puts(""); }}')
        self.write("probe.c", "\n".join(program) + "\nreturn 0; }\n")
        subprocess.run([COMPILERS[0], *FLAGS, "-w", "probe.c", "-o", "probe"], cwd=self.folder,
                       check=True)
        lines = subprocess.run(["./probe"], cwd=self.folder, check=True, capture_output=True,
                               text=True).stdout.split()
        for i, (case, line) in enumerate(zip(CASES, lines)):
            with self.subTest(case=case):
                wanted = bytes.fromhex(line)
                if case[0].startswith("long double"):
                    wanted = wanted[:10].ljust(16, b"\0")
                self.assertEqual(found[f"f{i}"].hex(), wanted.hex())

    def test_bit_field_takes_an_integer_of_eight_bytes(self):
        found = self.constants(self.schema_of(
            "typedef struct Game { unsigned a : 3 MOLT_DEFAULT(7); int b : 4 MOLT_DEFAULT(-8);"
            " unsigned c : 3 MOLT_DEFAULT(2 + 2); } Game;"))
        self.assertEqual(found, {"a": struct.pack("<q", 7), "b": struct.pack("<q", -8),
                                 "c": struct.pack("<q", 4)})

    def test_string_of_a_pointer_keeps_its_nul_and_null_needs_no_default(self):
        found = self.constants(self.schema_of(
            'typedef struct Game { char *a MOLT_DEFAULT("queen"); char *b MOLT_DEFAULT(NULL);'
            ' struct Game *c MOLT_DEFAULT(0); const char *d MOLT_DEFAULT(""); } Game;'))
        self.assertEqual(found, {"a": b"queen\0", "d": b"\0"})

    def test_text_is_kept_as_written(self):
        schema = self.schema_of("typedef struct Game { int a MOLT_DEFAULT(60 * 5); } Game;")
        self.assertIn("60 * 5", str(schema.field("Game", "a")))

    def test_what_does_not_fit_is_refused(self):
        for field, value, message in [
                ("uint8_t f", "256", "does not fit unsigned char"),
                ("uint8_t f", "-1", "does not fit unsigned char"),
                ("int8_t f", "100 + 28", "does not fit signed char"),
                ("int f", "2147483648", "does not fit int"),
                ("int f", "1.5", "does not fit int"),
                ("bool f", "2", "does not fit bool"),
                ("unsigned f : 3", "8", "does not fit unsigned int : 3"),
                ("float f", "1e39", "does not fit float"),
                ("char f[4]", '"four"', "needs 5 bytes"),
                ("int f[2]", "{1, 2, 3}", "more values than int[2] holds"),
                ("int f[2]", "{[2] = 1}", "outside the array"),
                ("int f[2]", "1", "needs a braced list"),
                ("int f", "1, 2", "more than one value"),
                ("int f", '"one"', "does not fit int"),
                ("int *f", "&missing", "missing"),
                ("void *f", "main", "undeclared identifier 'main'"),
                ("int f", "LIMITT", "undeclared identifier 'LIMITT'"),
                ("int f", "rand()", "rand"),
                ("struct Pair f", "{.c = 1}", "Pair has no field 'c'")]:
            with self.subTest(field=field, value=value):
                mark = f" MOLT_DEFAULT({value})"
                text = PRELUDE + "typedef struct Game {\n    int first;\n    " + field + mark + \
                    ";\n} Game;\n"
                lines = ("#include <molt/molt.h>\n" + text).splitlines()
                line = next(i for i, l in enumerate(lines, 1) if mark in l)
                column = re.search(r"\bf\b", lines[line - 1]).start() + 1
                self.assert_refused(text, f"{line}:{column}", message, "")


if __name__ == "__main__":
    unittest.main()
