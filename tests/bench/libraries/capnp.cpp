// Cap'n Proto: a message with one list of ants, made flat and read in place.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include "ant.capnp.h"
#include "round_trip.h"

namespace {

void fill(const AntBefore *ants, const AntBefore &ant, Ant::Builder out)
{
    out.setNext(bench_ant_number(ants, ant.next));
    out.setPrey(bench_ant_number(ants, ant.prey));
    out.setX(ant.x);
    out.setY(ant.y);
    out.setHeadingX(ant.heading_x);
    out.setHeadingY(ant.heading_y);
    out.setEnergy(ant.energy);
    out.setHunger(ant.hunger);
    out.setBorn(ant.born);
    out.setId(ant.id);
    out.setNest(ant.nest);
    out.setCaste(ant.caste);
    out.setTask(ant.task);
    out.setLoad0(ant.load[0]);
    out.setLoad1(ant.load[1]);
    out.setLoad2(ant.load[2]);
    out.setLoad3(ant.load[3]);
    out.setAge(ant.age);
    out.setSpeed(ant.speed);
}

void take(Ant::Reader in, AntAfter *ants, AntAfter *ant)
{
    AntBefore was = {};
    was.x = in.getX();
    was.y = in.getY();
    was.heading_x = in.getHeadingX();
    was.heading_y = in.getHeadingY();
    was.energy = in.getEnergy();
    was.hunger = in.getHunger();
    was.born = in.getBorn();
    was.id = in.getId();
    was.nest = in.getNest();
    was.caste = in.getCaste();
    was.task = in.getTask();
    was.load[0] = in.getLoad0();
    was.load[1] = in.getLoad1();
    was.load[2] = in.getLoad2();
    was.load[3] = in.getLoad3();
    was.age = in.getAge();
    was.speed = in.getSpeed();
    bench_ant_take(ants, ant, &was, in.getNext(), in.getPrey());
}

bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    // The first segment holds all, so that no copy is counted that could be had without.
    capnp::MallocMessageBuilder message(static_cast<unsigned>(count * 14 + 16));
    auto list = message.initRoot<Ants>().initAnts(count);
    for (uint32_t i = 0; i < count; i++)
        fill(before, before[i], list[i]);
    auto words = capnp::messageToFlatArray(message);
    capnp::ReaderOptions options;
    options.traversalLimitInWords = words.size() + 64;
    capnp::FlatArrayMessageReader reader(words, options);
    auto ants = reader.getRoot<Ants>().getAnts();
    if (ants.size() != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        take(ants[i], after, &after[i]);
    return true;
}

} // namespace

extern "C" const RoundTrip bench_capnp = {"Cap'n Proto", 15, run, nullptr};
