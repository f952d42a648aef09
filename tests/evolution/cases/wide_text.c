/* wchar_t, char16_t and char32_t are integers of their size; bounds may come from macros and enums
 * expect: migrated
 * report: info array-resized State.wide
 */
#include "case.h"

#include <uchar.h>
#include <wchar.h>

enum Job { JOB_DIG, JOB_REST, JOB_COUNT = VERSION + 1 };
#define ROWS (JOB_COUNT * 2)

typedef struct State {
    wchar_t wide[8 * VERSION];
    char16_t text16[4];
    char32_t text32[4];
    int by_job[JOB_COUNT][ROWS];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    wcscpy(s->wide, L"grünt");
    s->text16[0] = u'\u20ac';
    s->text32[3] = U'\U0001F41C';
    s->by_job[1][3] = 13;
    return s;
}

static bool check(State *s)
{
    CHECK(s->by_job[1][3] == 13);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(wcscmp(s->wide, L"grünt") == 0 && s->text16[0] == u'\u20ac');
    CHECK(s->text32[3] == U'\U0001F41C');
    CHECK(s->by_job[1][3] == 13 && s->by_job[2][5] == 0);
    return true;
}
#endif

CASE_MAIN
