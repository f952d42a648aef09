#!/usr/bin/env python3
"""docs/performance.md shows a run and not a wish: its table and its plot are what the bench makes of
docs/performance.json, the verdicts in there follow from the ratios, and these from the figures."""
import json
import pathlib
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- the table of docs/performance.json -->\n", "<!-- end of the table -->\n"
KEYS = {"name", "value", "unit", "baseline", "ratio", "goal", "met"}


def check_row(row):
    if not KEYS <= set(row):
        yield f"'{row.get('name')}' lacks {', '.join(sorted(KEYS - set(row)))}"
        return
    # Of pairs the ratio is the mean of theirs, inside its interval.
    if "high" in row:
        if not row["low"] <= row["ratio"] <= row["high"]:
            yield f"'{row['name']}': the ratio is not in its interval"
    elif abs(row["ratio"] * row["baseline"] - row["value"]) > 0.01 * row["value"]:
        yield f"'{row['name']}': the ratio is not that of its figures"
    met = None if row["goal"] is None else row.get("high", row["ratio"]) <= row["goal"]
    if row["met"] != met:
        yield f"'{row['name']}': the verdict is not what the ratio says"


def check_rows(rows):
    names = [row.get("name") for row in rows]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"'{name}' is there more than once"
    for row in rows:
        yield from check_row(row)


def main():
    root = pathlib.Path(sys.argv[1])
    source = root / "docs" / "performance.json"
    problems = list(check_rows(json.loads(source.read_text(encoding="utf-8"))))
    text = (root / "docs" / "performance.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="molt-performance-") as folder:
        markdown, svg = pathlib.Path(folder, "table.md"), pathlib.Path(folder, "scaling.svg")
        subprocess.run([sys.executable, "-B", root / "tests" / "bench" / "bench_report.py", "--quiet",
                        "--json", source, "--markdown", markdown, "--svg", svg], check=True)
        made = markdown.read_text(encoding="utf-8")
        if text.count(BEGIN) != 1 or text.count(END) != 1:
            problems.append("docs/performance.md: no place for the table")
        elif text.partition(BEGIN)[2].partition(END)[0].strip() != made.strip():
            problems.append("docs/performance.md: the table is not that of docs/performance.json; "
                            "bench_report.py --markdown makes it")
        if (root / "docs" / "images" / "scaling.svg").read_text(encoding="utf-8") != svg.read_text(
                encoding="utf-8"):
            problems.append("docs/images/scaling.svg is not the plot of docs/performance.json; "
                            "bench_report.py --svg makes it")
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
