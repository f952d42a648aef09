"""How long it takes from a save to the first frame of the new code, and where that time goes.

    save_bench.py --host HOST --build-dir DIR --source-dir DIR [--rounds N] [--no-resident] [--json FILE]

--json adds rows to the array that FILE holds, in the form of molt-bench. --no-resident has each build start a
generator of its own.

Saves one source, and then the central header, of a copy of the sample game that a headless host runs,
and beside it of the same game built as an ordinary library, without Molt. Medians. What the build
tool's log says of compilers and linker is from the first start to the last end, so that starting the build tool
is no part of it.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo"))
from session import Session  # noqa: E402

# The bench is the third party beside host and compiler: it must not take a processor from them.
Session.POLL_SECONDS = 0.02

# What may go by beyond compilers and linker: after any save, and after that of one source.
BEYOND_MS = 30
BEYOND_SOURCE_MS = 10

PLAIN = """cmake_minimum_required(VERSION 3.20)
project(plain C)
find_package(Molt REQUIRED)
file(GLOB sources {game}/*.c)
add_library(plain MODULE ${{sources}})
target_link_libraries(plain PRIVATE molt::game m)
target_compile_features(plain PRIVATE c_std_11)
set_target_properties(plain PROPERTIES C_VISIBILITY_PRESET hidden)
target_compile_options(plain PRIVATE -g)
"""

# What the generator's file defines otherwise.
PLAIN_HEAP = """#include <molt/molt.h>
const MoltHeapApi *molt__heap;
"""


def parse_options():
    parser = argparse.ArgumentParser()
    for name in ("host", "build-dir", "source-dir"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-resident", action="store_true")
    parser.add_argument("--json")
    return parser.parse_args()


def configure(source, build, options):
    subprocess.run(["cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    f"-DMolt_DIR={os.path.abspath(options.build_dir)}"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build], check=True, stdout=subprocess.DEVNULL)


def edges(build, since):
    """{output: (start, end)} in ms of what the build tool's log has beyond `since` bytes."""
    with open(os.path.join(build, ".ninja_log"), encoding="utf-8") as file:
        file.seek(since)
        rows = [line.split("\t") for line in file.read().splitlines() if not line.startswith("#")]
    return {row[3]: (int(row[0]), int(row[1])) for row in rows if len(row) > 3}


def log_size(build):
    return os.path.getsize(os.path.join(build, ".ninja_log"))


def parts(build, since):
    """Milliseconds of compilers, of the linker and of what else the build ran, each from the first start to
    the last end."""
    found = {"compile": [], "link": [], "codegen": []}
    for output, span in edges(build, since).items():
        kind = ("link" if output.endswith(".so") else
                "codegen" if output.endswith((".schema.json", "metadata.c", "layout_checks.c")) else "compile")
        found[kind].append(span)
    return {kind: max(end for _, end in spans) - min(start for start, _ in spans) if spans else 0
            for kind, spans in found.items()}


MARKER = "\n/* bench */"


def header_text(text, number):
    """An edit for which every source that reads the header is compiled, and no type changes."""
    guard = text.rindex("#endif")
    return text[:guard].split(MARKER)[0] + f"{MARKER} enum {{ BENCH_NUMBER = {number} }};\n#endif\n"


def source_text(text, number):
    """An edit of one function's code."""
    return (text.split(MARKER)[0] +
            f"{MARKER} int bench_number(void); int bench_number(void) {{ return {number}; }}\n")


def save(path, number, change):
    """Saves as an editor does; when, in nanoseconds."""
    with open(path, encoding="utf-8") as file:
        text = change(file.read(), number)
    beside = path + ".tmp"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(beside, path)
    return time.time_ns()


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def processor_ms(pid, own):
    """Processor time of a process and of all that it has had as children, those that live as well; without
    `own` that of the children alone."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    ticks = sum(int(word) for word in words[11 if own else 13:15])
    used = ticks * 1000 / os.sysconf("SC_CLK_TCK")
    for child in children_of(pid):
        try:
            used += processor_ms(child, True)
        except OSError:  # it ends just now, and is in its parent's figures
            continue
    return used


def waited_ms():
    """That of all children of this process that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


def one_save(session, build, path, number, change):
    session.forget()
    since = log_size(build)
    used = processor_ms(session.process.pid, False)
    saved = save(path, number, change)
    started = session.wait_for("build-started", 60)
    built = session.wait_for("build", 300)
    reload = session.wait_for("reload", 60)
    if reload["outcome"] not in ("code", "migrated"):
        raise SystemExit(f"the edit of {path} was {reload['outcome']}: {reload['detail']}")
    running = session.wait_for("running", 60)
    row = {"resident_runs": built["resident_runs"], "resident_mib": built["resident_kib"] / 1024,
           "to_run": (running["time_ns"] - saved) / 1e6, "build": built["build_ms"],
           "prepare": reload["prepare_ms"], "pause": reload["pause_ms"]}
    row["notice"] = (started["time_ns"] - saved) / 1e6
    row["processor"] = processor_ms(session.process.pid, False) - used
    row.update(parts(build, since))
    return row


def plain_save(build, path, number, change):
    since, used = log_size(build), waited_ms()
    save(path, number, change)
    start = time.monotonic()
    subprocess.run(["ninja", "-C", build], check=True, stdout=subprocess.DEVNULL)
    row = {"build": (time.monotonic() - start) * 1e3, "processor": waited_ms() - used}
    row.update(parts(build, since))
    return row


def median(rows, key):
    values = [row[key] for row in rows if row.get(key) is not None]
    return statistics.median(values) if values else None


def measure(session, folder, game, plain, options, name, change):
    ours, theirs = [], []
    for number in range(1, options.rounds + 1):
        ours.append(one_save(session, f"{folder}/build", f"{game}/{name}", number, change))
        theirs.append(plain_save(f"{folder}/plain-build", f"{plain}/{name}", number, change))
    return summarise(name, ours, theirs)


def summarise(name, ours, theirs):
    row = {key: median(ours, key) for key in ours[0]}
    row["resident_runs"] = ours[-1]["resident_runs"]
    row["edit"] = name
    row["plain_build"] = median(theirs, "build")
    row["plain_compile_link"] = statistics.median(item["compile"] + item["link"] for item in theirs)
    row["beyond_compile_link"] = statistics.median(
        mine["to_run"] - mine["compile"] - mine["link"] for mine in ours)
    row["beyond_build"] = statistics.median(mine["to_run"] - mine["build"] for mine in ours)
    row["against_plain"] = row["to_run"] / row["plain_build"]
    row["plain_processor"] = median(theirs, "processor")
    row["processor_against_plain"] = median(
        [{"ratio": mine["processor"] / its["processor"]} for mine, its in zip(ours, theirs)], "ratio")
    return row


LINES = (("to_run", "save to the first frame of the new code"),
         ("notice", "  until the build is started"),
         ("build", "  the build"),
         ("compile", "    of it compilers"),
         ("codegen", "    of it the generator, beside them"),
         ("link", "    of it the linker"),
         ("prepare", "  open, check and plan"),
         ("pause", "  the pause"),
         ("beyond_build", "beyond the build"),
         ("beyond_compile_link", "beyond compile and link"),
         ("plain_build", "the same build without Molt"),
         ("plain_compile_link", "  of it compilers and linker"),
         ("processor", "processor time of the build and the generator"),
         ("plain_processor", "  without Molt"),
         ("resident_runs", "runs that the resident generator did, count"),
         ("resident_mib", "its memory, MiB"))


def show(row):
    print(f"an edit of {row['edit']}, ms")
    for key, title in LINES:
        if row.get(key) is not None:
            print(f"  {title:<44}{row[key]:>9.1f}")
    print(f"  {'save to running against the build without Molt':<44}{row['against_plain']:>9.2f}")
    print(f"  {'the same of processor time':<44}{row['processor_against_plain']:>9.2f}\n")


def records(rows):
    """What molt-bench writes for one of its rows; a goal is for the ratio."""
    found = []
    for row in rows:
        header = row["edit"].endswith(".h")
        found.append(record(f"save of {row['edit']} to the first frame of the new code, against the same "
                            "build without Molt", row["to_run"], row["plain_build"],
                            1.10 if header else None))
        found.append(record(f"processor time of the build after a save of {row['edit']}, against the same "
                            "without Molt", row["processor"], row["plain_processor"], None))
        found.append(record(f"save of {row['edit']} beyond compile and link, against {BEYOND_MS} ms",
                            row["beyond_compile_link"], BEYOND_MS, 1.0))
        if not header:
            for key, name in (("beyond_compile_link", "compile and link"), ("beyond_build", "the build")):
                found.append(record(f"save of {row['edit']} beyond {name}, against {BEYOND_SOURCE_MS} ms", row[key],
                                    BEYOND_SOURCE_MS, 1.0))
    return found


def record(name, value, baseline, goal):
    ratio = value / baseline
    return {"name": name, "value": round(value, 3), "unit": "ms", "baseline": round(baseline, 3),
            "ratio": round(ratio, 4), "goal": goal, "met": None if goal is None else ratio <= goal}


def add_records(path, rows):
    found = []
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found + records(rows), file, indent=2)
        file.write("\n")


def main():
    options = parse_options()
    folder = tempfile.mkdtemp(prefix="molt-save-bench-")
    game, plain = os.path.join(folder, "game"), os.path.join(folder, "plain")
    rows = []
    try:
        for copy in (game, plain):
            shutil.copytree(os.path.join(options.source_dir, "game"), copy)
        with open(os.path.join(plain, "CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(PLAIN.format(game=plain))
        with open(os.path.join(plain, "heap.c"), "w", encoding="utf-8") as file:
            file.write(PLAIN_HEAP)
        configure(game, f"{folder}/build", options)
        configure(plain, f"{folder}/plain-build", options)
        session = Session(options.host, f"{folder}/build/libgame.so", folder, True,
                          dumps=False, more=["--no-resident"] if options.no_resident else [])
        try:
            session.wait_for("started", 60)
            for name, change in (("ants.c", source_text), ("colony.h", header_text)):
                rows.append(measure(session, folder, game, plain, options, name, change))
                show(rows[-1])
            session.quit()
        finally:
            session.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for row in records(rows):
        if row["goal"] is not None:
            print(f"{row['ratio']:6.2f} of at most {row['goal']:.2f}  {row['name']}")
    if options.json:
        add_records(options.json, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
