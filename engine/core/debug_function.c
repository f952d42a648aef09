#include "debug_function.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <unistd.h>

#include "signature.h"

static bool find_in_unit(Dwarf_Die *unit, uint64_t address, Dwarf_Die *out)
{
    Dwarf_Addr begin;
    if (dwarf_child(unit, out) != 0) {
        return false;
    }
    do {
        if (dwarf_tag(out) == DW_TAG_subprogram && dwarf_lowpc(out, &begin) == 0 &&
            begin == address) {
            return true;
        }
    } while (dwarf_siblingof(out, out) == 0);
    return false;
}

static bool find(Dwarf *dwarf, uint64_t address, Dwarf_Die *out)
{
    Dwarf_Off offset = 0, next = 0;
    Dwarf_Die unit;
    size_t header = 0;
    while (dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        if (dwarf_offdie(dwarf, offset + header, &unit) != NULL &&
            find_in_unit(&unit, address, out)) {
            return true;
        }
        offset = next;
    }
    return false;
}

bool molt__debug_function_type(const char *path, uint64_t address, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    Dwarf *dwarf = file >= 0 ? dwarf_begin(file, DWARF_C_READ) : NULL;
    Dwarf_Die function;
    bool found = dwarf != NULL && find(dwarf, address, &function);
    if (found) {
        molt__signature_write(&function, text, size);
    }
    if (dwarf != NULL) {
        dwarf_end(dwarf);
    }
    if (file >= 0) {
        close(file);
    }
    return found;
}
