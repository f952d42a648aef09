#include "code_place.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void from_symbols(const MoltSymbols *symbols, uintptr_t address, MoltCodePlace *out)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        const MoltSymbol *symbol = &symbols->items[i];
        if (symbol->kind == MOLT_CODE_FUNCTION && address >= symbol->address &&
            address < symbol->address + symbol->size) {
            snprintf(out->function, sizeof out->function, "%s", symbol->name);
            snprintf(out->file, sizeof out->file, "%s", last_component(symbol->file));
        }
    }
}

/* The name alone, from the file's own table. */
static void from_file(int file, GElf_Addr address, MoltCodePlace *out)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    Elf *elf = elf_version(EV_CURRENT) != EV_NONE ? elf_begin(file, ELF_C_READ, NULL) : NULL;
    Elf_Scn *section = NULL;
    while (elf != NULL && (section = elf_nextscn(elf, section)) != NULL) {
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB ||
            header.sh_entsize == 0) {
            continue;
        }
        Elf_Data *data = elf_getdata(section, NULL);
        for (size_t i = 0; data != NULL && i < header.sh_size / header.sh_entsize; i++) {
            if (gelf_getsym(data, (int)i, &symbol) != NULL &&
                GELF_ST_TYPE(symbol.st_info) == STT_FUNC && address >= symbol.st_value &&
                address - symbol.st_value < symbol.st_size) {
                const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
                snprintf(out->function, sizeof out->function, "%s", name != NULL ? name : "");
            }
        }
    }
    elf_end(elf);
}

/* The innermost function around the address, inlined or not. */
static void name_function(Dwarf_Die *unit, Dwarf_Addr address, MoltCodePlace *out)
{
    Dwarf_Die *scopes = NULL;
    int count = dwarf_getscopes(unit, address, &scopes);
    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) && name != NULL) {
            snprintf(out->function, sizeof out->function, "%s", name);
            break;
        }
    }
    free(scopes);
}

static void from_debug(Dwarf *dwarf, Dwarf_Addr address, MoltCodePlace *out)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    int line = 0;
    while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
        if (dwarf_haspc(&die, address) != 1) {
            continue;
        }
        Dwarf_Line *row = dwarf_getsrc_die(&die, address);
        const char *file = row != NULL ? dwarf_linesrc(row, NULL, NULL) : NULL;
        if (file != NULL && dwarf_lineno(row, &line) == 0) {
            snprintf(out->file, sizeof out->file, "%s", last_component(file));
            out->line = line;
        }
        name_function(&die, address, out);
        return;
    }
}

void molt__code_places(const char *path, uint64_t base, const MoltSymbols *symbols,
                       const uint64_t *addresses, uint32_t count, MoltCodePlace *out)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    Dwarf *dwarf = file >= 0 ? dwarf_begin(file, DWARF_C_READ) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (MoltCodePlace){0};
        if (symbols != NULL) {
            from_symbols(symbols, (uintptr_t)addresses[i], &out[i]);
        }
        if (dwarf != NULL) {
            from_debug(dwarf, addresses[i] - base, &out[i]);
        }
        if (file >= 0 && out[i].function[0] == 0) {
            from_file(file, addresses[i] - base, &out[i]);
        }
    }
    if (dwarf != NULL) {
        dwarf_end(dwarf);
    }
    if (file >= 0) {
        close(file);
    }
}
