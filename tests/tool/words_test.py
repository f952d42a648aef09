"""How the tool takes its words: help, versions, unknown commands and options."""
import os
import re
import unittest

from fixture import ToolTest


class Words(ToolTest):
    def test_help_lists_every_command_and_each_has_its_own(self):
        text = self.molt("--help")
        commands = re.findall(r"^  molt ((?:[a-z]+ )+) +\S", text, re.MULTILINE)
        self.assertGreaterEqual(len(commands), 4)
        for command in commands:
            own = self.molt(*command.split(), "--help")
            self.assertIn(f"molt {command.strip()}", own)
            self.assertIn("xit", own, f"molt {command}--help tells the exit status")

    def test_version(self):
        self.assertEqual(self.molt("--version").strip(), f"molt {os.environ['MOLT_VERSION']}")

    def test_no_command_or_an_unknown_one_shows_the_commands(self):
        self.assertIn("molt layout", self.molt(status=2))
        self.assertIn("there is no command 'lay'", self.molt("lay", status=2))
        self.assertIn("there is no command 'schema'", self.molt("schema", status=2))

    def test_wrong_words_say_what_is_wrong_and_where_help_is(self):
        for words, text in [
                (("layout",), "a schema and at most one type"),
                (("layout", "a.json", "T", "--agains", "b"), "unknown option --agains"),
                (("layout", "a.json", "T", "--against"), "--against needs a word"),
                (("layout", "a.json", "T", "--json=1"), "--json takes no word"),
                (("layout", "a.json", "--against", "b.json"), "--against needs a type"),
                (("layout", "a.json", "T", "--svg", "o.svg"), "add --against"),
                (("schema", "check", "d", "--level", "sideways"), "'sideways' is no level"),
                (("layout", "-", "T", "--against", "-"), "only once"),
                (("layout", "a.json", "T", "--against", "b.json", "--svg", "-", "--json"), "standard output"),
                (("diff", "-", "-"), "only once"),
                (("verify", "-", "a.molt", "-"), "only once"),
                (("import", "--schema", "-", "-", "-o", "a.molt"), "only once"),
                (("import", "--schema", "s.json", "a.json", "-o", "-", "--json"), "standard output"),
                (("migrate", "-", "--to", "-", "-o", "a.molt"), "only once"),
                (("migrate", "-", "--to=-", "-o", "a.molt"), "only once"),
                (("migrate", "a.molt", "--to", "s.json", "-o", "-", "--report", "-"), "standard output"),
                (("migrate", "a.molt", "--to", "s.json", "-o", "b", "--report", "-", "--json"), "standard output"),
                (("migrate", "a.molt", "--to", "s.json", "-o", "b", "--report", "b"), "two names"),
                (("schema", "diff", "-", "-"), "only once"),
                (("schema", "diff", "a.json"), "two schemas"),
                (("diff", "a.molt", "b.molt", "--ignore", "a", "--ignore=b"), "--ignore is given twice"),
                (("schema", "record", "a.json"), "a schema and a folder")]:
            said = self.molt(*words, status=2)
            self.assertIn(text, said)
            self.assertIn("--help", said)

    def test_unreadable_input_is_named(self):
        self.assertIn("none.json: No such file", self.molt("layout", "none.json", status=2))
        (self.folder / "bad.json").write_text('{"molt_schema": 1')
        self.assertIn("bad.json", self.molt("layout", "bad.json", status=2))
        self.assertIn("No such file", self.molt("schema", "check", "nowhere", status=2))


if __name__ == "__main__":
    unittest.main()
