#include "net/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "net/tls_openssl.hpp"

namespace causeway::net {

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, OpenSslFree<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256::hex(std::size_t digits) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length);
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    fmt::format_to(std::back_inserter(out), "{:02x}", digest.at(i));
  }
  return out.substr(0, digits);
}

}  // namespace causeway::net
