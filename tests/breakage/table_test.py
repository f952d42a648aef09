#!/usr/bin/env python3
"""The table of docs/breakage.md is what its program measures; `--write` puts it there."""

import argparse
import pathlib
import re
import subprocess
import sys

HEAD = "| edit or accident | plain `dlclose` and `dlopen` | Molt |\n|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\|\n)*")
SECONDS = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--molt-only", action="store_true",
                        help="believe the page about plain loaders, which a sanitizer would stop")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    command = [options.program] + ["--molt-only"] * options.molt_only
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=SECONDS, check=False)
    text = options.page.read_text(encoding="utf-8")
    found = TABLE.findall(text)
    if done.returncode != 0 or len(found) != 1:
        print(f"{done.stderr}\nthe program ended with {done.returncode}, the page has "
              f"{len(found)} tables")
        return 1
    measured = HEAD + done.stdout
    if options.write:
        options.page.write_text(text.replace(found[0], measured), encoding="utf-8")
        return 0
    there, here = found[0].splitlines(), measured.splitlines()
    if options.molt_only: # the guard against crashes stands aside there
        unknown = {line.split("|")[1] for line in here if line.endswith("| not measured |")}
        there = [line for line in there if line.split("|")[1] not in unknown]
        here = [line for line in here if line.split("|")[1] not in unknown]
    for line in sorted(set(there) ^ set(here)):
        print(f"{'the page' if line in there else 'measured'}: {line}")
    print(f"{len(here) - 2} rows")
    return 0 if there == here and len(here) > 30 else 1


if __name__ == "__main__":
    sys.exit(main())
