/* What a variable that the game has set takes from the initialiser in the new library: the parts that the
 * old one did not have. It must never know where a library has its variables. */
#ifndef MOLT_GLOBALS_START_H
#define MOLT_GLOBALS_START_H

#include "plan_ops.h"

/* The variable is field `before` of the old globals type and field `after` of the new one (indices in
 * the tables). Copies elements and fields without a source from `initial`, a value of the new type, to
 * `to`, another one; what has a source is left alone, and text and unions are, which have no parts.
 * `empty` says that a part goes only where `to` is zero: what is not zero there has a default. */
void molt__globals_start_parts(const MoltPlan *plan, uint32_t before, uint32_t after,
                               const unsigned char *initial, unsigned char *to, bool empty);

#endif
