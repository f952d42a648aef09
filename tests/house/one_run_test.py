#!/usr/bin/env python3
"""one_run.py: tests of one name in several builds each run with what their own build gave them."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "one_run.py"
ODD = "a;b\\c ]] \"quoted\" $x ${y} #z"


class OneRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="molt-one-run-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def build(self, name, lines):
        (self.root / name).mkdir()
        (self.root / name / "CTestTestfile.cmake").write_text("\n".join(lines), encoding="utf-8")

    def run_all(self, *builds):
        written = subprocess.run(
            [sys.executable, "-B", SCRIPT, "all/CTestTestfile.cmake", "ctest", "--", *builds],
            cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        if written.returncode != 0:
            return written
        return subprocess.run(["ctest", "--test-dir", "all", "-V"], cwd=self.root,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60)

    def test_each_build_keeps_its_environment_and_properties(self):
        show = f'add_test(show "{sys.executable}" "-c" "import os; print(os.environ[\'WHO\'])")'
        for name in ("one", "two"):
            self.build(name, [show, "set_tests_properties(show PROPERTIES ENVIRONMENT "
                                    f"\"WHO={name};MORE=1\" PASS_REGULAR_EXPRESSION \"^{name}\")"])
        result = self.run_all("one", "two")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("show@one", result.stdout)
        self.assertIn("show@two", result.stdout)
        self.assertIn("100% tests passed, 0 tests failed out of 2", result.stdout)

    def test_a_fixture_serves_the_tests_of_its_own_build(self):
        for name, status in (("good", 0), ("bad", 1)):
            self.build(name, [
                f'add_test(prepare "{sys.executable}" "-c" "raise SystemExit({status})")',
                "set_tests_properties(prepare PROPERTIES FIXTURES_SETUP ready)",
                f'add_test(use "{sys.executable}" "-c" "print(\'used by {name}\')")',
                "set_tests_properties(use PROPERTIES FIXTURES_REQUIRED ready)"])
        result = self.run_all("good", "bad")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("used by good", result.stdout)
        self.assertNotIn("used by bad", result.stdout)

    def test_arguments_arrive_as_they_were(self):
        self.build("one", [f'add_test(odd "{sys.executable}" "-c" "import sys; '
                           f'print(sys.argv[1:])" [==[{ODD}]==] "")'])
        result = self.run_all("one")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(repr([ODD, ""]), result.stdout)

    def test_a_test_whose_program_is_missing_is_named(self):
        self.build("one", ["add_test(gone \"no/such/program\")"])
        result = self.run_all("one")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("'gone'", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
