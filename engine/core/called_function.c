#include "called_function.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __x86_64__
/* `size` bytes of code at an address of the file's own; false where it has none. */
static bool read_code(Elf *elf, uint64_t address, unsigned char *out, size_t size)
{
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_PROGBITS ||
            (header.sh_flags & SHF_EXECINSTR) == 0 || address < header.sh_addr ||
            address - header.sh_addr + size > header.sh_size) {
            continue;
        }
        const Elf_Data *data = elf_getdata(section, NULL);
        uint64_t at = address - header.sh_addr;
        if (data != NULL && data->d_buf != NULL && at + size <= data->d_size) {
            memcpy(out, (const unsigned char *)data->d_buf + at, size);
            return true;
        }
    }
    return false;
}

static uint64_t relative(const unsigned char *operand, uint64_t next)
{
    int32_t distance;
    memcpy(&distance, operand, sizeof distance);
    return next + (uint64_t)(int64_t)distance;
}

/* The table's entry that a stub jumps through: [endbr64] [bnd] jmp *entry(%rip). 0: it is no stub. */
static uint64_t entry_of_stub(Elf *elf, uint64_t stub)
{
    static const unsigned char branch_target[] = {0xf3, 0x0f, 0x1e, 0xfa};
    enum { JUMP_SIZE = 6 };
    unsigned char code[sizeof branch_target + 1 + JUMP_SIZE];
    size_t at = 0;
    if (!read_code(elf, stub, code, sizeof code)) {
        return 0;
    }
    at += memcmp(code, branch_target, sizeof branch_target) == 0 ? sizeof branch_target : 0;
    at += code[at] == 0xf2;
    return code[at] == 0xff && code[at + 1] == 0x25 ? relative(code + at + 2, stub + at + JUMP_SIZE)
                                                    : 0;
}

/* What the loader writes into the entry. */
static void name_of_entry(Elf *elf, uint64_t entry, char *name, size_t size)
{
    GElf_Shdr header, symbols;
    GElf_Rela relocation;
    GElf_Sym symbol;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_RELA ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data *data = elf_getdata(section, NULL);
        Elf_Scn *table = elf_getscn(elf, header.sh_link);
        if (data == NULL || table == NULL || gelf_getshdr(table, &symbols) == NULL) {
            continue;
        }
        for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
            if (gelf_getrela(data, (int)i, &relocation) == NULL || relocation.r_offset != entry ||
                gelf_getsym(elf_getdata(table, NULL), (int)GELF_R_SYM(relocation.r_info),
                            &symbol) == NULL) {
                continue;
            }
            const char *text = elf_strptr(elf, symbols.sh_link, symbol.st_name);
            if (text != NULL && text[0] != 0) {
                snprintf(name, size, "%s", text);
                return;
            }
        }
    }
}

/* Of the file itself: it jumps to what crashed, as the last that it does. */
static void name_of_function(Elf *elf, uint64_t address, char *name, size_t size)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data != NULL && i < header.sh_size / header.sh_entsize; i++) {
            if (gelf_getsym(data, (int)i, &symbol) != NULL && symbol.st_value == address &&
                GELF_ST_TYPE(symbol.st_info) == STT_FUNC) {
                const char *text = elf_strptr(elf, header.sh_link, symbol.st_name);
                snprintf(name, size, "%s", text != NULL ? text : "");
                return;
            }
        }
    }
}

static void find(Elf *elf, uint64_t last, char *name, size_t size)
{
    enum { CALL_SIZE = 5, CALL_ENTRY_SIZE = 6 };
    unsigned char code[CALL_ENTRY_SIZE];
    uint64_t next = last + 1, entry = 0;
    if (!read_code(elf, next - CALL_ENTRY_SIZE, code, sizeof code)) {
        return;
    }
    if (code[0] == 0xff && code[1] == 0x15) {
        entry = relative(code + 2, next);
    } else if (code[1] == 0xe8) {
        entry = entry_of_stub(elf, relative(code + 2, next));
    }
    if (entry == 0 && code[1] == 0xe8) {
        name_of_function(elf, relative(code + 2, next), name, size);
    } else if (entry != 0) {
        name_of_entry(elf, entry, name, size);
    }
}
#else
static void find(Elf *elf, uint64_t last, char *name, size_t size)
{
    (void)elf, (void)last, (void)name, (void)size;
}
#endif

void molt__called_function(const char *path, uint64_t base, uint64_t address, char *name,
                           size_t size)
{
    name[0] = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf =
        file >= 0 && elf_version(EV_CURRENT) != EV_NONE ? elf_begin(file, ELF_C_READ, NULL) : NULL;
    if (elf != NULL) {
        find(elf, address - base, name, size);
        elf_end(elf);
    }
    if (file >= 0) {
        close(file);
    }
}
