#include "elf_check.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if __SIZEOF_POINTER__ == 8
#define NATIVE_CLASS ELFCLASS64
#else
#define NATIVE_CLASS ELFCLASS32
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__arm__)
#define NATIVE_MACHINE EM_ARM
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#else
#error "name the ELF machine of this platform here"
#endif

static bool range_fits(uint64_t offset, uint64_t length, uint64_t size)
{
    return offset <= size && length <= size - offset;
}

static bool all_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static MoltStatus truncated(const char *name, const char *what, size_t size, MoltError *error)
{
    return molt_error(
        error, MOLT_INCOMPLETE,
        "%s ends after %zu bytes, before the end of its %s: it is still being written, or "
        "the link was cut off. Wait for the build, or build again.",
        name, size, what);
}

static MoltStatus check_identity(const char *name, const unsigned char *bytes, size_t size,
                                 MoltError *error)
{
    size_t seen = size < SELFMAG ? size : SELFMAG;
    if (all_zero(bytes, seen)) {
        return molt_error(error, MOLT_INCOMPLETE,
                          "%s begins with zeros instead of an ELF header: it is still being written, or "
                          "the link was cut off. Wait for the build, or build again.",
                          name);
    }
    if (memcmp(bytes, ELFMAG, seen) != 0) {
        return molt_error(error, MOLT_INVALID,
                          "%s is not an ELF file. Name the shared library that the build makes.",
                          name);
    }
    if (size < sizeof(ElfW(Ehdr))) {
        return truncated(name, "ELF header", size, error);
    }
    if (bytes[EI_CLASS] != NATIVE_CLASS || bytes[EI_DATA] != NATIVE_DATA) {
        return molt_error(
            error, MOLT_INVALID,
            "%s is built for another word size or byte order than this host (%d-bit). "
            "Build both for one machine.",
            name, (int)(8 * sizeof(void *)));
    }
    return MOLT_OK;
}

static MoltStatus check_segments(const char *name, const unsigned char *bytes, size_t size,
                                 const ElfW(Ehdr) * header, MoltError *error)
{
    if (header->e_phnum == 0 || header->e_phentsize != sizeof(ElfW(Phdr))) {
        return molt_error(
            error, MOLT_INVALID,
            "%s has no program segments that a loader could map. Link it with -shared.", name);
    }
    if (!range_fits(header->e_phoff, (uint64_t)header->e_phnum * sizeof(ElfW(Phdr)), size)) {
        return truncated(name, "program header table", size, error);
    }
    for (size_t i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        memcpy(&segment, bytes + header->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_NULL && !range_fits(segment.p_offset, segment.p_filesz, size)) {
            return truncated(name, "program segments", size, error);
        }
    }
    return MOLT_OK;
}

/* A file that got its whole length before its content has zeros where the loader looks first, and the loader
 * does not check what it finds there. */
static MoltStatus check_dynamic(const char *name, const unsigned char *bytes, size_t size,
                                const ElfW(Ehdr) * header, MoltError *error)
{
    for (size_t i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        memcpy(&segment, bytes + header->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_DYNAMIC) {
            continue;
        }
        bool symbols = false, strings = false, ends = false;
        uint64_t end = segment.p_offset + segment.p_filesz;
        for (uint64_t at = segment.p_offset; !ends && at + sizeof(ElfW(Dyn)) <= end;
             at += sizeof(ElfW(Dyn))) {
            ElfW(Dyn) entry;
            memcpy(&entry, bytes + at, sizeof entry);
            ends = entry.d_tag == DT_NULL;
            symbols = symbols || (entry.d_tag == DT_SYMTAB && entry.d_un.d_ptr != 0);
            strings = strings || (entry.d_tag == DT_STRTAB && entry.d_un.d_ptr != 0);
        }
        return symbols && strings && ends ? MOLT_OK
                                          : truncated(name, "dynamic section", size, error);
    }
    return molt_error(error, MOLT_INVALID,
                      "%s has no dynamic section: it is no shared library. Link it with -shared.",
                      name);
}

/* The section table is the last thing that linkers write, so it is what betrays most cut-off
 * files. */
static MoltStatus check_sections(const char *name, const unsigned char *bytes, size_t size,
                                 const ElfW(Ehdr) * header, MoltError *error)
{
    if (header->e_shoff == 0 || header->e_shnum == 0) {
        return MOLT_OK; /* section headers stripped: loadable, only nameless */
    }
    if (header->e_shentsize != sizeof(ElfW(Shdr))) {
        return molt_error(error, MOLT_INVALID,
                          "%s has a damaged section header table. Build it again.", name);
    }
    if (!range_fits(header->e_shoff, (uint64_t)header->e_shnum * sizeof(ElfW(Shdr)), size)) {
        return truncated(name, "section header table", size, error);
    }
    for (size_t i = 0; i < header->e_shnum; i++) {
        ElfW(Shdr) section;
        memcpy(&section, bytes + header->e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
            !range_fits(section.sh_offset, section.sh_size, size)) {
            return truncated(name, "sections", size, error);
        }
    }
    return MOLT_OK;
}

MoltStatus molt__elf_check(const char *name, const unsigned char *bytes, size_t size,
                           MoltError *error)
{
    MoltStatus status = check_identity(name, bytes, size, error);
    if (status != MOLT_OK) {
        return status;
    }
    ElfW(Ehdr) header;
    memcpy(&header, bytes, sizeof header);
    if (header.e_machine != NATIVE_MACHINE) {
        return molt_error(
            error, MOLT_INVALID,
            "%s is built for another processor (ELF machine %u, this host is %u). Build it "
            "with the compiler that built the host.",
            name, (unsigned)header.e_machine, (unsigned)NATIVE_MACHINE);
    }
    if (header.e_type != ET_DYN) {
        return molt_error(error, MOLT_INVALID,
                          "%s is an ELF file but no shared library. Link it with -shared.", name);
    }
    status = check_segments(name, bytes, size, &header, error);
    if (status == MOLT_OK) {
        status = check_sections(name, bytes, size, &header, error);
    }
    if (status == MOLT_OK) {
        status = check_dynamic(name, bytes, size, &header, error);
    }
    return status;
}
