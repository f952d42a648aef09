/* Numbers of every C type as text that reads back to the same bits. It must never know schemas,
 * heaps or where the text goes. */
#ifndef MOLT__NUMBER_TEXT_H
#define MOLT__NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest text of any number here, with its NUL. */
#define MOLT__NUMBER_TEXT 80

/* These return the length of the text, which ends with a NUL. */

/* The integer of `size` bytes (1 to 16, this machine's byte order) at `bytes`, in decimal. */
size_t molt__integer_text(const void *bytes, size_t size, bool is_signed,
                          char text[MOLT__NUMBER_TEXT]);

/* A 64-bit integer: sign-extended when `is_signed`. */
size_t molt__word_text(uint64_t value, bool is_signed, char text[MOLT__NUMBER_TEXT]);

typedef enum MoltFloatText {
    MOLT__FLOAT_NUMBER, /* the shortest decimal that reads back to the same bits */
    MOLT__FLOAT_WORD,   /* NaN, NaN(0xbits) or Infinity, -Infinity: no number in JSON */
    MOLT__FLOAT_UNKNOWN /* no floating type of this size here; no text was made */
} MoltFloatText;

/* The float, double or long double of `size` bytes at `bytes`. NaN alone is the quiet one without
 * sign and payload; any other carries all its bits. *length is that of the text. */
MoltFloatText molt__float_text(const void *bytes, size_t size, char text[MOLT__NUMBER_TEXT],
                               size_t *length);

#endif
