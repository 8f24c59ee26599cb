// Addresses to autonomous systems, from a MaxMind-format file that the user brings (GeoLite2-ASN,
// DB-IP, IPinfo: the keys of all three are read).
#pragma once

#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"

namespace causeway::watch {

class AsDatabase {
 public:
  static Parsed<AsDatabase> open(const std::string& file);
  AsDatabase(AsDatabase&&) noexcept;
  AsDatabase& operator=(AsDatabase&&) noexcept;
  ~AsDatabase();

  // "AS64500 Example Hosting"; empty when it is not known.
  std::string as_of(const IpAddress& address) const;

 private:
  struct Handle;
  explicit AsDatabase(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace causeway::watch
