/* Emitting the operations of a plan, shared by the files that each own a kind of change: plan_ops.c
 * (operations and checks), plan_default.c, plan_drop.c, plan_union.c and, for everything else,
 * plan_emit.c. It must never know live objects.
 *
 * `source` and `destination` are offsets of the value in the element (inside a loop: in the loop's
 * element) of the old and of the new layout. */
#ifndef MOLT__PLAN_EMIT_H
#define MOLT__PLAN_EMIT_H

#include "plan_ops.h"

/* The field that is being emitted, for the check that its values may need. */
typedef struct MoltEmitSite {
    uint32_t pair; /* UINT32_MAX: the value is not a field of two matched structs */
    MoltTypeId type_before, type_after;
    uint32_t before, after; /* fields, MOLT__NO_FIELD where there is none */
} MoltEmitSite;

/* ---- plan_ops.c: operations and checks ---- */

/* NULL, with plan->failed set, when memory is out. Valid until the next operation. */
MoltOp *molt__emit_op(MoltPlan *plan, MoltOp op);
/* A run of bytes with equal meaning; adjacent ones grow together. */
void molt__emit_copy(MoltPlan *plan, uint64_t source, uint64_t destination, uint64_t size);
/* Opens a loop; emit its body relative to the element, then end it with what this returned. */
uint32_t molt__emit_loop(MoltPlan *plan, uint64_t length, uint64_t source, uint64_t source_stride,
                         uint64_t destination, uint64_t destination_stride);
void molt__emit_loop_end(MoltPlan *plan, uint32_t body);
/* Opens any other operation with a body; end it with molt__emit_body_end. */
uint32_t molt__emit_body(MoltPlan *plan, MoltOp op);
void molt__emit_body_end(MoltPlan *plan, uint32_t body);
/* Check of the site's field, MOLT__NO_CHECK when memory is out. */
uint32_t molt__emit_check(MoltPlan *plan, const MoltEmitSite *site);

/* ---- plan_default.c: values without a source ---- */

/* The kind of a type, that of what it holds for an atomic one. */
uint16_t molt__plan_value_kind(const MoltSchema *schema, MoltTypeId type);
/* The DEFAULT note of a field, or NULL. */
const MoltNote *molt__plan_default(const MoltSchema *schema, const MoltField *field);
/* `destination` is that of the struct that holds the field. */
void molt__emit_field_default(MoltPlan *plan, const MoltField *field, uint64_t destination);
void molt__emit_default(MoltPlan *plan, MoltTypeId after, uint64_t destination);

/* ---- plan_drop.c: values that go ---- */

/* `source` is that of the struct that holds the field. */
void molt__emit_drop_field(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule,
                           const MoltField *field, uint64_t source);
/* `constant` is the default in the old schema, or MOLT__NO_CONSTANT. */
void molt__emit_drop(MoltPlan *plan, const MoltEmitSite *site, MoltRule rule, MoltTypeId before,
                     uint64_t source, uint32_t constant);

/* ---- plan_union.c: unions whose tag says which arm is active ---- */

/* The union at site->before becomes the one at site->after, `source` and `destination` being those
 * of the structs that hold them. False, with nothing emitted, when the old one has no tag. */
bool molt__emit_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination);
/* The pointers of the active arm of a tagged union that stays, in place. */
void molt__emit_scan_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t at);

/* ---- plan_emit.c: values, structs, types ---- */

void molt__emit_value(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination);
/* The field of the site from its source, or its default; offsets are those of the holders. */
void molt__emit_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination);
void molt__emit_scan_field(MoltPlan *plan, const MoltEmitSite *site, uint64_t at);
/* Bytes of the old type are bytes of the new one, with nothing to relocate. */
bool molt__emit_is_copy(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
MoltNumberForm molt__plan_field_form(const MoltSchema *schema, const MoltField *field);

#endif
