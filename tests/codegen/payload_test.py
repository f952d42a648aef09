"""Structs that code takes out of untyped pointers are types of the game."""
import unittest

from fixture import GameTest

USE = """
struct Item { int n; long link; };
typedef struct Game { void *any; char *at; } Game;
int use(Game *game);
"""


class Payload(GameTest):
    def test_a_cast_names_what_lies_there(self):
        schema = self.schema_of(USE + """
int use(Game *game) { return ((const struct Item *)game->any)->n; }
""")
        self.assertIn("Item", schema.types)

    def test_so_does_a_conversion_and_container_of(self):
        schema = self.schema_of(USE + """
struct Other { short s; struct Item *first; };
struct Third { int t; };
int use(Game *game)
{
    struct Other *other = game->any;
    return other->s + ((struct Third *)(void *)(game->at - sizeof(int)))->t;
}
""")
        self.assertLessEqual({"Item", "Other", "Third"}, set(schema.types))

    def test_other_pointers_name_nothing(self):
        schema = self.schema_of(USE + """
int use(Game *game)
{
    struct Item item = {1, 2}, *one = &item, *none = 0;
    return one->n + (none == 0) + (game != 0);
}
""")
        self.assertNotIn("Item", schema.types)

    def test_nothing_is_refused_about_them(self):
        schema = self.schema_of("""
struct Odd { union { int *p; long n; } u; struct { int k; } v[]; };
typedef struct Game { void *any; } Game;
int use(Game *game);
int use(Game *game) { return ((struct Odd *)game->any)->u.n == 0; }
""")
        self.assertIn("Odd", schema.types)

    def test_flexible_arrays_are_such_without_an_allocation(self):
        schema = self.schema_of("""
struct Bag { struct Bag *next; short n; unsigned char body[]; };
struct Held { int n; char text[]; };
struct Holder { struct Held held; long k; };
typedef struct Game { void *any, *other; } Game;
int use(Game *game);
int use(Game *game)
{
    return ((struct Bag *)game->any)->n + (int)((struct Holder *)game->other)->k;
}
""")
        fields = {field["name"]: field["type"] for field in schema.types["Bag"]["fields"]}
        self.assertEqual("unsigned char[]", fields["body"])
        held = {field["name"]: field["type"] for field in schema.types["Held"]["fields"]}
        self.assertEqual("char[0]", held["text"]) # metadata has no such array inside of a struct

    def test_structs_of_system_headers_are_not_followed(self):
        schema = self.schema_of("""
#include <time.h>
typedef struct Game { void *any; } Game;
int use(Game *game);
int use(Game *game) { return ((struct tm *)game->any)->tm_sec; }
""")
        self.assertNotIn("tm", schema.types)

    def test_every_game_has_char(self):
        self.assertIn("char", self.schema_of("typedef struct Game { int n; } Game;").types)


if __name__ == "__main__":
    unittest.main()
