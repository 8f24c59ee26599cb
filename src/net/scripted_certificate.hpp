// Certificates for tests, made on the spot: right ones, and wrong in one way each.
#pragma once

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/tls_openssl.hpp"

namespace causeway::net {

using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, OpenSslFree<X509_CRL_free>>;

struct CertificateOrder {
  std::string name{};                    // how a script calls it
  std::string subject{};                 // common name
  std::string organisation{};            // none when empty
  std::vector<std::string> for_names{};  // "DNS:www.example.net", "IP:127.0.0.1"
  std::string issuer{};                  // name of another; empty: self-signed
  bool is_ca = false;
  int from_days = -1;
  int to_days = 30;
  std::string key = "p256";  // p256 | rsa1024 | rsa2048
  std::string digest = "SHA256";
  std::string purpose = "serverAuth";
  bool issuer_url = false;
};

class ScriptedCertificates {
 public:
  void make(const CertificateOrder& order) {
    Pair made{new_key(order.key), X509Ptr{X509_new()}};
    X509* out = made.certificate.get();
    const Pair& issuer = order.issuer.empty() ? made : pairs_.at(order.issuer);
    X509_set_version(out, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out), ++serial_);
    X509_time_adj_ex(X509_getm_notBefore(out), order.from_days, 0, nullptr);
    X509_time_adj_ex(X509_getm_notAfter(out), order.to_days, 0, nullptr);
    add_name(X509_get_subject_name(out), "O", order.organisation);
    add_name(X509_get_subject_name(out), "CN", order.subject);
    X509_set_issuer_name(out, X509_get_subject_name(issuer.certificate.get()));
    X509_set_pubkey(out, made.key.get());
    add_extension(out, NID_basic_constraints, order.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (order.is_ca) {
      add_extension(out, NID_key_usage, "keyCertSign,cRLSign");
    } else {
      add_extension(out, NID_ext_key_usage, order.purpose);
    }
    std::string names;
    for (const auto& name : order.for_names) names += (names.empty() ? "" : ",") + name;
    if (!names.empty()) add_extension(out, NID_subject_alt_name, names);
    if (order.issuer_url) {
      add_extension(out, NID_info_access, "caIssuers;URI:http://ca.example/issuer.crt");
    }
    check(X509_sign(out, issuer.key.get(), EVP_get_digestbyname(order.digest.c_str())) > 0);
    pairs_.insert_or_assign(order.name, std::move(made));
  }

  X509* certificate(const std::string& name) const { return pairs_.at(name).certificate.get(); }
  EVP_PKEY* key(const std::string& name) const { return pairs_.at(name).key.get(); }

  // Puts `name` on its issuer's list.
  void revoke(const std::string& name, const std::string& issuer) {
    CrlPtr crl{X509_CRL_new()};
    X509_CRL_set_version(crl.get(), 1);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate(issuer)));
    const std::unique_ptr<ASN1_TIME, OpenSslFree<ASN1_TIME_free>> now{
        X509_time_adj_ex(nullptr, -1, 0, nullptr)};
    const std::unique_ptr<ASN1_TIME, OpenSslFree<ASN1_TIME_free>> next{
        X509_time_adj_ex(nullptr, 30, 0, nullptr)};
    X509_CRL_set1_lastUpdate(crl.get(), now.get());
    X509_CRL_set1_nextUpdate(crl.get(), next.get());
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate(name)));
    X509_REVOKED_set_revocationDate(entry, now.get());
    X509_CRL_add0_revoked(crl.get(), entry);
    X509_CRL_sort(crl.get());
    check(X509_CRL_sign(crl.get(), key(issuer), EVP_sha256()) > 0);
    lists_.push_back(std::move(crl));
  }

  // A PEM file with the named certificates and all lists.
  void write(const std::string& path, const std::vector<std::string>& trusted) const {
    const std::unique_ptr<BIO, OpenSslFree<BIO_free>> bio{BIO_new_file(path.c_str(), "w")};
    check(bio != nullptr);
    for (const auto& name : trusted) PEM_write_bio_X509(bio.get(), certificate(name));
    for (const auto& list : lists_) PEM_write_bio_X509_CRL(bio.get(), list.get());
  }

 private:
  struct Pair {
    KeyPtr key;
    X509Ptr certificate;
  };

  static void check(bool good) {
    if (!good) throw std::runtime_error("OpenSSL: " + take_openssl_reason());
  }

  static KeyPtr new_key(const std::string& kind) {
    if (kind == "rsa1024") return KeyPtr{EVP_RSA_gen(1024)};
    if (kind == "rsa2048") return KeyPtr{EVP_RSA_gen(2048)};
    return KeyPtr{EVP_EC_gen("P-256")};
  }

  static void add_name(X509_NAME* name, const char* part, const std::string& text) {
    if (text.empty()) return;
    X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  }

  static void add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    check(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::map<std::string, Pair> pairs_;
  std::vector<CrlPtr> lists_;
  long serial_ = 1000;
};

}  // namespace causeway::net
