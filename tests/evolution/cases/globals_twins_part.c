#include "globals_twins.h"

#if VERSION == 2
static char first;
#endif
static int counter;

int part_counter(int add)
{
#if VERSION == 2
    first++;
#endif
    counter += add;
    return counter;
}

int part_helper(void)
{
    static int once;
    if (!once) {
        once = 1;
        shared_helper(50);
    }
    return shared_helper(0);
}
