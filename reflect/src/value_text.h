/* A value of the state in a few words, for the findings of a migration: text as text, enumerators and flags
 * by name, pointers by what they lead to. It must never know rules. */
#ifndef MOLT_VALUE_TEXT_H
#define MOLT_VALUE_TEXT_H

#include "migration.h"

/* Writes the value of old type `type` at `bytes`; of elements side by side, up to `size` bytes, the first
 * that is not zero (of chars the text from there on). MOLT_NO_TYPE: bytes that nothing gives a meaning. */
void molt__value_text(const MoltMigration *m, MoltTypeId type, const unsigned char *bytes,
                      uint64_t size, char *text, size_t room);
/* The same of a number in a bit-field, or in the storage that `form` says. */
void molt__value_number(const MoltMigration *m, MoltTypeId type, const MoltNumberForm *form,
                        const unsigned char *bytes, char *text, size_t room);

#endif
