#!/usr/bin/env python3
"""docs/evolution.md says what the evolution cases prove: each row's cases, or rows of the table of edits, exist,
run as tests and end as the row says, each rule is one that reports use, and each annotation of molt.h and hook.h is explained."""
import configparser
import pathlib
import re
import sys

ROW = re.compile(r"^\| (?P<change>.+) \| (?P<what>.+) \| (?P<severity>[A-Z]+) \| (?P<cases>\[.+\)) \|$")
LINK = re.compile(r"\[(\w+)\]\(\.\./tests/evolution/cases/(\w+)\.c\)")
EDIT = re.compile(r"\[([\w-]+)\]\(\.\./tests/evolution/rows/(\w+)\.ini\)")


def outcome_of_edit(table, name):
    """The same as of a case, of a row of the table of edits under the live policy; None when there is none."""
    edits = configparser.ConfigParser(delimiters=("=",), comment_prefixes=(";;",), interpolation=None)
    if not table.is_file():
        return None
    edits.read_string(table.read_text(encoding="utf-8"), str(table))
    if name not in edits or "live" not in edits[name]:
        return None
    outcome, *findings = edits[name]["live"].splitlines()
    return outcome.split()[0], {tuple(finding.split()[:2]) for finding in findings}


def outcome_of(case):
    """What the leading comment of a case expects: the outcome, and the findings as (severity, rule)."""
    comment = case.read_text(encoding="utf-8").split("*/")[0]
    expect = re.search(r"expect:\s*(\S+)(?: (\S+))?", comment)
    findings = set(re.findall(r"report: (\w+) ([\w-]+)", comment))
    if expect.group(1) == "refused":
        findings.add(("refuse", expect.group(2)))
    return expect.group(1), findings


def check_row(row, cases, registered):
    where = f"row `{row['change']}`"
    outcomes, findings = set(), set()
    for label, name in LINK.findall(row["cases"]):
        if label != name:
            yield f"{where}: the link called {label} leads to {name}"
        if not (cases / f"{name}.c").is_file():
            yield f"{where}: there is no case {name}"
            return
        if name not in registered:
            yield f"{where}: the case {name} is not run by any test"
        outcome, found = outcome_of(cases / f"{name}.c")
        outcomes.add(outcome)
        findings |= found
    for name, table in EDIT.findall(row["cases"]):
        ended = outcome_of_edit(cases.parent / f"rows/{table}.ini", name)
        if ended is None:
            yield f"{where}: there is no row {name} in {table}.ini"
            return
        outcomes.add(ended[0])
        findings |= ended[1]
    severity = row["severity"]
    if severity == "REFUSE" and outcomes != {"refused"}:
        yield f"{where}: says REFUSE, its cases end {', '.join(sorted(outcomes))}"
    if severity != "REFUSE" and "refused" in outcomes:
        yield f"{where}: says {severity}, a case of it is refused"
    if severity == "LOSS" and "loss" not in {found for found, _ in findings}:
        yield f"{where}: says LOSS, no case of it reports one"
    refused = {rule for found, rule in findings if found == "refuse"}
    if refused and not any(f"`{rule}`" in row["what"] for rule in refused):
        yield f"{where}: does not name the rule that refuses, {', '.join(refused)}"


def check_rules(text, root):
    header = (root / "reflect/include/molt/report.h").read_text(encoding="utf-8")
    rules = dict(re.findall(r'^ +X\(([A-Z_]+), "([\w-]+)"\)', header, re.MULTILINE))
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "reflect/src").glob("*.c"))
    used = {rule for name, rule in rules.items() if re.search(rf"\bMOLT_RULE_{name}\b", sources)}
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    for rule in sorted(listed - set(rules.values())):
        yield f"the rule {rule} is in no report"
    for rule in sorted(used - listed):
        yield f"the rule {rule} is missing from the table of rules"


def check_annotations(text, root):
    headers = root / "reflect/include/molt"
    header = "".join((headers / name).read_text(encoding="utf-8") for name in ("molt.h", "hook.h"))
    examples = "".join(re.findall(r"```c\n(.*?)```", text, re.DOTALL))
    for name in sorted(set(re.findall(r"#define (MOLT_(?!_)[A-Z_]+)(?:\([^)]*\))? (?:MOLT__NOTE|MOLT__HOOK|extern)",
                                      header))):
        if not re.search(rf"\b{name}\b", examples):
            yield f"no example shows {name}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    text = (root / "docs/evolution.md").read_text(encoding="utf-8")
    cases = root / "tests/evolution/cases"
    registered = set((root / "tests/evolution/CMakeLists.txt").read_text(encoding="utf-8").split())
    rows = [row for row in map(ROW.match, text.splitlines()) if row]
    problems = [problem for row in rows for problem in check_row(row, cases, registered)]
    if len(rows) != len(re.findall(r"^\|.*tests/evolution/(?:cases|rows)/", text, re.MULTILINE)):
        problems.append("a row that names a case is not of the form | change | what | SEVERITY | cases |")
    problems += check_rules(text, root)
    problems += check_annotations(text, root)
    for problem in problems:
        print(problem)
    print(f"{len(rows)} rows, {len(problems)} problems")
    return 1 if problems or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
