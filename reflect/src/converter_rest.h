/* What the first converter of a type does for each object beside its operations: it zeroes the bytes
 * that no converter of the type writes, and looks whether a 64-bit integer may hold an address of
 * what moves. It must never know live objects.
 *
 * Invariant: where `fills` is set, the converters of the type write each byte of a new object
 * exactly once, `holes` included, but for values that they leave to others. */
#ifndef MOLT_CONVERTER_REST_H
#define MOLT_CONVERTER_REST_H

#include "plan_ops.h"

enum { MOLT__HOLES_MAX = 64, MOLT__INTEGERS_MAX = 64 };

typedef struct MoltConverterRest {
    struct {
        uint32_t offset, size;
    } holes[MOLT__HOLES_MAX]; /* in the new object */
    uint64_t integers[MOLT__INTEGERS_MAX]; /* where they are in the old one */
    uint32_t hole_count, integer_count;
    bool fills; /* else the destination has to be zeroed before */
    bool looks; /* all integers are listed */
} MoltConverterRest;

/* The rest of an old type's objects; nothing of it where operations run before the first converter, or
 * objects have a flexible array. */
void molt__converter_rest(const MoltPlan *plan, MoltTypeId type, MoltConverterRest *out);
/* Zeroes what an operation that converters stand for writes: as it is before it runs elsewhere. */
void molt__converter_clear(const MoltPlan *plan, uint32_t index, unsigned char *destination);

#endif
