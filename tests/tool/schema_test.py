"""molt schema record, diff and check."""
import json
import os
import re
import unittest

from fixture import ToolTest

FIRST = "typedef struct Player {\n    int hp;\n    long gold;\n} Player;"


class Schema(ToolTest):
    def record(self, *versions):
        for number, declarations in enumerate(versions, 1):
            path = self.schema(f"source{number}", declarations)
            self.assertIn(f"v{number:04}.json", self.molt("schema", "record", path, "schemas"))

    def check(self, *words, status):
        return self.molt_json("schema", "check", "schemas", *words, status=status)

    def findings(self, result):
        return [(finding["rule"], finding["path"]) for pair in result for finding in pair["findings"]]

    # ---- record

    def test_record_counts_up_and_skips_what_is_recorded(self):
        self.record(FIRST, FIRST.replace("int hp", "long hp"))
        path = self.schema("again", FIRST.replace("int hp", "long hp"))
        self.assertIn("v0002.json has these layouts already",
                      self.molt("schema", "record", path, "schemas"))
        self.assertEqual(self.molt_json("schema", "record", path, "schemas"),
                         {"version": 2, "path": "schemas/v0002.json", "written": False})
        self.assertEqual(sorted(p.name for p in (self.folder / "schemas").iterdir()),
                         ["v0001.json", "v0002.json"])

    def test_record_replaces_the_newest_on_request(self):
        self.record(FIRST)
        path = self.schema("other", FIRST.replace("int hp", "short hp"))
        self.molt("schema", "record", path, "schemas", "--replace")
        self.assertEqual((self.folder / "schemas/v0001.json").read_text(), path.read_text())

    def test_record_leaves_nothing_of_a_bad_schema(self):
        (self.folder / "bad.json").write_text("{}")
        self.assertIn("bad.json", self.molt("schema", "record", "bad.json", "schemas", status=2))
        self.assertEqual(list((self.folder / "schemas").iterdir()), [])

    # ---- diff

    def test_diff_stands_at_the_lines_of_the_declarations(self):
        old = self.schema("old", FIRST)
        new = self.schema("new", FIRST.replace("    long gold;", "    int mana;"))
        text = self.molt("schema", "diff", old, new, status=1)
        self.assertRegex(text, r"(?m)^new\.h:4: info +field-added +Player\.mana")
        self.assertRegex(text, r"(?m)^new\.h:2: loss +field-removed +Player\.gold")
        self.assertIn("equal layouts", self.molt("schema", "diff", old, old))
        for command in (("schema", "diff"), ("diff",)):
            text = self.molt(*command, old, new, "--ignore", "Player.gold", status=1)
            self.assertRegex(text, r"\Anew\.h:4: info +field-added +Player\.mana.*\n\Z")
            self.assertEqual(self.molt(*command, old, new, "--ignore", " Player.gold , *.mana"), "")
            found = json.loads(self.molt(*command, old, new, "--ignore", "*.mana", "--json", status=1))
            self.assertEqual([each["path"] for each in found["findings"]], ["Player.gold"])

    # ---- check

    def test_harmless_edits_are_compatible_backward(self):
        self.record(FIRST, FIRST.replace("int hp", "long hp").replace("} P", "    int mana;\n} P"))
        self.assertEqual(self.findings(self.check(status=0)), [])
        self.assertIn("v0001 read by v0002: compatible", self.molt("schema", "check", "schemas"))

    def test_forward_finds_what_backward_does_not(self):
        self.record(FIRST, FIRST.replace("int hp", "long hp").replace("} P", "    int mana;\n} P"))
        found = self.findings(self.check("--level", "forward", status=1))
        self.assertIn(("number-out-of-range", "Player.hp"), found)
        self.assertIn(("field-removed", "Player.mana"), found)
        self.assertEqual(len(self.check("--level", "full", status=1)), 2)

    def test_a_finding_stands_in_todays_sources_or_says_of_which_version(self):
        more = FIRST.replace("    int hp;", "\n\n    long hp;\n    int mana;")
        self.record(FIRST.replace("typedef", "struct Mob { int a; };\ntypedef", 1).replace("} P", "    struct Mob m;\n} P"), FIRST, more)
        (pair,) = [pair for pair in self.check("--level", "forward-transitive", status=1) if pair["reader"] == 2]
        lines = {finding["path"]: (finding["file"], finding["line"]) for finding in pair["findings"]}
        self.assertEqual(lines, {"Player.hp": ("source3.h", 5), "Player.mana": ("source3.h", 6)})
        text = self.molt("schema", "check", "schemas", status=1)
        self.assertRegex(text, r"(?m)^source3\.h:2: loss +field-removed +Player\.m:")
        self.assertRegex(text, r"(?m)^source1\.h:2 in v0001: loss +type-removed +Mob:")
        (gone,) = [f for pair in self.check(status=1) for f in pair["findings"] if f["rule"] == "type-removed"]
        self.assertEqual((gone["file"], gone["line"], gone["version"]), ("source1.h", 2, 1))

    def test_what_moved_out_of_every_struct_that_holds_it_is_no_loss(self):
        inner = "typedef struct In {{ {}float r; }} In;\n".format
        old = inner("int q; ") + "typedef struct Player {{ In in; int hp; {}}} Player;".format("")
        moved = 'int q MOLT_MOVED("in.q"); '
        for more, also, lost in [("", "", False), ("In other; ", "In other; ", True), ("In *other; ", "In *other; ", True),
                                 ("void *any; In row[1]; ", 'void *any; In row[1]; int p MOLT_MOVED("row[0].q"); ', True)]:
            with self.subTest(more=more):
                before = self.schema("old", old.replace("int hp; ", "int hp; " + more))
                after = self.schema("new", inner("") + f"typedef struct Player {{ In in; int hp; {moved}{also}}} Player;")
                text = self.molt("schema", "diff", before, after, status=1)
                self.assertEqual("field-removed" in re.sub("(?m)^.*info .*$", "", text), lost, text)

    def test_each_loss_is_found_and_settled_by_its_annotation(self):
        kinds = "typedef enum Kind { A, B, C } Kind;\n"
        base = kinds + ("typedef struct Player {\n    long n; float f; int items[4]; char name[16];\n"
                        "    Kind kind;\n} Player;")
        for edit, rule in [(("long n", "int n{}"), "number-out-of-range"),
                           (("float f", "int f{}"), "number-fraction"),
                           (("int items[4]", "int items[2]{}"), "elements-dropped"),
                           (("char name[16]", "char name[8]{}"), "string-truncated")]:
            with self.subTest(rule=rule):
                allowed = {"number-out-of-range": "saturate", "number-fraction": "trunc"}
                old = self.schema("old", base)
                note = f" MOLT_CONVERT({allowed.get(rule, 'truncate')})"
                plain = self.schema("plain", base.replace(edit[0], edit[1].format("")))
                noted = self.schema("noted", base.replace(edit[0], edit[1].format(note)))
                text = self.molt("schema", "diff", old, plain, status=1)
                self.assertRegex(text, rf"(loss|refuse) +{rule} ")
                text = self.molt("schema", "diff", old, noted, status=1)
                self.assertNotRegex(text, rf"(loss|refuse) +{rule} ")
        for edit in [("float f;", ""), ("long n;", ""), ("Kind kind;", "")]:
            old = self.schema("old", base)
            without = base.replace(*edit)
            rule = "(field-removed|type-removed)"
            plain = self.schema("plain", without)
            self.assertRegex(self.molt("schema", "diff", old, plain, status=1), rf"loss +{rule} ")
            name = edit[0].split()[1].rstrip(";")
            noted = self.schema("noted", without.replace("} P", f'}} MOLT_REMOVED("{name}") P'))
            text = self.molt("schema", "diff", old, noted, status=1)
            self.assertRegex(text, rf"info +{rule} ")
            self.assertNotRegex(text, r"(loss|refuse) ")
        old = self.schema("old", base)
        fallback = kinds.replace("A, B, C }", 'A MOLT_FALLBACK, B } MOLT_REMOVED("C")')
        noted = self.schema("noted", base.replace(kinds, fallback))
        self.assertRegex(self.molt("schema", "diff", old, noted, status=1), "info +enumerator-removed")
        tagged = ("typedef enum Kind {{ A, {}B, NONE }} Kind;\ntypedef struct Player {{ Kind kind;\n"
                  "    union {{ int a; {}float b; }} MOLT_TAG(kind); }} Player;").format
        old, new = self.schema("old", tagged("", "")), self.schema("new", tagged("C, ", "char c; "))
        self.assertNotRegex(self.molt("schema", "diff", old, new, status=1), r"(loss|refuse) ")
        named = self.schema("named", base.replace("long n", "Kind n"))
        self.assertRegex(self.molt("schema", "diff", old := self.schema("old", base), named, status=1),
                         r"refuse +enum-unnamed-value")
        for number, enum, exact in (("_Bool n", "A, B", True), ("_Bool n", "B = 1, C", False),
                                    ("unsigned n : 2", "B = 1, A = 0, C = 3, D = 2, E = 2", True),
                                    ("unsigned n : 2", "A, B, C, X = 7", False), ("int n : 1", "A, B", False)):
            with self.subTest(number=number, enum=enum):
                was = self.schema("number", f"typedef struct Player {{ {number}; }} Player;")
                now = self.schema("enum", f"typedef enum Kind {{ {enum} }} Kind;\ntypedef struct Player {{ Kind n; }} Player;")
                text = self.molt("schema", "diff", was, now, status=1)
                self.assertEqual("enum-unnamed-value" in text, not exact, text)
                self.assertEqual("bool-collapsed" in text, number.startswith("_Bool"), text)
        gone = self.schema("gone", base.replace("A, B, C", "A, B"))
        self.assertRegex(self.molt("schema", "diff", old, gone, status=1),
                         r"(?m)^gone\.h:\d+: refuse +enumerator-removed")

    def test_not_transitive_looks_at_the_last_step_only(self):
        self.record(FIRST, FIRST.replace("    long gold;\n", ""),
                    FIRST.replace("    long gold;\n", "    int mana;\n"))
        self.assertEqual(len(self.check("--level", "backward", status=0)), 1)
        result = self.check(status=1)
        self.assertEqual([(pair["writer"], pair["reader"], pair["compatible"]) for pair in result],
                         [(1, 3, False), (2, 3, True)])

    def test_todays_schema_must_be_recorded(self):
        self.record(FIRST)
        same, other = self.schema("same", FIRST), self.schema("other", FIRST.replace("int hp", "long hp"))
        self.molt("schema", "check", "schemas", "--current", same)
        self.molt("schema", "check", "schemas", "--current", other, status=1)

    def test_notes_of_today_settle_what_the_recorded_version_left_open(self):
        without = FIRST.replace("    long gold;\n", "")
        self.record(FIRST, without)
        plain = self.schema("plain", without)
        noted = self.schema("noted", without.replace("} P", '} MOLT_REMOVED("gold") P'))
        text = self.molt("schema", "check", "schemas", "--current", plain, status=1)
        self.assertRegex(text, r"(?m)^plain\.h:2: loss +field-removed +Player\.gold: .*"
                               r'let it go with MOLT_REMOVED\("gold"\)')
        self.molt("schema", "check", "schemas", "--current", noted)

    def test_what_a_strict_migration_refuses_for_some_value_is_foreseen(self):
        for old, new, rule, field in [
                ("int *q; int a;", "int *q; long a;", "interior-target-removed", "a"),
                ("int *q; int a[3];", "int *q; long a[3];", "interior-target-removed", "a"),
                ("char s[4]; char *t;", "char *s; char *t;", "interior-target-removed", "s"),
                ("char s[4];", "char *s;", "elements-dropped", "s"),
                ("long double a;", "double a MOLT_CONVERT(round);", "number-out-of-range", "a"),
                ("unsigned __int128 a;", "float a MOLT_CONVERT(round);", "number-out-of-range", "a"),
                ("__int128 a;", "long double a;", "number-rounded", "a")]:
            with self.subTest(old=old, new=new):
                paths = [self.schema(name, f"typedef struct Player {{ {fields} }} Player;")
                         for name, fields in (("old", old), ("new", new))]
                seen = self.tool("schema", "diff", *paths)
                self.assertRegex(seen.stdout, rf"(?m)^\S+ (info|loss|note) +{rule} +Player\.{field}\b")
        same = [self.schema(name, f"typedef struct Player {{ {fields} }} Player;")
                for name, fields in (("old", "int *q; int a;"), ("new", "long *q; long a;"))]
        self.assertNotIn("interior-target-removed", self.tool("schema", "diff", *same).stdout)

    def test_a_first_member_is_in_doubt_only_where_a_struct_may_lie_inside_of_something(self):
        for holder, noted in [("Mob *m;", False), ("Mob m;", True), ("Mob m[2];", True)]:
            with self.subTest(holder=holder):
                paths = [self.schema(name, f"typedef struct Mob {{ {fields} }} Mob; "
                                           f"typedef struct Player {{ int front; void *p; {holder} }} Player;")
                         for name, fields in (("old", "int hp; int mana;"), ("new", "int mana; int hp;"))]
                seen = self.tool("schema", "diff", *paths).stdout
                self.assertEqual(bool(re.search(r"(?m)^\S+ note +pointer-ambiguous +Mob\b", seen)), noted, seen)

    def test_an_unrecorded_layout_is_checked_as_what_comes_next(self):
        self.record(FIRST)
        later = self.schema("later", FIRST.replace("    long gold;\n", ""))
        result = self.check("--current", later, status=1)
        self.assertEqual([(pair["writer"], pair["reader"]) for pair in result], [(1, 2)])
        self.assertEqual(self.findings(result), [("field-removed", "Player.gold")])

    def test_a_history_with_a_hole_or_a_bad_version_is_an_error(self):
        self.record(FIRST, FIRST.replace("int hp", "long hp"), FIRST)
        (self.folder / "schemas/v0002.json").rename(self.folder / "schemas/v0002.txt")
        self.assertIn("v0002.json: No such file", self.molt("schema", "check", "schemas", status=2))
        (self.folder / "schemas/v0002.json").write_text("{")
        self.assertIn("v0002.json", self.molt("schema", "check", "schemas", status=2))
        (self.folder / "empty").mkdir()
        self.assertIn("no recorded schema", self.molt("schema", "check", "empty", status=2))

    def test_the_sample_game_is_compatible_with_itself(self):
        self.molt("schema", "check", os.environ["MOLT_SCHEMAS"])


if __name__ == "__main__":
    unittest.main()
