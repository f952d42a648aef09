#!/usr/bin/env python3
"""The whole program in a real window, on a virtual screen of its own. Skipped where there is none."""

import os
import shutil
import subprocess
import sys
import time
import unittest

from host_run import HostTest, Picture

SKIPPED = 77


class Screen:
    """A virtual X screen until close()."""

    def __init__(self):
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
            pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as told:
            number = told.readline().strip()
        if not number:
            raise RuntimeError("Xvfb ended without opening a screen")
        self.name = ":" + number

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Window(HostTest):
    @classmethod
    def setUpClass(cls):
        cls.screen = Screen()
        cls.addClassCleanup(cls.screen.close)
        cls.environment = {**cls.environment, "DISPLAY": cls.screen.name, "SDL_VIDEODRIVER": "x11"}
        cls.environment.pop("WAYLAND_DISPLAY", None)

    def shot(self, *arguments, **environment):
        self.host(self.gallery(), "--frames", 4, "--screenshot", "shot.png", *arguments,
                  environment={**self.environment, **environment})
        return Picture(self.folder / "shot.png")

    def test_window_shows_what_headless_shows(self):
        picture = self.shot()
        self.assertEqual((picture.width, picture.height), (1280, 720))
        self.check_gallery(picture)

    def test_software_renderer_shows_the_same(self):
        self.check_gallery(self.shot(SDL_RENDER_DRIVER="software"))

    def test_canvas_is_scaled_into_the_window(self):
        picture = self.shot("--size", "640x600")
        self.assertEqual((picture.width, picture.height), (640, 360))
        self.assertEqual(picture.at(65, 215), (255, 0, 0))

    def test_missing_sound_is_survived(self):
        done = self.host(self.gallery(), "--frames", 2,
                         environment={**self.environment, "SDL_AUDIODRIVER": "no-such-driver"})
        self.assertIn("no sound", done.stderr)
        done = self.host(self.gallery(), "--frames", 2, "--mute",
                         environment={**self.environment, "SDL_AUDIODRIVER": "no-such-driver"})
        self.assertNotIn("sound", done.stderr)

    def test_steps_keep_their_pace(self):
        start = time.monotonic()
        self.host(self.gallery(), "--frames", 60, "--mute")
        # One second of steps, less the wait after the last one; a busy machine may take longer.
        self.assertGreater(time.monotonic() - start, 0.9)

    def test_commands_work_beside_a_window(self):
        done = self.host(self.gallery(), "--console", "--events", "-", "--mute", "--fps",
                         text="screenshot a.png\nquit\n")
        self.assertEqual([e["ok"] for e in self.events(done.stdout) if e["event"] == "done"],
                         [True, True])
        self.check_gallery(Picture(self.folder / "a.png"))


if __name__ == "__main__":
    if not shutil.which("Xvfb"):
        print("SKIPPED: Xvfb is not installed, so no window was opened (package xvfb)", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
