#include "signature.h"

#include <ctype.h>
#include <dwarf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 24 }; /* of pointers, arrays and functions in one type, and of copies of copies */

typedef struct Text {
    char bytes[MOLT_SIGNATURE_ROOM];
    size_t used;
    bool cut;
} Text;

static void add(Text *text, const char *more)
{
    size_t length = strlen(more);
    if (length >= sizeof text->bytes - text->used) {
        text->cut = true;
        return;
    }
    memcpy(text->bytes + text->used, more, length + 1);
    text->used += length;
}

/* ---- types --------------------------------------------------------------------------------- */

/* Compilers spell some types of numbers in their own ways. */
static const char *number_name(const char *name)
{
    static const char *const names[][2] = {{"_Bool", "bool"},
                                           {"long int", "long"},
                                           {"short int", "short"},
                                           {"long unsigned int", "unsigned long"},
                                           {"short unsigned int", "unsigned short"},
                                           {"long long int", "long long"},
                                           {"long long unsigned int", "unsigned long long"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return name;
}

static bool is_sugar(int tag)
{
    return tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
           tag == DW_TAG_restrict_type;
}

/* The type of `die` behind its sugar, and the last typedef on the way, which names what has no tag. False:
 * void. */
static bool type_of(Dwarf_Die *die, Dwarf_Die *out, const char **alias)
{
    Dwarf_Attribute attribute;
    Dwarf_Die at = *die;
    *alias = NULL;
    for (int depth = 0; depth < DEPTH; depth++) {
        if (dwarf_attr_integrate(&at, DW_AT_type, &attribute) == NULL ||
            dwarf_formref_die(&attribute, out) == NULL) {
            return false;
        }
        if (!is_sugar(dwarf_tag(out))) {
            return true;
        }
        *alias = dwarf_tag(out) == DW_TAG_typedef ? dwarf_diename(out) : *alias;
        at = *out;
    }
    return false;
}

/* Without the keyword: a struct that gets a tag beside its typedef's name stays what it is. */
static void add_base(Text *text, Dwarf_Die *type, const char *alias)
{
    const char *name = dwarf_diename(type) != NULL ? dwarf_diename(type) : alias;
    add(text, name != NULL ? number_name(name) : "...");
}

static void add_parameters(Text *text, Dwarf_Die *function, int depth);

static void add_length(Text *text, Dwarf_Die *array)
{
    Dwarf_Die child;
    for (int more = dwarf_child(array, &child); more == 0; more = dwarf_siblingof(&child, &child)) {
        Dwarf_Attribute attribute;
        Dwarf_Word number = 0;
        char length[32] = "[]";
        if (dwarf_tag(&child) != DW_TAG_subrange_type) {
            continue;
        }
        if (dwarf_attr(&child, DW_AT_upper_bound, &attribute) != NULL &&
            dwarf_formudata(&attribute, &number) == 0) {
            snprintf(length, sizeof length, "[%" PRIu64 "]", (uint64_t)number + 1);
        } else if (dwarf_attr(&child, DW_AT_count, &attribute) != NULL &&
                   dwarf_formudata(&attribute, &number) == 0) {
            snprintf(length, sizeof length, "[%" PRIu64 "]", (uint64_t)number);
        }
        add(text, length);
    }
}

/* The type of `die` with `inner`, the declarator so far, where C has it. */
static void add_type(Text *text, Dwarf_Die *die, const char *inner, int depth)
{
    Dwarf_Die type, target;
    const char *alias = NULL, *name = NULL;
    Text around = {.bytes = "", .used = 0};
    if (depth == 0) {
        text->cut = true;
        return;
    }
    bool there = type_of(die, &type, &alias);
    int tag = there ? dwarf_tag(&type) : DW_TAG_unspecified_type;
    switch (tag) {
    case DW_TAG_pointer_type: {
        int to = type_of(&type, &target, &name) ? dwarf_tag(&target) : 0;
        bool tight = to == DW_TAG_array_type || to == DW_TAG_subroutine_type;
        add(&around, tight ? "(*" : "*");
        add(&around, inner);
        add(&around, tight ? ")" : "");
        add_type(text, &type, around.bytes, depth - 1);
        break;
    }
    case DW_TAG_array_type:
    case DW_TAG_subroutine_type:
        add(&around, inner);
        if (tag == DW_TAG_array_type) {
            add_length(&around, &type);
        } else {
            add_parameters(&around, &type, depth - 1);
        }
        add_type(text, &type, around.bytes, depth - 1);
        break;
    case DW_TAG_atomic_type:
        add(text, "_Atomic ");
        add_type(text, &type, inner, depth - 1);
        break;
    default:
        if (there) {
            add_base(text, &type, alias);
        } else {
            add(text, "void");
        }
        add(text, inner[0] != 0 ? " " : "");
        add(text, inner);
        break;
    }
    text->cut = text->cut || around.cut;
}

static void add_parameters(Text *text, Dwarf_Die *function, int depth)
{
    Dwarf_Die child;
    int parameters = 0;
    bool prototyped = dwarf_hasattr_integrate(function, DW_AT_prototyped) != 0;
    add(text, "(");
    for (int more = dwarf_child(function, &child); more == 0;
         more = dwarf_siblingof(&child, &child)) {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_formal_parameter || tag == DW_TAG_unspecified_parameters) {
            add(text, parameters++ > 0 ? ", " : "");
        }
        if (tag == DW_TAG_formal_parameter) {
            add_type(text, &child, "", depth);
        } else if (tag == DW_TAG_unspecified_parameters) {
            add(text, "...");
        }
    }
    add(text, parameters == 0 && prototyped ? "void)" : ")");
    /* Smaller numbers come widened to one, so it is another type than the same list in a prototype. */
    add(text, parameters > 0 && !prototyped ? " without a prototype" : "");
}

/* What an optimiser made of a function has the parameters that it left. */
static Dwarf_Die origin_of(const Dwarf_Die *function)
{
    Dwarf_Die at = *function, next;
    Dwarf_Attribute attribute;
    for (int depth = 0; depth < DEPTH; depth++) {
        bool copied = dwarf_attr(&at, DW_AT_abstract_origin, &attribute) != NULL ||
                      dwarf_attr(&at, DW_AT_specification, &attribute) != NULL;
        if (!copied || dwarf_formref_die(&attribute, &next) == NULL) {
            break;
        }
        at = next;
    }
    return at;
}

bool molt__signature_write(Dwarf_Die *function, char *text, size_t size)
{
    Dwarf_Die origin = origin_of(function);
    Text list = {.bytes = "", .used = 0}, whole = {.bytes = "", .used = 0};
    add_parameters(&list, &origin, DEPTH);
    add_type(&whole, &origin, list.bytes, DEPTH);
    bool fits = !list.cut && !whole.cut && whole.used < size;
    snprintf(text, size, "%.*s", size > 0 ? (int)size - 1 : 0, whole.bytes);
    return fits;
}

/* ---- the same type ------------------------------------------------------------------------- */

static size_t word_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_') {
        length++;
    }
    return length;
}

/* The schema says that its type `now` was called `then`. */
static bool was(const MoltSchema *schema, const char *now, size_t now_length, const char *then,
                size_t then_length)
{
    char name[MOLT_SIGNATURE_ROOM];
    if (schema == NULL || now_length >= sizeof name) {
        return false;
    }
    memcpy(name, now, now_length);
    name[now_length] = 0;
    MoltTypeId id = molt_schema_find(schema, name);
    const MoltType *type = id != MOLT_NO_TYPE ? molt_type(schema, id) : NULL;
    for (uint32_t i = 0; type != NULL && i < type->note_count; i++) {
        const MoltNote *note = &schema->tables.notes[type->note_first + i];
        const char *old = molt_string(schema, note->text);
        if (note->kind == MOLT_NOTE_WAS && strncmp(old, then, then_length) == 0 &&
            old[then_length] == 0) {
            return true;
        }
    }
    return false;
}

bool molt__signature_same(const char *before, const char *after, const MoltSchema *schema_before,
                          const MoltSchema *schema_after)
{
    while (*before != 0 || *after != 0) {
        size_t b = word_length(before), a = word_length(after);
        bool equal = b == a && memcmp(before, after, b) == 0;
        if (b == 0 && a == 0) {
            if (*before != *after) {
                return false;
            }
            b = a = 1;
        } else if (!equal && (b == 0 || a == 0 ||
                              (!was(schema_after, after, a, before, b) &&
                               !was(schema_before, before, b, after, a)))) {
            return false;
        }
        before += b;
        after += a;
    }
    return true;
}
