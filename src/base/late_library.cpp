#include "base/late_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace causeway {
namespace {

std::string said_by_linker() {
  const char* text = ::dlerror();
  return text == nullptr ? "no reason given" : text;
}

}  // namespace

LateLibrary::LateLibrary(const char* name, const char* package)
    : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)), package_(package) {
  if (handle_ != nullptr) return;
  why_ = fmt::format("{} cannot be loaded ({}): install the package {}", name, said_by_linker(),
                     package_);
}

void* LateLibrary::address_of(const char* symbol) {
  if (!why_.empty()) return nullptr;
  void* const address = ::dlsym(handle_, symbol);
  if (address == nullptr) {
    why_ = fmt::format("{} is not in the library ({}): update the package {}", symbol,
                       said_by_linker(), package_);
  }
  return address;
}

}  // namespace causeway
