/* Tagged unions: which field selects the arm of a union, and which arm a value of it selects. Plan,
 * execution, pointers and dump ask here. It must never know live objects beyond the bytes of one
 * struct, nor what becomes of an arm. */
#ifndef MOLT__TAGGED_UNION_H
#define MOLT__TAGGED_UNION_H

#include "convert.h"
#include "molt/schema.h"

#define MOLT__NO_ARM UINT32_MAX

/* How the tag of a union lies in the struct that holds both. */
typedef struct MoltUnionTag {
    MoltTypeId type; /* the enum */
    uint32_t field;  /* index into tables.fields */
    uint64_t offset; /* bytes from the start of the struct */
    MoltNumberForm form;
} MoltUnionTag;

/* True when `field` of struct `owner` is a tagged union; *out then describes its tag. */
bool molt__union_tag(const MoltSchema *schema, const MoltType *owner, const MoltField *field,
                     MoltUnionTag *out);

/* The arm (index into tables.fields) of a union that an enumerator (index into tables.enumerators)
 * of the tag's enum selects: the arm that names it, else the arm of its place when that one names
 * no other. MOLT__NO_ARM when there is none. */
uint32_t molt__union_arm(const MoltSchema *schema, const MoltType *type, const MoltType *tag,
                         uint32_t enumerator);

/* The arm that a value of the tag selects: the first that one of its enumerators has. */
uint32_t molt__union_arm_of_value(const MoltSchema *schema, const MoltType *type,
                                  const MoltType *tag, uint64_t value);

/* The arm that is active in the struct at `object`, whose union is `field`. */
uint32_t molt__union_active(const MoltSchema *schema, const MoltUnionTag *tag,
                            const MoltField *field, const unsigned char *object);

#endif
