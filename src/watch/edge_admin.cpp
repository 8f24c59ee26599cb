#include "watch/edge_admin.hpp"

#include <fmt/format.h>

#include <fstream>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::watch {

Parsed<net::OutboundRequest> edge_question(std::string_view admin, const std::string& token_file,
                                           std::string_view path) {
  net::OutboundRequest out;
  while (admin.ends_with('/')) admin.remove_suffix(1);
  out.url = fmt::format("{}{}", admin, path);
  if (token_file.empty()) return out;
  std::ifstream in{token_file};
  std::string token;
  std::getline(in, token);
  token = trim(token);
  if (token.empty()) return error(fmt::format("{}: holds no token", token_file));
  out.fields = {{"Authorization", "Bearer " + token}};
  return out;
}

std::string edge_trouble(const net::OutboundReply& reply) {
  constexpr int kGood = 200;
  if (reply.end != net::OutboundEnd::answered) {
    return fmt::format("the edge was not reached: {}", reply.why);
  }
  if (reply.status == kGood) return {};
  return fmt::format("the edge answers {}: {}", reply.status,
                     printable(trim(reply.body), limits::kTextKept));
}

}  // namespace causeway::watch
