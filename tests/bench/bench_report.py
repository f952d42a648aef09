"""The table of a bench run, from its JSON: as text, as Markdown, and the curves over sizes as SVG.

    bench_report.py --json FILE [--markdown FILE] [--svg FILE] [--quiet]

- instead of a file is standard output. It knows nothing of what was measured; equal JSON gives equal text.
"""

import argparse
import json
import math
import sys

COLUMNS = ("ratio", "goal", "met", "measured", "spread", "baseline", "spread", "", "what, against what")

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 40, 56
COLOURS = ("#c0392b", "#2c3e50", "#27ae60", "#8e44ad", "#d35400", "#2980b9")


def is_met(row):
    """The verdict that a row must have: the upper end of its interval counts where it has one."""
    return None if row["goal"] is None else row.get("high", row["ratio"]) <= row["goal"]


def number(value):
    """Four digits that count, and no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}"


def percent(value):
    return "-" if value is None else f"{value * 100:.0f} %"


def cells(row):
    name = row["name"]
    if "high" in row:
        name += f" ({row['low']:.3f} to {row['high']:.3f})"
    met = {None: "-", True: "yes", False: "no"}[row["met"]]
    goal = "-" if row["goal"] is None else f"{row['goal']:.4g}"
    ratio = f"{row['ratio']:.2f}" if row["ratio"] >= 0.1 else f"{row['ratio']:.4f}"
    return [ratio, goal, met, number(row["value"]), percent(row.get("spread")),
            number(row["baseline"]), percent(row.get("baseline_spread")), row["unit"], name]


def text_table(rows):
    table = [list(COLUMNS)] + [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(COLUMNS) - 1)]
    return "\n".join("  ".join([cell.rjust(width) for cell, width in zip(line, widths)] + line[-1:])
                     for line in table) + "\n"


def summary(rows):
    judged = [row for row in rows if row["goal"] is not None]
    met = sum(1 for row in judged if row["met"])
    return f"{len(rows)} rows, {len(judged)} with a goal, {met} of those meet it\n"


def markdown_table(rows):
    lines = ["| ratio | goal | met | measured | spread | baseline | spread | unit | what, against what |",
             "|---:|---:|---|---:|---:|---:|---:|---|---|"]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n\n" + summary(rows)


# ---- curves

def size_name(size):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1000, "KB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size:g} B"


class Plot:
    """Two logarithmic axes: bytes of the state, nanoseconds an object."""

    def __init__(self, points):
        sizes = [point[0] for point in points]
        values = [point[1] for point in points]
        self.x = (math.log10(min(sizes)), max(math.log10(max(sizes)), math.log10(min(sizes)) + 1))
        self.y = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9))

    def across(self, size):
        low, high = self.x
        return LEFT + (math.log10(size) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def down(self, value):
        low, high = self.y
        return HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def axes(self, sizes):
        for size in sizes:
            x = self.across(size)
            yield (f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
            yield (f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                   f'{size_name(size)}</text>')
        for power in range(self.y[0], self.y[1] + 1):
            y = self.down(10.0 ** power)
            yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0 ** power:g}</text>'

    def curve(self, name, points, colour, line):
        where = [(self.across(size), self.down(value)) for size, value in points]
        yield (f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
               + " ".join(f"{x:.1f},{y:.1f}" for x, y in where) + '"/>')
        for x, y in where:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        y = TOP + 16 + 16 * line
        yield f'<rect x="{LEFT + 12}" y="{y - 9}" width="14" height="8" fill="{colour}"/>'
        yield f'<text x="{LEFT + 32}" y="{y}">{name}</text>'


def svg(rows):
    curves = {}
    for row in rows:
        if row.get("curve"):
            curves.setdefault(row["curve"], []).append((row["bytes"], row["value"]))
    points = [point for curve in curves.values() for point in curve]
    if not points:
        raise SystemExit("bench_report.py: no row belongs to a curve")
    plot = Plot(points)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
             f'height="{HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{WIDTH / 2:g}" y="22" text-anchor="middle" font-size="14">nanoseconds an object, '
             'by the size of the changed state</text>']
    lines += plot.axes(sorted({point[0] for point in points}))
    for line, (name, curve) in enumerate(curves.items()):
        lines += plot.curve(name, sorted(curve), COLOURS[line % len(COLOURS)], line)
    return "\n".join(lines) + "\n</svg>\n"


def write(path, text):
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", required=True)
    parser.add_argument("--markdown")
    parser.add_argument("--svg")
    parser.add_argument("--quiet", action="store_true", help="no table on standard output")
    options = parser.parse_args()
    with open(options.json, encoding="utf-8") as file:
        rows = json.load(file)
    wrong = [row["name"] for row in rows if row["met"] != is_met(row)]
    if wrong:
        raise SystemExit(f"bench_report.py: {options.json}: the verdict of '{wrong[0]}' is not its ratio's")
    if options.markdown:
        write(options.markdown, markdown_table(rows))
    if options.svg:
        write(options.svg, svg(rows))
    if not options.quiet:
        sys.stdout.write(text_table(rows) + summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
