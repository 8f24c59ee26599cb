#include "explain/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/limits.hpp"

namespace causeway::explain {
namespace {

enum class Packing : std::uint8_t { unknown, plain, gzip, zstd };

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  ~File() { reset(-1); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return fd_; }
  void reset(int fd) {
    if (fd_ > STDERR_FILENO) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

Packing packing_of(std::string_view front) {
  if (front.starts_with("\x1f\x8b")) return Packing::gzip;
  if (front.starts_with("\x28\xb5\x2f\xfd")) return Packing::zstd;
  return Packing::plain;
}

struct Gzip {
  z_stream stream{};
  bool open = false;
  ~Gzip() {
    if (open) inflateEnd(&stream);
  }
};

struct Zstd {
  ZSTD_DStream* stream = nullptr;
  ~Zstd() { ZSTD_freeDStream(stream); }
};

}  // namespace

struct Source::State {
  std::string path;
  bool follow = false;
  File file;
  File watch;
  struct stat shape{};
  Packing packing = Packing::unknown;
  std::vector<char> packed;  // read and not unpacked yet
  std::size_t at = 0;
  bool ended = false;
  std::uint64_t taken = 0;
  Gzip gzip;
  Zstd zstd;
  bool inside = false;  // in the middle of a compressed frame
  int stop = -1;
  bool stopped = false;

  std::unexpected<Error> failed(std::string_view what) const {
    return error(fmt::format("cannot read '{}': {}", path, what));
  }

  // False when `stop` can be read: nobody waits for a pipe's writer then.
  bool may_read() {
    if (stop < 0) return true;
    std::array<pollfd, 2> polled{pollfd{stop, POLLIN, 0}, pollfd{file.get(), POLLIN, 0}};
    while (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) continue;
    stopped = stopped || polled[0].revents != 0;
    return !stopped;
  }

  Parsed<std::size_t> take(std::span<char> into) {
    while (true) {
      if (!may_read()) return std::size_t{0};
      const auto got = ::read(file.get(), into.data(), into.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(std::strerror(errno));
      taken += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }

  // More packed bytes behind those that are left; false at the end.
  Parsed<bool> fill() {
    if (at == packed.size()) {
      packed.resize(limits::kPackedBytes);
      const auto got = take(packed);
      packed.resize(got.value_or(0));
      at = 0;
      if (!got) return std::unexpected(got.error());
      return *got > 0;
    }
    return true;
  }

  // What the first bytes say. Pipes may hand them out one by one.
  Parsed<bool> recognise() {
    packed.resize(4);
    std::size_t have = 0;
    while (have < 4) {
      const auto got = take(std::span{packed}.subspan(have));
      if (!got) return std::unexpected(got.error());
      if (*got == 0) break;
      have += *got;
    }
    packed.resize(have);
    at = 0;
    packing = have == 0 ? Packing::unknown : packing_of({packed.data(), have});
    if (packing == Packing::gzip) {
      // 15 + 32: the largest window, gzip or zlib by the header (zlib.h).
      gzip.open = inflateInit2(&gzip.stream, 15 + 32) == Z_OK;
      if (!gzip.open) return failed("zlib cannot start");
    } else if (packing == Packing::zstd) {
      zstd.stream = ZSTD_createDStream();
      if (zstd.stream == nullptr) return failed("zstd cannot start");
      ZSTD_DCtx_setParameter(zstd.stream, ZSTD_d_windowLogMax, limits::kZstdWindowLog);
    }
    return have > 0;
  }

  Parsed<std::size_t> plain(std::span<char> into) {
    if (at == packed.size()) return take(into);
    const std::size_t some = std::min(into.size(), packed.size() - at);
    std::memcpy(into.data(), packed.data() + at, some);
    at += some;
    return some;
  }

  Parsed<std::size_t> unzip(std::span<char> into) {
    auto& stream = gzip.stream;
    stream.next_out = reinterpret_cast<Bytef*>(into.data());
    stream.avail_out = static_cast<uInt>(into.size());
    while (stream.avail_out == into.size()) {
      const auto more = fill();
      if (!more) return std::unexpected(more.error());
      if (!*more) {
        if (inside && !stopped) return failed("the compressed file ends in the middle");
        return 0;
      }
      stream.next_in = reinterpret_cast<Bytef*>(packed.data() + at);
      stream.avail_in = static_cast<uInt>(packed.size() - at);
      const int done = inflate(&stream, Z_NO_FLUSH);
      at = packed.size() - stream.avail_in;
      inside = done != Z_STREAM_END;
      // Rotated logs are often several gzip members one after another.
      if (done == Z_STREAM_END && inflateReset(&stream) != Z_OK) return failed("zlib cannot go on");
      if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR)
        return failed("the compressed file is damaged");
    }
    return into.size() - stream.avail_out;
  }

  Parsed<std::size_t> unpack_zstd(std::span<char> into) {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0) {
      const auto more = fill();
      if (!more) return std::unexpected(more.error());
      if (!*more) {
        if (inside && !stopped) return failed("the compressed file ends in the middle");
        return 0;
      }
      ZSTD_inBuffer in{packed.data(), packed.size(), at};
      const std::size_t left = ZSTD_decompressStream(zstd.stream, &out, &in);
      if (ZSTD_isError(left) != 0)
        return failed(fmt::format("the compressed file is damaged ({})", ZSTD_getErrorName(left)));
      at = in.pos;
      inside = left != 0;
    }
    return out.pos;
  }

  // The file at the path is another one now, or shorter than what was read.
  bool rotated() {
    struct stat now{};
    if (::stat(path.c_str(), &now) != 0) return false;
    const bool other = now.st_ino != shape.st_ino || now.st_dev != shape.st_dev;
    if (!other && static_cast<std::uint64_t>(now.st_size) >= taken) return false;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    file.reset(fd);
    ::fstat(fd, &shape);
    taken = 0;
    watch_file();
    return true;
  }

  void watch_file() {
    watch.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (watch.get() < 0) return;
    ::inotify_add_watch(watch.get(), path.c_str(),
                        IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB | IN_CLOSE_WRITE);
  }
};

Source::Source(std::unique_ptr<State> state) : state_(std::move(state)) {}
Source::~Source() = default;
Source::Source(Source&&) noexcept = default;
Source& Source::operator=(Source&&) noexcept = default;

Parsed<Source> Source::open(const std::string& path, SourceOptions options) {
  auto state = std::make_unique<State>();
  state->path = path == "-" ? "standard input" : path;
  state->file.reset(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (state->file.get() < 0) return state->failed(std::strerror(errno));
  if (::fstat(state->file.get(), &state->shape) != 0) return state->failed(std::strerror(errno));
  if (S_ISDIR(state->shape.st_mode)) return state->failed(std::strerror(EISDIR));
  if (S_ISREG(state->shape.st_mode))
    ::posix_fadvise(state->file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  // A pipe is followed anyhow: it ends when its writer ends.
  state->follow = options.follow && S_ISREG(state->shape.st_mode);
  if (!state->follow) state->stop = options.stop;
  if (state->follow) state->watch_file();
  return Source{std::move(state)};
}

Parsed<std::size_t> Source::read(std::span<char> into) {
  if (state_->packing == Packing::unknown) {
    const auto any = state_->recognise();
    if (!any) return std::unexpected(any.error());
    if (!*any) return 0;
    if (state_->follow && state_->packing != Packing::plain)
      return state_->failed("a compressed file cannot be followed");
  }
  switch (state_->packing) {
    case Packing::gzip: return state_->unzip(into);
    case Packing::zstd: return state_->unpack_zstd(into);
    case Packing::plain:
    case Packing::unknown: break;
  }
  const auto got = state_->plain(into);
  if (got && *got == 0 && state_->follow && state_->rotated()) return state_->plain(into);
  return got;
}

bool Source::wait(int stop, int at_most_ms) {
  std::array<pollfd, 2> polled{pollfd{stop, POLLIN, 0}, pollfd{state_->watch.get(), POLLIN, 0}};
  const int ready = ::poll(polled.data(), polled.size(), at_most_ms);
  if (ready > 0 && (polled[1].revents & POLLIN) != 0) {
    std::array<char, 4096> events{};
    while (::read(state_->watch.get(), events.data(), events.size()) > 0) continue;
  }
  return ready <= 0 || polled[0].revents == 0;
}

std::uint64_t Source::size() const {
  return S_ISREG(state_->shape.st_mode) ? static_cast<std::uint64_t>(state_->shape.st_size) : 0;
}

std::uint64_t Source::taken() const { return state_->taken; }

}  // namespace causeway::explain
