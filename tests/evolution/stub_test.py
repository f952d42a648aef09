"""Hooks that reports suggest: where an edit is refused, the code that the report offers compiles as it
stands beside version 2 of the case, and with it the same edit is carried over."""
import pathlib
import re
import sys
import tempfile

import run_case

# in the dump after the edit: what the stub must leave alone
KEPT = {"stub_nameless": '"kept":8', "stub_beside_moved": '"a0":6,"in":{"sub":7},"fresh":50,"box":{"wide":{"high":0,"low":8},"n":5}',
        "enum_removed_live": '{"k":"A","row":["A","B","A"]}',
        "array_reshaped": '"grids":[{"m":[[0,0],[0,0],[0,0]],"id":0},{"m":[[0,0],[0,0],[0,0]],"id":8}]'}
# what stays a loss with the stub, because a person has not said what becomes of it
LOST = {"stub_beside_moved": "finding loss possible-rename State.pos 1"}
CASES = ["add_required", "array_reshaped", "complex_to_three", "enum_removed_live", "int_to_enum_unnamed",
         "function_signature", "kind_changed", "pointer_retyped",
         "pointer_to_struct_shared", "stub_beside_moved", "stub_nameless", "type_missing", "union_changed",
         "version_changed"]
# refused by the strict policy alone
LOSSES = ["narrow_out_of_range", "sign_change", "remove_live", "enum_unnamed_value", "text_cut"]
NONE = ["globals_reshaped"] # refused, and no hook could help
TITLE = "A hook can settle this; paste it below the struct and say what becomes of the values:\n\n"


def suggested(output):
    """The stubs in what evolve prints."""
    return re.findall(re.escape(TITLE) + r"(.*?\n}\n)", output, re.S)


def check(args, case, folder):
    """What is wrong with the stub of one case; an empty list when nothing is."""
    source = case.read_text()
    args.case_flags = run_case.read_case(source).cflags
    first, refusal = run_case.build(args, [case], 1, folder)
    second, refusal = run_case.build(args, [case], 2, folder) if not refusal else (None, refusal)
    if refusal:
        return [f"the generator refuses it: {refusal}"]
    work = str(folder / "game.so")
    plain = run_case.run([args.evolve, str(first), str(second), work]).stdout
    stubs = suggested(plain)
    if case.stem in NONE and "outcome refused" in plain and "MOLT_MIGRATE" not in plain:
        return []
    if case.stem in NONE or "outcome refused" not in plain or not stubs:
        return [f"a hook is offered, or none: {plain}"]
    pasted = folder / case.name
    root = re.search(r"^MOLT_ROOT\(\w+\);$", source, re.M).end()
    hooks = "\n\n#if VERSION == 2\n" + "\n".join(stubs) + "#endif\n"
    pasted.write_text(source[:root] + hooks + source[root:])
    third, refusal = run_case.build(args, [pasted], 2, folder)
    if refusal:
        return [f"the generator refuses it with its stub: {refusal}\n{stubs[0]}"]
    dump = folder / "state.json"
    carried = run_case.run([args.evolve, "--dump", str(dump), str(first), str(third), work]).stdout
    if "outcome migrated" not in carried or "finding info hook-ran" not in carried:
        return [f"its stub does not carry it over: {carried}\n{stubs[0]}"]
    lost = LOST.get(case.stem, "")
    if lost not in carried:
        return [f"its stub silences a loss: {carried}\n{stubs[0]}"]
    strict = run_case.run([args.evolve, "--strict", str(first), str(third), work]).stdout
    if lost and ("outcome refused" not in strict or lost.replace("loss", "refuse") not in strict):
        return [f"its stub silences a loss under the strict policy: {strict}\n{stubs[0]}"]
    if KEPT.get(case.stem, "") not in dump.read_text():
        return [f"its stub resets what the rules carry over: {dump.read_text()}\n{stubs[0]}"]
    return []


def check_loss(args, case, folder):
    """The same of what only the strict policy refuses: its stub carries the edit over as it stands, and the
    value is what the rules make of it."""
    source = case.read_text()
    args.case_flags = run_case.read_case(source).cflags
    libraries = []
    for version in (1, 2):
        library, refusal = run_case.build(args, [case], version, folder)
        if refusal:
            return [f"the generator refuses it: {refusal}"]
        libraries.append(str(library))
    work = str(folder / "game.so")
    stubs = suggested(run_case.run([args.evolve, "--strict", *libraries, work]).stdout)
    if len(stubs) != 1 or not re.search(r"^    [^/].*molt_old_", stubs[0], re.M):
        return [f"no hook that reads what is lost: {stubs}"]
    root = re.search(r"^MOLT_ROOT\(\w+\);$", source, re.M).end()
    pasted = folder / case.name
    pasted.write_text(f"{source[:root]}\n\n#if VERSION == 2\n{stubs[0]}#endif\n{source[root:]}")
    third, refusal = run_case.build(args, [pasted], 2, folder)
    if refusal:
        return [f"the generator refuses it with its stub: {refusal}\n{stubs[0]}"]
    values, outcomes = [], []
    for library, policy in ((libraries[1], []), (str(third), ["--strict"])):
        dump = folder / "state.json"
        dump.unlink(missing_ok=True)
        outcomes.append(run_case.run([args.evolve, *policy, "--dump", str(dump), libraries[0], library,
                                      work]).stdout)
        values.append(dump.read_text().partition('"objects"')[2] if dump.exists() else None)
    if "outcome migrated" not in outcomes[1] or "finding info hook-ran" not in outcomes[1]:
        return [f"its stub does not carry it over: {outcomes[1]}\n{stubs[0]}"]
    return [] if values[0] == values[1] else [f"its stub changes values: {values}\n{stubs[0]}"]


def main():
    args = run_case.arguments(__doc__.splitlines()[0], "cases").parse_args()
    args.include.append(str(args.cases.resolve().parent))
    wrong = 0
    for name in CASES + NONE + LOSSES:
        with tempfile.TemporaryDirectory(prefix="molt-stub-") as folder:
            found = check_loss if name in LOSSES else check
            for line in found(args, args.cases.resolve() / f"{name}.c", pathlib.Path(folder)):
                print(f"FAIL {name}: {line}")
                wrong += 1
    print(f"{len(CASES + NONE + LOSSES)} stubs, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
