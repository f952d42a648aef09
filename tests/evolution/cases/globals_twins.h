/* A helper with a static of its own in each source. */
#ifndef GLOBALS_TWINS_H
#define GLOBALS_TWINS_H

int part_counter(int add);
int part_helper(void);

static inline int shared_helper(int add)
{
    static int calls;
    calls += add;
    return calls;
}

#endif
