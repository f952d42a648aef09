"""What the tests of the tool share: schemas of declarations in a folder of their own, and commands."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

MOLT = os.environ["MOLT"]
CODEGEN = os.environ["MOLT_CODEGEN"]
INCLUDES = [flag for path in os.environ["MOLT_INCLUDES"].split(":") for flag in ("-I", path)]


class ToolTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="molt-tool-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def schema(self, name, declarations, root="Player"):
        """Writes <name>.h and makes <name>.json of it; returns the path of the schema."""
        (self.folder / f"{name}.h").write_text(f'#include "molt/molt.h"\n{declarations}\n')
        path = self.folder / f"{name}.json"
        subprocess.run([CODEGEN, "--root", root, f"{name}.h", "--schema", path, "--", *INCLUDES],
                       cwd=self.folder, check=True, capture_output=True, text=True)
        return path

    def game(self, name, source, root="Player"):
        """The same of game.c in a folder of its own, whose hooks and calls of molt_new() count too."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "game.c").write_text(f'#include "molt/molt.h"\n{source}\nMOLT_ROOT({root});\n')
        path = folder / "game.json"
        subprocess.run([CODEGEN, "game.c", "--metadata", "metadata.c", "--schema", path, "--", *INCLUDES],
                       cwd=folder, check=True, capture_output=True, text=True)
        return path

    def endless(self, *words, source):
        """Runs the tool on a standard input that never ends, `source` again and again or a file's bytes and
        then zeros; returns what it said, and the most memory that it had, in MiB."""
        feed = subprocess.Popen(source, stdout=subprocess.PIPE, cwd=self.folder, stderr=subprocess.DEVNULL)
        self.addCleanup(feed.wait)
        self.addCleanup(feed.kill)
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen([MOLT, *map(str, words)], cwd=self.folder, stdin=feed.stdout,
                                     stdout=said, stderr=said)
            feed.stdout.close()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read().decode()
        self.assertEqual(child.returncode, 2, text)
        return text, usage.ru_maxrss / 1024

    def tool(self, *words, input="", stdin=None):
        """Runs the tool, whatever comes of it."""
        data = (self.folder / stdin).read_bytes() if stdin else input.encode()
        done = subprocess.run([MOLT, *map(str, words)], cwd=self.folder, capture_output=True,
                              input=data, timeout=60)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done

    def molt(self, *words, status=0, input="", stdin=None):
        """Runs the tool, checks its exit status, and returns what it printed. Its standard input is the
        text `input`, or the file `stdin`."""
        done = self.tool(*words, input=input, stdin=stdin)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertTrue(status != 2 or done.stderr, "wrong usage is explained on standard error")
        return done.stdout if status != 2 else done.stderr

    def molt_json(self, *words, status=0):
        return json.loads(self.molt(*words, "--json", status=status))
