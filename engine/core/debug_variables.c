#include "debug_variables.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 48 }; /* blocks in blocks; what is deeper is not looked at */

struct MoltDebugVariables {
    int file;
    Dwarf *dwarf; /* owns all text */
    MoltDebugVariable *items;
    uint32_t count, capacity;
    const char **sources;
    uint32_t source_count, source_capacity;
    bool failed; /* memory is out */
};

/* The unit and function that a nested entry belongs to. */
typedef struct Scope {
    const char *file, *function;
} Scope;

static void *grow(MoltDebugVariables *all, void *items, uint32_t count, uint32_t *capacity,
                  size_t size)
{
    if (count < *capacity || all->failed) {
        return items;
    }
    uint32_t wanted = *capacity != 0 ? *capacity * 2 : 64;
    void *grown = realloc(items, wanted * size);
    if (grown == NULL) {
        all->failed = true;
        return items;
    }
    *capacity = wanted;
    return grown;
}

/* ---- one variable -------------------------------------------------------------------------- */

static MoltDebugPlace read_place(Dwarf_Die *die, uint64_t *at)
{
    Dwarf_Attribute attribute, indirect;
    Dwarf_Op *ops = NULL;
    size_t count = 0;
    if (dwarf_attr_integrate(die, DW_AT_location, &attribute) == NULL) {
        return MOLT_DEBUG_NOWHERE;
    }
    if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0) {
        return MOLT_DEBUG_PIECES;
    }
    bool indexed = ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index ||
                   ops[0].atom == DW_OP_constx || ops[0].atom == DW_OP_GNU_const_index;
    *at = ops[0].number;
    if (indexed) {
        Dwarf_Addr address = 0;
        if (dwarf_getlocation_attr(&attribute, &ops[0], &indirect) != 0 ||
            dwarf_formaddr(&indirect, &address) != 0) {
            return MOLT_DEBUG_PIECES;
        }
        *at = address;
    }
    bool address = ops[0].atom == DW_OP_addr || ops[0].atom == DW_OP_addrx ||
                   ops[0].atom == DW_OP_GNU_addr_index;
    if (count == 1 && address) {
        return MOLT_DEBUG_AT;
    }
    bool tls = count == 2 &&
               (ops[1].atom == DW_OP_GNU_push_tls_address || ops[1].atom == DW_OP_form_tls_address);
    return tls ? MOLT_DEBUG_THREAD : MOLT_DEBUG_PIECES;
}

/* Locals of a function have locations too, but none that begins with an address. */
static bool is_static(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Op *ops = NULL;
    size_t count = 0;
    if (dwarf_attr_integrate(die, DW_AT_location, &attribute) == NULL ||
        dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0) {
        return false;
    }
    unsigned atom = ops[0].atom, last = ops[count - 1].atom;
    return atom == DW_OP_addr || atom == DW_OP_addrx || atom == DW_OP_GNU_addr_index ||
           last == DW_OP_GNU_push_tls_address || last == DW_OP_form_tls_address;
}

/* The entry that the source's declaration gave: copies of inlined functions refer to it, and so do the
 * units that link-time optimisation makes. */
static Dwarf_Die origin_of(Dwarf_Die *die)
{
    Dwarf_Die at = *die, next;
    Dwarf_Attribute attribute;
    for (unsigned depth = 0; depth < DEPTH; depth++) {
        if (dwarf_attr(&at, DW_AT_abstract_origin, &attribute) == NULL ||
            dwarf_formref_die(&attribute, &next) == NULL) {
            break;
        }
        at = next;
    }
    return at;
}

static const char *origin_file(Dwarf_Die *origin, const char *file)
{
    Dwarf_Die unit;
    const char *name = dwarf_diecu(origin, &unit, NULL, NULL) != NULL ? dwarf_diename(&unit) : NULL;
    return name != NULL ? name : file;
}

static bool has_flag(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    bool value = false;
    return dwarf_attr_integrate(die, name, &attribute) != NULL &&
           dwarf_formflag(&attribute, &value) == 0 && value;
}

static void add_variable(MoltDebugVariables *all, Dwarf_Die *die, const Scope *scope)
{
    const char *name = dwarf_diename(die);
    int line = 0;
    Dwarf_Attribute attribute;
    if (name == NULL || dwarf_attr(die, DW_AT_declaration, &attribute) != NULL ||
        (scope->function[0] != 0 && !is_static(die))) {
        return;
    }
    Dwarf_Die origin = origin_of(die);
    MoltDebugVariable variable = {.file = origin_file(&origin, scope->file),
                                  .function = scope->function,
                                  .name = name,
                                  .entry = dwarf_dieoffset(&origin),
                                  .external = has_flag(die, DW_AT_external)};
    variable.place = read_place(die, &variable.at);
    /* a constant in its place: nothing ever writes it */
    if (variable.place == MOLT_DEBUG_NOWHERE &&
        dwarf_attr_integrate(die, DW_AT_const_value, &attribute) != NULL) {
        return;
    }
    if (dwarf_decl_line(die, &line) == 0) {
        variable.line = (unsigned)line;
    }
    all->items = grow(all, all->items, all->count, &all->capacity, sizeof *all->items);
    if (!all->failed) {
        all->items[all->count++] = variable;
    }
}

/* ---- the tree ------------------------------------------------------------------------------ */

static void read_children(MoltDebugVariables *all, Dwarf_Die *parent, const Scope *scope,
                          unsigned depth)
{
    Dwarf_Die child;
    if (depth == 0 || dwarf_child(parent, &child) != 0) {
        return;
    }
    do {
        Scope inner = *scope;
        switch (dwarf_tag(&child)) {
        case DW_TAG_variable: add_variable(all, &child, scope); break;
        case DW_TAG_subprogram:
        case DW_TAG_inlined_subroutine:
            inner.function = dwarf_diename(&child);
            if (inner.function == NULL) {
                inner.function = MOLT_DEBUG_UNNAMED;
            }
            read_children(all, &child, &inner, depth - 1);
            break;
        case DW_TAG_lexical_block: read_children(all, &child, scope, depth - 1); break;
        default: break;
        }
    } while (!all->failed && dwarf_siblingof(&child, &child) == 0);
}

static void read_units(MoltDebugVariables *all)
{
    Dwarf_Off offset = 0, next = 0;
    size_t header = 0;
    while (!all->failed &&
           dwarf_nextcu(all->dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        const char *name = NULL;
        if (dwarf_offdie(all->dwarf, offset + header, &unit) != NULL) {
            name = dwarf_diename(&unit);
        }
        offset = next;
        if (name == NULL) {
            continue;
        }
        all->sources =
            grow(all, all->sources, all->source_count, &all->source_capacity, sizeof *all->sources);
        if (!all->failed) {
            all->sources[all->source_count++] = name;
            Scope scope = {.file = name, .function = ""};
            read_children(all, &unit, &scope, DEPTH);
        }
    }
}

MoltStatus molt__debug_variables_open(const char *path, MoltDebugVariables **out, MoltError *error)
{
    MoltDebugVariables *all = calloc(1, sizeof *all);
    if (all == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read the variables of %s.",
                          path);
    }
    all->file = open(path, O_RDONLY | O_CLOEXEC);
    if (all->file < 0) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", path, strerror(errno));
        free(all);
        return status;
    }
    all->dwarf = dwarf_begin(all->file, DWARF_C_READ);
    if (all->dwarf != NULL) {
        read_units(all);
    }
    if (all->failed) {
        molt__debug_variables_close(all);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read the variables of %s.",
                          path);
    }
    *out = all;
    return MOLT_OK;
}

void molt__debug_variables_close(MoltDebugVariables *variables)
{
    if (variables == NULL) {
        return;
    }
    free(variables->items);
    free(variables->sources);
    if (variables->dwarf != NULL) {
        dwarf_end(variables->dwarf);
    }
    close(variables->file);
    free(variables);
}

/* ---- questions ----------------------------------------------------------------------------- */

const MoltDebugVariable *molt__debug_variable(const MoltDebugVariables *variables, uint32_t index)
{
    return index < variables->count ? &variables->items[index] : NULL;
}

bool molt__debug_same_file(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    size_t both = a_length < b_length ? a_length : b_length;
    if (strcmp(a + a_length - both, b + b_length - both) != 0) {
        return false;
    }
    const char *longer = a_length > both ? a + a_length - both : b + b_length - both;
    return a_length == b_length || longer[-1] == '/';
}

bool molt__debug_knows(const MoltDebugVariables *variables, const char *file)
{
    for (uint32_t i = 0; i < variables->source_count; i++) {
        if (molt__debug_same_file(variables->sources[i], file)) {
            return true;
        }
    }
    return false;
}
