#!/usr/bin/env python3
"""The parts of the demo that need neither host nor game: patches, saving, and judging."""

import glob
import json
import os
import tempfile
import unittest

from edit import Edit, EditError, apply_all, read_edit, read_tree, save
from session import Session, SessionError
from verdict import judge

HERE = os.path.dirname(os.path.abspath(__file__))

PATCH = """--- {prefix}ants.h
+++ {prefix}ants.h
@@ -1,3 +1,3 @@
 one
-two
+three
 four
"""

ADDED = """--- /dev/null
+++ {prefix}new.h
@@ -0,0 +1 @@
+fresh
"""


class Folders(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.addCleanup(self.holder.cleanup)
        self.sources = self.path("game")
        os.mkdir(self.sources)
        self.write("game/ants.h", "one\ntwo\nfour\n")

    def path(self, *parts):
        return os.path.join(self.holder.name, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def patch(self, text, name="01-some.patch"):
        return read_edit(self.write(name, text))


class Patches(Folders):
    def test_header_describes_the_edit(self):
        edit = self.patch("Title: a change\nExpect: migrated\nCheck: says \"x\"\nmore\n\n" +
                          PATCH.format(prefix="a/"))
        self.assertEqual(("01-some", "a change", "migrated", ['says "x"']),
                         (edit.name, edit.title, edit.expect, edit.checks))

    def test_header_is_not_needed(self):
        edit = self.patch(PATCH.format(prefix="a/"))
        self.assertEqual(("01-some", None, []), (edit.title, edit.expect, edit.checks))

    def test_unknown_outcome_is_an_error(self):
        with self.assertRaisesRegex(EditError, "01-some.patch.*wonderful"):
            self.patch("Expect: wonderful\n" + PATCH.format(prefix="a/"))

    def test_names_of_either_depth_apply(self):
        for prefix in ("a/game/", "a/", "game/", ""):
            with self.subTest(prefix=prefix):
                edit = self.patch(PATCH.format(prefix=prefix))
                trees = apply_all([edit], self.sources, self.path("trial"))
                self.assertEqual({"ants.h": b"one\nthree\nfour\n"}, trees[0])
                self.assertEqual(b"one\ntwo\nfour\n", read_tree(self.sources)["ants.h"])

    def test_new_files_are_made(self):
        for prefix in ("b/game/", "b/"):
            with self.subTest(prefix=prefix):
                edit = self.patch(ADDED.format(prefix=prefix))
                trees = apply_all([edit], self.sources, self.path("trial"))
                self.assertEqual(b"fresh\n", trees[0].get("new.h"))

    def test_patches_apply_in_sequence_and_undo_restores(self):
        first = self.patch(PATCH.format(prefix="a/"))
        second = self.patch(PATCH.format(prefix="a/").replace("-two", "-three").replace(
            "+three", "+five"), "02-other.patch")
        trees = apply_all([first, second, Edit("03-undo", "undo")], self.sources,
                          self.path("trial"))
        self.assertEqual([b"one\nthree\nfour\n", b"one\nfive\nfour\n", b"one\ntwo\nfour\n"],
                         [tree["ants.h"] for tree in trees])

    def test_patch_that_does_not_apply_is_named(self):
        edit = self.patch(PATCH.format(prefix="a/").replace("-two", "-seven"))
        with self.assertRaisesRegex(EditError, "01-some.patch does not apply"):
            apply_all([edit], self.sources, self.path("trial"))

    def test_what_is_no_patch_is_named(self):
        with self.assertRaisesRegex(EditError, "01-some.patch: no unified diff"):
            apply_all([self.patch("hello\n")], self.sources, self.path("trial"))
        with self.assertRaisesRegex(EditError, "nowhere.patch"):
            read_edit(self.path("nowhere.patch"))

    def test_built_in_edits_are_described(self):
        paths = sorted(glob.glob(os.path.join(HERE, "edits", "*.patch")))
        self.assertGreaterEqual(len(paths), 11)
        for path in paths:
            edit = read_edit(path)
            self.assertIsNotNone(edit.expect, path)
            self.assertNotEqual(edit.name, edit.title, path)


class Saving(Folders):
    def test_only_what_differs_is_written(self):
        self.write("game/same.h", "same\n")
        before = os.stat(self.path("game/same.h")).st_mtime_ns
        changed = save({"ants.h": b"x\n", "same.h": b"same\n", "sub/new.h": b"y\n"}, self.sources)
        self.assertEqual({"ants.h", "sub/new.h"}, set(changed))
        self.assertEqual({"ants.h": b"x\n", "same.h": b"same\n", "sub/new.h": b"y\n"},
                         read_tree(self.sources))
        self.assertEqual(before, os.stat(self.path("game/same.h")).st_mtime_ns)

    def test_what_is_gone_is_removed(self):
        self.assertEqual(["ants.h"], save({}, self.sources))
        self.assertEqual({}, read_tree(self.sources))


INT = {"name": "int", "kind": "int", "size": 4, "align": 4, "signed": True}


def schema(*fields):
    return {"molt_schema": 1, "hash": None, "roots": {"state": "G"}, "types": [
        {"name": "G", "kind": "struct", "size": 4 * len(fields), "align": 4, "fields": [
            {"name": name, "type": "int", "offset": 4 * i} for i, name in enumerate(fields)]}, INT]}


def dump(**fields):
    return {"molt_dump": 1, "schema": None, "roots": {"state": {"ref": "G:0"}},
            "objects": [{"id": "G:0", "type": "G", "value": fields}]}


class Judging(Folders):
    def event(self, outcome, before, after, old=("a",), new=("a",), detail=""):
        for name, what in (("b.json", before), ("a.json", after), ("b.schema.json", schema(*old)),
                           ("a.schema.json", schema(*new))):
            self.write(name, json.dumps(what))
        return {"event": "reload", "outcome": outcome, "before": self.path("b.json"),
                "after": self.path("a.json"), "headline": outcome, "detail": detail}

    def judge(self, event, expect=None, checks=()):
        return judge(Edit("x", "x", "x.patch", expect, checks), event)

    def test_migration_that_keeps_all_is_well(self):
        event = self.event("migrated", dump(a=1), dump(b=0, a=1), ("a",), ("b", "a"))
        self.assertEqual([], self.judge(event, "migrated", ["G.a == 1", "G.b != 7"]))

    def test_lost_value_is_a_problem(self):
        event = self.event("migrated", dump(a=1), dump(b=0, a=0), ("a",), ("b", "a"))
        self.assertEqual(["G:0.a: expected 1, found 0"], self.judge(event))

    def test_state_must_stay_in_every_other_outcome(self):
        for outcome in ("code", "refused", "build-failed"):
            self.assertEqual([], self.judge(self.event(outcome, dump(a=1), dump(a=1))))
            self.assertEqual(1, len(self.judge(self.event(outcome, dump(a=1), dump(a=2)))))

    def test_other_outcome_than_expected_is_a_problem(self):
        event = self.event("refused", dump(a=1), dump(a=1), detail="a reason")
        self.assertIn("a reason", self.judge(event, "migrated")[0])
        self.assertEqual([], self.judge(event, None))

    def test_checks_look_at_values_and_words(self):
        event = self.event("refused", dump(a=1), dump(a=1), detail="keep RED")
        self.assertEqual([], self.judge(event, "refused", ['says "RED"', "G.a == 1"]))
        for check in ('says "BLUE"', "G.a == 2", "G.z == 1", "H.a == 1", "nonsense"):
            self.assertEqual(1, len(self.judge(event, "refused", [check])), check)


FAKE_HOST = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = --events ] && events=$2; shift; done
echo '{"event":"started","frame":0}' >> "$events"
while read -r line; do
    case $line in
    frames) printf '{"event":"frame",\\n"frame":5}\\n' >> "$events" ;;
    quit) exit 3 ;;
    dump*) printf '{"event":"done","command":"%s","ok":false,"error":"full"}\\n' "$line" \\
               >> "$events" ;;
    *) echo "dying words" >&2; exit 9 ;;
    esac
done
"""


class Sessions(Folders):
    def start(self):
        host = self.write("host", FAKE_HOST)
        os.chmod(host, 0o755)
        session = Session(host, "lib.so", self.holder.name, headless=True)
        self.addCleanup(session.close)
        session.wait_for("started", 10)
        return session

    def test_events_commands_and_end(self):
        session = self.start()
        self.assertEqual(5, session.frame())
        with self.assertRaisesRegex(SessionError, "full"):
            session.command("dump x.json")
        self.assertEqual(3, session.quit())

    def test_end_of_the_host_is_told_with_its_last_words(self):
        session = self.start()
        with self.assertRaisesRegex(SessionError, "(?s)exit status 9.*dying words"):
            session.command("screenshot x.png")

    def test_silence_is_told(self):
        with self.assertRaisesRegex(SessionError, "no event 'reload' within"):
            self.start().wait_for("reload", 0.05)


if __name__ == "__main__":
    unittest.main()
