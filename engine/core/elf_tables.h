/* Judges what the dynamic loader reads of a library beyond its headers: names, symbols, versions, hash
 * tables, relocations, constructors. The loader follows whatever they say, so one that leads out of the
 * library reads or writes elsewhere in this process. It must never know what the library is for. */
#ifndef MOLT_CORE_ELF_TABLES_H
#define MOLT_CORE_ELF_TABLES_H

#include <molt/status.h>

/* `bytes` are a whole file that molt__elf_check has let pass. MOLT_INVALID names the table that leads
 * elsewhere. */
MoltStatus molt__elf_tables_check(const char *name, const unsigned char *bytes, MoltError *error);

#endif
