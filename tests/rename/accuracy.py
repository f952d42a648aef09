#!/usr/bin/env python3
"""How often renames are recognised: each field of each struct of a game is renamed in turn, with all its
uses, while an unrelated field of the same type comes beside it; molt-codegen --suggest must tell which is
which. Prints one line for each that it is not sure of, and the figures.

Names are replaced as words in all sources, as a person's `sed` would, so a field whose name other things
have too is left out, and so is one that does not stand alone in its declaration."""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("game", type=pathlib.Path)
    parser.add_argument("--codegen", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--pairs", action="store_true", help="rename two neighbours in one edit")
    parser.add_argument("--drift", type=int, default=0, metavar="N",
                        help="write every N-th statement otherwise in the same edit")
    parser.add_argument("--every", type=int, default=1, help="take every N-th field only")
    parser.add_argument("--least", type=int, default=0, help="fail below this percentage")
    return parser.parse_args()


def generate(args, folder, sources):
    """Writes the sources and what molt-codegen makes of them; False when they do not compile."""
    folder.mkdir()
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    includes = [f"-I{path}" for path in (folder, *args.include)]
    done = subprocess.run([args.codegen, *sorted(str(folder / n) for n in sources if n.endswith(".c")),
                           "--base", folder, "--schema", folder / "schema.json", "--usage",
                           folder / "usage", "--", "-std=gnu11", *includes],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0


def fields_of(schema, sources):
    """(struct, field, file, line number) of those that can be renamed with sed."""
    for record in schema["types"]:
        if record.get("kind") != "struct" or "file" not in record:
            continue
        for field in record.get("fields", []):
            name, line = field["name"], field.get("line", 0)
            text = sources.get(record["file"], "").splitlines()
            if not 0 < line <= len(text) or "." in name or "<" in name:
                continue
            declared = text[line - 1].split("/*")[0]
            plain = re.fullmatch(rf"\s*[\w\s*]*[\s*]{name}(\[\w+\])?\s*;\s*", declared)
            if plain and "MOLT_" not in declared:
                yield record["name"], name, record["file"], line


def is_distinct(name, schema, sources):
    """No other member, variable or function is called so."""
    members = sum(field["name"] == name for record in schema["types"]
                  for field in record.get("fields", []))
    words = "\n".join(sources.values())
    free = re.search(rf"(?<![.>\w]){name}\b(?!\s*;|\[)", re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", words,
                                                               flags=re.S))
    return members == 1 and not free


NEW_NAMES = ("molted_name", "shed_skin")


def edit(sources, members, newcomer_line, drift):
    """All members (name, line) of one struct are called anew everywhere, a newcomer of the first one's
    type stands beside it, and every `drift`-th line of the functions is written otherwise."""
    file = members[0][2]
    changed = {}
    for name, text in sources.items():
        for (old, _, _), new in zip(members, NEW_NAMES):
            text = re.sub(rf"\b{old}\b", new, text)
        lines = text.splitlines()
        if drift and name.endswith(".c"):
            lines = [line + " /* looked at again */" if i % drift == 0 and line.endswith(";") else line
                     for i, line in enumerate(lines)]
        changed[name] = lines
    at = members[0][1] - 1
    changed[file].insert(at + newcomer_line, changed[file][at].replace(NEW_NAMES[0], "newcomer"))
    return {name: "\n".join(lines) + "\n" for name, lines in changed.items()}


def ranked(said, record, field):
    """What is said of a field that vanished: (the name that is ranked first, whether it is called likely),
    or None."""
    about = said.partition(f"{record}.{field} is gone; ")[2].partition("\n")[0]
    found = re.match(r"it (looks renamed to|may have become) (\w+)", about)
    return (found.group(2), found.group(1).startswith("looks")) if found else None


class Figures:
    def __init__(self):
        self.tried = self.first = self.likely = self.wrong = self.skipped = 0

    def count(self, what, answer, expected):
        name, likely = answer or ("nothing", False)
        self.tried += 1
        self.first += name == expected
        self.likely += name == expected and likely
        self.wrong += name != expected and likely
        if name != expected or not likely:
            print(f"{what}: {'likely' if likely else 'perhaps'} {name}")


def groups(candidates, pairs):
    if not pairs:
        return [[field] for field in candidates]
    return [[a, b] for a, b in zip(candidates, candidates[1:]) if a[0] == b[0]]


def main():
    args = arguments()
    figures = Figures()
    sources = {path.name: path.read_text(encoding="utf-8") for path in args.game.glob("*.[ch]")}
    with tempfile.TemporaryDirectory(prefix="molt-rename-") as name:
        base = pathlib.Path(name)
        if not generate(args, base / "old", sources):
            sys.exit("molt-codegen refuses the game")
        schema = json.loads((base / "old/schema.json").read_text())
        candidates = [field for field in fields_of(schema, sources)
                      if is_distinct(field[1], schema, sources)]
        for index, group in enumerate(groups(candidates, args.pairs)[::args.every]):
            new = base / f"new{index}"
            members = [(field, line, file) for _, field, file, line in group]
            if not generate(args, new, edit(sources, members, index % 2, args.drift)):
                figures.skipped += 1
                continue
            said = subprocess.run([args.codegen, "--suggest", base / "old/schema.json",
                                   new / "schema.json", base / "old/usage", new / "usage"],
                                  stdout=subprocess.PIPE, text=True, check=True).stdout
            for (record, field, _, _), expected in zip(group, NEW_NAMES):
                figures.count(f"{record}.{field}", ranked(said, record, field), expected)
    share = 100 * figures.first // max(figures.tried, 1)
    print(f"{figures.tried} renames: {figures.first} ranked first ({share} %), {figures.likely} called "
          f"likely, {figures.wrong} likely but wrong; {figures.skipped} edits did not compile")
    return 0 if figures.tried > 0 and share >= args.least and figures.wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
