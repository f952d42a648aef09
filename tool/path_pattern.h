/* Paths of values and fields by patterns: "Ant.pos.*", "Grid.m[*]". It must never know what is left out for
 * which reason. */
#ifndef MOLT_TOOL_PATH_PATTERN_H
#define MOLT_TOOL_PATH_PATTERN_H

#include <stdbool.h>

/* Whether one of `patterns`, with commas between, matches the path of a value ("Ant:17.pos.x") with or
 * without the number of its object. '*' stands for any characters, '?' for one; brackets are those of an
 * index. NULL matches nothing. */
bool molt__path_matches(const char *patterns, const char *path);

#endif
