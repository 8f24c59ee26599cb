#pragma once
#include <string>

namespace causeway {

// A shared library loaded at its first use (dlopen(3)): few runs need it, and it and its relatives
// would cost every start milliseconds and megabytes. Stays loaded to the end of the process.
//
// A user derives from it and finds the functions it calls in its constructor; one that is missing
// makes the whole library count as missing.
class LateLibrary {
 public:
  explicit operator bool() const { return why_.empty(); }
  // Why it is missing, and what to install; else "".
  const std::string& why() const { return why_; }

 protected:
  // `name` as the linker knows it ("libpq.so.5"), `package` as Debian does.
  LateLibrary(const char* name, const char* package);

  template <class Function>
  void find(const char* symbol, Function*& into) {
    into = reinterpret_cast<Function*>(address_of(symbol));
  }

 private:
  void* address_of(const char* symbol);

  void* handle_;
  std::string package_;
  std::string why_;
};

}  // namespace causeway
