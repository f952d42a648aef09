/* Whether a library needs the runtime of a sanitizer that this process does not have. The loader would not
 * refuse it: such a runtime ends the process when it is not there from the start. It must never know where
 * the library's bytes come from. */
#ifndef MOLT_CORE_ELF_SANITIZER_H
#define MOLT_CORE_ELF_SANITIZER_H

#include <stddef.h>

#include <molt/status.h>

/* `bytes` passed molt__elf_check. MOLT_INVALID names the sanitizer; `name` is for the message. */
MoltStatus molt__elf_sanitizer_check(const char *name, const unsigned char *bytes, size_t size,
                                     MoltError *error);

#endif
