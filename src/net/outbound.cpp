#include "net/outbound.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include "base/late_library.hpp"
#include "base/text.hpp"
#include "net/fd.hpp"
#include "net/loop.hpp"

namespace causeway::net {
namespace {

// What is called of libcurl, under its names without "curl_".
struct Curl : LateLibrary {
  Curl() : LateLibrary("libcurl.so.4", "libcurl4") {
    find("curl_easy_cleanup", easy_cleanup);
    find("curl_easy_getinfo", easy_getinfo);
    find("curl_easy_init", easy_init);
    find("curl_easy_setopt", easy_setopt);
    find("curl_easy_strerror", easy_strerror);
    find("curl_global_init", global_init);
    find("curl_multi_add_handle", multi_add_handle);
    find("curl_multi_cleanup", multi_cleanup);
    find("curl_multi_info_read", multi_info_read);
    find("curl_multi_init", multi_init);
    find("curl_multi_perform", multi_perform);
    find("curl_multi_poll", multi_poll);
    find("curl_multi_remove_handle", multi_remove_handle);
    find("curl_multi_setopt", multi_setopt);
    find("curl_multi_wakeup", multi_wakeup);
    find("curl_slist_append", slist_append);
    find("curl_slist_free_all", slist_free_all);
    if (*this && global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) std::abort();
  }
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_perform) multi_perform = nullptr;
  decltype(&::curl_multi_poll) multi_poll = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_wakeup) multi_wakeup = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

const Curl& curl() {
  static const Curl library;
  return library;
}

struct EasyFree {
  void operator()(CURL* easy) const { curl().easy_cleanup(easy); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyFree>;
using List = std::unique_ptr<curl_slist, ListFree>;

bool append(List& list, const std::string& line) {
  curl_slist* longer = curl().slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  curl_slist* before = list.release();  // `longer` begins with it
  list.reset(before == nullptr ? longer : before);
  return true;
}

OutboundEnd end_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return OutboundEnd::answered;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return OutboundEnd::bad_request;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return OutboundEnd::resolve;
    case CURLE_COULDNT_CONNECT: return OutboundEnd::connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED: return OutboundEnd::secure;
    case CURLE_OPERATION_TIMEDOUT: return OutboundEnd::timeout;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return OutboundEnd::cut;
    case CURLE_LOGIN_DENIED: return OutboundEnd::rejected;
    case CURLE_ABORTED_BY_CALLBACK: return OutboundEnd::interrupted;
    default: return OutboundEnd::failed;
  }
}

// A line of a head must not smuggle a second one.
bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

// SMTP ends lines with CR LF (RFC 5321 section 2.3.8).
std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::string bracketed(const std::string& address) { return "<" + address + ">"; }

}  // namespace

std::string_view name(OutboundEnd end) {
  static constexpr std::array<std::string_view, 12> kNames{
      "answered", "bad-request", "resolve",  "connect", "secure",      "timeout",
      "cut",      "too-large",   "rejected", "busy",    "interrupted", "failed"};
  return kNames.at(static_cast<std::size_t>(end));
}

std::string_view OutboundReply::field(std::string_view wanted) const {
  const auto found = std::ranges::find_if(
      fields, [&](const auto& field) { return equals_ignoring_case(field.first, wanted); });
  return found == fields.end() ? std::string_view{} : std::string_view{found->second};
}

// One transfer. The loop's thread makes it, the worker alone touches it while it runs; `reply` is
// the loop's again once `signal` was written.
struct Outbound::Job {
  Easy easy;
  List lines;       // request fields
  List recipients;  // mail
  std::string body;
  std::size_t body_sent = 0;
  std::size_t most_bytes = 0;
  std::array<char, CURL_ERROR_SIZE> error{};
  bool mail = false;
  bool too_large = false;
  OutboundReply reply;
  Fd signal;  // eventfd, written when done
  std::atomic<bool> cancelled = false;
  std::atomic<bool> finished = false;

  bool set_up();
  bool prepare(const OutboundRequest& request);
  bool prepare(const OutboundMail& request);
  void finish(CURLcode code);
  void done();

  template <class T>
  bool set(CURLoption option, T value) {
    return curl().easy_setopt(easy.get(), option, value) == CURLE_OK;
  }

  static std::size_t take_line(const char* text, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(const char* text, std::size_t size, std::size_t count, void* self);
  static std::size_t give_body(char* into, std::size_t size, std::size_t count, void* self);
  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
};

std::size_t Outbound::Job::take_line(const char* text, std::size_t size, std::size_t count,
                                     void* self) {
  auto& reply = static_cast<Job*>(self)->reply;
  const std::string_view line = trim(std::string_view{text, size * count});
  if (line.starts_with("HTTP/")) reply.fields.clear();  // a further head: after an interim answer
  const std::size_t colon = line.find(':');
  const bool room = reply.fields.size() < static_cast<std::size_t>(limits::kHeaderLines);
  if (colon != std::string_view::npos && room) {
    reply.fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t Outbound::Job::take_body(const char* text, std::size_t size, std::size_t count,
                                     void* self) {
  auto& job = *static_cast<Job*>(self);
  if (job.reply.body.size() + size * count > job.most_bytes) {
    job.too_large = true;
    return 0;
  }
  job.reply.body.append(text, size * count);
  return size * count;
}

std::size_t Outbound::Job::give_body(char* into, std::size_t size, std::size_t count, void* self) {
  auto& job = *static_cast<Job*>(self);
  const std::size_t most = std::min(size * count, job.body.size() - job.body_sent);
  job.body.copy(into, most, job.body_sent);
  job.body_sent += most;
  return most;
}

int Outbound::Job::progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Job*>(self)->cancelled.load(std::memory_order_relaxed) ? 1 : 0;
}

bool Outbound::Job::set_up() {
  easy.reset(curl().easy_init());
  return easy && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_PRIVATE, this) &&
         set(CURLOPT_ERRORBUFFER, error.data()) && set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED}) &&
         set(CURLOPT_FOLLOWLOCATION, 0L) && set(CURLOPT_HEADERDATA, this) &&
         set(CURLOPT_HEADERFUNCTION, &take_line) && set(CURLOPT_WRITEDATA, this) &&
         set(CURLOPT_WRITEFUNCTION, &take_body) && set(CURLOPT_NOPROGRESS, 0L) &&
         set(CURLOPT_XFERINFOFUNCTION, &progress) && set(CURLOPT_XFERINFODATA, this);
}

bool Outbound::Job::prepare(const OutboundRequest& request) {
  body = request.body;
  most_bytes = request.most_bytes;
  bool good = set_up() && set(CURLOPT_PROTOCOLS_STR, "http,https") &&
              set(CURLOPT_URL, request.url.c_str()) &&
              set(CURLOPT_CUSTOMREQUEST, request.method.c_str()) && !has_control(request.method) &&
              set(CURLOPT_USERAGENT, "causeway") &&
              set(CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds(request.wait)));
  // On a kept connection that ends without an answer libcurl sends the request once more by itself;
  // what may not be done twice gets a connection of its own.
  const bool repeatable = request.method == "GET" || request.method == "HEAD" ||
                          request.method == "PUT" || request.method == "DELETE";
  if (!repeatable) good = good && set(CURLOPT_FRESH_CONNECT, 1L);
  for (const auto& [field, value] : request.fields) {
    good = good && !has_control(field) && !has_control(value) &&
           append(lines, fmt::format("{}: {}", field, value));
  }
  good = good && append(lines, "Expect:");  // no wait for a 100 before the body
  if (!body.empty()) {
    good = good && set(CURLOPT_POSTFIELDS, body.c_str()) &&
           set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  if (request.method == "HEAD") good = good && set(CURLOPT_NOBODY, 1L);
  if (!request.ca_file.empty()) good = good && set(CURLOPT_CAINFO, request.ca_file.c_str());
  return good && set(CURLOPT_HTTPHEADER, lines.get());
}

bool Outbound::Job::prepare(const OutboundMail& request) {
  mail = true;
  most_bytes = limits::kOutboundBytes;
  body = with_crlf(request.message);
  const std::string from = bracketed(request.from);
  const long security = request.must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY;
  bool good = set_up() && set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
              set(CURLOPT_URL, request.url.c_str()) && set(CURLOPT_USE_SSL, security) &&
              set(CURLOPT_MAIL_FROM, from.c_str()) && !has_control(from) &&
              set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, &give_body) &&
              set(CURLOPT_READDATA, this) &&
              set(CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds(request.wait)));
  for (const auto& address : request.to) {
    good = good && !has_control(address) && append(recipients, bracketed(address));
  }
  if (!request.user.empty()) {
    good = good && set(CURLOPT_USERNAME, request.user.c_str()) &&
           set(CURLOPT_PASSWORD, request.password.c_str());
  }
  if (!request.ca_file.empty()) good = good && set(CURLOPT_CAINFO, request.ca_file.c_str());
  return good && recipients && set(CURLOPT_MAIL_RCPT, recipients.get());
}

void Outbound::Job::finish(CURLcode code) {
  long status = 0;
  curl_off_t micros = 0;
  curl().easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl().easy_getinfo(easy.get(), CURLINFO_TOTAL_TIME_T, &micros);
  reply.status = static_cast<int>(status);
  reply.elapsed = std::chrono::microseconds{micros};
  reply.end = too_large ? OutboundEnd::too_large : end_of(code);
  constexpr long kSmtpNo = 400;
  const bool refused = mail && code != CURLE_OK && status >= kSmtpNo;
  if (refused) reply.end = OutboundEnd::rejected;
  if (reply.end == OutboundEnd::too_large) {
    reply.why = fmt::format("the answer is larger than {} bytes", most_bytes);
  } else if (reply.end != OutboundEnd::answered) {
    const std::string_view said = error.data();
    reply.why = printable(said.empty() ? curl().easy_strerror(code) : said, limits::kTextKept);
  }
  done();
}

void Outbound::Job::done() {
  finished.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  if (::write(signal.get(), &one, sizeof one) != sizeof one) std::abort();
}

class Outbound::Worker {
 public:
  Worker() : multi_(curl().multi_init()) {
    if (multi_ == nullptr) std::abort();
    curl().multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, limits::kOutboundPerHost);
    curl().multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits::kOutboundConnections);
    thread_ = std::thread{[this] { serve(); }};
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    ending_ = true;
    wake();
    thread_.join();
    for (auto& [easy, job] : running_) curl().multi_remove_handle(multi_, easy);
    curl().multi_cleanup(multi_);
  }

  bool take(std::shared_ptr<Job> job) {
    const std::lock_guard lock{mutex_};
    if (under_way_ >= limits::kOutboundUnderWay) return false;
    ++under_way_;
    fresh_.push_back(std::move(job));
    wake();
    return true;
  }
  void wake() { curl().multi_wakeup(multi_); }

 private:
  void serve() {
    constexpr int kTurn = 1000;  // ms: nothing but timeouts of libcurl needs a shorter one
    while (!ending_) {
      add_fresh();
      int running = 0;
      curl().multi_perform(multi_, &running);
      end_cancelled();
      collect();
      curl().multi_poll(multi_, nullptr, 0, kTurn, nullptr);
    }
  }

  void add_fresh() {
    std::vector<std::shared_ptr<Job>> fresh;
    {
      const std::lock_guard lock{mutex_};
      fresh.swap(fresh_);
    }
    for (auto& job : fresh) {
      CURL* easy = job->easy.get();
      curl().multi_add_handle(multi_, easy);
      running_.emplace(easy, std::move(job));
    }
  }

  void end_cancelled() {
    std::vector<CURL*> gone;
    for (const auto& [easy, job] : running_) {
      if (job->cancelled.load(std::memory_order_relaxed)) gone.push_back(easy);
    }
    for (CURL* easy : gone) end(easy, CURLE_ABORTED_BY_CALLBACK);
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl().multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
    }
  }

  void end(CURL* easy, CURLcode code) {
    curl().multi_remove_handle(multi_, easy);
    const auto job = running_.extract(easy);
    {
      const std::lock_guard lock{mutex_};
      --under_way_;
    }
    job.mapped()->finish(code);
  }

  CURLM* multi_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Job>> fresh_;
  int under_way_ = 0;
  std::map<CURL*, std::shared_ptr<Job>> running_;  // the worker's thread alone
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

Outbound::Outbound() {
  if (curl()) worker_ = std::make_unique<Worker>();
}

Outbound::~Outbound() = default;

Task<OutboundReply> Outbound::run(std::shared_ptr<Job> job) {
  // Whoever drops this task ends the attempt.
  struct Cancel {
    Worker& worker;
    Job& job;
    ~Cancel() {
      job.cancelled = true;
      worker.wake();
    }
  };
  const Fd waiting{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!waiting) co_return OutboundReply{.end = OutboundEnd::failed, .why = "no descriptor is left"};
  job->signal = Fd{::dup(waiting.get())};
  if (!job->signal) {
    co_return OutboundReply{.end = OutboundEnd::failed, .why = "no descriptor is left"};
  }
  if (!worker_->take(job)) {
    co_return OutboundReply{.end = OutboundEnd::busy, .why = "too many requests are under way"};
  }
  const Cancel cancel{*worker_, *job};
  const bool woken = co_await Loop::current().readable(waiting, kNever);
  if (!woken || !job->finished.load(std::memory_order_acquire)) {
    co_return OutboundReply{.end = OutboundEnd::interrupted, .why = "interrupted"};
  }
  co_return std::move(job->reply);
}

Task<OutboundReply> Outbound::send(OutboundRequest request) {
  if (!curl()) co_return OutboundReply{.end = OutboundEnd::failed, .why = curl().why()};
  auto job = std::make_shared<Job>();
  if (!job->prepare(request)) {
    co_return OutboundReply{.end = OutboundEnd::bad_request,
                            .why = "the request cannot be made: wrong URL, field or file"};
  }
  co_return co_await run(std::move(job));
}

Task<OutboundReply> Outbound::mail(OutboundMail mail) {
  if (!curl()) co_return OutboundReply{.end = OutboundEnd::failed, .why = curl().why()};
  auto job = std::make_shared<Job>();
  if (!job->prepare(mail)) {
    co_return OutboundReply{.end = OutboundEnd::bad_request,
                            .why = "the mail cannot be sent: wrong URL, address or file"};
  }
  co_return co_await run(std::move(job));
}

}  // namespace causeway::net
