// JSON statements back into nft's language. Only for people: nothing is decided from this text.
#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/ruleset_nft.hpp"

namespace causeway::codec {
namespace {

std::string expression(Json in, int depth);

std::string list_of(Json in, std::string_view separator, int depth) {
  std::string out;
  std::size_t shown = 0;
  for (const Json one : in) {
    if (!out.empty()) out += separator;
    if (++shown > 12) return out + fmt::format("... ({} in all)", in.size());
    out += expression(one, depth + 1);
  }
  return out;
}

std::string element(Json in, int depth) {
  if (in.is(Json::Kind::array) && in.size() == 2) {  // a map's pair
    return expression(in.at(0), depth + 1) + " : " + expression(in.at(1), depth + 1);
  }
  return expression(in, depth + 1);
}

std::string set_of(Json in, int depth) {
  if (in.is(Json::Kind::text)) return std::string{in.text()};
  std::string out = "{ ";
  std::size_t shown = 0;
  for (const Json one : in["set"]) {
    if (shown++ > 0) out += ", ";
    if (shown > 12) {
      out += fmt::format("... ({} in all)", in["set"].size());
      break;
    }
    out += element(one, depth);
  }
  return out + " }";
}

std::string ct_text(Json in) {
  std::string out = "ct ";
  if (in["dir"]) out += std::string{in["dir"].text()} + " ";
  return out + std::string{in["key"].text()};
}

std::string payload_text(Json in) {
  if (in["protocol"]) return fmt::format("{} {}", in["protocol"].text(), in["field"].text());
  return fmt::format("@{},{},{}", in["base"].text(), in["offset"].integer().value_or(0),
                     in["len"].integer().value_or(0));
}

std::string fib_text(Json in, int depth) {
  return fmt::format("fib {} {}", list_of(in["flags"], " . ", depth), in["result"].text());
}

std::string meta_text(Json in) {
  const auto key = in["key"].text();
  const bool bare = key == "iif" || key == "oif" || key == "iifname" || key == "oifname";
  return (bare ? "" : "meta ") + std::string{key};
}

std::string option_text(std::string_view kind, Json in) {
  return in["field"] ? fmt::format("{} {} {}", kind, in["name"].text(), in["field"].text())
                     : fmt::format("{} {}", kind, in["name"].text());
}

std::string object_text(Json in, int depth) {
  const Json first = in.first();
  const auto kind = first.key();
  if (kind == "payload") return payload_text(first);
  if (kind == "meta") return meta_text(first);
  if (kind == "ct") return ct_text(first);
  if (kind == "fib") return fib_text(first, depth);
  if (kind == "prefix") {
    return fmt::format("{}/{}", first["addr"].text(), first["len"].integer().value_or(0));
  }
  if (kind == "range") return list_of(first, "-", depth);
  if (kind == "concat") return list_of(first, " . ", depth);
  if (kind == "set") return set_of(in, depth);
  if (kind == "elem") return expression(first["val"], depth + 1);
  if (kind == "map") {
    return expression(first["key"], depth + 1) + " map " + set_of(first["data"], depth);
  }
  if (kind == "tcp option" || kind == "ip option" || kind == "exthdr") {
    return option_text(kind, first);
  }
  if (kind == "jump" || kind == "goto") return fmt::format("{} {}", kind, first["target"].text());
  if (kind == "accept" || kind == "drop" || kind == "return" || kind == "continue") {
    return std::string{kind};
  }
  if (kind == "&" || kind == "|" || kind == "^" || kind == "<<" || kind == ">>") {
    return list_of(first, fmt::format(" {} ", kind), depth);
  }
  if (kind == "numgen") {
    return fmt::format("numgen {} mod {}", first["mode"].text(),
                       first["mod"].integer().value_or(0));
  }
  return std::string{kind};
}

std::string expression(Json in, int depth) {
  if (depth > limits::kRulesetDepth) return "...";
  switch (in.kind()) {
    case Json::Kind::text: return std::string{in.text()};
    case Json::Kind::number: return fmt::format("{}", in.integer().value_or(0));
    case Json::Kind::boolean: return in.truth() ? "exists" : "missing";
    case Json::Kind::array: return list_of(in, ",", depth);
    case Json::Kind::object: return object_text(in, depth);
    default: return "";
  }
}

std::string match_text(Json in) {
  const auto op = in["op"].text();
  const std::string between = op == "==" || op == "in" ? " " : fmt::format(" {} ", op);
  return expression(in["left"], 0) + between +
         (in["right"]["set"] ? set_of(in["right"], 0) : expression(in["right"], 0));
}

std::string limit_text(Json in) {
  if (in.is(Json::Kind::text)) return fmt::format("limit name \"{}\"", in.text());
  return fmt::format("limit rate {}{}{}/{} burst {}", in["inv"].truth() ? "over " : "",
                     in["rate"].integer().value_or(0),
                     in["rate_unit"] ? " " + std::string{in["rate_unit"].text()} : "",
                     in["per"].text(), in["burst"].integer().value_or(0));
}

std::string reject_text(Json in) {
  if (!in["type"]) return "reject";
  return in["expr"] ? fmt::format("reject with {} {}", in["type"].text(), in["expr"].text())
                    : fmt::format("reject with {}", in["type"].text());
}

std::string nat_text(std::string_view kind, Json in) {
  std::string out{kind};
  if (!in.is(Json::Kind::object)) return out;
  out += " to ";
  if (in["addr"]) out += expression(in["addr"], 0);
  if (in["port"]) out += ":" + expression(in["port"], 0);
  return out;
}

std::string statement(Json in);

std::string set_statement(Json in) {
  std::string inner = expression(in["elem"], 0);
  for (const Json one : in["stmt"]) inner += " " + statement(one);
  return fmt::format("{} {} {{ {} }}", in["op"].text(), in["set"].text(), inner);
}

std::string count_text(Json in) {
  return fmt::format("ct count {}{}", in["inv"].truth() ? "over " : "",
                     in["val"].integer().value_or(0));
}

std::string statement(Json in) {
  if (!in.is(Json::Kind::object)) return expression(in, 0);
  const Json first = in.first();
  const auto kind = first.key();
  if (kind == "match") return match_text(first);
  if (kind == "counter") {
    return fmt::format("counter packets {} bytes {}", first["packets"].integer().value_or(0),
                       first["bytes"].integer().value_or(0));
  }
  if (kind == "limit") return limit_text(first);
  if (kind == "ct count") return count_text(first);
  if (kind == "reject") return reject_text(first);
  if (kind == "vmap") return expression(first["key"], 0) + " vmap " + set_of(first["data"], 0);
  if (kind == "set") return set_statement(first);
  if (kind == "meter") {
    return fmt::format("meter {} {{ {} {} }}", first["name"].text(), expression(first["key"], 0),
                       statement(first["stmt"]));
  }
  if (kind == "mangle") {
    return expression(first["key"], 0) + " set " + expression(first["value"], 0);
  }
  if (kind == "dnat" || kind == "snat" || kind == "redirect" || kind == "masquerade" ||
      kind == "tproxy") {
    return nat_text(kind, first);
  }
  if (kind == "xt") return fmt::format("xt {} {}", first["type"].text(), first["name"].text());
  if (kind == "log") {
    return first["prefix"] ? fmt::format("log prefix \"{}\"", first["prefix"].text()) : "log";
  }
  return object_text(in, 0);
}

}  // namespace

std::string nft_text(Json statements) {
  std::string out;
  for (const Json one : statements) {
    if (!out.empty()) out += ' ';
    out += statement(one);
  }
  return printable(out, limits::kTextKept);
}

}  // namespace causeway::codec
