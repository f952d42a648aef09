#!/usr/bin/env python3
"""Every public header compiles alone, first and twice in a file, as strict C11 with gcc and clang."""
import pathlib
import shutil
import subprocess
import sys

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion",
         "-Wmissing-prototypes", "-Wstrict-prototypes", "-Werror", "-fsyntax-only", "-x", "c", "-"]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    folders = [root / "reflect" / "include", root / "engine" / "include"]
    headers = sorted(path.relative_to(folder).as_posix()
                     for folder in folders for path in folder.rglob("*.h"))
    compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
    failures = 0
    for compiler in compilers:
        for header in headers:
            text = f"#include <{header}>\n" * 2 + "typedef int molt_translation_unit;\n"
            command = [compiler, *(f"-I{folder}" for folder in folders), *FLAGS]
            result = subprocess.run(command, input=text, text=True, stderr=subprocess.PIPE)
            if result.returncode != 0:
                failures += 1
                print(f"{compiler} does not accept <{header}> alone:\n{result.stderr}")
    print(f"{len(headers)} headers, {' and '.join(compilers) or 'no compiler'}, {failures} failures")
    return 1 if failures or not headers or len(compilers) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
