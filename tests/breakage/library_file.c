#include "library_file.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(99);
    }
}

static unsigned char *read_library(const char *path, size_t *size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    need(file >= 0 && fstat(file, &status) == 0, path);
    *size = (size_t)status.st_size;
    unsigned char *bytes = malloc(*size);
    need(bytes != NULL && read(file, bytes, *size) == status.st_size, path);
    close(file);
    return bytes;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    need(file >= 0 && write(file, bytes, size) == (ssize_t)size && close(file) == 0, path);
}

/* A finished file takes the place of the old one. */
static void rename_in(const LibraryFile *file, const void *bytes, size_t size, long nanoseconds)
{
    char beside[340];
    snprintf(beside, sizeof beside, "%s.new", file->path);
    write_file(beside, bytes, size);
    if (nanoseconds >= 0) {
        const struct timespec second = {.tv_sec = 1600000000, .tv_nsec = nanoseconds};
        const struct timespec times[2] = {second, second};
        need(utimensat(AT_FDCWD, beside, times, 0) == 0, beside);
    }
    need(rename(beside, file->path) == 0, file->path);
}

void library_file_make(LibraryFile *file, const char *library)
{
    const char *base = getenv("TMPDIR");
    snprintf(file->folder, sizeof file->folder, "%.200s/molt-breakage-XXXXXX",
             base != NULL ? base : "/tmp");
    need(mkdtemp(file->folder) != NULL, file->folder);
    snprintf(file->path, sizeof file->path, "%s/game.so", file->folder);
    library_file_put(file, library, -1);
}

void library_file_remove(const LibraryFile *file)
{
    unlink(file->path);
    need(rmdir(file->folder) == 0, file->folder);
}

void library_file_put(const LibraryFile *file, const char *library, long nanoseconds)
{
    size_t size;
    unsigned char *bytes = read_library(library, &size);
    rename_in(file, bytes, size, nanoseconds);
    free(bytes);
}

void library_file_fill(const LibraryFile *file, const char *library)
{
    size_t size;
    unsigned char *bytes = read_library(library, &size);
    write_file(file->path, bytes, size);
    free(bytes);
}

/* Up to the end of the last segment; what follows is for debuggers. */
static size_t loaded_size(const unsigned char *bytes)
{
    Elf64_Ehdr header;
    size_t end = 0;
    memcpy(&header, bytes, sizeof header);
    for (size_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, bytes + header.e_phoff + i * header.e_phentsize, sizeof segment);
        if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end) {
            end = segment.p_offset + segment.p_filesz;
        }
    }
    return end;
}

void library_file_replace(const LibraryFile *file, const Trial *trial)
{
    size_t size;
    unsigned char *bytes = read_library(trial->library, &size);
    switch (trial->kind) {
    case TRIAL_TORN: size = loaded_size(bytes) / 2; break;
    case TRIAL_EMPTY: size = 0; break;
    case TRIAL_GARBAGE:
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (unsigned char)(i * 37 + 11);
        }
        break;
    case TRIAL_MACHINE: bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_SPARC; break;
    case TRIAL_IN_PLACE:
        write_file(file->path, "", 0);
        free(bytes);
        return;
    case TRIAL_CRASH:
    case TRIAL_SWAP:
    case TRIAL_TWICE: break;
    }
    rename_in(file, bytes, size, trial->kind == TRIAL_TWICE ? 200000000 : -1);
    free(bytes);
}
