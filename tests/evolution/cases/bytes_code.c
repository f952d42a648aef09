/* addresses in the library that lie in bytes follow it: functions, variables, constants, literals
 * expect: migrated
 * report: info address-in-bytes State.data
 * report: info address-in-bytes Bag.bytes
 * report: info address-in-bytes bytes_code.c:stash
 * report: info address-in-bytes bytes_code.c:83 (make)
 * report: info address-in-bytes bytes_code.c:84 (make)
 * json: no, the addresses in the bytes would mean nothing
 * undo: differs the text that went is on the heap by then
 * through-file: differs a file cannot keep the addresses
 */
#include "case.h"

#include <stddef.h>
#include <stdlib.h>

#if VERSION == 1
#define GOES "a literal that goes"
#else
#define GOES (const char[]){"a literal" " that goes"}
int first_in_the_image = 4; /* so that nothing lies where it lay */
int also_there(int n)
{
    return n * first_in_the_image;
}
#endif

typedef int Step(int);
typedef struct Bag {
#if VERSION == 2
    double weight;
#endif
    char mark;
    char bytes[12]; /* at an odd offset, and a word from its begin on */
} Bag;
typedef struct State {
    char *arena;
    void *raw;
    unsigned char data[16];
#if VERSION == 2
    int added;
#endif
    Bag *bags;
} State;
MOLT_ROOT(State);

typedef struct Kind {
    const char *name;
    int legs;
} Kind;
static const Kind kinds[] = {{"ant", 6}, {"spider", 8}};
static int counter;
static int numbers[4];
static char stash[64];

static int twice(int n)
{
    counter++;
    return 2 * n;
}

#if VERSION == 1
static void put(void *to, const void *pointer)
{
    memcpy(to, &pointer, sizeof pointer);
}

static void put_step(void *to, Step *step)
{
    memcpy(to, &step, sizeof step);
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    size_t size = 64;
    size += (size_t)counter;
    s->bags = calloc(3, sizeof *s->bags);
    put(&s->bags[2].bytes, &counter);
    put_step(s->data, twice);
    put(stash + 8, &kinds[1]);
    put(stash + 16, "a literal that stays");
    s->arena = malloc(100);
    s->raw = malloc(size);
    put(s->arena, "a literal that goes");
    put(s->arena + 88, &numbers[3]);
    put_step(s->arena + 8, twice);
    put_step(s->raw, twice);
    numbers[3] = 33;
    counter = 5;
    return s;
}
#endif

static void *get(const void *from)
{
    void *pointer;
    memcpy(&pointer, from, sizeof pointer);
    return pointer;
}

static Step *get_step(const void *from)
{
    Step *step;
    memcpy(&step, from, sizeof step);
    return step;
}

static bool check(State *s)
{
    CHECK(get(&s->bags[2].bytes) == &counter && counter >= 5);
    CHECK(get_step(s->data) == twice && get_step(s->data)(4) == 8);
    CHECK(get(stash + 8) == &kinds[1]);
    CHECK(strcmp(get(stash + 16), "a literal that stays") == 0);
    CHECK(strcmp(get(s->arena), GOES) == 0);
    CHECK(get(s->arena + 88) == &numbers[3] && numbers[3] == 33);
    CHECK(get_step(s->arena + 8) == twice && get_step(s->raw) == twice);
    return true;
}

CASE_MAIN
