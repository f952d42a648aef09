/* MOLT_DEFAULT: turns the text of an initialiser into the bytes that the field holds then. Braces,
 * designators and literals are read here; any other constant expression is left to the compiler. It
 * must never know how defaults are applied. */
#ifndef MOLT_CODEGEN_INITIALIZER_H
#define MOLT_CODEGEN_INITIALIZER_H

#include "model.h"
#include "translation_unit.h"

/* Fills `bytes` and `size` of every DEFAULT note of the model (see MoltNote in meta.h), with one
 * more parse of the source if any needs the compiler. A NULL pointer needs no default: its note
 * goes. */
void molt__defaults_resolve(MoltTranslationUnit *unit, MoltModel *model);

#endif
