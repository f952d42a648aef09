/* Inside of the attic's way over a migration, shared by attic_carry.c, attic_trace.c and attic_value.c:
 * one page and its records on their way. It must never know losses of the running migration. */
#ifndef MOLT_ATTIC_CARRY_H
#define MOLT_ATTIC_CARRY_H

#include "attic_page.h"
#include "migration.h"

/* One migration of one page. */
typedef struct MoltCarry {
    MoltMigration *m;
    const MoltAtticPage *from;
    MoltAtticPage *to;
    MoltTypeId type;        /* in the running schema */
    const MoltPlan *direct; /* from the page's step to the new schema */
    struct MoltCarryPart *parts;
    uint64_t part_count, part_slots;
    bool returns; /* at least one part may return a value */
    bool called;  /* at least one part waits for a hook, or replaces its call */
    bool altered; /* and that hook is another one than the values were made with */
} MoltCarry;

/* A union beside a tag in the running layout, and the sample of what it began with. */
typedef struct MoltCarryBeside {
    uint64_t at, size, sample;
} MoltCarryBeside;

/* Part of a run of the old page, with one fate; it is run `index` of the new one. */
typedef struct MoltCarryPart {
    uint64_t run, skip;    /* in the old page */
    bool has_value;        /* the kept value fits its place */
    bool owns_string;      /* its place holds a string that the migration made for it alone */
    const MoltOp *op;      /* of the direct plan; NULL: the bytes as they are */
    bool gated;            /* its place has a live value, which must be what the edits left */
    MoltLeaf gate;         /* in the running layout */
    uint32_t beside_count; /* the gate is a tag: unions beside it, which must be so too */
    MoltCarryBeside beside[MOLT__WATCHES];
    MoltLeaf back;     /* its place by the direct plan; only the guards count */
    uint64_t sample;   /* of the old page's fresh fields */
    uint64_t returned; /* index of the counter */
    bool taken;  /* a lent value: `gate`, then in the new layout, gets its first value again */
    bool called; /* the hook of its struct is to be called (attic_hook.h) */
    bool forced; /* then: it returns only where that replaces the call */
    bool unboxes; /* a pointer that is NULL again: the block that its struct has become goes */
    bool closed; /* of a block of its own that nothing leads to any more, */
    bool told;   /* or that has something for it: it is lost */
} MoltCarryPart;

/* The record's object in the running state and in the new one. */
typedef struct MoltCarryObject {
    const unsigned char *record;
    MoltLoss place;
    const unsigned char *live;
    unsigned char *next; /* the same as live where it stays */
    unsigned char *seen; /* what has returned to it so far; a copy of one that stays and has tags */
    bool stays;
    bool part;           /* it becomes a part of another object */
    unsigned char *copy; /* the record in the new page */
    bool unwritten;      /* what the page watches is as the last migration left it */
    bool restores;       /* its values replace the calls of hooks */
    bool late;           /* the value at hand waits until hooks have run */
} MoltCarryObject;

/* attic_trace.c */
/* Decides where each value of the page goes: makes carry->parts and the runs of carry->to. */
void molt__carry_trace(MoltCarry *carry);
/* The sample of a page's fresh values that holds the first value of a leaf, and for how many of them;
 * false when something else does. */
bool molt__carry_find_fresh(const MoltAtticPage *page, const MoltLeaf *leaf, uint64_t *sample,
                            uint64_t *count);
/* The same of the union around an arm, which begins as a whole; `leaf` becomes it. */
bool molt__carry_find_fresh_union(const MoltAtticPage *page, MoltLeaf *leaf, uint64_t *sample,
                                  uint64_t *count);
/* Takes what is known about fresh fields over to carry->to. */
void molt__carry_fresh(MoltCarry *carry);

/* attic_carry.c */
/* No kept value can return with this migration. */
bool molt__attic_is_quiet(const MoltMigration *m);
/* The plan from a step's schema to the new one, in which the types of the step's pages become what they
 * became step by step. NULL when memory is out. */
MoltPlan *molt__attic_direct_plan(MoltMigration *m, const MoltAtticStep *step);
/* Where a record's element is, in the running state and in the new one. */
void molt__carry_stand(const MoltCarry *carry, const MoltLoss *place, MoltCarryObject *object);
/* Takes a record of the object at `place` over to a record of the new page, where something of it stays
 * open. */
void molt__carry_place(MoltCarry *carry, const MoltLoss *place, const unsigned char *record);
/* Takes the values of a record over to object->copy. True while some of them stay open. */
bool molt__carry_object(MoltCarry *carry, MoltCarryObject *object);

/* attic_value.c */
/* Takes a reference over to the new page; false when its target is gone. *pointer is what the pointer
 * is in the new state, 0 when it cannot be said now; *exact: it leads to the very place that it led to
 * before the page's edit, or to none of the heap. */
bool molt__carry_ref(MoltCarry *carry, const MoltLeaf *was, uint64_t kept, uint64_t *moved,
                     uintptr_t *pointer, bool *exact);
/* Returns value `i` of a part to its place, as far as it fits. `kept` lies in the old record; `pointer`
 * is what a kept pointer is now. True when the value is back as it was. */
bool molt__carry_return(MoltCarry *carry, const MoltCarryPart *part, const MoltAtticRun *next,
                        const MoltCarryObject *object, uint64_t i, const unsigned char *kept,
                        uintptr_t pointer);
/* Counts an object in which a value of the part is back. */
void molt__carry_count(MoltMigration *m, const MoltCarryPart *part);
/* Gives place `i` of a part that is `taken` the value that it began with. */
void molt__carry_take(MoltCarry *carry, const MoltCarryPart *part, const MoltCarryObject *object,
                      uint64_t i);
/* At commit, the unions beside tag `i` of a run are empty, before what returns to them is written. */
void molt__carry_clear_later(MoltMigration *m, const MoltAtticRun *run, uint64_t i,
                             unsigned char *element);

#endif
