/* pointers into constant tables of the library follow by name
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Caste {
    int speed;
    int size;
} Caste;
typedef struct State {
    const Caste *caste;
    const int *speed;
} State;
#else
typedef struct Caste {
    int speed;
    int size;
} Caste;
typedef struct State {
    int more;
    const Caste *caste;
    const int *speed;
} State;
#endif
static const Caste castes[3] = {{1 * VERSION, 10}, {2 * VERSION, 20}, {3 * VERSION, 30}};
static const int limits[3] = {5, 6, 7};
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->caste = &castes[2];
    s->speed = &limits[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->caste->speed == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->caste == &castes[2] && s->caste->speed == 6 && s->speed == &limits[1]);
    return true;
}
#endif

CASE_MAIN
