#include "net/certificate_file.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>

#include "base/limits.hpp"
#include "net/tls_certificate.hpp"

namespace causeway::net {
namespace {

using Bio = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

struct ChainFree {
  void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }
};

// A key with a pass phrase cannot be used by a server that starts alone: never ask for one.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

using Chain = std::unique_ptr<STACK_OF(X509), ChainFree>;

Parsed<Chain> chain_in(BIO* file, std::string_view name) {
  Chain out{sk_X509_new_null()};
  for (int i = 0; i < limits::kTlsChainCertificates; ++i) {
    X509* next = PEM_read_bio_X509(file, nullptr, no_pass_phrase, nullptr);
    if (next == nullptr) break;
    sk_X509_push(out.get(), next);
  }
  const auto reason = take_openssl_reason();  // the end of the file is an error to OpenSSL
  if (sk_X509_num(out.get()) > 0) return out;
  return error(fmt::format("{} holds no certificate in PEM form ({})", name, reason));
}

CertificateFacts described(const Chain& chain) {
  return describe(sk_X509_value(chain.get(), 0), chain.get());
}

}  // namespace

Parsed<CertificateFacts> parse_certificate(std::string_view pem) {
  const Bio text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  if (!text) return error("out of memory");
  const auto chain = chain_in(text.get(), "the text");
  if (!chain) return std::unexpected(chain.error());
  return described(*chain);
}

Parsed<CertificateFacts> read_certificate(const std::string& certificate, const std::string& key) {
  const Bio file{BIO_new_file(certificate.c_str(), "r")};
  if (!file) return error(fmt::format("{} cannot be read", certificate));
  const auto chain = chain_in(file.get(), certificate);
  if (!chain) return std::unexpected(chain.error());
  if (!key.empty()) {
    const Bio key_file{BIO_new_file(key.c_str(), "r")};
    const PrivateKey parsed{
        key_file ? PEM_read_bio_PrivateKey(key_file.get(), nullptr, no_pass_phrase, nullptr)
                 : nullptr};
    if (!parsed) {
      return error(fmt::format("{} holds no private key in PEM form without a pass phrase ({})",
                               key, take_openssl_reason()));
    }
    if (X509_check_private_key(sk_X509_value(chain->get(), 0), parsed.get()) != 1) {
      take_openssl_reason();
      return error(
          fmt::format("the key in {} is not that of the certificate in {}", key, certificate));
    }
  }
  return described(*chain);
}

}  // namespace causeway::net
