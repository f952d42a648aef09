#!/usr/bin/env python3
"""The host's use of snapshot files: options, commands, autosaves, and what a crash leaves."""

import json
import os
import signal
import subprocess
import time
import unittest

from host_run import GALLERY, HOST, SECONDS, HostTest


class Files(HostTest):
    def frames(self, name):
        dump = json.loads((self.folder / name).read_text())
        return next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")["frames"]

    def test_saved_state_goes_on_with_its_frames_and_its_seed(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--seed", 77, "--save", "a.molt")
        done = self.host(self.gallery(), "--headless", "--frames", 3, "--seed", 1, "--load",
                         "a.molt", "--dump", "state.json", "--events", "-")
        self.assertEqual(self.frames("state.json"), 8)
        self.assertIn('"seed":77', (self.folder / "state.json").read_text())
        self.assertNotIn("counts frames in its own way", done.stderr)
        loaded = next(e for e in self.events(done.stdout) if e["event"] == "loaded")
        self.assertEqual((loaded["ok"], loaded["path"], loaded["frame"]), (True, "a.molt", 0))

    def tool(self, *words):
        done = subprocess.run([os.environ["MOLT_TOOL"], *map(str, words)], cwd=self.folder, timeout=SECONDS,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_tool_writes_the_dump_that_the_game_wrote(self):
        self.host(self.gallery("gallery_ends"), "--headless", "--save", "a.molt", "--dump", "a.json")
        game = (self.folder / "a.json").read_text()
        for part in ('"(globals):0"', ":frames_shown\":5", '"ggggg"', '"ref":"Gallery:0"',
                     '"size":16,"holds":"02000000"'):
            self.assertIn(part, game)
        self.assertEqual(self.tool("dump", "a.molt"), game)
        schema = GALLERY / "gallery_ends.schema.json"
        self.tool("import", "--schema", schema, "a.json", "-o", "b.molt")
        self.assertEqual(self.tool("dump", "b.molt"), game)
        done = self.host(self.gallery("gallery_ends"), "--headless", "--frames", 1, "--load", "b.molt",
                         "--events", "-")
        loaded = next(e for e in self.events(done.stdout) if e["event"] == "loaded")
        self.assertEqual((loaded["ok"], loaded["report"]["findings"]), (True, []))
        old = json.loads(game)
        del old["constants"]
        (self.folder / "old.json").write_text(json.dumps(old))
        self.tool("import", "--schema", schema, "old.json", "-o", "c.molt")
        done = self.host(self.gallery("gallery_ends"), "--headless", "--frames", 1, "--load", "c.molt",
                         "--events", "-")
        loaded = next(e for e in self.events(done.stdout) if e["event"] == "loaded")
        self.assertEqual([finding["rule"] for finding in loaded["report"]["findings"]], ["constant-unchecked"])

    def test_state_of_an_older_game_gets_the_new_field(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--save", "a.molt")
        self.host(self.gallery("gallery_2"), "--headless", "--frames", 1, "--load", "a.molt",
                  "--dump", "state.json")
        self.assertIn('"visitors":12', (self.folder / "state.json").read_text())

    def test_what_cannot_be_loaded_ends_the_start_and_says_why(self):
        (self.folder / "text.molt").write_text("no snapshot")
        self.host(self.gallery("gallery_2"), "--headless", "--frames", 5, "--save", "newer.molt")
        for name, words in (("none.molt", "No such file"), ("text.molt", "no Molt snapshot"),
                            ("newer.molt", "field-removed")):
            done = self.host(self.gallery(), "--headless", "--frames", 2, "--load", name, status=1)
            self.assertIn(words, done.stderr)

    def test_commands_save_and_load(self):
        done = self.host(self.gallery(), "--headless", "--console", "--events", "-",
                         text="save a.molt\ndump a.json\nload a.molt\ndump b.json\nload none.molt\n"
                              "save no/a.molt\ndump c.json\nquit\n")
        told = [e for e in self.events(done.stdout) if e["event"] == "done"]
        self.assertEqual([e["ok"] for e in told], [True] * 4 + [False, False, True, True])
        self.assertIn("none.molt", told[4]["error"])
        self.assertIn("no/a.molt", told[5]["error"])
        states = [(self.folder / name).read_bytes() for name in ("a.json", "b.json", "c.json")]
        self.assertEqual(states[0], states[1])
        self.assertEqual(states[0], states[2])

    def test_unwritable_save_at_exit_fails(self):
        done = self.host(self.gallery(), "--headless", "--frames", 2, "--save", "no/file.molt",
                         status=1)
        self.assertIn("no/file.molt", done.stderr)

    def test_reload_through_a_file_goes_on(self):
        done = self.host(self.gallery(), "--headless", "--frames", 10, "--reload-every", 3,
                         "--reload-through-file", "--events", "-", "--dump", "state.json")
        self.assertEqual([e["outcome"] for e in self.events(done.stdout) if e["event"] == "reload"],
                         ["code"] * 3)
        self.assertEqual(self.frames("state.json"), 10)


class Crashes(HostTest):
    AUTOSAVE, CRASHED = "gallery_1.autosave.molt", "gallery_1.crashed.molt"
    ENDED = "gallery_1.ended.molt"

    def start(self, *arguments):
        host = subprocess.Popen([HOST, str(self.gallery()), "--headless", "--console", *arguments],
                                cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(host.wait)
        self.addCleanup(host.kill)
        return host

    def wait_for(self, name):
        deadline = time.monotonic() + SECONDS
        while not (self.folder / name).exists():
            self.assertLess(time.monotonic(), deadline, f"{name} does not come")
            time.sleep(0.01)

    def crash(self):
        host = self.start("--autosave", "1")
        self.wait_for(self.AUTOSAVE)
        host.send_signal(signal.SIGKILL)
        host.communicate()

    def end(self, *numbers, arguments=("--autosave", "600"), ready="told"):
        """Signals, one after the other; what the session says."""
        host = self.start("--events", "told", *arguments)
        self.wait_for(ready)
        for number in numbers:
            host.send_signal(number)
        said = host.communicate(timeout=SECONDS)[1]
        self.assertEqual(host.returncode, 0, said)
        (self.folder / "told").unlink()
        return said

    def recovered_frames(self):
        """What the next session begins with."""
        self.host(self.gallery(), "--headless", "--frames", 1, "--recover", "--dump", "state.json")
        dump = json.loads((self.folder / "state.json").read_text())
        (self.folder / "state.json").unlink()
        return next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")["frames"] - 1

    def files(self):
        return sorted(os.listdir(self.folder))

    def test_orderly_end_leaves_nothing(self):
        host = self.start("--autosave", "1")
        self.wait_for(self.AUTOSAVE)
        host.communicate("quit\n", timeout=SECONDS)
        self.assertEqual(host.returncode, 0)
        self.assertEqual(self.files(), [])

    def test_killed_session_keeps_its_state_for_the_next_one(self):
        for number in signal.SIGTERM, signal.SIGHUP:
            said = self.end(number, arguments=("--autosave", "1"), ready=self.AUTOSAVE)
            self.assertIn(f"state saved: {self.ENDED}", said)
            self.assertEqual(self.files(), [self.ENDED])
            done = self.host(self.gallery(), "--headless", "--frames", 1)
            self.assertIn("ended from outside", done.stderr)
            self.assertIn(f"is in {self.ENDED}: start with --recover", done.stderr)
            self.assertGreaterEqual(self.recovered_frames(), 60)
            self.assertEqual(self.files(), [])

    def test_interrupt_is_a_player_who_quits(self):
        self.end(signal.SIGINT)
        self.assertEqual(self.files(), [])
        self.end(signal.SIGINT, signal.SIGTERM)
        self.assertEqual(self.files(), [self.ENDED])

    def test_state_of_a_session_that_was_recovered_and_killed_goes_on(self):
        self.end(signal.SIGTERM)
        first = self.folder / self.ENDED
        size = first.stat().st_size
        self.end(signal.SIGTERM, arguments=("--recover", "--autosave", "600"))
        self.assertEqual((self.files(), first.stat().st_size), ([self.ENDED], size))
        self.end(signal.SIGTERM)  # this one did not begin with it
        older = self.ENDED.replace(".molt", ".1.molt")
        self.assertEqual(self.files(), [older, self.ENDED])
        self.crash()
        self.host(self.gallery(), "--headless", "--frames", 1)
        self.assertEqual(self.files(), [self.CRASHED, older, self.ENDED])
        self.assertGreaterEqual(self.recovered_frames(), 60)  # the newest of them
        self.assertEqual(self.files(), [older, self.ENDED])

    def test_batch_run_without_autosave_leaves_nothing(self):
        self.end(signal.SIGTERM, arguments=())
        self.assertEqual(self.files(), [])

    def test_ignored_hangup_stays_ignored(self):
        host = subprocess.Popen(["nohup", HOST, str(self.gallery()), "--headless", "--events", "told",
                                 "--console"], cwd=self.folder, stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                env=self.environment)
        self.addCleanup(host.wait)
        self.addCleanup(host.kill)
        self.wait_for("told")
        host.send_signal(signal.SIGHUP)
        host.communicate("dump a.json\nquit\n", timeout=SECONDS)
        self.assertEqual(host.returncode, 0)
        self.assertTrue((self.folder / "a.json").exists())

    def test_end_that_cannot_save_keeps_what_there_is(self):
        host = self.start("--autosave", "1", "--save", "/nowhere/at/all.molt")
        self.wait_for(self.AUTOSAVE)
        host.communicate("quit\n", timeout=SECONDS)
        self.assertEqual(host.returncode, 1)
        self.assertEqual(self.files(), [self.AUTOSAVE])
        self.host(self.gallery(), "--headless", "--frames", 2, "--recover", "--dump", "/nowhere/x.json", status=1)
        self.assertEqual(self.files(), [self.CRASHED])

    def test_next_start_offers_what_a_crash_left(self):
        self.crash()
        for _ in range(2): # until somebody takes it or removes it
            done = self.host(self.gallery(), "--headless", "--frames", 2)
            self.assertIn("--recover", done.stderr)
            self.assertIn(self.CRASHED, done.stderr)
            self.assertEqual(self.files(), [self.CRASHED])

    def test_second_crash_keeps_what_the_first_one_left(self):
        self.crash()
        self.host(self.gallery(), "--headless", "--frames", 1)
        first = (self.folder / self.CRASHED).read_bytes()
        self.crash()
        self.host(self.gallery(), "--headless", "--frames", 1)
        older = self.CRASHED.replace(".molt", ".1.molt")
        self.assertEqual(self.files(), [older, self.CRASHED])
        self.assertEqual((self.folder / older).read_bytes(), first)

    def test_recovered_game_goes_on(self):
        self.crash()
        done = self.host(self.gallery(), "--headless", "--frames", 2, "--recover", "--load",
                         "other.molt", "--dump", "state.json")
        self.assertIn("other.molt is not loaded: the game goes on from", done.stderr)
        self.assertNotIn("counts frames in its own way", done.stderr)
        dump = json.loads((self.folder / "state.json").read_text())
        gallery = next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")
        self.assertGreaterEqual(gallery["frames"], 60 + 2)
        self.assertEqual((gallery["frames"] - 2) % 60, 0)
        self.assertEqual(self.files(), ["state.json"])
        self.assertNotIn("--recover", self.host(self.gallery(), "--headless", "--frames", 1).stderr)

    def test_damaged_rest_of_a_crash_is_named_and_kept(self):
        self.crash()
        path = self.folder / self.AUTOSAVE
        path.write_bytes(path.read_bytes()[:-1])
        done = self.host(self.gallery(), "--headless", "--frames", 2, "--recover", status=1)
        self.assertIn("offset", done.stderr)
        self.assertEqual(self.files(), [self.CRASHED])

    def test_running_session_is_not_taken_for_a_crashed_one(self):
        self.start("--autosave", "1")
        self.wait_for(self.AUTOSAVE)
        done = self.host(self.gallery(), "--headless", "--frames", 2)
        self.assertNotIn("--recover", done.stderr)
        self.assertTrue((self.folder / self.AUTOSAVE).exists())

    def test_nothing_to_recover_is_said(self):
        done = self.host(self.gallery(), "--headless", "--frames", 1, "--recover")
        self.assertIn("nothing to recover", done.stderr)


if __name__ == "__main__":
    unittest.main()
