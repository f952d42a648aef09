#include "declarator.h"

#include <stdbool.h>
#include <string.h>

static const char *space_after(const char *prefix)
{
    size_t length = strlen(prefix);
    char last = length == 0 ? ' ' : prefix[length - 1];
    return last == '*' || last == ' ' || last == '(' ? "" : " ";
}

MoltDeclarator molt__declare_pointer(MoltArena *arena, MoltDeclarator elem, MoltKind pointee)
{
    bool wrapped = pointee == MOLT_KIND_ARRAY || pointee == MOLT_KIND_FUNCTION;
    return (MoltDeclarator){
        molt__arena_format(arena, "%s%s%s*", elem.prefix, space_after(elem.prefix),
                           wrapped ? "(" : ""),
        molt__arena_format(arena, "%s%s", wrapped ? ")" : "", elem.suffix)};
}

MoltDeclarator molt__declare_array(MoltArena *arena, MoltDeclarator elem, uint64_t length)
{
    return (MoltDeclarator){
        elem.prefix,
        molt__arena_format(arena, "[%llu]%s", (unsigned long long)length, elem.suffix)};
}

MoltDeclarator molt__declare_flexible(MoltArena *arena, MoltDeclarator elem)
{
    return (MoltDeclarator){elem.prefix, molt__arena_format(arena, "[]%s", elem.suffix)};
}

MoltDeclarator molt__declare_function(MoltArena *arena, MoltDeclarator result, const char *params)
{
    return (MoltDeclarator){
        molt__arena_format(arena, "%s%s", result.prefix, space_after(result.prefix)),
        molt__arena_format(arena, "(%s)%s", params, result.suffix)};
}

MoltDeclarator molt__declare_atomic(MoltArena *arena, MoltDeclarator elem)
{
    return (MoltDeclarator){
        molt__arena_format(arena, "_Atomic(%s%s)", elem.prefix, elem.suffix), ""};
}
