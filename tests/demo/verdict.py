"""Judges one reload from the dumps before and after it: did everything survive that should have,
and is the outcome the one the edit wants. What should have survived comes from the oracle."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))

from molt_oracle import compare, expected_dump  # noqa: E402
from molt_schema import load_json  # noqa: E402

PROBLEM_LIMIT = 12


def schema_path(dump_path):
    return dump_path[:-len(".json")] + ".schema.json"


def same_bytes(event):
    with open(event["before"], "rb") as before, open(event["after"], "rb") as after:
        return before.read() == after.read()


def schemas_differ(event):
    """A layout may change of which nothing is live: code only, and yet another schema."""
    paths = [schema_path(event[key]) for key in ("before", "after")]
    return len({load_json(path)["hash"] for path in paths if os.path.exists(path)}) > 1


def took_values(event):
    """Whether an edit dropped or changed values, which may come back in a later one."""
    findings = event.get("report", {}).get("findings", ())
    return any(finding["severity"] == "loss" for finding in findings)


def judge(edit, event, earlier=None, built=None):
    """Problems with a reload, as texts; empty when all is well. `earlier` is a list for dumps from
    before edits that took values away; one that does joins it. `built` is the path of the schema that the
    build wrote (None: the one beside the dump is that)."""
    earlier = [] if earlier is None else earlier
    outcome = event["outcome"]
    problems = []
    if edit.expect is not None and outcome != edit.expect:
        problems.append(f"the outcome is {outcome}, not {edit.expect}: "
                        f"{event.get('headline', '')}\n{event.get('detail', '')}".strip())
    if outcome == "unchanged":
        return problems
    if not event.get("before") or not event.get("after"):
        return problems + ["the host wrote no dumps of this reload"]
    if outcome == "load-failed":
        problems.append(f"the new library does not load: {event.get('detail', '')}")
    if outcome == "migrated" or outcome == "code" and schemas_differ(event):
        problems += judge_migration(event, earlier, built)
    elif not same_bytes(event):
        problems.append(f"{outcome}, and yet the state is another: compare {event['before']} and "
                        f"{event['after']}")
    for check in edit.checks:
        problems += run_check(check, event)
    if len(problems) > PROBLEM_LIMIT:
        problems[PROBLEM_LIMIT:] = [f"... and {len(problems) - PROBLEM_LIMIT} more"]
    return problems


def judge_migration(event, earlier, built):
    before = load_json(event["before"])
    expected = expected_dump(before, load_json(schema_path(event["before"])),
                             load_json(schema_path(event["after"])))
    problems = [f"should have been refused: {why}" for why in expected.refusals]
    sources = load_json(built)["hash"] if built else None
    problems += compare(expected, load_json(event["after"]), earlier, sources)
    if took_values(event):
        earlier.insert(0, before)
    return problems


def run_check(check, event):
    """`says "TEXT"`: the message has it. `Ant.cargo.amount == 3`, `!= 3`: every live one is so."""
    says = re.fullmatch(r'says "(.*)"', check)
    if says:
        told = "\n".join((event.get("headline", ""), event.get("detail", "")))
        wanted = says.group(1)
        return [] if wanted in told else [f"the message does not say {wanted!r}: {told}"]
    value = re.fullmatch(r"(\w+)((?:\.\w+|\[\d+\])+)\s*(==|!=)\s*(\S.*)", check)
    if not value:
        return [f"Check: {check!r} is neither says \"TEXT\" nor Type.field == VALUE"]
    type_name, path, operator, wanted = value.groups()
    return check_values(load_json(event["after"]), type_name, path, operator, wanted)


def check_values(dump, type_name, path, operator, wanted):
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    seen, problems = 0, []
    for obj in dump["objects"]:
        if obj["type"] != type_name:
            continue
        for each in obj["value"] if "count" in obj else [obj["value"]]:
            try:
                for name, index in steps:
                    each = each[name] if name else each[int(index)]
            except (KeyError, IndexError, TypeError):
                return [f"{obj['id']} has no {path}"]
            seen += 1
            if (_text(each) == wanted) != (operator == "=="):
                problems.append(f"{obj['id']}{path} is {_text(each)}; wanted {operator} {wanted}")
    return problems[:3] if seen else [f"no live {type_name} to check {path} of"]


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return "null" if value is None else str(value)
