#!/usr/bin/env python3
"""The newest recorded schema of the sample game is the one that its sources give.

    recorded_schema.py check  FOLDER GENERATED   compares, and prints the command that records
    recorded_schema.py record FOLDER GENERATED   writes the newest recording again
    recorded_schema.py next   FOLDER GENERATED   starts the next recording, vNNNN.json

Line numbers are left out of the comparison: an edit that changes no type changes no schema.
"""
import difflib
import json
import pathlib
import shutil
import sys


def recordings(folder):
    return sorted(folder.glob("v[0-9][0-9][0-9][0-9].json"))


def without_lines(value):
    if isinstance(value, dict):
        return {key: without_lines(item) for key, item in value.items() if key != "line"}
    if isinstance(value, list):
        return [without_lines(item) for item in value]
    return value


def comparable(path):
    value = without_lines(json.loads(path.read_text(encoding="utf-8")))
    return json.dumps(value, indent=2).splitlines()


def check(newest, generated):
    difference = list(difflib.unified_diff(comparable(newest), comparable(generated), newest.name,
                                           "the game's sources", lineterm=""))
    if not difference:
        return 0
    print("\n".join(difference[:60]))
    print(f"\nThe sample game's schema is not {newest}. When the change is meant, record and commit it:")
    print("    cmake --build build/dev --target record-schema")
    return 1


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("check", "record", "next"):
        print(__doc__, file=sys.stderr)
        return 2
    mode, folder, generated = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    known = recordings(folder)
    if mode == "check":
        if not known:
            print(f"{folder} holds no recording; run: cmake --build build/dev --target record-schema")
            return 1
        return check(known[-1], generated)
    number = int(known[-1].stem[1:]) if known else 1
    if known and mode == "next":
        number += 1
    folder.mkdir(exist_ok=True)
    target = folder / f"v{number:04}.json"
    shutil.copyfile(generated, target)
    print(f"recorded {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
