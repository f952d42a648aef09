#include "fault_signals.h"

#include <stddef.h>
#include <sys/mman.h>

#define STACK_BYTES ((size_t)256 << 10) /* of which only what is used takes memory */

void molt__signal_stack_take(MoltSignalStack *stack)
{
    stack_t now = {.ss_size = STACK_BYTES};
    stack->memory = NULL;
    if (sigaltstack(NULL, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) {
        return;
    }
    void *memory = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) {
        return;
    }
    now = (stack_t){.ss_sp = memory, .ss_size = STACK_BYTES};
    if (sigaltstack(&now, NULL) != 0) {
        munmap(memory, STACK_BYTES);
        return;
    }
    stack->memory = memory;
}

void molt__signal_stack_give(MoltSignalStack *stack)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    if (stack->memory != NULL && sigaltstack(&none, NULL) == 0) {
        munmap(stack->memory, STACK_BYTES);
    }
    stack->memory = NULL;
}

void molt__fault_signals_others(sigset_t *out)
{
    sigfillset(out);
#define X(number) sigdelset(out, number);
    MOLT__FAULT_SIGNALS(X)
#undef X
    sigdelset(out, MOLT__HANG_SIGNAL);
}
