#include "follow_threads.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "debug_function.h"
#include "runner.h"

static const char *kind_of(const MoltRunner *runner)
{
    return runner->own ? "thread" : "job";
}

static void name_runner(MoltThreadName *name, const MoltRunner *runner)
{
    snprintf(name->text, sizeof name->text, "the %s %s", kind_of(runner), runner->name);
}

/* ---- functions ----------------------------------------------------------------------------- */

/* Symbols have no types. Without debug information nothing is known, and the function is taken as what
 * the old one was. */
static bool is_step(const MoltLibrary *library, uintptr_t address, char *type, size_t size)
{
    struct link_map *map = NULL;
    return dlinfo(library->handle, RTLD_DI_LINKMAP, &map) != 0 ||
           !molt__debug_function_type(library->copy, address - map->l_addr, type, size) ||
           strcmp(type, "bool (void *)") == 0;
}

static MoltStatus follow_function(MoltRunner *runner, const MoltCodeMap *code,
                                  const MoltLibrary *next, MoltError *error)
{
    MoltCodeTarget target = {.name = "a function without a name", .file = ""};
    uintptr_t before = (uintptr_t)runner->step, after = before;
    char type[256] = "";
    if (before - code->begin >= code->end - code->begin) {
        runner->new_step = runner->step;
        return MOLT_OK;
    }
    bool named = code->describe(code->context, before, &target);
    after = named ? code->resolve(code->context, &target) : 0;
    const char *of = target.file[0] != 0 ? " of " : "", *was = "", *is = "";
    bool retyped = named && after == 0 && code->retyped != NULL &&
                   code->retyped(code->context, &target, &was, &is);
    if (after == 0 && !retyped) {
        return molt_error(error, MOLT_REFUSED,
                          "The %s %s calls %s%s%s, which the new code does not have. Bring the "
                          "function back, or end the %s in begin_reload() of the code that runs.",
                          kind_of(runner), runner->name, target.name, of, target.file,
                          kind_of(runner));
    }
    if (retyped || !is_step(next, after, type, sizeof type)) {
        return molt_error(error, MOLT_REFUSED,
                          "The %s %s calls %s%s%s, which is %s in the new code, not bool "
                          "(void *). Give that function another name, and end the %s in "
                          "begin_reload() of the code that runs.",
                          kind_of(runner), runner->name, target.name, of, target.file, retyped ? is : type,
                          kind_of(runner));
    }
    memcpy(&runner->new_step, &after, sizeof runner->new_step);
    return MOLT_OK;
}

MoltStatus molt__follow_threads_code(MoltThreads *threads, const MoltCodeMap *code,
                                     const MoltLibrary *next, MoltThreadName *name,
                                     MoltError *error)
{
    MoltStatus status = MOLT_OK;
    if (threads == NULL) {
        return MOLT_OK;
    }
    pthread_mutex_lock(&threads->lock);
    for (MoltRunner *r = threads->first; r != NULL && status == MOLT_OK; r = r->next) {
        if (!r->stop && !r->ended) {
            status = follow_function(r, code, next, error);
            name_runner(name, r);
        }
    }
    pthread_mutex_unlock(&threads->lock);
    return status;
}

/* ---- contexts ------------------------------------------------------------------------------ */

static MoltStatus lose_context(const MoltRunner *runner, const MoltHeap *heap, MoltError *error)
{
    MoltPlace place;
    molt_heap_locate(heap, runner->context, &place);
    const char *type = place.kind == MOLT_PLACE_BLOCK
                           ? molt_type_name(molt_heap_schema(heap), place.block.type)
                           : NULL;
    if (type == NULL && place.kind == MOLT_PLACE_FREE) {
        return molt_error(error, MOLT_REFUSED,
                          "The context of the %s %s is freed memory. End the %s before its context "
                          "is deleted.",
                          kind_of(runner), runner->name, kind_of(runner));
    }
    return molt_error(error, MOLT_REFUSED,
                      "The context of the %s %s lies in %s%s, and the edit leaves it no place. End "
                      "the %s in begin_reload() of the code that runs, or keep what it works on.",
                      kind_of(runner), runner->name, type != NULL ? "a " : "",
                      type != NULL ? type : "the library", kind_of(runner));
}

MoltStatus molt__follow_threads_state(MoltThreads *threads, MoltMigration *migration,
                                      const MoltHeap *heap, MoltThreadName *name, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    if (threads == NULL) {
        return MOLT_OK;
    }
    pthread_mutex_lock(&threads->lock);
    for (MoltRunner *r = threads->first; r != NULL && status == MOLT_OK; r = r->next) {
        if (r->stop || r->ended) {
            continue;
        }
        name_runner(name, r);
        if (!molt_migrate_follow(migration, r->context, &r->new_context)) {
            status = lose_context(r, heap, error);
        }
    }
    pthread_mutex_unlock(&threads->lock);
    return status;
}

void molt__follow_threads_commit(MoltThreads *threads)
{
    if (threads == NULL) {
        return;
    }
    pthread_mutex_lock(&threads->lock);
    for (MoltRunner *runner = threads->first; runner != NULL; runner = runner->next) {
        if (!runner->stop && !runner->ended) {
            runner->step = runner->new_step;
            runner->context = runner->new_context;
        }
    }
    pthread_mutex_unlock(&threads->lock);
}
