/* pthread_create() and thrd_create() for a game library, defined here with hidden visibility, so that
 * the linker binds every call of the library to them. They pass the call on to the host. It must never
 * know what the host makes of it. Before the host has given its route, in constructors, the
 * host's program is asked for it; where it has none, threads are libc's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* declares RTLD_DEFAULT */
#endif
#include <dlfcn.h>
#include <stddef.h>
#include <threads.h>

#include <molt/thread_route.h>

#pragma GCC visibility push(hidden)

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*run)(void *), void *restrict argument);
int thrd_create(thrd_t *thread, thrd_start_t run, void *argument);

#pragma GCC visibility pop

extern __attribute__((visibility("default"))) const MoltThreadRoute *molt_thread_route;
const MoltThreadRoute *molt_thread_route = NULL;

/* ISO C has no cast from object to function pointers; POSIX promises that they look alike. */
#define LIBC(result, name, ...)                                                                    \
    union {                                                                                        \
        void *object;                                                                              \
        result (*function)(__VA_ARGS__);                                                           \
    } libc = {dlsym(RTLD_DEFAULT, name)}

static const MoltThreadRoute *find_route(void)
{
    union {
        void *object;
        const MoltThreadRoute *(*function)(void);
    } host;
    if (molt_thread_route != NULL) {
        return molt_thread_route;
    }
    host.object = dlsym(RTLD_DEFAULT, MOLT_HOST_THREAD_ROUTE_SYMBOL);
    return host.object != NULL ? host.function() : NULL;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*run)(void *), void *restrict argument)
{
    const MoltThreadRoute *route = find_route();
    if (route != NULL) {
        return route->create(route, thread, attributes, run, argument);
    }
    LIBC(int, "pthread_create", pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    return libc.function(thread, attributes, run, argument);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *argument)
{
    const MoltThreadRoute *route = find_route();
    if (route != NULL) {
        return route->create_c11(route, thread, run, argument);
    }
    LIBC(int, "thrd_create", thrd_t *, thrd_start_t, void *);
    return libc.function(thread, run, argument);
}
