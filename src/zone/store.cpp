#include "zone/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/durable.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "zone/limits.hpp"

namespace causeway::zone {
namespace {

namespace fs = std::filesystem;

std::string_view suffix(StoredKind kind) {
  return kind == StoredKind::zone ? ".zone.json" : ".change.json";
}

// "2026-11-25T10:17:22.123Z" without what a file name is better without.
std::string stamp(WallTime at) {
  std::string out;
  for (const char c : rfc3339(at)) {
    if (c != '-' && c != ':' && c != '.') out += c;
  }
  return out;
}

constexpr std::size_t kStampLength = 19;  // 20261125T101722123Z

Parsed<WallTime> time_of(std::string_view text) {
  if (text.size() != kStampLength) return error("no time");
  return parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}.{}Z", text.substr(0, 4), text.substr(4, 2),
                                   text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                   text.substr(13, 2), text.substr(15, 3)));
}

std::unexpected<Error> refuse(std::string_view what, const std::string& path, int code) {
  return error(fmt::format("cannot {} '{}': {}", what, path, std::strerror(code)));
}

Parsed<std::string> read_whole(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return refuse("read", path, errno);
  std::string out;
  out.resize(limits::kDocumentBytes + 1);
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  if (out.size() > limits::kDocumentBytes) return error(fmt::format("'{}' is too large", path));
  return out;
}

}  // namespace

Parsed<std::string> default_store() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string{state} + "/causeway";
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string{home} + "/.local/state/causeway";
  return error("neither XDG_STATE_HOME nor HOME is set; expected --store DIR");
}

Parsed<std::string> Store::save(StoredKind kind, std::string_view zone, WallTime at,
                                std::string_view id, std::string_view text) const {
  const std::string folder = fmt::format("{}/{}", directory_, zone);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return refuse("make the folder", folder, failed.value());
  fs::permissions(folder, fs::perms::owner_all, failed);
  std::string path = fmt::format("{}/{}-{}{}", folder, stamp(at), id, suffix(kind));
  const std::string draft = fmt::format("{}.{}", path, ::getpid());
  constexpr mode_t kOwnerOnly = 0600;
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) return refuse("write", draft, errno);
  const bool whole = write_durably(fd, text);
  const int code = errno;
  ::close(fd);
  if (!whole || ::rename(draft.c_str(), path.c_str()) != 0) {
    const int why = whole ? errno : code;
    ::unlink(draft.c_str());
    return refuse("write", path, why);
  }
  sync_folder(folder);
  return path;
}

Parsed<std::vector<Stored>> Store::list(StoredKind kind, std::string_view zone) const {
  const std::string folder = fmt::format("{}/{}", directory_, zone);
  std::vector<Stored> out;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{folder, failed}) {
    std::string_view rest;
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(suffix(kind))) continue;
    rest = std::string_view{name}.substr(0, name.size() - suffix(kind).size());
    if (rest.size() < kStampLength + 2 || rest[kStampLength] != '-') continue;
    const auto at = time_of(rest.substr(0, kStampLength));
    if (!at) continue;
    out.push_back({std::string{rest.substr(kStampLength + 1)}, *at, entry.path().string()});
    if (out.size() > limits::kZoneSnapshots) {
      return error(fmt::format("'{}' holds more than {} files; move old ones away", folder,
                               limits::kZoneSnapshots));
    }
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return refuse("read the folder", folder, failed.value());
  }
  std::ranges::sort(out, {}, [](const Stored& stored) { return std::pair{stored.at, stored.id}; });
  return out;
}

std::vector<std::string> Store::zones() const {
  std::vector<std::string> out;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{directory_, failed}) {
    if (entry.is_directory(failed)) out.push_back(entry.path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

Parsed<std::string> Store::read(const Stored& stored) const { return read_whole(stored.path); }

Parsed<Stored> Store::find(StoredKind kind, std::string_view zone, std::string_view which) const {
  const auto all = list(kind, zone);
  if (!all) return std::unexpected(all.error());
  const std::string_view what = kind == StoredKind::zone ? "snapshot" : "change";
  if (all->empty()) {
    return error(fmt::format("there is no {} of {} in '{}'{}", what, zone, directory_,
                             kind == StoredKind::zone
                                 ? fmt::format("; take one with 'causeway dns snapshot {}'", zone)
                                 : std::string{}));
  }
  if (which.starts_with("latest")) {
    std::size_t back = 0;
    const std::string_view rest = which.substr(6);
    const bool good =
        rest.empty() || (rest.starts_with('~') &&
                         std::from_chars(rest.data() + 1, rest.data() + rest.size(), back).ptr ==
                             rest.data() + rest.size());
    if (good && back < all->size()) return (*all)[all->size() - 1 - back];
    return error(
        fmt::format("'{}' is none: there are {} {}s of {}", which, all->size(), what, zone));
  }
  std::vector<Stored> matches;
  for (const auto& stored : *all) {
    const std::string name = fs::path{stored.path}.filename().string();
    if (stored.id.starts_with(which) || name.starts_with(which) ||
        rfc3339(stored.at).starts_with(which)) {
      matches.push_back(stored);
    }
  }
  if (matches.size() == 1) return matches.front();
  return error(
      fmt::format("'{}' names {} of the {} {}s of {}; expected latest, latest~N, or the "
                  "beginning of one id or time ('causeway dns history {}' lists them)",
                  which, matches.empty() ? "none" : "several", all->size(), what, zone, zone));
}

Parsed<Snapshot> Store::snapshot(std::string_view zone, std::string_view which) const {
  if (which.contains('/') || which.ends_with(".json")) {
    const std::string path{which};
    const auto text = read_whole(path);
    if (!text) return std::unexpected(text.error());
    return parse_snapshot(*text, path);
  }
  const auto stored = find(StoredKind::zone, zone, which);
  if (!stored) return std::unexpected(stored.error());
  const auto text = read(*stored);
  if (!text) return std::unexpected(text.error());
  return parse_snapshot(*text, stored->path);
}

}  // namespace causeway::zone
