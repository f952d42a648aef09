#!/usr/bin/env python3
"""What cannot be taken over changes nothing: after a refusal, a failed build or a damaged library
the state is the same to the byte, the old code plays on, and the next good edit is taken."""

import shutil
import unittest

import variants
from game_run import GAME, load_json
from workbench import WorkbenchTest, field_added, renamed

FRAMES = 300
WIDENED = variants.library("widened")


class LiveRefusals(WorkbenchTest):
    generation = 1

    def test_bad_edits_change_nothing_and_good_ones_are_taken(self):
        unedited = shutil.copy(self.library, self.folder / "unedited.so")
        live = self.live_game(self.library, "--dump-reloads", self.folder / "dumps")
        live.play(20)
        self.refuses(live, "refused", "function-missing", "rest of forager.c", "forager.c",
                     renamed("rest", "doze"))
        self.refuses(live, "build-failed", None, "forager.c", "forager.c",
                     renamed("doze", "doze doze"))
        self.takes(live, "code", "forager.c", lambda text: self.original("forager.c"))
        self.refuses(live, "refused", "field-without-source", "Ant.passport", "colony.h",
                     field_added("uint64_t passport MOLT_REQUIRED;"))
        self.refuses(live, "build-failed", None, "colony.h", "colony.h", renamed("passport", "0"))
        self.takes(live, "migrated", "colony.h",
                   lambda text: field_added("uint64_t passport MOLT_DEFAULT(77);")(
                       self.original("colony.h")))
        self.assert_never_happened(live, unedited)

    def save_and_wait(self, live, file, edit):
        """One file for each save: two might be taken for two edits."""
        self.save(file, edit)
        event = live.wait_for("reload")
        self.assertIsNone(live.process.poll())
        live.play(10)
        return event

    def refuses(self, live, outcome, rule, name, file, edit):
        """`rule` is the one that refuses; `name` stands in the explanation."""
        event = self.save_and_wait(live, file, edit)
        self.assertEqual(event["outcome"], outcome, event["detail"])
        self.assertEqual(event["generation"], self.generation)
        self.assertIn(name, event["detail"])
        if rule:
            rules = [finding["rule"] for finding in event["report"]["findings"]
                     if finding["severity"] == "refuse"]
            self.assertIn(rule, rules, event["detail"])
        self.assert_same_text(event["before"], event["after"])

    def takes(self, live, outcome, file, edit):
        event = self.save_and_wait(live, file, edit)
        self.generation += 1
        self.assertEqual(event["outcome"], outcome, event["detail"])
        self.assertEqual(event["generation"], self.generation)

    def assert_never_happened(self, live, unedited):
        """The game is where it would be without any of the edits."""
        state = load_json(live.dump("end.json"))
        colony = next(obj["value"] for obj in state["objects"] if obj["type"] == "Colony")
        self.assertEqual(live.quit(), 0, live.log_text())
        plain = self.run_game(colony["frame"], library=unedited).state()
        self.assert_same_state(plain, state, common_fields=True)


class RefusalsAtExactFrames(WorkbenchTest):
    def built(self, name, file, edit):
        """The library of an edited game, kept under that name."""
        self.save(file, edit)
        path = self.folder / name
        shutil.copy(variants.build_edited("workbench"), path)
        variants.write_sources("workbench")
        return path

    def outcomes(self, run):
        return [event["outcome"] for event in run.reloads]

    def test_refused_layouts_and_functions(self):
        required = self.built("required.so", "colony.h",
                              field_added("int passport MOLT_REQUIRED;"))
        renamed_function = self.built("function.so", "forager.c", renamed("rest", "doze"))
        plain = self.run_game(FRAMES)
        refused = self.run_game(FRAMES, "--swap", f"50={required}",
                                "--swap", f"51={renamed_function}", "--swap", f"200={required}")
        self.assertEqual(self.outcomes(refused), ["refused"] * 3, refused.log)
        self.assert_same_text(plain.dump, refused.dump)
        taken = self.run_game(FRAMES, "--swap", f"50={required}", "--swap", f"120={WIDENED}",
                              "--swap", f"121={required}", "--swap", f"200={GAME}")
        self.assertEqual(self.outcomes(taken), ["refused", "migrated", "refused", "migrated"],
                         taken.log)
        self.assert_same_text(plain.dump, taken.dump)

    def test_damaged_libraries(self):
        whole = WIDENED.read_bytes()
        damaged = {"text.so": b"int main;\n", "empty.so": b"", "half.so": whole[:len(whole) // 2]}
        words = []
        for i, (name, content) in enumerate(damaged.items()):
            (self.folder / name).write_bytes(content)
            words += ["--swap", f"{100 + i}={self.folder / name}"]
        run = self.run_game(FRAMES, *words, "--swap", f"200={GAME}")
        self.assertEqual(self.outcomes(run), ["load-failed"] * 3 + ["code"], run.log)
        self.assert_same_text(self.run_game(FRAMES).dump, run.dump)

    def test_a_strict_host_refuses_to_lose_a_value(self):
        """Ants born in the widened game hold zero where the default is another value."""
        kept = self.run_game(FRAMES, "--swap", f"100={WIDENED}")
        strict = self.run_game(FRAMES, "--strict", "--swap", f"100={WIDENED}",
                               "--swap", f"250={GAME}")
        self.assertEqual(self.outcomes(strict), ["migrated", "refused"], strict.log)
        self.assert_same_text(kept.dump, strict.dump)


if __name__ == "__main__":
    unittest.main()
