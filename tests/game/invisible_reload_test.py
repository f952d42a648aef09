#!/usr/bin/env python3
"""The game plays the same game whether it is reloaded or not: with the same code, and with structs
that differ in what no rule can tell. Reloads happen at exact frames, by the whole transaction."""

import json
import os
import unittest

import variants
from game_run import GAME, GameTest

FRAMES = 600
MANY_OBJECTS = 8000
WIDENED, REORDERED = variants.library("widened"), variants.library("reordered")


def swaps(*plan):
    return [word for frame, library in plan for word in ("--swap", f"{frame}={library}")]


class InvisibleReload(GameTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(os.environ["MOLT_GAME_SCHEMA"], encoding="utf-8") as file:
            cls.fields = {field["name"] for type_ in json.load(file)["types"]
                          for field in type_.get("fields", ())}

    def assert_migrated(self, run, count):
        """Every reload happened, moved thousands of objects, and lost nothing that the game has."""
        self.assertEqual([event["outcome"] for event in run.reloads], ["migrated"] * count, run.log)
        for event in run.reloads:
            self.assertGreaterEqual(event["objects"], MANY_OBJECTS, event["headline"])
            lost = [finding for finding in event["report"]["findings"]
                    if finding["severity"] != "info"]
            for finding in lost:
                self.assertEqual(finding["rule"], "field-removed", finding)
                self.assertNotIn(finding["path"].rpartition(".")[2], self.fields, finding)

    def test_reloads_of_the_same_code_change_nothing(self):
        plain = self.run_game(FRAMES)
        reloaded = self.run_game(FRAMES, "--reload-every", "10")
        self.assertEqual(plain.reloads, [])
        self.assertEqual([event["outcome"] for event in reloaded.reloads], ["code"] * 59)
        self.assert_same_text(plain.dump, reloaded.dump)

    def test_other_structs_and_back_change_nothing(self):
        plain = self.run_game(FRAMES)
        edited = self.run_game(FRAMES, *swaps(
            (1, WIDENED), (70, REORDERED), (150, GAME), (230, REORDERED), (310, WIDENED),
            (390, GAME)))
        self.assert_migrated(edited, 6)
        self.assert_same_text(plain.dump, edited.dump)

    def test_all_that_stays_in_other_structs_is_the_same(self):
        plain = self.run_game(FRAMES).state()
        for last, before in ((WIDENED, REORDERED), (REORDERED, WIDENED)):
            with self.subTest(last=last):
                edited = self.run_game(FRAMES, *swaps((90, last), (91, before), (300, GAME),
                                                      (301, before), (470, last)))
                self.assert_migrated(edited, 5)
                state = edited.state()
                self.assertNotEqual(plain["schema"], state["schema"])
                self.assert_same_state(plain, state, common_fields=True)

    def test_a_game_that_began_in_other_structs_is_the_same(self):
        """Without a reload too the variants are one game; else the other tests would be in vain."""
        plain = self.run_game(FRAMES).state()
        for library in (WIDENED, REORDERED):
            with self.subTest(library=library):
                self.assert_same_state(plain, self.run_game(FRAMES, library=library).state(),
                                       common_fields=True)

    def test_added_fields_start_from_their_defaults(self):
        def ants(run):
            return {obj["value"]["id"]: obj["value"] for obj in run.state()["objects"]
                    if obj["type"] == "Ant"}

        before, edited = self.run_game(59), self.run_game(60, *swaps((59, WIDENED)))
        self.assert_migrated(edited, 1)
        old, new = ants(before), ants(edited)
        survivors = old.keys() & new.keys()
        self.assertGreater(len(survivors), MANY_OBJECTS)
        for id_ in survivors:
            ant = new[id_]
            self.assertEqual((ant["pedigree"], ant["dialect"], ant["rival"], ant["vain"]),
                             (-7, "eastern", None, True), f"ant {id_}")
        for id_ in new.keys() - old.keys():
            self.assertEqual(new[id_]["pedigree"], 0, f"ant {id_} was made by the new code, zeroed")


if __name__ == "__main__":
    unittest.main()
