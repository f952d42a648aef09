"""What the checks of recorded schemas are there for: each fails when it should, on the sample game."""
import contextlib
import io
import lzma
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import golden

MOLT = pathlib.Path(os.environ["MOLT"])
CODEGEN = os.environ["MOLT_CODEGEN"]
INCLUDES = [flag for path in os.environ["MOLT_INCLUDES"].split(":") for flag in ("-I", path)]
GAME = pathlib.Path(os.environ["MOLT_GAME_SOURCES"])
SCHEMAS = pathlib.Path(os.environ["MOLT_SCHEMAS"])
NEWEST = golden.versions(SCHEMAS)[-1]


class GuardTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="molt-guards-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.game = shutil.copytree(GAME, self.folder / "game")
        self.schemas = shutil.copytree(SCHEMAS, self.folder / "schemas")

    def edit(self, file, old, new):
        text = (self.game / file).read_text()
        self.assertEqual(text.count(old), 1, f"{old!r} in {file}")
        (self.game / file).write_text(text.replace(old, new))

    def today(self):
        """The schema of the sources as they are now."""
        path = self.folder / "today.json"
        subprocess.run([CODEGEN, *sorted(self.game.glob("*.c")), "--base", self.game, "--schema", path,
                        "--", "-std=gnu11", *INCLUDES], check=True, stdin=subprocess.DEVNULL, timeout=120)
        return path

    def line(self, text):
        lines = (self.game / "colony.h").read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def molt(self, *words, status=0):
        done = subprocess.run([MOLT, *words], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def check(self, status=0):
        return self.molt("schema", "check", self.schemas, "--current", self.today(), status=status)

    def record(self, *words):
        self.molt("schema", "record", self.today(), self.schemas, *words)

    def problems(self, number):
        """What the golden check says of one save."""
        try:
            return list(golden.check_save(self.schemas, MOLT, number, None, None))
        except golden.Mismatch as problem:
            return [str(problem)]


class Layouts(GuardTest):
    def test_the_game_as_it_is_passes(self):
        self.check()

    def test_a_layout_that_is_not_recorded_fails_until_it_is(self):
        self.edit("colony.h", "    uint32_t strokes;", "    uint32_t clicks;\n    uint32_t strokes;")
        self.assertIn("a layout changed without a recorded version", self.check(status=1))
        self.record()
        self.check()


class Losses(GuardTest):
    def test_a_field_that_goes_without_a_note_fails_at_its_struct(self):
        self.edit("colony.h", "    uint32_t strokes; /* mouse presses on the field */\n", "")
        self.edit("tools.c", "    player->strokes += pressed;\n", "")
        self.record()
        said = self.check(status=1)
        self.assertIn(f"colony.h:{self.line('typedef struct Player')}: loss   field-removed", said)
        self.assertIn('MOLT_REMOVED("strokes")', said)
        self.edit("colony.h", "} Player;", '} MOLT_REMOVED("strokes") Player;')
        self.check()

    def test_a_rename_whose_note_is_gone_fails_although_the_layout_is_recorded(self):
        self.edit("colony.h", ' MOLT_WAS("visits")', "")
        said = self.check(status=1)
        self.assertIn("v0001 read by", said)
        self.assertRegex(said, r'colony\.h:\d+: loss +note-dropped +FoodPile\.loads: .* Keep MOLT_WAS\("visits"\) on loads')

    def test_an_enumerator_that_goes_fails(self):
        self.edit("colony.h", "CHAMBER_GRANARY\n", "CHAMBER_STORE\n")
        for file in "draw.c", "nurse.c":
            path = self.game / file
            path.write_text(path.read_text().replace("CHAMBER_GRANARY", "CHAMBER_STORE"))
        path = self.game / "nest.c"
        path.write_text(path.read_text().replace("CHAMBER_GRANARY", "CHAMBER_STORE"))
        self.assertRegex(self.check(status=1), r"colony\.h:\d+: refuse +enumerator-removed +Chamber\.kind")


class GoldenSaves(GuardTest):
    def test_another_result_fails_with_the_value(self):
        self.edit("colony.h", "float stamina MOLT_DEFAULT(1);", "float stamina MOLT_DEFAULT(0.5);")
        self.record("--replace")
        problems = self.problems(1)
        self.assertIn("examples.Ant.Ant:0.stamina: expected 1, found 0.5", problems)
        self.assertTrue(any(problem.startswith("dump: expected") for problem in problems))
        self.assertEqual(self.problems(NEWEST), [])

    def test_a_migration_to_the_own_schema_leaves_every_byte(self):
        for number in golden.versions(SCHEMAS):
            save = lzma.decompress(golden.save_path(SCHEMAS, number).read_bytes())
            same = golden.run(MOLT, "migrate", "-", "--to", golden.schema_path(SCHEMAS, number), "-o", "-", data=save)
            self.assertTrue(same == save, f"v{number:04} is another file")

    def test_a_value_that_would_be_lost_fails(self):
        self.edit("colony.h", "    uint32_t strokes; /* mouse presses on the field */\n", "")
        self.edit("tools.c", "    player->strokes += pressed;\n", "")
        self.edit("colony.h", ' MOLT_WAS("visits")', "")
        self.record("--replace")
        self.assertRegex("\n".join(self.problems(1)), "possible-rename.*FoodPile.visits")

    def test_a_damaged_save_fails(self):
        path = golden.save_path(self.schemas, NEWEST)
        data = bytearray(lzma.decompress(path.read_bytes()))
        data[len(data) // 2] ^= 1
        path.write_bytes(lzma.compress(data))
        self.assertRegex("\n".join(self.problems(NEWEST)), r"section \w+, offset \d+")

    def test_a_save_of_another_version_fails(self):
        shutil.copy(golden.save_path(SCHEMAS, 1), golden.save_path(self.schemas, NEWEST))
        self.assertIn(f"was not saved under v{NEWEST:04}.json", self.problems(NEWEST))

    def test_a_version_without_a_save_fails(self):
        golden.save_path(self.schemas, NEWEST).unlink()
        self.assertRegex("\n".join(self.problems(NEWEST)), "is missing: each recorded version has a save")

    def test_a_problem_is_the_exit_status(self):
        for number in golden.versions(self.schemas)[:-1]:
            golden.schema_path(self.schemas, number).unlink()
        golden.expectation_path(self.schemas, NEWEST).unlink()
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(golden.check(self.schemas, MOLT, None, None), 1)
        self.assertIn("expected.json", said.getvalue())


if __name__ == "__main__":
    unittest.main()
