/* Crumbs and blood that fly: a fixed block, used round and round. */
#include "actions.h"
#include "vec2.h"

void sparks_burst(Colony *colony, Vec2 place, FoodKind food, int count)
{
    Random *random = &colony->random;
    for (int i = 0; i < count; i++) {
        Spark *spark = colony->next_spark;
        Vec2 way = random_direction(random);
        float speed = random_between(random, 0.3f, 1.6f);
        spark->position = place;
        spark->velocity = (Vec2){way.x * speed, way.y * speed};
        spark->life = random_between(random, 0.6f, 1);
        spark->food = food;
        colony->next_spark++;
        if (colony->next_spark == colony->sparks + SPARK_COUNT)
            colony->next_spark = colony->sparks;
    }
}

void sparks_step(Colony *colony)
{
    for (int i = 0; i < SPARK_COUNT; i++) {
        Spark *spark = &colony->sparks[i];
        if (spark->life <= 0)
            continue;
        spark->life -= 0.03f;
        spark->position = vec2_add(spark->position, spark->velocity);
        spark->velocity = (Vec2){spark->velocity.x * 0.93f, spark->velocity.y * 0.93f};
    }
}
