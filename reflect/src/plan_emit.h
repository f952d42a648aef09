/* Emitting the operations of a plan, shared by the files that each own a kind of change: plan_ops.c
 * (operations and checks), plan_default.c, plan_drop.c, plan_union.c, plan_moved.c, plan_moved_back.c,
 * plan_moved_union.c, plan_ownership.c, plan_index.c, plan_hook.c and, for everything else,
 * plan_emit.c. It must never know live objects.
 *
 * `source` and `destination` are offsets of the value in the element (inside a loop: in the loop's
 * element) of the old and of the new layout. */
#ifndef MOLT__PLAN_EMIT_H
#define MOLT__PLAN_EMIT_H

#include "plan_ops.h"

/* Elements of arrays, in all dimensions, that are emitted one by one at most. */
enum { MOLT__UNROLLED = 4096 };

/* The field that is being emitted, for the check that its values may need. */
typedef struct MoltEmitSite {
    uint32_t pair; /* UINT32_MAX: the value is not a field of two matched structs */
    MoltTypeId type_before, type_after;
    uint32_t before, after; /* fields, MOLT__NO_FIELD where there is none */
} MoltEmitSite;

/* The structs around the field that is being emitted, innermost first: MOLT_MOVED starts there.
 * Offsets are of the structs; they mean something only in the loop in which the frame was made. */
typedef struct MoltEmitFrame {
    MoltTypeId before, after; /* before MOLT_NO_TYPE: nothing was here */
    uint64_t source, destination;
    uint64_t base; /* plan->base of the frame */
    uint32_t base_depth;
    uint32_t late; /* plan->late[] from here on is emitted after the fields of the struct */
    const struct MoltEmitFrame *outer;
} MoltEmitFrame;

/* ---- plan_ops.c: operations and checks ---- */

/* NULL, with plan->failed set, when memory is out. Valid until the next operation. */
MoltOp *molt__emit_op(MoltPlan *plan, MoltOp op);
/* A run of bytes with equal meaning; adjacent ones grow together. */
void molt__emit_copy(MoltPlan *plan, uint64_t source, uint64_t destination, uint64_t size);
/* From here on operations are of these fields, one of which may be MOLT__NO_FIELD, and wait if the fields
 * did; end them with what this returned. */
bool molt__emit_waited(MoltPlan *plan, uint32_t before, uint32_t after);
void molt__emit_waited_end(MoltPlan *plan, bool around);
/* Opens a loop; emit its body relative to the element, then end it with what this returned. */
uint32_t molt__emit_loop(MoltPlan *plan, uint64_t length, uint64_t source, uint64_t source_stride,
                         uint64_t destination, uint64_t destination_stride);
void molt__emit_loop_end(MoltPlan *plan, uint32_t body);
/* Opens any other operation with a body; end it with molt__emit_body_end. */
uint32_t molt__emit_body(MoltPlan *plan, MoltOp op);
void molt__emit_body_end(MoltPlan *plan, uint32_t body);
/* Values whose places are counted from elsewhere than those around them: sources `source` and
 * `stride` away (both 0: from where they are), or only destinations. */
void molt__emit_base(MoltPlan *plan, uint64_t source, uint64_t stride);
/* The same places as something else: what is taken from an arm is not taken from the others. */
void molt__emit_arm_base(MoltPlan *plan, uint32_t arm);
void molt__emit_base_end(MoltPlan *plan);
/* Check of the site's field, MOLT__NO_CHECK when memory is out. */
uint32_t molt__emit_check(MoltPlan *plan, const MoltEmitSite *site);

/* Enters and leaves a struct; the frame must live until it is left. */
void molt__emit_enter(MoltPlan *plan, MoltEmitFrame *frame, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination);
void molt__emit_leave(MoltPlan *plan);
/* An operation that must come after all fields of the innermost struct. */
void molt__emit_late(MoltPlan *plan, MoltOp op);

/* ---- plan_default.c: values without a source ---- */

/* The kind of a type, that of what it holds for an atomic one. */
uint16_t molt__plan_value_kind(const MoltSchema *schema, MoltTypeId type);
/* The DEFAULT note of a field, or NULL. */
const MoltNote *molt__plan_default(const MoltSchema *schema, const MoltField *field);
/* `destination` is that of the struct that holds the field. */
void molt__emit_field_default(MoltPlan *plan, const MoltField *field, uint64_t destination);
/* The same where no MOLT_MOVED is asked. */
void molt__emit_plain_default(MoltPlan *plan, const MoltField *field, uint64_t destination);
void molt__emit_default(MoltPlan *plan, MoltTypeId after, uint64_t destination);
/* Until molt__emit_array_end, what the values at these places, of fields that may be arrays, begin with is
 * what the defaults of the fields say; either may be NULL. */
MoltEmitArray molt__emit_array_begin(MoltPlan *plan, const MoltField *was, const MoltField *is,
                                     uint64_t source, uint64_t destination);
void molt__emit_array_end(MoltPlan *plan, MoltEmitArray outer);
/* What elements of the old array began with, MOLT__NO_CONSTANT where its field has no default. */
uint32_t molt__emit_old_default(const MoltPlan *plan, uint64_t source, uint64_t size);
/* `count` elements of an array that had none there. */
void molt__emit_new_elements(MoltPlan *plan, MoltTypeId elem, uint64_t destination, uint64_t count);
/* Elements of such an array are arrays that come or go in part: each has another default, so that they are
 * no loop. */
bool molt__emit_rows_differ(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);

/* ---- plan_drop.c: values that go ---- */

/* `source` is that of the struct that holds the field. */
void molt__emit_drop_field(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                           const MoltField *field, uint64_t source);
/* The operations from `first` on keep defaults too. */
void molt__emit_keep_defaults(MoltPlan *plan, uint32_t first);
/* What the operations from `first` on lose cannot return: a tag without a name guards nothing. */
void molt__emit_unkept(MoltPlan *plan, uint32_t first);
/* `constant` is the default in the old schema, or MOLT__NO_CONSTANT. */
void molt__emit_drop(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId before,
                     uint64_t source, uint32_t constant);
/* The same for `count` elements of an array. */
void molt__emit_drop_elements(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                              MoltTypeId elem, uint64_t source, uint64_t count, uint32_t constant);

/* ---- plan_union.c: unions whose tag says which arm is active ---- */

/* The union at site->before becomes the one at site->after, `source` and `destination` being those
 * of the structs that hold them. False, with nothing emitted, when the old one has no tag. */
bool molt__emit_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination);
/* Old field `field` of the pair's struct is an unnamed union without a tag, of which a member is a field of
 * its own by now: nobody knows whether that one was meant. */
bool molt__emit_is_scattered(const MoltPlan *plan, uint32_t pair, uint32_t field);
/* The pointers of the active arm of a tagged union that stays, in place. */
void molt__emit_scan_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t at);

/* ---- plan_hook.c: structs that have a hook ---- */

/* Opens one struct that is rebuilt: the call of its hook, or the refusal to go without one. Close it
 * with what this returned behind the operations of its fields. */
uint32_t molt__emit_hook(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint64_t source,
                         uint64_t destination);
/* The same for an element of the struct's flexible array. */
uint32_t molt__emit_hook_tail(MoltPlan *plan, MoltTypeId before, MoltTypeId after);
void molt__emit_hook_end(MoltPlan *plan, uint32_t hook);

/* ---- plan_index.c: arrays whose indices are the values of an enum ---- */

/* The array at site->before as the one at site->after, `source` and `destination` being those of the
 * structs that hold them. False, with nothing emitted, when the elements keep their indices. */
bool molt__emit_indexed(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                        uint64_t destination);

/* ---- plan_moved.c: values that come from another place of the old object ---- */

/* Where a value comes from. */
typedef struct MoltEmitSource {
    const MoltEmitFrame *frame; /* the struct that the path starts in */
    MoltTypeId type, holder;    /* of the value; of the struct that declares it */
    uint32_t field;             /* the last field on the way */
    bool whole;                 /* the value is that field, not an element of it */
    uint64_t first, end;        /* bits, as in MoltTaken */
    const MoltUnionTag
        *tag; /* of a value that is there while this selects `field`; offset from where
                                other sources count. NULL: it always is */
} MoltEmitSource;

/* Whether MOLT_MOVED of a new field of the innermost struct names a place of the old object. */
bool molt__emit_find_moved(const MoltPlan *plan, const MoltField *field, MoltEmitSource *out);
/* The field from where MOLT_MOVED says; `own` is the old field of its name, or MOLT__NO_FIELD. False,
 * with nothing emitted, when it says nothing. */
bool molt__emit_moved(MoltPlan *plan, uint32_t field, uint32_t own, uint64_t destination);
/* The source's bits go elsewhere. */
void molt__emit_take(MoltPlan *plan, const MoltEmitSource *source);
/* A value from a source into a field of `holder`, which is at `destination`. */
void molt__emit_from(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId holder,
                     uint32_t field, uint64_t destination);
/* Reports once that a field gets its value from there. */
void molt__emit_tell_moved(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId holder,
                           uint32_t field);
/* The same of a field that no old MOLT_MOVED named when one might have. */
void molt__emit_tell_added(MoltPlan *plan, const MoltEmitSite *site);
/* How much of [first, end) bits of the old object goes elsewhere. */
typedef enum MoltTakenPart { MOLT__TAKEN_NONE, MOLT__TAKEN_PART, MOLT__TAKEN_ALL } MoltTakenPart;
MoltTakenPart molt__emit_taken(const MoltPlan *plan, uint64_t first, uint64_t end);
/* Values of the new type take part in MOLT_MOVED that climbs out of it. */
bool molt__emit_climbs(const MoltPlan *plan, MoltTypeId type);

/* A value that becomes an element of an array. */
void molt__emit_element_from(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId elem,
                             uint64_t destination);

/* ---- plan_moved_back.c: values that return to where MOLT_MOVED took them from ---- */

/* The new field of the innermost struct, which has no other source. False, with nothing emitted, when no
 * old MOLT_MOVED names its place. */
bool molt__emit_moved_back(MoltPlan *plan, uint32_t field, uint64_t destination);
/* Old field `field` of a struct goes, and MOLT_MOVED had made it of a value that goes back from another field
 * of the struct: the bytes from this one to that one, 0 when there is none of its type. */
int64_t molt__emit_find_twin(const MoltPlan *plan, uint32_t pair, uint32_t field);
/* `count` elements of an array without a source: what an old MOLT_MOVED names, and defaults. */
void molt__emit_default_elements(MoltPlan *plan, MoltTypeId elem, uint64_t destination,
                                 uint64_t count);

/* ---- plan_moved_union.c: MOLT_MOVED on the arms of a tagged union ---- */

/* The union `field` of the innermost new struct from what its arms' MOLT_MOVED name; `destination` is
 * that of the struct. False, with nothing emitted, when they name nothing. */
bool molt__emit_moved_union(MoltPlan *plan, const MoltField *field, uint64_t destination);
/* ---- plan_ownership.c: structs inline on one side and behind a pointer on the other ---- */

/* False, with nothing emitted, when the types are something else. */
bool molt__emit_ownership(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                          MoltTypeId after, uint64_t source, uint64_t destination);

/* ---- plan_emit.c: values, structs, types ---- */

void molt__emit_value(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination);
/* `count` neighbours in an array. */
void molt__emit_elements(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                         MoltTypeId after, uint64_t source, uint64_t destination, uint64_t count);
/* The field of the site from its source, or its default; offsets are those of the holders. */
void molt__emit_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination);
void molt__emit_scan_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t at);
/* Whether both are numbers, or arrays of numbers, as the ways from and to bit-fields want. */
bool molt__emit_bits_fit(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* A bit-field, or a number that becomes one; offsets are those of the holders. */
void molt__emit_bits(MoltPlan *plan, const MoltEmitSite *site, const MoltField *was,
                     const MoltField *is, uint64_t source, uint64_t destination);
/* Bytes of the old type are bytes of the new one, with nothing to relocate. */
bool molt__emit_is_copy(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* Whether a union, or a part of one, has the same members in the same places, whatever its alignment, its
 * own name and that of the struct around it became. */
bool molt__emit_is_same_union(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
MoltNumberForm molt__plan_field_form(const MoltSchema *schema, const MoltField *field);

#endif
