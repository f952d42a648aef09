"""One random program through a session: its versions, its state, and what must become of both."""

import random

from aims import AIMS
from coverage import AIMED, ALL, Coverage
from edits import EDITS, Editor, annotate_late, edit_at_random, forget_notes, settle_indices, settle_names
from expectation import Expectation
from live_state import State
from origins import gone_back, relinked, twisted
from play import play
from random_declarations import Namer, random_program
from stages import Return, Stage

TRIES = 4  # third versions, until one migrates


class LeftOpen(Exception):
    """The rules do not say what comes then."""


class Step:
    """One reload: what it must leave, how the program then plays on, and what is there after that."""

    def __init__(self, expectation, stage=None):
        self.expectation = expectation
        self.stage = stage    # None: it does not play
        self.played = Expectation(stage.program, stage.program.clone(), stage) if stage else None


class Life:
    """Deterministic in seed and number; `skip` leaves edits of the second version out."""

    notes_go = False  # a third version may lack the notes of the second

    def __init__(self, seed, number, skip=(), whole=True):
        """Not `whole`: without the session that goes on behind the second version."""
        self.number = number
        self.key = f"{seed}/{number}"
        rng = random.Random(self.key)
        self.namer = Namer()
        self.old = random_program(rng, f"P{number}", self.namer)
        self.state = State(rng, self.old)
        self.new = self.old.clone()
        self._forget_literals(rng, self.new)
        self.edits = self._edit(rng.randint(1, 9), set(skip))
        self.coverage = Coverage()
        self.before = Expectation(self.old, self.old.clone(), self.state)
        self.after = Expectation(self.old, self.new, self.state, self.coverage)
        self.steps = []     # from version 2 on, the last one is the way back; empty: none of it
        self.forgot = False # notes of the second version went in the third
        self.third = []     # words for the third version's edits
        self.jump = None    # what the third version makes of the first one's state, without the second
        if whole and self.after.outcome == "migrated" and self.after.lasting:
            self._live_on()

    # ---- editing

    def _edit(self, count, skip):
        """The program's number chooses the first edits, so that the rare ones come in turn too; one that
        is after a cell of the coverage begins with an edit that may hit it."""
        words, aims = [], ()
        if self.number >= AIMED:
            rule, kind = ALL[self.number % len(ALL)]
            aims, count = AIMS.get(rule, ()), min(count, 3)
        editor = Editor(None, self.new, self.namer)
        editor.kind = kind if aims else None
        for i in range(count):
            editor.rng = random.Random(f"{self.key}/{i}")
            if i in skip:
                continue
            turn = self.number if i == 0 else self.number * 7 + 3 if i == 1 and self.number % 2 else None
            edit = EDITS[turn % len(EDITS)][1] if turn is not None else None
            if aims:
                edit = editor.rng.choice(aims) if i == 0 else None
            done = edit(editor) if edit else None
            done = done or edit_at_random(editor)
            if done:
                words.append(f"{i}: {done}")
        settle_names(editor)
        settle_indices(editor)
        return words

    @staticmethod
    def _forget_literals(rng, program):
        program.literals = {text for text in sorted(program.literals) if rng.random() < 0.5}

    # ---- what comes after the second version

    def _live_on(self):
        moves = any(struct.moves for struct in self.new.structs)
        for playing, long in ((True, True), (True, False), (False, False)):
            rng = random.Random(f"{self.key}/{playing}")
            try:
                if self._session(rng, playing and rng.random() < 0.6, long and not moves and (
                        self.number % 2 == 0 or self.number >= AIMED)):
                    return
            except LeftOpen:
                pass

    def _session(self, rng, playing, long):
        first = Stage.first(self.old, self.state)
        stages, steps = [first], []
        coverage = Coverage()
        self._pass(rng, playing, stages, steps, self.after)
        if long:
            third = self._third_version(rng, stages, coverage)
            if third is None:
                return False
            self._pass(rng, playing, stages, steps, third)
        back = gone_back(self.old, [stage.program for stage in stages])
        if twisted(back, stages[-1].program):
            return False
        expectation = Return(stages, back, coverage, undoes=True)
        if expectation.outcome != "migrated" or not expectation.lasting:
            return False
        self.steps = steps + [Step(expectation)]
        self.jump = self._jump(stages[-1].program) if long else None
        self.coverage.counts.update(coverage.counts)
        return True

    def _jump(self, third):
        """Where the notes stay in the source a third version is known without the second."""
        jump = Expectation(self.old, relinked(third, 1, {}), self.state)
        return jump if jump.outcome == "migrated" and not self.forgot else None

    def _pass(self, rng, playing, stages, steps, expectation):
        stage = Stage.after(expectation, stages[-1].next_index)
        if playing:
            play(rng, stage)
        if stage.hides_end:
            raise LeftOpen
        stages.append(stage)
        steps.append(Step(expectation, stage))

    def _third_version(self, rng, stages, coverage):
        for _ in range(TRIES):
            program = stages[-1].program.clone()
            editor = Editor(rng, program, self.namer)
            editor.notes_go = self.notes_go
            chosen = [forget_notes] if rng.random() < 0.3 else []
            chosen += [annotate_late] if rng.random() < 0.8 else []
            chosen += [edit_at_random] * rng.randint(1, 4)
            done = [edit(editor) for edit in chosen]
            self.third = [words for words in done if words]
            self.forgot = self.notes_go and any(
                words for edit, words in zip(chosen, done) if edit is forget_notes)
            settle_names(editor)
            settle_indices(editor)
            expectation = Return(stages, program, coverage)
            if expectation.outcome == "migrated" and expectation.lasting:
                return expectation
        return None

    # ---- what is known of it

    @property
    def outcome(self):
        return "open" if self.before.untold else self.after.outcome

    @property
    def strict(self):
        """Under that policy: "passes", "refused", "type removed" where that alone refuses, "refused by
        plan" where that hides what the values say, or "open" where a loss may be seen or not."""
        rules = {rule for (rule, _), objects in self.after.losses.items() if any(objects.values())}
        if self.after.plan_losses:
            return "refused by plan"
        if rules - {"type-removed"}:
            return "refused"
        if self.after.optional:
            return "open"
        return "type removed" if rules else "passes"

    @property
    def group(self):
        """Programs of one group can share libraries."""
        strict = {"open": "refused"}.get(self.strict, self.strict)
        return self.outcome, strict if self.outcome == "migrated" else "", len(self.steps), self.jump is not None
