"""A small game in a scratch folder, and molt-codegen run on it. It never knows what a test expects."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

CODEGEN = os.environ["MOLT_CODEGEN"]
INCLUDES = [d for d in os.environ["MOLT_INCLUDES"].split(":") if d]
CMAKE = os.environ.get("MOLT_CMAKE", "cmake")
COMPILERS = [c for c in (os.environ.get("MOLT_GCC"), os.environ.get("MOLT_CLANG"))
             if c and not c.endswith("-NOTFOUND")]
FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
FLAGS = ["-std=gnu11"] + ["-I" + d for d in INCLUDES]


class GameTest(unittest.TestCase):
    """Each test gets an empty folder `self.folder`."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="molt-codegen-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run_tool(self, *arguments):
        return subprocess.run([CODEGEN, *map(str, arguments)], cwd=self.folder, text=True,
                              capture_output=True, timeout=120)

    def generate(self, *arguments, flags=()):
        """Whole mode; fails the test when the tool refuses."""
        result = self.run_tool(*arguments, "--", *FLAGS, *flags)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result

    def schema_of(self, text, *arguments, flags=()):
        """Schema of a game of one source, with molt.h included and the root being `Game`."""
        self.write("game.c", "#include <molt/molt.h>\n" + text + "\nMOLT_ROOT(Game);\n")
        self.generate("game.c", "--schema", "schema.json", *arguments, flags=flags)
        return Schema(json.loads((self.folder / "schema.json").read_text()))

    def refusal_of(self, text, *arguments, root="\nMOLT_ROOT(Game);\n"):
        """What the tool prints when it refuses such a game; it must leave nothing behind. Line 1 of
        `text` is line 2 of game.c."""
        self.write("game.c", "#include <molt/molt.h>\n" + text + root)
        result = self.run_tool("game.c", "--schema", "schema.json", "--metadata", "metadata.c",
                               "--depfile", "game.d", *arguments, "--", *FLAGS)
        self.assertEqual(result.returncode, 1, result.stderr)
        left = sorted(p.name for p in self.folder.iterdir() if p.name not in self.inputs())
        self.assertEqual(left, [])
        return result.stderr

    def inputs(self):
        return {"game.c", "known.json", "other.c", "part.h"}

    def assert_refused(self, text, place, message, remedy, *arguments, **options):
        """`place` is "line:column" in game.c; message and remedy are parts of those lines, and the
        declaration's own line is shown."""
        said = self.refusal_of(text, *arguments, **options)
        line = int(place.split(":")[0])
        source = (self.folder / "game.c").read_text().splitlines()[line - 1]
        self.assertIn(f"{self.folder}/game.c:{place}: error: ", said)
        self.assertIn(message, said)
        self.assertIn(f"{line:5} | {source}\n", said)
        self.assertIn("  remedy: ", said)
        self.assertIn(remedy, said)


class Schema:
    """The schema JSON with types and fields by name."""

    def __init__(self, json_object):
        self.json = json_object
        self.types = {t["name"]: t for t in json_object["types"]}

    def field(self, record, name):
        return next(f for f in self.types[record]["fields"] if f["name"] == name)

    def fields(self, record):
        return [f["name"] for f in self.types[record]["fields"]]
