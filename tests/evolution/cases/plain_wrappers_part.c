#include <stdlib.h>

#include "plain_wrappers.h"

/* Another one of this name: it hides a header in front of what it gives. */
static void *take(size_t size)
{
    size_t *block = malloc(size + 2 * sizeof *block);
    if (!block)
        abort();
    return block + 2;
}

void *checked(size_t size)
{
    void *block = malloc(size);
    if (!block)
        abort();
    return block;
}

Wasp *make_wasp(int number)
{
    free((size_t *)take(100) - 2);
    Wasp *wasp = checked(sizeof *wasp);
    wasp->number = number;
    wasp->bee.number = number + 1;
    return wasp;
}
