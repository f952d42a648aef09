"""A game full of code addresses through reloads, built in each way that people build: pairwise over
compiler, optimisation, sections, link-time optimisation, linker and so on. Each build must carry the state
through an edit of code alone and through an edit of a struct, and back; some through edits that must be
refused. What a build makes impossible has to be said: when the library is loaded, and in the refusal.

Compilers and linkers that are missing are named and skipped."""
import argparse
import concurrent.futures
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "evolution"))

from run_case import ROUTING, variable_flags

SOURCES = [HERE / "game/walk.c", HERE / "game/dig.c"]
FACTORS = {"cc": ["gcc", "clang"], "opt": ["-O0", "-O1", "-O2", "-O3"], "sections": [False, True],
           "lto": ["", "-flto", "-flto=thin"], "linker": ["bfd", "lld", "mold"], "plt": [True, False],
           "debug": ["-g", "-g0"]}
LINKERS = {"bfd": "ld.bfd", "lld": "ld.lld", "mold": "mold", "gold": "ld.gold"}
SECTIONS = ["-ffunction-sections", "-fdata-sections"]
AS_ADDED = ["-fno-optimize-sibling-calls"]
AS_ADDED_GCC = ["-fno-ipa-icf", "-fno-crossjumping", "-fno-tree-tail-merge"]


def possible(build):
    """Which linkers know the code that a compiler leaves for later."""
    if not build["lto"]:
        return True
    if build["lto"] == "-flto=thin" and build["cc"] == "gcc":
        return False
    return build["linker"] in (("bfd", "mold") if build["cc"] == "gcc" else ("lld", "mold"))


def pairs_of(build):
    return set(itertools.combinations(sorted(build.items(), key=str), 2))


def pairwise(there):
    """Builds in which each possible pair of values occurs, as few as a greedy choice finds."""
    values = {**FACTORS, "linker": [each for each in FACTORS["linker"] if each in there]}
    every = [dict(zip(values, each)) for each in itertools.product(*values.values())]
    every = [build for build in every if possible(build)]
    open_pairs = set().union(*map(pairs_of, every))
    chosen = []
    while open_pairs:
        chosen.append(max(every, key=lambda build: len(pairs_of(build) & open_pairs)))
        open_pairs -= pairs_of(chosen[-1])
    return chosen


def run(command, cwd=None):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, cwd=cwd)


class Matrix:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.include = [f"-I{each}" for each in [*args.include, HERE / "game",
                                                 HERE.parent / "evolution"]]
        self.failures = 0
        self.lines = []

    # ---- what all builds of a compiler share

    def must(self, command):
        done = run(command)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")

    def prepare(self, compilers, kinds):
        """The metadata of each version, and what routes malloc, once for each compiler."""
        for version, statics in kinds:
            base = self.folder / f"v{version}{'' if statics else 'n'}"
            self.must([self.args.codegen, "--base", HERE / "game", "--metadata", f"{base}.c", *SOURCES,
                       "--", "-std=gnu11", *self.defines(version, statics), *self.include])
        for cc in compilers:
            flags = [cc, "-std=gnu11", "-fPIC", "-fvisibility=hidden", "-fno-lto", *self.include, "-c"]
            self.must([*flags, "-g", "-O2", "-fno-builtin", "-fno-omit-frame-pointer", ROUTING, "-o",
                       self.folder / f"route_{cc}.o"])
            for version, statics in kinds:
                name = f"v{version}{'' if statics else 'n'}"
                self.must([*flags, *self.defines(version, statics), self.folder / f"{name}.c", "-o",
                           self.folder / f"{name}_{cc}.o"])

    @staticmethod
    def defines(version, statics):
        return [f"-DVERSION={version}", *([] if statics else ["-DNO_STATICS"])]

    # ---- one build

    def flags(self, build):
        cc = build["cc"]
        flags = [build["opt"], build["debug"], *AS_ADDED, *(AS_ADDED_GCC if cc == "gcc" else [])]
        flags += variable_flags(cc) if build.get("whole", True) else []
        flags += SECTIONS if build["sections"] else []
        flags += [] if build["plt"] else ["-fno-plt"]
        return flags + ([build["lto"]] if build["lto"] else [])

    def library(self, build, version):
        cc, statics = build["cc"], build.get("statics", True)
        name = f"v{version}{'' if statics else 'n'}"
        library = self.folder / f"{build['number']}_{version}.so"
        drops = build["sections"] and build.get("drops", True)
        link = [f"-fuse-ld={build['linker']}", *(["-Wl,--gc-sections"] if drops else [])]
        done = run([cc, "-std=gnu11", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra",
                    "-Werror", "-Wno-unused-function", *self.flags(build), *self.defines(version, statics),
                    *self.include, *SOURCES, self.folder / f"{name}_{cc}.o",
                    self.folder / f"route_{cc}.o", *link, *build.get("link", []), "-o", library])
        if done.returncode != 0:
            sys.exit(f"{words_of(build)}, version {version}, does not build:\n{done.stdout}")
        return library

    def evolve(self, build, first, second):
        return run([self.args.evolve, first, second, self.folder / f"{build['number']}_game.so"]).stdout

    def expect(self, build, what, output, *texts):
        missing = [text for text in texts if text not in output]
        if missing:
            self.failures += 1
            print(f"FAIL: {words_of(build)}: {what}: not there: {missing}\n{output}", flush=True)

    def follows(self, build, first, version, outcome):
        output = self.evolve(build, first, self.library(build, version))
        self.expect(build, f"version {version}", output, f"outcome {outcome}\n", "undo same\n",
                    "redo same\n", "undo-again same\n")
        return output

    def try_build(self, build):
        first = self.library(build, 1)
        expect = build.get("expect")
        if build["debug"] == "-g0" and "dig.c" not in run(["readelf", "-sW", first]).stdout:
            expect = without_files
        if expect:
            expect(self, build, first)
            return
        self.follows(build, first, 2, "code")
        self.follows(build, first, 3, "migrated")
        if build["number"] % 4 == 0:
            output = self.evolve(build, first, self.library(build, 4))
            self.expect(build, "a function gone", output, "finding refuse function-missing State.once 1\n",
                        "once of walk.c")
            output = self.evolve(build, first, self.library(build, 5))
            self.expect(build, "a signature changed", output,
                        "finding refuse signature-changed Ant.step 3\n")


# ---- builds that make something impossible

def variables_named(matrix, build, first):
    """Without the flags that keep variables whole: refused by name, or carried over."""
    output = matrix.evolve(build, first, matrix.library(build, 2))
    if "outcome code" in output:
        matrix.expect(build, "carried over", output, "undo same\n")
    else:
        matrix.expect(build, "refused by name", output, "The variable 'walk.c:", "molt_add_game() has the flags")


def without_symbols(matrix, build, first):
    output = matrix.evolve(build, first, matrix.library(build, 2))
    matrix.expect(build, "stripped", output, "has no symbol table", "finding refuse function-missing",
                  "Link without -s")


def variables_without_symbols(matrix, build, first):
    output = matrix.evolve(build, first, matrix.library(build, 2))
    matrix.expect(build, "stripped", output, "The variable '", "do not strip the library")


def without_files(matrix, build, first):
    """Link-time optimisation drops the files of symbols, as may a linker, and there is no debug information
    that has them."""
    output = matrix.evolve(build, first, matrix.library(build, 2))
    matrix.expect(build, "namesakes", output, "has several functions called move()",
                  "finding refuse function-missing State.walk_move 1", "finding refuse function-missing Ant.step 3",
                  "nothing tells them apart")


def folded(matrix, build, first):
    """Equal functions are one as long as the linker makes them one, which gold does in version 1 alone; when
    they part, nobody knows which was meant."""
    output = matrix.evolve(build, first, matrix.library(build, 2))
    if "outcome code" in output:
        matrix.expect(build, "folded", output, "the linker folded equal code", "undo same\n")
    else:
        matrix.expect(build, "folded and not", output, "the linker folded equal code",
                      "finding refuse function-missing State.same_", "identical code was folded")
    output = matrix.evolve(build, first, matrix.library(build, 6))
    matrix.expect(build, "folded and parted", output, "finding refuse function-missing State.same_",
                  "identical code was folded")


PLAIN = {"cc": "gcc", "opt": "-O2", "sections": True, "lto": "", "linker": "bfd", "plt": True,
         "debug": "-g"}
SPECIAL = [
    {**PLAIN, "opt": "-O3", "whole": False, "expect": variables_named},
    {**PLAIN, "cc": "clang", "opt": "-O3", "linker": "lld", "whole": False, "expect": variables_named},
    {**PLAIN, "link": ["-s"], "expect": variables_without_symbols},
    {**PLAIN, "link": ["-s"], "statics": False, "expect": without_symbols},
    {**PLAIN, "linker": "lld", "link": ["-Wl,--icf=all"], "expect": folded},
    {**PLAIN, "cc": "clang", "linker": "gold", "link": ["-Wl,--icf=all"], "expect": folded},
    # where it drops functions as well, mold leaves no trace of one that it folded
    {**PLAIN, "linker": "mold", "drops": False, "link": ["-Wl,--icf=all"], "expect": folded},
]


def words_of(build):
    words = [build["cc"], build["opt"], build["debug"], build["linker"]]
    words += [word for word, given in (("sections", build["sections"]), (build["lto"][1:], build["lto"]),
                                       ("no-plt", not build["plt"]),
                                       ("variables as they come", not build.get("whole", True)))
              if given]
    return f"{build['number']}: {' '.join([*words, *build.get('link', [])])}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--evolve", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--only", type=int, help="the number of one build")
    args = parser.parse_args()
    compilers = [cc for cc in FACTORS["cc"] if shutil.which(cc)]
    linkers = [name for name, program in LINKERS.items() if shutil.which(program)]
    for name in [*(set(FACTORS["cc"]) - set(compilers)), *(set(LINKERS) - set(linkers))]:
        print(f"SKIPPED: {name} is not there, so no build with it is tried", flush=True)
    builds = [build for build in pairwise(linkers) + SPECIAL
              if build["cc"] in compilers and build["linker"] in linkers]
    builds = [{**build, "number": number} for number, build in enumerate(builds)]
    kinds = [*((version, True) for version in range(1, 7)), (1, False), (2, False)]
    with tempfile.TemporaryDirectory(prefix="molt-matrix-") as name:
        matrix = Matrix(args, pathlib.Path(name))
        matrix.prepare(compilers, kinds)
        chosen = [build for build in builds if args.only in (None, build["number"])]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(matrix.try_build, chosen))
        for build in chosen:
            print(words_of(build))
    print(f"{len(chosen)} builds, {matrix.failures} failures")
    return 1 if matrix.failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
