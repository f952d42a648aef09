"""Which structs the metadata says never lie in the library's image."""
import re
import unittest

from fixture import GameTest

PART = """
#include <stddef.h>
#include <stdlib.h>
#include <molt/molt.h>
#define TYPE(T) typedef struct T { struct T *next; int n; } T;
TYPE(Plain) TYPE(Made) TYPE(Resized) TYPE(Cleared) TYPE(Link)
TYPE(Variable) TYPE(Constant) TYPE(Inside) TYPE(Grown) TYPE(Literal) TYPE(Returned) TYPE(Transient)
TYPE(Elsewhere) TYPE(FromVoid) TYPE(FromBytes) TYPE(FromNumber) TYPE(Called) TYPE(Answer) TYPE(Slots)
TYPE(Base) TYPE(Kind) TYPE(Local)
typedef struct Holder { int n; Link link; Plain *plain; } Holder;
typedef struct Outer { struct { Inside inside[2]; }; } Outer;
typedef struct Derived { Base base; int more; } Derived;
typedef struct Node { Link link; int n; } Node;
typedef struct Game {
    Plain *plain; Made *made; Resized **resized; Cleared *cleared; Link *link; Variable *variable;
    Constant *constant; Inside *inside; Outer *outer; Grown *grown; Literal *literal; Returned *returned;
    Transient *transient; Elsewhere *elsewhere; FromVoid *from_void; FromBytes *from_bytes;
    FromNumber *from_number; Called *called; Answer *answer; Slots *slots; Base *base; Derived *derived;
    Kind *kind; Local *local; Holder *holder; Node *node; void *any; char *bytes; unsigned long number;
    void (*step)(void *); Answer *(*ask)(void);
} Game;
extern Elsewhere elsewhere;
"""
GAME = """
#include "part.h"
Variable variable;
static const Constant constants[2] = {{0, 1}};
static Outer outer;
static Literal *literal = &(Literal){0, 1};
MOLT_TRANSIENT static Transient transient[3];
static Holder *holders[4];
static const Derived derived = {{0, 1}, 2};
Holder *holder_of(Link *link) { return (Holder *)((char *)link - offsetof(Holder, link)); }
static void step(Called *called) { called->n++; }
static void *ask(void) { return NULL; }
const void *find(void);
int use(Game *game);
int use(Game *game)
{
    static Grown grown;
    Local local = {0, 1}, *nearby = &local;
    void **slots = game->any;
    game->made = molt_new(Made);
    game->plain = calloc(1, sizeof *game->plain);
    game->resized = molt_resize(game->resized, 3);
    game->cleared = NULL;
    game->node = (Node *)game->link;
    game->from_void = game->any;
    game->from_bytes = (FromBytes *)(game->bytes + 8);
    game->from_number = (FromNumber *)game->number;
    game->step = (void (*)(void *))step;
    game->ask = (Answer * (*)(void)) ask;
    game->returned = (Returned *)find();
    game->slots = *(Slots **)slots;
    game->kind = (Kind *)game->base;
    return nearby->n + grown.n + transient[0].n + (holders[0] != NULL) + (literal == NULL) + derived.more;
}
MOLT_ROOT(Game);
"""
OTHER = '#include "part.h"\nElsewhere elsewhere;\n'


class ImageTypes(GameTest):
    def apart(self):
        self.generate("game.c", "other.c", "--schema", "schema.json", "--metadata", "metadata.c", "--depfile",
                      "game.d")
        text = (self.folder / "metadata.c").read_text()
        names = dict(re.findall(r"^    /\* (\d+): (\S+) \*/$", text, re.M))
        table = re.search(r"apart_types\[\] = \{([^}]*)\}", text)
        numbers = re.findall(r"\d+", table.group(1))
        self.assertEqual(numbers, sorted(numbers, key=int))
        return {names[n] for n in numbers}

    def test_what_no_source_puts_there_is_apart(self):
        self.write("part.h", PART)
        self.write("game.c", GAME)
        self.write("other.c", OTHER)
        self.assertEqual(self.apart(), {"Game", "Plain", "Made", "Resized", "Cleared", "Link", "Local",
                                        "Holder", "Node"})

    def test_a_pointer_that_becomes_another_takes_its_place_along(self):
        self.write("part.h", PART)
        self.write("game.c", GAME)
        self.write("other.c", OTHER + "static Link ring; Link *first(void); Link *first(void) { return &ring; }\n")
        self.assertEqual(self.apart(), {"Game", "Plain", "Made", "Resized", "Cleared", "Local"})


if __name__ == "__main__":
    unittest.main()
