"""Every way that a finding of `molt schema check` offers is followed to the letter, and then the finding is gone.
A remedy is split where it says ", or "; each way must be one of the edit's table here, and each of the table
must be offered, so that no advice goes untried."""
import json
import re
import shutil
import unittest

from fixture import ToolTest

ACCEPT = re.compile(r"accept it with the line `(.+)` in schemas/accepted\.txt")
KINDS = "typedef enum Kind {{ A, B{} }}{} Kind;\n"
KEEP = None # the way is to leave the declarations as they were


def player(fields, notes="", before=""):
    return f"{before}typedef struct Player {{ int id; {fields} }}{notes} Player;"


def tagged(kinds, arms, notes="", beside=""):
    return (f"typedef enum Kind {{ {kinds} }} Kind;\ntypedef struct Player {{ Kind kind; {beside}\n"
            f"    union {{ {arms} }} MOLT_TAG(kind); }}{notes} Player;")


CONVERTED = {"number-out-of-range": "saturate", "number-rounded": "round", "number-fraction": "round",
             "bool-collapsed": "saturate", "elements-dropped": "truncate", "string-truncated": "truncate"}


def convert(rule, old, new, keep):
    """An edit that MOLT_CONVERT settles."""
    word = CONVERTED[rule]
    ways = {keep: KEEP,
            rf"annotate the field with MOLT_CONVERT\({word}\)":
                player(f"{new} MOLT_CONVERT({word});")}
    if rule == "number-fraction":
        ways[r"annotate the field with MOLT_CONVERT\(trunc\)"] = player(f"{new} MOLT_CONVERT(trunc);")
    return rule, "Player.x", player(old + ";"), player(new + ";"), ways


def reverted(rule, path, old, new, keep, **more):
    """An edit that nothing settles but to take it back, to accept it, or what is said besides."""
    return rule, path, old, new, {keep: KEEP, ACCEPT.pattern: ACCEPT} | more.get("ways", {})


def hooked(declarations):
    return (f'#include "molt/hook.h"\n{declarations}\nMOLT_MIGRATE(Player)(const MoltOld *old, Player *now)\n'
            "{ return old != 0 && now != 0; }")


HOOK = r"say in a hook what it becomes, MOLT_MIGRATE\(Player\)"

EDITS = [
    ("field-removed", "Player.x", player("float x;"), player(""), {
        "keep the field": KEEP,
        r'annotate its successor with MOLT_WAS\("x"\)': player('float y MOLT_WAS("x");'),
        r'let it go with MOLT_REMOVED\("x"\) after the } of Player': player("", ' MOLT_REMOVED("x")')}),
    ("possible-rename", "Player.x", player("float x;"), player("float y;"), {
        r'if it was renamed \(y\) annotate the new field with MOLT_WAS\("x"\)':
            player('float y MOLT_WAS("x");'),
        r'let it go with MOLT_REMOVED\("x"\) after the } of Player':
            player("float y;", ' MOLT_REMOVED("x")')}),
    ("field-removed", "Player.<a,b>", player("union { int a; float b; };"), player(""), {
        "keep the field": KEEP,
        r'let it go with MOLT_REMOVED\("a", "b"\) after the } of Player':
            player("", ' MOLT_REMOVED("a", "b")')}),
    convert("number-out-of-range", "long x", "int x", "keep a type that has room"),
    convert("number-rounded", "double x", "float x", "keep a type that holds every value"),
    convert("number-fraction", "float x", "int x", "keep the floating type"),
    convert("bool-collapsed", "int x", "_Bool x", "keep the number"),
    convert("elements-dropped", "int x[4]", "int x[2]", "keep the length"),
    convert("elements-dropped", "int x[4]", "int x", "keep the length"),
    convert("string-truncated", "char x[16]", "char x[8]", "keep room for the text"),
    convert("string-truncated", "char *x", "char x[8]", "keep room for the text"),
    ("enumerator-removed", "Player.k", player("Kind k;", "", KINDS.format(", C", "")),
     player("Kind k;", "", KINDS.format("", "")), {
         "keep the enumerator": KEEP,
         r'annotate its successor with MOLT_WAS\("C"\)':
             player("Kind k;", "", KINDS.format(', D MOLT_WAS("C")', "")),
         r'annotate one that takes its place with MOLT_FALLBACK and put MOLT_REMOVED\("C"\) after the } of Kind':
             player("Kind k;", "", KINDS.format(" MOLT_FALLBACK", ' MOLT_REMOVED("C")'))}),
    ("enumerator-removed", "Player.k", player("Kind k;", "", KINDS.format(", C, D", "")),
     player("Kind k;", "", KINDS.format(" MOLT_FALLBACK", "")), {
         "keep them": KEEP,
         "annotate the successor of each with MOLT_WAS":
             player("Kind k;", "", KINDS.format(', E MOLT_WAS("C"), F MOLT_WAS("D")', "")),
         r'let them go with MOLT_REMOVED\("C", "D"\) after the } of Kind':
             player("Kind k;", "", KINDS.format(" MOLT_FALLBACK", ' MOLT_REMOVED("C", "D")'))}),
    ("flag-removed", "Player.k", player("Set k;", "", "typedef enum Set { A = 1, B = 2 } MOLT_FLAGS Set;\n"),
     player("Set k;", "", "typedef enum Set { A = 1 } MOLT_FLAGS Set;\n"), {
         "keep the flag": KEEP,
         r'annotate its successor with MOLT_WAS\("B"\)':
             player("Set k;", "", 'typedef enum Set { A = 1, C MOLT_WAS("B") = 4 } MOLT_FLAGS Set;\n'),
         r'let it go with MOLT_REMOVED\("B"\) after the } of Set':
             player("Set k;", "", 'typedef enum Set { A = 1 } MOLT_FLAGS MOLT_REMOVED("B") Set;\n')}),
    reverted("enum-renumbered", "Player.k", player("Kind k;", "", "typedef enum Kind { A, B = A, C } Kind;\n"),
             player("Kind k;", "", "typedef enum Kind { A, B, C } Kind;\n"), "keep these names on one value"),
    reverted("enum-without-room", "Player.k", player("Kind k : 3;", "", KINDS.format(", C = 7", "")),
             player("Kind k : 3;", "", KINDS.format(", C = 8", "")), "give the field bits enough for the new values"),
    reverted("enum-unnamed-value", "Player.k", player("int k;", "", KINDS.format("", "")),
             player("Kind k;", "", KINDS.format("", "")), "keep the type of the number"),
    reverted("alias-lost", "Player.p", player("Pos *p;", "", "typedef struct Pos { int x; } Pos;\n"),
             player("Pos p;", "", "typedef struct Pos { int x; } Pos;\n"),
             "keep the pointer, because something else may point at the block"),
    reverted("signature-changed", "Player.act", player("int (*act)(int);"), player("int (*act)(long);"),
             "keep the signature"),
    reverted("pointee-type-changed", "Player.n", player("int *n;"), player("short *n;"),
             "keep what the pointer is declared to lead to"),
    ("pointee-type-changed", "Player.n", player("Mob *n;", "", "typedef struct Mob { int a; } Mob;\n"),
     player("Foe *n;", "", "typedef struct Foe { int a; } Foe;\n"), {
         "keep what the pointer is declared to lead to": KEEP,
         r'if it was renamed annotate Foe with MOLT_WAS\("Mob"\)':
             player("Foe *n;", "", 'typedef struct Foe { int a; } MOLT_WAS("Mob") Foe;\n')}),
    ("kind-changed", "Player.n", player("int n;"), player("Pos n;", "", "typedef struct Pos { int x; } Pos;\n"), {
        "keep the field as it was and add the new one under another name":
            player("int n; Pos pos;", "", "typedef struct Pos { int x; } Pos;\n"),
        HOOK: hooked(player("Pos n;", "", "typedef struct Pos { int x; } Pos;\n"))}),
    ("shape-changed", "Player.n", player("int n[2][3];"), player("int n[3][2];"), {
        "keep the field as it was and add the new one under another name": player("int n[2][3]; int m[3][2];"),
        HOOK: hooked(player("int n[3][2];"))}),
    ("untagged-union-changed", "Player.u", player("union { int a; } u;"), player("union { int a; float b; double c; } u;"), {
        "keep the union as it was and add a field beside it": player("union { int a; } u; double c;"),
        HOOK: hooked(player("union { int a; float b; double c; } u;"))}),
    ("version-changed", "Player", player("int n;"), player("int n;", " MOLT_VERSION(2)"), {
        "keep the number of MOLT_VERSION": KEEP,
        HOOK: hooked(player("int n;", " MOLT_VERSION(2)"))}),
    ("union-arm-removed", "Player.b", tagged("A, B", "int a; float b;"), tagged("A, B", "int a;"), {
        "keep the arm": KEEP,
        r'annotate its successor with MOLT_WAS\("b"\)': tagged("A, B", 'int a; float c MOLT_WAS("b");')}),
    ("union-arm-removed", "Player.b", tagged("A, B", "int a; float b;"),
     tagged('A MOLT_FALLBACK', "int a;").replace("} Kind", '} MOLT_REMOVED("B") Kind'), {
         "keep the arm": KEEP,
         r'annotate its successor with MOLT_WAS\("b"\)':
             tagged('A MOLT_FALLBACK, C MOLT_WAS("B")', 'int a; float c MOLT_WAS("b");'),
         r'let it go with MOLT_REMOVED\("b"\) after the } of Player':
             tagged('A MOLT_FALLBACK', "int a;", ' MOLT_REMOVED("b")').replace("} Kind", '} MOLT_REMOVED("B") Kind')}),
    ("union-arm-changed", "Player.b", tagged("A, B, C", "int a; float b;"),
     tagged("A, B, C", "int a; char c; float b;"), {
         "put the arm at the place of its enumerator": tagged("A, B, C", "int a; float b; char c;"),
         r"annotate the arm with MOLT_ARM\(B\)":
             tagged("A, B, C", "int a; char c MOLT_ARM(C); float b MOLT_ARM(B);")}),
]


# What a plan refuses says why before it says what to do.
WHY = re.compile(r"^(it is MOLT_REQUIRED|more than one old field claims this place): ")

EDITS += [
    ("root-changed", "Hero", player("float x;"),
     "typedef struct Hero { int id; } Hero;\ntypedef Hero Player;", {
         "keep MOLT_ROOT on the same struct": KEEP,
         r'if it was renamed annotate Hero with MOLT_WAS\("Player"\)':
             'typedef struct Hero { int id; float x; } MOLT_WAS("Player") Hero;\ntypedef Hero Player;'}),
    ("field-without-source", "Player.y", player("int x;"), player("int x; int y MOLT_REQUIRED;"), {
        r'name its old field with MOLT_WAS\("old"\)': player('int y MOLT_REQUIRED MOLT_WAS("x");'),
        r"replace MOLT_REQUIRED by MOLT_DEFAULT\(value\)": player("int x; int y MOLT_DEFAULT(3);"),
        "fill it in a hook": hooked(player("int x; int y MOLT_REQUIRED;"))}),
    ("rename-ambiguous", "Player.x", player("int x; int y;"), player('int x MOLT_WAS("y");'), {
        "take this MOLT_WAS away": player("int x;"),
        "give the other old field a place of its own with MOLT_WAS":
            player('int x MOLT_WAS("y"); int z MOLT_WAS("x");')}),
    ("field-removed", "Player.x", player("int x;"),
     player("Pos pos;", "", "typedef struct Pos { int x; } Pos;\n"), {
         "keep the field": player("int x; Pos pos;", "", "typedef struct Pos { int x; } Pos;\n"),
         r'annotate its successor with MOLT_WAS\("x"\)': player('int y MOLT_WAS("x");'),
         r'if it moved annotate pos\.x with MOLT_MOVED\("\^\.x"\)':
             player("Pos pos;", "", 'typedef struct Pos { int x MOLT_MOVED("^.x"); } Pos;\n'),
         r'let it go with MOLT_REMOVED\("x"\) after the } of Player':
             player("Pos pos;", ' MOLT_REMOVED("x")', "typedef struct Pos { int x; } Pos;\n")}),
]


class Remedies(ToolTest):
    def check(self, old, new, *words, accepted=None, status=None):
        folder = self.folder / "schemas"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(old, folder / "v0001.json")
        shutil.copy(new, folder / "v0002.json")
        if accepted:
            (folder / "accepted.txt").write_text(f"# no save has it\n{accepted}\n")
        done = self.tool("schema", "check", "schemas", "--json", *words)
        self.assertIn(done.returncode, (0, 1) if status is None else (status,), done.stderr)
        return [finding for pair in json.loads(done.stdout) for finding in pair["findings"]]

    def make(self, name, declarations):
        """Hooks are functions of a game."""
        return (self.game if "MOLT_MIGRATE" in declarations else self.schema)(name, declarations)

    def bad(self, findings, rule, path):
        return [finding for finding in findings if finding["rule"] == rule and finding.get("path") == path
                and finding["severity"] in ("loss", "refuse")]

    def follow(self, rule, path, old, new, ways):
        """`old`, `new` and what the ways lead to are schemas. Each finding can be accepted besides."""
        if ACCEPT not in ways.values():
            ways = {**ways, ACCEPT.pattern: ACCEPT}
        findings = self.check(old, new)
        found = self.bad(findings, rule, path)
        self.assertEqual(len(found), 1, findings)
        offered = WHY.sub("", found[0]["remedy"]).split(", or ")
        tried = set()
        for way in offered:
            matching = [words for words in ways if re.fullmatch(words, way, re.I)]
            self.assertEqual(len(matching), 1, f"nobody follows `{way}`")
            tried.add(matching[0])
            then = ways[matching[0]]
            line = ACCEPT.fullmatch(way).group(1) if then is ACCEPT else None
            reader = {KEEP: old, ACCEPT: new}.get(then, then)
            left = self.bad(self.check(old, reader, accepted=line), rule, path)
            self.assertEqual(left, [], f"`{way}` does not settle it")
        self.assertEqual(tried, set(ways), "not offered")

    def test_each_way_settles_its_finding(self):
        for number, (rule, path, old, new, ways) in enumerate(EDITS):
            with self.subTest(edit=number, rule=rule, path=path):
                before, after = self.schema("old", old), self.schema("new", new)
                made = {words: then if then in (KEEP, ACCEPT) else self.make(f"way{i}", then)
                        for i, (words, then) in enumerate(ways.items())}
                self.follow(rule, path, before, after, made)

    def test_objects_of_types_that_are_gone(self):
        mob = "typedef struct Mob { int a; } Mob;\n"
        news = 'void *make(void) { return molt_new_array(short *, 2) ? molt_new(Mob) : NULL; }'
        before = self.game("old", player("Mob *n; short **s;", "", mob) + f"\nvoid *make(void);\n{news}")
        gone = ' MOLT_REMOVED("n", "s"{})'.format
        after = self.schema("new", player("", gone("")))
        self.follow("type-removed", "Mob", before, after, {
            "keep it": KEEP,
            r'annotate its successor with MOLT_WAS\("Mob"\)':
                self.schema("was", player("Foe *n;", ' MOLT_REMOVED("s")', 'typedef struct Foe { int a; } MOLT_WAS("Mob") Foe;\n')),
            r'let its objects go with MOLT_REMOVED\("struct Mob"\) after the } of any struct':
                self.schema("let", player("", gone(', "struct Mob"')))})
        self.follow("type-removed", "short *", before, after, {
            "keep what allocates them": KEEP,
            r'let them go with MOLT_REMOVED\("short \*"\) after the } of any struct':
                self.schema("let", player("", gone(', "short *"')))})

    def test_numbers_computed_from_layouts(self):
        source = ("typedef struct Pos {{ int a; {} }} Pos;\n"
                  "typedef struct Player {{ int id; long row; Pos *pos; {} }} Player;\n{}"
                  "void fill(Player *p);\nvoid fill(Player *p) {{ p->row = sizeof(Pos); }}").format
        hook = ('#include "molt/hook.h"\nMOLT_MIGRATE(Player)(const MoltOld *old, Player *now)\n'
                "{ now->row = sizeof(Pos); return old != 0; }\n")
        ways = {"keep the layout": KEEP, ACCEPT.pattern: ACCEPT}
        old = self.game("old", source("", "", ""))
        self.follow("stored-size", "Player.row", old, self.game("new", source("long b;", "", "")), ways)
        ways["let a hook of the struct that has the number compute it anew"] = \
            self.game("hook", source("long b;", "int c;", hook))
        self.follow("stored-size", "Player.row", old, self.game("new", source("long b;", "int c;", "")), ways)

    def test_variables_that_go(self):
        source = (player("").replace("{", "{{").replace("}", "}}") + "\n{}\nvoid *start_up(const void *api);\n"
                  "void *start_up(const void *api) {{ {} return api ? molt_new(Player) : NULL; }}").format
        for stays in ("static int snow;", ""): # with the last one its struct goes
            use = "snow++;" if stays else ""
            old = self.game("all", source(f"static int rain; {stays}", f"rain++; {use}"))
            let = source(stays, use).replace("} Player;", '} MOLT_REMOVED("game.c:rain") Player;')
            ways = {
                "keep the (field|variable)": KEEP,
                r'annotate its successor with MOLT_WAS\("game\.c:rain"\)':
                    self.game("was", source(f'static int water MOLT_WAS("game.c:rain"); {stays}', f"water++; {use}")),
                r'let it go with MOLT_REMOVED\("game\.c:rain"\) after the } of any struct': self.game("let", let)}
            with self.subTest(stays=stays):
                self.follow("field-removed", "game.c:rain", old, self.game("new", source(stays, use)), ways)

    def test_a_recorded_version_that_reads_takes_no_annotation(self):
        first = player("int hp;")
        for rule, path, edited, keep in [
                ("number-out-of-range", "Player.hp", player("long hp;"), "declare it in today's sources as it does"),
                ("field-removed", "Player.mana", player("int hp; int mana;"), "leave it out of today's sources")]:
            with self.subTest(rule=rule):
                old, new = self.schema("old", first), self.schema("new", edited)
                words = ("--level", "forward")
                (found,) = self.bad(self.check(old, new, *words), rule, path)
                self.assertNotIn("MOLT_", found["remedy"])
                first_way, accept, delete = found["remedy"].split(", or ")
                self.assertEqual(first_way, f"version v0001 is recorded and takes no annotation: {keep}")
                self.assertEqual(self.bad(self.check(old, old, *words), rule, path), [])
                line = ACCEPT.fullmatch(accept).group(1)
                self.assertEqual(self.bad(self.check(old, new, *words, accepted=line, status=0), rule, path), [])
                self.assertEqual(delete, "stop asking for that version: delete schemas/v0001.json and all older ones")
                self.check(old, new, *words)
                (self.folder / "schemas/v0001.json").unlink()
                self.molt("schema", "check", "schemas", *words)

    def test_what_is_accepted_is_for_that_version_and_older_ones(self):
        old = self.schema("old", player("long x;"))
        new = self.schema("new", player("int x;"))
        line = "v0001 number-out-of-range Player.x"
        self.check(old, new, accepted=line, status=0)
        shown = self.check(old, new, "--all", accepted=line)
        self.assertEqual([f["rule"] for f in shown if f.get("accepted")], ["number-out-of-range"])
        shutil.copy(self.folder / "schemas/v0001.json", self.folder / "schemas/v0003.json")
        shutil.copy(new, self.folder / "schemas/v0004.json")
        result = self.molt_json("schema", "check", "schemas", status=1)
        self.assertEqual([(pair["writer"], pair["compatible"]) for pair in result], [(1, True), (2, True), (3, False)])
        for text, words in [("v0001 no-such-rule Player.x", "accepted.txt:2: there is no rule"),
                            ("number-rounded Player.x", "accepted.txt:2: a line is")]:
            (self.folder / "schemas/accepted.txt").write_text(f"\n{text}\n")
            self.assertIn(words, self.molt("schema", "check", "schemas", status=2))
        (self.folder / "schemas/accepted.txt").write_text("v0009 number-rounded Player.gone\n")
        self.assertIn("accepted.txt:1: accepts no finding of this check", self.tool("schema", "check", "schemas").stderr)

    def test_notes_are_listed_hidden_or_fail(self):
        old = self.schema("old", player("Kind k;", "", KINDS.format("", "")))
        new = self.schema("new", player("Kind k;", "", KINDS.format("", "").replace("A,", "Z, A,")))
        notes = [f for f in self.check(old, new, status=0) if f["severity"] == "note"]
        self.assertEqual([(f["rule"], f["path"], f["line"]) for f in notes], [("enum-unnamed-value", "Kind", 2)])
        self.assertIn("compatible, 1 note\n", self.molt("schema", "check", "schemas"))
        self.assertEqual(self.check(old, new, "--notes", "hide", status=0), [])
        self.assertEqual(self.check(old, new, "--notes", "fail", status=1), notes)
        self.assertEqual(self.check(old, new, "--notes", "fail", status=0,
                                    accepted="v0001 enum-unnamed-value Kind"), [])
        self.assertIn("list, hide or fail", self.molt("schema", "check", "schemas", "--notes", "x", status=2))


if __name__ == "__main__":
    unittest.main()
