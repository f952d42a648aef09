/* variables that an optimiser would take apart, shrink or leave out are there when the new code asks
 * expect: code
 * cflags: -Wno-unused-but-set-variable
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

typedef struct Pair {
    int used, unused;
} Pair;

static int only_written;
static int only_read = 7;
static int yes_or_no;
static int once_stored;
static Pair pair = {1, 2};
static const char *last_text;
static int unused_here;

/* Version 1 only writes what version 2 reads. */
static int look(int set)
{
    static int inside_written;
    static Pair inside = {3, 4};
#if VERSION == 1
    inside_written = set;
    inside.used += set;
    only_written = set * 2;
    if (set > 4) {
        yes_or_no = 1;
        once_stored = 1234;
    }
    pair.used = set;
    last_text = "written";
    return only_read;
#else
    (void)set;
    return inside_written == 5 && inside.used == 8 && inside.unused == 4 && only_written == 10 &&
           yes_or_no == 1 && once_stored == 1234 && pair.used == 5 && pair.unused == 2 &&
           strcmp(last_text, "written") == 0 && only_read == 7 && unused_here == 0;
#endif
}

#if VERSION == 1
static State *make(void)
{
    look(5);
    unused_here = 0;
    return molt_new(State);
}

static bool check(State *s)
{
    CHECK(s->a == 0 && pair.unused == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 0 && look(0));
    return true;
}
#endif

CASE_MAIN
