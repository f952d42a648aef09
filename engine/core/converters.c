#include "converters.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <molt/kept_types.h>

#include "build.h"

/* Compiling takes longer than rebuilding this much by the plan. */
#define WORTH_ALL ((uint64_t)32 << 20)
/* Of one type, when all together are worth it. */
#define WORTH_TYPE ((uint64_t)1 << 20)

struct MoltConverters {
    void *library;
};

uint64_t *molt__converters_weigh(MoltHeap *heap)
{
    uint64_t *bytes = calloc((size_t)molt_heap_schema(heap)->tables.type_count + 1, sizeof *bytes);
    if (bytes != NULL) {
        molt_heap_weigh(heap, bytes);
    }
    return bytes;
}

/* Per old type whether it gets a converter; NULL when none does, or memory is out. */
static bool *choose(const MoltPlan *plan, const uint64_t *bytes, MoltConverterUse use)
{
    uint32_t count = molt_plan_before(plan)->tables.type_count;
    bool *wanted = calloc((size_t)count + 1, sizeof *wanted);
    uint64_t all = 0;
    for (MoltTypeId type = 0; wanted != NULL && type < count; type++) {
        bool changes = molt_plan_fate(plan, type) == MOLT_FATE_CHANGED && bytes[type] > 0 &&
                       !molt_type_is_kept(molt_plan_after(plan), molt_plan_type(plan, type));
        all += changes ? bytes[type] : 0;
        wanted[type] = changes && (use == MOLT_CONVERTERS_ALWAYS || bytes[type] >= WORTH_TYPE);
    }
    if (use == MOLT_CONVERTERS_ALWAYS ? all == 0 : all < WORTH_ALL) {
        free(wanted);
        wanted = NULL;
    }
    return wanted;
}

/* ---- the compiler ----------------------------------------------------------------------------- */

static MoltStatus write_file(void *file, const char *text, size_t length, MoltError *error)
{
    return fwrite(text, 1, length, file) == length
               ? MOLT_OK
               : molt_error(error, MOLT_SYSTEM, "The text of the converters cannot be written.");
}

static bool write_source(const MoltPlan *plan, const bool *wanted, const char *path)
{
    uint32_t count = 0;
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return false;
    }
    const MoltTextSink sink = {write_file, file};
    bool written = molt_converters_write(plan, wanted, &sink, &count, NULL) == MOLT_OK;
    return fclose(file) == 0 && written && count > 0;
}

static bool compile(const char *source, const char *library)
{
    const char *const words[] = {"cc",      "-O2",  "-w", "-shared", "-fPIC",
                                 "-nostartfiles", source, "-o", library,   NULL};
    const struct timespec nap = {0, 1000000};
    MoltBuild *build = NULL;
    bool done = molt__build_create(words, NULL, &build, NULL) == MOLT_OK &&
                molt__build_start(build, NULL) == MOLT_OK;
    while (done && molt__build_poll(build) == MOLT_BUILD_RUNNING) {
        nanosleep(&nap, NULL);
    }
    done = done && molt__build_poll(build) == MOLT_BUILD_SUCCEEDED;
    molt__build_destroy(build);
    return done;
}

static void *find(void *library, const char *name)
{
    return dlsym(library, name);
}

static char *path_in(const char *directory, uint32_t number, const char *ending)
{
    size_t size = strlen(directory) + 64;
    char *path = malloc(size);
    if (path != NULL) {
        snprintf(path, size, "%s/converters-%u.%s", directory, number, ending);
    }
    return path;
}

static void *load(const MoltPlan *plan, const bool *wanted, const char *directory, uint32_t number)
{
    void *library = NULL;
    char *source = path_in(directory, number, "c"), *object = path_in(directory, number, "so");
    if (source != NULL && object != NULL && write_source(plan, wanted, source) &&
        compile(source, object)) {
        library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    }
    if (source != NULL) {
        unlink(source);
    }
    if (object != NULL) {
        unlink(object);
    }
    free(source);
    free(object);
    return library;
}

bool molt__converters_bind(const MoltConverters *converters, MoltPlan *plan)
{
    return molt_converters_bind(plan, find, converters->library) > 0;
}

MoltConverters *molt__converters_make(MoltPlan *plan, const uint64_t *bytes, MoltConverterUse use,
                                      const char *directory, uint32_t number)
{
    bool *wanted = use != MOLT_CONVERTERS_NEVER ? choose(plan, bytes, use) : NULL;
    MoltConverters *converters = wanted != NULL ? calloc(1, sizeof *converters) : NULL;
    if (converters != NULL) {
        converters->library = load(plan, wanted, directory, number);
        if (converters->library == NULL || !molt__converters_bind(converters, plan)) {
            molt__converters_free(converters);
            converters = NULL;
        }
    }
    free(wanted);
    return converters;
}

void molt__converters_free(MoltConverters *converters)
{
    if (converters == NULL) {
        return;
    }
    if (converters->library != NULL) {
        dlclose(converters->library);
    }
    free(converters);
}
