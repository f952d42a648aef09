/* what lies outside is kept bit for bit, MOLT_EXTERNAL whatever it is
 * expect: migrated
 * through-file: wrong a file holds nothing foreign
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    FILE *file;
    void *any;
    struct State *odd MOLT_EXTERNAL;
    int n;
} State;
#else
typedef struct State {
    int more;
    FILE *file;
    void *any;
    int n;
    struct State *odd MOLT_EXTERNAL;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->file = stderr;
    s->any = (void *)stdout;
    s->odd = (struct State *)0xDEAD0;
    s->n = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->file == stderr);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->file == stderr && s->any == (void *)stdout && s->odd == (struct State *)0xDEAD0 &&
          s->n == 3);
    return true;
}
#endif

CASE_MAIN
