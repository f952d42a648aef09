/* How the code of a library uses the members of its structs: evidence for telling that a member which
 * appears is one that vanished in the same edit, under another name. Of every place where the code names
 * a member it has the function and the line, the latter as a hash of its text without blanks and without
 * the member's name, so that what was only renamed is used alike. It must never decide anything: what
 * follows from the evidence is said to people, who annotate. */
#ifndef MOLT_USAGE_H
#define MOLT_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct MoltUse {
    uint64_t member;   /* molt_usage_member() of the struct and the member */
    uint32_t function; /* string in MoltUsage.text: the function's name; "" outside of any */
    uint32_t line;     /* molt_usage_line() of the text */
} MoltUse;

/* Sorted by member, then function, then line; each place once. */
typedef struct MoltUsage {
    MoltUse *uses;
    char *text;
    uint32_t count;
} MoltUsage;

uint64_t molt_usage_member(const char *type, const char *member);
/* `text` is one line of C, `length` bytes without its end. */
uint32_t molt_usage_line(const char *text, size_t length, const char *member);

/* How alike two members are used. */
typedef struct MoltLikeness {
    uint32_t before, after; /* places where each is used */
    uint32_t same;          /* of both: same function, same line */
    uint32_t functions;     /* where both are used */
    uint32_t percent;       /* 0 to 100; 0 where one of them is used nowhere */
    char where[96];         /* some of these functions, for people: "eat, walk and 3 more" */
} MoltLikeness;

/* Either usage may be NULL: nothing is known. */
MoltLikeness molt_usage_compare(const MoltUsage *before, uint64_t was, const MoltUsage *after,
                                uint64_t is);

/* A usage as text: this line, then for each use one line with four words and tabs between them: struct,
 * member, function, and the line's number in decimal; sorted as above. */
#define MOLT_USAGE_HEAD "molt-usage 1\n"

/* Reads such a text. MOLT_INVALID names the line that is damaged; MOLT_OUT_OF_MEMORY. */
MoltStatus molt_usage_from_text(const char *text, size_t length, MoltUsage **out, MoltError *error);
void molt_usage_free(MoltUsage *usage); /* NULL allowed */

#endif
