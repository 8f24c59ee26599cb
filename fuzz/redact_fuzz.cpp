// Secrets in arbitrary text. Beyond not crashing: what is found is in order and inside the text,
// the rest is left as it was, and a secret on a line of its own is found whatever stands before it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "report/redact.hpp"
#include "codec/secrets.hpp"

namespace causeway::report {
namespace {

using codec::find_secrets;

constexpr std::string_view kPlanted = "Zq7canaryQz";

void check_order(std::string_view text) {
  std::size_t at = 0;
  for (const auto& secret : find_secrets(text)) {
    if (secret.length == 0 || secret.from < at || secret.from > text.size() ||
        secret.length > text.size() - secret.from)
      std::abort();
    at = secret.from + secret.length;
  }
}

void check_planted(std::string text) {
  if (text.contains(kPlanted)) return;
  for (const std::string_view line :
       {"\nDB_PASSWORD=Zq7canaryQz\n", "\nGET /?token=Zq7canaryQz HTTP/1.1\n",
        "\nAuthorization: Bearer Zq7canaryQz\n", "\n{\"api_key\":\"Zq7canaryQz\"}\n"}) {
    Redactor redactor{Rules{}};
    if (redactor.text(text + std::string{line}, "fuzz").contains(kPlanted)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16 * 1024) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_order(text);
  check_planted(std::string{text});
  return 0;
}

}  // namespace causeway::report
