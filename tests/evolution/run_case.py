"""One evolution case: compiles both versions, runs the edit through the real reload, and compares the
outcome and the findings with what the case's leading comment expects:

    expect: migrated | code | refused RULE PATH | load-failed TEXT | codegen-error TEXT
    report: SEVERITY RULE PATH [OBJECTS]       one line for each finding that must be there
    dump: TEXT                                 a part of the dump of the state after the edit
    remedy: TEXT                               the beginning of a remedy that must be there
    undo: differs | refused WHY                going back to version 1 does not give the same dump
    cflags: FLAG...                            for the compiler, where the edit is one it warns of
    with: FILE                                 another source of both versions, beside the case

Where an edit is migrated, going back to version 1 must give the dump that was there before. A loss
that no `report:` line names is a failure, and so is a missing one."""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


ROUTING = pathlib.Path(__file__).parents[2] / "route/plain_memory.c"


def expectations(source):
    comment = re.match(r"\s*/\*(.*?)\*/", source, re.S)
    lines = [line.strip(" *") for line in comment.group(1).splitlines()] if comment else []
    cflags = [word for line in lines if line.startswith("cflags:") for word in line[7:].split()]
    expect = [line[7:].strip() for line in lines if line.startswith("expect:")]
    reports = [line[7:].split() for line in lines if line.startswith("report:")]
    others = [line[5:].strip() for line in lines if line.startswith("with:")]
    undo = [line[5:].split()[0] for line in lines if line.startswith("undo:")]
    dumps = [line[5:].strip() for line in lines if line.startswith("dump:")]
    dumps += ["\nremedy " + line[7:].strip() for line in lines if line.startswith("remedy:")]
    if len(expect) != 1 or len(undo) > 1:
        sys.exit("the leading comment must have one `expect:` line and at most one `undo:` line")
    return expect[0], reports, dumps, cflags, others, undo[0] if undo else "same"


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


def build(args, sources, version, folder):
    """The library of one version; (path, None) or (None, what the generator said)."""
    cases = sources[0].parent
    flags = [f"-DVERSION={version}", f"-I{cases.parent}"] + [f"-I{i}" for i in args.include]
    metadata, library = folder / f"v{version}.c", folder / f"v{version}.so"
    command = [args.codegen, "--base", str(cases), "--metadata", str(metadata), "--schema",
               str(folder / f"v{version}.json"), *map(str, sources), "--", "-std=gnu11", *flags]
    generated = run(command)
    if generated.returncode != 0:
        return None, generated.stdout
    command = [args.cc, *shlex.split(args.cflags), "-std=gnu11", "-g", "-O1", "-fPIC", "-shared",
               "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", *flags,
               *args.case_flags, *map(str, sources), str(metadata), str(args.routing), "-o", str(library),
               "-lm"]
    compiled = run(command)
    if compiled.returncode != 0:
        sys.exit(f"version {version} does not compile:\n{compiled.stdout}")
    return library, None


def compare(expect, reports, dumps, undo, output):
    """What is wrong with the outcome; an empty list when nothing is."""
    wrong = []
    outcome = re.search(r"^outcome (\S+)", output, re.M)
    words = expect.split()
    if not outcome or outcome.group(1) != words[0]:
        wrong.append(f"expected outcome {words[0]}, got {outcome.group(1) if outcome else 'none'}")
    findings = [line.split()[1:] for line in output.splitlines() if line.startswith("finding ")]
    if words[0] == "refused":
        reports = reports + [["refuse", *words[1:]]]
    elif len(words) > 1 and " ".join(words[1:]) not in output:
        wrong.append(f"expected the words: {' '.join(words[1:])}")
    wrong += [f"not there: {text.strip()}" for text in dumps if text not in output]
    for report in reports:
        if not any(finding[:len(report)] == report for finding in findings):
            wrong.append(f"no finding: {' '.join(report)}")
    undone = re.search(r"^undo (\S+)", output, re.M)
    if undone and undone.group(1) != undo:
        wrong.append(f"expected of going back: {undo}, got {undone.group(1)}")
    for finding in findings:
        named = any(finding[:len(report)] == report for report in reports)
        if finding[0] == "loss" and not named and words[0] != "refused":
            wrong.append(f"unexpected: {' '.join(finding)}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=pathlib.Path)
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--evolve", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cflags", default="")
    parser.add_argument("--include", action="append", default=[])
    args = parser.parse_args()
    case = args.case.resolve()
    expect, reports, dumps, args.case_flags, others, undo = expectations(case.read_text())
    sources = [case, *(case.parent / other for other in others)]
    with tempfile.TemporaryDirectory(prefix="molt-evolution-") as name:
        folder = pathlib.Path(name)
        args.routing = folder / "plain_memory.o"
        routed = run([args.cc, *shlex.split(args.cflags), "-std=gnu11", "-g", "-O2", "-fPIC",
                      "-fno-builtin", "-fno-lto", "-fno-omit-frame-pointer", "-fvisibility=hidden",
                      *[f"-I{i}" for i in args.include], "-c", str(ROUTING), "-o",
                      str(args.routing)])
        if routed.returncode != 0:
            sys.exit(f"the file that routes malloc does not compile:\n{routed.stdout}")
        libraries = []
        for version in (1, 2):
            library, refusal = build(args, sources, version, folder)
            if refusal is not None:
                text = expect.partition("codegen-error ")[2]
                if text and text in refusal:
                    print(f"codegen refused version {version} as expected:\n{refusal}")
                    return 0
                sys.exit(f"the generator refuses version {version}:\n{refusal}")
            libraries.append(str(library))
        if expect.startswith("codegen-error"):
            sys.exit("the generator accepts both versions")
        result = run([args.evolve, *libraries, str(folder / "game.so"),
                      *(["--dump"] if dumps else [])])
    print(result.stdout, end="")
    wrong = compare(expect, reports, dumps, undo, result.stdout)
    if result.returncode != 0:
        wrong.append(f"evolve ended with {result.returncode}")
    for line in wrong:
        print(f"FAIL: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
