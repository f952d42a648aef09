#!/usr/bin/env python3
"""The golden saves of the sample game: for each recorded version a save that the game of its day wrote,
and what it must be once it is migrated to the present.

    golden.py make FOLDER --game DIR --build DIR     plays the game as it is and saves it for the newest
                                                     version, as vNNNN.molt.xz
    golden.py expect FOLDER --molt TOOL              writes vNNNN.expected.json for every save: what it is
                                                     after the migration; review the difference, commit it
    golden.py check FOLDER --molt TOOL [--host PROGRAM --library FILE]
                                                     migrates every save and compares; with a host the
                                                     game of today also goes on with it

The colony of a save is small and the file compressed; else it is an ordinary one. Exit status: 0 as
expected, 1 not, 2 wrong usage.
"""
import argparse
import hashlib
import json
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))

from molt_oracle import compare, expected_dump
from molt_schema import load_json

FRAMES = 3600  # a minute: trails, hatched brood, news, a spider
SEED = 7
COLONY = {"START_ANTS": 240, "START_BROOD": 40}

# What people look at in the difference of an expectation, the first object of each; the digest has the
# rest.
EXAMPLES = ("Ant", "Brood", "Colony", "Event", "FoodPile", "Map", "Nest", "Notable", "Queen", "Spider")
LONG = 16  # lists beyond that many elements are left out of it


class Mismatch(Exception):
    """A golden save that is not what it should be."""


def versions(folder):
    """The numbers of the recorded versions, which must all have a save."""
    return sorted(int(path.stem[1:]) for path in folder.glob("v[0-9][0-9][0-9][0-9].json"))


def schema_path(folder, number):
    return folder / f"v{number:04}.json"


def save_path(folder, number):
    return folder / f"v{number:04}.molt.xz"


def expectation_path(folder, number):
    return folder / f"v{number:04}.expected.json"


def run(*command, data=None, **options):
    """What the command printed; Mismatch with its words when it fails."""
    done = subprocess.run([str(word) for word in command], input=data, capture_output=True, check=False,
                          stdin=None if data is not None else subprocess.DEVNULL, timeout=300, **options)
    if done.returncode != 0:
        raise Mismatch((done.stdout + done.stderr).decode(errors="replace").strip())
    return done.stdout


# ---- make

def make(folder, game, build):
    """The game in a copy where only the size of the colony differs, which no struct depends on."""
    number = versions(folder)[-1]
    with tempfile.TemporaryDirectory(prefix="molt-golden-") as name:
        here = pathlib.Path(name)
        shutil.copytree(game, here / "game")
        header = here / "game" / "colony.h"
        text = header.read_text()
        for constant, value in COLONY.items():
            before, equals, after = text.partition(f"{constant} = ")
            if not equals:
                raise Mismatch(f"colony.h has no {constant}")
            text = before + equals + str(value) + after.lstrip("0123456789")
        header.write_text(text)
        run("cmake", "-S", here / "game", "-B", here / "build", "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", f"-DMolt_DIR={build}")
        run("cmake", "--build", here / "build")
        schema = json.loads((here / "build" / "game.schema.json").read_text())
        if schema["hash"] != json.loads(schema_path(folder, number).read_text())["hash"]:
            raise Mismatch(f"the game has other layouts than {schema_path(folder, number)}: record them first")
        save = here / "save.molt"
        run(build / "bin" / "molt-host", here / "build" / "libgame.so", "--headless", "--no-build",
            "--frames", FRAMES, "--seed", SEED, "--save", save)
        save_path(folder, number).write_bytes(lzma.compress(save.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{save_path(folder, number)}: {save_path(folder, number).stat().st_size} bytes")


# ---- what a save is after its migration

class Migrated:
    """A save and what it becomes under the newest recorded schema, by the tool."""

    def __init__(self, molt, folder, number):
        newest = schema_path(folder, versions(folder)[-1])
        if not save_path(folder, number).exists():
            raise Mismatch(f"{save_path(folder, number)} is missing: each recorded version has a save")
        self.molt = molt
        self.save = lzma.decompress(save_path(folder, number).read_bytes())
        self.file = run(molt, "migrate", "-", "--to", newest, "-o", "-", data=self.save)
        self.dump = run(molt, "dump", "-", data=self.file)

    def expectation(self):
        counts, examples = {}, {}
        for block in json.loads(self.dump)["objects"]:
            counts[block["type"]] = counts.get(block["type"], 0) + block.get("count", 1)
            if block["type"] in EXAMPLES and block["type"] not in examples:
                examples[block["type"]] = {block["id"]: shown(block["value"])}
        return {"objects": counts, "examples": examples, "dump": hashlib.sha256(self.dump).hexdigest()}


def shown(value):
    if isinstance(value, dict):
        return {name: shown(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shown(part) for part in value] if len(value) <= LONG else f"{len(value)} elements"
    return value


def expect(folder, molt):
    for number in versions(folder):
        text = json.dumps(Migrated(molt, folder, number).expectation(), indent=1, ensure_ascii=False)
        expectation_path(folder, number).write_text(text + "\n")
        print(f"{expectation_path(folder, number)}: review and commit")


# ---- check

def differences(expected, found, path=""):
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected.keys() | found.keys():
            yield from differences(expected.get(key), found.get(key), f"{path}.{key}" if path else key)
    elif expected != found:
        yield f"{path}: expected {json.dumps(expected)}, found {json.dumps(found)}"


def judge(molt, folder, number, migrated):
    """The oracle, which knows the rules and not the engine, computes the migrated state by itself."""
    with tempfile.TemporaryDirectory(prefix="molt-golden-") as name:
        paths = []
        for stem, text in (("before", run(molt, "dump", "-", data=migrated.save)), ("after", migrated.dump)):
            paths.append(pathlib.Path(name) / f"{stem}.json")
            paths[-1].write_bytes(text)
        before, after = (load_json(path) for path in paths)
    schemas = [load_json(schema_path(folder, n)) for n in (number, versions(folder)[-1])]
    wanted = expected_dump(before, *schemas)
    yield from (f"must be refused: {words}" for words in wanted.refusals)
    yield from (f"{rule} {path}: a loss in {count} values" for (rule, path), count in wanted.losses.items())
    yield from compare(wanted, after)


def is_foreign(molt, folder, number, save):
    """Whether the save differs in any layout from the version whose name it has."""
    with tempfile.TemporaryDirectory(prefix="molt-golden-") as name:
        report = pathlib.Path(name) / "report.json"
        run(molt, "migrate", "-", "--to", schema_path(folder, number), "-o", "-", "--report", report, data=save)
        return bool(json.loads(report.read_text())["findings"])


def goes_on(host, library, save):
    with tempfile.TemporaryDirectory(prefix="molt-golden-") as name:
        path = pathlib.Path(name) / "save.molt"
        path.write_bytes(save)
        run(host, library, "--headless", "--no-build", "--frames", 60, "--load", path, "--mute",
            "--dump", path.with_suffix(".json"))
        frame = next(block["value"]["frame"] for block in json.loads(path.with_suffix(".json").read_text())["objects"]
                     if block["type"] == "Colony")
        if frame != FRAMES + 60:
            yield f"60 frames after frame {FRAMES} the game was at frame {frame}"


def comes_back(molt, folder, number, save, imported):
    """The save's JSON read back and written again, by the tool, which has no library."""
    text = run(molt, "dump", "-", data=save)
    imported.write_bytes(run(molt, "import", "--schema", schema_path(folder, number), "-", "-o", "-", data=text))
    if run(molt, "dump", imported) != text:
        yield "the dump of its dump is another one"


def check_json(folder, molt, number, host, library, save):
    """The game knows no difference between the save and what came of its JSON."""
    with tempfile.TemporaryDirectory(prefix="molt-golden-") as name:
        imported = pathlib.Path(name) / "imported.molt"
        yield from comes_back(molt, folder, number, save, imported)
        if host and number == versions(folder)[-1]:
            yield from goes_on(host, library, imported.read_bytes())


def check_save(folder, molt, number, host, library):
    migrated = Migrated(molt, folder, number)
    run(molt, "verify", "-", data=migrated.save)
    if is_foreign(molt, folder, number, migrated.save):
        yield f"was not saved under {schema_path(folder, number).name}"
        return
    wanted = json.loads(expectation_path(folder, number).read_text())
    found = list(differences(wanted, migrated.expectation()))
    yield from found
    if not found and number != versions(folder)[-1]:
        yield from judge(molt, folder, number, migrated)
        if run(molt, "migrate", "-", "--to", folder, "-o", "-", data=migrated.save) != migrated.file:
            yield "is another state when it goes through the versions between"
    if host:
        yield from goes_on(host, library, migrated.save)
    yield from check_json(folder, molt, number, host, library, migrated.save)


def check(folder, molt, host, library):
    bad = 0
    numbers = versions(folder)
    for number in numbers:
        try:
            problems = list(check_save(folder, molt, number, host, library))
        except (Mismatch, OSError) as problem:
            problems = [str(problem)]
        bad += len(problems)
        for problem in problems[:20]:
            print(f"{save_path(folder, number)}: {problem}")
        if len(problems) > 20:
            print(f"{save_path(folder, number)}: and {len(problems) - 20} more")
    print(f"{len(numbers)} golden saves, {bad} problems")
    return 1 if bad or not numbers else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["make", "expect", "check"])
    parser.add_argument("folder", type=pathlib.Path)
    for name in ("game", "build", "molt", "host", "library"):
        parser.add_argument(f"--{name}", type=lambda text: pathlib.Path(os.path.abspath(text)))
    words = parser.parse_args()
    try:
        if words.mode == "make":
            make(words.folder, words.game, words.build)
        elif words.mode == "expect":
            expect(words.folder, words.molt)
        else:
            return check(words.folder, words.molt, words.host, words.library)
    except Mismatch as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
