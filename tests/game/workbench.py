"""A live game next to its own sources: tests edit them as an editor would, and the host's watch,
build and reload do the rest. It never knows which edits are good."""

import re

import variants
from game_run import GameTest


class WorkbenchTest(GameTest):
    """Begins with the sources as they are in the project, and leaves them so."""

    def setUp(self):
        super().setUp()
        self.library = variants.build("workbench")
        self.addCleanup(variants.write_sources, "workbench")

    def path(self, file):
        return variants.sources("workbench") / file

    def save(self, file, edit):
        """`edit` makes the new text of the file from the one that stands there."""
        path = self.path(file)
        old = path.read_text()
        new = edit(old)
        self.assertNotEqual(old, new, f"the edit changes nothing in {file}")
        path.write_text(new)

    def original(self, file):
        return (variants.SOURCES / file).read_text()


def field_added(declaration):
    """An edit of colony.h: a field in front of the ants' first one."""
    first = "    uint32_t id; "
    return lambda text: text.replace(first, f"    {declaration}\n{first}", 1)


def renamed(old, new):
    return lambda text: re.sub(rf"\b{old}\b", new, text)
