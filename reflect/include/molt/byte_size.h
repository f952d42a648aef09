/* Sizes in bytes as people write them on a command line: 2G, 512M, 100K. It must never know what they are
 * of. */
#ifndef MOLT_BYTE_SIZE_H
#define MOLT_BYTE_SIZE_H

#include <stdint.h>

/* "512M" in bytes, in units of 1024; 0 for what is no size, or is none. `text` is not NULL. */
uint64_t molt_byte_size_read(const char *text);

#endif
