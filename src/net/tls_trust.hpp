// Whom a certificate may come from: a file of the user's, or the system's trust store.
// Internal to src/net/tls*.cpp.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/result.hpp"
#include "net/tls_openssl.hpp"

namespace causeway::net {

class TrustStore {
 public:
  // Loaded once per file and process, then shared. Empty: the system's, with the roots of
  // Cloudflare's Origin CA when asked for.
  static Parsed<std::shared_ptr<const TrustStore>> load(const std::string& ca_file,
                                                        bool cloudflare_origin_ca = false);

  // The file as it is now, shared with nobody.
  static Parsed<std::shared_ptr<const TrustStore>> read_file(const std::string& path);

  X509_STORE* get() const { return store_.get(); }

  // Reads what was left unread so far, because a bundle costs some 50 ms and is needed only for an
  // issuer that the hashed directory does not have. False when nothing was left.
  bool read_rest() const;

  bool has_crls() const { return has_crls_; }
  bool is_own_file() const { return own_file_; }
  // Whether there is any trusted certificate, apart from an edge's own origin CA.
  bool holds_any() const { return holds_any_; }

  // Whether a certificate of this name is a trusted one.
  bool has(const X509_NAME* subject) const;
  // Whether a trusted certificate of the user's file names this organisation.
  bool has_organisation(const std::string& organisation) const {
    return organisations_.contains(organisation);
  }

 private:
  static std::shared_ptr<const TrustStore> system(bool cloudflare_origin_ca);

  X509StorePtr store_;
  mutable std::mutex rest_mutex_;
  mutable std::string rest_;  // a bundle not read yet
  std::set<std::string> organisations_;
  bool has_crls_ = false;
  bool own_file_ = false;
  bool holds_any_ = false;
};

// A field of a name, "CN" or "O", as UTF-8; empty when absent.
std::string name_part(const X509_NAME* name, int nid);

}  // namespace causeway::net
