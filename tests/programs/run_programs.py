#!/usr/bin/env python3
"""Random programs with random edits, through the code generator, the compilers and the real reload,
against an expectation that knows none of them.

    run_programs.py --codegen C --runner R --include DIR... [--seed S] [--count N]
    run_programs.py ... --seed S --program K [--way W] [--keep DIR] [--skip EDITS]     one program again
    run_programs.py ... --seed S --program K --reduce                                  and its fewest edits

Each program has two versions, and some have a third. Under policy strict the edit is refused or passes;
under live it is refused, or the session goes on: the program plays, goes back to its first version, there
once more, and back once more.

`--seed auto` is a seed of its own for each state of the sources: it is told, and a failure tells the
command that makes it again.

Programs that must migrate share libraries, and so do those that must be refused: a refusal names every
cause, so each of them must find its own and no other. Batches go through the compilers in turn."""

import argparse
import gc
import hashlib
import pathlib
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from batch import SIZE, Batch, compile_routing, run_batch
from coverage import AIMED, ALL, FULL, Coverage
from life import Life

MEANING = {"migrated": "must migrate", "values": "must be refused for its values",
           "plan": "must be refused whatever its values are", "open": "not run: the rules leave it open"}

CHUNK = 600      # programs that are in memory at a time
ATTEMPTS = 300   # programs that may try to hit a cell

# ---- the runs -----------------------------------------------------------------------------------

def batches(args, programs, folder):
    made = []
    groups = {}
    for program in programs:
        if program.outcome in SIZE:
            groups.setdefault(program.group, []).append(program)
    for (outcome, *_), chosen in sorted(groups.items()):
        size = SIZE[outcome]
        for i in range(0, len(chosen), size):
            made.append(Batch(args, chosen[i:i + size], args.first + len(made), folder / f"b{len(made)}"))
    return made


def run_one(args, number, skip, folder):
    """(program, texts of failure) of one program in libraries of its own."""
    program = Life(args.seed, number, skip)
    if program.outcome not in SIZE:
        return program, []
    failures = []
    for way in range(len(args.cc)) if args.way is None else [args.way]:
        failures = failures or Batch(args, [program], way, folder / f"way{way}").run().failures.get(number, [])
    return program, failures


def describe(args, program, failures, way):
    way = "" if way is None else f" --way {way}"
    print(f"\nFAIL program {program.number}: {command_of(args)} --seed {args.seed} --program {program.number}"
          f"{way} --keep DIR")
    for edit in program.edits:
        print(f"  edit {edit}")
    for edit in program.third if len(program.steps) > 2 else ():
        print(f"  then {edit}")
    for text in failures[:12]:
        print(f"  {text}")


def command_of(args):
    """What runs one of the programs again, but for which."""
    words = [sys.executable, "-B", __file__, "--codegen", args.codegen, "--runner", args.runner]
    words += [word for name in ("include", "cc") for each in getattr(args, name) for word in (f"--{name}", each)]
    words += [f"--cflags={args.cflags}"] if args.cflags else []
    return shlex.join(words + (["--notes-go"] if args.notes_go else []))


def seed_of(text):
    """The number, or one that changes with the sources that the programs go through."""
    if text != "auto":
        return int(text)
    root = pathlib.Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for folder in ("codegen", "reflect", "engine", "route", "tests/programs"):
        for path in sorted((root / folder).rglob("*.[chp]*")):
            if path.is_file():
                digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4], "big")


def reduce(args, number, folder):
    """Leaves out every edit without which the program still fails."""
    skip = list(args.skip)
    program, failures = run_one(args, number, skip, folder / "whole")
    if not failures:
        return program, failures, skip
    for i in range(10):
        tried, said = run_one(args, number, skip + [i], folder / f"r{i}")
        if said:
            program, failures, skip = tried, said, skip + [i]
    return program, failures, skip


def single(args, folder):
    if args.reduce:
        program, failures, skip = reduce(args, args.program, folder)
        print(f"reduced to --skip {','.join(map(str, skip))}")
    else:
        program, failures = run_one(args, args.program, args.skip, folder / "b0")
    print(f"program {program.number}: {MEANING[program.outcome]}")
    if failures:
        describe(args, program, failures, args.way)
    else:
        print("\n".join(["as expected"] + [f"  edit {each}" for each in program.edits]))
    return 1 if failures else 0


def aimed(args, coverage):
    """More programs, for the cells that those so far missed."""
    added, given_up = [], set()
    while True:
        missed = [cell for cell in coverage.missed(args.count) if cell not in given_up]
        if not missed:
            return added
        at = ALL.index(missed[0])
        for attempt in range(ATTEMPTS):
            number = (AIMED // len(ALL) + 1 + attempt) * len(ALL) + at
            if missed[0] in seen_in(Life(args.seed, number, whole=needs_session(missed[0]))):
                program = Life(args.seed, number)
                coverage.add(program.coverage, program.outcome)
                added.append(program)
                break
        else:
            given_up.add(missed[0])


def seen_in(program):
    coverage = Coverage()
    if program.outcome in SIZE:
        coverage.add(program.coverage, program.outcome)
    return coverage.counts


def needs_session(cell):
    return cell[0].endswith("returns")


class Run:
    """All the programs, some hundred at a time."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.coverage = Coverage()
        self.outcomes = Counter()
        self.failed = 0
        self.started = self.said = time.monotonic()

    def go(self, pool, programs):
        programs = {program.number: program for program in programs}
        for program in programs.values():
            self.outcomes[program.outcome] += 1
        made = batches(self.args, list(programs.values()), self.folder / f"c{min(programs, default=0)}")
        for batch, failures in zip(made, pool.map(run_batch, made)):
            for number, texts in failures.items():
                self.failed += 1
                if self.failed <= self.args.show:
                    describe(self.args, programs[number], texts, batch.way)
            if not self.args.keep:
                shutil.rmtree(batch.folder, ignore_errors=True)
        gc.collect()
        if time.monotonic() - self.said > 60:
            self.said = time.monotonic()
            print(f"{sum(self.outcomes.values())} programs, {self.failed} failed", flush=True)

    def summary(self, more):
        outcomes = ", ".join(f"{self.outcomes[name]} {name}" for name in MEANING)
        return (f"seed {self.args.seed}: {self.args.count} programs and {more} for cells that these "
                f"missed: {outcomes}; {self.failed} failed, {time.monotonic() - self.started:.0f} s")


def many(args, folder):
    gc.disable()  # programs are full of cycles and go all at once
    run = Run(args, folder)
    with ThreadPoolExecutor(args.jobs) as pool:
        for first in range(args.first, args.first + args.count, CHUNK):
            numbers = range(first, min(first + CHUNK, args.first + args.count))
            programs = [Life(args.seed, n) for n in numbers]
            for program in programs:
                run.coverage.add(program.coverage, program.outcome)
            run.go(pool, programs)
        more = aimed(args, run.coverage)
        run.go(pool, more)
    table = f"{run.coverage.table()}\n{run.summary(len(more))}"
    missed = run.coverage.missed(args.count)
    table += "".join(f"\nFAIL never hit: {rule} on {kind}" for rule, kind in missed)
    unexplained = run.coverage.unexplained()
    table += "".join(f"\nFAIL not in CANNOT: {rule}" for rule in unexplained)
    print(table)
    if args.coverage:
        args.coverage.write_text(table + "\n")
    return 1 if run.failed or missed or unexplained else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--cc", action="append", default=[], help="several: taken in turn")
    parser.add_argument("--cflags", default="")
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--seed", type=seed_of, default=1, help="a number, or auto")
    parser.add_argument("--count", type=int, default=FULL)
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=8, help="failures to describe")
    parser.add_argument("--program", type=int)
    parser.add_argument("--way", type=int, help="in which it is built and run; default: each compiler")
    parser.add_argument("--notes-go", action="store_true", help="third versions may lack notes of the second")
    parser.add_argument("--skip", type=lambda text: [int(n) for n in text.split(",") if n], default=[])
    parser.add_argument("--reduce", action="store_true")
    parser.add_argument("--coverage", type=pathlib.Path, help="file for the table of what was tried")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for sources, libraries and dumps")
    args = parser.parse_args()
    args.cc = args.cc or ["cc"]
    Life.notes_go = args.notes_go
    with tempfile.TemporaryDirectory(prefix="molt-programs-") as name:
        folder = args.keep.resolve() if args.keep else pathlib.Path(name)
        if args.keep and folder.exists() and any(folder.iterdir()):
            sys.exit(f"{folder} is not empty")
        folder.mkdir(exist_ok=True)
        args.routing = {}
        for problem in filter(None, [compile_routing(args, cc, folder) for cc in args.cc]):
            sys.exit(problem)
        return single(args, folder) if args.program is not None else many(args, folder)


if __name__ == "__main__":
    sys.exit(main())
