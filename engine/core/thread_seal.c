#include "runner.h"

#include <stdio.h>
#include <string.h>

void molt__threads_seal(MoltThreads *threads)
{
    if (threads != NULL) {
        pthread_mutex_lock(&threads->lock);
        threads->sealed = true;
        threads->sealed_call[0] = 0;
        pthread_mutex_unlock(&threads->lock);
    }
}

bool molt__threads_unseal(MoltThreads *threads, char call[MOLT__SEALED_CALL])
{
    call[0] = 0;
    if (threads != NULL) {
        pthread_mutex_lock(&threads->lock);
        threads->sealed = false;
        memcpy(call, threads->sealed_call, MOLT__SEALED_CALL);
        pthread_mutex_unlock(&threads->lock);
    }
    return call[0] != 0;
}

bool molt__threads_is_sealed(MoltThreads *threads, const char *call, const char *name)
{
    if (threads->sealed && threads->sealed_call[0] == 0) {
        snprintf(threads->sealed_call, sizeof threads->sealed_call, "%s(\"%.*s\")", call,
                 MOLT_THREAD_NAME - 1, name);
    }
    return threads->sealed;
}
