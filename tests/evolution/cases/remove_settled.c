/* MOLT_REMOVED lets fields, arms, enumerators, flags and variables go, under the strict policy too
 * expect: migrated
 * report: info field-removed State.b 1
 * report: info possible-rename State.old 1
 * report: info enumerator-removed State.mood 1
 * report: info flag-removed State.set 1
 * report: info enumerator-removed State.kind 1
 * report: info union-arm-removed State.f 1
 * report: info field-removed score 1
 */
#include "case.h"

#if VERSION == 1
enum Set { X = 1, Y = 2 } MOLT_FLAGS;
enum Mood { CALM, ANGRY, SAD };
enum Kind { KIND_I, KIND_F };
typedef struct State {
    int a;
    double b;
    short old;
    enum Mood mood;
    enum Set set;
    enum Kind kind;
    union {
        int i;
        double f;
    } MOLT_TAG(kind);
} State;
int score;
#else
enum Set { Y = 1 } MOLT_FLAGS MOLT_REMOVED("X");
enum Mood { CALM MOLT_FALLBACK, ANGRY } MOLT_REMOVED("SAD");
enum Kind { KIND_I MOLT_FALLBACK } MOLT_REMOVED("KIND_F");
typedef struct State {
    int a;
    short candidate;
    enum Mood mood;
    enum Set set;
    enum Kind kind;
    union {
        int i;
    } MOLT_TAG(kind);
} MOLT_REMOVED("b", "old", "f", ":score") State;
#endif
MOLT_ROOT(State);
int level;

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 2.5;
    s->old = 3;
    s->mood = SAD;
    s->set = X | Y;
    s->kind = KIND_F;
    s->f = 0.5;
    score = 9;
    level = 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1 && s->b == 2.5 && s->old == 3 && s->mood == SAD && s->set == (X | Y));
    CHECK(s->kind == KIND_F && s->f == 0.5 && score == 9 && level == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->candidate == 0 && s->mood == CALM && s->set == Y);
    CHECK(s->kind == KIND_I && s->i == 0 && level == 4);
    return true;
}
#endif

CASE_MAIN
