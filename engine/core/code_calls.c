#include "code_calls.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

typedef struct Scan {
    uintptr_t base, begin, end;
    uintptr_t code_begin, code_end; /* of all sections with code */
    const char *const *names;
    uint32_t name_count;
    MoltEntry *entries; /* sorted by address */
    size_t entry_count, entry_slots;
    MoltCodeCalls *out;
    size_t call_slots;
    bool failed;
} Scan;

bool molt__code_calls_supported(void)
{
#ifdef __x86_64__
    return true;
#else
    return false;
#endif
}

static void *grown(Scan *scan, void *items, size_t count, size_t *slots, size_t size)
{
    if (count < *slots) {
        return items;
    }
    size_t wanted = *slots > 0 ? *slots * 2 : 64;
    void *more = realloc(items, wanted * size);
    if (more == NULL) {
        scan->failed = true;
        return items;
    }
    *slots = wanted;
    return more;
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Compilers call their copies "name.constprop.0" and the like; a part of a function is no copy. */
static bool is_copy_of(const char *raw, const char *name)
{
    size_t length = strlen(name);
    return strncmp(raw, name, length) == 0 &&
           (raw[length] == 0 || (raw[length] == '.' && strncmp(raw + length, ".part", 5) != 0 &&
                                 strncmp(raw + length, ".cold", 5) != 0));
}

static void add_entry(Scan *scan, uintptr_t address, const char *raw)
{
    for (uint32_t i = 0; i < scan->name_count; i++) {
        if (!is_copy_of(raw, scan->names[i])) {
            continue;
        }
        scan->entries = grown(scan, scan->entries, scan->entry_count, &scan->entry_slots,
                              sizeof *scan->entries);
        if (!scan->failed) {
            scan->entries[scan->entry_count++] = (MoltEntry){address, scan->names[i]};
        }
        return;
    }
}

static void read_symbols(Scan *scan, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; data != NULL && i < count && !scan->failed; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL ||
            GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) {
            continue;
        }
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        uintptr_t address = scan->base + (uintptr_t)symbol.st_value;
        if (name != NULL && address >= scan->begin && address < scan->end) {
            add_entry(scan, address, name);
        }
    }
}

static int compare_entries(const void *left, const void *right)
{
    const MoltEntry *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static const MoltEntry *find_entry(const Scan *scan, uintptr_t address)
{
    MoltEntry key = {.address = address};
    return scan->entry_count > 0 ? bsearch(&key, scan->entries, scan->entry_count,
                                           sizeof *scan->entries, compare_entries)
                                 : NULL;
}

/* ---- code ------------------------------------------------------------------------------------ */

#ifdef __x86_64__
enum { CALL = 0xe8, INDIRECT = 0xff, CALL_GOT = 0x15, JUMP_GOT = 0x25 };

static bool in_image(const Scan *scan, uintptr_t address, size_t size)
{
    return address >= scan->begin && address < scan->end && size <= scan->end - address;
}

/* What looks like a call may be part of another instruction, and its target be anywhere. */
static bool in_code(const Scan *scan, uintptr_t address, size_t size)
{
    return address >= scan->code_begin && address < scan->code_end &&
           size <= scan->code_end - address;
}

static uintptr_t relative(const unsigned char *operand)
{
    int32_t distance;
    memcpy(&distance, operand, sizeof distance);
    return (uintptr_t)operand + sizeof distance + (uintptr_t)(intptr_t)distance;
}

__attribute__((no_sanitize("address"))) /* between two variables, perhaps */
static uintptr_t
word_at(const Scan *scan, uintptr_t address)
{
    uintptr_t word = 0;
    if (in_image(scan, address, sizeof word)) {
        memcpy(&word, (const void *)address, sizeof word); /* NOLINT: a place in the image */
    }
    return word;
}

/* A function of the library may be called through a stub that jumps to what a table holds:
 * [endbr64] [bnd] jmp *table(%rip). */
static const MoltEntry *through_stub(const Scan *scan, uintptr_t address)
{
    static const unsigned char branch_target[] = {0xf3, 0x0f, 0x1e, 0xfa};
    if (!in_code(scan, address, 12)) {
        return NULL;
    }
    const unsigned char *code = (const unsigned char *)address; /* NOLINT: a place in the image */
    if (memcmp(code, branch_target, sizeof branch_target) == 0) {
        code += sizeof branch_target;
    }
    code += *code == 0xf2;
    return code[0] == INDIRECT && code[1] == JUMP_GOT
               ? find_entry(scan, word_at(scan, relative(code + 2)))
               : NULL;
}

static void add_call(Scan *scan, const unsigned char *call, size_t size, const MoltEntry *entry)
{
    scan->out->items = grown(scan, scan->out->items, scan->out->count, &scan->call_slots,
                             sizeof *scan->out->items);
    if (!scan->failed) {
        scan->out->items[scan->out->count++] =
            (MoltCodeCall){(uintptr_t)call, (uintptr_t)call + size, entry->name};
    }
}

static void scan_code(Scan *scan, uintptr_t address, size_t size)
{
    const unsigned char *code = (const unsigned char *)address; /* NOLINT: a place in the image */
    for (size_t i = 0; i + 6 <= size && !scan->failed; i++) {
        const MoltEntry *entry = NULL;
        size_t length = 0;
        if (code[i] == CALL) {
            uintptr_t target = relative(code + i + 1);
            entry = find_entry(scan, target);
            entry = entry != NULL ? entry : through_stub(scan, target);
            length = 5;
        } else if (code[i] == INDIRECT && code[i + 1] == CALL_GOT) {
            entry = find_entry(scan, word_at(scan, relative(code + i + 2)));
            length = 6;
        }
        if (entry != NULL) {
            add_call(scan, code + i, length, entry);
        }
    }
}
#else
static void scan_code(Scan *scan, uintptr_t address, size_t size)
{
    (void)scan;
    (void)address;
    (void)size;
}
#endif

static bool is_code(const Scan *scan, const GElf_Shdr *header)
{
    uintptr_t address = scan->base + (uintptr_t)header->sh_addr;
    return header->sh_type == SHT_PROGBITS && (header->sh_flags & SHF_EXECINSTR) != 0 &&
           address >= scan->begin && address < scan->end && header->sh_size <= scan->end - address;
}

/* Sections of code follow each other. */
static void find_code(Scan *scan, Elf *elf)
{
    GElf_Shdr header;
    scan->code_begin = UINTPTR_MAX;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        if (gelf_getshdr(section, &header) != NULL && is_code(scan, &header)) {
            uintptr_t from = scan->base + (uintptr_t)header.sh_addr;
            uintptr_t to = from + (uintptr_t)header.sh_size;
            scan->code_begin = from < scan->code_begin ? from : scan->code_begin;
            scan->code_end = to > scan->code_end ? to : scan->code_end;
        }
    }
}

static void scan_section(Scan *scan, const GElf_Shdr *header)
{
    if (is_code(scan, header)) {
        scan_code(scan, scan->base + (uintptr_t)header->sh_addr, (size_t)header->sh_size);
    }
}

static int compare_calls(const void *left, const void *right)
{
    const MoltCodeCall *a = left, *b = right;
    return (a->call > b->call) - (a->call < b->call);
}

MoltStatus molt__code_calls_find(Elf *elf, uintptr_t base, uintptr_t begin, uintptr_t end,
                                 const char *const *names, uint32_t name_count, MoltCodeCalls *out)
{
    Scan scan = {.base = base,
                 .begin = begin,
                 .end = end,
                 .names = names,
                 .name_count = name_count,
                 .out = out};
    GElf_Shdr header;
    *out = (MoltCodeCalls){0};
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_SYMTAB) {
            read_symbols(&scan, elf, section, &header);
        }
    }
    if (scan.entry_count > 0) {
        qsort(scan.entries, scan.entry_count, sizeof *scan.entries, compare_entries);
        find_code(&scan, elf);
        for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
            if (gelf_getshdr(section, &header) != NULL) {
                scan_section(&scan, &header);
            }
        }
    }
    free(scan.entries);
    if (out->count > 0) {
        qsort(out->items, out->count, sizeof *out->items, compare_calls);
    }
    if (scan.failed) {
        molt__code_calls_free(out);
        return MOLT_OUT_OF_MEMORY;
    }
    return MOLT_OK;
}

void molt__code_calls_free(MoltCodeCalls *calls)
{
    free(calls->items);
    *calls = (MoltCodeCalls){0};
}
