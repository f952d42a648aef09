/* A file that appears whole or not at all: written beside its place, flushed, renamed into it; and the
 * parts of it that are written at the same time, each with its hash. It must never know what is in it.
 *
 * Invariant: until molt__output_finish nothing of `path` changes, and a process that dies leaves at
 * most "PATH.saving", which the next writer takes over. */
#ifndef MOLT_SNAPSHOT_OUTPUT_H
#define MOLT_SNAPSHOT_OUTPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#define XXH_STATIC_LINKING_ONLY /* a hash state by value */
#include <xxhash.h>

#include "molt/status.h"

typedef struct MoltOutput {
    MoltAllocator allocator;
    const char *path;
    char *resolved; /* what `path` is, links followed; of malloc() */
    char *beside;
    int fd;
    atomic_int error; /* errno of the first write that failed; later ones do nothing */
} MoltOutput;

typedef struct MoltWriter MoltWriter; /* snapshot_writer.h */

/* MOLT_SYSTEM names path and reason, also when another process is writing the same file. */
MoltStatus molt__output_open(MoltOutput *output, const char *path, const MoltAllocator *allocator,
                             MoltError *error);
void molt__output_write(MoltOutput *output, uint64_t offset, const void *bytes, uint64_t size);
/* Flushes file and folder to the disk and renames; closes and frees in any case. */
MoltStatus molt__output_finish(MoltOutput *output, MoltError *error);
void molt__output_abandon(MoltOutput *output); /* closed or never opened: nothing */

enum { MOLT__STREAM_PARTS = 4 };

/* Bytes in order from an offset on. Lives on a stack: the hash state wants more alignment than
 * allocators give. */
typedef struct MoltStream {
    MoltOutput *output;
    MoltWriter *writer;     /* NULL: the stream writes by itself */
    uint64_t begin, offset; /* offset: where the buffer goes */
    unsigned char *memory;  /* `parts` buffers, filled in turn */
    unsigned char *buffer;  /* the one that is being filled */
    uint32_t parts, part;
    uint64_t put[MOLT__STREAM_PARTS]; /* per buffer: what to wait for before it is filled again */
    uint64_t used, capacity;
    XXH3_state_t hash;
} MoltStream;

/* Buffers that hold at least `most` bytes at a time. What is put must last until the writer, unless it is
 * NULL, has ended. False when memory is out. */
bool molt__stream_open(MoltStream *stream, MoltOutput *output, MoltWriter *writer, uint64_t offset,
                       uint64_t most);
/* The next `size` bytes, zero until the caller fills them; at most what the stream was opened for. */
unsigned char *molt__stream_room(MoltStream *stream, uint64_t size);
/* The same, of any content: all of it is the caller's to write. */
unsigned char *molt__stream_raw(MoltStream *stream, uint64_t size);
void molt__stream_put(MoltStream *stream, const void *bytes, uint64_t size);
void molt__stream_zero(MoltStream *stream, uint64_t size);
/* Zeroes up to where the stream holds `size` bytes. */
void molt__stream_pad(MoltStream *stream, uint64_t size);
uint64_t molt__stream_size(const MoltStream *stream);
/* Writes what is left and gives the hash of everything; what is put from now on is another stream,
 * which begins where this one ends. */
uint64_t molt__stream_next(MoltStream *stream);
void molt__stream_close(MoltStream *stream); /* frees the buffer; zeroed or never opened: nothing */

#endif
