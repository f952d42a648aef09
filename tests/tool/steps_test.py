"""Migrations through recorded schemas, a step to each."""
import json
import shutil
import unittest

from fixture import ToolTest


def player(fields, before="", notes=""):
    return f"{before}typedef struct Player {{\n    int id;\n    {fields}\n}}{notes} Player;"


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
