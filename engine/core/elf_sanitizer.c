#include "elf_sanitizer.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Sanitizer {
    const char *name, *flag;
    const char *start;   /* what instrumented code calls first */
    const char *library; /* that gcc has it in */
} Sanitizer;

static const Sanitizer sanitizers[] = {
    {"address", "-fsanitize=address", "__asan_init", "libasan.so"},
    {"thread", "-fsanitize=thread", "__tsan_init", "libtsan.so"},
    {"memory", "-fsanitize=memory", "__msan_init", "libmsan.so"},
    {"hardware address", "-fsanitize=hwaddress", "__hwasan_init", "libhwasan.so"},
};
enum { SANITIZER_COUNT = sizeof sanitizers / sizeof sanitizers[0] };

typedef struct File {
    const unsigned char *bytes;
    size_t size;
    ElfW(Ehdr) header;
} File;

/* Section `index`, false when there is none or it reaches beyond the file. */
static bool read_section(const File *file, size_t index, ElfW(Shdr) * out)
{
    if (index >= file->header.e_shnum || file->header.e_shentsize != sizeof *out) {
        return false;
    }
    uint64_t at = file->header.e_shoff + index * sizeof *out;
    if (at > file->size || sizeof *out > file->size - at) {
        return false;
    }
    memcpy(out, file->bytes + at, sizeof *out);
    return out->sh_type != SHT_NOBITS && out->sh_offset <= file->size &&
           out->sh_size <= file->size - out->sh_offset;
}

/* The text at `offset` of a string section, "" when it does not end inside. */
static const char *text_at(const File *file, const ElfW(Shdr) * strings, uint64_t offset)
{
    if (offset >= strings->sh_size) {
        return "";
    }
    const char *text = (const char *)file->bytes + strings->sh_offset + offset;
    return memchr(text, 0, strings->sh_size - offset) != NULL ? text : "";
}

/* ---- what the library wants ---------------------------------------------------------------- */

static bool wants_symbol(const File *file, const ElfW(Shdr) * symbols, const ElfW(Shdr) * strings,
                         const char *name)
{
    for (uint64_t at = 0; at + sizeof(ElfW(Sym)) <= symbols->sh_size; at += sizeof(ElfW(Sym))) {
        ElfW(Sym) symbol;
        memcpy(&symbol, file->bytes + symbols->sh_offset + at, sizeof symbol);
        if (symbol.st_shndx == SHN_UNDEF &&
            strcmp(text_at(file, strings, symbol.st_name), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool wants_library(const File *file, const ElfW(Shdr) * dynamic, const ElfW(Shdr) * strings,
                          const char *name)
{
    for (uint64_t at = 0; at + sizeof(ElfW(Dyn)) <= dynamic->sh_size; at += sizeof(ElfW(Dyn))) {
        ElfW(Dyn) entry;
        memcpy(&entry, file->bytes + dynamic->sh_offset + at, sizeof entry);
        if (entry.d_tag == DT_NULL) {
            break;
        }
        const char *needed =
            entry.d_tag == DT_NEEDED ? text_at(file, strings, entry.d_un.d_val) : "";
        if (strncmp(needed, name, strlen(name)) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what this process has ----------------------------------------------------------------- */

typedef struct ImageName {
    const char *start; /* of the file's name */
} ImageName;

static int compare_image(struct dl_phdr_info *info, size_t size, void *context)
{
    const ImageName *wanted = context;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash != NULL ? slash + 1 : info->dlpi_name;
    (void)size;
    return strncmp(name, wanted->start, strlen(wanted->start)) == 0;
}

static bool has_library(const char *name)
{
    ImageName wanted = {name};
    return dl_iterate_phdr(compare_image, &wanted) != 0;
}

MoltStatus molt__elf_sanitizer_check(const char *name, const unsigned char *bytes, size_t size,
                                     MoltError *error)
{
    File file = {.bytes = bytes, .size = size};
    memcpy(&file.header, bytes, sizeof file.header);
    for (size_t i = 0; i < file.header.e_shnum; i++) {
        ElfW(Shdr) section, strings;
        if (!read_section(&file, i, &section) ||
            (section.sh_type != SHT_DYNSYM && section.sh_type != SHT_DYNAMIC) ||
            !read_section(&file, section.sh_link, &strings)) {
            continue;
        }
        for (size_t k = 0; k < SANITIZER_COUNT; k++) {
            const Sanitizer *it = &sanitizers[k];
            bool lacks = section.sh_type == SHT_DYNSYM
                             ? wants_symbol(&file, &section, &strings, it->start) &&
                                   dlsym(RTLD_DEFAULT, it->start) == NULL
                             : wants_library(&file, &section, &strings, it->library) &&
                                   !has_library(it->library);
            if (lacks) {
                return molt_error(
                    error, MOLT_INVALID,
                    "%s is built with the %s sanitizer (%s), and this host is not: its "
                    "runtime has to be there from the start of the process. Build both "
                    "with it, or the game without.",
                    name, it->name, it->flag);
            }
        }
    }
    return MOLT_OK;
}
