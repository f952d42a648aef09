/* Numbers of every C type from their text, as number_text.h writes them: exact, or not at all. It must
 * never know schemas, JSON or where the text comes from. */
#ifndef MOLT__NUMBER_READ_H
#define MOLT__NUMBER_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum MoltNumberRead {
    MOLT__NUMBER_READ,
    MOLT__NUMBER_NOT_WHOLE, /* a fraction or an exponent, where an integer is wanted */
    MOLT__NUMBER_OUT_OF_RANGE,
    MOLT__NUMBER_UNKNOWN, /* no such word, or no floating type of this size here */
    MOLT__NUMBER_NO_MEMORY
} MoltNumberRead;

/* A number in JSON's grammar as an integer of `bits` bits (1 to 128), sign-extended (zero-extended
 * when not signed) to 16 bytes in this machine's byte order. */
MoltNumberRead molt__integer_read(const char *text, size_t length, uint32_t bits, bool is_signed,
                                  unsigned char value[16]);
/* The `size` (1 to 16) bytes that an integer of that size has of such a value. */
void molt__integer_store(const unsigned char value[16], size_t size, void *out);
/* The 64 bits that such a value has of a word. */
uint64_t molt__integer_word(const unsigned char value[16]);

/* A number in JSON's grammar as the float, double or long double of `size` bytes that is nearest; out
 * of range when only infinity is. Bytes that carry no value become 0. */
MoltNumberRead molt__float_read(const char *text, size_t length, size_t size, void *out);
/* NaN, NaN(0xbits), Infinity, -Infinity. */
MoltNumberRead molt__float_word_read(const char *text, size_t length, size_t size, void *out);

#endif
