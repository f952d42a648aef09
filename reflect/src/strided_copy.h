/* Copies of values that lie at equal distances, in objects one after the other. It must never know what the
 * values are. */
#ifndef MOLT__STRIDED_COPY_H
#define MOLT__STRIDED_COPY_H

#include <stdint.h>
#include <string.h>

/* Copies `n` values of `size` bytes each; the strides are from one value to the next. */
static inline void molt__strided_copy(unsigned char *to, uint64_t to_stride,
                                      const unsigned char *from, uint64_t from_stride,
                                      uint64_t size, uint64_t n)
{
    if (size == to_stride && size == from_stride) {
        memcpy(to, from, size * n);
        return;
    }
    /* constant sizes become single moves */
#define EACH(bytes)                                                                                \
    for (uint64_t i = 0; i < n; i++, from += from_stride, to += to_stride)                         \
    memcpy(to, from, bytes)
    switch (size) {
    case 1: EACH(1); break;
    case 2: EACH(2); break;
    case 4: EACH(4); break;
    case 8: EACH(8); break;
    case 16: EACH(16); break;
    case 24: EACH(24); break;
    case 32: EACH(32); break;
    default: EACH(size); break;
    }
#undef EACH
}

#endif
