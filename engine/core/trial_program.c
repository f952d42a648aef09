/* molt-trial: loads a library as the host is about to, so that the host survives what comes of it. */
#include <dlfcn.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <molt/plain_memory.h>

#include "library_module.h"
#include "library_trial.h"

static bool is_good(void *handle, const char *name)
{
    MoltSchema *schema = NULL;
    const MoltModule *module = dlsym(handle, MOLT_MODULE_SYMBOL);
    bool routed = dlsym(handle, MOLT_PLAIN_MEMORY_SYMBOL) != NULL;
    bool good = molt__library_module_read(name, module, routed, &schema, NULL) == MOLT_OK &&
                molt_module_bind(module, schema, NULL) == MOLT_OK;
    molt_schema_free(schema);
    return good;
}

int main(int argc, char **argv)
{
    const struct rlimit no_core = {0, 0};
    if (argc != 2) {
        return MOLT__TRIAL_REFUSED;
    }
    setrlimit(RLIMIT_CORE, &no_core);
    alarm(MOLT__TRIAL_SECONDS);
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    bool good = handle != NULL && is_good(handle, argv[1]);
    if (handle != NULL) {
        dlclose(handle);
    }
    _exit(good ? MOLT__TRIAL_LOADED : MOLT__TRIAL_REFUSED);
}
