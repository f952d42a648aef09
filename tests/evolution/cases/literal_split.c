/* a stored literal with NULs inside keeps all its bytes: where the new code has others that begin alike, and
 * where it has none of it
 * expect: migrated
 * report: info literal-copied State.gone 1
 * report: info literal-copied State.gone_list 1
 */
#include "case.h"

#define ALL "Low\0Medium\0High\0"

typedef struct State {
#if VERSION == 2
    double more;
#endif
    const char *list, *inner, *low, *empty;
    const unsigned char *bytes;
    const void *any;
    const char *gone, *gone_list;
} State;

static const char *lists(int which)
{
#if VERSION == 1
    return which == 0 ? ALL : which == 1 ? "Low" : "gone\0of\0the\0first";
#else
    return which == 0 ? ALL : which == 1 ? "Low" : "gone";
#endif
}

static const void *numbers(void)
{
    return "\x01\x00\x07\x09\x00";
}

static const void *any(void)
{
    return "a\0b\0\0" "c\0d\0e";
}
#if VERSION == 2
const char *other_lists(int which)
{
    return which == 0 ? "\x01" : which == 1 ? "ab" : which == 2 ? "Medium" : "a";
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->list = lists(0);
    s->inner = lists(0) + 4;
    s->low = lists(1);
    s->empty = "\0\0";
    s->bytes = numbers();
    s->any = any();
    s->gone = lists(2);
    s->gone_list = "ab\0cd";
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(memcmp(s->list, ALL, sizeof ALL) == 0);
    CHECK(memcmp(s->inner, &ALL[4], sizeof ALL - 4) == 0);
    CHECK(strcmp(s->low, "Low") == 0 && strcmp(lists(1), "Low") == 0);
#ifndef __SANITIZE_ADDRESS__ /* whose zones between variables are NULs, too */
    CHECK(memcmp(s->empty, "\0\0", 3) == 0);
#endif
    CHECK(memcmp(s->bytes, numbers(), 6) == 0);
    CHECK(memcmp(s->any, any(), 11) == 0);
    CHECK(memcmp(s->gone, "gone", 5) == 0 && strcmp(s->gone + 5, "of") == 0);
    CHECK(strcmp(s->gone + 8, "the") == 0 && strcmp(s->gone + 12, "first") == 0);
    CHECK(strcmp(s->gone_list, "ab") == 0 && strcmp(s->gone_list + 3, "cd") == 0);
#if VERSION == 2
    CHECK(s->list == lists(0) && s->inner == lists(0) + 4 && s->any == any());
    CHECK(strcmp(lists(2), "gone") == 0 && s->more == 0);
#endif
    return true;
}

CASE_MAIN
