"""The generated C compiles clean everywhere, says what the schema says, and checks itself."""
import ctypes
import json
import subprocess
import unittest

from fixture import COMPILERS, FIXTURES, FLAGS, GameTest

STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
          "-Wmissing-prototypes", "-Wstrict-prototypes", "-Werror", "-fPIC",
          "-fvisibility=hidden"]


class Metadata(GameTest):
    def setUp(self):
        super().setUp()
        self.write("kinds.h", (FIXTURES / "kinds.h").read_text())
        self.write("game.c", '#include "kinds.h"\nMOLT_ROOT(Kinds);\nvoid *start(void);\n'
                             "void *start(void) { return molt_new(Kinds); }\n")
        with (self.folder / "game.c").open("a") as game:
            game.write('#define MARK "a\\0b\\n\\xff\\0"\n'
                       'const char *marks(int i) { return i == 0 ? MARK "9" : i == 1 ? MARK u8"9" :\n'
                       '    i == 2 ? "plain" : "\\0\\u00e9x\\"\\\\"; }\n')
        self.generate("game.c", "--schema", "schema.json", "--metadata", "metadata.c")

    def compile(self, compiler, *arguments):
        return subprocess.run([compiler, *arguments], cwd=self.folder, text=True,
                              capture_output=True)

    def build(self, compiler, sources=("game.c", "metadata.c")):
        result = self.compile(compiler, *FLAGS, "-fPIC", "-fvisibility=hidden", "-shared", *sources,
                              "-o", "libgame.so")
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_compiles_without_a_warning(self):
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                result = self.compile(compiler, *FLAGS[1:], *STRICT, "-c", "metadata.c", "-o",
                                      "metadata.o")
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_long_string_pools_compile_without_a_warning(self):
        fields = "".join(f"int a_rather_long_name_of_a_field_{i};" for i in range(400))
        self.write("game.c", f"#include <molt/molt.h>\ntypedef struct Game {{ {fields} }} Game;\n"
                             "MOLT_ROOT(Game);\n")
        self.generate("game.c", "--metadata", "metadata.c")
        self.test_compiles_without_a_warning()

    def test_layout_that_differs_fails_the_build(self):
        self.write("kinds.h", (self.folder / "kinds.h").read_text().replace(
            "int inner;", "long inner;"))
        for compiler in COMPILERS:
            result = self.compile(compiler, *FLAGS, "-c", "metadata.c", "-o", "metadata.o")
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("Kinds.inner", result.stderr)

    def test_field_that_grew_into_padding_fails_the_build(self):
        self.write("kinds.h", (self.folder / "kinds.h").read_text().replace(
            "    short s16;", "    _Alignas(2) char s16;"))
        for compiler in COMPILERS:
            result = self.compile(compiler, *FLAGS, "-c", "metadata.c", "-o", "metadata.o")
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("Kinds.s16", result.stderr)
            self.assertNotIn("Kinds.u16", result.stderr)

    def test_other_version_of_the_tables_is_an_error(self):
        text = (self.folder / "metadata.c").read_text()
        self.assertIn("#if MOLT_META_VERSION != 1\n#error", text)

    def test_module_is_exported_and_the_rest_is_not(self):
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                self.build(compiler)
                symbols = subprocess.run(["nm", "-D", "--defined-only", "libgame.so"], text=True,
                                         cwd=self.folder, capture_output=True, check=True).stdout
                names = {line.split()[-1] for line in symbols.splitlines()}
                self.assertIn("molt_module", names)
                self.assertEqual({n for n in names if n.startswith("molt_")}, {"molt_module"})

    def test_module_says_what_the_schema_says(self):
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                self.build(compiler)
                self.check_module(self.load())

    def load(self):
        """A copy under its own name, since one process loads a path once."""
        Metadata.loaded = getattr(Metadata, "loaded", 0) + 1
        copy = self.folder / f"libgame{Metadata.loaded}.so"
        copy.write_bytes((self.folder / "libgame.so").read_bytes())
        return ctypes.CDLL(str(copy))

    def check_module(self, library):
        class Module(ctypes.Structure):
            _fields_ = [("size", ctypes.c_uint32), ("version", ctypes.c_uint32),
                        ("tables", ctypes.POINTER(ctypes.c_uint32)), ("heap", ctypes.c_void_p),
                        ("sites", ctypes.c_void_p), ("sites_end", ctypes.c_void_p),
                        ("generator", ctypes.c_char_p), ("compiler", ctypes.c_char_p),
                        ("hooks", ctypes.c_void_p), ("hooks_end", ctypes.c_void_p),
                        ("allocations", ctypes.c_void_p), ("allocation_text", ctypes.c_char_p),
                        ("allocation_count", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                        ("sources", ctypes.c_char_p), ("constants", ctypes.c_void_p),
                        ("constant_keys", ctypes.c_void_p), ("constant_text", ctypes.c_char_p),
                        ("constant_count", ctypes.c_uint32), ("apart_count", ctypes.c_uint32),
                        ("apart_types", ctypes.POINTER(ctypes.c_uint32)),
                        ("hook_codes", ctypes.c_void_p), ("hook_code_count", ctypes.c_uint32),
                        ("split_text_count", ctypes.c_uint32),
                        ("split_texts", ctypes.POINTER(ctypes.c_ubyte)),
                        ("split_text_sizes", ctypes.POINTER(ctypes.c_uint32))]
        module = Module.in_dll(library, "molt_module")
        schema = json.loads((self.folder / "schema.json").read_text())
        self.assertEqual((module.size, module.version), (ctypes.sizeof(Module), 1))
        self.assertEqual(module.sources, b"game.c")
        self.assertEqual(module.generator, b"molt-codegen 0.1.0")
        self.assertTrue(module.compiler)
        self.assertEqual((module.hooks, module.hooks_end), (None, None))
        self.assertEqual(module.sites_end - module.sites, 40)  # one MoltSite
        self.assertEqual((module.allocations, module.allocation_count), (None, 0))
        self.assertEqual((module.constants, module.constant_count), (None, 0))
        self.assertEqual((module.hook_codes, module.hook_code_count), (None, 0))
        self.assertEqual(module.split_text_count, 2)  # each once
        self.assertEqual(module.split_text_sizes[:2], [8, 7])
        self.assertEqual(bytes(module.split_texts[:15]), b"a\0b\n\xff\0" b"9\0" b"\0\xc3\xa9x\"\\\0")
        tables = module.tables
        hash_words = [tables[4] | tables[5] << 32, tables[6] | tables[7] << 32]
        self.assertEqual(f"{hash_words[1]:016x}{hash_words[0]:016x}", schema["hash"])
        self.assertEqual(tables[8], len(schema["types"]))

    def test_library_without_allocations_has_no_sites(self):
        self.write("game.c", '#include "kinds.h"\nMOLT_ROOT(Kinds);\n')
        self.generate("game.c", "--metadata", "metadata.c")
        for compiler in COMPILERS:
            self.build(compiler)
            library = self.load()
            words = (ctypes.c_uint64 * 8).in_dll(library, "molt_module")
            self.assertEqual((words[3], words[4]), (0, 0))

    def test_private_types_and_macro_lists_do_not_break_the_source(self):
        self.write("list.h", "ENTRY(A)\nENTRY(B)\n")
        self.write("game.c", """#include "kinds.h"
#define ENTRY(name) name,
enum {
#include "list.h"
LIST_END };
#undef ENTRY
#define ENTRY(name) int name##_count;
struct Private {
#include "list.h"
};
typedef struct Game { struct Private *p; Kinds k; } Game;
MOLT_ROOT(Game);
""")
        self.generate("game.c", "--metadata", "metadata.c")
        text = (self.folder / "metadata.c").read_text()
        self.assertNotIn("(struct Private", text)
        self.assertIn("sizeof(struct Kinds)", text)
        self.test_compiles_without_a_warning()


if __name__ == "__main__":
    unittest.main()
