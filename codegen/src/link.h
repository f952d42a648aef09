/* Merges the units of one library into one schema, as a linker merges objects: the same type in
 * several units is one type, a named one is completed by the unit that defines it, and two bodies
 * under one name are refused. It must never know how units were read. */
#ifndef MOLT_CODEGEN_LINK_H
#define MOLT_CODEGEN_LINK_H

#include "unit.h"
#include "wanted.h"

/* The merged result in the form of a unit: schema, headers and checks of all. Its types stand in
 * the order of their names, so that the schema does not depend on the order of the sources. False
 * after a refusal; release *out in either case. A game has one root; what is wanted instead may come
 * from any of the units. */
bool molt__units_link(MoltDiagnostics *diagnostics, const MoltUnit *units, uint32_t count,
                      const MoltWanted *wanted, MoltUnit *out);

#endif
