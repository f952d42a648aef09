#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall */
#endif

#include "heap_gate.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How often a thread takes its lock, with nobody else coming, before it tries without: what a barrier
 * costs is then little beside what that many allocations do. */
enum { CALM = 1024 };

/* ThreadSanitizer does not know of barriers that others run. */
#if defined __SANITIZE_THREAD__
#define SEES_BARRIERS 0
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define SEES_BARRIERS 0
#endif
#endif
#ifndef SEES_BARRIERS
#define SEES_BARRIERS 1
#endif

static bool membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

/* A process that was forked may have to ask anew. */
static void run_barrier(void)
{
    while (!membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
        if (!membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
            sched_yield();
}

static void lock(atomic_flag *flag)
{
    while (atomic_flag_test_and_set_explicit(flag, memory_order_acquire))
        sched_yield();
}

static void unlock(atomic_flag *flag)
{
    atomic_flag_clear_explicit(flag, memory_order_release);
}

void molt__gate_reset(MoltGate *gate)
{
    for (int d = 0; d < MOLT__DOORS; d++) {
        MoltDoor *door = &gate->doors[d];
        atomic_store(&door->inside, false);
        atomic_store(&door->shared, !gate->has_barrier || d + 1 == MOLT__DOORS);
        unlock(&door->busy);
        door->calm = 0;
    }
    unlock(&gate->all);
}

void molt__gate_init(MoltGate *gate)
{
    for (int d = 0; d < MOLT__DOORS; d++)
        atomic_init(&gate->doors[d].owner, d == 0 ? molt__gate_thread() : 0);
    for (int n = 0; n < 1 << MOLT__DOOR_BITS; n++)
        atomic_init(&gate->numbers[n], MOLT__DOORS - 1);
    atomic_init(molt__gate_number(gate, molt__gate_thread()), 0);
    gate->owned = 1;
    atomic_init(&gate->crowded, false);
    gate->has_barrier = SEES_BARRIERS && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    molt__gate_reset(gate);
}

/* ---- one door -------------------------------------------------------------------------------- */

uint32_t molt__gate_enter_shared(MoltGate *gate, uint32_t number)
{
    MoltDoor *door = &gate->doors[number];
    bool own = number + 1 < MOLT__DOORS;
    if (own)
        atomic_store_explicit(&door->inside, false, memory_order_release);
    lock(&door->busy);
    if (own && gate->has_barrier && ++door->calm >= CALM) {
        door->calm = 0;
        atomic_store_explicit(&door->shared, false, memory_order_relaxed);
    }
    return number;
}

/* The door of a thread that has none yet, or the last one. */
static uint32_t take_door(MoltGate *gate, uintptr_t self)
{
    uint32_t number = MOLT__DOORS - 1;
    if (atomic_load_explicit(&gate->crowded, memory_order_acquire))
        return number;
    lock(&gate->all);
    if (gate->owned < MOLT__DOORS - 1) {
        number = gate->owned++;
        atomic_store_explicit(&gate->doors[number].owner, self, memory_order_relaxed);
    } else {
        atomic_store_explicit(&gate->crowded, true, memory_order_release);
    }
    unlock(&gate->all);
    return number;
}

/* A thread's number is written by that thread alone: it is there or not, whatever doors others take
 * meanwhile. The C library gives the numbers of threads that ended to new ones, and with them the doors. */
static uint32_t find_door(MoltGate *gate, uintptr_t self)
{
    for (uint32_t d = 0; d < MOLT__DOORS - 1; d++)
        if (atomic_load_explicit(&gate->doors[d].owner, memory_order_relaxed) == self)
            return d;
    return take_door(gate, self);
}

uint32_t molt__gate_enter_other(MoltGate *gate, uintptr_t self)
{
    uint32_t number = find_door(gate, self);
    MoltDoor *door = &gate->doors[number];
    if (number == MOLT__DOORS - 1)
        return molt__gate_enter_shared(gate, number);
    atomic_uchar *known = molt__gate_number(gate, self);
    if (atomic_load_explicit(known, memory_order_relaxed) == MOLT__DOORS - 1)
        atomic_store_explicit(known, (unsigned char)number, memory_order_relaxed);
    atomic_store_explicit(&door->inside, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&door->shared, memory_order_acquire))
        return molt__gate_enter_shared(gate, number);
    return number;
}

/* ---- all doors ------------------------------------------------------------------------------- */

static bool is_in_use(const MoltGate *gate, uint32_t door)
{
    bool last = door == MOLT__DOORS - 1;
    return door < gate->owned ||
           (last && atomic_load_explicit(&gate->crowded, memory_order_relaxed));
}

static void mark_others(MoltGate *gate, uint32_t own)
{
    bool marked = false;
    for (uint32_t d = 0; d < gate->owned; d++) {
        MoltDoor *door = &gate->doors[d];
        if (d == own || atomic_load_explicit(&door->shared, memory_order_relaxed))
            continue;
        atomic_store(&door->shared, true);
        marked = true;
    }
    if (marked)
        run_barrier();
}

/* Nobody marks a door while this thread has `all`. */
static void enter_own(MoltDoor *door)
{
    if (atomic_load_explicit(&door->shared, memory_order_relaxed))
        lock(&door->busy);
    else
        atomic_store_explicit(&door->inside, true, memory_order_relaxed);
}

/* The mark may go while its thread is on its way out; then it has to be made again. */
static bool enter_marked(MoltDoor *door)
{
    while (atomic_load_explicit(&door->inside, memory_order_acquire))
        sched_yield();
    lock(&door->busy);
    door->calm = 0;
    if (atomic_load_explicit(&door->shared, memory_order_relaxed))
        return true;
    unlock(&door->busy);
    return false;
}

uint32_t molt__gate_enter_all(MoltGate *gate)
{
    uint32_t own = find_door(gate, molt__gate_thread());
    lock(&gate->all);
    mark_others(gate, own);
    for (uint32_t d = 0; d < MOLT__DOORS; d++) {
        if (d == own)
            enter_own(&gate->doors[d]);
        else if (is_in_use(gate, d))
            while (!enter_marked(&gate->doors[d]))
                mark_others(gate, own);
    }
    return own;
}

/* Of other doors this thread has `busy`, although their owners may be about to look at the mark. */
void molt__gate_leave_all(MoltGate *gate, uint32_t own)
{
    for (uint32_t d = 0; d < MOLT__DOORS; d++) {
        if (d == own)
            molt__gate_leave(gate, d);
        else if (is_in_use(gate, d))
            unlock(&gate->doors[d].busy);
    }
    unlock(&gate->all);
}
