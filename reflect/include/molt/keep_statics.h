/* For compilers that take the statics of an optimised source apart and have no option against it
 * (clang before 18): molt_add_game() includes this in front of every source. An annotation counts as a
 * use, so a static stays whole and in memory, where a reload can carry it over. It must never be seen
 * by a compiler that needs no help.
 *
 * `[static 4]` in a parameter does not compile after this; write [4]. */
#if defined(__clang__) && defined(__OPTIMIZE__) && !defined(MOLT_CODEGEN)
#pragma GCC system_header
#define static static __attribute__((annotate("kept whole")))
#endif
