#!/usr/bin/env python3
"""What README.md and CONTRIBUTING.md name is there: commands of ./dev, presets, files and folders."""
import json
import pathlib
import re
import subprocess
import sys


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    usage = subprocess.run([root / "dev", "help"], check=True, stdout=subprocess.PIPE, text=True,
                           stdin=subprocess.DEVNULL).stdout
    commands = set(re.findall(r"^\./dev (\w+)", usage, re.MULTILINE))
    presets = {preset["name"] for preset in
               json.loads((root / "CMakePresets.json").read_text())["configurePresets"]}
    problems = []
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (root / name).read_text(encoding="utf-8")
        for command in sorted(set(re.findall(r"\./dev (\w+)", text)) - commands):
            problems.append(f"{name}: ./dev has no command {command}")
        for preset in sorted(set(re.findall(r"(?:build/|--preset )(\w+)", text)) - presets - {"run"}):
            if f"build/{preset}" in text and preset.startswith("lib"):
                continue # the reader's own build folder
            problems.append(f"{name}: no preset {preset}")
        for target in re.findall(r"\]\((?!\w+://|#)([^)#]+)[^)]*\)", text):
            if not (root / target).exists():
                problems.append(f"{name}: links to {target}, which does not exist")
        for folder in re.findall(r"^    (\w+)/ ", text, re.MULTILINE):
            if not (root / folder).is_dir():
                problems.append(f"{name}: no folder {folder}/")
        for option in sorted(set(re.findall(r"\./dev [^\n`]*?(--[a-z][a-z-]*)", text))):
            if option not in usage:
                problems.append(f"{name}: ./dev help does not know {option}")
    for problem in problems:
        print(problem)
    print(f"{len(commands)} commands, {len(presets)} presets, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
