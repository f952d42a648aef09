"""The C text of a game library that holds many programs: declarations, and for the first version the
code that makes their states."""

from declarations import (FLOAT, LONG_DOUBLE, Array, Bool, Complex, Enum, Float, Function, Int,
                          Pointer, Struct, Union, Variant, Vector, c_base, c_declare, innermost, is_text, lengths,
                          size_of, was_note)
from live_state import Code, Dangling, Data, Foreign, Literal, Ref
from places import following, is_end
from random_declarations import VECTORS
from reals import c_literal

HEADER = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>

#include <molt/molt.h>

#include "harness.h"

#define USED __attribute__((used))
VECTORS
""".replace("VECTORS", "\n".join(
    f"typedef {elem.spelling} {Vector(elem, n).spelling} __attribute__((vector_size({size_of(elem) * n})));"
    for elem, n in VECTORS))


# ---- values -------------------------------------------------------------------------------------

def c_bytes(data):
    return '"' + "".join(chr(b) if 32 < b < 127 and b not in b'"\\?' else f"\\{b:03o}"
                         for b in data) + '"'


def c_int(type_, value, width=None):
    """Through the unsigned bits, so that no literal overflows."""
    bits = 128 if isinstance(type_, Int) and type_.bits == 128 else 64
    spelling = c_base(type_)
    raw = value & ((1 << bits) - 1)
    if bits == 128:
        return (f"({spelling})((unsigned __int128)0x{raw >> 64:x}u << 64 | "
                f"0x{raw & (1 << 64) - 1:x}u)")
    return str(value) if abs(value) < 1 << 31 and not width else f"({spelling})0x{raw:x}u"


def c_scalar(type_, value, width=None):
    if isinstance(type_, Float):
        return c_literal(type_, value)
    if isinstance(type_, Bool):
        return "true" if value else "false"
    if isinstance(type_, Enum):
        for entry in type_.enumerators:
            if entry.value == value:
                return entry.name
        return f"({type_.name})({c_int(Int('long long', 64, True), value)})"
    return c_int(type_, value, width)


def c_initializer(type_, value):
    if is_text(type_) or isinstance(value, bytes):
        return c_bytes(value.split(b"\0")[0])
    if isinstance(type_, Array):
        return "{" + ", ".join(c_initializer(type_.elem, each) for each in value) + "}"
    if isinstance(type_, Enum) and type_.flags and value:
        return " | ".join(flag_names(type_, value))
    if isinstance(type_, Int):
        return str(value)
    return c_scalar(type_, value)


def flag_names(enum, value):
    names = []
    for entry in enum.enumerators:
        if entry.value and value & entry.value == entry.value:
            names.append(entry.name)
            value &= ~entry.value
    return names + ([hex(value)] if value else [])


# ---- declarations -------------------------------------------------------------------------------

def enum_text(enum):
    lines = []
    for entry in enum.enumerators:
        notes = was_note(entry.was) + (" MOLT_FALLBACK" if entry.fallback else "")
        lines.append(f"    {entry.name}{notes} = {entry.value}")
    packed = "__attribute__((packed)) " if enum.packed else ""
    notes = (" MOLT_FLAGS" if enum.flags else "") + was_note(enum.was)
    return f"typedef enum {packed}{enum.name} {{\n" + ",\n".join(lines) + f"\n}}{notes} {enum.name};\n"


def field_text(field, is_variable=False):
    text = c_declare(field.type, field.name)
    if field.index and len(lengths(field.type)) > 1:  # the outermost one, whatever the sizes
        last = field.index.enumerators[-1].name
        text = text.replace(f"{field.name}[", f"{field.name}[0 * {last} + ", 1)
    if field.is_unnamed:
        text = f"union {{ {' '.join(c_declare(type_, name) + ';' for name, type_ in field.type.members)} }}"
    if field.atomic:
        text = f"_Atomic({c_declare(field.type, '')}) {field.name}"
    if field.respell:
        text = text.replace(c_base(field.type), field.respell, 1)
    if field.width:
        text += f" : {field.width}"
    if field.align and not isinstance(innermost(field.type), Struct):  # which may want more
        text = f"_Alignas({field.align}) {text}"
    if field.gap:
        text = f"{field.gap}; {text}"
    text += was_note(field.was)
    text += f' MOLT_MOVED("{field.moved}")' if field.moved else ""
    text += f" MOLT_INDEX({field.index.name})" if field.index else ""
    text += " MOLT_EXTERNAL" if field.external else ""
    text += f" MOLT_POOL({field.pool.name})" if field.pool else ""
    if field.default is not None and not is_variable:
        text += f" MOLT_DEFAULT({c_initializer(field.type, field.default)})"
    if field.convert:
        text += f" MOLT_CONVERT({field.convert})"
    text += " MOLT_REQUIRED" if field.required else ""
    text += " MOLT_TRANSIENT" if field.transient else ""
    return text if is_variable else text + ";"


def count_note(struct):
    """An integer says how many elements the flexible array has, as long as it is one."""
    counts = [f.name for f in struct.fields if f.counts and isinstance(f.type, Int) and f.type.bits <= 64]
    return f" MOLT_COUNT({counts[0]})" if counts else ""


def struct_text(struct):
    lines, group = [], None
    for field in struct.fields:
        if field.group != group:
            lines += ["    };"] if group else []
            lines += ["    struct {"] if field.group else []
            group = field.group
        lines.append(f"    {'    ' if group else ''}{field_text(field)}")
    lines += ["    };"] if group else []
    if struct.tail:
        lines[-1] = lines[-1][:-1] + count_note(struct) + ";"
    notes = was_note(struct.was)
    if struct.packing == "packed":
        notes = f" __attribute__((packed)){notes}"
    text = f"struct {struct.name} {{\n" + "\n".join(lines) + f"\n}}{notes};\n"
    if isinstance(struct.packing, int):
        text = f"#pragma pack(push, {struct.packing})\n{text}#pragma pack(pop)\n"
    return text


def union_text(union):
    members = "".join(f"    {c_declare(type_, name)};\n" for name, type_ in union.members)
    return f"typedef union {union.name} {{\n{members}}} {union.name};\n"


def variant_text(variant):
    arms = "".join(f"        {field_text(arm)[:-1]} MOLT_ARM({entry.name});\n" for arm, entry in variant.arms)
    name = "" if variant.unnamed else "u "
    return (f"typedef struct {variant.name} {{\n    {variant.tag.name} kind;\n    union {{\n{arms}"
            f"    }} {name}MOLT_TAG(kind);\n}} {variant.name};\n")


def table_text(name, type_, values):
    content = ", ".join("{}" if isinstance(type_, Struct) else str(v) for v in values)
    return f"static USED const {c_declare(Array(type_, len(values)), name)} = {{{content}}};\n"


def variable_text(field):
    text = field_text(field, is_variable=True)
    value = "" if field.default is None else f" = {c_initializer(field.type, field.default)}"
    if field.inside:  # what is outside reaches it by its address
        at = c_declare(Pointer(field.type), f"{field.inside}(void)")
        return (f"static USED {at}\n{{\n    static {text} USED{value};\n    return (void *)&{field.name};\n}}\n"
                f"#define {field.name} (*{field.inside}())\n")
    return f"{'' if field.scope == '' else 'static '}{text} USED{value};\n"


def function_text(name, signature):
    params = ", ".join(f"{param} p{i}" for i, param in enumerate(signature.params))
    body = "".join(f" (void)p{i};" for i in range(len(signature.params)))
    result = "" if signature.result == "void" else " return 0;"
    return (f"static USED {signature.result} {name}({params})\n{{\n   {body}{result}\n}}\n")


def declarations_text(program):
    parts = [enum_text(enum) for enum in program.enums]
    parts += [union_text(union) for union in program.unions if not union.unnamed]
    parts += [f"typedef struct {s.name} {s.name};\n" for s in program.structs]
    parts += [enum_text(variant.tag) + variant_text(variant) for variant in program.variants]
    parts += [struct_text(struct) for struct in program.ordered()]
    parts += [function_text(name, each) for name, each in program.functions.items()]
    parts += [table_text(name, *table) for name, table in program.tables.items()]
    if program.literals:
        texts = ", ".join(c_bytes(text) for text in sorted(program.literals))
        parts.append(f"static const char *const {program.prefix}_texts[] USED = {{{texts}}};\n")
    parts += [variable_text(field) for field in program.variables.fields]
    parts.append(sites_text(program))
    return "\n".join(parts)


def sites_text(program):
    """Mentions every type of a block, so that it is in the schema whatever the fields are."""
    types = ["char"] + [enum.name for enum in program.enums]
    lines = ""
    for struct in program.structs:
        types += [f"{struct.name} *"] if struct.tail else [struct.name, f"{struct.name} *"]
        if struct.tail:
            lines += f"    (void)molt_new_flexible({struct.name}, {struct.tail.name}, 1);\n"
    lines += "".join(f"    (void)molt_new_array({each}, 1);\n" for each in types)
    return f"static USED void {program.prefix}_sites(void)\n{{\n{lines}}}\n"


# ---- making the state ---------------------------------------------------------------------------

def c_place(ref):
    if ref.obj.is_variables:
        return "&" + c_value(ref.obj, ref.element, ref.steps)
    if not ref.steps:
        return f"o{ref.obj.index} + {ref.element}"
    return f"&o{ref.obj.index}[{ref.element}]{c_steps(ref.steps)}"


def c_value(obj, element, steps):
    if obj.is_variables:
        return steps[0].name + c_steps(steps[1:])
    return f"o{obj.index}[{element}]{c_steps(steps)}"


def c_steps(steps):
    return "".join(f"[{step}]" if isinstance(step, int) else f".{c_member(step)}" for step in steps)


def c_member(field):
    """An anonymous union by its largest member."""
    if not field.is_unnamed:
        return field.name
    return max(field.type.members, key=lambda member: size_of(member[1]))[0]


def c_pointer(value, to):
    if isinstance(value, Ref):
        text = c_place(value)
    elif isinstance(value, Dangling):
        text = f"o{value.obj.index}"
    elif isinstance(value, Code):
        text = value.name
    elif isinstance(value, Literal):
        text = c_bytes(value.text)
    elif isinstance(value, Data):
        text = f"&{value.name}[{value.index}]"
    else:
        assert isinstance(value, Foreign)
        text = hex(value.address)
    cast = "" if isinstance(to, Function) else f"({c_declare(Pointer(to), '')})"
    return f"{cast}({text})"


def c_writable(lvalue, field):
    """A field that an edit made const is still written, and an atomic one wherever it lies."""
    if field is not None and (field.respell or "").startswith("const "):
        return f"*({field.respell[6:]} *)&{lvalue}"
    if field is not None and field.atomic:
        return f"*({c_declare(Pointer(field.type), '')})&{lvalue}"
    return lvalue


def assign(lines, type_, lvalue, value, width=None, force=False):
    """Zeros are left out unless forced: new memory has them."""
    if is_text(type_):
        if any(value) or force:
            lines.append(f"memcpy({lvalue}, {c_bytes(value)}, {len(value)});")
    elif isinstance(type_, Variant):
        lines.append(f"{lvalue}.kind = ({type_.tag.name}){value.number};")
        part = "" if type_.unnamed else ".u"
        assign(lines, value.field.type, f"{lvalue}{part}.{value.field.name}", value.value, force=force)
    elif isinstance(type_, Union):
        if any(value) or force:
            lines.append(f"memcpy((char *)&{lvalue}, {c_bytes(value)}, {len(value)});")
    elif isinstance(type_, Complex):
        for part, each in zip(("__real__", "__imag__"), value):
            assign(lines, type_.elem, f"{part} {lvalue}", each, force=force)
    elif isinstance(type_, Array):
        for i, each in enumerate(value):
            assign(lines, type_.elem, f"{lvalue}[{i}]", each, force=force)
    elif isinstance(type_, Struct):
        for field, each in value.items():
            assign(lines, field.type, c_writable(f"{lvalue}.{c_member(field)}", field), each, field.width,
                   force)
    elif isinstance(type_, Pointer):
        if value is not None:
            lines.append(f"{lvalue} = {c_pointer(value, type_.to)};")
        elif force:
            lines.append(f"{lvalue} = NULL;")
    elif isinstance(type_, Float):
        assign_real(lines, type_, lvalue, value, force)
    elif value or force:
        lines.append(f"{lvalue} = {c_scalar(type_, value, width)};")


def assign_real(lines, type_, lvalue, value, force):
    if value.kind == "nan" and value.bits is not None and type_ is not LONG_DOUBLE:
        word = "uint32_t" if type_ is FLOAT else "uint64_t"
        lines.append(f"{{ {type_.spelling} nan; memcpy(&nan, &({word}){{0x{value.bits:x}u}}, sizeof nan); "
                     f"{lvalue} = nan; }}")
    elif force or not value.is_zero():
        lines.append(f"{lvalue} = {c_literal(type_, value)};")


def make_text(state, number):
    program, lines = state.program, []
    for obj in state.objects:
        lines += [] if obj.is_variables else made_text(number, obj)
    for obj in state.objects:
        if obj.is_variables:
            set_variables(lines, obj.values[0])
        elif not obj.text:
            for i, value in enumerate(obj.values):
                assign(lines, obj.type, f"o{obj.index}[{i}]", value, force=obj.plain == "malloc")
    lines += [freed_text(obj) for obj in state.objects if obj.freed]
    lines.append("return o0;")
    body = "".join(f"    {line}\n" for line in lines)
    return (f"static {program.state.name} *{program.prefix}_make(const MoltPlatformApi *api)\n"
            f"{{\n{body}}}\n")


def places_text(number, prefix, places):
    """Tells where one past the end of an array field is, and other places that no path of a dump
    names: their offset, the element's size, and the offset of the field behind the array."""
    lines = []
    for key, (type_, place) in places.items():
        behind = following(type_, place.steps) if is_end(place.steps) else None
        offsets = [f"__builtin_offsetof({type_.name}, {c_steps(place.steps)[1:]})",
                   f"sizeof({type_.name})", "(size_t)-1"]
        if behind:
            steps = place.steps[:-2] + (behind,)
            offsets[2] = f"__builtin_offsetof({type_.name}, {c_steps(steps)[1:]})"
        lines.append(f"    place(api, {number}, \"{key}\", {', '.join(offsets)});\n")
    return (f"static void {prefix}_places(const MoltPlatformApi *api)\n"
            f"{{\n    (void)api;\n{''.join(lines)}}}\n")


PLACE = """static void place(const MoltPlatformApi *api, int program, const char *key, size_t offset,
                  size_t size, size_t behind)
{
    char text[400];
    snprintf(text, sizeof text, "place %d %s %zu %zu %zu", program, key, offset, size, behind);
    api->log(api, text);
}
"""

WRAPPER = """static USED void *cleared(size_t size)
{
    void *memory = malloc(size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}
"""

NOTE = """static void note(const MoltPlatformApi *api, int program, int object, const void *at)
{
    char text[80];
    snprintf(text, sizeof text, "object %d %d 0x%llx", program, object,
             (unsigned long long)(uintptr_t)at);
    api->log(api, text);
}
"""

MAIN = """
bool main_loop(void *state)
{
    const Harness *harness = ((Root *)state)->api;
    const MoltPlatformApi *api = &harness->api;
    switch (harness->step) {
    case HARNESS_TELL:
PLACES        break;
    case HARNESS_PLAY:
PLAYS        break;
    default: return false;
    }
    return true;
}

void shut_down(void *state)
{
    (void)state;
}
"""


def set_variables(lines, values):
    for field, value in values.items():
        if field.default is not None:
            lines.append(f"memset((void *)&{field.name}, 0, sizeof {field.name});")
        assign(lines, field.type, c_writable(field.name, field), value)


def freed_text(obj):
    return f"{'free' if obj.plain else 'molt_delete'}(o{obj.index});"


def made_text(number, obj):
    """Makes the object of that index, and tells where."""
    spelling = c_declare(obj.type, "")
    declared = c_declare(Pointer(obj.type), f"o{obj.index}")
    size, count = f"sizeof({spelling})", len(obj.values)
    tail = obj.type.tail if isinstance(obj.type, Struct) else None
    note = f"note(api, {number}, {obj.index}, o{obj.index});"
    if obj.text:
        made = text_made(obj)
    elif obj.plain:
        return [f"{declared} = {line}" if not i else line
                for i, line in enumerate(plain_made(obj, size, count, tail))] + [note]
    elif tail:
        made = f"molt_new_flexible({spelling}, {tail.name}, {len(obj.values[0][tail])})"
    elif obj.single:
        made = f"molt_new({spelling})"
    else:
        made = f"molt_new_array({spelling}, {count})"
    return [f"{declared} = {made};", note]


def text_made(obj):
    text, length = c_bytes(obj.string()[:-1]), len(obj.values)
    return {None: f"molt_strdup({text})", "strdup": f"strdup({text})",
            "strndup": f"strndup({text[:-1]}more\", {length - 1})",
            "malloc": f"memcpy(malloc({length}), {text}, {length})"}[obj.plain]


def plain_made(obj, size, count, tail):
    """The statements that make a block of plain memory, from behind its `=` on."""
    at = f"o{obj.index}"
    if tail:
        # its size may have padding at the end, which would be room for elements
        tight = obj.type.packing == "packed" and not any(field.align for field in obj.type.fields)
        begin = size if tight else f"__builtin_offsetof({obj.type.name}, {tail.name})"
        size = f"{begin} + {len(obj.values[0][tail])} * sizeof({c_declare(tail.type.elem, '')})"
        if obj.plain == "calloc":
            return [f"calloc(1, {size});"]
    if obj.plain == "malloc":  # the assignments that follow say all there is
        whole = size if tail or obj.single else f"{count} * {size}"
        return [f"malloc({whole});", f"memset({at}, 0xa5, {whole});"]
    if obj.plain == "realloc":
        half = (count + 1) // 2
        return [f"malloc({half} * {size});", f"{at} = realloc({at}, {count} * {size});",
                f"memset((void *){at}, 0, {count} * {size});"]
    if obj.plain == "pool":  # no size names the type: the field that takes the block does
        field = next(f for f, value in obj.holder.values[0].items() if f.pool and value.obj is obj)
        return [f"NULL;", f"enum {{ bytes{obj.index} = {count} * {size} }};",
                f"{at} = o{obj.holder.index}[0].{field.name} = malloc(bytes{obj.index});",
                f"memset((void *){at}, 0, bytes{obj.index});"]
    if obj.plain == "wrapper":
        return [f"cleared({size if tail else f'{count} * {size}'});"]
    if obj.plain == "variable":
        return [f"NULL;", f"const size_t bytes{obj.index} = {count} * {size};",
                f"{at} = malloc(bytes{obj.index});", f"memset((void *){at}, 0, bytes{obj.index});"]
    return [f"calloc({count}, {size});"]


def play_text(number, stage):
    """What play did, as the program's own code. `objects` has the addresses by index."""
    lines = []
    there = {obj.index: obj for obj in stage.objects + stage.freed
             if obj not in stage.created and not obj.is_variables}
    for index, obj in there.items():
        lines.append(f"{c_declare(Pointer(obj.type), f'o{index}')} = objects[{index}];")
    for obj, element, path, type_, width, value in stage.writes:
        if obj not in stage.freed:
            lvalue = c_value(obj, element, path)
            field = path[-1] if path and not isinstance(path[-1], int) else None
            assign(lines, type_, c_writable(lvalue, field), value, width, force=True)
    lines += [freed_text(obj) for obj in stage.freed]
    for obj in stage.created:
        lines += made_text(number, obj)
        for i, value in enumerate(obj.values):
            assign(lines, obj.type, f"o{obj.index}[{i}]", value, force=obj.plain == "malloc")
    body = "".join(f"    {line}\n" for line in lines)
    return (f"static void {stage.program.prefix}_play(const MoltPlatformApi *api, void *const *objects)\n"
            f"{{\n    (void)api, (void)objects;\n{body}}}\n")


def scalars_text():
    """All plain types stay in the schema, whatever the programs use."""
    spelled = ["bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int",
               "unsigned int", "long", "unsigned long", "long long", "unsigned long long", "float",
               "double", "long double"]
    return "static USED void sites(void)\n{\n" + "".join(
        f"    (void)molt_new_array({each}, 1);\n" for each in spelled) + "}\n"


class Part:
    """One program's share of a library."""

    def __init__(self, number, program, unnamed, state=None, stage=None):
        self.number = number
        self.program = program
        self.unnamed = unnamed  # places whose offsets it tells
        self.state = state      # that it makes; None: it does not start
        self.stage = stage      # that it plays with; None: it does not play


def library_text(parts):
    text = [HEADER, PLACE, NOTE, WRAPPER]
    text += [declarations_text(part.program) for part in parts]
    text += [places_text(part.number, part.program.prefix, part.unnamed) for part in parts]
    text.append(scalars_text())
    fields = "".join(f"    {p.program.state.name} *p{p.number};\n" for p in parts)
    text.append("static int programs USED = 1;\ntypedef struct Root {\n    const void *api MOLT_EXTERNAL;\n"
                f"{fields}}} Root;\nMOLT_ROOT(Root);\n")
    start = "    Root *root = molt_new(Root);\n    root->api = api;\n"
    for part in parts:
        if part.state:
            text.append(make_text(part.state, part.number))
            start += f"    root->p{part.number} = {part.program.prefix}_make(api);\n"
    text.append(f"void *start_up(const MoltPlatformApi *api)\n{{\n{start}    return root;\n}}\n")
    told, played, first = "", "", 0
    for part in parts:
        told += f"        {part.program.prefix}_places(api);\n"
        if part.stage:
            text.append(play_text(part.number, part.stage))
            played += f"        {part.program.prefix}_play(api, harness->objects + {first});\n"
            first += part.stage.next_index
    return "\n".join(text + [MAIN.replace("PLACES", told).replace("PLAYS", played)])
