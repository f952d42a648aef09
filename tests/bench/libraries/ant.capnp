@0xd0c1f3a95b7e2468;

struct Ant {
  next @0 :UInt32;
  prey @1 :UInt32;
  x @2 :Float32;
  y @3 :Float32;
  headingX @4 :Float32;
  headingY @5 :Float32;
  energy @6 :Int32;
  hunger @7 :Float32;
  born @8 :UInt64;
  id @9 :UInt32;
  nest @10 :UInt32;
  caste @11 :Int16;
  task @12 :Int16;
  load0 @13 :Int32;
  load1 @14 :Int32;
  load2 @15 :Int32;
  load3 @16 :Int32;
  age @17 :Float64;
  speed @18 :Float64;
}

struct Ants {
  ants @0 :List(Ant);
}
