#!/usr/bin/env python3
"""Random programs with random edits, through the code generator, the compilers and the real reload,
against an expectation that knows none of them.

    run_programs.py --codegen C --runner R --include DIR... [--seed S] [--count N]
    run_programs.py ... --seed S --program K [--keep DIR] [--skip EDITS]     one program again
    run_programs.py ... --seed S --program K --reduce                        and its fewest edits

Programs that must migrate share libraries, and so do those that must be refused: a refusal names every
cause, so each of them must find its own and no other."""

import argparse
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from c_source import library_text
from coverage import FULL, Coverage
from dump_check import Check, Dump, load, new_ids
from edits import EDITS, Editor, edit_at_random, settle_names
from expectation import Expectation
from live_state import State
from random_declarations import Namer, random_program

PLAN_RULES = ("field-without-source", "rename-ambiguous")  # refuse whatever the values are
MEANING = {"migrated": "must migrate", "values": "must be refused for its values",
           "plan": "must be refused whatever its values are", "open": "not run: the rules leave it open"}
BATCH = {"migrated": 25, "values": 12, "plan": 12}


class Program:
    """Both versions, the state of the first and what must become of it. Deterministic in seed and
    number; `skip` leaves edits out."""

    def __init__(self, seed, number, skip=()):
        self.number = number
        rng = random.Random(f"{seed}/{number}")
        namer = Namer()
        self.old = random_program(rng, f"P{number}", namer)
        self.new = self.old.clone()
        self.state = State(rng, self.old)
        self.edits = self._edit(f"{seed}/{number}", rng.randint(1, 9), namer, set(skip))
        self.coverage = Coverage()
        self.before = Expectation(self.old, self.old.clone(), self.state)
        self.after = Expectation(self.old, self.new, self.state, self.coverage)

    def _edit(self, key, count, namer, skip):
        """The program's number chooses the first edits, so that the rare ones come in turn too."""
        words = []
        editor = Editor(None, self.new, namer)
        for i in range(count):
            editor.rng = random.Random(f"{key}/{i}")
            if i in skip:
                continue
            turn = self.number if i == 0 else self.number * 7 + 3 if i == 1 and self.number % 2 else None
            edit = EDITS[turn % len(EDITS)][1] if turn is not None else None
            done = edit(editor) if edit else None
            done = done or edit_at_random(editor)
            if done:
                words.append(f"{i}: {done}")
        settle_names(editor)
        return words


def run_batch(batch):
    """Runs the batch; what one program's surprise hid runs again without it. Gives all failures."""
    failures = dict(batch.run().failures)
    if batch.unclear and len(batch.programs) > 1:
        for program in batch.programs:
            alone = Batch(batch.args, [program], batch.compiler, batch.folder / f"p{program.number}")
            failures.update(alone.run().failures)
        return failures or {batch.programs[0].number: ["only in its batch: " + batch.unclear]}
    rest = [p for p in batch.programs if p.number not in failures]
    if batch.masked and failures and rest:
        again = Batch(batch.args, rest, batch.compiler, batch.folder / "again")
        failures.update(run_batch(again))
    return failures


class Batch:
    """Programs that share a pair of libraries."""

    def __init__(self, args, programs, compiler, folder):
        self.args = args
        self.programs = programs
        self.compiler = compiler
        self.folder = folder
        self.outcome = programs[0].after.outcome
        self.failures = {}   # program number -> texts
        self.unclear = None  # a difference that tells no program
        self.masked = False  # one program's surprise hides what becomes of the others
        self.addresses = {}  # (program, object) -> where version 1 made it
        self.places = {}     # (version, program) -> {number of a Place: its offsets}

    def run(self):
        self.folder.mkdir(parents=True)
        problem = self._build(1) or self._build(2) or self._execute()
        if problem:
            for program in self.programs:
                self.failures.setdefault(program.number, []).append(problem)
        return self

    # ---- building

    def _build(self, version):
        args, folder = self.args, self.folder
        expected = [(p.number, p.before if version == 1 else p.after) for p in self.programs]
        source = folder / f"v{version}" / "game.c"
        source.parent.mkdir()
        source.write_text(library_text(expected, version))
        metadata, library = folder / f"meta{version}.c", folder / f"v{version}.so"
        flags = ["-std=gnu11", "-w"] + [f"-I{each}" for each in args.include]
        problem = command([args.codegen, "--base", str(source.parent), "--metadata", str(metadata),
                           "--schema", str(folder / f"v{version}.json"), str(source), "--", *flags])
        return problem or command(
            [self.compiler, *shlex.split(args.cflags), *flags, "-O0", "-fPIC", "-shared",
             "-fvisibility=hidden", str(source), str(metadata), "-o", str(library), "-lm"])

    def _execute(self):
        done = subprocess.run([self.args.runner, self.folder / "v1.so", self.folder / "v2.so",
                               self.folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)
        log = [line for line in done.stdout.splitlines() if not line.startswith(("object ", "place "))]
        if done.returncode != 0:
            return f"the runner ends with {done.returncode}: " + "\n".join(log[-30:])
        outcome = next((line.split()[1] for line in log if line.startswith("outcome ")), "nothing")
        for line in done.stdout.splitlines():
            if line.startswith("object "):
                _, number, index, address = line.split()
                self.addresses[int(number), int(index)] = address
            elif line.startswith("place "):
                version, number, place, *offsets = map(int, line.split()[1:])
                self.places.setdefault((version, number), {})[place] = tuple(offsets)
        return self._compare(outcome, "\n".join(log))

    # ---- comparing

    def _compare(self, outcome, log):
        before = Dump(self.folder / "before.json")
        report = load(self.folder / "report.json")
        ids = {}
        for program in self.programs:
            ids[program] = {obj: before.by_address.get(self.addresses[program.number, obj.index], "?")
                            for obj in program.state.objects if not obj.freed}
        self._check_dump(1, before, [(p, p.before, ids[p]) for p in self.programs])
        wanted = "migrated" if self.outcome == "migrated" else "refused"
        if outcome == "code" and wanted == "migrated":
            outcome = wanted  # edits that leave every layout as it was
        self.masked = outcome != wanted
        self._check_report(report)
        if self.masked:
            return None if self.failures else f"expected {wanted}, got {outcome}\n{log}"
        if wanted == "migrated":
            after = Dump(self.folder / "after.json")
            self._check_dump(2, after, [
                (p, p.after, new_ids(p.after, ids[p])) for p in self.programs])
        return None

    def _check_dump(self, version, dump, expected):
        title = f"version {version}"
        taken = {dump.root}
        for _, _, ids in expected:
            taken |= set(ids.values())
        for program, expectation, ids in expected:
            places = self.places.get((version, program.number), {})
            for path, want, found in Check(expectation, ids, dump, taken, places).run():
                self._fail(program, f"{title}: {path}: expected {want}, found {found}")
        for id_ in dump.objects:
            if id_ not in taken:
                self.unclear = f"{title}: {id_}: expected nothing, found an object"
        if self.unclear and len(self.programs) == 1:
            self._fail(self.programs[0], self.unclear)

    def _owner(self, path):
        """The program that a path or an id speaks of; the first where it does not tell."""
        for program in self.programs:
            if path.startswith(f"P{program.number}_"):
                return program
        return self.programs[0]

    def _check_report(self, report):
        found = {"loss": {}, "refuse": {}}
        for finding in report.get("findings", ()):
            if finding["severity"] in found:
                # bytes behind a text are no text: the oracle leaves open what a char[N] is
                if finding["rule"] == "elements-dropped" and "behind the text" in finding["value"]:
                    continue
                # a removed field with a likely successor: the same loss under a word of its own
                if finding["rule"] == "possible-rename":
                    finding = {**finding, "rule": "field-removed"}
                found[finding["severity"]].setdefault(finding["path"], []).append(finding)
        complete = not report.get("left_out", {}).get("loss")
        planned = any(finding["rule"] in PLAN_RULES for finding in report.get("findings", ()))
        self.masked |= planned and self.outcome == "values"
        for program in self.programs:
            mine = {severity: {path: each for path, each in paths.items()
                               if self._owner(path) is program}
                    for severity, paths in found.items()}
            self._check_refusals(program, mine["refuse"])
            if self.outcome == "migrated" and not self.masked:
                self._check_losses(program, mine["loss"], complete)

    def _check_refusals(self, program, found):
        wanted = program.after.plan_refusals or program.after.refusals
        for path, rules in wanted.items():
            if not self.masked and not any(f["rule"] in rules for f in found.get(path, ())):
                self._fail(program, f"not refused: {path} for {' or '.join(sorted(rules))}; found "
                                    f"{[f['rule'] for f in found.get(path, ())]}")
        for path, findings in found.items():
            for finding in findings:
                if finding["rule"] not in wanted.get(path, ()):
                    self._fail(program, f"refused without reason: {text_of(finding)}")

    def _check_losses(self, program, found, complete):
        wanted = {key: len(objects) for key, objects in program.after.losses.items()}
        for (rule, path), objects in wanted.items():
            told = [f for f in found.get(path, ()) if f["rule"] == rule]
            if not told and complete and (rule, path) not in program.after.optional:
                self._fail(program, f"no loss reported: {rule} {path} in {objects} objects")
            if told and int(told[0].get("objects", 0)) != objects:
                if (rule, path) not in program.after.optional:
                    self._fail(program, f"objects of {rule} {path}: expected {objects}, "
                                        f"found {told[0].get('objects')}")
        for path, findings in found.items():
            for finding in findings:
                key = finding["rule"], path
                if key not in wanted and key not in program.after.optional:
                    self._fail(program, f"loss without reason: {text_of(finding)}")

    def _fail(self, program, text):
        self.failures.setdefault(program.number, []).append(text)


def text_of(finding):
    return " ".join(f"{key}={value}" for key, value in finding.items() if key != "remedy")


def command(words):
    """What a failed command says, else None."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    if done.returncode == 0:
        return None
    return f"{pathlib.Path(words[0]).name} ends with {done.returncode}:\n{done.stdout[:3000]}"


# ---- the runs -----------------------------------------------------------------------------------

def batches(args, programs, folder):
    made = []
    for outcome, size in BATCH.items():
        chosen = [p for p in programs if p.after.outcome == outcome]
        for i in range(0, len(chosen), size):
            compiler = args.cc[len(made) % len(args.cc)]
            made.append(Batch(args, chosen[i:i + size], compiler, folder / f"b{len(made)}"))
    return made


def run_one(args, number, skip, folder):
    """(program, texts of failure) of one program in libraries of its own."""
    program = Program(args.seed, number, skip)
    if program.after.outcome not in BATCH:
        return program, []
    batch = Batch(args, [program], args.cc[0], folder).run()
    return program, batch.failures.get(number, [])


def describe(args, program, failures):
    print(f"\nFAIL program {program.number}: --seed {args.seed} --program {program.number} --keep DIR")
    for edit in program.edits:
        print(f"  edit {edit}")
    for text in failures[:12]:
        print(f"  {text}")


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
    print(f"program {program.number}: {MEANING[program.after.outcome]}")
    if failures:
        describe(args, program, failures)
    else:
        print("\n".join(["as expected"] + [f"  edit {each}" for each in program.edits]))
    return 1 if failures else 0


def many(args, folder):
    coverage, failed, outcomes = Coverage(), 0, {}
    started, said = time.monotonic(), time.monotonic()
    chunk = 600
    with ThreadPoolExecutor(args.jobs) as pool:
        for first in range(0, args.count, chunk):
            numbers = range(args.first + first, args.first + min(first + chunk, args.count))
            programs = {n: Program(args.seed, n) for n in numbers}
            for program in programs.values():
                coverage.add(program.coverage, program.after.outcome)
                outcome = program.after.outcome
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
            made = batches(args, list(programs.values()), folder / f"c{first}")
            for batch, failures in zip(made, pool.map(run_batch, made)):
                for number, texts in failures.items():
                    failed += 1
                    if failed <= args.show:
                        describe(args, programs[number], texts)
                if not args.keep:
                    command(["rm", "-rf", str(batch.folder)])
            if time.monotonic() - said > 60:
                said = time.monotonic()
                print(f"{first + len(numbers)} programs, {failed} failed", flush=True)
    print(coverage.table())
    print(f"seed {args.seed}: {args.count} programs, " + ", ".join(
        f"{outcomes[name]} {name}" for name in MEANING if name in outcomes) +
        f", {failed} failed, {time.monotonic() - started:.0f} s")
    missed = coverage.missed(args.count)
    for rule, kind in missed:
        print(f"FAIL never hit: {rule} on {kind}")
    return 1 if failed or missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--cc", action="append", default=[], help="several: taken in turn")
    parser.add_argument("--cflags", default="")
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=FULL)
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=8, help="failures to describe")
    parser.add_argument("--program", type=int)
    parser.add_argument("--skip", type=lambda text: [int(n) for n in text.split(",") if n], default=[])
    parser.add_argument("--reduce", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for sources, libraries and dumps")
    args = parser.parse_args()
    args.cc = args.cc or ["cc"]
    with tempfile.TemporaryDirectory(prefix="molt-programs-") as name:
        folder = args.keep.resolve() if args.keep else pathlib.Path(name)
        if args.keep and folder.exists() and any(folder.iterdir()):
            sys.exit(f"{folder} is not empty")
        return single(args, folder) if args.program is not None else many(args, folder)


if __name__ == "__main__":
    sys.exit(main())
