#include "elf_tables.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SYMBOLS_MAX (UINT32_MAX / (uint32_t)sizeof(ElfW(Sym)))
#define SLACK 4096u /* `table - 'a'` is an address before a table */
#define WORD sizeof(ElfW(Addr))

/* What the dynamic section says, by tag; addresses are those of the library. */
typedef struct Dynamic {
    uint64_t strings, string_size, symbols, hash, gnu_hash, versions, needed_versions,
        needed_version_count, defined_versions, defined_version_count, rela, rela_size, jump_rela,
        jump_rela_size, jump_kind, init, fini, init_array, init_array_size, fini_array,
        fini_array_size, relr, relr_size, rel, rela_entry, symbol_entry;
} Dynamic;

typedef struct Image {
    const unsigned char *bytes;
    const ElfW(Phdr) * segments;
    size_t segment_count;
    uint64_t end; /* of the last segment in memory */
    Dynamic dynamic;
    uint64_t symbol_count; /* 0: not known */
    uint32_t version_max;  /* the highest number that a symbol may have */
} Image;

/* `length` bytes at an address of the library, from the file; NULL when there are none, or when numbers of
 * the size `align` cannot be read there. */
static const void *at(const Image *image, uint64_t address, uint64_t length, size_t align)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        uint64_t offset = address - segment->p_vaddr;
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            offset <= segment->p_filesz && length <= segment->p_filesz - offset) {
            const unsigned char *place = image->bytes + segment->p_offset + offset;
            return (uintptr_t)place % align == 0 ? place : NULL;
        }
    }
    return NULL;
}

/* In memory, with flags. */
static bool lies_in(const Image *image, uint64_t address, uint64_t length, uint32_t flags)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        uint64_t offset = address - segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (segment->p_flags & flags) == flags &&
            address >= segment->p_vaddr && offset <= segment->p_memsz &&
            length <= segment->p_memsz - offset) {
            return true;
        }
    }
    return false;
}

static void note(Dynamic *dynamic, const ElfW(Dyn) * entry)
{
    const struct {
        int64_t tag;
        uint64_t *value;
    } rows[] = {
        {DT_STRTAB, &dynamic->strings},
        {DT_STRSZ, &dynamic->string_size},
        {DT_SYMTAB, &dynamic->symbols},
        {DT_SYMENT, &dynamic->symbol_entry},
        {DT_HASH, &dynamic->hash},
        {DT_GNU_HASH, &dynamic->gnu_hash},
        {DT_VERSYM, &dynamic->versions},
        {DT_VERNEED, &dynamic->needed_versions},
        {DT_VERNEEDNUM, &dynamic->needed_version_count},
        {DT_VERDEF, &dynamic->defined_versions},
        {DT_VERDEFNUM, &dynamic->defined_version_count},
        {DT_RELA, &dynamic->rela},
        {DT_RELASZ, &dynamic->rela_size},
        {DT_RELAENT, &dynamic->rela_entry},
        {DT_REL, &dynamic->rel},
        {DT_RELR, &dynamic->relr},
        {DT_RELRSZ, &dynamic->relr_size},
        {DT_JMPREL, &dynamic->jump_rela},
        {DT_PLTRELSZ, &dynamic->jump_rela_size},
        {DT_PLTREL, &dynamic->jump_kind},
        {DT_INIT, &dynamic->init},
        {DT_FINI, &dynamic->fini},
        {DT_INIT_ARRAY, &dynamic->init_array},
        {DT_INIT_ARRAYSZ, &dynamic->init_array_size},
        {DT_FINI_ARRAY, &dynamic->fini_array},
        {DT_FINI_ARRAYSZ, &dynamic->fini_array_size},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].tag == (int64_t)entry->d_tag) {
            *rows[i].value = entry->d_un.d_val;
        }
    }
}

/* ---- names and versions --------------------------------------------------------------------- */

static bool is_name(const Image *image, uint64_t offset)
{
    return offset < image->dynamic.string_size;
}

/* The strings end in a NUL, so a name that begins among them ends there too. */
static const char *check_names(Image *image, const ElfW(Dyn) * entries, size_t count)
{
    const Dynamic *dynamic = &image->dynamic;
    const char *strings = at(image, dynamic->strings, dynamic->string_size, 1);
    if (strings == NULL || dynamic->string_size == 0 || strings[dynamic->string_size - 1] != 0) {
        return "names";
    }
    for (size_t i = 0; i < count; i++) {
        int64_t tag = (int64_t)entries[i].d_tag;
        bool names = tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH ||
                     tag == DT_AUXILIARY || tag == DT_FILTER;
        if (names && !is_name(image, entries[i].d_un.d_val)) {
            return "names";
        }
    }
    return NULL;
}

static void raise_to(uint32_t *most, uint32_t version)
{
    version &= 0x7fff;
    *most = version > *most ? version : *most;
}

static const char *check_needed_versions(Image *image)
{
    uint64_t address = image->dynamic.needed_versions;
    for (uint64_t left = image->dynamic.needed_version_count; left > 0; left--) {
        const ElfW(Verneed) *need = at(image, address, sizeof *need, _Alignof(ElfW(Verneed)));
        if (need == NULL || !is_name(image, need->vn_file)) {
            return "versions";
        }
        uint64_t inner = address + need->vn_aux;
        for (unsigned i = 0; i < need->vn_cnt; i++) {
            const ElfW(Vernaux) *aux = at(image, inner, sizeof *aux, _Alignof(ElfW(Vernaux)));
            if (aux == NULL || !is_name(image, aux->vna_name) ||
                (aux->vna_next == 0) != (i + 1 == need->vn_cnt)) {
                return "versions";
            }
            raise_to(&image->version_max, aux->vna_other);
            inner += aux->vna_next;
        }
        if ((need->vn_next == 0) != (left == 1)) {
            return "versions";
        }
        address += need->vn_next;
    }
    return NULL;
}

static const char *check_defined_versions(Image *image)
{
    uint64_t address = image->dynamic.defined_versions;
    for (uint64_t left = image->dynamic.defined_version_count; left > 0; left--) {
        const ElfW(Verdef) *defined = at(image, address, sizeof *defined, _Alignof(ElfW(Verdef)));
        const ElfW(Verdaux) *aux = defined != NULL ? at(image, address + defined->vd_aux,
                                                        sizeof *aux, _Alignof(ElfW(Verdaux)))
                                                   : NULL;
        if (aux == NULL || !is_name(image, aux->vda_name) ||
            (defined->vd_next == 0) != (left == 1)) {
            return "versions";
        }
        raise_to(&image->version_max, defined->vd_ndx);
        address += defined->vd_next;
    }
    return NULL;
}

/* ---- hash tables and symbols ---------------------------------------------------------------- */

static const char *check_hash(Image *image)
{
    const uint32_t *head = at(image, image->dynamic.hash, 2 * sizeof *head, sizeof *head);
    if (head == NULL) {
        return "hash table";
    }
    uint64_t buckets = head[0], chains = head[1];
    const uint32_t *all =
        at(image, image->dynamic.hash, (2 + buckets + chains) * sizeof *all, sizeof *all);
    if (all == NULL || buckets == 0 || chains > SYMBOLS_MAX) {
        return "hash table";
    }
    for (uint64_t i = 2; i < 2 + buckets + chains; i++) {
        if (all[i] >= chains) {
            return "hash table";
        }
    }
    image->symbol_count = chains;
    return NULL;
}

/* Words: buckets, first symbol, words of the filter, shift; filter; buckets; a chain of hashes for each
 * bucket, whose last one is odd. */
static const char *check_gnu_hash(Image *image)
{
    const uint32_t *head = at(image, image->dynamic.gnu_hash, 4 * sizeof *head, sizeof *head);
    if (head == NULL) {
        return "hash table";
    }
    uint64_t buckets = head[0], first = head[1], filter = head[2];
    uint64_t begin = image->dynamic.gnu_hash + 4 * sizeof *head + filter * WORD;
    uint64_t chains = begin + buckets * sizeof *head, most = first;
    const uint32_t *bucket = at(image, begin, buckets * sizeof *bucket, sizeof *bucket);
    if (bucket == NULL || buckets == 0 || filter == 0 || (filter & (filter - 1)) != 0) {
        return "hash table";
    }
    for (uint64_t i = 0; i < buckets; i++) {
        if (bucket[i] != 0 && bucket[i] < first) {
            return "hash table";
        }
        most = bucket[i] > most ? bucket[i] : most;
    }
    if (most == first) { /* nothing is exported; the table does not say how many others there are */
        return NULL;
    }
    const uint32_t *chain;
    do { /* the last chain ends in the file, and all before it end there at the latest */
        chain = at(image, chains + (most - first) * sizeof *chain, sizeof *chain, sizeof *chain);
        most++;
    } while (chain != NULL && (*chain & 1) == 0);
    if (chain == NULL) {
        return "hash table";
    }
    image->symbol_count = most > image->symbol_count ? most : image->symbol_count;
    return NULL;
}

static const char *check_symbols(const Image *image)
{
    const ElfW(Sym) *symbols =
        at(image, image->dynamic.symbols, image->symbol_count * sizeof *symbols, WORD);
    const uint16_t *versions = image->dynamic.versions != 0
                                   ? at(image, image->dynamic.versions,
                                        image->symbol_count * sizeof *versions, sizeof *versions)
                                   : NULL;
    if (symbols == NULL || (image->dynamic.versions != 0 && versions == NULL)) {
        return "symbols";
    }
    for (uint64_t i = 0; i < image->symbol_count; i++) {
        const ElfW(Sym) *symbol = &symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->st_info);
        bool has_place = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
                         type != STT_TLS && type != STT_SECTION;
        bool runs = type == STT_GNU_IFUNC && has_place;
        if (!is_name(image, symbol->st_name) || (has_place && symbol->st_value > image->end) ||
            (runs && !lies_in(image, symbol->st_value, 1, PF_X))) {
            return "symbols";
        }
        if (versions != NULL && (versions[i] & 0x7fff) > image->version_max) {
            return "versions";
        }
    }
    return NULL;
}

/* ---- relocations and constructors ------------------------------------------------------------ */

#if defined(__x86_64__)
/* One of an address of the library itself, or of code that chooses one. */
static bool is_relative(uint32_t type)
{
    return type == R_X86_64_RELATIVE;
}

static bool is_chosen(uint32_t type)
{
    return type == R_X86_64_IRELATIVE;
}
#elif defined(__aarch64__)
static bool is_relative(uint32_t type)
{
    return type == R_AARCH64_RELATIVE;
}

static bool is_chosen(uint32_t type)
{
    return type == R_AARCH64_IRELATIVE;
}
#else
static bool is_relative(uint32_t type)
{
    (void)type;
    return false;
}

static bool is_chosen(uint32_t type)
{
    (void)type;
    return false;
}
#endif

#if __SIZEOF_POINTER__ == 8
#define SYMBOL_OF(info) ELF64_R_SYM(info)
#define TYPE_OF(info) ((uint32_t)ELF64_R_TYPE(info))
#else
#define SYMBOL_OF(info) ELF32_R_SYM(info)
#define TYPE_OF(info) ((uint32_t)ELF32_R_TYPE(info))
#endif

static const char *check_relocations(const Image *image, uint64_t address, uint64_t length)
{
    const ElfW(Rela) *items = at(image, address, length, WORD);
    if (length % sizeof *items != 0 || (length > 0 && items == NULL)) {
        return "relocations";
    }
    for (uint64_t i = 0; i < length / sizeof *items; i++) {
        const ElfW(Rela) *item = &items[i];
        uint32_t type = TYPE_OF(item->r_info);
        int64_t to = (int64_t)item->r_addend;
        bool inside = to >= -(int64_t)SLACK && to <= (int64_t)(image->end + SLACK);
        if (type == 0) {
            continue; /* none */
        }
        if (!lies_in(image, item->r_offset, WORD, PF_R) ||
            (image->symbol_count > 0 && SYMBOL_OF(item->r_info) >= image->symbol_count) ||
            (is_relative(type) && !inside) ||
            (is_chosen(type) && !lies_in(image, (uint64_t)to, 1, PF_X))) {
            return "relocations";
        }
    }
    return NULL;
}

/* A word that is even is the address of a place; one that is odd says which of those behind it are. */
static const char *check_packed(const Image *image)
{
    const ElfW(Addr) *words = at(image, image->dynamic.relr, image->dynamic.relr_size, WORD);
    uint64_t place = 0;
    if (image->dynamic.relr == 0) {
        return NULL;
    }
    if (words == NULL || image->dynamic.relr_size % WORD != 0) {
        return "relocations";
    }
    for (uint64_t i = 0; i < image->dynamic.relr_size / WORD; i++) {
        bool map = (words[i] & 1) != 0;
        place = map ? place : words[i];
        uint64_t length = map ? (8 * WORD - 1) * WORD : WORD;
        for (uint64_t bit = 0; map && bit < 8 * WORD - 1; bit++) {
            bool used = (words[i] >> (bit + 1) & 1) != 0;
            if (used && !lies_in(image, place + bit * WORD, WORD, PF_R)) {
                return "relocations";
            }
        }
        if (!map && !lies_in(image, place, WORD, PF_R)) {
            return "relocations";
        }
        place += length;
    }
    return NULL;
}

static const char *check_constructors(const Image *image)
{
    const Dynamic *dynamic = &image->dynamic;
    bool good = (dynamic->init == 0 || lies_in(image, dynamic->init, 1, PF_X)) &&
                (dynamic->fini == 0 || lies_in(image, dynamic->fini, 1, PF_X)) &&
                (dynamic->init_array == 0 ||
                 lies_in(image, dynamic->init_array, dynamic->init_array_size, PF_R)) &&
                (dynamic->fini_array == 0 ||
                 lies_in(image, dynamic->fini_array, dynamic->fini_array_size, PF_R));
    return good ? NULL : "constructors";
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const char *check_dynamic(Image *image, const ElfW(Dyn) * entries, size_t count)
{
    const Dynamic *dynamic = &image->dynamic;
    const char *wrong = check_names(image, entries, count);
    if (wrong == NULL && dynamic->symbol_entry != sizeof(ElfW(Sym))) {
        wrong = "symbols";
    }
    image->version_max = 1; /* local and global */
    if (wrong == NULL && dynamic->needed_versions != 0) {
        wrong = check_needed_versions(image);
    }
    if (wrong == NULL && dynamic->defined_versions != 0) {
        wrong = check_defined_versions(image);
    }
    if (wrong == NULL && dynamic->hash != 0) {
        wrong = check_hash(image);
    }
    if (wrong == NULL && dynamic->gnu_hash != 0) {
        wrong = check_gnu_hash(image);
    }
    return wrong;
}

static const char *check_contents(Image *image)
{
    const Dynamic *dynamic = &image->dynamic;
    bool rela = dynamic->rel == 0 && (dynamic->jump_rela == 0 || dynamic->jump_kind == DT_RELA) &&
                (dynamic->rela == 0 || dynamic->rela_entry == sizeof(ElfW(Rela)));
    const char *wrong = rela ? check_symbols(image) : "relocations";
    wrong = wrong != NULL ? wrong : check_relocations(image, dynamic->rela, dynamic->rela_size);
    wrong = wrong != NULL ? wrong
                          : check_relocations(image, dynamic->jump_rela, dynamic->jump_rela_size);
    wrong = wrong != NULL ? wrong : check_packed(image);
    return wrong != NULL ? wrong : check_constructors(image);
}

MoltStatus molt__elf_tables_check(const char *name, const unsigned char *bytes, MoltError *error)
{
    ElfW(Ehdr) header;
    memcpy(&header, bytes, sizeof header);
    Image image = {.bytes = bytes,
                   .segments = (const void *)(bytes + header.e_phoff),
                   .segment_count = header.e_phoff % WORD == 0 ? header.e_phnum : 0};
    const ElfW(Phdr) *dynamic = NULL;
    for (size_t i = 0; i < image.segment_count; i++) {
        const ElfW(Phdr) *segment = &image.segments[i];
        uint64_t end = segment->p_vaddr + segment->p_memsz;
        image.end = segment->p_type == PT_LOAD && end > image.end ? end : image.end;
        dynamic = segment->p_type == PT_DYNAMIC && dynamic == NULL ? segment : dynamic;
    }
    const ElfW(Dyn) *entries =
        dynamic != NULL ? at(&image, dynamic->p_vaddr, dynamic->p_filesz, WORD) : NULL;
    const char *wrong =
        entries == NULL || entries != (const void *)(bytes + dynamic->p_offset) ? "headers" : NULL;
    size_t count = 0;
    while (wrong == NULL && entries[count].d_tag != DT_NULL) {
        note(&image.dynamic, &entries[count++]);
    }
    wrong = wrong != NULL ? wrong : check_dynamic(&image, entries, count);
    wrong = wrong != NULL ? wrong : check_contents(&image);
    return wrong == NULL
               ? MOLT_OK
               : molt_error(error, MOLT_INVALID,
                            "%s is damaged: its %s lead out of it. Build it again.", name, wrong);
}
