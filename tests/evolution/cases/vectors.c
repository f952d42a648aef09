/* vectors of n elements: by index like arrays, alignment kept
 * expect: migrated
 * report: loss elements-dropped State.shorter 1
 */
#include "case.h"

typedef float Float4 __attribute__((vector_size(16)));
typedef float Float8 __attribute__((vector_size(32)));
typedef double Double4 __attribute__((vector_size(32)));
typedef int Int4 __attribute__((vector_size(16)));

#if VERSION == 1
typedef struct State {
    Float4 same;
    Float4 wider;
    Float4 longer;
    Int4 shorter;
    float from_array[4];
    Int4 to_array;
    Float4 path[2];
} State;
#else
typedef struct State {
    char first;
    Float4 same;
    Double4 wider;
    Float8 longer;
    int shorter[2];
    Float4 from_array;
    long to_array[4];
    Float4 path[3];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 4; i++) {
        s->same[i] = s->wider[i] = s->longer[i] = s->from_array[i] = (float)i + 1;
        s->shorter[i] = i + 10;
        s->to_array[i] = i - 20;
        s->path[1][i] = (float)i / 2;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->same[3] == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK((uintptr_t)&s->wider % 32 == 0);
    CHECK(s->shorter[0] == 10 && s->shorter[1] == 11);
    for (int i = 0; i < 4; i++) {
        CHECK(s->same[i] == (float)i + 1 && s->wider[i] == i + 1 && s->longer[i] == (float)i + 1);
        CHECK(s->longer[i + 4] == 0 && s->from_array[i] == (float)i + 1);
        CHECK(s->to_array[i] == i - 20 && s->path[1][i] == (float)i / 2 && s->path[2][i] == 0);
    }
    return true;
}
#endif

CASE_MAIN
