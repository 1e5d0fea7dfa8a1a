# DuckDB's C header and library, from two pinned npm packages whose hashes are checked, kept in the
# user's cache so that later builds work offline. -DDUCKDB_ROOT=DIR takes DIR/include/duckdb.h and
# DIR/lib/libduckdb.so instead.
set(DUCKDB_ROOT "" CACHE PATH "Folder with include/duckdb.h and lib/libduckdb.so")
set(DUCKDB_VERSION 1.5.5)

# The last npm release that carries the header is 1.4.4; 1.5 keeps all of its calls.
set(duckdb_header duckdb@1.4.4
  844249e61c9517454b8f776638ba6c5ab411d1bddde1892ab72826ea25178c72430e74aa83f5122b171be6abcdace84560f824b5ac94e9d5c2b603ea7269a9a2)
set(duckdb_library_x86_64 @duckdb/node-bindings-linux-x64@1.5.5-r.5
  902caae815e19fa4177f017cc957552ab8924873feadf556709e7a706f2a67394e669c72bd3e561a6ea332c871838762b4b94eb07b0837f0f8ed162b7235ee1d)
set(duckdb_library_aarch64 @duckdb/node-bindings-linux-arm64@1.5.5-r.5
  09a7c7d8022f5eda700f29c6dca07fe2e10e1d11a516807b6ae091308c07dc128d2286ec00d5792d2a43277b5fc9108522c2ba7bc013d5eb1e5959eed83bf773)

# Unpacks npm package `spec` into `dir`/package, if its tarball has the hash.
function(fetch_npm spec sha512 dir)
  find_program(NPM npm REQUIRED)
  file(MAKE_DIRECTORY ${dir})
  message(STATUS "Fetching ${spec}")
  execute_process(COMMAND ${NPM} pack --silent ${spec} WORKING_DIRECTORY ${dir}
    OUTPUT_VARIABLE tarball ERROR_VARIABLE log RESULT_VARIABLE result
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "npm pack ${spec} failed:\n${log}\n"
      "Without network, give -DDUCKDB_ROOT= a folder with include/duckdb.h and lib/libduckdb.so.")
  endif()
  file(SHA512 ${dir}/${tarball} found)
  if(NOT found STREQUAL sha512)
    file(REMOVE_RECURSE ${dir})
    message(FATAL_ERROR "${spec}: the hash is ${found}, not ${sha512}")
  endif()
  file(ARCHIVE_EXTRACT INPUT ${dir}/${tarball} DESTINATION ${dir})
endfunction()

# Fills `root` whole or not at all.
function(fetch_duckdb root)
  set(library duckdb_library_${CMAKE_SYSTEM_PROCESSOR})
  if(NOT DEFINED ${library})
    message(FATAL_ERROR "No DuckDB package is pinned for ${CMAKE_SYSTEM_PROCESSOR}: "
      "give -DDUCKDB_ROOT= a folder with include/duckdb.h and lib/libduckdb.so.")
  endif()
  string(RANDOM LENGTH 8 suffix)
  set(part ${root}.part-${suffix})
  fetch_npm(${duckdb_header} ${part}/header)
  fetch_npm(${${library}} ${part}/library)
  file(COPY ${part}/header/package/src/duckdb/src/include/duckdb.h DESTINATION ${part}/new/include)
  file(COPY ${part}/library/package/libduckdb.so DESTINATION ${part}/new/lib)
  file(REMOVE_RECURSE ${root})
  file(RENAME ${part}/new ${root})
  file(REMOVE_RECURSE ${part})
endfunction()

if(NOT DUCKDB_ROOT)
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache $ENV{XDG_CACHE_HOME})
  else()
    set(cache $ENV{HOME}/.cache)
  endif()
  set(duckdb_root ${cache}/netlytics/duckdb-${DUCKDB_VERSION})
  if(NOT EXISTS ${duckdb_root}/lib/libduckdb.so OR NOT EXISTS ${duckdb_root}/include/duckdb.h)
    fetch_duckdb(${duckdb_root})
  endif()
else()
  set(duckdb_root ${DUCKDB_ROOT})
endif()

# Beside our own libraries, so that a build folder or an installation can be moved as a whole.
file(COPY ${duckdb_root}/lib/libduckdb.so DESTINATION ${CMAKE_BINARY_DIR})
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${duckdb_root}/include)
