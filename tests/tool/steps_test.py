"""Through recorded schemas: migrations that take every step, and the check that notes stay for as long as a version
needs them. Of each edit the first two versions are recorded and the third lacks the note of the second."""
import json
import re
import shutil
import unittest

from fixture import ToolTest


def player(fields, before="", notes=""):
    return f"{before}typedef struct Player {{\n    int id;\n    {fields}\n}}{notes} Player;"


def enum(kinds):
    return f"typedef enum Kind {{ {kinds} }} Kind;\n"


def pos(fields, name="Pos", notes=""):
    return f"typedef struct {name} {{ {fields} }}{notes} {name};\n"


# Path, remedy, the first version, the second with {} for the note; where that is not the third too, the third
# and the third with the remedy; what the player holds first.
DROPPED = [
    ("Player.coins", 'keep MOLT_WAS("gold") on coins', player("int gold;"),
     player("int coins{};\n    double gold;"), None, {"gold": 50}),
    ("Player.c", 'keep MOLT_WAS("a", "b") on c', player("int a;"), player('long b MOLT_WAS("a");'),
     (player('long c MOLT_WAS("b");\n    int n;'), player('long c MOLT_WAS("a", "b");\n    int n;')), {"a": 7}),
    ("Foe", 'keep MOLT_WAS("Mob") after the } of Foe', player("Mob m;\n    Mob *p;", pos("int a;", "Mob")),
     player("Foe m;\n    Foe *p;", pos("int a;", "Foe", "{}")), None, {"m": {"a": 5}, "p": None}),
    ("Kind.C", 'keep MOLT_WAS("B") on C', player("Kind kind;", enum("A, B")), player("Kind kind;", enum("A, C{}, B")),
     None, {"kind": "B"}),
    ("Player.x", 'keep MOLT_MOVED("pos.x") on x', player("Pos pos;", pos("int x; int y;")),
     player("Pos pos;\n    int x{};", pos("int y;")), None, {"pos": {"x": 3, "y": 4}}),
    ("Pos.x", 'keep MOLT_MOVED("^.x") on x', player("int x;"), player("Pos pos;", pos("int x{};")), None, {"x": 3}),
    ("Player.stock", "keep MOLT_INDEX(Kind) on stock", player("Kind kind;\n    int stock[2];", enum("A, B")),
     player("Kind kind;\n    int stock[2]{};", enum("B, A")), None, {"kind": "B", "stock": [6, 7]}),
]

NO_NOTE = ("no note serves every version: take such saves from one to the next, with molt migrate --to and the "
           "folder of the recorded ones")


class Steps(ToolTest):
    def record(self, *paths):
        shutil.rmtree(self.folder / "schemas", ignore_errors=True)
        (self.folder / "schemas").mkdir()
        for number, path in enumerate(paths, 1):
            shutil.copy(path, self.folder / f"schemas/v{number:04}.json")

    def save(self, schema, value, name="v1"):
        text = json.dumps({"molt_dump": 1, "roots": {"Player": {"ref": "Player:0"}}, "objects": [
            {"id": "Player:0", "type": "Player", "value": {"id": 1, **value}}]})
        self.molt("import", "--schema", schema, "-", "-o", f"{name}.molt", input=text)

    def bad(self, *words):
        done = self.tool("schema", "check", "schemas", "--json", *words)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return [finding for pair in json.loads(done.stdout) for finding in pair["findings"]
                if finding["severity"] in ("loss", "refuse")]

    def test_a_dropped_note_is_found_and_restored_to_the_letter(self):
        for path, remedy, first, second, third, value in DROPPED:
            note = re.search(r"MOLT_.+?\)", remedy).group()
            now, mended = third or (second.replace("{}", ""), second.replace("{}", " " + note))
            with self.subTest(path=path):
                v1, v2 = self.schema("v1", first), self.schema("v2", second.replace("{}", " " + note))
                v3, noted = self.schema("v3", now), self.schema("noted", mended)
                for words in ((v1, v2, v3), ()), ((v1, v2), ("--current", v3)):
                    if words[1] and third:
                        continue # another layout has to be recorded
                    self.record(*words[0])
                    bad = self.bad(*words[1])
                    (found,) = [f for f in bad if f["rule"] == "note-dropped"]
                    self.assertFalse([f for f in bad if "removed" in f["rule"] or "rename" in f["rule"]],
                                     "one cause, one finding")
                    self.assertEqual((found["path"], found["remedy"].split(", or where")[0], found["file"]),
                                     (path, remedy, "v3.h"))
                    self.assertIn(f"accept it with the line `v0001 note-dropped {path}` in ", found["remedy"])
                    name = path.split(".")[-1]
                    line = (self.folder / "v3.h").read_text().splitlines()[found["line"] - 1]
                    self.assertRegex(line, rf"\b{name}\b")
                self.record(v1, v2, noted)
                self.assertEqual(self.bad(), [])
                self.save(v1, value)
                self.molt("migrate", "v1.molt", "--to", noted, "-o", "direct.molt")
                self.molt("migrate", "v1.molt", "--to", v2, "-o", "v2.molt")
                self.molt("migrate", "v2.molt", "--to", noted, "-o", "stepwise.molt")
                self.record(v1, v2, v3)
                self.molt("migrate", "v1.molt", "--to", "schemas", "-o", "steps.molt")
                texts = {file: self.molt("dump", f"{file}.molt") for file in ("direct", "stepwise", "steps")}
                self.assertEqual(texts["direct"], texts["stepwise"])
                self.assertEqual(texts["steps"], texts["stepwise"])

    def test_a_name_that_once_was_another_fields_needs_to_be_a_new_one(self):
        versions = [player("int gold;"), player('int coins MOLT_WAS("gold");'), player("int gold;", "", ' MOLT_REMOVED("coins")')]
        paths = [self.schema(f"v{number}", text) for number, text in enumerate(versions, 1)]
        paths[2] = self.schema("v3", versions[2].replace("int gold", "long gold"))
        self.record(*paths)
        (found,) = self.bad()
        self.assertEqual((found["rule"], found["path"], found["remedy"].split(", or ")[0]),
                         ("note-dropped", "Player.gold", "give it a name that no recorded version has"))
        swapped = self.schema("v3", player('int gold MOLT_WAS("coins");\n    double hoard MOLT_WAS("gold");'))
        self.record(paths[0], self.schema("v2", versions[1].replace("coins MOLT_WAS(\"gold\");", "coins MOLT_WAS(\"gold\");\n    double gold;")), swapped)
        self.assertIn(("Player.gold", NO_NOTE), self.dropped())
        self.save(paths[0], {"gold": 50})
        self.molt("migrate", "v1.molt", "--to", "schemas", "-o", "steps.molt")
        value = json.loads(self.molt("dump", "steps.molt"))["objects"][0]["value"]
        self.assertEqual((value["gold"], value["hoard"]), (50, 0))
        fresh = self.schema("fresh", versions[2].replace("int gold", "long money").replace('"coins"', '"coins", "gold"'))
        self.record(*paths[:2], fresh)
        self.assertEqual(self.bad(), [])

    def dropped(self):
        return [(f["path"], f["remedy"].split(", or ")[0]) for f in self.bad() if f["rule"] == "note-dropped"]

    def test_no_note_is_asked_for_that_another_version_contradicts(self):
        reused = [player("int hp;"), player('int life MOLT_WAS("hp");'), player("int life;\n    int hp;"),
                  player("int life;", "", ' MOLT_REMOVED("hp")')]
        self.record(*(self.schema(f"r{number}", text) for number, text in enumerate(reused, 1)))
        self.assertEqual(self.dropped(), [("Player.life", NO_NOTE)])
        (self.folder / "schemas" / "accepted.txt").write_text("v0001 note-dropped Player.life\n")
        self.assertEqual(self.bad(), [])
        purse = "typedef struct Purse { int z;%s } Purse;\n"
        moved = [purse % "" + player("int gold;\n    Purse purse;"),
                 purse % "" + player('int coins MOLT_WAS("gold");\n    Purse purse;'),
                 purse % ' int c MOLT_MOVED("^.coins");' + player("Purse purse;"),
                 purse % " int c; long more;" + player("Purse purse;")]
        self.record(*(self.schema(f"m{number}", text) for number, text in enumerate(moved, 1)))
        self.assertEqual(set(self.dropped()), {("Purse.c", NO_NOTE)})

    def test_files_go_through_the_versions_between_from_the_one_they_have(self):
        texts = [player("int gold;"), player('int coins MOLT_WAS("gold");\n    double gold;'),
                 player("int coins;\n    double gold;\n    int hp;")]
        v1, v2, v3 = (self.schema(f"v{number}", text) for number, text in enumerate(texts, 1))
        self.record(v1, v2, v3)
        self.save(v1, {"gold": 50}, "a")
        self.save(v2, {"coins": 51, "gold": 0.5}, "b")
        self.save(v3, {"coins": 52, "gold": 1.5, "hp": 2}, "c")
        self.save(self.schema("other", player("int coins;")), {"coins": 53}, "d")
        done = self.tool("migrate", "a.molt", "b.molt", "c.molt", "d.molt", "--to", "schemas", "--out-dir", "out", "-j", 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "d.molt: its schema is none of schemas: it goes to v0003 at once\n")
        held = [json.loads(self.molt("dump", f"out/{name}.molt"))["objects"][0]["value"] for name in "abcd"]
        self.assertEqual([(value["coins"], value["gold"], value["hp"]) for value in held],
                         [(50, 0, 0), (51, 0.5, 0), (52, 1.5, 2), (53, 0, 0)])
        self.assertEqual((self.folder / "out/c.molt").read_bytes(), (self.folder / "c.molt").read_bytes())
        self.molt("migrate", "-", "--to", "schemas", "-o", "e.molt", "--report", "r.json", stdin="a.molt")
        self.assertEqual((self.folder / "e.molt").read_bytes(), (self.folder / "out/a.molt").read_bytes())
        steps = json.loads((self.folder / "r.json").read_text())["steps"]
        self.assertEqual([(step["from"], step["to"]) for step in steps], [("v0001", "v0002"), ("v0002", "v0003")])
        self.assertEqual([{(f["rule"], f["path"]) for f in step["findings"]} for step in steps],
                         [{("field-renamed", "Player.coins"), ("field-added", "Player.gold")}, {("field-added", "Player.hp")}])
        self.assertEqual(self.molt_json("migrate", "a.molt", "--to", "schemas", "-o", "e.molt")["info"], 3)
        for words in ("-o", "schemas/v0002.json"), ("-o", "e.molt", "--report", "schemas/v0001.json"):
            self.assertIn("would take the place", self.molt("migrate", "a.molt", "--to", "schemas", *words, status=2))
        (self.folder / "empty").mkdir()
        self.assertIn("no recorded schema", self.molt("migrate", "a.molt", "--to", "empty", "-o", "e.molt", status=2))

    def test_a_step_that_refuses_is_named_and_writes_nothing(self):
        v1, v2, v3 = (self.schema(f"v{number}", player(text)) for number, text in
                      enumerate(("int gold;", "int hp;", "int hp;\n    long gold;"), 1))
        self.record(v1, v2, v3)
        self.save(v1, {"gold": 50}, "a")
        done = self.tool("migrate", "a.molt", "--to", "schemas", "-o", "b.molt", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["outcome"]), (1, "refused"))
        self.assertRegex(done.stderr, "a.molt: from v0001 to v0002: refuse possible-rename +Player.gold")
        self.assertFalse((self.folder / "b.molt").exists())
        self.molt("migrate", "a.molt", "--to", v3, "-o", "b.molt")  # which has room for it again
        self.assertEqual(json.loads(self.molt("dump", "b.molt", "--path", "Player:0.gold"))["value"], 50)
        done = self.tool("migrate", "a.molt", "--to", "schemas", "-o", "b.molt", "--policy", "live")
        self.assertRegex(done.stderr, "from v0001 to v0002: loss +possible-rename +Player.gold")
        self.assertEqual(json.loads(self.molt("dump", "b.molt", "--path", "Player:0.gold"))["value"], 0)


if __name__ == "__main__":
    unittest.main()
