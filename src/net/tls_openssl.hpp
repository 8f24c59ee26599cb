// OpenSSL's objects with owners. Internal to src/net/tls*.cpp.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace causeway::net {

template <auto kFree>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};

// sk_X509_free and its like are macros: they have no address.
struct NamesFree {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

using SslCtx = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, OpenSslFree<SSL_free>>;
using SslSession = std::unique_ptr<SSL_SESSION, OpenSslFree<SSL_SESSION_free>>;
using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, OpenSslFree<X509_STORE_free>>;
using X509StoreCtx = std::unique_ptr<X509_STORE_CTX, OpenSslFree<X509_STORE_CTX_free>>;
using OcspResponse = std::unique_ptr<OCSP_RESPONSE, OpenSslFree<OCSP_RESPONSE_free>>;
using OcspBasic = std::unique_ptr<OCSP_BASICRESP, OpenSslFree<OCSP_BASICRESP_free>>;
using OcspId = std::unique_ptr<OCSP_CERTID, OpenSslFree<OCSP_CERTID_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, NamesFree>;

// Empties OpenSSL's error queue of this thread; the reason of its first entry, or empty.
std::string take_openssl_reason();

}  // namespace causeway::net
