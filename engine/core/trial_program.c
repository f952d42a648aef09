/* molt-trial: loads a library as the host is about to, so that the host survives what comes of it. */
#include <dirent.h>
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

/* No other thread runs in this process. */
static bool is_alone(void)
{
    DIR *threads = opendir("/proc/self/task");
    int count = 0;
    for (const struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    if (threads != NULL) {
        closedir(threads);
    }
    return count == 1;
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
    if (handle != NULL && is_alone()) { /* a thread of a constructor's would run on in nothing */
        dlclose(handle);
    }
    _exit(good ? MOLT__TRIAL_LOADED : MOLT__TRIAL_REFUSED);
}
