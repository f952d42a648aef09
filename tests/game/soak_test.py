#!/usr/bin/env python3
"""A hundred random edits and faults in one process (a thousand with SOAK_STEPS=1000): after each the state is
what the rules say, computed by the oracle and not by the engine; and at the end nothing has piled up, and
the game is still the same game.

Versions of the game are drawn by a seed (random_version.py) and built through the real generator; an
edit goes from the running version to another, through a save and the host's watch and build. Beside the
oracle, which compares whole states, each field of the versions' own is followed over all edits: whatever was
taken away must be there, to the value, when the field is back."""

import json
import os
import pathlib
import random
import re
import shutil
import unittest

from game_run import SANITIZED, GameTest, load_json
from molt_oracle import compare, expected_dump
from random_version import ENDINGS
from version_pool import Pool

SEED = int(os.environ.get("SOAK_SEED", "1"))
STEPS = int(os.environ.get("SOAK_STEPS", "100"))
VERSIONS = max(7, STEPS // 12)
KEPT = 8      # generations that the host keeps to go back to
WARM = max(STEPS // 3, 2 * KEPT) # steps after which all generations are there that the host keeps
GROWTH = 4096 # KiB of resident memory from then to the end: what malloc keeps varies
RESERVED = 1 << 30 # bytes of a mapping without access that tell that what it borders on holds the state
SPARE = 8192  # KiB there: which spans, and spare ones, have their pages is by chance
EARLIER = 24  # states from before edits that took values away
TORN = 4      # at most, for each costs the host's patience of two seconds
KINDS = {"edit": 56, "undo": 9, "redo": 6, "refused": 7, "garbage": 4, "torn": 3, "failed": 5,
         "saved": 10}
BUILD = """if [ -s choice ]; then cp "$(cat choice)" libgame.so.new && mv libgame.so.new libgame.so
else echo 'game.c:3:1: error: expected a better edit' >&2; exit 1; fi
"""


class Fields:
    """What every field of the versions' own held last, by object. It knows no rule but that nothing is
    lost: a field that is back holds what it held, in an object that it was not in its default."""

    def __init__(self, genes):
        self.genes = genes
        self.known = {}

    @staticmethod
    def objects(dump):
        """(type, what the object is known by for ever, its value); tiles lie in chunks."""
        for obj in dump["objects"]:
            value = obj["value"]
            if obj["type"] == "Ant":
                yield "Ant", next(value["id" + e] for e in ENDINGS if "id" + e in value), value
            elif obj["type"] == "Chunk":
                for y, row in enumerate(value["tiles"]):
                    for x, tile in enumerate(row):
                        yield "Tile", (obj["id"], y, x), tile
            elif obj["type"] in ("Queen", "Nest", "Map", "Colony"):
                yield obj["type"], 0, value

    def learn(self, dump):
        for type_, key, value in self.objects(dump):
            for gene in self.genes:
                if gene.owner == type_ and gene.name in value:
                    place = (gene.number, key)
                    self.known[place] = self._joined(self.known.get(place), value[gene.name])

    @staticmethod
    def _joined(before, now):
        """A shorter array hides what the longer one held behind its end."""
        return now + before[len(now):] if isinstance(now, list) and before else now

    def differences(self, dump):
        for type_, key, value in self.objects(dump):
            for gene in self.genes:
                if gene.owner != type_ or gene.name not in value:
                    continue
                now, was = value[gene.name], self.known.get((gene.number, key), gene.initial())
                if isinstance(now, list):
                    was = (was + [0] * len(now))[:len(now)]
                if now != was:
                    yield f"{type_} {key}: {gene.name} is {now!r}, not {was!r}"


class Soak(GameTest):
    def setUp(self):
        super().setUp()
        self.pool = Pool(self.folder / "pool", SEED, VERSIONS)
        self.pool.build()
        self.work = self.folder / "work"
        (self.work / "watched").mkdir(parents=True)
        self.library = self.work / "libgame.so"
        shutil.copy(self.pool.library(0), self.library)
        (self.work / "build.sh").write_text(BUILD)
        (self.work / "libgame.so.molt").write_text(json.dumps(
            {"library": "libgame.so", "watch": ["watched"], "build": ["sh", "build.sh"]}))
        self.temporary = self.folder / "temporary" # where the host keeps its copies of the library
        self.temporary.mkdir()
        self.chance = random.Random(f"soak {SEED}")
        every = {gene.name: gene for version in self.pool.versions for gene in version.genes}
        self.fields = Fields(list(every.values()))
        self.history, self.at = [0], 0 # versions that ran, and which of them runs
        self.on_disk = 0
        self.ran = [0]
        self.earlier = []
        self.counts = {}

    def test_random_edits_and_faults(self):
        self.live = self.live_game(self.library, "--dump-reloads", self.folder / "dumps",
                                   environment={"TMPDIR": str(self.temporary)})
        self.process = Process(self.live.process.pid)
        warm = None
        for number in range(STEPS):
            kind = self.draw()
            self.counts[kind] = self.counts.get(kind, 0) + 1
            try:
                getattr(self, kind)()
                self.assertIsNone(self.live.process.poll())
            except AssertionError as error:
                raise AssertionError(f"step {number} ({kind}), SOAK_SEED={SEED}, versions "
                                     f"{self.ran}: {error}") from error
            self.live.play(2)
            if number == WARM:
                warm = self.settled()
        end = self.settled()
        print(f"{self.counts}\nwhen warm: {warm}\nafter all: {end}", flush=True)
        self.assertEqual(warm["files"], end["files"])
        if SANITIZED:
            print("sanitized: resident memory is not compared, the sanitizer's own records grow")
        else:
            self.assertLess(end["resident"], warm["resident"] + GROWTH)
            self.assertLessEqual(end["state"], warm["state"] + SPARE)
        self.assert_same_game()

    def draw(self):
        kinds = dict(KINDS)
        if self.counts.get("torn", 0) >= TORN:
            del kinds["torn"]
        return self.chance.choices(list(kinds), kinds.values())[0]

    # ---- what is done

    def edit(self):
        others = [n for n in range(1, VERSIONS) if n not in (self.history[self.at], self.on_disk)]
        version = self.chance.choice(others)
        event = self.save(self.pool.library(version))
        self.on_disk = version
        self.history = (self.history[:self.at + 1] + [version])[-KEPT:]
        self.at = len(self.history) - 1
        self.assert_carried_over(event)

    def undo(self):
        self.step("undo", -1)

    def redo(self):
        self.step("redo", 1)

    def step(self, command, way):
        possible = 0 <= self.at + way < len(self.history)
        self.live.send(command)
        if possible:
            self.at += way
            self.assert_carried_over(self.live.wait_for("reload"))
        self.assertEqual(self.done(command)["ok"], possible)

    def refused(self):
        event = self.save(self.pool.library(VERSIONS))
        self.on_disk = None
        self.assertEqual(event["outcome"], "refused", event["detail"])
        rules = {finding["rule"] for finding in event["report"]["findings"]
                 if finding["severity"] == "refuse"}
        self.assertEqual(rules, {"field-without-source"})
        self.assert_same_text(event["before"], event["after"])

    def garbage(self):
        self.damaged(lambda whole: bytes(self.chance.randrange(256) for _ in range(5000)))

    def torn(self):
        self.damaged(lambda whole: whole[:self.chance.randrange(1, len(whole))])

    def damaged(self, damage):
        path = self.work / "damaged.so"
        path.write_bytes(damage(self.pool.library(self.chance.randrange(VERSIONS)).read_bytes()))
        event = self.save(path)
        self.on_disk = None
        self.assertEqual(event["outcome"], "load-failed", event["detail"])
        self.assert_same_text(event["before"], event["after"])

    def failed(self):
        event = self.save(None)
        self.assertEqual(event["outcome"], "build-failed", event["detail"])
        self.assertIn("expected a better edit", event["detail"])
        self.assert_same_text(event["before"], event["after"])

    def saved(self):
        """A file holds the state of the moment, which comes back whole; the attic is not part of it."""
        paths = {name: self.folder / name for name in ("saved.molt", "then.json", "now.json")}
        self.orders(f"save {paths['saved.molt']}", f"dump {paths['then.json']}")
        self.live.play(3)
        self.orders(f"load {paths['saved.molt']}", f"dump {paths['now.json']}")
        then, now = (load_json(paths[name]) for name in ("then.json", "now.json"))
        self.assert_same_state(then, now)
        self.fields.known.clear()
        self.earlier.clear()

    # ---- the host

    def save(self, library):
        """As an editor does; the event that ends what the save began."""
        (self.work / "choice").write_text(str(library) if library else "")
        (self.work / "watched" / "game.c").write_text(f"save {self.chance.random()}")
        return self.live.wait_for("reload")

    def orders(self, *lines):
        """All of them between the same two frames."""
        self.live.send("\n".join(lines))
        for line in lines:
            self.assertTrue(self.done(line)["ok"], line)

    def done(self, line):
        return self.live.wait(lambda event: event["event"] == "done" and event["command"] == line, line)

    # ---- what must hold

    def assert_carried_over(self, event):
        self.ran.append(self.history[self.at])
        self.assertIn(event["outcome"], ("migrated", "code"), event["detail"])
        before, after = load_json(event["before"]), load_json(event["after"])
        was, now = (self.pool.schema_hash(version) for version in self.ran[-2:])
        self.assertEqual(before["schema"], was)
        schemas = [load_json(re.sub(r"json$", "schema.json", event[key])) for key in ("before", "after")]
        version = self.pool.versions[self.history[self.at]]
        names = {gene.name for gene in version.genes}
        there = {field["name"] for type_ in schemas[1]["types"] for field in type_.get("fields", ())
                 if field.get("name", "").startswith("gene")}
        self.assertEqual(there, names, "another version runs than was asked for")
        expected = expected_dump(before, *schemas)
        self.assertEqual(expected.refusals, [])
        self.fields.learn(before) # which knows more of the versions' own fields than some states from before
        differences = [text for text in compare(expected, after, self.earlier, now)
                       if not re.match(r"[^:]*:[^:]*\.gene\d+(\[\d+\])*: ", text)]
        differences += list(self.fields.differences(after))
        self.assertEqual(differences[:8], [])
        if any(finding["severity"] == "loss" for finding in event["report"]["findings"]):
            self.earlier[:] = [before] + self.earlier[:EARLIER - 1]
        for key in ("before", "after"):
            pathlib.Path(event[key]).unlink()

    def settled(self):
        """What the process holds once what ran before is gone, and with it the values that edits took."""
        self.saved()
        for _ in range(40):
            self.live.play(5)
            libraries = self.process.files_mapped(self.temporary)
            if len(libraries) == 1:
                break
        self.assertEqual(len(libraries), 1, f"libraries still mapped: {libraries}")
        copies = [path.name for path in self.temporary.rglob("*game*.so")]
        self.assertLessEqual(len(copies), KEPT + 1, f"generations to go back to: {copies}")
        return {"files": self.process.files(), **self.process.memory()}

    def assert_same_game(self):
        """As one that ran as long without an edit, in what they have in common."""
        text = re.sub("|".join(ENDINGS[1:]), "", self.live.dump("end.json").read_text())
        (self.folder / "end.json").write_text(text)
        state = load_json(self.folder / "end.json")
        frame = next(obj["value"]["frame"] for obj in state["objects"] if obj["type"] == "Colony")
        self.assertEqual(self.live.quit(), 0, self.live.log_text())
        untouched = self.run_game(frame, library=self.pool.library(0)).state()
        self.assert_same_state(untouched, state, common_fields=True)


class Process:
    """What the kernel tells of a process."""

    def __init__(self, pid):
        self.folder = pathlib.Path("/proc") / str(pid)

    def files_mapped(self, folder):
        """Below that folder, removed ones too."""
        maps = (self.folder / "maps").read_text()
        return sorted(set(re.findall(rf"{re.escape(str(folder))}/.*", maps)))

    def files(self):
        return len(os.listdir(self.folder / "fd"))

    def memory(self):
        """KiB that the process has written, where the state and its copies are and elsewhere. Pages of files come
        and go; written ones count also while a child shares them."""
        runs, last = [], None # of mappings without a gap
        for line in (self.folder / "smaps").read_text().splitlines():
            mapping = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line)
            size = re.match(r"Anonymous: +(\d+) kB", line)
            if mapping:
                begin, end = int(mapping[1], 16), int(mapping[2], 16)
                if begin != last:
                    runs.append({"reserved": False, "size": 0})
                runs[-1]["reserved"] |= mapping[3] == "---p" and end - begin >= RESERVED
                last = end
            elif size:
                runs[-1]["size"] += int(size[1])
        return {name: sum(run["size"] for run in runs if run["reserved"] == reserved)
                for name, reserved in (("resident", False), ("state", True))}


if __name__ == "__main__":
    unittest.main()
