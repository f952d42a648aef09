"""A running host: its process, the commands it takes and the events it tells. It knows nothing of
edits or of what is right."""

import json
import os
import subprocess
import time


class SessionError(Exception):
    """The host ended, or did not say in time what was waited for."""


class Session:
    POLL_SECONDS = 0.003

    def __init__(self, host, library, folder, headless, seed=1, dumps=True, more=()):
        self.headless = headless
        self.log_path = os.path.join(folder, "host.log")
        self.events_path = os.path.join(folder, "events.jsonl")
        self._unread = []
        self.last_value = None  # what the last "show" gave
        self._tail = ""
        self._decoder = json.JSONDecoder()
        open(self.events_path, "wb").close()
        command = [host, library, "--seed", str(seed), "--console", "--events", self.events_path,
                   "--mute"]
        if dumps:
            command += ["--dump-reloads", os.path.join(folder, "dumps")]
        command += more
        if headless:
            command.append("--headless")
        self._log = open(self.log_path, "wb")
        self._events = open(self.events_path, "rb")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._log,
                                        stderr=self._log)

    def log_text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    def _read(self):
        """Takes what the host has written so far; an event that is not whole yet stays."""
        self._tail += self._events.read().decode("utf-8", "replace")
        while True:
            text = self._tail.lstrip()
            try:
                event, end = self._decoder.raw_decode(text)
            except ValueError:
                return
            self._unread.append(event)
            self._tail = text[end:]

    def wait(self, wanted, seconds, what):
        """The first unread event for which wanted(event) holds; earlier ones are dropped."""
        deadline = time.monotonic() + seconds
        while True:
            ended = self.process.poll() is not None
            self._read()
            while self._unread:
                event = self._unread.pop(0)
                if wanted(event):
                    return event
            if ended:
                raise SessionError(f"the host ended (exit status {self.process.returncode}) while "
                                   f"{what} was waited for; its last words:\n"
                                   f"{_last_lines(self.log_text())}")
            if time.monotonic() > deadline:
                raise SessionError(f"no {what} within {seconds:.0f} s")
            time.sleep(self.POLL_SECONDS)

    def wait_for(self, kind, seconds):
        return self.wait(lambda event: event["event"] == kind, seconds, f"event {kind!r}")

    def wait_outcome(self, seconds):
        """The event that ends what a save began: a reload, or a build that changed nothing."""
        def ends(event):
            return event["event"] == "reload" or event["event"] == "build" and event.get(
                "ok") and event.get("reload_follows") is False
        event = self.wait(ends, seconds, "reload")
        if event["event"] == "build":
            event = dict(event, outcome="unchanged")
        return event

    def forget(self):
        """Drops what was told so far."""
        self._read()
        self._unread.clear()

    def send(self, text):
        """Gives a command and does not wait for the answer."""
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except OSError as error:
            raise SessionError(f"the host takes no commands any more; its last words:\n"
                               f"{_last_lines(self.log_text())}") from error

    def command(self, text, seconds=60):
        self.send(text)

        def answers(event):
            if event["event"] == "value":
                self.last_value = event["dump"]
            return event["event"] == "done" and event["command"] == text
        done = self.wait(answers, seconds, f"answer to {text!r}")
        if not done["ok"]:
            raise SessionError(f"the host could not {text}: {done.get('error', 'no reason given')}")
        return done

    def frame(self):
        """Frames done so far."""
        self.process.stdin.write(b"frames\n")
        self.process.stdin.flush()
        return self.wait_for("frame", 60)["frame"]

    def quit(self, seconds=30):
        """Exit status of the host after asking it to end."""
        try:
            self.process.stdin.write(b"quit\n")
            self.process.stdin.close()
        except OSError:
            pass
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SessionError(f"the host did not end within {seconds} s of being asked") from None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self._events.close()
        self._log.close()


def _last_lines(text, count=12):
    return "\n".join(text.splitlines()[-count:]) or "(none)"
