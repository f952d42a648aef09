/* Expressions of C as libclang shows them: their parts, and the operators that it does not name. It must
 * never know what an expression is asked for. */
#ifndef MOLT_CODEGEN_EXPRESSION_H
#define MOLT_CODEGEN_EXPRESSION_H

#include <clang-c/Index.h>
#include <stdbool.h>

/* The first few children of a cursor; `count` counts all. */
typedef struct MoltExpressions {
    CXCursor items[4];
    unsigned count;
} MoltExpressions;

MoltExpressions molt__expression_children(CXCursor cursor);

/* The last child; null: there is none. */
CXCursor molt__expression_last(CXCursor cursor);

/* Without parentheses, casts and implied conversions. */
CXCursor molt__expression_strip(CXCursor cursor);

/* The first character of a binary operator: in C text what lies between its sides. 0 where a macro
 * makes it and does not say. */
char molt__expression_operator(CXCursor cursor);

/* The binary operator is `=`; true too where a macro makes it and does not say. */
bool molt__expression_assigns(CXCursor cursor);

#endif
