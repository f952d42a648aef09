#!/usr/bin/env python3
"""The JSON Schema of dumps against dumps of real states, judged by a validator that is not ours.

For each case named: builds version 1, writes the JSON Schema of its dumps and a dump of its state. The
dump must be valid; each of its values replaced by something of another kind, left out, or joined by a
stranger must not be."""
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

import run_case

PAIRS_LIMIT = 60


def dump_of(args, case, folder):
    """(JSON Schema, dump) of the state that the case makes."""
    about = run_case.read_case(case.read_text())
    args.case_flags = about.cflags
    sources = [case, *(case.parent / other for other in about.others)]
    library, refusal = run_case.build(args, sources, 1, folder)
    if refusal is not None:
        sys.exit(f"{case.name}: the generator refuses it, {about.live.outcome}:\n{refusal}")
    command = [args.codegen, "--base", str(case.parent), "--json-schema", str(folder / "dump.json"),
               *map(str, sources), "--", "-std=gnu11", "-DVERSION=1", f"-I{case.parent.parent}",
               *(f"-I{include}" for include in args.include)]
    subprocess.run(command, check=True)
    state = folder / "state.json"
    subprocess.run([args.evolve, "--dump", str(state), str(library), str(library),
                    str(folder / "game.so")], check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "dump.json").read_text()), json.loads(state.read_text())


def places(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else (
            enumerate(value) if isinstance(value, list) else ()):
        yield from places(inner, (*path, key))


def replaced(dump, path, change):
    made = copy.deepcopy(dump)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return made


def put(value):
    def change(holder, key):
        holder[key] = value
    return change


def take(holder, key):
    del holder[key]


def add(holder, key):
    holder[key]["no such member"] = 1


def wrong_dumps(dump):
    """(what was done, a dump that is none)"""
    paths = [path for path in places(dump) if path]
    for path in paths[::max(1, len(paths) // PAIRS_LIMIT)]:
        value = dump
        for step in path:
            value = value[step]
        # No value of a state is true inside of a list.
        yield f"{path} = [[true]]", replaced(dump, path, put([[True]]))
        if isinstance(value, dict):
            yield f"{path} with a stranger", replaced(dump, path, add)
        if isinstance(value, int) and not isinstance(value, bool):
            yield f"{path} = 2**200", replaced(dump, path, put(2 ** 200 + 1))
        if path[-1] in ("id", "type", "value", "roots", "objects", "molt_dump"):
            yield f"{path} left out", replaced(dump, path, take)


def check(case, schema, dump):
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    problems = [f"{case}: {error.json_path}: {error.message[:300]}"
                for error in validator.iter_errors(dump)]
    wrong = list(wrong_dumps(dump))
    # A float takes any number, however large.
    problems += [f"{case}: {what} is valid" for what, made in wrong
                 if validator.is_valid(made) and "2**200" not in what]
    ranges = [validator.is_valid(made) for what, made in wrong if "2**200" in what]
    return problems, len(wrong), ranges.count(False)


def main():
    args = run_case.arguments(__doc__.splitlines()[0], "cases", nargs="+").parse_args()
    problems, wrong, ranges = [], 0, 0
    for case in args.cases:
        with tempfile.TemporaryDirectory(prefix="molt-dump-schema-") as name:
            found = check(case.name, *dump_of(args, case.resolve(), pathlib.Path(name)))
        problems += found[0]
        wrong += found[1]
        ranges += found[2]
    print(f"{len(args.cases)} dumps are valid, {wrong} made of them are judged, {ranges} out of range")
    for problem in problems:
        print(f"FAIL: {problem}")
    if wrong < 10 * len(args.cases) or ranges == 0:
        problems.append("too little was tried")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
