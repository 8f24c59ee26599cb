#include "edge/disk_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/id.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using net::Fd;

constexpr const char* kAnswers = "answers-1";  // another format takes another number
constexpr const char* kPurges = "purges";
constexpr std::string_view kPart = ".part-";
constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// Less than asked for only at the end of the file, or when it cannot be read.
std::size_t read_at(const Fd& file, char* to, std::size_t size, std::uint64_t offset) {
  std::size_t got = 0;
  while (got < size) {
    const auto part = ::pread(file.get(), to + got, size - got, static_cast<off_t>(offset + got));
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) break;
    got += static_cast<std::size_t>(part);
  }
  return got;
}

std::string read_at(const Fd& file, std::size_t size, std::uint64_t offset) {
  std::string out;
  out.resize_and_overwrite(
      size, [&](char* to, std::size_t room) { return read_at(file, to, room, offset); });
  return out;
}

int write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote == 0 ? EIO : errno;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

std::string shard_name(int shard) { return fmt::format("{:02x}", shard); }

bool is_folder(const Fd& parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat facts{};
  return ::fstatat(parent.get(), entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(facts.st_mode);
}

// Whoever writes a part holds its lock; the kernel lets go of it when the process ends.
bool is_written_now(const Fd& parent, const char* name) {
  const Fd file{::openat(parent.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  return file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Parsed<Fd> own_folder(const Fd& parent, const std::string& path) {
  const auto wrong = [&] {
    return error(fmt::format("{}/{}: {}", path, kAnswers, std::strerror(errno)));
  };
  if (::mkdirat(parent.get(), kAnswers, 0700) != 0 && errno != EEXIST && errno != EROFS) {
    return wrong();
  }
  Fd out{::openat(parent.get(), kAnswers, kOpenFolder | O_NOFOLLOW)};
  if (!out) return wrong();
  struct stat facts{};
  if (::fstat(out.get(), &facts) != 0) return wrong();
  if (facts.st_uid != ::geteuid()) {
    return error(fmt::format("{}/{}: belongs to user {}, the edge runs as {}", path, kAnswers,
                             facts.st_uid, ::geteuid()));
  }
  if ((facts.st_mode & 077U) != 0 && ::fchmod(out.get(), 0700) != 0) return wrong();
  return out;
}

}  // namespace

std::uint64_t disk_use(std::uint64_t bytes) {
  return (bytes + limits::kDiskUnit - 1) / limits::kDiskUnit * limits::kDiskUnit;
}

std::optional<std::string> OpenBody::read_block(std::size_t index) const {
  const std::uint64_t from = index * limits::kDiskBlock;
  if (index >= blocks() || from >= proof.bytes) return std::nullopt;
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(limits::kDiskBlock, proof.bytes - from));
  auto out = read_at(file, size, offset + from);
  if (out.size() != size || block_digest(out) != proof.digests[index]) return std::nullopt;
  return out;
}

DiskPart::~DiskPart() {
  if (file_ && !name_.empty()) ::unlinkat(shard_.get(), name_.c_str(), 0);
}

int DiskPart::write(std::string_view bytes) { return write_all(file_, bytes); }

int DiskPart::commit(const std::string& name) {
  if (::renameat(shard_.get(), name_.c_str(), shard_.get(), name.c_str()) != 0) return errno;
  name_.clear();
  return 0;
}

Parsed<DiskFolder> DiskFolder::open(const std::string& path) {
  // What the operator wrote may be a link; what lies below is ours and none.
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST && errno != EROFS) {
    return error(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  const Fd parent{::open(path.c_str(), kOpenFolder)};
  if (!parent) return error(fmt::format("{}: {}", path, std::strerror(errno)));
  auto answers = own_folder(parent, path);
  if (!answers) return std::unexpected{answers.error()};
  DiskFolder out{std::move(*answers)};
  // A read-only file system has it from before or not at all: what is stored serves all the same.
  out.purges_ = Fd{::openat(out.answers_.get(), kPurges,
                            O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600)};
  out.tag();
  return out;
}

// Tells backup programs to leave the folder out (https://bford.info/cachedir/).
bool DiskFolder::tag() const {
  const Fd file{::openat(answers_.get(), "CACHEDIR.TAG",
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  return file && write_all(file,
                           "Signature: 8a477f597d28d172789f06886806bc55\n"
                           "# Answers stored by causeway edge.\n") == 0;
}

net::Fd DiskFolder::shard(std::string_view name) const {
  return Fd{
      ::openat(answers_.get(), std::string{name.substr(0, 2)}.c_str(), kOpenFolder | O_NOFOLLOW)};
}

DiskFolder::File DiskFolder::read(const std::string& name) const {
  File out;
  const auto no = [&](Found why) {
    out.found = why;
    return std::move(out);
  };
  const auto missing = [] { return errno == ENOENT ? Found::gone : Found::failed; };
  const Fd folder = shard(name);
  if (!folder) return no(missing());
  // A FIFO would wait for its writer, a link would lead away.
  Fd file{::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file) return no(errno == ELOOP || errno == ENXIO ? Found::damaged : missing());
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return no(Found::failed);
  if (!S_ISREG(facts.st_mode)) return no(Found::damaged);
  std::string first = read_at(file, limits::kDiskFirstRead, 0);
  const auto sizes = read_sizes(first);
  if (!sizes || sizes->body > static_cast<std::uint64_t>(facts.st_size) ||
      sizes->head + sizes->body != static_cast<std::uint64_t>(facts.st_size)) {
    return no(Found::damaged);
  }
  if (first.size() < sizes->head) {
    first += read_at(file, sizes->head - first.size(), first.size());
  }
  auto head = read_head(std::string_view{first}.substr(0, sizes->head));
  if (!head || file_name(label_of(head->key, head->answer)) != name) return no(Found::damaged);
  out.found = Found::whole;
  out.begun = first.substr(sizes->head);
  out.used = facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1'000'000;
  out.body = {.file = std::move(file), .offset = sizes->head, .proof = std::move(head->body)};
  out.head = std::move(*head);
  return out;
}

bool DiskFolder::read_body(File& file, std::string& out) {
  const auto& [from, offset, proof] = file.body;
  out = std::move(file.begun);
  if (out.size() < proof.bytes) {
    out += read_at(from, static_cast<std::size_t>(proof.bytes) - out.size(), offset + out.size());
  }
  return out.size() == proof.bytes && proof_of(out).digests == proof.digests;
}

std::expected<DiskPart, int> DiskFolder::begin(const std::string& name) const {
  Fd folder = shard(name);
  if (!folder && errno == ENOENT) {
    if (::mkdirat(answers_.get(), name.substr(0, 2).c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected{errno};
    }
    folder = shard(name);
  }
  if (!folder) return std::unexpected{errno};
  auto part = name + std::string{kPart} + random_id();
  Fd file{::openat(folder.get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   0600)};
  if (!file) return std::unexpected{errno};
  ::flock(file.get(), LOCK_EX | LOCK_NB);
  return DiskPart{std::move(folder), std::move(file), std::move(part)};
}

void DiskFolder::touch(const std::string& name) const {
  if (const Fd folder = shard(name)) {
    ::utimensat(folder.get(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  }
}

bool DiskFolder::remove(const std::string& name) const {
  const Fd folder = shard(name);
  if (!folder) return errno == ENOENT;
  return ::unlinkat(folder.get(), name.c_str(), 0) == 0 || errno == ENOENT;
}

std::vector<std::string> DiskFolder::list(int shard) const {
  std::vector<std::string> out;
  const Fd folder = this->shard(shard_name(shard));
  if (!folder) return out;
  const std::unique_ptr<DIR, int (*)(DIR*)> reading{
      ::fdopendir(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 3)), &::closedir};
  if (!reading) return out;
  while (const dirent* entry = ::readdir(reading.get())) {
    const std::string_view name{entry->d_name};
    if (name == "." || name == ".." || out.size() >= limits::kDiskListed) continue;
    if (is_folder(folder, *entry)) continue;
    if (is_file_name(name) && name.starts_with(shard_name(shard))) {
      out.emplace_back(name);
    } else if (!name.contains(kPart) || !is_written_now(folder, entry->d_name)) {
      ::unlinkat(folder.get(), entry->d_name, 0);
    }
  }
  return out;
}

void DiskFolder::sync(int shard) const {
  if (const Fd folder = this->shard(shard_name(shard))) ::fsync(folder.get());
}

std::optional<std::uint64_t> DiskFolder::purges() const {
  std::array<char, 20> text{};
  const auto got = read_at(purges_, text.data(), text.size(), 0);
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + got, out);
  if (got == 0 && purges_) return 0;
  if (failed != std::errc{}) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> DiskFolder::count_purge() const {
  const auto before = purges();
  if (!before) return std::nullopt;
  const std::string text = fmt::format("{:<20}", *before + 1);
  const auto wrote = ::pwrite(purges_.get(), text.data(), text.size(), 0);
  if (wrote != static_cast<ssize_t>(text.size())) return std::nullopt;
  return *before + 1;
}

DiskFolder::Lock::Lock(const DiskFolder& folder, bool exclusive) : folder_(folder) {
  while (::flock(folder_.purges_.get(), exclusive ? LOCK_EX : LOCK_SH) != 0 && errno == EINTR) {
  }
}

DiskFolder::Lock::~Lock() { ::flock(folder_.purges_.get(), LOCK_UN); }

}  // namespace causeway::edge
