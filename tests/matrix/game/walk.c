#include "colony.h"

MOLT_ROOT(State);

#define KEEP __attribute__((noinline))

#if VERSION > 1 /* nothing lies where it lay, and gcc counts its function statics anew */
static int first_of_all(int n)
{
    static int runs MOLT_TRANSIENT;
    runs += n;
    return runs;
}
int (*const volatile first_step)(int) = first_of_all;
#endif

#ifndef NO_STATICS
static int written;                /* never read */
static int seed = 4;               /* never written */
static struct Pair {
    int low, high;
} pair;                            /* clang takes it apart */
static bool lit;                   /* gcc shrinks it */
int mode = 11; /* all sources know it; clang shrinks it, when it links, to whether it is 7 */
const char *title = "none";
#endif

static KEEP int counted(int by)
{
#ifdef NO_STATICS
    return by;
#else
    static int calls = 10;
    calls += by;
    return calls;
#endif
}

static KEEP int move(Ant *ant, int by)
{
    return ant->walked + by * VERSION;
}

/* Called with one constant everywhere. */
static KEEP int grow(Ant *ant, int by)
{
    int sum = 0;
    for (int i = 0; i < by; i++)
        sum += ant->walked + i * by + VERSION;
    return sum;
}

__attribute__((cold, noinline)) static int complain(const char *text, int by)
{
    fprintf(stderr, "%s %d\n", text, by);
    return by / 2;
}

static KEEP int careful(Ant *ant, int by)
{
    if (__builtin_expect(by < -1000, 0)) {
        int sum = complain("so far back", by) + complain("is that right", by + VERSION);
        return sum + ant->walked;
    }
    return ant->walked - by;
}

#if VERSION == 4
#define once renamed
#endif
static int once(Ant *ant, int by)
{
    if (by == 0)
        return 0;
    int sum = by;
    for (int i = 0; i < by; i++) {
        sum += grow(ant, 3) * i;
        sum ^= careful(ant, i) + counted(0) * 0;
    }
    return sum + VERSION;
}

int shared_step(Ant *ant, int by)
{
    return ant->walked * 2 + by;
}

#if VERSION == 5
static int step_of_5(Ant *ant, long by)
{
    return ant->walked + (int)by;
}
#define STEP(name) step_of_5
#else
#define STEP(name) name
#endif

const Kind walkers[2] = {{"ant", STEP(move), 6}, {"spider", STEP(grow), 8}};

#if VERSION == 1
State *walk_start(void)
{
    State *state = molt_new(State);
    for (int i = 0; i < ANTS; i++) {
        state->ants[i] = molt_new(Ant);
        *state->ants[i] =
            (Ant){.walked = i, .step = move, .kind = &walkers[i % 2], .says = "a literal of walk.c"};
    }
    state->walk_move = move;
    state->grow = grow;
    state->careful = careful;
    state->once = once;
    state->shared = shared_step;
    state->anything = (void *)(uintptr_t)grow;
    state->kinds[0] = &walkers[1];
    counted(5);
#ifndef NO_STATICS
    written = 7;
    pair.low = 1;
    pair.high = 2;
    lit = true;
    mode = 7;
    title = "a title of walk.c";
#endif
    return state;
}
#endif

bool walk_check(State *state)
{
    CHECK(state->ants[2] != NULL);
#if VERSION != 4 && VERSION != 5
    Ant *ant = state->ants[2];
    CHECK(state->walk_move == move && state->grow == grow && state->careful == careful);
    CHECK(state->once == once && state->shared == shared_step);
    CHECK(state->anything == (void *)(uintptr_t)grow && state->kinds[0] == &walkers[1]);
    CHECK(state->kinds[0]->step == grow && state->kinds[0]->legs == 8);
    CHECK(ant->walked == 2 && ant->step == move && ant->step(ant, 3) == 2 + 3 * VERSION);
    CHECK(ant->kind == &walkers[0] && strcmp(ant->says, "a literal of walk.c") == 0);
    CHECK(state->grow(ant, 3) == grow(ant, 3) && state->careful(ant, 1) == careful(ant, 1));
    CHECK(state->once(ant, 4) == once(ant, 4) && grow(ant, 3) == 6 + 9 + 3 * VERSION);
#if VERSION == 3
    CHECK(ant->weight == 2);
#endif
#endif
#ifndef NO_STATICS
    CHECK(seed == 4 && pair.low == 1 && pair.high == 2 && lit && counted(0) == 15);
    CHECK(mode == 7 && strcmp(title, "a title of walk.c") == 0);
#if VERSION > 1
    CHECK(written == 7);
#endif
#endif
    return true;
}

#if VERSION == 1
static State *make(void)
{
    State *state = walk_start();
    dig_fill(state);
    return state;
}
#endif

static bool check(State *state)
{
    return walk_check(state) && dig_check(state);
}

CASE_MAIN
