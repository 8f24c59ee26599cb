// What follows a chunked body, on arbitrary bytes. However they are cut, the body reader hands out
// the same trailer; what is read of it can be written as header lines and read again to the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http1_body.hpp"
#include "codec/http1_trailer.hpp"

namespace causeway::codec {
namespace {

std::string trailer_of(std::string_view text, std::size_t piece, HttpFault& fault) {
  BodyReader reader{Framing::chunked};
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    auto part = text.substr(at, piece);
    while (!part.empty() && !reader.done() && reader.fault() == HttpFault::none) {
      const auto step = reader.feed(part);
      if (step.taken > part.size() || step.trailer.size() > step.taken) std::abort();
      out += step.trailer;
      part.remove_prefix(step.taken);
    }
  }
  fault = reader.fault();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 32 * 1024) return 0;
  const std::string text = "0\r\n" + std::string{reinterpret_cast<const char*>(data), size};
  HttpFault fault = HttpFault::none;
  HttpFault fault_of_pieces = HttpFault::none;
  const auto whole = trailer_of(text, text.size(), fault);
  const auto pieces = trailer_of(text, 1, fault_of_pieces);
  if (fault != fault_of_pieces) std::abort();
  if (fault == HttpFault::none && whole != pieces) std::abort();
  std::vector<HeaderField> fields;
  read_trailer(whole, fields);
  std::string written;
  for (const auto& field : fields) {
    if (field.name.empty() || field.name.find_first_of(" \r\n:") != std::string_view::npos) {
      std::abort();
    }
    if (field.value.find_first_of("\r\n") != std::string_view::npos) std::abort();
    static_cast<void>(may_trail(field.name));
    static_cast<void>(takes_trailers(field.value));
    written += std::string{field.name} + ": " + std::string{field.value} + "\r\n";
  }
  std::vector<HeaderField> again;
  if (!read_trailer(written, again) || again.size() != fields.size()) std::abort();
  return 0;
}

}  // namespace causeway::codec
