"""What a reload lost or refused, `molt schema diff` must have foreseen of the two schemas alone: as a finding
of that rule at that path, or as a note where only values meet it that the declarations do not call for."""
import json
import subprocess

# What no schema can tell, and why.
BEYOND_TYPES = {
    "address-in-bytes": "what lies in bytes is the game's own affair",
    "address-in-integer": "an integer is a number until a value shows otherwise",
    "constant-copied": "constants are of the library",
    "constant-shifted": "constants are of the library",
    "dangling-pointer": "of any edit and any pointer",
    "function-missing": "functions are of the library",
    "library-data-missing": "constants are of the library",
    "lock-held": "who has a lock is known while the game runs",
    "unknown-target": "of any edit and any pointer",
    "untyped-memory": "memory without a type stands in no schema; what the sources put there is noted",
}

# Only where the types of both schemas are equal: else a type that changed has to be foreseen.
BEYOND_EQUAL_TYPES = {"signature-changed": "a function's own type is in no schema"}

# Findings that stand for others of the same edit, whatever their path: what settles them settles both.
STANDS_FOR = {
    "elements-dropped": {"alias-lost", "string-truncated"},
    "hook-failed": {"hook-missing"},
    "migration-does-not-match": {"hook-missing"},
    "type-missing": {"pointee-type-changed"},
    "alias-lost": {"alias-lost"}, # told of the pointer that goes, not of the other one
}


def findings_of(molt, before, after):
    done = subprocess.run([molt, "schema", "diff", str(before), str(after), "--json"],
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"molt schema diff: {done.stderr}")
    return [finding for finding in json.loads(done.stdout)["findings"] if finding["severity"] != "info"]


def is_foreseen(report, findings):
    rule, path = report[1], report[2] if len(report) > 2 else None
    for finding in findings:
        exact = finding["rule"] == rule and path in (None, finding.get("path"))
        noted = finding["rule"] == rule and finding["severity"] == "note"
        if exact or noted or finding["rule"] in STANDS_FOR.get(rule, ()):
            return True
    return False


def are_equal(folder):
    before, after = (json.loads((folder / name).read_text())["types"] for name in ("v1.json", "v2.json"))
    return before == after


def unforeseen(molt, expected, folder):
    """What is wrong with the foresight of an edit whose schemas are v1.json and v2.json; `molt` may be None."""
    if molt is None:
        return []
    reports = [report for report in expected.reports if len(report) > 1 and report[0] != "info"]
    words = expected.outcome.split()
    if words[0] == "refused" and len(words) > 1:
        reports.append(["refuse", *words[1:]])
    findings = findings_of(molt, folder / "v1.json", folder / "v2.json")
    beyond = {*BEYOND_TYPES, *(BEYOND_EQUAL_TYPES if are_equal(folder) else ())}
    told = [f"{finding['severity']} {finding['rule']} {finding.get('path')}" for finding in findings]
    return [f"molt schema diff does not foresee {' '.join(report)}, but {told}" for report in reports
            if report[1] not in beyond and not is_foreseen(report, findings)]
