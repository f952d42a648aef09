"""Compares a migration's report with what the programs of a batch expect of it."""

PLAN_RULES = ("field-without-source", "rename-ambiguous")  # refuse whatever the values are
PLAN_LOSS = ("elements-moved", "refuse")  # so does this one under policy strict


def text_of(finding):
    return " ".join(f"{key}={value}" for key, value in finding.items() if key != "remedy")


def is_planned(report):
    return any(finding["rule"] in PLAN_RULES or (finding["rule"], finding["severity"]) == PLAN_LOSS for finding in report.get("findings", ()))


class Findings:
    """Of one program, by severity and path."""

    def __init__(self, report, is_mine):
        self.complete = not report.get("left_out", {}).get("loss")
        self.all_refusals = not report.get("left_out", {}).get("refuse")
        self.loss, self.refuse = {}, {}
        for finding in report.get("findings", ()):
            if finding["severity"] == "info" or not is_mine(finding["path"]):
                continue
            # a removed field with a likely successor: the same loss under a word of its own
            if finding["rule"] == "possible-rename":
                finding = {**finding, "rule": "field-removed"}
            found = self.loss if finding["severity"] == "loss" else self.refuse
            found.setdefault(finding["path"], []).append(finding)

    def refusal_differences(self, expectation, masked):
        """`masked`: something else refused first, so that not all of it was seen."""
        wanted = expectation.plan_refusals or expectation.refusals
        for path, rules in wanted.items():
            hidden = masked or path in expectation.hidden
            if not hidden and not any(f["rule"] in rules for f in self.refuse.get(path, ())):
                yield (f"not refused: {path} for {' or '.join(sorted(rules))}; found "
                       f"{[f['rule'] for f in self.refuse.get(path, ())]}")
        for path, findings in self.refuse.items():
            for finding in findings:
                if finding["rule"] not in wanted.get(path, ()) and (
                        finding["rule"], path) not in expectation.plan_losses:
                    yield f"refused without reason: {text_of(finding)}"

    def loss_differences(self, expectation, strict=False, unseen=()):
        """Under policy strict each loss is a refusal; rules `unseen` may not have been come to."""
        found, complete = (self.refuse, self.all_refusals) if strict else (self.loss, self.complete)
        word = "refusal" if strict else "loss"
        wanted = {key: sum(objects.values()) if strict else len(objects)
                  for key, objects in expectation.losses.items()}
        wanted = {key: objects for key, objects in wanted.items() if objects}
        for (rule, path), objects in wanted.items():
            told = [f for f in found.get(path, ()) if f["rule"] == rule]
            if (rule, path) in expectation.optional:
                continue
            if not told and complete and rule not in unseen:
                yield f"no {word} reported: {rule} {path} in {objects} objects"
            if told and int(told[0].get("objects", 0)) != objects and not expectation.embedded:
                yield (f"objects of {rule} {path}: expected {objects}, "
                       f"found {told[0].get('objects')}")
        if complete:
            yield from self.plan_loss_differences(expectation, found)
        for path, findings in found.items():
            for finding in findings:
                key = finding["rule"], path
                if key not in wanted and key not in expectation.optional | expectation.plan_losses:
                    yield f"{word} without reason: {text_of(finding)}"

    @staticmethod
    def plan_loss_differences(expectation, found):
        for rule, path in sorted(expectation.plan_losses):
            if not any(finding["rule"] == rule for finding in found.get(path, ())):
                yield f"not reported: {rule} {path}"
