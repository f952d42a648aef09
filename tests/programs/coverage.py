"""Which rules were tried on which kinds of declaration, with live values, by programs that ran."""

from collections import Counter

# Cells that a run of FULL programs must reach. A rule and the kinds of the new declaration.
FULL = 300
CLAIMED = {}


class Coverage:
    def __init__(self):
        self.counts = Counter()

    def hit(self, rule, kind):
        self.counts[rule, kind] += 1

    def add(self, other):
        self.counts.update(other.counts)

    def missed(self):
        return [(rule, kind) for rule, kinds in CLAIMED.items() for kind in kinds
                if not self.counts[rule, kind]]

    def table(self):
        """Rules down, kinds across; a dot where nothing is claimed and nothing was hit."""
        rules = sorted({rule for rule, _ in self.counts} | set(CLAIMED))
        kinds = sorted({kind for _, kind in self.counts})
        width = max(map(len, rules), default=4)
        lines = [" " * width + "  " + " ".join(f"{i:>5}" for i, _ in enumerate(kinds))]
        for rule in rules:
            cells = [self.counts[rule, kind] for kind in kinds]
            lines.append(f"{rule:<{width}}  " + " ".join(
                f"{short(cell) if cell else 'MISS' if kind in CLAIMED.get(rule, ()) else '.':>5}"
                for kind, cell in zip(kinds, cells)))
        lines.append("kinds: " + ", ".join(f"{i} {kind}" for i, kind in enumerate(kinds)))
        return "\n".join(lines)


def short(count):
    return str(count) if count < 10000 else f"{count // 1000}k"
