/* How values of each type are written to a dump, worked out once for a schema: what each field is, and
 * the text that is the same in every object (keys, names of types and enumerators, escaped already). It
 * must never know live objects. */
#ifndef MOLT__DUMP_FORM_H
#define MOLT__DUMP_FORM_H

#include "molt/schema.h"
#include "tagged_union.h"

typedef enum MoltDumpCode {
    MOLT__DUMP_INTEGER,
    MOLT__DUMP_WIDE, /* integers of other sizes than 1, 2, 4 and 8 */
    MOLT__DUMP_BOOL,
    MOLT__DUMP_FLOAT,
    MOLT__DUMP_ENUM,
    MOLT__DUMP_BITS, /* a bit-field: `field` */
    MOLT__DUMP_POINTER,
    MOLT__DUMP_TEXT, /* an array of char */
    MOLT__DUMP_LIST,
    MOLT__DUMP_STRUCT,
    MOLT__DUMP_UNION, /* with a tag: `choice` */
    MOLT__DUMP_BYTES
} MoltDumpCode;

/* A value in an object, or at an address of its own (`at` is 0 then). */
typedef struct MoltDumpValue {
    uint8_t code; /* MoltDumpCode */
    bool is_signed;
    bool external; /* its pointers are */
    MoltTypeId type;
    uint32_t field;  /* index into tables.fields; bit-fields and tagged unions */
    uint32_t choice; /* index into choices */
    uint64_t at;
} MoltDumpValue;

/* A part of MoltDumpForms.text, which MOLT__JSON_SLACK bytes follow. */
typedef struct MoltDumpText {
    uint32_t at, length;
} MoltDumpText;

typedef struct MoltDumpMember {
    MoltDumpText key; /* ,"name": */
    MoltDumpValue value;
} MoltDumpMember;

typedef struct MoltDumpForm {
    MoltDumpValue value;
    MoltDumpText name;
    uint32_t values, value_count; /* of an enum: into values[], sorted, the first of equal ones */
} MoltDumpForm;

typedef struct MoltDumpEnumValue {
    uint64_t value;
    uint32_t enumerator; /* index into tables.enumerators */
} MoltDumpEnumValue;

/* A tagged union in a struct. The arm that the i-th value of the tag's form selects is arms[arms + i],
 * an index into tables.fields or MOLT__NO_ARM. */
typedef struct MoltDumpChoice {
    MoltUnionTag tag;
    uint32_t arms;
} MoltDumpChoice;

typedef struct MoltDumpForms {
    const MoltSchema *schema;
    MoltAllocator allocator;
    MoltDumpForm *types;     /* by type */
    MoltDumpMember *members; /* by field */
    MoltDumpText *names;     /* by enumerator: without quotes */
    MoltDumpEnumValue *values;
    MoltDumpChoice *choices;
    uint32_t *arms;
    char *text;
    size_t text_size, text_room;
    uint32_t choice_count, arm_count, choice_room, arm_room;
} MoltDumpForms;

/* Forms for all types of a schema, which must outlive them. False when memory is out; they are to be
 * freed then, too. */
bool molt__dump_forms_make(MoltDumpForms *forms, const MoltSchema *schema,
                           const MoltAllocator *allocator);
void molt__dump_forms_free(MoltDumpForms *forms);

/* Index in the values of an enum's form, UINT32_MAX when no enumerator has the value. */
uint32_t molt__dump_enum_value(const MoltDumpForms *forms, const MoltDumpForm *form,
                               uint64_t value);

/* Marks a value of an external field, or of an element of one: its pointers are external, and its char
 * arrays are lists, as those that hold something else. */
static inline void molt__dump_make_external(MoltDumpValue *value)
{
    value->external = true;
    if (value->code == MOLT__DUMP_TEXT)
        value->code = MOLT__DUMP_LIST;
}

static inline bool molt__dump_is_char(const MoltType *type)
{
    return type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0;
}

#endif
