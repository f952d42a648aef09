/* Merges the units of one library into one schema, as a linker merges objects: the same type in
 * several units is one type, a named one is completed by the unit that defines it, and two bodies
 * under one name are refused. It must never know how units were read. */
#ifndef MOLT_CODEGEN_LINK_H
#define MOLT_CODEGEN_LINK_H

#include "unit.h"

/* The merged result in the form of a unit: schema, headers and checks of all. Its types stand in
 * the order of their names, so that the schema does not depend on the order of the sources. False
 * after a refusal; release *out in either case. */
bool molt__units_link(MoltDiagnostics *diagnostics, const MoltUnit *units, uint32_t count,
                      MoltUnit *out);

#endif
