# metricx_embed_bytes(TARGET NAME FILE): the bytes of a file as `extern const unsigned char NAME[]` and `extern const size_t NAME_len`.
# By the assembler: as a list of numbers a compiler would take minutes for megabytes.
function(metricx_embed_bytes target name file)
  set(output ${CMAKE_BINARY_DIR}/generated/bytes/${name}.c)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
#include <stddef.h>
__asm__(".section .rodata\n"
        ".global @name@, @name@_len\n"
        ".balign 16\n"
        "@name@: .incbin \"@file@\"\n"
        "@name@_end: .byte 0\n"
        ".balign 8\n"
        "@name@_len: .quad @name@_end - @name@\n"
        ".previous\n");
extern const unsigned char @name@[];
extern const size_t @name@_len;
]])
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${output})
endfunction()
