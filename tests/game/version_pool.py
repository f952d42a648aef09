"""A pool of random versions of the game, built to real libraries at once. It never knows what is done with
them."""

import json
import os
import random
import shutil
import subprocess

import variants
from random_version import Game, Gene, Version

GENES = 30


class Pool:
    """`versions[0]` is the game without edits. libraries() are in the same order; those of `refused` have a
    field that no state has a value for."""

    def __init__(self, folder, seed, count, refused=1):
        self.folder = folder
        chance = random.Random(f"genes {seed}")
        genes = [Gene(number, chance) for number in range(GENES)]
        game = Game(variants.SOURCES, seed)
        self.versions = [Version(game, genes, f"{seed}_{n}", wild=n > 0) for n in range(count)]
        self.refused = [Version(game, genes, f"{seed}_{count + n}", required=True) for n in range(refused)]
        self._write()

    def _write(self):
        sources = self.folder / "sources"
        sources.mkdir(parents=True)
        for path in variants.SOURCES.glob("*.[ch]"):
            if path.name != "colony.h":
                shutil.copy(path, sources)
        text = ["cmake_minimum_required(VERSION 3.20)\nproject(pool C)\nfind_package(Molt REQUIRED)\n"]
        for number, version in enumerate(self.versions + self.refused):
            folder = self.folder / f"v{number}"
            folder.mkdir()
            (folder / "colony.h").write_text(version.text)
            (folder / "game.c").write_text(version.source)
            text.append(f"molt_add_game(v{number} SOURCES v{number}/game.c BASE {folder})\n"
                        f"target_include_directories(v{number} PRIVATE v{number} sources)\n"
                        f"target_link_libraries(v{number} PRIVATE m)\n")
        (self.folder / "CMakeLists.txt").write_text("".join(text))

    def build(self):
        """With a compiler cache where there is one; the types are read and linked anew."""
        build = self.folder / "build"
        settings = [*variants.CONFIGURE, f"-DCMAKE_BUILD_TYPE={os.environ['MOLT_BUILD_TYPE']}"]
        for command in (["-S", self.folder, "-B", build, *settings], ["--build", build]):
            done = subprocess.run([variants.CMAKE, *command], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                raise AssertionError(f"the versions do not build\n{done.stdout[-6000:]}")

    def library(self, number):
        return self.folder / "build" / f"libv{number}.so"

    def schema_hash(self, number):
        """Of the schema as the generator wrote it."""
        return json.loads((self.folder / "build" / f"v{number}.schema.json").read_text())["hash"]
