#!/usr/bin/env python3
"""The main job, live: a running game through a series of real edits of its sources.

Copies the game to a scratch folder, builds it, starts the host on it, and saves one edit after the
other the way an editor would. The host's own watch, build and reload do the rest. Every row of the
table is one edit; the state after it is checked against what the oracle computes from the state
before.

Exits with 0 when every edit did what it should, 1 when not, 2 on wrong usage or a patch that does
not apply.
"""

import argparse
import fcntl
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

from edit import Edit, EditError, apply_all, read_edit, save
from session import Session, SessionError
from verdict import judge, schema_path

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS = 120
RELOAD_SECONDS = 180
REPORT_KEYS = ("edit", "outcome", "ok", "types", "objects", "pause_ms", "save_to_running_ms",
               "screenshot")


class Failure(Exception):
    """Nothing can be shown: building or starting failed."""


def parse_options():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__.splitlines()[0])
    parser.add_argument("--host", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build-dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--source-dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--headless", action="store_true", help="no window, also with a display")
    parser.add_argument("--report", metavar="FILE", help="write the results as JSON")
    parser.add_argument("--edit", metavar="FILE.patch", action="append", default=[],
                        help="apply this patch to the game instead of the built-in series; several")
    parser.add_argument("--keep", metavar="DIR", help="work in DIR and leave everything there")
    return parser.parse_args()


# ---- the scratch folder


class Scratch:
    """A folder with the copy of the game, its build, and what the host writes."""

    def __init__(self, options):
        self.keep = options.keep is not None
        self._lock = None
        if self.keep:
            self.folder = os.path.abspath(options.keep)
            os.makedirs(self.folder, exist_ok=True)
        else:
            self.folder = self._take(os.path.join(os.path.abspath(options.build_dir), "demo"))
        for name in ("game", "build", "dumps", "trial"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        for picture in glob.glob(self.path("[0-9][0-9]-*.png")):
            os.unlink(picture)

    def _take(self, folder):
        """The build's own demo folder, or another one while a second demo runs."""
        try:
            os.makedirs(folder, exist_ok=True)
            self._lock = open(os.path.join(folder, ".lock"), "w", encoding="utf-8")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return folder
        except OSError:
            return tempfile.mkdtemp(prefix="molt-demo-")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def drop_dumps(self, event):
        """Dumps of a reload that was judged well are large and of no further use."""
        if self.keep:
            return
        for key in ("before", "after"):
            if event.get(key):
                for path in (event[key], schema_path(event[key])):
                    if os.path.exists(path):
                        os.unlink(path)


def run_step(what, command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", check=False)
    if run.returncode != 0:
        raise Failure(f"{what} failed:\n{run.stdout}")


def cached_compiler(build_dir):
    """The C compiler that built the host, so that the game is built by the same."""
    try:
        with open(os.path.join(build_dir, "CMakeCache.txt"), encoding="utf-8") as file:
            for line in file:
                if line.startswith("CMAKE_C_COMPILER:"):
                    return [f"-DCMAKE_C_COMPILER={line.partition('=')[2].strip()}"]
    except OSError:
        pass
    return []


def build_game(options, scratch):
    """Configures and builds the copy; returns the library's path."""
    build = scratch.path("build")
    run_step("configuring the copy of the game", [
        "cmake", "-S", scratch.path("game"), "-B", build, "-G", "Ninja",
        "-DCMAKE_BUILD_TYPE=Debug", f"-DMolt_DIR={os.path.abspath(options.build_dir)}",
        *cached_compiler(options.build_dir)])
    run_step("building the copy of the game", ["cmake", "--build", build])
    manifests = glob.glob(os.path.join(build, "**", "*.so.molt"), recursive=True)
    if len(manifests) != 1:
        raise Failure(f"expected one library with its .so.molt in {build}, found {len(manifests)}")
    return manifests[0][:-len(".molt")]


def built_schema(library):
    """What molt_add_game() writes beside lib<target>.so."""
    folder, name = os.path.split(library)
    return os.path.join(folder, name[len("lib"):-len(".so")] + ".schema.json")


def start(options, scratch, library):
    headless = options.headless or not (os.environ.get("DISPLAY") or
                                        os.environ.get("WAYLAND_DISPLAY"))
    if headless and not options.headless:
        print("no display: running headless", flush=True)
    session = Session(options.host, library, scratch.folder, headless)
    try:
        session.wait_for("started", START_SECONDS)
    except SessionError as error:
        session.close()
        if headless:
            raise Failure(f"the game does not start: {error}") from error
        print("no window can be opened: running headless", flush=True)
        session = Session(options.host, library, scratch.folder, True)
        try:
            session.wait_for("started", START_SECONDS)
        except SessionError as again:
            session.close()
            raise Failure(f"the game does not start: {again}") from again
    return session


# ---- the table


class Table:
    TITLE = 46
    LINE = "{:<46} {:<12} {:>5} {:>8} {:>9} {:>10}  {}"

    def head(self):
        print(self.LINE.format("edit", "outcome", "types", "objects", "pause ms", "to run ms",
                               "ok"))
        print("-" * 98, flush=True)

    def begin(self, title):
        """Shows what is being done where a row will stand."""
        if sys.stdout.isatty():
            print(f"{self._cut(title)} ...", end="\r", flush=True)

    def row(self, title, result):
        print(self.LINE.format(
            self._cut(title), result["outcome"] or "-", _number(result["types"], "d"),
            _number(result["objects"], ",d"), _number(result["pause_ms"], ".3f"),
            _number(result["save_to_running_ms"], ".0f"), "yes" if result["ok"] else "NO"),
              flush=True)

    def problems(self, problems):
        for problem in problems:
            print(textwrap.indent(problem, "    ! "), flush=True)

    def _cut(self, title):
        return title if len(title) <= self.TITLE else title[:self.TITLE - 3] + "..."


def _number(value, form):
    return "-" if value is None else format(value, form)


# ---- one edit


class Demo:
    def __init__(self, scratch, session, table, library):
        self.scratch = scratch
        self.built = built_schema(library)
        self.session = session
        self.table = table
        self.results = []
        self.earlier = []  # dumps from before edits whose values may come back
        self.view_seconds = 0.3 if session.headless else 1.0

    def run(self, edits, trees):
        for number, (edit, tree) in enumerate(zip(edits, trees), 1):
            self.table.begin(edit.title)
            result = dict.fromkeys(REPORT_KEYS)
            result.update(edit=edit.name, ok=False)
            self.results.append(result)
            try:
                problems = self.step(number, edit, tree, result)
            except SessionError as error:
                problems = [str(error)]
            result["ok"] = not problems
            self.table.row(edit.title, result)
            self.table.problems(problems)
            if self.session.process.poll() is not None:
                self.skip(edits[number:])
                return

    def skip(self, edits):
        for edit in edits:
            result = dict.fromkeys(REPORT_KEYS)
            result.update(edit=edit.name, ok=False)
            self.results.append(result)
            self.table.row(edit.title, result)
            self.table.problems(["not tried: the host has ended"])

    def step(self, number, edit, tree, result):
        """Saves an edit and follows it to its end; returns problems."""
        self.session.forget()
        if not save(tree, self.scratch.path("game")):
            result["outcome"] = "unchanged"
            return [] if edit.expect is None else ["the edit changes no file"]
        saved_ns = time.time_ns()
        event = self.session.wait_outcome(RELOAD_SECONDS)
        self.fill(result, event)
        if event["outcome"] in ("code", "migrated"):
            running = self.session.wait_for("running", 60)
            since_save = (running["time_ns"] - saved_ns) / 1e6
            result["save_to_running_ms"] = round(since_save - running.get("dump_ms", 0), 3)
        self.view(number, edit, result)
        problems = judge(edit, event, self.earlier, self.built)
        problems += self.still_running(event)
        if not problems:
            self.scratch.drop_dumps(event)
        return problems

    @staticmethod
    def fill(result, event):
        outcome = event["outcome"]
        result["outcome"] = outcome
        if outcome in ("code", "migrated"):
            result["types"] = event["types"]
            result["objects"] = event["objects"]
        if outcome in ("code", "migrated", "refused"):
            result["pause_ms"] = event["pause_ms"]

    def view(self, number, edit, result):
        """Leaves the change on screen for a moment, then takes its picture."""
        time.sleep(self.view_seconds)
        prefix = f"{number:02d}-"
        name = edit.name if edit.name.startswith(prefix) else prefix + edit.name
        picture = self.scratch.path(f"{name}.png")
        self.session.command(f"screenshot {picture}")
        result["screenshot"] = picture

    def still_running(self, event):
        """A game that stands still did not survive, whatever its state says."""
        frame = self.session.frame()
        deadline = time.monotonic() + 10
        while frame <= event.get("frame", 0) and time.monotonic() < deadline:
            time.sleep(Session.POLL_SECONDS)
            frame = self.session.frame()
        if frame <= event.get("frame", 0):
            return [f"the game stands still at frame {frame}"]
        return []


def built_in_edits():
    paths = sorted(glob.glob(os.path.join(HERE, "edits", "*.patch")))
    edits = [read_edit(path) for path in paths]
    edits.append(Edit(f"{len(edits) + 1:02d}-undo", "all of it undone", expect="migrated"))
    return edits


def write_report(path, results):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
        file.write("\n")


def run_demo(options, scratch, edits, trees):
    """Results and whether the host ended well."""
    library = build_game(options, scratch)
    session = start(options, scratch, library)
    table = Table()
    table.head()
    demo = Demo(scratch, session, table, library)
    ended_well = False
    try:
        demo.run(edits, trees)
        status = session.quit()
        ended_well = status == 0
        if not ended_well:
            print(f"the host ended with status {status}; its log is {session.log_path}")
    except SessionError as error:
        print(error)
    finally:
        session.close()
        if options.report:
            write_report(options.report, demo.results)
    return demo.results, ended_well


def main():
    options = parse_options()
    scratch = None
    try:
        edits = [read_edit(path) for path in options.edit] or built_in_edits()
        scratch = Scratch(options)
        sources = os.path.join(options.source_dir, "game")
        trees = apply_all(edits, sources, scratch.path("trial"))
        shutil.copytree(sources, scratch.path("game"))
        results, ended_well = run_demo(options, scratch, edits, trees)
    except EditError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    failed = [result["edit"] for result in results if not result["ok"]]
    pictures = len([result for result in results if result["screenshot"]])
    print(f"{pictures} pictures in {scratch.folder}")
    if failed or not ended_well:
        print(f"{len(failed)} of {len(results)} edits failed: {', '.join(failed)}" if failed else
              "the host did not end well")
        return 1
    print(f"all {len(results)} edits did what they should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
