"""One row of the table of edits (rows/*.ini): writes both versions as a case, compiles them, and runs
the edit through the real reload under each policy.

    [F08]                           the row's name, and that of its test: evolution_row_F08
    about                           one line
    declare, declare-old, -new      declarations at file scope: of both versions, of one
    old, new                        members of struct State in both versions
    between                         members in a version between the two (declare-between likewise)
    later                           members in a version after the two (declare-later likewise), which
                                    leads back, at once and over version 2, to the dumps of before
    make                            statements that fill `State *s` in version 1
    check                           what must hold of `State *s` in version 2: an expression a line, or
                                    statements, which end in ; { or }
    check-later                     the same of `later`, when version 2 has been carried over to it
    live, strict                    outcome under each policy, then a finding a line:
                                        migrated | code [WORDS of the output] | refused
                                        SEVERITY RULE PATH [OBJECTS] [: WORDS | WORDS...]
                                    where the words stand in the finding's text; `strict = same` when
                                    there is no difference
    undo                            differs WHY | renumbered WHY | refused WHY, when going back to version 1 under the
                                    live policy does not give the same dump
    redo                            the same of doing the edit once more after that
    generator                       words of the generator, which refuses version 2; version 1 is the
                                    recorded schema
    old-generator                   the same of version 1
    proof                           TEST FILE FUNCTION that prove the row instead (in elsewhere.ini)
    cflags                          for the compiler

With a version in between, the way over it must give the same dump as the direct one."""
import configparser
import pathlib
import re
import sys
import tempfile

import foresight
import run_case

KEYS = {"about", "declare", "declare-old", "declare-new", "declare-between", "declare-later", "old",
        "new", "between", "later", "make", "check", "check-later", "live", "strict", "undo", "redo", "generator", "old-generator", "proof", "cflags"}


def read_rows(path):
    rows = configparser.ConfigParser(delimiters=("=",), comment_prefixes=(";;",), interpolation=None)
    rows.optionxform = str
    rows.read_string(path.read_text(encoding="utf-8"), str(path))
    return rows


def check_lines(text):
    """Expressions become checks; what is written as statements stays."""
    for line in text.splitlines():
        statement = not line.strip() or line.rstrip()[-1] in ";{}"
        yield f"    {line}" if statement else f"    CHECK({line});"


def source_of(row):
    members = {1: row["old"], 2: row.get("new", row["old"]), 3: row.get("between", row.get("later", ""))}
    declared = {1: row.get("declare-old", ""), 2: row.get("declare-new", ""),
                3: row.get("declare-between", row.get("declare-later", row.get("declare-new", "")))}
    lines = ['#include "case.h"', "typedef struct State State;"]
    for version in (1, 2, 3):
        lines += [f"#if VERSION == {version}", row.get("declare", ""), declared[version],
                  f"struct State {{ {members[version]} }};", "#endif"]
    lines += ["MOLT_ROOT(State);", "#if VERSION == 1", "static State *make(void)", "{",
              "    State *s = molt_new(State);", row.get("make", ""), "    return s;", "}",
              "static bool check(State *s)", "{", "    CHECK(s);", "    return true;", "}",
              "#elif VERSION == 2", "static bool check(State *s)", "{", "    CHECK(s);",
              *check_lines(row.get("check", "")), "    return true;", "}", "#else",
              "static bool check(State *s)", "{", "    CHECK(s);",
              *check_lines(row.get("check-later", "")), "    return true;", "}", "#endif", "CASE_MAIN"]
    return "\n".join(lines) + "\n"


def read_expectation(text, undo="same", redo="same"):
    """An Expectation, and per finding the words that its text must have."""
    lines = text.splitlines()
    reports, words = [], []
    for line in lines[1:]:
        finding, _, said = line.partition(" : ")
        reports.append(finding.split())
        words.append([part.strip() for part in said.split(" | ") if part.strip()])
    return run_case.Expectation(lines[0].strip(), reports, undo, redo), words


def missing_words(expected, words, output):
    """A finding with its words must stand in the report as one."""
    texts = re.findall(r"^finding (.*)\nsays (.*)$", output, re.M)
    for report, said in zip(expected.reports, words):
        if not any(finding.split()[:len(report)] == report and all(part in text for part in said)
                   for finding, text in texts):
            yield f"no finding {' '.join(report)} with the words {said}"


def run_policies(args, row, libraries, folder):
    back = (row.get(key, "same").split()[0] for key in ("undo", "redo"))
    live, live_words = read_expectation(row["live"], *back)
    strict, strict_words = live, live_words
    if row["strict"] != "same":
        strict, strict_words = read_expectation(row["strict"])
    wrong = []
    for policy, expected, words in (("live", live, live_words), ("strict", strict, strict_words)):
        converters = ["--converters"] if policy == "live" else []
        result = run_case.evolve(args, policy, libraries[:2], folder, *converters)
        print(f"---- {policy}\n{result.stdout}", end="")
        found = run_case.compare(expected, result.stdout)
        found += missing_words(expected, words, result.stdout)
        if result.returncode != 0:
            found.append(f"evolve ended with {result.returncode}")
        wrong += [f"{policy}: {line}" for line in found]
    return wrong + foresight.unforeseen(args.molt, live, folder)


def run_between(args, libraries, folder):
    """The way over the version in between ends like the direct one."""
    dumps = []
    first, last, between = libraries
    for name, way in (("direct", [first, last]), ("stepwise", [first, between, last])):
        dump = folder / f"{name}.json"
        result = run_case.evolve(args, "strict", way, folder, "--dump", str(dump))
        if result.returncode != 0:
            return [f"the {name} way ended with {result.returncode}:\n{result.stdout}"]
        dumps.append(dump.read_text(encoding="utf-8"))
    return [] if dumps[0] == dumps[1] else [f"direct:\n{dumps[0]}\nstepwise:\n{dumps[1]}"]


def run_later(args, libraries, folder):
    """Over the later version and back, live: version 1 and version 2 are as they were."""
    old, new, later = libraries
    dumps, wrong = [], []
    for name, way in (("new", [old, new]), ("there and back", [old, new, later, new]),
                      ("later", [old, new, later])):
        dump = folder / "later.json"
        result = run_case.evolve(args, "live", way, folder, "--dump", str(dump))
        print(f"---- {name}\n{result.stdout}", end="")
        if result.returncode != 0:
            return [f"the way {name} ended with {result.returncode}"]
        dumps.append(dump.read_text(encoding="utf-8"))
        if name != "new" and "\nundo same\n" not in result.stdout:
            wrong.append(f"{name}: version 1 is not as it was")
    if dumps[0] != dumps[1]:
        wrong.append(f"version 2 is not as it was:\n{dumps[0]}\n{dumps[1]}")
    return wrong


def run_row(args, row, folder):
    source = folder / "row.c"
    source.write_text(source_of(row), encoding="utf-8")
    args.case_flags = row.get("cflags", "").split()
    libraries = []
    for version in (1, 2, 3) if "between" in row or "later" in row else (1, 2):
        known = ["--known", str(folder / "v1.json")] if version > 1 and "generator" in row else []
        library, refusal = run_case.build(args, [source], version, folder, *known)
        wanted = row.get("old-generator" if version == 1 else "generator")
        if wanted:
            print(refusal)
            missing = [part for part in wanted.split(" | ") if part not in (refusal or "")]
            return [f"the generator does not say `{part}`" for part in missing]
        if refusal is not None:
            return [f"the generator refuses version {version}:\n{refusal}"]
        libraries.append(library)
    wrong = run_policies(args, row, libraries, folder)
    if len(libraries) == 3:
        wrong += (run_later if "later" in row else run_between)(args, libraries, folder)
    return wrong


def main():
    parser = run_case.arguments(__doc__.splitlines()[0])
    parser.add_argument("--row", required=True)
    args = parser.parse_args()
    row = read_rows(args.case)[args.row]
    with tempfile.TemporaryDirectory(prefix="molt-row-") as name:
        wrong = run_row(args, row, pathlib.Path(name))
    for line in wrong:
        print(f"FAIL: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
