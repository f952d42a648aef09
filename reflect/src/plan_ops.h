/* Inside of a plan, shared by the plan_*.c, migrate.c, execute.c and relocate.c: a flat list of
 * operations per type, compiled once and executed operation by operation over batches of objects.
 * It must never know live objects.
 *
 * Invariants: source offsets are in the old layout, destination offsets in the new one, both relative
 * to the element (inside a loop: to the loop's element); a LOOP is followed by its `body` operations,
 * a UNION by `body` operations that are ARMs, each followed by its own `body`, the last one possibly
 * with `otherwise`; a BOX is followed by its `body`, an EMBED by two ARMs;
 * `check` indexes plan->checks or is MOLT__NO_CHECK for what cannot fail. */
#ifndef MOLT_PLAN_OPS_H
#define MOLT_PLAN_OPS_H

#include "convert.h"
#include "molt/migrate_step.h"
#include "molt/parallel.h"
#include "tagged_union.h"

#define MOLT__NO_CHECK UINT32_MAX
#define MOLT__NO_FIELD UINT32_MAX

typedef enum MoltOpCode {
    MOLT__OP_COPY,             /* size bytes, equal meaning */
    MOLT__OP_NUMBER,           /* forms[0] -> forms[1] through kernel */
    MOLT__OP_ENUM,             /* through values[] by old value */
    MOLT__OP_FLAGS,            /* through values[] bit by bit */
    MOLT__OP_POINTER,          /* relocated; pointee before/after in types */
    MOLT__OP_STRING,           /* char[size] -> char[length] */
    MOLT__OP_STRING_TO_HEAP,   /* char[size] -> char * */
    MOLT__OP_STRING_FROM_HEAP, /* char * -> char[length] */
    MOLT__OP_LOOP,             /* length times the next `body` operations, strides apart */
    MOLT__OP_CONSTANT,         /* size bytes of the new schema's constants[constant] */
    MOLT__OP_CONSTANT_BITS,    /* the 8-byte integer at constants[constant] -> forms[1] */
    MOLT__OP_CONSTANT_STRING,  /* a heap copy of the string at constants[constant] */
    MOLT__OP_DROP_BYTES,       /* counts objects whose `size` bytes differ from the default */
    MOLT__OP_DROP_NUMBER,      /* the same for forms[0] (floats by bits, bit-fields) */
    MOLT__OP_UNION,            /* runs the ARM of the value of forms[0] at byte `tag`, if any */
    MOLT__OP_ARM,              /* for tag values `tag`, or with `otherwise` for all without an ARM */
    MOLT__OP_BOX,              /* the struct at byte `tag` becomes a block, a pointer to it the value;
                                  the body fills the block, its sources are those of the element */
    MOLT__OP_EMBED,            /* the body's ARM 1 takes its sources from what the pointer at byte
                                  `tag` points at, its ARM 0 is for NULL */
    MOLT__OP_TAG,              /* stores the value `tag` in forms[1] */
    MOLT__OP_HOOK,             /* the hook of `after` is to be called for the object (NO_TYPE: its struct
                                  has one); the next `size` operations are what it may change */
    MOLT__OP_REFUSE            /* refuses each object by `rule`; constant: old string, "" for none */
} MoltOpCode;

/* One entry of an enumerator map, sorted by old value. */
typedef struct MoltValueMap {
    uint64_t before, after;
    uint8_t fate;  /* MoltValueFate */
    bool settled;  /* MOLT_REMOVED names it: no loss */
    uint32_t name; /* string in the old schema */
} MoltValueMap;

typedef enum MoltValueFate {
    MOLT__VALUE_KEPT,
    MOLT__VALUE_SPLIT, /* kept under the first of its names, which no longer share a value */
    MOLT__VALUE_FALLBACK,
    MOLT__VALUE_GONE
} MoltValueFate;

typedef struct MoltOp {
    uint8_t code;
    bool round;    /* NUMBER: fractions to the nearest integer */
    bool has_string; /* DROP_BYTES: its default is a string, `length` bytes at constants[values] of
                        the old schema */
    bool keeps_default; /* DROP: a default is worth keeping too, because what returns in its place
                           would be something else */
    bool names_only; /* ENUM, FLAGS: no value changes; only what gets a name is told */
    bool external; /* POINTER: bits are kept whatever they are */
    bool unkept;   /* what it loses cannot return: the pointers of a union without a tag, and what a
                      tag without a name guards */
    bool waited;   /* what a rule refuses is left to the attic, which had it already */
    bool keeps;    /* NUMBER, ENUM, FLAGS that waited: every value is kept, because the way back from what
                      stands there then may be refused, as of a number that is to be an enumerator */
    bool otherwise; /* ARM */
    uint32_t check;
    uint64_t source, destination;
    uint64_t size, length; /* of a UNION whose arms hold pointers: its size, and where it is; `length` of an
                              EMBED: where the struct is in the new object */
    uint64_t source_stride, destination_stride; /* LOOP */
    uint32_t body;                /* LOOP, UNION, ARM, BOX, EMBED: operations that follow */
    uint64_t tag;                 /* UNION: where it is; ARM, TAG: its value; BOX, EMBED: a place */
    uint32_t constant;            /* CONSTANT*: new schema; DROP*: old schema's default, or none */
    uint32_t values, value_count; /* ENUM, FLAGS */
    MoltNumberForm forms[2];
    MoltNumberKernel *kernel;
    MoltTypeId before, after; /* POINTER, BOX, EMBED: pointees; ENUM, FLAGS: enums; HOOK: structs;
                                 DROP: of the value or its elements, for messages, or MOLT_NO_TYPE */
    bool pointee_ok;          /* POINTER: the new pointee is what the old one became, or void */
    bool named_only;          /* ENUM: a value without an enumerator refuses; NUMBER: so would the way back,
                                 to the enum `before` */
    uint8_t rule;             /* DROP*, REFUSE: MoltRule to report */
    int64_t twin; /* DROP: bytes from the source to a value that was made from the same one and stays: what is
                     equal to that is not lost; 0: there is none */
    uint32_t hooked;          /* old struct whose hook may write what this made, + 1; 0: none */
} MoltOp;

#define MOLT__NO_CONSTANT UINT32_MAX

/* It drops a value that has no place. */
static inline bool molt__op_drops(const MoltOp *op)
{
    return op->code == MOLT__OP_DROP_BYTES || op->code == MOLT__OP_DROP_NUMBER;
}

/* One thing that a live value may violate: where it was declared and what to say. */
typedef struct MoltCheck {
    MoltTypeId type_before,
        type_after;         /* structs that declare the fields; or, outside of fields, the
                                           types of the value itself */
    uint32_t before, after; /* fields, MOLT__NO_FIELD where there is none */
    uint32_t move_into; /* of a removed field: new struct it may have moved into, or NO_FIELD */
    uint32_t move_to;   /* then: the field of it */
    uint32_t allow; /* losses that MOLT_CONVERT on the new field allows, or MOLT_REMOVED of the old
                       one: MOLT__ALLOW_* */
} MoltCheck;

enum {
    MOLT__ALLOW_FRACTION = 1u << 0,
    MOLT__ALLOW_ROUND = 1u << 1,
    MOLT__ALLOW_SATURATE = 1u << 2,
    MOLT__ALLOW_TRUNCATE = 1u << 3,
    MOLT__ALLOW_REMOVAL = 1u << 4
};

/* The mapping of one old struct or union onto one new one. */
typedef struct MoltPair {
    MoltTypeId before, after;
    uint32_t match; /* index into plan->matches: per new field the old one, or MOLT__NO_FIELD; then
                       per new field, then per old field, its check, or MOLT__NO_CHECK */
    bool reported;  /* findings that hold whatever the values are have been added */
} MoltPair;

typedef struct MoltTypePlan {
    MoltTypeId after; /* MOLT_NO_TYPE: gone */
    uint8_t fate;     /* MoltTypeFate */
    bool shuffled;    /* equal layout, but MOLT_WAS moves values within it */
    uint32_t first_op, op_count;
    uint32_t first_scan, scan_count; /* SAME: POINTER operations (in loops) in place */
    uint32_t first_tail, tail_count; /* of a flexible struct: the same for an element of its array */
    uint32_t first_converter, first_tail_converter; /* in plan->converters, for those operations */
    bool fills; /* converters leave no byte of an object as it was */
    bool looks; /* the first of them looks at all 64-bit integers for addresses */
} MoltTypePlan;

/* What an old type is to become, whatever the names say. */
typedef struct MoltForcedType {
    MoltTypeId before, after;
} MoltForcedType;

/* A value that MOLT_MOVED takes elsewhere; offsets in bytes from the start of the structs. */
typedef struct MoltMove {
    MoltTypeId before, after; /* the structs that hold both places */
    uint64_t source, destination;
    MoltTypeId type_before, type_after; /* of the value */
    uint32_t field_before, field_after; /* NO_FIELD: an element of a field */
    bool followed; /* pointers to the value go with it */
    bool apart;    /* `destination` is from the start of a block of its own (BOX) */
} MoltMove;

/* Where the elements of an array go whose indices are the values of an enum. */
typedef struct MoltIndexMap {
    uint32_t before, after; /* fields */
    MoltTypeId old_enum, new_enum;
    uint32_t first;         /* in targets[], one for each old element; UINT32_MAX: gone */
    uint32_t length;        /* how many those are */
    uint32_t dimensions;    /* that follow the enum, all of one length; bit 0: the outermost; 0: nothing
                               says which */
    bool told;              /* it is in the report */
} MoltIndexMap;

/* The same for one dimension after the other: bit 0 of `dimensions` says whether this one follows. */
typedef struct MoltIndexPlaces {
    const uint32_t *targets; /* NULL: all elements keep their indices */
    uint32_t dimensions;
} MoltIndexPlaces;

/* What holds for the elements of an array. */
static inline MoltIndexPlaces molt__indexed_elements(MoltIndexPlaces array)
{
    uint32_t rest = array.dimensions >> 1;
    return (MoltIndexPlaces){rest ? array.targets : NULL, rest};
}

/* The targets of this dimension, NULL when its elements keep their indices. */
static inline const uint32_t *molt__indexed_here(MoltIndexPlaces array)
{
    return array.dimensions & 1u ? array.targets : NULL;
}

/* The array's first element is another one by now. */
static inline bool molt__indexed_moves_first(MoltIndexPlaces array)
{
    return array.targets && array.targets[0] != 0;
}

struct MoltEmitFrame; /* plan_emit.h */

/* An array that is being emitted, whose elements have defaults of their own by those of its fields. */
typedef struct MoltEmitArray {
    const struct MoltEmitFrame *frame; /* the offsets mean something in it, and outside of loops */
    uint32_t base_depth;
    uint64_t source, destination;
    uint32_t had, has; /* in constants[] of the old and of the new schema, or MOLT__NO_CONSTANT */
    uint64_t had_size, has_size;
} MoltEmitArray;

/* Bits of an old object that MOLT_MOVED takes elsewhere, so that they are not lost where they were.
 * `base` tells the loops apart whose elements the offsets are in. */
typedef struct MoltTaken {
    uint64_t base, first, end;
} MoltTaken;

struct MoltLookout; /* lookout.h */

struct MoltPlan {
    MoltAllocator allocator;
    const MoltSchema *before, *after;
    MoltPolicy policy;
    MoltTypePlan *types; /* per old type */
    MoltTypeId *origins; /* per new type: the old one, or MOLT_NO_TYPE */
    uint32_t *roots;     /* per new root: the old one, or UINT32_MAX */
    MoltOp *ops;
    uint32_t op_count, op_slots;
    MoltCheck *checks;
    uint32_t check_count, check_slots;
    MoltPair *pairs;
    uint32_t pair_count, pair_slots;
    uint32_t *matches;
    uint32_t match_count, match_slots;
    MoltValueMap *values;
    uint32_t value_count, value_slots;
    MoltMove *moves; /* each once for every struct that holds both places */
    uint32_t move_count, move_slots;
    MoltIndexMap *indexes;
    uint32_t index_count, index_slots;
    uint32_t *targets;
    uint32_t target_count, target_slots;
    struct MoltConverter *converters; /* sorted by type, then by operation */
    uint32_t converter_count, converter_slots;
    const MoltHook **hooks;        /* per new type; NULL when there are none */
    const MoltHeapApi **hook_heap; /* where hooks find the heap; NULL: they look for none */
    const struct MoltUsage *usage_before, *usage_after; /* of the code; NULL: not known */
    MoltParallel parallel; /* for migrations by the plan */
    struct MoltLookout *lookout; /* what is known for the next one; NULL: nothing */
    bool (*step)(void *context, MoltMigrateStep step); /* a test; NULL: none */
    void *step_context;
    const struct MoltGlobals *hook_globals; /* of the library that has them, or NULL */
    bool (*hook_run)(void *context, const MoltHook *hook, const MoltOld *old, void *now); /* or NULL */
    void *hook_run_context;
    bool hooked;                   /* at least one hook is for a struct that changes */
    MoltReport *report; /* only while building, as all that follows to merge_floor */
    const MoltForcedType *forced;
    uint32_t forced_count;
    MoltTaken *taken; /* of the type that is being emitted */
    uint32_t taken_count, taken_slots;
    MoltOp *late; /* tags to be set after the fields of their struct */
    uint32_t late_count, late_slots;
    uint32_t *replaced; /* in matches[]: new fields that MOLT_MOVED gave another value than their own */
    uint32_t replaced_count, replaced_slots;
    bool *moved_told; /* per new field: its MOLT_MOVED is in the report */
    struct MoltVersion *from, *to; /* those of `before` and `after`, as far as they are known */
    struct MoltTrace *trace;       /* what lines say; NULL: names and notes alone do */
    uint32_t *past; /* lines of `before` (plan_past.h); NULL: nothing is known of earlier names */
    bool undoes, redoes; /* goes back to a version that the running one came from; on to one that came
                            from it */
    bool lenient; /* for values that wait beside the state */
    bool nulls_functions; /* pointers to functions that are gone become NULL */
    bool moves_back;  /* old MOLT_MOVED may give new places their values */
    bool moves_elements; /* MOLT_MOVED leads into elements of arrays of structs, in this edit */
    bool collecting;  /* nothing is emitted, only taken[] is filled */
    bool waited;      /* of the field that is being emitted: molt__trace_waited */
    const struct MoltEmitFrame *frame; /* the innermost struct that is being emitted */
    MoltEmitArray array;               /* the innermost one, or of an earlier frame */
    uint64_t base;                     /* of the innermost loop, as in taken[] */
    uint64_t bases[2 * MOLT_SCHEMA_DEPTH_MAX]; /* of those around it */
    uint32_t base_depth;
    uint64_t unrolled; /* elements around this one that are emitted one by one; 0: none */
    uint32_t merge_floor; /* only operations from here on may grow by an adjacent copy */
    bool failed;          /* memory is out; sticky while building */
    bool refused;
};

/* Grows an array of the plan so that `more` entries fit; sets plan->failed when memory is out. */
bool molt__plan_grow(MoltPlan *plan, void **items, uint32_t *slots, uint32_t count, uint32_t more,
                     size_t item_size);

/* A plan for values that wait beside the state, which `main` migrates (NULL: there is none): what a rule
 * refuses has no place, and the rest is mapped. Fails only when memory is out. */
MoltStatus molt__plan_build_lenient(const MoltSchema *before, const MoltSchema *after,
                                    const MoltAllocator *allocator, const struct MoltPlan *main,
                                    const MoltForcedType *forced, uint32_t forced_count,
                                    MoltPlan **out);

/* Only which types are one, by names and notes. Fails only when memory is out. */
MoltStatus molt__plan_match_alone(const MoltSchema *before, const MoltSchema *after,
                                  const MoltAllocator *allocator, MoltPlan **out);

/* The plan that undoing the edit of `plan` would need, lenient too. */
MoltStatus molt__plan_build_back(const MoltPlan *plan, MoltPlan **out);

/* plan_match.c: which old thing each new thing comes from. */
bool molt__plan_match_types(MoltPlan *plan);
/* The type, or one that it holds by value, keeps its layout while MOLT_WAS moves values within it. */
bool molt__plan_is_shuffled(const MoltPlan *plan, MoltTypeId before);
/* Index of the pair of two structs or unions (made on first use), UINT32_MAX when memory is out. */
uint32_t molt__plan_pair(MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* The pair of two structs that exists already, or NULL; for finished plans. */
const MoltPair *molt__plan_find_pair(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* Which old field each field of a new struct or union comes from, which old enumerator each one of an enum:
 * fills match[] with places in the old type, UINT32_MAX for none. Returns the first place that two old ones
 * claim, else UINT32_MAX. */
uint32_t molt__plan_match_fields(MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                                 uint32_t *match);
uint32_t molt__plan_match_enumerators(MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                                      uint32_t *match);
/* Enumerator map of two enums; sets op->values and op->value_count. True when no value changes. */
bool molt__plan_match_values(MoltPlan *plan, MoltTypeId before, MoltTypeId after, MoltOp *op);
/* Old and new type mean the same pointee. */
bool molt__plan_same_type(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);

/* plan_report.c: what can be said before any value is looked at. */
/* "Ant.speed" for a field of a struct, "ground.c:rain" for a variable, "Ant" for MOLT__NO_FIELD. */
void molt__field_path(const MoltSchema *schema, MoltTypeId type, uint32_t field, char *buffer,
                      size_t size);
/* Adds a finding about a field of a struct to the plan's report; fields may be MOLT__NO_FIELD. */
void molt__plan_find(MoltPlan *plan, MoltSeverity severity, MoltRule rule, MoltTypeId before,
                     uint32_t before_field, MoltTypeId after, uint32_t after_field,
                     const char *value, const char *remedy);
/* A new field that has no source: that it is there, or what is missing. */
void molt__plan_report_added(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint32_t field);
/* Adds what changed between two structs, once per pair. */
void molt__plan_report_pair(MoltPlan *plan, uint32_t pair);

/* What becomes of values that are lost: nobody says; the attic has them; nothing does. */
typedef enum MoltLossFate {
    MOLT__LOSS_UNSAID,
    MOLT__LOSS_KEPT,
    MOLT__LOSS_NULL, /* a pointer to a function */
    MOLT__LOSS_GONE,
    MOLT__LOSS_FOR_GOOD /* no attic */
} MoltLossFate;

/* check_report.c: adds what a check found (severity, rule, value, objects) with the path and the
 * declarations, what settles it where the finding does not say it, and what becomes of the values. */
void molt__check_report(const MoltPlan *plan, uint32_t check, const MoltFinding *finding,
                        MoltLossFate fate, MoltReport *report);
/* A removed field that an added one may have become is a possible rename; other rules stay. */
MoltRule molt__check_refine(const MoltPlan *plan, uint32_t check, MoltRule rule);
/* What MOLT_REMOVED says: of the old field, which nothing in the new type `after` takes; of the old
 * enumerator, of which that is the new enum; of the old type, which is gone. */
bool molt__removal_of_field(const MoltPlan *plan, uint32_t before, MoltTypeId after);
bool molt__removal_of_name(const MoltSchema *schema, MoltTypeId type, const char *name);
bool molt__removal_of_type(const MoltPlan *plan, MoltTypeId before);
bool molt__removal_of_variable(const MoltPlan *plan, uint32_t before);
/* What stands before the name of such a type in MOLT_REMOVED: "struct ", "" for types without a name. */
const char *molt__removal_prefix(const MoltType *type);

/* MOLT__ALLOW_* bits with which an annotation allows what the rule finds. */
uint32_t molt__check_allowed_by(MoltRule rule);
/* The rule that a number breaks when it converts with that loss, which is not MOLT__EXACT. */
MoltRule molt__number_rule(MoltNumberLoss loss);

/* The flexible arrays of two structs are one: they have both, and the new one comes from the old. */
bool molt__plan_same_tail(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);

/* plan_hook.c: hooks. */
/* Takes the hooks of the new library once types are matched; false when memory is out. */
bool molt__plan_take_hooks(MoltPlan *plan, const MoltHooks *hooks);
void molt__plan_free_hooks(MoltPlan *plan);
/* The hook that runs for objects of `before`, which changes into `after`; NULL when there is none. */
const MoltHook *molt__plan_hook(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* A hook of `after` would run, but there is none. */
bool molt__plan_could_hook(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);

/* plan_emit.c: operations of one type. */
void molt__plan_emit_type(MoltPlan *plan, MoltTypeId before);
/* True when the type holds a pointer that Molt follows, by value and at any depth. A union has a
 * tag, and thus pointers that are followed, only as the member of a struct. */
bool molt__plan_has_pointers(const MoltSchema *schema, MoltTypeId type);
bool molt__plan_arms_have_pointers(const MoltSchema *schema, MoltTypeId type);

/* plan_moved.c: MOLT_MOVED gives new field `field` another value than that of `own`, which is the
 * field that it was in struct `before`. */
bool molt__plan_moves_over(const MoltPlan *plan, MoltTypeId before, uint32_t own, uint32_t field);
/* Two structs of equal layout within which MOLT_MOVED moves values. */
bool molt__plan_moves_within(const MoltPlan *plan, MoltTypeId before, MoltTypeId after);
/* Says of new structs that nothing holds which MOLT_MOVED of theirs climbs to nowhere. */
void molt__plan_tell_unreached(MoltPlan *plan);
/* plan_index.c: two structs of equal layout with an array whose enum gives the elements other places;
 * and the places of the elements of such a field. */
bool molt__plan_is_reindexed(MoltPlan *plan, MoltTypeId before, MoltTypeId after);
MoltIndexPlaces molt__plan_index(const MoltPlan *plan, uint32_t before, uint32_t after);
/* What keeps elements of such a field whose enumerator is gone, "keep WOOD, or ..."; false where none is. */
bool molt__plan_index_keeps(const MoltPlan *plan, uint32_t before, uint32_t after, char *buffer,
                            size_t size);
/* The elements of such a field have other places, but nothing says in which of its dimensions. */
bool molt__plan_index_unclear(const MoltPlan *plan, uint32_t before, uint32_t after);
/* A field loses its MOLT_INDEX in the very edit that gives enumerators of the enum other values; or that was
 * done on the way which is undone, so that nobody knows where its elements were. */
bool molt__plan_leaves_index(MoltPlan *plan, uint32_t before, uint32_t after);
/* plan_union.c: two structs of equal layout whose tagged unions select other arms than before. */
bool molt__plan_is_retagged(MoltPlan *plan, MoltTypeId before, MoltTypeId after);

/* Form of a number type (INT, FLOAT, BOOL, ENUM by its storage) of a schema. */
MoltNumberForm molt__plan_form(const MoltSchema *schema, MoltTypeId type);

static inline bool molt__plan_is_number(const MoltType *type)
{
    return type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_FLOAT ||
           type->kind == MOLT_KIND_BOOL;
}

static inline bool molt__plan_is_char_pointer(const MoltSchema *schema, const MoltType *type)
{
    return type->kind == MOLT_KIND_POINTER &&
           (molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR) != 0;
}

#endif
