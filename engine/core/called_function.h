/* Which function a call instruction goes to, from the file of the library that it stands in. Slow, for
 * messages. It must never know why somebody asks. */
#ifndef MOLT_CORE_CALLED_FUNCTION_H
#define MOLT_CORE_CALLED_FUNCTION_H

#include <stddef.h>
#include <stdint.h>

/* `address` lies on a call instruction, on its last byte, in the image of the file `path` when it is
 * loaded at `base`. "" in `name`, cut at `size`, where it calls through a pointer, or the symbol is
 * stripped, and on machines whose instructions are not known. */
void molt__called_function(const char *path, uint64_t base, uint64_t address, char *name,
                           size_t size);

#endif
