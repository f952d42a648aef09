/* Finds what matters in the output of compilers, linkers and generators. It must never know
 * which tool wrote it beyond the shape `file:line:column: error: text`. */
#ifndef MOLT_CORE_DIAGNOSTICS_H
#define MOLT_CORE_DIAGNOSTICS_H

#include <stddef.h>

/* Removes terminal escape sequences and other control characters but newline and tab, and writes
 * the typographic quotes of compilers in ASCII. In place; `text` stays NUL-terminated; returns
 * the length. */
size_t molt__diagnostics_clean(char *text, size_t length);

/* Copies the first `lines` error lines of cleaned output to `buffer`, one per line, cut at
 * `size`; the last lines where none looks like an error. Returns the number of lines copied. */
size_t molt__diagnostics_first(const char *text, size_t lines, char *buffer, size_t size);

#endif
