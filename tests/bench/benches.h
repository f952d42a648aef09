/* The benches that main.c runs. Each adds its rows to the table, or prints to standard error why it
 * could not and returns false. They must never know each other. */
#ifndef MOLT_BENCH_BENCHES_H
#define MOLT_BENCH_BENCHES_H

#include "measurement.h"

/* A code-only reload of the game library at `path` through the whole transaction, against a bare
 * dlopen, dlsym and dlclose of a copy of the same file; the same with `size` MiB of numbers beside the
 * game's state; what each pointer costs that is there as well; and what the guard against crashes adds. */
bool bench_code_reload(Table *table, const char *path, uint64_t size, int rounds);

/* A code-only reload of the game against copying the sections of the library at `library`, which has as much
 * state in its variables as the game then has beside its own. */
bool bench_sections(Table *table, const char *game, const char *library, int rounds);

/* A crash that cannot be ended, of the same game: from there to the first frame of the process that goes on
 * with its state, without a window; against a second. That process is this program with `--go-on PATH PIPE
 * --resume FOLDER`, which bench_go_on answers with an exit status. */
bool bench_restart(Table *table, const char *path, int rounds);
int bench_go_on(const char *path, const char *pipe_end, const char *resume);

/* A frame of the game at `game` against `plain`, the same as one executable: `frames` of them after `before`
 * others, in `rounds` pairs of processes. The one with Molt is this program with `--play GAME BEFORE FRAMES
 * guard|bare`, which bench_play answers with an exit status. */
bool bench_frame(Table *table, const char *game, const char *plain, uint32_t before,
                 uint32_t frames, int rounds);
int bench_play(const char *game, const char *before, const char *frames, bool guard);

/* Checkpoints of a state of so many bytes, copied and tracked, after a hundredth, a tenth and all of its
 * pages were written; against memcpy of all its bytes. */
bool bench_checkpoint(Table *table, uint64_t bytes, int rounds);

/* `count` objects of an ant's kind, linked by pointers, through an edit that adds two fields, reorders
 * three and widens two: by the plan and by what it compiles to, against a hand-written loop and against
 * memcpy of the bytes that they had. */
bool bench_migration(Table *table, uint64_t count, int rounds);

/* The same number of objects through an edit that drops a field and narrows another, of which a tenth of
 * the values do not fit, against hand-written code that keeps those aside; and one that appends a field. */
bool bench_losses(Table *table, uint64_t count, int rounds);

/* The mixed edit into memory that was not there before. */
bool bench_fresh(Table *table, uint64_t count, int rounds);

/* The mixed edit on two threads against one, and what two gain at copying as many bytes. */
bool bench_threads(Table *table, uint64_t count, int rounds);

/* What lies between the hand-written loop and a migration, step by step. */
bool bench_steps(Table *table, uint64_t count, int rounds);

/* A graph of `count` nodes that all grow, against a conversion without its pointers and against a walk
 * with a table of addresses. */
bool bench_graph(Table *table, uint64_t count, int rounds);

/* A state of so many bytes of which a hundredth changes, without and with pointers to it from the rest. */
bool bench_part(Table *table, uint64_t bytes, int rounds);

/* The mixed edit of 10 KB to `most` bytes. */
bool bench_scaling(Table *table, uint64_t most, int rounds);

/* The heap against glibc's, `operations` times an object less and another one more, on each thread. */
bool bench_allocator(Table *table, uint64_t operations, int rounds);

/* What memory many types with few objects each take. */
bool bench_few(Table *table);

/* The mixed edit of `count` objects against a round trip by each library that was there when this was
 * built. */
bool bench_libraries(Table *table, uint64_t count, int rounds);

/* The JSON of a state of `size` MiB, streamed, against building and printing one cJSON tree of the same
 * text and against fprintf; then the memory that the dump of `large` MiB needs beside the state. */
bool bench_dump(Table *table, uint64_t size, uint64_t large, int rounds);

/* A snapshot file of `count` objects that point at each other: saved, against a plain write of as many
 * bytes; loaded, against reading and hashing them; mapped, against 10 ms. The files are in TMPDIR. */
bool bench_snapshot(Table *table, uint64_t count, int rounds);

#endif
