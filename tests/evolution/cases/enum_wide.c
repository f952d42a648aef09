/* enumerators of 64 bits and of either sign, in storage of any size
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
__extension__ typedef enum Mask { MASK_NONE, MASK_ALL = 0xffffffffffffffffu } Mask;
__extension__ typedef enum Depth { DEPTH_FLOOR = -9223372036854775807, DEPTH_TOP = 1 } Depth;
typedef enum Tiny { TINY_A, TINY_B = 200 } __attribute__((packed)) Tiny;
typedef enum Sign { SIGN_MINUS = -1, SIGN_PLUS = 1 } __attribute__((packed)) Sign;
#else
__extension__ typedef enum Mask {
    MASK_NONE,
    MASK_SOME,
    MASK_ALL = 0xfffffffffffffff0u
} Mask;
__extension__ typedef enum Depth { DEPTH_TOP = 7, DEPTH_FLOOR = -9223372036854775807 } Depth;
typedef enum Tiny { TINY_B, TINY_A = 60000 } __attribute__((packed)) Tiny;
typedef enum Sign { SIGN_PLUS = 1, SIGN_MINUS = 5000000000 } Sign;
#endif
typedef struct State {
    Mask mask;
    Depth depth, top;
    Tiny tiny;
    Sign sign;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->mask = MASK_ALL;
    s->depth = DEPTH_FLOOR;
    s->top = DEPTH_TOP;
    s->tiny = TINY_B;
    s->sign = SIGN_MINUS;
    return s;
}

static bool check(State *s)
{
    CHECK(s->sign == SIGN_MINUS);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->mask == MASK_ALL && s->depth == DEPTH_FLOOR && s->top == DEPTH_TOP);
    CHECK(s->tiny == TINY_B && s->sign == SIGN_MINUS);
    return true;
}
#endif

CASE_MAIN
