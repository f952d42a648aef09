#!/usr/bin/env python3
"""./dev on machines that lack something: what it says, and its exit status.

Each case runs a copy of the script with a PATH that holds only what the case names.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(sys.argv.pop(1)).resolve()
PLAIN_TOOLS = ["bash", "env", "cat", "dirname", "head", "mkdir", "mktemp", "nproc", "printf", "rm",
               "sed", "sort", "tail", "tr"]
NOTHING_INSTALLED = "#!/bin/sh\nexit 1\n"


class DevScript(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="molt-dev-")
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        shutil.copy(SCRIPT, self.root / "dev")
        for tool in PLAIN_TOOLS:
            path = shutil.which(tool)
            if path:
                (self.bin / tool).symlink_to(path)

    def tool(self, name, text):
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def superuser(self):
        """apt-get is called directly by root and through sudo by others; both get the same."""
        self.tool("sudo", '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n')

    def dev(self, *arguments):
        environment = {"PATH": str(self.bin), "CI": "true", "TMPDIR": str(self.root),
                       "HOME": str(self.root)}
        return subprocess.run([self.bin / "bash", self.root / "dev", *arguments], cwd="/",
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)

    def test_help_needs_nothing_and_goes_to_standard_output(self):
        result = self.dev("help")
        self.assertEqual(result.returncode, 0, result.stderr)
        for command in ("demo", "test", "run", "bench", "build", "format", "lint", "help"):
            self.assertIn(f"./dev {command}", result.stdout)
        self.assertEqual(result.stderr, "")

    def test_unknown_command_option_and_preset_are_usage_errors(self):
        for arguments in (["fly"], ["build", "--fast"], ["test", "--fast"],
                          ["test", "--preset"], ["build", "--preset", "nosuch"]):
            result = self.dev(*arguments)
            self.assertEqual(result.returncode, 2, (arguments, result.stderr))
            self.assertIn(arguments[-1].removeprefix("--preset"), result.stderr)

    def test_unknown_package_manager_names_the_packages_and_stops(self):
        result = self.dev("test")
        self.assertEqual(result.returncode, 3, result.stderr)
        for package in ("cmake", "ninja-build", "libcmocka-dev", "libsdl2-dev", "gdb", "clang"):
            self.assertRegex(result.stderr, rf"\b{package}\b")
        self.assertNotIn("\x1b", result.stderr)

    def test_demo_needs_fewer_packages_than_test(self):
        result = self.dev("demo")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("python3", result.stderr)
        for package in ("libcmocka-dev", "gdb", "xvfb", "clang"):
            self.assertNotRegex(result.stderr, rf"(?<![\w-]){package}(?![\w-])")

    def test_failed_install_says_which_and_why(self):
        self.superuser()
        self.tool("dpkg-query", NOTHING_INSTALLED)
        self.tool("apt-get", "#!/bin/sh\ncase \"$*\" in *install*)\n"
                  "echo 'E: Unable to locate package libcmocka-dev'; exit 100;; esac\n")
        result = self.dev("test")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("E: Unable to locate package libcmocka-dev", result.stderr)
        self.assertRegex(result.stderr, r"could not install .*\blibcmocka-dev\b")

    def test_install_that_changes_nothing_is_a_failure(self):
        self.superuser()
        self.tool("dpkg-query", NOTHING_INSTALLED)
        self.tool("apt-get", "#!/bin/sh\nexit 0\n")
        result = self.dev("test")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("still missing", result.stderr)

    def test_only_what_is_missing_is_installed_without_questions_or_recommendations(self):
        self.superuser()
        self.tool("dpkg-query", "#!/bin/sh\nfor last; do :; done\n"
                  f"[ $last != gdb ] || [ -e {self.root}/gdb ] || exit 1\n"
                  "printf 'install ok installed'\n")
        self.tool("apt-get", f"#!/bin/sh\necho \"$DEBIAN_FRONTEND $*\" >>{self.root}/calls\n"
                  f"case \"$*\" in *install*) : >{self.root}/gdb;; esac\n")
        self.tool("cmake", "#!/bin/sh\necho 'cmake version 3.18.0'\n")
        result = self.dev("test")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("CMake 3.18.0 is too old", result.stderr)
        calls = (self.root / "calls").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(calls), 2, calls)
        self.assertTrue(calls[0].endswith(" update"), calls)
        self.assertTrue(all(call.startswith("noninteractive ") for call in calls), calls)
        self.assertTrue(calls[1].endswith(" install -y --no-install-recommends gdb"), calls)

    def test_failed_step_shows_its_log(self):
        self.tool("dpkg-query", "#!/bin/sh\nprintf 'install ok installed'\n")
        self.tool("cmake", "#!/bin/sh\ncase $1 in --version) echo 'cmake version 3.25.1';;\n"
                  "*) echo 'CMake Error: the reason'; exit 1;; esac\n")
        result = self.dev("build")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("CMake Error: the reason", result.stderr)
        self.assertIn("dev: configure failed", result.stderr)

    def test_scripts_parse(self):
        for script in (SCRIPT, SCRIPT.parent / ".ci" / "run"):
            subprocess.run(["bash", "-n", script], check=True)
            self.assertTrue(os.access(script, os.X_OK), f"{script} is not executable")


if __name__ == "__main__":
    unittest.main()
