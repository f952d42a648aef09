"""One row of the table of sessions (rows/sessions.ini): several versions, and ways through them in one running
game. Whenever a way comes back to a version, the state must be as it was when it left it: the same dump.

    [note-taken-away]               the row's name, and that of its test: evolution_session_note-taken-away
    about                           one line
    declare, declare-N              declarations at file scope: of all versions, of version N
    1, 2, ...                       members of struct State in each version
    make                            statements that fill `State *s` in version 1
    play-N                          statements that a frame of version N runs
    ways                            a way a line: versions, `p` for a frame of the one that runs, `strict` in
                                    front for that policy, `file` for reloads through snapshot files, `null` for
                                    functions that are gone to become NULL. A version
                                    with * must differ from what it was, because the game went on. After a colon, what its reports must say, between semicolons:
                                        loss RULE PATH [OBJECTS] | refuse RULE PATH [OBJECTS]
                                        ends TEXT      the last dump holds it
                                        says TEXT      some finding holds it
                                        never TEXT     none does
                                    A loss or refusal that is not there is a failure.
    one-host                        why the ways come to something else when each step is that of another host, which
                                    goes on with what the one before left; else that is tried, too"""
import json
import pathlib
import re
import sys
import tempfile

import run_case
from run_row import read_rows

KEYS = {"about", "declare", "make", "one-host", "ways"}
MODES = {"strict": "--strict", "file": "--through-file", "null": "--null-functions"}


def versions_of(row):
    return sorted(int(key) for key in row if key.isdigit())


def source_of(row):
    lines = ['#include "case.h"', "#include <stdlib.h>", "typedef struct State State;"]
    for version in versions_of(row):
        lines += [f"#if VERSION == {version}", row.get("declare", ""), row.get(f"declare-{version}", ""),
                  f"struct State {{ {row[str(version)]} }};", "#endif"]
    lines += ["MOLT_ROOT(State);", "static bool check(State *s)", "{"]
    for version in versions_of(row):
        lines += [f"#if VERSION == {version}", row.get(f"play-{version}", ""), "#endif"]
    lines += ["    return s;", "}", "#if VERSION == 1", "static State *make(void)", "{",
              "    State *s = molt_new(State);", row.get("make", ""), "    return s;", "}", "#else",
              "static State *begin(void) /* of a host that goes on with a state which another one has left */", "{",
              "    State *s = calloc(1, sizeof *s);", "    return s;", "}", "#undef CASE_START",
              "#define CASE_START begin()", "#endif", "CASE_MAIN"]
    return "\n".join(lines) + "\n"


def steps_of(output):
    """Per step its name, its outcome, its findings, what they say, and the dump after it."""
    steps = [{"name": "", "outcome": "", "findings": [], "says": [], "dump": ""}]
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "step":
            name, outcome = rest.split()
            steps.append({"name": name, "outcome": outcome, "findings": [], "says": [], "dump": ""})
        elif word == "finding":
            steps[-1]["findings"].append(rest.split())
        elif word == "says":
            steps[-1]["says"].append(rest)
        elif word == "dump":
            steps[-1]["dump"] = rest
    return steps


def wrong_returns(names, steps):
    """Versions whose state is not as it was left; `names` are the steps as the way has them."""
    left, running = {names[0].rstrip("*"): steps[0]["dump"]}, names[0].rstrip("*")
    for name, step in zip(names[1:], steps[1:]):
        version = name.rstrip("*")
        if step["outcome"] in ("refused", "played"):
            left[running] = step["dump"]
            continue
        before, running = left.get(version, step["dump"]), version
        if (before != step["dump"]) != name.endswith("*"):
            yield f"back in version {version}:\n    was {before}\n    is  {step['dump']}"
        left[running] = step["dump"]


def wrong_reports(wanted, steps):
    found = [finding for step in steps for finding in step["findings"] if finding[0] != "info"]
    said = [text for step in steps for text in step["says"]]
    for words in wanted:
        kind, _, text = words.partition(" ")
        if kind == "ends":
            if text not in steps[-1]["dump"]:
                yield f"the last dump does not hold {text}:\n    {steps[-1]['dump']}"
        elif kind in ("says", "never"):
            if any(text in line for line in said) != (kind == "says"):
                yield f"{words}:\n    " + "\n    ".join(said)
        else:
            known = [finding for finding in found if finding[:len(words.split())] == words.split()]
            if known:
                found.remove(known[0])
            else:
                yield f"no finding {words}"
    for finding in found:
        yield f"unexpected: {' '.join(finding)}"


def relabelled(dump):
    """A dump whose objects are numbered in the order in which its roots lead to them, without what a file of the
    state leaves out: numbers go with empty spans, and memory without a type shows addresses as numbers."""
    dump = json.loads(dump)
    objects = {item["id"]: item for item in dump["objects"]}
    names, counts = {}, {}

    def walk(value):
        if isinstance(value, list):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return re.sub("[0-9a-f]{32,}", "bytes", value) if isinstance(value, str) else value
        if value.get("ref") in objects and value["ref"] not in names:
            name(objects[value["ref"]])
        return {key: names.get(item, item) if key == "ref" else walk(item) for key, item in value.items()}

    def name(item):
        counts[item["type"]] = counts.get(item["type"], -1) + 1
        names[item["id"]] = f"{item['type']}:{counts[item['type']]}"
        untyped = item["type"] == "untyped memory"
        item["value"] = "bytes" if untyped else walk(item.get("value"))

    roots = walk(dump["roots"])
    for item in dump["objects"]:
        if item["id"] not in names:
            name(item)
    known = sorted((names[item["id"]], item.get("count", 1), item["value"]) for item in dump["objects"])
    return json.dumps([dump["schema"], roots, known], sort_keys=True)


def lines_of(output):
    """What came of each step. Which object is the first of several, and which of two findings comes first, may
    depend on where they lie."""
    findings = []
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "finding" and not rest.startswith("info address-in-bytes"):
            findings.append(line)
        elif word in ("dump", "step"):
            yield from sorted(findings)
            findings = []
            yield f"dump {relabelled(rest)}" if word == "dump" else line
    yield from sorted(findings)


def run_again(command, result):
    """The same way with another host for each step, which must come to the same."""
    at = next(i for i, word in enumerate(command) if word.endswith("/v"))
    again = run_case.run([*command[:at], "--restart", *command[at:]], preexec_fn=run_case.small_stack)
    if again.returncode != 0:
        yield f"with a host for each step it ended with {again.returncode}:\n{again.stdout}"
        return
    lines, others = list(lines_of(result.stdout)), list(lines_of(again.stdout))
    if lines == others:
        return
    same = next((i for i, (a, b) in enumerate(zip(lines, others)) if a != b), min(len(lines), len(others)))
    yield "with a host for each step:\n    " + "\n    ".join(
        [*[f"was {line}" for line in lines[same:same + 4]], *[f"is  {line}" for line in others[same:same + 4]]])


def run_way(args, line, folder, again):
    way, _, said = line.partition(":")
    names = way.split()
    modes = [mode for mode in names if mode in MODES]
    names = names[len(modes):]
    wanted = [words.strip() for words in said.split(";") if words.strip()]
    command = [args.session, *[MODES[mode] for mode in modes], f"{folder}/v", f"{folder}/game.so",
               *[name.rstrip("*") for name in names]]
    result = run_case.run(command, preexec_fn=run_case.small_stack)
    wrong = []
    steps = steps_of(result.stdout)
    if result.returncode != 0 or len(steps) != len(names):
        wrong.append(f"session ended with {result.returncode}")
    wrong += wrong_returns(names, steps)
    wrong += wrong_reports(wanted, steps)
    if wrong:
        print(result.stdout)
    elif again:
        wrong += run_again(command, result)
    return [f"{way.strip()}: {text}" for text in wrong]


def run_row(args, row, folder):
    unknown = [key for key in row if key not in KEYS and not re.fullmatch(r"((declare|play)-)?\d+", key)]
    wrong = [f"the key {key} means nothing" for key in unknown]
    source = folder / "row.c"
    source.write_text(source_of(row), encoding="utf-8")
    args.case_flags = []
    for version in versions_of(row):
        _, refusal = run_case.build(args, [source], version, folder)
        if refusal is not None:
            return [f"the generator refuses version {version}:\n{refusal}"]
    for line in row["ways"].strip().splitlines():
        wrong += run_way(args, line, folder, "one-host" not in row)
    return wrong


def main():
    parser = run_case.arguments(__doc__.splitlines()[0])
    parser.add_argument("--row", required=True)
    parser.add_argument("--session", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="molt-session-") as name:
        wrong = run_row(args, read_rows(args.case)[args.row], pathlib.Path(name))
    for line in wrong:
        print(f"FAIL: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
