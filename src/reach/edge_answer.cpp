#include "reach/edge_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/http_page.hpp"
#include "net/stream.hpp"
#include "reach/connect.hpp"
#include "reach/exchange.hpp"
#include "reach/secure.hpp"

namespace causeway::reach {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kAccept =
    "application/problem+json, application/json;q=0.9, text/html;q=0.5";

std::string field(const Fields& fields, std::string_view name) {
  for (const auto& [known, value] : fields) {
    if (equals_ignoring_case(known, name)) return printable(value, limits::kTextKept);
  }
  return {};
}

std::string_view mark_of(const Fields& fields) {
  std::vector<codec::HeaderField> views;
  for (const auto& [name, value] : fields) views.push_back({name, value});
  return codec::edge_mark(views);
}

// The number right after `mark` in `text`, between 3 and 4 digits long; 0 when there is none.
int number_after(std::string_view text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return 0;
  auto rest = text.substr(at + mark.size());
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == ':')) rest.remove_prefix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const auto digits = end - rest.data();
  return error == std::errc{} && (digits == 3 || digits == 4) ? number : 0;
}

// 520 to 530 are codes of their own; 1000 and up come inside another status.
void put_code(EdgeReading& out, int number) {
  if (number == 0) return;
  if (number >= 1000) {
    out.subcode = number;
    out.code = out.status;
  } else {
    out.code = number;
  }
  out.made_by = "edge";
}

// RFC 9457 and the edge's own members (edge-semantics section 8.2).
bool read_structured(EdgeReading& out, std::string_view body) {
  const auto depth = [](int at, nlohmann::json::parse_event_t, nlohmann::json&) {
    return at <= limits::kDocumentDepth;
  };
  const auto json = nlohmann::json::parse(body, depth, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto code = json.find("error_code");
  if (code == json.end() || !code->is_number_integer()) return false;
  put_code(out, static_cast<int>(std::clamp<std::int64_t>(code->get<std::int64_t>(), 0, 9999)));
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string()
               ? printable(found->get_ref<const std::string&>(), limits::kTextKept)
               : std::string{};
  };
  out.error_name = text("error_name");
  if (out.ray.empty()) out.ray = text("ray_id");
  const auto retryable = json.find("retryable");
  if (retryable != json.end() && retryable->is_boolean()) out.retryable = retryable->get<bool>();
  return true;
}

// "www.example.net | 522: Connection timed out", "Error 1016 - Origin DNS error", the head line
// "Error code 522", and the plain form that programs get: "error code: 1016".
void read_page_text(EdgeReading& out, std::string_view body) {
  const auto text = lower(body.substr(0, limits::kBodyBytesKept));
  const auto title = lower(codec::page_title(body));
  int number = number_after(title, "|");
  if (!title.contains(fmt::format("| {}:", number))) number = 0;
  if (number == 0) number = number_after(text, "error code");
  if (number == 0) number = number_after(title, "error ");
  if (number == 0 && text.contains("cf-error-details")) number = number_after(text, "error ");
  const bool of_an_edge = (number >= 500 && number <= 599) || (number >= 1000 && number < 1300);
  if (of_an_edge) put_code(out, number);
}

// RFC 9209: which proxy found which error, "causeway; error=connection_timeout".
void read_proxy_status(EdgeReading& out, const Fields& fields) {
  const auto status = field(fields, "proxy-status");
  const auto at = status.find("error=");
  if (at == std::string::npos) return;
  const auto rest = std::string_view{status}.substr(at + 6);
  if (out.error_name.empty()) out.error_name = trim(rest.substr(0, rest.find_first_of(";, ")));
  out.made_by = "edge";
  if (out.code == 0) out.code = out.status;
}

void read_ray(EdgeReading& out, const Fields& fields) {
  out.ray = field(fields, "cf-ray");
  if (out.ray.empty()) out.ray = field(fields, "causeway-ray");
  if (out.ray.empty()) out.ray = field(fields, "x-amz-cf-id");
  const auto dash = out.ray.rfind('-');
  const bool colo = dash != std::string::npos && out.ray.size() - dash == 4;
  if (!colo) return;
  out.location_code = out.ray.substr(dash + 1);
  out.ray.resize(dash);
}

// Cache-Status (RFC 9211 section 2) in the words of cf-cache-status: "causeway; hit; ttl=42" is
// HIT.
std::string cache_word(std::string_view status) {
  if (status.empty()) return {};
  if (status.contains("; hit")) return status.contains("; ttl=-") ? "STALE" : "HIT";
  return status.contains("; fwd=bypass") ? "BYPASS" : "MISS";
}

model::Observation observation_of(const EdgeReading& reading, const Endpoint& edge,
                                  const std::string& host) {
  model::Observation out{model::Kind::edge_answer, "edge", host};
  out.set("address", edge.address).set("outcome", reading.status != 0 ? "answered" : "failed");
  if (reading.status == 0) return out;
  const auto set = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.set(name, value);
  };
  set("mark", reading.mark);
  out.set("status", reading.status).set("made_by", reading.made_by);
  if (reading.code != 0) out.set("code", reading.code);
  if (reading.subcode != 0) out.set("subcode", reading.subcode);
  set("ray", reading.ray);
  set("error_name", reading.error_name);
  if (reading.retryable) out.set("retryable", *reading.retryable);
  set("location_code", reading.location_code);
  set("cache", reading.cache);
  return out;
}

net::Task<EdgeAsked> ask(Survey& survey, Endpoint edge) {
  EdgeAsked out;
  const bool tls = survey.request.target.scheme == "https";
  auto connected = co_await connect(survey, ConnectQuestion{.remote = edge});
  if (connected.failure) {
    out.failure = connected.failure;
    out.failed_at = model::row(*connected.failure).stage;
    out.because = model::row(*connected.failure).sentence;
    co_return out;
  }
  std::unique_ptr<net::Stream> stream;
  auto question = exchange_question(survey.request, edge, "main", nullptr);
  if (tls) {
    auto secured = co_await secure(survey, std::move(connected.result.socket),
                                   secure_question(survey.request, edge, "main"));
    // Whether visitors trust the edge's certificate is not what is asked here.
    if (!secured.result.stream) {
      out.failure = secured.failure;
      out.failed_at = model::Stage::secure;
      out.because = secured.because;
      co_return out;
    }
    question.h2 = secured.result.alpn == "h2";
    stream = std::move(secured.result.stream);
  } else {
    stream = net::plain_stream(std::move(connected.result.socket));
  }
  question.via = model::Via::edge;
  question.accept = kAccept;
  // An edge that waits for its origin answers with 524 only after its own patience.
  question.first_byte = survey.deadline - Clock::now();
  const auto answer = co_await exchange(survey, *stream, std::move(question));
  if (answer.outcome != "complete" && answer.status == 0) {
    out.failure = answer.failure;
    out.failed_at = model::Stage::exchange;
    out.because = answer.because;
    co_return out;
  }
  out.reading = read_edge_answer(answer.status, answer.fields, answer.body);
  co_return out;
}

}  // namespace

EdgeReading read_edge_answer(int status, const Fields& fields, std::string_view body) {
  EdgeReading out;
  out.status = status;
  out.mark = mark_of(fields);
  out.made_by = "unknown";
  read_ray(out, fields);
  out.cache = field(fields, "cf-cache-status");
  if (out.cache.empty()) out.cache = cache_word(field(fields, "cache-status"));
  if (out.cache.empty()) out.cache = field(fields, "x-cache");
  const bool json = contains_ignoring_case(field(fields, "content-type"), "json");
  if (status >= 400 && !out.mark.empty()) {
    if (!json || !read_structured(out, body)) read_page_text(out, body);
    read_proxy_status(out, fields);
    if (!field(fields, "cf-mitigated").empty()) out.made_by = "edge";
    // No server answers with these by itself.
    const bool own_code = (status >= 520 && status <= 527) || status == 530;
    if (out.made_by == "unknown" && own_code) {
      out.made_by = "edge";
      out.code = status;
    }
  }
  // The edge puts its own page in the place of an origin's 502 and 504: those can be either's.
  const bool either = status == 502 || status == 504 || out.mark.empty();
  if (out.made_by == "unknown" && !either) out.made_by = "origin";
  return out;
}

net::Task<EdgeAsked> ask_edge(Survey& survey, Endpoint edge) {
  auto out = co_await ask(survey, edge);
  survey.record.add(observation_of(out.reading, edge, survey.request.target.host));
  co_return out;
}

}  // namespace causeway::reach
