/* What an address in a game library is for a pointer of a given type: which reading of unnamed bytes that
 * type asks for. It must never know migrations, nor what becomes of the address. */
#ifndef MOLT_CODE_TARGET_H
#define MOLT_CODE_TARGET_H

#include "molt/code_map.h"
#include "molt/schema.h"

/* Bytes of a number that is kept beside its name, at most. */
enum { MOLT__CODE_VALUE_MAX = 16 };

/* What lies at `address` for a pointer to `pointee` of that schema, MOLT_NO_TYPE or void when nobody
 * knows. False when nothing there has a name. */
bool molt__code_describe(const MoltCodeMap *code, const MoltSchema *schema, MoltTypeId pointee,
                         uintptr_t address, MoltCodeTarget *out);

/* A pointer to `pointee` may mean the target. Not: a literal, for one to what is no character of it. */
bool molt__code_may_mean(const MoltSchema *schema, MoltTypeId pointee,
                         const MoltCodeTarget *target);

/* The bytes, as many as the type has, that have to stay what they are for a pointer to the type:
 * numbers in an
 * object that is not divided into structs mean the same only while they are the same; single bytes are text
 * or raw, and go by name. They are the library's, or what a file kept of them; NULL where they do not
 * count or
 * nobody has them. */
const void *molt__code_value(const MoltType *type, const MoltCodeTarget *target);

/* The bytes are those of a plain literal: one character of zeros, the last one. */
bool molt__code_is_literal(const MoltCodeTarget *target);

/* They may be those of any literal, also of one with zeros inside: a zero is the last. */
bool molt__code_ends_literal(const MoltCodeTarget *target);

enum { MOLT__LITERAL_SHOWN = 64 };
/* A literal's text for messages: as it stands, or of wide characters those that are ASCII. */
void molt__code_text(const MoltCodeTarget *literal, char *text, size_t room);

#endif
