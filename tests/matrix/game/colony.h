/* A game whose state is full of addresses in the library: static functions of two files, those that
 * optimisers clone, split and fold, rows of tables that hold functions, literals; and variables that they
 * would take apart. Version 2 differs in code alone, 3 in a struct besides, 4 lacks a function, 5 has
 * another signature, 6 makes two equal functions differ. */
#ifndef COLONY_H
#define COLONY_H

#include "case.h"

typedef struct Ant Ant;
#if VERSION == 5
typedef int Step(Ant *ant, long by);
#else
typedef int Step(Ant *ant, int by);
#endif

typedef struct Kind {
    const char *name;
    Step *step;
    int legs;
} Kind;

struct Ant {
#if VERSION == 3
    double weight MOLT_DEFAULT(2);
#endif
    int walked;
#if VERSION == 3
    const Kind *kind;
    Step *step;
#else
    Step *step;
    const Kind *kind;
#endif
    const char *says;
};

enum { ANTS = 3 };
typedef struct State {
    Ant *ants[ANTS];
    Step *walk_move, *dig_move; /* of one name in two files */
    Step *grow, *careful, *once; /* with clones, a cold part, a part of their own */
    Step *same_one, *same_two;   /* of equal code */
    Step *shared;
    void *anything;
    const Kind *kinds[2];
} State;

extern const Kind walkers[2];
int shared_step(Ant *ant, int by);
State *walk_start(void);
bool walk_check(State *state);
void dig_fill(State *state);
bool dig_check(State *state);

#endif
