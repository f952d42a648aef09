"""From a save to the new code with the real host, build tool and compilers: the builds have the resident
generator do their work, and come out right without it."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "demo"))
from session import Session  # noqa: E402

SOURCES = HERE.parent / "house" / "consumer" / "game"
SECONDS = 120  # patience; no test measures time


class Resident(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="molt-resident-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name).resolve()
        self.game = self.folder / "game"
        self.game.mkdir()
        text = (SOURCES / "pond.c").read_text()
        head, rest = text.split("typedef struct Fish", 1)
        types, code = rest.split("MOLT_ROOT", 1)
        self.write("pond.h", f"#ifndef POND_H\n#define POND_H\n{head}typedef struct Fish{types}#endif\n")
        self.write("pond.c", f'#include "pond.h"\n\nMOLT_ROOT{code}')
        self.write("CMakeLists.txt", (SOURCES / "CMakeLists.txt").read_text())
        self.run_tool("cmake", "-S", self.game, "-B", self.folder / "build", "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Debug", f"-DMolt_DIR={os.environ['MOLT_TREE']}",
                      f"-DCMAKE_C_COMPILER={os.environ['MOLT_CC']}",
                      f"-DCMAKE_C_FLAGS={os.environ['MOLT_C_FLAGS']}")
        self.run_tool("cmake", "--build", self.folder / "build")

    def run_tool(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def write(self, name, text):
        beside = self.folder / "beside"
        beside.write_text(text)
        beside.rename(self.game / name)

    def edit(self, name, old, new):
        text = (self.game / name).read_text()
        self.assertIn(old, text)
        self.write(name, text.replace(old, new, 1))

    def start(self, *options):
        os.environ["TMPDIR"] = str(self.folder)  # where the socket will be
        session = Session(os.environ["MOLT_HOST"], str(self.folder / "build/libpond.so"),
                          str(self.folder), True, dumps=False, more=options)
        self.addCleanup(session.close)
        session.wait_for("started", SECONDS)
        self.session = session

    def build(self, ok=True):
        """Waits for the build that a save began, and for the new code. How many runs of the generator the
        resident has done, and its memory."""
        while True:
            event = self.session.wait_for("build", SECONDS)
            if event["ok"] == ok:
                break
            self.assertFalse(event["ok"], event["output"])
        if ok and event["reload_follows"]:
            outcome = self.session.wait_for("reload", SECONDS)["outcome"]
            self.assertIn(outcome, ("code", "migrated"))
        return event["resident_runs"], event["resident_kib"]

    def schema(self):
        """What the build wrote; it must be what a process of its own writes."""
        path = self.folder / "build/pond.schema.json"
        text = path.read_text()
        metadata = self.folder / "build/pond.molt/metadata.c"
        written = metadata.read_bytes()
        for kept in (path, metadata):
            kept.unlink()
        for kept in (self.folder / "build/pond.molt").glob("*.inputs"):
            kept.unlink()
        environment = {name: value for name, value in os.environ.items()
                       if name != "MOLT_CODEGEN_SOCKET"}
        subprocess.run(["ninja", "-C", self.folder / "build", "pond.schema.json"], check=True,
                       env=environment, stdout=subprocess.DEVNULL)
        self.assertEqual(path.read_text(), text)
        self.assertEqual(metadata.read_bytes(), written)
        return text

    def children(self):
        """Processes of the host that are molt-generate."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                program = os.readlink(folder / "exe")
            except OSError:
                continue
            if parent == self.session.process.pid and program.endswith("/molt-generate"):
                found.append(int(folder.name))
        return found

    def wait(self, condition, message):
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, message)
            time.sleep(0.02)

    def listening(self):
        paths = [line.split()[-1] for line in pathlib.Path("/proc/net/unix").read_text().splitlines()
                 if line.endswith("/codegen.socket")]
        own = [path for path in paths if path.startswith(str(self.folder))]
        return len(self.children()) == 1 and any(os.path.exists(path) for path in own)

    def test_every_edit_of_a_session(self):
        self.start()
        self.wait(self.listening, "no resident listens")
        self.edit("pond.c", "(float)i", "(float)(i + 1)")
        runs, memory = self.build()
        self.assertEqual(runs, 1)
        self.assertGreater(memory, 1024)
        self.edit("pond.h", "    int age", "    double weight MOLT_DEFAULT(2);\n    int age")
        self.assertEqual(self.build()[0], 2)
        self.assertIn('"weight"', self.schema())
        self.write("crab.c", '#include "pond.h"\ntypedef struct Crab { int claws; int legs; } Crab;\n'
                             "Crab *crab(void);\nCrab *crab(void) { return molt_new(Crab); }\n")
        self.edit("CMakeLists.txt", "pond.c", "pond.c crab.c")
        self.edit("pond.c", '#include "pond.h"', '#include "pond.h"\n')
        while '"Crab"' not in (self.folder / "build/pond.schema.json").read_text():
            self.build() # of three saves, one of which may end the build of another
        self.assertIn('"Crab"', self.schema())
        before = self.build_of_a_mistake()
        self.edit("crab.c", "long claws", "long claws;")
        self.assertGreater(self.build()[0], before)
        (process,) = self.children()
        os.kill(process, signal.SIGKILL)
        self.edit("pond.h", "double weight", "float weight")
        self.build()
        self.assertIn('"weight"', self.schema())
        self.wait(self.listening, "no resident listens")
        self.assertNotEqual(self.children(), [process])
        self.edit("pond.h", "float weight", "double weight")
        self.assertGreater(self.build()[0], before + 1)
        self.build_beside_one_that_hangs()
        (process,) = self.children()
        self.session.process.kill()
        self.session.process.wait()
        self.wait(lambda: not os.path.exists(f"/proc/{process}"), "the resident outlives its host")

    def build_beside_one_that_hangs(self):
        (process,) = self.children()
        os.kill(process, signal.SIGSTOP)
        self.edit("pond.h", "double weight", "float weight")
        event = self.session.wait_for("build", SECONDS)
        self.assertTrue(event["ok"], event["output"])
        self.assertEqual(event["resident_signal"], signal.SIGKILL)
        self.assertIn(f"(process {process}) has said nothing for 10 s", event["output"])
        self.assertEqual(self.session.wait_for("reload", SECONDS)["outcome"], "migrated")
        self.wait(self.listening, "no resident listens")
        self.assertNotIn(process, self.children())

    def build_of_a_mistake(self):
        self.edit("crab.c", "int claws;", "long claws")
        return self.build(ok=False)[0]

    def test_session_without(self):
        self.start("--no-resident")
        self.edit("pond.h", "    int age", "    double weight MOLT_DEFAULT(2);\n    int age")
        self.assertEqual(self.build(), (0, 0))
        self.assertEqual(self.children(), [])
        self.assertIn('"weight"', self.schema())


if __name__ == "__main__":
    unittest.main()
