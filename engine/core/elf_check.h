/* Judges a file before the dynamic loader sees it: the loader maps what the headers promise and
 * kills the process when a half-written file does not hold it. It must never know what is in the
 * library. */
#ifndef MOLT_CORE_ELF_CHECK_H
#define MOLT_CORE_ELF_CHECK_H

#include <stddef.h>

#include <molt/status.h>

/* `bytes` are the whole file; `name` stands in messages. MOLT_INCOMPLETE when the file is
 * shorter than its own headers say or begins with zeros, as one that is still being written
 * does; MOLT_INVALID when it is no shared library for this machine. */
MoltStatus molt__elf_check(const char *name, const unsigned char *bytes, size_t size,
                           MoltError *error);

#endif
