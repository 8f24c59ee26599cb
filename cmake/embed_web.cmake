# causeway_embed_web(TARGET): the console's pages, built from web/ by tools/web.sh and put into the
# library as web_files() (src/console/pages.hpp). Without CAUSEWAY_WEB: no pages, and nothing of
# Node is needed.
function(causeway_embed_web target)
  set(out ${CMAKE_BINARY_DIR}/embedded/web.cpp)
  if(CAUSEWAY_WEB)
    file(GLOB_RECURSE pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/*)
    add_custom_command(OUTPUT ${out}
      COMMAND sh ${CMAKE_SOURCE_DIR}/tools/web.sh build ${out}
      DEPENDS ${pages} ${CMAKE_SOURCE_DIR}/tools/web.sh ${CMAKE_SOURCE_DIR}/web/index.html
              ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/web/vite.config.js
              ${CMAKE_SOURCE_DIR}/web/embed.mjs
      COMMENT "Pages of the console" VERBATIM)
  else()
    file(CONFIGURE OUTPUT ${out} CONTENT
"#include \"console/pages.hpp\"

namespace causeway::console {
std::span<const WebFile> web_files() { return {}; }
}  // namespace causeway::console
")
  endif()
  target_sources(${target} PRIVATE ${out})
endfunction()
