/* pthread_create() and thrd_create() for a game library, its timers that call functions, and what
 * it does to signals, defined here with hidden visibility, so that the linker binds every call of
 * the library to them. They pass the call on to the host. It must never know what the host makes of
 * it. Before the host has given its route, in constructors, the host's program is asked for it;
 * where it has none, threads are libc's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* declares RTLD_DEFAULT */
#endif
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <threads.h>
#include <time.h>

#include <molt/thread_route.h>

#pragma GCC visibility push(hidden)

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*run)(void *), void *restrict argument);
int thrd_create(thrd_t *thread, thrd_start_t run, void *argument);
int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer);
int timer_delete(timer_t timer);
int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before);
int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before);
int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict before);
void (*signal(int number, void (*handler)(int)))(int);

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

/* ---- timers and signals */

/* The same route, when its host knows of them. */
static const MoltThreadRoute *find_whole_route(void)
{
    const MoltThreadRoute *route = find_route();
    return route != NULL && route->size >= sizeof *route ? route : NULL;
}

int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer)
{
    const MoltThreadRoute *route = find_whole_route();
    if (route != NULL) {
        return route->create_timer(route, clock, event, timer);
    }
    LIBC(int, "timer_create", clockid_t, struct sigevent *, timer_t *);
    return libc.function(clock, event, timer);
}

int timer_delete(timer_t timer)
{
    const MoltThreadRoute *route = find_whole_route();
    if (route != NULL) {
        return route->delete_timer(route, timer);
    }
    LIBC(int, "timer_delete", timer_t);
    return libc.function(timer);
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    const MoltThreadRoute *route = find_whole_route();
    if (route != NULL) {
        return route->mask(route, how, set, before);
    }
    LIBC(int, "pthread_sigmask", int, const sigset_t *, sigset_t *);
    return libc.function(how, set, before);
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before)
{
    int wrong = pthread_sigmask(how, set, before);
    if (wrong != 0) {
        errno = wrong;
    }
    return wrong != 0 ? -1 : 0;
}

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict before)
{
    const MoltThreadRoute *route = find_whole_route();
    if (route != NULL) {
        return route->action(route, number, action, before);
    }
    LIBC(int, "sigaction", int, const struct sigaction *, struct sigaction *);
    return libc.function(number, action, before);
}

void (*signal(int number, void (*handler)(int)))(int)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, number);
    return sigaction(number, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}
