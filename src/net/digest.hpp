// SHA-256 of a stream of bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace causeway::net {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // Lower-case hexadecimal, the first `digits` of 64. Once.
  std::string hex(std::size_t digits = 64);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace causeway::net
