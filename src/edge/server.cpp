#include "edge/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "edge/disk_store.hpp"
#include "edge/limits.hpp"
#include "net/listener.hpp"
#include "net/sockaddr.hpp"
#include "net/trust_renewal.hpp"

namespace causeway::edge {
namespace {

// What a predecessor hands over: "3=127.0.0.1:8080;4=127.0.0.1:8080".
constexpr const char* kSockets = "CAUSEWAY_EDGE_SOCKETS";
constexpr const char* kPredecessor = "CAUSEWAY_EDGE_PREDECESSOR";

std::vector<std::pair<Endpoint, int>> handed_over() {
  std::vector<std::pair<Endpoint, int>> out;
  const char* text = std::getenv(kSockets);
  if (text == nullptr) return out;
  for (const auto entry : split(text, ';')) {
    const auto equals = entry.find('=');
    int fd = -1;
    if (equals == std::string_view::npos ||
        std::from_chars(entry.data(), entry.data() + equals, fd).ec != std::errc{} || fd < 3) {
      continue;
    }
    const auto endpoint = Endpoint::parse(entry.substr(equals + 1), 0);
    if (!endpoint || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    out.emplace_back(*endpoint, fd);
  }
  ::unsetenv(kSockets);
  return out;
}

sigset_t own_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD}) {
    ::sigaddset(&set, signal);
  }
  return set;
}

Parsed<std::shared_ptr<const PageTemplate>> read_page(const std::string& path) {
  if (path.empty()) return std::shared_ptr<const PageTemplate>{};
  std::ifstream in{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return error(fmt::format("{}: cannot be read as an error page", path));
  auto page = PageTemplate::parse(text);
  if (!page) return error(fmt::format("{}:{}", path, page.error().text));
  return std::make_shared<const PageTemplate>(std::move(*page));
}

std::size_t worker_count(const Config& config) {
  if (config.workers > 0) return static_cast<std::size_t>(config.workers);
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Server::Server(Load load, Tell tell) : load_(std::move(load)), tell_(std::move(tell)) {}

Server::~Server() { drop_handed(); }

void Server::drop_handed() {
  for (const auto& [address, fd] : std::exchange(handed_, {})) ::close(fd);
}

namespace {

Parsed<net::Fd> copy_of(const net::Fd& socket, const Endpoint& address) {
  net::Fd out{::fcntl(socket.get(), F_DUPFD_CLOEXEC, 3)};
  if (!out) return error(fmt::format("{}: {}", address.text(), std::strerror(errno)));
  return out;
}

Parsed<bool> renew_trust(const Config& config) {
  std::vector<std::string> trusted;
  for (const auto& pool : config.pools) {
    for (const auto& origin : pool.origins) trusted.push_back(origin.ca_file);
  }
  return net::renew_trust(trusted);
}

DiskRules disk_rules(const CacheRules& rules) {
  return {.folder = rules.disk, .most_bytes = rules.disk_bytes, .most_files = rules.disk_files};
}

std::shared_ptr<DiskStore> disk_of(const Snapshot& snapshot) {
  return snapshot.cache ? snapshot.cache->disk() : nullptr;
}

}  // namespace

// What is stored outlives a reload, unless its size in memory changes; on a disk it always does.
std::shared_ptr<CacheStore> Server::cache_for(const CacheRules& rules) const {
  auto disk = disk_of(snapshot_);
  if (rules.disk.empty()) {
    disk = nullptr;
  } else if (!disk || disk->folder() != rules.disk) {
    disk = std::make_shared<DiskStore>(disk_rules(rules), tell_);
    disk->begin();
  }
  const bool same = snapshot_.cache && snapshot_.cache->disk() == disk &&
                    snapshot_.config->cache.memory_bytes == rules.memory_bytes;
  return same ? snapshot_.cache : std::make_shared<CacheStore>(rules.memory_bytes, disk);
}

Parsed<Snapshot> Server::read() const {
  auto config = load_();
  if (!config) return std::unexpected{config.error()};
  Snapshot out;
  out.config = *config;
  const bool tls = std::ranges::any_of(out.config->listeners, &Listener::tls);
  if (tls) {
    net::TlsServerOptions options;
    for (const auto& files : out.config->certificates) {
      options.certificates.push_back({files.certificate_file, files.key_file, files.ocsp_file});
    }
    options.alpn = {"h2", "http/1.1"};
    if (snapshot_.tls) options.ticket_keys = snapshot_.tls->ticket_keys();
    auto loaded = net::TlsServer::load(options);
    if (!loaded) return std::unexpected{loaded.error()};
    out.tls = std::move(*loaded);
  }
  auto page = read_page(out.config->pages.template_file);
  if (!page) return std::unexpected{page.error()};
  out.page = std::move(*page);
  const auto& to = out.config->access_log;
  if (to.on && to.file.empty() && snapshot_.log && snapshot_.config->access_log.file.empty()) {
    out.log = snapshot_.log;  // there is one stdout, and one who writes there
  } else if (to.on) {
    auto log = LogFile::open(to.file, tell_);
    if (!log) return std::unexpected{log.error()};
    out.log = std::move(*log);
  }
  if (out.config->cache.on) out.cache = cache_for(out.config->cache);
  out.evidence = std::make_shared<Evidence>(*out.config);
  out.drills = snapshot_.drills ? snapshot_.drills : std::make_shared<DrillBoard>();
  out.switches = snapshot_.switches ? snapshot_.switches : std::make_shared<PoolSwitches>();
  return out;
}

std::vector<net::Fd> Server::inherited(const Endpoint& address) {
  std::vector<net::Fd> out;
  for (auto at = handed_.begin(); at != handed_.end();) {
    if (at->first == address) {
      out.emplace_back(at->second);
      at = handed_.erase(at);
    } else {
      ++at;
    }
  }
  return out;
}

Parsed<std::vector<Server::Door>> Server::open_doors(const Config& config, std::size_t workers) {
  std::vector<Door> out;
  for (const auto& listener : config.listeners) {
    Door door{.rules = listener, .sockets = {}};
    const auto same = std::ranges::find(doors_, listener.address,
                                        [](const Door& known) { return known.rules.address; });
    if (same != doors_.end()) {
      for (const auto& socket : same->sockets) {
        auto copy = copy_of(socket, listener.address);
        if (!copy) return std::unexpected{copy.error()};
        door.sockets.push_back(std::move(*copy));
      }
      out.push_back(std::move(door));
      continue;
    }
    door.sockets = inherited(listener.address);
    const bool fresh = door.sockets.empty();
    if (fresh && listener.address.port != 0) {
      // Asked for alone first: a shared socket would be given the port of another edge as well.
      auto alone = net::listen_tcp({.address = listener.address, .backlog = limits::kEdgeBacklog});
      if (!alone) return std::unexpected{alone.error()};
    }
    while (door.sockets.size() < workers) {
      auto socket = net::listen_tcp(
          {.address = door.rules.address, .backlog = limits::kEdgeBacklog, .shared = true});
      if (!socket) return std::unexpected{socket.error()};
      // Port 0: the others take the one the kernel chose.
      door.rules.address = net::local_endpoint(*socket).value_or(door.rules.address);
      door.sockets.push_back(std::move(*socket));
    }
    out.push_back(std::move(door));
  }
  return out;
}

// A predecessor may have had more workers: what listens is given connections, so somebody takes
// them of every socket there is.
Parsed<std::vector<std::vector<Server::Share>>> Server::shares_of(const std::vector<Door>& doors,
                                                                  std::size_t workers) {
  std::vector<std::vector<Share>> out(workers);
  for (const auto& door : doors) {
    for (std::size_t i = 0; i < door.sockets.size(); ++i) {
      auto copy = copy_of(door.sockets[i], door.rules.address);
      if (!copy) return std::unexpected{copy.error()};
      out[i % workers].push_back({door.rules, std::move(*copy)});
    }
  }
  return out;
}

std::vector<OpenListener> Server::given(std::vector<Share> shares) {
  std::vector<OpenListener> out;
  out.reserve(shares.size());
  for (auto& share : shares) out.push_back({share.rules, share.socket.release()});
  return out;
}

Parsed<std::unique_ptr<Server>> Server::open(Load load, Tell tell) {
  std::unique_ptr<Server> server{new Server{std::move(load), std::move(tell)}};
  const sigset_t set = own_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  server->signals_ = net::Fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  server->stop_ = net::Fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  server->handed_ = handed_over();
  std::array<char, 4096> path{};
  const auto length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length > 0) server->program_.assign(path.data(), static_cast<std::size_t>(length));
  auto snapshot = server->read();
  if (!snapshot) return std::unexpected{snapshot.error()};
  const std::size_t workers = worker_count(*snapshot->config);
  auto doors = server->open_doors(*snapshot->config, workers);
  if (!doors) return std::unexpected{doors.error()};
  auto shares = shares_of(*doors, workers);
  if (!shares) return std::unexpected{shares.error()};
  if (auto renewed = renew_trust(*snapshot->config); !renewed) {
    return std::unexpected{renewed.error()};
  }
  server->snapshot_ = std::move(*snapshot);
  server->doors_ = std::move(*doors);
  for (auto& share : *shares) {
    server->workers_.push_back(
        std::make_unique<Worker>(server->snapshot_, given(std::move(share))));
  }
  if (server->snapshot_.config->admin.address) {
    auto before = server->inherited(*server->snapshot_.config->admin.address);
    auto admin = open_admin(
        server->snapshot_.config->admin, [own = server.get()] { return own->metrics(); },
        [own = server.get()] {
          const Snapshot& now = own->snapshot_;
          return Operated{now.cache,    now.evidence, now.drills,
                          now.switches, now.config,   {own->workers_.size(), own->draining_}};
        },
        before.empty() ? net::Fd{} : std::move(before.front()));
    if (!admin) return std::unexpected{admin.error()};
    server->admin_ = std::move(*admin);
  }
  server->drop_handed();  // addresses that are no longer listened at
  return server;
}

std::optional<Endpoint> Server::admin_endpoint() const {
  if (!admin_) return std::nullopt;
  return admin_->endpoint();
}

std::vector<Endpoint> Server::endpoints() const {
  std::vector<Endpoint> out;
  out.reserve(doors_.size());
  for (const auto& door : doors_) out.push_back(door.rules.address);
  return out;
}

std::vector<const Metrics*> Server::metrics() const {
  std::vector<const Metrics*> out;
  out.reserve(workers_.size());
  for (const auto& worker : workers_) out.push_back(&worker->metrics());
  return out;
}

// All or nothing: whatever can fail comes before anything changes.
void Server::reload() {
  const auto refuse = [&](const Error& why) {
    tell_(fmt::format("reload refused, the old configuration stays: {}", why.text));
  };
  auto snapshot = read();
  if (!snapshot) return refuse(snapshot.error());
  auto doors = open_doors(*snapshot->config, workers_.size());
  if (!doors) return refuse(doors.error());
  auto shares = shares_of(*doors, workers_.size());
  if (!shares) return refuse(shares.error());
  if (auto renewed = renew_trust(*snapshot->config); !renewed) return refuse(renewed.error());
  const auto disk_before = disk_of(snapshot_);
  snapshot_ = std::move(*snapshot);
  doors_ = std::move(*doors);
  const auto disk = disk_of(snapshot_);
  if (disk) disk->use(disk_rules(snapshot_.config->cache));
  if (disk_before && disk_before != disk) disk_before->finish(limits::kDiskFinish);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->reload(snapshot_, given(std::move((*shares)[i])));
  }
  tell_("reloaded");
}

// The successor gets our sockets by number and, once it serves, tells us to stop.
void Server::upgrade() {
  std::string sockets;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  const auto hand_over = [&](const net::Fd& socket, const Endpoint& address) {
    ::posix_spawn_file_actions_adddup2(&actions, socket.get(), socket.get());
    sockets += fmt::format("{}{}={}", sockets.empty() ? "" : ";", socket.get(), address.text());
  };
  for (const auto& door : doors_) {
    for (const auto& socket : door.sockets) hand_over(socket, door.rules.address);
  }
  if (admin_) hand_over(admin_->listener(), admin_->endpoint());
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  const std::string line{std::istreambuf_iterator<char>{in}, {}};
  std::vector<char*> words;
  std::string copy = line;
  for (std::size_t at = 0; at < copy.size(); at += std::strlen(copy.data() + at) + 1) {
    words.push_back(copy.data() + at);
  }
  words.push_back(nullptr);
  ::setenv(kSockets, sockets.c_str(), 1);
  ::setenv(kPredecessor, std::to_string(::getpid()).c_str(), 1);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, program_.c_str(), &actions, &attributes, words.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::unsetenv(kSockets);
  ::unsetenv(kPredecessor);
  succeeded_ = succeeded_ || failed == 0;
  tell_(failed == 0 ? fmt::format("upgrade: started {} as process {}", program_, child)
                    : fmt::format("upgrade refused: {}: {}", program_, std::strerror(failed)));
}

void Server::drain() {
  draining_ = true;
  for (const auto& worker : workers_) worker->drain();
  // A successor writes from now on: what it forgets must not come back from here.
  if (const auto disk = disk_of(snapshot_)) disk->drain();
}

bool Server::all_ended() const {
  return std::ranges::all_of(workers_, [](const auto& worker) { return worker->ended(); });
}

namespace {

net::Task<void> ring_when_readable(const net::Fd& fd, net::Event& bell) {
  net::Loop& loop = net::Loop::current();
  while (co_await loop.read_edge(fd, kNever)) {
    net::Loop::drained_read(fd);
    bell.set();
  }
}

}  // namespace

net::Task<void> Server::obey() {
  net::Loop& loop = net::Loop::current();
  bool stopping = false;
  net::Event told;
  net::Group waits;
  waits.start(ring_when_readable(stop_, told));
  waits.start(ring_when_readable(signals_, told));
  net::Group admin;
  if (admin_) admin.start(admin_->serve());
  while (!stopping) {
    co_await told.wait(kNever);
    told.clear();
    eventfd_t rung = 0;
    if (::eventfd_read(stop_.get(), &rung) == 0) break;
    signalfd_siginfo got{};
    while (!stopping && ::read(signals_.get(), &got, sizeof got) == sizeof got) {
      switch (got.ssi_signo) {
        case SIGHUP:
        case SIGUSR1: reload(); break;
        case SIGUSR2: upgrade(); break;
        case SIGCHLD: break;
        default: stopping = true; break;
      }
    }
  }
  drain();
  if (succeeded_) admin.abandon();  // what operators ask for now is the successor's business
  while (!all_ended()) co_await loop.sleep_until(loop.now() + std::chrono::milliseconds{20});
}

void Server::run() {
  for (const auto& worker : workers_) worker->start();
  if (const char* before = std::getenv(kPredecessor)) {
    const int pid = std::atoi(before);
    ::unsetenv(kPredecessor);
    if (pid > 1 && pid == ::getppid()) ::kill(pid, SIGTERM);
  }
  {
    net::Loop loop;
    loop.run(obey());
  }
  for (const auto& worker : workers_) worker->join();
  if (snapshot_.log) snapshot_.log->finish(limits::kEdgeLogEnd);
  if (const auto disk = disk_of(snapshot_)) disk->finish(limits::kDiskFinish);
}

void Server::stop() { ::eventfd_write(stop_.get(), 1); }

}  // namespace causeway::edge
