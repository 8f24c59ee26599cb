// The wrong clock, carried inside this program so that a lab needs no second file.
#include <cstdio>
#include <cstdlib>

#include "mode.hpp"

__asm__(
    ".section .rodata\n"
    "lab_clock_begin:\n"
    ".incbin \"" MISBEHAVE_CLOCK
    "\"\n"
    "lab_clock_end:\n"
    ".previous\n");

// NOLINTNEXTLINE(readability-identifier-naming): names of the assembler above
extern "C" const char lab_clock_begin[];
extern "C" const char lab_clock_end[];

namespace misbehave {

int write_clock_library(const Options& options) {
  std::FILE* file = std::fopen(options.out.c_str(), "wb");
  if (file == nullptr) usage("clock-library: cannot write --out \"" + options.out + "\"");
  const auto size = static_cast<std::size_t>(lab_clock_end - lab_clock_begin);
  const bool whole = std::fwrite(lab_clock_begin, 1, size, file) == size;
  return std::fclose(file) == 0 && whole ? 0 : 1;
}

}  // namespace misbehave
