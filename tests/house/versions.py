#!/usr/bin/env python3
"""The project, the changelog and the programs state one version.

Usage: versions.py ROOT VERSION PROGRAM...
"""
import pathlib
import re
import subprocess
import sys


def main():
    root, version, programs = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    stated = {}
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    stated["CHANGELOG.md"] = heading.group(1) if heading else "nothing"
    for program in programs:
        text = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL).stdout
        match = re.fullmatch(r"(\S+) (\d+\.\d+\.\d+)", text.splitlines()[0] if text else "")
        expected_name = pathlib.Path(program).name
        if not match or match.group(1) != expected_name:
            stated[program] = f"{text.strip()!r} instead of '{expected_name} {version}'"
        else:
            stated[program] = match.group(2)
    wrong = {where: what for where, what in stated.items() if what != version}
    for where, what in wrong.items():
        print(f"{where} states {what}; CMakeLists.txt states {version}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
