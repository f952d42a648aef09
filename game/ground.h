/* The ground beneath everything else that is drawn on the field. */
#ifndef GROUND_H
#define GROUND_H

#include "actions.h"
#include "canvas.h"

void draw_ground(const Colony *colony, Canvas *canvas);

#endif
