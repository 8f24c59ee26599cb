#include "net/certificate_file.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls_certificate.hpp"

namespace causeway::net {
namespace {

template <auto Write, class Object, class... More>
std::string pem_of(Object* object, More... more) {
  BIO* out = BIO_new(BIO_s_mem());
  Write(out, object, more...);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string text{bytes, static_cast<std::size_t>(size)};
  BIO_free(out);
  return text;
}

// As HAProxy wants it: the certificate and its key in one file.
std::string certificate_and_key() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* made = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), 0);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key);
  auto* name = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("www.example.net"), -1, -1, 0);
  X509_set_issuer_name(made, name);
  X509_sign(made, key, EVP_sha256());
  const std::string out =
      pem_of<PEM_write_bio_X509>(made) +
      pem_of<PEM_write_bio_PrivateKey>(key, static_cast<const EVP_CIPHER*>(nullptr),
                                       static_cast<const unsigned char*>(nullptr), 0,
                                       static_cast<pem_password_cb*>(nullptr),
                                       static_cast<void*>(nullptr));
  X509_free(made);
  EVP_PKEY_free(key);
  return out;
}

TEST(CertificateFile, TextIsRead) {
  const auto facts = parse_certificate(certificate_and_key());
  ASSERT_TRUE(facts) << facts.error().text;
  EXPECT_EQ(facts->subject, "www.example.net");
  EXPECT_EQ(facts->fingerprint.size(), 64U);
}

TEST(CertificateFile, TextWithoutOneIsSaid) {
  for (const char* text : {"", "/etc/ssl/site.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    const auto facts = parse_certificate(text);
    ASSERT_FALSE(facts);
    EXPECT_TRUE(facts.error().text.contains("holds no certificate in PEM form"));
  }
}

}  // namespace
}  // namespace causeway::net
