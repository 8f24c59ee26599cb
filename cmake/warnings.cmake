# Warnings of our own code; system headers stay quiet.
add_library(causeway_warnings INTERFACE)
target_compile_options(causeway_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Wimplicit-fallthrough -Wnull-dereference -Wthread-safety
  -Wno-missing-designated-field-initializers)  # every field of ours has its default
option(CAUSEWAY_WERROR "Treat warnings as errors" ON)
if(CAUSEWAY_WERROR)
  target_compile_options(causeway_warnings INTERFACE -Werror)
endif()
