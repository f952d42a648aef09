/* What the places of a flow are called: variables, fields, parameters and results, alike in every source that
 * means the same. It must never know what flows where. */
#ifndef MOLT_CODEGEN_PLACE_NAME_H
#define MOLT_CODEGEN_PLACE_NAME_H

#include "type_reader.h"

/* A copy in the arena; the string is disposed of. */
const char *molt__place_spelling(const MoltTypeReader *types, CXString string);

/* As allocations name functions: with the file where another source may have one of that name. */
const char *molt__place_function(const MoltTypeReader *types, CXCursor function);

/* A variable, a parameter or a field; NULL for anything else. */
const char *molt__place_declared(const MoltTypeReader *types, CXCursor declaration);

/* The parameter of that number, or with -1 the result, of a function that is called: by its name, or by the
 * type of the pointer that it is called through. */
const char *molt__place_of_call(const MoltTypeReader *types, CXCursor callee, CXType pointer,
                                int argument);

#endif
