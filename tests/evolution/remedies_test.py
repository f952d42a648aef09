"""Every kind of refusal that is about memory without a type, and what its message advises: the edit is refused,
the advice is followed in the same running game, and the edit is carried over. One file of remedies/ each,
whose leading comment says:

    refused: RULE TEXT      the refusal of the edit alone, version 2; the text is a part of its path
    says: TEXT              a part of its text
    remedy: TEXT            a part of its remedy
    alone: WHY              the remedy is saved by itself first, version 3

Version 4 is the edit with its remedy; its own check must hold afterwards."""
import concurrent.futures
import pathlib
import re
import sys
import tempfile

import run_case


def read_words(source):
    comment = re.match(r"\s*/\*(.*?)\*/", source, re.S).group(1)
    words = dict(re.findall(r"^ \* (refused|says|remedy|alone): (.+)$", comment, re.M))
    if "refused" not in words or "remedy" not in words:
        sys.exit("a case needs `refused:` and `remedy:`")
    return words


def missing(words, output):
    """Words that no refusal has; one has to have all of them."""
    findings = re.findall(r"^finding refuse (.*)\nsays (.*)\nremedy (.*)$", output, re.M)
    for finding, text, remedy in findings:
        rule, path = words["refused"].split(maxsplit=1)
        if (finding.startswith(f"{rule} ") and path in finding and words.get("says", "") in text
                and words["remedy"] in remedy):
            return []
    return [f"no refusal {words}"]


def run_one(args, source):
    words = read_words(source.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="molt-remedy-") as name:
        folder = pathlib.Path(name)
        libraries = []
        for version in (1, 2, 3, 4) if "alone" in words else (1, 2, 4):
            library, refusal = run_case.build(args, [source], version, folder)
            if refusal is not None:
                return [f"the generator refuses version {version}:\n{refusal}"], ""
            libraries.append(library)
        result = run_case.evolve(args, "live", libraries, folder, "--refused-between")
    first, _, then = result.stdout.partition("\nbetween refused\n")
    wrong = missing(words, first)
    if not re.search(r"^outcome (migrated|code)$", then, re.M):
        wrong.append("the edit with its remedy is not carried over")
    if result.returncode != 0:
        wrong.append(f"evolve ended with {result.returncode}")
    return wrong, result.stdout


def main():
    parser = run_case.arguments(__doc__.splitlines()[0], "cases", nargs="+")
    args = parser.parse_args()
    args.case_flags = []
    cases = [case.resolve() for case in args.cases]
    args.include.append(str(cases[0].parent))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: run_one(args, case), cases))
    for case, (wrong, output) in zip(cases, results):
        print(f"{case.name}: {'FAIL' if wrong else 'settled'}")
        for line in wrong:
            print(f"FAIL: {line}\n{output}")
    return 1 if any(wrong for wrong, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
