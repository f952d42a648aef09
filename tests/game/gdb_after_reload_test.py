#!/usr/bin/env python3
"""A debugger keeps working across reloads: breakpoints stop in the new code, at its new lines, with
its new variables and its new structs."""

import re
import threading

from game_run import main
from gdb_session import gdb_path, run_gdb
from workbench import WorkbenchTest, field_added

NAPS = "uint32_t naps MOLT_DEFAULT(5);"
FORAGE = "static void forage(Colony *colony, Ant *ant)\n{\n"
BEARING = ("static uint64_t take_bearing(const Colony *colony, const Ant *ant)\n"
           "{\n"
           "    uint64_t bearing = colony->frame * 1000 + ant->naps;\n"
           "    return bearing; /* stop here */\n"
           "}\n\n")
CALL = "    if (take_bearing(colony, ant) == 1)\n        return;\n"


def code_edit(text):
    """A new function in front of forage(), called by it: every line behind moves."""
    return text.replace(FORAGE, BEARING + FORAGE + CALL)


class GdbAfterReload(WorkbenchTest):
    def setUp(self):
        super().setUp()
        gdb_path()

    def reload(self, live, file, edit, outcome):
        self.save(file, edit)
        event = live.wait_for("reload")
        self.assertEqual(event["outcome"], outcome, event["detail"])

    def line_of(self, words):
        """Number of the line of the edited forager.c that holds the words."""
        lines = code_edit(self.original("forager.c")).splitlines()
        found = [number for number, line in enumerate(lines, 1) if words in line]
        self.assertEqual(len(found), 1, words)
        return found[0]

    def assert_stopped(self, said):
        """gdb stands in the new function, knows its local, the new field, and who called it."""
        source = self.path("forager.c")
        line, caller = self.line_of("stop here"), self.line_of("if (take_bearing")
        self.assertRegex(said, r"Breakpoint 1(\.\d+)?, take_bearing \(")
        self.assertRegex(said, rf"\n{line}\t    return bearing; /\* stop here \*/\n")
        frame = int(re.search(r"frame is (\d+)", said).group(1))
        self.assertIn(f"\nbearing = {frame * 1000 + 5}\n", said)
        self.assertIn("naps is 5\n", said)
        place = re.escape(str(source))
        self.assertRegex(said, rf"\n#0 .*take_bearing \(.*\) at {place}:{line}\n")
        self.assertRegex(said, rf"\n#1 .* in forage \(.*\) at {place}:{caller}\n")
        place = re.escape(str(self.path("colony.c")))
        self.assertRegex(said, rf"\n#\d+ .* in main_loop \(.*\) at {place}:")
        self.assertRegex(said, r"\n#\d+ .* in main \(")

    LOOK = ["info locals", 'printf "frame is %lu\\n", colony->frame',
            'printf "naps is %u\\n", ant->naps', "backtrace"]

    def test_attached_after_reloads(self):
        live = self.live_game(self.library, traceable=True)
        self.reload(live, "colony.h", field_added(NAPS), "migrated")
        self.reload(live, "forager.c", code_edit, "code")
        live.play(5)
        said = run_gdb(self.folder, [f"break forager.c:{self.line_of('stop here')}", "continue",
                                     *self.LOOK, "delete", "detach"], ["-p", str(live.process.pid)])
        self.assert_stopped(said)
        live.play(20)
        self.reload(live, "forager.c", lambda text: self.original("forager.c"), "code")
        self.assertEqual(live.quit(), 0, live.log_text())

    def test_attached_while_it_reloads(self):
        """The breakpoint names a function that the code does not have when gdb begins."""
        live = self.live_game(self.library, traceable=True)
        ready = self.folder / "ready"
        said = []
        commands = ["break take_bearing", f"shell touch '{ready}'", "continue",
                    f"advance {self.line_of('stop here')}", *self.LOOK, "delete", "detach"]
        debugger = threading.Thread(target=self.collect, args=(said, commands, live.process.pid))
        debugger.start()
        try:
            while debugger.is_alive() and not ready.exists():
                debugger.join(0.01)
            if ready.exists():
                self.reload(live, "colony.h", field_added(NAPS), "migrated")
                self.save("forager.c", code_edit)
        except BaseException:
            live.close() # lets gdb end
            raise
        finally:
            debugger.join()
        if isinstance(said[0], BaseException):
            raise said[0]
        self.assert_stopped(said[0])
        live.play(20)
        self.assertEqual(live.quit(), 0, live.log_text())

    def collect(self, said, commands, pid):
        try:
            said.append(run_gdb(self.folder, commands, ["-p", str(pid)]))
        except BaseException as error: # handed to the test, which runs in another thread
            said.append(error)


if __name__ == "__main__":
    main()
