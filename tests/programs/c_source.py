"""The C text of a game library that holds many programs: declarations, and for the first version the
code that makes their states."""

from declarations import (FLOAT, LONG_DOUBLE, Array, Bool, Enum, Float, Function, Int, Pointer,
                          Struct, c_base, c_declare, is_text, was_note)
from expectation import following, is_end
from live_state import Code, Dangling, Foreign, Literal, Ref
from reals import c_literal

HEADER = """#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <molt/molt.h>
#include <molt/platform_api.h>

#define USED __attribute__((used))
"""


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
        notes = was_note([entry.was] if entry.was else []) + (" MOLT_FALLBACK" if entry.fallback else "")
        lines.append(f"    {entry.name}{notes} = {entry.value}")
    packed = "__attribute__((packed)) " if enum.packed else ""
    notes = (" MOLT_FLAGS" if enum.flags else "") + was_note([enum.was] if enum.was else [])
    return f"typedef enum {packed}{enum.name} {{\n" + ",\n".join(lines) + f"\n}}{notes} {enum.name};\n"


def field_text(field):
    text = c_declare(field.type, field.name)
    if field.respell:
        text = text.replace(c_base(field.type), field.respell, 1)
    if field.width:
        text += f" : {field.width}"
    text += was_note(field.was)
    if field.default is not None:
        text += f" MOLT_DEFAULT({c_initializer(field.type, field.default)})"
    if field.convert:
        text += f" MOLT_CONVERT({field.convert})"
    text += " MOLT_REQUIRED" if field.required else ""
    text += " MOLT_TRANSIENT" if field.transient else ""
    return text + ";"


def struct_text(struct):
    lines, group = [], None
    for field in struct.fields:
        if field.group != group:
            lines += ["    };"] if group else []
            lines += ["    struct {"] if field.group else []
            group = field.group
        lines.append(f"    {'    ' if group else ''}{field_text(field)}")
    lines += ["    };"] if group else []
    notes = was_note([struct.was] if struct.was else [])
    return f"struct {struct.name} {{\n" + "\n".join(lines) + f"\n}}{notes};\n"


def function_text(name, signature):
    params = ", ".join(f"{param} p{i}" for i, param in enumerate(signature.params))
    body = "".join(f" (void)p{i};" for i in range(len(signature.params)))
    result = "" if signature.result == "void" else " return 0;"
    return (f"static USED {signature.result} {name}({params})\n{{\n   {body}{result}\n}}\n")


def declarations_text(program):
    parts = [enum_text(enum) for enum in program.enums]
    parts += [f"typedef struct {s.name} {s.name};\n" for s in program.structs]
    parts += [struct_text(struct) for struct in program.ordered()]
    parts += [function_text(name, each) for name, each in program.functions.items()]
    parts.append(sites_text(program))
    return "\n".join(parts)


def sites_text(program):
    """Mentions every type of a block, so that it is in the schema whatever the fields are."""
    types = ["char"] + [enum.name for enum in program.enums]
    for struct in program.structs:
        types += [struct.name, f"{struct.name} *"]
    lines = "".join(f"    (void)molt_new_array({each}, 1);\n" for each in types)
    return f"static USED void {program.prefix}_sites(void)\n{{\n{lines}}}\n"


# ---- making the state ---------------------------------------------------------------------------

def c_place(ref):
    if not ref.steps:
        return f"o{ref.obj.index} + {ref.element}"
    return f"&o{ref.obj.index}[{ref.element}]{c_steps(ref.steps)}"


def c_steps(steps):
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step.name}" for step in steps)


def c_pointer(value, to):
    if isinstance(value, Ref):
        text = c_place(value)
    elif isinstance(value, Dangling):
        text = f"o{value.obj.index}"
    elif isinstance(value, Code):
        text = value.name
    elif isinstance(value, Literal):
        text = c_bytes(value.text)
    else:
        assert isinstance(value, Foreign)
        text = hex(value.address)
    cast = "" if isinstance(to, Function) else f"({c_declare(Pointer(to), '')})"
    return f"{cast}({text})"


def assign(lines, type_, lvalue, value, width=None):
    if is_text(type_):
        if any(value):
            lines.append(f"memcpy({lvalue}, {c_bytes(value)}, {len(value)});")
    elif isinstance(type_, Array):
        for i, each in enumerate(value):
            assign(lines, type_.elem, f"{lvalue}[{i}]", each)
    elif isinstance(type_, Struct):
        for field, each in value.items():
            assign(lines, field.type, f"{lvalue}.{field.name}", each, field.width)
    elif isinstance(type_, Pointer):
        if value is not None:
            lines.append(f"{lvalue} = {c_pointer(value, type_.to)};")
    elif isinstance(type_, Float):
        assign_real(lines, type_, lvalue, value)
    elif value:
        lines.append(f"{lvalue} = {c_scalar(type_, value, width)};")


def assign_real(lines, type_, lvalue, value):
    if value.kind == "nan" and value.bits is not None and type_ is not LONG_DOUBLE:
        word = "uint32_t" if type_ is FLOAT else "uint64_t"
        lines.append(f"memcpy(&{lvalue}, &({word}){{0x{value.bits:x}u}}, sizeof({word}));")
    elif not value.is_zero():
        lines.append(f"{lvalue} = {c_literal(type_, value)};")


def make_text(state, number):
    program, lines = state.program, []
    for obj in state.objects:
        spelling = c_declare(obj.type, "")
        declared = c_declare(Pointer(obj.type), f"o{obj.index}")
        if obj.text:
            made = f"molt_strdup({c_bytes(obj.string()[:-1])})"
        elif obj.single:
            made = f"molt_new({spelling})"
        else:
            made = f"molt_new_array({spelling}, {len(obj.values)})"
        lines.append(f"{declared} = {made};")
        lines.append(f"note(api, {number}, {obj.index}, o{obj.index});")
    for obj in state.objects:
        if obj.text:
            continue
        for i, value in enumerate(obj.values):
            assign(lines, obj.type, f"o{obj.index}[{i}]", value)
    lines += [f"molt_delete(o{obj.index});" for obj in state.objects if obj.freed]
    lines.append("return o0;")
    body = "".join(f"    {line}\n" for line in lines)
    return (f"static {program.state.name} *{program.prefix}_make(const MoltPlatformApi *api)\n"
            f"{{\n{body}}}\n")


def places_text(number, prefix, places):
    """Tells where one past the end of an array field is, and other places that no path of a dump
    names: their offset, the element's size, and the offset of the field behind the array."""
    lines = []
    for type_, place in places:
        behind = following(type_, place.steps) if is_end(place.steps) else None
        offsets = [f"__builtin_offsetof({type_.name}, {c_steps(place.steps)[1:]})",
                   f"sizeof({type_.name})", "(size_t)-1"]
        if behind:
            steps = place.steps[:-2] + (behind,)
            offsets[2] = f"__builtin_offsetof({type_.name}, {c_steps(steps)[1:]})"
        lines.append(f"    place(api, {number}, {place.number}, {', '.join(offsets)});\n")
    return (f"static void {prefix}_places(const MoltPlatformApi *api)\n"
            f"{{\n    (void)api;\n{''.join(lines)}}}\n")


PLACE = """static void place(const MoltPlatformApi *api, int program, int place, size_t offset,
                  size_t size, size_t behind)
{
    char text[120];
    snprintf(text, sizeof text, "place VERSION %d %d %zu %zu %zu", program, place, offset, size, behind);
    api->log(api, text);
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
    (void)state;
FRAME    return true;
}

void shut_down(void *state)
{
    (void)state;
}
"""


def scalars_text():
    """All plain types stay in the schema, whatever the programs use."""
    spelled = ["bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int",
               "unsigned int", "long", "unsigned long", "long long", "unsigned long long", "float",
               "double", "long double"]
    return "static USED void sites(void)\n{\n" + "".join(
        f"    (void)molt_new_array({each}, 1);\n" for each in spelled) + "}\n"


def library_text(expected, version):
    """`expected`: [(number, Expectation)] of the version that the library is."""
    parts = [HEADER, PLACE.replace("VERSION", str(version))]
    parts += [declarations_text(each.new) for _, each in expected]
    parts += [places_text(number, each.new.prefix, each.unnamed) for number, each in expected]
    parts.append(scalars_text())
    fields = "".join(f"    {e.new.state.name} *p{number};\n" for number, e in expected)
    parts.append(f"typedef struct Root {{\n    const void *api MOLT_EXTERNAL;\n{fields}}} Root;\nMOLT_ROOT(Root);\n")
    start = "    (void)api;\n    return NULL;\n"
    if version == 1:
        parts.append(NOTE)
        parts += [make_text(each.state, number) for number, each in expected]
        start = "    Root *root = molt_new(Root);\n    root->api = api;\n" + "".join(
            f"    root->p{number} = {e.new.prefix}_make(api);\n" for number, e in expected)
        start += "    return root;\n"
    parts.append(f"void *start_up(const MoltPlatformApi *api)\n{{\n{start}}}\n")
    frame = "".join(f"    {e.new.prefix}_places(((Root *)state)->api);\n" for _, e in expected)
    parts.append(MAIN.replace("FRAME", frame))
    return "\n".join(parts)
