"""gdb in batch mode, and whether it may be used at all. It never knows what is debugged."""

import os
import shutil
import subprocess
import unittest

from game_run import SECONDS

SETTINGS = ["set pagination off", "set confirm off", "set width 0", "set style enabled off",
            "set debuginfod enabled off", "set breakpoint pending on", "set startup-with-shell off",
            "set disable-randomization off", "set print elements unlimited",
            "set print repeats unlimited", "set print null-stop on"]
FORBIDDEN = ("ptrace: Operation not permitted", "ptrace: Permission denied",
             "Could not trace the inferior")


def gdb_path():
    path = shutil.which(os.environ.get("MOLT_GDB", "gdb"))
    if not path:
        raise unittest.SkipTest("gdb is not installed: nothing was checked")
    return path


def run_gdb(folder, commands, arguments):
    """What gdb prints on doing the commands; skips the test where tracing is forbidden."""
    path = folder / "commands.gdb"
    path.write_text("\n".join(SETTINGS + commands) + "\n")
    # The leak check at the end of a sanitized program cannot work in one that is traced.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run([gdb_path(), "-nx", "-batch", "-x", path, *arguments], env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=SECONDS,
                          check=False)
    for words in FORBIDDEN:
        if words in done.stdout:
            raise unittest.SkipTest(f"no process can be traced here ({words}): nothing was checked")
    return done.stdout
