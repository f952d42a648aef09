"""The commands that read and write saved states: import, dump, verify, migrate, diff."""
import fcntl
import json
import os
import pty
import re
import resource
import struct
import subprocess
import termios
import time
import unittest

from fixture import MOLT, ToolTest

FIRST = """typedef struct Item { int kind; double weight; } Item;
typedef struct Player { char name[12]; long long gold; int hp; Item *items; Item held;
                        struct Player *next; } Player;"""
SECOND = """typedef struct Item { long kind; double weight; } Item;
typedef struct Player { int hp; Item *items; Item held; char name[16]; long long gold; int mana;
                        struct Player *next; } Player;"""
LOSSY = FIRST.replace("long long gold; int hp;", "int hp;")


POINTING = """typedef struct Player { int hp; void (*act)(struct Player *); void (*hidden)(int); const char *title;
    const unsigned short *wide; const int *table; const int *row; const char *none; void *any; void *device MOLT_EXTERNAL;
    void *ports[2] MOLT_EXTERNAL; struct Player *self; } Player;"""
OUTSIDE = {"external": True}
POINTERS = {"act": {"code": "walk"}, "hidden": {"code": "ant.c:fly"}, "title": {"literal": "w\u00e9 \"ok\""},
            "wide": {"literal": {"bytes": "68006900e9000000"}}, "table": {"data": "primes"},
            "row": {"data": "ant.c:rows", "at": 16}, "none": None, "any": {"literal": "w\u00e9 \"ok\""},
            "device": OUTSIDE, "ports": [OUTSIDE, OUTSIDE], "self": {"ref": "Player:0"}}


class State(ToolTest):
    def setUp(self):
        super().setUp()
        self.first = self.schema("first", FIRST)
        self.hash = json.loads(self.first.read_text())["hash"]

    def state(self, name, gold=9007199254740993, hp=7):
        """A snapshot file with a player, who is her own successor, and an array of items."""
        item = {"kind": 1, "weight": 0.1}
        player = {"name": "Ada", "gold": gold, "hp": hp, "items": {"ref": "Item:0"}, "held": item,
                  "next": {"ref": "Player:0"}}
        text = json.dumps({"molt_dump": 1, "schema": self.hash, "roots": {"Player": {"ref": "Player:0"}}, "objects": [
            {"id": "Item:0", "type": "Item", "count": 2, "value": [item, {"kind": 2, "weight": 2.5}]},
            {"id": "Player:0", "type": "Player", "value": player}]})
        self.molt("import", "--schema", self.first, "-", "-o", f"{name}.molt", input=text)
        return f"{name}.molt"

    def dump(self, file):
        return json.loads(self.molt("dump", file))

    def test_a_dump_of_an_import_is_what_was_imported(self):
        value = self.dump(self.state("a"))
        self.assertEqual(value["objects"][1]["value"]["gold"], 9007199254740993)
        self.assertEqual(value["objects"][0]["value"][1], {"kind": 2, "weight": 2.5})
        self.assertEqual(value["objects"][1]["value"]["next"], {"ref": "Player:0"})
        self.molt("dump", "a.molt", "-o", "a.json")
        self.assertEqual(self.molt_json("dump", "a.molt"), value)
        self.molt("import", "--schema", self.first, "a.json", "-o", "b.molt")
        self.assertEqual((self.folder / "a.molt").read_bytes(), (self.folder / "b.molt").read_bytes())

    def pointing(self, **changed):
        """A state that points into a library, as JSON."""
        return json.dumps({"molt_dump": 1, "roots": {"Player": {"ref": "Player:0"}}, "objects": [
            {"id": "Player:0", "type": "Player", "value": {"hp": 3, **POINTERS, **changed}}]})

    def test_names_of_a_library_stay(self):
        schema = self.schema("pointing", POINTING)
        self.molt("import", "--schema", schema, "-", "-o", "a.molt", input=self.pointing())
        text = self.molt("dump", "a.molt")
        self.assertEqual(json.loads(text)["objects"][0]["value"], {"hp": 3, **POINTERS})
        self.molt("import", "--schema", schema, "-", "-o", "b.molt", input=text)
        self.assertEqual((self.folder / "a.molt").read_bytes(), (self.folder / "b.molt").read_bytes())
        self.assertIn("sound", self.molt("verify", "b.molt"))
        self.molt("diff", "a.molt", "b.molt")
        # whoever wrote null for what is outside meant the same
        self.molt("import", "--schema", schema, "-", "-o", "b.molt", input=self.pointing(device=None))
        self.assertEqual((self.folder / "a.molt").read_bytes(), (self.folder / "b.molt").read_bytes())

    def test_names_stay_in_a_migration_but_for_places_in_what_may_have_changed(self):
        schema = self.schema("pointing", POINTING)
        later = self.schema("later", POINTING.replace("int hp;", "int mana; long hp;"))
        self.molt("import", "--schema", schema, "-", "-o", "a.molt", input=self.pointing())
        self.molt("migrate", "a.molt", "--to", later, "-o", "b.molt", status=1)
        self.assertIn("library-data-missing", self.tool("migrate", "a.molt", "--to", later, "-o", "b.molt").stderr)
        self.molt("import", "--schema", schema, "-", "-o", "a.molt", input=self.pointing(row={"data": "rows"}))
        self.molt("migrate", "a.molt", "--to", later, "-o", "b.molt")
        self.assertEqual(self.dump("b.molt")["objects"][0]["value"],
                         {"mana": 0, "hp": 3, **POINTERS, "row": {"data": "rows"}})

    def test_what_a_text_says_of_constants_stays(self):
        schema = self.schema("pointing", POINTING)
        later = self.schema("later", POINTING.replace("int hp;", "int mana; long hp;"))
        constants = [{"data": "primes", "size": 40, "holds": "02000000"},
                     {"data": "ant.c:rows", "at": 16, "size": 64, "holds": "07000000"}]
        text = json.loads(self.pointing())
        text["constants"] = constants
        self.molt("import", "--schema", schema, "-", "-o", "a.molt", input=json.dumps(text))
        self.assertEqual(self.dump("a.molt")["constants"], constants)
        self.molt("import", "--schema", schema, "-", "-o", "b.molt", input=self.molt("dump", "a.molt"))
        self.assertEqual((self.folder / "a.molt").read_bytes(), (self.folder / "b.molt").read_bytes())
        self.molt("migrate", "a.molt", "--to", later, "-o", "c.molt")  # the size tells that it is the same place
        self.assertEqual(self.dump("c.molt")["constants"], constants)

    def test_what_a_pointer_without_a_type_leads_to_must_be_of_the_sort_it_gets(self):
        schema = self.schema("pointing", POINTING)
        code, data = {"code": "walk"}, {"data": "ant.c:rows"}
        for declaration, value, words in (("int (*any)(void)", data, "the constant rows"),
                                          ("int (*any)(void)", {"literal": "run"}, 'the text "run"'),
                                          ("int (*any)(void)", code, "the function walk"),
                                          ("int *any", code, "the function walk"), ("int *any", data, None)):
            with self.subTest(declaration=declaration, value=value):
                later = self.schema("later", POINTING.replace("void *any", declaration))
                self.molt("import", "--schema", schema, "-", "-o", "a.molt",
                          input=self.pointing(any=value, row=None))
                done = self.tool("migrate", "a.molt", "--to", later, "-o", "b.molt")
                self.assertEqual(done.returncode, 1 if words else 0, done.stderr)
                self.assertEqual("pointee-type-changed" in done.stderr, bool(words))
                self.assertIn(words or "", done.stderr)

    def test_names_that_no_file_can_hold_are_errors_with_their_place(self):
        schema = self.schema("pointing", POINTING)
        for field, value, words in (("act", {"code": ""}, "a name is missing"),
                                    ("act", {"code": "walk", "at": 8}, 'without "at"'),
                                    ("act", {"data": "primes"}, "is null or has code, not data"),
                                    ("hidden", {"literal": "x"}, "is null or has code, not literal"),
                                    ("hidden", {"ref": "Player:0"}, "is null or has code, not ref"),
                                    ("self", {"ref": "char:0"}, "cannot lead into a block of char"),
                                    ("table", {"literal": "no number"}, "a pointer to int cannot mean this"),
                                    ("title", {"literal": "a", "at": 1}, "of that size"),
                                    ("title", {"literal": "a\0b"}, "character of zeros"),
                                    ("wide", {"literal": {"bytes": "6869"}}, "character of zeros")):
            text = json.loads(self.pointing())
            text["objects"][0]["value"][field] = value
            text["objects"].append({"id": "char:0", "type": "char", "count": 200, "value": "bytes"})
            done = self.tool("import", "--schema", schema, "-", "-o", "no.molt", "--json", input=json.dumps(text))
            self.assertRegex(done.stderr, rf"standard input:1:\d+: .*value\.{field}: .*{words}")
            self.assertEqual(done.returncode, 2)
            self.assertIn(json.loads(done.stdout)["error"], done.stderr)
        self.assertFalse((self.folder / "no.molt").exists())

    def test_memory_without_a_type_goes_both_ways(self):
        value = {"id": "untyped memory:0", "type": "untyped memory", "align": 16, "from": "a place that is not known",
                 "count": 3, "value": [1, 2, 3]}
        text = json.loads(self.molt("dump", self.state("a")))
        text["objects"].append(value)
        del text["schema"]
        self.molt("import", "--schema", self.first, "-", "-o", "b.molt", input=json.dumps(text))
        self.molt("migrate", "b.molt", "--to", self.schema("second", SECOND), "-o", "c.molt")
        for file in ("b.molt", "c.molt"):
            self.assertIn(value, self.dump(file)["objects"])
        self.molt("dump", "b.molt", "-o", "b.json")
        self.molt("import", "--schema", self.first, "b.json", "-o", "d.molt")
        self.assertEqual((self.folder / "b.molt").read_bytes(), (self.folder / "d.molt").read_bytes())

    def test_a_type_that_hosts_add_is_no_other_version(self):
        text = json.loads(self.molt("dump", self.state("a")))
        del text["schema"]
        self.molt("import", "--schema", self.first, "-", "-o", "b.molt", input=json.dumps(text))
        self.assertNotEqual((self.folder / "b.molt").read_bytes(), (self.folder / "a.molt").read_bytes(),
                            "the file has the type that hosts add")
        for told in (self.dump("b.molt"), json.loads(self.molt("verify", "b.molt", "--json"))):
            self.assertEqual(told["schema"], self.hash)
        self.molt("migrate", "b.molt", "--to", self.first, "-o", "c.molt")
        self.assertEqual(json.loads(self.molt("verify", "c.molt", "--json"))["schema"], self.hash)
        larger = json.loads(self.first.read_text())
        larger["types"].append({"name": "untyped memory", "kind": "int", "size": 1, "align": 1, "untyped": True})
        (self.folder / "larger.json").write_text(json.dumps(larger))
        said = self.molt("schema", "diff", "larger.json", self.first, status=2)
        larger["hash"] = next(word for word in re.findall("[0-9a-f]{32}", said) if word != self.hash)
        (self.folder / "larger.json").write_text(json.dumps(larger))
        text["schema"] = larger["hash"]
        self.molt("import", "--schema", self.first, "-", "-o", "d.molt", input=json.dumps(text))
        self.assertEqual((self.folder / "d.molt").read_bytes(), (self.folder / "b.molt").read_bytes(),
                         "a dump may have the hash with that type")
        self.assertEqual(self.molt("schema", "diff", self.first, "larger.json"), "equal layouts\n")
        self.assertTrue(self.molt_json("schema", "diff", "larger.json", self.first)["equal_layouts"])

    def test_an_output_keeps_its_rights_and_links_and_devices_stay(self):
        self.state("a")
        for command, name in ((["dump", "a.molt"], "p.json"), (["migrate", "a.molt", "--to", self.first], "p.molt")):
            private = self.folder / name
            private.touch(0o600)
            (self.folder / f"to-{name}").symlink_to(name)
            self.molt(*command, "-o", f"to-{name}")
            self.assertTrue((self.folder / f"to-{name}").is_symlink())
            self.assertGreater(private.stat().st_size, 0)
            self.assertEqual(private.stat().st_mode & 0o777, 0o600)
        os.mkfifo(self.folder / "pipe")
        self.assertIn("pipe", self.molt("migrate", "a.molt", "--to", self.first, "-o", "pipe", status=2))
        self.assertTrue((self.folder / "pipe").is_fifo())

    def test_a_directory_is_no_file_to_write(self):
        self.state("a")
        for words in ["dump", "a.molt"], ["migrate", "a.molt", "--to", self.first]:
            for place in "/", ".", f"{self.folder}/":
                said = self.molt(*words, "-o", place, status=2)
                self.assertRegex(said, r"(?i)is a directory")
                self.assertIn(place, said)

    def test_a_path_shows_one_value(self):
        self.assertIn("2.5", self.molt("dump", self.state("a"), "--path", "Player:0.items[1].weight"))
        self.assertIn("nothing", self.molt("dump", "a.molt", "--path", "Player:0.nothing", status=2))

    def test_import_names_the_place_of_what_is_wrong(self):
        text = json.dumps(self.dump(self.state("a"))).replace('"hp": 7', '"hp": 7000000000')
        said = self.molt("import", "--schema", self.first, "-", "-o", "no.molt", input=text, status=2)
        self.assertRegex(said, r"standard input:1:\d+: .*hp")
        self.assertFalse((self.folder / "no.molt").exists())

    def test_what_has_no_end_is_refused_where_that_shows(self):
        self.state("a")
        commands = (["verify", "-"], ["dump", "-"], ["diff", "-", "a.molt"], ["layout", "-"],
                    ["migrate", "-", "--to", self.first, "-o", "no.molt"], ["schema", "diff", "-", self.first],
                    ["import", "--schema", self.first, "-", "-o", "no.molt"],
                    ["import", "--schema", "-", "a.molt", "-o", "no.molt"])
        sources = (["cat", "/dev/zero"], ["cat", "/dev/urandom"], ["yes", "{}"], ["yes", "["], ["yes", "[1,"],
                   ["yes", '{"a":'], ["yes", "\"no\" \"text\""], ["cat", "a.molt", "/dev/zero"])
        for i, command in enumerate(commands):  # every source, and two for each command
            for source in sources[i], sources[(i + 3) % len(sources)]:
                with self.subTest(command=command, source=source):
                    self.assertLess(self.endless(*command, source=source)[1], 64)
            zero = ["/dev/zero" if word == "-" else word for word in command]
            self.molt(*zero, status=2)
        said, memory = self.endless("import", "--schema", self.first, "-", "-o", "no.molt", "--max-memory", "4M",
                                    source=["yes", ""])
        self.assertIn("more than 4194304 bytes came", said)
        self.assertLess(memory, 64)
        self.assertFalse((self.folder / "no.molt").exists())

    def test_a_state_takes_no_more_than_its_text_warrants(self):
        def import_of(count, *words, status=2):
            text = {"molt_dump": 1, "roots": {"Player": None},
                    "objects": [{"id": "char:0", "type": "char", "count": count, "value": "zeros"}]}
            return self.molt("import", "--schema", self.first, "-", "-o", "z.molt", *words, status=status,
                             input=json.dumps(text))
        said = import_of(1000000000)
        self.assertRegex(said, r"standard input:1:\d+: \$.objects\[0\]: .* bytes that are allowed; --max-memory")
        import_of(50000, status=0)
        self.assertIn("sound, 1 blocks", self.molt("verify", "z.molt"))
        self.assertIn("allowed", import_of(50000, "--max-memory", "40K"))
        import_of(50000, "--max-memory", "1M", status=0)
        for size in "", "0", "-1", "1X", "1MB", "99999999999G", "M":
            self.assertIn("such as 512M", import_of(1, "--max-memory", size))

    def test_a_process_with_little_address_space_works_and_says_what_it_lacks(self):
        def limited(*words, input=""):
            limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
            return subprocess.run([MOLT, *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                                  input=input, timeout=60, preexec_fn=limit, check=False)
        if limited("--version").returncode != 0:
            self.skipTest("the program itself needs more, as with a sanitizer")
        file, second = self.state("a"), self.schema("second", SECOND)
        for words in (["verify", file], ["dump", file, "-o", "a.json"], ["diff", file, file],
                      ["import", "--schema", self.first, "a.json", "-o", "b.molt"],
                      ["migrate", file, "--to", second, "-o", "c.molt"]):
            done = limited(*words)
            self.assertEqual(done.returncode, 0, (words, done.stderr))
        large = json.dumps({"molt_dump": 1, "roots": {"Player": None}, "objects": [
            {"id": "char:0", "type": "char", "count": 1 << 30, "value": "zeros"}]})
        said = limited("import", "--schema", self.first, "-", "-o", "z.molt", "--max-memory", "30G", input=large).stderr
        self.assertRegex(said, r"no room .*ulimit -v")
        self.assertNotIn("--max-memory", said)

    def test_import_is_lenient_on_request(self):
        text = json.dumps(self.dump(self.state("a"))).replace('"hp": 7', '"zz": 5')
        self.molt("import", "--schema", self.first, "-", "-o", "no.molt", input=text, status=2)
        said = self.tool("import", "--schema", self.first, "-", "-o", "b.molt", "--lenient", input=text).stderr
        self.assertEqual(self.dump("b.molt")["objects"][1]["value"]["hp"], 0)
        self.assertRegex(said, r"^loss +field-removed +Player.zz: 1 object, 5 at 1:\d+, \$.objects\[1\].value.zz\. ")
        self.assertRegex(said, r"\ninfo +field-added +Player.hp: now int hp = 0, missing at 1:\d+, \$.obj")
        self.assertNotIn("types changed", said)

    def test_verify_says_what_is_in_a_file_and_where_one_is_damaged(self):
        self.assertIn("sound, 2 blocks", self.molt("verify", self.state("a")))
        data = bytearray((self.folder / "a.molt").read_bytes())
        data[-30] ^= 1
        (self.folder / "bad.molt").write_bytes(data)
        self.assertRegex(self.molt("verify", "a.molt", "bad.molt", status=2), "bad.molt.*")
        (self.folder / "cut.molt").write_bytes(data[:100])
        self.molt("verify", "cut.molt", status=2)
        line = json.loads(self.molt("verify", "a.molt", "--json"))
        self.assertEqual((line["sound"], line["schema"], line["blocks"]), (True, self.hash, 2))

    def test_verify_reads_standard_input(self):
        self.state("a")
        self.assertIn("-: sound", self.molt("verify", "-", stdin="a.molt"))
        self.assertIn("Ada", self.molt("dump", "-", stdin="a.molt"))

    def test_migrate_carries_values_by_name(self):
        second = self.schema("second", SECOND)
        self.molt("migrate", self.state("a"), "--to", second, "-o", "b.molt", "--report", "r.json")
        value = self.dump("b.molt")
        self.assertEqual(value["schema"], json.loads(second.read_text())["hash"])
        player = value["objects"][1]["value"]
        self.assertEqual((player["name"], player["gold"], player["hp"], player["mana"]),
                         ("Ada", 9007199254740993, 7, 0))
        self.assertEqual(player["held"], {"kind": 1, "weight": 0.1})
        rules = {finding["rule"] for finding in
                 json.loads((self.folder / "r.json").read_text())["findings"]}
        self.assertIn("field-added", rules)

    def test_a_loss_refuses_unless_the_policy_is_live(self):
        lossy = self.schema("lossy", LOSSY)
        file = self.state("a")
        self.molt("migrate", file, "--to", lossy, "-o", "b.molt", status=1)
        self.assertFalse((self.folder / "b.molt").exists())
        done = self.tool("migrate", file, "--to", lossy, "-o", "b.molt", "--policy", "live", "--report", "r.json")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("gold", self.dump("b.molt")["objects"][1]["value"])
        report = (self.folder / "r.json").read_text()
        for words in (done.stderr, report):  # no word of a session, which would bring the values back
            self.assertIn("lost for good", words)
            self.assertNotRegex(words, "undo|return|kept")
        self.assertEqual(json.loads(report)["attic_objects"], 0)

    def test_functions_of_another_type_become_null_where_that_is_asked_for(self):
        schema = self.schema("pointing", POINTING)
        self.molt("import", "--schema", schema, "-", "-o", "a.molt", input=self.pointing(row=None))
        later = self.schema("later", POINTING.replace("(*hidden)(int)", "(*hidden)(long)"))
        words = ["migrate", "a.molt", "--to", later, "-o", "b.molt", "--policy", "live"]
        self.assertIn("--missing-functions null", self.tool(*words).stderr)
        self.assertIn("loss   signature-changed", self.tool(*words, "--missing-functions", "null").stderr)
        value = self.dump("b.molt")["objects"][0]["value"]
        self.assertEqual((value["hidden"], value["act"]), (None, POINTERS["act"]))
        for wrong in (["null"], ["keep", "--policy", "live"]):
            self.assertIn("--missing-functions", self.molt(*words[:6], "--missing-functions", *wrong, status=2))

    def test_remedies_are_for_whoever_has_files(self):
        """No edit is about to come: only the version that saved the file can change what is in it."""
        file, later = self.state("a"), FIRST.replace("Item *items;", "double *items;")
        done = self.tool("migrate", file, "--to", self.schema("later", later), "-o", "b.molt", "--report", "r.json")
        self.assertEqual(done.returncode, 1)
        for words in (done.stderr, (self.folder / "r.json").read_text()):
            self.assertIn("pointee-type-changed", words)
            self.assertIn("in the version that saved it, and save again", words)
            self.assertNotIn("edit", words)

    def test_many_files_go_to_a_folder_and_a_bad_one_leaves_the_others_alone(self):
        second = self.schema("second", SECOND)
        files = [self.state(f"s{i}", gold=i) for i in range(5)]
        (self.folder / "bad.molt").write_text("no")
        self.molt("migrate", *files, "bad.molt", "--to", second, "--out-dir", "out", "-j", 2, status=2)
        self.assertEqual([self.dump(f"out/s{i}.molt")["objects"][1]["value"]["gold"] for i in range(5)],
                         list(range(5)))
        self.assertFalse((self.folder / "out/bad.molt").exists())
        self.molt("migrate", "s0.molt", "./s0.molt", "--to", second, "--out-dir", "out", status=2)
        self.assertIn("has no name", self.molt("migrate", "-", "--to", second, "--out-dir", "out", status=2))
        for jobs in 0, 1025, "99999999999999999999", "many", "-1":
            self.assertIn("from 1 to 1024", self.molt("migrate", "s0.molt", "--to", second, "--out-dir", "out",
                                                      "-j", jobs, status=2))

    def test_a_file_that_is_read_is_replaced_on_request_only(self):
        second = self.schema("second", SECOND)
        files = [self.state(f"s{i}", gold=i) for i in range(3)]
        (self.folder / "linked.molt").symlink_to("s0.molt")
        (self.folder / "sub").mkdir()
        os.link(self.folder / "s1.molt", self.folder / "sub/s1.molt")
        self.molt("dump", "s0.molt", "-o", "s0.json")
        before = {path: path.read_bytes() for path in self.folder.rglob("*.*") if path.is_file()}
        for words, wanted in ((["s0.molt", "-o", "s0.molt"], "--in-place"), (["s0.molt", "-o", "./linked.molt"], "--in-place"),
                              ([*files, "--out-dir", "."], "--in-place"), (["s1.molt", "--out-dir", "sub"], "--in-place"),
                              (["s0.molt", "-o", "second.json"], "another file"),
                              (["s0.molt", "-o", "x.molt", "--report", "s0.molt"], "another file"),
                              (["s0.molt", "-o", "x.molt", "--in-place"], "either"),
                              (["-", "--in-place"], "no name"), (["s0.molt", "--in-place", "--report", "r"], "--report")):
            self.assertIn(wanted, self.molt("migrate", *words, "--to", second, status=2))
        for words in (["dump", "s0.molt", "-o", "s0.molt"], ["import", "--schema", "first.json", "s0.json", "-o", "s0.json"],
                      ["import", "--schema", "first.json", "s0.json", "-o", "first.json"]):
            self.assertIn("another file", self.molt(*words, status=2))
        self.assertEqual({path: path.read_bytes() for path in before}, before)
        self.molt("migrate", "s2.molt", "s0.molt", "--to", second, "--in-place", "-j", 2)
        self.assertEqual([self.dump(file)["objects"][1]["value"].get("mana") for file in files], [0, None, 0])
        # the old one stays whenever the new one cannot be
        lossy = self.schema("lossy", LOSSY)
        kept = (self.folder / "s2.molt").read_bytes()
        self.molt("migrate", "s2.molt", "--to", lossy, "--in-place", status=1)
        (self.folder / "s2.molt.saving").mkdir()
        self.molt("migrate", "s2.molt", "--to", self.first, "--in-place", status=2)
        self.assertEqual((self.folder / "s2.molt").read_bytes(), kept)

    def test_json_has_a_line_for_each_file(self):
        lossy = self.schema("lossy", LOSSY)
        files = [self.state(f"s{i}", gold=i) for i in range(3)]
        (self.folder / "bad.molt").write_text("no")
        words = ["migrate", *files, "bad.molt", "--to", lossy, "--out-dir", "out", "-j", 3, "--json"]
        done = self.tool(*words)
        self.assertEqual(done.returncode, 2)
        lines = sorted(map(json.loads, done.stdout.splitlines()), key=lambda line: line["file"])
        self.assertEqual([(line["file"], line["outcome"], line["refuse"]) for line in lines],
                         [("bad.molt", "unreadable", 0), ("s0.molt", "migrated", 0),
                          ("s1.molt", "refused", 1), ("s2.molt", "refused", 1)])
        self.assertIn("no Molt snapshot", lines[0]["error"])
        self.assertEqual(lines[1]["to"], "out/s0.molt")
        self.assertIn("both go to standard output",
                      self.molt("migrate", "s0.molt", "--to", lossy, "-o", "-", "--json", status=2))
        text = json.dumps(self.dump("s0.molt")).replace('"hp": 7', '"zz": 5')
        result = json.loads(self.molt("import", "--schema", self.first, "-", "-o", "b.molt", "--lenient",
                                      "--json", input=text))
        self.assertTrue(result["findings"])
        self.assertNotIn("error", result)
        done = self.tool("import", "--schema", self.first, "none.json", "-o", "b.molt", "--json")
        self.assertEqual(json.loads(done.stdout)["error"], "none.json: No such file or directory")

    def test_every_command_reads_standard_input(self):
        second = self.schema("second", SECOND)
        self.state("a")
        self.molt("migrate", "-", "--to", second, "-o", "b.molt", stdin="a.molt")
        self.molt("migrate", "a.molt", "--to", "-", "-o", "c.molt", stdin="second.json")
        self.assertEqual((self.folder / "b.molt").read_bytes(), (self.folder / "c.molt").read_bytes())
        self.molt("diff", "-", "a.molt", stdin="a.molt")
        self.molt("diff", "a.molt", "-", stdin="b.molt", status=1)
        self.molt("import", "--schema", "-", self.dumped("a.molt"), "-o", "d.molt", stdin="first.json")
        self.molt("layout", "-", "Player", stdin="first.json")
        self.molt("layout", "first.json", "Player", "--against", "-", stdin="second.json", status=1)
        said = self.molt("schema", "diff", "-", second, stdin="first.json", status=1)
        self.assertEqual(self.molt("diff", "-", second, stdin="first.json", status=1), said)
        self.assertEqual(self.molt("diff", "first.json", "-", stdin="second.json", status=1), said)
        self.molt("schema", "record", "-", "schemas", stdin="first.json")
        self.molt("schema", "check", "schemas", "--current", "-", stdin="first.json")

    def dumped(self, file):
        self.molt("dump", file, "-o", f"{file}.json")
        return f"{file}.json"

    def test_diff_names_each_value_that_differs(self):
        a, b = self.state("a"), self.state("b", gold=9007199254740992, hp=8)
        self.assertEqual(self.molt("diff", a, b, status=1).splitlines(),
                         ["Player:0.gold: 9007199254740993 -> 9007199254740992",
                          "Player:0.hp: 7 -> 8"])
        self.assertEqual(self.molt("diff", a, b, "--ignore", "Player.gold", status=1).splitlines(),
                         ["Player:0.hp: 7 -> 8"])
        self.molt("diff", a, b, "--ignore", "Player:0.gold,Player.h*")
        self.molt("diff", a, a)
        self.assertEqual(self.molt_json("diff", a, b, status=1)[1],
                         {"path": "Player:0.hp", "a": 7, "b": 8})

    def test_diff_is_exact_and_the_same_of_saves_and_dumps(self):
        declarations = """enum Kind { WHOLE, REAL };
            typedef struct Inner { int x, y; } Inner;
            typedef struct Player { double d; float f; unsigned long long big; enum Kind kind;
                union { int whole; float real; } value MOLT_TAG(kind); Inner in[2]; %s char name[8]; struct Player *next;
                struct Player *all; int low : 3; } Player;"""
        was, now = self.schema("was", declarations % "long double l;"), self.schema("now", declarations % "int more;")

        def player(number, **values):
            whole = {"d": -0.0, "f": "NaN", "big": 2**64 - 1, "kind": "WHOLE", "value": {"whole": 1},
                     "in": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "name": "a\"b", "next": None, "all": None, "low": -1, **values}
            return {"id": f"Player:{number}", "type": "Player", "value": whole}

        def state(name, schema, *objects, **members):
            text = {"molt_dump": 1, "roots": {"Player": {"ref": "Player:0"}}, "objects": objects, **members}
            self.molt("import", "--schema", schema, "-", "-o", f"{name}.molt", input=json.dumps(text))
            dump = json.loads(self.molt("dump", f"{name}.molt"))
            (self.folder / f"{name}.json").write_text(json.dumps(dump, indent=1))
            for each in dump["objects"]:  # what people write: another order, other escapes
                each["value"] = dict(reversed(each["value"].items())) if isinstance(each["value"], dict) else each["value"]
            dump["objects"].reverse()
            (self.folder / f"{name}_turned.json").write_text(json.dumps(dump).replace("a\\\"b", "\\u0061\\u0022b"))

        items = [{"id": "Player:2", "type": "Player", "count": 2, "value": [player(0, l=1)["value"]] * 2}]
        state("a", was, player(0, l=1.5, next={"ref": "Player:2"}), player(10, l=1), *items)
        more = [{"id": "Player:2", "type": "Player", "count": 3, "value": [player(0, more=1)["value"]] * 3}]
        state("b", now, player(0, d=0.0, f="NaN(0xffc00001)", big=2**64 - 2, kind="REAL", value={"real": 1}, more=7,
                               next={"ref": "Player:2", "at": "[1]"}, low=2, **{"in": [{"x": 1, "y": 9}, {"x": 3, "y": 4}]}),
              player(9, more=0), *more)
        wanted = [{"path": f"Player:0.{path}", **sides} for path, sides in (
            ("d", {"a": -0.0, "b": 0}), ("f", {"a": "NaN", "b": "NaN(0xffc00001)"}),
            ("big", {"a": 2**64 - 1, "b": 2**64 - 2}), ("kind", {"a": "WHOLE", "b": "REAL"}),
            ("value.whole", {"a": 1}), ("value.real", {"b": 1}), ("in[0].y", {"a": 2, "b": 9}), ("l", {"a": 1.5}),
            ("next.at", {"b": "[1]"}), ("low", {"a": -1, "b": 2}), ("more", {"b": 7}))]
        for item in range(2):
            wanted += [{"path": f"Player:2[{item}].l", "a": 1}, {"path": f"Player:2[{item}].more", "b": 1}]
        objects = {name: {each["id"]: each for each in json.loads((self.folder / f"{name}.json").read_text())["objects"]}
                   for name in "ab"}
        wanted += [{"path": "Player:2[2]", "b": objects["b"]["Player:2"]["value"][2]},
                   {"path": "Player:2.(count)", "a": 2, "b": 3}, {"path": "Player:9", "b": objects["b"]["Player:9"]},
                   {"path": "Player:10", "a": objects["a"]["Player:10"]}]

        def lines(found):
            return sorted(json.dumps(each, sort_keys=True) for each in found)

        for left in ("a.molt", "a.json", "a_turned.json"):
            self.molt("diff", left, "a.molt")
            self.molt("diff", "a.json", left)
            for right in ("b.molt", "b.json", "b_turned.json"):
                found = self.molt_json("diff", left, right, status=1)
                self.assertEqual(lines(found), lines(wanted), (left, right))
        paths = [each["path"] for each in self.molt_json("diff", "a.molt", "b.molt", status=1)]
        self.assertEqual(paths, [each["path"] for each in wanted])
        self.molt("diff", "a.molt", "b.molt", "--ignore", ",".join(paths))
        for pattern in (*paths, "Player.in[*].y", "Player[?].l"):
            rest = [each["path"] for each in self.molt_json("diff", "a.json", "b.molt", "--ignore", pattern, status=1)]
            gone = {"Player.in[*].y": ["Player:0.in[0].y"], "Player[?].l": ["Player:2[0].l", "Player:2[1].l"]}
            self.assertEqual(rest, [path for path in paths if path not in gone.get(pattern, [pattern])], pattern)

    def test_diff_needs_little_more_memory_than_its_files(self):
        count = 40000
        items = ",".join(f'{{"kind":{i},"weight":{i}.5}}' for i in range(count))
        for name, hp in (("a", 1), ("b", 2)):
            text = f"""{{"molt_dump":1,"roots":{{"Player":{{"ref":"Player:0"}}}},"objects":[
                {{"id":"Item:0","type":"Item","count":{count},"value":[{items}]}},
                {{"id":"Player:0","type":"Player","value":{{"name":"","gold":1,"hp":{hp},"items":{{"ref":"Item:0"}},
                 "held":{{"kind":1,"weight":2}},"next":null}}}}]}}"""
            self.molt("import", "--schema", self.first, "-", "-o", f"{name}.molt", input=text)

        def peak(*words):
            child = subprocess.Popen([MOLT, *words], cwd=self.folder, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.assertLess(child.returncode, 2)
            return usage.ru_maxrss * 1024

        size = (self.folder / "a.molt").stat().st_size
        self.assertLess(peak("diff", "a.molt", "b.molt"), peak("verify", "a.molt") + 5 * size)

    def test_long_work_is_shown_on_a_terminal(self):
        try:
            for end in pty.openpty():
                os.close(end)
        except OSError as error:
            self.skipTest(f"no pseudo-terminal can be had: {error}")
        second = self.schema("second", SECOND)
        text = self.dump(self.state("a"))
        (self.folder / "a.json").write_text(json.dumps(text))
        running = []
        for terminal in (True, False):
            for words, source, wanted in (
                    (("verify", "-"), "a.molt", r"verify: standard input: loading \d+ %"),
                    (("dump", "-", "-o", f"{terminal}.json"), "a.molt", r"dump: standard input: loading \d+ %"),
                    (("diff", "-", "a.molt"), "a.molt", r"diff: standard input: loading \d+ %"),
                    (("migrate", "-", "--to", second, "-o", f"{terminal}.molt"), "a.molt",
                     r"migrate: standard input: loading \d+ %"),
                    (("import", "--schema", self.first, "-", "-o", f"{terminal}2.molt"), "a.json",
                     r"import: standard input: importing \d+ %")):
                running.append((terminal, *self.start_long_work(words, source, terminal), wanted))
        for _, child, *_ in running:  # when it has read what there is, it has begun
            while struct.unpack("i", fcntl.ioctl(child.stdin, termios.FIONREAD, b"\0" * 4)) != (0,):
                self.assertIsNone(child.poll())
                time.sleep(0.01)
        time.sleep(0.6)
        for terminal, child, seen, data, wanted in running:
            child.communicate(data, timeout=60)
            self.assertEqual(child.returncode, 0)
            said = b""
            while True:
                try:
                    piece = os.read(seen, 4096)
                except OSError:  # the terminal's other end is closed
                    break
                said += piece
                if not piece:
                    break
            os.close(seen)
            if terminal:
                self.assertRegex(said.decode(), "\rmolt " + wanted)
                self.assertRegex(said.decode(), r"\r +\r$", "the line goes at the end")
            else:
                self.assertEqual(said, b"")

    def start_long_work(self, words, source, terminal):
        """Runs the tool on an input of which only the beginning is there."""
        seen, end = pty.openpty() if terminal else os.pipe()
        child = subprocess.Popen([MOLT, *map(str, words)], cwd=self.folder, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=end)
        self.addCleanup(child.kill)
        os.close(end)
        data = (self.folder / source).read_bytes()
        child.stdin.write(data[:100])
        child.stdin.flush()
        return child, seen, data[100:]

    def test_diff_takes_dumps_and_schemas(self):
        a = self.state("a")
        self.molt("dump", a, "-o", "a.json")
        self.molt("diff", a, "a.json")
        second = self.schema("second", SECOND)
        self.assertIn("Player.mana", self.molt("diff", self.first, second, status=1))
        self.assertIn("neither", self.molt("diff", a, self.first, status=2))


if __name__ == "__main__":
    unittest.main()
