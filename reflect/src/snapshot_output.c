#include "snapshot_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "molt/replaced_file.h"
#include "snapshot_writer.h"

#define SUFFIX ".saving"
/* Fits into a second-level cache: filled, hashed and copied to the system while it is there. */
#define BUFFER_SIZE ((uint64_t)256 << 10)
/* Of what is written as it lies. */
#define PIECE ((uint64_t)1 << 20)
#define ATTEMPTS 16

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static void release(MoltOutput *output)
{
    if (output->fd >= 0)
        close(output->fd);
    if (output->beside)
        resize(&output->allocator, output->beside, strlen(output->path) + sizeof SUFFIX, 0);
    free(output->resolved);
    *output = (MoltOutput){.fd = -1};
}

static MoltStatus fail(const MoltOutput *output, const char *what, int number, MoltError *error)
{
    const char *why = number == EWOULDBLOCK ? "another process is writing it" : strerror(number);
    return molt_error(error, MOLT_SYSTEM, "Cannot %s %s: %s. What was there before is unchanged.",
                      what, output->path, why);
}

/* Opens and locks the file beside. Whoever locked it before may have renamed it meanwhile: then it is
 * no longer the one of that name, and a new one is opened. */
static int open_beside(const char *path)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        struct stat mine, there;
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int number = errno;
            close(fd);
            errno = number;
            return -1;
        }
        bool same = fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
                    mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
        if (same && ftruncate(fd, 0) == 0)
            return fd;
        close(fd);
    }
    errno = EWOULDBLOCK;
    return -1;
}

MoltStatus molt__output_open(MoltOutput *output, const char *path, const MoltAllocator *allocator,
                             MoltError *error)
{
    struct stat there;
    bool exists = stat(path, &there) == 0;
    if (exists && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
        return molt_error(error, MOLT_INVALID,
                          "%s is no file but a device, a pipe or a socket, which a save would replace. "
                          "Name a file.", path);
    if (exists && S_ISDIR(there.st_mode))
        return molt_error(error, MOLT_SYSTEM, "%s is a directory. Name a file.", path);
    char *resolved = molt_replaced_file_path(path); /* a link stays one */
    path = resolved ? resolved : path;
    size_t length = strlen(path) + sizeof SUFFIX;
    *output = (MoltOutput){.allocator = *allocator, .path = path, .resolved = resolved, .fd = -1};
    output->beside = resize(allocator, NULL, 0, length);
    if (!output->beside) {
        MoltStatus status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to write %s.", path);
        release(output);
        return status;
    }
    snprintf(output->beside, length, "%s" SUFFIX, path);
    output->fd = open_beside(output->beside);
    if (output->fd >= 0 && (!exists || fchmod(output->fd, there.st_mode & 0777) == 0))
        return MOLT_OK;
    MoltStatus status = fail(output, "write", errno, error);
    release(output);
    return status;
}

void molt__output_write(MoltOutput *output, uint64_t offset, const void *bytes, uint64_t size)
{
    const char *from = bytes;
    while (size > 0 && output->error == 0) {
        ssize_t count = pwrite(output->fd, from, size, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            output->error = count < 0 ? errno : ENOSPC;
            return;
        }
        from += count;
        offset += (uint64_t)count;
        size -= (uint64_t)count;
    }
}

/* The name is on the disk once its folder is. */
static int sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (slash && length < sizeof folder) {
        memcpy(folder, path, length);
        folder[length] = '\0';
        if (length == 0)
            memcpy(folder, "/", 2);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* Some file systems cannot flush folders; the file itself is safe by then. */
    int number = fsync(fd) != 0 && errno != EINVAL && errno != EROFS ? errno : 0;
    close(fd);
    return number;
}

MoltStatus molt__output_finish(MoltOutput *output, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    if (output->error == 0 && fsync(output->fd) != 0)
        output->error = errno;
    if (output->error == 0 && rename(output->beside, output->path) != 0)
        output->error = errno;
    if (output->error != 0) {
        status = fail(output, "write", output->error, error);
        unlink(output->beside);
    } else {
        int number = sync_folder(output->path);
        if (number != 0)
            status = molt_error(error, MOLT_SYSTEM,
                                "%s is written, but its folder cannot be flushed to the disk: %s.",
                                output->path, strerror(number));
    }
    release(output);
    return status;
}

void molt__output_abandon(MoltOutput *output)
{
    if (output->fd >= 0)
        unlink(output->beside);
    if (output->path)
        release(output);
}

/* ---- streams -------------------------------------------------------------------------------- */

bool molt__stream_open(MoltStream *stream, MoltOutput *output, MoltWriter *writer, uint64_t offset,
                       uint64_t most)
{
    /* a single object that is larger than all buffers is not worth several times its memory */
    bool turns = writer && most <= BUFFER_SIZE;
    *stream = (MoltStream){.output = output, .begin = offset, .offset = offset};
    stream->writer = turns ? writer : NULL;
    stream->parts = turns ? MOLT__STREAM_PARTS : 1;
    stream->capacity = most > BUFFER_SIZE ? most : BUFFER_SIZE;
    stream->memory = resize(&output->allocator, NULL, 0, stream->capacity * stream->parts);
    stream->buffer = stream->memory;
    XXH3_64bits_reset(&stream->hash);
    return stream->memory != NULL;
}

/* `bytes` as they lie. */
static uint64_t write_out(MoltStream *stream, const void *bytes, uint64_t size)
{
    uint64_t number = 0;
    XXH3_64bits_update(&stream->hash, bytes, size);
    if (stream->writer)
        number = molt__writer_put(stream->writer, stream->offset, bytes, size);
    else
        molt__output_write(stream->output, stream->offset, bytes, size);
    stream->offset += size;
    return number;
}

static void spill(MoltStream *stream)
{
    if (stream->used == 0)
        return;
    stream->put[stream->part] = write_out(stream, stream->buffer, stream->used);
    stream->used = 0;
    stream->part = (stream->part + 1) % stream->parts;
    stream->buffer = stream->memory + stream->part * stream->capacity;
    if (stream->writer)
        molt__writer_wait(stream->writer, stream->put[stream->part]);
}

unsigned char *molt__stream_raw(MoltStream *stream, uint64_t size)
{
    if (size > stream->capacity - stream->used)
        spill(stream);
    unsigned char *room = stream->buffer + stream->used;
    stream->used += size;
    return room;
}

unsigned char *molt__stream_room(MoltStream *stream, uint64_t size)
{
    unsigned char *room = molt__stream_raw(stream, size);
    memset(room, 0, size);
    return room;
}

void molt__stream_put(MoltStream *stream, const void *bytes, uint64_t size)
{
    if (size == 0)
        return;
    if (size >= stream->capacity) { /* as it lies, without a copy */
        const unsigned char *from = bytes;
        spill(stream);
        for (uint64_t part = PIECE; size > 0; from += part, size -= part) {
            part = size < PIECE ? size : PIECE;
            write_out(stream, from, part);
        }
        return;
    }
    if (size > stream->capacity - stream->used)
        spill(stream);
    memcpy(stream->buffer + stream->used, bytes, size);
    stream->used += size;
}

void molt__stream_zero(MoltStream *stream, uint64_t size)
{
    while (size > 0) {
        uint64_t part = size < stream->capacity ? size : stream->capacity;
        molt__stream_room(stream, part);
        size -= part;
    }
}

uint64_t molt__stream_size(const MoltStream *stream)
{
    return stream->offset + stream->used - stream->begin;
}

void molt__stream_pad(MoltStream *stream, uint64_t size)
{
    molt__stream_zero(stream, size - molt__stream_size(stream));
}

uint64_t molt__stream_next(MoltStream *stream)
{
    spill(stream);
    uint64_t hash = XXH3_64bits_digest(&stream->hash);
    XXH3_64bits_reset(&stream->hash);
    stream->begin = stream->offset;
    return hash;
}

void molt__stream_close(MoltStream *stream)
{
    if (stream->memory)
        resize(&stream->output->allocator, stream->memory, stream->capacity * stream->parts, 0);
    stream->memory = stream->buffer = NULL;
}
