/* What libc said when it ended the program: the text of an assertion, of a heap that is corrupt. It must
 * never know what is done about it. */
#ifndef MOLT_CORE_ABORT_TEXT_H
#define MOLT_CORE_ABORT_TEXT_H

#include <stddef.h>

/* Finds where libc keeps it, which is not to be done in a handler. */
void molt__abort_text_prepare(void);
/* In a handler of SIGABRT. Without the program's name, of an assertion without its place; "" when abort()
 * was called without a word, or by a libc that keeps none. The next abort does not find it again. */
void molt__abort_text_take(char *text, size_t size);

#endif
