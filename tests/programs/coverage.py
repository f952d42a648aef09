"""Which rules were tried on which kinds of declaration, with live values, by programs that ran."""

from collections import Counter

from coverage_claims import FREQUENT, RARE

FULL = 300   # programs that must reach every cell of FREQUENT
LONG = 10000  # and of RARE

PLAN_REFUSALS = ("ambiguous rename", "required without source")
VALUE_REFUSALS = (
    "enumerator removed", "enum-unnamed-value", "function missing", "kind changed, live",
    "pointee changed, live", "reshaped, live", "signature changed, live", "target removed",
    "target retyped", "void * to another type, live")


class Coverage:
    def __init__(self):
        self.counts = Counter()  # (rule, kind) -> hits, or programs with hits

    def hit(self, rule, kind):
        self.counts[rule, kind] += 1

    def add(self, other, outcome):
        """Counts one program. Of one that is refused only the refusals: nothing else of it was seen."""
        told = {"migrated": None, "values": VALUE_REFUSALS, "plan": PLAN_REFUSALS}.get(outcome, ())
        for cell in other.counts:
            if told is None or cell[0] in told:
                self.counts[cell] += 1

    def missed(self, programs):
        """Claimed cells that so many programs should have hit and did not."""
        cells = claimed(FREQUENT) if programs >= FULL else set()
        cells |= claimed(RARE) if programs >= LONG else set()
        rules = {rule for rule, _ in self.counts}
        return sorted(cell for cell in cells if not self.counts[cell] and not (
            cell[1] == "any" and cell[0] in rules))

    def table(self):
        """Programs by rule (down) and kind (across)."""
        rules = sorted({rule for rule, _ in self.counts} | set(FREQUENT))
        kinds = sorted({kind for _, kind in self.counts})
        width = max(map(len, rules), default=4)
        lines = [" " * width + "  " + " ".join(f"{i:>5}" for i, _ in enumerate(kinds))]
        for rule in rules:
            cells = [self.counts[rule, kind] for kind in kinds]
            lines.append(f"{rule:<{width}}  " + " ".join(f"{cell or '.':>5}" for cell in cells))
        lines.append("kinds: " + ", ".join(f"{i} {kind}" for i, kind in enumerate(kinds)))
        return "\n".join(lines)


def claimed(claims):
    return {(rule, kind) for rule, kinds in claims.items() for kind in kinds.split(", ")}
