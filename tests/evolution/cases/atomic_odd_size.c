/* compilers do not agree on the size of an _Atomic struct of three bytes
 * expect: codegen-error '_Atomic(Rgb)', to which compilers give different sizes
 */
#include "case.h"

typedef struct Rgb {
    unsigned char r, g, b;
} Rgb;
typedef struct State {
    _Atomic Rgb colour;
} State;
MOLT_ROOT(State);

static State *make(void)
{
    return molt_new(State);
}

static bool check(State *s)
{
    (void)s;
    return true;
}

CASE_MAIN
