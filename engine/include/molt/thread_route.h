/* How a game library's own calls of pthread_create() and thrd_create(), and those for timers and
 * signals, reach its host, which cannot take a library out of the process while a thread runs in
 * it, and which hears of a crash by a signal. It must never know what a host does then. */
#ifndef MOLT_THREAD_ROUTE_H
#define MOLT_THREAD_ROUTE_H

#include <pthread.h>
#include <stdint.h>

/* As the C functions of these names, called from any thread. Grows only at the end. */
typedef struct MoltThreadRoute MoltThreadRoute;
struct MoltThreadRoute {
    uint32_t size;
    int (*create)(const MoltThreadRoute *route, pthread_t *thread, const pthread_attr_t *attributes,
                  void *(*run)(void *), void *argument);
    /* `thread` is a thrd_t *; <threads.h> would make thread_local a macro for whoever includes this. */
    int (*create_c11)(const MoltThreadRoute *route, void *thread, int (*run)(void *),
                      void *argument);
    /* timer_create(), timer_delete(), pthread_sigmask() and sigaction(), whose types not every C
     * program has: clockid_t, struct sigevent *, timer_t *; timer_t; two sigset_t *; two struct
     * sigaction *. A host of before lacks them, and `size` tells. */
    int (*create_timer)(const MoltThreadRoute *route, int clock, void *event, void *timer);
    int (*delete_timer)(const MoltThreadRoute *route, void *timer);
    int (*mask)(const MoltThreadRoute *route, int how, const void *set, void *before);
    int (*action)(const MoltThreadRoute *route, int number, const void *action, void *before);
};

/* What a library exports for the host to store its route in. */
#define MOLT_THREAD_ROUTE_SYMBOL "molt_thread_route"

/* What the host's program exports, for constructors: they run before the host can store anything in the
 * library. NULL while there is no route. */
#define MOLT_HOST_THREAD_ROUTE_SYMBOL "molt_host_thread_route"
const MoltThreadRoute *molt_host_thread_route(void) __attribute__((visibility("default")));

#endif
