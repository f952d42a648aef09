"""molt_add_game(): what is read and built again is exactly what changed."""
import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

from fixture import CMAKE, CODEGEN, INCLUDES, GameTest

GENERATOR = pathlib.Path(CODEGEN).with_name("molt-generate")
ADD_GAME = pathlib.Path(__file__).resolve().parents[2] / "codegen/cmake/MoltAddGame.cmake"

LISTS = """cmake_minimum_required(VERSION 3.20)
project(fixture C)
add_library(molt_game INTERFACE)
add_library(molt::game ALIAS molt_game)
target_include_directories(molt_game INTERFACE {includes})
add_executable(molt::codegen IMPORTED)
set_target_properties(molt::codegen PROPERTIES IMPORTED_LOCATION {codegen})
add_executable(molt::generator IMPORTED)
set_target_properties(molt::generator PROPERTIES IMPORTED_LOCATION {generator})
include({add_game})
molt_add_game(game SOURCES main.c sub/nest.c)
target_compile_definitions(game PRIVATE ROOM=${{ROOM}})
target_compile_options(game PRIVATE -Wall -Wextra)
get_target_property(schema game MOLT_SCHEMA)
file(WRITE ${{CMAKE_BINARY_DIR}}/schema.txt ${{schema}})
add_library(other STATIC other.c)
"""
PART_H = """#pragma once
#include <molt/molt.h>
typedef struct Part { int x; int room[ROOM]; } Part;
"""
MAIN_C = """#include <molt/platform_api.h>
#include "part.h"
typedef struct Game { Part part; } Game;
MOLT_ROOT(Game);
void *start_up(const MoltPlatformApi *api) { (void)api; return molt_new(Game); }
bool main_loop(void *state) { return state != 0; }
void shut_down(void *state) { molt_delete(state); }
"""
MADE_LISTS = """
set(into ${CMAKE_BINARY_DIR}/into)
add_custom_command(OUTPUT ${into}/made.h
  COMMAND ${CMAKE_COMMAND} -E sleep 0.3
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/made.in ${into}/made.h DEPENDS made.in VERBATIM)
target_sources(game PRIVATE ${into}/made.h)
add_custom_target(stamp COMMAND ${CMAKE_COMMAND} -E sleep 0.3
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${CMAKE_SOURCE_DIR}/stamp.in ${into}/stamp.h VERBATIM)
add_dependencies(game stamp)
target_include_directories(game PRIVATE ${into})
"""
NEST_C = """#include "nest.h"
struct Nest { long store; };
Nest *found(void) { return molt_new(Nest); }
"""
NEST_H = """#pragma once
#include <molt/molt.h>
typedef struct Nest Nest;
Nest *found(void);
"""


class Project(GameTest):
    generator = "Ninja"

    def setUp(self):
        super().setUp()
        if shutil.which("ninja" if self.generator == "Ninja" else "make") is None:
            self.skipTest(f"no build tool for {self.generator}")
        self.write("CMakeLists.txt", LISTS.format(includes=" ".join(INCLUDES), codegen=CODEGEN,
                                                  generator=GENERATOR, add_game=ADD_GAME))
        for name, text in (("part.h", PART_H), ("main.c", MAIN_C), ("sub/nest.c", NEST_C),
                           ("sub/nest.h", NEST_H), ("other.c", "int other;\n")):
            self.write(name, text)
        self.configure()
        self.build()

    def configure(self, room=2):
        subprocess.run([CMAKE, "-G", self.generator, "-S", ".", "-B", "build", f"-DROOM={room}",
                        "-DCMAKE_BUILD_TYPE=Debug"], cwd=self.folder, check=True,
                       capture_output=True)

    def units(self):
        """When each source was read."""
        return {path.name.removesuffix(".inputs"): path.stat().st_mtime_ns
                for path in (self.folder / "build/game.molt").glob("*.inputs")}

    def build(self, target="game"):
        """What ran: "generate", "read SOURCE", "metadata" (compiled), "library" (linked)."""
        before = self.units()
        result = subprocess.run([CMAKE, "--build", "build", "--target", target, "--verbose"],
                                cwd=self.folder, text=True, capture_output=True)
        self.output = result.stdout + result.stderr
        self.code = result.returncode
        ran = {f"read {name}" for name, when in self.units().items() if before.get(name) != when}
        for line in result.stdout.splitlines():
            if f"{CODEGEN} " in line and "--cache" in line:
                ran.add("generate")
            elif " -c " in line and "metadata.c" in line.split(" -c ")[1]:
                ran.add("metadata")
            elif "-o libgame.so" in line:
                ran.add("library")
        return ran

    def edit(self, name, text):
        time.sleep(0.05)  # file systems count time in steps
        if self.generator != "Ninja":
            time.sleep(1.0)
        self.write(name, text)

    def schema(self):
        path = pathlib.Path((self.folder / "build/schema.txt").read_text())
        return json.loads(path.read_text())

    def test_nothing_runs_when_nothing_changed(self):
        self.assertEqual(self.code, 0, self.output)
        self.assertEqual(self.build(), set())

    def test_touching_what_no_source_reads_runs_nothing(self):
        self.edit("sub/unrelated.h", "struct X { int y; };\n")
        self.edit("other.c", "int other = 2;\n")
        self.assertEqual(self.build(), set())

    def test_header_edit_reads_its_sources_and_rebuilds_the_metadata(self):
        self.edit("part.h", PART_H.replace("int x", "long x"))
        self.assertEqual(self.build(), {"generate", "read main.c", "metadata", "library"})
        part = next(t for t in self.schema()["types"] if t["name"] == "Part")
        self.assertEqual(part["fields"][0]["type"], "long")
        self.assertEqual(self.build(), set())

    def test_code_edit_reads_one_source_and_leaves_the_metadata(self):
        self.edit("main.c", MAIN_C.replace("state != 0", "state == 0"))
        ran = self.build()
        self.assertEqual(ran, {"generate", "read main.c", "library"})
        self.assertEqual(self.build(), set())

    def test_headers_that_the_build_makes_are_there_when_they_are_read(self):
        self.write("made.in", "#define MADE 2\n")
        self.write("stamp.in", "#define STAMP 3\n")
        self.write("CMakeLists.txt", (self.folder / "CMakeLists.txt").read_text() + MADE_LISTS)
        self.write("main.c", '#include "made.h"\n#include "stamp.h"\n' + MAIN_C.replace(
            "Part part;", "Part part; int made[MADE], stamp[STAMP];"))
        shutil.rmtree(self.folder / "build")
        self.configure()
        self.build()
        self.assertEqual(self.code, 0, self.output)
        self.edit("made.in", "#define MADE 5\n")
        self.edit("stamp.in", "#define STAMP 7\n")
        self.build()
        self.assertEqual(self.code, 0, self.output)
        types = self.schema()["types"]
        game = next(t for t in types if t["name"] == "Game")
        self.assertEqual([field["type"] for field in game["fields"][1:]], ["int[5]", "int[7]"])

    def test_header_outside_the_library_counts_too(self):
        self.edit("sub/nest.h", NEST_H.replace("Nest *found(void);",
                                               "Nest *found(void);\nenum { MORE };"))
        ran = self.build()
        self.assertLessEqual({"generate", "read sub-nest.c"}, ran)
        self.assertNotIn("read main.c", ran)

    def test_configuring_again_runs_nothing_and_other_flags_everything(self):
        self.configure()
        self.assertEqual(self.build(), set())
        self.configure(room=3)
        ran = self.build()
        self.assertLessEqual({"generate", "read main.c", "read sub-nest.c", "metadata", "library"}, ran)
        self.assertIn("int[3]", [t["name"] for t in self.schema()["types"]])

    def test_refusal_fails_the_build_and_the_next_good_edit_mends_it(self):
        before = (self.folder / "build/libgame.so").read_bytes()
        self.edit("part.h", PART_H.replace("int x;", "_Atomic struct { char c[3]; } x;"))
        self.build()
        self.assertNotEqual(self.code, 0)
        self.assertIn("part.h:3:53: error: 'Part.x': '_Atomic(Part::x)', to which", self.output)
        self.assertEqual((self.folder / "build/libgame.so").read_bytes(), before)
        self.edit("part.h", PART_H)
        self.build()
        self.assertEqual(self.code, 0, self.output)
        self.assertEqual(self.build(), set())

    def test_manifest_tells_how_to_build_and_what_to_watch(self):
        manifest = json.loads((self.folder / "build/libgame.so.molt").read_text())
        self.assertEqual(manifest["library"], str(self.folder / "build/libgame.so"))
        self.assertEqual(manifest["watch"], [str(self.folder), str(self.folder / "sub")])
        self.assertEqual(manifest["schema"],
                         (self.folder / "build/schema.txt").read_text())
        self.edit("part.h", PART_H.replace("int x", "short x"))
        subprocess.run(manifest["build"], check=True, capture_output=True)
        self.assertIn("short", [t["name"] for t in self.schema()["types"]])

    def test_library_has_no_soname(self):
        said = subprocess.run(["readelf", "-d", "build/libgame.so"], cwd=self.folder, text=True,
                              capture_output=True, check=True).stdout
        self.assertNotIn("SONAME", said)


class NinjaProject(Project):
    def test_compiler_does_not_wait_for_the_generator(self):
        """The objects of the game need nothing that the generator makes."""
        rules = (self.folder / "build/build.ninja").read_text()
        start = rules.index("build cmake_object_order_depends_target_game:")
        self.assertNotIn("game.molt", rules[start:rules.index("\n", start)])
        self.assertNotIn("metadata", rules[start:rules.index("\n", start)])


class MakefileProject(Project):
    generator = "Unix Makefiles"


del Project  # only with a generator

if __name__ == "__main__":
    unittest.main()
