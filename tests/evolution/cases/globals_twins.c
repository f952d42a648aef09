/* statics of one name in two functions, two blocks, two files and on one line are told apart
 * expect: migrated
 * with: globals_twins_part.c
 * cflags: -Wno-unused-but-set-variable
 */
#include "case.h"

#include "globals_twins.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

static int counter = 1000;

static int left(int add)
{
#if VERSION == 2
    static int inserted;
    inserted += add;
#endif
    static int counter;
    counter += add;
    return counter;
}

static int right(int add)
{
    static int counter;
    counter += add;
    return counter;
}

static int blocks(int which, int add)
{
    if (which == 0) {
        static int n = 10;
        return n += add;
    } else {
        static int n = 20;
        return n += add;
    }
}

#define STEP(start, add)                                                                           \
    {                                                                                              \
        static int n = start;                                                                      \
        sum = sum * 100 + (n += add);                                                              \
    }
static int line(int add)
{
    int sum = 0;
    STEP(10, add) STEP(20, add * 2) STEP(30, add * 3)
    return sum;
}

static inline int inlined(int add)
{
    int sum = 0;
    STEP(40, add) STEP(50, add * 2)
    return sum;
}

#if VERSION == 1
static State *make(void)
{
    left(1);
    right(2);
    counter += 3;
    part_counter(4);
    shared_helper(5);
    blocks(0, 6);
    blocks(1, 7);
    line(1);
    inlined(1);
    inlined(1);
    return molt_new(State);
}
#endif

static bool check(State *s)
{
    CHECK(s->a == 0 && left(0) == 1 && right(0) == 2 && counter == 1003);
    CHECK(part_counter(0) == 4 && shared_helper(0) == 5 && part_helper() == 50);
    CHECK(line(0) == 112233 && inlined(0) == 4254);
    CHECK(blocks(0, 0) == 16 && blocks(1, 0) == 27);
    return true;
}

CASE_MAIN
