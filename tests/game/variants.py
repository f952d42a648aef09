#!/usr/bin/env python3
"""Variants of the sample game that play the same: their structs differ in what no rule can tell.

    widened    fields added between others, numbers in wider types, longer arrays
    reordered  fields in another order, other enumerator values, an anonymous struct, larger 2-D
               arrays
    workbench  as it is, built for debugging; for tests that edit and rebuild it

Run as a program it builds them all where MOLT_VARIANTS says. Building again is quick when nothing
has changed.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from header import Header

SOURCES = pathlib.Path(os.environ["MOLT_GAME_SOURCES"])
VARIANTS = pathlib.Path(os.environ["MOLT_VARIANTS"])
CONFIGURE = ["-G", os.environ["MOLT_GENERATOR"], f"-DMolt_DIR={os.environ['MOLT_BUILD_TREE']}",
             f"-DCMAKE_C_COMPILER={os.environ['MOLT_C_COMPILER']}",
             f"-DCMAKE_C_FLAGS={os.environ['MOLT_C_FLAGS']}"]
CMAKE = os.environ["MOLT_CMAKE"]
# Vec2 and Chamber are left out: the rules initialise them by position.
SHUFFLED = ("Link", "Regrowth", "Rot", "FoodPile", "Tile", "Chunk", "Map", "Cargo", "Notable",
            "Brood", "Ant", "Laying", "Queen", "Nest", "Spider", "Sky", "Event", "EventQueue",
            "Spark", "Sample", "Stats", "Player", "Colony")


def widened(header):
    """Values that are whole, and floats that no rule computes with, fit the wider type exactly."""
    header.retype("Ant", "id", "uint64_t id;")
    header.retype("Ant", "slot", "int64_t slot;")
    header.insert("Ant", "caste", "int64_t pedigree MOLT_DEFAULT(-7);")
    header.insert("Ant", "heading", "char dialect[11] MOLT_DEFAULT(\"eastern\");")
    header.insert("Ant", "cargo", "struct Ant *rival;")
    header.retype("Ant", "trips", "uint32_t trips;")
    header.retype("Ant", "bites", "unsigned bites : 21;")
    header.insert("Ant", "bites", "bool vain : 1 MOLT_DEFAULT(true);")
    header.retype("Tile", "food", "int32_t food;")
    header.retype("Tile", "column", "uint16_t column; int32_t row;")
    header.retype("Tile", "explored", "bool explored;")
    header.insert("Tile", "shade", "float moisture MOLT_DEFAULT(0.25f);")
    header.retype("FoodPile", "amount", "int64_t amount;")
    header.retype("FoodPile", "label", "char label[NAME_LENGTH * 2];")
    header.insert("FoodPile", "kind", "Vec2 drift MOLT_DEFAULT({1, -2});")
    header.retype("Nest", "radius", "double radius;")
    header.retype("Nest", "census", "int64_t census[CASTE_COUNT];")
    header.retype("Nest", "chambers", "Chamber chambers[CHAMBER_COUNT + 3];")
    header.insert("Nest", "food", "uint8_t banner[3] MOLT_DEFAULT({200, 100, 50});")
    header.retype("Spider", "name", "char name[40];")
    header.retype("Spider", "cooldown", "int32_t cooldown;")
    header.retype("Spider", "eaten", "uint64_t eaten;")
    header.insert("Spider", "mood", "double hunger MOLT_DEFAULT(0.75);")
    header.retype("Brood", "meals", "uint32_t meals;")
    header.insert("Brood", "growth", "Ant *mother;")
    header.retype("Sample", "brood", "int64_t brood;")
    header.insert("Sample", "ants", "int8_t weather MOLT_DEFAULT(3);")
    header.retype("Player", "brush", "double brush;")
    header.retype("Colony", "next_id", "uint64_t next_id;")
    header.insert("Colony", "ants", "Spider *champion;")


def reordered(header):
    header.retype("Chunk", "homeward", "uint16_t homeward[CHUNK_SIZE + 2][CHUNK_SIZE + 1];")
    header.retype("Chunk", "tiles", "Tile tiles[CHUNK_SIZE + 1][CHUNK_SIZE + 2];")
    header.retype("Map", "chunks", "Chunk *chunks[CHUNKS_Y + 1][CHUNKS_X + 1];")
    header.wrap("Ant", "caste", "heading")
    header.insert("Chunk", "row", "uint32_t rainfall MOLT_DEFAULT(12);")
    header.insert("Queen", "eggs", "struct { int16_t jewels; Vec2 veil; } crown;")
    header.replace("    TILE_SOIL,\n    TILE_ROCK,\n    TILE_WATER,\n",
                   "    TILE_MOSS,\n    TILE_WATER,\n    TILE_SOIL,\n    TILE_ROCK,\n")
    header.replace("    EVENT_BIRTHS = 1,", "    EVENT_BIRTHS = 3,")
    header.replace("TRAIT_VETERAN = 1 << 0,", "TRAIT_VETERAN = 1 << 6,")
    header.replace("TRAIT_BOLD = 1 << 2,", "TRAIT_BOLD = 1 << 9,")
    for struct in SHUFFLED:
        header.shuffle(struct, "reordered")


EDITS = {"widened": widened, "reordered": reordered, "workbench": None}


def sources(name):
    return VARIANTS / name / "game"


def library(name):
    return VARIANTS / name / "build" / "libgame.so"


def write_sources(name):
    """Brings the copy up to date; files that are right keep their time and are not built anew."""
    folder = sources(name)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path.read_text() for path in SOURCES.iterdir() if path.is_file()}
    if EDITS[name]:
        header = Header(wanted["colony.h"])
        EDITS[name](header)
        wanted["colony.h"] = header.text
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for file, text in wanted.items():
        path = folder / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def build(name):
    """Brings a variant up to date and gives its library."""
    write_sources(name)
    return build_edited(name)


def build_edited(name):
    """Builds its sources as they stand; CalledProcessError and the output printed on failure."""
    folder = VARIANTS / name / "build"
    build_type = "Debug" if name == "workbench" else os.environ["MOLT_BUILD_TYPE"]
    settings = [*CONFIGURE, f"-DCMAKE_BUILD_TYPE={build_type}"]
    remember(folder, settings)
    run(CMAKE, "-S", sources(name), "-B", folder, *settings)
    run(CMAKE, "--build", folder)
    return library(name)


def remember(folder, settings):
    """Begins afresh when the settings changed: a used build folder takes no other compiler."""
    note = folder.with_name("settings")
    text = "\n".join(settings)
    if folder.exists() and not (note.exists() and note.read_text() == text):
        shutil.rmtree(folder)
    note.write_text(text)


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout)
        done.check_returncode()


def main():
    for name in EDITS:
        print(build(name), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
