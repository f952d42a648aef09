#!/usr/bin/env python3
"""The layouts that molt-codegen reads are those that gcc writes into DWARF, as pahole reads them: of
the sample game, of the fixtures and of the headers installed on this machine.

Prints how many records and fields were compared, and every mismatch; differences that are known stand
in KNOWN with their reason. A record counts once for each translation unit that sees it; the number of
different ones is printed too. Exit 77 (skipped) where pahole or too many headers are missing."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import layouts
import pahole

SKIPPED = 77
RECORDS_WANTED = 25000
SHOWN = 60

# The only records that may differ, or stand on one side only, and why.
KNOWN = {
    "max_align_t": "each compiler's own stddef.h names the members as it likes",
    "__va_list_tag": "built into gcc; no header declares it",
    "__tile1024i_str": "from clang's own amxintrin.h; gcc's has no such struct",
    "__SOCKADDR_ARG": "transparent union: gcc's DWARF has no members for it",
    "__CONST_SOCKADDR_ARG": "transparent union: gcc's DWARF has no members for it",
}

GLIBC = """aio.h argp.h dirent.h dlfcn.h elf.h fcntl.h fts.h ftw.h glob.h grp.h ifaddrs.h link.h locale.h
mntent.h mqueue.h netdb.h netinet/in.h netinet/ip.h netinet/tcp.h obstack.h poll.h pthread.h pwd.h
regex.h sched.h search.h semaphore.h setjmp.h signal.h spawn.h stdio.h stdlib.h sys/epoll.h sys/ipc.h
sys/mman.h sys/msg.h sys/resource.h sys/sem.h sys/shm.h sys/socket.h sys/stat.h sys/statvfs.h
sys/time.h sys/times.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h termios.h time.h
ucontext.h unistd.h utmpx.h wchar.h wordexp.h""".split()
SDL = ["-DSDL_DISABLE_IMMINTRIN_H", "-DSDL_DISABLE_XMMINTRIN_H", "-DSDL_DISABLE_EMMINTRIN_H",
       "-DSDL_DISABLE_PMMINTRIN_H", "-DSDL_DISABLE_MMINTRIN_H"]


class Group:
    """Headers below /usr/include: those of `together` in one translation unit, every one below
    `folders` in one of its own. What a header needs and does not include makes it drop out."""

    def __init__(self, name, folders=(), together=(), flags=()):
        self.name = name
        self.folders = folders
        self.together = together
        self.flags = list(flags)

    def sources(self, root):
        if self.together:
            yield self.source(self.together)
        for folder in self.folders:
            for header in sorted((root / folder).rglob("*.h")):
                yield self.source([header.relative_to(root)])

    @staticmethod
    def source(headers):
        lines = ["#define _GNU_SOURCE 1", "#include <stddef.h>", "#include <stdio.h>"]
        return "\n".join(lines + [f"#include <{header}>" for header in headers]) + "\n"


GROUPS = [
    Group("glibc", together=GLIBC),
    Group("SDL2", together=["SDL2/SDL.h", "SDL2/SDL_syswm.h"],
          flags=["-I/usr/include/SDL2", *SDL]),
    Group("X11", ["X11"]),
    Group("drm", ["drm", "libdrm"], flags=["-I/usr/include/libdrm"]),
    Group("sound", ["sound"]),
    Group("rdma, scsi, mtd, misc, video, xen", ["rdma", "scsi", "mtd", "misc", "video", "xen"]),
    Group("linux", ["linux", "asm-generic"]),
]
# Where the headers above are too few.
SPARE = [
    Group("OpenSSL", ["openssl"]),
    Group("llvm-c", ["llvm-c-14/llvm-c", "llvm-c"], flags=["-I/usr/include/llvm-c-14"]),
    Group("libxml2", ["libxml2"], flags=["-I/usr/include/libxml2"]),
    Group("freetype", ["freetype2"], flags=["-I/usr/include/freetype2"]),
]


class Tally:
    def __init__(self):
        self.units = self.records = self.fields = self.atomic = self.left_out = 0
        self.distinct = set()
        self.known = {}
        self.wrong = {}

    def add(self, other):
        self.units += other.units
        self.records += other.records
        self.fields += other.fields
        self.atomic += other.atomic
        self.left_out += other.left_out
        self.distinct |= other.distinct
        for mine, theirs in ((self.known, other.known), (self.wrong, other.wrong)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count

    def differ(self, name, line):
        known = name in KNOWN
        into, key = (self.known, name) if known else (self.wrong, line)
        into[key] = into.get(key, 0) + 1

    def line(self, name):
        text = (f"{name:36} {self.units:5} units {self.records:7} records "
                f"({len(self.distinct):5} different) {self.fields:8} fields")
        text += f", {self.atomic} _Atomic fields not readable" if self.atomic else ""
        return text + (f", {self.left_out} headers do not compile alone" if self.left_out else "")


class Comparison:
    def __init__(self, args, folder):
        self.args = args
        self.folder = folder

    def compile(self, source, flags, output):
        command = [self.args.cc, "-std=gnu11", "-w", "-g", "-fno-eliminate-unused-debug-types", "-c",
                   str(source), "-o", str(output), *flags]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0

    def schema(self, sources, flags, output, *options):
        """The schema, or what the generator said instead."""
        command = [self.args.codegen, *options, *map(str, sources), "--schema", str(output), "--",
                   "-std=gnu11", *flags]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
        if result.returncode != 0:
            return None, result.stdout.strip().splitlines()[0] if result.stdout else "no reason"
        return json.loads(output.read_text(encoding="utf-8")), None

    def compare(self, tally, schema, records, whole):
        """`whole`: the schema claims to have every record."""
        ours = layouts.Layouts(schema)
        seen = set()
        for record in ours.records():
            name = ours.plain_name(record)
            seen.add(name)
            leaves = ours.flatten(record)
            if name not in records:
                tally.differ(name, f"{name}: not in DWARF")
                continue
            tally.records += 1
            tally.fields += len(leaves)
            tally.atomic += sum(leaf.atomic for leaf in leaves.values())
            tally.distinct.add((name, record["size"], tuple(sorted(leaves))))
            wrong = min((list(layouts.differences(record, leaves, dwarf))
                         for dwarf in records[name]), key=len)
            for line in wrong:
                tally.differ(name, line)
        for name in records.keys() - seen if whole else ():
            tally.differ(name, f"{name}: only in DWARF")

    def unit(self, number, text, flags):
        """All records of one translation unit."""
        tally = Tally()
        source = self.folder / f"unit{number}.c"
        built, described = source.with_suffix(".o"), source.with_suffix(".json")
        source.write_text(text, encoding="utf-8")
        if not self.compile(source, flags, built):
            tally.left_out = 1
            return tally
        schema, refusal = self.schema([source], flags, described, "--all-records")
        tally.units = 1
        if schema is None:
            tally.wrong[f"the generator refuses: {refusal}"] = 1
        else:
            self.compare(tally, schema, pahole.read(built, self.args.pahole), True)
        for path in (source, built, described):
            path.unlink(missing_ok=True)
        return tally

    def library(self, name, sources, flags):
        """What a game's own metadata says, against all of its objects."""
        tally = Tally()
        records = {}
        for number, source in enumerate(sources):
            built = self.folder / f"{name}{number}.o"
            if not self.compile(source, flags, built):
                tally.wrong[f"{source} does not compile"] = 1
            else:
                for key, found in pahole.read(built, self.args.pahole).items():
                    records.setdefault(key, []).extend(found)
        schema, refusal = self.schema(sources, flags, self.folder / f"{name}.json")
        tally.units = len(sources)
        if schema is None:
            tally.wrong[f"the generator refuses: {refusal}"] = 1
        else:
            self.compare(tally, schema, records, False)
        return tally


def own_code(comparison, args, total):
    flags = [f"-I{folder}" for folder in args.include]
    game = comparison.library("game", sorted(args.game.glob("*.c")), flags)
    fixture = comparison.folder / "fixture.c"
    fixture.write_text(f'#include "{args.fixture}"\nMOLT_ROOT(Kinds);\n', encoding="utf-8")
    fixtures = comparison.library("fixtures", [fixture], flags)
    fixtures.add(comparison.unit("kinds", f'#include "{args.fixture}"\n', flags))
    for name, tally in (("sample game", game), ("fixtures", fixtures)):
        print(tally.line(name), flush=True)
        total.add(tally)


def headers(comparison, pool, group, root, total):
    futures = [pool.submit(comparison.unit, f"{group.name[:4].strip(', ')}{number}", text, group.flags)
               for number, text in enumerate(group.sources(root))]
    tally = Tally()
    for future in futures:
        tally.add(future.result())
    print(tally.line(group.name), flush=True)
    total.add(tally)
    return tally.records


def report(total, compared):
    print(total.line("all"))
    for name, count in sorted(total.known.items()):
        print(f"known: {name} ({count} times): {KNOWN[name]}")
    for line, count in sorted(total.wrong.items())[:SHOWN]:
        print(f"MISMATCH: {line}" + (f" (in {count} units)" if count > 1 else ""))
    if len(total.wrong) > SHOWN:
        print(f"MISMATCH: ... and {len(total.wrong) - SHOWN} more")
    if total.wrong:
        return 1
    if compared < RECORDS_WANTED:
        print(f"SKIPPED: {compared} records of installed headers are fewer than {RECORDS_WANTED}; "
              "install linux-libc-dev, libx11-dev, libdrm-dev and libsdl2-dev")
        return SKIPPED
    print(f"{compared} records of installed headers, no mismatch")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--pahole", default="pahole")
    parser.add_argument("--game", type=pathlib.Path, required=True)
    parser.add_argument("--fixture", type=pathlib.Path, required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--headers", type=pathlib.Path, default=pathlib.Path("/usr/include"))
    args = parser.parse_args()
    for tool, package in ((args.pahole, "dwarves"), (args.cc, "gcc")):
        if shutil.which(tool) is None:
            print(f"SKIPPED: {tool} (package {package}) is not installed: no layout was compared")
            return SKIPPED
    total, compared = Tally(), 0
    with tempfile.TemporaryDirectory(prefix="molt-layout-") as name, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        comparison = Comparison(args, pathlib.Path(name))
        own_code(comparison, args, total)
        for group in GROUPS:
            compared += headers(comparison, pool, group, args.headers, total)
        for group in SPARE:
            if compared < RECORDS_WANTED:
                compared += headers(comparison, pool, group, args.headers, total)
    return report(total, compared)


if __name__ == "__main__":
    sys.exit(main())
