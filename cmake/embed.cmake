# metricx_embed(TARGET FOLDER EXT): every FOLDER/*.EXT becomes a C string in the generated header FOLDER/EXT_files.h:
#   static const struct embedded_file EXT_files[] = { {"name.ext", "text"}, … }, ended by {NULL, NULL}
function(metricx_embed target folder ext)
  file(GLOB inputs CONFIGURE_DEPENDS ${folder}/*.${ext})
  set(output ${CMAKE_BINARY_DIR}/generated/${folder}/${ext}_files.h)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DEXT=${ext} "-DINPUTS=${inputs}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
