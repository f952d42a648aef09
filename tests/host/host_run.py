"""Runs of molt-host on the gallery, and the pictures they write. It knows nothing of what a test expects."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

HOST = os.environ["MOLT_HOST"]
GALLERY = pathlib.Path(os.environ["MOLT_GALLERY"])
SECONDS = 60  # patience; no test measures time


class Picture:
    """A PNG file of 8-bit RGB, as the host writes them."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        if data[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError(f"{path} is no PNG file")
        packed, at = b"", 8
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            if kind == b"IHDR":
                self.width, self.height, depth, color = struct.unpack(">IIBB", body[:10])
                if (depth, color) != (8, 2):
                    raise ValueError(f"{path} is not 8-bit RGB")
            elif kind == b"IDAT":
                packed += body
            at += 12 + length
        self.rows = self._rows(zlib.decompress(packed))

    def _rows(self, raw):
        stride, rows, above = self.width * 3, [], bytearray(self.width * 3)
        for y in range(self.height):
            start = y * (stride + 1)
            row = bytearray(raw[start + 1:start + 1 + stride])
            unfilter(raw[start], row, above)
            rows.append(row)
            above = row
        return rows

    def at(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])


def unfilter(kind, row, above):
    """Undoes a PNG row filter in place."""
    for i in range(len(row)):
        left = row[i - 3] if i >= 3 else 0
        corner = above[i - 3] if i >= 3 else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[i]
        elif kind == 3:
            guess = (left + above[i]) // 2
        elif kind == 4:
            guess = min((left, above[i], corner), key=lambda c: abs(left + above[i] - corner - c))
        else:
            return
        row[i] = (row[i] + guess) & 0xFF


# Places on the gallery's canvas and what is to be seen there.
GALLERY_COLORS = {
    (30, 700): (10, 20, 30),     # clear
    (130, 430): (255, 0, 0),     # fill_rect
    (170, 470): (132, 137, 142),  # translucent over the ground
    (240, 440): (0, 255, 0),     # fill_rects
    (300, 440): (0, 0, 255),
    (270, 440): (10, 20, 30),
    (360, 440): (255, 255, 255),  # line
    (440, 440): (255, 0, 0),     # filled circle
    (480, 440): (10, 20, 30),    # inside the outlined one
    (530, 430): (255, 255, 0),   # fill_triangles
    (595, 495): (10, 20, 30),
    (660, 440): (255, 0, 0),     # pixels
    (700, 440): (0, 255, 0),
    (660, 480): (0, 0, 255),
    (700, 480): (10, 20, 30),
    (778, 440): (255, 255, 255),  # text: the stem of the I
    (764, 440): (10, 20, 30),
}


class HostTest(unittest.TestCase):
    """Each test gets an empty folder `self.folder`."""

    environment = {**os.environ, "SDL_AUDIODRIVER": "dummy",
                   # SDL and the display's driver keep some memory until the process ends.
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def gallery(self, name="gallery_1"):
        return GALLERY / f"lib{name}.so"

    def own_gallery(self, name="gallery_1"):
        """A copy of the library that the test may replace; no manifest, so nothing is built."""
        return shutil.copy(self.gallery(name), self.folder / "libgallery.so")

    def host(self, *arguments, status=0, text="", environment=None, stdin=None):
        """Runs the host to its end, in the test's folder, with a text or a file as its input."""
        source = {"stdin": stdin} if stdin else {"input": text}
        done = subprocess.run([HOST, *map(str, arguments)], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                              env=environment or self.environment, check=False, **source)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def events(self, text):
        """One event a line, nothing else."""
        return [json.loads(line) for line in text.splitlines()]

    def check_gallery(self, picture, scale=1):
        for (x, y), color in GALLERY_COLORS.items():
            seen = picture.at(int(x * scale), int(y * scale))
            near = all(abs(a - b) <= 2 for a, b in zip(seen, color))
            self.assertTrue(near, f"at {x}, {y}: {seen} instead of {color}")
