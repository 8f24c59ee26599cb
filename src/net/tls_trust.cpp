#include "net/tls_trust.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "base/limits.hpp"
#include "net/tls_edge_roots.hpp"
#include "net/trust_renewal.hpp"

namespace causeway::net {
namespace {

// Where distributions keep their bundle when OpenSSL's own directory has no hashed links.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
};

bool exists(const char* path) {
  struct stat info{};
  return ::stat(path, &info) == 0;
}

bool has_hashed_links(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory, error}) {
    if (entry.path().extension() == ".0") return true;
  }
  return false;
}

void add_pem(X509_STORE* store, std::string_view pem) {
  const std::unique_ptr<BIO, OpenSslFree<BIO_free>> bio{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  while (const X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store, certificate.get());
  }
}

const char* environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

std::string take_openssl_reason() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? std::string{reason} : fmt::format("error {:x}", code);
}

std::string name_part(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  unsigned char* text = nullptr;
  const int length = ASN1_STRING_to_UTF8(&text, data);
  if (length < 0) return {};
  std::string out{reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)};
  OPENSSL_free(text);
  return out;
}

namespace {

using StoreKey = std::pair<std::string, bool>;  // file, and whether Cloudflare's origin CA counts
struct KnownStores {
  std::mutex mutex;
  std::map<StoreKey, std::shared_ptr<const TrustStore>> loaded;
};
KnownStores& known_stores() {
  static KnownStores stores;
  return stores;
}

}  // namespace

Parsed<bool> renew_trust(const std::vector<std::string>& ca_files) {
  std::map<StoreKey, std::shared_ptr<const TrustStore>> fresh;
  for (const auto& file : ca_files) {
    if (file.empty()) continue;
    auto store = TrustStore::read_file(file);
    if (!store) return std::unexpected{store.error()};
    fresh.emplace(StoreKey{file, false}, std::move(*store));
  }
  auto& [mutex, loaded] = known_stores();
  const std::lock_guard lock{mutex};
  loaded = std::move(fresh);  // the system's is read again when it is needed
  return true;
}

Parsed<std::shared_ptr<const TrustStore>> TrustStore::load(const std::string& ca_file,
                                                           bool cloudflare_origin_ca) {
  auto& [mutex, loaded] = known_stores();
  const std::lock_guard lock{mutex};
  const bool with_origin_ca = cloudflare_origin_ca && ca_file.empty();
  const std::pair key{ca_file, with_origin_ca};
  if (const auto known = loaded.find(key); known != loaded.end()) return known->second;
  auto store = ca_file.empty() ? Parsed<std::shared_ptr<const TrustStore>>{system(with_origin_ca)}
                               : read_file(ca_file);
  if (store) loaded.emplace(key, *store);
  return store;
}

Parsed<std::shared_ptr<const TrustStore>> TrustStore::read_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return error(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  if (static_cast<std::size_t>(info.st_size) > limits::kDocumentBytes) {
    return error(fmt::format("{} is larger than {} bytes", path, limits::kDocumentBytes));
  }
  auto trust = std::make_shared<TrustStore>();
  trust->own_file_ = true;
  trust->store_.reset(X509_STORE_new());
  auto* lookup = X509_STORE_add_lookup(trust->store_.get(), X509_LOOKUP_file());
  ERR_clear_error();
  if (X509_load_cert_crl_file(lookup, path.c_str(), X509_FILETYPE_PEM) <= 0) {
    return error(
        fmt::format("{} holds no certificate that can be read ({}): expected PEM, "
                    "\"-----BEGIN CERTIFICATE-----\"",
                    path, take_openssl_reason()));
  }
  ERR_clear_error();
  auto* objects = X509_STORE_get0_objects(trust->store_.get());
  for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
    const X509_OBJECT* object = sk_X509_OBJECT_value(objects, i);
    if (X509_OBJECT_get_type(object) == X509_LU_CRL) trust->has_crls_ = true;
    const X509* certificate = X509_OBJECT_get0_X509(object);
    if (certificate == nullptr) continue;
    trust->holds_any_ = true;
    auto organisation = name_part(X509_get_subject_name(certificate), NID_organizationName);
    if (!organisation.empty()) trust->organisations_.insert(std::move(organisation));
  }
  return trust;
}

// As every OpenSSL program: what SSL_CERT_FILE and SSL_CERT_DIR name, else what OpenSSL was built
// with. The directory of hashed links is asked only for the names that are needed, so it comes
// first, and the bundle later or never.
std::shared_ptr<const TrustStore> TrustStore::system(bool cloudflare_origin_ca) {
  auto trust = std::make_shared<TrustStore>();
  trust->store_.reset(X509_STORE_new());
  const char* file = environment(X509_get_default_cert_file_env());
  const char* directory = environment(X509_get_default_cert_dir_env());
  if (directory == nullptr) directory = X509_get_default_cert_dir();
  const bool hashed = has_hashed_links(directory);
  if (hashed) {
    auto* lookup = X509_STORE_add_lookup(trust->store_.get(), X509_LOOKUP_hash_dir());
    X509_LOOKUP_add_dir(lookup, directory, X509_FILETYPE_PEM);
  }
  if (file == nullptr && !hashed) {
    file = X509_get_default_cert_file();
    for (const char* bundle : kBundles) {
      if (!exists(file)) file = bundle;
    }
  }
  if (file != nullptr) trust->rest_ = file;
  if (!hashed) trust->read_rest();
  trust->holds_any_ =
      hashed || sk_X509_OBJECT_num(X509_STORE_get0_objects(trust->store_.get())) > 0;
  if (cloudflare_origin_ca) add_pem(trust->store_.get(), cloudflare_origin_roots());
  ERR_clear_error();
  return trust;
}

bool TrustStore::read_rest() const {
  const std::lock_guard lock{rest_mutex_};
  if (rest_.empty()) return false;
  auto* lookup = X509_STORE_add_lookup(store_.get(), X509_LOOKUP_file());
  X509_load_cert_crl_file(lookup, std::exchange(rest_, {}).c_str(), X509_FILETYPE_PEM);
  ERR_clear_error();
  return true;
}

bool TrustStore::has(const X509_NAME* subject) const {
  const X509StoreCtx context{X509_STORE_CTX_new()};
  if (!context || X509_STORE_CTX_init(context.get(), store_.get(), nullptr, nullptr) != 1) {
    return false;
  }
  X509_OBJECT* object = X509_OBJECT_new();
  const bool found =
      X509_STORE_CTX_get_by_subject(context.get(), X509_LU_X509, subject, object) == 1;
  X509_OBJECT_free(object);
  ERR_clear_error();
  return found;
}

}  // namespace causeway::net
