#include "exit_place.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unwind.h>

#include "code_place.h"

typedef struct Walk {
    const char *folder;
    uintptr_t ends;   /* exit() of libc */
    bool left;        /* its frame has been passed */
    bool direct;      /* the game called it by itself */
    uintptr_t others; /* frames of others between it and the game */
    uintptr_t at;     /* the innermost place in the game; 0: none yet */
    char path[512];   /* of its library */
    uintptr_t base;
} Walk;

static bool is_game(Walk *walk, uintptr_t address)
{
    Dl_info info;
    struct link_map *map = NULL;
    size_t length = strlen(walk->folder);
    if (dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || /* NOLINT: code */
        info.dli_fname == NULL || map == NULL || strncmp(info.dli_fname, walk->folder, length) != 0 ||
        info.dli_fname[length] != '/') {
        return false;
    }
    snprintf(walk->path, sizeof walk->path, "%s", info.dli_fname);
    walk->base = map->l_addr;
    return true;
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *argument)
{
    Walk *walk = argument;
    int exact = 0;
    uintptr_t at = _Unwind_GetIPInfo(context, &exact);
    at -= exact != 0 ? 0 : 1;
    if (!walk->left) {
        walk->left = (uintptr_t)_Unwind_FindEnclosingFunction((void *)at) == walk->ends; /* NOLINT: code */
        return _URC_NO_REASON;
    }
    if (is_game(walk, at)) {
        walk->at = at;
        walk->direct = walk->others == 0;
        return _URC_END_OF_STACK;
    }
    walk->others++;
    return _URC_NO_REASON;
}

bool molt__exit_place(const char *folder, char *text, size_t size)
{
    Walk walk = {.folder = folder, .ends = (uintptr_t)dlsym(RTLD_DEFAULT, "exit")};
    MoltCodePlace place;
    _Unwind_Backtrace(visit, &walk);
    if (walk.at == 0) {
        return false;
    }
    const uint64_t address = walk.at;
    molt__code_places(walk.path, walk.base, NULL, &address, 1, &place);
    int length = snprintf(text, size, "%s %s", walk.direct ? "in" : "below",
                          place.function[0] != 0 ? place.function : "an unnamed function");
    if (place.line > 0 && length > 0 && (size_t)length < size) {
        snprintf(text + length, size - (size_t)length, " (%s:%d)", place.file, place.line);
    }
    return true;
}
