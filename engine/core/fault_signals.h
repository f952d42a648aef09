/* The signals by which a thread learns that its code went wrong, and the stack that their handler runs on:
 * each thread that runs game code needs one of its own, or an overflow of its stack could not be told. It
 * must never know what is done about a fault. */
#ifndef MOLT_CORE_FAULT_SIGNALS_H
#define MOLT_CORE_FAULT_SIGNALS_H

#include <signal.h>

/* X(signal) */
#define MOLT__FAULT_SIGNALS(X) X(SIGSEGV) X(SIGBUS) X(SIGFPE) X(SIGILL) X(SIGABRT) X(SIGTRAP) X(SIGSYS)

/* Sent to the thread that runs game code without an end. */
#define MOLT__HANG_SIGNAL (SIGRTMAX - 2)

typedef struct MoltSignalStack {
    void *memory; /* NULL: the thread had one already, or there was no memory */
} MoltSignalStack;

/* For the calling thread. A thread that has a stack for its handlers, as under a sanitizer, keeps that. */
void molt__signal_stack_take(MoltSignalStack *stack);
/* By the same thread, before it ends. */
void molt__signal_stack_give(MoltSignalStack *stack);

/* All signals but those of a fault and of a loop without end: what a thread for game code blocks, so that
 * those for the process go to the thread that runs main_loop(). */
void molt__fault_signals_others(sigset_t *out);

#endif
