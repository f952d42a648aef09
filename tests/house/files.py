#!/usr/bin/env python3
"""Checks what every file of the project has in common: length, line width, names, no leftovers, every
source built, and nothing committed that a build generates."""
import pathlib
import re
import subprocess
import sys

CODE = {".c", ".h", ".py", ".cmake", ".in", ""}
LONGEST_FILE = 800
# 100 is what .clang-format wraps at; a little more is left to judgement.
WIDEST_LINE = 110
FORBIDDEN_STEMS = {"util", "utils", "helper", "helpers", "common", "misc"}
# The words are put together here so that this file does not find itself.
LEFTOVER = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
GENERATED_NAME = re.compile(r"\.(o|a|so|d|pyc|unit\.json|so\.molt)$|(^|/)(CMakeCache\.txt|CMakeFiles/)")
GENERATED_TEXT = re.compile(r"(written|generated|made) by molt-codegen", re.IGNORECASE)


def project_files(root):
    """Tracked and new files; everything but build/ where git does not know the folder."""
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "--cached", "--others",
               "--exclude-standard", "-z"]
    try:
        listing = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True).stdout
        names = [name for name in listing.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")
                 if not re.search(r"^(build|\.git)/|/__pycache__/",
                                  path.relative_to(root).as_posix() + "/")]
    return sorted(root / name for name in set(names) if (root / name).is_file())


def check_text(path, name, text):
    lines = text.splitlines()
    c_source = path.suffix in {".c", ".h"}
    if path.suffix in CODE and len(lines) > LONGEST_FILE:
        yield f"{name}: {len(lines)} lines; split by noun, {LONGEST_FILE} is the limit"
    if c_source and GENERATED_TEXT.search("\n".join(lines[:5])):
        yield f"{name}: looks generated; generated files live in the build folder"
    for number, line in enumerate(lines, 1):
        if c_source and len(line) > WIDEST_LINE:
            yield f"{name}:{number}: {len(line)} columns; {WIDEST_LINE} is the limit"
        if path.suffix in CODE and LEFTOVER.search(line):
            yield f"{name}:{number}: {line.strip()}"
        if path.suffix != ".patch" and line != line.rstrip():
            yield f"{name}:{number}: white space at the end of the line"
        if c_source and "\t" in line:
            yield f"{name}:{number}: a tab"
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"


def check(root, path):
    name = path.relative_to(root).as_posix()
    if GENERATED_NAME.search(name):
        yield f"{name}: a build product"
    if path.stem.lower() in FORBIDDEN_STEMS:
        yield f"{name}: name the noun that the file owns"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return # pictures and the like
    yield from check_text(path, name, text)


def check_built(root, files):
    """Lists of sources are written by hand: a file that stands in none of them is dead."""
    lists = "\n".join(path.read_text(encoding="utf-8") for path in files
                      if path.name == "CMakeLists.txt")
    words = set(re.findall(r"[\w.-]+", lists))
    for path in files:
        name = path.relative_to(root).as_posix()
        if re.match(r"(reflect|codegen|tool|engine|game)/.*\.c$", name) and path.name not in words:
            yield f"{name}: in no CMakeLists.txt"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = project_files(root)
    problems = [problem for path in files for problem in check(root, path)]
    problems += check_built(root, files)
    if not files:
        problems.append(f"no files under {root}")
    for problem in problems:
        print(problem)
    print(f"{len(files)} files looked at, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
