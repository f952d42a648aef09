"""Runs of the host on the sample game: whole ones that end by themselves, and live ones that take
commands. It never knows what a test expects of them."""

import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))

from compare_dumps import compare_dumps  # noqa: E402
from molt_schema import load_json  # noqa: E402

HOST = os.environ["MOLT_HOST"]
GAME = os.environ["MOLT_GAME"]
SANITIZED = "-fsanitize" in os.environ.get("MOLT_C_FLAGS", "")
SECONDS = 120  # patience for anything; no test measures time



def parse_events(text):
    """Whole events of a stream and the rest of the text."""
    events, decoder = [], json.JSONDecoder()
    text = text.lstrip()
    while text:
        try:
            event, end = decoder.raw_decode(text)
        except ValueError:
            break
        events.append(event)
        text = text[end:].lstrip()
    return events, text


class Run:
    """What a run that has ended left behind."""

    def __init__(self, dump, events, log):
        self.dump = dump
        self.log = log
        self.reloads = [event for event in events if event["event"] == "reload"]

    def text(self):
        return self.dump.read_bytes()

    def state(self):
        return load_json(self.dump)


class GameTest(unittest.TestCase):
    """Each test gets an empty folder `self.folder`."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="molt-game-")).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_game(self, frames, *options, seed=7, library=GAME):
        """A headless run on a copy of the library, so that a swap does not touch the original."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(library, folder / "libgame.so")
        dump, events = folder / "dump.json", folder / "events.jsonl"
        command = [HOST, folder / "libgame.so", "--headless", "--no-build", "--frames", str(frames),
                   "--seed", str(seed), "--dump", dump, "--events", events, *options]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return Run(dump, parse_events(events.read_text())[0], done.stdout)

    def live_game(self, library, *options, seed=7, traceable=False, environment=None):
        """A headless host that plays in real time until the test ends; `traceable`: by gdb."""
        live = LiveGame(library, self.folder, seed, options, traceable, environment or {})
        self.addCleanup(live.close)
        live.wait_for("started")
        return live

    def assert_same_state(self, left, right, common_fields=False):
        """Of two dumps as loaded."""
        differences = compare_dumps(left, right, common_fields)
        self.assertEqual(differences, [], "\n".join(differences))

    def assert_same_text(self, left, right):
        """Byte by byte, of two dump files; says where they part."""
        if pathlib.Path(left).read_bytes() != pathlib.Path(right).read_bytes():
            self.fail("\n".join(["the dumps differ:"] + compare_dumps(load_json(left),
                                                                      load_json(right))))


def _allow_tracing():
    """Lets any process attach to this one, where Linux's Yama module would let only its parents."""
    set_ptracer, anybody = 0x59616D61, ctypes.c_ulong(-1)
    ctypes.CDLL(None).prctl(set_ptracer, anybody, 0, 0, 0)


class LiveGame:
    POLL_SECONDS = 0.003

    def __init__(self, library, folder, seed, options, traceable, environment):
        self.folder = folder
        self.events_path = folder / "live-events.jsonl"
        self.log_path = folder / "live.log"
        self._unread, self._tail = [], ""
        self.events_path.write_bytes(b"")
        self._events = open(self.events_path, encoding="utf-8")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [HOST, library, "--headless", "--console", "--seed", str(seed), "--events",
                 self.events_path, *options], env=dict(os.environ, **environment),
                stdin=subprocess.PIPE, stdout=log, stderr=log,
                preexec_fn=_allow_tracing if traceable else None)

    def log_text(self):
        return self.log_path.read_text(errors="replace")

    def wait(self, wanted, what):
        """The first event not yet seen for which wanted(event) holds; earlier ones are dropped."""
        deadline = time.monotonic() + SECONDS
        while True:
            ended = self.process.poll() is not None
            events, self._tail = parse_events(self._tail + self._events.read())
            self._unread += events
            while self._unread:
                event = self._unread.pop(0)
                if wanted(event):
                    return event
            if ended or time.monotonic() > deadline:
                why = f"ended ({self.process.returncode})" if ended else "does not tell in time"
                raise AssertionError(f"{what} was waited for, and the host {why}\n"
                                     f"{self.log_text()[-4000:]}")
            time.sleep(self.POLL_SECONDS)

    def wait_for(self, kind):
        return self.wait(lambda event: event["event"] == kind, f"event {kind!r}")

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def frame(self):
        """Frames done so far."""
        self.send("frames")
        return self.wait_for("frame")["frame"]

    def play(self, frames):
        """Returns when that many more frames have been played."""
        end = self.frame() + frames
        while self.frame() < end:
            time.sleep(self.POLL_SECONDS)

    def dump(self, name):
        """Path of a dump of this moment."""
        path = self.folder / name
        line = f"dump {path}"
        self.send(line)
        done = self.wait(lambda event: event["event"] == "done" and event["command"] == line, line)
        if not done["ok"]:
            raise AssertionError(f"{line}: {done['error']}")
        return path

    def quit(self):
        """Exit status after asking the host to end."""
        self.send("quit")
        self.process.stdin.close()
        return self.process.wait(SECONDS)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._events.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()


def main():
    """unittest.main() with the exit status by which CTest knows what was skipped, in part too."""
    program = unittest.main(module="__main__", exit=False)
    for test, reason in program.result.skipped:
        print(f"SKIPPED {test}: {reason}", flush=True)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if program.result.skipped else 0)
