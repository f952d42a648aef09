"""One evolution case: compiles both versions, runs the edit through the real reload under each policy,
and compares the outcome and the findings with what the case's leading comment expects:

    expect: migrated | code | refused RULE PATH | load-failed TEXT | codegen-error TEXT
    report: SEVERITY RULE PATH [OBJECTS]       one line for each finding that must be there
    dump: TEXT                                 a part of the dump of the state after the edit
    remedy: TEXT                               the beginning of a remedy that must be there
    strict: migrated WHY                       the losses refuse nothing under the strict policy
    undo: differs | refused WHY                going back to version 1 does not give the same dump
    redo: differs | refused WHY                the same of version 2, after version 1 again
    undo, redo: renumbered WHY                 it does, but for the numbers of objects
    back: TEXT                                 a part of the dump after going back, where it differs
    through-file: differs WHY                  a reload through a snapshot file gives another state
    through-file: renumbered WHY               the same, but for the numbers of objects
    through-file: wrong WHY                    and check() of version 2 is not content with it
    json: no, WHY                              the states do not go through their dumps
    remedied: RULE PATH                        version 3, the edit without its remedy, is refused so before
                                               version 2 is carried over in the same running game
    cflags: FLAG...                            for the compiler, where the edit is one it warns of
    old: STRUCT                                version 2 can include "old.h", with its layout in version 1
    with: FILE                                 another source of both versions, beside the case
    variables: as-they-come                    without the flags that keep variables whole

That is the live policy. Under the strict one an edit with losses is refused, by each of them, and any
other edit ends alike. Where an edit is migrated live, going back to version 1 must give the dump that
was there before. A loss that no `report:` line names is a failure, and so is a missing one. The edit
must end alike with the states read back from their own dumps before and after it, and the same reload
through a snapshot file must have the same outcome and give the same dump."""
import argparse
import dataclasses
import functools
import json
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))

import foresight
from compare_dumps import compare_dumps
from molt_schema import load_json, parse_float

ROUTING = pathlib.Path(__file__).parents[2] / "route/plain_memory.c"


@dataclasses.dataclass
class Expectation:
    """What one run has to end with: `outcome` is a line of words, findings are lists of words."""
    outcome: str
    reports: list
    undo: str = "same"
    redo: str = "same"
    texts: list = dataclasses.field(default_factory=list) # what the output has to hold
    backs: list = dataclasses.field(default_factory=list) # and the dump after going back


@dataclasses.dataclass
class Case:
    live: Expectation
    strict: Expectation
    cflags: list
    others: list
    old: list # structs that version 2 knows the old layout of
    json: bool = True # the states may be read back from their dumps
    file: str = "same" # what a reload through a file comes to, beside one in memory
    remedied: list = dataclasses.field(default_factory=list) # of the refusal of version 3, if there is one
    whole: bool = True # with the flags that keep variables whole


def strict_of(live, losses_allowed=False):
    """What the live policy reports as a loss refuses under the strict one."""
    lossy = any(report[0] == "loss" for report in live.reports)
    if not lossy or losses_allowed:
        reports = [report for report in live.reports if report[0] != "loss"]
        return Expectation(live.outcome, reports, texts=live.texts)
    reports = [["refuse", *report[1:]] if report[0] == "loss" else report for report in live.reports]
    # what is refused whatever the values are is refused before they are looked at
    planned = [report for report in reports if report[0] == "refuse" and report[3:] == ["0"]]
    return Expectation("refused", planned or reports)


def read_case(source):
    comment = re.match(r"\s*/\*(.*?)\*/", source, re.S)
    lines = [line.strip(" *") for line in comment.group(1).splitlines()] if comment else []
    words = {key: [line[len(key) + 1:].split() for line in lines if line.startswith(f"{key}:")]
             for key in ("expect", "report", "strict", "undo", "redo", "through-file", "json", "cflags",
                         "with", "old", "variables", "remedied")}
    if len(words["expect"]) != 1 or any(len(words[key]) > 1 for key in ("undo", "redo", "strict")):
        sys.exit("the leading comment must have one `expect:` line and at most one `undo:`, `redo:` "
                 "and `strict:`")
    undo, redo, file = (words[key][0][0] if words[key] else "same"
                        for key in ("undo", "redo", "through-file"))
    texts = [line[5:].strip() for line in lines if line.startswith("dump:")]
    texts += ["\nremedy " + line[7:].strip() for line in lines if line.startswith("remedy:")]
    backs = [line[5:].strip() for line in lines if line.startswith("back:")]
    live = Expectation(" ".join(words["expect"][0]), words["report"], undo, redo, texts, backs)
    return Case(live, strict_of(live, bool(words["strict"])), sum(words["cflags"], []),
                [line[0] for line in words["with"]], [line[0] for line in words["old"]],
                not words["json"], file, sum(words["remedied"], []),
                words["variables"] != [["as-they-come"]])


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


@functools.cache
def variable_flags(cc):
    """Those of molt_add_game()."""
    if "clang" not in run([cc, "--version"]).stdout:
        return ["-fno-toplevel-reorder", "-fno-ipa-reference-addressable"]
    probe = run([cc, "-fkeep-persistent-storage-variables", "-E", "-x", "c", "/dev/null"])
    return (["-fkeep-persistent-storage-variables"] if probe.returncode == 0
            else ["-include", "molt/keep_statics.h"])


def route(args, folder):
    """The object that sends malloc and its relatives to the heap; made here unless there is one."""
    if args.routing:
        return args.routing
    routing = folder / "plain_memory.o"
    if not routing.exists():
        routed = run([args.cc, *shlex.split(args.cflags), "-std=gnu11", "-g", "-O2", "-fPIC",
                      "-fno-builtin", "-fno-lto", "-fno-omit-frame-pointer", "-fvisibility=hidden",
                      *[f"-I{i}" for i in args.include], "-c", str(ROUTING), "-o", str(routing)])
        if routed.returncode != 0:
            sys.exit(f"the file that routes malloc does not compile:\n{routed.stdout}")
    return routing


def build(args, sources, version, folder, *options):
    """The library of one version; (path, None) or (None, what the generator said)."""
    base = sources[0].parent
    here = pathlib.Path(__file__).resolve().parent
    flags = [f"-DVERSION={version}", f"-I{here}"] + [f"-I{i}" for i in args.include]
    flags.append(f"-I{folder}")
    metadata, library = folder / f"v{version}.c", folder / f"v{version}.so"
    command = [args.codegen, "--base", str(base), "--metadata", str(metadata), "--schema",
               str(folder / f"v{version}.json"), *options, *map(str, sources), "--", "-std=gnu11",
               *flags]
    generated = run(command)
    if generated.returncode != 0:
        return None, generated.stdout
    command = [args.cc, *shlex.split(args.cflags), "-std=gnu11", "-g", args.optimise, "-fPIC", "-shared",
               "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", *flags,
               *(variable_flags(args.cc) if args.whole else []),
               *args.case_flags, *map(str, sources), str(metadata), str(route(args, folder)), "-o",
               str(library), "-lm"]
    compiled = run(command)
    if compiled.returncode != 0:
        sys.exit(f"version {version} does not compile:\n{compiled.stdout}")
    return library, None


def write_old_header(args, structs, folder):
    types = [word for struct in structs for word in ("--type", struct)]
    written = run([args.codegen, "--old-header", str(folder / "v1.json"), *types, "-o",
                   str(folder / "old.h")])
    if written.returncode != 0:
        sys.exit(f"the header for the old layout: {written.stdout}")


def small_stack():
    """8 MiB, the usual limit: nothing may recurse on data."""
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, most))


def evolve(args, policy, libraries, folder, *options):
    """Runs the edit; the libraries are the versions in their order."""
    strict = ["--strict"] if policy == "strict" else []
    return run([args.evolve, *strict, *options, *map(str, libraries), str(folder / "game.so")],
               preexec_fn=small_stack)


def compare(expected, output):
    """What is wrong with the outcome; an empty list when nothing is."""
    wrong = []
    outcome = re.search(r"^outcome (\S+)", output, re.M)
    words = expected.outcome.split()
    if not outcome or outcome.group(1) != words[0]:
        wrong.append(f"expected outcome {words[0]}, got {outcome.group(1) if outcome else 'none'}")
    findings = [line.split()[1:] for line in output.splitlines() if line.startswith("finding ")]
    reports = expected.reports
    if words[0] == "refused" and len(words) > 1:
        reports = reports + [["refuse", *words[1:]]]
    elif len(words) > 1 and " ".join(words[1:]) not in output:
        wrong.append(f"expected the words: {' '.join(words[1:])}")
    wrong += [f"not there: {text.strip()}" for text in expected.texts if text not in output]
    for report in reports:
        if not any(finding[:len(report)] == report for finding in findings):
            wrong.append(f"no finding: {' '.join(report)}")
    for word, state in re.findall(r"^(undo|redo|undo-again) (\S+)", output, re.M):
        differences = compare_dumps(*dumps_of(output, word)) if state == "differs" else []
        if state == "differs" and not differences:
            state = "renumbered"
        wanted = {"undo": expected.undo, "redo": expected.redo}.get(word, "same")
        if state != wanted:
            wrong.append("\n    ".join([f"expected of {word}: {wanted}, got {state}", *differences]))
    after = output.partition("\nundo differs\n")[2].partition("\nafter:\n")[2]
    wrong += [f"not there after going back: {text}" for text in expected.backs if text not in after]
    for finding in findings:
        named = any(finding[:len(report)] == report for report in reports)
        if finding[0] == "loss" and not named and words[0] != "refused":
            wrong.append(f"unexpected: {' '.join(finding)}")
    return wrong


def dumps_of(output, word):
    """The two that differ after that word."""
    both = output.partition(f"\n{word} differs\nbefore:\n")[2].partition("\nafter:\n")
    decoder = json.JSONDecoder(parse_float=parse_float)
    return [decoder.raw_decode(text.lstrip())[0] for text in (both[0], both[2])]


def compare_files(through, folder):
    """What the reload through a file came to, and where its state differs."""
    outcome = re.search(r"^through-file (\w+)(:?)", through.stdout, re.M)
    if through.returncode != 0 or not outcome:
        return "nothing", []
    if outcome.group(1) == "same" or outcome.group(2): # another outcome is another state
        return outcome.group(1), []
    differences = compare_dumps(load_json(folder / "memory.json"), load_json(folder / "file.json"))
    return "differs" if differences else "renumbered", differences


def arguments(about, case="case", **more):
    """What every test with cases takes; its cases are the first argument."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(case, type=pathlib.Path, **more)
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--evolve", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cflags", default="")
    parser.add_argument("--optimise", default="-O1")
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--routing", help="the object made of route/plain_memory.c with this compiler")
    parser.add_argument("--molt", help="the tool, which must foresee what is lost or refused")
    parser.set_defaults(whole=True)
    return parser


def run_each(args, case, libraries, folder):
    """Runs the edit under both policies and, live, with the states read back from their dumps in
    between; through the plan, and through the converters that it compiles to; prints what happened. The number of things wrong."""
    count = 0
    runs = [("live", case.live), ("strict", case.strict, "--converters")]
    if case.json:
        there = dataclasses.replace(case.live, backs=[]) # it does not go back
        runs.append(("live", there, "--through-json", "--converters"))
    for policy, expected, *options in runs:
        dump = folder / "state.json"
        dump.unlink(missing_ok=True)
        result = evolve(args, policy, libraries, folder, *options, "--dump", str(dump))
        print("----", policy, *options)
        print(result.stdout, end="")
        state = dump.read_text(encoding="utf-8") if dump.is_file() else ""
        wrong = compare(expected, result.stdout + state)
        if result.returncode != 0:
            wrong.append(f"evolve ended with {result.returncode}")
        for line in wrong:
            print(f"FAIL: {line}")
        count += len(wrong)
    return count


def run_remedied(args, case, libraries, folder):
    """Version 3 is refused, and the game goes on to version 2; the number of things wrong."""
    first, last, without = libraries
    result = evolve(args, "live", [first, without, last], folder, "--refused-between")
    refused, _, settled = result.stdout.partition("\nbetween refused\n")
    print(f"---- refused first\n{result.stdout}", end="")
    wrong = compare(Expectation(f"refused {' '.join(case.remedied)}", []), refused + "\n")
    wrong += compare(dataclasses.replace(case.live, texts=[], backs=[]), settled)
    if result.returncode != 0:
        wrong.append(f"evolve ended with {result.returncode}")
    for line in wrong:
        print(f"FAIL: {line}")
    return len(wrong)


def run_through_file(args, expected, libraries, folder):
    """Runs the edit in memory and through a file; the number of things wrong."""
    result = run([args.through_file, *map(str, libraries), str(folder / "game.so"),
                  str(folder / "memory.json"), str(folder / "file.json")], preexec_fn=small_stack)
    outcome, differences = compare_files(result, folder)
    print(f"---- through a file\n{result.stdout}", end="")
    if outcome == expected:
        return 0
    print(f"FAIL: expected of a reload through a file: {expected}, got {outcome}", *differences,
          sep="\n")
    return 1


def main():
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--through-file", required=True)
    args = parser.parse_args()
    source = args.case.resolve()
    case = read_case(source.read_text())
    args.case_flags, args.whole = case.cflags, case.whole
    sources = [source, *(source.parent / other for other in case.others)]
    with tempfile.TemporaryDirectory(prefix="molt-evolution-") as name:
        folder = pathlib.Path(name)
        libraries = []
        for version in (1, 2, 3) if case.remedied else (1, 2):
            library, refusal = build(args, sources, version, folder)
            if refusal is not None:
                text = case.live.outcome.partition("codegen-error ")[2]
                if text and text in refusal:
                    print(f"codegen refused version {version} as expected:\n{refusal}")
                    return 0
                sys.exit(f"the generator refuses version {version}:\n{refusal}")
            libraries.append(library)
            if version == 1 and case.old:
                write_old_header(args, case.old, folder)
        if case.live.outcome.startswith("codegen-error"):
            sys.exit("the generator accepts both versions")
        wrong = run_remedied(args, case, libraries, folder) if case.remedied else 0
        del libraries[2:]
        wrong += run_each(args, case, libraries, folder)
        wrong += run_through_file(args, case.file, libraries, folder)
        for line in foresight.unforeseen(args.molt, case.live, folder):
            print(f"FAIL: {line}")
            wrong += 1
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
