#!/usr/bin/env python3
"""Proves that the folders depend on each other in one direction only.

    codegen, tool -> reflect <- engine/core <- engine/host        game -> molt.h, platform_api.h

From the #include lines of every source, from the symbols that the static libraries leave undefined,
and from the libraries that the programs and the game load.
"""
import argparse
import pathlib
import re
import subprocess
import sys

C_STANDARD = {
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h",
    "limits.h", "locale.h", "math.h", "setjmp.h", "signal.h", "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "wchar.h", "wctype.h",
}
GAME_HEADERS = {"molt/molt.h", "molt/hook.h", "molt/platform_api.h"}

# Layer -> folders whose headers it may use, and patterns of system headers that it must not.
LAYERS = {
    "reflect": (["reflect"], r"SDL|dlfcn|link\.h|elf|dwarf|clang-c|inotify"),
    "codegen": (["codegen", "reflect"], r"SDL|dlfcn|elf|dwarf|inotify"),
    "tool": (["tool", "reflect"], r"SDL|dlfcn|elf|dwarf|clang-c|inotify"),
    "engine/include": (["engine/include", "reflect"], r"SDL|elf|dwarf|clang-c"),
    "engine/core": (["engine/core", "engine/include", "reflect"], r"SDL|clang-c"),
    "engine/host": (["engine/host", "engine/include", "reflect"], r"dlfcn|elf|dwarf|clang-c"),
    "route": (["reflect", "engine/include"], r"SDL|elf|dwarf|clang-c|inotify"),
    "game": (["game"], r"."),
}
PRINTING = {"printf", "vprintf", "fprintf", "vfprintf", "puts", "putchar", "fputs", "fputc", "perror",
            "fwrite", "stdout", "stderr", "__printf_chk", "__fprintf_chk", "__vfprintf_chk"}

problems = []


def includes(path):
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def public_owner(root, name):
    """The folder whose public include directory has the header <name>, or None."""
    for folder in ("reflect", "engine"):
        if (root / folder / "include" / name).is_file():
            return "reflect" if folder == "reflect" else "engine/include"
    return None


def found_in(root, folder, source, name):
    if (source.parent / name).is_file():
        resolved = (source.parent / name).resolve()
        return (root / folder).resolve() in resolved.parents
    return any(path.as_posix().endswith("/" + name) for path in (root / folder).rglob("*.h"))


def check_include(root, layer, source, number, quoted, name):
    folders, forbidden = LAYERS[layer]
    owner = public_owner(root, name)
    place = f"{source.relative_to(root)}:{number}: includes {name}"
    if layer == "game":
        if quoted and found_in(root, "game", source, name):
            return
        if name not in GAME_HEADERS and name not in C_STANDARD:
            problems.append(f"{place}: a game sees only molt.h, hook.h, platform_api.h, standard headers")
    elif owner:
        if owner not in folders:
            problems.append(f"{place}, which belongs to {owner}: {layer} must not know it")
    elif quoted:
        if not found_in(root, layer, source, name):
            problems.append(f"{place}, a private header of another folder or a missing one")
    elif re.search(forbidden, name):
        problems.append(f"{place}, which {layer} must not know")


def check_includes(root):
    count = 0
    for layer in LAYERS:
        for source in sorted((root / layer).rglob("*.[ch]")):
            count += 1
            for number, quoted, name in includes(source):
                check_include(root, layer, source, number, quoted, name)
    if count == 0:
        problems.append(f"no sources under {root}")
    return count


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def symbols(archive):
    """(defined, undefined) external symbols of a static library, its own ones taken out."""
    defined, wanted = set(), set()
    for line in output("nm", "-g", archive).splitlines():
        match = re.match(r"[0-9a-f ]* ([A-Za-z]) (\S+)$", line)
        if match:
            (wanted if match.group(1) in "Uw" else defined).add(match.group(2))
    return defined, wanted - defined


def check_archive(name, archive, allowed_molt, forbidden):
    defined, wanted = symbols(archive)
    for symbol in sorted(wanted):
        if symbol.startswith("molt_") and symbol not in allowed_molt:
            problems.append(f"{name} needs {symbol}, which is not below it")
        elif re.match(forbidden, symbol) or (name == "reflect" and symbol in PRINTING):
            problems.append(f"{name} calls {symbol}")
    return defined


def check_loads(name, binary, forbidden, only=None):
    loads = re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-dW", binary))
    for library in loads:
        if re.match(forbidden, library) or (only and not re.match(only, library)):
            problems.append(f"{name} loads {library}: {binary}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--reflect", help="libmolt_reflect.a")
    parser.add_argument("--core", help="libmolt_core.a")
    parser.add_argument("--codegen", help="molt-generate")
    parser.add_argument("--asker", help="molt-codegen, which is started for each build")
    parser.add_argument("--tool", help="molt")
    parser.add_argument("--host", help="molt-host")
    parser.add_argument("--game", help="the sample game's library")
    options = parser.parse_args()

    count = check_includes(options.root.resolve())
    below = set()
    if options.reflect:
        below |= check_archive("reflect", options.reflect, set(),
                               r"SDL_|dl(open|sym|close|addr|info)$|elf_|clang_|inotify_")
    if options.core:
        check_archive("engine/core", options.core, below, r"SDL_|IMG_|clang_")
    if options.codegen:
        check_loads("codegen", options.codegen, r"libSDL|libelf|libdw")
    if options.asker:
        check_loads("molt-codegen", options.asker, r"libclang", r"lib(c|m|asan|ubsan|tsan|gcc_s)\.so|ld-linux")
    if options.tool:
        check_loads("tool", options.tool, r"libSDL|libelf|libdw|libclang")
    if options.host:
        check_loads("engine/host", options.host, r"libclang|libgame")
    if options.game:
        check_loads("game", options.game, r"libSDL|libmolt",
                    r"lib(c|m|asan|ubsan|tsan|gcc_s)\.so|ld-linux")

    for problem in problems:
        print(problem)
    print(f"{count} sources looked at, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
