#include "watch/as_database.hpp"

#include <fmt/format.h>
#include <maxminddb.h>

#include <cerrno>
#include <cstring>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/memory_file.hpp"
#include "net/sockaddr.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {

struct AsDatabase::Handle {
  MMDB_s base{};
  bool open = false;
  ~Handle() {
    if (open) MMDB_close(&base);
  }
};

AsDatabase::AsDatabase(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
AsDatabase::AsDatabase(AsDatabase&&) noexcept = default;
AsDatabase& AsDatabase::operator=(AsDatabase&&) noexcept = default;
AsDatabase::~AsDatabase() = default;

Parsed<AsDatabase> AsDatabase::open(const std::string& file) {
  const auto refused = [&](const char* why) {
    return error(
        fmt::format("'{}' cannot be read: {}; expected a MaxMind-format (.mmdb) file with "
                    "AS numbers",
                    file, why));
  };
  // The library maps the file and knows no other way: one that is cut short or written over under
  // it would end the whole watch with SIGBUS.
  const net::Fd copy = net::memory_copy(file, limits::kAsDatabaseBytes);
  if (!copy) return refused(std::strerror(errno));
  auto handle = std::make_unique<Handle>();
  const int status = MMDB_open(net::path_of(copy).c_str(), MMDB_MODE_MMAP, &handle->base);
  if (status != MMDB_SUCCESS) return refused(MMDB_strerror(status));
  handle->open = true;
  return AsDatabase{std::move(handle)};
}

std::string AsDatabase::as_of(const IpAddress& address) const {
  int failed = 0;
  const auto to = net::to_sockaddr({address, 0});
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&handle_->base, to.get(), &failed);
  if (failed != MMDB_SUCCESS || !found.found_entry) return {};
  MMDB_entry_data_s data{};
  const auto value = [&](const char* key) -> std::string {
    if (MMDB_get_value(&found.entry, &data, key, nullptr) != MMDB_SUCCESS || !data.has_data) {
      return {};
    }
    if (data.type == MMDB_DATA_TYPE_UINT32) return fmt::format("AS{}", data.uint32);
    if (data.type != MMDB_DATA_TYPE_UTF8_STRING) return {};
    return printable({data.utf8_string, data.data_size}, limits::kTextKept);
  };
  std::string number = value("autonomous_system_number");
  if (number.empty()) number = value("asn");
  if (number.empty()) return {};
  if (!number.starts_with("AS")) number = "AS" + number;
  std::string organisation = value("autonomous_system_organization");
  if (organisation.empty()) organisation = value("as_name");
  return organisation.empty() ? number : number + " " + organisation;
}

}  // namespace causeway::watch
