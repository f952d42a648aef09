"""Outputs: units and the whole agree, unchanged ones are left alone, depfiles list what was read."""
import json
import os
import stat
import subprocess
import unittest

from fixture import FLAGS, INCLUDES, GameTest

PART_H = """#ifndef PART_H
#define PART_H
#include <molt/molt.h>
typedef struct Nest Nest;
typedef struct Part {
    int x MOLT_CONVERT(round) MOLT_DEFAULT(LIMIT * 2) MOLT_WAS("old") MOLT_TRANSIENT;
    char *name MOLT_DEFAULT("ant");
    Nest *nest;
    enum { ONE, TWO MOLT_FALLBACK } mode;
    void (*act)(struct Part *, Nest *);
} Part;
#endif
"""
GAME_C = """#include "part.h"
typedef struct Game { Part parts[4]; unsigned bits : 3; } Game;
MOLT_ROOT(Game);
void *start(void);
void *start(void) { return molt_new(Game); }
"""
NEST_C = """#include "part.h"
struct Nest { Part *owner; double store; };
Nest *found(void);
Nest *found(void) { return molt_new_array(Nest, 3); }
"""
OUTPUTS = ["schema.json", "metadata.c"]


class Outputs(GameTest):
    def setUp(self):
        super().setUp()
        self.write("part.h", PART_H)
        self.write("game.c", GAME_C)
        self.write("nest.c", NEST_C)
        self.flags = [*FLAGS, "-DLIMIT=21"]
        commands = [{"directory": str(self.folder), "file": name,
                     "arguments": ["gcc", *self.flags, "-Wall", "-fanalyzer", "-c", name, "-o",
                                   f"obj/game.dir/{name}.o"]} for name in ("game.c", "nest.c")]
        commands.insert(0, {"directory": str(self.folder), "file": "game.c",
                            "command": "gcc -DLIMIT=(1 -c game.c -o obj/other.dir/game.c.o"})
        self.write("build/compile_commands.json", json.dumps(commands))

    def whole(self, *more):
        result = self.run_tool("game.c", "nest.c", "--schema", "schema.json", "--metadata",
                               "metadata.c", *more)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def run_whole(self, *outputs):
        result = self.run_tool("game.c", "nest.c", *outputs, "--", *self.flags)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result

    def read(self):
        return [(self.folder / name).read_bytes() for name in OUTPUTS]

    def test_units_linked_are_the_whole_byte_for_byte(self):
        self.whole("--", *self.flags)
        whole = self.read()
        for name in OUTPUTS:
            (self.folder / name).unlink()
        for name in ("game", "nest"):
            result = self.run_tool("--unit", f"{name}.c", "-p", "build", "--object-dir", "game.dir",
                                   "-o", f"{name}.unit.json")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
        result = self.run_tool("--link", "game.unit.json", "nest.unit.json", "--schema",
                               "schema.json", "--metadata", "metadata.c")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.read(), whole)
        self.whole("-p", "build", "--object-dir", "game.dir")
        self.assertEqual(self.read(), whole)

    def test_order_of_the_sources_does_not_change_the_schema(self):
        self.whole("--", *self.flags)
        schema = self.read()[0]
        self.run_tool("nest.c", "game.c", "--schema", "schema.json", "--", *self.flags)
        self.assertEqual(self.read()[0], schema)

    def test_opaque_type_is_completed_by_the_unit_that_defines_it(self):
        self.whole("--", *self.flags)
        types = {t["name"]: t for t in json.loads(self.read()[0])["types"]}
        self.assertEqual([f["name"] for f in types["Nest"]["fields"]], ["owner", "store"])

    def test_unchanged_outputs_are_not_touched(self):
        self.whole("--", *self.flags)
        for name in OUTPUTS:
            os.utime(self.folder / name, (1000, 1000))
        self.write("part.h", PART_H + "/* a comment changes nothing */\n")
        self.whole("--", *self.flags, )
        self.assertEqual([os.stat(self.folder / n).st_mtime for n in OUTPUTS], [1000, 1000])
        self.write("part.h", PART_H.replace("int x", "long x"))
        self.whole("--", *self.flags)
        self.assertTrue(all(os.stat(self.folder / n).st_mtime > 1000 for n in OUTPUTS))

    def cached(self):
        """Runs with a cache; which sources were read."""
        folder = self.folder / "cache"
        before = {p.name: p.stat().st_mtime_ns for p in folder.glob("*.inputs")}
        self.whole("--cache", "cache", "--depfile", "game.d", "--", *self.flags)
        return {p.name for p in folder.glob("*.inputs")
                if before.get(p.name) != p.stat().st_mtime_ns}

    def test_cache_gives_the_same_and_reads_only_what_changed(self):
        (self.folder / "cache").mkdir()
        for name in ("part.h", "game.c", "nest.c"):
            os.utime(self.folder / name, (1000, 1000))
        self.whole("--depfile", "game.d", "--", *self.flags)
        plain = self.read() + [(self.folder / "game.d").read_bytes()]
        both = {"game.c.inputs", "nest.c.inputs"}
        for expected in (both, set()):
            self.assertEqual(self.cached(), expected)
            self.assertEqual(self.read() + [(self.folder / "game.d").read_bytes()], plain)
        self.write("nest.c", NEST_C.replace("double", "float"))
        os.utime(self.folder / "nest.c", (1001, 1001))
        self.assertEqual(self.cached(), {"nest.c.inputs"})
        self.assertNotEqual(self.read(), plain[:2])
        self.flags.append("-DMORE")
        self.assertEqual(self.cached(), both)
        os.utime(self.folder / "part.h", (1002, 1002))
        self.assertEqual(self.cached(), both)
        (self.folder / "cache/game.c.unit.json").write_text("{}")
        os.utime(self.folder / "nest.c", (1003, 1003))
        self.cached()
        (self.folder / "cache/game.c.inputs").write_text("molt-inputs 1\n\x00\n")
        self.assertEqual(self.cached(), {"game.c.inputs"})

    def test_file_that_was_saved_during_the_run_is_not_trusted(self):
        (self.folder / "cache").mkdir()
        os.utime(self.folder / "part.h", (4000000000, 4000000000))
        self.cached()
        self.assertEqual((self.folder / "cache/game.c.inputs").read_text(), "molt-inputs 1\n")

    def test_depfile_lists_everything_that_was_read(self):
        self.write("with space.h", "")
        self.write("part.h", PART_H.replace("typedef struct Nest", '#include "with space.h"\n'
                                            "typedef struct Nest", 1))
        self.whole("--depfile", "game.d", "--", *self.flags)
        text = (self.folder / "game.d").read_text()
        self.assertTrue(text.startswith("metadata.c:"))
        for name in (self.folder / "game.c", self.folder / "nest.c", self.folder / "part.h",
                     next(p for p in (os.path.join(os.path.realpath(d), "molt/molt.h")
                                      for d in INCLUDES) if os.path.exists(p))):
            self.assertIn(f" {name}", text)
        self.assertIn("/with\\ space.h", text)
        self.assertIn("stddef.h", text)

    def test_stamp_becomes_the_target_and_is_touched(self):
        self.whole("--depfile", "game.d", "--stamp", "game.stamp", "--", *self.flags)
        self.assertTrue((self.folder / "game.d").read_text().startswith("game.stamp:"))
        os.utime(self.folder / "game.stamp", (1000, 1000))
        self.whole("--stamp", "game.stamp", "--", *self.flags)
        self.assertGreater(os.stat(self.folder / "game.stamp").st_mtime, 1000)

    def test_schema_does_not_depend_on_where_the_game_lies(self):
        self.whole("--", *self.flags)
        here = self.read()[0]
        (self.folder / "moved").mkdir()
        for name in ("part.h", "game.c", "nest.c"):
            (self.folder / name).rename(self.folder / "moved" / name)
        result = self.run_tool("moved/game.c", "moved/nest.c", "--base", "moved", "--schema",
                               "schema.json", "--", *self.flags)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.read()[0], here)

    def test_what_is_no_file_stays_what_it_is(self):
        """A pipe and a link; and a device without end where one can be made or is at hand."""
        os.mkfifo(self.folder / "pipe")
        self.write("kept.h", "old")
        (self.folder / "link").symlink_to("kept.h")
        (self.folder / "ahead").symlink_to("new.c")
        reader = subprocess.Popen(["cat", "pipe"], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.whole("--", *self.flags)
        self.run_whole("--schema", "pipe", "--usage", "link", "--metadata", "ahead")
        piped = reader.communicate(timeout=60)[0]
        self.assertTrue(stat.S_ISFIFO(os.stat(self.folder / "pipe").st_mode))
        self.assertEqual(piped.encode(), self.read()[0])
        self.assertTrue((self.folder / "link").is_symlink() and (self.folder / "ahead").is_symlink())
        self.assertIn("molt-usage", (self.folder / "kept.h").read_text())
        self.assertEqual((self.folder / "new.c").read_bytes(), self.read()[1])
        result = self.run_whole("--schema", "-")
        self.assertEqual(result.stdout.encode(), self.read()[0])
        device = self.folder / "endless"
        try:
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # of zeros, as /dev/zero
            self.run_whole("--schema", device, "--usage", device)
            self.assertTrue(stat.S_ISCHR(os.lstat(device).st_mode))
        except PermissionError:
            pass  # the pipe has shown it
        self.assertFalse([p.name for p in self.folder.iterdir() if p.name == "-" or ".tmp" in p.name])

    def test_root_asked_for_twice_is_one(self):
        texts = [self.run_tool("--root", "Part", *more, "game.c", "--schema", "-", "--", *self.flags)
                 for more in ([], ["--root", "Part"])]
        self.assertEqual([(t.returncode, t.stderr) for t in texts], [(0, "")] * 2)
        self.assertEqual(texts[0].stdout, texts[1].stdout)

    def test_schema_that_goes_nowhere_is_wrong_usage(self):
        result = self.run_tool("--root", "Game", "game.c", "--", *self.flags)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--schema FILE", result.stderr)

    def test_damaged_unit_is_refused_by_name(self):
        for text in ("", "{}", '{"format":"molt-unit","version":1}', "[1]"):
            self.write("bad.unit.json", text)
            result = self.run_tool("--link", "bad.unit.json", "--schema", "schema.json")
            self.assertEqual(result.returncode, 1)
            self.assertIn("bad.unit.json", result.stderr)

    def test_two_roots_in_two_sources(self):
        self.write("nest.c", NEST_C + "MOLT_ROOT(Nest);\n")
        result = self.run_tool("game.c", "nest.c", "--schema", "schema.json", "--", *self.flags)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"{self.folder}/nest.c:5:1: error: a second root; the first is at "
                      f"{self.folder}/game.c:3", result.stderr)

    def test_header_that_sources_see_differently(self):
        self.write("part.h", PART_H.replace("int x", "#ifdef WIDE\n    long\n#else\n    int\n"
                                                     "#endif\n    x"))
        self.write("nest.c", "#define WIDE 1\n" + NEST_C)
        result = self.run_tool("game.c", "nest.c", "--schema", "schema.json", "--", *self.flags)
        self.assertEqual(result.returncode, 1)
        self.assertIn("two different bodies for 'Part'", result.stderr)
        self.assertIn("under the same macros", result.stderr)


if __name__ == "__main__":
    unittest.main()
