// Certificates made in memory for small origins: an authority of this process's own, and what it
// signs. Never written to a disk, never trusted by anybody who is not told to.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace causeway::net {

struct Identity {  // PEM
  std::string certificate;
  std::string key;
};

struct IdentityOrder {
  std::string subject;  // "DNS:www.example.net" or "IP:127.0.0.1"
  int from_days = -1;   // from now
  int to_days = 30;     // from now; negative: has ended
  bool signed_by_itself = false;
};

class SmallAuthority {
 public:
  static Parsed<std::unique_ptr<SmallAuthority>> make();
  ~SmallAuthority();
  SmallAuthority(const SmallAuthority&) = delete;
  SmallAuthority& operator=(const SmallAuthority&) = delete;

  const std::string& certificate() const { return certificate_; }  // PEM, for --ca
  Parsed<Identity> issue(const IdentityOrder& order) const;

 private:
  struct Pair;
  explicit SmallAuthority(std::unique_ptr<Pair> own);

  std::unique_ptr<Pair> own_;
  std::string certificate_;
};

}  // namespace causeway::net
