"""The generator that stays in memory: what it writes and says is what one that is started for the run writes
and says, for the sample game after a series of edits, whatever ends or gets in the way."""
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from fixture import CODEGEN, FLAGS, GameTest

WORKER = pathlib.Path(CODEGEN).with_name("molt-generate")
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "game"
PATIENCE = 60


class Resident(GameTest):
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

    def wait(self, condition, message):
        end = time.monotonic() + PATIENCE
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
                 if not path.name.endswith(".inputs")}
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

    def test_same_as_a_process_of_its_own_after_each_of_a_series_of_edits(self):
        self.whole_game()
        self.compare()
        self.compare()
        self.edit("ants.c", "#include", "/* a line more */\n#include")
        self.compare()
        self.edit("colony.h", "    float speed;", "    float speed;\n    float hunger MOLT_DEFAULT(50);")
        self.compare()
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
        self.assertEqual((asked, answered), (11, 11))
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

    def children(self):
        path = f"/proc/{self.resident.pid}/task/{self.resident.pid}/children"
        return len(pathlib.Path(path).read_text().split())

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


if __name__ == "__main__":
    unittest.main()
