// The JSON form of a target. Reading is strict: an unknown key is refused with the nearest one.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/target_url.hpp"
#include "watch/limits.hpp"
#include "watch/target.hpp"

namespace causeway::watch {
namespace {

using Json = nlohmann::ordered_json;

Json pairs(const std::vector<std::pair<std::string, std::string>>& list) {
  Json out = Json::object();
  for (const auto& [key, value] : list) out[key] = value;
  return out;
}

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

Json expect_json(const Expect& expect) {
  Json out = Json::object();
  if (expect.status != 0) out["status"] = expect.status;
  if (!expect.text.empty()) out["text"] = expect.text;
  if (!expect.absent.empty()) out["absent"] = expect.absent;
  if (!expect.fields.empty()) out["headers"] = pairs(expect.fields);
  if (!expect.json.empty()) out["json"] = pairs(expect.json);
  if (!expect.values.empty()) out["values"] = expect.values;
  return out;
}

Json remedy_json(const Remedy& remedy) {
  Json out{{"name", remedy.name},
           {"command", remedy.command},
           {"dry_run", remedy.dry_run},
           {"cool_down", seconds(remedy.cool_down)},
           {"most_a_day", remedy.most_a_day},
           {"failures", remedy.failures},
           {"verify", remedy.verify}};
  if (!remedy.agent.empty()) out["agent"] = remedy.agent;
  if (!remedy.edge.admin.empty()) {
    out["edge"] = {{"admin", remedy.edge.admin},
                   {"from", remedy.edge.from},
                   {"to", remedy.edge.to},
                   {"lasts", seconds(remedy.edge.lasts)},
                   {"token_file", remedy.edge.token_file}};
  }
  out["wait"] = seconds(remedy.wait);
  return out;
}

// Reads one object, key by key; what is wrong is kept, the first of it.
class Reader {
 public:
  Reader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) fail("", "an object");
  }

  bool has(const std::string& key) {
    known_.push_back(key);
    return object_.is_object() && object_.contains(key) && !object_.at(key).is_null();
  }
  void text(const std::string& key, std::string& into) {
    if (!has(key)) return;
    if (!object_.at(key).is_string()) return fail(key, "a string");
    into = object_.at(key).get<std::string>();
  }
  void texts(const std::string& key, std::vector<std::string>& into) {
    if (!has(key)) return;
    into.clear();
    if (!object_.at(key).is_array()) return fail(key, "a list of strings");
    for (const Json& word : object_.at(key)) {
      if (!word.is_string()) return fail(key, "a list of strings");
      into.push_back(word.get<std::string>());
    }
  }
  template <class Number>
  void number(const std::string& key, Number& into) {
    if (!has(key)) return;
    const Json& value = object_.at(key);
    const bool whole = std::is_integral_v<Number>;
    if (whole ? !value.is_number_integer() : !value.is_number()) {
      return fail(key, whole ? "an integer" : "a number");
    }
    if constexpr (std::is_integral_v<Number>) {
      const auto read = value.get<std::int64_t>();
      if (!std::in_range<Number>(read)) return fail(key, "a smaller number");
      into = static_cast<Number>(read);
    } else {
      into = value.get<Number>();
    }
  }
  void boolean(const std::string& key, bool& into) {
    if (!has(key)) return;
    if (!object_.at(key).is_boolean()) return fail(key, "true or false");
    into = object_.at(key).get<bool>();
  }
  // Seconds, or "30s".
  void span(const std::string& key, Duration& into) {
    if (!has(key)) return;
    const Json& value = object_.at(key);
    if (value.is_number()) {
      const double read = value.get<double>();
      if (read < 0 || read > 366.0 * 86'400) return fail(key, "seconds");
      into = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(read));
      return;
    }
    const auto read = parse_duration_or_zero(value.is_string() ? value.get<std::string>() : "?");
    if (!read) return fail(key, "seconds, or text like \"30s\"");
    into = *read;
  }
  void pairs(const std::string& key, std::vector<std::pair<std::string, std::string>>& into) {
    if (!has(key)) return;
    into.clear();
    if (!object_.at(key).is_object()) return fail(key, "an object of strings");
    for (const auto& [name, value] : object_.at(key).items()) {
      into.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  const Json& at(const std::string& key) const { return object_.at(key); }

  void fail(const std::string& key, std::string_view expected) {
    refuse(key, fmt::format("expected {}", expected));
  }
  // What is wrong, and what is expected, said by another reader.
  void refuse(const std::string& key, std::string_view why) {
    if (!wrong_.empty()) return;
    std::string_view place = place_;
    if (key.empty() && place.ends_with('.')) place.remove_suffix(1);
    wrong_ = fmt::format("{}{}{}{}", place, key, place.empty() && key.empty() ? "" : ": ", why);
  }
  // After every key was asked for.
  std::string wrong() {
    if (!wrong_.empty() || !object_.is_object()) return wrong_;
    for (const auto& [key, value] : object_.items()) {
      if (std::ranges::find(known_, key) != known_.end()) continue;
      const std::string near = nearest(key, known_);
      return fmt::format("{}{}: no such key{}", place_, printable(key, 60),
                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
    }
    return {};
  }

 private:
  const Json& object_;
  std::string place_;
  std::vector<std::string> known_;
  std::string wrong_;
};

std::string read_expect(const Json& json, Expect& into) {
  Reader in{json, "expect."};
  in.number("status", into.status);
  in.text("text", into.text);
  in.text("absent", into.absent);
  in.pairs("headers", into.fields);
  in.pairs("json", into.json);
  in.texts("values", into.values);
  return in.wrong();
}

std::string read_confirm(const Json& json, Confirm& into) {
  Reader in{json, "confirm."};
  in.number("open_failures", into.open_failures);
  in.number("open_of", into.open_of);
  in.number("close_successes", into.close_successes);
  in.number("close_of", into.close_of);
  return in.wrong();
}

std::string read_remedies(const Json& json, std::vector<Remedy>& into) {
  if (!json.is_array()) return "remedies: expected a list";
  for (std::size_t i = 0; i < json.size(); ++i) {
    Remedy remedy;
    Reader in{json[i], fmt::format("remedies[{}].", i)};
    in.text("name", remedy.name);
    in.texts("command", remedy.command);
    in.text("agent", remedy.agent);
    in.boolean("dry_run", remedy.dry_run);
    in.span("cool_down", remedy.cool_down);
    in.number("most_a_day", remedy.most_a_day);
    in.texts("failures", remedy.failures);
    in.texts("verify", remedy.verify);
    in.span("wait", remedy.wait);
    if (in.has("edge")) {
      Reader edge{in.at("edge"), fmt::format("remedies[{}].edge.", i)};
      edge.text("admin", remedy.edge.admin);
      edge.text("from", remedy.edge.from);
      edge.text("to", remedy.edge.to);
      edge.span("lasts", remedy.edge.lasts);
      edge.text("token_file", remedy.edge.token_file);
      if (const std::string wrong = edge.wrong(); !wrong.empty()) return wrong;
    }
    if (const std::string wrong = in.wrong(); !wrong.empty()) return wrong;
    into.push_back(std::move(remedy));
  }
  return {};
}

// What is asked: a URL, or a host and a port.
void read_subject(Reader& in, Target& out) {
  std::string kind;
  in.text("kind", kind);
  const auto known = check_kind_named(kind);
  if (!kind.empty() && !known) in.fail("kind", "http, tcp, tls, ping, dns or heartbeat");
  out.kind = known.value_or(out.kind);
  std::string url;
  in.text("url", url);
  if (!url.empty() && out.kind != CheckKind::heartbeat) {
    const auto read = target_of(url);
    if (!read) return in.refuse("url", read.error().text);
    if (known && *known != read->kind) {
      return in.fail("url", fmt::format("an address of the kind {}, found {}", name(*known),
                                        printable(url, limits::kTextKept)));
    }
    if (out.id.empty()) out.id = read->id;
    out.kind = read->kind;
    out.url = read->url;
    out.host = read->host;
    out.port = read->port;
  }
  in.text("host", out.host);
  in.number("port", out.port);
  in.text("record", out.record);
}

void read_addresses(Reader& in, Target& out) {
  std::vector<std::string> words;
  in.texts("origins", words);
  for (const std::string& word : words) {
    const auto read = Endpoint::parse(word, out.port);
    if (!read) return in.refuse("origins", read.error().text);
    out.origins.push_back(*read);
  }
  words.clear();
  in.texts("known_addresses", words);
  for (const std::string& word : words) {
    const auto read = IpAddress::parse(word);
    if (!read) return in.refuse("known_addresses", read.error().text);
    out.known_addresses.push_back(*read);
  }
  std::string text;
  in.text("resolver", text);
  if (!text.empty()) {
    const auto read = Endpoint::parse(text, 53);
    if (!read) return in.refuse("resolver", read.error().text);
    out.resolver = *read;
  }
  text.clear();
  in.text("family", text);
  if (text == "ipv4") out.family = Family::ipv4;
  if (text == "ipv6") out.family = Family::ipv6;
  if (!text.empty() && !out.family) in.fail("family", "ipv4 or ipv6");
}

}  // namespace

std::string to_json(const Target& target) {
  Json out{{"id", target.id}, {"name", target.name}, {"kind", name(target.kind)}};
  if (target.kind == CheckKind::http) {
    out["url"] = target.url.url;
  } else if (target.kind != CheckKind::heartbeat) {
    out["host"] = target.host;
    if (target.port != 0) out["port"] = target.port;
    if (target.kind == CheckKind::dns) out["record"] = target.record;
  }
  Json& origins = out["origins"] = Json::array();
  for (const Endpoint& origin : target.origins) origins.push_back(origin.text());
  Json& addresses = out["known_addresses"] = Json::array();
  for (const IpAddress& address : target.known_addresses) addresses.push_back(address.text());
  if (target.resolver) out["resolver"] = target.resolver->text();
  if (target.family) out["family"] = name(*target.family);
  out["every_address"] = target.every_address;
  out["expect"] = expect_json(target.expect);
  if (!target.ca_file.empty()) out["ca_file"] = target.ca_file;
  if (!target.origin_agent.empty()) out["origin_agent"] = target.origin_agent;
  out["interval"] = seconds(target.interval);
  out["timeout"] = seconds(target.timeout);
  out["retry"] = seconds(target.retry);
  out["confirm"] = {{"open_failures", target.confirm.open_failures},
                    {"open_of", target.confirm.open_of},
                    {"close_successes", target.confirm.close_successes},
                    {"close_of", target.confirm.close_of}};
  out["resume"] = seconds(target.resume);
  out["certificate_share"] = target.certificate_share;
  out["domain_share"] = target.domain_share;
  out["team"] = target.team;
  out["tags"] = target.tags;
  out["owner"] = target.owner;
  out["parents"] = target.parents;
  out["channels"] = target.channels;
  Json& remedies = out["remedies"] = Json::array();
  for (const Remedy& remedy : target.remedies) remedies.push_back(remedy_json(remedy));
  out["paused"] = target.paused;
  if (!target.on_status_page) out["public"] = false;
  if (target.public_only) out["public_only"] = true;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Parsed<Target> target_from_json(std::string_view text) {
  if (text.size() > limits::kWatchSpecBytes) return error("the target is too long");
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return error("the target is no JSON");
  Target out;
  Reader in{json, ""};
  in.text("id", out.id);
  in.text("name", out.name);
  read_subject(in, out);
  read_addresses(in, out);
  in.boolean("every_address", out.every_address);
  in.text("ca_file", out.ca_file);
  in.text("origin_agent", out.origin_agent);
  in.span("interval", out.interval);
  in.span("timeout", out.timeout);
  in.span("retry", out.retry);
  in.span("resume", out.resume);
  in.number("certificate_share", out.certificate_share);
  in.number("domain_share", out.domain_share);
  in.text("team", out.team);
  in.texts("tags", out.tags);
  in.text("owner", out.owner);
  in.texts("parents", out.parents);
  in.texts("channels", out.channels);
  in.boolean("paused", out.paused);
  in.boolean("public", out.on_status_page);
  in.boolean("public_only", out.public_only);
  std::string wrong;
  if (in.has("expect")) wrong = read_expect(in.at("expect"), out.expect);
  if (wrong.empty() && in.has("confirm")) wrong = read_confirm(in.at("confirm"), out.confirm);
  if (wrong.empty() && in.has("remedies")) wrong = read_remedies(in.at("remedies"), out.remedies);
  if (const std::string first = in.wrong(); !first.empty()) wrong = first;
  if (!wrong.empty()) return error(std::move(wrong));
  const auto fits = validate(out);
  if (!fits) return error(fits.error().text);
  return out;
}

}  // namespace causeway::watch
