#include "plain_loader.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static time_t changed(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mtime : 0;
}

/* ISO C has no cast from object to function pointers; POSIX promises that they look alike. */
static bool bind(const PlainLoader *loader, const char *name, void *pointer, size_t size)
{
    void *address = dlsym(loader->handle, name);
    memcpy(pointer, &address, size);
    return address != NULL;
}

static bool open_library(PlainLoader *loader)
{
    loader->changed = changed(loader->path);
    loader->handle = dlopen(loader->path, RTLD_NOW | RTLD_LOCAL);
    return loader->handle != NULL &&
           bind(loader, "main_loop", &loader->main_loop, sizeof loader->main_loop) &&
           bind(loader, "start_up", &loader->start_up, sizeof loader->start_up) &&
           bind(loader, "shut_down", &loader->shut_down, sizeof loader->shut_down);
}

bool plain_loader_start(PlainLoader *loader, const char *path)
{
    *loader = (PlainLoader){.path = path};
    if (!open_library(loader)) {
        return false;
    }
    loader->state = loader->start_up(&api);
    return loader->state != NULL;
}

bool plain_loader_reload(PlainLoader *loader)
{
    dlclose(loader->handle);
    loader->handle = NULL;
    return open_library(loader);
}

bool plain_loader_poll(PlainLoader *loader)
{
    return changed(loader->path) == loader->changed || plain_loader_reload(loader);
}
