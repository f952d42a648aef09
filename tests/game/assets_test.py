#!/usr/bin/env python3
"""The sample game's files: saved while it runs they count at once, damaged they do not, and what they say is
part of the state."""

import os
import pathlib
import shutil
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
from session import Session  # noqa: E402

HOST = os.environ["MOLT_HOST"]
LIBRARY = os.environ["MOLT_GAME"]
SOURCES = pathlib.Path(os.environ["MOLT_GAME_SOURCES"])
SECONDS = 60

ORDINARY = "ant_speed = 1\n"
DAMAGED = {
    "line 2: ant_speed wants a number": "# fast\nant_speed = fast\n",
    "line 1: ant_speed wants a number: ": "ant_speed\n",
    "line 1: nothing is called ant_sped": "ant_sped = 1\n",
    "line 3: ant_speed has to be from 0.1 to 4": "\n\nant_speed = 5\n",
    "line 1: ant_speed has to be": "ant_speed = nan\n",
}


class Assets(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.assets = self.folder / "assets"
        shutil.copytree(SOURCES / "assets", self.assets)
        self.session = Session(HOST, LIBRARY, str(self.folder), True, dumps=False,
                               more=["--assets", str(self.assets), "--no-build"])
        self.addCleanup(self.session.close)
        self.session.wait_for("started", SECONDS)

    def show(self, path):
        self.session.command(f"show state.{path}")
        return self.session.last_value["value"]

    def save(self, name, content):
        """Saves as an editor does; the event that says what became of it."""
        self.session.forget()
        beside = self.assets / f".{name}.new"
        beside.write_bytes(content if isinstance(content, bytes) else content.encode())
        beside.replace(self.assets / name)
        if name.endswith(".bmp"):  # a picture is looked at when it is drawn
            self.session.send(f"screenshot {self.folder / 'shot.png'}")
        event = self.session.wait_for("asset", SECONDS)
        self.assertEqual(event["path"], name)
        return event

    def test_tuning_counts_when_it_was_saved(self):
        self.assertTrue(self.save("tuning.txt", "ant_speed = 2.5\n")["ok"])
        first = self.show("tuning")
        self.assertEqual(first["ant_speed"], 2.5)
        self.assertEqual(first["eggs"], 1)  # what the file leaves out is ordinary
        for problem, text in DAMAGED.items():
            event = self.save("tuning.txt", text)
            self.assertFalse(event["ok"])
            self.assertIn(problem, event["error"])
            self.assertEqual(self.show("tuning"), first)
        self.assertTrue(self.save("tuning.txt", ORDINARY)["ok"])
        self.assertEqual(self.show("tuning")["ant_speed"], 1)

    def test_tuning_is_part_of_a_saved_state(self):
        self.save("tuning.txt", "eggs = 3\n")
        tuned = self.show("tuning")
        state = self.folder / "state.molt"
        self.session.command(f"save {state}")
        self.session.command(f"load {state}")
        self.assertEqual(self.show("tuning"), tuned)

    def test_damaged_picture_keeps_the_one_before(self):
        good = (self.assets / "crown.bmp").read_bytes()
        self.session.command(f"screenshot {self.folder / 'shot.png'}")
        bare = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 118, 0, 0, 54, 40, 8, 8, 1, 8, 0, 64, 0, 0, 0, 0)
        bare += bytes(64)  # without a palette
        huge = good[:18] + b"\xff\xff\xff\x7f" * 2 + good[26:]
        for bad in (b"", b"BM", good[:100], huge, bare, b"no picture at all" * 20):
            event = self.save("crown.bmp", bad)
            self.assertFalse(event["ok"])
            self.assertIn(" BMP", event["error"])
        self.assertTrue(self.save("crown.bmp", good)["ok"])
        other = bytearray(good)
        other[-1] ^= 0xFF
        self.assertTrue(self.save("crown.bmp", bytes(other))["ok"])
        os2 = struct.pack("<2sIHHIIHHHH", b"BM", 26 + 192, 0, 0, 26, 12, 8, 8, 1, 24) + b"@P`" * 64
        self.assertTrue(self.save("crown.bmp", os2)["ok"])
        self.assertEqual(self.session.quit(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
