#!/usr/bin/env python3
"""Snapshot files of the sample game: a game that is saved and loaded goes on as if nothing had been,
also in other structs, and what cannot be loaded leaves the game that runs alone."""

import json
import shutil
import unittest

import variants
from game_run import GAME, GameTest

HALF, FULL = 150, 300
WIDENED, REORDERED = variants.library("widened"), variants.library("reordered")


class Snapshots(GameTest):
    def save(self, name, frames, *options, **more):
        path = self.folder / name
        return path, self.run_game(frames, "--save", path, *options, **more)

    def test_continued_game_equals_an_uninterrupted_one(self):
        half, _ = self.save("half.molt", HALF)
        full, plain = self.save("full.molt", FULL)
        for trust in ((), ("--trust",)):
            with self.subTest(trust=trust):
                end, continued = self.save("end.molt", FULL - HALF, "--load", half, *trust, seed=99)
                self.assert_same_text(plain.dump, continued.dump)
                self.assertEqual(full.read_bytes(), end.read_bytes())

    def test_equal_states_are_equal_files_whatever_happened_before(self):
        plain, _ = self.save("plain.molt", HALF)
        again, _ = self.save("again.molt", HALF)
        reloaded, _ = self.save("reloaded.molt", HALF, "--reload-every", "10")
        edited, run = self.save("edited.molt", HALF, "--swap", f"20={WIDENED}", "--swap",
                                f"50={REORDERED}", "--swap", f"90={GAME}")
        self.assertEqual(len(run.reloads), 3)
        for other in (again, reloaded, edited):
            self.assertEqual(plain.read_bytes(), other.read_bytes(), other.name)

    def test_reload_through_a_file_equals_the_reload_in_memory(self):
        swaps = ["--swap", f"60={WIDENED}", "--swap", f"110={REORDERED}", "--swap", f"160={GAME}"]
        memory = self.run_game(FULL, *swaps, "--reload-every", "40")
        file = self.run_game(FULL, *swaps, "--reload-every", "40", "--reload-through-file")
        self.assertEqual([event["outcome"] for event in memory.reloads],
                         [event["outcome"] for event in file.reloads])
        self.assertIn("migrated", [event["outcome"] for event in file.reloads])
        self.assert_same_text(memory.dump, file.dump)

    def test_file_of_an_older_game_migrates(self):
        """Nothing of the game is lost on the way to wider structs, which the strict policy asks for."""
        half, _ = self.save("half.molt", HALF)
        plain = self.run_game(FULL)
        wide = self.run_game(FULL - HALF, "--load", half, library=WIDENED)
        self.assertNotEqual(plain.state()["schema"], wide.state()["schema"])
        self.assert_same_state(plain.state(), wide.state(), common_fields=True)

    def test_file_that_would_lose_values_is_refused(self):
        wide, _ = self.save("wide.molt", HALF, library=WIDENED)
        game = self.live_game(self.copy_of(GAME))
        before, after = self.folder / "before.json", self.folder / "after.json"
        # In one go, so that no frame lies between.
        game.send(f"dump {before}\nload {wide}\ndump {after}")
        answer = game.wait(lambda event: event.get("command") == f"load {wide}", "the load")
        self.assertFalse(answer["ok"])
        self.assertIn("field-removed", answer["error"])
        self.assertTrue(game.wait_for("done")["ok"])
        self.assertEqual(before.read_bytes(), after.read_bytes())
        game.play(3)
        self.assertEqual(game.quit(), 0)

    def test_save_and_load_in_a_running_game(self):
        game = self.live_game(self.copy_of(GAME))
        game.play(20)
        path, damaged = self.folder / "live.molt", self.folder / "damaged.molt"
        self.assertTrue(self.command(game, f"save {path}")["ok"])
        bytes_ = bytearray(path.read_bytes())
        bytes_[len(bytes_) // 2] ^= 1
        damaged.write_bytes(bytes_)
        game.play(10)
        answer = self.command(game, f"load {damaged}")
        self.assertFalse(answer["ok"])
        self.assertRegex(answer["error"], r"section \w+, offset \d+")
        for _ in range(3): # back and forth between the places that heaps have
            game.send(f"load {path}\nsave {self.folder / 'again.molt'}")
            for kind in "loaded", "saved":
                self.assertTrue(game.wait_for(kind)["ok"])
        self.assertEqual(path.read_bytes(), (self.folder / "again.molt").read_bytes())
        self.assertEqual(game.quit(), 0)

    def copy_of(self, library):
        folder = self.folder / "copy"
        folder.mkdir()
        return shutil.copy(library, folder / "libgame.so")

    def command(self, game, line):
        game.send(line)
        return game.wait(lambda event: event["event"] == "done" and event["command"] == line, line)


if __name__ == "__main__":
    unittest.main()
