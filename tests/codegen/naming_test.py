"""Which types are found, how far they are followed and what they are called."""
import json
import unittest

from fixture import GameTest, Schema


class Naming(GameTest):
    def test_root_and_every_allocation_are_followed(self):
        schema = self.schema_of("""
typedef struct Leaf { int n; } Leaf;
struct Branch { Leaf *leaf; };
typedef struct Game { int a; } Game;
static inline void *unused_helper(void) { return molt_new(struct Branch); }
void *make(int n);
void *make(int n) { return n > 0 ? (void *)molt_new_array(Game *, n) : (void *)molt_new_array(int, n); }
""")
        self.assertEqual(schema.json["roots"], {"state": "Game"})
        self.assertEqual(schema.json["spellings"],
                         {"Game *": "Game *", "int": "int", "struct Branch": "Branch"})
        self.assertEqual(schema.types["Leaf"]["kind"], "struct")

    def test_macro_in_an_allocation_is_spelled_as_the_game_passes_it(self):
        schema = self.schema_of("""
typedef struct Game { int a; } Game;
#define THING Game
void *make(void);
void *make(void) { return molt_new(THING); }
""")
        self.assertEqual(schema.json["spellings"], {"Game": "Game"})

    def test_external_and_system_records_are_not_followed(self):
        schema = self.schema_of("""
#include <stdio.h>
#include <time.h>
struct Api { int (*call)(int); struct Other *other; };
struct Other { int x; };
typedef struct Game { const struct Api *api MOLT_EXTERNAL; FILE *log; struct tm when; } Game;
""")
        self.assertEqual(schema.types["Api"]["kind"], "opaque")
        self.assertNotIn("Other", schema.types)
        self.assertEqual(schema.types["_IO_FILE"]["kind"], "opaque")
        self.assertEqual(schema.types["tm"]["kind"], "struct")
        self.assertEqual(schema.types["tm"]["file"].count("/"), 0)

    def test_record_only_seen_in_a_signature_is_opaque_until_reached(self):
        text = """
struct Seen { int x; };
struct Met { int y; };
typedef struct Game { void (*call)(struct Seen *, struct Met); struct Met *met; } Game;
"""
        schema = self.schema_of(text)
        self.assertEqual(schema.types["Seen"]["kind"], "opaque")
        self.assertEqual(schema.types["Met"]["kind"], "struct")

    def test_typedef_names_what_has_no_tag_and_annotations_of_both_places_count(self):
        schema = self.schema_of("""
typedef struct { int x; } Point MOLT_WAS("Spot");
typedef struct { int y; } MOLT_WAS("Dot") Mark;
typedef enum { ON = 1, OFF MOLT_FALLBACK } State MOLT_FLAGS;
typedef struct Game { Point p; Mark m; State s; } MOLT_WAS("World") Game;
""")
        for name, was in (("Point", "Spot"), ("Mark", "Dot"), ("Game", "World")):
            self.assertIn(was, str(schema.types[name]), name)
        self.assertTrue(schema.types["State"]["flags"])
        self.assertIn("fallback", str(schema.types["State"]["enumerators"][1]))

    def test_const_volatile_and_typedefs_change_nothing(self):
        plain = self.schema_of("typedef struct Game { int a; char *b; unsigned char c[4]; } Game;")
        dressed = self.schema_of("""typedef int Number; typedef const char Text;
typedef struct Game { volatile Number a; Text *const b; const uint8_t c[4]; } Game;""")
        self.assertEqual([(t["name"], t["kind"]) for t in plain.json["types"]],
                         [(t["name"], t["kind"]) for t in dressed.json["types"]])
        self.assertEqual(plain.json["hash"], dressed.json["hash"])

    def test_files_are_recorded_relative_to_the_base(self):
        self.write("src/deep/part.h", "typedef struct Part { int x; } Part;\n")
        self.write("src/game.c", '#include <molt/molt.h>\n#include <molt/platform_api.h>\n'
                                 '#include "deep/part.h"\n'
                                 "typedef struct Game { Part p; MoltColor c; } Game;\n"
                                 "MOLT_ROOT(Game);\n")
        self.generate("src/game.c", "--base", "src", "--schema", "schema.json")
        text = (self.folder / "schema.json").read_text()
        for wanted in ('"file":"deep/part.h"', '"file":"game.c"', '"file":"platform_api.h"'):
            self.assertIn(wanted, text.replace('": "', '":"'))
        self.assertNotIn(str(self.folder), text)

    def test_private_types_of_one_name_are_called_after_their_files(self):
        self.write("sub/other.c", """#include <molt/molt.h>
typedef struct Part { char *text; struct { int x; } inner; } Part;
typedef struct Same { int x; } Same;
typedef struct Owner { Part *(*find)(Part *, int); _Atomic(Part *) next; Part parts[2][3]; } Owner;
void *other(void);
void *other(void) { return molt_new(Same) ? (void *)molt_new(Owner) : molt_new(Part); }
""")
        self.write("game.c", """#include <molt/molt.h>
typedef struct Part { int x; } Part;
typedef struct Same { int x; } Same;
typedef struct Game { Part *part; Same *same; void *owner; } Game;
MOLT_ROOT(Game);
void *make(void);
void *make(void) { return molt_new(Part); }
""")
        self.generate("game.c", "sub/other.c", "--base", ".", "--schema", "schema.json")
        schema = Schema(json.loads((self.folder / "schema.json").read_text()))
        there = "sub/other.c:Part"
        self.assertNotIn("Part", schema.types)
        self.assertEqual(schema.field("Game", "part")["type"], "game.c:Part *")
        self.assertEqual(schema.field("Game", "same")["type"], "Same *")
        self.assertEqual(schema.field(there, "inner")["type"], f"{there}::inner")
        self.assertEqual([f["type"] for f in schema.types["Owner"]["fields"]],
                         [f"{there} *(*)({there} *, int)", f"_Atomic({there} *)", f"{there}[2][3]"])
        self.assertEqual(schema.json["spellings"],
                         {"Owner": "Owner", "Same": "Same", "game.c:Part": "game.c:Part",
                          there: there})

    def test_unsigned_char_flag_is_honoured(self):
        schema = self.schema_of("typedef struct Game { char c; } Game;", flags=["-funsigned-char"])
        self.assertFalse(schema.json["abi"]["char_signed"])
        self.assertFalse(schema.types["char"].get("signed", False))


if __name__ == "__main__":
    unittest.main()
