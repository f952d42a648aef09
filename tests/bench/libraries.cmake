# Other people's libraries that molt-bench compares with. ./dev bench installs them; the bench is built
# without those that are not there, and tests need none.

# molt_bench_library(<name> <pkg-config module>...): links the first module that is there and compiles
# libraries/<name>.c.
function(molt_bench_library name)
  string(TOUPPER ${name} upper)
  pkg_search_module(BENCH_${upper} QUIET IMPORTED_TARGET ${ARGN})
  if(NOT BENCH_${upper}_FOUND)
    return()
  endif()
  target_sources(molt-bench PRIVATE libraries/${name}.c)
  target_link_libraries(molt-bench PRIVATE PkgConfig::BENCH_${upper})
  target_compile_definitions(molt-bench PRIVATE BENCH_${upper})
endfunction()

set(generated ${CMAKE_CURRENT_BINARY_DIR}/libraries)
file(MAKE_DIRECTORY ${generated})

molt_bench_library(msgpack msgpack-c msgpack)
molt_bench_library(jansson jansson)
molt_bench_library(sqlite sqlite3)

find_program(BENCH_PROTOC_C protoc-c)
if(BENCH_PROTOC_C)
  molt_bench_library(protobuf libprotobuf-c)
endif()
if(BENCH_PROTOC_C AND BENCH_PROTOBUF_FOUND)
  add_custom_command(OUTPUT ${generated}/ant.pb-c.c ${generated}/ant.pb-c.h
    COMMAND ${BENCH_PROTOC_C} --c_out=${generated} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/libraries
      ant.proto
    DEPENDS libraries/ant.proto VERBATIM)
  # Its own warnings are none of ours.
  add_library(molt-bench-protobuf STATIC ${generated}/ant.pb-c.c ${generated}/ant.pb-c.h)
  target_include_directories(molt-bench-protobuf SYSTEM PUBLIC ${generated})
  target_link_libraries(molt-bench-protobuf PUBLIC PkgConfig::BENCH_PROTOBUF)
  target_link_libraries(molt-bench PRIVATE molt-bench-protobuf)
endif()

# The only C++ of the project, and so a library with options of its own; linked as C, because the flags of
# sanitizers are those of C.
include(CheckLanguage)
check_language(CXX)
find_program(BENCH_CAPNP_COMPILER capnp)
pkg_search_module(BENCH_CAPNP QUIET IMPORTED_TARGET capnp)
if(CMAKE_CXX_COMPILER AND BENCH_CAPNP_COMPILER AND BENCH_CAPNP_FOUND)
  enable_language(CXX)
  add_custom_command(OUTPUT ${generated}/ant.capnp.c++ ${generated}/ant.capnp.h
    COMMAND ${BENCH_CAPNP_COMPILER} compile -oc++:${generated}
      --src-prefix=${CMAKE_CURRENT_SOURCE_DIR}/libraries
      ${CMAKE_CURRENT_SOURCE_DIR}/libraries/ant.capnp
    DEPENDS libraries/ant.capnp VERBATIM)
  add_library(molt-bench-capnp STATIC libraries/capnp.cpp ${generated}/ant.capnp.c++
    ${generated}/ant.capnp.h)
  target_include_directories(molt-bench-capnp SYSTEM PRIVATE ${generated})
  target_include_directories(molt-bench-capnp PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} libraries)
  target_link_libraries(molt-bench-capnp PRIVATE PkgConfig::BENCH_CAPNP)
  target_compile_features(molt-bench-capnp PRIVATE cxx_std_14)
  target_compile_options(molt-bench-capnp PRIVATE -Wall -Wextra)
  target_link_libraries(molt-bench PRIVATE molt-bench-capnp stdc++)
  target_compile_definitions(molt-bench PRIVATE BENCH_CAPNP)
  set_target_properties(molt-bench PROPERTIES LINKER_LANGUAGE C)
endif()
