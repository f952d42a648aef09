/* Where a source keeps numbers that were computed from a layout or from an address: sizeof and offsetof,
 * handed on as they are by variables, fields, parameters and results; and what is made of an address until
 * it selects an element, as in a hash table whose keys are pointers. It must never know what follows from
 * that for a library. */
#ifndef MOLT_CODEGEN_NUMBER_FLOW_H
#define MOLT_CODEGEN_NUMBER_FLOW_H

#include "flow_reader.h"

/* The body of a function, or the initialiser of a variable at file scope. */
void molt__number_flow_read(MoltFlowReader *reader, CXCursor declaration);

#endif
