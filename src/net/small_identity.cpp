#include "net/small_identity.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <cstdint>
#include <utility>

#include "net/tls_openssl.hpp"

namespace causeway::net {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, OpenSslFree<BIO_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>>;

std::unexpected<Error> failed(std::string_view what) {
  return error(fmt::format("cannot make a certificate: {}: {}", what, take_openssl_reason()));
}

bool set_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                    0) == 1;
}

bool add_extension(X509* to, int number, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
  const ExtensionPtr extension{X509V3_EXT_conf_nid(nullptr, &context, number, value.c_str())};
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

bool set_serial(X509* of) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(of), serial >> 1U) == 1;
}

template <class Write>
std::string pem(Write write) {
  const BioPtr bio{BIO_new(BIO_s_mem())};
  if (!bio || write(bio.get()) != 1) return {};
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

}  // namespace

struct SmallAuthority::Pair {
  KeyPtr key;
  X509Ptr certificate;

  // `signer`: null when it signs itself.
  static Parsed<Pair> make(const IdentityOrder& order, const std::string& common_name,
                           const Pair* signer, bool is_authority) {
    Pair out{KeyPtr{EVP_EC_gen("P-256")}, X509Ptr{X509_new()}};
    if (!out.key || !out.certificate) return failed("no key");
    X509* made = out.certificate.get();
    const Pair& by = signer == nullptr ? out : *signer;
    bool good =
        X509_set_version(made, 2) == 1 && set_serial(made) &&
        X509_time_adj_ex(X509_getm_notBefore(made), order.from_days, 0, nullptr) != nullptr &&
        X509_time_adj_ex(X509_getm_notAfter(made), order.to_days, 0, nullptr) != nullptr &&
        set_name(X509_get_subject_name(made), common_name) &&
        X509_set_issuer_name(made, X509_get_subject_name(by.certificate.get())) == 1 &&
        X509_set_pubkey(made, out.key.get()) == 1 &&
        add_extension(made, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (is_authority) {
      good = good && add_extension(made, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
      good = good && add_extension(made, NID_ext_key_usage, "serverAuth") &&
             add_extension(made, NID_subject_alt_name, order.subject);
    }
    if (!good) return failed("its contents");
    if (X509_sign(made, by.key.get(), EVP_sha256()) <= 0) return failed("signing");
    return out;
  }
};

SmallAuthority::SmallAuthority(std::unique_ptr<Pair> own)
    : own_(std::move(own)), certificate_(pem_of(own_->certificate.get())) {}

SmallAuthority::~SmallAuthority() = default;

Parsed<std::unique_ptr<SmallAuthority>> SmallAuthority::make() {
  auto own = Pair::make({}, "Causeway demonstration authority", nullptr, true);
  if (!own) return error(own.error().text);
  return std::unique_ptr<SmallAuthority>{
      new SmallAuthority{std::make_unique<Pair>(std::move(*own))}};
}

Parsed<Identity> SmallAuthority::issue(const IdentityOrder& order) const {
  const std::string name = order.subject.substr(order.subject.find(':') + 1);
  const auto made = Pair::make(order, name, order.signed_by_itself ? nullptr : own_.get(), false);
  if (!made) return error(made.error().text);
  Identity out;
  out.certificate = pem_of(made->certificate.get());
  out.key = pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, made->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (out.certificate.empty() || out.key.empty()) return failed("writing it");
  return out;
}

}  // namespace causeway::net
