"""MOLT_TAG and MOLT_ARM: a union says which arm is active, or holds no pointers."""
import unittest

from fixture import GameTest

KIND = "enum Kind { KIND_A, KIND_B };"


def game(fields, before=KIND):
    return f"{before}\ntypedef struct Game {{\n    enum Kind kind;\n    {fields}\n}} Game;\n"


class Unions(GameTest):
    def test_notes_stand_on_the_member_and_its_arms(self):
        schema = self.schema_of(game("""
    union { int i; struct { short x, y; } MOLT_ARM(KIND_A); } MOLT_TAG(kind);
    union { int *p MOLT_ARM(KIND_B); long n MOLT_ARM(KIND_A); } u MOLT_TAG(kind);
""".replace("int i;", "int i MOLT_ARM(KIND_B);")))
        self.assertEqual(schema.field("Game", "<i,<x,y>>")["tag"], "kind")
        self.assertEqual(schema.field("Game::<i,<x,y>>", "<x,y>")["arm"], "KIND_A")
        self.assertEqual(schema.field("Game", "u")["tag"], "kind")
        self.assertEqual(schema.field("Game::u", "p")["arm"], "KIND_B")
        self.assertNotIn("arm", schema.field("Game", "kind"))

    def test_notes_survive_the_cache_of_units(self):
        text = game("union { int i; float f MOLT_ARM(KIND_B); } u MOLT_TAG(kind);")
        first = str(self.schema_of(text).types)
        self.assertEqual(str(self.schema_of(text).types), first)

    def test_pointers_without_a_tag(self):
        needs = "a union that holds pointers needs a tag that says which arm is active"
        for fields, place, owner, remedy in [
                ("union { int *p; long n; } u;", "5:31", "'Game.u'", "MOLT_TAG(kind)"),
                ("union { struct { int x[2]; char *s; }; long n; };", "5:5",
                 "'Game.<<x,s>,n>'", "MOLT_TAG(kind)"),
                ("union { int *p; long n; } u[2];", "5:31", "'Game.u'", "an array of structs"),
                ("union { int i; union { int *p; } u; } o MOLT_TAG(kind);", "5:38",
                 "'Game::o.u'", "the inner union and its tag")]:
            with self.subTest(fields=fields):
                self.assert_refused(game(fields), place, f"{owner}: {needs}", remedy)

    def test_external_pointers_need_no_tag(self):
        self.schema_of(game("union { void *handle MOLT_EXTERNAL; long n; } u;"))

    def test_objects_of_a_union_with_pointers(self):
        self.assert_refused(
            "union Any { int *p; long n; };\ntypedef struct Game { union Any *any; } Game;\n"
            "void *f(void);\nvoid *f(void) { return molt_new(union Any); }\n", "2:7",
            "'Any': objects of a union that holds pointers have no tag", "into a struct")

    def test_tags_that_select_nothing(self):
        for fields, place, message, remedy in [
                ("int n; union { int i; float f; } u MOLT_TAG(n);", "5:38",
                 "MOLT_TAG(n) of 'Game.u': 'n' is int", "declare the tag as an enum"),
                ("union { int i; float f; } u MOLT_TAG(sort);", "5:31",
                 "there is no field 'sort' beside it", "name a field"),
                ("int i MOLT_TAG(kind);", "5:9", "MOLT_TAG belongs on a union in a struct",
                 "put the union and its tag into a struct"),
                ("union { int i; float f; } u MOLT_TAG(3);", "5:31", "MOLT_TAG(3) names no field",
                 "the enum field beside"),
                ("union U { int i; float f; } MOLT_TAG(kind) u;", "5:11",
                 "MOLT_TAG means nothing here", "after its name")]:
            with self.subTest(fields=fields):
                self.assert_refused(game(fields), place, message, remedy)

    def test_flags_select_nothing(self):
        self.assert_refused(game("union { int i; } u MOLT_TAG(kind);",
                                 "enum Kind { KIND_A, KIND_B } MOLT_FLAGS;"), "5:22",
                            "'kind' is Kind, a set of flags", "one enumerator for each arm")

    def test_arms_without_an_enumerator_of_their_own(self):
        for arms, place, message, remedy in [
                ("int a, b, c;", "5:23", "'Game::u.c' is arm 3, but Kind has 2 enumerators",
                 "MOLT_ARM(ENUMERATOR)"),
                ("int a MOLT_ARM(KIND_C);", "5:17",
                 "MOLT_ARM(KIND_C) of 'Game::u.a': Kind has no such enumerator", "name an"),
                ("int a MOLT_ARM(3);", "5:17", "MOLT_ARM(3) names no enumerator",
                 "give the tag an enum"),
                ("int a MOLT_ARM(KIND_B); int b;", "5:41",
                 "'Game::u.a' and 'Game::u.b' are both selected by KIND_B", "of each arm")]:
            with self.subTest(arms=arms):
                self.assert_refused(game(f"union {{ {arms} }} u MOLT_TAG(kind);"), place, message,
                                    remedy)
        self.assert_refused(game("int a MOLT_ARM(KIND_A);"), "5:9",
                            "MOLT_ARM belongs on the arms of a union", "a member of the union")

    def test_arms_that_another_enumerator_is_called_after(self):
        kinds = "enum Kind { K_NONE, K_NUM, K_TEXT, REF };"
        noted = "union { int num MOLT_ARM(K_NUM); char *text MOLT_ARM(K_TEXT); } u MOLT_TAG(kind);"
        self.assert_refused(
            game("union { int num; char *text; int n; } u MOLT_TAG(kind);", kinds), "5:17",
            "'Game::u.num' is selected by K_NONE, by its place, but K_NUM has its name",
            "MOLT_ARM(ENUMERATOR)")
        self.schema_of(game(noted, kinds))
        self.schema_of(game("union { int text MOLT_ARM(K_NONE); int num, n, ref; } u MOLT_TAG(kind);", kinds))

    def test_arrays_name_the_enum_of_their_indices(self):
        schema = self.schema_of("""
typedef enum caste { WORKER, SCOUT } Caste;
typedef enum { DAY, NIGHT } Phase;
typedef struct Game {
    int a[2] MOLT_INDEX(Caste), b[2] MOLT_INDEX(enum caste);
    int c[2][3] MOLT_INDEX(Phase);
    struct { enum Inside { IN } i; int d[1] MOLT_INDEX(Inside); } s;
} Game;
""")
        self.assertEqual([schema.field("Game", name)["index"] for name in "abc"],
                         ["caste", "caste", "Phase"])
        self.assertEqual(schema.field("Game::s", "d")["index"], "Inside")
        self.assertEqual(len(schema.types["caste"]["enumerators"]), 2)

    def test_indices_that_no_enum_gives(self):
        for field, message, remedy in [
                ("int a[2] MOLT_INDEX(Nothing);", "MOLT_INDEX(Nothing) of 'Game.a': there is no such",
                 "this source can see"),
                ("int a[2] MOLT_INDEX(Bits);", "there is no such enum", "no set of flags"),
                ("int a MOLT_INDEX(Kind);", "MOLT_INDEX belongs on arrays; 'Game.a' is int",
                 "on an array"),
                ("int a[2] MOLT_INDEX(3);", "MOLT_INDEX(3) names no enum", "name the enum")]:
            with self.subTest(field=field):
                self.assert_refused(
                    game(field, "enum Kind { KIND_A }; enum Bits { BIT } MOLT_FLAGS;"), "5:9",
                    message, remedy)


if __name__ == "__main__":
    unittest.main()
