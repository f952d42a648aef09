#!/usr/bin/env python3
"""Writes the test list that runs the tests of several builds as one: one_run.py OUT CTEST... -- BUILD...

Each test keeps its command and its properties and gets the build's name behind its own, host.crash@asan.
CTest could include the builds' lists as they are, but it applies a property to every test of one
name, whichever folder set it: the last build's environment would reach the tests of all of them.
OUT is replaced; CTEST and what follows it is the call that lists a build's tests.
"""

import json
import os
import subprocess
import sys

# Properties that name other tests, or what only tests of the same build share.
BY_BUILD = {"DEPENDS", "FIXTURES_REQUIRED", "FIXTURES_SETUP", "FIXTURES_CLEANUP"}


def quoted(text):
    """A bracket argument of CMake that holds the text as it is."""
    level = 1
    while f"]{'=' * level}]" in text:
        level += 1
    newline = "\n" if text.startswith("\n") else ""  # CMake drops a first newline
    return f"[{'=' * level}[{newline}{text}]{'=' * level}]"


def spelled(value):
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        # The elements as one list of CMake's, a semicolon within one kept as it is.
        return ";".join(str(element).replace(";", "\\;") for element in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def entries(tests, build):
    for test in tests:
        if not test.get("command"):
            sys.exit(f"one_run: {build}: the program of the test '{test['name']}' is not built")
        name = quoted(f"{test['name']}@{build}")
        yield f"add_test({name} {' '.join(quoted(word) for word in test['command'])})"
        for entry in test.get("properties", []):
            value = entry["value"]
            if entry["name"] in BY_BUILD:
                value = [f"{element}@{build}" for element in value]
            yield (f"set_tests_properties({name} PROPERTIES {entry['name']} "
                   f"{quoted(spelled(value))})")


def main(arguments):
    out, *ctest = arguments[: arguments.index("--")]
    builds = arguments[arguments.index("--") + 1 :]
    lines, first = [], 1
    for build in builds:
        listed = subprocess.run([*ctest, "--test-dir", build, "--show-only=json-v1"], check=True,
                                stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        tests = json.loads(listed.stdout)["tests"]
        label = os.path.basename(build)
        lines += entries(tests, label)
        print(f"{label}: tests {first} to {first + len(tests) - 1}", file=sys.stderr)
        first += len(tests)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with open(out + ".part", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.replace(out + ".part", out)


if __name__ == "__main__":
    main(sys.argv[1:])
