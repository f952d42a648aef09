#!/usr/bin/env python3
"""Two hundred reloads in one process, each to other structs: nothing piles up, and the game is
still the same game."""

import os
import pathlib
import re
import shutil
import unittest

import variants
from game_run import GAME, SANITIZED, GameTest, load_json

RELOADS = 200
WARM = 50      # reloads until memory has reached its size
PROBATION = 60 # frames
KEPT = 8          # generations that the host keeps to go back to
RESTART_FILES = 7 # code and state of the last checkpoint and of one that is being written
GROWTH = 1.10  # resident memory after all reloads against that


class Soak(GameTest):
    def test_nothing_piles_up(self):
        library = shutil.copy(GAME, self.folder / "libgame.so")
        temporary = self.folder / "temporary" # where the host keeps its copies of the library
        temporary.mkdir()
        live = self.live_game(library, "--no-build", environment={"TMPDIR": str(temporary)})
        process = Process(live.process.pid)
        warm = None
        for number in range(1, RELOADS + 1):
            self.reload(live, library, number)
            if number == WARM:
                warm = self.settled(live, process, temporary)
        end = self.settled(live, process, temporary)
        print(f"after {WARM} reloads: {warm}\nafter {RELOADS} reloads: {end}", flush=True)
        self.assertEqual(warm["files"], end["files"])
        if SANITIZED:
            print("sanitized: resident memory is not compared, the sanitizer's own records grow")
        else:
            self.assertLess(end["resident"], warm["resident"] * GROWTH)
        self.assert_never_reloaded(live)

    def reload(self, live, library, number):
        """As a linker would: the finished file takes the place of the old one."""
        finished = self.folder / "finished.so"
        shutil.copy(variants.library("reordered" if number % 2 else "widened"), finished)
        os.replace(finished, library)
        event = live.wait_for("reload")
        self.assertEqual(event["outcome"], "migrated", event["detail"])
        self.assertEqual(event["generation"], number + 1)
        self.assertGreaterEqual(event["objects"], 8000)

    def settled(self, live, process, temporary):
        """What the process holds once the probation of the last reload has cleaned up behind it."""
        live.play(PROBATION + 3)
        libraries = process.libraries("libgame")
        self.assertEqual(len(libraries), 1, f"libraries still mapped: {libraries}")
        files = [path for path in temporary.rglob("*") if path.is_file()]
        again = [path for path in files if path.name.startswith("restart")]
        self.assertLessEqual(len(again), RESTART_FILES, f"files to start again with: {again}")
        kept = [path for path in files if path.name.startswith("generation-")]
        self.assertEqual(len(kept), KEPT, f"generations to go back to: {kept}")
        copies = [path for path in files if path not in again and path not in kept]
        self.assertEqual(len(copies), 1, f"copies of libraries: {copies}")
        return {"files": process.files(), "resident": process.resident()}

    def assert_never_reloaded(self, live):
        state = load_json(live.dump("end.json"))
        frame = next(obj["value"]["frame"] for obj in state["objects"] if obj["type"] == "Colony")
        self.assertEqual(live.quit(), 0, live.log_text())
        self.assertGreater(frame, RELOADS)
        self.assert_same_state(self.run_game(frame).state(), state, common_fields=True)


class Process:
    """What the kernel tells of a process."""

    def __init__(self, pid):
        self.folder = pathlib.Path("/proc") / str(pid)

    def libraries(self, name):
        """Different files mapped under such a name, removed ones too."""
        maps = (self.folder / "maps").read_text()
        return sorted(set(re.findall(rf"\S*/{name}[^/\n]*", maps)))

    def files(self):
        return len(os.listdir(self.folder / "fd"))

    def resident(self):
        """KiB that are the process's own; pages of shared libraries come and go."""
        rollup = (self.folder / "smaps_rollup").read_text()
        sizes = re.findall(r"^Private_\w+: +(\d+) kB", rollup, re.MULTILINE)
        return sum(int(size) for size in sizes)


if __name__ == "__main__":
    unittest.main()
