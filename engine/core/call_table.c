#include "call_table.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code_calls.h"

enum { SCOPES_MAX = 64 };

/* Registers of x86-64 in DWARF. */
enum { FRAME_POINTER = 6, STACK_POINTER = 7, RETURN_ADDRESS = 16 };

typedef struct Table {
    const MoltModule *module;
    uintptr_t base;
    MoltCodeCalls calls;
    MoltCallSite *sites; /* one per call, in the same order */
    Elf *elf;
    Dwarf *dwarf;
    Dwarf_CFI *frames;
    uint32_t lines; /* calls whose line is known */
} Table;

/* A call as the source has it. */
typedef struct Position {
    const char *file, *callee;
    uint32_t line, column;
} Position;

/* ---- listed calls ---------------------------------------------------------------------------- */

static const char *text(const Table *table, uint32_t offset)
{
    return table->module->allocation_text + offset;
}

/* Length of a listed file that is the end of the compiler's name of it, component by component; 0 when
 * it is not. */
static size_t match_file(const char *listed, const char *name)
{
    size_t length = strlen(listed), whole = strlen(name);
    bool same = length <= whole && strcmp(name + whole - length, listed) == 0 &&
                (length == whole || name[whole - length - 1] == '/');
    return same ? length : 0;
}

static bool is_same_answer(const MoltAllocation *a, const MoltAllocation *b)
{
    return a->type == b->type && a->flags == b->flags;
}

typedef struct Choice {
    const MoltAllocation *found;
    bool several;
} Choice;

/* Compilers make calls of one of these into calls of another: malloc and memset into calloc. */
static bool is_interchangeable(const char *callee)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "reallocarray"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(callee, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits_callee(const char *listed, const char *called, bool exact)
{
    return strcmp(listed, called) == 0 ||
           (!exact && is_interchangeable(listed) && is_interchangeable(called));
}

/* The listed call at a line, by what agrees: the callee, the column. NULL for none or several that
 * disagree. */
static Choice choose(const Table *table, const Position *at, size_t file, bool exact, bool column)
{
    Choice choice = {NULL, false};
    for (uint32_t i = 0; i < table->module->allocation_count; i++) {
        const MoltAllocation *listed = &table->module->allocations[i];
        if (listed->line != at->line || match_file(text(table, listed->file), at->file) != file ||
            !fits_callee(text(table, listed->callee), at->callee, exact) ||
            (column && listed->column != at->column)) {
            continue;
        }
        choice.several = choice.found != NULL &&
                         (choice.several || !is_same_answer(choice.found, listed));
        choice.found = choice.found != NULL ? choice.found : listed;
    }
    return choice;
}

static const MoltAllocation *find_listed(const Table *table, const Position *at, bool *several)
{
    size_t file = 0;
    for (uint32_t i = 0; at->file != NULL && i < table->module->allocation_count; i++) {
        size_t length = match_file(text(table, table->module->allocations[i].file), at->file);
        file = length > file ? length : file;
    }
    *several = false;
    if (file == 0) {
        return NULL;
    }
    /* a place says more than a name that compilers change: of two calls on a line, both of which are of
     * calloc by now, only one was written so */
    Choice placed = at->column != 0 ? choose(table, at, file, false, true) : (Choice){NULL, false};
    if (placed.found != NULL && !placed.several) {
        return placed.found;
    }
    for (int exact = 1; exact >= 0; exact--) {
        for (int column = 0; column < 2; column++) {
            Choice choice = choose(table, at, file, exact != 0, column != 0);
            if (choice.found != NULL && !choice.several) {
                return choice.found;
            }
            *several = *several || choice.several;
        }
        if (*several) {
            break;
        }
    }
    return NULL;
}

/* ---- places ---------------------------------------------------------------------------------- */

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    bool good = dwarf_attr(die, name, &attribute) != NULL &&
                dwarf_formudata(&attribute, &value) == 0 && value <= UINT32_MAX;
    return good ? (uint32_t)value : 0;
}

static Position line_of(Dwarf_Die *unit, Dwarf_Addr address)
{
    Position at = {.file = NULL};
    int line = 0, column = 0;
    Dwarf_Line *row = dwarf_getsrc_die(unit, address);
    if (row != NULL && dwarf_lineno(row, &line) == 0 && line > 0) {
        at.file = dwarf_linesrc(row, NULL, NULL);
        at.line = (uint32_t)line;
        at.column = dwarf_linecol(row, &column) == 0 && column > 0 ? (uint32_t)column : 0;
    }
    return at;
}

/* Where an inlined function was called. */
static Position call_of(Dwarf_Die *unit, Dwarf_Die *inlined)
{
    Position at = {.callee = dwarf_diename(inlined)};
    Dwarf_Files *files = NULL;
    size_t count = 0;
    uint32_t file = number_of(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
        at.file = dwarf_filesrc(files, file, NULL, NULL);
    }
    at.line = number_of(inlined, DW_AT_call_line);
    at.column = number_of(inlined, DW_AT_call_column);
    at.callee = at.callee != NULL ? at.callee : "";
    return at;
}

static bool is_function(Dwarf_Die *scope)
{
    int tag = dwarf_tag(scope);
    return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram;
}

static bool holds(Dwarf_Die *scope, Dwarf_Addr address)
{
    return (is_function(scope) || dwarf_tag(scope) == DW_TAG_lexical_block) &&
           dwarf_haspc(scope, address) == 1;
}

/* The functions around an address, inlined ones where they were inlined, the innermost last. (libdw's
 * own dwarf_getscopes goes from an inlined function on to where it was defined.) Neighbouring calls
 * lie in one function: `last` is that of the call before. */
static int functions_around(Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die *last,
                            Dwarf_Die scopes[SCOPES_MAX])
{
    Dwarf_Die at = *unit, child;
    int count = 0;
    if (last->addr != NULL && holds(last, address)) {
        at = scopes[count++] = *last;
    }
    while (count < SCOPES_MAX && dwarf_child(&at, &child) == 0) {
        bool found = holds(&child, address);
        while (!found && dwarf_siblingof(&child, &child) == 0) {
            found = holds(&child, address);
        }
        if (!found) {
            break;
        }
        at = child;
        if (is_function(&child)) {
            scopes[count++] = child;
            *last = count == 1 ? child : *last;
        }
    }
    return count;
}

/* ---- frames ---------------------------------------------------------------------------------- */

/* An offset from where the frame begins, as libdw spells a register's rule; false for others. */
static bool frame_offset(const Dwarf_Op *ops, size_t count, int32_t *out)
{
    *out = 0;
    if (ops == NULL || count == 0 || count > 2 || ops[0].atom != DW_OP_call_frame_cfa) {
        return false;
    }
    if (count == 2) {
        if (ops[1].atom != DW_OP_plus_uconst) {
            return false;
        }
        *out = (int32_t)(int64_t)ops[1].number;
    }
    return true;
}

static MoltFrameRule frame_rule(const Table *table, uintptr_t address)
{
    MoltFrameRule rule = {.base = MOLT_FRAME_NONE}, none = rule;
    Dwarf_Frame *frame = NULL;
    Dwarf_Op *ops = NULL, space[3];
    size_t count = 0;
    if (table->frames == NULL ||
        dwarf_cfi_addrframe(table->frames, address - table->base, &frame) != 0) {
        return none;
    }
    bool good = dwarf_frame_cfa(frame, &ops, &count) == 0 && count == 1 &&
                ops[0].atom == DW_OP_bregx;
    if (good) {
        good = ops[0].number == FRAME_POINTER || ops[0].number == STACK_POINTER;
        rule.base = ops[0].number == FRAME_POINTER ? MOLT_FRAME_POINTER : MOLT_FRAME_STACK;
        rule.offset = (int32_t)(int64_t)ops[0].number2;
    }
    good = good && dwarf_frame_register(frame, RETURN_ADDRESS, space, &ops, &count) == 0 &&
           frame_offset(ops, count, &rule.return_address);
    if (good && dwarf_frame_register(frame, FRAME_POINTER, space, &ops, &count) == 0) {
        good = (ops == NULL && count == 0) || frame_offset(ops, count, &rule.frame_pointer);
    }
    free(frame);
    return good ? rule : none;
}

/* ---- one call -------------------------------------------------------------------------------- */

static void settle(const Table *table, MoltCallSite *site, const MoltAllocation *listed)
{
    site->wrapper = (listed->flags & MOLT_ALLOCATION_WRAPPER) != 0;
    site->pool = (listed->flags & MOLT_ALLOCATION_POOL) != 0;
    site->type = site->wrapper ? MOLT_NO_TYPE : listed->type;
    site->reason = text(table, listed->reason);
    site->file = text(table, listed->file);
    site->function = text(table, listed->function);
    site->line = listed->line;
}

/* From the innermost function outwards, as long as the call is of a wrapper that was inlined. */
static void read_call(Table *table, Dwarf_Die *unit, uint32_t index, Dwarf_Die *last)
{
    const MoltCodeCall *call = &table->calls.items[index];
    MoltCallSite *site = &table->sites[index];
    Dwarf_Addr address = call->call - table->base;
    Dwarf_Die scopes[SCOPES_MAX];
    int left = functions_around(unit, address, last, scopes);
    Position at = line_of(unit, address);
    at.callee = call->callee;
    table->lines += at.file != NULL;
    while (at.file != NULL) {
        Dwarf_Die *scope = left > 0 ? &scopes[--left] : NULL;
        bool several = false;
        const MoltAllocation *listed = find_listed(table, &at, &several);
        const char *function = scope != NULL ? dwarf_diename(scope) : NULL;
        if (listed == NULL) {
            site->wrapper = false;
            site->type = MOLT_NO_TYPE;
            site->file = at.file;
            site->line = at.line;
            site->function = function != NULL ? function : "";
            site->reason = several ? "several allocations on one line cannot be told apart"
                                   : "the source of this call was not read by molt-codegen";
            break;
        }
        settle(table, site, listed);
        bool own = function != NULL && strcmp(function, site->function) == 0;
        if (site->wrapper && own && dwarf_tag(scope) == DW_TAG_inlined_subroutine) {
            at = call_of(unit, scope);
            continue;
        }
        /* only the wrapper's own frame leads to its caller, not that of what it was inlined into */
        if (site->wrapper && own) {
            site->frame = frame_rule(table, call->call);
        }
        break;
    }
}

/* First call at or above an address. */
static uint32_t first_call(const Table *table, uintptr_t address)
{
    uint32_t low = 0, high = table->calls.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->calls.items[middle].call < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void read_unit(Table *table, Dwarf_Die *unit)
{
    Dwarf_Addr base = 0, from = 0, to = 0;
    Dwarf_Die last = {.addr = NULL};
    for (ptrdiff_t next = 0; (next = dwarf_ranges(unit, next, &base, &from, &to)) > 0;) {
        for (uint32_t i = first_call(table, table->base + from);
             i < table->calls.count && table->calls.items[i].call < table->base + to; i++) {
            read_call(table, unit, i, &last);
        }
    }
}

static void read_units(Table *table)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    while (table->dwarf != NULL && dwarf_get_units(table->dwarf, unit, &unit, NULL, NULL, &die,
                                                   NULL) == 0) {
        read_unit(table, &die);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

/* What the generator listed, and what compilers make of it. */
static MoltStatus find_calls(Table *table, uintptr_t begin, uintptr_t end)
{
    static const char *const always[] = {"malloc", "calloc", "realloc"};
    const MoltModule *module = table->module;
    enum { ALWAYS = sizeof always / sizeof always[0] };
    uint32_t count = ALWAYS;
    const char **names = malloc((module->allocation_count + ALWAYS) * sizeof *names);
    if (names == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    memcpy(names, always, sizeof always);
    for (uint32_t i = 0; i < module->allocation_count; i++) {
        const char *callee = text(table, module->allocations[i].callee);
        bool known = false;
        for (uint32_t k = 0; k < count && !known; k++) {
            known = strcmp(names[k], callee) == 0;
        }
        if (!known) {
            names[count++] = callee;
        }
    }
    MoltStatus status =
        molt__code_calls_find(table->elf, table->base, begin, end, names, count, &table->calls);
    free(names);
    return status;
}

static MoltStatus make_sites(Table *table)
{
    table->sites = calloc(table->calls.count + 1u, sizeof *table->sites);
    if (table->sites == NULL) {
        return MOLT_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < table->calls.count; i++) {
        table->sites[i] = (MoltCallSite){.address = table->calls.items[i].returns,
                                         .type = MOLT_NO_TYPE,
                                         .file = "",
                                         .function = "",
                                         .reason = "the library has no line table for this call"};
    }
    return MOLT_OK;
}

static const char *judge(const Table *table)
{
    if (!molt__code_calls_supported()) {
        return "Plain memory (malloc) has no types on this processor: an edit that may concern it is "
               "refused.";
    }
    if (table->calls.count > 0 && table->lines == 0) {
        return "The library has no line tables, so plain memory (malloc) has no types: an edit that "
               "may concern it is refused. Compile the game with -g.";
    }
    if (table->calls.count == 0) {
        return "No call of malloc is found in the library, so plain memory has no types: it was linked "
               "with -s, or without the file that routes malloc to the heap.";
    }
    return "";
}

static MoltStatus fill(Table *table, uintptr_t begin, uintptr_t end, MoltCallSites **out,
                       const char **note, MoltError *error)
{
    MoltStatus status = find_calls(table, begin, end);
    if (status == MOLT_OK) {
        status = make_sites(table);
    }
    if (status != MOLT_OK) {
        return molt_error(error, status, "No memory for the allocation sites of a library.");
    }
    read_units(table);
    *note = judge(table);
    return molt_call_sites_create(NULL, table->sites, table->calls.count, out, error);
}

MoltStatus molt__call_table_open(const char *path, uintptr_t base, uintptr_t begin, uintptr_t end,
                                 const MoltModule *module, MoltCallSites **out, const char **note,
                                 MoltError *error)
{
    Table table = {.module = module, .base = base};
    MoltStatus status;
    *note = "";
    if (module->allocation_count == 0) {
        return molt_call_sites_create(NULL, NULL, 0, out, error);
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", path, strerror(errno));
    }
    elf_version(EV_CURRENT);
    table.elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    if (table.elf == NULL) {
        status = molt_error(error, MOLT_INVALID, "Cannot read %s: %s.", path, elf_errmsg(-1));
    } else {
        table.dwarf = dwarf_begin_elf(table.elf, DWARF_C_READ, NULL); /* NULL: no debug information */
        table.frames = dwarf_getcfi_elf(table.elf);
        status = fill(&table, begin, end, out, note, error);
    }
    free(table.sites);
    molt__code_calls_free(&table.calls);
    if (table.frames != NULL) {
        dwarf_cfi_end(table.frames);
    }
    if (table.dwarf != NULL) {
        dwarf_end(table.dwarf);
    }
    elf_end(table.elf);
    close(file);
    return status;
}
