/* Free objects that the game links through their first bytes, where no field is a pointer: lists of pools.
 * To the rules such a link is a number or two, and would be converted like one. It must never know the
 * lists themselves, nor where they begin.
 *
 * A word at the begin of an element of an array, or of a block, is taken for such a link when the struct has
 * no pointer there, nor one integer of that size, and it is the address of another of the same struct; and
 * when all such words of a struct together make lists, in which each object has one before it at most. */
#ifndef MOLT_FREE_LINKS_H
#define MOLT_FREE_LINKS_H

struct MoltMigration;

/* Puts into the objects of the new state what their links lead to there, and zero where a list ends. After
 * the values of the attic are back. */
void molt__free_links_run(struct MoltMigration *m);

#endif
