# molt_add_game(): builds a game library that Molt can reload.
#
#   molt_add_game(<target> SOURCES a.c b.c... [BASE dir] [ASSETS dir] [KNOWN_SCHEMAS schema.json...]
#                 [NO_ROUTE_MALLOC])
#
# Makes the module library <target> (lib<target>.so), with type metadata generated from its sources.
# Every source is read again only when it, a header it read or the target's flags have changed, and
# the metadata is compiled again only when a type has. With Ninja the generator runs beside the
# compiler. File names in the schema are relative to BASE (default: the current source folder).
# ASSETS is the folder of what the game reads while it runs (default: "assets" in BASE), of which nothing is
# built. KNOWN_SCHEMAS are recorded schemas; a MOLT_WAS that none of them knows is then an error.
#
# malloc and its relatives are bound to the host's heap in all objects of the library, archives
# included; NO_ROUTE_MALLOC leaves them to libc, whose memory is foreign to Molt.
#
# Target properties: MOLT_SCHEMA, the schema JSON. Beside the library stands lib<target>.so.molt,
# which tells the host how to build it and what to watch.

include(CheckCCompilerFlag)

# Flags with which every static stays in one piece and in memory, whatever the optimiser could prove
# about it, and with which it can be found. With -fno-toplevel-reorder gcc keeps static functions, too, and
# then does not put one that is called once into its caller; larger limits for those that it does put there
# make up for that.
function(molt__variable_flags out)
  check_c_compiler_flag(-fkeep-persistent-storage-variables MOLT_KEEPS_VARIABLES)
  if(MOLT_KEEPS_VARIABLES)
    set(flags -fkeep-persistent-storage-variables)
  elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
    set(flags "SHELL:-include molt/keep_statics.h")
  else()
    set(flags -fno-toplevel-reorder -fno-ipa-reference-addressable --param=max-inline-insns-auto=60
      --param=inline-min-speedup=15)
  endif()
  set(${out} -g ${flags} PARENT_SCOPE)
endfunction()

# The flags of the target as a file that changes when they do. compile_commands.json itself, which
# has them too, gets a new time whenever CMake runs.
function(molt__codegen_flags target file)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
  set(properties)
  foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS INCLUDE_DIRECTORIES COMPILE_FLAGS
                   C_STANDARD C_EXTENSIONS POSITION_INDEPENDENT_CODE)
    string(APPEND properties "${property}: $<TARGET_PROPERTY:${target},${property}>\n")
  endforeach()
  file(GENERATE OUTPUT ${file} CONTENT
    "${CMAKE_C_COMPILER} ${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${config}}\n${properties}")
endfunction()

# The manifest that the host reads.
function(molt__game_manifest target schema)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "ASSETS" "SOURCES")
  set(folders)
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(folder ${source} DIRECTORY)
    list(APPEND folders ${folder})
  endforeach()
  list(REMOVE_DUPLICATES folders)
  list(JOIN folders "\", \"" folders)
  # Ninja itself, without the start of CMake in front of each build; it runs CMake when a list has changed.
  set(build "\"${CMAKE_COMMAND}\", \"--build\", \"${CMAKE_BINARY_DIR}\", \"--target\", \"${target}\"")
  if(CMAKE_GENERATOR STREQUAL "Ninja" AND CMAKE_MAKE_PROGRAM)
    set(build "\"${CMAKE_MAKE_PROGRAM}\", \"-C\", \"${CMAKE_BINARY_DIR}\", \"${target}\"")
  endif()
  file(GENERATE OUTPUT "$<TARGET_FILE:${target}>.molt" CONTENT
"{
  \"library\": \"$<TARGET_FILE:${target}>\",
  \"build\": [${build}],
  \"watch\": [\"${folders}\"],
  \"assets\": \"${arg_ASSETS}\",
  \"schema\": \"${schema}\",
  \"generator\": \"$<TARGET_FILE:molt::generator>\"
}
")
endfunction()

# Generates <folder>/metadata.c and the schema and compiles the former as <target>_metadata. It is an
# object library of its own, linked by file name: commands of the game's own target would have to
# finish before the first of its sources is compiled. One process reads all sources that need it, which
# costs half of one process each: loading libclang takes longer than reading most sources.
function(molt__game_metadata target folder schema)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "BASE" "SOURCES;KNOWN_SCHEMAS")
  molt__codegen_flags(${target} ${folder}/flags.txt)
  set(known)
  foreach(file IN LISTS arg_KNOWN_SCHEMAS)
    list(APPEND known --known ${file})
  endforeach()

  # The host reads it beside the library.
  set(usage $<TARGET_FILE_DIR:${target}>/$<TARGET_FILE_NAME:${target}>.usage)

  # The Makefile generators compare times only and would run the command for ever when the metadata
  # kept its time because it did not change: there a stamp is the output.
  set(metadata ${folder}/metadata.c)
  if(CMAKE_GENERATOR MATCHES "Ninja")
    set(output ${metadata})
    set(rule OUTPUT ${metadata} ${schema})
    # Ninja takes a list of what was read only when it names the output as Ninja does.
    cmake_path(RELATIVE_PATH metadata BASE_DIRECTORY ${CMAKE_BINARY_DIR} OUTPUT_VARIABLE name)
    set(stamp --depfile-target ${CMAKE_NINJA_OUTPUT_PATH_PREFIX}${name})
  else()
    set(output ${metadata}.stamp)
    set(rule OUTPUT ${output} BYPRODUCTS ${metadata} ${schema})
    set(stamp --stamp ${output})
  endif()
  cmake_policy(PUSH)
  # The list of what the generator read is one that Ninja takes as it is: to have CMake rewrite it would be a
  # process more in each build, and it would be the one that the linker waits for. Makefiles want it rewritten.
  if(CMAKE_GENERATOR STREQUAL "Ninja")
    set(CMAKE_WARN_DEPRECATED OFF)
    cmake_policy(SET CMP0116 OLD)
  else()
    cmake_policy(SET CMP0116 NEW)
  endif()
  add_custom_command(${rule}
    COMMAND molt::codegen ${arg_SOURCES} -p ${CMAKE_BINARY_DIR} --object-dir ${target}.dir
            --base ${arg_BASE} --cache ${folder} ${known} --metadata ${metadata} --schema ${schema}
            --usage ${usage}
            --depfile ${folder}/metadata.d ${stamp}
    DEPENDS $<TARGET_FILE:molt::codegen> $<TARGET_FILE:molt::generator> ${arg_SOURCES} ${arg_KNOWN_SCHEMAS} ${folder}/flags.txt
    DEPFILE ${folder}/metadata.d
    COMMENT "Reading types of ${target}"
    VERBATIM)
  cmake_policy(POP)

  add_library(${target}_metadata OBJECT ${metadata})
  target_sources(${target}_metadata PRIVATE ${output})
  set_source_files_properties(${metadata} ${output} PROPERTIES GENERATED ON)
  target_compile_features(${target}_metadata PRIVATE c_std_11)
  set_target_properties(${target}_metadata PROPERTIES
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON
    EXPORT_COMPILE_COMMANDS OFF)
  foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS INCLUDE_DIRECTORIES)
    set_property(TARGET ${target}_metadata PROPERTY ${property}
      $<TARGET_PROPERTY:${target},${property}>)
  endforeach()
  target_link_options(${target} PRIVATE $<TARGET_OBJECTS:${target}_metadata>)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_OBJECTS:${target}_metadata>)
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    # Makefiles know no files of other targets.
    add_dependencies(${target} ${target}_metadata)
  endif()
  cmake_language(EVAL CODE "cmake_language(DEFER CALL molt__game_order [[${target}]])")
endfunction()

# The generator reads what the compilers read, so it waits for whatever makes that: targets that the game
# depends on, and generated files among its sources. At the end of the folder, when all of it is known.
function(molt__game_order target)
  get_target_property(makers ${target} MANUALLY_ADDED_DEPENDENCIES)
  list(REMOVE_ITEM makers ${target}_metadata)
  if(makers)
    add_dependencies(${target}_metadata ${makers})
  endif()
  get_target_property(sources ${target} SOURCES)
  set(made "")
  foreach(source IN LISTS sources)
    get_source_file_property(generated ${source} GENERATED)
    if(generated)
      list(APPEND made ${source})
    endif()
  endforeach()
  if(made)
    add_custom_target(${target}_made DEPENDS ${made})
    add_dependencies(${target}_metadata ${target}_made)
  endif()
endfunction()

# Links a file of route/ into the target, an object of its own because it must not be optimised together
# with its callers.
function(molt__game_route target file)
  set(source ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${file}.c) # in an installation
  if(NOT EXISTS ${source})
    set(source ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../route/${file}.c)
  endif()
  add_library(${target}_${file} OBJECT ${source})
  target_link_libraries(${target}_${file} PRIVATE molt::game)
  target_compile_features(${target}_${file} PRIVATE c_std_11)
  target_compile_options(${target}_${file} PRIVATE -fno-builtin -fno-lto -fno-omit-frame-pointer)
  set_target_properties(${target}_${file} PROPERTIES
    C_VISIBILITY_PRESET hidden
    C_EXTENSIONS ON
    INTERPROCEDURAL_OPTIMIZATION OFF
    POSITION_INDEPENDENT_CODE ON
    EXPORT_COMPILE_COMMANDS OFF)
  target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
  target_link_options(${target} PRIVATE $<TARGET_OBJECTS:${target}_${file}>)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_OBJECTS:${target}_${file}>)
  if(NOT CMAKE_GENERATOR MATCHES "Ninja")
    add_dependencies(${target} ${target}_${file})
  endif()
endfunction()

# Sends the target's calls of malloc to the heap. Its options keep each call of an allocating function one
# that its line can tell: calls at the end of a function would become jumps, and equal code of two places
# one place.
function(molt__game_plain_memory target)
  molt__game_route(${target} plain_memory)
  target_compile_options(${target} PRIVATE -fno-optimize-sibling-calls
    $<$<NOT:$<CONFIG:Debug,RelWithDebInfo>>:-g>
    $<$<C_COMPILER_ID:GNU>:-fno-ipa-icf>
    $<$<C_COMPILER_ID:GNU>:-fno-crossjumping>
    $<$<C_COMPILER_ID:GNU>:-fno-tree-tail-merge>)
endfunction()

function(molt_add_game target)
  cmake_policy(PUSH)
  cmake_policy(SET CMP0112 NEW) # the name of the target's file is no dependency on it
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_ROUTE_MALLOC" "BASE;ASSETS" "SOURCES;KNOWN_SCHEMAS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR
      "molt_add_game(<target> SOURCES files... [BASE dir] [ASSETS dir] [KNOWN_SCHEMAS files...] "
      "[NO_ROUTE_MALLOC]), "
      "not: molt_add_game(${ARGV})")
  endif()
  if(NOT arg_BASE)
    set(arg_BASE ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(NOT arg_ASSETS)
    set(arg_ASSETS ${arg_BASE}/assets)
  endif()
  foreach(list BASE ASSETS SOURCES KNOWN_SCHEMAS)
    list(TRANSFORM arg_${list} REPLACE "^([^/].*)$" "${CMAKE_CURRENT_SOURCE_DIR}/\\1")
  endforeach()

  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE molt::game)
  target_compile_features(${target} PRIVATE c_std_11)
  molt__variable_flags(flags)
  target_compile_options(${target} PRIVATE ${flags})
  set(schema ${CMAKE_CURRENT_BINARY_DIR}/${target}.schema.json)
  set_target_properties(${target} PROPERTIES
    PREFIX lib
    NO_SONAME ON
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON
    EXPORT_COMPILE_COMMANDS ON
    UNITY_BUILD OFF
    NO_SYSTEM_FROM_IMPORTED ON
    MOLT_SCHEMA ${schema})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.molt)
  file(MAKE_DIRECTORY ${folder})
  molt__game_metadata(${target} ${folder} ${schema} BASE ${arg_BASE}
    SOURCES ${arg_SOURCES} KNOWN_SCHEMAS ${arg_KNOWN_SCHEMAS})
  if(NOT arg_NO_ROUTE_MALLOC)
    molt__game_plain_memory(${target})
  endif()
  molt__game_route(${target} game_threads)
  molt__game_manifest(${target} ${schema} ASSETS ${arg_ASSETS} SOURCES ${arg_SOURCES})
  cmake_policy(POP)
endfunction()
