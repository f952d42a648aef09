/* What the two sources of plain_wrappers.c share. */
#ifndef PLAIN_WRAPPERS_H
#define PLAIN_WRAPPERS_H

#include <stddef.h>

#include <molt/molt.h>

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int number;
} Ant;
typedef struct Bee {
    int number;
#if VERSION == 2
    double honey;
#endif
} Bee;
typedef struct Wasp {
#if VERSION == 2
    char name[20];
#endif
    int number;
    Bee bee;
} Wasp;
typedef struct State {
    Ant *ants;
    Bee **bees;
    Wasp *wasp;
} State;
MOLT_ROOT(State);

void *checked(size_t size);
Wasp *make_wasp(int number);

#endif
