"""The table of edits (rows/*.ini) is whole: every row has a test of its own that runs both policies, or
names one that exists; no key is misspelt; no name occurs twice."""
import pathlib
import re
import sys

import run_row

NEEDED = {"old", "live", "strict"}


def test_names(build):
    """From what CMake wrote for ctest: a ctest of its own would write over the log of the one that runs."""
    files = build.glob("tests/*/CTestTestfile.cmake")
    return {name for path in files
            for name in re.findall(r"^\s*add_test\((?:\[=*\[)?([\w.-]+)", path.read_text(), re.M)}


def check_proof(root, words, tests):
    test, file, function = words.split()
    if test not in tests:
        yield f"there is no test {test}"
    path = root / file
    if not path.is_file() or not re.search(rf"\b{function}\b", path.read_text(encoding="utf-8")):
        yield f"there is no {function} in {file}"


def check_row(root, name, row, tests):
    if not row.get("about"):
        yield "says nothing about itself"
    for key in sorted(set(row) - run_row.KEYS):
        yield f"the key {key} means nothing"
    if "proof" in row:
        yield from check_proof(root, row["proof"], tests)
        return
    if f"evolution_row_{name}" not in tests:
        yield "no test runs it"
    if "generator" in row or "old-generator" in row:
        return
    for key in sorted(NEEDED - set(row)):
        yield f"it has no `{key}`"
    refused = row.get("live", "").startswith("refused")
    if not refused and not row.get("check"):
        yield "nothing is checked of the state after the edit"


def main():
    root, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    tests = test_names(build)
    seen, problems = set(), []
    for path in sorted((root / "tests/evolution/rows").glob("*.ini")):
        rows = run_row.read_rows(path)
        for name in rows.sections():
            found = list(check_row(root, name, rows[name], tests))
            if name in seen:
                found.append("another row has this name")
            seen.add(name)
            problems += [f"{path.name} [{name}]: {problem}" for problem in found]
    for problem in problems:
        print(problem)
    print(f"{len(seen)} rows, {len(problems)} problems")
    return 1 if problems or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
