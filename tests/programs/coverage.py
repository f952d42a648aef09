"""Which rules were tried on which kinds of declaration, with live values, by programs that ran."""

from collections import Counter

from coverage_claims import CANNOT, FREQUENT, RARE

FULL = 300   # programs that must reach every cell of FREQUENT
LONG = 10000  # and of RARE

AIMED = 1000000  # numbers from here on belong to programs that are after a cell of ALL

PLAN_REFUSALS = ("ambiguous rename", "required in new struct", "required without source")
VALUE_REFUSALS = (
    "alias lost", "arm removed, live", "constant gone", "enumerator removed", "enum-unnamed-value", "flexible array gained", "flexible array lost",
    "function missing", "kind changed, live",
    "pointee changed, live", "reshaped, live", "signature changed, live", "target removed",
    "target retyped", "union changed, live", "void * to another type, live")


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
        """Cells that so many programs have to hit and did not."""
        cells = cells_of(FREQUENT) if programs >= FULL else []
        cells += cells_of(RARE) if programs >= LONG else []
        return sorted({cell for cell in cells if not self.counts[cell]})

    def unexplained(self):
        """Rules without a word on the kinds that they do not meet."""
        return sorted({rule for rule, _ in self.counts} - set(CANNOT))

    def table(self):
        """Programs by rule (down) and kind (across)."""
        rules = sorted({rule for rule, _ in self.counts} | set(FREQUENT) | set(RARE))
        kinds = sorted({kind for _, kind in self.counts})
        width = max(map(len, rules), default=4)
        lines = [" " * width + "  " + " ".join(f"{i:>5}" for i, _ in enumerate(kinds))]
        for rule in rules:
            cells = [self.counts[rule, kind] for kind in kinds]
            lines.append(f"{rule:<{width}}  " + " ".join(f"{cell or '.':>5}" for cell in cells))
        lines.append("kinds: " + ", ".join(f"{i} {kind}" for i, kind in enumerate(kinds)))
        return "\n".join(lines)


def cells_of(claims):
    return [(rule, kind) for rule, kinds in claims.items() for kind in kinds.split(", ")]


ALL = sorted(set(cells_of(FREQUENT) + cells_of(RARE)))
