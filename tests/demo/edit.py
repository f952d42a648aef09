"""Edits: patches to a game's sources, with a description, and the folder they are applied to.

An edit knows nothing of hosts or dumps. Sources are changed the way an editor saves: every file is
written beside its place and renamed over it, all of them at once.
"""

import os
import re
import shutil
import subprocess

OUTCOMES = ("code", "migrated", "refused", "build-failed")


class EditError(Exception):
    """An edit that cannot be read or does not apply; the text names its file."""


class Edit:
    """`patch` is None for the edit that restores the original sources."""

    def __init__(self, name, title, patch=None, expect=None, checks=()):
        self.name = name
        self.title = title
        self.patch = patch
        self.expect = expect
        self.checks = list(checks)


def read_edit(path):
    """An Edit from a patch file whose lines before the first `---` describe it."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError as error:
        raise EditError(f"{path}: {error.strerror}") from error
    head = re.split(r"^(?:--- |diff )", text, maxsplit=1, flags=re.MULTILINE)[0]
    fields = re.findall(r"^(Title|Expect|Check):[ \t]*(.*\S)", head, flags=re.MULTILINE)
    values = {key: value for key, value in fields if key != "Check"}
    expect = values.get("Expect")
    if expect is not None and expect not in OUTCOMES:
        raise EditError(f"{path}: Expect: {expect} is none of {', '.join(OUTCOMES)}")
    name = os.path.splitext(os.path.basename(path))[0]
    return Edit(name, values.get("Title", name), path, expect,
                [value for key, value in fields if key == "Check"])


def read_tree(folder):
    """{relative path: bytes} of every file below a folder."""
    files = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = file.read()
    return files


def _strip_count(path, folder):
    """How many leading folders of the patch's names to drop so that they lie in the game's folder:
    a/game/colony.h, a/colony.h, game/colony.h and colony.h are all understood."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        lines = file.read().splitlines()
    pairs = [(lines[i][4:], lines[i + 1][4:]) for i in range(len(lines) - 1)
             if lines[i].startswith("--- ") and lines[i + 1].startswith("+++ ")]
    if not pairs:
        raise EditError(f"{path}: no unified diff in it")
    for old, new in pairs:
        old, new = (name.split("\t")[0].strip() for name in (old, new))
        for name in (old, new):
            parts = name.split("/")
            for count in range(len(parts)):
                if os.path.isfile(os.path.join(folder, *parts[count:])):
                    return count
    first = pairs[0][1].split("\t")[0].strip().split("/")
    known = 2 if len(first) > 2 and first[1] == "game" else 1
    return min(known, len(first) - 1)


def apply_patch(edit, folder):
    """Changes the files in `folder`; on failure EditError, and the folder is of no further use."""
    command = ["patch", f"-p{_strip_count(edit.patch, folder)}", "--batch", "--forward", "--quiet",
               "--ignore-whitespace",
               "--no-backup-if-mismatch", "--reject-file=-", "-d", folder, "-i",
               os.path.abspath(edit.patch)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise EditError("the program `patch` is missing; install the package patch") from error
    if run.returncode != 0:
        said = (run.stdout + run.stderr).strip()
        raise EditError(f"{edit.patch} does not apply to the game's sources as they are after the "
                        f"edits before it:\n{said}")


def apply_all(edits, sources, folder):
    """Trees of sources after each edit, tried in `folder`: [{path: bytes}]. Nothing else changes,
    so that a patch that does not apply is known before the game starts."""
    shutil.copytree(sources, folder)
    original = read_tree(folder)
    trees = []
    for edit in edits:
        if edit.patch is None:
            trees.append(original)
            continue
        apply_patch(edit, folder)
        trees.append(read_tree(folder))
    shutil.rmtree(folder)
    return trees


def save(tree, folder):
    """Makes the folder's files those of the tree; returns the paths that changed."""
    now = read_tree(folder)
    changed = [path for path, data in tree.items() if now.get(path) != data]
    for path in changed:
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(_beside(target), "wb") as file:
            file.write(tree[path])
    for path in changed:
        target = os.path.join(folder, path)
        os.replace(_beside(target), target)
    gone = [path for path in now if path not in tree]
    for path in gone:
        os.unlink(os.path.join(folder, path))
    return changed + gone


def _beside(path):
    """A hidden name in the same folder, as editors use while they write."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.saving")
