# Warnings, hardening and sanitizers of every target; assertions stay on in release.
add_compile_definitions(_GNU_SOURCE METRICX_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wnull-dereference -Wdouble-promotion
  -Wimplicit-fallthrough -Wswitch-enum -Werror
  -include ${CMAKE_SOURCE_DIR}/common/base/banned.h)
add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer -g)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fstack-clash-protection -fcf-protection)
else()
  add_compile_options(-Wno-string-conversion) # CHECK(!"what") marks a place that is never reached
endif()
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)

string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
if(METRICX_SANITIZE)
  add_compile_definitions(METRICX_SANITIZED)
  add_compile_options(-fsanitize=${METRICX_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${METRICX_SANITIZE})
endif()
if(METRICX_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
