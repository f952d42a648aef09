"""The generator that stays in memory: what it writes and says is what one that is started for the run writes
and says, for the sample game after a series of edits, whatever ends or gets in the way."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from fixture import CODEGEN, FLAGS, GameTest, Schema

WORKER = pathlib.Path(CODEGEN).with_name("molt-generate")
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "game"
PATIENCE = 60
PREPARING_PATIENCE = 300  # at the lowest priority, which a busy machine hardly ever comes to


class ResidentGame(GameTest):
    SOURCES = ("ants.c", "colony.c", "tuning.c")  # enough where nothing depends on how many

    def setUp(self):
        super().setUp()
        for path in SAMPLE.iterdir():
            if path.suffix == ".h" or path.name in self.SOURCES:
                shutil.copy(path, self.folder)
        self.flags = list(FLAGS)
        self.socket = self.folder / "socket"
        self.processes = []
        self.addCleanup(self.end_all)
        self.serve()

    def serve(self):
        self.told = (self.folder / "told").open("wb+", buffering=0)
        self.resident = subprocess.Popen([WORKER, "--serve", self.socket], stdin=subprocess.PIPE,
                                         stdout=self.told, cwd="/")
        self.processes.append(self.resident)
        self.wait((self.folder / "told").read_text, "the resident did not begin to listen")

    def end_all(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
        self.told.close()

    def wait(self, condition, message, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            self.assertLess(time.monotonic(), end, message)
            time.sleep(0.01)

    def counts(self):
        """(asked, answered, memory in KiB) as the resident tells."""
        words = (self.folder / "told").read_text().splitlines()[-1].split()
        self.assertEqual(words[0::2], ["asked", "answered", "memory"])
        return tuple(int(word) for word in words[1::2])

    def command(self, name, program=CODEGEN):
        """A run into the folder `name`."""
        (self.folder / name).mkdir(exist_ok=True)
        sources = sorted(p.name for p in self.folder.glob("*.c"))
        return [str(program), *sources, "--cache", name, "--metadata", f"{name}/metadata.c", "--schema",
                f"{name}/schema.json", "--usage", f"{name}/usage", "--depfile", f"{name}/metadata.d",
                "--depfile-target", "metadata.c", "--", *self.flags]

    def environment(self, asks):
        return {**os.environ, "MOLT_CODEGEN_SOCKET": str(self.socket) if asks else ""}

    def generate_in(self, name, asks, program=CODEGEN):
        """(what it said, what it wrote)."""
        done = subprocess.run(self.command(name, program), cwd=self.folder, text=True,
                              env=self.environment(asks), capture_output=True, timeout=PATIENCE,
                              check=False)
        files = {path.name: path.read_bytes() for path in (self.folder / name).iterdir()
                 if path.suffix not in (".inputs", ".prelude") and path.name != "together" and
                 not path.name.startswith("system-")}
        return (done.returncode, done.stdout, done.stderr), files

    def compare(self, status=0, answered=1, program=CODEGEN):
        """The same run by the resident and by a process of its own; `answered` of them by the former."""
        before = self.counts()[1]
        said, written = self.generate_in("by-resident", True, program)
        own_said, own_written = self.generate_in("by-itself", False)
        self.assertEqual(said, own_said)
        self.assertEqual(said[0], status, said[2])
        self.assertEqual(written.keys(), own_written.keys())
        for name, content in own_written.items():
            self.assertEqual(written[name], content, name)
        self.assertEqual(self.counts()[1] - before, answered)
        return said

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        self.assertIn(old, text)
        # Beside and renamed, as editors do.
        (self.folder / "beside").write_text(text.replace(old, new, 1))
        (self.folder / "beside").rename(self.folder / name)

    def whole_game(self):
        for path in SAMPLE.glob("*.c"):
            shutil.copy(path, self.folder)

    def children(self):
        path = f"/proc/{self.resident.pid}/task/{self.resident.pid}/children"
        return len(pathlib.Path(path).read_text().split())

    def is_idle(self):
        """It sleeps: whatever it had to do after its last answer is done, or begun in another process."""
        return pathlib.Path(f"/proc/{self.resident.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S"

    def prepared(self):
        """{source: whether it has a prelude}, once the resident has made those that there are to make."""
        self.wait(lambda: self.is_idle() and self.children() == 0, "the preludes were not made",
                  PREPARING_PATIENCE)
        found = {path.stem: path.read_text().splitlines()[2] for path in self.folder.glob("by-resident/*.prelude")}
        for name in found.values():
            self.assertTrue(name == "-" or (self.folder / f"by-resident/{name}.pch").exists(), name)
        return {source: name != "-" for source, name in found.items()}


class Resident(ResidentGame):
    def test_same_as_a_process_of_its_own_after_each_of_a_series_of_edits(self):
        self.whole_game()
        self.compare()
        self.compare()
        self.assertEqual(self.prepared(), {path.name: True for path in self.folder.glob("*.c")})
        self.edit("ants.c", "#include", "/* a line more */\n#include")
        self.compare()
        self.edit("colony.h", "    float speed;", "    float speed;\n    float hunger MOLT_DEFAULT(50);")
        self.compare()
        self.edit("colony.h", "    float speed;", "#define TWO 2\n    float speed;\n    short lives[TWO];")
        self.compare()
        self.assertIn(True, self.prepared().values())
        self.edit("colony.h", "float hunger", "double appetite MOLT_WAS(\"hunger\")")
        self.compare()
        self.write("crumb.c", '#include "colony.h"\ntypedef struct Crumb { int size; Ant *by; } Crumb;\n'
                              "Crumb *crumb(void);\nCrumb *crumb(void) { return molt_new(Crumb); }\n")
        self.compare()
        self.assertIn('"Crumb"', (self.folder / "by-resident/schema.json").read_text())
        self.edit("crumb.c", "int size;", "int size")
        said = self.compare(status=1)
        self.assertIn("crumb.c:2:", said[2])
        self.edit("crumb.c", "int size", "long size;")
        self.compare()
        (self.folder / "crumb.c").unlink()
        self.compare()
        self.edit("colony.h", "double appetite", "float appetite")
        self.compare()
        self.flags.append("-DUNUSED=1")
        self.compare()
        asked, answered, memory = self.counts()
        self.assertEqual((asked, answered), (12, 12))
        self.assertLess(memory, 512 * 1024)

    def test_header_that_changes_within_the_tick_of_a_clock_with_its_size_kept(self):
        self.compare()
        path = self.folder / "colony.h"
        stamp = path.stat().st_mtime_ns
        self.edit("colony.h", "    float speed;", "    int   speed;")
        os.utime(path, ns=(stamp + 1, stamp + 1))
        self.compare()
        self.assertNotIn(b"float speed", (self.folder / "by-resident/schema.json").read_bytes())

    def test_killed_one_leaves_the_work_to_whoever_asks(self):
        self.compare()
        self.resident.send_signal(signal.SIGKILL)
        self.resident.wait()
        self.edit("ants.c", "#include", "\n#include")
        self.assertTrue(self.socket.exists())
        self.compare(answered=0)
        self.socket.unlink()
        self.compare(answered=0)

    def test_asker_that_is_killed_ends_its_run_before_the_next_begins(self):
        self.whole_game()
        shown = subprocess.Popen(self.command("by-resident"), cwd=self.folder,
                                 env=self.environment(True), stderr=subprocess.DEVNULL)
        self.wait(lambda: self.children() > 0, "the run was not begun")
        shown.kill()
        shown.wait()
        self.wait(lambda: self.children() == 0, "the run goes on for nobody")
        self.assertFalse((self.folder / "by-resident/metadata.c").exists())
        self.compare()
        self.assertEqual(self.counts()[:2], (2, 1))

    def test_two_builds_at_a_time(self):
        runs = [subprocess.Popen(self.command(name), cwd=self.folder, env=self.environment(True))
                for name in ("one", "two")]
        self.assertEqual([run.wait(PATIENCE) for run in runs], [0, 0])
        for name in ("metadata.c", "schema.json", "usage"):
            self.assertEqual((self.folder / "one" / name).read_bytes(),
                             (self.folder / "two" / name).read_bytes())
        self.assertEqual(self.counts()[:2], (2, 2))

    def test_other_generator_than_the_one_that_asks_ends_and_does_nothing(self):
        other = self.folder / "other"
        other.mkdir()
        for program in (CODEGEN, WORKER):
            shutil.copy(program, other)
        self.compare(answered=0, program=other / pathlib.Path(CODEGEN).name)
        self.assertEqual(self.resident.wait(PATIENCE), 0)
        self.assertFalse(self.socket.exists())

    def test_ends_with_its_input(self):
        self.resident.stdin.close()
        self.assertEqual(self.resident.wait(PATIENCE), 0)
        self.assertFalse(self.socket.exists())


class Preludes(ResidentGame):
    """System headers, here in a folder of their own, that are precompiled for the next run."""

    SOURCES = ()
    KIND = "typedef struct Kind { int  size; } Kind;\n"
    ROOT = ("#include <molt/molt.h>\n#include <kind.h>\n#include \"own.h\"\n"
            "typedef struct Game { Own own; Kind kind; } Game;\nMOLT_ROOT(Game);\n")

    def setUp(self):
        super().setUp()
        for path in self.folder.glob("*.h"):
            path.unlink()
        self.flags += ["-isystem", str(self.folder / "system")]
        self.write("system/kind.h", "#ifndef KIND_H\n#define KIND_H\n" + self.KIND + "#endif\n")
        self.write("own.h", "#ifndef OWN_H\n#define OWN_H\ntypedef struct Own { int a; } Own;\n#endif\n")
        self.write("game.c", self.ROOT)

    def edit_own(self, name="b"):
        self.edit("own.h", "int a;", f"int a; int {name};")

    def layouts(self):
        return (self.folder / "by-resident/schema.json").read_text()

    def kind_of_size(self):
        return Schema(json.loads(self.layouts())).field("Kind", "size")["type"]

    def test_source_is_parsed_with_its_prelude_until_the_system_header_is_another_file(self):
        self.compare()
        self.assertEqual(self.prepared(), {"game.c": True})
        header = self.folder / "system/kind.h"
        stamp = header.stat().st_mtime_ns
        # Behind the back of whoever looks at files only: nothing but the prelude knows the old text.
        header.write_text(header.read_text().replace("int  size", "char size"))
        os.utime(header, ns=(stamp, stamp))
        self.edit_own()
        self.assertEqual(self.generate_in("by-resident", True)[0][0], 0)
        self.assertIn('"b"', self.layouts())
        self.assertEqual(self.kind_of_size(), "int")
        os.utime(header, ns=(stamp, stamp + 1))
        self.edit_own("c")
        self.assertEqual(self.generate_in("by-resident", True)[0][0], 0)
        self.assertEqual(self.kind_of_size(), "char")
        self.assertEqual(self.prepared(), {"game.c": True})
        self.assertEqual(len(list(self.folder.glob("by-resident/system-*.pch"))), 1)

    def test_damaged_prelude_costs_only_time(self):
        self.compare()
        self.prepared()
        for path in self.folder.glob("by-resident/system-*.pch"):
            path.unlink()
        self.compare()
        self.assertEqual(self.prepared(), {"game.c": True})
        for path in self.folder.glob("by-resident/system-*.pch"):
            path.write_bytes(path.read_bytes()[:1000])
        self.edit_own()
        self.compare()

    def test_what_may_mean_something_to_a_system_header_is_read_in_its_order(self):
        """Each source by itself, with the same edit of a header that all of them include."""
        for name, text in {
                "pasted": "#define JOIN(a, b) a ## b\ntypedef struct JOIN(past, ed) { long wide; } pasted_type;\n",
                "wide": "#ifdef GAME_IS_WIDE\ntypedef long width;\n#else\ntypedef int width;\n#endif\n"
                        "typedef struct Wide { width w; } Wide;\n",
                "narrow": "typedef struct Narrow { char n; } Narrow;\n",
                "packed": "typedef struct Packed { char c; int i; } Packed;\n",
                "pragma": "typedef struct Pragma { char c; int i; } Pragma;\n",
                "scoped": "typedef struct Scoped { int s; } Scoped;\n",
                "quoted": "typedef struct Quoted { int q; } Quoted;\n"}.items():
            self.write(f"system/{name}.h", f"#ifndef {name}_H\n#define {name}_H\n{text}#endif\n")
        self.write("system/again.h", "#ifdef AGAIN\ntypedef struct AGAIN { int x; } AGAIN;\n#undef AGAIN\n#endif\n")
        self.write("lines.h", "ONE(1)\nONE(2)\n")
        sources = {
            "wide": (False, "#define GAME_IS_WIDE 1\n#include <wide.h>\nWide wide;\n"),
            "narrow": (True, "#include <narrow.h>\nNarrow narrow;\n"),
            "pasted": (False, "#define pasted renamed\n#include <pasted.h>\nint p;\n"),
            "again": (False, "#define AGAIN Once\n#include <again.h>\n#define AGAIN Twice\n#include <again.h>\n"
                             "Once once; Twice twice;\n"),
            "packed": (False, "#pragma pack(push, 1)\n#include <packed.h>\n#pragma pack(pop)\nPacked packed;\n"),
            "pragma": (False, "_Pragma(\"pack(1)\")\n#include <pragma.h>\n_Pragma(\"pack()\")\nPragma pragma;\n"),
            "inside": (False, "typedef struct Around {\n#include <member.h>\n} Around;\nAround around;\n"),
            "twice": (True, "#include <assert.h>\n#include <stddef.h>\nint count;\n"
                            "#undef NDEBUG_OF_GAME\n#include <assert.h>\n"
                            "void check(void); void check(void) { assert(count > 0); }\n"),
            "lists": (True, "#include <kind.h>\n#define ONE(x) x,\nint numbers[] = {\n#include \"lines.h\"\n};\n"),
            "quoted": (False, "#include \"quoted.h\"\nQuoted quoted;\n"),
            "scoped": (False, "void scoped(void);\nvoid scoped(void)\n{\n#include <scoped.h>\n"
                              "    static Scoped in;\n    in.s++;\n}\n"),
            "none": (False, "int nothing;\n"),
        }
        self.write("system/member.h", "int member;\n")
        for name, (_, text) in sources.items():
            self.write(f"{name}.c", f"#include \"own.h\"\n{text}int after_{name};\n")
        self.compare()
        expected = {f"{name}.c": good for name, (good, _) in sources.items()}
        self.assertEqual(self.prepared(), {**expected, "game.c": True})
        self.edit_own()
        self.compare()
        self.assertEqual(self.prepared(), {**expected, "game.c": True})

    def test_edit_of_what_the_preprocessor_sees(self):
        """Each edit alone, from the text as it was, after preludes were made for that one."""
        self.write("system/wide.h", "#ifndef WIDE_H\n#define WIDE_H\ntypedef struct Wide {\n#ifdef BIG\nlong w;\n#else\nint w;\n"
                   "#endif\n} Wide;\n#endif\n")
        self.write("system/other.h", "typedef struct Kind { char other; } Kind;\n")
        before = ("/* first */ int early;\n#include <molt/molt.h>\n#if 1\n#include <kind.h>\n#else\n#include <other.h>\n"
                  "#endif\n#define GAME_NAME x\n#include <wide.h>\n"
                  "typedef struct Game { Kind kind; Wide wide; } Game;\nMOLT_ROOT(Game);\n")
        for old, new in (("early;\n", "early;\n#define BIG 1\n"),
                         ("early;\n", "early;\n??=define BIG 1\n"),
                         ("early;\n", "early;\n%:define BIG 1\n"),
                         ("early;\n", "early;\n/* more */ # /* and */ define \\\n BIG\n"),
                         ("#if 1", "#if 0"),
                         ("early;\n", "early; /* open\n"),
                         ("#define GAME_NAME x", "#define BIG x"),
                         ("early;", "early; int later;")):
            with self.subTest(new=new):
                self.write("game.c", before)
                self.flags = [*FLAGS, "-std=c11", "-isystem", str(self.folder / "system")]
                self.compare()
                self.assertEqual(self.prepared(), {"game.c": True})
                self.edit("game.c", old, new)
                self.compare(status=1 if "open" in new else 0)


class Together(ResidentGame):
    """Sources that are parsed as one."""

    SOURCES = ()
    OWN = ("#ifndef OWN_H\n#define OWN_H\n#include <molt/molt.h>\n#include <stdlib.h>\n"
           "typedef struct Own { int a; } Own;\ntypedef struct Hidden Hidden;\n"
           "typedef struct Game { Own own; Hidden *hidden MOLT_EXTERNAL; void *any; } Game;\n"
           "Game *grow(Game *game);\nextern int table[];\nMOLT_ROOT(Game);\n#endif\n")
    A = ("#include \"own.h\"\ntypedef struct Leaf { Own own; } Leaf;\nstatic Leaf leaf;\n"
         "Game *grow(Game *game) { leaf.own.a++; game->any = molt_new(Leaf); return game; }\n")
    B = ("#include \"own.h\"\nstatic int ours;\nstatic Hidden *held;\n"
         "typedef struct Twig { int shade; long rest; } Twig;\nstatic Twig twig[3];\n"
         "void *branch(Game *game);\nvoid *branch(Game *game)\n{\n    int limit = ours + table[1];\n"
         "    Twig *number = game->any;\n    held = NULL;\n    twig[0].shade = limit + number->shade;\n"
         "    return malloc(sizeof *grow(game));\n}\n")

    def setUp(self):
        super().setUp()
        for path in self.folder.glob("*.h"):
            path.unlink()
        self.start()

    def start(self):
        """Nothing is known of them."""
        (self.folder / "by-resident/together").unlink(missing_ok=True)
        for name, text in (("own.h", self.OWN), ("a.c", self.A), ("b.c", self.B)):
            self.write(name, text)

    def groups(self):
        """{source: number of its group}."""
        self.assertNotIn(False, self.prepared().values())
        lines = (self.folder / "by-resident/together").read_text().splitlines()
        self.assertEqual(lines[0], "molt-together 1")
        return {pathlib.Path(line.split()[2]).name: int(line.split()[0]) for line in lines[1:]}

    def test_sources_that_see_nothing_of_each_other_are_one_group(self):
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0})
        self.edit("own.h", "int a;", "int a; double more MOLT_DEFAULT(1 + 1);")
        self.compare()
        self.assertTrue((self.folder / "by-resident/together").exists())
        self.edit("b.c", "int limit = ours", "int limit = 2 * ours")
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0})

    def test_sources_of_other_headers_or_in_another_order_are_others(self):
        for name in ("one", "two"):
            self.write(f"{name}.h", f"#ifndef {name}_H\n#define {name}_H\n#include \"own.h\"\n"
                                    f"typedef struct {name.title()} {{ Own own; }} {name.title()};\n#endif\n")
        self.write("c.c", "#include \"one.h\"\n#include \"two.h\"\nOne cone;\n")
        self.write("d.c", "#include \"two.h\"\n#include \"one.h\"\nTwo cane;\n")
        self.write("e.c", "#include \"two.h\"\n#include <string.h>\nTwo cube;\n")
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0, "c.c": 0, "d.c": 1, "e.c": 1})
        self.edit("own.h", "int a;", "long a;")
        self.compare()

    def test_those_that_would_see_something_are_tried_and_read_alone(self):
        """The file says that they belong together; the last run with it takes it away."""
        self.edit("b.c", "static int ours;", "static int leaf;")
        self.edit("b.c", "= ours", "= leaf")
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 1})
        path = self.folder / "by-resident/together"
        path.write_text(path.read_text().replace("\n1 ", "\n0 "))
        self.edit("own.h", "int a;", "long a;")
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 1})

    def test_edit_by_which_one_would_see_something_of_another(self):
        """Each edit alone, from the text as it was, after both were one group."""
        for text in ("static int ours;\n", "struct Hidden { int h; };\n", "int table[7];\n",
                     "enum { shade = 4 };\n", "typedef long number;\n", "static long limit;\n",
                     "struct Outer { struct Twig { char c; } in; };\nstatic struct Outer outer;\n",
                     "struct Around { enum { rest } of; } around;\n", "void ours(void);\n",
                     "extern void *branch(Game *game) __attribute__((malloc));\n",
                     "void *branch(Game *game);\nvoid *more(Game *g);\nvoid *more(Game *g) { return branch(g); }\n"):
            with self.subTest(text=text):
                self.start()
                self.compare()
                self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0})
                self.edit("a.c", "Game *grow", text + "Game *grow")
                self.edit("own.h", "int a;", "int a; int b;")
                self.compare()
                self.prepared()

    def test_system_header_that_only_one_of_them_reads(self):
        self.flags += ["-isystem", str(self.folder / "system")]
        self.write("system/kind.h", "#ifndef KIND_H\n#define KIND_H\n#define LENGTH 7\nint rest(void);\n"
                                    "typedef struct Kind { int size; } Kind;\nextern int shade;\n#endif\n")
        for text, good in (("", True), ("typedef struct Kind Kind;\nstatic Kind *kind;\n", False),
                           ("enum { LENGTH = 2 };\nstatic int room[LENGTH];\n", False),
                           ("int rest(void);\nint (*say)(void);\n", False),
                           ("extern int shade;\nstatic int *by = &shade;\n", False),
                           ("static struct { int rest, size; } bough;\n", True)):
            with self.subTest(text=text):
                self.start()
                self.edit("a.c", "#include \"own.h\"\n", "#include \"own.h\"\n#include <kind.h>\nstatic Kind ours_too;\n")
                self.compare()
                self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0})
                self.edit("b.c", "static int ours;", text + "static int ours;")
                self.edit("own.h", "int a;", "int a; int b;")
                self.compare()
                self.prepared()
                # Those that were found apart have lost their file, and it has been made again.
                self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0 if good else 1})

    def test_error_is_said_of_its_source_alone(self):
        self.compare()
        self.assertEqual(self.groups(), {"a.c": 0, "b.c": 0})
        self.edit("own.h", "int a;", "int a; int b;")
        self.edit("b.c", "held = NULL;", "held = NULL")
        self.assertIn("b.c:11:", self.compare(status=1)[2])
        self.edit("b.c", "held = NULL", "held = NULL;")
        self.edit("own.h", "int b;", "_Atomic struct { char c[3]; } b;")
        self.assertIn("own.h:5:", self.compare(status=1)[2])
        self.edit("own.h", "_Atomic struct { char c[3]; } b;", "long b;")
        self.compare()


if __name__ == "__main__":
    unittest.main()
