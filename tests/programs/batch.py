"""Programs that share libraries: compiled, run through a session under each policy, and compared."""

import pathlib
import re
import shlex
import subprocess

from c_source import Part, library_text
from declarations import CHAR, VARIABLES, Arm, Array, Flexible, Pointer, Struct
from dump_check import Check, Dump, as_bytes, load, new_ids
from findings import Findings, is_planned
from live_state import Copied
from stages import texts_without_return

ROUTING = pathlib.Path(__file__).resolve().parents[2] / "route/plain_memory.c"
SIZE = {"migrated": 50, "values": 35, "plan": 50}
# How the odd and the even versions of a batch's programs are compiled, in turn: as molt_add_game() does.
LEVELS = ["00", "00", "02", "00", "20", "00", "22"]
OPTIMISED = {"gcc": ["-O2", "-fno-optimize-sibling-calls", "-fno-ipa-icf", "-fno-crossjumping",
                     "-fno-tree-tail-merge", "-fno-toplevel-reorder", "-fno-ipa-reference-addressable",
                     "--param=max-inline-insns-auto=60", "--param=inline-min-speedup=15"],
             "clang": ["-O2", "-fno-optimize-sibling-calls", "-include", "molt/keep_statics.h"]}


def run_batch(batch):
    """Runs the batch; what one program's surprise hid runs again without it. Gives all failures."""
    failures = dict(batch.run().failures)
    if batch.unclear and len(batch.programs) > 1:
        for program in batch.programs:
            failures.update(batch.again([program], f"p{program.number}").run().failures)
        return failures or {batch.programs[0].number: ["only in its batch: " + batch.unclear]}
    rest = [p for p in batch.programs if p.number not in failures]
    if batch.masked and failures and rest:
        failures.update(run_batch(batch.again(rest, "again")))
    return failures


def command(words):
    """What a failed command says, else None."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    if done.returncode == 0:
        return None
    return f"{pathlib.Path(words[0]).name} ends with {done.returncode}:\n{done.stdout[:3000]}"


def compile_routing(args, compiler, folder):
    """The object that sends malloc and its relatives to the heap, and what went wrong."""
    made = folder / f"routing{len(args.routing)}.o"
    args.routing[compiler] = made
    return command([compiler, *shlex.split(args.cflags), "-std=gnu11", "-g", "-O2", "-fPIC", "-fno-builtin",
                    "-fno-lto", "-fno-omit-frame-pointer", "-fvisibility=hidden",
                    *[f"-I{each}" for each in args.include], "-c", str(ROUTING), "-o", str(made)])


def texts_of(value):
    """The texts made by migrations that a value of a stage points at."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, Arm):
        value = [value.value]
    if isinstance(value, list):
        return set().union(*map(texts_of, value))
    return {value.text + b"\0"} if isinstance(value, Copied) else set()


def leads_to_text(type_):
    """A char * in a value of the type."""
    if isinstance(type_, (Array, Flexible)):
        return leads_to_text(type_.elem)
    if isinstance(type_, Struct):
        return any(leads_to_text(field.type) for field in type_.fields)
    return isinstance(type_, Pointer) and type_.to is CHAR


class Ended(Exception):
    """The runner ended; its last words."""


class Runner:
    """The process that has the session; see runner.c."""

    def __init__(self, path, folder):
        self.said = []
        self.process = subprocess.Popen([path, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.stdin.close()
        self.said += self.process.stdout.read().splitlines()
        if self.process.wait() != 0 and kind is None:
            raise Ended(self._last_words())

    def order(self, *words):
        """The lines that answer it."""
        lines = []
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it says why below
        for line in self.process.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
            self.said.append(line.rstrip("\n"))
        raise Ended(self._last_words())

    def _last_words(self):
        log = [line for line in self.said if not line.startswith(("object ", "place "))]
        return f"the runner ends with {self.process.wait()}: " + "\n".join(log[-30:])


class Batch:
    def __init__(self, args, programs, way, folder):
        self.args = args
        self.programs = programs
        self.way = way       # number of the way in which it is built and run
        self.compiler = args.cc[way % len(args.cc)]
        self.levels = LEVELS[way // len(args.cc) % len(LEVELS)]
        self.steps_back = way % 3 == 0  # goes back through the history, not by the library's file
        self.folder = folder
        self.outcome = programs[0].outcome
        self.steps = len(programs[0].steps)  # reloads of the session under policy live, if any migrates
        self.failures = {}   # program number -> texts
        self.unclear = None  # a difference that tells no program
        self.masked = False  # one program's surprise hides what becomes of the others
        self.ids = {}        # program -> {index of an object: its id}
        self.kept = {}       # the same, also of objects whose struct is gone
        self.places = {}     # program number -> {key of a place: its offsets}
        self.texts = {p: set() for p in programs}  # that migrations made, used or not
        self.loose = {p: set() for p in programs}  # of them, those that may outlive the session's edits

    def again(self, programs, name):
        return Batch(self.args, programs, self.way, self.folder / name)

    def run(self):
        self.folder.mkdir(parents=True)
        problem = self._build()
        try:
            if not problem:
                self._strict()
            if not problem and not self.failures:
                self._live()
            if not problem and not self.failures and self.programs[0].jump:
                self._jump()
        except Ended as ended:
            problem = str(ended)
        if problem and len(self.programs) > 1:
            self.unclear = problem
        elif problem:
            self._fail_all(problem)
        return self

    # ---- building

    def _build(self):
        problem = self._library(1, [self._first_part(p) for p in self.programs])
        if self.steps == 0:
            parts = [Part(p.number, p.new, p.after.unnamed) for p in self.programs]
            return problem or self._library(2, parts)
        for i in range(self.steps - 1):
            parts = [Part(p.number, p.steps[i].expectation.new,
                          {**p.steps[i].expectation.unnamed, **p.steps[i].played.unnamed,
                           **(p.jump.unnamed if p.jump and i == 1 else {})}, None,
                          p.steps[i].stage) for p in self.programs]
            problem = problem or self._library(i + 2, parts)
        return problem

    @staticmethod
    def _first_part(program):
        places = dict(program.before.unnamed)
        if program.steps:
            places.update(program.steps[-1].expectation.unnamed)
        return Part(program.number, program.old, places, program.state)

    def _library(self, version, parts):
        args, folder = self.args, self.folder
        source = folder / f"v{version}" / "game.c"
        source.parent.mkdir()
        source.write_text(library_text(parts))
        metadata = folder / f"meta{version}.c"
        flags = ["-std=gnu11", "-w"] + [f"-I{each}" for each in args.include]
        level = ["-O0"]
        if self.levels[version % 2] == "2":
            level = OPTIMISED["clang" if "clang" in pathlib.Path(self.compiler).name else "gcc"]
        problem = command([args.codegen, "--base", str(source.parent), "--metadata", str(metadata),
                           "--schema", str(folder / f"v{version}.json"), str(source), "--", *flags])
        # The programs write through pointers into packed structs, as those do who have such structs.
        return problem or command(
            [self.compiler, *shlex.split(args.cflags), "-fno-sanitize=alignment", *flags, "-g", *level,
             "-fPIC", "-shared", "-fvisibility=hidden", str(source), str(metadata),
             str(args.routing[self.compiler]), "-o", str(self._path(version)), "-lm"])

    def _path(self, version):
        return self.folder / f"v{version}.so"

    # ---- sessions

    def _jump(self):
        """From the first version to the third."""
        with Runner(self.args.runner, self.folder) as runner:
            self._start(runner, "live")
            outcome, report = self._reload(runner, 3, "jump")
            for program, found in self._findings(report):
                self._fail(program, "jump: ", found.refusal_differences(program.jump, False))
                self._fail(program, "jump: ", found.loss_differences(program.jump))
            if outcome != "migrated":
                self.masked = True
                if not self.failures:
                    self._fail_all(f"jump: expected migrated, got {outcome}\n{self.words}")
                return
            self._tell(runner)
            expected = {p: p.jump for p in self.programs}
            self._rename(expected)
            self._check("jump", self._dump(runner, "jump"), expected)

    def _start(self, runner, policy):
        self.ids = {p: {} for p in self.programs}
        self.kept = {p: {} for p in self.programs}
        addresses = self._addresses(runner.order("start", self._path(1), policy))
        self._tell(runner)
        dump = self._dump(runner, f"{policy}1")
        for program in self.programs:
            for obj in program.state.objects:
                if obj.is_variables:
                    self.ids[program][obj.index] = f"{VARIABLES}:0"
                elif not obj.freed:
                    address = addresses[program.number, obj.index]
                    self.ids[program][obj.index] = dump.by_address.get(address, "?")
        self._check("version 1", dump, {p: p.before for p in self.programs})
        return dump

    @staticmethod
    def _addresses(lines):
        found = {}
        for line in lines:
            if line.startswith("object "):
                _, number, index, address = line.split()
                found[int(number), int(index)] = address
        return found

    def _tell(self, runner):
        self.places = {}
        for line in runner.order("frame", 0):
            if line.startswith("place "):
                _, number, key, *offsets = line.split()
                self.places.setdefault(int(number), {})[key] = tuple(map(int, offsets))

    def _dump(self, runner, name):
        runner.order("dump", name)
        return Dump(self.folder / f"{name}.json")

    def _reload(self, runner, version, name, steps=None):
        """(outcome, report); "code" counts as migrated. With `steps` the code is that of the history."""
        order = ["reload", self._path(version)] if steps is None else ["step", steps]
        lines = runner.order(*order, name)
        outcome = next((line.split()[1] for line in lines if line.startswith("outcome ")), "nothing")
        self.words = "\n".join(lines[:30])
        report = load(self.folder / f"{name}.report.json")
        return "migrated" if outcome == "code" else outcome, report

    def _strict(self):
        """Every loss refuses, and what refuses does so all the more."""
        with Runner(self.args.runner, self.folder) as runner:
            self._start(runner, "strict")
            first = {p: dict(ids) for p, ids in self.ids.items()}
            outcome, report = self._reload(runner, 2, "strict2")
            told = {p.strict for p in self.programs}
            wanted = {"migrated", "refused"}
            if self.outcome != "migrated" or told & {"refused", "refused by plan", "type removed"}:
                wanted = {"refused"}
            elif told == {"passes"}:
                wanted = {"migrated"}
            planned = is_planned(report)
            for program, found in self._findings(report):
                if self.outcome == "migrated" and not planned:
                    # whether objects of a type that is gone are reached is seen when all else is well
                    seen = () if told == {"type removed"} else ("type-removed",)
                    self._fail(program, "strict: ", found.loss_differences(program.after, True, seen))
                elif self.outcome == "migrated":
                    self._fail(program, "strict: ", found.plan_loss_differences(program.after, found.refuse))
                elif self.outcome == "plan":
                    self._fail(program, "strict: ", found.refusal_differences(program.after, False))
            if outcome not in wanted and not self.failures:
                self.unclear = f"strict: expected {' or '.join(wanted)}, got {outcome}\n{self.words}"
                self._fail_alone(self.unclear)
            if outcome == "migrated" and outcome in wanted:
                self._tell(runner)
                self._rename({p: p.after for p in self.programs})
                self._check("strict: version 2", self._dump(runner, "strict2"),
                            {p: p.after for p in self.programs})
                if not self.failures:
                    self._strict_again(runner, first)

    def _strict_again(self, runner, first):
        """Back, and on again: as it was in either version. What an annotation let go is not kept."""
        second = self.ids
        whole = [p for p in self.programs if not p.after.lost and not p.after.stuck]
        for title, version, steps, expected, known in (
                ("strict: back", 1, -1, {p: p.before for p in whole}, first),
                ("strict: again", 2, 1, {p: p.after for p in whole}, second)):
            name = title.replace(": ", "_")
            outcome, report = self._reload(runner, version, name, steps if self.steps_back else None)
            if outcome == "refused" and version == 1 and self._refuses_stuck(report):
                self._check(title, self._dump(runner, name), {p: p.after for p in whole})
                return
            if outcome != "migrated":
                self._fail_all(f"{title}: expected migrated, got {outcome}\n{self.words}")
                return
            self.ids = known
            self._tell(runner)
            self._check(title, self._dump(runner, name), expected)
            if self.failures:
                return

    def _refuses_stuck(self, report):
        """All that the way back refuses is an enumeration's number without a name, a text that a default made
        (behind a pointer nothing is known as a default), or one without a NUL."""
        refused = [finding for finding in report["findings"] if finding["severity"] == "refuse"]
        return bool(refused) and all(map(self._is_stuck, refused))

    def _is_stuck(self, finding):
        after = self._owner(finding["path"]).after
        if finding["rule"] == "field-removed":
            name = re.split(r"[.:]", finding["path"])[-1]
            return any(field.name == name and leads_to_text(field.type)
                       for holder in after.new.holders for field in holder.fields)
        if finding["rule"] == "string-truncated":  # its array had no room for the NUL
            return after.lost
        return finding["rule"] == "enum-unnamed-value" and after.stuck

    def _live(self):
        with Runner(self.args.runner, self.folder) as runner:
            self._start(runner, "live")
            outcome, report = self._reload(runner, 2, "live2")
            wanted = "migrated" if self.outcome == "migrated" else "refused"
            self.masked = outcome != wanted or is_planned(report) and self.outcome == "values"
            for program, found in self._findings(report):
                self._fail(program, "", found.refusal_differences(program.after, self.masked))
                if self.outcome == "migrated" and not self.masked:
                    self._fail(program, "", found.loss_differences(program.after))
            if outcome != wanted:
                if not self.failures:
                    self._fail_all(f"expected {wanted}, got {outcome}\n{self.words}")
            elif wanted == "migrated":
                self._live_on(runner)

    def _live_on(self, runner):
        """From the second version on, to the way back, and there and back once more."""
        self._after(runner, 2, {p: p.after for p in self.programs})
        for i in range(self.steps - 1):
            if self.failures:
                return
            self._play(runner, i)
            ids = {p: dict(self.ids[p]) for p in self.programs}
            back = i + 2 == self.steps
            steps = 1 - self.steps if back and self.steps_back else None
            outcome, report = self._reload(runner, 1 if back else i + 3, f"live{i + 3}", steps)
            if not self._migrates(outcome, report, self._title(i + 3), i + 1):
                return
            self._after(runner, i + 3, {p: p.steps[i + 1].expectation for p in self.programs})
        if self.steps > 1 and not self.failures:
            self._redo(runner, ids)

    def _migrates(self, outcome, report, title, step):
        if outcome == "migrated":
            return True
        self.masked = True
        for program, found in self._findings(report):
            self._fail(program, title, found.refusal_differences(program.steps[step].expectation, False))
        if not self.failures:
            self._fail_all(f"{title}expected migrated, got {outcome}\n{self.words}")
        return False

    def _redo(self, runner, ids):
        """The last version again has what the program left there, and the first one what it had."""
        there, back = self.ids, {p: p.steps[-1].expectation for p in self.programs}
        left = {p: p.steps[-2].played for p in self.programs}
        for title, version, steps, expected, known in (
                ("again", self.steps, self.steps - 1, left, ids), ("back again", 1, 1 - self.steps, back, there)):
            outcome, report = self._reload(runner, version, title.replace(" ", "_"),
                                           steps if self.steps_back else None)
            if self.failures or not self._migrates(outcome, report, title + ": ", -1):
                return
            self.ids = known
            self._tell(runner)
            self._check(title, self._dump(runner, title.replace(" ", "_")), expected)

    def _title(self, number):
        return "back: " if number == self.steps + 1 else f"version {number}: "

    def _after(self, runner, number, expected):
        self._tell(runner)
        self._rename(expected)
        self._check(self._title(number).rstrip(": "), self._dump(runner, f"live{number}"), expected)

    def _rename(self, expected):
        for program, expectation in expected.items():
            self.kept[program].update(self.ids[program])
            self.ids[program] = new_ids(expectation, self.kept[program])

    def _play(self, runner, i):
        dump, table = Dump(self.folder / f"live{i + 2}.json"), []
        for program in self.programs:
            stage, ids = program.steps[i].stage, self.ids[program]
            self.loose[program] |= texts_without_return(stage)
            table += [dump.objects[ids[index]].get("addr", 0) if index in ids else 0
                      for index in range(stage.next_index)]
        addresses = self._addresses(runner.order("frame", 1, *table))
        dump = self._dump(runner, f"played{i + 2}")
        for program in self.programs:
            stage = program.steps[i].stage
            for obj in stage.freed:
                self.kept[program].pop(obj.index, None)
                del self.ids[program][obj.index]
                self.loose[program] |= texts_of(obj.values)  # the program left them
            for obj in stage.created:
                self.ids[program][obj.index] = dump.by_address.get(
                    addresses.get((program.number, obj.index)), "?")
        self._check(f"play in version {i + 2}", dump, {p: p.steps[i].played for p in self.programs})

    # ---- comparing

    def _check(self, title, dump, expected):
        taken = {dump.root}
        for program in self.programs:
            taken |= set(self.ids[program].values())
        for program, expectation in expected.items():
            check = Check(expectation, self.ids[program], dump, taken,
                          self.places.get(program.number, {}))
            self._fail(program, f"{title}: ", (f"{path}: expected {want}, found {found}"
                                               for path, want, found in check.run()))
            self.texts[program] |= check.made
            self.loose[program] |= check.copies.keys()
        # a text that an edit made stays while its field is gone, and goes where the session began; policy
        # strict has no attic to bring the text back from that an array was copied from
        left = set().union(*(self.loose if title.startswith("back") else self.texts).values())
        if title.startswith("strict"):
            left = left.union(*(p.after.taken_texts for p in self.programs))
        others = tuple(f"P{p.number}_" for p in self.programs if p not in expected)
        for id_, obj in dump.objects.items():
            if id_ not in taken and not obj["type"].startswith(others) and not (
                    obj["type"] == "char" and as_bytes(obj["value"], obj.get("count", 1)) in left):
                self.unclear = f"{title}: {id_}: expected nothing, found an object: {obj}"
                self._fail_alone(self.unclear)

    def _findings(self, report):
        for program in self.programs:
            yield program, Findings(report, lambda path, p=program: self._owner(path) is p)

    def _owner(self, path):
        """The program that a path or an id speaks of; the first where it does not tell."""
        for program in self.programs:
            if path.removeprefix("game.c:").startswith(f"P{program.number}_"):
                return program
        return self.programs[0]

    def _fail(self, program, title, texts):
        for text in texts:
            self.failures.setdefault(program.number, []).append(title + text)

    def _fail_all(self, text):
        for program in self.programs:
            self._fail(program, "", [text])

    def _fail_alone(self, text):
        """Tells no program, unless there is only one."""
        if len(self.programs) == 1:
            self._fail_all(text)
