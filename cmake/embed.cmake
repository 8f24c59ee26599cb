# causeway_embed(FOLDER GLOB patterns...): puts text files into the folder's library as
# `std::span<const EmbeddedFile> embedded_files()` in namespace causeway::FOLDER
# (declared in src/base/embedded.hpp). The file's path relative to src/FOLDER is its name.
function(causeway_embed folder)
  cmake_parse_arguments(ARG "" "" "GLOB" ${ARGN})
  set(patterns ${ARG_GLOB})
  list(TRANSFORM patterns PREPEND ${CMAKE_SOURCE_DIR}/)
  file(GLOB files CONFIGURE_DEPENDS ${patterns})
  list(SORT files)
  set(out ${CMAKE_BINARY_DIR}/embedded/${folder}.cpp)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFOLDER=${folder} -DROOT=${CMAKE_SOURCE_DIR}/src/${folder}
            "-DFILES=${files}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake VERBATIM)
  target_sources(causeway_${folder} PRIVATE ${out})
endfunction()
