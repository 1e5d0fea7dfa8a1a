# Compiler flags of all our code.
add_library(nlt_flags INTERFACE)
target_compile_options(nlt_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wvla -Wcast-qual -Wformat=2 -Wdouble-promotion -Wswitch-enum
  -ffp-contract=off -fno-semantic-interposition $<$<BOOL:${NLT_WERROR}>:-Werror>)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(nlt_flags INTERFACE -march=x86-64-v2) # all processors since 2009
endif()
if(NLT_SANITIZE)
  target_compile_options(nlt_flags INTERFACE
    -fsanitize=${NLT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(nlt_flags INTERFACE -fsanitize=${NLT_SANITIZE})
endif()
if(NLT_FUZZ)
  target_compile_options(nlt_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
