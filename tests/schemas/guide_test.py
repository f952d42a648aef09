"""The commands of docs/ci.md, word for word, in a repository of a game of somebody else."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["MOLT_ROOT"])
TREE = pathlib.Path(os.environ["MOLT_BUILD_TREE"])
TEXT = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
(JOB,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


class Guide(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="molt-guide-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        shutil.copytree(ROOT / "tests" / "house" / "consumer" / "game", self.folder, dirs_exist_ok=True)
        lists = self.folder / "CMakeLists.txt"
        lists.write_text(lists.read_text().replace("molt_add_game(pond", "molt_add_game(mygame"))
        (self.folder / "ci").mkdir()
        (self.folder / "ci" / "check-saves.sh").write_text(BLOCKS[1])
        self.run_words("git", "init", "-q")
        self.run_words("cmake", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", f"-DMolt_DIR={TREE}")

    def run_words(self, *words, status=0):
        path = f"{TREE / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(words, cwd=self.folder, env={**os.environ, "PATH": path}, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def build(self):
        self.run_words("cmake", "--build", "build")

    def record(self):
        self.run_words("sh", "-e", "-c", BLOCKS[0])

    def check(self, status=0):
        return self.run_words("sh", "ci/check-saves.sh", status=status)

    def edit(self, old, new):
        source = self.folder / "pond.c"
        text = source.read_text()
        self.assertIn(old, text)
        source.write_text(text.replace(old, new))
        self.build()

    def test_the_guide(self):
        self.assertEqual(len(BLOCKS), 2)
        self.build()
        self.record()
        self.assertIn("v0001 is the only recorded schema", self.check())
        self.edit("} Fish;", "    int scales MOLT_DEFAULT(7);\n} Fish;")
        self.assertIn("without a recorded version", self.check(status=1))
        self.record()
        self.assertIn("v0001 read by v0002: compatible", self.check())
        self.assertIn('"scales":7', (self.folder / "schemas" / "v0001.expected.json").read_text())
        self.assertTrue((self.folder / "schemas" / "v0002.molt").exists())
        self.edit("MOLT_DEFAULT(7)", "MOLT_DEFAULT(8)")
        self.assertRegex(self.check(status=1), r'(?m)^> .*"scales":8')
        self.edit("    int scales MOLT_DEFAULT(8);\n", "")
        self.run_words("sh", "-c", BLOCKS[0].splitlines()[0])
        self.assertIn("field-removed", self.check(status=1))
        self.edit("} Fish;", '} MOLT_REMOVED("scales") Fish;')
        self.record()
        self.check()

    def test_the_job(self):
        """Each line of it, on a machine that has no Molt; only what builds Molt is there already."""
        lines = re.findall(r"(?m)^      - run: (.*)$", JOB)
        self.assertEqual([line for line in lines if "molt/dev" in line], ["molt/dev build --preset play"])
        shutil.rmtree(self.folder / "build")
        (self.folder / "molt" / "build").mkdir(parents=True)
        (self.folder / "molt" / "build" / "play").symlink_to(TREE)
        environment = {"HOME": str(self.folder / "home"), "PATH": os.environ["PATH"]}
        self.assertIsNone(shutil.which("molt", path=environment["PATH"]), "a machine without it")
        for line in lines[1:]:
            if "check-saves" in line:
                installed = self.folder / "home" / ".local" / "bin"
                self.run_words("env", f"PATH={installed}:{environment['PATH']}", "sh", "-e", "-c", BLOCKS[0])
            done = subprocess.run(["bash", "-e", "-c", line], cwd=self.folder, env=environment, text=True, timeout=300,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}")
        self.assertIn("v0001 is the only recorded schema", done.stdout)

    def test_hooks_run_with_the_library(self):
        source = self.folder / "pond.c"
        source.write_text(source.read_text().replace("} Fish;", "    int (*swim)(int);\n} Fish;").replace(
            "void *start_up", "static int paddle(int depth)\n{\n    return depth;\n}\n\nvoid *start_up"))
        self.edit("fish->x = (float)i;", "fish->x = (float)i;\n        fish->swim = paddle;")
        self.run_words("molt-host", "build/libmygame.so", "--headless", "--no-build", "--frames", "3", "--save",
                       "old.molt")
        hook = ("#include <molt/hook.h>\n\nMOLT_MIGRATE(Fish)(const MoltOld *old, Fish *now)\n{\n"
                "    now->scales = 100 + (int)molt_old_int(old, \"age\");\n    return true;\n}\n\nvoid *start_up")
        shutil.copy(self.folder / "build" / "mygame.schema.json", self.folder / "old.json")
        steps = self.folder / "steps"
        steps.mkdir()
        shutil.copy(self.folder / "build/mygame.schema.json", steps / "v0001.json")
        self.edit("} Fish;", "    int fins MOLT_DEFAULT(2);\n} Fish;")
        shutil.copy(self.folder / "build/mygame.schema.json", steps / "v0002.json")
        self.edit("fins MOLT_DEFAULT(2);", "fins;\n    int scales;")
        self.edit("void *start_up", hook)
        shutil.copy(self.folder / "build/mygame.schema.json", steps / "v0003.json")
        words = ["molt", "migrate", "old.molt", "--to", "build/mygame.schema.json", "--json", "--out-dir", "new"]
        self.assertIn("hook-missing", self.run_words(*words, status=1))
        self.run_words(*words, "--hooks", "build/libmygame.so")
        self.assertIn('"scales":103', self.run_words("molt", "dump", "new/old.molt"))
        self.assertRegex(self.run_words("sh", "-c", "molt migrate - --to build/mygame.schema.json -o - --hooks "
                                        "build/libmygame.so < old.molt | molt dump - --path Fish:0.scales"), "103")
        through = ["molt", "migrate", "old.molt", "--to", "steps", "-o", "steps.molt"]
        self.assertRegex(self.run_words(*through, status=1), "from v0002 to v0003: refuse hook-missing")
        self.run_words(*through, "--hooks", "build/libmygame.so")
        self.assertRegex(self.run_words("molt", "dump", "steps.molt"), '"fins":2,"scales":103')
        said = self.run_words(*words, "--hooks", "build/none.so", status=2)
        self.assertIn("molt-host cannot start build/none.so", said)
        said = self.run_words("molt", "migrate", "old.molt", "--to", "old.json", "-o", "x.molt", "--hooks",
                              "build/libmygame.so", status=2)
        self.assertIn("the library and --to are of two versions: build/libmygame.so", said)
        words = ["molt", "migrate", "old.molt", "--to", "build/mygame.schema.json", "--json", "-o"]
        self.loses_alike(words)
        self.nulls_functions(words)

    def loses_alike(self, words):
        """With hooks and without, a loss is told in the same lines, counts and report."""
        source = self.folder / "pond.c"
        source.write_text(source.read_text().replace("    uint64_t frames;\n", ""))
        self.edit("    pond->frames++;\n", "")
        hooks = ["--hooks", "build/libmygame.so", "--report", "hooks.json"]
        ran = self.run_words(*words, "a.molt", *hooks, "--policy", "live")
        self.assertIn('"loss":1,"refuse":0', ran)
        self.assertIn("hook-ran", (self.folder / "hooks.json").read_text())
        source.write_text(re.sub(r"MOLT_MIGRATE.*?\n}\n", "", source.read_text(), flags=re.DOTALL))
        self.build()
        plain = ["--report", "plain.json"]
        refused = self.run_words(*words, "b.molt", *plain, status=1)
        self.assertIn("refuse field-removed          Pond.frames: was unsigned long frames, 1 object, 3 in Pond:0.",
                      refused)
        self.assertEqual(self.run_words(*words, "b.molt", *hooks, status=1), refused)
        lost = self.run_words(*words, "b.molt", *plain, "--policy", "live")
        self.assertEqual(self.run_words(*words, "b.molt", *hooks, "--policy", "live"), lost)
        self.assertIn('"loss":1,"refuse":0', lost)
        self.assertEqual(*(json.loads((self.folder / name).read_text()) for name in ("plain.json", "hooks.json")))

    def nulls_functions(self, words):
        """What becomes of a function that the library does not have any more is decided in its load."""
        self.edit("paddle", "crawl")
        words = [*words, "c.molt", "--hooks", "build/libmygame.so", "--policy", "live"]
        self.assertRegex(self.run_words(*words, status=1),
                         "refuse function-missing .* 10 objects, .*paddle of pond.c.*; --missing-functions null makes")
        self.assertRegex(self.run_words(*words, "--missing-functions", "null"),
                         r"loss +function-missing .* 10 objects, .*paddle of pond.c\. [^;]*name\.\n")
        self.assertIn('"value":null', self.run_words("molt", "dump", "c.molt", "--path", "Fish:0.swim"))


if __name__ == "__main__":
    unittest.main()
