#include "system_lock.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

struct MoltLockClass {
    const char *names[2];
    uint64_t size;
    const char *(*use)(const unsigned char *bytes);
    void (*release)(unsigned char *bytes);
};

/* ---- what the C library keeps in them --------------------------------------------------------- */

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 25)

enum {
    READER_SHIFT = 3,      /* of a lock's readers: the bits below are phases */
    WRITE_LOCKED = 1 << 1, /* the phase in which a writer has it */
    WAITER_SHIFT = 3       /* of a condition's references: the bits below are what it was made as */
};

static const char *mutex_use(const unsigned char *bytes)
{
    pthread_mutex_t lock;
    memcpy(&lock, bytes, sizeof lock);
    bool used = lock.__data.__lock != 0 || lock.__data.__owner != 0 || lock.__data.__nusers != 0;
    return used ? "locked" : NULL;
}

static void mutex_release(unsigned char *bytes)
{
    pthread_mutex_t lock, anew;
    memcpy(&lock, bytes, sizeof lock);
    memset(&anew, 0, sizeof anew);
    anew.__data.__kind = lock.__data.__kind;
    memcpy(bytes, &anew, sizeof anew);
}

static const char *rwlock_use(const unsigned char *bytes)
{
    pthread_rwlock_t lock;
    memcpy(&lock, bytes, sizeof lock);
    if (lock.__data.__readers >> READER_SHIFT != 0)
        return "locked for reading";
    bool written = (lock.__data.__readers & WRITE_LOCKED) != 0 || lock.__data.__writers != 0 ||
                   lock.__data.__cur_writer != 0;
    return written ? "locked for writing" : NULL;
}

static void rwlock_release(unsigned char *bytes)
{
    pthread_rwlock_t lock, anew;
    memcpy(&lock, bytes, sizeof lock);
    memset(&anew, 0, sizeof anew);
    anew.__data.__shared = lock.__data.__shared;
    anew.__data.__flags = lock.__data.__flags;
    memcpy(bytes, &anew, sizeof anew);
}

static const char *condition_use(const unsigned char *bytes)
{
    pthread_cond_t lock;
    memcpy(&lock, bytes, sizeof lock);
    return lock.__data.__wrefs >> WAITER_SHIFT != 0 ? "waited for" : NULL;
}

static void condition_release(unsigned char *bytes)
{
    pthread_cond_t lock, anew;
    memcpy(&lock, bytes, sizeof lock);
    memset(&anew, 0, sizeof anew);
    anew.__data.__wrefs = lock.__data.__wrefs & ((1u << WAITER_SHIFT) - 1);
    memcpy(bytes, &anew, sizeof anew);
}

/* The first words of a barrier: how many came, and how many of those went on; then how many it is for. */
enum { BARRIER_CAME, BARRIER_WENT_ON, BARRIER_WORDS };

static const char *barrier_use(const unsigned char *bytes)
{
    uint32_t words[BARRIER_WORDS];
    memcpy(words, bytes, sizeof words);
    return words[BARRIER_CAME] != words[BARRIER_WENT_ON] ? "waited for" : NULL;
}

/* Who left it counts from here on; what it is for and whether it is shared stand between. */
static void barrier_release(unsigned char *bytes)
{
    enum { LEFT_AT = 4 * sizeof(uint32_t) };
    memset(bytes, 0, BARRIER_WORDS * sizeof(uint32_t));
    memset(bytes + LEFT_AT, 0, sizeof(uint32_t));
}

/* A value of 32 bits, and behind it who waits, where 64 bits are written at once. */
static const char *semaphore_use(const unsigned char *bytes)
{
    uint32_t waiting;
    memcpy(&waiting, bytes + sizeof waiting, sizeof waiting);
    return waiting != 0 ? "waited for" : NULL;
}

static void semaphore_release(unsigned char *bytes)
{
    memset(bytes + sizeof(uint32_t), 0, sizeof(uint32_t));
}

static const MoltLockClass classes[] = {
    {{"pthread_mutex_t", "mtx_t"}, sizeof(pthread_mutex_t), mutex_use, mutex_release},
    {{"pthread_cond_t", "cnd_t"}, sizeof(pthread_cond_t), condition_use, condition_release},
    {{"pthread_rwlock_t", NULL}, sizeof(pthread_rwlock_t), rwlock_use, rwlock_release},
    {{"pthread_barrier_t", NULL}, sizeof(pthread_barrier_t), barrier_use, barrier_release},
    {{"sem_t", NULL}, sizeof(sem_t), semaphore_use, semaphore_release},
};

#else
#error "What this C library keeps in its locks is not known here: describe it as above."
#endif

/* ---- types ------------------------------------------------------------------------------------ */

const MoltLockClass *molt__lock_class(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    const char *name = molt_string(schema, type->name);
    bool bytes = type->kind == MOLT_KIND_STRUCT && type->count == 1 &&
                 strcmp(molt_string(schema, schema->tables.fields[type->first].name), "bytes") == 0;
    for (size_t c = 0; bytes && c < sizeof classes / sizeof *classes; c++) {
        for (size_t n = 0; n < 2 && classes[c].names[n]; n++) {
            if (type->size == classes[c].size && strcmp(name, classes[c].names[n]) == 0)
                return &classes[c];
        }
    }
    return NULL;
}

const char *molt__lock_use(const MoltLockClass *class, const unsigned char *bytes)
{
    return class->use(bytes);
}

void molt__lock_release(const MoltLockClass *class, unsigned char *bytes)
{
    class->release(bytes);
}
