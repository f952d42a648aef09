#!/usr/bin/env python3
"""Builds what uses Molt from outside: a small game with find_package(Molt), against an installation in
a temporary prefix and against the build tree, run by the installed host; and a tool that links the
installed libraries.

Usage: consumer.py BUILD_TREE CONSUMER_SOURCES C_COMPILER --flags=C_FLAGS GENERATOR...
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(*command):
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}\n{result.stdout}\n"
                 f"exit status {result.returncode}")
    return result.stdout


def build(sources, folder, molt, compile_with, generator):
    shutil.copytree(sources, folder / "source")
    run("cmake", "-S", folder / "source", "-B", folder / "build", "-G", generator,
        f"-DMolt_DIR={molt}", *compile_with, "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", folder / "build")


def build_game(sources, folder, molt, compile_with, generator):
    build(sources, folder, molt, compile_with, generator)
    library = folder / "build" / "libpond.so"
    if not library.is_file():
        sys.exit(f"{folder / 'build'} holds no libpond.so: {os.listdir(folder / 'build')}")
    manifest = json.loads((folder / "build" / "libpond.so.molt").read_text(encoding="utf-8"))
    schema = json.loads(pathlib.Path(manifest["schema"]).read_text(encoding="utf-8"))
    names = {entry["name"] for entry in schema["types"]}
    if not {"Pond", "Fish"} <= names:
        sys.exit(f"the schema lacks Pond or Fish: {sorted(names)}")
    return library


def main():
    tree, sources = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    compile_with = [f"-DCMAKE_C_COMPILER={sys.argv[3]}", f"-DCMAKE_C_FLAGS={sys.argv[4].removeprefix('--flags=')}"]
    generators = sys.argv[5:]
    with tempfile.TemporaryDirectory(prefix="molt-consumer-") as name:
        scratch = pathlib.Path(name)
        run("cmake", "--install", tree, "--prefix", scratch / "prefix")
        packages = list((scratch / "prefix").rglob("MoltConfig.cmake"))
        if len(packages) != 1:
            sys.exit(f"one installed MoltConfig.cmake expected, found {packages}")
        package = packages[0].parent
        for generator in generators:
            installed = scratch / f"installed-{generator.replace(' ', '-')}"
            library = build_game(sources / "game", installed, package, compile_with, generator)
        host = scratch / "prefix" / "bin" / "molt-host"
        if host.is_file():
            dump = scratch / "dump.json"
            run(host, library, "--headless", "--frames", "3", "--no-build", "--dump", dump)
            objects = json.loads(dump.read_text(encoding="utf-8"))["objects"]
            ages = sorted(entry["value"]["age"] for entry in objects if entry["type"] == "Fish")
            if ages != [3] * 10:
                sys.exit(f"after 3 frames the fish should be 3 frames old, the dump has {ages}")
        build_game(sources / "game", scratch / "beside", tree, compile_with, generators[0])
        build(sources / "tool", scratch / "tool", package, compile_with, generators[0])
        said = run(scratch / "tool" / "build" / "tool")
        if said.split() != ["ok", "build-failed"]:
            sys.exit(f"the tool should say 'ok build-failed' and says {said!r}")
    print("game built and run from the installation, built from the build tree; tool built and run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
