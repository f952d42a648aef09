/* Leaves: the values that a type holds, as the attic keeps and compares them, and the way a plan takes
 * them from the old layout into the new one. Equal leaves a fixed distance apart are one run, so that
 * an array costs one entry however long it is. It must never know objects or why a value is kept.
 *
 *   element:  | at -> leaf | ... stride ... | leaf | ... stride ... | leaf |      count == 3 */
#ifndef MOLT_LEAF_H
#define MOLT_LEAF_H

#include "molt/heap.h"
#include "plan_ops.h"

typedef enum MoltLeafKind {
    MOLT__LEAF_BYTES, /* numbers, unions, external pointers: equal when their bytes are */
    MOLT__LEAF_BITS,  /* a bit-field */
    MOLT__LEAF_TEXT,  /* char[size]: equal when the text before the NUL is */
    MOLT__LEAF_POINTER,
    MOLT__LEAF_STRING /* char *: equal when the texts are */
} MoltLeafKind;

/* What a tag must hold for a value in an arm of its union to mean anything. */
typedef struct MoltLeafGuard {
    uint64_t at;     /* of the tag, bytes from the start of the element */
    uint64_t stride; /* between the tags of a run's leaves; 0: one tag for all of them */
    uint64_t value;
    MoltNumberForm form;
} MoltLeafGuard;

enum { MOLT__LEAF_GUARDS = 3 }; /* unions within each other whose arms are told apart */

typedef struct MoltLeaf {
    uint64_t at; /* bytes from the start of the element */
    uint64_t stride, count;
    uint64_t size;        /* bytes of one value; of a bit-field those that it touches */
    uint8_t kind;         /* MoltLeafKind */
    uint8_t shift, width; /* bit-field: first bit in its first byte, bits */
    MoltTypeId type;      /* of the value; MOLT_NO_TYPE where the way through a plan hides it */
    uint8_t guard_count;
    MoltLeafGuard guards[MOLT__LEAF_GUARDS]; /* outermost first */
} MoltLeaf;

/* Called for each run of a type; false ends the walk. */
typedef bool MoltLeafVisit(void *context, const MoltLeaf *leaf);
/* Visits all leaves of a type in order of fields; tagged unions arm by arm, once for each value of the
 * tag that has a name, and as bytes where it selects none. False when a visit ended it. */
bool molt__leaf_walk(const MoltSchema *schema, MoltTypeId type, MoltLeafVisit *visit,
                     void *context);
/* The same with unions as bytes. */
bool molt__leaf_walk_flat(const MoltSchema *schema, MoltTypeId type, MoltLeafVisit *visit,
                          void *context);

/* Which side of a plan a leaf lies on. */
typedef enum MoltSide { MOLT__BEFORE, MOLT__AFTER } MoltSide;

/* Where the first elements of a run go, or come from. */
typedef struct MoltRoute {
    const MoltOp *op; /* NULL: equal layouts, the value stays where it is */
    bool placed;      /* there is another end: the value is neither dropped nor a default */
    MoltLeaf leaf;    /* on the other side, when placed */
    uint64_t count;   /* elements that take this route, from the first on; at least 1 */
    bool varies; /* objects differ in it; not placed. `op` is then a UNION or EMBED, and `tag` is
                         that of a UNION, without a value */
    MoltLeafGuard tag;
} MoltRoute;

/* Bytes of a number that mean something: long double of x87 has six that do not. */
uint64_t molt__leaf_number_size(bool is_float, uint64_t size);

/* The type whose leaves are meant: the type itself, or with `tail` that of the elements of the array
 * at its end. */
MoltTypeId molt__leaf_root(const MoltSchema *schema, MoltTypeId type, bool tail);

/* The route of a run of old type `before` (side BEFORE) or of what it became (side AFTER). False when
 * no operation touches its first value, and then none of it. `tags` has the guards that the old object
 * is known to meet: for the side BEFORE the run itself. */
bool molt__leaf_route(const MoltPlan *plan, MoltTypeId before, bool tail, MoltSide side,
                      const MoltLeaf *leaf, const MoltLeaf *tags, MoltRoute *out);
/* Byte `at` of the old type is in a struct that becomes a block (BOX), or where the pointer is whose block
 * becomes a struct (EMBED): *destination is where the new type has the pointer, or the struct. */
bool molt__leaf_ownership(const MoltPlan *plan, MoltOpCode code, MoltTypeId before, bool tail,
                          uint64_t at, uint64_t *destination);
/* The EMBED that takes in what the first pointer of a leaf leads to, or NULL; *destination is where the
 * struct is in the new type. */
const MoltOp *molt__leaf_embed(const MoltPlan *plan, MoltTypeId before, bool tail,
                               const MoltLeaf *leaf, uint64_t *destination);
/* The pointer at byte `at` of what the type became leads to a struct that became a block just now. */
bool molt__leaf_makes_box(const MoltPlan *plan, MoltTypeId before, bool tail, uint64_t at);
/* Where the first of a run of tagged unions goes that a plan carries arm by arm. False when it does not. */
bool molt__leaf_union_route(const MoltPlan *plan, MoltTypeId before, bool tail,
                            const MoltLeaf *leaf, MoltRoute *out);
/* The operation that reads a run of old type `before`, with its route; of a type that stays one of those
 * that look at its pointers. False when there is none, and then for none of the run. */
bool molt__leaf_work(const MoltPlan *plan, MoltTypeId before, bool tail, const MoltLeaf *leaf,
                     MoltRoute *out);
/* Gives `to` the guards of a run of the old type as they are in the new one; a tag that goes is guarded
 * no longer. Returns for how many elements that holds. */
uint64_t molt__leaf_follow_guards(const MoltPlan *plan, MoltTypeId before, bool tail,
                                  const MoltLeaf *leaf, MoltLeaf *to);
/* Gives `from` the guards that a run of the new type has in the old one. False when that is not known. */
bool molt__leaf_trace_guards(const MoltPlan *plan, MoltTypeId before, bool tail,
                             const MoltLeaf *leaf, MoltLeaf *from);
bool molt__leaf_same_guards(const MoltLeaf *a, const MoltLeaf *b);
/* The tags around value `i` of a run hold what they must in an element. */
bool molt__leaf_is_active(const MoltLeaf *leaf, uint64_t i, const unsigned char *element);

/* The run without its first elements. */
MoltLeaf molt__leaf_from(const MoltLeaf *leaf, uint64_t skip);
/* The innermost struct and field that hold the first value of a run; MOLT__NO_FIELD for a value that
 * is the element itself. */
void molt__leaf_field(const MoltSchema *schema, MoltTypeId type, const MoltLeaf *leaf,
                      MoltTypeId *owner, uint32_t *field);

/* What is stored of one value in order to compare it later. */
uint64_t molt__leaf_sample_size(const MoltLeaf *leaf);
void molt__leaf_sample(const MoltHeap *heap, const MoltLeaf *leaf, const unsigned char *value,
                       unsigned char *sample);
bool molt__leaf_equals(const MoltHeap *heap, const MoltLeaf *leaf, const unsigned char *value,
                       const unsigned char *sample);
/* The same bytes, or bits of a bit-field. */
bool molt__leaf_is_equal(const MoltLeaf *leaf, const unsigned char *a, const unsigned char *b);
/* The sample of a `char *` that points at this text. */
uint64_t molt__leaf_text_sample(const char *text, uint64_t length);
/* Writes one value; the bits around a bit-field stay. True when that changed anything. */
bool molt__leaf_store(const MoltLeaf *leaf, const unsigned char *value, unsigned char *destination);

#endif
