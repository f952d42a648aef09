"""Random versions of the sample game that play the same: other fields, widths, names, orders, array
sizes and enumerator values, drawn by a seed from what its header declares. Fields of its own hold values
that each frame writes anew, so that it shows what becomes of them. It never knows how a version is built
or loaded."""

import random
import re
from collections import Counter

from header import Header

# Small enough for every object of every dump to be judged in another language.
SIZES = {"TILE_PIXELS = 6": "TILE_PIXELS = 48", "CHUNK_SIZE = 16": "CHUNK_SIZE = 4",
         "CHUNKS_X = 11": "CHUNKS_X = 3", "CHUNKS_Y = 7": "CHUNKS_Y = 3",
         "START_ANTS = 9400": "START_ANTS = 40", "START_BROOD = 700": "START_BROOD = 20",
         "SPARK_COUNT = 1024": "SPARK_COUNT = 32", "SAMPLE_COUNT = 192": "SAMPLE_COUNT = 16",
         "TRACE_LENGTH = 192": "TRACE_LENGTH = 16"}
# Vec2 and Chamber are left out: the rules initialise them by position.
SHUFFLED = ("Link", "Regrowth", "Rot", "FoodPile", "Tile", "Chunk", "Map", "Cargo", "Notable", "Brood",
            "Ant", "Laying", "Queen", "Nest", "Spider", "Sky", "Event", "EventQueue", "Spark", "Sample",
            "Stats", "Player", "Colony")
WRAPPED = ("Chunk", "Map", "Notable", "Brood", "Ant", "Nest", "Spider", "Sky", "Sample", "Player")
WIDER = {"int8_t": ("int16_t", "int64_t"), "uint8_t": ("uint16_t", "int32_t"),
         "int16_t": ("int32_t", "int64_t"), "uint16_t": ("uint32_t", "int64_t"),
         "int32_t": ("int64_t",), "uint32_t": ("uint64_t",)}
ENDINGS = ("", "_renamed", "_again") # what the names of a member that versions rename end in
NUMBERS = ("int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t",
           "float", "double")
NAMED_IN_PATHS = ("tiles", "chunks") # as dumps tell where a pointer leads
OWNERS = ("Ant", "Tile", "Queen", "Nest", "Map", "Colony")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class Gene:
    """A field of our own that versions may have: one kind of value, in many declarations."""

    def __init__(self, number, chance):
        self.number = number
        self.owner = chance.choice(OWNERS)
        self.name = f"gene{number}"
        self.kind = chance.choice(("number", "number", "number", "array", "text", "truth", "place",
                                   "caste"))
        self.default = chance.randrange(1, 99)

    def declare(self, chance):
        if self.kind == "number":
            return f"{chance.choice(NUMBERS)} {self.name} MOLT_DEFAULT({self.default});"
        if self.kind == "array":
            return f"{chance.choice(NUMBERS)} {self.name}[{chance.randrange(2, 7)}];"
        if self.kind == "text":
            return f"char {self.name}[{chance.randrange(9, 40)}];"
        if self.kind == "truth":
            return chance.choice((f"bool {self.name};", f"bool {self.name} : 1;"))
        return f"Caste {self.name};" if self.kind == "caste" else f"struct Tile *{self.name};"

    def initial(self):
        """As a dump shows an object that has never been written."""
        return {"number": self.default, "array": [], "text": "", "truth": False, "place": None,
                "caste": "CASTE_FORAGER"}[self.kind]

    def fill(self, place, key):
        """C that writes a value which every declaration of the field can hold."""
        at = f"{place}->{self.name}"
        value = f"((({key}) + {self.number * 7}u) % 100u)"
        return {
            "number": f"{at} = {value};",
            "array": f"for (unsigned i = 0; i < sizeof {at} / sizeof *{at}; i++)\n"
                     f"            {at}[i] = ({value} + i) % 100u;",
            "text": f"snprintf({at}, sizeof {at}, \"n%u\", (unsigned){value});",
            "truth": f"{at} = {value} % 2u;",
            "caste": f"{at} = (Caste)({value} % CASTE_COUNT);",
            "place": f"{at} = &c->map->chunks[{self.number % 3}][{value} % 3u]"
                     f"->tiles[{value} % 4u][{self.number % 4}];",
        }[self.kind]


FILL = """
static void fill(Colony *c)
{{
    unsigned frame = (unsigned)c->frame;
    (void)frame;
    for (unsigned a = 0; a < c->ant_count; a++) {{
        Ant *ant = c->ants[a];
        (void)ant;
        {Ant}
    }}
    for (unsigned t = 0; t < 9 * CHUNK_SIZE * CHUNK_SIZE; t++) {{
        Tile *tile = &c->map->chunks[t / 3 % 3][t % 3]->tiles[t / 9 / CHUNK_SIZE][t / 9 % CHUNK_SIZE];
        (void)tile;
        {Tile}
    }}
    {rest}
}}

MOLT_EXPORT bool main_loop(void *state)
{{
    bool more = game_main_loop(state);
    fill(state);
    return more;
}}
"""
PLACES = {"Ant": ("ant", "(unsigned)ant->id * 31u + frame / 4u"),
          "Tile": ("tile", "t * 17u + frame / 32u"),
          "Queen": ("c->nest->queen", "frame"), "Nest": ("c->nest", "frame"),
          "Map": ("c->map", "frame"), "Colony": ("c", "frame")}


class Version:
    """`text` of the header, `source` that includes the game's files, and the genes that it has."""

    def __init__(self, game, genes, seed, wild=True, required=False):
        chance = random.Random(f"version {seed}")
        self.game = game
        self.header = Header(game.header)
        self.genes = [gene for gene in genes if wild and chance.random() < 0.5]
        self.defines = []
        if wild:
            self._edit(chance)
        for gene in self.genes:
            self._add(chance, gene.owner, gene.declare(chance))
        if required: # which no older version can have
            self._add(chance, chance.choice(("Ant", "Tile", "Map")), f"int need{seed} MOLT_REQUIRED;")
        self.text = self.header.text
        self.source = self._source()

    def _add(self, chance, struct, declaration):
        self.header.insert_at(struct, chance.randrange(self.header.count(struct) + 1), declaration)

    def _edit(self, chance):
        for struct, type_, field in self.game.scalars:
            if chance.random() < 0.2:
                self.header.retype(struct, field, f"{chance.choice(WIDER[type_])} {field};")
        self._grow(chance)
        self._renumber(chance)
        for name in self.game.renamed:
            self._rename(name, chance.choice(ENDINGS))
        for struct in SHUFFLED:
            if chance.random() < 0.4:
                self.header.shuffle(struct, chance.random())
        for struct in WRAPPED:
            if chance.random() < 0.3:
                first = chance.randrange(self.header.count(struct))
                self.header.wrap_at(struct, first, chance.randrange(first, self.header.count(struct)))

    def _grow(self, chance):
        for type_, name in (("uint16_t", "homeward"), ("Tile", "tiles")):
            more = chance.choice(((0, 0), (0, 1), (2, 1), (2, 3))) # no two of one size: that is a reshape
            self.header.retype("Chunk", name,
                               f"{type_} {name}[CHUNK_SIZE + {more[0]}][CHUNK_SIZE + {more[1]}];")
        self.header.retype("Nest", "chambers", f"Chamber chambers[CHAMBER_COUNT + {chance.randrange(4)}];")
        self.header.retype("Spider", "name", f"char name[NAME_LENGTH + {chance.randrange(9)}];")

    def _renumber(self, chance):
        kinds = ["TILE_ROCK", "TILE_WATER", "TILE_MOSS"]
        chance.shuffle(kinds)
        self.header.replace("    TILE_ROCK,\n    TILE_WATER,\n", "".join(f"    {k},\n" for k in kinds))
        bits = chance.sample(range(12), 4)
        for bit, (name, was) in zip(bits, (("VETERAN", 0), ("SWIFT", 1), ("BOLD", 2), ("HARDY", 3))):
            self.header.replace(f"TRAIT_{name} = 1 << {was}", f"TRAIT_{name} = 1 << {bit}")
        self.header.replace("EVENT_BIRTHS = 1,", f"EVENT_BIRTHS = {chance.randrange(1, 9)},")

    def _rename(self, name, ending):
        """To any of its names from any other; the sources go on calling it by the first."""
        struct = self.game.unique[name]
        units = self.header.fields(struct)
        index = next(i for i, unit in enumerate(units) if declares(unit) == name)
        if re.search("MOLT_WAS|MOLT_MOVED", units[index]): # which says where the value comes from
            return
        code = COMMENT.sub("", units[index]).strip().rstrip(";")
        others = ", ".join(f'"{name}{other}"' for other in ENDINGS if other != ending)
        code = re.sub(rf"\b{name}\b((?:\[[^]]*\])*(?:\s*:\s*\d+)?)",
                      rf"{name}{ending}\1 MOLT_WAS({others})", code)
        self.header.set_at(struct, index, f"{code};")
        if ending:
            self.defines.append(f"#define {name} {name}{ending}\n")

    def _source(self):
        fills = {owner: [] for owner in OWNERS}
        for gene in self.genes:
            fills[gene.owner].append(gene.fill(*PLACES[gene.owner]))
        rest = [line for owner in OWNERS[2:] for line in fills[owner]]
        return "".join(
            ["#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n",
             "#include <molt/platform_api.h>\n", *self.defines, '#include "colony.h"\n',
             *self.game.includes,
             FILL.format(Ant="\n        ".join(fills["Ant"]), Tile="\n        ".join(fills["Tile"]),
                         rest="\n    ".join(rest))])


def declares(unit):
    """The one name that a declaration of the header declares; None where it is not one."""
    code = re.sub(r"MOLT_\w+(\([^)]*\))?", "", COMMENT.sub("", unit))
    found = re.findall(r"(\w+)\s*(?:\[[^]]*\]\s*)*(?::\s*\d+\s*)?[;,]", code)
    return found[0] if len(found) == 1 and "{" not in code else None


class Game:
    """What the sources of the game offer to be changed; `renamed` are members that versions call otherwise."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.header = (folder / "colony.h").read_text()
        for old, new in SIZES.items():
            if self.header.count(old) != 1:
                raise ValueError(f"{old!r} is not in the header")
            self.header = self.header.replace(old, new)
        sources = {path.name: path.read_text() for path in sorted(folder.glob("*.c"))}
        self.code = "".join(sources.values())
        self.includes = list(self._includes(sources))
        header = Header(self.header)
        names = [(struct, unit) for struct in SHUFFLED for unit in header.fields(struct)]
        self.scalars = list(self._scalars(names))
        words = Counter(re.findall(r"\w+", COMMENT.sub("", self.header)))
        called = set(re.findall(r"(\w+)\(", self.code))
        self.unique = {declares(unit): struct for struct, unit in names if words[declares(unit)] == 1
                       and declares(unit) not in called and len(declares(unit)) > 3
                       and declares(unit) not in NAMED_IN_PATHS}
        chance = random.Random(f"renamed {seed}")
        self.renamed = [name for name in self.unique if chance.random() < 0.3]

    @staticmethod
    def _includes(sources):
        """All in one, which compiles in a tenth of the time; static names get apart."""
        seen = [name for text in sources.values()
                for name in set(re.findall(r"^static [\w *]*?(\w+)\(", text, re.MULTILINE))]
        twice = sorted({name for name in seen if seen.count(name) > 1})
        for file in sources:
            stem = file.removesuffix(".c")
            apart = twice + (["main_loop"] if stem == "colony" else [])
            for name in apart:
                new = "game_main_loop" if name == "main_loop" else f"{name}_{stem}"
                yield f"#define {name} {new}\n"
            yield f'#include "{file}"\n'
            for name in apart:
                yield f"#undef {name}\n"

    def _scalars(self, names):
        for struct, unit in names:
            match = re.fullmatch(r"\s*(u?int(?:8|16|32)_t) (\w+);\s*", COMMENT.sub("", unit))
            if match and not re.search(rf"&[\w.>\[\]-]*\b{match.group(2)}\b", self.code):
                yield struct, match.group(1), match.group(2)
