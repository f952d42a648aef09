#!/usr/bin/env python3
"""Crashes of the game in the whole program: back in the process, by a new process, or not at all."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from host_run import GALLERY, HOST, SECONDS, HostTest, Picture
from window_test import Screen

SKIPPED = 77


class Crash(HostTest):
    def setUp(self):
        super().setUp()
        self.private = self.folder / "tmp"
        self.private.mkdir()
        self.environment = {**self.environment, "TMPDIR": str(self.private)}

    def start(self, *arguments, environment=None, gallery="gallery_1"):
        """A host that goes on until it is told to quit; the first events are read."""
        self.library = self.own_gallery(gallery)
        with (self.folder / "log").open("w") as log:
            self.running = subprocess.Popen(
                [HOST, str(self.library), "--console", "--events", "-", "--mute", *arguments],
                cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**self.environment, **(environment or {})})
        self.addCleanup(self.running.wait)
        self.addCleanup(self.running.kill)
        self.addCleanup(self.running.stdin.close)
        self.addCleanup(self.running.stdout.close)
        self.wait("started")

    def wait(self, name):
        """The next event of that name."""
        for line in self.running.stdout:
            event = json.loads(line)
            if event["event"] == name:
                return event
        self.fail(f"no event {name}: " + (self.folder / "log").read_text())

    def tell(self, command):
        self.running.stdin.write(command + "\n")
        self.running.stdin.flush()
        return self.wait("done")

    def frame(self):
        self.running.stdin.write("frames\n")
        self.running.stdin.flush()
        frame = self.wait("frame")["frame"]
        self.wait("done")
        return frame

    def gallery_now(self):
        self.assertTrue(self.tell("dump state.json")["ok"])
        dump = json.loads((self.folder / "state.json").read_text())
        return next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")

    def frames(self):
        return self.gallery_now()["frames"]

    def replace(self, name):
        beside = self.folder / "new.so"
        shutil.copy(self.gallery(name), beside)
        os.replace(beside, self.library)

    def quit(self):
        self.assertTrue(self.tell("quit")["ok"])
        self.assertEqual(self.running.wait(timeout=SECONDS), 0, (self.folder / "log").read_text())
        self.assertNotIn("counts frames in its own way", (self.folder / "log").read_text())
        self.assertEqual(os.listdir(self.private), [])

    def crash_in_probation(self, *arguments, environment=None):
        (self.folder / "crash").touch()
        self.start(*arguments, environment=environment)
        self.tell("frames")
        self.replace("gallery_crashes")
        self.assertEqual(self.wait("reload")["outcome"], "migrated")
        crashed = self.wait("crashed")
        self.assertIn("SIGSEGV", crashed["headline"])
        self.assertRegex(crashed["headline"], r"in crash \(gallery\.c:\d+\)")
        self.assertIn("called by main_loop (gallery.c:", crashed["detail"])
        self.assertEqual(crashed["generation"], 1)
        frames = self.frames()
        self.assertLess(frames, 100000)
        self.assertEqual(self.frames(), frames)  # it stands still
        return frames

    def go_on(self, frames):
        (self.folder / "crash").unlink()
        self.replace("gallery_2")
        self.assertEqual(self.wait("reload")["outcome"], "migrated")
        self.wait("running")
        self.assertGreater(self.frames(), frames)
        self.quit()

    def test_probation_headless(self):
        self.go_on(self.crash_in_probation("--headless"))

    def crash_later(self):
        """Beyond the probation: of the code that goes on after it."""
        self.replace("gallery_crashes")
        self.wait("running")
        frames = self.frames()
        while self.frames() < frames + 70:
            time.sleep(0.01)
        (self.folder / "crash").touch()
        crashed = self.wait("crashed")
        self.assertEqual(crashed["generation"], 2)
        frames = self.frames()
        self.assertLess(frames, 100000)
        self.assertEqual(self.frames(), frames)
        (self.folder / "crash").unlink()
        return frames

    def test_later_headless(self):
        self.start("--headless")
        self.crash_later()
        self.replace("gallery_1")
        self.wait("running")
        self.quit()

    def test_saved_asset_lets_the_game_go_on(self):
        tuning = self.folder / "tuning.txt"
        tuning.write_text("1")
        self.start("--headless", "--assets", str(self.folder), environment={"GALLERY_TUNING": "1"})
        frames = self.crash_later()
        tuning.write_text("2")
        self.assertTrue(self.wait("asset")["ok"])
        self.assertGreater(self.frames(), frames)
        self.quit()

    def test_frozen_window_shows_the_picture_of_before(self):
        if not shutil.which("Xvfb"):
            self.skipTest("Xvfb is not installed")
        screen = Screen()
        self.addCleanup(screen.close)
        for driver in ({}, {"SDL_RENDER_DRIVER": "software"}):
            frames = self.crash_in_probation(environment={
                "DISPLAY": screen.name, "SDL_VIDEODRIVER": "x11", **driver})
            self.assertTrue(self.tell("screenshot shot.png")["ok"])
            picture = Picture(self.folder / "shot.png")
            self.check_gallery(picture)
            self.assertNotEqual(picture.at(300, 30), (10, 20, 30))  # the panel
            self.go_on(frames)

    def drivers(self):
        """What the process has loaded to draw with."""
        maps = pathlib.Path(f"/proc/{self.running.pid}/maps").read_text()
        return set(re.findall(r"/(lib(?:GL|EGL|gallium)[\w-]*|\w+_dri)\.so", maps))

    def left_code(self, library=None):
        """The files to start again with are complete and of the code that runs, or of that library."""
        for ready in self.private.glob("molt-*/restart"):
            code = ready.parent / f"restart-{ready.read_text().split()[0]}.so"
            if code.exists() and code.stat().st_size == (library or self.library).stat().st_size:
                return True
        return False

    def restart(self, *arguments, environment=None, before=lambda: None):
        """A crash in libc: another process image takes over."""
        self.start(*arguments, environment=environment)
        self.replace("gallery_crashes_in_libc")
        self.wait("running")
        while not self.left_code():
            time.sleep(0.01)
        before()
        seen = self.frame() + 3
        while self.frame() < seen:
            time.sleep(0.01)
        same, drivers = self.running.pid, self.drivers()
        (self.folder / "crash").touch()
        self.wait("started")
        crashed = self.wait("crashed")
        self.assertIn("SIGSEGV", crashed["headline"])
        self.assertIn("in memset, called by crash (gallery.c:", crashed["headline"])
        self.assertIn("started again", crashed["detail"])
        self.assertEqual(self.running.pid, same)
        self.assertIsNone(self.running.poll())
        restarted = self.wait("restarted")
        parts = [restarted[part + "_ms"] for part in ("process", "display", "state", "picture")]
        self.assertTrue(all(part > 0 for part in parts), restarted)
        self.assertAlmostEqual(sum(parts), restarted["ms"], delta=0.01)
        self.assertRegex((self.folder / "log").read_text(), r"started again within \d+ ms: \d+ to the new program")
        frames = self.frames()
        self.assertGreater(frames, 0)
        self.assertLess(frames, 100000)
        self.assertEqual(self.frames(), frames)
        deadline = time.monotonic() + SECONDS
        while "SDL_RENDER_DRIVER" not in (environment or {}) and self.drivers() != drivers:
            self.assertLess(time.monotonic(), deadline, f"{self.drivers()} instead of {drivers}")
            time.sleep(0.01)  # until it draws as it did
        return frames

    def test_restart_headless(self):
        self.go_on(self.restart("--headless"))

    def test_timer_of_the_game_does_not_end_the_new_process(self):
        self.go_on(self.restart("--headless", environment={"GALLERY_ALARM": "1"}))

    def test_restart_with_its_window(self):
        place = (77, 55, 960, 540)
        if not shutil.which("Xvfb"):
            self.skipTest("Xvfb is not installed")
        screen = Screen()
        self.addCleanup(screen.close)
        for driver in ({}, {"SDL_RENDER_DRIVER": "software"}):
            frames = self.restart(environment={"DISPLAY": screen.name, "SDL_VIDEODRIVER": "x11", **driver},
                                  before=lambda: screen.move_window(place))
            self.assertTrue(self.tell("screenshot shot.png")["ok"])
            self.assertEqual(screen.window(), place)  # which is made anew once the drivers are loaded
            picture = Picture(self.folder / "shot.png")
            self.check_gallery(picture, scale=0.75)  # the state, as it was shown before
            self.assertNotEqual(picture.at(225, 22), (10, 20, 30))  # the panel
            self.go_on(frames)

    def test_saves_without_a_pause_leave_no_gap(self):
        """Code that is always new: a crash of its first frame in libc goes back to before the last save, and what
        that code had taken away comes back with the next."""
        self.start("--headless")
        (self.folder / "crash").touch()
        frames, visitors = self.frames(), 0
        for name in ("gallery_2", "gallery_1") * 3:
            self.replace(name)
            self.assertEqual(self.wait("reload")["outcome"], "migrated")
            frames += 15
            while self.frames() < frames:  # far from the end of the probation
                time.sleep(0.01)
            visitors = self.gallery_now().get("visitors", visitors)
        self.assertGreater(visitors, 14)  # it begins with 12
        frames = self.frames()
        self.replace("gallery_crashes_in_libc")
        self.wait("started")
        detail = self.wait("crashed")["detail"]
        back = re.match(r"Back to the state of (\d+\.\d) s before \((\d+) frames\), "
                        r"with the code of \d\d:\d\d:\d\d: the host started again", detail)
        self.assertIsNotNone(back, detail)
        self.assertNotIn("Lost with the process", detail)
        self.assertLess(int(back[2]), 30)  # 0, unless files were being written when it came
        self.assertGreater(self.frames(), frames - 30)
        (self.folder / "crash").unlink()
        self.replace("gallery_2")
        self.wait("running")
        self.assertGreaterEqual(self.gallery_now()["visitors"], visitors)
        self.quit()

    def leave_first_code(self):
        """Other code runs, and that of before has left the process."""
        self.replace("gallery_1")
        self.assertEqual(self.wait("reload")["outcome"], "migrated")
        self.wait("running")
        maps = pathlib.Path(f"/proc/{self.running.pid}/maps")
        deadline = time.monotonic() + SECONDS
        while "libgallery.1.so" in maps.read_text():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_stale_call_is_named_and_runs_no_other_code(self):
        self.start("--headless", gallery="gallery_crashes", environment={"GALLERY_SIGNAL": "1"})
        self.running.send_signal(signal.SIGUSR1)
        self.leave_first_code()
        for name in ("gallery_2", "gallery_1"):  # somebody else could be there by now
            self.replace(name)
            self.assertEqual(self.wait("reload")["outcome"], "migrated")
        self.running.send_signal(signal.SIGUSR1)
        self.wait("started")
        crashed = self.wait("crashed")
        self.assertIn("SIGSEGV (a call of on_user (gallery.c) in libgallery.1.so, which is unloaded)",
                      crashed["headline"])
        self.assertIn("such as a signal handler", crashed["detail"])
        self.replace("gallery_2")
        self.wait("running")
        self.quit()

    def test_crash_in_what_a_timer_calls_is_a_crash(self):
        self.start("--headless", gallery="gallery_crashes", environment={"GALLERY_TIMER": "1"})
        self.replace("gallery_1")
        refused = self.wait("reload")
        self.assertEqual(refused["outcome"], "refused")
        self.assertIn("SIGEV_THREAD calls on_timer", refused["detail"])
        before = self.frames() + 70
        while self.frames() < before or not self.left_code(self.gallery("gallery_crashes")):
            time.sleep(0.01)
        (self.folder / "crash_timer").touch()
        self.wait("started")
        crashed = self.wait("crashed")
        self.assertRegex(crashed["headline"], r"in crash \(gallery\.c:\d+\).* on the thread .*: SIGSEGV")
        self.assertIn("called by on_timer (gallery.c:", crashed["detail"])
        frames = self.frames()
        self.assertGreater(frames, 0)  # a checkpoint is made beside a timer
        self.assertLess(frames, 100000)
        (self.folder / "crash_timer").touch()
        time.sleep(0.05)
        self.assertTrue((self.folder / "crash_timer").exists())  # nothing is called while the game stands still
        self.assertTrue(self.tell("quit")["ok"])
        self.assertEqual(self.running.wait(timeout=SECONDS), 1)  # nobody has mended it
        self.assertEqual(os.listdir(self.private), [])

    def test_thread_that_does_not_return_leaves_no_folder(self):
        self.start("--headless", environment={"GALLERY_STUCK": "1"})
        self.replace("gallery_crashes")
        self.assertEqual(self.wait("reload")["outcome"], "migrated")
        self.wait("running")
        before = self.frame() + 70
        while self.frame() < before:  # beyond the probation; the old code cannot be looked for
            time.sleep(0.01)
        self.assertTrue(self.tell("quit")["ok"])
        self.assertNotEqual(self.running.wait(timeout=SECONDS), 0)
        self.assertIn("The thread or job stuck does not return", (self.folder / "log").read_text())
        self.assertEqual(os.listdir(self.private), [])

    def play_to_the_end(self, name, *, status, **environment):
        """A run without anybody to mend anything; what it says."""
        (self.folder / "crash").touch()
        self.environment = {**self.environment, **environment}
        try:
            return self.host(self.gallery(name), "--headless", "--frames", 20, status=status).stderr
        finally:
            self.assertEqual(os.listdir(self.private) if status == 1 else [], [])

    def test_crash_of_a_child_of_the_game_is_its_own(self):
        done = self.host(self.gallery("gallery_crashes"), "--headless", "--frames", 5,
                         environment={**self.environment, "GALLERY_CHILD": "1"})
        self.assertIn("game: a child has crashed", done.stderr)
        self.assertNotIn("molt-host:", done.stderr)
        self.assertEqual(os.listdir(self.private), [])

    def test_crash_in_the_first_frame_is_a_failure_at_the_end(self):
        for name, called in (("gallery_crashes", ""), ("gallery_crashes_in_libc", "memset, called by ")):
            said = self.play_to_the_end(name, status=1)
            self.assertRegex(said, rf"molt-host: crashed in {called}crash \(gallery\.c:\d+\): SIGSEGV")
            self.assertEqual(said.count("molt-host: crashed"), 1, said)
            self.assertIn("stood still at the end", said)

    def test_crash_in_start_up_is_told(self):
        said = self.play_to_the_end("gallery_crashes", status=1, GALLERY_START="1")
        self.assertRegex(said, r"start_up\(\) of .* crashed in crash \(gallery\.c:\d+\): SIGSEGV")

    def test_crash_of_the_first_constructor_is_told(self):
        said = self.play_to_the_end("gallery_crashes", status=1, GALLERY_CONSTRUCTOR="1")
        self.assertRegex(said, r"libgallery_crashes\.so crashes whoever loads it \(SIGSEGV\)")

    def test_without_a_trial_the_first_constructor_has_last_words(self):
        alone = shutil.copy(HOST, self.folder / "molt-host")  # nothing stands beside it
        (self.folder / "crash").touch()
        done = subprocess.run([alone, str(self.gallery("gallery_crashes")), "--headless", "--frames", "20"],
                              cwd=self.folder, capture_output=True, text=True, timeout=SECONDS, check=False,
                              env={**self.environment, "GALLERY_CONSTRUCTOR": "1"})
        self.assertEqual(done.returncode, -signal.SIGSEGV, done.stderr)
        self.assertIn("molt-trial is missing", done.stderr)
        self.assertIn("molt-host: SIGSEGV (address 0x0), which cannot be ended safely", done.stderr)

    def end_by_exit(self, status, *arguments, **environment):
        """The game calls exit() in a frame once a checkpoint is on disk; what the host says."""
        self.start("--headless", *arguments, environment={"GALLERY_EXIT": str(status), **environment})
        self.replace("gallery_crashes")
        self.wait("running")
        while not self.left_code():
            time.sleep(0.01)
        (self.folder / "crash").touch()
        exited = self.wait("exit")
        self.assertEqual(exited["status"], status)
        self.assertRegex(exited["text"], rf"the game called exit\({status}\) in crash \(gallery\.c:\d+\)")
        self.assertEqual(self.running.wait(timeout=SECONDS), status)
        self.assertEqual(os.listdir(self.private), [])
        said = (self.folder / "log").read_text()
        self.assertEqual(said.count("the game called exit"), 1)  # not by the fork
        (self.folder / "crash").unlink()
        return said

    def test_exit_of_the_game_is_told_and_keeps_the_state(self):
        kept = self.folder / "gallery.ended.molt"
        said = self.end_by_exit(3, "--autosave", "600", GALLERY_FORK="1")
        self.assertIn("s before is in gallery.ended.molt: start with --recover", said)
        done = self.host(self.library, "--headless", "--frames", 1)
        self.assertIn("or by exit()", done.stderr)
        done = self.host(self.library, "--headless", "--frames", 1, "--recover", "--dump", "state.json")
        self.assertNotIn("counts frames in its own way", done.stderr)
        dump = json.loads((self.folder / "state.json").read_text())
        frames = next(o["value"] for o in dump["objects"] if o["type"] == "Gallery")["frames"]
        self.assertGreater(frames, 1)
        self.assertLess(frames, 100000)
        self.assertFalse(kept.exists())
        self.assertIn("nothing is kept", self.end_by_exit(0, "--autosave", "600"))
        self.assertFalse(kept.exists())
        self.end_by_exit(3)  # headless and without autosaves
        self.assertFalse(kept.exists())

    def test_exit_in_start_up_is_told(self):
        (self.folder / "crash").touch()
        done = self.host(self.gallery("gallery_crashes"), "--headless", "--frames", 5, status=3,
                         environment={**self.environment, "GALLERY_START": "1", "GALLERY_EXIT": "3"})
        self.assertRegex(done.stderr, r"the game called exit\(3\) in crash \(gallery\.c:\d+\)")

    def test_interrupt_ends_a_frozen_host(self):
        self.crash_in_probation("--headless")
        self.running.send_signal(signal.SIGINT)
        self.assertEqual(self.running.wait(timeout=SECONDS), 1)
        self.assertIn("stood still at the end", (self.folder / "log").read_text())
        self.assertEqual(os.listdir(self.private), [])

    def test_no_guard_dies_of_the_signal(self):
        (self.folder / "crash").touch()
        done = self.host(self.gallery("gallery_crashes"), "--headless", "--frames", 5, "--no-guard",
                         status=-signal.SIGSEGV)
        self.assertNotIn("crashed", done.stderr)

    def test_debugger_sees_the_crash_first_and_alone(self):
        if not shutil.which("gdb"):
            self.skipTest("gdb is not installed")
        (self.folder / "crash").touch()
        done = subprocess.run(
            ["gdb", "-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "run", "-ex", "bt 1",
             "-ex", "continue", "-ex", "continue", "--args", HOST, str(self.gallery("gallery_crashes")), "--headless",
             "--frames", "5"], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, env=self.environment, check=False)
        if "ptrace" in done.stderr:
            self.skipTest("gdb may not trace here")
        self.assertIn("received signal SIGSEGV", done.stdout, done.stderr)
        self.assertIn("crash (gallery=", done.stdout)
        self.assertIn("terminated with signal SIGSEGV", done.stdout)
        self.assertNotIn("molt-host: crashed", done.stdout + done.stderr)


class Watchdog(HostTest):
    def test_wants_seconds(self):
        done = self.host(self.gallery(), "--watchdog", "soon", status=2)
        self.assertIn("--watchdog", done.stderr)


def guarded():
    """Sanitizers keep the signals; the host says so."""
    done = subprocess.run([HOST, str(GALLERY / "libgallery_1.so"), "--headless", "--frames", "1"], capture_output=True,
                          text=True, timeout=SECONDS, env=HostTest.environment, check=False)
    return "No guard against crashes" not in done.stderr


if __name__ == "__main__":
    if not guarded():
        print("SKIPPED: the host has no guard here, as a sanitizer has the signals", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
