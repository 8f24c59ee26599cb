#include "plan/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/text.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "plan/limits.hpp"
#include "reach/connect.hpp"
#include "reach/exchange.hpp"
#include "reach/secure.hpp"

namespace causeway::plan {
namespace {

std::string body_hash(const reach::Record& record, const std::string& observation) {
  for (const auto& seen : record.observations()) {
    if (seen.id == observation) return std::string{seen.text("body_hash")};
  }
  return {};
}

// What the workers of one crawl share.
struct Crawl {
  CrawlQuestion question;
  std::vector<std::string> paths;  // in the order they were found
  std::set<std::string> seen;
  std::vector<std::unique_ptr<PagePair>> pages;  // as paths
  std::size_t next = 0;
  int busy = 0;
  net::Event found;

  void add(const std::string& path) {
    if (paths.size() < question.most && seen.insert(path).second) paths.push_back(path);
  }
};

net::Task<void> fetch_pair(Crawl& crawl, std::string path) {
  const CrawlQuestion& question = crawl.question;
  auto pair = std::make_unique<PagePair>();
  pair->path = path;
  pair->before = co_await fetch(question.request, question.before, question.before_tls, path);
  pair->after = co_await fetch(question.request, question.after, question.after_tls, path);
  const std::string url = fmt::format("https://{}{}", question.request.target.host, path);
  const bool page = contains_ignoring_case(pair->before.field("content-type"), "html");
  if (page) {
    for (const auto& link : page_links(pair->before.body, url, question.request.target.host)) {
      crawl.add(link);
    }
  }
  crawl.pages.push_back(std::move(pair));
}

net::Task<void> work(Crawl& crawl) {
  while (!net::Loop::current().interrupted()) {
    if (crawl.next < crawl.paths.size()) {
      ++crawl.busy;
      const std::string path = crawl.paths[crawl.next++];
      co_await fetch_pair(crawl, path);
      --crawl.busy;
      crawl.found.set();
      crawl.found.clear();
    } else if (crawl.busy > 0) {
      co_await crawl.found.wait(kNever);
    } else {
      co_return;
    }
  }
}

}  // namespace

std::string Fetched::field(std::string_view name) const {
  const auto found = std::ranges::find_if(
      fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
  return found == fields.end() ? std::string{} : found->second;
}

net::Task<Fetched> fetch(const reach::Request& asked, Endpoint remote, bool tls, std::string path) {
  reach::Request request = asked;
  request.target.path = path;
  request.target.scheme = tls ? "https" : "http";
  request.target.port = remote.port;
  request.ssl = model::SslMode::full;
  reach::Record record;
  reach::Survey survey{request, record, Clock::now() + limits::kPageWait};
  Fetched out;
  reach::Connected connected = co_await reach::connect(survey, {.remote = remote});
  if (connected.failure) {
    out.failure = connected.failure;
    out.because = model::row(*connected.failure).sentence;
    co_return out;
  }
  std::unique_ptr<net::Stream> stream;
  reach::ExchangeQuestion question = reach::exchange_question(request, remote, "main", nullptr);
  if (tls) {
    reach::Secured secured =
        co_await reach::secure(survey, std::move(connected.result.socket),
                               reach::secure_question(request, remote, "main"));
    if (secured.failure) {
      out.failure = secured.failure;
      out.because = secured.because;
      co_return out;
    }
    question = reach::exchange_question(request, remote, "main", &secured.result);
    stream = std::move(secured.result.stream);
  } else {
    stream = net::plain_stream(std::move(connected.result.socket));
  }
  reach::Exchanged answer = co_await reach::exchange(survey, *stream, std::move(question));
  out.failure = answer.failure;
  out.because = answer.because;
  out.status = answer.status;
  out.fields = std::move(answer.fields);
  out.location = std::move(answer.location);
  out.body = std::move(answer.body);
  out.body_hash = body_hash(record, answer.observation);
  co_return out;
}

net::Task<std::vector<PagePair>> crawl(CrawlQuestion question) {
  Crawl crawl{.question = std::move(question), .paths = {}, .seen = {}, .pages = {}, .found = {}};
  crawl.question.most = std::min(crawl.question.most, limits::kCrawlPages);
  for (const auto& path : crawl.question.first) crawl.add(path);
  net::Group group;
  for (int i = 0; i < limits::kCrawlAtOnce; ++i) group.start(work(crawl));
  co_await group.finished();
  std::vector<PagePair> out;
  out.reserve(crawl.pages.size());
  for (auto& page : crawl.pages) out.push_back(std::move(*page));
  std::ranges::sort(out, {}, &PagePair::path);
  co_return out;
}

}  // namespace causeway::plan
