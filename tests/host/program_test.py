#!/usr/bin/env python3
"""The whole program without a window: options, pictures, dumps, events, commands, reloads."""

import json
import os
import resource
import signal
import subprocess
import unittest

from host_run import HOST, HostTest, Picture


class Usage(HostTest):
    def test_wrong_command_lines_exit_2_and_say_why(self):
        for arguments, words in ([["--fast", "a.so"], "--fast"], [[], "No game library"],
                                 [["a.so", "--frames", "many"], "many"]):
            done = self.host(*arguments, status=2)
            self.assertIn(words, done.stderr)
            self.assertIn("usage: molt-host", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_help_and_version_go_to_standard_output(self):
        self.assertIn("--headless", self.host("--help").stdout)
        self.assertRegex(self.host("--version").stdout, r"^molt-host \d+\.\d+\.\d+\n$")

    def test_missing_library_is_named(self):
        done = self.host("no/such.so", "--headless", status=1)
        self.assertIn("no/such.so", done.stderr)
        self.assertIn("Build the game first", done.stderr)

    def test_what_is_no_library_is_named(self):
        (self.folder / "text.so").write_text("not a library")
        self.assertIn("text.so", self.host("text.so", "--headless", status=1).stderr)

    def test_without_a_display_headless_is_suggested(self):
        bare = {key: value for key, value in self.environment.items()
                if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        bare["SDL_VIDEODRIVER"] = "x11"
        done = self.host(self.gallery(), status=1, environment=bare)
        self.assertIn("--headless", done.stderr)


class Headless(HostTest):
    def test_picture_shows_every_primitive(self):
        self.host(self.gallery(), "--headless", "--frames", 3, "--screenshot", "shot.png")
        picture = Picture(self.folder / "shot.png")
        self.assertEqual((picture.width, picture.height), (1280, 720))
        self.check_gallery(picture)

    def test_only_the_captured_frame_is_drawn(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--screenshot", "shot.png",
                  "--dump", "state.json", "--seed", 77)
        self.assertEqual(self.state("state.json")["frames"], 5)
        self.assertEqual(self.state("state.json")["drawn"], 1)
        self.assertEqual(self.state("state.json")["seed"], 77)

    def test_nothing_is_drawn_without_a_capture(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--dump", "state.json")
        self.assertEqual(self.state("state.json")["drawn"], 0)

    def test_size_scales_the_picture(self):
        self.host(self.gallery(), "--headless", "--frames", 1, "--size", "640x360",
                  "--screenshot", "shot.png")
        picture = Picture(self.folder / "shot.png")
        self.assertEqual((picture.width, picture.height), (640, 360))
        self.assertEqual(picture.at(65, 215), (255, 0, 0))

    def test_game_may_end_the_session(self):
        done = self.host(self.gallery("gallery_ends"), "--headless", "--events", "-",
                         "--screenshot", "shot.png")
        self.assertEqual(self.events(done.stdout)[-2]["frame"], 5)
        self.check_gallery(Picture(self.folder / "shot.png"))

    def test_state_of_a_dump_goes_on(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--dump", "a.json")
        self.host(self.gallery(), "--headless", "--frames", 1, "--load-json", "a.json", "--dump",
                  "b.json")
        self.host(self.gallery(), "--headless", "--frames", 6, "--dump", "c.json")
        self.assertEqual((self.folder / "b.json").read_text(), (self.folder / "c.json").read_text())

    def test_dump_that_does_not_fit_is_refused_with_its_place(self):
        self.host(self.gallery(), "--headless", "--frames", 1, "--dump", "a.json")
        text = (self.folder / "a.json").read_text()
        (self.folder / "b.json").write_text(text.replace('"id":"Gallery:0"', '"id":"Gallery:1"'))
        done = self.host(self.gallery(), "--headless", "--frames", 1, "--load-json", "b.json",
                         status=1)
        self.assertIn("b.json:2:", done.stderr)
        self.assertIn("$.roots.state", done.stderr)

    def piped(self, command, *words, status=1):
        """What the host says about the output of a command of the shell, which may have no end, as a dump."""
        with subprocess.Popen(["sh", "-c", command], cwd=self.folder, stdout=subprocess.PIPE) as source:
            done = self.host(self.gallery(), "--headless", "--frames", 1, "--load-json", "/dev/stdin", *words,
                             status=status, stdin=source.stdout)
        return done.stderr

    def test_input_without_an_end_is_refused(self):
        os.mkfifo(self.folder / "pipe") # nobody writes into it
        for option, names in ("--load-json", ("/dev/zero", ".")), ("--load", ("/dev/zero", ".", "pipe")):
            for name in names:
                done = self.host(self.gallery(), "--headless", "--frames", 1, option, name, status=1)
                self.assertRegex(done.stderr, f"{name}.*[a-z]")
        self.assertRegex(self.piped("printf '{\"objects\":[' | cat - /dev/zero"), r"/dev/stdin:1:13: ")
        self.assertRegex(self.piped("yes '{\"a\":'"), r"/dev/stdin:\d+:\d+: ")
        said = self.piped("printf '{\"objects\":['; yes 1,", "--max-memory", "1M")
        self.assertRegex(said, "/dev/stdin: more than 1048576 bytes came, .* --max-memory")

    def test_dump_may_come_through_a_pipe_and_takes_what_its_text_warrants(self):
        self.host(self.gallery(), "--headless", "--frames", 5, "--dump", "a.json")
        self.piped("cat a.json", "--dump", "b.json", status=0)
        self.host(self.gallery(), "--headless", "--frames", 6, "--dump", "c.json")
        self.assertEqual((self.folder / "b.json").read_text(), (self.folder / "c.json").read_text())
        said = self.host(self.gallery(), "--headless", "--frames", 1, "--load-json", "a.json", "--max-memory", 8,
                         status=1).stderr
        self.assertRegex(said, r"a.json:\d+:.* allowed; --max-memory allows more")

    def test_unwritable_outputs_are_named_and_fail(self):
        for option in "--dump", "--screenshot", "--events":
            done = self.host(self.gallery(), "--headless", "--frames", 2, option, "no/file",
                             status=1)
            self.assertIn("no/file", done.stderr)

    def test_outputs_that_do_not_fit_leave_what_was_there(self):
        """A file may grow to 100 bytes from the moment on at which the host is up, as on a full disk."""
        for name in "shot.png", "state.json":
            (self.folder / name).write_text("before")
        host = subprocess.Popen([HOST, str(self.gallery()), "--headless", "--events", "-", "--console",
                                 "--dump", "state.json", "--screenshot", "shot.png"], cwd=self.folder,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=self.environment, restore_signals=False)
        while json.loads(host.stdout.readline())["event"] != "started":
            pass
        hard = resource.prlimit(host.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(host.pid, resource.RLIMIT_FSIZE, (100, hard))
        rest, log = host.communicate("screenshot shot.png\ndump state.json\nquit\n", timeout=60)
        self.assertEqual(host.returncode, 1, log)
        told = {event["command"]: event.get("error", "") for event in self.events(rest)
                if event["event"] == "done"}
        for name, command in ("shot.png", "screenshot"), ("state.json", "dump"):
            self.assertIn(f"Cannot write {name}: File too large", told[f"{command} {name}"])
            self.assertGreaterEqual(log.count(f"Cannot write {name}"), 1)
            self.assertEqual((self.folder / name).read_text(), "before")
        self.assertEqual([path for path in self.folder.iterdir() if path.name.endswith(".tmp")], [])

    def test_signal_ends_the_session_in_order(self):
        host = subprocess.Popen([HOST, str(self.gallery()), "--headless", "--events", "-", "--dump",
                                 "state.json"], cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment)
        while json.loads(host.stdout.readline())["event"] != "started":
            pass
        host.send_signal(signal.SIGTERM)
        rest, log = host.communicate(timeout=60)
        self.assertEqual(host.returncode, 0, log)
        self.assertIn("the gallery closes", log)
        self.assertIn("quit", [event["event"] for event in self.events(rest)])
        self.assertTrue((self.folder / "state.json").exists())

    def state(self, name):
        dump = json.loads((self.folder / name).read_text())
        return next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")


class Console(HostTest):
    def test_commands_are_answered_in_order(self):
        done = self.host(self.gallery(), "--headless", "--console", "--events", "-",
                         text="frames\nscreenshot a.png\ndump a.json\nleaks\njump\n"
                              "screenshot no/b.png\nquit\n")
        told = [event for event in self.events(done.stdout) if event["event"] in ("done", "frame")]
        self.assertEqual(told[0]["event"], "frame")
        self.assertEqual([(event["command"], event["ok"]) for event in told[1:]],
                         [("frames", True), ("screenshot a.png", True), ("dump a.json", True),
                          ("leaks", True), ("jump", False), ("screenshot no/b.png", False), ("quit", True)])
        self.assertIn("screenshot PATH", told[5]["error"])
        self.assertIn("no/b.png", told[6]["error"])
        self.check_gallery(Picture(self.folder / "a.png"))
        json.loads((self.folder / "a.json").read_text())

    def test_what_is_wrong_with_a_command_is_said(self):
        wrong = ("load", "save ", "dump\t", "show", "load-json", "screenshot", "leaks now", "quit 3")
        text = "\n".join((*wrong, "jump", "  dump a.json \t", "frames  ", "quit\r\n"))
        done = self.host(self.gallery(), "--headless", "--console", text=text)
        lines = done.stderr.splitlines()
        for line in map(str.strip, wrong):
            name = line.split()[0]
            usage = {"leaks": "leaks", "quit": "quit", "show": "show VALUE"}.get(name, f"{name} PATH")
            self.assertIn(f"molt-host: {line}: usage: {usage}", lines)
        self.assertRegex(done.stderr, "molt-host: jump: unknown command; there are: screenshot PATH, .*, quit")
        json.loads((self.folder / "a.json").read_text())
        self.assertIn("molt-host: frame 0", lines)

    def test_leaks_are_listed_without_events(self):
        done = self.host(self.gallery(), "--headless", "--console", text="leaks\nquit\n")
        self.assertRegex(done.stderr, r"molt-host: \d+ blocks, \d+ bytes that nothing reaches")

    def test_state_is_shown_and_loaded(self):
        done = self.host(self.gallery(), "--headless", "--console", "--events", "-",
                         text="dump a.json\nshow state\nshow state.nothing\nload-json a.json\n"
                              "load-json none.json\nquit\n")
        events = self.events(done.stdout)
        answers = [event["ok"] for event in events if event["event"] == "done"]
        self.assertEqual(answers, [True, True, False, True, False, True])
        shown = next(event["dump"] for event in events if event["event"] == "value")
        self.assertEqual((shown["type"], shown["value"]), ("Gallery", Headless.state(self, "a.json")))

    def test_end_of_input_quits(self):
        done = self.host(self.gallery(), "--headless", "--console", "--events", "-", text="")
        self.assertEqual(self.events(done.stdout)[-2]["event"], "quit")

    def test_end_of_input_leaves_frames_to_run(self):
        done = self.host(self.gallery(), "--headless", "--console", "--frames", 7, "--events", "-",
                         text="frames")
        self.assertEqual(self.events(done.stdout)[-2], {"event": "quit", "frame": 7})


class Reloads(HostTest):
    def test_same_library_reloads_every_few_frames(self):
        done = self.host(self.gallery(), "--headless", "--frames", 10, "--reload-every", 3,
                         "--events", "-", "--dump", "state.json")
        events = self.events(done.stdout)
        reloads = [event for event in events if event["event"] == "reload"]
        self.assertEqual([(r["sequence"], r["frame"], r["outcome"]) for r in reloads],
                         [(1, 3, "code"), (2, 6, "code"), (3, 9, "code")])
        running = [event for event in events if event["event"] == "running"]
        self.assertEqual([r["frame"] for r in running], [4, 7, 10])
        self.assertGreater(running[0]["time_ns"], 1_600_000_000 * 10**9)

    def test_migration_is_told_dumped_and_shown(self):
        library = self.own_gallery()
        done = self.host(library, "--headless", "--frames", 6, "--swap",
                         f"4={self.gallery('gallery_2')}", "--events", "-", "--dump-reloads", "pairs",
                         "--screenshot", "shot.png")
        reload = next(e for e in self.events(done.stdout) if e["event"] == "reload")
        self.assertEqual((reload["outcome"], reload["types"], reload["objects"]), ("migrated", 1, 1))
        self.assertEqual(reload["generation"], 2)
        self.assertGreater(reload["dump_ms"], 0)
        self.assertIsInstance(reload["report"], dict)
        pair = sorted(os.listdir(self.folder / "pairs"))
        self.assertEqual(pair, ["001-after.json", "001-after.schema.json", "001-before.json",
                                "001-before.schema.json"])
        self.assertNotIn("visitors", (self.folder / reload["before"]).read_text())
        self.assertIn("visitors", (self.folder / reload["after"]).read_text())
        self.check_overlay(green=True)

    def test_commands_go_back_and_forward(self):
        library = self.own_gallery()
        # a command that waits for its picture holds back the others until the frame's swap is done
        done = self.host(library, "--headless", "--console", "--events", "-", "--swap",
                         f"0={self.gallery('gallery_2')}", text="screenshot a.png\ndump new.json\n"
                         "undo\ndump old.json\nundo\nredo\ndump again.json\nhistory\nquit\n")
        told = self.events(done.stdout)
        answers = [(e["command"], e.get("error")) for e in told if e["event"] == "done"]
        self.assertEqual([error for command, error in answers if command == "undo"],
                         [None, "no earlier code is kept"])
        self.assertIn(("redo", None), answers)
        self.assertEqual([(e["steps"], e["generation"], e["outcome"]) for e in told
                          if e["event"] == "reload"],
                         [(0, 2, "migrated"), (-1, 1, "migrated"), (1, 2, "migrated")])
        self.assertEqual(next(e for e in told if e["event"] == "history"),
                         {"event": "history", "generations": [1, 2], "running": 2})
        texts = [(self.folder / name).read_text() for name in ("new.json", "old.json", "again.json")]
        self.assertEqual(texts[0], texts[2])
        self.assertNotIn("visitors", texts[1])

    def test_without_history_nothing_is_kept(self):
        done = self.host(self.own_gallery(), "--headless", "--console", "--events", "-", "--history", 0,
                         "--swap", f"0={self.gallery('gallery_2')}",
                         text="screenshot a.png\nundo\nhistory\nquit\n")
        told = self.events(done.stdout)
        self.assertIn("no earlier code is kept", [e.get("error") for e in told])
        self.assertIn({"event": "history", "generations": []}, told)

    def test_library_that_cannot_be_loaded_leaves_the_old_one(self):
        library = self.own_gallery()
        (self.folder / "broken.so").write_bytes(b"\x7fELF and no more")
        done = self.host(library, "--headless", "--frames", 6, "--swap", "4=broken.so",
                         "--events", "-", "--dump-reloads", "pairs", "--screenshot", "shot.png")
        reload = next(e for e in self.events(done.stdout) if e["event"] == "reload")
        self.assertEqual((reload["outcome"], reload["generation"]), ("load-failed", 1))
        self.assertEqual((self.folder / reload["before"]).read_bytes(),
                         (self.folder / reload["after"]).read_bytes())
        self.assertNotIn("running", [e["event"] for e in self.events(done.stdout)])
        self.check_overlay(green=False)

    def check_overlay(self, green):
        """The panel's bar, and the game beside and below it."""
        picture = Picture(self.folder / "shot.png")
        red, lime, _ = picture.at(14, 40)
        self.assertEqual(lime > red, green, f"{picture.at(14, 40)}")
        self.assertGreater(max(red, lime), 150)
        self.assertEqual(picture.at(540, 40), (10, 20, 30))
        self.check_gallery(picture)


if __name__ == "__main__":
    unittest.main()
