#!/usr/bin/env python3
"""Equal seeds play equal games. Every comparison of runs in this folder rests on it."""

import unittest

from game_run import GameTest

FRAMES = 400


class Determinism(GameTest):
    def test_equal_seeds_end_in_equal_states(self):
        first, second = self.run_game(FRAMES, seed=7), self.run_game(FRAMES, seed=7)
        self.assert_same_text(first.dump, second.dump)

    def test_other_seeds_end_in_other_states(self):
        first, other = self.run_game(FRAMES, seed=7), self.run_game(FRAMES, seed=8)
        self.assertNotEqual(first.text(), other.text())

    def test_drawing_does_not_change_the_state(self):
        """A headless run draws only the frame of which it writes a picture, on any number of threads."""
        unseen = self.run_game(40)
        seen = self.run_game(40, "--screenshot", self.folder / "last.png", "--threads", "1")
        self.assert_same_text(unseen.dump, seen.dump)
        shared = self.run_game(40, "--screenshot", self.folder / "shared.png", "--threads", "5")
        self.assert_same_text(unseen.dump, shared.dump)
        self.assertEqual((self.folder / "last.png").read_bytes(),
                         (self.folder / "shared.png").read_bytes())

    def test_a_state_from_json_goes_on_as_if_nothing_had_been(self):
        begun = self.run_game(FRAMES // 2)
        resumed = self.run_game(FRAMES // 2, "--load-json", begun.dump)
        self.assert_same_state(self.run_game(FRAMES).state(), resumed.state())

    def test_the_game_does_something(self):
        """A game that stands still would agree with itself whatever a reload does."""
        colony = next(obj["value"] for obj in self.run_game(FRAMES).state()["objects"]
                      if obj["type"] == "Colony")
        self.assertEqual(colony["frame"], FRAMES)
        self.assertGreater(colony["stats"]["distance"], 10000)
        self.assertGreater(colony["stats"]["births"], 0)
        self.assertGreater(colony["stats"]["deaths"], 0)


if __name__ == "__main__":
    unittest.main()
