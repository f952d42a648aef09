/* blocks of numbers that get another type, with pointers into them and past their end
 * expect: migrated
 * report: info number-converted State.heights 1
 * report: info number-converted State.rows 2
 * report: info number-converted number_block.c:cursor 1
 * undo: renumbered the blocks have other numbers
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 1
typedef int Height;
typedef float Real;
typedef uint16_t Tile;
#else
typedef int64_t Height;
typedef double Real;
typedef int Tile;
#endif

typedef struct View {
    Height *from, *to;
} View;
typedef struct State {
    Height *heights;
    View views[2];
    Real *rows[3];
    Height *none;
    int *others;
} State;
MOLT_ROOT(State);

static Tile *cursor;

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->heights = malloc(9 * sizeof *s->heights);
    for (int i = 0; i < 9; i++)
        s->heights[i] = -100000 * i;
    s->views[1] = (View){s->heights + 2, s->heights + 9};
    s->rows[0] = molt_new_array(Real, 4);
    s->rows[2] = calloc(4, sizeof *s->rows[2]);
    s->rows[0][3] = s->rows[2][1] = 1.5f;
    s->others = calloc(2, sizeof *s->others);
    s->others[1] = 7;
    cursor = calloc(5, sizeof *cursor);
    cursor += 4;
    *cursor = 60000;
    return s;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 9; i++)
        CHECK(s->heights[i] == -100000 * i);
    CHECK(s->views[1].from == s->heights + 2 && s->views[1].to == s->heights + 9 &&
          !s->views[0].to);
    CHECK(s->rows[0][3] == 1.5f && s->rows[0][0] == 0 && !s->rows[1] && s->rows[2][1] == 1.5f);
    CHECK(cursor[0] == 60000 && cursor[-4] == 0 && s->others[1] == 7 && !s->none);
    return true;
}

CASE_MAIN
