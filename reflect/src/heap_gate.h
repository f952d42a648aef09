/* Who is in the heap: a door for each thread that allocates, through which it goes alone and without
 * waiting, and a way to have all doors, for whatever touches more than what lies behind one. It must never
 * know what lies behind the doors.
 *
 * Most threads share nothing with others when they allocate, so a door is kept for its thread: that says it
 * is inside by a plain store, which costs next to nothing, while an atomic exchange would wait for every
 * write that is still on its way to memory. Who wants all doors marks them as shared, and has the system run
 * a barrier on all processors that run the process (membarrier); from then on each thread sees the mark or
 * is seen inside. Threads that find the mark take a lock, as long as others keep coming.
 *
 * Invariants: `shared` becomes true only by who holds `all`, and false only by the door's thread while that
 * has `busy`; through a door that is not shared only its owner goes, with `inside` set; through a shared one
 * whoever has `busy`, with `inside` clear but for the moment in which its owner finds the mark. The last
 * door is of all threads that came too late for one of their own, and always shared. */
#ifndef MOLT_HEAP_GATE_H
#define MOLT_HEAP_GATE_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MOLT__DOORS = 8 };

/* Apart from each other by two cache lines, because processors fetch pairs of them. */
typedef struct MoltDoor {
    atomic_uintptr_t owner; /* a thread; 0: nobody, or any */
    atomic_bool inside;
    atomic_bool shared;
    atomic_flag busy;
    uint32_t calm; /* times that the owner took `busy` since others did */
    unsigned char apart[112];
} MoltDoor;

/* Thread by thread its number's hash leads to its door, of those that came first with the hash. */
enum { MOLT__DOOR_BITS = 8 };

typedef struct MoltGate {
    MoltDoor doors[MOLT__DOORS];
    atomic_uchar numbers[1 << MOLT__DOOR_BITS]; /* of doors; the last one's: of nobody's own */
    atomic_flag all;
    uint32_t owned;      /* doors with an owner, the first ones; changed by who holds `all` */
    atomic_bool crowded; /* the last door is in use; as `owned` */
    bool has_barrier;    /* without it every door is shared */
} MoltGate;

/* A number that no other running thread has. */
static inline uintptr_t molt__gate_thread(void)
{
#ifdef __x86_64__
    uintptr_t self;
    __asm__("mov %%fs:0, %0" : "=r"(self)); /* the thread's control block, as the ABI has it */
    return self;
#else
    return (uintptr_t)&errno;
#endif
}

/* Where to look for the number of a thread's door. */
static inline atomic_uchar *molt__gate_number(MoltGate *gate, uintptr_t thread)
{
    uint64_t hash = (uint64_t)thread * UINT64_C(0x9E3779B97F4A7C15);
    return &gate->numbers[hash >> (64 - MOLT__DOOR_BITS)];
}

/* The first door is that of the calling thread. */
void molt__gate_init(MoltGate *gate);
/* All doors are free again: whoever was inside does not come back, as after a crash. */
void molt__gate_reset(MoltGate *gate);

/* The ways in of threads whose door is not found at once, and through doors with a mark. */
uint32_t molt__gate_enter_other(MoltGate *gate, uintptr_t self);
uint32_t molt__gate_enter_shared(MoltGate *gate, uint32_t door);

/* Goes in through the thread's own door and returns its number. Not to be nested. */
static inline uint32_t molt__gate_enter(MoltGate *gate)
{
    uintptr_t self = molt__gate_thread();
    uint32_t number = atomic_load_explicit(molt__gate_number(gate, self), memory_order_relaxed);
    MoltDoor *door = &gate->doors[number];
    if (__builtin_expect(atomic_load_explicit(&door->owner, memory_order_relaxed) != self, 0))
        return molt__gate_enter_other(gate, self);
    atomic_store_explicit(&door->inside, true, memory_order_relaxed);
    atomic_signal_fence(
        memory_order_seq_cst); /* the processor's part is the barrier of the others */
    if (__builtin_expect(atomic_load_explicit(&door->shared, memory_order_acquire), 0))
        return molt__gate_enter_shared(gate, number);
    return number;
}

static inline void molt__gate_leave(MoltGate *gate, uint32_t number)
{
    MoltDoor *door = &gate->doors[number];
    if (__builtin_expect(number + 1 < MOLT__DOORS &&
                             atomic_load_explicit(&door->inside, memory_order_relaxed),
                         1))
        atomic_store_explicit(&door->inside, false, memory_order_release);
    else
        atomic_flag_clear_explicit(&door->busy, memory_order_release);
}

/* Has all doors, and returns the number of the thread's own. Not to be nested, nor inside of one. */
uint32_t molt__gate_enter_all(MoltGate *gate);
void molt__gate_leave_all(MoltGate *gate, uint32_t own);

#endif
