/* What a migration did or why it was refused, per type and field, with object counts. It must never
 * know how values are converted. Bounded: whatever the size of the state, the text of a report
 * stays under MOLT_REPORT_LIMIT bytes; findings that no longer fit are counted, REFUSE and LOSS
 * first kept. */
#ifndef MOLT_REPORT_H
#define MOLT_REPORT_H

#include <stdbool.h>

#include "status.h"

#define MOLT_REPORT_LIMIT (64u * 1024u)

typedef enum MoltPolicy {
    MOLT_POLICY_LIVE,  /* LOSS is applied and reported */
    MOLT_POLICY_STRICT /* LOSS refuses unless the field's annotation allows it */
} MoltPolicy;

typedef enum MoltSeverity { MOLT_INFO, MOLT_LOSS, MOLT_REFUSE } MoltSeverity;

/* X(name, rule id in messages and JSON) */
#define MOLT_RULE_LIST(X)                                                                          \
    X(FIELD_ADDED, "field-added")                                                                  \
    X(FIELD_WITHOUT_SOURCE, "field-without-source")                                                \
    X(FIELD_REMOVED, "field-removed")                                                              \
    X(FIELD_RENAMED, "field-renamed")                                                              \
    X(FIELD_MOVED, "field-moved") /* another place, same value */                                  \
    X(MOVED_MISSING, "moved-source-missing") /* MOLT_MOVED names no place of the old type */       \
    X(RENAME_AMBIGUOUS, "rename-ambiguous")                                                        \
    X(POSSIBLE_RENAME, "possible-rename")                                                          \
    X(NOTE_DROPPED, "note-dropped") /* that a recorded version still needs */                      \
    X(TYPE_ADDED, "type-added")                                                                    \
    X(TYPE_REMOVED, "type-removed")                                                                \
    X(TYPE_RENAMED, "type-renamed")                                                                \
    X(TYPE_MISSING, "type-missing")                                                                \
    X(NUMBER_CONVERTED, "number-converted")                                                        \
    X(NUMBER_OUT_OF_RANGE, "number-out-of-range")                                                  \
    X(NUMBER_ROUNDED, "number-rounded")                                                            \
    X(NUMBER_FRACTION, "number-fraction")                                                          \
    X(NUMBER_NAN, "number-nan")                                                                    \
    X(BOOL_COLLAPSED, "bool-collapsed")                                                            \
    X(ENUM_RENUMBERED, "enum-renumbered")                                                          \
    X(ENUMERATOR_REMOVED, "enumerator-removed")                                                    \
    X(ENUM_NO_ROOM, "enum-without-room")                                                           \
    X(ENUM_UNNAMED, "enum-unnamed-value")                                                          \
    X(FLAG_REMOVED, "flag-removed")                                                                \
    X(ARRAY_RESIZED, "array-resized")                                                              \
    X(ELEMENTS_MOVED, "elements-moved") /* to where MOLT_INDEX has their enumerators now */        \
    X(ELEMENTS_DROPPED, "elements-dropped")                                                        \
    X(SHAPE_CHANGED, "shape-changed")                                                              \
    X(STRING_TRUNCATED, "string-truncated")                                                        \
    X(STRING_CONVERTED, "string-converted")                                                        \
    X(KIND_CHANGED, "kind-changed")                                                                \
    X(UNION_CHANGED, "untagged-union-changed")                                                     \
    X(UNION_ARM_REMOVED, "union-arm-removed") /* and it was active */                              \
    X(UNION_ARM_CHANGED, "union-arm-changed") /* its tag value now selects another arm */          \
    X(UNION_UNSELECTED, "union-bytes-dropped") /* the tag named no arm */                          \
    X(STRUCT_ALLOCATED, "struct-allocated") /* an inline struct became a block of its own */       \
    X(STRUCT_EMBEDDED, "struct-embedded")   /* a block became part of what pointed at it */        \
    X(ALIAS_LOST, "alias-lost")             /* and something else points at it too */              \
    X(POINTEE_CHANGED, "pointee-type-changed")                                                     \
    X(TARGET_REMOVED, "interior-target-removed")                                                   \
    X(TARGET_AMBIGUOUS, "pointer-ambiguous") /* the object or its first member, which part */      \
    X(INITIALISER_TAKEN, "initialiser-taken") /* a variable that nobody had set */                 \
    X(VARIABLE_UNTRACKED, "variable-untracked") /* without metadata; starts anew */                \
    X(UNKNOWN_TARGET, "unknown-target")                                                            \
    X(FOREIGN_POINTER, "foreign-pointer") /* left out of a file */                                 \
    X(UNTYPED_MEMORY, "untyped-memory") /* plain memory of which no type is known */               \
    X(ADDRESS_IN_INTEGER, "address-in-integer") /* of an object that moved */                      \
    X(ADDRESS_HASHED, "address-hashed") /* of objects that moved, as keys of a table */            \
    X(ADDRESS_IN_BYTES, "address-in-bytes") /* of what moves, in a block or an array of bytes */   \
    X(LOCK_HELD, "lock-held") /* a lock that moves or goes, while somebody has it */               \
    X(STORED_SIZE, "stored-size") /* of a type that is another size now, or a field's offset */    \
    X(DANGLING_POINTER, "dangling-pointer")                                                        \
    X(FUNCTION_MISSING, "function-missing")                                                        \
    X(SIGNATURE_CHANGED, "signature-changed")                                                      \
    X(DATA_MISSING, "library-data-missing")                                                        \
    X(LITERAL_COPIED, "literal-copied")                                                            \
    X(CONSTANT_COPIED, "constant-copied") /* a row of a table that the library lacks by now */     \
    X(CONSTANT_SHIFTED, "constant-shifted") /* what a row held may be another row by now */        \
    X(CONSTANT_UNCHECKED, "constant-unchecked") /* a file of JSON does not tell what it was */     \
    X(ROOT_CHANGED, "root-changed")                                                                \
    X(HOOK_RAN, "hook-ran")                                                                        \
    X(HOOK_OBJECT_STAYS, "hook-object-stays") /* it was made by a hook whose edit is undone */     \
    X(HOOK_RESTORED, "hook-restored") /* its values from before, so it was not called again */     \
    X(HOOK_FAILED, "hook-failed")                                                                  \
    X(HOOK_MISSING, "hook-missing") /* the new schema has one, and only its library can run it */  \
    X(HOOK_MISMATCH, "migration-does-not-match") /* a hook is for another old layout */            \
    X(VERSION_CHANGED, "version-changed")                                                          \
    X(VALUE_RESTORED, "value-restored") /* from the attic */                                       \
    X(ATTIC_FULL, "attic-full") /* values of earlier edits are kept no longer */

typedef enum MoltRule {
#define X(name, id) MOLT_RULE_##name,
    MOLT_RULE_LIST(X)
#undef X
    MOLT_RULE_COUNT
} MoltRule;

const char *molt_rule_id(MoltRule rule);
const char *molt_severity_id(MoltSeverity severity); /* "info", "loss", "refuse" */

/* Strings may be NULL where there is nothing to say. */
typedef struct MoltFinding {
    MoltSeverity severity;
    MoltRule rule;
    const char *path;   /* "Ant.hp", "Colony.castes[2].name" */
    const char *before; /* old declaration */
    const char *after;  /* new declaration */
    const char *value;  /* first offending value, and where; of an added field its default */
    const char *remedy; /* what settles it */
    uint64_t objects;   /* objects concerned; 0 when it does not depend on values */
    bool possible; /* INFO of molt_plan_foresee: a loss or a refusal, but only of values that the
                      declarations do not call for */
} MoltFinding;

/* A hook that could settle refusals: C for people to paste and to fill in. */
typedef struct MoltStub {
    const char *type;
    const char *code; /* several lines */
} MoltStub;

typedef struct MoltReport {
    MoltFinding *findings; /* strings owned by the report */
    uint32_t count;
    uint32_t left_out[3];  /* per severity: findings that did not fit */
    MoltStub *stubs; /* strings owned by the report */
    uint32_t stub_count;
    uint32_t types_changed;    /* rebuilt, and changed structs inside of rebuilt ones */
    uint64_t objects_migrated; /* rebuilt in a new layout; an array's elements count each */
    uint64_t objects_visited;  /* looked at for pointers but not rebuilt */
    uint64_t pointers_changed; /* written because their target moved, code included */
    uint64_t bytes_before, bytes_after; /* of the rebuilt objects */
    uint64_t attic_objects, attic_bytes; /* what is kept now of values that edits took away */
    struct MoltReportText *text;
    MoltAllocator allocator;
} MoltReport;

void molt_report_init(MoltReport *report, const MoltAllocator *allocator);
void molt_report_clear(MoltReport *report); /* frees everything; ready for use again */

/* Copies the finding and its strings. When memory is out or the limit is reached it counts in
 * left_out instead, so it cannot fail; a REFUSE pushes out INFO findings. */
void molt_report_add(MoltReport *report, const MoltFinding *finding);

/* Copies a stub and its strings, once for each type, as long as it fits beside the findings. */
void molt_report_add_stub(MoltReport *report, const char *type, const char *code);

/* Number of findings of a severity, left-out ones included. */
uint32_t molt_report_total(const MoltReport *report, MoltSeverity severity);
/* The first REFUSE finding, or NULL. */
const MoltFinding *molt_report_refusal(const MoltReport *report);

/* One finding as a line for people, e.g.
 * `refuse enumerator-removed Ant.state: LARVA is gone but live in 12 objects ...`. */
void molt_finding_text(const MoltFinding *finding, char *buffer, size_t size);
/* The whole report for people, worst first; caller frees with free(); NULL when memory is out. */
char *molt_report_to_text(const MoltReport *report);
/* The same without the numbers of types, objects and pointers: of what is no migration. */
char *molt_report_findings_to_text(const MoltReport *report);
/* The same as JSON; caller frees with free(). */
char *molt_report_to_json(const MoltReport *report);

#endif
