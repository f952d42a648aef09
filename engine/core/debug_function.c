#include "debug_function.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 16 }; /* pointers to pointers; what is deeper is not looked at */

/* A text that is cut at its end when it is too long. */
typedef struct Text {
    char *bytes;
    size_t size, used;
} Text;

static void add(Text *text, const char *more)
{
    int wrote = snprintf(text->bytes + text->used, text->size - text->used, "%s", more);
    text->used += wrote > 0 ? (size_t)wrote : 0;
    text->used = text->used < text->size ? text->used : text->size - 1;
}

static const char *keyword(int tag)
{
    return tag == DW_TAG_structure_type     ? "struct "
           : tag == DW_TAG_union_type       ? "union "
           : tag == DW_TAG_enumeration_type ? "enum "
                                            : "";
}

/* The type of `die`, without qualifiers and with typedefs looked through. */
static void add_type(Text *text, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Die type = *die;
    int stars = 0;
    for (int depth = 0; depth < DEPTH; depth++) {
        if (dwarf_attr_integrate(&type, DW_AT_type, &attribute) == NULL ||
            dwarf_formref_die(&attribute, &type) == NULL) {
            add(text, "void");
            break;
        }
        int tag = dwarf_tag(&type);
        stars += tag == DW_TAG_pointer_type;
        if (tag != DW_TAG_pointer_type && tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
            tag != DW_TAG_volatile_type && tag != DW_TAG_restrict_type) {
            const char *name = dwarf_diename(&type);
            add(text, keyword(tag));
            add(text, name == NULL ? "..." : strcmp(name, "_Bool") == 0 ? "bool" : name);
            break;
        }
    }
    add(text, stars > 0 ? " " : "");
    for (; stars > 0; stars--) {
        add(text, "*");
    }
}

static void add_function(Text *text, Dwarf_Die *function)
{
    Dwarf_Die child;
    int parameters = 0;
    add_type(text, function);
    add(text, " (");
    for (int more = dwarf_child(function, &child); more == 0;
         more = dwarf_siblingof(&child, &child)) {
        if (dwarf_tag(&child) == DW_TAG_formal_parameter) {
            add(text, parameters++ > 0 ? ", " : "");
            add_type(text, &child);
        }
    }
    add(text, parameters > 0 ? ")" : "void)");
}

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
        Text written = {.bytes = text, .size = size};
        add_function(&written, &function);
    }
    if (dwarf != NULL) {
        dwarf_end(dwarf);
    }
    if (file >= 0) {
        close(file);
    }
    return found;
}
