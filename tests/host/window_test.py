#!/usr/bin/env python3
"""The whole program in a real window, on a virtual screen of its own. Skipped where there is none."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
import unittest

from host_run import HostTest, Picture

SKIPPED = 77


class XClient:
    """Another client of a screen, as a context."""

    def __init__(self, screen):
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(screen.encode()))
        if not self.display:
            raise RuntimeError(f"no connection to the screen {screen}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.x11.XCloseDisplay(self.display)

    def window(self):
        """The largest one that is shown."""
        root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))
        parent, unused = ctypes.c_ulong(), ctypes.c_ulong()
        windows, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self.x11.XQueryTree(self.display, root, ctypes.byref(unused), ctypes.byref(parent),
                            ctypes.byref(windows), ctypes.byref(count))
        shown = [windows[i] for i in range(count.value)]
        self.x11.XFree(windows)
        return max(shown, key=lambda window: self.place(window)[2] * self.place(window)[3])

    def place(self, window):
        root, numbers = ctypes.c_ulong(), [ctypes.c_int() for _ in range(6)]
        self.x11.XGetGeometry(self.display, ctypes.c_ulong(window), ctypes.byref(root),
                              *(ctypes.byref(number) for number in numbers))
        return tuple(number.value for number in numbers[:4])

    def move(self, window, place):
        self.x11.XMoveResizeWindow(self.display, ctypes.c_ulong(window), *place)
        self.x11.XSync(self.display, 0)


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

    def move_window(self, place):
        """To x, y, width, height, as a hand at its frame does."""
        with XClient(self.name) as client:
            client.move(client.window(), place)

    def window(self):
        """Where the one window is: x, y, width, height."""
        with XClient(self.name) as client:
            return client.place(client.window())

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
