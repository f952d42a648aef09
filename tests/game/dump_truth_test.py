#!/usr/bin/env python3
"""The dump tells the truth: a debugger, which knows the game from its DWARF alone, reads the same
values from the same process at the same moment."""

import json
import os
import pathlib
import re
import shutil
import struct
import sys
from collections import Counter

import variants
from game_run import GAME, HOST, GameTest, main
from gdb_session import run_gdb

FRAMES = 300
LEAST = 300
KINDS = {"int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double",
         "bool", "enum", "flags", "char array", "pointer", "function pointer", "bit-field",
         "nested struct", "array", "2-D array", "in a block", "pointer to an object",
         "pointer into an object", "text of a char block", "anonymous member"}
SAMPLE = pathlib.Path(__file__).resolve().parent / "dump_sample.py"
ANONYMOUS = re.compile(r"\)\.(age|lifespan|patience)$")


class DumpTruth(GameTest):
    def test_of_a_game_that_was_never_reloaded(self):
        self.check(self.read_places(os.environ["MOLT_GAME_SCHEMA"]))

    def test_of_objects_that_were_migrated(self):
        schema = variants.library("reordered").parent / "game.schema.json"
        self.check(self.read_places(schema, "--swap", f"100={variants.library('widened')}",
                                    "--swap", f"200={variants.library('reordered')}"))

    def read_places(self, schema, *options):
        """(place, what gdb says of it) of a sample. The host stops where the dump is written and the
        game has not yet begun to take its state down; what to read is chosen there, from the dump.
        """
        dump, script, sample = (self.folder / name
                                for name in ("dump.json", "sample.gdb", "sample.json"))
        library = shutil.copy(GAME, self.folder / "libgame.so")
        said = run_gdb(
            self.folder,
            ["break shut_down", "run",
             f"shell '{sys.executable}' '{SAMPLE}' '{dump}' '{schema}' 7 '{script}' '{sample}'",
             f"source {script}", "kill"],
            ["--args", HOST, library, "--headless", "--no-build", "--seed", "7", "--frames",
             str(FRAMES), "--dump", dump, "--dump-addresses", *options])
        self.assertTrue(sample.exists(), said[-4000:])
        places = json.loads(sample.read_text())
        answers = re.findall(r"^@(\d+)@(.*?)(?=^@|\Z)", said, re.MULTILINE | re.DOTALL)
        self.assertEqual([int(number) for number, _ in answers], list(range(len(places))),
                         said[-4000:])
        return [(place, answer.strip()) for place, (_, answer) in zip(places, answers)]

    def check(self, read):
        counts, wrong = Counter(), []
        for place, said in read:
            if not agrees(place, said):
                wrong.append(f"{place['leaf']} {place['expression']}: the dump says "
                             f"{place['dumped']!r}, gdb says {said!r}")
            counts.update([place["leaf"], *place["kinds"]])
            if ANONYMOUS.search(place["expression"]):
                counts["anonymous member"] += 1
        print(f"{len(read)} places, {len(wrong)} differ:",
              ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())), flush=True)
        self.assertEqual(wrong, [], "\n".join(wrong[:40]))
        self.assertGreaterEqual(len(read), LEAST)
        self.assertEqual(KINDS - counts.keys(), set(), "kinds that were never looked at")


def agrees(place, said):
    leaf, dumped = place["leaf"], place["dumped"]
    if leaf == "float":
        return bits(dumped, "<f", "<I") == number(said)
    if leaf == "double":
        return bits(dumped, "<d", "<Q") == number(said)
    if leaf == "function pointer":
        return function(dumped, said)
    if leaf in ("char array", "text of a char block"):
        return text(said) == dumped
    if leaf == "flags":
        return flags(said) == flags(dumped)
    if leaf == "enum":
        return said == dumped
    if leaf == "pointer":
        found = [number(word) for word in said.split()]
        return found[0] == 0 if dumped is None else len(found) == 2 and found[0] == found[1] != 0
    if leaf == "bool":
        return said == str(bool(dumped)).lower()
    return number(said.split()[0]) == dumped  # a char-sized one is followed by its character


def number(said):
    try:
        return int(said, 0)
    except ValueError:
        return said


def bits(value, form, form_of_bits):
    return struct.unpack(form_of_bits, struct.pack(form, float(value)))[0]


def text(said):
    """The characters of a C string that gdb shows, behind its address or alone."""
    match = re.search(r'"(.*)"', said, re.DOTALL)
    return json.loads(f'"{match.group(1)}"') if match else said


def flags(said):
    """gdb: (A | B) or A; the dump: A|B."""
    names = {name.strip() for name in re.sub(r"[()]", "", str(said)).split("|")}
    return names - {"0", "TRAIT_NONE"}


def function(dumped, said):
    """The dump: file.c:name; gdb: `name in section ...` and `Line N of "FILE" starts at ...`."""
    if dumped is None:
        return said.startswith("No symbol matches")
    file, _, name = dumped["code"].rpartition(":")
    symbol = re.match(r"(\w+) in section", said)
    source = re.search(r'Line \d+ of "([^"]+)" starts at address', said)
    return bool(symbol and source and symbol.group(1) == name and
                os.path.basename(source.group(1)) == file)


if __name__ == "__main__":
    main()
